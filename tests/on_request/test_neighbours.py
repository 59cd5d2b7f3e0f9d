"""Every report on request agrees with its neighbours: other levels, hours and days, and parts with their whole."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from on_request.conftest import emulator_of
from support import Outcome, config_for, read_from
from tiktok_marketing.catalog import ON_REQUEST, Grain, ReportStream, report_stream
from tiktok_marketing.catalog.custom_reports import CustomReport
from tiktok_marketing.catalog.report_rules import (
    AUDIENCE_DIMENSIONS,
    BASIC_DIMENSIONS,
    LEVELS,
    Question,
    first_objection,
)

WHOLE, EVER = "advertisers_reports_daily", "advertisers_reports_lifetime"
REPORTS = [
    stream
    for stream in ON_REQUEST
    if isinstance(stream, ReportStream) and stream.source.report_type in {"BASIC", "AUDIENCE"}
]
"""Those of usual ads. Others have tests of their own: of shops, creatives and playables."""
RESERVED = [stream for stream in REPORTS if stream.source.filters]
HIDDEN = "search_terms"
"""TikTok hides small numbers of each search term, so that they are fewer than the account's."""
Sums = dict[tuple[Any, ...], tuple[Decimal, int]]


def kind_of(stream: ReportStream) -> tuple[Any, ...]:
    """What neighbours at other levels and grains have in common."""
    source = stream.source
    ever = ("ever",) if source.grain is Grain.LIFETIME else ()
    return source.report_type, tuple(sorted(stream.breakdown)), (*ever, *(of.field for of in source.filters))


def sums(stream: ReportStream, outcome: Outcome, *, by_value: bool = True) -> Sums:
    """Spend and impressions for each account, day and, if asked for, value of the breakdown."""
    totals: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [Decimal(), 0])
    for record in outcome.records(stream.name):
        day = str(record[stream.cursor])[:10] if stream.cursor else ""
        values = tuple(str(record["dimensions"][name]) for name in stream.breakdown) if by_value else ()
        total = totals[record["advertiser_id"], day, *values]
        total[0] += Decimal(str(record["metrics"].get("spend") or 0))
        total[1] += number_of(record["metrics"].get("impressions"))
    return {key: (spend, number) for key, (spend, number) in totals.items() if spend or number}


def spends(totals: Sums) -> dict[tuple[Any, ...], Decimal]:
    """What was spent."""
    return {key: spend for key, (spend, _) in totals.items() if spend}


def number_of(value: Any) -> int:
    """A number of impressions. TikTok hides small ones of search terms: `<5`."""
    return int(value) if str(value).isdigit() else 0


def without_days(totals: Mapping[tuple[Any, ...], tuple[Decimal, int]]) -> Sums:
    """The same sums of all days together."""
    together: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [Decimal(), 0])
    for (account, _, *values), (spend, number) in totals.items():
        together[account, "", *values][0] += spend
        together[account, "", *values][1] += number
    return {key: (spend, number) for key, (spend, number) in together.items()}


@pytest.fixture(scope="module")
def read() -> Outcome:
    """What a sync of the reports of all ads delivers."""
    return asyncio.run(_read([stream.name for stream in REPORTS if stream not in RESERVED], advertisers=2))


@pytest.fixture(scope="module")
def reserved() -> Outcome:
    """What a sync of the reports of reserved ads delivers, from accounts that have such ads."""
    names = [stream.name for stream in RESERVED]
    return asyncio.run(_read(names, read_days=("2026-06-01", "2026-06-13"), days=60, ads_per_account=40))


async def _read(
    names: Iterable[str],
    reports: Iterable[Mapping[str, Any]] = (),
    *,
    read_days: tuple[str, str] = ("2026-06-08", "2026-06-10"),
    **options: Any,
) -> Outcome:
    usual = {"ads_per_account": 8, "days": 40, "settled": True, "audience_hourly": True}
    async with emulator_of(**usual | options) as emulator:
        entries = [
            {"stream": {"name": name, "json_schema": {}}, "sync_mode": "full_refresh"} for name in (WHOLE, EVER, *names)
        ]
        catalog = {"streams": [{**entry, "destination_sync_mode": "append"} for entry in entries]}
        days = {"start_date": read_days[0], "end_date": read_days[1], "include_deleted": True}
        config = config_for(emulator, **days, custom_reports=list(reports))
        outcome = await read_from(emulator, config, catalog=catalog)
    assert outcome.exit_code == 0, outcome.errors
    return outcome


KINDS: defaultdict[tuple[Any, ...], list[ReportStream]] = defaultdict(list)
for each in REPORTS:
    KINDS[kind_of(each)].append(each)
SEVERAL = [kind for kind, of in KINDS.items() if len(of) > 1]


@pytest.mark.thorough
@pytest.mark.parametrize("kind", SEVERAL, ids=lambda kind: "-".join((kind[0].lower(), *kind[1], *kind[2])))
def test_levels_and_times_agree(request: pytest.FixtureRequest, kind: tuple[Any, ...]) -> None:
    """For each account, day and value: accounts, campaigns, ad groups and ads; hours, days and all days together."""
    first, *others = sorted(KINDS[kind], key=lambda stream: stream.cursor is None)
    outcome: Outcome = request.getfixturevalue("reserved" if first in RESERVED else "read")
    expected = sums(first, outcome)
    assert expected
    for stream in others:
        summed = without_days(expected) if stream.cursor is None else expected
        if HIDDEN in stream.breakdown:  # of hours, more numbers are small
            assert spends(sums(stream, outcome)) == spends(summed)
        else:
            assert sums(stream, outcome) == summed, stream.name


@pytest.mark.thorough
@pytest.mark.parametrize("stream", REPORTS, ids=lambda stream: stream.name)
def test_parts_agree_with_the_whole(request: pytest.FixtureRequest, stream: ReportStream) -> None:
    """Together they are what the account has, or a part of it: reserved ads, and what TikTok does not hide."""
    outcome: Outcome = request.getfixturevalue("reserved" if stream in RESERVED else "read")
    assert_agreement(stream, outcome)


def assert_agreement(stream: ReportStream, outcome: Outcome) -> None:
    """Check the sums of a report against those of the accounts."""
    whole = sums(report_stream(EVER if stream.source.grain is Grain.LIFETIME else WHOLE), outcome, by_value=False)
    parts = sums(stream, outcome, by_value=False)
    if stream.cursor is None:
        whole = without_days(whole)
    assert parts
    if stream in RESERVED or HIDDEN in stream.breakdown:
        assert parts.keys() <= whole.keys()
        assert all(spend <= whole[key][0] and shown <= whole[key][1] for key, (spend, shown) in parts.items())
    else:
        assert parts == whole


def drawn(seed: int) -> CustomReport:
    """A report that the rules accept, at any level and grain and with any dimension."""
    chance = random.Random(seed)
    while True:
        report_type = chance.choice(("BASIC", "AUDIENCE"))
        level = chance.choice(tuple(LEVELS))
        dimensions = (chance.choice(BASIC_DIMENSIONS if report_type == "BASIC" else AUDIENCE_DIMENSIONS),)
        grain = chance.choice(("hour", "day", "none", "lifetime"))
        question = Question(
            report_type=report_type, level=level, dimensions=dimensions, metrics=("spend", "impressions"), grain=grain
        )
        if first_objection(question) is None:
            return CustomReport(
                name=f"drawn_{seed}",
                report_type=report_type,
                level=level,
                dimensions=dimensions,
                metrics=("spend", "impressions"),
                grain=grain,
            )


async def test_drawn_reports_agree_with_the_whole() -> None:
    """Whatever the rules accept has the sums of the accounts."""
    reports = [drawn(seed) for seed in range(40)]
    assert len({report.dimensions for report in reports}) > 10
    outcome = await _read(
        [report.name for report in reports], [as_configured(report) for report in reports], advertisers=2
    )
    for report in reports:
        assert_agreement(report.stream, outcome)


def as_configured(report: CustomReport) -> dict[str, Any]:
    """A report as the configuration has it."""
    return {
        "name": report.name,
        "report_type": report.report_type,
        "level": report.level,
        "dimensions": list(report.dimensions),
        "metrics": list(report.metrics),
        "grain": report.grain,
    }
