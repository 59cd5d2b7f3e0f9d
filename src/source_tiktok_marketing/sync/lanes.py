"""Whose turn it is: windows of many streams and accounts that share one endpoint, and how far each account has come.

Nothing here waits or asks. A lane hands out the next window to read; a queue of one account's windows remembers which
of them are done, since they finish in any order and the state may only follow an unbroken run of them.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from datetime import timedelta

from source_tiktok_marketing.sync.activity import AccountDays, Question
from source_tiktok_marketing.sync.plan import Part
from source_tiktok_marketing.sync.windows import Window


class Step:
    """One window of one part."""

    __slots__ = ("done", "empty", "queue", "window", "windows")

    def __init__(self, queue: PartQueue, window: Window | None, *, empty: bool = False, windows: int = 1) -> None:
        self.queue = queue
        self.window = window
        self.done = False
        self.empty = empty
        """Whether it is known to have no rows."""
        self.windows = windows
        """How many windows it stands for: those before it are empty too, and need no step of their own."""

    @property
    def days(self) -> Window | None:
        """The days of all the windows that it stands for; None if they have none."""
        if self.window is None:
            return None
        before = timedelta(days=(self.windows - 1) * self.queue.part.days)
        return Window(self.window.start - before, self.window.end)


class PartQueue:
    """The windows of one part, handed out in order.

    There is one for each stream and account, hundreds of thousands for an agency, so it holds as little as it can.

    Args:
        part: The part.
        days: What is known of the account's days; None if nothing will be.
    """

    __slots__ = ("_days", "_open", "_size", "_taken", "closed", "failed", "in_flight", "part")

    def __init__(self, part: Part, days: AccountDays | None = None) -> None:
        self.part = part
        self.in_flight = 0
        self.failed = False
        self.closed = False
        self._days = days
        self._size = part.size
        self._taken = 0
        self._open: deque[Step] | None = None

    @property
    def holder(self) -> str:
        """Whose share of the lane its windows take."""
        account = self.part.account
        return account.advertiser_id if account else ""

    @property
    def waiting(self) -> bool:
        """Whether a window is still to be handed out."""
        return self._taken < self._size and not self.failed

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do, for good or ill."""
        return not self.waiting and not self.in_flight

    @property
    def open_question(self) -> Question | None:
        """What is to be asked before the next window is; None if nothing."""
        if self._days is None:
            return None
        window = self.part.window(self._taken)
        return self._days.open_question(window) if window else None

    def take(self) -> Step:
        """The next window, oldest first; of windows that are known to be empty the last one stands for all."""
        first = self._taken
        self._taken += 1
        empty = self._is_empty(first)
        while empty and self._taken < self._size and self._is_empty(self._taken):
            self._taken += 1
        step = Step(self, self.part.window(self._taken - 1), empty=empty, windows=self._taken - first)
        if self._open is None:
            self._open = deque()
        self._open.append(step)
        self.in_flight += 1
        return step

    def _is_empty(self, number: int) -> bool:
        if self._days is None:
            return False
        window = self.part.window(number)
        return window is not None and self._days.is_empty(window)

    def complete(self, step: Step) -> Window | None:
        """A window has been read. Returns the last window of the unbroken run of finished ones, if that has grown."""
        self.in_flight -= 1
        step.done = True
        reached = None
        while self._open and self._open[0].done:
            reached = self._open.popleft().window
        if not self._open:
            self._open = None
        return reached

    def fail(self) -> None:
        """A window could not be read: no other is handed out, and the run of finished ones ends before it."""
        self.in_flight -= 1
        self.failed = True

    def drop(self) -> None:
        """Hand out no more windows."""
        self.failed = True


class Lane:
    """The parts that share one endpoint, and so its quota.

    Args:
        endpoint: The endpoint.
        streams: The parts of each stream, in the order in which streams are to be finished.
    """

    def __init__(self, endpoint: str, streams: Iterable[Iterable[PartQueue]]) -> None:
        self.endpoint = endpoint
        self.active = 0
        self.transient_failures = 0
        self._streams = [deque(queues) for queues in streams]
        self._held: Counter[str] = Counter()

    @property
    def open(self) -> bool:
        """Whether anything is still to be handed out."""
        return any(queue.waiting for queues in self._streams for queue in queues)

    def queues(self) -> list[PartQueue]:
        """The parts that still have windows to hand out."""
        return [queue for queues in self._streams for queue in queues if queue.waiting]

    def take(self, limit: int) -> Step | Question | None:
        """The next window, or what must be asked before it is; None if there is none now.

        The first stream that has one gives it, its accounts in turn. One account gets a share of the lane only, as long
        as another could use the rest, so that an account whose answers are slow does not hold up the others.

        Args:
            limit: How many windows and questions the lane may have in flight.
        """
        share = max(2, limit // 4)
        for cap in (share, limit):
            for queues in self._streams:
                taken = self._take_from(queues, cap)
                if taken is not None:
                    return taken
        return None

    def _take_from(self, queues: deque[PartQueue], cap: int) -> Step | Question | None:
        place = 0
        while place < len(queues):
            queue = queues[place]
            if not queue.waiting:
                del queues[place]
                continue
            question = queue.open_question
            if question is not None and question.asked:
                place += 1  # its turn stays the next one until the answer is there
                continue
            if question is not None:
                question.asked = True
                self.active += 1
                return question
            if self._held[queue.holder] < cap:
                del queues[place]
                queues.append(queue)
                self._held[queue.holder] += 1
                self.active += 1
                return queue.take()
            place += 1
        return None

    def answered(self) -> None:
        """A question that was taken is in flight no more."""
        self.active -= 1

    def release(self, step: Step) -> None:
        """A window that was taken is in flight no more, whatever became of it."""
        self._held[step.queue.holder] -= 1
        self.active -= 1
