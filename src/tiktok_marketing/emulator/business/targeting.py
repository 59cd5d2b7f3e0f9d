"""Whom an ad group is for: what its record says of its audience and what its reports by audience follow."""

from tiktok_marketing.emulator.business.business import AdGroup
from tiktok_marketing.emulator.randomness import keyed

NEIGHBOURS: dict[str, tuple[str, ...]] = {
    "US": ("CA", "MX", "GB"), "IN": ("AE", "SG", "LK"), "NZ": ("AU", "FJ"), "DE": ("AT", "CH"), "JP": ("US",),
    "GB": ("IE", "US"), "NP": ("IN", "AU"), "AU": ("NZ", "SG"), "BR": ("PT", "AR"), "KI": ("FJ", "AU"),
}  # fmt: skip
"""Where else an account of a country advertises."""


def gender_of(group: AdGroup) -> str:
    """The ad group's gender; half of them are for everyone."""
    choices = ("GENDER_UNLIMITED", "GENDER_UNLIMITED", "GENDER_FEMALE", "GENDER_MALE")
    return choices[keyed(group.key, 51) % len(choices)]


def ages_of(group: AdGroup) -> list[str] | None:
    """The ad group's ages; None for all."""
    return None if keyed(group.key, 52) % 100 < 40 else ["AGE_18_24", "AGE_25_34", "AGE_35_44"]


def countries_of(group: AdGroup) -> tuple[str, ...]:
    """Where the ad group's ads are shown: mostly at home, some next door too."""
    home = group.campaign.account.template.country
    dice = keyed(group.key, 53)
    others = NEIGHBOURS[home]
    return (home, *others[: 1 + (dice >> 8) % len(others)]) if dice % 100 < 30 else (home,)
