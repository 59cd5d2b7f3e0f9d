"""The working folder of a sync is its own: whatever else has its name is neither followed nor emptied."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from postgres_server import Server, server
from processes import COMMAND, Folder
from tiktok_marketing.pipelines import destination_of

pytestmark = pytest.mark.thorough

PLANTED = ["link", "dangling link", "link to a file", "open folder", "file", "fifo"]
if os.geteuid() == 0:  # nobody else can give a folder away
    PLANTED.append("foreign folder")


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A server of Postgres."""
    with server() as running:
        yield running


def plant(kind: str, place: Path, target: Path) -> None:
    """Put something at the place where a working folder will be, and something precious behind it."""
    (target / "packages-1").mkdir(parents=True)
    (target / "packages-1" / "precious").write_text("precious")
    (target / "lock").write_text("1")
    match kind:
        case "link":
            place.symlink_to(target)
        case "dangling link":
            place.symlink_to(target / "nothing")
        case "link to a file":
            place.symlink_to(target / "lock")
        case "file":
            place.write_text("precious")
        case "fifo":
            os.mkfifo(place)
        case _:
            target.rename(place)
            target.symlink_to(place)
            place.chmod(0o777)
            if kind == "foreign folder":
                os.chown(place, 12345, 12345)


def is_untouched(target: Path) -> bool:
    """Whether what is behind the place is as it was."""
    return (
        (target / "packages-1" / "precious").read_text() == "precious"
        and (target / "lock").read_text() == "1"
        and sorted(path.name for path in target.iterdir()) == ["lock", "packages-1"]
    )


@pytest.mark.parametrize("kind", PLANTED)
def test_nothing_planted_in_the_folder_for_temporary_files_is_followed(
    folder: Folder, postgres: Server, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The sync works in another folder, and leaves none behind."""
    temporary = folder.path / "tem po[r]äry"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    address = postgres.new_database().address
    place = destination_of(address).working_folder
    assert place.parent == temporary
    target = folder.path / "target"
    plant(kind, place, target)
    before = set(temporary.iterdir())
    ended = folder.run(
        *(COMMAND, "sync", "--config", "c.json", "--to", address, "--streams", "campaigns"), TMPDIR=str(temporary)
    )
    assert (ended.code, ended.err) == (0, ended.err)
    assert b"campaigns" in ended.out
    assert is_untouched(target)
    assert set(temporary.iterdir()) == before


@pytest.mark.parametrize("kind", PLANTED)
def test_a_database_in_a_folder_for_everybody_is_safe(folder: Folder, kind: str) -> None:
    """A DuckDB file in a folder like /tmp: somebody else may have made what is beside it."""
    shared = folder.path / "shared [1] *='"
    shared.mkdir()
    shared.chmod(0o1777)
    target = folder.path / "target"
    plant(kind, shared / "x.duckdb.loading", target)
    ended = folder.run(
        *(COMMAND, "sync", "--config", "c.json", "--to", str(shared / "x.duckdb"), "--streams", "campaigns")
    )
    assert ended.code == 0
    assert is_untouched(target)
    assert sorted(path.name for path in shared.iterdir()) == ["x.duckdb", "x.duckdb.loading"]


@pytest.mark.parametrize(
    ("kind", "reason"), [("link", "is a link"), ("file", "is not a folder"), ("foreign folder", "belongs to another")]
)
def test_in_a_folder_of_the_user_the_error_names_what_is_in_the_way(folder: Folder, kind: str, reason: str) -> None:
    """There, two syncs must find the same folder, so none of them chooses another."""
    folder.path.chmod(0o700)
    target = folder.path / "target"
    plant(kind, folder.path / "x.duckdb.loading", target)
    ended = folder.run(COMMAND, "sync", "--config", "c.json", "--to", "x.duckdb", "--streams", "campaigns")
    assert ended.code == 1
    assert f"x.duckdb.loading {reason}" in ended.text
    assert "Move it away first." in ended.text
    assert is_untouched(target)


def test_the_working_folder_is_for_its_owner_only(folder: Folder) -> None:
    """Whatever the umask is."""
    folder.emulator.faults.add("path=campaign/get/,hang")
    line = (COMMAND, "sync", "--config", "c.json", "--to", "x.duckdb", "--streams", "campaigns")
    with subprocess.Popen(  # noqa: S603 - our own programs
        line, cwd=folder.path, env=folder.environment({}), umask=0, stderr=subprocess.DEVNULL
    ) as sync:
        place = folder.path / "x.duckdb.loading"
        while not list(place.glob("packages-*")):
            assert sync.poll() is None
        modes = {oct(path.stat().st_mode & 0o777) for path in (place, *place.glob("packages-*"))}
        second = folder.run(*line)
        sync.kill()
    assert modes == {"0o700"}
    assert f"Another sync is loading into {folder.path / 'x.duckdb'} (process {sync.pid})." in second.text
    assert second.code == 1


def test_folders_may_have_any_name(folder: Folder) -> None:
    """DuckDB takes some characters of a path for a pattern."""
    for name in ("a b", "ä店", "we[ird]", "sta*r", "quo'te", "{path}", "a=b", "co:lon;#"):
        (folder.path / name).mkdir()
        to = str(folder.path / name / "x.duckdb")
        for rows in (b"complete", b"complete"):
            ended = folder.run(COMMAND, "sync", "--config", "c.json", "--to", to, "--streams", "campaigns")
            assert (name, ended.code) == (name, 0)
            assert rows in ended.out
        with duckdb.connect(to, read_only=True) as database:
            assert database.execute("SELECT count(*) > 0 FROM tiktok_ads.campaigns").fetchall() == [(True,)]


@pytest.mark.parametrize(("name", "message"), [("100%", "contains a %"), ("wh?t", "that DuckDB cannot use")])
def test_a_name_that_cannot_be_used_is_refused(folder: Folder, name: str, message: str) -> None:
    """DuckDB looks for its log elsewhere if there is a question mark, and dlt formats paths with %."""
    (folder.path / name).mkdir()
    to = str(folder.path / name / "x.duckdb")
    ended = folder.run(COMMAND, "sync", "--config", "c.json", "--to", to, "--streams", "campaigns")
    assert message in ended.text
    assert ended.code in {1, 2}
    assert list((folder.path / name).iterdir()) == []


def test_a_folder_for_temporary_files_that_is_missing_is_no_obstacle(folder: Folder, postgres: Server) -> None:
    """Python takes the system's then. If there is none at all, the message names the variable."""
    address = postgres.new_database().address
    line = (COMMAND, "sync", "--config", "c.json", "--to", address, "--streams", "campaigns")
    assert folder.run(*line, TMPDIR=str(folder.path / "missing")).code == 0
    code = (
        "import tempfile; from tiktok_marketing.cli import main\n"
        "tempfile._candidate_tempdir_list = lambda: ['/missing']\nmain()"
    )
    ended = folder.run(str(Path(COMMAND).with_name("python")), "-c", code, *line[1:])
    assert "name another folder with the environment variable TMPDIR" in ended.text
    assert ended.code == 1


GONE = {
    "doctor": (("--config", "{c}", "--database", "duckdb:///a.duckdb", "--quiet"), 3),
    "sync": (("--config", "{c}", "--to", "duckdb:///a.duckdb"), 2),
    "sync into files": (("--config", "{c}", "--to", "parquet:lake"), 2),
    "sync into SQLite": (("--config", "{c}", "--to", "sqlite:///a.sqlite"), 2),
    "plan": (("--config", "{c}", "--to", "a.duckdb"), 2),
    "state show": (("--database", "a.duckdb"), 2),
    "report": (("--database", "duckdb:///a.duckdb"), 2),
    "demo": ((), 2),
}


@pytest.mark.parametrize("command", GONE)
def test_a_folder_that_was_deleted_is_named(folder: Folder, command: str) -> None:
    """A terminal may stand in such a folder. The doctor could not look; the other commands have nothing to work on."""
    arguments, code = GONE[command]
    (folder.path / "gone").mkdir()
    words = command.partition(" into ")[0].split()
    given = [argument.format(c=folder.path / "c.json") for argument in arguments]
    ended = folder.run("sh", "-c", 'cd gone && rmdir ../gone && exec "$@"', "sh", COMMAND, *words, *given)
    assert "The folder in which this command runs no longer exists" in ended.text
    assert "Change to a folder that exists" in ended.text
    assert ended.code == code


def test_absolute_paths_work_in_a_folder_that_was_deleted(folder: Folder) -> None:
    """Nothing else needs the folder."""
    to = str(folder.path / "a.duckdb")
    line = (COMMAND, "sync", "--config", str(folder.path / "c.json"), "--to", to, "--streams", "campaigns")
    (folder.path / "gone").mkdir()
    ended = folder.run("sh", "-c", 'cd gone && rmdir ../gone && exec "$@"', "sh", *line)
    assert (ended.code, ended.err) == (0, ended.err)
    looked = (COMMAND, "doctor", "--database", to, "--offline", "--streams", "campaigns")
    (folder.path / "gone").mkdir()
    assert folder.run("sh", "-c", 'cd gone && rmdir ../gone && exec "$@"', "sh", *looked).code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor", "--offline", "--database", "duckdb:///{name}.duckdb"),
        ("doctor", "--offline", "--database", "duckdb:///%FF.duckdb"),
        ("sync", "--config", "c.json", "--to", "{name}.duckdb"),
        ("sync", "--config", "c.json", "--to", "sqlite:///{name}.sqlite"),
        ("sync", "--config", "c.json", "--to", "delta:{name}"),
        ("report", "--database", "{name}.duckdb"),
        ("demo", "--database", "{name}.duckdb"),
    ],
    ids=" ".join,
)
def test_a_path_that_is_not_utf_8_is_refused(folder: Folder, arguments: tuple[str, ...]) -> None:
    """DuckDB could not open it. The message shows the byte in a form that every terminal prints."""
    name = os.fsdecode(b"\xff")
    ended = folder.run(COMMAND, *(argument.format(name=name) for argument in arguments))
    assert "is not text in UTF-8" in ended.text or "%FF" in arguments[-1]
    assert "fault of the program" not in ended.text
    assert ended.code in ({2, 3} if "%FF" in arguments[-1] else {2})
    assert not [path for path in folder.path.iterdir() if path.suffix in {".duckdb", ".sqlite"}]


def test_a_database_in_a_folder_that_is_not_utf_8_is_refused(folder: Folder) -> None:
    """The path as written is harmless; that of the working folder is not."""
    inside = folder.path / os.fsdecode(b"\xfe")
    inside.mkdir()
    line = (COMMAND, "doctor", "--offline", "--database", "a.duckdb")
    ended = folder.run("sh", "-c", 'cd "$0" && exec "$@"', str(inside), *line)
    assert "is not text in UTF-8" in ended.text
    assert ended.code == 2
