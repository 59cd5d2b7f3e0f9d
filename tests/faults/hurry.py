"""Whole syncs with real sockets and timeouts, and with waits that are sixty times shorter."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from aiohttp.abc import AbstractResolver

from support import NOW, HurriedClock, config_for, key_of
from tiktok_marketing.api.client import Client
from tiktok_marketing.api.rate_limit.limiters import RateLimiters
from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.retry_policy import RetryPolicy
from tiktok_marketing.api.transport import HttpTransport
from tiktok_marketing.catalog import ALL_STREAMS
from tiktok_marketing.config import AIRBYTE, parse_config
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.sync.events import Checkpoint, Failure, Notice, Rows, StreamEnded
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.run.engine import Sync

LATE_STARTS = RetryPolicy(first_contact=900.0)
"""Nothing is reached at first where the emulator starts late; how late is the machine's mood."""


class Result(msgspec.Struct):
    """The outcome of a sync.

    Args:
        rows: For each stream, its records by key.
        states: The last state of each stream.
        failures: Everything that is reported as missing.
        notices: The other messages.
        duplicates: Records that came more than once.
        stopped: The error that ended the sync before any stream.
        waits: What was announced before waits.
    """

    rows: dict[str, dict[Any, Any]]
    states: dict[str, Mapping[str, Any]]
    failures: list[Failure]
    notices: list[str]
    duplicates: list[Any]
    stopped: ConnectorError | None = None
    waits: list[str] = []

    @property
    def missing(self) -> set[tuple[str, str | None]]:
        """Stream and account of everything that is reported as missing, and not tolerated."""
        return {(failure.stream, failure.advertiser_id) for failure in self.failures if not failure.tolerated}


def small(**options: Any) -> Emulator:
    """A business of three accounts without a quota, at a fixed time."""
    defaults = {"now": NOW, "tier": "unlimited", "days": 12, "advertisers": 3, "ads_per_account": 12, "not_granted": 0}
    return Emulator(Options(**defaults | options))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def synced(
    emulator: Emulator,
    streams: Iterable[str],
    *,
    read_timeout: float = 30.0,
    url: str | None = None,
    resolver: AbstractResolver | None = None,
    policy: RetryPolicy = LATE_STARTS,
    **fields: Any,
) -> Result:
    """Read these streams from an emulator."""
    chosen = [stream for stream in ALL_STREAMS if stream.name in set(streams)]
    config = parse_config(config_for(emulator, start_date="2026-06-09", **fields), AIRBYTE)
    clock = HurriedClock(NOW)
    result = Result({stream.name: {} for stream in chosen}, {}, [], [], [])
    selected = [Selected(stream, incremental=stream.cursor is not None) for stream in chosen]
    async with HttpTransport(url or emulator.url, read_timeout=read_timeout, resolver=resolver) as transport:
        api = Client(
            transport,
            config.access_token,
            RateLimiters(tier_of(500), clock),
            clock,
            policy=policy,
            secrets=config.secrets,
            on_wait=lambda waiting: result.waits.append(str(waiting)),
        )
        try:
            async for event in Sync(config, selected, {}, api, clock).events():
                _take(event, result)
        except ConnectorError as error:
            result.stopped = error
    return result


def _take(event: Any, result: Result) -> None:
    match event:
        case Rows(stream=stream, records=records, advertiser_id=advertiser_id):
            rows = result.rows[stream.name]
            for record in records:
                fields = msgspec.to_builtins(record)
                if stream.is_report:
                    fields = {"advertiser_id": advertiser_id, **fields["dimensions"], **fields}
                key = key_of(stream, fields)
                if key in rows:
                    result.duplicates.append((stream.name, key))
                rows[key] = fields
        case Checkpoint(stream=stream, state=state):
            result.states[stream.name] = state
        case StreamEnded(failures=failures):
            result.failures += failures
        case Notice(text=text):
            result.notices.append(text)
