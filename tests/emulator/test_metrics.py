"""All metrics: each has figures of its own, and figures that belong together agree."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.emulator.endpoints.reports.metric_names import ATTRIBUTES, DECIMALS, INTEGERS

MONTH = {"start_date": "2026-02-10", "end_date": "2026-03-11"}
ACCOUNT_ONLY = {"cash_spend", "voucher_spend"}
NAMES = sorted((INTEGERS | DECIMALS) - ACCOUNT_ONLY)
Columns = dict[str, list[Decimal | None]]
"""For each metric, its values over all rows. `-` is None."""


@pytest.fixture(scope="module")
def columns() -> Columns:
    """A month of the ad groups of six accounts with all metrics, in a currency with cents."""
    return asyncio.run(_columns())


async def _columns() -> Columns:
    found: Columns = defaultdict(list)
    options = Options(now=NOW, tier="unlimited", ads_per_account=240, currencies=("USD",) * 6)
    async with Emulator(options) as emulator, aiohttp.ClientSession() as session:
        client = Client(emulator, session)
        for advertiser in emulator.advertiser_ids:
            for row in await client.report("adgroup", advertiser_id=advertiser, metrics=NAMES, **MONTH):
                for name, value in row["metrics"].items():
                    found[name].append(None if value == "-" else Decimal(value))
    return found


def quotient(factor: int, numerator: Decimal, denominator: Decimal) -> Decimal:
    """A quotient with two decimals, rounded half up; zero without a denominator."""
    if not denominator:
        return Decimal("0.00")
    return (factor * numerator / denominator).quantize(Decimal("0.01"), ROUND_HALF_UP)


def pairs(of: Callable[[str], str | None]) -> list[tuple[str, str]]:
    """The metrics that name another metric, with it."""
    named = [(name, of(name)) for name in NAMES]
    return [(name, other) for name, other in named if other in NAMES and other != name]


def without(name: str, start: str = "", end: str = "") -> str | None:
    """A name without its start and end. None if it does not have them."""
    if not (name.startswith(start) and name.endswith(end)):
        return None
    return name.removeprefix(start).removesuffix(end)


def test_every_metric_has_figures(columns: Columns) -> None:
    """Each of the metrics is above zero in some row."""
    assert [name for name in NAMES if not any(columns[name])] == []


def test_no_two_metrics_have_the_same_figures(columns: Columns) -> None:
    """A client that mixes two metrics up shows wrong figures in some row."""
    same = defaultdict(list)
    for name in NAMES:
        same[tuple(columns[name])].append(name)
    assert [names for names in same.values() if len(names) > 1] == []


async def test_account_reports_have_figures_of_their_own(client: Client) -> None:
    """Cash and vouchers, which only daily reports on an account have, differ from each other and from the spend."""
    rows = await client.report(
        "advertiser", metrics=["spend", *sorted(ACCOUNT_ONLY)], advertiser_id=client.emulator.advertiser_ids[1], **MONTH
    )
    assert len({tuple(row["metrics"][name] for row in rows) for name in ("spend", *ACCOUNT_ONLY)}) == 3


COSTS = pairs(lambda name: without(name, "cost_per_")) + pairs(
    lambda name: (without(name, "onsite_cost_per_") and name.replace("cost_per_", "")) or None
)
RATES = pairs(lambda name: without(name, end="_rate"))
VALUES = pairs(lambda name: without(name, "value_per_"))


def test_a_cost_is_the_spend_divided_by_the_count_that_it_names(columns: Columns) -> None:
    """cost_per_X is spend / X."""
    assert len(COSTS) > 90
    for name, count in COSTS:
        for value, spend, events in zip(columns[name], columns["spend"], columns[count], strict=True):
            if value is not None and spend is not None and events is not None:
                assert value == quotient(1, spend, events), name


def test_a_rate_is_a_percentage_of_clicks_or_impressions(columns: Columns) -> None:
    """X_rate is X per click or per impression, and one of them throughout."""
    assert len(RATES) > 40
    for name, count in RATES:
        wanted = [
            [quotient(100, events or Decimal(), base or Decimal()) for events, base in zip(*bases, strict=True)]
            for bases in ((columns[count], columns[base]) for base in ("clicks", "impressions"))
        ]
        assert [value or Decimal("0.00") for value in columns[name]] in wanted, name


def test_the_value_per_event_is_the_value_divided_by_the_count(columns: Columns) -> None:
    """value_per_X is the value of X divided by X."""
    assert len(VALUES) > 30
    for name, count in VALUES:
        events_name = {"checkout": "total_checkout"}.get(count, count)
        total = next(
            item for item in (f"{count}_value", f"total_{count}_value", f"{count}s_value", f"total_{count}s_value")
            if item in NAMES
        ) if count != "complete_payment" else "total_complete_payment_rate"  # fmt: skip
        for value, amount, events in zip(columns[name], columns[total], columns[events_name], strict=True):
            assert value == quotient(1, amount or Decimal(), events or Decimal()), name


def test_people_do_not_outnumber_their_events(columns: Columns) -> None:
    """X is at most total_X, and unique_X at most total_X."""
    couples = pairs(lambda name: f"total_{name}") + pairs(lambda name: name.replace("unique", "total"))
    couples = [(unique, total) for unique, total in couples if {unique, total} <= INTEGERS]
    assert len(couples) > 30
    for unique, total in couples:
        for few, many in zip(columns[unique], columns[total], strict=True):
            assert (few or 0) <= (many or 0), unique


@pytest.mark.parametrize(
    ("prefix", "total"),
    [
        ("total_purchase_value_day", "total_purchase_value"),
        ("ad_impression_ad_revenue_day", "total_ad_impression_events_value"),
        ("onsite_total_purchase_value_day", "onsite_total_purchase_value"),
        ("onsite_total_purchase_value_calendar_day", "onsite_total_purchase_value"),
        ("onsite_ad_impression_ad_revenue_day", "onsite_total_ad_impression_value"),
        ("onsite_subscribe_value_day", "onsite_total_subscribe_value"),
        ("native_growth_purchase_value_d", "native_growth_total_purchase_value"),
        ("native_growth_ad_revenue_value_d", "native_growth_total_ad_impression_value"),
        ("native_growth_subscribe_value_d", "native_growth_total_subscribe_value"),
    ],
)
def test_values_grow_with_the_days_after_the_click(columns: Columns, prefix: str, total: str) -> None:
    """More days are worth more, and all of them no more than the total."""
    days = sorted((name for name in NAMES if name.startswith(prefix)), key=lambda name: int(name[len(prefix) :]))
    assert len(days) >= 3
    for row in zip(*(columns[name] for name in (*days, total)), strict=True):
        assert list(row) == sorted(row, key=lambda value: value or Decimal())


def test_a_return_is_the_value_divided_by_the_spend(columns: Columns) -> None:
    """The return on a day's value is that value divided by the spend."""
    returns = pairs(lambda name: name.replace("_roas", "_value") if "_roas_d" in name else None)
    returns += pairs(lambda name: name.replace("ad_revenue_roas_day", "ad_revenue_day"))
    assert len(returns) > 20
    for name, value_name in returns:
        for value, amount, spend in zip(columns[name], columns[value_name], columns["spend"], strict=True):
            assert value == quotient(1, amount or Decimal(), spend or Decimal()), name


async def test_every_attribute_is_answered_for_ads(client: Client) -> None:
    """A report by ad accepts all attributes, each with a text."""
    rows = await client.report("ad", "", query_lifetime="true", metrics=sorted(ATTRIBUTES))
    assert all(isinstance(value, str) for row in rows for value in row["metrics"].values())


async def test_attributes_agree_with_the_lists(client: Client) -> None:
    """The file of an ad's video has the name that the library gives it, and a post the name of its creator."""
    advertiser = client.emulator.advertiser_ids[0]
    metrics = ["video_id", "file_name", "tiktok_item_id", "tiktok_name"]
    rows = [row["metrics"] for row in await client.report("ad", "", query_lifetime="true", metrics=metrics)]
    videos = await client.read_all("file/video/ad/search/", page_size=100, advertiser_id=advertiser)
    files = {video["video_id"]: video["file_name"] for video in videos}
    named = [row for row in rows if row["video_id"] in files]
    assert named
    assert all(row["file_name"] == files[row["video_id"]] for row in named)
    assert all(row["file_name"] == "-" for row in rows if row["video_id"] == "-")
    posts = await client.read_all("tt_video/list/", page_size=20, advertiser_id=advertiser)
    creators = {post["item_info"]["item_id"]: post["user_info"]["tiktok_name"] for post in posts if "user_info" in post}
    shown = [row for row in rows if row["tiktok_item_id"] in creators]
    assert shown
    assert all(row["tiktok_name"] == creators[row["tiktok_item_id"]] for row in shown)
