"""What is in deploy/, against Kubernetes' own schemas."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

MANIFESTS = sorted((Path(__file__).parents[2] / "deploy").glob("*.yaml"))


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.name)
@pytest.mark.parametrize("version", ["1.29", "1.34"])
def test_a_manifest_has_the_form_that_kubernetes_accepts(python: str, manifest: Path, version: str) -> None:
    """Every field is one that this version knows; 1.29 is the first with `backoffLimitPerIndex` without a switch."""
    command = [str(Path(python).with_name("kubernetes-validate")), "--strict", "-k", version, str(manifest)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own files
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_field_that_does_not_exist_is_noticed(python: str, tmp_path: Path) -> None:
    """Otherwise the test above would show nothing."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(MANIFESTS[0].read_text().replace("completionMode", "completionKind"))
    command = [str(Path(python).with_name("kubernetes-validate")), "--strict", "-k", "1.34", str(wrong)]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0  # noqa: S603
