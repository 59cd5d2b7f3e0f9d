"""One version number, in `_version.py`: whatever shows a version shows that one."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tiktok_marketing
from programs import Ended, command, source
from tiktok_marketing._version import __version__
from tiktok_marketing.api.transport import HttpTransport

ROOT = Path(__file__).parents[2]
PACKAGING = ("README.md", "Dockerfile", "Makefile", "pyproject.toml", "setup.py")
OTHER_VERSIONS = {"upgrading.md", "clients.md"}
"""Pages with versions of other packages, or of older ones."""
PAGES = [page for page in (ROOT / "docs").glob("*.md") if page.name not in OTHER_VERSIONS]


def test_only_one_file_of_the_code_and_the_packaging_holds_the_number() -> None:
    """A release changes `_version.py`, the changelog, and the tag in Airbyte's metadata."""
    files = [*(ROOT / "src").rglob("*.py"), *PAGES, *map(ROOT.joinpath, PACKAGING)]
    holding = [path.name for path in files if __version__ in path.read_text(encoding="utf-8")]
    assert holding == ["_version.py"]


def test_a_source_tree_that_was_never_installed_knows_its_version() -> None:
    """No metadata is needed, and nothing that takes time is imported."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); before = set(sys.modules)\n"
        "import tiktok_marketing; print(tiktok_marketing.__version__)\n"
        "print('importlib.metadata' in sys.modules)"
    )
    command_line = [sys.executable, "-I", "-S", "-c", code]  # -S: without site-packages
    ended = subprocess.run(command_line, capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert ended.stdout.split() == [__version__, "False"]


def test_the_package_and_both_executables_show_it() -> None:
    """`__version__`, `source-tiktok-marketing --version` and `tiktok-marketing --version`."""
    assert tiktok_marketing.__version__ == __version__
    assert _shown(source("--version")) == __version__
    assert _shown(command("--version")) == f"tiktok-marketing {__version__}"


def _shown(ended: Ended) -> str:
    assert ended.code == 0
    return ended.out.strip()


async def test_requests_carry_it_as_the_user_agent() -> None:
    """TikTok's support can tell which release sent a request."""
    heads: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, HttpTransport(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as transport:
        await transport.send("advertiser/info/", {}, "token")
    assert re.findall(r"(?im)^user-agent: *(.*?)\r$", heads[0]) == [f"tiktok-marketing/{__version__}"]


def test_the_image_is_labelled_and_tagged_with_it() -> None:
    """`make image` passes the version, the build refuses another one, and the labels repeat it."""
    command = ["make", "--no-print-directory", "-n", "image"]  # within `make test`, too
    planned = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert planned.stdout.split("docker ", 1)[1].split() == [
        *("buildx", "build", "--load", "--build-arg", f"VERSION={__version__}"),
        *("--tag", f"source-tiktok-marketing:{__version__}", "."),
    ]
    build, image = (ROOT / "Dockerfile").read_text().split("\nFROM python:3.13.15-slim-")
    assert 'RUN test "$VERSION" = "$(/opt/venv/bin/python -B -m tiktok_marketing.airbyte --version)"' in build
    assert "\nARG VERSION\n" in image
    assert set(re.findall(r"([\w.]+\.version)=(\S+)", image)) == {
        ("io.airbyte.version", "$VERSION"),
        ("org.opencontainers.image.version", "$VERSION"),
    }


def test_the_image_is_pushed_for_both_architectures() -> None:
    """To the registry that the caller names, with the address of the docs if there is one."""
    command = ["make", "--no-print-directory", "-n", "image-push", "IMAGE=registry.example.com/source-tiktok-marketing"]
    options = "DOCUMENTATION_URL=https://docs.example.com/tiktok"
    planned = subprocess.run([*command, options], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    assert planned.stdout.split("docker ", 1)[1].split() == [
        *("buildx", "build", "--platform", "linux/amd64,linux/arm64", "--push"),
        *("--build-arg", f"VERSION={__version__}", "--build-arg", options),
        *("--tag", f"registry.example.com/source-tiktok-marketing:{__version__}", "."),
    ]


def test_the_image_of_the_command_is_labelled_and_tagged_with_it() -> None:
    """As the one of the Airbyte source is."""
    command = ["make", "--no-print-directory", "-n", "image-command"]  # within `make test`, too
    planned = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert planned.stdout.split("docker ", 1)[1].split() == [
        *("buildx", "build", "--load", "--file", "Dockerfile.command", "--build-arg", f"VERSION={__version__}"),
        *("--tag", f"tiktok-marketing:{__version__}", "."),
    ]
    build, image = (ROOT / "Dockerfile.command").read_text().split("\nFROM python:3.13.15-slim-")
    assert 'RUN test "tiktok-marketing $VERSION" = "$(/opt/venv/bin/tiktok-marketing --version)"' in build
    assert "\nARG VERSION\n" in image
    assert re.findall(r"([\w.]+\.version)=(\S+)", image) == [("org.opencontainers.image.version", "$VERSION")]


def test_the_newest_entry_of_the_changelog_is_about_it() -> None:
    """With the day of the release."""
    headings = re.findall(r"(?m)^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", (ROOT / "CHANGELOG.md").read_text())
    released = [(version, day) for version, day in headings if version != "Unreleased"]
    assert released[0][0] == __version__
    assert all(day for _, day in released)


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", "LICENSE"])
def test_the_project_is_called_by_its_name(page: str) -> None:
    """`source-tiktok-marketing` is the name of the Airbyte executable and image, not of the project."""
    text = (ROOT / page).read_text()
    assert "tiktok-marketing" in text
    assert not re.search(r"^# source-tiktok-marketing|The source-tiktok-marketing authors", text, re.MULTILINE)
