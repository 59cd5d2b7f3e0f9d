"""An open Postgres database: a session that a sync writes through, and a view for reading only.

The session also does what dlt does not: it creates an index on each table's key, for reports with account and day
first. Without the index, every package would read the whole table. The index is unique, except where TikTok delivered
different rows of a report with one key, for example an hour twice: that table keeps them all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from tiktok_marketing.pipelines.arrow.columns import ColumnType
from tiktok_marketing.pipelines.arrow.tables import columns_of
from tiktok_marketing.pipelines.databases.destination import (
    ONE_QUERY,
    BoundedRows,
    DescribedTable,
    QueryRefusedError,
    Relation,
    StoredColumn,
    too_slow,
)
from tiktok_marketing.pipelines.databases.names import quoted_name, quoted_names
from tiktok_marketing.pipelines.databases.read_only import described, grouped
from tiktok_marketing.pipelines.databases.replacement import Execute, day_column

if TYPE_CHECKING:
    from tiktok_marketing.catalog import Stream

_FETCHED = "_fetched"
_ROWS_PER_FETCH = 50_000
_TYPES: Mapping[str, str] = {
    "bigint": "bigint",
    "decimal": "numeric(18,4)",
    "double": "double precision",
    "bool": "boolean",
    "text": "character varying",
    "date": "date",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "json": "jsonb",
}
_KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}
_RELATIONS = """
    SELECT c.relname, c.relkind, EXISTS (SELECT 1 FROM pg_constraint WHERE confrelid = c.oid AND contype = 'f'),
        has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
            AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'),
        c.relhastriggers OR c.relhasrules OR c.relrowsecurity OR c.relhassubclass, quote_ident(current_user),
        a.attname, format_type(a.atttypid, a.atttypmod),
        a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', a.attgenerated <> '' OR a.attidentity = 'a',
        a.attidentity = 'a'
    FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = to_regnamespace(quote_ident(?)) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
_DESCRIBED = """
    SELECT c.relname, c.relkind IN ('v', 'm'), obj_description(c.oid, 'pg_class'),
        a.attname, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = to_regnamespace(quote_ident(?)) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND has_table_privilege(c.oid, 'SELECT')
    ORDER BY c.relname, a.attnum
"""
_INDEXES = """
    SELECT c.relname, i.indisunique AND i.indimmediate,
        EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid AND conrelid = i.indrelid),
        array_agg(a.attname::text ORDER BY k.position)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        CROSS JOIN unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, position)
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = to_regclass(?) AND i.indisvalid AND i.indpred IS NULL
    GROUP BY 1, 2, 3
"""


class _Index(NamedTuple):
    """An index: whether it accepts each key once, and whether a constraint of the user's owns it."""

    name: str
    unique: bool
    constraint: bool
    columns: list[str | None]
    """None stands for an expression."""


class PostgresSession:
    """An open connection to a Postgres database."""

    def __init__(self, connection: Any, dataset: str) -> None:
        self._connection = connection
        self._dataset = dataset

    @property
    def dataset(self) -> str:
        """The schema."""
        return self._dataset

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement, with `?` for each value, and return its rows."""
        with self._connection.cursor() as cursor:
            if values:
                cursor.execute(_with_placeholders(sql), list(values))
            else:
                cursor.execute(sql)
            return [] if cursor.description is None else list(cursor.fetchall())

    def copy(self, sql: str, file: Any, size: int) -> None:
        """Run a COPY that reads from a file.

        Args:
            sql: The statement.
            file: Has `read`.
            size: Bytes to read at a time.
        """
        with self._connection.cursor() as cursor:
            cursor.copy_expert(sql, file, size)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the statements in the `with` block as one transaction; an exception rolls it back."""
        self.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def ensure_schema(self) -> bool:
        """Make sure that the schema exists. A user who may not create one can load into one that somebody created.

        Returns:
            Whether it did not exist before.
        """
        is_new = bool(self.execute("SELECT to_regnamespace(quote_ident(?)) IS NULL", [self._dataset])[0][0])
        if is_new:
            self.execute(f'CREATE SCHEMA IF NOT EXISTS "{self._dataset}"')
        return is_new

    def remove_empty_schema(self, *, database: bool) -> None:
        """Remove the schema unless it holds anything. The database stays: a sync never creates one."""
        del database
        self.execute(f'DROP SCHEMA IF EXISTS "{self._dataset}"')

    def relations(self) -> Mapping[str, Relation]:
        """Return the tables and views of the schema, with their columns."""
        return _relations(self.execute, self._dataset)

    def add_column(self, table: str, name: str, data_type: str) -> None:
        """Add a column that accepts null to a table."""
        self.execute(f'ALTER TABLE "{self._dataset}"."{table}" ADD COLUMN IF NOT EXISTS "{name}" {_TYPES[data_type]}')

    def lock(self, table: str) -> None:
        """Keep out others who write to a table, until the transaction ends. Readers are not affected.

        Without it, a DELETE that runs at the same time would not see the rows of the package, and leave only these.
        """
        self.execute(f'LOCK TABLE "{self._dataset}"."{table}" IN SHARE ROW EXCLUSIVE MODE')

    def create_scratch_table(self, name: str, query: str) -> str:
        """Create a table from a query for the time of a transaction: in the schema, or where anybody may create one.

        Returns:
            Its name as SQL accepts it. Who creates it also drops it.
        """
        ((may,),) = self.execute("SELECT has_schema_privilege(?, 'CREATE')", [self._dataset])
        kind, table = ("UNLOGGED", f'"{self._dataset}"."{name}"') if may else ("TEMP", f'pg_temp."{name}"')
        self.execute(f"CREATE {kind} TABLE {table} AS {query}")
        return table

    def create_indexes(self, stream: Stream) -> int:
        """Index the key. In reports, account and day come first: the days of an account are replaced together.

        Returns:
            How many rows were deleted because they repeated a key.
        """
        key = index_key(stream)
        if not key:
            return 0
        table = f'"{self._dataset}"."{stream.name}"'
        indexes = self._indexes(stream)
        repeated = 0
        if not any(index.unique and index.columns == key for index in indexes):
            repeated = self._delete_repeated(stream, key)
            name = _index_name(stream)
            plain = [each.name for each in indexes if not (each.unique or each.constraint) and each.columns == key]
            if not self.repeats_a_key(table, key):
                if name in plain:  # what TikTok delivered twice is gone
                    self.execute(f'DROP INDEX "{self._dataset}"."{name}"')
                self._create_index(name, stream.name, key, unique=True)
            elif not plain:
                self._create_index(name, stream.name, key, unique=False)
        for index in indexes:
            if _is_of_an_earlier_version(index, stream):
                self.execute(f'DROP INDEX "{self._dataset}"."{index.name}"')
        return repeated

    def _indexes(self, stream: Stream) -> list[_Index]:
        return [_Index(*row) for row in self.execute(_INDEXES, [f'"{self._dataset}"."{stream.name}"'])]

    def has_unique_key(self, stream: Stream) -> bool:
        """Whether a unique index accepts each key of the stream's table once."""
        key = index_key(stream)
        return bool(key) and any(index.unique and index.columns == key for index in self._indexes(stream))

    def updates_by_key(self, stream: Stream) -> bool:
        """Whether an INSERT ... ON CONFLICT on the key finds each row of the stream's table.

        An index covers no rows of tables that inherit from it, and Postgres accepts no deferrable constraint there.
        """
        inherits = "SELECT 1 FROM pg_inherits JOIN pg_class parent ON parent.oid = inhparent WHERE relkind = 'r'"
        sql = f"SELECT EXISTS ({inherits} AND inhparent = to_regclass(?))"
        key = set(index_key(stream))
        deferrable = any(
            each.constraint and not each.unique and set(each.columns) == key for each in self._indexes(stream)
        )
        if deferrable or not self.has_unique_key(stream):
            return False
        return not self.execute(sql, [f'"{self._dataset}"."{stream.name}"'])[0][0]

    def repeats_a_key(self, table: str, key: Sequence[str]) -> bool:
        """Whether rows of a table share a key."""
        columns = quoted_names(key)
        sql = f"SELECT EXISTS (SELECT 1 FROM {table} GROUP BY {columns} HAVING count(*) > 1)"  # noqa: S608
        return bool(self.execute(sql)[0][0])

    def accept_repeated_keys(self, stream: Stream) -> None:
        """Replace the unique index on the key by one that accepts rows with the same key.

        Raises:
            psycopg2.errors.DependentObjectsStillExist: If something of the user's refers to the key.
        """
        key = index_key(stream)
        for index in self._indexes(stream):
            if index.unique and index.columns == key:
                self.execute(f'DROP INDEX "{self._dataset}".{quoted_name(index.name)}')
        self._create_index(_index_name(stream), stream.name, key, unique=False)

    def _delete_repeated(self, stream: Stream, key: Sequence[str]) -> int:
        """Delete rows that repeat a key, but for the newest of them.

        Of a report, all different rows of the newest package stay: they are what TikTok delivered.
        """
        columns, table = quoted_names(key), f'"{self._dataset}"."{stream.name}"'
        place = "tableoid, ctid"  # a ctid alone is a place in one part of a table that the user has divided
        without_null = " AND ".join(f'"{column}" IS NOT NULL' for column in key)
        if stream.is_report:
            old = f'rank() OVER (PARTITION BY {columns} ORDER BY "_dlt_load_id" DESC NULLS LAST) > 1'
            copy = f"row_number() OVER (PARTITION BY {columns}, kept::text ORDER BY tableoid DESC, ctid DESC) > 1"
            surplus = f"{old} OR {copy}"
        else:
            newest = f'PARTITION BY {columns} ORDER BY "_dlt_load_id" DESC NULLS LAST, tableoid DESC, ctid DESC'
            surplus = f"row_number() OVER ({newest}) > 1"
        marked = f"SELECT {place}, {surplus} AS surplus FROM {table} AS kept WHERE {without_null}"  # noqa: S608 - names of the catalog
        rows = self.execute(
            f"DELETE FROM {table} WHERE ({place}) IN (SELECT {place} FROM ({marked}) AS rows WHERE surplus) RETURNING 1"  # noqa: S608
        )
        return len(rows)

    def _create_index(self, name: str, table: str, key: Sequence[str], *, unique: bool) -> None:
        """Create an index, with another name if the name is taken: a renamed table keeps its index."""
        taken = self.execute("SELECT to_regclass(?) IS NOT NULL", [f'"{self._dataset}"."{name}"'])[0][0]
        named, kind = "" if taken else f'"{name}" ', "UNIQUE INDEX" if unique else "INDEX"
        self.execute(f'CREATE {kind} {named}ON "{self._dataset}"."{table}" ({quoted_names(key)})')

    def uncommented_columns(self, table: str) -> list[str]:
        """Return the columns of a table that have no comment."""
        rows = self.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped"
            " AND col_description(attrelid, attnum) IS NULL",
            [f'"{self._dataset}"."{table}"'],
        )
        return [name for (name,) in rows]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _relations(execute: Execute, dataset: str) -> Mapping[str, Relation]:
    columns: dict[str, dict[str, StoredColumn]] = {}
    facts_of: dict[str, tuple[str, list[Any]]] = {}
    for table, kind, referenced, writable, guarded, user, name, *facts in execute(_RELATIONS, [dataset]):
        facts_of[table] = _KINDS.get(kind, "relation"), [referenced, writable, guarded, user]
        columns.setdefault(table, {})
        if name is not None:
            columns[table][name] = StoredColumn(*facts)
    return {table: Relation(kind, columns[table], *facts) for table, (kind, facts) in facts_of.items()}


class ReadOnlyPostgres:
    """A Postgres database that is open for reading only, beside a DuckDB in memory."""

    def __init__(self, connection: Any, memory: Any, dataset: str) -> None:
        self._connection = connection
        self.memory = memory
        self.dataset = dataset

    def tables_by_schema(self) -> Mapping[str, set[str]]:
        """Return each schema that has tables, with the names of its tables."""
        return grouped(self.rows("SELECT table_schema, table_name FROM information_schema.tables"))

    def columns_by_table(self) -> Mapping[str, set[str]]:
        """Return each table of the dataset, with the names of its columns."""
        sql = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ?"
        return grouped(self.rows(sql, [self.dataset]))

    def relations(self) -> Mapping[str, Relation]:
        """Return the tables and views of the dataset, with their columns."""
        return _relations(self.rows, self.dataset)

    def table(self, name: str) -> str:
        """Return the name of a table of the dataset as SQL accepts it."""
        return f'"{self.dataset}"."{name}"'

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query, with `?` for each value, and return its rows."""
        with self._run(sql, values) as cursor:
            return list(cursor.fetchall())

    def copy_to_memory(self, table: str, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a query and insert its rows into a table in memory that has the same number of columns."""
        import pyarrow as pa

        with self._run(sql, values) as cursor:
            while rows := cursor.fetchmany(_ROWS_PER_FETCH):
                columns = zip(*rows, strict=True)
                fetched = pa.table({f"c{number}": pa.array(column) for number, column in zip(count(), columns)})
                self.memory.register(_FETCHED, fetched)
                self.memory.execute(f"INSERT INTO {table} FROM {_FETCHED}")
                self.memory.unregister(_FETCHED)

    def described_tables(self, schema: str) -> list[DescribedTable]:
        """Return the tables and views of a schema with their comments, by name."""
        return described(self.rows(_DESCRIBED, [schema]))

    def foreign_query(self, sql: str, *, schemas: Sequence[str], most: int, seconds: float) -> BoundedRows:
        """Run one query of somebody who is not trusted, in a transaction that can only read.

        A cursor accepts nothing but a query. Without a semicolon, there is no second statement that could end the
        transaction and begin another.

        Raises:
            QueryRefusedError: If it is not one query, fails, or takes too long.
        """
        import psycopg2

        sql = sql.strip().rstrip(";")
        if ";" in sql:
            raise QueryRefusedError(f"{ONE_QUERY} It must have no semicolon; write chr(59) for one in a text.")
        self._connection.set_session(readonly=True, autocommit=False)
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds * 1000:.0f}"])
                path = (
                    "SELECT set_config('search_path', (SELECT string_agg(quote_ident(s), ',') FROM unnest(%s) s), true)"
                )
                cursor.execute(path, [list(schemas)])
            with self._connection.cursor(name="foreign_query") as cursor:
                cursor.execute(sql)
                rows = cursor.fetchmany(most + 1)
                columns = tuple(column.name for column in cursor.description or ())
            return BoundedRows(columns, tuple(map(tuple, rows[:most])), len(rows) > most)
        except psycopg2.errors.QueryCanceled:
            raise QueryRefusedError(too_slow(seconds)) from None
        except psycopg2.Error as error:
            raise QueryRefusedError(error.diag.message_primary or str(error)) from None
        finally:
            self._connection.rollback()
            self._connection.set_session(readonly=True, autocommit=True)

    @contextmanager
    def _run(self, sql: str, values: Sequence[Any]) -> Iterator[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(_with_placeholders(sql), list(values))
            yield cursor


_QUOTED_OR_PLACE = re.compile(r"""'[^']*'|"[^"]*"|[?%]""")


def json_columns(stream: Stream) -> set[str]:
    """Return the columns of a stream's table that hold JSON."""
    return {column.name for column in columns_of(stream) if column.type is ColumnType.JSON}


def index_key(stream: Stream) -> list[str]:
    """The columns of a table's key in the order of its index; none for a key that holds JSON.

    A key with whole objects in it can be too large for an index; tables of that kind are small.
    """
    if json_columns(stream) & set(stream.table_key):
        return []
    first = [*filter(None, [day_column(stream)])] if stream.is_report else []
    return list(dict.fromkeys(("advertiser_id", *first, *stream.table_key)))


def _is_of_an_earlier_version(index: _Index, stream: Stream) -> bool:
    """Whether an earlier version created an index: its key had no account, or the account and the day not first.

    The former would refuse an id that two accounts share. An index of the user's may have the same name.
    """
    if index.name != f"{stream.name}_key" or index.constraint or not index.unique:
        return False
    key = index_key(stream)
    return index.columns != key and set(index.columns) | {"advertiser_id"} == set(key)


def _index_name(stream: Stream) -> str:
    return f"{stream.name}_{'days' if stream.is_report else 'key'}"


def _with_placeholders(sql: str) -> str:
    """Write psycopg2's placeholder for each `?` that does not stand in a text or a name."""
    return _QUOTED_OR_PLACE.sub(lambda match: "%s" if match[0] == "?" else match[0].replace("%", "%%"), sql)
