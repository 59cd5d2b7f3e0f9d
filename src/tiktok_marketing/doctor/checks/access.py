"""Checks credentials, accounts, scopes, quota and clock: what TikTok answers to this configuration."""

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
"""Accounts whose reports are tried. The right to read them usually belongs to the application, rarely to an account."""
_PLAIN = "BASIC"
_HIGHEST_TIER = 50
_BURST_SECONDS = 1.3
CLOCK_IS_OFF = timedelta(seconds=60)
CLOCK_IS_WRONG = timedelta(minutes=10)
"""Objects that change within ten minutes before a sync are read again by the next sync. If the clock is further ahead,
a sync misses changes."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What TikTok's answers have shown.

    Args:
        accounts: The accounts to read, including those that are inaccessible; None if they cannot be listed.
        findings: What is wrong.
        tried: The names of the streams that were tried.
        denied: The names of the streams that the application may not read.
        offset: How far this machine's clock is ahead of TikTok's; None if TikTok did not say.
    """

    accounts: tuple[Account, ...] | None
    findings: tuple[Finding, ...]
    tried: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    offset: timedelta | None = None

    @property
    def readable(self) -> tuple[Account, ...]:
        """The accounts that this token may read."""
        return tuple(account for account in self.accounts or () if not is_inaccessible(account))

    @property
    def answering(self) -> tuple[Account, ...]:
        """The readable accounts whose data TikTok returned too, as far as that was tried."""
        refused = {finding.advertiser_id for finding in self.findings if finding.check == ACCOUNTS}
        return tuple(account for account in self.readable if account.advertiser_id not in refused)


def is_inaccessible(account: Account) -> bool:
    """Whether TikTok refuses this token access to the account."""
    return account.error is not None and account.error.inaccessible


async def examine_access(
    config: Config, api: Client, clock: Clock, streams: Iterable[AnyStream], *, alone: bool = True
) -> Access:
    """Request the accounts and a record of each endpoint, and try the configured request rate.

    Args:
        config: The user's configuration.
        api: The client.
        clock: The time.
        streams: The streams that must be readable.
        alone: Whether no sync is using the quota now. Otherwise the rate is not tried.
    """
    findings: list[Finding] = []
    accounts: tuple[Account, ...] | None = None
    tried: list[str] = []
    denied: list[str] = []
    try:
        listing = await find_accounts(config, api)
    except ConnectorError as error:
        findings.append(_of(error, CREDENTIALS))
    else:
        accounts = listing.chosen
        if listing.incomplete is not None:
            findings.append(_of(listing.incomplete, ACCOUNTS))
        findings += _account_findings(accounts, config)
        readable = [account for account in accounts if not is_inaccessible(account)]
        if readable:
            tried, denied, refusals = await _try_streams(api, readable, list(streams), config, clock)
            findings += refusals
            findings += await _try_quota(config, api, readable[0]) if alone else []
    offset = api.stats.clock_ahead
    findings += clock_findings(offset)
    return Access(accounts=accounts, findings=tuple(findings), tried=tuple(tried), denied=tuple(denied), offset=offset)


def _account_findings(accounts: Sequence[Account], config: Config) -> Iterator[Finding]:
    for account in accounts:
        if is_inaccessible(account):
            assert account.error is not None  # noqa: S101 - narrows the type
            yield refusal_finding(account.error, config, account.advertiser_id)


def refusal_finding(error: TikTokError, config: Config, advertiser_id: str, stream: str | None = None) -> Finding:
    """Return the finding for an account that TikTok refuses: only a note, if the configuration says to skip it."""
    if config.skip_inaccessible_advertisers and error.inaccessible:
        return Finding(
            severity=Severity.NOTE,
            check=ACCOUNTS,
            message=f"The account is skipped, as configured: {error.message}",
            advertiser_id=advertiser_id,
            stream=stream,
        )
    return msgspec.structs.replace(_of(error, ACCOUNTS), advertiser_id=advertiser_id, stream=stream)


def _of(error: ConnectorError, check: str) -> Finding:
    return Finding(severity=Severity.WRONG, check=check, message=error.message, remedy=error.remedy)


# -- scopes


class _Trial(msgspec.Struct, frozen=True):
    """A request, and the streams that need TikTok to answer it."""

    endpoint: str
    account: Account
    params: dict[str, Any]
    streams: tuple[str, ...]


async def _try_streams(
    api: Client, accounts: Sequence[Account], streams: Sequence[AnyStream], config: Config, clock: Clock
) -> tuple[list[str], list[str], list[Finding]]:
    """Request a record from each endpoint, because TikTok grants each kind of data separately.

    Returns:
        The streams that were tried, the streams that the application may not read, and the findings.
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
            finding = refusal_finding(error, config, advertiser_id)
        else:
            check = CREDENTIALS
            if error.action is Action.FAIL_STREAM:
                check = SCOPES
                denied += trial.streams
            finding = msgspec.structs.replace(
                _of(error, check),
                stream=trial.streams[0],
                message=f"{error.message} These streams need it: {_names(trial.streams)}.",
            )
        findings.setdefault((finding.advertiser_id, finding.stream, trial.endpoint), finding)
    tried = dict.fromkeys(name for trial in trials for name in trial.streams)
    return list(tried), list(dict.fromkeys(denied)), list(findings.values())


def _trials(accounts: Sequence[Account], streams: Sequence[AnyStream], config: Config, now: datetime) -> list[_Trial]:
    by_kind: dict[tuple[str, str], list[AnyStream]] = {}
    for stream in streams:
        needs_parent = not isinstance(stream, ReportStream) and stream.source.parent is not None
        if stream.scope is Scope.ACCOUNT and not needs_parent:
            kind = stream.source.report_type if isinstance(stream, ReportStream) else ""
            by_kind.setdefault((stream.endpoint, kind), []).append(stream)
    trials = []
    for (endpoint, kind), of_kind in by_kind.items():
        # Lifetime reports have no dates, and dates are a reason for which for example the sandbox refuses a request.
        stream = next((stream for stream in of_kind if _grain(stream) is not Grain.LIFETIME), of_kind[0])
        names = tuple(stream.name for stream in of_kind)
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
            partial_ok=True,  # the only question is whether TikTok answers at all
        )
    except TikTokError as error:
        return error
    return None


def _names(names: Sequence[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more streams" if len(names) > most else ""
    return ", ".join(names[:most]) + more


# -- quota


async def _try_quota(config: Config, api: Client, account: Account) -> list[Finding]:
    """Send requests to a cheap endpoint for a second, as fast as a sync may, and see whether TikTok accepts them."""
    if config.sandbox:
        return []  # its quota is fixed and small
    rate = config.requests_per_second
    count = max(2, math.ceil(min(rate, _HIGHEST_TIER) * _BURST_SECONDS))
    stats = api.stats
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
        accepted += not stats.refused

    refused_before = stats.refused
    tasks = [asyncio.create_task(ask()) for _ in range(count)]
    try:
        while not stats.refused and not all(task.done() for task in tasks):
            await asyncio.wait(tasks, timeout=0.05)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    failure = next((outcome for outcome in outcomes if isinstance(outcome, ConnectorError)), None)
    if stats.refused:
        return [quota_finding(rate, None if refused_before else accepted)]
    if failure is not None:
        return [msgspec.structs.replace(_of(failure, QUOTA), severity=Severity.NOTE)]
    return []


def quota_finding(rate: float, accepted: int | None) -> Finding:
    """Return the finding for requests at the configured rate that TikTok refused.

    Args:
        rate: The configured requests per second.
        accepted: How many requests TikTok accepted within about a second before that; None if it is not known.
    """
    limit = f" It accepted about {accepted} within a second." if accepted else ""
    advice = f"Set requests_per_second to {accepted} or less" if accepted else "Lower requests_per_second"
    return Finding(
        severity=Severity.WRONG,
        check=QUOTA,
        message=f"TikTok refuses requests at the configured rate of {rate:g} per second (code 40100).{limit} "
        "Either the application's tier is lower, or other programs use the same application.",
        remedy=f"{advice}, or look up the application's tier in the TikTok developer portal.",
    )


# -- clock


def clock_findings(offset: timedelta | None) -> Iterator[Finding]:
    """Return what it means that this machine's clock is so far ahead of TikTok's (or behind it)."""
    if offset is None or abs(offset) < CLOCK_IS_OFF:
        return
    yield Finding(
        severity=Severity.WRONG if abs(offset) >= CLOCK_IS_WRONG else Severity.WARNING,
        check=CLOCK,
        message=f"{clock_difference(offset)}. A sync decides by the clock which days there are.",
        remedy="Set the clock, preferably with NTP (timedatectl set-ntp true).",
    )
