"""When a task may read a report, what it asks for, how long it is waited for, and where it is not tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from unit_builders import NOON, FakeClock, client, refusal, success

from tiktok_marketing.api.error_rules import rule_for
from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.catalog import Level, ReportStream, report_stream
from tiktok_marketing.catalog.stream import ReportFilter
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.report_file import ReportFile
from tiktok_marketing.sync.plan.plan_sync import Notice
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.report_requests import Piece, StorePart
from tiktok_marketing.sync.read.report_tasks import ReportTasks, Sample, sample_of, task_params

ADS = report_stream("ads_reports_daily")
AD_GROUPS = report_stream("ad_groups_reports_daily")
ACCOUNTS = report_stream("advertisers_reports_daily")
ACCOUNT = AdvertiserId("7001")
OTHER_ACCOUNT = AdvertiserId("7002")
GROWING = timedelta(days=2)
LAST = NOON.date() - GROWING
PIECE = Piece(Window(LAST, LAST))
METRICS = ("spend", "ad_name")
HEADER = "ad_id,stat_time_day,spend,ad_name\n"
FILE = HEADER + f"11,{LAST} 00:00:00,1.50,first\n12,{LAST} 00:00:00,2.00,second\n"
SHOWN = Sample(2, {("11", f"{LAST} 00:00:00"): ("1.50", "first"), ("12", f"{LAST} 00:00:00"): ("2.00", "second")})


class Tasks:
    """TikTok's asynchronous reports.

    Args:
        *statuses: What each check says in turn, or its answer; the last one for ever.
        file: What a download brings.
        clock: Notes when a task was created, checked and canceled.
    """

    def __init__(self, *statuses: str | Reply, file: str | Reply = FILE, clock: FakeClock | None = None) -> None:
        self.statuses = [*(statuses or ("SUCCESS",))]
        self.file = file
        self.creating: Reply = success({"task_id": "900"})
        self.canceling: Reply = success({})
        self.clock = clock or FakeClock()
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.times: list[float] = []
        self.at_once = self.most_at_once = 0

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Say how far a task is, or bring its file."""
        assert token
        self._note(endpoint, params)
        assert params == {"advertiser_id": params["advertiser_id"], "task_id": "900"}
        if endpoint == "report/task/check/":
            for _ in range(200):
                await asyncio.sleep(0)  # others create their tasks meanwhile
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            return status if isinstance(status, Reply) else success({"status": status, "message": None})
        assert endpoint == "report/task/download/"
        return self.file if isinstance(self.file, Reply) else Reply(200, {}, self.file.encode())

    async def post(self, endpoint: str, body: Mapping[str, Any], token: str) -> Reply:
        """Create a task, or cancel it."""
        assert token
        self._note(endpoint, body)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        for _ in range(50):
            await asyncio.sleep(0)  # the turns of others come meanwhile
        self.at_once -= 1
        return self.creating if endpoint == "report/task/create/" else self.canceling

    def _note(self, endpoint: str, params: Mapping[str, Any]) -> None:
        self.asked.append((endpoint.removeprefix("report/task/").rstrip("/"), params))
        self.times.append(self.clock.monotonic())

    def count(self, name: str) -> int:
        """How many requests of a kind came."""
        return [asked for asked, _ in self.asked].count(name)


class Reader:
    """Reads reports with tasks, and keeps what it is told.

    Args:
        api: TikTok.
        attribution_window: Days in which the figures of a day still grow.
    """

    def __init__(self, api: Tasks, attribution_window: int = 0) -> None:
        self.api = api
        self.tasks = ReportTasks(client(api, api.clock, tier=tier_of(1000)), api.clock, attribution_window)
        self.notices: list[Notice] = []
        self.named = 0
        self.campaigns: Sequence[str] = ("1", "2")
        self.shown: Sample | Exception = SHOWN

    async def keys(
        self, stream: ReportStream = ADS, account: AdvertiserId = ACCOUNT, piece: Piece = PIECE
    ) -> set[tuple[str, ...]] | None:
        """The keys of the file's rows; None without a file."""
        async with self.open(stream, account, piece) as file:
            return None if file is None else file.keys

    def open(
        self, stream: ReportStream = ADS, account: AdvertiserId = ACCOUNT, piece: Piece = PIECE
    ) -> AbstractAsyncContextManager[ReportFile | None]:
        """The file, as long as the context lasts."""
        return self.tasks.file(
            stream, account, piece, METRICS, campaigns=self._campaigns, sample=self._sample, notices=self.notices
        )

    async def _campaigns(self) -> Sequence[str]:
        self.named += 1
        return self.campaigns

    async def _sample(self) -> Sample:
        if isinstance(self.shown, Exception):
            raise self.shown
        return self.shown

    def may_read(self, stream: ReportStream = ADS, account: AdvertiserId = ACCOUNT, piece: Piece = PIECE) -> bool:
        """Whether a task may read a piece."""
        return self.tasks.may_read(stream, account, piece)


@pytest.fixture
def api() -> Tasks:
    """Tasks that end at the first check."""
    return Tasks()


def with_source(stream: ReportStream = ADS, **fields: Any) -> ReportStream:
    """The stream with another source."""
    return replace(stream, source=replace(stream.source, **fields))


CAMPAIGNS = ReportFilter(field="campaign_ids", values=("1",))
OBJECTIVE = ReportFilter(field="objective_type", values=("REACH",))


@pytest.mark.parametrize(
    ("stream", "allowed"),
    [
        (ADS, True),
        (ACCOUNTS, True),
        (report_stream("ads_audience_reports_daily"), True),
        (with_source(report_type="CATALOG"), True),
        (with_source(report_type="PLAYABLE_MATERIAL"), False),
        (with_source(report_type="BC"), False),
        (with_source(answered=frozenset({"ad_id"})), False),
        (with_source(filters=(CAMPAIGNS,)), True),
        (with_source(filters=(OBJECTIVE,)), False),
        (with_source(filters=(CAMPAIGNS, OBJECTIVE)), False),
    ],
)
def test_tasks_read_the_reports_that_they_are_documented_for(api: Tasks, stream: ReportStream, allowed: bool) -> None:
    """Of three kinds, whose dimensions are all asked for, and with filters by id alone."""
    assert Reader(api).may_read(stream) is allowed


def test_a_part_of_a_store_is_not_read_by_a_task(api: Tasks) -> None:
    """It is another endpoint's."""
    assert not Reader(api).may_read(piece=replace(PIECE, store=StorePart("7")))


@pytest.mark.parametrize("window", [0, 7])
def test_the_last_day_of_a_piece_is_one_whose_figures_do_not_grow(api: Tasks, window: int) -> None:
    """Two days and the attribution window ago. A report of all time has no such day."""
    reader = Reader(api, attribution_window=window)
    last = LAST - timedelta(days=window)
    assert reader.may_read(piece=Piece(Window(date(2026, 1, 1), last)))
    assert not reader.may_read(piece=Piece(Window(date(2026, 1, 1), last + timedelta(days=1))))
    assert not reader.may_read(piece=Piece(None))


async def test_a_file_has_the_rows_that_tiktok_shows(api: Tasks) -> None:
    """The task names the campaigns of the account."""
    reader = Reader(api)
    assert await reader.keys() == {*SHOWN.rows}
    assert not reader.notices
    assert [name for name, _ in api.asked] == ["create", "check", "download"]
    body = api.asked[0][1]
    assert body["advertiser_id"] == ACCOUNT
    assert body["filtering"] == [{"field_name": "campaign_ids", "filter_type": "IN", "filter_value": '["1","2"]'}]


async def test_a_piece_that_names_objects_needs_no_campaigns(api: Tasks) -> None:
    """Its ad groups are the filter."""
    reader = Reader(api)
    assert await reader.keys(piece=replace(PIECE, id_field="adgroup_ids", ids=("5",)))
    assert reader.named == 0
    assert api.asked[0][1]["filtering"] == [{"field_name": "adgroup_ids", "filter_type": "IN", "filter_value": '["5"]'}]


async def test_an_account_has_no_campaigns_to_name() -> None:
    """So the task has no filter at all."""
    day = f"{LAST} 00:00:00"
    api = Tasks(file=f"advertiser_id,stat_time_day,spend,ad_name\n7001,{day},3,\n")
    reader = Reader(api)
    reader.shown = Sample(1, {("7001", day): ("3", None)})
    assert ACCOUNTS.source.data_level == Level.ADVERTISER
    assert await reader.keys(ACCOUNTS) == {("7001", day)}
    assert reader.named == 0
    assert "filtering" not in api.asked[0][1]
    assert "filtering" not in task_params(ACCOUNTS.source, ACCOUNT, PIECE, METRICS)


def test_a_file_has_the_names_of_the_api() -> None:
    """And no titles in the language of a user."""
    body = task_params(ADS.source, ACCOUNT, replace(PIECE, id_field="campaign_ids", ids=("1",)), METRICS)
    assert body["output_format"] == "CSV_STRING"
    assert body["enable_report_title_translation"] is False
    assert body["metrics"] == [*METRICS]
    assert (body["start_date"], body["end_date"]) == (str(LAST), str(LAST))
    assert "query_lifetime" not in body


@pytest.mark.parametrize(
    ("campaigns", "own", "created"),
    [(1, (), 1), (20_000, (), 1), (20_001, (), 0), (0, (), 0), (3, ("2",), 1), (3, ("9",), 0)],
)
async def test_a_filter_takes_twenty_thousand_ids(
    api: Tasks, campaigns: int, own: tuple[str, ...], created: int
) -> None:
    """And at least one, of those that the report itself is about."""
    reader = Reader(api)
    reader.campaigns = [str(number) for number in range(1, 1 + campaigns)]
    stream = with_source(filters=(ReportFilter(field="campaign_ids", values=own),) if own else ())
    assert (await reader.keys(stream) is not None) == bool(created)
    assert api.count("create") == created
    if not created:
        named = 0 if own else campaigns
        assert f"it would have to name {named:,} campaigns. From now on, the reports of this account are" in str(
            reader.notices[0].text
        )


async def test_each_check_waits_longer_than_the_one_before() -> None:
    """Up to 15 seconds."""
    api = Tasks(*["PROCESSING"] * 6, "SUCCESS")
    assert await Reader(api).keys()
    assert api.count("check") == 7
    checked = [at - api.times[0] for at, (name, _) in zip(api.times, api.asked, strict=True) if name == "check"]
    waits = [after - before for before, after in zip([0.0, *checked], checked, strict=False)]
    assert [round(wait) for wait in waits] == [1, 2, 4, 8, 15, 15, 15]


@pytest.mark.parametrize(("code", "waits"), [(40201, True), (40300, False), (40002, False)])
async def test_a_task_that_is_not_ready_is_waited_for(code: int, waits: bool) -> None:
    """TikTok has a code for it. After other refusals of the check, pages are read instead."""
    api = Tasks(refusal(code, "not now"), "PROCESSING", "SUCCESS")
    reader = Reader(api)
    assert bool(await reader.keys()) is waits
    assert api.count("check") == (3 if waits else 1)
    assert api.count("download") == waits


async def test_a_task_that_is_long_not_ready_is_waited_for() -> None:
    """Longer than any trouble is waited out."""
    api = Tasks(*[refusal(40201, "Task is not ready")] * 20, "SUCCESS")
    assert await Reader(api).keys()
    assert api.count("check") == 21


@pytest.mark.parametrize("what", ["create", "check", "download", "cancel"])
async def test_trouble_with_a_task_is_not_waited_out(what: str) -> None:
    """Pages can be read instead, so a few tries within two minutes are enough."""
    trouble = refusal(50000, "trouble")
    api = Tasks(
        *([trouble] if what == "check" else ["PROCESSING"] if what == "cancel" else []),
        file=trouble if what == "download" else FILE,
    )
    if what == "create":
        api.creating = trouble
    api.canceling = trouble
    assert await Reader(api).keys() is None
    assert 1 < api.count(what) <= 6
    first = next(at for at, (name, _) in zip(api.times, api.asked, strict=True) if name == what)
    assert api.times[-1] - first < 120


async def test_a_campaign_that_no_filter_can_name_keeps_a_task_from_being_created(api: Tasks) -> None:
    """TikTok would refuse all of it. Pages are read, and it is said why."""
    reader = Reader(api)
    reader.campaigns = ("1", "x")
    assert await reader.keys() is None
    assert not api.asked
    assert "no usable id" in reader.notices[0].text


@pytest.mark.parametrize("odd", [{"dimensions": 5, "metrics": {}}, {"dimensions": {}, "metrics": None}, {}])
def test_rows_of_another_form_are_no_sample(odd: dict[str, Any]) -> None:
    """The others are."""
    row = {"dimensions": {"ad_id": "5"}, "metrics": {"spend": "1.00"}}
    assert sample_of([odd, row], 2, ("ad_id",), ("spend",)) == sample_of([row], 2, ("ad_id",), ("spend",))


@pytest.mark.parametrize("canceling", [success({}), refusal(40002, "It has ended.")], ids=["canceled", "refused"])
async def test_a_task_is_waited_for_ten_minutes(canceling: Reply) -> None:
    """Then it is canceled, whether or not TikTok still can."""
    api = Tasks("PROCESSING")
    api.canceling = canceling
    reader = Reader(api)
    assert await reader.keys() is None
    assert api.count("cancel") == 1
    assert api.count("download") == 0
    assert api.asked[-1][1] == {"advertiser_id": ACCOUNT, "task_id": "900"}
    assert 600 <= api.times[-1] - api.times[0] < 616
    (notice,) = reader.notices
    assert "TikTok's task was not finished after 10 minutes. From now on, the reports of this account" in notice.text


async def test_a_check_at_the_end_of_patience_is_the_last() -> None:
    """600 seconds after the task was created."""
    clock = FakeClock()
    api = Tasks("PROCESSING", clock=clock)
    reader = Reader(api)
    slept = clock.sleep

    async def to_the_end(seconds: float) -> None:
        await slept(600.0 if seconds == 1.0 else seconds)

    clock.sleep = to_the_end  # type: ignore[method-assign]
    assert await reader.keys() is None
    assert api.count("check") == 1


@pytest.mark.parametrize("status", ["FAILED", "CANCELED"])
async def test_a_task_without_a_file_is_no_use(status: str) -> None:
    """The reason is TikTok's status, and no other report of the account is tried."""
    reader = Reader(Tasks("PROCESSING", status))
    assert await reader.keys() is None
    (notice,) = reader.notices
    assert f"TikTok's task ended as {status} (no reason was given). From now on, the reports of this a" in notice.text
    assert not reader.may_read()
    assert not reader.may_read(AD_GROUPS)
    assert reader.may_read(account=OTHER_ACCOUNT)


async def test_an_answer_in_place_of_the_file_is_none() -> None:
    """Even one of success, and with blanks before it."""
    body = b' \n{"code":0,"message":"OK","request_id":"r","data":{}}'
    reader = Reader(Tasks(file=Reply(200, {}, body)))
    assert await reader.keys() is None
    assert "TikTok answered without a file. From now on, the reports of this account" in reader.notices[0].text


async def test_an_application_that_may_not_tries_once(api: Tasks) -> None:
    """Code 40118 is about the application, so about every account and stream."""
    api.creating = refusal(40118)
    reader = Reader(api)
    assert await reader.keys() is None
    assert await reader.keys(AD_GROUPS, OTHER_ACCOUNT) is None
    assert api.count("create") == 1
    (notice,) = reader.notices
    assert "code 40118" in notice.text
    assert not reader.may_read(AD_GROUPS, OTHER_ACCOUNT)


async def test_a_refused_parameter_is_about_the_stream(api: Tasks) -> None:
    """Code 40002, for a metric that tasks do not have."""
    api.creating = refusal(40002, "Invalid metric.")
    reader = Reader(api)
    assert await reader.keys() is None
    (notice,) = reader.notices
    assert "Invalid metric" in notice.text
    assert "From now on, this stream is read page by page." in notice.text
    assert not reader.may_read(account=OTHER_ACCOUNT)
    assert reader.may_read(AD_GROUPS)


async def test_another_refusal_is_about_the_account(api: Tasks) -> None:
    """For example one of its permissions."""
    api.creating = refusal(40001, "Not yours.")
    reader = Reader(api)
    assert await reader.keys() is None
    (notice,) = reader.notices
    assert notice.text == (
        "ads_reports_daily, advertiser 7001: an asynchronous report was of no use: /report/task/create/ failed for "
        "advertiser 7001: Not yours (code 40001, request_id r-9). From now on, the reports of this account are read "
        "page by page."
    )
    assert not reader.may_read(AD_GROUPS)
    assert reader.may_read(account=OTHER_ACCOUNT)


async def test_a_file_of_another_form_is_about_all_reports() -> None:
    """TikTok writes it the same way for everybody."""
    reader = Reader(Tasks(file="Ad ID,Date,Cost,Ad name\n"))
    assert await reader.keys() is None
    (notice,) = reader.notices
    assert "no column is called ad_id. From now on, all reports are read page by page." in notice.text
    assert not reader.may_read(AD_GROUPS, OTHER_ACCOUNT)


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        (replace(SHOWN, total=3), "it has 2 rows, and TikTok counts 3"),
        (replace(SHOWN, total=1), "it has 2 rows, and TikTok counts 1"),
        (
            Sample(2, {**SHOWN.rows, ("11", f"{LAST} 00:00:00"): ("1.51", "first")}),
            f"in it, spend of 11, {LAST} 00:00:00 is '1.50', and TikTok lists '1.51'",
        ),
        (
            Sample(2, {("13", f"{LAST} 00:00:00"): ("2.00", "x")}),
            f"it has no row for 13, {LAST} 00:00:00, which TikTok",
        ),
        (IncompleteReadError("Only a part came."), "Only a part came"),
    ],
)
async def test_a_file_that_differs_from_what_is_shown_is_not_used(
    api: Tasks, shown: Sample | Exception, reason: str
) -> None:
    """The number of rows, their keys and their values are TikTok's."""
    reader = Reader(api)
    reader.shown = shown
    assert await reader.keys() is None
    (notice,) = reader.notices
    assert reason in notice.text


async def test_texts_may_have_any_sign_and_figures_may_not() -> None:
    """A name with a comma is one; a figure with one is an unknown form."""
    named = FILE.replace("first", '"1,000"')
    reader = Reader(Tasks(file=named))
    reader.shown = Sample(2, {})
    assert await reader.keys()
    reader = Reader(Tasks(file=FILE.replace("1.50", '"1,000"')))
    reader.shown = Sample(2, {})
    assert await reader.keys() is None
    assert "it has the figure '1,000'" in reader.notices[0].text


async def test_an_error_of_the_usual_answer_is_the_readers(api: Tasks) -> None:
    """Page by page, the report would begin with the same request. Tasks are as useful as before."""
    reader = Reader(api)
    reader.shown = rule_for(40067).error("Too large.", endpoint="report/integrated/get/", code=40067)
    with pytest.raises(TikTokError) as caught:
        await reader.keys()
    assert caught.value is reader.shown
    assert not reader.notices
    assert reader.may_read()


async def test_others_wait_for_the_first_answer(api: Tasks) -> None:
    """If tasks are allowed, all of them are created; and none waits from then on."""
    reader = Reader(api)
    assert all(await asyncio.gather(*(reader.keys() for _ in range(3))))
    assert (api.count("create"), api.most_at_once) == (3, 1)
    assert all(await asyncio.gather(*(reader.keys() for _ in range(3))))
    assert (api.count("create"), api.most_at_once) == (6, 3)


async def test_others_are_not_created_after_a_refusal(api: Tasks) -> None:
    """They have waited for it, and say nothing."""
    api.creating = refusal(40118)
    reader = Reader(api)
    assert await asyncio.gather(*(reader.keys() for _ in range(3))) == [None] * 3
    assert api.count("create") == 1
    assert len(reader.notices) == 1


async def test_one_file_at_a_time_is_in_memory(api: Tasks) -> None:
    """The next one is downloaded when it is gone. Pages take no such place."""
    reader = Reader(api)
    async with reader.open() as file:
        assert file is not None
        waiting = asyncio.create_task(reader.keys())
        for _ in range(1000):
            await asyncio.sleep(0)
        assert api.count("check") == 2
        assert api.count("download") == 1
    assert await waiting
    reader.shown = Sample(3, {})
    async with reader.open() as file:
        assert file is None
        reader.shown = SHOWN
        assert await asyncio.wait_for(reader.keys(account=OTHER_ACCOUNT), 10)


async def test_a_file_is_not_asked_for_where_another_proved_useless() -> None:
    """One notice, one download: the second task had been created before."""
    reader = Reader(Tasks(file="Sorry."))
    assert await asyncio.gather(*(reader.keys() for _ in range(3))) == [None] * 3
    assert reader.api.count("create") == 3
    assert reader.api.count("download") == 1
    assert len(reader.notices) == 1


def test_a_sample_has_the_text_of_a_file() -> None:
    """No dimension is an empty text, and null is None, as a dash is."""
    rows = [
        {"dimensions": {"ad_id": 11, "country_code": None}, "metrics": {"spend": 1.5, "ad_name": None}},
        {"dimensions": {"ad_id": "12"}, "metrics": {"spend": "-", "reach": 3}},
    ]
    assert sample_of(rows, 7, ("ad_id", "country_code"), ("spend", "ad_name")) == Sample(
        7, {("11", ""): ["1.5", None], ("12", ""): [None, None]}
    )
    assert sample_of([], None, ("ad_id",), ()) == Sample(0, {})
