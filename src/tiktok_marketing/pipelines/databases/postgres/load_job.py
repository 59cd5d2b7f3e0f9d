"""dlt's Postgres, with an address that stays as libpq reads it, and with a quicker and more exact way to copy rows.

dlt knows three ways into Postgres: INSERT statements; its own CSV, which turns the text "" into null and is slow; and
ADBC, whose binary format cannot be copied into JSONB. Arrow writes CSV that quotes every text and no null, and Postgres
reads nothing faster. A row of 103 columns costs 12 us of CPU on both sides together; with ADBC it was 14.

dlt would copy the rows into a staging table, and merge by key from there. Instead, rows of whole days are copied
straight into their table, after the rows that it had of those days are deleted. The unique index proves that no other
row was in the way. Only rows that are merged by key, or that repeat a key, go through a second table, which exists for
that transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
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
from dlt.destinations.impl.postgres.sql_client import Psycopg2SqlClient

from tiktok_marketing.pipelines.databases.names import quoted_name, quoted_names, without_foreign
from tiktok_marketing.pipelines.databases.postgres.session import PostgresSession
from tiktok_marketing.pipelines.databases.postgres.waiting import prepare
from tiktok_marketing.pipelines.databases.replacement import (
    Replacement,
    RowsRefusedError,
    TableChanges,
    delete_rows,
    updated_tables,
)

_ROWS_AT_ONCE = 2_000
_CHUNK = 1 << 20
"""Bytes that libpq gets at a time."""
_INCOMING = "_tiktok_incoming"
_KEPT = "_tiktok_kept"
"""Holds the values of the user's own columns while their rows are replaced."""
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

    def __init__(self, file_path: str, table: str, changes: TableChanges) -> None:
        super().__init__(file_path)
        self._table = table
        self._changes = changes
        self._change = changes.replacements[table]

    def run(self) -> None:
        if self._changes.held is not None:
            self._changes.held.add_file(Path(self._file_path), self._change)
            return
        client = self._job_client.sql_client
        with self._changes.watched(self._table), client.begin_transaction():
            session = PostgresSession(client.native_connection, client.dataset_name)
            session.lock(self._table)
            self._changes.check(session, self._table)
            load_file(session, Path(self._file_path), self._change)


def load_file(session: PostgresSession, path: Path, change: Replacement) -> None:
    """Load a Parquet file, and delete the rows that its rows replace, in the transaction that is open.

    Args:
        session: The session.
        path: The file.
        change: What its rows replace.
    """
    with pq.ParquetFile(path) as file:
        _Rows(session, file, change).load()
        table = f'"{session.dataset}"."{change.stream.name}"'
        if file.metadata.num_rows and not session.execute(f"SELECT 1 FROM {table} LIMIT 1"):  # noqa: S608 - our own names
            raise RowsRefusedError("None of them is there afterwards. A trigger or rule keeps them out.")


class _Rows:
    """Rows of a file on their way into a table."""

    def __init__(self, session: PostgresSession, file: pq.ParquetFile, change: Replacement) -> None:
        self._session = session
        self._file = file
        self._change = change
        self._columns = list(file.schema_arrow.names)
        self._table = f'"{session.dataset}"."{change.stream.name}"'
        self._incoming = ""
        """The table that holds the rows which do not go straight into their table."""

    def load(self) -> None:
        """Load the rows, in the place of those that they replace."""
        if self._change.exists and (self._change.by_key or self._change.keeps_rows):
            self.merge()
            return
        self._session.execute("SAVEPOINT copied")
        try:
            self.copy()
        except (psycopg2.errors.UniqueViolation, RowsRefusedError):
            # A key comes twice, another day or account has it, or rows stay that come again.
            self._session.execute("ROLLBACK TO SAVEPOINT copied")
            self.merge()
        self._session.execute("RELEASE SAVEPOINT copied")

    def copy(self) -> None:
        """Copy the rows in the place of those of their days."""
        if self._change.exists:
            self._change.delete_replaced(self._session.execute, self._session.dataset)
        self._copy_into(self._table)

    def _copy_into(self, table: str) -> None:
        copy = f"COPY {table} ({quoted_names(self._columns)}) FROM STDIN (FORMAT csv, ENCODING 'utf8')"
        self._session.copy(copy, _CsvFile(self._file), _CHUNK)

    def merge(self) -> None:
        """Replace the rows whose keys come. What the user keeps in them or refers to stays."""
        change, session = self._change, self._session
        query = f"SELECT {quoted_names(self._columns)} FROM {self._table} WITH NO DATA"  # noqa: S608
        incoming = self._incoming = session.create_scratch_table(_INCOMING, query)
        self._copy_into(incoming)
        change.count_repeated(session.execute, session.dataset, incoming)
        change.delete_replaced(session.execute, session.dataset, but=incoming)
        if session.has_unique_key(change.stream) and session.repeats_a_key(incoming, change.stream.table_key):
            self._accept_repeated_keys()
        if session.updates_by_key(change.stream):
            self._update()
        else:
            self._insert_again()
        session.execute(f"DROP TABLE {incoming}")

    def _accept_repeated_keys(self) -> None:
        """Let the table keep different rows with one key; if something of the user's forbids that, keep the last."""
        session, incoming = self._session, self._incoming
        session.execute("SAVEPOINT repeated_keys")
        try:
            session.accept_repeated_keys(self._change.stream)
        except psycopg2.errors.DependentObjectsStillExist:
            session.execute("ROLLBACK TO SAVEPOINT repeated_keys")
            key = self._change.stream.table_key
            same_key = " AND ".join(f'later."{name}" = have."{name}"' for name in key)
            later = f"SELECT 1 FROM {incoming} AS later WHERE {same_key} AND later.ctid > have.ctid"  # noqa: S608
            lost = session.execute(f"DELETE FROM {incoming} AS have WHERE EXISTS ({later}) RETURNING 1")  # noqa: S608
            self._change.lost = len(lost)

    def _update(self) -> None:
        """Update the rows whose keys come, and insert the others."""
        change, columns, key = self._change, self._columns, self._change.stream.table_key
        updates = [f'"{name}" = EXCLUDED."{name}"' for name in columns if name not in key]
        updates += [f'"{name}" = NULL' for name in change.absent(columns)]
        action = f"UPDATE SET {', '.join(updates)}" if updates else "NOTHING"
        insert = (
            f"INSERT INTO {self._table} ({quoted_names(columns)}) SELECT {quoted_names(columns)} FROM {self._incoming}"  # noqa: S608
        )
        self._session.execute(f"{insert} ON CONFLICT ({quoted_names(key)}) DO {action}")

    def _insert_again(self) -> None:
        """Delete the rows whose keys come, and insert all that come, in a table in which rows may share a key."""
        change, session, table, incoming = self._change, self._session, self._table, self._incoming
        columns, key, users = quoted_names(self._columns), change.stream.table_key, change.user_columns
        same_key = " AND ".join(f'have."{name}" = other."{name}"' for name in key)
        comes_again = f"EXISTS (SELECT 1 FROM {incoming} AS other WHERE {same_key})"  # noqa: S608
        if users:
            distinct = f"DISTINCT ON ({quoted_names(key)}) {quoted_names((*key, *users))}"
            query = f"SELECT {distinct} FROM {table} AS have WHERE {comes_again}"  # noqa: S608
            kept = session.create_scratch_table(_KEPT, query)
        delete_rows(session.execute, table, comes_again, [], guarded=change.guarded)
        session.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {incoming}")  # noqa: S608
        if users:
            values = ", ".join(f"{name} = other.{name}" for name in map(quoted_name, users))
            session.execute(f"UPDATE {table} AS have SET {values} FROM {kept} AS other WHERE {same_key}")  # noqa: S608
            session.execute(f"DROP TABLE {kept}")


class _Types(PostgresTypeMapper):  # type: ignore[misc]
    """Stores JSON as JSONB, also when it comes from Parquet."""

    def to_destination_type(self, column: Any, table: Any) -> str:
        return "jsonb" if column["data_type"] == "json" else str(super().to_destination_type(column, table))


class _SqlClient(Psycopg2SqlClient):  # type: ignore[misc]
    """dlt's connection, which waits as those of our own do."""

    def _reset_connection(self) -> None:
        super()._reset_connection()  # it also forgets what was set
        prepare(self.native_connection)


class _Client(PostgresClient):  # type: ignore[misc]
    changes: TableChanges

    def __init__(self, schema: Any, config: Any, capabilities: Any) -> None:
        super().__init__(schema, config, capabilities)
        names = self.create_dataset_names(schema, config)
        self.sql_client = _SqlClient(*names, config.credentials, capabilities)

    def create_load_job(self, table: Any, file_path: str, load_id: str, restore: bool = False) -> Any:
        if ParsedLoadJobFileName.parse(file_path).file_format == "parquet":
            return _CopyJob(file_path, table["name"], self.changes)
        return super().create_load_job(table, file_path, load_id, restore)

    def get_storage_tables(self, table_names: Any) -> Any:
        for name, columns in super().get_storage_tables(table_names):
            yield name, without_foreign(columns, self.schema.tables, name)

    def update_stored_schema(self, only_tables: Any = None, expected_update: Any = None, force: bool = False) -> Any:
        force = self.changes.must_compare(only_tables) or force
        update = super().update_stored_schema
        return updated_tables(
            self, self.changes, only_tables, lambda: update(only_tables, expected_update, force=force)
        )

    def complete_load(self, load_id: str) -> None:
        if self.changes.held is not None:
            self.changes.held.add_package(load_id, self.schema.name, self.schema.version_hash)
            return
        with self.sql_client.begin_transaction():
            self.changes.check(PostgresSession(self.sql_client.native_connection, self.sql_client.dataset_name), None)
            super().complete_load(load_id)


class _Postgres(postgres):  # type: ignore[misc]
    changes: TableChanges

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


def destination(dsn: str, options: str, changes: TableChanges) -> Any:
    """Return the destination.

    Args:
        dsn: For libpq.
        options: The `options` in it, which dlt would overwrite with its own.
        changes: What happens to the tables. Read when a package is loaded.
    """
    address = _Address()
    # Never used, but dlt asks for them.
    address.host = address.database = address.username = address.password = "-"  # noqa: S105
    address.dsn, address.options = dsn, options
    address.resolve()
    postgres_destination = _Postgres(address, destination_name="postgres")
    postgres_destination.changes = changes
    return postgres_destination
