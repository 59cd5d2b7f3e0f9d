"""Every figure and fact of the views, by the value that they are grouped by, is what the emulator says that it must be.

The sums are the emulator's own, and creatives are computed here from TikTok's lists as they are.
"""
# ruff: noqa: S608 - the SQL is made of words of the tests

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from views.conftest import EACH_KIND, FIRST, LAST, ONE_DAY, Filled
from views.test_answers import FIGURES, expected, rates_of_the_bank

LEVELS = {"campaign": "campaign", "ad_group": "adgroup", "ad": "ad"}
"""The word of a view to the level of the truth."""
BREAKDOWNS = {
    "daily_by_age_and_gender": ("gender+age", "gender || '+' || age"),
    "daily_by_country": ("country_code", "country_code"),
    "daily_by_platform": ("platform", "platform"),
}
"""View to the breakdown of the truth, and the expression with its values."""


def sums_of(truth: Mapping[str, Any], level: str, by: str) -> Mapping[str, Any]:
    """The sums of a level by object, hour or value of a breakdown; empty for an account without figures."""
    sums: Mapping[str, Any] = truth["details"][level].get(by, {})
    return sums


@pytest.fixture(params=EACH_KIND)
def database(request: pytest.FixtureRequest, viewed: Any, copied: Any, tmp_path: Path) -> Filled:
    """A database with the views."""
    database: Filled = copied(viewed(request.param, "answers"), tmp_path)
    return database


def compare(
    database: Filled, view: str, value: str, wanted: Mapping[int, Mapping[str, Any]], condition: str = "1 = 1"
) -> int:
    """Compare the sums of a view per account and value with the truth. Returns the number of figures that are not 0.

    Args:
        database: The database.
        view: The view.
        value: The expression that the view is grouped by.
        wanted: Account to value to metrics.
        condition: Which rows of the view count.
    """
    columns = {column for column, *_ in database.described(f"SELECT * FROM {view}")}
    names = [name for name in FIGURES if name in columns]
    sums = ", ".join(f"sum({name}) AS {name}" for name in names)
    sql = f"SELECT advertiser_id, CAST({value} AS VARCHAR) AS of, {sums} FROM {view} WHERE {condition} GROUP BY 1, 2"
    shown = {(row["advertiser_id"], row["of"]): row for row in database.dicts(sql)}
    everything = {(account, of) for account, values in wanted.items() for of in values}
    assert shown.keys() <= everything
    compared = 0
    for account, of in everything:
        for name in names:
            truth = expected(wanted[account][of], name)
            assert Decimal(shown.get((account, of), {}).get(name) or 0) == truth, (view, account, of, name)
            compared += bool(truth)
    assert {"spend", "impressions", "clicks", "conversion"} <= set(names)
    return compared


@pytest.mark.parametrize("view", BREAKDOWNS)
def test_a_breakdown_has_the_figures_of_each_value(database: Filled, view: str) -> None:
    """Over all days, and on one day: each age and gender, country and platform has its own figures."""
    breakdown, value = BREAKDOWNS[view]
    everything = {account: sums_of(truth, "campaign", breakdown) for account, truth in database.truths.items()}
    one_day = {account: sums_of(truth["one_day"], "campaign", breakdown) for account, truth in database.truths.items()}
    assert compare(database, view, value, everything) > 50
    assert compare(database, view, value, one_day, f"day = DATE '{ONE_DAY}'") > 20
    rows = dict(database.ask(f"SELECT advertiser_id, count(*) FROM {view} WHERE day = DATE '{ONE_DAY}' GROUP BY 1"))
    for account, truth in database.truths.items():
        assert rows.get(account, 0) == truth["one_day"]["breakdowns"]["campaign"][breakdown]


@pytest.mark.parametrize("word", LEVELS)
def test_each_object_has_its_own_figures(database: Filled, word: str) -> None:
    """Campaigns, ad groups and ads are not mixed up, also within one account."""
    level = LEVELS[word]
    objects = {account: sums_of(truth, level, "object") for account, truth in database.truths.items()}
    assert compare(database, f"daily_by_{word}", f"{level}_id", objects) > 50
    if word == "campaign":
        assert compare(database, "hourly_by_campaign", "campaign_id", objects) > 20


def test_each_hour_has_its_own_figures(database: Filled) -> None:
    """By campaign, and by hour and weekday, where one day of the week can be compared alone."""
    for view, level in (("hourly_by_campaign", "campaign"), ("by_hour_and_weekday", "advertiser")):
        hours = {
            account: {str(int(hour)): sums for hour, sums in sums_of(truth, level, "hour").items()}
            for account, truth in database.truths.items()
        }
        assert compare(database, view, "hour", hours) > 100
        one_day = {
            account: {str(int(hour)): sums for hour, sums in sums_of(truth["one_day"], level, "hour").items()}
            for account, truth in database.truths.items()
        }
        assert compare(database, view, "hour", one_day, f"weekday = {ONE_DAY.isoweekday()}") > 50


def creative_of(ad: Mapping[str, Any]) -> tuple[str, str]:
    """The id and the kind of what an ad shows."""
    if ad["video_id"]:
        return ad["video_id"], "video"
    if ad["tiktok_item_id"]:
        return ad["tiktok_item_id"], "post"
    if ad["image_ids"]:
        return ad["image_ids"][0], "image"
    return f"ad:{ad['ad_id']}", "ad"


def test_each_creative_has_the_figures_of_its_ads(database: Filled) -> None:
    """Ads with the same video, post or image are added up, within their account."""
    wanted: dict[int, dict[str, Any]] = {}
    shared = 0
    for account, truth in database.truths.items():
        creatives = {ad["ad_id"]: creative_of(ad)[0] for ad in truth["listed"]["ad/get/"]}
        sums: dict[str, Any] = defaultdict(lambda: defaultdict(Decimal))
        for ad, metrics in sums_of(truth, "ad", "object").items():
            shared += creatives[ad] in sums
            for name, value in metrics.items():
                sums[creatives[ad]][name] += Decimal(str(value))
        wanted[account] = sums
    assert shared > 5
    assert compare(database, "daily_by_creative", "creative_id", wanted) > 50


def filled_in(text: str | None, ad: Mapping[str, Any]) -> str | None:
    """A part of an address with TikTok's macros replaced."""
    words = {"__CAMPAIGN_ID__": "campaign_id", "__CAMPAIGN_NAME__": "campaign_name", "__AID__": "adgroup_id"}
    words |= {"__AID_NAME__": "adgroup_name", "__CID__": "ad_id", "__CID_NAME__": "ad_name"}
    return text and re.sub("|".join(words), lambda match: str(ad[words[match[0]]]), text)


def test_creatives_are_what_the_lists_of_tiktok_say(database: Filled) -> None:
    """Texts, landing pages, UTM parts, ids and addresses of every ad, computed here from the lists alone."""
    shown = {row["ad_id"]: row for row in database.dicts("SELECT * FROM creatives")}
    kinds = set()
    with_images = 0
    for truth in database.truths.values():
        lists = truth["listed"]
        videos = {video["video_id"]: video for video in lists["file/video/ad/search/"]}
        images = {image["image_id"]: image for image in lists["file/image/ad/search/"]}
        posts = {post["item_info"]["item_id"]: post for post in lists["tt_video/list/"]}
        for ad in lists["ad/get/"]:
            row = shown.pop(int(ad["ad_id"]))
            creative, kind = creative_of(ad)
            kinds.add(kind)
            assert (row["creative_id"], row["creative_kind"]) == (creative, kind)
            for name in ("ad_name", "ad_text", "ad_format", "call_to_action", "operation_status", "secondary_status"):
                assert row[name] == ad[name], name
            page = ad["landing_page_url"] or next(iter(ad["landing_page_urls"] or []), None)
            assert row["landing_page_url"] == page
            pairs = {pair["key"]: pair["value"] for pair in ad["utm_params"] or []}
            in_page = parse_qs(urlsplit(page or "").query)
            for name in ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"):
                part = pairs.get(name) or next(iter(in_page.get(name, [])), None)
                assert row[name] == filled_in(part, ad), (ad["ad_id"], name)
            video = videos.get(ad["video_id"], {})
            post = posts.get(ad["tiktok_item_id"], {})
            image = images.get((ad["image_ids"] or [None])[0], {})
            post_video = post.get("video_info", {})
            of_post = post_video.get("poster_url") or first_image_of(post)
            thumbnail = video.get("video_cover_url") or of_post or image.get("image_url")
            moving = video.get("preview_url") or post_video.get("preview_url")
            assert thumbnail or not (video or post or image), ad["ad_id"]
            with_images += bool(first_image_of(post))
            for name, address in (("thumbnail_url", thumbnail), ("video_url", moving)):
                assert path_of(row[name]) == path_of(address), (ad["ad_id"], name)
                ends = parse_qs(urlsplit(row[name] or "").query).get("x-expires")
                if ends:
                    assert row[f"{name}_ends_at"] == datetime.fromtimestamp(int(ends[0]), UTC).replace(tzinfo=None)
            assert row["video_seconds"] == video.get("duration")
    assert shown == {}
    assert kinds >= {"video", "post"}
    assert with_images > 0


def first_image_of(post: Mapping[str, Any]) -> str | None:
    """The address of the first image of a post that shows images."""
    images = post.get("item_info", {}).get("carousel_info", {}).get("image_info", [])
    return images[0]["image_url"] if images else None


def path_of(address: str | None) -> str | None:
    """An address without its end and signature, which differ each time that it is asked for."""
    return address and address.partition("?")[0]


def test_accounts_are_what_tiktok_says_of_them(database: Filled) -> None:
    """Names, currencies, places and offsets, and one row per account."""
    rows = {row["advertiser_id"]: row for row in database.dicts("SELECT * FROM accounts")}
    assert rows.keys() == database.truths.keys()
    for account, truth in database.truths.items():
        row = rows[account]
        assert (row["currency"], row["display_timezone"]) == (truth["currency"], truth["display_timezone"])
        zone = row["timezone"]
        if zone.startswith("Etc/GMT"):
            assert row["utc_offset_minutes"] == -60 * int(zone.removeprefix("Etc/GMT") or 0)
        else:  # a half-hour zone has no such name
            moment = datetime.combine(FIRST, time(), ZoneInfo(zone))
            assert timedelta(minutes=row["utc_offset_minutes"]) == moment.utcoffset()
        assert isinstance(row["balance"], Decimal)
        assert row["create_time"].date() < FIRST


def reports(truth: Mapping[str, Any]) -> Iterator[tuple[str, int, Decimal]]:
    """The reports by day and hour of a whole account: the name, the rows and the spend."""
    words = {"advertiser": "advertisers", "campaign": "campaigns", "adgroup": "ad_groups", "ad": "ads"}
    for level, word in words.items():
        for grain in ("daily", "hourly"):
            yield f"{word}_reports_{grain}", truth["rows"][level][grain], Decimal(truth["metrics"][level]["spend"])


def test_coverage_and_freshness_count_every_report(database: Filled) -> None:
    """The rows and the spend of each report and account, and what the last sync read of it."""
    rows = {(row["stream"], row["advertiser_id"]): row for row in database.dicts("SELECT * FROM coverage")}
    read = dict(database.ask("SELECT stream, read_rows FROM freshness"))
    totals: dict[str, int] = defaultdict(int)
    for account, truth in database.truths.items():
        for name, count, spend in reports(truth):
            totals[name] += count
            row = rows.get((name, account), {"report_rows": 0, "spend": 0})
            assert (row["report_rows"], row["spend"] or 0) == (count, spend), (name, account)
            if count:
                assert FIRST <= row["first_day"] <= row["last_day"] <= LAST
    assert {name: read[name] for name in totals} == totals
    assert min(totals.values()) > 0


def test_exchange_rates_are_those_of_the_bank(database: Filled) -> None:
    """Each rate is the bank's of its day, or of the last day before that has one."""
    bank = rates_of_the_bank()
    rows = database.dicts("SELECT * FROM exchange_rates")
    assert {row["currency"] for row in rows} >= {"JPY", "IDR", "EUR"}
    for row in rows:
        day: date = row["day"]
        while day not in bank["USD"]:
            day -= timedelta(days=1)
        of = bank.get(row["currency"], {}).get(day, Decimal(1))
        assert row["reporting_currency"] == "USD"
        if row["currency"] != "USD":
            assert row["rate_day"] == day
            assert abs(row["rate"] - bank["USD"][day] / of) < Decimal("0.0000001")
