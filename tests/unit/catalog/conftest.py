"""What Airbyte's connector 5.1.11 declares for the streams of the catalog, for comparison.

A type ends in `?` if null is allowed, an array names its items (`array<string>`), and a text with a format has it
after a colon (`string:date-time(timestamp_without_timezone)`).
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tiktok_marketing.catalog import Stream


class Declared(msgspec.Struct, frozen=True):
    """One stream of Airbyte's connector."""

    primary_key: tuple[str, ...]
    cursor: str | None
    sync_modes: tuple[str, ...]
    fields: dict[str, str] = {}
    report_type: str | None = None
    data_level: str | None = None
    dimensions: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()


class Airbyte(msgspec.Struct, frozen=True):
    """The streams of Airbyte's connector. All reports of a type share one list of fields."""

    streams: dict[str, Declared]
    report_fields: dict[str, dict[str, str]]

    def fields_of(self, name: str) -> dict[str, str]:
        """Return the type of each field of stream `name`; no fields if there is no such stream."""
        declared = self.streams.get(name)
        if declared is None:
            return {}
        if declared.report_type is None:
            return declared.fields
        own = {
            "advertiser_id",
            *declared.dimensions,
            "dimensions",
            *(f"dimensions.{dimension}" for dimension in declared.dimensions),
            "metrics",
            *(f"metrics.{metric}" for metric in declared.metrics),
        }
        return {path: kind for path, kind in self.report_fields[declared.report_type].items() if path in own}


@pytest.fixture(scope="session")
def airbyte() -> Airbyte:
    """The declarations of Airbyte's connector."""
    return msgspec.json.decode(Path(__file__).with_name("airbyte_5_1_11.json").read_bytes(), type=Airbyte)


@pytest.fixture
def declared(stream: Stream, airbyte: Airbyte) -> Declared:
    """The declaration of the stream that the test is about; the test is skipped if there is none."""
    if stream.name not in airbyte.streams:
        pytest.skip("Airbyte's connector has no such stream")
    return airbyte.streams[stream.name]
