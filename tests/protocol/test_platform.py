"""What the platform relies on, of all streams at once: every line fits the protocol, and every record its schema."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from airbyte_protocol_dataclasses.models import AirbyteMessage
from jsonschema import Draft7Validator
from jsonschema.validators import extend

from protocol.processes import Files, Finished, run
from support import config_for, key_of, quickly
from tiktok_marketing.catalog import ALL_STREAMS, ON_REQUEST, STREAMS, stream_named
from tiktok_marketing.emulator import Emulator, Options

NEW_IN_520 = (
    "gmv_max_stores",
    "gmv_max_campaigns",
    "gmv_max_product_campaign_reports_daily",
    "gmv_max_live_campaign_reports_daily",
)
IN_470 = json.loads((Path(__file__).parents[1] / "unit" / "catalog" / "airbyte_4_7_0.json").read_text())["streams"]
OF_A_LATER_VERSION = "streams_of_a_later_version"
STRICT = extend(
    Draft7Validator,
    type_checker=Draft7Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)
"""Destinations do not take 1.0 for an integer."""


@pytest_asyncio.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """A business in which every stream has records, and whose clock is the machine's."""
    options = Options(now=datetime.now(UTC), tier="unlimited", days=6, advertisers=2, ads_per_account=6)
    async with Emulator(options) as running:
        yield running


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A folder for configurations, catalogs and states."""
    return Files(tmp_path)


async def discovered(emulator: Emulator, files: Files, config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The streams of `discover` by name."""
    finished = await run("discover", "--config", files.write("d.json", config), url=emulator.url)
    (message,) = finished.messages
    assert msgspec.convert(message, AirbyteMessage).catalog is not None
    return {stream["name"]: stream for stream in message["catalog"]["streams"]}


def configured(streams: dict[str, dict[str, Any]], mode: str, **ids: int) -> dict[str, Any]:
    """A configured catalog, as the platform writes it from what it has discovered."""
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": mode if mode in stream["supported_sync_modes"] else "full_refresh",
                "destination_sync_mode": "append_dedup" if mode == "incremental" else "overwrite",
                "cursor_field": stream.get("default_cursor_field", []),
                "primary_key": stream["source_defined_primary_key"],
                **ids,
            }
            for stream in streams.values()
        ]
    }


async def read(
    emulator: Emulator, files: Files, config: dict[str, Any], catalog: dict[str, Any], state: Any = None
) -> Finished:
    """Read as the platform does."""
    arguments: list[str | Path] = ["--config", files.write("c.json", config)]
    arguments += ["--catalog", files.write("catalog.json", catalog)]
    if state is not None:
        arguments += ["--state", files.write("state.json", state)]
    return await run("read", *arguments, url=emulator.url)


def assert_exact(finished: Finished, streams: dict[str, dict[str, Any]]) -> None:
    """Each line is a message, each record fits, each state counts the records before it, each stream ends COMPLETE."""
    validators = {name: STRICT(stream["json_schema"]) for name, stream in streams.items()}
    written: Counter[str] = Counter()
    for message in finished.messages:
        parsed = msgspec.convert(message, AirbyteMessage)
        if parsed.record is not None:
            assert parsed.record.emitted_at > 0
            written[parsed.record.stream] += 1
            problems = [
                f"{error.json_path}: {error.message}"
                for error in validators[parsed.record.stream].iter_errors(message["record"]["data"])
            ]
            assert problems == [], parsed.record.stream
        elif parsed.state is not None and parsed.state.stream is not None:
            assert parsed.state.sourceStats is not None
            written[parsed.state.stream.stream_descriptor.name] -= int(parsed.state.sourceStats.recordCount or 0)
    left = {name: count for name, count in written.items() if count and name in finished.last_states}
    assert left == {}, "A state does not count the records that came before it."
    for name, statuses in finished.statuses.items():
        assert statuses in (["STARTED", "RUNNING", "COMPLETE"], ["STARTED", "COMPLETE"]), name
    assert set(finished.statuses) == set(streams)
    assert (finished.exit_code, finished.stderr) == (0, "")


def keys(finished: Finished, name: str) -> set[tuple[Any, ...]]:
    """The keys of a stream's records."""
    stream = stream_named(name)
    assert stream is not None
    return {key_of(stream, record) for record in finished.records(name)}


@pytest.mark.parametrize("mode", quickly("full_refresh", "incremental"))
async def test_every_line_of_all_streams_fits_the_protocol_and_the_schemas(
    emulator: Emulator, files: Files, mode: str
) -> None:
    """First without a state, then with the one of the first sync."""
    config = config_for(emulator, start_date="2020-01-01")
    known = await discovered(emulator, files, config)
    assert set(known) == {stream.name for stream in ALL_STREAMS}
    streams = {stream.name: known[stream.name] for stream in STREAMS}
    ids = {"sync_id": 7, "generation_id": 3, "minimum_generation_id": 0}
    first = await read(emulator, files, config, configured(streams, mode, **ids))
    assert_exact(first, streams)
    assert [name for name in streams if not first.records(name)] == []
    next_ids = ids | {"sync_id": 8}
    second = await read(emulator, files, config, configured(streams, mode, **next_ids), first.state_file)
    assert_exact(second, streams)


@pytest.mark.thorough
async def test_every_line_of_the_streams_on_request_fits_the_protocol_and_the_schemas(
    emulator: Emulator, files: Files
) -> None:
    """They are many, so a few days of them are read."""
    config = config_for(emulator, start_date=f"{datetime.now(UTC) - timedelta(days=3):%Y-%m-%d}")
    known = await discovered(emulator, files, config)
    # Nobody knows the metrics of reports on playables, so the emulator answers them on demand only.
    unsure = "playables_reports"
    streams = {stream.name: known[stream.name] for stream in ON_REQUEST if not stream.name.startswith(unsure)}
    finished = await read(emulator, files, config, configured(streams, "incremental"))
    assert_exact(finished, streams)
    assert len([name for name in streams if finished.records(name)]) > len(streams) / 2


@pytest.mark.parametrize("kind", quickly("one account", "old shape", "sandbox"))
async def test_other_configurations_are_as_exact(emulator: Emulator, files: Files, kind: str) -> None:
    """A sandbox account, the configuration of old versions, and a choice of accounts."""
    usual = config_for(emulator, start_date=f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}")
    days = {name: usual[name] for name in ("start_date", "requests_per_second")}
    config = {
        "sandbox": {
            "credentials": {
                "auth_type": "sandbox_access_token",
                "advertiser_id": emulator.sandbox_advertiser_id,
                "access_token": emulator.sandbox_access_token,
            },
            **days,
        },
        "old shape": {
            "access_token": emulator.access_token,
            "environment": {"app_id": emulator.app_id, "secret": emulator.secret},
            "report_granularity": "DAY",
            **days,
        },
        "one account": usual | {"advertiser_ids": emulator.advertiser_ids[1:2]},
    }[kind]
    known = await discovered(emulator, files, config)
    streams = {stream.name: known[stream.name] for stream in STREAMS if stream.name in known}
    finished = await read(emulator, files, config, configured(streams, "incremental"))
    assert_exact(finished, streams)
    assert finished.records("campaigns")


CHOICE = ("campaigns", "ads_reports_daily", "campaigns_reports_hourly", "audiences")


async def test_a_stream_that_was_cleared_or_refreshed_is_read_from_the_start(emulator: Emulator, files: Files) -> None:
    """The platform drops its state, and for a refresh raises its generation. The others continue."""
    config = config_for(emulator, start_date="2020-01-01", attribution_window=0)
    streams = {name: (await discovered(emulator, files, config))[name] for name in CHOICE}
    first = await read(emulator, files, config, configured(streams, "incremental", generation_id=1))
    cleared = "ads_reports_daily"
    kept = [entry for entry in first.state_file if entry["stream"]["stream_descriptor"]["name"] != cleared]
    catalog = configured(streams, "incremental", generation_id=1, minimum_generation_id=0, sync_id=9)
    for entry in catalog["streams"]:
        if entry["stream"]["name"] == cleared:
            entry |= {"generation_id": 2, "minimum_generation_id": 2}
    second = await read(emulator, files, config, catalog, kept)
    assert_exact(second, streams)
    assert keys(second, cleared) == keys(first, cleared)
    assert len(second.records("campaigns_reports_hourly")) < len(first.records("campaigns_reports_hourly"))


async def test_a_choice_of_fields_changes_no_record(emulator: Emulator, files: Files) -> None:
    """The platform leaves out the others. The records fit the smaller schema, too, which has the key and the cursor."""
    config = config_for(emulator, start_date="2020-01-01")
    streams = {name: (await discovered(emulator, files, config))[name] for name in CHOICE}
    whole = await read(emulator, files, config, configured(streams, "full_refresh"))
    smaller = {}
    for name, stream in streams.items():
        wanted = {path[0] for path in stream["source_defined_primary_key"]} | set(
            stream.get("default_cursor_field", [])
        )
        properties = stream["json_schema"]["properties"]
        chosen = {field: properties[field] for field in properties if field in wanted}
        smaller[name] = stream | {"json_schema": stream["json_schema"] | {"properties": chosen}}
    chosen_fields = await read(emulator, files, config, configured(smaller, "full_refresh"))
    assert_exact(chosen_fields, smaller)
    for name in CHOICE:
        assert keys(chosen_fields, name) == keys(whole, name)
        assert set(chosen_fields.records(name)[0]) == set(whole.records(name)[0])


async def test_the_catalog_of_520_is_read_but_for_what_is_missing_here(emulator: Emulator, files: Files) -> None:
    """48 streams and one that no version has yet. Each that is missing ends INCOMPLETE, with an error that names it."""
    names = [*IN_470, *NEW_IN_520, OF_A_LATER_VERSION]
    assert len(names) == 49
    catalog = {
        "streams": [
            {
                "stream": {"name": name, "json_schema": {}},
                "sync_mode": "full_refresh",
                "destination_sync_mode": "append",
            }
            for name in names
        ]
    }
    finished = await read(emulator, files, config_for(emulator, start_date="2020-01-01"), catalog)
    missing = {name for name in names if stream_named(name) is None}
    assert OF_A_LATER_VERSION in missing <= {*NEW_IN_520, OF_A_LATER_VERSION}
    assert finished.exit_code == 1
    assert {error["stream_descriptor"]["name"] for error in finished.errors} == missing
    assert {error["failure_type"] for error in finished.errors} == {"config_error"}
    assert all(error["stream_descriptor"]["name"] in error["message"] for error in finished.errors)
    for name in names:
        assert finished.statuses[name][-1] == ("INCOMPLETE" if name in missing else "COMPLETE"), name
    assert [name for name in IN_470 if not finished.records(name)] == []
