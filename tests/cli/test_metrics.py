"""`metrics` lists what goes with what, and says what may be asked for where TikTok publishes no list."""

from __future__ import annotations

import json

import pytest

from tiktok_marketing.cli.main import run


def listed(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    """The names that the command lists."""
    assert run(["metrics", "--json", *options]) == 0
    return [metric["name"] for metric in json.loads(capsys.readouterr().out)]


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """What it says in place of a list."""
    assert run(["metrics", *options]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("dimensions", "options"),
    [
        ("campaign_id", ("--level", "campaign")),
        ("adgroup_id,stat_time_hour", ("--level", "ad_group", "--grain", "hour")),
        ("ad_id,stat_time_day", ("--level", "ad", "--grain", "day")),
        ("advertiser_id,stat_time_day", ("--level", "account", "--grain", "day")),
    ],
)
def test_ids_and_times_say_which_level_and_grain_are_meant(
    dimensions: str, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Unless options say otherwise, which is refused."""
    names = listed(capsys, "--with", dimensions)
    assert names == listed(capsys, *options)
    assert ("cash_spend" in names) == (dimensions == "advertiser_id,stat_time_day")
    other = "campaign" if "campaign" not in dimensions else "account"
    assert f"does not go with the level {other}" in refusal(capsys, "--with", dimensions, "--level", other)


def test_metrics_that_no_list_has_may_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """A report reads them if TikTok accepts them, as it does for countries."""
    text = refusal(capsys, "--level", "campaign", "--with", "country_code", "--search", "roas")
    assert "total_active_pay_roas" in text
    assert "others" in text
    assert "Use them in a custom report" in text


def test_metrics_that_rules_exclude_are_not_offered(capsys: pytest.CaptureFixture[str]) -> None:
    """A custom report with them would be refused."""
    text = refusal(capsys, "--with", "search_terms", "--search", "roas")
    assert "No metric fits." in text


@pytest.mark.parametrize("nothing", [",", " ", ", ,"])
def test_dimensions_that_name_nothing_are_refused(nothing: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The list of a report without them would answer another question."""
    assert "--with names no dimension" in refusal(capsys, "--with", nothing)
