"""The parts of a report that was too large for one request, and whether they bring what the whole showed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date

from tiktok_marketing.catalog import Grain, ReportStream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import Action, IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.pages import Page, RowSink
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import ListReader, PartialLog, Shown
from tiktok_marketing.sync.read.report_figures import FiguresReader
from tiktok_marketing.sync.read.report_requests import Piece
from tiktok_marketing.sync.read.split_check import Figures, figures_of_page


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


class Parts:
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
    def are_comparable(self) -> bool:
        """Whether anything is known that the parts must bring."""
        return bool(self.shown.total or self.shown.keys or self.expected is not None)

    @property
    def since(self) -> date:
        """The first day of the piece, which is not complete before the parts are compared with it."""
        return self.piece.since

    @property
    def window(self) -> Window | None:
        """The days of the piece."""
        return self.piece.window


class OpenParts:
    """Compares the parts of pieces with the pieces, once they were read.

    Args:
        stream: The report.
        advertiser_id: The account.
        list_reader: What reads the parts.
        look: Asks TikTok what a piece has now.
        figures: What reads the figures of the level above.
        partial_log: The partial answers about the report.
        include_deleted: Whether rows of deleted objects are included.
        refused: Metrics that TikTok refused for the report.
    """

    def __init__(
        self,
        stream: ReportStream,
        advertiser_id: AdvertiserId,
        list_reader: ListReader[RowSink],
        look: Callable[[Piece], Awaitable[Shown]],
        figures: FiguresReader,
        partial_log: PartialLog,
        *,
        include_deleted: bool,
        refused: set[str],
    ) -> None:
        self._stream = stream
        self._advertiser_id = advertiser_id
        self._list_reader = list_reader
        self._look = look
        self._figures = figures
        self._partial_log = partial_log
        self._include_deleted = include_deleted
        self._refused = refused
        self._open: list[Parts] = []
        self._divided: dict[Piece, tuple[Piece, ...]] = {}
        """The smaller pieces of each piece that was divided."""
        self._sums: dict[int, Figures] = {}
        """The figures of the part that is read, as each pass through it shows them."""

    def begin_part(self) -> None:
        """Another part is read now."""
        self._sums = {}

    def observe(self, number_of_pass: int, page: Page[RowSink]) -> None:
        """Add up a page of a part, if the figures of the parts are to be compared."""
        if any(parts.expected is not None for parts in self._open) and self._is_additive:
            figures = figures_of_page(page)
            self._sums[number_of_pass] = self._sums.get(number_of_pass, Figures()).plus(figures)

    def end_part(self) -> None:
        """A part was read: it belongs to every piece that is read in parts now."""
        if self._sums:
            figures = self._sums[max(self._sums)]
            for parts in self._open:
                parts.figures = parts.figures.plus(figures)

    @property
    def _is_additive(self) -> bool:
        """Whether all rows of the report add up to the figures of the account. Hours may appear later than days."""
        source = self._stream.source
        has_all = self._include_deleted and source.grain is not Grain.HOUR
        return has_all and source.report_type == "BASIC" and not self._stream.breakdown

    def comparable(self, whole: Figures) -> Figures:
        """The figures without those that TikTok withdrew at one of the levels."""
        unknown = self._figures.withdrawn | (self._refused if self._is_additive else set())
        return whole.without(unknown)

    def begin(self, piece: Piece, delivered_before: int) -> Parts:
        """Read a piece in parts from now on.

        Args:
            piece: The piece.
            delivered_before: How many rows were delivered before it.
        """
        parts = Parts(piece, delivered_before, self._list_reader.rows_listed, self._list_reader.shown)
        self._open.append(parts)
        return parts

    def divide(self, piece: Piece, smaller: Sequence[Piece]) -> None:
        """Read these pieces in place of a piece. The piece itself is no smaller piece: it is asked for otherwise."""
        if piece not in smaller:
            self._divided[piece] = tuple(smaller)

    def drop(self, parts: Parts) -> None:
        """Compare these parts with nothing."""
        self._open.remove(parts)

    async def check(self, parts: Parts) -> None:
        """Compare the parts of a piece with what the whole piece showed.

        Rows may have disappeared meanwhile, and figures may have become smaller. So what seems to be missing is asked
        about once more.

        Raises:
            IncompleteReadError: If rows are missing.
        """
        self._open.remove(parts)
        if self._partial_log.first is not None:  # rows are missing for another reason, which is reported at the end
            return
        missing = await self._missing_rows(parts)
        figures = await self._missing_figures(parts)
        if figures:
            missing.append(f"the rows of its parts lack {figures} that TikTok shows for all of them together")
        if missing:
            raise parts_missing(self._stream, self._advertiser_id, parts.piece.window, " and ".join(missing))

    async def _missing_rows(self, parts: Parts) -> list[str]:
        def delivered() -> int:
            # A larger piece that failed may have delivered rows that the parts show without delivering them.
            listed = self._list_reader.rows_listed - parts.listed_before
            return max(self._list_reader.rows_delivered - parts.delivered_before, listed)

        keys = parts.shown.keys & self._list_reader.awaited
        if delivered() >= parts.shown.total and not keys:
            return []
        total = parts.shown.total
        now: Shown | None
        try:
            now = await self._look(parts.piece)
        except TikTokError as error:
            if error.action is Action.STOP_SYNC:
                raise
            now = None
        if now is not None:
            total, keys = min(total, now.total), keys & now.keys
            # A row may vanish, and another one appear in a part that was read already: the parts have all rows now.
            if delivered() < total and await self._count(parts.piece) >= now.total:
                total = delivered()
        self._list_reader.awaited -= parts.shown.keys
        missing = []
        if delivered() < total:
            missing.append(_few_rows(delivered(), total))
        if keys:
            missing.append(f"its parts did not bring {len(keys):,} of the rows that TikTok shows")
        return missing

    async def _count(self, piece: Piece) -> int:
        """How many rows the parts of a piece have now; too few if TikTok does not say.

        Raises:
            TikTokError: If nothing could succeed any more.
        """
        if piece in self._divided:
            return sum([await self._count(smaller) for smaller in self._divided[piece]])
        try:
            return (await self._look(piece)).total
        except TikTokError as error:
            if error.action is Action.STOP_SYNC:
                raise
            return 0

    async def _missing_figures(self, parts: Parts) -> str:
        if parts.expected is None:
            return ""
        # If the rows of the parts do not add up by nature, the list that the parts were made from does.
        figures = parts.figures if self._is_additive else parts.listed
        missing = figures.lacks(self.comparable(parts.expected))
        if missing and (now := await self._figures.above(parts.piece)) is not None:
            missing = figures.lacks(self.comparable(parts.expected.at_most(now)))
        return missing
