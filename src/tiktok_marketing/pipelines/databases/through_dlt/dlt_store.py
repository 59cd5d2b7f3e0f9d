"""A database that dlt knows, as one sync uses it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlt.common.schema import Schema
from dlt.destinations.exceptions import DatabaseUndefinedRelation

import dlt
from tiktok_marketing.catalog import Stream
from tiktok_marketing.errors import DestinationChangedError
from tiktok_marketing.pipelines.arrow.dlt_hints import column_hints
from tiktok_marketing.pipelines.databases.bookkeeping import PACKAGES_TABLE, PIPELINE, STATES_TABLE, SYNCS_TABLE
from tiktok_marketing.pipelines.databases.deletions import LOAD_ID, deletes, replaced_days, vanished
from tiktok_marketing.pipelines.databases.dlt_context import isolated_dlt
from tiktok_marketing.pipelines.databases.replacement import Replacement
from tiktok_marketing.pipelines.databases.store import RecordTable, Source, newest_of_each
from tiktok_marketing.pipelines.databases.through_dlt.address import DltAddress
from tiktok_marketing.pipelines.databases.through_dlt.replacing import replacing

if TYPE_CHECKING:
    import pyarrow as pa


class DltStore:
    """One database and schema.

    Args:
        address: The database.
        folder: An empty folder for this sync alone.
    """

    def __init__(self, address: DltAddress, folder: Path) -> None:
        self._address = address
        self._folder = folder
        self._folders = count()
        self._pipeline: Any = None
        self._packages = 0
        """The number of complete packages in the database, of this sync and earlier ones."""
        self._newest = ""
        """The id of the newest package when the sync began, by the clock of the machine that loaded it."""
        self._ids: list[str] = []
        self._replacements: Mapping[str, Replacement] = {}
        self._arriving: Mapping[str, int] = {}
        """Table to the number of rows of the package that is being loaded."""
        self._compared: set[str] = set()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Give dlt a context of its own, with the user's settings, where the credentials are."""
        with isolated_dlt(self._folder, user_settings=True):
            yield

    def begin(self) -> Source | None:
        """Return what the last sync left; None if there was none."""
        service = self._address.service
        kind = replacing(getattr(dlt.destinations, service.name), self)
        credentials = _credentials(self._address)
        settings = {**self._address.settings, **({} if credentials is None else {"credentials": credentials})}
        if service.one_by_one:
            settings["supports_multiple_statements"] = False
        self._pipeline = dlt.pipeline(
            PIPELINE,
            destination=kind(destination_name=service.name, **settings),
            staging=dlt.destinations.filesystem(bucket_url=self._address.bucket) if self._address.bucket else None,
            dataset_name=self._address.dataset,
            pipelines_dir=str(self._folder / str(next(self._folders))),
        )
        self._pipeline.sync_destination()
        self._packages = self._count_packages()
        self._newest = self._newest_package()
        source = self._pipeline.state.get("sources", {}).get(PIPELINE)
        if source is None:
            return None
        return Source(source.get("streams", {}), source.get("filled", ()), source.get("reports") or {})

    def create(self) -> None:
        """Make sure that the schema exists, so that a missing right is noticed before anything is read."""
        with self._client() as client:
            client.initialize_storage()

    def remove_empty(self) -> None:
        """Leave the schema: somebody else may have begun to use it, and not all databases refuse to drop it then."""

    def tables(self, streams: Collection[Stream]) -> Mapping[str, frozenset[str]]:
        """Return the tables of these streams that exist, each with its columns."""
        with self._client() as client:
            if not client.is_storage_initialized():
                return {}
            stored = list(client.get_storage_tables([stream.name for stream in streams]))
        return {name: frozenset(column.lower() for column in columns) for name, columns in stored if columns}

    def known_columns(self) -> Mapping[str, Collection[str]]:
        """Return the columns that each table had after the last sync."""
        schema = self._pipeline.schemas.get(PIPELINE)
        return {} if schema is None else {name: set(table["columns"]) for name, table in schema.tables.items()}

    def non_empty(self, streams: Collection[Stream]) -> set[str]:
        """Return the tables of these streams that have rows."""
        with self._client() as client:
            return {stream.name for stream in streams if _has_rows(client, stream.name)}

    def lost_files(self, stream: Stream) -> Sequence[str]:
        """Return nothing: a database keeps account of its files itself."""
        del stream
        return ()

    def check(self) -> None:
        """Make sure that nobody else has written since this sync began.

        Raises:
            DestinationChangedError: Somebody has.
        """
        self._compare_packages(self._count_packages())

    def empty_days(self, replacement: Replacement) -> None:
        """Remove what a package replaces in a table for which it has no rows."""
        with self._client() as client:
            self._execute(client, self._deletes(replacement, client.sql_client))

    def load(self, tables: Mapping[str, pa.Table], replacements: Mapping[str, Replacement], source: Source) -> str:
        """Load a package, and then its states. Returns the package's id."""
        self._replacements = replacements
        self._arriving = {name: table.num_rows for name, table in tables.items()}

        def keep_states() -> Iterator[Any]:
            dlt.current.source_state().update(
                streams={name: dict(state) for name, state in source.streams.items()},
                filled=list(source.filled),
                reports=dict(source.reports),
            )
            yield from ()

        resources = [self._resource(name, table, replacements[name].stream) for name, table in tables.items()]
        package = self._run([dlt.resource(keep_states, name="states"), *resources])
        if self._newest > package:
            self._forget_old_states()  # dlt would take them for newer than those of this sync
        return package

    def remove_vanished(
        self, stream: Stream, packages: Collection[str], read: Collection[int] | None, skipped: Collection[int]
    ) -> None:
        """Remove the rows that other packages brought."""
        with self._client() as client:
            condition = vanished(packages, read, skipped, client.sql_client.escape_column_name)
            if condition is not None:
                self._execute(client, deletes(_table(client, stream.name), [condition]))

    def rows_by_package(self, stream: Stream, packages: Collection[str]) -> Mapping[str, int]:
        """Return how many rows of each package are in a table."""
        if not packages:
            return {}
        with self._client() as client:
            load_id = client.sql_client.escape_column_name(LOAD_ID)
            listed = ", ".join(f"'{package}'" for package in packages)
            sql = (
                f"SELECT {load_id}, COUNT(*) FROM {_table(client, stream.name)}"  # noqa: S608 - our own names
                f" WHERE {load_id} IN ({listed}) GROUP BY {load_id}"
            )
            return {str(package): int(rows) for package, rows in _rows(client, sql)}

    def record(self, tables: Sequence[RecordTable]) -> None:
        """Add rows to the tables of the record of syncs, and forget old states."""
        self._arriving = {}
        resources = [
            dlt.resource(
                [table.as_arrow()],
                name=table.name,
                write_disposition="append",
                columns={name: {"timezone": False} for name, type_ in table.columns.items() if type_ == "timestamp"},
            )
            for table in tables
            if table.rows
        ]
        if resources:
            self._run(resources)
        self._forget_old_states()

    def last_syncs(self) -> Mapping[str, datetime]:
        """Return when the last sync of each stream ended, in UTC, as far as it is recorded."""
        with self._client() as client:
            stream, ended = (client.sql_client.escape_column_name(name) for name in ("stream", "ended_at"))
            sql = f"SELECT {stream}, MAX({ended}) FROM {_table(client, SYNCS_TABLE)} GROUP BY {stream}"  # noqa: S608
            try:
                return newest_of_each(_rows(client, sql)) if client.is_storage_initialized() else {}
            except DatabaseUndefinedRelation:
                return {}

    def statements(self, table: str, client: Any) -> Sequence[str]:
        """Return the statements that delete the days that a table's new rows replace."""
        replacement = self._replacements.get(table)
        return [] if replacement is None else self._deletes(replacement, client)

    def must_compare(self, tables: Collection[str]) -> bool:
        """Whether dlt must look at the tables themselves: once per sync, because the user may have changed them."""
        new = set(tables) - self._compared
        self._compared |= new
        return bool(new)

    def verify(self, client: Any, load_id: str) -> None:
        """Make sure that the rows of a package are there, before its state counts.

        Raises:
            DestinationChangedError: They are not, or another program has loaded something.
        """
        self._compare_packages(self._count_packages_with(client))
        quote = client.sql_client.escape_column_name
        for name, rows in self._arriving.items():
            if not rows:
                continue
            sql = f"SELECT COUNT(*) FROM {_table(client, name)} WHERE {quote(LOAD_ID)} = '{load_id}'"  # noqa: S608
            there = _first(client, sql)
            if there < rows:
                raise self._changed(f"the table {name} lacks {rows - there:,} of the {rows:,} rows that were loaded")

    def _resource(self, name: str, table: pa.Table, stream: Stream) -> Any:
        return dlt.resource(
            [table],
            name=name,
            primary_key=list(stream.table_key),
            columns=column_hints(stream, table, json_type="text"),
            # Rows of a report with equal keys stay: TikTok may deliver different rows with one key.
            write_disposition={"disposition": "merge", "strategy": "delete-insert", "deduplicated": True},
        )

    def _run(self, resources: Sequence[Any]) -> str:
        @dlt.source(name=PIPELINE)  # type: ignore[untyped-decorator]
        def package() -> Sequence[Any]:
            return resources

        info = self._pipeline.run(package(), loader_file_format=self._address.service.file_format or None)
        loaded: list[str] = list(info.loads_ids)
        self._packages += len(loaded)
        self._ids += loaded
        return loaded[-1] if loaded else ""

    def _deletes(self, replacement: Replacement, client: Any) -> list[str]:
        if not replacement.exists or not replacement.spans:
            return []
        typed = self._address.service.typed_literals
        conditions = replaced_days(replacement, client.escape_column_name, typed=typed)
        return deletes(client.make_qualified_table_name(replacement.stream.name), conditions)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        schema = self._pipeline.schemas.get(PIPELINE) or Schema(PIPELINE)
        with self._pipeline._get_destination_clients(schema)[0] as client:  # noqa: SLF001 - dlt asks for a schema
            yield client

    def _execute(self, client: Any, statements: Sequence[str]) -> None:
        if not statements:
            return
        if not client.capabilities.supports_transactions:
            client.sql_client.execute_many(statements)
            return
        with client.sql_client.begin_transaction():
            client.sql_client.execute_many(statements)

    def _count_packages(self) -> int:
        with self._client() as client:
            return self._count_packages_with(client)

    def _count_packages_with(self, client: Any) -> int:
        return int(self._of_packages(client, "COUNT(*)") or 0)

    def _newest_package(self) -> str:
        with self._client() as client:
            return str(self._of_packages(client, f"MAX({client.sql_client.escape_column_name('load_id')})") or "")

    def _of_packages(self, client: Any, figure: str) -> Any:
        """Return a figure of the complete packages; None if there is no table of them."""
        quote = client.sql_client.escape_column_name
        ours = f"{quote('schema_name')} = '{PIPELINE}'"
        sql = f"SELECT {figure} FROM {_table(client, PACKAGES_TABLE)} WHERE {ours}"  # noqa: S608 - our own words
        try:
            return _first(client, sql) if client.is_storage_initialized() else None
        except DatabaseUndefinedRelation:
            return None

    def _compare_packages(self, packages: int) -> None:
        if packages < self._packages:
            raise self._changed(f"it lacks {self._packages - packages:,} of the packages that were loaded")
        if packages > self._packages:
            raise self._changed("another program loaded something")

    def _changed(self, what: str) -> DestinationChangedError:
        return DestinationChangedError(
            f"While the sync ran, {self._address.shown} was changed: {what}.",
            remedy="The sync has stopped, so that no state covers rows that are gone. Run it again: it reads what is "
            "missing. Let no other program change these tables while a sync runs.",
        )

    def _forget_old_states(self) -> None:
        """Keep the last state of this sync: a long sync writes thousands, and each names every account.

        A state that a machine with a wrong clock has dated later goes, too. dlt would take it for the newest.
        """
        if not self._ids:
            return
        with self._client() as client:
            quote = client.sql_client.escape_column_name
            table, load_id = _table(client, STATES_TABLE), quote(LOAD_ID)
            ours = f"{quote('pipeline_name')} = '{PIPELINE}'"
            listed = ", ".join(f"'{package}'" for package in self._ids)
            last = _first(client, f"SELECT MAX({load_id}) FROM {table} WHERE {ours} AND {load_id} IN ({listed})")  # noqa: S608
            if last:
                self._execute(client, deletes(table, [f"{ours} AND {load_id} <> '{last}'"]))


def _table(client: Any, name: str) -> str:
    return str(client.sql_client.make_qualified_table_name(name))


def _rows(client: Any, sql: str) -> list[tuple[Any, ...]]:
    with client.sql_client.execute_query(sql) as cursor:
        return [tuple(row) for row in cursor.fetchall()]


def _first(client: Any, sql: str) -> Any:
    return _rows(client, sql)[0][0]


def _has_rows(client: Any, table: str) -> bool:
    return bool(_first(client, f"SELECT COUNT(*) FROM {_table(client, table)}"))  # noqa: S608 - our own names


def _credentials(address: DltAddress) -> Any:
    if address.service.name == "ducklake":
        from dlt.destinations.impl.ducklake.configuration import DuckLakeCredentials

        assert isinstance(address.credentials, Mapping)  # noqa: S101 - as the parser makes it
        return DuckLakeCredentials(**address.credentials)
    return address.credentials
