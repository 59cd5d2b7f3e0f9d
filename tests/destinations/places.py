"""The destinations that `make destinations` tries: how each is set up, and where its rows are read."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from postgres_server import server

ROOT = Path(__file__).parents[2]


class Place(msgspec.Struct, frozen=True):
    """A destination that is ready.

    Args:
        name: The destination in `make destinations`.
        address: What `--to` gets.
        reader: Which reader of `reading` reads it.
        at: Where the reader finds it.
        variables: Environment variables of the sync.
        atomic: Whether a day is never seen in part.
        prologue: What the program runs before it syncs.
    """

    name: str
    address: str
    reader: str
    at: Mapping[str, Any]
    variables: Mapping[str, str] = {}
    atomic: bool = True
    prologue: str = ""

    @property
    def python(self) -> str:
        """The Python of the environment."""
        return python_of(self.name)


def python_of(name: str) -> str:
    """The Python of a destination's environment; this one's, if the destination needs nothing more."""
    return str(environment_of(name) / "bin" / "python") if environment_of(name).exists() else sys.executable


def environment_of(name: str) -> Path:
    """The folder of a destination's environment."""
    return ROOT / f".venv-destination-{name}"


@contextmanager
def duckdb(folder: Path, name: str = "duckdb") -> Iterator[Place]:
    """A DuckDB file."""
    yield Place(name, "duckdb:///loaded.duckdb", "duckdb", {"attach": str(folder / "loaded.duckdb")})


@contextmanager
def oldest(folder: Path) -> Iterator[Place]:
    """A DuckDB file, with the oldest versions of DuckDB, dlt and Arrow that are supported."""
    with duckdb(folder, "oldest") as place:
        yield place


@contextmanager
def postgres(folder: Path) -> Iterator[Place]:
    """A database of a Postgres server."""
    del folder
    with server() as started:
        address = started.new_database().address
        yield Place("postgres", address, "postgres", {"address": address})


@contextmanager
def parquet(folder: Path) -> Iterator[Place]:
    """Parquet in a folder."""
    yield Place("parquet", "parquet:lake", "parquet", {"url": str(folder / "lake" / "tiktok_ads")})


@contextmanager
def delta(folder: Path) -> Iterator[Place]:
    """Delta in a folder."""
    yield Place("delta", "delta:lake", "delta", {"url": str(folder / "lake" / "tiktok_ads")})


@contextmanager
def iceberg(folder: Path) -> Iterator[Place]:
    """Iceberg in a folder."""
    yield Place("iceberg", "iceberg:lake", "iceberg", {"url": str(folder / "lake" / "tiktok_ads")})


@contextmanager
def sqlite(folder: Path) -> Iterator[Place]:
    """An SQLite file."""
    yield Place("sqlite", "sqlite:///tiktok.sqlite", "sqlite", {"path": str(folder / "tiktok.sqlite")})


@contextmanager
def ducklake(folder: Path) -> Iterator[Place]:
    """A DuckLake whose catalog is a DuckDB file."""
    # The extension comes from a package, because DuckDB would fetch it from its own server.
    install = "from duckdb_extensions import import_extension; import_extension('ducklake')"
    subprocess.run(  # noqa: S603
        [python_of("ducklake"), "-c", install], env={**os.environ, "HOME": str(folder)}, check=True
    )
    catalog = folder / "catalog.ducklake"
    yield Place("ducklake", "ducklake:catalog.ducklake", "duckdb", {"attach": f"ducklake:{catalog}"})


@contextmanager
def clickhouse(folder: Path) -> Iterator[Place]:
    """ClickHouse's engine in a library, behind dlt's own code for ClickHouse."""
    path = str(folder / "chdb")
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        f"import chdb_driver; chdb_driver.install({path!r})\n"
    )
    address = "clickhouse://default:none@localhost:9000/ads?secure=0"
    yield Place("clickhouse", address, "clickhouse", {"path": path}, atomic=False, prologue=program)


@contextmanager
def snowflake(folder: Path) -> Iterator[Place]:
    """Snowflake's dialect, answered by fakesnow, behind dlt's own code for Snowflake."""
    path = folder / "snow"
    path.mkdir()
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        f"import fakesnow_driver; fakesnow_driver.install({str(path)!r})\n"
    )
    address = "snowflake://user:none@account/ADS?warehouse=all"
    yield Place("snowflake", address, "snowflake", {"path": str(path)}, prologue=program)


@contextmanager
def s3(folder: Path) -> Iterator[Place]:
    """Parquet in a bucket of moto's S3."""
    with _moto(folder) as (address, variables):
        yield Place(
            "s3",
            f"s3://ads/lake?endpoint_url={address}&region=us-east-1",
            "parquet",
            {"url": "s3://ads/lake/tiktok_ads", "options": {"client_kwargs": {"endpoint_url": address}}},
            variables,
        )


@contextmanager
def s3_delta(folder: Path) -> Iterator[Place]:
    """Delta in a bucket of moto's S3."""
    with _moto(folder) as (address, variables):
        options = {"aws_endpoint_url": address, "aws_allow_http": "true", "aws_region": "us-east-1"}
        yield Place(
            "s3",
            f"delta:s3://ads/lake?endpoint_url={address}&region=us-east-1",
            "delta",
            {"url": "s3://ads/lake/tiktok_ads", "storage_options": options},
            variables,
        )


@contextmanager
def _moto(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    variables = {
        "AWS_ACCESS_KEY_ID": "key-of-the-test",
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    serve = "import sys; from moto.server import main; main(['-p', sys.argv[1]])"
    with _running([python_of("s3"), "-c", serve, str(port)], folder, address):
        create = f"import boto3; boto3.client('s3', endpoint_url='{address}').create_bucket(Bucket='ads')"
        subprocess.run(  # noqa: S603
            [python_of("s3"), "-c", create], env={**os.environ, **variables}, check=True
        )
        yield address, variables


def free_port() -> int:
    """A port that nothing listens on."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(command: list[str], folder: Path, address: str) -> Iterator[None]:
    """Run a server until it answers, and then beside the test."""
    with (folder / "server.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:  # noqa: S603
        try:
            until = time.monotonic() + 60
            while not _answers(address):
                assert process.poll() is None, (folder / "server.log").read_text()
                assert time.monotonic() < until, "The server does not answer."
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


def _answers(address: str) -> bool:
    try:
        with contextlib.closing(urllib.request.urlopen(address, timeout=5)):  # noqa: S310 - our own server
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


PLACES: Mapping[str, Callable[[Path], Any]] = {
    "duckdb": duckdb,
    "oldest": oldest,
    "postgres": postgres,
    "parquet": parquet,
    "delta": delta,
    "iceberg": iceberg,
    "sqlite": sqlite,
    "ducklake": ducklake,
    "clickhouse": clickhouse,
    "snowflake": snowflake,
    "s3": s3,
    "s3_delta": s3_delta,
}
"""The destinations, in the order of `make destinations`."""
ENVIRONMENTS: Mapping[str, str] = {"duckdb": "", "postgres": "", "parquet": "", "s3_delta": "s3"}
"""Destinations whose environment is not named as they are; this one's for an empty name."""
