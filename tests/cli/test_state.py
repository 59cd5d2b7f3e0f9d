"""`state show` and `state reset`."""

from __future__ import annotations

import json
from typing import Any

import pytest

STREAMS = "ads_reports_daily,campaigns_reports_daily,campaigns"
COUNT = "SELECT count(*), sum(spend) FROM ads_reports_daily"


@pytest.fixture
def filled(command: Any, config: Any, place: Any) -> tuple[str, ...]:
    """A database that a sync has filled, and the options that name it."""
    ended = command("sync", "--config", config(), "--to", place.address(), "--streams", STREAMS)
    assert ended.returncode == 0, ended.stderr
    return ("--database", place.address())


def states(command: Any, filled: Any, *options: str) -> list[dict[str, Any]]:
    """What `state show` prints as JSON."""
    ended = command("state", "show", *filled, *options, "--json")
    assert ended.returncode == 0, ended.stderr
    listed: list[dict[str, Any]] = json.loads(ended.stdout)["states"]
    return listed


def test_states_are_shown_per_stream_and_account(command: Any, filled: Any, api: Any) -> None:
    """Objects have none, because each sync reads them whole."""
    listed = states(command, filled)
    accounts = sorted(str(account) for account in api.info["advertiser_ids"])
    assert [(row["stream"], row["advertiser_id"]) for row in listed] == [
        (stream, account) for stream in ("ads_reports_daily", "campaigns_reports_daily") for account in accounts
    ]
    assert {(row["cursor"][:10], row["covered_from"], row["gap_from"]) for row in listed} == {
        ("2026-06-15", "2026-06-09", None)
    }
    assert all(row["last_sync_ended_at"] for row in listed)
    shown = command("state", "show", *filled)
    assert f"{len(accounts)} accounts" in shown.stdout
    (one,) = states(command, filled, "--accounts", f" {accounts[0]} ", "--streams", "ads*")
    assert one["advertiser_id"] == accounts[0]


def test_a_reset_makes_the_next_sync_read_that_again_and_nothing_else(
    command: Any, config: Any, place: Any, filled: Any, api: Any
) -> None:
    """The rows and the states end as they were."""
    before, rows = states(command, filled), place.ask(COUNT)
    account = str(api.info["advertiser_ids"][0])
    options = ("--streams", "ads_reports_daily", "--accounts", account, "--from", "2026-06-11")
    ended = command("state", "reset", *filled, *options, "--yes")
    assert ended.returncode == 0, ended.stderr
    assert f"ads_reports_daily: account {account} is read again from 2026-06-11 on" in ended.stdout
    after = states(command, filled)
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [(row["advertiser_id"], row["cursor"][:10], row["covered_from"]) for row in changed] == [
        (account, "2026-06-11", "2026-06-09")
    ]
    assert place.ask(COUNT) == rows
    plain = ("--config", config(attribution_window=0), "--to", place.address(), "--streams", STREAMS)
    planned = json.loads(command("sync", *plain, "--dry-run", "--json").stdout)["streams"]
    assert next(stream["first"] for stream in planned if stream["name"] == "ads_reports_daily") == "2026-06-11"
    assert command("sync", *plain).returncode == 0
    assert place.ask(COUNT) == rows
    assert [row["cursor"] for row in states(command, filled)] == [row["cursor"] for row in before]


def test_a_reset_without_a_day_forgets_the_state(command: Any, filled: Any) -> None:
    """So everything is read from start_date on."""
    ended = command("state", "reset", *filled, "--streams", "ads_reports_daily", "--yes", "--json")
    assert ended.returncode == 0, ended.stderr
    assert {row["read_again_from"] for row in json.loads(ended.stdout)} == {None}
    assert {row["stream"] for row in states(command, filled)} == {"campaigns_reports_daily"}


def test_a_reset_that_nobody_confirms_changes_nothing(command: Any, filled: Any) -> None:
    """Where nobody can be asked, --yes is needed."""
    before = states(command, filled)
    ended = command("state", "reset", *filled)
    assert ended.returncode == 2
    assert "--yes" in ended.stderr
    assert states(command, filled) == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--streams", "ads_report_daily"), "Did you mean ads_reports_daily"),
        (("--accounts", "7099999999999999999"), "do not have the account 7099999999999999999"),
        (("--from", "30 d"), "Did you mean 30d?"),
        (("--from", "2031-01-01"), "future"),
    ],
)
def test_a_reset_of_what_is_not_there_is_refused(
    options: tuple[str, ...], words: str, command: Any, filled: Any
) -> None:
    """Exit code 2, and one sentence."""
    ended = command("state", "reset", *filled, *options, "--yes")
    assert ended.returncode == 2
    assert words in ended.stderr


def test_a_state_of_a_database_that_is_not_there_is_refused(command: Any, tmp_path: Any) -> None:
    """And none is created."""
    ended = command("state", "show", "--database", "duckdb:///none.duckdb")
    assert ended.returncode == 2
    assert not (tmp_path / "none.duckdb").exists()


def test_every_preset_has_streams_and_all_has_every_one(command: Any) -> None:
    """`streams --presets` lists them."""
    presets = {
        preset["name"]: preset["streams"] for preset in json.loads(command("streams", "--presets", "--json").stdout)
    }
    listed = json.loads(command("streams", "--json").stdout)
    assert set(presets["all"]) == {stream["name"] for stream in listed if not stream["on_request"]}
    assert {"campaigns", "ads_reports_daily"} <= set(presets["basics"])
    assert len(presets["basics"]) < 15
    assert all(name.endswith("_hourly") for name in presets["hourly"])
    shown = command("streams", "--presets").stdout
    assert all(preset in shown for preset in presets)
