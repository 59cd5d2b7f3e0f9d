"""Every dimension that a report stream is broken down by: type and meaning."""

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
    )
}
