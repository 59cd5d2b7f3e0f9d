"""Makes the files that the tests of this folder read. README.md says how to run it.

It runs the executables of an earlier version on the emulator of this one. The emulator's figures stand still, and its
days follow the clocks of each place, as that version assumed. Only the executables' clock is replaced, so the files
are the same whenever somebody makes them.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import postgres_server
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.emulator import Emulator, Options

PACKAGE = "source_tiktok_marketing"
"""Of the version that makes the files."""
NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
LAST_PYTHON = sys.argv[1] if len(sys.argv) > 1 else ""
"""The Python in whose environment that version is installed."""
BUSINESS = {
    "advertisers": 2,
    "days": 30,
    "ads_per_account": 5,
    "anchor": date(2026, 6, 15),
    "tier": "unlimited",
    "settled": True,
    "daylight_saving": True,
}
"""A business as small as that keeps the files small."""
LOADED = {"start_date": "2026-06-04", "attribution_window": 3, "include_deleted": True, "requests_per_second": 500}
"""The fields of the configuration with which the state and the database are made."""
TABLES = [
    "advertisers",
    "campaigns",
    "ad_groups",
    "ads",
    "creative_assets_images",
    "pixels",
    "ads_reports_daily",
    "ads_reports_hourly",
    "ads_reports_lifetime",
    "campaigns_reports_daily",
    "advertisers_reports_daily",
    "ads_audience_reports_daily",
]
"""The streams in the database: at least one of each kind."""
COUNTED = ["campaigns", "ads", "ads_reports_daily"]
"""The streams whose records are counted for each configuration."""

PROGRAM = f"""
import sys
from datetime import datetime
from {PACKAGE} import clock
moment = datetime.fromisoformat(sys.argv.pop(1))
clock.SystemClock = lambda: clock.FixedClock(moment)
from {PACKAGE}.{{module}} import main
main()
"""


def run(module: str, *arguments: str | Path, url: str) -> bytes:
    """Run an executable of the earlier version at `NOW`; returns what it printed."""
    command = [LAST_PYTHON, "-c", PROGRAM.format(module=module), NOW.isoformat(), *map(str, arguments)]
    environment = {"TIKTOK_API_URL": url, "HOME": tempfile.gettempdir(), "LANG": "C.UTF-8"}
    environment |= {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    environment["PYTHONPATH"] = os.environ.get("LAST_PYTHONPATH", "")
    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)  # noqa: S603
    if ended.returncode != 0:
        raise SystemExit(ended.stdout[-2000:].decode())
    return ended.stdout


def configurations(emulator: Any) -> dict[str, dict[str, Any]]:
    """A configuration of each shape that is accepted; some spell their fields as Airbyte's interface may."""
    app = {"app_id": emulator.app_id, "secret": emulator.secret}
    credentials = {"auth_type": "oauth2.0", **app, "access_token": emulator.access_token}
    sandbox = {"advertiser_id": emulator.sandbox_advertiser_id}
    sandbox_token = {"access_token": emulator.sandbox_access_token}
    first, second = emulator.advertiser_ids
    return {
        "oauth": {"credentials": credentials, "start_date": "2026-06-01"},
        "oauth, one account": {
            "credentials": {**credentials, "advertiser_id": first},
            "start_date": "2026-06-01",
            "end_date": "2026-06-08",
        },
        "oauth, every field": {
            "credentials": credentials,
            "start_date": "2026-06-01",
            "end_date": "2026-06-09",
            "advertiser_ids": [first, second],
            "exclude_advertiser_ids": [second],
            "skip_inaccessible_advertisers": True,
            "attribution_window": 5,
            "report_granularity": 3,
            "include_deleted": True,
            "refresh_objects": "always",
            "skip_empty_days": False,
            "requests_per_second": 50,
        },
        "oauth, empty and textual values": {
            "credentials": credentials,
            "start_date": "2026-06-01",
            "end_date": "",
            "attribution_window": "7",
            "report_granularity": "DAY",
            "include_deleted": "true",
            "advertiser_ids": f"{first}, {second}",
        },
        "sandbox": {
            "credentials": {"auth_type": "sandbox_access_token", **sandbox, **sandbox_token},
            "start_date": "2020-12-01",
            "end_date": "2020-12-31",
        },
        "environment, production": {
            "environment": app,
            "access_token": emulator.access_token,
            "start_date": "2026-06-01",
        },
        "environment, sandbox": {
            "environment": sandbox,
            **sandbox_token,
            "start_date": "2020-12-01",
            "end_date": "2020-12-31",
        },
    }


def catalog(names: list[str] | None = None) -> dict[str, Any]:
    """A configured catalog, incremental where a stream can be."""
    return {
        "streams": [
            {
                "stream": {"name": stream.name, "json_schema": {}},
                "sync_mode": "incremental" if stream.cursor else "full_refresh",
                "destination_sync_mode": "append",
            }
            for stream in STREAMS
            if names is None or stream.name in names
        ]
    }


class Maker:
    """Makes one file after the other.

    Args:
        emulator: What that version reads.
        folder: For the files.
        work: For what they are made of.
    """

    def __init__(self, emulator: Any, folder: Path, work: Path) -> None:
        self._emulator = emulator
        self._folder = folder
        self._work = work
        self._shapes = configurations(emulator)

    def circumstances(self) -> None:
        """When, of which business and with which fields the other files were made."""
        business = {**BUSINESS, "anchor": str(BUSINESS["anchor"])}
        self._write(
            "made_with.json", {"now": NOW.isoformat(), "business": business, "loaded": LOADED, "tables": TABLES}
        )

    def state(self) -> None:
        """The state that `read` leaves, as the platform keeps it."""
        states = {}
        for message in self._read({**self._shapes["oauth"], **LOADED}, catalog()):
            if message["type"] == "STATE":
                state = message["state"]
                states[state["stream"]["stream_descriptor"]["name"]] = state
        self._write("airbyte_states.json", list(states.values()))

    def configurations(self) -> None:
        """Each configuration, and how many records of some streams a read with it gives."""
        shapes = []
        for name, configuration in self._shapes.items():
            messages = self._read(configuration, catalog(COUNTED))
            records = [message["record"]["stream"] for message in messages if message["type"] == "RECORD"]
            counts = {stream: records.count(stream) for stream in COUNTED if stream in records}
            shapes.append({"name": name, "configuration": configuration, "records": counts})
        self._write("accepted_shapes.json", shapes)

    def duckdb(self) -> None:
        """The file that `sync` leaves."""
        file = self._work / "old.duckdb"
        self._sync(f"duckdb:///{file}")
        self._compress("duckdb.gz", file.read_bytes())

    def postgres(self) -> None:
        """The same database in Postgres, as SQL that makes it again."""
        with postgres_server.server() as server:
            database = server.new_database()
            self._sync(database.address)
            dumped = subprocess.run(  # noqa: S603 - the program beside the server
                [postgres_server.program("pg_dump"), "--no-owner", "--no-privileges", "--inserts", database.address],
                stdout=subprocess.PIPE,
                check=True,
            ).stdout
        # Without comments, commands of psql, and the one setting that older servers do not know.
        ignored = (b"--", b"\\", b"SET transaction_timeout")
        lines = [line for line in dumped.splitlines(keepends=True) if not line.startswith(ignored)]
        self._compress("postgres.sql.gz", b"".join(lines))

    def _read(self, configuration: dict[str, Any], streams: dict[str, Any]) -> list[dict[str, Any]]:
        files = []
        for name, content in (("config.json", configuration), ("catalog.json", streams)):
            files.append(self._work / name)
            files[-1].write_text(json.dumps(content))
        printed = run("airbyte.entrypoint", "read", "--config", files[0], "--catalog", files[1], url=self._emulator.url)
        return [json.loads(line) for line in printed.splitlines()]

    def _sync(self, address: str) -> None:
        config = self._work / "config.json"
        config.write_text(json.dumps({**self._shapes["oauth"], **LOADED}))
        run("cli", "sync", "--config", config, "--to", address, "--streams", ",".join(TABLES), url=self._emulator.url)

    def _write(self, name: str, content: Any) -> None:
        (self._folder / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")

    def _compress(self, name: str, content: bytes) -> None:
        (self._folder / name).write_bytes(gzip.compress(content, 9, mtime=0))


async def main() -> None:
    """Make all files."""
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    async with Emulator(Options(now=NOW, **BUSINESS)) as emulator:  # type: ignore[arg-type]
        with tempfile.TemporaryDirectory() as work:
            maker = Maker(emulator, folder, Path(work))
            for make in (maker.circumstances, maker.state, maker.configurations, maker.duckdb, maker.postgres):
                await asyncio.to_thread(make)


if __name__ == "__main__":
    asyncio.run(main())
