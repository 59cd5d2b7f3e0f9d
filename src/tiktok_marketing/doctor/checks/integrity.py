"""Checks whether a database is as its syncs left it: tables, keys, and the rows that each package brought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from tiktok_marketing.catalog import ReportStream, Stream
from tiktok_marketing.doctor.database import Database
from tiktok_marketing.doctor.findings import REMOVE, Finding, Fix, Severity
from tiktok_marketing.doctor.readable import Fault
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.pipelines.databases.bookkeeping import LOADS_TABLE, PACKAGES_TABLE, STATES_TABLE, SYNCS_TABLE
from tiktok_marketing.pipelines.databases.errors import RESTORE, is_damage

TABLES, ROWS = "tables", "rows"


def examine_tables(database: Database, streams: Iterable[Stream]) -> Iterator[Finding]:
    """Find tables and columns that are missing, and states that are gone or unreadable."""
    for table in (SYNCS_TABLE, LOADS_TABLE):
        if table not in database.columns:
            yield Finding(
                severity=Severity.WRONG,
                check=TABLES,
                message=f"The table {table}, which records every sync that ends, is missing.",
                fix=Fix.SYNC,
            )
    for table, reason in database.unreadable_records.items():
        if table != STATES_TABLE:  # said below
            yield Finding(
                severity=Severity.WRONG,
                check=TABLES,
                message=f"The table {table}, in which each sync records what it did, cannot be read, or not all of it: "
                f"{reason}",
                remedy=RESTORE
                if is_damage(reason)
                else f"Correct or delete what is in it, or drop the table {table}: the next sync creates it again.",
            )
    if database.raw_states is None:
        yield Finding(
            severity=Severity.WRONG,
            check=TABLES,
            message=f"The states, which {STATES_TABLE} and {PACKAGES_TABLE} hold, are gone or cannot be read. So it is "
            "not known how far each account was read.",
            remedy="Move the file away, or drop the schema, and sync again: it reads everything from start_date on.",
        )
    for stream in streams:
        yield from _table_findings(database, stream)


def _table_findings(database: Database, stream: Stream) -> Iterator[Finding]:
    if refusal := database.refusal(stream):
        yield Finding(
            severity=Severity.WRONG,
            check=TABLES,
            message=refusal.message,
            stream=stream.name,
            remedy=refusal.remedy,
        )
        return
    if rounding := database.rounding(stream):
        yield Finding(
            severity=Severity.WARNING,
            check=TABLES,
            message=rounding.message,
            stream=stream.name,
            remedy=rounding.remedy,
        )
    if stream.name not in database.columns:
        message = "A sync has loaded this stream, but its table is missing."
    elif missing := database.missing_columns(stream):
        message = f"The table lacks {', '.join(sorted(missing))}, so it cannot be examined."
    elif fault := database.fault(stream):
        yield _fault_finding(stream, fault)
        return
    else:
        yield from _state_findings(database, stream)
        return
    yield Finding(severity=Severity.WRONG, check=TABLES, message=message, stream=stream.name, fix=Fix.FULL)


def _fault_finding(stream: Stream, fault: Fault) -> Finding:
    if is_damage(fault.reason):
        remedy = RESTORE
    elif fault.column:
        remedy = f"Correct its type or its values, or drop the column {fault.column} of the table {stream.name}: the "
        remedy += "next sync adds it, and reads the stream again from the start."
    else:
        remedy = f"Correct it, or drop or rename {stream.name}: the next sync creates the table and fills it."
    return Finding(severity=Severity.WRONG, check=TABLES, message=str(fault), stream=stream.name, remedy=remedy)


def _state_findings(database: Database, stream: Stream) -> Iterator[Finding]:
    try:
        cursors = database.cursors(stream)
    except ConfigurationError as error:
        yield Finding(severity=Severity.WRONG, check=TABLES, message=error.message, stream=stream.name, fix=Fix.FULL)
        return
    synced = (database.syncs or {}).get(stream.name)
    if (
        stream.cursor
        and stream.is_report
        and cursors is None
        and database.raw_states is not None
        and synced
        and synced.complete
    ):
        yield Finding(
            severity=Severity.WRONG,
            check=TABLES,
            message="The stream was synced, but has no state: the next sync reads it from start_date on.",
            stream=stream.name,
            fix=Fix.SYNC,
        )


def _all_of_one_answer(stream: Stream) -> str:
    """The condition that rows with one key are different rows of one load, as TikTok delivered them."""
    if not isinstance(stream, ReportStream):
        return "FALSE"
    figures = [name for name in ("spend", "impressions", "clicks") if name in stream.source.metrics]
    values = " || ' ' || ".join(f"coalesce(\"{name}\"::VARCHAR, '')" for name in figures)
    return f"count(DISTINCT _dlt_load_id) = 1 AND count(DISTINCT {values}) = count(*)" if figures else "FALSE"


def examine_keys(database: Database, streams: Iterable[Stream]) -> Iterator[Finding]:
    """Find copies of rows and rows without a key. A sync leaves neither."""
    for stream in streams:
        if not database.is_usable(stream):
            continue
        names = list(dict.fromkeys(("advertiser_id", *stream.table_key)))
        key = ", ".join(f'"{name}"' for name in stream.table_key)
        day = f'"{stream.cursor}"::DATE' if stream.cursor and stream.is_report else "NULL::DATE"
        table = database.table(stream.name)
        duplicates = database.rows(
            f"SELECT min(advertiser_id)::VARCHAR AS account, {day} AS day, count(*) - 1 AS extra"  # noqa: S608
            f" FROM {table} GROUP BY {key}{f', {day}' if stream.cursor and stream.is_report else ''}"
            f" HAVING count(*) > 1 AND NOT ({_all_of_one_answer(stream)})"
        )
        by_account: dict[str | None, list[tuple[date | None, int]]] = {}
        for account, on, extra in duplicates:
            by_account.setdefault(account, []).append((on, extra))
        for account, of_account in by_account.items():
            count = sum(extra for _, extra in of_account)
            yield Finding(
                severity=Severity.WRONG,
                check=ROWS,
                message=f"{count:,} {'row is a duplicate' if count == 1 else 'rows are duplicates'}, so sums are too "
                f"large. The key of a row is {', '.join(stream.table_key)}.",
                stream=stream.name,
                advertiser_id=account,
                days=tuple(sorted({on for on, _ in of_account if on is not None})),
                fix=Fix.FULL,
                adds_to_sums=True,
            )
        without_key = " OR ".join(f'"{name}" IS NULL' for name in names)
        ((count,),) = database.rows(f"SELECT count(*) FROM {table} WHERE {without_key}")  # noqa: S608
        if count:
            yield Finding(
                severity=Severity.WRONG,
                check=ROWS,
                message=f"{count:,} {'row lacks' if count == 1 else 'rows lack'} part of the key ({', '.join(names)}).",
                stream=stream.name,
                remedy=REMOVE,
                adds_to_sums=True,
                adds_on=_places(database, stream, f"WHERE {without_key}"),
            )


def _places(database: Database, stream: Stream, where: str) -> tuple[tuple[str, date], ...]:
    """The accounts and days of some rows; none if a row may be of any."""
    if not stream.cursor or not stream.is_report:
        return ()
    places = database.rows(
        f'SELECT DISTINCT advertiser_id::VARCHAR, "{stream.cursor}"::DATE FROM {database.table(stream.name)} {where}'  # noqa: S608
    )
    return () if any(None in place for place in places) else tuple(places)


def examine_packages(database: Database, streams: Iterable[Stream], faulty: Sequence[Finding]) -> Iterator[Finding]:
    """Find rows of a stream's last sync that have disappeared, and rows that no sync brought.

    Args:
        database: The database.
        streams: The streams.
        faulty: The findings about keys. A stream that has one has rows that no sync brought; that is said once.
    """
    told = {finding.stream for finding in faulty}
    if not database.has_loads or database.syncs is None:
        return
    for stream in streams:
        synced = database.syncs.get(stream.name)
        if synced is None or not database.is_usable(stream):
            continue
        rows_by_package = database.packages(stream)
        known = {load_id for (_, name), kept in database.loads.items() if name == stream.name for load_id in kept}
        # The packages of a sync that was killed are not recorded, and their rows may have replaced others.
        unknown = sum(rows for load_id, rows in rows_by_package.items() if load_id not in known)
        left = database.loads.get((synced.sync_id, stream.name), {})
        loaded, present = sum(left.values()), sum(rows_by_package.get(load_id, 0) for load_id in left)
        if present < loaded and not unknown:
            yield Finding(
                severity=Severity.WRONG,
                check=ROWS,
                message=f"The sync of {synced.began:%Y-%m-%d %H:%M} UTC left {loaded:,} rows, and {present:,} of them "
                "are still there: somebody has deleted the others since.",
                stream=stream.name,
                fix=Fix.FULL if stream.cursor and stream.is_report else Fix.SYNC,
            )
        elif present > loaded and stream.name not in told:
            yield Finding(
                severity=Severity.WRONG,
                check=ROWS,
                message=f"The sync of {synced.began:%Y-%m-%d %H:%M} UTC left {loaded:,} rows, and now there are "
                f"{present:,}: somebody has added the others since.",
                stream=stream.name,
                remedy="" if stream.is_report else REMOVE,
                fix=Fix.FULL if stream.is_report else None,
            )
