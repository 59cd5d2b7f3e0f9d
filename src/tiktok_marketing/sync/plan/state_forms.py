"""The states of an earlier sync, from any form in which they are handed over. Pure.

Platforms, runners and versions of the protocol wrap the state of a stream in different ways. Each of these is read:

- state messages: one, a list of them, or a line each, with or without the envelope `{"type": "STATE", "state": ...}`;
- the output of a sync, whose other messages do not matter;
- a global state;
- the object with a key per stream that the protocol had first, with or without `data`;
- what Airbyte's interface shows and what its API answers: `streamDescriptor`, `streamState`, `stateType`;
- any of them under the key `state`.

What is none of them is refused: a state that is taken for none makes the next sync read everything again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from tiktok_marketing.catalog import ALL_STREAMS, AnyStream
from tiktok_marketing.errors import ConfigurationError

ACCEPTED = (
    'Pass the state messages that an earlier sync wrote, as a list or one per line: {"type": "STREAM", "stream": '
    '{"stream_descriptor": {"name": "ads"}, "stream_state": {...}}}. The text of Connection state in Airbyte\'s '
    'settings and {"ads": {...}, ...} are accepted too. To read everything from start_date, pass no state.'
)
"""The remedy for a state that is not understood."""

_MESSAGES = frozenset({"RECORD", "LOG", "TRACE", "CONTROL", "SPEC", "CONNECTION_STATUS", "CATALOG"})
"""Types of the messages that a sync writes beside its states."""
_STATE_TYPES = frozenset({"STREAM", "GLOBAL", "LEGACY", "NOT_SET"})
_ENVELOPE = frozenset({"type", "stateType", "state_type"})
_FIELDS = frozenset({"state", "stream", "global", "data", "connectionId", "sourceStats", "destinationStats"})
"""Fields of messages and of the API's answers, which are null where they do not apply."""
_OF_ONE_STREAM = frozenset({"states", "use_global_cursor", "full_refresh"})
"""Fields of the state of a stream."""
_MAX_NAMED = 5
"""How many keys or streams an error or a notice names."""


def parse_state_text(
    text: str, name: str, streams: Sequence[AnyStream] = ALL_STREAMS, *, others: bool = False
) -> dict[str, Any]:
    """The states in a text: JSON, or JSON in each line.

    Args:
        text: The text. An empty one is refused: it may be a state that was cut off when it was written.
        name: Where it came from, for errors: "state file s.json".
        streams: The streams that there are.
        others: Whether there may be other streams too, such as reports of a configuration that is not known.

    Raises:
        ConfigurationError: If it is not JSON, or not a state.
    """
    if not text.strip():
        raise ConfigurationError(f"The {name} is empty.", remedy="To read from the start, leave it out.")
    try:
        return states_by_stream(json.loads(text), streams, others=others)
    except (ValueError, RecursionError) as error:
        # JSON allows line separators such as U+2028 within a text, so only one character ends a line.
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if _is_json(lines[0][1]):
            messages = [_parsed(line, f"The {name}", number) for number, line in lines]
            return states_by_stream(messages, streams, others=others)
        raise _not_json(f"The {name}", error) from None


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _parsed(line: str, name: str, number: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise ConfigurationError(
            f"{name} is not valid JSON at line {number}.",
            remedy="Fix or remove that line. The last line of an output that was cut off may be incomplete.",
        ) from None


def _not_json(name: str, error: Exception) -> ConfigurationError:
    where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
    return ConfigurationError(f"{name} is not valid JSON{where}.", remedy=ACCEPTED)


def states_by_stream(raw: Any, streams: Sequence[AnyStream] = ALL_STREAMS, *, others: bool = False) -> dict[str, Any]:
    """The states by stream, from any form of them. If a stream has several, the last one counts.

    Args:
        raw: What was handed over, as JSON decodes it. None, an empty text, list or object is no state.
        streams: The streams that there are.
        others: Whether there may be other streams too.

    Raises:
        ConfigurationError: If it has another form, or only names streams that do not exist.
    """
    names = {stream.name for stream in streams}
    try:
        states = dict(_Forms(names, others=others).states(raw, "The state"))
    except RecursionError:
        raise ConfigurationError("The state is nested too deeply.", remedy=ACCEPTED) from None
    if any(states.values()) and not names.intersection(states) and not others:
        raise ConfigurationError(
            f"The state names no stream that exists: it has {_listed(map(repr, states))}.", remedy=ACCEPTED
        )
    return states


def unknown_streams(states: Mapping[str, Any], streams: Sequence[AnyStream] = ALL_STREAMS) -> str:
    """A sentence about the states of streams that do not exist; empty if there are none.

    Args:
        states: The states by stream.
        streams: The streams that there are.
    """
    names = [stream.name for stream in streams]
    unknown = [name for name, state in states.items() if state and name not in names]
    if not unknown:
        return ""
    near = get_close_matches(unknown[0], names, n=1)
    suggestion = f" Did you mean {near[0]}?" if near else ""
    return f"The state names streams that do not exist, and they are left out: {_listed(unknown)}.{suggestion}"


class _Forms:
    """Finds the states in any form of them.

    Args:
        names: The names of the streams that there are.
        others: Whether there may be other streams too.
    """

    def __init__(self, names: Collection[str], *, others: bool) -> None:
        self._names = names
        self._others = others

    def states(self, raw: Any, place: str) -> Iterator[tuple[str, Any]]:
        """The streams and their states, in order.

        Args:
            raw: The state, or a part of it.
            place: Where it stands, as the subject of an error: "Entry 2 of the state".
        """
        if raw is None or raw == "":
            return
        if isinstance(raw, str) and raw.lstrip()[:1] in {"[", "{", '"'} and _is_json(raw):
            yield from self.states(json.loads(raw), place)  # a state that somebody put into quotes
        elif isinstance(raw, list):
            yield from self._of_list(raw, place)
        elif isinstance(raw, Mapping):
            yield from self._of_object(raw, place)
        else:
            raise _refused(place, f"is {_kind(raw)}")

    def _of_list(self, entries: Sequence[Any], place: str) -> Iterator[tuple[str, Any]]:
        others = 0
        for number, entry in enumerate(entries, 1):
            if isinstance(entry, Mapping) and entry.get("type") in tuple(_MESSAGES):
                others += 1
                continue
            where = f"Entry {number} of the state"
            if not isinstance(entry, (Mapping, str, list)) or entry == "":
                raise _refused(where, f"is {_kind(entry)}")
            yield from self.states(entry, where)
        if others and others == len(entries):
            raise _refused(place, "has messages of a sync, but no state among them")

    def _of_object(self, raw: Mapping[str, Any], place: str) -> Iterator[tuple[str, Any]]:
        kind = _type_of(raw, place)
        if kind == "NOT_SET":
            return
        if kind == "STATE":
            yield from self._wrapped(raw, "state", place)
            return
        if kind == "GLOBAL" or (kind is None and _first(raw, "global", "globalState") is not None):
            yield from _of_global(raw, place)
            return
        if kind == "STREAM" or (kind is None and _holds_streams(raw)):
            yield from _of_streams(raw, place)
            return
        for key in ("state", "connectionState", "connection_state"):
            if raw.get(key) is not None and (kind == "LEGACY" or key not in self._names):
                if key == "state" and "states" in raw:
                    break  # the state of one stream has both
                yield from self._wrapped(raw, key, place)
                return
        yield from self._of_legacy(raw, kind, place)

    def _wrapped(self, raw: Mapping[str, Any], key: str, place: str) -> Iterator[tuple[str, Any]]:
        if raw.get(key) is None:
            raise _refused(place, f"is a message without `{key}`")
        yield from self.states(raw[key], place)

    def _of_legacy(self, raw: Mapping[str, Any], kind: str | None, place: str) -> Iterator[tuple[str, Any]]:
        """The object with a key per stream."""
        fields = {
            key: value
            for key, value in raw.items()
            if (key not in _ENVELOPE or isinstance(value, Mapping)) and (value is not None or key not in _FIELDS)
        }
        if kind == "LEGACY" or set(fields) == {"data"}:
            fields = raw.get("data") or {}
            if not isinstance(fields, Mapping):
                raise _refused(place, f"has {_kind(fields)} as `data`")
        if fields and not any(self._is_stream(name, state) for name, state in fields.items()):
            hint = ""
            if _OF_ONE_STREAM & set(fields):
                hint = ". It looks like the state of one stream, without the stream's name"
            raise _refused(place, f"has the keys {_listed(fields)}, and none of them is a stream{hint}")
        yield from fields.items()

    def _is_stream(self, name: str, state: Any) -> bool:
        written = isinstance(state, Mapping) and not _OF_ONE_STREAM.isdisjoint(state)
        return name in self._names or (self._others and written)


def _type_of(raw: Mapping[str, Any], place: str) -> str | None:
    """The type that a message or an answer of Airbyte's API names; None if it names none."""
    value = _first(raw, *_ENVELOPE)
    if value is None or isinstance(value, Mapping):  # without a type, or the state of a stream called "type"
        return None
    if not isinstance(value, str) or value.upper() not in _STATE_TYPES | _MESSAGES | {"STATE"}:
        raise _refused(place, f"has the type {excerpt(value)}, which no state has")
    if value.upper() in _MESSAGES:
        raise _refused(place, f"is a message of the type {value}")
    return value.upper()


def _holds_streams(raw: Mapping[str, Any]) -> bool:
    stream, entries = raw.get("stream"), _first(raw, "streamState", "stream_state")
    if _descriptor(raw) is not None or (isinstance(stream, Mapping) and _descriptor(stream) is not None):
        return True
    return isinstance(entries, list)


def _of_streams(raw: Mapping[str, Any], place: str) -> Iterator[tuple[str, Any]]:
    """A message about one stream, or the answer of Airbyte's API, which has a list of them."""
    entries = _first(raw, "streamState", "stream_state")
    if isinstance(entries, list):
        yield from _of_descriptors(entries, place)
    elif isinstance(raw.get("stream"), Mapping):
        yield from _of_descriptors([raw["stream"]], place)
    else:
        yield from _of_descriptors([raw], place)


def _of_global(raw: Mapping[str, Any], place: str) -> Iterator[tuple[str, Any]]:
    inner = _first(raw, "global", "globalState")
    entries = _first(inner, "stream_states", "streamStates") if isinstance(inner, Mapping) else None
    if not isinstance(entries, list):
        raise _refused(place, "is a global state without a list of `stream_states`")
    states = list(_of_descriptors(entries, place))
    if _first(inner, "shared_state", "sharedState") and not any(state for _, state in states):
        raise _refused(place, "is a global state with a `shared_state` only, which no sync of this connector writes")
    yield from states


def _of_descriptors(entries: Sequence[Any], place: str) -> Iterator[tuple[str, Any]]:
    for entry in entries:
        descriptor = _descriptor(entry) if isinstance(entry, Mapping) else None
        name = descriptor.get("name") if isinstance(descriptor, Mapping) else None
        if not isinstance(name, str):
            raise _refused(place, "has an entry that names no stream")
        yield name, _first(entry, "stream_state", "streamState")


def _descriptor(entry: Mapping[str, Any]) -> Any:
    return _first(entry, "stream_descriptor", "streamDescriptor")


def _first(raw: Mapping[str, Any], *keys: str) -> Any:
    return next((raw[key] for key in keys if raw.get(key) is not None), None)


def _refused(place: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"{place} {what}.", remedy=ACCEPTED)


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {excerpt(value)}"
    return "a list" if isinstance(value, list) else excerpt(value)


def excerpt(value: Any) -> str:
    """The beginning of a value as JSON, for errors."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _MAX_NAMED:,} more" if len(names) > _MAX_NAMED else ""
    return f"{', '.join(name[:60] for name in names[:_MAX_NAMED])}{more}"
