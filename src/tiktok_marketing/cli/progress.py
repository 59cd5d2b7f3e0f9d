"""The progress of a sync: redrawn in place on a terminal, elsewhere a line every ten seconds."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import msgspec

from tiktok_marketing.cli.common import console, span
from tiktok_marketing.pipelines import Snapshot, Watcher
from tiktok_marketing.sync.events import StreamEnded
from tiktok_marketing.text import shown_line

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_LINE_INTERVAL = 10.0
"""Seconds between two lines where there is no terminal."""
_REDRAW_INTERVAL = 0.25
"""Seconds between two pictures on a terminal."""
_RATE_PERIOD = 10.0
"""Seconds over which rates are measured."""
_LEAST_SHARE_FOR_ESTIMATE = 0.02
"""The share that must be done before the remaining time is estimated."""


class Pace(msgspec.Struct, frozen=True):
    """The speed of a sync, measured over the last seconds.

    Args:
        rows: Rows read per second.
        requests: Requests per second on the busiest endpoint.
        left: Seconds that remain; None while they cannot be estimated.
    """

    rows: float
    requests: float
    left: float | None


class PaceMeter:
    """Turns snapshots into rates."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, int, dict[str, int]]] = deque()

    def measure(self, snapshot: Snapshot, now: float) -> Pace:
        """Add a snapshot and return the pace up to it."""
        reading = snapshot.reading
        self._readings.append((now, reading.records, dict(reading.requests)))
        while len(self._readings) > 2 and now - self._readings[0][0] > _RATE_PERIOD:
            self._readings.popleft()
        then, rows, requests = self._readings[0]
        seconds = max(now - then, 0.001)
        sent = max((count - requests.get(endpoint, 0) for endpoint, count in reading.requests.items()), default=0)
        share = reading.share_done
        left = None
        if share is not None and share > _LEAST_SHARE_FOR_ESTIMATE and reading.seconds > 5:
            left = reading.seconds * (1 - share) / share
        return Pace((reading.records - rows) / seconds, sent / seconds, left)


class Reporter(Watcher):
    """Shows a person how far a sync is. Use it as an asynchronous context manager around the sync.

    Args:
        quiet: Whether to show only warnings.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.console: Console = console(stderr=True)
        self._quiet = quiet
        self._snapshot: Callable[[], Snapshot] | None = None
        self._meter = PaceMeter()
        self._task: asyncio.Task[None] | None = None
        self._live: Any = None

    async def __aenter__(self) -> Self:
        if self.console.is_terminal and not self._quiet:
            from rich.live import Live

            self._live = Live(console=self.console, auto_refresh=False, transient=True)
            self._live.start()
        self._task = asyncio.create_task(self._report_regularly())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self.leave()

    def leave(self) -> None:
        """Restore the terminal."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def begins(self, snapshot: Callable[[], Snapshot]) -> None:
        """Remember how to take a snapshot."""
        self._snapshot = snapshot

    def says(self, text: str) -> None:
        """Print a text, above the picture if there is one."""
        self.console.print(shown_line(text), soft_wrap=True)

    def informs(self, text: str) -> None:
        """Print a text about what is as it should be."""
        if not self._quiet:
            self.says(text)

    def ended(self, event: StreamEnded) -> None:
        """Print a line for the stream where there is no picture."""
        if self._live is None and not self._quiet:
            status = "complete" if event.complete else "incomplete"
            self.says(f"{event.stream.name}: {status}, {event.records:,} rows read.")

    async def _report_regularly(self) -> None:
        while True:
            await asyncio.sleep(_LINE_INTERVAL if self._live is None else _REDRAW_INTERVAL)
            if self._snapshot is None or self._quiet:
                continue
            snapshot = self._snapshot()
            pace = self._meter.measure(snapshot, time.monotonic())
            if self._live is None:
                self.says(line(snapshot, pace))
            else:
                self._live.update(drawing(snapshot, pace), refresh=True)


def line(snapshot: Snapshot, pace: Pace) -> str:
    """The progress in one line.

    Example: `3 of 44 streams done, 6 accounts: 12,345 rows read (1,200 per second), 10,000 loaded; 8.1 of 10 requests
    per second; 45% of the windows read, about 3 min left.`
    """
    reading = snapshot.reading
    done = sum(stream.phase in {"complete", "incomplete"} for stream in reading.streams)
    text = (
        f"{done} of {len(reading.streams)} streams done, {reading.accounts:,} accounts: {reading.records:,} rows read "
        f"({pace.rows:,.0f} per second), {sum(snapshot.loaded.values()):,} loaded; "
        f"{pace.requests:.1f} of {reading.quota:g} requests per second"
    )
    if reading.refused:
        text += f", {reading.refused:,} refused by the rate limit"
    if reading.share_done is not None:
        text += f"; {reading.share_done:.0%} of the windows read"
    if pace.left is not None:
        text += f", about {span(pace.left)} left"
    return text + "."


def drawing(snapshot: Snapshot, pace: Pace) -> RenderableType:
    """The progress as a picture: a bar per stream that has begun, and one line for all."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    bars = Table.grid(padding=(0, 2))
    for stream in snapshot.reading.streams:
        if stream.phase == "waiting":
            continue
        colour = {"complete": "green", "incomplete": "red"}.get(stream.phase, "cyan")
        total = stream.windows_total or 1
        bars.add_row(
            Text(stream.name, colour),
            ProgressBar(total=total, completed=total if stream.phase == "complete" else stream.windows, width=24),
            Text(f"{stream.windows:,} of {stream.windows_total:,} windows", justify="right"),
            Text(f"{stream.records:,} read", justify="right"),
            Text(f"{snapshot.loaded.get(stream.name, 0):,} loaded", justify="right"),
        )
    return Group(bars, Text(line(snapshot, pace), "bold"))
