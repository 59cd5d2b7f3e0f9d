"""A DuckDB file as a destination: its address, how it is opened, and everything that can be wrong with it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import unquote, urlsplit

import msgspec

from source_tiktok_marketing.errors import ConfigurationError, DestinationError
from source_tiktok_marketing.pipelines.trouble import Locked, first_line, innermost, text_of

if TYPE_CHECKING:
    import pyarrow as pa

    from source_tiktok_marketing.catalog import Stream

EXAMPLE = "duckdb:///tiktok.duckdb (a file here), duckdb:////data/tiktok.duckdb (an absolute path)"
FILE_ENDINGS = (".duckdb", ".db", ".ddb")
DEFAULT_DATASET = "tiktok_ads"
"""Schema of the tables. Not `tiktok`: in a file of the name `tiktok.duckdb`, DuckDB could not tell `tiktok.ads` from
the database's own name and would refuse every query that is written that way."""

_PID = re.compile(r"held in (?P<program>.*?) \(PID (?P<pid>\d+)\)")


class DuckDBFile(msgspec.Struct, frozen=True):
    """A DuckDB database file and the schema in it that takes the tables."""

    path: Path
    dataset: str = DEFAULT_DATASET

    extra: ClassVar[str] = "load"
    libraries: ClassVar[tuple[str, ...]] = ("dlt", "duckdb", "pyarrow")

    @classmethod
    def at(cls, address: str, dataset: str = DEFAULT_DATASET) -> Self:
        """Read an address: `duckdb:///relative.duckdb`, `duckdb:////absolute/path.duckdb`, or a path.

        Raises:
            ConfigurationError: It names no file, or one that dataset and database would share the name of.
        """
        path = _path_of(address)
        if path.name.split(".")[0].lower() == dataset:
            raise ConfigurationError(
                f"The file {path.name} and the dataset {dataset} have the same name, so that DuckDB could not tell "
                f"{dataset}.ads from one and the other.",
                remedy="Give the dataset or the file another name.",
            )
        return cls(Path(os.path.abspath(path.expanduser())), dataset)  # noqa: PTH100 - resolve() would follow links

    @property
    def shown(self) -> str:
        """How it is called in messages."""
        return str(self.path)

    @property
    def working_folder(self) -> Path:
        """Where packages are prepared: on the same disk as the database, and always the same place.

        A killed sync leaves its unfinished package there. It is never taken up again (the next run reads those records
        once more, from the state in the database), so that nothing old can overwrite anything new; the next run clears
        it away.
        """
        return self.path.with_name(self.path.name + ".loading")

    @contextmanager
    def held(self, token: str) -> Iterator[None]:
        """Nothing more to hold: whoever reaches the file reaches the folder beside it, which is locked."""
        del token
        yield

    def loading(self) -> Any:
        """The destination as dlt knows it."""
        import dlt

        # dlt's DuckDB does not say that it has transactions, and a merge without one can be killed between the rows
        # that go and those that come.
        return dlt.destinations.duckdb(str(self.path), supports_transactions=True)

    def connect(self, token: str) -> DuckDBSession:
        """Open it."""
        import duckdb

        del token
        return DuckDBSession(duckdb.connect(str(self.path)), self.dataset)

    def fitting(self, table: pa.Table, stream: Stream) -> pa.Table:
        """Return the table as it is: DuckDB takes every value that Arrow holds."""
        del stream
        return table

    def explained(self, error: BaseException, *, reading: bool = False) -> DestinationError:
        """Say in one sentence why nothing can be written (or read), whatever raised it."""
        text = text_of(innermost(error))
        detail = f"{type(error).__name__}: {error}"
        if "lock on file" in text or "being used by another process" in text:
            held = _PID.search(text)
            who = f"process {held['pid']} ({held['program']})" if held else "another process"
            return Locked(
                f"The database {self.path} is in use by {who}.",
                remedy="Close it there (a DuckDB shell or notebook, say) and run this again.",
                detail=detail,
            )
        done = "read from" if reading else "written to"
        message, remedy = f"Nothing can be {done} {self.path}: {first_line(text)}", "Mend that and run this again."
        for sign, words, advice in _SIGNS:
            if sign in text.lower():
                message, remedy = words.format(path=self.path, folder=self.path.parent), advice
                break
        return DestinationError(message, remedy=remedy, detail=detail)


class DuckDBSession:
    """An open DuckDB database."""

    def __init__(self, connection: Any, dataset: str) -> None:
        self._connection = connection
        self._dataset = dataset

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement, with `?` for each value, and return its rows."""
        rows: list[tuple[Any, ...]] = self._connection.execute(sql, list(values)).fetchall()
        return rows

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def make_room(self) -> None:
        """Make sure that the schema exists. A file that can only be read opens without complaint; this shows it."""
        self._connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{self._dataset}"')

    def lacks(self, stream: Stream, table: pa.Table, *, exists: bool) -> bool:
        """Whether none of these keys is there yet: a look at the keys takes a tenth of what merging does."""
        if not exists:
            return True
        key = ", ".join(f'"{name}"' for name in stream.row_key)
        self._connection.register("_coming", table.select(list(stream.row_key)))
        try:
            found = self.execute(
                f'SELECT EXISTS (FROM "{self._dataset}"."{stream.name}" SEMI JOIN _coming USING ({key}))'
            )
        finally:
            self._connection.unregister("_coming")
        return found == [(False,)]

    def settle(self, stream: Stream) -> None:
        """Nothing to do once a stream has its table."""

    def undescribed(self, table: str) -> list[str]:
        """Columns of a table that have no comment."""
        rows = self.execute(
            "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? AND comment IS NULL",
            [self._dataset, table],
        )
        return [name for (name,) in rows]

    def tidy(self) -> None:
        """Remove what only loading needs."""
        self._connection.execute(f'DROP SCHEMA IF EXISTS "{self._dataset}_staging" CASCADE')

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def _path_of(address: str) -> Path:
    if "://" not in address:
        return Path(address)
    parts = urlsplit(address)
    # Three slashes are relative and four are absolute, as SQLAlchemy has made everyone used to.
    name = unquote(parts.path)[1:]
    if parts.netloc or not name or name.endswith("/") or name == ":memory:":
        raise ConfigurationError(f"{address!r} names no file.", remedy=f"Write it as {EXAMPLE}.")
    return Path(name)


_SIGNS = (
    (
        "no space left",
        "The disk of {folder} is full.",
        "Make room and run the sync again; it goes on from what is loaded.",
    ),
    ("quota exceeded", "The disk quota of {folder} is used up.", "Make room and run the sync again."),
    (
        "not a valid duckdb database",
        "{path} exists, and is no DuckDB database.",
        "Give another file name, or move that file away.",
    ),
    (
        "trying to read a database file with version number",
        "{path} was written by another version of DuckDB, which the installed one cannot read.",
        "Upgrade DuckDB (pip install -U duckdb), or load into a new file.",
    ),
    (
        "different configuration",
        "{path} is open in this very process with other settings.",
        "Close that connection before loading.",
    ),
    ("permission denied", "{path} cannot be opened: permission denied.", "Check who may write to {path}'s folder."),
    ("read-only file system", "{path} is on a read-only file system.", "Give a path that can be written to."),
    ("read-only mode", "{path} can only be read.", "Check the permissions of the file."),
    ("no such file or directory", "The folder {folder} does not exist.", "Create it first."),
    ("is a directory", "{path} is a folder.", "Give the path of a file in it."),
    ("out of memory", "The memory was not enough to load a package into {path}.", "Run it where there is more memory."),
)
