"""One window of one report of one account, in as many requests as TikTok wants it in."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import date, timedelta
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from source_tiktok_marketing.api.client import Client
from source_tiktok_marketing.api.errors import Consequence, TikTokError
from source_tiktok_marketing.catalog import STREAMS, Grain, Level, ReportSource, Stream
from source_tiktok_marketing.errors import IncompleteRead, InPart
from source_tiktok_marketing.sync.pages import Delivery, Parts, Request, Share, TooLong, Truncated, Walker
from source_tiktok_marketing.sync.records import Keep, KeepingReader, as_structs, report_reader
from source_tiktok_marketing.sync.windows import Window, windows

_BY_NAME = {stream.name: stream for stream in STREAMS}
PAGE_SIZE = 1000
"""The largest page of a report."""
_PARAMETER_ERROR = 40002
_INVALID_METRICS = re.compile(r"[Ii]nvalid metric fields?: *\[([^\]]*)\]")
_IDS_PER_FILTER = 100
"""The most ids that one filter takes (`/report/integrated/get/`)."""
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


class WalkSize(msgspec.Struct, frozen=True):
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

    def rows(self, share: Share) -> int:
        """How many rows one walk should have at most, now."""
        return max(self.least, min(self.most, share.ahead() * self.for_a_page_ahead))


USUAL_WALKS = WalkSize()


class Piece(msgspec.Struct, frozen=True):
    """A part of a report that is asked for at once.

    Args:
        window: Its days; None for a lifetime report.
        id_field: `campaign_ids` or `adgroup_ids`, if only these objects' rows are asked for.
        ids: Which ones.
        summed: Whether a row sums up all days of the window, which then cannot be asked for apart.
    """

    window: Window | None
    id_field: str | None = None
    ids: tuple[str, ...] = ()
    summed: bool = False

    @property
    def since(self) -> date:
        """Its first day; what has none is before all days."""
        return self.window.start if self.window else date.min

    def days(self, first: date, before: date | None) -> Window | None:
        """Its days from one day to before another, or to its last; None if its rows have no days."""
        if self.window is None or self.summed:
            return None
        return Window(first, before - timedelta(days=1) if before else self.window.end)

    def halves(self) -> list[Piece] | None:
        """The same rows as two smaller parts: of the days, else of the ids. None if it is one day of one object."""
        parts = self.window.halves() if self.window and not self.summed else None
        if parts is not None:
            return [replace(self, window=part) for part in parts]
        return self.id_halves()

    def shorter(self, total: int, most: int) -> list[Piece]:
        """The same rows, of which there are `total`, in parts of the days that have about `most` each."""
        assert self.window is not None  # noqa: S101 - only pieces of several days are too long
        return [replace(self, window=part) for part in shorter_windows(self.window, total, most)]

    def id_halves(self) -> list[Piece] | None:
        """The same rows as two parts of its ids; None if it has not two."""
        if len(self.ids) < 2:
            return None
        middle = len(self.ids) // 2
        return [replace(self, ids=ids) for ids in (self.ids[:middle], self.ids[middle:])]

    def by(self, id_field: str, ids: list[str]) -> list[Piece]:
        """The same rows, by the objects they belong to, as many at once as one filter takes."""
        return [
            replace(self, id_field=id_field, ids=tuple(ids[start : start + _IDS_PER_FILTER]))
            for start in range(0, len(ids), _IDS_PER_FILTER)
        ]


class ReportWindow:
    """Reads one window of a report, in smaller parts where TikTok finds it too large.

    Args:
        api: Where to ask.
        stream: The report.
        advertiser_id: The account.
        window: The days; None for a lifetime report.
        include_deleted: Whether rows of deleted objects are wanted.
        share: What it has of the quota.
        refused: Metrics to do without, because TikTok refused them; those that it refuses now are added.
        keep: What the rows are kept in.
        walk: How long a walk may be.
    """

    def __init__(
        self,
        api: Client,
        stream: Stream,
        advertiser_id: str,
        window: Window | None,
        *,
        include_deleted: bool,
        share: Share,
        refused: set[str] | None = None,
        keep: Keep = as_structs,
        walk: WalkSize = USUAL_WALKS,
    ) -> None:
        source = stream.source
        assert isinstance(source, ReportSource)  # noqa: S101 - narrows the type; the plan has looked
        self._api = api
        self._stream = stream
        self._source = source
        self._advertiser_id = advertiser_id
        self._whole = Piece(window, summed=source.grain is Grain.SPAN)
        self._include_deleted = include_deleted
        self._share = share
        self._most = walk.rows(share)
        self._refused = set() if refused is None else refused
        self._parts = Parts()
        self._in_part_until: date | None = None  # the last day of which rows may be missing
        self._reader = KeepingReader(report_reader(stream), partial(keep, stream, int(advertiser_id)))

    async def deliveries(self) -> AsyncGenerator[Delivery, None]:
        """Every row of the window, once, and a word after each part whose days are whole.

        Raises:
            TooLong: If it should be read as several windows; nothing was delivered then.
            TikTokError: If a part cannot be had however small it is made.
            IncompleteRead: If rows are missing.
            InPart: At the end, if TikTok said of any answer that it is a part.
        """
        walker = Walker(self._api, self._reader, self._share)
        pieces = deque([self._whole])
        since = self._whole.since
        until = date.min  # the last day of which rows may have come
        while pieces:
            piece = pieces.popleft()
            asked = self._metrics
            try:
                async with aclosing(walker.walk(self._request(piece))) as deliveries:
                    async for delivery in deliveries:
                        # Now, not at its end: should it break off, rows of its last day may have come all the same.
                        until = max(until, piece.window.end if piece.window else date.max)
                        yield delivery
                        del delivery
            except InPart as error:
                self._note_part(piece, error)
            except TooLong as error:
                if piece is self._whole:
                    raise
                pieces.extendleft(reversed(piece.shorter(error.total, error.most)))
            except Truncated as error:
                smaller = await self._fewer_ads(piece)
                if smaller is None:
                    raise self._unsplittable(error) from error
                pieces.extendleft(reversed(smaller))
            except TikTokError as error:
                pieces.extendleft(reversed(await self._instead(piece, asked, error)))
            coming = min((other.since for other in pieces), default=None)
            if coming is None or coming > max(since, until):
                whole = self._in_part_until is None or self._in_part_until < since
                yield Delivery([], 0, {}, settles=True, days=self._whole.days(since, coming), whole=whole)
                since = coming or date.max
        self._parts.tell()

    async def _instead(self, piece: Piece, asked: Sequence[str], error: TikTokError) -> list[Piece]:
        """What to ask for after this error.

        Raises:
            TikTokError: The error, if there is nothing.
        """
        names = refused_metrics(error)
        if names and names <= self._source.optional & set(asked):
            self._refused |= names
            return [piece]
        smaller = None
        if error.consequence is Consequence.SPLIT or error.slow:
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
            most=self._most if piece.window and piece.window.days > 1 and not piece.summed else None,
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

    def _note_part(self, piece: Piece, error: InPart) -> None:
        self._parts.note(error)
        end = piece.window.end if piece.window else date.max
        self._in_part_until = max(self._in_part_until or end, end)

    def _smaller_objects(self, piece: Piece) -> tuple[Stream, str] | None:
        """The report that tells which objects have rows in the piece, and the filter that takes their ids."""
        level = self._source.data_level
        if piece.id_field is None and level != Level.ADVERTISER:
            return _BY_NAME["campaigns_reports_lifetime"], "campaign_ids"
        if piece.id_field == "campaign_ids" and level == Level.AD:
            return _BY_NAME["ad_groups_reports_lifetime"], "adgroup_ids"
        return None

    async def _ids(self, report: Stream, piece: Piece) -> list[str]:
        """The campaigns or ad groups with rows in the piece, deleted ones too.

        The report of that level is asked, not the list of objects: a list hides kinds of objects whose rows are in
        reports.
        """
        source = report.source
        assert isinstance(source, ReportSource)  # noqa: S101 - narrows the type
        signs = list(_SIGNS)
        while True:
            try:
                return await self._ids_by(report, source, signs, piece)
            except TikTokError as error:
                refused = refused_metrics(error).intersection(signs[1:])
                if not refused:
                    raise
                signs = [name for name in signs if name not in refused]

    async def _ids_by(self, report: Stream, source: ReportSource, metrics: Sequence[str], piece: Piece) -> list[str]:
        (dimension,) = source.dimensions
        walker = Walker(self._api, report_reader(report), self._share)
        request = Request(
            endpoint=report.endpoint,
            params=self._params(piece, source, metrics, every_status=True),
            page_size=PAGE_SIZE,
            advertiser_id=self._advertiser_id,
        )
        ids: list[str] = []
        try:
            async with aclosing(walker.walk(request)) as deliveries:
                async for delivery in deliveries:
                    ids.extend(str(getattr(row.dimensions, dimension)) for row in delivery.records)
        except InPart as error:
            self._note_part(piece, error)
        return ids

    def _unsplittable(self, error: Truncated) -> IncompleteRead:
        return IncompleteRead(
            f"{error.message} Advertiser {self._advertiser_id} has an ad group with more ads than that, "
            "which TikTok offers no way to read in full.",
            remedy="Leave the ad-level reports of this account out, or read it at ad group level.",
        )


def is_exact(stream: Stream, *, include_deleted: bool) -> bool:
    """Whether a report has no other rows than those that come: TikTok hides rows of deleted objects unless asked."""
    return include_deleted or not isinstance(stream.source, ReportSource) or stream.source.status_field is None


def shorter_windows(window: Window, rows: int, most: int) -> list[Window]:
    """The days of a window that has so many rows, in windows that have about `most` each, or are a single day."""
    return list(windows(window.start, window.end, max(1, window.days * most // rows)))


def account_params(
    source: ReportSource,
    advertiser_id: str,
    window: Window | None,
    metrics: Sequence[str],
    *,
    every_status: bool,
    only: tuple[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """What `/report/integrated/get/` is asked about one account, but for the page.

    Args:
        source: The report.
        advertiser_id: The account.
        window: The days; None for all time.
        metrics: Those of its metrics that are wanted.
        every_status: Whether rows of deleted objects are wanted.
        only: A filter by id (`campaign_ids` or `adgroup_ids`) and its values.
    """
    params = {"advertiser_id": advertiser_id, **report_params(source, metrics, window)}
    filters = []
    if every_status and source.status_field:
        filters.append(_filter(source.status_field, ["STATUS_ALL"]))
    if only is not None:
        filters.append(_filter(only[0], list(only[1])))
    if filters:
        params["filtering"] = filters
    return params


def report_params(source: ReportSource, metrics: Sequence[str], window: Window | None) -> dict[str, Any]:
    """What `/report/integrated/get/` is asked, but for the account and the page.

    Args:
        source: The report.
        metrics: Those of its metrics that are wanted.
        window: The days; None for all time.
    """
    when = (
        {"query_lifetime": True} if window is None else {"start_date": str(window.start), "end_date": str(window.end)}
    )
    return {
        "service_type": "AUCTION",
        "report_type": source.report_type,
        "data_level": source.data_level,
        "dimensions": list(source.dimensions),
        "metrics": list(metrics),
        **when,
    }


def refused_metrics(error: TikTokError) -> set[str]:
    """The metrics that TikTok says a report cannot have; none if the error is about something else.

    Example:
        `Invalid metric fields: ['skan_result'].` with code 40002.
    """
    match = _INVALID_METRICS.search(error.said) if error.code == _PARAMETER_ERROR else None
    return set(re.findall(r"\w+", match[1])) if match else set()


def _filter(field: str, values: list[str]) -> dict[str, str]:
    """A filter of a report, whose value is JSON text within the JSON."""
    return {"field_name": field, "filter_type": "IN", "filter_value": msgspec.json.encode(values).decode()}
