"""Formats: money without decimals, billing, free clicks, unknown countries, ids, masks, names and the order of keys."""

import re
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.emulator.business.business import Business
from tiktok_marketing.emulator.business.vocabulary import TEMPLATES, WITHOUT_DECIMALS

MONTH = {"start_date": "2026-02-10", "end_date": "2026-03-11"}
MONEY = (
    "spend", "billed_cost", "cpc", "cpm", "cost_per_1000_reached", "cost_per_conversion", "cost_per_result",
    "total_complete_payment_rate", "value_per_complete_payment", "total_online_consult_value", "cost_per_login",
)  # fmt: skip
OTHERS = ("ctr", "frequency", "conversion_rate", "complete_payment_roas", "average_video_play", "on_web_order_rate")
LEVELS = ("advertiser", "campaign", "adgroup", "ad")


@pytest.mark.parametrize("currency", sorted(WITHOUT_DECIMALS))
async def test_money_in_a_currency_without_decimals_is_whole(session: aiohttp.ClientSession, currency: str) -> None:
    """Sums, costs and values are whole numbers, and a zero is 0. Percentages and other quotients keep two decimals."""
    options = Options(now=NOW, tier="unlimited", advertisers=1, currencies=(currency,))
    async with Emulator(options) as emulator:
        client = Client(emulator, session)
        info = await client.data("advertiser/info/", advertiser_ids=emulator.advertiser_ids)
        assert info["list"][0]["currency"] == currency
        rows = {level: await client.report(level, metrics=[*MONEY, *OTHERS], **MONTH) for level in LEVELS}
        hours = await client.report(
            "ad", "stat_time_hour", metrics=["spend"], start_date="2026-03-09", end_date="2026-03-09"
        )
        genders = await client.report(
            "ad", report_type="AUDIENCE", dimensions=["ad_id", "stat_time_day", "gender"], metrics=["spend"], **MONTH
        )
        named = await client.report("adgroup", metrics=["budget", "bid", "campaign_budget"], **MONTH)
    values = [row["metrics"] for row in [*rows["advertiser"], *rows["campaign"], *rows["ad"]]]
    assert all(row[name].isdigit() for row in values for name in MONEY)
    assert all(re.fullmatch(r"\d+\.\d\d", row[name]) for row in values for name in OTHERS)
    assert {row["budget"].isdigit() and row["bid"].isdigit() for row in (item["metrics"] for item in named)} == {True}
    assert "0" in {row["cost_per_conversion"] for row in values}
    assert all(row["metrics"]["spend"].isdigit() for row in [*hours, *genders])
    sums = {sum(int(row["metrics"]["spend"]) for row in rows[level]) for level in LEVELS}
    assert sums == {sum(int(row["metrics"]["spend"]) for row in genders)}
    assert 0 not in sums
    day = [row for row in rows["ad"] if row["dimensions"]["stat_time_day"].startswith("2026-03-09")]
    assert sum(int(row["metrics"]["spend"]) for row in day) == sum(int(row["metrics"]["spend"]) for row in hours)


async def test_a_cost_without_decimals_is_rounded_half_up(session: aiohttp.ClientSession) -> None:
    """A click costs the spend divided by the clicks, to the next whole unit."""
    options = Options(now=NOW, tier="unlimited", advertisers=1, currencies=("JPY",))
    async with Emulator(options) as emulator:
        rows = await Client(emulator, session).report("ad", metrics=["spend", "clicks", "cpc"], **MONTH)
    for row in (item["metrics"] for item in rows):
        spend, clicks = int(row["spend"]), int(row["clicks"])
        assert int(row["cpc"]) == ((2 * spend + clicks) // (2 * clicks) if clicks else 0)


def test_an_account_of_each_currency_without_decimals_has_figures() -> None:
    """Among as many accounts as there are templates, one of each such currency is active."""
    business = Business(Options(advertisers=len(TEMPLATES)), NOW)
    active = {account.template.currency for account in business.accounts if account.life == "active"}
    assert active >= WITHOUT_DECIMALS


async def test_by_default_an_account_has_whole_amounts(session: aiohttp.ClientSession) -> None:
    """Whoever reads the six accounts of the default meets a currency without decimals, with money that was spent."""
    async with Emulator(Options(now=NOW, tier="unlimited")) as emulator:
        whole = [account for account in emulator.business.accounts if account.template.currency in WITHOUT_DECIMALS]
        active = next(account for account in whole if account.life == "active")
        rows = await Client(emulator, session).report("ad", advertiser_id=str(active.id), metrics=["spend"], **MONTH)
    amounts = [row["metrics"]["spend"] for row in rows]
    assert all(amount.isdigit() for amount in amounts)
    assert sum(map(int, amounts)) > 0


async def test_an_unknown_currency_is_refused() -> None:
    """The message names the currencies that accounts can have."""
    with pytest.raises(ValueError, match=r"'XXX'.*JPY"):
        Options(currencies=("XXX",))


async def test_spend_is_billed_late(client: Client) -> None:
    """`billed_cost` is the spend of days before yesterday. Of yesterday and today it is only a part, by hour too."""
    rows = await client.report("ad", metrics=["spend", "billed_cost"], **MONTH)
    behind: dict[str, bool] = {}
    for row in rows:
        spend, billed = Decimal(row["metrics"]["spend"]), Decimal(row["metrics"]["billed_cost"])
        day = row["dimensions"]["stat_time_day"][:10]
        assert 0 <= billed <= spend
        behind[day] = behind.get(day, False) or billed < spend
    assert [day for day in sorted(behind) if behind[day]] == ["2026-03-09", "2026-03-10"]
    day = {"start_date": "2026-03-09", "end_date": "2026-03-09", "metrics": ["spend", "billed_cost"]}
    hours = await client.report("ad", "stat_time_hour", **day)
    assert all(Decimal(row["metrics"]["billed_cost"]) <= Decimal(row["metrics"]["spend"]) for row in hours)
    for name in ("spend", "billed_cost"):
        assert sum(Decimal(row["metrics"][name]) for row in hours) == sum(
            Decimal(row["metrics"][name]) for row in rows if row["dimensions"]["stat_time_day"].startswith("2026-03-09")
        )


async def test_some_clicks_are_free(client: Client) -> None:
    """There are rows with a click and the spend 0.00, by day and by hour."""
    rows = await client.report("ad", metrics=["spend", "clicks", "cpc"], **MONTH)
    free = [row for row in rows if row["metrics"]["spend"] == "0.00" and row["metrics"]["clicks"] != "0"]
    assert free
    assert {row["metrics"]["cpc"] for row in free} == {"0.00"}


@pytest.mark.parametrize("grain", ["stat_time_day", ""])
@pytest.mark.parametrize("level", LEVELS)
async def test_an_unknown_country_has_rows_of_zeros(client: Client, level: str, grain: str) -> None:
    """A report by country names `None` too, with zeros, even by day. Its rows count like others."""
    dimensions = [f"{level}_id", "country_code", *([grain] if grain else [])]
    rows = await client.report(level, dimensions=dimensions, metrics=["spend", "impressions", "clicks"], **MONTH)
    unknown = [row["metrics"] for row in rows if row["dimensions"]["country_code"] == "None"]
    assert 0 < len(unknown) < len(rows) / 2
    assert {tuple(row.values()) for row in unknown} == {("0.00", "0", "0")}
    if grain:
        audience = await client.report(
            level, report_type="AUDIENCE", dimensions=dimensions, metrics=["spend", "impressions", "clicks"], **MONTH
        )
        keys = [sorted(tuple(row["dimensions"].values()) for row in report) for report in (rows, audience)]
        assert keys[0] == keys[1]


async def test_keys_come_in_the_order_of_tiktok(client: Client) -> None:
    """Code, message, request_id and data; in a report page_info before list; page_size before page."""
    advertiser = client.emulator.advertiser_ids[0]
    answer = await client.envelope(
        "report/integrated/get/", advertiser_id=advertiser, report_type="BASIC", data_level="AUCTION_AD",
        dimensions=["ad_id"], metrics=["spend"], query_lifetime="true",
    )  # fmt: skip
    assert list(answer) == ["code", "message", "request_id", "data"]
    assert list(answer["data"]) == ["page_info", "list"]
    assert list(answer["data"]["page_info"]) == ["page_size", "page", "total_number", "total_page"]
    refused = await client.envelope("report/integrated/get/", advertiser_id=advertiser)
    assert list(refused) == ["code", "message", "request_id", "data"]


async def test_ids_and_masks_have_the_form_of_tiktok(client: Client) -> None:
    """A request id has 34 characters, an image's id 32 hexadecimal digits, and a video's 32 characters."""
    advertiser = client.emulator.advertiser_ids[0]
    ids = {(await client.envelope("user/info/"))["request_id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(re.fullmatch(r"20260310154000[0-9A-F]{20}", item) for item in ids)
    images = await client.read_all("file/image/ad/search/", page_size=100, advertiser_id=advertiser)
    assert all(re.fullmatch(r"[0-9a-f]{32}", image["image_id"]) for image in images)
    assert {image["is_carousel_usable"] for image in images} == {True, False}
    videos = await client.read_all("file/video/ad/search/", page_size=100, advertiser_id=advertiser)
    assert all(re.fullmatch(r"v[0-9a-v]{31}", video["video_id"]) for video in videos)
    assert len({video["video_id"] for video in videos}) == len(videos)
    ads = await client.read_all("ad/get/", advertiser_id=advertiser)
    assert all(re.fullmatch(r"[0-9a-f]{32}", ad["avatar_icon_web_uri"]) for ad in ads)
    info = (await client.data("advertiser/info/", advertiser_ids=[advertiser]))["list"][0]
    assert re.fullmatch(r"..\*\*..", info["contacter"])
    assert re.fullmatch(r"[a-z]\*\*\*@\*\*\*", info["email"])
    assert re.fullmatch(r"\+\d{5}\*\*\*\*\d\d", info["cellphone_number"])


async def test_scopes_are_larger_than_floats_can_hold(client: Client) -> None:
    """Some ids of scopes exceed 2^53, as at TikTok."""
    emulator = client.emulator
    body = {"app_id": emulator.app_id, "secret": emulator.secret, "auth_code": "demo-auth-code"}
    async with client.session.post(f"{emulator.url}/open_api/v1.3/oauth2/access_token/", json=body) as response:
        scopes = (await response.json())["data"]["scope"]
    assert any(scope != int(float(scope)) for scope in scopes)


async def test_names_are_what_marketers_write(client: Client) -> None:
    """Names contain lines, tabs, quotes, backslashes, emoji, and scripts of several directions."""
    lists: dict[str, set[str]] = {}
    for level in ("campaign", "adgroup", "ad"):
        for advertiser in client.emulator.advertiser_ids[:4]:
            records: list[dict[str, Any]] = await client.read_all(
                f"{level}/get/", advertiser_id=advertiser, filtering={"primary_status": "STATUS_ALL"}
            )
            lists.setdefault(level, set()).update(record[f"{level}_name"] for record in records)
            rows = await client.report(
                level, "", advertiser_id=advertiser, query_lifetime="true", metrics=[f"{level}_name"]
            )
            assert {record[f"{level}_name"] for record in records} <= {row["metrics"][f"{level}_name"] for row in rows}
    names = "".join(lists["ad"] | lists["adgroup"] | lists["campaign"])
    for text in ("\n", "\t", '"', "\\", "%", "春", "여", "ع", "\N{RIGHT-TO-LEFT MARK}", "👩\N{ZERO WIDTH JOINER}"):
        assert text in names
