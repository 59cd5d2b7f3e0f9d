from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from airbyte_protocol_dataclasses.models import AirbyteCatalog
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import config, json_values

from tiktok_marketing.airbyte.inputs import Unreadable, discovered, selected_streams, states_by_stream
from tiktok_marketing.catalog import ALL_STREAMS, STREAMS
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.selection import Selected

STATE = {"stat_time_day": "2024-01-31"}


def entry(name: str, mode: str | None = "incremental", **more: Any) -> dict[str, Any]:
    """A stream of a configured catalog."""
    chosen = {"stream": {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]}, **more}
    return chosen if mode is None else {**chosen, "sync_mode": mode}


def refused(catalog: Any, **fields: Any) -> ConfigurationError:
    """The error that a catalog ends in."""
    with pytest.raises(ConfigurationError) as caught:
        selected_streams(config(**fields), catalog)
    assert caught.value.remedy
    return caught.value


def unreadable(name: str, **fields: Any) -> ConfigurationError:
    """The reason why a stream of a catalog cannot be read, beside one that can be."""
    stream, other = selected_streams(config(**fields), {"streams": [entry(name), entry("ads")]})
    assert isinstance(stream, Unreadable)
    assert isinstance(other, Selected)
    assert stream.name == name
    return stream.error


def test_streams_keep_the_order_and_modes_of_the_catalog() -> None:
    """The platform decides both."""
    chosen = selected_streams(
        config(), {"streams": [entry("ads"), entry("advertisers", "full_refresh"), entry("campaigns")]}
    )
    assert [(selected.stream.name, selected.incremental) for selected in chosen if isinstance(selected, Selected)] == [
        ("ads", True),
        ("advertisers", False),
        ("campaigns", True),
    ]


def test_without_a_mode_a_stream_is_read_whole() -> None:
    """Full refresh is the mode that is always right."""
    (selected,) = selected_streams(config(), {"streams": [entry("ads", None)]})
    assert not selected.incremental


def test_fields_for_the_destination_are_ignored() -> None:
    """Destination modes, keys and generations."""
    more = {"destination_sync_mode": "append_dedup", "primary_key": [["x"]], "generation_id": 3, "cursor_field": []}
    assert len(selected_streams(config(), {"streams": [entry("ads", **more)]})) == 1


def test_an_empty_catalog_selects_nothing() -> None:
    """That is not an error."""
    assert selected_streams(config(), {"streams": []}) == []


def test_a_stream_that_is_named_twice_is_read_once() -> None:
    """A stream has a single state."""
    chosen = selected_streams(config(), {"streams": [entry("ads"), entry("ads")]})
    assert len(chosen) == 1


@pytest.mark.parametrize(
    "others",
    [
        [entry("ads", "full_refresh")],
        [entry("ads", None)],
        [entry("ads", sync_id=7)],
        [entry("ads", "full_refresh"), entry("ads")],
        [entry("ads", "full_refresh"), entry("ads"), entry("ads", "full_refresh")],
    ],
)
def test_a_stream_with_two_modes_is_unreadable(others: list[dict[str, Any]]) -> None:
    """Whichever came last would decide in silence whether it has a state. The other streams are read."""
    first, other = selected_streams(config(), {"streams": [entry("ads"), entry("campaigns"), *others]})
    assert isinstance(first, Unreadable)
    assert "stream ads more than once" in first.error.message
    assert first.error.remedy
    assert isinstance(other, Selected)


def test_a_misspelt_stream_is_unreadable_with_the_nearest_name() -> None:
    """The others are read. The remedy suggests it."""
    error = unreadable("ad_reports_daily")
    assert "'ad_reports_daily'" in error.message
    assert "ads_reports_daily" in error.remedy


def test_an_unknown_stream_points_to_the_list() -> None:
    """No name is similar, so the remedy says where all names are."""
    assert "discover" in unreadable("zzzzzz").remedy


@pytest.mark.parametrize("name", [stream.name for stream in STREAMS if not stream.sandbox])
def test_a_stream_that_sandboxes_lack_is_unreadable_in_a_sandbox(name: str) -> None:
    """The message names the stream and the reason."""
    error = unreadable(name, sandbox=True, advertiser_id="7001")
    assert name in error.message
    assert "sandbox" in error.message


@pytest.mark.parametrize("catalog", [None, [], "x", {}, {"streams": None}, {"streams": {"a": 1}}, {"stream": []}])
def test_a_catalog_of_another_form_is_refused(catalog: Any) -> None:
    """A catalog is an object with a list of streams."""
    assert "streams" in refused(catalog).message


@pytest.mark.parametrize(
    "wrong", [None, "ads", 5, [], {}, {"name": "ads"}, {"stream": None}, {"stream": {"name": 5}}, {"stream": "ads"}]
)
def test_an_entry_without_a_name_is_refused(wrong: Any) -> None:
    """The remedy shows the form of an entry."""
    assert "stream.name" in refused({"streams": [wrong]}).message


@pytest.mark.parametrize("mode", ["", "append", "INCREMENTAL", None, 5, [], {}, ["incremental"]])
def test_a_stream_with_an_unknown_mode_is_unreadable(mode: Any) -> None:
    """The message names the stream and its mode. The other streams are read."""
    wrong, other = selected_streams(
        config(), {"streams": [{"stream": {"name": "ads"}, "sync_mode": mode}, entry("campaigns")]}
    )
    assert isinstance(wrong, Unreadable)
    assert f"stream ads the sync_mode {json.dumps(mode)}" in wrong.error.message
    assert isinstance(other, Selected)


@pytest.mark.parametrize("value", [7, 7.0, "7", " 7\n"])
@pytest.mark.parametrize("field", ["sync_id", "generation_id"])
def test_the_numbers_of_a_refresh_may_be_written_in_any_way(value: Any, field: str) -> None:
    """Otherwise an interrupted refresh would begin again, and repeat its rows."""
    (selected,) = selected_streams(config(), {"streams": [entry("ads", "full_refresh", **{field: value})]})
    assert isinstance(selected, Selected)
    assert getattr(selected.refresh, field) == 7
    assert type(getattr(selected.refresh, field)) is int


@pytest.mark.parametrize(
    "value", [True, "seven", "", "7.5", 7.5, 1e300, float("nan"), float("inf"), [7], {}, "9" * 40, "\uff17"]
)
@pytest.mark.parametrize("field", ["sync_id", "generation_id"])
def test_a_stream_with_a_number_of_a_refresh_that_is_none_is_unreadable(value: Any, field: str) -> None:
    """The message names the stream and the field. The other streams are read."""
    wrong, other = selected_streams(
        config(), {"streams": [entry("ads", "full_refresh", **{field: value}), entry("campaigns")]}
    )
    assert isinstance(wrong, Unreadable)
    assert f"stream ads the {field} " in wrong.error.message
    assert isinstance(other, Selected)


@pytest.mark.parametrize("field", ["sync_id", "generation_id"])
def test_a_refresh_may_have_no_number(field: str) -> None:
    """Runners without a platform write none, or null."""
    for more in ({}, {field: None}):
        (selected,) = selected_streams(config(), {"streams": [entry("ads", "full_refresh", **more)]})
        assert isinstance(selected, Selected)
        assert getattr(selected.refresh, field) is None


_entries = st.fixed_dictionaries(
    {},
    optional={
        "stream": st.fixed_dictionaries({}, optional={"name": st.sampled_from(["ads", "adz"]) | json_values})
        | json_values,
        "sync_mode": st.sampled_from(["incremental", "full_refresh"]) | json_values,
        "sync_id": st.integers() | st.floats() | json_values,
        "generation_id": json_values,
    },
)


@given(st.fixed_dictionaries({}, optional={"streams": st.lists(_entries, max_size=3) | json_values}) | json_values)
def test_any_json_is_accepted_as_a_catalog_or_a_configuration_error(catalog: Any) -> None:
    """No catalog raises another exception."""
    try:
        selected_streams(config(), catalog)
    except ConfigurationError as error:
        assert error.message  # noqa: PT017


def test_the_discovered_catalog_fits_the_protocol() -> None:
    """The protocol's model accepts it, with every stream of a production account."""
    catalog = msgspec.convert(discovered(config()), AirbyteCatalog)
    assert [stream.name for stream in catalog.streams] == [stream.name for stream in ALL_STREAMS]


def test_a_discovered_stream_has_its_modes_key_and_cursor() -> None:
    """Streams with a cursor are incremental. Streams that are read per account are resumable."""
    streams = {stream["name"]: stream for stream in discovered(config())["streams"]}
    daily, lifetime = streams["ads_reports_daily"], streams["ads_reports_lifetime"]
    assert daily["supported_sync_modes"] == ["full_refresh", "incremental"]
    assert daily["default_cursor_field"] == ["stat_time_day"]
    assert daily["source_defined_cursor"] is True
    assert daily["source_defined_primary_key"] == [["ad_id"], ["stat_time_day"]]
    assert daily["is_resumable"] is True
    assert lifetime["supported_sync_modes"] == ["full_refresh"]
    assert "default_cursor_field" not in lifetime
    assert lifetime["is_resumable"] is True
    assert streams["audiences"]["is_resumable"] is True
    assert streams["advertisers"]["is_resumable"] is False
    assert streams["advertiser_ids"]["is_resumable"] is False


def test_a_sandbox_can_select_every_stream_that_it_discovers() -> None:
    """And `advertiser_ids` is not among them."""
    settings = config(sandbox=True, advertiser_id="7001")
    names = [stream["name"] for stream in discovered(settings)["streams"]]
    assert "advertiser_ids" not in names
    chosen = selected_streams(settings, {"streams": [entry(name) for name in names]})
    assert [selected.stream.name for selected in chosen] == names


def described(name: str, state: Any = None) -> dict[str, Any]:
    """The state of a stream, with its descriptor."""
    return {"stream_descriptor": {"name": name, "namespace": None}, "stream_state": STATE if state is None else state}


ONE = {"ads": STATE}
TWO = {"ads": STATE, "campaigns": {"modify_time": "2024-01-01"}}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, {}),
        ("", {}),
        ([], {}),
        ({}, {}),
        ([{"type": "STREAM", "stream": described("ads")}], ONE),
        ({"type": "STREAM", "stream": described("ads")}, ONE),
        ([{"type": "STATE", "state": {"type": "STREAM", "stream": described("ads")}}], ONE),
        ({"type": "STATE", "state": {"type": "STREAM", "stream": described("ads")}}, ONE),
        ([{"stream": described("ads")}], ONE),
        (
            [
                {"type": "STREAM", "stream": described("ads", {"old": 1})},
                {"type": "STREAM", "stream": described("ads")},
            ],
            ONE,
        ),
        (
            [
                {"type": "STREAM", "stream": described("ads")},
                {"type": "STREAM", "stream": described("campaigns", TWO["campaigns"])},
            ],
            TWO,
        ),
        (
            {
                "type": "GLOBAL",
                "global": {
                    "shared_state": {"x": 1},
                    "stream_states": [described("ads"), described("campaigns", TWO["campaigns"])],
                },
            },
            TWO,
        ),
        ([{"type": "GLOBAL", "global": {"stream_states": [described("ads")]}}], ONE),
        ({"type": "STATE", "state": {"type": "GLOBAL", "global": {"stream_states": [described("ads")]}}}, ONE),
        ({"type": "LEGACY", "data": TWO}, TWO),
        ({"type": "STATE", "state": {"data": TWO}}, TWO),
        ({"data": TWO}, TWO),
        ([{"data": TWO}], TWO),
        ([{"type": "LEGACY", "data": TWO}], TWO),
        (TWO, TWO),
        ([TWO], TWO),
        ({"type": "GLOBAL", "global": {"stream_states": []}}, {}),
    ],
)
def test_states_are_read_in_every_form(raw: Any, expected: dict[str, Any]) -> None:
    """Lists of messages, single messages, a global state and the old object. A stream's last state counts."""
    assert states_by_stream(raw) == expected


def test_a_state_of_null_is_kept() -> None:
    """The platform sends it after a reset."""
    message = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "ads"}, "stream_state": None}}
    assert states_by_stream([message]) == {"ads": None}


@pytest.mark.parametrize(
    "raw",
    [
        "state",
        5,
        True,
        [5],
        [["x"]],
        {"type": "STREAM"},
        {"type": "STREAM", "stream": None},
        {"type": "STREAM", "stream": {}},
        {"type": "STREAM", "stream": {"stream_descriptor": {}}},
        {"type": "STREAM", "stream": {"stream_descriptor": {"name": 5}}},
        {"type": "GLOBAL"},
        {"type": "GLOBAL", "global": {"stream_states": [5]}},
        {"type": "STATE", "state": "x"},
        {"type": "LEGACY", "data": "x"},
        {"type": "LEGACY", "data": 5},
        {"type": "LEGACY", "data": ["ads"]},
        {"data": "x"},
    ],
)
def test_a_state_of_another_form_is_refused(raw: Any) -> None:
    """It must not be taken for no state, which would read everything again."""
    with pytest.raises(ConfigurationError) as caught:
        states_by_stream(raw)
    assert caught.value.remedy


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"type": "STATE", "state": inner}])
def test_a_state_that_is_nested_too_deeply_is_refused(wrap: Callable[[Any], Any]) -> None:
    """Here lists in lists and messages in messages. The error has a remedy."""
    raw: Any = {}
    for _ in range(5000):
        raw = wrap(raw)
    with pytest.raises(ConfigurationError, match="nested") as caught:
        states_by_stream(raw)
    assert caught.value.remedy


_descriptors = st.fixed_dictionaries({}, optional={"name": st.just("ads") | json_values}) | json_values
_messages = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["STREAM", "GLOBAL", "LEGACY", "STATE"]) | json_values,
        "stream": st.fixed_dictionaries({}, optional={"stream_descriptor": _descriptors, "stream_state": json_values})
        | json_values,
        "global": st.fixed_dictionaries({}, optional={"stream_states": st.lists(json_values, max_size=2)})
        | json_values,
        "data": json_values,
        "state": json_values,
    },
)


@given(_messages | st.lists(_messages, max_size=3) | json_values)
def test_any_json_is_accepted_as_states_or_a_configuration_error(raw: Any) -> None:
    """No state file raises another exception. Each state that is read has a name."""
    try:
        states = states_by_stream(raw)
    except ConfigurationError:
        return
    assert all(isinstance(name, str) for name in states)
