"""What a sync into a database did, as data and as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.sync.events import Failure, StreamEnded
from tiktok_marketing.sync.run.progress import Progress

SYNCS_TABLE = "_tiktok_syncs"
"""Table with a row for each stream of each sync that came to an end."""
LOADS_TABLE = "_tiktok_loads"
"""Table with a row for each package and stream: its sync, and how many rows of it were there when that sync ended."""


class StreamSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of a sync.

    Args:
        name: Its name.
        rows: Rows loaded.
        seconds: From its first request to its end.
        complete: Whether all of it that was asked for is in the database.
        failures: What is missing.
        state_from: Earliest cursor over the accounts before, None if there was none.
        state_to: The same afterwards.
    """

    name: str
    rows: int
    seconds: float
    complete: bool
    failures: tuple[Failure, ...] = ()
    state_from: str | None = None
    state_to: str | None = None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One sync.

    Args:
        destination: The database, without a secret.
        dataset: The schema of the tables.
        started: When it began, UTC.
        ended: When it ended, UTC.
        seconds: How long it took.
        streams: Each stream that was asked for.
        requests: Requests sent, by endpoint.
        packages: Packages loaded.
        notices: What a person should know besides.
        interrupted: Whether it was asked to end before it was done.
        stopped: The error that ended it before it was done, if one did. What was read until then is loaded.
    """

    destination: str
    dataset: str
    started: datetime
    ended: datetime
    seconds: float
    streams: tuple[StreamSummary, ...]
    requests: Mapping[str, int]
    packages: int
    notices: tuple[str, ...] = ()
    interrupted: bool = False
    stopped: ConnectorError | None = None

    @property
    def rows(self) -> int:
        """Rows loaded."""
        return sum(stream.rows for stream in self.streams)

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is in the database."""
        return not self.interrupted and self.stopped is None and all(stream.complete for stream in self.streams)

    def missing(self) -> list[str]:
        """Say what is missing, a sentence or two for each part."""
        lines = [] if self.stopped is None else [str(self.stopped)]
        alike: dict[tuple[int, bool], list[Failure]] = {}  # what ended several streams is told once
        for failure in (one for stream in self.streams for one in stream.failures):
            alike.setdefault((id(failure.error), failure.tolerated), []).append(failure)
        lines += [
            f"{'; '.join(map(_part, failures))}: {failures[0].error}" + (" (skipped, as configured)" * tolerated)
            for (_, tolerated), failures in alike.items()
            if failures[0].error is not self.stopped
        ]
        unfinished = [stream.name for stream in self.streams if not stream.complete and not stream.failures]
        if unfinished:
            lines.append(f"Not read to the end: {', '.join(unfinished)}.")
        return lines

    @property
    def sync_id(self) -> str:
        """What the sync is called in the database."""
        return f"{self.started:%Y%m%dT%H%M%S.%f}"

    def as_rows(self) -> list[list[Any]]:
        """One row for each stream, for the table of syncs."""
        sync_id = self.sync_id
        started, ended = self.started.replace(tzinfo=None), self.ended.replace(tzinfo=None)
        return [
            [
                sync_id,
                started,
                ended,
                stream.name,
                stream.rows,
                sum(self.requests.values()),
                stream.complete,
                "; ".join(f"{_part(failure)}: {failure.error.message}" for failure in stream.failures) or None,
            ]
            for stream in self.streams
        ]

    def __str__(self) -> str:
        width = max((len(stream.name) for stream in self.streams), default=0)
        lines = [
            f"{stream.name:<{width}}  {stream.rows:>12,} rows  {stream.seconds:>7.1f} s"
            + ("" if stream.complete else "  incomplete")
            for stream in self.streams
        ]
        whole = "complete" if self.complete else "incomplete"
        lines.append(
            f"{self.rows:,} rows in {self.seconds:.1f} s with {sum(self.requests.values()):,} requests, {whole}: "
            f"{self.destination}, schema {self.dataset}"
        )
        return "\n".join([*lines, *self.missing()])


def earliest_cursor(state: Mapping[str, Any] | None) -> str | None:
    """The cursor of the account that is furthest behind, from a state in Airbyte's form; None if it has none."""
    found: list[str] = []
    _collect(state, found)
    return min(found, default=None)


def _collect(value: Any, found: list[str]) -> None:
    """Cursors are the only texts in a state that look like days."""
    if isinstance(value, str):
        if value[:4].isdigit() and value[4:5] == "-":
            found.append(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            _collect(item, found)
    elif isinstance(value, Sequence):
        for item in value:
            _collect(item, found)


def _part(failure: Failure) -> str:
    words = [failure.stream]
    if failure.advertiser_id:
        words.append(f"account {failure.advertiser_id}")
    if failure.what:
        words.append(failure.what)
    return ", ".join(words)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """How far a sync into a database is.

    Args:
        reading: How far the reading is.
        loaded: Rows in the database already, by stream.
        packages: Packages loaded.
    """

    reading: Progress
    loaded: Mapping[str, int]
    packages: int


class Watcher:
    """What a sync into a database tells while it runs; the methods do nothing unless a subclass wants to know."""

    def begins(self, snapshot: Callable[[], Snapshot]) -> None:
        """Reading begins; `snapshot` may be called at any time from then on, in this thread."""

    def says(self, text: str) -> None:
        """Something that a person should see."""

    def ended(self, event: StreamEnded) -> None:
        """A stream has been read as far as it can be."""
