from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from dlt.common.normalizers.naming.snake_case import NamingConvention
from psycopg2.extensions import make_dsn

from tiktok_marketing.errors import ConfigurationError, DestinationError
from tiktok_marketing.extras import install_hint
from tiktok_marketing.pipelines.databases.duckdb.address import DuckDBFile
from tiktok_marketing.pipelines.databases.kinds import destination_of
from tiktok_marketing.pipelines.databases.lock import reserved
from tiktok_marketing.pipelines.loader import Loader


def open_database(address: Path | str) -> None:
    """Open a database as a sync does before it reads anything."""
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
    """Three slashes are relative to the current folder, four are absolute, and a path works without a scheme."""
    destination = destination_of(address)
    assert isinstance(destination, DuckDBFile)
    assert destination.path == Path.cwd() / path


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("oracle://localhost/db", "oracle:// are not supported"),
        ("postgresql://localhost", "names no database"),
        ("postgresql://user:a/b@localhost/db", "cannot be read"),
        ("postgresql://user:a#b@localhost/db", "cannot be read"),
        ("postgresql://[user:secret@localhost/db", "cannot be read"),
        ("data.csv", "is not a destination"),
        ("duckdb://", "names no file"),
        ("duckdb:///", "names no file"),
        ("duckdb:///:memory:", "names no file"),
        ("duckdb://host/x.duckdb", "names no file"),
        ("duckdb:///md:x", "'md:' is not the path of a DuckDB file"),
        ("duckdb:///md:x?motherduck_token=secret", "'md:' is not the path of a DuckDB file"),
        ("duckdb:///MD:", "'MD:' is not the path of a DuckDB file"),
        ("duckdb:///motherduck:x", "is not the path of a DuckDB file"),
        ("duckdb:///s3://bucket/x.duckdb", "'s3:' is not the path of a DuckDB file"),
        ("duckdb:x.duckdb", "'duckdb:' is not the path of a DuckDB file"),
        ("user:secret@host/x.db", "'user:' is not the path of a DuckDB file"),
        ("duckdb:///x.duckdb?access_mode=secret", "has parameters"),
        ("duckdb:///x%3F.duckdb", "contains a character that DuckDB cannot use"),
        ("postgresql+unknown://user:secret@host/db", "are not supported"),
        ("jdbc:postgresql://user:secret@host/db", "are not supported"),
        ("postgresql:user:secret@host/db", "lacks its //"),
        ("postgresql://", "names no database"),
        ("postgresql:///", "names no database"),
        ("postgresql://user:secret@host", "names no database"),
        ("postgresql://user:secret/db", "The port"),
        ("postgresql://user@host:secret/db", "The port"),
        ("postgresql://user@host:99999/db", "The port"),
        ("postgresql://user@[::1]:0/db", "The port"),
        ("postgresql://user:a secret@host/db", "contains a blank"),
        ("postgresql://user:secret@[::1/db", "cannot be read"),
    ],
)
def test_an_invalid_address_is_refused_with_a_valid_example(address: str, words: str) -> None:
    """The error shows how an address is written, and never the password."""
    with pytest.raises(ConfigurationError, match=words) as refused:
        destination_of(address)
    assert "duckdb:///tiktok.duckdb" in refused.value.remedy or "postgresql://user:" in refused.value.remedy
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "display_name"),
    [
        ("postgresql+psycopg2://user:p%40ss@host:5432/db", "postgresql://user@host:5432/db"),
        ("postgresql+psycopg://user:p%40ss@host/db?sslmode=require", "postgresql://user@host/db"),
        ("PostgreSQL://user@host/db", "postgresql://user@host/db"),
        ("postgres+asyncpg://host/db", "postgresql://host/db"),
        ("postgresql://user@[::1]:5432/db", "postgresql://user@[::1]:5432/db"),
        ("postgresql://one:5432,two:5433/db", "postgresql://one:5432,two:5433/db"),
        ("postgresql://%2Fvar%2Frun%2Fpostgresql/db", "postgresql://%2Fvar%2Frun%2Fpostgresql/db"),
        ("postgresql:///db?host=/var/run/postgresql", "postgresql:///db"),
    ],
)
def test_addresses_name_databases(address: str, display_name: str) -> None:
    """Those of SQLAlchemy too, which name a driver. libpq gets what it understands."""
    destination = destination_of(address)
    assert destination.display_name == display_name
    make_dsn(destination.address)  # type: ignore[attr-defined]


@pytest.mark.parametrize("dataset", ["a b", "1st", "drop;", "", "Tiktok"])
def test_a_dataset_must_be_a_plain_name(dataset: str) -> None:
    """Users write it in every query, so it must work without quotes."""
    with pytest.raises(ConfigurationError, match="dataset"):
        destination_of("x.duckdb", dataset)


@pytest.mark.parametrize("address", ["x.duckdb", "postgresql://host/db", "sqlite:///x.sqlite"])
def test_a_dataset_that_dlt_would_rename_is_refused(address: str) -> None:
    """A sync would never find its rows. What is accepted stays as it is written, and so does what the advice names."""
    naming = NamingConvention()
    names = {"".join(letters) for size in (1, 2, 3, 4) for letters in itertools.product("a1_", repeat=size)}
    names = {name for name in names if not name[0].isdigit()} | {"tiktok_ads_0", "Ads_", "ADS__x", "a_1_b"}
    for name in names:
        try:
            assert destination_of(address, name).dataset == name
        except ConfigurationError as refused:
            suggested = refused.remedy.removeprefix("Write it as ").removesuffix(".")
            assert naming.normalize_table_identifier(name) != name or name != name.lower()
            assert destination_of(address, suggested)
            assert naming.normalize_table_identifier(suggested) == suggested
        else:
            assert naming.normalize_table_identifier(name) == name


def test_a_folder_of_files_may_have_the_names_that_dlt_would_change() -> None:
    """Dlt has no part in files, and such folders exist."""
    for name in ("ads_", "a__b", "_"):
        assert destination_of("parquet:lake", name).dataset == name


def test_the_file_and_the_dataset_must_have_different_names() -> None:
    """DuckDB would refuse `tiktok.ads` in tiktok.duckdb as ambiguous."""
    with pytest.raises(ConfigurationError, match="same name"):
        destination_of("duckdb:///tiktok.duckdb", "tiktok")
    assert destination_of("duckdb:///tiktok.duckdb").dataset != "tiktok"


@pytest.mark.parametrize("dataset", ["temp", "system", "information_schema", "pg_catalog"])
def test_a_dataset_named_like_a_part_of_duckdb_is_refused(dataset: str, tmp_path: Path) -> None:
    """Before anything is read, and DuckDB really accepts no such schema."""
    with pytest.raises(ConfigurationError, match=f"The dataset '{dataset}' cannot be used in DuckDB"):
        destination_of("x.duckdb", dataset)
    statements = f"CREATE SCHEMA IF NOT EXISTS {dataset}; CREATE TABLE {dataset}.ads (id INTEGER)"
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection, pytest.raises(duckdb.BinderException):
        connection.execute(statements)


def test_a_missing_folder_is_reported_by_name(tmp_path: Path) -> None:
    """A sync does not create a folder, because its name is probably a typing error."""
    with pytest.raises(DestinationError, match=r"The folder .*/nowhere does not exist\."):
        open_database(tmp_path / "nowhere" / "x.duckdb")


def test_a_file_that_is_not_a_database_is_left_unchanged(tmp_path: Path) -> None:
    """It may be a file that somebody needs."""
    path = tmp_path / "x.duckdb"
    path.write_text("Dear diary, " * 1000)
    with pytest.raises(DestinationError, match=r"is not a DuckDB database\."):
        open_database(path)
    assert path.read_text().startswith("Dear diary")


@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "x.csv", "x.parquet", "x.txt"])
def test_a_table_of_somebody_is_no_database(name: str, tmp_path: Path) -> None:
    """DuckDB opens it as a view of itself, into which a sync would load for nothing."""
    path = tmp_path / name
    with duckdb.connect() as connection:
        wanted = {"parquet": "parquet", "jsonl": "json", "json": "json"}.get(name.partition(".")[2], "csv")
        connection.execute(f"COPY (SELECT 1 AS a, 'x' AS b) TO '{path}' (FORMAT {wanted})")
    before = path.read_bytes()
    with pytest.raises(DestinationError, match=rf"{name} exists, and is not a DuckDB database\."):
        open_database(f"duckdb:///{path}")
    with (
        duckdb.connect() as memory,
        pytest.raises(ConfigurationError, match=r"is not a DuckDB database\."),
        DuckDBFile.at(f"duckdb:///{path}").open_read_only(memory),
    ):
        pass
    assert path.read_bytes() == before


def _cut(path: Path) -> None:
    os.truncate(path, 16 * 1024)  # its list of tables is behind that


def _overwritten(path: Path) -> None:
    with path.open("r+b") as file:
        for start in range(0, path.stat().st_size, 4096):  # the header, too
            file.seek(start + 16)
            file.write(b"\xff" * 64)


@pytest.mark.parametrize("damage", [_cut, _overwritten])
def test_a_damaged_file_is_left_unchanged_and_the_advice_works(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """The error says that the file is damaged, and what to do. With a backup in its place, a sync goes on."""
    path = tmp_path / "x.duckdb"
    open_database(path)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE tiktok_ads.mine AS SELECT range AS number, hash(range) AS h FROM range(500000)"
        )
    backup = path.read_bytes()
    damage(path)
    damaged = path.read_bytes()
    with pytest.raises(DestinationError, match=r"is damaged") as refused:
        open_database(path)
    assert "Restore the database from a copy. Without a copy, move it away" in refused.value.remedy
    assert path.read_bytes() == damaged
    path.write_bytes(backup)
    open_database(path)
    path.rename(tmp_path / "away")
    open_database(path)


@pytest.mark.parametrize("fault", ["cut", "overwritten"])
@pytest.mark.parametrize("reading", [True, False])
def test_a_damaged_file_is_named_with_what_helps(tmp_path: Path, fault: str, reading: bool) -> None:
    """A copy that ended too early, or a disk that failed: nothing in the file can be fixed."""
    path = tmp_path / "x.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS a FROM range(100000)")
    content = path.read_bytes()
    path.write_bytes(content[:20000] if fault == "cut" else content[:4100] + b"other" + content[4105:])
    with pytest.raises(duckdb.Error) as caught:
        duckdb.connect(str(path)).execute("SELECT sum(a) FROM t")
    error = destination_of(f"duckdb:///{path}").describe_error(caught.value, reading=reading)
    assert error.message.startswith(f"{path} is damaged: ")
    assert error.remedy.startswith("Restore the database from a copy.")


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    """The error says what it is; nothing crashes."""
    (tmp_path / "x.duckdb").mkdir()
    with pytest.raises(DestinationError, match=r"is a folder\."):
        open_database(tmp_path / "x.duckdb")


def test_a_pipe_in_place_of_a_file_is_refused_at_once(tmp_path: Path) -> None:
    """DuckDB would wait for somebody to write into it, and no signal would end that."""
    os.mkfifo(tmp_path / "x.duckdb")
    with pytest.raises(DestinationError, match=r"is a pipe, a socket or a device, and no file\."):
        open_database(tmp_path / "x.duckdb")


def test_a_link_to_a_folder_that_is_gone_stays(tmp_path: Path) -> None:
    """A disk that is not mounted, for example. The error names the folder that is gone, not that of the link."""
    link = tmp_path / "x.duckdb"
    link.symlink_to(tmp_path / "disk" / "y.duckdb")
    with pytest.raises(DestinationError) as refused:
        open_database(link)
    assert refused.value.message == f"The folder {tmp_path / 'disk'} does not exist."
    assert link.is_symlink()
    (tmp_path / "disk").mkdir()
    open_database(link)
    assert (tmp_path / "disk" / "y.duckdb").is_file()
    assert link.is_symlink()


def test_links_in_a_circle_are_told(tmp_path: Path) -> None:
    """It is no fault of the program."""
    link = tmp_path / "x.duckdb"
    link.symlink_to(link)
    with pytest.raises(DestinationError, match=r"x\.duckdb: .*Too many levels of symbolic links"):
        open_database(link)


def test_a_database_in_use_names_the_process_that_holds_it(tmp_path: Path) -> None:
    """The sync says so before it reads anything."""
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


def test_a_second_sync_into_the_same_database_is_refused(tmp_path: Path) -> None:
    """DuckDB releases its lock between packages, so there is a lock for the whole sync."""
    destination = destination_of(str(tmp_path / "x.duckdb"))
    with reserved(destination):
        with pytest.raises(DestinationError, match=f"Another sync .*process {os.getpid()}"), reserved(destination):
            pass
        assert destination.working_folder.exists()
    assert not destination.working_folder.exists()


def test_the_packages_of_a_killed_sync_are_removed(tmp_path: Path) -> None:
    """An old package must never be loaded on top of newer rows."""
    destination = destination_of(str(tmp_path / "x.duckdb"))
    package = destination.working_folder / "packages-of-before" / "tiktok"
    package.mkdir(parents=True)
    (package / "old").write_text("x")
    with reserved(destination) as folder:
        assert list(folder.iterdir()) == []
        assert not package.exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device", "/data/x"), "disk of .* is full"),
        (duckdb.IOException("IO Error: Could not write file: No space left on device"), "disk of .* is full"),
        (PermissionError(13, "Permission denied", "/data/x"), "permission denied"),
        (OSError(30, "Read-only file system", "/data/x"), "read-only file system"),
        (duckdb.InvalidInputException('Cannot execute statement: "x" in read-only mode!'), "is read-only"),
        (duckdb.Error("An unknown error\nwith a second line"), r"An unknown error\."),
    ],
)
def test_a_disk_error_is_described_in_one_sentence(tmp_path: Path, error: Exception, words: str) -> None:
    """The sentence describes the cause, not the library that wrapped it."""
    wrapped = RuntimeError("Pipeline execution failed at step=load")
    wrapped.__cause__ = error
    described = destination_of(str(tmp_path / "x.duckdb")).describe_error(wrapped)
    assert "\n" not in str(described)
    with pytest.raises(DestinationError, match=words):
        raise described


def test_a_read_only_folder_is_reported(tmp_path: Path) -> None:
    """The sync says so before it reads anything."""
    folder = Path("/sys") if os.geteuid() == 0 else tmp_path  # root can write to its own folder whatever the mode
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
    """A user who installed the Airbyte source alone learns what to add."""
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from tiktok_marketing.config import parse_config\n"
        "from tiktok_marketing import load\n"
        "config = parse_config({'credentials': {'auth_type': 'sandbox_access_token', 'advertiser_id': '1',"
        " 'access_token': 't'}})\n"
        f"load(config, {address!r})"
    )
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    assert f"needs {missing}, which is not installed." in ended.stderr
    assert install_hint(extra) in ended.stderr


def test_opening_waits_for_a_file_that_another_process_has_open(tmp_path: Path) -> None:
    """The notice says who has it open. Once it is closed, the sync goes on; otherwise the error names the process."""
    path = tmp_path / "tiktok.duckdb"
    holding = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.readline()"
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", holding, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == b"open\n"
        destination = destination_of(str(path))
        notices: list[str] = []

        def let_go(text: str) -> None:
            notices.append(text)
            assert holder.stdin is not None
            holder.stdin.write(b"\n")
            holder.stdin.flush()

        with reserved(destination) as folder:
            with pytest.raises(DestinationError, match=f"in use by process {holder.pid}"):
                Loader(destination, folder, notices.append).open(wait=1.0)
            assert len(notices) == 1
            Loader(destination, folder, let_go).open(wait=600.0)
        assert notices[1:] == [notices[1]]
        assert f"in use by process {holder.pid}" in notices[1]
        assert "Waiting up to 600 s for it." in notices[1]
