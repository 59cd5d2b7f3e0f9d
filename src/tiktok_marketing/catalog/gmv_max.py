"""The streams of GMV Max, which advertises products and LIVE rooms of TikTok Shop stores.

GMV Max campaigns are in none of the usual lists. A store may be seen from several accounts.
"""

from __future__ import annotations

from typing import Any

from tiktok_marketing.catalog.stream import ListQuery, ObjectSource, ObjectStream, Parent

_CAMPAIGN_TYPES = ("PRODUCT_GMV_MAX", "LIVE_GMV_MAX")
"""The values of `gmv_max_promotion_types`, which is required. The two kinds of campaigns are listed one by one."""
_DELETED = {"primary_status": "STATUS_DELETE"}
"""Lists deleted campaigns only. Without it they are hidden, and no value of `primary_status` lists all."""

_STORES = Parent(
    stream="gmv_max_stores",
    parameters={"store_id": "store_id", "store_authorized_bc_id": "store_authorized_bc_id"},
    where={"is_gmv_max_available": True},
)
"""The stores that GMV Max campaigns can promote. TikTok wants their Business Center, too."""


def _campaign_queries(filtering: dict[str, Any]) -> tuple[ListQuery, ...]:
    return tuple(
        ListQuery(
            filtering={"gmv_max_promotion_types": [promotion_type], **filtering},
            fields={"gmv_max_promotion_type": promotion_type},
        )
        for promotion_type in _CAMPAIGN_TYPES
    )


GMV_MAX_OBJECTS: tuple[ObjectStream, ...] = (
    ObjectStream(
        name="gmv_max_stores",
        description="TikTok Shop stores that the account sees, with their status and whether GMV Max can be used.",
        endpoint="gmv_max/store/list/",
        primary_key=("store_id",),
        unique_by=("advertiser_id", "store_id"),
        sandbox=False,
        on_request=True,
        source=ObjectSource(list_key="store_list"),
    ),
    ObjectStream(
        name="gmv_max_campaigns",
        description="GMV Max campaigns for products and LIVE rooms, which the stream `campaigns` lacks.",
        endpoint="gmv_max/campaign/get/",
        primary_key=("campaign_id",),
        cursor="modify_time",
        sandbox=False,
        on_request=True,
        source=ObjectSource(
            page_size=100,
            queries=_campaign_queries({}),
            deleted_queries=_campaign_queries(_DELETED),
        ),
    ),
    ObjectStream(
        name="gmv_max_campaign_details",
        description="Settings of GMV Max campaigns: store, products, target return, budget, schedule and posts.",
        endpoint="campaign/gmv_max/info/",
        primary_key=("campaign_id",),
        sandbox=False,
        on_request=True,
        source=ObjectSource(
            list_key="",
            # TikTok does not say whether it answers for deleted campaigns, whose settings do not change any more.
            parent=Parent(stream="gmv_max_campaigns", parameters={"campaign_id": "campaign_id"}, deleted_too=False),
        ),
    ),
    ObjectStream(
        name="gmv_max_sessions",
        description="Sessions in which a GMV Max campaign spends a budget whatever the return: maximum delivery or "
        "the boost of a post.",
        endpoint="campaign/gmv_max/session/list/",
        primary_key=("session_id",),
        sandbox=False,
        on_request=True,
        source=ObjectSource(
            list_key="session_list",
            parent=Parent(stream="gmv_max_campaigns", parameters={"campaign_id": "campaign_id"}),
        ),
    ),
    ObjectStream(
        name="gmv_max_identities",
        description="TikTok accounts that GMV Max campaigns of a store can use, and why some cannot be used.",
        endpoint="gmv_max/identity/get/",
        primary_key=("store_id", "identity_id"),
        unique_by=("advertiser_id", "store_id", "identity_id"),
        sandbox=False,
        on_request=True,
        source=ObjectSource(list_key="identity_list", parent=_STORES, request_fields={"store_id": "store_id"}),
    ),
    ObjectStream(
        name="gmv_max_videos",
        description="Posts that GMV Max campaigns for products of a store can use, with their products and videos.",
        endpoint="gmv_max/video/get/",
        primary_key=("store_id", "item_id"),
        unique_by=("advertiser_id", "store_id", "item_id"),
        sandbox=False,
        on_request=True,
        source=ObjectSource(
            list_key="item_list", page_size=50, parent=_STORES, request_fields={"store_id": "store_id"}
        ),
    ),
)
