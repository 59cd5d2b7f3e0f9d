from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tiktok_marketing.memory import AddressSpaceMeter, CgroupMeter, Meter, meters, watch

MB = 2**20


def tree(root: Path, files: dict[str, object]) -> Path:
    """Write these files below a folder that stands for the root of the file system."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    return root


def limits(root: Path) -> list[tuple[int, int]]:
    """The limits found there, and how much of each is used."""
    return [(meter.limit, meter.used()) for meter in meters(root) if isinstance(meter, CgroupMeter)]


def test_a_container_of_today(tmp_path: Path) -> None:
    """Version 2, where the container sees its own group as the root; files nobody uses do not count."""
    files = {
        "proc/self/cgroup": "0::/",
        "sys/fs/cgroup/cgroup.controllers": "cpu memory",
        "sys/fs/cgroup/memory.max": 512 * MB,
        "sys/fs/cgroup/memory.current": 300 * MB,
        "sys/fs/cgroup/memory.stat": f"anon 1\ninactive_file {100 * MB}\nactive_file 7",
    }
    assert limits(tree(tmp_path, files)) == [(512 * MB, 200 * MB)]


def test_every_group_above_counts(tmp_path: Path) -> None:
    """The nearest limit may be far up: a pod's rather than the container's, which has none."""
    files = {
        "proc/self/cgroup": "0::/pod/box",
        "sys/fs/cgroup/cgroup.controllers": "memory",
        "sys/fs/cgroup/pod/box/memory.max": "max",
        "sys/fs/cgroup/pod/box/memory.current": 1,
        "sys/fs/cgroup/pod/memory.max": 64 * MB,
        "sys/fs/cgroup/pod/memory.current": 60 * MB,
    }
    assert limits(tree(tmp_path, files)) == [(64 * MB, 60 * MB)]


@pytest.mark.parametrize("path", ["/docker/4711", "/"], ids=["the host's path", "its own"])
def test_a_container_of_yesterday(tmp_path: Path, path: str) -> None:
    """Version 1, beside other controllers; the path may be the host's, and the mount the container's group."""
    files = {
        "proc/self/cgroup": f"9:name=systemd:/\n4:cpu,memory:{path}\n0::/",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": 256 * MB,
        "sys/fs/cgroup/memory/memory.usage_in_bytes": 200 * MB,
        "sys/fs/cgroup/memory/memory.stat": f"cache 3\ntotal_inactive_file {50 * MB}",
    }
    assert limits(tree(tmp_path, files)) == [(256 * MB, 150 * MB)]


def test_where_nothing_is_limited_nothing_is_watched(tmp_path: Path) -> None:
    """`max`, the number that stands for none, and a machine without control groups."""
    assert limits(tmp_path) == []
    files = {
        "proc/self/cgroup": "4:memory:/a\n0::/a",
        "sys/fs/cgroup/memory/a/memory.limit_in_bytes": 9223372036854771712,
        "sys/fs/cgroup/unified/cgroup.controllers": "memory",
        "sys/fs/cgroup/unified/a/memory.max": "max",
    }
    assert limits(tree(tmp_path, files)) == []


def test_a_path_never_leads_out_of_the_tree(tmp_path: Path) -> None:
    """A group outside what the container sees is written with `..`."""
    files = {"proc/self/cgroup": "4:memory:/../../x", "sys/fs/cgroup/memory/memory.limit_in_bytes": MB}
    assert limits(tree(tmp_path, files)) == [(MB, 0)]


def test_the_address_space_is_read_from_the_kernel() -> None:
    """This process has more than ten megabytes of addresses and less than a terabyte."""
    assert 10 * MB < AddressSpaceMeter(1, Path("/")).used() < 2**40


class Filling:
    """A limit of 100 of which more is used at each look."""

    limit = 100 * MB
    what = "the container"

    def __init__(self, *used: int) -> None:
        self.left = list(used)

    def used(self) -> int:
        """The next figure; the last one stays."""
        return MB * (self.left.pop(0) if len(self.left) > 1 else self.left[0])


async def told(*limits: Meter) -> list[str]:
    """What a watch says within some looks."""
    said: list[str] = []
    watching = asyncio.create_task(watch(limits, said.append, every=0.0))
    await asyncio.wait({watching}, timeout=0.2)
    watching.cancel()
    return said


async def test_it_is_said_once_when_nine_tenths_are_used() -> None:
    """With the figures, and for whichever limit comes first."""
    assert await told(Filling(50), Filling(10, 89, 90, 95)) == [
        "95 of the 100 MiB that the container may use are in use"
    ]


async def test_what_collecting_garbage_brings_back_ends_nothing() -> None:
    """A look that finds it full is followed by a second one."""
    assert await told(Filling(95, 60, 60)) == []
    assert await told() == []
