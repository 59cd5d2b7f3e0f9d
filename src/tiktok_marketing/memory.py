"""Limits on memory and how much of them is used: the limit of the container's control group, or of the process itself.

A process that exceeds a container's limit is killed without a message. A sync that watches the figures here can end
cleanly before that. Where no limit is set, there is nothing to watch.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

FULL = 0.9
"""Fraction of a limit at which a sync should end: the rest is for saving what was read."""
_INTERVAL = 0.25
"""Seconds between two checks: pages of megabytes arrive several times per second."""
_UNLIMITED = 2**60
"""Control groups without a limit show a number larger than any memory."""


class Meter(Protocol):
    """One limit, and how much of it is used."""

    @property
    def limit(self) -> int:
        """Bytes that may be used."""
        ...

    @property
    def subject(self) -> str:
        """What is limited, for people."""
        ...

    def used(self) -> int:
        """Bytes in use now."""
        ...


class CgroupMeter:
    """A control group: the container's own or one that contains it.

    Args:
        limit: Bytes.
        usage: The file with the bytes in use.
        stat: The file with the details of that figure.
        reclaimable: The name, in `stat`, of the file cache that has not been used for a while.
    """

    subject = "the container"

    def __init__(self, limit: int, usage: Path, stat: Path, reclaimable: str) -> None:
        self.limit = limit
        self._usage = usage
        self._stat = stat
        self._reclaimable = reclaimable

    def used(self) -> int:
        """The working set: the memory in use, without what the kernel would drop before it kills a process."""
        used = _number(self._usage) or 0
        for line in _text(self._stat).splitlines():
            name, _, value = line.partition(" ")
            if name == self._reclaimable and value.isdecimal():
                used -= int(value)
        return max(0, used)


class AddressSpaceMeter:
    """The process's own limit (`ulimit -v`), which counts address space rather than memory.

    Args:
        limit: Bytes.
        root: The root of the file system.
    """

    subject = "the process (ulimit -v)"

    def __init__(self, limit: int, root: Path) -> None:
        self.limit = limit
        self._statm = root / "proc/self/statm"

    def used(self) -> int:
        """The size of the process's address space."""
        pages = _text(self._statm).split(" ")[0]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") if pages.isdecimal() else 0


def meters(root: Path = Path("/")) -> list[Meter]:
    """The limits of this process; empty if none is set.

    Args:
        root: The root of the file system that describes them.
    """
    limits: list[Meter] = list(_cgroups(root))
    try:
        import resource
    except ImportError:  # not a Unix
        return limits
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY:
        limits.append(AddressSpaceMeter(limit, root))
    return limits


def _cgroups(root: Path) -> Iterator[CgroupMeter]:
    """Every limited group that contains this process, innermost first; any of them may be the one that is full."""
    mounts = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            names = ("memory.max", "memory.current", "inactive_file")
            roots = (mounts, mounts / "unified")
            mount = next((folder for folder in roots if (folder / "cgroup.controllers").exists()), None)
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
    """The group's folder and the folders above it; a container often sees its own group as the mount, not the path."""
    segments = [segment for segment in path.split("/") if segment not in {"", ".", ".."}]
    for length in range(len(segments), -1, -1):
        yield mount.joinpath(*segments[:length])


async def watch(limits: Sequence[Meter], on_full: Callable[[str], None], *, interval: float = _INTERVAL) -> None:
    """Check the limits until one is nearly reached, then report it once; never return if there are no limits.

    Args:
        limits: The limits to check.
        on_full: Called with which limit it is, and how much of it is used.
        interval: Seconds between two checks.
    """
    while True:
        await asyncio.sleep(interval)
        for meter in limits:
            if meter.used() < FULL * meter.limit:
                continue
            gc.collect()  # garbage that is not collected yet should not end a sync
            used = meter.used()
            if used >= FULL * meter.limit:
                limit = _mebibytes(meter.limit)
                on_full(f"{_mebibytes(used)} of the {limit} MiB that {meter.subject} may use are in use")
                return


def _mebibytes(size: int) -> str:
    return f"{size >> 20:,}"


def _number(path: Path) -> int | None:
    """The number in a file; None if it contains none (for example `max`) or does not exist."""
    text = _text(path).strip()
    return int(text) if text.isdecimal() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
