"""What Postgres says is wrong, in a sentence, with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tiktok_marketing.pipelines.databases.errors import first_line

LOCK_TIMED_OUT = "55P03"
_OF_THE_SERVER = {
    "08",  # connections
    "25",  # transactions, which a replica refuses to let write
    "28",  # passwords
    "3D",  # databases
    "3F",  # schemas
    "53",  # disk, memory and connections
    "57",  # shutdowns, and statements that were ended
    "58",  # the server's system
    "F0",  # its configuration
}
"""Classes of codes of Postgres that are not about one table."""


def in_words(code: str, text: str, *, shown: str, dataset: str, user: str, reading: bool = False) -> tuple[str, str]:
    """Say what happened and what to do, in a sentence each.

    Args:
        code: Postgres' code of the error (SQLSTATE); empty for a connection that could not be opened.
        text: Postgres' own words.
        shown: The name of the database, without a secret.
        dataset: The schema.
        user: The user of the connection.
        reading: Whether the database was only to be read.
    """
    for signs, message, remedy in (*(_SIGNS_OF_READING if reading else ()), *_SIGNS):
        if _applies(signs, code.lower(), text.lower()):
            words = {"shown": shown, "dataset": dataset, "user": user, "reason": first_line(text)}
            return message.format(**words), remedy.format(dataset=dataset)
    if reading:
        return f"Nothing can be read from {shown}: {first_line(text)}", "Fix that and run this again."
    return (
        f"Nothing can be written to {shown}: {first_line(text)}",
        "Fix that and run the sync again; it continues from what is loaded.",
    )


def is_about_table(code: str) -> bool:
    """Whether an error while a table is used is about that table: its rows, constraints, triggers, columns or rights.

    A trigger can raise every code, also one of its own. So all codes are about the table but those of the connection,
    the server and the whole schema.
    """
    return bool(code) and code[:2] not in _OF_THE_SERVER


def remedy_for(
    code: str, text: str, *, table: str, dataset: str, user: str, holders: Callable[[], Mapping[str, str]]
) -> str:
    """Say what helps against an error that lies in a table; empty if there is nothing special to say.

    Args:
        code: Postgres' code of the error.
        text: Postgres' own words.
        table: The table.
        dataset: The schema.
        user: The user of the connection.
        holders: Returns who has tables locked, by table.
    """
    if code == LOCK_TIMED_OUT:
        holder = holders().get(table)
        now = f"It is locked by {holder}" if holder else "Another connection has it locked"
        return f"{now}. End that connection, and run the sync again."
    name = f'"{dataset}"."{table}"'
    for codes, sign, remedy in _REMEDIES:
        if (not codes or code in codes) and sign in text.lower():
            return f"{remedy.format(table=name, dataset=dataset, user=user)}, and run the sync again."
    return ""


_REMEDIES: Sequence[tuple[Sequence[str], str, str]] = (
    (
        (),
        "replica identity",
        "It is published. Run ALTER TABLE {table} REPLICA IDENTITY FULL (or USING INDEX), or end its publication",
    ),
    (
        (),
        "row-level security",
        'Run ALTER ROLE "{user}" BYPASSRLS, or ALTER TABLE {table} DISABLE ROW LEVEL SECURITY',
    ),
    (("42501",), "for schema", 'Run GRANT USAGE, CREATE ON SCHEMA "{dataset}" TO "{user}"'),
    (("42501",), "temporary tables", 'Run GRANT CREATE ON SCHEMA "{dataset}" TO "{user}"'),
    (("42501",), "must be owner", 'Run ALTER TABLE {table} OWNER TO "{user}"'),
    (
        ("22P05",),
        "",
        "The database is not in UTF-8 and cannot hold every text. Create one with ENCODING 'UTF8', give its address",
    ),
    (("42P07", "42710"), "", "Something else in the schema has that name. Rename or drop it"),
)


def _applies(signs: Sequence[str], code: str, text: str) -> bool:
    """Whether the code is one of the signs. The text decides only if there is no code: it may quote anything."""
    return code in signs if code else any(sign in text for sign in signs)


_SIGNS_OF_READING: Sequence[tuple[Sequence[str], str, str]] = (
    (
        ("42501", "permission denied"),
        "The user {user} may not read the schema {dataset} of {shown}.",
        "Grant it USAGE on the schema and SELECT on all its tables, including _dlt_pipeline_state and _dlt_loads.",
    ),
)
_CONTINUE = "Free some space and run the sync again; it continues from what is loaded."
# Codes of Postgres, and words for the errors that have no code: connections that could not be opened.
_SIGNS: Sequence[tuple[Sequence[str], str, str]] = (
    (
        ("connection refused", "no such file or directory", "could not connect"),
        "No Postgres server answers at {shown}.",
        "Check the host and the port, and that the server is running.",
    ),
    (
        ("could not translate host name", "name or service not known", "nodename nor servname"),
        "The host of {shown} is not known.",
        "Check its name.",
    ),
    (
        ("timeout expired", "connection timed out", "network is unreachable", "no route to host"),
        "The Postgres server at {shown} cannot be reached from here.",
        "Check the address, and whether a firewall is in between.",
    ),
    (
        ("28p01", "password authentication failed"),
        "Postgres refuses the password of {user} at {shown}.",
        "Check the user and the password; write characters like @ and / in it as %40 and %2F.",
    ),
    (
        ("no password supplied",),
        "Postgres asks for the password of {user} at {shown}.",
        "Put it into the address (user:password@host), the variable PGPASSWORD or ~/.pgpass.",
    ),
    (
        ("no pg_hba.conf entry",),
        "The Postgres server does not let {user} connect to {shown} from here.",
        "Allow it in the server's pg_hba.conf; a server that requires encryption needs ?sslmode=require.",
    ),
    (("28000", 'role "'), "There is no user {user} at {shown}.", "Check the user's name, or create the user."),
    (
        ("3d000", "does not exist\n", 'database "'),
        "There is no such database at {shown}.",
        "Create it (CREATE DATABASE), or check its name.",
    ),
    (
        ("3f000",),
        "The schema {dataset} of {shown} is gone.",
        "Run the sync again: it creates the schema and reads everything again.",
    ),
    (
        ("42p01", "42703"),
        "A table or a column of the schema {dataset} in {shown} is gone: {reason}",
        "Run the sync again: it adds what is missing, and reads its streams again.",
    ),
    (
        ("server does not support ssl", "ssl error", "certificate verify failed"),
        "No encrypted connection to {shown} could be opened.",
        "Check sslmode and sslrootcert in the address.",
    ),
    (
        ("unsupported startup parameter",),
        "Between here and {shown} is a connection pooler that does not pass on settings.",
        "Give the address of the server itself, or of the pooler's session mode.",
    ),
    (
        ("53300", "too many connections", "too many clients", "remaining connection slots"),
        "The Postgres server at {shown} has no connection left.",
        "A sync needs three. Close others, or raise max_connections.",
    ),
    (
        ("42501", "permission denied"),
        "The user {user} may not write to the schema {dataset} of {shown}.",
        "Let it create schemas (GRANT CREATE ON DATABASE), or make it owner of {dataset}.",
    ),
    (
        ("25006", "read-only transaction"),
        "{shown} accepts no changes: it is a replica, or default_transaction_read_only is on.",
        "Give the primary server, or switch that setting off: ALTER ROLE ... SET default_transaction_read_only = off.",
    ),
    (
        ("53100", "no space left", "could not extend file"),
        "The disk of the Postgres server at {shown} is full.",
        _CONTINUE,
    ),
    (("53400", "quota"), "The Postgres server at {shown} has reached a configured limit.", _CONTINUE),
    (
        ("53200", "out of memory", "54000"),
        "The Postgres server at {shown} had too little memory for a package.",
        "Give it more memory.",
    ),
    (
        ("22p05", "no equivalent in encoding"),
        "The database {shown} is not in UTF-8, so it cannot hold every text.",
        "Give a database that was created with ENCODING 'UTF8'.",
    ),
    (
        ("57014", "statement timeout"),
        "{shown} ended a statement that took too long.",
        "Raise statement_timeout for this user (ALTER ROLE ... SET statement_timeout = 0).",
    ),
    (
        ("25p03", "25p04", "57p05", "transaction timeout", "session timeout"),
        "{shown} ended the connection because of a time limit: {reason}",
        "Raise it for this user (ALTER ROLE ... SET), and run the sync again; it continues from what is loaded.",
    ),
    (
        ("57p01", "57p02", "57p03", "server closed the connection", "08006", "terminating connection", "starting up"),
        "The Postgres server at {shown} closed the connection, or is restarting.",
        "Run the sync again; it continues from what is loaded.",
    ),
    (
        ("40p01", "55p03", "lock timeout", "deadlock"),
        "Another connection holds a lock on a table of {shown}.",
        "End that connection (see pg_stat_activity) and run the sync again; it continues from what is loaded.",
    ),
)
