"""The schema in the specification accepts the configurations that the code accepts, and the other way round."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from unit_builders import OAUTH, SANDBOX

from tiktok_marketing.airbyte.spec import CONNECTION_SPECIFICATION
from tiktok_marketing.config import parse_config
from tiktok_marketing.errors import ConfigurationError

SCHEMA = Draft7Validator(CONNECTION_SPECIFICATION)
PROPERTIES = CONNECTION_SPECIFICATION["properties"]


def is_valid(raw: Any) -> bool:
    """Whether Airbyte's platform accepts the configuration."""
    return bool(SCHEMA.is_valid(raw))


def is_accepted(raw: Any) -> bool:
    """Whether the code does."""
    try:
        parse_config(raw)
    except ConfigurationError:
        return False
    return True


def test_the_schema_is_a_schema() -> None:
    """Of the draft that it names."""
    Draft7Validator.check_schema(CONNECTION_SPECIFICATION)
    assert CONNECTION_SPECIFICATION["$schema"] == Draft7Validator.META_SCHEMA["$schema"]


OPTIONAL = [name for name in PROPERTIES if name != "credentials"]
VALUES: list[tuple[str, Any]] = [
    *((name, value) for name in OPTIONAL for value in (None, "")),
    ("start_date", "2026-01-31"),
    ("start_date", " 2026-01-31 "),
    ("end_date", "2026-01-31"),
    ("attribution_window", 0),
    ("attribution_window", 364),
    ("attribution_window", 7.0),
    ("attribution_window", "28"),
    ("attribution_window", " 364 "),
    ("report_granularity", 1),
    ("report_granularity", "30"),
    ("report_granularity", "LIFETIME"),
    ("report_granularity", "Day"),
    ("report_granularity", "hour"),
    ("include_deleted", True),
    ("include_deleted", "true"),
    ("skip_empty_days", "False"),
    ("skip_inaccessible_advertisers", "TRUE"),
    ("advertiser_ids", []),
    ("advertiser_ids", ["7000000000000000001", 7000000000000000002]),
    ("advertiser_ids", "7000000000000000001, 7000000000000000002"),
    ("exclude_advertiser_ids", "7000000000000000001"),
    ("refresh_objects", "daily"),
    ("requests_per_second", 50),
    ("requests_per_second", 0.1),
    ("requests_per_second", "20"),
    ("requests_per_second", "0.5"),
    ("requests_per_second", "1000"),
]


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_what_the_code_accepts_is_valid(name: str, value: Any) -> None:
    """Empty and null values, names of granularities, numbers and flags as text."""
    raw = {"credentials": OAUTH, name: value}
    assert is_accepted(raw)
    assert is_valid(raw), list(SCHEMA.iter_errors(raw))


WRONG: list[tuple[str, Any]] = [
    ("start_date", "yesterday"),
    ("start_date", 20260131),
    ("end_date", "31.01.2026"),
    ("end_date", "  "),
    ("attribution_window", -1),
    ("attribution_window", 365),
    ("attribution_window", "365"),
    ("attribution_window", 1.5),
    ("attribution_window", "٣"),
    ("attribution_window", True),
    ("report_granularity", 0),
    ("report_granularity", 31),
    ("report_granularity", "0"),
    ("report_granularity", "WEEK"),
    ("include_deleted", 1),
    ("include_deleted", "yes"),
    ("advertiser_ids", 7000000000000000001),
    ("advertiser_ids", ["shop"]),
    ("advertiser_ids", [True]),
    ("advertiser_ids", [-1]),
    ("advertiser_ids", "shop"),
    ("advertiser_ids", "7" * 20),
    ("advertiser_ids", f"7001,{'7' * 20}"),
    ("advertiser_ids", ["7" * 20]),
    ("advertiser_ids", [2**63]),
    ("advertiser_ids", {"id": "7001"}),
    ("refresh_objects", "weekly"),
    ("refresh_objects", True),
    ("requests_per_second", 0),
    ("requests_per_second", 1001),
    ("requests_per_second", "0.05"),
    ("requests_per_second", "1_0"),
    ("requests_per_second", "nan"),
    ("requests_per_second", "1000.5"),
    ("requests_per_second", False),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_the_code_refuses_is_not_valid(name: str, value: Any) -> None:
    """Airbyte's form and API say so before a sync runs."""
    raw = {"credentials": OAUTH, name: value}
    assert not is_accepted(raw)
    assert not is_valid(raw)


TOKEN = {"access_token": "token-1"}
APPLICATION = {"app_id": "7123", "secret": "secret-1"}
SHAPES: dict[str, tuple[Any, bool]] = {
    "OAuth": ({"credentials": OAUTH}, True),
    "OAuth with an account": ({"credentials": {**OAUTH, "advertiser_id": "7001"}}, True),
    "OAuth with an account as a number": ({"credentials": {**OAUTH, "advertiser_id": 7001}}, True),
    "OAuth without the account": ({"credentials": {**OAUTH, "advertiser_id": None}}, True),
    "OAuth with an empty account": ({"credentials": {**OAUTH, "advertiser_id": ""}}, True),
    "OAuth without auth_type": ({"credentials": {**APPLICATION, **TOKEN}}, True),
    "sandbox": ({"credentials": SANDBOX}, True),
    "sandbox with an account as a number": ({"credentials": {**SANDBOX, "advertiser_id": 7001}}, True),
    "sandbox without auth_type": ({"credentials": {"advertiser_id": "7001", **TOKEN}}, True),
    "the former production shape": ({**TOKEN, "environment": APPLICATION}, True),
    "the former sandbox shape": ({**TOKEN, "environment": {"advertiser_id": "7001"}}, True),
    "both without auth_type": ({"credentials": {**APPLICATION, **TOKEN, "advertiser_id": "7001"}}, False),
    "another auth_type": ({"credentials": {**OAUTH, "auth_type": "password"}}, False),
    "a null auth_type": ({"credentials": {**OAUTH, "auth_type": None}}, False),
    "no secret": ({"credentials": {"auth_type": "oauth2.0", "app_id": "7123", **TOKEN}}, False),
    "a sandbox without an account": ({"credentials": {"auth_type": "sandbox_access_token", **TOKEN}}, False),
    "a sandbox with an empty account": ({"credentials": {**SANDBOX, "advertiser_id": ""}}, False),
    "an account as a number with a point": ({"credentials": {**OAUTH, "advertiser_id": 7001.0}}, True),
    "an account that is half a number": ({"credentials": {**OAUTH, "advertiser_id": 0.5}}, False),
    "an account of 20 digits": ({"credentials": {**OAUTH, "advertiser_id": "7" * 20}}, False),
    "an account beyond 64 bits": ({"credentials": {**OAUTH, "advertiser_id": 2**63}}, False),
    "the last account of 64 bits": ({"credentials": {**OAUTH, "advertiser_id": 2**63 - 1}}, True),
    "a sandbox with an account of 20 digits": ({"credentials": {**SANDBOX, "advertiser_id": "7" * 20}}, False),
    "a sandbox with an account beyond 64 bits": ({"credentials": {**SANDBOX, "advertiser_id": 2**63}}, False),
    "an account that is a name": ({"credentials": {**OAUTH, "advertiser_id": "shop"}}, False),
    "text": ({"credentials": "token"}, False),
}


@pytest.mark.parametrize(("raw", "accepted"), SHAPES.values(), ids=SHAPES)
def test_the_schema_and_the_code_agree_on_credentials(raw: Any, accepted: bool) -> None:
    """In each shape that Airbyte's connector has had."""
    assert is_accepted(raw) is accepted
    assert is_valid(raw) is accepted


_texts = st.sampled_from(["", " ", "0", "7", "007", "364", "365", "30", "31", "true", "False", "DAY", "lifetime", "x"])
_texts |= st.sampled_from([".5", "5.", ".", "1e1", "1_0", "+5", "-0", "999.9", "1000.0", "1000.1", "00.1", "0.0"])
_texts |= st.dates().map(str) | st.sampled_from(
    ["7001,7002", "7001 7002", ",", " 7001 , ", "changed", "always", "Daily"]
)
_texts |= st.text(max_size=6) | st.decimals(0, 1100, places=2).map(str) | st.integers(-5, 400).map(str)
_plain = st.none() | st.booleans() | st.integers(-5, 1100) | st.floats(-1, 1100) | _texts
_values = _plain | st.lists(_plain, max_size=2) | st.dictionaries(st.just("a"), _plain, max_size=1)


@given(st.sampled_from(OPTIONAL), _values)
def test_the_schema_and_the_code_agree_on_every_value(name: str, value: Any) -> None:
    """Whichever field has it. Only a date that the calendar lacks needs the code to be refused."""
    raw = {"credentials": OAUTH, name: value}
    accepted = is_accepted(raw)
    if accepted or not name.endswith("_date"):
        assert is_valid(raw) is accepted, list(SCHEMA.iter_errors(raw))


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        (None, True),
        ("", True),
        (" ", True),
        ([], True),
        (" , ", False),
        (",", False),
        ([""], False),
        (["", " "], False),
        (["7001", ""], True),
        ("7001,", True),
        (["", 7001], True),
    ],
)
@pytest.mark.parametrize("name", ["advertiser_ids", "exclude_advertiser_ids", "extra_metrics"])
def test_the_schema_and_the_code_agree_on_lists_that_name_nothing(name: str, value: Any, accepted: bool) -> None:
    """Forms send empty lists and texts; a list of blanks is a mistake, and must not stand for all."""
    if name == "extra_metrics":
        value = {"ad": _renamed(value)}
    raw = {"credentials": OAUTH, name: value}
    assert is_accepted(raw) is accepted
    assert is_valid(raw) is accepted


def _renamed(value: Any) -> Any:
    """The same list, of metrics in place of accounts."""
    if isinstance(value, str):
        return value.replace("7001", "total_checkout")
    return [item and ("total_checkout" if str(item).strip() else item) for item in value or []]


@pytest.mark.parametrize("nothing", [None, "", []])
@pytest.mark.parametrize(("level", "accepted"), [("ad", True), ("account", True), ("adgroup", False), ("", False)])
def test_the_schema_and_the_code_agree_on_levels_without_metrics(level: str, accepted: bool, nothing: Any) -> None:
    """A form leaves them empty. A level that does not exist is a mistake all the same."""
    raw = {"credentials": OAUTH, "extra_metrics": {level: nothing}}
    assert is_accepted(raw) is accepted
    assert is_valid(raw) is accepted


@pytest.mark.parametrize(("number", "accepted"), [(7001.0, True), (0.5, False), (-1.0, False)])
def test_the_schema_and_the_code_agree_on_ids_that_are_numbers_with_a_point(number: float, accepted: bool) -> None:
    """For JSON Schema, 7001.0 is an integer."""
    raw = {"credentials": OAUTH, "advertiser_ids": [number]}
    assert is_accepted(raw) is accepted
    assert is_valid(raw) is accepted


def test_an_id_that_has_lost_digits_is_refused() -> None:
    """It would be another account's."""
    assert not is_accepted({"credentials": OAUTH, "advertiser_ids": [float(7680175206094161809)]})


REPORT = {"name": "mine", "metrics": ["spend"]}


@pytest.mark.parametrize("nothing", [None, ""])
@pytest.mark.parametrize(
    "field", ["level", "dimensions", "grain", "report_type", "filters", "include_deleted", "name", "metrics"]
)
def test_the_schema_and_the_code_agree_on_what_a_cleared_field_of_a_report_is(field: str, nothing: Any) -> None:
    """It has the default. A report needs a name and metrics, and an empty text of these only the code refuses."""
    raw = {"credentials": OAUTH, "custom_reports": [{**REPORT, field: nothing}]}
    assert is_accepted(raw) is (field not in REPORT)
    assert is_valid(raw) is (field not in REPORT or (field, nothing) == ("metrics", ""))


@pytest.mark.parametrize(
    ("field", "word"),
    [
        *(("level", word) for word in (" ad ", "AD", "ads", "campaign")),
        *(("grain", word) for word in ("Day", " day", "hour")),
        *(("report_type", word) for word in ("basic", " BASIC", "BASIC")),
        *(("name", word) for word in (" mine", "Mine", "mine_2")),
        *(("include_deleted", word) for word in (" True ", "no", "1", 1, True, "false")),
        *(("filters", word) for word in ("[]", " ", "x")),
    ],
)
def test_the_schema_and_the_code_agree_on_the_words_of_a_report(field: str, word: Any) -> None:
    """Airbyte checks a configuration by the schema before the connector sees it."""
    raw = {"credentials": OAUTH, "custom_reports": [{**REPORT, field: word}]}
    assert is_valid(raw) is is_accepted(raw)


@given(st.dictionaries(st.sampled_from(OPTIONAL), _values))
def test_whatever_configuration_the_code_accepts_is_valid(fields: dict[str, Any]) -> None:
    """Also with several fields."""
    raw = {"credentials": OAUTH, **fields}
    if is_accepted(raw):
        assert is_valid(raw)


def test_airbytes_form_can_show_every_field() -> None:
    """It takes the first type. A choice must be an object whose branches share a constant. A default must be valid."""
    for name, field in PROPERTIES.items():
        first = field["type"] if isinstance(field["type"], str) else field["type"][0]
        assert first in {"string", "integer", "number", "boolean", "array", "object"}, name
        assert field["title"]
        assert field["description"]
        if "default" in field and name != "credentials":
            assert Draft7Validator(field).is_valid(field["default"])
    assert sorted(field["order"] for field in PROPERTIES.values()) == list(range(len(PROPERTIES)))
    credentials = PROPERTIES["credentials"]
    assert credentials["type"] == "object"
    for branch in credentials["oneOf"]:
        assert branch["type"] == "object"
        assert branch["properties"]["auth_type"]["const"]
        secrets = {name for name, field in branch["properties"].items() if field.get("airbyte_secret")}
        assert secrets == set(branch["properties"]) - {"auth_type", "advertiser_id"}
        assert all(branch["properties"][name]["type"] == "string" for name in secrets)
