"""Reports of the type BC: the figures of all accounts of a Business Center."""

from collections.abc import Callable, Mapping
from datetime import date
from operator import add
from typing import Any

import msgspec

from tiktok_marketing.emulator.business.breakdown_values import Value
from tiktok_marketing.emulator.business.breakdowns import Distribution
from tiktok_marketing.emulator.business.business import Account
from tiktok_marketing.emulator.business.business_centers import CURRENCY, BusinessCenter
from tiktok_marketing.emulator.business.currencies import in_dollars
from tiktok_marketing.emulator.business.delivery import VECTOR_INDEX, VECTOR_SIZE, ZERO_VECTOR, Figures
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, refuse
from tiktok_marketing.emulator.endpoints.reports.account_rows import ReportRow, check_names, page_of, requested
from tiktok_marketing.emulator.endpoints.reports.breakdown_rows import by_day
from tiktok_marketing.emulator.endpoints.reports.documented_metrics import BC
from tiktok_marketing.emulator.endpoints.reports.metrics import MONEY, Layout, Order, derive, unknown
from tiktok_marketing.emulator.endpoints.reports.query import CONFLICT, dates
from tiktok_marketing.emulator.endpoints.reports.rows import merge_ads, sum_days
from tiktok_marketing.emulator.endpoints.reports.shop_report import hash_of
from tiktok_marketing.emulator.options import Options

FigureSource = Callable[[Account, int], Figures]
"""Gives the figures of an account at a time."""

_TIMES = ("stat_time_day", "stat_time_week", "stat_time_month")
_VALUES = ("country_code", "placement")
_DIMENSIONS = ["advertiser_id", *_VALUES, *_TIMES]
_NAMES = ("advertiser_name", "currency", "account_type")
_MONEY_COMPONENTS = frozenset(VECTOR_INDEX[name] for name in MONEY.values() if name in VECTOR_INDEX)
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GREATER_THAN": lambda cost, bound: cost > bound,
    "GREATER_EQUAL": lambda cost, bound: cost >= bound,
    "LOWER_THAN": lambda cost, bound: cost < bound,
    "LOWER_EQUAL": lambda cost, bound: cost <= bound,
}
_OWNED, _SHARED = "OWNED_BY_CURRENT_BUSINESS_CENTER", "SHARED_BY_OTHER_BUSINESS_CENTER"
_LISTED: dict[str, Callable[[BusinessCenter, Account], str]] = {
    "advertiser_id": lambda _, account: str(account.id),
    "registered_area": lambda _, account: account.template.country,
    "currency_of_account": lambda _, account: account.template.currency,
    "account_status": lambda _, account: "APPROVED" if account.life == "active" else "SUSPENDED",
    "platform_of_account": lambda _center, _account: "ADS_MANGER",
    "owner_of_account": lambda center, account: _SHARED if account in center.shared else _OWNED,
}
_WORDS = {
    "account_status": ("APPROVED", "NOT_APPROVED", "IN_REVIEW", "SUSPENDED", "DISABLED", "CONTRACT_INACTIVE"),
    "platform_of_account": ("ADS_MANGER", "RAP"),
    "owner_of_account": (_OWNED, _SHARED),
}
"""Filters that accept only these values."""

Key = tuple[str, str, Value]
"""An account's id, a time and the values of a breakdown. What the report does not name is empty."""


def bc_report(
    center: BusinessCenter, params: Mapping[str, str], options: Options, now: int, figures_of: FigureSource
) -> Answer:
    """One page of a BC report.

    Rows with an advertiser_id are in the currency of the account; all others are in that of the Business Center.

    Raises:
        Refusal: The request is wrong.
    """
    dimensions = requested(params, "dimensions", [])
    if not dimensions:
        refuse("Missing required field(s): dimensions.")
    check_names("dimension", dimensions, _DIMENSIONS)
    times = [name for name in dimensions if name in _TIMES]
    values = [name for name in dimensions if name in _VALUES]
    if len(times) > 1 or len(values) > 1:
        refuse(CONFLICT)
    documented = _documented(dimensions, values)
    metrics = requested(params, "metrics", documented)
    check_names("metric", metrics, documented)
    if read.boolean(params, "query_lifetime"):
        refuse("query_lifetime: It cannot be used with report_type BC.")
    start, end = dates(params, "")
    accounts = _filtered(center, read.json_value(params, "filtering"))
    sums: dict[Key, list[int]] = {}
    holders: dict[Key, Account] = {}
    for account in accounts:
        single = "advertiser_id" in dimensions
        for time, value, row in _account_rows(account, figures_of(account, now), times, values, start, end):
            key = (str(account.id) if single else "", time, value)
            amounts = row if single else _in_dollars(row, account.template.currency)
            holders[key] = account
            sums[key] = list(map(add, sums[key], amounts)) if key in sums else amounts
        if single and options.zero_rows and not times and not values:
            sums.setdefault((str(account.id), "", ()), derive(ZERO_VECTOR, 0))
            holders.setdefault((str(account.id), "", ()), account)
    bounds = [entry for entry in _entries(params) if entry["field_name"] == "cost"]
    rows = [
        _row(dimensions, metrics, key, row, holders[key])
        for key, row in sums.items()
        if all(_passes(entry, row, holders[key], named=bool(key[0])) for entry in bounds)
    ]
    if options.shuffled_rows:
        rows.sort(key=lambda row: hash_of(int(center.id), row))
    return page_of(rows, metrics, params)


def _documented(dimensions: list[str], values: list[str]) -> list[str]:
    """The metrics that go with some dimensions."""
    if values:
        metrics = BC[values[0]]
        return metrics if "advertiser_id" in dimensions else [name for name in metrics if name not in _NAMES]
    return [*(("advertiser_name", "currency") if "advertiser_id" in dimensions else ()), *BC["time"]]


def _account_rows(
    account: Account, figures: Figures, times: list[str], values: list[str], start: date, end: date
) -> list[tuple[str, Value, list[int]]]:
    """The rows of one account: a time, the values of the breakdown, and the derived values."""
    first, last = start.toordinal(), min(end.toordinal(), figures.last_day)
    ads = account.ads(figures.now)
    if values:
        merged = merge_ads(by_day(figures, ad, Distribution(ad, tuple(values)), first, last) for ad in ads)
    else:
        merged = merge_ads([((day, ()), row) for day, row in figures.series(ad, first, last)] for ad in ads)
    groups: dict[tuple[str, Value], list[tuple[list[int], int]]] = {}
    for (ordinal, value), vector, reach in merged:
        groups.setdefault((_time(times, ordinal, first), value), []).append((vector, reach))
    return [
        (time, value, derive(*days[0]) if len(days) == 1 else sum_days(days)) for (time, value), days in groups.items()
    ]


def _time(times: list[str], ordinal: int, first: int) -> str:
    """The day, or the first day of the week (Monday) or month that is in the report."""
    if not times:
        return ""
    day = date.fromordinal(ordinal)
    if times[0] == "stat_time_week":
        day = date.fromordinal(max(first, ordinal - day.weekday()))
    elif times[0] == "stat_time_month":
        day = date.fromordinal(max(first, day.replace(day=1).toordinal()))
    return f"{day} 00:00:00"


def _in_dollars(row: list[int], currency: str) -> list[int]:
    """A row whose amounts of money are in the currency of the Business Center."""
    return [
        in_dollars(value, currency) if place < VECTOR_SIZE and place in _MONEY_COMPONENTS else value
        for place, value in enumerate(row)
    ]


def _row(dimensions: list[str], metrics: list[str], key: Key, row: list[int], account: Account) -> ReportRow:
    advertiser, time, value = key
    named = {"advertiser_id": advertiser, **dict.fromkeys(_TIMES, time)}
    shown_dimensions = {name: named[name] if name in named else value[0] for name in dimensions}
    computed = [name for name in metrics if name not in _NAMES and not unknown([name])]
    currency = account.template.currency if advertiser else CURRENCY
    layout = Layout(computed, currency, secondary=False)
    shown: dict[str, str] = msgspec.json.decode(layout.template({}) % layout.values(row))
    names = {
        "advertiser_name": account.name,
        "currency": currency,
        "account_type": "AUCTION",
    }
    return ReportRow(
        shown_dimensions,
        {name: names[name] if name in _NAMES else shown.get(name, "0.00") for name in metrics},
        {name: Order(name, currency).number(row) for name in computed},
    )


# -- filters


def _entries(params: Mapping[str, str]) -> list[dict[str, Any]]:
    entries = read.json_value(params, "filtering")
    return entries or []


def _filtered(center: BusinessCenter, entries: Any) -> list[Account]:
    """The accounts that pass all filters on accounts. The filters are checked here, those on the cost too."""
    chosen = [*center.accounts, *center.shared]
    if entries is None:
        return chosen
    if not isinstance(entries, list):
        refuse("filtering: Not a valid list.")
    for entry in entries:
        if not isinstance(entry, dict) or set(entry) != {"field_name", "filter_type", "filter_value"}:
            refuse("filtering: Each filter must have field_name, filter_type and filter_value.")
        chosen = _chosen(center, chosen, entry)
    return chosen


def _chosen(center: BusinessCenter, accounts: list[Account], entry: dict[str, Any]) -> list[Account]:
    field, kind = entry["field_name"], entry["filter_type"]
    if field == "cost" and isinstance(kind, str) and kind in _COMPARISONS:
        _bound(entry)
        return accounts
    if field == "advertiser_name" and kind == "MATCH":
        word = str(entry["filter_value"]).strip('"').lower()
        return [account for account in accounts if word in account.name.lower()]
    if not isinstance(field, str) or field not in _LISTED or kind != "IN":
        refuse(f"filtering: {field} cannot be filtered with {kind}.")
    wanted = read.text_list(read.json_value(entry, "filter_value"), field)
    unknown_words = [word for word in wanted if word not in _WORDS.get(field, wanted)]
    if unknown_words:
        refuse(f"{field}: {unknown_words} are not valid values.")
    return [account for account in accounts if _LISTED[field](center, account) in wanted]


def _bound(entry: dict[str, Any]) -> float:
    return read.number_list([str(entry["filter_value"]).strip('"')], "cost")[0]


def _passes(entry: dict[str, Any], row: list[int], account: Account, *, named: bool) -> bool:
    """Whether the cost of a row, in dollars, passes a filter."""
    spend = row[VECTOR_INDEX["spend"]]
    dollars = in_dollars(spend, account.template.currency) if named else spend
    return _COMPARISONS[entry["filter_type"]](dollars / 100, _bound(entry))
