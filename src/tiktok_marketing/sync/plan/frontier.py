"""When the state of one stream and account may move, and how far. Pure.

A state that says "read up to here" makes every later sync skip what lies before. So it moves only

- over an unbroken run of finished windows, oldest first, although windows finish in any order;
- to days that have certainly begun for the account: `state_limit`;
- without a look-back, into a day only once TikTok shows the day before completely: `shown_limit`;
- for objects, to at most ten minutes before reading began: if an object changes again after its page was read, the next
  sync must read it again.
"""

from __future__ import annotations

from collections import deque
from datetime import date, datetime, timedelta

import msgspec

from tiktok_marketing.clock import ClockReading
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.cursors import Cursor
from tiktok_marketing.sync.plan.windows import Window

_STILL_CHANGING = timedelta(minutes=10)
"""Objects that changed this shortly before reading began are read again next time: they may have changed since."""


def state_limit(account: Account, last: date, clock: ClockReading) -> date:
    """The latest day that the state of a report may reach, if days up to `last` are read.

    A day counts only once it has begun by both clocks and, if the account's time zone is unknown, in every time zone.
    """
    return min(last, account.latest_started_day(clock.earliest))


def shown_limit(account: Account, first: date, clock: ClockReading, late: timedelta) -> date:
    """The latest day that the state of a report may reach if the next sync reads no day before the state's again.

    The hours of a day appear some time after they are over. If the state moved to the next day before that, the last
    hours would never be read.

    Args:
        account: The account.
        first: The first day that is read. The state may reach it in any case: it does not move back.
        clock: The current time.
        late: How long after its end a day may lack hours.
    """
    return max(first, account.latest_started_day(clock.earliest - late))


class ObjectsReached(msgspec.Struct, frozen=True):
    """How far a complete read of an account's objects got.

    Args:
        latest: The latest cursor value among the objects, as `YYYY-MM-DD HH:MM:SS`; empty if none had one.
        began: When reading began, UTC, by the clock that is behind.
        only_changed_since: The cursor since which TikTok was asked for changed objects; None if it was asked for all.

    Example:
        Reading began at 2026-03-10 12:00:00, so the state moves to 2026-03-10 11:50:00 at most.
    """

    latest: str
    began: datetime
    only_changed_since: str | None = None

    def cursor(self) -> Cursor | None:
        """The cursor that the state may move to; None if no object has a time."""
        if not self.latest:
            return None
        limits = [self.latest, f"{self.began - _STILL_CHANGING:%Y-%m-%d %H:%M:%S}"]
        if self.only_changed_since is not None:  # a cursor of the next day would mean that all were read on that day
            limits.append(f"{self.only_changed_since[:10]} 23:59:59")
        return Cursor(min(limits))


class Ticket:
    """A window that is being read."""

    __slots__ = ("finished", "window")

    def __init__(self, window: Window | None) -> None:
        self.window = window
        self.finished = False


class Frontier:
    """How far one stream of one account has been read without a gap.

    There is one per stream and account, hundreds of thousands for an agency, so it uses as little memory as it can.

    Args:
        limit: The latest day that the state may reach; None for a partition without days.

    Example:
        Three windows begin. The second finishes first, and the state does not move. Once the first finishes, the state
        moves to the end of the second.
    """

    __slots__ = ("_blocked", "_limit", "_tickets")

    def __init__(self, limit: date | None = None) -> None:
        self._limit = limit
        self._tickets: deque[Ticket] | None = None
        """Windows from the first unfinished one on, oldest first."""
        self._blocked = False

    def begin(self, window: Window | None) -> Ticket:
        """Reading a window begins. Windows begin oldest first."""
        ticket = Ticket(window)
        if not self._blocked:
            if self._tickets is None:
                self._tickets = deque()
            self._tickets.append(ticket)
        return ticket

    def finish(self, ticket: Ticket, objects: ObjectsReached | None = None) -> Cursor | None:
        """A window has been read and delivered completely.

        Args:
            ticket: The window.
            objects: For objects, how far the read got.

        Returns:
            The cursor up to which everything has been delivered now; None if the state does not move.
        """
        ticket.finished = True
        reached = None
        while self._tickets and self._tickets[0].finished:
            reached = self._tickets.popleft()
        if not self._tickets:
            self._tickets = None
        if reached is None:
            return None
        if reached.window is None:
            return None if objects is None else objects.cursor()
        return None if self._limit is None else Cursor(f"{min(reached.window.end, self._limit)} 00:00:00")

    @property
    def unbroken(self) -> bool:
        """Whether every window that began was delivered completely."""
        return not self._blocked and not self._tickets

    def block(self, ticket: Ticket) -> None:
        """A window was not delivered completely: the state stays before it, whatever finishes later."""
        self._blocked = True
        if self._tickets is not None and ticket in self._tickets:
            while self._tickets.pop() is not ticket:
                pass  # later windows no longer matter
            if not self._tickets:
                self._tickets = None
