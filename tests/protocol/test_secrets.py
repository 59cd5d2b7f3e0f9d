"""Token, secret and application id appear in no output, no state and no database, whatever goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

import programs
from support import catalog_of

STREAMS = ["advertiser_ids", "advertisers", "campaigns", "ads", "pixels", "ads_reports_daily"]
WRONG_TOKEN = "token-of-somebody-else-5f1c9a"
WRONG_SECRET = "secret-of-somebody-else-77aa01"


class Api:
    """An emulator in a process of its own, which logs every request.

    Args:
        folder: Where its log goes.
    """

    def __init__(self, folder: Path) -> None:
        self.log = folder / "emulator.log"
        command = [sys.executable, "-m", "tiktok_marketing.cli", "emulator", "--debug", "-v", "--port", "0"]
        command += ["--tier", "unlimited", "--days", "6", "--advertisers", "2", "--ads-per-account", "6"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)  # noqa: S603 - our own
        assert self.process.stdout is not None
        self.info = json.loads(self.process.stdout.readline())

    def control(self, method: str, fault: dict[str, Any] | None = None) -> None:
        """Add a fault (POST), or remove all (DELETE)."""
        body = None if fault is None else json.dumps(fault).encode()
        request = urllib.request.Request(f"{self.info['url']}/_emulator/faults", body, method=method)  # noqa: S310
        urllib.request.urlopen(request).close()  # noqa: S310

    def config(self, **change: Any) -> dict[str, Any]:
        """A configuration with the emulator's credentials."""
        credentials = {name: self.info[name] for name in ("app_id", "secret", "access_token")}
        changed = {name: change.pop(name) for name in list(change) if name in credentials}
        return {
            "credentials": {"auth_type": "oauth2.0", **credentials, **changed},
            "start_date": "2026-01-01",
            "requests_per_second": 500,
            "skip_inaccessible_advertisers": False,
            **change,
        }


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """The emulator, ended after the test."""
    api = Api(tmp_path)
    yield api
    api.process.terminate()
    api.process.communicate(timeout=10)


class AllCommands:
    """Runs all commands and keeps their output.

    Args:
        api: The emulator that they call.
        folder: The folder in which they run.
    """

    def __init__(self, api: Api, folder: Path) -> None:
        self.folder = folder
        self.inputs = folder / "inputs"
        self.inputs.mkdir()
        self.secrets = [api.info["access_token"], api.info["secret"], api.info["app_id"], WRONG_TOKEN, WRONG_SECRET]
        self.outputs: dict[str, programs.StreamEnded] = {}
        self.catalog = self.file("catalog.json", catalog_of(STREAMS))

    def file(self, name: str, content: Any) -> str:
        """Write an input file, which may have secrets. Returns its path."""
        path = self.inputs / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def run(self, what: str, config: str, *, load: bool = False) -> None:
        """Run every command that reads a configuration."""
        state = self.folder / "state.json"
        read = programs.source("read", "--debug", "--config", config, "--catalog", self.catalog)
        state.write_text(json.dumps([message["state"] for message in read.messages if message["type"] == "STATE"]))
        self.outputs |= {
            f"{what}: read": read,
            f"{what}: read on": programs.source(
                "read", "--config", config, "--catalog", self.catalog, "--state", str(state)
            ),
            f"{what}: check": programs.source("check", "--debug", "--config", config),
            f"{what}: discover": programs.source("discover", "--config", config),
            f"{what}: check for people": programs.command("check", "--debug", "--config", config),
            f"{what}: streams": programs.command("streams", "--debug", "--config", config),
            f"{what}: plan": programs.command("plan", "--debug", "--config", config),
            f"{what}: doctor alone": programs.command("doctor", "--debug", "--config", config),
        }
        if load:
            arguments = ("--config", config, "--to", f"{what}.duckdb", "--streams", ",".join(STREAMS))
            self.outputs[f"{what}: sync"] = programs.command("--debug", "sync", *arguments)
            database = ("--database", f"{what}.duckdb")
            self.outputs[f"{what}: doctor"] = programs.command("doctor", "--debug", "--config", config, *database)

    def leaks(self) -> Iterator[str]:
        """The commands and files with a secret."""
        for what, ended in self.outputs.items():
            if any(secret in ended.out + ended.err for secret in self.secrets):
                yield what
        for path in self.folder.rglob("*"):
            if path.is_file() and self.inputs not in path.parents:
                content = path.read_bytes().decode(errors="replace")
                text = _text_in(path) if path.suffix == ".duckdb" else ""
                if any(secret in content or secret in text for secret in self.secrets):
                    yield str(path)


def failures(api: Api) -> dict[str, list[dict[str, Any]]]:
    """Faults whose messages quote the secrets."""
    quoting = f"App {api.info['app_id']} with {api.info['secret']} and token={api.info['access_token']} is refused"
    return {
        "parameter": [{"path": "campaign/get/", "code": 40002, "message": quoting}],
        "account": [{"path": "ad/get/", "code": 40001, "message": quoting}],
        "scope": [{"path": "pixel/list/", "code": 40118, "message": quoting}],
        "token": [{"path": "report/integrated/get/", "code": 40105, "message": quoting}],
        "application": [{"path": "oauth2/advertiser/get/", "code": 40113, "message": quoting}],
        "passing": [
            {"every": 7, "times": 2, "code": 40100, "message": quoting},
            {"every": 5, "times": 2, "code": 50000, "message": quoting},
            {"every": 6, "times": 2, "http": 502},
            {"every": 9, "times": 2, "garbage": True},
        ],
        "odd": [{"edit": "ad_name", "value": {"a": 1}}, {"edit": "spend", "value": "<5"}],
    }


@pytest.mark.thorough
def test_no_command_leaks_a_secret(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even with --debug, with errors that quote the secrets, or with wrong secrets."""
    monkeypatch.setenv("TIKTOK_API_URL", api.info["url"])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    commands = AllCommands(api, tmp_path)
    good = commands.file("config.json", api.config())
    commands.outputs["spec"] = programs.source("spec")
    commands.outputs["help"] = programs.command("--help")
    commands.outputs["demo"] = programs.command("demo", "--debug", "--days", "2", "--database", "demo.duckdb")
    commands.run("good", good, load=True)
    assert [commands.outputs[f"good: {name}"].code for name in ("read", "read on", "check", "sync")] == [0, 0, 0, 0]
    for what, faults in failures(api).items():
        for fault in faults:
            api.control("POST", fault)
        commands.run(what, good, load=what in {"token", "passing"})
        api.control("DELETE")
    commands.run("wrong token", commands.file("token.json", api.config(access_token=WRONG_TOKEN)), load=True)
    commands.run("wrong secret", commands.file("secret.json", api.config(secret=WRONG_SECRET)))
    commands.run("cut", commands.file("cut.json", json.dumps(api.config())[:-3]))
    commands.run("line", commands.file("line.json", api.config(access_token=api.info["access_token"] + "\n\u00e9")))
    for field in ("start_date", "attribution_window", "advertiser_ids"):
        commands.run(field, commands.file("misplaced.json", api.config(**{field: api.info["access_token"]})))
    assert sum(ended.code != 0 for ended in commands.outputs.values()) > 30
    assert "report/integrated/get/" in api.log.read_text(errors="replace")
    assert (tmp_path / "good.duckdb").exists()
    assert list(commands.leaks()) == []


def _text_in(database: Path) -> str:
    """Every row of every table as text, because a database file is compressed."""
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        return "".join(
            str(connection.execute(f'SELECT * FROM "{schema}"."{table}"').fetchall())  # noqa: S608
            for schema, table in tables
        )


def test_a_password_in_the_address_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Here nothing answers at the address, and the message names it."""
    monkeypatch.setenv("TIKTOK_API_URL", f"http://somebody:{WRONG_SECRET}@127.0.0.1:1")
    config = tmp_path / "config.json"
    credentials = {"auth_type": "oauth2.0", "app_id": "123456789", "secret": WRONG_SECRET, "access_token": WRONG_TOKEN}
    config.write_text(json.dumps({"credentials": credentials}))
    ended = programs.source("check", "--config", str(config))
    assert "cannot connect to 127.0.0.1:1" in ended.out
    assert WRONG_SECRET not in ended.out + ended.err
    assert os.environ["TIKTOK_API_URL"].count(WRONG_SECRET) == 1
