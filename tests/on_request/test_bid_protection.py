"""Ad credits of bid protection, over real sockets: every record of every campaign and ad group, in whole currency."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from emulator.kit import Client
from on_request.kit import load
from support import NOW, config_for, read_from
from tiktok_marketing.catalog import object_stream

STREAMS = {
    "campaigns_bid_protection": ("campaign/get/", "campaign_id", "CAMPAIGN"),
    "ad_groups_bid_protection": ("adgroup/get/", "adgroup_id", "ADGROUP"),
}
EVERYTHING = {"include_deleted": True, "start_date": "2012-01-01"}
DAYS = {"start_date": "2026-06-02", "end_date": "2026-06-15"}


@pytest.mark.parametrize("name", STREAMS)
async def test_every_record_is_read_and_its_credits_are_whole_currency(client: Client, name: str) -> None:
    """TikTok multiplies them by 100,000."""
    path, id_field, level = STREAMS[name]
    outcome = await read_from(client.emulator, config_for(client.emulator, **EVERYTHING), [name])
    assert outcome.exit_code == 0, outcome.errors
    expected = {}
    for account in client.emulator.advertiser_ids:
        filtering = {"primary_status": "STATUS_ALL"}
        objects = await client.read_all(path, 100, advertiser_id=account, filtering=filtering)
        objects += await client.read_all(
            path, 100, advertiser_id=account, filtering=filtering | {"buying_types": ["RESERVATION_TOP_VIEW"]}
        )
        for item in objects:
            data = await client.data(
                "report/bid_protection/detail/get/",
                advertiser_id=account,
                data_level=level,
                query_ids=[item[id_field]],
                **DAYS,
            )
            for record in data["bid_protection_records"]:
                key = (int(account), int(record["query_id"]), record["record_date"])
                expected[key] = (record["bid_protection_daily_status"], Decimal(record["credit_amount"]) / 100_000)
    shown = {
        (record["advertiser_id"], record[id_field], record["record_date"]): (
            record["bid_protection_daily_status"],
            Decimal(str(record["credit_amount"])),
        )
        for record in outcome.records(name)
    }
    assert len(shown) == len(outcome.records(name))
    assert shown == expected
    assert any(credit for _, credit in shown.values())
    assert NOW.date().isoformat() == DAYS["end_date"]


async def test_credits_of_ad_groups_add_up_to_those_of_their_campaigns(client: Client, tmp_path: Path) -> None:
    """In a database, a credit is an amount of money on a date."""
    path = tmp_path / "t.duckdb"
    await load(client.emulator, path, [*STREAMS, "ad_groups"], **EVERYTHING)
    with duckdb.connect(str(path), read_only=True) as database:
        campaigns = database.sql(
            "SELECT campaign_id, sum(credit_amount) FROM tiktok_ads.campaigns_bid_protection GROUP BY 1"
        ).fetchall()
        groups = database.sql(
            "SELECT campaign_id, sum(credit_amount) FROM tiktok_ads.ad_groups_bid_protection"
            " JOIN tiktok_ads.ad_groups USING (advertiser_id, adgroup_id) GROUP BY 1"
        ).fetchall()
        types = database.sql(
            "SELECT DISTINCT typeof(credit_amount), typeof(record_date) FROM tiktok_ads.campaigns_bid_protection"
        ).fetchall()
    sums: defaultdict[int, Decimal] = defaultdict(Decimal, dict(groups))
    for campaign, credit in campaigns:
        assert sums[campaign] == credit
    assert types == [("DECIMAL(18,4)", "DATE")]


def test_a_request_has_as_many_ids_as_its_days_allow() -> None:
    """At most 200 ids, divided by the number of days."""
    for name in STREAMS:
        source = object_stream(name).source
        assert source.parent is not None
        assert source.recent_days is not None
        assert source.parent.at_once is not None
        assert source.parent.at_once * source.recent_days <= 200
