"""The whole examination: asks TikTok, opens the database, and gives each check what it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from tiktok_marketing.api.client import Announcement
from tiktok_marketing.api.retry_policy import INTERACTIVE_RETRIES
from tiktok_marketing.catalog import AnyStream
from tiktok_marketing.clock import Clock, ClockReading, SystemClock, is_believable
from tiktok_marketing.config import Config
from tiktok_marketing.connect import connect
from tiktok_marketing.doctor.checks import access as access_check
from tiktok_marketing.doctor.checks import integrity, quota
from tiktok_marketing.doctor.checks.access import Access, examine_access
from tiktok_marketing.doctor.database import opened
from tiktok_marketing.doctor.database_examiner import DatabaseExaminer
from tiktok_marketing.doctor.findings import (
    CREDENTIALS,
    Examination,
    Finding,
    Severity,
)
from tiktok_marketing.doctor.options import DoctorOptions
from tiktok_marketing.doctor.report import Report
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.pipelines.databases.lock import loading_now
from tiktok_marketing.sync.plan.plan_sync import refuse_future_start
from tiktok_marketing.sync.plan.selection import streams_named, streams_of


def unconfigured() -> Config:
    """Return what stands for a configuration that is not there, to examine a database alone.

    It claims nothing about what the syncs asked for: any day may be missing, and objects may be left out.
    """
    return Config(access_token="not there", include_deleted=False)  # noqa: S106 - nothing is sent with it


async def examine(
    config: Config,
    options: DoctorOptions,
    *,
    clock: Clock | None = None,
    address: str | None = None,
    on_wait: Callable[[Announcement], None] = lambda _: None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Examination:
    """Examine an access, and a database.

    Args:
        config: The user's configuration.
        options: What is examined.
        clock: The time.
        address: Scheme, host and port to ask instead of TikTok's.
        on_step: Called with what is examined next, in a few words, and again as a long step goes on.
        on_wait: Called before a request waits to be retried.

    Raises:
        ConfigurationError: The options are not valid, or there is no such database.
        DestinationError: The database cannot be read now.
    """
    clock = clock or SystemClock()
    if options.offline and options.database is None:
        raise ConfigurationError(
            "With --offline, there is nothing to examine without a database.", remedy="Give one with --database."
        )
    report = Report()
    async with AsyncExitStack() as stack:
        on_step("Opening the database" if options.database is not None else "Asking TikTok")
        configured = streams_of(config)
        database = None if options.database is None else stack.enter_context(opened(options.database, configured))
        streams = configured if database is None else database.known_streams
        chosen = _chosen(options.streams, streams, sandbox=config.sandbox)
        if database is not None:
            known = {stream.name for stream in database.streams()}
            candidates = streams if options.streams is None else chosen
            examined = tuple(stream for stream in candidates if stream.name in known)
            if options.streams is not None:
                _add_unsynced(report, [stream for stream in chosen if stream.name not in known])
        else:
            examined = chosen
        access, api = None, None
        loading = loading_now(options.database) if options.database is not None else None
        if not options.offline:
            api = await stack.enter_async_context(
                connect(config, clock=clock, policy=INTERACTIVE_RETRIES, on_wait=on_wait, address=address)
            )
            access = await examine_access(config, api, clock, examined, alone=loading is None, on_step=on_step)
            _add_access(report, access, config, alone=loading is None)
            _add_settings(report, config, api.clock_reading())
        # If the two clocks differ, TikTok's is right, because it decides which days there are.
        now = clock.now()
        offset = access.offset if access is not None else None
        if offset is not None and abs(offset) >= access_check.CLOCK_IS_OFF and is_believable(offset):
            now -= offset
        reached = access is None or access.reached
        if database is None:
            return report.examination(now, reached=reached)
        if loading is not None:
            process = f" (process {loading})" if loading else ""
            message = f"A sync is loading into the database now{process}. Run the doctor again when it is done."
            report.findings.append(Finding(severity=Severity.NOTE, check=integrity.TABLES, message=message))
        examiner = DatabaseExaminer(config, options, database, examined, now, report, on_step)
        sample = await examiner.examine(api, access)
        return report.examination(now, examiner.freshness(), sample, reached=reached)


def _chosen(names: Sequence[str] | None, streams: Sequence[AnyStream], *, sandbox: bool) -> tuple[AnyStream, ...]:
    """The streams with these names, of the configuration or the database.

    Raises:
        ConfigurationError: If there is no such stream. It names the option, which alone is wrong.
    """
    try:
        return streams_named(names, streams, sandbox=sandbox)
    except ConfigurationError as error:
        error.settings = ("streams",)
        raise


def _add_unsynced(report: Report, streams: Sequence[AnyStream]) -> None:
    report.findings += [
        Finding(
            severity=Severity.WRONG,
            check=integrity.TABLES,
            message="The stream was never synced into this database.",
            stream=stream.name,
        )
        for stream in streams
    ]


def _add_access(report: Report, access: Access, config: Config, *, alone: bool) -> None:
    def of(check: str) -> list[Finding]:
        return [finding for finding in access.findings if finding.check == check]

    report.add("Credentials", of(CREDENTIALS), "The token and the application are in order.")
    if access.accounts is not None:
        report.add("Accounts", of(access_check.ACCOUNTS), f"{len(access.readable):,} can be read.")
        report.add("Scopes", of(access_check.SCOPES), f"{len(access.tried):,} streams can be read.")
        rate = f"TikTok accepts {config.requests_per_second:g} requests per second."
        tried = alone and not config.sandbox and bool(access.readable)
        report.add("Quota", of(quota.QUOTA), rate if tried else "Not tried.")
    difference = "" if access.offset is None else f"{abs(access.offset).total_seconds():.0f} s off TikTok's."
    report.add("Clock", of(access_check.CLOCK), difference or "TikTok did not say what time it is.")


def _add_settings(report: Report, config: Config, clock: ClockReading) -> None:
    try:
        refuse_future_start(config, clock)
    except ConfigurationError as error:
        finding = Finding(severity=Severity.WRONG, check="settings", message=error.message, remedy=error.remedy)
        report.add("Settings", [finding], "")
