"""Asks TikTok for the figures of the objects that have rows in a piece of a report, and of the level above."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing

from msgspec.structs import replace

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ReportFilter, ReportStream, report_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import Action, ConnectorError, IncompleteReadError, PartialAnswerError, TikTokError
from tiktok_marketing.sync.decode.coercion import to_text
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.read.listing import Budget, ListReader, Request
from tiktok_marketing.sync.read.parent_params import Unusable
from tiktok_marketing.sync.read.report_requests import PAGE_SIZE, Piece, piece_params, refused_metrics
from tiktok_marketing.sync.read.split_check import Figures

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


def is_nameable(object_id: str) -> bool:
    """Whether a filter can name a campaign or an ad group: they have ids of digits. 0 is one that has no rows."""
    return object_id.isdecimal() and object_id.isascii()


def total_of(figures: Mapping[str, Figures]) -> Figures:
    """The sum of the figures of several objects."""
    total = Figures()
    for own in figures.values():
        total = total.plus(own)
    return total


class FiguresReader:
    """Reads the figures of one account's objects, from the reports over a whole piece.

    Args:
        api: The client.
        advertiser_id: The account.
        budget: How much of the quota it may use.
        note_partial: Called with a piece and the error, if an answer about it is partial.
        origins: Where the campaigns of the piece's rows were made, as in a report's source.
        widening: Filters without which TikTok leaves out some of the objects that the piece has rows of.
    """

    def __init__(
        self,
        api: Client,
        advertiser_id: AdvertiserId,
        budget: Budget,
        note_partial: Callable[[Piece, PartialAnswerError], None],
        *,
        origins: tuple[str, ...] = (),
        widening: tuple[ReportFilter, ...] = (),
    ) -> None:
        self._api = api
        self._advertiser_id = advertiser_id
        self._budget = budget
        self._note_partial = note_partial
        self._origins = origins
        self._widening = widening
        self.withdrawn: set[str] = set()
        """Metrics that TikTok refuses at the level of the account, the campaigns or the ad groups."""
        self.warnings: list[str] = []
        """What people should know about figures that are not known. The reader of this list empties it."""
        self._unusable: list[Unusable] = []

    @property
    def has_unusable(self) -> bool:
        """Whether there are objects that no filter can name, so that their rows cannot be asked for."""
        return bool(self._unusable)

    def error(self, stream: str) -> ConnectorError | None:
        """Why rows of a stream are missing once everything else has been read; None if nothing is known of it."""
        unusable = self._unusable
        return unusable[0].error(stream, self._advertiser_id, len(unusable)) if unusable else None

    def usable(self, report: ReportStream, object_ids: Iterable[str]) -> list[str]:
        """The ids that a filter can name. Of the others, `error` tells that nothing could be asked."""
        (field,) = report.source.dimensions
        ids = list(object_ids)
        self._unusable += [Unusable(report.name, field, each) for each in ids if not is_nameable(each)]
        return [each for each in ids if is_nameable(each)]

    def with_partial(self, note_partial: Callable[[Piece, PartialAnswerError], None]) -> FiguresReader:
        """The same reader that does something else with partial answers."""
        return FiguresReader(
            self._api,
            self._advertiser_id,
            self._budget,
            note_partial,
            origins=self._origins,
            widening=self._widening,
        )

    async def above(self, piece: Piece) -> Figures | None:
        """The figures of the account or, if the piece is about some campaigns, of these; None if they are not known."""
        name = "campaigns_reports_lifetime" if piece.id_field else "advertisers_reports_lifetime"
        try:
            return total_of(await self.of_objects(report_stream(name), piece))
        except (TikTokError, IncompleteReadError) as error:
            if isinstance(error, TikTokError) and error.action is Action.STOP_SYNC:
                raise
            text = f"The report is read in parts, and TikTok does not tell what they add up to. {error.message}"
            self.warnings += [] if text in self.warnings else [text]
        return None

    async def of_objects(self, report: ReportStream, piece: Piece) -> dict[str, Figures]:
        """The figures of each object with rows in the piece, including deleted ones.

        They come from the report at that level, not from the list of objects, which hides some kinds of objects that
        have rows in reports.
        """
        metrics = list(_ACTIVITY_METRICS)
        while True:
            try:
                return await self._read(report, metrics, piece)
            except TikTokError as error:
                refused = refused_metrics(error, report.source, metrics)
                if not refused:
                    raise
                metrics = [name for name in metrics if name not in refused]
                self.withdrawn |= refused

    async def _read(self, report: ReportStream, metrics: Sequence[str], piece: Piece) -> dict[str, Figures]:
        (dimension,) = report.source.dimensions
        list_reader = ListReader(self._api, report_reader(report), self._budget)
        source = replace(report.source, filters=self._widening, origins=self._origins)
        request = Request(
            endpoint=report.endpoint,
            params=piece_params(source, self._advertiser_id, piece, metrics, every_status=True),
            page_size=PAGE_SIZE,
            advertiser_id=self._advertiser_id,
        )
        figures: dict[str, Figures] = {}
        try:
            async with aclosing(list_reader.read(request)) as deliveries:
                async for delivery in deliveries:
                    odd = {each.row: each.value for each in delivery.records.misfits if each.field == dimension}
                    for number, row in enumerate(delivery.records):
                        own = Figures.of([(row.metrics.spend, row.metrics.impressions)])
                        object_id = to_text(odd.get(number, getattr(row.dimensions, dimension)))
                        figures[object_id] = figures.get(object_id, Figures()).plus(own)
        except PartialAnswerError as error:
            self._note_partial(piece, error)
        return figures
