"""How long a session waits for others who have a table locked, and who they are; and that it may be idle itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LOCK_TIMEOUT = "120s"
"""How long to wait for others who hold a lock on a table, if nothing else is configured."""
READERS_WAIT = ("AccessExclusiveLock",)
"""The modes of locks that keep even readers waiting."""
WRITERS_WAIT = (
    "RowShareLock",  # of rows that are locked one by one, as by SELECT ... FOR UPDATE
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
)
"""Those that may keep waiting who replaces rows as a sync does, and that readers do not wait for."""
_HOLDERS = """
    SELECT DISTINCT c.relname::text, a.pid, coalesce(a.usename::text, ''), a.application_name
    FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.granted AND c.relkind IN ('r', 'p') AND c.relnamespace = to_regnamespace(quote_ident(%s))
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.mode = ANY(%s) AND a.pid <> pg_backend_pid()
        AND a.application_name NOT LIKE 'tiktok-marketing%%'
    ORDER BY 1, 2
"""


def prepare(connection: Any) -> None:
    """Give a connection, outside of a transaction, the settings about waiting that a sync needs.

    Others may have a table locked for hours, so no statement waits for them without end. The connection that keeps
    other syncs out has nothing to do for hours, so no server may close it for that.

    Args:
        connection: Of psycopg2.
    """
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        if cursor.fetchone() == ("0",):
            cursor.execute("SET lock_timeout = %s", [LOCK_TIMEOUT])
        if connection.server_version >= 140000:  # earlier ones do not know it
            cursor.execute("SET idle_session_timeout = 0")


def lock_holders(
    connection: Any, dataset: str, modes: Sequence[str] = (*READERS_WAIT, *WRITERS_WAIT)
) -> dict[str, str]:
    """Return who holds locks on the tables of a schema that may keep a sync waiting: table to words.

    Args:
        connection: Of psycopg2.
        dataset: The schema.
        modes: The modes of the locks.
    """
    holders: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, [dataset, list(modes)])
        for table, process, user, program in cursor.fetchall():
            words = f"process {process} of {user or 'somebody'}" + f" ({program})" * bool(program)
            holders.setdefault(table, []).append(words)
    return {table: " and ".join(words) for table, words in holders.items()}
