"""Destinations without load jobs of our own keep the promises of the others: Parquet, and a database through dlt.

`tests/destinations` tries the destinations that need libraries of their own.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support import NOW, config_for, quickly
from tiktok_marketing.catalog import stream_named
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.errors import ConfigurationError, DestinationChangedError, DestinationError
from tiktok_marketing.pipelines import (
    Destination,
    RunOptions,
    Summary,
    destination_of,
    load_async,
    next_start,
    states_in,
)
from tiktok_marketing.pipelines.databases.files.file_store import STATE
from tiktok_marketing.pipelines.databases.files.folder import LEASE, Folder, Lease
from tiktok_marketing.pipelines.databases.lock import reserved
from tiktok_marketing.pipelines.databases.store import Source
from tiktok_marketing.pipelines.databases.through_dlt.address import DltAddress
from tiktok_marketing.pipelines.databases.through_dlt.destination import DltDestination
from tiktok_marketing.pipelines.databases.through_dlt.services import Service
from tiktok_marketing.pipelines.state_overview import last_syncs
from tiktok_marketing.pipelines.store_loader import StoreLoader

DAILY = "campaigns_reports_daily"
HOURLY = "advertisers_reports_hourly"
LIFETIME = "campaigns_reports_lifetime"
STREAMS = [DAILY, HOURLY, LIFETIME, "campaigns", "advertisers"]
LATER = datetime(2026, 6, 17, 13, 37, tzinfo=UTC)  # no day begins anywhere then, so two syncs leave the same states
Rows = list[tuple[Any, ...]]


class Died(BaseException):
    """The end of a process, which nothing catches."""


class Place:
    """A destination of a test.

    Args:
        destination: The destination.
        ask: Returns columns of a table.
    """

    def __init__(self, destination: Destination, ask: Callable[[str, Sequence[str]], Rows]) -> None:
        self.destination = destination
        self.ask = ask

    def rows(self, name: str) -> Rows:
        """Return a few columns of a table, sorted."""
        return sorted(self.ask(name, columns_of(name)), key=repr)


def columns_of(name: str) -> list[str]:
    """The key of a stream, and figures."""
    stream = stream_named(name)
    assert stream is not None
    return [*stream.table_key, *(("spend", "impressions") if stream.is_report else ())]


def parquet(folder: Path) -> Place:
    """Parquet in a folder."""

    def ask(name: str, columns: Sequence[str]) -> Rows:
        files = sorted((folder / "lake" / "tiktok_ads" / name).rglob("*.parquet"))
        tables = [pq.read_table(file, columns=list(columns), partitioning=None) for file in files]
        return [row for table in tables for row in zip(*(c.to_pylist() for c in table.columns), strict=True)]

    return Place(destination_of(f"parquet:{folder / 'lake'}"), ask)


def through_dlt(folder: Path) -> Place:
    """A DuckDB file, through dlt's own way into DuckDB."""
    path = folder / "through_dlt.duckdb"
    service = Service(
        name="duckdb",
        schemes=("test",),
        extra="load",
        libraries=("duckdb",),
        example="test:file",
        atomic=True,
        file_format="parquet",
    )

    def ask(name: str, columns: Sequence[str]) -> Rows:
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.execute(f"SELECT {', '.join(columns)} FROM tiktok_ads.{name}").fetchall()  # noqa: S608

    return Place(DltDestination(DltAddress(service, f"test:{path}", "tiktok_ads", str(path))), ask)


@pytest.fixture(params=quickly(parquet, through_dlt), ids=["parquet", "through dlt"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A destination of each sort."""
    made: Place = request.param(tmp_path)
    return made


async def synced(
    to: Destination | str,
    emulator: Emulator,
    now: datetime = NOW,
    *,
    full: bool = False,
    streams: Sequence[str] = STREAMS,
) -> Summary:
    """Sync the days of two months into a destination."""
    settings = {"start_date": "2026-05-29", "include_deleted": True, "attribution_window": 4}
    config = parse_config(config_for(emulator, **settings))
    options = RunOptions(clock=FixedClock(now), address=emulator.url)
    return await load_async(config, to, streams=streams, full=full, options=options)


def business(**options: Any) -> Options:
    """A business with few, small accounts."""
    return Options(now=NOW, tier="unlimited", advertisers=3, days=40, ads_per_account=10, **options)


def by_account(states: Mapping[str, Any] | None) -> dict[str, Any]:
    """States without the order of their accounts, which is that in which they were read."""
    return {
        name: {**state, "states": sorted(state.get("states", ()), key=lambda each: str(each["partition"]))}
        for name, state in (states or {}).items()
    }


def in_duckdb(path: Path, name: str) -> Rows:
    """Return what our own way into DuckDB has loaded."""
    with duckdb.connect(str(path), read_only=True) as connection:
        sql = f"SELECT {', '.join(columns_of(name))} FROM tiktok_ads.{name}"  # noqa: S608
        return sorted(connection.execute(sql).fetchall(), key=repr)


@pytest.mark.parametrize(
    "taken_back", [pytest.param(0, marks=pytest.mark.thorough), 40, pytest.param(100, marks=pytest.mark.thorough)]
)
async def test_two_syncs_leave_the_rows_that_duckdb_has(place: Place, tmp_path: Path, taken_back: int) -> None:
    """The first reads everything, the second what is new. Rows that TikTok takes back disappear."""
    async with Emulator(business(taken_back=taken_back)) as emulator:
        path = tmp_path / "own.duckdb"
        for now in (NOW, LATER):
            emulator.clock.set(now)
            ours, summary = await synced(str(path), emulator, now), await synced(place.destination, emulator, now)
            assert summary.complete
            assert {stream.name: stream.rows for stream in summary.streams} == {
                stream.name: stream.rows for stream in ours.streams
            }
            for name in STREAMS:
                assert place.rows(name) == in_duckdb(path, name), name
                assert place.rows(name)
        assert by_account(states_in(place.destination)) == by_account(states_in(destination_of(str(path))))
        start = next_start(place.destination, [])
    assert start is not None
    assert not start.notices


async def test_a_full_sync_reads_everything_again(place: Place) -> None:
    """It replaces what is there, and nothing is there twice."""
    async with Emulator(business()) as emulator:
        first = await synced(place.destination, emulator)
        before = {name: place.rows(name) for name in STREAMS}
        again = await synced(place.destination, emulator, full=True)
    assert again.rows == first.rows
    assert {name: place.rows(name) for name in STREAMS} == before


async def test_a_destination_that_no_sync_has_filled_has_no_states(place: Place) -> None:
    """`plan --to` and the first sync start from nothing, and looking creates nothing."""
    assert states_in(place.destination) is None
    assert next_start(place.destination, []) is None


async def test_the_end_of_the_last_sync_of_each_stream_is_known(place: Place) -> None:
    """In UTC, as `state show` prints it for every kind of destination. Of several syncs, the last one counts."""
    assert last_syncs(place.destination) == {}
    async with Emulator(business()) as emulator:
        await synced(place.destination, emulator)
        last = await synced(place.destination, emulator)
    ended = last.ended.astimezone(UTC).replace(tzinfo=None)
    assert last_syncs(place.destination) == dict.fromkeys(STREAMS, ended)


@pytest.mark.parametrize("moment", quickly("before the rows of the second table", "before the state"))
async def test_a_sync_that_dies_between_rows_and_state_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The state stays where it was, and the next sync replaces the rows that came without it."""
    place = parquet(tmp_path)
    write = Folder.write
    written: list[str] = []

    def dies(self: Folder, name: str, content: bytes) -> None:
        written.append(name)
        tables = {path.partition("/")[0] for path in written if "account=" in path}
        if (name == STATE) if moment == "before the state" else len(tables) > 1:
            raise Died
        write(self, name, content)

    async with Emulator(business()) as emulator:
        await synced(str(tmp_path / "own.duckdb"), emulator)
        with monkeypatch.context() as patched:
            patched.setattr(Folder, "write", dies)
            with pytest.raises(Died):
                await synced(place.destination, emulator)
        assert any("account=" in name for name in written)
        assert states_in(place.destination) is None
        assert (await synced(place.destination, emulator)).complete
    for name in STREAMS:
        assert place.rows(name) == in_duckdb(tmp_path / "own.duckdb", name)


async def test_rows_that_never_arrive_are_covered_by_no_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trigger, or another program that empties the staging tables, makes a load through dlt fail, not lie."""
    from tiktok_marketing.pipelines.databases.through_dlt.dlt_store import DltStore

    place = through_dlt(tmp_path)
    statements = DltStore.statements

    def losing(self: DltStore, table: str, client: Any) -> Sequence[str]:
        staging = client.get_qualified_table_names(table)[1]
        lost = [f"DELETE FROM {staging} WHERE advertiser_id IS NOT NULL"] if table == DAILY else []  # noqa: S608
        return [*lost, *statements(self, table, client)]

    async with Emulator(business()) as emulator:
        with monkeypatch.context() as patched:
            patched.setattr(DltStore, "statements", losing)
            with pytest.raises(DestinationChangedError, match=f"the table {DAILY} lacks"):
                await synced(place.destination, emulator, streams=[DAILY])
        assert not states_in(place.destination)
        assert (await synced(place.destination, emulator, streams=[DAILY])).complete
        assert place.rows(DAILY)


async def test_rows_that_another_program_removes_are_covered_by_no_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are gone at the end of a sync. The next one does what the message says, and the other states stay."""
    place = through_dlt(tmp_path)
    stored = StoreLoader.stored

    def losing(self: StoreLoader) -> Mapping[str, int]:
        with duckdb.connect(str(tmp_path / "through_dlt.duckdb")) as connection:
            connection.execute(f"DELETE FROM tiktok_ads.{DAILY} WHERE stat_time_day < '2026-06-05'")  # noqa: S608
        return stored(self)

    async with Emulator(business()) as emulator:
        with monkeypatch.context() as patched:
            patched.setattr(StoreLoader, "stored", losing)
            ran = await synced(place.destination, emulator, streams=[DAILY, HOURLY])
        (missing,) = ran.missing()
        assert "are not in the table" in missing
        assert "it reads the stream from the start" in missing
        assert list(states_in(place.destination) or {}) == [HOURLY]
        assert (await synced(place.destination, emulator, streams=[DAILY, HOURLY])).complete
        rows = place.rows(DAILY)
        await synced(str(tmp_path / "own.duckdb"), emulator, streams=[DAILY])
        assert rows == in_duckdb(tmp_path / "own.duckdb", DAILY)


async def test_another_program_that_loads_meanwhile_stops_the_sync(place: Place, tmp_path: Path) -> None:
    """Two syncs on two machines reach the same bucket or server, and only a local lock keeps them apart."""
    async with Emulator(business()) as emulator:
        await synced(place.destination, emulator)
        destination = place.destination
        with reserved(destination) as folder:
            store = destination.store(folder)  # type: ignore[attr-defined]
            with store.opened():
                store.begin()
            other = destination.store(tmp_path / "other")  # type: ignore[attr-defined]
            (tmp_path / "other").mkdir()
            with other.opened():
                source = other.begin()
                other.load({}, {}, source.__class__({**source.streams, "new": {}}))
            with store.opened(), pytest.raises(DestinationChangedError, match="another program loaded something"):
                store.check()


def test_a_state_of_a_wrong_clock_does_not_hide_newer_ones(tmp_path: Path) -> None:
    """To dlt, the newest state is that of the package with the latest time, whatever clock has told it."""
    place = through_dlt(tmp_path)

    def loaded(day: str) -> Any:
        """Load a state, as a sync of its own. Returns the states before."""
        folder = tmp_path / day
        folder.mkdir()
        store = place.destination.store(folder)  # type: ignore[attr-defined]
        with store.opened():
            before = store.begin()
            store.create()
            store.load({}, {}, Source({DAILY: {"day": day}}))
        return before

    loaded("2026-01-01")
    with duckdb.connect(str(tmp_path / "through_dlt.duckdb")) as connection:
        connection.execute("USE tiktok_ads")
        for table, column in (("_dlt_loads", "load_id"), ("_dlt_pipeline_state", "_dlt_load_id")):
            connection.execute(f"UPDATE {table} SET {column} = '9' || {column}")  # noqa: S608 - our own names
    assert loaded("2026-01-02").streams == {DAILY: {"day": "2026-01-01"}}
    assert loaded("2026-01-03").streams == {DAILY: {"day": "2026-01-02"}}


async def test_two_syncs_at_once_are_refused(place: Place) -> None:
    """The second one names the first."""
    async with Emulator(business()) as emulator:
        with reserved(place.destination), pytest.raises(DestinationError, match="Another sync is loading into"):
            await synced(place.destination, emulator)


@pytest.mark.thorough
async def test_a_table_that_was_dropped_is_read_again(tmp_path: Path) -> None:
    """The sync says what is gone, and reads that stream from the start."""
    place = through_dlt(tmp_path)
    chosen = [DAILY, LIFETIME]
    async with Emulator(business()) as emulator:
        await synced(place.destination, emulator, streams=chosen)
        before = place.rows(DAILY)
        with duckdb.connect(str(tmp_path / "through_dlt.duckdb")) as connection:
            connection.execute(f"DROP TABLE tiktok_ads.{DAILY}")
        start = next_start(place.destination, [stream for stream in map(stream_named, chosen) if stream])
        again = await synced(place.destination, emulator, NOW + timedelta(minutes=1), streams=chosen)
    assert start is not None
    assert any(f"the table {DAILY} is gone" in text for text in start.notices)
    assert any(f"the table {DAILY} is gone" in text for text in again.notices)
    assert place.rows(DAILY) == before


async def test_a_report_whose_files_are_gone_is_read_again(tmp_path: Path) -> None:
    """A folder that somebody tidied up is filled again."""
    place = parquet(tmp_path)
    async with Emulator(business()) as emulator:
        await synced(place.destination, emulator)
        before = place.rows(DAILY)
        shutil.rmtree(tmp_path / "lake" / "tiktok_ads" / DAILY)
        again = await synced(place.destination, emulator, NOW + timedelta(minutes=1))
    assert any(f"the table {DAILY} is empty" in text for text in again.notices)
    assert place.rows(DAILY) == before


def _without_a_file(files: list[Path]) -> None:
    files[0].unlink()


def _without_rows(files: list[Path]) -> None:
    table = pq.read_table(files[0], partitioning=None)
    pq.write_table(table.slice(0, table.num_rows - 1), files[0])


def _without_a_column(files: list[Path]) -> None:
    for file in files:
        table = pq.read_table(file, partitioning=None).drop_columns(["spend"])
        pq.write_table(table.append_column("account", pa.repeat("1", table.num_rows)), file)  # as DuckDB would


LOSSES = {
    "a file is gone": _without_a_file,
    "a file has lost a row": _without_rows,
    "the files have lost a column": _without_a_column,
}


@pytest.mark.parametrize("loss", quickly(*LOSSES))
async def test_a_report_whose_files_have_lost_something_is_read_again(tmp_path: Path, loss: str) -> None:
    """The sync says which files, makes them whole, and the one after it has nothing to say."""
    place = parquet(tmp_path)
    async with Emulator(business()) as emulator:
        await synced(place.destination, emulator)
        before = place.rows(DAILY)
        files = sorted((tmp_path / "lake" / "tiktok_ads" / DAILY).rglob("*.parquet"))
        LOSSES[loss](files)
        streams = [stream for stream in map(stream_named, STREAMS) if stream]
        start = next_start(place.destination, streams)
        again = await synced(place.destination, emulator, NOW + timedelta(minutes=1))
        assert place.rows(DAILY) == before
        quiet = await synced(place.destination, emulator, NOW + timedelta(minutes=2))
    name = files[0].relative_to(tmp_path / "lake" / "tiktok_ads").as_posix()
    assert start is not None
    for notices in (start.notices, again.notices):
        assert any(name in text and "read again from the start" in text for text in notices)
    assert again.complete
    assert not quiet.notices


DAMAGES = {
    "emptied": lambda file: file.write_bytes(b""),
    "cut in half": lambda file: os.truncate(file, file.stat().st_size // 2),
    "foreign": lambda file: pq.write_table(pq.read_table(file, columns=["spend"], partitioning=None), file),
}


@pytest.mark.parametrize("damage", quickly(*DAMAGES))
async def test_a_damaged_file_is_named_and_the_advice_works(tmp_path: Path, damage: str) -> None:
    """The error names the file and its table. Once the file is gone, a sync makes the report whole."""
    place = parquet(tmp_path)
    async with Emulator(business()) as emulator:
        await synced(place.destination, emulator)
        before = place.rows(DAILY)
        file = min((tmp_path / "lake" / "tiktok_ads" / DAILY).rglob("*.parquet"))
        DAMAGES[damage](file)
        with pytest.raises(DestinationError, match=f"of the table {DAILY} is damaged") as refused:
            await synced(place.destination, emulator)
        assert str(file) in refused.value.message
        file.unlink()
        assert (await synced(place.destination, emulator)).complete
    assert place.rows(DAILY) == before


COPIES = {
    "a file": lambda file: shutil.copy(file, file.with_name("rows copy.parquet")),
    "a month": lambda file: shutil.copytree(file.parent, file.parent.with_name(f"{file.parent.name} copy")),
    "an account": lambda file: shutil.copytree(file.parents[1], f"{file.parents[1]}.old"),
    "a file of the table": lambda file: shutil.copy(file, file.parents[2] / "backup.parquet"),
}


@pytest.mark.parametrize("copy", quickly(*COPIES))
async def test_a_copy_in_the_folder_of_a_table_is_named_and_the_advice_works(tmp_path: Path, copy: str) -> None:
    """Whoever reads the table would find rows twice. Nothing is loaded until the copy is gone."""
    place = parquet(tmp_path)
    async with Emulator(business()) as emulator:
        await synced(place.destination, emulator, streams=[DAILY])
        before = place.rows(DAILY)
        table = tmp_path / "lake" / "tiktok_ads" / DAILY
        files = set(table.rglob("*.parquet"))
        COPIES[copy](min(files))
        copies = set(table.rglob("*.parquet")) - files
        with pytest.raises(DestinationError, match="no sync has written it") as refused:
            await synced(place.destination, emulator, streams=[DAILY])
        assert str(min(copies)) in refused.value.message
        for each in copies:
            each.unlink()
        assert (await synced(place.destination, emulator, streams=[DAILY])).complete
    assert place.rows(DAILY) == before


def to_month(file: Path) -> Path:
    """A month that no sync has read yet."""
    return file.parents[1] / "month=1999-12" / file.name


def over_a_file(file: Path) -> Path:
    """A file of the same account."""
    return max(file.parents[1].rglob("*.parquet"))


def to_account(file: Path) -> Path:
    """An account that no sync knows."""
    return file.parents[2] / "account=1" / file.parent.name / file.name


@pytest.mark.parametrize("place_of", quickly(to_month, over_a_file, to_account))
async def test_a_file_in_the_folder_of_another_is_named_and_the_advice_works(
    tmp_path: Path, place_of: Callable[[Path], Path]
) -> None:
    """A sync would not find its rows, and readers would find them twice."""
    place = parquet(tmp_path)
    async with Emulator(business()) as emulator:
        await synced(place.destination, emulator, streams=[DAILY])
        before = place.rows(DAILY)
        file = min((tmp_path / "lake" / "tiktok_ads" / DAILY).rglob("*.parquet"))
        moved = place_of(file)
        moved.parent.mkdir(parents=True, exist_ok=True)
        file.rename(moved)
        with pytest.raises(DestinationError, match="of another account or month than its folder") as refused:
            await synced(place.destination, emulator, streams=[DAILY])
        assert str(moved) in refused.value.message
        moved.unlink()
        assert (await synced(place.destination, emulator, streams=[DAILY])).complete
    assert place.rows(DAILY) == before


async def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    """The error names it and the table, and the advice works."""
    place = parquet(tmp_path)
    (tmp_path / "lake" / "tiktok_ads").mkdir(parents=True)
    file = tmp_path / "lake" / "tiktok_ads" / "campaigns"
    file.write_text("")
    async with Emulator(business()) as emulator:
        with pytest.raises(DestinationError, match="which holds campaigns") as refused:
            await synced(place.destination, emulator)
        assert f"the folder {file} should be" in refused.value.message
        file.unlink()
        assert (await synced(place.destination, emulator)).complete


async def test_files_that_a_version_without_a_record_of_them_wrote_count_too(tmp_path: Path) -> None:
    """The first sync after the upgrade takes what is there for what should be there."""
    place = parquet(tmp_path)
    state = tmp_path / "lake" / "tiktok_ads" / STATE
    async with Emulator(business()) as emulator:
        await synced(place.destination, emulator)
        before = place.rows(DAILY)
        left = json.loads(state.read_text())
        del left["files"]
        state.write_text(json.dumps(left))
        assert not (await synced(place.destination, emulator, NOW + timedelta(minutes=1))).notices
        next((tmp_path / "lake" / "tiktok_ads" / DAILY).rglob("*.parquet")).unlink()
        assert (await synced(place.destination, emulator, NOW + timedelta(minutes=2))).notices
    assert place.rows(DAILY) == before


async def test_states_that_cannot_be_read_are_never_taken_for_none(tmp_path: Path) -> None:
    """The error names the file and what to do, and the advice works."""
    place = parquet(tmp_path)
    state = tmp_path / "lake" / "tiktok_ads" / STATE
    async with Emulator(business()) as emulator:
        await synced(place.destination, emulator)
        before = place.rows(DAILY)
        left = json.loads(state.read_text())
        edited = [
            {"version": 99},
            {"version": 1, "package": 7},
            {**left, "streams": []},
            {**left, "filled": [5]},
            {**left, "columns": {DAILY: 5}},
            {**left, "reports": "none"},
            {**left, "files": {"tables": left["files"]["tables"]}},
            {**left, "files": {**left["files"], "columns": []}},
            {**left, "files": {**left["files"], "tables": {DAILY: {"a.parquet": [5]}}}},
            {**left, "files": {**left["files"], "tables": {DAILY: {"a.parquet": [5, -1]}}}},
        ]
        for text in ("", "not JSON", "[]", "[" * 100_000, *map(json.dumps, edited)):
            state.write_text(text)
            with pytest.raises(ConfigurationError, match="cannot be read") as refused:
                await synced(place.destination, emulator)
            assert str(state) in refused.value.message
        state.unlink()
        assert (await synced(place.destination, emulator)).complete
    assert place.rows(DAILY) == before


async def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    """Nothing is read from TikTok for a destination that accepts nothing."""
    (tmp_path / "file").write_text("")
    async with Emulator(business()) as emulator:
        with pytest.raises(DestinationError, match="Nothing can be written to parquet:") as refused:
            await synced(f"parquet:{tmp_path / 'file'}", emulator)
        assert refused.value.remedy == "Give the path of a folder."
        with pytest.raises(DestinationError, match="does not exist") as refused:
            await synced(f"parquet:{tmp_path / 'no' / 'such' / 'folder'}", emulator)
        assert emulator.counters.total() == 0


async def test_accounts_that_are_refused_leave_no_new_folder(tmp_path: Path) -> None:
    """A load that fails before anything is loaded leaves nothing behind."""
    async with Emulator(business()) as emulator:
        emulator.faults.add("path=oauth2/advertiser/get/,code=40105,times=1000")
        with pytest.raises(Exception, match="40105"):
            await synced(f"parquet:{tmp_path / 'lake'}", emulator)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - a path in a coroutine


def test_a_lease_keeps_a_sync_on_another_machine_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of this machine is that of a killed sync, because the local lock is held by whoever asks."""
    import socket

    destination = destination_of(f"parquet:{tmp_path / 'lake'}")
    folder = destination._folder()  # type: ignore[attr-defined]
    with Lease(folder, "first", "the bucket").held(), Lease(folder, "second", "the bucket").held():
        with pytest.raises(DestinationError, match="Another sync has begun"):
            Lease(folder, "first", "the bucket").renew()
        monkeypatch.setattr(socket, "gethostname", lambda: "another")
        with pytest.raises(DestinationError, match="on the machine") as refused, Lease(folder, "t", "b").held():
            pass
        assert LEASE in refused.value.remedy
    assert folder.read(LEASE) is None


async def test_no_day_is_there_in_part_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the files after each write sees whole days only."""
    place = parquet(tmp_path)
    async with Emulator(business()) as emulator:
        await synced(place.destination, emulator)
        whole: dict[tuple[Any, ...], int] = {}
        for row in place.rows(DAILY):
            whole[row[0], row[2]] = whole.get((row[0], row[2]), 0) + 1
        write = Folder.write
        seen = 0

        def watched(self: Folder, name: str, content: bytes) -> None:
            nonlocal seen
            write(self, name, content)
            counts: dict[tuple[Any, ...], int] = {}
            for row in place.rows(DAILY):
                counts[row[0], row[2]] = counts.get((row[0], row[2]), 0) + 1
            assert counts == whole
            seen += 1

        monkeypatch.setattr(Folder, "write", watched)
        await asyncio.wait_for(synced(place.destination, emulator, full=True), 120)
    assert seen > 5


async def test_a_state_of_one_report_that_cannot_be_read_costs_that_report(tmp_path: Path) -> None:
    """The others are loaded. The error says what to do, and the advice works."""
    place = parquet(tmp_path)
    file = tmp_path / "lake" / "tiktok_ads" / STATE
    async with Emulator(business()) as emulator:
        await synced(place.destination, emulator)
        before = place.rows(DAILY)
        left = json.loads(file.read_text())
        left["streams"][DAILY] = {"cursors": {"7001": "2026-06-10"}}
        file.write_text(json.dumps(left))
        again = await synced(place.destination, emulator, LATER)
        assert [each.name for each in again.streams if not each.complete] == [DAILY]
        assert f"--streams {DAILY} --full" in "".join(again.missing())
        assert json.loads(file.read_text())["streams"][DAILY] == left["streams"][DAILY]
        assert place.rows(DAILY) == before
        assert (await synced(place.destination, emulator, LATER, full=True, streams=[DAILY])).complete
        assert (await synced(place.destination, emulator, LATER)).complete


async def test_a_report_with_another_key_costs_itself(tmp_path: Path) -> None:
    """Its table has the rows of other dimensions. The other streams are loaded, in a full sync, too."""
    place = parquet(tmp_path)

    async def sync(dimensions: list[str], *, full: bool = False) -> Summary:
        report = {"name": "mine", "level": "campaign", "metrics": ["spend"], "dimensions": dimensions}
        config = parse_config(config_for(emulator, start_date="2026-06-10", custom_reports=[report]))
        options = RunOptions(clock=FixedClock(NOW), address=emulator.url)
        return await load_async(config, place.destination, streams=["mine", DAILY], full=full, options=options)

    async with Emulator(business()) as emulator:
        assert (await sync([])).complete
        before = place.ask("mine", ["campaign_id", "spend"])
        for full in (False, True):
            changed = await sync(["country_code"], full=full)
            assert [each.name for each in changed.streams if not each.complete] == ["mine"]
            assert "Give the report another name" in "".join(changed.missing())
            assert changed.rows > 0
            assert place.ask("mine", ["campaign_id", "spend"]) == before
        assert (await sync([])).complete
