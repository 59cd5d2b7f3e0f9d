"""dlt's Postgres, with an address that stays as libpq reads it, and with a quicker and more exact way to copy rows.

dlt knows three ways into Postgres: INSERT statements; its own CSV, which turns the text "" into null and is slow; and
ADBC, whose binary format cannot be copied into JSONB. Arrow writes CSV that quotes every text and no null, and Postgres
reads nothing faster. A row of 103 columns costs 12 us of CPU on both sides together; with ADBC it was 14.

dlt would copy the rows into a staging table, and merge by key from there. Instead, rows of whole days are copied
straight into their table, after the rows that it had of those days are deleted. The unique index proves that no other
row was in the way. Only rows that are merged by key go through a second table, which exists for that transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psycopg2.errors
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from dlt.common.configuration import configspec
from dlt.common.destination.client import HasFollowupJobs, RunnableLoadJob
from dlt.common.storages.load_storage import ParsedLoadJobFileName
from dlt.destinations import postgres
from dlt.destinations.impl.postgres.configuration import PostgresCredentials
from dlt.destinations.impl.postgres.factory import PostgresTypeMapper
from dlt.destinations.impl.postgres.postgres import PostgresClient

from tiktok_marketing.pipelines.databases.postgres.session import PostgresSession
from tiktok_marketing.pipelines.databases.replacement import Replacement

_ROWS_AT_ONCE = 2_000
_CHUNK = 1 << 20
"""Bytes that libpq gets at a time."""
_INCOMING = "_tiktok_incoming"
_CSV = pyarrow.csv.WriteOptions(include_header=False)


@configspec(init=False)
class _Address(PostgresCredentials):  # type: ignore[misc]
    """Credentials that stay one text: dlt would split it, and insist on a host and a password."""

    def to_native_representation(self) -> str:
        return str(self.dsn)

    def get_query(self) -> dict[str, Any]:
        return {"options": self.options}


class _CsvFile:
    """The rows of a Parquet file as a file of CSV, which is written while it is read."""

    def __init__(self, file: pq.ParquetFile) -> None:
        self._chunks = self._written(file)

    def read(self, _size: int) -> bytes:
        """Return the next chunk, whatever its size; nothing at the end."""
        return next(self._chunks, b"")

    @staticmethod
    def _written(file: pq.ParquetFile) -> Iterator[bytes]:
        for batch in file.iter_batches(_ROWS_AT_ONCE):
            out = pa.BufferOutputStream()
            pyarrow.csv.write_csv(batch, out, _CSV)
            text = memoryview(out.getvalue())
            for start in range(0, len(text), _CHUNK):
                yield bytes(text[start : start + _CHUNK])


class _CopyJob(RunnableLoadJob, HasFollowupJobs):  # type: ignore[misc]
    """Loads a Parquet file, and deletes the rows that its rows replace, in one transaction."""

    def __init__(self, file_path: str, change: Replacement) -> None:
        super().__init__(file_path)
        self._change = change

    def run(self) -> None:
        if self._change.exists and self._change.by_key:
            self._load(self._merge)
            return
        try:
            self._load(self._copy)
        except psycopg2.errors.UniqueViolation:  # a row of another day or account has a key that comes
            self._load(self._merge)

    def _load(self, write: Callable[[str, PostgresSession, pq.ParquetFile], None]) -> None:
        client = self._job_client.sql_client
        with pq.ParquetFile(self._file_path) as file, client.begin_transaction():
            session = PostgresSession(client.native_connection, client.dataset_name)
            if self._change.exists:
                self._change.delete_replaced(session.execute, client.dataset_name)
            write(client.make_qualified_table_name(self.load_table_name), session, file)

    def _copy(self, table: str, _session: PostgresSession, file: pq.ParquetFile) -> None:
        copy = f"COPY {table} ({_columns(file)}) FROM STDIN (FORMAT csv, ENCODING 'utf8')"
        with self._job_client.sql_client.native_connection.cursor() as cursor:
            cursor.copy_expert(copy, _CsvFile(file), _CHUNK)

    def _merge(self, table: str, session: PostgresSession, file: pq.ParquetFile) -> None:
        incoming = f'"{self._job_client.sql_client.dataset_name}"."{_INCOMING}"'
        session.execute(f"CREATE UNLOGGED TABLE {incoming} (LIKE {table})")
        self._copy(incoming, session, file)
        same_key = " AND ".join(f'have."{name}" = incoming."{name}"' for name in self._change.stream.row_key)
        session.execute(f"DELETE FROM {table} AS have USING {incoming} AS incoming WHERE {same_key}")  # noqa: S608
        columns = _columns(file)
        session.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {incoming}")  # noqa: S608
        session.execute(f"DROP TABLE {incoming}")


def _columns(file: pq.ParquetFile) -> str:
    return ", ".join(f'"{name}"' for name in file.schema_arrow.names)


class _Types(PostgresTypeMapper):  # type: ignore[misc]
    """Stores JSON as JSONB, also when it comes from Parquet."""

    def to_destination_type(self, column: Any, table: Any) -> str:
        return "jsonb" if column["data_type"] == "json" else str(super().to_destination_type(column, table))


class _Client(PostgresClient):  # type: ignore[misc]
    changes: Mapping[str, Replacement] = {}

    def create_load_job(self, table: Any, file_path: str, load_id: str, restore: bool = False) -> Any:
        if ParsedLoadJobFileName.parse(file_path).file_format == "parquet":
            return _CopyJob(file_path, self.changes[table["name"]])
        return super().create_load_job(table, file_path, load_id, restore)


class _Postgres(postgres):  # type: ignore[misc]
    changes: Mapping[str, Replacement]

    def _raw_capabilities(self) -> Any:
        capabilities = super()._raw_capabilities()
        capabilities.type_mapper = _Types
        capabilities.loader_file_format_selector = None  # it looks for ADBC
        # dlt's Postgres does not declare that it has transactions.
        capabilities.supports_transactions = True
        return capabilities

    @property
    def client_class(self) -> type[_Client]:
        return _Client

    def client(self, schema: Any, initial_config: Any = None) -> Any:
        client = super().client(schema, initial_config)
        client.changes = self.changes
        return client


def destination(dsn: str, options: str, changes: Mapping[str, Replacement]) -> Any:
    """Return the destination.

    Args:
        dsn: For libpq.
        options: The `options` in it, which dlt would overwrite with its own.
        changes: For each table, what happens to the rows it has. Read when a package is loaded.
    """
    address = _Address()
    # Never used, but dlt asks for them.
    address.host = address.database = address.username = address.password = "-"  # noqa: S105
    address.dsn, address.options = dsn, options
    address.resolve()
    postgres_destination = _Postgres(address, destination_name="postgres")
    postgres_destination.changes = changes
    return postgres_destination
