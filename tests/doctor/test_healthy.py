"""A database that is in order, in whatever configuration: nothing may be found wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

NIGHT = timedelta(hours=18)
A_DAY = timedelta(days=1)
FEW = "campaigns,ads,ads_reports_daily,campaigns_reports_daily,advertisers_reports_daily,ads_audience_reports_daily"


def is_well(doctor: Any) -> bool:
    """Whether the last examination found nothing but notes."""
    found = doctor.examination
    bad = [one for one in found.findings if one.severity != "note"]
    assert not bad, bad
    return found.well and found.sample is not None and found.sample.whole


def test_an_untouched_database_is_well(doctor: Any) -> None:
    """With everything asked: all parts and lists are held against TikTok."""
    doctor.examine()
    assert is_well(doctor)
    assert not doctor.examination.findings
    assert doctor.examination.sample.windows > 100
    assert doctor.examination.sample.lists > 10


def test_every_stream_is_well(fresh: Any, world: Any) -> None:
    """All streams of the catalog, whatever shape they have."""
    config = world.config(start_date="2026-06-08")
    assert fresh.sync(config, None).complete
    fresh.examine(config, requests=5000)
    assert is_well(fresh)


def test_without_asking_it_is_well(doctor: Any, world: Any) -> None:
    """The database alone is consistent, and no request is sent."""
    before = world.control("counters")["total"]
    found = doctor.examine(offline=True)
    assert found.well
    assert not found.findings
    assert found.sample is None
    assert world.control("counters")["total"] == before


@pytest.mark.parametrize(
    "fields",
    [
        {"include_deleted": False},
        {"end_date": "2026-06-10"},
        {"start_date": "2026-06-15"},
        {"start_date": "2016-09-01", "attribution_window": 7},
        {"attribution_window": 0},
        {"report_granularity": 1},
    ],
    ids=str,
)
def test_other_configurations_are_well(fresh: Any, world: Any, fields: dict[str, Any]) -> None:
    """Each is examined with the configuration it was synced with."""
    config = world.config(**fields)
    fresh.sync(config, FEW)
    fresh.examine(config)
    assert is_well(fresh)
    assert fresh.examine(config, offline=True).well


@pytest.mark.parametrize(("include_deleted", "attribution_window"), [(True, 3), (False, 0)])
def test_syncs_of_following_days_are_well(
    fresh: Any, world: Any, now: Any, include_deleted: bool, attribution_window: int
) -> None:
    """Figures grow, objects are changed, made and deleted in between, and days were read while they were open."""
    config = world.config(include_deleted=include_deleted, attribution_window=attribution_window)
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


def test_an_account_without_any_data_is_well(fresh: Any, world: Any) -> None:
    """It has states and no rows."""
    config = world.config(advertiser_ids=[world.account("unused")])
    fresh.sync(config)
    fresh.examine(config)
    assert is_well(fresh)
    assert fresh.ask("SELECT count(*) FROM ads_reports_daily") == [(0,)]


def test_accounts_that_are_skipped_are_a_note(fresh: Any, world: Any) -> None:
    """Somebody has decided so; it is said all the same."""
    refused = world.account("idle")
    config = world.config(skip_inaccessible_advertisers=True)
    world.fault(f"advertiser={refused},code=40001")
    fresh.sync(config)
    fresh.examine(config)
    assert is_well(fresh)
    assert {one.advertiser_id for one in fresh.examination.findings if one.check == "accounts"} == {refused}


def test_a_sandbox_is_well(fresh: Any, world: Any) -> None:
    """It has few endpoints, no list of accounts, and a small quota, which is left alone."""
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
    found = doctor.examine(database=None)
    assert found.well
    assert [check.name for check in found.checks] == ["Credentials", "Accounts", "Scopes", "Quota", "Clock"]


def test_a_sync_that_was_killed_and_finished_is_well(doctor: Any, world: Any, now: Any) -> None:
    """Packages of a killed sync are in no list; what they brought counts all the same."""
    later = now + A_DAY
    world.set_time(later)
    doctor.sync(world.config(), now=later)
    assert doctor.damage("DELETE FROM _tiktok_loads WHERE sync_id = (SELECT max(sync_id) FROM _tiktok_loads)")
    assert doctor.damage("DELETE FROM _tiktok_syncs WHERE sync_id = (SELECT max(sync_id) FROM _tiktok_syncs)")
    doctor.examine(now=later)
    assert is_well(doctor)


def test_a_small_budget_is_kept_and_said(doctor: Any) -> None:
    """What was not asked is not claimed to be well."""
    found = doctor.examine(requests=20)
    assert found.well
    assert not found.sample.whole
    assert found.sample.windows < found.sample.windows_total
