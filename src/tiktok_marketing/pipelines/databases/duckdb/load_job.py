"""dlt's DuckDB, with a load job of our own: rows replace others in the transaction that brings them.

dlt would copy rows into a staging table first, and merge by key. Rows of whole days need no comparison of keys. And to
check whether any key exists already takes a tenth of the time of a merge: nearly always, nothing has to be replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from glob import escape
from pathlib import Path
from typing import Any

from dlt.common.destination.client import HasFollowupJobs, RunnableLoadJob
from dlt.common.storages.load_storage import ParsedLoadJobFileName
from dlt.destinations import duckdb
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from dlt.destinations.impl.duckdb.duck import DuckDbClient

from tiktok_marketing.pipelines.databases.destination import Relation
from tiktok_marketing.pipelines.databases.duckdb.session import DuckDBSession, folded
from tiktok_marketing.pipelines.databases.names import quoted_names, without_foreign
from tiktok_marketing.pipelines.databases.replacement import Replacement, TableChanges, updated_tables

_KEPT = "_tiktok_kept"
"""Holds the values of the user's own columns while their rows are replaced."""


class _LoadJob(RunnableLoadJob, HasFollowupJobs):  # type: ignore[misc]
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
            session = DuckDBSession(client.native_connection, client.dataset_name)
            self._changes.check(session, self._table)
            load_file(session, Path(self._file_path), self._change)


def load_file(session: DuckDBSession, path: Path, change: Replacement) -> None:
    """Load a Parquet file, and delete the rows that its rows replace, in the transaction that is open.

    Args:
        session: The session.
        path: The file.
        change: What its rows replace.
    """
    file = escape(str(path)).replace("'", "''")  # DuckDB would take a [ in a folder's name for a pattern
    incoming = f"read_parquet('{file}', hive_partitioning = false)"
    table = f'"{session.dataset}"."{change.stream.name}"'
    key = quoted_names(change.stream.table_key)
    keys = f"(SELECT {key} FROM {incoming})"  # noqa: S608 - names of the catalog
    kept = quoted_names(change.user_columns)
    if kept:
        old = f"SELECT DISTINCT ON ({key}) {key}, {kept} FROM {table} SEMI JOIN {keys} USING ({key})"  # noqa: S608
        session.execute(f"CREATE TEMP TABLE {_KEPT} AS {old}")
    if change.exists:
        change.delete_replaced(session.execute, session.dataset)
        any_key_exists = f"SELECT EXISTS (FROM {table} SEMI JOIN {keys} USING ({key}))"
        if session.execute(any_key_exists) == [(True,)]:
            change.count_repeated(session.execute, session.dataset, incoming)
            same_key = " AND ".join(f'have."{name}" = incoming."{name}"' for name in change.stream.table_key)
            session.execute(f"DELETE FROM {table} AS have USING {keys} AS incoming WHERE {same_key}")  # noqa: S608
    if not kept:
        session.execute(f"INSERT INTO {table} BY NAME SELECT * FROM {incoming}")  # noqa: S608
        return
    using = f"{_KEPT} AS kept USING ({key})"
    values = quoted_names(change.user_columns, of="kept")
    for rows in (
        f"* FROM {incoming} ANTI JOIN {using}",
        f"incoming.*, {values} FROM {incoming} AS incoming JOIN {using}",
    ):
        session.execute(f"INSERT INTO {table} BY NAME SELECT {rows}")
    session.execute(f"DROP TABLE {_KEPT}")


class _Client(DuckDbClient):  # type: ignore[misc]
    changes: TableChanges

    def create_load_job(self, table: Any, file_path: str, load_id: str, restore: bool = False) -> Any:
        replacements = self.changes.replacements
        if ParsedLoadJobFileName.parse(file_path).file_format == "parquet" and table["name"] in replacements:
            return _LoadJob(file_path, table["name"], self.changes)
        return super().create_load_job(table, file_path, load_id, restore)

    def is_storage_initialized(self) -> bool:
        """Find a schema whose name the user has written in another case, which dlt would create again."""
        client = self.sql_client
        return DuckDBSession(client.native_connection, client.dataset_name).has_schema()

    def get_storage_tables(self, table_names: Any) -> Any:
        """Find tables and columns whose names the user has written in another case, which dlt would create again."""
        stored: Mapping[str, Relation] = {}
        for name, columns in super().get_storage_tables(table_names):
            if not columns:
                client = self.sql_client
                stored = stored or DuckDBSession(client.native_connection, client.dataset_name).relations()
                if name in stored:
                    columns = {column: {"name": column} for column in stored[name].columns}  # noqa: PLW2901
            found = {folded(column): hints for column, hints in columns.items()}
            yield name, without_foreign(found, self.schema.tables, name)

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
            self.changes.check(DuckDBSession(self.sql_client.native_connection, self.sql_client.dataset_name), None)
            super().complete_load(load_id)


class _DuckDB(duckdb):  # type: ignore[misc]
    changes: TableChanges

    @property
    def client_class(self) -> type[_Client]:
        return _Client

    def client(self, schema: Any, initial_config: Any = None) -> Any:
        client = super().client(schema, initial_config)
        client.changes = self.changes
        return client


def destination(path: Path, changes: TableChanges) -> Any:
    """Return the destination.

    Args:
        path: The file.
        changes: What happens to the tables. Read when a package is loaded.
    """
    credentials = DuckDbCredentials()
    credentials.database = str(path)  # dlt would read a path that it gets as an address, which ends at a ?
    # dlt's DuckDB does not declare that it has transactions.
    duckdb_destination = _DuckDB(credentials, destination_name="duckdb", supports_transactions=True)
    duckdb_destination.changes = changes
    return duckdb_destination
