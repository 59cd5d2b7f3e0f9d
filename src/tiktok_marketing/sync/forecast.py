"""Forecasts how many requests a sync needs, and how long they take. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec

from tiktok_marketing.api.rate_limit.tiers import Tier, tier_at
from tiktok_marketing.catalog import STREAMS, AnyStream, ObjectStream, ReportStream, Scope, object_stream, stream_named
from tiktok_marketing.catalog.business_center_reports import CENTERS_ENDPOINT
from tiktok_marketing.catalog.gmv_max_reports import STORES
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.new_stores import is_by_store
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.plan_sync import SyncPlan
from tiktok_marketing.sync.plan.selection import streams_of
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.account_days import AccountDays
from tiktok_marketing.sync.read.accounts import BATCH, INFO_ENDPOINT, LIST_ENDPOINT
from tiktok_marketing.sync.read.empty_days import EmptyDayFinder


class StreamForecast(msgspec.Struct, frozen=True, kw_only=True):
    """The forecast of one stream.

    Args:
        name: Its name.
        endpoint: The endpoint that it is read from.
        accounts: The number of accounts with something to read.
        first: The first day that is read for any account; None if the stream has no days.
        last: The last day; None in the same case.
        windows: The number of windows; one per account if the stream has no days.
        empty: How many of these windows are known to have no rows, and are not requested.
        requests: The least number of requests: one per window, though a window may have several pages.
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
    """The forecast of a whole sync.

    Args:
        accounts: The number of accounts that are read.
        streams: The forecast of each stream.
        questions: Queries that find out first which days have data.
        questions_open: How many of them have no answer yet, so that their windows count in full.
        requests: The least number of requests to each endpoint.
        seconds: The seconds that the requests to each endpoint take at the quota.
    """

    accounts: int
    streams: tuple[StreamForecast, ...]
    questions: int
    questions_open: int
    requests: dict[str, int]
    seconds: dict[str, float]

    @property
    def bound(self) -> str:
        """The endpoint that takes longest. Endpoints have quotas of their own, and are read in parallel."""
        return max(self.seconds, key=lambda endpoint: self.seconds[endpoint])


def forecast(
    config: Config,
    plan: SyncPlan,
    accounts: Sequence[Account],
    empty_days: EmptyDayFinder,
    tier: Tier,
    counted: Mapping[tuple[str, AdvertiserId], int] | None = None,
) -> Forecast:
    """The least number of requests that a sync needs, and how long they take.

    Args:
        config: The configuration.
        plan: What is read.
        accounts: The accounts.
        empty_days: What is known about their days; windows without an answer count in full.
        tier: The application's quota.
        counted: How many requests a stream needs for an account, where they come from another list and that was read.
            For a report by store: how many each of its windows needs.
    """
    by_name = {stream.name: stream for stream in streams_of(config)}
    streams = tuple(
        _stream(by_name[name], partitions, empty_days, counted or {}, config)
        for name, partitions in plan.partitions.items()
    )
    requests: Counter[str] = Counter()
    if not config.sandbox and config.advertiser_id is None:
        requests[LIST_ENDPOINT] += 1
    requests[INFO_ENDPOINT] += -(-len(accounts) // BATCH)
    for stream in streams:
        requests[stream.endpoint] += stream.requests
        for parent in _parent_streams(by_name[stream.name]):
            requests[parent.endpoint] += stream.windows * _parent_count(by_name[stream.name], parent, config)
    if with_stores := _accounts_by_store(plan):
        requests[object_stream(STORES).endpoint] += with_stores  # once, for all streams
    if empty_days.center_query_count or _is_of_center(plan):
        requests[CENTERS_ENDPOINT] += 1  # once, for all streams
    requests = +requests  # lists that need no request are not named
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


def with_parents(plan: SyncPlan) -> list[tuple[ObjectStream, Account]]:
    """The streams and accounts whose requests come from the records of another list."""
    return [
        (stream, partition.account)
        for name, partitions in plan.partitions.items()
        if isinstance(stream := stream_named(name), ObjectStream) and stream.source.parent is not None
        for partition in partitions
        if partition.account is not None
    ]


def by_store(plan: SyncPlan) -> list[tuple[ReportStream, Account, Window]]:
    """The reports by store, and for each account the days that are read of them."""
    return [
        (partition.stream, partition.account, Window(partition.first, partition.last))
        for partition in plan.all_partitions
        if isinstance(partition.stream, ReportStream) and is_by_store(partition.stream)
        if partition.account is not None and partition.first is not None and partition.last is not None
    ]


def _stream(
    stream: AnyStream,
    partitions: Sequence[Partition],
    empty_days: EmptyDayFinder,
    counted: Mapping[tuple[str, AdvertiserId], int],
    config: Config,
) -> StreamForecast:
    windows = sum(partition.size for partition in partitions)
    empty = sum(_empty(partition, days) for partition in partitions if (days := empty_days.of(partition)) is not None)
    firsts = [partition.first for partition in partitions if partition.first is not None]
    lasts = [partition.last for partition in partitions if partition.last is not None]
    return StreamForecast(
        name=stream.name,
        endpoint=stream.endpoint,
        accounts=len({partition.account.advertiser_id for partition in partitions if partition.account is not None}),
        first=min(firsts, default=None),
        last=max(lasts, default=None),
        windows=windows,
        empty=empty,
        requests=sum(_from_parents(stream, partition, counted, config) for partition in partitions)
        if any(_parent_streams(stream)) or is_by_store(stream)
        else (windows - empty) * _list_count(stream, config) + (_trial_count(stream) if windows > empty else 0),
    )


def _from_parents(
    stream: AnyStream, partition: Partition, counted: Mapping[tuple[str, AdvertiserId], int], config: Config
) -> int:
    """The requests for one account of a stream whose requests come from another list."""
    if partition.account is None:
        return 0
    if isinstance(stream, ReportStream):
        by_window = counted.get((stream.name, partition.account.advertiser_id), _list_count(stream, config))
        return partition.size * by_window
    if stream.source.parent is None:
        return 0
    usual = stream.source.parent.usual_requests * _query_count(stream, config)
    return counted.get((stream.name, partition.account.advertiser_id), usual)


def _accounts_by_store(plan: SyncPlan) -> int:
    """How many accounts have reports whose requests are about their stores."""
    return len(
        {
            partition.account.advertiser_id
            for partitions in plan.partitions.values()
            for partition in partitions
            if isinstance(partition.stream, ReportStream)
            and partition.stream.source.stores is not None
            and partition.account is not None
        }
    )


def _is_of_center(plan: SyncPlan) -> bool:
    """Whether Business Centers report anything that is read."""
    streams = (partition.stream for partition in plan.all_partitions)
    return any(isinstance(stream, ReportStream) and stream.source.is_of_center for stream in streams)


def _empty(partition: Partition, days: AccountDays) -> int:
    return sum(days.is_empty(window) for window in partition.windows() if window is not None)


def _list_count(stream: AnyStream, config: Config) -> int:
    """How many lists are read for one account, each with at least one request."""
    if stream.scope is not Scope.ACCOUNT or any(_parent_streams(stream)):
        return 0  # it comes from the list of accounts, or its requests come from another list
    if isinstance(stream, ReportStream):
        if stream.source.stores is None:
            return 1
        lists = len(stream.source.stores.filters)
        return 1 + lists + (1 if lists else 0)  # as if it had one store, whose cost its campaigns are compared with
    return _query_count(stream, config)


def _trial_count(stream: AnyStream) -> int:
    """How many requests settle, before anything is read, which metrics of a report TikTok accepts."""
    if stream in STREAMS:
        return 0
    from tiktok_marketing.catalog.custom_reports import unsettled_metrics

    return 1 if unsettled_metrics(stream) else 0


def _parent_count(stream: AnyStream, parent: ObjectStream, config: Config) -> int:
    """How many lists of a parent stream are read for one account of another stream."""
    deleted_too = (
        isinstance(stream, ObjectStream) and stream.source.parent is not None and stream.source.parent.deleted_too
    )
    return len(parent.source.queries_for(include_deleted=config.include_deleted and deleted_too))


def _query_count(stream: ObjectStream, config: Config) -> int:
    return len(stream.source.queries_for(include_deleted=config.include_deleted))


def _parent_streams(stream: AnyStream) -> Iterator[ObjectStream]:
    """The streams whose records the stream's requests are made from, and which are read once more for it."""
    if not isinstance(stream, ReportStream) and stream.source.parent is not None:
        yield object_stream(stream.source.parent.stream)
        if stream.source.parent.join_stream is not None:
            yield object_stream(stream.source.parent.join_stream)


def _seconds(requests: int, tier: Tier) -> float:
    """How long this many requests to an endpoint take; a day's quota may spread them over several days."""
    days, rest = divmod(max(0, requests - 1), tier.per_day)
    per_second = min(tier.per_second, tier.per_minute / 60)
    return days * 86_400.0 + rest / per_second
