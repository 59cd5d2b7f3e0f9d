"""Reports with breakdowns: their rows, valid combinations, and that the values of a breakdown add up to the whole."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.kit import NOW, Client, by_key, everything
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.emulator.business.breakdowns import DAILY, UNKNOWN_COUNTRY, Distribution
from tiktok_marketing.emulator.business.business import Business
from tiktok_marketing.emulator.business.delivery import VECTOR_SIZE, Model
from tiktok_marketing.emulator.business.targeting import NEIGHBOURS
from tiktok_marketing.emulator.business.vocabulary import CITIES, LOCATIONS, TEMPLATES
from tiktok_marketing.emulator.endpoints.reports.metrics import additive

LEVELS = ("advertiser", "campaign", "adgroup", "ad")
WEEK = {"start_date": "2026-03-05", "end_date": "2026-03-11"}
BREAKDOWNS = (
    ("gender", "age"), ("gender",), ("age",), ("country_code",), ("province_id",), ("platform",), ("language",),
    ("placement",), ("ac",), ("dma_id",),
)  # fmt: skip
SUMS = ("spend", "impressions", "clicks", "conversion", "real_time_conversion", "result", "likes", "gross_impressions")
ALL_SUMS = sorted(name for name in additive() if name != "voucher_spend")
PEERS = ["spend", "reach", "cost_per_1000_reached", "frequency", "video_views_p25", "average_video_play_per_user"]
"""Some of the metrics that Airbyte requests in every audience report."""

CONFLICT = "Conflict occurs. The input params including metrics and dimensions have no relation."


async def audience_rows(
    client: Client, level: str, *breakdown: str, grain: str = "stat_time_day", **params: Any
) -> Any:
    """All rows of an audience report. Deleted objects are included unless `filtering` is given."""
    dimensions = [f"{level}_id", *([grain] if grain else []), *breakdown]
    request = {"report_type": "AUDIENCE", "dimensions": dimensions, "metrics": list(SUMS)} | WEEK
    return await client.report(level, **request | params)


def sums(rows: Iterable[dict[str, Any]], names: Iterable[str], *by: str) -> dict[tuple[str, ...], list[Decimal]]:
    """The sums of metrics over rows, by some dimensions. Sums that are all zero are left out."""
    totals: dict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [Decimal()] * len(list(names)))
    for row in rows:
        key = tuple(row["dimensions"][name] for name in by)
        totals[key] = [total + Decimal(row["metrics"][name]) for total, name in zip(totals[key], names, strict=True)]
    return {key: values for key, values in totals.items() if any(values)}


@pytest.mark.parametrize("level", LEVELS)
async def test_the_values_of_a_breakdown_add_up_to_the_whole(client: Client, level: str) -> None:
    """For each object and day, each additive metric has the same sum over the values as in the BASIC report."""
    by = (f"{level}_id", "stat_time_day")
    whole = sums(await client.report(level, metrics=list(SUMS), **WEEK), SUMS, *by)
    assert whole
    for breakdown in BREAKDOWNS:
        rows = await audience_rows(client, level, *breakdown)
        assert sums(rows, SUMS, *by) == whole, breakdown
        assert len({tuple(row["dimensions"].values()) for row in rows}) == len(rows)


async def test_every_additive_metric_adds_up_by_country(client: Client) -> None:
    """BASIC reports by country have all metrics, and every level has the same sums by day and by hour."""
    for advertiser in client.emulator.advertiser_ids[2:3]:
        params = {
            "advertiser_id": advertiser,
            "metrics": ALL_SUMS,
            "start_date": "2026-03-09",
            "end_date": "2026-03-09",
        }
        wanted = sums(await client.report("advertiser", **params), ALL_SUMS)
        by_country = set()
        for level in LEVELS:
            for grain in ("stat_time_day", "stat_time_hour"):
                rows = await client.report(level, dimensions=[f"{level}_id", grain, "country_code"], **params)
                assert sums(rows, ALL_SUMS) == wanted, (level, grain)
                by_country.add(str(sorted(sums(rows, ALL_SUMS, "country_code").items())))
        assert len(by_country) == 1


async def test_hours_by_country_add_up_to_hours_and_to_days_by_country(client: Client) -> None:
    """For each ad, they add up to its hours and to its days by country, even on a day that is not over."""
    for day in ("2026-03-08", "2026-03-10"):
        params = {"metrics": list(SUMS), "start_date": day, "end_date": day}
        rows = await client.report("ad", dimensions=["ad_id", "stat_time_hour", "country_code"], **params)
        hours = await client.report("ad", "stat_time_hour", **params)
        days = await client.report("ad", dimensions=["ad_id", "stat_time_day", "country_code"], **params)
        assert len({row["dimensions"]["country_code"] for row in rows}) > 1
        assert sums(rows, SUMS, "ad_id", "stat_time_hour") == sums(hours, SUMS, "ad_id", "stat_time_hour")
        assert sums(rows, SUMS, "ad_id", "country_code") == sums(days, SUMS, "ad_id", "country_code")


async def test_breakdowns_of_the_same_family_agree(client: Client) -> None:
    """Gender with age adds up to gender and to age alone. BASIC and AUDIENCE reports by country are equal."""
    pairs = await audience_rows(client, "ad", "gender", "age")
    for name in ("gender", "age"):
        alone = await audience_rows(client, "ad", name)
        by = ("ad_id", "stat_time_day", name)
        assert sums(alone, SUMS, *by) == sums(pairs, SUMS, *by)
    audience = await audience_rows(client, "ad", "country_code")
    basic = await client.report("ad", dimensions=["ad_id", "stat_time_day", "country_code"], metrics=list(SUMS), **WEEK)
    assert by_key(audience) == by_key(basic)


async def test_breakdowns_have_the_values_that_tiktok_reports(client: Client) -> None:
    """Genders have no prefix, ages go up to AGE_55_100, provinces are seven digits or `-`, countries two letters."""
    rows = {}
    for name in ("gender", "age", "province_id", "platform", "country_code"):
        rows[name] = {row["dimensions"][name] for row in await audience_rows(client, "advertiser", name)}
    assert rows["gender"] == {"MALE", "FEMALE", "NONE"}
    assert rows["age"] >= {"AGE_13_17", "AGE_18_24", "AGE_55_100", "NONE"}
    assert rows["platform"] == {"ANDROID", "IPHONE", "IPAD"}
    assert "-" in rows["province_id"]
    assert all(len(value) == 7 and value.isdigit() for value in rows["province_id"] - {"-"})
    assert "US" in rows["country_code"]
    assert all(len(value) == 2 and value.isupper() for value in rows["country_code"] - {"None"})


async def test_breakdowns_follow_the_targeting_of_ad_groups(client: Client) -> None:
    """An ad group reaches the gender that it targets and unknown genders, and at most the countries that it targets."""
    groups = await client.read_all("adgroup/get/", advertiser_id=client.emulator.advertiser_ids[0])
    genders, countries = defaultdict(set), defaultdict(set)
    for row in await audience_rows(client, "adgroup", "gender"):
        genders[row["dimensions"]["adgroup_id"]].add(row["dimensions"]["gender"])
    for row in await audience_rows(client, "adgroup", "country_code"):
        countries[row["dimensions"]["adgroup_id"]].add(row["dimensions"]["country_code"])
    delivering = [group for group in groups if group["adgroup_id"] in genders]
    assert {group["gender"] for group in delivering} >= {"GENDER_UNLIMITED", "GENDER_FEMALE"}
    for group in delivering:
        if group["gender"] != "GENDER_UNLIMITED":
            assert genders[group["adgroup_id"]] <= {group["gender"].removeprefix("GENDER_"), "NONE"}
        assert len(countries[group["adgroup_id"]] - {"None"}) <= len(group["location_ids"])


@pytest.mark.parametrize("deleted", [True, False])
async def test_the_truth_counts_the_rows_of_breakdowns(client: Client, deleted: bool) -> None:
    """For each level and breakdown, the truth has as many daily rows as page_info says."""
    for advertiser in client.emulator.advertiser_ids[3:5]:
        truth = client.emulator.truth(
            advertiser, date(2026, 3, 5), date(2026, 3, 11), include_deleted=deleted, hourly=False, breakdowns=True
        )
        for level in LEVELS:
            params: dict[str, Any] = {
                "advertiser_id": advertiser, "report_type": "AUDIENCE", "data_level": f"AUCTION_{level.upper()}",
                "filtering": [everything(level)] if deleted and level != "advertiser" else [],
            } | WEEK  # fmt: skip
            for breakdown in BREAKDOWNS:
                page = await client.data(
                    "report/integrated/get/", **params | {"dimensions": [f"{level}_id", "stat_time_day", *breakdown]}
                )
                assert truth["breakdowns"][level]["+".join(breakdown)] == page["page_info"]["total_number"]


async def test_the_details_of_the_truth_are_the_figures_of_reports(client: Client) -> None:
    """By object, hour and value, they add up to the metrics; by platform, they are those of the report."""
    advertiser = client.emulator.advertiser_ids[0]
    truth = client.emulator.truth(advertiser, date(2026, 3, 5), date(2026, 3, 11), hourly=False, details=True)
    for level in LEVELS:
        assert {"object", "hour", "platform", "gender+age", "country_code"} <= set(truth["details"][level])
        for by, values in truth["details"][level].items():
            for name in SUMS:
                total = sum(Decimal(metrics[name]) for metrics in values.values())
                assert total == Decimal(truth["metrics"][level][name]), (level, by, name)
    rows = await audience_rows(client, "campaign", "platform", advertiser_id=advertiser, **WEEK)
    shown: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        shown[row["dimensions"]["platform"]] += Decimal(row["metrics"]["spend"])
    details = truth["details"]["campaign"]["platform"]
    assert shown == {platform: Decimal(metrics["spend"]) for platform, metrics in details.items()}


async def test_without_a_time_dimension_only_values_with_data_are_rows(client: Client) -> None:
    """Over a year, each object has a row for each value with data, and they add up to the whole year."""
    year = {"start_date": "2025-03-12", "end_date": "2026-03-11"}
    rows = await audience_rows(client, "campaign", "platform", grain="", **year)
    assert all(row["metrics"]["impressions"] != "0" for row in rows)
    whole = await client.report("campaign", "", metrics=list(SUMS), **year)
    assert sums(rows, SUMS, "campaign_id") == sums(whole, SUMS, "campaign_id")
    brands = await audience_rows(client, "ad", "device_brand_id", grain="", **year)
    assert sums(brands, SUMS) == sums(whole, SUMS)


async def test_rows_name_their_dimensions_in_the_order_of_the_request(client: Client) -> None:
    """The dimensions of a row have the order of the request, on small pages as on large ones."""
    order = ["age", "ad_id", "gender", "stat_time_day"]
    large = await audience_rows(client, "ad", dimensions=order)
    assert list(large[0]["dimensions"]) == order
    assert large == await audience_rows(client, "ad", dimensions=order, page_size=97)


def dims(*names: str) -> dict[str, Any]:
    """A change of a request's dimensions."""
    return {"dimensions": list(names)}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (dims("ad_id", "stat_time_day"), CONFLICT),
        (dims("ad_id", "stat_time_day", "gender", "platform"), CONFLICT),
        (dims("ad_id", "stat_time_day", "gender", "age", "platform"), CONFLICT),
        (dims("ad_id", "stat_time_day", "country_code", "province_id"), CONFLICT),
        (dims("campaign_id", "stat_time_day", "gender"), CONFLICT),
        (dims("ad_id", "stat_time_hour", "gender") | {"end_date": "2026-03-05"}, CONFLICT),
        (dims("ad_id", "stat_time_day", "device_brand_id"), CONFLICT),
        (dims("ad_id", "stat_time_day", "interest_category"), CONFLICT),
        (dims("ad_id", "stat_time_day", "page_id"), "Invalid dimension fields: ['page_id']"),
        (dims("ad_id", "stat_time_day", "gender") | {"report_type": "BASIC"}, "Invalid dimension fields: ['gender']"),
        (dims("ad_id", "country_code") | {"report_type": "BASIC", "query_lifetime": "true"}, "query_lifetime"),
        (dims("ad_id", "gender") | {"query_lifetime": "true"}, "query_lifetime"),
        (dims("ad_id", "gender") | {"start_date": "2025-03-11"}, "365 days"),
        ({"start_date": "2026-02-01", "end_date": "2026-03-10"}, "30 days"),
        ({"metrics": ["spend", "complete_payment", "web_event_add_to_cart"]}, "['complete_payment', 'web_event_add_to"),
        ({"metrics": ["secondary_goal_result"]}, "Invalid metric fields: ['secondary_goal_result']"),
        ({"metrics": ["spent"]}, "Invalid metric fields: ['spent']"),
        ({"enable_total_metrics": "true"}, "enable_total_metrics"),
    ],
)
async def test_invalid_combinations_are_refused(client: Client, changes: dict[str, Any], text: str) -> None:
    """An AUDIENCE report accepts one audience dimension or gender with age, no lifetime, and only its own metrics."""
    request = {
        "advertiser_id": client.emulator.advertiser_ids[0], "report_type": "AUDIENCE", "data_level": "AUCTION_AD",
        "dimensions": ["ad_id", "stat_time_day", "gender", "age"], "metrics": ["spend"],
    }  # fmt: skip
    answer = await client.envelope("report/integrated/get/", **request | WEEK | changes)
    assert answer["code"] == 40002
    assert text in answer["message"]


async def test_the_parameter_lifetime_is_unknown_and_ignored(client: Client) -> None:
    """`lifetime=true` changes nothing. The dates count."""
    plain = await audience_rows(client, "advertiser", "gender", "age", grain="")
    assert plain == await audience_rows(client, "advertiser", "gender", "age", grain="", lifetime="true")


async def test_options_decide_about_undocumented_combinations(client: Client) -> None:
    """Combinations that other connectors use are accepted by default, and refused with the documented rules."""
    options = Options(
        now=NOW, tier="unlimited", country_hourly=False, country_wide_metrics=False, audience_wide_metrics=False
    )
    common = {"advertiser_id": client.emulator.advertiser_ids[0], "data_level": "AUCTION_AD"}
    requests = [
        {"report_type": "AUDIENCE", "dimensions": ["ad_id", "stat_time_day", "platform"], "metrics": PEERS} | WEEK,
        {"report_type": "AUDIENCE", "dimensions": ["ad_id", "stat_time_day", "country_code"], "metrics": PEERS} | WEEK,
        {
            "report_type": "AUDIENCE", "dimensions": ["ad_id", "stat_time_day", "country_code"],
            "metrics": ["conversion_rate_v2", "real_time_conversion_rate_v2"],
        } | WEEK,
        {"report_type": "BASIC", "dimensions": ["ad_id", "stat_time_day", "country_code"], "metrics": ["vta_purchase"]}
        | WEEK,
        {
            "report_type": "BASIC", "dimensions": ["ad_id", "stat_time_hour", "country_code"], "metrics": ["spend"],
            "start_date": "2026-03-05", "end_date": "2026-03-05",
        },
    ]  # fmt: skip
    async with Emulator(options) as strict:
        other = Client(strict, client.session)
        for request in requests:
            assert (await client.envelope("report/integrated/get/", **common | request))["code"] == 0
            assert (await other.envelope("report/integrated/get/", **common | request))["code"] == 40002
        documented = ["spend", "video_play_actions", "total_landing_page_view", "campaign_name"]
        await other.data("report/integrated/get/", **common | requests[1] | {"metrics": documented})
    async with Emulator(Options(now=NOW, tier="unlimited", audience_hourly=True)) as wide:
        day = {"start_date": "2026-03-09", "end_date": "2026-03-09"}
        rows = await audience_rows(Client(wide, client.session), "ad", "gender", grain="stat_time_hour", **day)
        hours = await client.report("ad", "stat_time_hour", metrics=list(SUMS), **day)
        assert sums(rows, SUMS, "ad_id", "stat_time_hour") == sums(hours, SUMS, "ad_id", "stat_time_hour")


async def test_breakdowns_hide_deleted_objects_without_a_status_filter(client: Client) -> None:
    """Without a filter, and with STATUS_DELETE, each campaign has rows in exactly one of both."""
    year = {"start_date": "2025-03-12", "end_date": "2026-03-11"}
    all_rows = await audience_rows(client, "campaign", "gender", grain="", **year)
    visible = await audience_rows(client, "campaign", "gender", grain="", **year, filtering=[])
    deleted_only = [everything("campaign") | {"filter_value": '["STATUS_DELETE"]'}]
    deleted = await audience_rows(client, "campaign", "gender", grain="", **year, filtering=deleted_only)
    ids = [{row["dimensions"]["campaign_id"] for row in rows} for rows in (visible, deleted)]
    assert ids[0]
    assert ids[1]
    assert ids[0] | ids[1] == {row["dimensions"]["campaign_id"] for row in all_rows}
    assert not ids[0] & ids[1]


@given(st.integers(0, 2**64 - 1), st.integers(1, 400), st.integers(0, 30), st.sampled_from(BREAKDOWNS))
def test_a_component_never_appears_without_its_source(
    random_bits: int, impressions: int, clicks: int, breakdown: tuple[str, ...]
) -> None:
    """The values of any day add up to it, and have no negative components and no clicks without impressions."""
    vector = [0] * VECTOR_SIZE
    vector[0], vector[1] = impressions, min(clicks, impressions)
    for ad in ADS:
        rows = Distribution(ad, breakdown).spread(Model(ad), vector, random_bits)
        assert [sum(column) for column in zip(*(row for _, row in rows), strict=True)] == vector
        assert all(row[0] > 0 and row[1] >= 0 for value, row in rows if value != UNKNOWN_COUNTRY)
        assert [value for value, _ in rows] == Distribution(ad, breakdown).values_with_data(vector, random_bits)


ADS = Business(Options(now=NOW), NOW).granted[0].ads(int(NOW.timestamp()))[:2]


def test_every_kind_of_account_has_every_breakdown() -> None:
    """An ad of any account is spread over every dimension, wherever it may be shown, and every place has a name."""
    business = Business(Options(advertisers=len(TEMPLATES), ads_per_account=60), NOW)
    assert {account.template.name for account in business.accounts} == {template.name for template in TEMPLATES}
    for account in business.accounts:
        for ad in account.ads(int(NOW.timestamp())):
            for names in DAILY:
                assert Distribution(ad, names).values
    homes = {template.country for template in TEMPLATES}
    assert homes <= NEIGHBOURS.keys() & CITIES.keys()
    assert homes.union(*NEIGHBOURS.values()) <= LOCATIONS.keys()
