"""Compares lists of objects with TikTok's: how many there are and, where the numbers differ, which ones are missing."""

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
from tiktok_marketing.doctor.budget import RequestBudget
from tiktok_marketing.doctor.checks.access import SCOPES, refusal_finding
from tiktok_marketing.doctor.database import Database, StreamSync
from tiktok_marketing.doctor.findings import Finding, Fix, Severity
from tiktok_marketing.errors import Action, IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.lenient_json import decoder_of
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.cursors import normalize_time
from tiktok_marketing.sync.plan.zones import day_in
from tiktok_marketing.sync.read.listing import ListReader
from tiktok_marketing.sync.read.objects import object_requests

OBJECTS = "objects"
_NAMED = 5
_STILL_MOVING = timedelta(minutes=10)
"""A sync can miss objects that changed so shortly before it, because they moved between two of its pages."""
_CREATED = "create_time"


class _PageInfo(msgspec.Struct):
    total_number: int = 0


class _Data(msgspec.Struct):
    page_info: _PageInfo


class _Answer(msgspec.Struct):
    data: _Data


_decode = decoder_of(_Answer)


class ListSample(msgspec.Struct, frozen=True):
    """A list of one account to compare.

    Args:
        stream: The stream.
        account: The account.
        until: Until when all changes were read, as `YYYY-MM-DD HH:MM:SS` in UTC.
    """

    stream: ObjectStream
    account: Account
    until: str


def list_samples(streams: Iterable[tuple[Stream, StreamSync]], accounts: Iterable[Account]) -> list[ListSample]:
    """Return the lists whose objects have a time of change, which distinguishes missing objects from new ones."""
    accounts = list(accounts)
    return [
        ListSample(stream, account, f"{sync.began - _STILL_MOVING:%Y-%m-%d %H:%M:%S}")
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


class ListComparer:
    """Compares lists of a database with TikTok's.

    Args:
        config: The user's configuration.
        api: The client.
        database: The database.
        budget: How many requests may be sent.
        now: The current time.
    """

    def __init__(self, config: Config, api: Client, database: Database, budget: RequestBudget, now: datetime) -> None:
        self._config = config
        self._api = api
        self._database = database
        self._budget = budget
        self._today = day_in(UTC, now)
        self._counts: dict[str, dict[str, int]] = {}
        self._denied: set[str] = set()
        self.findings: list[Finding] = []
        self.compared = 0
        """How many lists were compared."""

    async def compare(self, samples: Iterable[ListSample]) -> None:
        """Compare as many samples as the budget allows, in their order."""
        for sample in samples:
            if self._budget.spent:
                return
            if sample.stream.name in self._denied:
                continue
            try:
                self.compared += await self._compare(sample)
            except (TikTokError, IncompleteReadError) as error:
                self._add_failure(sample, error)

    async def _compare(self, sample: ListSample) -> bool:
        """Compare one sample. Returns whether that was possible."""
        stream, advertiser_id = sample.stream, sample.account.advertiser_id
        requests = object_requests(
            stream, advertiser_id, include_deleted=self._config.include_deleted, today=self._today
        )
        total = 0
        pages = 0
        for request in requests:
            params = {**request.params, "page": 1, "page_size": 1}
            answer = await self._api.get(request.endpoint, params, _decode, advertiser_id=advertiser_id)
            count = answer.value.data.page_info.total_number
            if request.max_records is not None and count > request.max_records:
                return False  # every sync reports this itself
            total += count
            pages += -(-count // (request.page_size or 1))
        if total == self._count(stream, advertiser_id):
            return True
        if pages > self._budget.left:
            self._add(
                sample, Severity.NOTE, f"TikTok lists {total:,}, and there were no requests left to compare them."
            )
            return False
        reader = ListReader(self._api, ObjectReader(stream, advertiser_id))
        records: list[Mapping[str, Any]] = []
        for request in requests:
            async with aclosing(reader.read(request)) as deliveries:
                async for delivery in deliveries:
                    records += delivery.records
        self._add_missing(sample, records)
        return True

    def _count(self, stream: Stream, advertiser_id: str) -> int:
        if stream.name not in self._counts:
            self._counts[stream.name] = dict(
                self._database.rows(
                    f"SELECT advertiser_id::VARCHAR, count(*) FROM {self._database.table(stream.name)} GROUP BY 1"  # noqa: S608
                )
            )
        return self._counts[stream.name].get(advertiser_id, 0)

    def _add_missing(self, sample: ListSample, records: Iterable[Mapping[str, Any]]) -> None:
        """Add a finding if the database lacks records that the last sync should have read."""
        stream = sample.stream
        (field, *_) = (name for name in stream.row_key if name != "advertiser_id")
        since = f"{self._config.start_date} 00:00:00" if self._config.objects_since_start_date else ""
        expected = [
            str(record.get(field)) for record in records if should_be_stored(record, stream, sample.until, since)
        ]
        stored = self._database.rows(
            f'SELECT "{field}"::VARCHAR FROM {self._database.table(stream.name)}'  # noqa: S608
            f' WHERE advertiser_id = ? AND "{field}" IS NOT NULL',
            [int(sample.account.advertiser_id)],
        )
        missing = sorted(set(expected) - {key for (key,) in stored})
        if missing:
            named = ", ".join(missing[:_NAMED]) + (", ..." if len(missing) > _NAMED else "")
            count = f"{len(missing):,} of them {'is' if len(missing) == 1 else 'are'}"
            self._add(
                sample,
                Severity.WRONG,
                f"TikTok lists objects that did not change since {sample.until} UTC, so the sync after that should "
                f"have loaded them: {count} missing ({field} {named}).",
                fix=Fix.SYNC,
            )

    def _add_failure(self, sample: ListSample, error: TikTokError | IncompleteReadError) -> None:
        action = error.action if isinstance(error, TikTokError) else Action.RETRY
        advertiser_id = sample.account.advertiser_id
        if isinstance(error, TikTokError) and action is Action.FAIL_ACCOUNT:
            self.findings.append(refusal_finding(error, self._config, advertiser_id, sample.stream.name))
        elif action in {Action.FAIL_STREAM, Action.STOP_SYNC}:
            self._denied.add(sample.stream.name)
            self._add(sample, Severity.WRONG, error.message, check=SCOPES, remedy=error.remedy)
        else:
            self._add(sample, Severity.NOTE, f"TikTok did not answer: {error.message}", remedy=error.remedy)

    def _add(
        self,
        sample: ListSample,
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
            stream=sample.stream.name,
            advertiser_id=sample.account.advertiser_id,
            remedy=remedy,
            fix=fix,
        )
        self.findings.append(replace(finding, advertiser_id=None) if check == SCOPES else finding)


def should_be_stored(record: Mapping[str, Any], stream: Stream, until: str, since: str) -> bool:
    """Whether the last sync of the stream should have loaded an object.

    Args:
        record: The object as TikTok returns it now.
        stream: Its stream.
        until: Until when all changes were read, as `YYYY-MM-DD HH:MM:SS` in UTC.
        since: The start of the changes that the configuration selects, in the same form; empty for all.
    """
    changed = _time_of(record.get(stream.cursor or ""))
    if changed:
        return since <= changed <= until
    created = _time_of(record.get(_CREATED))  # Smart+ ads have no time of change, and every sync reads them
    return bool(created) and created <= until


def _time_of(value: Any) -> str:
    return (normalize_time(value) or "") if isinstance(value, str) else ""
