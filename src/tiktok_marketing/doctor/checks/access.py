"""Checks credentials, accounts, scopes and clock: what TikTok answers to this configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.api.envelope import no_data
from tiktok_marketing.catalog import AnyStream, Grain, ReportSource, ReportStream, Scope, stream_named
from tiktok_marketing.clock import Clock, clock_difference
from tiktok_marketing.config import Config
from tiktok_marketing.doctor.checks.quota import try_quota
from tiktok_marketing.doctor.findings import CREDENTIALS, Finding, Severity, error_finding
from tiktok_marketing.errors import Action, ConnectorError, PermissionDeniedError, RateLimitError, TikTokError
from tiktok_marketing.sync.plan.accounts import Account, Accounts
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.plan.zones import day_in
from tiktok_marketing.sync.read.accounts import find_accounts, list_problem, stop_if_nothing_answers
from tiktok_marketing.sync.read.objects import object_requests
from tiktok_marketing.sync.read.report_trial import try_report

ACCOUNTS, SCOPES, CLOCK = "accounts", "scopes", "clock"

_ACCOUNTS_TRIED = 20
"""Accounts whose reports are tried. The right to read them usually belongs to the application, rarely to an account."""
_PLAIN = "BASIC"
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
        reached: Whether TikTok answered at all.
    """

    accounts: tuple[Account, ...] | None
    findings: tuple[Finding, ...]
    tried: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    offset: timedelta | None = None
    reached: bool = True

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
    config: Config,
    api: Client,
    clock: Clock,
    streams: Iterable[AnyStream],
    *,
    alone: bool = True,
    on_step: Callable[[str], None] = lambda _: None,
) -> Access:
    """Request the accounts and a record of each endpoint, and try the configured request rate.

    Args:
        config: The user's configuration.
        api: The client.
        clock: The time.
        streams: The streams that must be readable.
        alone: Whether no sync is using the quota now. Otherwise the rate is not tried.
        on_step: Called with what is examined next, in a few words.
    """
    streams = list(streams)
    findings: list[Finding] = []
    accounts: tuple[Account, ...] | None = None
    tried: list[str] = []
    denied: list[str] = []
    reached = True
    on_step("Asking TikTok for the accounts")
    try:
        listing = await find_accounts(config, api)
        stop_if_nothing_answers(api, listing.chosen)
    except ConnectorError as error:
        findings.append(error_finding(error, CREDENTIALS))
        reached = not is_unreachable(error)
    else:
        accounts = listing.chosen
        if listing.incomplete is not None:
            findings.append(error_finding(listing.incomplete, ACCOUNTS))
        findings += _account_findings(accounts, config)
        denied, own_findings = await _account_streams(config, api, listing, streams)
        findings += own_findings
        readable = [account for account in accounts if not is_inaccessible(account)]
        if readable:
            on_step(f"Trying {len(streams):,} streams")
            tried, more_denied, refusals = await _try_streams(api, readable, streams, config, clock)
            denied += more_denied
            findings += refusals
            answered = [each for each in readable if each.error is None or isinstance(each.error, RateLimitError)]
            if alone and answered:  # the quota is tried with the details of an account
                on_step("Trying the quota")
                findings += await try_quota(config, api, answered[0])
    offset = api.stats.clock_ahead
    findings += clock_findings(offset)
    return Access(
        accounts=accounts,
        findings=tuple(findings),
        tried=tuple(tried),
        denied=tuple(denied),
        offset=offset,
        reached=reached,
    )


def _account_findings(accounts: Sequence[Account], config: Config) -> Iterator[Finding]:
    for account in accounts:
        if is_inaccessible(account):
            assert account.error is not None  # noqa: S101 - narrows the type
            yield refusal_finding(account.error, config, account.advertiser_id)


def refusal_finding(error: TikTokError, config: Config, advertiser_id: str, stream: str | None = None) -> Finding:
    """Return the finding for an account that TikTok refuses: only a note, if the configuration says to skip it.

    A missing scope is no fault of the account.
    """
    if config.skip_inaccessible_advertisers and error.inaccessible:
        return Finding(
            severity=Severity.NOTE,
            check=ACCOUNTS,
            message=f"The account is skipped, as configured: {error.message}",
            advertiser_id=advertiser_id,
            stream=stream,
        )
    check = SCOPES if isinstance(error, PermissionDeniedError) else ACCOUNTS
    return msgspec.structs.replace(error_finding(error, check), advertiser_id=advertiser_id, stream=stream)


def is_unreachable(error: ConnectorError) -> bool:
    """Whether TikTok did not answer, or only that it cannot now, so that nothing is known about the access."""
    return isinstance(error, TikTokError) and (error.code is None or error.action.passes)


async def _account_streams(
    config: Config, api: Client, listing: Accounts, streams: Sequence[AnyStream]
) -> tuple[list[str], list[Finding]]:
    """The streams about the accounts themselves that cannot be read although the accounts can be, and the findings."""
    denied, findings = [], []
    problem = None if listing.listed is not None else await list_problem(config, api, streams)
    if problem is not None:
        denied.append("advertiser_ids")
        message = f"{problem.message} Only this stream needs it."
        findings.append(
            msgspec.structs.replace(error_finding(problem, SCOPES), stream="advertiser_ids", message=message)
        )
    errors = [account.error for account in listing.chosen if account.error and not is_inaccessible(account)]
    if errors and any(stream.scope is Scope.BATCH for stream in streams):
        denied.append("advertisers")
        findings.append(msgspec.structs.replace(error_finding(errors[0], SCOPES), stream="advertisers"))
    elif errors and not config.sandbox:
        findings.append(_details_finding(errors[0], len(errors)))
    return denied, findings


def _details_finding(error: TikTokError, accounts: int) -> Finding:
    """The finding if TikTok tells no details of accounts, and no stream that is examined consists of them."""
    whose = f"{accounts:,} account{'s' if accounts > 1 else ''}"
    message = f"{error.message} So the time zone of {whose} is not known. A sync reads everything all the same."
    return msgspec.structs.replace(error_finding(error, ACCOUNTS), severity=Severity.WARNING, message=message)


class _Trial(msgspec.Struct, frozen=True):
    """A request to one endpoint for one account, and the streams that need TikTok to answer it.

    Args:
        stream: The stream that is tried for all of them.
        account: The account.
        streams: Their names.
    """

    stream: AnyStream
    account: Account
    streams: tuple[str, ...]


class _Outcome(msgspec.Struct, frozen=True):
    """What TikTok answered to a trial.

    Args:
        error: Why it refuses; None if it does not.
        refused: The metrics that it does not accept.
    """

    error: TikTokError | None
    refused: tuple[str, ...] = ()


async def _try_streams(
    api: Client, accounts: Sequence[Account], streams: Sequence[AnyStream], config: Config, clock: Clock
) -> tuple[list[str], list[str], list[Finding]]:
    """Request a record from each endpoint, because TikTok grants each kind of data separately.

    Returns:
        The streams that were tried, the streams that the application may not read, and the findings.
    """
    trials = _trials(accounts, streams)
    outcomes = await asyncio.gather(*(_try(api, trial, config, clock.now()) for trial in trials))
    findings: dict[tuple[Any, ...], Finding] = {}
    denied: dict[str, None] = {}
    for trial, outcome in zip(trials, outcomes, strict=True):
        error = outcome.error
        if outcome.refused:
            findings[trial.stream.name, trial.account.advertiser_id] = _metrics_finding(trial, outcome.refused)
        if error is None:
            continue
        if error.action is Action.FAIL_ACCOUNT and not isinstance(error, PermissionDeniedError):
            finding = refusal_finding(error, config, trial.account.advertiser_id)
            findings.setdefault((finding.advertiser_id, trial.stream.endpoint), finding)
    for group in _refused_kinds(trials, outcomes):
        finding, names = group
        findings[finding.advertiser_id, finding.stream, finding.message] = finding
        if finding.advertiser_id is None and finding.check == SCOPES:
            denied |= dict.fromkeys(names)
    tried = dict.fromkeys(name for trial in trials for name in trial.streams)
    return list(tried), list(denied), list(findings.values())


def _refused_kinds(trials: Sequence[_Trial], outcomes: Sequence[_Outcome]) -> Iterator[tuple[Finding, tuple[str, ...]]]:
    """The findings for kinds of data that TikTok does not give, with the streams that they concern.

    What it refuses to every account that was tried is one finding; otherwise there is one for each account.
    """
    groups: dict[tuple[str, int | None], list[tuple[_Trial, TikTokError]]] = {}
    for trial, outcome in zip(trials, outcomes, strict=True):
        error = outcome.error
        if error is not None and (error.action is not Action.FAIL_ACCOUNT or isinstance(error, PermissionDeniedError)):
            groups.setdefault((trial.stream.endpoint, error.code), []).append((trial, error))
    for (endpoint, _), members in groups.items():
        refused = {trial.account.advertiser_id for trial, _ in members}
        names = tuple(dict.fromkeys(name for trial, _ in members for name in trial.streams))
        asked = {
            trial.account.advertiser_id
            for trial in trials
            if trial.stream.endpoint == endpoint and set(trial.streams) & set(names)
        }
        if refused == asked:
            yield _kind_finding(members[0][1], names, None), names
            continue
        for advertiser_id in sorted(refused):
            own = [(trial, error) for trial, error in members if trial.account.advertiser_id == advertiser_id]
            own_names = tuple(dict.fromkeys(name for trial, _ in own for name in trial.streams))
            yield _kind_finding(own[0][1], own_names, advertiser_id), own_names


def _kind_finding(error: TikTokError, names: Sequence[str], advertiser_id: str | None) -> Finding:
    about_token = error.action is Action.STOP_SYNC
    return msgspec.structs.replace(
        error_finding(error, CREDENTIALS if about_token else SCOPES),
        stream=names[0],
        advertiser_id=advertiser_id,
        message=f"{error.message} These streams need it: {_names(names)}.",
    )


def _metrics_finding(trial: _Trial, refused: Sequence[str]) -> Finding:
    return Finding(
        severity=Severity.WARNING,
        check=SCOPES,
        message=f"TikTok does not accept these metrics now, so a sync leaves them null: {', '.join(refused)}. "
        f"These streams ask for them: {_names(trial.streams)}.",
        stream=trial.stream.name,
        advertiser_id=trial.account.advertiser_id,
        remedy="Nothing else is missing. Each sync asks for them again; if this persists, install the newest version.",
    )


def _trials(accounts: Sequence[Account], streams: Sequence[AnyStream]) -> list[_Trial]:
    """One trial of each kind of data: of each endpoint, and of each report that has metrics of its own."""
    by_kind: dict[tuple[str, ...], list[AnyStream]] = {}
    for stream in streams:
        source = stream.source
        needs_parent = source.needs_lookup if isinstance(source, ReportSource) else source.parent is not None
        if stream.scope is Scope.ACCOUNT and not needs_parent:
            by_kind.setdefault(_kind(stream), []).append(stream)
    trials = []
    many_tried = False
    for of_kind in by_kind.values():
        # Lifetime reports have no dates, and dates are a reason for which for example the sandbox refuses a request.
        stream = next((stream for stream in of_kind if _grain(stream) is not Grain.LIFETIME), of_kind[0])
        names = tuple(stream.name for stream in of_kind)
        try_many = not many_tried and isinstance(stream, ReportStream) and stream.source.report_type == _PLAIN
        many_tried = many_tried or try_many
        trials += [_Trial(stream, account, names) for account in accounts[: _ACCOUNTS_TRIED if try_many else 1]]
    return trials


def _kind(stream: AnyStream) -> tuple[str, ...]:
    if not isinstance(stream, ReportStream):
        return (stream.endpoint,)
    # A report of the configuration's own may have metrics and filters that no other has.
    own = () if stream_named(stream.name) is not None else (stream.name,)
    return stream.endpoint, stream.source.report_type, stream.source.data_level, *stream.breakdown, *own


def _grain(stream: AnyStream) -> Grain | None:
    return stream.source.grain if isinstance(stream, ReportStream) else None


async def _try(api: Client, trial: _Trial, config: Config, now: datetime) -> _Outcome:
    stream, account = trial.stream, trial.account
    every_status = config.include_deleted
    if isinstance(stream, ReportStream):
        today = account.today(now)
        window = None if stream.source.grain is Grain.LIFETIME else Window(today, today)
        report = await try_report(api, stream, account.advertiser_id, window, every_status=every_status)
        return _Outcome(report.error if isinstance(report.error, TikTokError) else None, report.refused)
    request = object_requests(stream, account.advertiser_id, include_deleted=every_status, today=day_in(UTC, now))[0]
    params = {**request.params} | ({"page": 1, "page_size": 1} if request.page_size else {})
    try:
        await api.get(
            stream.endpoint,
            params,
            no_data,
            advertiser_id=account.advertiser_id,
            partial_ok=True,  # the only question is whether TikTok answers at all
        )
    except TikTokError as error:
        return _Outcome(error)
    return _Outcome(None)


def _names(names: Sequence[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more streams" if len(names) > most else ""
    return ", ".join(names[:most]) + more


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
