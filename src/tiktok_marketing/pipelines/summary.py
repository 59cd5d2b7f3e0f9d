"""The summary of a sync into a database, as data and as text, and what it tells while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.sync.events import Failure, StreamEnded
from tiktok_marketing.sync.run.progress import Progress


class StreamSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of a sync.

    Args:
        name: The stream's name.
        rows: The number of rows of this sync that are in the database.
        misfits: The number of their values that do not fit their column, which the column `_misfits` keeps.
        seconds: The time from the stream's first request to its end.
        complete: Whether everything that was requested is in the database.
        failures: What is missing.
        state_from: The earliest cursor of any account before the sync; None if there was none.
        state_to: The same after the sync.
        read: The number of rows that were read; None if that was not counted.
        repeated: How many of them repeat the key of another, so that the table has one row for both.
        held_back: How many of them were not loaded, because their days are not complete or their table refuses them.
    """

    name: str
    rows: int
    seconds: float
    complete: bool
    failures: tuple[Failure, ...] = ()
    state_from: str | None = None
    state_to: str | None = None
    misfits: int = 0
    read: int | None = None
    repeated: int = 0
    held_back: int = 0

    @property
    def lost(self) -> int:
        """How many rows were loaded and are not in the database, though nothing explains it."""
        return 0 if self.read is None else max(0, self.read - self.rows - self.repeated - self.held_back)

    @property
    def difference(self) -> str:
        """Why fewer rows are in the database than were read; empty if they are as many."""
        reasons = [
            f"{rows:,} {words[0] if rows == 1 else words[1]}"
            for rows, words in (
                (self.repeated, ("row repeats a key", "rows repeat a key")),
                (self.held_back, ("row is held back", "rows are held back")),
                (self.lost, ("row is missing in the database", "rows are missing in the database")),
            )
            if rows
        ]
        return ", ".join(reasons)


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One sync.

    Args:
        destination: The database, without secrets.
        dataset: The schema of the tables.
        started: When the sync began, in UTC.
        ended: When the sync ended, in UTC.
        seconds: How long the sync took.
        streams: The streams that were requested.
        requests: The number of requests per endpoint.
        packages: The number of packages loaded.
        notices: What else a person should know.
        interrupted: Whether the sync was asked to end before it was done.
        stopped: The error that ended the sync before it was done, if any. What was read until then is loaded.
        discarded: Whether nothing that was read is loaded, because all days of the read are replaced, or none.
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
    discarded: bool = False

    @property
    def rows(self) -> int:
        """The number of rows of this sync that are in the database."""
        return sum(stream.rows for stream in self.streams)

    @property
    def complete(self) -> bool:
        """Whether everything that was requested is in the database."""
        return not self.interrupted and self.stopped is None and all(stream.complete for stream in self.streams)

    def missing(self) -> list[str]:
        """Say what is missing, in a sentence or two per failure."""
        lines = [] if self.stopped is None else [str(self.stopped)]
        by_error: dict[tuple[int, bool], list[Failure]] = {}  # an error that ended several streams appears once
        for stream in self.streams:
            for failure in stream.failures:
                by_error.setdefault((id(failure.error), failure.tolerated), []).append(failure)
        lines += [
            f"{'; '.join(map(_subject, failures))}: {failures[0].error}" + (" (skipped, as configured)" * tolerated)
            for (_, tolerated), failures in by_error.items()
            if failures[0].error is not self.stopped
        ]
        unfinished = [stream.name for stream in self.streams if not stream.complete and not stream.failures]
        if unfinished:
            lines.append(f"Not read to the end: {', '.join(unfinished)}.")
        return lines

    @property
    def sync_id(self) -> str:
        """The name of the sync in the database."""
        return f"{self.started:%Y%m%dT%H%M%S.%f}"

    def as_rows(self) -> list[dict[str, Any]]:
        """Return a row per stream for the table of syncs: column to value."""
        started, ended = self.started.replace(tzinfo=None), self.ended.replace(tzinfo=None)
        return [
            {
                "sync_id": self.sync_id,
                "started_at": started,
                "ended_at": ended,
                "stream": stream.name,
                "loaded_rows": stream.rows,
                "requests_of_sync": sum(self.requests.values()),
                "complete": stream.complete,
                "missing": "; ".join(f"{_subject(failure)}: {failure.error.message}" for failure in stream.failures)
                or None,
                "misfits": stream.misfits,
                "read_rows": stream.read,
                "difference": stream.difference or None,
            }
            for stream in self.streams
        ]

    def differences(self) -> list[str]:
        """Say which streams have fewer rows in the database than were read, and why."""
        return [
            f"{stream.name}: {stream.read:,} rows were read, and {stream.rows:,} are in the database: "
            f"{stream.difference}."
            for stream in self.streams
            if stream.difference
        ]

    def __str__(self) -> str:
        width = max((len(stream.name) for stream in self.streams), default=0)
        lines = [
            f"{stream.name:<{width}}  {stream.rows:>12,} rows  {stream.seconds:>7.1f} s"
            + ("" if stream.complete else "  incomplete")
            + (f"  {stream.misfits:,} values that do not fit, in _misfits" if stream.misfits else "")
            for stream in self.streams
        ]
        outcome = "complete" if self.complete else "incomplete"
        lines.append(
            f"{self.rows:,} rows in {self.seconds:.1f} s with {sum(self.requests.values()):,} requests, {outcome}: "
            f"{self.destination}, schema {self.dataset}"
        )
        return "\n".join([*lines, *self.differences(), *self.missing()])


def earliest_cursor(state: Mapping[str, Any] | None) -> str | None:
    """Return the cursor of the account that is furthest behind in a state in Airbyte's form; None if it has none."""
    cursors: list[str] = []
    _collect({name: value for name, value in (state or {}).items() if name != "coverage"}, cursors)
    return min(cursors, default=None)


def _collect(value: Any, cursors: list[str]) -> None:
    """Collect the cursors, which are the only texts in a state that look like days."""
    if isinstance(value, str):
        if value[:4].isdigit() and value[4:5] == "-":
            cursors.append(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            _collect(item, cursors)
    elif isinstance(value, Sequence):
        for item in value:
            _collect(item, cursors)


def _subject(failure: Failure) -> str:
    """Name the stream, the account and the days that failed."""
    words = [failure.stream]
    if failure.advertiser_id:
        words.append(f"account {failure.advertiser_id}")
    if failure.what:
        words.append(failure.what)
    return ", ".join(words)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The progress of a sync into a database.

    Args:
        reading: The progress of reading.
        loaded: The number of rows in the database already, per stream.
        packages: The number of packages loaded.
        waits_for: A sentence about the answer that has been awaited longest; empty if none is awaited.
    """

    reading: Progress
    loaded: Mapping[str, int]
    packages: int
    waits_for: str = ""


class Watcher:
    """Receives what a sync into a database tells while it runs. The methods do nothing unless they are overridden."""

    def begins(self, snapshot: Callable[[], Snapshot]) -> None:
        """Learn that reading begins. `snapshot` may be called in this thread at any time from then on."""

    def says(self, text: str) -> None:
        """Receive a text that a person should see."""

    def informs(self, text: str) -> None:
        """Receive a text about what is as it should be."""
        self.says(text)

    def ended(self, event: StreamEnded) -> None:
        """Learn that a stream has been read as far as possible."""
