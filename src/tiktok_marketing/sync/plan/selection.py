"""Which streams are read: those with the given names, or those that are read without a choice. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

import msgspec

from tiktok_marketing.catalog import ALL_STREAMS, AnyStream
from tiktok_marketing.catalog.boosted_posts import with_boosted_posts
from tiktok_marketing.config import Config
from tiktok_marketing.errors import ConfigurationError


def choose_streams(config: Config, names: Iterable[str] | None = None) -> tuple[AnyStream, ...]:
    """The streams with the given names, or those that are read without a choice.

    Args:
        config: The configuration.
        names: Names of streams, or patterns like `ads*`; a text may contain several, with commas. What several texts
            and patterns name adds up. A pattern chooses among the streams that are read without a choice, and among
            those on request only if it matches no other. None for the streams that are read without a choice.

    Raises:
        ConfigurationError: If a name is not a stream, a pattern matches none, or sandbox accounts do not have it.
    """
    return streams_named(names, streams_of(config), sandbox=config.sandbox)


def streams_of(config: Config) -> tuple[AnyStream, ...]:
    """Every stream that a configuration knows: the fixed ones, with its extra metrics, and its own reports.

    If the configuration asks for boosted posts, the streams have them. Nobody boosts posts in a sandbox.
    """
    streams: tuple[AnyStream, ...] = ALL_STREAMS
    if config.custom_reports or config.extra_metrics:
        from tiktok_marketing.catalog.custom_reports import streams_with

        streams = streams_with(ALL_STREAMS, config.custom_reports, config.extra_metrics)
    return with_boosted_posts(streams) if config.include_promote and not config.sandbox else streams


def streams_named(
    names: Iterable[str] | None, streams: Sequence[AnyStream] = ALL_STREAMS, *, sandbox: bool
) -> tuple[AnyStream, ...]:
    """The streams with the given names, or those that are read without a choice, as far as accounts have them.

    Args:
        names: As for `choose_streams`.
        streams: The streams that there are.
        sandbox: Whether the accounts are sandbox accounts, which lack some streams.

    Raises:
        ConfigurationError: As `choose_streams`.
    """
    readable = tuple(stream for stream in streams if stream.sandbox or not sandbox)
    if names is None:
        return tuple(stream for stream in readable if not stream.on_request)
    chosen: dict[str, AnyStream] = {}
    for name in _split(names):
        if any(wildcard in name for wildcard in "*?["):
            chosen |= {stream.name: stream for stream in _matching(name, readable, streams)}
            continue
        stream = find_stream(name, streams)
        if stream not in readable:
            raise ConfigurationError(
                f"Sandbox accounts do not have the stream {name}.", remedy="Leave this stream out."
            )
        chosen[name] = stream
    if not chosen:
        raise ConfigurationError(
            "No stream is selected.", remedy="Name at least one; `tiktok-marketing streams` lists all streams."
        )
    return tuple(chosen.values())


def _matching(pattern: str, readable: Sequence[AnyStream], streams: Sequence[AnyStream]) -> list[AnyStream]:
    """The readable streams whose names match a pattern; those on request only if no other matches.

    Raises:
        ConfigurationError: If there is none.
    """
    matches = [stream for stream in readable if fnmatchcase(stream.name, pattern)]
    if not matches and any(fnmatchcase(stream.name, pattern) for stream in streams):
        raise ConfigurationError(
            f"Sandbox accounts have no stream that matches {pattern!r}.", remedy="Leave these streams out."
        )
    if not matches:
        raise ConfigurationError(f"No stream matches {pattern!r}.", remedy=_suggestion(pattern, streams))
    return [stream for stream in matches if not stream.on_request] or matches


def _suggestion(name: str, streams: Sequence[AnyStream]) -> str:
    """What to do about a name or pattern that no stream has: the most similar names, and where to see all."""
    plain = re.sub(r"[^a-z0-9]+", "_", re.sub(r"\[.*?\]", "", name).lower()).strip("_")
    close = difflib.get_close_matches(plain, [stream.name for stream in streams], n=2)
    question = f"Did you mean {' or '.join(close)}? " if close else ""
    return f"{question}`tiktok-marketing streams` lists all streams."


def _split(names: Iterable[str]) -> list[str]:
    texts = [names] if isinstance(names, str) else names
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def find_stream(name: str, streams: Sequence[AnyStream] = ALL_STREAMS) -> AnyStream:
    """The stream with this name, of these streams.

    Raises:
        ConfigurationError: If there is none; the error suggests the most similar names.
    """
    stream = next((stream for stream in streams if stream.name == name), None)
    if stream is None:
        raise ConfigurationError(f"The stream {name!r} does not exist.", remedy=_suggestion(name, streams))
    return stream


def select_for_database(streams: Iterable[AnyStream]) -> list[Selected]:
    """How streams are read into a database: reports from their state on, lists of objects in full.

    TikTok delivers a list in full in any case, and an object's status can change without its `modify_time`. So every
    object is written, which costs little in a merge by key.
    """
    return [Selected(stream, incremental=stream.is_report and stream.cursor is not None) for stream in streams]


class RefreshId(msgspec.Struct, frozen=True):
    """How a platform numbers the full refresh of a stream.

    Args:
        generation_id: The number of the refresh among those of the stream; None if the platform has none.
        sync_id: The number of the job, which all of its attempts have; None if the platform has none.
    """

    generation_id: int | None = None
    sync_id: int | None = None


class Selected(msgspec.Struct, frozen=True):
    """A selected stream.

    Args:
        stream: The stream.
        incremental: Whether its state is used and written; otherwise it is read in full from `start_date`.
        refresh: In a full refresh, which one it is, so that an interrupted one goes on; None if each begins at the
            start.
    """

    stream: AnyStream
    incremental: bool
    refresh: RefreshId | None = None
