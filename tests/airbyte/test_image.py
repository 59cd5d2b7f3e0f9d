"""The image of the Airbyte source: every command of its Dockerfile runs, and the platform's commands run the result."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from airbyte.places import DOCS, READ_ONLY, ROOT
from container import as_stranger, sealed
from dockerfile import Builder, Image, stages_of
from support import catalog_of, config_for
from tiktok_marketing._version import __version__
from tiktok_marketing.emulator import Emulator


def run(image: Image, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the image's program with its environment alone, as a user other than root, where no file can be written."""
    return subprocess.run(  # noqa: S603 - what the Dockerfile built
        [*sealed(), *as_stranger(), *image.entrypoint, *map(str, arguments)],
        env={**image.variables, "PYTHONPATH": str(READ_ONLY), **variables},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def mounted(folder: Path, **contents: Any) -> list[str | Path]:
    """Files that nobody may write, as the platform mounts them, and the options that name them."""
    options: list[str | Path] = []
    for name, content in contents.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(content))
        path.chmod(0o400)
        options += [f"--{name}", path]
    return options


def test_every_command_of_the_dockerfile_runs(image: Image, builder: Builder) -> None:
    """It installs what is locked, builds the wheel with the C extension, and compiles the bytecode."""
    assert image.path("/opt/venv/bin/source-tiktok-marketing").exists()
    assert len(builder.commands) == sum(
        instruction.name == "RUN" for stage in stages_of((ROOT / "Dockerfile").read_text()) for instruction in stage
    )
    assert not image.path("/opt/tools").exists()
    assert not image.path("/build").exists()
    assert not list(image.path("/opt/venv").rglob("pip-*.dist-info"))


def test_the_image_runs_as_a_number(image: Image) -> None:
    """A platform that demands a user other than root can tell that it is one."""
    assert image.user == "1000:1000"


def test_the_labels_and_the_variables_follow_from_what_the_build_was_given(image: Image) -> None:
    """One version, and the address of the docs."""
    versions = {name: value for name, value in image.labels.items() if name.endswith("version")}
    assert versions == {"io.airbyte.version": __version__, "org.opencontainers.image.version": __version__}
    assert {"title", "description", "licenses"} <= {name.rpartition(".")[2] for name in image.labels}
    assert image.variables["AIRBYTE_ENTRYPOINT"] == image.entrypoint[0]
    message = json.loads(run(image, "spec").stdout)
    assert message["spec"]["documentationUrl"] == DOCS


def test_a_build_without_the_version_is_refused(tmp_path: Path) -> None:
    """Its labels would be wrong. The command is the Dockerfile's, with a program in place of the one that was built."""
    (command,) = [
        instruction.text
        for instruction in stages_of((ROOT / "Dockerfile").read_text())[0]
        if instruction.name == "RUN" and "$VERSION" in instruction.text
    ]
    program = tmp_path / "opt" / "venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho {__version__}\n")
    program.chmod(0o755)
    shell = ["/bin/sh", "-c", Image(tmp_path).rewritten(command)]
    refused, accepted = [
        subprocess.run(shell, env={"VERSION": version}, capture_output=True, text=True, check=False)  # noqa: S603
        for version in ("", __version__)
    ]
    assert refused.returncode == 1
    assert "make image" in refused.stdout
    assert accepted.returncode == 0


def test_every_module_that_it_imports_has_bytecode(image: Image) -> None:
    """Nothing can be compiled at run time, so each start would compile what has none."""
    program = (
        "import sys, tiktok_marketing.airbyte.read, tiktok_marketing.airbyte.entrypoint\n"
        "for module in list(sys.modules.values()):\n"
        "    spec = getattr(module, '__spec__', None)\n"
        "    if spec and spec.has_location and str(spec.origin).endswith('.py'): print(spec.cached)\n"
    )
    ended = subprocess.run(  # noqa: S603
        [image.path("/opt/venv/bin/python"), "-c", program],
        env=image.variables,
        capture_output=True,
        text=True,
        check=True,
    )
    cached = [Path(line) for line in ended.stdout.split()]
    assert len(cached) > 100
    assert [path for path in cached if not path.exists()] == []
    assert all(path.is_relative_to(image.path("/opt/bytecode")) for path in cached)


def test_the_platforms_commands_run_without_writing_a_file(image: Image, emulator: Emulator, tmp_path: Path) -> None:
    """`spec`, `check`, `discover` and `read` with mounted files, as another user, from a root that is read-only."""
    address = {"TIKTOK_API_URL": emulator.url}
    config = config_for(emulator)
    assert json.loads(run(image, "spec").stdout)["type"] == "SPEC"
    checked = run(image, "check", *mounted(tmp_path, config=config), **address)
    assert json.loads(checked.stdout)["connectionStatus"] == {"status": "SUCCEEDED"}
    discovered = run(image, "discover", "--config", tmp_path / "config.json", **address)
    assert len(json.loads(discovered.stdout)["catalog"]["streams"]) > 40
    catalog = mounted(tmp_path, catalog=catalog_of(["campaigns", "ads_reports_daily"]))
    finished = run(image, "read", "--config", tmp_path / "config.json", *catalog, **address)
    assert (finished.returncode, finished.stderr) == (0, "")
    states = [json.loads(line)["state"] for line in finished.stdout.splitlines() if '"type":"STATE"' in line]
    state = mounted(tmp_path, state=[states[-1]])
    again = run(image, "read", "--config", tmp_path / "config.json", *catalog[:2], *state, **address)
    assert (again.returncode, again.stderr) == (0, "")
    assert '"type":"RECORD"' in finished.stdout


def test_a_program_that_writes_a_file_would_be_noticed(image: Image, tmp_path: Path) -> None:
    """The guard of the test above."""
    ended = subprocess.run(  # noqa: S603
        [image.path("/opt/venv/bin/python"), "-c", f"open({str(tmp_path / 'x')!r}, 'w')"],
        env={**image.variables, "PYTHONPATH": str(READ_ONLY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 70
    assert "READ-ONLY: open" in ended.stderr
