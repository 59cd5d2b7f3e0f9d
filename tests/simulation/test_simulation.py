"""The whole sync under a virtual clock, with every disturbance that a seed decides."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulation.faults import MAINTENANCE, Fault
from simulation.loop import Deadlock, TooLate, VirtualClock, VirtualLoop, run
from simulation.process import Components
from simulation.rewriting import rewriting
from simulation.run import Watch, figures, quote, run_all, seeds_reading
from simulation.schedule import Session, schedule_of
from simulation.trial import Report, Simulation, run_schedule
from support import quickly
from tiktok_marketing.config import AsyncReports

FIRST = 1
FOUND = (90003675, 90004074, 90001133, 300083897, 300091880)
"""Seeds of schedules that found old figures in files of asynchronous reports, a slow request that was repeated, a list
of campaigns that was taken for whole because TikTok did not tell the cost of the store again, and a slow request that
was repeated after a file."""
SCRIPT = Path(__file__).with_name("run.py")


@pytest.mark.parametrize("schedules", [150, pytest.param(800, marks=pytest.mark.thorough)])
def test_no_disturbance_costs_a_row(schedules: int) -> None:
    """After any faults, kills and changes, rows and states equal those of an undisturbed sync."""
    total, failed = Report(), []
    for report, failures in run_all(range(FIRST, FIRST + schedules), os.cpu_count() or 1):
        total.add(report)
        failed += failures
    assert failed == [], "\n".join(f"python tests/simulation/run.py --seed {seed}: {why[:500]}" for seed, why in failed)
    assert total.schedules == schedules > total.late > schedules // 4
    assert total.lost == 0, figures(total, len(failed))
    happened = set(total.faults) | set(total.endings)
    assert {"over the quota (40100)", "ads left out", "report too large (silence)"} <= set(total.limits)
    assert {"kill", "gone", "stop", "exit 0", "exit 1", "hang", "cut", "40100", "lookup"} <= happened
    assert {"60001", "502"} <= happened or schedules < 800  # maintenance is rare


@pytest.mark.parametrize("seed", quickly(*FOUND))
def test_a_schedule_that_found_a_fault_loses_nothing(seed: int) -> None:
    """Few schedules show these faults."""
    assert run_schedule(seed, Components).lost == 0


@pytest.mark.parametrize("seed", quickly(7, 23))
def test_a_seed_replays_exactly(seed: int) -> None:
    """Two processes with different hash seeds have the same story, to the millisecond."""
    stories = [story_of(seed, hashing) for hashing in ("1", "2")]
    assert stories[0] == stories[1]
    assert len(stories[0]) > 20


def story_of(seed: int, hashing: str) -> list[str]:
    """What a process prints about a seed."""
    done = subprocess.run(  # noqa: S603 - this Python and this repository's script
        [sys.executable, SCRIPT, "--seed", str(seed)],
        env={**os.environ, "PYTHONHASHSEED": hashing},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stdout.splitlines() if not line.startswith("took")]
    # What is cancelled at one moment is cancelled in no order: asyncio keeps the tasks of a group in a set.
    runs = itertools.groupby(lines, key=lambda line: line.endswith(": given up"))
    return [line for cancelled, run in runs for line in (sorted(run) if cancelled else run)]


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.thorough
def test_a_stopped_run_prints_its_figures(processes: int) -> None:
    """After SIGTERM in the middle of 100,000 schedules: the figures so far, and its own exit code."""
    command = [sys.executable, SCRIPT, "--schedules", "100000", "--processes", str(processes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - as above
        assert process.stdout is not None
        assert process.stdout.readline().startswith("100,000 schedules")
        process.terminate()
        rest = process.stdout.read()
    assert process.returncode == 130
    assert "rows lost" in rest
    assert "was stopped before its end" in rest
    assert "Traceback" not in rest


def report_of(seed: int, session: Session, **limits: int) -> Report:
    """The report of a schedule with these faults and limits only."""
    schedule = schedule_of(seed)
    schedule.sessions = [session]
    story_of = schedule.api.limits
    story_of.page, story_of.ads, story_of.heavy, story_of.per_second, story_of.per_minute = (
        1000,
        20_000,
        10**9,
        10**9,
        10**9,
    )
    for name, value in limits.items():
        setattr(story_of, name, value)
    return Simulation(schedule).run()


def test_faults_and_limits_are_counted_separately() -> None:
    """A schedule's faults have one count, and the model's own limits another."""
    faulty = report_of(3, Session(faults=[Fault(40100, 0.0, 30.0, 1.0)], after_contact=False))
    assert faulty.faults.keys() == {"40100"}
    assert "over the quota (40100)" not in faulty.limits
    slow = report_of(3, Session(), per_second=1, per_minute=60)
    assert not slow.faults
    assert slow.limits["over the quota (40100)"] > 0


@pytest.mark.parametrize("kind", [MAINTENANCE, 50000, 502, 40100, 40133, "lookup", "reset", "half", "garbage"])
def test_ten_minutes_without_an_answer_cost_no_row(kind: int | str) -> None:
    """Whatever fault every request meets for ten minutes, the sync succeeds, and its rows are compared."""
    report = report_of(3, Session(faults=[Fault(kind, 0.0, 600.0, 1.0)]))
    assert report.faults[str(kind)] > 5
    assert report.endings["exit 0"] == 1
    assert report.rows > report.lost == 0


class _NoZones(Components):
    """TikTok gives no time zone."""

    network = rewriting(rb'"(display_)?timezone":"[^"]*",', b"")


@pytest.mark.parametrize(
    "seed", [*range(25), *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(25, 100))]
)
def test_no_row_is_lost_where_no_time_zone_is_known(seed: int) -> None:
    """Nobody knows when a day ends then: the state must not be ahead of any account's days."""
    assert run_schedule(seed, _NoZones).lost == 0


def test_the_figures_are_a_table_and_one_line() -> None:
    """Each kind has its own count, and the last line can be quoted."""
    report = Report(schedules=1200, syncs=4000, rows=70_000, lost=2)
    report.faults.update({"50000": 1500, "lookup": 20})
    report.limits.update({"over the quota (40100)": 3000})
    report.endings.update({"kill": 5, "gone": 2, "stop": 1})
    table = figures(report, 0)
    lines = [line.rsplit(maxsplit=1) for line in table.splitlines() if line]
    counts = {name.strip(): count for name, count in lines}
    assert (counts["50000"], counts["over the quota (40100)"], counts["rows lost"]) == ("1,500", "3,000", "2")
    assert (counts["injected faults"], counts["the model's own limits"]) == ("1,520", "3,000")
    output = "1,200 schedules, 4,000 syncs, 1,520 faults, 7 kills, 1 stops, 70,000 rows compared, 2 rows lost"
    assert quote(report) == table.splitlines()[-1] == output


def test_a_long_run_reports_its_progress(capsys: pytest.CaptureFixture[str]) -> None:
    """A line comes now and then, and a failing seed is reported at once."""
    with Watch(1000, every=0.001) as watch:
        watch.take(Report(schedules=20), [(17, "a row is missing")])
        output = ""
        while "20 of 1,000 schedules, 1 failing seeds" not in output:
            output += capsys.readouterr().out
    assert output.index("seed 17 failed: a row is missing") < output.index("20 of 1,000")
    assert "--seed 17" in output


def test_schedules_can_be_chosen_by_what_they_read() -> None:
    """A name, or what names have in common."""
    seeds = range(1, 200)
    of_products = seeds_reading(seeds, ["gmv_max_product_reports_daily"])
    of_gmv_max = seeds_reading(seeds, ["campaigns_none", "gmv_max_*"])
    assert set(of_products) < set(of_gmv_max) < set(seeds)
    assert seeds_reading(seeds, ["no_stream"]) == []
    asynchronous = seeds_reading(seeds, ["async_reports"])
    assert len(asynchronous) > 10
    assert all(schedule_of(seed).config.async_reports is not AsyncReports.OFF for seed in asynchronous)
    names = [[each.stream.name for each in schedule_of(seed).selected] for seed in of_products]
    assert names
    assert all("gmv_max_product_reports_daily" in read for read in names)


def test_a_name_that_no_schedule_reads_is_an_error() -> None:
    """Otherwise a misspelled name would pass: no schedule ran, so none failed."""
    command = [sys.executable, SCRIPT, "--schedules", "100", "--reading", "campaigns", "campains"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    assert done.returncode == 2
    assert "none of 100 schedules from seed 1 on reads campains" in done.stderr


def test_hours_pass_at_once() -> None:
    """Timers run in their order, at their time."""
    loop, fired = VirtualLoop(), []

    async def wait(seconds: float) -> None:
        await asyncio.sleep(seconds)
        fired.append((seconds, round(loop.time(), 3)))

    async def all_of_them() -> None:
        await asyncio.gather(wait(7200), wait(60), wait(3600))

    run(loop, all_of_them())
    assert fired == [(60, 60), (3600, 3600), (7200, 7200)]


@pytest.mark.parametrize("seconds", [1e-7, 1e-12])
def test_the_shortest_wait_takes_time(seconds: float) -> None:
    """A task that waits again and again for almost nothing makes progress, as under any real clock."""
    loop = VirtualLoop()
    clock = VirtualClock(loop, datetime(2026, 1, 1, tzinfo=UTC))

    async def wait() -> None:
        until = clock.monotonic() + seconds
        for _ in range(10):
            await clock.sleep(seconds)
        assert clock.monotonic() > until

    run(loop, wait())


def test_a_deadlock_is_noticed() -> None:
    """Waiting for nothing is an error, not an endless wait."""
    with pytest.raises(Deadlock):
        run(VirtualLoop(), asyncio.Event().wait())


def test_an_endless_run_is_noticed() -> None:
    """After a time limit, a sync should have ended."""
    with pytest.raises(TooLate):
        run(VirtualLoop(limit=1000), asyncio.sleep(1001))
