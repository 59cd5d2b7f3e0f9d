"""Both images are built from pinned bases and pinned packages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from dockerfile import stages_of

ROOT = Path(__file__).parents[2]
DOCKERFILES = ("Dockerfile", "Dockerfile.command")
PINNED = re.compile(r"python:(?P<release>3\.\d+\.\d+)-(?:slim-)?trixie@sha256:[0-9a-f]{64}")


@pytest.mark.parametrize("name", DOCKERFILES)
def test_both_stages_have_the_same_release_by_digest(name: str) -> None:
    """So an image is built from the same bytes on each day."""
    bases = [stage[0].text.partition(" AS ")[0] for stage in stages_of((ROOT / name).read_text())]
    assert len(bases) == 2
    releases = {match["release"] for base in bases if (match := PINNED.fullmatch(base))}
    assert len(releases) == 1
    assert "-slim-" in bases[1]


@pytest.mark.parametrize("name", DOCKERFILES)
def test_everything_that_is_installed_has_hashes(name: str) -> None:
    """What builds the wheel, too."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    installs = re.findall(r"pip (?:--python \S+ )?install ([^&\n]+)", text)
    assert installs
    for options in installs:
        assert "--require-hashes" in options or ("--no-deps" in options and options.strip().endswith("dist/*.whl"))
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    locked = (ROOT / "requirements" / "build.txt").read_text()
    assert all(re.search(rf"(?m)^{re.split('[<>=]', requirement)[0]}==", locked) for requirement in build)
