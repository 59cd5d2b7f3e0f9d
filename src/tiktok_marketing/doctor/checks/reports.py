"""Compares rows and sums of reports with what TikTok returns now, on days whose figures no longer change.

One request for a page of one row tells how many rows a report has (`page_info.total_number`). For reports without a
breakdown it also tells their sums (`enable_total_metrics`). Where these differ, the window is halved until few rows are
left. These rows are read and compared by key, so a finding names days and rows, and says whether they matter. Rows are
also read where they are few and TikTok tells no sum, which alone would show a figure that has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import aclosing
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import Grain, ReportStream
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.doctor.budget import RequestBudget
from tiktok_marketing.doctor.checks.access import SCOPES, refusal_finding
from tiktok_marketing.doctor.checks.row_comparison import Difference, differences
from tiktok_marketing.doctor.checks.sampling import ReportSample
from tiktok_marketing.doctor.checks.store_reports import StoreReports
from tiktok_marketing.doctor.database import MEASURES, Database, measures_of
from tiktok_marketing.doctor.findings import Finding, Severity
from tiktok_marketing.errors import Action, AdsLeftOutError, IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.lenient_json import decoder_of
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import ListReader, Request
from tiktok_marketing.sync.read.refused_names import refused_names
from tiktok_marketing.sync.read.report_requests import account_params

TOTALS = "totals"

_FEW_ROWS = 2000
"""Up to this many rows are read, in two requests, rather than counted in halves."""
_PARALLEL = 8
_PARAMETER_ERROR = 40002


class _PageInfo(msgspec.Struct):
    total_number: int = 0


class _Data(msgspec.Struct):
    page_info: _PageInfo
    total_metrics: dict[str, Any] | None = None


class _Answer(msgspec.Struct):
    data: _Data


_decode = decoder_of(_Answer)


class Totals(msgspec.Struct, frozen=True):
    """The number of rows and the sums of a window; None for a sum that is not known."""

    rows: int
    sums: tuple[Decimal | None, ...]

    def agrees(self, other: Totals) -> bool:
        """Whether both are equal, as far as both are known."""
        pairs = zip(self.sums, other.sums, strict=True)
        return self.rows == other.rows and all(own is None or others is None or own == others for own, others in pairs)


class ReportComparer:
    """Compares windows of a database with TikTok's.

    Args:
        config: The user's configuration.
        api: The client.
        database: A database whose census was taken.
        budget: How many requests may be sent.
        on_progress: Called with the number of samples that were compared.
    """

    def __init__(
        self,
        config: Config,
        api: Client,
        database: Database,
        budget: RequestBudget,
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._on_progress = on_progress
        self._config = config
        self._api = api
        self._database = database
        self._budget = budget
        self._stores = StoreReports(config, api)
        self._without_sums: set[str] = set()
        self._denied: set[tuple[str, str | None]] = set()
        self.findings: list[Finding] = []
        self._differences: dict[tuple[Any, ...], Difference] = {}
        self.compared = 0
        """How many samples were compared."""

    async def compare(self, samples: Iterable[ReportSample], *, row_by_row: bool = False) -> None:
        """Compare as many samples as the budget allows, in their order.

        Args:
            samples: The samples.
            row_by_row: Whether to compare rows even where counts and sums agree.
        """
        waiting = iter(samples)

        async def work() -> None:
            for sample in waiting:
                if self._budget.spent:
                    return
                await self._compare(sample, row_by_row=row_by_row)

        await asyncio.gather(*(work() for _ in range(_PARALLEL)))

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Each difference that was found, once."""
        return tuple(self._differences.values())

    async def _compare(self, sample: ReportSample, *, row_by_row: bool) -> None:
        stream, account = sample.expected.stream, sample.expected.account
        if self._denied & {(stream.name, None), (stream.name, account.advertiser_id)}:
            return
        try:
            if await self._compare_window(sample, sample.window, row_by_row=row_by_row):
                self.compared += 1
                self._on_progress(self.compared)
        except AdsLeftOutError:
            self._denied.add((stream.name, account.advertiser_id))
            self._note(sample, "TikTok limits this report to 20,000 ads, so its rows cannot be counted cheaply.")
        except (TikTokError, IncompleteReadError) as error:
            self._add_failure(sample, error)

    async def _compare_window(self, sample: ReportSample, window: Window, *, row_by_row: bool) -> bool:
        """Compare the days of a window. Returns whether the budget sufficed."""
        stream, advertiser_id = sample.expected.stream, sample.expected.account.advertiser_id
        at_tiktok = await self._totals_at_tiktok(stream, advertiser_id, window)
        stored = self._stored_totals(stream, advertiser_id, window)
        agree = at_tiktok.agrees(stored)
        if agree and not row_by_row and not _hides_changes(stream, at_tiktok):
            return True
        if self._budget.spent and not agree:
            self._note(
                sample,
                f"TikTok has {at_tiktok.rows:,} rows and the database has {stored.rows:,}, and there were no requests "
                "left to find out why.",
                remedy="Run the doctor again with more --requests.",
                severity=Severity.WARNING,
            )
        if self._budget.spent:
            return False
        halves = window.halves()
        if max(at_tiktok.rows, stored.rows) > _FEW_ROWS and halves is not None:
            outcomes = [await self._compare_window(sample, half, row_by_row=row_by_row) for half in halves]
            return all(outcomes)
        rows = await self._rows(stream, advertiser_id, window)
        for difference in differences(self._database, sample.expected, window, rows):
            key = stream.name, advertiser_id, difference.day, difference.kind
            self._differences[key] = difference
        return True

    async def _totals_at_tiktok(self, stream: ReportStream, advertiser_id: AdvertiserId, window: Window) -> Totals:
        if stream.source.needs_lookup:
            return Totals(await self._stores.count(stream, advertiser_id, window), (None,) * len(MEASURES))
        params = account_params(
            stream.source, advertiser_id, window, _compared(stream), every_status=self._config.include_deleted
        )
        params |= {"page": 1, "page_size": 1}
        with_sums = self._has_sums(stream)
        if with_sums:
            params["enable_total_metrics"] = True
        try:
            answer = await self._api.get(stream.endpoint, params, _decode, advertiser_id=advertiser_id)
        except TikTokError as error:
            if with_sums and error.code == _PARAMETER_ERROR:
                self._without_sums.add(stream.name)
                return await self._totals_at_tiktok(stream, advertiser_id, window)
            raise
        if answer.throttled:
            raise AdsLeftOutError("TikTok left out all but the newest 20,000 ads of this report.")
        sums = answer.value.data.total_metrics or {}
        return Totals(answer.value.data.page_info.total_number, tuple(_number(sums.get(name)) for name in MEASURES))

    def _has_sums(self, stream: ReportStream) -> bool:
        source = stream.source
        plain = source.report_type == "BASIC" and source.grain is Grain.DAY and not stream.breakdown
        return plain and not self._config.sandbox and stream.name not in self._without_sums

    def _stored_totals(self, stream: ReportStream, advertiser_id: AdvertiserId, window: Window) -> Totals:
        ((rows, *sums),) = self._database.query(
            f"SELECT coalesce(sum(rows), 0), {', '.join(f'coalesce(sum({name}), 0)' for name in MEASURES)}"  # noqa: S608
            " FROM days WHERE stream = ? AND advertiser_id = ? AND day BETWEEN ? AND ?",
            [stream.name, int(advertiser_id), window.start, window.end],
        )
        return Totals(int(rows), tuple(Decimal(value) for value in sums))

    async def _rows(self, stream: ReportStream, advertiser_id: AdvertiserId, window: Window) -> list[Any]:
        if stream.source.needs_lookup:
            return await self._stores.rows(stream, advertiser_id, window)
        request = Request(
            endpoint=stream.endpoint,
            params=account_params(
                stream.source, advertiser_id, window, _compared(stream), every_status=self._config.include_deleted
            ),
            page_size=stream.source.page_size,
            advertiser_id=advertiser_id,
        )
        rows: list[Any] = []
        async with aclosing(ListReader(self._api, report_reader(stream)).read(request)) as deliveries:
            async for delivery in deliveries:
                rows += delivery.records
        return rows

    def _add_failure(self, sample: ReportSample, error: TikTokError | IncompleteReadError) -> None:
        stream, advertiser_id = sample.expected.stream, sample.expected.account.advertiser_id
        action = error.action if isinstance(error, TikTokError) else Action.RETRY
        if isinstance(error, TikTokError) and refused_names(error, sample.expected.stream.metrics):
            self._denied.add((stream.name, advertiser_id))
            self._note(sample, f"TikTok does not accept a metric that is compared: {error.message}")
        elif isinstance(error, TikTokError) and action is Action.FAIL_ACCOUNT:
            self._denied.add((stream.name, advertiser_id))
            self.findings.append(refusal_finding(error, self._config, advertiser_id, stream.name))
        elif action in {Action.FAIL_STREAM, Action.STOP_SYNC}:
            if (stream.name, None) not in self._denied:
                self.findings.append(
                    Finding(
                        severity=Severity.WRONG,
                        check=SCOPES,
                        message=error.message,
                        stream=stream.name,
                        remedy=error.remedy,
                    )
                )
            self._denied.add((stream.name, None))
        else:
            self._note(sample, f"TikTok did not answer: {error.message}", remedy=error.remedy)

    def _note(
        self, sample: ReportSample, message: str, *, remedy: str = "", severity: Severity = Severity.NOTE
    ) -> None:
        self.findings.append(
            Finding(
                severity=severity,
                check=TOTALS,
                message=message,
                stream=sample.expected.stream.name,
                advertiser_id=sample.expected.account.advertiser_id,
                days=(sample.window.start, sample.window.end),
                remedy=remedy,
            )
        )


def _hides_changes(stream: ReportStream, totals: Totals) -> bool:
    """Whether rows may differ although there are as many: TikTok told no sum, and they are few enough to be read."""
    unknown = all(total is None for total in totals.sums)
    return unknown and 0 < totals.rows <= _FEW_ROWS and bool(measures_of(stream))


def _compared(stream: ReportStream) -> tuple[str, ...]:
    """The metrics to ask for. A report without measures is compared by its rows, and a request needs a metric."""
    return tuple(measures_of(stream).values()) or stream.metrics[:1]


def _number(value: Any) -> Decimal | None:
    """Read one of TikTok's sums; None if it is not a number."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
