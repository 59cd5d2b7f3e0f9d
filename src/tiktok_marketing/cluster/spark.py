"""A data source for Spark 4: `spark.read.format("tiktok_marketing").option("stream", "ads_reports_daily").load()`.

    from tiktok_marketing.cluster.spark import register

    register(spark)

Spark plans on the driver, where the accounts are listed and the partitions are made, and reads on the executors. The
schema is that of the stream's table. Filters on the account and on days become smaller plans; Spark applies them again.

As a stream, the offset is the state of a sync. A batch begins when the option `refresh` has passed since the last one.
It reads the days before the state again that the attribution window asks for, so whoever writes it merges by the key.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.datasource import (
    DataSource,
    DataSourceReader,
    DataSourceStreamReader,
    EqualTo,
    Filter,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    InputPartition,
    LessThan,
    LessThanOrEqual,
)
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from tiktok_marketing.catalog import AnyStream
from tiktok_marketing.cluster.arrow import FixedSchema
from tiktok_marketing.cluster.partition import ReadPartition
from tiktok_marketing.cluster.planning import Division, ReadPlan
from tiktok_marketing.cluster.reading import PartitionReader, plan
from tiktok_marketing.cluster.stream_offset import StreamOffset, offset_of
from tiktok_marketing.config import Config
from tiktok_marketing.config_sources import ConfigSources
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.loop_thread import LoopThread
from tiktok_marketing.settings import SETTINGS
from tiktok_marketing.sync.plan.selection import find_stream, streams_of
from tiktok_marketing.sync.plan.state_forms import parse_state_text

if TYPE_CHECKING:
    from tiktok_marketing.pipelines.arrow.sink import ArrowSink

FORMAT = "tiktok_marketing"
PUSHDOWN = "spark.sql.python.filterPushdown.enabled"
"""Spark's setting that lets Python data sources see filters."""
_DAYS = {"stat_time_day", "stat_time_hour"}
_HOUR = 3600
_OWN_OPTIONS = ("stream", "partitions", "at_once", "state", "refresh")


def register(spark: SparkSession) -> None:
    """Make the format known to a session, and let it push filters down."""
    spark.dataSource.register(TikTokDataSource)
    spark.conf.set(PUSHDOWN, "true")


def tables(spark: SparkSession, streams: Iterable[str], **options: str) -> dict[str, DataFrame]:
    """A data frame per stream, with the same options.

    Args:
        spark: The session.
        streams: Names of streams.
        options: The options of each.
    """
    return {
        name: spark.read.format(FORMAT).options(**{**options, "stream": name}).load() for name in dict.fromkeys(streams)
    }


class TikTokDataSource(DataSource):  # type: ignore[misc] # pyspark has no part in the checks
    """The format `tiktok_marketing`."""

    @classmethod
    def name(cls) -> str:
        """What `format` gets."""
        return FORMAT

    def schema(self) -> StructType:
        """The columns of the stream's table."""
        return from_arrow_schema(FixedSchema(_stream(self.options, _config(self.options))).schema)

    def reader(self, schema: StructType) -> DataSourceReader:
        """What reads it once."""
        return TikTokReader(self.options, schema)

    def streamReader(self, schema: StructType) -> DataSourceStreamReader:  # noqa: N802 - Spark's name
        """What reads it again and again."""
        return TikTokStreamReader(self.options, schema)


class _Reading:
    """What readers of both kinds do: plan on the driver, and read a partition on an executor.

    Args:
        options: The options of the data frame.
        schema: The columns that are wanted.
    """

    def __init__(self, options: Mapping[str, str], schema: StructType) -> None:
        self.config = _config(options)
        self.stream = _stream(options, self.config)
        self.division = Division(
            partitions=_number(options, "partitions") or Division().partitions, at_once=_number(options, "at_once")
        )
        text = options.get("state", "")
        self.state = parse_state_text(text, "option state", streams_of(self.config)) if text.strip() else {}
        self.columns = _known_columns(self.stream, schema)

    def plan(self, config: Config, state: Mapping[str, Any], only: frozenset[str] | None = None) -> ReadPlan:
        """Divide what is to be read; of the accounts, only these."""
        with LoopThread() as loop:
            return loop.run(plan(config, streams=[self.stream.name], state=state, division=self.division, only=only))

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """Read a partition; the error at the end makes Spark try the task again."""
        fixed = FixedSchema(self.stream, self.columns)
        reader = PartitionReader(ReadPartition.from_json(partition.value), self.config, sink_factory=fixed.sink)
        with LoopThread() as loop:
            pages = reader.rows()
            try:
                while (rows := loop.run(anext(pages, None))) is not None:
                    yield from fixed.batches(cast("ArrowSink", rows.records))  # `fixed` made it
            finally:
                loop.run(pages.aclose())


class TikTokReader(DataSourceReader):  # type: ignore[misc]
    """Reads a stream once.

    Args:
        options: The options of the data frame.
        schema: The columns that are wanted.
    """

    def __init__(self, options: Mapping[str, str], schema: StructType) -> None:
        self._reading = _Reading(options, schema)
        self._config: Config | None = self._reading.config
        self._accounts: frozenset[str] | None = None

    def pushFilters(self, filters: list[Filter]) -> Iterable[Filter]:  # noqa: N802 - Spark's name
        """Read fewer accounts and days. Spark applies all filters again, because days are the least that is read."""
        for each in filters:
            column: tuple[str, ...] = getattr(each, "attribute", ())
            if column == ("advertiser_id",):
                self._accounts = _accounts_of(each, self._accounts)
            elif self._config is not None and self._reading.stream.has_days and len(column) == 1 and column[0] in _DAYS:
                self._config = _of_days(self._config, each)
            yield each

    def partitions(self) -> Sequence[InputPartition]:
        """What the tasks read."""
        if self._config is None or self._accounts == frozenset():
            return []
        planned = self._reading.plan(self._config, self._reading.state, self._accounts)
        return [InputPartition(each.to_json()) for each in planned.partitions]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """Read a partition, on an executor."""
        if partition.value is None:  # what Spark plans for an empty list
            return iter(())
        return self._reading.read(partition)


class TikTokStreamReader(DataSourceStreamReader):  # type: ignore[misc]
    """Reads what is new again and again.

    Args:
        options: The options of the data frame.
        schema: The columns that are wanted.
    """

    def __init__(self, options: Mapping[str, str], schema: StructType) -> None:
        self._reading = _Reading(options, schema)
        refresh = _number(options, "refresh", least=0)
        self._refresh = timedelta(seconds=_HOUR if refresh is None else refresh)

    def initialOffset(self) -> dict[str, Any]:  # noqa: N802 - Spark's name
        """Nothing, or the state in the options."""
        return StreamOffset(states=self._reading.state).to_dict()

    def latestOffset(self, start: dict[str, Any] | None = None, limit: Any = None) -> dict[str, Any]:  # noqa: N802
        """The state that a batch reaches that begins now."""
        del limit  # TikTok's answers have no size that could be known before
        before = StreamOffset.from_dict(start or self.initialOffset())
        now = datetime.now(UTC)
        if before.as_of is not None and now - before.as_of < self._refresh:
            return before.to_dict()
        planned = self._reading.plan(self._reading.config, before.states)
        return offset_of(self._reading.config, self._reading.stream, planned, now).to_dict()

    def partitions(self, start: dict[str, Any], end: dict[str, Any]) -> Sequence[InputPartition]:
        """What the tasks of a batch read: at least what is between two offsets."""
        if start == end:
            return []
        planned = self._reading.plan(self._reading.config, StreamOffset.from_dict(start).states)
        return [InputPartition(each.to_json()) for each in planned.partitions]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """Read a partition, on an executor."""
        return self._reading.read(partition)

    def commit(self, end: dict[str, Any]) -> None:
        """Nothing to do: Spark keeps the offsets."""


def _stream(options: Mapping[str, str], config: Config) -> AnyStream:
    name = options.get("stream", "").strip()
    if not name:
        raise ConfigurationError(
            "The option stream is missing.", remedy='Name one: .option("stream", "ads_reports_daily").'
        )
    return find_stream(name, streams_of(config))


def _config(options: Mapping[str, str]) -> Config:
    """The configuration: options outrank the driver's environment, which outranks its file.

    Raises:
        ConfigurationError: If an option is not known, or a setting cannot be used.
    """
    names = [setting.name for setting in SETTINGS]
    known = [*names, *_OWN_OPTIONS]
    given = {name.lower(): text for name, text in options.items()}
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise ConfigurationError(
                f"The option {name} is not known.{f' Did you mean {near[0]}?' if near else ''}",
                remedy=f"Options are the settings of the configuration, and {', '.join(_OWN_OPTIONS)}.",
            )
    settings = {name: text for name, text in given.items() if name in names and text.strip()}
    return ConfigSources(options=settings, environment=os.environ, dashed=False).load()


def _number(options: Mapping[str, str], name: str, least: int = 1) -> int | None:
    text = options.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or int(text) < least:
        raise ConfigurationError(f"The option {name} is {text[:40]!r}.", remedy=f"Set it to a number from {least} on.")
    return int(text)


def _known_columns(stream: AnyStream, schema: StructType) -> list[str]:
    """The columns of a schema that somebody gave.

    Raises:
        ConfigurationError: If the stream's table has no such column, or with another type.
    """
    own = {field.name: field.dataType for field in from_arrow_schema(FixedSchema(stream).schema)}
    for field in schema:
        if own.get(field.name) != field.dataType:
            has = f"has the type {own[field.name].simpleString()}" if field.name in own else "does not exist"
            raise ConfigurationError(
                f"The column {field.name} of {stream.name} {has}.", remedy="Leave out the schema, or correct it."
            )
    return [field.name for field in schema]


def _accounts_of(each: Filter, before: frozenset[str] | None) -> frozenset[str] | None:
    """The accounts that a filter and those before it leave; None for all."""
    if isinstance(each, EqualTo):
        values = [each.value]
    elif isinstance(each, In):
        values = list(each.value)
    else:
        return before
    ids = frozenset(str(value) for value in values if value is not None)
    return ids if before is None else ids & before


def _of_days(config: Config, each: Filter) -> Config | None:
    value = getattr(each, "value", None)
    day = value.date() if isinstance(value, datetime) else value
    if not isinstance(day, date):
        return config
    first, last = config.start_date, config.end_date
    if isinstance(each, (EqualTo, GreaterThan, GreaterThanOrEqual)):
        first = max(first, day)
    if isinstance(each, (EqualTo, LessThan, LessThanOrEqual)):
        last = day if last is None else min(last, day)
    if last is not None and first > last:
        return None
    return msgspec.structs.replace(config, start_date=first, end_date=last)
