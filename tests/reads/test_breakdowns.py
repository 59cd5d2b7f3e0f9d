"""Every report by a dimension is read over real sockets, and its rows add up to those of the level's plain report."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest

from support import NOW, Outcome, config_for, read_from
from tiktok_marketing.catalog import Grain, Level, report_stream
from tiktok_marketing.catalog.breakdowns import BREAKDOWNS
from tiktok_marketing.emulator import Emulator, Options

START, END = "2026-06-10", "2026-06-11"
WHOLE = {
    Level.AD: "ads_reports_daily",
    Level.AD_GROUP: "ad_groups_reports_daily",
    Level.CAMPAIGN: "campaigns_reports_daily",
    Level.ADVERTISER: "advertisers_reports_daily",
}
Sums = dict[str, tuple[Decimal, int]]


def sums(outcome: Outcome, name: str) -> Sums:
    """Spend and clicks per day, or of all days of a report without a time."""
    by_day: dict[str, tuple[Decimal, int]] = defaultdict(lambda: (Decimal(0), 0))
    stream = report_stream(name)
    for record in outcome.records(name):
        day = "" if stream.cursor is None else record[stream.cursor][:10]
        spend, clicks = by_day[day]
        metrics = record["metrics"]
        by_day[day] = spend + Decimal(metrics["spend"]), clicks + int(metrics["clicks"])
    return dict(by_day)


def total(by_day: Sums) -> Sums:
    """The sum of all days."""
    spends, clicks = zip(*by_day.values(), strict=True)
    return {"": (sum(spends, Decimal(0)), sum(clicks))}


@pytest.mark.thorough
async def test_every_report_by_a_dimension_adds_up_to_the_plain_report_of_its_level() -> None:
    """One account and two days. No row comes twice, and no metric that TikTok refuses fails a report."""
    streams = [stream for stream in BREAKDOWNS if stream.source.grain is not Grain.LIFETIME]
    names = [stream.name for stream in streams]
    options = Options(
        now=NOW, tier="unlimited", days=60, anchor=NOW.date(), advertisers=1, ads_per_account=6, settled=True
    )
    async with Emulator(options) as emulator:
        config = config_for(emulator, start_date=START, end_date=END, include_deleted=True)
        outcome = await read_from(emulator, config, [*names, *WHOLE.values()])
    assert outcome.exit_code == 0
    assert {outcome.statuses[name][-1] for name in names} == {"COMPLETE"}
    whole = {level: sums(outcome, name) for level, name in WHOLE.items()}
    assert set(whole[Level.AD]) == {START, END}
    for stream in streams:
        expected = whole[stream.source.data_level]
        expected = expected if stream.cursor else total(expected)
        assert sums(outcome, stream.name) == expected, stream.name
        keys = [tuple(record[name] for name in stream.row_key) for record in outcome.records(stream.name)]
        assert len(keys) == len(set(keys)), stream.name


async def test_ads_of_ads_manager_have_the_spend_of_their_creatives_over_all_time() -> None:
    """A report by `ad_id_v2` has fewer rows, or as many, with the same sums."""
    options = Options(now=NOW, tier="unlimited", days=60, anchor=NOW.date(), advertisers=1, settled=True)
    async with Emulator(options) as emulator:
        config = config_for(emulator, start_date=START, include_deleted=True)
        outcome = await read_from(emulator, config, ["ads_reports_lifetime", "ads_v2_reports_lifetime"])
    assert outcome.exit_code == 0
    assert sums(outcome, "ads_v2_reports_lifetime") == sums(outcome, "ads_reports_lifetime")
    creatives, ads = (len(outcome.records(name)) for name in ("ads_reports_lifetime", "ads_v2_reports_lifetime"))
    assert 0 < ads < creatives
