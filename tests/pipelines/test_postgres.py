from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from postgres_server import PASSWORD, USER, Server
from tiktok_marketing.errors import ConfigurationError, DestinationError
from tiktok_marketing.pipelines import package
from tiktok_marketing.pipelines.databases.kinds import destination_of
from tiktok_marketing.pipelines.databases.lock import reserved
from tiktok_marketing.pipelines.loader import Loader

DAILY = "campaigns_reports_daily"
TEXTS = [
    "",
    " ",
    "a\nb\r\n\tc",
    "\"quoted\", 'so'",
    "back\\slash \\N \\.",
    "a\n\\.\nb",
    ",;|",
    "NULL",
    "null",
    "-",
    "\u00e4\u4e2d\U0001f600",
    "%s ? $1",
]


def opened(address: str, dataset: str = "tiktok_ads") -> Loader:
    """Open a database as a sync does before it reads anything."""
    destination = destination_of(address, dataset)
    with reserved(destination) as folder:
        loader = Loader(destination, folder, print)
        loader.open()
        return loader


@contextmanager
def role(place: Any, name: str, *statements: str) -> Iterator[str]:
    """Create a user with the password "x" and the rights that these statements grant; yields its address."""
    place.ask(f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
    for statement in statements:
        place.ask(statement)
    before, _, after = place.address.partition("://")
    try:
        yield f"{before}://{name}:x@{after.partition('@')[2]}"
    finally:
        place.ask(f"DROP OWNED BY {name} CASCADE")
        place.ask(f"REVOKE ALL ON DATABASE {place.address.rpartition('/')[2]} FROM {name}")
        place.ask(f"DROP ROLE {name}")


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_every_value_is_stored_unchanged(kind: str, request: pytest.FixtureRequest, make: Any) -> None:
    """Unusual texts, missing values, the largest numbers, times and nested values, in every kind of database."""
    place = request.getfixturevalue(f"{kind}_only")
    texts = [{"ad_id": number, "ad_name": text} for number, text in enumerate(TEXTS)]
    others = [
        {"ad_id": 100, "page_id": 2**63 - 1, "modify_time": "2026-01-31 23:59:59", "image_ids": TEXTS},
        {"ad_id": 101, "page_id": -(2**63), "modify_time": "1999-12-31T00:00:00Z", "image_ids": []},
        {"ad_id": 102, "ad_name": None, "page_id": None, "modify_time": None, "image_ids": None},
    ]
    make.runner(place)(make.whole("ads", make.batch("ads", [*texts, *others])))
    assert place.ask("SELECT ad_name FROM ads WHERE ad_id < 100 ORDER BY ad_id") == [(text,) for text in TEXTS]
    others_stored = place.ask("SELECT page_id, modify_time, image_ids FROM ads WHERE ad_id >= 100 ORDER BY ad_id")
    lists = [json.loads(value) if isinstance(value, str) else value for _, _, value in others_stored]
    assert [row[:2] for row in others_stored] == [
        (2**63 - 1, datetime(2026, 1, 31, 23, 59, 59)),  # noqa: DTZ001 - it has no zone
        (-(2**63), datetime(1999, 12, 31)),  # noqa: DTZ001
        (None, None),
    ]
    assert lists == [TEXTS, [], None]


def test_every_number_is_stored_unchanged(run: Any, query: Any, make: Any) -> None:
    """Money to the last of its four decimals, and fractions as exactly as a double allows."""
    rows = [
        make.campaign_row(1, "2026-01-01", "99999999999999.9999", ctr="0.1"),
        make.campaign_row(2, "2026-01-01", "-0.0001", ctr="1e308"),
        make.campaign_row(3, "2026-01-01", "0", ctr="-"),
    ]
    run(make.whole(DAILY, make.batch(DAILY, rows)))
    assert query(f"SELECT spend, ctr FROM {DAILY} ORDER BY campaign_id") == [  # noqa: S608 - a name from above
        (Decimal("99999999999999.9999"), 0.1),
        (Decimal("-0.0001"), 1e308),
        (Decimal("0.0000"), None),
    ]


def test_nul_is_replaced_because_postgres_cannot_store_it(make: Any, postgres_only: Any) -> None:
    """It becomes U+FFFD in texts and inside JSON; a text that only looks like an escaped NUL stays."""
    ad = {"ad_id": 1, "ad_name": "a\0b\0", "image_ids": ["\0\0", "\\u0000", {"\0": "x\\\0"}], "brand_new": "\0"}
    make.runner(postgres_only)(make.whole("ads", make.batch("ads", [ad, {"ad_id": 2, "ad_name": "plain"}])))
    expected = ["\ufffd\ufffd", "\\u0000", {"\ufffd": "x\\\ufffd"}]
    assert postgres_only.ask("SELECT ad_name, image_ids, brand_new FROM ads ORDER BY ad_id") == [
        ("a\ufffdb\ufffd", expected, "\ufffd"),
        ("plain", None, None),
    ]


def test_keys_are_indexed_and_json_is_jsonb(make: Any, postgres_only: Any) -> None:
    """A merge does not read the whole table, and no row can be there twice."""
    run = make.runner(postgres_only)
    run(make.whole("ads", make.batch("ads", [{"ad_id": 1, "image_ids": ["a"]}])))
    run(make.whole("ads", make.batch("ads", [{"ad_id": 1, "carousel_image_index": 1.5}])))
    assert postgres_only.ask("SELECT ad_id, _misfits ->> 'carousel_image_index' FROM ads") == [(1, "1.5")]
    types = dict(
        postgres_only.ask(
            "SELECT attname, atttypid::regtype::text FROM pg_attribute WHERE attrelid = 'ads'::regclass AND attnum > 0"
        )
    )
    assert {types["image_ids"], types["_misfits"]} == {"jsonb"}
    with pytest.raises(psycopg2.errors.UniqueViolation):
        postgres_only.ask("INSERT INTO ads SELECT * FROM ads")


def test_the_index_of_a_report_begins_with_account_and_day(make: Any, postgres_only: Any) -> None:
    """The days of an account are replaced together. The index that earlier versions created, by object, is dropped."""
    run = make.runner(postgres_only)
    events = make.whole(DAILY, make.batch(DAILY, [make.campaign_row(1, "2026-01-01")]))
    run(events)
    indexes = f"SELECT indexdef FROM pg_indexes WHERE tablename = '{DAILY}'"  # noqa: S608 - a name from above
    postgres_only.ask(f"CREATE UNIQUE INDEX {DAILY}_key ON {DAILY} (campaign_id, stat_time_day)")
    run(events)
    [(index,)] = postgres_only.ask(indexes)
    assert index.endswith("(advertiser_id, stat_time_day, campaign_id)")
    assert " UNIQUE " in index


def test_rows_of_more_than_one_batch_are_merged_by_key(make: Any, postgres_only: Any) -> None:
    """The second run replaces thousands of rows, each once."""
    for spend in ("1.00", "2.00"):
        pages = [
            make.batch(DAILY, [make.campaign_row(page * 1000 + row, "2026-01-01", spend) for row in range(1000)])
            for page in range(5)
        ]
        make.runner(postgres_only)(make.whole(DAILY, *pages))
        assert postgres_only.ask(f"SELECT count(*), sum(spend) FROM {DAILY}") == [(5000, Decimal(spend) * 5000)]  # noqa: S608


def test_a_second_sync_into_the_same_dataset_is_refused_on_any_machine(postgres_only: Any, tmp_path: Path) -> None:
    """The lock is in the server, so a sync with another working folder, as on another machine, finds it taken."""
    code = (
        "from tiktok_marketing.pipelines.databases.kinds import destination_of\n"
        "from tiktok_marketing.pipelines.databases.lock import reserved\n"
        f"with reserved(destination_of({postgres_only.address!r})):\n"
        "    print('held', flush=True); input()"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(DestinationError, match=r"Another sync .* from 127\.0\.0\.1 \(Postgres process \d+\)"):
            opened(postgres_only.address)
        opened(postgres_only.address, "another_one")
        other.kill()
    opened(postgres_only.address)


def test_a_sync_ends_if_its_lock_is_gone(make: Any, postgres_only: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another sync may have begun. What was loaded before stays, and the next sync continues from there."""
    monkeypatch.setattr(package, "FULL_ROWS", 1)
    run = make.runner(postgres_only)

    async def cut() -> None:
        postgres_only.ask("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")

    first, second = (make.batch(DAILY, [make.campaign_row(row, "2026-01-01")]) for row in (1, 2))
    run(make.whole(DAILY, first, make.state("2026-01-01")))
    with pytest.raises(DestinationError, match="keeps other syncs out was lost"):
        run(make.whole(DAILY, cut, second))
    assert run(make.whole(DAILY, second)).states_before


def test_a_user_who_may_not_create_schemas_can_load_into_an_existing_one(make: Any, postgres_only: Any) -> None:
    """Without rights, the error names the missing right. With the schema, syncs work, also the second time."""
    with role(postgres_only, "modest") as address:
        with pytest.raises(DestinationError, match="user modest may not write to the schema tiktok_ads") as refused:
            opened(address)
        assert "owner of tiktok_ads" in refused.value.remedy
        postgres_only.ask("CREATE SCHEMA tiktok_ads AUTHORIZATION modest")
        place = type("Place", (), {"address": address})
        for _ in range(2):
            make.runner(place)(make.whole(DAILY, make.batch(DAILY, [make.campaign_row(1, "2026-01-01")])))
        assert postgres_only.ask(f"SELECT count(*) FROM {DAILY}") == [(1,)]  # noqa: S608 - a name from above


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda server: server.address("nowhere"), "There is no such database"),
        (lambda server: server.address("postgres", password="wrong-secret"), "refuses the password of loader"),
        (lambda server: server.address("postgres", user="nobody_here"), "refuses the password of nobody_here"),
        (lambda server: f"postgresql://{USER}@127.0.0.1:{server.port}/postgres", "asks for the password"),
        (lambda _: "postgresql://u:wrong-secret@127.0.0.1:1/db", "No Postgres server answers"),
        (lambda _: "postgresql://u:wrong-secret@no.such.host.invalid/db", "The host of .* is not known"),
        (lambda server: server.address("postgres") + "?sslmode=require", "No encrypted connection"),
        (
            lambda server: server.address("postgres") + "?options=-cdefault_transaction_read_only%3Don",
            "it is a replica, or default_transaction_read_only is on",
        ),
        (lambda server: server.address("postgres") + "?colour=red&password=wrong-secret", "colour"),
    ],
)
def test_a_connection_error_is_described_in_one_sentence(
    postgres_server: Server, change: Any, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sync says so before it reads anything, and never shows the password."""
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", "/nowhere")
    with pytest.raises(DestinationError, match=words) as raised:
        opened(change(postgres_server))
    everything = f"{raised.value} {raised.value.detail} {raised.value.__cause__!r} {raised.value.__context__!r}"
    assert "\n" not in str(raised.value)
    assert raised.value.remedy
    assert "wrong-secret" not in everything
    assert PASSWORD not in everything


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (psycopg2.errors.DiskFull("could not extend file"), "disk of the Postgres server"),
        (psycopg2.errors.TooManyConnections("sorry, too many clients already"), "no connection left"),
        (psycopg2.errors.QueryCanceled("canceling statement due to statement timeout"), "took too long"),
        (
            psycopg2.errors.IdleInTransactionSessionTimeout(
                "terminating connection due to idle-in-transaction timeout"
            ),
            "because of a time limit: .* idle-in-transaction timeout",
        ),
        (psycopg2.errors.AdminShutdown("terminating connection due to administrator command"), "restarting"),
        (psycopg2.errors.DeadlockDetected("deadlock detected"), "holds a lock"),
        (OSError(28, "No space left on device", "/tmp/x"), "cannot be prepared in .* No space left"),  # noqa: S108
        (psycopg2.Error("An unknown error with s3cret/\nand more"), r"error with \*\*\*\."),
    ],
)
def test_an_error_while_loading_is_described_in_one_sentence(error: Exception, words: str) -> None:
    """The sentence describes the cause, not the library that wrapped it, and never shows the password."""
    wrapped = RuntimeError("Pipeline execution failed at step=load")
    wrapped.__cause__ = error
    described = destination_of("postgresql://u:s3cret%2F@h/d").describe_error(wrapped)
    assert "\n" not in str(described)
    assert "s3cret" not in described.detail
    with pytest.raises(DestinationError, match=words):
        raise described


def test_the_password_is_never_written(make: Any, postgres_only: Any) -> None:
    """It is not in the working folder, not in the database, and not in any text of the destination."""
    destination = destination_of(postgres_only.address)
    assert PASSWORD not in repr(destination) + destination.display_name
    assert "w%3Ard" not in repr(destination) + destination.display_name
    seen: list[bytes] = []

    async def look() -> None:
        seen.extend(path.read_bytes() for path in destination.working_folder.rglob("*") if path.is_file())

    ran = make.runner(postgres_only)(make.whole(DAILY, look, make.batch(DAILY, [make.campaign_row(1, "2026-01-01")])))
    assert PASSWORD not in str(ran.summary)
    assert seen
    assert not any(PASSWORD.encode() in content or b"w%3Ard" in content for content in seen)


def test_options_in_the_address_apply_to_every_connection(postgres_only: Any) -> None:
    """Options for libpq reach the server, also over the connections that dlt opens."""
    postgres_only.ask("CREATE ROLE nobody_special")
    address = postgres_only.address + "?options=-c%20role%3Dnobody_special&application_name=x"
    with pytest.raises(DestinationError, match="may not write"):
        opened(address)
    postgres_only.ask("DROP ROLE nobody_special")


@pytest.mark.parametrize("dataset", ["pg_ads", "x" * 60])
def test_a_dataset_that_postgres_reserves_or_would_shorten_is_refused(dataset: str) -> None:
    """The sync says so before it opens anything."""
    with pytest.raises(ConfigurationError, match="cannot be used in Postgres"):
        destination_of("postgresql://h/d", dataset)
