"""Reads one window of a report of one account, in as many requests as TikTok's limits require."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from datetime import date
from functools import partial

from msgspec.structs import replace

from tiktok_marketing.api.client import Answer, Client
from tiktok_marketing.catalog import Grain, ReportStream, report_stream
from tiktok_marketing.errors import Action, AdsLeftOutError, ConnectorError, PartialAnswerError, TikTokError
from tiktok_marketing.sync.decode.pages import Page, RowSink, SinkFactory, record_list
from tiktok_marketing.sync.decode.report_file import ReportFile
from tiktok_marketing.sync.decode.reports import ReportPageReader, report_reader
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.plan_sync import Notice
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.asked_for import Asked, LackingMetrics
from tiktok_marketing.sync.read.business_centers import BusinessCenters
from tiktok_marketing.sync.read.listing import (
    Budget,
    Delivery,
    ListReader,
    Request,
    TooManyRows,
)
from tiktok_marketing.sync.read.metric_search import MetricSearch
from tiktok_marketing.sync.read.partial_log import PartialLog
from tiktok_marketing.sync.read.pass_limits import USUAL_PASSES, PassLimits
from tiktok_marketing.sync.read.refused_days import WindowRefusals
from tiktok_marketing.sync.read.repeated_keys import different_records
from tiktok_marketing.sync.read.report_figures import FiguresReader
from tiktok_marketing.sync.read.report_parts import DaysRead, OpenParts, Parts, unsplittable
from tiktok_marketing.sync.read.report_requests import (
    Piece,
    given_dimensions,
    order_params,
    piece_params,
    smaller_objects,
)
from tiktok_marketing.sync.read.report_tasks import ReportTasks, Sample, TaskFailed, sample_of
from tiktok_marketing.sync.read.store_parts import StorePartFinder

MOST_IN_A_ROW = 3
"""After so many parts in a row that cannot be read, the others are not asked for."""


class ReportWindow:
    """Reads one window of a report, in smaller pieces where TikTok finds it too large.

    Args:
        api: The client.
        stream: The report.
        account: The account.
        window: The days; None for a lifetime report.
        include_deleted: Whether to include rows of deleted objects.
        budget: How much of the quota it may use.
        refused: Metrics to leave out because TikTok refused them; those that it refuses now are added.
        search: What other accounts' windows have found out about refused metrics; None if there are no others.
        sink_factory: Makes the sinks that receive the rows.
        limits: How many rows one pass may read.
    """

    def __init__(  # noqa: PLR0913 - what a window is read with
        self,
        api: Client,
        stream: ReportStream,
        account: Account,
        window: Window | None,
        *,
        include_deleted: bool,
        budget: Budget,
        refused: set[str] | None = None,
        search: MetricSearch | None = None,
        sink_factory: SinkFactory = record_list,
        limits: PassLimits = USUAL_PASSES,
    ) -> None:
        source = stream.source
        self._api = api
        self._stream = stream
        self._source = source
        self._account = account
        advertiser_id = account.advertiser_id
        self._advertiser_id, self._place = advertiser_id, account.place
        self._whole = Piece(window, summed=source.grain is Grain.SPAN)
        self._include_deleted = source.includes_deleted(include_deleted)
        self._budget = budget
        self._max_rows = limits.max_rows(budget)
        self._limits = limits
        self._refused = set() if refused is None else refused
        self._search = (search or MetricSearch()).for_window(source)
        self._partial_log = PartialLog()
        self._partial_until: date | None = None  # the last day of which rows may be missing
        reader = ReportPageReader(report_reader(stream), partial(sink_factory, stream, int(advertiser_id)))
        self._list_reader = ListReader(api, reader, budget)
        self._figures = FiguresReader(
            api,
            advertiser_id,
            budget,
            self._note_partial,
            origins=source.origins,
            widening=source.widening_filters,
        )
        self._parts = OpenParts(
            stream,
            advertiser_id,
            self._list_reader,
            lambda piece: self._list_reader.look(self._request(piece)),
            self._figures,
            self._partial_log,
            include_deleted=self._include_deleted,
            refused=self._refused,
        )
        self._reported: set[str] = set()
        self._is_in_trouble = False
        self._failed_in_a_row = 0
        self.stores: StorePartFinder | None = None
        """Finds the parts of a report by store. Whoever reads such a report provides it."""
        self.centers: BusinessCenters | None = None
        """Finds the Business Center that reports on the account. Whoever reads such a report provides it."""
        self.tasks: ReportTasks | None = None
        """Asynchronous reports; None to read page by page."""
        self.day_refusals: WindowRefusals | None = None
        """Metrics that are refused for some days; None to take every refusal for one of all days."""
        self.lacking = LackingMetrics(source.metrics)
        """Metrics that no row has."""
        self._notices: list[Notice] = []

    @property
    def repaired(self) -> bool:
        """Whether U+FFFD stands in rows for bytes that are not UTF-8."""
        return self._list_reader.repaired

    async def deliveries(self) -> AsyncGenerator[Delivery[RowSink] | DaysRead | Notice, None]:
        """Every row of the window, once, and a `DaysRead` whenever all rows of some of its days were delivered.

        Raises:
            TooManyRows: If it should be read as several windows; nothing was delivered then.
            TikTokError: If a piece cannot be read however small it is.
            IncompleteReadError: If rows are missing.
            PartialAnswerError: At the end, if any answer was partial.
            ConnectorError: At the end, if nothing can be asked about a store, or about some of its campaigns.
        """
        list_reader = self._list_reader
        list_reader.observe = self._observe
        work: deque[Piece | Parts] = deque(await self._first_pieces())
        since = self._whole.since
        until = date.min  # the last day that delivered rows may belong to
        for event in () if work else self._nothing_to_read():
            yield event
        while work:
            piece = work.popleft()
            if isinstance(piece, Parts):
                work.extendleft(reversed(await self._again(piece)))
            else:
                delivered_before = list_reader.rows_delivered
                metrics = self._metrics_of(piece)
                self._parts.begin_part()
                try:
                    async with aclosing(self._read_piece(piece)) as deliveries:
                        async for delivery in deliveries:
                            # Now, not after the piece: if it fails, rows of its last day may have been delivered.
                            until = max(until, piece.window.end if piece.window else date.max)
                            yield delivery
                            del delivery
                except (PartialAnswerError, TooManyRows, AdsLeftOutError, TikTokError) as error:
                    if not await self._goes_on(work, piece, error, metrics, delivered_before):
                        raise
                else:
                    self._end(piece)
            for notice in self._new_notices(piece.window):
                yield notice
            next_day = min((other.since for other in work), default=None)
            if next_day is None or next_day > max(since, until):
                whole = self._partial_until is None or self._partial_until < since
                yield DaysRead(self._whole.days(since, next_day), whole)
                since = next_day or date.max
        self._raise_if_incomplete()

    def _observe(self, number_of_pass: int, page: Page[RowSink]) -> None:
        self._parts.observe(number_of_pass, page)
        self.lacking.note(page)

    def _end(self, piece: Piece) -> None:
        """A piece was read."""
        self._failed_in_a_row = 0
        self._parts.end_part(piece)
        if self.stores is not None:
            self.stores.answered()

    def _raise_if_incomplete(self) -> None:
        """Everything that can be read has been read.

        Raises:
            TikTokError: If a part of the window could not be read.
            IncompleteReadError: If an answer was partial, or nothing can be asked about some stores or objects.
        """
        self._partial_log.raise_first()
        error = self._store_error() or self._figures.error(self._stream.name)
        if error is not None:
            raise error

    def _store_error(self) -> ConnectorError | None:
        """Why rows of stores are missing; None if nothing is known to be missing."""
        return None if self.stores is None else self.stores.error(self._stream.name)

    async def _read_piece(self, piece: Piece) -> AsyncGenerator[Delivery[RowSink] | Notice, None]:
        """Every row of a piece: page by page or, if that takes many pages, from an asynchronous report."""
        request = self._request(piece)
        again = self._parts.is_repeated(piece)
        reading: AsyncGenerator[Delivery[RowSink] | Notice, None] = self._list_reader.read(request, again=again)
        if self.tasks is not None and not again and self.tasks.may_read(self._stream, self._advertiser_id, piece):
            reading = self._read_with(self.tasks, piece, request)
        async with aclosing(reading) as deliveries:
            async for delivery in deliveries:
                yield delivery
                del delivery

    async def _read_with(
        self, tasks: ReportTasks, piece: Piece, request: Request
    ) -> AsyncGenerator[Delivery[RowSink] | Notice, None]:
        limits = self._limits
        try:
            async with aclosing(self._list_reader.read(replace(request, max_rows=limits.least_of_task))) as deliveries:
                async for delivery in deliveries:
                    yield delivery
                    del delivery
        except TooManyRows as error:
            total = error.total
        else:
            return
        if total > limits.most_of_task and request.max_rows is not None:
            raise TooManyRows(total, limits.most_of_task)
        async with self._file(tasks, piece, request) if total <= limits.most_of_task else nullcontext() as file:
            for notice in self._new_notices(piece.window):  # first, because the window may be given back
                yield notice
            request = request if file is None else replace(request, max_rows=None, file=file)
            async with aclosing(self._list_reader.read(request)) as deliveries:
                async for delivery in deliveries:
                    yield delivery
                    del delivery

    def _file(
        self, tasks: ReportTasks, piece: Piece, request: Request
    ) -> AbstractAsyncContextManager[ReportFile | None]:
        metrics = self._metrics_of(piece)

        def sample_of_page(answer: Answer[Page[RowSink]]) -> Sample:
            if answer.throttled or answer.partial is not None:
                raise TaskFailed("TikTok's usual answer is only a part, too")
            page = answer.value
            return sample_of(page.raw.rows(), page.total_number, self._source.dimensions, metrics)

        async def sample() -> Sample:
            return await self._list_reader.first_page(request, sample_of_page)

        def raise_partial(_piece: Piece, error: PartialAnswerError) -> None:
            raise error

        async def campaigns() -> list[str]:
            figures = self._figures.with_partial(raise_partial)
            return [*await figures.of_objects(report_stream("campaigns_reports_lifetime"), piece)]

        return tasks.file(
            self._stream,
            self._advertiser_id,
            piece,
            metrics,
            campaigns=campaigns,
            sample=sample,
            notices=self._notices,
        )

    @property
    def rows_delivered(self) -> int:
        """How many rows were delivered."""
        return self._list_reader.rows_delivered

    async def count(self) -> int:
        """How many rows TikTok counts in the window now. If that is too much work for TikTok, its parts are counted.

        Raises:
            TikTokError: If TikTok does not answer.
            IncompleteReadError: If nothing can be counted of a store.
        """
        pieces = await self._first_pieces()
        error = self._store_error()
        if error is not None:
            raise error
        return sum([await self._count(piece) for piece in pieces])

    async def _count(self, piece: Piece) -> int:
        halves = piece.halves()
        # Nobody divides the request for a day, so trouble that passes must not end it as soon as one that is divided.
        request = replace(self._request(piece), divisible=halves is not None)
        try:
            return (await self._list_reader.look(request)).total
        except TikTokError as error:
            if halves is None or not error.too_large:
                raise
        return sum([await self._count(half) for half in halves])

    async def _first_pieces(self) -> list[Piece]:
        """The whole window or, of a report by store, its part for each store and its objects."""
        if self._source.is_of_center:
            assert self.centers is not None  # noqa: S101 - whoever reads such a report provides them
            center = await self.centers.of(self._account)
            return [replace(self._whole, center=center)] if center else []
        requests = self._source.stores
        if requests is None:
            return [self._whole]
        assert self.stores is not None  # noqa: S101 - whoever reads such a report provides it
        parts = await self.stores.parts(requests, self._whole.window)
        if self._store_error() is not None:
            self._note_missing(self._whole)
        return [replace(self._whole, store=part) for part in parts]

    async def _again(self, parts: Parts) -> list[Piece | Parts]:
        """What to read again of a piece that was read in parts, and then the parts to compare; usually nothing."""
        again = await self._parts.check(parts)
        return [*again, parts] if again else []

    def _nothing_to_read(self) -> Iterator[DaysRead | Notice]:
        """What follows if the account has no Business Center or no stores, or if none of their objects has rows."""
        if self._source.is_of_center:
            text = f"advertiser {self._advertiser_id} belongs to no Business Center, so it has no rows."
            yield Notice("info", f"{self._stream.name}: {text}")
        yield DaysRead(self._whole.days(self._whole.since, None), whole=self._partial_until is None)

    def _new_notices(self, window: Window | None) -> list[Notice]:
        """What people should know about the rows that were just delivered."""
        texts, self._figures.warnings = self._figures.warnings, []
        if self.stores is not None:
            texts += self.stores.warnings
            self.stores.warnings = []
        different = {key: rows for key, rows in self._list_reader.different.items() if key not in self._reported}
        self._reported |= different.keys()
        texts += different_records("rows", different)
        subject = f"{self._stream.name}, advertiser {self._advertiser_id}{f', {window}' if window else ''}"
        notices, self._notices = self._notices, []
        return [*notices, *(Notice("warning", f"{subject}: {text}") for text in texts)]

    async def _goes_on(
        self,
        work: deque[Piece | Parts],
        piece: Piece,
        error: PartialAnswerError | TooManyRows | AdsLeftOutError | TikTokError,
        metrics: Sequence[str],
        delivered_before: int,
    ) -> bool:
        """Whether reading goes on after an error, for example with smaller pieces in place of one that failed.

        Otherwise the window should be read as several windows, or nothing smaller can be requested. Then the caller
        raises the error. If this function did, the error and this function's frame would refer to each other, and stay
        in memory until Python looks for such cycles.

        Raises:
            IncompleteReadError: If TikTok leaves out ads of an ad group.
        """
        if isinstance(error, PartialAnswerError):
            self._note_partial(piece, error)
            return True
        smaller: Sequence[Piece] | None
        if isinstance(error, TooManyRows):
            if piece is self._whole:
                return False
            smaller, parts = piece.shorter(error.total, error.max_rows), self._parts.begin(piece, delivered_before)
        else:
            parts = self._parts.begin(piece, delivered_before)
            if isinstance(error, AdsLeftOutError):
                smaller = piece.id_halves() or await self._by_objects(piece, parts)
                if smaller is None:
                    raise unsplittable(error, self._advertiser_id) from error
            else:
                try:
                    smaller = await self._smaller_pieces(piece, metrics, error, parts)
                except TikTokError as other:  # even the lists that smaller pieces come from cannot be read
                    self._parts.drop(parts)
                    if self._passes_over(piece, other):
                        return True
                    raise
                if smaller is None:
                    self._parts.drop(parts)
                    return self._costs_its_store(piece, error) or self._passes_over(piece, error)
        self._parts.divide(piece, smaller)
        self._put_first(work, smaller, parts)
        return True

    async def _smaller_pieces(
        self, piece: Piece, metrics: Sequence[str], error: TikTokError, parts: Parts
    ) -> list[Piece] | None:
        """The pieces to request after this error. It is the same one, without some metrics, if TikTok refused those.

        None if nothing smaller can be requested.
        """
        names, accepted = await self._search.refused(error, metrics, partial(self._try_metrics, piece))
        if names:
            self._refused -= accepted
            if self.day_refusals is not None:
                divided = await self.day_refusals.divided(piece, names, lambda day: self._try_metrics(day, metrics))
                if divided is not None:
                    return divided
            self._refused |= names
            return [piece]
        if not error.too_large:
            return piece.halves() if await self._is_about_days(piece, error, metrics) else None
        smaller = piece.id_halves() if self._source.limits_ids else piece.halves()
        if smaller is None and not (self._is_in_trouble and error.slow):  # lists of objects would take as long again
            smaller = await self._by_objects(piece, parts)
        return piece.halves() if smaller is None else smaller

    async def _is_about_days(self, piece: Piece, error: TikTokError, metrics: Sequence[str]) -> bool:
        """Whether trouble that does not pass is about some days of a piece: TikTok answers for others."""
        window = None if piece.summed else piece.window
        if self.day_refusals is None or window is None or window.days == 1 or not error.of_answer:
            return False
        if not self._is_in_trouble:
            self._is_in_trouble = True  # it was waited for long enough, so the parts are not asked for long
            try:
                await self._try_metrics(replace(piece, window=self.day_refusals.far_from(window)), metrics)
            except TikTokError:
                return False
        return True

    def _passes_over(self, piece: Piece, error: TikTokError) -> bool:
        """Whether to read the rest of the window without a part of it that cannot be read, and to report it then."""
        self._failed_in_a_row += 1
        passes = error.action is Action.SPLIT or error.slow or error.of_answer
        if piece is self._whole or not passes or self._failed_in_a_row > MOST_IN_A_ROW:
            return False
        error.goes_on = self._is_in_trouble = True
        self._note_partial(piece, error.about(str(piece.window or "")))
        return True

    def _metrics_of(self, piece: Piece) -> tuple[str, ...]:
        refused = self._refused if self.day_refusals is None else self._refused | self.day_refusals.of(piece.window)
        return tuple(name for name in self._source.metrics if name not in refused)

    async def _try_metrics(self, piece: Piece, metrics: Sequence[str]) -> None:
        """Request a row with these metrics, of one day.

        Raises:
            TikTokError: If TikTok does not answer.
        """
        if piece.window is not None and not piece.summed:
            piece = replace(piece, window=Window(piece.window.end, piece.window.end))
        request = self._request(piece, metrics)
        await self._list_reader.look(replace(request, page_size=1, order={}))

    def _request(self, piece: Piece, metrics: Sequence[str] | None = None) -> Request:
        metrics = self._metrics_of(piece) if metrics is None else metrics
        return Request(
            endpoint=self._stream.endpoint,
            params=piece_params(self._source, self._advertiser_id, piece, metrics, every_status=self._include_deleted),
            page_size=self._source.page_size,
            order=order_params(self._source, metrics),
            advertiser_id=self._advertiser_id,
            place=self._place,
            disjoint=True,
            given=given_dimensions(self._source, piece),
            asked=Asked.of_report(self._source, piece.window, self._advertiser_id, metrics),
            max_rows=self._max_rows if piece.window and piece.window.days > 1 and not piece.summed else None,
            probing=self._is_in_trouble,
            divisible=piece.halves() is not None or smaller_objects(self._source, piece) is not None,
        )

    def _put_first(self, work: deque[Piece | Parts], smaller: Sequence[Piece], parts: Parts) -> None:
        """Read the smaller pieces next, and then compare them with the whole, if that is known."""
        if parts.are_comparable:
            work.appendleft(parts)
        else:
            self._parts.drop(parts)
        work.extendleft(reversed(smaller))

    async def _by_objects(self, piece: Piece, parts: Parts) -> list[Piece] | None:
        smaller = await self._parts.by_objects(piece, parts)
        if self._figures.has_unusable:
            self._note_missing(piece)
        return smaller

    def _costs_its_store(self, piece: Piece, error: TikTokError) -> bool:
        """Whether TikTok refused a store, not the report, so that the other stores are read."""
        if self.stores is None or not self.stores.costs_itself(piece.store, error):
            return False
        self._note_missing(piece)
        return True

    def _note_partial(self, piece: Piece, error: ConnectorError) -> None:
        self._partial_log.note(error)
        self._note_missing(piece)

    def _note_missing(self, piece: Piece) -> None:
        end = piece.window.end if piece.window else date.max
        self._partial_until = max(self._partial_until or end, end)
