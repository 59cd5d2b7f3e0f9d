"""The parts of a report that was too large bring what the whole showed, or the report is incomplete."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from unit_builders import page

from tiktok_marketing.api.error_rules import rule_for
from tiktok_marketing.catalog import ReportFilter, ReportStream, report_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import IncompleteReadError, PartialAnswerError, TikTokError
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import Shown
from tiktok_marketing.sync.read.partial_log import PartialLog
from tiktok_marketing.sync.read.report_parts import OpenParts, Parts
from tiktok_marketing.sync.read.report_requests import Piece
from tiktok_marketing.sync.read.split_check import Figures

DAILY = report_stream("ads_reports_daily")
WINDOW = Window(date(2026, 1, 1), date(2026, 1, 2))
WHOLE = Piece(WINDOW)
FIRST, SECOND = Piece(WINDOW, "campaign_ids", ("1",)), Piece(WINDOW, "campaign_ids", ("2",))
HALF, OTHER_HALF = Piece(WINDOW, "adgroup_ids", ("21",)), Piece(WINDOW, "adgroup_ids", ("22",))
BUSY = rule_for(50000).error("busy", endpoint="report/integrated/get/", code=50000)
BAD_TOKEN = rule_for(40105).error("token", endpoint="report/integrated/get/", code=40105)


def figures(spend: int, rows: int = 0) -> Figures:
    """Figures of so many rows."""
    return Figures(Decimal(spend), Decimal(), rows)


class Reads:
    """Stands in for the reader of lists: how many rows came, and what the latest list showed."""

    def __init__(self) -> None:
        self.rows_delivered = 0
        self.rows_listed = 0
        self.shown = Shown()
        self.awaited: set[Any] = set()
        self.remembers = False


class Above:
    """Stands in for the reader of the level above.

    Args:
        answers: The figures that it has, each time it is asked; the last ones for ever.
    """

    def __init__(self, *answers: Figures | None) -> None:
        self._answers = [*answers]
        self.asked: list[Piece] = []
        self.withdrawn: set[str] = set()
        self.has_unusable = False
        self.warnings: list[str] = []

    async def above(self, piece: Piece) -> Figures | None:
        """The next figures."""
        self.asked.append(piece)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class Reading:
    """A report that is read in parts.

    Args:
        now: What TikTok shows of a piece when it is asked again; of others it shows no rows.
        above: The figures of the level above.
    """

    def __init__(
        self,
        now: dict[Piece, Shown | TikTokError] | None = None,
        above: Above | None = None,
        *,
        stream: ReportStream = DAILY,
        include_deleted: bool = True,
    ) -> None:
        self.now = now or {}
        self.reads = Reads()
        self.above = above or Above(None)
        self.partial_log = PartialLog()
        self.refused: set[str] = set()
        self.looks: list[Piece] = []
        self.parts = OpenParts(
            stream,
            AdvertiserId("7001"),
            self.reads,  # type: ignore[arg-type]
            self._look,
            self.above,  # type: ignore[arg-type]
            self.partial_log,
            include_deleted=include_deleted,
            refused=self.refused,
        )

    async def _look(self, piece: Piece) -> Shown:
        self.looks.append(piece)
        now = self.now.get(piece, Shown())
        if isinstance(now, TikTokError):
            raise now
        return now

    def begin(self, shown: Shown, expected: Figures | None = None) -> Parts:
        """The whole piece was too large, and showed this."""
        self.reads.shown = shown
        parts = self.parts.begin(WHOLE, self.reads.rows_delivered)
        parts.expected = expected
        self.parts.divide(WHOLE, [FIRST, SECOND])
        return parts

    def read(self, piece: Piece, rows: int, *spends: list[str], delivered: int | None = None) -> None:
        """A part is read: so many rows, and in each pass the amounts that its rows spent."""
        self.parts.begin_part()
        for number_of_pass, amounts in enumerate(spends, 1):
            for amount in amounts:
                body = page([{"dimensions": {"ad_id": "5"}, "metrics": {"spend": amount, "impressions": "0"}}])
                self.parts.observe(number_of_pass, report_reader(DAILY).read(body))
        self.reads.rows_listed += rows
        self.reads.rows_delivered += rows if delivered is None else delivered
        self.parts.end_part(piece)


@pytest.mark.parametrize(
    ("shown", "expected", "comparable"),
    [
        (Shown(), None, False),
        (Shown(total=1), None, True),
        (Shown(keys=frozenset({"a"})), None, True),
        (Shown(), Figures(), True),
    ],
)
def test_parts_are_comparable_if_anything_is_known_that_they_must_bring(
    shown: Shown, expected: Figures | None, comparable: bool
) -> None:
    """Figures of 0 are known too."""
    parts = Reading().begin(shown, expected)
    assert parts.are_comparable is comparable
    assert (parts.since, parts.window) == (WINDOW.start, WINDOW)


async def test_parts_that_bring_all_rows_are_not_asked_about_again() -> None:
    """Rows that were delivered before the piece do not count for it."""
    reading = Reading()
    reading.reads.rows_delivered = reading.reads.rows_listed = 100
    parts = reading.begin(Shown(total=10))
    assert reading.reads.remembers, "a part may be read again"
    reading.read(FIRST, 4)
    reading.read(SECOND, 6)
    assert await reading.parts.check(parts) == []
    assert reading.looks == []


@pytest.mark.parametrize("delivered", [0, 6])
async def test_rows_that_a_larger_piece_had_delivered_count_for_its_parts(delivered: int) -> None:
    """The parts list them again, and they are not delivered again."""
    reading = Reading()
    parts = reading.begin(Shown(total=10))
    reading.read(FIRST, 4, delivered=delivered)
    reading.read(SECOND, 6, delivered=0)
    assert await reading.parts.check(parts) == []
    assert reading.looks == []


async def test_rows_delivered_by_a_part_that_failed_count_too() -> None:
    """It was not read to its end, so it does not count as listed."""
    reading = Reading()
    parts = reading.begin(Shown(total=10))
    reading.reads.rows_delivered += 4
    reading.read(SECOND, 6)
    assert await reading.parts.check(parts) == []
    assert reading.looks == []


async def test_missing_rows_are_an_error_with_both_counts() -> None:
    """If TikTok still counts them. One look at the whole, and one at each part, confirm it."""
    reading = Reading({WHOLE: Shown(total=10), FIRST: Shown(total=4), SECOND: Shown(total=5)})
    parts = reading.begin(Shown(total=10))
    reading.read(FIRST, 4)
    reading.read(SECOND, 5)
    with pytest.raises(IncompleteReadError) as caught:
        await reading.parts.check(parts)
    for text in ("ads_reports_daily", "7001", str(WINDOW), "too large", "9 of the 10 rows"):
        assert text in caught.value.message
    assert reading.looks == [WHOLE, FIRST, SECOND]


async def test_a_report_without_days_is_named_without_days() -> None:
    """Its message ends with the account."""
    reading = Reading({Piece(None): Shown(total=10)})
    reading.reads.shown = Shown(total=10)
    parts = reading.parts.begin(Piece(None), 0)
    with pytest.raises(IncompleteReadError, match="ads_reports_daily of advertiser 7001 was too large"):
        await reading.parts.check(parts)


@pytest.mark.parametrize("total", [0, 8, 9])
async def test_rows_that_disappeared_meanwhile_are_not_missing(total: int) -> None:
    """The smaller of both counts must come."""
    reading = Reading({WHOLE: Shown(total=total)})
    parts = reading.begin(Shown(total=10))
    reading.read(FIRST, 9)
    assert await reading.parts.check(parts) == []


async def test_rows_that_appeared_meanwhile_need_not_come() -> None:
    """They belong to the next sync. But the rows that the whole had must."""
    reading = Reading({WHOLE: Shown(total=20)})
    parts = reading.begin(Shown(total=10))
    reading.read(FIRST, 9)
    with pytest.raises(IncompleteReadError, match="9 of the 10 rows"):
        await reading.parts.check(parts)


async def test_if_tiktok_does_not_answer_again_the_first_count_holds() -> None:
    """Nothing shows that fewer rows are right, or which part has more."""
    reading = Reading({WHOLE: BUSY, FIRST: Shown(total=50)})
    parts = reading.begin(Shown(total=10))
    reading.read(FIRST, 9)
    with pytest.raises(IncompleteReadError, match="9 of the 10 rows"):
        await reading.parts.check(parts)
    assert reading.looks == [WHOLE]


@pytest.mark.parametrize("piece", [WHOLE, FIRST])
async def test_an_error_that_ends_the_sync_is_passed_on(piece: Piece) -> None:
    """No other request can succeed after it."""
    reading = Reading({WHOLE: Shown(total=10), piece: BAD_TOKEN})
    parts = reading.begin(Shown(total=10))
    reading.read(FIRST, 9)
    with pytest.raises(TikTokError, match="token"):
        await reading.parts.check(parts)


async def test_rows_that_the_whole_showed_must_come_by_key() -> None:
    """Unless the whole does not show them any more, or a part brought them. However many rows came."""
    shown = Shown(total=2, keys=frozenset({"a", "b", "c", "d"}))
    reading = Reading({WHOLE: Shown(total=2, keys=frozenset({"a", "b", "d"}))})
    parts = reading.begin(shown)
    reading.reads.awaited = {"a", "b", "c", "of another piece"}
    reading.read(FIRST, 7)
    with pytest.raises(IncompleteReadError, match=r"too large for one request, and its parts did not bring 2 of the"):
        await reading.parts.check(parts)
    assert reading.reads.awaited == {"of another piece"}


async def test_keys_that_came_are_not_asked_about() -> None:
    """Another piece may await others."""
    reading = Reading()
    parts = reading.begin(Shown(keys=frozenset({"a"})))
    reading.reads.awaited = {"of another piece"}
    assert await reading.parts.check(parts) == []
    assert reading.looks == []


async def test_all_that_is_missing_is_said_together() -> None:
    """Rows, keys and figures."""
    shown = Shown(total=3, keys=frozenset({"a"}))
    reading = Reading({WHOLE: shown}, Above(figures(9)))
    parts = reading.begin(shown, figures(9))
    reading.reads.awaited = {"a"}
    reading.read(FIRST, 2, ["4"])
    with pytest.raises(IncompleteReadError) as caught:
        await reading.parts.check(parts)
    assert (
        "its parts brought 2 of the 3 rows that TikTok counts and its parts did not bring 1 of the rows that TikTok "
        "shows and the rows of its parts lack 5.00 of 9.00 spend that TikTok shows for all of them together."
    ) in caught.value.message


async def test_after_a_partial_answer_nothing_is_compared() -> None:
    """What is missing is reported for another reason."""
    reading = Reading({WHOLE: Shown(total=10)})
    inner, outer = (reading.begin(Shown(total=10), figures(20)) for _ in range(2))
    reading.partial_log.note(PartialAnswerError("report/integrated/get/", "code 20001", "7001"))
    reading.read(FIRST, 9, ["9"])
    assert await reading.parts.check(inner) == []
    assert reading.looks == []
    reading.read(SECOND, 1, ["1"])
    assert (inner.figures, outer.figures) == (figures(9, 1), figures(10, 2)), "the first is not open any more"


async def test_after_objects_that_no_filter_can_name_nothing_is_compared() -> None:
    """Their rows are missing, which is reported for that reason."""
    reading = Reading({WHOLE: Shown(total=10)})
    parts = reading.begin(Shown(total=10), figures(20))
    reading.above.has_unusable = True
    reading.read(FIRST, 9, ["9"])
    assert await reading.parts.check(parts) == []
    assert reading.looks == []


# -- parts that grew


async def test_a_part_that_has_more_rows_now_is_read_again_once() -> None:
    """What it brought at first does not count twice. Then rows are missing if it still lacks some."""
    reading = Reading({WHOLE: Shown(total=10), FIRST: Shown(total=5), SECOND: Shown(total=5)}, Above(figures(10)))
    parts = reading.begin(Shown(total=10), figures(10))
    reading.read(FIRST, 5, ["5"])
    reading.read(SECOND, 4, ["4"])
    assert not reading.parts.is_repeated(SECOND)
    assert await reading.parts.check(parts) == [SECOND]
    assert reading.parts.is_repeated(SECOND)
    assert not reading.parts.is_repeated(FIRST)
    assert parts.figures == figures(5, 1)
    reading.read(SECOND, 5, ["5"], delivered=1)
    assert parts.figures == figures(10, 2)
    assert await reading.parts.check(parts) == []


async def test_a_part_that_was_read_twice_is_not_read_a_third_time() -> None:
    """Otherwise a part that grows all the time would have no end."""
    reading = Reading({WHOLE: Shown(total=10), SECOND: Shown(total=9)})
    parts = reading.begin(Shown(total=10))
    reading.read(FIRST, 5)
    reading.read(SECOND, 3)
    assert await reading.parts.check(parts) == [SECOND]
    reading.read(SECOND, 4, delivered=1)
    with pytest.raises(IncompleteReadError, match="9 of the 10 rows"):
        await reading.parts.check(parts)


async def test_what_a_repeated_part_had_listed_does_not_count_any_more() -> None:
    """Its rows come again, so they would count twice."""
    reading = Reading({WHOLE: Shown(total=10), SECOND: Shown(total=9)})
    parts = reading.begin(Shown(total=10))
    reading.read(FIRST, 5, delivered=0)
    reading.read(SECOND, 4, delivered=0)
    assert await reading.parts.check(parts) == [SECOND]
    reading.read(SECOND, 4, delivered=0)
    with pytest.raises(IncompleteReadError, match="9 of the 10 rows"):
        await reading.parts.check(parts)


async def test_the_smallest_parts_are_looked_at() -> None:
    """A part that was divided was itself never read. A part that TikTok does not answer for, or that failed, stays."""
    reading = Reading({WHOLE: Shown(total=20), FIRST: BUSY, HALF: Shown(total=3), OTHER_HALF: Shown(total=4)})
    parts = reading.begin(Shown(total=20))
    reading.read(FIRST, 5)
    reading.parts.divide(SECOND, [HALF, OTHER_HALF])
    reading.read(HALF, 3)
    reading.read(OTHER_HALF, 3)
    assert await reading.parts.check(parts) == [OTHER_HALF]
    assert reading.looks == [WHOLE, FIRST, HALF, OTHER_HALF]


async def test_the_halves_of_a_repeated_part_are_repeated() -> None:
    """It became too large meanwhile. Their rows were delivered before, too."""
    reading = Reading({WHOLE: Shown(total=10), SECOND: Shown(total=9)})
    parts = reading.begin(Shown(total=10))
    reading.read(SECOND, 4)
    reading.parts.divide(FIRST, [HALF])
    assert not reading.parts.is_repeated(HALF)
    assert await reading.parts.check(parts) == [SECOND]
    reading.parts.divide(SECOND, [OTHER_HALF])
    assert reading.parts.is_repeated(OTHER_HALF)
    assert not reading.parts.is_repeated(HALF)


async def test_a_piece_that_is_asked_for_otherwise_is_not_divided() -> None:
    """The same piece without a metric that TikTok withdrew is one part."""
    reading = Reading({WHOLE: Shown(total=10), FIRST: Shown(total=6)})
    parts = reading.begin(Shown(total=10))
    reading.parts.divide(FIRST, [FIRST])
    reading.read(FIRST, 5)
    assert await reading.parts.check(parts) == [FIRST]


async def test_a_part_counts_for_every_piece_that_contains_it() -> None:
    """Also if it is read again. The smaller piece is compared first, and is then closed."""
    reading = Reading({FIRST: Shown(total=3), HALF: Shown(total=3)}, Above(figures(8)))
    outer = reading.begin(Shown(total=8), figures(8))
    reading.read(SECOND, 5, ["5"])
    reading.reads.shown = Shown(total=3)
    inner = reading.parts.begin(FIRST, reading.reads.rows_delivered)
    reading.parts.divide(FIRST, [HALF])
    reading.read(HALF, 2, ["2"])
    assert (outer.figures, inner.figures) == (figures(7, 2), figures(2, 1))
    assert await reading.parts.check(inner) == [HALF]
    assert (outer.figures, inner.figures) == (figures(5, 1), figures(0))
    reading.read(HALF, 3, ["3"], delivered=1)
    assert await reading.parts.check(inner) == []
    reading.read(OTHER_HALF, 1, ["1"])
    assert await reading.parts.check(outer) == []
    assert (outer.figures, inner.figures) == (figures(9, 3), figures(3, 1))


def test_parts_that_are_compared_with_nothing_are_dropped() -> None:
    """What is read later does not belong to them."""
    reading = Reading()
    parts = reading.begin(Shown(), figures(5))
    reading.parts.drop(parts)
    reading.read(FIRST, 5, ["5"])
    assert parts.figures == Figures()


async def test_what_is_read_outside_of_parts_is_not_remembered() -> None:
    """Only parts are looked at again."""
    reading = Reading({WHOLE: Shown(total=10), FIRST: Shown(total=50)})
    reading.read(FIRST, 5)
    parts = reading.begin(Shown(total=10))
    reading.read(SECOND, 4)
    with pytest.raises(IncompleteReadError, match="4 of the 10 rows"):
        await reading.parts.check(parts)
    assert reading.looks == [WHOLE, SECOND]


# -- figures


def test_the_figures_of_a_part_are_those_of_its_last_pass() -> None:
    """Each pass shows all its rows."""
    reading = Reading()
    parts = reading.begin(Shown(), figures(9))
    reading.read(FIRST, 2, ["1", "2"], ["3", "4"])
    assert parts.figures == figures(7, 2)
    reading.read(SECOND, 0)
    assert parts.figures == figures(7, 2)


def test_pages_are_added_up_only_if_figures_are_to_be_compared() -> None:
    """Reading the amounts of each page costs time."""
    reading = Reading()
    parts = reading.begin(Shown(total=1))
    reading.read(FIRST, 1, ["5"])
    assert parts.figures == Figures()


async def test_figures_that_the_level_above_has_must_come() -> None:
    """If it still has them: figures may have become smaller, and those that grew need not come."""
    missing = Reading(above=Above(figures(12)))
    parts = missing.begin(Shown(), figures(10))
    missing.read(FIRST, 1, ["7"])
    with pytest.raises(IncompleteReadError, match=r"lack 3\.00 of 10\.00 spend"):
        await missing.parts.check(parts)
    assert missing.above.asked == [WHOLE]
    smaller = Reading(above=Above(figures(7)))
    parts = smaller.begin(Shown(), figures(10))
    smaller.read(FIRST, 1, ["7"])
    assert await smaller.parts.check(parts) == []


async def test_if_the_level_above_does_not_answer_again_its_first_figures_hold() -> None:
    """Nothing shows that less is right."""
    reading = Reading(above=Above(None))
    parts = reading.begin(Shown(), figures(10))
    reading.read(FIRST, 1, ["7"])
    with pytest.raises(IncompleteReadError, match=r"lack 3\.00 of 10\.00 spend"):
        await reading.parts.check(parts)


async def test_figures_that_came_are_not_asked_about() -> None:
    """Nor are unknown ones compared."""
    for expected in (figures(7), None):
        reading = Reading(above=Above(figures(100)))
        parts = reading.begin(Shown(), expected)
        reading.read(FIRST, 1, ["7"])
        assert await reading.parts.check(parts) == []
        assert reading.above.asked == []


_FILTERED = replace(DAILY.source, filters=(ReportFilter(field="campaign_ids", values=("1",)),))


@pytest.mark.parametrize(
    ("stream", "include_deleted"),
    [
        (DAILY, False),
        (report_stream("ads_reports_hourly"), True),
        (report_stream("ads_reports_by_country_daily"), True),
        (replace(DAILY, source=replace(DAILY.source, report_type="AUDIENCE")), True),
        (replace(DAILY, source=_FILTERED), True),
    ],
)
async def test_rows_that_do_not_add_up_to_the_account_are_not_compared_with_it(
    stream: ReportStream, include_deleted: bool
) -> None:
    """Hours come later, breakdowns overlap, filters and hidden objects leave out rows. But their list must add up."""
    reading = Reading(above=Above(figures(10)), stream=stream, include_deleted=include_deleted)
    parts = reading.begin(Shown(), figures(10))
    reading.read(FIRST, 1, ["7"])
    assert parts.figures == Figures()
    parts.listed = figures(10)
    assert await reading.parts.check(parts) == []
    parts = reading.begin(Shown(), figures(10))
    parts.listed = figures(6)
    with pytest.raises(IncompleteReadError, match=r"lack 4\.00 of 10\.00 spend"):
        await reading.parts.check(parts)


@pytest.mark.parametrize("unread", [[], ["spend"], ["spend", "impressions"]])
async def test_figures_that_cannot_be_read_are_not_missing(unread: list[str]) -> None:
    """The other figure is compared. If there is none, a warning says so, once."""
    reading = Reading(above=Above(figures(10)), include_deleted=False)
    for _ in range(2):
        parts = reading.begin(Shown(), figures(10))
        parts.listed = replace(figures(6), unread=frozenset(unread))
        if unread:
            assert await reading.parts.check(parts) == []
        else:
            with pytest.raises(IncompleteReadError, match="lack"):
                await reading.parts.check(parts)
    assert len(reading.above.warnings) == (len(unread) == 2)


async def test_metrics_that_tiktok_withdrew_are_not_compared() -> None:
    """At the level above, or in rows that add up to it."""
    whole = Figures(Decimal(10), Decimal(20), 1)
    reading = Reading()
    assert reading.parts.comparable(whole) == whole
    reading.above.withdrawn.add("spend")
    assert reading.parts.comparable(whole) == Figures(Decimal(), Decimal(20), 1)
    reading.refused.add("impressions")
    assert reading.parts.comparable(whole) == Figures(Decimal(), Decimal(), 1)
    listed = Reading(include_deleted=False)
    listed.refused.add("impressions")
    assert listed.parts.comparable(whole) == whole
