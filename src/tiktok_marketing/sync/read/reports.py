"""Reads one window of a report of one account, in as many requests as TikTok's limits require."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import date
from functools import partial
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import Grain, Level, ReportSource, ReportStream, report_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import Action, AdsLeftOutError, IncompleteReadError, PartialAnswerError, TikTokError
from tiktok_marketing.sync.decode.pages import RowSink, SinkFactory, record_list
from tiktok_marketing.sync.decode.reports import ReportPageReader, report_reader
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import Budget, Delivery, ListReader, PartialLog, Request, TooManyRows
from tiktok_marketing.sync.read.report_requests import PAGE_SIZE, Piece, account_params, order_params, refused_metrics

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


class DaysRead(msgspec.Struct, frozen=True):
    """All rows of some days were delivered, since the last `DaysRead`. No other row of them follows.

    Args:
        days: The days; None if the report has no days.
        whole: Whether these days are complete; otherwise an answer about them was partial.
    """

    days: Window | None
    whole: bool


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

    @property
    def repaired(self) -> bool:
        """Whether U+FFFD stands in rows for bytes that are not UTF-8."""
        return self._list_reader.repaired

    async def deliveries(self) -> AsyncGenerator[Delivery[RowSink] | DaysRead, None]:
        """Every row of the window, once, and a `DaysRead` whenever all rows of some of its days were delivered.

        Raises:
            TooManyRows: If it should be read as several windows; nothing was delivered then.
            TikTokError: If a piece cannot be read however small it is.
            IncompleteReadError: If rows are missing.
            PartialAnswerError: At the end, if any answer was partial.
        """
        list_reader = self._list_reader
        pieces = deque([self._whole])
        since = self._whole.since
        until = date.min  # the last day that delivered rows may belong to
        while pieces:
            piece = pieces.popleft()
            metrics = self._metrics
            try:
                async with aclosing(list_reader.read(self._request(piece))) as deliveries:
                    async for delivery in deliveries:
                        # Now, not after the piece: if it fails, rows of its last day may have been delivered already.
                        until = max(until, piece.window.end if piece.window else date.max)
                        yield delivery
                        del delivery
            except PartialAnswerError as error:
                self._note_partial(piece, error)
            except TooManyRows as error:
                if piece is self._whole:
                    raise
                pieces.extendleft(reversed(piece.shorter(error.total, error.max_rows)))
            except AdsLeftOutError as error:
                smaller = await self._fewer_ads(piece)
                if smaller is None:
                    raise self._unsplittable(error) from error
                pieces.extendleft(reversed(smaller))
            except TikTokError as error:
                pieces.extendleft(reversed(await self._smaller_pieces(piece, metrics, error)))
            next_day = min((other.since for other in pieces), default=None)
            if next_day is None or next_day > max(since, until):
                whole = self._partial_until is None or self._partial_until < since
                yield DaysRead(self._whole.days(since, next_day), whole)
                since = next_day or date.max
        self._partial_log.raise_first()

    async def _smaller_pieces(self, piece: Piece, metrics: Sequence[str], error: TikTokError) -> list[Piece]:
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
            smaller = piece.halves() or await self._by_objects(piece)
        if smaller is None:
            raise error
        return smaller

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

    async def _fewer_ads(self, piece: Piece) -> list[Piece] | None:
        return piece.id_halves() or await self._by_objects(piece)

    async def _by_objects(self, piece: Piece) -> list[Piece] | None:
        """The piece by campaign or, if it is by campaign already, by ad group; None if there is nothing smaller."""
        smaller = self._smaller_objects(piece)
        if smaller is None:
            return None
        report, id_field = smaller
        # If no object has rows, there are no pieces: a large account is too large even on days without rows.
        return piece.by(id_field, await self._ids(report, piece))

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

    async def _ids(self, report: ReportStream, piece: Piece) -> list[str]:
        """The campaigns or ad groups with rows in the piece, including deleted ones.

        They come from the report at that level, not from the list of objects, which hides some kinds of objects that
        have rows in reports.
        """
        metrics = list(_ACTIVITY_METRICS)
        while True:
            try:
                return await self._ids_by(report, metrics, piece)
            except TikTokError as error:
                refused = refused_metrics(error, report.source, metrics)
                if not refused:
                    raise
                metrics = [name for name in metrics if name not in refused]

    async def _ids_by(self, report: ReportStream, metrics: Sequence[str], piece: Piece) -> list[str]:
        (dimension,) = report.source.dimensions
        list_reader = ListReader(self._api, report_reader(report), self._budget)
        request = Request(
            endpoint=report.endpoint,
            params=self._params(piece, report.source, metrics, every_status=True),
            page_size=PAGE_SIZE,
            advertiser_id=self._advertiser_id,
        )
        ids: list[str] = []
        try:
            async with aclosing(list_reader.read(request)) as deliveries:
                async for delivery in deliveries:
                    ids.extend(str(getattr(row.dimensions, dimension)) for row in delivery.records)
        except PartialAnswerError as error:
            self._note_partial(piece, error)
        return ids

    def _unsplittable(self, error: AdsLeftOutError) -> IncompleteReadError:
        return IncompleteReadError(
            f"{error.message} Advertiser {self._advertiser_id} has an ad group with more ads than that, "
            "and TikTok offers no way to read it in full.",
            remedy="Leave the ad-level reports out for this account, and read its reports at ad group level.",
        )
