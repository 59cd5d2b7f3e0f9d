"""Reads complete lists: every page, every record once, and the number of records compared with TikTok's own count."""

from __future__ import annotations

import asyncio
import itertools
from array import array
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import tzinfo
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from tiktok_marketing.api.client import Answer, Client
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import (
    AdsLeftOutError,
    IncompleteReadError,
    OutOfReachError,
    PartialAnswerError,
    TikTokError,
)
from tiktok_marketing.sync.decode.given_dimensions import with_dimensions
from tiktok_marketing.sync.decode.pages import Page, PageReader, Sink
from tiktok_marketing.sync.decode.report_file import ReportFile
from tiktok_marketing.sync.read.asked_for import Asked
from tiktok_marketing.sync.read.completeness import Outcome, Pass, PassHistory
from tiktok_marketing.sync.read.page_count import PageCount, accepted_size
from tiktok_marketing.sync.read.repeated_keys import RepeatedKeys

T = TypeVar("T")

_PARAMETER_ERROR = 40002
"""TikTok's code for a parameter that it does not accept."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A list to request, without the number of the page.

    Args:
        endpoint: Path below `/open_api/v1.3/`.
        params: Query parameters.
        page_size: Records per page; None where the endpoint has no pages.
        advertiser_id: The account that the list belongs to.
        divisible: Whether the caller can divide it into smaller requests if TikTok finds it too large.
        brief: Whether to give up soon if a page comes in place of an answer.
        probing: The same for any trouble that may be about this request alone.
        disjoint: Whether no other list of the same reader can contain a record of this one.
        max_rows: With more rows than this the list is not read; the caller divides it instead.
        max_records: The most records that TikTok lists, however many exist; None if it lists all.
        order: Parameters that put the list in an order. They are sent from the second pass on: a list whose order
            changes with each request needs them, and others do not.
        place: The account's place, whose clocks may go back over an hour of the list; None if unknown.
        given: Dimensions that the rows of the answer lack, with their value.
        fields: Fields of every object that the request gives, where TikTok leaves them out.
        file: The rows, if TikTok has delivered all of them already; then nothing is requested.
        asked: What every record must be about, as far as records say it.
    """

    endpoint: str
    params: Mapping[str, Any]
    page_size: int | None
    advertiser_id: AdvertiserId | None = None
    divisible: bool = False
    brief: bool = False
    probing: bool = False
    disjoint: bool = False
    max_rows: int | None = None
    max_records: int | None = None
    order: Mapping[str, Any] = {}
    place: tzinfo | None = None
    given: Mapping[str, str] = {}
    fields: Mapping[str, Any] = {}
    file: ReportFile | None = None
    asked: Asked = Asked()


class Delivery(msgspec.Struct, Generic[Sink], frozen=True):
    """Records that were not delivered before.

    Args:
        records: The sink that the page's reader put them into.
        size: Bytes of their page.
        rejected: Fields whose value became null because it does not fit its type, with one such value each.
    """

    records: Sink
    size: int
    rejected: Mapping[str, str]


class Shown(msgspec.Struct, frozen=True):
    """What a list showed, so that smaller lists in its place can be compared with it.

    Args:
        total: The largest count of records that TikTok gave.
        keys: The keys of records that were not delivered, because TikTok said that it left out others.
        parents: For each field that names the parent of a record, the ids in those records.
    """

    total: int = 0
    keys: frozenset[Any] = frozenset()
    parents: Mapping[str, frozenset[str]] = {}

    @classmethod
    def of(cls, page: Page[Any], keys: Sequence[Any]) -> Shown:
        """What a page shows that is not delivered."""
        rows = page.raw.rows()
        parents = {
            field: frozenset(str(value) for row in rows if (value := _field(row, field)) not in {None, "", "-"})
            for field in _PARENT_FIELDS
        }
        return cls(page.total_number or 0, frozenset(keys), parents)


_PARENT_FIELDS = ("campaign_id", "adgroup_id")


def _field(row: Mapping[str, Any], field: str) -> str | int | None:
    """A field of a report's row: a dimension or a metric."""
    for group in ("dimensions", "metrics"):
        values = row.get(group)
        value = values.get(field) if isinstance(values, Mapping) else None
        if isinstance(value, (str, int)):
            return value
    return None


class Budget(Protocol):
    """How much of the quota a reader may use."""

    def pages_in_flight(self) -> int:
        """How many pages may be requested at once, now."""
        ...

    def set_remaining(self, pages: int) -> None:
        """This many pages remain to be read."""
        ...


class SequentialBudget:
    """The budget of a reader that reads one page after the other."""

    def pages_in_flight(self) -> int:
        """One."""
        return 1

    def set_remaining(self, pages: int) -> None:
        """Ignore it: nobody shares this budget."""


class TooManyRows(Exception):  # noqa: N818 - asks the caller for smaller windows; nothing went wrong
    """The list has more rows than one pass should read.

    Args:
        total: How many rows it has.
        max_rows: The most rows that one pass should read.
    """

    def __init__(self, total: int, max_rows: int) -> None:
        super().__init__(f"The list has {total:,} rows.")
        self.total = total
        self.max_rows = max_rows


class ListReader(Generic[Sink]):
    """Reads lists that belong together, for example all requests for one window, and delivers no record twice.

    Args:
        api: The client.
        reader: Decodes pages.
        budget: How much of the quota it may use; None to read one page after the other.
    """

    def __init__(self, api: Client, reader: PageReader[Sink], budget: Budget | None = None) -> None:
        self._api = api
        self._reader = reader
        self._budget = budget or SequentialBudget()
        self._keys = reader.keyer()
        self._delivered: set[Any] = set()
        self._forgotten = array("q")
        self._earlier: frozenset[int] = frozenset()
        """The hashes of the forgotten keys, while a list is read again."""
        self.remembers = False
        """Whether lists may be read again. Their keys are kept as hashes: eight bytes each."""
        self._partial: PartialAnswerError | None = None
        self._is_first_pass = True
        self._order_refused = False
        self.repaired = False
        """Whether U+FFFD stands in records for bytes that are not UTF-8."""
        self._copies: RepeatedKeys[Sink] = RepeatedKeys(None)
        self.different: dict[str, int] = {}
        """For each key that belongs to several different records, how many there are. All of them were delivered."""
        self.rows_delivered = 0
        """How many records were delivered, of all lists."""
        self.rows_listed = 0
        """How many records the lists have that were read to their end, also if an earlier list had delivered them."""
        self.shown = Shown()
        """What the latest list showed, whether or not it could be read to its end."""
        self.awaited: set[Any] = set()
        """Keys that a list showed without its records being delivered, until another list brings them."""
        self.observe: Callable[[int, Page[Sink]], None] = lambda _number_of_pass, _page: None
        """Called with each page and the number of its pass."""

    async def read(self, request: Request, *, again: bool = False) -> AsyncGenerator[Delivery[Sink], None]:
        """The same as `_read`, with smaller pages if TikTok refuses the size and names another.

        Raises:
            ConnectorError: As `_read`.
        """
        sizes = self._api.page_sizes
        while True:
            if request.page_size is not None and request.endpoint in sizes:
                request = replace(request, page_size=min(request.page_size, sizes[request.endpoint]))
            try:
                async with aclosing(self._read(request, again=again)) as deliveries:
                    async for delivery in deliveries:
                        yield delivery
                        del delivery
            except TikTokError as error:
                size = accepted_size(error, request.page_size)
                if size is None:
                    raise
                sizes[request.endpoint] = size
            else:
                return

    async def _read(self, request: Request, *, again: bool = False) -> AsyncGenerator[Delivery[Sink], None]:
        """Deliver every record of the list that was not delivered before.

        Args:
            request: The list.
            again: Whether it was read before, so that only records are delivered that have appeared since.

        Objects that are created or deleted meanwhile shift the pages, so that a record may appear twice, or on no page.
        Records are counted by key and compared with the largest count of any page, because a deletion that hides a
        record also lowers the count. A pass that misses records is repeated, more often if the list changes, and so is
        a first pass whose count grew.

        Raises:
            IncompleteReadError: If records are still missing after several passes.
            PartialAnswerError: If TikTok says that an answer was partial; all that it contained was delivered.
            OutOfReachError: If more records exist than TikTok lists; those that it lists were delivered.
            AdsLeftOutError: If TikTok leaves out ads.
            TooManyRows: If there are more rows than the request allows; nothing was delivered then.
            TikTokError: If a page cannot be read.
        """
        # Keys of an earlier request must not count for this one. Usually there are none, and one set serves both.
        self._earlier = frozenset(self._forgotten) if again else frozenset()
        seen = set() if self._delivered or self._earlier else self._delivered
        self._partial = None
        history = PassHistory()  # no attribute, because it has the keys of all passes
        self._copies = RepeatedKeys(request.place)
        self.shown = Shown()
        latest: Pass | None = None
        for number_of_pass in itertools.count(1):
            self._is_first_pass = number_of_pass == 1
            keys_of_pass = seen if self._is_first_pass else set()
            latest = Pass(
                number_of_pass, PageCount(request.page_size, request.max_records), keys_of_pass, previous=latest
            )
            async with aclosing(self._pages(request, latest.pages)) as pages:
                async for number, page, size in pages:
                    latest.note(number, page)
                    self.shown = Shown(max(self.shown.total, *latest.counts))
                    total, most = latest.counts[0], request.max_rows
                    if not seen and most is not None and total > most:
                        del page  # an error keeps this frame, and would keep the page
                        raise TooManyRows(total, most)
                    self.observe(number_of_pass, page)
                    records = self._not_delivered(number, page, latest)
                    rejected = page.rejected
                    page.raw.release()
                    del page
                    if records:
                        self.rows_delivered += len(records)
                        yield Delivery(records, size, rejected)
                    del records
            seen |= keys_of_pass
            outcome = history.judge(latest, len(seen))
            if outcome is not Outcome.AGAIN or self._partial is not None:
                for records in self._copies.due(latest):
                    self.rows_delivered += len(records)
                    yield Delivery(records, 0, {})
                self.different |= self._copies.described(latest)
            if self._is_complete(request, seen, latest, outcome):
                self.rows_listed += len(seen)
                return

    def _is_complete(self, request: Request, seen: set[Any], current: Pass, outcome: Outcome) -> bool:
        """Whether the list needs no other pass.

        Raises:
            IncompleteReadError: If records are missing, and another pass would not help.
        """
        if request.max_records is not None and len(seen) >= request.max_records:
            raise _out_of_reach(request, current.counts[-1], len(seen))
        self._raise_if_partial(request, seen)
        if outcome is Outcome.WHOLE:
            self._forget(request, seen)
        elif outcome is Outcome.SHORT:
            raise _short(request, current)
        elif outcome is Outcome.UNSETTLED:
            raise _short(request, current, " while the list kept changing")
        return outcome is not Outcome.AGAIN

    def _raise_if_partial(self, request: Request, seen: set[Any]) -> None:
        """Raise the error of a partial answer.

        Raises:
            PartialAnswerError: If an answer was partial.
        """
        if self._partial is not None:
            self._forget(request, seen)
            raise self._partial

    def _forget(self, request: Request, seen: set[Any]) -> None:
        """Drop the keys of a list that was delivered completely, if no other list can contain its records."""
        if request.disjoint and seen is self._delivered:
            if self.remembers:
                self._forgotten.extend(map(hash, seen))
            self._delivered = set()

    def _not_delivered(self, number: int, page: Page[Sink], current: Pass) -> Sink:
        """The records of a page that were not delivered before, which the caller delivers now."""
        keys = self._keys(page.keyed)
        self.awaited.difference_update(keys)
        delivered = self._delivered
        if self._earlier:
            delivered.update(key for key in keys if hash(key) in self._earlier)
        if delivered.isdisjoint(keys):
            count_before = len(delivered)
            delivered.update(keys)  # in one step: usually, no key came before
            if len(delivered) - count_before == len(keys):
                current.keys.update(keys)
                return page.records
            delivered.difference_update(keys)
        if current.keys.issuperset(keys):
            current.pages.note_repeated(number)
        due = self._copies.note(keys, page, current, delivered, self._reader)
        positions = [
            position
            for position, key in enumerate(keys)
            if (position in due if key in self._copies else key not in delivered)
        ]
        current.keys.update(keys)
        delivered.update(keys)
        return page.records.select(positions)

    async def _pages(self, request: Request, count: PageCount) -> AsyncGenerator[tuple[int, Page[Sink], int], None]:
        """The pages, roughly in order, each with its number and its bytes.

        A page takes megabytes, so no reference to one may remain while waiting for the next: hence each `del`.
        """
        number = 0
        in_flight: dict[asyncio.Task[Answer[Page[Sink]]], int] = {}
        try:
            while True:
                # The first page shows how many follow. Beyond those, each shows whether there is another.
                limit = count.explained if number else 1
                if not in_flight and number >= limit and count.asks_next:
                    limit = number + 1
                most = max(1, self._budget.pages_in_flight() if request.file is None else 1)
                while number < limit and len(in_flight) < most:
                    number += 1
                    in_flight[asyncio.create_task(self._ask(request, number))] = number
                if not in_flight:
                    return
                # Any page that has arrived, lowest number first: a late page must not leave others waiting in memory.
                await asyncio.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)
                done = next(task for task in in_flight if task.done())
                number_of_done = in_flight.pop(done)
                try:
                    answer = done.result()
                finally:
                    del done  # its error keeps this frame, and would be kept by it
                page = answer.value
                count.note(number_of_done, page)
                self._budget.set_remaining(count.explained - count.pages_read)
                try:
                    yield number_of_done, page, answer.size
                finally:
                    answer.release()
                    del page, answer
        finally:
            for task in in_flight:
                task.cancel()
            for outcome in await asyncio.gather(*in_flight, return_exceptions=True):
                if isinstance(outcome, Answer):
                    outcome.release()

    async def look(self, request: Request) -> Shown:
        """What the first page of a list shows now, without delivering it. TikTok may leave out ads."""
        return await self.first_page(request, lambda answer: Shown.of(answer.value, self._keys(answer.value.keyed)))

    async def first_page(self, request: Request, what: Callable[[Answer[Page[Sink]]], T]) -> T:
        """What a function makes of the answer with the first page of a list, which is not delivered.

        Raises:
            TikTokError: If the page cannot be read.
        """
        answer = await self._get(request, 1, {})
        try:
            return what(answer)
        finally:
            answer.release()

    async def _ask(self, request: Request, number: int) -> Answer[Page[Sink]]:
        order = {} if self._is_first_pass or self._order_refused else request.order
        try:
            answer = await self._get(request, number, order)
        except TikTokError as error:
            if not order or error.code != _PARAMETER_ERROR:
                raise
            self._order_refused = True  # the first pass was answered without it
            answer = await self._get(request, number, {})
        if answer.throttled:
            self.shown = Shown.of(answer.value, self._keys(answer.value.keyed))
            self.awaited |= self.shown.keys - self._delivered
            answer.release()
            del answer  # an error keeps this frame, and would keep the page
            raise AdsLeftOutError("TikTok left out all but the newest 20,000 ads from this report.")
        self._partial = self._partial or answer.partial
        if self._partial is None and (reason := request.asked.strange(answer.value)):
            self._partial = PartialAnswerError(request.endpoint, reason, request.advertiser_id)
        self.repaired = self.repaired or answer.repaired
        return answer

    async def _get(self, request: Request, number: int, order: Mapping[str, Any]) -> Answer[Page[Sink]]:
        decode = partial(self._decode, request)
        if request.file is not None:
            body = request.file.page(number, request.page_size or len(request.file))
            return Answer(decode(body), len(body), throttled=False, partial=None)
        params = {**request.params, **order}
        if request.page_size is not None:
            accepted = self._api.page_sizes.get(request.endpoint, request.page_size)
            params |= {"page": number, "page_size": min(request.page_size, accepted)}
        return await self._api.get(
            request.endpoint,
            params,
            decode,
            advertiser_id=request.advertiser_id,
            divisible=request.divisible,
            brief=request.brief,
            probing=request.probing,
            keep_reservation=True,
            partial_ok=True,
        )

    def _decode(self, request: Request, body: bytes) -> Page[Sink]:
        page = self._reader.read(with_dimensions(body, request.given) if request.given else body)
        if request.file is None:  # nothing would come of asking for a file's page again
            request.asked.verify(page)
        return page


def _short(request: Request, last: Pass, circumstance: str = "") -> IncompleteReadError:
    account = f" for advertiser {request.advertiser_id}" if request.advertiser_id else ""
    remedy = "Run the sync again; it reads these rows again. If this persists, report it with the account and days."
    if last.hides_records:
        happens, place = ("the same full page again and again", "after the first")
        if not last.is_endless:
            happens, place = ("an empty page before others that have rows", "beside the")
        return IncompleteReadError(
            f"/{request.endpoint} delivers {happens}{account}, and does not count these rows, so rows may be missing "
            f"{place} {len(last.keys):,} that came.",
            remedy=remedy,
        )
    total, expectation = max(last.counts), "that TikTok counts"
    if request.max_records is not None and total > request.max_records:
        total, expectation = request.max_records, "that TikTok should list"
    different = len(set(last.different) - set(last.copies.counted(last.different)))
    copies = sum(1 for contents in last.copies.versions.values() if len(contents) == 1)
    repeated = f" {copies:,} of them came more than once, in place of others." if copies else ""
    if different:
        repeated += f" {different:,} of their keys came with different values too, perhaps in place of others."
    return IncompleteReadError(
        f"/{request.endpoint} delivered {last.rows:,} of the {total:,} rows {expectation}{account}, "
        f"after {last.number} passes{circumstance}. Missing: {total - last.rows:,}.{repeated}",
        remedy=remedy,
    )


def _out_of_reach(request: Request, total: int, delivered: int) -> OutOfReachError:
    rest = f"{total:,} exist" if total > delivered else "more may exist"
    account = f" of advertiser {request.advertiser_id}" if request.advertiser_id else ""
    return OutOfReachError(
        f"/{request.endpoint} lists no more than {request.max_records:,} records{account}, and {rest}.",
        remedy="The records that it lists were delivered, and TikTok offers no way to list the others. Leave the "
        "stream or the account out, or delete records that are no longer needed.",
    )
