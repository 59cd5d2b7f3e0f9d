"""An emulator that answers while a test calls the library, and a configuration file for it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tiktok_marketing.emulator import Emulator, Options


class Running:
    """An emulator in a thread of its own, as a server is elsewhere."""

    def __init__(self, options: Options) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.emulator = self._run(self._started(options))

    async def _started(self, options: Options) -> Emulator:
        emulator = Emulator(options)
        await emulator.start()
        return emulator

    def _run(self, work: object) -> Emulator:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()  # type: ignore[arg-type, return-value]

    def stop(self) -> None:
        """Close it."""
        self._run(self.emulator.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A small business; `config.json` in the current folder reads its last days."""
    running = Running(Options(tier="unlimited", advertisers=2, days=30, ads_per_account=10))
    emulator = running.emulator
    config = {
        "credentials": {
            "auth_type": "oauth2.0",
            "app_id": emulator.app_id,
            "secret": emulator.secret,
            "access_token": emulator.access_token,
        },
        "start_date": str((datetime.now(UTC) - timedelta(days=12)).date()),
        "requests_per_second": 50,
    }
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
    Path("config.json").write_text(json.dumps(config))
    yield emulator
    running.stop()
