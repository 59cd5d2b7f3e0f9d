"""Numbers that hold together: hours, days, levels, late conversions, and the truth."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.kit import NOW, Client, everything
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
    """Each additive metric has the same sum over ads, ad groups, campaigns and the account, for each account."""
    advertiser = client.emulator.advertiser_ids[account]
    rows = {level: await client.report(level, advertiser_id=advertiser, metrics=SUMS, **MONTH) for level in LEVELS}
    assert total(rows["advertiser"], "spend") > 0
    for name in SUMS:
        assert len({total(rows[level], name) for level in LEVELS}) == 1, name


async def test_accounts_beyond_the_active_ones_have_no_figures_of_late(session: aiohttp.ClientSession) -> None:
    """Of four accounts, all of which are active otherwise, only the first two have rows this month."""
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=4, active=2, days=360)) as emulator:
        client = Client(emulator, session)
        rows = [await client.report("advertiser", advertiser_id=one, **MONTH) for one in emulator.advertiser_ids]
    assert [bool(found) for found in rows] == [True, True, False, False]


@pytest.mark.parametrize("level", LEVELS)
async def test_hours_add_up_to_days(client: Client, level: str) -> None:
    """The hours of a day have the day's sums, object by object; also when clocks go forward, and today."""
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


async def test_the_day_of_the_spring_change_has_no_third_hour(client: Client) -> None:
    """On 2026-03-08 New York has no 02:00; the day before it has."""
    for day, hours in (("2026-03-07", 24), ("2026-03-08", 23)):
        rows = await client.report("advertiser", "stat_time_hour", start_date=day, end_date=day)
        labels = [row["dimensions"]["stat_time_hour"] for row in rows]
        assert len(labels) == len(set(labels)) == hours
        assert (f"{day} 02:00:00" in labels) == (hours == 24)


async def test_today_ends_at_the_last_whole_hour_there(client: Client) -> None:
    """At 11:40 in New York the hours 0 to 10 are known; in Kolkata (21:10) 0 to 20; in Auckland it is tomorrow."""
    for account, day, hours in ((0, "2026-03-10", 11), (1, "2026-03-10", 21), (2, "2026-03-11", 4)):
        rows = await client.report(
            "advertiser",
            "stat_time_hour",
            advertiser_id=client.emulator.advertiser_ids[account],
            start_date=day,
            end_date=day,
        )
        assert len(rows) == hours


@given(
    st.sampled_from(["America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"]),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_a_local_day_has_23_to_25_hours(zone: str, day: date) -> None:
    """Hours are named once, in order; together they last as long as the day."""
    local = LocalDay(ZoneInfo(zone), day)
    assert list(local.labels) == sorted(set(local.labels))
    length = (local.ends[-1] - local.start) // 3600
    assert length in {23, 24, 25}
    assert len(local.labels) == min(length, 24)
    assert local.cumulative[-1] == sum(local.weights) == local.total


async def test_rates_follow_from_their_parts(client: Client) -> None:
    """Every quotient of a row is its parts', rounded half up; 0.00 where there is nothing to divide by."""
    shown = {part: name for name, part in (COUNTS | MONEY).items()}
    checked = {name: spec for name, spec in RATIOS.items() if spec[0] in shown and spec[2] in shown and name != "cpv"}
    rows = await client.report("ad", metrics=[*checked, *COUNTS, *(n for n in MONEY if n != "voucher_spend")], **MONTH)
    for row in rows:
        values = row["metrics"]
        for name, (numerator, factor, denominator) in checked.items():
            above = Decimal(values[shown[numerator]]) * (100 if shown[numerator] in MONEY else 1) * factor
            below = Decimal(values[shown[denominator]]) * (100 if shown[denominator] in MONEY else 1)
            wanted = (above / below / 100).quantize(Decimal("0.01"), ROUND_HALF_UP) if below else Decimal("0.00")
            assert values[name] == str(wanted), name


async def test_reach_does_not_add_up(client: Client) -> None:
    """A campaign reaches fewer people than its ads together, never more than it has impressions."""
    campaigns = await client.report("campaign", **MONTH)
    ads = await client.report("ad", **MONTH)
    assert total(campaigns, "reach") < total(ads, "reach")
    assert all(0 <= int(row["metrics"]["reach"]) <= int(row["metrics"]["impressions"]) for row in campaigns + ads)


async def test_conversions_grow_for_seven_days_and_then_stand_still(client: Client) -> None:
    """Read day after day, a day's conversions never fall, do grow, and rest from the eighth day on."""
    window = {
        "start_date": "2026-03-10",
        "end_date": "2026-03-10",
        "metrics": ["conversion", "impressions", "total_purchase_value", "real_time_conversion"],
    }
    seen = []
    for _ in range(11):
        rows = []
        for advertiser in client.emulator.advertiser_ids[:2]:
            rows += await client.report("advertiser", advertiser_id=advertiser, **window)
        seen.append([total(rows, name) for name in window["metrics"]])
        client.emulator.clock.advance(timedelta(days=1))
    conversions = [row[0] for row in seen]
    assert conversions == sorted(conversions)
    assert conversions[1] < conversions[4] < conversions[8] == conversions[10]
    assert len({row[1] for row in seen[1:]}) == 1
    assert len({row[3] for row in seen[1:]}) == 1


async def test_conversions_are_told_once_by_ad_day_and_once_by_conversion_day(client: Client) -> None:
    """Over an account's life the real-time conversions are as many as the conversions."""
    rows = await client.report("advertiser", "", query_lifetime="true", metrics=["conversion", "real_time_conversion"])
    assert rows[0]["metrics"]["conversion"] == rows[0]["metrics"]["real_time_conversion"] != "0"


async def test_deleted_ads_keep_their_history(client: Client) -> None:
    """Without a status filter the rows of deleted objects are missing; with STATUS_ALL they are there."""
    for level in ("campaign", "adgroup", "ad"):
        spent = Decimal()
        for advertiser in client.emulator.advertiser_ids:
            request = {"grain": "", "query_lifetime": "true", "advertiser_id": advertiser}
            only_deleted = [everything(level) | {"filter_value": '["STATUS_DELETE"]'}]
            shown = await client.report(level, filtering=[], **request)
            gone = await client.report(level, filtering=only_deleted, **request)
            assert len(shown) + len(gone) == len(await client.report(level, **request))
            spent += total(gone, "spend")
        assert spent > 0


async def test_rows_without_a_time_dimension_may_be_zeros(client: Client) -> None:
    """A lifetime report has a row for each ad; its sum is the sum of all days."""
    lifetime = await client.report("ad", "", query_lifetime="true", metrics=SUMS)
    ads = await client.walk(
        "ad/get/",
        advertiser_id=client.emulator.advertiser_ids[0],
        filtering={"primary_status": "STATUS_ALL", "buying_types": ["AUCTION", "RESERVATION_RF"]},
    )
    assert {item["ad_id"] for item in ads} <= {row["dimensions"]["ad_id"] for row in lifetime}
    assert any(row["metrics"]["impressions"] == "0" for row in lifetime)
    account = await client.report("advertiser", "", start_date="2025-12-01", end_date="2026-03-10", metrics=SUMS)
    for name in SUMS:
        assert total(lifetime, name) == Decimal(account[0]["metrics"][name])


async def test_every_metric_name_is_answered_with_text(client: Client) -> None:
    """All 826 names are accepted at the ad level (bar the account's own); each value is text of its kind."""
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


async def test_the_account_knows_what_was_paid_in_cash(client: Client) -> None:
    """cash_spend and voucher_spend make up spend, in daily account reports."""
    rows = await client.report(
        "advertiser",
        advertiser_id=client.emulator.advertiser_ids[1],
        metrics=["spend", "cash_spend", "voucher_spend"],
        **MONTH,
    )
    assert total(rows, "voucher_spend") > 0
    assert total(rows, "spend") == total(rows, "cash_spend") + total(rows, "voucher_spend")


async def test_smart_plus_creatives_are_rows_of_their_own(client: Client) -> None:
    """By ad_id each creative is a row; by ad_id_v2 the ad of Ads Manager is, with the same sums."""
    fewer = 0
    for advertiser in client.emulator.advertiser_ids:
        creatives = await client.report("ad", "", advertiser_id=advertiser, query_lifetime="true")
        ads = await client.report("ad", "", advertiser_id=advertiser, query_lifetime="true", dimensions=["ad_id_v2"])
        fewer += len(creatives) - len(ads)
        assert total(ads, "spend") == total(creatives, "spend")
    assert fewer > 0


async def test_the_newest_ads_only(client: Client) -> None:
    """A report on more ads than the limit is cut to the newest and says so; id filters lift the cut."""
    options = Options(now=NOW, tier="unlimited", ad_report_limit=20)
    async with Emulator(options) as small:
        cut = Client(small, client.session)
        whole = await client.report("ad", **MONTH)
        part = await cut.report("ad", **MONTH)
        assert "X-Tt-Ads-Throttle" in cut.headers
        assert "X-Tt-Ads-Throttle" not in client.headers
        ids = sorted({row["dimensions"]["ad_id"] for row in part})
        assert len(ids) <= 20 < len({row["dimensions"]["ad_id"] for row in whole})
        assert [row for row in whole if row["dimensions"]["ad_id"] >= ids[0]] == part
        groups = {row["dimensions"]["adgroup_id"] for row in await client.report("adgroup", **MONTH)}
        found = []
        for group in groups:
            condition = {"field_name": "adgroup_ids", "filter_type": "IN", "filter_value": f'["{group}"]'}
            found += await cut.report("ad", filtering=[everything("ad"), condition], **MONTH)
            assert "X-Tt-Ads-Throttle" not in cut.headers
        key = lambda row: (row["dimensions"]["ad_id"], row["dimensions"]["stat_time_day"])  # noqa: E731
        assert sorted(found, key=key) == sorted(whole, key=key)


async def test_order_and_totals(client: Client) -> None:
    """order_field sorts, largest first; total_metrics is the sum over all pages."""
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


async def test_several_accounts_at_once(client: Client) -> None:
    """advertiser_ids takes up to five; rows then say whose they are, and money has no decimals."""
    ids = client.emulator.advertiser_ids[:3]
    rows = await client.report("advertiser", advertiser_ids=ids, advertiser_id="", metrics=["spend"], **MONTH)
    assert {row["advertiser_id"] for row in rows} == set(ids)
    assert {row["currency"] for row in rows} == {"USD", "INR", "NZD"}
    assert all(row["metrics"]["spend"].isdigit() for row in rows)


@pytest.mark.parametrize("deleted", [True, False])
async def test_the_truth_is_what_walking_the_pages_gives(client: Client, deleted: bool) -> None:
    """Row counts and sums of each level and grain are those of a complete read, for each account."""
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


async def test_rows_appear_once(client: Client) -> None:
    """Small pages hold every row once, whatever the size of a page."""
    large = await client.report("ad", **MONTH)
    small = await client.report("ad", page_size=37, **MONTH)
    assert small == large
    assert len({tuple(row["dimensions"].values()) for row in large}) == len(large)


@given(st.integers(0, 4 * 7 * 86_400))
def test_a_clock_stands_still_until_it_is_moved(seconds: int) -> None:
    """A given time is frozen; advancing adds up; figures move in quarters of an hour."""
    clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.advance(seconds)
    assert clock.frozen
    assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert clock.tick % 900 == 0
    assert 0 <= clock.seconds - clock.tick < 900


def test_a_running_clock_runs() -> None:
    """Without a given time the clock is the real one, moved by what it was advanced."""
    clock = Clock(None)
    clock.advance(timedelta(days=1))
    ahead = clock.now() - datetime.now(UTC)
    assert not clock.frozen
    assert timedelta(hours=23, minutes=59) < ahead <= timedelta(days=1)


async def test_a_metric_does_not_depend_on_its_company(client: Client) -> None:
    """Asked for alone, each metric has the value that it has among all others."""
    names = [*COUNTS, *RATIOS, *(name for name in MONEY if name != "voucher_spend")]
    window = {"start_date": "2026-03-09", "end_date": "2026-03-10"}
    rows = await client.report("campaign", metrics=names, **window)
    hours = await client.report("campaign", "stat_time_hour", metrics=names, **window | {"start_date": "2026-03-10"})
    for name in names:
        alone = await client.report("campaign", metrics=[name], **window)
        assert [row["metrics"][name] for row in alone] == [row["metrics"][name] for row in rows], name
        if name in COUNTS:
            alone = await client.report(
                "campaign", "stat_time_hour", metrics=[name], **window | {"start_date": "2026-03-10"}
            )
            shown = {tuple(row["dimensions"].values()): row["metrics"][name] for row in alone}
            assert all(shown.get(tuple(row["dimensions"].values()), "0") == row["metrics"][name] for row in hours), name


async def test_figures_that_are_taken_back_are_gone_from_every_report() -> None:
    """A day of an ad that was there is gone after two days: at every level, by hour and by audience alike."""
    options = Options(seed=7, advertisers=1, days=60, now=NOW, tier="unlimited", taken_back=40)
    async with Emulator(options) as emulator, aiohttp.ClientSession() as session:
        asked = Client(emulator, session)
        days = {"start_date": "2026-03-05", "end_date": "2026-03-09"}
        day = {"start_date": "2026-03-09", "end_date": "2026-03-09"}
        audience = {"report_type": "AUDIENCE", "metrics": ["spend"], **days}
        before = await asked.report("ad", **day)
        emulator.clock.advance(86400 * 2)
        after = {row["dimensions"]["ad_id"] for row in await asked.report("ad", **day)}
        assert after < {row["dimensions"]["ad_id"] for row in before}
        assert {row["dimensions"]["ad_id"] for row in await asked.report("ad", "stat_time_hour", **day)} == after
        spent = {total(await asked.report(level, metrics=["spend"], **days), "spend") for level in LEVELS}
        by_gender = await asked.report("ad", dimensions=["ad_id", "stat_time_day", "gender"], **audience)
        spent.add(total(by_gender, "spend"))
        assert len(spent) == 1
