"""Reads complete lists: every page, every record once, and the number of records compared with TikTok's own count."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Generic, Protocol

import msgspec

from tiktok_marketing.api.client import Answer, Client
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import (
    AdsLeftOutError,
    IncompleteReadError,
    OutOfReachError,
    PartialAnswerError,
    TikTokError,
)
from tiktok_marketing.sync.decode.pages import Page, PageReader, Sink
from tiktok_marketing.sync.read.completeness import Outcome, Pass, PassHistory

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
        disjoint: Whether no other list of the same reader can contain a record of this one.
        max_rows: With more rows than this the list is not read; the caller divides it instead.
        max_records: The most records that TikTok lists, however many exist; None if it lists all.
        order: Parameters that put the list in an order. They are sent from the second pass on: a list whose order
            changes with each request needs them, and others do not.
    """

    endpoint: str
    params: Mapping[str, Any]
    page_size: int | None
    advertiser_id: AdvertiserId | None = None
    divisible: bool = False
    brief: bool = False
    disjoint: bool = False
    max_rows: int | None = None
    max_records: int | None = None
    order: Mapping[str, Any] = {}


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


class PartialLog:
    """Remembers that an answer was partial while everything else is read."""

    def __init__(self) -> None:
        self.first: PartialAnswerError | None = None
        """The first partial answer; None if all answers were complete."""

    def note(self, error: PartialAnswerError) -> None:
        """An answer was partial."""
        self.first = self.first or error

    def raise_first(self) -> None:
        """Everything else has been read.

        Raises:
            PartialAnswerError: If an answer was partial.
        """
        if self.first is not None:
            raise self.first


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
        self._partial: PartialAnswerError | None = None
        self._history = PassHistory()
        self._is_first_pass = True
        self._order_refused = False
        self.repaired = False
        """Whether U+FFFD stands in records for bytes that are not UTF-8."""

    async def read(self, request: Request) -> AsyncGenerator[Delivery[Sink], None]:
        """Deliver every record of the list that was not delivered before.

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
        seen = set() if self._delivered else self._delivered
        self._partial = None
        self._history = PassHistory()
        for number_of_pass in itertools.count(1):
            self._is_first_pass = number_of_pass == 1
            keys_of_pass = seen if self._is_first_pass else set()
            current = Pass(number_of_pass, request.page_size, keys_of_pass)
            async with aclosing(self._pages(request)) as pages:
                async for number, page, size, is_whole in pages:
                    current.note(number, page)
                    if not seen:
                        _check_length(request, current.counts[0])
                    if is_whole and request.disjoint and not self._delivered:
                        if page.records:
                            yield Delivery(page.records, size, page.rejected)
                        self._raise_if_partial(request, seen)
                        return
                    new_records = self._not_delivered(page.records, self._keys(page.keyed), keys_of_pass)
                    if new_records:
                        yield Delivery(new_records, size, page.rejected)
                    del page, new_records
            seen |= keys_of_pass
            if self._is_complete(request, seen, current):
                return

    def _is_complete(self, request: Request, seen: set[Any], current: Pass) -> bool:
        """Whether the list needs no other pass.

        Raises:
            IncompleteReadError: If records are missing, and another pass would not help.
        """
        if request.max_records is not None and len(seen) >= request.max_records:
            raise _out_of_reach(request, current.counts[-1], len(seen))
        self._raise_if_partial(request, seen)
        outcome = self._history.judge(current, len(seen))
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
            self._delivered = set()

    def _not_delivered(self, records: Sink, keys: list[Any], keys_of_pass: set[Any]) -> Sink:
        """The records that were not delivered before, which the caller delivers now."""
        delivered = self._delivered
        if keys_of_pass is not delivered:
            keys_of_pass.update(keys)
        if delivered.isdisjoint(keys):
            count_before = len(delivered)
            delivered.update(keys)
            if len(delivered) - count_before == len(keys):  # usually all of them
                return records
            delivered.difference_update(keys)
        positions = []
        for position, key in enumerate(keys):
            if key not in delivered:
                delivered.add(key)
                positions.append(position)
        return records.select(positions)

    async def _pages(self, request: Request) -> AsyncGenerator[tuple[int, Page[Sink], int, bool], None]:
        """The pages, roughly in order, each with its number, its bytes, and whether it is the whole list.

        A page takes megabytes, so no reference to one may remain while waiting for the next: hence each `del`.
        """
        answer = await self._ask(request, 1)
        page = answer.value
        pages = page.total_page
        is_whole = pages is not None and pages <= 1 and len(page.records) == page.total_number
        # Beyond the records that it lists, TikTok may refuse a page or leave it empty; neither is useful.
        bound = None if request.max_records is None else -(-request.max_records // (request.page_size or 1))
        pages = pages if bound is None or pages is None else min(pages, bound)
        pages_read = 1
        self._budget.set_remaining((pages or pages_read) - pages_read)
        try:
            yield 1, page, answer.size, is_whole and request.page_size is not None
        finally:
            answer.release()
            del page, answer
        if request.page_size is None:
            return
        in_flight: dict[asyncio.Task[Answer[Page[Sink]]], int] = {}
        number = 1
        try:
            while True:
                # Without a page count, only a page that is not full marks the end, so pages are requested one by one.
                limit = number + 1 if pages is None else pages
                limit = limit if bound is None else min(limit, bound)
                most = 1 if pages is None else max(1, self._budget.pages_in_flight())
                while number < limit and len(in_flight) < most:
                    number += 1
                    in_flight[asyncio.create_task(self._ask(request, number))] = number
                if not in_flight:
                    return
                # Any page that has arrived, lowest number first: a late page must not leave others waiting in memory.
                await asyncio.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)
                done = next(task for task in in_flight if task.done())
                answer = done.result()
                number_of_done = in_flight.pop(done)
                page = answer.value
                if pages is not None:
                    pages = max(pages, page.total_page or 0)
                pages_read += 1
                self._budget.set_remaining((pages or pages_read) - pages_read)
                is_last = pages is None and len(page.records) < request.page_size
                try:
                    yield number_of_done, page, answer.size, False
                finally:
                    answer.release()
                    del page, answer, done
                if is_last:
                    return
        finally:
            for task in in_flight:
                task.cancel()
            for outcome in await asyncio.gather(*in_flight, return_exceptions=True):
                if isinstance(outcome, Answer):
                    outcome.release()

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
            answer.release()
            raise AdsLeftOutError("TikTok left out all but the newest 20,000 ads from this report.")
        self._partial = self._partial or answer.partial
        self.repaired = self.repaired or answer.repaired
        return answer

    async def _get(self, request: Request, number: int, order: Mapping[str, Any]) -> Answer[Page[Sink]]:
        params = {**request.params, **order}
        if request.page_size is not None:
            params |= {"page": number, "page_size": request.page_size}
        return await self._api.get(
            request.endpoint,
            params,
            self._reader.read,
            advertiser_id=request.advertiser_id,
            divisible=request.divisible,
            brief=request.brief,
            keep_reservation=True,
            partial_ok=True,
        )


def _check_length(request: Request, total: int) -> None:
    """Raise an error for a list that is too long for one pass.

    Raises:
        TooManyRows: If the list is too long.
    """
    if request.max_rows is not None and total > request.max_rows:
        raise TooManyRows(total, request.max_rows)


def _short(request: Request, last: Pass, circumstance: str = "") -> IncompleteReadError:
    total, expectation = max(last.counts), "that TikTok counts"
    if request.max_records is not None and total > request.max_records:
        total, expectation = request.max_records, "that TikTok should list"
    account = f" for advertiser {request.advertiser_id}" if request.advertiser_id else ""
    return IncompleteReadError(
        f"/{request.endpoint} delivered {len(last.keys):,} of the {total:,} rows {expectation}{account}, "
        f"after {last.number} passes{circumstance}.",
        remedy="Run the sync again; it reads these rows again. If this persists, report it with the account and days.",
    )


def _out_of_reach(request: Request, total: int | None, delivered: int) -> OutOfReachError:
    rest = f"{total:,} exist" if total is not None and total > delivered else "more may exist"
    account = f" of advertiser {request.advertiser_id}" if request.advertiser_id else ""
    return OutOfReachError(
        f"/{request.endpoint} lists no more than {request.max_records:,} records{account}, and {rest}.",
        remedy="The records that it lists were delivered, and TikTok offers no way to list the others. Leave the "
        "stream or the account out, or delete records that are no longer needed.",
    )
