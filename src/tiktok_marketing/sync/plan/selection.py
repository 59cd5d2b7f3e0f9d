"""Which streams are read: by the names that somebody asked for, or all that the configuration can read. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import msgspec

from tiktok_marketing.catalog import STREAMS, Stream, stream_named
from tiktok_marketing.config import Config
from tiktok_marketing.errors import ConfigurationError


def choose_streams(config: Config, names: Iterable[str] | None = None) -> tuple[Stream, ...]:
    """Return the streams of these names, or all that the configuration can read.

    Raises:
        ConfigurationError: A name is of no stream, or of one that sandbox accounts do not have.
    """
    if names is None:
        return tuple(stream for stream in STREAMS if stream.sandbox or not config.sandbox)
    chosen: dict[str, Stream] = {}
    for name in names:
        stream = stream_named(name)
        if stream is None:
            close = difflib.get_close_matches(name, [stream.name for stream in STREAMS], n=2)
            meant = f"Did you mean {' or '.join(close)}? " if close else ""
            raise ConfigurationError(
                f"There is no stream {name!r}.", remedy=f"{meant}`tiktok-marketing streams` lists them."
            )
        if config.sandbox and not stream.sandbox:
            raise ConfigurationError(f"Sandbox accounts have no {name}.", remedy="Leave this stream out.")
        chosen[name] = stream
    if not chosen:
        raise ConfigurationError("No stream is asked for.", remedy="`tiktok-marketing streams` lists them.")
    return tuple(chosen.values())


def select_for_database(streams: Iterable[Stream]) -> list[Selected]:
    """How streams are read into a database: reports from their state on, lists of objects whole.

    A list is read whole in any case, and an object's status can change without its `modify_time`: so every object that
    was read is written, which costs a merge by key little.
    """
    return [Selected(stream, incremental=stream.is_report and stream.cursor is not None) for stream in streams]


class Selected(msgspec.Struct, frozen=True):
    """A stream that is asked for.

    Args:
        stream: Which one.
        incremental: Whether its state is used and written; otherwise it is read whole from `start_date`.
    """

    stream: Stream
    incremental: bool
