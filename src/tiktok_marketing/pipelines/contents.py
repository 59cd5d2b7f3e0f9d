"""What a database holds when a sync opens it, compared with what the syncs before left. Pure.

The database is the user's too. Tables and columns may be gone, a table may be empty, and there may be columns and views
that no sync created. A sync reads again what is gone. It gives up only the streams whose tables accept no rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from tiktok_marketing.catalog import Stream
from tiktok_marketing.errors import DestinationError
from tiktok_marketing.pipelines.databases.destination import Relation
from tiktok_marketing.pipelines.databases.names import quoted_name

LOAD_ID = "_dlt_load_id"
"""The column that says which package brought a row."""
_MAX_NAMED = 5
"""How many columns a message names; it counts the others."""


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """What is gone of a stream that earlier syncs loaded.

    Args:
        stream: The stream.
        table: Whether its table is gone.
        emptied: Whether its table lost all its rows.
        files: Its files that are gone, or have lost rows or columns.
        columns: Its columns that are gone.
        new_columns: Its columns that only this version of the program knows.
    """

    stream: Stream
    table: bool = False
    emptied: bool = False
    files: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    new_columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        name = self.stream.name
        if self.table:
            return f"the table {name} is gone"
        if self.emptied:
            return f"the table {name} is empty, and was not"
        if self.files:
            plural = len(self.files) > 1
            verb = "are gone, or have" if plural else "is gone, or has"
            return f"the file{'s' * plural} {_names(self.files)} of {name} {verb} lost rows or columns"
        if self.columns:
            plural = len(self.columns) > 1
            return f"the column{'s' * plural} {_names(self.columns)} of {name} {'are' if plural else 'is'} gone"
        plural = len(self.new_columns) > 1
        return f"{name} has the new column{'s' * plural} {_names(self.new_columns)}"


def expected_columns(stream: Stream) -> tuple[str, ...]:
    """The columns that every table of the stream has."""
    from tiktok_marketing.pipelines.arrow.tables import columns_of  # with pyarrow, which only loading needs

    return (*(column.name for column in columns_of(stream)), LOAD_ID)


def damage_of(
    stream: Stream,
    stored: Collection[str] | None,
    *,
    loaded: bool,
    filled: bool,
    known: Collection[str],
    empty: bool,
    files: Sequence[str] = (),
) -> Damage | None:
    """What is gone of a stream; None if nothing is.

    Args:
        stream: The stream.
        stored: The columns of its table; None if there is no table.
        loaded: Whether an earlier sync has loaded the stream.
        filled: Whether its table had rows at the end of the last sync.
        known: The columns that its table had then; empty if that is not known.
        empty: Whether the table has no rows now.
        files: Its files that are gone, or have lost rows or columns.
    """
    if not loaded:
        return None
    if stored is None:
        return Damage(stream=stream, table=True)
    if filled and empty:
        return Damage(stream=stream, emptied=True)
    if files:
        return Damage(stream=stream, files=tuple(files))
    missing = [name for name in expected_columns(stream) if name not in stored]
    if not missing:
        return None
    return Damage(
        stream=stream,
        columns=tuple(name for name in missing if name in known or not known),
        new_columns=tuple(name for name in missing if known and name not in known),
    )


def describe(damages: Sequence[Damage]) -> str:
    """Say in one text what is gone or new, and what the sync does about it."""
    gone = [damage for damage in damages if damage.table or damage.emptied or damage.files or damage.columns]
    new = [damage for damage in damages if damage not in gone]
    texts = []
    if gone:
        texts.append(
            f"The database has changed since the last sync: {'; '.join(map(str, gone))}. "
            f"{_streams(gone)} read again from the start, so that nothing is missing."
        )
    if new:
        texts.append(
            f"More is read than before: {'; '.join(map(str, new))}. "
            f"{_streams(new)} read again from the start, so that the columns are filled for all days."
        )
    return " ".join(texts)


def _streams(damages: Sequence[Damage]) -> str:
    return "These streams are" if len(damages) > 1 else "This stream is"


def refusal_of(table: str, relation: Relation | None, ours: Collection[str], dataset: str) -> DestinationError | None:
    """Why no row can be written to a table; None if rows can be written.

    Args:
        table: The table's name.
        relation: What has this name; None if nothing has.
        ours: The columns that a sync fills.
        dataset: The schema, for statements that help.
    """
    if relation is None:
        return None
    name = f"{quoted_name(dataset)}.{quoted_name(table)}"
    if not relation.is_table:
        return DestinationError(
            f"{table} is a {relation.kind}, so no rows can be written to it.",
            remedy=f"Rename or drop the {relation.kind}: the next sync creates the table {table} and fills it.",
        )
    if not relation.writable:
        return DestinationError(
            f"The user of the connection may not change the rows of the table {table}.",
            remedy=f"Run GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {relation.user}, and run the sync again.",
        )
    computed = [column for column, of in relation.columns.items() if of.computed and column in ours]
    if computed:
        return DestinationError(
            f"The database computes the column{'s' * (len(computed) > 1)} {_names(computed)} of the table {table}, "
            "so no rows can be written to it.",
            remedy="Drop or rename what is computed: the next sync adds the columns and fills them.",
        )
    required = [column for column, of in relation.columns.items() if of.required and column not in ours]
    if required:
        plural = len(required) > 1
        return DestinationError(
            f"The column{'s' * plural} {_names(required)} of the table {table} {'accept' if plural else 'accepts'} "
            f"no null and {'have' if plural else 'has'} no default, and a sync has no value for "
            f"{'them' if plural else 'it'}.",
            remedy=f"Give {'each of them' if plural else 'it'} a default, or let {'them' if plural else 'it'} be null: "
            f"ALTER TABLE {name} ALTER COLUMN {quoted_name(required[0])} DROP NOT NULL.",
        )
    return None


def changed_key_refusal(stream: Stream, before: Sequence[str] | None) -> DestinationError | None:
    """Why a table cannot hold the rows of a report whose dimensions the configuration has changed; None if it can.

    Args:
        stream: The report.
        before: The key of the rows that the table has; None if it is the same or there are none.
    """
    if before is None:
        return None
    return DestinationError(
        f"The table {stream.name} has a row per {_names(before)}, and the report {stream.name} now has one per "
        f"{_names(stream.table_key)}.",
        remedy="Give the report another name: its rows then get a table of their own. To keep this table up to date, "
        "give the report its earlier level, grain and dimensions.",
    )


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_NAMED:,} more" if len(names) > _MAX_NAMED else ""
    return f"{', '.join(names[:_MAX_NAMED])}{more}"
