"""The reports on Smart+ creatives, texts, calls to action and add-ons, over real sockets."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from emulator.kit import Client
from on_request.conftest import emulator_of
from on_request.kit import load
from support import A_DAY, NOW, config_for, key_of, read_from
from tiktok_marketing.catalog import ON_REQUEST, Grain, ReportStream, report_stream
from tiktok_marketing.catalog.material_reports import MATERIAL_METRICS
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.doctor.run import DoctorOptions, examine
from tiktok_marketing.pipelines import destination_of

REPORTS = [stream for stream in ON_REQUEST if isinstance(stream, ReportStream) and stream.source.is_of_materials]
DAILY = [stream.name for stream in REPORTS if stream.source.grain is Grain.DAY]
LIFETIME = [stream.name for stream in REPORTS if stream.source.grain is Grain.LIFETIME]
NAMES = (*MATERIAL_METRICS, "ad_text", "call_to_action")
START, END = "2026-06-10", "2026-06-14"


async def listed(client: Client, name: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The metrics of every row that a plain client reads, by the row's key."""
    stream = report_stream(name)
    source = stream.source
    days: dict[str, Any] = {"start_date": START, "end_date": END}
    rows = {}
    for account in client.emulator.advertiser_ids:
        for row in await client.read_all(
            stream.endpoint,
            13,
            advertiser_id=account,
            dimensions=[dimension for dimension in source.dimensions if dimension not in source.answered],
            metrics=["spend", "impressions", *(metric for metric in source.metrics if metric in NAMES)],
            **(days if source.grain is Grain.DAY else {"query_lifetime": True}),
        ):
            named = {**row["dimensions"], "advertiser_id": account}
            key = tuple(str(named[field])[:10] if "time" in field else str(named[field]) for field in stream.row_key)
            assert key not in rows
            rows[key] = {**row["metrics"], **{field: row["dimensions"][field] for field in source.answered}}
    return rows


@pytest.mark.parametrize("name", [stream.name for stream in REPORTS])
async def test_every_row_is_read_once(client: Client, name: str) -> None:
    """With the spend, the impressions, the name and the kind that a plain client sees."""
    stream = report_stream(name)
    outcome = await read_from(client.emulator, config_for(client.emulator, start_date=START, end_date=END), [name])
    assert outcome.exit_code == 0
    read = {}
    for record in outcome.records(name):
        key = tuple(
            str(value)[:10] if "time" in field else str(value)
            for field, value in zip(stream.row_key, key_of(stream, record), strict=True)
        )
        assert key not in read
        read[key] = record
    expected = await listed(client, name)
    assert read.keys() == expected.keys() != set()
    for key, figures in expected.items():
        record = read[key]
        for metric in ("spend", "impressions"):
            assert Decimal(record["metrics"][metric]) == Decimal(figures.pop(metric)), (key, metric)
        assert {field: record["metrics"].get(field, record.get(field)) for field in figures} == figures


async def test_a_refused_metric_is_left_out_and_the_rest_is_read() -> None:
    """TikTok withdraws metrics. The rows come without it, and a warning names it."""
    async with emulator_of() as emulator:
        emulator.faults.add("path=smart_plus/material_report/breakdown/,withdraw=engagements")
        outcome = await read_from(emulator, config_for(emulator, start_date=START, end_date=END), DAILY[:1])
    assert outcome.exit_code == 0
    records = outcome.records(DAILY[0])
    assert records
    assert {record["metrics"]["engagements"] for record in records} == {None}
    assert any("engagements" in message["message"] for message in outcome.of_type("LOG"))


async def test_a_later_sync_reads_the_latest_days_again() -> None:
    """The reports by day have a state, and read again what may have changed."""
    async with emulator_of(settled=True) as emulator:
        config = config_for(emulator, start_date="2026-06-01")
        first = await read_from(emulator, config, DAILY)
        emulator.clock.advance(A_DAY)
        second = await read_from(emulator, config, DAILY, state=first.state_file, now=NOW + A_DAY)
        whole = await read_from(emulator, config, DAILY, now=NOW + A_DAY)
    for name in DAILY:
        stream = report_stream(name)
        union = {key_of(stream, record): record for record in first.records(name) + second.records(name)}
        assert union.keys() == {key_of(stream, record) for record in whole.records(name)}
        assert len(second.records(name)) < len(whole.records(name))


async def test_rows_are_columns_of_numbers_and_days_in_a_database(client: Client, tmp_path: Path) -> None:
    """Creatives of an ad have spent what the ad has; texts have spent more, because they overlap."""
    path = tmp_path / "tiktok.duckdb"
    await load(client.emulator, path, [*LIFETIME, *DAILY], start_date=START, end_date=END)
    with duckdb.connect(str(path), read_only=True) as database:
        database.execute("USE tiktok_ads")
        types = dict(
            database.execute(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?", [DAILY[0]]
            ).fetchall()
        )
        assert (types["stat_time_day"], types["spend"], types["impressions"]) == ("DATE", "DECIMAL(18,4)", "BIGINT")
        by_part: dict[str, dict[int, Decimal]] = defaultdict(dict)
        for name in LIFETIME:
            rows = f"SELECT smart_plus_ad_id, sum(spend) FROM {name} GROUP BY 1"  # noqa: S608 - our names
            by_part[name] = dict(database.execute(rows).fetchall())
    creatives, texts = by_part[LIFETIME[0]], by_part[LIFETIME[1]]
    assert creatives.keys() == texts.keys()
    assert all(texts[ad] >= creatives[ad] for ad in texts)
    assert any(texts[ad] > creatives[ad] for ad in texts)


async def test_doctor_accepts_overlapping_rows_and_misses_lost_ones(client: Client, tmp_path: Path) -> None:
    """Rows that do not add up to the account are right. A row that somebody deleted is found."""
    path = tmp_path / "tiktok.duckdb"
    await load(client.emulator, path, ["advertisers", *LIFETIME, *DAILY], start_date=START)

    async def wrong() -> set[str | None]:
        examination = await examine(
            parse_config(config_for(client.emulator, start_date=START)),
            DoctorOptions(database=destination_of(f"duckdb:///{path}")),
            clock=FixedClock(NOW),
            address=client.emulator.url,
        )
        return {finding.stream for finding in examination.findings}

    assert await wrong() == set()
    with duckdb.connect(str(path)) as database:
        database.execute(
            f"DELETE FROM tiktok_ads.{DAILY[0]} WHERE stat_time_day = '2026-06-12'"  # noqa: S608 - our names
        )
    assert await wrong() == {DAILY[0]}
