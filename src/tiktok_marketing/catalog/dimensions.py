"""Every dimension that a report stream is cut by: type, and what it means."""

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
        Dimension(name="advertiser_id", type="integer", description="Ad account that the row belongs to."),
        Dimension(name="campaign_id", type="integer", description="Campaign that the row is about."),
        Dimension(name="adgroup_id", type="integer", description="Ad group that the row is about."),
        Dimension(
            name="ad_id",
            type="integer",
            description="Ad that the row is about; of an upgraded Smart+ ad, one of its creatives.",
        ),
        Dimension(
            name="stat_time_day",
            type="string",
            description="Day that the row is about, at 00:00:00, in the account's time zone.",
            timestamp=True,
        ),
        Dimension(
            name="stat_time_hour",
            type="string",
            description="Hour that the row is about, by its beginning, in the account's time zone.",
            timestamp=True,
        ),
        Dimension(
            name="gender",
            type="string",
            description="Gender of the people that the row is about: `FEMALE`, `MALE`, or `NONE` where it is unknown.",
        ),
        Dimension(
            name="age",
            type="string",
            description="Age of the people that the row is about (`AGE_25_34`), or `NONE` where it is unknown.",
        ),
        Dimension(
            name="country_code",
            type="string",
            description="Country that the people were in, as ISO 3166-1 has it in two letters.",
        ),
        Dimension(
            name="platform",
            type="string",
            description="System of the people's devices: `ANDROID`, `IPHONE`, `IPAD`, ...",
        ),
        Dimension(
            name="province_id",
            type="string",
            description="TikTok's id of the province or state that the people were in.",
        ),
    )
}
