"""Where 4.7.0 goes wrong: a small scenario per fault. Faults that need the same setup share one."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import date
from tempfile import NamedTemporaryFile
from typing import Any

import msgspec

from parity.bench import Config, Pair, Setup, june, production, read_both, read_ours, read_theirs, sandbox
from parity.peer import Peer
from parity.scenarios import FIRST, SECOND, environment_of_sandbox, options
from support import Outcome
from tiktok_marketing.emulator import Emulator
from tiktok_marketing.emulator.faults import Fault

TODAY = june(14)


def truth_of(setup: Setup, start: str, end: str, **choices: Any) -> dict[str, dict[str, Any]]:
    """What a complete reader must end up with, by account."""
    emulator = Emulator(setup.options)
    return {
        account: emulator.truth(account, date.fromisoformat(start), date.fromisoformat(end), **choices)
        for account in emulator.advertiser_ids
    }


def setup_of(*streams: str, start: str, end: str | None = None, **changed: Any) -> Setup:
    """A few streams of the small business."""
    fields = {"start_date": start, **({"end_date": end} if end else {}), **changed.pop("fields", {})}
    asked = {name: changed.pop(name) for name in ("credentials", "ours", "idle", "incremental") if name in changed}
    return Setup(options=options(**{"now": TODAY, **changed}), fields=fields, streams=frozenset(streams), **asked)


PAGES = setup_of(
    "ads", "creative_assets_images", start="2026-05-20", advertisers=1, ads_per_account=2500, incremental=False
)
SMART_PLUS = setup_of("ads", start="2026-05-15", ads_per_account=60, null_modify_time=True)
ONE_DAY = setup_of(
    "campaigns_reports_daily", "campaigns_audience_reports_daily", "advertisers_audience_reports_lifetime",
    start="2026-06-12", end="2026-06-12",
)  # fmt: skip
MONTH = setup_of(
    "campaigns_reports_daily", "campaigns_audience_reports_by_platform_daily", start="2026-05-15", end="2026-06-14"
)
YEARS = setup_of("advertisers_reports_daily", "advertisers_audience_reports_lifetime", start="2024-01-01", days=400)
CUT = setup_of("ads_reports_daily", start="2026-06-12", ad_report_limit=6)
EVENING = setup_of("advertisers_reports_daily", start="2026-06-13", now=june(14, 18), advertisers=3)
TROUBLE = setup_of(
    "campaigns", "ad_groups", "ads", "audiences", "advertisers_reports_daily", "creative_assets_portfolios",
    start="2026-06-01",
    faults=(
        Fault(path="campaign/get/", first=1, code=50002),
        Fault(path="adgroup/get/", first=1, code=51010),
        Fault(path="ad/get/", first=1, code=50000),
        Fault(path="dmp/custom_audience/list/", first=1, code=40133),
        Fault(path="report/integrated/get/", first=1, code=40067),
    ),
)  # fmt: skip
SUSPENDED = setup_of(
    "creative_assets_portfolios", start="2026-06-01", advertisers=1, idle=True,
    faults=(Fault(path="creative/portfolio/list/", first=6, code=40100),),
)  # fmt: skip
EMPTY_END = setup_of("campaigns", start="2026-06-01", fields={"end_date": ""})


async def lost_pages(peer: Peer) -> Pair:
    """Lists of several pages, with objects older than start_date on the first."""
    return await read_both(peer, PAGES)


async def smart_plus(peer: Peer) -> Pair:
    """Ads of upgraded Smart+ campaigns, which come without a modification time."""
    return await read_both(peer, SMART_PLUS)


async def one_day(peer: Peer) -> Pair:
    """start_date equal to end_date."""
    return await read_both(peer, ONE_DAY)


async def month(peer: Peer) -> Pair:
    """A range of 31 days."""
    return await read_both(peer, MONTH)


async def years(peer: Peer) -> Pair:
    """A start_date years before the accounts."""
    return await read_both(peer, YEARS)


async def cut(peer: Peer) -> Pair:
    """Reports that TikTok cuts after the newest ads, and says so in a header."""
    return await read_both(peer, CUT)


async def evening(peer: Peer) -> Pair:
    """It is tomorrow already in Auckland."""
    return await read_both(peer, EVENING)


async def trouble(peer: Peer) -> Pair:
    """Codes that go away when the request is sent once more, or in parts."""
    return await read_both(peer, TROUBLE)


async def suspended(peer: Peer) -> Pair:
    """TikTok refuses the application for longer than half a minute."""
    return Pair(*await asyncio.gather(read_theirs(peer, SUSPENDED), read_ours(SUSPENDED)))


async def empty_end(peer: Peer) -> Pair:
    """The user interface leaves an empty text where end_date was."""
    return await read_both(peer, EMPTY_END)


# -- accounts that are not equally far


class Handover(msgspec.Struct, frozen=True):
    """A first sync in which accounts got differently far, and the next one by the same and by the other connector."""

    first: Pair
    from_own: Pair
    from_others: Pair


REFRESHED = ("advertisers_reports_daily", "campaigns_reports_lifetime", "campaigns")
UNEVEN = ("advertisers_reports_daily", "campaigns_reports_hourly", "campaigns")


def _limited(emulator: Emulator) -> Config:
    """The token when it reached the first account only."""
    config = production(emulator)
    config["credentials"]["access_token"] = emulator.limited_access_token
    return config


async def _handover(peer: Peer, first: Setup, then: Setup) -> Handover:
    begun = await read_both(peer, first)
    theirs, ours = begun.theirs.outcome.state_file, begun.ours.outcome.state_file
    own, others = await asyncio.gather(read_theirs(peer, then, theirs), read_theirs(peer, then, ours))
    return Handover(
        begun,
        Pair(own, await read_ours(then, ours)),
        Pair(others, await read_ours(then, theirs)),
    )


async def new_account(peer: Peer) -> Handover:
    """The token reaches a second account at the second sync. The configuration has no attribution_window."""
    streams = UNEVEN[:1]
    first = setup_of(*streams, start="2026-06-08", now=FIRST, credentials=_limited)
    return await _handover(peer, first, setup_of(*streams, start="2026-06-08", now=SECOND))


async def refused_account(peer: Peer) -> Handover:
    """TikTok refuses the second account at the first sync, and no more at the second one."""
    second = Emulator(options()).advertiser_ids[1]
    refusals = tuple(
        Fault(path=path, advertiser=second, code=40001) for path in ("report/integrated/get/", "campaign/get/")
    )
    fields = {"attribution_window": 1}
    first = setup_of(*UNEVEN, start="2026-06-10", now=FIRST, faults=refusals, fields=fields)
    return await _handover(peer, first, setup_of(*UNEVEN, start="2026-06-10", now=SECOND, fields=fields))


async def refused_refresh(peer: Peer) -> Handover:
    """In a full refresh, TikTok refuses the second account in the first attempt, and no more in the next."""
    second = Emulator(options()).advertiser_ids[1]
    refusals = tuple(
        Fault(path=path, advertiser=second, code=40001) for path in ("report/integrated/get/", "campaign/get/")
    )
    first = setup_of(*REFRESHED, start="2026-06-10", now=FIRST, faults=refusals, incremental=False)
    return await _handover(peer, first, setup_of(*REFRESHED, start="2026-06-10", now=FIRST, incremental=False))


async def finished_refresh(peer: Peer) -> Handover:
    """A full refresh gets the state of one that was finished, as from a runner that keeps every state."""
    setup = setup_of(*REFRESHED, start="2026-06-10", now=FIRST, incremental=False)
    return await _handover(peer, setup, setup)


# -- what is not a read


class Hosts(msgspec.Struct, frozen=True):
    """How many requests each of TikTok's two hosts got."""

    production: int
    sandbox: int


async def old_sandbox_host(peer: Peer) -> Hosts:
    """The first form of a sandbox's configuration, with two emulators in the place of the two hosts."""
    setup = setup_of("campaigns", start="2020-12-18", sandbox_throttle=False, credentials=environment_of_sandbox)
    async with Emulator(setup.options) as usual, Emulator(setup.options) as mock:
        await peer.run(
            "read",
            url=usual.url,
            sandbox_url=mock.url,
            now=TODAY,
            config={**environment_of_sandbox(usual), **setup.fields},
            catalog=setup.catalog(),
        )
        return Hosts(usual.counters.total(), mock.counters.total())


class Commands(msgspec.Struct, frozen=True):
    """What a command of each executable wrote."""

    theirs: Outcome
    ours: Outcome


async def _command(peer: Peer, command: str, emulator: Emulator, config: Config) -> Commands:
    theirs = await peer.run(command, url=emulator.url, now=TODAY, config=config)
    with NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(config, file)
        file.flush()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tiktok_marketing.airbyte", command, "--config", file.name,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "TIKTOK_API_URL": emulator.url},
        )  # fmt: skip
        output, _ = await process.communicate()
    return Commands(theirs, Outcome(output.splitlines(), process.returncode or 0))


async def sandbox_check(peer: Peer) -> Commands:
    """`check` of a sandbox account, about which TikTok tells nothing."""
    async with Emulator(options(sandbox_throttle=False)) as emulator:
        return await _command(peer, "check", emulator, {**sandbox(emulator), "start_date": "2020-12-18"})


async def discovery(peer: Peer) -> dict[str, Commands]:
    """`discover` with both kinds of account."""
    emulator = Emulator(options())
    kinds = {"production": production(emulator), "sandbox": sandbox(emulator)}
    found = await asyncio.gather(*(_command(peer, "discover", emulator, config) for config in kinds.values()))
    return dict(zip(kinds, found, strict=True))
