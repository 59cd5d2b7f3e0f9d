"""The project in `examples/dbt` runs with dbt-duckdb on a database that a sync has filled."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from emulator_process import emulator_process
from programs import command

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "dbt"
DBT = (ROOT / os.environ["DBT"] / "bin" / "dbt").absolute()


def test_the_page_shows_the_model_as_it_is() -> None:
    """Whoever copies from the page gets what is tested here."""
    page = (ROOT / "docs" / "schedules.md").read_text()
    assert (EXAMPLE / "models" / "weekly_spend.sql").read_text() in page


def test_the_example_builds_after_a_sync_and_again_after_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its table has the spend of the view, and its tests pass."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(EXAMPLE, tmp_path / "dbt")
    with emulator_process("--advertisers", "2", "--days", "20", "--ads-per-account", "5") as api:
        names = ("app_id", "secret", "access_token")
        credentials = {"auth_type": "oauth2.0", **{name: api.info[name] for name in names}}
        Path("tiktok-marketing.json").write_text(json.dumps({"credentials": credentials, "requests_per_second": 500}))
        monkeypatch.setenv("TIKTOK_API_URL", api.url)
        for _ in range(2):
            synced = command("sync", "--to", "duckdb:///tiktok.duckdb", "--preset", "basics", "--views")
            assert synced.code == 0, synced.err
            built = subprocess.run(  # noqa: S603 - the program of the environment
                [DBT, "build", "--profiles-dir", ".", "--no-send-anonymous-usage-stats"],
                cwd=tmp_path / "dbt",
                env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TIKTOK_DUCKDB": str(tmp_path / "tiktok.duckdb")},
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            assert built.returncode == 0, built.stdout + built.stderr
            assert "PASS=3 WARN=0 ERROR=0" in built.stdout
            with duckdb.connect("tiktok.duckdb", read_only=True) as connection:
                ((ours, theirs),) = connection.sql(
                    "SELECT (SELECT sum(spend) FROM tiktok_ads.daily_by_campaign),"
                    " (SELECT sum(spend) FROM marts.weekly_spend)"
                ).fetchall()
            assert ours == theirs > 0
