"""What a sync warns of as a whole: clocks that differ, and metrics that TikTok does not give. Each is said once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from tiktok_marketing.clock import clock_difference, is_believable
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.run.stream_run import StreamRun

_CLOCK_TOLERANCE = timedelta(minutes=10)
"""A larger difference between the clocks is reported: no delay within a sync can explain it."""


def clock_warnings(ahead: timedelta | None) -> Iterator[str]:
    """The warning about clocks that differ too much; none otherwise.

    Args:
        ahead: How far this clock is ahead of TikTok's; None if that is not known.
    """
    if ahead is None or abs(ahead) < _CLOCK_TOLERANCE:
        return
    text = "Days that have begun by only one of the clocks are read again next time. Set this clock (NTP)."
    if not is_believable(ahead):
        text = (
            "The connector ignores so large a difference. Set this clock (NTP), or find out what changes the `Date` "
            "of answers."
        )
    yield f"{clock_difference(ahead)}. {text}"


def metric_warnings(runs: Mapping[str, StreamRun]) -> Iterator[str]:
    """Warnings of metrics that TikTok did not accept, or left out: once for all accounts, or once for each of them.

    What was said is not said again: the runs forget it.

    Args:
        runs: Stream name to its run.
    """
    by_account: dict[AdvertiserId, list[str]] = {}
    for name, run in runs.items():
        if run.refused_everywhere and not run.refusals_reported:
            run.refusals_reported = True
            yield (
                f"{name}: TikTok does not accept these metrics in this report, so they are null: "
                f"{', '.join(sorted(run.refused_everywhere))}. The next sync asks for them again."
            )
        for advertiser_id, metrics in run.refused_metrics.items():
            if own := metrics - run.refused_everywhere:
                by_account.setdefault(advertiser_id, []).append(f"{name}: {', '.join(sorted(own))}")
        for advertiser_id, refusals in run.day_refusals.items():
            if of_days := refusals.somewhere - run.refused_metrics.get(advertiser_id, set()):
                by_account.setdefault(advertiser_id, []).append(f"{name}, on some days: {', '.join(sorted(of_days))}")
        yield from _lacking_metrics(name, run)
        run.refused_metrics.clear()
        run.day_refusals.clear()
        run.lacking_metrics.clear()
    for advertiser_id, texts in by_account.items():
        yield (
            f"Advertiser {advertiser_id}: TikTok does not accept these metrics now, so they are null "
            f"({'; '.join(texts)}). The next sync asks for them again."
        )


def _lacking_metrics(name: str, run: StreamRun) -> Iterator[str]:
    """A warning of metrics that TikTok accepts and leaves out of its answers, for each account that has others."""
    accounts: dict[frozenset[str], list[AdvertiserId]] = {}
    for advertiser_id, lacking in run.lacking_metrics.items():
        of_days = run.day_refusals.get(advertiser_id)
        refused = run.refused_metrics.get(advertiser_id, set()) | (of_days.somewhere if of_days else set())
        if left_out := lacking.names - refused:
            accounts.setdefault(left_out, []).append(advertiser_id)
    for metrics, advertiser_ids in accounts.items():
        first, *others = advertiser_ids
        yield (
            f"{name}, advertiser {first}{f' and {len(others):,} more' if others else ''}: TikTok accepts these "
            f"metrics, and no row of its answers has them, so they are null: {', '.join(sorted(metrics))}."
        )
