"""What is wrong with the access: token, accounts, scopes, quota, clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.doctor import Scope, examine
from tiktok_marketing.emulator import Emulator, Options


def told(doctor: Any, check: str) -> str:
    """Everything that is wrong there, in words."""
    return " ".join(f"{one.message} {one.remedy}" for one in doctor.wrong(check))


def test_a_wrong_token_is_found(doctor: Any, world: Any) -> None:
    """Without showing it; and the database is examined all the same."""
    config = world.config(credentials={"access_token": "a-very-secret-token"})
    found = doctor.examine(config)
    assert not found.well
    assert "token" in told(doctor, "credentials")
    assert "a-very-secret-token" not in str(found)
    assert [one.check for one in doctor.wrong()] == ["credentials"]
    assert {check.name for check in found.checks} >= {"Tables", "Rows", "Freshness", "Sums"}


def test_a_token_of_another_application_is_found(doctor: Any, world: Any) -> None:
    """Credentials that do not belong together."""
    assert not doctor.examine(world.config(credentials={"app_id": "1234567890"}), database=None).well
    assert "same TikTok application" in told(doctor, "credentials")


@pytest.mark.parametrize(
    ("fault", "streams"),
    [
        ("path=campaign/get/,code=40118", {"campaigns"}),
        ("path=dmp/custom_audience/list/,code=40118", {"audiences"}),
        ("contains=AUDIENCE,path=report/integrated/get/,code=40118", {"ads_audience_reports_by_country_daily"}),
    ],
)
@pytest.mark.parametrize("with_database", [True, False])
def test_a_missing_scope_is_found(doctor: Any, world: Any, fault: str, streams: set[str], with_database: bool) -> None:
    """With the stream that cannot be read."""
    world.fault(fault)
    names = ("campaigns", "audiences", "ads", "ads_reports_daily", "ads_audience_reports_by_country_daily")
    doctor.examine(streams=names) if with_database else doctor.examine(streams=names, database=None)
    assert {one.stream for one in doctor.wrong()} == streams
    assert "scope" in told(doctor, "scopes")


def test_streams_that_share_a_missing_scope_are_all_named(doctor: Any, world: Any) -> None:
    """They share an endpoint and its kind of report."""
    world.fault("path=report/integrated/get/,code=40118")
    doctor.examine()
    assert "ads_reports_daily" in told(doctor, "scopes")
    assert "campaigns_reports_daily" in told(doctor, "scopes")


@pytest.mark.parametrize("with_database", [True, False])
def test_a_forbidden_account_is_found(doctor: Any, world: Any, with_database: bool) -> None:
    """Once by its id, with what to do; the others are examined to the end."""
    refused = world.account("active")
    world.fault(f"advertiser={refused},code=40001")
    found = doctor.examine() if with_database else doctor.examine(database=None)
    assert [(one.check, one.advertiser_id) for one in doctor.wrong()] == [("accounts", refused)]
    assert "exclude_advertiser_ids" in told(doctor, "accounts")
    assert not with_database or found.sample.windows > 50


def test_an_account_that_was_not_granted_is_found(doctor: Any, world: Any) -> None:
    """It is asked for by its id, and TikTok says why not."""
    doctor.examine(world.config(advertiser_ids=["7000000000000000001"]), database=None)
    assert [one.advertiser_id for one in doctor.wrong("accounts")] == ["7000000000000000001"]


def test_an_account_whose_reports_are_forbidden_is_found(doctor: Any, world: Any) -> None:
    """Its details are given, its figures are not."""
    refused = world.account("active")
    world.fault(f"advertiser={refused},path=report/integrated/get/,code=40001")
    doctor.examine()
    assert {one.advertiser_id for one in doctor.wrong("accounts")} == {refused}
    assert not doctor.wrong("gaps")


def test_an_api_in_trouble_is_told_and_no_damage(doctor: Any, world: Any) -> None:
    """What cannot be asked is not wrong."""
    world.fault("path=report/integrated/get/,contains=enable_total_metrics,code=40002")
    world.fault("path=ad/get/,nth=3,http=502")
    assert doctor.examine().well


@pytest.mark.parametrize(
    ("offset", "severity"),
    [
        (timedelta(seconds=20), None),
        (timedelta(minutes=3), "warning"),
        (timedelta(minutes=-3), "warning"),
        (timedelta(hours=2), "wrong"),
        (timedelta(days=-2), "wrong"),
        (timedelta(days=300), "wrong"),
    ],
)
def test_a_wrong_clock_is_found(doctor: Any, now: Any, offset: timedelta, severity: str | None) -> None:
    """And TikTok's time is used from then on, so that nothing else looks wrong."""
    found = doctor.examine(now=now + offset)
    bad = [one for one in found.findings if one.severity != "note"]
    assert [(one.check, one.severity) for one in bad] == ([("clock", severity)] if severity else [])


@pytest.mark.parametrize("offset", [timedelta(days=400), timedelta(days=2000), timedelta(days=-2000)])
def test_a_time_that_cannot_be_tiktoks_is_told_of_and_not_gone_by(doctor: Any, now: Any, offset: timedelta) -> None:
    """It would make every state look damaged, and cost a full sync."""
    found = doctor.examine(now=now + offset)
    assert "clock" in {one.check for one in found.findings if one.severity == "wrong"}
    assert found.at == now + offset


def test_a_wrong_clock_is_found_with_a_wrong_token(doctor: Any, world: Any, now: Any) -> None:
    """Refusals carry the time too."""
    config = world.config(credentials={"access_token": "wrong"})
    doctor.examine(config, now=now + timedelta(hours=5), database=None)
    assert {one.check for one in doctor.wrong()} == {"credentials", "clock"}


@pytest.mark.parametrize(("real", "configured", "well"), [(5, 10, False), (10, 10, True), (10, 30, False)])
def test_a_quota_that_is_lower_than_configured_is_found(
    now: Any, tmp_path: Any, real: int, configured: int, well: bool
) -> None:
    """TikTok refuses what a sync would send, and how much it took is said."""
    del tmp_path

    async def examined() -> Any:
        async with Emulator(Options(now=now, requests_per_second=real, days=5, ads_per_account=3)) as emulator:
            config = {
                "credentials": {
                    "auth_type": "oauth2.0",
                    "app_id": emulator.app_id,
                    "secret": emulator.secret,
                    "access_token": emulator.access_token,
                },
                "requests_per_second": configured,
            }
            scope = Scope(streams=("campaigns",))
            return await examine(parse_config(config), scope, clock=FixedClock(now), address=emulator.url)

    found = asyncio.run(examined())
    assert found.well is well
    assert [one.check for one in found.findings] == ([] if well else ["quota"])
    assert well or "requests_per_second" in found.findings[0].remedy


def test_an_address_that_nobody_answers_at_is_told(doctor: Any, world: Any, now: Any) -> None:
    """In a sentence."""
    scope = Scope(streams=("campaigns",))
    config = parse_config(world.config())
    found = asyncio.run(examine(config, scope, clock=FixedClock(now), address="http://127.0.0.1:1"))
    doctor.examination = found
    assert "cannot connect" in told(doctor, "credentials")
