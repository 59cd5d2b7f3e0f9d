"""The source of dlt loads the rows that `sync` loads, and behaves as dlt's users expect of a source."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

import dlt
import programs
from support import NOW, config_for, quickly
from tiktok_marketing import load
from tiktok_marketing.catalog import STREAMS, stream_named
from tiktok_marketing.config import parse_config
from tiktok_marketing.dlt import raise_if_incomplete, tiktok_marketing
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.errors import IncompleteReadError

ROOT = Path(__file__).parents[2]
DAILY = "campaigns_reports_daily"
NAMES = [DAILY, "advertisers_reports_hourly", "ads_reports_lifetime", "campaigns", "ads", "advertisers"]
DAYS = {"start_date": "2026-05-20", "end_date": "2026-06-12", "attribution_window": 2}


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A business that the source reads, with the credentials where dlt finds them."""
    options = Options(now=NOW, tier="unlimited", advertisers=3, days=40, ads_per_account=10, not_granted=0)
    with programs.emulator_beside(options) as emulator:
        monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
        monkeypatch.setenv("SOURCES__TIKTOK_MARKETING__ACCESS_TOKEN", emulator.access_token)
        monkeypatch.setenv("SOURCES__TIKTOK_MARKETING__APP_ID", emulator.app_id)
        monkeypatch.setenv("SOURCES__TIKTOK_MARKETING__SECRET", emulator.secret)
        monkeypatch.setenv("SOURCES__TIKTOK_MARKETING__REQUESTS_PER_SECOND", "500")
        monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        monkeypatch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")
        yield emulator


class Pipeline:
    """A pipeline into a DuckDB file.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "dlt.duckdb"
        self.dlt = dlt.pipeline(
            "test_of_the_source",
            destination=dlt.destinations.duckdb(str(self.path)),
            dataset_name="ads",
            pipelines_dir=str(folder / "pipelines"),
        )

    def run(self, source: Any, **options: Any) -> dict[str, int]:
        """Run the source. Returns the number of rows that it read per table."""
        self.dlt.run(source, **options)
        counts: dict[str, int] = self.dlt.last_trace.last_normalize_info.row_counts
        return {name: rows for name, rows in counts.items() if not name.startswith("_dlt")}

    def rows(self, name: str, schema: str = "ads", path: Path | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of a table, sorted, without the columns of dlt and of misfits."""
        with duckdb.connect(str(path or self.path), read_only=True) as connection:
            relation = connection.sql(f"SELECT * FROM {schema}.{name}")  # noqa: S608 - names of the catalog
            names = sorted(column for column in relation.columns if not column.startswith("_"))
            return sorted(relation.select(", ".join(names)).fetchall(), key=repr)


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    """A pipeline into a new DuckDB file."""
    return Pipeline(tmp_path)


@pytest.mark.parametrize("parallelized", quickly(False, True))
def test_it_loads_the_rows_that_sync_loads(
    emulator: Emulator, pipeline: Pipeline, tmp_path: Path, parallelized: bool
) -> None:
    """All columns of all kinds of streams are equal, and the second run reads only what is new."""
    config = parse_config(config_for(emulator, include_deleted=True, **DAYS))
    assert load(config, f"duckdb:///{tmp_path / 'sync.duckdb'}", streams=NAMES).complete
    first = pipeline.run(tiktok_marketing(streams=NAMES, **DAYS, parallelized=parallelized))
    for name in NAMES:
        assert pipeline.rows(name) == pipeline.rows(name, "tiktok_ads", tmp_path / "sync.duckdb"), name
    second = pipeline.run(tiktok_marketing(streams=NAMES, **DAYS, parallelized=parallelized))
    assert second[DAILY] < first[DAILY] / 2
    for name in NAMES:
        assert pipeline.rows(name) == pipeline.rows(name, "tiktok_ads", tmp_path / "sync.duckdb"), name


def test_a_later_run_goes_on_from_the_state_in_the_destination(
    emulator: Emulator, pipeline: Pipeline, tmp_path: Path
) -> None:
    """Dlt keeps the state of each resource with the rows, so that another machine goes on."""
    assert emulator.url
    pipeline.run(tiktok_marketing(streams=[DAILY], start_date="2026-05-20", end_date="2026-06-05"))
    other = dlt.pipeline(
        "test_of_the_source",
        destination=dlt.destinations.duckdb(str(pipeline.path)),
        dataset_name="ads",
        pipelines_dir=str(tmp_path / "elsewhere"),
    )
    before = len(pipeline.rows(DAILY))
    pipeline.dlt = other
    read = pipeline.run(tiktok_marketing(streams=[DAILY], **DAYS))
    assert 0 < read[DAILY] < len(pipeline.rows(DAILY))
    assert len(pipeline.rows(DAILY)) > before


def test_a_refresh_reads_everything_again(emulator: Emulator, pipeline: Pipeline) -> None:
    """`refresh` is dlt's own way to forget tables and states."""
    assert emulator.url
    first = pipeline.run(tiktok_marketing(streams=[DAILY], **DAYS))
    again = pipeline.run(tiktok_marketing(streams=[DAILY], **DAYS), refresh="drop_sources")
    assert again == first
    assert len(pipeline.rows(DAILY)) == first[DAILY]


HOURLY, LIFETIME = "advertisers_reports_hourly", "ads_reports_lifetime"


@pytest.mark.thorough
@pytest.mark.parametrize("share", quickly("0.5", "1"))
def test_days_and_hours_that_tiktok_empties_have_no_rows_afterwards(
    emulator: Emulator, pipeline: Pipeline, tmp_path: Path, share: str
) -> None:
    """The second run finds no rows, or fewer, and leaves what `sync` leaves: also where an hour of a day is gone."""
    names = [DAILY, HOURLY, LIFETIME]
    config = parse_config(config_for(emulator, include_deleted=True, **DAYS))
    path = tmp_path / "sync.duckdb"
    assert load(config, str(path), streams=names).complete
    pipeline.run(tiktok_marketing(streams=names, **DAYS))
    before = {name: pipeline.rows(name) for name in names}
    emulator.faults.add(f"path=report/integrated/get/,lack={share}")
    load(config, str(path), streams=names)
    pipeline.run(tiktok_marketing(streams=names, incomplete="load", **DAYS))
    for name in names:
        after = pipeline.rows(name)
        assert after == pipeline.rows(name, "tiktok_ads", path), name
        assert len(after) < len(before[name])
    if share == "1":
        assert len(pipeline.rows(DAILY)) > 0
        assert pipeline.rows(LIFETIME) == []


def test_rows_of_hidden_objects_stay(emulator: Emulator, pipeline: Pipeline) -> None:
    """Without deleted objects, TikTok hides their rows, so that a row that is missing need not be gone."""
    options = {**DAYS, "include_deleted": False}
    pipeline.run(tiktok_marketing(streams=[DAILY], **options))
    before = pipeline.rows(DAILY)
    emulator.faults.add("path=report/integrated/get/,lack=1")
    pipeline.run(tiktok_marketing(streams=[DAILY], incomplete="load", **options))
    assert pipeline.rows(DAILY) == before


def test_resources_are_chosen_and_limited_as_in_any_source(emulator: Emulator, pipeline: Pipeline) -> None:
    """`with_resources` reads nothing else, and `add_limit` stops early without a state that lies."""
    source = tiktok_marketing(**DAYS)
    assert set(source.resources) == {stream.name for stream in STREAMS}
    pipeline.run(source.with_resources(DAILY).add_limit(1))
    part = len(pipeline.rows(DAILY))
    assert not any("campaign/get" in request.path for request in emulator.counters.requests)
    pipeline.run(tiktok_marketing(streams=[DAILY], **DAYS))
    assert len(pipeline.rows(DAILY)) > part


def test_each_resource_has_its_key_and_its_disposition(emulator: Emulator) -> None:
    """Keys contain the account. Days are replaced as a whole, unless TikTok may hide rows of them."""
    assert emulator.url
    source = tiktok_marketing(streams=[DAILY, "campaigns"], **DAYS)
    daily = source.resources[DAILY].compute_table_schema()
    keys = {name for name, column in daily["columns"].items() if column.get("primary_key")}
    merged = {name for name, column in daily["columns"].items() if column.get("merge_key")}
    assert keys == set(getattr(stream_named(DAILY), "table_key", ()))
    assert merged == {"advertiser_id", "stat_time_day"}
    assert daily["write_disposition"] == "merge"
    assert daily["columns"]["spend"]["description"]
    hidden = tiktok_marketing(streams=[DAILY], include_deleted=False, **DAYS).resources[DAILY].compute_table_schema()
    assert not any(column.get("merge_key") for column in hidden["columns"].values())


def test_an_account_that_cannot_be_read_ends_the_run(emulator: Emulator, pipeline: Pipeline) -> None:
    """Never fewer rows and no error: by default, nothing of the run is loaded."""
    account = emulator.advertiser_ids[0]
    emulator.faults.add(f"path=campaign/get/,advertiser={account},code=40001,times=100000")
    with pytest.raises(Exception, match=r"40001|permission|access") as raised:
        pipeline.run(tiktok_marketing(streams=["campaigns"], **DAYS))
    assert str(account) in str(raised.value)
    assert "incomplete='load'" in str(raised.value)
    assert not pipeline.path.exists() or not _tables(pipeline.path)


def test_the_rest_is_loaded_if_that_is_wanted(emulator: Emulator, pipeline: Pipeline) -> None:
    """`raise_if_incomplete` then says what is missing, until a run could read it."""
    account = emulator.advertiser_ids[0]
    emulator.faults.add(f"path=campaign/get/,advertiser={account},code=40001,times=100000")
    pipeline.run(tiktok_marketing(streams=["campaigns"], incomplete="load", **DAYS))
    assert pipeline.rows("campaigns")
    with pytest.raises(IncompleteReadError, match=str(account)):
        raise_if_incomplete(pipeline.dlt)
    emulator.faults.clear()
    pipeline.run(tiktok_marketing(streams=["campaigns"], incomplete="load", **DAYS))
    raise_if_incomplete(pipeline.dlt)


def test_a_missing_token_is_asked_for_by_dlt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Dlt's own error says where it looked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOURCES__TIKTOK_MARKETING__ACCESS_TOKEN", raising=False)
    with pytest.raises(dlt.common.configuration.exceptions.ConfigFieldMissingException, match="access_token"):
        tiktok_marketing(streams=["campaigns"])


def test_a_wrong_stream_is_refused_with_the_nearest_name(emulator: Emulator) -> None:
    """As everywhere."""
    assert emulator.url
    with pytest.raises(Exception, match="does not exist"):
        tiktok_marketing(streams=["campaign"])


def test_the_example_runs(tmp_path: Path) -> None:
    """With the credentials in the environment, and the clock of the machine."""
    options = Options(now=datetime.now(UTC), tier="unlimited", advertisers=2, days=40, ads_per_account=8)
    with programs.emulator_beside(options) as emulator:
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "TIKTOK_API_URL": emulator.url,
            "SOURCES__TIKTOK_MARKETING__ACCESS_TOKEN": emulator.access_token,
            "SOURCES__TIKTOK_MARKETING__APP_ID": emulator.app_id,
            "SOURCES__TIKTOK_MARKETING__SECRET": emulator.secret,
            "SOURCES__TIKTOK_MARKETING__ADVERTISER_IDS": f'["{emulator.advertiser_ids[0]}"]',
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "DLT_DATA_DIR": str(tmp_path / "dlt"),  # not /var/dlt, which root would share
        }
        for _ in range(2):
            ended = subprocess.run(  # noqa: S603
                [sys.executable, str(ROOT / "examples" / "dlt_pipeline.py")],
                env=variables,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
            assert ended.returncode == 0, ended.stderr
            assert "load package(s) were loaded" in ended.stdout
            assert re.search(r": [\d,]+\.\d\d$", ended.stdout, re.MULTILINE)
    assert (tmp_path / "tiktok.duckdb").exists()


def _tables(path: Path) -> list[str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
