"""report/integrated/get: from a request to an encoded page."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tiktok_marketing.emulator.business.business import Account
from tiktok_marketing.emulator.business.delivery import Figures, Model
from tiktok_marketing.emulator.business.lateness import Movement
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.cache import ENTRY_BYTES, BoundedCache
from tiktok_marketing.emulator.endpoints.envelope import Answer, page_info
from tiktok_marketing.emulator.endpoints.reports.breakdown_rows import BreakdownReport
from tiktok_marketing.emulator.endpoints.reports.query import ReportQuery, parse
from tiktok_marketing.emulator.endpoints.reports.rows import SUBJECTS_KEPT, AccountReport, total_metrics
from tiktok_marketing.emulator.endpoints.reports.size import check_ids, check_size
from tiktok_marketing.emulator.options import LARGEST_SIZE_LIMIT, Options
from tiktok_marketing.emulator.randomness import keyed

THROTTLE_HEADER = "X-Tt-Ads-Throttle"
THROTTLE_TEXT = (
    "Number of ad ids is equal or more than 20k, only return the top 20k id's results, "
    "sorting by create time desc order."
)

_PLAN_BYTES = 128 * 2**20
_REPORT_BYTES = 5_000
_METRIC_BYTES = 400
_FILTER_BYTES = 200
_SUBJECT_BYTES = 250
_ROW_BYTES = 900
_VALUE_BYTES = 30


class _Plan(msgspec.Struct):
    """The rows of a query.

    Attributes:
        reports: The reports on its accounts, in the order of the answer.
        total: How many rows they have.
        ordered: The text of all rows, if the query asks for an order or for totals.
        total_metrics: The JSON of the totals, if the query asks for them.
    """

    reports: list[AccountReport]
    total: int
    ordered: list[str] | None = None
    total_metrics: str = ""


def _bytes(plan: _Plan, query: ReportQuery) -> int:
    """About how much memory a plan needs. Reports keep the rows of a few subjects; ordered rows are all kept."""
    values = sum(len(condition.values) for condition in query.filters)
    subjects = sum(report.subject_count for report in plan.reports)
    report = _REPORT_BYTES + _METRIC_BYTES * len(query.metrics)
    rows = plan.total if plan.ordered is not None else min(plan.total, SUBJECTS_KEPT * plan.total // max(1, subjects))
    return (
        ENTRY_BYTES
        + report * len(plan.reports)
        + _FILTER_BYTES * values
        + _SUBJECT_BYTES * subjects
        + (_ROW_BYTES + _VALUE_BYTES * len(query.metrics)) * rows
    )


def _as_text(value: Any) -> str:
    """A parameter as a query has it."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


class Reports:
    """The report endpoint, with the plans and pages that it remembers."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._pages: BoundedCache[Answer] = BoundedCache(options.cache_mb << 20)
        self._plans: BoundedCache[_Plan] = BoundedCache(_PLAN_BYTES)
        self._figures: BoundedCache[Figures] = BoundedCache(100_000)
        self._movement = Movement.of(options)
        self._models: dict[int, Model] = {}
        self._answers = 0
        self._of_any_size = msgspec.structs.replace(
            options, report_size_limit=LARGEST_SIZE_LIMIT, breakdown_id_limits=False
        )

    def figures(self, account: Account, now: int) -> Figures:
        """The figures of an account at a tick of the clock."""
        cache = self._figures.at(now)
        return cache.get(account.id) or cache.put(account.id, Figures(account, now, self._movement, self._models), 1)

    def answer(self, accounts: list[Account], params: Mapping[str, str], now: int) -> Answer:
        """Answer with one page of a report on one account, or on the accounts in advertiser_ids.

        Raises:
            Refusal: The request is wrong.
        """
        several = bool(read.texts(params, "advertiser_ids"))
        page = read.integer(params, "page", 1, 1, None)
        size = read.integer(params, "page_size", 10, 1, 1000)
        sandbox = any(account.sandbox for account in accounts)
        query = parse(params, self._options, several=several, sandbox=sandbox)
        key = (query, tuple(account.id for account in accounts))
        if self._options.unstable_order and not query.order_field:
            return self._shuffled_page(self._plan(key, query, accounts, now), page, size)
        pages = self._pages.at(now)
        answer = pages.get((key, page, size))
        if answer is None:
            answer = self._page(self._plan(key, query, accounts, now), page, size)
            pages.put((key, page, size), answer, len(answer.data) + ENTRY_BYTES)
        return answer

    def rows(self, accounts: list[Account], params: Mapping[str, Any], now: int) -> list[dict[str, Any]]:
        """All rows of an asynchronous report, whose parameters may be JSON values. With a `page_size`, only so many.

        Raises:
            Refusal: The request is wrong.
        """
        texts = {name: _as_text(value) for name, value in params.items()}
        several = bool(read.texts(params, "advertiser_ids"))
        query = parse(texts, self._options, several=several, asynchronous=True)
        key = (query, tuple(account.id for account in accounts), "asynchronous")
        plan = self._plan(key, query, accounts, now, self._of_any_size)
        size = int(params.get("page_size") or max(1, plan.total))
        rows: list[dict[str, Any]] = msgspec.json.decode(self._page(plan, 1, size).data)["list"]
        return rows

    def _plan(
        self, key: object, query: ReportQuery, accounts: list[Account], now: int, options: Options | None = None
    ) -> _Plan:
        options = options or self._options
        plans = self._plans.at(now)
        plan = plans.get(key)
        if plan is None:
            report_class = BreakdownReport if query.breakdown else AccountReport
            reports = [report_class(query, account, now, options, self.figures(account, now)) for account in accounts]
            check_size(sum(report.size for report in reports), options.report_size_limit)
            if options.breakdown_id_limits:
                check_ids(query, sum(report.subject_count for report in reports))
            if self._options.shuffled_rows:
                reports.sort(key=lambda report: report.shuffle_key)
            plan = _Plan(reports=reports, total=sum(report.total for report in reports))
            if query.order_field or query.totals:
                rows = [row for report in reports for row in report.ordered()]
                if query.totals:
                    plan.total_metrics = total_metrics(
                        query, [values for _, _, values in rows], accounts[0].template.currency
                    )
                if query.order_field:
                    rows.sort(key=lambda row: row[0], reverse=not query.ascending)
                plan.ordered = [text for _, text, _ in rows]
            plans.put(key, plan, _bytes(plan, query))
        return plan

    def _shuffled_page(self, plan: _Plan, page: int, size: int) -> Answer:
        """A page of the rows in an order that no other answer has."""
        self._answers += 1
        texts = [text for report in plan.reports for _, text, _ in report.ordered()]
        order = sorted(range(len(texts)), key=lambda row: keyed(self._answers, row))
        shuffled = _Plan(plan.reports, plan.total, [texts[row] for row in order], plan.total_metrics)
        return self._page(shuffled, page, size)

    @staticmethod
    def _page(plan: _Plan, page: int, size: int) -> Answer:
        start, stop = (page - 1) * size, page * size
        if plan.ordered is not None:
            rows = ",".join(plan.ordered[start:stop])
        else:
            texts: list[str] = []
            before = 0
            for report in plan.reports:
                begin, end = max(0, start - before), min(report.total, stop - before)
                if begin < end:
                    texts.append(report.page(begin, end))
                before += report.total
            rows = ",".join(texts)
        info = msgspec.json.encode(page_info(page, size, plan.total)).decode()
        extra = f',"total_metrics":{plan.total_metrics}' if plan.total_metrics else ""
        data = f'{{"page_info":{info},"list":[{rows}]{extra}}}'.encode()
        truncated = any(report.truncated for report in plan.reports)
        return Answer(data, {THROTTLE_HEADER: THROTTLE_TEXT} if truncated else {})
