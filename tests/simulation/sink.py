"""The destinations of records and states, and what remains in them when a sync is killed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from simulation.api import SECRET, TOKEN
from simulation.faults import Broken
from simulation.limits import APP_ID
from tiktok_marketing.airbyte.output import Portion
from tiktok_marketing.catalog import Stream
from tiktok_marketing.clock import Clock
from tiktok_marketing.sync.events import Checkpoint, Event, Notice, Rows, StreamEnded

Key = tuple[str, ...]
_SECRETS = tuple(secret.encode() for secret in (TOKEN, SECRET, APP_ID))
_VERSIONS = {
    "campaigns": "campaign_name",
    "ad_groups": "adgroup_name",
    "ads": "ad_name",
    "creative_assets_images": "file_name",
    "audiences": "name",
    "pixels": "pixel_name",
    "advertisers": "name",
    "advertiser_ids": "advertiser_name",
    "gmv_max_campaigns": "campaign_name",
    "gmv_max_campaign_details": "campaign_name",
}
"""The field of an object that holds its version."""


class Row(NamedTuple):
    """What is known about a row.

    Args:
        version: Its latest version.
        account: Its account.
    """

    version: int
    account: str


class ExpectedRow(NamedTuple):
    """A row that must or may be in the destination.

    Args:
        least: The version it had when the sync began.
        most: The version it has now.
        account: Its account.
        must: Whether it existed all the time, so that it must be there.
    """

    least: int
    most: int
    account: str
    must: bool


Told = tuple[str, Key, Row]
"""A record: its stream, its key and what is known of it."""


class Store:
    """What the destination contains: the latest row of each key, and the latest state of each stream."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[Key, Row]] = {}
        self.states: dict[str, Any] = {}
        self.known: set[str] = set()

    def write(self, records: Iterable[Told]) -> None:
        """Merge records by key."""
        for stream, key, row in records:
            self.rows.setdefault(stream, {})[key] = row

    def whole(self, stream: str, keys: set[Key], skipped: set[str]) -> None:
        """A stream that is read in full each time is complete: delete what it no longer contains."""
        rows = self.rows.setdefault(stream, {})
        for key in [key for key, row in rows.items() if key not in keys and row.account not in skipped]:
            del rows[key]


class Sink(Protocol):
    """Receives the events of a sync. What it has not stored is lost when the sync is killed."""

    async def take(self, event: Event) -> None:
        """Take one event."""
        ...

    async def close(self) -> None:
        """The sync has ended by itself: store everything."""
        ...

    def kill(self) -> None:
        """The process is killed."""
        ...


class DeliveryCheck:
    """Counts and checks what one sync delivers.

    Raises:
        Broken: If a record comes twice, or a secret comes out.
    """

    def __init__(self) -> None:
        self.keys: dict[str, set[Key]] = {}
        self.records = 0
        self.since: dict[str, int] = {}

    def add(self, records: Iterable[Told]) -> None:
        """Count records."""
        for stream, key, _ in records:
            keys = self.keys.setdefault(stream, set())
            if key in keys:
                raise Broken(f"{stream} {key} came twice in one sync")
            keys.add(key)
            self.records += 1
            self.since[stream] = self.since.get(stream, 0) + 1

    def state(self, stream: str, records: float) -> None:
        """Check the number of records that a state covers."""
        if self.since.pop(stream, 0) != records:
            raise Broken(f"a state of {stream} says {records} records")


def records_of(batch: Rows) -> list[Told]:
    """The records of an event."""
    stream, records = batch.stream, []
    for record in batch.records:
        if stream.is_report:
            values: Mapping[str, Any] = {"advertiser_id": batch.advertiser_id} | msgspec.structs.asdict(
                record.dimensions
            )
            metrics: Mapping[str, Any] = msgspec.structs.asdict(record.metrics)
        else:
            values, metrics = record, {}
        records.append(_record_of(stream, values, metrics))
    return records


def _record_of(stream: Stream, values: Mapping[str, Any], metrics: Mapping[str, Any]) -> Told:
    key = tuple(str(values[name]) for name in stream.row_key)
    if stream.is_report:
        version = int(float(metrics["cost" if "cost" in metrics else "spend"]))
    elif stream.name in _VERSIONS:
        version = int(values[_VERSIONS[stream.name]][1:])
    else:
        version = 1
    return stream.name, key, Row(version, str(values["advertiser_id"]))


def look_for_secrets(line: bytes | str) -> None:
    """Check that no output contains a secret.

    Raises:
        Broken: If it does.
    """
    text = line.encode() if isinstance(line, str) else line
    for secret in _SECRETS:
        if secret in text:
            raise Broken(f"a secret came out: {bytes(text)[:200]!r}")


class LineSink:
    """An Airbyte destination: takes lines, writes records as they come, and stores a state some time after them.

    Args:
        store: The stored rows and states.
        streams: The streams by name.
        check: Counts and checks the records.
        rng: Decides how much is stored when the sync is killed.
    """

    def __init__(self, store: Store, streams: Mapping[str, Stream], check: DeliveryCheck, rng: random.Random) -> None:
        self._store = store
        self._streams = streams
        self._check = check
        self._rng = rng
        self._waiting: list[Told | tuple[str, Any]] = []
        self.statuses: dict[str, list[str]] = {}
        self.errors: list[dict[str, Any]] = []

    async def write(self, portion: Portion) -> None:
        """Take lines, as standard output does."""
        lines = b"".join(portion)
        look_for_secrets(lines)
        for line in lines.splitlines():
            message = msgspec.json.decode(line)
            match message["type"]:
                case "RECORD":
                    record = message["record"]
                    data = record["data"]
                    entry = _record_of(self._streams[record["stream"]], data, data.get("metrics", {}))
                    self._check.add([entry])
                    self._waiting.append(entry)
                case "STATE":
                    state = message["state"]
                    name = state["stream"]["stream_descriptor"]["name"]
                    self._check.state(name, state["sourceStats"]["recordCount"])
                    self._waiting.append((name, state["stream"]["stream_state"]))
                    if self._rng.random() < 0.7:
                        self._commit(len(self._waiting))
                case "TRACE":
                    self._trace(message["trace"])

    def _trace(self, trace: Mapping[str, Any]) -> None:
        if trace["type"] == "ERROR":
            self.errors.append(trace["error"])
            return
        status = trace["stream_status"]
        name = status["stream_descriptor"]["name"]
        self.statuses.setdefault(name, []).append(status["status"])

    def _commit(self, count: int) -> None:
        for entry in self._waiting[:count]:
            if len(entry) == 3:
                self._store.write([entry])
            else:
                self._store.states[entry[0]] = entry[1]
        del self._waiting[:count]

    def close(self) -> None:
        """Store everything that arrived."""
        self._commit(len(self._waiting))

    def kill(self) -> None:
        """Store some of what waits, in its order, and lose the rest."""
        self._commit(self._rng.randint(0, len(self._waiting)))
        self._waiting.clear()


class PackageSink:
    """A database that loads records and their states together, in packages, or not at all.

    Args:
        store: The stored rows and states.
        check: Counts and checks the records.
        clock: The time.
        rows: Records of a full package.
        seconds: The age at which a package is loaded.
        loading: Seconds that loading a package takes.
    """

    def __init__(
        self, store: Store, check: DeliveryCheck, clock: Clock, *, rows: int, seconds: float, loading: float
    ) -> None:
        self._store = store
        self._check = check
        self._clock = clock
        self._rows, self._seconds, self._loading = rows, seconds, loading
        self._package: list[Told] = []
        self._states: dict[str, Any] = {}
        self._began = clock.monotonic()
        self._under_way: tuple[float, list[Told], dict[str, Any]] | None = None

    async def take(self, event: Event) -> None:
        """Put an event into the current package."""
        match event:
            case Rows():
                records = records_of(event)
                self._check.add(records)
                self._package += records
            case Checkpoint(stream=stream, state=state, records=records):
                self._check.state(stream.name, records)
                self._states[stream.name] = state
            case Notice(text=text):
                look_for_secrets(text)
            case StreamEnded(failures=failures):
                for failure in failures:
                    look_for_secrets(f"{failure.error} {failure.error.detail} {failure.what}")
        if len(self._package) >= self._rows or self._clock.monotonic() - self._began >= self._seconds:
            await self._load()

    async def _load(self) -> None:
        """Begin to load the package; it is in the database when loading ends."""
        await self._loaded()
        self._under_way = (self._clock.monotonic() + self._loading, self._package, self._states)
        self._package, self._states, self._began = [], {}, self._clock.monotonic()

    async def _loaded(self) -> None:
        if self._under_way is not None:
            wait = self._under_way[0] - self._clock.monotonic()
            if wait > 0:
                await self._clock.sleep(wait)
            self._store_it()

    def _store_it(self) -> None:
        assert self._under_way is not None
        _, records, states = self._under_way
        self._store.write(records)
        self._store.states.update(states)
        self._under_way = None

    async def close(self) -> None:
        """Load what is left."""
        await self._load()
        await self._loaded()

    def kill(self) -> None:
        """Keep a package whose loading has ended, and lose everything else."""
        if self._under_way is not None and self._under_way[0] <= self._clock.monotonic():
            self._store_it()
        self._under_way = None
