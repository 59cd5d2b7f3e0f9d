"""Breakdowns: over which values of a dimension an ad's figures are spread, and the spreading itself.

An ad has a fixed set of cells with weights: gender and age, country and province, platform and so on. A day's vector is
spread over them part by part by flooring running totals, which loses nothing. A part is spread as the part it comes
from was: no clicks where there were no impressions, no purchases where there were no conversions. Gender and age, and
country and province, are two views of the same cells, so that reports by either agree.
"""

from collections.abc import Callable, Iterable, Sequence

from tiktok_marketing.emulator.business.business import Ad
from tiktok_marketing.emulator.business.delivery import AT, SALT, SIZE, Model
from tiktok_marketing.emulator.business.targeting import ages_of, countries_of, gender_of
from tiktok_marketing.emulator.randomness import keyed, mix

Value = tuple[str, ...]
"""The values of the dimensions of a breakdown, in the breakdown's order."""

Cells = list[tuple[Value, int]]
"""Values of all dimensions of a family, each with its weight."""

_RT = AT["rt_conversion"]

_AGES = (
    ("AGE_13_17", 5), ("AGE_18_24", 30), ("AGE_25_34", 28), ("AGE_35_44", 16), ("AGE_45_54", 9), ("AGE_55_100", 7),
    ("NONE", 4),
)  # fmt: skip
_PROVINCES: dict[str, tuple[tuple[str, int], ...]] = {
    "US": (("5332921", 26), ("4736286", 22), ("5128638", 17), ("4155751", 15), ("4896861", 9), ("5815135", 6)),
    "IN": (("1264418", 28), ("1267701", 24), ("1255053", 20), ("1273293", 16)),
    "NZ": (("2193734", 45), ("2179538", 20), ("2192628", 18)),
    "DE": (("2861876", 30), ("2951839", 24), ("2950157", 16), ("2911297", 12)),
    "JP": (("1850144", 50), ("1853904", 25)),
    "GB": (("6269131", 70), ("2638360", 12), ("2634895", 8)),
    "AU": (("2155400", 34), ("2145234", 28), ("2152274", 20), ("2061327", 10)),
    "BR": (("3448433", 40), ("3451189", 25), ("3457153", 15)),
    "CA": (("6093943", 50), ("6115047", 25)),
    "MX": (("3527646", 40), ("4005539", 25)),
}  # fmt: skip
"""Provinces (states, regions) that a report names, with weights; elsewhere, and for the rest, it says `-`."""

_LANGUAGES = {
    "US": ("en", "es", "zh"), "IN": ("en", "hi", "ta"), "NZ": ("en", "zh"), "DE": ("de", "en", "tr"),
    "JP": ("ja", "en"),
    "GB": ("en", "pl"), "NP": ("en", "hi"), "AU": ("en", "zh"), "BR": ("pt", "en"), "KI": ("en",),
}  # fmt: skip
_DMA = (("501", 34), ("803", 30), ("602", 18), ("623", 12), ("0", 6))


def _people(ad: Ad) -> Cells:
    """Gender and age; who keeps the gender to themselves keeps the age too."""
    target, ages = gender_of(ad.group), ages_of(ad.group)
    lean = 35 + keyed(ad.key, 61) % 31
    genders = {"MALE": lean, "FEMALE": 100 - lean}
    if target != "GENDER_UNLIMITED":
        genders = {target.removeprefix("GENDER_"): 100}
    shown = [(age, weight) for age, weight in _AGES if ages is None or age in ages or age == "NONE"]
    cells = [
        ((gender, age), share * weight * (80 + keyed(ad.key, 62, index) % 41) // 10)
        for gender, share in genders.items()
        for index, (age, weight) in enumerate(shown)
    ]
    return [*cells, (("NONE", "NONE"), 4 * sum(weight for _, weight in cells) // 100)]


def _places(ad: Ad) -> Cells:
    """Country and province; the first country has the most."""
    cells: Cells = []
    for position, country in enumerate(countries_of(ad.group)):
        share = (60, 25, 15, 10)[position]
        known = _PROVINCES.get(country, ())
        named = [((country, province), share * weight) for province, weight in known]
        rest = 100 - sum(weight for _, weight in known)
        cells += [*named, ((country, "-"), share * rest)]
    return cells


def _platforms(ad: Ad) -> Cells:
    if ad.group.campaign.profile == "app":  # its ad groups target Android only
        return [(("ANDROID",), 1)]
    lean = 40 + keyed(ad.key, 63) % 26
    return [(("ANDROID",), lean), (("IPHONE",), 96 - lean), (("IPAD",), 4)]


def _languages(ad: Ad) -> Cells:
    known = _LANGUAGES[ad.group.campaign.account.template.country]
    weights = (80, 12, 5)
    return [*(((name,), weight) for name, weight in zip(known, weights, strict=False)), (("NONE",), 3)]


def _placements(ad: Ad) -> Cells:
    automatic = ad.group.key % 10 < 6
    return [(("TikTok",), 85), (("Pangle",), 15)] if automatic else [(("TikTok",), 1)]


def _networks(_: Ad) -> Cells:
    return [(("WIFI",), 58), (("4G",), 27), (("5G",), 12), (("NONE",), 3)]


def _markets(ad: Ad) -> Cells:
    """Designated market areas exist in the United States only."""
    if "US" in countries_of(ad.group):
        return [((name,), weight) for name, weight in _DMA]
    return [(("0",), 1)]


def _brands(ad: Ad) -> Cells:
    if ad.group.campaign.profile == "app":
        return [(("10002",), 55), (("10004",), 30), (("10009",), 15)]
    return [(("10001",), 48), (("10002",), 28), (("10004",), 16), (("10009",), 8)]


_FAMILIES: tuple[tuple[Value, Callable[[Ad], Cells]], ...] = (
    (("gender", "age"), _people),
    (("country_code", "province_id"), _places),
    (("platform",), _platforms),
    (("language",), _languages),
    (("placement",), _placements),
    (("ac",), _networks),
    (("dma_id",), _markets),
    (("device_brand_id",), _brands),
)

_FAMILY = {name: family for family in _FAMILIES for name in family[0]}

SERVED = frozenset(_FAMILY)
"""The dimensions that an ad's figures can be split by."""

TIMELESS = frozenset({"device_brand_id"})
"""Those of them that go with no time dimension."""

DAILY: tuple[Value, ...] = (
    ("gender", "age"), *((name,) for names, _ in _FAMILIES for name in names if name not in TIMELESS),
)  # fmt: skip
"""The breakdowns of daily reports."""


class Split:
    """How one ad's figures are spread over the values of one breakdown.

    Attributes:
        values: What they are spread over.
    """

    __slots__ = ("_least", "_targets", "_tilt", "_total", "_weights", "values")

    def __init__(self, ad: Ad, breakdown: Value) -> None:
        names, cells_of = _FAMILY[breakdown[0]]
        places = [names.index(name) for name in breakdown]
        cells = [(value, weight) for value, weight in cells_of(ad) if weight]
        projected = [tuple(value[place] for place in places) for value, _ in cells]
        self.values: list[Value] = list(dict.fromkeys(projected))
        self._targets = [self.values.index(value) for value in projected]
        self._weights = [weight for _, weight in cells]
        self._total = sum(self._weights)
        self._least = min(self._weights)
        self._tilt = [75 + keyed(ad.key, 64, *map(_number, value)) % 51 for value, _ in cells]

    def certain(self, impressions: int) -> bool:
        """Whether so many impressions reach every value for sure."""
        return impressions * self._least >= self._total

    def present(self, vector: Sequence[int], noise: int) -> list[Value]:
        """The values with data: those with impressions or, on days without any, with late conversions."""
        part = 0 if vector[0] else _RT
        amounts = _spread(vector[part], self._weights, noise, part)
        held = {target for target, amount in zip(self._targets, amounts, strict=True) if amount}
        return [self.values[target] for target in sorted(held)]

    def spread(self, model: Model, vector: Sequence[int], noise: int) -> list[tuple[Value, list[int]]]:
        """The vector, spread over the values with data; it is the sum of what comes back."""
        if len(self.values) == 1:
            return [(self.values[0], list(vector))]
        rows = [[0] * SIZE for _ in self.values]
        held: dict[int, list[int]] = {}
        for part, source in model.sources:
            amount = vector[part]
            if not amount:
                continue
            weights = held.get(source) or held.get(0) or self._weights
            if part == 1:
                weights = [weight * tilt for weight, tilt in zip(weights, self._tilt, strict=True)]
            held[part] = amounts = _spread(amount, weights, noise, part)
            for target, value in zip(self._targets, amounts, strict=True):
                if value:
                    rows[target][part] += value
        return [(value, row) for value, row in zip(self.values, rows, strict=True) if any(row)]


def hourly(
    hours: Iterable[tuple[int, list[int]]], days: list[tuple[Value, list[int]]], noise: int
) -> list[tuple[tuple[int, Value], list[int]]]:
    """Spread an ad's hours over the values that its day was spread over.

    Each hour's share comes out of what is left of the values' day, so that hours add up to the day value by value, and
    values add up to the whole hour by hour.

    Args:
        hours: Hour labels with their vectors; they add up to the day's vector.
        days: The day's values with their vectors; so do they.
        noise: The ad's chance on that day.
    """
    left = [list(vector) for _, vector in days]
    found: list[tuple[tuple[int, Value], list[int]]] = []
    for label, vector in hours:
        rows = [[0] * SIZE for _ in days]
        for part, amount in enumerate(vector):
            if not amount:
                continue
            amounts = _spread(amount, [rest[part] for rest in left], mix(noise ^ label), part)
            for row, rest, share in zip(rows, left, amounts, strict=True):
                row[part] = share
                rest[part] -= share
        found += [((label, value), row) for (value, _), row in zip(days, rows, strict=True) if any(row)]
    return found


def _spread(amount: int, weights: list[int], noise: int, part: int) -> list[int]:
    """Whole numbers in proportion to the weights that add up to the amount; each is its quota rounded down or up."""
    total = sum(weights)
    shift = (noise * SALT[part] >> 13) % total
    found = []
    edge = before = 0
    for weight in weights:
        edge += weight
        running = (amount * edge + shift) // total
        found.append(running - before)
        before = running
    return found


def _number(text: str) -> int:
    return int.from_bytes(text.encode(), "big") & 0xFFFFFFFF
