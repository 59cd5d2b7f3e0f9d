"""Finds out which Business Center reports on an account, because requests for its reports must name it.

TikTok answers those who have a finance role in the Business Center; to be its administrator is not enough. The owner of
an account reports on it. If the user has no such role there, a Business Center that the account is shared with does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from tiktok_marketing.api.client import Client
from tiktok_marketing.api.error_rules import ErrorRule
from tiktok_marketing.catalog.business_center_reports import CENTERS_ENDPOINT
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import AccountError, Action, FailureType, TikTokError, UnusableIdError
from tiktok_marketing.sync.decode.coercion import shown, to_text
from tiktok_marketing.sync.decode.lenient_json import count_of, decode_list
from tiktok_marketing.sync.decode.pages import Keyer, Page, RawRows, RecordList
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.read.accounts import describe_accounts
from tiktok_marketing.sync.read.listing import ListReader, Request
from tiktok_marketing.sync.read.parent_params import is_usable_id

ASSETS_ENDPOINT = "bc/asset/get/"
_PAGE_SIZE = 50
"""The largest page of both lists."""
_FINANCE_ROLES = frozenset({"MANAGER", "ANALYST"})
_NO_ROLE = ErrorRule(
    Action.FAIL_ACCOUNT,
    FailureType.CONFIG,
    "Ask an admin of the Business Center for the finance role Manager or Analyst. Or leave the account out with "
    "exclude_advertiser_ids, or set skip_inaccessible_advertisers to turn this into a warning.",
    inaccessible=True,
    error_class=AccountError,
)


class BusinessCenters:
    """The Business Centers that report on accounts, as far as the user has a finance role in them.

    Args:
        api: The client.
    """

    def __init__(self, api: Client) -> None:
        self._api = api
        self._with_role: tuple[str, ...] | None = None
        self._shared: dict[AdvertiserId, str] | None = None
        self._odd: list[tuple[str, Any]] = []
        """Fields of Business Centers that decide whether to ask them, and cannot be read."""
        self._refusal: TikTokError | None = None
        self._lock = asyncio.Lock()

    async def of(self, account: Account) -> str | None:
        """The id of the Business Center that reports on an account; None if it belongs to none.

        Raises:
            AccountError: If the user has no finance role in any Business Center that has the account.
            UnusableIdError: If a Business Center that may have it cannot be asked.
            ConnectorError: If that cannot be found out.
        """
        owner = owner_of(await self._described(account))
        async with self._lock:
            centers = await self._centers()
            if owner in centers:
                return owner
            shared = await self._accounts_of(centers)
        if account.advertiser_id in shared:
            return shared[account.advertiser_id]
        if self._odd:
            field, value = self._odd[0]
            raise UnusableIdError(
                f"TikTok lists a Business Center that cannot be asked about ({field} is {shown(value)!r}), and no "
                f"other one reports on advertiser {account.advertiser_id}.",
                remedy="Run the sync again; all other rows were read. If this persists, report it to TikTok with the "
                "account and the value.",
            )
        if not owner:
            return None
        raise _NO_ROLE.error(
            f"the user has no finance role in the Business Center {owner}, which owns the account",
            endpoint=CENTERS_ENDPOINT,
            advertiser_id=account.advertiser_id,
        )

    async def with_finance_role(self) -> Sequence[str]:
        """The ids of the Business Centers in which the user has a finance role.

        Raises:
            ConnectorError: If they cannot be listed.
        """
        async with self._lock:
            return await self._centers()

    async def _described(self, account: Account) -> Account:
        """The account with TikTok's information about it.

        Raises:
            TikTokError: If TikTok gives none.
        """
        if account.info is None and account.error is None:
            (account,) = await describe_accounts(self._api, [account.advertiser_id], {})
        if account.error is not None:
            raise account.error
        return account

    async def _centers(self) -> tuple[str, ...]:
        if self._with_role is None:
            rows = await self._rows(CENTERS_ENDPOINT, ("bc_info", "bc_id"), {})
            roles = [(_at(row, "ext_user_role", "finance_role"), _at(row, "bc_info", "bc_id")) for row in rows]
            self._odd = [("finance_role", role) for role, _ in roles if not isinstance(role, str | None)]
            ids = [center_id for role, center_id in roles if isinstance(role, str) and role in _FINANCE_ROLES]
            self._odd += [("bc_id", center_id) for center_id in ids if not is_usable_id(center_id)]
            self._with_role = tuple(to_text(center_id) for center_id in ids if is_usable_id(center_id))
        return self._with_role

    async def _accounts_of(self, centers: Iterable[str]) -> Mapping[AdvertiserId, str]:
        """The accounts of these Business Centers, shared ones too, each with the first one that has it."""
        if self._shared is None:
            shared: dict[AdvertiserId, str] = {}
            for center in centers:
                rows = await self._rows(ASSETS_ENDPOINT, ("asset_id",), {"bc_id": center, "asset_type": "ADVERTISER"})
                for row in rows:
                    shared.setdefault(AdvertiserId(str(row.get("asset_id"))), center)
            self._shared = shared
        return self._shared

    async def _rows(self, endpoint: str, key: tuple[str, ...], params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """All rows of a list.

        Raises:
            ConnectorError: If it cannot be read completely. What TikTok refuses is not asked for again.
        """
        if self._refusal is not None:
            raise self._refusal
        rows: list[Mapping[str, Any]] = []
        request = Request(endpoint=endpoint, params=params, page_size=_PAGE_SIZE)
        try:
            async with aclosing(ListReader(self._api, _RowReader(key)).read(request)) as deliveries:
                async for delivery in deliveries:
                    rows += delivery.records
        except TikTokError as error:
            if error.failure_type is not FailureType.TRANSIENT:
                self._refusal = error
            raise
        return rows


def owner_of(account: Account) -> str:
    """The id of the Business Center that owns an account; empty if none does, or that is not known."""
    owner = (account.info or {}).get("owner_bc_id")
    return str(owner) if owner and owner != "0" else ""


class _RowReader:
    """Decodes pages whose rows are used as they come.

    Args:
        key: The path of the field that identifies a row.
    """

    def __init__(self, key: tuple[str, ...]) -> None:
        self._key = key

    def read(self, body: bytes) -> Page[RecordList]:
        """Decode a page."""
        rows, info = decode_list(body, "list")
        counts = count_of(info.total_number), count_of(info.total_page)
        return Page(RecordList(rows), rows, *counts, (), count_of(info.page_size), RawRows(lambda: rows))

    def keyer(self) -> Keyer:
        """Makes keys of the rows' ids."""
        return lambda keyed: [str(_at(row, *self._key)) for row in keyed]

    def describe(self, keyed: Any) -> str:
        """The row's id, for people."""
        return f"{self._key[-1]} {_at(keyed, *self._key)}"

    def shared_in(self, keyed: Any) -> None:  # noqa: ARG002 - each reader has this method
        """None: an id belongs to one row."""
        return


def _at(row: Any, *path: str) -> Any:
    """The value at this path in a row; None if the path does not exist."""
    for name in path:
        row = row.get(name) if isinstance(row, Mapping) else None
    return row
