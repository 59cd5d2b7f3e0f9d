# ruff: noqa: S608 - the statements are our own
"""Streams on request are examined as the others are: each damage is found, and the printed remedy fixes it."""

from __future__ import annotations

import shlex
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from doctor.conftest import NOW, Doctor, World, synced
from tiktok_marketing.catalog import ReportStream, stream_named
from tiktok_marketing.cli.doctor import _SyncCommand
from tiktok_marketing.doctor import Severity

REPORTS = (
    "gmv_max_live_campaign_reports_daily",
    "gmv_max_product_reports_daily",
    "gmv_max_live_room_reports_hourly",
    "advertisers_shop_reports_by_country_daily",
    "smart_plus_reports_by_creative_daily",
    "campaigns_reports_by_country_daily",
    "campaigns_audience_reports_by_language_daily",
)
TOTALS = ("gmv_max_product_reports_lifetime", "smart_plus_ads_reports_by_text_lifetime")
"""Reports without days. Their figures change with every sync, so only the bookkeeping shows that rows are gone."""
OBJECTS = (
    "gmv_max_campaigns",
    "gmv_max_campaign_details",
    "gmv_max_sessions",
    "gmv_max_videos",
    "smart_plus_ads",
    "ad_reviews",
    "languages",
)
STREAMS = ",".join((*REPORTS, *TOTALS, *OBJECTS))
DAYS: dict[str, Any] = {"start_date": "2026-06-01"}
SOON = timedelta(seconds=5)


pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def filled(running: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with streams on request of each kind."""
    path = tmp_path_factory.mktemp("on_request") / "x.duckdb"
    assert synced(running, path, running.config(**DAYS), STREAMS).complete
    return path


@pytest.fixture
def patient(world: World, filled: Path, tmp_path: Path) -> Doctor:
    """A doctor for a copy of that database."""
    return Doctor(world, Path(shutil.copy(filled, tmp_path / "x.duckdb")))


def examined(patient: Doctor, name: str | None = None, **options: Any) -> list[Any]:
    """What is wrong with a stream, or with the whole database."""
    chosen = {} if name is None else {"streams": (name,)}
    return list(patient.examine(patient.world.config(**DAYS), **chosen, **options).of(Severity.WRONG))


def time_of(name: str) -> str | None:
    """The column of a report's days; None if it has none."""
    stream = stream_named(name)
    assert stream is not None
    return stream.cursor if stream.is_report else None


def cost_of(name: str) -> str:
    """The column of the money of a report."""
    stream = stream_named(name)
    assert isinstance(stream, ReportStream)
    return "cost" if "cost" in stream.metrics else "spend"


def a_row(patient: Doctor, name: str) -> tuple[str, str, str]:
    """A row of a table that is final: its account, its day and a condition for its rows, or for it alone."""
    time = time_of(name)
    if time is None:
        account = patient.ask(f"SELECT advertiser_id::VARCHAR FROM {name} LIMIT 1")[0][0]
        return account, "", f"rowid = (SELECT min(rowid) FROM {name} WHERE advertiser_id = {account})"
    account, day = patient.ask(
        f"SELECT advertiser_id::VARCHAR, {time}::DATE::VARCHAR FROM {name} WHERE {time} BETWEEN '2026-06-03' AND "
        f"'2026-06-08' AND {cost_of(name)} > 0 ORDER BY {cost_of(name)} DESC LIMIT 1"
    )[0]
    return account, day, f"advertiser_id = {account} AND {time}::DATE = '{day}'"


def forget_counts(patient: Doctor, name: str) -> None:
    """Let the bookkeeping agree with the damage, so that only TikTok shows it."""
    patient.damage(f"UPDATE _tiktok_loads SET kept_rows = (SELECT count(*) FROM {name}) WHERE stream = '{name}'")


def cure(patient: Doctor, findings: list[Any], moment: int) -> None:
    """Run the commands that the findings print."""
    for remedy in {_SyncCommand("config.json", str(patient.path), "tiktok_ads").remedy(each) for each in findings}:
        words = shlex.split(remedy)
        streams = words[words.index("--streams") + 1]
        full, now = "--full" in words, NOW + moment * SOON
        assert patient.sync(patient.world.config(**DAYS), streams, full=full, now=now).complete


def test_a_database_as_a_sync_left_it_is_well(patient: Doctor) -> None:
    """Every kind of stream is examined, none is taken for damaged, and each has rows."""
    assert not examined(patient)
    for name in (*REPORTS, *TOTALS, *OBJECTS):
        assert patient.ask(f"SELECT count(*) FROM {name}")[0][0], name


@pytest.mark.parametrize("name", REPORTS)
def test_a_missing_day_is_found_and_its_remedy_helps(patient: Doctor, name: str) -> None:
    """TikTok has its rows."""
    account, day, where = a_row(patient, name)
    assert patient.damage(f"DELETE FROM {name} WHERE {where}")
    forget_counts(patient, name)
    findings = examined(patient, name)
    assert findings
    assert {(each.stream, each.advertiser_id) for each in findings} == {(name, account)}
    assert day in {str(each) for finding in findings for each in finding.days}
    cure(patient, findings, 1)
    assert not examined(patient, name, now=NOW + 2 * SOON)


@pytest.mark.parametrize("name", REPORTS)
def test_a_changed_figure_is_found_and_its_remedy_helps(patient: Doctor, name: str) -> None:
    """TikTok has another one."""
    account, day, where = a_row(patient, name)
    cost = cost_of(name)
    assert patient.damage(f"UPDATE {name} SET {cost} = {cost} + 1 WHERE {where}")
    findings = examined(patient, name)
    assert findings
    assert {(each.stream, each.advertiser_id) for each in findings} == {(name, account)}
    assert day in {str(each) for finding in findings for each in finding.days}
    cure(patient, findings, 1)
    assert not examined(patient, name, now=NOW + 2 * SOON)


@pytest.mark.parametrize("name", [*OBJECTS, *TOTALS])
def test_a_missing_object_is_found_and_its_remedy_helps(patient: Doctor, name: str) -> None:
    """Or a row of a report without days. The bookkeeping shows it, or TikTok's list."""
    account, _, where = a_row(patient, name)
    assert patient.damage(f"DELETE FROM {name} WHERE {where}")
    findings = examined(patient, name)
    assert findings
    assert {each.stream for each in findings} == {name}
    assert {each.advertiser_id for each in findings} <= {account, None}
    cure(patient, findings, 1)
    assert not examined(patient, name, now=NOW + 2 * SOON)


@pytest.mark.parametrize("name", [*REPORTS, *TOTALS, *OBJECTS])
def test_a_table_that_is_gone_is_found_and_its_remedy_helps(patient: Doctor, name: str) -> None:
    """The next sync reads the stream from the start."""
    with duckdb.connect(str(patient.path)) as connection:
        connection.execute(f"DROP TABLE tiktok_ads.{name}")
    findings = examined(patient, name, offline=True)
    assert {each.stream for each in findings} == {name}
    cure(patient, findings, 1)
    assert not examined(patient, name, now=NOW + 2 * SOON)
