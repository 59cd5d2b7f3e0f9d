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

from tiktok_marketing.pipelines.databases.duckdb.session import DuckDBSession
from tiktok_marketing.pipelines.databases.replacement import Replacement


class _LoadJob(RunnableLoadJob, HasFollowupJobs):  # type: ignore[misc]
    """Loads a Parquet file, and deletes the rows that its rows replace, in one transaction."""

    def __init__(self, file_path: str, change: Replacement) -> None:
        super().__init__(file_path)
        self._change = change

    def run(self) -> None:
        client = self._job_client.sql_client
        table = client.make_qualified_table_name(self.load_table_name)
        path = escape(str(self._file_path)).replace("'", "''")  # DuckDB would take a [ in a folder's name for a pattern
        incoming = f"read_parquet('{path}', hive_partitioning = false)"
        with client.begin_transaction():
            session = DuckDBSession(client.native_connection, client.dataset_name)
            if self._change.exists:
                self._change.delete_replaced(session.execute, client.dataset_name)
                key = [f'"{name}"' for name in self._change.stream.row_key]
                keys = f"(SELECT {', '.join(key)} FROM {incoming})"  # noqa: S608 - names of the catalog
                any_key_exists = f"SELECT EXISTS (FROM {table} SEMI JOIN {keys} USING ({', '.join(key)}))"
                if session.execute(any_key_exists) == [(True,)]:
                    same_key = " AND ".join(f"have.{name} = incoming.{name}" for name in key)
                    session.execute(f"DELETE FROM {table} AS have USING {keys} AS incoming WHERE {same_key}")  # noqa: S608
            session.execute(f"INSERT INTO {table} BY NAME SELECT * FROM {incoming}")  # noqa: S608


class _Client(DuckDbClient):  # type: ignore[misc]
    changes: Mapping[str, Replacement] = {}

    def create_load_job(self, table: Any, file_path: str, load_id: str, restore: bool = False) -> Any:
        if ParsedLoadJobFileName.parse(file_path).file_format == "parquet" and table["name"] in self.changes:
            return _LoadJob(file_path, self.changes[table["name"]])
        return super().create_load_job(table, file_path, load_id, restore)


class _DuckDB(duckdb):  # type: ignore[misc]
    changes: Mapping[str, Replacement]

    @property
    def client_class(self) -> type[_Client]:
        return _Client

    def client(self, schema: Any, initial_config: Any = None) -> Any:
        client = super().client(schema, initial_config)
        client.changes = self.changes
        return client


def destination(path: Path, changes: Mapping[str, Replacement]) -> Any:
    """Return the destination.

    Args:
        path: The file.
        changes: For each table, what happens to the rows it has. Read when a package is loaded.
    """
    credentials = DuckDbCredentials()
    credentials.database = str(path)  # dlt would read a path that it gets as an address, which ends at a ?
    # dlt's DuckDB does not declare that it has transactions.
    duckdb_destination = _DuckDB(credentials, destination_name="duckdb", supports_transactions=True)
    duckdb_destination.changes = changes
    return duckdb_destination
