"""Credentials, accounts, scopes, quota and clock: what TikTok says to whoever asks with this configuration."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import AnyStream, Grain, ReportStream, Scope
from tiktok_marketing.clock import Clock, clock_difference
from tiktok_marketing.config import Config
from tiktok_marketing.doctor.findings import Finding, Severity
from tiktok_marketing.errors import Action, ConnectorError, TikTokError
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.plan.zones import day_in
from tiktok_marketing.sync.read.accounts import INFO_ENDPOINT, find_accounts
from tiktok_marketing.sync.read.objects import object_requests
from tiktok_marketing.sync.read.report_requests import account_params

CREDENTIALS, ACCOUNTS, SCOPES, QUOTA, CLOCK = "credentials", "accounts", "scopes", "quota", "clock"

_ACCOUNTS_TRIED = 20
"""Accounts whose reports are tried: the right to read them is the application's, and hardly ever one account's."""
_PLAIN = "BASIC"
_HIGHEST_TIER = 50
_BURST_SECONDS = 1.3
CLOCK_IS_OFF = timedelta(seconds=60)
CLOCK_IS_WRONG = timedelta(minutes=10)
"""Objects that change within ten minutes before a sync are read again by the next one: a clock that is further ahead
makes it pass over changes."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What asking TikTok has shown.

    Args:
        accounts: The accounts to read, those out of reach included; None if they cannot be listed.
        findings: What is wrong.
        asked: The streams that were tried, by name.
        denied: Those of them that the application may not read.
        offset: How far this machine's clock is ahead of TikTok's; None if TikTok did not say.
    """

    accounts: tuple[Account, ...] | None
    findings: tuple[Finding, ...]
    asked: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    offset: timedelta | None = None

    @property
    def readable(self) -> tuple[Account, ...]:
        """The accounts that TikTok gives."""
        return tuple(account for account in self.accounts or () if not out_of_reach(account))

    @property
    def answering(self) -> tuple[Account, ...]:
        """Those of them whose data it gives as well, as far as that was tried."""
        refused = {finding.advertiser_id for finding in self.findings if finding.check == ACCOUNTS}
        return tuple(account for account in self.readable if account.advertiser_id not in refused)


def out_of_reach(account: Account) -> bool:
    """Whether TikTok refuses the account to this token."""
    return account.error is not None and account.error.inaccessible


async def examine_access(
    config: Config, api: Client, clock: Clock, streams: Iterable[AnyStream], *, alone: bool = True
) -> Access:
    """Ask for the accounts, one record of each endpoint, and as fast as the configuration says TikTok may be asked.

    Args:
        config: What the user asked for.
        api: Where to ask.
        clock: The time.
        streams: The streams that must be readable.
        alone: Whether no sync is using the quota at this moment; it is not tried otherwise.
    """
    findings: list[Finding] = []
    accounts: tuple[Account, ...] | None = None
    asked: list[str] = []
    denied: list[str] = []
    try:
        found = await find_accounts(config, api)
    except ConnectorError as error:
        findings.append(_of(error, CREDENTIALS))
    else:
        accounts = found.chosen
        if found.incomplete is not None:
            findings.append(_of(found.incomplete, ACCOUNTS))
        findings += _judged_accounts(accounts, config)
        readable = [account for account in accounts if not out_of_reach(account)]
        if readable:
            asked, denied, refused = await _try_streams(api, readable, list(streams), config, clock)
            findings += refused
            findings += await _try_quota(config, api, readable[0]) if alone else []
    offset = api.stats.clock_ahead
    findings += judge_clock(offset)
    return Access(accounts=accounts, findings=tuple(findings), asked=tuple(asked), denied=tuple(denied), offset=offset)


def _judged_accounts(accounts: Sequence[Account], config: Config) -> Iterator[Finding]:
    for account in accounts:
        if out_of_reach(account):
            assert account.error is not None  # noqa: S101 - narrows the type
            yield refused_account(account.error, config, account.advertiser_id)


def refused_account(error: TikTokError, config: Config, advertiser_id: str, stream: str | None = None) -> Finding:
    """What it means that TikTok refuses an account: nothing new, if the configuration says to go on without it."""
    if config.skip_inaccessible_advertisers and error.inaccessible:
        return Finding(
            severity=Severity.NOTE,
            check=ACCOUNTS,
            message=f"It is skipped, as configured: {error.message}",
            advertiser_id=advertiser_id,
            stream=stream,
        )
    return msgspec.structs.replace(_of(error, ACCOUNTS), advertiser_id=advertiser_id, stream=stream)


def _of(error: ConnectorError, check: str) -> Finding:
    return Finding(severity=Severity.WRONG, check=check, message=error.message, remedy=error.remedy)


# -- scopes


class _Trial(msgspec.Struct, frozen=True):
    """One request, and the streams that need it to be answered."""

    endpoint: str
    account: Account
    params: dict[str, Any]
    streams: tuple[str, ...]


async def _try_streams(
    api: Client, accounts: Sequence[Account], streams: Sequence[AnyStream], config: Config, clock: Clock
) -> tuple[list[str], list[str], list[Finding]]:
    """Ask each endpoint for one record: TikTok grants each kind of data apart from the others.

    Returns:
        The streams that were tried, those that the application may not read, and what is wrong.
    """
    trials = _trials(accounts, streams, config, clock.now())
    errors = await asyncio.gather(*(_try(api, trial) for trial in trials))
    findings: dict[tuple[str | None, str | None, str], Finding] = {}
    denied: list[str] = []
    for trial, error in zip(trials, errors, strict=True):
        if error is None:
            continue
        advertiser_id = trial.account.advertiser_id
        if error.action is Action.FAIL_ACCOUNT:
            finding = refused_account(error, config, advertiser_id)
        else:
            check = CREDENTIALS
            if error.action is Action.FAIL_STREAM:
                check = SCOPES
                denied += trial.streams
            finding = msgspec.structs.replace(
                _of(error, check),
                stream=trial.streams[0],
                message=f"{error.message} It is needed for {_names(trial.streams)}.",
            )
        findings.setdefault((finding.advertiser_id, finding.stream, trial.endpoint), finding)
    asked = dict.fromkeys(name for trial in trials for name in trial.streams)
    return list(asked), list(dict.fromkeys(denied)), list(findings.values())


def _trials(accounts: Sequence[Account], streams: Sequence[AnyStream], config: Config, now: datetime) -> list[_Trial]:
    kinds: dict[tuple[str, str], list[AnyStream]] = {}
    for stream in streams:
        needs_parent = not isinstance(stream, ReportStream) and stream.source.parent is not None
        if stream.scope is Scope.ACCOUNT and not needs_parent:
            kind = stream.source.report_type if isinstance(stream, ReportStream) else ""
            kinds.setdefault((stream.endpoint, kind), []).append(stream)
    trials = []
    for (endpoint, kind), those in kinds.items():
        # Sums over all time take none of the dates that the sandbox, say, is particular about.
        stream = next((one for one in those if _grain(one) is not Grain.LIFETIME), those[0])
        names = tuple(one.name for one in those)
        tried = accounts[: _ACCOUNTS_TRIED if kind == _PLAIN else 1]
        trials += [_Trial(endpoint, account, _one_record(stream, account, config, now), names) for account in tried]
    return trials


def _grain(stream: AnyStream) -> Grain | None:
    return stream.source.grain if isinstance(stream, ReportStream) else None


def _one_record(stream: AnyStream, account: Account, config: Config, now: datetime) -> dict[str, Any]:
    if isinstance(stream, ReportStream):
        source, today = stream.source, account.today(now)
        window = None if source.grain is Grain.LIFETIME else Window(today, today)
        every_status = config.include_deleted
        params = account_params(source, account.advertiser_id, window, ("spend",), every_status=every_status)
        return params | {"page": 1, "page_size": 1}
    request = object_requests(
        stream, account.advertiser_id, include_deleted=config.include_deleted, today=day_in(UTC, now)
    )[0]
    return {**request.params} | ({"page": 1, "page_size": 1} if request.page_size else {})


async def _try(api: Client, trial: _Trial) -> TikTokError | None:
    try:
        await api.get(
            trial.endpoint,
            trial.params,
            msgspec.json.decode,
            advertiser_id=trial.account.advertiser_id,
            partial_ok=True,  # the question is whether it may be asked at all
        )
    except TikTokError as error:
        return error
    return None


def _names(names: Sequence[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more streams" if len(names) > most else ""
    return ", ".join(names[:most]) + more


# -- quota


async def _try_quota(config: Config, api: Client, account: Account) -> list[Finding]:
    """Ask a cheap endpoint for a second as fast as a sync may, and see whether TikTok bears it."""
    if config.sandbox:
        return []  # its quota is fixed, and small
    rate = config.requests_per_second
    wanted = max(2, math.ceil(min(rate, _HIGHEST_TIER) * _BURST_SECONDS))
    tally = api.stats
    accepted = 0

    async def ask() -> None:
        nonlocal accepted
        await api.get(
            INFO_ENDPOINT,
            {"advertiser_ids": [account.advertiser_id], "fields": ["advertiser_id"]},
            msgspec.json.decode,
            advertiser_id=account.advertiser_id,
            partial_ok=True,
        )
        accepted += not tally.refused

    refused_before = tally.refused
    asking = [asyncio.create_task(ask()) for _ in range(wanted)]
    try:
        while not tally.refused and not all(task.done() for task in asking):
            await asyncio.wait(asking, timeout=0.05)
    finally:
        for task in asking:
            task.cancel()
        outcomes = await asyncio.gather(*asking, return_exceptions=True)
    failed = next((one for one in outcomes if isinstance(one, ConnectorError)), None)
    if tally.refused:
        return [judge_quota(rate, None if refused_before else accepted)]
    if failed is not None:
        return [msgspec.structs.replace(_of(failed, QUOTA), severity=Severity.NOTE)]
    return []


def judge_quota(rate: float, accepted: int | None) -> Finding:
    """What it means that TikTok refused requests that came at the configured rate.

    Args:
        rate: Requests a second that the configuration allows.
        accepted: How many TikTok took within about a second before; None if it is not known.
    """
    bears = f" It took about {accepted} within a second." if accepted else ""
    advice = f"Set requests_per_second to {accepted} or less" if accepted else "Lower requests_per_second"
    return Finding(
        severity=Severity.WRONG,
        check=QUOTA,
        message=f"TikTok refuses requests that come at the configured rate of {rate:g} a second (code 40100).{bears} "
        "Either the application's tier is lower, or other programs use the same application.",
        remedy=f"{advice}, or look up the application's tier in the TikTok developer portal.",
    )


# -- clock


def judge_clock(offset: timedelta | None) -> Iterator[Finding]:
    """What a clock that is so far ahead of TikTok's (or behind it) means."""
    if offset is None or abs(offset) < CLOCK_IS_OFF:
        return
    yield Finding(
        severity=Severity.WRONG if abs(offset) >= CLOCK_IS_WRONG else Severity.WARNING,
        check=CLOCK,
        message=f"{clock_difference(offset)}: a sync decides by it which days there are.",
        remedy="Set the clock, best with NTP (timedatectl set-ntp true).",
    )
