"""Where 4.7.0 gives up or cannot begin. docs/coming-from-airbyte.md names these tests."""

from __future__ import annotations

from parity.bench import Pair
from parity.comparison import failed
from parity.faulty import REFRESHED, TROUBLE, Commands, Handover, Hosts
from tiktok_marketing.config import parse_config
from tiktok_marketing.connect import api_address


def test_temporary_errors_do_not_end_a_stream(trouble: Pair) -> None:
    """50000, 50002, 51010, 40133 and 40067 end a stream of 4.7.0 at once; ours tries again, or asks for less."""
    names = {"campaigns", "ad_groups", "ads", "audiences", "advertisers_reports_daily"}
    assert failed(trouble.theirs.outcome) == names
    assert trouble.ours.outcome.exit_code == 0
    answers = {request.answer for request in trouble.ours.asked}
    assert {"50000", "50002", "51010", "40133", "40067"} <= answers
    assert all(trouble.ours.outcome.records(name) for name in names)
    assert len(TROUBLE.options.faults) == len(names)


def test_a_suspension_does_not_end_a_stream(suspended: Pair) -> None:
    """4.7.0 tries for half a minute; a suspension lasts five minutes."""
    assert failed(suspended.theirs.outcome) == {"creative_assets_portfolios"}
    requests = [request for request in suspended.theirs.asked if request.path == "creative/portfolio/list/"]
    assert [request.answer for request in requests] == ["40100"] * 6
    assert suspended.ours.outcome.exit_code == 0
    assert suspended.ours.outcome.records("creative_assets_portfolios")


def test_an_empty_end_date_counts_as_left_out(empty_end: Pair) -> None:
    """4.7.0 refuses the empty text that Airbyte's form leaves behind."""
    assert empty_end.theirs.outcome.exit_code == 1
    assert "Config validation error" in empty_end.theirs.outcome.errors[0]["message"]
    assert empty_end.ours.outcome.exit_code == 0
    assert empty_end.ours.outcome.records("campaigns")


def test_old_sandbox_configurations_reach_the_sandbox(old_sandbox_host: Hosts) -> None:
    """4.7.0 sends a sandbox token of the first form of the configuration to production."""
    assert old_sandbox_host.production > 0
    assert old_sandbox_host.sandbox == 0
    config = parse_config({"access_token": "a-token", "environment": {"advertiser_id": "7001"}})
    assert api_address(config) == "https://sandbox-ads.tiktok.com"


def test_check_succeeds_for_a_sandbox(sandbox_check: Commands) -> None:
    """4.7.0 asks for what a sandbox does not answer."""
    statuses = {
        name: [
            message["connectionStatus"]["status"]
            for message in outcome.messages
            if message["type"] == "CONNECTION_STATUS"
        ]
        for name, outcome in (("theirs", sandbox_check.theirs), ("ours", sandbox_check.ours))
    }
    assert statuses == {"theirs": ["FAILED"], "ours": ["SUCCEEDED"]}


def test_an_interrupted_full_refresh_goes_on(refused_refresh: Handover) -> None:
    """4.7.0 does so for streams with a cursor alone. For the others it reads all accounts again."""
    name = "campaigns_reports_lifetime"
    first, following = refused_refresh.first, refused_refresh.from_own
    assert name in failed(first.theirs.outcome) & failed(first.ours.outcome)
    whole = len(following.theirs.outcome.records(name))
    assert whole > len(first.theirs.outcome.records(name)) > 0
    assert len(first.ours.outcome.records(name)) + len(following.ours.outcome.records(name)) == whole


def test_a_new_full_refresh_reads_everything(finished_refresh: Handover) -> None:
    """If it gets the state of a finished one, 4.7.0 ends without an error and without a record."""
    name = "advertisers_reports_daily"
    assert finished_refresh.from_own.theirs.outcome.records(name) == []
    assert finished_refresh.from_own.theirs.outcome.exit_code == 0
    for each in REFRESHED:
        expected = len(finished_refresh.first.ours.outcome.records(each))
        assert len(finished_refresh.from_own.ours.outcome.records(each)) == expected > 0
