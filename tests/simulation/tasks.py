"""Asynchronous reports of the API model: tasks that take a while, fail, never end, or bring a file with other rows."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass

from simulation.limits import Limited
from simulation.reports import Reports
from simulation.world import Account
from tiktok_marketing.emulator.endpoints.envelope import Refusal

ENDPOINTS = frozenset(f"report/task/{name}/" for name in ("create", "check", "download", "cancel"))
LIES = ("", "", "", "lacks a row", "repeats a row", "fails", "never ends", "has titles", "is late")
"""What may be wrong with a task; empty for nothing."""
_ID_FILTERS = frozenset({"campaign_ids", "adgroup_ids", "ad_ids"})
_LATE = 5000.0
"""Seconds before the task was made of which a late file has the figures."""


@dataclass
class _Task:
    account: str
    ends: float
    status: str
    file: bytes
    canceled: bool = False


class Tasks:
    """Answers /report/task/*.

    Args:
        reports: Gives the rows.
        rng: Decides how long each task takes, and what is wrong with it.
    """

    def __init__(self, reports: Reports, rng: random.Random) -> None:
        self._reports = reports
        self._rng = rng
        self._tasks: dict[str, _Task] = {}
        self.allowed = False
        """Whether the application may create tasks."""

    def answer(self, endpoint: str, account: Account, params: Mapping[str, str], at: float) -> bytes:
        """The `data` of an answer or, of a download, the file.

        Raises:
            Refusal: If TikTok would refuse it.
        """
        if not self.allowed:
            raise Limited("tasks not allowed", 40118, "The app is not on the allowlist.")
        if endpoint == "report/task/create/":
            return self._create(account, params, at)
        task = self._tasks.get(params.get("task_id", ""))
        if task is None or task.account != account.id:
            raise Refusal(40002, f"task_id: Task {params.get('task_id')} does not exist.")
        if endpoint == "report/task/cancel/":
            task.canceled = True
            return b"{}"
        status = "CANCELED" if task.canceled else task.status if at >= task.ends else "PROCESSING"
        if endpoint == "report/task/check/":
            return json.dumps({"status": status, "message": ""}).encode()
        if status != "SUCCESS":
            raise Refusal(40201, "Task is not ready.")
        return task.file

    def _create(self, account: Account, params: Mapping[str, str], at: float) -> bytes:
        if any(each["field_name"] not in _ID_FILTERS for each in json.loads(params.get("filtering") or "[]")):
            raise Refusal(40002, "filtering: Only filters by id are supported.")
        lie = self._rng.choice(LIES)
        header, rows = self._reports.table(account, params, at - _LATE if lie == "is late" else at)
        if lie == "lacks a row" and rows:
            del rows[self._rng.randrange(len(rows))]
        elif lie == "repeats a row" and len(rows) > 1:
            rows[-1] = rows[0]
        elif lie == "has titles":
            header = [name.replace("_", " ").title() for name in header]
        text = io.StringIO()
        csv.writer(text).writerows([header, *rows])
        number = str(7_700_000 + len(self._tasks))
        takes = 10 ** self._rng.uniform(0, 2.5) if lie != "never ends" else 1e9
        status = "FAILED" if lie == "fails" else "SUCCESS"
        self._tasks[number] = _Task(account.id, at + takes, status, text.getvalue().encode())
        return json.dumps({"task_id": number}).encode()
