"""The parts of a report that was too large for one request, and whether they bring what the whole showed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date

import msgspec

from tiktok_marketing.catalog import Grain, ReportStream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import Action, AdsLeftOutError, IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.pages import Page, RowSink
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import ListReader, Shown
from tiktok_marketing.sync.read.partial_log import PartialLog
from tiktok_marketing.sync.read.report_figures import FiguresReader, is_nameable, total_of
from tiktok_marketing.sync.read.report_requests import Piece, accepted_ids, smaller_objects
from tiktok_marketing.sync.read.split_check import Figures, figures_of_page

_FIGURES = 2
_LIST_TRIES = 3
"""How often a list of campaigns or ad groups is asked for that lacks figures of the level above."""
_NOT_COMPARED = (
    "The report is read in parts, and what they add up to cannot be compared with the whole, because rows have neither "
    "a spend nor impressions that can be read. Compare the days with TikTok Ads Manager."
)


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


def unsplittable(error: AdsLeftOutError, advertiser_id: AdvertiserId) -> IncompleteReadError:
    """The error of an ad group of which TikTok leaves out ads."""
    return IncompleteReadError(
        f"{error.message} Advertiser {advertiser_id} has an ad group with more ads than that, and TikTok offers no way "
        "to read it in full.",
        remedy="Leave the ad-level reports out for this account, and read its reports at ad group level.",
    )


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
        self._listed_before = 0
        self._read: dict[Piece, tuple[int, Figures]] = {}
        """The rows and the figures of each part that was read to its end."""
        self._repeated: set[Piece] = set()

    def begin_part(self) -> None:
        """Another part is read now."""
        self._sums, self._listed_before = {}, self._list_reader.rows_listed

    def is_repeated(self, piece: Piece) -> bool:
        """Whether a part is read once more, because it has more rows now."""
        return piece in self._repeated

    def observe(self, number_of_pass: int, page: Page[RowSink]) -> None:
        """Add up a page of a part, if the figures of the parts are to be compared."""
        if any(parts.expected is not None for parts in self._open) and self._is_additive:
            figures = figures_of_page(page)
            self._sums[number_of_pass] = self._sums.get(number_of_pass, Figures()).plus(figures)

    def end_part(self, piece: Piece) -> None:
        """A part was read: it belongs to every piece that is read in parts now."""
        if not self._open:
            return
        figures = self._sums[max(self._sums)] if self._sums else Figures()
        for parts in self._open:
            parts.figures = parts.figures.plus(figures)
        self._read[piece] = self._list_reader.rows_listed - self._listed_before, figures

    @property
    def _is_additive(self) -> bool:
        """Whether all rows of the report add up to the figures of the account. Hours may appear later than days.

        The rows of a report with filters are a part of the account's.
        """
        source = self._stream.source
        has_all = self._include_deleted and source.grain is not Grain.HOUR and not source.filters
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
        self._list_reader.remembers = True
        return parts

    async def by_objects(self, piece: Piece, parts: Parts) -> list[Piece] | None:
        """The piece by campaign or, if it is by campaign already, by ad group; None if there is nothing smaller.

        The objects come from a report of their level. It may lack some, so its figures are compared with those of the
        level above. Figures grow, so a list that lacks some is asked for again. Objects that rows of the piece belong
        to are added.
        """
        smaller = smaller_objects(self._stream.source, piece)
        if smaller is None:
            return None
        report, id_field = smaller
        figures: dict[str, Figures] = {}
        for _ in range(_LIST_TRIES):
            figures = await self._figures.of_objects(report, piece)
            parts.listed = total_of(figures)
            if parts.expected is None:
                parts.expected = await self._figures.above(piece)
            if parts.expected is None or not parts.listed.lacks(self.comparable(parts.expected)):
                break
        shown = parts.shown.parents.get(id_field.removesuffix("s"), frozenset())
        # If no object has rows, there are no pieces: a large account is too large even on days without rows.
        ids = [*self._figures.usable(report, figures), *sorted(filter(is_nameable, shown - figures.keys()))]
        return piece.by(id_field, accepted_ids(self._stream.source, id_field, ids))

    def divide(self, piece: Piece, smaller: Sequence[Piece]) -> None:
        """Read these pieces in place of a piece. The piece itself is no smaller piece: it is asked for otherwise."""
        if piece not in smaller:
            self._divided[piece] = tuple(smaller)
            if piece in self._repeated:
                self._repeated.update(smaller)

    def drop(self, parts: Parts) -> None:
        """Compare these parts with nothing."""
        self._open.remove(parts)

    async def check(self, parts: Parts) -> list[Piece]:
        """Compare the parts of a piece with what the whole piece showed.

        Rows may have disappeared meanwhile, and figures may have become smaller. So what seems to be missing is asked
        about once more. Other rows may have appeared in parts that were read already. Those parts are read again once.

        Returns:
            The parts to read again, before this is asked once more; none if nothing is missing.

        Raises:
            IncompleteReadError: If rows are missing.
        """
        # If rows are missing for another reason, that is reported at the end.
        if self._partial_log.first is not None or self._figures.has_unusable:
            self._open.remove(parts)
            return []
        keys = parts.shown.keys & self._list_reader.awaited
        total = parts.shown.total
        if self._delivered(parts) < total or keys:
            now = await self._look_again(parts.piece)
            if now is not None:
                total, keys = min(total, now.total), keys & now.keys
            if now is not None and (grown := await self._grown(parts.piece)):
                self._forget(grown)
                return grown
        self._open.remove(parts)
        self._list_reader.awaited -= parts.shown.keys
        missing = []
        if self._delivered(parts) < total:
            missing.append(_few_rows(self._delivered(parts), total))
        if keys:
            missing.append(f"its parts did not bring {len(keys):,} of the rows that TikTok shows")
        if figures := await self._missing_figures(parts):
            missing.append(f"the rows of its parts lack {figures} that TikTok shows for all of them together")
        if missing:
            raise parts_missing(self._stream, self._advertiser_id, parts.piece.window, " and ".join(missing))
        return []

    def _forget(self, pieces: Sequence[Piece]) -> None:
        """These are read again, so what they brought counts only then."""
        self._repeated.update(pieces)
        for piece in pieces:
            listed, figures = self._read.pop(piece)
            for parts in self._open:
                parts.listed_before += listed
                parts.figures = parts.figures.minus(figures)

    def _delivered(self, parts: Parts) -> int:
        """How many rows the parts brought. Some may have been delivered by a larger piece that failed."""
        listed = self._list_reader.rows_listed - parts.listed_before
        return max(self._list_reader.rows_delivered - parts.delivered_before, listed)

    async def _grown(self, piece: Piece) -> list[Piece]:
        """The parts of a piece that have more rows now than when they were read, and that were read only once."""
        if piece in self._divided:
            return [part for smaller in self._divided[piece] for part in await self._grown(smaller)]
        if piece in self._repeated or piece not in self._read:
            return []
        now = await self._look_again(piece)
        return [piece] if now is not None and now.total > self._read[piece][0] else []

    async def _look_again(self, piece: Piece) -> Shown | None:
        """What a piece has now; None if TikTok does not say.

        Raises:
            TikTokError: If nothing could succeed any more.
        """
        try:
            return await self._look(piece)
        except TikTokError as error:
            if error.action is Action.STOP_SYNC:
                raise
            return None

    async def _missing_figures(self, parts: Parts) -> str:
        if parts.expected is None:
            return ""
        # If the rows of the parts do not add up by nature, the list that the parts were made from does.
        figures = parts.figures if self._is_additive else parts.listed
        if len(figures.unread) == _FIGURES and _NOT_COMPARED not in self._figures.warnings:
            self._figures.warnings.append(_NOT_COMPARED)
        missing = figures.lacks(self.comparable(parts.expected))
        if missing and (now := await self._figures.above(parts.piece)) is not None:
            missing = figures.lacks(self.comparable(parts.expected.at_most(now)))
        return missing
