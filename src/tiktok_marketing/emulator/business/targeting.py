"""The targeting of an ad group. Its record shows it, and its reports by audience follow it."""

from tiktok_marketing.emulator.business.business import AdGroup
from tiktok_marketing.emulator.randomness import keyed

NEIGHBOURS: dict[str, tuple[str, ...]] = {
    "US": ("CA", "MX", "GB"), "IN": ("AE", "SG", "LK"), "NZ": ("AU", "FJ"), "DE": ("AT", "CH"), "JP": ("US",),
    "GB": ("IE", "US"), "NP": ("IN", "AU"), "AU": ("NZ", "SG"), "BR": ("PT", "AR"), "KI": ("FJ", "AU"),
    "CA": ("US", "GB"), "ID": ("MY", "SG"), "KR": ("JP", "US"), "VN": ("SG", "KR"), "AE": ("SA", "IN"),
}  # fmt: skip
"""The other countries in which an account of a country advertises."""


def gender_of(group: AdGroup) -> str:
    """The gender that the ad group targets. Half of the ad groups target everyone."""
    choices = ("GENDER_UNLIMITED", "GENDER_UNLIMITED", "GENDER_FEMALE", "GENDER_MALE")
    return choices[keyed(group.key, 51) % len(choices)]


def ages_of(group: AdGroup) -> list[str] | None:
    """The ages that the ad group targets. None means all ages."""
    return None if keyed(group.key, 52) % 100 < 40 else ["AGE_18_24", "AGE_25_34", "AGE_35_44"]


def countries_of(group: AdGroup) -> tuple[str, ...]:
    """The countries that the ad group targets: always its own, and sometimes neighbours."""
    home = group.campaign.account.template.country
    dice = keyed(group.key, 53)
    others = NEIGHBOURS[home]
    return (home, *others[: 1 + (dice >> 8) % len(others)]) if dice % 100 < 30 else (home,)


def places_automatically(group: AdGroup) -> bool:
    """Whether TikTok chooses the ad group's placements."""
    return group.key % 10 < 6
