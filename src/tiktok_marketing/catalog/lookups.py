"""The streams of lookups: what the ids in reports and in targeting stand for, and who ads can appear as.

TikTok answers for an account what that account can target, so each account has rows of its own. Regions differ between
accounts; most other lists have the same rows for every account. Join by the account and the id.
"""

from __future__ import annotations

from tiktok_marketing.catalog.stream import ObjectSource, ObjectStream


def _lookup(name: str, endpoint: str, list_key: str, description: str, *key: str) -> ObjectStream:
    """A list without pages, whose rows have the same ids in every account."""
    return ObjectStream(
        name=name,
        description=description,
        endpoint=endpoint,
        primary_key=("advertiser_id", *key),
        sandbox=False,
        on_request=True,
        source=ObjectSource(list_key=list_key),
    )


LOOKUPS: tuple[ObjectStream, ...] = (
    _lookup(
        "regions",
        "search/region/",
        "region_list",
        "Countries, provinces, cities and market areas that ads can target, with names for the ids in reports.",
        "region_id",
    ),
    _lookup(
        "languages",
        "tool/language/",
        "languages",
        "Languages that ads can target, with names for the codes in reports.",
        "code",
    ),
    _lookup(
        "interest_categories",
        "tool/interest_category/",
        "interest_categories",
        "Interests that ads can target, with names for the ids in reports and in ad groups.",
        "interest_category_id",
    ),
    # TikTok repeats a category's id for what people did with videos and with creators.
    _lookup(
        "action_categories",
        "tool/action_category/",
        "action_categories",
        "Categories of what people did on TikTok, with names for the ids in reports and in ad groups.",
        "action_category_id",
        "action_scene",
    ),
    _lookup(
        "device_models",
        "tool/device_model/",
        "device_models",
        "Brands and models of devices, with names for the ids in reports and in ad groups.",
        "device_model_id",
    ),
    _lookup(
        "carriers",
        "tool/carrier/",
        "countries",
        "Mobile carriers by country, with names for the ids in ad groups.",
        "country_code",
    ),
    ObjectStream(
        name="saved_audiences",
        description="Saved audiences: targeting that ad groups can share, with places, ages, interests and devices.",
        endpoint="dmp/saved_audience/list/",
        primary_key=("saved_audience_id",),
        sandbox=False,
        on_request=True,
        source=ObjectSource(list_key="saved_audiences", page_size=100),
    ),
    ObjectStream(
        name="identities",
        description="Identities that ads can appear under: TikTok accounts and names of the account's own.",
        endpoint="identity/get/",
        primary_key=("advertiser_id", "identity_id", "identity_type"),
        sandbox=False,
        on_request=True,
        source=ObjectSource(list_key="identity_list", page_size=100),
    ),
)
