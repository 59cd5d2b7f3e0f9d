"""`tiktok-marketing plan`, compared with what a sync then asks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

import tiktok_marketing
from tiktok_marketing import catalog


def sent_requests(api: Any) -> dict[str, int]:
    """Requests by endpoint since the counters were reset."""
    counts: Counter[str] = Counter()
    for row in api.control("counters")["counts"]:
        counts[row["path"]] += row["count"]
    return dict(counts)


def forecast(command: Callable[..., Any], path: str, *more: str) -> dict[str, Any]:
    """What `plan --json` prints."""
    ended = command("plan", "--config", path, "--json", *more)
    assert ended.returncode == 0, ended.stderr
    planned: dict[str, Any] = json.loads(ended.stdout)
    return planned


STREAMS = "campaigns,ads,ads_reports_daily,campaigns_reports_hourly,ads_reports_lifetime,creative_assets_music"


def test_a_sync_sends_the_requests_that_were_planned(
    api: Any, config: Callable[..., str], command: Callable[..., Any]
) -> None:
    """Where each window has one page, the sync sends exactly the requests of `plan --ask`."""
    path = config()
    planned = forecast(command, path, "--streams", STREAMS, "--ask")
    api.control("reset", {}, "POST")
    assert command("sync", "--config", path, "--to", "duckdb:///x.duckdb", "--streams", STREAMS).returncode == 0
    assert sent_requests(api) == planned["requests"]
    assert planned["questions"]
    assert not planned["questions_open"]


@pytest.mark.parametrize("stream", [stream.name for stream in catalog.STREAMS])
def test_each_stream_is_foreseen(
    api: Any, config: Callable[..., str], command: Callable[..., Any], stream: str
) -> None:
    """`plan --ask` foresees what a sync of the stream then sends, except for further pages; without, about as much."""
    path = config()
    asked = forecast(command, path, "--streams", stream, "--ask")
    guessed = forecast(command, path, "--streams", stream)
    api.control("reset", {}, "POST")
    records = sum(len(batch) for batch in tiktok_marketing.read(tiktok_marketing.load_config(path), streams=[stream]))
    sent = sent_requests(api)
    assert sent.keys() == asked["requests"].keys()
    for endpoint, count in asked["requests"].items():
        further_pages = records // 20
        assert count <= sent[endpoint] <= count + further_pages, endpoint
    total, foreseen = sum(sent.values()), sum(guessed["requests"].values())
    assert total / 2.5 <= foreseen, "far fewer were foreseen"


def test_lists_on_request_are_foreseen(api: Any, config: Callable[..., str], command: Callable[..., Any]) -> None:
    """All of them together, with the lists that their requests come from. Only further pages come on top."""
    path = config()
    names = [stream.name for stream in catalog.ON_REQUEST if not stream.is_report]
    asked = forecast(command, path, "--streams", ",".join(names), "--ask")
    api.control("reset", {}, "POST")
    records = sum(len(batch) for batch in tiktok_marketing.read(tiktok_marketing.load_config(path), streams=names))
    sent = sent_requests(api)
    assert sent.keys() == asked["requests"].keys()
    for endpoint, count in asked["requests"].items():
        assert count <= sent[endpoint] <= count + records // 20, endpoint


def test_plan_to_a_database_goes_on_from_its_state(
    api: Any, config: Callable[..., str], command: Callable[..., Any], tmp_path: Path
) -> None:
    """Without a file, `plan --to` plans a first sync; after one, exactly the next. It creates no file."""
    path, to = config(attribution_window=2), "duckdb:///next.duckdb"
    options = ["--streams", STREAMS, "--ask", "--to", to]
    first = forecast(command, path, *options)
    assert not (tmp_path / "next.duckdb").exists()
    assert "of the first one" in command("plan", "--config", path, *options).stderr
    assert command("sync", "--config", path, "--to", to, "--streams", STREAMS).returncode == 0
    following = forecast(command, path, *options)
    api.control("reset", {}, "POST")
    assert command("sync", "--config", path, "--to", to, "--streams", STREAMS).returncode == 0
    assert sent_requests(api) == following["requests"]
    assert sum(following["requests"].values()) < sum(first["requests"].values())


def test_plan_foresees_what_the_database_lacks(
    api: Any, config: Callable[..., str], command: Callable[..., Any], tmp_path: Path
) -> None:
    """An earlier start_date and a table that is gone: the sync sends the requests of the plan, and both say why."""
    to = "duckdb:///lacking.duckdb"
    names = "campaigns,campaigns_reports_daily,ads_reports_daily"
    assert command("sync", "--config", config(), "--to", to, "--streams", names).returncode == 0
    with duckdb.connect(str(tmp_path / "lacking.duckdb")) as connection:
        connection.execute("DROP TABLE tiktok_ads.ads_reports_daily")
    path = config(start_date="2026-05-20")
    planned = command("plan", "--config", path, "--streams", names, "--ask", "--to", to, "--json")
    api.control("reset", {}, "POST")
    synced = command("sync", "--config", path, "--to", to, "--streams", names)
    assert synced.returncode == 0
    assert sent_requests(api) == json.loads(planned.stdout)["requests"]
    for said in (planned.stderr, synced.stderr):
        assert "the table ads_reports_daily is gone" in said
        assert "Because start_date is 2026-05-20, this sync also reads the days 2026-05-20 to" in said


def test_plan_itself_asks_only_for_the_accounts(
    api: Any, config: Callable[..., str], command: Callable[..., Any]
) -> None:
    """Without --ask, it reads no report and no list."""
    path = config()
    api.control("reset", {}, "POST")
    planned = forecast(command, path)
    assert sent_requests(api) == {"oauth2/advertiser/get/": 1, "advertiser/info/": 1}
    assert planned["questions"] == planned["questions_open"] > 0


def test_plan_names_the_slowest_endpoint(config: Callable[..., str], command: Callable[..., Any]) -> None:
    """The endpoint with the most requests decides how long a sync takes."""
    ended = command("plan", "--config", config(requests_per_second=10))
    assert ended.returncode == 0
    assert "The slowest endpoint is /report/integrated/get/." in ended.stdout
    assert "At 10 requests per second and endpoint" in ended.stdout


def test_plan_from_a_state_begins_at_the_attribution_window(
    config: Callable[..., str], command: Callable[..., Any], tmp_path: Path, api: Any
) -> None:
    """Earlier days have been read and are not planned again."""
    path = config(attribution_window=1)
    states = [
        {"partition": {"advertiser_id": account, "parent_slice": {}}, "cursor": {"stat_time_day": "2026-06-14"}}
        for account in api.info["advertiser_ids"]
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
def test_plan_refuses_wrong_input_with_exit_code_2(
    config: Callable[..., str], command: Callable[..., Any], wrong: list[str]
) -> None:
    """And without a traceback."""
    ended = command("plan", "--config", config(), *wrong)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_plan_refuses_a_file_that_is_not_a_state(
    config: Callable[..., str], command: Callable[..., Any], tmp_path: Path
) -> None:
    """A catalog, a configuration or an object of something else is not an empty state."""
    path = config()
    (tmp_path / "catalog.json").write_text('{"streams": [{"stream": {"name": "ads"}, "sync_mode": "incremental"}]}')
    (tmp_path / "foo.json").write_text('{"foo": "bar"}')
    for name in ("catalog.json", "foo.json", path):
        ended = command("plan", "--config", path, "--streams", "ads", "--state", name)
        assert ended.returncode == 2
        assert "none of them is a stream" in ended.stderr
        assert ended.stdout == ""


@pytest.mark.parametrize(
    "state",
    [
        '[{"streamDescriptor": {"name": "ads_reports_daily"}, "streamState": %s}]',
        """{"type": "STATE", "state": {"stream":
        {"stream_descriptor": {"name": "ads_reports_daily"}, "stream_state": %s}}}""".replace("\n", "")
        + '\n{"type": "LOG", "log": {}}',
        '{"ads_reports_daily": %s}',
    ],
    ids=["what the interface shows", "the output of a sync", "an object per stream"],
)
def test_plan_goes_on_from_a_state_in_any_form(
    config: Callable[..., str], command: Callable[..., Any], tmp_path: Path, state: str
) -> None:
    """It plans fewer requests than for a first sync."""
    path = config(attribution_window=3)
    (tmp_path / "state.json").write_text(state % '{"stat_time_day": "2026-06-15"}')
    options = ("--streams", "ads_reports_daily")
    planned = forecast(command, path, *options, "--state", "state.json")
    assert planned["streams"][0]["first"] > forecast(command, path, *options)["streams"][0]["first"]


def test_a_stream_whose_state_cannot_be_read_is_not_planned(
    config: Callable[..., str], command: Callable[..., Any], tmp_path: Path
) -> None:
    """As the sync does not read it. The plan says so, and what to do."""
    state = tmp_path / "state.json"
    state.write_text(json.dumps({"ads_reports_daily": {"cursors": {"7001": "2026-06-10"}}}))
    names = "ads_reports_daily,campaigns_reports_daily"
    ended = command("plan", "--config", config(), "--json", "--streams", names, "--state", str(state))
    assert ended.returncode == 0, ended.stderr
    assert [stream["name"] for stream in json.loads(ended.stdout)["streams"]] == ["campaigns_reports_daily"]
    assert "The state of stream ads_reports_daily cannot be read" in ended.stderr
    assert "refresh or clear the stream" in ended.stderr
