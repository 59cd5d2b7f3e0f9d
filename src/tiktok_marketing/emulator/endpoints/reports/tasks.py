"""report/task/*: asynchronous reports. TikTok allows them to few apps; without the option they answer 40118."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tiktok_marketing.emulator.business.business import DAY, Account
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, Refusal, encode, refuse
from tiktok_marketing.emulator.endpoints.reports.sheets import csv_file, title_of, workbook
from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.randomness import keyed

Rows = list[dict[str, Any]]
RowSource = Callable[[list[Account], Mapping[str, Any], int], Rows]
"""Gives all rows of a report on some accounts at a time, whatever its number of days."""

FILES_PATH = "/_emulator/files/"
"""Where the emulator serves finished reports that are downloaded as files."""

_REPORT_TYPES = ("BASIC", "AUDIENCE", "CATALOG")
_FORMATS = {"CSV_STRING": "csv", "CSV_DOWNLOAD": "csv", "XLSX_DOWNLOAD": "xlsx"}
_ID_FILTERS = ("campaign_ids", "adgroup_ids", "ad_ids", "ad_ids_v2")
_RESULTS = frozenset(
    (
        "result",
        "cost_per_result",
        "result_rate",
        "real_time_result",
        "real_time_cost_per_result",
        "real_time_result_rate",
    )
)
_SYNC_ONLY_BY_COUNTRY = _RESULTS | frozenset(
    """
    reach frequency live_product_clicks real_time_app_install real_time_app_install_cost app_install
    cost_per_app_install registration cost_per_registration registration_rate purchase cost_per_purchase purchase_rate
    complete_payment
    cost_per_complete_payment complete_payment_rate page_browse_view cost_per_page_browse_view page_browse_view_rate
    button_click cost_per_button_click button_click_rate online_consult cost_per_online_consult online_consult_rate
    form cost_per_form form_rate download_start cost_per_download_start download_start_rate
    """.split()  # noqa: SIM905 - a list of quoted names is harder to read
)
_SYNC_ONLY_BY_AD_TYPE = frozenset(("skan_cost_per_conversion", "skan_conversion_rate"))
_FAILURE = "The report could not be generated. Please create the task again."
_MAX_NAME = 255
_MAX_TASKS = 1_000
_MAX_BYTES = 64 * 2**20
_TASK_DAYS = 30


class Task(msgspec.Struct):
    """An asynchronous report.

    Attributes:
        token: The token that created it. Only it may ask for it.
        accounts: The accounts that it is about.
        params: Its parameters.
        created: When it was created, in seconds since 1970.
        fails: Whether it ends without a report.
        checks: How often its status was asked for.
        canceled: Whether it was canceled.
        file: The finished report.
        size: How many bytes its parameters and its file have.
    """

    token: str
    accounts: list[Account]
    params: dict[str, Any]
    created: int
    fails: bool = False
    checks: int = 0
    canceled: bool = False
    file: bytes | None = None
    size: int = 0


class ReportTasks:
    """The asynchronous reports of one emulator.

    Args:
        options: Whether they are allowed, and how many checks one takes.
        rows_of: Gives the rows of a report.
    """

    def __init__(self, options: Options, rows_of: RowSource) -> None:
        self._options = options
        self._rows_of = rows_of
        self._tasks: dict[str, Task] = {}
        self._created = 0

    def reset(self) -> None:
        """Forget all reports."""
        self._tasks.clear()

    def create(self, token: str, accounts: list[Account], body: Mapping[str, Any], now: int) -> Answer:
        """report/task/create: the id of a new report.

        Raises:
            Refusal: The app may not (40118), or the request is wrong (40002).
        """
        self._check_allowed()
        kind = read.required(body, "report_type")
        if kind not in _REPORT_TYPES:
            refuse(f"report_type: {kind} is not one of {', '.join(_REPORT_TYPES)}.")
        output = body.get("output_format", "CSV_STRING")
        if not isinstance(output, str) or output not in _FORMATS:
            refuse(f"output_format: {output} is not one of {', '.join(_FORMATS)}.")
        if len(str(body.get("file_name") or "")) > _MAX_NAME:
            refuse(f"file_name: Longer than maximum length {_MAX_NAME}.")
        params = {name: value for name, value in body.items() if name not in {"page", "page_size"}}
        _check_filters(read.json_value(params, "filtering"))
        _check_metrics(kind, read.texts(params, "dimensions") or [], read.texts(params, "metrics") or [])
        self._rows_of(accounts, params | {"page_size": 1}, now)  # refuses what no report can have
        self._created += 1
        task_id = str(7_600_000_000_000_000_000 + keyed(self._options.seed, self._created, 98) % 10**15)
        fails = self._created <= self._options.async_report_failures
        self._tasks[task_id] = Task(token, accounts, params, now, fails, size=len(msgspec.json.encode(params)))
        self._forget_oldest()
        return encode({"task_id": task_id})

    def _forget_oldest(self) -> None:
        """Keep the newest reports, as many as memory allows."""
        while len(self._tasks) > _MAX_TASKS or (
            len(self._tasks) > 1 and sum(task.size for task in self._tasks.values()) > _MAX_BYTES
        ):
            del self._tasks[next(iter(self._tasks))]

    def check(self, token: str, params: Mapping[str, str], now: int) -> Answer:
        """report/task/check: QUEUING, then PROCESSING, and after some checks SUCCESS or, with a message, FAILED."""
        task = self._task(token, params, now)
        task.checks += 1
        status = self._status(task)
        return encode({"status": status, "message": _FAILURE if status == "FAILED" else ""})

    def cancel(self, token: str, body: Mapping[str, Any], now: int) -> Answer:
        """report/task/cancel: possible until it is finished."""
        task = self._task(token, body, now)
        if self._status(task) not in {"QUEUING", "PROCESSING"}:
            refuse("task_id: Only tasks that are queuing or processing can be canceled.")
        task.canceled = True
        return encode({})

    def download(self, token: str, params: Mapping[str, str], now: int, url: str) -> Answer:
        """report/task/download: the CSV itself, or where its file is.

        Args:
            token: The token of the request.
            params: The request's parameters.
            now: The time of the figures.
            url: The address of the emulator.
        """
        task = self._task(token, params, now)
        if self._status(task) != "SUCCESS":
            raise Refusal(40201, "Task is not ready.")
        output = task.params.get("output_format", "CSV_STRING")
        if output == "CSV_STRING":
            return Answer(self._file(task), content_type="text/csv")
        name = f"{task.params.get('file_name') or 'report'}.{_FORMATS[output]}"
        address = f"{url}{FILES_PATH}{params['task_id']}.{_FORMATS[output]}"
        return encode({"download_url": address, "file_name": name, "output_format": output})

    def file(self, name: str) -> bytes | None:
        """A finished report by the name of its file. None if there is none."""
        task_id, _, ending = name.partition(".")
        task = self._tasks.get(task_id)
        if task is None or self._status(task) != "SUCCESS":
            return None
        return self._file(task) if _FORMATS[task.params.get("output_format", "CSV_STRING")] == ending else None

    def _file(self, task: Task) -> bytes:
        """The report as of the time when it was created."""
        if task.file is None:
            rows = self._rows_of(task.accounts, task.params, task.created)
            dimensions = read.texts(task.params, "dimensions") or []
            metrics = read.texts(task.params, "metrics") or ["spend", "impressions"]
            plain = str(task.params.get("enable_report_title_translation", True)).lower() in {"false", "0"}
            names = ["country_name" if name == "country_code" else name for name in [*dimensions, *metrics]]
            header = names if plain else [title_of(name) for name in [*dimensions, *metrics]]
            lines = [[*row["dimensions"].values(), *row["metrics"].values()] for row in rows]
            as_workbook = task.params.get("output_format") == "XLSX_DOWNLOAD"
            task.file = (workbook if as_workbook else csv_file)(header, lines)
            task.size += len(task.file)
            self._forget_oldest()
        return task.file

    def _status(self, task: Task) -> str:
        if task.canceled:
            return "CANCELED"
        if task.checks > self._options.async_report_checks:
            return "FAILED" if task.fails else "SUCCESS"
        return "QUEUING" if task.checks <= 1 else "PROCESSING"

    def _task(self, token: str, params: Mapping[str, Any], now: int) -> Task:
        self._check_allowed()
        task_id = read.required(params, "task_id")
        task = self._tasks.get(task_id)
        if task is None or now - task.created > _TASK_DAYS * DAY:
            refuse(f"task_id: Task {task_id[:_MAX_NAME]} does not exist.")
        if task.token != token:
            raise Refusal(40001, f"No permission to operate task {task_id}.")
        if not any(str(account.id) == str(params.get("advertiser_id")) for account in task.accounts):
            refuse("advertiser_id: The task belongs to another advertiser.")
        return task

    def _check_allowed(self) -> None:
        if not self._options.async_reports:
            raise Refusal(40118, "The app or the advertiser is not on the allowlist.")


def _check_metrics(kind: str, dimensions: list[str], metrics: list[str]) -> None:
    """Refuse metrics that only synchronous reports have."""
    sync_only: set[str] = {name for name in metrics if name == "billed_cost" or name.startswith("native_growth_")}
    if kind == "AUDIENCE":
        sync_only |= _RESULTS.intersection(metrics)
    elif "country_code" in dimensions:
        sync_only |= _SYNC_ONLY_BY_COUNTRY.intersection(metrics)
    if "ad_type" in dimensions:
        sync_only |= _SYNC_ONLY_BY_AD_TYPE.intersection(metrics)
    if sync_only:
        names = [name for name in metrics if name in sync_only]
        refuse(
            f"Please correct the information in invalid metric fields and try again. Invalid metric fields: {names}. "
        )


def _check_filters(filters: Any) -> None:
    """Asynchronous reports accept only filters by id."""
    for entry in filters if isinstance(filters, list) else []:
        if isinstance(entry, dict) and entry.get("field_name") not in _ID_FILTERS:
            refuse(f"filtering: {entry.get('field_name')} is not a filter of asynchronous reports.")
