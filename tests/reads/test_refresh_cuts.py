"""A full refresh that is cut after any line: what came before the cut and what the next attempt reads are the whole."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from airbyte_protocol_dataclasses.models import AirbyteMessage
from msgspec import convert

from support import NOW, Outcome, catalog_of, config_for, key_of, read_from
from tiktok_marketing.catalog import stream_named
from tiktok_marketing.emulator import Emulator, Fault, Options

pytestmark = pytest.mark.thorough

STREAMS = [
    "ads_reports_daily",
    "campaigns_reports_hourly",
    "ads_reports_lifetime",
    "advertisers_audience_reports_lifetime",
    "ads",
    "pixels",
    "creative_assets_music",
]
CUTS = 8


def emulator_of(seed: int) -> Emulator:
    """A small business, some of whose answers come late, are partial or refused."""
    rng = random.Random(seed)
    emulator = Emulator(Options(tier="unlimited", days=8, ads_per_account=6, advertisers=4, now=NOW, seed=seed))
    account = rng.choice(emulator.advertiser_ids)
    # The last day comes after the day before it was given up as partial: it must not make the account look finished.
    late = Fault(path="report/integrated/get/", advertiser=account, contains="start_date=2026-06-15", latency=5)
    emulator.faults.add(late)
    partial = Fault(path="report/integrated/get/", advertiser=account, contains="2026-06-14", code=20001, keep=0.5)
    emulator.faults.add(partial)
    emulator.faults.add(Fault(path="ad/get/", advertiser=account, code=40001))
    emulator.faults.add(Fault(share=0.3, latency=0.02))
    return emulator


def keys(outcome: Outcome) -> Counter[tuple[Any, ...]]:
    """The records of all streams, by stream and key."""
    counted: Counter[tuple[Any, ...]] = Counter()
    for name in STREAMS:
        stream = stream_named(name)
        assert stream is not None
        counted.update((name, *key_of(stream, record)) for record in outcome.records(name))
    return counted


@pytest.mark.parametrize("seed", range(3))
async def test_a_full_refresh_that_is_cut_anywhere_loses_no_row(seed: int) -> None:
    """Without a platform's numbers, and with faults in the first attempt. No row that a state covers comes twice."""
    async with emulator_of(seed) as emulator:
        config = config_for(emulator, report_granularity=2, requests_per_second=60)
        catalog = catalog_of(STREAMS, incremental=False)
        first = await read_from(emulator, config, catalog=catalog)
        assert {"ads", "ads_reports_daily", "campaigns_reports_hourly"} <= {
            name for name, statuses in first.statuses.items() if statuses[-1] == "INCOMPLETE"
        }
        emulator.faults.clear()
        whole = keys(await read_from(emulator, config, catalog=catalog))
        for message in first.messages:
            convert(message, AirbyteMessage)
        states = [at for at, message in enumerate(first.messages) if message["type"] == "STATE"]
        rng = random.Random(seed)
        positions = [*rng.sample(states, CUTS - 2), rng.randrange(len(first.messages)), len(first.messages) - 1]
        for position in positions:
            before = first.until(position + 1)
            after = await read_from(emulator, config, catalog=catalog, state=before.state_file)
            assert after.exit_code == 0, after.errors
            assert set(keys(before)) | set(keys(after)) == set(whole)
            assert_no_finished_account_comes_twice(before, after)


def assert_no_finished_account_comes_twice(before: Outcome, after: Outcome) -> None:
    """Nor a day that a state covers. A refresh whose states are all finished is a new one, which reads everything."""
    progress = {name: state["full_refresh"] for name, state in before.last_states.items() if "full_refresh" in state}
    if all(state["complete"] for state in progress.values()):
        return
    for name, state in progress.items():
        for record in after.records(name):
            reached = state["accounts"].get(str(record["advertiser_id"]), "")
            day = str(record.get("stat_time_day") or record.get("stat_time_hour") or "")[:10]
            assert reached != "finished", name
            assert not day or day > reached, name
