"""The whole sync under a virtual clock, disturbed in every way that a seed comes up with."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.loop import Deadlock, TooLate, VirtualLoop, run
from simulation.run import figures, run_all
from simulation.trial import Report

SCHEDULES = 2_000
FIRST = 1
SCRIPT = Path(__file__).with_name("run.py")


def test_no_disturbance_costs_a_row() -> None:
    """After any faults, kills and moves the rows and states are those of an undisturbed sync; no exit code lies."""
    total, failed = Report(), []
    for report, failures in run_all(FIRST, SCHEDULES, os.cpu_count() or 1):
        total.add(report)
        failed += failures
    assert failed == [], "\n".join(f"python tests/simulation/run.py --seed {seed}: {why[:500]}" for seed, why in failed)
    assert total.schedules == SCHEDULES
    assert total.lost == 0, figures(total, len(failed))
    happened = set(total.faults) | set(total.endings)
    assert {"kill", "gone", "stop", "exit 0", "exit 1", "hang", "cut", "40100", "60001", "502", "lookup"} <= happened


@pytest.mark.parametrize("seed", [7, 23])
def test_a_seed_replays_exactly(seed: int) -> None:
    """Two processes that hash differently tell the same story, to the millisecond."""
    stories = [told(seed, hashing) for hashing in ("1", "2")]
    assert stories[0] == stories[1]
    assert len(stories[0]) > 20


def told(seed: int, hashing: str) -> list[str]:
    """What a process tells of a seed."""
    done = subprocess.run(  # noqa: S603 - this Python and this repository's script
        [sys.executable, SCRIPT, "--seed", str(seed)],
        env={**os.environ, "PYTHONHASHSEED": hashing},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if not line.startswith("took")]


def test_hours_pass_at_once() -> None:
    """Timers fire in their order, at their time."""
    loop, fired = VirtualLoop(), []

    async def wait(seconds: float) -> None:
        await asyncio.sleep(seconds)
        fired.append((seconds, round(loop.time(), 3)))

    async def all_of_them() -> None:
        await asyncio.gather(wait(7200), wait(60), wait(3600))

    run(loop, all_of_them())
    assert fired == [(60, 60), (3600, 3600), (7200, 7200)]


def test_a_deadlock_is_noticed() -> None:
    """Waiting for nothing is an error, not a wait without end."""
    with pytest.raises(Deadlock):
        run(VirtualLoop(), asyncio.Event().wait())


def test_what_goes_on_for_ever_is_noticed() -> None:
    """There is a time after which a sync should have ended."""
    with pytest.raises(TooLate):
        run(VirtualLoop(limit=1000), asyncio.sleep(1001))
