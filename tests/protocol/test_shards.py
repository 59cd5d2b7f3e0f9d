"""The source and the command as shards: each reads its accounts, and together they read all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from programs import Ended, command, emulator_beside, source
from support import NOW, catalog_of, cursors_of, key_of
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.shards import Shard

NAMES = ("ads_reports_daily", "campaigns", "advertisers", "advertiser_ids")
COUNT = 3


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Emulator]:
    """Five accounts, in a folder with the files that the platform passes."""
    options = Options(now=NOW, anchor=NOW.date(), tier="unlimited", advertisers=5, days=30, ads_per_account=10)
    with emulator_beside(options) as emulator:
        monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
        monkeypatch.chdir(tmp_path)
        credentials = {
            "auth_type": "oauth2.0",
            "app_id": emulator.app_id,
            "secret": emulator.secret,
            "access_token": emulator.access_token,
        }
        content = {"credentials": credentials, "start_date": "2026-06-01", "requests_per_second": 500}
        Path("config.json").write_text(json.dumps(content))
        Path("catalog.json").write_text(json.dumps(catalog_of(NAMES)))
        yield emulator


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Reads as one shard, with the environment of a pod."""

    def run(shard: Shard | None, *arguments: str) -> Ended:
        if shard is not None:
            monkeypatch.setenv("TIKTOK_SHARDS", str(shard.count))
            monkeypatch.setenv("JOB_COMPLETION_INDEX", str(shard.index))
        ended = source("read", "--config", "config.json", "--catalog", "catalog.json", *arguments)
        monkeypatch.delenv("TIKTOK_SHARDS", raising=False)
        assert ended.code == 0, ended.out[-2000:]
        return ended

    return run


def keys_of(*ended: Ended) -> list[Any]:
    """The keys of all records."""
    by_name = {stream.name: stream for stream in STREAMS}
    records = [message["record"] for each in ended for message in each.messages if message["type"] == "RECORD"]
    return sorted(
        repr((record["stream"], record["data"].get("advertiser_id"), key_of(by_name[record["stream"]], record["data"])))
        for record in records
    )


def states_of(ended: Ended) -> dict[str, Any]:
    """The last state of each stream."""
    streams = [message["state"]["stream"] for message in ended.messages if message["type"] == "STATE"]
    return {stream["stream_descriptor"]["name"]: stream["stream_state"] for stream in streams}


def test_shards_read_what_one_process_reads(emulator: Emulator, read: Callable[..., Ended]) -> None:
    """Each record once, each account by one of them, and the merged state is that of one process."""
    whole = read(None)
    shards = [read(Shard(index, COUNT)) for index in range(COUNT)]
    assert keys_of(*shards) == keys_of(whole)
    for index, ended in enumerate(shards):
        accounts = set(cursors_of(states_of(ended))["ads_reports_daily"])
        assert accounts == {account for account in emulator.advertiser_ids if Shard(index, COUNT).owns(account)}
        Path(f"shard-{index}.jsonl").write_text(ended.out)
    merged = command("state", "merge", *(f"shard-{index}.jsonl" for index in range(COUNT)))
    assert merged.code == 0, merged.err
    Path("merged.json").write_text(merged.out)
    assert cursors_of({"ads_reports_daily": states_of(whole)["ads_reports_daily"]}) == cursors_of(
        {
            each["stream"]["stream_descriptor"]["name"]: each["stream"]["stream_state"]
            for each in json.loads(merged.out)
            if each["stream"]["stream_descriptor"]["name"] == "ads_reports_daily"
        }
    )
    again = [read(Shard(index, COUNT), "--state", "merged.json") for index in range(COUNT)]
    Path("whole.jsonl").write_text(whole.out)
    assert keys_of(*again) == keys_of(read(None, "--state", "whole.jsonl"))
    assert not any("no longer has access" in ended.out for ended in again)


def test_a_shard_without_accounts_is_complete(emulator: Emulator, read: Callable[..., Ended]) -> None:
    """More shards than accounts are no error: what nobody owns does not exist."""
    count = 40
    empty = next(
        index
        for index in range(1, count)
        if not any(Shard(index, count).owns(account) for account in emulator.advertiser_ids)
    )
    ended = read(Shard(empty, count))
    assert keys_of(ended) == []
    statuses = [
        message["trace"]["stream_status"]["status"]
        for message in ended.messages
        if message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS"
    ]
    assert statuses.count("COMPLETE") == len(NAMES)


@pytest.mark.parametrize("value", ["4/4", "x", "0"])
def test_a_wrong_shard_is_a_configuration_error(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Nothing is read: a process that took it for none would read everything."""
    assert emulator.url
    monkeypatch.setenv("TIKTOK_SHARD", value)
    ended = source("read", "--config", "config.json", "--catalog", "catalog.json")
    assert ended.code == 1
    assert [error["failure_type"] for error in ended.errors] == ["config_error"]
    assert not any(message["type"] == "RECORD" for message in ended.messages)


def test_the_command_loads_a_shard(emulator: Emulator) -> None:
    """Into a schema of its own; one after the other, they may share a schema, and nobody's rows are replaced."""
    import duckdb

    for index in range(COUNT):
        done = command(
            "sync",
            "--config",
            "config.json",
            "--to",
            "duckdb:///x.duckdb",
            "--shard",
            f"{index}/{COUNT}",
            "--streams",
            ",".join(NAMES),
            "--quiet",
        )
        assert done.code == 0, done.err
    whole = command("sync", "--config", "config.json", "--to", "duckdb:///whole.duckdb", "--streams", ",".join(NAMES))
    assert whole.code == 0, whole.err
    for name in NAMES:
        sizes = []
        for database in ("x.duckdb", "whole.duckdb"):
            with duckdb.connect(database, read_only=True) as connection:
                sizes.append(connection.execute(f"SELECT count(*) FROM tiktok_ads.{name}").fetchone())  # noqa: S608
        assert sizes[0] == sizes[1], name
        assert sizes[0] != (0,)
    both = command("plan", "--config", "config.json", "--shard", "0/2", "--shards", "2")
    assert both.code == 2
    assert "exclude each other" in both.err
    assert emulator.url
