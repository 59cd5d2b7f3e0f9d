"""The whole examination: TikTok is asked, the database is opened, and each check gets what it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import msgspec

from tiktok_marketing.api.client import Client, Waiting
from tiktok_marketing.api.retry_policy import INTERACTIVE_RETRIES
from tiktok_marketing.catalog import AnyStream
from tiktok_marketing.clock import Clock, SystemClock, is_believable
from tiktok_marketing.config import Config
from tiktok_marketing.connect import connect
from tiktok_marketing.doctor.budget import Budget
from tiktok_marketing.doctor.checks import access as asking
from tiktok_marketing.doctor.checks import integrity
from tiktok_marketing.doctor.checks import level_sums as sums
from tiktok_marketing.doctor.checks.access import Access, examine_access
from tiktok_marketing.doctor.checks.freshness import Progress, examine_freshness
from tiktok_marketing.doctor.checks.objects import Lists, list_questions
from tiktok_marketing.doctor.checks.reports import Totals
from tiktok_marketing.doctor.checks.row_comparison import judged
from tiktok_marketing.doctor.checks.sampling import Question, questions
from tiktok_marketing.doctor.database import Database, opened
from tiktok_marketing.doctor.expected_days import Expected, expected_days, known_zones
from tiktok_marketing.doctor.findings import Check, Examination, Finding, Freshness, Sample, Severity, in_order
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.pipelines import Destination
from tiktok_marketing.pipelines.databases.lock import loading_now
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.selection import choose_streams
from tiktok_marketing.sync.plan.windows import Window


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What is examined.

    Args:
        database: The database; None to examine the access alone.
        streams: Names of the streams; None for all that the database has, or that the configuration can read.
        offline: Whether TikTok is left alone.
        requests: How many requests may be spent on holding the database against TikTok.
        max_age: How old data may be.
    """

    database: Destination | None = None
    streams: tuple[str, ...] | None = None
    offline: bool = False
    requests: int = 500
    max_age: timedelta = timedelta(hours=48)


class _Findings:
    """Collects what the checks find, and in what words each check ended."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.checks: list[Check] = []

    def add(self, name: str, found: Sequence[Finding], good: str) -> None:
        """Note a check and what it found; `good` is what to say if that is nothing."""
        self.findings += found
        bad = [one for one in found if one.severity is not Severity.NOTE]
        message = good if not bad else "1 finding" if len(bad) == 1 else f"{len(bad):,} findings"
        self.checks.append(Check(name=name, message=message))


async def examine(
    config: Config,
    scope: Scope,
    *,
    clock: Clock | None = None,
    address: str | None = None,
    on_wait: Callable[[Waiting], None] = lambda _: None,
) -> Examination:
    """Examine an access, and a database.

    Args:
        config: What the user asked for.
        scope: What is examined.
        clock: The time.
        address: Scheme, host and port to ask instead of TikTok's.
        on_wait: Told before a request waits for another try.

    Raises:
        ConfigurationError: What was asked for cannot be, or there is no such database.
        DestinationError: The database cannot be read now.
    """
    clock = clock or SystemClock()
    chosen = choose_streams(config, scope.streams)
    if scope.offline and scope.database is None:
        raise ConfigurationError(
            "With --offline there is nothing to examine but a database.", remedy="Give one with --database."
        )
    noted = _Findings()
    async with AsyncExitStack() as stack:
        database = None if scope.database is None else stack.enter_context(opened(scope.database))
        if database is not None:
            there = {stream.name for stream in database.streams()}
            examined = tuple(stream for stream in chosen if stream.name in there)
            if scope.streams is not None:
                _note_unsynced(noted, [stream for stream in chosen if stream.name not in there])
        else:
            examined = chosen
        access, api = None, None
        loading = loading_now(scope.database) if scope.database is not None else None
        if not scope.offline:
            api = await stack.enter_async_context(
                connect(config, clock=clock, policy=INTERACTIVE_RETRIES, on_wait=on_wait, address=address)
            )
            access = await examine_access(config, api, clock, examined, alone=loading is None)
            _note_access(noted, access, config, alone=loading is None)
        # Where the two clocks differ, TikTok's is right: it decides which days there are.
        now = clock.now()
        offset = access.offset if access is not None else None
        if offset is not None and abs(offset) >= asking.CLOCK_IS_OFF and is_believable(offset):
            now -= offset
        if database is None:
            return _examination(noted, now, (), None)
        if loading is not None:
            who = f" (process {loading})" if loading else ""
            message = f"A sync is loading into it at this moment{who}: look again when it is done."
            noted.findings.append(Finding(severity=Severity.NOTE, check=integrity.TABLES, message=message))
        examiner = _DatabaseExaminer(config, scope, database, examined, now, noted)
        sample = await examiner.examine(api, access)
        return _examination(noted, now, examiner.freshness(), sample)


def _examination(
    noted: _Findings, now: datetime, freshness: tuple[Freshness, ...], sample: Sample | None
) -> Examination:
    return Examination(
        at=now, checks=tuple(noted.checks), findings=in_order(noted.findings), freshness=freshness, sample=sample
    )


def _note_unsynced(noted: _Findings, streams: Sequence[AnyStream]) -> None:
    noted.findings += [
        Finding(
            severity=Severity.WRONG,
            check=integrity.TABLES,
            message="It was never synced into this database.",
            stream=stream.name,
        )
        for stream in streams
    ]


def _note_access(noted: _Findings, access: Access, config: Config, *, alone: bool) -> None:
    def found(check: str) -> list[Finding]:
        return [finding for finding in access.findings if finding.check == check]

    noted.add("Credentials", found(asking.CREDENTIALS), "The token and the application are in order.")
    if access.accounts is not None:
        noted.add("Accounts", found(asking.ACCOUNTS), f"{len(access.readable):,} can be read.")
        noted.add("Scopes", found(asking.SCOPES), f"{len(access.asked):,} streams can be read.")
        rate = f"TikTok bears {config.requests_per_second:g} requests a second."
        tried = alone and not config.sandbox and bool(access.readable)
        noted.add("Quota", found(asking.QUOTA), rate if tried else "Not tried.")
    told = "" if access.offset is None else f"{abs(access.offset).total_seconds():.0f} s off TikTok's."
    noted.add("Clock", found(asking.CLOCK), told or "TikTok did not say what time it is.")


class _DatabaseExaminer:
    """The checks of a database, in their order."""

    def __init__(
        self,
        config: Config,
        scope: Scope,
        database: Database,
        streams: Sequence[AnyStream],
        now: datetime,
        noted: _Findings,
    ) -> None:
        self._config = config
        self._scope = scope
        self._database = database
        self._streams = streams
        self._now = now
        self._noted = noted
        self._progress = [self._progress_of(stream) for stream in streams]
        self._expected: list[Expected] = []

    def _progress_of(self, stream: AnyStream) -> Progress:
        try:
            cursors = self._database.cursors(stream)
        except ConfigurationError:
            cursors = None  # which is a finding of its own
        return Progress(
            stream=stream,
            cursors=cursors,
            sync=(self._database.syncs or {}).get(stream.name),
            read_at=self._database.read_at(stream),
        )

    async def examine(self, api: Client | None, access: Access | None) -> Sample | None:
        """Make all checks. Returns what was held against TikTok."""
        accounts = self._accounts(access)
        self._expected = self._expect(accounts)
        usable = [stream for stream in self._streams if self._database.is_usable(stream)]
        self._database.take_census(usable, self._expected)
        noted = self._noted
        noted.add(
            "Tables",
            list(integrity.examine_tables(self._database, self._streams)),
            f"{len(usable):,} streams have their tables and states.",
        )
        rows = [
            *integrity.examine_keys(self._database, self._streams),
            *integrity.examine_packages(self._database, self._streams),
        ]
        noted.add("Rows", rows, "No row is there twice, and none that the last syncs brought is gone.")
        late = [
            finding
            for progress in self._progress
            for finding in examine_freshness(
                self._config, progress, accounts, now=self._now, max_age=self._scope.max_age
            )
        ]
        noted.add("Freshness", late, f"Everything that was due {_hours(self._scope.max_age)} ago is there.")
        disagreeing = sums.disagreements(self._database, self._config, usable)
        if api is None or access is None or not access.readable:
            noted.add("Sums", list(sums.judged(disagreeing)), "The levels agree.")
            return None
        return await self._hold_against_tiktok(api, access, disagreeing)

    def _accounts(self, access: Access | None) -> list[Account]:
        """The accounts that can be read, or, if TikTok was not asked, those that the database knows."""
        if access is not None and access.accounts is not None:
            own = {account.advertiser_id: account for account in self._database.accounts(self._config)}
            return known_zones(
                account if account.info is not None else own.get(account.advertiser_id, account)
                for account in access.readable
            )
        return known_zones(self._database.accounts(self._config))

    def _expect(self, accounts: Sequence[Account]) -> list[Expected]:
        expected: list[Expected] = []
        for progress in self._progress:
            usable = self._database.is_usable(progress.stream)
            if usable and progress.cursors is not None and progress.read_at is not None:
                expected += expected_days(
                    self._config,
                    progress.stream,
                    progress.cursors,
                    accounts,
                    read_at=progress.read_at,
                    now=self._now,
                )
        return expected

    async def _hold_against_tiktok(
        self, api: Client, access: Access, disagreeing: Sequence[sums.Disagreement]
    ) -> Sample:
        budget = Budget(api.stats, self._scope.requests)
        refused_before = api.stats.refused
        answering = {account.advertiser_id for account in access.answering}
        totals = Totals(self._config, api, self._database, budget)
        expected: dict[tuple[str, str], Expected] = {
            (one.stream.name, one.account.advertiser_id): one
            for one in self._expected
            if one.account.advertiser_id in answering and one.stream.name not in access.denied
        }
        suspected = [
            Question(expected[name, one.advertiser_id], Window(one.day, one.day))
            for one in disagreeing
            for name in one.sums
            if (name, one.advertiser_id) in expected
        ]
        await totals.ask(suspected, closely=True)
        resolved, totals.asked = totals.asked == len(suspected), 0
        comparisons = list(judged(self._config, totals.comparisons))
        wrong = {(one.advertiser_id, day) for one in comparisons for day in one.days}
        unexplained = [one for one in disagreeing if (one.advertiser_id, one.day) not in wrong]
        agree = "What disagrees is found below." if disagreeing else "The levels agree."
        self._noted.add("Sums", self._unexplained(unexplained, resolved=resolved), agree)

        lists = Lists(self._config, api, self._database, budget, self._now)
        asked_lists = list_questions(
            [
                (one.stream, one.sync)
                for one in self._progress
                if one.sync and self._database.is_usable(one.stream) and one.stream.name not in access.denied
            ],
            access.answering,
        )
        await lists.ask(asked_lists)
        asked, whole = questions(
            self._database, expected.values(), most=self._scope.requests, seed=self._now.toordinal()
        )
        await totals.ask(asked)
        found = [*judged(self._config, totals.comparisons), *totals.findings]
        held = f"{totals.asked:,} of {whole:,} parts of reports"
        self._noted.add("Reports", found, f"{held} have the rows and sums that TikTok has.")
        compared = f"{lists.asked:,} of {len(asked_lists):,} lists"
        self._noted.add("Objects", lists.findings, f"{compared} hold all that TikTok lists.")
        if api.stats.refused > refused_before and not any(one.check == asking.QUOTA for one in access.findings):
            self._noted.findings.append(asking.judge_quota(self._config.requests_per_second, None))
        return Sample(
            windows=totals.asked,
            windows_total=whole,
            lists=lists.asked,
            lists_total=len(asked_lists),
            requests=budget.sent,
        )

    def _unexplained(self, disagreeing: Sequence[sums.Disagreement], *, resolved: bool) -> list[Finding]:
        """Disagreements that a comparison with TikTok did not explain: if there was one, TikTok's own."""
        found = list(sums.judged(disagreeing))
        if not resolved:
            return found
        return [
            msgspec.structs.replace(
                one,
                severity=Severity.NOTE,
                fix=None,
                message=f"{one.message} The rows are TikTok's, so TikTok's own figures disagree.",
            )
            for one in found
        ]

    def freshness(self) -> tuple[Freshness, ...]:
        """How far each stream is."""
        rows = []
        for one in self._progress:
            cursors = [] if one.cursors is None else [one.cursors.of(account) for account in one.cursors.accounts]
            known = [cursor for cursor in cursors if cursor]
            again = [days.again for days in self._expected if days.stream.name == one.stream.name]
            rows.append(
                Freshness(
                    stream=one.stream.name,
                    rows=self._database.count(one.stream),
                    accounts=len(known),
                    behind=min(known, default=None),
                    ahead=max(known, default=None),
                    synced=one.sync.began if one.sync else None,
                    complete=one.sync is not None and one.sync.complete,
                    open_from=min(again, default=None),
                )
            )
        return tuple(rows)


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:g} hours"
