"""Runs the connector against an emulator and makes its output easy to ask about."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import msgspec
import pytest

from tiktok_marketing.airbyte.inputs import selected_streams, states_by_stream
from tiktok_marketing.airbyte.read import read
from tiktok_marketing.catalog import ALL_STREAMS, STREAMS, Stream
from tiktok_marketing.clock import Clock, FixedClock
from tiktok_marketing.config import AIRBYTE, parse_config
from tiktok_marketing.emulator import Emulator

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
"""The moment at which emulators of the tests stand still."""


HURRY = 60.0
"""Seconds of the connector's clock in one of ours."""


class Ahead:
    """A share of the quota that never changes.

    Args:
        pages: That may be asked for at once.
    """

    def __init__(self, pages: int) -> None:
        self._pages = pages
        self.expected: list[int] = []

    def pages_in_flight(self) -> int:
        """As many as it was made with."""
        return self._pages

    def set_remaining(self, pages: int) -> None:
        """Remember it."""
        self.expected.append(pages)


class HurriedClock(FixedClock):
    """A day that stands still, and seconds that fly."""

    def monotonic(self) -> float:
        """Seconds, sixty times as many as pass."""
        return time.monotonic() * HURRY

    async def sleep(self, seconds: float) -> None:
        """Wait a sixtieth of it."""
        await asyncio.sleep(seconds / HURRY)


def config_for(emulator: Emulator, **fields: Any) -> dict[str, Any]:
    """A production configuration that reads this emulator as fast as it can."""
    credentials = {
        "auth_type": "oauth2.0",
        "app_id": emulator.app_id,
        "secret": emulator.secret,
        "access_token": emulator.access_token,
    }
    return {"credentials": credentials, "requests_per_second": 500, "start_date": "2026-06-01", **fields}


def catalog_of(names: Iterable[str] | None = None, *, incremental: bool = True) -> dict[str, Any]:
    """A configured catalog of these streams, or of those that are read without a choice."""
    chosen = STREAMS if names is None else [stream for stream in ALL_STREAMS if stream.name in set(names)]
    return {
        "streams": [
            {
                "stream": {"name": stream.name, "json_schema": {}},
                "sync_mode": "incremental" if incremental and stream.cursor else "full_refresh",
                "destination_sync_mode": "append",
            }
            for stream in chosen
        ]
    }


def _decoded(line: bytes | str) -> Any:
    try:
        return msgspec.json.decode(line)
    except msgspec.DecodeError:  # what only a lenient decoder accepts
        return json.loads(line)


class Outcome:
    """What a read wrote, line by line.

    Args:
        lines: Its output.
        exit_code: How it ended.
    """

    def __init__(self, lines: Iterable[bytes | str], exit_code: int) -> None:
        self.messages = [_decoded(line) for line in lines]
        self.exit_code = exit_code

    def until(self, position: int) -> Outcome:
        """The outcome of the same read, killed before it wrote the message at this position."""
        killed = Outcome([], 1)
        killed.messages = self.messages[:position]
        return killed

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one type, in order."""
        return [message[kind.lower()] for message in self.messages if message["type"] == kind]

    @cached_property
    def _records(self) -> dict[str, list[dict[str, Any]]]:
        records: dict[str, list[dict[str, Any]]] = {}
        for record in self.of_type("RECORD"):
            records.setdefault(record["stream"], []).append(record["data"])
        return records

    def records(self, stream: str) -> list[dict[str, Any]]:
        """The records of a stream."""
        return self._records.get(stream, [])

    @property
    def last_states(self) -> dict[str, Any]:
        """The last state of each stream, as a state file holds them."""
        states = {}
        for message in self.of_type("STATE"):
            described = message["stream"]
            states[described["stream_descriptor"]["name"]] = described["stream_state"]
        return states

    @property
    def state_file(self) -> list[dict[str, Any]]:
        """What the platform passes to the next sync."""
        return [
            {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": state}}
            for name, state in self.last_states.items()
        ]

    @property
    def statuses(self) -> dict[str, list[str]]:
        """What was said of each stream, in order."""
        said: dict[str, list[str]] = {}
        for trace in self.of_type("TRACE"):
            if trace["type"] == "STREAM_STATUS":
                status = trace["stream_status"]
                said.setdefault(status["stream_descriptor"]["name"], []).append(status["status"])
        return said

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The error traces."""
        return [trace["error"] for trace in self.of_type("TRACE") if trace["type"] == "ERROR"]


async def read_from(
    emulator: Emulator,
    config: Mapping[str, Any],
    streams: Iterable[str] | None = None,
    *,
    state: Any = None,
    incremental: bool = True,
    catalog: Mapping[str, Any] | None = None,
    now: datetime = NOW,
    clock: Clock | None = None,
) -> Outcome:
    """Read streams of an emulator as the platform would.

    The clock stands still at `now` unless one is given; a `catalog` goes before names.
    """
    checked = parse_config(config, AIRBYTE)
    lines: list[bytes] = []
    code = await read(
        checked,
        selected_streams(checked, catalog or catalog_of(streams, incremental=incremental)),
        states_by_stream(state),
        write=lambda portion: lines.extend(b"".join(portion).splitlines()),
        clock=clock or FixedClock(now),
        address=emulator.url,
    )
    return Outcome(lines, code)


def key_of(stream: Stream, record: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells the record from all others of its stream, of whatever account."""
    values = (record[field] for field in stream.row_key)
    return tuple(json.dumps(value) if isinstance(value, (dict, list)) else value for value in values)


def cursors_of(states: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The cursor of each account in the states of streams; accounts may be in any order there."""
    return {
        name: {one["partition"]["advertiser_id"]: one["cursor"] for one in state.get("states", [])}
        for name, state in states.items()
    }


A_DAY = timedelta(days=1)


def quickly(first: Any, *others: Any) -> list[Any]:
    """The values of a parameter, of which `make test` tries the first alone, and `make thorough` the others."""
    return [first, *(pytest.param(other, marks=pytest.mark.thorough) for other in others)]


@contextmanager
def whole_packages() -> Iterator[None]:
    """Let syncs of this process load all rows in one package, which takes less time than one every few seconds."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("FIRST_SECONDS", "FULL_SECONDS"):
            patched.setattr(f"tiktok_marketing.pipelines.load_loop.{name}", 600.0)
        yield
