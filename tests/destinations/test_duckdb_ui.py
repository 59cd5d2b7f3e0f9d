"""DuckDB's own interface shows what a sync has loaded. Its extension is beside that of DuckLake."""

from __future__ import annotations

import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from destinations.places import ROOT, python_of
from emulator_process import emulator_process
from processes import free_port

PYTHON = python_of("ducklake")


class Interface:
    """DuckDB's interface, open on a file.

    Args:
        port: Where it listens.
        process: Its process.
    """

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._port = port

    def answer(self, sql: str) -> bytes:
        """What the interface gets to show, in its own format."""
        address = f"http://localhost:{self._port}"
        headers = {"Origin": address, "X-DuckDB-UI-Connection-Name": "notebook"}
        request = urllib.request.Request(f"{address}/ddb/run", sql.encode(), headers)  # noqa: S310 - our own server
        with urllib.request.urlopen(request, timeout=60) as answered:  # noqa: S310
            body: bytes = answered.read()
        return body


@contextmanager
def interface(path: Path) -> Iterator[Interface]:
    """Open a file in the interface, and close it again."""
    port = free_port()
    line = [PYTHON, str(Path(__file__).with_name("duckdb_ui.py")), str(path), str(port)]
    environment = {**os.environ, "HOME": str(path.parent)}
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"ready\n"
        yield Interface(port, process)
        process.stdin.close()
    assert process.returncode == 0


def test_the_interface_shows_the_views_and_a_sync_waits_for_it(tmp_path: Path) -> None:
    """A sync beside it is refused, and names the process that has the file open. It runs once that is closed."""
    path = tmp_path / "tiktok.duckdb"
    with emulator_process("--advertisers", "1", "--days", "10", "--ads-per-account", "5") as emulator:
        environment = {f"TIKTOK_{name.upper()}": emulator.info[name] for name in ("access_token", "app_id", "secret")}
        environment |= {"TIKTOK_API_URL": emulator.url, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}

        line = ["sync", "--to", f"duckdb:///{path}", "--preset", "basics", "--views", "--quiet"]

        def sync(*options: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(  # noqa: S603 - our own command
                [PYTHON, "-m", "tiktok_marketing.cli", *line, *options],
                env={"PATH": os.environ["PATH"], **environment},
                capture_output=True,
                text=True,
                check=False,
            )

        filled = sync()
        assert filled.returncode == 0, filled.stderr
        with interface(path) as opened:
            shown = opened.answer("SELECT 'rows: ' || count(*) FROM tiktok_ads.daily_by_campaign WHERE spend > 0")
            assert b"rows: " in shown
            assert b"rows: 0" not in shown
            comment = opened.answer(
                "SELECT comment FROM duckdb_columns() WHERE table_name = 'daily_by_campaign' AND column_name = 'spend'"
            )
            assert b"spend" in comment.lower() or b"currency" in comment.lower()
            refused = sync("--wait", "0")
            assert refused.returncode == 1
            assert f"PID {opened.process.pid}" in refused.stderr or f"process {opened.process.pid}" in refused.stderr
        again = sync("--wait", "0")
        assert again.returncode == 0, again.stderr
