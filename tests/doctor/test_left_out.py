"""What settings leave out, in money and conversions, and what a join of reports and objects would lose."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from support import config_for
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import Config, parse_config
from tiktok_marketing.doctor import DoctorOptions, Examination, Severity, examine
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.pipelines import RunOptions, destination_of, load_async

pytestmark = pytest.mark.thorough

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
START = date(2026, 5, 20)
LEVELS = ("ads_reports_daily", "ad_groups_reports_daily", "campaigns_reports_daily")
OBJECTS = ("advertisers", "campaigns", "ad_groups", "ads")
ACCOUNT = "advertisers_reports_daily"


class Patient:
    """A database, and the emulator that it was filled from.

    Args:
        emulator: The emulator. Its accounts have deleted ads, ad groups and campaigns that spent money.
        path: The database's file.
        fields: What the configuration says besides its start date.
    """

    def __init__(self, emulator: Emulator, path: Path, fields: dict[str, Any]) -> None:
        self.emulator = emulator
        self.path = path
        self.config: Config = parse_config(config_for(emulator, start_date=str(START), **fields))

    async def sync(self, *streams: str, now: datetime = NOW) -> None:
        """Sync into the database."""
        self.emulator.clock.set(now)
        options = RunOptions(clock=FixedClock(now), address=self.emulator.url)
        summary = await load_async(self.config, f"duckdb:///{self.path}", streams=streams, options=options)
        assert summary.complete

    async def examine(self, **options: Any) -> Examination:
        """Examine the database."""
        self.emulator.clock.set(NOW)
        examined = DoctorOptions(database=destination_of(f"duckdb:///{self.path}"), **options)
        return await examine(self.config, examined, clock=FixedClock(NOW), address=self.emulator.url)

    def hidden_spend(self, level: str, account: str) -> Decimal:
        """What deleted objects of a level spent on final days, by the emulator's own books."""
        days = START, NOW.date() - timedelta(days=3)
        every, visible = (
            Decimal(
                self.emulator.truth(account, *days, include_deleted=deleted, hourly=False)["metrics"][level]["spend"]
            )
            for deleted in (True, False)
        )
        return every - visible


@asynccontextmanager
async def patient(folder: Path, **fields: Any) -> AsyncIterator[Patient]:
    """A database that nothing was loaded into yet."""
    async with Emulator(Options(now=NOW, tier="unlimited", days=90, ads_per_account=60, advertisers=3)) as emulator:
        yield Patient(emulator, folder / "x.duckdb", fields)


def outcome(examination: Examination, name: str) -> str:
    """What a check says."""
    (message,) = [check.message for check in examination.checks if check.name == name]
    return message


def messages(examination: Examination, check: str) -> list[str]:
    """The messages of a check's findings."""
    return [finding.message for finding in examination.findings if finding.check == check]


@pytest.mark.parametrize("offline", [True, False], ids=["offline", "online"])
async def test_by_default_levels_and_joins_agree(tmp_path: Path, offline: bool) -> None:
    """Account, campaigns, ad groups and ads have the same spend, and each row has its object."""
    async with patient(tmp_path) as examined:
        await examined.sync(*OBJECTS, *LEVELS, ACCOUNT)
        examination = await examined.examine(offline=offline)
    assert not examination.findings
    assert outcome(examination, "Sums") == "The levels agree."
    assert outcome(examination, "Joins") == "Each row of a report has its campaign, ad group or ad."
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        sums = {
            connection.execute(f"SELECT sum(spend) FROM tiktok_ads.{name}").fetchone()  # noqa: S608
            for name in (*LEVELS, ACCOUNT)
        }
    assert len(sums) == 1


@pytest.mark.parametrize("with_account", [True, False], ids=["account in the database", "account at TikTok"])
async def test_hidden_deleted_objects_are_counted_in_money(tmp_path: Path, with_account: bool) -> None:
    """Without the account's own report, TikTok is asked. The levels are never said to agree."""
    async with patient(tmp_path, include_deleted=False) as examined:
        await examined.sync("advertisers", *LEVELS, *([ACCOUNT] if with_account else []))
        examination = await examined.examine()
        hidden = messages(examination, "left out")
        expected = [
            (name, account)
            for name, level in zip(LEVELS, ("ad", "adgroup", "campaign"), strict=True)
            for account in examined.emulator.advertiser_ids
            if examined.hidden_spend(level, account)
        ]
    assert expected
    findings = [finding for finding in examination.findings if finding.check == "left out"]
    assert {(finding.stream, finding.advertiser_id) for finding in findings} == set(expected)
    assert all(finding.severity is Severity.NOTE for finding in findings)
    assert all("include_deleted is false" in text and "%" in text for text in hidden)
    assert any(" USD of the " in text or " INR of the " in text for text in hidden)
    assert "agree" not in outcome(examination, "Sums")


async def test_offline_without_the_account_nothing_is_said_to_agree(tmp_path: Path) -> None:
    """Nobody knows what is hidden."""
    async with patient(tmp_path, include_deleted=False) as examined:
        await examined.sync("ads_reports_daily", "campaigns_reports_daily")
        examination = await examined.examine(offline=True)
    assert "include_deleted is false" in outcome(examination, "Sums")
    assert "agree" not in outcome(examination, "Sums")


async def test_rows_whose_object_is_missing_are_counted_in_money(tmp_path: Path) -> None:
    """A sync of the objects brings them back."""
    async with patient(tmp_path) as examined:
        await examined.sync("advertisers", "ads", "ads_reports_daily")
        with duckdb.connect(str(examined.path)) as connection:
            account, ad, spend = connection.execute(
                "SELECT advertiser_id, ad_id, sum(spend) FROM tiktok_ads.ads_reports_daily GROUP BY ALL ORDER BY 3 DESC"
            ).fetchall()[0]
            connection.execute("DELETE FROM tiktok_ads.ads WHERE ad_id = ?", [ad])
        (text,) = messages(await examined.examine(), "joins")
        assert "ads_reports_daily has rows of 1 ads that the table ads lacks" in text
        assert f"loses {spend:,.2f} " in text
        finding = next(item for item in (await examined.examine(offline=True)).findings if item.check == "joins")
        assert (finding.severity, finding.stream, finding.fix) == (Severity.WARNING, "ads", "sync")
        assert finding.advertiser_id == str(account)
        await examined.sync("ads")
        assert messages(await examined.examine(), "joins") == []


@pytest.mark.parametrize("window", [0, 3, 7, 28])
async def test_late_conversions_of_closed_days_are_counted(tmp_path: Path, window: int) -> None:
    """Syncs with a short window miss what came later. A few ad groups count conversions for 28 days, most for 7."""
    async with patient(tmp_path, attribution_window=window) as examined:
        for days in range(12, -1, -4):
            await examined.sync("ads_reports_daily", now=NOW - timedelta(days=days))
        examination = await examined.examine()
    late = messages(examination, "left out")
    assert bool(late) == (window < 7)
    assert all(f"attribution_window is {window}: of the " in text and " came later." in text for text in late)
    beyond = messages(examination, "conversions")
    assert bool(beyond) == (window == 7)
    assert all("Raise attribution_window" in text for text in beyond)
    assert examination.well


async def test_a_full_sync_with_a_longer_window_brings_late_conversions(tmp_path: Path) -> None:
    """What the finding advises works."""
    async with patient(tmp_path, attribution_window=0) as examined:
        for days in range(12, -1, -4):
            await examined.sync("ads_reports_daily", now=NOW - timedelta(days=days))
        assert messages(await examined.examine(), "left out")
        examined.config = parse_config(config_for(examined.emulator, start_date=str(START), attribution_window=7))
        options = RunOptions(clock=FixedClock(NOW), address=examined.emulator.url)
        to = f"duckdb:///{examined.path}"
        await load_async(examined.config, to, streams=["ads_reports_daily"], full=True, options=options)
        assert messages(await examined.examine(), "left out") == []


async def test_a_start_date_in_the_future_is_a_finding(tmp_path: Path) -> None:
    """No sync would read anything."""
    async with patient(tmp_path) as examined:
        config = parse_config(config_for(examined.emulator, start_date="2199-01-01"))
        options = DoctorOptions(streams=("campaigns",))
        examination = await examine(config, options, clock=FixedClock(NOW), address=examined.emulator.url)
    (finding,) = examination.of(Severity.WRONG)
    assert "start_date is 2199-01-01, which is in the future" in finding.message
    assert finding.remedy
