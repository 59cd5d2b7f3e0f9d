"""What reading a window puts into the queue, and that windows which are too long lose no row."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
from msgspec.structs import replace
from unit_builders import TOKEN, FakeClock, account, client, config, refusal, stream, success

from support import Ahead
from tiktok_marketing.api.error_rules import rule_for
from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.catalog import AnyStream, report_stream
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import ConnectorError, IncompleteReadError, PartialAnswerError, TikTokError
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.events import DaysComplete, DaysEmpty, DaysIncomplete, Event, Notice, Rows
from tiktok_marketing.sync.plan.accounts import Account, AccountList, Accounts
from tiktok_marketing.sync.plan.frontier import ObjectsReached
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.accounts import LISTING
from tiktok_marketing.sync.read.pass_limits import PassLimits
from tiktok_marketing.sync.read.report_trial import MetricTrial
from tiktok_marketing.sync.run.byte_queue import ByteQueue
from tiktok_marketing.sync.run.scheduler import PartitionQueue
from tiktok_marketing.sync.run.stream_run import StreamRun
from tiktok_marketing.sync.run.window_reader import WindowReader, _SplittableWindow

FIRST = date(2026, 1, 1)
DAILY = stream("ads_reports_daily")
Params = dict[str, Any]
Rows_ = list[dict[str, Any]]


def row(ad: int, day: date = FIRST, **metrics: Any) -> dict[str, Any]:
    """A row of a daily report."""
    return {"dimensions": {"ad_id": str(ad), "stat_time_day": f"{day} 00:00:00"}, "metrics": metrics or {"likes": "0"}}


def reply(rows: Rows_, *, total: int | None = None, code: int = 0, key: str = "list") -> Reply:
    """A page."""
    total = len(rows) if total is None else total
    info = {"page": 1, "page_size": 1000, "total_number": total, "total_page": 1}
    body = {"code": code, "message": "", "request_id": "r", "data": {key: rows, "page_info": info}}
    return Reply(200, {}, json.dumps(body).encode())


class Api:
    """Answers with what a function of the request says, in a while.

    Args:
        answer: The answer to a request, from its endpoint and its parameters.
    """

    def __init__(self, answer: Callable[[str, Params], Reply | Rows_]) -> None:
        self._answer = answer
        self.requests: list[Params] = []
        self.under_way: list[Window] = []
        self.most = 0
        self.slow: Window | None = None
        """Days that take longer than others."""

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer one request."""
        assert token == TOKEN
        decoded: Params = {name: json.loads(text) if text[:1] in {"[", "{"} else text for name, text in params.items()}
        self.requests.append(decoded)
        window = Window(*(date.fromisoformat(decoded.get(name, str(FIRST))) for name in ("start_date", "end_date")))
        self.under_way.append(window)
        self.most = max(self.most, len(set(self.under_way)))
        for _ in range(80 if window == self.slow else 20):
            await asyncio.sleep(0)
        self.under_way.remove(window)
        given = self._answer(endpoint, decoded)
        return given if isinstance(given, Reply) else reply(given)

    @property
    def windows(self) -> list[str]:
        """The days of each request."""
        return [f"{params['start_date'][-2:]}-{params['end_date'][-2:]}" for params in self.requests]


FEW = PassLimits(least=5, most=5)


class Reading:
    """A reader of one stream, and what it put into the queue.

    Args:
        api: Answers its requests.
        of: The stream.
        accounts: The accounts of the run.
        settings: The configuration.
    """

    def __init__(
        self, api: Api, of: AnyStream = DAILY, accounts: Accounts | None = None, settings: Config | None = None
    ) -> None:
        self._queue: ByteQueue[Event | None] = ByteQueue(10**9)
        self.run = StreamRun(Selected(of, incremental=True), None, 0.0)
        self.client = client(api, FakeClock(datetime(2026, 3, 10, 12, tzinfo=UTC)), tier=tier_of(100_000))
        self.reader = WindowReader(settings or config(include_deleted=True), self.client, self._queue, limits=FEW)
        self.reader.accounts = accounts
        self.budget = Ahead(1)

    async def deliver(self, days: int | None = 1, *, first: date = FIRST, **options: Any) -> ObjectsReached | None:
        """Read a window of so many days; without days if None."""
        given: dict[str, Any] = {"account": account()} | options
        if days is not None:
            given |= {"first": first, "last": first + timedelta(days=days - 1), "days": days}
        queue = PartitionQueue(Partition(stream=self.run.stream, **given))
        return await self.reader.deliver(self.run, queue.take(), self.budget)

    async def events(self) -> list[Event]:
        """What was put into the queue since the last time."""
        await self._queue.put(None)
        events: list[Event] = []
        while (event := await self._queue.get()) is not None:
            events.append(event)
        return events

    async def seen(self) -> list[str]:
        """The events as texts: the records of each page, days, and the texts of notices."""
        return [described(event) for event in await self.events()]


def described(event: Event) -> str:
    """An event as a text."""
    match event:
        case Rows(records=records):
            return f"{len(records)} rows"
        case DaysComplete(days=days):
            return f"{days} complete"
        case DaysIncomplete():
            return "incomplete"
        case Notice(text=text):
            return text
    return type(event).__name__


# -- windows


async def test_the_rows_of_a_window_come_before_its_days() -> None:
    """Each window has a number of its own, and a page without rows is no event."""
    reading = Reading(Api(lambda _, params: [row(1), row(2)] if params["start_date"] == str(FIRST) else []))
    await reading.deliver()
    await reading.deliver(first=FIRST + timedelta(days=1))
    rows, complete, second = await reading.events()
    assert isinstance(rows, Rows)
    assert isinstance(complete, DaysComplete)
    assert isinstance(second, DaysComplete)
    assert (len(rows.records), rows.advertiser_id, rows.window_id) == (2, 7001, 1)
    assert rows.size > 100
    assert (complete.window_id, complete.advertiser_id, complete.exact) == (1, 7001, True)
    assert complete.days == Window(FIRST, FIRST)
    assert second.window_id == 2
    assert reading.run.records == 2


@pytest.mark.parametrize("deleted", [False, True])
async def test_days_known_to_be_empty_are_reported_without_a_request(deleted: bool) -> None:
    """They are exact if no rows are hidden."""
    api = Api(lambda *_: [])
    reading = Reading(api, settings=config(include_deleted=deleted))
    queue = PartitionQueue(Partition(stream=DAILY, account=account(), first=FIRST, last=FIRST))
    await reading.reader.skip_empty(queue.take())
    [empty] = await reading.events()
    assert isinstance(empty, DaysEmpty)
    assert (empty.advertiser_id, empty.days, empty.exact) == (7001, Window(FIRST, FIRST), deleted)
    assert api.requests == []


async def test_days_of_a_window_that_fails_are_incomplete() -> None:
    """Rows that were delivered before stay pending no longer."""
    reading = Reading(Api(lambda *_: refusal(40300, "no")))
    with pytest.raises(TikTokError, match="no"):
        await reading.deliver()
    assert await reading.seen() == ["incomplete"]


async def test_days_of_a_partial_answer_are_incomplete() -> None:
    """All its rows come, and then the error."""
    reading = Reading(Api(lambda *_: reply([row(1)], code=20001)))
    with pytest.raises(PartialAnswerError):
        await reading.deliver()
    assert await reading.seen() == ["1 rows", "incomplete", "incomplete"]


@pytest.mark.parametrize("days", [1, None])
async def test_rows_that_are_missing_leave_other_days_to_be_read(days: int | None) -> None:
    """TikTok answers, and counts one row more than it lists. What has no days has no other ones."""
    stream = DAILY if days else report_stream("ads_reports_lifetime")
    rows = [row(1)] if days else [{"dimensions": {"ad_id": "1"}, "metrics": {"likes": "0"}}]
    reading = Reading(Api(lambda *_: reply(rows, total=2)), stream)
    with pytest.raises(IncompleteReadError) as caught:
        await reading.deliver(days)
    assert caught.value.goes_on is (days is not None)


def by_day(rows_per_day: int, **totals: int) -> Callable[[str, Params], Reply]:
    """As many rows per day; TikTok counts others for a window, for example `w0104`."""

    def answer(_: str, params: Params) -> Reply:
        first, last = (date.fromisoformat(params[name]) for name in ("start_date", "end_date"))
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        rows = [row(ad, day) for day in days for ad in range(rows_per_day)]
        return reply(rows, total=totals.get(f"w{first:%d}{last:%d}"))

    return answer


async def test_a_window_with_too_many_rows_is_read_as_shorter_ones() -> None:
    """By the number of rows that one pass may read. Nothing of the long one is delivered."""
    api = Api(by_day(2))
    reading = Reading(api)
    await reading.deliver(4)
    assert api.windows == ["01-04", "01-02", "03-04"]
    assert await reading.seen() == [
        "4 rows",
        "2026-01-01 to 2026-01-02 complete",
        "4 rows",
        "2026-01-03 to 2026-01-04 complete",
    ]
    assert reading.budget.expected[-1] == 0


async def test_the_budget_knows_how_many_pages_remain() -> None:
    """Of the windows that are read and of those that wait, divided evenly at first."""

    def answer(_: str, params: Params) -> Reply:
        first, last = (int(params[name][-2:]) for name in ("start_date", "end_date"))
        return reply([row(1, FIRST)], total=8_000) if last > first else reply([row(1, date(2026, 1, first))])

    reading = Reading(Api(answer))
    with pytest.raises(IncompleteReadError):
        await reading.deliver(4)
    expected = reading.budget.expected
    assert max(expected) == 8
    assert expected[expected.index(8) :][:1] == [8]
    assert expected[-1] == 0


@pytest.mark.parametrize(("pages", "parallel"), [(1, 1), (7, 1), (8, 2), (15, 2), (16, 3), (24, 3), (100, 3)])
async def test_shorter_windows_run_in_parallel_if_the_budget_allows(pages: int, parallel: int) -> None:
    """Three at most."""
    api = Api(by_day(3))
    reading = Reading(api)
    reading.budget = Ahead(pages)
    await reading.deliver(8)
    assert sum(event.days is not None for event in await reading.events() if isinstance(event, DaysComplete)) == 8
    assert api.most == parallel


@pytest.mark.parametrize(
    ("first_count", "second_count", "missing"),
    [(8, None, None), (9, 8, None), (9, 9, "8 of the 9 rows"), (9, 20, "8 of the 9 rows"), (20, 9, "8 of the 9 rows")],
)
async def test_shorter_windows_bring_what_the_whole_counted(
    first_count: int, second_count: int | None, missing: str | None
) -> None:
    """If TikTok still counts it. Rows that are created meanwhile belong to the next sync."""
    counts = [first_count, second_count]

    def answer(endpoint: str, params: Params) -> Reply:
        whole = {"w0104": counts.pop(0) or 0} if params["end_date"] == "2026-01-04" > params["start_date"][:8] else {}
        return by_day(2, **whole)(endpoint, params)

    def counted(endpoint: str, params: Params) -> Reply:
        return answer(endpoint, params) if params["start_date"] == str(FIRST) else by_day(2)(endpoint, params)

    api = Api(counted)
    reading = Reading(api)
    reading.budget = Ahead(1)
    if missing is None:
        await reading.deliver(4)
    else:
        with pytest.raises(IncompleteReadError, match=missing) as caught:
            await reading.deliver(4)
        assert "2026-01-01 to 2026-01-04" in caught.value.message
    assert api.windows.count("01-04") == (1 if second_count is None else 2)


async def test_a_window_that_is_read_at_once_is_not_counted_again() -> None:
    """Its pass has compared it."""
    for rows_per_day in (0, 2):
        api = Api(by_day(rows_per_day))
        await Reading(api).deliver(2)
        assert api.windows == ["01-02"]


def failing(*days: int, error: Reply, partial: Sequence[int] = ()) -> Callable[[str, Params], Reply]:
    """Three rows per day; single days fail, or are answered in part."""

    def answer(endpoint: str, params: Params) -> Reply:
        first, last = (int(params[name][-2:]) for name in ("start_date", "end_date"))
        if first == last and first in days:
            return error
        if first == last and first in partial:
            return reply([row(1, date(2026, 1, first))], code=20001)
        return by_day(3)(endpoint, params)

    return answer


async def test_after_a_failure_no_other_window_begins() -> None:
    """Those in flight are delivered completely."""
    api = Api(failing(1, error=refusal(40300, "no")))
    reading = Reading(api)
    reading.budget = Ahead(8)
    with pytest.raises(TikTokError, match="no"):
        await reading.deliver(6)
    assert sorted(await reading.seen()) == ["2026-01-02 complete", "3 rows", "incomplete"]
    assert api.windows == ["01-06", "01-01", "02-02"]


async def test_after_a_partial_answer_all_other_windows_are_read() -> None:
    """The error comes at the end."""
    reading = Reading(Api(failing(error=refusal(40300), partial=[2])))
    with pytest.raises(PartialAnswerError):
        await reading.deliver(4)
    seen = await reading.seen()
    assert [text for text in seen if "complete" in text] == [
        "2026-01-01 complete",
        "incomplete",
        "incomplete",
        "2026-01-03 complete",
        "2026-01-04 complete",
    ]


@pytest.mark.parametrize(("fails", "partial"), [(3, 1), (1, 3)])
async def test_a_failure_weighs_more_than_a_partial_answer(fails: int, partial: int) -> None:
    """Whichever comes first."""
    reading = Reading(Api(failing(fails, error=refusal(40300, "no"), partial=[partial])))
    with pytest.raises(TikTokError, match="no"):
        await reading.deliver(4)


async def test_the_slowest_of_the_windows_is_awaited() -> None:
    """Although no other one waits any more."""
    api = Api(by_day(3))
    api.slow = Window(date(2026, 1, 3), date(2026, 1, 3))
    reading = Reading(api)
    reading.budget = Ahead(8)
    await reading.deliver(4)
    assert sum(isinstance(event, DaysComplete) for event in await reading.events()) == 4


async def test_a_window_that_is_cancelled_leaves_nothing_in_flight() -> None:
    """Nobody would wait for it."""
    api = Api(by_day(3))
    reading = Reading(api)
    reading_all = asyncio.create_task(reading.deliver(4))
    for _ in range(40):
        await asyncio.sleep(0)
    assert len(api.requests) == 2
    reading_all.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading_all
    assert not [event for event in await reading.events() if isinstance(event, Rows)]


# -- values


async def test_a_field_that_does_not_fit_is_said_once_per_sync() -> None:
    """However many windows have such values; another field is said as well."""
    values: list[dict[str, Any]] = [{"likes": "many"}, {"likes": "more", "shares": "few"}, {"likes": "x"}]
    reading = Reading(Api(lambda *_: [row(1, **values.pop(0))]))
    for _ in range(3):
        await reading.deliver()
    notices = [event for event in await reading.events() if isinstance(event, Notice)]
    assert [notice.level for notice in notices] == ["warning", "warning"]
    assert all(notice.text.startswith("ads_reports_daily: ") for notice in notices)
    assert "likes" in notices[0].text
    assert "shares" in notices[1].text
    assert "likes" not in notices[1].text


@pytest.mark.parametrize(("days", "where"), [(2, "2026-01-01 to 2026-01-02"), (None, "all time")])
async def test_bytes_that_are_not_utf8_are_reported_with_the_window(days: int | None, where: str) -> None:
    """All records come."""
    body = reply([row(1, campaign_name="NAME")]).body.replace(b"NAME", b"\xed\xa0\xbd")
    reading = Reading(
        Api(lambda *_: Reply(200, {}, body)), stream("ads_reports_daily" if days else "ads_reports_lifetime")
    )
    await reading.deliver(days)
    [notice] = [event for event in await reading.events() if isinstance(event, Notice)]
    assert notice.text.startswith(f"{reading.run.stream.name}, advertiser 7001, {where}: TikTok's answer has bytes")
    assert notice.level == "warning"


async def test_metrics_are_tried_before_rows_are_requested() -> None:
    """What no account accepts is left out for each of them from the start."""

    def answer(_: str, params: Params) -> Reply:
        if "reach" in params["metrics"]:
            return refusal(40002, "Invalid metric fields: ['reach'].")
        return reply([row(1)])

    api = Api(answer)
    reading = Reading(api)
    assert reading.run.stream.is_report
    reading.run.metric_trial = MetricTrial(reading.run.stream, frozenset({"reach"}))  # type: ignore[arg-type]
    await reading.deliver()
    await reading.deliver(account=account("7002"))
    assert [("reach" in params["metrics"], params["page_size"]) for params in api.requests] == [
        (True, "1"),
        (False, "1"),
        (False, "1000"),
        (False, "1000"),
    ]
    assert reading.run.refused_metrics == {"7001": {"reach"}, "7002": {"reach"}}


# -- stores, objects and accounts


async def test_a_report_by_store_asks_for_the_stores_once() -> None:
    """Although each of its windows needs them."""
    stores: list[str] = []

    def answer(endpoint: str, params: Params) -> Reply:
        if endpoint == "gmv_max/store/list/":
            stores.append(endpoint)
            return success({"store_list": [{"store_id": "71"}, {"store_id": "72"}]})
        dimensions = {"advertiser_id": "7001", "stat_time_day": f"{params['start_date']} 00:00:00"}
        return reply([{"dimensions": dimensions, "metrics": {"cost": "1"}}])

    reading = Reading(Api(answer), stream("gmv_max_advertiser_reports_daily"))
    await reading.deliver()
    await reading.deliver(first=FIRST + timedelta(days=1))
    assert await reading.seen() == [
        *("1 rows", "1 rows", "2026-01-01 complete"),
        *("1 rows", "1 rows", "2026-01-02 complete"),
    ]
    assert len(stores) == 1


async def test_objects_say_how_far_reading_got() -> None:
    """By the clock that is behind. Only if changed objects alone were read, since when."""
    ads = [{"ad_id": "1", "modify_time": "2026-02-01 00:00:00"}, {"ad_id": "2", "modify_time": "2026-01-01 00:00:00"}]
    reading = Reading(Api(lambda *_: ads), stream("ads"))
    since = "2026-01-15 00:00:00"
    reached = await reading.deliver(None, modified_since=since)
    assert reached == ObjectsReached("2026-02-01 00:00:00", datetime(2026, 3, 10, 12, tzinfo=UTC), None)
    changed = await reading.deliver(None, modified_since=since, only_changed=True)
    assert changed is not None
    assert changed.only_changed_since == since
    events = await reading.events()
    assert all(isinstance(event, Rows) for event in events)
    assert [(event.advertiser_id, len(event.records)) for event in events if isinstance(event, Rows)] == [(7001, 1)] * 2
    assert reading.run.records == 2


async def test_objects_that_do_not_fit_and_bytes_that_are_no_text_are_reported() -> None:
    """The objects come all the same."""
    body = reply([{"ad_id": "1", "ad_name": "NAME", "modify_time": "2026-02-01 00:00:00", "is_aco": "maybe"}]).body
    reading = Reading(Api(lambda *_: Reply(200, {}, body.replace(b"NAME", b"\xed\xa0\xbd"))), stream("ads"))
    await reading.deliver(None)
    events = await reading.events()
    texts = [event.text for event in events if isinstance(event, Notice)]
    assert any(text.startswith("ads: ") and "is_aco" in text for text in texts)
    assert any(text.startswith("ads, advertiser 7001: TikTok's answer has bytes") for text in texts)
    [records] = [event.records for event in events if isinstance(event, Rows)]
    assert len(records) == 1
    assert cast(RecordList, records).misfits


async def test_objects_that_did_not_change_are_no_event() -> None:
    """Nothing is delivered."""
    reading = Reading(Api(lambda *_: [{"ad_id": "1", "modify_time": "2026-01-01 00:00:00"}]), stream("ads"))
    await reading.deliver(None, modified_since="2026-02-01 00:00:00")
    assert await reading.events() == []
    assert reading.run.records == 0


async def test_what_people_should_know_about_rows_is_said() -> None:
    """Two rows have one key here."""
    reading = Reading(Api(lambda *_: reply([row(1, likes="1"), row(1, likes="2")], total=1)))
    await reading.deliver()
    assert any("2 different rows" in text for text in await reading.seen())


async def test_what_was_left_out_of_a_list_is_said_although_it_fails() -> None:
    """The first pixel has no answer, the second one an error."""
    refusals = {"2": refusal(40001, "Adv has no permission to operate on the Pixel 2."), "3": refusal(40300, "no")}

    def answer(endpoint: str, params: Params) -> Reply:
        if endpoint == "pixel/list/":
            return reply([{"pixel_id": "2"}, {"pixel_id": "3"}], key="pixels")
        return refusals[params["pixel_ids"][0]]

    reading = Reading(Api(answer), stream("pixel_events_statistics"))
    with pytest.raises(TikTokError):
        await reading.deliver(None)
    assert any("pixel 2 is left out" in text for text in await reading.seen())


LISTED = AccountList([{"advertiser_id": "7001", "advertiser_name": "a"}], None)


async def test_the_list_of_accounts_is_the_one_from_before_planning() -> None:
    """It belongs to no account. If TikTok gave it in part, that is a failure of the stream."""
    api = Api(lambda *_: reply([]))
    reading = Reading(api, stream("advertiser_ids"), Accounts((account(),), LISTED))
    await reading.deliver(None, account=None)
    [rows] = await reading.events()
    assert isinstance(rows, Rows)
    assert (rows.advertiser_id, len(rows.records), rows.size) == (None, 1, 1000)
    assert (api.requests, reading.run.failures) == ([], [])
    partial = PartialAnswerError("oauth2/advertiser/get/", "code 20001")
    incomplete = Reading(api, stream("advertiser_ids"), Accounts((account(),), replace(LISTED, incomplete=partial)))
    await incomplete.deliver(None, account=None)
    assert [(each.advertiser_id, each.what, each.error) for each in incomplete.run.failures] == [
        (None, LISTING, partial)
    ]
    assert len(await incomplete.events()) == 1


async def test_a_list_of_accounts_that_nobody_needed_before_is_read_now() -> None:
    """If it cannot be read, this stream fails alone."""
    api = Api(lambda *_: success({"list": [{"advertiser_id": "7001"}, {"advertiser_id": "7002"}]}))
    reading = Reading(api, stream("advertiser_ids"), Accounts((account(),)))
    await reading.deliver(None, account=None)
    assert await reading.seen() == ["2 rows"]
    refused = Reading(Api(lambda *_: refusal(40001, "no scope")), stream("advertiser_ids"), Accounts((account(),)))
    await refused.deliver(None, account=None)
    assert [each.what for each in refused.run.failures] == [LISTING]
    assert await refused.events() == []
    paged = Reading(Api(lambda *_: Reply(403, {}, b"<html>")), stream("advertiser_ids"), Accounts((account(),)))
    with pytest.raises(TikTokError) as caught:
        await paged.deliver(None, account=None)
    assert caught.value.http_status == 403, "a page may be about more than this list"
    without = Reading(api, stream("advertiser_ids"), Accounts((account(),)), replace(config(), app_id="", secret=""))
    await without.deliver(None, account=None)
    assert [each.what for each in without.run.failures] == [LISTING]


def failed(advertiser_id: str, error: ConnectorError) -> Account:
    """An account whose information TikTok refused."""
    return replace(account(advertiser_id), error=error)


def page_error() -> TikTokError:
    """A gateway's page in place of an answer."""
    error = rule_for(50000).error("a page", endpoint="advertiser/info/", code=None, advertiser_id="7002")
    error.http_status = 403
    return error


@pytest.mark.parametrize("answered", [False, True])
async def test_accounts_come_with_their_information_and_others_fail(answered: bool) -> None:
    """A page in place of an answer may be about more than its account, unless TikTok has answered anything."""
    known = replace(account("7001"), info={"advertiser_id": "7001", "name": "a"})
    refused = rule_for(40300).error("no", endpoint="advertiser/info/", code=40300, advertiser_id="7003")
    reading = Reading(
        Api(lambda *_: reply([])), stream("advertisers"), Accounts((known, failed("7003", refused), account("7004")))
    )
    await reading.deliver(None, account=None)
    assert await reading.seen() == ["1 rows"]
    assert [(each.advertiser_id, each.error) for each in reading.run.failures] == [("7003", refused)]
    paged = Reading(Api(lambda *_: reply([])), stream("advertisers"), Accounts((known, failed("7002", page_error()))))
    if answered:
        await paged.client.get("advertiser/info/", {}, json.loads)
        await paged.deliver(None, account=None)
        assert [each.advertiser_id for each in paged.run.failures] == [AdvertiserId("7002")]
    else:
        with pytest.raises(TikTokError, match="a page"):
            await paged.deliver(None, account=None)


@pytest.mark.parametrize(("windows", "pages"), [(0, 9), (1, 9), (2, 4), (3, 3), (10, 1)])
def test_windows_in_flight_share_the_pages_of_the_budget(windows: int, pages: int) -> None:
    """Each has one at least."""
    reading = Reading(Api(by_day(1)))
    whole = _SplittableWindow(reading.reader, reading.run, report_stream(DAILY.name), account(), Ahead(9))
    whole._in_flight = dict.fromkeys(range(windows))  # type: ignore[arg-type, assignment]
    assert whole.pages_in_flight() == pages
