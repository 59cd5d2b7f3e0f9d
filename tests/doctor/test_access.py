"""Problems of the access: token, accounts, scopes, quota and clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.doctor import DoctorOptions, Severity, examine
from tiktok_marketing.emulator import Emulator, Options


def text_of(doctor: Any, check: str) -> str:
    """The messages and remedies of what a check found wrong."""
    return " ".join(f"{finding.message} {finding.remedy}" for finding in doctor.wrong(check))


def test_a_wrong_token_is_found(doctor: Any, world: Any) -> None:
    """The finding does not show the token, and the database is examined all the same."""
    config = world.config(credentials={"access_token": "a-very-secret-token"})
    examination = doctor.examine(config)
    assert not examination.well
    assert "token" in text_of(doctor, "credentials")
    assert "a-very-secret-token" not in str(examination)
    assert [finding.check for finding in doctor.wrong()] == ["credentials"]
    assert {check.name for check in examination.checks} >= {"Tables", "Rows", "Freshness", "Sums"}


def test_a_token_of_another_application_is_found(doctor: Any, world: Any) -> None:
    """These credentials do not belong together."""
    assert not doctor.examine(world.config(credentials={"app_id": "1234567890"}), database=None).well
    assert "same TikTok application" in text_of(doctor, "credentials")


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
    """The finding names the stream that cannot be read."""
    world.fault(fault)
    names = ("campaigns", "audiences", "ads", "ads_reports_daily", "ads_audience_reports_by_country_daily")
    doctor.examine(streams=names) if with_database else doctor.examine(streams=names, database=None)
    assert {finding.stream for finding in doctor.wrong()} == streams
    assert "scope" in text_of(doctor, "scopes")


def test_streams_that_share_a_missing_scope_are_all_named(doctor: Any, world: Any) -> None:
    """They share an endpoint and a type of report."""
    world.fault("path=report/integrated/get/,code=40118")
    doctor.examine()
    assert "ads_reports_daily" in text_of(doctor, "scopes")
    assert "campaigns_reports_daily" in text_of(doctor, "scopes")


@pytest.mark.parametrize("with_database", [True, False])
def test_a_forbidden_account_is_found(doctor: Any, world: Any, with_database: bool) -> None:
    """It appears once, with its id and what to do; the other accounts are examined to the end."""
    refused = world.account("active")
    world.fault(f"advertiser={refused},code=40001")
    examination = doctor.examine() if with_database else doctor.examine(database=None)
    assert [(finding.check, finding.advertiser_id) for finding in doctor.wrong()] == [("accounts", refused)]
    assert "exclude_advertiser_ids" in text_of(doctor, "accounts")
    assert not with_database or examination.sample.windows > 50


def test_an_account_that_was_not_granted_is_found(doctor: Any, world: Any) -> None:
    """The configuration names it, and TikTok says why it cannot be read."""
    doctor.examine(world.config(advertiser_ids=["7000000000000000001"]), database=None)
    assert [finding.advertiser_id for finding in doctor.wrong("accounts")] == ["7000000000000000001"]


def test_an_account_whose_reports_are_forbidden_is_found(doctor: Any, world: Any) -> None:
    """TikTok returns its details but not its figures."""
    refused = world.account("active")
    world.fault(f"advertiser={refused},path=report/integrated/get/,code=40001")
    doctor.examine()
    assert {finding.advertiser_id for finding in doctor.wrong("accounts")} == {refused}
    assert not doctor.wrong("gaps")


@pytest.mark.parametrize("with_database", [True, False])
def test_details_of_accounts_that_do_not_come_are_a_warning(doctor: Any, world: Any, with_database: bool) -> None:
    """A sync reads the reports without the time zones, so nothing is wrong. The outcome says what does not answer."""
    world.fault("path=advertiser/info/,code=40002")
    names = ("ads_reports_daily", "campaigns")
    examination = doctor.examine(streams=names) if with_database else doctor.examine(streams=names, database=None)
    assert examination.well
    warnings = examination.of(Severity.WARNING)
    assert [(finding.check, finding.advertiser_id) for finding in warnings] == [("accounts", None)]
    assert "/advertiser/info/" in warnings[0].message
    assert "time zone of 6 accounts" in warnings[0].message


def test_a_failing_api_is_not_reported_as_damage(doctor: Any, world: Any) -> None:
    """What TikTok does not answer is not wrong."""
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
    """The other checks use TikTok's time, so that nothing else looks wrong."""
    examination = doctor.examine(now=now + offset)
    bad = [finding for finding in examination.findings if finding.severity != "note"]
    assert [(finding.check, finding.severity) for finding in bad] == ([("clock", severity)] if severity else [])


@pytest.mark.parametrize("offset", [timedelta(days=400), timedelta(days=2000), timedelta(days=-2000)])
def test_a_time_that_cannot_be_tiktoks_is_reported_but_not_used(doctor: Any, now: Any, offset: timedelta) -> None:
    """It would make every state look damaged, and cost a full sync."""
    examination = doctor.examine(now=now + offset)
    assert "clock" in {finding.check for finding in examination.findings if finding.severity == "wrong"}
    assert examination.at == now + offset


def test_a_wrong_clock_is_found_with_a_wrong_token(doctor: Any, world: Any, now: Any) -> None:
    """Refusals carry the time too."""
    config = world.config(credentials={"access_token": "wrong"})
    doctor.examine(config, now=now + timedelta(hours=5), database=None)
    assert {finding.check for finding in doctor.wrong()} == {"credentials", "clock"}


def examined_with_quota(now: Any, configured: int, **options: Any) -> Any:
    """Examine the access to an emulator with a quota."""

    async def examined() -> Any:
        async with Emulator(Options(now=now, days=5, ads_per_account=3, **options)) as emulator:
            config = {
                "credentials": {
                    "auth_type": "oauth2.0",
                    "app_id": emulator.app_id,
                    "secret": emulator.secret,
                    "access_token": emulator.access_token,
                },
                "requests_per_second": configured,
            }
            doctor_options = DoctorOptions(streams=("campaigns",))
            return await examine(parse_config(config), doctor_options, clock=FixedClock(now), address=emulator.url)

    return asyncio.run(examined())


@pytest.mark.parametrize(("real", "configured"), [(5, 10), (10, 30)])
def test_a_quota_that_is_lower_than_configured_is_a_warning(now: Any, real: int, configured: int) -> None:
    """A sync adapts to it, so nothing is wrong. The finding says how many requests TikTok accepted."""
    examination = examined_with_quota(now, configured, requests_per_second=real)
    assert examination.well
    assert [(finding.check, finding.severity) for finding in examination.findings] == [("quota", "warning")]
    assert "requests_per_second" in examination.findings[0].remedy


@pytest.mark.parametrize("second", ["first", "clock", "sliding"])
@pytest.mark.parametrize("jitter", [0.0, 0.2])
def test_the_doctors_own_requests_are_no_fault(now: Any, second: str, jitter: float) -> None:
    """It uses the whole quota for a second, on an uneven network too."""
    examination = examined_with_quota(now, 10, requests_per_second=10, quota_second=second, arrival_jitter=jitter)
    assert not examination.findings


@pytest.mark.thorough
def test_a_quota_that_is_closed_is_found(doctor: Any, world: Any) -> None:
    """TikTok accepts nothing at all, so a sync cannot work."""
    world.fault("path=advertiser/info/,skip=1,code=40100")
    doctor.examine(database=None, streams=("campaigns",))
    assert [finding.check for finding in doctor.wrong()] == ["quota"]
    assert "every request" in text_of(doctor, "quota")


def test_the_quota_is_not_tried_with_what_tiktok_does_not_tell(doctor: Any, world: Any) -> None:
    """The details of accounts are refused, which is one finding. The quota's endpoint is theirs."""
    message = "advertiser does not grant you /advertiser/info/:GET permission"
    world.fault(f"path=advertiser/info/,code=40001,message={message}")
    examination = doctor.examine(database=None)
    assert "quota" not in {finding.check for finding in examination.findings}


def test_an_address_without_a_server_is_reported(doctor: Any, world: Any, now: Any) -> None:
    """The finding says in a sentence that no connection is possible."""
    options = DoctorOptions(streams=("campaigns",))
    config = parse_config(world.config())
    doctor.examination = asyncio.run(examine(config, options, clock=FixedClock(now), address="http://127.0.0.1:1"))
    assert not doctor.examination.reached
    assert "cannot connect" in text_of(doctor, "credentials")
