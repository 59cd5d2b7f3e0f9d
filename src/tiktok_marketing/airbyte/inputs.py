"""The catalog and the state that the platform passes."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from tiktok_marketing.catalog import STREAMS, AnyStream, Stream, json_schema, stream_named
from tiktok_marketing.config import Config
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.selection import Selected


def streams_of(config: Config) -> list[Stream]:
    """The streams that the configured kind of account has."""
    return [stream for stream in STREAMS if stream.sandbox or not config.sandbox]


def discovered(config: Config) -> dict[str, Any]:
    """The catalog of the configured kind of account, as the protocol wants it."""
    return {"streams": [_stream(stream) for stream in streams_of(config)]}


def _stream(stream: Stream) -> dict[str, Any]:
    description: dict[str, Any] = {
        "name": stream.name,
        "json_schema": json_schema(stream),
        "supported_sync_modes": ["full_refresh"],
        "source_defined_primary_key": [[field] for field in stream.primary_key],
        "is_resumable": stream.cursor is not None,
    }
    if stream.cursor is not None:
        description["supported_sync_modes"] = ["full_refresh", "incremental"]
        description |= {"source_defined_cursor": True, "default_cursor_field": [stream.cursor]}
    return description


def selected_streams(config: Config, catalog: Any) -> list[Selected]:
    """The streams of a configured catalog.

    Raises:
        ConfigurationError: If it has another form, or names a stream that does not exist.
    """
    entries = catalog.get("streams") if isinstance(catalog, Mapping) else None
    if not isinstance(entries, list):
        raise ConfigurationError(
            "The catalog has no list of `streams`.",
            remedy="Pass a configured catalog. Its streams are those that discover prints.",
        )
    selected: dict[str, Selected] = {}
    for entry in entries:
        description = entry.get("stream") if isinstance(entry, Mapping) else None
        name = description.get("name") if isinstance(description, Mapping) else None
        if not isinstance(name, str):
            raise ConfigurationError(
                "The catalog has an entry without `stream.name`.",
                remedy='Write each entry as {"stream": {"name": ...}, "sync_mode": ...}.',
            )
        mode = entry.get("sync_mode", "full_refresh")
        if mode != "full_refresh" and mode != "incremental":  # noqa: PLR1714 - its type may have no hash
            raise ConfigurationError(
                f"The catalog gives stream {name} the sync_mode {mode!r}.", remedy="Use full_refresh or incremental."
            )
        selected[name] = Selected(_stream_of(config, name), incremental=mode == "incremental")
    return list(selected.values())


def _stream_of(config: Config, name: str) -> AnyStream:
    stream = stream_named(name)
    if stream is None:
        nearest = get_close_matches(name, [known.name for known in STREAMS], n=1)
        raise ConfigurationError(
            f"The catalog asks for stream {name!r}, which does not exist.",
            remedy=f"Did you mean {nearest[0]}?"
            if nearest
            else "To see all streams, run discover or `tiktok-marketing streams`.",
        )
    if config.sandbox and not stream.sandbox:
        raise ConfigurationError(
            f"The catalog asks for stream {name}, which sandbox accounts do not have.",
            remedy="Leave it out, or use a production account.",
        )
    return stream


def states_by_stream(raw: Any) -> dict[str, Any]:
    """The states in a state file, by stream, from any form that the protocol has had.

    The forms are a list of state messages, with or without their envelope; one such message; a global state; and the
    old object with a key per stream.

    Raises:
        ConfigurationError: If it has another form.
    """
    try:
        return _states(raw)
    except RecursionError:
        raise ConfigurationError(
            "The state is nested too deeply.", remedy="Pass the state messages that an earlier sync wrote."
        ) from None


def _states(raw: Any) -> dict[str, Any]:
    if raw is None or raw == "":
        return {}
    if isinstance(raw, list):
        states: dict[str, Any] = {}
        for entry in raw:
            states |= _states(entry)
        return states
    if not isinstance(raw, Mapping):
        raise ConfigurationError(
            "The state is neither a list nor an object.", remedy="Pass the state messages that an earlier sync wrote."
        )
    if raw.get("type") == "STATE" or (isinstance(raw.get("state"), Mapping) and "stream" not in raw):
        return _states(raw.get("state"))
    if raw.get("type") == "GLOBAL" or "global" in raw:
        inner = raw.get("global")
        return _by_descriptor(inner.get("stream_states") if isinstance(inner, Mapping) else None)
    if raw.get("type") == "STREAM" or _is_descriptor(raw.get("stream")):
        return _by_descriptor([raw.get("stream")])
    if raw.get("type") == "LEGACY" or set(raw) == {"data"}:
        raw = raw.get("data") or {}
    if not isinstance(raw, Mapping):
        raise ConfigurationError(
            "The state's `data` is not an object.", remedy="Pass the state messages that an earlier sync wrote."
        )
    return dict(raw)


def _is_descriptor(value: Any) -> bool:
    return isinstance(value, Mapping) and "stream_descriptor" in value


def _by_descriptor(entries: Any) -> dict[str, Any]:
    states: dict[str, Any] = {}
    for entry in entries if isinstance(entries, list) else [None]:
        descriptor = entry.get("stream_descriptor") if isinstance(entry, Mapping) else None
        name = descriptor.get("name") if isinstance(descriptor, Mapping) else None
        if not isinstance(entry, Mapping) or not isinstance(name, str):
            raise ConfigurationError(
                "The state has an entry that names no stream.",
                remedy="Pass the state messages that an earlier sync wrote.",
            )
        states[name] = entry.get("stream_state")
    return states
