"""The emulator as a process, what it answers to plain requests, and the truth about its accounts."""

from __future__ import annotations

import contextlib
import json
import subprocess
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from processes import COMMAND

START, END = "2026-02-20", "2026-03-06"
"""The days that clients read: they have ended days before the emulator's clock stands."""

NOW = "2026-03-10T15:00"
"""Where the emulator's clock stands."""


class Emulation(msgspec.Struct, frozen=True, kw_only=True):
    """A running emulator.

    Attributes:
        url: Its address.
        app_id: The app's id.
        secret: The app's secret.
        access_token: The token of all accounts.
        advertiser_ids: These accounts.
        sandbox_access_token: The token of the sandbox account.
        sandbox_advertiser_id: The sandbox account.
    """

    url: str
    app_id: str
    secret: str
    access_token: str
    advertiser_ids: list[str]
    sandbox_access_token: str
    sandbox_advertiser_id: str

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        assert parts.hostname
        assert parts.port
        return parts.hostname, parts.port

    def envelope(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The whole answer to a plain GET request. Lists and objects are sent as JSON."""
        query = urlencode({name: _text(value) for name, value in params.items()})
        headers = {"Access-Token": self.access_token}
        return self._load(f"/open_api/v1.3/{path}?{query}", headers)

    def data(self, path: str, params: Mapping[str, Any]) -> Any:
        """The data of an answer, which must be a success."""
        envelope = self.envelope(path, params)
        assert envelope["code"] == 0, envelope["message"]
        return envelope["data"]

    def pages(self, path: str, params: Mapping[str, Any]) -> list[Any]:
        """All records of a list that plain requests get page by page, in pages of the usual size."""
        records: list[Any] = []
        total = 1
        page = 0
        while page < total:
            page += 1
            data = self.data(path, {**params, "page": page})
            records += data["list"]
            total = data["page_info"]["total_page"]
        return records

    def truth(self, advertiser_id: str, *, include_deleted: bool, start: str = START, end: str = END) -> dict[str, Any]:
        """What a complete read of an account must yield."""
        query = {
            "advertiser_id": advertiser_id,
            "start_date": start,
            "end_date": end,
            "include_deleted": str(include_deleted).lower(),
            "breakdowns": "true",
        }
        return self._load(f"/_emulator/truth?{urlencode(query)}")

    def paths_asked(self) -> set[str]:
        """The endpoints of all requests since the last reset."""
        return {row["path"] for row in self._load("/_emulator/counters")["counts"]}

    def reset(self) -> None:
        """Forget counts, used auth codes and faults."""
        self._load("/_emulator/reset", method="POST")

    def _load(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Any:
        request = urllib.request.Request(self.url + path, headers=dict(headers or {}), method=method)  # noqa: S310
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return json.load(answer)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@contextlib.contextmanager
def running(now: str = NOW) -> Iterator[Emulation]:
    """An emulator in a process of its own, whose clock stands still."""
    command = [COMMAND, "emulator", "--port", "0", "--now", now, "--ads-per-account", "60", "--tier", "unlimited"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        assert process.stdout
        try:
            yield msgspec.json.decode(process.stdout.readline(), type=Emulation)
        finally:
            process.terminate()


def spend(values: Iterable[Any]) -> Decimal:
    """The sum of amounts of money, which are texts or numbers."""
    return sum((Decimal(str(value)) for value in values), Decimal())
