"""Creates, replaces, lists and drops the views of a layout in a database.

Views of others are never touched: ours are known by the mark in their comment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, cast

import msgspec

from tiktok_marketing.errors import ConfigurationError, DestinationError
from tiktok_marketing.pipelines.databases.bookkeeping import opened_filled
from tiktok_marketing.pipelines.databases.destination import Database, Destination, ReadOnlyDatabase, Session
from tiktok_marketing.pipelines.databases.lock import reserved
from tiktok_marketing.sync.plan.zones import ZONE_AHEAD_OF_ALL, zones_of
from tiktok_marketing.views.currency import (
    MOST_DAYS_OLD,
    DailyRate,
    EuropeanCentralBank,
    OwnRates,
    RateSource,
    daily_rates,
    remarks,
)
from tiktok_marketing.views.definitions import LAYOUTS, ViewDefinition, definitions_of
from tiktok_marketing.views.dialects import DIALECTS, Dialect
from tiktok_marketing.views.rendering import (
    ACCOUNTS_TABLE,
    RATES_TABLE,
    LeftOut,
    Rendered,
    Tables,
    quoted_name,
    quoted_text,
    render,
    reports,
)

MARK = "Made by `tiktok-marketing views`, which replaces it."
"""How the comment of each of our views ends."""
SETTINGS_TABLE = "_tiktok_views"
"""Has a row per setting of a layout, so that a later run without options keeps them."""
DEFAULT_CURRENCY = "USD"

_ROWS_PER_STATEMENT = 500


class ViewSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the user chose for the views. None stands for what an earlier run chose, or else for the default.

    Args:
        layout: One of `LAYOUTS`.
        schema: The schema of the views; None for that of the tables.
        currency: The currency that amounts are converted into, as a three-letter ISO 4217 code.
        rates: A table or view of the user's with the columns currency, day and rate; "ecb" for the European Central
            Bank's rates.
        smart_plus_in_ad_history: Whether the layout `fivetran` has the creatives of upgraded Smart+ ads in ad_history,
            as dbt_tiktok_ads before 1.3 needs it.
    """

    layout: str = "answers"
    schema: str | None = None
    currency: str | None = None
    rates: str | None = None
    smart_plus_in_ad_history: bool | None = None


class ViewsResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did.

    Args:
        schema: The schema of the views.
        created: The views that exist now.
        left_out: The views that cannot be there, with the reasons.
        dropped: Views of an earlier run that were dropped.
        remarks: What a person should know, for example currencies without a rate.
    """

    schema: str
    created: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    dropped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class ListedView(msgspec.Struct, frozen=True, kw_only=True):
    """A view of a layout, as a database has it.

    Args:
        definition: What it is.
        exists: Whether the database has it.
        reason: Why it cannot be created; empty if it can.
    """

    definition: ViewDefinition
    exists: bool
    reason: str


def create_views(destination: Destination, settings: ViewSettings, *, today: date | None = None) -> ViewsResult:
    """Create or replace the views of a layout in one transaction.

    Args:
        destination: The database.
        settings: What the user chose.
        today: The day until which there are exchange rates; None for the machine's.

    Raises:
        ConfigurationError: A setting cannot be used, or this kind of database has no views.
        NothingToReadError: No sync has filled the database.
        DestinationError: A view of somebody else has the name of one of ours, something depends on a view that has to
            change, or the database cannot be written to.
    """
    dialect = dialect_of(destination)
    definitions = _definitions(settings.layout)
    with opened_filled(destination):
        pass  # a wrong address must not create a database
    schema = settings.schema or destination.dataset
    with _session(destination, schema) as session:
        chosen = _with_stored(session, dialect, schema, settings)
        relations = _relations(session, dialect, schema)
        _refuse_foreign(definitions, relations, schema)
        said: list[str] = []
        with session.transaction():
            if _schema_is_missing(session, dialect, schema):
                session.execute(f"CREATE SCHEMA {quoted_name(schema)}")
            if settings.layout == "answers":
                said = _fill_own_tables(session, dialect, destination.dataset, schema, chosen, today)
            _store(session, schema, chosen)
            tables = _tables(session, dialect, destination.dataset, schema)
            switches = {"smart_plus_in_ad_history": bool(chosen.smart_plus_in_ad_history)}
            rendered = [render(definition, tables, dialect, switches) for definition in definitions]
            ours = {name for name, relation in relations.items() if relation.is_ours}
            for view in rendered:
                if isinstance(view, Rendered):
                    _create(session, dialect, tables, view, exists=view.definition.name in ours)
            left_out = tuple(view for view in rendered if isinstance(view, LeftOut))
            dropped = tuple(view.name for view in left_out if view.name in ours)
            _drop(session, tables, dropped)
    return ViewsResult(
        schema=schema,
        created=tuple(view.definition.name for view in rendered if isinstance(view, Rendered)),
        left_out=left_out,
        dropped=dropped,
        remarks=tuple(said),
    )


def drop_views(destination: Destination, settings: ViewSettings) -> ViewsResult:
    """Drop the views of a layout, and the tables that belong to them.

    Raises:
        ConfigurationError: This kind of database has no views.
        NothingToReadError: No sync has filled the database.
        DestinationError: Something of the user's depends on a view, or the database cannot be written to.
    """
    dialect = dialect_of(destination)
    definitions = _definitions(settings.layout)
    with opened_filled(destination):
        pass
    schema = settings.schema or destination.dataset
    with _session(destination, schema) as session:
        relations = _relations(session, dialect, schema)
        tables = Tables(dataset=destination.dataset, schema=schema, columns={}, own_columns={})
        dropped = tuple(
            definition.name
            for definition in reversed(definitions)
            if definition.name in relations and relations[definition.name].is_ours
        )
        with session.transaction():
            _drop(session, tables, dropped)
            if SETTINGS_TABLE in relations:
                session.execute(
                    f"DELETE FROM {tables.named(schema, SETTINGS_TABLE)} WHERE layout = ?",  # noqa: S608
                    [settings.layout],
                )
            own = [ACCOUNTS_TABLE, RATES_TABLE] if settings.layout == "answers" else []
            for table in own:
                session.execute(f"DROP TABLE IF EXISTS {tables.named(schema, table)}")
    return ViewsResult(schema=schema, dropped=dropped)


def print_views(destination: Destination, settings: ViewSettings) -> Iterator[str]:
    """Return the statements that create the views, without running any.

    Raises:
        ConfigurationError: This kind of database has no views.
        NothingToReadError: No sync has filled the database.
        DestinationError: The database cannot be read.
    """
    dialect = dialect_of(destination)
    with opened_filled(destination) as database:
        tables = _tables_to_read(database, dialect, destination, settings)
    switches = {"smart_plus_in_ad_history": bool(settings.smart_plus_in_ad_history)}
    for definition in _definitions(settings.layout):
        view = render(definition, tables, dialect, switches)
        if isinstance(view, LeftOut):
            yield f"-- {view.name} is left out: {view.reason}"
        else:
            yield from (f"{statement};" for statement in _statements(dialect, tables, view))


def list_views(destination: Destination, settings: ViewSettings) -> list[ListedView]:
    """Return the views of a layout, and whether the database has them.

    Raises:
        ConfigurationError: This kind of database has no views.
        NothingToReadError: No sync has filled the database.
        DestinationError: The database cannot be read.
    """
    dialect = dialect_of(destination)
    with opened_filled(destination) as database:
        tables = _tables_to_read(database, dialect, destination, settings)
        present = {
            name for name, relation in _read_relations(database, dialect, tables.schema).items() if relation.is_ours
        }
    switches = {"smart_plus_in_ad_history": bool(settings.smart_plus_in_ad_history)}
    listed = []
    for definition in _definitions(settings.layout):
        view = render(definition, tables, dialect, switches)
        reason = view.reason if isinstance(view, LeftOut) else ""
        listed.append(ListedView(definition=definition, exists=definition.name in present, reason=reason))
    return listed


def read_views(database: ReadOnlyDatabase, destination: Destination) -> Mapping[str, Rendered | LeftOut]:
    """Return the queries of the views that answer questions, for a database in which they need not exist.

    Args:
        database: The database, open for reading only.
        destination: Where it is.

    Raises:
        ConfigurationError: This kind of database has no views.
    """
    dialect = dialect_of(destination)
    settings = ViewSettings()
    tables = msgspec.structs.replace(
        _tables_to_read(database, dialect, destination, settings),
        database=database.table("t").removesuffix(f'{quoted_name(destination.dataset)}."t"'),
    )
    return {definition.name: render(definition, tables, dialect, {}) for definition in _definitions(settings.layout)}


def layouts_there(destination: Destination) -> list[str]:
    """Return the layouts of which the database has views, in the schema of its tables."""
    return [
        layout
        for layout in LAYOUTS
        if any(view.exists for view in list_views(destination, ViewSettings(layout=layout)))
    ]


# -- what is there


class _Relation(msgspec.Struct, frozen=True):
    is_view: bool
    comment: str

    @property
    def is_ours(self) -> bool:
        """Whether an earlier run created it."""
        return self.is_view and self.comment.endswith(MARK)


def dialect_of(destination: Destination) -> Dialect:
    """Return the SQL of a destination.

    Raises:
        ConfigurationError: Its kind of database has no views.
    """
    dialect = DIALECTS.get(destination.sql_dialect)
    if dialect is None:
        raise ConfigurationError(
            f"The views cannot be created in {destination.display_name}.",
            remedy=f"They exist for {' and '.join(known.name for known in DIALECTS.values())}.",
        )
    return dialect


def _definitions(layout: str) -> tuple[ViewDefinition, ...]:
    if layout not in LAYOUTS:
        raise ConfigurationError(f"There is no layout {layout!r}.", remedy=f"The layouts are: {', '.join(LAYOUTS)}.")
    return definitions_of(layout)


@contextmanager
def _session(destination: Destination, schema: str) -> Iterator[Session]:
    """Open the database for writing, while no sync loads into it.

    Args:
        destination: The database.
        schema: The schema that is written to, for messages.
    """
    with reserved(destination) as folder:
        try:
            session = cast(Database, destination).connect(folder.name)  # whatever has a dialect is one
            try:
                yield session
            finally:
                session.close()
        except (ConfigurationError, DestinationError):
            raise
        except Exception as error:
            about = msgspec.structs.replace(cast(Any, destination), dataset=schema)
            raise about.describe_error(error) from error


def _schema_is_missing(session: Session, dialect: Dialect, schema: str) -> bool:
    del dialect
    rows = session.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name = ?", [schema])
    return not rows


def _relations(session: Session, dialect: Dialect, schema: str) -> Mapping[str, _Relation]:
    rows = session.execute(dialect.relations.format(database="current_database()"), [schema, schema])
    return {name: _Relation(is_view, comment or "") for name, is_view, comment in rows}


def _read_relations(database: ReadOnlyDatabase, dialect: Dialect, schema: str) -> Mapping[str, _Relation]:
    rows = database.rows(dialect.relations.format(database=_attached(database)), [schema, schema])
    return {name: _Relation(is_view, comment or "") for name, is_view, comment in rows}


def _attached(database: ReadOnlyDatabase) -> str:
    """Return the name under which a DuckDB file is attached, as a literal; any literal for other kinds."""
    return quoted_text(database.table("").partition(".")[0].strip('"'))


def _tables(session: Session, dialect: Dialect, dataset: str, schema: str) -> Tables:
    def columns(of: str) -> Mapping[str, Mapping[str, str]]:
        return _by_table(session.execute(dialect.columns.format(database="current_database()"), [of]))

    return Tables(dataset=dataset, schema=schema, columns=columns(dataset), own_columns=columns(schema))


def _tables_to_read(
    database: ReadOnlyDatabase, dialect: Dialect, destination: Destination, settings: ViewSettings
) -> Tables:
    def columns(of: str) -> Mapping[str, Mapping[str, str]]:
        return _by_table(database.rows(dialect.columns.format(database=_attached(database)), [of]))

    schema = settings.schema or destination.dataset
    return Tables(
        dataset=destination.dataset, schema=schema, columns=columns(destination.dataset), own_columns=columns(schema)
    )


def _by_table(rows: Iterable[tuple[Any, ...]]) -> Mapping[str, Mapping[str, str]]:
    tables: dict[str, dict[str, str]] = {}
    for table, column, type_ in rows:
        tables.setdefault(table, {})[column] = type_
    return tables


def _refuse_foreign(definitions: Sequence[ViewDefinition], relations: Mapping[str, _Relation], schema: str) -> None:
    """Refuse to replace what somebody else has created."""
    names = [definition.name for definition in definitions]
    foreign = [name for name in names if name in relations and not relations[name].is_ours]
    if foreign:
        raise DestinationError(
            f"{schema}.{foreign[0]} exists, and `tiktok-marketing views` did not create it.",
            remedy="Rename it, or put the views into another schema with --schema.",
        )


# -- creating and dropping


def _statements(dialect: Dialect, tables: Tables, view: Rendered) -> Iterator[str]:
    del dialect
    name = tables.named(tables.schema, view.definition.name)
    yield f"CREATE OR REPLACE VIEW {name} AS\n{view.select}"
    yield f"COMMENT ON VIEW {name} IS {quoted_text(f'{view.definition.description} {MARK}')}"
    for column in view.definition.columns:
        yield f"COMMENT ON COLUMN {name}.{quoted_name(column.name)} IS {quoted_text(column.description)}"


def _create(session: Session, dialect: Dialect, tables: Tables, view: Rendered, *, exists: bool) -> None:
    """Create or replace a view. If its columns changed in a way that the database cannot replace, drop it first."""
    name = view.definition.name
    if exists and not _can_be_replaced(tables.own_columns.get(name, {}), dialect, view.definition):
        _drop(session, tables, [name])
    for statement in _statements(dialect, tables, view):
        session.execute(statement)


def _can_be_replaced(present: Mapping[str, str], dialect: Dialect, definition: ViewDefinition) -> bool:
    """Whether the columns that a view has are the first of those that it will have. DuckDB needs no such care."""
    if dialect.name == "DuckDB":
        return True
    wanted = [(column.name, POSTGRES_NAMES.get(column.type, column.type.lower())) for column in definition.columns]
    there = [(name, type_.replace("numeric", "decimal")) for name, type_ in present.items()]
    return wanted[: len(there)] == there


POSTGRES_NAMES: Mapping[str, str] = {
    "VARCHAR": "character varying",
    "DOUBLE": "double precision",
    "TIMESTAMP": "timestamp without time zone",
    "JSON": "jsonb",
}
"""How Postgres lists the types of columns."""


def _drop(session: Session, tables: Tables, names: Iterable[str]) -> None:
    """Drop views of ours. Nothing of the user's goes with them.

    Raises:
        DestinationError: Something depends on one of them.
    """
    for name in names:
        try:
            session.execute(f"DROP VIEW {tables.named(tables.schema, name)}")
        except Exception as error:
            if getattr(error, "pgcode", "") != "2BP01":
                raise
            detail = str(getattr(getattr(error, "diag", None), "message_detail", "") or "")
            raise DestinationError(
                f"The view {tables.schema}.{name} has to be dropped or changed, and something depends on it: "
                f"{'; '.join(detail.splitlines())}.",
                remedy="Drop what depends on it, run `tiktok-marketing views`, and create it again. Or put the views "
                "into another schema with --schema.",
            ) from error


# -- tables that belong to the views


def _with_stored(session: Session, dialect: Dialect, schema: str, settings: ViewSettings) -> ViewSettings:
    """Fill in what an earlier run chose, and the defaults."""
    stored: dict[str, str] = {}
    if SETTINGS_TABLE in _relations(session, dialect, schema):
        name = f"{quoted_name(schema)}.{quoted_name(SETTINGS_TABLE)}"
        sql = f"SELECT setting, value FROM {name} WHERE layout = ?"  # noqa: S608
        stored = dict(session.execute(sql, [settings.layout]))
    in_ad_history = stored.get("smart_plus_in_ad_history") == "true"
    return msgspec.structs.replace(
        settings,
        currency=(settings.currency or stored.get("currency") or DEFAULT_CURRENCY).upper(),
        rates=settings.rates or stored.get("rates") or "ecb",
        smart_plus_in_ad_history=in_ad_history
        if settings.smart_plus_in_ad_history is None
        else settings.smart_plus_in_ad_history,
    )


def _store(session: Session, schema: str, settings: ViewSettings) -> None:
    """Remember the settings of a layout."""
    name = f"{quoted_name(schema)}.{quoted_name(SETTINGS_TABLE)}"
    session.execute(f"CREATE TABLE IF NOT EXISTS {name} (layout VARCHAR, setting VARCHAR, value VARCHAR)")
    session.execute(f"DELETE FROM {name} WHERE layout = ?", [settings.layout])  # noqa: S608
    chosen = (
        {"currency": settings.currency, "rates": settings.rates}
        if settings.layout == "answers"
        else {"smart_plus_in_ad_history": "true" if settings.smart_plus_in_ad_history else "false"}
    )
    _insert(session, name, [(settings.layout, setting, value) for setting, value in chosen.items()])


def _fill_own_tables(
    session: Session, dialect: Dialect, dataset: str, schema: str, settings: ViewSettings, today: date | None
) -> list[str]:
    """Write the accounts' offsets and the exchange rates. Returns what a person should know about them."""
    tables = _tables(session, dialect, dataset, schema)
    accounts = _accounts(session, tables)
    offsets = [(advertiser_id, _offset(*zones)) for advertiser_id, _, *zones in accounts]
    _replace_table(session, tables, ACCOUNTS_TABLE, "advertiser_id BIGINT, utc_offset_minutes BIGINT", offsets)
    currencies = sorted({currency for _, currency, *_ in accounts if currency})
    today = today or datetime.now(UTC).date()
    until = today + timedelta(days=MOST_DAYS_OLD)
    rates: list[DailyRate] = []
    said: list[str] = []
    source = _rate_source(session, settings)
    if currencies:
        reporting = settings.currency or DEFAULT_CURRENCY
        first = _first_day(session, tables) or today
        rates = list(daily_rates(source, currencies, reporting, first, until))
        said = remarks(source, currencies, reporting, rates, today)
    _replace_table(
        session,
        tables,
        RATES_TABLE,
        "currency VARCHAR, day DATE, reporting_currency VARCHAR, rate DECIMAL(24,12), rate_day DATE",
        [(rate.currency, rate.day, settings.currency, rate.rate, rate.rate_day) for rate in rates],
    )
    return said


def _accounts(session: Session, tables: Tables) -> list[tuple[Any, ...]]:
    """Return the accounts: id, currency, and the two names of the time zone."""
    present = tables.columns.get("advertisers", {})
    if "advertiser_id" not in present:
        return []
    names = ("currency", "timezone", "display_timezone")
    columns = ", ".join(name if name in present else "NULL" for name in names)
    table = tables.named(tables.dataset, "advertisers")
    return session.execute(f"SELECT advertiser_id, {columns} FROM {table} WHERE advertiser_id IS NOT NULL")  # noqa: S608


def _offset(timezone: Any, display_timezone: Any) -> int | None:
    """Return how many minutes an account's time is ahead of UTC; None if its zone is unknown."""
    zone, _ = zones_of(timezone, display_timezone)
    offset = zone.utcoffset(datetime.now(UTC))
    return None if zone is ZONE_AHEAD_OF_ALL or offset is None else int(offset.total_seconds() // 60)


def _first_day(session: Session, tables: Tables) -> date | None:
    """Return the first day of any daily report."""
    days = []
    for stream in reports():
        if stream.cursor == "stat_time_day" and stream.cursor in tables.columns.get(stream.name, {}):
            table = tables.named(tables.dataset, stream.name)
            days += [day for (day,) in session.execute(f"SELECT min(stat_time_day) FROM {table}") if day]  # noqa: S608
    return min(days, default=None)


def _rate_source(session: Session, settings: ViewSettings) -> RateSource:
    """Return where the exchange rates come from.

    Raises:
        ConfigurationError: The user's table cannot be read, or the package is not installed.
    """
    if settings.rates in {None, "ecb"}:
        source = EuropeanCentralBank.installed()
        if not source.quotes(settings.currency or "", "EUR"):
            raise ConfigurationError(
                f"The European Central Bank has no rates of {settings.currency!r}.",
                remedy="Choose another --currency, for example EUR or USD, or give a table of your own with --rates.",
            )
        return source
    name = ".".join(quoted_name(part) for part in str(settings.rates).split("."))
    try:
        rows = session.execute(
            f"SELECT currency, CAST(day AS DATE), CAST(rate AS DECIMAL(24,12)) FROM {name}"  # noqa: S608
            " WHERE currency IS NOT NULL AND day IS NOT NULL AND rate > 0"
        )
    except Exception as error:
        raise ConfigurationError(
            f"The exchange rates in {settings.rates} cannot be read: {str(error).splitlines()[0]}",
            remedy="Name a table or view, with its schema, that has the columns currency, day and rate.",
        ) from error
    return OwnRates(str(settings.rates), rows)


def _replace_table(session: Session, tables: Tables, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Replace the rows of a table of ours. The table itself stays, because views depend on it."""
    name = tables.named(tables.schema, table)
    session.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")
    session.execute(f"DELETE FROM {name}")  # noqa: S608
    _insert(session, name, rows)


def _insert(session: Session, name: str, rows: Iterable[tuple[Any, ...]]) -> None:
    remaining = iter(rows)
    while some := list(islice(remaining, _ROWS_PER_STATEMENT)):
        holders = ", ".join(f"({', '.join('?' for _ in row)})" for row in some)
        session.execute(f"INSERT INTO {name} VALUES {holders}", [value for row in some for value in row])  # noqa: S608
