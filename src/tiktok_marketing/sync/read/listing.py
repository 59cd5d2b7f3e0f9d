"""A list, read to its end: every page, every record once, and the count held against what TikTok says there is."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Protocol

import msgspec

from tiktok_marketing.api.client import Answer, Client
from tiktok_marketing.errors import ConnectorError, IncompleteReadError, PartialAnswerError
from tiktok_marketing.sync.decode.pages import Page, Reader
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.completeness import Outcome, Pass, PassHistory


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, but for the page.

    Args:
        endpoint: Path below `/open_api/v1.3/`.
        params: Query parameters.
        page_size: Records a page; None where the endpoint has no pages.
        advertiser_id: The account it is about.
        divisible: Whether it can be asked for in smaller parts, should TikTok find it too large.
        disjoint: Whether no other list of the same walker can hold a record of this one.
        max_rows: Rows beyond which it is not read but refused, to be asked for in smaller parts.
        max_records: Records that TikTok gives at most, however many there are; None if it gives all.
    """

    endpoint: str
    params: Mapping[str, Any]
    page_size: int | None
    advertiser_id: str | None = None
    divisible: bool = False
    disjoint: bool = False
    max_rows: int | None = None
    max_records: int | None = None


class Delivery(msgspec.Struct, frozen=True):
    """Records that have not been delivered before.

    Args:
        records: As `sync.events.Batch` describes them.
        size: Bytes of the page they came in.
        rejected: Fields whose value had to become null, with one such value each.
        days_complete: Whether no row is still to come of the days whose rows came so far.
        days: Those days since it last did, of a report that has days.
        whole: Whether these days are whole, if it settles them; otherwise rows of them came in part.
    """

    records: Sequence[Any]
    size: int
    rejected: Mapping[str, str]
    days_complete: bool = False
    days: Window | None = None
    whole: bool = True


class Budget(Protocol):
    """What a reader has of the quota."""

    def pages_in_flight(self) -> int:
        """How many pages may be asked for at once, now."""
        ...

    def set_remaining(self, pages: int) -> None:
        """So many pages are still to come."""
        ...


class SequentialBudget:
    """The share of whoever reads one page after the other."""

    def pages_in_flight(self) -> int:
        """One."""
        return 1

    def set_remaining(self, pages: int) -> None:
        """Nobody wants to know."""


class AdsLeftOut(ConnectorError):  # noqa: N818 - what TikTok did to the answer
    """TikTok answered for the newest 20,000 ads only (`X-Tt-Ads-Throttle`): ask for fewer ads at a time."""


class OutOfReachError(IncompleteReadError):
    """All that TikTok gives of a list was delivered, and there is more, or may be."""


class PartialLog:
    """Remembers that something came in part while all else is read."""

    def __init__(self) -> None:
        self.first: PartialAnswerError | None = None
        """The first time; None if all that was read is whole."""

    def note(self, error: PartialAnswerError) -> None:
        """Something did."""
        self.first = self.first or error

    def raise_first(self) -> None:
        """All else was read.

        Raises:
            PartialAnswerError: If something came in part.
        """
        if self.first is not None:
            raise self.first


class TooManyRows(ConnectorError):  # noqa: N818 - a fact about the list
    """The list has more rows than one walk should have.

    Args:
        total: How many.
        most: How many it should have.
    """

    def __init__(self, total: int, most: int) -> None:
        super().__init__(f"The list has {total:,} rows.")
        self.total = total
        self.most = most


class ListReader:
    """Reads lists that belong together (the parts of one window, say), so that no record is delivered twice.

    Args:
        api: Where to ask.
        reader: Makes records of pages.
        budget: What it has of the quota.
    """

    def __init__(self, api: Client, reader: Reader, budget: Budget | None = None) -> None:
        self._api = api
        self._reader = reader
        self._budget = budget or SequentialBudget()
        self._keys = reader.keyer()
        self._delivered: set[Any] = set()
        self._partial_reason = ""
        self._history = PassHistory()

    async def read(self, request: Request) -> AsyncGenerator[Delivery, None]:
        """Every record of the list that has not been delivered yet.

        Objects that are created or deleted meanwhile shift the pages, so that a record may come twice or hide between
        two pages. What came is counted by key and held against the greatest count that a page told: a deletion lowers
        the count just as it hides a record. A walk that is short is repeated, more often if the list moves, and so is
        the first whose count grew.

        Raises:
            IncompleteReadError: If it is still short after several walks.
            PartialAnswerError: If TikTok says that it gave a part only; all that it gave was delivered.
            OutOfReachError: If there are more records than TikTok gives; those that it gives were delivered.
            Truncated: If TikTok leaves out ads.
            TooLong: If there are more rows than the request says; nothing was delivered then.
            TikTokError: If a page cannot be had.
        """
        # What was delivered for an earlier part must not count for this one; mostly there is none: one set will do.
        seen = set() if self._delivered else self._delivered
        self._partial_reason = ""
        self._history = PassHistory()
        for again in itertools.count():
            came = set() if again else seen  # in this walk
            walk = Pass(again + 1, request.page_size, came)
            async with aclosing(self._pages(request)) as pages:
                async for number, page, size, is_whole in pages:
                    walk.note(number, page)
                    if not seen:
                        _check_length(request, walk.counts[0])
                    if is_whole and request.disjoint and not self._delivered:
                        if page.records:
                            yield Delivery(page.records, size, page.rejected)
                        self._raise_if_partial(request, seen)
                        return
                    fresh = self._fresh(page.records, self._keys(page.keyed), came)
                    if fresh:
                        yield Delivery(fresh, size, page.rejected)
                    del page, fresh
            seen |= came
            if self._ends(request, seen, walk):
                return

    def _ends(self, request: Request, seen: set[Any], walk: Pass) -> bool:
        """Whether the list needs no other walk.

        Raises:
            IncompleteReadError: If none would help: what is there is not all.
        """
        if request.max_records is not None and len(seen) >= request.max_records:
            raise _out_of_reach(request, walk.counts[-1], len(seen))
        self._raise_if_partial(request, seen)
        outcome = self._history.judge(walk, len(seen))
        if outcome is Outcome.WHOLE:
            self._forget(request, seen)
        elif outcome is Outcome.SHORT:
            raise _short(request, walk, "over")
        elif outcome is Outcome.UNSETTLED:
            raise _short(request, walk, "while it kept changing")
        return outcome is not Outcome.AGAIN

    def _raise_if_partial(self, request: Request, seen: set[Any]) -> None:
        """Whether TikTok gave all that it has, by its own word.

        Raises:
            PartialAnswerError: If it did not.
        """
        if self._partial_reason:
            self._forget(request, seen)
            raise PartialAnswerError(request.endpoint, self._partial_reason, request.advertiser_id)

    def _forget(self, request: Request, seen: set[Any]) -> None:
        """A list that no other meets has been delivered whole: its keys are of no use any more."""
        if request.disjoint and seen is self._delivered:
            self._delivered = set()

    def _fresh(self, records: Sequence[Any], keys: list[Any], came: set[Any]) -> Sequence[Any]:
        """Those of the records that were not delivered yet; from now on they were, and all of them came."""
        delivered = self._delivered
        if came is not delivered:
            came.update(keys)
        if delivered.isdisjoint(keys):
            already = len(delivered)
            delivered.update(keys)
            if len(delivered) - already == len(keys):  # all of them, as a rule
                return records
            delivered.difference_update(keys)
        fresh = []
        for key, record in zip(keys, records, strict=True):
            if key not in delivered:
                delivered.add(key)
                fresh.append(record)
        return fresh

    async def _pages(self, request: Request) -> AsyncGenerator[tuple[int, Page, int, bool], None]:
        """The pages about in their order, each with its number, its bytes and whether it is all there is.

        A page is megabytes: nobody on its way keeps it while the next one is waited for, hence each `del`.
        """
        answer = await self._ask(request, 1)
        page = answer.value
        pages = page.total_page
        is_whole = pages is not None and pages <= 1 and len(page.records) == page.total_number
        # Beyond its reach TikTok may refuse a page or give it empty; neither is of use.
        bound = None if request.max_records is None else -(-request.max_records // (request.page_size or 1))
        pages = pages if bound is None or pages is None else min(pages, bound)
        came = 1
        self._budget.set_remaining((pages or came) - came)
        try:
            yield 1, page, answer.size, is_whole and request.page_size is not None
        finally:
            answer.release()
            del page, answer
        if request.page_size is None:
            return
        asked: dict[asyncio.Task[Answer[Page]], int] = {}
        number = 1
        try:
            while True:
                # Without a page count the only sign of the end is a page that is not full, so no page is asked ahead.
                limit = number + 1 if pages is None else pages
                limit = limit if bound is None else min(limit, bound)
                while number < limit and len(asked) < (1 if pages is None else max(1, self._budget.pages_in_flight())):
                    number += 1
                    asked[asyncio.create_task(self._ask(request, number))] = number
                if not asked:
                    return
                # Whichever came, the earliest first: a page that is late must not keep others in memory.
                await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
                done = next(task for task in asked if task.done())
                answer = done.result()
                its_number = asked.pop(done)
                page = answer.value
                if pages is not None:
                    pages = max(pages, page.total_page or 0)
                came += 1
                self._budget.set_remaining((pages or came) - came)
                is_last = pages is None and len(page.records) < request.page_size
                try:
                    yield its_number, page, answer.size, False
                finally:
                    answer.release()
                    del page, answer, done
                if is_last:
                    return
        finally:
            for task in asked:
                task.cancel()
            for left in await asyncio.gather(*asked, return_exceptions=True):
                if isinstance(left, Answer):
                    left.release()

    async def _ask(self, request: Request, number: int) -> Answer[Page]:
        params = dict(request.params)
        if request.page_size is not None:
            params |= {"page": number, "page_size": request.page_size}
        answer = await self._api.get(
            request.endpoint,
            params,
            self._reader.read,
            advertiser_id=request.advertiser_id,
            divisible=request.divisible,
            keep_reservation=True,
        )
        if answer.throttled:
            answer.release()
            raise AdsLeftOut("TikTok left out all but the newest 20,000 ads of this report.")
        self._partial_reason = self._partial_reason or answer.partial_reason
        return answer


def _check_length(request: Request, total: int) -> None:
    """Refuse a list that is too long for one walk.

    Raises:
        TooLong: If it is.
    """
    if request.max_rows is not None and total > request.max_rows:
        raise TooManyRows(total, request.max_rows)


def _short(request: Request, walk: Pass, how: str) -> IncompleteReadError:
    most = max(walk.counts)
    total, should = most, "it says there are"
    if request.max_records is not None and most > request.max_records:
        total, should = request.max_records, "it should give"
    return IncompleteReadError(
        f"/{request.endpoint} gave {len(walk.keys):,} of the {total:,} rows {should}"
        f"{f' for advertiser {request.advertiser_id}' if request.advertiser_id else ''}, {walk.number} times {how}.",
        remedy="Run the sync again: it reads this part anew. If it stays so, report it with the account and days.",
    )


def _out_of_reach(request: Request, total: int | None, came: int) -> OutOfReachError:
    there_are = f"there are {total:,}" if total is not None and total > came else "there may be more"
    account = f" of advertiser {request.advertiser_id}" if request.advertiser_id else ""
    return OutOfReachError(
        f"/{request.endpoint} gives no more than {request.max_records:,} records{account}, and {there_are}.",
        remedy="Those that it gives were delivered. TikTok offers no way to list the others: leave the stream or the "
        "account out, or delete what is not needed any more.",
    )
