"""Whether a Parquet file of a report lies where its rows belong, whatever days they have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tiktok_marketing.catalog import report_stream
from tiktok_marketing.errors import DestinationError
from tiktok_marketing.pipelines.databases.files.address import FilesAddress
from tiktok_marketing.pipelines.databases.files.folder import Folder
from tiktok_marketing.pipelines.databases.files.parquet_tables import ParquetTables
from tiktok_marketing.pipelines.databases.replacement import Replacement

DAILY, HOURLY = report_stream("ads_reports_daily"), report_stream("ads_reports_hourly")
LONG_AGO = -800_000
"""Days before 1970, in a year that Python does not have."""


def folder_of(path: Path) -> Folder:
    """The folder of a dataset called `ads`."""
    return Folder(FilesAddress(str(path)), "ads")


def rows_of(column: str, values: Sequence[object] | pa.Array, account: int = 7) -> pa.Table:
    """Rows with these days or hours."""
    type_ = pa.date32() if column == "stat_time_day" else pa.timestamp("us")
    count = len(values)
    columns = {"advertiser_id": pa.array([account] * count, pa.int64()), column: pa.array(values, type_)}
    return pa.table(columns | {"ad_id": pa.array(range(count), pa.int64()), "_dlt_load_id": ["1"] * count})


@pytest.mark.parametrize(
    ("stream", "column", "values"),
    [
        (DAILY, "stat_time_day", [date(1, 1, 1), date(2026, 1, 31), date(2026, 2, 1), date(9999, 12, 31), None]),
        (DAILY, "stat_time_day", pa.array([LONG_AGO, -LONG_AGO * 10], pa.int32()).view(pa.date32())),
        (HOURLY, "stat_time_hour", pa.array([0, -(2**56), 2**56, None], pa.int64()).view(pa.timestamp("us"))),
    ],
    ids=["days", "days that Python has not", "hours"],
)
def test_files_that_a_sync_writes_are_in_their_place(
    tmp_path: Path, stream: object, column: str, values: Sequence[object]
) -> None:
    """Also of days that TikTok should never send, and of none."""
    tables = ParquetTables(folder_of(tmp_path))
    tables.replace(Replacement(stream=stream), rows_of(column, values))  # type: ignore[arg-type]
    assert sum(file.rows for file in tables.files(stream.name).values()) == len(values)  # type: ignore[attr-defined]


@pytest.mark.parametrize("other", ["account=8/month=2026-01", "account=7/month=2026-02"])
def test_a_file_of_another_place_is_named(tmp_path: Path, other: str) -> None:
    """Of another account, or of another month."""
    file = tmp_path / "ads" / DAILY.name / other / "rows.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(rows_of("stat_time_day", [date(2026, 1, 1), date(2026, 1, 9)]), file)
    with pytest.raises(DestinationError, match="another account or month than its folder") as refused:
        ParquetTables(folder_of(tmp_path)).files(DAILY.name)
    assert str(file) in refused.value.message


def test_a_file_of_other_types_says_nothing_of_its_place(tmp_path: Path) -> None:
    """Whatever reads its rows says what is wrong with them."""
    file = tmp_path / "ads" / DAILY.name / "account=8" / "month=2026-01" / "rows.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table({"advertiser_id": ["7"], "stat_time_day": ["x"]}), file)
    assert len(ParquetTables(folder_of(tmp_path)).files(DAILY.name)) == 1
