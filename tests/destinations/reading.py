"""Prints the rows of some tables as JSON: run by the Python of a destination's environment, which has its libraries.

Arguments: the kind of destination, its place as JSON, and the tables with their columns as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any


def from_parquet(place: dict[str, Any], table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Read Parquet files of a folder or bucket."""
    import fsspec
    import pyarrow as pa
    import pyarrow.parquet as pq

    fs, root = fsspec.url_to_fs(place["url"], **place.get("options", {}))
    names = [name for name in fs.find(f"{root}/{table}") if name.endswith(".parquet")]
    if not names:
        return []
    tables = []
    for name in names:
        with fs.open(name) as file:
            tables.append(pq.read_table(file, columns=list(columns), partitioning=None))
    return rows_of(pa.concat_tables(tables))


def from_delta(place: dict[str, Any], table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Read a Delta table."""
    from deltalake import DeltaTable

    options = place.get("storage_options", {})
    if not DeltaTable.is_deltatable(f"{place['url']}/{table}", storage_options=options):
        return []
    delta = DeltaTable(f"{place['url']}/{table}", storage_options=options)
    return rows_of(delta.to_pyarrow_dataset().to_table(columns=list(columns)))


def from_iceberg(place: dict[str, Any], name: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Read the newest version of an Iceberg table."""
    from pathlib import Path

    from pyiceberg.table import StaticTable

    versions = sorted(Path(place["url"], name, "metadata").glob("*.metadata.json"))
    if not versions:
        return []
    table = StaticTable.from_metadata(str(versions[-1])).scan(selected_fields=tuple(columns)).to_arrow()
    return rows_of(table.select(list(columns)))


def rows_of(table: Any) -> list[tuple[Any, ...]]:
    """Return the rows of an Arrow table."""
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def from_sqlite(place: dict[str, Any], table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Read a table of SQLite."""
    import sqlite3

    connection = sqlite3.connect(place["path"])
    try:
        return list(connection.execute(_select(table, columns)))
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return []
        raise
    finally:
        connection.close()


def from_duckdb(place: dict[str, Any], table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Read a table of a DuckDB file, or of a DuckLake."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{place['attach']}' AS there (READ_ONLY)")
        try:
            return list(connection.execute(_select(f"there.tiktok_ads.{table}", columns)).fetchall())
        except duckdb.CatalogException:
            return []


def from_postgres(place: dict[str, Any], table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Read a table of Postgres."""
    import psycopg2

    connection = psycopg2.connect(place["address"])
    try:
        with connection.cursor() as cursor:
            cursor.execute(_select(f"tiktok_ads.{table}", columns))
            return list(cursor.fetchall())
    except psycopg2.errors.UndefinedTable:
        return []
    finally:
        connection.close()


def from_snowflake(place: dict[str, Any], table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Read a table of Snowflake."""
    import fakesnow_driver

    fakesnow_driver.install(place["path"])
    import snowflake.connector

    connection = snowflake.connector.connect(user="user", password="none", account="account", database="ADS")
    try:
        return list(connection.cursor().execute(_select(f"tiktok_ads.{table}", columns)).fetchall())
    except snowflake.connector.errors.ProgrammingError as error:
        if "does not exist" in str(error):
            return []
        raise
    finally:
        connection.close()


def from_clickhouse(place: dict[str, Any], table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Read a table of chDB."""
    import chdb

    connection = chdb.connect(place["path"])
    try:
        cursor = connection.cursor()
        cursor.execute(f"EXISTS TABLE ads.tiktok_ads___{table}")
        if not cursor.fetchall()[0][0]:
            return []
        cursor.execute(_select(f"ads.tiktok_ads___{table}", columns))
        return list(cursor.fetchall())
    finally:
        connection.close()


def _select(table: str, columns: Sequence[str]) -> str:
    return f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608 - names of tests


READERS = {
    "parquet": from_parquet,
    "delta": from_delta,
    "iceberg": from_iceberg,
    "sqlite": from_sqlite,
    "duckdb": from_duckdb,
    "postgres": from_postgres,
    "snowflake": from_snowflake,
    "clickhouse": from_clickhouse,
}


def main() -> None:
    """Print the rows."""
    kind, place, tables = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
    rows = {
        table: [[str(value) for value in row] for row in READERS[kind](place, table, columns)]
        for table, columns in tables.items()
    }
    sys.stdout.write(json.dumps(rows))
    sys.stdout.flush()
    os._exit(0)  # pyarrow's threads may abort the end of an interpreter that has read a Delta table


if __name__ == "__main__":
    main()
