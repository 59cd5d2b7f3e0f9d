"""The objects of one account, in as many requests as together reach every one of them."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ExpectedError, ObjectStream, Parent, object_stream
from tiktok_marketing.errors import OutOfReachError, PartialAnswerError, TikTokError
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.events import Notice
from tiktok_marketing.sync.plan.cursors import normalize_time
from tiktok_marketing.sync.read.listing import Budget, Delivery, ListReader, PartialLog, Request


class ParentParams(msgspec.Struct, frozen=True):
    """Parameters that a request takes from the records of another list.

    Args:
        params: Their values; lists where a request takes several.
    """

    params: Mapping[str, Any] = {}

    def halves(self) -> list[ParentParams] | None:
        """The same as two questions; None if it is about one thing."""
        lists = [value for value in self.params.values() if isinstance(value, list)]
        middle = len(lists[0]) // 2 if lists else 0
        if not middle:
            return None
        return [
            ParentParams(
                {name: value[part] if isinstance(value, list) else value for name, value in self.params.items()}
            )
            for part in (slice(middle), slice(middle, None))
        ]


def parent_params(
    parent: Parent, records: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]] = ()
) -> list[ParentParams]:
    """What the parent's records ask for, each thing once, in their order.

    Args:
        parent: How they become parameters.
        records: The records.
        others: Those of its second stream.
    """
    by_id = {record.get(parent.join_field): record for record in others}
    asked: dict[tuple[str, ...], None] = {}
    for record in records:
        other = by_id.get(record.get(parent.join_field), {})
        values = [record.get(field) or other.get(field) for field in parent.parameters.values()]
        if all(values):
            asked[tuple(map(str, values))] = None
    names, things = list(parent.parameters), list(asked)
    if parent.at_once is None:
        return [ParentParams(dict(zip(names, thing, strict=True))) for thing in things]
    return [
        ParentParams(
            dict(zip(names, map(list, zip(*things[start : start + parent.at_once], strict=True)), strict=True))
        )
        for start in range(0, len(things), parent.at_once)
    ]


def object_requests(
    stream: ObjectStream,
    advertiser_id: str,
    *,
    include_deleted: bool,
    today: date,
    changed_since: str | None = None,
    parent_params: ParentParams | None = None,
) -> list[Request]:
    """One request for each walk that TikTok wants separately.

    Args:
        stream: Whose objects.
        advertiser_id: The account.
        include_deleted: Whether deleted objects are wanted.
        today: The date in UTC.
        changed_since: Only objects changed at or after this moment are needed, `YYYY-MM-DD HH:MM:SS` in UTC.
        parent_params: Parameters from another list.
    """
    source = stream.source
    deleted = source.deleted_filter if include_deleted else {}
    changed = {}
    if source.changed_filter is not None and changed_since is not None:
        # `modified_after` does not say whether it includes its own second.
        changed = {source.changed_filter: str(datetime.fromisoformat(changed_since) - timedelta(seconds=1))}
    requests = []
    for walk in source.queries:
        filtering = {**walk.filtering, **deleted, **changed}
        params: dict[str, Any] = {"advertiser_id": advertiser_id}
        if parent_params is not None:
            params |= parent_params.params
        if filtering:
            params["filtering"] = filtering
        if source.recent_days is not None:
            first = today - timedelta(days=source.recent_days - 1)
            params["date_range"] = {"start_date": str(first), "end_date": str(today)}
        requests.append(
            Request(
                endpoint=stream.endpoint,
                params=params,
                page_size=source.page_size_of(walk),
                advertiser_id=advertiser_id,
                max_records=source.max_records,
            )
        )
    return requests


class ObjectLists:
    """Reads the objects of one account, all lists that TikTok wants asked separately as one.

    Args:
        api: Where to ask.
        stream: Whose objects.
        advertiser_id: The account.
        include_deleted: Whether deleted objects are wanted.
        today: The date in UTC.
        modified_since: Objects that are older are left out, `YYYY-MM-DD HH:MM:SS` in UTC; empty if all are wanted.
        only_changed: Whether TikTok may be asked for only the objects changed since then, where it has such a filter.
        budget: What it has of the quota; None to read one page after the other.
    """

    def __init__(
        self,
        api: Client,
        stream: ObjectStream,
        advertiser_id: str,
        *,
        include_deleted: bool,
        today: date,
        modified_since: str = "",
        only_changed: bool = False,
        budget: Budget | None = None,
    ) -> None:
        self._api = api
        self._stream = stream
        self._source = stream.source
        self._advertiser_id = advertiser_id
        self._modified_since = modified_since
        self._only_changed = only_changed
        self._include_deleted = include_deleted
        self._today = today
        self._budget = budget
        self._oldest = ""
        self._lag = timedelta()  # the longest that an object came to be after its last change
        self._partial_log = PartialLog()
        self.latest = ""
        """The latest value of the cursor that came, as `YYYY-MM-DD HH:MM:SS`; empty if none did."""
        self.notices: list[Notice] = []
        """What was left out with good reason."""

    async def deliveries(self) -> AsyncGenerator[Delivery[RecordList], None]:
        """Every object that changed since then, once.

        Raises:
            TikTokError: If a list cannot be had.
            IncompleteReadError: If objects are missing.
            PartialAnswerError: At the end, if any answer was partial.
        """
        list_reader = ListReader(self._api, ObjectReader(self._stream, self._advertiser_id), self._budget)
        asked = deque(
            [ParentParams()] if self._source.parent is None else await self._parent_params(self._source.parent)
        )
        while asked:
            question = asked.popleft()
            try:
                async with aclosing(self._answers(list_reader, question)) as deliveries:
                    async for delivery in deliveries:
                        yield self._wanted(delivery)
                        del delivery
            except OutOfReachError as error:
                self._check_reach(error)
            except TikTokError as error:
                refusal = self._expected_error(error)
                if refusal is None:
                    raise
                halves = question.halves()  # one thing may have spoiled the question for the others
                if halves is not None:
                    asked.extendleft(reversed(halves))
                elif refusal.notice:
                    self._note(refusal, question)
        self._partial_log.raise_first()

    async def _answers(
        self, list_reader: ListReader[RecordList], question: ParentParams
    ) -> AsyncGenerator[Delivery[RecordList], None]:
        for request in object_requests(
            self._stream,
            self._advertiser_id,
            include_deleted=self._include_deleted,
            today=self._today,
            changed_since=self._modified_since if self._only_changed else None,
            parent_params=question,
        ):
            try:
                async with aclosing(list_reader.read(request)) as deliveries:
                    async for delivery in deliveries:
                        yield delivery
                        del delivery
            except PartialAnswerError as error:
                self._partial_log.note(error)

    async def _parent_params(self, parent: Parent) -> list[ParentParams]:
        others = await self._all_of(parent.join_stream) if parent.join_stream is not None else []
        return parent_params(parent, await self._all_of(parent.stream), others)

    async def _all_of(self, name: str) -> list[Mapping[str, Any]]:
        lists = ObjectLists(
            self._api,
            object_stream(name),
            self._advertiser_id,
            include_deleted=self._include_deleted,
            today=self._today,
        )
        records: list[Mapping[str, Any]] = []
        try:
            async with aclosing(lists.deliveries()) as deliveries:
                async for delivery in deliveries:
                    records += delivery.records
        except PartialAnswerError as error:
            self._partial_log.note(error)
        return records

    def _wanted(self, delivery: Delivery[RecordList]) -> Delivery[RecordList]:
        """Without those neither changed nor made since; one without a time (Smart+ ads have none) always passes."""
        field = self._stream.cursor
        if field is None or not delivery.records:
            return delivery
        moments = [_moment(record.get(field)) for record in delivery.records]
        known = [moment for moment in moments if moment]
        if known:
            self.latest = max(self.latest, *known)
            self._oldest = min(self._oldest or known[0], *known)
        since = self._modified_since
        records = RecordList()
        for record, moment in zip(delivery.records, moments, strict=True):
            made = _moment(record.get("create_time"))
            if moment and made > moment:  # images are seen that were changed before they were made
                self._lag = max(self._lag, datetime.fromisoformat(made) - datetime.fromisoformat(moment))
            if not moment or moment >= since or made >= since:
                records.append(record)
        return replace(delivery, records=records)

    def _check_reach(self, error: OutOfReachError) -> None:
        """TikTok gives what changed last, so what it leaves out was changed before the oldest that came.

        It may have been made later than that, though not longer after its change than others that came.

        Raises:
            OutOfReachError: If that may be wanted.
        """
        if not self._oldest:
            raise error
        made = str(datetime.fromisoformat(self._oldest) + self._lag)
        if made >= self._modified_since:
            error.remedy = (
                f"Missing is what was changed last before {self._oldest} (UTC). {error.remedy} "
                f"With a start_date after {made[:10]} nothing is missing."
            )
            raise error
        self._notice(
            "info", f"{error.message} Those that it leaves out were changed last before {self._oldest}: no news."
        )

    def _expected_error(self, error: TikTokError) -> ExpectedError | None:
        for refusal in self._source.expected_errors:
            if error.code == refusal.code and refusal.message_contains.casefold() in error.tiktok_message.casefold():
                return refusal
        return None

    def _note(self, refusal: ExpectedError, question: ParentParams) -> None:
        shown = {
            name: ", ".join(value) if isinstance(value, list) else value for name, value in question.params.items()
        }
        self._notice("warning", refusal.notice.format(**shown))

    def _notice(self, level: Literal["info", "warning"], said: str) -> None:
        self.notices.append(Notice(level, f"{self._stream.name}, advertiser {self._advertiser_id}: {said}"))


def _moment(value: Any) -> str:
    return (normalize_time(value) or "") if isinstance(value, str) else ""
