"""campaign/get, adgroup/get and ad/get: filters, pages, and records newest first."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from tiktok_marketing.emulator.business.business import (
    PLATFORM,
    PROMOTE,
    Account,
    Ad,
    AdGroup,
    Campaign,
    Item,
    adgroup_of,
    campaign_of,
)
from tiktok_marketing.emulator.business.derived_fields import (
    adgroup_name,
    automation_type,
    campaign_name,
    creative_mode,
    objective_type,
    profile_of,
)
from tiktok_marketing.emulator.business.status import (
    ALL,
    NOT_DELETED,
    PRIMARY,
    has_primary_status,
    has_vanished,
    modified,
    secondary_status,
)  # fmt: skip
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.cache import ENTRY_BYTES, BoundedCache
from tiktok_marketing.emulator.endpoints.envelope import Answer, encode, page_info, refuse
from tiktok_marketing.emulator.endpoints.field_names import FIELDS
from tiktok_marketing.emulator.endpoints.records import ad_record, adgroup_record, campaign_record
from tiktok_marketing.emulator.options import BUYING_TYPES, Options

Condition = Callable[[Item], bool]

_CACHE_BYTES = 16 * 2**20

_ORIGINS = (PLATFORM, PROMOTE)
_PROMOTE_FIELDS = frozenset(
    """
    advertiser_id campaign_id campaign_name campaign_system_origin adgroup_id adgroup_name ad_id ad_name create_time
    operation_status secondary_status
    """.split()  # noqa: SIM905 - a list of quoted names is harder to read
)
"""What the lists say about a boosted post."""
AUTOMATION_TYPES = ("MANUAL", "SMART_PLUS", "UPGRADED_SMART_PLUS")
"""The types that filters accept. UPGRADED_SMART_PLUS_CREATIVE is one that answers have and filters have not."""
_PREFIX = {"campaign": "CAMPAIGN", "adgroup": "ADGROUP", "ad": "AD"}
_COMMON = (
    "campaign_ids", "campaign_system_origins", "primary_status", "secondary_status", "objective_type", "buying_types",
    "optimization_goal", "creation_filter_start_time", "creation_filter_end_time", "campaign_automation_type",
)  # fmt: skip
_FILTERS = {
    "campaign": {
        *_COMMON, "campaign_name", "campaign_type", "sales_destination",
        "is_smart_performance_campaign", "split_test_enabled", "campaign_product_source",
    },
    "adgroup": {
        *_COMMON, "adgroup_ids", "adgroup_name", "promotion_type", "bid_strategy", "creative_material_mode",
        "billing_events", "split_test_enabled",
    },
    "ad": {*_COMMON, "adgroup_ids", "ad_ids", "ad_ids_v2", "creative_material_mode", "destination", "modified_after"},
}  # fmt: skip
_SWITCHES = ("is_smart_performance_campaign", "split_test_enabled")
"""Filters that are true or false. The others that are no lists are texts."""


class ObjectLists:
    """The three object endpoints, with the lists that they remember between the pages of one query."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._lists: BoundedCache[list[Item]] = BoundedCache(_CACHE_BYTES)

    def answer(self, level: str, account: Account, params: Mapping[str, str], now: int) -> Answer:
        """One page.

        Args:
            level: campaign, adgroup or ad.
            account: The account whose objects are listed.
            params: The request's parameters.
            now: The time whose state the objects show, in seconds since 1970.

        Raises:
            Refusal: A parameter is wrong.
        """
        filtering = read.json_value(params, "filtering")
        if filtering is None:
            filtering = {}
        if not isinstance(filtering, dict):
            refuse("filtering: Not a valid object.")
        conditions = self._conditions(level, filtering, now)
        top_view = level == "adgroup" and filtering.get("buying_types") == ["RESERVATION_TOP_VIEW"]
        page = read.integer(params, "page", 1, 1, None)
        size = read.integer(params, "page_size", 10, 1, 100 if top_view else 1000)
        fields = read.fields(params, FIELDS[f"{level}/get/"])
        key = (account.id, level, msgspec.json.encode(filtering, order="sorted"))
        listed = self._lists.at(now).get(key)
        if listed is None:
            items: Sequence[Item] = getattr(account, level + "s")(now, _origins(filtering))
            gone = self._gone(now)
            listed = [
                item for item in reversed(items) if not gone(item) and all(condition(item) for condition in conditions)
            ]
            self._lists.put(key, listed, 8 * len(listed) + 2 * len(key[-1]) + ENTRY_BYTES)
        records = [self._record(item, now) for item in listed[(page - 1) * size : page * size]]
        if account.sandbox:
            for record in records:
                record.pop("secondary_status", None)
        if fields is not None:
            wanted = dict.fromkeys(fields)
            records = [{name: record[name] for name in wanted if name in record} for record in records]
        if "NULL_FIELD" in (read.texts(params, "exclude_field_types_in_response") or []):
            records = [{name: value for name, value in record.items() if value is not None} for record in records]
        return encode({"page_info": page_info(page, size, len(listed)), "list": records})

    def _gone(self, now: int) -> Condition:
        """Whether an object is an ad that was deleted so long ago that no list has it any more."""
        days = self._options.deleted_ads_vanish_after
        return lambda item: days is not None and has_vanished(item, now, days)

    def _record(self, item: Item, now: int) -> dict[str, Any]:
        record = self._full_record(item, now)
        if campaign_of(item).origin == PROMOTE:
            record = {name: value for name, value in record.items() if name in _PROMOTE_FIELDS}
        return record

    def _full_record(self, item: Item, now: int) -> dict[str, Any]:
        if isinstance(item, Campaign):
            return campaign_record(item, now)
        if isinstance(item, AdGroup):
            return adgroup_record(item, now)
        return ad_record(item, now, null_modify_time=self._options.null_modify_time)

    def _conditions(self, level: str, filtering: dict[str, Any], now: int) -> list[Condition]:
        unknown = sorted(set(filtering) - _FILTERS[level])
        if unknown:
            refuse(f"filtering: Unknown field(s): {', '.join(unknown)}.")
        return [
            self._buying_types(filtering),
            _deletion(level, filtering, now),
            *_by_ids(filtering),
            *_by_words(level, filtering),
            *_by_creation(filtering),
            *self._by_change(filtering, now),
        ]

    def _by_change(self, filtering: dict[str, Any], now: int) -> list[Condition]:
        after = read.utc_time(filtering, "modified_after")
        if after is None:
            return []
        lists_timeless = self._options.modified_after_lists_timeless

        def changed(item: Item) -> bool:
            if self._options.null_modify_time and campaign_of(item).smart:
                return lists_timeless
            return modified(item, now) >= after

        return [changed]

    def _buying_types(self, filtering: dict[str, Any]) -> Condition:
        requested = filtering.get("buying_types")
        wanted = read.text_list(requested, "buying_types") if requested else list(self._options.default_buying_types)
        for name in wanted:
            if name not in BUYING_TYPES:
                refuse(f"buying_types: {name} is not one of {', '.join(BUYING_TYPES)}.")
        if "RESERVATION_TOP_VIEW" in wanted and len(set(wanted)) > 1 and requested:
            refuse(
                "Invalid param: 'filtering.buying_types'. The value 'RESERVATION_TOP_VIEW' cannot be combined with "
                "other enum values for this parameter. Please check and try again."
            )
        allowed = frozenset(wanted)
        return lambda item: campaign_of(item).buying_type in allowed


def _deletion(level: str, filtering: dict[str, Any], now: int) -> Condition:
    primary = filtering.get("primary_status")
    secondary = filtering.get("secondary_status")
    if primary is not None and primary not in PRIMARY:
        refuse(f"primary_status: {primary} is not a valid status.")
    if secondary is None:
        return lambda item: has_primary_status(item, primary or NOT_DELETED, now)
    prefix = _PREFIX[level] + "_STATUS_"
    if not isinstance(secondary, str) or not secondary.startswith((prefix, "ADVERTISER_", "MATERIAL_")):
        refuse(f"secondary_status: {secondary} is not a valid status.")
    if secondary == prefix + "ALL":
        return lambda item: has_primary_status(item, primary or ALL, now)
    if secondary == prefix + "NOT_DELETE":
        return lambda item: has_primary_status(item, NOT_DELETED, now)
    return lambda item: secondary_status(item, now) == secondary and has_primary_status(item, primary or ALL, now)


def _origins(filtering: dict[str, Any]) -> list[str]:
    """Where the listed objects' campaigns come from. Without a filter boosted posts are hidden."""
    origins = read.text_list(filtering.get("campaign_system_origins", [PLATFORM]), "campaign_system_origins")
    for name in origins:
        if name not in _ORIGINS:
            refuse(f"campaign_system_origins: {name} is not one of {', '.join(_ORIGINS)}.")
    return list(dict.fromkeys(origins)) or [PLATFORM]


def _by_ids(filtering: dict[str, Any]) -> list[Condition]:
    conditions: list[Condition] = []
    if "campaign_ids" in filtering:
        campaigns = read.ids(filtering["campaign_ids"], "campaign_ids")
        conditions.append(lambda item: str(campaign_of(item).id) in campaigns)
    if "adgroup_ids" in filtering:
        groups = read.ids(filtering["adgroup_ids"], "adgroup_ids")
        conditions.append(lambda item: (group := adgroup_of(item)) is not None and str(group.id) in groups)
    if "ad_ids_v2" in filtering:
        shown = read.ids(filtering["ad_ids_v2"], "ad_ids_v2")
        conditions.append(lambda item: isinstance(item, Ad) and str(item.v2_id) in shown)
    if "ad_ids" in filtering:
        ads = read.ids(filtering["ad_ids"], "ad_ids")
        conditions.append(lambda item: str(item.id) in ads)
    return conditions


def _by_words(level: str, filtering: dict[str, Any]) -> list[Condition]:
    automation = filtering.get("campaign_automation_type", "MANUAL")
    if automation not in AUTOMATION_TYPES:
        refuse(f"campaign_automation_type: {automation} is not one of {', '.join(AUTOMATION_TYPES)}.")
    conditions: list[Condition] = []
    values: dict[str, Callable[[Item], object]] = {
        "objective_type": lambda item: objective_type(campaign_of(item)),
        "optimization_goal": lambda item: profile_of(campaign_of(item)).goal,
        "promotion_type": lambda item: profile_of(campaign_of(item)).promotion,
        "campaign_automation_type": lambda item: automation_type(campaign_of(item)),
        "campaign_type": lambda _: "REGULAR_CAMPAIGN",
        "creative_material_mode": lambda item: creative_mode(campaign_of(item)),
        "destination": lambda item: "APP" if campaign_of(item).profile == "app" else "WEBSITE",
        "is_smart_performance_campaign": lambda item: campaign_of(item).legacy_smart,
        "split_test_enabled": lambda _: False,
        "sales_destination": lambda _: None,
        "campaign_product_source": lambda _: None,
        "bid_strategy": lambda _: "BID_STRATEGY_LOWEST_COST",
    }
    for name, value_of in values.items():
        if name in filtering:
            kind = bool if name in _SWITCHES else str
            if not isinstance(filtering[name], kind):
                refuse(f"filtering.{name}: Not a valid {'boolean' if kind is bool else 'string'}.")
            conditions.append(_equals(value_of, filtering[name]))
    if "billing_events" in filtering:
        events = read.text_list(filtering["billing_events"], "billing_events")
        conditions.append(lambda item: profile_of(campaign_of(item)).billing in events)
    name_filter = f"{level}_name"
    if name_filter in filtering:
        word = read.word(filtering, name_filter).lower()
        conditions.append(
            lambda item: word in (campaign_name(item) if isinstance(item, Campaign) else _adgroup_name(item)).lower()
        )
    return conditions


def _equals(value_of: Callable[[Item], object], wanted: object) -> Condition:
    return lambda item: value_of(item) == wanted


def _adgroup_name(item: Item) -> str:
    group = adgroup_of(item)
    return adgroup_name(group) if group else ""


def _by_creation(filtering: dict[str, Any]) -> list[Condition]:
    conditions: list[Condition] = []
    start, end = read.creation_window(filtering)
    if start is not None:
        conditions.append(lambda item: item.created >= start)
    if end is not None:
        conditions.append(lambda item: item.created <= end)
    return conditions
