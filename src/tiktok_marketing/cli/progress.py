"""The progress of a sync: redrawn in place on a terminal, elsewhere a line every ten seconds."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

import msgspec

from tiktok_marketing.cli.common import console, say, span
from tiktok_marketing.cli.lines import Level, can_draw
from tiktok_marketing.pipelines import Snapshot, Watcher
from tiktok_marketing.sync.events import StreamEnded
from tiktok_marketing.sync.run.progress import StreamProgress
from tiktok_marketing.text import shown_line

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_LINE_INTERVAL = 10.0
"""Seconds between two lines where there is no terminal."""
_REDRAW_INTERVAL = 0.25
"""Seconds between two pictures on a terminal."""
_RATE_PERIOD = 10.0
"""Seconds over which rates are measured."""
_SILENT_AFTER = 10.0
"""Seconds without a byte from TikTok, while an answer is awaited, after which that is said instead of the progress."""
_LEAST_SHARE_FOR_ESTIMATE = 0.02
"""The share that must be done before the remaining time is estimated."""


class Pace(msgspec.Struct, frozen=True):
    """The speed of a sync, measured over the last seconds.

    Args:
        rows: Rows read per second.
        requests: Requests per second on the busiest endpoint.
        left: Seconds that remain; None while they cannot be estimated.
        silence: What TikTok has not answered for a while; empty if it answers.
    """

    rows: float
    requests: float
    left: float | None
    silence: str = ""


class PaceMeter:
    """Turns snapshots into rates."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, int, dict[str, int]]] = deque()
        self._received = -1
        self._received_at = 0.0

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
        if share is not None and _LEAST_SHARE_FOR_ESTIMATE < share < 1 and reading.seconds > 5:
            left = reading.seconds * (1 - share) / share
        return Pace((reading.records - rows) / seconds, sent / seconds, left, self._silence(snapshot, now))

    def _silence(self, snapshot: Snapshot, now: float) -> str:
        if snapshot.reading.received != self._received:
            self._received, self._received_at = snapshot.reading.received, now
        return snapshot.waits_for if now - self._received_at >= _SILENT_AFTER else ""


class Reporter(Watcher):
    """Shows a person how far a sync is. Use it as an asynchronous context manager around the sync.

    On a terminal, it draws a picture below what it prints. Elsewhere, it prints a line from time to time.

    Args:
        quiet: Whether to show only warnings.
        draws: Whether to draw on a terminal that can.
    """

    def __init__(self, *, quiet: bool = False, draws: bool = True) -> None:
        self.console: Console = console(stderr=True)
        self._quiet = quiet
        self._draws = draws and not quiet and can_draw()
        self._snapshot: Callable[[], Snapshot] | None = None
        self._meter = PaceMeter()
        self._task: asyncio.Task[None] | None = None
        self._live: Any = None

    async def __aenter__(self) -> Self:
        if self._draws:
            from rich.live import Live

            self._live = Live(console=self.console, auto_refresh=False, transient=True, vertical_overflow="crop")
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
        """Print a text that a person should see, above the picture if there is one."""
        self._print(text, "WARNING")

    def informs(self, text: str) -> None:
        """Print a text about what is as it should be."""
        if not self._quiet:
            self._print(text, "INFO")

    def ended(self, event: StreamEnded) -> None:
        """Print a line for the stream where there is no picture."""
        if self._live is None and not self._quiet:
            status = "complete" if event.complete else "incomplete"
            level: Level = "INFO" if event.complete else "WARNING"
            self._print(f"{event.stream.name}: {status}, {event.records:,} rows read.", level)

    def _print(self, text: str, level: Level) -> None:
        if self._live is None:
            say(text, level=level)
        else:
            self.console.print(shown_line(text), soft_wrap=True)

    async def _report_regularly(self) -> None:
        while True:
            await asyncio.sleep(_LINE_INTERVAL if self._live is None else _REDRAW_INTERVAL)
            if self._snapshot is None or self._quiet:
                continue
            snapshot = self._snapshot()
            pace = self._meter.measure(snapshot, time.monotonic())
            if self._live is not None:
                width, height = self.console.size
                self._live.update(drawing(snapshot, pace, width, height), refresh=True)
            elif pace.silence:
                self._print(pace.silence, "WARNING")
            else:
                self._print(line(snapshot, pace), "INFO")


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
    if done == len(reading.streams) > 0:
        return f"{text}; everything is read, and the rest is being loaded."
    if reading.share_done is not None:
        text += f"; {reading.share_done:.0%} of the windows read"
    if pace.left is not None:
        text += f", about {span(pace.left)} left"
    return text + "."


def totals(snapshot: Snapshot, pace: Pace) -> list[str]:
    """What the picture says first: totals, rate and time left, the most important phrase first."""
    reading = snapshot.reading
    incomplete = sum(stream.phase == "incomplete" for stream in reading.streams)
    done = sum(stream.phase == "complete" for stream in reading.streams) + incomplete
    phrases = [f"{reading.records:,} rows read", f"{sum(snapshot.loaded.values()):,} loaded"]
    phrases.append(f"{pace.rows:,.0f} rows per second")
    if pace.left is not None and not pace.silence:
        phrases.append(f"about {span(pace.left)} left")
    phrases.append(f"{done} of {len(reading.streams)} streams done")
    if incomplete:
        phrases.append(f"{incomplete} incomplete")
    if reading.share_done is not None and not pace.silence:
        phrases.append(f"{reading.share_done:.0%} of the windows")
    phrases.append(f"{reading.accounts:,} account{'' if reading.accounts == 1 else 's'}")
    phrases.append(f"{pace.requests:.1f} of {reading.quota:g} requests per second")
    if reading.refused:
        phrases.append(f"{reading.refused:,} refused by the rate limit")
    return phrases


def filled_lines(phrases: Sequence[str], width: int) -> list[str]:
    """Phrases, separated by commas, in lines of at most this width. A phrase that is longer gets folded."""
    lines = [""]
    for phrase in phrases:
        joined = f"{lines[-1]}, {phrase}" if lines[-1] else phrase
        if len(joined) <= width - 1:
            lines[-1] = joined
        else:
            lines.append(phrase)
    return [piece for text in lines if text for piece in folded(text, width)]


def folded(text: str, width: int) -> list[str]:
    """A text in lines of at most this width; nothing is left out."""
    return [text[start : start + width] for start in range(0, max(len(text), 1), max(width, 1))]


def picture(snapshot: Snapshot, pace: Pace, width: int, height: int) -> list[str]:
    """The progress in lines that fit a terminal: totals first, then the streams that are being read.

    Names are never cut. A stream whose name and figures are too long for one line gets several; streams that do not
    fit are counted.

    Args:
        snapshot: The progress.
        pace: Its speed.
        width: Columns of the terminal.
        height: Lines of the terminal.
    """
    lines = filled_lines(totals(snapshot, pace), width)
    if pace.silence:
        lines += folded(pace.silence, width)
    running = [stream for stream in snapshot.reading.streams if stream.phase == "reading"]
    names = max((len(stream.name) for stream in running), default=0)
    blocks = [_stream_lines(stream, snapshot.loaded.get(stream.name, 0), names, width) for stream in running]
    room = max(0, height - 1 - len(lines))
    shown = 0
    while shown < len(blocks):
        rest = 1 if shown + 1 < len(blocks) else 0  # the line that counts the others
        if len(blocks[shown]) + rest > room:
            break
        lines += blocks[shown]
        room -= len(blocks[shown])
        shown += 1
    if shown < len(blocks) and room:
        lines.append(f"and {len(blocks) - shown} more running"[:width])
    return lines[: max(1, height - 1)]


def _stream_lines(stream: StreamProgress, loaded: int, names: int, width: int) -> list[str]:
    figures = f"{stream.windows:,} of {stream.windows_total:,} windows, {stream.records:,} read, {loaded:,} loaded"
    if names + 2 + len(figures) < width:
        return [f"{stream.name:<{names}}  {figures}"]
    short = f"{stream.windows:,}/{stream.windows_total:,}"
    if len(stream.name) + 2 + len(short) < width:
        return [f"{stream.name}  {short}"]
    return [*folded(stream.name, width), *folded(f"  {short}", width)]


def drawing(snapshot: Snapshot, pace: Pace, width: int, height: int) -> RenderableType:
    """The progress as a picture for a terminal of this size."""
    from rich.text import Text

    lines = picture(snapshot, pace, width, height)
    return Text("\n".join(lines), no_wrap=True, overflow="crop")
