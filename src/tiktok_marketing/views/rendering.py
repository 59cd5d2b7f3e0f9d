"""Turns a view's definition into the SQL for one database: which tables it reads there, and in whose dialect.

A table that a view needs and that is not there leaves the view out. A column that is not there is null. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from tiktok_marketing.catalog import ALL_STREAMS, AnyStream, ReportStream, Stream
from tiktok_marketing.pipelines.arrow.columns import ColumnType
from tiktok_marketing.pipelines.arrow.tables import columns_of
from tiktok_marketing.pipelines.databases.names import quoted_name
from tiktok_marketing.views.definitions import ViewDefinition
from tiktok_marketing.views.dialects import Dialect

RATES_TABLE = "_tiktok_rates"
ACCOUNTS_TABLE = "_tiktok_accounts"
ASSETS_TABLE = "_tiktok_assets"

SQL_TYPES: Mapping[ColumnType, str] = {
    ColumnType.INTEGER: "BIGINT",
    ColumnType.MONEY: "DECIMAL(18,4)",
    ColumnType.NUMBER: "DOUBLE",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.TEXT: "VARCHAR",
    ColumnType.DAY: "DATE",
    ColumnType.TIME: "TIMESTAMP",
    ColumnType.JSON: "JSON",
}
"""Column types as the dialects of the views write them."""
_OWN_TABLES: Mapping[str, Mapping[str, str]] = {
    RATES_TABLE: {
        "currency": "VARCHAR",
        "day": "DATE",
        "reporting_currency": "VARCHAR",
        "rate": "DECIMAL(24,12)",
        "rate_day": "DATE",
    },
    ACCOUNTS_TABLE: {"advertiser_id": "BIGINT", "utc_offset_minutes": "BIGINT"},
    ASSETS_TABLE: {"kind": "VARCHAR", "content_id": "VARCHAR", "path": "VARCHAR"},
    "_tiktok_loads": {"sync_id": "VARCHAR", "stream": "VARCHAR", "load_id": "VARCHAR", "kept_rows": "BIGINT"},
    "_tiktok_syncs": {
        "sync_id": "VARCHAR",
        "started_at": "TIMESTAMP",
        "ended_at": "TIMESTAMP",
        "stream": "VARCHAR",
        "loaded_rows": "BIGINT",
        "read_rows": "BIGINT",
        "complete": "BOOLEAN",
        "missing": "VARCHAR",
    },
}
"""Tables that a view may read besides those of the streams."""
_ABOUT_LOADS = {"_dlt_load_id": "VARCHAR"}

_MACRO = re.compile(r"\{\{(\w+)(?: ([^{}]*))?\}\}")
_EACH = re.compile(r"\{\{each (\w+)\}\}(.*?)\{\{end\}\}", re.DOTALL)
_WORD = re.compile(r"[a-z_][a-z0-9_]*")
_ATTRIBUTION_DAYS = 7
"""TikTok's usual click window, after which conversions no longer come to a day."""


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """The tables of a database, as views see them.

    Args:
        dataset: The schema of the tables that a sync fills.
        schema: The schema of the views, and of the tables that belong to them.
        columns: Table to its columns with their types, in the dataset.
        own_columns: The same in the schema of the views.
        database: What comes before the schema; empty where a schema suffices.
        streams: The streams that the database may have tables of.
    """

    dataset: str
    schema: str
    columns: Mapping[str, Mapping[str, str]]
    own_columns: Mapping[str, Mapping[str, str]]
    database: str = ""
    streams: tuple[AnyStream, ...] = ALL_STREAMS

    @property
    def reports(self) -> Iterable[ReportStream]:
        """The reports among its streams."""
        return (stream for stream in self.streams if isinstance(stream, ReportStream))

    def named(self, schema: str, table: str) -> str:
        """Return a name as SQL accepts it."""
        return f"{self.database}{quoted_name(schema)}.{quoted_name(table)}"


class Rendered(msgspec.Struct, frozen=True):
    """A view that can be created.

    Args:
        definition: What it is.
        select: Its query for this database.
    """

    definition: ViewDefinition
    select: str


class LeftOut(msgspec.Struct, frozen=True):
    """A view that cannot be created.

    Args:
        name: The view.
        reason: Why, and which streams to sync.
    """

    name: str
    reason: str


def render(
    definition: ViewDefinition, tables: Tables, dialect: Dialect, switches: Mapping[str, bool]
) -> Rendered | LeftOut:
    """Return the SQL of a view for a database, or the reason why it cannot be there.

    Args:
        definition: The view.
        tables: What the database has.
        dialect: How the database spells what differs.
        switches: The settings that the query asks for with `{{switch name}}`.
    """
    absent = [name for name in definition.needed_streams if name not in tables.columns]
    if absent:
        return LeftOut(definition.name, f"there is no table {' or '.join(absent)}. Sync: --streams {','.join(absent)}")
    query = _EACH.sub(lambda match: _for_each(match[1], match[2], tables), definition.query)
    if "{{none}}" in query:
        return LeftOut(definition.name, "there is no report by day. Sync: --streams advertisers_reports_daily")
    words = set(_WORD.findall(query))

    def expanded(match: re.Match[str]) -> str:
        name, arguments = match[1], [part.strip() for part in (match[2] or "").split(" | ")]
        if name in {"table", "optional"}:
            return _source(arguments[0], words, tables, dialect)
        if name == "switch":
            return "TRUE" if switches[arguments[0]] else "FALSE"
        return dialect.macros[name].format(*arguments)

    while _MACRO.search(query):
        query = _MACRO.sub(expanded, query)
    casts = ",\n    ".join(
        f"CAST({quoted_name(column.name)} AS {dialect.type_of(column.type)}) AS {quoted_name(column.name)}"
        for column in definition.columns
    )
    return Rendered(definition, f"SELECT\n    {casts}\nFROM (\n{query}\n) AS answer")


def _for_each(what: str, text: str, tables: Tables) -> str:
    """Repeat a part of a query for each report that the database has, as parts of a UNION."""
    streams = [stream for stream in tables.reports if stream.name in tables.columns and stream.cursor is not None]
    if what == "daily":
        streams = [stream for stream in streams if stream.cursor == "stat_time_day"]
    if not streams:
        return "{{none}}"
    return "\nUNION ALL\n".join(
        text.replace("{{this}}", "{{table " + stream.name + "}}")
        .replace("{{stream}}", f"'{stream.name}'")
        .replace("{{day}}", f"CAST({stream.cursor} AS DATE)")
        .replace("{{money}}", _money_of(stream))
        .replace("{{hours_late}}", str(stream.source.hours_late))
        .replace("{{attribution_days}}", str(_ATTRIBUTION_DAYS))
        .strip()
        for stream in streams
    )


def _money_of(stream: ReportStream) -> str:
    """Return the column that says what the ads of a report cost, as SQL; null if it has none."""
    return next((name for name in ("spend", "cost") if name in stream.metrics), "CAST(NULL AS DECIMAL(18,4))")


def _source(name: str, words: set[str], tables: Tables, dialect: Dialect) -> str:
    """Return what stands for a table: its columns that the query names, with a null for each one that is not there."""
    types = column_types(name, tables.streams)
    own = name in {RATES_TABLE, ACCOUNTS_TABLE}
    present = (tables.own_columns if own else tables.columns).get(name)
    chosen = {column: type_ for column, type_ in types.items() if column in words}
    parts = [
        quoted_name(column)
        if present is not None and present.get(column) == (dialect.type_of(type_))
        else f"CAST({quoted_name(column) if present and column in present else 'NULL'} AS {dialect.type_of(type_)})"
        f" AS {quoted_name(column)}"
        for column, type_ in chosen.items()
    ]
    select = f"SELECT {', '.join(parts)}"
    if present is None:
        return f"({select} WHERE FALSE)"
    return f"({select} FROM {tables.named(tables.schema if own else tables.dataset, name)})"


def column_types(table: str, streams: Iterable[Stream] = ALL_STREAMS) -> Mapping[str, str]:
    """Return the columns of a table and their types, as the files spell them.

    Args:
        table: The table.
        streams: The streams that the database may have tables of.
    """
    if table in _OWN_TABLES:
        return _OWN_TABLES[table]
    stream = next(stream for stream in streams if stream.name == table)
    return {column.name: SQL_TYPES[column.type] for column in columns_of(stream)} | _ABOUT_LOADS
