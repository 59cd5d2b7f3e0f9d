"""Faults at TikTok and on the network, over real sockets."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from support import NOW, HurriedClock, Outcome, config_for, key_of, read_from
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.emulator import Emulator, Fault, Options

CORE = [
    "advertisers",
    "campaigns",
    "ads",
    "ads_reports_daily",
    "campaigns_reports_hourly",
    "advertisers_reports_lifetime",
]


def emulator_of(**options: Any) -> Emulator:
    """A small business without a quota, at a fixed time."""
    return Emulator(Options(**{"now": NOW, "tier": "unlimited", "days": 30, "ads_per_account": 30, **options}))


def rows(outcome: Outcome) -> dict[str, dict[Any, Any]]:
    """The records of the core streams by key; fails if one came twice."""
    report_rows = {}
    for stream in STREAMS:
        if stream.name in CORE:
            records = outcome.records(stream.name)
            report_rows[stream.name] = {key_of(stream, record): record for record in records}
            assert len(report_rows[stream.name]) == len(records), f"{stream.name} has rows twice"
    return report_rows


@pytest.mark.parametrize(
    "fault",
    [
        Fault(code=40100, every=9, times=6),
        Fault(code=40016, every=9, times=3),
        Fault(code=40133, every=5, times=10),
        Fault(code=50000, every=5, times=20),
        Fault(code=50002, every=7, times=20),
        Fault(code=51010, every=7, times=20),
        Fault(code=40700, every=6, times=10),
        Fault(code=40067, path="report/integrated/get/", every=8, times=10),
        Fault(code=40011, path="report/integrated/get/", every=11, times=3),
        Fault(http=502, every=5, times=20),
        Fault(http=429, every=9, times=4),
        Fault(reset=True, every=5, times=20),
        Fault(truncate=True, every=5, times=20),
        Fault(garbage=True, every=5, times=20),
        Fault(latency=0.05, share=0.5),
    ],
    ids=lambda fault: ",".join(f"{key}={value}" for key, value in fault_fields(fault).items()),
)
async def test_transient_faults_cost_no_row(fault: Fault) -> None:
    """With the fault the same rows come as without it, each once, and the sync succeeds."""
    async with emulator_of() as emulator:
        config = config_for(emulator)
        undisturbed = rows(await read_from(emulator, config, CORE))
        emulator.faults.add(fault)
        outcome = await read_from(emulator, config, CORE, clock=HurriedClock(NOW))
    assert outcome.exit_code == 0, outcome.errors
    assert rows(outcome) == undisturbed


def fault_fields(fault: Fault) -> dict[str, Any]:
    """The fields that a fault sets."""
    import msgspec

    return msgspec.to_builtins(fault)


@pytest.mark.parametrize("code", [40001, 40106, 40300, 40301, 40002])
async def test_a_refused_account_does_not_affect_the_others(code: int) -> None:
    """The others are read completely. The account is reported with code and remedy, and its state stays."""
    async with emulator_of() as emulator:
        refused = emulator.advertiser_ids[1]
        undisturbed = rows(await read_from(emulator, config_for(emulator), CORE))
        emulator.faults.add(Fault(code=code, advertiser=refused, path="report/integrated/get/"))
        outcome = await read_from(emulator, config_for(emulator), CORE)
    assert outcome.exit_code == 1
    assert outcome.statuses["campaigns"][-1] == "COMPLETE"
    assert outcome.statuses["ads_reports_daily"][-1] == "INCOMPLETE"
    expected = {
        key: row for key, row in undisturbed["ads_reports_daily"].items() if row["advertiser_id"] != int(refused)
    }
    assert rows(outcome)["ads_reports_daily"] == expected
    states = outcome.last_states["ads_reports_daily"]["states"]
    assert refused not in {state["partition"]["advertiser_id"] for state in states}
    assert len(states) == len(emulator.advertiser_ids) - 1
    error = next(error for error in outcome.errors if error["stream_descriptor"]["name"] == "ads_reports_daily")
    assert refused in error["message"]
    assert f"code {code}" in error["message"]
    assert "request_id" in error["message"]
    assert error["failure_type"] == ("system_error" if code == 40002 else "config_error")
    assert "GET /open_api/v1.3/report/integrated/get/?" in error["internal_message"]
    assert f"advertiser_id={refused}" in error["internal_message"]
    assert ("with exclude_advertiser_ids" in error["message"]) == (code != 40002)


async def test_inaccessible_accounts_can_be_skipped() -> None:
    """With `skip_inaccessible_advertisers` a refused account is a warning, and the sync succeeds."""
    async with emulator_of() as emulator:
        refused = emulator.advertiser_ids[1]
        emulator.faults.add(Fault(code=40001, advertiser=refused))
        config = config_for(emulator, skip_inaccessible_advertisers=True)
        outcome = await read_from(emulator, config, CORE)
    assert outcome.exit_code == 0
    assert not outcome.errors
    assert any(log["level"] == "WARN" and refused in log["message"] for log in outcome.of_type("LOG"))


async def test_a_stream_without_permission_fails_alone() -> None:
    """40118 ends its stream; the others are delivered."""
    async with emulator_of() as emulator:
        emulator.faults.add(Fault(code=40118, path="campaign/get/"))
        outcome = await read_from(emulator, config_for(emulator), CORE)
    assert outcome.exit_code == 1
    ends = {name: statuses[-1] for name, statuses in outcome.statuses.items()}
    assert ends == {name: "INCOMPLETE" if name == "campaigns" else "COMPLETE" for name in CORE}
    assert [error["stream_descriptor"]["name"] for error in outcome.errors] == ["campaigns"]


async def test_a_token_revoked_meanwhile_stops_the_sync_at_once() -> None:
    """40105 in the middle ends all streams with one config_error, after few more requests."""
    async with emulator_of() as emulator:
        emulator.faults.add(Fault(code=40105, skip=6))
        outcome = await read_from(emulator, config_for(emulator), CORE)
        assert emulator.counters.total(answer=40105) < 100
    assert outcome.exit_code == 1
    assert len(outcome.errors) == 1
    assert outcome.errors[0]["failure_type"] == "config_error"
    assert "Authorize the application again" in outcome.errors[0]["message"]
    assert {statuses[-1] for statuses in outcome.statuses.values()} <= {"COMPLETE", "INCOMPLETE"}
    assert set(outcome.statuses) == set(CORE)


async def test_an_account_that_fails_its_batch_is_found() -> None:
    """If one account makes `/advertiser/info/` fail for its hundred, the others still get their time zones."""
    async with emulator_of(advertisers=12) as emulator:
        refused = emulator.advertiser_ids[4]
        emulator.faults.add(Fault(code=40001, advertiser=refused, path="advertiser/info/"))
        outcome = await read_from(emulator, config_for(emulator), ["advertisers"])
    assert outcome.exit_code == 1
    assert len(outcome.records("advertisers")) == 11
    assert refused in outcome.errors[0]["message"]


async def test_the_quota_is_not_exceeded() -> None:
    """At the tier's rate nothing is refused."""
    async with emulator_of(tier="basic", requests_per_second=25, requests_per_minute=1500) as emulator:
        config = config_for(emulator, requests_per_second=25, start_date="2026-06-10")
        outcome = await read_from(emulator, config, ["campaigns_reports_hourly", "ads_reports_daily"])
        assert emulator.counters.total(answer=40100) == 0
        assert emulator.counters.total() > 35
    assert outcome.exit_code == 0


async def test_a_quota_lower_than_configured_costs_no_row() -> None:
    """If the real limit is a fifth of the configured one, the sync is slower."""
    streams = ["campaigns_reports_hourly"]
    async with emulator_of() as plain:
        undisturbed = await read_from(plain, config_for(plain, start_date="2026-06-11"), streams)
    async with emulator_of(tier="basic", requests_per_second=10, requests_per_minute=100_000) as emulator:
        config = config_for(emulator, requests_per_second=50, start_date="2026-06-11")
        outcome = await read_from(emulator, config, streams)
        assert emulator.counters.total(answer=40100) > 0
    assert outcome.exit_code == 0, outcome.errors
    assert len(outcome.records(streams[0])) == len(undisturbed.records(streams[0]))


async def test_secrets_appear_nowhere() -> None:
    """Token, secret and application id are in no line of output, including errors that quote them."""
    async with emulator_of() as emulator:
        secrets = (emulator.access_token, emulator.secret, emulator.app_id)
        quoting = " ".join(secrets)
        emulator.faults.add(Fault(code=40002, path="campaign/get/", message=quoting))
        emulator.faults.add(Fault(code=40100, path="ad/get/", first=4, message=f"App {emulator.app_id} restricted"))
        outcome = await read_from(emulator, config_for(emulator), CORE)
    assert outcome.exit_code == 1
    text = repr(outcome.messages)
    assert not [secret for secret in secrets if secret in text]
    assert date(2026, 6, 15) == NOW.date()


async def test_a_metric_that_tiktok_refuses_costs_no_row() -> None:
    """If TikTok does not accept a metric that Airbyte's connector lacks, a warning says so, and the report comes."""
    async with emulator_of() as emulator:
        undisturbed = rows(await read_from(emulator, config_for(emulator), ["ads_reports_daily"]))["ads_reports_daily"]
        message = "Please correct it. Invalid metric fields: ['skan_result']. "
        emulator.faults.add(Fault(path="report/integrated/get/", contains="skan_result", code=40002, message=message))
        outcome = await read_from(emulator, config_for(emulator), ["ads_reports_daily"])
    assert outcome.exit_code == 0, outcome.errors
    report_rows = rows(outcome)["ads_reports_daily"]
    assert report_rows.keys() == undisturbed.keys()
    assert {row["metrics"]["skan_result"] for row in report_rows.values()} == {None}
    assert any("skan_result" in log["message"] for log in outcome.of_type("LOG") if log["level"] == "WARN")


async def test_a_metric_of_airbytes_that_tiktok_refuses_is_an_error() -> None:
    """A metric that people rely on never becomes null without an error."""
    async with emulator_of() as emulator:
        message = "Please correct it. Invalid metric fields: ['spend']. "
        emulator.faults.add(Fault(path="report/integrated/get/", code=40002, message=message))
        outcome = await read_from(emulator, config_for(emulator), ["ads_reports_daily"])
    assert outcome.exit_code == 1
    assert "spend" in outcome.errors[0]["message"]


async def test_a_slow_account_does_not_delay_the_others() -> None:
    """The account that is planned first answers late: all others are read completely before it is."""
    async with emulator_of() as emulator:
        slow = emulator.advertiser_ids[0]
        emulator.faults.add(Fault(advertiser=slow, path="report/integrated/get/", latency=0.8))
        config = config_for(emulator, report_granularity=1, requests_per_second=40, skip_empty_days=False)
        outcome = await read_from(emulator, config, ["ads_reports_daily"])
    assert outcome.exit_code == 0, outcome.errors
    order = [str(record["advertiser_id"]) for record in outcome.records("ads_reports_daily")]
    others = [position for position, error in enumerate(order) if error != slow]
    assert len(set(order)) > 3
    assert max(others) < len(order) - 1
