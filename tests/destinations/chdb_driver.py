"""Puts chDB, which is ClickHouse in a library, in the place of ClickHouse's drivers, so that dlt needs no server.

dlt's own code for ClickHouse makes all statements. What is replaced is the network between it and the database.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Self


def install(path: str) -> None:
    """Let dlt's ClickHouse be a database in a folder."""
    import clickhouse_driver
    from dlt.destinations.impl.clickhouse.sql_client import ClickHouseSqlClient

    engine = Engine(path)
    engine.query("CREATE DATABASE IF NOT EXISTS ads")
    engine.query("SET date_time_input_format = 'best_effort'")
    clickhouse_driver.connect = lambda **_: Connection(engine)

    def insert_file(client: Any, file_path: str, table_name: str, file_format: str, compression: str) -> None:
        import gzip
        from pathlib import Path

        import pyarrow.parquet as pq

        del compression
        if file_format != "Parquet":
            content = Path(file_path).read_bytes()
            text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()
            engine.query(f"INSERT INTO {client.make_qualified_table_name(table_name)} FORMAT {file_format} {text}")
            return
        columns = ", ".join(f"`{name}`" for name in pq.read_schema(file_path).names)
        table = client.make_qualified_table_name(table_name)
        engine.query(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM file('{file_path}', 'Parquet')")  # noqa: S608

    ClickHouseSqlClient.insert_file = insert_file


class Engine:
    """chDB, for one statement at a time. It is closed before the process ends, because it would crash otherwise."""

    def __init__(self, path: str) -> None:
        import chdb

        self._lock = threading.Lock()
        self._connection: Any = chdb.connect(path)
        atexit.register(self._connection.close)

    def query(self, sql: str, output: str = "CSV") -> bytes:
        """Run a statement. Returns its answer in a format of ClickHouse."""
        with self._lock:
            return bytes(self._connection.query(sql, output).bytes() or b"")


class Connection:
    """A connection as Python's DB API describes it."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def cursor(self, *_: Any, **__: Any) -> Cursor:
        """Return a cursor."""
        return Cursor(self._engine)

    def commit(self) -> None:
        """Do nothing: ClickHouse has no transactions."""

    def rollback(self) -> None:
        """Do nothing: ClickHouse has no transactions."""

    def close(self) -> None:
        """Do nothing: the engine lives as long as the process."""


class Cursor:
    """A cursor as Python's DB API describes it."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._rows: list[tuple[Any, ...]] = []
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement."""
        import io

        import pyarrow as pa
        from clickhouse_driver.dbapi.errors import OperationalError

        sql = sql % {name: _literal(value) for name, value in (parameters or {}).items()}
        try:
            answer = self._engine.query(sql, "ArrowStream")
        except RuntimeError as error:
            raise OperationalError(str(error)) from error
        self._rows, self.description = [], None
        if answer:
            table = pa.ipc.open_stream(io.BytesIO(answer)).read_all()
            self.description = [(name, None, None, None, None, None, None) for name in table.schema.names]
            self._rows = [tuple(map(_text, row.values())) for row in table.to_pylist()]

    def executemany(self, sql: str, parameters: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement for each set of parameters."""
        for each in parameters:
            self.execute(sql, each)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows."""
        rows, self._rows = self._rows, []
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """Return the next rows."""
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def close(self) -> None:
        """Do nothing."""


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def _literal(value: Any) -> str:
    if isinstance(value, (int, float)):
        return str(value)
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        value = value.strftime("%Y-%m-%d %H:%M:%S.%f")
    elif isinstance(value, date):
        value = value.isoformat()
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
