"""Finds which of the metrics that a refusal names TikTok truly refuses. It asks, because no wording is a proof.

A message may also name what replaces a metric, what is accepted, or what a metric needs. Who left all of these out
would lose figures that TikTok gives. One name alone needs no search: a report that is answered without it is the proof.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence

from tiktok_marketing.catalog import ReportSource
from tiktok_marketing.errors import TikTokError
from tiktok_marketing.sync.read.refused_names import may_name
from tiktok_marketing.sync.read.report_requests import refused_metrics

Ask = Callable[[tuple[str, ...]], Awaitable[object]]
"""Requests a row of the report with these metrics."""
_MOST_REQUESTS = 24
"""How many requests one search may take. A metric that was not tried by then stays out."""
_MOST_SEARCHES = 3
"""How many searches one window may take. Further refusals are believed, so that reading ends."""
_FIRST = ("spend", "impressions", "clicks", "reach", "conversion")
"""Metrics that are tried before all others."""


class MetricSearch:
    """What the searches of a stream have found, so that the next account with the same refusal needs none."""

    def __init__(self) -> None:
        self._found: dict[frozenset[str], frozenset[str]] = {}
        self._asking = asyncio.Lock()

    def for_window(self, source: ReportSource) -> WindowSearch:
        """The searches of one window."""
        return WindowSearch(source, self._found, self._asking)


class WindowSearch:
    """Finds what is refused in one window.

    Args:
        source: The report.
        found: What searches have found, by the names that were in doubt.
        asking: Held while a search asks, so that accounts do not all search for the same at once.
    """

    def __init__(self, source: ReportSource, found: dict[frozenset[str], frozenset[str]], asking: asyncio.Lock) -> None:
        self._source = source
        self._found = found
        self._asking = asking
        self._doubted: set[str] = set()
        self._message = ""
        self._used: set[frozenset[str]] = set()
        self._searches = 0

    async def refused(
        self, error: TikTokError, asked: Sequence[str], ask: Ask
    ) -> tuple[frozenset[str], frozenset[str]]:
        """The metrics to leave out after an error, and those that were left out before and are accepted after all.

        Nothing is left out if the error is about something else.

        Args:
            error: The error that the request ended with.
            asked: The metrics that it asked for.
            ask: Tries other metrics.

        Raises:
            TikTokError: If a request of the search fails for another reason.
        """
        names = refused_metrics(error, self._source, asked)
        if not names:
            return frozenset(), frozenset()
        if error.tiktok_message != self._message:  # what it said before has been remedied
            self._doubted.clear()
        self._message = error.tiktok_message
        doubted = names | self._doubted
        places = _by_place(names, error.tiktok_message)
        if len(doubted) == 1 or not places or self._searches == _MOST_SEARCHES:
            self._doubted |= names
            return names, frozenset()
        everything = tuple(name for name in self._source.metrics if name in self._doubted or name in asked)
        async with self._asking:
            refused = self._found.get(doubted) if doubted not in self._used else None
            if refused is None:
                self._searches += 1
                refused = await _Search(self._source, everything, ask).refused(places, sorted(doubted - set(places)))
            self._found[doubted] = refused
            self._used.add(doubted)
        accepted = doubted - refused
        self._doubted = set(refused)
        return refused, accepted


class _Search:
    """One search.

    Args:
        source: The report.
        everything: All metrics that could be asked for. TikTok has refused them together.
        ask: Tries some of them.
    """

    def __init__(self, source: ReportSource, everything: tuple[str, ...], ask: Ask) -> None:
        self._source = source
        self._everything = everything
        self._ask = ask
        self._left = _MOST_REQUESTS
        self._refusals: dict[frozenset[str], frozenset[str] | None] = {frozenset(): frozenset()}
        """What TikTok names, by what was left out; None if it accepts the rest."""

    async def refused(self, places: Sequence[str], others: Sequence[str]) -> frozenset[str]:
        """What must stay out.

        Args:
            places: The names in the message, in its order: mostly, the first is what it is about.
            others: The other names in doubt.
        """
        first = frozenset(places[:1])
        if await self._accepts(first):
            return first
        out, latest = frozenset((*places, *others)), frozenset(places)
        while not await self._accepts(out):
            latest = self._refusals.get(out) or frozenset()
            if not latest:
                return out  # the next request will show what it is about
            out |= latest
        if await self._accepts(latest):
            out = latest
        return out - await self._accepted(out, sorted(out, key=_importance))

    async def _accepted(self, out: frozenset[str], group: Sequence[str]) -> frozenset[str]:
        """The part of a group that may be asked for, with everything that is not left out."""
        if await self._accepts(out - set(group)):
            return frozenset(group)
        if len(group) == 1:
            return frozenset()
        accepted: frozenset[str] = frozenset()
        for half in _halves(group):
            accepted |= await self._accepted(out - accepted, half)
        return accepted

    async def _accepts(self, out: frozenset[str]) -> bool:
        """Whether TikTok accepts everything but these metrics; it does not count if too much was asked already."""
        metrics = tuple(name for name in self._everything if name not in out)
        if out in self._refusals:
            return self._refusals[out] is None
        if not metrics or not self._left:
            return False
        self._left -= 1
        try:
            await self._ask(metrics)
        except TikTokError as error:
            if not may_name(error) and not error.too_large:
                raise
            # What is too large for TikTok was checked before.
            names = None if error.too_large else refused_metrics(error, self._source, metrics)
        else:
            names = None
        self._refusals[out] = names
        return names is None


def _halves(group: Sequence[str]) -> list[Sequence[str]]:
    middle = (len(group) + 1) // 2
    return [half for half in (group[:middle], group[middle:]) if half]


def _importance(name: str) -> tuple[int, str]:
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST)), name


def _by_place(names: Iterable[str], text: str) -> list[str]:
    """The names that a text has, in its order."""
    found = ((re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE), name) for name in names)
    return [name for _, name in sorted((match.start(), name) for match, name in found if match is not None)]
