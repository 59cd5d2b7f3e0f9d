"""Where a page goes: to a file, through a link or into a pipe, and never in the place of what is no file."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from report.conftest import make_page
from tiktok_marketing.cli.main import run as run_command
from tiktok_marketing.cli.output_file import write_whole
from tiktok_marketing.errors import ConfigurationError
from views.conftest import Filled


def test_a_link_stays_a_link(business: Filled, tmp_path: Path) -> None:
    """The page goes to the file that it leads to, which may not exist yet."""
    (tmp_path / "shared").mkdir()
    target, link = tmp_path / "shared" / "page.html", tmp_path / "latest.html"
    link.symlink_to(target)
    for _ in range(2):
        make_page(business.address, link)
        assert link.is_symlink()
        assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["latest.html", "page.html", "shared"]


def test_a_pipe_gets_the_page_and_stays(business: Filled, tmp_path: Path) -> None:
    """Its reader gets the whole page; a file in its place would leave the reader waiting for ever."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(pipe.read_text, encoding="utf-8")
        make_page(business.address, pipe)
        page = reading.result(timeout=30)
    assert pipe.is_fifo()
    assert page.rstrip().endswith("</html>")
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_socket_is_refused(business: Filled, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing could be written into it, and nothing may take its place."""
    place = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        assert run_command(["report", "--database", business.address, "--output", str(place)]) == 2
    assert place.is_socket()
    assert f"{place} cannot be written: it is not a file." in capfd.readouterr().err


def test_a_reader_that_leaves_is_a_sentence(tmp_path: Path) -> None:
    """And the pipe stays."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: os.close(os.open(pipe, os.O_RDONLY)))
        with pytest.raises(ConfigurationError, match="pipe cannot be written: Broken pipe"):
            write_whole(pipe, "x" * 1_000_000)
    assert pipe.is_fifo()


def test_links_in_a_circle_are_a_sentence(tmp_path: Path) -> None:
    """They lead to no place where a page could be."""
    link = tmp_path / "link"
    link.symlink_to(link)
    with pytest.raises(ConfigurationError, match="link cannot be written: "):
        write_whole(link, "x")
    assert link.is_symlink()


def test_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    """A page that only its owner may read does not become one that everybody may read."""
    page = tmp_path / "page.html"
    page.write_text("old", encoding="utf-8")
    page.chmod(0o600)
    write_whole(page, "new")
    assert page.read_text(encoding="utf-8") == "new"
    assert page.stat().st_mode & 0o777 == 0o600
