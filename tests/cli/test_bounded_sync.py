"""`sync` between two days, for some accounts, of some streams; and what the next plain sync does."""

from __future__ import annotations

import json
import signal
import sys
import time
from contextlib import suppress
from typing import Any

import duckdb
import pytest

DAILY = "ads_reports_daily"
DAYS = "SELECT DISTINCT stat_time_day::VARCHAR FROM ads_reports_daily ORDER BY 1"
ALL = "SELECT advertiser_id, ad_id, stat_time_day, spend, impressions FROM ads_reports_daily ORDER BY 1, 2, 3"
SLOW_PACKAGES = """
from tiktok_marketing.pipelines import package
package.FULL_ROWS, package.FULL_SECONDS, package.FIRST_SECONDS = 20, 0.0, 0.0
"""


def days_of(place: Any, name: str = "x") -> list[str]:
    """The days that the table has."""
    return [day[:10] for (day,) in place.ask(DAYS, name)]


def test_a_bounded_sync_reads_and_replaces_these_days_alone(command: Any, config: Any, place: Any, api: Any) -> None:
    """Rows of other days and accounts stay as they are, also if they differ from TikTok's."""
    to = ("--config", config(), "--to", place.address(), "--streams", DAILY)
    assert command("sync", *to).returncode == 0
    truth = place.ask(ALL)
    change(place, "UPDATE ads_reports_daily SET spend = -1")
    account = api.info["advertiser_ids"][0]
    bounds = ("--since", "2026-06-10", "--until", "2026-06-11", "--accounts", f" {account} ")
    ended = command("sync", *to, *bounds)
    assert ended.returncode == 0, ended.stderr
    assert "of 2026-06-10" not in ended.stderr
    assert "from 2026-06-10 to 2026-06-11" in ended.stderr
    for row, before in zip(place.ask(ALL), truth, strict=True):
        replaced = str(row[0]) == str(account) and str(row[2])[:10] in {"2026-06-10", "2026-06-11"}
        assert row == before if replaced else row[3] == -1


def change(place: Any, sql: str) -> None:
    """Change rows, as a user may."""
    if place.kind == "postgres":
        place.ask(f"{sql} RETURNING 1")
        return
    path = place.address().removeprefix("duckdb:///")
    with duckdb.connect(path) as connection:
        connection.execute("USE tiktok_ads")
        connection.execute(sql)


def test_a_plain_sync_after_bounded_ones_leaves_no_gap(command: Any, config: Any, place: Any) -> None:
    """Neither after a bounded first sync, nor after one before start_date."""
    to = ("--config", config(), "--streams", DAILY)
    assert (
        command("sync", *to, "--to", place.address(), "--since", "2026-06-13", "--until", "2026-06-14").returncode == 0
    )
    assert days_of(place) == ["2026-06-13", "2026-06-14"]
    assert (
        command("sync", *to, "--to", place.address(), "--since", "2026-06-01", "--until", "2026-06-02").returncode == 0
    )
    assert days_of(place) == ["2026-06-01", "2026-06-02", "2026-06-13", "2026-06-14"]
    assert command("sync", *to, "--to", place.address()).returncode == 0
    assert command("sync", *to, "--to", place.address("plain")).returncode == 0
    bounded = [row for row in place.ask(ALL) if str(row[2])[:10] >= "2026-06-09"]
    assert bounded == place.ask(ALL, "plain")
    assert "2026-06-02" in days_of(place)


def test_a_bounded_sync_of_some_accounts_keeps_the_objects_of_the_others(
    command: Any, config: Any, place: Any, api: Any
) -> None:
    """A list of objects is replaced for the accounts that are read."""
    to = ("--config", config(), "--to", place.address(), "--streams", "campaigns,advertisers")
    assert command("sync", *to).returncode == 0
    before = place.ask("SELECT count(*), count(DISTINCT advertiser_id) FROM campaigns")
    accounts = str(api.info["advertiser_ids"][0])
    ended = command("sync", *to, "--accounts", accounts, "--since", "2026-06-10", "--json")
    assert ended.returncode == 0, ended.stderr
    summary = json.loads(ended.stdout)
    assert "2 streams have no days and are read whole" in " ".join(summary["notices"])
    assert place.ask("SELECT count(*), count(DISTINCT advertiser_id) FROM campaigns") == before


def test_a_bounded_sync_that_is_killed_leaves_whole_days_and_no_gap(
    start: Any, command: Any, config: Any, place: Any
) -> None:
    """The next plain sync ends with what one sync would have read."""
    to = ("--config", config(), "--streams", f"{DAILY},ads_reports_hourly")
    program = [sys.executable, "-c", SLOW_PACKAGES + "from tiktok_marketing.cli import main\nmain()"]
    process = start("sync", *to, "--to", place.address(), "--since", "2026-06-11", program=program)
    process.stderr.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert command("sync", *to, "--to", place.address()).returncode == 0
    assert command("sync", *to, "--to", place.address("plain")).returncode == 0
    assert place.ask(ALL) == place.ask(ALL, "plain")


@pytest.mark.thorough
def test_of_two_bounded_syncs_at_once_the_second_is_refused_and_every_day_stays_whole(
    start: Any, command: Any, config: Any, place: Any, api: Any
) -> None:
    """Their days overlap. Whoever looks meanwhile sees whole days, old or new, and the second names the first."""
    to = ("--config", config(), "--to", place.address(), "--streams", DAILY)
    assert command("sync", *to).returncode == 0
    whole = rows_per_day(place)
    truth = place.ask(ALL)
    change(place, "UPDATE ads_reports_daily SET spend = -1")
    api.fault("path=report/integrated/get/,latency=3")
    program = [sys.executable, "-c", SLOW_PACKAGES + "from tiktok_marketing.cli import main\nmain()"]
    bounds = (("2026-06-10", "2026-06-12"), ("2026-06-11", "2026-06-13"))
    both = [start("sync", *to, "--since", since, "--until", until, program=program) for since, until in bounds]
    while any(process.poll() is None for process in both):
        with suppress(duckdb.Error):  # one process at a time may have a DuckDB file open for writing
            assert rows_per_day(place) == whole
        time.sleep(0.05)
    errors = [process.communicate()[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1], errors
    refused = [process.returncode for process in both].index(1)
    assert len(errors[refused].splitlines()) == 1, errors[refused]
    assert "Another sync is loading into" in errors[refused]
    assert "Wait until it is done, or stop it." in errors[refused]
    since, until = bounds[1 - refused]
    for row, before in zip(place.ask(ALL), truth, strict=True):
        assert row == before if since <= str(row[2])[:10] <= until else row[3] == -1


def rows_per_day(place: Any) -> list[tuple[Any, ...]]:
    """How many rows each account has on each day, and how many of them are new."""
    rows: list[tuple[Any, ...]] = place.ask(
        "SELECT advertiser_id, stat_time_day, count(*), count(DISTINCT spend = -1) FROM ads_reports_daily"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return rows


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--since", "2026-06-11", "--until", "2026-06-10"), "after until"),
        (("--since", "30 d"), "Did you mean 30d?"),
        (("--since", "0d"), "Write today."),
        (("--until", "2031-01-01"), "future"),
        (("--full", "--since", "2026-06-11"), "since and until do not go with it"),
        (("--accounts", "70 01"), "is not the id of an ad account"),
        (("--preset", "basic"), "basics"),
        (("--streams", "ad_reports_daily"), "Did you mean ads_reports_daily"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(
    options: tuple[str, ...], words: str, command: Any, config: Any, tmp_path: Any
) -> None:
    """The exit code is 2, and no database is created."""
    ended = command("sync", "--config", config(), "--to", "duckdb:///no.duckdb", *options)
    assert ended.returncode == 2
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "no.duckdb").exists()


def test_an_unknown_account_is_named_with_tiktoks_reason(command: Any, config: Any, place: Any) -> None:
    """The sync is incomplete, and says for which account."""
    ended = command(
        "sync", "--config", config(), "--to", place.address(), "--streams", DAILY, "--accounts", "7099999999999999999"
    )
    assert ended.returncode == 1
    assert "7099999999999999999" in ended.stderr, ended.stderr


def test_a_dry_run_says_what_plan_says_and_writes_nothing(command: Any, config: Any, tmp_path: Any) -> None:
    """For exactly the same options."""
    options = ("--config", config(), "--to", "duckdb:///dry.duckdb", "--preset", "basics", "--since", "2026-06-13")
    dry = command("sync", *options, "--dry-run", "--json")
    planned = command("plan", *options, "--json")
    assert dry.returncode == planned.returncode == 0, dry.stderr
    assert json.loads(dry.stdout) == json.loads(planned.stdout)
    streams = {stream["name"]: stream for stream in json.loads(dry.stdout)["streams"]}
    assert "campaigns" in streams
    assert "ads_reports_hourly" not in streams
    assert streams[DAILY]["first"] == "2026-06-13"
    assert not (tmp_path / "dry.duckdb").exists()


def test_a_dry_run_of_a_full_sync_plans_everything(command: Any, config: Any, place: Any) -> None:
    """Although the state would let a plain sync read less."""
    to = ("--config", config(end_date=None, start_date="2026-04-01"), "--to", place.address(), "--streams", DAILY)
    assert command("sync", *to).returncode == 0
    plain, full = (
        json.loads(command("sync", *to, *options, "--dry-run", "--json").stdout)["streams"][0]["first"]
        for options in ((), ("--full",))
    )
    assert plain > full


def test_a_quiet_sync_prints_only_warnings(command: Any, config: Any, place: Any) -> None:
    """A schedule that mails output stays silent. Here the clocks differ, because the emulator lives in June."""
    options = ("--to", place.address(), "--streams", DAILY, "--since", "2026-06-14", "--quiet")
    ended = command("sync", "--config", config(), *options)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert [line for line in ended.stderr.splitlines() if "clock" not in line] == []
