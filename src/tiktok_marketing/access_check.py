"""Can this configuration be read with? Each thing that must be so is asked, and each answer says what to do."""

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

_REPORTS_TRIED = 5
"""Accounts whose reports are tried: the right to read reports is the application's, so a few tell it of all."""


class CheckResult(msgspec.Struct, frozen=True):
    """One thing that must be so.

    Args:
        name: What was checked: "Token and application", "Account 7...", "Reports".
        ok: Whether it is so.
        message: What was found, in a sentence.
        remedy: What to do if it is not so; empty otherwise.
        error: Why it is not so.
    """

    name: str
    ok: bool
    message: str
    remedy: str = ""
    error: ConnectorError | None = None


async def check_access(config: Config, api: Client, clock: Clock) -> list[CheckResult]:
    """Check the token and the application, each configured account, and the right to read reports.

    Returns:
        The results in the order in which they matter; a failed one may leave later ones out.
    """
    try:
        found = await find_accounts(config, api)
    except ConnectorError as error:
        return [_failed("Token and application", error)]
    accounts = found.chosen
    results = [
        CheckResult("Token and application", ok=True, message=f"The token reaches {len(accounts)} account(s) to read.")
    ]
    if found.incomplete is not None:
        results.append(_failed("Accounts", found.incomplete))
    reachable = [account for account in accounts if account.error is None or not account.error.inaccessible]
    results += [_account_result(account, config) for account in accounts]
    tried = reachable[:_REPORTS_TRIED]
    outcomes = await asyncio.gather(*(_try_report(api, account, clock) for account in tried))
    refused = [error for error in outcomes if error is not None]
    if not tried:
        return results
    if refused:
        results.append(_failed("Reports", refused[0]))
    else:
        results.append(CheckResult("Reports", ok=True, message=f"Reports of {len(tried)} account(s) can be read."))
    return results


def _account_result(account: Account, config: Config) -> CheckResult:
    name = f"Account {account.advertiser_id}"
    if account.error is None or not account.error.inaccessible:
        known = f"{account.name}, days in {account.zone}" if account.info is not None else "no details are to be had"
        return CheckResult(name, ok=True, message=f"{known}.")
    if config.skip_inaccessible_advertisers:
        return CheckResult(name, ok=True, message=f"It will be skipped: {account.error.message}")
    return _failed(name, account.error)


async def _try_report(api: Client, account: Account, clock: Clock) -> ConnectorError | None:
    """Ask for one row of today's report: the scope for reports is granted apart from the others."""
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
