"""Where tables go: the address that a user writes, and everything that can be wrong with the place."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from source_tiktok_marketing.errors import ConfigurationError, DestinationError

DEFAULT_DATASET = "tiktok_ads"
"""Schema of the tables. Not `tiktok`: in a file of the name `tiktok.duckdb`, DuckDB could not tell `tiktok.ads` from
the database's own name and would refuse every query that is written that way."""

NAME = "tiktok"
"""Of dlt's pipeline, schema and source: the states in a database are found by it, so it never changes."""

INSTALL = "pip install 'source-tiktok-marketing[load]'"

_EXAMPLE = "duckdb:///tiktok.duckdb (a file here) or duckdb:////data/tiktok.duckdb (an absolute path)"
_FILE_ENDINGS = (".duckdb", ".db", ".ddb")
_DATASET = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_PID = re.compile(r"held in (?P<program>.*?) \(PID (?P<pid>\d+)\)")


class DuckDBFile(msgspec.Struct, frozen=True):
    """A DuckDB database file and the schema in it that takes the tables."""

    path: Path
    dataset: str = DEFAULT_DATASET

    @property
    def working_folder(self) -> Path:
        """Where packages are prepared: on the same disk as the database, and always the same place.

        A killed sync leaves its unfinished package there. It is never taken up again (the next run reads those records
        once more, from the state in the database), so that nothing old can overwrite anything new; the next run clears
        it away.
        """
        return self.path.with_name(self.path.name + ".loading")


def destination_of(address: str, dataset: str = DEFAULT_DATASET) -> DuckDBFile:
    """Read the address of a destination.

    Args:
        address: `duckdb:///relative.duckdb`, `duckdb:////absolute/path.duckdb`, or a path that ends in `.duckdb`.
        dataset: Schema for the tables.

    Raises:
        ConfigurationError: If it is no address that can be written to.
    """
    path = _path_of(address.strip())
    if not _DATASET.fullmatch(dataset):
        raise ConfigurationError(
            f"The dataset {dataset!r} is no name that works in SQL without quotes.",
            remedy="Use letters, digits and underscores, with a letter first.",
        )
    if dataset.lower() != dataset:
        # dlt would make it lower case silently, and the user would look for the other one.
        raise ConfigurationError(
            f"The dataset {dataset!r} has capital letters.", remedy=f"Write it as {dataset.lower()}."
        )
    if path.name.split(".")[0].lower() == dataset:
        raise ConfigurationError(
            f"The file {path.name} and the dataset {dataset} have the same name, so that DuckDB could not tell "
            f"{dataset}.ads from one and the other.",
            remedy="Give the dataset or the file another name.",
        )
    return DuckDBFile(Path(os.path.abspath(path.expanduser())), dataset)  # noqa: PTH100 - resolve() would follow links


def _path_of(address: str) -> Path:
    if "://" not in address:
        if address.lower().endswith(_FILE_ENDINGS):
            return Path(address)
        raise ConfigurationError(f"{address!r} is no destination.", remedy=f"Write it as {_EXAMPLE}.")
    parts = urlsplit(address)
    if parts.scheme != "duckdb":
        raise ConfigurationError(
            f"Destinations of the kind {parts.scheme}:// are not supported.", remedy=f"Write it as {_EXAMPLE}."
        )
    # Three slashes are relative and four are absolute, as SQLAlchemy has made everyone used to.
    name = unquote(parts.path)[1:]
    if parts.netloc or not name or name.endswith("/") or name == ":memory:":
        raise ConfigurationError(f"{address!r} names no file.", remedy=f"Write it as {_EXAMPLE}.")
    return Path(name)


@contextmanager
def reserved(destination: DuckDBFile) -> Iterator[Path]:
    """Keep other syncs away from this database and give an empty working folder, which is removed at the end.

    DuckDB's own lock is not enough: it is given back between packages, so that others can look at the data meanwhile.

    Raises:
        DestinationError: If another sync is loading into it, or the folder cannot be written to.
    """
    folder = destination.working_folder
    if not folder.parent.is_dir():
        raise DestinationError(f"The folder {folder.parent} does not exist.", remedy="Create it first.")
    lock = -1
    try:
        try:
            lock = _locked(folder, destination)
            packages = folder / "packages"
            shutil.rmtree(packages, ignore_errors=True)
            packages.mkdir()
        except OSError as error:
            raise explained(error, destination) from error
        yield packages
    finally:
        if lock >= 0:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _locked(folder: Path, destination: DuckDBFile) -> int:
    """Lock the working folder; returns the open file that holds the lock."""
    while True:
        folder.mkdir(exist_ok=True)
        path = folder / "lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it may have removed the folder in the meantime: then this is a lock on nothing.
            if path.exists() and os.fstat(lock).st_ino == path.stat().st_ino:
                os.ftruncate(lock, 0)
                os.write(lock, str(os.getpid()).encode())
                return lock
        except BlockingIOError:
            pid = os.read(lock, 20).decode(errors="replace")
            os.close(lock)
            raise DestinationError(
                f"Another sync is loading into {destination.path}" + (f" (process {pid})." if pid else "."),
                remedy="Wait until it is done, or end it.",
            ) from None
        except FileNotFoundError:
            pass
        os.close(lock)


def explained(error: BaseException, destination: DuckDBFile, *, reading: bool = False) -> DestinationError:
    """Say in one sentence why nothing can be written (or read), whatever raised it."""
    text = _innermost(error)
    path = destination.path
    detail = f"{type(error).__name__}: {error}"
    if "lock on file" in text or "being used by another process" in text:
        held = _PID.search(text)
        who = f"process {held['pid']} ({held['program']})" if held else "another process"
        return Locked(
            f"The database {path} is in use by {who}.",
            remedy="Close it there (a DuckDB shell or notebook, say) and run this again.",
            detail=detail,
        )
    done = "read from" if reading else "written to"
    message, remedy = f"Nothing can be {done} {path}: {_first_line(text)}", "Mend that and run this again."
    for sign, words, advice in _SIGNS:
        if sign in text.lower():
            message, remedy = words.format(path=path, folder=path.parent), advice
            break
    return DestinationError(message, remedy=remedy, detail=detail)


def loading_now(destination: DuckDBFile) -> str | None:
    """The id of the process that is loading into it at this moment; empty if it cannot be told, None if none is."""
    try:
        lock = os.open(destination.working_folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(lock, 20).decode(errors="replace")
    finally:
        os.close(lock)
    return None


class Locked(DestinationError):  # noqa: N818 - the name says what is the matter
    """Somebody else has the database open; it may pass."""


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


def _innermost(error: BaseException) -> str:
    """The text of what went wrong first: dlt wraps errors several times over, each with advice of its own."""
    seen: set[int] = set()
    inner: Any = error
    while id(inner) not in seen:
        seen.add(id(inner))
        inner = getattr(inner, "dbapi_exception", None) or inner.__cause__ or inner.__context__ or inner
    return f"{inner.strerror}: {inner.filename}" if isinstance(inner, OSError) and inner.strerror else str(inner)


def _first_line(text: str) -> str:
    line = text.strip().splitlines()[0] if text.strip() else "unknown reason"
    return line if line.endswith(".") else line + "."
