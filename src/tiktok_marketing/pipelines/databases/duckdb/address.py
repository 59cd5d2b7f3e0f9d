"""A DuckDB file as a destination: its address, how it is opened, and everything that can be wrong with it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import unquote, urlsplit

import msgspec

from tiktok_marketing.errors import ConfigurationError, DestinationError, DestinationLockedError
from tiktok_marketing.pipelines.databases.errors import first_line, innermost, text_of
from tiktok_marketing.pipelines.databases.replacement import Replacement

if TYPE_CHECKING:
    import pyarrow as pa

    from tiktok_marketing.catalog import Stream
    from tiktok_marketing.pipelines.databases.duckdb.session import DuckDBSession

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
    def display_name(self) -> str:
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
    def exclusive_lock(self, token: str) -> Iterator[None]:
        """Nothing more to hold: whoever reaches the file reaches the folder beside it, which is locked."""
        del token
        yield

    def dlt_destination(self, changes: Mapping[str, Replacement]) -> Any:
        """The destination as dlt knows it."""
        from tiktok_marketing.pipelines.databases.duckdb.load_job import destination

        return destination(self.path, changes)

    def connect(self, token: str) -> DuckDBSession:
        """Open it."""
        import duckdb

        from tiktok_marketing.pipelines.databases.duckdb.session import DuckDBSession

        del token
        return DuckDBSession(duckdb.connect(str(self.path)), self.dataset)

    def sanitize(self, table: pa.Table, stream: Stream) -> pa.Table:
        """Return the table as it is: DuckDB takes every value that Arrow holds."""
        del stream
        return table

    def describe_error(self, error: BaseException, *, reading: bool = False) -> DestinationError:
        """Say in one sentence why nothing can be written (or read), whatever raised it."""
        text = text_of(innermost(error))
        detail = f"{type(error).__name__}: {error}"
        if "lock on file" in text or "being used by another process" in text:
            held = _PID.search(text)
            who = f"process {held['pid']} ({held['program']})" if held else "another process"
            return DestinationLockedError(
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
