"""TikTok Ads in the form of a Lakeflow community connector."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

import tiktok_marketing as tiktok
from tiktok_marketing.cluster.arrow import FixedSchema
from tiktok_marketing.settings import SETTINGS, variable_of


class TikTokMarketingLakeflowConnect:
    """Reads streams of TikTok Ads as tables.

    Args:
        options: The parameters of the connection.
    """

    def __init__(self, options: dict[str, str]) -> None:
        self._options = dict(options)
        self._reached: dict[str, dict[str, Any]] = {}

    def list_tables(self) -> list[str]:
        """The names of all streams."""
        return [stream.name for stream in tiktok.streams()]

    def get_table_schema(self, table_name: str, table_options: dict[str, str]) -> StructType:  # noqa: ARG002
        """The columns of a stream's table."""
        return from_arrow_schema(FixedSchema(tiktok.stream(table_name)).schema)

    def read_table_metadata(self, table_name: str, table_options: dict[str, str]) -> dict[str, Any]:  # noqa: ARG002
        """The key, the cursor, and how the table is kept up to date."""
        stream = tiktok.stream(table_name)
        metadata: dict[str, Any] = {
            "primary_keys": list(stream.table_key),
            "ingestion_type": "snapshot" if stream.cursor is None else "cdc",
        }
        return metadata if stream.cursor is None else {**metadata, "cursor_field": stream.cursor}

    def read_table(
        self, table_name: str, start_offset: dict[str, Any] | None, table_options: dict[str, str]
    ) -> tuple[Iterator[dict[str, Any]], dict[str, Any] | None]:
        """The records since an offset, and the offset after them.

        The framework asks again until the offset stays. What this run has read stays; the next run goes on from there.
        """
        if start_offset and self._reached.get(table_name) == start_offset:
            return iter(()), start_offset
        records, state = asyncio.run(self._read(table_name, start_offset or {}, table_options))
        if tiktok.stream(table_name).cursor is None:
            return iter(records), None
        self._reached[table_name] = {"state": json.dumps(state)}
        return iter(records), self._reached[table_name]

    async def _read(
        self, table_name: str, before: dict[str, Any], table_options: dict[str, str]
    ) -> tuple[list[dict[str, Any]], Any]:
        given = {**self._options, **table_options}
        environment = {variable_of(each): given[each.name] for each in SETTINGS if given.get(each.name)}
        config = tiktok.load_config(environment=environment)
        records: list[dict[str, Any]] = []
        state = json.loads(before.get("state") or "{}")
        async for event in tiktok.read_async(config, streams=[table_name], state=state):
            if isinstance(event, tiktok.Batch):
                records += event.to_arrow().to_pylist()
            else:
                state = {event.stream: event.state}
        return records, state
