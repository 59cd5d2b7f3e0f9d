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


def test_an_old_object_on_a_page_does_not_end_the_list(lost_pages: Pair) -> None:
    """4.7.0 takes a full page with an old ad for the last page: the other ads are missing, without an error."""
    theirs, ours = lost_pages.theirs, lost_pages.ours
    assert theirs.outcome.exit_code == 0
    assert failed(theirs.outcome) == set()
    assert sum(request.path == "ad/get/" for request in theirs.asked) == 1
    emulator = Emulator(PAGES.options)
    (account,) = emulator.business.granted
    listed = {
        record["ad_id"]
        for record in ours.outcome.records("ads")
        if datetime.fromisoformat(record["modify_time"]) >= datetime(2026, 5, 20)  # noqa: DTZ001 - TikTok's has no zone
    }
    assert len(listed) == len(ours.outcome.records("ads")) > 1000
    assert len(theirs.outcome.records("ads")) < 1000 <= len(account.ads(emulator.clock.tick))


def test_ads_without_modify_time_arrive(smart_plus: Pair) -> None:
    """An ad without a modification time ends 4.7.0's stream; ours delivers it, with null."""
    assert failed(smart_plus.theirs.outcome) == {"ads"}
    ours = smart_plus.ours.outcome.records("ads")
    without = [record for record in ours if record.get("modify_time") is None]
    assert without
    assert len(smart_plus.theirs.outcome.records("ads")) < len(ours)
    assert SMART_PLUS.options.null_modify_time


def test_top_view_campaigns_arrive(objects_in_full: Pair) -> None:
    """TikTok lists the campaigns of a buying type only for requests that name it, which those of 4.7.0 do not."""
    emulator = Emulator(objects().options)
    campaigns = {
        campaign.id: campaign
        for account in emulator.business.granted
        for campaign in account.campaigns(emulator.clock.tick)
    }
    for name, key in (("campaigns", "campaign_id"), ("ad_groups", "adgroup_id"), ("ads", "ad_id")):
        theirs, ours = (
            {record[key]: record["campaign_id"] for record in reading.outcome.records(name)}
            for reading in (objects_in_full.theirs, objects_in_full.ours)
        )
        buying_types = {campaigns[ours[key]].buying_type for key in set(ours) - set(theirs)}
        assert buying_types == {"RESERVATION_TOP_VIEW"}, name


def test_each_account_is_asked_about_its_own_pixels(objects_in_full: Pair) -> None:
    """4.7.0 asks each account about every account's pixels, and TikTok refuses."""
    pixels = objects_in_full.ours.outcome.records("pixels")
    owner = {str(record["pixel_id"]): str(record["advertiser_id"]) for record in pixels}
    asked = [request for request in objects_in_full.theirs.asked if request.path == "pixel/event/stats/"]
    owners = [(owner[pixel], request) for request in asked for pixel in owner if pixel in str(request.params)]
    assert any(account != request.advertiser_id for account, request in owners)
    assert {request.answer for request in asked} == {"40002"}
    assert objects_in_full.theirs.outcome.records("pixel_events_statistics") == []
    ours = [request for request in objects_in_full.ours.asked if request.path == "pixel/event/stats/"]
    assert {request.answer for request in ours} == {"0"}
    owners = [(owner[pixel], request) for request in ours for pixel in owner if pixel in str(request.params)]
    assert all(account == request.advertiser_id for account, request in owners)
    assert objects_in_full.ours.outcome.records("pixel_events_statistics")


def test_only_pairs_in_use_are_asked_for(objects_in_full: Pair) -> None:
    """4.7.0 tries 220 pairs of objective and goal per account, and TikTok refuses most of them."""
    theirs, ours = (
        Counter(request.advertiser_id for request in reading.asked if request.path == "pixel/instant_page/event/")
        for reading in (objects_in_full.theirs, objects_in_full.ours)
    )
    assert set(theirs.values()) == {220}
    assert max(ours.values()) <= 10
    assert "pixel_instant_page_events" in failed(objects_in_full.theirs.outcome)
    assert failed(objects_in_full.ours.outcome) == set()


def test_accounts_are_listed_once(objects_in_full: Pair) -> None:
    """4.7.0 lists the accounts once per kind of stream."""
    theirs, ours = (
        sum(request.path == "oauth2/advertiser/get/" for request in reading.asked)
        for reading in (objects_in_full.theirs, objects_in_full.ours)
    )
    assert (theirs, ours) == (7, 1)


def test_every_record_names_its_account(objects_in_full: Pair, reports_in_full: Pair) -> None:
    """Many of 4.7.0's reports and lists do not."""
    nameless = set()
    for stream in STREAMS:
        pair = reports_in_full if stream.is_report else objects_in_full
        assert all(record.get("advertiser_id") for record in pair.ours.outcome.records(stream.name)), stream.name
        if any("advertiser_id" not in record for record in pair.theirs.outcome.records(stream.name)):
            nameless.add(stream.name)
    assert len([name for name in nameless if "report" in name]) == 23
    assert nameless - {name for name in nameless if "report" in name} == {
        "audiences", "creative_assets_images", "creative_assets_videos", "creative_assets_music",
        "creative_assets_portfolios", "spark_ads", "pixels", "pixel_instant_page_events",
    }  # fmt: skip


def test_advertiser_id_distinguishes_equal_keys(objects_in_full: Pair) -> None:
    """Music that accounts share has the same key in each; 4.7.0's records do not say which account it is."""
    theirs = Counter(record["music_id"] for record in objects_in_full.theirs.outcome.records("creative_assets_music"))
    assert max(theirs.values()) == 3
    ours = Counter(
        (record["advertiser_id"], record["music_id"])
        for record in objects_in_full.ours.outcome.records("creative_assets_music")
    )
    assert max(ours.values()) == 1
