"""The catalog and the state that the platform passes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from tiktok_marketing.catalog import ALL_STREAMS, AnyStream, Stream, json_schema
from tiktok_marketing.config import Config
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.json_files import read_text
from tiktok_marketing.sync.plan import selection
from tiktok_marketing.sync.plan.refresh import is_resumable, unreadable_states
from tiktok_marketing.sync.plan.selection import RefreshId, Selected
from tiktok_marketing.sync.plan.state_forms import excerpt, parse_state_text, states_by_stream

__all__ = ["discovered", "load_states", "selected_streams", "states_by_stream", "streams_of", "with_readable_states"]

_DIGITS = re.compile(r"-?[0-9]{1,19}")
_EXACT = 2**53
"""Below it, a number with a point has every digit of a whole one."""


def streams_of(config: Config) -> list[AnyStream]:
    """The streams that the configured kind of account has, and the configuration's own reports."""
    return [stream for stream in selection.streams_of(config) if stream.sandbox or not config.sandbox]


def discovered(config: Config) -> dict[str, Any]:
    """The catalog of the configured kind of account, as the protocol wants it."""
    return {"streams": [_stream(stream) for stream in streams_of(config)]}


def _stream(stream: Stream) -> dict[str, Any]:
    description: dict[str, Any] = {
        "name": stream.name,
        "json_schema": json_schema(stream),
        "supported_sync_modes": ["full_refresh"],
        "source_defined_primary_key": [[field] for field in stream.primary_key],
        "is_resumable": is_resumable(stream),
    }
    if stream.cursor is not None:
        description["supported_sync_modes"] = ["full_refresh", "incremental"]
        description |= {"source_defined_cursor": True, "default_cursor_field": [stream.cursor]}
    return description


class Unreadable(msgspec.Struct, frozen=True):
    """A stream of a configured catalog that cannot be read here: from another version, misspelt, or not in a sandbox.

    Or its state is in no known form.

    Args:
        name: Its name in the catalog.
        error: The reason.
    """

    name: str
    error: ConfigurationError


def selected_streams(config: Config, catalog: Any) -> list[Selected | Unreadable]:
    """The streams of a configured catalog, in its order, including those that cannot be read.

    Raises:
        ConfigurationError: If it has another form.
    """
    entries = catalog.get("streams") if isinstance(catalog, Mapping) else None
    if not isinstance(entries, list):
        raise ConfigurationError(
            "The catalog has no list of `streams`.",
            remedy="Pass a configured catalog. Its streams are those that discover prints.",
        )
    selected: dict[str, Selected | Unreadable] = {}
    for entry in entries:
        description = entry.get("stream") if isinstance(entry, Mapping) else None
        name = description.get("name") if isinstance(description, Mapping) else None
        if not isinstance(name, str):
            raise ConfigurationError(
                "The catalog has an entry without `stream.name`.",
                remedy='Write each entry as {"stream": {"name": ...}, "sync_mode": ...}.',
            )
        try:
            selection = _selection(config, name, entry)
        except ConfigurationError as error:
            selected[name] = Unreadable(name, error)
            continue
        if name in selected and selected[name] != selection:
            selected[name] = Unreadable(name, _named_twice(name))
        else:
            selected[name] = selection
    return list(selected.values())


def _selection(config: Config, name: str, entry: Mapping[str, Any]) -> Selected:
    """A stream and its mode from an entry of a catalog.

    Raises:
        ConfigurationError: If there is no such stream, or the entry has another form.
    """
    stream = _stream_of(config, name)
    mode = entry.get("sync_mode", "full_refresh")
    if mode != "full_refresh" and mode != "incremental":  # noqa: PLR1714 - its type may have no hash
        raise ConfigurationError(
            f"The catalog gives stream {name} the sync_mode {excerpt(mode)}.", remedy="Use full_refresh or incremental."
        )
    refresh = RefreshId(_id_in(entry, "generation_id", name), _id_in(entry, "sync_id", name))
    return Selected(stream, incremental=mode == "incremental", refresh=refresh)


def _named_twice(name: str) -> ConfigurationError:
    """A stream has one state, so only one of the modes could have it."""
    return ConfigurationError(
        f"The catalog has stream {name} more than once, with different modes or refreshes.",
        remedy="Leave all but one of these entries out.",
    )


def _id_in(entry: Mapping[str, Any], field: str, name: str) -> int | None:
    """A number of the platform's, which some write as a text or with a point; None if it has none.

    Raises:
        ConfigurationError: If it is no whole number. Without it, an interrupted refresh would begin again.
    """
    value = entry.get(field)
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ConfigurationError(
            f"The catalog gives stream {name} the {field} {excerpt(value)}, which is not a whole number.",
            remedy=f"Write {field} as a number, or leave it out.",
        )
    return value


def _stream_of(config: Config, name: str) -> AnyStream:
    streams = {stream.name: stream for stream in selection.streams_of(config)}
    stream = streams.get(name)
    if stream is None:
        nearest = get_close_matches(name, streams, n=1)
        raise ConfigurationError(
            f"The catalog asks for stream {name!r}, which does not exist.",
            remedy=f"{f'Did you mean {nearest[0]}? ' if nearest else ''}Refresh the source's schema, or leave the "
            "stream out. To see all streams, run discover or `tiktok-marketing streams`.",
        )
    if config.sandbox and not stream.sandbox:
        raise ConfigurationError(
            f"The catalog asks for stream {name!r}, which sandbox accounts do not have.",
            remedy="Refresh the source's schema, leave the stream out, or use a production account.",
        )
    return stream


def with_readable_states(
    selected: Sequence[Selected | Unreadable], states: Mapping[str, Any]
) -> list[Selected | Unreadable]:
    """The streams of a catalog, where one whose state cannot be read is not read: it costs itself."""
    errors = unreadable_states((each for each in selected if isinstance(each, Selected)), states)
    return [
        Unreadable(each.stream.name, errors[each.stream.name])
        if isinstance(each, Selected) and each.stream.name in errors
        else each
        for each in selected
    ]


def load_states(
    path: Path | str | None, streams: Sequence[AnyStream] = ALL_STREAMS, *, others: bool = False
) -> dict[str, Any]:
    """The states in a file, by stream, from any form of them; none without a path.

    Args:
        path: The file.
        streams: The streams that there are.
        others: Whether there may be other streams too, such as reports of a configuration that is not known.

    Raises:
        ConfigurationError: If the file cannot be read, or contains something else.
    """
    if path is None:
        return {}
    return parse_state_text(read_text(path, "state"), f"state file {path}", streams, others=others)
