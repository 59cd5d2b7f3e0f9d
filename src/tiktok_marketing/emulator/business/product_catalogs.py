"""Product catalogs: which ad groups advertise one, and which of its products an ad shows.

An account has one catalog and a few product sets in it. One of three ad groups that sell on a website advertises a set.
"""

from tiktok_marketing.emulator.business.business import Ad, AdGroup
from tiktok_marketing.emulator.randomness import keyed

_CATALOGS, _SETS, _PRODUCTS = 7_100_000_000_000_000_000, 7_110_000_000_000_000_000, 1_729_000_000_000_000_000
_SPREAD = 10**15
_SETS_EACH = 3


def catalog_id(group: AdGroup) -> str | None:
    """The catalog that an ad group advertises; None if it advertises none."""
    if group.campaign.profile != "web" or keyed(group.key, 110) % 3:
        return None
    return str(_CATALOGS + keyed(group.campaign.account.key, 111) % _SPREAD)


def product_set_id(group: AdGroup) -> str | None:
    """The set of products that an ad group advertises; None if it advertises no catalog."""
    if catalog_id(group) is None:
        return None
    number = keyed(group.key, 112) % _SETS_EACH
    return str(_SETS + keyed(group.campaign.account.key, 113, number) % _SPREAD)


def sku_ids(ad: Ad) -> list[str]:
    """The products that an ad shows, the most frequent first; empty if its ad group advertises no catalog."""
    if catalog_id(ad.group) is None:
        return []
    return [str(_PRODUCTS + keyed(ad.group.key, 114, number) % _SPREAD) for number in range(2 + ad.key % 2)]
