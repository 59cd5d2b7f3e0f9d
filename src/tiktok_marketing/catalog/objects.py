"""The object streams: ad accounts and the objects in them."""

from __future__ import annotations

import msgspec

from tiktok_marketing.catalog.stream import ExpectedError, ListQuery, ObjectSource, ObjectStream, Parent, Scope

# Without `buying_types`, TikTok lists only AUCTION and RESERVATION_RF, so TopView campaigns and everything in them
# would be missing silently. TikTok rejects TopView together with the other two (40002). The page size of 100 is
# documented for ad groups. All three lists use it: a smaller page is always allowed, and an account has few TopView
# objects.
_BUYING_TYPES = (
    ListQuery(filtering={"buying_types": ["AUCTION", "RESERVATION_RF"]}),
    ListQuery(filtering={"buying_types": ["RESERVATION_TOP_VIEW"]}, page_size=100),
)

# The filter is `primary_status`, not `secondary_status`: its default (STATUS_NOT_DELETE) hides deleted objects, its
# value is the same at all three levels, and it exists in the sandbox, where objects have no secondary status.
_DELETED_TOO = {"primary_status": "STATUS_ALL"}

_ADVERTISING_OBJECTS = ObjectSource(page_size=1000, queries=_BUYING_TYPES, deleted_filter=_DELETED_TOO, has_status=True)

OBJECTS: tuple[ObjectStream, ...] = (
    ObjectStream(
        name="advertiser_ids",
        description="Ad accounts that the token can access, with id and name.",
        endpoint="oauth2/advertiser/get/",
        primary_key=("advertiser_id",),
        scope=Scope.TOKEN,
        sandbox=False,
        source=ObjectSource(),
    ),
    ObjectStream(
        name="advertisers",
        description="Ad accounts with all details: company, contact, currency, time zone, balance and status.",
        endpoint="advertiser/info/",
        primary_key=("advertiser_id",),
        scope=Scope.BATCH,
        sandbox=False,
        source=ObjectSource(),
    ),
    ObjectStream(
        name="campaigns",
        description="Campaigns of every buying type, with objective, budget, bidding and status.",
        endpoint="campaign/get/",
        primary_key=("campaign_id",),
        cursor="modify_time",
        source=_ADVERTISING_OBJECTS,
    ),
    ObjectStream(
        name="ad_groups",
        description="Ad groups of every buying type, with targeting, placement, schedule, budget, bidding and status.",
        endpoint="adgroup/get/",
        primary_key=("adgroup_id",),
        cursor="modify_time",
        source=_ADVERTISING_OBJECTS,
    ),
    ObjectStream(
        name="ads",
        description="Ads of every buying type, with creative, text, destination, tracking and status.",
        endpoint="ad/get/",
        primary_key=("ad_id",),
        cursor="modify_time",
        # Airbyte declares both as single objects, but passes on the lists that TikTok sends.
        source=msgspec.structs.replace(
            _ADVERTISING_OBJECTS,
            changed_filter="modified_after",
            untyped=frozenset({"disclaimer_clickable_texts", "showcase_products"}),
        ),
    ),
    ObjectStream(
        name="audiences",
        description="Custom audiences, with their type, number of people and whether they can be used.",
        endpoint="dmp/custom_audience/list/",
        primary_key=("audience_id",),
        unique_by=("advertiser_id", "audience_id"),
        sandbox=False,
        source=ObjectSource(page_size=100),
    ),
    ObjectStream(
        name="creative_assets_images",
        description="Images in the asset library, with size, format and a link that is valid for one hour.",
        endpoint="file/image/ad/search/",
        primary_key=("image_id",),
        unique_by=("advertiser_id", "image_id"),
        cursor="modify_time",
        sandbox=False,
        source=ObjectSource(page_size=100, max_records=10_000),
    ),
    ObjectStream(
        name="creative_assets_videos",
        description="Videos in the asset library, with size, length and links that are valid for six hours.",
        endpoint="file/video/ad/search/",
        primary_key=("video_id",),
        unique_by=("advertiser_id", "video_id"),
        cursor="modify_time",
        sandbox=False,
        source=ObjectSource(page_size=100, max_records=10_000),
    ),
    ObjectStream(
        name="creative_assets_music",
        description="Music that the account can use in ads, from the account's uploads and from TikTok.",
        endpoint="file/music/get/",
        primary_key=("music_id",),
        unique_by=("advertiser_id", "music_id"),
        sandbox=False,
        source=ObjectSource(list_key="musics", page_size=1000, max_records=100_000),
    ),
    ObjectStream(
        name="creative_assets_portfolios",
        description="Creative portfolios: cards, stickers, calls to action and other elements that ads share.",
        endpoint="creative/portfolio/list/",
        primary_key=("creative_portfolio_id",),
        unique_by=("advertiser_id", "creative_portfolio_id"),
        sandbox=False,
        source=ObjectSource(list_key="creative_portfolios", page_size=100, untyped=frozenset({"portfolio_content"})),
    ),
    ObjectStream(
        name="spark_ads",
        description="TikTok posts that their creators authorized the account to use as ads (Spark Ads).",
        endpoint="tt_video/list/",
        primary_key=("spark_ads_post_id",),
        unique_by=("advertiser_id", "spark_ads_post_id"),
        sandbox=False,
        source=ObjectSource(page_size=50, promoted_fields={"spark_ads_post_id": ("item_info", "item_id")}),
    ),
    ObjectStream(
        name="pixels",
        description="Pixels that the account can use, with their events and the rules of these events.",
        endpoint="pixel/list/",
        primary_key=("pixel_id",),
        unique_by=("advertiser_id", "pixel_id"),
        sandbox=False,
        source=ObjectSource(list_key="pixels", page_size=20),
    ),
    ObjectStream(
        name="pixel_instant_page_events",
        description="Instant page events that ads can optimize for, by objective and optimization goal.",
        endpoint="pixel/instant_page/event/",
        primary_key=(),
        unique_by=("advertiser_id", "business_type", "instant_page_events"),
        sandbox=False,
        source=ObjectSource(
            parent=Parent(
                stream="ad_groups",
                usual_requests=6,
                join_stream="campaigns",
                join_field="campaign_id",
                parameters={"objective_type": "objective_type", "optimization_goal": "optimization_goal"},
            ),
            # Most objectives cannot use an instant page.
            expected_errors=(
                ExpectedError(code=40002, message_contains="one or more value of the param(s) is not acceptable"),
            ),
        ),
    ),
    ObjectStream(
        name="pixel_events_statistics",
        description="Number of events per pixel of the account in the last 30 days (UTC), by type of event.",
        endpoint="pixel/event/stats/",
        primary_key=(),
        unique_by=("advertiser_id", "pixel_id"),
        sandbox=False,
        source=ObjectSource(
            parent=Parent(stream="pixels", parameters={"pixel_ids": "pixel_id"}, at_once=10),
            recent_days=30,
            expected_errors=(
                ExpectedError(
                    code=40001,
                    message_contains="no permission to operate on the pixel",
                    notice="pixel {pixel_ids} is left out, because the account has no permission to operate on it.",
                ),
            ),
        ),
    ),
)
