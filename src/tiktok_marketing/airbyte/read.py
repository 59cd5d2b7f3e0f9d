"""A sync as protocol messages: each record before the state that covers it, each stream with its status."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, cast

from tiktok_marketing.airbyte.heartbeat import HEARTBEAT, Heartbeat
from tiktok_marketing.airbyte.inputs import Unreadable, with_readable_states
from tiktok_marketing.airbyte.line_sinks import LineSink, line_sink
from tiktok_marketing.airbyte.messages import (
    LogLevel,
    error_line,
    log_line,
    state_line,
    status_line,
)
from tiktok_marketing.airbyte.output import Output, Portion, Write
from tiktok_marketing.api.client import Announcement
from tiktok_marketing.clock import Clock, SystemClock
from tiktok_marketing.config import Config
from tiktok_marketing.connect import connect
from tiktok_marketing.errors import (
    ConfigurationError,
    ConnectorError,
    OutOfMemoryError,
    OutOfReachError,
    SyncInterruptedError,
    TikTokError,
)
from tiktok_marketing.interrupts import call_on_signal
from tiktok_marketing.memory import Meter, meters, watch
from tiktok_marketing.stdout import write_stdout
from tiktok_marketing.sync.events import Checkpoint, Event, Failure, Notice, Rows, StreamEnded, StreamStarted
from tiktok_marketing.sync.plan.selection import Selected, streams_of
from tiktok_marketing.sync.plan.state_forms import unknown_streams
from tiktok_marketing.sync.run.engine import Sync

_MOST_FAILURES_NAMED = 20
"""Failures that an error message names one by one."""
_GRAVEST_FIRST = ("config_error", "system_error", "transient_error")


async def read(
    config: Config,
    selected: Sequence[Selected | Unreadable],
    states: Mapping[str, Any],
    *,
    write: Write = write_stdout,
    clock: Clock | None = None,
    address: str | None = None,
    limits: Sequence[Meter] | None = None,
    heartbeat: float = HEARTBEAT,
    debug: bool = False,
) -> int:
    """Read the selected streams and write them as messages.

    Args:
        config: What the user asked for.
        selected: The streams and their modes, and the streams that cannot be read, which end incomplete.
        states: Stream name to the state of an earlier run.
        write: Writes a portion of lines; called in a thread of its own, so that a slow reader delays no request.
        clock: The clock; None for the machine's.
        address: Scheme, host and port of the API; None for those of the configuration or the environment.
        limits: The limits of memory; None for those that the machine sets.
        heartbeat: Seconds of silence after which a line says that the connector is alive.
        debug: Whether to log each request.

    Returns:
        The exit code: 0 only if everything was delivered.

    Raises:
        ConnectorError: If nothing could be read at all.
    """
    clock = clock or SystemClock()
    # The handlers of signals outlive the output: a signal disturbs no reader that is behind what was read.
    with ExitStack() as handlers:
        async with Output(write) as output:
            messages = MessageWriter(output, heartbeat)
            selected = with_readable_states(selected, states)
            readable = [stream for stream in selected if isinstance(stream, Selected)]
            unreadable = [stream for stream in selected if isinstance(stream, Unreadable)]
            for stream in unreadable:
                await messages.write_unreadable(stream)
            if unreadable and not readable:
                await messages.write_failures()
                return messages.exit_code
            try:
                async with connect(
                    config,
                    clock=clock,
                    on_wait=messages.log_wait,
                    address=address,
                    log_request=messages.log_request if debug else None,
                ) as api:
                    sync = Sync(config, readable, states, api, clock, sink_factory=line_sink)
                    handlers.enter_context(call_on_signal(lambda number: sync.stop(signal.Signals(number).name)))
                    if unknown := unknown_streams(states, streams_of(config)):
                        await messages.write_event(Notice("warning", unknown))
                    await _read(sync, messages, meters() if limits is None else limits)
                    return messages.exit_code
            except ConnectorError:
                await messages.write_failures()
                raise


async def _read(sync: Sync, messages: MessageWriter, limits: Sequence[Meter]) -> None:
    background = [
        asyncio.create_task(messages.log_heartbeat(sync)),
        asyncio.create_task(watch(limits, lambda usage: sync.stop(OutOfMemoryError(usage)))),
    ]
    try:
        async for event in sync.events():
            await messages.write_event(event)
            del event
    finally:
        for task in background:
            task.cancel()
    await messages.write_summary(sync)


class MessageWriter:
    """Writes events as messages, in their order.

    Args:
        output: Where they go.
        heartbeat: Seconds of silence after which a line says that the connector is alive.
    """

    def __init__(self, output: Output, heartbeat: float = HEARTBEAT) -> None:
        self._output = output
        self._heartbeat = Heartbeat(heartbeat, asyncio.get_running_loop().time)
        self._running: set[str] = set()
        self._failures: list[Failure] = []
        self._written_at = 0.0
        self._waits: set[asyncio.Task[None]] = set()

    async def write_unreadable(self, stream: Unreadable) -> None:
        """Write that a stream cannot be read at all."""
        self._failures.append(Failure(stream.name, None, "", stream.error))
        await self._write_line(status_line(stream.name, "STARTED"))
        await self._write_line(log_line("ERROR", str(stream.error)))
        await self._write_line(status_line(stream.name, "INCOMPLETE"))

    async def write_event(self, event: Event) -> None:
        """Write what an event says."""
        match event:
            case Rows():
                name = event.stream.name
                if name not in self._running:
                    self._running.add(name)
                    await self._write_line(status_line(name, "RUNNING"))
                for portion in cast(LineSink, event.records).portions():  # `line_sink` made it
                    await self._write(portion)
            case Checkpoint():
                await self._write_line(state_line(event.stream.name, event.state, event.records))
            case StreamStarted():
                await self._write_line(status_line(event.stream.name, "STARTED"))
            case StreamEnded():
                await self._write_end(event)
            case Notice():
                level: LogLevel = "WARN" if event.level == "warning" else "INFO"
                await self._write_line(log_line(level, event.text, detail=event.detail))

    async def _write_end(self, event: StreamEnded) -> None:
        for failure in event.failures:
            level: LogLevel = "WARN" if failure.tolerated else "ERROR"
            scope = f"Stream {failure.stream}{f', {failure.what}' if failure.what else ''}"
            text = f"{scope}: {failure.error.message}"
            await self._write_line(log_line(level, text, detail=failure.error.detail))
        self._failures += [failure for failure in event.failures if not failure.tolerated]
        name = event.stream.name
        await self._write_line(log_line("INFO", f"Stream {name}: {event.records:,} records."))
        await self._write_line(status_line(name, "COMPLETE" if event.complete else "INCOMPLETE"))

    async def write_summary(self, sync: Sync) -> None:
        """Write what was done and, in an error per cause, what is missing and what to do."""
        progress = sync.progress()
        requests = sum(progress.requests.values())
        await self._write_line(
            log_line(
                "INFO",
                f"{progress.records:,} records of {progress.accounts:,} accounts in {progress.seconds:,.1f} s, "
                f"{requests:,} requests ({progress.retried:,} retried, {progress.refused:,} refused by the rate "
                "limit).",
            )
        )
        await self.write_failures()

    async def write_failures(self) -> None:
        """Write what is missing and what to do, in an error per cause."""
        for text, failure, detail, stream in _causes(self._failures):
            await self._write_line(error_line(text, failure, detail=detail, stream=stream))

    @property
    def exit_code(self) -> int:
        """0 unless something is missing."""
        return 1 if self._failures else 0

    def log_wait(self, waiting: Announcement) -> None:
        """Log that a request waits for its next try, so that nobody takes the wait for a hang."""
        if not self._heartbeat.has_said(waiting):
            self._write_later(log_line("INFO", str(waiting)))

    def log_request(self, text: str) -> None:
        """Log a request that has ended."""
        self._write_later(log_line("DEBUG", text))

    def _write_later(self, line: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._write_line(line))
        self._waits.add(task)
        task.add_done_callback(self._waits.discard)

    async def log_heartbeat(self, sync: Sync) -> None:
        """Log after each silence that the sync goes on, and what it waits for."""
        self._heartbeat.wrote()
        while True:
            rest = self._heartbeat.rest()
            if rest > 0:
                await asyncio.sleep(rest)
                continue
            progress = sync.progress()
            requests = sum(progress.requests.values())
            text = f"Still reading: {progress.records:,} records, {requests:,} requests."
            await self._write_line(log_line("INFO", self._heartbeat.line(text, sync.waits_for())))

    async def _write_line(self, line: bytes) -> None:
        await self._write([line])

    async def _write(self, portion: Portion) -> None:
        await self._output.write(portion)
        self._heartbeat.wrote()


def _causes(failures: Sequence[Failure]) -> list[tuple[str, str, str, str | None]]:
    """A message per stream and remedy; a single one if the same error ended several streams.

    Returns:
        The text, the failure type, the detail and the stream of each message.
    """
    grouped: dict[tuple[str | None, str], list[Failure]] = {}
    streams: dict[int, set[str]] = {}
    for failure in failures:
        streams.setdefault(id(failure.error), set()).add(failure.stream)
    for failure in failures:
        is_shared = len(streams[id(failure.error)]) > 1
        key = (None, str(id(failure.error))) if is_shared else (failure.stream, failure.error.remedy)
        grouped.setdefault(key, []).append(failure)
    causes = []
    for (stream, _), group in grouped.items():
        gravest = min((failure_type(failure.error) for failure in group), key=_GRAVEST_FIRST.index)
        messages = list(
            dict.fromkeys(
                f"{failure.what}: {failure.error.message}" if failure.what else failure.error.message
                for failure in group
            )
        )
        named = " ".join(messages[:_MOST_FAILURES_NAMED])
        more = f" And {len(messages) - _MOST_FAILURES_NAMED:,} more." if len(messages) > _MOST_FAILURES_NAMED else ""
        scope = f"Stream {stream}: " if stream else ""
        causes.append((f"{scope}{named}{more} {group[0].error.remedy}".strip(), gravest, group[0].error.detail, stream))
    return causes


def failure_type(error: ConnectorError) -> str:
    """The failure type in Airbyte's words, which say who has to act."""
    if isinstance(error, (ConfigurationError, OutOfReachError)):  # only another configuration can avoid it
        return "config_error"
    if isinstance(error, SyncInterruptedError):
        return "transient_error"
    return str(error.failure_type) if isinstance(error, TikTokError) else "system_error"
