"""Tries whether a report can be read, with one row and all its metrics.

Whether a metric goes with a breakdown does not depend on the account. So where no list says it, TikTok is asked once
per sync, and no account's rows are requested before the answer.
"""

from __future__ import annotations

import asyncio

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.api.envelope import no_data
from tiktok_marketing.catalog import ReportStream, Stream, stream_named
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConnectorError, TikTokError
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.metric_search import MetricSearch
from tiktok_marketing.sync.read.report_requests import account_params

_PARAMETER_ERROR = 40002
_OF_OWN_REPORT = (
    "It is a report of the configuration's own, and no list says whether TikTok accepts it. Change its grain, its "
    "dimensions or its filters; AUDIENCE reports are known by day and with the grain none."
)
_MOST_TRIES = 3
"""How many accounts are tried at most, if TikTok does not answer for the first ones."""


def explained(stream: Stream, error: ConnectorError) -> ConnectorError:
    """The same error. If TikTok refuses a report of the configuration's own, it says that the report should change."""
    if isinstance(error, TikTokError) and error.code == _PARAMETER_ERROR and stream_named(stream.name) is None:
        error.remedy = _OF_OWN_REPORT
    return error


class ReportTrial(msgspec.Struct, frozen=True):
    """What a report answers.

    Args:
        error: Why it cannot be read; None if it can be.
        refused: The metrics that TikTok does not accept, so that a sync leaves them out.
    """

    error: ConnectorError | None
    refused: tuple[str, ...] = ()


async def try_report(
    api: Client, stream: ReportStream, advertiser_id: AdvertiserId, window: Window | None, *, every_status: bool
) -> ReportTrial:
    """Request one row of a report, as a sync would: again without the metrics that TikTok refuses.

    Args:
        api: The client.
        stream: The report.
        advertiser_id: The account.
        window: The days; None for all time.
        every_status: Whether to include rows of deleted objects.
    """
    source = stream.source
    metrics = source.metrics
    search = MetricSearch().for_window(source)

    async def ask(names: tuple[str, ...]) -> None:
        params = account_params(source, advertiser_id, window, names, every_status=every_status)
        params |= {"page": 1, "page_size": 1}
        # The only question is whether TikTok answers at all.
        await api.get(stream.endpoint, params, no_data, advertiser_id=advertiser_id, partial_ok=True)

    while True:
        error: ConnectorError | None = None
        try:
            await ask(metrics)
        except TikTokError as failure:
            try:
                names, accepted = await search.refused(failure, metrics, ask)
            except TikTokError as other:
                return ReportTrial(explained(stream, other))
            if names:
                left = {*metrics, *accepted} - names
                metrics = tuple(name for name in source.metrics if name in left)
                continue
            error = explained(stream, failure)
        except ConnectorError as failure:
            error = failure
        return ReportTrial(error, tuple(name for name in source.metrics if name not in metrics))


class MetricTrial:
    """Finds out which metrics of a report TikTok does not accept, where nothing but its answer says so.

    Args:
        stream: The report.
        unsettled: The metrics that no list settles.
    """

    def __init__(self, stream: ReportStream, unsettled: frozenset[str]) -> None:
        self._stream = stream
        self._unsettled = unsettled
        self._tries_left = _MOST_TRIES if unsettled else 0
        self._asking = asyncio.Lock()
        self.refused: frozenset[str] = frozenset()
        """The metrics that TikTok accepts for no account."""

    async def settle(
        self, api: Client, advertiser_id: AdvertiserId, window: Window | None, *, every_status: bool
    ) -> None:
        """Ask TikTok, unless that was done. Whoever comes meanwhile waits for the answer.

        If TikTok does not answer for an account, reading it will show why, and another account is asked about.

        Args:
            api: The client.
            advertiser_id: An account that is read next.
            window: The days that are read; None for all time.
            every_status: Whether to include rows of deleted objects.
        """
        async with self._asking:
            if not self._tries_left:
                return
            trial = await try_report(api, self._stream, advertiser_id, window, every_status=every_status)
            self._tries_left = self._tries_left - 1 if trial.error is not None else 0
            if trial.error is None:
                self.refused = self._unsettled.intersection(trial.refused)
