"""Reports that are read in parts: what the parts lack is asked for, or reported."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from support import NOW, HurriedClock, Outcome, config_for, cursors_of, quickly, read_from
from tiktok_marketing.catalog import report_stream
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.connect import connect
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.sync.events import StreamEnded
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.read.pass_limits import PassLimits
from tiktok_marketing.sync.run.engine import Sync

REPORT = "report/integrated/get/"
CAMPAIGNS = 'dimensions=["campaign_id"]'
GROUPS = 'dimensions=["adgroup_id"]'
DAILY = "ads_reports_daily"


def emulator_of(**options: Any) -> Emulator:
    """One busy account, whose reports at ad level are cut at a few ads."""
    defaults: dict[str, Any] = {"advertisers": 1, "ads_per_account": 60, "days": 20, "ad_report_limit": 12}
    return Emulator(Options(now=NOW, tier="unlimited", **defaults | options))


def settings_for(emulator: Emulator, **fields: Any) -> dict[str, Any]:
    """A week of reports."""
    defaults = {"start_date": "2026-06-06", "end_date": "2026-06-12", "include_deleted": True, "skip_empty_days": False}
    return config_for(emulator, **defaults | fields)


def rows(outcome: Outcome) -> Counter[str]:
    """Every record, in any order."""
    return Counter(
        record["stream"] + json.dumps(record["data"], sort_keys=True) for record in outcome.of_type("RECORD")
    )


async def whole(stream: str, **fields: Any) -> Counter[str]:
    """The rows of the same account without a limit."""
    async with emulator_of(ad_report_limit=20_000) as emulator:
        return rows(await read_from(emulator, settings_for(emulator, **fields), [stream]))


def assert_reported(outcome: Outcome, expected: Counter[str], *texts: str) -> None:
    """Rows are missing, and an error names the stream, the account and what is missing."""
    assert expected - rows(outcome)
    assert outcome.exit_code == 1
    (error,) = outcome.errors
    for text in (DAILY, "2026-06-06", *texts):
        assert text in error["message"]
    assert not outcome.last_states.get(DAILY, {}).get("states")


@pytest.mark.parametrize("value", quickly(None, "abc", [], "-5"))
@pytest.mark.parametrize(("list_of", "field"), [(CAMPAIGNS, "campaign_id"), (GROUPS, "adgroup_id")])
async def test_an_object_that_no_filter_can_name_costs_its_own_rows(list_of: str, field: str, value: object) -> None:
    """The others are read, and an error names the id, unless the rows of the cut report name the object."""
    expected = await whole(DAILY)
    fault = Fault(path=REPORT, contains=list_of, edit=f"dimensions.{field}", value=value, records=1)
    async with emulator_of(ad_report_limit=7) as emulator:
        emulator.faults.add(fault)
        outcome = await read_from(emulator, settings_for(emulator), [DAILY])
    assert outcome.exit_code == 1
    assert rows(outcome) <= expected
    assert rows(outcome).total() > expected.total() / 2
    (error,) = outcome.errors
    shown = value if isinstance(value, str) else json.dumps(value)
    assert f"{field} is {shown!r}" in error["message"]
    assert DAILY in error["message"]
    assert not outcome.last_states.get(DAILY, {}).get("states")


@pytest.mark.parametrize("value", quickly("abc", "1,234.50", "9e999999", None, {"a": 1}))
@pytest.mark.parametrize("contains", [CAMPAIGNS, 'dimensions=["advertiser_id"]', '"ad_id"'])
async def test_a_figure_that_is_none_costs_no_row(contains: str, value: object) -> None:
    """Of all campaigns, the account, or all ads: the parts are compared by what can be read."""
    expected = await whole(DAILY)
    async with emulator_of() as emulator:
        emulator.faults.add(Fault(path=REPORT, contains=contains, edit="spend", value=value))
        outcome = await read_from(emulator, settings_for(emulator), [DAILY])
    assert outcome.exit_code == 0
    assert rows(outcome).total() == expected.total()


@pytest.mark.parametrize("lack", [0.3, 0.5, 1])
@pytest.mark.parametrize("include_deleted", [True, False])
async def test_campaigns_that_a_list_lacks_are_reported_or_asked_for(lack: float, include_deleted: bool) -> None:
    """Nothing but the account's figures and the rows of the cut report show them."""
    expected = await whole(DAILY, include_deleted=include_deleted)
    async with emulator_of() as emulator:
        emulator.faults.add(Fault(path=REPORT, contains=CAMPAIGNS, lack=lack))
        outcome = await read_from(emulator, settings_for(emulator, include_deleted=include_deleted), [DAILY])
        advertiser_id = emulator.advertiser_ids[0]
    if rows(outcome) == expected and outcome.exit_code == 0:
        return
    assert outcome.exit_code == 1
    assert advertiser_id in outcome.errors[0]["message"]
    assert "spend" in outcome.errors[0]["message"]


@pytest.mark.parametrize("lack", [0.2, 0.5, 1])
async def test_a_report_that_is_too_large_shows_nothing_but_its_parts_add_up(lack: float) -> None:
    """The answer 40067 has no rows, so only the account's figures show what a list of campaigns lacks."""
    expected = await whole(DAILY)
    async with emulator_of(ad_report_limit=20_000) as emulator:
        emulator.faults.add(Fault(path=REPORT, contains="AUCTION_AD&", ids_over=100, code=40067))
        emulator.faults.add(Fault(path=REPORT, contains=CAMPAIGNS, lack=lack))
        outcome = await read_from(emulator, settings_for(emulator), [DAILY])
    assert_reported(outcome, expected, emulator.advertiser_ids[0], "impressions", "too large for one request")


async def test_a_list_that_lacks_campaigns_once_is_asked_for_again() -> None:
    """Nothing is missing then."""
    expected = await whole(DAILY)
    async with emulator_of(ad_report_limit=20_000) as emulator:
        emulator.faults.add(Fault(path=REPORT, contains="AUCTION_AD&", ids_over=100, code=40067))
        emulator.faults.add(Fault(path=REPORT, contains=CAMPAIGNS, lack=0.5, nth=1))
        outcome = await read_from(emulator, settings_for(emulator), [DAILY])
    assert outcome.exit_code == 0
    assert rows(outcome) == expected


@pytest.mark.parametrize("lack", [0.4, 1])
async def test_ad_groups_that_a_list_lacks_are_reported(lack: float) -> None:
    """A campaign with too many ads is read by ad group; its figures show what the list of ad groups lacks."""
    async with emulator_of(ad_report_limit=7, ads_per_account=30) as emulator:
        plain = await read_from(emulator, settings_for(emulator), [DAILY])
        assert plain.exit_code == 0
        emulator.faults.add(Fault(path=REPORT, contains=GROUPS, lack=lack))
        outcome = await read_from(emulator, settings_for(emulator), [DAILY])
        assert emulator.faults.entries()[0]["failed"]
    assert (outcome.exit_code == 1) == (rows(outcome) != rows(plain))
    if outcome.exit_code:
        assert_reported(outcome, rows(plain))


async def test_a_part_that_lacks_rows_is_reported() -> None:
    """Its own count agrees with its rows, but the parts do not add up to the account."""
    expected = await whole(DAILY)
    async with emulator_of(ad_report_limit=20_000) as emulator:
        emulator.faults.add(Fault(path=REPORT, contains="AUCTION_AD&", ids_over=100, code=40067))
        emulator.faults.add(Fault(path=REPORT, contains='"campaign_ids"', lack=0.3))
        outcome = await read_from(emulator, settings_for(emulator), [DAILY])
    assert_reported(outcome, expected, "spend")


@pytest.mark.parametrize("include_deleted", [True, False])
async def test_a_part_that_lacks_rows_for_a_while_is_read_again(*, include_deleted: bool) -> None:
    """Its own count agreed with its rows then. No row comes twice, and none is missing."""
    expected = await whole(DAILY, include_deleted=include_deleted)
    async with emulator_of(ad_report_limit=20_000) as emulator:
        emulator.faults.add(Fault(path=REPORT, cap=50))
        emulator.faults.add(Fault(path=REPORT, days_over=6, contains="page=2", code=40067))
        emulator.faults.add(Fault(path=REPORT, contains="start_date=2026-06-10", lack=0.5, times=1))
        settings = settings_for(emulator, include_deleted=include_deleted)
        outcome = await read_from(emulator, settings, [DAILY])
        assert emulator.faults.entries()[-1]["failed"] == 1
    assert outcome.exit_code == 0
    assert rows(outcome) == expected


async def test_days_that_lack_rows_of_the_whole_are_reported() -> None:
    """The whole counted its rows before its second page was too large; the days bring fewer."""
    expected = await whole(DAILY)
    async with emulator_of(ad_report_limit=20_000) as emulator:
        emulator.faults.add(Fault(path=REPORT, cap=50))
        emulator.faults.add(Fault(path=REPORT, days_over=6, contains="page=2", code=40067))
        emulator.faults.add(Fault(path=REPORT, contains="start_date=2026-06-10", lack=0.5))
        outcome = await read_from(emulator, settings_for(emulator), [DAILY])
    assert_reported(outcome, expected, "rows that TikTok counts")


async def test_shorter_windows_that_lack_rows_of_the_whole_are_reported() -> None:
    """A window with too many rows for one pass is read as shorter ones, which must bring what it counted."""
    async with emulator_of(ad_report_limit=20_000) as emulator:
        config = parse_config(settings_for(emulator, requests_per_second=50))
        stream = report_stream(DAILY)
        for lack in (None, 0.5):
            if lack:
                emulator.faults.add(Fault(path=REPORT, contains="start_date=2026-06-08", lack=lack))
            async with connect(config, clock=FixedClock(NOW), address=emulator.url) as api:
                limits = PassLimits(least=60, most=60, per_page_in_flight=1)
                sync = Sync(config, [Selected(stream, incremental=True)], {}, api, FixedClock(NOW), limits=limits)
                ended = [event async for event in sync.events() if isinstance(event, StreamEnded)]
            assert ended[0].complete is (lack is None)
    message = ended[0].failures[0].error.message
    assert DAILY in message
    assert "rows that TikTok counts" in message


@pytest.mark.parametrize("include_deleted", quickly(True, False))
async def test_parts_that_add_up_are_complete(*, include_deleted: bool) -> None:
    """With deleted ads and without, by day and by hour, with breakdowns: no false alarm."""
    streams = [
        DAILY,
        "ads_reports_hourly",
        "ads_reports_lifetime",
        "ads_audience_reports_daily",
        "ads_reports_by_country_daily",
    ]
    async with emulator_of(ad_report_limit=20_000) as emulator:
        expected = await read_from(emulator, settings_for(emulator, include_deleted=include_deleted), streams)
    for limit, too_large in ((12, False), (20_000, True)):
        async with emulator_of(ad_report_limit=limit) as emulator:
            if too_large:
                emulator.faults.add(Fault(path=REPORT, contains="AUCTION_AD&", ids_over=100, code=40067))
            outcome = await read_from(emulator, settings_for(emulator, include_deleted=include_deleted), streams)
        assert outcome.exit_code == 0
        assert rows(outcome) == rows(expected)


async def test_a_whole_that_tiktok_does_not_sum_up_is_read_with_a_warning() -> None:
    """Without the account's figures nothing contradicts the list, and a warning says that it was not compared."""
    expected = await whole(DAILY)
    async with emulator_of() as emulator:
        emulator.faults.add(Fault(path=REPORT, contains="AUCTION_ADVERTISER", code=40118))
        outcome = await read_from(emulator, settings_for(emulator), [DAILY], clock=HurriedClock(NOW))
    assert outcome.exit_code == 0
    assert rows(outcome) == expected
    assert any("does not tell what they add up to" in line["message"] for line in outcome.of_type("LOG"))
    assert cursors_of(outcome.last_states)[DAILY]
