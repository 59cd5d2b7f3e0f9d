"""Every dimension that a report can be broken down by: type and meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


class Dimension(msgspec.Struct, frozen=True, kw_only=True):
    """One dimension of a report."""

    name: str
    type: Literal["string", "integer"]
    description: str
    timestamp: bool = False
    """Whether the text is a date and time (`YYYY-MM-DD HH:MM:SS`) in the account's time zone."""


DIMENSIONS: Mapping[str, Dimension] = {
    dimension.name: dimension
    for dimension in (
        Dimension(name="advertiser_id", type="integer", description="Id of the ad account that the row belongs to."),
        Dimension(name="campaign_id", type="integer", description="Id of the campaign that the row is about."),
        Dimension(name="adgroup_id", type="integer", description="Id of the ad group that the row is about."),
        Dimension(
            name="ad_id",
            type="integer",
            description="Id of the ad that the row is about; for an upgraded Smart+ ad, the id of a creative.",
        ),
        Dimension(
            name="stat_time_day",
            type="string",
            description="Day that the row is about, in the account's time zone (`advertisers.timezone`).",
            timestamp=True,
        ),
        Dimension(
            name="stat_time_hour",
            type="string",
            description="Start of the hour that the row is about, in the account's time zone (`advertisers.timezone`).",
            timestamp=True,
        ),
        Dimension(
            name="gender",
            type="string",
            description="Gender of the people that the row is about: `FEMALE`, `MALE`, or `NONE` if unknown.",
        ),
        Dimension(
            name="age",
            type="string",
            description="Age group of the people that the row is about, in years (`AGE_25_34`); `NONE` if unknown.",
        ),
        Dimension(
            name="country_code",
            type="string",
            description="Country where the people were, as a two-letter ISO 3166-1 code; `None` if unknown.",
        ),
        Dimension(
            name="platform",
            type="string",
            description="Operating system or device of the people, such as `ANDROID`, `IPHONE` or `IPAD`.",
        ),
        Dimension(
            name="province_id",
            type="string",
            description="TikTok's id of the province or state where the people were.",
        ),
        Dimension(name="playable_id", type="integer", description="Id of the playable that the row is about."),
        Dimension(
            name="smart_plus_ad_id",
            type="integer",
            description="Id of the upgraded Smart+ ad that the row is about. Other reports have it as `ad_id_v2`.",
        ),
        Dimension(
            name="ad_id_v2",
            type="integer",
            description="Id of the ad as Ads Manager shows it: an upgraded Smart+ ad has one, whatever its creatives.",
        ),
        *(
            Dimension(name=name, type="string", description=description)
            for name, description in (
                ("ad_type", "Kind of the ad, such as `SINGLE_VIDEO`."),
                ("custom_event_type", "Name of the custom event that the row is about."),
                ("event_source_id", "Id of the pixel or event source that the row is about."),
                ("page_id", "Id of the instant page that the row is about."),
                ("component_name", "Name of the part of an instant page that the row is about."),
                ("room_id", "Id of the LIVE room that the row is about."),
                ("post_id", "Id of the TikTok post that the row is about."),
                ("image_id", "Id of the image that the row is about."),
                ("video_material_id", "Id of the video that the row is about."),
                ("minis_id", "Id of the mini game or mini drama that the row is about."),
                ("search_terms", "What people searched for."),
                ("search_keyword", "Keyword that the ad group bids for."),
                ("match_type", "How the search had to match the keyword."),
                ("skan_postback_sequence", "Which of SKAdNetwork's postbacks the row is about."),
                ("main_material_id", "Id of the creative that the row is about."),
                ("main_material_type", "Kind of the creative, such as `VIDEO`."),
                ("ad_text_entity_id", "Id of the text that the row is about."),
                ("ad_text_entity_type", "Kind of the text."),
                ("call_to_action_entity_id", "Id of the call to action that the row is about."),
                ("call_to_action_entity_type", "Kind of the call to action."),
                ("interactive_add_on_entity_id", "Id of the interactive add-on that the row is about."),
                ("interactive_add_on_entity_type", "Kind of the interactive add-on."),
                ("catalog_id", "Id of the catalog that the row is about."),
                ("product_set_id", "Id of the product set that the row is about."),
                ("sku_id", "Id of the product that the row is about, as the catalog has it."),
                ("dma_id", "Id of the market area in the United States where the people were."),
                ("language", "Language of the people's app, such as `en`."),
                ("ac", "Network that the people used, such as `WIFI` or `4G`."),
                ("placement", "App that showed the ad, such as `TikTok`."),
                ("device_brand_id", "Id of the brand of the people's device."),
                ("interest_category_v2", "Id of an interest of the people; a person has many."),
                ("interest_category_tier2", "Id of an interest of the second tier; a person has many."),
                ("interest_category_tier3", "Id of an interest of the third tier; a person has many."),
                ("interest_category_tier4", "Id of an interest of the fourth tier; a person has many."),
                ("additional_interests", "Id of an additional interest of the people; a person has many."),
                ("audience_tags", "Id of a tag of the people; a person has many."),
                ("behavior_id", "Id of a behavior of the people; a person has many."),
                ("contextual_tag", "Id of a tag of the videos beside the ad."),
                ("hashtag", "Id of a hashtag that the people are interested in; a person has many."),
                ("purchase_intention", "Id of something that the people intend to buy; a person has many."),
                ("bucket_id", "Id of the bucket of a real-time audience that the row is about."),
                ("bc_id", "Id of the Business Center that reports the row."),
                ("store_id", "Id of the TikTok Shop store that the row is about."),
                ("item_group_id", "Id of the product that the row is about; `-1` for what belongs to no product."),
                ("item_id", "Id of the post that the row is about; `-1` for the product's card."),
                ("duration", "How long the object had been delivered, as TikTok groups it."),
            )
        ),
    )
}

ANSWERED_AS = {"interest_category": "interest_category_v2"}
"""Dimensions whose values TikTok's answers have under another name."""
