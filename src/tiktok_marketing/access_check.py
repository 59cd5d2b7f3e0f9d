"""Checks that a sync with this configuration can work; each failed check says what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import Grain, ReportStream, report_stream
from tiktok_marketing.clock import Clock
from tiktok_marketing.config import Config
from tiktok_marketing.errors import ConfigurationError, ConnectorError, TikTokError
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.plan_sync import refuse_future_start
from tiktok_marketing.sync.plan.selection import choose_streams
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.accounts import find_accounts, list_problem, stop_if_nothing_answers
from tiktok_marketing.sync.read.report_trial import ReportTrial, try_report
from tiktok_marketing.text import one_line

_REPORTS_TRIED = 5
"""How many accounts' reports are tried: the scope for reports is the application's, so a few accounts are enough."""
_LEVELS = ("campaigns", "ad_groups", "ads", "advertisers")
"""The levels whose daily reports are tried for one account, with all their metrics; other accounts: only the first."""


class CheckResult(msgspec.Struct, frozen=True):
    """The result of one check.

    Args:
        name: What was checked: "Token and application", "Account 7...", "Reports".
        ok: Whether it passed.
        message: The finding, in a sentence.
        remedy: What to do if it failed; empty otherwise.
        error: Why it failed; None if it passed.
        streams: The streams that a failure or a notice concerns, if the others can be read; otherwise empty.
    """

    name: str
    ok: bool
    message: str
    remedy: str = ""
    error: ConnectorError | None = None
    streams: tuple[str, ...] = ()


async def check_access(
    config: Config, api: Client, clock: Clock, *, reports: bool = True, streams: Collection[str] | None = None
) -> list[CheckResult]:
    """Check the token and the application, each configured account, and the right to read reports with their metrics.

    Args:
        config: The configuration.
        api: The client.
        clock: The time.
        reports: Whether to try reports.
        streams: The streams that matter, of the configuration's own reports; None for all.

    Returns:
        The results, the most important first; a failed check may leave out later ones.
    """
    try:
        selection = await find_accounts(config, api)
        problem = await list_problem(config, api, choose_streams(config)) if selection.listed is None else None
    except ConnectorError as error:
        return [_failed("Token and application", error)]
    accounts = selection.chosen
    message = f"The token has access to {len(accounts)} account(s) to read."
    results = [CheckResult("Token and application", ok=True, message=message)]
    if selection.incomplete is not None:
        results.append(_failed("Accounts", selection.incomplete))
    if problem is not None:
        results.append(_failed_alone("List of accounts", problem, "advertiser_ids"))
    results += [_account_result(account, config) for account in accounts]
    try:
        refuse_future_start(config, api.clock_reading())
    except ConfigurationError as error:
        results.append(_failed("Settings", error))
    results += _details_results(accounts, config)
    reachable = [account for account in accounts if account.error is None or not account.error.inaccessible]
    own = [stream for stream in _own_reports(config) if streams is None or stream.name in streams]
    results += await _report_results(config, api, clock, reachable[: _REPORTS_TRIED if reports else 0], own)
    try:
        stop_if_nothing_answers(api, accounts)
    except TikTokError as error:
        return [_failed("Token and application", error)]
    return results


def _account_result(account: Account, config: Config) -> CheckResult:
    name = f"Account {account.advertiser_id}"
    if account.error is None or not account.error.inaccessible:
        known = account.info is not None
        details = "TikTok gives no details of it"
        if known:
            details = f"{one_line(account.name)}, days in {one_line(_zone_text(account))}"
        return CheckResult(name, ok=True, message=f"{details}.")
    if config.skip_inaccessible_advertisers:
        return CheckResult(name, ok=True, message=f"It will be skipped: {account.error.message}")
    return _failed(name, account.error)


def _zone_text(account: Account) -> str:
    """The zone of an account's days: its offset, and where that is."""
    if account.place is None or str(account.place) == str(account.zone):
        return str(account.zone)
    return f"{account.zone} ({account.place})"


def _details_results(accounts: Sequence[Account], config: Config) -> Iterable[CheckResult]:
    """The result for the details of accounts that TikTok denies although the accounts can be read."""
    errors = (account.error for account in accounts if account.error is not None and not account.error.inaccessible)
    error = None if config.sandbox else next(errors, None)
    if error is not None:
        yield _failed_alone("Account details", error, "advertisers")


def _own_reports(config: Config) -> list[ReportStream]:
    """The configuration's own reports of which no list says whether TikTok accepts them as a whole."""
    if not config.custom_reports:
        return []
    from tiktok_marketing.catalog.custom_reports import unsettled_metrics

    return [report.stream for report in config.custom_reports if unsettled_metrics(report.stream)]


async def _report_results(
    config: Config, api: Client, clock: Clock, sample: Sequence[Account], own: Sequence[ReportStream]
) -> list[CheckResult]:
    """The results for the reports of some accounts: the scope for reports is granted separately.

    Own reports are tried for the first account. If one is refused, the others can be read.
    """
    if not sample:
        return []
    reports = [report_stream(f"{level}_reports_daily") for level in _LEVELS]
    reports = [report for report in reports if report.sandbox or not config.sandbox]
    questions = [(report, sample[0]) for report in reports] + [(reports[0], account) for account in sample[1:]]
    usual = len(questions)
    questions += [(report, sample[0]) for report in own]

    async def ask(report: ReportStream, account: Account) -> ReportTrial:
        today = account.today(clock.now())
        window = None if report.source.grain is Grain.LIFETIME else Window(today, today)
        return await try_report(api, report, account.advertiser_id, window, every_status=config.include_deleted)

    trials = await asyncio.gather(*(ask(report, account) for report, account in questions))
    results = []
    error = next((trial.error for trial in trials[:usual] if trial.error is not None), None)
    if error is not None:
        results.append(_failed("Reports", error))
    else:
        message = f"Reports of {len(sample)} account(s) can be read."
        results.append(CheckResult("Reports", ok=True, message=message))
    results += [
        _failed_alone(f"Report {report.name}", trial.error, report.name)
        for report, trial in zip(own, trials[usual:], strict=True)
        if trial.error is not None and error is None
    ]
    refused = {
        report.name: f"{', '.join(trial.refused)} (in {report.name} of advertiser {account.advertiser_id})"
        for (report, account), trial in zip(questions, trials, strict=True)
        if trial.refused
    }
    if refused:
        message = f"TikTok does not accept these metrics now, so they will be null: {'; '.join(refused.values())}."
        results.append(CheckResult("Metrics", ok=True, message=message, streams=tuple(refused)))
    return results


def _failed_alone(name: str, error: ConnectorError, stream: str) -> CheckResult:
    """A failure that concerns one stream, and nothing else."""
    message = f"{error.message} Only the stream {stream} needs it; the others can be read."
    return CheckResult(name, ok=False, message=message, remedy=error.remedy, error=error, streams=(stream,))


def _failed(name: str, error: ConnectorError) -> CheckResult:
    return CheckResult(name, ok=False, message=error.message, remedy=error.remedy, error=error)
