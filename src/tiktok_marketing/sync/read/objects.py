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
from tiktok_marketing.catalog import ObjectSource, Parent, Refusal, Stream, stream_named
from tiktok_marketing.errors import PartialAnswerError, TikTokError
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.events import Notice
from tiktok_marketing.sync.plan.cursors import normal_moment
from tiktok_marketing.sync.plan.partitions import Part
from tiktok_marketing.sync.read.listing import Delivery, OutOfReachError, Parts, Request, Share, Walker


class Question(msgspec.Struct, frozen=True):
    """Parameters that a request takes from the records of another list.

    Args:
        params: Their values; lists where a request takes several.
    """

    params: Mapping[str, Any] = {}

    def halves(self) -> list[Question] | None:
        """The same as two questions; None if it is about one thing."""
        lists = [value for value in self.params.values() if isinstance(value, list)]
        middle = len(lists[0]) // 2 if lists else 0
        if not middle:
            return None
        return [
            Question({name: value[part] if isinstance(value, list) else value for name, value in self.params.items()})
            for part in (slice(middle), slice(middle, None))
        ]


def questions(
    parent: Parent, records: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]] = ()
) -> list[Question]:
    """What the parent's records ask for, each thing once, in their order.

    Args:
        parent: How they become parameters.
        records: The records.
        others: Those of its second stream.
    """
    by_id = {record.get(parent.by): record for record in others}
    asked: dict[tuple[str, ...], None] = {}
    for record in records:
        other = by_id.get(record.get(parent.by), {})
        values = [record.get(field) or other.get(field) for field in parent.parameters.values()]
        if all(values):
            asked[tuple(map(str, values))] = None
    names, things = list(parent.parameters), list(asked)
    if parent.at_once is None:
        return [Question(dict(zip(names, thing, strict=True))) for thing in things]
    return [
        Question(dict(zip(names, map(list, zip(*things[start : start + parent.at_once], strict=True)), strict=True)))
        for start in range(0, len(things), parent.at_once)
    ]


def object_requests(
    stream: Stream,
    advertiser_id: str,
    *,
    include_deleted: bool,
    today: date,
    changed_since: str | None = None,
    question: Question | None = None,
) -> list[Request]:
    """One request for each walk that TikTok wants separately.

    Args:
        stream: Whose objects.
        advertiser_id: The account.
        include_deleted: Whether deleted objects are wanted.
        today: The date in UTC.
        changed_since: Only objects changed at or after this moment are needed, `YYYY-MM-DD HH:MM:SS` in UTC.
        question: Parameters from another list.
    """
    source = _source_of(stream)
    deleted = source.deleted_filter if include_deleted else {}
    changed = {}
    if source.changed_filter is not None and changed_since is not None:
        # `modified_after` does not say whether it includes its own second.
        changed = {source.changed_filter: str(datetime.fromisoformat(changed_since) - timedelta(seconds=1))}
    requests = []
    for walk in source.walks:
        filtering = {**walk.filtering, **deleted, **changed}
        params: dict[str, Any] = {"advertiser_id": advertiser_id}
        if question is not None:
            params |= question.params
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
                reach=source.reach,
            )
        )
    return requests


class ObjectLists:
    """Reads the objects of one account, all lists that TikTok wants asked separately as one.

    Args:
        api: Where to ask.
        part: The stream, the account, and since when objects are wanted.
        include_deleted: Whether deleted objects are wanted.
        today: The date in UTC.
        share: What it has of the quota; None to read one page after the other.
    """

    def __init__(
        self, api: Client, part: Part, *, include_deleted: bool, today: date, share: Share | None = None
    ) -> None:
        assert part.account is not None  # noqa: S101 - narrows the type; the caller has looked
        self._api = api
        self._part = part
        self._advertiser_id = part.account.advertiser_id
        self._source = _source_of(part.stream)
        self._include_deleted = include_deleted
        self._today = today
        self._share = share
        self._oldest = ""
        self._lag = timedelta()  # the longest that an object came to be after its last change
        self._parts = Parts()
        self.latest = ""
        """The latest value of the cursor that came, as `YYYY-MM-DD HH:MM:SS`; empty if none did."""
        self.notices: list[Notice] = []
        """What was left out with good reason."""

    async def deliveries(self) -> AsyncGenerator[Delivery, None]:
        """Every object that changed since then, once.

        Raises:
            TikTokError: If a list cannot be had.
            IncompleteReadError: If objects are missing.
            PartialAnswerError: At the end, if TikTok said of any list that it gave a part only.
        """
        walker = Walker(self._api, ObjectReader(self._part.stream, self._advertiser_id), self._share)
        asked = deque([Question()] if self._source.per is None else await self._questions(self._source.per))
        while asked:
            question = asked.popleft()
            try:
                async with aclosing(self._answers(walker, question)) as deliveries:
                    async for delivery in deliveries:
                        yield self._wanted(delivery)
                        del delivery
            except OutOfReachError as error:
                self._judge(error)
            except TikTokError as error:
                refusal = self._refusal(error)
                if refusal is None:
                    raise
                halves = question.halves()  # one thing may have spoiled the question for the others
                if halves is not None:
                    asked.extendleft(reversed(halves))
                elif refusal.notice:
                    self._note(refusal, question)
        self._parts.tell()

    async def _answers(self, walker: Walker, question: Question) -> AsyncGenerator[Delivery, None]:
        for request in object_requests(
            self._part.stream,
            self._advertiser_id,
            include_deleted=self._include_deleted,
            today=self._today,
            changed_since=self._part.modified_since if self._part.only_changed else None,
            question=question,
        ):
            try:
                async with aclosing(walker.walk(request)) as deliveries:
                    async for delivery in deliveries:
                        yield delivery
                        del delivery
            except PartialAnswerError as error:
                self._parts.note(error)

    async def _questions(self, parent: Parent) -> list[Question]:
        others = await self._all_of(parent.other) if parent.other is not None else []
        return questions(parent, await self._all_of(parent.stream), others)

    async def _all_of(self, name: str) -> list[Mapping[str, Any]]:
        stream = stream_named(name)
        assert stream is not None  # noqa: S101 - the catalog names its own streams
        part = replace(self._part, stream=stream, modified_since="")
        lists = ObjectLists(self._api, part, include_deleted=self._include_deleted, today=self._today)
        records: list[Mapping[str, Any]] = []
        try:
            async with aclosing(lists.deliveries()) as deliveries:
                async for delivery in deliveries:
                    records += delivery.records
        except PartialAnswerError as error:
            self._parts.note(error)
        return records

    def _wanted(self, delivery: Delivery) -> Delivery:
        """Without those neither changed nor made since; one without a time (Smart+ ads have none) always passes."""
        field = self._part.stream.cursor
        if field is None or not delivery.records:
            return delivery
        moments = [_moment(record.get(field)) for record in delivery.records]
        known = [moment for moment in moments if moment]
        if known:
            self.latest = max(self.latest, *known)
            self._oldest = min(self._oldest or known[0], *known)
        since = self._part.modified_since
        records = []
        for record, moment in zip(delivery.records, moments, strict=True):
            made = _moment(record.get("create_time"))
            if moment and made > moment:  # images are seen that were changed before they were made
                self._lag = max(self._lag, datetime.fromisoformat(made) - datetime.fromisoformat(moment))
            if not moment or moment >= since or made >= since:
                records.append(record)
        return replace(delivery, records=records)

    def _judge(self, error: OutOfReachError) -> None:
        """TikTok gives what changed last, so what it leaves out was changed before the oldest that came.

        It may have been made later than that, though not longer after its change than others that came.

        Raises:
            OutOfReachError: If that may be wanted.
        """
        if not self._oldest:
            raise error
        made = str(datetime.fromisoformat(self._oldest) + self._lag)
        if made >= self._part.modified_since:
            error.remedy = (
                f"Missing is what was changed last before {self._oldest} (UTC). {error.remedy} "
                f"With a start_date after {made[:10]} nothing is missing."
            )
            raise error
        self._say("info", f"{error.message} Those that it leaves out were changed last before {self._oldest}: no news.")

    def _refusal(self, error: TikTokError) -> Refusal | None:
        for refusal in self._source.refusals:
            if error.code == refusal.code and refusal.says.casefold() in error.tiktok_message.casefold():
                return refusal
        return None

    def _note(self, refusal: Refusal, question: Question) -> None:
        shown = {
            name: ", ".join(value) if isinstance(value, list) else value for name, value in question.params.items()
        }
        self._say("warning", refusal.notice.format(**shown))

    def _say(self, level: Literal["info", "warning"], said: str) -> None:
        self.notices.append(Notice(level, f"{self._part.stream.name}, advertiser {self._advertiser_id}: {said}"))


def _source_of(stream: Stream) -> ObjectSource:
    source = stream.source
    assert isinstance(source, ObjectSource)  # noqa: S101 - narrows the type; the caller has looked
    return source


def _moment(value: Any) -> str:
    return (normal_moment(value) or "") if isinstance(value, str) else ""
