"""dlt's Postgres, with an address that stays as libpq reads it, and with tables that may be empty."""

from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq
from dlt.common.configuration import configspec
from dlt.common.storages.load_storage import ParsedLoadJobFileName
from dlt.destinations import postgres
from dlt.destinations.impl.postgres.configuration import PostgresCredentials
from dlt.destinations.impl.postgres.postgres import PostgresClient, PostgresParquetCopyJob


@configspec(init=False)
class _Address(PostgresCredentials):  # type: ignore[misc]
    """Credentials that are one text: dlt would take it apart, and insist on a host and a password."""

    def to_native_representation(self) -> str:
        return str(self.dsn)

    def get_query(self) -> dict[str, Any]:
        return {"options": self.options}


class _CopyJob(PostgresParquetCopyJob):  # type: ignore[misc]
    """Copies a file of rows; ADBC refuses one without any."""

    def run(self) -> None:
        if pq.read_metadata(self._file_path).num_rows:
            super().run()


class _Client(PostgresClient):  # type: ignore[misc]
    def create_load_job(self, table: Any, file_path: str, load_id: str, restore: bool = False) -> Any:
        if ParsedLoadJobFileName.parse(file_path).file_format == "parquet":
            return _CopyJob(file_path)
        return super().create_load_job(table, file_path, load_id, restore)


class _Postgres(postgres):  # type: ignore[misc]
    @property
    def client_class(self) -> type[_Client]:
        return _Client


def destination(dsn: str, options: str) -> Any:
    """Return the destination.

    Args:
        dsn: For libpq.
        options: The settings in it, which dlt would overwrite with one of its own.
    """
    address = _Address()
    # Never looked at, but dlt asks for them.
    address.host = address.database = address.username = address.password = "-"  # noqa: S105
    address.dsn, address.options = dsn, options
    address.resolve()
    # dlt's Postgres does not say that it has transactions, as its DuckDB does not: see DuckDBFile.
    return _Postgres(address, destination_name="postgres", supports_transactions=True)
