"""search/region and tool/*: the names of the ids in targeting and in reports. They are the same for every account."""

from collections.abc import Callable, Mapping
from typing import Any

from tiktok_marketing.emulator.business.places import Place, places
from tiktok_marketing.emulator.business.targeting_names import (
    ACTIONS,
    CARRIERS,
    DEVICES,
    LANGUAGE_NAMES,
    OS_VERSIONS,
    interests,
)
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, encode, refuse

_PLACEMENTS = ("PLACEMENT_TIKTOK", "PLACEMENT_PANGLE", "PLACEMENT_GLOBAL_APP_BUNDLE", "PLACEMENT_TOPBUZZ")
_LEVELS = ("COUNTRY", "PROVINCE", "CITY", "DISTRICT")
_RANGES = {"ALL": 4, "TO_COUNTRY": 1, "TO_PROVINCE": 2, "TO_CITY": 3, "TO_DISTRICT": 4}
_CALLING_CODES = {
    "US": "+1", "IN": "+91", "NZ": "+64", "DE": "+49", "JP": "+81", "GB": "+44", "NP": "+977", "AU": "+61", "BR": "+55",
    "KI": "+686", "CA": "+1", "MX": "+52", "IE": "+353", "AT": "+43", "CH": "+41", "FJ": "+679", "AE": "+971",
    "SG": "+65", "LK": "+94", "PT": "+351", "AR": "+54", "ID": "+62", "KR": "+82", "VN": "+84", "MY": "+60",
    "SA": "+966",
}  # fmt: skip
_QUARTERS = (*range(-12 * 4, 14 * 4 + 1, 4), -14, 14, 18, 22, 23, 26, 38, 51)


def regions(params: Mapping[str, str]) -> Answer:
    """search/region: every place that targeting and reports can name."""
    del params  # the names are in English, whatever language is asked for
    return encode({"region_list": [_region(place) for place in places()]})


def _region(place: Place) -> dict[str, Any]:
    return {
        "region_id": place.id,
        "region_name": place.name,
        "region_level": place.level,
        "country_code": place.country,
        "parent_id": place.parent,
        "area_type": place.area,
        "support_below_18": place.country not in {"DE", "AT", "CH", "IE", "PT", "GB"},
    }


def targeting_regions(params: Mapping[str, str]) -> Answer:
    """tool/region: the places that ads with these placements and this objective can target."""
    wanted = read.texts(params, "placements")
    if not wanted:
        refuse("Missing required field(s): placements.")
    _check_words("placements", wanted, _PLACEMENTS)
    read.required(params, "objective_type")
    depth = params.get("level_range", "TO_PROVINCE")
    _check_words("level_range", [depth], tuple(_RANGES))
    known = [place for place in places() if place.level in _LEVELS[: _RANGES[depth]]]
    below: dict[str, list[str]] = {}
    for place in known:
        below.setdefault(place.parent, []).append(place.id)
    records = [
        {
            "location_id": place.id,
            "name": place.name,
            "parent_id": place.parent,
            "region_code": place.country if place.level == "COUNTRY" else "",
            "next_level_ids": below.get(place.id, []),
            "area_type": place.area,
            "level": place.level,
            "support_below_18": _region(place)["support_below_18"],
        }
        for place in known
    ]
    return encode({"region_info": records, "region_list": [place.id for place in known]})


def languages(params: Mapping[str, str]) -> Answer:
    """tool/language."""
    del params
    return encode({"languages": [{"code": code, "name": name} for code, name in LANGUAGE_NAMES.items()]})


def time_zones(params: Mapping[str, str]) -> Answer:
    """tool/timezone: the offsets that an account can have. `Etc/GMT+8` is UTC-8."""
    del params
    records = []
    for quarters in sorted(_QUARTERS):
        hours, rest = divmod(abs(quarters), 4)
        sign = "-" if quarters < 0 else "+"
        offset = f"{sign}{hours:02d}:{rest * 15:02d}"
        name = f"Etc/GMT{-quarters // 4:+d}" if not rest and quarters else "Etc/GMT" if not quarters else f"UTC{offset}"
        records.append({"timezone": name, "gmt_offset": f"GMT{offset}"})
    return encode({"timezones": records})


def interest_categories(params: Mapping[str, str]) -> Answer:
    """tool/interest_category: four levels. Reports by interest and the targeting of ad groups name them."""
    read.integer(params, "version", 2, 1, 2)
    placements = read.texts(params, "placements")
    _check_words("placements", placements or [], _PLACEMENTS)
    read.texts(params, "special_industries")
    records = [
        {
            "interest_category_id": interest.id,
            "interest_category_name": interest.name,
            "level": len(interest.path),
            "sub_category_ids": list(interest.children),
            "special_industries": [],
            "placements": ["PLACEMENT_TIKTOK", "PLACEMENT_PANGLE"],
        }
        for interest in interests()
    ]
    return encode({"interest_categories": records})


def action_categories(params: Mapping[str, str]) -> Answer:
    """tool/action_category: what people did with videos and creators."""
    read.texts(params, "special_industries")
    records: list[dict[str, Any]] = [
        {
            "action_category_id": identifier,
            "name": name,
            "description": f"People who watched videos about {name.lower()}",
            "level": 1,
            "sub_category_ids": [],
            "special_industries": [],
            "action_scene": scene,
        }
        for scene in ("VIDEO_RELATED", "CREATOR_RELATED")
        for identifier, name in ACTIONS
    ]
    return encode({"action_categories": records})


def device_models(params: Mapping[str, str]) -> Answer:
    """tool/device_model: brands with their models. `device_brand_id` of a report is the id of a brand."""
    del params
    records = [
        {
            "device_model_id": identifier,
            "device_model_name": name,
            "level": "BRAND" if not parent else "MODEL",
            "os_type": system,
            "parent_id": parent or "0",
            "child_device_ids": [child for child, _, _, of in DEVICES if of == identifier],
            "is_active": True,
        }
        for identifier, name, system, parent in DEVICES
    ]
    return encode({"device_models": records})


def carriers(params: Mapping[str, str]) -> Answer:
    """tool/carrier: by country."""
    del params
    records: list[dict[str, Any]] = [
        {
            "country_code": country,
            "carriers": [
                {"carrier_id": identifier, "name": name, "in_use": True, "value": [{"hni_id": hni, "in_use": True}]}
                for identifier, name, hni in of_country
            ],
        }
        for country, of_country in CARRIERS.items()
    ]
    return encode({"countries": records})


def os_versions(params: Mapping[str, str]) -> Answer:
    """tool/os_version: of one operating system."""
    system = read.required(params, "os_type")
    _check_words("os_type", [system], tuple(OS_VERSIONS))
    records = [
        {"os_id": f"{system}_{version}", "os_type": system, "version": version, "name": f"{system.title()} {version}"}
        for version in OS_VERSIONS[system]
    ]
    return encode({"os_versions": records})


def phone_region_codes(params: Mapping[str, str]) -> Answer:
    """tool/phone_region_code."""
    del params
    records = [
        {
            "phone_region_name": place.name,
            "phone_region_code": place.country,
            "phone_region_calling_code": _CALLING_CODES[place.country],
        }
        for place in places()
        if place.level == "COUNTRY" and place.country in _CALLING_CODES
    ]
    return encode({"phone_region_code_infos": records})


def _check_words(name: str, words: list[str], known: tuple[str, ...]) -> None:
    for word in words:
        if word not in known:
            refuse(f"{name}: {word} is not one of {', '.join(known)}.")


LOOKUPS: dict[str, Callable[[Mapping[str, str]], Answer]] = {
    "search/region/": regions,
    "tool/action_category/": action_categories,
    "tool/carrier/": carriers,
    "tool/device_model/": device_models,
    "tool/interest_category/": interest_categories,
    "tool/language/": languages,
    "tool/os_version/": os_versions,
    "tool/phone_region_code/": phone_region_codes,
    "tool/region/": targeting_regions,
    "tool/timezone/": time_zones,
}
"""The lookups by their paths."""
