"""Reads all objects of one account, in as many requests as TikTok's API requires."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import date, datetime, timedelta
from typing import Any, Literal

from msgspec.structs import replace

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ExpectedError, ObjectStream, Parent, object_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import Action, IncompleteReadError, OutOfReachError, PartialAnswerError, TikTokError
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.events import Notice
from tiktok_marketing.sync.plan.cursors import normalize_time
from tiktok_marketing.sync.read.asked_for import Asked
from tiktok_marketing.sync.read.listing import Budget, Delivery, ListReader, Request
from tiktok_marketing.sync.read.parent_params import (
    ParentParams,
    RefusedParams,
    drop_found,
    parent_params,
    records_as_sent,
)
from tiktok_marketing.sync.read.partial_log import PartialLog
from tiktok_marketing.sync.read.repeated_keys import different_records


def object_requests(
    stream: ObjectStream,
    advertiser_id: AdvertiserId,
    *,
    include_deleted: bool,
    today: date,
    changed_since: str | None = None,
    parent_params: ParentParams | None = None,
) -> list[Request]:
    """One request for each list query that the API requires.

    Args:
        stream: The stream of objects.
        advertiser_id: The account.
        include_deleted: Whether to include deleted objects.
        today: The date in UTC.
        changed_since: Only objects changed at or after this time are needed, `YYYY-MM-DD HH:MM:SS` in UTC.
        parent_params: Parameters from another list.
    """
    source = stream.source
    deleted = source.deleted_filter if include_deleted else {}
    changed = {}
    if source.changed_filter is not None and changed_since is not None:
        # `modified_after` does not say whether it includes its own second.
        changed = {source.changed_filter: str(datetime.fromisoformat(changed_since) - timedelta(seconds=1))}
    requests = []
    for query in source.queries_for(include_deleted=include_deleted):
        filtering = {**query.filtering, **deleted, **changed}
        params: dict[str, Any] = {"advertiser_id": advertiser_id, **source.params}
        if parent_params is not None:
            params |= parent_params.params
        if filtering:
            params["filtering"] = filtering
        if source.recent_days is not None:
            first = today - timedelta(days=source.recent_days - 1)
            days = {"start_date": str(first), "end_date": str(today)}
            params |= days if source.dates_apart else {"date_range": days}
        requests.append(
            Request(
                endpoint=stream.endpoint,
                params=params,
                page_size=source.page_size_of(query),
                advertiser_id=advertiser_id,
                max_records=source.max_records,
                divisible=parent_params is not None and parent_params.halves() is not None,
                fields={**query.fields, **{name: params[param] for name, param in source.request_fields.items()}},
                # Campaigns, ad groups and ads belong to one account; assets may be shared by others.
                asked=Asked(account=advertiser_id) if source.has_status else Asked(),
            )
        )
    return requests


class ObjectLists:
    """Reads the objects of one account, as one list although the API requires several queries.

    Args:
        api: The client.
        stream: The stream of objects.
        advertiser_id: The account.
        include_deleted: Whether to include deleted objects.
        today: The date in UTC.
        modified_since: Leave out objects older than this, `YYYY-MM-DD HH:MM:SS` in UTC; empty to include all.
        required_since: Go on without objects older than this if TikTok does not list them, in the same form.
        only_changed: Whether to ask TikTok only for objects changed since then, where it has such a filter.
        budget: How much of the quota it may use; None to read one page after the other.
    """

    def __init__(
        self,
        api: Client,
        stream: ObjectStream,
        advertiser_id: AdvertiserId,
        *,
        include_deleted: bool,
        today: date,
        modified_since: str = "",
        required_since: str = "",
        only_changed: bool = False,
        budget: Budget | None = None,
    ) -> None:
        self._api = api
        self._stream = stream
        self._source = stream.source
        self._advertiser_id = advertiser_id
        self._modified_since = modified_since
        self._required_since = max(required_since, modified_since)
        self._only_changed = only_changed
        self._include_deleted = include_deleted
        self._today = today
        self._budget = budget
        self._oldest = ""
        self._lag = timedelta()  # the longest time between an object's last change and a later creation time
        self._partial_log = PartialLog()
        self._short: IncompleteReadError | None = None  # why records are missing from the first list that lacks some
        self.latest = ""
        """The latest cursor value of the objects, as `YYYY-MM-DD HH:MM:SS`; empty if none has one."""
        self.notices: list[Notice] = []
        """What was left out, and why it need not have been read."""
        parent = self._source.parent
        self._refused = RefusedParams(None if parent is None else parent.stream, advertiser_id)
        self._reader = ObjectReader(stream, advertiser_id)
        self._list_reader = ListReader(api, self._reader, budget)

    @property
    def repaired(self) -> bool:
        """Whether U+FFFD stands in records for bytes that are not UTF-8."""
        return self._list_reader.repaired

    async def deliveries(self) -> AsyncGenerator[Delivery[RecordList], None]:
        """Every object that changed since `modified_since`, once.

        Raises:
            TikTokError: If a list cannot be read.
            IncompleteReadError: At the end, if objects are missing.
            PartialAnswerError: At the end, if any answer was partial.
        """
        list_reader = self._list_reader
        pending = deque(
            [ParentParams()] if self._source.parent is None else await self._parent_params(self._source.parent)
        )
        while pending:
            params = pending.popleft()
            missing = params.several(self._source.parent)
            try:
                async with aclosing(self._deliveries_for(list_reader, params)) as deliveries:
                    async for delivery in deliveries:
                        drop_found(missing, delivery)
                        yield self._filter_changed(delivery)
                        del delivery
                self._refused.answered = True
                # An answer about several may leave out one that has a record.
                pending.extend(params.alone(self._source.parent, missing))
            except OutOfReachError as error:
                self._check_reach(error)
            except TikTokError as error:
                smaller = self._smaller(error, params)
                if smaller is None:
                    raise
                pending.extendleft(reversed(smaller))
        for text in different_records("records", list_reader.different):
            self._notice("warning", text)
        self._raise_if_incomplete()

    def _smaller(self, error: TikTokError, params: ParentParams) -> Sequence[ParentParams] | None:
        """What to ask for in place of parameters that TikTok refused: nothing if they are one value.

        None if no value can be the reason, so that the list cannot be read.
        """
        expected_error = self._expected_error(error)
        if error.too_large and (smaller := params.halves()) is not None:
            return smaller
        if expected_error is None and not self._refused.may_cause(error, params):
            return None
        halves = params.halves()  # one value may have made the request fail for the others
        if halves is not None:
            return halves
        if expected_error is None:
            self._refused.note(params, error)
        elif expected_error.notice:
            self._note(expected_error, params)
        return ()

    def _raise_if_incomplete(self) -> None:
        """Everything that can be read has been read.

        Raises:
            IncompleteReadError: If objects are missing, or an answer was partial.
        """
        error = self._short or self._refused.error()
        if error is not None:
            raise error
        self._partial_log.raise_first()

    async def count_requests(self) -> int:
        """How many requests the lists need, if each has one page. It reads the lists that parameters come from.

        If few records of these lists have one in the stream, it also asks about all of them, several at a time, and
        counts those about which the sync will ask alone.
        """
        parent = self._source.parent
        params = [ParentParams()] if parent is None else await self._parent_params(parent)
        number = len(params)
        if parent is not None and parent.sparse:
            number += sum([await self._count_missing(several) for several in params])
        return number * len(self._source.queries_for(include_deleted=self._include_deleted))

    async def _count_missing(self, params: ParentParams) -> int:
        """How many of several values an answer leaves out."""
        missing = params.several(self._source.parent)
        async with aclosing(self._deliveries_for(self._list_reader, params)) as deliveries:
            async for delivery in deliveries:
                drop_found(missing, delivery)
        return sum(map(len, missing.values()))

    async def _deliveries_for(
        self, list_reader: ListReader[RecordList], params: ParentParams
    ) -> AsyncGenerator[Delivery[RecordList], None]:
        requests = object_requests(
            self._stream,
            self._advertiser_id,
            include_deleted=self._include_deleted,
            today=self._today,
            changed_since=self._modified_since if self._only_changed else None,
            parent_params=params,
        )
        refusals: list[TikTokError] = []
        for request in requests:
            self._reader.fields = request.fields  # the requests are sent one after the other
            try:
                async with aclosing(list_reader.read(request)) as deliveries:
                    async for delivery in deliveries:
                        yield delivery
                        del delivery
            except PartialAnswerError as error:
                self._partial_log.note(error)
            except OutOfReachError:
                raise
            except IncompleteReadError as error:  # the other lists can still be read
                self._short = self._short or error
            except TikTokError as error:
                refusals.append(error)
                # TikTok may refuse the filter of this query, and answer the others.
                if error.action is not Action.FAIL_ACCOUNT or error.inaccessible or len(refusals) == len(requests):
                    raise refusals[0] from None
        if refusals:
            self._partial_log.note(refusals[0])

    async def _parent_params(self, parent: Parent) -> list[ParentParams]:
        deleted_too = self._include_deleted and parent.deleted_too
        joined = []
        if parent.join_stream is not None:
            joined = await self._all_records(parent.join_stream, include_deleted=deleted_too)
        records = await self._all_records(parent.stream, include_deleted=deleted_too)
        params, unusable = parent_params(parent, records, joined)
        if unusable:
            self._short = unusable[0].error(self._stream.name, self._advertiser_id, len(unusable))
        return params

    async def _all_records(self, name: str, *, include_deleted: bool) -> list[Mapping[str, Any]]:
        lists = ObjectLists(
            self._api,
            object_stream(name),
            self._advertiser_id,
            include_deleted=include_deleted,
            today=self._today,
        )
        records: list[Mapping[str, Any]] = []
        try:
            async with aclosing(lists.deliveries()) as deliveries:
                async for delivery in deliveries:
                    records += records_as_sent(delivery.records)
        except PartialAnswerError as error:
            self._partial_log.note(error)
        return records

    def _filter_changed(self, delivery: Delivery[RecordList]) -> Delivery[RecordList]:
        """The records changed or created since `modified_since`, and those without a time, as Smart+ ads are."""
        field = self._stream.cursor
        if field is None or not delivery.records:
            return delivery
        change_times = [_time(record.get(field)) for record in delivery.records]
        known_times = [changed for changed in change_times if changed]
        if known_times:
            self.latest = max(self.latest, *known_times)
            self._oldest = min(self._oldest or known_times[0], *known_times)
        since = self._modified_since
        positions = []
        for position, (record, changed) in enumerate(zip(delivery.records, change_times, strict=True)):
            created = _time(record.get("create_time"))
            if changed and created > changed:  # TikTok lists images that changed before they were created
                self._lag = max(self._lag, datetime.fromisoformat(created) - datetime.fromisoformat(changed))
            if not changed or changed >= since or created >= since:
                positions.append(position)
        if len(positions) == len(change_times):
            return delivery
        return replace(delivery, records=delivery.records.select(positions))

    def _check_reach(self, error: OutOfReachError) -> None:
        """Decide whether the records that TikTok does not list are needed.

        TikTok lists what changed last, so the others changed before the oldest record that it listed. They may have
        been created after that change, but no longer after it than other records were.

        Raises:
            OutOfReachError: If they may be needed.
        """
        if not self._oldest:
            raise error
        latest_creation = str(datetime.fromisoformat(self._oldest) + self._lag)
        if latest_creation >= self._required_since:
            error.remedy = (
                f"Records last changed before {self._oldest} (UTC) are missing. {error.remedy} "
                f"With a start_date after {latest_creation[:10]}, nothing is missing."
            )
            raise error
        if self._required_since == self._modified_since:
            text = f"{error.message} The others were last changed before {self._oldest}, so they are not needed."
            self._notice("info", text)
            return
        text = f"{error.message} The others were last changed before {self._oldest}, long before start_date."
        self._notice("warning", f"{text} They are missing, and TikTok does not list them.")

    def _expected_error(self, error: TikTokError) -> ExpectedError | None:
        message = error.tiktok_message.casefold()
        for expected in self._source.expected_errors:
            if error.code == expected.code and expected.message_contains.casefold() in message:
                return expected
        return None

    def _note(self, expected_error: ExpectedError, params: ParentParams) -> None:
        values = {name: ", ".join(value) if isinstance(value, list) else value for name, value in params.params.items()}
        self._notice("warning", expected_error.notice.format(**values))

    def _notice(self, level: Literal["info", "warning"], text: str) -> None:
        self.notices.append(Notice(level, f"{self._stream.name}, advertiser {self._advertiser_id}: {text}"))


def _time(value: Any) -> str:
    return (normalize_time(value) or "") if isinstance(value, str) else ""
