"""The object streams: accounts, and what is in them."""

from __future__ import annotations

import msgspec

from tiktok_marketing.catalog.stream import ExpectedError, ListQuery, ObjectSource, ObjectStream, Parent, Scope

# Without `buying_types` TikTok answers for AUCTION and RESERVATION_RF only, so TopView campaigns and all that is in
# them would be missing without a word; asked together with the other two, TopView is refused (40002). The page of 100
# is documented for ad groups; it is asked everywhere, because a smaller page is always allowed and an account has few
# TopView objects.
_BUYING_TYPES = (
    ListQuery(filtering={"buying_types": ["AUCTION", "RESERVATION_RF"]}),
    ListQuery(filtering={"buying_types": ["RESERVATION_TOP_VIEW"]}, page_size=100),
)

# `primary_status`, not `secondary_status`: it is the filter whose default (STATUS_NOT_DELETE) hides deleted objects,
# its value is the same at all three levels, and it exists in the sandbox, where objects have no secondary status.
_DELETED_TOO = {"primary_status": "STATUS_ALL"}

_ADVERTISING_OBJECTS = ObjectSource(page_size=1000, queries=_BUYING_TYPES, deleted_filter=_DELETED_TOO, has_status=True)

OBJECTS: tuple[ObjectStream, ...] = (
    ObjectStream(
        name="advertiser_ids",
        description="The ad accounts that the token reaches, by id and name.",
        endpoint="oauth2/advertiser/get/",
        primary_key=("advertiser_id",),
        scope=Scope.TOKEN,
        sandbox=False,
        source=ObjectSource(),
    ),
    ObjectStream(
        name="advertisers",
        description="The ad accounts in full: company, contact, currency, time zone, balance and status.",
        endpoint="advertiser/info/",
        primary_key=("advertiser_id",),
        scope=Scope.BATCH,
        source=ObjectSource(),
    ),
    ObjectStream(
        name="campaigns",
        description="Campaigns of every buying type: objective, budget, bidding and status.",
        endpoint="campaign/get/",
        primary_key=("campaign_id",),
        cursor="modify_time",
        source=_ADVERTISING_OBJECTS,
    ),
    ObjectStream(
        name="ad_groups",
        description="Ad groups of every buying type: targeting, placement, schedule, budget, bidding and status.",
        endpoint="adgroup/get/",
        primary_key=("adgroup_id",),
        cursor="modify_time",
        source=_ADVERTISING_OBJECTS,
    ),
    ObjectStream(
        name="ads",
        description="Ads of every buying type: creative, text, destination, tracking and status.",
        endpoint="ad/get/",
        primary_key=("ad_id",),
        cursor="modify_time",
        # Airbyte declares both as single objects, and passes on the lists that TikTok sends.
        source=msgspec.structs.replace(
            _ADVERTISING_OBJECTS,
            changed_filter="modified_after",
            untyped=frozenset({"disclaimer_clickable_texts", "showcase_products"}),
        ),
    ),
    ObjectStream(
        name="audiences",
        description="Custom audiences: how each was made, how many people it holds and whether it can be used.",
        endpoint="dmp/custom_audience/list/",
        primary_key=("audience_id",),
        unique_by=("advertiser_id", "audience_id"),
        source=ObjectSource(page_size=100),
    ),
    ObjectStream(
        name="creative_assets_images",
        description="Images of the asset library: size, format, and an address that is valid for an hour.",
        endpoint="file/image/ad/search/",
        primary_key=("image_id",),
        unique_by=("advertiser_id", "image_id"),
        cursor="modify_time",
        source=ObjectSource(page_size=100, max_records=10_000),
    ),
    ObjectStream(
        name="creative_assets_videos",
        description="Videos of the asset library: size, length, and addresses that are valid for six hours.",
        endpoint="file/video/ad/search/",
        primary_key=("video_id",),
        unique_by=("advertiser_id", "video_id"),
        cursor="modify_time",
        source=ObjectSource(page_size=100, max_records=10_000),
    ),
    ObjectStream(
        name="creative_assets_music",
        description="Music that the account can put into ads: its own and TikTok's.",
        endpoint="file/music/get/",
        primary_key=("music_id",),
        unique_by=("advertiser_id", "music_id"),
        source=ObjectSource(list_key="musics", page_size=1000, max_records=100_000),
    ),
    ObjectStream(
        name="creative_assets_portfolios",
        description="Portfolios: cards, stickers, calls to action and other parts that ads have in common.",
        endpoint="creative/portfolio/list/",
        primary_key=("creative_portfolio_id",),
        unique_by=("advertiser_id", "creative_portfolio_id"),
        source=ObjectSource(list_key="creative_portfolios", page_size=100, untyped=frozenset({"portfolio_content"})),
    ),
    ObjectStream(
        name="spark_ads",
        description="TikTok posts that their creators allow the account to use as ads (Spark Ads).",
        endpoint="tt_video/list/",
        primary_key=("spark_ads_post_id",),
        unique_by=("advertiser_id", "spark_ads_post_id"),
        sandbox=False,
        source=ObjectSource(page_size=50, promoted_fields={"spark_ads_post_id": ("item_info", "item_id")}),
    ),
    ObjectStream(
        name="pixels",
        description="Pixels that the account may use, with the events that each tells of and the rules they follow.",
        endpoint="pixel/list/",
        primary_key=("pixel_id",),
        unique_by=("advertiser_id", "pixel_id"),
        sandbox=False,
        source=ObjectSource(list_key="pixels", page_size=20),
    ),
    ObjectStream(
        name="pixel_instant_page_events",
        description="Events of instant pages that ads can optimise for, by the objectives and goals in use.",
        endpoint="pixel/instant_page/event/",
        primary_key=(),
        unique_by=("advertiser_id", "business_type", "instant_page_events"),
        sandbox=False,
        source=ObjectSource(
            parent=Parent(
                stream="ad_groups",
                join_stream="campaigns",
                join_field="campaign_id",
                parameters={"objective_type": "objective_type", "optimization_goal": "optimization_goal"},
            ),
            # Most objectives have no instant page to go with them.
            expected_errors=(
                ExpectedError(code=40002, message_contains="one or more value of the param(s) is not acceptable"),
            ),
        ),
    ),
    ObjectStream(
        name="pixel_events_statistics",
        description="How many events each of the account's pixels counted in the last 30 days, by kind of event.",
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
                    notice="pixel {pixel_ids} is left out, since the account has no permission to operate on it.",
                ),
            ),
        ),
    ),
)
