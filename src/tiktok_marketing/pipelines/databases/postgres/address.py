"""A Postgres database as a destination: its address, how it is opened, and the lock that keeps other syncs out.

The address goes to libpq as it was written, so everything that `psql` accepts works: `sslmode`, several hosts, sockets,
`PGPASSWORD` and `~/.pgpass`. `load_job` copies the rows.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from tiktok_marketing.errors import ConfigurationError, DestinationError
from tiktok_marketing.pipelines.databases.errors import first_line, innermost, text_of
from tiktok_marketing.pipelines.databases.postgres.messages import LOCK_TIMED_OUT, in_words, is_about_table, remedy_for
from tiktok_marketing.pipelines.databases.postgres.waiting import READERS_WAIT, WRITERS_WAIT, lock_holders, prepare
from tiktok_marketing.pipelines.databases.replacement import Replacement, TableChanges
from tiktok_marketing.pipelines.databases.temporary import temporary_folder, working_folder_of
from tiktok_marketing.text import Mask, mask_known

if TYPE_CHECKING:
    import pyarrow as pa

    from tiktok_marketing.catalog import Stream
    from tiktok_marketing.pipelines.databases.postgres.session import PostgresSession, ReadOnlyPostgres

_LONGEST_DATASET = 63 - len("_staging")
_LOCK_WAIT = 5.0
"""Seconds. The server takes a moment to notice that a sync was killed, and until then holds that sync's lock."""
_MOST_LOCKED = 5
"""How many locked tables a message names."""
_MISFITS = "_misfits"
_NUL_IN_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_DEFAULTS: Mapping[str, str] = {
    "connect_timeout": "15",
    "client_encoding": "utf8",
    "keepalives_idle": "60",  # a sync can wait minutes for TikTok's quota, and firewalls drop silent connections
}


class PostgresDatabase(msgspec.Struct, frozen=True):
    """A Postgres database, and the schema in it that holds the tables.

    Args:
        address: For libpq. It may hold a password, so it appears in no message and no repr.
        dataset: The schema.
    """

    address: str
    dataset: str

    example: ClassVar[str] = "postgresql://user:password@host:5432/database"
    file_endings: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = "postgres"
    libraries: ClassVar[tuple[str, ...]] = ("dlt", "pyarrow", "psycopg2")
    sql_dialect: ClassVar[str] = "postgres"

    @classmethod
    def at(cls, address: str, dataset: str) -> Self:
        """Read an address: `postgresql://user:password@host:5432/database`, with libpq's parameters after a `?`.

        Raises:
            ConfigurationError: The address cannot be read or names no database, or Postgres reserves the dataset.
        """
        remedy = f"Write it as {cls.example}; write characters like @ and / in the password as %40 and %2F."
        if "://" not in address:
            raise ConfigurationError("The address of the Postgres database lacks its //.", remedy=remedy)
        try:
            parts = urlsplit(address)
            parameters = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        except ValueError:  # its text may quote the password
            raise ConfigurationError("The address of the Postgres database cannot be read.", remedy=remedy) from None
        if "/" in parts.path.strip("/") or parts.fragment:  # usually a character of the password, not escaped
            raise ConfigurationError("The address of the Postgres database cannot be read.", remedy=remedy)
        if re.search(r"\s", address):
            raise ConfigurationError(
                "The address of the Postgres database contains a blank.", remedy=f"{remedy} Write a blank as %20."
            )
        for host in parts.netloc.rpartition("@")[2].split(","):
            port = host.rpartition("]")[2].partition(":")[2]
            if port and not (port.isdecimal() and 0 < int(port) < 65536):
                raise ConfigurationError(  # it may be a password whose host is missing
                    "The port in the address of the Postgres server is not a number from 1 to 65535.", remedy=remedy
                )
        if not parts.path.strip("/") and not parameters & {"dbname", "service"}:
            raise ConfigurationError("The address of the Postgres server names no database.", remedy=remedy)
        if dataset.startswith("pg_") or dataset == "information_schema" or len(dataset) > _LONGEST_DATASET:
            raise ConfigurationError(
                f"The dataset {dataset!r} cannot be used in Postgres.",
                remedy=f"Use at most {_LONGEST_DATASET} characters, and no name that begins with pg_ or is "
                "information_schema.",
            )
        mask_known.add(_passwords(address))
        return cls(address, dataset)

    def __repr__(self) -> str:
        return f"PostgresDatabase({self.display_name!r}, {self.dataset!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return what rich prints. msgspec's own method would return every field, and so the password."""
        return [("database", self.display_name), ("dataset", self.dataset)]

    @property
    def display_name(self) -> str:
        """The database's name in messages: without the password and the parameters."""
        parts = urlsplit(self.address)
        user, at, host = parts.netloc.rpartition("@")
        return f"postgresql://{user.partition(':')[0]}{at}{host}{parts.path}"

    @property
    def working_folder(self) -> Path:
        """The folder where packages are prepared. The next sync clears what a killed sync leaves there."""
        return working_folder_of(self.display_name, self.dataset)

    def dsn(self, token: str) -> str:
        """Return the address for libpq, with a name for the connection and defaults for what the address leaves out."""
        from psycopg2.extensions import make_dsn

        parameters = {name for name, _ in parse_qsl(urlsplit(self.address).query, keep_blank_values=True)}
        defaults = {name: value for name, value in _DEFAULTS.items() if name not in parameters}
        dsn: str = make_dsn(self.address, **defaults, application_name=f"tiktok-marketing {token}".strip())
        return dsn

    @contextmanager
    def exclusive_lock(self, token: str) -> Iterator[None]:
        """Keep out other syncs, wherever they run, with an advisory lock of the server."""
        session = self._opened(token)
        try:
            until = time.monotonic() + _LOCK_WAIT
            while not session.execute("SELECT pg_try_advisory_lock(?)", [self._lock])[0][0]:
                if time.monotonic() > until:
                    raise self._locked_by_another(session)
                time.sleep(0.2)
            yield
        finally:
            session.close()

    @property
    def _lock(self) -> int:
        digest = hashlib.sha256(f"tiktok-marketing\n{self.dataset}".encode()).digest()
        return int.from_bytes(digest[:8], signed=True)

    def _locked_by_another(self, session: PostgresSession) -> DestinationError:
        holders = session.execute(
            "SELECT a.pid, coalesce(host(a.client_addr), 'the server itself')"  # noqa: S608 - our own words
            " FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE " + _HELD,
            [self._lock, self._lock],
        )
        holder = f" from {holders[0][1]} (Postgres process {holders[0][0]})." if holders else "."
        return DestinationError(
            f"Another sync is loading into {self.display_name}, schema {self.dataset}{holder}",
            remedy="Wait until it is done, or stop it.",
        )

    def dlt_destination(self, changes: TableChanges) -> Any:
        """Return the destination that dlt loads into."""
        from tiktok_marketing.pipelines.databases.postgres.load_job import destination

        options = dict(parse_qsl(urlsplit(self.address).query)).get("options", "")
        return destination(self.dsn(""), options, changes)

    def load_file(self, session: PostgresSession, path: Path, change: Replacement) -> None:
        """Load a Parquet file, and delete the rows that its rows replace, in the transaction that is open."""
        from tiktok_marketing.pipelines.databases.postgres.load_job import load_file

        load_file(session, path, change)

    def identity(self) -> None:
        """Return nothing: the server ends the connections to a database that is dropped."""

    def is_about_table(self, error: BaseException) -> bool:
        """Whether the reason lies in one table, rather than in the connection, the server or the whole schema."""
        return is_about_table(_code_of(innermost(error)))

    def remedy_for(self, error: BaseException, table: str) -> str:
        """Say what helps against an error that lies in a table; empty if there is nothing special to say."""
        cause = innermost(error)
        code, user = _code_of(cause), self._user()
        return remedy_for(code, str(cause), table=table, dataset=self.dataset, user=user, holders=self._lock_holders)

    def locked_tables(self, error: BaseException | None = None) -> Mapping[str, str]:
        """Return the tables that others keep locked now even for readers, with who they are."""
        if error is not None and _code_of(innermost(error)) != LOCK_TIMED_OUT:
            return {}
        return self._lock_holders(READERS_WAIT)

    def connect(self, token: str) -> PostgresSession:
        """Open the database.

        Raises:
            DestinationError: The lock of this sync is gone, so another sync may have begun.
        """
        session = self._opened(token)
        name = f"tiktok-marketing {token}"
        holder = (
            f"SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.application_name = ? AND {_HELD}"  # noqa: S608
        )
        if not session.execute(holder, [name, self._lock, self._lock]):
            session.close()
            raise DestinationError(
                f"The connection to {self.display_name} that keeps other syncs out was lost.",
                remedy="Run the sync again; it continues from what is loaded.",
            )
        return session

    def _opened(self, token: str) -> PostgresSession:
        import psycopg2

        from tiktok_marketing.pipelines.databases.postgres.session import PostgresSession

        try:
            connection = psycopg2.connect(self.dsn(token))
            connection.autocommit = True
            prepare(connection)
            return PostgresSession(connection, self.dataset)
        except psycopg2.Error as error:
            raise self.describe_error(error) from None  # its text may quote the address

    @contextmanager
    def open_read_only(self, memory: Any) -> Iterator[ReadOnlyPostgres]:
        """Open the database with transactions that can only read.

        Raises:
            DestinationError: The database cannot be read now, or not by this user.
        """
        import psycopg2

        from tiktok_marketing.pipelines.databases.postgres.session import ReadOnlyPostgres

        try:
            with closing(psycopg2.connect(self.dsn("doctor"))) as connection:
                connection.set_session(readonly=True, autocommit=True)
                prepare(connection)
                with connection.cursor() as cursor:
                    cursor.execute("SET datestyle TO ISO")
                yield ReadOnlyPostgres(connection, memory, self.dataset)
        except psycopg2.Error as error:
            raise self.describe_error(error, reading=True) from None  # its text may quote the address

    def sanitize(self, table: pa.Table, stream: Stream) -> pa.Table:
        """Return the table with U+FFFD for each NUL, which texts in Postgres cannot hold."""
        import pyarrow as pa
        import pyarrow.compute as pc

        from tiktok_marketing.pipelines.databases.postgres.session import json_columns

        texts_of_json = json_columns(stream) | {_MISFITS}
        for index, field in enumerate(table.schema):
            if field.type != pa.string():
                continue
            column = table.column(index)
            is_json = field.name in texts_of_json
            if not pc.any(pc.match_substring(column, "\\u0000" if is_json else "\0")).as_py():
                continue
            texts = column.to_pylist()
            cleaned = [text and (_NUL_IN_JSON.sub(r"\1\\ufffd", text) if is_json else text) for text in texts]
            cleaned = [text and text.replace("\0", "\ufffd") for text in cleaned]
            table = table.set_column(index, field, pa.chunked_array([pa.array(cleaned, pa.string())]))
        return table

    def describe_error(self, error: BaseException, *, reading: bool = False) -> DestinationError:
        """Say in one sentence why the database cannot be written to (or read from), whatever raised the error."""
        if isinstance(error, DestinationError):
            return error
        cause = innermost(error)
        text = self._without_password(text_of(cause))
        detail = self._without_password(f"{type(error).__name__}: {error}")
        if isinstance(cause, OSError) and cause.errno is not None:
            folder = temporary_folder()
            return DestinationError(
                f"Packages cannot be prepared in {folder}: {first_line(text)}",
                remedy="Free some space there, or name another folder with the environment variable TMPDIR.",
                detail=detail,
            )
        message, remedy = in_words(
            _code_of(cause), text, shown=self.display_name, dataset=self.dataset, user=self._user(), reading=reading
        )
        if _code_of(cause) == LOCK_TIMED_OUT:
            told = [f"{table} is locked by {words}" for table, words in self._lock_holders().items()]
            message += f" Now {'; '.join(told[:_MOST_LOCKED])}." if told else ""
        return DestinationError(message, remedy=remedy, detail=detail)

    def _lock_holders(self, modes: Sequence[str] = (*READERS_WAIT, *WRITERS_WAIT)) -> dict[str, str]:
        """Who keeps tables of the schema locked now, by table; nobody if that cannot be known."""
        import psycopg2

        try:
            with closing(psycopg2.connect(self.dsn(""))) as connection:
                return lock_holders(connection, self.dataset, modes)
        except psycopg2.Error:
            return {}

    def _user(self) -> str:
        return unquote(urlsplit(self.address).username or "") or os.environ.get("PGUSER", "this user")

    def _without_password(self, text: str) -> str:
        return Mask(_passwords(self.address))(text)


def _passwords(address: str) -> set[str]:
    """The passwords of an address, as it spells them and as they are."""
    parts = urlsplit(address)
    spelled = {parts.password or "", *(value for name, value in parse_qsl(parts.query) if "pass" in name)}
    return {*spelled, *map(unquote, spelled), os.environ.get("PGPASSWORD", "")} - {""}


def _code_of(error: BaseException) -> str:
    """Return Postgres' code of an error; empty if it has none."""
    return getattr(error, "pgcode", None) or getattr(error, "sqlstate", None) or ""


# A granted advisory lock of this database, found by its 64-bit number, which pg_locks shows in two halves.
_HELD = (
    "l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND l.classid::bigint = ((?::bigint >> 32) & 4294967295) AND l.objid::bigint = (?::bigint & 4294967295)"
)
