from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from unit_builders import config, json_values, stream

from tiktok_marketing.airbyte.inputs import discovered, load_states
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.state_forms import excerpt, parse_state_text, states_by_stream, unknown_streams

ADS = {"modify_time": "2026-01-31 00:00:00Z"}
DAILY = {"use_global_cursor": False, "states": [], "state": {}, "lookback_window": 1}
BOTH = {"ads": ADS, "ads_reports_daily": DAILY}


def message(name: str, state: Any) -> dict[str, Any]:
    """A state message without its envelope, as the platform passes it."""
    return {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": state}}


def shown(name: str, state: Any) -> dict[str, Any]:
    """An entry of what Airbyte's interface shows and its API answers."""
    return {"streamDescriptor": {"name": name, "namespace": None}, "streamState": state}


MESSAGES = [message(name, state) for name, state in BOTH.items()]
SHOWN = [shown(name, state) for name, state in BOTH.items()]
ENVELOPES = [{"type": "STATE", "state": entry} for entry in MESSAGES]
RECORD = {"type": "RECORD", "record": {"stream": "ads", "data": {"ad_id": 1}, "emitted_at": 1}}
LOG = {"type": "LOG", "log": {"level": "INFO", "message": "x"}}
FORMS: dict[str, Any] = {
    "messages": MESSAGES,
    "messages in their envelope": ENVELOPES,
    "messages with all fields": [
        {"type": "STREAM", "stream": entry["stream"], "global": None, "data": None} for entry in MESSAGES
    ],
    "messages without a type": [{"stream": entry["stream"]} for entry in MESSAGES],
    "messages with a null type": [{"type": None, "stream": entry["stream"]} for entry in MESSAGES],
    "descriptors alone": [entry["stream"] for entry in MESSAGES],
    "descriptors in camel case": SHOWN,
    "a message with a stream in camel case": [{"type": "STREAM", "stream": entry} for entry in SHOWN],
    "the output of a sync": [LOG, RECORD, ENVELOPES[0], RECORD, ENVELOPES[1], LOG],
    "the output of a sync with line separators in a name": [
        {**RECORD, "record": {**RECORD["record"], "data": {"ad_name": "a\u2028b\u2029c\x85d"}}},  # type: ignore[dict-item]
        *ENVELOPES,
    ],
    "a global state": {
        "type": "GLOBAL",
        "global": {"shared_state": {}, "stream_states": [m["stream"] for m in MESSAGES]},
    },
    "a global state in a list": [{"type": "GLOBAL", "global": {"stream_states": [m["stream"] for m in MESSAGES]}}],
    "a global state without a type": {"global": {"stream_states": [m["stream"] for m in MESSAGES]}},
    "the answer of Airbyte's API": {"stateType": "stream", "connectionId": "c-1", "streamState": SHOWN},
    "the API's answer in upper case": {"stateType": "STREAM", "streamState": SHOWN},
    "the API's global state": {
        "stateType": "global",
        "connectionId": "c-1",
        "globalState": {"sharedState": {}, "streamStates": SHOWN},
    },
    "the API's legacy state": {"stateType": "legacy", "connectionId": "c-1", "state": BOTH},
    "the API's request": {"connectionId": "c-1", "connectionState": {"stateType": "stream", "streamState": SHOWN}},
    "an object per stream": BOTH,
    "an object per stream in a list": [BOTH],
    "an object per stream under data": {"data": BOTH},
    "a legacy message": {"type": "LEGACY", "data": BOTH},
    "a legacy message with all fields": {"type": "LEGACY", "data": BOTH, "stream": None, "global": None},
    "a legacy message in its envelope": {"type": "STATE", "state": {"data": BOTH}},
    "messages under state": {"state": MESSAGES},
    "an object per stream under state": {"state": BOTH},
    "shown descriptors under state": {"state": SHOWN},
    "JSON in quotes": json.dumps(MESSAGES),
    "a global state with a shared state too": {
        "global": {"shared_state": {"a": 1}, "stream_states": [m["stream"] for m in MESSAGES]}
    },
    "a legacy message with other fields": {"type": "LEGACY", "data": BOTH, "connectionId": "c-1", "stream": SHOWN[0]},
    "an object per stream with empty fields": {**BOTH, "type": None, "stream": None, "connectionId": None},
    "a connection's state beside others": {"connectionState": MESSAGES, "states": []},
    "a type that decides": [
        {"type": "STREAM", "stream": entry["stream"], "global": {"stream_states": []}} for entry in MESSAGES
    ],
}


@pytest.mark.parametrize("raw", FORMS.values(), ids=FORMS)
def test_every_form_is_read(raw: Any) -> None:
    """Each of them contains the same two states."""
    assert states_by_stream(raw) == BOTH


@pytest.mark.parametrize("raw", FORMS.values(), ids=FORMS)
def test_every_form_is_read_from_a_text(raw: Any) -> None:
    """As one JSON value, with blanks around it; a list also as a line per entry."""
    assert parse_state_text(f"\n {json.dumps(raw, indent=2)}\n", "x") == BOTH
    if isinstance(raw, list) and len(raw) > 1:
        assert parse_state_text("\n".join(map(json.dumps, raw)) + "\n", "x") == BOTH
        assert parse_state_text("\r\n".join(json.dumps(each, ensure_ascii=False) for each in raw), "x") == BOTH


@pytest.mark.parametrize("text", ["null", "[]", "{}", '""'])
def test_an_empty_value_is_no_state(text: str) -> None:
    """That is what a first sync gets."""
    assert parse_state_text(text, "x") == {}


@pytest.mark.parametrize(
    "raw",
    [
        {"stateType": "not_set", "connectionId": "c"},
        {"streamState": []},
        [{}, []],
        {"type": "LEGACY", "data": None},
        {"type": "LEGACY", "data": {}},
    ],
)
def test_a_connection_without_a_state_has_none(raw: Any) -> None:
    """As Airbyte's API answers before the first sync."""
    assert states_by_stream(raw) == {}


def test_the_last_state_of_a_stream_counts() -> None:
    """The output of a sync has many."""
    assert states_by_stream([message("ads", {"modify_time": "2025-01-01"}), *MESSAGES]) == BOTH


REFUSED: dict[str, tuple[Any, str]] = {
    "another object": ({"foo": "bar"}, "the keys foo, and none of them is a stream"),
    "another object in a list": ([{"foo": "bar"}], "Entry 1 of the state has the keys foo"),
    "a second entry": ([MESSAGES[0], {"foo": {"a": 1}}], "Entry 2 of the state has the keys foo"),
    "a configured catalog": ({"streams": [{"stream": {"name": "ads"}}]}, "the keys streams, and none"),
    "a discovered catalog": ({"type": "CATALOG", "catalog": {"streams": []}}, "a message of the type CATALOG"),
    "a configuration": ({"credentials": {"access_token": "t0ken"}, "start_date": "2026-01-01"}, "the keys credentials"),
    "one stream without its name": (DAILY, "the state of one stream, without the stream's name"),
    "a full refresh without its name": ({"full_refresh": {"began": "x"}}, "without the stream's name"),
    "messages without a state": ([LOG, RECORD], "messages of a sync, but no state"),
    "a record": (RECORD, "a message of the type RECORD"),
    "another type": ({"type": "SHARED", "stream": {}}, 'the type "SHARED"'),
    "an envelope without a state": ({"type": "STATE"}, "without `state`"),
    "a stream without a name": ({"type": "STREAM", "stream": {}}, "names no stream"),
    "a name that is a number": ([shown(5, ADS)], "names no stream"),  # type: ignore[arg-type]
    "a global state without streams": ({"type": "GLOBAL", "global": {}}, "`stream_states`"),
    "a global state that all streams share": (
        {"type": "GLOBAL", "global": {"shared_state": {"cursor": "2026-06-01"}, "stream_states": []}},
        "`shared_state` only",
    ),
    "a shared state beside empty ones": (
        {"global": {"sharedState": {"a": 1}, "streamStates": [{"streamDescriptor": {"name": "ads"}}]}},
        "`shared_state` only",
    ),
    "streams of another source": ([message("users", {"id": 5})], "names no stream that exists: it has 'users'"),
    "text": ("since yesterday", 'the text "since yesterday"'),
    "a text that begins like JSON": ("{not JSON", 'the text "{not JSON"'),
    "a number in quotes": ("5", 'the text "5"'),
    "null in quotes": ("null", 'the text "null"'),
    "an empty text in a list": ([""], 'Entry 1 of the state is the text ""'),
    "a type that is a number": ({"type": 5, "stream": {}}, "has the type 5"),
    "a type that is an object": ({"type": {"a": 1}}, "the keys type, and none of them is a stream"),
    "a stream that is another object": ({"stream": {"foo": 1}}, "the keys stream, and none of them is a stream"),
    "a global state that is a list": ({"type": "GLOBAL", "global": [1]}, "`stream_states`"),
    "a number among the states": ({"streamState": [5]}, "names no stream"),
    "the state of one stream beside others": (
        {"state": {"a": 1}, "states": [], "connectionState": MESSAGES},
        "without the stream's name",
    ),
    "a number": (5, "is 5"),
    "true": (True, "is true"),
    "a number in a list": ([5], "Entry 1 of the state is 5"),
    "null in a list": ([None], "Entry 1 of the state is null"),
    "another key without a value": ({"foo": None}, "the keys foo, and none of them is a stream"),
    "data that is a list": ({"type": "LEGACY", "data": ["ads"]}, "a list as `data`"),
}


@pytest.mark.parametrize(("raw", "words"), REFUSED.values(), ids=REFUSED)
def test_another_form_is_refused_with_what_it_has(raw: Any, words: str) -> None:
    """The remedy shows what is accepted. No secret of a file that is something else is shown."""
    with pytest.raises(ConfigurationError) as caught:
        states_by_stream(raw)
    assert words in caught.value.message
    assert "stream_descriptor" in caught.value.remedy
    assert "t0ken" not in str(caught.value)


def test_only_what_looks_like_the_state_of_a_stream_is_called_one() -> None:
    """The hint would mislead elsewhere."""
    with pytest.raises(ConfigurationError) as caught:
        states_by_stream({"foo": "bar"})
    assert "without the stream's name" not in caught.value.message


@pytest.mark.parametrize("name", ["state", "type", "data", "global", "stream"])
def test_a_report_may_be_called_like_a_field(name: str) -> None:
    """Its state is not taken for an envelope, and never for none."""
    named = [msgspec.structs.replace(stream("ads"), name=name)]
    assert states_by_stream([message(name, ADS)], named) == {name: ADS}
    assert states_by_stream({"stateType": "legacy", "state": [message(name, ADS)]}, named) == {name: ADS}
    if name in {"state", "type"}:
        assert states_by_stream({name: DAILY}, named) == {name: DAILY}


def test_states_of_one_stream_that_exists_bring_the_others_along() -> None:
    """They are named later. A stream without a state stays one."""
    assert states_by_stream({"ads": ADS, "gone": ADS}) == {"ads": ADS, "gone": ADS}
    assert states_by_stream({"ads": None, "campaigns": ADS}) == {"ads": None, "campaigns": ADS}
    assert states_by_stream({"global": {"stream_states": [shown("ads", None)]}}) == {"ads": None}


def test_long_values_and_lists_are_cut() -> None:
    """An error stays readable."""
    assert excerpt("x" * 38) == f'"{"x" * 38}"'
    assert excerpt("x" * 39) == f'"{"x" * 39}…'
    with pytest.raises(ConfigurationError, match=r"the keys a, b, c, d, e, and none"):
        states_by_stream(dict.fromkeys("abcde", 1))
    with pytest.raises(ConfigurationError, match=r"the keys a, b, c, d, e and 1 more, and none"):
        states_by_stream(dict.fromkeys("abcdef", 1))
    with pytest.raises(ConfigurationError, match=rf"the keys {'y' * 60}, and none"):
        states_by_stream({"y" * 61: 1})


def test_the_discovered_catalog_is_refused() -> None:
    """`discover` and `read` write to files that are easily mixed up."""
    with pytest.raises(ConfigurationError, match="none of them is a stream"):
        states_by_stream(discovered(config()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON at line 1, column 2."),
        ('{\n"ads": }', "not valid JSON at line 2, column 8."),
        ("not JSON", "The state file s.json is not valid JSON"),
        (f"{json.dumps(ENVELOPES[0])}\n{json.dumps(ENVELOPES[1])[:40]}", "not valid JSON at line 2."),
        (f"\n{json.dumps(RECORD)}\n\nnot JSON", "not valid JSON at line 4."),
        ("[" * 100_000, "not valid JSON"),
        (f"{json.dumps(RECORD)}\n{json.dumps(LOG)}", "no state among them"),
    ],
)
def test_a_text_that_is_not_json_is_refused(text: str, words: str) -> None:
    """With the line."""
    with pytest.raises(ConfigurationError) as caught:
        parse_state_text(text, "state file s.json")
    assert words in caught.value.message
    if "line 2." in words:
        assert "Fix or remove that line" in caught.value.remedy
    else:
        assert "column" not in words or "stream_descriptor" in caught.value.remedy


def test_blank_lines_between_entries_do_not_count() -> None:
    """An editor may have left them."""
    first, second = map(json.dumps, MESSAGES)
    assert parse_state_text(f"\n{first}\n\n{second}\n \n", "x") == BOTH


def test_reports_of_a_configuration_that_is_not_known_may_have_states() -> None:
    """Then no name is refused. A value that is no state of a stream is."""
    assert states_by_stream([message("mine", DAILY)], others=True) == {"mine": DAILY}
    assert states_by_stream({"mine": DAILY}, others=True) == {"mine": DAILY}
    assert parse_state_text(json.dumps({"mine": DAILY}), "x", others=True) == {"mine": DAILY}
    for raw, others in (({"mine": {"foo": 1}}, True), ({"mine": 5}, True), ({"mine": DAILY}, False)):
        with pytest.raises(ConfigurationError, match="none of them is a stream"):
            states_by_stream(raw, others=others)


def test_a_file_is_read_whatever_marks_its_beginning(tmp_path: Any) -> None:
    """Editors on Windows write a byte order mark."""
    path = tmp_path / "s.json"
    path.write_text(json.dumps(MESSAGES), encoding="utf-8-sig")
    assert load_states(path) == BOTH


@pytest.mark.parametrize("content", [b"", b" \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(content: bytes, tmp_path: Any) -> None:
    """A full disk leaves one where a state was. Without a file the sync starts from the beginning."""
    path = tmp_path / "s.json"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"is empty. To read from the start"):
        load_states(path)
    assert load_states(None) == {}


def test_states_of_streams_that_do_not_exist_are_named() -> None:
    """Beside others that do. The nearest name is suggested; a stream without a state is not worth a word."""
    states = states_by_stream([*MESSAGES, message("ad_reports_daily", {"stat_time_day": "2026-01-01"})])
    assert unknown_streams(states) == (
        "The state names streams that do not exist, and they are left out: ad_reports_daily. "
        "Did you mean ads_reports_daily?"
    )
    assert unknown_streams({"zzzzzzzz": ADS}).endswith("they are left out: zzzzzzzz.")
    assert unknown_streams(states_by_stream(MESSAGES)) == ""
    assert unknown_streams(states_by_stream([*MESSAGES, message("gone", None)])) == ""


_states = st.dictionaries(
    st.sampled_from([stream.name for stream in STREAMS]),
    st.just(ADS) | st.just(DAILY) | st.none(),
    min_size=1,
    max_size=4,
)


@given(_states, st.lists(st.sampled_from(["list", "envelope", "state", "quotes"]), max_size=4))
def test_whatever_wraps_the_states_they_are_read(states: Mapping[str, Any], wraps: list[str]) -> None:
    """Wrapped in each other, in any order."""
    raw: Any = [message(name, state) for name, state in states.items()]
    for wrap in wraps:
        match wrap:
            case "list":
                raw = [raw]
            case "envelope":
                raw = {"type": "STATE", "state": raw}
            case "state":
                raw = {"state": raw}
            case _:
                raw = json.dumps(raw)
    assert states_by_stream(raw) == states


@given(json_values.filter(lambda value: value not in (None, "", [], {})))
@example({"carriers": None})
def test_other_json_is_never_taken_for_no_state(raw: Any) -> None:
    """It is refused unless every value in it is empty."""
    try:
        states = states_by_stream(raw)
    except ConfigurationError:
        return
    assert not any(states.values())
    assert not any(_leaves(raw))


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    return [leaf for item in value for leaf in _leaves(item)] if isinstance(value, list) else [value]
