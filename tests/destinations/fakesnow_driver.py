"""Puts fakesnow, which answers Snowflake's SQL with DuckDB, in the place of Snowflake's driver.

dlt's own code for Snowflake makes all statements. fakesnow does not read all that Snowflake reads, so PUT and COPY are
changed on their way. The places of files and the names of options lose their quotes. Rows in JSON, in which dlt brings
states, become INSERTs.
"""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any, ClassVar, Self

_KEPT: list[Any] = []
_PLACE = re.compile(r"""'@"(?P<schema>[^"]+)"\."%?(?P<table>[^"]+)"(?P<rest>[^']*)'""")
_PUT = re.compile(r"PUT 'file://(?P<path>[^']+)'")
_COPY_OF_JSON = re.compile(r"COPY INTO (?P<table>\S+)\s+FROM '[^']*/(?P<name>[^/']+)'.*TYPE = 'JSON'", re.DOTALL)
_OPTIONS = re.compile(
    r"FILE_FORMAT = \([^)]*PARQUET[^)]*\)\s*MATCH_BY_COLUMN_NAME\s*=\s*'CASE_INSENSITIVE'", re.IGNORECASE
)


def install(path: str) -> None:
    """Let Snowflake be databases in a folder, for this process."""
    if _KEPT:
        return
    import fakesnow

    patch = fakesnow.patch(db_path=path, create_schema_on_connect=False)
    patch.__enter__()
    _KEPT.append(patch)  # it would end otherwise
    import snowflake.connector

    connect = snowflake.connector.connect
    snowflake.connector.connect = lambda *arguments, **options: Connection(connect(*arguments, **options))


class Connection:
    """A connection whose cursors spell statements as fakesnow reads them."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def cursor(self, *arguments: Any, **options: Any) -> Cursor:
        """Return a cursor."""
        return Cursor(self._connection.cursor(*arguments, **options))


class Cursor:
    """A cursor that spells statements as fakesnow reads them."""

    _paths: ClassVar[dict[str, Path]] = {}
    """The name of each file that was put, and its path here."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._cursor.close()

    def execute(self, sql: str, *arguments: Any, **options: Any) -> Any:
        """Run a statement."""
        if put := _PUT.match(sql):
            path = Path(put["path"])
            self._paths[path.name] = path
        if copy := _COPY_OF_JSON.match(sql):
            return self._insert(copy["table"], self._paths[copy["name"]])
        return self._cursor.execute(spelled(sql), *arguments, **options)

    def _insert(self, table: str, path: Path) -> Any:
        content = path.read_bytes()
        text = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        for line in text.splitlines():
            row = json.loads(line)
            columns = ", ".join(f'"{name.upper()}"' for name in row)
            values = ", ".join(["%s"] * len(row))
            self._cursor.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})", tuple(row.values()))  # noqa: S608
        return self._cursor


def spelled(sql: str) -> str:
    """A statement as fakesnow reads it."""
    if sql.startswith("REMOVE "):  # the file of a load is left where it is
        return "SELECT 1"
    sql = _PLACE.sub(lambda match: _place(**match.groupdict()), sql)
    return _OPTIONS.sub("FILE_FORMAT = (TYPE = 'PARQUET') MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE", sql)


def _place(schema: str, table: str, rest: str) -> str:
    return f"@{schema}.%{table}{rest.replace(chr(34), '')}"
