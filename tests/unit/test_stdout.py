from __future__ import annotations

import os

import pytest

from tiktok_marketing.stdout import write_stdout


def test_what_the_system_leaves_of_a_write_is_written_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that writes only some of the bytes gets the rest with the next call."""
    written = bytearray()

    def take_three(descriptor: int, buffers: list[memoryview]) -> int:
        assert descriptor == 1
        assert 0 < len(buffers) <= 1024
        some = b"".join(buffers)[:3]
        written.extend(some)
        return len(some)

    monkeypatch.setattr(os, "writev", take_three)
    write_stdout([b"0123456789"])
    write_stdout([b"ab", b"", memoryview(b"_c_")[1:2], b"defgh"])
    write_stdout([b""])
    write_stdout([])
    write_stdout([b"x"] * 3000)
    assert written == b"0123456789abcdefgh" + b"x" * 3000


def test_a_system_without_writev_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no `writev`: its buffers are written one by one."""
    written = bytearray()

    def take_three(descriptor: int, data: memoryview) -> int:
        assert descriptor == 1
        written.extend(data[:3])
        return min(3, len(data))

    monkeypatch.delattr(os, "writev")
    monkeypatch.setattr(os, "write", take_three)
    write_stdout([b"0123456789", memoryview(b"abc"), b"d"])
    assert written == b"0123456789abcd"
