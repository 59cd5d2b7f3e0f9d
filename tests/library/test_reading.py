"""The library against the emulator: what is read, what is loaded, and how failures arrive."""

from __future__ import annotations

import asyncio
import signal
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import tiktok_marketing as tiktok
from tiktok_marketing.emulator import Emulator, Fault

DAILY = "campaigns_reports_daily"


def rows_of(config: tiktok.Config, *names: str) -> list[dict[str, Any]]:
    """All records of some streams."""
    return [row for batch in tiktok.read(config, streams=names) for row in batch.to_pylist()]


def test_a_read_gives_every_record(emulator: Emulator) -> None:
    """As many as the emulator says there are, as dictionaries and as a table."""
    config = tiktok.load_config("config.json")
    truth = [
        emulator.truth(account, config.start_date, emulator.clock.now().date(), include_deleted=False)
        for account in emulator.advertiser_ids
    ]
    rows = rows_of(config, "campaigns")
    assert {row["advertiser_id"] for row in rows} <= {int(account) for account in emulator.advertiser_ids}
    batches = list(tiktok.read(config, streams=[DAILY]))
    assert sum(len(batch) for batch in batches) == sum(batch.to_arrow().num_rows for batch in batches) > 0
    spend = sum(float(row["spend"]) for batch in batches for row in batch.to_pylist())
    in_arrow = sum(float(value) for batch in batches for value in batch.to_arrow()["spend"].to_pylist())
    assert spend == pytest.approx(in_arrow)
    assert truth


def test_patterns_choose_streams(emulator: Emulator) -> None:
    """Several with one text; a pattern that matches nothing is an error."""
    assert emulator.url
    config = tiktok.load_config("config.json")
    names = {batch.stream for batch in tiktok.read(config, streams="campaigns, advertiser?")}
    assert names == {"campaigns", "advertisers"}
    with pytest.raises(tiktok.ConfigurationError, match="nothing"):
        list(tiktok.read(config, streams=["nothing*"]))


async def test_it_works_inside_a_running_event_loop(emulator: Emulator) -> None:
    """As in a notebook, where blocking calls cannot start a loop of their own in the same thread."""
    assert emulator.url
    config = tiktok.load_config("config.json")
    assert list(tiktok.read(config, streams=["advertisers"]))
    assert tiktok.load(config, "duckdb:///x.duckdb", streams=["advertisers"]).complete
    assert all(result.ok for result in tiktok.check(config))
    assert tiktok.plan(config, streams=[DAILY]).accounts == 2


def test_whoever_stops_taking_batches_ends_the_read(emulator: Emulator) -> None:
    """Its connections are closed, and nothing is asked for afterwards."""
    config = tiktok.load_config("config.json")
    batches = tiktok.read(config, streams=["ads_reports_hourly"])
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    asked = emulator.counters.total()
    assert list(tiktok.read(config, streams=["advertisers"]))
    assert emulator.counters.total() > asked


async def test_a_checkpoint_goes_on_where_the_last_run_ended(emulator: Emulator) -> None:
    """The state of one run makes the next one read only the days that may have changed."""
    config = tiktok.load_config("config.json")
    saved: dict[str, Any] = {}

    async def run() -> set[str]:
        days = set()
        async for event in tiktok.read_async(config, streams=[DAILY], state=saved):
            if isinstance(event, tiktok.Checkpoint):
                saved[event.stream] = event.state
            else:
                days |= {row["stat_time_day"][:10] for row in event.to_pylist()}
        return days

    first, second = await run(), await run()
    assert emulator.url
    assert second < first
    assert len(second) <= config.attribution_window + 2  # today is two days, where one account is a day ahead


def test_what_is_missing_is_raised_after_everything_else(emulator: Emulator) -> None:
    """One cause is that error itself, with its code and request id; the other account came whole."""
    config = tiktok.load_config("config.json")
    bad, good = emulator.advertiser_ids
    emulator.faults.add(Fault(path="campaign/get/", advertiser=bad, code=40300))
    batches: list[tiktok.Batch] = []
    with pytest.raises(tiktok.AccountError) as caught:
        batches.extend(tiktok.read(config, streams=["campaigns"]))
    assert {batch.advertiser_id for batch in batches} == {int(good)}
    assert caught.value.code == 40300
    assert caught.value.request_id
    assert caught.value.remedy


def test_several_causes_are_one_error_that_names_them(emulator: Emulator) -> None:
    """It can be caught as an incomplete read."""
    config = tiktok.load_config("config.json")
    first, second = emulator.advertiser_ids
    emulator.faults.add(Fault(path="campaign/get/", advertiser=first, code=40300))
    emulator.faults.add(Fault(path="campaign/get/", advertiser=second, code=40007))
    with pytest.raises(tiktok.IncompleteReadError) as caught:
        list(tiktok.read(config, streams=["campaigns"]))
    assert first in str(caught.value)
    assert second in str(caught.value)
    assert caught.value.code in {40300, 40007}


def test_a_load_says_what_is_missing(emulator: Emulator) -> None:
    """And loads the rest."""
    config = tiktok.load_config("config.json")
    emulator.faults.add(Fault(path="campaign/get/", code=40300))
    result = tiktok.load(config, "duckdb:///part.duckdb", streams=["campaigns", "advertisers"])
    assert not result.complete
    assert result.streams["advertisers"] == 2
    assert any("40300" in text for text in result.missing)


def days_in(path: str) -> dict[str, int]:
    """Rows of each day."""
    with duckdb.connect(path, read_only=True) as connection:
        counts = connection.execute(
            f"SELECT stat_time_day::VARCHAR, count(*) FROM tiktok_ads.{DAILY} GROUP BY 1"  # noqa: S608
        ).fetchall()
    return dict(counts)


def test_a_load_since_a_day_never_lets_the_state_pass_days_that_were_not_read(emulator: Emulator) -> None:
    """The next load without it reads them, so that both ways end with the same table."""
    config = tiktok.load_config("config.json")
    since = emulator.clock.now().date()
    first = tiktok.load(config, "duckdb:///since.duckdb", streams=[DAILY], since=since)
    assert first.complete
    assert set(days_in("since.duckdb")) <= {str(since), str(since + timedelta(days=1))}  # one account is a day ahead
    tiktok.load(config, "duckdb:///since.duckdb", streams=[DAILY])
    tiktok.load(config, "duckdb:///whole.duckdb", streams=[DAILY])
    assert days_in("since.duckdb") == days_in("whole.duckdb")
    again = tiktok.load(config, "duckdb:///whole.duckdb", streams=[DAILY], since=str(config.start_date))
    assert again.rows == sum(days_in("whole.duckdb").values())


def test_a_load_since_a_day_to_come_is_refused(emulator: Emulator) -> None:
    """Otherwise it would load nothing and say that all is complete."""
    assert emulator.url
    config = tiktok.load_config("config.json")
    with pytest.raises(tiktok.ConfigurationError, match="since"):
        tiktok.load(config, "duckdb:///x.duckdb", streams=[DAILY], since="2999-01-01")
    with pytest.raises(tiktok.ConfigurationError, match="since"):
        tiktok.load(config, "duckdb:///x.duckdb", streams=[DAILY], since="soon")
    assert not Path("x.duckdb").exists()


def test_a_diagnosis_of_a_good_database_finds_nothing(emulator: Emulator) -> None:
    """Nothing but notes."""
    assert emulator.url
    config = tiktok.load_config("config.json")
    tiktok.load(config, "duckdb:///good.duckdb", streams=["campaigns", "advertisers"])
    findings = tiktok.diagnose(config, database="duckdb:///good.duckdb", streams=["campaigns", "advertisers"])
    assert [finding for finding in findings if finding.severity.name != "NOTE"] == []
    with pytest.raises(tiktok.NothingToReadError):
        tiktok.diagnose(config, database="duckdb:///absent.duckdb")


def test_a_wrong_token_is_an_auth_error(emulator: Emulator) -> None:
    """With TikTok's code and what to do."""
    wrong = tiktok.Config(access_token="wrong", app_id=emulator.app_id, secret=emulator.secret)
    with pytest.raises(tiktok.AuthError) as caught:
        rows_of(wrong, "campaigns")
    assert caught.value.code == 40105
    assert "Authorize" in caught.value.remedy


def test_an_interrupt_ends_a_read_that_waits(emulator: Emulator, request: pytest.FixtureRequest) -> None:
    """Ctrl-C in a notebook cell leaves no thread and no connection behind, also while TikTok does not answer."""
    # Where the tests run in the background of a shell, interrupts are ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    config = tiktok.load_config("config.json")
    emulator.faults.add(Fault(path="campaign/get/", hang=True))
    main = threading.main_thread().ident or 0
    threading.Timer(1.0, signal.pthread_kill, [main, signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        list(tiktok.read(config, streams=["campaigns"]))
    assert not [thread for thread in threading.enumerate() if thread.name == "tiktok-marketing"]


def test_reads_in_threads_do_not_disturb_each_other(emulator: Emulator) -> None:
    """Each has a loop of its own."""
    assert emulator.url
    config = tiktok.load_config("config.json")

    async def both() -> list[int]:
        return await asyncio.gather(*(asyncio.to_thread(lambda: len(rows_of(config, "ads"))) for _ in range(2)))

    first, second = asyncio.run(both())
    assert first == second > 0
