"""What a sync is going to ask, before it does. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from tiktok_marketing.api.rate_limit.tiers import Tier, tier_at
from tiktok_marketing.catalog import ObjectSource, ReportSource, Scope, Stream, stream_named
from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import Config
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.cursors import read_state
from tiktok_marketing.sync.plan.partitions import Partition, plan_stream
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.plan.state_repair import repair
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


def plan_parts(
    config: Config,
    selected: Sequence[Selected],
    states: Mapping[str, Any],
    accounts: Sequence[Account],
    moment: ClockReading,
) -> dict[str, list[Partition]]:
    """Stream name to what is read of it.

    Args:
        config: What the user asked for.
        selected: The streams and their modes.
        states: Stream name to the state of an earlier run.
        accounts: The accounts.
        moment: This one.

    Raises:
        ConfigurationError: If a state cannot be read.
    """
    parts = {}
    for one in selected:
        cursors = None
        if one.incremental and one.stream.cursor is not None:
            cursors = read_state(one.stream.name, one.stream.cursor, states.get(one.stream.name))
            repair(one.stream, cursors, accounts, moment)
        parts[one.stream.name] = plan_stream(config, one, cursors, accounts, moment)
    return parts


def forecast(
    config: Config,
    parts: Mapping[str, Sequence[Partition]],
    accounts: Sequence[Account],
    activity: EmptyDayFinder,
    tier: Tier,
) -> Forecast:
    """How many requests these parts need, and how long they take.

    Args:
        config: What the user asked for.
        parts: What is to be read, by stream.
        accounts: The accounts.
        activity: What is known of their days; windows without an answer count in full.
        tier: The application's quota.
    """
    streams = tuple(_stream(_named(name), own, activity) for name, own in parts.items())
    requests: Counter[str] = Counter()
    if not config.sandbox and config.advertiser_id is None:
        requests[LIST_ENDPOINT] += 1
    requests[INFO_ENDPOINT] += -(-len(accounts) // BATCH)
    for stream in streams:
        requests[stream.endpoint] += stream.requests
        for first in _lists_first(_named(stream.name)):
            requests[first.endpoint] += stream.windows * _walks(first)
    if activity.query_count:
        requests[activity.endpoint] += activity.query_count
    return Forecast(
        accounts=len(accounts),
        streams=streams,
        questions=activity.query_count,
        questions_open=activity.open_query_count,
        requests=dict(requests),
        seconds={endpoint: _seconds(count, tier_at(endpoint, tier)) for endpoint, count in requests.items()},
    )


def _stream(stream: Stream, parts: Sequence[Partition], activity: EmptyDayFinder) -> StreamForecast:
    windows = sum(part.size for part in parts)
    empty = sum(_empty(part, days) for part in parts if (days := activity.of(part)) is not None)
    firsts = [part.first for part in parts if part.first is not None]
    lasts = [part.last for part in parts if part.last is not None]
    return StreamForecast(
        name=stream.name,
        endpoint=stream.endpoint,
        accounts=sum(part.account is not None for part in parts),
        first=min(firsts, default=None),
        last=max(lasts, default=None),
        windows=windows,
        empty=empty,
        requests=(windows - empty) * _walks(stream),
    )


def _empty(part: Partition, days: AccountDays) -> int:
    return sum(days.is_empty(window) for window in part.windows() if window is not None)


def _walks(stream: Stream) -> int:
    """Lists that are read for one account, each of them at least one request."""
    if stream.scope is not Scope.ACCOUNT or any(_lists_first(stream)):
        return 0  # it is served from the accounts' list, or asks as much as another list has to ask about
    return len(stream.source.queries) if isinstance(stream.source, ObjectSource) else 1


def _lists_first(stream: Stream) -> Iterator[Stream]:
    """The lists that tell what the stream is asked about, and that are read for it once more."""
    if not isinstance(stream.source, ReportSource) and stream.source.parent is not None:
        yield _named(stream.source.parent.stream)
        if stream.source.parent.join_stream is not None:
            yield _named(stream.source.parent.join_stream)


def _named(name: str) -> Stream:
    stream = stream_named(name)
    assert stream is not None  # noqa: S101 - the catalog names its own streams
    return stream


def _seconds(requests: int, tier: Tier) -> float:
    """How long an endpoint takes for so many requests, which a day's quota may spread over days."""
    days, rest = divmod(max(0, requests - 1), tier.per_day)
    per_second = min(tier.per_second, tier.per_minute / 60)
    return days * 86_400.0 + rest / per_second
