"""Which reports are accepted, and what is said about the others."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.catalog import ON_REQUEST, REPORTS, ReportStream
from tiktok_marketing.catalog.report_rules import (
    _ALL_DIMENSIONS,
    _STREAMS_OF_TYPES,
    GRAINS,
    LEVELS,
    Question,
    first_objection,
    is_documented,
    metrics_with,
)

_LEVEL_WORDS = {level: word for word, level in LEVELS.items()}
_GRAIN_WORDS = {grain: word for word, grain in GRAINS.items() if grain is not None}


@pytest.mark.parametrize(("report_type", "pattern"), _STREAMS_OF_TYPES.items())
def test_streams_that_a_remedy_names_have_the_report_type(report_type: str, pattern: str) -> None:
    """All of them."""
    streams = [stream for stream in ON_REQUEST if fnmatch(stream.name, pattern)]
    assert streams
    assert {stream.source.report_type for stream in streams if isinstance(stream, ReportStream)} == {report_type}


@pytest.mark.parametrize("stream", REPORTS, ids=lambda stream: stream.name)
def test_no_rule_refuses_what_a_fixed_stream_asks_for(stream: ReportStream) -> None:
    """These reports are read every day."""
    source = stream.source
    needed = tuple(name for name in source.metrics if name not in source.optional)
    question = Question(
        report_type=source.report_type,
        level=_LEVEL_WORDS[source.data_level],
        dimensions=stream.breakdown,
        metrics=needed,
        grain=_GRAIN_WORDS[source.grain],
    )
    assert first_objection(question) is None


@pytest.mark.parametrize(
    ("fields", "message", "remedy"),
    [
        (
            {"report_type": "BC"},
            "cannot have the report type BC",
            "Read the streams advertisers_business_center_reports_*, or use BASIC, AUDIENCE or CATALOG.",
        ),
        ({"report_type": "SHOP"}, "The report_type 'SHOP' does not exist.", "Use BASIC, AUDIENCE or CATALOG."),
        ({"grain": "year"}, "The grain 'year' does not exist.", "Use hour, day, lifetime or none."),
        ({"level": "account", "dimensions": ("campaign_id",)}, "with the level account", "Use the level campaign, or"),
        ({"level": "adgroup"}, "The level 'adgroup' does not exist.", "Did you mean ad_group?"),
        ({"grain": "dayly"}, "The grain 'dayly' does not exist.", "Did you mean day?"),
        ({"grain": "month"}, "no BASIC report by month", "Use the grain day"),
        (
            {"report_type": "AUDIENCE", "dimensions": ("age",), "grain": "lifetime"},
            "no grain lifetime",
            "Use the grain none",
        ),
        ({"dimensions": ("campaign_id",)}, "campaign_id does not go with the level ad", "Leave it out"),
        ({"dimensions": ("county_code",)}, "'county_code' does not exist", "Did you mean country_code?"),
        ({"dimensions": ("age",)}, "age does not go with the report type BASIC", "Set report_type to AUDIENCE."),
        (
            {"dimensions": ("search_terms",), "report_type": "AUDIENCE"},
            "search_terms does not go with the report type AUDIENCE",
            "Set report_type to BASIC.",
        ),
        ({"dimensions": ("stat_time_hour",)}, "stat_time_hour does not go with the grain day", "the grain decides"),
        ({"dimensions": ("ad_id", "ad_id_v2")}, "ad_id and ad_id_v2 do not go together", "Leave one of them out."),
        ({"dimensions": ("match_type", "age")}, "match_type and age do not go together", "a report for each"),
        (
            {"metrics": ("cash_spend",), "dimensions": ("campaign_id",), "level": "campaign"},
            "only for whole accounts and days",
            "Leave it out.",
        ),
        ({"dimensions": ("country_code", "ad_type")}, "not country_code with ad_type", "a report for each"),
        ({"report_type": "AUDIENCE"}, "needs a dimension of the audience", "set report_type to BASIC"),
        (
            {"report_type": "AUDIENCE", "dimensions": ("age", "platform")},
            "age and platform do not go together",
            "a report for each",
        ),
        ({"dimensions": ("ad_type",), "level": "account"}, "ad_type does not go with the level account", "campaign"),
        (
            {"report_type": "AUDIENCE", "dimensions": ("interest_category",)},
            "interest_category does not go with a time",
            "Use the grain none",
        ),
        (
            {"dimensions": ("country_code",), "grain": "lifetime"},
            "lifetime does not go with the dimension country_code",
            "Use the grain none",
        ),
        ({"metrics": ()}, "has no metrics", "such as spend"),
        ({"metrics": tuple(f"m{number}" for number in range(101))}, "has 101 metrics", "two reports"),
        ({"metrics": ("spent",)}, "The metric 'spent' does not exist.", "Did you mean spend"),
        (
            {
                "report_type": "AUDIENCE",
                "dimensions": ("language",),
                "metrics": ("spend", "live_unique_views", "reach"),
            },
            "reach counts people, which TikTok does not break down by language",
            "leave out the dimension language and set report_type to BASIC",
        ),
        (
            {"dimensions": ("search_terms",), "metrics": ("spend", "purchase")},
            "purchase does not go with the dimension search_terms",
            "metrics --with search_terms",
        ),
        ({"metrics": ("cash_spend",)}, "cash_spend only for whole accounts and days", "Use the level account"),
    ],
)
def test_an_objection_names_what_does_not_go_together_and_what_would(
    fields: dict[str, Any], message: str, remedy: str
) -> None:
    """The first broken rule counts."""
    objection = first_objection(Question(**({"metrics": ("spend",)} | fields)))
    assert objection is not None
    assert message in objection.message
    assert remedy in objection.remedy


@pytest.mark.parametrize(
    "fields",
    [
        {"dimensions": ("ad_id_v2", "country_code")},
        {"dimensions": ("stat_time_day",)},
        {"report_type": "AUDIENCE", "dimensions": ("gender", "age")},
        {"report_type": "AUDIENCE", "dimensions": ("interest_category",), "grain": "none"},
        {"report_type": "AUDIENCE", "dimensions": ("bucket_id",), "grain": "hour"},
        {"level": "account", "metrics": ("cash_spend", "voucher_spend")},
        {"level": "campaign", "grain": "lifetime", "metrics": ("total_active_pay_roas", "campaign_name")},
    ],
)
def test_a_report_that_tiktok_answers_has_no_objection(fields: dict[str, Any]) -> None:
    """These break no rule."""
    assert first_objection(Question(**({"metrics": ("spend",)} | fields))) is None


def test_tiktok_decides_about_dimensions_without_a_list() -> None:
    """Nothing is refused that nobody listed."""
    question = Question(report_type="AUDIENCE", dimensions=("language",), metrics=("spend", "registration"))
    assert metrics_with("language", "AUDIENCE") is None
    assert first_objection(question) is None
    assert is_documented("spend", question)
    assert not is_documented("registration", question)


def test_tiktok_decides_where_it_answers_more_than_it_published() -> None:
    """Users get these by country."""
    question = Question(dimensions=("country_code",), metrics=("total_active_pay_roas",))
    assert "total_active_pay_roas" not in (metrics_with("country_code", "BASIC") or ())
    assert first_objection(question) is None
    assert not is_documented("total_active_pay_roas", question)


def test_tiktok_decides_about_attributes_of_lower_levels() -> None:
    """TikTok answers them, without a value."""
    question = Question(level="campaign", metrics=("ad_name",))
    assert first_objection(question) is None
    assert not is_documented("ad_name", question)


_ADVICE = {
    "report_type": re.compile(r"[Ss]et report_type to ([A-Z]+)"),
    "grain": re.compile(r"[Uu]se (?:the level \w+ and )?the grain (\w+)"),
    "level": re.compile(r"[Uu]se the level (\w+)"),
}
_SOME_METRICS = ["spend", "reach", "cash_spend", "purchase", "campaign_name", "page_browse_view", "skan_app_install"]
_NAMES = [*_ALL_DIMENSIONS, "campaign_id", "adgroup_id", "ad_id", "ad_id_v2", "stat_time_day", "stat_time_hour"]


def followed(question: Question, remedy: str) -> Question:
    """The question as a remedy advises it; the same one if it only says what to leave out."""
    without = re.search(r"leave out the dimension (\w+)", remedy)
    names = [name for name in question.dimensions if without is None or name != without.group(1)]
    advised = {field: found.group(1) for field, pattern in _ADVICE.items() if (found := pattern.search(remedy))}
    deleted = None if "without include_deleted" in remedy else question.include_deleted
    return msgspec.structs.replace(question, dimensions=tuple(names), include_deleted=deleted, **advised)


@given(
    st.builds(
        Question,
        metrics=st.lists(st.sampled_from(_SOME_METRICS), min_size=1, max_size=2, unique=True).map(tuple),
        report_type=st.sampled_from(["BASIC", "AUDIENCE", "CATALOG"]),
        level=st.sampled_from(list(LEVELS)),
        dimensions=st.lists(st.sampled_from(sorted(_NAMES)), max_size=2, unique=True).map(tuple),
        grain=st.sampled_from(list(GRAINS)),
        include_deleted=st.sampled_from([None, True, False]),
    )
)
def test_whoever_follows_remedies_does_not_go_in_a_circle(question: Question) -> None:
    """Each leads to a report that goes, or to another objection than before."""
    seen: set[tuple[Question, str]] = set()
    while (objection := first_objection(question)) is not None:
        step = question, objection.message
        assert step not in seen, objection.remedy
        seen.add(step)
        advised = followed(question, objection.remedy)
        if advised == question:
            return
        question = advised
