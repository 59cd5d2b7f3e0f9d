"""The names of what ads can target and what reports can name: interests, actions, devices, carriers and languages."""

from collections.abc import Iterator

import msgspec


class Interest(msgspec.Struct, frozen=True):
    """A category of interests. It belongs to the category whose id is in `path` before its own.

    Attributes:
        id: interest_category_id.
        name: Its name.
        path: The ids from the first level down to itself.
        children: The ids of the categories that belong to it.
    """

    id: str
    name: str
    path: tuple[str, ...]
    children: tuple[str, ...]


_FIRST_LEVEL = (
    "Education", "Vehicles & Transportation", "Baby, Kids & Maternity", "Financial Services", "Beauty & Personal Care",
    "Tech & Electronics", "Appliances", "Travel", "Household Products", "Pets", "Apps", "Home Improvement",
    "Apparel & Accessories", "News & Entertainment", "Business Services", "Games", "Life Services", "Food & Beverage",
    "Sports & Outdoors", "E-Commerce",
)  # fmt: skip
_SECOND_LEVEL = ("Essentials", "Premium")
_THIRD_LEVEL = ("Everyday", "Occasional")
_FOURTH_LEVEL = "Enthusiasts"


def interests() -> Iterator[Interest]:
    """All categories of interests, on four levels."""
    for position, name in enumerate(_FIRST_LEVEL):
        first = 10_000 + 1000 * position
        seconds = [first + 100 * (index + 1) for index in range(len(_SECOND_LEVEL))]
        yield _interest(name, (first,), seconds)
        for second, kind in zip(seconds, _SECOND_LEVEL, strict=True):
            thirds = [second + 10 * (index + 1) for index in range(len(_THIRD_LEVEL))]
            yield _interest(f"{kind} {name}", (first, second), thirds)
            for third, use in zip(thirds, _THIRD_LEVEL, strict=True):
                yield _interest(f"{use} {kind} {name}", (first, second, third), [third + 1])
                yield _interest(f"{use} {kind} {name} {_FOURTH_LEVEL}", (first, second, third, third + 1), [])


def _interest(name: str, path: tuple[int, ...], children: list[int]) -> Interest:
    ids = tuple(map(str, path))
    return Interest(ids[-1], name, ids, tuple(map(str, children)))


ACTIONS = (
    ("100", "Beauty"), ("212", "Fitness"), ("305", "Cooking"), ("418", "Gaming"), ("527", "Travel"), ("640", "Pets"),
    ("755", "Fashion"), ("868", "Comedy"), ("999", "Education"),
)  # fmt: skip
"""Categories of videos and creators: their ids and names."""

DEVICES = (
    ("10001", "Apple", "IOS", ""), ("20011", "iPhone 15", "IOS", "10001"), ("20012", "iPhone 16 Pro", "IOS", "10001"),
    ("10002", "Samsung", "ANDROID", ""), ("20021", "Galaxy S24", "ANDROID", "10002"),
    ("20022", "Galaxy A15", "ANDROID", "10002"), ("10004", "Xiaomi", "ANDROID", ""),
    ("20041", "Redmi Note 13", "ANDROID", "10004"), ("10009", "OPPO", "ANDROID", ""),
    ("20091", "Reno 12", "ANDROID", "10009"),
)  # fmt: skip
"""Brands and models of devices: id, name, operating system, and for a model the id of its brand."""

CARRIERS = {
    "US": (("310", "Verizon", 311480), ("311", "AT&T", 310410), ("312", "T-Mobile US", 310260)),
    "IN": (("405", "Jio", 405840), ("404", "Airtel", 404450)),
    "NZ": (("530", "Spark", 53005),), "DE": (("262", "Telekom", 26201), ("263", "O2", 26203)),
    "JP": (("440", "NTT DOCOMO", 44010),), "GB": (("234", "EE", 23430), ("235", "Vodafone UK", 23415)),
    "AU": (("505", "Telstra", 50501),), "BR": (("724", "Vivo", 72410),), "CA": (("302", "Rogers", 302720),),
}  # fmt: skip
"""Carriers by country: id, name and network id."""

OS_VERSIONS = {
    "ANDROID": ("6.0", "7.0", "8.0", "9.0", "10.0", "11.0", "12.0", "13.0", "14.0", "15.0"),
    "IOS": ("12.0", "13.0", "14.0", "14.5", "15.0", "16.0", "17.0", "18.0"),
}
"""The versions of operating systems that ads can target as the oldest one."""

LANGUAGE_NAMES = {
    "en": "English", "es": "Spanish", "zh": "Chinese", "hi": "Hindi", "ta": "Tamil", "de": "German", "tr": "Turkish",
    "ja": "Japanese", "pl": "Polish", "pt": "Portuguese", "fr": "French", "ko": "Korean", "vi": "Vietnamese",
    "id": "Indonesian", "ar": "Arabic", "it": "Italian", "ne": "Nepali",
}  # fmt: skip
"""Languages by the codes that reports and targeting have."""
