"""Random schedules of faults, over real sockets: transient ones cost no row, and permanent ones are reported.

`FAULT_SCHEDULES=2000 pytest tests/faults/test_schedules.py` draws that many new ones instead of the same few.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from faults.hurry import Result, free_port, small, synced
from tiktok_marketing.catalog import ReportStream, stream_named
from tiktok_marketing.emulator import Emulator, Fault

pytestmark = pytest.mark.thorough

STREAMS = [
    "advertiser_ids",
    "advertisers",
    "campaigns",
    "ads",
    "creative_assets_images",
    "pixels",
    "pixel_instant_page_events",
    "ads_reports_daily",
    "campaigns_reports_hourly",
    "campaigns_audience_reports_daily",
    "advertisers_reports_lifetime",
]
REPORT = "report/integrated/get/"


def endpoints_of(name: str) -> set[str]:
    """The endpoints that a stream needs: its own, and those of the lists that its requests are made from."""
    stream = stream_named(name)
    assert stream is not None
    parent = None if isinstance(stream, ReportStream) else stream.source.parent
    parents = [] if parent is None else [parent.stream, parent.join_stream]
    return {stream.endpoint}.union(*(endpoints_of(name) for name in parents if name is not None))


PATHS = sorted(set().union(*map(endpoints_of, STREAMS)))
# 40100 and 40016 are of the whole endpoint, the others of a request; 59999 is no code of the documents.
CODES = [40016, 40100, 40132, 40133, 40200, 40201, 40202, 40700, 50000, 50002, 51001, 51010, 59999, 60001]
INACCESSIBLE = [40001, 40106, 40300, 40301]
UNKNOWN = [40002, 49999]
READ_TIMEOUT = 0.4

_DRAWN = os.environ.get("FAULT_SCHEDULES")


def drawing(examples: int) -> settings:
    """The same few schedules in every run, or as many new ones as the environment asks for."""
    return settings(
        max_examples=int(_DRAWN or examples),
        derandomize=_DRAWN is None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate] if _DRAWN is None else list(Phase),
        print_blob=True,
    )


which = st.builds(
    lambda path, when: path | when,
    st.fixed_dictionaries({}, optional={"path": st.sampled_from(PATHS)}),
    st.one_of(
        st.fixed_dictionaries({"first": st.integers(1, 5)}),
        st.fixed_dictionaries({"every": st.integers(2, 6)}),
        st.fixed_dictionaries({"share": st.floats(0.05, 0.6)}),
    ),
)
passing = st.one_of(
    st.fixed_dictionaries({"code": st.sampled_from(CODES), "times": st.integers(1, 6)}),
    st.fixed_dictionaries({"http": st.sampled_from([429, 500, 502, 503, 504]), "times": st.integers(1, 6)}),
    *(
        st.fixed_dictionaries({effect: st.just(True), "times": st.integers(1, 6)})
        for effect in ("reset", "truncate", "garbage")
    ),
    st.fixed_dictionaries({"hang": st.just(True), "times": st.integers(1, 3)}),
    st.fixed_dictionaries({"latency": st.floats(0.01, 0.08), "times": st.integers(1, 30)}),
)
troubles = st.builds(lambda chosen, effect: Fault(**chosen | effect), which, passing)
too_large = st.one_of(
    st.builds(
        lambda days, code: Fault(path=REPORT, days_over=days, code=code),
        st.integers(1, 5),
        st.sampled_from([40011, 40067, 50002, 51010]),
    ),
    st.builds(
        lambda ids, code: Fault(path=REPORT, contains="data_level=AUCTION_AD&", ids_over=ids, code=code),
        st.integers(1, 3),
        st.sampled_from([40011, 40067]),
    ),
)


@cache
def undisturbed() -> Result:
    """All rows of the business, which no schedule may change."""

    async def read() -> Result:
        async with small() as emulator:
            return await synced(emulator, STREAMS)

    result = asyncio.run(read())
    assert not result.failures
    assert not result.duplicates
    assert all(result.rows[name] for name in STREAMS)
    return result


async def disturbed(
    faults: list[Fault],
    *,
    ad_report_limit: int = 20_000,
    outage: tuple[float, float] | None = None,
    **fields: Any,
) -> Result:
    """Read with these faults active; in an outage nobody listens from one second to another."""
    emulator = small(faults=tuple(faults), ad_report_limit=ad_report_limit, port=free_port())
    url = f"http://127.0.0.1:{emulator.port}"
    async with AsyncExitStack() as stack:
        stack.push_async_callback(emulator.stop)
        reading = synced(emulator, STREAMS, read_timeout=READ_TIMEOUT, url=url, **fields)
        if outage is None:
            await emulator.start()
            return await reading
        task = asyncio.create_task(reading)
        begins, ends = outage
        if begins:
            await emulator.start()
            await asyncio.sleep(begins)
            await emulator.stop()
        await asyncio.sleep(ends)
        await emulator.start()
        return await task


@drawing(15)
@given(
    faults=st.lists(troubles, min_size=1, max_size=4),
    large=st.none() | too_large,
    limit=st.sampled_from([20_000, 10, 6]),
    outage=st.none() | st.tuples(st.sampled_from([0.0, 0.05, 0.2]), st.floats(0.05, 0.3)),
    days=st.sampled_from([2, 30]),
)
def test_transient_faults_change_nothing(
    faults: list[Fault], large: Fault | None, limit: int, outage: tuple[float, float] | None, days: int
) -> None:
    """Whatever fails for a while, alone or mixed: the same rows, each once, the same states, nothing missing."""
    schedule = faults + ([large] if large else [])
    result = asyncio.run(disturbed(schedule, ad_report_limit=limit, outage=outage, report_granularity=days))
    note(
        f"notices: {result.notices}, failed: {[str(failure.error) for failure in result.failures]}, {result.stopped!r}"
    )
    assert result.stopped is None
    assert not result.failures
    assert not result.duplicates
    assert result.rows == undisturbed().rows
    for name in STREAMS:
        assert _cursors(result, name) == _cursors(undisturbed(), name)


accounts = st.dictionaries(st.integers(0, 2), st.sampled_from(INACCESSIBLE + UNKNOWN), max_size=2)
refused_streams = st.sets(st.sampled_from(["ad/get/", "campaign/get/", "file/image/ad/search/"]), max_size=1)


@drawing(12)
@given(
    faults=st.lists(troubles, max_size=2),
    refused=accounts,
    without_scope=refused_streams,
    skip=st.booleans(),
)
def test_permanent_failures_are_reported_and_nothing_else_is_missing(
    faults: list[Fault], refused: dict[int, int], without_scope: set[str], skip: bool
) -> None:
    """Refused accounts and streams are missing, by name; all other rows and states are unchanged."""
    ids = _account_ids()
    schedule = [Fault(advertiser=ids[index], code=code) for index, code in refused.items()]
    schedule += [Fault(path=path, code=40118) for path in without_scope]
    result = asyncio.run(disturbed(schedule + faults, skip_inaccessible_advertisers=skip))
    note(f"failed: {[(failure.stream, failure.advertiser_id, str(failure.error)) for failure in result.failures]}")
    assert result.stopped is None
    assert not result.duplicates
    gone = {ids[index] for index in refused}
    loud = {ids[index] for index, code in refused.items() if not (skip and code in INACCESSIBLE)}
    expected: set[tuple[str, str | None]] = set()
    for name in STREAMS:
        if endpoints_of(name) & without_scope:
            expected.add((name, None))
            assert not result.rows[name]
            continue
        if name != "advertiser_ids":
            expected |= {(name, advertiser_id) for advertiser_id in loud}
        present = _without(name, gone)
        assert result.rows[name] == present.rows[name]
        assert _cursors(result, name) == _cursors(present, name)
    assert {
        failure for failure in result.missing if (failure[0], None) not in expected or failure[1] is None
    } == expected
    for failure in result.failures:
        assert failure.advertiser_id is None or failure.advertiser_id in str(failure.error)
        assert "code 4" in str(failure.error)
        assert "request_id" in str(failure.error)
        assert failure.error.remedy


@cache
def _account_ids() -> list[str]:
    return [str(key) for (key,) in undisturbed().rows["advertiser_ids"]]


def _without(name: str, gone: set[str]) -> Result:
    """The undisturbed stream without these accounts; their list still contains them."""
    whole = undisturbed()
    rows, states = whole.rows[name], dict(whole.states[name])
    if name != "advertiser_ids":
        rows = {key: row for key, row in rows.items() if str(row["advertiser_id"]) not in gone}
    if "states" in states:
        states["states"] = [entry for entry in states["states"] if entry["partition"]["advertiser_id"] not in gone]
    return msgspec.structs.replace(whole, rows={name: rows}, states={name: states})


def _cursors(result: Result, name: str) -> dict[str, Any]:
    """The cursor of each account."""
    entries = result.states.get(name, {}).get("states", [])
    return {entry["partition"]["advertiser_id"]: entry["cursor"] for entry in entries}


def test_the_business_fits_the_schedules() -> None:
    """It has more ads than cut reports show, so that cutting them has an effect."""

    async def most_ads(emulator: Emulator) -> int:
        async with emulator:
            result = await synced(emulator, ["ads"], include_deleted=True)
            per_account: dict[Any, int] = {}
            for row in result.rows["ads"].values():
                per_account[row["advertiser_id"]] = per_account.get(row["advertiser_id"], 0) + 1
            return max(per_account.values())

    assert asyncio.run(most_ads(small())) > 6
