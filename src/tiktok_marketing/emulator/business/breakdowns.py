"""Breakdowns: the values of a dimension that an ad's figures are spread over, and how they are spread.

An ad has a fixed set of cells with weights: gender and age, country and province, platform and so on. Each component of
a day's vector is spread over the cells by rounding down running totals, which loses nothing. A component is spread like
the component that it comes from: there are no clicks without impressions, and no purchases without conversions. Gender
and age are two views of the same cells, and so are country and province, so that reports by either agree.
"""

from collections.abc import Callable, Iterable, Sequence

from tiktok_marketing.emulator.business.breakdown_values import (
    CATALOG_FAMILIES,
    CREATIVE_FAMILIES,
    INTEREST_DIMENSIONS,
    INTEREST_FAMILIES,
    Cells,
    Value,
)
from tiktok_marketing.emulator.business.business import Ad
from tiktok_marketing.emulator.business.delivery import SALT, VECTOR_INDEX, VECTOR_SIZE, ZERO_VECTOR, Model
from tiktok_marketing.emulator.business.targeting import ages_of, countries_of, gender_of, places_automatically
from tiktok_marketing.emulator.randomness import keyed, mix

UNKNOWN_COUNTRY: Value = ("None",)
"""What a report by country names as well on some days: a country without figures."""

_RT_CONVERSION, _SPEND, _BILLED = (VECTOR_INDEX[name] for name in ("rt_conversion", "spend", "billed"))

_AGES = (
    ("AGE_13_17", 5), ("AGE_18_24", 30), ("AGE_25_34", 28), ("AGE_35_44", 16), ("AGE_45_54", 9), ("AGE_55_100", 7),
    ("NONE", 4),
)  # fmt: skip
PROVINCES: dict[str, tuple[tuple[str, int], ...]] = {
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
"""The provinces (states, regions) that a report names, with weights in percent. For all others it says `-`."""

_LANGUAGES = {
    "US": ("en", "es", "zh"), "IN": ("en", "hi", "ta"), "NZ": ("en", "zh"), "DE": ("de", "en", "tr"),
    "JP": ("ja", "en"),
    "GB": ("en", "pl"), "NP": ("en", "hi"), "AU": ("en", "zh"), "BR": ("pt", "en"), "KI": ("en",), "CA": ("en", "fr"),
    "ID": ("id", "en"), "KR": ("ko", "en"), "VN": ("vi", "en"), "AE": ("ar", "en"),
}  # fmt: skip
MARKETS = (("501", 34), ("803", 30), ("602", 18), ("623", 12), ("0", 6))


def _people(ad: Ad) -> Cells:
    """Gender and age. People whose gender is unknown also have an unknown age."""
    target, age_groups = gender_of(ad.group), ages_of(ad.group)
    male_share = 35 + keyed(ad.key, 61) % 31
    genders = {"MALE": male_share, "FEMALE": 100 - male_share}
    if target != "GENDER_UNLIMITED":
        genders = {target.removeprefix("GENDER_"): 100}
    ages = [(age, weight) for age, weight in _AGES if age_groups is None or age in age_groups or age == "NONE"]
    cells = [
        ((gender, age), share * weight * (80 + keyed(ad.key, 62, index) % 41) // 10)
        for gender, share in genders.items()
        for index, (age, weight) in enumerate(ages)
    ]
    return [*cells, (("NONE", "NONE"), 4 * sum(weight for _, weight in cells) // 100)]


def _places(ad: Ad) -> Cells:
    """Country and province. The first country has the largest share."""
    cells: Cells = []
    for position, country in enumerate(countries_of(ad.group)):
        share = (60, 25, 15, 10)[position]
        provinces = PROVINCES.get(country, ())
        rest = 100 - sum(weight for _, weight in provinces)
        cells += [((country, province), share * weight) for province, weight in provinces]
        cells.append(((country, "-"), share * rest))
    return cells


def _platforms(ad: Ad) -> Cells:
    if ad.group.campaign.profile == "app":  # its ad groups target Android only
        return [(("ANDROID",), 1)]
    android_share = 40 + keyed(ad.key, 63) % 26
    return [(("ANDROID",), android_share), (("IPHONE",), 96 - android_share), (("IPAD",), 4)]


def _languages(ad: Ad) -> Cells:
    names = _LANGUAGES[ad.group.campaign.account.template.country]
    weights = (80, 12, 5)
    return [*(((name,), weight) for name, weight in zip(names, weights, strict=False)), (("NONE",), 3)]


def _placements(ad: Ad) -> Cells:
    return [(("TikTok",), 85), (("Pangle",), 15)] if places_automatically(ad.group) else [(("TikTok",), 1)]


def _networks(_: Ad) -> Cells:
    return [(("WIFI",), 58), (("4G",), 27), (("5G",), 12), (("NONE",), 3)]


def _markets(ad: Ad) -> Cells:
    """Designated market areas exist only in the United States."""
    if "US" in countries_of(ad.group):
        return [((name,), weight) for name, weight in MARKETS]
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

TIMELESS = frozenset({"device_brand_id", *INTEREST_DIMENSIONS})
"""The dimensions that cannot be combined with a time dimension."""

DAILY: tuple[Value, ...] = (
    ("gender", "age"), *((name,) for names, _ in _FAMILIES for name in names if name not in TIMELESS),
)  # fmt: skip
"""The breakdowns of daily reports."""

_FAMILY = {
    name: family
    for family in (*_FAMILIES, *CREATIVE_FAMILIES, *CATALOG_FAMILIES, *INTEREST_FAMILIES)
    for name in family[0]
}


class Distribution:
    """How one ad's figures are spread over the values of one breakdown.

    Attributes:
        values: The values that they are spread over.
    """

    __slots__ = ("_by_country", "_click_tilts", "_min_weight", "_targets", "_total", "_weights", "values")

    def __init__(self, ad: Ad, breakdown: Value) -> None:
        self._by_country = breakdown == ("country_code",)
        names, cells_of = _FAMILY[breakdown[0]]
        positions = [names.index(name) for name in breakdown]
        cells = [(value, weight) for value, weight in cells_of(ad) if weight]
        projected = [tuple(value[position] for position in positions) for value, _ in cells]
        self.values: list[Value] = list(dict.fromkeys(projected))
        self._targets = [self.values.index(value) for value in projected]
        self._weights = [weight for _, weight in cells]
        self._total = sum(self._weights)
        self._min_weight = min(self._weights)
        self._click_tilts = [75 + keyed(ad.key, 64, *map(_number, value)) % 51 for value, _ in cells]

    def reaches_all_values(self, impressions: int) -> bool:
        """Whether this many impressions are enough to reach every value."""
        return impressions * self._min_weight >= self._total

    def names_unknown_country(self, random_bits: int) -> bool:
        """Whether the rows of a day also name an unknown country, with zeros: about one day in sixteen."""
        return self._by_country and random_bits >> 37 & 15 == 0

    def values_with_data(self, vector: Sequence[int], random_bits: int) -> list[Value]:
        """The values with data: with impressions or, on days without impressions, with late conversions.

        The unknown country, which has a row but no data, is one of them.
        """
        component = 0 if vector[0] else _RT_CONVERSION
        amounts = _spread(vector[component], self._weights, random_bits, component)
        targets = {target for target, amount in zip(self._targets, amounts, strict=True) if amount}
        unknown = [UNKNOWN_COUNTRY] if self.names_unknown_country(random_bits) else []
        return [*(self.values[target] for target in sorted(targets)), *unknown]

    def spread(self, model: Model, vector: Sequence[int], random_bits: int) -> list[tuple[Value, list[int]]]:
        """The vector, spread over the values with data. The vectors of the values add up to it."""
        unknown = [(UNKNOWN_COUNTRY, list(ZERO_VECTOR))] if self.names_unknown_country(random_bits) else []
        if len(self.values) == 1:
            return [(self.values[0], list(vector)), *unknown]
        rows = [[0] * VECTOR_SIZE for _ in self.values]
        amounts_of: dict[int, list[int]] = {}
        for component, source in model.sources:
            amount = vector[component]
            if not amount:
                continue
            weights = amounts_of.get(source) or amounts_of.get(0) or self._weights
            if component == 1:
                weights = [weight * tilt for weight, tilt in zip(weights, self._click_tilts, strict=True)]
            amounts_of[component] = amounts = _spread(amount, weights, random_bits, component)
            for target, value in zip(self._targets, amounts, strict=True):
                if value:
                    rows[target][component] += value
        return [*((value, row) for value, row in zip(self.values, rows, strict=True) if any(row)), *unknown]


def hourly(
    hours: Iterable[tuple[int, list[int]]], days: list[tuple[Value, list[int]]], random_bits: int
) -> list[tuple[tuple[int, Value], list[int]]]:
    """Spread an ad's hours over the values that its day was spread over.

    Each hour takes its share from what is left of each value's day. So the hours of a value add up to its day, and the
    values of an hour add up to the whole hour.

    Args:
        hours: Hour labels with their vectors, which add up to the day's vector.
        days: The day's values with their vectors, which add up to it too.
        random_bits: The random number of the ad's day.
    """
    left = [list(vector) for _, vector in days]
    hourly_rows: list[tuple[tuple[int, Value], list[int]]] = []
    for label, vector in hours:
        rows = [[0] * VECTOR_SIZE for _ in days]
        for component, amount in enumerate(vector):
            if not amount:
                continue
            spent = component == _BILLED  # only what is spent is billed
            weights = [row[_SPEND] for row in rows] if spent else [rest[component] for rest in left]
            amounts = _spread(amount, weights, mix(random_bits ^ label), component)
            for row, rest, share in zip(rows, left, amounts, strict=True):
                row[component] = share
                rest[component] -= share
        hourly_rows += [((label, value), row) for (value, _), row in zip(days, rows, strict=True) if any(row)]
    return hourly_rows


def _spread(amount: int, weights: list[int], random_bits: int, component: int) -> list[int]:
    """Whole numbers that add up to the amount, in proportion to the weights. Each is rounded down or up."""
    total = sum(weights)
    shift = (random_bits * SALT[component] >> 13) % total
    shares = []
    edge = before = 0
    for weight in weights:
        edge += weight
        running = (amount * edge + shift) // total
        shares.append(running - before)
        before = running
    return shares


def _number(text: str) -> int:
    """A number that stands for a text, as a key of randomness."""
    return int.from_bytes(text.encode(), "big") & 0xFFFFFFFF
