"""Plans as data, and their partitions read one by one against the emulator."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from on_request.conftest import emulator_of
from support import A_DAY, NOW, cursors_of, quickly
from tiktok_marketing.catalog import stream_named
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.cluster.partition import ReadPartition
from tiktok_marketing.cluster.planning import Division
from tiktok_marketing.cluster.progress import Progress, advance, merge
from tiktok_marketing.cluster.reading import PartitionReader, credentials_in, plan
from tiktok_marketing.config import Config
from tiktok_marketing.connect import connect
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.errors import ConfigurationError, ConnectorError
from tiktok_marketing.library import Batch, read_async
from tiktok_marketing.sync.events import Checkpoint, Rows
from tiktok_marketing.sync.plan.selection import Selected, find_stream
from tiktok_marketing.sync.run.engine import Sync

STREAMS = (
    "ads_reports_daily",
    "campaigns_reports_hourly",
    "campaigns",
    "advertisers",
    "advertiser_ids",
    "advertisers_audience_reports_lifetime",
    "ads_reports_lifetime",
)


@pytest.fixture
async def emulator(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Three accounts at a fixed time, and no quota."""
    options = Options(now=NOW, tier="unlimited", advertisers=3, days=60, anchor=NOW.date(), ads_per_account=10)
    async with Emulator(options) as emulator:
        monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
        yield emulator


def config_of(emulator: Emulator, **fields: Any) -> Config:
    """Reads the emulator as fast as it can."""
    usual: dict[str, Any] = {"start_date": date(2026, 5, 1), "requests_per_second": 500}
    return Config(access_token=emulator.access_token, app_id=emulator.app_id, secret=emulator.secret, **usual | fields)


def keyed(stream: str, records: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The keys of some records."""
    described = stream_named(stream)
    assert described is not None
    return [tuple(record[name] for name in described.table_key) for record in records]


async def read_one(partition: ReadPartition, credentials: Config) -> tuple[list[dict[str, Any]], Progress]:
    """The records of a partition, and how far it got."""
    reader = PartitionReader(partition, credentials, clock=FixedClock(NOW))
    records = [record async for rows in reader.rows() for record in Batch(rows).to_pylist()]
    return records, reader.progress


async def read_whole(config: Config, names: Sequence[str], states: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The records and states of one undivided sync."""
    records: dict[str, Any] = {name: [] for name in names}
    reached = dict(states or {})
    selected = [Selected(find_stream(name), incremental=find_stream(name).cursor is not None) for name in names]
    clock = FixedClock(NOW)
    async with connect(config, clock=clock) as api:
        async for event in Sync(config, selected, states or {}, api, clock).events():
            if isinstance(event, Rows):
                records[event.stream.name] += Batch(event).to_pylist()
            elif isinstance(event, Checkpoint) and event.stream.cursor is not None:
                reached[event.stream.name] = event.state
    return records, reached


def comparable(states: dict[str, Any]) -> Any:
    """Cursors by account, and what they cover."""
    coverage = {
        name: sorted(map(json.dumps, state.get("coverage", []))) for name, state in states.items() if "states" in state
    }
    return cursors_of(states), coverage


@pytest.mark.parametrize("partitions", quickly(7, 1, 2, 20))
async def test_partitions_read_what_one_sync_reads(emulator: Emulator, partitions: int) -> None:
    """In any order, through JSON and pickle: the same records, none twice, and the same states; then again."""
    config = config_of(emulator)
    divided = await plan(config, streams=STREAMS, division=Division(partitions=partitions), clock=FixedClock(NOW))
    travelled = [
        pickle.loads(pickle.dumps(ReadPartition.from_json(partition.to_json())))  # noqa: S301 - our own
        for partition in divided.partitions
    ]
    assert tuple(travelled) == divided.partitions
    random.Random(partitions).shuffle(travelled)
    records: dict[str, list[Any]] = {name: [] for name in STREAMS}
    progresses = []
    for partition in travelled:
        rows, progress = await read_one(partition, config)
        records[partition.stream] += rows
        progresses.append(progress)
    whole, states = await read_whole(config, STREAMS)
    for name in STREAMS:
        assert sorted(keyed(name, records[name])) == sorted(set(keyed(name, whole[name]))), name
        assert len(records[name]) == len(whole[name]) > 0
    merged = advance(config, divided.states, merge(progresses))
    assert comparable(merged) == comparable(states)
    following = await plan(
        config, streams=STREAMS, state=merged, division=Division(partitions=partitions), clock=FixedClock(NOW)
    )
    again = [await read_one(partition, config) for partition in following.partitions]
    rest, later = await read_whole(config, STREAMS, states)
    assert sum(len(rows) for rows, _ in again) == sum(map(len, rest.values()))
    assert comparable(advance(config, following.states, merge(progress for _, progress in again))) == comparable(later)


async def test_days_are_divided_where_accounts_do_not_suffice(emulator: Emulator) -> None:
    """Each day of an account is in one partition, and no partition's share exceeds the quota together with others."""
    config = config_of(emulator, advertiser_ids=emulator.advertiser_ids[:1], report_granularity=5)
    divided = await plan(config, streams=["ads_reports_daily"], division=Division(partitions=4), clock=FixedClock(NOW))
    spans = sorted((partition.first, partition.last) for partition in divided.partitions)
    assert len(spans) > 2
    assert all(first == before[1] + A_DAY for before, (first, _) in pairwise(spans))
    assert sum(partition.share for partition in divided.partitions) == pytest.approx(1)
    slower = await plan(
        config, streams=["campaigns"], division=Division(partitions=4, at_once=1), clock=FixedClock(NOW)
    )
    assert {partition.share for partition in slower.partitions} == {1.0}


async def test_a_partition_read_twice_has_the_same_rows(emulator: Emulator) -> None:
    """A task that is tried again doubles no key, and its progress changes nothing."""
    config = config_of(emulator)
    divided = await plan(config, streams=["ads_reports_daily"], division=Division(partitions=2), clock=FixedClock(NOW))
    first = await read_one(divided.partitions[0], config)
    second = await read_one(divided.partitions[0], config)
    assert sorted(keyed("ads_reports_daily", first[0])) == sorted(keyed("ads_reports_daily", second[0]))
    assert first[1].merged(second[1]) == first[1]


async def test_a_plan_can_be_limited_to_some_accounts(emulator: Emulator) -> None:
    """Those that the token has access to are read; others are nobody's, and no error."""
    config, one = config_of(emulator), emulator.advertiser_ids[0]
    for only, expected in (({one, "1"}, (one,)), ({"1"}, ())):
        divided = await plan(config, streams=["ads_reports_daily"], only=only, clock=FixedClock(NOW))
        accounts = tuple(account for partition in divided.partitions for account in partition.advertiser_ids)
        assert tuple(dict.fromkeys(accounts)) == expected


async def test_reports_of_ones_own_travel_along(emulator: Emulator) -> None:
    """A partition describes them and extra metrics; the machine that reads knows nothing else of them."""
    own = {"name": "mine", "level": "campaign", "metrics": ["spend"], "dimensions": ["campaign_id"], "grain": "day"}
    config = config_of(emulator, custom_reports=[own], extra_metrics={"ad": ["likes"]})
    divided = await plan(config, streams=["mine"], division=Division(partitions=2), clock=FixedClock(NOW))
    travelled = [ReadPartition.from_json(partition.to_json()) for partition in divided.partitions]
    assert tuple(travelled) == divided.partitions
    credentials = config_of(emulator)
    results = [await read_one(partition, credentials) for partition in travelled]
    whole = [batch async for batch in read_async(config, streams=["mine"]) if isinstance(batch, Batch)]
    assert sum(len(rows) for rows, _ in results) == sum(map(len, whole)) > 0
    states = advance(config, divided.states, merge(progress for _, progress in results))
    assert set(cursors_of(states)["mine"]) == set(emulator.advertiser_ids)


async def test_no_secret_is_in_a_plan(emulator: Emulator) -> None:
    """Neither in the text, nor in the JSON, nor in the pickle; the environment of the reading machine has them."""
    config = config_of(emulator)
    divided = await plan(config, streams=STREAMS, clock=FixedClock(NOW))
    for partition in divided.partitions:
        for text in (repr(partition), partition.to_json(), pickle.dumps(partition).decode("latin-1")):
            assert not any(secret in text for secret in config.secrets)
    environment = {"TIKTOK_ACCESS_TOKEN": emulator.access_token}
    partition = next(each for each in divided.partitions if each.stream == "ads_reports_daily")
    assert (await read_one(partition, credentials_in({}, environment)))[0]
    with pytest.raises(ConfigurationError, match="TIKTOK_ACCESS_TOKEN"):
        credentials_in({}, {})


async def test_a_failed_account_is_reported_and_does_not_move(emulator: Emulator) -> None:
    """The partition's other accounts are read and move; the error comes at the end."""
    config = config_of(emulator)
    refused = emulator.advertiser_ids[1]
    emulator.faults.add(Fault.parse(f"code=40001,advertiser={refused},path=report/integrated/get/"))
    divided = await plan(config, streams=["ads_reports_daily"], division=Division(partitions=1), clock=FixedClock(NOW))
    reader = PartitionReader(divided.partitions[0], config, clock=FixedClock(NOW))
    records = []

    async def read() -> None:
        async for rows in reader.rows():
            records.extend(Batch(rows).to_pylist())

    with pytest.raises(ConnectorError, match=refused):
        await read()
    assert {record["advertiser_id"] for record in records} == {
        int(account) for account in emulator.advertiser_ids if account != refused
    }
    assert refused not in reader.progress.streams["ads_reports_daily"]


def test_what_is_not_a_partition_is_refused() -> None:
    """With a sentence, whatever the text."""
    for text in ("", "{}", "[1]", json.dumps({"stream": "ads", "accounts": 3, "first": "x"})):
        with pytest.raises(ConfigurationError, match="partition"):
            ReadPartition.from_json(text)
    with pytest.raises(ConfigurationError, match="partitions is 0"):
        Division(partitions=0)
    assert msgspec.json.decode(ReadPartition(stream="ads", accounts=(), first=date(2026, 1, 1)).to_json())


async def test_a_store_that_appears_is_read_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The states that follow from partitions name the stores, as a sync's do, and the next plan compares them."""
    name = "gmv_max_advertiser_reports_daily"
    async with emulator_of(advertisers=1, settled=True) as emulator:
        monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
        config = config_of(emulator, start_date=date(2026, 6, 1), attribution_window=1)
        lists = Fault(path="gmv_max/store/list/", lack=0.99)
        emulator.faults.add(lists)
        _, states = await read_in_partitions(config, name, {})
        emulator.faults.clear()
        records, after = await read_in_partitions(config, name, states)
        whole, synced = await read_whole(config, [name])
    assert all(set(seen) < set(after[name]["stores"][account]) for account, seen in states[name]["stores"].items())
    assert dict(zip(keyed(name, records), records, strict=True)) == dict(
        zip(keyed(name, whole[name]), whole[name], strict=True)
    )
    assert {account: sorted(seen) for account, seen in synced[name]["stores"].items()} == after[name]["stores"]


async def read_in_partitions(config: Config, name: str, states: Any) -> tuple[list[dict[str, Any]], Any]:
    """The records of a stream, read in partitions, and the states afterwards."""
    planned = await plan(config, streams=[name], state=states, division=Division(partitions=3), clock=FixedClock(NOW))
    parts = [await read_one(partition, config) for partition in planned.partitions]
    return [record for records, _ in parts for record in records], advance(
        config, planned.states, merge(progress for _, progress in parts)
    )
