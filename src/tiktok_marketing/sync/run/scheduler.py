"""Whose turn it is: windows of many streams and accounts that share one endpoint, and how far each account has come.

Nothing here waits or asks. A scheduler hands out the next window of its endpoint; a queue holds the windows of one
partition and the frontier that says how far its state may move.

What is under way is measured in pages, not in windows: a window of many pages keeps the quota busy by itself, and the
keys of its rows are kept until it ends, so no more windows are begun than the quota has use for.
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
from tiktok_marketing.sync.read.empty_days import AccountDays, ActivityQuery

_SPARE = 1.3
"""Times the requests that are under way on average: latencies vary, and between two requests a window is at work."""
_ON_TRUST = 24 * 2**20
"""Bytes of answers that may be under way whether or not somebody takes them."""
_UNKNOWN_PAGE = 2**19
_TAKEN = 2.0
"""Times the answers of one latency that may be under way besides: it doubles until the quota is used."""
_MOST = 256


class Step:
    """One window of one partition, while it is read."""

    __slots__ = ("empty", "page_count_known", "pages", "queue", "ticket", "window", "window_count")

    def __init__(self, queue: PartitionQueue, ticket: Ticket, *, empty: bool = False, window_count: int = 1) -> None:
        self.queue = queue
        self.ticket = ticket
        self.window = ticket.window
        self.empty = empty
        """Whether it is known to have no rows."""
        self.window_count = window_count
        """How many windows it stands for: those before it are empty too, and need no step of their own."""
        self.pages = 1 if empty else max(1, queue.pages)
        """How many pages of it are still to come, as far as is known."""
        self.page_count_known = False
        """Whether an answer has said how many."""

    @property
    def days(self) -> Window | None:
        """The days of all the windows that it stands for; None if they have none."""
        if self.window is None:
            return None
        before = timedelta(days=(self.window_count - 1) * self.queue.partition.days)
        return Window(self.window.start - before, self.window.end)


class PartitionQueue:
    """The windows of one partition, handed out in order.

    There is one for each stream and account, hundreds of thousands for an agency, so it holds as little as it can.

    Args:
        partition: The partition.
        days: What is known of the account's days; None if nothing will be.
    """

    __slots__ = ("_days", "_frontier", "_size", "_taken", "closed", "failed", "in_flight", "pages", "partition")

    def __init__(self, partition: Partition, days: AccountDays | None = None) -> None:
        self.partition = partition
        self.in_flight = 0
        self.failed = False
        self.closed = False
        self.pages = 0
        """How many pages the latest window was said to have; 0 before the first answer."""
        self._days = days
        self._size = partition.size
        self._taken = 0
        self._frontier: Frontier | None = None

    @property
    def account_id(self) -> str:
        """Whose share of the endpoint its windows take."""
        account = self.partition.account
        return account.advertiser_id if account else ""

    @property
    def waiting(self) -> bool:
        """Whether a window is still to be handed out."""
        return self._taken < self._size and not self.failed

    @property
    def on_trial(self) -> bool:
        """Whether the first window is under way, which tells how large they are."""
        return bool(self.in_flight) and not self.pages

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do, for good or ill."""
        return not self.waiting and not self.in_flight

    @property
    def open_query(self) -> ActivityQuery | None:
        """What is to be asked before the next window is; None if nothing."""
        if self._days is None:
            return None
        window = self.partition.window(self._taken)
        return self._days.open_query(window) if window else None

    def take(self) -> Step:
        """The next window, oldest first; of windows that are known to be empty the last one stands for all."""
        first = self._taken
        self._taken += 1
        empty = self._is_empty(first)
        while empty and self._taken < self._size and self._is_empty(self._taken):
            self._taken += 1
        if self._frontier is None:
            self._frontier = Frontier(self.partition.state_limit)
        ticket = self._frontier.begin(self.partition.window(self._taken - 1))
        self.in_flight += 1
        return Step(self, ticket, empty=empty, window_count=self._taken - first)

    def _is_empty(self, number: int) -> bool:
        if self._days is None:
            return False
        window = self.partition.window(number)
        return window is not None and self._days.is_empty(window)

    def finish(self, step: Step, reached: ObjectsReached | None = None) -> Cursor | None:
        """A window has been read. Returns the cursor that its account has reached by that, if the state moves.

        Args:
            step: The window.
            reached: For objects, how far their cursor got.
        """
        self.in_flight -= 1
        assert self._frontier is not None  # noqa: S101 - the step was taken from here
        return self._frontier.finish(step.ticket, reached)

    def fail(self) -> None:
        """A window could not be read: no other is handed out, and the state stays before it."""
        self.in_flight -= 1
        self.failed = True

    def block(self, step: Step) -> None:
        """A window was answered in part: others are handed out, but the state stays before it."""
        self.in_flight -= 1
        assert self._frontier is not None  # noqa: S101 - the step was taken from here
        self._frontier.block(step.ticket)

    def drop(self) -> None:
        """Hand out no more windows."""
        self.failed = True


class EndpointScheduler:
    """The parts that share one endpoint, and so its quota.

    Args:
        endpoint: The endpoint.
        streams: The parts of each stream, in the order in which streams are to be finished.
    """

    def __init__(self, endpoint: str, streams: Iterable[Iterable[PartitionQueue]]) -> None:
        self.endpoint = endpoint
        self.active = 0
        """Windows and questions under way."""
        self.pages = 0
        """Pages that they still need, as far as is known."""
        self.transient_failures = 0
        self._streams = [deque(queues) for queues in streams]
        self._under_way: set[Step] = set()
        self._pages_by_account: Counter[str] = Counter()

    @property
    def open(self) -> bool:
        """Whether anything is still to be handed out."""
        return any(queue.waiting for queues in self._streams for queue in queues)

    def queues(self) -> list[PartitionQueue]:
        """The parts that still have windows to hand out."""
        return [queue for queues in self._streams for queue in queues if queue.waiting]

    def take(self, limit: int) -> Step | ActivityQuery | None:
        """The next window, or what must be asked before it is; None if there is none now.

        The first stream that has one gives it, its accounts in turn. One account gets a share of the lane only, as long
        as another could use the rest, so that an account whose answers are slow does not hold up the others: what it
        has beyond its share, as it began to use the rest, does not count against those that have less than theirs.

        Args:
            limit: How many pages and questions the lane may have in flight.
        """
        share = max(2, limit // 4)
        if self._within(share) < limit:
            taken = self._take_up_to(share)
            if taken is not None:
                return taken
        return self._take_up_to(limit) if self.pages < limit else None

    def _within(self, share: int) -> int:
        """Pages and questions under way, but for pages that an account has beyond its share."""
        return self.pages - sum(pages - share for pages in self._pages_by_account.values() if pages > share)

    def _take_up_to(self, cap: int) -> Step | ActivityQuery | None:
        for queues in self._streams:
            taken = self._take_from(queues, cap)
            if taken is not None:
                return taken
        return None

    def _take_from(self, queues: deque[PartitionQueue], cap: int) -> Step | ActivityQuery | None:
        place = 0
        while place < len(queues):
            queue = queues[place]
            if not queue.waiting:
                del queues[place]
                continue
            question = queue.open_query
            if question is not None and question.asked:
                place += 1  # its turn stays the next one until the answer is there
                continue
            if question is not None:
                question.asked = True
                self.active += 1
                self.pages += 1
                return question
            if self._pages_by_account[queue.account_id] < cap and not queue.on_trial:
                del queues[place]
                queues.append(queue)
                step = queue.take()
                self.active += 1
                self._under_way.add(step)
                self._count_pages(step, step.pages)
                return step
            place += 1
        return None

    def set_remaining(self, step: Step, pages: int) -> None:
        """So many pages of a window that was taken are still to come, as an answer says."""
        pages = max(1, pages)
        if not step.page_count_known or pages > step.pages:
            step.page_count_known = True
            step.queue.pages = pages
        self._count_pages(step, pages - step.pages)
        step.pages = pages

    def pages_in_flight(self, step: Step, limit: int) -> int:
        """Pages of a window that may be asked for at once: an even share of the limit, and what others do not use."""
        left = limit
        sizes = sorted(other.pages for other in self._under_way)
        for begun, pages in enumerate(sizes):
            even = left // (len(sizes) - begun)
            if pages > even or pages >= step.pages:
                return max(1, even)
            left -= pages
        return max(1, left)

    def _count_pages(self, step: Step, pages: int) -> None:
        self.pages += pages
        self._pages_by_account[step.queue.account_id] += pages
        if not self._pages_by_account[step.queue.account_id]:
            del self._pages_by_account[step.queue.account_id]

    def query_done(self) -> None:
        """A question that was taken is in flight no more."""
        self.active -= 1
        self.pages -= 1

    def release(self, step: Step) -> None:
        """A window that was taken is in flight no more, whatever became of it."""
        self.active -= 1
        self._under_way.discard(step)
        self._count_pages(step, -step.pages)


def target_in_flight(rate: float, flow: EndpointStats, stalled: int) -> int:
    """Requests of one endpoint to have under way, so that its quota is used and not much more is asked than is taken.

    A request that waits for its answer costs nothing here; one whose answer cannot be taken makes the server wait. So
    there may be many while answers are taken as they come, and few otherwise.

    Args:
        rate: Requests a second that the quota allows.
        flow: How answers come.
        stalled: Requests that wait for something else: they do not count, unless they are the larger part.

    Example:
        At 10 a second, a latency of 3 s and pages of 2 MB: 12 at first, 40 once they come at 10 a second.
    """
    wanted = math.ceil(rate * flow.latency * _SPARE) + 1
    wanted += min(stalled + flow.overdue, wanted)
    affordable = _ON_TRUST // (flow.page_bytes or _UNKNOWN_PAGE) + int(_TAKEN * flow.answers_per_second * flow.latency)
    return max(2, min(wanted, affordable, _MOST))
