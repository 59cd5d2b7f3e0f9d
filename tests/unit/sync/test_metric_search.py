"""Which of the metrics that a message names are refused: found out with few requests, whatever the message means."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tiktok_marketing.catalog import report_stream
from tiktok_marketing.errors import Action, FailureType, TikTokError
from tiktok_marketing.sync.read.metric_search import MetricSearch, WindowSearch

REPORT = report_stream("ads_reports_daily").source
METRICS = REPORT.metrics
MOST = 24
"""Requests of one search."""
Says = Callable[[Sequence[str]], str]
"""The message of a refusal, from those of the asked metrics that are refused."""


def error_of(message: str, code: int = 40002, action: Action = Action.FAIL_STREAM) -> TikTokError:
    """TikTok's refusal of a request."""
    return TikTokError(
        message, action=action, failure_type=FailureType.CONFIG, remedy="", endpoint="report/integrated/get/", code=code
    )


def named(names: Collection[str]) -> str:
    """The message that names metrics."""
    return f"Invalid metric fields: {list(names)}."


class TikTok:
    """Refuses some metrics, with a message, and counts its requests.

    Args:
        refused: The metrics.
        says: What it says of those that are asked for.
    """

    def __init__(self, refused: Collection[str], says: Says = named) -> None:
        self.refused = frozenset(refused)
        self._says = says
        self.asked: list[tuple[str, ...]] = []

    async def ask(self, metrics: tuple[str, ...]) -> None:
        """Answer a request for a row with these metrics."""
        self.asked.append(metrics)
        if found := [name for name in metrics if name in self.refused]:
            raise error_of(self._says(found))


async def left_out(tiktok: TikTok, search: WindowSearch, metrics: tuple[str, ...] = METRICS) -> set[str]:
    """What a report does without in the end, asked for as the readers ask."""
    refused: set[str] = set()
    while True:
        asked = tuple(name for name in metrics if name not in refused)
        try:
            await tiktok.ask(asked)
        except TikTokError as error:
            names, accepted = await search.refused(error, asked, tiktok.ask)
            if not names:
                raise
            refused = (refused - accepted) | names
        else:
            return refused


def of_window() -> WindowSearch:
    """The searches of a window."""
    return MetricSearch().for_window(REPORT)


def also(*names: str) -> Says:
    """A message that names these metrics beside the refused ones, behind them."""
    return lambda refused: named([*refused, *(name for name in names if name not in refused)])


async def test_one_name_needs_no_search() -> None:
    """A report that is answered without it is the proof."""
    tiktok = TikTok(["reach"])
    assert await left_out(tiktok, of_window()) == {"reach"}
    assert len(tiktok.asked) == 2


@pytest.mark.parametrize(
    ("says", "requests"),
    [
        (named, (2, 5)),
        (also("spend"), (3, 6)),
        (lambda refused: named(["spend", *refused]), (5, 7)),
        (lambda refused: named(refused[:1]), (2, 3)),
    ],
    ids=["all that are refused", "what is accepted, behind", "what is accepted, first", "one at a time"],
)
@pytest.mark.parametrize("refused", [("reach",), ("reach", "cpc")], ids=["one", "two"])
async def test_what_is_refused_is_left_out_and_nothing_else(
    says: Says, requests: tuple[int, int], refused: tuple[str, ...]
) -> None:
    """With few requests, whether the message names all of it, one at a time, or others too."""
    tiktok = TikTok(refused, says)
    assert await left_out(tiktok, of_window()) == set(refused)
    assert len(tiktok.asked) == requests[len(refused) - 1]


async def test_a_later_message_may_tell_what_it_is_about() -> None:
    """The first one named two metrics that TikTok accepts. Then nothing but the new one is tried."""

    def says(_: Sequence[str]) -> str:
        return named(["spend", "cpm"]) if {"spend", "cpm"} & set(tiktok.asked[-1]) else named(["reach"])

    tiktok = TikTok(["reach"], says)
    assert await left_out(tiktok, of_window()) == {"reach"}
    assert len(tiktok.asked) == 6


async def test_names_that_no_message_spells_are_believed() -> None:
    """Positions, and what is beyond the number that TikTok accepts."""
    few = METRICS[:9]

    def positions(refused: Sequence[str]) -> str:
        return ", ".join(f"metrics.{tiktok.asked[-1].index(name)}" for name in refused) + ": not supported"

    tiktok = TikTok(few[3:6], positions)
    assert await left_out(tiktok, of_window(), few) == set(few[3:6])
    assert len(tiktok.asked) == 2
    beyond = TikTok(few[7:], lambda _: "metrics: Longer than maximum length 7.")
    assert await left_out(beyond, of_window(), few) == set(few[7:])
    assert len(beyond.asked) == 2


async def test_a_search_ends_where_nothing_more_is_named() -> None:
    """The next request will show what the trouble is about."""
    tiktok = TikTok(METRICS, lambda _: "Something is wrong.")
    with time_limit(20):
        names, accepted = await of_window().refused(error_of(named(["reach", "cpc"])), METRICS, tiktok.ask)
    assert (names, accepted) == ({"reach", "cpc"}, set())
    assert len(tiktok.asked) == 2


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Fail if the body takes longer, even if it never waits for anything."""

    def fail(*_: object) -> None:
        raise AssertionError(f"no end after {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, fail)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


SOME = METRICS[:12]


@given(
    st.sets(st.sampled_from(SOME), min_size=1, max_size=4),
    st.lists(st.sampled_from(SOME), unique=True, max_size=4),
    st.sampled_from([1, 2, 20]),
    st.booleans(),
)
async def test_no_metric_that_tiktok_gives_is_lost(
    refused: set[str], others: list[str], at_once: int, others_first: bool
) -> None:
    """Whatever else a message names, wherever, and whether it names all that it refuses or some."""

    def says(found: Sequence[str]) -> str:
        shown = list(found[:at_once])
        beside = [name for name in others if name not in shown]
        return named([*beside, *shown] if others_first else [*shown, *beside])

    tiktok = TikTok(refused, says)
    assert await left_out(tiktok, of_window()) == refused


async def test_another_account_asks_no_more() -> None:
    """The search of one serves the others, for the same names only."""
    search = MetricSearch()
    tiktok = TikTok(["reach", "cpc"], also("spend"))
    assert await left_out(tiktok, search.for_window(REPORT)) == {"reach", "cpc"}
    before = len(tiktok.asked)
    assert await left_out(tiktok, search.for_window(REPORT)) == {"reach", "cpc"}
    assert len(tiktok.asked) == before + 2
    other = TikTok(["cpm"], also("spend"))
    assert await left_out(other, search.for_window(REPORT)) == {"cpm"}


async def test_what_another_account_found_is_not_believed_twice() -> None:
    """This account refuses more than that one. The second refusal with the same names is searched anew."""
    search = MetricSearch()
    says: Says = lambda _: named(["reach", "cpc", "spend"])  # noqa: E731 - a message that is always the same
    assert await left_out(TikTok(["reach"], says), search.for_window(REPORT)) == {"reach"}
    assert await left_out(TikTok(["reach", "cpc"], says), search.for_window(REPORT)) == {"reach", "cpc"}


async def test_what_was_left_out_for_nothing_comes_back() -> None:
    """The same message names both. The search of another account had found one, and this account refuses the other."""
    search = MetricSearch()
    says: Says = lambda _: named(["reach", "cpc"])  # noqa: E731 - a message that is always the same
    assert await left_out(TikTok(["reach"], says), search.for_window(REPORT)) == {"reach"}
    assert await left_out(TikTok(["cpc"], says), search.for_window(REPORT)) == {"cpc"}


async def test_a_search_ends() -> None:
    """What was not tried by then stays out, the least important first."""
    tiktok = TikTok(METRICS[5:45], lambda _: named(METRICS[1:60]))
    search = of_window()
    names, accepted = await search.refused(error_of(named(METRICS[1:60])), METRICS, tiktok.ask)
    assert len(tiktok.asked) == MOST
    assert names | accepted == set(METRICS[1:60])
    assert names >= tiktok.refused & set(METRICS[1:60])
    assert len(set(tiktok.asked)) == MOST


async def test_the_figures_that_matter_are_tried_first() -> None:
    """They are the last to stay out where the requests do not suffice for all."""
    important = [name for name in ("spend", "impressions", "clicks", "reach", "conversion") if name in METRICS]
    others = [name for name in METRICS if name not in important]
    doubted = [*others[1:60:2], *important]
    tiktok = TikTok(others[1:60:4], lambda _: named(doubted))
    names, _ = await of_window().refused(error_of(named(doubted)), METRICS, tiktok.ask)
    assert names.isdisjoint(important)


async def test_a_window_searches_three_times() -> None:
    """Then refusals are believed, so that reading ends."""
    answers = iter(range(10))
    tiktok = TikTok([])
    search = of_window()
    for number in answers:
        message = named(METRICS[3 * number : 3 * number + 3])
        before = len(tiktok.asked)
        names, accepted = await search.refused(error_of(message), METRICS, tiktok.ask)
        if number < 3:
            assert len(tiktok.asked) > before
        else:
            assert (len(tiktok.asked), names, accepted) == (before, set(METRICS[3 * number : 3 * number + 3]), set())


async def test_other_trouble_of_a_search_is_an_error() -> None:
    """It says nothing about metrics."""

    async def fail(_: tuple[str, ...]) -> None:
        raise error_of("trouble", 50000, Action.SLOW_ACCOUNT)

    with pytest.raises(TikTokError, match="trouble"):
        await of_window().refused(error_of(named(["reach", "cpc"])), METRICS, fail)


async def test_what_is_too_large_is_accepted() -> None:
    """TikTok looks at the metrics first."""

    async def ask(metrics: tuple[str, ...]) -> None:
        raise error_of("Too many rows.", 40067, Action.SPLIT) if "reach" not in metrics else error_of(named(["reach"]))

    names, accepted = await of_window().refused(error_of(named(["reach", "cpc"])), METRICS, ask)
    assert (names, accepted) == ({"reach"}, {"cpc"})


async def test_an_error_about_something_else_leaves_nothing_out() -> None:
    """Nor does one that names all of them."""
    tiktok = TikTok([])
    for message in ("Something is wrong.", named(METRICS)):
        assert await of_window().refused(error_of(message), METRICS, tiktok.ask) == (frozenset(), frozenset())
    assert not tiktok.asked


async def test_what_a_report_has_not_is_not_asked_for() -> None:
    """A search tries what was asked for and what is in doubt."""
    few = ("spend", "reach", "cpc", "cpm")
    tiktok = TikTok(["reach"], also("cpc"))
    search = MetricSearch().for_window(replace(REPORT, metrics=METRICS))
    assert await left_out(tiktok, search, few) == {"reach"}
    assert all(set(asked) <= set(few) for asked in tiktok.asked)
