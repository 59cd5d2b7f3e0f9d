"""The GMV Max report: its levels agree with one another, and it refuses what TikTok does not document."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from itertools import pairwise
from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options

DAY, HOUR = "stat_time_day", "stat_time_hour"
START, END = "2026-02-20", "2026-03-10"
SALES = ["cost", "orders", "gross_revenue"]
OVERVIEW = ["cost", "net_cost", "orders", "cost_per_order", "gross_revenue", "roi"]
PRODUCT, LIVE = {"gmv_max_promotion_types": ["PRODUCT"]}, {"gmv_max_promotion_types": ["LIVE"]}
RATES = ["product_click_rate", "ad_click_rate", "ad_conversion_rate"]
VIEWS = [f"ad_video_view_rate_{part}" for part in ("2s", "6s", "p25", "p50", "p75", "p100")]

Row = dict[str, Any]
Report = Callable[..., Awaitable[list[Row]]]


class Shop:
    """The main store of the first account, and reports on it."""

    def __init__(self, client: Client, store: str) -> None:
        self.client = client
        self.store = store

    @classmethod
    async def of(cls, client: Client, place: int = 0) -> Shop:
        """A store of the first account: by default its main store."""
        data = await client.data("gmv_max/store/list/", advertiser_id=client.emulator.advertiser_ids[0])
        return cls(client, data["store_list"][place]["store_id"])

    def request(self, *dimensions: str, **params: Any) -> dict[str, Any]:
        """A request, by default for the sales on some weeks."""
        return {
            "advertiser_id": self.client.emulator.advertiser_ids[0], "store_ids": [self.store],
            "dimensions": list(dimensions), "metrics": SALES, "start_date": START, "end_date": END,
        } | params  # fmt: skip

    async def rows(self, *dimensions: str, page_size: int = 1000, **params: Any) -> list[Row]:
        """All rows of a report."""
        return await self.client.read_all("gmv_max/report/get/", page_size, **self.request(*dimensions, **params))

    async def envelope(self, *dimensions: str, **params: Any) -> dict[str, Any]:
        """The answer to a request."""
        return await self.client.envelope("gmv_max/report/get/", **self.request(*dimensions, **params))

    async def campaigns(self, kind: dict[str, list[str]]) -> list[str]:
        """The ids of the campaigns of a kind, deleted ones included."""
        rows = await self.rows("campaign_id", filtering=kind | {"campaign_statuses": ["STATUS_ALL"]})
        return [row["dimensions"]["campaign_id"] for row in rows]

    async def products(self) -> dict[str, list[str]]:
        """The filters that reports on posts need: all campaigns for products, and all their products."""
        campaigns = await self.campaigns(PRODUCT)
        rows = await self.rows("item_group_id", filtering={"campaign_ids": campaigns})
        return {"campaign_ids": campaigns, "item_group_ids": [row["dimensions"]["item_group_id"] for row in rows]}


def cents(text: str) -> int:
    """An amount in hundredths."""
    return round(float(text) * 100)


def sums(rows: Iterable[Row], *dimensions: str, metrics: Iterable[str] = SALES) -> dict[tuple[str, ...], Counter[str]]:
    """The sums of metrics, for each combination of dimensions. Rows of zeros count for nothing."""
    totals: dict[tuple[str, ...], Counter[str]] = {}
    for row in rows:
        key = tuple(row["dimensions"][name][:10] if name == DAY else row["dimensions"][name] for name in dimensions)
        own = Counter({name: cents(row["metrics"][name]) for name in metrics})
        if any(own.values()):
            totals.setdefault(key, Counter()).update(own)
    return totals


def by_day_of_hours(rows: list[Row], *dimensions: str) -> dict[tuple[str, ...], Counter[str]]:
    """The sums of hours by day."""
    named = [{**row, "dimensions": {**row["dimensions"], DAY: row["dimensions"][HOUR]}} for row in rows]
    return sums(named, *dimensions, DAY)


# -- levels


async def test_campaigns_add_up_to_the_store_at_any_moment(client: Client) -> None:
    """Campaigns for products and for LIVE rooms, deleted ones included, by day and in all."""
    shop = await Shop.of(client)
    for _ in range(3):
        for times in ((), (DAY,)):
            overview = await shop.rows("advertiser_id", *times, metrics=OVERVIEW)
            whole = sums(overview, *times, metrics=[*SALES, "net_cost"])
            campaigns: list[Row] = []
            for kind in (PRODUCT, LIVE):
                everything = kind | {"campaign_statuses": ["STATUS_ALL"]}
                rows = await shop.rows("campaign_id", *times, metrics=OVERVIEW, filtering=everything)
                campaigns += rows
                of_kind = await shop.rows("advertiser_id", *times, metrics=OVERVIEW, filtering=kind)
                assert sums(of_kind, *times) == sums(rows, *times)
            assert sums(campaigns, *times, metrics=[*SALES, "net_cost"]) == whole
            assert whole
        client.emulator.clock.advance(5 * 3600)


async def test_hours_add_up_to_days_at_every_level(client: Client) -> None:
    """On a day that is over and on the present one, for the store, campaigns, products and rooms."""
    shop = await Shop.of(client)
    filters = await shop.products()
    live = {"campaign_ids": await shop.campaigns(LIVE)}
    for day in ("2026-03-08", "2026-03-10"):
        window = {"start_date": day, "end_date": day}
        for dimension, filtering in (
            ("advertiser_id", None), ("campaign_id", PRODUCT), ("campaign_id", LIVE),
            ("item_group_id", {"campaign_ids": filters["campaign_ids"]}), ("room_id", live),
        ):  # fmt: skip
            chosen = {"filtering": filtering} if filtering else {}
            days = await shop.rows(dimension, DAY, **window, **chosen)
            hours = await shop.rows(dimension, HOUR, **window, **chosen)
            assert by_day_of_hours(hours, dimension) == sums(days, dimension, DAY)
            assert len({row["dimensions"][HOUR] for row in hours}) <= 24
        assert sums(await shop.rows("advertiser_id", DAY, **window))


async def test_posts_and_product_cards_add_up_to_products_and_campaigns(settled: Client) -> None:
    """With and without the campaign and the product among the dimensions."""
    shop = await Shop.of(settled)
    filters = await shop.products()
    campaigns = await shop.rows("campaign_id", DAY, filtering=PRODUCT | {"campaign_statuses": ["STATUS_ALL"]})
    products = await shop.rows("campaign_id", "item_group_id", DAY, filtering={"campaign_ids": filters["campaign_ids"]})
    posts = await shop.rows("item_id", DAY, filtering=filters)
    triples = await shop.rows("campaign_id", "item_group_id", "item_id", filtering=filters)
    assert sums(products, "campaign_id", DAY) == sums(campaigns, "campaign_id", DAY)
    assert sums(posts, DAY) == sums(products, DAY)
    assert sums(triples, "campaign_id", "item_group_id") == sums(products, "campaign_id", "item_group_id")
    assert sums(triples, "item_id") == sums(posts, "item_id")
    cards = [row for row in posts if row["dimensions"]["item_id"] == "-1"]
    assert sums(cards)


async def test_the_store_is_more_than_its_videos(settled: Client) -> None:
    """Product cards and LIVE rooms have no video. Some videos have revenue without cost."""
    shop = await Shop.of(settled)
    whole = sums(await shop.rows("advertiser_id"))[()]
    posts = await shop.rows("item_id", DAY, filtering=await shop.products())
    videos = [row for row in posts if row["dimensions"]["item_id"] != "-1"]
    assert 0 < sums(videos)[()]["cost"] < whole["cost"]
    assert any(row["metrics"]["cost"] == "0.00" and cents(row["metrics"]["gross_revenue"]) for row in videos)


async def test_rooms_add_up_to_campaigns_and_may_cross_midnight(client: Client) -> None:
    """A room that is open over midnight has rows on two days. Rooms without cost have views and revenue."""
    shop = await Shop.of(client)
    metrics = [*OVERVIEW, "live_views", "10_second_live_views", "live_follows", "live_launched_time", "live_status"]
    rows = await shop.rows("room_id", DAY, metrics=metrics, filtering={"campaign_ids": await shop.campaigns(LIVE)})
    campaigns = await shop.rows("campaign_id", DAY, metrics=[*OVERVIEW, "live_views"], filtering=LIVE)
    checked = [*SALES, "net_cost", "live_views"]
    assert sums(rows, DAY, metrics=checked) == sums(campaigns, DAY, metrics=checked)
    days = Counter(row["dimensions"]["room_id"] for row in rows)
    assert set(days.values()) == {1, 2}
    for row in rows:
        launched = row["metrics"]["live_launched_time"][:10]
        assert row["dimensions"][DAY][:10] >= launched
        assert (row["dimensions"][DAY][:10] == launched) or days[row["dimensions"]["room_id"]] == 2
    free = [row for row in rows if row["metrics"]["cost"] == "0.00"]
    assert any(int(row["metrics"]["live_views"]) for row in free)
    whole = await shop.rows("room_id", metrics=SALES, filtering={"campaign_ids": await shop.campaigns(LIVE)})
    assert sums(whole, "room_id") == sums(rows, "room_id")


async def test_all_shops_have_at_least_the_orders_of_this_one_and_are_numbers(client: Client) -> None:
    """TikTok types these metrics as numbers, all others as text."""
    shop = await Shop.of(client)
    names = ["all_shops_orders", "all_shops_gross_revenue", "all_shops_roi", "all_shops_cost_per_order"]
    rows = await shop.rows("campaign_id", DAY, metrics=[*SALES, *names], filtering=LIVE)
    more = 0
    for row in rows:
        metrics = row["metrics"]
        assert type(metrics["all_shops_orders"]) is int
        assert isinstance(metrics["all_shops_gross_revenue"], float)
        assert metrics["all_shops_orders"] >= int(metrics["orders"])
        more += metrics["all_shops_orders"] > int(metrics["orders"])
        assert all(isinstance(metrics[name], str) for name in SALES)
    assert more


async def test_durations_split_a_product_where_the_mode_changes(settled: Client) -> None:
    """Sessions of maximum delivery begin and end a duration. The durations add up to the product."""
    shop = await Shop.of(settled)
    window = {"start_date": "2025-12-10"}
    (campaign, *_) = sorted(await shop.campaigns(PRODUCT))
    own = {"campaign_ids": [campaign]}
    products = await shop.rows("item_group_id", filtering=own, **window)
    modes: set[str] = set()
    for product in products:
        filtering = own | {"item_group_ids": [product["dimensions"]["item_group_id"]]}
        rows = await shop.rows("duration", metrics=[*SALES, "bid_type", "roas_bid"], filtering=filtering, **window)
        assert sums(rows) == sums([product])
        for row in rows:
            modes.add(row["metrics"]["bid_type"])
            assert (row["metrics"]["roas_bid"] == "0.00") == (row["metrics"]["bid_type"] == "NO_BID")
    assert modes == {"CUSTOM", "NO_BID"}
    live = await shop.campaigns(LIVE)
    rooms = await shop.rows("room_id", filtering={"campaign_ids": live})
    filtering = {"campaign_ids": live, "room_ids": [row["dimensions"]["room_id"] for row in rooms]}
    assert sums(await shop.rows("campaign_id", "duration", filtering=filtering)) == sums(rooms)


async def test_shop_reports_have_the_cost_of_the_campaigns(client: Client) -> None:
    """TT_SHOP reports and the stores' reports show the same spend by campaign and day."""
    account = client.emulator.advertiser_ids[0]
    rows: list[Row] = []
    for place in (0, 1):
        shop = await Shop.of(client, place)
        for kind in (PRODUCT, LIVE):
            rows += await shop.rows("campaign_id", DAY, filtering=kind | {"campaign_statuses": ["STATUS_ALL"]})
    shown = await client.read_all(
        "report/integrated/get/", advertiser_id=account, report_type="TT_SHOP", data_level="AUCTION_CAMPAIGN",
        dimensions=["campaign_id", "country_code", DAY], metrics=["spend"], start_date=START, end_date=END,
    )  # fmt: skip
    spend = {key: value["spend"] for key, value in sums(shown, "campaign_id", DAY, metrics=["spend"]).items()}
    assert spend == {key: value["cost"] for key, value in sums(rows, "campaign_id", DAY, metrics=["cost"]).items()}
    assert spend


# -- late and moving


async def test_costs_of_products_and_net_costs_come_later_than_costs(client: Client) -> None:
    """On the present day, and up to eleven hours after it is over. Then all levels agree."""
    shop = await Shop.of(client)
    day = {"start_date": "2026-03-10", "end_date": "2026-03-10"}
    campaigns = await shop.campaigns(PRODUCT)

    async def costs() -> tuple[int, int, int]:
        rows = await shop.rows("advertiser_id", metrics=OVERVIEW, filtering=PRODUCT, **day)
        products = await shop.rows("item_group_id", filtering={"campaign_ids": campaigns}, **day)
        (whole,) = sums(rows, metrics=["cost", "net_cost"]).values()
        return whole["cost"], sum(cents(row["metrics"]["cost"]) for row in products), whole["net_cost"]

    cost, product_cost, net_cost = await costs()
    assert 0 <= product_cost < cost
    assert 0 <= net_cost < cost
    client.emulator.clock.advance(48 * 3600)
    cost, product_cost, net_cost = await costs()
    assert product_cost == cost
    assert net_cost in {cost, *range(cost * 69 // 100, cost * 71 // 100)}


async def test_orders_of_a_day_grow_for_a_week_and_then_stay(client: Client) -> None:
    """As conversions do. The cost stays once yesterday is corrected."""
    shop = await Shop.of(client)
    day = {"start_date": "2026-03-10", "end_date": "2026-03-10"}
    client.emulator.clock.advance(33 * 3600)
    seen = []
    for _ in range(11):
        ((_, values),) = sums(await shop.rows("advertiser_id", **day)).items()
        seen.append((values["orders"], values["cost"]))
        client.emulator.clock.advance(86_400)
    orders = [value for value, _ in seen]
    assert orders == sorted(orders)
    assert orders[0] < orders[-1] == orders[-3]
    assert len({cost for _, cost in seen}) == 1


async def test_yesterday_is_corrected_about_noon(client: Client) -> None:
    """The cost of yesterday changes once."""
    shop = await Shop.of(client)
    day = {"start_date": "2026-03-10", "end_date": "2026-03-10"}
    client.emulator.clock.advance(18 * 3600)
    costs = []
    for _ in range(8):
        costs.append(sums(await shop.rows("advertiser_id", **day))[()]["cost"])
        client.emulator.clock.advance(3600)
    assert len(set(costs)) == 2
    assert len([None for before, after in pairwise(costs) if before != after]) == 1


async def test_settled_figures_stay(settled: Client) -> None:
    """With the option `settled`, a day is final once it is over, at every level."""
    shop = await Shop.of(settled)
    window = {"start_date": START, "end_date": "2026-03-09"}
    filters = await shop.products()
    before = [await shop.rows("advertiser_id", DAY, metrics=OVERVIEW, **window),
              await shop.rows("item_id", DAY, filtering=filters, **window)]  # fmt: skip
    settled.emulator.clock.advance(20 * 86_400)
    after = [await shop.rows("advertiser_id", DAY, metrics=OVERVIEW, **window),
             await shop.rows("item_id", DAY, filtering=filters, **window)]  # fmt: skip
    assert [sums(rows, *rows[0]["dimensions"]) for rows in before] == [
        sums(rows, *rows[0]["dimensions"]) for rows in after
    ]


# -- one store, several accounts


async def test_several_accounts_report_the_same_store(client: Client) -> None:
    """Both have its orders, each with its own id, on its own days, in its own currency."""
    shop = await Shop.of(client)
    account = client.emulator.advertiser_ids[3]
    window = {"start_date": "2026-02-01", "end_date": "2026-02-28"}
    own = await shop.rows("advertiser_id", DAY, **window)
    foreign = await shop.rows("advertiser_id", DAY, advertiser_id=account, **window)
    assert {row["dimensions"]["advertiser_id"] for row in foreign} == {account}
    assert all("." not in row["metrics"]["cost"] for row in foreign)  # the account pays in JPY
    ours, theirs = (sums(rows)[()] for rows in (own, foreign))
    assert theirs["orders"] == pytest.approx(ours["orders"], rel=0.05)
    assert theirs["cost"] == pytest.approx(ours["cost"] * 150, rel=0.05)
    assert sums(own, DAY, metrics=["orders"]) != sums(foreign, DAY, metrics=["orders"])
    everything = PRODUCT | {"campaign_statuses": ["STATUS_ALL"]}
    campaigns = await shop.rows("campaign_id", advertiser_id=account, filtering=everything)
    assert {row["dimensions"]["campaign_id"] for row in campaigns} == set(await shop.campaigns(PRODUCT))


async def test_an_account_with_other_days_has_hours_that_add_up_too(client: Client) -> None:
    """In a time zone half an hour off."""
    shop = await Shop.of(client)
    window = {"advertiser_id": client.emulator.advertiser_ids[1], "start_date": "2026-03-05", "end_date": "2026-03-05"}
    days = await shop.rows("advertiser_id", DAY, **window)
    hours = await shop.rows("advertiser_id", HOUR, **window)
    assert by_day_of_hours(hours, "advertiser_id") == sums(days, "advertiser_id", DAY)
    assert 15 < len(hours) <= 24


async def test_the_accounts_of_creators_are_hidden_from_others(client: Client) -> None:
    """Names of accounts that the token has no permission for are 0."""
    shop = await Shop.of(client)
    metrics = ["tt_account_name", "identity_id", "tt_account_profile_image_url"]
    for place, hidden in ((0, False), (3, True)):
        rows = await shop.rows(
            "campaign_id", metrics=metrics, filtering=LIVE, advertiser_id=client.emulator.advertiser_ids[place]
        )
        assert rows
        assert all((set(row["metrics"].values()) == {"0"}) == hidden for row in rows)


async def test_a_store_out_of_sight_is_refused(client: Client) -> None:
    """With 40001."""
    shop = await Shop.of(client)
    answer = await shop.envelope("advertiser_id", advertiser_id=client.emulator.advertiser_ids[2])
    assert answer["code"] == 40001


# -- rows


async def test_campaigns_without_delivery_have_rows_of_zeros(client: Client) -> None:
    """On each of their days. Deleted campaigns are left out unless a filter asks for them."""
    shop = await Shop.of(client)
    rows = await shop.rows("campaign_id", DAY, metrics=[*OVERVIEW, "operation_status"], filtering=PRODUCT)
    paused = [row["metrics"] for row in rows if row["metrics"]["operation_status"] == "DISABLE"]
    assert len(paused) == 19
    assert all(metrics["cost"] == metrics["roi"] == "0.00" and metrics["orders"] == "0" for metrics in paused)
    everything = await shop.campaigns(PRODUCT)
    assert len({row["dimensions"]["campaign_id"] for row in rows}) == len(everything) - 1
    deleted = await shop.rows("campaign_id", filtering=PRODUCT | {"campaign_statuses": ["STATUS_DELETE"]})
    assert {row["dimensions"]["campaign_id"] for row in deleted} == set(everything) - {
        row["dimensions"]["campaign_id"] for row in rows
    }


async def test_hours_without_figures_have_no_rows(client: Client) -> None:
    """If the whole period has none, one row has `-` for its hour, as clients in production see it."""
    shop = await Shop.of(client)
    day = {"start_date": "2026-03-08", "end_date": "2026-03-08"}
    hours = await shop.rows("campaign_id", HOUR, filtering=LIVE, **day)
    assert 0 < len(hours) < 8
    assert all(sums([row]) for row in hours)
    early = {"start_date": "2025-11-01", "end_date": "2025-11-01"}
    (row,) = await shop.rows("advertiser_id", HOUR, **early)
    assert row["dimensions"] == {"advertiser_id": client.emulator.advertiser_ids[0], HOUR: "-"}
    assert set(row["metrics"].values()) == {"0.00", "0"}
    assert await shop.rows("advertiser_id", DAY, **early) == []


async def test_posts_by_day_have_rows_only_where_they_cost(client: Client) -> None:
    """If the campaign and the product are dimensions too. Without a time, posts without figures have rows of zeros."""
    shop = await Shop.of(client)
    filters = await shop.products()
    dimensions = ("campaign_id", "item_group_id", "item_id")
    daily = await shop.rows(*dimensions, DAY, filtering=filters)
    assert daily
    assert all(cents(row["metrics"]["cost"]) for row in daily)
    whole = await shop.rows(*dimensions, filtering=filters)
    zeros = [row for row in whole if not sums([row])]
    assert zeros
    assert len({tuple(row["dimensions"].values()) for row in whole}) == len(whole)


async def test_rates_follow_from_the_sums_of_a_row(settled: Client) -> None:
    """Percentages with two decimals, quotients of money, and a return. Product cards have no views."""
    shop = await Shop.of(settled)
    metrics = ["cost", "orders", "gross_revenue", "roi", "cost_per_order", "product_impressions", "product_clicks"]
    rows = await shop.rows("item_id", DAY, metrics=[*metrics, *RATES, *VIEWS], filtering=await shop.products())
    checked = 0
    for row in rows:
        shown = {name: float(value) for name, value in row["metrics"].items() if name != "currency"}
        if shown["cost"] and shown["orders"] and shown["product_impressions"] > 20:
            assert shown["roi"] == pytest.approx(shown["gross_revenue"] / shown["cost"], abs=0.006)
            assert shown["cost_per_order"] == pytest.approx(shown["cost"] / shown["orders"], abs=0.006)
            rate = 100 * shown["product_clicks"] / shown["product_impressions"]
            assert shown["product_click_rate"] == pytest.approx(rate, abs=0.006)
            checked += 1
        views = [shown[name] for name in VIEWS]
        assert views[2:] == sorted(views[2:], reverse=True)
        if row["dimensions"]["item_id"] == "-1":
            assert not any(views)
    assert checked > 50


async def test_every_metric_differs_from_the_others(settled: Client) -> None:
    """No two are the same in all rows of a level, so a client that mixes two of them up shows wrong figures."""
    shop = await Shop.of(settled)
    filters = await shop.products()
    live = {"campaign_ids": await shop.campaigns(LIVE)}
    posts = [*SALES, "roi", "cost_per_order", "product_impressions", "product_clicks", *RATES, *VIEWS]
    views = ["live_views", "cost_per_live_view", "10_second_live_views", "cost_per_10_second_live_view", "live_follows"]
    for dimensions, metrics, filtering in (
        (("item_id", DAY), posts, filters),
        (("room_id", DAY), [*OVERVIEW, *views, "all_shops_orders", "all_shops_gross_revenue"], live),
        (("campaign_id", DAY), OVERVIEW, PRODUCT),
    ):
        rows = await shop.rows(*dimensions, metrics=metrics, filtering=filtering)
        columns = {name: tuple(float(row["metrics"][name]) for row in rows) for name in metrics}
        assert len(set(columns.values())) == len(metrics)
        assert all(any(column) for column in columns.values())


async def test_totals_are_about_all_rows(settled: Client) -> None:
    """On every page: sums of what adds up, and rates of the sums."""
    shop = await Shop.of(settled)
    rows = await shop.rows("advertiser_id", DAY, metrics=OVERVIEW)
    request = shop.request("advertiser_id", DAY, metrics=OVERVIEW, enable_total_metrics="true", page_size=3)
    pages = [await settled.data("gmv_max/report/get/", **request, page=page) for page in (1, 4)]
    totals = pages[0]["total_metrics"]
    assert totals == pages[1]["total_metrics"]
    whole = sums(rows, metrics=[*SALES, "net_cost"])[()]
    assert {name: cents(totals[name]) for name in whole} == whole
    assert float(totals["roi"]) == pytest.approx(whole["gross_revenue"] / whole["cost"], abs=0.006)


async def test_rows_come_unsorted_with_the_free_ones_first_unless_sorted(client: Client) -> None:
    """`sort_field` is obeyed; `order_field`, which other reports have, is ignored."""
    shop = await Shop.of(client)
    filters = await shop.products()
    request: dict[str, Any] = {"filtering": filters, "page_size": 9}
    costs = [cents(row["metrics"]["cost"]) for row in await shop.rows("item_id", **request)]
    paid = [cost for cost in costs if cost]
    assert paid not in (sorted(paid), sorted(paid, reverse=True))
    assert costs[: len(costs) - len(paid)] == [0] * (len(costs) - len(paid))
    for direction, reverse in (("ASC", False), ("DESC", True)):
        rows = await shop.rows("item_id", **request, sort_field="gross_revenue", sort_type=direction)
        values = [cents(row["metrics"]["gross_revenue"]) for row in rows]
        assert values == sorted(values, reverse=reverse)
    ignored = await shop.rows("item_id", **request, order_field="gross_revenue", order_type="ASC")
    assert [cents(row["metrics"]["cost"]) for row in ignored] == costs


async def test_rows_of_products_and_posts_name_a_currency_unasked(client: Client) -> None:
    """As in TikTok's examples: 0 for products and the currency for posts. Metrics come in the order of the alphabet."""
    shop = await Shop.of(client)
    filters = await shop.products()
    products = await shop.rows("item_group_id", filtering={"campaign_ids": filters["campaign_ids"]})
    posts = await shop.rows("item_id", filtering=filters)
    campaigns = await shop.rows("campaign_id", filtering=PRODUCT)
    assert {row["metrics"]["currency"] for row in products} == {"0"}
    assert {row["metrics"]["currency"] for row in posts} == {"USD"}
    assert all(list(row["metrics"]) == ["cost", "gross_revenue", "orders"] for row in campaigns)


async def test_posts_can_be_filtered_by_status_kind_id_and_text(client: Client) -> None:
    """Every status is there, and the kinds of creatives divide them."""
    shop = await Shop.of(client)
    filters = await shop.products()
    metrics = ["creative_delivery_status", *SALES]

    async def posts(metrics: list[str] = metrics, **more: Any) -> list[Row]:
        return await shop.rows("item_id", metrics=metrics, filtering=filters | more)

    everything = await posts()
    statuses = {row["metrics"]["creative_delivery_status"] for row in everything}
    assert {"LEARNING", "DELIVERING", "AUTHORIZATION_NEEDED", "EXCLUDED", "NOT_ACTIVE"} <= statuses
    for status in sorted(statuses):
        rows = await posts(creative_delivery_statuses=[status])
        assert {row["metrics"]["creative_delivery_status"] for row in rows} == {status}
    post = next(row["dimensions"]["item_id"] for row in everything if row["dimensions"]["item_id"] != "-1")
    for more in ({"item_ids": [post]}, {"search_word": post}):
        assert [row["dimensions"]["item_id"] for row in await posts(**more)] == [post]
    single = {"campaign_ids": filters["campaign_ids"][:1], "item_group_ids": filters["item_group_ids"][:1]}
    described = ["title", "item_id", "shop_content_type", "tt_account_authorization_type"]
    kinds: dict[str, set[str]] = {}
    for kind in ("ADS_AND_ORGANIC", "ORGANIC", "REMOVED"):
        rows = await shop.rows("item_id", metrics=[*SALES, *described], filtering=single | {"creative_types": [kind]})
        kinds[kind] = {row["metrics"]["item_id"] for row in rows}
        assert all(row["metrics"]["cost"] == "0.00" for row in rows if kind == "ORGANIC")
    assert "-1" in kinds["ADS_AND_ORGANIC"]
    assert sum(map(len, kinds.values())) == len(set.union(*kinds.values()))


async def test_attributes_of_campaigns_are_those_of_the_campaign(client: Client) -> None:
    """Its name, status, schedule and budgets. They need no filter by id."""
    shop = await Shop.of(client)
    names = ["campaign_id", "campaign_name", "operation_status", "schedule_type", "bid_type", "target_roi_budget",
             "max_delivery_budget", "schedule_start_time", "schedule_end_time", "roas_bid"]  # fmt: skip
    rows = await shop.rows("campaign_id", metrics=names, filtering=PRODUCT)
    for row in rows:
        info = await client.data(
            "campaign/gmv_max/info/",
            advertiser_id=client.emulator.advertiser_ids[0],
            campaign_id=row["dimensions"]["campaign_id"],
        )
        metrics = row["metrics"]
        for name in ("campaign_id", "campaign_name", "operation_status", "schedule_start_time"):
            assert metrics[name] == info[name]
        assert float(metrics["roas_bid"]) == info["roas_bid"]
        assert float(metrics["target_roi_budget"]) + float(metrics["max_delivery_budget"]) == pytest.approx(
            info["budget"]
        )
        assert metrics["schedule_type"] == "Continuously"


async def test_attributes_of_other_objects_need_one_id_in_each_filter(client: Client) -> None:
    """And a single ID dimension. Otherwise the first of them is refused by name."""
    shop = await Shop.of(client)
    campaigns = await shop.campaigns(PRODUCT)
    metrics = ["cost", "product_name", "bid_type"]
    rows = await shop.rows("item_group_id", metrics=metrics, filtering={"campaign_ids": campaigns[:1]})
    assert all(row["metrics"]["product_name"] for row in rows)
    for dimensions, ids in ((("item_group_id",), campaigns), (("campaign_id", "item_group_id"), campaigns[:1])):
        answer = await shop.envelope(*dimensions, metrics=metrics, filtering={"campaign_ids": ids})
        assert answer["code"] == 40002
        assert answer["message"].startswith("product_name: ")


async def test_the_same_seed_and_time_give_the_same_report(session: aiohttp.ClientSession) -> None:
    """Its order included."""

    async def read() -> list[Row]:
        async with Emulator(Options(now=NOW, tier="unlimited")) as emulator:
            shop = await Shop.of(Client(emulator, session))
            return await shop.rows("item_id", DAY, filtering=await shop.products())

    assert await read() == await read()


async def test_an_account_without_a_shop_has_none(client: Client) -> None:
    """And the new store has a row of zeros."""
    shop = await Shop.of(client, 2)
    (row,) = await shop.rows("advertiser_id", metrics=OVERVIEW)
    assert set(row["metrics"].values()) == {"0.00", "0"}
    assert await shop.rows("advertiser_id", DAY) == []
    data = await client.data("gmv_max/store/list/", advertiser_id=client.emulator.advertiser_ids[2])
    assert data == {"store_list": []}


# -- refusals


@pytest.mark.parametrize(
    ("dimensions", "params", "text"),
    [
        (["spu_id"], {}, "Invalid dim: spu_id is not exist"),
        (["advertiser_id"], {"metrics": ["cost", "moon", "sun"]}, "Invalid metric: moon is not exist"),
        (["advertiser_id"], {"metrics": ["live_views"]}, "Invalid metric: live_views is not exist"),
        (["advertiser_id"], {"metrics": []}, "Missing required field(s): metrics."),
        ([], {}, "Missing required field(s): dimensions."),
        (["advertiser_id"], {"store_ids": []}, "Missing required field(s): store_ids."),
        (["advertiser_id"], {"store_ids": ["1", "2"]}, "store_ids: Longer than maximum length 1."),
        (["advertiser_id", DAY], {"start_date": "2026-01-01"}, "max time span is 30 days when use stat_time_day"),
        (["advertiser_id", HOUR], {}, "max time span is 1 day when use stat_time_hour"),
        (["advertiser_id"], {"start_date": "2025-01-01"}, "max time span is 365 days"),
        (["advertiser_id"], {"end_date": ""}, "Missing required field(s): end_date."),
        (["campaign_id"], {}, "Missing required field(s): filtering.gmv_max_promotion_types."),
        (["item_group_id"], {}, "Missing required field(s): filtering.campaign_ids."),
        (["room_id"], {}, "Missing required field(s): filtering.campaign_ids."),
        (["item_id", DAY], {"filtering": {"campaign_ids": ["1"]}},
         "Missing required field(s): filtering.item_group_ids."),
        (["item_id"], {"filtering": {"campaign_ids": ["1"], "item_group_ids": ["1"]}},
         "Missing required field(s): filtering.creative_types."),
        (["item_group_id"], {"filtering": {"campaign_ids": [str(number) for number in range(101)]}},
         "campaign_ids: Longer than maximum length 100."),
        (["advertiser_id"], {"sort_field": "roi", "sort_type": "UP"}, "sort_type: Must be one of: ASC, DESC."),
        (["advertiser_id"], {"sort_field": "live_views"}, "sort_field: live_views cannot be used to sort."),
        (["advertiser_id"], {"page_size": 1001}, "page_size: The value must be between 1 and 1000."),
        (["advertiser_id"], {"filtering": {"moon": 1}}, "filtering: Unknown field(s): moon."),
    ],
)  # fmt: skip
async def test_wrong_reports_are_refused_in_words(
    client: Client, dimensions: list[str], params: dict[str, Any], text: str
) -> None:
    """With 40002. Of several unknown names, only the first is named."""
    answer = await (await Shop.of(client)).envelope(*dimensions, **params)
    assert (answer["code"], answer["message"]) == (40002, text)


@pytest.mark.parametrize(
    ("dimensions", "filtering"),
    [
        (["advertiser_id", "campaign_id"], PRODUCT),
        (["advertiser_id", DAY, HOUR], {}),
        ([DAY], {}),
        (["item_id", HOUR], {"campaign_ids": ["1"], "item_group_ids": ["1"]}),
        (["duration", DAY], {"campaign_ids": ["1"], "item_group_ids": ["1"]}),
        (["room_id", "item_id"], {"campaign_ids": ["1"]}),
        (["campaign_id"], {"gmv_max_promotion_types": ["PRODUCT", "LIVE"]}),
        (["campaign_id"], {"gmv_max_promotion_types": ["PRODUCT_GMV_MAX"]}),
        (["campaign_id"], PRODUCT | {"campaign_statuses": ["STATUS_MOON"]}),
        (["campaign_id"], PRODUCT | {"campaign_name": ["Rain"]}),
        (["campaign_id"], PRODUCT | {"room_ids": ["1"]}),
        (["advertiser_id"], {"campaign_ids": ["1"]}),
        (["item_id"], {"campaign_ids": ["1"], "item_group_ids": ["1"], "creative_types": ["ORGANIC", "REMOVED"]}),
        (["item_id"], {"campaign_ids": ["1", "2"], "item_group_ids": ["1"], "creative_types": ["ORGANIC"]}),
        (["item_id"], {"campaign_ids": ["1"], "item_group_ids": ["1"], "creative_types": ["ORGANIC"],
                       "creative_delivery_statuses": ["LEARNING"]}),
        (["item_group_id"], {"campaign_ids": ["x"]}),
    ],
)  # fmt: skip
async def test_what_does_not_go_together_is_refused(
    client: Client, dimensions: list[str], filtering: dict[str, Any]
) -> None:
    """Dimensions, and filters with dimensions: 40002."""
    answer = await (await Shop.of(client)).envelope(*dimensions, filtering=filtering)
    assert answer["code"] == 40002


@pytest.mark.parametrize(("tier", "allowed"), [("basic", 8), ("advanced", 12), ("premium", 20), ("ultimate", 20)])
async def test_the_report_has_a_quota_of_its_own(session: aiohttp.ClientSession, tier: str, allowed: int) -> None:
    """Lower than the tier's."""
    async with Emulator(Options(now=NOW, tier=tier, latency=0)) as emulator:
        shop = await Shop.of(Client(emulator, session))
        answers = await asyncio.gather(*(shop.envelope("advertiser_id") for _ in range(30)))
    assert [answer["code"] for answer in answers].count(0) == allowed
