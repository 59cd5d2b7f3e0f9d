"""Streams on request are like any other: `discover` offers them, a database holds them, `doctor` accepts them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb

from emulator.kit import Client
from on_request.kit import load
from support import NOW, config_for
from tiktok_marketing.airbyte.inputs import discovered
from tiktok_marketing.catalog import ON_REQUEST, ObjectStream, json_schema
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import AIRBYTE, parse_config
from tiktok_marketing.doctor.run import DoctorOptions, examine
from tiktok_marketing.pipelines import destination_of

LATER = NOW + timedelta(minutes=5)
OBJECTS = [stream for stream in ON_REQUEST if isinstance(stream, ObjectStream)]


def test_discover_offers_them_with_their_keys_and_cursors() -> None:
    """Airbyte's users choose them like the others. A sandbox has none of them."""
    credentials = {"app_id": "1", "secret": "s", "access_token": "t"}
    config = parse_config({"credentials": {"auth_type": "oauth2.0", **credentials}}, AIRBYTE)
    offered = {stream["name"]: stream for stream in discovered(config)["streams"]}
    for stream in OBJECTS:
        entry = offered[stream.name]
        assert entry["source_defined_primary_key"] == [[field] for field in stream.primary_key]
        assert entry.get("default_cursor_field", []) == ([stream.cursor] if stream.cursor else [])
        assert entry["json_schema"] == json_schema(stream)
    sandbox = {"auth_type": "sandbox_access_token", "advertiser_id": "7000000000000000001", "access_token": "t"}
    in_sandbox = discovered(parse_config({"credentials": sandbox}, AIRBYTE))["streams"]
    assert {stream["name"] for stream in in_sandbox}.isdisjoint(stream.name for stream in OBJECTS)


async def test_a_database_holds_them_and_doctor_accepts_it(client: Client, tmp_path: Path) -> None:
    """A second load leaves one row per key. Columns have the catalog's descriptions, and nothing is wrong."""
    path = tmp_path / "tiktok.duckdb"
    names = [stream.name for stream in OBJECTS]
    for now, loaded in ((NOW, names), (LATER, ["gmv_max_stores", "smart_plus_ads", "ad_reviews", "regions"])):
        client.emulator.clock.set(now)
        await load(client.emulator, path, loaded, now=now)
    with duckdb.connect(str(path), read_only=True) as database:
        for stream in OBJECTS:
            key = ", ".join(stream.table_key)
            rows, keys = database.execute(
                f"SELECT count(*), count(DISTINCT ({key})) FROM tiktok_ads.{stream.name}"  # noqa: S608 - our names
            ).fetchall()[0]
            assert rows == keys > 0, stream.name
            comments = dict(
                database.execute(
                    "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = ?", [stream.name]
                ).fetchall()
            )
            for name, field in json_schema(stream)["properties"].items():
                assert comments[name].startswith(field["description"]), (stream.name, name)
    examination = await examine(
        parse_config(config_for(client.emulator)),
        DoctorOptions(database=destination_of(f"duckdb:///{path}")),
        clock=FixedClock(LATER),
        address=client.emulator.url,
    )
    assert [finding for finding in examination.findings if finding.severity.name in {"WRONG", "WARNING"}] == []
