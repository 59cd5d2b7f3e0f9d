"""The progress of a sync: a picture that fits the terminal, and lines elsewhere."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from typing import Any

import pytest

import terminal
from processes import COMMAND, Folder
from support import quickly
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.cli.progress import Pace, PaceMeter, picture
from tiktok_marketing.emulator import Fault
from tiktok_marketing.pipelines import Snapshot
from tiktok_marketing.sync.run.progress import Progress, StreamProgress

SIZES = [(80, 24), (40, 10), (200, 60), (20, 5), (1, 1)]
PACE = Pace(1234.5, 8.1, 180.0)
NAMES = [stream.name for stream in STREAMS]


def snapshot(running: int, done: int = 0, accounts: int = 3000, received: int = 1, waits_for: str = "") -> Snapshot:
    """A sync of all streams in which some are being read and some are done."""
    phases: list[Any] = ["complete"] * done + ["reading"] * running
    phases += ["waiting"] * (len(NAMES) - len(phases))
    streams = tuple(
        StreamProgress(name=name, phase=phase, records=1_234_567, windows=12_345, windows_total=3_456_789)
        for name, phase in zip(NAMES, phases, strict=True)
    )
    reading = Progress(
        accounts=accounts,
        streams=streams,
        requests={},
        retried=0,
        refused=17,
        received=received,
        rates={},
        quota=10.0,
        seconds=100.0,
    )
    return Snapshot(reading=reading, loaded=dict.fromkeys(NAMES, 1_000_000), packages=1, waits_for=waits_for)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("running", [0, 1, 12, 44])
def test_the_picture_fits_the_terminal(width: int, height: int, running: int) -> None:
    """Otherwise the terminal scrolls, and the picture is drawn again and again."""
    lines = picture(snapshot(running), PACE, width, height)
    assert 1 <= len(lines) <= max(1, height - 1)
    assert all(len(line) <= width for line in lines)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 10), (200, 60)])
def test_totals_rate_and_time_left_come_first_and_done_streams_are_counted(width: int, height: int) -> None:
    """A person who looks up sees the answer at once."""
    lines = picture(snapshot(3, done=31), PACE, width, height)
    first = " ".join(lines[: 6 if width == 40 else 2])
    assert "rows read" in lines[0]
    for words in ("1,234 rows per second", "about 3 min left", "31 of 44 streams done"):
        assert words in first.replace(",  ", ", ")
    assert not any(line.startswith(NAMES[0] + " ") for line in lines)


@pytest.mark.parametrize("width", [80, 40, 30])
def test_names_are_whole_so_that_no_two_look_alike(width: int) -> None:
    """`ads_audience_reports_by_country_daily` and `..._by_platform_daily` differ late."""
    joined = "".join(picture(snapshot(44), PACE, width, 500))
    assert all(name in joined for name in NAMES)


def test_what_does_not_fit_is_counted() -> None:
    """44 streams run at once, and the terminal has 24 lines."""
    lines = picture(snapshot(44), PACE, 80, 24)
    shown = sum(line.split(" ")[0] in NAMES for line in lines)
    assert lines[-1] == f"and {44 - shown} more running"


def test_silence_takes_the_place_of_the_share_and_of_the_time_left() -> None:
    """A percentage that stands still says nothing."""
    meter = PaceMeter()
    waiting = "Waiting for TikTok's answer from /ad/get/ for 12 s."
    assert meter.measure(snapshot(1, waits_for=waiting), 0.0).silence == ""
    assert meter.measure(snapshot(1, waits_for=waiting), 9.0).silence == ""
    silent = meter.measure(snapshot(1, waits_for=waiting), 11.0)
    assert silent.silence == waiting
    drawn = " ".join(picture(snapshot(1, waits_for=waiting), silent, 80, 24))
    assert waiting in drawn
    assert "left" not in drawn
    assert "%" not in drawn
    assert meter.measure(snapshot(1, received=2, waits_for=waiting), 12.0).silence == ""


class Terminal:
    """A sync whose stderr and stdout are a terminal of this size."""

    def __init__(self, folder: Folder, size: tuple[int, int], variables: dict[str, str | None], *options: str) -> None:
        self._master, slave = pty.openpty()
        self.resize(*size)
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [COMMAND, "sync", "--config", "c.json", "--to", "duckdb:///x.duckdb", *options],
            cwd=folder.path,
            env=folder.environment(variables),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def resize(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def run(self, *, resized: tuple[int, int] | None = None) -> tuple[int, str]:
        """Wait for the end. Returns the exit code and what the terminal received."""
        pieces: list[bytes] = []
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if select.select([self._master], [], [], 0.5)[0]:
                try:
                    piece = os.read(self._master, 65536)
                except OSError:  # the other end is closed
                    break
                pieces.append(piece)
                if resized is not None and b"rows read" in piece:
                    self.resize(*resized)
                    os.kill(self._process.pid, signal.SIGWINCH)
                    resized = None
        code = self._process.wait(10)
        os.close(self._master)
        return code, b"".join(pieces).decode("cp1252", "replace")


def slow(folder: Folder) -> None:
    """Answers take long enough for several pictures."""
    folder.emulator.faults.add(Fault(path="report/integrated/get/", latency=1.0))


ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.mark.parametrize(
    "of_terminal",
    quickly(
        ((40, 10), {"TERM": "xterm", "PYTHONIOENCODING": "cp1252", "LANG": "C"}),
        ((80, 24), {"TERM": "xterm"}),
        ((200, 60), {"TERM": "xterm", "NO_COLOR": "1"}),
        ((80, 24), {"TERM": "xterm", "PYTHONIOENCODING": "cp1252", "LANG": "C"}),
    ),
)
def test_a_sync_on_a_terminal_draws_within_it(
    of_terminal: tuple[tuple[int, int], dict[str, str | None]], folder: Folder
) -> None:
    """No line is wider than the terminal, so nothing wraps and the picture stays in place."""
    size, variables = of_terminal
    slow(folder)
    options = ("--streams", "ads*_daily,campaigns*_daily", "--since", "2d")
    code, text = Terminal(folder, size, variables, *options).run()
    assert code == 0, text
    drawn = [line for line in ESCAPES.sub("\n", text).splitlines() if "rows read" in line or " windows" in line]
    assert drawn, text
    assert all(len(line.strip("\r")) <= size[0] for line in drawn if "complete" not in line)
    assert "Traceback" not in text
    if "NO_COLOR" in variables:
        assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", text)


def test_a_terminal_that_changes_its_size_gets_a_picture_of_the_new_size(folder: Folder) -> None:
    """Drawing goes on."""
    slow(folder)
    options = ("--streams", "ads*_daily", "--since", "2d")
    code, text = Terminal(folder, (120, 40), {"TERM": "xterm"}, *options).run(resized=(40, 10))
    assert code == 0, text
    assert "Traceback" not in text


SILENT = (
    COMMAND,
    "sync",
    "--config",
    "c.json",
    "--to",
    "duckdb:///x.duckdb",
    "--streams",
    "campaigns,ads_reports_daily",
)
WAITING = r"Waiting for TikTok's answer from /report/integrated/get/ for (\d+) s"


def silence(folder: Folder) -> None:
    """TikTok accepts requests for reports and does not answer them; everything else it answers at once."""
    folder.emulator.faults.add(Fault(path="report/integrated/get/", latency=600.0))


@pytest.mark.thorough
def test_on_a_terminal_silence_is_said_in_place_of_the_share_and_of_the_time_left(folder: Folder) -> None:
    """With the request and the seconds, which go on. Ctrl-C then loads what was read."""
    silence(folder)
    with terminal.Terminal(SILENT, folder.environment({"TERM": "xterm"}), folder.path) as person:
        first = person.wait_for(WAITING)
        seconds, drawn = int(first[1]), ""
        while seconds <= int(first[1]):  # a picture may be drawn twice in a second
            drawn += ESCAPES.sub("", person.wait_for(rf"(?s).*?{WAITING}")[0])
            seconds = int(re.findall(WAITING, drawn)[-1])
        assert int(first[1]) >= 10
        assert "left" not in drawn
        assert "%" not in drawn
        person.type("\x03")
        assert person.end() == 130


@pytest.mark.thorough
def test_in_a_log_silence_is_a_warning(folder: Folder) -> None:
    """In place of the line with the share, which would repeat itself."""
    silence(folder)
    with subprocess.Popen(  # noqa: S603 - our own command
        [*SILENT, "--log-format", "json"],
        cwd=folder.path,
        env=folder.environment({}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        waiting = []
        for line in process.stderr:
            record = json.loads(line)
            if waiting:
                assert not record["message"].startswith(("0 of", "1 of")), "a line of figures came again"
            waiting += re.findall(WAITING, record["message"]) if record["level"] == "WARNING" else []
            if len(waiting) == 2:
                process.send_signal(signal.SIGINT)
        assert [int(seconds) for seconds in waiting[:2]] == sorted({int(seconds) for seconds in waiting[:2]})
    assert process.returncode == 130


@pytest.mark.parametrize("term", quickly("dumb", None))
def test_a_terminal_that_cannot_move_its_cursor_gets_lines(term: str | None, folder: Folder) -> None:
    """Without any escape sequence."""
    code, text = Terminal(folder, (80, 24), {"TERM": term, "NO_COLOR": "1"}, "--streams", "campaigns").run()
    assert code == 0, text
    assert "campaigns: complete" in text
    assert "\x1b" not in text


def test_a_log_has_time_and_level_in_each_line(folder: Folder) -> None:
    """As text where stderr is no terminal, and as JSON where that is asked for."""
    sync = (COMMAND, "sync", "--config", "c.json", "--to", "duckdb:///x.duckdb", "--streams", "campaigns")
    lines = folder.run(*sync).err.decode().splitlines()
    assert lines
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING) ", line) for line in lines)
    folder.emulator.faults.add(Fault(path="campaign/get/", code=40300))
    ended = folder.run(*sync, "--log-format", "json", "--json")
    records = [json.loads(line) for line in ended.err.decode().splitlines()]
    assert ended.code == 1
    assert {record["level"] for record in records} >= {"WARNING", "ERROR"}
    assert all(set(record) == {"time", "level", "message"} for record in records)
    assert json.loads(ended.out)["complete"] is False


@pytest.mark.parametrize("options", quickly((), ("--json",)))
def test_a_summary_that_nobody_can_read_fails_the_command(options: tuple[str, ...], folder: Folder) -> None:
    """Standard output is closed, and the data are loaded all the same."""
    command = [COMMAND, "sync", "--config", "c.json", "--to", "duckdb:///x.duckdb", "--streams", "campaigns", *options]
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    ended = folder.run(*closed)
    assert ended.code != 0
    assert b"Traceback" not in ended.err
    assert (folder.path / "x.duckdb").exists()
