from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tiktok_marketing.errors import ConfigurationError, DestinationError
from tiktok_marketing.extras import install_hint
from tiktok_marketing.pipelines.databases.destination import DuckDBFile, describe_error, destination_of
from tiktok_marketing.pipelines.databases.lock import reserved
from tiktok_marketing.pipelines.loader import Loader


def open_database(address: Path | str) -> None:
    """Open it as a sync does before it reads anything."""
    destination = destination_of(str(address))
    with reserved(destination) as folder:
        Loader(destination, folder, print).open()


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("duckdb:///some.duckdb", "some.duckdb"),
        ("duckdb:///folder/some.db", "folder/some.db"),
        ("duckdb:////data/some.duckdb", "/data/some.duckdb"),
        ("duckdb:///with%20space.duckdb", "with space.duckdb"),
        ("plain.duckdb", "plain.duckdb"),
        ("/data/plain.duckdb", "/data/plain.duckdb"),
    ],
)
def test_addresses_name_files(address: str, path: str) -> None:
    """Three slashes are relative to the current folder, four are absolute, and a path is a path."""
    destination = destination_of(address)
    assert isinstance(destination, DuckDBFile)
    assert destination.path == Path.cwd() / path


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mysql://localhost/db", "mysql:// are not supported"),
        ("postgresql://localhost", "names no database"),
        ("postgresql://user:a/b@localhost/db", "cannot be read"),
        ("postgresql://user:a#b@localhost/db", "cannot be read"),
        ("postgresql://[user:secret@localhost/db", "cannot be read"),
        ("data.csv", "is no destination"),
        ("duckdb://", "names no file"),
        ("duckdb:///", "names no file"),
        ("duckdb:///:memory:", "names no file"),
        ("duckdb://host/x.duckdb", "names no file"),
    ],
)
def test_other_addresses_are_refused_in_a_sentence(address: str, words: str) -> None:
    """Whoever writes a wrong address is shown a right one."""
    with pytest.raises(ConfigurationError, match=words) as refused:
        destination_of(address)
    assert "duckdb:///tiktok.duckdb" in refused.value.remedy or "postgresql://user:" in refused.value.remedy
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("dataset", ["a b", "1st", "drop;", "", "Tiktok"])
def test_a_dataset_must_be_a_plain_name(dataset: str) -> None:
    """It is written in every query, so it must not need quotes."""
    with pytest.raises(ConfigurationError, match="dataset"):
        destination_of("x.duckdb", dataset)


def test_file_and_dataset_must_differ_in_name() -> None:
    """`tiktok.ads` in tiktok.duckdb would be refused by DuckDB as ambiguous."""
    with pytest.raises(ConfigurationError, match="same name"):
        destination_of("duckdb:///tiktok.duckdb", "tiktok")
    assert destination_of("duckdb:///tiktok.duckdb").dataset != "tiktok"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A sync does not make folders that are likely misspelt."""
    with pytest.raises(DestinationError, match=r"The folder .*/nowhere does not exist\."):
        open_database(tmp_path / "nowhere" / "x.duckdb")


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    """It is somebody's, whatever its name."""
    path = tmp_path / "x.duckdb"
    path.write_text("Dear diary, " * 1000)
    with pytest.raises(DestinationError, match=r"is no DuckDB database\."):
        open_database(path)
    assert path.read_text().startswith("Dear diary")


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    """Neither is it a crash."""
    (tmp_path / "x.duckdb").mkdir()
    with pytest.raises(DestinationError, match=r"is a folder\."):
        open_database(tmp_path / "x.duckdb")


def test_a_locked_database_names_who_has_it(tmp_path: Path) -> None:
    """Before anything is read, and with the process that must be ended."""
    path = tmp_path / "x.duckdb"
    code = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:  # noqa: S603 - our own code
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(DestinationError, match=f"in use by process {holder.pid}"):
            open_database(path)
        holder.stdin.close()


def test_two_syncs_into_one_database_are_kept_apart(tmp_path: Path) -> None:
    """DuckDB's lock is given back between packages, so there is one for the whole sync."""
    destination = destination_of(str(tmp_path / "x.duckdb"))
    with reserved(destination):
        with pytest.raises(DestinationError, match=f"Another sync .*process {os.getpid()}"), reserved(destination):
            pass
        assert destination.working_folder.exists()
    assert not destination.working_folder.exists()


def test_what_a_killed_sync_left_is_cleared_away(tmp_path: Path) -> None:
    """An old package must never be loaded on top of newer rows."""
    destination = destination_of(str(tmp_path / "x.duckdb"))
    left = destination.working_folder / "packages-of-before" / "tiktok"
    left.mkdir(parents=True)
    (left / "old").write_text("x")
    with reserved(destination) as folder:
        assert list(folder.iterdir()) == []
        assert not left.exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device", "/data/x"), "disk of .* is full"),
        (duckdb.IOException("IO Error: Could not write file: No space left on device"), "disk of .* is full"),
        (PermissionError(13, "Permission denied", "/data/x"), "permission denied"),
        (OSError(30, "Read-only file system", "/data/x"), "read-only file system"),
        (duckdb.InvalidInputException('Cannot execute statement: "x" in read-only mode!'), "can only be read"),
        (duckdb.Error("Something nobody has thought of\nwith a second line"), r"nobody has thought of\."),
    ],
)
def test_trouble_with_the_disk_is_told_in_one_sentence(tmp_path: Path, error: Exception, words: str) -> None:
    """The cause counts, not the library that wrapped it."""
    wrapped = RuntimeError("Pipeline execution failed at step=load")
    wrapped.__cause__ = error
    told = describe_error(wrapped, destination_of(str(tmp_path / "x.duckdb")))
    assert "\n" not in str(told)
    with pytest.raises(DestinationError, match=words):
        raise told


def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    """Before anything is read."""
    folder = Path("/sys") if os.geteuid() == 0 else tmp_path  # no mode keeps root out of a folder of its own
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(DestinationError, match=r"(?i)permi|read-only"):
            open_database(folder / "x.duckdb")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("missing", "address", "extra"),
    [
        ("dlt", "duckdb:///x.duckdb", "load"),
        ("psycopg2", "postgresql://h/d", "postgres"),
        ("pyarrow", "postgresql://h/d", "postgres"),
    ],
)
def test_a_missing_library_is_reported_with_its_extra_and_the_command_that_installs_it(
    tmp_path: Path, missing: str, address: str, extra: str
) -> None:
    """Somebody who installed the Airbyte source alone learns what to add."""
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from tiktok_marketing.config import parse_config\n"
        "from tiktok_marketing.pipelines import load\n"
        "config = parse_config({'credentials': {'auth_type': 'sandbox_access_token', 'advertiser_id': '1',"
        " 'access_token': 't'}})\n"
        f"load(config, {address!r})"
    )
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    assert f"needs {missing}, which is not installed." in ended.stderr
    assert install_hint(extra) in ended.stderr
