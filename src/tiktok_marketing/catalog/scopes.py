"""Which permission of the application each stream needs, and which streams a grant does not reach. Pure.

TikTok's permissions form a tree. A token's `scope` lists the numbers of those that were granted, and a number above
stands for all below it: 2 (Ads Management) for 200, 210 and 220. The numbers are those of TikTok's documentation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from tiktok_marketing.api_path import without_version
from tiktok_marketing.catalog import AnyStream, ReportStream, object_stream
from tiktok_marketing.catalog.business_center_reports import CENTERS_ENDPOINT


class Permission(msgspec.Struct, frozen=True):
    """A permission that somebody requests for an application.

    Args:
        scope: Its number in a token's `scope`; None where TikTok does not document it.
        name: What it allows.
        group_scope: The number of the group that includes it.
        group: The name of that group, as the developer portal shows it.
    """

    scope: int | None
    name: str
    group_scope: int
    group: str

    def __str__(self) -> str:
        number = "" if self.scope is None else f" (scope {self.scope})"
        return f"{self.group}: {self.name}{number}"

    def is_in(self, granted: Collection[int]) -> bool:
        """Whether a token with these scopes has it. If its number is not known, only TikTok's answer says so."""
        return self.scope is None or self.scope in granted or self.group_scope in granted


_ACCOUNTS, _ADS, _AUDIENCES = (1, "Ad Account Management"), (2, "Ads Management"), (3, "Audience Management")
_REPORTS, _CREATIVES, _PIXELS = (4, "Reporting"), (6, "Creative Management"), (8, "Pixel Management")

_BY_PATH = {
    "advertiser/": Permission(100, "read ad accounts", *_ACCOUNTS),
    "campaign/": Permission(200, "read campaigns", *_ADS),
    "smart_plus/campaign/": Permission(200, "read campaigns", *_ADS),
    "smart_plus/adgroup/": Permission(210, "read ad groups", *_ADS),
    "smart_plus/ad/": Permission(220, "read ads", *_ADS),
    "smart_plus/material/": Permission(220, "read ads", *_ADS),
    "smart_plus/material_report/": Permission(44, "read reports", *_REPORTS),
    "adgroup/": Permission(210, "read ad groups", *_ADS),
    "ad/": Permission(220, "read ads", *_ADS),
    "dmp/": Permission(30, "read audiences", *_AUDIENCES),
    "gmv_max/": Permission(None, "read GMV Max", *_ADS),
    "gmv_max/store/": Permission(None, "manage stores of GMV Max", *_ADS),
    "campaign/gmv_max/": Permission(None, "read GMV Max", *_ADS),
    "gmv_max/report/": Permission(None, "read GMV Max reports", *_REPORTS),
    "report/bid_protection/": Permission(100, "read ad accounts", *_ACCOUNTS),
    "bc/": Permission(None, "read Business Centers", *_ACCOUNTS),
    "bc/asset/": Permission(153, "read what Business Centers have", *_ACCOUNTS),
    "report/": Permission(44, "read reports", *_REPORTS),
    "file/image/": Permission(600, "read images", *_CREATIVES),
    "file/video/": Permission(610, "read videos", *_CREATIVES),
    "file/music/": Permission(630, "read music", *_CREATIVES),
    "creative/": Permission(6, "read portfolios", *_CREATIVES),
    "tt_video/": Permission(690, "read TikTok posts", *_CREATIVES),
    "identity/": Permission(693, "read identities", *_CREATIVES),
    "pixel/": Permission(800, "read pixels", *_PIXELS),
    "pixel/event/stats/": Permission(802, "read statistics of pixels", *_PIXELS),
}
"""The permission that the paths with some beginning need. The longest beginning decides; other paths need none."""


def permission_of(endpoint: str) -> Permission | None:
    """The permission that an endpoint needs; None if it needs none, or that is not known.

    Args:
        endpoint: The path below `/open_api/v1.3/`.
    """
    path = without_version(endpoint)
    beginnings = [beginning for beginning in _BY_PATH if path.startswith(beginning)]
    return _BY_PATH[max(beginnings, key=len)] if beginnings else None


def permissions_of(stream: AnyStream) -> tuple[Permission, ...]:
    """The permissions that a stream needs: its own, and that of the list that its requests come from."""
    needed = [permission_of(stream.endpoint)]
    if isinstance(stream, ReportStream):
        needed += [permission_of("gmv_max/store/list/")] if stream.source.stores is not None else []
        needed += [permission_of(CENTERS_ENDPOINT)] if stream.source.is_of_center else []
    elif stream.source.parent is not None:
        needed += permissions_of(object_stream(stream.source.parent.stream))
    return tuple(dict.fromkeys(permission for permission in needed if permission is not None))


def streams_out_of_reach(granted: Collection[int], streams: Iterable[AnyStream]) -> dict[Permission, list[AnyStream]]:
    """The streams that a token with these scopes cannot read, by the permission that each lacks first.

    Args:
        granted: The numbers in the token's `scope`. None means that TikTok did not say, so that nothing is known.
        streams: The streams to judge.
    """
    lacking: dict[Permission, list[AnyStream]] = {}
    for stream in streams if granted else ():
        missing = [permission for permission in permissions_of(stream) if not permission.is_in(granted)]
        if missing:
            lacking.setdefault(missing[0], []).append(stream)
    return lacking
