"""What no list settles is asked of TikTok once, whatever the number of accounts."""

from __future__ import annotations

import json
from typing import Any

from support import NOW, HurriedClock, Outcome, config_for, read_from
from tiktok_marketing.access_check import check_access
from tiktok_marketing.airbyte.inputs import discovered
from tiktok_marketing.config import AIRBYTE, parse_config
from tiktok_marketing.connect import connect
from tiktok_marketing.emulator import Emulator, Fault, Options

_REPORT = "report/integrated/get/"
_MINE: dict[str, Any] = {
    "name": "mine",
    "report_type": "AUDIENCE",
    "level": "account",
    "dimensions": ["language"],
    "metrics": ["spend", "clicks", "registration", "total_registration"],
}


def _emulator(accounts: int = 50) -> Emulator:
    return Emulator(Options(now=NOW, tier="unlimited", advertisers=accounts, ads_per_account=4, days=20))


async def _read(emulator: Emulator, **report: Any) -> Outcome:
    config = config_for(emulator, start_date="2026-06-08", end_date="2026-06-12", skip_empty_days=False)
    config |= {"custom_reports": [_MINE | report]}
    streams = {stream["name"]: stream for stream in discovered(parse_config(config, AIRBYTE))["streams"]}
    chosen = {"stream": streams["mine"], "sync_mode": "incremental", "destination_sync_mode": "append"}
    return await read_from(emulator, config, catalog={"streams": [chosen]})


def _asked_for(emulator: Emulator, metric: str) -> list[str]:
    """The accounts for which a metric was requested."""
    return [
        request.params["advertiser_id"]
        for request in emulator.counters.requests
        if request.path == _REPORT and metric in json.loads(request.params["metrics"])
    ]


def _warnings(outcome: Outcome) -> list[str]:
    return [log["message"] for log in outcome.of_type("LOG") if "does not accept" in log["message"]]


async def test_a_metric_is_refused_once_for_fifty_accounts() -> None:
    """And people are told once."""
    async with _emulator() as emulator:
        outcome = await _read(emulator)
        assert outcome.exit_code == 0
        assert len(_asked_for(emulator, "registration")) <= 2
        assert len(set(_asked_for(emulator, "spend"))) == 50
    [warning] = _warnings(outcome)
    assert warning.startswith("mine: TikTok does not accept these metrics in this report")
    assert "registration" in warning
    rows = [record["data"]["metrics"] for record in outcome.of_type("RECORD")]
    assert rows
    assert all(row["registration"] is None for row in rows)


async def test_a_metric_that_is_answered_is_asked_for_everywhere() -> None:
    """The one row that the question costs is the only request more."""
    async with _emulator(10) as emulator:
        outcome = await _read(emulator, metrics=["spend", "impressions"])
        plain = emulator.counters.total(_REPORT)
    assert outcome.exit_code == 0
    assert plain == 10, "a list settles these metrics, so nothing is asked"


async def test_an_account_that_does_not_answer_settles_nothing() -> None:
    """Then the next account is asked, and the first one fails by name."""
    async with _emulator(6) as emulator:
        forbidden = emulator.advertiser_ids[0]
        emulator.faults.add(Fault(path=_REPORT, contains=forbidden, code=40001))
        outcome = await _read(emulator)
        asked = _asked_for(emulator, "registration")
    assert outcome.exit_code == 1
    assert all(forbidden in error["message"] for error in outcome.errors)
    assert len(set(asked)) <= 2
    read = {record["data"]["advertiser_id"] for record in outcome.of_type("RECORD")}
    assert read
    assert int(forbidden) not in read


async def test_a_refusal_of_one_account_is_of_that_account() -> None:
    """Where lists settle a metric, TikTok withdraws it from an account, and the others still have it."""
    async with _emulator(4) as emulator:
        alone = emulator.advertiser_ids[1]
        emulator.faults.add(
            Fault(path=_REPORT, contains=alone, code=40002, message="Invalid metric fields: ['clicks'].", times=1)
        )
        outcome = await _read(emulator, metrics=["spend", "clicks"])
    assert outcome.exit_code == 0
    [warning] = _warnings(outcome)
    assert warning.startswith(f"Advertiser {alone}")


_BY_HOUR: dict[str, Any] = {
    "name": "by_hour",
    "report_type": "AUDIENCE",
    "level": "campaign",
    "dimensions": ["age"],
    "grain": "hour",
    "metrics": ["spend"],
}


async def test_a_report_that_tiktok_refuses_as_a_whole_says_that_it_should_change() -> None:
    """It is no bug, and the other reports are read."""
    async with _emulator(2) as emulator:
        outcome = await _read(emulator, **_BY_HOUR | {"name": "mine"})
    assert outcome.exit_code == 1
    assert outcome.errors
    for error in outcome.errors:
        assert "Change its grain" in error["message"]
        assert "bug" not in error["message"]


async def test_checks_try_reports_that_no_list_settles() -> None:
    """A refusal concerns this report alone. Reports that a list settles are not tried, nor those that nobody wants."""
    async with _emulator(2) as emulator:
        own = [_BY_HOUR, _MINE, {"name": "plain", "metrics": ["spend"]}]
        config = parse_config(config_for(emulator) | {"custom_reports": own}, AIRBYTE)
        clock = HurriedClock(NOW)
        async with connect(config, clock=clock, address=emulator.url) as api:
            results = {result.name: result for result in await check_access(config, api, clock)}
            limited = await check_access(config, api, clock, streams=["plain"])
    report = results["Report by_hour"]
    assert not report.ok
    assert report.streams == ("by_hour",)
    assert "Change its grain" in report.remedy
    assert results["Reports"].ok
    assert "registration" in results["Metrics"].message
    assert not {"Report mine", "Report plain"}.intersection(results)
    assert all(result.ok for result in limited)
