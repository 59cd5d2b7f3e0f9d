"""One window of one report of one account, in as many requests as TikTok wants it in."""

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
from tiktok_marketing.errors import Action, AdsLeftOutError, IncompleteReadError, PartialAnswerError, TikTokError
from tiktok_marketing.sync.decode.pages import RowSink, SinkFactory, record_list
from tiktok_marketing.sync.decode.reports import ReportPageReader, report_reader
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import Budget, Delivery, ListReader, PartialLog, Request, TooManyRows
from tiktok_marketing.sync.read.report_requests import PAGE_SIZE, Piece, account_params, refused_metrics

_SIGNS = (
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
"""Metrics of which one at least is above zero where anything happened, be it a late conversion alone."""


class PassLimits(msgspec.Struct, frozen=True):
    """Rows of several days that are read in one walk.

    Their keys are kept until it ends, and deep pages drift; but each walk costs a page that is not full.

    Args:
        least: However many windows share the quota.
        most: However few.
        for_a_page_ahead: For each page of the walk that is asked for at once: few where many windows share the quota,
            so that the keys of all of them stay within bounds.
    """

    least: int = 10_000
    most: int = 40_000
    for_a_page_ahead: int = 8_000

    def max_rows(self, share: Budget) -> int:
        """How many rows one walk should have at most, now."""
        return max(self.least, min(self.most, share.pages_in_flight() * self.for_a_page_ahead))


USUAL_PASSES = PassLimits()


class DaysRead(msgspec.Struct, frozen=True):
    """No row is still to come of the days whose rows came since the last of these.

    Args:
        days: The days; None if the report has none.
        whole: Whether these days are whole; otherwise an answer about them was partial.
    """

    days: Window | None
    whole: bool


class ReportWindow:
    """Reads one window of a report, in smaller parts where TikTok finds it too large.

    Args:
        api: Where to ask.
        stream: The report.
        advertiser_id: The account.
        window: The days; None for a lifetime report.
        include_deleted: Whether rows of deleted objects are wanted.
        budget: What it has of the quota.
        refused: Metrics to do without, because TikTok refused them; those that it refuses now are added.
        sink_factory: What the rows are kept in.
        limits: How long a walk may be.
    """

    def __init__(
        self,
        api: Client,
        stream: ReportStream,
        advertiser_id: str,
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
        self._reader = ReportPageReader(report_reader(stream), partial(sink_factory, stream, int(advertiser_id)))

    async def deliveries(self) -> AsyncGenerator[Delivery[RowSink] | DaysRead, None]:
        """Every row of the window, once, and `DaysRead` whenever no row is still to come of some of its days.

        Raises:
            TooManyRows: If it should be read as several windows; nothing was delivered then.
            TikTokError: If a part cannot be had however small it is made.
            IncompleteReadError: If rows are missing.
            PartialAnswerError: At the end, if any answer was partial.
        """
        list_reader = ListReader(self._api, self._reader, self._budget)
        pieces = deque([self._whole])
        since = self._whole.since
        until = date.min  # the last day of which rows may have come
        while pieces:
            piece = pieces.popleft()
            asked = self._metrics
            try:
                async with aclosing(list_reader.read(self._request(piece))) as deliveries:
                    async for delivery in deliveries:
                        # Now, not at its end: should it break off, rows of its last day may have come all the same.
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
                pieces.extendleft(reversed(await self._smaller_pieces(piece, asked, error)))
            coming = min((other.since for other in pieces), default=None)
            if coming is None or coming > max(since, until):
                whole = self._partial_until is None or self._partial_until < since
                yield DaysRead(self._whole.days(since, coming), whole)
                since = coming or date.max
        self._partial_log.raise_first()

    async def _smaller_pieces(self, piece: Piece, asked: Sequence[str], error: TikTokError) -> list[Piece]:
        """What to ask for after this error.

        Raises:
            TikTokError: The error, if there is nothing.
        """
        names = refused_metrics(error)
        if names and names <= self._source.optional & set(asked):
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
        """The piece by campaign, or, if it is one campaign already, by ad group; None if there is nothing smaller."""
        smaller = self._smaller_objects(piece)
        if smaller is None:
            return None
        report, id_field = smaller
        # No pieces if no object has rows: a large account is too large on days without any, too.
        return piece.by(id_field, await self._ids(report, piece))

    def _note_partial(self, piece: Piece, error: PartialAnswerError) -> None:
        self._partial_log.note(error)
        end = piece.window.end if piece.window else date.max
        self._partial_until = max(self._partial_until or end, end)

    def _smaller_objects(self, piece: Piece) -> tuple[ReportStream, str] | None:
        """The report that tells which objects have rows in the piece, and the filter that takes their ids."""
        level = self._source.data_level
        if piece.id_field is None and level != Level.ADVERTISER:
            return report_stream("campaigns_reports_lifetime"), "campaign_ids"
        if piece.id_field == "campaign_ids" and level == Level.AD:
            return report_stream("ad_groups_reports_lifetime"), "adgroup_ids"
        return None

    async def _ids(self, report: ReportStream, piece: Piece) -> list[str]:
        """The campaigns or ad groups with rows in the piece, deleted ones too.

        The report of that level is asked, not the list of objects: a list hides kinds of objects whose rows are in
        reports.
        """
        signs = list(_SIGNS)
        while True:
            try:
                return await self._ids_by(report, signs, piece)
            except TikTokError as error:
                refused = refused_metrics(error).intersection(signs[1:])
                if not refused:
                    raise
                signs = [name for name in signs if name not in refused]

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
            "which TikTok offers no way to read in full.",
            remedy="Leave the ad-level reports of this account out, or read it at ad group level.",
        )
