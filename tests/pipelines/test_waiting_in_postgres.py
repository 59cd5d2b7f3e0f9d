"""What a sync does while somebody else keeps a table of a Postgres locked, and while it has nothing to do itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import psycopg2.extensions
import pytest

from support import quickly
from tiktok_marketing.errors import DestinationError
from tiktok_marketing.pipelines.databases.postgres import waiting
from tiktok_marketing.pipelines.loaded_rows import LoadedRows

DAILY = "campaigns_reports_daily"


def load(run: Any, make: Any, spend: str = "1.10", *between: Any) -> Any:
    """Load a campaign and its figures of a day."""
    rows = make.batch(DAILY, [make.campaign_row(1, "2026-01-01", spend)])
    return run(
        make.whole("campaigns", make.batch("campaigns", [{"campaign_id": make.ad + 1}]))
        + make.whole(DAILY, *between, rows, make.state("2026-01-01"))
    )


@contextmanager
def in_progress(place: Any, statement: str) -> Iterator[int]:
    """Leave a transaction open, as somebody does who is called away from their keyboard. Yields their process."""
    address = psycopg2.extensions.make_dsn(place.address, application_name="psql")
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        cursor.execute("SET search_path = tiktok_ads")
        cursor.execute(statement)
        yield connection.info.backend_pid


@pytest.mark.parametrize("table", ["_dlt_loads", "_dlt_pipeline_state"])
def test_a_sync_does_not_wait_forever_for_a_lock(
    postgres_only: Any, make: Any, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    """It waits as long as is documented, over all its connections, and then says who it has waited for."""
    run = make.runner(postgres_only)
    load(run, make)
    monkeypatch.setattr(waiting, "LOCK_TIMEOUT", "500ms")
    with in_progress(postgres_only, f"ALTER TABLE {table} ADD COLUMN note text") as process:
        began = time.monotonic()
        with pytest.raises(
            DestinationError, match=f"{table} is locked by process {process} of loader .psql."
        ) as raised:
            load(run, make)
        assert time.monotonic() - began < 30
    assert "End that connection" in raised.value.remedy
    assert load(run, make).summary.complete


def test_a_lock_timeout_of_the_users_own_counts(postgres_only: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set for the user is not changed."""
    run = make.runner(postgres_only)
    load(run, make)
    monkeypatch.setattr(waiting, "LOCK_TIMEOUT", "300s")
    postgres_only.ask("ALTER ROLE loader SET lock_timeout = '500ms'")
    try:
        with in_progress(postgres_only, "LOCK TABLE _dlt_loads"), pytest.raises(DestinationError, match="holds a lock"):
            load(run, make)
    finally:
        postgres_only.ask("ALTER ROLE loader RESET lock_timeout")


def test_the_connection_that_keeps_other_syncs_out_may_be_idle(postgres_only: Any, make: Any) -> None:
    """A server that closes idle connections leaves it alone: it has nothing to do while TikTok is read."""
    ((version,),) = postgres_only.ask("SELECT current_setting('server_version_num')::int")
    if version < 140000:
        pytest.skip("this server does not close idle connections")
    run = make.runner(postgres_only)

    async def pause() -> None:
        await asyncio.sleep(1)

    postgres_only.ask("ALTER ROLE loader SET idle_session_timeout = '300ms'")
    try:
        assert load(run, make, "1.10", pause).summary.complete
    finally:
        postgres_only.ask("ALTER ROLE loader RESET idle_session_timeout")


def test_a_lock_at_the_opening_is_waited_for_once_and_told_at_once(
    postgres_only: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tables are locked. The sync says by whom before it waits, and does not wait for each of them."""
    run = make.runner(postgres_only)
    load(run, make)
    monkeypatch.setattr(waiting, "LOCK_TIMEOUT", "2s")
    began = time.monotonic()
    load(run, make)
    unlocked = time.monotonic() - began
    with in_progress(postgres_only, f"LOCK TABLE campaigns, {DAILY}") as process:
        began = time.monotonic()
        ran = load(run, make)
        locked = time.monotonic() - began
    for table in ("campaigns", DAILY):
        assert (
            f"The table {table} is locked by process {process} of loader (psql). The sync waits for it." in ran.notices
        )
    assert len(ran.summary.missing()) == 2
    assert all(f"It is locked by process {process}" in text for text in ran.summary.missing())
    assert locked < unlocked + 3.5
    assert load(run, make).summary.complete


@pytest.mark.parametrize("table", quickly(DAILY, "advertisers_reports_daily"))
def test_a_table_that_is_locked_when_a_package_ends_costs_its_stream_alone(
    postgres_only: Any, make: Any, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    """The transaction with the state looks at every table: those of the package, and those of packages before it."""
    run = make.runner(postgres_only)
    other = "advertisers_reports_daily"
    totals = make.report_row(
        other, {"advertiser_id": make.account, "stat_time_day": "2026-01-01 00:00:00"}, spend="1.10"
    )
    of_others = make.whole(other, make.batch(other, [totals]), make.state("2026-01-01", other))

    def events(spend: str, day: str) -> list[Any]:
        rows = make.batch(DAILY, [make.campaign_row(1, "2026-01-01", spend)])
        campaigns = make.batch("campaigns", [{"campaign_id": make.ad + 1, "campaign_name": f"n{spend}"}])
        return [*make.whole("campaigns", campaigns), *make.whole(DAILY, rows, make.state(day))]

    run([*events("1.10", "2026-01-01"), *of_others])
    monkeypatch.setattr(waiting, "LOCK_TIMEOUT", "500ms")
    check, holding = LoadedRows.check, ExitStack()

    def check_locked(loaded: Any, session: Any, name: str | None) -> None:
        if name is None and loaded.arriving and not held:
            held.append(holding.enter_context(in_progress(postgres_only, f"LOCK TABLE {table}")))
        check(loaded, session, name)

    held: list[int] = []
    with holding:
        monkeypatch.setattr(LoadedRows, "check", check_locked)
        ran = run([*events("2.50", "2026-01-02"), *make.whole(other)])
    assert held
    incomplete = {of.name for of in ran.summary.streams if not of.complete}
    assert incomplete == {table}, ran.summary.missing()
    assert any(f"It is locked by process {held[0]}" in text for text in ran.summary.missing())
    assert postgres_only.ask("SELECT campaign_name FROM campaigns") == [("n2.50",)]
    monkeypatch.undo()
    again = run([*events("2.50", "2026-01-02"), *of_others])
    assert again.summary.complete
    assert ("2026-01-02" in str(again.states_before.get(DAILY))) == (table != DAILY)
