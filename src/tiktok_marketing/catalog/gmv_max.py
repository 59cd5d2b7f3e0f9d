"""The streams of GMV Max, which advertises products and LIVE rooms of TikTok Shop stores.

GMV Max campaigns are in none of the usual lists. A store may be seen from several accounts.
"""

from __future__ import annotations

from tiktok_marketing.catalog.stream import ListQuery, ObjectSource, ObjectStream

_CAMPAIGN_TYPES = ("PRODUCT_GMV_MAX", "LIVE_GMV_MAX")
"""The values of `gmv_max_promotion_types`, which is required. The two kinds of campaigns are listed one by one."""
_DELETED = {"primary_status": "STATUS_DELETE"}
"""Lists deleted campaigns only. Without it they are hidden, and no value of `primary_status` lists all."""

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
            queries=tuple(ListQuery(filtering={"gmv_max_promotion_types": [kind]}) for kind in _CAMPAIGN_TYPES),
            deleted_queries=tuple(
                ListQuery(filtering={"gmv_max_promotion_types": [kind], **_DELETED}) for kind in _CAMPAIGN_TYPES
            ),
        ),
    ),
)
