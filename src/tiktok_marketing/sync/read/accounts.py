"""Asks which ad accounts there are, and what must be known of each before anything can be planned."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.api.error_rules import ErrorRule, rule_for
from tiktok_marketing.config import Config
from tiktok_marketing.errors import Action, ConfigurationError, FailureType, PartialAnswerError, TikTokError
from tiktok_marketing.sync.plan.accounts import Account, AccountList, Accounts
from tiktok_marketing.sync.plan.zones import earliest_day_in, zone_of

LIST_ENDPOINT = "oauth2/advertiser/get/"
INFO_ENDPOINT = "advertiser/info/"
LISTING = "the list of accounts"
"""What failed, for people, if it is that list."""
BATCH = 100
"""Accounts that `/advertiser/info/` is asked for at once."""


class _List(msgspec.Struct):
    rows: list[dict[str, Any]] = msgspec.field(name="list", default_factory=list)


class _Listing(msgspec.Struct):
    data: _List


_LISTING = msgspec.json.Decoder(_Listing)


def _rows(body: bytes) -> list[dict[str, Any]]:
    return _LISTING.decode(body).data.rows


async def find_accounts(config: Config, api: Client) -> Accounts:
    """List the accounts, choose those the configuration asks for, and learn their time zones.

    An account that TikTok gives no information about stays among the chosen: what it can still be read for is found
    out by reading.

    Raises:
        TikTokError: If the list cannot be had: nothing can be read then.
        ConfigurationError: If no account is left to read.
        PartialAnswerError: If TikTok gives a part of the list only, and there is none in that.
    """
    listed = unknown = None
    names: dict[str, str] = {}
    if config.advertiser_id is not None:
        ids = [config.advertiser_id]
    elif config.sandbox:
        raise ConfigurationError("credentials.advertiser_id is missing.", remedy="A sandbox token needs it.")
    else:
        listed = await list_accounts(config, api)
        ids = [str(row["advertiser_id"]) for row in listed.rows if row.get("advertiser_id")]
        # An account that is asked for by name is tried even if the list lacks it: TikTok then says why.
        ids.extend(wanted for wanted in config.advertiser_ids if wanted not in ids)
        unknown = None if config.advertiser_ids else listed.incomplete
        names = {str(row.get("advertiser_id")): str(row.get("advertiser_name") or "") for row in listed.rows}
    try:
        chosen = _choose(ids, config)
    except ConfigurationError as error:
        raise unknown or error from None
    return Accounts(tuple(await describe_accounts(api, chosen, names)), listed, unknown)


async def list_accounts(config: Config, api: Client) -> AccountList:
    """Every account the token reaches.

    Raises:
        TikTokError: With the consequence that the sync stops, unless only this stream can be meant.
    """
    params = {"app_id": config.app_id or "", "secret": config.secret or ""}
    try:
        return AccountList((await api.get(LIST_ENDPOINT, params, _rows)).value, None)
    except PartialAnswerError as error:
        return AccountList(error.answer.value, error)
    except TikTokError as error:
        if error.code in {40000, 40001, 40002}:  # seen where the token and the application do not belong together
            facts = {"code": error.code, "request_id": error.request_id, "detail": error.detail}
            raise (
                rule_for(40101).error(error.tiktok_message, endpoint=error.endpoint, **facts).after(error.tries)
            ) from None
        raise


def _choose(ids: Iterable[str], config: Config) -> list[str]:
    wanted, unwanted = set(config.advertiser_ids), set(config.exclude_advertiser_ids)
    ids = list(dict.fromkeys(ids))
    chosen = [one for one in ids if (not wanted or one in wanted) and one not in unwanted]
    if not chosen and ids:
        raise ConfigurationError(
            "No account is left to read after advertiser_ids and exclude_advertiser_ids.",
            remedy="Change these lists: `tiktok-marketing check` shows the accounts that the token reaches.",
        )
    if not chosen:
        raise ConfigurationError(
            "The access token reaches no ad account.",
            remedy="Authorize the application again and tick the accounts it may read.",
        )
    return chosen


async def describe_accounts(api: Client, ids: Sequence[str], names: Mapping[str, str]) -> list[Account]:
    """What TikTok says of these accounts, a hundred at a time, in the order of the ids."""
    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    found: dict[str, Account] = {}
    for described in await asyncio.gather(*(_describe(api, batch) for batch in batches)):
        found |= described
    return [
        msgspec.structs.replace(found[one], name=found[one].name or names.get(one, ""))
        if one in found
        else Account(advertiser_id=one, name=names.get(one, ""), error=_unmentioned(one))
        for one in ids
    ]


async def _describe(api: Client, ids: Sequence[str]) -> dict[str, Account]:
    """One batch; if one account spoils it, its halves, so that the others keep their time zones."""
    only = ids[0] if len(ids) == 1 else None
    try:
        params = {"advertiser_ids": list(ids)}
        answer = await api.get(INFO_ENDPOINT, params, _rows, advertiser_id=only, partial_ok=True)
    except TikTokError as error:
        if error.action is Action.STOP_SYNC:
            raise
        if only is not None or error.action is Action.FAIL_STREAM:
            return {one: Account(advertiser_id=one, error=error) for one in ids}
        if error.action not in {Action.FAIL_ACCOUNT, Action.SPLIT}:
            raise
        return await _halves(api, ids)
    rows = {str(row.get("advertiser_id")): row for row in answer.value}
    found = {one: _account(one, rows[one]) for one in ids if one in rows}
    missing = [one for one in ids if one not in rows]
    if answer.partial is not None and missing:
        if only is not None:
            return {only: Account(advertiser_id=only, error=_left_out(only, answer.partial.reason))}
        found |= await _halves(api, missing)
    return found


async def _halves(api: Client, ids: Sequence[str]) -> dict[str, Account]:
    middle = (len(ids) + 1) // 2
    halves = [half for half in (ids[:middle], ids[middle:]) if half]
    described = await asyncio.gather(*(_describe(api, half) for half in halves))
    return {one: account for half in described for one, account in half.items()}


def _account(advertiser_id: str, info: Mapping[str, Any]) -> Account:
    zone = zone_of(info.get("display_timezone"), info.get("timezone"))
    return Account(
        advertiser_id=advertiser_id,
        name=str(info.get("name") or ""),
        zone=zone,
        created=_created(info.get("create_time"), zone),
        info=info,
    )


def _created(value: Any, zone: tzinfo) -> date | None:
    """The day of `create_time`, which is epoch seconds; if the zone is unknown, the earliest that it may have been."""
    try:
        seconds = int(value)
        return earliest_day_in(zone, datetime.fromtimestamp(seconds, UTC)) if seconds > 0 else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _left_out(advertiser_id: str, reason: str) -> TikTokError:
    rule = ErrorRule(Action.FAIL_ACCOUNT, FailureType.TRANSIENT, "Run the sync again: it asks for the account again.")
    message = f"TikTok's answer is a part only and leaves the account out ({reason})"
    return rule.error(message, endpoint=INFO_ENDPOINT, advertiser_id=advertiser_id)


def _unmentioned(advertiser_id: str) -> TikTokError:
    message = "TikTok's answer leaves the account out, as it does with deleted ones and those that were not granted"
    return rule_for(40300).error(message, endpoint=INFO_ENDPOINT, advertiser_id=advertiser_id)
