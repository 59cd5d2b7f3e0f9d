"""The checks of a database in their order: on its own, then compared with TikTok."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import AnyStream
from tiktok_marketing.config import Config
from tiktok_marketing.doctor.budget import RequestBudget
from tiktok_marketing.doctor.checks import (
    account_sums,
    conversions,
    integrity,
    joins,
    level_sums,
    quota,
    row_comparison,
    shop_sums,
)
from tiktok_marketing.doctor.checks.access import Access
from tiktok_marketing.doctor.checks.freshness import StreamStatus, examine_freshness
from tiktok_marketing.doctor.checks.objects import ListComparer, list_samples
from tiktok_marketing.doctor.checks.reports import ReportComparer
from tiktok_marketing.doctor.checks.sampling import ReportSample, report_samples
from tiktok_marketing.doctor.database import Database
from tiktok_marketing.doctor.expected_days import ExpectedDays, expected_days, known_zones
from tiktok_marketing.doctor.explanations import has_faulty_rows, level_findings, not_due_to_rows
from tiktok_marketing.doctor.findings import (
    Coverage,
    Finding,
    Freshness,
    Severity,
)
from tiktok_marketing.doctor.options import DoctorOptions
from tiktok_marketing.doctor.report import Report
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.windows import Window

_SEE_ROWS = "The findings about rows explain the levels that disagree."


class DatabaseExaminer:
    """Runs the checks of a database in their order."""

    def __init__(
        self,
        config: Config,
        options: DoctorOptions,
        database: Database,
        streams: Sequence[AnyStream],
        now: datetime,
        report: Report,
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
        self._examine_stores(usable)
        disagreements = level_sums.disagreements(self._database, self._config, usable)
        sums = account_sums.stored_sums(self._database, usable)
        if api is None or access is None or not access.readable:
            unexplained = not_due_to_rows(self._faulty_rows, disagreements)
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

    def _examine_stores(self, usable: Sequence[AnyStream]) -> None:
        if shop_sums.are_stored(usable):
            findings = list(shop_sums.to_findings(shop_sums.shop_differences(self._database, self._config)))
            self._report.add("Stores", findings, "Each store has what its campaigns have together.")

    def _add_sums(
        self,
        findings: Sequence[Finding],
        sums: Sequence[account_sums.AccountSum],
        usable: Sequence[AnyStream],
        if_well: str = "The levels agree.",
    ) -> None:
        """Add the outcome of comparing levels. Levels without their deleted objects are not said to agree."""
        trusted = [each for each in sums if not has_faulty_rows(self._faulty_rows, each, usable)]
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
            for disagreement in not_due_to_rows(self._faulty_rows, disagreements)
            if (disagreement.advertiser_id, disagreement.day) not in explained
        ]
        if_well = "The findings below explain the levels that disagree." if disagreements else "The levels agree."
        sums = [*sums, *await self._account_sums(api, expected.values(), sums, usable, budget)]
        self._add_sums(level_findings(unexplained, rows_agree=all_compared), sums, usable, if_well)

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
        quota_was_found = any(finding.check == quota.QUOTA for finding in access.findings)
        if not quota_was_found and refused > quota.REFUSED_BY_CHANCE * sent:
            message = f"TikTok refused {refused:,} of {sent:,} requests for their rate (code 40100) and accepted them "
            message += "later. Another program seems to use the same application."
            self._report.findings.append(Finding(severity=Severity.NOTE, check=quota.QUOTA, message=message))

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
