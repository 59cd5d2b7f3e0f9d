"""Where 4.7.0 gives up or cannot begin. docs/coming-from-airbyte.md names these tests."""

from __future__ import annotations

from parity.bench import Pair
from parity.comparison import failed
from parity.faulty import TROUBLE, Commands, Hosts
from tiktok_marketing.config import parse_config
from tiktok_marketing.connect import api_address


def test_passing_trouble(trouble: Pair) -> None:
    """50000, 50002, 51010, 40133 and 40067 end a stream of 4.7.0 at once; ours asks again, and for less."""
    names = {"campaigns", "ad_groups", "ads", "audiences", "advertisers_reports_daily"}
    assert failed(trouble.theirs.outcome) == names
    assert trouble.ours.outcome.exit_code == 0
    answers = {one.answer for one in trouble.ours.asked}
    assert {"50000", "50002", "51010", "40133", "40067"} <= answers
    assert all(trouble.ours.outcome.records(name) for name in names)
    assert len(TROUBLE.options.faults) == len(names)


def test_suspension_of_a_minute(suspended: Pair) -> None:
    """4.7.0 gives an application that TikTok throttles half a minute; TikTok's suspension lasts five."""
    assert failed(suspended.theirs.outcome) == {"creative_assets_portfolios"}
    assert [one.answer for one in suspended.theirs.asked if one.path == "creative/portfolio/list/"] == ["40100"] * 6
    assert suspended.ours.outcome.exit_code == 0
    assert suspended.ours.outcome.records("creative_assets_portfolios")


def test_empty_end_date(empty_end: Pair) -> None:
    """A field that the user interface empties is refused by 4.7.0; here it is as if left out."""
    assert empty_end.theirs.outcome.exit_code == 1
    assert "Config validation error" in empty_end.theirs.outcome.errors[0]["message"]
    assert empty_end.ours.outcome.exit_code == 0
    assert empty_end.ours.outcome.records("campaigns")


def test_host_of_old_sandbox_configurations(old_sandbox_host: Hosts) -> None:
    """4.7.0 sends a sandbox token of the first form to production; ours to the sandbox."""
    assert old_sandbox_host.production > 0
    assert old_sandbox_host.sandbox == 0
    config = parse_config({"access_token": "a-token", "environment": {"advertiser_id": "7001"}})
    assert api_address(config) == "https://sandbox-ads.tiktok.com"


def test_check_of_a_sandbox(sandbox_check: Commands) -> None:
    """`check` of 4.7.0 needs what TikTok tells no sandbox; ours asks for what a sandbox answers."""
    statuses = {
        name: [
            message["connectionStatus"]["status"]
            for message in outcome.messages
            if message["type"] == "CONNECTION_STATUS"
        ]
        for name, outcome in (("theirs", sandbox_check.theirs), ("ours", sandbox_check.ours))
    }
    assert statuses == {"theirs": ["FAILED"], "ours": ["SUCCEEDED"]}
