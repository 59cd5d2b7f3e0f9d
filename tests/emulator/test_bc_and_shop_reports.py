"""Reports of the types BC and TT_SHOP: their rows agree with the reports of the accounts."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options

BC = {"report_type": "BC", "start_date": "2026-02-20", "end_date": "2026-03-08"}
SHOP = {
    "report_type": "TT_SHOP", "data_level": "AUCTION_ADVERTISER", "start_date": "2026-02-20", "end_date": "2026-03-08",
}  # fmt: skip


async def first_center(client: Client) -> str:
    """The id of the first Business Center."""
    bc_id: str = (await client.data("bc/get/"))["list"][0]["bc_info"]["bc_id"]
    return bc_id


async def bc_rows(client: Client, *dimensions: str, **params: Any) -> list[dict[str, Any]]:
    """All rows of a BC report."""
    bc_id = await first_center(client)
    return await client.read_all("report/integrated/get/", 7, bc_id=bc_id, dimensions=list(dimensions), **BC | params)


async def test_rows_of_an_account_are_those_of_its_own_report(client: Client) -> None:
    """By day and without a time, with reach; idle accounts have rows of zeros without a time."""
    metrics = ["spend", "impressions", "reach", "conversion", "ctr"]
    owned = {row["dimensions"]["advertiser_id"] for row in await bc_rows(client, "advertiser_id")}
    assert owned == set(client.emulator.advertiser_ids[:4])
    for times in ((), ("stat_time_day",)):
        rows = await bc_rows(client, "advertiser_id", *times, metrics=metrics)
        shown = {(*row["dimensions"].values(),): row["metrics"] for row in rows}
        expected = {}
        for account in owned:
            own = await client.report(
                "advertiser", times[0] if times else "", advertiser_id=account, metrics=metrics,
                start_date=BC["start_date"], end_date=BC["end_date"],
            )  # fmt: skip
            for row in own:
                key = (account, *(row["dimensions"][name] for name in times))
                expected[key] = row["metrics"]
        assert shown == expected


async def test_weeks_and_months_add_up_to_days(client: Client) -> None:
    """A week begins on Monday, or with the report. Rows without an account are in dollars."""
    days = await bc_rows(client, "stat_time_day", metrics=["spend", "clicks"])
    assert len(days) == 17
    for name in ("stat_time_week", "stat_time_month"):
        rows = await bc_rows(client, name, metrics=["spend", "clicks"])
        sums: Counter[str] = Counter()
        for row in days:
            day = date.fromisoformat(row["dimensions"]["stat_time_day"][:10])
            begin = day.replace(day=1) if name.endswith("month") else date.fromordinal(day.toordinal() - day.weekday())
            sums[f"{max(begin, date(2026, 2, 20))} 00:00:00"] += int(row["metrics"]["clicks"])
        assert {row["dimensions"][name]: int(row["metrics"]["clicks"]) for row in rows} == sums
        spend = sum(float(row["metrics"]["spend"]) for row in rows)
        assert spend == pytest.approx(sum(float(row["metrics"]["spend"]) for row in days), abs=0.5)


@pytest.mark.parametrize("name", ["country_code", "placement"])
async def test_countries_and_placements_add_up_to_accounts(client: Client, name: str) -> None:
    """In the currency of each account, which the row names."""
    whole = {row["dimensions"]["advertiser_id"]: row["metrics"] for row in await bc_rows(client, "advertiser_id")}
    rows = await bc_rows(client, "advertiser_id", name, metrics=["spend", "currency", "advertiser_name"])
    sums: Counter[str] = Counter()
    for row in rows:
        account = row["dimensions"]["advertiser_id"]
        sums[account] += round(float(row["metrics"]["spend"]) * 100)
        assert row["metrics"]["currency"] == whole[account]["currency"]
        assert row["metrics"]["advertiser_name"] == whole[account]["advertiser_name"]
    assert sums == {account: round(float(row["spend"]) * 100) for account, row in whole.items() if float(row["spend"])}


async def test_without_metrics_a_bc_report_has_all(client: Client) -> None:
    """The documented ones, and the account's name and currency."""
    (row, *_) = await bc_rows(client, "advertiser_id")
    assert {"spend", "tax_spend", "cashback_coupon_spend", "account_type", "currency", "skan_purchase_rate"} <= set(
        row["metrics"]
    )
    assert "advertiser_name" not in (await bc_rows(client, "stat_time_day"))[0]["metrics"]


async def test_accounts_of_a_bc_report_can_be_filtered(client: Client) -> None:
    """By name, id, currency, status and cost in dollars. All filters must pass."""
    accounts = client.emulator.advertiser_ids

    async def names(*filters: tuple[str, str, str]) -> set[str]:
        entries = [{"field_name": name, "filter_type": kind, "filter_value": value} for name, kind, value in filters]
        rows = await bc_rows(client, "advertiser_id", metrics=["advertiser_name", "spend"], filtering=entries)
        return {row["metrics"]["advertiser_name"] for row in rows}

    everyone = await names()
    assert len(everyone) == 4
    assert await names(("advertiser_name", "MATCH", "kere")) == {"Kererū Solar"}
    assert await names(("advertiser_id", "IN", f'["{accounts[1]}"]')) == {"Masala Quest Games"}
    assert await names(("currency_of_account", "IN", '["INR","NZD"]')) == {"Masala Quest Games", "Kererū Solar"}
    assert await names(("currency_of_account", "IN", '["INR"]'), ("advertiser_name", "MATCH", "kere")) == set()
    assert await names(("account_status", "IN", '["SUSPENDED"]')) == set()
    assert await names(("platform_of_account", "IN", '["ADS_MANGER"]')) == everyone
    cheap = await names(("cost", "LOWER_THAN", "5000"))
    assert cheap | await names(("cost", "GREATER_EQUAL", "5000")) == everyone
    assert cheap != everyone


@pytest.mark.parametrize(
    "params",
    [
        {"dimensions": ["campaign_id"]}, {"dimensions": ["stat_time_day", "stat_time_week"]}, {"dimensions": []},
        {"dimensions": ["country_code", "placement"]}, {"dimensions": ["placement"], "metrics": ["reach"]},
        {"metrics": ["likes"]}, {"start_date": "2025-01-01"}, {"filtering": {}}, {"filtering": [1]},
        {"filtering": [{"field_name": "cost", "filter_type": "IN", "filter_value": "5"}]}, {"order_field": "currency"},
        {"filtering": [{"field_name": "cost", "filter_type": "GREATER_THAN", "filter_value": "x"}]}, {"bc_id": ""},
        {"filtering": [{"field_name": "cost", "filter_type": "GREATER_THAN", "filter_value": "nan"}]},
        {"filtering": [{"field_name": "account_status", "filter_type": "IN", "filter_value": '["ACTIVE"]'}]},
        {"filtering": [{"field_name": "owner_of_account", "filter_type": "IN", "filter_value": '["MINE"]'}]},
        {"query_lifetime": "true"}, {"order_field": "clicks", "metrics": ["spend"]},
    ],
)  # fmt: skip
async def test_wrong_bc_reports_are_refused(client: Client, params: dict[str, Any]) -> None:
    """With 40002."""
    request = {"bc_id": await first_center(client), "dimensions": ["advertiser_id"], **BC}
    assert (await client.envelope("report/integrated/get/", **request | params))["code"] == 40002


async def test_bc_reports_need_a_business_center_that_the_token_reaches(client: Client) -> None:
    """Another id is refused with 40001; a token of one account sees only this account."""
    request = {"dimensions": ["advertiser_id"], **BC}
    assert (await client.envelope("report/integrated/get/", bc_id="7", **request))["code"] == 40001
    bc_id = await first_center(client)
    data = await client.data("report/integrated/get/", client.emulator.limited_access_token, bc_id=bc_id, **request)
    assert [row["dimensions"]["advertiser_id"] for row in data["list"]] == client.emulator.advertiser_ids[:1]


# -- TT_SHOP


async def shop_rows(client: Client, *dimensions: str, **params: Any) -> list[dict[str, Any]]:
    """All rows of a TT_SHOP report on the first account, which sells in a TikTok Shop."""
    account = client.emulator.advertiser_ids[0]
    request = {"advertiser_id": account, "dimensions": list(dimensions), **SHOP}
    return await client.read_all("report/integrated/get/", 5, **request | params)


def cents(rows: list[dict[str, Any]], metric: str) -> int:
    """The sum of a metric in hundredths."""
    return sum(round(float(row["metrics"][metric]) * 100) for row in rows)


async def test_shop_campaigns_add_up_to_the_account(client: Client) -> None:
    """By country and day, by country, and by campaign. Recent days are billed in part."""
    whole = await shop_rows(client, "advertiser_id")
    by_country = await shop_rows(client, "advertiser_id", "country_code")
    by_day = await shop_rows(client, "advertiser_id", "country_code", "stat_time_day")
    campaigns = await shop_rows(client, "campaign_id", "country_code", "stat_time_day", data_level="AUCTION_CAMPAIGN",
                                metrics=["spend", "billed_cost", "campaign_name"])  # fmt: skip
    for metric in ("spend", "billed_cost"):
        assert (
            cents(whole, metric) == cents(by_country, metric) == cents(by_day, metric) == cents(campaigns, metric) > 0
        )
    assert len({tuple(row["dimensions"].values()) for row in campaigns}) == len(campaigns)
    assert all("GMV Max" in row["metrics"]["campaign_name"] for row in campaigns)
    recent = await shop_rows(client, "advertiser_id", start_date="2026-03-09", end_date="2026-03-10")
    assert 0 < cents(recent, "billed_cost") < cents(recent, "spend")


async def test_gmv_max_campaigns_are_in_no_list(client: Client) -> None:
    """Nor in BASIC reports."""
    account = client.emulator.advertiser_ids[0]
    rows = await shop_rows(client, "campaign_id", "country_code", data_level="AUCTION_CAMPAIGN")
    ids = {row["dimensions"]["campaign_id"] for row in rows}
    campaigns = await client.read_all(
        "campaign/get/", advertiser_id=account, filtering={"primary_status": "STATUS_ALL"}
    )
    assert ids.isdisjoint(campaign["campaign_id"] for campaign in campaigns)
    assert ids


async def test_totals_are_the_sums_of_the_rows(client: Client) -> None:
    """For `spend` and `billed_cost`."""
    account = client.emulator.advertiser_ids[0]
    request = {"advertiser_id": account, "dimensions": ["advertiser_id", "country_code"], **SHOP}
    data = await client.data("report/integrated/get/", **request, enable_total_metrics="true")
    assert {name: round(float(value) * 100) for name, value in data["total_metrics"].items()} == {
        name: cents(data["list"], name) for name in ("spend", "billed_cost")
    }


async def test_an_account_without_a_shop_has_zeros_or_nothing(client: Client) -> None:
    """Zeros without a time and a country, otherwise no rows."""
    account = client.emulator.advertiser_ids[2]
    (row,) = await shop_rows(client, "advertiser_id", advertiser_id=account)
    assert row["metrics"] == {"spend": "0.00", "billed_cost": "0.00"}
    assert await shop_rows(client, "advertiser_id", "country_code", "stat_time_day", advertiser_id=account) == []


@pytest.mark.parametrize(
    "params",
    [
        {"data_level": "AUCTION_AD"}, {"data_level": ""}, {"dimensions": ["campaign_id"]}, {"metrics": ["clicks"]},
        {"dimensions": ["advertiser_id", "campaign_id"]}, {"query_lifetime": "true"}, {"metrics": ["campaign_name"]},
        {"filtering": [{"field_name": "campaign_ids", "filter_type": "IN", "filter_value": "[]"}]}, {"dimensions": []},
        {"dimensions": ["advertiser_id", "stat_time_day"], "start_date": "2026-01-01"},
        {"dimensions": ["country_code"]}, {"dimensions": ["campaign_id"], "data_level": "AUCTION_CAMPAIGN"},
    ],
)  # fmt: skip
async def test_wrong_shop_reports_are_refused(client: Client, params: dict[str, Any]) -> None:
    """With 40002."""
    request = {"advertiser_id": client.emulator.advertiser_ids[0], "dimensions": ["advertiser_id"], **SHOP}
    assert (await client.envelope("report/integrated/get/", **request | params))["code"] == 40002


async def test_money_and_reports_of_a_business_center_need_a_finance_role_in_it() -> None:
    """To be its administrator is not enough. The list of Business Centers says where the user has the role."""
    options = Options(now=NOW, tier="unlimited", finance_centers=1)
    async with Emulator(options) as emulator, aiohttp.ClientSession() as session:
        client = Client(emulator, session)
        first, second = (await client.data("bc/get/"))["list"]
        assert first["ext_user_role"] == {"finance_role": "MANAGER"}
        assert second["ext_user_role"] == {}
        for center, code in ((first, 0), (second, 40001)):
            bc_id = center["bc_info"]["bc_id"]
            report = {"dimensions": ["advertiser_id"], **BC}
            assert (await client.envelope("report/integrated/get/", bc_id=bc_id, **report))["code"] == code
            assert (await client.envelope("bc/balance/get/", bc_id=bc_id))["code"] == code
            assert (await client.envelope("advertiser/balance/get/", bc_id=bc_id))["code"] == code
            assert (await client.envelope("bc/asset/get/", bc_id=bc_id, asset_type="ADVERTISER"))["code"] == 0


async def test_a_business_center_lists_and_reports_shared_accounts() -> None:
    """A filter tells them from its own."""
    options = Options(now=NOW, tier="unlimited", shared_accounts=1)
    async with Emulator(options) as emulator, aiohttp.ClientSession() as session:
        client = Client(emulator, session)
        shared = emulator.advertiser_ids[4]
        bc_id = await first_center(client)
        listed = await client.data("bc/asset/get/", bc_id=bc_id, asset_type="ADVERTISER")
        assert [record["asset_id"] for record in listed["list"]] == emulator.advertiser_ids[:5]
        rows = {}
        for owner in ("OWNED_BY_CURRENT_BUSINESS_CENTER", "SHARED_BY_OTHER_BUSINESS_CENTER"):
            wanted = [{"field_name": "owner_of_account", "filter_type": "IN", "filter_value": f'["{owner}"]'}]
            rows[owner] = {
                row["dimensions"]["advertiser_id"] for row in await bc_rows(client, "advertiser_id", filtering=wanted)
            }
        assert list(rows.values()) == [set(emulator.advertiser_ids[:4]), {shared}]
