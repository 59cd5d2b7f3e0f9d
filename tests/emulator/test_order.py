"""The order of rows: none that TikTok promises, unless the request asks for one."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.emulator.endpoints.reports.metrics import COUNTS, MONEY, RATIOS

WEEK = {"start_date": "2026-03-04", "end_date": "2026-03-10"}


def keys(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """The dimensions of each row."""
    return [tuple(row["dimensions"].values()) for row in rows]


@pytest.mark.parametrize("level", ["advertiser", "campaign", "ad"])
async def test_rows_without_an_order_field_are_not_sorted(client: Client, level: str) -> None:
    """Neither objects nor days stand in order, as in TikTok's own answers."""
    rows = keys(await client.report(level, **WEEK))
    days = [row[1] for row in rows]
    assert days not in (sorted(days), sorted(days, reverse=True))
    assert rows not in (sorted(rows), sorted(rows, reverse=True))
    if level != "advertiser":
        ids = [row[0] for row in rows]
        assert sum(1 for before, after in pairwise(ids) if before != after) > len(set(ids))


@pytest.mark.parametrize("breakdown", [["country_code"], ["gender", "age"]])
async def test_rows_of_a_breakdown_are_not_sorted(client: Client, breakdown: list[str]) -> None:
    """The rows of all objects, days and values are mixed."""
    kind = "BASIC" if breakdown == ["country_code"] else "AUDIENCE"
    dimensions = ["campaign_id", "stat_time_day", *breakdown]
    rows = keys(await client.report("campaign", report_type=kind, dimensions=dimensions, metrics=["spend"], **WEEK))
    assert len(set(rows)) == len(rows)
    assert rows not in (sorted(rows), sorted(rows, reverse=True))


async def test_the_order_is_the_same_on_all_pages_of_one_moment(client: Client) -> None:
    """Pages of any size are parts of one list, and a second read brings the same list."""
    whole = await client.report("ad", **WEEK)
    assert await client.report("ad", page_size=37, **WEEK) == whole
    assert await client.report("ad", **WEEK) == whole


async def test_two_queries_have_different_orders(client: Client) -> None:
    """A client that joins the answers for two metrics row by row mixes them up."""
    spend = keys(await client.report("ad", metrics=["spend"], **WEEK))
    clicks = keys(await client.report("ad", metrics=["clicks"], **WEEK))
    assert sorted(spend) == sorted(clicks)
    assert spend != clicks


async def test_pages_move_when_the_figures_do(client: Client) -> None:
    """An hour later the rows of past days are the same, in another order."""
    past = {"start_date": "2026-02-20", "end_date": "2026-02-25", "metrics": ["spend"]}
    before = await client.report("ad", **past)
    client.emulator.clock.advance(timedelta(hours=1))
    after = await client.report("ad", **past)
    assert after != before
    assert sorted(map(str, after)) == sorted(map(str, before))


async def test_the_seed_decides_the_order(session: aiohttp.ClientSession) -> None:
    """Two emulators with the same options answer alike."""
    answers = []
    for _ in range(2):
        async with Emulator(Options(now=NOW, tier="unlimited", advertisers=1)) as emulator:
            answers.append(await Client(emulator, session).report("ad", **WEEK))
    assert answers[0] == answers[1]


async def test_without_the_switch_rows_come_by_object_and_time(session: aiohttp.ClientSession) -> None:
    """With `shuffled_rows` off, the newest object comes first, and its days in order."""
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=1, shuffled_rows=False)) as emulator:
        rows = keys(await Client(emulator, session).report("ad", **WEEK))
    assert rows == sorted(rows, key=lambda row: (-int(row[0]), row[1]))


async def test_several_accounts_do_not_come_in_the_order_of_the_request(client: Client) -> None:
    """The answer to `advertiser_ids` has an order of its own."""
    ids = client.emulator.advertiser_ids[:4]
    asked = {"advertiser_id": "", "metrics": ["spend"], **WEEK}
    forward = await client.report("advertiser", advertiser_ids=ids, **asked)
    backward = await client.report("advertiser", advertiser_ids=ids[::-1], **asked)
    assert [row["advertiser_id"] for row in forward] == [row["advertiser_id"] for row in backward]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "direction", ["ASC", *(pytest.param(way, marks=pytest.mark.thorough) for way in ("DESC", None))]
)
async def test_every_metric_can_be_ordered_by(client: Client, direction: str | None) -> None:
    """`order_type` gives the direction, which is DESC by default, over all pages."""
    order = {"order_type": direction} if direction else {}
    for metric in sorted({*COUNTS, *MONEY, *RATIOS} - {"voucher_spend"}):
        rows = await client.report("campaign", page_size=20, metrics=[metric], order_field=metric, **order, **WEEK)
        values = [float(row["metrics"][metric]) for row in rows]
        assert values == sorted(values, reverse=direction != "ASC"), metric


@pytest.mark.parametrize("field", ["campaign_name", "stat_time_day", "campaign_id", "nonsense"])
async def test_only_metrics_with_figures_can_be_ordered_by(client: Client, field: str) -> None:
    """Names, dimensions and unknown words are refused."""
    answer = await client.envelope(
        "report/integrated/get/",
        advertiser_id=client.emulator.advertiser_ids[0],
        report_type="BASIC",
        data_level="AUCTION_CAMPAIGN",
        dimensions=["campaign_id", "stat_time_day"],
        metrics=["spend", "campaign_name"],
        order_field=field,
        **WEEK,
    )
    assert answer["code"] == 40002
    assert "order_field" in answer["message"]
