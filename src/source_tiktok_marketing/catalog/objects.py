"""The object streams: accounts, and what is in them."""

from __future__ import annotations

import msgspec

from source_tiktok_marketing.catalog.stream import ObjectSource, Scope, Stream, Walk

# Without `buying_types` TikTok answers for AUCTION and RESERVATION_RF only, so TopView campaigns and all that is in
# them would be missing without a word; asked together with the other two, TopView is refused (40002). The page of 100
# is documented for ad groups; it is asked everywhere, because a smaller page is always allowed and an account has few
# TopView objects.
_BUYING_TYPES = (
    Walk(filtering={"buying_types": ["AUCTION", "RESERVATION_RF"]}),
    Walk(filtering={"buying_types": ["RESERVATION_TOP_VIEW"]}, page_size=100),
)

# `primary_status`, not `secondary_status`: it is the filter whose default (STATUS_NOT_DELETE) hides deleted objects,
# its value is the same at all three levels, and it exists in the sandbox, where objects have no secondary status.
_DELETED_TOO = {"primary_status": "STATUS_ALL"}

_ADVERTISING_OBJECTS = ObjectSource(page_size=1000, walks=_BUYING_TYPES, deleted_filter=_DELETED_TOO)

OBJECTS: tuple[Stream, ...] = (
    Stream(
        name="advertiser_ids",
        description="The ad accounts that the token reaches, by id and name.",
        endpoint="oauth2/advertiser/get/",
        primary_key=("advertiser_id",),
        scope=Scope.TOKEN,
        sandbox=False,
        source=ObjectSource(),
    ),
    Stream(
        name="advertisers",
        description="The ad accounts in full: company, contact, currency, time zone, balance and status.",
        endpoint="advertiser/info/",
        primary_key=("advertiser_id",),
        scope=Scope.BATCH,
        source=ObjectSource(),
    ),
    Stream(
        name="campaigns",
        description="Campaigns of every buying type: objective, budget, bidding and status.",
        endpoint="campaign/get/",
        primary_key=("campaign_id",),
        cursor="modify_time",
        source=_ADVERTISING_OBJECTS,
    ),
    Stream(
        name="ad_groups",
        description="Ad groups of every buying type: targeting, placement, schedule, budget, bidding and status.",
        endpoint="adgroup/get/",
        primary_key=("adgroup_id",),
        cursor="modify_time",
        source=_ADVERTISING_OBJECTS,
    ),
    Stream(
        name="ads",
        description="Ads of every buying type: creative, text, destination, tracking and status.",
        endpoint="ad/get/",
        primary_key=("ad_id",),
        cursor="modify_time",
        # Airbyte declares both as single objects, and passes on the lists that TikTok sends.
        source=msgspec.structs.replace(
            _ADVERTISING_OBJECTS, untyped=frozenset({"disclaimer_clickable_texts", "showcase_products"})
        ),
    ),
)
