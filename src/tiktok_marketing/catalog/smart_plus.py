"""The streams of Smart+, whose ads TikTok combines from several creatives, texts and calls to action.

Upgraded Smart+ campaigns, ad groups and creatives are in the usual streams, too. These have what those lack: the ad
with all that it is combined from, and what TikTok's reviews say.
"""

from __future__ import annotations

from typing import Any

from tiktok_marketing.catalog.stream import ExpectedError, ObjectSource, ObjectStream, Parent

_DELETED_TOO = {"primary_status": "STATUS_ALL"}
_WITH_REASONS: dict[str, Any] = {"extra_info_setting": {"include_reject_info": True, "include_violation_frame": True}}
"""Without it, reviews of Smart+ ads and creatives say that something was rejected, but not why."""
_REVIEWED_AT_ONCE = 20
"""Ad groups per request, as documented. TikTok does not say how many ads, so requests for ads have as many."""
_SMART_REVIEWED_AT_ONCE = 100


def _smart_plus(
    name: str, description: str, endpoint: str, key: str, page_size: int, changed_filter: str | None = None
) -> ObjectStream:
    return ObjectStream(
        name=name,
        description=description,
        endpoint=endpoint,
        primary_key=(key,),
        cursor="modify_time",
        sandbox=False,
        on_request=True,
        source=ObjectSource(
            page_size=page_size, deleted_filter=_DELETED_TOO, has_status=True, changed_filter=changed_filter
        ),
    )


SMART_PLUS: tuple[ObjectStream, ...] = (
    _smart_plus(
        "smart_plus_campaigns",
        "Upgraded Smart+ campaigns, with their objective, budget and status.",
        "smart_plus/campaign/get/",
        "campaign_id",
        1000,
    ),
    _smart_plus(
        "smart_plus_ad_groups",
        "Ad groups of upgraded Smart+ campaigns, with their targeting, budget and bid.",
        "smart_plus/adgroup/get/",
        "adgroup_id",
        1000,
    ),
    _smart_plus(
        "smart_plus_ads",
        "Upgraded Smart+ ads, with the creatives, texts, pages and calls to action that TikTok combines.",
        "smart_plus/ad/get/",
        "smart_plus_ad_id",
        100,
        "modified_after",
    ),
    ObjectStream(
        name="smart_plus_legacy_campaigns",
        description="Smart+ campaigns of the old kind with all their settings, as long as TikTok lists them.",
        endpoint="campaign/spc/get/",
        primary_key=("campaign_id",),
        sandbox=False,
        on_request=True,
        source=ObjectSource(
            parent=Parent(
                stream="campaigns",
                parameters={"campaign_ids": "campaign_id"},
                where={"is_smart_performance_campaign": True},
                deleted_too=False,
                at_once=100,
            ),
            # TikTok announces the end of this endpoint. It will be one that is not implemented.
            expected_errors=(ExpectedError(code=40008, message_contains=""),),
        ),
    ),
    ObjectStream(
        name="ad_reviews",
        description="Results of TikTok's reviews of ads: whether they may be delivered, where not, and why.",
        endpoint="ad/review_info/",
        primary_key=("ad_id",),
        sandbox=False,
        on_request=True,
        source=ObjectSource(
            list_key="ad_review_map",
            map_key="ad_id",
            parent=Parent(stream="ads", parameters={"ad_ids": "ad_id"}, at_once=_REVIEWED_AT_ONCE, deleted_too=False),
        ),
    ),
    ObjectStream(
        name="ad_group_reviews",
        description="Results of TikTok's reviews of ad groups: whether they may be delivered, where not, and why.",
        endpoint="adgroup/review_info/",
        primary_key=("adgroup_id",),
        sandbox=False,
        on_request=True,
        source=ObjectSource(
            list_key="ad_group_review_map",
            map_key="adgroup_id",
            parent=Parent(
                stream="ad_groups",
                parameters={"adgroup_ids": "adgroup_id"},
                at_once=_REVIEWED_AT_ONCE,
                deleted_too=False,
            ),
        ),
    ),
    ObjectStream(
        name="smart_plus_ad_reviews",
        description="Results of TikTok's reviews of upgraded Smart+ ads: where they may be delivered, and why not.",
        endpoint="smart_plus/ad/review_info/",
        primary_key=("smart_plus_ad_id",),
        sandbox=False,
        on_request=True,
        source=ObjectSource(
            list_key="smart_plus_ad_review_infos",
            params=_WITH_REASONS,
            parent=Parent(
                stream="smart_plus_ads",
                parameters={"smart_plus_ad_ids": "smart_plus_ad_id"},
                at_once=_SMART_REVIEWED_AT_ONCE,
                deleted_too=False,
            ),
        ),
    ),
    ObjectStream(
        name="smart_plus_creative_reviews",
        description="Results of TikTok's reviews of the creatives of upgraded Smart+ ads, with the reasons.",
        endpoint="smart_plus/material/review_info/",
        primary_key=("smart_plus_ad_id", "ad_material_id"),
        unique_by=("advertiser_id", "smart_plus_ad_id", "ad_material_id"),
        sandbox=False,
        on_request=True,
        source=ObjectSource(
            list_key="material_review_infos",
            params=_WITH_REASONS,
            parent=Parent(
                stream="smart_plus_ads",
                parameters={"ad_material_ids": "creative_list.ad_material_id"},
                at_once=_SMART_REVIEWED_AT_ONCE,
                deleted_too=False,
            ),
        ),
    ),
)
