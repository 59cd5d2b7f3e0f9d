"""The simulation can fail: it notices a connector that is broken on purpose."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import aclosing, suppress
from datetime import date, timedelta
from functools import cache
from itertools import islice
from typing import Any

import pytest
from msgspec.structs import replace

from simulation.faults import Network
from simulation.process import Components, Failed
from simulation.rewriting import rewriting
from simulation.schedule import schedule_of
from simulation.sink import Key, Store, Told
from simulation.trial import Simulation, run_schedule
from simulation.world import World
from tiktok_marketing.api.retry_policy import RetryPolicy
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.catalog import ListQuery, ObjectSource, ReportSource, Stream, object_stream
from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.sync.decode.reports import ReportReader
from tiktok_marketing.sync.events import Event, Rows, StreamEnded
from tiktok_marketing.sync.plan import partitions, plan_sync
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.frontier import shown_limit
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read import report_parts, report_requests, report_tasks, reports, store_parts
from tiktok_marketing.sync.read.account_days import ActivityQuery
from tiktok_marketing.sync.read.completeness import Pass
from tiktok_marketing.sync.read.empty_days import EmptyDayFinder
from tiktok_marketing.sync.read.listing import ListReader
from tiktok_marketing.sync.read.objects import ObjectLists
from tiktok_marketing.sync.read.page_count import PageCount
from tiktok_marketing.sync.read.parent_params import ParentParams
from tiktok_marketing.sync.read.partial_log import PartialLog
from tiktok_marketing.sync.read.report_parts import OpenParts
from tiktok_marketing.sync.read.report_requests import Piece, StorePart
from tiktok_marketing.sync.read.split_check import Figures
from tiktok_marketing.sync.read.store_parts import StorePartFinder
from tiktok_marketing.sync.run.engine import Sync
from tiktok_marketing.text import mask_known

WITHIN = 200
"""Schedules in which each of them is found out, at the latest."""
TELLING = (4, 16, 38, 31, 20, 12, 13, 46, 37)
"""Seeds of schedules that find most of them."""
SEEDS = (*TELLING, *(seed for seed in range(WITHIN) if seed not in TELLING))


class StateBeforeRecords(Components):
    """Emits a state before the records that it covers."""

    class sync(Sync):  # noqa: N801 - takes the place of an attribute
        """Breaks the order."""

        async def events(self) -> AsyncIterator[Event]:
            """Hold records back until the next state."""
            held_back: list[Event] = []
            async for event in super().events():
                if isinstance(event, Rows):
                    held_back.append(event)
                    continue
                yield event
                while held_back:
                    yield held_back.pop(0)


class FailuresIgnored(Components):
    """Reports a failed stream as complete."""

    class sync(Sync):  # noqa: N801
        """Says nothing of failures."""

        async def events(self) -> AsyncIterator[Event]:
            """Leave out the failures."""
            async for event in super().events():
                yield StreamEnded(event.stream, (), event.records) if isinstance(event, StreamEnded) else event


class NoLookback(Components):
    """Never reads a day again."""

    class sync(Sync):  # noqa: N801
        """Trusts first figures."""

        def __init__(self, config: Config, *arguments: Any, **named: Any) -> None:
            super().__init__(replace(config, attribution_window=0), *arguments, **named)


class DaysOfUtc(Components):
    """Uses UTC's days for every account."""

    network = rewriting(rb'timezone":"[^"]*"', b'timezone":"UTC"')


class ZonesGuessed(Components):
    """Treats an unknown time zone as the one where days begin first, also in its state."""

    network = rewriting(rb'timezone":"(|Nowhere/City)"', b'timezone":"Etc/GMT-14"')


class PartialAnswersAccepted(Components):
    """Ignores that TikTok says that an answer is partial."""

    network = rewriting(rb'"code":20001', b'"code":0')


class StateOfTheNextDay(Components):
    """Moves its states a day too far."""

    class store(Store):  # noqa: N801
        """Keeps states that are ahead."""

        def __init__(self) -> None:
            super().__init__()
            self.states = _Ahead()


class _Ahead(dict[str, Any]):
    def __setitem__(self, name: str, state: Any) -> None:
        shifted = json.loads(json.dumps(state))
        for entry in shifted.get("states", []):
            for field in ("stat_time_day", "stat_time_hour"):
                if field in entry["cursor"]:
                    later = date.fromisoformat(entry["cursor"][field][:10]) + timedelta(days=1)
                    entry["cursor"][field] = str(later)
        super().__setitem__(name, shifted)

    def update(self, states: Mapping[str, Any]) -> None:  # type: ignore[override]
        for name, state in states.items():
            self[name] = state


class CursorAtTheNewestHour(Components):
    """Goes on after the newest hour that it has, and reads no hour before it again."""

    class store(Store):  # noqa: N801
        """Ignores hours that are older than the newest one at the time of the latest state."""

        def __init__(self) -> None:
            super().__init__()
            self.states = _Newest(self)

        def write(self, records: Iterable[Told]) -> None:
            """Merge what is newer."""
            super().write(
                (stream, key, row) for stream, key, row in records if self.states.is_newer(stream, key, row.account)
            )


class _Newest(dict[str, Any]):
    """States, and the newest hour of each stream and account when its state was stored."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._hours: dict[tuple[str, str], str] = {}

    def is_newer(self, stream: str, key: Key, account: str) -> bool:
        """Whether a row is of an hour after the newest one. Rows of other streams are."""
        return not stream.endswith("_hourly") or _hour_of(key) > self._hours.get((stream, account), "")

    def __setitem__(self, name: str, state: Any) -> None:
        super().__setitem__(name, state)
        if name.endswith("_hourly"):
            for key, row in self._store.rows.get(name, {}).items():
                place = (name, row.account)
                self._hours[place] = max(self._hours.get(place, ""), _hour_of(key))

    def update(self, states: Mapping[str, Any]) -> None:  # type: ignore[override]
        for name, state in states.items():
            self[name] = state


def _hour_of(key: Key) -> str:
    return next(value for value in key if value.endswith(":00:00"))


class LastPageDropped(Components):
    """Does not request the last page, and does not count."""

    class network(Network):  # noqa: N801
        """Hides the last page."""

        async def _ask(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            reply = await super()._ask(endpoint, params, token)
            answer = json.loads(reply.body)
            info = answer.get("data", {}).get("page_info")
            if info is None or not 2 <= (info["total_page"] or 0) < 10**6:
                return reply
            info["total_page"] -= 1
            info["total_number"] = info["total_page"] * info["page_size"]
            return Reply(reply.status, reply.headers, json.dumps(answer).encode())


class CountsIgnored(Components):
    """Does not compare pages with the count."""

    class network(Network):  # noqa: N801
        """Tells no count."""

        async def _ask(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            reply = await super()._ask(endpoint, params, token)
            answer = json.loads(reply.body)
            if "page_info" not in answer.get("data", {}):
                return reply
            answer["data"]["page_info"].pop("total_number")
            return Reply(reply.status, reply.headers, json.dumps(answer).encode())


class ThrottleIgnored(Components):
    """Ignores `X-Tt-Ads-Throttle`."""

    class network(Network):  # noqa: N801
        """Hides it."""

        async def _ask(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            reply = await super()._ask(endpoint, params, token)
            return Reply(reply.status, {}, reply.body)


class ShortRetries(Components):
    """Gives up after seconds."""

    policy = RetryPolicy(transient=3.0, quota=3.0, maintenance=3.0)


class UnmaskedSecrets(Components):
    """Repeats TikTok's messages with the secrets in them."""

    secrets = False


class TooFast(Components):
    """Sends half as many requests again as the tier allows."""

    speed = 1.5


@pytest.mark.parametrize(
    "components",
    [
        StateBeforeRecords,
        FailuresIgnored,
        NoLookback,
        DaysOfUtc,
        ZonesGuessed,
        PartialAnswersAccepted,
        StateOfTheNextDay,
        CursorAtTheNewestHour,
        LastPageDropped,
        CountsIgnored,
        ThrottleIgnored,
        ShortRetries,
        pytest.param(UnmaskedSecrets, marks=pytest.mark.thorough),  # an error has to quote them
        TooFast,
    ],
)
def test_a_broken_connector_fails_the_simulation(components: type[Components], monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the first schedules fails."""
    if not components.secrets:  # each text that is shown is masked once more, with every secret of the process
        monkeypatch.setattr(mask_known, "_patterns", {})
        monkeypatch.setattr(mask_known, "add", lambda _secrets: None)
    assert any(fails(seed, components) for seed in SEEDS)


def _single_page_is_whole(latest: Pass) -> bool:
    return latest.pages._told_pages <= 1 or _IS_WHOLE(latest)


def _believe_absence(query: ActivityQuery, active_days: Mapping[AdvertiserId, set[date]]) -> None:
    query.answers.update(active_days)


def _believe_missing_days(query: ActivityQuery, active_days: Mapping[AdvertiserId, set[date]]) -> None:
    for advertiser_id, days in active_days.items():
        known = query.answers if days or len(active_days) == 1 else query.shown
        known[advertiser_id] = days


async def _check_nothing(open_parts: OpenParts, parts: Any) -> None:
    open_parts.drop(parts)


def _complete_at_its_end(account: Account, first: date, clock: ClockReading, late: timedelta) -> date:
    del late
    return shown_limit(account, first, clock, timedelta())


def _nothing(*_: Any) -> None:
    return


def _false(*_: Any) -> bool:
    return False


_IS_WHOLE: Any = Pass.is_whole.fget
MUTATIONS: dict[str, tuple[Any, str, Any]] = {
    "a single page is whole, whatever it counts": (Pass, "is_whole", property(_single_page_is_whole)),
    "a list forgets partial answers": (ListReader, "_raise_if_partial", _nothing),
    "a report forgets partial answers": (PartialLog, "raise_first", _nothing),
    "a pass is whole without its count": (Pass, "is_whole", property(lambda _: True)),
    "no page follows that no count explains": (PageCount, "asks_next", property(_false)),
    "an account that a joint answer leaves out has no data": (
        EmptyDayFinder,
        "_take_answer",
        staticmethod(_believe_absence),
    ),
    "a day that a joint answer leaves out has no data": (
        EmptyDayFinder,
        "_take_answer",
        staticmethod(_believe_missing_days),
    ),
    "the parts of a report are not compared with the whole": (OpenParts, "check", _check_nothing),
    "a day is complete as soon as it is over": (partitions, "shown_limit", _complete_at_its_end),
    "the list of campaigns is not compared with the account": (Figures, "lacks", lambda *_: ""),
    "a file of an asynchronous report is believed": (report_tasks, "_compare", _nothing),
}


@pytest.mark.parametrize(("owner", "name", "replacement"), MUTATIONS.values(), ids=MUTATIONS)
def test_a_rule_that_is_broken_fails_the_simulation(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, replacement: Any
) -> None:
    """One of the first schedules fails if the connector forgets a rule about what a list or a report contains."""
    monkeypatch.setattr(owner, name, replacement)
    assert any(fails(seed, Components) for seed in SEEDS)


def test_only_late_hours_show_that_a_day_is_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a world without them, a connector that takes a day for complete as soon as it is over loses nothing."""
    monkeypatch.setattr(partitions, "shown_limit", _complete_at_its_end)
    late = (seed for seed in SEEDS if schedule_of(seed).world.late_hours)
    found = list(islice((seed for seed in late if fails(seed, Components)), 2))
    assert found
    monkeypatch.setattr(World, "late_hours", property(lambda _: False, lambda *_: None), raising=False)
    assert not [seed for seed in found if fails(seed, Components)]


def test_files_with_old_figures_fail_the_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connector that reads days from files while their figures still grow is found out."""
    monkeypatch.setattr(report_tasks, "_RECENT", -100)
    assert fails(90004091, Components)


@pytest.mark.parametrize("components", [LastPageDropped, NoLookback, ThrottleIgnored])
def test_lost_rows_are_counted(components: type[Components]) -> None:
    """The figure comes from the comparison: for a connector that loses rows it is not 0."""
    assert any(lost(seed, components) > 0 for seed in SEEDS)


def lost(seed: int, components: type[Components]) -> int:
    """The rows of a schedule that are missing or too old."""
    simulation = Simulation(schedule_of(seed), components)
    with suppress(Failed):
        simulation.run()
    return simulation.report.lost


def fails(seed: int, components: type[Components]) -> bool:
    """Whether a schedule fails."""
    try:
        run_schedule(seed, components)
    except Failed:
        return True
    return False


def _without_filters(source: ReportSource, *arguments: Any, **named: Any) -> dict[str, Any]:
    return _ACCOUNT_PARAMS(replace(source, filters=()), *arguments, **named)


def _own_filter_lost_in_parts(source: ReportSource, _: str, ids: Iterable[str]) -> list[str]:
    del source
    return list(ids)


def _keys_without(dimension: str) -> Any:
    def keyer(reader: ReportReader) -> Any:
        names = [name for name in reader._dimension_names if name != dimension]
        return lambda keyed: [tuple(getattr(of, name) for name in names) for of in keyed]

    return keyer


_ACCOUNT_PARAMS = report_requests.account_params
OWN_REPORTS_BROKEN: dict[str, tuple[Any, str, Any, str]] = {
    "a report's filters are not sent": (report_requests, "account_params", _without_filters, "own_campaigns"),
    "a part replaces the report's own filter": (
        report_parts,
        "accepted_ids",
        _own_filter_lost_in_parts,
        "own_campaigns",
    ),
    "rows of a breakdown have one key": (ReportReader, "keyer", _keys_without("country_code"), "own_countries"),
    "a report without a time has the last two days only": (partitions, "_SPAN", 2, "own_platforms"),
    "a report with filters is compared with the whole account": (
        OpenParts,
        "_is_additive",
        property(lambda _: True),
        "own_campaigns",
    ),
}


def _first_store(records: Iterable[Mapping[str, Any]]) -> list[str]:
    return _STORE_IDS(records)[:1]


def _of_the_first_day(window: Window | None, *, store: StorePart) -> Piece:
    assert window is not None
    return Piece(Window(window.start, window.start), store=store)


async def _no_parts_if_it_fails(finder: StorePartFinder, *arguments: Any) -> list[StorePart]:
    with suppress(ConnectorError):
        return await _PARTS(finder, *arguments)
    return []


async def _first_delivery(lists: ObjectLists, name: str, *, include_deleted: bool) -> list[Mapping[str, Any]]:
    parents = ObjectLists(
        lists._api,
        object_stream(name),
        lists._advertiser_id,
        include_deleted=include_deleted,
        today=lists._today,
    )
    async with aclosing(parents.deliveries()) as deliveries:
        async for delivery in deliveries:
            return list(delivery.records)
    return []


def _without_deleted(source: ObjectSource, *, include_deleted: bool) -> tuple[ListQuery, ...]:
    del include_deleted
    return source.queries


def _first_query(source: ObjectSource, *, include_deleted: bool) -> tuple[ListQuery, ...]:
    return _QUERIES_FOR(source, include_deleted=include_deleted)[:1]


FOUND_LATE = {"ids come from another day", "deleted campaigns are not listed"}
"""Rules that few schedules show, which takes long."""
_STORE_IDS, _PARTS, _QUERIES_FOR = store_parts.store_ids, StorePartFinder.parts, ObjectSource.queries_for
ON_REQUEST_BROKEN: dict[str, tuple[Any, str, Any, str]] = {
    "the second store is forgotten": (store_parts, "store_ids", _first_store, "gmv_max_"),
    "a store that appears has no earlier days": (plan_sync, "rewind_for_new_stores", lambda *_: {}, "gmv_max_"),
    "ids come from another day": (store_parts, "Piece", _of_the_first_day, "gmv_max_"),
    "a list of campaigns is not compared with the store": (store_parts, "lacking", lambda *_: "", "gmv_max_"),
    "the state moves past a store that failed": (StorePartFinder, "parts", _no_parts_if_it_fails, "gmv_max_"),
    "all rows are of one store": (reports, "given_dimensions", lambda *_: {"store_id": "500001"}, "gmv_max_"),
    "campaigns that share a product have one row": (
        ReportReader,
        "keyer",
        _keys_without("campaign_id"),
        "gmv_max_",
    ),
    "the second page of parents is forgotten": (ObjectLists, "_all_records", _first_delivery, "gmv_max_"),
    "deleted campaigns are not listed": (ObjectSource, "queries_for", _without_deleted, "gmv_max_"),
    "only campaigns for products are listed": (ObjectSource, "queries_for", _first_query, "gmv_max_"),
    "reviews that a joint answer leaves out do not exist": (ParentParams, "alone", lambda *_: [], "ad_reviews"),
    "rows by creative have one key per day": (
        ReportReader,
        "keyer",
        _keys_without("main_material_id"),
        "smart_plus_",
    ),
    "a day without figures of usual ads has none of shops": (
        Stream,
        "is_empty_with_account",
        property(lambda stream: stream.has_days),
        "shop_reports",
    ),
}


@pytest.mark.parametrize(
    ("owner", "name", "replacement", "stream"),
    [
        pytest.param(*broken, id=rule, marks=[pytest.mark.thorough] if rule in FOUND_LATE else [])
        for rule, broken in ON_REQUEST_BROKEN.items()
    ],
)
def test_a_broken_rule_about_streams_on_request_fails_the_simulation(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, replacement: Any, stream: str
) -> None:
    """And a stream that the rule is about shows it."""
    seeds = [seed for seed in range(WITHIN) if any(stream in of for of in _names(seed))]
    monkeypatch.setattr(owner, name, replacement)
    assert any(stream in failure(seed) for seed in seeds)


@pytest.mark.parametrize(
    ("owner", "name", "replacement", "stream"), OWN_REPORTS_BROKEN.values(), ids=OWN_REPORTS_BROKEN
)
def test_a_broken_rule_about_own_reports_fails_the_simulation(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, replacement: Any, stream: str
) -> None:
    """And it is the report that the rule is about which shows it."""
    seeds = [seed for seed in range(WITHIN) if stream in _names(seed)]
    monkeypatch.setattr(owner, name, replacement)
    assert any(stream in failure(seed) for seed in seeds)


@cache
def _names(seed: int) -> set[str]:
    """The streams of a schedule."""
    return {selection.stream.name for selection in schedule_of(seed).selected}


def failure(seed: int) -> str:
    """Why a schedule fails; empty if it does not."""
    try:
        run_schedule(seed, Components)
    except Failed as error:
        return str(error)
    return ""
