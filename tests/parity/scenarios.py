"""What both connectors read. Each scenario runs once per session, and tests examine its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from parity.bench import Config, Pair, Reading, Setup, june, production, read_both, read_ours, read_theirs, sandbox
from parity.peer import Peer
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.emulator import Emulator, Options

REPORTS = frozenset(stream.name for stream in STREAMS if stream.is_report)
OBJECTS = frozenset(stream.name for stream in STREAMS if not stream.is_report)
WITH_CURSOR = frozenset(stream.name for stream in STREAMS if stream.cursor)

FIRST, SECOND = june(13), june(14)
"""The moments of a first sync and of the next one."""


def options(now: datetime = FIRST, **changed: Any) -> Options:
    """A small business: two accounts that have the date of UTC. Ads without a modification time are a test's own."""
    small = {"advertisers": 2, "ads_per_account": 12, "days": 60, "anchor": june(14).date(), "tier": "unlimited"}
    return Options(now=now, **{**small, "null_modify_time": False, **changed})


def reports(now: datetime = FIRST, **changed: Any) -> Setup:
    """All reports of two days before the first moment."""
    fields = {"start_date": "2026-06-12", "attribution_window": 0, **changed.pop("fields", {})}
    return Setup(options=options(now), fields=fields, streams=REPORTS, **changed)


def objects(now: datetime = FIRST, **changed: Any) -> Setup:
    """All objects of a month, in three accounts."""
    fields = {"start_date": "2026-05-15", **changed.pop("fields", {})}
    return Setup(options=options(now, advertisers=3, ads_per_account=60), fields=fields, streams=OBJECTS, **changed)


class Syncs(msgspec.Struct, frozen=True):
    """A first sync with each connector, and the next one from its own state and from the other's."""

    first: Pair
    from_own: Pair
    from_others: Pair
    whole: Reading
    """Ours without a state at the second moment."""


# -- everything that both can read


async def reports_in_full(peer: Peer) -> Pair:
    """All reports, full refresh."""
    return await read_both(peer, reports(incremental=False))


async def objects_in_full(peer: Peer) -> Pair:
    """All objects, full refresh."""
    return await read_both(peer, objects(incremental=False))


async def report_syncs(peer: Peer) -> Syncs:
    """Two syncs of all reports that have a cursor, a day apart."""
    return await _syncs(peer, reports)


async def object_syncs(peer: Peer) -> Syncs:
    """Two syncs of all objects that have a cursor, a day apart."""
    return await _syncs(peer, objects)


async def _syncs(peer: Peer, setup: Callable[[datetime], Setup]) -> Syncs:
    today, tomorrow = (
        msgspec.structs.replace(plain, streams=WITH_CURSOR & (plain.streams or WITH_CURSOR))
        for plain in (setup(FIRST), setup(SECOND))
    )
    first = await read_both(peer, today)
    theirs, ours = first.theirs.outcome.state_file, first.ours.outcome.state_file
    from_own, from_others = await asyncio.gather(read_theirs(peer, tomorrow, theirs), read_theirs(peer, tomorrow, ours))
    return Syncs(
        first,
        Pair(from_own, await read_ours(tomorrow, ours)),
        Pair(from_others, await read_ours(tomorrow, theirs)),
        await read_ours(tomorrow),
    )


DELETED = Setup(
    options=options(june(14), ads_per_account=60, days=120),
    fields={"start_date": "2026-05-01", "end_date": "2026-05-02", "attribution_window": 0, "include_deleted": True},
    streams=REPORTS | {"campaigns", "ad_groups", "ads"},
    incremental=False,
)
"""Days on which campaigns, ad groups and ads were shown that are deleted now."""


async def deleted_too(peer: Peer) -> Pair:
    """All reports and advertising objects with include_deleted."""
    return await read_both(peer, DELETED)


async def sandbox_account(peer: Peer) -> Pair:
    """The 22 streams of a sandbox account, where its assets and itself can be listed."""
    allowed = {"sandbox_accounts_endpoints": True, "sandbox_asset_endpoints": True, "sandbox_throttle": False}
    fields = {"start_date": "2020-12-18", "end_date": "2020-12-19"}
    return await read_both(peer, Setup(options=options(**allowed), credentials=sandbox, fields=fields))


# -- the forms of a configuration


def environment(emulator: Emulator) -> Config:
    """The first form: the token at the top, the application in `environment`."""
    return {
        "access_token": emulator.access_token,
        "environment": {"environment": "prod", "app_id": emulator.app_id, "secret": emulator.secret},
    }


def environment_of_one(emulator: Emulator) -> Config:
    """The same with the one account to read."""
    config = environment(emulator)
    config["environment"]["advertiser_id"] = emulator.advertiser_ids[1]
    return config


def environment_of_sandbox(emulator: Emulator) -> Config:
    """The first form for a sandbox account, which has no secret."""
    return {
        "access_token": emulator.sandbox_access_token,
        "environment": {"environment": "sandbox", "advertiser_id": emulator.sandbox_advertiser_id},
    }


def credentials_of_one(emulator: Emulator) -> Config:
    """The usual form with the one account to read."""
    return {"credentials": {**production(emulator)["credentials"], "advertiser_id": emulator.advertiser_ids[1]}}


FORMS: Mapping[str, Callable[[Emulator], Config]] = {
    "environment": environment,
    "environment_of_one": environment_of_one,
    "environment_of_sandbox": environment_of_sandbox,
    "credentials_of_one": credentials_of_one,
}


async def forms(peer: Peer) -> dict[str, Pair]:
    """A few streams through each older form of the configuration."""
    streams = frozenset({"advertisers", "campaigns", "audiences", "campaigns_reports_daily"})
    allowed = {"sandbox_accounts_endpoints": True, "sandbox_asset_endpoints": True, "sandbox_throttle": False}
    setups = [
        Setup(
            options=options(**allowed),
            credentials=form,
            fields={"start_date": "2020-12-08", "report_granularity": "DAY"}
            | ({"end_date": "2020-12-10"} if "sandbox" in name else {}),
            streams=streams - {"advertisers", "audiences"} if "sandbox" in name else streams,
        )
        for name, form in FORMS.items()
    ]
    return dict(zip(FORMS, await asyncio.gather(*(read_both(peer, setup) for setup in setups)), strict=True))
