"""Lists the ad accounts, and gets the facts about each that planning needs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.api.error_rules import ErrorRule, rule_for
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import Action, ConfigurationError, FailureType, PartialAnswerError, TikTokError
from tiktok_marketing.sync.plan.accounts import Account, AccountList, Accounts
from tiktok_marketing.sync.plan.zones import earliest_day_in, zone_of

LIST_ENDPOINT = "oauth2/advertiser/get/"
INFO_ENDPOINT = "advertiser/info/"
LISTING = "the list of accounts"
"""What failed, for people, if listing the accounts fails."""
BATCH = 100
"""Accounts per request to `/advertiser/info/`."""


class _List(msgspec.Struct):
    rows: list[dict[str, Any]] = msgspec.field(name="list", default_factory=list)


class _Listing(msgspec.Struct):
    data: _List


_LISTING = msgspec.json.Decoder(_Listing)


def _rows(body: bytes) -> list[dict[str, Any]]:
    return _LISTING.decode(body).data.rows


async def find_accounts(config: Config, api: Client) -> Accounts:
    """List the accounts, choose those that the configuration selects, and get their time zones.

    An account that TikTok gives no information about is still chosen, because some of its streams may be readable.

    Raises:
        TikTokError: If the accounts cannot be listed, so that nothing can be read.
        ConfigurationError: If no account is left to read.
        PartialAnswerError: If TikTok's list is partial, and no account in it is left to read.
    """
    listed = incomplete = None
    names: dict[str, str] = {}
    if config.advertiser_id is not None:
        ids = [config.advertiser_id]
    elif config.sandbox:
        raise ConfigurationError("credentials.advertiser_id is missing.", remedy="A sandbox token needs it.")
    else:
        listed = await list_accounts(config, api)
        ids = [AdvertiserId(str(row["advertiser_id"])) for row in listed.rows if row.get("advertiser_id")]
        # A configured account is tried even if the list lacks it: TikTok's answer then gives the reason.
        ids.extend(advertiser_id for advertiser_id in config.advertiser_ids if advertiser_id not in ids)
        incomplete = None if config.advertiser_ids else listed.incomplete
        names = {str(row.get("advertiser_id")): str(row.get("advertiser_name") or "") for row in listed.rows}
    try:
        chosen = _choose(ids, config)
    except ConfigurationError as error:
        raise incomplete or error from None
    return Accounts(tuple(await describe_accounts(api, chosen, names)), listed, incomplete)


async def list_accounts(config: Config, api: Client) -> AccountList:
    """Every account that the token has access to.

    Raises:
        TikTokError: If the list cannot be read. The sync stops then, unless the error is only about this stream.
    """
    params = {"app_id": config.app_id or "", "secret": config.secret or ""}
    try:
        return AccountList((await api.get(LIST_ENDPOINT, params, _rows)).value, None)
    except PartialAnswerError as error:
        return AccountList(error.answer.value, error)
    except TikTokError as error:
        if error.code in {40000, 40001, 40002}:  # seen where the token belongs to another application
            facts = {"code": error.code, "request_id": error.request_id, "detail": error.detail}
            raise (
                rule_for(40101).error(error.tiktok_message, endpoint=error.endpoint, **facts).after(error.tries)
            ) from None
        raise


def _choose(ids: Iterable[AdvertiserId], config: Config) -> list[AdvertiserId]:
    included, excluded = set(config.advertiser_ids), set(config.exclude_advertiser_ids)
    all_ids = dict.fromkeys(ids)
    chosen = [
        advertiser_id
        for advertiser_id in all_ids
        if (not included or advertiser_id in included) and advertiser_id not in excluded
    ]
    if not chosen and all_ids:
        raise ConfigurationError(
            "advertiser_ids and exclude_advertiser_ids leave no account to read.",
            remedy="Change these lists; `tiktok-marketing check` shows the accounts that the token has access to.",
        )
    if not chosen:
        raise ConfigurationError(
            "The access token has access to no ad account.",
            remedy="Authorize the application again, and select the accounts that it may read.",
        )
    return chosen


async def describe_accounts(api: Client, ids: Sequence[AdvertiserId], names: Mapping[str, str]) -> list[Account]:
    """TikTok's information about these accounts, requested a hundred at a time, in the order of the ids."""
    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    described: dict[AdvertiserId, Account] = {}
    for batch in await asyncio.gather(*(_describe(api, batch) for batch in batches)):
        described |= batch
    accounts = []
    for advertiser_id in ids:
        listed_name = names.get(advertiser_id, "")
        account = described.get(advertiser_id)
        if account is None:
            account = Account(advertiser_id=advertiser_id, name=listed_name, error=_unmentioned(advertiser_id))
        else:
            account = msgspec.structs.replace(account, name=account.name or listed_name)
        accounts.append(account)
    return accounts


async def _describe(api: Client, ids: Sequence[AdvertiserId]) -> dict[AdvertiserId, Account]:
    """One batch. If one of its accounts makes the request fail, its halves, so that the others get their time zones."""
    only = ids[0] if len(ids) == 1 else None
    try:
        params = {"advertiser_ids": list(ids)}
        answer = await api.get(INFO_ENDPOINT, params, _rows, advertiser_id=only, partial_ok=True)
    except TikTokError as error:
        if error.action is Action.STOP_SYNC:
            raise
        if only is not None or error.action is Action.FAIL_STREAM:
            return {advertiser_id: Account(advertiser_id=advertiser_id, error=error) for advertiser_id in ids}
        if error.action not in {Action.FAIL_ACCOUNT, Action.SPLIT}:
            raise
        return await _halves(api, ids)
    rows = {str(row.get("advertiser_id")): row for row in answer.value}
    missing = [advertiser_id for advertiser_id in ids if advertiser_id not in rows]
    described = {
        advertiser_id: _account(advertiser_id, rows[advertiser_id]) for advertiser_id in ids if advertiser_id in rows
    }
    if answer.partial is not None and missing:
        if only is not None:
            return {only: Account(advertiser_id=only, error=_left_out(only, answer.partial.reason))}
        described |= await _halves(api, missing)
    return described


async def _halves(api: Client, ids: Sequence[AdvertiserId]) -> dict[AdvertiserId, Account]:
    middle = (len(ids) + 1) // 2
    halves = [half for half in (ids[:middle], ids[middle:]) if half]
    described = await asyncio.gather(*(_describe(api, half) for half in halves))
    return {advertiser_id: account for half in described for advertiser_id, account in half.items()}


def _account(advertiser_id: AdvertiserId, info: Mapping[str, Any]) -> Account:
    zone = zone_of(info.get("display_timezone"), info.get("timezone"))
    return Account(
        advertiser_id=advertiser_id,
        name=str(info.get("name") or ""),
        zone=zone,
        created=_created(info.get("create_time"), zone),
        info=info,
    )


def _created(value: Any, zone: tzinfo) -> date | None:
    """The day of `create_time`, which is in epoch seconds; the earliest possible day if the zone is unknown."""
    try:
        seconds = int(value)
        return earliest_day_in(zone, datetime.fromtimestamp(seconds, UTC)) if seconds > 0 else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _left_out(advertiser_id: AdvertiserId, reason: str) -> TikTokError:
    rule = ErrorRule(Action.FAIL_ACCOUNT, FailureType.TRANSIENT, "Run the sync again; it asks for the account again.")
    message = f"TikTok's answer is partial and does not contain the account ({reason})"
    return rule.error(message, endpoint=INFO_ENDPOINT, advertiser_id=advertiser_id)


def _unmentioned(advertiser_id: AdvertiserId) -> TikTokError:
    message = "TikTok's answer does not contain the account: it may be deleted, or the application has no access to it"
    return rule_for(40300).error(message, endpoint=INFO_ENDPOINT, advertiser_id=advertiser_id)
