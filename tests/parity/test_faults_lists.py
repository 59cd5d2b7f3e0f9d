"""Where 4.7.0 loses or mixes up objects, and this connector does not. docs/coming-from-airbyte.md names these tests."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from parity.bench import Pair
from parity.comparison import failed
from parity.faulty import PAGES, SMART_PLUS
from parity.scenarios import objects
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.emulator import Emulator


def test_lost_pages(lost_pages: Pair) -> None:
    """An old ad on a full page, and 4.7.0 takes the page for the last one: no error, and the rest is missing."""
    theirs, ours = lost_pages.theirs, lost_pages.ours
    assert theirs.outcome.exit_code == 0
    assert failed(theirs.outcome) == set()
    assert sum(one.path == "ad/get/" for one in theirs.asked) == 1
    emulator = Emulator(PAGES.options)
    (account,) = emulator.business.granted
    listed = {
        one["ad_id"]
        for one in ours.outcome.records("ads")
        if datetime.fromisoformat(one["modify_time"]) >= datetime(2026, 5, 20)  # noqa: DTZ001 - TikTok's has no zone
    }
    assert len(listed) == len(ours.outcome.records("ads")) > 1000
    assert len(theirs.outcome.records("ads")) < 1000 <= len(account.ads(emulator.clock.tick))


def test_smart_plus(smart_plus: Pair) -> None:
    """An ad without a modification time ends 4.7.0's stream; here it comes, with null."""
    assert failed(smart_plus.theirs.outcome) == {"ads"}
    ours = smart_plus.ours.outcome.records("ads")
    without = [one for one in ours if one.get("modify_time") is None]
    assert without
    assert len(smart_plus.theirs.outcome.records("ads")) < len(ours)
    assert SMART_PLUS.options.null_modify_time


def test_top_view_campaigns(objects_in_full: Pair) -> None:
    """TikTok lists the campaigns of one buying type only if asked for it, which 4.7.0 does not, nor for their ads."""
    emulator = Emulator(objects().options)
    campaigns = {one.id: one for account in emulator.business.granted for one in account.campaigns(emulator.clock.tick)}
    for name, key in (("campaigns", "campaign_id"), ("ad_groups", "adgroup_id"), ("ads", "ad_id")):
        theirs, ours = (
            {one[key]: one["campaign_id"] for one in reading.outcome.records(name)}
            for reading in (objects_in_full.theirs, objects_in_full.ours)
        )
        buying_types = {campaigns[ours[one]].buying_type for one in set(ours) - set(theirs)}
        assert buying_types == {"RESERVATION_TOP_VIEW"}, name


def test_pixels_of_other_accounts(objects_in_full: Pair) -> None:
    """4.7.0 asks each account about each account's pixels, and gets no answer; ours asks for its own and has all."""
    owner = {str(one["pixel_id"]): str(one["advertiser_id"]) for one in objects_in_full.ours.outcome.records("pixels")}
    asked = [one for one in objects_in_full.theirs.asked if one.path == "pixel/event/stats/"]
    assert any(owner[pixel] != one.advertiser_id for one in asked for pixel in owner if pixel in str(one.params))
    assert {one.answer for one in asked} == {"40002"}
    assert objects_in_full.theirs.outcome.records("pixel_events_statistics") == []
    ours = [one for one in objects_in_full.ours.asked if one.path == "pixel/event/stats/"]
    assert {one.answer for one in ours} == {"0"}
    assert all(owner[pixel] == one.advertiser_id for one in ours for pixel in owner if pixel in str(one.params))
    assert objects_in_full.ours.outcome.records("pixel_events_statistics")


def test_instant_page_pairs(objects_in_full: Pair) -> None:
    """4.7.0 tries 220 pairs of objective and goal an account, most of them refused; ours those that are in use."""
    theirs, ours = (
        Counter(one.advertiser_id for one in reading.asked if one.path == "pixel/instant_page/event/")
        for reading in (objects_in_full.theirs, objects_in_full.ours)
    )
    assert set(theirs.values()) == {220}
    assert max(ours.values()) <= 10
    assert "pixel_instant_page_events" in failed(objects_in_full.theirs.outcome)
    assert failed(objects_in_full.ours.outcome) == set()


def test_accounts_listed_once(objects_in_full: Pair) -> None:
    """4.7.0 asks for the list of accounts once for each kind of stream."""
    theirs, ours = (
        sum(one.path == "oauth2/advertiser/get/" for one in reading.asked)
        for reading in (objects_in_full.theirs, objects_in_full.ours)
    )
    assert (theirs, ours) == (7, 1)


def test_records_name_their_account(objects_in_full: Pair, reports_in_full: Pair) -> None:
    """4.7.0's reports, assets and audiences do not say of which account they are; ours all do."""
    nameless = set()
    for stream in STREAMS:
        pair = reports_in_full if stream.is_report else objects_in_full
        assert all(one.get("advertiser_id") for one in pair.ours.outcome.records(stream.name)), stream.name
        if any("advertiser_id" not in one for one in pair.theirs.outcome.records(stream.name)):
            nameless.add(stream.name)
    assert len([name for name in nameless if "report" in name]) == 23
    assert nameless - {name for name in nameless if "report" in name} == {
        "audiences", "creative_assets_images", "creative_assets_videos", "creative_assets_music",
        "creative_assets_portfolios", "spark_ads", "pixels", "pixel_instant_page_events",
    }  # fmt: skip


def test_one_key_in_several_accounts(objects_in_full: Pair) -> None:
    """Music that accounts share has one key and, in 4.7.0's records, nothing that tells them apart."""
    theirs = Counter(one["music_id"] for one in objects_in_full.theirs.outcome.records("creative_assets_music"))
    assert max(theirs.values()) == 3
    ours = Counter(
        (one["advertiser_id"], one["music_id"]) for one in objects_in_full.ours.outcome.records("creative_assets_music")
    )
    assert max(ours.values()) == 1
