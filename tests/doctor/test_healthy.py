"""Healthy databases, in many configurations: nothing is found wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from support import quickly
from tiktok_marketing.doctor import Severity

NIGHT = timedelta(hours=18)
A_DAY = timedelta(days=1)
FEW = "campaigns,ads,ads_reports_daily,campaigns_reports_daily,advertisers_reports_daily,ads_audience_reports_daily"


def is_well(doctor: Any) -> bool:
    """Whether the last examination was whole and found nothing but notes."""
    examination = doctor.examination
    bad = [finding for finding in examination.findings if finding.severity != "note"]
    assert not bad, bad
    return examination.well and examination.sample is not None and examination.sample.whole


def test_an_untouched_database_is_well(doctor: Any) -> None:
    """All windows and lists are compared with TikTok."""
    doctor.examine()
    assert is_well(doctor)
    assert not doctor.examination.findings
    assert doctor.examination.sample.windows > 100
    assert doctor.examination.sample.lists > 10


@pytest.mark.thorough
def test_every_stream_is_well(fresh: Any, world: Any) -> None:
    """All streams of the catalog are synced, whatever their shape."""
    config = world.config(start_date="2026-06-12")
    assert fresh.sync(config, None).complete
    fresh.examine(config, requests=5000)
    assert is_well(fresh)


def test_an_untouched_database_is_well_offline(doctor: Any, world: Any) -> None:
    """The database alone is consistent, and no request is sent."""
    before = world.control("counters")["total"]
    examination = doctor.examine(offline=True)
    assert examination.well
    assert not examination.findings
    assert examination.sample is None
    assert world.control("counters")["total"] == before


@pytest.mark.parametrize(
    "fields",
    quickly(
        {"include_deleted": False},
        {"end_date": "2026-06-10"},
        {"start_date": "2026-06-15"},
        {"start_date": "2016-09-01", "attribution_window": 7},
        {"attribution_window": 0},
        {"report_granularity": 1},
    ),
    ids=str,
)
def test_other_configurations_are_well(fresh: Any, world: Any, fields: dict[str, Any]) -> None:
    """Each database is examined with the configuration that it was synced with."""
    config = world.config(**fields)
    fresh.sync(config, FEW)
    fresh.examine(config)
    assert is_well(fresh)
    assert fresh.examine(config, offline=True).well


@pytest.mark.thorough
@pytest.mark.parametrize("include_deleted", [True, False])
def test_syncs_on_several_days_are_well(fresh: Any, world: Any, now: Any, include_deleted: bool) -> None:
    """Between the syncs figures come, grow and are corrected, and objects are created, changed and deleted.

    Open days are read too. The attribution window is long enough for what TikTok takes back two days later.
    """
    config = world.config(include_deleted=include_deleted, attribution_window=3)
    for days in (5, 4, 3, 0):
        moment = now - days * A_DAY + NIGHT * (days % 2)
        world.set_time(moment)
        assert fresh.sync(config, FEW, now=moment).complete
        fresh.examine(config, now=moment)
        assert is_well(fresh)
        later = moment + timedelta(hours=20)
        world.set_time(later)
        fresh.examine(config, now=later)
        assert is_well(fresh)


@pytest.mark.thorough
def test_corrections_without_a_lookback_are_a_warning(fresh: Any, world: Any, now: Any) -> None:
    """Yesterday was read before TikTok corrected it, and no sync reads it again. The advice is to raise the setting."""
    config = world.config(attribution_window=0, start_date="2026-06-08")
    for days in (2, 1, 0):
        moment = now - days * A_DAY
        world.set_time(moment)
        assert fresh.sync(config, "ads_reports_daily", now=moment).complete
    later = now + A_DAY
    world.set_time(later)
    fresh.examine(config, now=later)
    findings = [finding for finding in fresh.examination.findings if finding.check == "values"]
    assert findings
    assert {finding.severity for finding in findings} == {Severity.WARNING}
    assert all("raise attribution_window (0)" in finding.message for finding in findings)
    assert not {finding.check for finding in fresh.examination.findings if finding.severity is Severity.WRONG}


def test_an_account_without_any_data_is_well(fresh: Any, world: Any) -> None:
    """It has states and no rows."""
    config = world.config(advertiser_ids=[world.account("unused")])
    fresh.sync(config)
    fresh.examine(config)
    assert is_well(fresh)
    assert fresh.ask("SELECT count(*) FROM ads_reports_daily") == [(0,)]


@pytest.mark.thorough
def test_accounts_that_are_skipped_are_a_note(fresh: Any, world: Any) -> None:
    """The configuration says to skip them, and the report still mentions it."""
    refused = world.account("idle")
    config = world.config(skip_inaccessible_advertisers=True)
    world.fault(f"advertiser={refused},code=40001")
    fresh.sync(config)
    fresh.examine(config)
    assert is_well(fresh)
    assert {finding.advertiser_id for finding in fresh.examination.findings if finding.check == "accounts"} == {refused}


@pytest.mark.thorough
def test_a_sandbox_is_well(fresh: Any, world: Any) -> None:
    """It has few endpoints and no list of accounts. Its small quota is not tried."""
    info = world.info
    credentials = {
        "auth_type": "sandbox_access_token",
        "advertiser_id": info["sandbox_advertiser_id"],
        "access_token": info["sandbox_access_token"],
    }
    config = {"credentials": credentials, "start_date": "2020-12-08", "end_date": "2020-12-19"}
    fresh.sync(config, "campaigns,ads_reports_daily")
    fresh.examine(config)
    assert is_well(fresh)
    assert fresh.ask("SELECT count(*) > 0 FROM ads_reports_daily") == [(True,)]


def test_the_access_alone_is_well(doctor: Any) -> None:
    """Without a database: token, accounts, every stream that can be tried, quota and clock."""
    examination = doctor.examine(database=None)
    assert examination.well
    assert [check.name for check in examination.checks] == ["Credentials", "Accounts", "Scopes", "Quota", "Clock"]


@pytest.mark.thorough
def test_a_killed_sync_that_was_finished_later_is_well(doctor: Any, world: Any, now: Any) -> None:
    """The packages of a killed sync are not recorded; their rows count all the same."""
    later = now + A_DAY
    world.set_time(later)
    doctor.sync(world.config(), now=later)
    assert doctor.damage("DELETE FROM _tiktok_loads WHERE sync_id = (SELECT max(sync_id) FROM _tiktok_loads)")
    assert doctor.damage("DELETE FROM _tiktok_syncs WHERE sync_id = (SELECT max(sync_id) FROM _tiktok_syncs)")
    doctor.examine(now=later)
    assert is_well(doctor)


def test_a_small_budget_is_respected_and_reported(doctor: Any) -> None:
    """What was not compared is not reported as compared."""
    examination = doctor.examine(requests=20)
    assert examination.well
    assert not examination.sample.whole
    assert examination.sample.windows < examination.sample.windows_total


@pytest.mark.parametrize("path", ["ad/get/", "campaign/get/", "report/integrated/get/"])
def test_half_a_character_in_an_answer_keeps_nothing_from_being_compared(doctor: Any, world: Any, path: str) -> None:
    """A sync reads such a name, too."""
    names = {"ad/get/": "ad_name", "campaign/get/": "campaign_name", "report/integrated/get/": "ad_name"}
    world.control("faults", {"path": path, "edit": names[path], "json": r'"cut \ud83d"'})
    doctor.examine()
    assert is_well(doctor)
    assert not [finding for finding in doctor.examination.findings if "form" in finding.message]
    assert doctor.examination.sample.lists > 10
