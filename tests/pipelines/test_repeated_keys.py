"""Different rows with one key, as TikTok delivers an hour twice: a database loses none of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from support import config_for
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.pipelines import RunOptions, Watcher, load_async

HOURLY = "advertisers_reports_hourly"
DAY = "2025-11-02"
"""Clocks at the account's place go back from 2 to 1."""
NOW = datetime(2025, 11, 4, 15, tzinfo=UTC)
TWICE = f"path=report/integrated/get/,edit=$.data.list[-1].dimensions.stat_time_hour,value={DAY} 01:00:00"
"""The last row of an answer is of the hour that the day has twice. Which one is last changes with the order."""


class Texts(Watcher):
    """Remembers what a person should see."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def says(self, text: str) -> None:
        """Remember a text."""
        self.said.append(text)


async def test_an_hour_that_comes_twice_loses_no_row(database: Any) -> None:
    """Each kind of database keeps both rows, also when the day is read again."""
    texts = Texts()
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=1, days=30, ads_per_account=20)) as emulator:
        config = parse_config(
            config_for(emulator, start_date=DAY, end_date=DAY, skip_empty_days=False, include_deleted=True)
        )
        options = RunOptions(clock=FixedClock(NOW), address=emulator.url)
        assert (await load_async(config, database.address, streams=[HOURLY], watcher=texts, options=options)).complete
        ((plain,),) = database.ask(f"SELECT count(*) FROM {HOURLY}")  # noqa: S608
        assert not any("different rows" in text for text in texts.said)
        emulator.faults.add(TWICE)
        for _ in range(2):
            texts.said.clear()
            assert (
                await load_async(config, database.address, streams=[HOURLY], watcher=texts, options=options)
            ).complete
            ((count,),) = database.ask(f"SELECT count(*) FROM {HOURLY}")  # noqa: S608
            assert any("2 different rows" in text and "stat_time_hour" in text for text in texts.said)
            assert count == plain + 1
        emulator.faults.clear()
        assert (await load_async(config, database.address, streams=[HOURLY], watcher=texts, options=options)).complete
        assert database.ask(f"SELECT count(*) FROM {HOURLY}") == [(plain,)]  # noqa: S608


@pytest.mark.thorough
async def test_a_column_of_the_user_keeps_its_values_beside_an_hour_that_comes_twice(database: Any) -> None:
    """Both rows get the value that the user gave to their key."""
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=1, days=30, ads_per_account=20)) as emulator:
        config = parse_config(
            config_for(emulator, start_date=DAY, end_date=DAY, skip_empty_days=False, include_deleted=True)
        )
        options = RunOptions(clock=FixedClock(NOW), address=emulator.url)
        assert (await load_async(config, database.address, streams=[HOURLY], options=options)).complete
        ((plain,),) = database.ask(f"SELECT count(*) FROM {HOURLY}")  # noqa: S608
        database.change(f"ALTER TABLE {HOURLY} ADD COLUMN note VARCHAR")
        database.change(f"UPDATE {HOURLY} SET note = 'seen'")  # noqa: S608
        emulator.faults.add(TWICE)
        for _ in range(2):
            assert (await load_async(config, database.address, streams=[HOURLY], options=options)).complete
            assert database.ask(f"SELECT count(*), count(note) FROM {HOURLY}") == [(plain + 1, plain + 1)]  # noqa: S608


async def test_a_foreign_key_of_the_user_keeps_the_unique_index(postgres_only: Any) -> None:
    """Then the last row of each key stays, and a notice says what that costs and how to avoid it."""
    texts = Texts()
    key = "advertiser_id, stat_time_hour"
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=1, days=30, ads_per_account=20)) as emulator:
        config = parse_config(
            config_for(emulator, start_date=DAY, end_date=DAY, skip_empty_days=False, include_deleted=True)
        )
        options = RunOptions(clock=FixedClock(NOW), address=emulator.url)
        assert (
            await load_async(config, postgres_only.address, streams=[HOURLY], watcher=texts, options=options)
        ).complete
        ((plain,),) = postgres_only.ask(f"SELECT count(*) FROM {HOURLY}")  # noqa: S608
        postgres_only.change(
            "CREATE TABLE notes (advertiser_id BIGINT, stat_time_hour TIMESTAMP,"
            f" FOREIGN KEY ({key}) REFERENCES {HOURLY} ({key}))"
        )
        emulator.faults.add(TWICE)
        await load_async(config, postgres_only.address, streams=[HOURLY], watcher=texts, options=options)
        assert postgres_only.ask(f"SELECT count(*) FROM {HOURLY}") == [(plain,)]  # noqa: S608
        assert any("foreign key" in text and HOURLY in text for text in texts.said)
        postgres_only.change("DROP TABLE notes")
        await load_async(config, postgres_only.address, streams=[HOURLY], watcher=texts, options=options)
        assert postgres_only.ask(f"SELECT count(*) FROM {HOURLY}") == [(plain + 1,)]  # noqa: S608
