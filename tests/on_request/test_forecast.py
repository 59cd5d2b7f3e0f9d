"""`plan` foresees the requests of reports on request."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import tiktok_marketing as tiktok
from programs import emulator_beside
from support import A_DAY, config_for, quickly
from tiktok_marketing.catalog import ON_REQUEST, ObjectStream, ReportStream, stream_named
from tiktok_marketing.cli.plan import Request, _forecast
from tiktok_marketing.config import Config, parse_config
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.sync.plan.selection import Selected, choose_streams

STREAMS = [
    "ads_v2_reports_daily",
    "campaigns_audience_reports_by_language_daily",
    "campaigns_audience_reports_by_interest_lifetime",
    "campaigns_reports_by_image_daily",
    "advertisers_reports_by_country_hourly",
    "campaigns_topview_reports_daily",
    "advertisers_shop_reports_by_country_daily",
    "playables_reports_by_country_lifetime",
    "advertisers_business_center_reports_by_country_daily",
]
BY_STORE = [stream for stream in ON_REQUEST if isinstance(stream, ReportStream) and stream.source.stores is not None]
OF_MATERIALS = [stream for stream in ON_REQUEST if isinstance(stream, ReportStream) and stream.source.is_of_materials]
LISTS = [stream for stream in ON_REQUEST if not stream.is_report]


@pytest.fixture(scope="module")
def shops() -> Iterator[Emulator]:
    """A business whose accounts see one store, several stores or none."""
    options = Options(tier="unlimited", advertisers=3, days=60, ads_per_account=6, settled=True, latency=0)
    with emulator_beside(options) as emulator:
        yield emulator


def few_days(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A configuration for days that are over, in several windows."""
    monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
    today = datetime.now(UTC).date()
    days = {
        "start_date": str(today - 12 * A_DAY),
        "end_date": str(today - 3 * A_DAY),
        "report_granularity": 3,
        "attribution_window": 1,
    }
    return parse_config(config_for(emulator, **days, include_deleted=True))


def forecast(config: Config, name: str) -> dict[str, int]:
    """The requests to each endpoint that `plan --ask` foresees."""
    selected = [Selected(stream, incremental=True) for stream in choose_streams(config, [name])]
    return dict(asyncio.run(_forecast(config, selected, {}, Request(ask=True))).requests)


@pytest.mark.parametrize("name", quickly(*(stream.name for stream in (*BY_STORE, *OF_MATERIALS, *LISTS))))
def test_plan_foresees_each_kind_of_stream(name: str, shops: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--ask` finds out the stores and what is in them. Further pages come on top, and objects that are asked alone.

    Without `--ask`, it is about right.
    """
    config = few_days(shops, monkeypatch)
    asked = forecast(config, name)
    guessed = dict(tiktok.plan(config, streams=[name]).requests)
    shops.counters.reset()
    records = sum(len(batch) for batch in tiktok.read(config, streams=[name]))
    sent = Counter(request.path for request in shops.counters.requests)
    alone = asked_alone(config, name)
    assert sent.keys() == asked.keys()
    for endpoint, count in asked.items():
        assert count <= sent[endpoint] <= count + records // 20 + alone, endpoint
    assert sent.total() / 2.5 <= sum(guessed.values()), "far fewer were foreseen"


def asked_alone(config: Config, name: str) -> int:
    """How many objects a sync may have to ask about alone, because an answer about several has no record of them."""
    stream = stream_named(name)
    if not isinstance(stream, ObjectStream) or stream.source.parent is None or stream.source.parent.at_once is None:
        return 0
    if stream.source.parent.sparse:
        return 0  # the forecast counts them
    return sum(len(batch) for batch in tiktok.read(config, streams=[stream.source.parent.stream]))


def test_plan_foresees_that_a_new_store_is_read_from_the_start(
    shops: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `--ask` and the state of a sync that did not see all stores."""
    name = "gmv_max_advertiser_reports_daily"
    config = few_days(shops, monkeypatch)
    shops.faults.add(Fault(path="gmv_max/store/list/", lack=0.99))
    state = asyncio.run(state_of(config, name))
    shops.faults.clear()
    selected = [Selected(stream, incremental=True) for stream in choose_streams(config, [name])]
    firsts = [
        asyncio.run(_forecast(config, selected, {name: state}, Request(ask=ask))).streams[0].first
        for ask in (False, True)
    ]
    assert firsts[0] > firsts[1] == config.start_date


async def state_of(config: Config, name: str) -> Any:
    """The state that a sync of a stream leaves."""
    state: Any = None
    async for event in tiktok.read_async(config, streams=[name]):
        if isinstance(event, tiktok.Checkpoint):
            state = event.state
    return state


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """A business of two accounts that are older than a month."""
    options = Options(
        tier="unlimited", advertisers=2, days=120, ads_per_account=6, settled=True, latency=0, playable_reports=True
    )
    with emulator_beside(options) as emulator:
        yield emulator


@pytest.mark.parametrize("name", STREAMS)
def test_a_sync_needs_as_many_requests_as_the_plan_says(
    name: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question which metrics TikTok accepts is one of them, where no list says so."""
    monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
    today = datetime.now(UTC).date()
    days = {"start_date": str(today - timedelta(days=40)), "end_date": str(today - timedelta(days=3))}
    config = parse_config(config_for(emulator, **days, skip_empty_days=False))
    [planned] = tiktok.plan(config, streams=[name]).streams
    emulator.counters.reset()
    for _ in tiktok.read(config, streams=[name]):
        pass
    asked = [request for request in emulator.counters.requests if request.path == "report/integrated/get/"]
    refused = [request for request in asked if request.answer == "40002"]
    assert planned.requests == len(asked) - len(refused)


def test_the_plan_foresees_the_list_of_business_centers(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """One request for all accounts and streams, and none if no stream is about them."""
    monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
    config = parse_config(config_for(emulator, start_date=str(datetime.now(UTC).date() - timedelta(days=3))))
    centers = [f"advertisers_business_center_reports_{rest}daily" for rest in ("", "by_country_", "by_placement_")]
    assert tiktok.plan(config, streams=centers).requests["bc/get/"] == 1
    assert "bc/get/" not in tiktok.plan(config, streams=["ads_reports_daily"]).requests


def test_the_plan_foresees_the_questions_to_business_centers(monkeypatch: pytest.MonkeyPatch) -> None:
    """One list of them, and one report about each that has five accounts or more."""
    options = Options(tier="unlimited", advertisers=60, active=4, days=60, ads_per_account=4, settled=True, latency=0)
    streams = ["ads_reports_daily", "campaigns_reports_daily"]
    with emulator_beside(options) as many:
        monkeypatch.setenv("TIKTOK_API_URL", many.url)
        config = parse_config(config_for(many, start_date=str(datetime.now(UTC).date() - timedelta(days=5))))
        planned = tiktok.plan(config, streams=streams)
        many.counters.reset()
        for _ in tiktok.read(config, streams=streams):
            pass
        asked = many.counters.total("bc/get/"), many.counters.total("report/integrated/get/")
    assert planned.requests["bc/get/"] == asked[0] == 1
    assert planned.questions == planned.questions_open
    assert asked[1] < planned.requests["report/integrated/get/"]
