"""What somebody has written into the tables that dlt keeps for itself, or what a newer dlt has written there."""

from __future__ import annotations

from typing import Any

import pytest

from tiktok_marketing.errors import DestinationError

DAILY = "campaigns_reports_daily"


def load(run: Any, make: Any, spend: str = "1.10") -> Any:
    """Load one day of a report, with its state."""
    rows = make.batch(DAILY, [make.campaign_row(1, "2026-01-01", spend)])
    return run(make.whole(DAILY, rows, make.state("2026-01-01")))


@pytest.mark.parametrize(
    "schema", ["'gibberish'", "'[]'", "'{\"engine_version\": 11}'", '\'{"engine_version": 11, "tables": {}}\'', "''"]
)
def test_descriptions_of_tables_that_cannot_be_read_are_written_again(
    run: Any, database: Any, make: Any, schema: str
) -> None:
    """The tables themselves say all that is in there, so the sync goes on where the last one ended."""
    load(run, make)
    database.change(f"UPDATE _dlt_version SET schema = {schema}")  # noqa: S608 - our own text
    again = load(run, make, "2.50")
    assert DAILY in again.states_before
    assert again.summary.complete, again.summary.missing()
    assert database.ask(f"SELECT spend FROM {DAILY}") == [(2.5,)]  # noqa: S608 - our own name
    assert load(run, make, "2.50").summary.complete


def test_what_a_newer_dlt_has_written_is_refused_with_the_way_out(run: Any, database: Any, make: Any) -> None:
    """Nothing of it is deleted, and the message says what to upgrade."""
    load(run, make)
    before = database.ask("SELECT schema FROM _dlt_version")
    database.change("UPDATE _dlt_version SET schema = replace(schema, '\"engine_version\":1', '\"engine_version\":91')")
    newer = database.ask("SELECT schema FROM _dlt_version")
    assert newer != before
    with pytest.raises(DestinationError, match="A newer dlt") as refused:
        load(run, make, "2.50")
    assert "pip install -U dlt" in refused.value.remedy
    assert database.ask("SELECT schema FROM _dlt_version") == newer
