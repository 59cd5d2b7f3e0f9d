"""Different rows with one key, as TikTok delivers an hour twice: a database loses none of them in silence."""

from __future__ import annotations

from typing import Any

from support import NOW, config_for
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.pipelines import RunOptions, Watcher, load_async

HOURLY = "advertisers_reports_hourly"
DAY = "2026-06-12"


class Texts(Watcher):
    """Remembers what a person should see."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def says(self, text: str) -> None:
        """Remember a text."""
        self.said.append(text)


async def test_an_hour_that_comes_twice_loses_no_row(database: Any) -> None:
    """A file keeps both rows. A database whose index accepts each key once says what it leaves out."""
    texts = Texts()
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=1, days=30, ads_per_account=20)) as emulator:
        config = parse_config(config_for(emulator, start_date=DAY, end_date=DAY, skip_empty_days=False))
        options = RunOptions(clock=FixedClock(NOW), address=emulator.url)
        assert (await load_async(config, database.address, streams=[HOURLY], watcher=texts, options=options)).complete
        ((plain,),) = database.ask(f"SELECT count(*) FROM {HOURLY}")  # noqa: S608
        assert not any("different rows" in text for text in texts.said)
        emulator.faults.add(Fault(path="report/integrated/get/", double="added"))
        for _ in range(2):
            texts.said.clear()
            assert (
                await load_async(config, database.address, streams=[HOURLY], watcher=texts, options=options)
            ).complete
            ((count,),) = database.ask(f"SELECT count(*) FROM {HOURLY}")  # noqa: S608
            assert any("2 different rows" in text and "stat_time_hour" in text for text in texts.said)
            if not database.address.startswith("postgres"):
                assert count == plain + 1
            else:
                assert count == plain
                assert any("unique index" in text and HOURLY in text for text in texts.said)
