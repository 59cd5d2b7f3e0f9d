"""Lists the ad accounts, and gets the facts about each that planning needs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import msgspec

from tiktok_marketing.api.client import Answer, Client
from tiktok_marketing.api.envelope import no_data
from tiktok_marketing.api.error_rules import MAINTENANCE, ErrorRule, refused_alone, rule_for
from tiktok_marketing.catalog import Scope, Stream
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.config_values import is_advertiser_id
from tiktok_marketing.errors import (
    Action,
    ConfigurationError,
    ConnectorError,
    FailureType,
    IncompleteReadError,
    PartialAnswerError,
    PermissionDeniedError,
    TikTokError,
)
from tiktok_marketing.sync.decode.coercion import shown, to_integer, to_text
from tiktok_marketing.sync.decode.lenient_json import as_objects, count_of, decode_lenient
from tiktok_marketing.sync.plan.accounts import Account, AccountList, Accounts
from tiktok_marketing.sync.plan.state_repair import list_ids
from tiktok_marketing.sync.plan.zones import earliest_day_in, zones_of

LIST_ENDPOINT = "oauth2/advertiser/get/"
INFO_ENDPOINT = "advertiser/info/"
LISTING = "the list of accounts"
"""What failed, for people, if listing the accounts fails."""
BATCH = 100
"""Accounts per request to `/advertiser/info/`."""
_FIRST_LEFT_OUT = 50
"""So many accounts that the list lacks are asked about before the others are."""
_PROBE_ENDPOINT = "user/info/"
_WITHOUT_LIST = (
    "If you name the accounts in advertiser_ids, everything but the stream advertiser_ids is read without it."
)


def _rows(body: bytes) -> list[Mapping[str, Any]]:
    return _counted(body)[0]


def _counted(body: bytes) -> tuple[list[Mapping[str, Any]], int]:
    """The rows of an answer, and how many TikTok counts; 0 if it counts none."""
    answer = decode_lenient(body)
    data = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(data, Mapping):
        raise msgspec.ValidationError("`data` is not an object")
    listed, info = data.get("list"), data.get("page_info")
    total = count_of(info.get("total_number")) if isinstance(info, Mapping) else None
    return as_objects([] if listed is None else listed, "`data.list`"), total or 0


async def find_accounts(config: Config, api: Client) -> Accounts:
    """Choose the accounts that the configuration selects, and get their time zones.

    Only if the configuration names none, the token's list decides, and is requested. A named account is tried whether
    or not the list has it: TikTok's answer then gives the reason.

    An account that TikTok gives no information about is still chosen, because some of its streams may be readable.

    Raises:
        TikTokError: If the accounts must be listed and cannot be, so that nothing can be read; or if the token is not
            valid.
        ConfigurationError: If no account is left to read.
        PartialAnswerError: If TikTok's list is partial, and no account in it is left to read.
    """
    listed: AccountList | None = None
    incomplete: IncompleteReadError | None = None
    names: dict[str, str] = {}
    if config.advertiser_id is not None:
        ids = [config.advertiser_id]
    elif config.sandbox:
        raise ConfigurationError("credentials.advertiser_id is missing.", remedy="A sandbox token needs it.")
    elif config.advertiser_ids:
        ids = list(config.advertiser_ids)
    else:
        listed = await _needed_list(config, api)
        listed_ids = [_id_in(row) for row in listed.rows]
        ids = [AdvertiserId(advertiser_id) for advertiser_id in listed_ids if _is_usable(advertiser_id)]
        incomplete = listed.incomplete or _unusable(listed_ids)
        names = {_id_in(row): str(row.get("advertiser_name") or "") for row in listed.rows}
    try:
        chosen = _choose(ids, config)
    except ConfigurationError as error:
        raise incomplete or error from None
    return Accounts(tuple(await describe_accounts(api, chosen, names)), listed, incomplete)


def _id_in(row: Mapping[str, Any]) -> str:
    """The id of an account as requests name it: the digits alone, if there is nothing else but space, + or zeros."""
    text = to_text(row.get("advertiser_id"))
    digits = text.strip().removeprefix("+")
    number = to_integer(digits) if digits.isascii() and digits.isdecimal() else None
    return text if number is None else str(number)


def _is_usable(advertiser_id: str) -> bool:
    """Whether requests can name this account. TikTok writes 0 where it has no id."""
    return is_advertiser_id(advertiser_id) and int(advertiser_id) > 0


def _unusable(ids: Iterable[str]) -> IncompleteReadError | None:
    """The error for accounts that cannot be read, because their ids are not numbers; None if there are none."""
    unusable = [advertiser_id for advertiser_id in ids if not _is_usable(advertiser_id)]
    if not unusable:
        return None
    return IncompleteReadError(
        f"TikTok lists an account with the id {shown(unusable[0])!r}, which is not a positive number of 64 bits, "
        "so it cannot be read.",
        remedy="Name the accounts to read in advertiser_ids; that leaves this one out.",
    )


async def _needed_list(config: Config, api: Client) -> AccountList:
    """The list of accounts, without which nothing can be read.

    Raises:
        TikTokError: If it cannot be read. The remedy says how to do without it, unless nothing answers at all.
    """
    try:
        return await list_accounts(config, api)
    except TikTokError as error:
        # Without a token, an application or a network that TikTok accepts, named accounts cannot be read either.
        if error.action is Action.STOP_SYNC or (error.code is None and error.http_status is None):
            raise
        if not api.answered and not await _answers_elsewhere(api):
            raise api.nothing_answers(error) from error
        error.remedy = f"{error.remedy} {_WITHOUT_LIST}"
        raise


async def _answers_elsewhere(api: Client) -> bool:
    """Whether TikTok's API answers a request that needs nothing but the token."""
    with suppress(TikTokError):
        await api.get(_PROBE_ENDPOINT, {}, no_data, probing=True, partial_ok=True)
    return api.answered


async def _works_elsewhere(api: Client) -> bool:
    """Whether TikTok accepts the token for a request that needs nothing else."""
    try:
        await api.get(_PROBE_ENDPOINT, {}, no_data, probing=True, partial_ok=True)
    except TikTokError:
        return False
    return True


async def list_problem(config: Config, api: Client, streams: Iterable[Stream]) -> ConnectorError | None:
    """Why the list of accounts cannot be read; None if it can be, or if none of these streams needs it."""
    if all(stream.scope is not Scope.TOKEN for stream in streams):
        return None
    try:
        return (await list_accounts(config, api)).incomplete
    except (TikTokError, ConfigurationError) as error:
        return error


async def list_accounts(config: Config, api: Client) -> AccountList:
    """Every account that the token has access to.

    Raises:
        TikTokError: If the list cannot be read. If the configuration names the accounts, only this stream needs it.
        ConfigurationError: If the configuration has no application, which the list needs.
    """
    if not config.app_id or not config.secret:
        raise ConfigurationError(
            "The list of accounts needs app_id and secret, and the configuration does not have both.",
            remedy="Add them, or leave the stream advertiser_ids out of the sync.",
        )
    params = {"app_id": config.app_id, "secret": config.secret}
    try:
        rows, total = (await api.get(LIST_ENDPOINT, params, _counted)).value
        return AccountList(rows, _lacking(len(rows), total) if len(rows) < total else None)
    except PartialAnswerError as error:
        return AccountList(error.answer.value[0], error)
    except TikTokError as error:
        if error.code in {40000, 40001, 40002} and not isinstance(error, PermissionDeniedError):
            # Seen where the token belongs to another application.
            facts = {"code": error.code, "request_id": error.request_id, "detail": error.detail}
            raise (
                rule_for(40101).error(error.tiktok_message, endpoint=error.endpoint, **facts).after(error.tries)
            ) from None
        raise


def _lacking(listed: int, total: int) -> IncompleteReadError:
    """The error of a list that has fewer accounts than TikTok counts in it."""
    return IncompleteReadError(
        f"/{LIST_ENDPOINT} lists {listed:,} of the {total:,} accounts that TikTok counts.",
        remedy=f"Run the sync again. If this persists, name the accounts to read in advertiser_ids. {_WITHOUT_LIST}",
    )


async def with_left_out(api: Client, accounts: Accounts, known: Sequence[AdvertiserId]) -> Accounts:
    """The accounts, and those that TikTok's list leaves out although TikTok answers for them.

    Absence is no answer: the token may have lost an account, or the list may lack it this time. If so, it may lack
    others that nobody knows, too.

    Args:
        api: The client.
        accounts: The accounts that the list has.
        known: Accounts of earlier syncs that it lacks.
    """
    answered: list[Account] = []
    with suppress(TikTokError):
        answered = _with_details(await describe_accounts(api, known[:_FIRST_LEFT_OUT], {}))
        if answered:  # otherwise, the token has lost them, and each of the others would cost a request
            answered += _with_details(await describe_accounts(api, known[_FIRST_LEFT_OUT:], {}))
    if not answered or accounts.listed is None:
        return accounts
    error = IncompleteReadError(
        f"TikTok's list of accounts lacks {list_ids([account.advertiser_id for account in answered])}, although TikTok "
        "answers for them. They are read, but other accounts may be missing.",
        remedy="Run the sync again. If this persists, name the accounts to read in advertiser_ids.",
    )
    listed = msgspec.structs.replace(accounts.listed, incomplete=error)
    return msgspec.structs.replace(accounts, chosen=(*accounts.chosen, *answered), listed=listed, incomplete=error)


def _with_details(accounts: Iterable[Account]) -> list[Account]:
    return [account for account in accounts if account.info is not None]


def _choose(ids: Iterable[AdvertiserId], config: Config) -> list[AdvertiserId]:
    included, excluded = set(config.advertiser_ids), set(config.exclude_advertiser_ids)
    all_ids = dict.fromkeys(ids)
    chosen = [
        advertiser_id
        for advertiser_id in all_ids
        if (not included or advertiser_id in included) and advertiser_id not in excluded
    ]
    if chosen and config.shard is not None:  # a shard without accounts is as complete as any other
        return [advertiser_id for advertiser_id in chosen if config.shard.owns(advertiser_id)]
    if not chosen and all_ids:
        raise _none_left(config)
    if not chosen:
        raise ConfigurationError(
            "The access token has access to no ad account.",
            remedy="Authorize the application again, and select the accounts that it may read.",
        )
    return chosen


def _none_left(config: Config) -> ConfigurationError:
    """The error for lists that leave out every account; it names only what the configuration has."""
    only = config.advertiser_id
    if only is not None and only in config.exclude_advertiser_ids:
        return ConfigurationError(
            f"exclude_advertiser_ids leaves out {only}, the only account that credentials.advertiser_id selects.",
            remedy="Remove it from exclude_advertiser_ids, or name another account in credentials.advertiser_id.",
        )
    if only is not None:
        return ConfigurationError(
            f"credentials.advertiser_id selects the account {only} alone, and advertiser_ids does not have it.",
            remedy="Add it to advertiser_ids, empty that list, or name another account in credentials.advertiser_id.",
        )
    lists = [name for name in ("advertiser_ids", "exclude_advertiser_ids") if getattr(config, name)]
    return ConfigurationError(
        f"{' and '.join(lists)} {'leave' if len(lists) > 1 else 'leaves'} no account to read.",
        remedy=f"Change {'these lists' if len(lists) > 1 else 'this list'}; `tiktok-marketing accounts` shows the "
        "accounts that the token has access to.",
    )


def stop_if_nothing_answers(api: Client, accounts: Iterable[Account]) -> None:
    """Raise the error to stop with, if pages came in place of every answer about these accounts.

    Raises:
        TikTokError: If the API has not answered anything.
    """
    if not api.answered:
        for account in accounts:
            if account.error is not None and account.error.http_status is not None:
                raise api.nothing_answers(account.error)


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
        answer = await _info(api, ids)
    except _OneIsAnsweredError:
        return await _halves(api, ids)
    except TikTokError as error:
        if error.about_token and await _works_elsewhere(api):
            error = refused_alone(error)
        if error.action is Action.STOP_SYNC or not await _others_may_answer(api, error):
            raise
        about_all = only is not None or _is_about_all(error)
        if about_all or (error.action is Action.RETRY and await _fails_for_all(api, ids)):
            return {advertiser_id: Account(advertiser_id=advertiser_id, error=error) for advertiser_id in ids}
        return await _halves(api, ids)
    rows = {_id_in(row): row for row in answer.value}
    missing = [advertiser_id for advertiser_id in ids if advertiser_id not in rows]
    described = {
        advertiser_id: _account(advertiser_id, rows[advertiser_id]) for advertiser_id in ids if advertiser_id in rows
    }
    if missing and only is None:  # an answer about many may leave out an account that TikTok knows
        for alone in await asyncio.gather(*(_describe(api, [advertiser_id]) for advertiser_id in missing)):
            described |= alone
    elif missing and answer.partial is not None and only is not None:
        return {only: Account(advertiser_id=only, error=_left_out(only, answer.partial.reason))}
    return described


async def _others_may_answer(api: Client, error: TikTokError) -> bool:
    """Whether requests to other endpoints may succeed after this error, so that it costs the accounts' details only."""
    if error.connecting or (error.timed_out and not api.answered):
        return False
    if error.http_status is not None:  # where nothing but pages comes, the streams find that out together
        return True
    return api.answered or await _answers_elsewhere(api)


def _is_about_all(error: TikTokError) -> bool:
    """Whether no account is the reason for an error."""
    return error.connecting or error.code == MAINTENANCE or error.action in {Action.FAIL_STREAM, Action.SLOW_DOWN}


class _OneIsAnsweredError(Exception):
    """A request about several accounts fails, and one about the first or the last of them does not."""


async def _info(api: Client, ids: Sequence[AdvertiserId]) -> Answer[list[Mapping[str, Any]]]:
    """TikTok's information about these accounts, in one request.

    Raises:
        _OneIsAnsweredError: If it fails because of some of the accounts. It was not tried for long.
        TikTokError: If the request failed for good.
    """
    if len(ids) == 1:
        return await _ask_info(api, ids)
    try:
        return await _ask_info(api, ids, probing=True)
    except TikTokError as error:
        if error.action is not Action.RETRY or _is_about_all(error):
            raise
        if not await _fails_for_all(api, ids):
            raise _OneIsAnsweredError from error
    return await _ask_info(api, ids)


async def _ask_info(
    api: Client, ids: Sequence[AdvertiserId], *, probing: bool = False
) -> Answer[list[Mapping[str, Any]]]:
    only = ids[0] if len(ids) == 1 else None
    params = {"advertiser_ids": list(ids)}
    return await api.get(INFO_ENDPOINT, params, _rows, advertiser_id=only, partial_ok=True, probing=probing)


async def _fails_for_all(api: Client, ids: Sequence[AdvertiserId]) -> bool:
    """Whether no answer comes for the first and the last account either, so probably for none."""
    for advertiser_id in (ids[0], ids[-1]):
        try:
            await _ask_info(api, [advertiser_id], probing=True)
        except TikTokError as error:
            if error.action is Action.RETRY:
                continue
        return False
    return True


async def _halves(api: Client, ids: Sequence[AdvertiserId]) -> dict[AdvertiserId, Account]:
    middle = (len(ids) + 1) // 2
    halves = [half for half in (ids[:middle], ids[middle:]) if half]
    described = await asyncio.gather(*(_describe(api, half) for half in halves))
    return {advertiser_id: account for half in described for advertiser_id, account in half.items()}


def _account(advertiser_id: AdvertiserId, info: Mapping[str, Any]) -> Account:
    zone, place = zones_of(info.get("timezone"), info.get("display_timezone"))
    return Account(
        advertiser_id=advertiser_id,
        name=str(info.get("name") or ""),
        zone=zone,
        created=_created(info.get("create_time"), zone, place),
        place=place,
        info=info,
    )


def _created(value: Any, zone: tzinfo, place: tzinfo | None) -> date | None:
    """The day of `create_time`, which is in epoch seconds; the earliest possible day if that is uncertain."""
    try:
        seconds = int(value)
        return earliest_day_in(zone, datetime.fromtimestamp(seconds, UTC), place) if seconds > 0 else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _left_out(advertiser_id: AdvertiserId, reason: str) -> TikTokError:
    rule = ErrorRule(Action.FAIL_ACCOUNT, FailureType.TRANSIENT, "Run the sync again; it asks for the account again.")
    message = f"TikTok's answer is partial and does not contain the account ({reason})"
    return rule.error(message, endpoint=INFO_ENDPOINT, advertiser_id=advertiser_id)


def _unmentioned(advertiser_id: AdvertiserId) -> TikTokError:
    message = "TikTok's answer does not contain the account: it may be deleted, or the application has no access to it"
    return rule_for(40300).error(message, endpoint=INFO_ENDPOINT, advertiser_id=advertiser_id)
