"""The endpoints of images, videos, music, portfolios, audiences, Spark Ads posts and pixels."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options

KINDS = {
    "file/image/ad/search/": ("list", 100, "image_id"),
    "file/video/ad/search/": ("list", 100, "video_id"),
    "file/music/get/": ("musics", 1000, "music_id"),
    "creative/portfolio/list/": ("creative_portfolios", 100, "creative_portfolio_id"),
    "dmp/custom_audience/list/": ("list", 100, "audience_id"),
    "tt_video/list/": ("list", 50, ""),
    "pixel/list/": ("pixels", 20, "pixel_id"),
}
ASSETS = tuple(KINDS)
IMAGES, VIDEOS, MUSIC, PORTFOLIOS, AUDIENCES, POSTS, PIXELS = ASSETS
STATS, EVENTS = "pixel/event/stats/", "pixel/instant_page/event/"


async def everything(client: Client, path: str, account: int = 0, **params: Any) -> list[dict[str, Any]]:
    """All records of one account."""
    key, size, _ = KINDS[path]
    request = {"advertiser_id": client.emulator.advertiser_ids[account], "page_size": size} | params
    return await client.read_all(path, list_key=key, **request)


def ids(path: str, records: list[dict[str, Any]]) -> list[str]:
    """The ids of records."""
    name = KINDS[path][2]
    return [record[name] if name else record["item_info"]["item_id"] for record in records]


@pytest.mark.parametrize("path", ASSETS)
async def test_pages_of_any_size_list_every_record_once(client: Client, path: str) -> None:
    """Small pages list the same records as large ones, each once. A page size above the limit is refused."""
    _, size, _ = KINDS[path]
    records = await everything(client, path)
    assert records
    record_ids = ids(path, records)
    assert len(set(record_ids)) == len(record_ids)
    assert records == await everything(client, path, page_size=min(7, size))
    advertiser = client.emulator.advertiser_ids[0]
    assert (await client.envelope(path, advertiser_id=advertiser, page_size=size + 1))["code"] == 40002
    assert (await client.envelope(path))["message"] == "Missing required field(s): advertiser_id."


@pytest.mark.parametrize("path", ASSETS)
async def test_an_unused_account_has_no_assets(client: Client, path: str) -> None:
    """The lists of an unused account are empty and have no pages."""
    data = await client.data(path, advertiser_id=client.emulator.advertiser_ids[5])
    assert data[KINDS[path][0]] == []
    assert data["page_info"]["total_page"] == data["page_info"]["total_number"] == 0


async def test_the_library_of_an_account_contains_everything_that_its_ads_use(client: Client) -> None:
    """Videos, images, music, posts and portfolios of ads exist in their accounts, and so do audiences and pixels."""
    used = Counter[str]()
    for number, advertiser in enumerate(client.emulator.advertiser_ids):
        existing = {path: set(ids(path, await everything(client, path, number))) for path in ASSETS}
        filtering = {"primary_status": "STATUS_ALL"}
        for ad in await client.read_all("ad/get/", advertiser_id=advertiser, filtering=filtering):
            for path, name in ((VIDEOS, "video_id"), (MUSIC, "music_id"), (POSTS, "tiktok_item_id")):
                if ad[name] is not None:
                    used[name] += 1
                    assert ad[name] in existing[path], name
            for name in ("call_to_action_id", "card_id"):
                if ad[name] is not None:
                    used[name] += 1
                    assert ad[name] in existing[PORTFOLIOS]
            assert set(ad["image_ids"]) <= existing[IMAGES]
            assert bool(ad["video_id"]) + bool(ad["music_id"]) + bool(ad["tiktok_item_id"]) == 1
            if "tracking_pixel_id" in ad:
                assert str(ad["tracking_pixel_id"]) in existing[PIXELS]
        for group in await client.read_all("adgroup/get/", advertiser_id=advertiser, filtering=filtering):
            used["audience_ids"] += len(group["audience_ids"])
            assert set(group["audience_ids"]) <= existing[AUDIENCES]
            if group["pixel_id"]:
                used["pixel_id"] += 1
                assert group["pixel_id"] in existing[PIXELS]
    assert len(used) == 7
    assert min(used.values()) > 0


async def test_accounts_share_some_music_and_images(client: Client) -> None:
    """Accounts list TikTok's own tracks and shared images under the same id. An image's material id differs."""
    for path in (MUSIC, IMAGES):
        first, second = [set(ids(path, await everything(client, path, account))) for account in (0, 2)]
        assert first & second
        assert first - second
    images = [await everything(client, IMAGES, account) for account in (0, 2)]
    material = [{item["image_id"]: item["material_id"] for item in items} for items in images]
    shared = material[0].keys() & material[1].keys()
    assert all(material[0][image_id] != material[1][image_id] for image_id in shared)


async def test_some_accounts_have_no_posts_and_no_pixels(client: Client) -> None:
    """An account that promotes an app has no pixels, and half of the accounts have no posts of creators."""
    assert not await everything(client, PIXELS, 1)
    assert not await everything(client, POSTS, 1)
    assert len(await everything(client, PIXELS, 0)) > 1


async def test_searches_list_the_last_modified_assets_first(client: Client) -> None:
    """Times are in ISO format with Z. Some assets changed after their upload, and some images before it."""
    for path in (IMAGES, VIDEOS):
        records = await everything(client, path)
        times = [record["modify_time"] for record in records]
        assert times == sorted(times, reverse=True)
        assert all(datetime.strptime(time, "%Y-%m-%dT%H:%M:%S%z") <= NOW for time in times)
        assert any(record["modify_time"] > record["create_time"] for record in records)
        assert any(record["modify_time"] < record["create_time"] for record in records) == (path == IMAGES)


async def test_addresses_of_images_and_videos_expire(client: Client) -> None:
    """An image's address is valid for one hour and a video's for six. Each answer has new addresses."""
    for path, name, hours in ((IMAGES, "image_url", 1), (VIDEOS, "preview_url", 6)):
        record = (await everything(client, path))[-1]
        expires = int(parse_qs(urlsplit(record[name]).query)["x-expires"][0])
        assert 0 <= (client.emulator.clock.now() + timedelta(hours=hours)).timestamp() - expires < 900
        if path == VIDEOS:
            assert record["preview_url_expire_time"] == datetime.fromtimestamp(expires, NOW.tzinfo).strftime(
                "%Y-%m-%d %H:%M:%S"
            )
        client.emulator.clock.advance(3600)
        assert (await everything(client, path))[-1][name] != record[name]


async def test_a_search_lists_only_the_last_modified_assets_up_to_its_limit(client: Client) -> None:
    """A search cannot list older assets beyond its limit, which is 10,000 at TikTok."""
    whole = await everything(client, VIDEOS)
    async with Emulator(Options(now=NOW, tier="unlimited", asset_search_limit=10)) as small:
        assert await everything(Client(small, client.session), VIDEOS) == whole[:10]


@pytest.mark.parametrize("path", [IMAGES, VIDEOS, PORTFOLIOS, AUDIENCES, POSTS])
async def test_libraries_grow_over_time(client: Client, path: str) -> None:
    """Three weeks later the lists have more records and lost none. An emulator that starts then lists the same."""
    before = set(ids(path, await everything(client, path)))
    client.emulator.clock.advance(timedelta(days=21))
    records = await everything(client, path)
    assert before < set(ids(path, records))
    options = Options(now=NOW + timedelta(days=21), anchor=NOW.date(), tier="unlimited")
    async with Emulator(options) as later:
        assert await everything(Client(later, client.session), path) == records


async def test_new_images_were_uploaded_after_the_last_look(client: Client) -> None:
    """An image that appears within an hour was created within that hour."""
    before = set(ids(IMAGES, await everything(client, IMAGES)))
    seen = client.emulator.clock.now()
    for _ in range(48):
        client.emulator.clock.advance(3600)
        records = await everything(client, IMAGES)
        new = [record for record in records if record["image_id"] not in before]
        assert all(record["create_time"] > f"{seen - timedelta(minutes=15):%Y-%m-%dT%H:%M:%SZ}" for record in new)
        before.update(ids(IMAGES, records))
        seen = client.emulator.clock.now()


@pytest.mark.parametrize(
    ("path", "name", "field"),
    [
        (IMAGES, "image_ids", "image_id"),
        (IMAGES, "material_ids", "material_id"),
        (VIDEOS, "video_ids", "video_id"),
        (VIDEOS, "material_ids", "material_id"),
        (MUSIC, "music_ids", "music_id"),
        (PORTFOLIOS, "creative_portfolio_ids", "creative_portfolio_id"),
    ],
)
async def test_lists_can_be_filtered_by_id(client: Client, path: str, name: str, field: str) -> None:
    """A filter by id limits a list to these ids. An unknown filter is refused."""
    records = (await everything(client, path))[:2]
    wanted = [record[field] for record in records]
    assert await everything(client, path, filtering={name: wanted}) == records
    advertiser = client.emulator.advertiser_ids[0]
    assert (await client.envelope(path, advertiser_id=advertiser, filtering={"colour": "red"}))["code"] == 40002


async def test_lists_can_be_filtered_by_other_fields(client: Client) -> None:
    """Filters exist for shape, name, source, type and audience id. Pixels have an order, and music a page limit."""
    images = await everything(client, IMAGES, filtering={"ratio": [1.0]})
    assert {(item["width"], item["height"]) for item in images} == {(1080, 1080)}
    videos = await everything(client, VIDEOS, filtering={"video_name": "unboxing"})
    assert videos
    assert all("unboxing" in item["file_name"] for item in videos)
    own = await everything(client, MUSIC, filtering={"sources": ["USER"]})
    assert own
    assert all(item["sources"] == ["USER"] for item in own)
    cards = await everything(client, PORTFOLIOS, filtering={"creative_portfolio_types": ["CARD"]})
    assert {item["creative_portfolio_type"] for item in cards} == {"CARD"}
    posts = await everything(client, POSTS, item_types=["CAROUSEL"])
    assert all("carousel_info" in item["item_info"] and "video_info" not in item for item in posts)
    audience = (await everything(client, AUDIENCES))[0]
    assert await everything(client, AUDIENCES, custom_audience_ids=[audience["audience_id"]]) == [audience]
    assert (await everything(client, PIXELS, order_by="LATEST_CREATE"))[::-1] == await everything(client, PIXELS)
    answer = await client.envelope(MUSIC, advertiser_id=client.emulator.advertiser_ids[0], page=101)
    assert answer["code"] == 40002


async def stats(client: Client, pixel_ids: Any, start: str, end: str, account: int = 0) -> dict[str, Any]:
    """The envelope of pixel/event/stats."""
    span = {"start_date": start, "end_date": end}
    advertiser = client.emulator.advertiser_ids[account]
    return await client.envelope(STATS, advertiser_id=advertiser, pixel_ids=pixel_ids, date_range=span)


async def test_days_of_pixel_events_add_up_to_their_span(client: Client) -> None:
    """The counts of single days add up to the counts of the span, and browser and server events to the total."""
    pixel = (await everything(client, PIXELS))[0]["pixel_id"]
    days = [f"{NOW - timedelta(days=back):%Y-%m-%d}" for back in (2, 1, 0)]
    whole = (await stats(client, [pixel], days[0], days[-1]))["data"]["list"][0]
    single = [(await stats(client, [pixel], day, day))["data"]["list"][0] for day in days]
    assert whole["statistics"]
    for index, row in enumerate(whole["statistics"]):
        daily = [item["statistics"][index] for item in single]
        for name in ("total_count", "attributed_count", "browser_event_total_count", "preview_count"):
            assert row[name] == sum(day[name] for day in daily)
        assert row["total_count"] == row["browser_event_total_count"] + row["server_event_total_count"]
        assert 0 < row["attributed_count"] <= row["total_count"]


async def test_pixel_statistics_refuse_wrong_parameters_and_pixels_of_other_accounts(client: Client) -> None:
    """More than ten pixels or thirty days are refused (40002), and so is a pixel of another account (40001)."""
    own = (await everything(client, PIXELS))[0]["pixel_id"]
    foreign = (await everything(client, PIXELS, 2))[0]["pixel_id"]
    answer = await stats(client, [foreign], "2026-03-01", "2026-03-02")
    assert (answer["code"], answer["message"]) == (40001, "Adv has no permission to operate on the Pixel")
    wrong = [
        ([str(number) for number in range(11)], "2026-03-01", "2026-03-02"),
        ([own], "2026-02-01", "2026-03-04"),
        ([own], "2026-03-02", "2026-03-01"),
        ([own], "", "2026-03-01"),
        ([], "2026-03-01", "2026-03-02"),
        ("x", "2026-03-01", "2026-03-02"),
    ]
    for pixel_ids, start, end in wrong:
        assert (await stats(client, pixel_ids, start, end))["code"] == 40002
    assert (await stats(client, [own], "2026-02-10", "2026-03-11"))["code"] == 0


async def test_instant_page_events_need_an_objective_and_a_goal_that_go_together(client: Client) -> None:
    """Objective and goal are required. A pair that does not exist answers 40002 with TikTok's text."""
    advertiser = client.emulator.advertiser_ids[0]
    pair = {"objective_type": "WEB_CONVERSIONS", "optimization_goal": "CONVERT"}
    rows = (await client.data(EVENTS, advertiser_id=advertiser, **pair))["list"]
    objective = rows[0]["instant_page_events"]["objective_types"][0]
    assert objective["objective_type"] == "WEB_CONVERSIONS"
    assert objective["optimization_goals"][0]["optimization_events"]
    for wrong in (pair | {"optimization_goal": "FOLLOWERS"}, pair | {"objective_type": "NONSENSE"}):
        answer = await client.envelope(EVENTS, advertiser_id=advertiser, **wrong)
        assert answer["code"] == 40002
        assert "one or more value of the param(s) is not acceptable" in answer["message"]
    assert "objective_type" in (await client.envelope(EVENTS, advertiser_id=advertiser))["message"]


async def test_the_sandbox_lists_assets_only_with_the_option(client: Client) -> None:
    """By default all asset endpoints answer 40008. An option opens those that other connectors use, but not pixels."""
    options = Options(now=NOW, sandbox_throttle=False, sandbox_asset_endpoints=True)
    async with Emulator(options) as emulator:
        opened = Client(emulator, client.session)
        for path in (*ASSETS, STATS, EVENTS):
            params = {"advertiser_id": emulator.sandbox_advertiser_id}
            assert (await client.envelope(path, client.emulator.sandbox_access_token, **params))["code"] == 40008
            code = 0 if path in {IMAGES, VIDEOS, MUSIC, PORTFOLIOS, AUDIENCES} else 40008
            assert (await opened.envelope(path, emulator.sandbox_access_token, **params))["code"] == code
        answer = await opened.envelope("advertiser/info/", emulator.sandbox_access_token, advertiser_ids=["1"])
        assert answer["code"] == 40014


@pytest.mark.parametrize(
    "changes",
    [
        {"data_level": "AUCTION_ADVERTISER", "dimensions": ["advertiser_id"]}, {"enable_total_metrics": "true"},
        {"report_type": "TT_SHOP", "data_level": "AUCTION_ADVERTISER"}, {"report_type": "BC"},
    ],
)  # fmt: skip
async def test_the_sandbox_has_no_reports_on_accounts(client: Client, changes: dict[str, Any]) -> None:
    """It has BASIC and AUDIENCE reports by campaign, ad group and ad, without totals."""
    emulator = client.emulator
    request: dict[str, Any] = {
        "advertiser_id": emulator.sandbox_advertiser_id, "report_type": "BASIC", "data_level": "AUCTION_AD",
        "dimensions": ["ad_id"], "metrics": ["spend"], "start_date": "2020-12-08", "end_date": "2020-12-19",
    }  # fmt: skip
    assert await client.data("report/integrated/get/", emulator.sandbox_access_token, **request)
    answer = await client.envelope("report/integrated/get/", emulator.sandbox_access_token, **request | changes)
    assert answer["code"] == 40009


async def test_sandbox_reports_accept_every_dimension_and_metric(client: Client) -> None:
    """AUDIENCE reports have figures for 2020-12-08 to 19, even of metrics that other accounts refuse."""
    emulator = client.emulator
    request = {
        "advertiser_id": emulator.sandbox_advertiser_id, "report_type": "AUDIENCE", "data_level": "AUCTION_AD",
        "metrics": ["spend", "complete_payment", "secondary_goal_result"], "order_field": "spend",
        "start_date": "2020-12-01", "end_date": "2020-12-30", "page_size": 1000,
    }  # fmt: skip
    path, token = "report/integrated/get/", emulator.sandbox_access_token
    for breakdown in (["gender", "age"], ["country_code"], ["platform"], ["province_id"], ["language"]):
        data = await client.data(path, token, **request, dimensions=["ad_id", "stat_time_day", *breakdown])
        days = {row["dimensions"]["stat_time_day"][:10] for row in data["list"]}
        assert (min(days), max(days)) == ("2020-12-08", "2020-12-19")
    dates = {"start_date": "", "end_date": ""}
    data = await client.data(path, token, **request | dates, dimensions=["ad_id", "gender"], query_lifetime="true")
    assert data["list"]


async def test_addresses_of_files_work_until_they_end(client: Client, session: aiohttp.ClientSession) -> None:
    """An address gives the same picture until its time. After it, or with another signature, it answers 403."""
    address = urlsplit((await everything(client, IMAGES))[0]["image_url"])
    url = f"{client.emulator.url}{address.path}?{address.query}"

    async def ask(url: str) -> tuple[int, bytes]:
        async with session.get(url) as answer:
            return answer.status, await answer.read()

    status, picture = await ask(url)
    assert (status, picture[:4]) == (200, b"\x89PNG")
    assert await ask(url) == (status, picture)
    assert (await ask(url.replace("x-expires=1", "x-expires=2")))[0] == 403
    assert (await ask(url.rpartition("&")[0]))[0] == 403
    client.emulator.clock.set(NOW + timedelta(hours=2))
    assert (await ask(url))[0] == 403
