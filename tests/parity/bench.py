"""Both connectors against the same emulator: the setup, and what each of them read and asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from parity.peer import Peer
from support import Outcome, catalog_of, config_for, read_from
from tiktok_marketing.catalog import STREAMS, ReportStream
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.emulator.counters import RecordedRequest

Config = dict[str, Any]


def production(emulator: Emulator) -> Config:
    """The usual form for production: `credentials` with `oauth2.0`."""
    config = config_for(emulator)
    return {"credentials": config["credentials"]}


def sandbox(emulator: Emulator) -> Config:
    """The usual form for a sandbox account."""
    return {
        "credentials": {
            "auth_type": "sandbox_access_token",
            "advertiser_id": emulator.sandbox_advertiser_id,
            "access_token": emulator.sandbox_access_token,
        }
    }


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """An emulator and what is read from it.

    Attributes:
        options: The emulator's.
        credentials: Makes the credentials of the configuration.
        fields: The other fields of the configuration.
        ours: Fields that only our configuration has.
        streams: The streams to read; None for all that the kind of account has.
        incremental: Whether streams with a cursor are read incrementally.
        idle: Whether 4.7.0 will do little but wait.
    """

    options: Options
    credentials: Callable[[Emulator], Config] = production
    fields: Mapping[str, Any] = {}
    ours: Mapping[str, Any] = {}
    streams: frozenset[str] | None = None
    incremental: bool = True
    idle: bool = False

    def catalog(self) -> Config:
        """The configured catalog, the same for both."""
        config = self.credentials(Emulator(self.options))
        is_sandbox = config.get("credentials", {}).get("auth_type") == "sandbox_access_token"
        names = {stream.name for stream in STREAMS if stream.sandbox or not is_sandbox}
        catalog = catalog_of(names & (self.streams or names), incremental=self.incremental)
        for entry in catalog["streams"]:
            entry["stream"]["supported_sync_modes"] = ["full_refresh", "incremental"]
        return catalog


class Reading(msgspec.Struct, frozen=True):
    """What a connector delivered, and what it asked for."""

    outcome: Outcome
    asked: list[RecordedRequest]

    def days_asked(self, stream: ReportStream) -> dict[str, list[tuple[str, str]]]:
        """First and last day of each request for a report, earliest first, by account."""
        source = stream.source
        days: dict[str, list[tuple[str, str]]] = {}
        for request in self.asked:
            if (
                request.params.get("report_type") == source.report_type
                and "advertiser_ids" not in request.params  # a query for the days that have data
                and request.params["data_level"] == source.data_level
                and set(json.loads(request.params["dimensions"])) == set(source.dimensions)
            ):
                window = (request.params["start_date"], request.params["end_date"])
                days.setdefault(request.advertiser_id, []).append(window)
        return {account: sorted(windows) for account, windows in days.items()}

    def first_days(self, stream: ReportStream) -> dict[str, str]:
        """The earliest day that was asked for, by account."""
        return {account: days[0][0] for account, days in self.days_asked(stream).items()}


class Pair(msgspec.Struct, frozen=True):
    """Both readings of one setup."""

    theirs: Reading
    ours: Reading


async def read_ours(setup: Setup, state: Any = None) -> Reading:
    """Read with this connector."""
    async with Emulator(setup.options) as emulator:
        config = {**setup.credentials(emulator), **setup.fields, **setup.ours, "requests_per_second": 500}
        moment = emulator.clock.now()
        outcome = await read_from(emulator, config, catalog=setup.catalog(), state=state, now=moment)
        return Reading(outcome, list(emulator.counters.requests))


async def read_theirs(peer: Peer, setup: Setup, state: Any = None) -> Reading:
    """Read with Airbyte's connector."""
    async with Emulator(setup.options) as emulator:
        outcome = await peer.run(
            "read",
            url=emulator.url,
            now=emulator.clock.now(),
            idle=setup.idle,
            config={**setup.credentials(emulator), **setup.fields},
            catalog=setup.catalog(),
            state=state,
        )
        return Reading(outcome, list(emulator.counters.requests))


async def read_both(peer: Peer, setup: Setup) -> Pair:
    """Read with both, without a state."""
    return Pair(await read_theirs(peer, setup), await read_ours(setup))


def june(day: int, hour: int = 11) -> datetime:
    """A moment of June 2026. At 11:00 UTC the first three accounts have the date that UTC has."""
    return datetime(2026, 6, day, hour, tzinfo=UTC)
