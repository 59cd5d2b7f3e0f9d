"""Requests for the reports on Smart+ creatives: what they ask for, and what TikTok refuses."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from tiktok_marketing.emulator.business.smart_plus import CAROUSEL, VIDEO
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import refuse
from tiktok_marketing.emulator.endpoints.reports.account_rows import check_names, requested
from tiktok_marketing.emulator.endpoints.reports.material_metrics import LACKING, OWN
from tiktok_marketing.emulator.endpoints.reports.metrics import NON_ATTRIBUTES
from tiktok_marketing.emulator.endpoints.reports.query import CONFLICT

OWNERS = ("advertiser_id", "campaign_id", "adgroup_id", "smart_plus_ad_id")
"""The dimensions of overviews that name whose creatives the rows are about."""
CREATIVE, TEXT, CALL, ADD_ON = ENTITIES = (
    "main_material_id", "ad_text_entity_id", "call_to_action_entity_id", "interactive_add_on_entity_id",
)  # fmt: skip
"""The dimensions that name creatives and what they are combined with."""
TIMES = ("stat_time_hour", "stat_time_day", "stat_time_week", "stat_time_month")
METRICS = (NON_ATTRIBUTES - LACKING) | set(OWN)
"""The metrics that count, cost or divide."""
STATUSES = ("ad_material_id", "material_primary_status", "material_second_status_list", "operation_status")
"""The metrics that describe a creative in one ad. Other rows have an empty text."""
NAMES = ("main_material_name", "ad_text", "call_to_action", "interactive_add_on_name", "interactive_add_on_id")
"""The metrics that describe what a row is about."""
MULTI_NAME = "multi_name"

_TYPES = (
    VIDEO, CAROUSEL, "VIDEO_SPARK_ADS", "CAROUSEL_SPARK_ADS", "SINGLE_IMAGE_NON_SPARK_ADS", "CATALOG_VIDEO",
    "CATALOG_VIDEO_TEMPLATE", "CATALOG_CAROUSEL", "CATALOG_MULTI_SHOW",
)  # fmt: skip
_OWNER_FILTERS = {"campaign_ids": "campaign_id", "adgroup_ids": "adgroup_id", "smart_plus_ad_ids": "smart_plus_ad_id"}
_MAX_OWNERS = 200
_MAX_ENTITIES = 400
_MAX_DAYS = 365
_MAX_DAYS_BY_HOUR = 7


class MaterialQuery(msgspec.Struct, frozen=True):
    """What a request for one of the two reports asks for.

    Attributes:
        owner: The dimension that names whose creatives the rows are about. Empty in breakdowns.
        entities: The dimensions that name creatives and what they are combined with.
        time: The time dimension. Empty if there is none.
        metrics: All metrics, each once.
        start: The first day. None for a lifetime.
        end: The last day. None for a lifetime.
        owner_ids: The ids that a filter allows, by the dimension. At most one filter is set.
        entity_ids: The ids that filters allow, by the dimension.
        types: The types of creatives that a filter allows. Empty if it is not set.
        sort_field: The metric by which rows are sorted.
        ascending: Whether the smallest value comes first.
    """

    owner: str
    entities: tuple[str, ...]
    time: str
    metrics: tuple[str, ...]
    start: date | None
    end: date | None
    owner_ids: dict[str, frozenset[str]]
    entity_ids: dict[str, frozenset[str]]
    types: tuple[str, ...]
    sort_field: str
    ascending: bool


def parse(params: Mapping[str, Any], *, overview: bool) -> MaterialQuery:
    """Read the parameters of a request, except for its account and its page.

    Args:
        params: The parameters.
        overview: Whether it is a request for the overview, which has no time but knows whose creatives they are.

    Raises:
        Refusal: The request is wrong.
    """
    dimensions = requested(params, "dimensions", [])
    if not dimensions:
        refuse("Missing required field(s): dimensions.")
    check_names("dimension", dimensions, [*OWNERS, *ENTITIES, *TIMES])
    owners = [name for name in dimensions if name in OWNERS]
    entities = [name for name in ENTITIES if name in dimensions]
    times = [name for name in dimensions if name in TIMES]
    if not entities or len(times) > (0 if overview else 1):
        refuse(CONFLICT)
    if (len(owners), len(entities)) != (1, 1) if overview else owners:
        refuse(CONFLICT)
    time = times[0] if times else ""
    metrics = requested(params, "metrics", ["spend", "impressions"])
    check_names("metric", metrics, [*METRICS, *NAMES, *(STATUSES if overview else (MULTI_NAME,))])
    start, end = _window(params, time, lifetime=overview and read.boolean(params, "query_lifetime"))
    sort_field, sort_type = str(params.get("sort_field") or "spend"), params.get("sort_type", "DESC")
    if sort_field not in METRICS:
        refuse(f"sort_field: {sort_field} cannot be used to sort.")
    if sort_type not in ("ASC", "DESC"):
        refuse("sort_type: Must be one of: ASC, DESC.")
    filters = _filters(params, overview=overview)
    types = _types(filters)
    return MaterialQuery(
        owner=owners[0] if owners else "",
        entities=tuple(entities),
        time=time,
        metrics=tuple(metrics),
        start=start,
        end=end,
        owner_ids=_owner_ids(filters, owners[0] if owners else ""),
        entity_ids=_entity_ids(filters, types),
        types=types,
        sort_field=sort_field,
        ascending=sort_type == "ASC",
    )


def _window(params: Mapping[str, Any], time: str, *, lifetime: bool) -> tuple[date | None, date | None]:
    """The first and the last day: at most 365 days apart, or 7 days by hour."""
    if lifetime:
        return None, None
    start, end = read.day(params, "start_date"), read.day(params, "end_date")
    missing = [name for name, value in (("start_date", start), ("end_date", end)) if value is None]
    if start is None or end is None:
        refuse(f"Missing required field(s): {', '.join(missing)}.")
    if end < start:
        refuse("end_date: The end date must not be earlier than the start date.")
    longest = _MAX_DAYS_BY_HOUR if time == "stat_time_hour" else _MAX_DAYS
    if (end - start).days > longest:
        refuse(f"max time span is {longest} days when use {time}" if time else f"max time span is {longest} days")
    return start, end


def _filters(params: Mapping[str, Any], *, overview: bool) -> dict[str, Any]:
    """The filters that are set. The pages name the ids of breakdowns in the singular, and the SDK in the plural."""
    plural = {f"{name}s": name for name in ENTITIES}
    singular = {} if overview else {name: name for name in ENTITIES}
    filters = read.filtering(params, {*_OWNER_FILTERS, "main_material_types", *plural, *singular})
    return {plural.get(name, name): value for name, value in filters.items() if value not in ("", [], None)}


def _types(filters: dict[str, Any]) -> tuple[str, ...]:
    types = tuple(read.text_list(filters.get("main_material_types", []), "main_material_types"))
    for name in types:
        if name not in _TYPES:
            refuse(f"filtering.main_material_types: Must be one of: {', '.join(_TYPES)}.")
    return types


def _owner_ids(filters: dict[str, Any], owner: str) -> dict[str, frozenset[str]]:
    """The filter by campaigns, ad groups or ads. Rows of a higher level cannot be filtered by a lower one."""
    names = [name for name in _OWNER_FILTERS if name in filters]
    if len(names) > 1:
        refuse(f"filtering: {names[0]} cannot be combined with {names[1]}.")
    for name in names:
        if owner not in {"", "advertiser_id"} and OWNERS.index(owner) < OWNERS.index(_OWNER_FILTERS[name]):
            refuse(f"filtering: {name} cannot be combined with the dimension {owner}.")
    return {_OWNER_FILTERS[name]: read.ids(filters[name], name, _MAX_OWNERS) for name in names}


def _entity_ids(filters: dict[str, Any], types: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """The filters by creatives, texts, calls to action and add-ons: at most 400 ids in all."""
    ids = {name: read.ids(filters[name], name, _MAX_ENTITIES) for name in ENTITIES if name in filters}
    if sum(len(filters[name]) for name in ids) > _MAX_ENTITIES:
        refuse(f"filtering: Up to {_MAX_ENTITIES} ids of creatives, texts, calls to action and add-ons are allowed.")
    if CREATIVE in ids and len(types) != 1:
        refuse("filtering: main_material_ids needs exactly one of main_material_types.")
    return ids
