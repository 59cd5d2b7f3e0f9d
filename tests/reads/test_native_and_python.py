"""Reports read with the C extension and on the pure-Python path have the same rows."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from support import NOW, config_for, read_from, whole_packages
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.pipelines.databases.destination import DEFAULT_DATASET
from tiktok_marketing.pipelines.load import RunOptions, load_async
from tiktok_marketing.sync.decode import native as rows

REPORTS = [stream.name for stream in STREAMS if stream.is_report]

pytestmark = pytest.mark.skipif(rows.NATIVE is None, reason="the C extension is not built here: there is no compiler")


def options() -> Options:
    """Accounts with pages of all sizes."""
    return Options(now=NOW, tier="unlimited", days=45, advertisers=2, ads_per_account=25)


@pytest.mark.thorough
async def test_records_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """For every report, with one row per page or hundreds."""
    async with Emulator(options()) as emulator:
        config = config_for(emulator, start_date="2026-06-12", include_deleted=True)

        async def read_lines() -> list[str]:
            outcome = await read_from(emulator, config, REPORTS)
            assert outcome.exit_code == 0
            records = outcome.of_type("RECORD")
            return sorted(json.dumps([record["stream"], record["data"]]) for record in records)

        with_c = await read_lines()
        monkeypatch.setattr(rows, "NATIVE", None)
        assert await read_lines() == with_c
        assert len(with_c) > 1_000


@pytest.mark.thorough
async def test_tables_are_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Types, values and nulls of every table."""
    async with Emulator(options()) as emulator:
        config = parse_config(config_for(emulator, start_date="2026-06-14"))

        async def loaded(path: Path) -> None:
            circumstances = RunOptions(clock=FixedClock(NOW), address=emulator.url)
            summary = await load_async(config, f"duckdb:///{path}", streams=REPORTS, options=circumstances)
            assert summary.complete

        with whole_packages():
            await loaded(tmp_path / "c.duckdb")
            monkeypatch.setattr(rows, "NATIVE", None)
            await loaded(tmp_path / "python.duckdb")
    with duckdb.connect() as connection:
        for name in ("c", "python"):
            connection.execute(f"ATTACH '{tmp_path / name}.duckdb' AS {name} (READ_ONLY)")
        for table in REPORTS:
            in_c, in_python = (
                connection.sql(f"SELECT * EXCLUDE (_dlt_load_id) FROM {name}.{DEFAULT_DATASET}.{table}")  # noqa: S608
                for name in ("c", "python")
            )
            assert in_c.shape == in_python.shape
            assert in_c.shape[0] > 0
            assert in_c.types == in_python.types
            assert in_c.columns == in_python.columns
            assert in_c.except_(in_python).shape[0] == in_python.except_(in_c).shape[0] == 0
