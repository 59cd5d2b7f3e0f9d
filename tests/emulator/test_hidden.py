"""What lists and reports leave out: boosted posts, and ads that were deleted long ago."""

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client, everything
from tiktok_marketing.emulator import Emulator, Options

LEVELS = ("campaign", "adgroup", "ad")
MONTH = {"start_date": "2026-02-10", "end_date": "2026-03-10"}
ALL = {"primary_status": "STATUS_ALL"}


def origins(*names: str) -> dict[str, str]:
    """A report's filter by the origin of campaigns."""
    values = ",".join(f'"{name}"' for name in names)
    return {"field_name": "campaign_system_origins", "filter_type": "IN", "filter_value": f"[{values}]"}


async def listed(client: Client, level: str, page_size: int = 1000, **filtering: Any) -> dict[str, dict[str, Any]]:
    """The records of the first account, by id."""
    records = await client.read_all(
        f"{level}/get/", page_size, advertiser_id=client.emulator.advertiser_ids[0], filtering=ALL | filtering
    )
    return {record[f"{level}_id"]: record for record in records}


@pytest.mark.parametrize("level", LEVELS)
async def test_boosted_posts_are_listed_only_if_a_request_names_their_origin(client: Client, level: str) -> None:
    """By default only objects of Ads Manager are listed. Of a boosted post a list says little."""
    usual = await listed(client, level)
    boosted = await listed(client, level, campaign_system_origins=["PROMOTE"])
    both = await listed(client, level, campaign_system_origins=["TT_ADS_PLATFORM", "PROMOTE"])
    assert len(boosted) >= 2
    assert set(both) == set(usual) | set(boosted)
    assert len(both) == len(usual) + len(boosted)
    assert list(both) == sorted(both, key=int, reverse=True)
    assert {record["campaign_system_origin"] for record in usual.values()} == {"TT_ADS_PLATFORM"}
    for record in boosted.values():
        assert record["campaign_system_origin"] == "PROMOTE"
        assert {"advertiser_id", "campaign_id", "create_time", "secondary_status"} <= set(record)
        assert "objective_type" not in record


async def test_a_boosted_post_is_one_campaign_with_one_ad_group_and_one_ad(client: Client) -> None:
    """Each boosted post has one object of every level."""
    lists = [await listed(client, level, campaign_system_origins=["PROMOTE"]) for level in LEVELS]
    campaigns = [sorted(record["campaign_id"] for record in records.values()) for records in lists]
    assert campaigns[0] == campaigns[1] == campaigns[2]
    assert len(set(campaigns[0])) == len(campaigns[0])


@pytest.mark.parametrize("level", ["advertiser", *LEVELS])
async def test_reports_leave_boosted_posts_out_unless_a_filter_names_their_origin(client: Client, level: str) -> None:
    """The rows with both origins are those of each origin."""
    status = [] if level == "advertiser" else [everything(level)]
    usual = await client.report(level, metrics=["impressions"], **MONTH)
    boosted = await client.report(level, metrics=["impressions"], filtering=[*status, origins("PROMOTE")], **MONTH)
    both = await client.report(
        level, metrics=["impressions"], filtering=[*status, origins("PROMOTE", "TT_ADS_PLATFORM")], **MONTH
    )
    assert boosted
    impressions = [sum(int(row["metrics"]["impressions"]) for row in rows) for rows in (usual, boosted, both)]
    assert 0 < impressions[1] < impressions[0]
    assert impressions[0] + impressions[1] == impressions[2]
    if level != "advertiser":
        ids = [{row["dimensions"][f"{level}_id"] for row in rows} for rows in (usual, boosted, both)]
        assert not ids[0] & ids[1]
        assert ids[0] | ids[1] == ids[2]


@pytest.mark.parametrize(
    "condition",
    [origins("GMC"), origins(), origins("PROMOTE") | {"filter_type": "NOT_IN"}],
    ids=["unknown", "none", "not"],
)
async def test_a_report_accepts_only_origins_that_exist(client: Client, condition: dict[str, str]) -> None:
    """Everything else is refused."""
    answer = await client.envelope(
        "report/integrated/get/",
        advertiser_id=client.emulator.advertiser_ids[0],
        report_type="BASIC",
        data_level="AUCTION_CAMPAIGN",
        dimensions=["campaign_id", "stat_time_day"],
        filtering=[condition],
        **MONTH,
    )
    assert answer["code"] == 40002
    assert "campaign_system_origins" in answer["message"]


async def test_ads_that_were_deleted_long_ago_vanish_from_every_list(client: Client) -> None:
    """After 60 days no filter lists them. Their figures stay, and the truth counts what can be listed."""
    emulator = client.emulator
    old = {"start_date": "2026-02-10", "end_date": "2026-02-20", "metrics": ["spend"]}
    before = await listed(client, "ad")
    deleted = {ad for ad, record in before.items() if record["secondary_status"].endswith("DELETE")}
    rows = {str(row) for row in await client.report("ad", **old)}
    assert deleted
    emulator.clock.advance(timedelta(days=61))
    for filtering in ({}, {"primary_status": "STATUS_DELETE"}, {"secondary_status": "AD_STATUS_ALL"},
                      {"ad_ids": sorted(deleted)[:100]}):  # fmt: skip
        assert not deleted & set(await listed(client, "ad", **filtering))
    after = await listed(client, "ad")
    assert set(before) - deleted <= set(after)
    assert {str(row) for row in await client.report("ad", **old)} == rows
    truth = emulator.truth(emulator.advertiser_ids[0], NOW.date(), NOW.date())
    top_view = {"buying_types": ["RESERVATION_TOP_VIEW"]}
    for level, usual in (("ad", after), ("campaign", await listed(client, "campaign"))):
        count = truth["objects"][f"{level}s"]["total"]
        assert count == len(usual) + len(await listed(client, level, **top_view, page_size=100))


async def test_deleted_ads_stay_if_the_option_says_so(session: aiohttp.ClientSession) -> None:
    """With `deleted_ads_vanish_after=None` deleted ads are listed for good."""
    options = Options(now=NOW, anchor=NOW.date(), tier="unlimited", deleted_ads_vanish_after=None)
    async with Emulator(options) as emulator:
        client = Client(emulator, session)
        before = await listed(client, "ad")
        emulator.clock.advance(timedelta(days=400))
        assert set(before) <= set(await listed(client, "ad"))
