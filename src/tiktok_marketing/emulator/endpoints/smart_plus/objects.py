"""smart_plus/campaign/get, smart_plus/adgroup/get and smart_plus/ad/get: filters and pages, the newest first."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from tiktok_marketing.emulator.business.business import DAY, Account, AdGroup, Campaign
from tiktok_marketing.emulator.business.derived_fields import (
    adgroup_name,
    campaign_name,
    objective_type,
    profile_of,
)
from tiktok_marketing.emulator.business.smart_plus import SmartAd, smart_ad_status, smart_ads
from tiktok_marketing.emulator.business.status import (
    ALL,
    DELETED,
    NOT_DELETED,
    PRIMARY,
    adgroup_status,
    campaign_status,
    deleted_at,
    primary_of,
)
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, encode, page_info, refuse
from tiktok_marketing.emulator.endpoints.smart_plus.records import (
    AD_FIELDS,
    ADGROUP_FIELDS,
    CAMPAIGN_FIELDS,
    smart_ad_record,
    smart_adgroup_record,
    smart_campaign_record,
)
from tiktok_marketing.emulator.options import Options

SmartItem = Campaign | AdGroup | SmartAd
"""What one of the endpoints lists."""

_CREATION = {"creation_filter_start_time", "creation_filter_end_time"}
_COMMON = {"campaign_ids", "primary_status", "secondary_status", "objective_type", "sales_destination"} | _CREATION
_TIMELESS_EVERY = 4


class Level(msgspec.Struct, frozen=True):
    """One of the three endpoints.

    Attributes:
        source: Gives all objects of an account that exist at a time, the newest first.
        filters: The filters that it accepts.
        fields: The names that `fields` accepts.
        max_page: The largest page.
        prefix: The beginning of its statuses.
    """

    source: Callable[[Account, int], Iterable[SmartItem]]
    filters: set[str]
    fields: tuple[str, ...]
    max_page: int
    prefix: str


def _campaigns(account: Account, now: int) -> Iterable[SmartItem]:
    return (campaign for campaign in reversed(account.campaigns(now)) if campaign.smart)


def _adgroups(account: Account, now: int) -> Iterable[SmartItem]:
    return (group for group in reversed(account.adgroups(now)) if group.campaign.smart)


LEVELS = {
    "smart_plus/campaign/get/": Level(_campaigns, _COMMON | {"campaign_name"}, CAMPAIGN_FIELDS, 1000, "CAMPAIGN"),
    "smart_plus/adgroup/get/": Level(
        _adgroups,
        _COMMON | {"adgroup_ids", "adgroup_name", "promotion_type", "optimization_goal"},
        ADGROUP_FIELDS,
        1000,
        "ADGROUP",
    ),
    "smart_plus/ad/get/": Level(
        smart_ads,
        _COMMON | {"adgroup_ids", "smart_plus_ad_ids", "optimization_goal", "modified_after"},
        AD_FIELDS,
        100,
        "AD",
    ),
}
"""The endpoints by their paths."""


class SmartPlusLists:
    """Answers requests for lists.

    Args:
        options: The settings of the emulator.
    """

    def __init__(self, options: Options) -> None:
        self._options = options

    def answer(self, path: str, account: Account, params: Mapping[str, Any], now: int) -> Answer:
        """One page.

        Raises:
            Refusal: A parameter is wrong.
        """
        level = LEVELS[path]
        filtering = read.filtering(params, level.filters)
        page = read.integer(params, "page", 1, 1, None)
        size = read.integer(params, "page_size", 10, 1, level.max_page)
        fields = read.fields(params, level.fields)
        passes = self._conditions(level, filtering, now)
        chosen = [item for item in level.source(account, now) if all(condition(item) for condition in passes)]
        records = [self._record(item, now) for item in chosen[(page - 1) * size : page * size]]
        if fields is not None:
            records = [{name: record[name] for name in dict.fromkeys(fields) if name in record} for record in records]
        return encode({"list": records, "page_info": page_info(page, size, len(chosen))})

    def _record(self, item: SmartItem, now: int) -> dict[str, Any]:
        if isinstance(item, Campaign):
            return smart_campaign_record(item, now)
        if isinstance(item, AdGroup):
            return smart_adgroup_record(item, now)
        return smart_ad_record(item, now, timeless=self._is_timeless(item))

    def _is_timeless(self, ad: SmartAd) -> bool:
        """Whether an ad has no modify_time."""
        return self._options.null_modify_time and ad.key % _TIMELESS_EVERY == 0

    def _conditions(self, level: Level, filtering: dict[str, Any], now: int) -> list[Callable[[SmartItem], bool]]:
        conditions = [
            _status_condition(level, filtering, now),
            *_id_conditions(filtering),
            *_value_conditions(filtering),
            *_time_conditions(filtering),
        ]
        days = self._options.deleted_ads_vanish_after
        if days is not None:
            conditions.append(lambda item: not isinstance(item, SmartAd) or deleted_at(item.group) + days * DAY > now)
        after = read.utc_time(filtering, "modified_after")
        if after is not None:
            conditions.append(lambda item: isinstance(item, SmartAd) and self._changed_since(item, after, now))
        return conditions

    def _changed_since(self, ad: SmartAd, after: int, now: int) -> bool:
        if self._is_timeless(ad):
            return self._options.modified_after_lists_timeless
        return ad.modified(now) >= after


def _campaign_of(item: SmartItem) -> Campaign:
    return item if isinstance(item, Campaign) else item.campaign


def _group_id(item: SmartItem) -> str:
    if isinstance(item, SmartAd):
        return str(item.group.id)
    return str(item.id) if isinstance(item, AdGroup) else ""


def _status(item: SmartItem, now: int) -> str:
    """The secondary_status of an object."""
    if isinstance(item, SmartAd):
        return smart_ad_status(item, now)
    return campaign_status(item, now) if isinstance(item, Campaign) else adgroup_status(item, now)


def _status_condition(level: Level, filtering: dict[str, Any], now: int) -> Callable[[SmartItem], bool]:
    """The filters by status. Without one, deleted objects are hidden."""
    primary, secondary = filtering.get("primary_status"), filtering.get("secondary_status")
    if primary is not None and primary not in PRIMARY:
        refuse(f"primary_status: {primary} is not a valid status.")
    prefix = f"{level.prefix}_STATUS_"
    if secondary is not None and not (
        isinstance(secondary, str) and secondary.startswith((prefix, "ADVERTISER_", "MATERIAL_"))
    ):
        refuse(f"secondary_status: {secondary} is not a valid status.")
    collective = {None: None, f"{prefix}ALL": ALL, f"{prefix}NOT_DELETE": NOT_DELETED}
    exact = secondary if secondary not in collective else None
    wanted = primary or collective.get(secondary) or (ALL if exact else NOT_DELETED)

    def passes(item: SmartItem) -> bool:
        status = _status(item, now)
        if exact is not None and status != exact:
            return False
        if wanted in {ALL, NOT_DELETED}:
            return wanted == ALL or primary_of(status) != DELETED
        return primary_of(status) == wanted

    return passes


def _id_conditions(filtering: dict[str, Any]) -> list[Callable[[SmartItem], bool]]:
    values: dict[str, Callable[[SmartItem], str]] = {
        "campaign_ids": lambda item: str(_campaign_of(item).id),
        "adgroup_ids": _group_id,
        "smart_plus_ad_ids": lambda item: str(item.id),
    }
    conditions = []
    for name, value_of in values.items():
        if name in filtering:
            conditions.append(_is_one_of(value_of, read.ids(filtering[name], name)))
    return conditions


def _is_one_of(value_of: Callable[[SmartItem], str], wanted: frozenset[str]) -> Callable[[SmartItem], bool]:
    return lambda item: value_of(item) in wanted


def _value_conditions(filtering: dict[str, Any]) -> list[Callable[[SmartItem], bool]]:
    values: dict[str, Callable[[SmartItem], object]] = {
        "objective_type": lambda item: objective_type(_campaign_of(item)),
        "optimization_goal": lambda item: profile_of(_campaign_of(item)).goal,
        "promotion_type": lambda item: profile_of(_campaign_of(item)).promotion,
        "sales_destination": lambda _: None,
    }
    conditions = [_equals(values[name], filtering[name]) for name in values if name in filtering]
    names: dict[str, Callable[[SmartItem], str]] = {
        "campaign_name": lambda item: campaign_name(_campaign_of(item)),
        "adgroup_name": lambda item: adgroup_name(item) if isinstance(item, AdGroup) else "",
    }
    return conditions + [_contains(names[name], read.word(filtering, name)) for name in names if name in filtering]


def _equals(value_of: Callable[[SmartItem], object], wanted: object) -> Callable[[SmartItem], bool]:
    return lambda item: value_of(item) == wanted


def _contains(value_of: Callable[[SmartItem], str], word: str) -> Callable[[SmartItem], bool]:
    return lambda item: word.lower() in value_of(item).lower()


def _time_conditions(filtering: dict[str, Any]) -> list[Callable[[SmartItem], bool]]:
    start, end = (
        read.utc_time(filtering, "creation_filter_start_time"),
        read.utc_time(filtering, "creation_filter_end_time"),
    )
    if start is not None and end is not None and end < start:
        refuse("creation_filter_end_time: The end time must not be earlier than creation_filter_start_time.")
    conditions: list[Callable[[SmartItem], bool]] = []
    if start is not None:
        conditions.append(lambda item: item.created >= start)
    if end is not None:
        conditions.append(lambda item: item.created <= end)
    return conditions
