"""How much memory there is, where somebody has limited it: the container's control group, or the process itself.

A process that passes a container's limit is killed without a word. Whoever watches the figures here can end in order
before that. Where nothing is limited there is nothing to watch.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

FULL = 0.9
"""Share of a limit from which on a sync should end: what is left is for writing down what was read."""
_EVERY = 0.25
"""Seconds between two looks: pages of megabytes come several times a second."""
_UNLIMITED = 2**60
"""Control groups without a limit show a number beyond any memory."""


class Meter(Protocol):
    """One limit, and how much of it is used."""

    @property
    def limit(self) -> int:
        """Bytes that may be used."""
        ...

    @property
    def what(self) -> str:
        """Whose limit it is, for people."""
        ...

    def used(self) -> int:
        """Bytes that are used now."""
        ...


class CgroupMeter:
    """A control group: the container's own or one that it is in.

    Args:
        limit: Bytes.
        usage: The file with the bytes in use.
        stat: The file that tells what of it could be given back.
        given_back: The name there of the bytes of files that nobody has used for a while.
    """

    what = "the container"

    def __init__(self, limit: int, usage: Path, stat: Path, given_back: str) -> None:
        self.limit = limit
        self._usage = usage
        self._stat = stat
        self._given_back = given_back

    def used(self) -> int:
        """The working set: what is in use, without what the kernel would drop before it kills anybody."""
        used = _number(self._usage) or 0
        for line in _text(self._stat).splitlines():
            name, _, value = line.partition(" ")
            if name == self._given_back and value.isdecimal():
                used -= int(value)
        return max(0, used)


class AddressSpaceMeter:
    """The process's own limit (`ulimit -v`), which counts addresses rather than memory.

    Args:
        limit: Bytes.
        root: Where the file system begins.
    """

    what = "the process (ulimit -v)"

    def __init__(self, limit: int, root: Path) -> None:
        self.limit = limit
        self._statm = root / "proc/self/statm"

    def used(self) -> int:
        """The size of the process's address space."""
        pages = _text(self._statm).split(" ")[0]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") if pages.isdecimal() else 0


def meters(root: Path = Path("/")) -> list[Meter]:
    """The limits that hold for this process; none where nothing is limited.

    Args:
        root: Where the file system begins that tells of them.
    """
    found: list[Meter] = list(_cgroups(root))
    try:
        import resource
    except ImportError:  # not a Unix
        return found
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY:
        found.append(AddressSpaceMeter(limit, root))
    return found


def _cgroups(root: Path) -> Iterator[CgroupMeter]:
    """Every limited group that this process is in, the nearest first; each of them may be the one that is full."""
    mounts = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            names = ("memory.max", "memory.current", "inactive_file")
            mount = next((one for one in (mounts, mounts / "unified") if (one / "cgroup.controllers").exists()), None)
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            mount = mounts / "memory"
        else:
            continue
        for folder in _upwards(mount, path) if mount is not None else ():
            limit = _number(folder / names[0])
            if limit is not None and 0 < limit < _UNLIMITED:
                yield CgroupMeter(limit, folder / names[1], folder / "memory.stat", names[2])


def _upwards(mount: Path, path: str) -> Iterator[Path]:
    """The group's folder and those above it; a container often sees its own group as the mount, whatever the path."""
    parts = [part for part in path.split("/") if part not in {"", ".", ".."}]
    for length in range(len(parts), -1, -1):
        yield mount.joinpath(*parts[:length])


async def watch(limits: Sequence[Meter], full: Callable[[str], None], *, every: float = _EVERY) -> None:
    """Look at the limits until one is nearly reached, then say so once; for ever if there is none.

    Args:
        limits: What to look at.
        full: Told which limit it is, and how much of it is used.
        every: Seconds between two looks.
    """
    while True:
        await asyncio.sleep(every)
        for meter in limits:
            if meter.used() < FULL * meter.limit:
                continue
            gc.collect()  # what only waits to be found should end nothing
            used = meter.used()
            if used >= FULL * meter.limit:
                full(f"{_mebibytes(used)} of the {_mebibytes(meter.limit)} MiB that {meter.what} may use are in use")
                return


def _mebibytes(size: int) -> str:
    return f"{size >> 20:,}"


def _number(path: Path) -> int | None:
    """The number that a file holds; None if it has none (`max`, say) or is not there."""
    text = _text(path).strip()
    return int(text) if text.isdecimal() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
