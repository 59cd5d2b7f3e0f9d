from __future__ import annotations

import os
import signal
import subprocess
import sys

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


SLOW_TO_END = """
import os, time
from tiktok_marketing.stdout import run_program

class Slow:
    def __del__(self, write=os.write, sleep=time.sleep):
        write(1, b"ending")
        sleep(2)

slow = Slow()
run_program(lambda: 130)
"""


def test_ctrl_c_changes_no_exit_code_while_the_program_ends() -> None:
    """Whoever presses it once more gets the code of the program, and no kill by a signal."""
    with subprocess.Popen([sys.executable, "-c", SLOW_TO_END], stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stdout.read(6) == b"ending"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130


THREAD_COMES_BACK_LATE = """
import io, sys, time
import pyarrow as pa, pyarrow.dataset as ds, pyarrow.parquet as pq
from tiktok_marketing import interrupts
from tiktok_marketing.stdout import run_program

class Slow(io.BytesIO):
    seconds = 0.0

    def read(self, *size):
        time.sleep(self.seconds)
        return super().read(*size)

def run():
    content = io.BytesIO()
    pq.write_table(pa.table({"a": range(1000)}), content)
    file = Slow(content.getvalue())
    fragment = ds.ParquetFileFormat().make_fragment(pa.PythonFile(file, mode="r"))
    file.seconds = 0.5
    fragment.scanner().to_reader()
    print("done")
    sys.stderr.write("no line")
    return 3

interrupts.begin()
run_program(run)
"""


def test_a_library_whose_thread_comes_back_late_changes_no_exit_code() -> None:
    """Python would wait for it for ever, or C++ abort the program. What was printed has arrived."""
    command = [sys.executable, "-c", THREAD_COMES_BACK_LATE]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "done\n", "no line")
