"""TikTok's review of ads and ad groups: what it lets run, where, and why not."""

import msgspec

from tiktok_marketing.emulator.business.business import Ad, AdGroup
from tiktok_marketing.emulator.business.targeting import countries_of
from tiktok_marketing.emulator.randomness import Dice, keyed

AVAILABLE, PART, UNAVAILABLE = "ALL_AVAILABLE", "PART_AVAILABLE", "UNAVAILABLE"
REVIEW_SECONDS = 7200
"""How long a review takes."""

_REASONS = (
    ("Misleading claims", "Remove absolute claims from the text."),
    ("Low quality of the video", "Upload a video with a higher resolution."),
    ("Inconsistent landing page", "Show the same product in the ad and on the page."),
)
_PARTLY_EVERY = 12


class Review(msgspec.Struct, frozen=True):
    """The outcome of a review.

    Attributes:
        status: ALL_AVAILABLE, PART_AVAILABLE or UNAVAILABLE.
        audited: When the review ended, in seconds since 1970. None while it lasts.
        reason: Why TikTok limits or rejects the ad. Empty if it does neither.
        suggestion: What TikTok advises.
        forbidden_ages: The ages that do not see it.
        forbidden_countries: The countries in which it does not run.
        forbidden_placements: The placements on which it does not run.
    """

    status: str
    audited: int | None
    reason: str = ""
    suggestion: str = ""
    forbidden_ages: tuple[str, ...] = ()
    forbidden_countries: tuple[str, ...] = ()
    forbidden_placements: tuple[str, ...] = ()

    @property
    def approved(self) -> bool:
        """Whether the ad may run, at least in part."""
        return self.status != UNAVAILABLE


def review_of(item: Ad | AdGroup, now: int) -> Review:
    """The review of an ad or ad group. Ads that are rejected never deliver; they are those with AUDIT_DENY."""
    audited = item.created + REVIEW_SECONDS
    if now < audited:
        return Review(UNAVAILABLE, None)
    dice = Dice(item.key, 68)
    reason, suggestion = dice.pick(_REASONS)
    if isinstance(item, Ad) and not item.daily_impressions:
        return Review(UNAVAILABLE, audited, reason, suggestion)
    if keyed(item.key, 69) % _PARTLY_EVERY:
        return Review(AVAILABLE, audited)
    countries = countries_of(item if isinstance(item, AdGroup) else item.group)
    return Review(
        PART,
        audited,
        reason,
        suggestion,
        forbidden_ages=("AGE_13_17",),
        forbidden_countries=countries[1:],
        forbidden_placements=("PLACEMENT_PANGLE",) if dice.chance(50) else (),
    )
