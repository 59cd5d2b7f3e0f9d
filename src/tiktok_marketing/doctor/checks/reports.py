"""Rows and sums of reports held against what TikTok says now, on days whose figures no longer change.

One request with a page of one row tells how many rows a report has (`page_info.total_number`) and, for reports that are
not split, their sums (`enable_total_metrics`). Where they differ, days are halved until few rows are left; those are
read and compared by key, so that a finding names days and rows, and says whether they matter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import Grain, ReportStream
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.doctor.budget import Budget
from tiktok_marketing.doctor.checks.access import SCOPES, refused_account
from tiktok_marketing.doctor.checks.row_comparison import Comparison, compare
from tiktok_marketing.doctor.checks.sampling import Question
from tiktok_marketing.doctor.database import MEASURES, Database
from tiktok_marketing.doctor.findings import Finding, Severity
from tiktok_marketing.errors import Action, AdsLeftOutError, IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import ListReader, Request
from tiktok_marketing.sync.read.report_requests import account_params

TOTALS = "totals"

_FEW_ROWS = 2000
"""Rows that are read rather than counted in halves: two requests."""
_PAGE_SIZE = 1000
_AT_ONCE = 8
_PARAMETER_ERROR = 40002


class _PageInfo(msgspec.Struct):
    total_number: int = 0


class _Data(msgspec.Struct):
    page_info: _PageInfo
    total_metrics: dict[str, Any] | None = None


class _Answer(msgspec.Struct):
    data: _Data


_DECODER = msgspec.json.Decoder(_Answer)


class Count(msgspec.Struct, frozen=True):
    """Rows and sums of a window; None for sums that nobody knows."""

    rows: int
    sums: tuple[Decimal | None, ...]

    def agrees(self, other: Count) -> bool:
        """Whether both are the same, as far as both are known."""
        pairs = zip(self.sums, other.sums, strict=True)
        return self.rows == other.rows and all(one is None or two is None or one == two for one, two in pairs)


class Totals:
    """Asks TikTok about windows and compares.

    Args:
        config: What the user asked for.
        api: Where to ask.
        database: What is to be compared, its census taken.
        budget: How much may be asked.
    """

    def __init__(self, config: Config, api: Client, database: Database, budget: Budget) -> None:
        self._config = config
        self._api = api
        self._database = database
        self._budget = budget
        self._without_sums: set[str] = set()
        self._dropped: set[tuple[str, str | None]] = set()
        self.findings: list[Finding] = []
        self._comparisons: dict[tuple[Any, ...], Comparison] = {}
        self.asked = 0
        """Questions that were answered."""

    async def ask(self, asked: Iterable[Question], *, closely: bool = False) -> None:
        """Ask as many as the budget allows, in their order.

        Args:
            asked: The questions.
            closely: Whether rows are compared even where counts and sums agree.
        """
        waiting = iter(asked)

        async def work() -> None:
            for question in waiting:
                if self._budget.spent:
                    return
                await self._ask(question, closely=closely)

        await asyncio.gather(*(work() for _ in range(_AT_ONCE)))

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Each difference that was found, once."""
        return tuple(self._comparisons.values())

    async def _ask(self, question: Question, *, closely: bool) -> None:
        one = question.expected
        if self._dropped & {(one.stream.name, None), (one.stream.name, one.account.advertiser_id)}:
            return
        try:
            if await self._settle(question, question.window, closely=closely):
                self.asked += 1
        except AdsLeftOutError:
            self._note(
                question, "TikTok cuts this report at 20,000 ads, so its rows cannot be counted cheaply.", drop=True
            )
        except (TikTokError, IncompleteReadError) as error:
            self._fail(question, error)

    async def _settle(self, question: Question, window: Window, *, closely: bool) -> bool:
        """Find out about the days of a window. Returns whether the budget sufficed."""
        one = question.expected
        count = await self._count(one.stream, one.account.advertiser_id, window)
        here = self._here(one.stream, one.account.advertiser_id, window)
        if count.agrees(here) and not closely:
            return True
        if self._budget.spent:
            self._note(
                question,
                f"TikTok says {count.rows:,} rows and the database has {here.rows:,}, and the requests did not suffice "
                "to find out why.",
                remedy="Run the doctor again with more --requests.",
                severity=Severity.WARNING,
            )
            return False
        halves = window.halves()
        if max(count.rows, here.rows) > _FEW_ROWS and halves is not None:
            answers = [await self._settle(question, half, closely=closely) for half in halves]
            return all(answers)
        rows = await self._rows(one.stream, one.account.advertiser_id, window)
        for comparison in compare(self._database, one, window, rows):
            key = one.stream.name, one.account.advertiser_id, comparison.day, comparison.difference
            self._comparisons[key] = comparison
        return True

    async def _count(self, stream: ReportStream, advertiser_id: AdvertiserId, window: Window) -> Count:
        params = account_params(
            stream.source, advertiser_id, window, MEASURES, every_status=self._config.include_deleted
        )
        params |= {"page": 1, "page_size": 1}
        summed = self._has_sums(stream)
        if summed:
            params["enable_total_metrics"] = True
        try:
            answer = await self._api.get(stream.endpoint, params, _DECODER.decode, advertiser_id=advertiser_id)
        except TikTokError as error:
            if summed and error.code == _PARAMETER_ERROR:
                self._without_sums.add(stream.name)
                return await self._count(stream, advertiser_id, window)
            raise
        if answer.throttled:
            raise AdsLeftOutError("TikTok left out all but the newest 20,000 ads of this report.")
        told = answer.value.data.total_metrics or {}
        return Count(answer.value.data.page_info.total_number, tuple(_number(told.get(name)) for name in MEASURES))

    def _has_sums(self, stream: ReportStream) -> bool:
        source = stream.source
        plain = source.report_type == "BASIC" and source.grain is Grain.DAY and not stream.breakdown
        return plain and not self._config.sandbox and stream.name not in self._without_sums

    def _here(self, stream: ReportStream, advertiser_id: AdvertiserId, window: Window) -> Count:
        ((rows, *sums),) = self._database.query(
            f"SELECT coalesce(sum(rows), 0), {', '.join(f'coalesce(sum({name}), 0)' for name in MEASURES)}"  # noqa: S608
            " FROM days WHERE stream = ? AND advertiser_id = ? AND day BETWEEN ? AND ?",
            [stream.name, int(advertiser_id), window.start, window.end],
        )
        return Count(int(rows), tuple(Decimal(value) for value in sums))

    async def _rows(self, stream: ReportStream, advertiser_id: AdvertiserId, window: Window) -> list[Any]:
        request = Request(
            endpoint=stream.endpoint,
            params=account_params(
                stream.source, advertiser_id, window, MEASURES, every_status=self._config.include_deleted
            ),
            page_size=_PAGE_SIZE,
            advertiser_id=advertiser_id,
        )
        rows: list[Any] = []
        async with aclosing(ListReader(self._api, report_reader(stream)).read(request)) as deliveries:
            async for delivery in deliveries:
                rows += delivery.records
        return rows

    def _fail(self, question: Question, error: TikTokError | IncompleteReadError) -> None:
        one = question.expected
        action = error.action if isinstance(error, TikTokError) else Action.RETRY
        if isinstance(error, TikTokError) and action is Action.FAIL_ACCOUNT:
            self._dropped.add((one.stream.name, one.account.advertiser_id))
            self.findings.append(refused_account(error, self._config, one.account.advertiser_id, one.stream.name))
        elif action in {Action.FAIL_STREAM, Action.STOP_SYNC}:
            if (one.stream.name, None) not in self._dropped:
                self.findings.append(
                    Finding(
                        severity=Severity.WRONG,
                        check=SCOPES,
                        message=error.message,
                        stream=one.stream.name,
                        remedy=error.remedy,
                    )
                )
            self._dropped.add((one.stream.name, None))
        else:
            self._note(question, f"TikTok could not be asked: {error.message}", remedy=error.remedy)

    def _note(
        self,
        question: Question,
        message: str,
        *,
        remedy: str = "",
        severity: Severity = Severity.NOTE,
        drop: bool = False,
    ) -> None:
        one = question.expected
        if drop:
            self._dropped.add((one.stream.name, one.account.advertiser_id))
        self.findings.append(
            Finding(
                severity=severity,
                check=TOTALS,
                message=message,
                stream=one.stream.name,
                advertiser_id=one.account.advertiser_id,
                days=(question.window.start, question.window.end),
                remedy=remedy,
            )
        )


def _number(value: Any) -> Decimal | None:
    """A sum of TikTok's; None if it is none."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
