"""Builds Arrow tables from the records of a stream: a column per field, numbers as numbers.

The types differ from the records' types on purpose. Airbyte's schema declares half of the numbers as text, and the
records follow it; in a database `sum(spend)` has to work. So:

| field | column | why |
|---|---|---|
| count, number of people | BIGINT | |
| money, also budgets, bids and balances | DECIMAL(18, 4) | sums are exact to the cent; no currency has more than four decimals, and DuckDB computes with up to 18 digits as fast as with integers |
| cost per something, percentage, average | DOUBLE | quotients, which nobody adds up |
| id | BIGINT | TikTok's ids have 19 digits and begin with a time in seconds: they fit until 2038 |
| day, time | DATE, TIMESTAMP without zone | days and hours of reports are in the account's time zone, other times in UTC |
| object, list | JSON | |

The nested `dimensions` of a report repeat fields of the root, so only the root's become columns. So does each metric.
"""  # noqa: E501 - a table

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tiktok_marketing.catalog import ReportStream, Stream, json_schema
from tiktok_marketing.catalog.metric_index import metric_of
from tiktok_marketing.catalog.metrics import Kind
from tiktok_marketing.catalog.schema import attribute_of
from tiktok_marketing.errors import IncompleteReadError
from tiktok_marketing.pipelines.arrow.columns import ARROW_TYPES, ColumnType, column_converter
from tiktok_marketing.pipelines.arrow.stand_ins import stand_in
from tiktok_marketing.sync.decode.coercion import Misfit, misfit_sentences, shown
from tiktok_marketing.sync.decode.native import Buffers, ColumnKind, RowColumns

MISFITS = "_misfits"
"""The column that keeps, as JSON, values that do not fit the type of their column. The first such value creates it."""
MOST_UNDECLARED = 400
"""Columns of a table for fields that the catalog does not declare. Postgres allows 1,600 columns of all kinds."""

_METRIC_TYPES = {
    Kind.COUNT: ColumnType.INTEGER,
    Kind.PEOPLE: ColumnType.INTEGER,
    Kind.MONEY: ColumnType.MONEY,
    Kind.COST: ColumnType.NUMBER,
    Kind.PERCENT: ColumnType.NUMBER,
    Kind.AVERAGE: ColumnType.NUMBER,
}
_TYPES = {
    "string": ColumnType.TEXT,
    "boolean": ColumnType.BOOLEAN,
    "integer": ColumnType.INTEGER,
    "number": ColumnType.NUMBER,
}
_SPECIAL = {
    "advertiser_id": ColumnType.INTEGER,  # `advertiser_ids` declares it as text; joins need the same type everywhere
    "tt_app_id": ColumnType.INTEGER,  # likewise, in audience reports
    "stat_time_day": ColumnType.DAY,
    "record_date": ColumnType.DAY,
}
_AMOUNTS = (
    "balance",
    "bid_price",
    "budget",
    "conversion_bid_price",
    "cpm",
    "credit_amount",
    "deep_cpa_bid",
    "discount_amount",
    "pre_discount_budget",
    "pre_discount_cpm",
    "rf_estimated_cpr",
    "scheduled_budget",
)
"""Fields of objects that are money: budgets, bids, balances and agreed prices."""
_SPECIAL_IN_OBJECTS = _SPECIAL | dict.fromkeys(_AMOUNTS, ColumnType.MONEY)
_KINDS: Mapping[ColumnType, ColumnKind] = {
    ColumnType.INTEGER: "i",
    ColumnType.MONEY: "m",
    ColumnType.NUMBER: "f",
    ColumnType.TEXT: "s",
    ColumnType.DAY: "d",
    ColumnType.TIME: "t",
}
_NO_KEY = frozenset({None, "", "-"})
"""What stands for no value in a column of a key."""
_NO_KEYS = pa.array(["", "-"])
_UNKNOWN = "-"
"""What TikTok sends in a breakdown where it does not know the value. It is an answer like any other."""
_NO_STRING = pa.scalar(None, pa.string())
_MOST_KEY_BYTES = 2400
"""Bytes of all texts in a key. A row of an index of Postgres has at most 2,704 bytes."""
_EVERY_ROW_HAS = frozenset({"advertiser_id", "campaign_id", "adgroup_id", "ad_id", "stat_time_day", "stat_time_hour"})
"""Dimensions that say what a row is about, and when. TikTok knows them."""
_LONGEST_FIELD = 200
_TRIES = 10_000
"""How many days are tried for a row without one. So many rows that share the rest of their key do not exist."""
_COLUMN_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_SYSTEM_COLUMNS = frozenset({"oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "rowid"})
"""Names that Postgres and DuckDB give to columns of their own."""
_WORD_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a stream's table."""

    name: str
    type: ColumnType
    json_type: str
    """The type in the records' JSON schema: "string", "number", ...; "any" if there are several."""
    description: str


def columns_of(stream: Stream) -> tuple[Column, ...]:
    """Return the columns of the table of `stream`: the account first, then the key, then the rest as declared."""
    fields: dict[str, Any] = dict(json_schema(stream)["properties"])
    if isinstance(stream, ReportStream):
        del fields["dimensions"]
        metrics = fields.pop("metrics")["properties"]
        # A metric with the name of a dimension (campaign_id) has the value of that dimension.
        fields |= {name: field for name, field in metrics.items() if name not in fields}
    first = dict.fromkeys(name for name in ("advertiser_id", *stream.row_key) if name in fields)
    return tuple(
        Column(
            name=attribute_of(name),
            type=_column_type(stream, name, fields[name]),
            json_type=_json_type(fields[name]),
            description=fields[name].get("description", ""),
        )
        for name in (*first, *(name for name in fields if name not in first))
    )


def _json_type(field: Mapping[str, Any]) -> str:
    declared = field.get("type", [])
    kinds = [kind for kind in ([declared] if isinstance(declared, str) else declared) if kind != "null"]
    return kinds[0] if len(kinds) == 1 else "any"


def _column_type(stream: Stream, name: str, field: Mapping[str, Any]) -> ColumnType:
    special = _SPECIAL if stream.is_report else _SPECIAL_IN_OBJECTS
    if name in special:
        return special[name]
    metric = metric_of(stream.source, name) if isinstance(stream, ReportStream) else None
    if metric is not None and metric.kind in _METRIC_TYPES:
        return _METRIC_TYPES[metric.kind]
    match _json_type(field):
        case "string" if field.get("format") == "date-time":
            return ColumnType.TIME
        case "integer" if name.endswith("_time"):
            return ColumnType.TIME  # seconds since 1970
        case "number" if name.endswith("_id"):
            return ColumnType.INTEGER  # a double would lose an id's last digits
        case other:
            return _TYPES.get(other, ColumnType.JSON)


class TableBuilder:
    """Builds Arrow tables from the records of one stream.

    Args:
        stream: The stream.
        notice: Called with a sentence the first time that a value of a field does not fit its column.
    """

    def __init__(self, stream: Stream, notice: Callable[[str], None]) -> None:
        self.stream = stream
        self.columns = columns_of(stream)
        self.schema = pa.schema([pa.field(column.name, ARROW_TYPES[column.type]) for column in self.columns])
        self._converters = [(column, column_converter(column.type, column.json_type)) for column in self.columns]
        self._convert_undeclared = column_converter(ColumnType.TEXT, "string")
        self._names = frozenset(column.name for column in self.columns)
        self._notice = notice
        self._noticed: set[str] = set()
        self._undeclared: set[str] = set()
        self._stand_ins: Counter[Any] = Counter()
        """How many rows of this sync have the same key but for what is missing in it."""
        self._moments: set[Any] = set()
        """The days and times that stand in keys of this sync, each with the rest of its key."""
        self._breakdown = frozenset(stream.row_key) - _EVERY_ROW_HAS if stream.is_report else frozenset[str]()
        self._key_types = {column.name: column.type for column in self.columns if column.name in stream.row_key}
        self._row_names: list[str] = []
        self.kinds: Mapping[str, ColumnKind] | None = None
        """The kind of column that each field of a report becomes; None if `sync.decode.native` cannot build them."""
        if isinstance(stream, ReportStream):
            names = dict.fromkeys(map(attribute_of, (*stream.source.dimensions, *stream.source.metrics)))
            self._row_names = [name for name in names if name in self._names]
            self.kinds = _kinds_of(self.columns)

    def row_columns(self) -> RowColumns | None:
        """Return what turns a report's rows into columns as they come; None if they have to be decoded first."""
        if self.kinds is None or not isinstance(self.stream, ReportStream):
            return None
        return RowColumns(self.stream, self.kinds)

    def table_of(self, rows: int, columns: Sequence[Buffers], advertiser_id: int) -> pa.Table:
        """Build a table from columns that `row_columns` built."""
        buffers = dict(zip(self._row_names, columns, strict=True))
        table = pa.Table.from_arrays(
            [
                _array_of(ARROW_TYPES[column.type], rows, buffers[column.name])
                if column.name in buffers
                else pa.repeat(pa.scalar(advertiser_id, pa.int64()), rows)
                for column in self.columns
            ],
            schema=self.schema,
        )
        misfits: list[Misfit] = []
        table = self._with_short_keys(table, misfits)
        if not misfits:
            return table
        self._notice_misfits(misfits)
        return self._with_misfits(self._with_whole_keys(table, [None] * rows, advertiser_id, misfits), misfits)

    def has_columns(self, names: Iterable[str]) -> None:
        """Note which columns the table has in the database, where those for undeclared fields count."""
        self._undeclared.update(name for name in names if name not in self._names and not name.startswith("_"))

    def table(self, records: Sequence[Any], advertiser_id: int | None, rejected: Sequence[Misfit] = ()) -> pa.Table:
        """Build a table from the records of one page; a value that does not fit goes to the column `_misfits`.

        Args:
            records: The records.
            advertiser_id: The account; None if the stream is not read per account.
            rejected: Values that became null when the records were decoded.
        """
        values = (
            self._report_values(records, advertiser_id)
            if isinstance(self.stream, ReportStream)
            else self._object_values(records, advertiser_id)
        )
        misfits: list[Misfit] = []
        arrays = [
            convert(column.name, values[column.name], misfits)
            if column.name in values
            else pa.nulls(len(records), ARROW_TYPES[column.type])
            for column, convert in self._converters
        ]
        table = pa.Table.from_arrays(arrays, schema=self.schema)
        if not isinstance(self.stream, ReportStream):
            table = self._with_undeclared(table, records, misfits)
        table = self._with_short_keys(table, misfits)
        self._notice_misfits(misfits)
        misfits += rejected
        table = self._with_whole_keys(table, records, advertiser_id, misfits)
        return self._with_misfits(table, misfits) if misfits else table

    def _report_values(self, records: Sequence[Any], advertiser_id: int | None) -> dict[str, Sequence[Any]]:
        values: dict[str, Sequence[Any]] = {"advertiser_id": [advertiser_id] * len(records)}
        if not records:
            return values
        # Of two equal names the dimension wins, because it comes last.
        for group in ("metrics", "dimensions"):
            structs = [getattr(record, group) for record in records]
            rows = map(msgspec.structs.astuple, structs)
            values |= dict(zip(structs[0].__struct_fields__, zip(*rows, strict=True), strict=True))
        return values

    def _object_values(self, records: Sequence[Any], advertiser_id: int | None) -> dict[str, Sequence[Any]]:
        values: dict[str, Sequence[Any]] = {
            name: [record.get(name) for record in records] for name in self.schema.names
        }
        if "advertiser_id" in values and advertiser_id is not None:
            values["advertiser_id"] = [advertiser_id if value is None else value for value in values["advertiser_id"]]
        return values

    def _with_undeclared(self, table: pa.Table, records: Sequence[Any], misfits: list[Misfit]) -> pa.Table:
        """Add a text column for each field that the schema does not declare, because TikTok added it since.

        A field that cannot have a column, because of its name or because there are too many, goes to `_misfits`.
        """
        names = dict.fromkeys(name for record in records for name in record if name not in self._names)
        taken = set(self._names)
        for name in names:
            values = [record.get(name) for record in records]
            column = self._undeclared_column(name)
            if column is None or column in taken:
                misfits += [
                    Misfit(row, name, value, {name: value}) for row, value in enumerate(values) if value is not None
                ]
                continue
            taken.add(column)
            table = table.append_column(column, self._convert_undeclared(column, values, misfits))
        return table

    def _undeclared_column(self, field: str) -> str | None:
        """Return the name of the column for an undeclared field; None if it cannot have one."""
        column = _WORD_BREAK.sub("_", field[:_LONGEST_FIELD]).strip("_").lower()
        if not _COLUMN_NAME.fullmatch(column) or column in _SYSTEM_COLUMNS:
            return None
        if column not in self._undeclared and len(self._undeclared) >= MOST_UNDECLARED:
            return None
        self._undeclared.add(column)
        return column

    def _with_short_keys(self, table: pa.Table, misfits: list[Misfit]) -> pa.Table:
        """Leave out texts that are too long for an index, so that one of them does not keep all rows from loading."""
        texts = [name for name in self._key_types if pa.types.is_string(table.schema.field(name).type)]
        for name in texts:
            index, column = table.schema.get_field_index(name), table.column(name)
            is_long = pc.greater(pc.binary_length(column), _MOST_KEY_BYTES // len(texts))
            if pc.any(is_long).as_py():
                rows = pc.indices_nonzero(is_long).to_pylist()
                misfits += [Misfit(row, name, value, {name: value}) for row in rows if (value := column[row].as_py())]
                table = table.set_column(index, table.schema.field(index), pc.if_else(is_long, _NO_STRING, column))
        return table

    def _with_whole_keys(
        self, table: pa.Table, records: Sequence[Any], advertiser_id: int | None, misfits: list[Misfit]
    ) -> pa.Table:
        """Fill columns of the key that have no value in some rows: a database needs one there."""
        columns = {name: table.column(name) for name in self._key_types}
        if not any(column.null_count or _has_no_key(column) for column in columns.values()):
            return table
        cells = {name: column.to_pylist() for name, column in columns.items()}
        originals = {(misfit.row, misfit.field): misfit.value for misfit in misfits}
        for row, values in enumerate(zip(*cells.values(), strict=True)):
            missing = {name: value for name, value in zip(cells, values, strict=True) if value in _NO_KEY}
            if not missing:
                continue
            sent = [originals.get((row, name)) for name in missing]
            key = (advertiser_id, tuple(None if value in _NO_KEY else value for value in values), repr(sent))
            self._stand_ins[key] += 1
            for (name, value), original in zip(missing.items(), sent, strict=True):
                if original is None and not (value == _UNKNOWN and name in self._breakdown):
                    misfits.append(Misfit(row, name, value, {name: value}))
                    self._notice_without_key(name)
                cells[name][row] = self._stand_in(name, original, records[row], key)
        for name, type_ in self._key_types.items():
            index = table.schema.get_field_index(name)
            filled = pa.array(cells[name], ARROW_TYPES[type_])
            table = table.set_column(index, table.schema.field(index), filled)
        return table

    def _stand_in(self, name: str, original: Any, record: Any, key: tuple[Any, ...]) -> Any:
        """Return what stands in a column of the key of a row, of which `key` is the rest."""
        type_ = self._key_types[name]
        number = self._stand_ins[key]
        if self.stream.is_report and type_ in {ColumnType.DAY, ColumnType.TIME}:
            # No day that is read again replaces the row, so a number would be that of another row in another sync.
            content = [original, record]
            moments = (stand_in(type_, content, number) for number in range(1, _TRIES))
            moment = next(each for each in moments if (key, each) not in self._moments)
            self._moments.add((key, moment))
            return moment
        if self.stream.is_report or original is not None:
            return stand_in(type_, original, number)
        return stand_in(type_, record)  # objects without an id are different objects

    def _notice_misfits(self, misfits: Sequence[Misfit]) -> None:
        values: dict[str, str] = {}
        for misfit in misfits:
            if misfit.field not in self._noticed:
                self._noticed.add(misfit.field)
                values[misfit.field] = shown(misfit.value)
        for text in misfit_sentences(values, "column"):
            self._notice(f"{self.stream.name}: {text} The column {MISFITS} keeps what TikTok sent.")

    def _notice_without_key(self, name: str) -> None:
        if f"key {name}" not in self._noticed:
            self._noticed.add(f"key {name}")
            self._notice(
                f"{self.stream.name}: a row has no {name}, which is part of the key of its rows. The row was loaded "
                f"with {self._usual_stand_in(name)} there, and the column {MISFITS} says so."
            )

    def _usual_stand_in(self, name: str) -> str:
        type_ = self._key_types[name]
        if self.stream.is_report and type_ in {ColumnType.DAY, ColumnType.TIME}:
            return "its day, or with one before 1970 if its day is not known,"
        return repr(shown(str(stand_in(type_, None))))

    def _with_misfits(self, table: pa.Table, misfits: list[Misfit]) -> pa.Table:
        rows: dict[int, dict[str, Any]] = {}
        for misfit in misfits:
            rows.setdefault(misfit.row, {})[misfit.field] = misfit.value
        texts = [
            msgspec.json.encode(rows[row], enc_hook=str).decode() if row in rows else None
            for row in range(table.num_rows)
        ]
        return table.append_column(MISFITS, pa.array(texts, pa.string()))


def _has_no_key(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_string(column.type) and pc.any(pc.is_in(column, _NO_KEYS)).as_py())


def count_misfits(table: pa.Table) -> int:
    """Return how many values `_misfits` keeps in a table."""
    if MISFITS not in table.schema.names:
        return 0
    return sum(len(msgspec.json.decode(text)) for text in table.column(MISFITS).drop_null().to_pylist())


def _kinds_of(columns: Sequence[Column]) -> Mapping[str, ColumnKind] | None:
    kinds: dict[str, ColumnKind] = {}
    for column in columns:
        kind = _KINDS.get(column.type)
        if kind is None:
            return None
        # A record that holds a double cannot yield an integer that a double does not hold.
        kinds[column.name] = "c" if kind == "i" and column.json_type == "number" else kind
    return kinds


def _array_of(type_: pa.DataType, rows: int, buffers: Buffers) -> pa.Array:
    validity, data, offsets, nulls = buffers
    in_order = (validity, data) if offsets is None else (validity, offsets, data)
    arrow_buffers = [None if buffer is None else pa.py_buffer(buffer) for buffer in in_order]
    return pa.Array.from_buffers(type_, rows, arrow_buffers, nulls)


def check_key(table: pa.Table, stream: Stream) -> None:
    """Make sure that every row has its key.

    Raises:
        IncompleteReadError: A row has no key, so it could not be distinguished from other rows.
    """
    for name in stream.row_key:
        if table.column(name).null_count:
            raise IncompleteReadError(
                f"A record of {stream.name} came without a usable {name}, which is part of the key of its rows.",
                remedy="Run the sync again. If the error stays, report it with the name of the stream.",
            )


def newest_of_each_key(table: pa.Table, key: Sequence[str]) -> pa.Table:
    """Keep the last row of each key: pages can shift while they are read, and the later row is newer."""
    order = pa.array(range(table.num_rows), pa.int64())
    last = (
        pa.table([*(table.column(name) for name in key), order], names=[*key, "_row"])
        .group_by(list(key), use_threads=False)
        .aggregate([("_row", "max")])
        .column("_row_max")
    )
    if len(last) == table.num_rows:
        return table
    return table.take(last.combine_chunks().sort())
