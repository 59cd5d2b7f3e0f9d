"""What can be said about each ad account at a glance: currency, time zone, status, recent spend, days in a database.

One request tells about a hundred accounts, and one about the spend of five. An answer about several accounts may leave
one out, so an account without a row is asked about alone, as long as there are few of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ALL_STREAMS, AnyStream, Grain, ReportStream, report_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import Action, ConfigurationError, ConnectorError, IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.coercion import shown, to_decimal, to_text
from tiktok_marketing.sync.decode.lenient_json import count_of, decode_list
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.cursors import read_state
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.account_days import TOGETHER
from tiktok_marketing.sync.read.accounts import BATCH
from tiktok_marketing.sync.read.report_requests import report_params

SPEND_DAYS = 30
_ALONE = 50
"""Accounts that are asked about alone at most. The spend of the others without a row stays unknown."""
_AT_ONCE = 16
"""Requests that may wait for their answer at the same time."""
_MOST_WHOLE_DIGITS = 14
_SPEND = report_stream("advertisers_reports_lifetime")


class Spend(msgspec.Struct, frozen=True):
    """What an account spent in a number of days.

    Args:
        amount: The amount in the account's currency; None if it is not known.
        window: The days, in the account's time zone.
        error: Why it is not known.
    """

    amount: Decimal | None
    window: Window
    error: ConnectorError | None = None


class Coverage(msgspec.Struct, frozen=True):
    """The days of an account that a database has in all its daily reports.

    Args:
        start: The first day; None if it is not known.
        end: The last day.
        streams: How many reports these are.
    """

    start: date | None
    end: date
    streams: int


def requests_for(accounts: int, *, spend: bool) -> int:
    """About how many requests an overview takes."""
    lists = 1 + -(-accounts // BATCH)
    return lists + (-(-accounts // TOGETHER) if spend else 0)


async def spend_of(accounts: Sequence[Account], api: Client) -> dict[AdvertiserId, Spend]:
    """What each account spent in the last days, today included.

    Args:
        accounts: The accounts. Those that TikTok refuses are left out.
        api: The client.

    Raises:
        TikTokError: If no other request can succeed.
    """
    reachable = [account for account in accounts if account.error is None or not account.error.inaccessible]
    today = api.clock_reading().tiktok
    windows = {account.advertiser_id: _window(account.today(today)) for account in reachable}
    in_flight = asyncio.Semaphore(_AT_ONCE)
    found: dict[AdvertiserId, Spend] = {}

    async def ask(ids: Sequence[AdvertiserId], window: Window) -> None:
        async with in_flight:
            found.update(await _ask(api, ids, window))

    groups = list(_groups(reachable, windows))
    await asyncio.gather(*(ask(ids, windows[ids[0]]) for ids in groups))
    unmentioned = [advertiser_id for ids in groups for advertiser_id in ids if advertiser_id not in found]
    await asyncio.gather(*(ask([advertiser_id], windows[advertiser_id]) for advertiser_id in unmentioned[:_ALONE]))
    return {advertiser_id: found.get(advertiser_id, Spend(None, window)) for advertiser_id, window in windows.items()}


def coverage_in(states: Mapping[str, Any], streams: Sequence[AnyStream] = ALL_STREAMS) -> dict[AdvertiserId, Coverage]:
    """The days of each account that a database has in all daily reports that were loaded. Pure.

    Args:
        states: Stream name to its state, as the last sync left it.
        streams: The streams that there are.
    """
    reports = [each for each in streams if isinstance(each, ReportStream) and each.source.grain is Grain.DAY]
    days: dict[AdvertiserId, list[tuple[date | None, date]]] = {}
    for stream in reports:
        if stream.name not in states or stream.cursor is None:
            continue
        try:
            cursors = read_state(stream.name, stream.cursor, states[stream.name])
        except ConfigurationError:
            continue
        for advertiser_id in cursors.accounts:
            end, covered = cursors.day_of(advertiser_id), cursors.covered_of(advertiser_id)
            if end is not None:
                days.setdefault(advertiser_id, []).append((None if covered is None else covered.start, end))
    return {advertiser_id: _common(spans) for advertiser_id, spans in days.items()}


def _common(spans: Sequence[tuple[date | None, date]]) -> Coverage:
    starts = [start for start, _ in spans if start is not None]
    return Coverage(max(starts) if len(starts) == len(spans) else None, min(end for _, end in spans), len(spans))


def _window(today: date) -> Window:
    return Window(today - timedelta(days=SPEND_DAYS - 1), today)


def _groups(accounts: Iterable[Account], windows: Mapping[AdvertiserId, Window]) -> Iterable[list[AdvertiserId]]:
    """Accounts that share a request: those with the same offset, because it is not known whose days it would use."""
    of_zone: dict[tuple[str, Window], list[AdvertiserId]] = {}
    for account in accounts:
        key = str(account.zone), windows[account.advertiser_id]
        of_zone.setdefault(key, []).append(account.advertiser_id)
    for ids in of_zone.values():
        yield from (ids[start : start + TOGETHER] for start in range(0, len(ids), TOGETHER))


async def _ask(api: Client, ids: Sequence[AdvertiserId], window: Window) -> dict[AdvertiserId, Spend]:
    """The spend of the accounts that an answer has. If one of several makes the request fail, each is asked alone."""
    only = ids[0] if len(ids) == 1 else None
    about = {"advertiser_id": only} if only else {"advertiser_ids": list(ids)}
    params = {**about, **report_params(_SPEND.source, ["spend"], window), "page": 1, "page_size": 1000}
    try:
        rows, total = (await api.get(_SPEND.endpoint, params, _amounts, advertiser_id=only, brief=True)).value
    except (TikTokError, IncompleteReadError) as error:
        if isinstance(error, TikTokError) and error.action is Action.STOP_SYNC:
            raise
        if only is not None:
            return {only: Spend(None, window, error)}
        found: dict[AdvertiserId, Spend] = {}
        for advertiser_id in ids:
            found |= await _ask(api, [advertiser_id], window)
        return found
    spends = {each: _spend(each, rows[each], window) for each in ids if each in rows}
    if only is not None and not spends:  # an account that is asked about alone has no row if it has no figures
        return {only: Spend(None, window, _lost(only)) if total else Spend(Decimal(0), window)}
    return spends


def _lost(advertiser_id: AdvertiserId) -> IncompleteReadError:
    return IncompleteReadError(
        f"TikTok counts a row of /{_SPEND.endpoint} for advertiser {advertiser_id} that its answer does not contain.",
        remedy="Run it again.",
    )


def _spend(advertiser_id: AdvertiserId, sent: Any, window: Window) -> Spend:
    amount = to_decimal(sent)
    if amount is not None and amount.adjusted() < _MOST_WHOLE_DIGITS:
        return Spend(amount, window)
    error = IncompleteReadError(
        f"TikTok sends {shown(sent)!r} as the spend of advertiser {advertiser_id}, which is no amount.",
        remedy="Look it up in TikTok Ads Manager, and report it to TikTok with the account.",
    )
    return Spend(None, window, error)


def _amounts(body: bytes) -> tuple[dict[str, Any], int]:
    """Account to spend as TikTok sends it, from the answer's rows, and how many rows TikTok counts.

    Raises:
        msgspec.DecodeError: If the answer has no list.
    """
    rows, info = decode_list(body, "list")
    groups = [(row.get("dimensions"), row.get("metrics")) for row in rows]
    amounts = {
        to_text(dimensions.get("advertiser_id")): metrics.get("spend")
        for dimensions, metrics in groups
        if isinstance(dimensions, Mapping) and isinstance(metrics, Mapping)
    }
    return amounts, count_of(info.total_number) or len(rows)
