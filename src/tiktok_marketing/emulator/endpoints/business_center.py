"""bc/get, bc/asset/get, bc/balance/get and advertiser/balance/get: Business Centers, what they own, and their money."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tiktok_marketing.emulator.business.balances import Balance, recharged_at, recharges
from tiktok_marketing.emulator.business.business import DAY, Account
from tiktok_marketing.emulator.business.business_centers import CURRENCY, BusinessCenter, business_centers
from tiktok_marketing.emulator.business.currencies import in_dollars
from tiktok_marketing.emulator.business.days import offset_name
from tiktok_marketing.emulator.business.identities import Identity, identities
from tiktok_marketing.emulator.business.library import pixel_id, pixels
from tiktok_marketing.emulator.business.shop.stores import stores_of
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, Refusal, encode, page_info, refuse, utc_text
from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.randomness import keyed

BalanceSource = Callable[[Account, int], Balance]
"""Gives the money of an account at a time."""

_ASSET_TYPES = (
    "ADVERTISER", "CATALOG", "TIKTOK_SHOP", "PIXEL", "LEAD", "TT_ACCOUNT", "BC_AUTH_TT", "MANAGED_BUSINESS_ACCOUNT",
)  # fmt: skip
_STATUSES = ("SHOW_ACCOUNT_STATUS_APPROVED", "SHOW_ACCOUNT_STATUS_PUNISHED")
_BALANCE_FIELDS = ("budget_remaining", "budget_frequency_restriction", "budget_amount_restriction",
                   "min_transferable_amount")  # fmt: skip
"""Fields of a balance that a request must name."""
_MAX_PAGE = 50


def business_center_list(accounts: Sequence[Account], params: Mapping[str, str], options: Options) -> Answer:
    """bc/get: the Business Centers that the token reaches."""
    centers = business_centers(accounts)
    if params.get("bc_id"):
        centers = [business_center_of(accounts, params)]
    records = [
        {
            "bc_info": {
                "bc_id": center.id,
                "name": center.name,
                "company": f"{center.name} LLC",
                "currency": CURRENCY,
                "registered_area": "US",
                "status": "ENABLE",
                "timezone": "America/New_York",
                "type": "AGENCY" if center.index else "NORMAL",
                "verification_status": "VERIFIED",
            },
            "user_role": "STANDARD" if center.index else "ADMIN",
            "ext_user_role": {"finance_role": "ANALYST" if center.index else "MANAGER"}
            if has_finance_role(center, options)
            else {},
        }
        for center in centers
    ]
    return _page("list", records, params)


def asset_list(accounts: Sequence[Account], params: Mapping[str, str], now: int, options: Options) -> Answer:
    """bc/asset/get: what a Business Center owns, of one type, and the accounts that are shared with it."""
    center = business_center_of(accounts, params, options.shared_accounts)
    kind = read.required(params, "asset_type")
    if kind not in _ASSET_TYPES:
        refuse(f"asset_type: {kind} is not one of {', '.join(_ASSET_TYPES)}.")
    owners = (*center.accounts, *(center.shared if kind == "ADVERTISER" else ()))
    records = [record for account in owners for record in _assets(kind, account, now)]
    word = str(read.filtering(params, {"keyword", "user_id", "user_email"}).get("keyword") or "").lower()
    records = [
        {"asset_type": kind, **record, "owner_bc_name": center.name}
        for record in records
        if word in f"{record['asset_name']} {record['asset_id']}".lower()
    ]
    return _page("list", records, params)


def _assets(kind: str, account: Account, now: int) -> list[dict[str, Any]]:
    if kind == "ADVERTISER":
        roles = {"advertiser_account_type": "AUCTION", "advertiser_role": "ADMIN"}
        return [{"asset_id": str(account.id), "asset_name": account.name, **roles}]
    if kind == "PIXEL":
        count = pixels(account).count(now)
        return [
            {"asset_id": pixel_id(account, index), "asset_name": f"{account.template.name} pixel {index + 1}"}
            for index in range(count)
        ]
    if kind in {"TT_ACCOUNT", "BC_AUTH_TT"}:
        wanted = "BC_AUTH_TT" if kind == "BC_AUTH_TT" else "TT_USER"
        return [_tiktok_account(item) for item in identities(account, now) if item.type == wanted]
    if kind == "TIKTOK_SHOP":
        rest = {"store_role": "AD_PROMOTE", "operating_region_code": account.template.country}
        return [{"asset_id": store.id, "asset_name": store.name, **rest} for store in stores_of(account)]
    return []


def _tiktok_account(identity: Identity) -> dict[str, Any]:
    return {
        "asset_id": identity.id,
        "asset_name": identity.name,
        "tt_account_roles": ["POST", "LIVE"],
        "tt_asset_handle": identity.username,
        "tt_asset_profile_image": f"https://p16-ad.example/avatar/{identity.key:016x}",
        "is_business_verified": True,
    }


def business_center_balance(
    center: BusinessCenter, params: Mapping[str, str], now: int, balance_at: BalanceSource
) -> Answer:
    """bc/balance/get: the money of a Business Center, which is that of its accounts, in its own currency."""
    if params.get("payment_portfolio_id"):
        refuse("payment_portfolio_id: The payment portfolio does not exist.")
    cash = grant = frozen = 0
    for account in center.accounts:
        balance, currency = balance_at(account, now), account.template.currency
        cash += in_dollars(balance.cash, currency)
        grant += in_dollars(balance.grant, currency)
        frozen += in_dollars(balance.frozen, currency)
    return encode(
        {
            "bc_id": center.id,
            "currency": CURRENCY,
            "account_balance": (cash + grant) / 100,
            "valid_account_balance": (cash + grant - frozen) / 100,
            "frozen_balance": frozen / 100,
            "tax": 0,
            "cash_balance": cash / 100,
            "valid_cash_balance": (cash - frozen) / 100,
            "grant_balance": grant / 100,
            "valid_grant_balance": grant / 100,
        }
    )


def balance_list(center: BusinessCenter, params: Mapping[str, str], now: int, balance_at: BalanceSource) -> Answer:
    """advertiser/balance/get: the money of a Business Center's accounts."""
    filtering = read.filtering(params, {"keyword", "advertiser_status", "payment_portfolio_id"})
    word = read.word(filtering, "keyword").lower()
    statuses = read.text_list(filtering.get("advertiser_status", list(_STATUSES)), "advertiser_status")
    fields = read.texts(params, "fields") or []
    if fields and read.integer(params, "page_size", 10, 1, _MAX_PAGE) != 1:
        refuse("fields: The page_size must be 1 when fields is specified.")
    unknown = [name for name in fields if name not in _BALANCE_FIELDS]
    if unknown:
        refuse(f"fields: {unknown[0]} is not one of {', '.join(_BALANCE_FIELDS)}.")
    chosen = [
        account
        for account in center.accounts
        if word in f"{account.name} {account.id}".lower() and _status(account) in statuses
    ]
    page, size = _page_and_size(params)
    records = [
        _balance_record(account, balance_at(account, now), now, fields)
        for account in chosen[(page - 1) * size : page * size]
    ]
    return encode({"advertiser_account_list": records, "page_info": page_info(page, size, len(chosen))})


def _balance_record(account: Account, balance: Balance, now: int, fields: list[str]) -> dict[str, Any]:
    template = account.template
    cash, grant, frozen = balance.cash, balance.grant, balance.frozen
    count = recharges(account, now) if balance.recharged else 0
    record: dict[str, Any] = {
        "advertiser_id": str(account.id),
        "advertiser_name": account.name,
        "advertiser_status": _status(account),
        "advertiser_type": "AUCTION",
        "timezone": offset_name(template.zone),
        "currency": template.currency,
        "account_open_days": max(0, (now - account.created) // DAY),
        "balance_reminder": False,
        "company": template.name,
        "contact_name": "Ha**ng",
        "contact_email": "a***@***",
        "create_time": utc_text(account.created),
        "first_recharge_amount": _units(account, balance.recharged // max(1, count)),
        "first_recharge_time": utc_text(recharged_at(account, 0)),
        "latest_recharge_time": utc_text(recharged_at(account, max(0, count - 1))),
        "recharge_amount": _units(account, balance.recharged),
        "recharge_count": count,
        "account_balance": _units(account, balance.total),
        "valid_account_balance": _units(account, balance.total - frozen),
        "frozen_balance": _units(account, frozen),
        "tax": 0,
        "cash_balance": _units(account, cash),
        "valid_cash_balance": _units(account, cash - frozen),
        "grant_balance": _units(account, grant),
        "valid_grant_balance": _units(account, grant),
        "transferable_amount": _units(account, cash - frozen),
        "max_transferable_amount": {
            "cash_amount": _units(account, cash - frozen),
            "grant_amount": _units(account, grant),
        },
        "budget_mode": "UNLIMITED",
        "budget": 0,
        "budget_cost": _units(account, balance.spent),
    }
    extra = {
        "budget_remaining": 0,
        "budget_frequency_restriction": {
            "total_count": 100,
            "used_count": keyed(account.key, now // DAY, 44) % 5,
            "remaining_count": 100 - keyed(account.key, now // DAY, 44) % 5,
            "effective_start_time": utc_text(now // DAY * DAY),
            "effective_end_time": utc_text(now // DAY * DAY + DAY - 1),
        },
        "budget_amount_restriction": {"minimum_amount": f"{_units(account, balance.spent):.2f}"},
        "min_transferable_amount": {"cash_amount": "0.00", "grant_amount": "0.00", "credit_amount": "0.00"},
    }
    return record | {name: extra[name] for name in fields}


def _units(account: Account, minor_units: int) -> float:
    """An amount in units of the account's currency."""
    return minor_units / account.template.minor_units


def _status(account: Account) -> str:
    return _STATUSES[account.life != "active"]


def business_center_of(accounts: Sequence[Account], params: Mapping[str, str], shared: int = 0) -> BusinessCenter:
    """The Business Center of a request.

    Args:
        accounts: The accounts that the token reaches.
        params: The request.
        shared: How many accounts of the other Business Centers are shared with the first.

    Raises:
        Refusal: The token does not reach it (40001).
    """
    wanted = read.required(params, "bc_id")
    for center in business_centers(accounts, shared):
        if center.id == wanted:
            return center
    raise Refusal(40001, f"No permission to operate Business Center {wanted}.")


def has_finance_role(center: BusinessCenter, options: Options) -> bool:
    """Whether the user may see the money of a Business Center. To be its administrator is not enough."""
    return options.finance_centers is None or center.index < options.finance_centers


def finances_of(accounts: Sequence[Account], params: Mapping[str, str], options: Options) -> BusinessCenter:
    """The Business Center of a request about its money.

    Raises:
        Refusal: The user has no finance role in it (40001).
    """
    center = business_center_of(accounts, params, options.shared_accounts)
    if not has_finance_role(center, options):
        raise Refusal(40001, f"No permission to operate Business Center {center.id}: the finance role is required.")
    return center


def _page_and_size(params: Mapping[str, str]) -> tuple[int, int]:
    return read.integer(params, "page", 1, 1, None), read.integer(params, "page_size", 10, 1, _MAX_PAGE)


def _page(name: str, records: list[dict[str, Any]], params: Mapping[str, str]) -> Answer:
    page, size = _page_and_size(params)
    return encode({name: records[(page - 1) * size : page * size], "page_info": page_info(page, size, len(records))})
