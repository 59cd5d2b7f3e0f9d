"""A sync, told in protocol messages: every record before the state that covers it, every stream to its status."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

from tiktok_marketing.airbyte.line_sinks import LineSink, line_sink
from tiktok_marketing.airbyte.messages import (
    LogLevel,
    error_line,
    log_line,
    state_line,
    status_line,
)
from tiktok_marketing.airbyte.output import Output, Portion, Write
from tiktok_marketing.api.client import Waiting
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
from tiktok_marketing.memory import Meter, meters, watch
from tiktok_marketing.stdout import write_stdout
from tiktok_marketing.sync.events import Checkpoint, Event, Failure, Notice, Rows, StreamEnded, StreamStarted
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.run.engine import Sync

_HEARTBEAT = 60.0
"""Seconds of silence after which a log line tells the platform that the sync is alive."""
_NAMED = 20
"""Failures that an error message names one by one."""
_GRAVEST_FIRST = ("config_error", "system_error", "transient_error")


async def read(
    config: Config,
    selected: Sequence[Selected],
    states: Mapping[str, Any],
    *,
    write: Write = write_stdout,
    clock: Clock | None = None,
    address: str | None = None,
    limits: Sequence[Meter] | None = None,
) -> int:
    """Read the selected streams and write them as messages.

    Args:
        config: What the user asked for.
        selected: The streams and their modes.
        states: Stream name to the state of an earlier run.
        write: Takes lines; called in a thread of its own, so that a slow reader holds up no request.
        clock: The time.
        address: Scheme, host and port to ask; None for where the configuration and the environment say.
        limits: Of memory; None for those that the machine sets.

    Returns:
        The exit code: 0 only if everything was delivered.

    Raises:
        ConnectorError: If nothing could be read at all.
    """
    clock = clock or SystemClock()
    async with Output(write) as output:
        telling = _Telling(output)
        return await _read(config, selected, states, telling, clock, address, meters() if limits is None else limits)


async def _read(
    config: Config,
    selected: Sequence[Selected],
    states: Mapping[str, Any],
    telling: _Telling,
    clock: Clock,
    address: str | None,
    limits: Sequence[Meter],
) -> int:
    async with connect(config, clock=clock, on_wait=telling.wait, address=address) as api:
        sync = Sync(config, selected, states, api, clock, sink_factory=line_sink)
        beside = [
            asyncio.create_task(telling.beat(sync)),
            asyncio.create_task(watch(limits, lambda what: sync.stop(OutOfMemoryError(what)))),
        ]
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError, RuntimeError, ValueError):  # not the main thread, or no such signals
                loop.add_signal_handler(signum, sync.stop, signal.Signals(signum).name)
        try:
            async for event in sync.events():
                await telling.tell(event)
                del event
        finally:
            for task in beside:
                task.cancel()
        await telling.summarize(sync)
    return telling.exit_code


class _Telling:
    """Turns events into lines, one at a time and in their order."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._running: set[str] = set()
        self._failures: list[Failure] = []
        self._spoke = False
        self._waits: set[asyncio.Task[None]] = set()

    async def tell(self, event: Event) -> None:
        match event:
            case Rows():
                name = event.stream.name
                if name not in self._running:
                    self._running.add(name)
                    await self._say(status_line(name, "RUNNING"))
                for portion in cast(LineSink, event.records).portions():  # as `line_sink` made them
                    await self._put(portion)
            case Checkpoint():
                await self._say(state_line(event.stream.name, event.state, event.records))
            case StreamStarted():
                await self._say(status_line(event.stream.name, "STARTED"))
            case StreamEnded():
                await self._end(event)
            case Notice():
                level: LogLevel = "WARN" if event.level == "warning" else "INFO"
                await self._say(log_line(level, event.text, detail=event.detail))

    async def _end(self, event: StreamEnded) -> None:
        for failure in event.failures:
            level: LogLevel = "WARN" if failure.tolerated else "ERROR"
            about = f"Stream {failure.stream}{f', {failure.what}' if failure.what else ''}"
            text = f"{about}: {failure.error.message}"
            await self._say(log_line(level, text, detail=failure.error.detail))
        self._failures += [failure for failure in event.failures if not failure.tolerated]
        name = event.stream.name
        await self._say(log_line("INFO", f"Stream {name}: {event.records:,} records."))
        await self._say(status_line(name, "COMPLETE" if event.complete else "INCOMPLETE"))

    async def summarize(self, sync: Sync) -> None:
        """Say what was done and, in one error for each cause, what is missing and what to do about it."""
        progress = sync.progress()
        requests = sum(progress.requests.values())
        await self._say(
            log_line(
                "INFO",
                f"{progress.records:,} records of {progress.accounts:,} accounts in {progress.seconds:,.1f} s, "
                f"{requests:,} requests ({progress.retried:,} retried, {progress.refused:,} refused for their rate).",
            )
        )
        for text, verdict, detail, stream in _causes(self._failures):
            await self._say(error_line(text, verdict, detail=detail, stream=stream))

    @property
    def exit_code(self) -> int:
        return 1 if self._failures else 0

    def wait(self, waiting: Waiting) -> None:
        """A request is tried again after a wait that would otherwise look like a hang."""
        task = asyncio.get_running_loop().create_task(self._say(log_line("INFO", str(waiting))))
        self._waits.add(task)
        task.add_done_callback(self._waits.discard)

    async def beat(self, sync: Sync) -> None:
        """Break long silences."""
        while True:
            self._spoke = False
            await asyncio.sleep(_HEARTBEAT)
            if not self._spoke:
                progress = sync.progress()
                requests = sum(progress.requests.values())
                await self._say(
                    log_line("INFO", f"Still reading: {progress.records:,} records, {requests:,} requests.")
                )

    async def _say(self, line: bytes) -> None:
        await self._put([line])

    async def _put(self, portion: Portion) -> None:
        self._spoke = True
        await self._output.write(portion)


def _causes(failures: Sequence[Failure]) -> list[tuple[str, str, str, str | None]]:
    """One message for each stream and remedy; one for all streams if the very same error ended them all."""
    grouped: dict[tuple[str | None, str], list[Failure]] = {}
    ended_all = {id(one.error) for one in failures if sum(other.error is one.error for other in failures) > 1}
    for failure in failures:
        key = (
            (None, str(id(failure.error))) if id(failure.error) in ended_all else (failure.stream, failure.error.remedy)
        )
        grouped.setdefault(key, []).append(failure)
    causes = []
    for (stream, _), group in grouped.items():
        verdict = min((failure_type(one.error) for one in group), key=_GRAVEST_FIRST.index)
        said = list(
            dict.fromkeys(f"{one.what}: {one.error.message}" if one.what else one.error.message for one in group)
        )
        more = f" And {len(said) - _NAMED:,} more." if len(said) > _NAMED else ""
        about = f"Stream {stream}: " if stream else ""
        text = f"{about}{' '.join(said[:_NAMED])}{more} {group[0].error.remedy}".strip()
        causes.append((text, verdict, group[0].error.detail, stream))
    return causes


def failure_type(error: ConnectorError) -> str:
    """Whose turn it is to act, in Airbyte's words."""
    if isinstance(error, (ConfigurationError, OutOfReachError)):  # only another configuration can do without the rest
        return "config_error"
    if isinstance(error, SyncInterruptedError):
        return "transient_error"
    return str(error.failure_type) if isinstance(error, TikTokError) else "system_error"
