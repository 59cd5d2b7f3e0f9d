"""A DuckDB file as a destination: its address, how it is opened, and where its packages are prepared."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import unquote, urlsplit

import msgspec

from tiktok_marketing.errors import (
    ConfigurationError,
    DestinationError,
    DestinationLockedError,
    NothingToReadError,
)
from tiktok_marketing.paths import absolute_path
from tiktok_marketing.pipelines.databases.destination import DEFAULT_DATASET
from tiktok_marketing.pipelines.databases.duckdb.messages import (
    describe,
    is_about_table,
    is_not_a_database,
    of_another_kind,
)
from tiktok_marketing.pipelines.databases.replacement import Replacement, TableChanges

if TYPE_CHECKING:
    import pyarrow as pa

    from tiktok_marketing.catalog import Stream
    from tiktok_marketing.pipelines.databases.duckdb.session import DuckDBSession, ReadOnlyDuckDB


_MAGIC, _MAGIC_AT = b"DUCK", 8
"""What a database file has in its first block, and where: behind a checksum."""
_OWN = frozenset({"information_schema", "pg_catalog", "system", "temp"})
"""Schemas and databases that DuckDB has itself, so that none of this name can be created, or found."""


class DuckDBFile(msgspec.Struct, frozen=True):
    """A DuckDB database file, and the schema in it that holds the tables."""

    path: Path
    dataset: str = DEFAULT_DATASET

    example: ClassVar[str] = "duckdb:///tiktok.duckdb (a file here), duckdb:////data/tiktok.duckdb (an absolute path)"
    file_endings: ClassVar[tuple[str, ...]] = (".duckdb", ".db", ".ddb")
    extra: ClassVar[str] = "load"
    libraries: ClassVar[tuple[str, ...]] = ("dlt", "duckdb", "pyarrow")
    sql_dialect: ClassVar[str] = "duckdb"

    @classmethod
    def at(cls, address: str, dataset: str = DEFAULT_DATASET) -> Self:
        """Read an address: `duckdb:///relative.duckdb`, `duckdb:////absolute/path.duckdb`, or a path.

        Raises:
            ConfigurationError: The address names no file, or the dataset has the name of the file or of a part of
                DuckDB.
        """
        if dataset in _OWN:
            raise ConfigurationError(
                f"The dataset {dataset!r} cannot be used in DuckDB, which has something of this name itself.",
                remedy="Give the dataset another name.",
            )
        path = _path_of(address)
        if path.name.split(".")[0].lower() == dataset:
            raise ConfigurationError(
                f"The file {path.name} and the dataset {dataset} have the same name, so DuckDB could not tell which "
                f"of them {dataset}.ads means.",
                remedy="Give the dataset or the file another name.",
            )
        return cls(Path(absolute_path(path)), dataset)

    @property
    def display_name(self) -> str:
        """The database's name in messages."""
        return str(self.path)

    @property
    def _target(self) -> Path:
        """The file itself, if the path is a link to it. A link is the user's, and stays."""
        return Path(os.path.realpath(self.path))

    @property
    def working_folder(self) -> Path:
        """The folder where packages are prepared: beside the database, so on the same disk, and always the same one.

        A sync that is killed leaves its unfinished package there. No later run loads it: the next run starts from the
        state in the database, reads those records again, and clears the folder. So nothing old overwrites anything new.
        """
        return self.path.with_name(self.path.name + ".loading")

    @contextmanager
    def exclusive_lock(self, token: str) -> Iterator[None]:
        """Do nothing more: whoever can reach the file can also reach the folder beside it, which is locked."""
        del token
        yield

    def dlt_destination(self, changes: TableChanges) -> Any:
        """Return the destination that dlt loads into."""
        from tiktok_marketing.pipelines.databases.duckdb.load_job import destination

        return destination(self.path, changes)

    def load_file(self, session: DuckDBSession, path: Path, change: Replacement) -> None:
        """Load a Parquet file, and delete the rows that its rows replace, in the transaction that is open."""
        from tiktok_marketing.pipelines.databases.duckdb.load_job import load_file

        load_file(session, path, change)

    def identity(self) -> tuple[int, int] | None:
        """Return the file's device and inode; None if it does not exist.

        Raises:
            DestinationError: The system does not say, because links lead in a circle, for example.
        """
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self.describe_error(error) from error
        return stat.st_dev, stat.st_ino

    def is_about_table(self, error: BaseException) -> bool:
        """Whether a constraint, a type or a name in one table is the reason, rather than the file."""
        return is_about_table(error)

    def remedy_for(self, error: BaseException, table: str) -> str:
        """Return nothing: the message of DuckDB says it."""
        del error, table
        return ""

    def locked_tables(self, error: BaseException | None = None) -> Mapping[str, str]:
        """Return nothing: a file has one writer."""
        del error
        return {}

    def connect(self, token: str) -> DuckDBSession:
        """Open the file. If it cannot be created, because the disk is full for example, no part of it stays.

        Raises:
            DestinationError: It is a pipe, a socket or a device. Opening one could wait for ever.
        """
        import duckdb

        from tiktok_marketing.pipelines.databases.duckdb.session import DuckDBSession

        del token
        absent = not self.path.exists()
        if not absent and not self.path.is_file() and not self.path.is_dir():
            raise DestinationError(
                f"{self.path} is a pipe, a socket or a device, and no file.", remedy="Give the path of a file."
            )
        if self._is_of_another_kind():
            raise of_another_kind(self.path)
        try:
            return DuckDBSession(duckdb.connect(str(self.path)), self.dataset)
        except duckdb.Error as error:
            if absent and not isinstance(self.describe_error(error), DestinationLockedError):
                self._target.unlink(missing_ok=True)
            raise

    def _is_of_another_kind(self) -> bool:
        """Whether something else wrote the file. DuckDB would open a table (.csv, .json, .parquet) as a view of it."""
        try:
            with self.path.open("rb") as file:
                begin = file.read(_MAGIC_AT + len(_MAGIC))
        except OSError:
            return False  # DuckDB says why
        return bool(begin) and begin[_MAGIC_AT:] != _MAGIC

    @contextmanager
    def open_read_only(self, memory: Any) -> Iterator[ReadOnlyDuckDB]:
        """Attach the file to a DuckDB in memory, for reading only.

        Raises:
            NothingToReadError: There is no such file.
            ConfigurationError: It is not a DuckDB database.
            DestinationError: It cannot be read now.
        """
        import duckdb

        from tiktok_marketing.pipelines.databases.duckdb.session import ReadOnlyDuckDB

        remedy = "Give the address that the sync was given with --to."
        if not self.path.exists():
            raise NothingToReadError(f"The database {self.path} does not exist.", remedy=remedy)
        if not self.path.is_file():
            raise ConfigurationError(f"{self.path} is not a file.", remedy=remedy)
        if self._is_of_another_kind():
            described = of_another_kind(self.path)
            raise ConfigurationError(described.message, remedy=described.remedy)
        try:
            database = ReadOnlyDuckDB.attach(memory, self.path, self.dataset)
        except duckdb.Error as error:
            described = self.describe_error(error, reading=True)
            if is_not_a_database(error):
                raise ConfigurationError(described.message, remedy=described.remedy, detail=described.detail) from error
            raise described from error
        yield database

    def sanitize(self, table: pa.Table, stream: Stream) -> pa.Table:
        """Return the table as it is: DuckDB accepts every value that Arrow holds."""
        del stream
        return table

    def describe_error(self, error: BaseException, *, reading: bool = False) -> DestinationError:
        """Say in one sentence why the file cannot be written to (or read from), whatever raised the error."""
        return describe(error, self.path, reading=reading)


_PREFIX = re.compile(r"[A-Za-z][\w+.-]+:")
"""How a name begins that DuckDB takes for another kind of database, or for one elsewhere: `md:`, `sqlite:`, `s3:`."""


def _path_of(address: str) -> Path:
    name = address
    if address.startswith("duckdb://"):
        parts = urlsplit(address)
        # Three slashes are relative and four are absolute, as everyone knows it from SQLAlchemy.
        name = unquote(parts.path)[1:]
        if parts.netloc or not name or name.endswith("/") or name == ":memory:":
            raise ConfigurationError(f"{address!r} names no file.", remedy=f"Write it as {DuckDBFile.example}.")
    if prefix := _PREFIX.match(name):  # the rest may hold a token
        raise ConfigurationError(
            f"What begins with {prefix[0]!r} is not the path of a DuckDB file.",
            remedy=f"Write a file as {DuckDBFile.example}, and MotherDuck as motherduck:database.",
        )
    if address.startswith("duckdb://") and (parts.query or parts.fragment):
        raise ConfigurationError(
            f"The address of {name!r} has parameters, which a DuckDB file does not take.",
            remedy=f"Write it as {DuckDBFile.example}.",
        )
    if "?" in name or "\0" in name:
        raise ConfigurationError(
            f"The path {name!r} contains a character that DuckDB cannot use.",
            remedy=f"Give a path without it, written as {DuckDBFile.example}.",
        )
    return Path(name)
