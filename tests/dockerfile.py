"""Steps through a Dockerfile without an engine: each command runs on this machine, in a folder in place of the root.

The folders `/opt`, `/build` and `/data` of the image are folders below it, and so every path in a command is rewritten.
The commands get this machine's Python in place of the base image's, and nothing of its environment but what pip is set
up with. So what they install, build and compile is real; what only the base image has is not tested.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

_OWN = re.compile(r"(?<![\w./-])/(?=(?:opt|build|data)\b)")
"""The beginning of a path that is the image's own."""


class Instruction(msgspec.Struct, frozen=True):
    """One instruction of a Dockerfile.

    Args:
        name: For example RUN.
        text: What follows it, on one line.
    """

    name: str
    text: str


class Image(msgspec.Struct):
    """What an image is run with.

    Args:
        root: The folder in place of its root.
        variables: Its environment.
        labels: Its labels.
        workdir: Where its programs start, as the Dockerfile has it.
        user: Who runs them.
        entrypoint: The program that it runs, with this machine's paths.
    """

    root: Path
    variables: dict[str, str] = {}
    labels: dict[str, str] = {}
    workdir: str = "/"
    user: str = "root"
    entrypoint: list[str] = []

    def path(self, inside: str) -> Path:
        """Where a path of the image is on this machine."""
        return self.root / inside.lstrip("/")

    def rewritten(self, text: str) -> str:
        """A text with this machine's paths in place of the image's own."""
        return _OWN.sub(f"{self.root}/", text)


def stages_of(text: str) -> list[list[Instruction]]:
    """The stages of a Dockerfile, each with its FROM first."""
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text))
    stages: list[list[Instruction]] = []
    for line in filter(str.strip, joined.splitlines()):
        name, _, rest = line.strip().partition(" ")
        if name == "FROM":
            stages.append([])
        stages[-1].append(Instruction(name, re.sub(r"\s+", " ", rest) if name != "RUN" else rest))
    return stages


class Builder:
    """Builds an image step by step.

    Args:
        context: The folder that is copied from.
        folder: An empty folder for everything that is built.
        arguments: What `--build-arg` passes.
    """

    def __init__(self, context: Path, folder: Path, arguments: Mapping[str, str]) -> None:
        self._context = context
        self._arguments = arguments
        self._folder = folder
        self._root = folder / "root"
        self._image = Image(self._root)
        self._declared: dict[str, str] = {}
        self._copied = list(_copied_files(context))
        self.commands: list[str] = []
        """The shell commands that ran."""
        python = folder / "bin" / "python"
        python.parent.mkdir()
        python.write_text(f'#!/bin/sh\nexec {shlex.quote(_base_python())} "$@"\n')
        python.chmod(0o755)

    def build(self, text: str) -> Image:
        """Step through a whole Dockerfile. The image is that of its last stage."""
        for stage in stages_of(text):
            if self._root.exists():  # the paths in it stay valid for what the next stage copies to the same place
                self._root.rename(self._folder / self._name)
            self._root.mkdir()
            self._image = Image(self._root, self._base_variables())
            self._declared = {}
            self._name = stage[0].text.partition(" AS ")[2] or "last"
            for instruction in stage[1:]:
                getattr(self, f"_{instruction.name.lower()}")(instruction.text)
        return self._image

    def _base_variables(self) -> dict[str, str]:
        return {"PATH": f"{self._folder / 'bin'}:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}

    def _expanded(self, text: str) -> str:
        known = self._image.variables | self._declared
        return re.sub(r"\$\{?(\w+)\}?", lambda match: known.get(match[1], ""), text)

    def _arg(self, text: str) -> None:
        name, _, default = text.partition("=")
        self._declared[name] = self._arguments.get(name, default)

    def _workdir(self, text: str) -> None:
        self._image.workdir = text
        self._image.path(text).mkdir(parents=True, exist_ok=True)

    def _env(self, text: str) -> None:
        for assignment in shlex.split(text):
            name, _, value = assignment.partition("=")
            self._image.variables[name] = self._image.rewritten(self._expanded(value))

    def _label(self, text: str) -> None:
        for assignment in shlex.split(text):
            name, _, value = assignment.partition("=")
            self._image.labels[name] = self._expanded(value)

    def _user(self, text: str) -> None:
        self._image.user = text

    def _entrypoint(self, text: str) -> None:
        self._image.entrypoint = [self._image.rewritten(word) for word in json.loads(text)]

    def _copy(self, text: str) -> None:
        words = text.split()
        if words[0].startswith("--from="):
            source = self._folder / words.pop(0).partition("=")[2]
            shutil.copytree(source / words[0].lstrip("/"), self._image.path(words[1]), symlinks=True)
            return
        *sources, target = words
        goal = self._image.path(self._image.workdir) / target
        for name in sources:
            files = [path for path in self._copied if path == name or path.startswith(f"{name}/")]
            assert files, f"COPY {name}: the context has no such file."
            for path in files:
                into = goal / (Path(path).name if path == name else Path(path).relative_to(name))
                into.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self._context / path, into)

    def _run(self, text: str) -> None:
        variables = self._image.variables | self._declared
        variables |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        self.commands.append(text)
        ended = subprocess.run(  # noqa: S603 - our own Dockerfile
            ["/bin/sh", "-c", self._image.rewritten(text)],
            cwd=self._image.path(self._image.workdir),
            env=variables | {"HOME": str(self._folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"RUN {text}\n{ended.stdout[-2000:]}{ended.stderr[-4000:]}"


def _base_python() -> str:
    """This machine's Python itself, not that of a virtual environment."""
    return str(getattr(sys, "_base_executable", sys.executable))


def _copied_files(context: Path) -> Iterator[str]:
    """The files of a context that `.dockerignore` lets through."""
    rules = [line for line in (context / ".dockerignore").read_text().splitlines() if line.strip()]
    wanted = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    for top in sorted({rule.split("/")[0] for rule in wanted}):
        paths = [context / top] if (context / top).is_file() else (context / top).rglob("*")
        for path in paths:
            relative = path.relative_to(context).as_posix()
            if path.is_file() and not _is_ignored(relative, rules):
                yield relative


def _is_ignored(path: str, rules: Sequence[str]) -> bool:
    """Whether the last rule that matches a path, or a folder that it is in, leaves it out."""
    parts = path.split("/")
    prefixes = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    ignored = False
    for rule in rules:
        pattern = re.compile(_as_expression(rule.removeprefix("!")))
        if any(pattern.fullmatch(prefix) for prefix in prefixes):
            ignored = not rule.startswith("!")
    return ignored


def _as_expression(pattern: str) -> str:
    """A pattern of `.dockerignore` as a regular expression."""
    escaped = re.escape(pattern)
    return escaped.replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
