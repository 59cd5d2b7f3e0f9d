"""A refusal costs what it is about: a stream, an account or a metric, over real sockets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import programs
from faults.hurry import small
from support import NOW, HurriedClock, Outcome, catalog_of, config_for, key_of, read_from
from tiktok_marketing.airbyte.inputs import selected_streams
from tiktok_marketing.airbyte.read import read
from tiktok_marketing.catalog import STREAMS, stream_named
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.errors import AuthError, TikTokError

pytestmark = pytest.mark.thorough

REPORTS = "report/integrated/get/"
CORE = ["advertiser_ids", "advertisers", "campaigns", "ads", "ads_reports_daily", "campaigns_reports_daily"]
PAGE = "<html><head><title>403 Forbidden</title></head><body><h1>Request blocked</h1></body></html>"


class RacingClock(FixedClock):
    """A quarter of an hour of retries in two seconds.

    It jumps only over what somebody sleeps. While the machine computes, it is as slow as any clock, so that what a
    sync sees does not depend on the machine's speed.
    """

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self._jumped = 0.0

    def monotonic(self) -> float:
        """Seconds."""
        return time.monotonic() + self._jumped

    async def sleep(self, seconds: float) -> None:
        """Wait a four hundredth of it."""
        wakes_at = self.monotonic() + seconds
        await asyncio.sleep(seconds / 400)
        self._jumped = max(self._jumped, wakes_at - time.monotonic())


async def outcome_of(
    emulator: Emulator, streams: Any = CORE, *, clock: RacingClock | None = None, **fields: Any
) -> Outcome:
    """A sync of these streams, with its retries in seconds."""
    config = config_for(emulator, **{"start_date": "2026-06-09", **fields})
    return await read_from(emulator, config, streams, clock=clock or RacingClock(NOW))


def ends(outcome: Outcome) -> dict[str, str]:
    """The last status of each stream."""
    return {name: statuses[-1] for name, statuses in outcome.statuses.items()}


def incomplete(outcome: Outcome) -> set[str]:
    """The streams that did not end complete."""
    return {name for name, status in ends(outcome).items() if status != "COMPLETE"}


def rows_of(outcome: Outcome, name: str) -> dict[Any, Any]:
    """The records of a stream by key."""
    stream = stream_named(name)
    assert stream is not None
    records = outcome.records(name)
    rows = {key_of(stream, record): record for record in records}
    assert len(rows) == len(records), f"{name} has records twice"
    return rows


def error_of(outcome: Outcome, stream: str) -> dict[str, Any]:
    """The error trace of a stream."""
    (error,) = [error for error in outcome.errors if error["stream_descriptor"]["name"] == stream]
    return error


# -- pages in place of answers


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 405, 410, 451])
async def test_pages_for_a_while_cost_no_row(status: int) -> None:
    """A gateway's page is retried like an error of the server, at every endpoint."""
    async with small() as emulator:
        whole = await read_from(emulator, config_for(emulator), CORE)
        for path in ("oauth2/advertiser/get/", "advertiser/info/", "campaign/get/", "ad/get/", REPORTS):
            emulator.faults.add(Fault(path=path, http=status, page=PAGE, first=4))
        outcome = await read_from(emulator, config_for(emulator), CORE, clock=HurriedClock(NOW))
        assert [entry["failed"] for entry in emulator.faults.entries()] == [4] * 5
    assert outcome.exit_code == 0, outcome.errors
    assert {name: rows_of(outcome, name) for name in CORE} == {name: rows_of(whole, name) for name in CORE}


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 405, 410, 451, 502])
async def test_an_endpoint_that_answers_with_pages_fails_its_streams_alone(status: int) -> None:
    """The message names the stream, the account, the path, the status and the page; no address is doubted."""
    async with small() as emulator:
        whole = await read_from(emulator, config_for(emulator, start_date="2026-06-09"), CORE)
        emulator.faults.add(Fault(path="ad/get/", http=status, page=PAGE, location="https://login.example.com/?x=1"))
        outcome = await outcome_of(emulator)
    assert outcome.exit_code == 1
    assert incomplete(outcome) == {"ads"}
    for name in set(CORE) - {"ads"}:
        assert rows_of(outcome, name) == rows_of(whole, name)
    message = error_of(outcome, "ads")["message"]
    assert "Stream ads: " in message
    assert f"/ad/get/ failed for advertiser {emulator.advertiser_ids[0]}: HTTP {status}" in message
    assert "TIKTOK_API_URL" not in message
    assert "proxy" not in message
    assert status == 502 or '"403 Forbidden Request blocked"' in message
    assert status != 302 or "https://login.example.com/," in message


async def test_an_account_that_gets_pages_fails_alone() -> None:
    """At all its endpoints, also where accounts share a request."""
    async with small() as emulator:
        whole = await read_from(emulator, config_for(emulator, start_date="2026-06-09"), CORE)
        refused = emulator.advertiser_ids[1]
        emulator.faults.add(Fault(advertiser=refused, http=403, page=PAGE))
        outcome = await outcome_of(emulator)
    assert outcome.exit_code == 1
    assert incomplete(outcome) == set(CORE) - {"advertiser_ids"}
    for name in CORE[1:]:
        others = {key: row for key, row in rows_of(whole, name).items() if row["advertiser_id"] != int(refused)}
        assert rows_of(outcome, name) == others
        assert refused in error_of(outcome, name)["message"]
        assert not any(
            other in error_of(outcome, name)["message"] for other in emulator.advertiser_ids if other != refused
        )


async def test_a_stream_whose_requests_get_pages_fails_alone() -> None:
    """The other streams of its endpoint are read."""
    async with small() as emulator:
        emulator.faults.add(Fault(path=REPORTS, contains="AUCTION_AD&", http=403, page=PAGE))
        outcome = await outcome_of(emulator)
    assert incomplete(outcome) == {"ads_reports_daily"}


AUDIENCE = [stream.name for stream in STREAMS if stream.is_report and "audience" in stream.name]
BASIC = ["ads_reports_daily", "campaigns_reports_hourly", "ads_reports_hourly"]


@pytest.mark.parametrize("fault", [{"http": 404, "page": PAGE}, {"code": 50000}], ids=["page", "code"])
async def test_streams_that_still_wait_are_read_although_others_of_their_endpoint_fail(fault: dict[str, Any]) -> None:
    """Audience reports come first and fail for good, before much else was asked for. Everything else comes."""
    async with small(days=80, ads_per_account=4) as emulator:
        fields = {"start_date": "2026-04-01", "skip_empty_days": False, "requests_per_second": 10}
        whole = await outcome_of(emulator, BASIC, **fields)
        emulator.faults.add(Fault(path=REPORTS, contains="report_type=AUDIENCE", **fault))
        outcome = await outcome_of(emulator, [*AUDIENCE, *BASIC], **fields)
    assert incomplete(outcome) == set(AUDIENCE)
    for name in BASIC:
        assert rows_of(outcome, name) == rows_of(whole, name)


SCOPES = [
    pytest.param(40001, "The advertiser does not grant you /pixel/list/:GET permission", id="endpoint"),
    pytest.param(40002, "No permission for this scope", id="scope"),
]


@pytest.mark.parametrize(("code", "message"), SCOPES)
async def test_a_token_without_a_scope_is_not_refused_for_each_account(code: int, message: str) -> None:
    """After a few accounts, the stream ends with the remedy of a scope."""
    async with small(advertisers=600, ads_per_account=1, days=2) as emulator:
        emulator.faults.add(Fault(path="pixel/list/", code=code, message=message))
        outcome = await read_from(emulator, config_for(emulator), ["pixels", "campaigns"])
        requests = emulator.counters.total("pixel/list/")
    assert incomplete(outcome) == {"pixels"}
    assert "scope" in error_of(outcome, "pixels")["message"]
    assert requests < 300, "those that were on their way, at most 256"


@pytest.mark.parametrize(("code", "message"), SCOPES)
async def test_accounts_that_grant_a_scope_are_read_although_others_do_not(code: int, message: str) -> None:
    """Only the accounts that were refused fail."""
    async with small(advertisers=20, ads_per_account=4, days=10) as emulator:
        whole = await outcome_of(emulator, ["pixels"])
        refused = emulator.advertiser_ids[1::2]
        for advertiser_id in refused:
            emulator.faults.add(Fault(path="pixel/list/", advertiser=advertiser_id, code=code, message=message))
        outcome = await outcome_of(emulator, ["pixels"])
    granted = {key: row for key, row in rows_of(whole, "pixels").items() if str(row["advertiser_id"]) not in refused}
    assert granted
    assert rows_of(outcome, "pixels") == granted
    assert incomplete(outcome) == {"pixels"}


@pytest.mark.parametrize(("code", "path"), [(40118, "ad/get/"), (40014, REPORTS)])
async def test_an_account_that_is_not_on_a_list_costs_the_others_nothing(code: int, path: str) -> None:
    """TikTok gives the same code for the application and for one account. The others wait for their turn meanwhile."""
    streams = ["ads", "campaigns_reports_daily"]
    async with small(advertisers=50, ads_per_account=1, days=2, latency=0.05) as emulator:
        fields = {"skip_empty_days": False, "requests_per_second": 20}
        whole = await outcome_of(emulator, streams, **fields)
        refused = emulator.advertiser_ids[1]
        message = "The app or the advertiser is not on the allowlist."
        emulator.faults.add(Fault(path=path, advertiser=refused, code=code, message=message))
        outcome = await outcome_of(emulator, streams, **fields)
    (failed,) = incomplete(outcome)
    assert failed == ("ads" if path == "ad/get/" else "campaigns_reports_daily")
    assert f"failed for advertiser {refused}: {message.rstrip('.')}" in error_of(outcome, failed)["message"]
    for name in streams:
        others = {key: row for key, row in rows_of(whole, name).items() if row["advertiser_id"] != int(refused)}
        assert {key: row for key, row in rows_of(outcome, name).items() if key in others} == others


@pytest.mark.parametrize("code", [40118, 41001])
async def test_a_stream_that_is_refused_to_the_application_is_not_asked_for_each_account(code: int) -> None:
    """After a few accounts, the stream ends."""
    async with small(advertisers=600, ads_per_account=1, days=2) as emulator:
        emulator.faults.add(Fault(path="pixel/list/", code=code))
        outcome = await read_from(emulator, config_for(emulator), ["pixels", "campaigns"])
        requests = emulator.counters.total("pixel/list/")
    assert incomplete(outcome) == {"pixels"}
    assert requests < 300, "those that were on their way, at most 256"


async def test_accounts_that_still_wait_are_read_although_the_first_ones_get_pages() -> None:
    """Three accounts of a stream fail for good, one after the other. Others were answered meanwhile, so all come."""
    async with small(advertisers=8, days=30, ads_per_account=4) as emulator:
        fields = {"start_date": "2026-05-20", "skip_empty_days": False, "requests_per_second": 10}
        whole = await outcome_of(emulator, BASIC[1:3], **fields)
        refused = emulator.advertiser_ids[:4]
        for advertiser_id in refused:
            emulator.faults.add(Fault(path=REPORTS, advertiser=advertiser_id, http=403, page=PAGE))
        outcome = await outcome_of(emulator, BASIC[1:3], **fields)
    for name in BASIC[1:3]:
        others = {key: row for key, row in rows_of(whole, name).items() if str(row["advertiser_id"]) not in refused}
        assert rows_of(outcome, name) == others


async def test_a_refusing_endpoint_costs_one_time_of_retries() -> None:
    """Its other streams and accounts fail soon after the first."""
    names = [stream.name for stream in STREAMS if stream.is_report]
    async with small() as emulator:
        emulator.faults.add(Fault(path=REPORTS, http=403, page=PAGE))
        clock = RacingClock(NOW)
        before = clock.monotonic()
        outcome = await outcome_of(emulator, ["campaigns", *names], clock=clock, skip_empty_days=True)
        took = clock.monotonic() - before
        requests = emulator.counters.total(REPORTS)
    assert incomplete(outcome) == set(names)
    assert took < 3 * 900  # seconds of the clock, which is not the machine's
    assert requests < 30 * len(names)


async def test_an_account_that_gets_pages_costs_the_others_no_request() -> None:
    """A question about the days of five accounts is asked about each of them instead, soon."""
    streams, fields = ["campaigns_reports_hourly"], {"start_date": "2026-01-01"}
    async with small(advertisers=6, active=1) as emulator:
        whole = await outcome_of(emulator, streams, **fields)
        before = emulator.counters.total(REPORTS)
        refused = emulator.advertiser_ids[5]
        emulator.faults.add(Fault(path=REPORTS, advertiser=refused, http=403, page=PAGE))
        outcome = await outcome_of(emulator, streams, **fields)
        requests = emulator.counters.total(REPORTS) - before
    expected = {key: row for key, row in rows_of(whole, streams[0]).items() if row["advertiser_id"] != int(refused)}
    assert rows_of(outcome, streams[0]) == expected
    assert requests < before + 150


async def test_pages_for_a_while_do_not_waste_the_questions_about_days() -> None:
    """They are asked again, rather than every day of every account read."""
    streams, fields = ["campaigns_reports_hourly"], {"start_date": "2026-01-01"}
    async with small(advertisers=6, active=1) as emulator:
        await outcome_of(emulator, streams, **fields)
        before = emulator.counters.total(REPORTS)
        emulator.faults.add(Fault(path=REPORTS, http=403, page=PAGE, first=60))
        outcome = await outcome_of(emulator, streams, **fields)
        requests = emulator.counters.total(REPORTS) - before
    assert outcome.exit_code == 0, outcome.errors
    assert requests < before + 150


async def test_refused_details_of_accounts_cost_their_stream_alone() -> None:
    """Without time zones, everything else is read."""
    async with small() as emulator:
        emulator.faults.add(Fault(path="advertiser/info/", http=403, page=PAGE))
        outcome = await outcome_of(emulator)
    assert incomplete(outcome) == {"advertisers"}
    assert rows_of(outcome, "ads_reports_daily")
    assert "/advertiser/info/" in error_of(outcome, "advertisers")["message"]


DETAILS = "advertiser/info/"
BLOCKED = {"http": 200, "page": '{"error":"blocked"}', "type": "application/json"}
NO_ENVELOPE = {"edit": "$.code"}
DETAILS_LOST = [
    pytest.param({"code": 50000}, id="50000"),
    pytest.param({"code": 51002}, id="51002"),
    pytest.param({"reset": True}, id="reset"),
    pytest.param({"close": True}, id="close"),
    pytest.param(NO_ENVELOPE, id="no code"),
    pytest.param(BLOCKED, id="blocked"),
    pytest.param({"http": 503}, id="503"),
]
RATE_OF_ACCOUNT = pytest.param({"code": 40133}, id="40133")


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("fault", [*DETAILS_LOST, RATE_OF_ACCOUNT])
async def test_an_account_without_details_costs_the_others_nothing(fault: dict[str, Any], named: bool) -> None:
    """Whatever comes in place of the details of one account, everything is read but its record."""
    async with small() as emulator:
        whole = await read_from(emulator, config_for(emulator, start_date="2026-06-09"), CORE)
        refused = emulator.advertiser_ids[1]
        emulator.faults.add(Fault(path=DETAILS, advertiser=refused, **fault))
        outcome = await outcome_of(emulator, advertiser_ids=emulator.advertiser_ids if named else [])
    assert incomplete(outcome) == {"advertisers"}
    message = error_of(outcome, "advertisers")["message"]
    assert f"/advertiser/info/ failed for advertiser {refused}: " in message
    assert rows_of(outcome, "advertisers").keys() == rows_of(whole, "advertisers").keys() - {(int(refused),)}
    for name in set(CORE) - {"advertisers"}:
        assert rows_of(outcome, name).keys() == rows_of(whole, name).keys()


@pytest.mark.parametrize(
    "fault",
    [
        *DETAILS_LOST,
        pytest.param({"code": 40100}, id="40100"),
        pytest.param({"edit": "$.data", "json": "null"}, id="no data"),
    ],
)
async def test_lost_details_of_all_accounts_cost_their_stream_alone(fault: dict[str, Any]) -> None:
    """Although the accounts are named, so that nothing was answered before. It costs one time of retries."""
    async with small() as emulator:
        emulator.faults.add(Fault(path=DETAILS, **fault))
        clock = RacingClock(NOW)
        before = clock.monotonic()
        outcome = await outcome_of(emulator, clock=clock, advertiser_ids=emulator.advertiser_ids)
        took = clock.monotonic() - before
    assert incomplete(outcome) == {"advertisers"}
    assert rows_of(outcome, "ads_reports_daily")
    assert "/advertiser/info/ failed: " in error_of(outcome, "advertisers")["message"]
    assert took < (1600 if fault.get("code") == 40100 else 1000)  # seconds of the clock


ABOUT_TOKEN = [
    (40105, "Access token is incorrect or has been revoked."),
    (40113, "The app is not in the whitelist."),
    (41000, "Client IP address is in banned Country list."),
    (40002, "Advertiser {advertiser} is registered in a banned country."),
]


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("path", ["ad/get/", DETAILS, REPORTS])
@pytest.mark.parametrize(("code", "message"), ABOUT_TOKEN)
async def test_a_refusal_of_the_token_for_one_account_costs_that_account(
    code: int, message: str, path: str, named: bool
) -> None:
    """The same token is answered for the other accounts and endpoints, so it is valid."""
    async with small() as emulator:
        whole = await read_from(emulator, config_for(emulator, start_date="2026-06-09"), CORE)
        refused = emulator.advertiser_ids[1]
        text = message.replace("{advertiser}", refused)
        emulator.faults.add(Fault(path=path, advertiser=refused, code=code, message=text))
        outcome = await outcome_of(emulator, advertiser_ids=emulator.advertiser_ids if named else [])
    failed = [stream.name for stream in STREAMS if stream.name in CORE and stream.endpoint == path]
    assert incomplete(outcome) == set(failed)
    for name in failed:
        message = error_of(outcome, name)["message"]
        assert f"failed for advertiser {refused}: {text.rstrip('.')}" in message
        assert "Authorize the application again" not in message
        others = {key for key, row in rows_of(whole, name).items() if row["advertiser_id"] != int(refused)}
        assert rows_of(outcome, name).keys() == others
    for name in set(CORE) - set(failed):
        assert rows_of(outcome, name).keys() == rows_of(whole, name).keys()


async def test_an_endpoint_that_refuses_the_token_costs_its_streams() -> None:
    """Everything else is read."""
    async with small() as emulator:
        emulator.faults.add(Fault(path=REPORTS, code=40105))
        outcome = await outcome_of(emulator)
    assert incomplete(outcome) == {"ads_reports_daily", "campaigns_reports_daily"}
    assert rows_of(outcome, "ads")


@pytest.mark.parametrize("code", [40105, 40113, 41000])
async def test_a_list_that_is_refused_with_the_token_advises_no_way_round(code: int) -> None:
    """Named accounts could not be read either, if the token or the application is not valid."""
    async with small() as emulator:
        emulator.faults.add(Fault(code=code))
        with pytest.raises(TikTokError) as caught:
            await outcome_of(emulator)
        assert emulator.counters.total() == 1
    assert "If you name the accounts" not in str(caught.value)


@pytest.mark.parametrize("named", [True, False])
async def test_if_nothing_answers_the_sync_stops_with_one_message(named: bool) -> None:
    """It speaks of what answers instead."""
    async with small() as emulator:
        fields = {"advertiser_ids": emulator.advertiser_ids} if named else {}
        emulator.faults.add(Fault(http=403, page=PAGE))
        if named:
            outcome = await outcome_of(emulator, **fields)
            assert outcome.exit_code == 1
            assert incomplete(outcome) == set(CORE)
            (error,) = outcome.errors
            message = error["message"]
        else:
            with pytest.raises(Exception, match="No request was answered") as caught:
                await outcome_of(emulator)
            message = str(caught.value)
    assert "a proxy" in message
    assert "TIKTOK_API_URL" not in message


async def test_one_endpoint_that_answers_is_read() -> None:
    """Although pages come in place of every other answer from the start."""
    async with small() as emulator:
        for path in ("oauth2/advertiser/get/", "advertiser/info/", "ad/get/", "user/info/", REPORTS):
            emulator.faults.add(Fault(path=path, http=403, page=PAGE))
        outcome = await outcome_of(emulator, advertiser_ids=emulator.advertiser_ids)
    assert incomplete(outcome) == set(CORE) - {"campaigns"}
    assert rows_of(outcome, "campaigns")
    assert not any("proxy" in error["message"] for error in outcome.errors)


def test_a_wrong_address_is_named_if_the_user_set_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check` says so within seconds."""
    with programs.emulator_beside(Options(tier="unlimited", days=3, advertisers=1, ads_per_account=3)) as emulator:
        monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
        emulator.faults.add(Fault(http=404))
        file = tmp_path / "config.json"
        file.write_text(json.dumps(config_for(emulator)))
        ended = programs.command("check", "--config", str(file))
    assert ended.code == 1
    assert "Check the address in TIKTOK_API_URL" in ended.out


# -- the list of accounts


def wrong_secret(config: dict[str, Any]) -> None:
    """The secret of another application."""
    config["credentials"]["secret"] = "of-another-application"


def wrong_app(config: dict[str, Any]) -> None:
    """The id of another application."""
    config["credentials"]["app_id"] = "7000000000000000123"


def no_app(config: dict[str, Any]) -> None:
    """No application at all."""
    del config["credentials"]["app_id"], config["credentials"]["secret"]


def ids_in_credentials(config: dict[str, Any], ids: list[str]) -> None:
    """The account as Airbyte's form has it."""
    config["credentials"]["advertiser_id"] = ids[0]


def ids_at_the_top(config: dict[str, Any], ids: list[str]) -> None:
    """The accounts as this project's own field has them."""
    config["advertiser_ids"] = ids


LIST = "oauth2/advertiser/get/"
LIST_FAULTS = [
    Fault(path=LIST, code=40001),
    Fault(path=LIST, code=40002, message="No permission for this scope"),
    Fault(path=LIST, code=40105),
    Fault(path=LIST, code=40113),
    Fault(path=LIST, http=403, page=PAGE),
    wrong_secret,
    wrong_app,
    no_app,
]


@pytest.mark.parametrize("name", [ids_in_credentials, ids_at_the_top])
@pytest.mark.parametrize("trouble", LIST_FAULTS, ids=lambda trouble: getattr(trouble, "__name__", str(trouble)))
async def test_named_accounts_are_read_without_the_list(
    name: Callable[[dict[str, Any], list[str]], None], trouble: Any
) -> None:
    """Only the stream that is the list fails, with the reason."""
    async with small() as emulator:
        config = config_for(emulator, start_date="2026-06-09")
        name(config, emulator.advertiser_ids)
        if isinstance(trouble, Fault):
            emulator.faults.add(trouble)
        else:
            trouble(config)
        outcome = await read_from(emulator, config, CORE, clock=RacingClock(NOW))
    assert outcome.exit_code == 1
    assert incomplete(outcome) == {"advertiser_ids"}
    assert rows_of(outcome, "ads_reports_daily")
    (error,) = outcome.errors
    assert "the list of accounts" in error["message"]


async def test_named_accounts_need_no_list() -> None:
    """It is not even requested, if its stream is not selected."""
    async with small() as emulator:
        config = config_for(emulator, advertiser_ids=emulator.advertiser_ids)
        outcome = await read_from(emulator, config, CORE[1:])
        assert emulator.counters.total(LIST) == 0
    assert outcome.exit_code == 0


@pytest.mark.parametrize("code", [40001, 40002])
async def test_without_names_the_remedy_says_how_to_do_without_the_list(code: int) -> None:
    """A missing scope for the list is told as such."""
    async with small() as emulator:
        emulator.faults.add(Fault(path=LIST, code=code, message="No permission for this scope"))
        with pytest.raises(Exception, match="advertiser_ids") as caught:
            await outcome_of(emulator)
        assert "scope" in str(caught.value)
        outcome = await outcome_of(emulator, CORE[1:], advertiser_ids=emulator.advertiser_ids)  # what it advises
    assert outcome.exit_code == 0


@pytest.fixture(scope="module")
def beside() -> Any:
    """An emulator beside the programs."""
    options = Options(tier="unlimited", days=5, advertisers=2, ads_per_account=5, not_granted=0)
    with programs.emulator_beside(options) as emulator:
        yield emulator


@pytest.fixture
def run(beside: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a program with a configuration file, against an emulator without faults of other tests."""
    monkeypatch.setenv("TIKTOK_API_URL", beside.url)
    beside.faults.clear()

    def run(program: Any, command: str, *arguments: str, **fields: Any) -> programs.Ended:
        file = tmp_path / "config.json"
        file.write_text(json.dumps(config_for(beside, **fields)))
        ended: programs.Ended = program(command, "--config", str(file), *arguments)
        return ended

    return run


def test_check_doctor_and_plan_tell_of_a_refused_list(beside: Emulator, run: Any) -> None:
    """They say that one stream needs it, and that the others can be read."""
    beside.faults.add(Fault(path=LIST, code=40001, message="No permission for this scope"))
    fields = {"advertiser_ids": beside.advertiser_ids}
    check = run(programs.command, "check", **fields)
    assert check.code == 1
    assert "✗ List of accounts" in check.out
    assert "Only the stream advertiser_ids needs it" in check.out
    assert "✓ Reports" in check.out
    airbyte = run(programs.source, "check", **fields)
    (status,) = [message["connectionStatus"] for message in airbyte.messages if message["type"] == "CONNECTION_STATUS"]
    assert status["status"] == "SUCCEEDED"
    assert "Only the stream advertiser_ids needs it" in status["message"]
    assert any(message["log"]["level"] == "WARN" for message in airbyte.messages if message["type"] == "LOG")
    doctor = run(programs.command, "doctor", "--json", **fields)
    findings = json.loads(doctor.out)["findings"]
    assert [(finding["check"], finding["stream"]) for finding in findings] == [("scopes", "advertiser_ids")]
    plan = run(programs.command, "plan", **fields)
    assert plan.code == 0
    assert "The stream advertiser_ids cannot be read." in plan.err
    assert "campaigns_reports_daily" in plan.out


def test_check_tells_of_refused_details(beside: Emulator, run: Any) -> None:
    """The accounts themselves can be read, and so can their reports."""
    message = "advertiser does not grant you /advertiser/info/:GET permission"
    beside.faults.add(Fault(path="advertiser/info/", code=40001, message=message))
    check = run(programs.command, "check")
    assert "✗ Account details" in check.out
    assert "Only the stream advertisers needs it" in check.out
    assert "✓ Reports" in check.out
    doctor = run(programs.command, "doctor", "--json")
    findings = json.loads(doctor.out)["findings"]
    assert ("scopes", "advertisers") in [(finding["check"], finding["stream"]) for finding in findings]


@pytest.mark.parametrize("fault", [{"code": 50000}, {"reset": True}, NO_ENVELOPE], ids=["code", "reset", "no code"])
def test_the_doctor_does_not_doubt_the_credentials_for_lost_details(
    beside: Emulator, run: Any, fault: dict[str, Any]
) -> None:
    """The list of accounts was answered, so TikTok was reached."""
    beside.faults.add(Fault(path=DETAILS, **fault))
    examination = json.loads(run(programs.command, "doctor", "--json").out)
    assert examination["reached"]
    assert [(finding["check"], finding["stream"]) for finding in examination["findings"]] == [("scopes", "advertisers")]


# -- metrics

WORDINGS = [
    "Please correct the information in invalid metric fields and try again. Invalid metric fields: {names}. ",
    "metrics: field {names} is not supported",
    "The metric(s) {names} cannot be used in this report.",
    "{names} are no longer valid metrics",
    "metrics.3: Unsupported field(s) '{names}'",
    "{names} is no longer available since v1.3.",
]


def without(rows: Mapping[Any, Any], *metrics: str) -> dict[Any, Any]:
    """Report rows with null in these metrics."""
    nulls = dict.fromkeys(metrics)
    return {key: row | {"metrics": row["metrics"] | nulls} for key, row in rows.items()}


@pytest.mark.parametrize("wording", WORDINGS)
@pytest.mark.parametrize("names", ["placement_type", "spend|placement_type|campaign_id", "reach|clicks"])
async def test_a_withdrawn_metric_is_left_out(names: str, wording: str) -> None:
    """It is null, the rows come, one warning for each account names it and the stream, and the sync succeeds."""
    streams = ["ads_reports_daily", "campaigns_reports_daily"]
    async with small() as emulator:
        whole = await outcome_of(emulator, streams)
        emulator.faults.add(Fault(path=REPORTS, withdraw=names, message=wording))
        outcome = await outcome_of(emulator, streams)
    assert outcome.exit_code == 0, outcome.errors
    warnings = [log["message"] for log in outcome.of_type("LOG") if log["level"] == "WARN"]
    assert len(warnings) == len(emulator.advertiser_ids)
    for name in streams:
        stream = stream_named(name)
        assert stream is not None
        withdrawn = set(names.split("|")) & set(stream.metrics)
        assert rows_of(outcome, name) == without(rows_of(whole, name), *withdrawn)
        assert all(f"{name}: {', '.join(sorted(withdrawn))}" in warning for warning in warnings if withdrawn)


OTHERS_NAMED = [
    "metrics: {names} not in ['spend', 'clicks', 'impressions', 'conversion']",
    "The metric {names} has been replaced by real_time_conversion.",
    "Invalid metric {names}. Valid values are spend, cost_per_conversion.",
    "The metric {names} has been deprecated. Please switch to video_views_p50.",
    "Metric {names} was renamed to real_time_result.",
    "The metric {names} is superseded by real_time_result",
    "Metric {names} is no longer supported. Try reach or frequency instead.",
    "Metric {names} is no longer supported, its successor is real_time_result.",
    "Field {names} is not valid; expected: spend, cost_per_conversion",
    "{names} is not a metric. Did you mean real_time_result?",
    "The metric {names} can only be requested with cost_per_conversion.",
]


@pytest.mark.parametrize("wording", OTHERS_NAMED)
async def test_metrics_that_a_refusal_only_mentions_are_read(wording: str) -> None:
    """Those that TikTok accepts, such as a successor, keep their figures, and no warning names them."""
    async with small() as emulator:
        whole = await outcome_of(emulator, ["ads_reports_daily"])
        before = emulator.counters.total(REPORTS)
        emulator.faults.add(Fault(path=REPORTS, contains="AUCTION_AD&", withdraw="placement_type", message=wording))
        outcome = await outcome_of(emulator, ["ads_reports_daily"])
        requests = emulator.counters.total(REPORTS) - before
    assert outcome.exit_code == 0, outcome.errors
    assert rows_of(outcome, "ads_reports_daily") == without(rows_of(whole, "ads_reports_daily"), "placement_type")
    warnings = [log["message"] for log in outcome.of_type("LOG") if log["level"] == "WARN"]
    assert all("(ads_reports_daily: placement_type)" in warning for warning in warnings)
    assert requests < before + 20, "one search for all accounts"


async def test_a_metric_without_permission_is_left_out() -> None:
    """With the code of an account without access, which could be passed over as a whole."""
    streams = ["ads_reports_daily"]
    async with small() as emulator:
        whole = await outcome_of(emulator, streams)
        message = "You have no permission for metric skan_result"
        emulator.faults.add(Fault(path=REPORTS, contains='"skan_result"', code=40001, message=message))
        outcome = await outcome_of(emulator, streams, skip_inaccessible_advertisers=True)
        emulator.faults.add(Fault(path=REPORTS, contains="AUCTION_AD&", code=40001, message=message))
        refused = await outcome_of(emulator, streams, skip_inaccessible_advertisers=True)
    assert outcome.exit_code == 0, outcome.errors
    assert rows_of(outcome, streams[0]) == without(rows_of(whole, streams[0]), "skan_result")
    assert incomplete(refused) == set(streams), "it is refused without this metric, too, so nothing is passed over"


async def test_one_withdrawn_metric_costs_two_requests() -> None:
    """For each account: its name is the only one in the message, and another day shows that no day is accepted."""
    async with small() as emulator:
        await outcome_of(emulator, ["ads_reports_daily"])
        before = emulator.counters.total(REPORTS)
        emulator.faults.add(Fault(path=REPORTS, contains="AUCTION_AD&", withdraw="placement_type"))
        await outcome_of(emulator, ["ads_reports_daily"])
        requests = emulator.counters.total(REPORTS) - before
    assert requests == before + 2 * len(emulator.advertiser_ids)


async def test_metrics_withdrawn_one_after_the_other_are_left_out() -> None:
    """TikTok names one at a time."""
    async with small() as emulator:
        whole = await outcome_of(emulator, ["ads_reports_daily"])
        for name in ("ad_text", "spend", "skan_result"):
            emulator.faults.add(Fault(path=REPORTS, withdraw=name))
        outcome = await outcome_of(emulator, ["ads_reports_daily"])
    assert outcome.exit_code == 0, outcome.errors
    rows = rows_of(whole, "ads_reports_daily")
    assert rows_of(outcome, "ads_reports_daily") == without(rows, "ad_text", "spend", "skan_result")


async def test_a_metric_withdrawn_for_one_account_is_null_there_alone() -> None:
    """The others get it, and the next sync asks for it again."""
    async with small() as emulator:
        whole = await outcome_of(emulator, ["ads_reports_daily"], skip_empty_days=False)
        refused = emulator.advertiser_ids[0]
        emulator.faults.add(Fault(path=REPORTS, withdraw="placement_type", advertiser=refused))
        outcome = await outcome_of(emulator, ["ads_reports_daily"], skip_empty_days=False)
        emulator.faults.clear()
        after = await outcome_of(emulator, ["ads_reports_daily"], skip_empty_days=False)
    expected = rows_of(whole, "ads_reports_daily")
    own = {key: row for key, row in expected.items() if row["advertiser_id"] == int(refused)}
    assert own
    assert rows_of(outcome, "ads_reports_daily") == expected | without(own, "placement_type")
    (warning,) = [log["message"] for log in outcome.of_type("LOG") if log["level"] == "WARN"]
    assert refused in warning
    assert rows_of(after, "ads_reports_daily") == expected


@pytest.mark.parametrize(
    ("refused", "most"),
    [
        (lambda day: day < "2026-04-10", 24),
        (lambda day: day >= "2026-06-14", 18),
        (lambda day: day == "2026-06-15", 18),
        (lambda day: day < "2026-06-14", 32),
    ],
    ids=["old", "new", "today", "all but the newest"],
)
async def test_a_metric_that_is_refused_for_some_days_is_null_there_alone(
    refused: Callable[[str], bool], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All other days have its figures, whatever windows they share, and few requests find the border."""
    names = ["ads_reports_daily"]
    async with small(days=90, advertisers=1) as emulator:
        fields = {"start_date": "2026-03-20", "skip_empty_days": False}
        whole = await outcome_of(emulator, names, **fields)
        before = emulator.counters.total(REPORTS)
        monkeypatch.setattr(Fault, "withdrawn", withdrawn_on(refused))
        emulator.faults.add(Fault(path=REPORTS, withdraw="reach"))
        outcome = await outcome_of(emulator, names, **fields)
        requests = emulator.counters.total(REPORTS) - before
    assert outcome.exit_code == 0, outcome.errors
    expected = rows_of(whole, "ads_reports_daily")
    of_days = {key: row for key, row in expected.items() if refused(row["stat_time_day"][:10])}
    assert 0 < len(of_days) < len(expected)
    assert rows_of(outcome, "ads_reports_daily") == expected | without(of_days, "reach")
    assert requests <= before + most
    (warning,) = [log["message"] for log in outcome.of_type("LOG") if log["level"] == "WARN"]
    assert "(ads_reports_daily, on some days: reach)" in warning


def withdrawn_on(refused: Callable[[str], bool]) -> Any:
    """What a fault withdraws from a request about some of these days."""
    withdrawn = Fault.withdrawn

    def names(fault: Fault, params: Mapping[str, Any]) -> list[str]:
        first, last = (date.fromisoformat(str(params[name])) for name in ("start_date", "end_date"))
        days = (str(first + timedelta(number)) for number in range((last - first).days + 1))
        return withdrawn(fault, params) if any(map(refused, days)) else []

    return names


async def test_a_metric_withdrawn_from_questions_about_days_costs_nothing() -> None:
    """The questions that find days without data are asked without it."""
    async with small() as emulator:
        fields = {"start_date": "2026-01-01"}
        whole = await outcome_of(emulator, ["campaigns_reports_hourly"], **fields)
        before = emulator.counters.total(REPORTS)
        emulator.faults.add(Fault(path=REPORTS, contains="AUCTION_ADVERTISER", withdraw="spend|cash_spend"))
        outcome = await outcome_of(emulator, ["campaigns_reports_hourly"], **fields)
        after = emulator.counters.total(REPORTS) - before
    assert outcome.exit_code == 0
    assert rows_of(outcome, "campaigns_reports_hourly") == rows_of(whole, "campaigns_reports_hourly")
    assert after <= before + 5


async def test_a_metric_withdrawn_from_the_lists_of_a_split_costs_nothing() -> None:
    """The report that tells by which campaigns to ask is asked without it."""
    async with small() as emulator:
        whole = await outcome_of(emulator, ["ads_reports_daily"])
        emulator.faults.add(Fault(path=REPORTS, contains="AUCTION_AD&", ids_over=1000, code=40067))
        emulator.faults.add(Fault(path=REPORTS, contains="AUCTION_CAMPAIGN", withdraw="spend|impressions"))
        outcome = await outcome_of(emulator, ["ads_reports_daily"])
    assert outcome.exit_code == 0, outcome.errors
    assert rows_of(outcome, "ads_reports_daily") == rows_of(whole, "ads_reports_daily")


@pytest.mark.parametrize(
    "message",
    [
        "Invalid metric fields: ['placement_type'].",
        "Invalid metric fields: ['ad_id'].",
        "Invalid metric fields: ['stat_time_day'].",
        "Invalid metric fields.",
    ],
)
async def test_a_refusal_that_stays_fails_the_stream_with_its_message(message: str) -> None:
    """TikTok names the same metric again and again, a part of the key, or nothing."""
    async with small() as emulator:
        emulator.faults.add(Fault(path=REPORTS, contains="AUCTION_AD&", code=40002, message=message))
        outcome = await outcome_of(emulator)
        assert emulator.counters.total(REPORTS, answer=40002) < 20
    assert incomplete(outcome) == {"ads_reports_daily"}
    error = error_of(outcome, "ads_reports_daily")
    assert message.rstrip(".") in error["message"]
    assert "code 40002" in error["message"]


async def test_a_report_without_any_metric_left_fails() -> None:
    """A row without figures is no row."""
    stream = stream_named("campaigns_reports_daily")
    assert stream is not None
    async with small() as emulator:
        names = "|".join(stream.metrics)
        emulator.faults.add(Fault(path=REPORTS, contains="AUCTION_CAMPAIGN", withdraw=names))
        outcome = await outcome_of(emulator)
    assert incomplete(outcome) == {"campaigns_reports_daily"}


def test_check_and_doctor_name_withdrawn_metrics(beside: Emulator, run: Any) -> None:
    """They ask with the metrics of each level; nothing else is wrong."""
    beside.faults.add(Fault(path=REPORTS, contains="AUCTION_ADGROUP", withdraw="placement_type"))
    check = run(programs.command, "check")
    assert check.code == 0
    assert "Metrics: TikTok does not accept these metrics now" in check.out
    assert "placement_type (in ad_groups_reports_daily" in check.out
    doctor = run(programs.command, "doctor", "--json")
    assert doctor.code == 0
    findings = json.loads(doctor.out)["findings"]
    assert findings
    assert {(finding["check"], finding["severity"]) for finding in findings} == {("scopes", "warning")}
    assert all("placement_type" in finding["message"] for finding in findings)
    assert any("ad_groups_reports_daily" in finding["message"] for finding in findings)


# -- scopes


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("code", [40001, 40002])
@pytest.mark.parametrize(
    "message",
    ["advertiser does not grant you /campaign/get/:GET permission", "No permission for this scope"],
)
async def test_a_missing_scope_fails_its_stream_alone(message: str, code: int, skip: bool) -> None:
    """It is not taken for a dead account, so `skip_inaccessible_advertisers` does not hide it."""
    async with small() as emulator:
        emulator.faults.add(Fault(path="campaign/get/", code=code, message=message))
        outcome = await outcome_of(emulator, skip_inaccessible_advertisers=skip)
    assert outcome.exit_code == 1
    assert incomplete(outcome) == {"campaigns"}
    error = error_of(outcome, "campaigns")
    assert "Request the scope" in error["message"]
    assert error["failure_type"] == "config_error"


async def test_a_filter_that_is_refused_costs_its_own_objects() -> None:
    """Campaigns are listed with two filters. Those of the other come, and the error says what TikTok refuses."""
    message = "Invalid param: 'filtering.buying_types'."
    async with small(advertisers=6, ads_per_account=60) as emulator:
        whole = rows_of(await outcome_of(emulator, ["campaigns"]), "campaigns")
        lacking = []
        for refused in ("AUCTION", "RESERVATION_TOP_VIEW"):
            emulator.faults.clear()
            emulator.faults.add(Fault(path="campaign/get/", contains=f'"{refused}"', code=40002, message=message))
            outcome = await outcome_of(emulator, ["campaigns"])
            assert incomplete(outcome) == {"campaigns"}
            assert message.rstrip(".") in error_of(outcome, "campaigns")["message"]
            lacking.append(rows_of(outcome, "campaigns"))
    others, auctions = lacking
    assert others
    assert auctions
    assert others | auctions == whole
    assert others.keys().isdisjoint(auctions)


@pytest.mark.parametrize(
    "message",
    [
        "page_size: Must be less than or equal to 20.",
        "page_size: 1000 is not between 1 and 20",
        "The maximum value of page_size is 20, but 100 or 1000 was given.",
    ],
)
async def test_pages_that_are_too_large_are_asked_for_in_the_size_that_tiktok_names(message: str) -> None:
    """No row is lost, and each list is refused once at most."""
    names = ["ads", "campaigns", "ads_reports_daily", "campaigns_reports_daily", "creative_assets_images"]
    async with small(ads_per_account=60) as emulator:
        whole = await outcome_of(emulator, names)
        for size in (50, 100, 1000):
            emulator.faults.add(Fault(contains=f"page_size={size}", code=40002, message=message))
        outcome = await outcome_of(emulator, names)
    assert outcome.exit_code == 0, outcome.errors
    assert {name: rows_of(outcome, name) for name in names} == {name: rows_of(whole, name) for name in names}


@pytest.mark.parametrize("status", [413, 414, 431])
async def test_requests_that_are_too_long_for_a_gateway_are_divided(status: int) -> None:
    """Those with many ids, in the filters of reports and as parameters of lists.."""
    names = ["ads_reports_daily", "ad_group_reviews", "ad_reviews"]
    async with small(ads_per_account=60, advertisers=2) as emulator:
        whole = await outcome_of(emulator, names, skip_empty_days=False)
        too_long = {"http": status, "page": "Request too long"}
        emulator.faults.add(Fault(path=REPORTS, contains="AUCTION_AD&", ids_over=3, **too_long))
        for path in ("ad/review_info/", "adgroup/review_info/"):
            emulator.faults.add(Fault(path=path, contains='","', **too_long))
        clock = RacingClock(NOW)
        before = clock.monotonic()
        outcome = await outcome_of(emulator, names, clock=clock, skip_empty_days=False)
        took = clock.monotonic() - before
    assert outcome.exit_code == 0, outcome.errors
    assert {name: rows_of(outcome, name) for name in names} == {name: rows_of(whole, name) for name in names}
    assert took < 900  # seconds of the clock


async def test_a_scope_that_one_account_did_not_grant_costs_that_account() -> None:
    """The stream's other accounts are read."""
    async with small() as emulator:
        refused = emulator.advertiser_ids[0]
        message = f"advertiser {refused} does not grant you /campaign/get/:GET permission"
        emulator.faults.add(Fault(path="campaign/get/", advertiser=refused, code=40001, message=message))
        outcome = await outcome_of(emulator, skip_inaccessible_advertisers=True)
    assert incomplete(outcome) == {"campaigns"}
    accounts = {row["advertiser_id"] for row in outcome.records("campaigns")}
    assert accounts
    assert int(refused) not in accounts


@pytest.mark.parametrize(
    "message", ["No permission to operate advertiser: 7", "The advertiser doesn't exist or has been deleted"]
)
async def test_a_dead_account_is_no_missing_scope(message: str) -> None:
    """It can be skipped."""
    async with small() as emulator:
        dead = emulator.advertiser_ids[0]
        emulator.faults.add(Fault(advertiser=dead, code=40001, message=message))
        outcome = await outcome_of(emulator, skip_inaccessible_advertisers=True)
    assert outcome.exit_code == 0, outcome.errors


@pytest.mark.parametrize("code", [40001, 40002])
def test_doctor_files_missing_scopes_under_scopes(beside: Emulator, run: Any, code: int) -> None:
    """With the streams that need the scope; the account is not reported."""
    message = "advertiser does not grant you /ad/get/:GET permission"
    beside.faults.add(Fault(path="ad/get/", code=code, message=message))
    doctor = run(programs.command, "doctor", "--json")
    assert doctor.code == 1
    (finding,) = json.loads(doctor.out)["findings"]
    assert (finding["check"], finding["stream"]) == ("scopes", "ads")
    assert "Request the scope" in finding["remedy"]


# -- catalogs


@pytest.mark.parametrize("name", ["streams_of_tomorrow", "ads_report_daily", "x"])
async def test_a_stream_that_does_not_exist_costs_itself(name: str) -> None:
    """The others are read. It ends INCOMPLETE, with a config_error that names it."""
    async with small() as emulator:
        catalog = catalog_of(["campaigns", "ads"])
        catalog["streams"].insert(1, {"stream": {"name": name, "json_schema": {}}, "sync_mode": "full_refresh"})
        outcome = await read_from(emulator, config_for(emulator), catalog=catalog)
    assert outcome.exit_code == 1
    assert ends(outcome) == {"campaigns": "COMPLETE", "ads": "COMPLETE", name: "INCOMPLETE"}
    assert outcome.records("campaigns")
    (error,) = outcome.errors
    assert error["stream_descriptor"]["name"] == name
    assert error["failure_type"] == "config_error"
    assert name in error["message"]
    assert name != "ads_report_daily" or "ads_reports_daily" in error["message"]


UNREADABLE = {
    "another cursor": {
        "states": [{"partition": {"advertiser_id": "7001"}, "cursor": {"stat_time_hour": "2026-06-01"}}]
    },
    "not a day": {"states": [{"partition": {"advertiser_id": "7001"}, "cursor": {"stat_time_day": "soon"}}]},
    "a text": "{}",
    "a list": [],
    "a newer form": {"cursors": {"7001": "2026-06-10"}},
}


@pytest.mark.parametrize("state", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_state_that_cannot_be_read_costs_its_stream(state: Any) -> None:
    """It is neither taken for none nor replaced. The others go on from theirs."""
    async with small() as emulator:
        config, names = config_for(emulator, attribution_window=0), ["ads_reports_daily", "campaigns_reports_daily"]
        first = await read_from(emulator, config, names)
        states = {**first.last_states, "ads_reports_daily": state}
        again = await read_from(emulator, config, names, state=states)
    assert again.exit_code == 1
    assert ends(again) == {"ads_reports_daily": "INCOMPLETE", "campaigns_reports_daily": "COMPLETE"}
    assert 0 < len(again.records("campaigns_reports_daily")) < len(first.records("campaigns_reports_daily"))
    assert not again.records("ads_reports_daily")
    assert set(again.last_states) == {"campaigns_reports_daily"}
    (error,) = again.errors
    assert (error["stream_descriptor"]["name"], error["failure_type"]) == ("ads_reports_daily", "config_error")
    assert "The state of stream ads_reports_daily cannot be read" in error["message"]
    assert "refresh or clear the stream" in error["message"]


@pytest.mark.parametrize("state", [{"full_refresh": {"cursors": {}}}, 7], ids=["a newer form", "a number"])
async def test_a_state_of_a_full_refresh_that_cannot_be_read_costs_its_stream(state: Any) -> None:
    """The others are read."""
    async with small() as emulator:
        states = {"ads": state, "campaigns": {}}
        outcome = await read_from(emulator, config_for(emulator), ["ads", "campaigns"], state=states, incremental=False)
    assert ends(outcome) == {"ads": "INCOMPLETE", "campaigns": "COMPLETE"}
    assert [error["failure_type"] for error in outcome.errors] == ["config_error"]


async def test_a_catalog_of_unknown_streams_alone_asks_nothing() -> None:
    """Each is named."""
    async with small() as emulator:
        names = ["one_of_tomorrow", "another"]
        streams = [{"stream": {"name": name, "json_schema": {}}, "sync_mode": "full_refresh"} for name in names]
        outcome = await read_from(emulator, config_for(emulator), catalog={"streams": streams})
        assert emulator.counters.total() == 0
    assert outcome.exit_code == 1
    assert [error["stream_descriptor"]["name"] for error in outcome.errors] == names


async def test_an_unknown_stream_is_named_beside_a_wrong_token() -> None:
    """Both errors are written."""
    async with small() as emulator:
        config = config_for(emulator)
        config["credentials"]["access_token"] = "fa4e-of-somebody-else"
        lines: list[bytes] = []
        streams = [{"stream": {"name": name}, "sync_mode": "full_refresh"} for name in ("ads", "one_of_tomorrow")]
        checked = parse_config(config)
        with pytest.raises(AuthError):
            await read(
                checked,
                selected_streams(checked, {"streams": streams}),
                {},
                write=lambda portion: lines.extend(b"".join(portion).splitlines()),
                clock=RacingClock(NOW),
                address=emulator.url,
            )
    (error,) = Outcome(lines, 1).errors
    assert error["stream_descriptor"]["name"] == "one_of_tomorrow"


async def test_a_sandbox_reads_what_it_discovers_and_nothing_else() -> None:
    """A selected stream that it does not have costs itself."""
    async with small(sandbox_throttle=False) as emulator:
        credentials = {
            "auth_type": "sandbox_access_token",
            "advertiser_id": emulator.sandbox_advertiser_id,
            "access_token": emulator.sandbox_access_token,
        }
        config = {"credentials": credentials, "start_date": "2020-12-08", "end_date": "2020-12-19"}
        offered = [stream.name for stream in STREAMS if stream.sandbox]
        outcome = await read_from(emulator, config, [*offered, "advertisers", "pixels"], clock=RacingClock(NOW))
    assert incomplete(outcome) == {"advertisers", "pixels"}
    assert rows_of(outcome, "ads_reports_daily")
    assert {error["stream_descriptor"]["name"] for error in outcome.errors} == {"advertisers", "pixels"}
    assert {error["failure_type"] for error in outcome.errors} == {"config_error"}
