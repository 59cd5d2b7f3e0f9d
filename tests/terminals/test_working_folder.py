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
