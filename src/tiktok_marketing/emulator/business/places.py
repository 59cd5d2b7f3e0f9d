"""Places: the countries, provinces and market areas that reports and targeting name."""

from collections.abc import Iterator

import msgspec

from tiktok_marketing.emulator.business.breakdowns import MARKETS, PROVINCES
from tiktok_marketing.emulator.business.vocabulary import LOCATIONS

_COUNTRIES = {
    "US": "United States", "IN": "India", "NZ": "New Zealand", "DE": "Germany", "JP": "Japan", "GB": "United Kingdom",
    "NP": "Nepal", "AU": "Australia", "BR": "Brazil", "KI": "Kiribati", "CA": "Canada", "MX": "Mexico",
    "IE": "Ireland", "AT": "Austria", "CH": "Switzerland", "FJ": "Fiji", "AE": "United Arab Emirates",
    "SG": "Singapore", "LK": "Sri Lanka", "PT": "Portugal", "AR": "Argentina", "ID": "Indonesia",
    "KR": "South Korea", "VN": "Vietnam", "MY": "Malaysia", "SA": "Saudi Arabia",
}  # fmt: skip
_PROVINCE_NAMES = {
    "5332921": "California", "4736286": "Texas", "5128638": "New York", "4155751": "Florida", "4896861": "Illinois",
    "5815135": "Washington", "1264418": "Maharashtra", "1267701": "Karnataka", "1255053": "Tamil Nadu",
    "1273293": "Delhi", "2193734": "Auckland", "2179538": "Wellington", "2192628": "Canterbury",
    "2861876": "North Rhine-Westphalia", "2951839": "Bavaria", "2950157": "Berlin", "2911297": "Hamburg",
    "1850144": "Tokyo", "1853904": "Osaka", "6269131": "England", "2638360": "Scotland", "2634895": "Wales",
    "2155400": "New South Wales", "2145234": "Victoria", "2152274": "Queensland", "2061327": "South Australia",
    "3448433": "São Paulo", "3451189": "Rio de Janeiro", "3457153": "Minas Gerais", "6093943": "Ontario",
    "6115047": "Quebec", "3527646": "Mexico City", "4005539": "Jalisco",
}  # fmt: skip
_MARKET_NAMES = {"501": "New York", "803": "Los Angeles", "602": "Chicago", "623": "Dallas-Ft. Worth"}


class Place(msgspec.Struct, frozen=True):
    """A place.

    Attributes:
        id: Its id, as `location_ids`, `province_id` and `dma_id` have it.
        name: Its name in English.
        level: COUNTRY or PROVINCE; CITY for a market area.
        country: The code of its country.
        parent: The id of the place that it belongs to. `0` for a country.
        area: ADMIN, or METROPOLITAN_OR_DMA for a market area.
    """

    id: str
    name: str
    level: str
    country: str
    parent: str
    area: str = "ADMIN"


def places() -> Iterator[Place]:
    """All places: each country, followed by its provinces and market areas."""
    for code, location in LOCATIONS.items():
        yield Place(location, _COUNTRIES.get(code, code), "COUNTRY", code, "0")
        for province, _ in PROVINCES.get(code, ()):
            yield Place(province, _PROVINCE_NAMES.get(province, province), "PROVINCE", code, location)
        if code == "US":
            for market, _ in MARKETS:
                if market in _MARKET_NAMES:
                    yield Place(market, _MARKET_NAMES[market], "CITY", code, location, "METROPOLITAN_OR_DMA")
