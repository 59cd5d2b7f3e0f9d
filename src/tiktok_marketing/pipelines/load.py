"""Loading streams into a database, for programs and for the command.

What reads, converts and loads is imported only once something is loaded: it takes most of a second.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import date, timedelta

import msgspec

from tiktok_marketing.api.retry_policy import RetryPolicy
from tiktok_marketing.clock import Clock, SystemClock
from tiktok_marketing.config import Config
from tiktok_marketing.connect import connect
from tiktok_marketing.errors import ConfigurationError, OutOfMemoryError
from tiktok_marketing.extras import install_hint
from tiktok_marketing.memory import Meter, meters, watch
from tiktok_marketing.pipelines.databases.destination import DEFAULT_DATASET, Destination, destination_of
from tiktok_marketing.pipelines.databases.lock import reserved
from tiktok_marketing.pipelines.summary import Summary, Watcher
from tiktok_marketing.sync.plan.selection import choose_streams, select_for_database
from tiktok_marketing.sync.run.engine import Sync


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a sync finds around it; None for the usual.

    Args:
        clock: The time.
        policy: For how long requests are tried again.
        address: Scheme, host and port to ask instead of TikTok's.
        limits: Of memory.
        since: The first day of reports to read, whatever the state says.
    """

    clock: Clock | None = None
    policy: RetryPolicy | None = None
    address: str | None = None
    limits: Sequence[Meter] | None = None
    since: date | None = None


def load(
    config: Config,
    to: str | Destination,
    *,
    streams: Iterable[str] | None = None,
    dataset: str = DEFAULT_DATASET,
    full: bool = False,
) -> Summary:
    """Read streams and load them into a database, going on from where the last run into it ended.

    Args:
        config: What to read, from `config.load_config` or `config.parse_config`.
        to: The destination: `duckdb:///tiktok.duckdb` or `postgresql://user:password@host/database`, say.
        streams: Names of the streams; None for all that the configuration can read.
        dataset: Schema of the tables.
        full: Whether to forget the state of these streams and read them from the start date on.

    Returns:
        What was done. Look at its `complete`: a part that failed does not keep the others from being loaded.

    Raises:
        ConfigurationError: What was asked for cannot be; nothing was read.
        TikTokError: The accounts cannot be listed (a wrong token, say); nothing was read.
        DestinationError: The database cannot be written to.
    """
    return asyncio.run(load_async(config, to, streams=streams, dataset=dataset, full=full))


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
    """As `load`, in an event loop.

    Args:
        config: As for `load`.
        to: As for `load`.
        streams: As for `load`.
        dataset: As for `load`.
        full: As for `load`.
        watcher: Told what happens.
        stop: Once it is set, reading ends, what was read is loaded with its state, and the summary is `interrupted`.
        options: The time, patience and address where they are not the usual ones.

    Raises:
        ConfigurationError: As `load`.
        TikTokError: As `load`.
        DestinationError: As `load`.
    """
    destination = destination_of(to, dataset) if isinstance(to, str) else to
    chosen = choose_streams(config, streams)
    _check_libraries(destination)
    from tiktok_marketing.pipelines.load_loop import LoaderThread, LoadLoop
    from tiktok_marketing.pipelines.loader import Loader

    at = options or RunOptions()
    clock = at.clock or SystemClock()
    _check_since(at.since, config, clock)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(reserved(destination))
        thread = stack.enter_context(LoaderThread())
        pump = LoadLoop(destination, chosen, watcher or Watcher(), clock, stop or asyncio.Event())
        loader = Loader(destination, folder, pump.notice_from_thread)
        states = await thread.do(loader.open)
        pump.begin_from(states, full=full)
        api = await stack.enter_async_context(
            connect(config, clock=clock, policy=at.policy, on_wait=pump.waits, address=at.address)
        )
        sync = Sync(
            config,
            select_for_database(chosen),
            {} if full else states,
            api,
            clock,
            sink_factory=pump.sink,
            since=at.since,
        )

        def stop_before_it_is_full(what: str) -> None:
            error = OutOfMemoryError(what)
            pump.notice(str(error))  # now: should the rest not be enough for loading what was read, it was said
            sync.stop(error)

        limits = meters() if at.limits is None else at.limits
        watching = asyncio.create_task(watch(limits, stop_before_it_is_full))
        try:
            return await pump.run(sync, loader, thread)
        finally:
            watching.cancel()


def _check_since(since: date | None, config: Config, clock: Clock) -> None:
    """Refuse a first day that no account has reached.

    Raises:
        ConfigurationError: If it is after the last day to read.
    """
    latest = config.end_date or (clock.now() + timedelta(days=1)).date()
    if since is not None and since > latest:
        what = "end_date" if config.end_date else "today"
        raise ConfigurationError(f"since is {since}, which is after {what}.", remedy="Give an earlier day.")


def _check_libraries(destination: Destination) -> None:
    for name in destination.libraries:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            raise ConfigurationError(
                f"Loading into {destination.display_name} needs {name}, which is not installed.",
                remedy=install_hint(destination.extra),
            ) from None
