"""What Postgres says is wrong, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Sequence

from tiktok_marketing.pipelines.databases.errors import first_line


def in_words(code: str, text: str, *, shown: str, dataset: str, user: str, reading: bool = False) -> tuple[str, str]:
    """Say what happened and what to do, in a sentence each.

    Args:
        code: Postgres' code of the error (SQLSTATE); empty for a connection that never came about.
        text: Its own words.
        shown: The database, without a secret.
        dataset: The schema.
        user: Who tried.
        reading: Whether nothing was to be written.
    """
    said = f"{code} {text}".lower()
    for signs, words, remedy in (*(_SIGNS_OF_READING if reading else ()), *_SIGNS):
        if any(sign in said for sign in signs):
            return words.format(shown=shown, dataset=dataset, user=user), remedy.format(dataset=dataset)
    if reading:
        return f"Nothing can be read from {shown}: {first_line(text)}", "Mend that and run this again."
    return (
        f"Nothing can be written to {shown}: {first_line(text)}",
        "Mend that and run the sync again; it goes on from what is loaded.",
    )


_SIGNS_OF_READING: Sequence[tuple[Sequence[str], str, str]] = (
    (
        ("42501", "permission denied"),
        "The user {user} may not read the schema {dataset} of {shown}.",
        "Grant it USAGE on the schema and SELECT on its tables, _dlt_pipeline_state and the like included.",
    ),
)
_GO_ON = "Make room and run the sync again; it goes on from what is loaded."
# Postgres' codes, and the words of what has none: connections that never came about.
_SIGNS: Sequence[tuple[Sequence[str], str, str]] = (
    (
        ("connection refused", "no such file or directory", "could not connect"),
        "No Postgres server answers at {shown}.",
        "Check host and port, and that the server runs.",
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
        "Check user and password; characters like @ and / in it are written %40 and %2F.",
    ),
    (
        ("no password supplied",),
        "Postgres asks for the password of {user} at {shown}.",
        "Put it into the address (user:password@host), the variable PGPASSWORD or ~/.pgpass.",
    ),
    (
        ("no pg_hba.conf entry",),
        "The Postgres server does not let {user} into {shown} from here.",
        "Allow it in the server's pg_hba.conf; a server that wants encryption needs ?sslmode=require.",
    ),
    (("28000", 'role "'), "There is no user {user} at {shown}.", "Check the user's name, or create the user."),
    (
        ("3d000", "does not exist\n", 'database "'),
        "There is no such database at {shown}.",
        "Create it (CREATE DATABASE), or check its name.",
    ),
    (
        ("server does not support ssl", "ssl error", "certificate verify failed"),
        "No encrypted connection to {shown} came about.",
        "Check sslmode and sslrootcert in the address.",
    ),
    (
        ("unsupported startup parameter",),
        "Between here and {shown} is a pooler that does not pass on settings.",
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
    (("25006", "read-only transaction"), "{shown} can only be read: it is a replica, say.", "Give the primary server."),
    (("53100", "no space left", "could not extend file"), "The disk of the server of {shown} is full.", _GO_ON),
    (("53400", "quota"), "The server of {shown} has reached a limit of its configuration.", _GO_ON),
    (
        ("53200", "out of memory", "54000"),
        "The server of {shown} had too little memory for a package.",
        "Give it more memory.",
    ),
    (
        ("22p05", "no equivalent in encoding"),
        "The database {shown} is not in UTF-8, so that it cannot hold all texts.",
        "Give one that was created with ENCODING 'UTF8'.",
    ),
    (
        ("57014", "statement timeout"),
        "{shown} ended a statement that took too long.",
        "Raise statement_timeout for this user (ALTER ROLE ... SET statement_timeout = 0).",
    ),
    (
        ("57p01", "57p02", "57p03", "server closed the connection", "08006", "terminating connection", "starting up"),
        "The Postgres server at {shown} ended the connection, or is being restarted.",
        "Run the sync again; it goes on from what is loaded.",
    ),
    (
        ("40p01", "55p03", "lock timeout", "deadlock"),
        "Somebody else holds a lock on a table of {shown}.",
        "End what holds it (see pg_stat_activity) and run the sync again; it goes on from what is loaded.",
    ),
)
