"""Descriptions become column comments in databases and field descriptions in Airbyte: they are plain and name units."""

from __future__ import annotations

import re
from typing import Any

import pytest

from each import for_each
from notation import flatten
from tiktok_marketing.airbyte.spec import CONNECTION_SPECIFICATION
from tiktok_marketing.catalog import ALL_STREAMS, REPORTS, ObjectStream, ReportStream, Stream, json_schema
from tiktok_marketing.catalog.metrics import METRICS, Kind

_OBJECTS = [stream for stream in ALL_STREAMS if isinstance(stream, ObjectStream)]
every_stream = for_each("stream", ALL_STREAMS)
every_report = pytest.mark.parametrize("stream", REPORTS, ids=lambda stream: stream.name)
every_object = pytest.mark.parametrize("stream", _OBJECTS, ids=lambda stream: stream.name)

_UNITS_OF_METRICS = {
    Kind.MONEY: r"in the account's currency",
    Kind.COST: r"in the account's currency",
    Kind.PERCENT: r"in percent \(2\.58 means 2\.58%\)",
    Kind.PEOPLE: r"\bpeople\b.*do not add rows up",
    Kind.AVERAGE: r"in seconds|per person",
    Kind.COUNT: r"^Number of ",
}
_NUMBERS = {"integer", "number"}
# Name of a numeric field to what its description must say.
_UNITS_OF_FIELDS = {
    r"percentage": r"in percent",
    r"_(limit|times)$": r"[Nn]umber of times",
    r"(?<!roas_)bid|budget|balance|bid_price|cp[mr]$|discount_amount": r"in the account's currency",
    r"m(in|ax)_price": r"in `currency`",
    r"roas_bid": r"revenue divided by spend",
    r"reach$|cover_num": r"\bpeople\b",
    r"_count$|impression$": r"[Nn]umber of",
    r"rf_estimated_frequency": r"per person",
    r"(^|_)days$|period$|frequency_schedule": r"[Nn]umber of days",
    r"duration$|badge_show_time": r"in seconds",
    r"create_time": r"epoch seconds.*UTC",
    r"^(image_)?(width|height)$": r"in pixels",
    r"^size$": r"in bytes",
    r"bit_rate": r"in bits per second",
    r"fps": r"in frames per second",
    r"angle": r"in degrees",
    r"position_[xy]": r"edge",
    r"_id$": r"\b[Ii]d of",
}
# Numeric fields whose unit TikTok does not document, or that have none.
_WITHOUT_UNIT = {
    "ad_groups.next_day_retention",
    "ad_groups.skip_learning_phase",
    "ads.carousel_image_index",
    "creative_assets_portfolios.portfolio_content.card_image_index",
    "creative_assets_portfolios.portfolio_content.slide_length",
    "creative_assets_portfolios.portfolio_content.slide_dimension.dimension_width",
    "creative_assets_portfolios.portfolio_content.slide_dimension.dimension_height",
    "ad_groups.frequency",
}
# Words and phrases that a newcomer has to read twice, or that have a plainer form.
_NOT_PLAIN = (
    "anew",
    "by click",
    "by impression",
    "ceases",
    "for a while",
    "goes after",
    "is held",
    "likewise",
    "mends",
    "once more",
    "say",
    "shape",
    "such a",
    "tells of",
    "those",
    "where it",
    "where no",
    "where one",
    "where there",
    "worth",
)
_NOT_PLAIN_PATTERN = re.compile(rf"\.\.\.(?!`)|\b(?:{'|'.join(_NOT_PLAIN)})\b", re.IGNORECASE)
_MOST_WORDS = 25
"""In a sentence."""


def _types(field: dict[str, Any]) -> set[str]:
    return {field["type"]} if isinstance(field["type"], str) else set(field["type"])


@every_stream
def test_every_field_has_a_description(stream: Stream) -> None:
    """Every field, also a nested one, has a description that ends as a sentence does."""
    poor = [
        path
        for path, field in flatten(json_schema(stream)).items()
        if not field.get("description", "").endswith(".") or len(field["description"]) < 8
    ]
    assert poor == []


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.kind in _UNITS_OF_METRICS])
def test_a_metric_names_its_unit(name: str) -> None:
    """The description of a metric names the unit of its kind."""
    metric = METRICS[name]
    assert re.search(_UNITS_OF_METRICS[metric.kind], metric.description), metric.description


def test_only_attributes_have_no_unit() -> None:
    """Every kind of metric that is a number has a unit."""
    assert set(Kind) - set(_UNITS_OF_METRICS) == {Kind.ATTRIBUTE}


@every_report
def test_days_and_hours_of_a_report_name_the_time_zone(stream: ReportStream) -> None:
    """Days and hours of reports are in the account's time zone, and the description says so."""
    fields = flatten(json_schema(stream))
    times = [field["description"] for field in fields.values() if field.get("format") == "date-time"]
    assert len(times) == (2 if stream.cursor else 0)
    assert all("in the account's time zone" in description for description in times)


@every_object
def test_times_of_objects_are_in_utc(stream: ObjectStream) -> None:
    """Times of objects are in UTC, and the description says so."""
    assert [
        path
        for path, field in flatten(json_schema(stream)).items()
        if field.get("format") == "date-time" and "(UTC)" not in field["description"]
    ] == []


@every_object
def test_numbers_of_objects_name_their_unit(stream: ObjectStream) -> None:
    """Every numeric field of an object names its unit, unless TikTok documents none."""
    wrong = []
    for path, field in flatten(json_schema(stream)).items():
        full_path = f"{stream.name}.{path.replace('[]', '')}"
        if not _types(field) & _NUMBERS or full_path in _WITHOUT_UNIT:
            continue
        name = path.rpartition(".")[2]
        known = [unit for pattern, unit in _UNITS_OF_FIELDS.items() if re.search(pattern, name)]
        # A field whose name says nothing about its unit may have any of the units.
        if not any(re.search(unit, field["description"]) for unit in known[:1] or _UNITS_OF_FIELDS.values()):
            wrong.append(f"{full_path}: {field['description']}")
    assert wrong == []


@every_object
def test_ids_of_objects_are_called_ids(stream: ObjectStream) -> None:
    """A field that holds an id says so, so that nobody takes it for a name."""
    assert [
        f"{path}: {field['description']}"
        for path, field in flatten(json_schema(stream)).items()
        if re.search(r"(^|_)ids?$", path) and not re.search(r"\b[Ii]ds?\b", field["description"])
    ] == []


def _problem(description: str) -> str | None:
    """Return what is wrong with the English of a description; None if it is plain."""
    if phrase := _NOT_PLAIN_PATTERN.search(description):
        return f"{phrase[0]!r} in: {description}"
    longest = max(len(sentence.split()) for sentence in re.split(r"[.:;] ", description))
    return f"a sentence of {longest} words in: {description}" if longest > _MOST_WORDS else None


@every_stream
def test_descriptions_of_streams_are_plain(stream: Stream) -> None:
    """No description of a stream or field has a long sentence or a phrase that has to be read twice."""
    fields = flatten(json_schema(stream)).values()
    descriptions = {stream.description, *(field["description"] for field in fields)}
    assert sorted(filter(None, map(_problem, descriptions))) == []


def test_descriptions_of_the_configuration_are_plain() -> None:
    """The same holds for the fields of the configuration."""
    fields = flatten(CONNECTION_SPECIFICATION)
    for form in CONNECTION_SPECIFICATION["properties"]["credentials"]["oneOf"]:
        fields |= flatten(form, f"{form['title']}.")
    described = {path: field["description"] for path, field in fields.items() if "const" not in field}
    assert [path for path, description in described.items() if not description.endswith(".")] == []
    assert sorted(filter(None, map(_problem, described.values()))) == []
