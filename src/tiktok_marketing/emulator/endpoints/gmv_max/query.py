"""A request for the GMV Max report: what it asks for, and what TikTok refuses."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import refuse
from tiktok_marketing.emulator.endpoints.gmv_max import levels
from tiktok_marketing.emulator.endpoints.gmv_max.levels import (
    CREATIVES,
    DIMENSIONS,
    FILTERS,
    LEVELS,
    LIVE,
    LIVE_CAMPAIGN,
    LIVE_DURATIONS,
    PRODUCT,
    PRODUCT_CAMPAIGN,
    PRODUCT_DURATIONS,
    TIMES,
    Level,
)
from tiktok_marketing.emulator.endpoints.reports.query import CONFLICT, dates

_MAX_DIMENSIONS = 4
_MAX_METRICS = 100
_ID_FILTERS = ("campaign_ids", "item_group_ids", "item_ids", "room_ids")
_WORDS = {
    "gmv_max_promotion_types": (PRODUCT, LIVE),
    "campaign_statuses": (
        "STATUS_DELIVERY_OK", "STATUS_DISABLE", "STATUS_DELETE", "STATUS_NOT_DELIVERY", "STATUS_ALL",
    ),
    "creative_types": ("ADS_AND_ORGANIC", "ORGANIC", "REMOVED"),
    "creative_delivery_statuses": (
        "IN_QUEUE", "LEARNING", "DELIVERING", "NOT_DELIVERYING", "AUTHORIZATION_NEEDED", "EXCLUDED", "UNAVAILABLE",
        "REJECTED", "NOT_ACTIVE",
    ),
}  # fmt: skip
"""The filters that take some words only."""


class GmvMaxQuery(msgspec.Struct, frozen=True):
    """What a request for the report asks for.

    Attributes:
        level: The level of its rows.
        dimensions: Its dimensions, in the order of the request.
        metrics: Its metrics, each once.
        time: Its time dimension. Empty if it has none.
        start: Its first day.
        end: Its last day.
        ids: The ids that filters allow, by the name of the filter.
        words: The words that filters allow, by the name of the filter.
        texts: The texts that filters look for, by the name of the filter.
        sort_field: The metric by which rows are sorted. Empty if they are not.
        ascending: Whether the smallest value comes first.
        totals: Whether the sums of all rows are asked for.
    """

    level: Level
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    time: str
    start: date
    end: date
    ids: dict[str, tuple[str, ...]]
    words: dict[str, tuple[str, ...]]
    texts: dict[str, str]
    sort_field: str
    ascending: bool
    totals: bool

    def allows(self, name: str, value: str) -> bool:
        """Whether a filter allows an id, or is not set."""
        return name not in self.ids or value in self.ids[name]

    @property
    def fingerprint(self) -> bytes:
        """What its rows depend on, the same in every process."""
        days = (self.start.isoformat(), self.end.isoformat())
        return msgspec.json.encode((self.level.name, self.dimensions, days, self.ids, self.words, self.texts))

    @property
    def with_attributes(self) -> bool:
        """Whether rows can show what describes an object: of campaigns always, else of one id and one ID dimension."""
        if self.level is PRODUCT_CAMPAIGN or self.level is LIVE_CAMPAIGN:
            return True
        others = [name for name in self.dimensions if name not in TIMES]
        return len(others) == 1 and all(len(ids) == 1 for ids in self.ids.values())


def parse(params: Mapping[str, Any]) -> GmvMaxQuery:
    """Read the parameters of a request, except for its account, its store and its page.

    Raises:
        Refusal: The request is wrong.
    """
    dimensions = _names(params, "dimensions", _MAX_DIMENSIONS)
    for name in dimensions:
        if name not in DIMENSIONS:
            refuse(f"Invalid dim: {name} is not exist")
    times = [name for name in dimensions if name in TIMES]
    filters = _filters(params)
    level = _level(frozenset(dimensions) - set(TIMES), filters)
    time = times[0] if times else ""
    if len(times) > 1 or time not in level.groupings[frozenset(dimensions) - set(TIMES)]:
        refuse(CONFLICT)
    _check_filters(level, filters)
    start, end = dates(params, time)
    metrics = _names(params, "metrics", _MAX_METRICS)
    for name in metrics:
        if name not in level.attributes and name not in level.metrics:
            refuse(f"Invalid metric: {name} is not exist")
    sort_field, sort_type = params.get("sort_field", ""), params.get("sort_type", "DESC")
    if sort_type not in {"ASC", "DESC"}:
        refuse("sort_type: Must be one of: ASC, DESC.")
    if sort_field and sort_field not in levels.sortable(level):
        refuse(f"sort_field: {sort_field} cannot be used to sort.")
    query = GmvMaxQuery(
        level=level,
        dimensions=tuple(dimensions),
        metrics=tuple(metrics),
        time=time,
        start=start,
        end=end,
        ids={name: tuple(sorted(read.ids(value, name))) for name, value in filters.items() if name in _ID_FILTERS},
        words={name: _known_words(name, filters[name]) for name in _WORDS if name in filters},
        texts={name: read.word(filters, name) for name in ("campaign_name", "search_word") if name in filters},
        sort_field=sort_field,
        ascending=sort_type == "ASC",
        totals=read.boolean(params, "enable_total_metrics"),
    )
    _check_creatives(query)
    for name in metrics:
        if name in level.attributes and not query.with_attributes:
            refuse(f"{name}: Attribute metrics need a single ID in each filter and a single ID dimension.")
    return query


def _names(params: Mapping[str, Any], name: str, longest: int) -> list[str]:
    names = list(dict.fromkeys(read.texts(params, name) or []))
    if not names:
        refuse(f"Missing required field(s): {name}.")
    if len(names) > longest:
        refuse(f"{name}: Longer than maximum length {longest}.")
    return names


def _filters(params: Mapping[str, Any]) -> dict[str, Any]:
    """The filters that are set. Empty ones count as absent."""
    filters = read.filtering(params, FILTERS)
    return {name: value for name, value in filters.items() if value not in ("", [], None)}


def _level(ids: frozenset[str], filters: dict[str, Any]) -> Level:
    """The level of rows with some ID dimensions. Filters decide where two levels have the same."""
    fitting = [level for level in LEVELS if ids in level.groupings]
    if not fitting:
        refuse(CONFLICT)
    if any(level is PRODUCT_CAMPAIGN for level in fitting):
        kinds = filters.get("gmv_max_promotion_types")
        if not kinds:
            refuse("Missing required field(s): filtering.gmv_max_promotion_types.")
        if kinds not in ([PRODUCT], [LIVE]):
            refuse('filtering.gmv_max_promotion_types: It must be ["PRODUCT"] or ["LIVE"] with campaign_id.')
        return PRODUCT_CAMPAIGN if kinds == [PRODUCT] else LIVE_CAMPAIGN
    if fitting == [PRODUCT_DURATIONS, LIVE_DURATIONS]:
        return LIVE_DURATIONS if "room_ids" in filters else PRODUCT_DURATIONS
    return fitting[0]


def _check_filters(level: Level, filters: dict[str, Any]) -> None:
    for name in level.required:
        if name not in filters:
            refuse(f"Missing required field(s): filtering.{name}.")
    for name in filters:
        if name not in level.filters:
            refuse(f"filtering.{name}: It is not supported by these dimensions.")


def _known_words(name: str, value: Any) -> tuple[str, ...]:
    words = tuple(read.text_list(value, name))
    for word in words:
        if word not in _WORDS[name]:
            refuse(f"filtering.{name}: Must be one of: {', '.join(_WORDS[name])}.")
    return words


def _check_creatives(query: GmvMaxQuery) -> None:
    """Refuse the filters of posts that exclude each other, or that one of them needs."""
    if query.level is not CREATIVES:
        return
    kinds, statuses = query.words.get("creative_types"), query.words.get("creative_delivery_statuses")
    if kinds and len(kinds) > 1:
        refuse("filtering.creative_types: Longer than maximum length 1.")
    if kinds and statuses:
        refuse("filtering: creative_types cannot be used together with creative_delivery_statuses.")
    if kinds and not query.with_attributes:
        refuse("filtering.creative_types: It needs a single ID in each filter and a single ID dimension.")
    if not kinds and not statuses and not query.time and query.with_attributes:
        refuse("Missing required field(s): filtering.creative_types.")
