"""Tables as Delta Lake: each change is one commit of the table's log, so that readers see all of it or nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import TableNotFoundError

from tiktok_marketing.catalog import Stream
from tiktok_marketing.pipelines.arrow.tables import newest_of_each_key
from tiktok_marketing.pipelines.databases.deletions import LOAD_ID, replaced_days, vanished
from tiktok_marketing.pipelines.databases.files.arrow_rows import in_span
from tiktok_marketing.pipelines.databases.files.folder import Folder, configuration
from tiktok_marketing.pipelines.databases.files.table_format import File
from tiktok_marketing.pipelines.databases.replacement import Replacement, day_column


class DeltaTables:
    """The tables of one dataset, as Delta."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._options = _storage_options(folder)
        self.written: dict[str, dict[str, File]] = {}

    def files(self, table: str) -> None:
        """Return None: the table keeps account of its files."""
        del table

    def columns(self, table: str) -> frozenset[str] | None:
        """Return the columns of a table; None if there is no table."""
        delta = self._opened(table)
        return None if delta is None else frozenset(field.name for field in delta.schema().fields)

    def has_rows(self, table: str) -> bool:
        """Whether a table has rows."""
        delta = self._opened(table)
        return delta is not None and delta.to_pyarrow_dataset().head(1, columns=[LOAD_ID]).num_rows > 0

    def replace(self, replacement: Replacement, rows: pa.Table) -> None:
        """Put rows into a table, in place of those that they replace.

        Days that are whole are replaced in one commit. Other rows come in a second one, which merges them by key.
        """
        table = replacement.stream.name
        delta = self._opened(table)
        if delta is None:
            if rows.num_rows:
                write_deltalake(self._url(table), rows, mode="append", storage_options=self._options)
            return
        whole, others = _split(replacement, rows)
        days = replaced_days(_with_spans(replacement, begun=False), _quote)
        if days:
            self._overwrite(table, delta, " OR ".join(days), whole)
        delta = self._opened(table) or delta
        for condition in replaced_days(_with_spans(replacement, begun=True), _quote):
            delta.delete(condition)
        if others.num_rows:
            self._merge(table, delta, replacement.stream, others)

    def remove_vanished(
        self, stream: Stream, packages: Collection[str], read: Collection[int] | None, skipped: Collection[int]
    ) -> None:
        """Remove the rows that other packages brought, of accounts that were read (None for all) and not skipped."""
        delta = self._opened(stream.name)
        condition = vanished(packages, read, skipped, _quote)
        if delta is not None and condition is not None:
            delta.delete(condition)

    def rows_by_package(self, stream: Stream, packages: Collection[str]) -> Mapping[str, int]:
        """Return how many rows of each package are in a table."""
        delta = self._opened(stream.name)
        if delta is None:
            return {}
        column = delta.to_pyarrow_dataset().to_table(columns=[LOAD_ID]).column(LOAD_ID)
        counts = {count["values"]: count["counts"] for count in column.value_counts().to_pylist()}
        return {package: counts[package] for package in packages if package in counts}

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table of the record of syncs."""
        write_deltalake(self._url(table), rows, mode="append", schema_mode="merge", storage_options=self._options)

    def recorded(self, table: str, columns: list[str]) -> pa.Table | None:
        """Return columns of a table of the record of syncs; None if there is no table."""
        delta = self._opened(table)
        return None if delta is None else delta.to_pyarrow_dataset().to_table(columns=columns)

    def _overwrite(self, table: str, delta: DeltaTable, days: str, rows: pa.Table) -> None:
        if not rows.num_rows:
            delta.delete(days)
            return
        write_deltalake(
            self._url(table),
            rows,
            mode="overwrite",
            predicate=days,
            schema_mode="merge",
            storage_options=self._options,
        )

    def _merge(self, table: str, delta: DeltaTable, stream: Stream, rows: pa.Table) -> None:
        """Replace the rows whose keys come again."""
        same_key = " AND ".join(f"have.{_quote(name)} = come.{_quote(name)}" for name in stream.table_key)
        unique = newest_of_each_key(rows, stream.table_key)
        if unique.num_rows == rows.num_rows:
            merge = delta.merge(rows, same_key, source_alias="come", target_alias="have", merge_schema=True)
            merge.when_matched_update_all().when_not_matched_insert_all().execute()
            return
        # A merge takes each key once, and TikTok may deliver different rows with one key.
        merge = delta.merge(unique, same_key, source_alias="come", target_alias="have")
        merge.when_matched_delete().execute()
        write_deltalake(self._url(table), rows, mode="append", schema_mode="merge", storage_options=self._options)

    def _opened(self, table: str) -> DeltaTable | None:
        try:
            return DeltaTable(self._url(table), storage_options=self._options)
        except TableNotFoundError:
            return None

    def _url(self, table: str) -> str:
        return f"{self._folder.url}/{table}"


def _with_spans(replacement: Replacement, *, begun: bool) -> Replacement:
    """Return a replacement with only the spans of which some rows are loaded already, or only the others."""
    spans = [span for span in replacement.spans if span.begun is begun]
    return msgspec.structs.replace(replacement, spans=spans)


def _split(replacement: Replacement, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Split rows into those of days that are whole, and the others."""
    whole = pa.array([False] * rows.num_rows, pa.bool_())
    for span in replacement.spans:
        if not span.begun:
            whole = pc.or_(whole, in_span(rows, span, day_column(replacement.stream)))
    return rows.filter(whole), rows.filter(pc.invert(whole))


def _storage_options(folder: Folder) -> dict[str, str]:
    if folder.address.is_local:
        return {}
    from dlt.common.libs.deltalake import deltalake_storage_options

    options: dict[str, Any] = deltalake_storage_options(configuration(folder.address))
    if folder.address.endpoint_url:
        options |= {"aws_endpoint_url": folder.address.endpoint_url}
        if folder.address.endpoint_url.startswith("http://"):
            options |= {"aws_allow_http": "true"}
    return {name: str(value) for name, value in options.items()}


def _quote(name: str) -> str:
    return f'"{name}"'
