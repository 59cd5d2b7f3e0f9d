"""Figures: hours, days and levels add up, conversions arrive late, and the truth matches complete reads."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.kit import NOW, Client, by_key, everything
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.emulator.business.days import LocalDay
from tiktok_marketing.emulator.clock import Clock
from tiktok_marketing.emulator.endpoints.reports.metric_names import ATTRIBUTES, DECIMALS, INTEGERS
from tiktok_marketing.emulator.endpoints.reports.metrics import COUNTS, MONEY, RATIOS, additive

LEVELS = ("advertiser", "campaign", "adgroup", "ad")
SUMS = sorted(name for name in additive() if name != "voucher_spend")
MONTH = {"start_date": "2026-02-10", "end_date": "2026-03-11"}


def total(rows: list[dict[str, Any]], name: str) -> Decimal:
    """The sum of a metric over rows."""
    return sum((Decimal(row["metrics"][name]) for row in rows), Decimal())


@pytest.mark.parametrize("account", range(4))
async def test_every_level_adds_up_to_the_account(client: Client, account: int) -> None:
    """Each additive metric has the same sum over ads, ad groups, campaigns and the account."""
    advertiser = client.emulator.advertiser_ids[account]
    rows = {level: await client.report(level, advertiser_id=advertiser, metrics=SUMS, **MONTH) for level in LEVELS}
    assert total(rows["advertiser"], "spend") > 0
    for name in SUMS:
        assert len({total(rows[level], name) for level in LEVELS}) == 1, name


async def test_accounts_beyond_the_active_ones_have_no_recent_figures(session: aiohttp.ClientSession) -> None:
    """With `active=2`, only the first two of four accounts have rows this month."""
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=4, active=2, days=360)) as emulator:
        client = Client(emulator, session)
        reports = [await client.report("advertiser", advertiser_id=item, **MONTH) for item in emulator.advertiser_ids]
    assert [bool(rows) for rows in reports] == [True, True, False, False]


@pytest.mark.parametrize("level", LEVELS)
async def test_hours_add_up_to_days(client: Client, level: str) -> None:
    """For each object, the hours of a day add up to the day, even when clocks go forward and today."""
    for day in ("2026-03-07", "2026-03-08", "2026-03-10"):
        window = {"start_date": day, "end_date": day, "metrics": SUMS}
        days = await client.report(level, **window)
        hours = await client.report(level, "stat_time_hour", **window)
        by_object = defaultdict(list)
        for row in hours:
            by_object[row["dimensions"][f"{level}_id"]].append(row)
        assert days
        assert {row["dimensions"][f"{level}_id"] for row in days} == set(by_object)
        for row in days:
            for name in SUMS:
                assert total(by_object[row["dimensions"][f"{level}_id"]], name) == Decimal(row["metrics"][name])


async def test_a_day_on_which_clocks_go_forward_has_24_hours(client: Client) -> None:
    """On 2026-03-08 New York has no 02:00, but the account has one: its days are at a fixed offset."""
    for day in ("2026-03-07", "2026-03-08"):
        rows = await client.report("advertiser", "stat_time_hour", start_date=day, end_date=day)
        labels = [row["dimensions"]["stat_time_hour"] for row in rows]
        assert len(labels) == len(set(labels)) == 24
        assert f"{day} 02:00:00" in labels


async def test_settled_reports_of_today_end_with_the_last_complete_local_hour(settled: Client) -> None:
    """At 10:40, UTC-5 has the hours 0 to 9. At 21:10, UTC+5:30 has 0 to 20. At UTC+12 the next day has begun."""
    for account, day, hours in ((0, "2026-03-10", 10), (1, "2026-03-10", 21), (2, "2026-03-11", 3)):
        rows = await settled.report(
            "advertiser",
            "stat_time_hour",
            advertiser_id=settled.emulator.advertiser_ids[account],
            start_date=day,
            end_date=day,
        )
        assert len(rows) == hours


@given(
    st.sampled_from(["America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"]),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_a_local_day_has_23_to_25_hours(zone: str, day: date) -> None:
    """Each hour has one label, in order, and the hours last as long as the day."""
    local = LocalDay(ZoneInfo(zone), day)
    assert list(local.labels) == sorted(set(local.labels))
    length = (local.ends[-1] - local.start) // 3600
    assert length in {23, 24, 25}
    assert len(local.labels) == min(length, 24)
    assert local.cumulative[-1] == sum(local.weights) == local.total


async def test_quotients_follow_from_the_counts_of_their_row(client: Client) -> None:
    """Each quotient is that of its row's counts, rounded half up. It is 0.00 if the denominator is 0."""
    metric_of = {component: name for name, component in (COUNTS | MONEY).items()}
    checked = {name: ratio for name, ratio in RATIOS.items() if ratio[0] in metric_of and ratio[2] in metric_of}
    rows = await client.report("ad", metrics=[*checked, *COUNTS, *(n for n in MONEY if n != "voucher_spend")], **MONTH)
    for row in rows:
        values = row["metrics"]
        for name, (numerator, factor, denominator) in checked.items():
            dividend = Decimal(values[metric_of[numerator]]) * (100 if metric_of[numerator] in MONEY else 1) * factor
            divisor = Decimal(values[metric_of[denominator]]) * (100 if metric_of[denominator] in MONEY else 1)
            wanted = (dividend / divisor / 100).quantize(Decimal("0.01"), ROUND_HALF_UP) if divisor else Decimal("0.00")
            assert values[name] == str(wanted), name


async def test_reach_does_not_add_up(client: Client) -> None:
    """Campaigns reach fewer people than their ads together. Reach never exceeds impressions."""
    campaigns = await client.report("campaign", **MONTH)
    ads = await client.report("ad", **MONTH)
    assert total(campaigns, "reach") < total(ads, "reach")
    assert all(0 <= int(row["metrics"]["reach"]) <= int(row["metrics"]["impressions"]) for row in campaigns + ads)


async def test_real_time_conversions_have_the_same_lifetime_sum_as_conversions(session: aiohttp.ClientSession) -> None:
    """Conversions count on the ad's day, real-time conversions on their own. Over a lifetime both are equal."""
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=2, taken_back=0)) as emulator:
        for advertiser in emulator.advertiser_ids:
            rows = await Client(emulator, session).report(
                "advertiser",
                "",
                advertiser_id=advertiser,
                query_lifetime="true",
                metrics=["conversion", "real_time_conversion"],
            )
            assert rows[0]["metrics"]["conversion"] == rows[0]["metrics"]["real_time_conversion"] != "0"


async def test_deleted_objects_keep_their_figures(client: Client) -> None:
    """Reports hide deleted objects without a status filter, and include them with STATUS_ALL."""
    for level in ("campaign", "adgroup", "ad"):
        spent = Decimal()
        for advertiser in client.emulator.advertiser_ids:
            request = {"grain": "", "query_lifetime": "true", "advertiser_id": advertiser}
            only_deleted = [everything(level) | {"filter_value": '["STATUS_DELETE"]'}]
            visible = await client.report(level, filtering=[], **request)
            deleted = await client.report(level, filtering=only_deleted, **request)
            assert len(visible) + len(deleted) == len(await client.report(level, **request))
            spent += total(deleted, "spend")
        assert spent > 0


async def test_reports_without_a_time_dimension_list_objects_without_data(client: Client) -> None:
    """A lifetime report has a row for each ad, even if it is all zeros, and adds up to all days."""
    lifetime = await client.report("ad", "", query_lifetime="true", metrics=SUMS)
    ads = await client.read_all(
        "ad/get/",
        advertiser_id=client.emulator.advertiser_ids[0],
        filtering={"primary_status": "STATUS_ALL", "buying_types": ["AUCTION", "RESERVATION_RF"]},
    )
    assert {item["ad_id"] for item in ads} <= {row["dimensions"]["ad_id"] for row in lifetime}
    assert any(row["metrics"]["impressions"] == "0" for row in lifetime)
    account = await client.report("advertiser", "", start_date="2025-12-01", end_date="2026-03-10", metrics=SUMS)
    for name in SUMS:
        assert total(lifetime, name) == Decimal(account[0]["metrics"][name])


async def test_every_metric_has_a_text_of_its_kind(client: Client) -> None:
    """The ad level accepts all metrics except those of the account. Counts are whole, all others have two decimals."""
    names = sorted(INTEGERS | DECIMALS | set(ATTRIBUTES) - {"x"} - {"cash_spend"})
    names = [name for name in names if name not in {"cash_spend", "voucher_spend"}]
    rows = await client.report("ad", metrics=names, **MONTH)
    for row in rows[:50]:
        assert list(row["metrics"]) == names
        for name, value in row["metrics"].items():
            assert isinstance(value, str)
            if value != "-" and name in INTEGERS:
                assert value.isdigit()
            if value != "-" and name in DECIMALS:
                assert value.partition(".")[0].isdigit()
                assert len(value.partition(".")[2]) == 2
    assert {row["metrics"]["placement_type"] for row in rows} == {"Automatic Placement", "Select Placement"}
    assert {row["metrics"]["tt_app_id"] for row in rows} == {"0"}
    assert {row["metrics"]["dpa_target_audience_type"] for row in rows} == {"-"}


async def test_cash_and_vouchers_add_up_to_the_spend(client: Client) -> None:
    """In daily account reports, cash_spend and voucher_spend add up to billed_cost, and on older days to spend."""
    rows = await client.report(
        "advertiser",
        advertiser_id=client.emulator.advertiser_ids[1],
        metrics=["spend", "billed_cost", "cash_spend", "voucher_spend"],
        **MONTH,
    )
    assert total(rows, "voucher_spend") > 0
    assert total(rows, "billed_cost") == total(rows, "cash_spend") + total(rows, "voucher_spend")
    assert total(rows, "billed_cost") < total(rows, "spend")
    older = [row for row in rows if row["dimensions"]["stat_time_day"] < "2026-03-09"]
    assert total(older, "billed_cost") == total(older, "spend") > 0


async def test_ad_id_v2_merges_the_creatives_of_a_smart_plus_ad(client: Client) -> None:
    """By ad_id each creative has a row. By ad_id_v2 each ad of Ads Manager has one, with the same sums."""
    fewer = 0
    for advertiser in client.emulator.advertiser_ids:
        creatives = await client.report("ad", "", advertiser_id=advertiser, query_lifetime="true")
        ads = await client.report("ad", "", advertiser_id=advertiser, query_lifetime="true", dimensions=["ad_id_v2"])
        fewer += len(creatives) - len(ads)
        assert total(ads, "spend") == total(creatives, "spend")
    assert fewer > 0


async def test_a_report_above_the_ad_limit_contains_only_the_newest_ads(client: Client) -> None:
    """A header says that the report is cut. Reports that are filtered by id are complete."""
    options = Options(now=NOW, tier="unlimited", ad_report_limit=20)
    async with Emulator(options) as small:
        cut = Client(small, client.session)
        whole = await client.report("ad", **MONTH)
        newest = await cut.report("ad", **MONTH)
        assert "X-Tt-Ads-Throttle" in cut.headers
        assert "X-Tt-Ads-Throttle" not in client.headers
        ids = sorted({row["dimensions"]["ad_id"] for row in newest})
        assert len(ids) <= 20 < len({row["dimensions"]["ad_id"] for row in whole})
        recent = [row for row in whole if row["dimensions"]["ad_id"] >= ids[0]]
        assert by_key(recent) == by_key(newest)
        groups = {row["dimensions"]["adgroup_id"] for row in await client.report("adgroup", **MONTH)}
        by_group = []
        for group in groups:
            condition = {"field_name": "adgroup_ids", "filter_type": "IN", "filter_value": f'["{group}"]'}
            by_group += await cut.report("ad", filtering=[everything("ad"), condition], **MONTH)
            assert "X-Tt-Ads-Throttle" not in cut.headers
        assert by_key(by_group) == by_key(whole)


async def test_reports_can_be_ordered_and_totalled(client: Client) -> None:
    """order_field sorts rows, by default the largest first. total_metrics is the sum over all pages."""
    rows = await client.report("campaign", "", order_field="spend", query_lifetime="true")
    spends = [Decimal(row["metrics"]["spend"]) for row in rows]
    assert spends == sorted(spends, reverse=True)
    rows = await client.report(
        "campaign", "", order_field="ctr", order_type="ASC", query_lifetime="true", metrics=["ctr"]
    )
    assert [Decimal(row["metrics"]["ctr"]) for row in rows] == sorted(Decimal(row["metrics"]["ctr"]) for row in rows)
    data = await client.data(
        "report/integrated/get/",
        advertiser_id=client.emulator.advertiser_ids[0],
        report_type="BASIC",
        data_level="AUCTION_CAMPAIGN",
        dimensions=["campaign_id"],
        metrics=["spend", "ctr", "campaign_name"],
        query_lifetime="true",
        enable_total_metrics="true",
        filtering=[everything("campaign")],
        page_size=1,
    )
    assert Decimal(data["total_metrics"]["spend"]) == sum(spends)
    assert set(data["total_metrics"]) == {"spend", "ctr"}


async def test_a_report_on_several_accounts_names_the_account_of_each_row(client: Client) -> None:
    """With advertiser_ids, rows have the account's id and currency, and money has no decimals."""
    ids = client.emulator.advertiser_ids[:3]
    rows = await client.report("advertiser", advertiser_ids=ids, advertiser_id="", metrics=["spend"], **MONTH)
    assert {row["advertiser_id"] for row in rows} == set(ids)
    assert {row["currency"] for row in rows} == {"USD", "INR", "NZD"}
    assert all(row["metrics"]["spend"].isdigit() for row in rows)


@pytest.mark.parametrize("deleted", [True, False])
async def test_the_truth_matches_a_complete_read(client: Client, deleted: bool) -> None:
    """For each account, level and grain, the truth has the rows and sums of a complete read."""
    start, end = date(2026, 3, 5), date(2026, 3, 11)
    for advertiser in client.emulator.advertiser_ids:
        truth = client.emulator.truth(advertiser, start, end, include_deleted=deleted)
        for level in LEVELS:
            params: dict[str, Any] = {"advertiser_id": advertiser} | ({} if deleted else {"filtering": []})
            window = {"start_date": start.isoformat(), "end_date": end.isoformat()}
            days = await client.report(level, metrics=SUMS, **params, **window)
            hours = 0
            for offset in range(7):
                day = (start + timedelta(days=offset)).isoformat()
                hours += len(await client.report(level, "stat_time_hour", **params, start_date=day, end_date=day))
            whole = await client.report(level, "", **params, **window)
            life = await client.report(level, "", **params, query_lifetime="true")
            assert truth["rows"][level] == {
                "daily": len(days), "hourly": hours, "window": len(whole), "lifetime": len(life),
            }  # fmt: skip
            for name in SUMS:
                assert total(days, name) == Decimal(truth["metrics"][level][name]), (level, name)


async def test_pages_of_any_size_contain_every_row_once(client: Client) -> None:
    """Small pages contain the same rows as large ones, each once."""
    large = await client.report("ad", **MONTH)
    small = await client.report("ad", page_size=37, **MONTH)
    assert small == large
    assert len({tuple(row["dimensions"].values()) for row in large}) == len(large)


@given(st.integers(0, 4 * 7 * 86_400))
def test_a_clock_stands_still_until_it_is_moved(seconds: int) -> None:
    """A clock that is set stands still. Advances add up. Ticks are quarters of an hour."""
    clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.advance(seconds)
    assert clock.frozen
    assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert clock.tick % 900 == 0
    assert 0 <= clock.seconds - clock.tick < 900


def test_a_clock_without_a_time_follows_the_real_one() -> None:
    """Advancing it moves it ahead of the real time, and it keeps running."""
    clock = Clock(None)
    clock.advance(timedelta(days=1))
    ahead = clock.now() - datetime.now(UTC)
    assert not clock.frozen
    assert timedelta(hours=23, minutes=59) < ahead <= timedelta(days=1)


@pytest.mark.thorough
async def test_a_metric_does_not_depend_on_the_other_metrics_of_a_request(client: Client) -> None:
    """Each metric has the same value alone as together with all others."""
    names = [*COUNTS, *RATIOS, *(name for name in MONEY if name != "voucher_spend")]
    window = {"start_date": "2026-03-09", "end_date": "2026-03-10"}
    rows = by_key(await client.report("campaign", metrics=names, **window))
    hours = await client.report("campaign", "stat_time_hour", metrics=names, **window | {"start_date": "2026-03-10"})
    for name in names:
        alone = by_key(await client.report("campaign", metrics=[name], **window))
        assert [row["metrics"][name] for row in alone] == [row["metrics"][name] for row in rows], name
        if name in COUNTS:
            alone = await client.report(
                "campaign", "stat_time_hour", metrics=[name], **window | {"start_date": "2026-03-10"}
            )
            values = {tuple(row["dimensions"].values()): row["metrics"][name] for row in alone}
            for row in hours:
                assert values.get(tuple(row["dimensions"].values()), "0") == row["metrics"][name], name


async def test_figures_that_tiktok_takes_back_disappear_from_every_report() -> None:
    """Two days later they are missing at every level, by hour and by audience alike."""
    options = Options(seed=7, advertisers=1, days=60, now=NOW, tier="unlimited", taken_back=40)
    async with Emulator(options) as emulator, aiohttp.ClientSession() as session:
        client = Client(emulator, session)
        days = {"start_date": "2026-03-05", "end_date": "2026-03-09"}
        day = {"start_date": "2026-03-09", "end_date": "2026-03-09"}
        audience = {"report_type": "AUDIENCE", "metrics": ["spend"], **days}
        before = await client.report("ad", **day)
        emulator.clock.advance(86400 * 2)
        after = {row["dimensions"]["ad_id"] for row in await client.report("ad", **day)}
        assert after < {row["dimensions"]["ad_id"] for row in before}
        assert {row["dimensions"]["ad_id"] for row in await client.report("ad", "stat_time_hour", **day)} == after
        spent = {total(await client.report(level, metrics=["spend"], **days), "spend") for level in LEVELS}
        by_gender = await client.report("ad", dimensions=["ad_id", "stat_time_day", "gender"], **audience)
        spent.add(total(by_gender, "spend"))
        assert len(spent) == 1
