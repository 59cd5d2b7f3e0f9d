"""Asynchronous reports: TikTok prepares the rows of a window as one file, so they cost few requests.

TikTok allows them to few applications, and documents little of them. So a file is used only if it has every row that
TikTok counts and shows in its usual answer. Otherwise the window is read page by page, as if there were no file.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from tiktok_marketing.api.client import Client
from tiktok_marketing.api.envelope import no_data
from tiktok_marketing.catalog import Level, ReportSource, ReportStream
from tiktok_marketing.catalog.metric_index import metric_index
from tiktok_marketing.catalog.metrics import Kind
from tiktok_marketing.clock import Clock
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConnectorError, IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.report_file import ReportFile, UnusableFile
from tiktok_marketing.sync.plan.plan_sync import Notice
from tiktok_marketing.sync.read.report_figures import is_nameable
from tiktok_marketing.sync.read.report_requests import ASKED_AS, Piece, accepted_ids, own_filters, report_params

CREATE, CHECK, DOWNLOAD, CANCEL = (f"report/task/{name}/" for name in ("create", "check", "download", "cancel"))
_REPORT_TYPES = frozenset({"BASIC", "AUDIENCE", "CATALOG"})
_ID_FILTERS = frozenset({"campaign_ids", "adgroup_ids", "ad_ids"})
"""The filters that tasks accept. None of them is about deleted objects."""
_MOST_IDS = 20_000
"""The most ids of one filter of a task."""
_NAMES_IN_FILES = {"country_code": ("country_code", "country_name")}
"""What the columns of dimensions are called, if not only as in other answers."""
_RECENT = 2
"""The last days, in UTC, of which figures appear or are corrected somewhere, even without an attribution window."""
_NOT_ALLOWED = 40118
_PARAMETER_ERROR = 40002
_NOT_READY = 40201
_WAITS = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each check of a task; the last one repeats."""
_PATIENCE = 600.0
"""Seconds after which a task that is not finished is canceled."""
_FIGURES = frozenset(name for name, of in metric_index().items() if of.metric.kind is not Kind.ATTRIBUTE)
_FINISHED = frozenset({"SUCCESS", "FAILED", "CANCELED"})


class _Task(msgspec.Struct):
    task_id: str | int


class _Status(msgspec.Struct):
    status: str
    message: str | None = None


class _Created(msgspec.Struct):
    data: _Task


class _Checked(msgspec.Struct):
    data: _Status


class TaskFailed(Exception):  # noqa: N818 - the caller reads the report another way; nothing went wrong
    """A task brought no file. Its text says why, as a clause."""


_REASONS = (TaskFailed, UnusableFile, TikTokError, IncompleteReadError)
"""Errors after which a report is read page by page."""


class Sample(msgspec.Struct, frozen=True):
    """What TikTok's usual answer shows of a report.

    Args:
        total: How many rows it counts.
        rows: The metrics of the rows on its first page by their dimensions, all as text; None for null.
    """

    total: int
    rows: Mapping[tuple[str, ...], Sequence[str | None]]


class ReportTasks:
    """The asynchronous reports of one sync, and where they proved useless.

    Args:
        api: The client.
        clock: How to wait.
        attribution_window: Days in which the figures of a day still grow.
    """

    def __init__(self, api: Client, clock: Clock, attribution_window: int) -> None:
        self._api = api
        self._growing = timedelta(days=_RECENT + attribution_window)
        self._clock = clock
        self._allowed = True
        self._useless: set[str] = set()
        """Streams and accounts whose reports were read page by page after all."""
        self._first = asyncio.Lock()
        self._was_allowed = False
        self._in_memory = asyncio.Lock()

    def may_read(self, stream: ReportStream, advertiser_id: AdvertiserId, piece: Piece) -> bool:
        """Whether a task can report the rows of a piece, as far as is known."""
        source = stream.source
        if self._is_useless(stream, advertiser_id):
            return False
        if source.report_type not in _REPORT_TYPES or source.answered or piece.store is not None:
            return False
        # Nobody knows how old the figures of a file are, so none is used for days whose figures still grow.
        if piece.window is None or piece.window.end > self._api.clock_reading().earliest.date() - self._growing:
            return False
        return all(of.field in _ID_FILTERS for of in source.filters)

    def _is_useless(self, stream: ReportStream, advertiser_id: AdvertiserId) -> bool:
        return not self._allowed or not self._useless.isdisjoint((stream.name, advertiser_id))

    @asynccontextmanager
    async def file(
        self,
        stream: ReportStream,
        advertiser_id: AdvertiserId,
        piece: Piece,
        metrics: Sequence[str],
        *,
        campaigns: Callable[[], Awaitable[Sequence[str]]],
        sample: Callable[[], Awaitable[Sample]],
        notices: list[Notice],
    ) -> AsyncGenerator[ReportFile | None]:
        """The rows of a piece, as long as the context lasts; None if no file has just the rows that TikTok counts.

        Only one file at a time is in memory.

        Args:
            stream: The report.
            advertiser_id: The account.
            piece: What to read of it.
            metrics: The metrics to request.
            campaigns: Asks which campaigns have rows in the piece.
            sample: Asks for the report in the usual way.
            notices: Receives the reason if the pages have to be read instead.

        Raises:
            TikTokError: If TikTok does not answer in the usual way.
        """
        try:
            if piece.id_field is None and stream.source.data_level != Level.ADVERTISER:
                piece = _by_campaign(stream.source, piece, await campaigns())
            task_id = await self._finished(stream, advertiser_id, piece, metrics)
        except _REASONS as error:
            self._give_up(stream, advertiser_id, error, notices)
            yield None
            return
        async with self._in_memory:
            file = await self._compared(stream, advertiser_id, task_id, metrics, sample, notices)
            if file is not None:
                yield file
                return
        yield None

    async def _compared(
        self,
        stream: ReportStream,
        advertiser_id: AdvertiserId,
        task_id: str,
        metrics: Sequence[str],
        sample: Callable[[], Awaitable[Sample]],
        notices: list[Notice],
    ) -> ReportFile | None:
        """The file of a task, if it has what TikTok's usual answer shows.

        Raises:
            TikTokError: If the usual answer fails. Page by page, the report would begin with the same request.
        """
        if self._is_useless(stream, advertiser_id):
            return None
        try:
            file = await self._download(stream.source, advertiser_id, task_id, metrics)
        except _REASONS as error:
            self._give_up(stream, advertiser_id, error, notices)
            return None
        try:
            _compare(file, await sample())
        except (TaskFailed, UnusableFile, IncompleteReadError) as error:
            self._give_up(stream, advertiser_id, error, notices)
            return None
        return file

    async def _finished(
        self, stream: ReportStream, advertiser_id: AdvertiserId, piece: Piece, metrics: Sequence[str]
    ) -> str:
        """The id of a task that has finished.

        Raises:
            TaskFailed: If it ended without a file, or did not end.
            TikTokError: If TikTok refuses it.
        """
        body = task_params(stream.source, advertiser_id, piece, metrics)
        asked = {"advertiser_id": advertiser_id, "task_id": await self._created(stream, advertiser_id, body)}
        until = self._clock.monotonic() + _PATIENCE
        number = 0
        while True:
            await self._clock.sleep(_WAITS[min(number, len(_WAITS) - 1)])
            number += 1
            task = await self._checked(asked)
            if task.status == "SUCCESS":
                return asked["task_id"]
            if task.status in _FINISHED:
                raise TaskFailed(f"TikTok's task ended as {task.status} ({task.message or 'no reason was given'})")
            if self._clock.monotonic() >= until:
                with suppress(TikTokError):  # it may have finished just now, and its file is not waited for any more
                    await self._api.post(CANCEL, asked, no_data, advertiser_id=advertiser_id, probing=True)
                raise TaskFailed(f"TikTok's task was not finished after {_PATIENCE / 60:.0f} minutes")

    async def _checked(self, asked: Mapping[str, str]) -> _Status:
        """What TikTok says of a task.

        Raises:
            TikTokError: If TikTok does not say it. Pages can be read instead, so it is not asked for long.
        """
        decode = msgspec.json.Decoder(_Checked).decode
        try:
            answer = await self._api.get(CHECK, asked, decode, advertiser_id=asked["advertiser_id"], probing=True)
        except TikTokError as error:
            if error.code != _NOT_READY:
                raise
            return _Status("NOT READY")
        return answer.value.data

    async def _created(self, stream: ReportStream, advertiser_id: AdvertiserId, body: Mapping[str, Any]) -> str:
        """The id of a new task. Until TikTok has accepted one, others wait, because it may allow none.

        Raises:
            TaskFailed: If tasks proved useless meanwhile.
            TikTokError: If TikTok refuses it.
        """
        async with nullcontext() if self._was_allowed else self._first:
            if self._is_useless(stream, advertiser_id):
                raise TaskFailed("another one was of no use")
            decode = msgspec.json.Decoder(_Created).decode
            created = await self._api.post(CREATE, body, decode, advertiser_id=advertiser_id, probing=True)
            self._was_allowed = True
            return str(created.value.data.task_id)

    async def _download(
        self, source: ReportSource, advertiser_id: AdvertiserId, task_id: str, metrics: Sequence[str]
    ) -> ReportFile:
        """The file of a task.

        Raises:
            TaskFailed: If it is not in the answer.
            UnusableFile: If it does not have the documented form.
            TikTokError: If TikTok refuses it.
        """
        answer = await self._api.get(
            DOWNLOAD,
            {"advertiser_id": advertiser_id, "task_id": task_id},
            bytes,
            advertiser_id=advertiser_id,
            is_file=True,
            probing=True,
        )
        if answer.value.lstrip().startswith(b"{"):
            raise TaskFailed("TikTok answered without a file")
        dimensions = {name: _NAMES_IN_FILES.get(name, (name, ASKED_AS.get(name, name))) for name in source.dimensions}
        return ReportFile(answer.value, dimensions, metrics)

    def _give_up(
        self,
        stream: ReportStream,
        advertiser_id: AdvertiserId,
        error: ConnectorError | Exception,
        notices: list[Notice],
    ) -> None:
        """Remember where tasks are useless, and say it once."""
        if self._is_useless(stream, advertiser_id):
            return
        if isinstance(error, TikTokError) and error.code == _NOT_ALLOWED:
            self._allowed = False
            text = (
                "TikTok does not allow this application asynchronous reports (code 40118), so all reports are read "
                "page by page. Ask TikTok's support for them, or set async_reports to off."
            )
            notices.append(Notice("info", text))
            return
        if isinstance(error, TikTokError) and error.code == _PARAMETER_ERROR:
            self._useless.add(stream.name)  # some metrics are in usual reports only
            others = "this stream is"
        elif isinstance(error, UnusableFile):
            self._allowed = False
            others = "all reports are"
        else:
            self._useless.add(advertiser_id)
            others = "the reports of this account are"
        reason = error.message.rstrip(".") if isinstance(error, ConnectorError) else str(error)
        text = f"{stream.name}, advertiser {advertiser_id}: an asynchronous report was of no use: {reason}. "
        notices.append(Notice("info", f"{text}From now on, {others} read page by page."))


def _by_campaign(source: ReportSource, piece: Piece, campaigns: Sequence[str]) -> Piece:
    """The piece as the rows of its campaigns, for nobody says which campaigns a task without a filter leaves out.

    Raises:
        TaskFailed: If no filter accepts so many ids, or so few, or one of them.
    """
    ids = accepted_ids(source, "campaign_ids", campaigns)
    if not all(map(is_nameable, ids)):
        raise TaskFailed("it would have to name a campaign that has no usable id")
    if not 0 < len(ids) <= _MOST_IDS:
        raise TaskFailed(f"it would have to name {len(ids):,} campaigns")
    return replace(piece, id_field="campaign_ids", ids=tuple(ids))


def task_params(
    source: ReportSource, advertiser_id: AdvertiserId, piece: Piece, metrics: Sequence[str]
) -> dict[str, Any]:
    """The body of `/report/task/create/`. It has no filter by status, which tasks do not accept."""
    body: dict[str, Any] = {
        "advertiser_id": advertiser_id,
        **report_params(source, metrics, piece.window),
        "output_format": "CSV_STRING",
        "enable_report_title_translation": False,
    }
    filters = own_filters(source, (piece.id_field, piece.ids) if piece.id_field else None)
    return body | ({"filtering": filters} if filters else {})


def sample_of(
    rows: Sequence[Mapping[str, Any]], total: int | None, dimensions: Sequence[str], metrics: Sequence[str]
) -> Sample:
    """What a page shows.

    Args:
        rows: Its rows, without types.
        total: How many rows TikTok counts.
        dimensions: The dimensions of the report.
        metrics: The metrics that were requested.
    """
    shown = {
        tuple(str(row["dimensions"].get(name) or "") for name in dimensions): [
            _text(row["metrics"].get(name)) for name in metrics
        ]
        for row in rows
        if isinstance(row.get("dimensions"), Mapping) and isinstance(row.get("metrics"), Mapping)
    }
    return Sample(total or 0, shown)


def _text(value: Any) -> str | None:
    """A value of an answer as a file has it; None for null."""
    return None if value is None or value == "-" else str(value)


def _compare(file: ReportFile, sample: Sample) -> None:
    """Check that a file has the rows of a report.

    The sample is newer than the file, and its rows include those of deleted objects if these are wanted. So its rows
    are those of the file and perhaps more, and equal numbers mean equal rows.

    Raises:
        TaskFailed: If it has more rows or fewer, or another value.
        UnusableFile: If it has other rows, or figures that are no plain numbers.
    """
    if len(file) != sample.total:
        raise TaskFailed(f"it has {len(file):,} rows, and TikTok counts {sample.total:,}")
    missing = sample.rows.keys() - file.keys
    if missing:
        raise UnusableFile(f"it has no row for {', '.join(min(missing))}, which TikTok lists")
    different = file.compare(sample.rows, _FIGURES)
    if different is not None:
        raise TaskFailed(f"in it, {different}")
