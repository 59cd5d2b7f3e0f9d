"""What a sync is going to ask, before it does. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from tiktok_marketing.api.rate_limit.tiers import Tier, tier_at
from tiktok_marketing.catalog import AnyStream, ObjectStream, ReportStream, Scope, object_stream, stream_named
from tiktok_marketing.config import Config
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.plan_sync import SyncPlan
from tiktok_marketing.sync.read.accounts import BATCH, INFO_ENDPOINT, LIST_ENDPOINT
from tiktok_marketing.sync.read.empty_days import AccountDays, EmptyDayFinder


class StreamForecast(msgspec.Struct, frozen=True, kw_only=True):
    """One stream.

    Args:
        name: Its name.
        endpoint: Where it is read.
        accounts: Accounts of which something is read.
        first: The first day that is read of any of them; None for what has no days.
        last: The last day.
        windows: Windows of days, 1 for an account that has none.
        empty: Windows that are known to have no rows, and are not asked for.
        requests: How many are needed at least: one a window, more where a window has more than a page.
    """

    name: str
    endpoint: str
    accounts: int
    first: date | None
    last: date | None
    windows: int
    empty: int
    requests: int


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """A whole sync.

    Args:
        accounts: Accounts that are read.
        streams: What each stream needs.
        questions: Requests that find out first which days have anything.
        questions_open: Those of them that have not been answered: the windows they are about count in full.
        requests: Endpoint to requests, at least.
        seconds: Endpoint to the seconds that its requests take at the quota.
    """

    accounts: int
    streams: tuple[StreamForecast, ...]
    questions: int
    questions_open: int
    requests: dict[str, int]
    seconds: dict[str, float]

    @property
    def bound(self) -> str:
        """The endpoint that takes longest: endpoints have quotas of their own and are asked side by side."""
        return max(self.seconds, key=lambda endpoint: self.seconds[endpoint])


def forecast(
    config: Config,
    plan: SyncPlan,
    accounts: Sequence[Account],
    empty_days: EmptyDayFinder,
    tier: Tier,
) -> Forecast:
    """How many requests a sync needs at least, and how long they take.

    Args:
        config: What the user asked for.
        plan: What is to be read.
        accounts: The accounts.
        empty_days: What is known of their days; windows without an answer count in full.
        tier: The application's quota.
    """
    streams = tuple(_stream(_named(name), partitions, empty_days) for name, partitions in plan.partitions.items())
    requests: Counter[str] = Counter()
    if not config.sandbox and config.advertiser_id is None:
        requests[LIST_ENDPOINT] += 1
    requests[INFO_ENDPOINT] += -(-len(accounts) // BATCH)
    for stream in streams:
        requests[stream.endpoint] += stream.requests
        for first in _lists_first(_named(stream.name)):
            requests[first.endpoint] += stream.windows * _walks(first)
    if empty_days.query_count:
        requests[empty_days.endpoint] += empty_days.query_count
    return Forecast(
        accounts=len(accounts),
        streams=streams,
        questions=empty_days.query_count,
        questions_open=empty_days.open_query_count,
        requests=dict(requests),
        seconds={endpoint: _seconds(count, tier_at(endpoint, tier)) for endpoint, count in requests.items()},
    )


def _stream(stream: AnyStream, partitions: Sequence[Partition], empty_days: EmptyDayFinder) -> StreamForecast:
    windows = sum(partition.size for partition in partitions)
    empty = sum(_empty(partition, days) for partition in partitions if (days := empty_days.of(partition)) is not None)
    firsts = [partition.first for partition in partitions if partition.first is not None]
    lasts = [partition.last for partition in partitions if partition.last is not None]
    return StreamForecast(
        name=stream.name,
        endpoint=stream.endpoint,
        accounts=sum(partition.account is not None for partition in partitions),
        first=min(firsts, default=None),
        last=max(lasts, default=None),
        windows=windows,
        empty=empty,
        requests=(windows - empty) * _walks(stream),
    )


def _empty(partition: Partition, days: AccountDays) -> int:
    return sum(days.is_empty(window) for window in partition.windows() if window is not None)


def _walks(stream: AnyStream) -> int:
    """Lists that are read for one account, each of them at least one request."""
    if stream.scope is not Scope.ACCOUNT or any(_lists_first(stream)):
        return 0  # it is served from the accounts' list, or asks as much as another list has to ask about
    return 1 if isinstance(stream, ReportStream) else len(stream.source.queries)


def _lists_first(stream: AnyStream) -> Iterator[ObjectStream]:
    """The lists that tell what the stream is asked about, and that are read for it once more."""
    if not isinstance(stream, ReportStream) and stream.source.parent is not None:
        yield object_stream(stream.source.parent.stream)
        if stream.source.parent.join_stream is not None:
            yield object_stream(stream.source.parent.join_stream)


def _named(name: str) -> AnyStream:
    stream = stream_named(name)
    assert stream is not None  # noqa: S101 - the catalog names its own streams
    return stream


def _seconds(requests: int, tier: Tier) -> float:
    """How long an endpoint takes for so many requests, which a day's quota may spread over days."""
    days, rest = divmod(max(0, requests - 1), tier.per_day)
    per_second = min(tier.per_second, tier.per_minute / 60)
    return days * 86_400.0 + rest / per_second
