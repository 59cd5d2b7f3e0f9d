"""Every odd value in every column, over the whole path into each kind of database: each row is there, whole."""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from odd_values import LITERALS, TEXTS, json_texts
from support import NOW, config_for, quickly, read_from
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.pipelines import RunOptions, Summary, load_async
from tiktok_marketing.pipelines.arrow.tables import columns_of
from tiktok_marketing.pipelines.databases.destination import DEFAULT_DATASET
from tiktok_marketing.sync.decode import native
from tiktok_marketing.sync.decode.coercion import is_no_value, to_number, to_text
from tiktok_marketing.sync.decode.lenient_json import decode_lenient
from tiktok_marketing.sync.events import Rows

pytestmark = pytest.mark.thorough

EVERY_VALUE = sorted({*map(json.dumps, TEXTS), *LITERALS})
REPORT = "ads_reports_by_country_daily"
"""It has columns of every type that a report has, and a dimension that is text."""
COUNT = f"SELECT count(*) FROM {REPORT}"  # noqa: S608 - a name from above
FIRST_ID = 10**18


def page_of(rows: list[str], list_key: str = "list") -> bytes:
    """A page of these rows."""
    return f'{{"code":0,"data":{{"{list_key}":[{",".join(rows)}],"page_info":{{}}}}}}'.encode("utf-8", "surrogatepass")


def as_object(fields: dict[str, str]) -> str:
    """A JSON object whose values are JSON texts."""
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in fields.items()) + "}"


def report_rows(make: Any, values: list[str]) -> list[str]:
    """A row per value, which is in all its metrics, and then a row per value and dimension."""
    source = make.stream(REPORT).source
    metrics = [name for name in source.metrics if name not in source.dimensions]
    rows: list[tuple[dict[str, str], dict[str, str]]] = [({}, dict.fromkeys(metrics, value)) for value in values]
    rows += [({name: value}, {}) for name in source.dimensions for value in values]
    texts = []
    for number, (odd_dimensions, odd_metrics) in enumerate(rows):
        usual = {"ad_id": f'"{FIRST_ID + number}"', "stat_time_day": '"2026-01-01"', "country_code": f'"C{number}"'}
        if "country_code" in odd_dimensions:
            usual["ad_id"] = f'"{FIRST_ID + number}"'
        texts.append(as_object({"dimensions": as_object(usual | odd_dimensions), "metrics": as_object(odd_metrics)}))
    return texts


def decoded(value: str, *groups: str) -> Any:
    """The value of a JSON text, which is nested as deeply as in a row."""
    text = as_object({"x": value})
    for group in groups:
        text = as_object({group: text})
    row = decode_lenient(f"[{text}]".encode())[0]
    for group in groups:
        row = row[group]
    return row["x"]


def check_misfits(make: Any, query: Any, name: str, sent: dict[Any, dict[str, Any]], key: str) -> int:
    """Each value is in its column or, as it came, in `_misfits`. Returns how many are misfits."""
    names = [column.name for column in columns_of(make.stream(name))]
    quoted = ", ".join(f'"{column}"' for column in names)
    count = 0
    for row in query(f'SELECT "{key}", _misfits, {quoted} FROM {name}'):  # noqa: S608 - names of the catalog
        misfits = json.loads(row[1]) if isinstance(row[1], str) else row[1] or {}
        count += len(misfits)
        for column, value in zip(names, row[2:], strict=True):
            if column in sent.get(row[0], {}) and value is None:
                original = sent[row[0]][column]
                # A record holds a number as a double, and money as text; either may not fit its column.
                forms = {as_stored(original), as_stored(to_number(original)), as_stored(to_text(original))}
                assert is_no_value(original) or as_stored(misfits[column]) in forms, column
    return count


def as_stored(value: Any) -> str:
    """A value without what Postgres cannot store, and without the difference between 1 and 1.0."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(Decimal(repr(value)).normalize() if value else 0)
    return json.dumps(value).replace("\\u0000", "\\ufffd")


@pytest.mark.parametrize("way", ["c", "python"])
def test_a_report_of_odd_values_is_loaded_whole(
    way: str, run: Any, query: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands in a metric or in a dimension, which is part of the key."""
    if way == "python":
        monkeypatch.setattr(native, "NATIVE", None)
    rows = report_rows(make, EVERY_VALUE)
    loaded = run(make.whole(REPORT, Rows(make.stream(REPORT), make.account, page_of(rows), 1)))  # type: ignore[arg-type]
    assert loaded.summary.complete
    assert query(COUNT) == [(len(rows),)]
    sent = {
        FIRST_ID + number: dict.fromkeys(make.stream(REPORT).source.metrics, decoded(value, "metrics"))
        for number, value in enumerate(EVERY_VALUE)
    }
    count = check_misfits(make, query, REPORT, sent, "ad_id")
    assert count > 1000
    assert loaded.summary.streams[0].misfits == count
    assert query("SELECT misfits FROM _tiktok_syncs") == [(count,)]
    assert f"{count:,} values that do not fit, in _misfits" in str(loaded.summary)
    run(make.whole(REPORT, Rows(make.stream(REPORT), make.account, page_of(rows), 1)))  # type: ignore[arg-type]
    assert query(COUNT) == [(len(rows),)]  # and the keys are the same ones


@pytest.mark.parametrize("name", ["ads", "ad_groups", "advertisers", "pixels", "creative_assets_images", "audiences"])
def test_objects_of_odd_values_are_loaded_whole(name: str, run: Any, query: Any, make: Any) -> None:
    """An object per value, which is in all its fields but the id, and one per value whose id it is."""
    stream = make.stream(name)
    (key,) = [column for column in stream.row_key if column != "advertiser_id"] or stream.row_key
    fields = [column.name for column in columns_of(stream) if column.name not in {key, "advertiser_id"}]
    is_number = key.endswith("_id") and name != "creative_assets_images"
    ids = [str(FIRST_ID + number) for number in range(len(EVERY_VALUE))]
    rows = [
        as_object({key: json.dumps(object_id), **dict.fromkeys(fields, value)})
        for object_id, value in zip(ids, EVERY_VALUE, strict=True)
    ]
    loaded = run(make.whole(name, Rows(stream, make.account, page_of(rows, stream.source.list_key), 1)))
    assert loaded.summary.complete
    assert query(f'SELECT count(*) FROM "{name}"') == [(1 if key == "advertiser_id" else len(rows),)]  # noqa: S608 - a name from above
    if key != "advertiser_id":
        sent = {
            int(object_id) if is_number else object_id: dict.fromkeys(fields, decoded(value))
            for object_id, value in zip(ids, EVERY_VALUE, strict=True)
        }
        assert check_misfits(make, query, name, sent, key) == loaded.summary.streams[0].misfits > 0


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck])
@given(values=st.lists(json_texts, min_size=40, max_size=60, unique=True))
def test_a_report_of_any_values_is_loaded_whole(run: Any, query: Any, make: Any, values: list[str]) -> None:
    """Drawn, not chosen."""
    rows = report_rows(make, values)
    loaded = run(make.whole(REPORT, Rows(make.stream(REPORT), make.account, page_of(rows), 1)), full=True)  # type: ignore[arg-type]
    assert loaded.summary.complete
    assert query(COUNT)[0][0] >= len(rows)


async def into(
    database: Any, emulator: Emulator, *streams: str, dataset: str = DEFAULT_DATASET, **fields: Any
) -> Summary:
    """Load these streams."""
    config = parse_config(config_for(emulator, **fields))
    at = RunOptions(clock=FixedClock(NOW), address=emulator.url)
    return await load_async(config, database.address, streams=streams, dataset=dataset, options=at)


def small(*faults: Fault) -> Emulator:
    """Three accounts of a few ads."""
    return Emulator(
        Options(now=NOW, tier="unlimited", days=12, advertisers=3, ads_per_account=12, not_granted=0, faults=faults)
    )


@pytest.mark.parametrize("value", [None, "", "-", UNSET])
async def test_a_country_that_is_null_costs_no_row(value: Any, database: Any) -> None:
    """The row has a stand-in, `_misfits` says so, other accounts are untouched, and the state moves on."""
    sums = f"SELECT advertiser_id, count(*), sum(spend) FROM {{}}.{REPORT} GROUP BY 1 ORDER BY 1"  # noqa: S608
    async with small() as emulator:
        await into(database, emulator, REPORT, include_deleted=True, dataset="usual")
        fault = Fault(path="report/integrated/get/", records=2, edit="dimensions.country_code", value=value)
        emulator.faults.add(fault)
        first = await into(database, emulator, REPORT, include_deleted=True)
        second = await into(database, emulator, REPORT, include_deleted=True)
    assert first.complete
    assert second.complete
    assert second.streams[0].state_from == first.streams[0].state_to is not None
    assert database.ask(sums.format("tiktok_ads")) == database.ask(sums.format("usual"))
    is_documented = value == "-"
    assert any("has no country_code" in notice for notice in first.notices) is not is_documented
    # Other rows have an unknown country, whose text is None.
    odd = f"SELECT DISTINCT country_code FROM {REPORT} WHERE length(country_code) > 4"  # noqa: S608
    assert {country for (country,) in database.ask(odd)} == {"(not set)", "(not set) 2"}
    if is_documented:
        assert first.streams[0].misfits == 0
        return
    kept = f"SELECT _misfits FROM {REPORT} WHERE length(country_code) > 4"  # noqa: S608
    misfits = {repr(as_json(row)) for (row,) in database.ask(kept)}
    assert misfits == {repr({"country_code": None if value is UNSET else value})}


async def test_an_object_without_an_id_costs_no_row(database: Any) -> None:
    """Nor do two of them in one account, which stay two rows."""
    async with small(Fault(path="ad/get/", records=2, edit="ad_id")) as emulator:
        for _ in range(2):
            summary = await into(database, emulator, "ads", "ads_reports_daily", include_deleted=True)
            assert summary.complete
    counts = "SELECT count(*), count(DISTINCT ad_id) FROM ads GROUP BY advertiser_id"
    assert {row[0] == row[1] > 2 for row in database.ask(counts)} == {True}
    assert database.ask("SELECT count(*) FROM ads WHERE ad_id < 0") == [(6,)]


@pytest.mark.parametrize("value", [None, "", "0000-00-00", []], ids=str)
@pytest.mark.parametrize(
    ("name", "days"), [("ads_reports_hourly", 30), ("ads_reports_daily", 1), ("ads_reports_daily", 30)]
)
async def test_repeated_syncs_neither_lose_nor_double_rows_without_a_day(
    name: str, days: int, value: Any, database: Any
) -> None:
    """If a request is for one day, that is the day of the row. Of several days, no row is lost."""
    column = "stat_time_hour" if "hourly" in name else "stat_time_day"
    sums = f"SELECT advertiser_id, count(*), sum(spend) FROM {{}}.{name} GROUP BY 1 ORDER BY 1"  # noqa: S608
    odd = f"SELECT count(*), min({column}) FROM {name} WHERE _misfits IS NOT NULL"  # noqa: S608
    async with small() as emulator:
        await into(database, emulator, name, include_deleted=True, dataset="usual")
        emulator.faults.add(Fault(path="report/integrated/get/", edit=f"dimensions.{column}", value=value, records=1))
        for lookback in (3, 3, 5, 12):
            summary = await into(
                database, emulator, name, include_deleted=True, attribution_window=lookback, report_granularity=days
            )
            assert summary.complete
            usual = database.ask(sums.format("usual"))
            if "hourly" in name or days == 1:
                assert database.ask(sums.format("tiktok_ads")) == usual
                ((count, first),) = database.ask(odd)
                assert count > 3
                assert first.year == NOW.year
            else:
                assert all(
                    row[1] >= expected[1] and row[2] >= expected[2]
                    for row, expected in zip(database.ask(sums.format("tiktok_ads")), usual, strict=True)
                )


async def test_a_row_that_is_no_object_is_loaded_with_stand_ins(database: Any) -> None:
    """In a report and in a list; `_misfits` keeps what stood in its place, and the other rows are whole."""
    async with small() as emulator:
        await into(database, emulator, "ads", REPORT, include_deleted=True, dataset="usual")
        for path in ("ad/get/", "report/integrated/get/"):
            emulator.faults.add(Fault(path=path, edit="$.data.list[1]", value=None))
        summary = await into(database, emulator, "ads", REPORT, include_deleted=True)
    assert summary.complete
    for table in ("ads", REPORT):
        count = f"SELECT count(*) FROM {{}}.{table}"  # noqa: S608
        assert database.ask(count.format("tiktok_ads")) == database.ask(count.format("usual"))
        odd = database.ask(f"SELECT ad_id, _misfits FROM {table} WHERE ad_id < 0")  # noqa: S608
        assert len(odd) >= 3
        assert all(as_json(misfits)["ad_id"] == "null" for _, misfits in odd)


LONG_TEXTS = {
    "ads_reports_by_search_terms_daily": ("report/integrated/get/", "dimensions.search_terms", "search_terms"),
    "creative_assets_images": ("file/image/ad/search/", "image_id", "image_id"),
}
"""Keys that are texts: the path, the field in the answer, and the column."""


@pytest.mark.parametrize("name", LONG_TEXTS)
@pytest.mark.parametrize("way", quickly("c", "python"))
async def test_a_text_that_is_too_long_for_an_index_costs_no_row(
    name: str, way: str, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets a stand-in where it is part of a key, which stays the same, and `_misfits` keeps the text."""
    if way == "python":
        monkeypatch.setattr(native, "NATIVE", None)
    path, field, column = LONG_TEXTS[name]
    texts = [Random(seed).randbytes(1500).hex() for seed in (1, 2)]
    count = f"SELECT count(*) FROM {{}}.{name}"  # noqa: S608
    odd = f"SELECT {column}, _misfits FROM {name} WHERE {column} LIKE '(not set)%'"  # noqa: S608
    stand_ins = []
    async with small() as emulator:
        await into(database, emulator, name, dataset="usual")
        for position, text in enumerate(texts):
            emulator.faults.add(Fault(path=path, edit=f"$.data.list[{position}].{field}", value=text))
        for _ in range(2):
            summary = await into(database, emulator, name)
            assert summary.complete
            assert database.ask(count.format("tiktok_ads")) == database.ask(count.format("usual"))
            rows = database.ask(odd)
            assert {as_json(misfits)[column] for _, misfits in rows} == {*texts}
            stand_ins.append({stand_in for stand_in, _ in rows})
    assert len(stand_ins[0]) == 2
    assert stand_ins[0] == stand_ins[1]
    assert any("does not fit its column" in notice and column in notice for notice in summary.notices)


async def test_an_object_with_an_empty_id_is_an_object_without_one(database: Any) -> None:
    """Two of them in one account are two rows, and no trouble."""
    async with small(Fault(path="file/image/ad/search/", records=2, edit="image_id", value="")) as emulator:
        for _ in range(2):
            summary = await into(database, emulator, "creative_assets_images")
            assert summary.complete
            assert not any("different records" in notice for notice in summary.notices)
    counts = (
        "SELECT count(*), count(DISTINCT image_id), count(_misfits) FROM creative_assets_images GROUP BY advertiser_id"
    )
    rows = database.ask(counts)
    assert rows
    assert all(row[0] == row[1] >= row[2] == 2 for row in rows)


async def test_an_older_table_of_syncs_gets_the_new_column(database: Any) -> None:
    """What it holds stays."""
    async with small() as emulator:
        await into(database, emulator, "campaigns")
        alter(database, "ALTER TABLE tiktok_ads._tiktok_syncs DROP COLUMN misfits")
        summary = await into(database, emulator, "campaigns")
    assert summary.complete
    assert sorted(database.ask("SELECT stream, misfits FROM _tiktok_syncs"), key=str) == [
        ("campaigns", 0),
        ("campaigns", None),
    ]


def alter(database: Any, sql: str) -> None:
    """Change a table, as its owner does."""
    if database.kind == "postgres":
        database.ask(sql)
        return
    with duckdb.connect(database.address) as connection:
        connection.execute(sql)


def as_json(value: Any) -> Any:
    """A value of a JSON column: DuckDB gives it as text, Postgres decoded."""
    return json.loads(value) if isinstance(value, str) else value


async def test_a_create_time_in_the_far_future_stops_nothing(database: Any) -> None:
    """Neither an ad's nor an account's, on which the first day of its reports depends."""
    streams = ["ads", "advertisers", "ads_reports_daily"]
    counts = [f"SELECT count(*) FROM {name}" for name in streams]  # noqa: S608
    async with small() as emulator:
        await into(database, emulator, *streams)
        expected = [database.ask(sql) for sql in counts]
        for value in (123456789012345678, -1, 10**400, 1700000000000, "0000-00-00 00:00:00", "2026-02-30", [], True):
            emulator.faults.clear()
            emulator.faults.add(Fault(edit="create_time", value=value))
            emulator.faults.add(Fault(edit="modify_time", value=value))
            summary = await into(database, emulator, *streams)
            assert summary.complete, summary
            assert [database.ask(sql) for sql in counts] == expected


async def test_airbyte_is_told_which_fields_became_null() -> None:
    """In the record's own message, as the protocol has it; other records have no such note."""
    faults = [
        Fault(path="report/integrated/get/", edit="likes", value="<5", records=1),
        Fault(path="report/integrated/get/", edit="ad_id", value="x"),
        Fault(path="ad/get/", edit="create_time", records=1, value="soon"),
        Fault(path="ad/get/", edit="is_aco", records=1, value="soon"),
    ]
    async with small(*faults) as emulator:
        outcome = await read_from(emulator, config_for(emulator), ["ads", "ads_reports_daily"])
    assert outcome.exit_code == 0
    by_changes: dict[str, list[Any]] = {}
    for record in outcome.of_type("RECORD"):
        changes = record.get("meta", {}).get("changes", [])
        for change in changes:
            assert (change["change"], change["reason"]) == ("NULLED", "SOURCE_SERIALIZATION_ERROR")
        fields = ",".join(change["field"] for change in changes)
        by_changes.setdefault(f"{record['stream']}: {fields}", []).append(record["data"])
    assert set(by_changes) == {"ads: ", "ads: is_aco", "ads_reports_daily: ", "ads_reports_daily: metrics.likes"}
    assert {data["is_aco"] for data in by_changes["ads: is_aco"]} == {None}
    assert {data["metrics"]["likes"] for data in by_changes["ads_reports_daily: metrics.likes"]} == {None}


async def test_new_fields_of_every_name_are_kept(database: Any) -> None:
    """Names of system columns, keywords, quotes, very long ones, and more than a table has room for."""
    names = ["ctid", "xmin", "tableoid", "rowid", "select", "order", "a b", 'x"y', "n" * 300, "Ad_Name", "", "\u540d"]
    faults = [Fault(path="ad/get/", edit=name, value={"n": name}) for name in names if name]
    faults += [Fault(path="ad/get/", edit=f"extra_{number}", value=number) for number in range(1700)]
    async with small(*faults) as emulator:
        for _ in range(2):
            summary = await into(database, emulator, "ads")
            assert summary.complete, summary
    select, order, a_b, extra, misfits = database.ask(
        'SELECT "select", "order", a_b, extra_5, _misfits FROM ads LIMIT 1'
    )[0]
    assert [json.loads(text)["n"] for text in (select, order, a_b)] == ["select", "order", "a b"]
    assert extra == "5"
    kept = as_json(misfits)
    assert {"ctid", "xmin", "tableoid", "rowid", "n" * 300, "Ad_Name", "\u540d", "extra_1699"} <= set(kept)
    assert kept["ctid"] == {"n": "ctid"}


@pytest.mark.parametrize("advertiser_id", ["abc", "9" * 20, 2**63, "7.5"])
async def test_an_account_whose_id_is_not_a_number_is_reported(advertiser_id: Any, database: Any) -> None:
    """The others are read, and their states move on."""
    async with small() as emulator:
        emulator.faults.add(Fault(path="oauth2/advertiser/get/", edit="advertiser_id", value=advertiser_id, records=1))
        summary = await into(database, emulator, "campaigns", "campaigns_reports_daily", "advertiser_ids")
        states = [stream.state_to for stream in summary.streams if stream.name == "campaigns_reports_daily"]
        counts = database.ask("SELECT count(DISTINCT advertiser_id) FROM campaigns_reports_daily")
    assert not summary.complete
    assert str(advertiser_id) in "\n".join(summary.missing())
    assert counts == [(2,)]
    assert states[0] is not None
    assert database.ask("SELECT count(*) FROM advertiser_ids") == [(3,)]
