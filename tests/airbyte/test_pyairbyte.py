"""PyAirbyte reads this connector into its DuckDB cache, and goes on from what Airbyte's connector has read there."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from airbyte.places import PARITY, PYAIRBYTE, ROOT
from clients.emulation import END, START, Emulation, running, spend
from clients.redirect import redirected
from processes import SOURCE
from tiktok_marketing.catalog import stream_named

pytestmark = pytest.mark.timeout(1_800)  # PyAirbyte starts a connector several times per test

LEVELS = {"advertisers_reports_daily": "advertiser", "campaigns_reports_daily": "campaign", "ads_reports_daily": "ad"}
STREAMS = [*LEVELS, "campaigns", "ads", "advertisers"]
MIDDLE = "2026-02-27"
"""A day at which a first sync ends."""
LATER = "2026-03-03"
TRUST = ROOT / "tests" / "clients" / "trust"
RUNNER = Path(__file__).with_name("runners") / "pyairbyte.py"
OWN_FIELDS = ("_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta")

Cached = dict[str, Any]


@pytest.fixture(scope="module")
def emulation() -> Iterator[Emulation]:
    """The emulator that both connectors ask."""
    with running() as emulation:
        yield emulation


class PyAirbyte:
    """PyAirbyte with one cache, and both connectors.

    Args:
        folder: Where the cache and PyAirbyte's files are.
        emulation: What the connectors ask.
        proxy: What leads Airbyte's connector there.
        certificate: What it must trust for that.
    """

    def __init__(self, folder: Path, emulation: Emulation, proxy: str, certificate: Path) -> None:
        self._folder = folder
        self._emulation = emulation
        self._ours = {"TIKTOK_API_URL": emulation.url}
        self._airbytes = {
            "HTTPS_PROXY": proxy,
            "REQUESTS_CA_BUNDLE": str(certificate),
            "SSL_CERT_FILE": str(certificate),
            "PYTHONPATH": str(TRUST),
        }

    def ours(self, streams: list[str], *, end: str = END, full: bool = False) -> Cached:
        """Read with this connector up to a day."""
        return self._read(SOURCE, self._ours, streams, end, full=full)

    def airbytes(self, streams: list[str], *, end: str = END) -> Cached:
        """Read with Airbyte's 4.7.0 up to a day."""
        executable = str(PARITY / "bin" / "source-tiktok-marketing")
        return self._read(executable, self._airbytes, streams, end, full=False)

    def _read(self, executable: str, variables: dict[str, str], streams: list[str], end: str, *, full: bool) -> Cached:
        credentials = {
            "auth_type": "oauth2.0",
            "app_id": self._emulation.app_id,
            "secret": self._emulation.secret,
            "access_token": self._emulation.access_token,
        }
        days = {"start_date": START, "end_date": end, "attribution_window": 0, "include_deleted": True}
        request = {
            "executable": executable,
            "variables": variables,
            "config": {"credentials": credentials, "requests_per_second": 500, **days},
            "cache": str(self._folder / "cache.duckdb"),
            "streams": streams,
            "full": full,
        }
        ended = subprocess.run(  # noqa: S603 - the runner beside this file
            [str(PYAIRBYTE / "bin" / "python"), "-P", str(RUNNER)],
            input=json.dumps(request),
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self._folder),
                "LANG": "C.UTF-8",
                "AIRBYTE_OFFLINE_MODE": "1",
                "DO_NOT_TRACK": "1",
            },
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
        answer: Cached = json.loads(ended.stdout.splitlines()[-1])
        return answer


@pytest.fixture
def pyairbyte(emulation: Emulation, tmp_path: Path) -> Iterator[PyAirbyte]:
    """PyAirbyte with an empty cache."""
    emulation.reset()
    (tmp_path / "authority").mkdir()
    (tmp_path / "home").mkdir()
    with redirected(tmp_path / "authority", emulation.address) as (proxy, certificate):
        yield PyAirbyte(tmp_path / "home", emulation, proxy.url, certificate)
        assert proxy.refused == []


def metrics(record: dict[str, Any]) -> dict[str, Any]:
    """The figures of a row, which the cache has as an object or as its text."""
    figures = record["metrics"]
    return json.loads(figures) if isinstance(figures, str) else figures


def assert_whole(cached: Cached, emulation: Emulation, end: str = END) -> None:
    """Rows and spend of every report up to a day, and each object once."""
    truths = [emulation.truth(account, include_deleted=True, end=end) for account in emulation.advertiser_ids]
    for stream, level in LEVELS.items():
        table = cached["tables"][stream]
        assert table["rows"] == sum(truth["rows"][level]["daily"] for truth in truths) > 0, stream
        assert spend(metrics(record)["spend"] for record in table["records"]) == spend(
            truth["metrics"][level]["spend"] for truth in truths
        )
    for name in STREAMS:
        stream = stream_named(name)
        assert stream is not None
        keys = Counter(
            tuple(record[field] for field in stream.primary_key) for record in cached["tables"][name]["records"]
        )
        assert keys
        assert set(keys.values()) == {1}, name


def test_a_full_refresh_reads_everything(pyairbyte: PyAirbyte, emulation: Emulation) -> None:
    """The data frame has every field of the stream."""
    first = pyairbyte.ours(STREAMS, full=True)
    assert_whole(first, emulation)
    assert len(first["offered"]) > 40
    stream = stream_named("ads_reports_daily")
    assert stream is not None
    assert {"ad_id", "advertiser_id", "stat_time_day", "metrics", *OWN_FIELDS} <= set(
        first["tables"]["ads_reports_daily"]["columns"]
    )


def test_an_incremental_sync_reads_what_is_new(pyairbyte: PyAirbyte, emulation: Emulation) -> None:
    """The second sync reads the days from the cursor on."""
    first = pyairbyte.ours(STREAMS, end=MIDDLE)
    assert_whole(first, emulation, MIDDLE)
    second = pyairbyte.ours(STREAMS)
    assert_whole(second, emulation)
    assert second["read"] < first["read"] + second["tables"]["ads_reports_daily"]["rows"]


def test_one_cache_goes_from_airbytes_connector_to_ours_and_back(pyairbyte: PyAirbyte, emulation: Emulation) -> None:
    """Each continues from the other's state, and at the end every row of the reports is there once."""
    before = pyairbyte.airbytes(list(LEVELS), end=MIDDLE)
    switched = pyairbyte.ours(list(LEVELS), end=LATER)
    assert "advertiser_id" in switched["tables"]["ads_reports_daily"]["columns"]
    back = pyairbyte.airbytes(list(LEVELS))
    truths = [emulation.truth(account, include_deleted=True) for account in emulation.advertiser_ids]
    for stream, level in LEVELS.items():
        whole = sum(truth["rows"][level]["daily"] for truth in truths)
        assert before["tables"][stream]["rows"] < switched["tables"][stream]["rows"] < whole
        assert back["tables"][stream]["rows"] == whole
        assert spend(metrics(record)["spend"] for record in back["tables"][stream]["records"]) == Decimal(
            spend(truth["metrics"][level]["spend"] for truth in truths)
        )
