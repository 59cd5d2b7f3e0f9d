"""`tiktok-marketing accounts`: the ad accounts at a glance."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from tiktok_marketing.cli.common import (
    CommandWithSettings,
    announce,
    config_option,
    console,
    debug_option,
    json_option,
    load_settings,
    print_json,
    say,
    span,
    table,
)
from tiktok_marketing.text import shown_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktok_marketing.account_overview import Coverage, Spend
    from tiktok_marketing.config import AdvertiserId, Config
    from tiktok_marketing.config_sources import ConfigSources
    from tiktok_marketing.sync.plan.accounts import Account, Accounts

_WORTH_SAYING = 50
"""Requests from which it is said beforehand how many there are."""


@click.command(
    cls=CommandWithSettings,
    examples=[
        "tiktok-marketing accounts",
        "tiktok-marketing accounts --database duckdb:///tiktok.duckdb --json",
    ],
    short_help="List the ad accounts with currency, time zone, status and spend.",
    epilog="Exit codes: 0 every account is shown in full; 1 something about an account is not known, and the output "
    "says why; 2 wrong usage or configuration.",
)
@config_option
@click.option(
    "--database",
    metavar="ADDRESS",
    help="Also show the days that this database has of each account. Write the address as for `sync --to`.",
)
@click.option("--dataset", default="tiktok_ads", show_default=True, metavar="NAME", help="The schema of the tables.")
@click.option("--spend/--no-spend", default=True, help="Whether to ask for the spend: a request per five accounts.")
@json_option()
@debug_option
def accounts(sources: ConfigSources, database: str | None, dataset: str, spend: bool, as_json: bool) -> int:
    """List the ad accounts: name, currency, time zone, status, and the spend of the last 30 days with today.

    Accounts that TikTok refuses are listed with the reason. The command asks TikTok for the list of accounts, for the
    details of a hundred accounts per request, and for the spend of five.
    """
    config = load_settings(sources)
    coverage = None if database is None else _coverage(database, dataset)
    found, spends, requests = asyncio.run(_read(config, spend=spend))
    rows = [_row(account, spends, coverage, with_spend=spend) for account in found.chosen]
    if found.incomplete is not None:
        say(f"There may be more accounts. {found.incomplete}", is_error=True)
    if as_json:
        print_json({"accounts": rows, "complete": found.incomplete is None, "requests": requests})
    else:
        _show(rows, with_spend=spend, with_coverage=coverage is not None)
        say(f"{requests:,} requests to TikTok.")
    unknown = any(row["error"] or (spend and row["spend"] is None) for row in rows)
    return 1 if unknown or found.incomplete is not None else 0


def _coverage(database: str, dataset: str) -> Mapping[AdvertiserId, Coverage]:
    from tiktok_marketing.account_overview import coverage_in
    from tiktok_marketing.pipelines import destination_of
    from tiktok_marketing.pipelines.databases.known_streams import known_streams
    from tiktok_marketing.pipelines.inspection import source_in

    destination = destination_of(database, dataset)
    source = source_in(destination)
    if source is None:
        say(f"No sync has filled {destination.display_name} yet.")
        return {}
    return coverage_in(source.streams, known_streams(source.reports))


async def _read(config: Config, *, spend: bool) -> tuple[Accounts, Mapping[AdvertiserId, Spend], int]:
    from tiktok_marketing.account_overview import requests_for, spend_of
    from tiktok_marketing.api.retry_policy import INTERACTIVE_RETRIES
    from tiktok_marketing.connect import connect
    from tiktok_marketing.sync.read.accounts import find_accounts, stop_if_nothing_answers

    async with connect(config, policy=INTERACTIVE_RETRIES, on_wait=announce) as api:
        found = await find_accounts(config, api)
        stop_if_nothing_answers(api, found.chosen)
        needed = requests_for(len(found.chosen), spend=spend)
        if spend and needed > _WORTH_SAYING:
            say(
                f"The spend of {len(found.chosen):,} accounts takes about {needed:,} requests, which is about "
                f"{span(needed / config.requests_per_second)}. --no-spend leaves it out."
            )
        spends = await spend_of(found.chosen, api) if spend else {}
        return found, spends, sum(api.stats.requests.values())


def _row(
    account: Account,
    spends: Mapping[AdvertiserId, Spend],
    coverage: Mapping[AdvertiserId, Coverage] | None,
    *,
    with_spend: bool,
) -> dict[str, Any]:
    """Everything about an account, ready for JSON."""
    info = account.info or {}
    spend = spends.get(account.advertiser_id)
    row: dict[str, Any] = {
        "advertiser_id": account.advertiser_id,
        "name": shown_line(account.name),
        "currency": _text(info.get("currency")),
        "timezone": str(account.zone) if account.zone_is_known else None,
        "place": None if account.place is None else str(account.place),
        "status": _text(info.get("status")),
        "error": None if account.error is None else str(account.error),
    }
    if with_spend:
        row["spend"] = None if spend is None or spend.amount is None else str(spend.amount)
        row["spend_from"], row["spend_to"] = (
            (None, None) if spend is None else (str(spend.window.start), str(spend.window.end))
        )
        if spend is not None and spend.error is not None:
            row["error"] = str(spend.error)
    if coverage is not None:
        covered = coverage.get(account.advertiser_id)
        row["covered_from"] = None if covered is None or covered.start is None else str(covered.start)
        row["covered_to"] = None if covered is None else str(covered.end)
        row["covered_streams"] = 0 if covered is None else covered.streams
    return row


def _text(value: Any) -> str | None:
    from tiktok_marketing.sync.decode.coercion import to_text

    return None if value is None or not to_text(value) else shown_line(to_text(value))


def _show(rows: list[dict[str, Any]], *, with_spend: bool, with_coverage: bool) -> None:
    from tiktok_marketing.account_overview import SPEND_DAYS

    spend, days = f"Spend, {SPEND_DAYS} days", "Days in the database"
    headings = [
        "Account",
        "Name",
        "Currency",
        "Time zone",
        "Status",
        *([spend] * with_spend),
        *([days] * with_coverage),
    ]
    listing = table(*headings, right=(spend,), whole=("Account",))
    for row in rows:
        zone = row["timezone"] or "-"
        if row["place"] and row["place"] != row["timezone"]:
            zone += f" ({row['place']})"
        cells = [row["advertiser_id"], row["name"] or "-", row["currency"] or "-", zone, _status(row)]
        if with_spend:
            cells.append("-" if row["spend"] is None else f"{Decimal(row['spend']):,}")
        if with_coverage:
            cells.append(_days(row))
        listing.add_row(*cells)
    console().print(listing)
    for row in rows:
        if row["error"]:
            say(f"{row['advertiser_id']}: {row['error']}", is_error=True)
    unknown = sum(with_spend and row["spend"] is None and not row["error"] for row in rows)
    if unknown:
        say(
            f"TikTok's answers about several accounts have no row for {unknown:,} of them. They probably spent nothing."
        )


def _status(row: dict[str, Any]) -> str:
    status = (row["status"] or "").removeprefix("STATUS_").replace("_", " ").lower()
    return status or ("refused" if row["error"] else "-")


def _days(row: dict[str, Any]) -> str:
    if row["covered_to"] is None:
        return "none"
    return f"{row['covered_from'] or '?'} to {row['covered_to']}"
