"""A read from a day on replaces all of its days in one transaction: a reader sees old rows only, or new ones only."""

from __future__ import annotations

import functools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

import programs
from pipelines.conftest import DuckDB, Places, Postgres
from support import NOW, config_for, quickly, whole_packages
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.pipelines import load_loop, package

REPORTS = ("campaigns_reports_daily", "ads_reports_daily", "advertisers_reports_hourly")
OBJECTS = ("campaigns", "ads")
TABLES = (*REPORTS, *OBJECTS)
SINCE, UNTIL = "2026-06-03", "2026-06-12"
GONE = 1799999999999999999
"""A campaign that TikTok does not have."""
# Packages are so small that a read has many of them, and days are so large that they come in several.
SYNC = """
import os, signal, sys
from tiktok_marketing.pipelines import load_loop, package
from tiktok_marketing.pipelines.databases import held
package.FULL_ROWS, package.FULL_SECONDS, package.FIRST_SECONDS = 1_000, 0.3, 0.3
package.HELD_BYTES = 20_000
steps, size = int(sys.argv.pop(1)), int(sys.argv.pop(1))
apply = held.HeldPackages.apply
def apply_some(self, session, around):
    if size:
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    done = iter(range(steps))
    def counted(table, step):
        around(table, step)
        if steps and next(done, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
    apply(self, session, counted)
held.HeldPackages.apply = apply_some
from tiktok_marketing.cli import main
main()
"""


class Reads:
    """Reads some days into a database, in a process of its own.

    Args:
        emulator: What is read.
        database: The database.
        folder: For the configuration.
    """

    def __init__(self, emulator: Emulator, database: DuckDB | Postgres, folder: Path) -> None:
        self.emulator = emulator
        self.database = database
        self._config = folder / "config.json"
        config = config_for(emulator, start_date="2026-06-01", end_date="2026-06-14", include_deleted=True)
        self._config.write_text(json.dumps(config))

    def start(self, *options: str, steps: int = 0, size: int = 0) -> subprocess.Popen[str]:
        """Start a sync, which is killed after some steps of its transaction, or can then write no large file."""
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", SYNC, str(steps), str(size), *self._arguments(), *options],
            env={**os.environ, "TIKTOK_API_URL": self.emulator.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *options: str, **limits: int) -> tuple[int, str]:
        """Run a sync to its end. Returns its exit code and what it wrote. Without limits, it needs no process."""
        if limits:
            return ended(self.start(*options, **limits))
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(package, "FULL_ROWS", 1_000)
            patched.setattr(package, "HELD_BYTES", 20_000)
            for name in ("FULL_SECONDS", "FIRST_SECONDS"):
                patched.setattr(load_loop, name, 0.3)
            return self._run(*options)

    def run_plainly(self) -> None:
        """Run a plain sync with one package, which is quicker."""
        with whole_packages():
            code, text = self._run()
        assert code == 0, text

    def _run(self, *options: str) -> tuple[int, str]:
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("TIKTOK_API_URL", self.emulator.url)
            done = programs.command(*self._arguments(), *options)
        assert "Traceback" not in done.out + done.err
        return done.code, " ".join((done.out + done.err).split())

    def _arguments(self) -> tuple[str, ...]:
        return ("sync", "--config", str(self._config), "--to", self.database.address, "--streams", ",".join(TABLES))

    def again(self) -> tuple[str, ...]:
        """The options of a read of the days that `mark_old` marks."""
        return "--since", SINCE, "--until", UNTIL

    def mark_old(self) -> None:
        """Change all rows that the read replaces, and add one that TikTok does not have."""
        for name in REPORTS:
            self.database.change(f"UPDATE {name} SET impressions = -1 WHERE {within(name)}")  # noqa: S608
        for name in OBJECTS:
            self.database.change(f"UPDATE {name} SET operation_status = 'OLD'")  # noqa: S608
        columns = "advertiser_id, campaign_id, stat_time_day, impressions, _dlt_load_id"
        values = f"SELECT advertiser_id, {GONE}, '{SINCE}', -1, 'old' FROM campaigns_reports_daily LIMIT 1"  # noqa: S608
        self.database.change(f"INSERT INTO campaigns_reports_daily ({columns}) {values}")

    def old_and_new(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The number of old and of new rows per table, as one statement sees them."""
        old = dict.fromkeys(REPORTS, "impressions = -1") | dict.fromkeys(OBJECTS, "operation_status = 'OLD'")
        counts = [
            f"(SELECT count(*) FROM {name} WHERE {condition} AND {within(name)})"  # noqa: S608
            for name in TABLES
            for condition in (old[name], f"({old[name]}) IS NOT TRUE")
        ]
        ((*numbers,),) = self.database.ask(f"SELECT {', '.join(counts)}")
        return tuple(numbers[::2]), tuple(numbers[1::2])

    def rows(self) -> list[Any]:
        """All rows, without what says which sync brought them."""
        columns = {name: f"advertiser_id, {day_of(name)}, impressions, spend" for name in REPORTS}
        columns |= {"campaigns": "campaign_id, operation_status, budget", "ads": "ad_id, operation_status, ad_name"}
        return [sorted(self.database.ask(f"SELECT {columns[name]} FROM {name}"), key=repr) for name in TABLES]  # noqa: S608


def day_of(name: str) -> str:
    """The column of a report that has the day."""
    return "stat_time_hour" if "hourly" in name else "stat_time_day"


def within(name: str) -> str:
    """The condition for the days that are read; all rows of objects."""
    if name in OBJECTS:
        return "TRUE"
    return f"CAST({day_of(name)} AS DATE) BETWEEN '{SINCE}' AND '{UNTIL}'"


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for the end of a process. Returns its exit code and what it wrote."""
    text, _ = process.communicate(timeout=240)
    assert "Traceback" not in text, text
    return process.returncode, " ".join(text.split())


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """A small business without a quota."""
    options = Options(now=NOW, tier="unlimited", days=20, advertisers=2, ads_per_account=12, record_requests=0)
    with programs.emulator_beside(options) as running:
        yield running


@pytest.fixture(scope="module")
def filled(emulator: Emulator, places: Places, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Gives a database of a kind that is filled, with old rows where the next read replaces them."""

    @functools.cache
    def filled(kind: str) -> DuckDB | Postgres:
        folder = tmp_path_factory.mktemp("filled")
        reads = Reads(emulator, places.duckdb(folder) if kind == "duckdb" else places.postgres(), folder)
        reads.run_plainly()
        reads.mark_old()
        old, new = reads.old_and_new()
        assert all(old)
        assert not any(new)
        return reads.database

    return filled


@pytest.fixture
def reads(
    emulator: Emulator, filled: Callable[[str], Any], database: DuckDB | Postgres, tmp_path: Path
) -> Iterator[Reads]:
    """A copy of that database."""
    yield Reads(emulator, filled(database.kind).copy(tmp_path), tmp_path)
    emulator.faults.clear()


def is_all_old(seen: tuple[tuple[int, ...], tuple[int, ...]], before: tuple[int, ...]) -> bool:
    """Whether what a reader sees are all old rows; otherwise they must be all new ones."""
    old, new = seen
    if any(old):
        assert seen == (before, (0,) * len(TABLES))
        return True
    assert new == (before[0] - 1, *before[1:])  # without the row that TikTok does not have
    return False


def test_all_days_are_replaced_and_the_state_goes_on(reads: Reads, places: Places, tmp_path: Path) -> None:
    """Afterwards, the rows are those of a new database, and a plain sync reads the same windows as before."""
    before, _ = reads.old_and_new()
    code, text = reads.run(*reads.again())
    assert code == 0, text
    assert not is_all_old(reads.old_and_new(), before)
    (tmp_path / "fresh").mkdir()
    fresh = places.duckdb(tmp_path / "fresh") if reads.database.kind == "duckdb" else places.postgres()
    other = Reads(reads.emulator, fresh, tmp_path)
    other.run_plainly()
    assert reads.rows() == other.rows()
    requests = []
    for each in (reads, other):
        counted = reads.emulator.counters.total()
        each.run_plainly()
        requests.append(reads.emulator.counters.total() - counted)
    assert requests[0] == requests[1]


@pytest.mark.thorough
@pytest.mark.parametrize("steps", quickly(1, 7))
def test_a_kill_in_the_transaction_changes_nothing(reads: Reads, steps: int) -> None:
    """The process is killed after some steps of the transaction. The next read replaces everything."""
    before, _ = reads.old_and_new()
    code, text = reads.run(*reads.again(), steps=steps)
    assert code == -signal.SIGKILL, text
    assert is_all_old(reads.old_and_new(), before)
    assert reads.run(*reads.again())[0] == 0
    assert not is_all_old(reads.old_and_new(), before)


@pytest.mark.thorough
def test_readers_and_kills_at_any_moment_find_all_old_or_all_new_rows(reads: Reads) -> None:
    """A reader looks again and again while reads are killed at random moments, and one goes to its end."""
    before, _ = reads.old_and_new()
    chance = random.Random(7)
    reads.emulator.faults.add("path=report/integrated/get/,latency=0.1")
    watched: list[Any] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            try:
                watched.append(reads.old_and_new())
            except duckdb.IOException as error:  # a sync has the file open
                if "lock" not in str(error):
                    watched.append(error)
            time.sleep(0.3)

    reader = threading.Thread(target=watch)
    reader.start()
    try:
        killed = 0
        while killed < 5:
            process = reads.start(*reads.again())
            requests = reads.emulator.counters.total()
            while process.poll() is None and reads.emulator.counters.total() == requests:
                time.sleep(0.01)
            time.sleep(chance.uniform(0.0, 3.0))
            process.kill()
            code, text = ended(process)
            assert code in {0, -signal.SIGKILL}, text
            killed += code != 0
        # In a process of its own, because DuckDB lets one process open a file in one way only.
        assert ended(reads.start(*reads.again()))[0] == 0
    finally:
        over.set()
        reader.join()
    assert not is_all_old(reads.old_and_new(), before)
    assert {is_all_old(seen, before) for seen in watched} >= {True}


@pytest.mark.thorough
def test_a_table_that_refuses_its_rows_leaves_all_tables_as_they_were(reads: Reads) -> None:
    """The message names the table. Once it accepts rows, the read replaces everything."""
    before, _ = reads.old_and_new()
    table, column = "campaigns", "virtual_objective_type"
    reads.database.change(f"UPDATE {table} SET {column} = 'OLD'")  # noqa: S608
    reads.database.change(f"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL")
    code, text = reads.run(*reads.again())
    assert code == 1
    assert f"The table {table} does not accept the rows of a sync" in text
    assert "nothing of this read was loaded" in text
    assert is_all_old(reads.old_and_new(), before)
    reads.database.change(f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL")
    assert reads.run(*reads.again())[0] == 0
    assert not is_all_old(reads.old_and_new(), before)


@pytest.mark.thorough
def test_a_view_in_the_place_of_a_table_is_refused_before_anything_is_read(reads: Reads) -> None:
    """Nothing is replaced, unless the stream is left out."""
    before, _ = reads.old_and_new()
    reads.database.change("ALTER TABLE ads RENAME TO kept_ads; CREATE VIEW ads AS SELECT * FROM kept_ads")
    requests = reads.emulator.counters.total()
    code, text = reads.run(*reads.again())
    assert code == 1
    assert "ads is a view, so no rows can be written to it. All days of this read are replaced, or none" in text
    assert "leave out the stream ads" in text
    assert reads.emulator.counters.total() == requests
    assert is_all_old(reads.old_and_new(), before)


@pytest.mark.thorough
@pytest.mark.parametrize("database", ["duckdb"], indirect=True)
def test_a_full_disk_changes_nothing(reads: Reads) -> None:
    """Nothing more can be written once the transaction has begun."""
    before, _ = reads.old_and_new()
    code, text = reads.run(*reads.again(), size=4096)
    assert code not in {0, -signal.SIGKILL}, text
    assert is_all_old(reads.old_and_new(), before)
    assert reads.run(*reads.again())[0] == 0
    assert not is_all_old(reads.old_and_new(), before)


def test_an_interruption_changes_nothing_and_says_so(reads: Reads) -> None:
    """Ctrl-C in the middle of the read."""
    before, _ = reads.old_and_new()
    reads.emulator.faults.add("path=report/integrated/get/,latency=1")
    process = reads.start(*reads.again())
    requests = reads.emulator.counters.total("report/integrated/get/")
    while process.poll() is None and reads.emulator.counters.total("report/integrated/get/") < requests + 3:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    code, text = ended(process)
    assert code == 128 + signal.SIGINT, text
    assert "nothing of it is loaded" in text
    assert "What it had read is loaded" not in text
    assert is_all_old(reads.old_and_new(), before)


def test_an_account_that_cannot_be_read_keeps_its_rows_and_the_others_are_replaced(reads: Reads) -> None:
    """What was read of the other accounts is whole, and is replaced together."""
    reads.emulator.faults.add(f"path=report/integrated/get/,advertiser={reads.emulator.advertiser_ids[0]},code=40001")
    code, text = reads.run(*reads.again())
    assert code == 1, text
    accounts = reads.database.ask(
        "SELECT advertiser_id, min(impressions), max(impressions) FROM ads_reports_daily"  # noqa: S608
        f" WHERE {within('ads_reports_daily')} GROUP BY 1"
    )
    assert {account: (least < 0, most < 0) for account, least, most in accounts} == {
        int(advertiser): (number == 0, number == 0) for number, advertiser in enumerate(reads.emulator.advertiser_ids)
    }
