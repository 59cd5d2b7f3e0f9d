"""Tries whether a report can be read, with one row and all its metrics."""

from __future__ import annotations

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ReportStream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConnectorError, TikTokError
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.report_requests import account_params, refused_metrics


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
    while True:
        params = account_params(source, advertiser_id, window, metrics, every_status=every_status)
        params |= {"page": 1, "page_size": 1}
        error: ConnectorError | None = None
        try:
            # The only question is whether TikTok answers at all.
            await api.get(stream.endpoint, params, msgspec.json.decode, advertiser_id=advertiser_id, partial_ok=True)
        except TikTokError as failure:
            names = refused_metrics(failure, source, metrics)
            if names:
                metrics = tuple(name for name in metrics if name not in names)
                continue
            error = failure
        except ConnectorError as failure:
            error = failure
        return ReportTrial(error, tuple(name for name in source.metrics if name not in metrics))
