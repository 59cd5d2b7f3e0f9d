"""Loads one package of tables and states through dlt, which keeps the states in the database.

Everything here runs in one thread, because dlt's contexts belong to the thread that created them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import dlt
from tiktok_marketing.catalog import Stream
from tiktok_marketing.pipelines.arrow.dlt_hints import column_hints
from tiktok_marketing.pipelines.databases.bookkeeping import PIPELINE
from tiktok_marketing.pipelines.databases.destination import Database
from tiktok_marketing.pipelines.databases.replacement import TableChanges


class DltPipeline:
    """dlt's pipeline into one database.

    Args:
        destination: The database.
        folder: An empty folder for this pipeline alone.
        changes: What a package does to the tables.
    """

    def __init__(self, destination: Database, folder: Path, changes: TableChanges) -> None:
        self._destination = destination
        self._folder = folder
        self._changes = changes
        self._pipeline: Any = None
        self._folders = count()

    def open(self) -> None:
        """Start dlt from what the database has, and from nothing else."""
        self._pipeline = dlt.pipeline(
            PIPELINE,
            destination=self._destination.dlt_destination(self._changes),
            dataset_name=self._destination.dataset,
            pipelines_dir=str(self._folder / str(next(self._folders))),
        )
        self._pipeline.sync_destination()

    def source_state(self) -> Mapping[str, Any]:
        """Return what the last package left beside its rows."""
        state: Mapping[str, Any] = self._pipeline.state.get("sources", {}).get(PIPELINE, {})
        return state

    def known_columns(self) -> dict[str, set[str]]:
        """Return the columns that earlier syncs created, by table."""
        schema = self._pipeline.schemas.get(PIPELINE)
        return {} if schema is None else {name: set(table["columns"]) for name, table in schema.tables.items()}

    def run(
        self,
        tables: Mapping[str, Any],
        streams: Mapping[str, Stream],
        states: Mapping[str, Any],
        filled: Sequence[str],
        reports: Mapping[str, Any],
    ) -> list[str]:
        """Load one package. Returns the ids of what dlt loaded.

        Args:
            tables: Rows per stream name.
            streams: The streams by name.
            states: State per stream name.
            filled: The reports whose tables have rows once the package is loaded.
            reports: The reports of configurations' own, by name, as a configuration describes them.
        """
        source = _source(tables, streams, states, filled, reports)
        info = self._pipeline.run(source, loader_file_format="parquet" if tables else None)
        return list(info.loads_ids)


def _source(
    tables: Mapping[str, Any],
    streams: Mapping[str, Stream],
    states: Mapping[str, Any],
    filled: Sequence[str],
    reports: Mapping[str, Any],
) -> Any:
    """Return a package as a dlt source: a resource per table, and one that carries the states.

    Args:
        tables: Rows per stream name.
        streams: The streams by name.
        states: State per stream name.
        filled: The reports whose tables have rows once the package is loaded.
        reports: The reports of configurations' own, by name, as a configuration describes them.
    """

    def keep_states() -> Iterator[Any]:
        dlt.current.source_state().update(streams=states, filled=list(filled), reports=dict(reports))
        yield from ()

    @dlt.source(name=PIPELINE)  # type: ignore[untyped-decorator]
    def package() -> list[Any]:
        resources = [
            dlt.resource(
                [table],
                name=name,
                primary_key=list(streams[name].row_key),  # for dlt, only the columns that accept no null
                columns=column_hints(streams[name], table),
                write_disposition="append",
            )
            for name, table in tables.items()
        ]
        return [dlt.resource(keep_states, name="states"), *resources]

    return package()
