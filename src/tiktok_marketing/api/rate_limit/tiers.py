"""How many requests TikTok accepts: an application's tier, and the endpoints that have limits of their own. Pure."""

from __future__ import annotations

import msgspec

from tiktok_marketing.api_path import without_version


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """How many requests one endpoint accepts from one application per second, minute and day."""

    per_second: float
    per_minute: int
    per_day: int


SANDBOX = Tier(per_second=1, per_minute=30, per_day=1000)
LEVELS = (10, 20, 30, 50)
"""Requests per second at the levels of an application: Basic, Advanced, Premium, Ultimate."""
_GMV_MAX = ((8, 240, 20_000), (12, 360, 30_000), (20, 600, 50_000), (20, 600, 50_000))
OWN_LIMITS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "gmv_max/report/get/": _GMV_MAX,
    "report/task/create/": ((2, 60, 4_500),) * 4,
}
"""Requests per second, minute and day, at each level, of endpoints that have limits of their own."""


def tier_of(requests_per_second: float) -> Tier:
    """An application's tier: 60 and 86,400 times its second are its minute and day (Basic: 10, 600, 864,000)."""
    return Tier(
        per_second=requests_per_second,
        per_minute=max(1, int(requests_per_second * 60)),
        per_day=max(1, int(requests_per_second * 86_400)),
    )


def tier_at(endpoint: str, tier: Tier) -> Tier:
    """How many requests one endpoint accepts from an application of this tier.

    Between two levels the lower one applies. Below the lowest, its limits shrink in proportion to the tier, because
    programs that scale an application have less of every limit.
    """
    own = OWN_LIMITS.get(without_version(endpoint))
    if own is None:
        return tier
    level = sum(tier.per_second >= least for least in LEVELS[1:])
    scale = min(1.0, tier.per_second / LEVELS[0])
    per_second, per_minute, per_day = own[level]
    return Tier(
        per_second=min(tier.per_second, per_second * scale),
        per_minute=min(tier.per_minute, max(1, int(per_minute * scale))),
        per_day=min(tier.per_day, max(1, int(per_day * scale))),
    )
