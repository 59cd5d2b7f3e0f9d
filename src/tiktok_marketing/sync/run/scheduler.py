"""Decides which window of which stream and account an endpoint reads next.

Nothing here waits or sends a request. A scheduler hands out the next window of its endpoint. A queue contains the
windows of one partition, and the frontier that decides how far its state may move.

Requests in flight are measured in pages, not in windows. A window of many pages uses the quota by itself, and the keys
of its rows stay in memory until it ends, so no more windows begin than the quota needs.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable
from datetime import timedelta

from tiktok_marketing.api.stats import EndpointStats
from tiktok_marketing.sync.plan.cursors import Cursor
from tiktok_marketing.sync.plan.frontier import Frontier, ObjectsReached, Ticket
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.account_days import AccountDays, ActivityQuery
from tiktok_marketing.sync.run.failures import MOST_FAILURES, FailuresInARow

_SPARE = 1.3
"""Multiple of the average requests in flight: latencies vary, and a window does other work between two requests."""
_GROUPS = 2
"""Groups that are ready or on their way beside those: one leaves before the one before it has been answered."""
_FREE_BYTES = 24 * 2**20
"""Bytes of answers that may be in flight, whether or not answers are processed."""
_UNKNOWN_PAGE = 2**19
_PROCESSED = 2.0
"""This multiple of the answers processed during one latency may be in flight as well, so that the number doubles until
the quota is used."""
_MAX_IN_FLIGHT = 256


class Step:
    """One window of one partition, while it is read."""

    __slots__ = ("began", "empty", "page_count_known", "pages", "queue", "ticket", "window", "window_count")

    def __init__(self, queue: PartitionQueue, ticket: Ticket, *, empty: bool = False, window_count: int = 1) -> None:
        self.queue = queue
        self.ticket = ticket
        self.window = ticket.window
        self.empty = empty
        """Whether it is known to have no rows."""
        self.window_count = window_count
        """How many windows the step covers: those before `window` are empty too, and have no step of their own."""
        self.pages = 1 if empty else max(1, queue.pages)
        """How many pages remain to be read, as far as is known."""
        self.page_count_known = False
        """Whether an answer has given the number of pages."""
        self.began = 0.0
        """When it began, or got its latest answer, in monotonic seconds."""

    @property
    def days(self) -> Window | None:
        """The days of all the windows that it covers; None if they have none."""
        if self.window is None:
            return None
        days_before = timedelta(days=(self.window_count - 1) * self.queue.partition.days)
        return Window(self.window.start - days_before, self.window.end)


class PartitionQueue:
    """The windows of one partition, handed out in order.

    There is one per stream and account, hundreds of thousands for an agency, so it uses as little memory as it can.

    Args:
        partition: The partition.
        days: What is known about the account's days; None if no query will show it.
    """

    __slots__ = (
        "_days",
        "_frontier",
        "_next",
        "_size",
        "closed",
        "failed",
        "failed_in_a_row",
        "in_flight",
        "pages",
        "partition",
    )

    def __init__(self, partition: Partition, days: AccountDays | None = None) -> None:
        self.partition = partition
        self.in_flight = 0
        self.failed = False
        self.failed_in_a_row = 0
        """How many of its latest windows could not be read, although others of the account might be."""
        self.closed = False
        self.pages = 0
        """How many pages the latest window has; 0 before the first answer."""
        self._days = days
        self._size = partition.size
        self._next = 0
        self._frontier: Frontier | None = None

    @property
    def account_id(self) -> str:
        """The account that its windows count for when accounts share the endpoint; empty if it has none."""
        account = self.partition.account
        return account.advertiser_id if account else ""

    @property
    def waiting(self) -> bool:
        """Whether a window remains to be handed out."""
        return self._next < self._size and not self.failed

    @property
    def on_trial(self) -> bool:
        """Whether the first window is in flight, whose answer will show how large windows are."""
        return bool(self.in_flight) and not self.pages

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do, whether or not windows failed."""
        return not self.waiting and not self.in_flight

    @property
    def complete(self) -> bool:
        """Whether every window has been read and delivered completely."""
        return self.finished and not self.failed and (self._frontier is None or self._frontier.unbroken)

    @property
    def open_query(self) -> ActivityQuery | None:
        """The query to send before the next window is handed out; None if there is none."""
        if self._days is None:
            return None
        window = self.partition.window(self._next)
        return self._days.open_query(window) if window else None

    def take(self) -> Step:
        """The next window, oldest first. Consecutive windows that are known to be empty make one step."""
        first = self._next
        self._next += 1
        empty = self._is_empty(first)
        while empty and self._next < self._size and self._is_empty(self._next):
            self._next += 1
        if self._frontier is None:
            self._frontier = Frontier(self.partition.state_limit)
        ticket = self._frontier.begin(self.partition.window(self._next - 1))
        self.in_flight += 1
        return Step(self, ticket, empty=empty, window_count=self._next - first)

    def _is_empty(self, number: int) -> bool:
        if self._days is None:
            return False
        window = self.partition.window(number)
        return window is not None and self._days.is_empty(window)

    def finish(self, step: Step, reached: ObjectsReached | None = None) -> Cursor | None:
        """A window has been read. Returns the account's new cursor, if the state moves.

        Args:
            step: The window.
            reached: For objects, how far the read got.
        """
        self.in_flight -= 1
        self.failed_in_a_row = 0
        assert self._frontier is not None  # noqa: S101 - the step was taken from here
        return self._frontier.finish(step.ticket, reached)

    def fail(self) -> None:
        """A window could not be read: no more windows are handed out, and the state stays before it."""
        self.in_flight -= 1
        self.failed = True

    def block(self, step: Step) -> None:
        """An answer about a window was partial: more windows are handed out, but the state stays before it."""
        self.in_flight -= 1
        assert self._frontier is not None  # noqa: S101 - the step was taken from here
        self._frontier.block(step.ticket)

    def pass_over(self, step: Step) -> None:
        """A window could not be read, but others might be. After a few in a row, no more are handed out."""
        self.failed_in_a_row += 1
        if self.failed_in_a_row < MOST_FAILURES:
            self.block(step)
        else:
            self.fail()

    def drop(self) -> None:
        """Hand out no more windows."""
        self.failed = True


class EndpointScheduler:
    """The partitions that share one endpoint, and so its quota.

    Args:
        endpoint: The endpoint.
        streams: The partitions of each stream, in the order in which the streams should finish.
    """

    def __init__(self, endpoint: str, streams: Iterable[Iterable[PartitionQueue]]) -> None:
        self.endpoint = endpoint
        self.active = 0
        """Windows and queries in flight."""
        self.pages = 0
        """Pages that they still need, as far as is known."""
        self.failures = FailuresInARow()
        """The latest windows that failed for faults at TikTok."""
        self._streams = [deque(queues) for queues in streams]
        self._in_flight: set[Step] = set()
        self._pages_by_account: Counter[str] = Counter()

    @property
    def open(self) -> bool:
        """Whether anything remains to be handed out."""
        return any(queue.waiting for queues in self._streams for queue in queues)

    def queues(self) -> list[PartitionQueue]:
        """The partitions that still have windows to hand out."""
        return [queue for queues in self._streams for queue in queues if queue.waiting]

    def take(self, limit: int) -> Step | ActivityQuery | None:
        """The next window, or the query that must be answered before it; None if there is none now.

        It comes from the first stream that has one, from its accounts in turn. An account gets at most a fraction of
        the limit while another account could use the rest, so that an account with slow answers does not delay the
        others. Pages that it has beyond that fraction, from when it used the rest, do not count against the others.

        Args:
            limit: How many pages and queries may be in flight.
        """
        per_account = max(2, limit // 4)
        if self._pages_within(per_account) < limit:
            work = self._take_up_to(per_account)
            if work is not None:
                return work
        return self._take_up_to(limit) if self.pages < limit else None

    def _pages_within(self, per_account: int) -> int:
        """Pages and queries in flight, without the pages that an account has beyond this number."""
        return self.pages - sum(pages - per_account for pages in self._pages_by_account.values() if pages > per_account)

    def _take_up_to(self, per_account: int) -> Step | ActivityQuery | None:
        for queues in self._streams:
            work = self._take_from(queues, per_account)
            if work is not None:
                return work
        return None

    def _take_from(self, queues: deque[PartitionQueue], per_account: int) -> Step | ActivityQuery | None:
        position = 0
        while position < len(queues):
            queue = queues[position]
            if not queue.waiting:
                del queues[position]
                continue
            query = queue.open_query
            if query is not None and query.asked:
                position += 1  # the queue stays at the front until the answer arrives
                continue
            if query is not None:
                query.asked = True
                self.active += 1
                self.pages += 1
                return query
            if self._pages_by_account[queue.account_id] < per_account and not queue.on_trial:
                del queues[position]
                queues.append(queue)
                step = queue.take()
                self.active += 1
                self._in_flight.add(step)
                self._count_pages(step, step.pages)
                return step
            position += 1
        return None

    def set_remaining(self, step: Step, pages: int) -> None:
        """This many pages of a window in flight remain to be read, as an answer says."""
        pages = max(1, pages)
        if not step.page_count_known or pages > step.pages:
            step.page_count_known = True
            step.queue.pages = pages
        self._count_pages(step, pages - step.pages)
        step.pages = pages

    def pages_in_flight(self, step: Step, limit: int) -> int:
        """How many pages of a window may be in flight: an equal part of the limit, and what others do not need."""
        remaining = limit
        sizes = sorted(other.pages for other in self._in_flight)
        for smaller_count, pages in enumerate(sizes):
            equal = remaining // (len(sizes) - smaller_count)
            if pages > equal or pages >= step.pages:
                return max(1, equal)
            remaining -= pages
        return max(1, remaining)

    def _count_pages(self, step: Step, pages: int) -> None:
        self.pages += pages
        self._pages_by_account[step.queue.account_id] += pages
        if not self._pages_by_account[step.queue.account_id]:
            del self._pages_by_account[step.queue.account_id]

    def query_done(self) -> None:
        """A query is no longer in flight."""
        self.active -= 1
        self.pages -= 1

    def release(self, step: Step) -> None:
        """A window is no longer in flight, whatever its outcome."""
        self.active -= 1
        self._in_flight.discard(step)
        self._count_pages(step, -step.pages)


def target_in_flight(rate: float, stats: EndpointStats, stalled: int, group: int = 0) -> int:
    """How many requests to one endpoint to have in flight, to use its quota without outrunning the processing.

    A request that waits for its answer costs nothing here, but one whose answer is not processed makes the server wait.
    So many requests may be in flight while answers are processed as they arrive, and few otherwise.

    Args:
        rate: Requests per second that the quota allows.
        stats: How the endpoint answers now.
        stalled: Requests that wait for something else. They do not count, unless they are the majority.
        group: Requests that leave together, so they must be ready at once.

    Example:
        With 10 requests per second, a latency of 3 s and pages of 2 MB: 12 at first, 40 once 10 answers per second
        arrive.
    """
    needed = math.ceil(rate * stats.latency * _SPARE) + 1 + _GROUPS * group
    needed += min(stalled + stats.overdue, needed)
    affordable = _FREE_BYTES // (stats.page_bytes or _UNKNOWN_PAGE)
    affordable += int(_PROCESSED * stats.answers_per_second * stats.latency)
    return max(2, min(needed, affordable, _MAX_IN_FLIGHT))
