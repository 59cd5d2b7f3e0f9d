"""Offsets of batches."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from unit_builders import NOON, account, config, stream

from tiktok_marketing.clock import ClockReading
from tiktok_marketing.cluster.planning import plan_reads
from tiktok_marketing.cluster.stream_offset import StreamOffset, offset_of
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.accounts import Accounts
from tiktok_marketing.sync.plan.cursors import read_state


@pytest.mark.parametrize(
    ("name", "expected"), [("ads_reports_daily", "2026-03-10 00:00:00"), ("campaigns", "2026-03-10 11:50:00")]
)
def test_an_offset_is_the_state_that_its_batch_reaches(name: str, expected: str) -> None:
    """For days, the last one that has begun; for objects, ten minutes before the plan, because they still change."""
    known = stream(name)
    planned = plan_reads(config(), [known], {}, Accounts((account("7001"),)), ClockReading.at(NOON))
    offset = offset_of(config(), known, planned, NOON)
    cursors = read_state(name, known.cursor or "", offset.states[name])
    assert cursors.of(AdvertiserId("7001")) == expected
    assert StreamOffset.from_dict(json.loads(json.dumps(offset.to_dict()))) == offset
    again = plan_reads(config(), [known], offset.states, Accounts((account("7001"),)), ClockReading.at(NOON))
    assert offset_of(config(), known, again, NOON) == offset


def test_a_day_that_has_not_begun_everywhere_is_not_reached() -> None:
    """An account that reads up to an earlier last day reaches that day."""
    known = stream("ads_reports_daily")
    until = config(end_date=date(2026, 2, 1))
    planned = plan_reads(until, [known], {}, Accounts((account("7001"),)), ClockReading.at(NOON))
    states = offset_of(until, known, planned, NOON).states
    assert read_state(known.name, "stat_time_day", states[known.name]).day_of(AdvertiserId("7001")) == date(2026, 2, 1)


@pytest.mark.parametrize("raw", [{}, {"as_of": "x", "states": "{}"}, {"as_of": "", "states": "["}, {"as_of": 1}])
def test_a_damaged_offset_is_refused(raw: dict[str, object]) -> None:
    """Taken for none, it would read everything again."""
    with pytest.raises(ConfigurationError, match="offset"):
        StreamOffset.from_dict(raw)
    assert StreamOffset.from_dict(StreamOffset().to_dict()) == StreamOffset()
    assert StreamOffset(as_of=datetime(2026, 1, 1, tzinfo=UTC)).to_dict()["as_of"]


def test_an_offset_names_the_stores_of_a_report_by_store() -> None:
    """So the next batch notices a store that is new, and reads the account from the start."""
    known, one = stream("gmv_max_advertiser_reports_daily"), AdvertiserId("7001")
    accounts, clock = Accounts((account("7001"),)), ClockReading.at(NOON)
    first = plan_reads(config(), [known], {}, accounts, clock, stores={one: ["1"]})
    states = offset_of(config(), known, first, NOON).states
    assert states[known.name]["stores"] == {"7001": ["1"]}
    same = plan_reads(config(), [known], states, accounts, clock, stores={one: ["1"]})
    assert [partition.state["stores"] for partition in same.partitions] == [{"7001": ["1"]}]
    grown = plan_reads(config(), [known], states, accounts, clock, stores={one: ["1", "2"]})
    assert [partition.state for partition in grown.partitions] == [None] * len(grown.partitions)
    assert grown.partitions[0].first == config().start_date
    assert offset_of(config(), known, grown, NOON).states[known.name]["stores"] == {"7001": ["1", "2"]}
