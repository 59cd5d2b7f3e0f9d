"""`tiktok-marketing plan`, held against what a sync then asks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def asked(api: Any) -> dict[str, int]:
    """Requests by endpoint since the counters were reset."""
    counts: Counter[str] = Counter()
    for row in api.control("counters")["counts"]:
        counts[row["path"]] += row["count"]
    return dict(counts)


def forecast(command: Callable[..., Any], path: str, *more: str) -> dict[str, Any]:
    """What `plan` says, as data."""
    ended = command("plan", "--config", path, "--json", *more)
    assert ended.returncode == 0, ended.stderr
    said: dict[str, Any] = json.loads(ended.stdout)
    return said


STREAMS = "campaigns,ads,ads_reports_daily,campaigns_reports_hourly,ads_reports_lifetime,creative_assets_music"


def test_a_sync_asks_what_was_planned(api: Any, config: Callable[..., str], command: Callable[..., Any]) -> None:
    """Where each window has one page, the sync sends just the requests that `plan --ask` names."""
    path = config()
    planned = forecast(command, path, "--streams", STREAMS, "--ask")
    api.control("reset", {}, "POST")
    assert command("sync", "--config", path, "--to", "duckdb:///x.duckdb", "--streams", STREAMS).returncode == 0
    assert asked(api) == planned["requests"]
    assert planned["questions"]
    assert not planned["questions_open"]


def test_the_next_sync_into_a_database_is_planned_from_what_is_there(
    api: Any, config: Callable[..., str], command: Callable[..., Any], tmp_path: Path
) -> None:
    """Without a file it is the first one; after it `plan --to` names just what the next one asks. It writes nothing."""
    path, to = config(attribution_window=2), "duckdb:///next.duckdb"
    options = ["--streams", STREAMS, "--ask", "--to", to]
    first = forecast(command, path, *options)
    assert not (tmp_path / "next.duckdb").exists()
    assert "first one" in command("plan", "--config", path, *options).stderr
    assert command("sync", "--config", path, "--to", to, "--streams", STREAMS).returncode == 0
    following = forecast(command, path, *options)
    api.control("reset", {}, "POST")
    assert command("sync", "--config", path, "--to", to, "--streams", STREAMS).returncode == 0
    assert asked(api) == following["requests"]
    assert sum(following["requests"].values()) < sum(first["requests"].values())


def test_planning_itself_asks_for_the_accounts_only(
    api: Any, config: Callable[..., str], command: Callable[..., Any]
) -> None:
    """Without --ask no report and no list is read."""
    path = config()
    api.control("reset", {}, "POST")
    planned = forecast(command, path)
    assert asked(api) == {"oauth2/advertiser/get/": 1, "advertiser/info/": 1}
    assert planned["questions"] == planned["questions_open"] > 0


def test_what_bounds_it_is_named(config: Callable[..., str], command: Callable[..., Any]) -> None:
    """The endpoint with the most requests decides how long it takes."""
    ended = command("plan", "--config", config(requests_per_second=10))
    assert ended.returncode == 0
    assert "/report/integrated/get/ bounds it" in ended.stdout
    assert "at 10 a second" in ended.stdout


def test_a_state_shortens_it(config: Callable[..., str], command: Callable[..., Any], tmp_path: Path, api: Any) -> None:
    """Days that were read are not planned again, but for those of the attribution window."""
    path = config(attribution_window=1)
    states = [
        {"partition": {"advertiser_id": one, "parent_slice": {}}, "cursor": {"stat_time_day": "2026-06-14"}}
        for one in api.info["advertiser_ids"]
    ]
    state = {"ads_reports_daily": {"use_global_cursor": False, "states": states}}
    (tmp_path / "state.json").write_text(json.dumps(state))
    (planned,) = forecast(command, path, "--streams", "ads_reports_daily", "--state", str(tmp_path / "state.json"))[
        "streams"
    ]
    assert planned["first"] == "2026-06-13"


@pytest.mark.parametrize(
    "wrong",
    [
        ["--streams", "ad"],
        ["--state", "no.json"],
        ["--config", "no.json"],
        ["--to", "mysql://x"],
        ["--to", "duckdb:///."],
        ["--state", "config.json", "--to", "duckdb:///x.duckdb"],
    ],
)
def test_wrong_input_is_a_sentence(config: Callable[..., str], command: Callable[..., Any], wrong: list[str]) -> None:
    """Exit code 2, and no traceback."""
    ended = command("plan", "--config", config(), *wrong)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
