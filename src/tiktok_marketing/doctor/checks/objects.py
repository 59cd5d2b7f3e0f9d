"""Lists of objects held against TikTok's: how many there are and, where that differs, which ones are missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ObjectStream, Scope, Stream
from tiktok_marketing.config import Config
from tiktok_marketing.doctor.budget import Budget
from tiktok_marketing.doctor.checks.access import SCOPES, refused_account
from tiktok_marketing.doctor.database import Database, StreamSync
from tiktok_marketing.doctor.findings import Finding, Fix, Severity
from tiktok_marketing.errors import Action, IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.cursors import normalize_time
from tiktok_marketing.sync.plan.zones import day_in
from tiktok_marketing.sync.read.listing import ListReader
from tiktok_marketing.sync.read.objects import object_requests

OBJECTS = "objects"
_NAMED = 5
_STILL_MOVING = timedelta(minutes=10)
"""Objects changed so shortly before a sync may have hidden between two of its pages."""
_CREATED = "create_time"


class _PageInfo(msgspec.Struct):
    total_number: int = 0


class _Data(msgspec.Struct):
    page_info: _PageInfo


class _Answer(msgspec.Struct):
    data: _Data


_DECODER = msgspec.json.Decoder(_Answer)


class ListQuestion(msgspec.Struct, frozen=True):
    """A list of one account, and up to when its changes were certainly read: `YYYY-MM-DD HH:MM:SS` in UTC."""

    stream: ObjectStream
    account: Account
    until: str


def list_questions(streams: Iterable[tuple[Stream, StreamSync]], accounts: Iterable[Account]) -> list[ListQuestion]:
    """The lists whose objects tell when they changed, by which those that should be there are told from new ones."""
    accounts = list(accounts)
    return [
        ListQuestion(stream, account, f"{sync.began - _STILL_MOVING:%Y-%m-%d %H:%M:%S}")
        for stream, sync in streams
        if isinstance(stream, ObjectStream)
        and stream.scope is Scope.ACCOUNT
        and stream.source.parent is None
        and stream.source.page_size is not None
        and stream.cursor is not None
        and sync.complete
        for account in accounts
        if account.advertiser_id not in sync.missing  # skipped, as configured
    ]


class Lists:
    """Asks TikTok about lists and compares.

    Args:
        config: What the user asked for.
        api: Where to ask.
        database: What is to be compared.
        budget: How much may be asked.
        now: This moment.
    """

    def __init__(self, config: Config, api: Client, database: Database, budget: Budget, now: datetime) -> None:
        self._config = config
        self._api = api
        self._database = database
        self._budget = budget
        self._today = day_in(UTC, now)
        self._counts: dict[str, dict[str, int]] = {}
        self._dropped: set[str] = set()
        self.findings: list[Finding] = []
        self.asked = 0
        """Lists that were compared."""

    async def ask(self, asked: Iterable[ListQuestion]) -> None:
        """Ask as many as the budget allows, in their order."""
        for question in asked:
            if self._budget.spent:
                return
            if question.stream.name in self._dropped:
                continue
            try:
                self.asked += await self._ask(question)
            except (TikTokError, IncompleteReadError) as error:
                self._fail(question, error)

    async def _ask(self, question: ListQuestion) -> bool:
        stream, advertiser_id = question.stream, question.account.advertiser_id
        requests = object_requests(
            stream, advertiser_id, include_deleted=self._config.include_deleted, today=self._today
        )
        total = 0
        pages = 0
        for request in requests:
            params = {**request.params, "page": 1, "page_size": 1}
            answer = await self._api.get(request.endpoint, params, _DECODER.decode, advertiser_id=advertiser_id)
            count = answer.value.data.page_info.total_number
            if request.max_records is not None and count > request.max_records:
                return False  # sync says so at every run
            total += count
            pages += -(-count // (request.page_size or 1))
        if total == self._count(stream, advertiser_id):
            return True
        if pages > self._budget.left:
            self._say(
                question, Severity.NOTE, f"TikTok lists {total:,}, and there were no requests left to compare them."
            )
            return False
        walker = ListReader(self._api, ObjectReader(stream, advertiser_id))
        records: list[Mapping[str, Any]] = []
        for request in requests:
            async with aclosing(walker.read(request)) as deliveries:
                async for delivery in deliveries:
                    records += delivery.records
        self._compare(question, records)
        return True

    def _count(self, stream: Stream, advertiser_id: str) -> int:
        if stream.name not in self._counts:
            self._counts[stream.name] = dict(
                self._database.rows(
                    f"SELECT advertiser_id::VARCHAR, count(*) FROM {self._database.table(stream.name)} GROUP BY 1"  # noqa: S608
                )
            )
        return self._counts[stream.name].get(advertiser_id, 0)

    def _compare(self, question: ListQuestion, records: Iterable[Mapping[str, Any]]) -> None:
        stream = question.stream
        (field, *_) = (name for name in stream.row_key if name != "advertiser_id")
        wanted = [
            str(record.get(field))
            for record in records
            if should_be_there(record, stream, question.until, f"{self._config.start_date} 00:00:00")
        ]
        there = self._database.rows(
            f'SELECT "{field}"::VARCHAR FROM {self._database.table(stream.name)}'  # noqa: S608
            f' WHERE advertiser_id = ? AND "{field}" IS NOT NULL',
            [int(question.account.advertiser_id)],
        )
        missing = sorted(set(wanted) - {one for (one,) in there})
        if missing:
            named = ", ".join(missing[:_NAMED]) + (", ..." if len(missing) > _NAMED else "")
            count = f"{len(missing):,} of them {'is' if len(missing) == 1 else 'are'}"
            self._say(
                question,
                Severity.WRONG,
                f"TikTok lists objects that did not change since {question.until} UTC, which the sync after it should "
                f"have brought: {count} missing ({field} {named}).",
                fix=Fix.SYNC,
            )

    def _fail(self, question: ListQuestion, error: TikTokError | IncompleteReadError) -> None:
        action = error.action if isinstance(error, TikTokError) else Action.RETRY
        advertiser_id = question.account.advertiser_id
        if isinstance(error, TikTokError) and action is Action.FAIL_ACCOUNT:
            self.findings.append(refused_account(error, self._config, advertiser_id, question.stream.name))
        elif action in {Action.FAIL_STREAM, Action.STOP_SYNC}:
            self._dropped.add(question.stream.name)
            self._say(question, Severity.WRONG, error.message, check=SCOPES, remedy=error.remedy)
        else:
            self._say(question, Severity.NOTE, f"TikTok could not be asked: {error.message}", remedy=error.remedy)

    def _say(
        self,
        question: ListQuestion,
        severity: Severity,
        message: str,
        *,
        check: str = OBJECTS,
        remedy: str = "",
        fix: Fix | None = None,
    ) -> None:
        finding = Finding(
            severity=severity,
            check=check,
            message=message,
            stream=question.stream.name,
            advertiser_id=question.account.advertiser_id,
            remedy=remedy,
            fix=fix,
        )
        self.findings.append(replace(finding, advertiser_id=None) if check == SCOPES else finding)


def should_be_there(record: Mapping[str, Any], stream: Stream, until: str, since: str) -> bool:
    """Whether an object was there when the list was last read, and is one that is read.

    Args:
        record: As TikTok gives it now.
        stream: Its stream.
        until: Up to when changes were read, `YYYY-MM-DD HH:MM:SS` in UTC.
        since: Since when changes are wanted, likewise.
    """
    changed = _moment(record.get(stream.cursor or ""))
    if changed:
        return since <= changed <= until
    created = _moment(record.get(_CREATED))  # Smart+ ads have no time of change, and are read always
    return bool(created) and created <= until


def _moment(value: Any) -> str:
    return (normalize_time(value) or "") if isinstance(value, str) else ""
