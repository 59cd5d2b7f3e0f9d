"""Figures that come late and change: when, by how much, and that they add up at any moment."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.kit import NOW, Client, by_key, everything
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.emulator.business.breakdowns import DAILY
from tiktok_marketing.emulator.business.vocabulary import TEMPLATES
from tiktok_marketing.emulator.endpoints.reports.metrics import additive
from tiktok_marketing.emulator.platform import Platform

LEVELS = ("advertiser", "campaign", "adgroup", "ad")
SUMS = sorted(name for name in additive() if name != "voucher_spend")
PEOPLE = ["reach", "frequency", "cost_per_1000_reached", "average_video_play_per_user"]
FIRST_MOMENT = datetime(2026, 3, 8, tzinfo=UTC)


class Direct:
    """Asks an emulator without a network, at any moment."""

    def __init__(self, **options: Any) -> None:
        defaults = {"now": NOW, "anchor": NOW.date(), "tier": "unlimited", "ads_per_account": 25, "days": 45}
        self.platform = Platform(Options(**defaults | options))

    def rows(self, level: str, *grain: str, **params: Any) -> list[dict[str, Any]]:
        """All rows of a report that includes deleted objects."""
        request = {
            "report_type": "BASIC",
            "data_level": f"AUCTION_{level.upper()}",
            "dimensions": [f"{level}_id", *grain],
            "filtering": [] if level == "advertiser" else [everything(level)],
            "page_size": 1000,
        }
        rows: list[dict[str, Any]] = []
        for page in range(1, 1000):
            asked = {
                name: value if isinstance(value, str) else json.dumps(value)
                for name, value in (request | params | {"page": page}).items()
            }
            response = self.platform.respond("report/integrated/get/", self.platform.access_token, asked)
            assert response.code == 0, response.message
            data = msgspec.json.decode(response.answer.data)
            rows += data["list"]
            if page >= data["page_info"]["total_page"]:
                assert len(rows) == data["page_info"]["total_number"]
                break
        return rows


def sums(rows: Iterable[dict[str, Any]], *dimensions: str) -> dict[tuple[str, ...], dict[str, Decimal]]:
    """The sums of all metrics by some dimensions. Sums of zeros count as no row."""
    found: dict[tuple[str, ...], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        by = found[tuple(row["dimensions"][name] for name in dimensions)]
        for name, value in row["metrics"].items():
            by[name] += Decimal(value)
    return {key: dict(values) for key, values in found.items() if any(values.values())}


BUSINESS = Direct(taken_back=10)
"""A business in which much is taken back. Its moments are independent of each other."""


@pytest.mark.thorough
@settings(max_examples=12, deadline=None)
@given(st.integers(0, 4 * 96), st.integers(0, 3))
def test_what_is_late_is_late_everywhere_alike(quarters: int, account: int) -> None:
    """At any moment all levels, hours and breakdowns have the same sums, and the truth has them too."""
    platform = BUSINESS.platform
    platform.clock.set(FIRST_MOMENT + timedelta(minutes=15 * quarters))
    advertiser = platform.advertiser_ids[account]
    today = datetime.fromtimestamp(platform.clock.tick, platform.business.granted[account].zone).date()
    window = {"start_date": str(today - timedelta(days=3)), "end_date": str(today)}
    asked = {"advertiser_id": advertiser, "metrics": SUMS}
    whole = sums(BUSINESS.rows("advertiser", "stat_time_day", **asked, **window), "stat_time_day")
    truth = platform.truth(advertiser, today - timedelta(days=3), today)
    for level in LEVELS:
        days = BUSINESS.rows(level, "stat_time_day", **asked, **window)
        assert sums(days, "stat_time_day") == whole
        assert truth["rows"][level]["daily"] == len(days)
        for name in SUMS:
            assert sum((Decimal(row["metrics"][name]) for row in days), Decimal()) == Decimal(
                truth["metrics"][level][name]
            )
        by_object = sums(days, f"{level}_id", "stat_time_day")
        hours = 0
        for before in range(4):
            day = str(today - timedelta(days=before))
            rows = BUSINESS.rows(level, "stat_time_hour", **asked, start_date=day, end_date=day)
            hours += len(rows)
            by_hour = sums(rows, f"{level}_id")
            assert {(key[0], f"{day} 00:00:00"): values for key, values in by_hour.items()} == {
                key: values for key, values in by_object.items() if key[1].startswith(day)
            }
        assert truth["rows"][level]["hourly"] == hours
        assert sums(BUSINESS.rows(level, **asked, **window), f"{level}_id") == sums(days, f"{level}_id")


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 4 * 96), st.sampled_from(DAILY))
def test_breakdowns_add_up_at_any_moment(quarters: int, breakdown: tuple[str, ...]) -> None:
    """The values of a breakdown add up to the day of the object, whatever has not been shown yet."""
    platform = BUSINESS.platform
    platform.clock.set(FIRST_MOMENT + timedelta(minutes=15 * quarters))
    today = datetime.fromtimestamp(platform.clock.tick, platform.business.granted[0].zone).date()
    metrics = ["spend", "impressions", "clicks", "conversion", "real_time_conversion", "result"]
    asked = {
        "advertiser_id": platform.advertiser_ids[0],
        "metrics": metrics,
        "start_date": str(today - timedelta(days=2)),
        "end_date": str(today),
    }
    truth = platform.truth(platform.advertiser_ids[0], today - timedelta(days=2), today, hourly=False, breakdowns=True)
    for level in LEVELS:
        whole = sums(BUSINESS.rows(level, "stat_time_day", **asked), f"{level}_id", "stat_time_day")
        rows = BUSINESS.rows(level, "stat_time_day", *breakdown, report_type="AUDIENCE", **asked)
        assert sums(rows, f"{level}_id", "stat_time_day") == whole
        assert truth["breakdowns"][level]["+".join(breakdown)] == len(rows)
        if breakdown == ("country_code",):
            day = str(today)
            basic = BUSINESS.rows(level, "stat_time_hour", "country_code", **asked | {"start_date": day})
            assert sums(basic, f"{level}_id") == {
                key[:1]: values for key, values in whole.items() if key[1].startswith(day)
            }


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 4 * 96), st.integers(1, 2 * 96))
def test_settled_figures_never_change(quarters: int, later: int) -> None:
    """With `settled`, a day that is over and the hours that are over are the same in every later read."""
    business = Direct(settled=True, taken_back=50)
    moment = FIRST_MOMENT + timedelta(minutes=15 * quarters)
    business.platform.clock.set(moment)
    account = business.platform.business.granted[0]
    day = datetime.fromtimestamp(business.platform.clock.tick, account.zone).date()
    window = {
        "advertiser_id": str(account.id),
        "metrics": [*SUMS, *PEOPLE],
        "start_date": str(day),
        "end_date": str(day),
    }
    before = business.rows("ad", "stat_time_hour", **window)
    business.platform.clock.advance(timedelta(minutes=15 * later))
    after = {tuple(row["dimensions"].values()): row for row in business.rows("ad", "stat_time_hour", **window)}
    assert [after[tuple(row["dimensions"].values())] for row in before] == before


async def readings(
    client: Client, moments: int, step: timedelta, grain: str, metrics: list[str], day: str
) -> list[dict[str, dict[str, str]]]:
    """The metrics of the account by day or hour, read at several moments."""
    found = []
    for _ in range(moments):
        rows = await client.report("advertiser", grain, metrics=metrics, start_date=day, end_date=day)
        found.append({row["dimensions"][grain]: row["metrics"] for row in rows})
        client.emulator.clock.advance(step)
    return found


async def test_an_hour_appears_half_an_hour_to_two_hours_after_its_end(session: aiohttp.ClientSession) -> None:
    """It is absent for half an hour, may be shown in part for a while, and is complete after two hours."""
    options = Options(now=datetime(2026, 3, 10, 5, tzinfo=UTC), anchor=NOW.date(), tier="unlimited", corrections=False)
    async with Emulator(options) as emulator:
        step = timedelta(minutes=15)
        seen = await readings(
            Client(emulator, session), 4 * 28, step, "stat_time_hour", ["impressions", "spend"], "2026-03-10"
        )
    final = seen[-1]
    assert len(final) == 24
    first_shown, complete, partial = [], [], 0
    for hour in range(24):
        label = f"2026-03-10 {hour:02d}:00:00"
        shown = [index for index, read in enumerate(seen) if label in read]
        done = next(index for index in shown if seen[index][label] == final[label])
        partial += done > shown[0]
        first_shown.append((shown[0] - 4 * (hour + 1)) * 15)
        complete.append((done - 4 * (hour + 1)) * 15)
        assert shown == list(range(shown[0], len(seen)))
        for metric in ("impressions", "spend"):
            values = [Decimal(seen[index][label][metric]) for index in shown]
            assert values == sorted(values)
    assert min(first_shown) == 30
    assert max(complete) <= 120
    assert len(set(complete)) > 3
    assert 0 < partial < 24


def test_an_hour_is_late_for_each_account_in_its_own_way() -> None:
    """Two accounts in one time zone do not get their hours at the same moments."""
    business = Direct(advertisers=len(TEMPLATES) + 1, ads_per_account=3)
    twins = [business.platform.business.granted[index] for index in (0, len(TEMPLATES))]
    assert twins[0].zone == twins[1].zone
    shown: dict[str, list[int]] = defaultdict(list)
    for quarter in range(4 * 30):
        business.platform.clock.set(FIRST_MOMENT + timedelta(minutes=15 * quarter))
        for account in twins:
            asked = {"advertiser_id": str(account.id), "start_date": "2026-03-08", "end_date": "2026-03-08"}
            shown[account.name].append(len(business.rows("advertiser", "stat_time_hour", **asked)))
    first, second = shown.values()
    assert first[-1] == second[-1] == 24
    assert first != second


async def test_people_cash_and_vouchers_come_sixteen_hours_late(session: aiohttp.ClientSession) -> None:
    """Reach and what follows from it, cash, vouchers and billed costs are zero at first, and final a day later."""
    options = Options(
        now=datetime(2026, 3, 11, 6, 30, tzinfo=UTC),
        anchor=NOW.date(),
        tier="unlimited",
        settled=False,
        corrections=False,
        taken_back=0,
        advertisers=2,
    )
    metrics = ["spend", "impressions", "billed_cost", "cash_spend", "voucher_spend", *PEOPLE]
    async with Emulator(options) as emulator:
        client = Client(emulator, session)
        day = {"start_date": "2026-03-10", "end_date": "2026-03-10", "metrics": metrics}
        seen = []
        for _ in range(20):
            rows = await client.report("advertiser", **day)
            seen.append({name: Decimal(value) for name, value in rows[0]["metrics"].items()})
            emulator.clock.advance(timedelta(hours=1))
    assert len({read["spend"] for read in seen[1:]}) == 1
    reach = [read["reach"] for read in seen]
    assert reach == sorted(reach)
    assert 0 < reach[0] < reach[8] < reach[-1]
    billed = [read["billed_cost"] for read in seen]
    assert billed == sorted(billed)
    assert 0 < billed[0] < billed[8] < billed[-1] == seen[-1]["spend"]
    for read in seen:
        assert read["cash_spend"] + read["voucher_spend"] == read["billed_cost"]
        assert read["frequency"] == round(read["impressions"] / read["reach"] + Decimal("0.0000001"), 2)
    assert reach[16] == reach[-1]
    assert reach[14] < reach[-1]


async def test_a_day_without_people_yet_has_no_frequency(session: aiohttp.ClientSession) -> None:
    """In the morning today has impressions but no reach, so that what follows from the reach is zero."""
    async with Emulator(Options(now=datetime(2026, 3, 10, 14, tzinfo=UTC), tier="unlimited")) as emulator:
        today = {"start_date": "2026-03-10", "end_date": "2026-03-10", "metrics": ["impressions", *PEOPLE]}
        rows = await Client(emulator, session).report("ad", **today)
    assert rows
    for row in rows:
        assert int(row["metrics"]["impressions"]) > 0
        assert [row["metrics"][name] for name in PEOPLE] == ["0", "0.00", "0.00", "0.00"]


@pytest.mark.parametrize(("account", "before", "after"), [
    (0, "2026-03-11T11:45", "2026-03-11T13:00"),  # UTC-5
    (1, "2026-03-11T11:45", "2026-03-11T13:00"),  # UTC+5:30
    (3, "2026-03-11T11:45", "2026-03-11T13:00"),  # UTC-10, where the day ends two hours before noon
])  # fmt: skip
async def test_yesterday_is_corrected_about_noon_utc(
    session: aiohttp.ClientSession, account: int, before: str, after: str
) -> None:
    """Spend, impressions and clicks of the day change once by a few percent, and those of older days do not."""
    day = {"start_date": "2026-03-09", "end_date": "2026-03-10", "metrics": ["spend", "impressions", "clicks"]}
    options = Options(
        now=datetime.fromisoformat(before), anchor=NOW.date(), tier="unlimited", late_conversions=False, taken_back=0
    )
    async with Emulator(options) as emulator:
        client = Client(emulator, session)
        asked = day | {"advertiser_id": emulator.advertiser_ids[account]}
        reads = []
        for moment in (before, after, "2026-03-12T20:00"):
            emulator.clock.set(datetime.fromisoformat(moment))
            rows = by_key(await client.report("advertiser", **asked))
            reads.append([{name: Decimal(value) for name, value in row["metrics"].items()} for row in rows])
    assert reads[0][0] == reads[1][0] == reads[2][0]
    assert reads[1][1] == reads[2][1]
    for name, value in reads[0][1].items():
        assert value != reads[2][1][name]
        assert abs(value - reads[2][1][name]) < reads[2][1][name] * Decimal("0.05")


async def test_conversions_grow_for_seven_days_and_for_a_few_ad_groups_for_28(session: aiohttp.ClientSession) -> None:
    """Ad groups with a click window of seven days stay from the eighth day on. The others grow as their window says.

    Impressions and real-time conversions of the day never change.
    """
    window = {
        "start_date": "2026-03-10",
        "end_date": "2026-03-10",
        "metrics": ["conversion", "impressions", "total_purchase_value", "real_time_conversion"],
    }
    options = Options(
        now=NOW + timedelta(days=1),
        anchor=NOW.date(),
        tier="unlimited",
        corrections=False,
        taken_back=0,
        ads_per_account=700,
        advertisers=2,
        late_hours=False,
    )
    async with Emulator(options) as emulator:
        client = Client(emulator, session)
        windows: dict[str, str] = {}
        last_growth: dict[str, int] = {}
        before: dict[str, int] = {}
        totals = []
        for day in range(32):
            total: dict[str, Decimal] = defaultdict(Decimal)
            for advertiser in emulator.advertiser_ids:
                if not day:
                    groups = await client.read_all(
                        "adgroup/get/", advertiser_id=advertiser, filtering={"primary_status": "STATUS_ALL"}
                    )
                    windows |= {group["adgroup_id"]: group["click_attribution_window"] for group in groups}
                for row in await client.report("adgroup", advertiser_id=advertiser, **window):
                    group, metrics = row["dimensions"]["adgroup_id"], row["metrics"]
                    conversions = int(metrics["conversion"])
                    assert conversions >= before.get(group, 0)
                    if day and conversions > before.get(group, 0):
                        last_growth[group] = day + 1
                    before[group] = conversions
                    for name, value in metrics.items():
                        total[name] += Decimal(value)
            totals.append(total)
            emulator.clock.advance(timedelta(days=1))
    assert totals[0]["conversion"] < totals[3]["conversion"] < totals[6]["conversion"] < totals[27]["conversion"]
    assert totals[29] == totals[31]
    assert (
        len({total["impressions"] for total in totals}) == len({total["real_time_conversion"] for total in totals}) == 1
    )
    longest = {
        name: max((day for group, day in last_growth.items() if windows[group] == name), default=0)
        for name in set(windows.values())
    }
    assert 5 <= longest["SEVEN_DAYS"] <= 8
    assert 20 <= longest["TWENTY_EIGHT_DAYS"] <= 29
    shares = [list(windows.values()).count(name) for name in ("SEVEN_DAYS", "FOURTEEN_DAYS", "TWENTY_EIGHT_DAYS")]
    assert shares[0] > 5 * (shares[1] + shares[2]) > 0


def test_some_figures_are_taken_back_by_default() -> None:
    """Two days later one in a hundred ads has lost a day."""
    business = Direct(ads_per_account=700, advertisers=2)
    counts = []
    for _ in range(2):
        rows = [
            row
            for account in business.platform.advertiser_ids
            for row in business.rows(
                "ad", "stat_time_day", advertiser_id=account, start_date="2026-03-09", end_date="2026-03-09"
            )
            if row["metrics"]["impressions"] != "0"
        ]
        counts.append(len(rows))
        business.platform.clock.advance(timedelta(days=2))
    assert counts[0] * 97 // 100 < counts[1] < counts[0]


def test_the_truth_is_that_of_the_moment() -> None:
    """The truth about today grows as its hours appear."""
    business = Direct()
    account = business.platform.advertiser_ids[0]
    impressions = []
    for hour in range(6, 24, 3):
        business.platform.clock.set(datetime(2026, 3, 10, hour, tzinfo=UTC))
        truth = business.platform.truth(account, date(2026, 3, 10), date(2026, 3, 10))
        impressions.append(truth["metrics"]["ad"]["impressions"])
    assert impressions == sorted(set(impressions))
