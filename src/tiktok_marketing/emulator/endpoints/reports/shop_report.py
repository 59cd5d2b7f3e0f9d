"""Reports of the type TT_SHOP: what the GMV Max campaigns of an account spent."""

from collections.abc import Mapping
from datetime import date

from tiktok_marketing.emulator.business.business import Account
from tiktok_marketing.emulator.business.delivery import Figures
from tiktok_marketing.emulator.business.shop.campaigns import ShopCampaign, shop_campaigns
from tiktok_marketing.emulator.business.shop.figures import ShopFigures
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, refuse
from tiktok_marketing.emulator.endpoints.reports.account_rows import ReportRow, check_names, page_of, requested
from tiktok_marketing.emulator.endpoints.reports.metrics import money_text
from tiktok_marketing.emulator.endpoints.reports.query import CONFLICT, dates
from tiktok_marketing.emulator.options import Options

_LEVELS = {"AUCTION_ADVERTISER": "advertiser_id", "AUCTION_CAMPAIGN": "campaign_id"}
_DIMENSIONS = ["advertiser_id", "campaign_id", "country_code", "stat_time_day"]
_AMOUNTS = ("spend", "billed_cost")
_REFUSED = ("filtering", "query_lifetime")


def shop_report(
    account: Account, figures: Figures, params: Mapping[str, str], options: Options, shuffle_key: int
) -> Answer:
    """One page of a TT_SHOP report.

    Raises:
        Refusal: The request is wrong.
    """
    level = read.required(params, "data_level")
    owner = _LEVELS.get(level) or refuse(f"data_level: {level} is not supported by TT_SHOP reports.")
    dimensions = requested(params, "dimensions", [])
    if not dimensions:
        refuse("Missing required field(s): dimensions.")
    check_names("dimension", dimensions, _DIMENSIONS)
    if len({"advertiser_id", "campaign_id"}.intersection(dimensions)) != 1 or owner not in dimensions:
        refuse(CONFLICT)
    if owner == "campaign_id" and "country_code" not in dimensions:
        refuse(CONFLICT)
    metrics = requested(params, "metrics", list(_AMOUNTS))
    check_names("metric", metrics, [*_AMOUNTS, *(["campaign_name"] if owner == "campaign_id" else [])])
    for name in _REFUSED:
        if read.json_value(params, name) not in (None, False, []):
            refuse(f"{name}: It is not supported by TT_SHOP reports.")
    start, end = dates(params, "stat_time_day" if "stat_time_day" in dimensions else "")
    rows = _rows(account, figures, dimensions, metrics, start.toordinal(), end.toordinal())
    if not rows and options.zero_rows and dimensions == ["advertiser_id"]:
        rows = [_row({"advertiser_id": str(account.id)}, "", (0, 0), metrics, account.template.currency)]
    if options.shuffled_rows:
        rows.sort(key=lambda row: hash_of(shuffle_key, row))
    if not read.boolean(params, "enable_total_metrics"):
        return page_of(rows, metrics, params)
    return page_of(rows, metrics, params, lambda: _totals(rows, metrics, account.template.currency))


def hash_of(shuffle_key: int, row: ReportRow) -> int:
    """The place of a row in an order that means nothing."""
    place = shuffle_key
    for value in row.dimensions.values():
        place = place * 1_000_003 + int.from_bytes(value.encode()[-8:], "big")
    return place * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF


def _rows(
    account: Account, figures: Figures, dimensions: list[str], metrics: list[str], first: int, last: int
) -> list[ReportRow]:
    sums: dict[tuple[str, ...], list[int]] = {}
    names: dict[tuple[str, ...], str] = {}
    shop = ShopFigures(figures)
    for campaign in shop_campaigns(account):
        for ordinal in range(first, min(last, figures.last_day) + 1):
            for country, spend in shop.by_country(campaign, ordinal).items():
                key = tuple(_value(name, account, campaign, ordinal, country) for name in dimensions)
                names[key] = campaign.name
                amounts = sums.setdefault(key, [0, 0])
                amounts[0] += spend
                amounts[1] += shop.billed(ordinal, spend)
    return [
        _row(
            dict(zip(dimensions, key, strict=True)),
            names[key],
            (amounts[0], amounts[1]),
            metrics,
            account.template.currency,
        )
        for key, amounts in sums.items()
    ]


def _row(
    dimensions: dict[str, str], name: str, spend_and_billed: tuple[int, int], metrics: list[str], currency: str
) -> ReportRow:
    amounts = dict(zip(_AMOUNTS, spend_and_billed, strict=True))
    shown = {metric: money_text(amounts[metric], currency) if metric in amounts else name for metric in metrics}
    return ReportRow(dimensions, shown, amounts)


def _value(name: str, account: Account, campaign: ShopCampaign, ordinal: int, country: str) -> str:
    values = {
        "advertiser_id": str(account.id),
        "campaign_id": str(campaign.id),
        "country_code": country,
        "stat_time_day": f"{date.fromordinal(ordinal)} 00:00:00",
    }
    return values[name]


def _totals(rows: list[ReportRow], metrics: list[str], currency: str) -> dict[str, str]:
    return {name: money_text(sum(row.amounts[name] for row in rows), currency) for name in metrics if name in _AMOUNTS}
