"""Checks that a sync with this configuration can work; each failed check says what to do."""

from __future__ import annotations

import asyncio

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import Level
from tiktok_marketing.clock import Clock
from tiktok_marketing.config import Config
from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.read.accounts import find_accounts
from tiktok_marketing.text import one_line

_REPORTS_TRIED = 5
"""How many accounts' reports are tried: the scope for reports is the application's, so a few accounts are enough."""


class CheckResult(msgspec.Struct, frozen=True):
    """The result of one check.

    Args:
        name: What was checked: "Token and application", "Account 7...", "Reports".
        ok: Whether it passed.
        message: The finding, in a sentence.
        remedy: What to do if it failed; empty otherwise.
        error: Why it failed; None if it passed.
    """

    name: str
    ok: bool
    message: str
    remedy: str = ""
    error: ConnectorError | None = None


async def check_access(config: Config, api: Client, clock: Clock) -> list[CheckResult]:
    """Check the token and the application, each configured account, and the right to read reports.

    Returns:
        The results, the most important first; a failed check may leave out later ones.
    """
    try:
        selection = await find_accounts(config, api)
    except ConnectorError as error:
        return [_failed("Token and application", error)]
    accounts = selection.chosen
    message = f"The token has access to {len(accounts)} account(s) to read."
    results = [CheckResult("Token and application", ok=True, message=message)]
    if selection.incomplete is not None:
        results.append(_failed("Accounts", selection.incomplete))
    reachable = [account for account in accounts if account.error is None or not account.error.inaccessible]
    results += [_account_result(account, config) for account in accounts]
    sample = reachable[:_REPORTS_TRIED]
    outcomes = await asyncio.gather(*(_try_report(api, account, clock) for account in sample))
    errors = [error for error in outcomes if error is not None]
    if not sample:
        return results
    if errors:
        results.append(_failed("Reports", errors[0]))
    else:
        results.append(CheckResult("Reports", ok=True, message=f"Reports of {len(sample)} account(s) can be read."))
    return results


def _account_result(account: Account, config: Config) -> CheckResult:
    name = f"Account {account.advertiser_id}"
    if account.error is None or not account.error.inaccessible:
        known = account.info is not None
        details = f"{one_line(account.name)}, days in {account.zone}" if known else "TikTok gives no details of it"
        return CheckResult(name, ok=True, message=f"{details}.")
    if config.skip_inaccessible_advertisers:
        return CheckResult(name, ok=True, message=f"It will be skipped: {account.error.message}")
    return _failed(name, account.error)


async def _try_report(api: Client, account: Account, clock: Clock) -> ConnectorError | None:
    """Request one row of today's report: the scope for reports is granted separately."""
    today = str(account.today(clock.now()))
    params = {
        "advertiser_id": account.advertiser_id,
        "service_type": "AUCTION",
        "report_type": "BASIC",
        "data_level": str(Level.CAMPAIGN),
        "dimensions": ["campaign_id"],
        "metrics": ["spend"],
        "start_date": today,
        "end_date": today,
        "page": 1,
        "page_size": 1,
    }
    try:
        await api.get(
            "report/integrated/get/", params, msgspec.json.decode, advertiser_id=account.advertiser_id, partial_ok=True
        )
    except ConnectorError as error:
        return error
    return None


def _failed(name: str, error: ConnectorError) -> CheckResult:
    return CheckResult(name, ok=False, message=error.message, remedy=error.remedy, error=error)
