"""Reads and refuses report requests: the parameters of report/integrated/get, and their combinations."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NoReturn

import msgspec

from tiktok_marketing.emulator.business.breakdown_values import CATALOG_DIMENSIONS
from tiktok_marketing.emulator.business.breakdowns import TIMELESS
from tiktok_marketing.emulator.business.business import (
    PLATFORM,
    PROMOTE,
    Ad,
    Campaign,
    Item,
    adgroup_of,
    campaign_of,
)
from tiktok_marketing.emulator.business.derived_fields import automation_type, profile_of
from tiktok_marketing.emulator.business.status import NOT_DELETED, PRIMARY, has_primary_status
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import not_served, refuse
from tiktok_marketing.emulator.endpoints.reports.compatibility import incompatible
from tiktok_marketing.emulator.endpoints.reports.metric_names import ATTRIBUTES
from tiktok_marketing.emulator.endpoints.reports.metrics import DAILY_ACCOUNT_ONLY, LEVELS, unknown
from tiktok_marketing.emulator.json_text import decode
from tiktok_marketing.emulator.options import BUYING_TYPES, Options

CONFLICT = "Conflict occurs. The input params including metrics and dimensions have no relation."

_DATA_LEVELS = {f"AUCTION_{level.upper()}": level for level in LEVELS}
_REPORT_TYPES = ("BASIC", "AUDIENCE", "PLAYABLE_MATERIAL", "CATALOG", "BC", "TT_SHOP")
_ID_DIMENSIONS = {
    "advertiser_id": "advertiser", "campaign_id": "campaign", "adgroup_id": "adgroup", "ad_id": "ad", "ad_id_v2": "ad",
}  # fmt: skip
_TIME_DIMENSIONS = ("stat_time_day", "stat_time_hour")
_OTHER_DIMENSIONS = frozenset(
    """
    country_code ad_type custom_event_type event_source_id page_id component_name room_id post_id image_id
    video_material_id minis_id search_terms search_keyword match_type skan_postback_sequence
    """.split()  # noqa: SIM905 - a list of quoted names is harder to read
)
_AUDIENCE_DIMENSIONS = frozenset(
    """
    gender age country_code province_id dma_id language platform ac placement ad_type device_brand_id interest_category
    interest_category_tier2 interest_category_tier3 interest_category_tier4 additional_interests audience_tags
    behavior_id contextual_tag hashtag purchase_intention bucket_id
    """.split()  # noqa: SIM905
)
_BREAKDOWNS = {
    "BASIC": _OTHER_DIMENSIONS, "AUDIENCE": _AUDIENCE_DIMENSIONS, "CATALOG": frozenset(CATALOG_DIMENSIONS),
}  # fmt: skip
MAX_ASYNC_IDS = 20_000
"""The most ids in one filter of an asynchronous report."""
_MAX_DAYS = {"stat_time_day": 30, "stat_time_hour": 1, "": 365}
_ID_FILTERS = {"campaign_ids", "adgroup_ids", "ad_ids", "ad_ids_v2"}
_STATUS_FILTERS = {"campaign_status": "campaign", "adgroup_status": "adgroup", "ad_status": "ad"}
_ORIGIN_FILTER = "campaign_system_origins"
_FILTER_TYPES = (
    "IN", "NOT_IN", "CONTAIN_ANY_OF", "MATCH", "GREATER_EQUAL", "GREATER_THAN", "LOWER_EQUAL", "LOWER_THAN", "BETWEEN",
    "RANGE",
)  # fmt: skip


class Filter(msgspec.Struct, frozen=True, order=True):
    """One filter of a report: a field whose value must be, or must not be, one of some values."""

    field: str
    values: tuple[str, ...]
    negated: bool = False
    kind: str = "IN"


class ReportQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A valid report request, without its page.

    Attributes:
        report_type: BASIC, AUDIENCE or CATALOG.
        level: advertiser, campaign, adgroup or ad.
        id_dimension: The ID dimension; empty if there is none.
        time: stat_time_day, stat_time_hour or empty.
        breakdown: The other dimensions: country_code, an audience dimension, or gender with age.
        dimensions: All dimensions, in the order of the request.
        metrics: All metrics, in the order of the request.
        start: First day. None for a lifetime query.
        end: Last day, inclusive. None for a lifetime query.
        filters: The filters, sorted.
        origins: Where the campaigns in the report come from. Without a filter, synchronous reports leave boosted posts
            out.
        order_field: The metric that rows are ordered by. Empty for no order.
        ascending: Whether the smallest value comes first.
        totals: Whether the answer contains the sum over all rows.
        several: Whether the request uses advertiser_ids, so that rows name their account.
        names_account: Whether advertiser_id is a dimension besides another ID dimension.
    """

    report_type: str
    level: str
    id_dimension: str
    time: str
    breakdown: tuple[str, ...]
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    start: date | None
    end: date | None
    filters: tuple[Filter, ...]
    origins: tuple[str, ...]
    order_field: str
    ascending: bool
    totals: bool
    several: bool
    names_account: bool = False


def parse(
    params: Mapping[str, str],
    options: Options,
    *,
    several: bool,
    sandbox: bool = False,
    asynchronous: bool = False,
) -> ReportQuery:
    """Read a request of report/integrated/get.

    Args:
        params: The query parameters, decoded.
        options: Decide where TikTok's behaviour is uncertain.
        several: Whether the request uses advertiser_ids.
        sandbox: Whether it is about the sandbox account. Its made-up figures accept every combination and ignore any
            order.
        asynchronous: Whether it is an asynchronous report, which may have any number of days and 20,000 ids.

    Raises:
        Refusal: TikTok would refuse it (40002).
    """
    report_type = read.required(params, "report_type")
    if report_type not in _REPORT_TYPES:
        refuse(f"report_type: {report_type} is not one of {', '.join(_REPORT_TYPES)}.")
    if report_type not in {"BASIC", "AUDIENCE"} and not (report_type == "CATALOG" and options.catalog_reports):
        not_served(f"report_type {report_type}")
    for name, supported in (("service_type", "AUCTION"), ("query_mode", "REGULAR")):
        if params.get(name, supported) != supported:
            refuse(f"{name}: Only {supported} is supported.")
    if read.boolean(params, "multi_adv_report_in_utc_time"):
        not_served("multi_adv_report_in_utc_time")
    data_level = read.required(params, "data_level")
    level = _DATA_LEVELS.get(data_level) or refuse(f"data_level: {data_level} is not a valid data level.")
    dimensions = read.texts(params, "dimensions")
    if not dimensions:
        refuse("Missing required field(s): dimensions.")
    names_account = several and "advertiser_id" in dimensions and level != "advertiser"
    others = [name for name in dimensions if name != "advertiser_id"] if names_account else dimensions
    id_dimension, time, breakdown = _dimensions(others, report_type, level, options)
    metrics = read.texts(params, "metrics") or ["spend", "impressions"]
    _check_metrics(metrics, level, id_dimension, time, breakdown)
    max_ids = MAX_ASYNC_IDS if asynchronous else read.MAX_IDS
    filters = _filters(read.json_value(params, "filtering"), max_ids)
    _check_filters(filters, id_dimension, report_type)
    if not sandbox and (refused := incompatible(metrics, report_type, breakdown, options)):
        _refuse_metrics(refused)
    start, end = _window(params, report_type, time, breakdown, sandbox=sandbox, asynchronous=asynchronous)
    order_field, ascending = _order(params, metrics)
    usual_origins = (PLATFORM, PROMOTE) if asynchronous else (PLATFORM,)
    totals = read.boolean(params, "enable_total_metrics")
    if totals and (not id_dimension or time == "stat_time_hour" or breakdown):
        refuse("enable_total_metrics: It needs one ID dimension, with or without stat_time_day.")
    return ReportQuery(
        report_type=report_type,
        level=level,
        id_dimension=id_dimension,
        time=time,
        breakdown=breakdown,
        dimensions=tuple(dict.fromkeys(dimensions)),
        metrics=tuple(dict.fromkeys(metrics)),
        start=start,
        end=end,
        filters=tuple(item for item in filters if item.field != _ORIGIN_FILTER),
        origins=next((item.values for item in filters if item.field == _ORIGIN_FILTER), usual_origins),
        order_field="" if sandbox else order_field,
        ascending=ascending,
        totals=totals,
        several=several,
        names_account=names_account,
    )


def _window(
    params: Mapping[str, str],
    report_type: str,
    time: str,
    breakdown: tuple[str, ...],
    *,
    sandbox: bool,
    asynchronous: bool,
) -> tuple[date | None, date | None]:
    """First and last day. None for a lifetime query, which accepts neither a time dimension nor a breakdown."""
    if not read.boolean(params, "query_lifetime"):
        return dates(params, time, unlimited=asynchronous)
    if time:
        refuse("query_lifetime: Time dimensions cannot be used when query_lifetime is true.")
    if breakdown and not sandbox:
        subject = f"report_type {report_type}" if report_type != "BASIC" else f"the dimension {breakdown[0]}"
        refuse(f"query_lifetime: It cannot be used with {subject}.")
    return None, None


def _order(params: Mapping[str, str], metrics: list[str]) -> tuple[str, bool]:
    """The requested metric to order by (empty for no order), and whether the smallest value comes first."""
    field = params.get("order_field", "")
    if field and (field in ATTRIBUTES or field not in metrics):
        refuse(f"order_field: {field} is not a metric to order by.")
    direction = params.get("order_type", "DESC")
    if direction not in {"ASC", "DESC"}:
        refuse("order_type: Must be ASC or DESC.")
    return field, direction == "ASC"


def _dimensions(
    dimensions: list[str], report_type: str, level: str, options: Options
) -> tuple[str, str, tuple[str, ...]]:
    """The ID dimension, the time dimension and the others."""
    possible = _BREAKDOWNS[report_type]
    valid = possible.union(_ID_DIMENSIONS, _TIME_DIMENSIONS)
    invalid = [name for name in dimensions if name not in valid]
    if invalid:
        refuse(
            "Please correct the information in invalid dimension fields and try again. "
            f"Invalid dimension fields: {invalid}. "
        )
    names = list(dict.fromkeys(dimensions))
    ids = [name for name in names if name in _ID_DIMENSIONS]
    times = [name for name in names if name in _TIME_DIMENSIONS]
    others = [name for name in names if name in possible]
    if len(ids) > 1 or len(times) > 1:
        refuse(CONFLICT)
    if ids and _ID_DIMENSIONS[ids[0]] != level:
        refuse(CONFLICT)
    if not ids and level != "advertiser":
        refuse(CONFLICT)
    _check_breakdown(others, report_type, level, times, options)
    return (ids[0] if ids else "", times[0] if times else "", tuple(others))


def _check_breakdown(others: list[str], report_type: str, level: str, times: list[str], options: Options) -> None:
    """Refuse breakdowns that do not exist, or that cannot be combined with the time dimension or with the level."""
    audience = report_type == "AUDIENCE"
    if len(others) > 1 and report_type != "CATALOG" and not (audience and set(others) == {"gender", "age"}):
        refuse(CONFLICT)
    if report_type != "BASIC" and not others:
        refuse(CONFLICT)
    if audience and times and TIMELESS.intersection(others):
        refuse(CONFLICT)
    if "stat_time_hour" in times and others:
        if audience and not options.audience_hourly:
            refuse(CONFLICT)
        if not audience and "country_code" in others and not options.country_hourly:
            refuse(CONFLICT)
    if "ad_type" in others and level == "advertiser":
        refuse(CONFLICT)


def _check_metrics(metrics: list[str], level: str, id_dimension: str, time: str, breakdown: tuple[str, ...]) -> None:
    """Refuse unknown metrics, attributes without an ID, and metrics that only daily account reports have.

    Attributes of a lower level are accepted. They have no value.
    """
    invalid = unknown(metrics)
    daily_account = level == "advertiser" and time == "stat_time_day" and not breakdown
    for name in metrics:
        if name in ATTRIBUTES and not id_dimension:
            invalid.append(name)
        if name in DAILY_ACCOUNT_ONLY and not daily_account:
            invalid.append(name)
    if invalid:
        _refuse_metrics(invalid)


def _refuse_metrics(names: list[str]) -> NoReturn:
    refuse(f"Please correct the information in invalid metric fields and try again. Invalid metric fields: {names}. ")


def dates(params: Mapping[str, str], time: str, *, unlimited: bool = False) -> tuple[date, date]:
    """The first and the last day of a request: at most 30 days by day, one day by hour, and 365 days otherwise."""
    start = read.day(params, "start_date")
    end = read.day(params, "end_date")
    missing = [name for name, value in (("start_date", start), ("end_date", end)) if value is None]
    if start is None or end is None:
        refuse(f"Missing required field(s): {', '.join(missing)}.")
    if end < start:
        refuse("end_date: The end date must not be earlier than the start date.")
    max_days = _MAX_DAYS[time]
    if (end - start).days >= max_days and not unlimited:
        span = f"{max_days} days" if max_days > 1 else "1 day"
        refuse(f"max time span is {span} when use {time}" if time else f"max time span is {span}")
    return start, end


def _filters(value: Any, max_ids: int) -> tuple[Filter, ...]:
    """The filters in `filtering`: an array of {field_name, filter_type, filter_value}, whose value is JSON text."""
    if value is None:
        return ()
    if not isinstance(value, list):
        refuse("filtering: Not a valid list.")
    return tuple(sorted(_filter(entry, max_ids) for entry in value))


def _filter(entry: Any, max_ids: int) -> Filter:
    if not isinstance(entry, dict) or set(entry) != {"field_name", "filter_type", "filter_value"}:
        refuse("filtering: Each filter must have field_name, filter_type and filter_value.")
    field, kind = entry["field_name"], entry["filter_type"]
    _check_kind(field, kind)
    if not isinstance(entry["filter_value"], str):
        refuse("filter_value: Not a valid string.")
    if field == "create_time":
        return Filter(field, _times(entry["filter_value"], kind), kind=kind)
    values = read.json_value(entry, "filter_value")
    if field in _ID_FILTERS:
        allowed = read.ids(values, field, max_ids)
    else:
        allowed = frozenset(read.text_list([values] if isinstance(values, str) else values, field))
    if field in _STATUS_FILTERS and not allowed <= set(PRIMARY):
        refuse(f"{field}: {sorted(allowed - set(PRIMARY))} are not valid statuses.")
    if field in _WORDS and not (allowed and allowed <= _WORDS[field]):
        refuse(f"{field}: {sorted(allowed - _WORDS[field])} are not valid values.")
    return Filter(field, tuple(sorted(allowed)), kind == "NOT_IN", kind)


def _check_kind(field: object, kind: object) -> None:
    """Refuse fields that cannot be filtered, and filter types that do not go with a field."""
    if kind not in _FILTER_TYPES:
        refuse(f"filter_type: {kind} is not a valid filter type.")
    if field == "country_code":
        refuse("filtering: country_code is not supported.")
    if not isinstance(field, str) or field not in _KINDS:
        refuse(f"filtering: {field} is not a valid filter field.")
    if kind not in _KINDS[field]:
        refuse(f"filtering: {field} cannot be filtered with {kind}.")


def _check_filters(filters: tuple[Filter, ...], id_dimension: str, report_type: str) -> None:
    """Refuse filters that cannot be combined with each other or with the report."""
    fields = {item.field for item in filters}
    if "ad_ids_v2" in fields and (id_dimension != "ad_id_v2" or "ad_ids" in fields):
        refuse("filtering: ad_ids_v2 needs the dimension ad_id_v2, and cannot be used with ad_ids.")
    if "campaign_label" in fields and report_type != "BASIC":
        refuse("filtering: campaign_label can be used only in BASIC reports.")


def _times(text: str, kind: str) -> tuple[str, ...]:
    """The one or two times, in seconds since 1970 (UTC), that a filter by create_time names. A day is its midnight."""
    try:
        value = decode(text)
    except ValueError:
        value = text
    times = value if isinstance(value, list) else [value]
    if len(times) != (2 if kind in {"BETWEEN", "RANGE"} else 1):
        refuse("create_time: BETWEEN needs two times, and the other filter types one.")
    return tuple(str(read.seconds(_with_time(item), "create_time")) for item in times)


def _with_time(value: object) -> object:
    return f"{value} 00:00:00" if isinstance(value, str) and len(value) == len("2026-01-01") else value


_COMPARISONS: dict[str, Callable[[int, list[int]], bool]] = {
    "GREATER_EQUAL": lambda created, times: created >= times[0],
    "GREATER_THAN": lambda created, times: created > times[0],
    "LOWER_EQUAL": lambda created, times: created <= times[0],
    "LOWER_THAN": lambda created, times: created < times[0],
    "BETWEEN": lambda created, times: times[0] <= created <= times[1],
    "RANGE": lambda created, times: times[0] <= created <= times[1],
}

_OTHER_FILTERS: dict[str, Callable[[Campaign], str]] = {
    "buying_type": lambda campaign: campaign.buying_type,
    "campaign_automation_type": automation_type,
    "promotion_type": lambda campaign: profile_of(campaign).promotion,
}

_WORDS = {
    "buying_type": frozenset(BUYING_TYPES),
    "campaign_automation_type": frozenset({"MANUAL", "SMART_PLUS", "UPGRADED_SMART_PLUS"}),
    _ORIGIN_FILTER: frozenset({PLATFORM, PROMOTE}),
}
"""Filters that accept only these values. UPGRADED_SMART_PLUS_CREATIVE is one that answers have and filters have not."""

_KINDS: dict[str, frozenset[str]] = (
    dict.fromkeys([*_ID_FILTERS, _ORIGIN_FILTER], frozenset({"IN"}))
    | dict.fromkeys([*_STATUS_FILTERS, *_OTHER_FILTERS], frozenset({"IN", "NOT_IN"}))
    | {
        "playable_status": frozenset({"IN"}),
        "campaign_label": frozenset({"IN", "CONTAIN_ANY_OF", "MATCH"}),
        "create_time": frozenset(_COMPARISONS),
    }
)
"""The filter types that each field accepts."""


def passes_filters(query: ReportQuery, item: Item, now: int) -> bool:
    """Whether an object passes the filters on itself, its ad group and its campaign.

    Deleted objects pass only if the query has a status filter at its own level.
    """
    ad = item if isinstance(item, Ad) else None
    campaign = campaign_of(item)
    subjects: dict[str, Item | None] = {"campaign": campaign, "adgroup": adgroup_of(item), "ad": ad}
    own_status = False
    for condition in query.filters:
        field, values = condition.field, condition.values
        if field in _STATUS_FILTERS:
            subject = subjects[_STATUS_FILTERS[field]]
            own_status = own_status or _STATUS_FILTERS[field] == query.level
            passed = subject is None or any(has_primary_status(subject, value, now) for value in values)
        elif field == "create_time":
            passed = _COMPARISONS[condition.kind](
                (subjects.get(query.level) or item).created, [int(value) for value in values]
            )
        elif field in {"campaign_label", "playable_status"}:
            passed = False  # nothing has a label, and only playable reports have a playable
        elif field in _OTHER_FILTERS:
            passed = _OTHER_FILTERS[field](campaign) in values
        elif field == "ad_ids_v2":
            passed = ad is None or str(ad.v2_id) in values
        else:
            subject = subjects[field.removesuffix("_ids")]
            passed = subject is None or str(subject.id) in values
        if passed == condition.negated:
            return False
    own = subjects.get(query.level)
    return own_status or own is None or item is not own or has_primary_status(own, NOT_DELETED, now)


def filters_by_id(query: ReportQuery) -> bool:
    """Whether the query is limited to some campaigns, ad groups or ads."""
    return any(item.field in _ID_FILTERS for item in query.filters)
