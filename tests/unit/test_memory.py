from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tiktok_marketing.memory import AddressSpaceMeter, CgroupMeter, Meter, meters, watch

MB = 2**20


def write_files(root: Path, files: dict[str, object]) -> Path:
    """Write these files below a folder that stands for the root of the file system."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    return root


def limits(root: Path) -> list[tuple[int, int]]:
    """The limits in these files, and how much of each is used."""
    return [(meter.limit, meter.used()) for meter in meters(root) if isinstance(meter, CgroupMeter)]


def test_version_2_control_groups_are_read(tmp_path: Path) -> None:
    """The container sees its own group as the root; unused file cache does not count."""
    files = {
        "proc/self/cgroup": "0::/",
        "sys/fs/cgroup/cgroup.controllers": "cpu memory",
        "sys/fs/cgroup/memory.max": 512 * MB,
        "sys/fs/cgroup/memory.current": 300 * MB,
        "sys/fs/cgroup/memory.stat": f"anon 1\ninactive_file {100 * MB}\nactive_file 7",
    }
    assert limits(write_files(tmp_path, files)) == [(512 * MB, 200 * MB)]


def test_limits_of_outer_groups_count(tmp_path: Path) -> None:
    """The container may have no limit, but its pod may have one."""
    files = {
        "proc/self/cgroup": "0::/pod/box",
        "sys/fs/cgroup/cgroup.controllers": "memory",
        "sys/fs/cgroup/pod/box/memory.max": "max",
        "sys/fs/cgroup/pod/box/memory.current": 1,
        "sys/fs/cgroup/pod/memory.max": 64 * MB,
        "sys/fs/cgroup/pod/memory.current": 60 * MB,
    }
    assert limits(write_files(tmp_path, files)) == [(64 * MB, 60 * MB)]


@pytest.mark.parametrize("path", ["/docker/4711", "/"], ids=["the host's path", "its own"])
def test_version_1_control_groups_are_read(tmp_path: Path, path: str) -> None:
    """Beside other controllers; the path may be the host's, and the mount the container's group."""
    files = {
        "proc/self/cgroup": f"9:name=systemd:/\n4:cpu,memory:{path}\n0::/",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": 256 * MB,
        "sys/fs/cgroup/memory/memory.usage_in_bytes": 200 * MB,
        "sys/fs/cgroup/memory/memory.stat": f"cache 3\ntotal_inactive_file {50 * MB}",
    }
    assert limits(write_files(tmp_path, files)) == [(256 * MB, 150 * MB)]


def test_without_a_limit_there_is_no_meter(tmp_path: Path) -> None:
    """`max`, the number that stands for no limit, and a machine without control groups."""
    assert limits(tmp_path) == []
    files = {
        "proc/self/cgroup": "4:memory:/a\n0::/a",
        "sys/fs/cgroup/memory/a/memory.limit_in_bytes": 9223372036854771712,
        "sys/fs/cgroup/unified/cgroup.controllers": "memory",
        "sys/fs/cgroup/unified/a/memory.max": "max",
    }
    assert limits(write_files(tmp_path, files)) == []


def test_a_groups_path_does_not_leave_the_mount(tmp_path: Path) -> None:
    """A group outside what the container sees is written with `..`."""
    files = {"proc/self/cgroup": "4:memory:/../../x", "sys/fs/cgroup/memory/memory.limit_in_bytes": MB}
    assert limits(write_files(tmp_path, files)) == [(MB, 0)]


def test_the_address_space_is_read_from_the_kernel() -> None:
    """This process uses more than ten megabytes of address space and less than a terabyte."""
    assert 10 * MB < AddressSpaceMeter(1, Path("/")).used() < 2**40


class FakeMeter:
    """A limit of 100 MiB with a given usage at each check."""

    limit = 100 * MB
    subject = "the container"

    def __init__(self, *used: int) -> None:
        self.usages = list(used)

    def used(self) -> int:
        """The next figure; the last one repeats."""
        return MB * (self.usages.pop(0) if len(self.usages) > 1 else self.usages[0])


async def reports_of(*limits: Meter) -> list[str]:
    """What a watch reports within a few checks."""
    reports: list[str] = []
    watching = asyncio.create_task(watch(limits, reports.append, interval=0.0))
    await asyncio.wait({watching}, timeout=0.2)
    watching.cancel()
    return reports


async def test_a_limit_is_reported_once_at_nine_tenths() -> None:
    """With the figures, and for whichever limit is reached first."""
    assert await reports_of(FakeMeter(50), FakeMeter(10, 89, 90, 95)) == [
        "95 of the 100 MiB that the container may use are in use"
    ]


async def test_garbage_is_collected_before_a_limit_is_reported() -> None:
    """After a first check that finds the limit reached, memory is freed and checked again."""
    assert await reports_of(FakeMeter(95, 60, 60)) == []
    assert await reports_of() == []
