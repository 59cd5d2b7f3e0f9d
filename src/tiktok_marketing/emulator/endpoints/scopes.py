"""Scopes: which kinds of data a token was granted, and which of them an endpoint needs.

A scope is a number in a tree: 2 stands for everything about ads, and 200, 210 and 220 for reading campaigns, ad groups
and ads. Whoever has 2 has these three.
"""

from collections.abc import Sequence

from tiktok_marketing.emulator.endpoints.envelope import Refusal

ALL = (1, 2, 3, 4, 6, 8, 44, 100, 200, 210, 220, 9_007_199_254_740_993, 7_310_004_826_441_728_003)
"""The scopes of a token unless the options say otherwise: everything that the emulator serves.

Some have numbers above 2^53, as at TikTok.
"""

VERSION_2 = "v2.0/"
"""What stands before a path below `/open_api/` that is not of version 1.3."""

_NEEDED = {
    "advertiser/": 100,
    "advertiser/balance/": 152,
    "bc/": 150,
    "bc/asset/": 153,
    "campaign/": 200,
    "adgroup/": 210,
    "ad/": 220,
    "smart_plus/": 220,
    "smart_plus/campaign/": 200,
    "smart_plus/adgroup/": 210,
    "smart_plus/material_report/": 44,
    "report/": 44,
    "report/bid_protection/": 100,
    "gmv_max/report/": 445,
    "gmv_max/video_list/report/": 445,
    "gmv_max/": 240,
    "gmv_max/store/": 241,
    "gmv_max/campaign/": 242,
    "campaign/gmv_max/": 243,
    "dmp/": 30,
    "file/image/": 600,
    "file/video/": 610,
    "file/music/": 630,
    "creative/": 6,
    "tt_video/": 690,
    "playable/": 640,
    "identity/": 693,
    "pixel/": 800,
    "pixel/event/stats/": 802,
}
"""The scope that the paths with some beginning need. The longest beginning decides; other paths need none.

TikTok documents that the endpoints of GMV Max are granted apart. Their numbers are made up.
"""


def check_scope(granted: Sequence[int], path: str, advertiser_id: str) -> None:
    """Refuse a path whose scope was not granted.

    Args:
        granted: The scopes of the token.
        path: The path below `/open_api/v1.3/`.
        advertiser_id: The account that the request names; empty if it names none.

    Raises:
        Refusal: The token lacks the scope (40001).
    """
    path = path.removeprefix(VERSION_2)
    beginnings = [beginning for beginning in _NEEDED if path.startswith(beginning)]
    if not beginnings:
        return
    needed = str(_NEEDED[max(beginnings, key=len)])
    if any(needed.startswith(str(scope)) for scope in granted):
        return
    if advertiser_id:
        raise Refusal(40001, f"Advertiser {advertiser_id} does not grant you /{path}:GET permission.")
    raise Refusal(40001, "No permission for this scope.")
