"""The whole examination: asks TikTok, opens the database, and gives each check what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import msgspec

from tiktok_marketing.api.client import Announcement, Client
from tiktok_marketing.api.retry_policy import INTERACTIVE_RETRIES
from tiktok_marketing.catalog import AnyStream
from tiktok_marketing.clock import Clock, ClockReading, SystemClock, is_believable
from tiktok_marketing.config import Config
from tiktok_marketing.connect import connect
from tiktok_marketing.doctor.budget import RequestBudget
from tiktok_marketing.doctor.checks import access as access_check
from tiktok_marketing.doctor.checks import account_sums, conversions, integrity, joins, level_sums, row_comparison
from tiktok_marketing.doctor.checks.access import Access, examine_access
from tiktok_marketing.doctor.checks.freshness import StreamStatus, examine_freshness
from tiktok_marketing.doctor.checks.objects import ListComparer, list_samples
from tiktok_marketing.doctor.checks.reports import ReportComparer
from tiktok_marketing.doctor.checks.sampling import ReportSample, report_samples
from tiktok_marketing.doctor.database import Database, opened
from tiktok_marketing.doctor.expected_days import ExpectedDays, expected_days, known_zones
from tiktok_marketing.doctor.findings import (
    CREDENTIALS,
    Check,
    Coverage,
    Examination,
    Finding,
    Freshness,
    Severity,
    in_order,
)
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.pipelines import Destination
from tiktok_marketing.pipelines.databases.lock import loading_now
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.plan_sync import refuse_future_start
from tiktok_marketing.sync.plan.selection import choose_streams
from tiktok_marketing.sync.plan.windows import Window

_SEE_ROWS = "The findings about rows explain the levels that disagree."


_SEE_OTHERS = "Other findings explain what differs."


class DoctorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is examined, and how thoroughly.

    Args:
        database: The database; None to examine the access alone.
        streams: The names of the streams; None for all that the database has, or that the configuration can read.
        offline: Whether to send no requests to TikTok.
        requests: How many requests may be spent on comparing the database with TikTok.
        max_age: How old the data may be.
    """

    database: Destination | None = None
    streams: tuple[str, ...] | None = None
    offline: bool = False
    requests: int = 500
    max_age: timedelta = timedelta(hours=48)


def unconfigured() -> Config:
    """Return what stands for a configuration that is not there, to examine a database alone.

    It claims nothing about what the syncs asked for: any day may be missing, and objects may be left out.
    """
    return Config(access_token="not there", include_deleted=False)  # noqa: S106 - nothing is sent with it


class _Report:
    """Collects the findings of the checks, and the outcome of each check in words."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._added: list[tuple[str, tuple[Finding, ...], str]] = []

    def add(self, name: str, findings: Sequence[Finding], if_well: str) -> None:
        """Add a check and its findings. `if_well` is the outcome if nothing but notes were found."""
        self.findings += findings
        self._added.append((name, tuple(findings), if_well))

    def _outcome(self, name: str, findings: Sequence[Finding], if_well: str) -> Check:
        bad = [finding for finding in findings if finding.severity is not Severity.NOTE]
        left = [finding for finding in bad if finding in self.findings]
        message = if_well if not bad else "1 finding" if len(left) == 1 else f"{len(left):,} findings"
        return Check(name=name, message=message if left or not bad else _SEE_OTHERS)

    def examination(
        self,
        at: datetime,
        freshness: tuple[Freshness, ...] = (),
        sample: Coverage | None = None,
        *,
        reached: bool = True,
    ) -> Examination:
        """Return everything that was collected, without consequences of what else was found."""
        self.findings = [finding for finding in self.findings if not _follows(finding, self.findings)]
        return Examination(
            at=at,
            checks=tuple(self._outcome(*added) for added in self._added),
            findings=in_order(self.findings),
            freshness=freshness,
            sample=sample,
            reached=reached,
        )


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
    chosen = choose_streams(config, options.streams)
    if options.offline and options.database is None:
        raise ConfigurationError(
            "With --offline, there is nothing to examine without a database.", remedy="Give one with --database."
        )
    report = _Report()
    async with AsyncExitStack() as stack:
        on_step("Opening the database" if options.database is not None else "Asking TikTok")
        database = None if options.database is None else stack.enter_context(opened(options.database))
        if database is not None:
            known = {stream.name for stream in database.streams()}
            examined = tuple(stream for stream in chosen if stream.name in known)
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
        examiner = _DatabaseExaminer(config, options, database, examined, now, report, on_step)
        sample = await examiner.examine(api, access)
        return report.examination(now, examiner.freshness(), sample, reached=reached)


def _add_unsynced(report: _Report, streams: Sequence[AnyStream]) -> None:
    report.findings += [
        Finding(
            severity=Severity.WRONG,
            check=integrity.TABLES,
            message="The stream was never synced into this database.",
            stream=stream.name,
        )
        for stream in streams
    ]


def _add_access(report: _Report, access: Access, config: Config, *, alone: bool) -> None:
    def of(check: str) -> list[Finding]:
        return [finding for finding in access.findings if finding.check == check]

    report.add("Credentials", of(CREDENTIALS), "The token and the application are in order.")
    if access.accounts is not None:
        report.add("Accounts", of(access_check.ACCOUNTS), f"{len(access.readable):,} can be read.")
        report.add("Scopes", of(access_check.SCOPES), f"{len(access.tried):,} streams can be read.")
        rate = f"TikTok accepts {config.requests_per_second:g} requests per second."
        tried = alone and not config.sandbox and bool(access.readable)
        report.add("Quota", of(access_check.QUOTA), rate if tried else "Not tried.")
    difference = "" if access.offset is None else f"{abs(access.offset).total_seconds():.0f} s off TikTok's."
    report.add("Clock", of(access_check.CLOCK), difference or "TikTok did not say what time it is.")


def _add_settings(report: _Report, config: Config, clock: ClockReading) -> None:
    try:
        refuse_future_start(config, clock)
    except ConfigurationError as error:
        finding = Finding(severity=Severity.WRONG, check="settings", message=error.message, remedy=error.remedy)
        report.add("Settings", [finding], "")


def _follows(finding: Finding, findings: Sequence[Finding]) -> bool:
    """Whether another finding explains this one."""
    return finding.may_follow and any(
        cause.severity is Severity.WRONG
        and not cause.may_follow
        and cause.stream == finding.stream
        and cause.advertiser_id in {None, finding.advertiser_id}
        for cause in findings
    )


class _DatabaseExaminer:
    """Runs the checks of a database in their order."""

    def __init__(
        self,
        config: Config,
        options: DoctorOptions,
        database: Database,
        streams: Sequence[AnyStream],
        now: datetime,
        report: _Report,
        on_step: Callable[[str], None],
    ) -> None:
        self._config = config
        self._on_step = on_step
        self._options = options
        self._database = database
        self._streams = streams
        self._now = now
        self._report = report
        self._statuses = [self._status_of(stream) for stream in streams]
        self._expected: list[ExpectedDays] = []
        self._currencies: Mapping[str, str] = {}
        self._faulty_rows: list[Finding] = []
        self._windows = 0

    def _status_of(self, stream: AnyStream) -> StreamStatus:
        try:
            cursors = self._database.cursors(stream)
        except ConfigurationError:
            cursors = None  # a finding of its own
        return StreamStatus(
            stream=stream,
            cursors=cursors,
            sync=(self._database.syncs or {}).get(stream.name),
            read_at=self._database.read_at(stream),
        )

    async def examine(self, api: Client | None, access: Access | None) -> Coverage | None:
        """Run all checks. Returns how much was compared with TikTok."""
        self._on_step(f"Reading {len(self._streams):,} tables")
        accounts = self._accounts(access)
        self._currencies = self._database.currencies() | {
            account.advertiser_id: str(account.info["currency"])
            for account in accounts
            if account.info and account.info.get("currency")
        }
        self._expected = self._expect(accounts)
        usable = [stream for stream in self._streams if self._database.is_usable(stream)]
        self._database.take_census(usable, self._expected)
        self._report.add(
            "Tables",
            list(integrity.examine_tables(self._database, self._streams)),
            f"{len(usable):,} streams have their tables and states.",
        )
        rows = list(integrity.examine_keys(self._database, self._streams))
        rows += integrity.examine_packages(self._database, self._streams, rows)
        self._faulty_rows = [finding for finding in rows if finding.adds_to_sums]
        self._report.add("Rows", rows, "No row is duplicated, and no row that the last syncs loaded is missing.")
        late = [
            finding
            for status in self._statuses
            for finding in examine_freshness(
                self._config, status, accounts, now=self._now, max_age=self._options.max_age
            )
        ]
        self._report.add("Freshness", late, f"Everything that was due {_hours(self._options.max_age)} ago is loaded.")
        self._examine_joins(usable)
        disagreements = level_sums.disagreements(self._database, self._config, usable)
        sums = account_sums.stored_sums(self._database, usable)
        if api is None or access is None or not access.readable:
            unexplained = self._not_due_to_rows(disagreements)
            if_well = "The levels agree." if not disagreements else _SEE_ROWS
            self._add_sums(list(level_sums.to_findings(unexplained)), sums, usable, if_well)
            return None
        return await self._compare_with_tiktok(api, access, disagreements, sums, usable)

    def _examine_joins(self, usable: Sequence[AnyStream]) -> None:
        if not joins.joins(usable):
            return
        lost = joins.lost_rows(self._database, usable)
        findings = list(joins.join_findings(self._database, self._config, lost, self._currencies))
        self._report.add(
            "Joins",
            findings,
            "See what is left out below." if findings else "Each row of a report has its campaign, ad group or ad.",
        )

    def _add_sums(
        self,
        findings: Sequence[Finding],
        sums: Sequence[account_sums.AccountSum],
        usable: Sequence[AnyStream],
        if_well: str = "The levels agree.",
    ) -> None:
        """Add the outcome of comparing levels. Levels without their deleted objects are not said to agree."""
        trusted = [each for each in sums if not self._has_faulty_rows(each, usable)]
        hidden = list(account_sums.hidden_findings(self._config, trusted, self._currencies))
        compared = {(each.stream.name, each.advertiser_id) for each in sums}
        levels = {stream.name for stream in account_sums.levels(usable)}
        wanted = {
            (days.stream.name, days.account.advertiser_id)
            for days in self._expected
            if days.stream.name in levels and days.first <= days.final_until
        }
        if hidden:
            if_well = "The levels lack what the settings leave out; see below."
        elif not self._config.include_deleted and wanted - compared:
            if_well = "Not all compared with the accounts. include_deleted is false, so deleted objects are left out."
        elif not sums and not level_sums.families(usable):
            if_well = "No two levels of a report are loaded, so there is nothing to compare."
        self._report.add("Sums", [*findings, *hidden], if_well)

    def _accounts(self, access: Access | None) -> list[Account]:
        """Return the accounts that can be read or, if TikTok was not asked, those that the database knows."""
        if access is not None and access.accounts is not None:
            stored = {account.advertiser_id: account for account in self._database.accounts(self._config)}
            return known_zones(
                account if account.info is not None else stored.get(account.advertiser_id, account)
                for account in access.readable
            )
        return known_zones(self._database.accounts(self._config))

    def _expect(self, accounts: Sequence[Account]) -> list[ExpectedDays]:
        expected: list[ExpectedDays] = []
        for status in self._statuses:
            usable = self._database.is_usable(status.stream)
            if usable and status.cursors is not None and status.read_at is not None:
                expected += expected_days(
                    self._config,
                    status.stream,
                    status.cursors,
                    accounts,
                    read_at=status.read_at,
                    now=self._now,
                )
        return expected

    async def _compare_with_tiktok(
        self,
        api: Client,
        access: Access,
        disagreements: Sequence[level_sums.Disagreement],
        sums: Sequence[account_sums.AccountSum],
        usable: Sequence[AnyStream],
    ) -> Coverage:
        budget = RequestBudget(api.stats, self._options.requests)
        refused_before = api.stats.refused
        answering = {account.advertiser_id for account in access.answering}
        reports = ReportComparer(self._config, api, self._database, budget, self._compared)
        expected: dict[tuple[str, str], ExpectedDays] = {
            (days.stream.name, days.account.advertiser_id): days
            for days in self._expected
            if days.account.advertiser_id in answering and days.stream.name not in access.denied
        }
        suspects = [
            ReportSample(expected[name, disagreement.advertiser_id], Window(disagreement.day, disagreement.day))
            for disagreement in disagreements
            for name in disagreement.sums
            if (name, disagreement.advertiser_id) in expected
        ]
        await reports.compare(suspects, row_by_row=True)
        all_compared, reports.compared = reports.compared == len(suspects), 0
        different = list(row_comparison.to_findings(self._config, reports.differences))
        explained = {(finding.advertiser_id, day) for finding in different for day in finding.days}
        unexplained = [
            disagreement
            for disagreement in self._not_due_to_rows(disagreements)
            if (disagreement.advertiser_id, disagreement.day) not in explained
        ]
        if_well = "The findings below explain the levels that disagree." if disagreements else "The levels agree."
        sums = [*sums, *await self._account_sums(api, expected.values(), sums, usable, budget)]
        self._add_sums(self._unexplained(unexplained, rows_agree=all_compared), sums, usable, if_well)

        lists = ListComparer(self._config, api, self._database, budget, self._now)
        samples_of_lists = list_samples(
            [
                (status.stream, status.sync)
                for status in self._statuses
                if status.sync and self._database.is_usable(status.stream) and status.stream.name not in access.denied
            ],
            access.answering,
        )
        self._on_step(f"Comparing {len(samples_of_lists):,} lists of objects with TikTok's")
        await lists.compare(samples_of_lists)
        samples, samples_total = report_samples(
            self._database, expected.values(), most=self._options.requests, seed=self._now.toordinal()
        )
        self._windows = len(samples)
        self._compared(0)
        await reports.compare(samples)
        findings = [*row_comparison.to_findings(self._config, reports.differences), *reports.findings]
        compared = f"{reports.compared:,} of {samples_total:,} windows"
        self._report.add("Reports", findings, f"{compared} have the rows and sums that TikTok has.")
        damaged = {finding.advertiser_id for finding in findings if finding.severity is Severity.WRONG}
        await self._examine_conversions(api, expected.values(), damaged, budget)
        compared = f"{lists.compared:,} of {len(samples_of_lists):,} lists"
        self._report.add("Objects", lists.findings, f"{compared} hold everything that TikTok lists.")
        self._note_refusals(access, api.stats.refused - refused_before, budget.sent)
        return Coverage(
            windows=reports.compared,
            windows_total=samples_total,
            lists=lists.compared,
            lists_total=len(samples_of_lists),
            requests=budget.sent,
        )

    async def _account_sums(
        self,
        api: Client,
        expected: Iterable[ExpectedDays],
        known: Sequence[account_sums.AccountSum],
        usable: Sequence[AnyStream],
        budget: RequestBudget,
    ) -> list[account_sums.AccountSum]:
        """Ask TikTok what the accounts spent whose own report is not in the database."""
        of_account = {each.advertiser_id for each in known}
        accounts = {days.account.advertiser_id for days in expected} - of_account
        levels = account_sums.levels(usable)
        return await account_sums.sums_at_tiktok(api, self._database, levels, sorted(accounts), budget)

    async def _examine_conversions(
        self, api: Client, expected: Iterable[ExpectedDays], damaged: set[str | None], budget: RequestBudget
    ) -> None:
        compared = await conversions.compare_conversions(self._config, api, self._database, expected, budget)
        if not compared:
            return
        findings = list(conversions.conversion_findings(self._config, compared, damaged))
        accounts = f"{len(compared):,} account{'' if len(compared) == 1 else 's'}"
        if_well = (
            "Late conversions are left out; see below."
            if findings
            else f"Closed days of {accounts} have the conversions that TikTok counts now."
        )
        self._report.add("Conversions", findings, if_well)

    def _compared(self, windows: int) -> None:
        if self._windows:
            self._on_step(f"Comparing reports with TikTok: {windows:,} of {self._windows:,} windows")

    def _note_refusals(self, access: Access, refused: int, sent: int) -> None:
        """Mention refusals while the database was compared: the requests were repeated, so nothing is missing."""
        quota_was_found = any(finding.check == access_check.QUOTA for finding in access.findings)
        if not quota_was_found and refused > access_check.REFUSED_BY_CHANCE * sent:
            message = f"TikTok refused {refused:,} of {sent:,} requests for their rate (code 40100) and accepted them "
            message += "later. Another program seems to use the same application."
            self._report.findings.append(Finding(severity=Severity.NOTE, check=access_check.QUOTA, message=message))

    def _not_due_to_rows(self, disagreements: Sequence[level_sums.Disagreement]) -> list[level_sums.Disagreement]:
        """Return the disagreements that duplicate rows and rows without a key do not explain.

        Rows without an account or a day can be on any day, so they explain every disagreement of their stream.
        """

        def is_explained(disagreement: level_sums.Disagreement) -> bool:
            return any(
                finding.stream in disagreement.sums
                and finding.advertiser_id in {None, disagreement.advertiser_id}
                and (not finding.days or disagreement.day in finding.days)
                and (not finding.adds_on or (disagreement.advertiser_id, disagreement.day) in finding.adds_on)
                for finding in self._faulty_rows
            )

        return [disagreement for disagreement in disagreements if not is_explained(disagreement)]

    def _has_faulty_rows(self, each: account_sums.AccountSum, usable: Sequence[AnyStream]) -> bool:
        """Whether one of the two sums has rows that make it too large."""
        streams = {each.stream.name, *account_sums.account_reports(usable)}
        return any(
            finding.stream in streams
            and finding.advertiser_id in {None, each.advertiser_id}
            and (not finding.days or any(each.days.start <= day <= each.days.end for day in finding.days))
            and (
                not finding.adds_on
                or any(
                    account == each.advertiser_id and each.days.start <= day <= each.days.end
                    for account, day in finding.adds_on
                )
            )
            for finding in self._faulty_rows
        )

    def _unexplained(self, disagreements: Sequence[level_sums.Disagreement], *, rows_agree: bool) -> list[Finding]:
        """Return the disagreements that no difference from TikTok explains.

        If all rows were compared and agree with TikTok's, TikTok's own levels disagree.
        """
        findings = list(level_sums.to_findings(disagreements))
        if not rows_agree:
            return findings
        return [
            msgspec.structs.replace(
                finding,
                severity=Severity.NOTE,
                fix=None,
                message=f"{finding.message} The rows are the same as TikTok's, so TikTok's own figures disagree.",
            )
            for finding in findings
        ]

    def freshness(self) -> tuple[Freshness, ...]:
        """Return how up to date each stream is."""
        rows = []
        for status in self._statuses:
            stream, cursors = status.stream, status.cursors
            of_accounts = [] if cursors is None else [cursors.of(account) for account in cursors.accounts]
            known = [cursor for cursor in of_accounts if cursor]
            reread_from = [days.reread_from for days in self._expected if days.stream.name == stream.name]
            rows.append(
                Freshness(
                    stream=stream.name,
                    rows=self._database.count(stream),
                    accounts=len(known),
                    behind=min(known, default=None),
                    ahead=max(known, default=None),
                    synced=status.sync.began if status.sync else None,
                    complete=status.sync is not None and status.sync.complete,
                    open_from=min(reread_from, default=None),
                )
            )
        return tuple(rows)


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:g} hours"
