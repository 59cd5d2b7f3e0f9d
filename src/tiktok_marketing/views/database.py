"""Creates, replaces, lists and drops the views of a layout in a database.

Views of others are never touched: ours are known by the mark in their comment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, cast

import msgspec

from tiktok_marketing.errors import ConfigurationError, DestinationError
from tiktok_marketing.pipelines.databases.bookkeeping import opened_filled, stored_streams
from tiktok_marketing.pipelines.databases.destination import Database, Destination, ReadOnlyDatabase, Session
from tiktok_marketing.pipelines.databases.lock import reserved
from tiktok_marketing.pipelines.databases.names import quoted_name, quoted_text
from tiktok_marketing.views.definitions import LAYOUTS, ViewDefinition, definitions_of
from tiktok_marketing.views.dialects import DIALECTS, Dialect
from tiktok_marketing.views.own_tables import DATASET, SETTINGS_TABLE, ViewSettings, fill_own_tables, store, with_stored
from tiktok_marketing.views.presence import (
    MARK,
    Relation,
    relations_of,
    relations_to_read,
    schemas_with,
    tables_of,
    tables_to_read,
)
from tiktok_marketing.views.rendering import (
    ACCOUNTS_TABLE,
    RATES_TABLE,
    LeftOut,
    Rendered,
    Tables,
    render,
)


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
    with opened_filled(destination) as database:  # a wrong address must not create a database
        streams = stored_streams(database)
    schema = settings.schema or destination.dataset
    with _session(destination, schema) as session:
        chosen = with_stored(session, dialect, schema, settings)
        relations = relations_of(session, dialect, schema)
        _refuse_foreign(definitions, relations, schema)
        said: list[str] = []
        with session.transaction():
            if _schema_is_missing(session, schema):
                session.execute(f"CREATE SCHEMA {quoted_name(schema)}")
            if settings.layout == "answers":
                tables = tables_of(session, dialect, destination.dataset, schema, streams)
                said = fill_own_tables(session, tables, chosen, today)
            store(session, destination.dataset, schema, chosen)
            tables = tables_of(session, dialect, destination.dataset, schema, streams)
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
        relations = relations_of(session, dialect, schema)
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
        tables = tables_to_read(database, dialect, destination.dataset, settings.schema or destination.dataset)
    switches = {"smart_plus_in_ad_history": bool(settings.smart_plus_in_ad_history)}
    for definition in _definitions(settings.layout):
        view = render(definition, tables, dialect, switches)
        if isinstance(view, LeftOut):
            yield f"-- {view.name} is left out: {view.reason}"
        else:
            yield from (f"{statement};" for statement in _statements(tables, view))


def list_views(destination: Destination, settings: ViewSettings) -> list[ListedView]:
    """Return the views of a layout, and whether the database has them.

    Raises:
        ConfigurationError: This kind of database has no views.
        NothingToReadError: No sync has filled the database.
        DestinationError: The database cannot be read.
    """
    dialect = dialect_of(destination)
    with opened_filled(destination) as database:
        tables = tables_to_read(database, dialect, destination.dataset, settings.schema or destination.dataset)
        present = {
            name for name, relation in relations_to_read(database, dialect, tables.schema).items() if relation.is_ours
        }
    switches = {"smart_plus_in_ad_history": bool(settings.smart_plus_in_ad_history)}
    listed = []
    for definition in _definitions(settings.layout):
        view = render(definition, tables, dialect, switches)
        reason = view.reason if isinstance(view, LeftOut) else ""
        listed.append(ListedView(definition=definition, exists=definition.name in present, reason=reason))
    return listed


def read_views(
    database: ReadOnlyDatabase, destination: Destination, schema: str | None = None
) -> Mapping[str, Rendered | LeftOut]:
    """Return the queries of the views that answer questions, for a database in which they need not exist.

    Args:
        database: The database, open for reading only.
        destination: Where it is.
        schema: The schema in which `views` put exchange rates and the accounts' offsets; None for the one in which it
            did so last, or that of the tables.

    Raises:
        ConfigurationError: This kind of database has no views.
    """
    dialect = dialect_of(destination)
    settings = ViewSettings()
    if schema is None:
        schemas = [place.schema for place in places_in(database, destination) if place.layout == settings.layout]
        schema = destination.dataset if destination.dataset in schemas else next(iter(schemas), destination.dataset)
    tables = msgspec.structs.replace(
        tables_to_read(database, dialect, destination.dataset, schema),
        database=database.table("t").removesuffix(f'{quoted_name(destination.dataset)}."t"'),
    )
    return {definition.name: render(definition, tables, dialect, {}) for definition in _definitions(settings.layout)}


class Place(msgspec.Struct, frozen=True):
    """A layout whose views the database has, and their schema."""

    layout: str
    schema: str


def places_of_views(destination: Destination) -> list[Place]:
    """Return the layouts of which the database has views over the tables of the destination, with their schemas.

    Raises:
        ConfigurationError: This kind of database has no views.
        NothingToReadError: No sync has filled the database.
        DestinationError: The database cannot be read.
    """
    with opened_filled(destination) as database:
        return places_in(database, destination)


def places_in(database: ReadOnlyDatabase, destination: Destination) -> list[Place]:
    """Return the same of a database that is open for reading only.

    Raises:
        ConfigurationError: This kind of database has no views.
    """
    dialect = dialect_of(destination)
    schemas = [schema for (schema,) in database.rows(schemas_with(database, dialect), [SETTINGS_TABLE])]
    own = [Place(layout, destination.dataset) for layout in LAYOUTS]
    recorded = [place for schema in schemas for place in _recorded(database, destination, schema)]
    return [place for place in dict.fromkeys([*own, *recorded]) if _has_views(database, dialect, place)]


def _recorded(database: ReadOnlyDatabase, destination: Destination, schema: str) -> Iterator[Place]:
    prefix = database.table("t").removesuffix(f'{quoted_name(destination.dataset)}."t"')
    table = f"{prefix}{quoted_name(schema)}.{quoted_name(SETTINGS_TABLE)}"
    sql = f"SELECT layout FROM {table} WHERE setting = ? AND value = ?"  # noqa: S608 - our own names
    for (layout,) in database.rows(sql, [DATASET, destination.dataset]):
        if layout in LAYOUTS:
            yield Place(layout, schema)


def _has_views(database: ReadOnlyDatabase, dialect: Dialect, place: Place) -> bool:
    relations = relations_to_read(database, dialect, place.schema)
    return any(
        definition.name in relations and relations[definition.name].is_ours
        for definition in definitions_of(place.layout)
    )


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


def _schema_is_missing(session: Session, schema: str) -> bool:
    rows = session.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name = ?", [schema])
    return not rows


def _refuse_foreign(definitions: Sequence[ViewDefinition], relations: Mapping[str, Relation], schema: str) -> None:
    """Refuse to replace what somebody else has created."""
    names = [definition.name for definition in definitions]
    foreign = [name for name in names if name in relations and not relations[name].is_ours]
    if foreign:
        raise DestinationError(
            f"{schema}.{foreign[0]} exists, and `tiktok-marketing views` did not create it.",
            remedy="Rename it, or put the views into another schema with --schema.",
        )


def _statements(tables: Tables, view: Rendered) -> Iterator[str]:
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
    for statement in _statements(tables, view):
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
