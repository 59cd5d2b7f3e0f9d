"""Which metrics, dimensions, level and grain go together in a report: TikTok's rules, in the order to test them. Pure.

The rules are those of `/report/integrated/get/` for the report types BASIC, AUDIENCE and CATALOG. The metrics by
dimension are a table (`tables/metrics_by_dimension.json`). Where TikTok published none, or answers more than it
published, nothing is refused here, and TikTok decides when it is asked. What a fixed stream asks for is never refused
either.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

from tiktok_marketing.catalog.metric_index import metric_index, metric_named
from tiktok_marketing.catalog.metrics import Kind
from tiktok_marketing.catalog.objection import Objection, either, unknown_word
from tiktok_marketing.catalog.report_filters import filter_objections
from tiktok_marketing.catalog.reports import REPORTS
from tiktok_marketing.catalog.stream import Grain, Level, ReportFilter

_TABLE = Path(__file__).parent / "tables" / "metrics_by_dimension.json"

REPORT_TYPES = ("BASIC", "AUDIENCE", "CATALOG")
LEVELS: Mapping[str, Level] = {
    "account": Level.ADVERTISER,
    "campaign": Level.CAMPAIGN,
    "ad_group": Level.AD_GROUP,
    "ad": Level.AD,
}
"""The levels as people write them."""
GRAINS: Mapping[str, Grain | None] = {
    "hour": Grain.HOUR,
    "day": Grain.DAY,
    "week": None,
    "month": None,
    "lifetime": Grain.LIFETIME,
    "none": Grain.SPAN,
}
"""The grains as people write them; None for those that these report types lack."""
ID_DIMENSIONS: Mapping[Level, tuple[str, ...]] = {
    Level.ADVERTISER: ("advertiser_id",),
    Level.CAMPAIGN: ("campaign_id",),
    Level.AD_GROUP: ("adgroup_id",),
    Level.AD: ("ad_id", "ad_id_v2"),
}
"""The dimensions that name what a row is about. The first one is the usual one."""
_LEVELS_BY_ID = {name: word for word, level in LEVELS.items() for name in ID_DIMENSIONS[level]}
"""The level of each of these dimensions, as people write it."""
STATUS_FILTERS: Mapping[Level, str] = {
    Level.CAMPAIGN: "campaign_status",
    Level.AD_GROUP: "adgroup_status",
    Level.AD: "ad_status",
}
"""The filter that includes rows of deleted objects. The level account has none."""
TIME_DIMENSIONS: Mapping[Grain, str] = {Grain.DAY: "stat_time_day", Grain.HOUR: "stat_time_hour"}

BASIC_DIMENSIONS = (
    "country_code",
    "ad_type",
    "custom_event_type",
    "event_source_id",
    "page_id",
    "component_name",
    "room_id",
    "post_id",
    "image_id",
    "video_material_id",
    "minis_id",
    "search_terms",
    "search_keyword",
    "match_type",
    "skan_postback_sequence",
)
"""What a BASIC report can be broken down by: one of them."""
AUDIENCE_DIMENSIONS = (
    "gender",
    "age",
    "country_code",
    "province_id",
    "dma_id",
    "language",
    "platform",
    "ac",
    "placement",
    "ad_type",
    "device_brand_id",
    "interest_category",
    "interest_category_tier2",
    "interest_category_tier3",
    "interest_category_tier4",
    "additional_interests",
    "audience_tags",
    "behavior_id",
    "contextual_tag",
    "hashtag",
    "purchase_intention",
    "bucket_id",
)
"""What an AUDIENCE report can be broken down by: one of them, or age with gender."""
CATALOG_DIMENSIONS = ("catalog_id", "product_set_id", "sku_id")
"""What a CATALOG report can presumably be broken down by. No public copy of TikTok's page on them is known."""
_DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "BASIC": BASIC_DIMENSIONS,
    "AUDIENCE": AUDIENCE_DIMENSIONS,
    "CATALOG": CATALOG_DIMENSIONS,
}
"""The dimensions of each report type, beside ids and times."""
_ALL_DIMENSIONS = frozenset(name for names in _DIMENSIONS.values() for name in names)
TIMELESS = frozenset(
    {
        "interest_category",
        "interest_category_tier2",
        "interest_category_tier3",
        "interest_category_tier4",
        "device_brand_id",
    }
)
"""Dimensions that go with no time."""
_CONTESTED = frozenset({("BASIC", "country_code")})
"""Report types and dimensions with a published list that TikTok answers more than."""
_ONLY_BROKEN_DOWN = frozenset(
    {
        "skan_conversion_rate",
        "skan_app_install",
        "skan_cost_per_app_install",
        "skan_app_install_withheld",
        "page_browse_view",
        "cost_per_page_browse_view",
        "page_browse_view_rate",
    }
)
"""Metrics that TikTok documents with some dimensions only."""
_USUAL = "other"
"""The row of the table for audience dimensions without a list: what other clients are known to get."""
PEOPLE = ("reach", "frequency", "cost_per_1000_reached", "average_video_play_per_user", "live_play_count")
"""Metrics that count people, which TikTok does not break down by the audience."""
_WHOLE_ACCOUNT_DAYS = ("cash_spend", "voucher_spend")
_STREAMS_OF_TYPES = {
    "BC": "advertisers_business_center_reports_*",
    "TT_SHOP": "*_shop_reports_*",
    "PLAYABLE_MATERIAL": "playables_reports_*",
}
"""Other report types of TikTok's, and the streams that have them."""
MOST_METRICS = 100
"""The most metrics of one report: TikTok's advice for one request."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a report is to show.

    Args:
        report_type: `BASIC`, `AUDIENCE` or `CATALOG`.
        level: `account`, `campaign`, `ad_group` or `ad`.
        dimensions: What to break the rows down by, beside the level's id and the time; or `ad_id_v2`.
        metrics: The figures.
        grain: `hour`, `day`, `week`, `month`, `lifetime` or `none`.
        filters: The conditions on the objects that rows are about.
        include_deleted: Whether rows of deleted objects are there; None if the configuration decides for all streams.
    """

    metrics: tuple[str, ...]
    report_type: str = "BASIC"
    level: str = "ad"
    dimensions: tuple[str, ...] = ()
    grain: str = "day"
    filters: tuple[ReportFilter, ...] = ()
    include_deleted: bool | None = None

    @property
    def id_dimension(self) -> str:
        """The dimension that names what a row is about."""
        usual, *others = ID_DIMENSIONS[LEVELS[self.level]]
        return next((name for name in self.dimensions if name in others), usual)

    @property
    def breakdown(self) -> tuple[str, ...]:
        """The dimensions beside the id and the time."""
        given = {*ID_DIMENSIONS[LEVELS[self.level]], *TIME_DIMENSIONS.values()}
        return tuple(dict.fromkeys(name for name in self.dimensions if name not in given))


def first_objection(question: Question) -> Objection | None:
    """The first rule that a report breaks; None if TikTok answers it, as far as its documents say."""
    return next((found for rule in _RULES for found in rule(question)), None)


def level_and_grain_of(dimensions: Iterable[str]) -> tuple[str | None, str | None]:
    """The level and the grain that go with ids and times among these dimensions; None where there is no such one."""
    words = {time: word for word, grain in GRAINS.items() if grain and (time := TIME_DIMENSIONS.get(grain))}
    names = list(dimensions)
    return next((_LEVELS_BY_ID[name] for name in names if name in _LEVELS_BY_ID), None), next(
        (words[name] for name in names if name in words), None
    )


def is_allowed_at(dimension: str, level: Level) -> bool:
    """Whether a report of this level can be broken down by a dimension."""
    return dimension != "ad_type" or level is not Level.ADVERTISER


def report_type_with(dimensions: Iterable[str]) -> str:
    """The first report type that has one of these dimensions, which BASIC reports lack; else BASIC."""
    rare = [name for name in dimensions if name not in BASIC_DIMENSIONS]
    return next((kind for kind, names in _DIMENSIONS.items() if any(name in names for name in rare)), "BASIC")


def metrics_with(dimension: str, report_type: str) -> frozenset[str] | None:
    """The metrics that go with a dimension, attributes aside; None if TikTok published no list."""
    names = _metrics_by_dimension().get(report_type, {}).get(dimension)
    return None if names is None else frozenset(names)


def is_documented(name: str, question: Question) -> bool:
    """Whether a metric is known to go with a report. Otherwise TikTok decides, or the rules refuse it."""
    if question.report_type == "CATALOG":
        return False
    metric = metric_named(name)
    if metric is None or LEVELS[question.level] not in metric.levels:
        return False
    if question.report_type == "AUDIENCE" and (name in PEOPLE or question.grain == "hour"):
        return False
    if metric.kind is Kind.ATTRIBUTE or name in _of_streams(question.report_type, question.breakdown):
        return True
    if name in _ONLY_BROKEN_DOWN and not question.breakdown:
        return False
    table = _metrics_by_dimension()[question.report_type]
    usual = table.get(_USUAL)
    return all((names := table.get(dimension, usual)) is None or name in names for dimension in question.breakdown)


def _known_words(question: Question) -> Iterator[Objection]:
    if streams := _STREAMS_OF_TYPES.get(question.report_type):
        yield Objection(
            f"A report of one's own cannot have the report type {question.report_type}.",
            f"Read the streams {streams}, or use {either(REPORT_TYPES)}.",
        )
    if question.report_type not in REPORT_TYPES:
        yield unknown_word("report_type", question.report_type, REPORT_TYPES)
    if question.level not in LEVELS:
        yield unknown_word("level", question.level, tuple(LEVELS))
    if question.grain not in GRAINS:
        yield unknown_word("grain", question.grain, tuple(name for name, grain in GRAINS.items() if grain is not None))


def _grain(question: Question) -> Iterator[Objection]:
    if GRAINS[question.grain] is None:
        yield Objection(
            f"TikTok has no {question.report_type} report by {question.grain}.",
            "Use the grain day, and sum up days in the database. Counts of people cannot be summed up.",
        )
    if question.grain == "lifetime" and question.report_type != "BASIC":
        yield Objection(
            f"{question.report_type} reports have no grain lifetime.",
            "Use the grain none, which sums up the days from start_date to end_date, at most 365.",
        )


def _dimensions(question: Question) -> Iterator[Objection]:
    level = LEVELS[question.level]
    known = _DIMENSIONS[question.report_type]
    own = (*ID_DIMENSIONS[level], *TIME_DIMENSIONS.values())
    foreign = _LEVELS_BY_ID.keys() - set(own)
    for name in question.dimensions:
        if name in foreign:
            yield Objection(
                f"The dimension {name} does not go with the level {question.level}.", _instead_of(name, question)
            )
        if name not in known and name not in own:
            yield _dimension_of_another_type(name, question) or unknown_word("dimension", name, known)
        if name in TIME_DIMENSIONS.values() and TIME_DIMENSIONS.get(GRAINS[question.grain] or Grain.SPAN) != name:
            yield Objection(
                f"The dimension {name} does not go with the grain {question.grain}.",
                "Leave it out: the grain decides the dimension of time.",
            )
    if "ad_id" in question.dimensions and "ad_id_v2" in question.dimensions:
        yield Objection("The dimensions ad_id and ad_id_v2 do not go together.", "Leave one of them out.")


def _instead_of(name: str, question: Question) -> str:
    """What would go in place of an id that is not the level's own."""
    words = list(LEVELS)
    word = _LEVELS_BY_ID[name]
    own = ID_DIMENSIONS[LEVELS[question.level]][0]
    if words.index(word) > words.index(question.level):
        return f"Use the level {word}, or leave it out: the rows of this level have {own}."
    return (
        f"Leave it out: the rows of this level have {own}. Names and ids of the objects above are metrics, such as "
        "campaign_id."
    )


def _dimension_of_another_type(name: str, question: Question) -> Objection | None:
    if not any(name in names for names in _DIMENSIONS.values()):
        return None
    wanted = _ALL_DIMENSIONS.intersection(question.breakdown)
    others = [other for other, names in _DIMENSIONS.items() if wanted.issubset(names)]
    if not others:
        return Objection(
            f"The dimensions {' and '.join(question.breakdown)} do not go together: no report type has all of them.",
            "Make a report for each of them.",
        )
    return Objection(
        f"The dimension {name} does not go with the report type {question.report_type}.",
        f"Set report_type to {' or '.join(others)}.",
    )


def _breakdown(question: Question) -> Iterator[Objection]:
    breakdown = question.breakdown
    if question.report_type == "BASIC" and len(breakdown) > 1:
        yield Objection(
            f"A BASIC report has one dimension beside the id and the time, and not {' with '.join(breakdown)}.",
            "Make a report for each of them.",
        )
    if question.report_type == "AUDIENCE":
        if not breakdown:
            yield Objection(
                "An AUDIENCE report needs a dimension of the audience.",
                f"Add one of {', '.join(AUDIENCE_DIMENSIONS[:6])} and others, or set report_type to BASIC.",
            )
        if len(breakdown) > 1 and set(breakdown) != {"age", "gender"}:
            yield Objection(
                f"The dimensions {' and '.join(breakdown)} do not go together: only age and gender do.",
                "Make a report for each of them.",
            )
    if question.report_type == "CATALOG" and not breakdown:
        yield Objection(
            "A CATALOG report needs a dimension of the catalog.",
            f"Add one of {', '.join(CATALOG_DIMENSIONS)}, or set report_type to BASIC.",
        )
    if not all(is_allowed_at(name, LEVELS[question.level]) for name in breakdown):
        yield Objection("The dimension ad_type does not go with the level account.", "Use the level campaign.")


def _times(question: Question) -> Iterator[Objection]:
    breakdown = question.breakdown
    if question.grain in {"day", "hour"} and (timeless := TIMELESS.intersection(breakdown)):
        yield Objection(
            f"The dimension {min(timeless)} does not go with a time.",
            "Use the grain none, which sums up the days from start_date to end_date, at most 365.",
        )
    if question.grain == "lifetime" and breakdown:
        yield Objection(
            f"The grain lifetime does not go with the dimension {breakdown[0]}.",
            "Use the grain none, which sums up the days from start_date to end_date, at most 365.",
        )


def _metrics(question: Question) -> Iterator[Objection]:
    if not question.metrics:
        yield Objection("The report has no metrics.", "Name at least one, such as spend.")
    if len(question.metrics) > MOST_METRICS:
        yield Objection(
            f"The report has {len(question.metrics)} metrics, and one request has at most {MOST_METRICS}.",
            "Make two reports of it.",
        )
    for name in question.metrics:
        if metric_named(name) is None:
            near = " or ".join(difflib.get_close_matches(name, list(metric_index()), n=2))
            suggestion = f"Did you mean {near}? " if near else ""
            yield Objection(
                f"The metric {name!r} does not exist.", f"{suggestion}`tiktok-marketing metrics` lists all metrics."
            )


def _people(question: Question) -> Iterator[Objection]:
    if question.report_type != "AUDIENCE":
        return
    for name in question.metrics:
        if name in PEOPLE and name not in _of_streams(question.report_type, question.breakdown):
            foreign = [dimension for dimension in question.breakdown if dimension not in BASIC_DIMENSIONS]
            without = f"leave out the dimension {' and '.join(foreign)} and " if foreign else ""
            yield Objection(
                f"The metric {name} counts people, which TikTok does not break down by {question.breakdown[0]} in "
                "AUDIENCE reports.",
                f"Leave it out, or {without}set report_type to BASIC.",
            )


def _by_dimension(question: Question) -> Iterator[Objection]:
    for dimension in question.breakdown:
        allowed = metrics_with(dimension, question.report_type)
        if allowed is None or (question.report_type, dimension) in _CONTESTED:
            continue
        allowed |= _of_streams(question.report_type, question.breakdown)
        for name in question.metrics:
            metric = metric_named(name)
            if name not in allowed and metric is not None and metric.kind is not Kind.ATTRIBUTE:
                yield Objection(
                    f"The metric {name} does not go with the dimension {dimension}.",
                    f"`tiktok-marketing metrics --with {dimension}` lists those that do.",
                )


def _filters(question: Question) -> Iterator[Objection]:
    level = LEVELS[question.level]
    status = STATUS_FILTERS.get(level, "")
    if question.include_deleted is False and not status:
        yield Objection(
            "An account's own rows always include deleted objects.",
            "Leave include_deleted out, or use the level campaign.",
        )
    yield from filter_objections(
        question.filters,
        report_type=question.report_type,
        id_dimension=question.id_dimension,
        include_deleted=question.include_deleted,
        status=status,
    )


def _whole_accounts(question: Question) -> Iterator[Objection]:
    if (question.level, question.grain) == ("account", "day"):
        return
    for name in question.metrics:
        if name in _WHOLE_ACCOUNT_DAYS:
            yield Objection(
                f"TikTok has the metric {name} only for whole accounts and days.",
                _as_whole_account(name, question),
            )


def _as_whole_account(name: str, question: Question) -> str:
    """How to have a metric of whole accounts and days, if the rest of the report allows it."""
    account = replace(question, level="account", grain="day", metrics=(name,), include_deleted=None)
    if first_objection(account) is not None:
        return "Leave it out."
    without = " without include_deleted" if question.include_deleted is False else ""
    return f"Use the level account and the grain day{without}, or leave it out."


_RULES: tuple[Callable[[Question], Iterator[Objection]], ...] = (
    _known_words,
    _grain,
    _dimensions,
    _breakdown,
    _times,
    _metrics,
    _people,
    _by_dimension,
    _whole_accounts,
    _filters,
)
"""In the order to test them: a later one may rely on what the ones before have refused."""


@cache
def _of_streams(report_type: str, breakdown: tuple[str, ...]) -> frozenset[str]:
    """The metrics that fixed streams with this breakdown cannot do without."""
    return frozenset(
        name
        for stream in REPORTS
        if stream.source.report_type == report_type and set(stream.breakdown) == set(breakdown)
        for name in stream.metrics
        if name not in stream.source.optional
    )


@cache
def _metrics_by_dimension() -> dict[str, dict[str, tuple[str, ...]]]:
    return msgspec.json.decode(_TABLE.read_bytes(), type=dict[str, dict[str, tuple[str, ...]]])
