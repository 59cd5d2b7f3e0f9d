"""Reports of Business Centers are examined like others: their rows are compared with TikTok's."""

from __future__ import annotations

from pathlib import Path

from doctor.conftest import Doctor, World, synced

DAILY = "advertisers_business_center_reports_daily"
DAY = "2026-06-03"


def test_a_damaged_day_is_found(world: World, tmp_path: Path) -> None:
    """A database as a sync left it is well. A missing row is found, with its day and its stream."""
    config = world.config(start_date="2026-05-30")
    assert synced(world, tmp_path / "x.duckdb", config, f"advertisers,{DAILY}").complete
    doctor = Doctor(world, tmp_path / "x.duckdb")
    wrong = [finding for finding in doctor.examine(config).findings if finding.severity == "wrong"]
    assert not wrong
    assert doctor.damage(f"DELETE FROM {DAILY} WHERE stat_time_day = '{DAY}'")  # noqa: S608 - our own statement
    wrong = [finding for finding in doctor.examine(config).findings if finding.severity == "wrong"]
    assert wrong
    assert {finding.stream for finding in wrong} == {DAILY}
    assert {str(day) for finding in wrong for day in finding.days} == {DAY}
