"""Reads one window of a report of one account, in as many requests as TikTok's limits require."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import date
from functools import partial
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import Grain, Level, ReportSource, ReportStream, report_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import Action, AdsLeftOutError, IncompleteReadError, PartialAnswerError, TikTokError
from tiktok_marketing.sync.decode.pages import Page, RowSink, SinkFactory, record_list
from tiktok_marketing.sync.decode.reports import ReportPageReader, report_reader
from tiktok_marketing.sync.plan.plan_sync import Notice
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import (
    Budget,
    Delivery,
    ListReader,
    PartialLog,
    Request,
    Shown,
    TooManyRows,
    different_records,
)
from tiktok_marketing.sync.read.report_requests import PAGE_SIZE, Piece, account_params, order_params, refused_metrics
from tiktok_marketing.sync.read.split_check import Figures, figures_of_page

_ACTIVITY_METRICS = (
    "spend",
    "impressions",
    "clicks",
    "conversion",
    "real_time_conversion",
    "result",
    "real_time_result",
    "skan_conversion",
    "skan_result",
    "app_install",
    "real_time_app_install",
    "engagements",
    "follows",
    "video_play_actions",
)
"""Metrics of which at least one is above zero if anything happened, even a late conversion alone."""


class PassLimits(msgspec.Struct, frozen=True):
    """How many rows of several days one pass may read.

    A pass remembers the keys of its rows until it ends, and deep pages drift, so passes should not be long. But each
    pass costs a page that is not full.

    Args:
        least: The limit where many windows share the quota.
        most: The limit where few windows share it.
        per_page_in_flight: Rows for each page that the pass may request at once. Where many windows share the quota
            these are few, so that the keys of all passes together stay within bounds.
    """

    least: int = 10_000
    most: int = 40_000
    per_page_in_flight: int = 8_000

    def max_rows(self, budget: Budget) -> int:
        """The most rows that one pass should read, now."""
        return max(self.least, min(self.most, budget.pages_in_flight() * self.per_page_in_flight))


USUAL_PASSES = PassLimits()
_LIST_TRIES = 3
"""How often a list of campaigns or ad groups is asked for that lacks figures of the level above."""


class DaysRead(msgspec.Struct, frozen=True):
    """All rows of some days were delivered, since the last `DaysRead`. No other row of them follows.

    Args:
        days: The days; None if the report has no days.
        whole: Whether these days are complete; otherwise an answer about them was partial.
    """

    days: Window | None
    whole: bool


def parts_missing(
    stream: ReportStream, advertiser_id: AdvertiserId, window: Window | None, missing: str
) -> IncompleteReadError:
    """The error of a report that was read in parts, which lack something that the whole has."""
    days = f" on {window}" if window else ""
    return IncompleteReadError(
        f"{stream.name} of advertiser {advertiser_id}{days} was too large for one request, and {missing}.",
        remedy="Run the sync again; it reads these days again. If this persists, report it with the account and the "
        "days.",
    )


def rows_missing(
    stream: ReportStream, advertiser_id: AdvertiserId, window: Window | None, delivered: int, counted: int
) -> IncompleteReadError:
    """The same error, if TikTok counts more rows than its parts brought."""
    return parts_missing(stream, advertiser_id, window, _few_rows(delivered, counted))


def _few_rows(delivered: int, counted: int) -> str:
    return f"its parts brought {delivered:,} of the {counted:,} rows that TikTok counts"


class _Parts:
    """A piece that is read in parts.

    Args:
        piece: The whole piece.
        delivered_before: How many rows were delivered before it.
        listed_before: How many rows the lists had that were read before it.
        shown: What the whole piece showed.
    """

    def __init__(self, piece: Piece, delivered_before: int, listed_before: int, shown: Shown) -> None:
        self.piece = piece
        self.delivered_before = delivered_before
        self.listed_before = listed_before
        self.shown = shown
        self.expected: Figures | None = None
        """The figures of the level above; None if they are not known, or not needed."""
        self.listed = Figures()
        """The figures of the objects that the parts are about."""
        self.figures = Figures()
        """The figures of the rows of the parts."""

    @property
    def since(self) -> date:
        """The first day of the piece, which is not complete before the parts are compared with it."""
        return self.piece.since

    @property
    def window(self) -> Window | None:
        """The days of the piece."""
        return self.piece.window


def _total(figures: Mapping[str, Figures]) -> Figures:
    total = Figures()
    for own in figures.values():
        total = total.plus(own)
    return total


class ReportWindow:
    """Reads one window of a report, in smaller pieces where TikTok finds it too large.

    Args:
        api: The client.
        stream: The report.
        advertiser_id: The account.
        window: The days; None for a lifetime report.
        include_deleted: Whether to include rows of deleted objects.
        budget: How much of the quota it may use.
        refused: Metrics to leave out because TikTok refused them; those that it refuses now are added.
        sink_factory: Makes the sinks that receive the rows.
        limits: How many rows one pass may read.
    """

    def __init__(
        self,
        api: Client,
        stream: ReportStream,
        advertiser_id: AdvertiserId,
        window: Window | None,
        *,
        include_deleted: bool,
        budget: Budget,
        refused: set[str] | None = None,
        sink_factory: SinkFactory = record_list,
        limits: PassLimits = USUAL_PASSES,
    ) -> None:
        source = stream.source
        self._api = api
        self._stream = stream
        self._source = source
        self._advertiser_id = advertiser_id
        self._whole = Piece(window, summed=source.grain is Grain.SPAN)
        self._include_deleted = include_deleted
        self._budget = budget
        self._max_rows = limits.max_rows(budget)
        self._refused = set() if refused is None else refused
        self._partial_log = PartialLog()
        self._partial_until: date | None = None  # the last day of which rows may be missing
        reader = ReportPageReader(report_reader(stream), partial(sink_factory, stream, int(advertiser_id)))
        self._list_reader = ListReader(api, reader, budget)
        self._open_parts: list[_Parts] = []
        self._sums: dict[int, Figures] = {}
        """The figures of the part that is read, as each pass through it shows them."""
        self._unknown_figures: set[str] = set()
        """Metrics that TikTok refuses at the level of the account, the campaigns or the ad groups."""
        self._texts: list[str] = []
        self._reported: set[str] = set()

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
        """
        list_reader = self._list_reader
        list_reader.observe = self._observe
        work: deque[Piece | _Parts] = deque([self._whole])
        since = self._whole.since
        until = date.min  # the last day that delivered rows may belong to
        while work:
            piece = work.popleft()
            if isinstance(piece, _Parts):
                await self._check_parts(piece)
            else:
                delivered_before = list_reader.rows_delivered
                metrics = self._metrics
                self._sums = {}
                try:
                    async with aclosing(list_reader.read(self._request(piece))) as deliveries:
                        async for delivery in deliveries:
                            # Now, not after the piece: if it fails, rows of its last day may have been delivered.
                            until = max(until, piece.window.end if piece.window else date.max)
                            yield delivery
                            del delivery
                except PartialAnswerError as error:
                    self._note_partial(piece, error)
                except (TooManyRows, AdsLeftOutError, TikTokError) as error:
                    smaller, parts = await self._divide(piece, error, metrics, delivered_before)
                    self._put_first(work, smaller, parts)
                else:
                    self._add_sums()
            for notice in self._new_notices(piece.window):
                yield notice
            next_day = min((other.since for other in work), default=None)
            if next_day is None or next_day > max(since, until):
                whole = self._partial_until is None or self._partial_until < since
                yield DaysRead(self._whole.days(since, next_day), whole)
                since = next_day or date.max
        self._partial_log.raise_first()

    @property
    def rows_delivered(self) -> int:
        """How many rows were delivered."""
        return self._list_reader.rows_delivered

    async def count(self) -> int:
        """How many rows TikTok counts in the window now.

        Raises:
            TikTokError: If TikTok does not answer.
        """
        return (await self._list_reader.look(self._request(self._whole))).total

    def _observe(self, number_of_pass: int, page: Page[RowSink]) -> None:
        """Add up a page of a part, if the figures of the parts are to be compared."""
        if any(parts.expected is not None for parts in self._open_parts) and self._is_additive:
            figures = figures_of_page(page)
            self._sums[number_of_pass] = self._sums.get(number_of_pass, Figures()).plus(figures)

    def _add_sums(self) -> None:
        """A part was read: it belongs to every report that is read in parts now."""
        if self._sums:
            figures = self._sums[max(self._sums)]
            for parts in self._open_parts:
                parts.figures = parts.figures.plus(figures)

    @property
    def _is_additive(self) -> bool:
        """Whether all rows of the report add up to the figures of the account. Hours may appear later than days."""
        source = self._source
        has_all = self._include_deleted and source.grain is not Grain.HOUR
        return has_all and source.report_type == "BASIC" and not self._stream.breakdown

    def _comparable(self, whole: Figures) -> Figures:
        """The figures without those that TikTok withdrew at one of the levels."""
        unknown = self._unknown_figures | (self._refused if self._is_additive else set())
        return whole.without(unknown)

    def _new_notices(self, window: Window | None) -> list[Notice]:
        """What people should know about the rows that were just delivered."""
        texts, self._texts = self._texts, []
        different = {key: rows for key, rows in self._list_reader.different.items() if key not in self._reported}
        self._reported |= different.keys()
        texts += different_records("rows", different)
        subject = f"{self._stream.name}, advertiser {self._advertiser_id}{f', {window}' if window else ''}"
        return [Notice("warning", f"{subject}: {text}") for text in texts]

    async def _check_parts(self, parts: _Parts) -> None:
        """Compare the parts of a piece with what the whole piece showed.

        Rows may have disappeared meanwhile, and figures may have become smaller. So what seems to be missing is asked
        about once more.

        Raises:
            IncompleteReadError: If rows are missing.
        """
        self._open_parts.remove(parts)
        if self._partial_log.first is not None:  # rows are missing for another reason, which is reported at the end
            return
        missing = await self._missing_rows(parts)
        figures = await self._missing_figures(parts)
        if figures:
            missing.append(f"the rows of its parts lack {figures} that TikTok shows for all of them together")
        if missing:
            raise parts_missing(self._stream, self._advertiser_id, parts.piece.window, " and ".join(missing))

    async def _missing_rows(self, parts: _Parts) -> list[str]:
        def delivered() -> int:
            # A larger piece that failed may have delivered rows that the parts show without delivering them.
            listed = self._list_reader.rows_listed - parts.listed_before
            return max(self._list_reader.rows_delivered - parts.delivered_before, listed)

        keys = parts.shown.keys & self._list_reader.awaited
        if delivered() >= parts.shown.total and not keys:
            return []
        total = parts.shown.total
        try:
            now = await self._list_reader.look(self._request(parts.piece))
        except TikTokError as error:
            if error.action is Action.STOP_SYNC:
                raise
        else:
            total, keys = min(total, now.total), keys & now.keys
        self._list_reader.awaited -= parts.shown.keys
        missing = []
        if delivered() < total:
            missing.append(_few_rows(delivered(), total))
        if keys:
            missing.append(f"its parts did not bring {len(keys):,} of the rows that TikTok shows")
        return missing

    async def _missing_figures(self, parts: _Parts) -> str:
        if parts.expected is None:
            return ""
        # If the rows of the parts do not add up by nature, the list that the parts were made from does.
        figures = parts.figures if self._is_additive else parts.listed
        missing = figures.lacks(self._comparable(parts.expected))
        if missing and (now := await self._figures_above(parts.piece)) is not None:
            missing = figures.lacks(self._comparable(parts.expected.at_most(now)))
        return missing

    async def _divide(
        self,
        piece: Piece,
        error: TooManyRows | AdsLeftOutError | TikTokError,
        metrics: Sequence[str],
        delivered_before: int,
    ) -> tuple[Sequence[Piece], _Parts]:
        """The pieces to request in place of one that failed.

        Raises:
            TooManyRows: The error, if the window should be read as several windows.
            TikTokError: The error, if nothing smaller can be requested.
            IncompleteReadError: If TikTok leaves out ads of an ad group.
        """
        if isinstance(error, TooManyRows):
            if piece is self._whole:
                raise error
            return piece.shorter(error.total, error.max_rows), self._begin_parts(piece, delivered_before)
        parts = self._begin_parts(piece, delivered_before)
        if isinstance(error, AdsLeftOutError):
            smaller = piece.id_halves() or await self._by_objects(piece, parts)
            if smaller is None:
                raise self._unsplittable(error) from error
            return smaller, parts
        return await self._smaller_pieces(piece, metrics, error, parts), parts

    async def _smaller_pieces(
        self, piece: Piece, metrics: Sequence[str], error: TikTokError, parts: _Parts
    ) -> list[Piece]:
        """The pieces to request after this error. It is the same one, without some metrics, if TikTok refused those.

        Raises:
            TikTokError: The error, if nothing smaller can be requested.
        """
        names = refused_metrics(error, self._source, metrics)
        if names:
            self._refused |= names
            return [piece]
        smaller = None
        if error.action is Action.SPLIT or error.slow:
            smaller = piece.halves() or await self._by_objects(piece, parts)
        if smaller is None:
            raise error
        return smaller

    def _begin_parts(self, piece: Piece, delivered_before: int) -> _Parts:
        parts = _Parts(piece, delivered_before, self._list_reader.rows_listed, self._list_reader.shown)
        self._open_parts.append(parts)
        return parts

    @property
    def _metrics(self) -> tuple[str, ...]:
        return tuple(name for name in self._source.metrics if name not in self._refused)

    def _request(self, piece: Piece) -> Request:
        return Request(
            endpoint=self._stream.endpoint,
            params=self._params(piece, self._source, self._metrics, every_status=self._include_deleted),
            page_size=PAGE_SIZE,
            order=order_params(self._metrics),
            advertiser_id=self._advertiser_id,
            disjoint=True,
            max_rows=self._max_rows if piece.window and piece.window.days > 1 and not piece.summed else None,
            divisible=piece.halves() is not None or self._smaller_objects(piece) is not None,
        )

    def _params(
        self, piece: Piece, source: ReportSource, metrics: Sequence[str], *, every_status: bool
    ) -> dict[str, Any]:
        return account_params(
            source,
            self._advertiser_id,
            piece.window,
            metrics,
            every_status=every_status,
            only=(piece.id_field, piece.ids) if piece.id_field else None,
        )

    def _put_first(self, work: deque[Piece | _Parts], smaller: Sequence[Piece], parts: _Parts) -> None:
        """Read the smaller pieces next, and then compare them with the whole, if that is known."""
        if parts.shown.total or parts.shown.keys or parts.expected is not None:
            work.appendleft(parts)
        else:
            self._open_parts.remove(parts)
        work.extendleft(reversed(smaller))

    async def _by_objects(self, piece: Piece, parts: _Parts) -> list[Piece] | None:
        """The piece by campaign or, if it is by campaign already, by ad group; None if there is nothing smaller.

        The objects come from a report of their level. It may lack some, so its figures are compared with those of the
        level above. Figures grow, so a list that lacks some is asked for again. Objects that rows of the piece belong
        to are added.
        """
        smaller = self._smaller_objects(piece)
        if smaller is None:
            return None
        report, id_field = smaller
        figures: dict[str, Figures] = {}
        for _ in range(_LIST_TRIES):
            figures = await self._figures(report, piece)
            parts.listed = _total(figures)
            if parts.expected is None:
                parts.expected = await self._figures_above(piece)
            if parts.expected is None or not parts.listed.lacks(self._comparable(parts.expected)):
                break
        shown = parts.shown.parents.get(id_field.removesuffix("s"), frozenset())
        # If no object has rows, there are no pieces: a large account is too large even on days without rows.
        return piece.by(id_field, [*figures, *sorted(shown - figures.keys())])

    async def _figures_above(self, piece: Piece) -> Figures | None:
        """The figures of the account or, if the piece is about some campaigns, of these; None if they are not known."""
        name = "campaigns_reports_lifetime" if piece.id_field else "advertisers_reports_lifetime"
        try:
            return _total(await self._figures(report_stream(name), piece))
        except (TikTokError, IncompleteReadError) as error:
            if isinstance(error, TikTokError) and error.action is Action.STOP_SYNC:
                raise
            text = f"The report is read in parts, and TikTok does not tell what they add up to. {error.message}"
            self._texts += [] if text in self._texts else [text]
        return None

    def _note_partial(self, piece: Piece, error: PartialAnswerError) -> None:
        self._partial_log.note(error)
        end = piece.window.end if piece.window else date.max
        self._partial_until = max(self._partial_until or end, end)

    def _smaller_objects(self, piece: Piece) -> tuple[ReportStream, str] | None:
        """The report that shows which objects have rows in the piece, and the filter that accepts their ids."""
        level = self._source.data_level
        if piece.id_field is None and level != Level.ADVERTISER:
            return report_stream("campaigns_reports_lifetime"), "campaign_ids"
        if piece.id_field == "campaign_ids" and level == Level.AD:
            return report_stream("ad_groups_reports_lifetime"), "adgroup_ids"
        return None

    async def _figures(self, report: ReportStream, piece: Piece) -> dict[str, Figures]:
        """The figures of each object with rows in the piece, including deleted ones.

        They come from the report at that level, not from the list of objects, which hides some kinds of objects that
        have rows in reports.
        """
        metrics = list(_ACTIVITY_METRICS)
        while True:
            try:
                return await self._figures_by(report, metrics, piece)
            except TikTokError as error:
                refused = refused_metrics(error, report.source, metrics)
                if not refused:
                    raise
                metrics = [name for name in metrics if name not in refused]
                self._unknown_figures |= refused

    async def _figures_by(self, report: ReportStream, metrics: Sequence[str], piece: Piece) -> dict[str, Figures]:
        (dimension,) = report.source.dimensions
        list_reader = ListReader(self._api, report_reader(report), self._budget)
        request = Request(
            endpoint=report.endpoint,
            params=self._params(piece, report.source, metrics, every_status=True),
            page_size=PAGE_SIZE,
            advertiser_id=self._advertiser_id,
        )
        figures: dict[str, Figures] = {}
        try:
            async with aclosing(list_reader.read(request)) as deliveries:
                async for delivery in deliveries:
                    for row in delivery.records:
                        own = Figures.of([(row.metrics.spend, row.metrics.impressions)])
                        object_id = str(getattr(row.dimensions, dimension))
                        figures[object_id] = figures.get(object_id, Figures()).plus(own)
        except PartialAnswerError as error:
            self._note_partial(piece, error)
        return figures

    def _unsplittable(self, error: AdsLeftOutError) -> IncompleteReadError:
        return IncompleteReadError(
            f"{error.message} Advertiser {self._advertiser_id} has an ad group with more ads than that, "
            "and TikTok offers no way to read it in full.",
            remedy="Leave the ad-level reports out for this account, and read its reports at ad group level.",
        )
