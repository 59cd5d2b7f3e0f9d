"""A new kind of database is a class and a line in `KINDS`: `docs/adding-a-database.md` describes this one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Self

import duckdb
import msgspec
import pyarrow as pa
import pytest

from support import NOW, config_for
from tiktok_marketing.catalog import Stream
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.doctor import DoctorOptions, examine
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.errors import ConfigurationError, DestinationError, NothingToReadError
from tiktok_marketing.pipelines import RunOptions, destination_of, load_async, states_in
from tiktok_marketing.pipelines.databases import kinds
from tiktok_marketing.pipelines.databases.destination import ReadOnlyDatabase, Session
from tiktok_marketing.pipelines.databases.duckdb.load_job import destination as dlt_duckdb
from tiktok_marketing.pipelines.databases.duckdb.load_job import load_file
from tiktok_marketing.pipelines.databases.duckdb.session import DuckDBSession, ReadOnlyDuckDB
from tiktok_marketing.pipelines.databases.replacement import Replacement, TableChanges

DAILY = "campaigns_reports_daily"


class Shelf(msgspec.Struct, frozen=True):
    """A kind of database that only this test knows: `shelf://name` is a database of that name in one folder."""

    name: str
    dataset: str

    folder: ClassVar[Path]
    example: ClassVar[str] = "shelf://name"
    file_endings: ClassVar[tuple[str, ...]] = (".shelf",)
    extra: ClassVar[str] = "load"
    libraries: ClassVar[tuple[str, ...]] = ("dlt", "duckdb", "pyarrow")

    @classmethod
    def at(cls, address: str, dataset: str) -> Self:
        """Read an address."""
        name = address.removeprefix("shelf://").removesuffix(".shelf")
        if not name.isidentifier():
            raise ConfigurationError(f"{address} names nothing on the shelf.", remedy=f"Write it as {cls.example}.")
        return cls(name, dataset)

    @property
    def display_name(self) -> str:
        """The database's name in messages."""
        return f"the shelf {self.name}"

    @property
    def working_folder(self) -> Path:
        """The folder where packages are prepared."""
        return self.folder / f"{self.name}.working"

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / self.name

    @contextmanager
    def exclusive_lock(self, token: str) -> Iterator[None]:
        """Do nothing more."""
        del token
        yield

    def dlt_destination(self, changes: TableChanges) -> Any:
        """Return the destination that dlt loads into."""
        return dlt_duckdb(self.path, changes)

    def load_file(self, session: Any, path: Path, change: Replacement) -> None:
        """Load a file."""
        load_file(session, path, change)

    def identity(self) -> Any:
        """Return the file's inode."""
        return self.path.stat().st_ino if self.path.exists() else None

    def is_about_table(self, error: BaseException) -> bool:
        """Whether a constraint is the reason."""
        return isinstance(error, duckdb.ConstraintException)

    def remedy_for(self, error: BaseException, table: str) -> str:
        """Say nothing special."""
        del error, table
        return ""

    def locked_tables(self, error: BaseException | None = None) -> Mapping[str, str]:
        """Return nothing: a file has one writer."""
        del error
        return {}

    def connect(self, token: str) -> Session:
        """Open the database."""
        del token
        return DuckDBSession(duckdb.connect(str(self.path)), self.dataset)

    @contextmanager
    def open_read_only(self, memory: Any) -> Iterator[ReadOnlyDatabase]:
        """Open the database for reading only."""
        if not self.path.exists():
            raise NothingToReadError(f"{self.display_name} is empty.", remedy="Run a sync first.")
        yield ReadOnlyDuckDB.attach(memory, self.path, self.dataset)

    def sanitize(self, table: pa.Table, stream: Stream) -> pa.Table:
        """Return the table as it is."""
        del stream
        return table

    def describe_error(self, error: BaseException, *, reading: bool = False) -> DestinationError:
        """Say in one sentence what is wrong."""
        return DestinationError(f"{self.display_name}, {reading=}: {error}", remedy="Tidy up.")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kind of database with its line in `KINDS`; returns its folder."""
    monkeypatch.setattr(Shelf, "folder", tmp_path, raising=False)
    monkeypatch.setattr(kinds, "KINDS", {**kinds.KINDS, "shelf": Shelf})
    return tmp_path


async def test_a_new_kind_is_loaded_resumed_and_examined(shelf: Path) -> None:
    """A sync, its state, the doctor and `plan` work with a kind that no module but `KINDS` names."""
    destination = destination_of("shelf://books")
    assert isinstance(destination, Shelf)
    assert states_in(destination) is None
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=2, days=20, ads_per_account=8)) as emulator:
        config = parse_config(config_for(emulator, start_date="2026-06-01", include_deleted=True))
        first, second = [
            await load_async(
                config,
                "shelf://books",
                streams=[DAILY, "campaigns"],
                options=RunOptions(clock=FixedClock(moment), address=emulator.url),
            )
            for moment in (NOW, NOW + timedelta(minutes=1))
        ]
        options = DoctorOptions(database=destination)
        examination = await examine(config, options, clock=FixedClock(NOW), address=emulator.url)
    assert first.complete
    assert second.complete
    assert first.destination == "the shelf books"
    assert 0 < second.rows < first.rows
    assert set(states_in(destination) or ()) == {DAILY, "campaigns"}
    assert not examination.findings
    assert examination.sample is not None
    assert examination.sample.whole
    with duckdb.connect(str(shelf / "books"), read_only=True) as connection:
        assert connection.execute(f"SELECT count(*) FROM tiktok_ads.{DAILY}").fetchone() == (first.streams[0].rows,)  # noqa: S608
    assert os.listdir(shelf) == ["books"]  # noqa: PTH208 - no working folder, and nothing else


@pytest.mark.usefixtures("shelf")
def test_a_path_that_ends_as_a_new_kind_says_needs_no_scheme() -> None:
    """`file_endings` decides which kind a plain path belongs to."""
    assert destination_of("books.shelf") == Shelf("books", "tiktok_ads")


@pytest.mark.usefixtures("shelf")
def test_messages_show_the_address_of_every_kind() -> None:
    """A user who writes an unknown address sees all forms that are supported."""
    with pytest.raises(ConfigurationError) as refused:
        destination_of("oracle://localhost/db")
    for kind in kinds.KINDS.values():
        assert kind.example in refused.value.remedy


@pytest.mark.usefixtures("shelf")
def test_a_new_kind_describes_its_own_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the database reaches the user in the words of its kind, whether it is loaded or read."""

    def broken(*_: Any) -> Any:
        raise OSError("the shelf broke")

    config = parse_config(
        {"credentials": {"auth_type": "sandbox_access_token", "advertiser_id": "1", "access_token": "t"}}
    )
    monkeypatch.setattr(Shelf, "connect", broken)
    with pytest.raises(DestinationError, match="the shelf books, reading=False: the shelf broke"):
        asyncio.run(load_async(config, "shelf://books", streams=["campaigns"]))
    destination = destination_of("shelf://books")
    assert isinstance(destination, Shelf)
    destination.path.write_text("not a database")
    with pytest.raises(DestinationError, match="the shelf books, reading=True"):
        states_in(destination)
