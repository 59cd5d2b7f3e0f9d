"""Loads streams into a database, for programs and for the command.

What reads, converts and loads is imported only when something is loaded: that takes most of a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from tiktok_marketing.api.retry_policy import RetryPolicy
from tiktok_marketing.catalog import Stream
from tiktok_marketing.clock import Clock, ClockReading, SystemClock
from tiktok_marketing.config import Config
from tiktok_marketing.connect import connect
from tiktok_marketing.errors import ConfigurationError, OutOfMemoryError
from tiktok_marketing.memory import Meter, meters, watch
from tiktok_marketing.pipelines.databases.destination import DEFAULT_DATASET, Destination, require_libraries
from tiktok_marketing.pipelines.databases.kinds import destination_of
from tiktok_marketing.pipelines.databases.lock import reserved
from tiktok_marketing.pipelines.summary import Summary, Watcher
from tiktok_marketing.sync.plan.bounds import Bound, Bounds, check_bounds, with_accounts
from tiktok_marketing.sync.plan.selection import choose_streams, select_for_database
from tiktok_marketing.sync.run.engine import Sync

if TYPE_CHECKING:
    from tiktok_marketing.pipelines.load_loop import LoaderThread
    from tiktok_marketing.pipelines.loader_of import PackageLoader


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The surroundings of a sync; None stands for the usual ones.

    Args:
        clock: The time.
        policy: How long requests are retried.
        address: Scheme, host and port to ask instead of TikTok's.
        limits: Limits of memory.
        since: The first day of reports to read, whatever the state says.
        until: The last day of reports to read; None for the configured one.
        accounts: The ids of the accounts to read; None for all that the configuration selects.
        wait: Seconds to wait at the start for another process that has the database open.
    """

    clock: Clock | None = None
    policy: RetryPolicy | None = None
    address: str | None = None
    limits: Sequence[Meter] | None = None
    since: Bound | None = None
    until: Bound | None = None
    accounts: Sequence[str] | None = None
    wait: float = 0.0

    @property
    def bounds(self) -> Bounds:
        """The days of reports to read."""
        return Bounds(self.since, self.until)


async def load_async(
    config: Config,
    to: str | Destination,
    *,
    streams: Iterable[str] | None = None,
    dataset: str = DEFAULT_DATASET,
    full: bool = False,
    watcher: Watcher | None = None,
    stop: asyncio.Event | None = None,
    options: RunOptions | None = None,
) -> Summary:
    """Read streams and load them into a database, from where the last run into it ended.

    Args:
        config: What to read.
        to: The destination, for example `duckdb:///tiktok.duckdb` or `postgresql://user:password@host/database`.
        streams: The names of the streams; None for all that the configuration can read.
        dataset: The schema for the tables.
        full: Whether to forget the state of these streams and read them from the start date on.
        watcher: Is told what happens.
        stop: Once it is set, reading ends, what was read is loaded with its state, and the summary is `interrupted`.
        options: The surroundings where they are not the usual ones.

    Returns:
        What was done. Check its `complete`: if a part fails, the others are loaded all the same.

    Raises:
        ConfigurationError: The request is not valid; nothing was read.
        TikTokError: The accounts cannot be listed, for example because the token is wrong; nothing was read.
        DestinationError: The database cannot be written to.
    """
    destination = destination_of(to, dataset) if isinstance(to, str) else to
    chosen = choose_streams(config, streams)
    require_libraries(destination, "Loading into")
    from tiktok_marketing.pipelines.load_loop import LoaderThread, LoadLoop
    from tiktok_marketing.pipelines.loader_of import loader_of

    at = options or RunOptions()
    clock = at.clock or SystemClock()
    config = with_accounts(config, at.accounts)
    check_bounded_read(config, at.bounds, clock, full=full)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(reserved(destination))
        thread = stack.enter_context(LoaderThread())
        loop = LoadLoop(destination, chosen, watcher or Watcher(), clock, stop or asyncio.Event())
        loader = loader_of(destination, folder, loop.notice_from_thread)
        await stack.enter_async_context(_undone_if_refused(loader, thread))
        states = await thread.do(loader.open, chosen, full=full, wait=at.wait)
        loop.begin_from(states, loader.columns, full=full)
        loop.refuse(loader.refused)
        if at.since is not None:
            loader.hold_packages()
        if note := describe_bounded_read(at.bounds, chosen):
            loop.inform(note)
        api = await stack.enter_async_context(
            connect(config, clock=clock, policy=at.policy, on_wait=loop.waits, address=at.address)
        )
        sync = Sync(
            config,
            select_for_database(stream for stream in chosen if stream.name not in loader.refused),
            loader.covered_states,
            api,
            clock,
            sink_factory=loop.sink,
            bounds=at.bounds,
            fill_gaps=True,
            restart=full,
        )

        def stop_before_memory_is_full(limit: str) -> None:
            error = OutOfMemoryError(limit)
            loop.notice(str(error))  # now, because the memory may not suffice to load what was read
            sync.stop(error)

        limits = meters() if at.limits is None else at.limits
        watching = asyncio.create_task(watch(limits, stop_before_memory_is_full))
        try:
            return await loop.run(sync, loader, thread)
        finally:
            watching.cancel()


@asynccontextmanager
async def _undone_if_refused(loader: PackageLoader, thread: LoaderThread) -> AsyncIterator[None]:
    """If the load is refused before anything is loaded, leave nothing behind that was not there before."""
    try:
        yield
    except BaseException:
        await thread.do(loader.undo_opening)
        raise


def check_bounded_read(config: Config, bounds: Bounds, clock: Clock, *, full: bool) -> None:
    """Refuse a read between bounds that would read nothing, or that contradicts a full one.

    Raises:
        ConfigurationError: If it does.
    """
    if full and bounds:
        raise ConfigurationError(
            "A full sync reads all days from start_date on, so since and until do not go with it.",
            remedy="Leave out full, or leave out since and until.",
        )
    check_bounds(bounds, config.end_date, ClockReading.at(clock.now()))


def describe_bounded_read(bounds: Bounds, streams: Iterable[Stream]) -> str:
    """What a read between bounds leaves out, and what it reads whole; empty if it has no bounds."""
    if not bounds:
        return ""
    text = f"Reports are read {bounds} only. What else is due stays due for the next sync without such bounds."
    match sum(not stream.has_days for stream in streams):
        case 0:
            return text
        case 1:
            return f"{text} 1 stream has no days and is read whole."
        case count:
            return f"{text} {count:,} streams have no days and are read whole."
