"""Whole syncs in a hurry: over real sockets, with real timeouts, and with waits that are sixty times shorter."""

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
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.sync.events import Checkpoint, Failure, Notice, Rows, StreamEnded
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.run.engine import Sync

LATE_STARTS = RetryPolicy(first_contact=900.0)
"""Nothing is reached at first where the emulator starts late; how late is the machine's mood."""


class Result(msgspec.Struct):
    """What a sync did.

    Args:
        rows: For each stream, its records by key.
        states: The last state of each stream.
        failures: Everything that is said to be missing.
        notices: What was said besides.
        twice: Records that came more than once.
        stopped: The error that kept anything from being read.
        waits: What was announced before waits.
    """

    rows: dict[str, dict[Any, Any]]
    states: dict[str, Mapping[str, Any]]
    failures: list[Failure]
    notices: list[str]
    twice: list[Any]
    stopped: ConnectorError | None = None
    waits: list[str] = []

    @property
    def missing(self) -> set[tuple[str, str | None]]:
        """Stream and account of all that is said to be missing, and not tolerated."""
        return {(one.stream, one.advertiser_id) for one in self.failures if not one.tolerated}


def small(**options: Any) -> Emulator:
    """A business of three accounts without a quota, at a moment that stands still."""
    given = {"now": NOW, "tier": "unlimited", "days": 12, "advertisers": 3, "ads_per_account": 12, "not_granted": 0}
    return Emulator(Options(**given | options))


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
    """Read these streams of an emulator."""
    chosen = [stream for stream in STREAMS if stream.name in set(streams)]
    config = parse_config(config_for(emulator, start_date="2026-06-09", **fields))
    clock = HurriedClock(NOW)
    found = Result({stream.name: {} for stream in chosen}, {}, [], [], [])
    selected = [Selected(stream, incremental=stream.cursor is not None) for stream in chosen]
    async with HttpTransport(url or emulator.url, read_timeout=read_timeout, resolver=resolver) as transport:
        api = Client(
            transport,
            config.access_token,
            RateLimiters(tier_of(500), clock),
            clock,
            policy=policy,
            secrets=config.secrets,
            on_wait=lambda waiting: found.waits.append(str(waiting)),
        )
        try:
            async for event in Sync(config, selected, {}, api, clock).events():
                _take(event, found)
        except ConnectorError as error:
            found.stopped = error
    return found


def _take(event: Any, found: Result) -> None:
    match event:
        case Rows(stream=stream, records=records, advertiser_id=advertiser_id):
            rows = found.rows[stream.name]
            for record in records:
                told = msgspec.to_builtins(record)
                if stream.is_report:
                    told = {"advertiser_id": advertiser_id, **told["dimensions"], **told}
                key = key_of(stream, told)
                if key in rows:
                    found.twice.append((stream.name, key))
                rows[key] = told
        case Checkpoint(stream=stream, state=state):
            found.states[stream.name] = state
        case StreamEnded(failures=failures):
            found.failures += failures
        case Notice(text=text):
            found.notices.append(text)
