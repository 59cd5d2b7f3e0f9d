"""Views are created, replaced and dropped as a whole; what the user made is never touched."""
# ruff: noqa: S608 - the SQL is made of words of the tests

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tiktok_marketing.cli.views import refresh_views
from tiktok_marketing.pipelines import destination_of
from tiktok_marketing.report import ReportOptions, collect
from tiktok_marketing.views import definitions_of
from tiktok_marketing.views.currency import MOST_DAYS_OLD, EuropeanCentralBank, daily_rates
from views.conftest import BOTH, FIRST, Filled, views

ALL = {definition.name for definition in definitions_of("answers")}


def names(database: Filled, schema: str = "tiktok_ads") -> set[str]:
    """The views of a schema."""
    sql = "SELECT table_name FROM information_schema.tables WHERE table_type = 'VIEW' AND table_schema = ?"
    return {name for (name,) in database.ask(sql, [schema])}


@BOTH
def test_views_of_missing_tables_are_left_out_with_the_streams(
    filled: Filled, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever synced only some streams gets the views of these, and is told what the others need."""
    for table in ("campaigns_reports_daily", "campaigns_audience_reports_daily", "ads", "advertisers", "campaigns"):
        filled.ask(f"DROP TABLE {table}")
    assert views(filled) == 0
    said = capsys.readouterr().err
    missing = {
        "daily_by_campaign",
        "daily_funnel",
        "daily_by_age_and_gender",
        "creatives",
        "daily_by_creative",
        "accounts",
    }
    assert names(filled) == ALL - missing
    assert "daily_by_campaign, because there is no table campaigns_reports_daily" in said
    assert "--streams campaigns_reports_daily" in said
    row = filled.dicts("SELECT * FROM daily_by_ad WHERE spend > 0 LIMIT 1")[0]
    assert (row["currency"], row["account_name"], row["utc_offset_minutes"], row["campaign_type"]) == (None,) * 4
    assert row["campaign_name"]
    assert row["spend_converted"] is None


def test_a_view_whose_table_is_gone_is_dropped(filled: Filled) -> None:
    """A view of ours that cannot work any longer does not stay behind."""
    assert views(filled) == 0
    filled.ask("DROP TABLE creative_assets_images CASCADE" if filled.kind == "postgres" else "DROP TABLE ads")
    assert views(filled) == 0
    assert names(filled) == (ALL if filled.kind == "postgres" else ALL - {"creatives", "daily_by_creative"})


@BOTH
def test_a_missing_column_is_null(filled: Filled) -> None:
    """A metric that TikTok refused has no column, and its figures are null rather than an error."""
    for column in ("total_purchase", "complete_payment", "onsite_shopping", "result", "reach"):
        filled.ask(f"ALTER TABLE campaigns_reports_daily DROP COLUMN {column}")
    assert views(filled) == 0
    rows = set(filled.ask("SELECT purchases, result, reach FROM daily_by_campaign"))
    assert rows == {(None, None, None)}
    assert filled.ask("SELECT sum(spend) > 0, sum(purchase_value) > 0 FROM daily_by_campaign") == [(True, True)]


def test_empty_tables_have_empty_views(filled: Filled) -> None:
    """A database without rows has views without rows."""
    for (table,) in filled.ask(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'tiktok_ads'"
        " AND table_name NOT LIKE '\\_%' ESCAPE '\\'"
    ):
        filled.ask(f"DELETE FROM {table}")
    assert views(filled) == 0
    for view in ALL - {"freshness"}:
        assert filled.ask(f"SELECT count(*) FROM {view}") == [(0,)], view


@pytest.mark.thorough
@BOTH
def test_views_in_a_schema_of_their_own_stay_there_and_are_used(filled: Filled) -> None:
    """The page converts by their rates. A sync refreshes them there, and creates none beside the tables."""
    destination = destination_of(str(filled.address))
    assert views(filled, "--drop") == 0
    assert collect(destination, ReportOptions()).rates.currency == ""
    assert views(filled, "--schema", "reporting", "--currency", "EUR") == 0
    assert collect(destination, ReportOptions()).rates.currency == "EUR"
    assert collect(destination, ReportOptions(schema="reporting")).rates.currency == "EUR"
    assert collect(destination, ReportOptions(schema="tiktok_ads")).rates.currency == ""

    filled.ask("DROP VIEW open_days", schema="reporting")
    refresh_views(str(filled.address), "tiktok_ads")
    assert names(filled, "reporting") == ALL
    assert names(filled) == set()
    assert filled.ask("SELECT DISTINCT reporting_currency FROM exchange_rates", schema="reporting") == [("EUR",)]

    assert views(filled, "--schema", "reporting", "--drop") == 0
    assert views(filled, "--schema", "for_dbt", "--layout", "fivetran") == 0
    refresh_views(str(filled.address), "tiktok_ads")
    assert names(filled) == ALL, "no views for answers were anywhere, so they come beside the tables"
    assert views(filled, "--schema", "for_dbt", "--layout", "fivetran", "--drop") == 0


@BOTH
def test_a_schema_can_have_any_name(filled: Filled) -> None:
    """`--schema` takes names with quotes and blanks. The schema is created, and the tables' schema stays as it was."""
    schema = 'my "own" views; --'
    assert views(filled, "--schema", schema) == 0
    assert names(filled, schema) == ALL
    assert names(filled) == set()
    assert filled.ask("SELECT sum(spend) > 0 FROM daily_by_account", schema=schema) == [(True,)]
    assert views(filled, "--schema", schema, "--drop") == 0
    assert names(filled, schema) == set()


@pytest.mark.parametrize("what", ["VIEW daily_by_ad AS SELECT 1 AS mine", "TABLE daily_by_ad (mine INTEGER)"])
def test_what_the_user_made_is_refused_by_name(filled: Filled, capsys: pytest.CaptureFixture[str], what: str) -> None:
    """A view or table of the user's with one of our names stays, and nothing else is created."""
    filled.ask(f"CREATE {what}")
    assert views(filled) == 1
    assert "tiktok_ads.daily_by_ad exists, and `tiktok-marketing views` did not create it." in capsys.readouterr().err
    assert names(filled) <= {"daily_by_ad"}
    assert views(filled, "--drop") == 0
    assert [name for name, *_ in filled.described("SELECT * FROM daily_by_ad")] == ["mine"]


@BOTH
def test_views_of_the_users_survive_a_replacement(filled: Filled) -> None:
    """What depends on a view of ours works before and after it is replaced."""
    assert views(filled) == 0
    filled.ask("CREATE VIEW mine AS SELECT day, sum(spend) AS spend FROM daily_by_account GROUP BY 1")
    before = sorted(filled.ask("SELECT * FROM mine"))
    assert views(filled, "--currency", "EUR") == 0
    assert sorted(filled.ask("SELECT * FROM mine")) == before != []


@BOTH
def test_a_view_that_must_change_names_what_depends_on_it(
    originals: object, filled: Filled, capsys: pytest.CaptureFixture[str]
) -> None:
    """Postgres cannot change a column that another view reads. Nothing changes then; the message names that view."""
    del originals
    if filled.kind == "duckdb":
        filled.ask("CREATE VIEW daily_by_account AS SELECT 1 AS something")
        filled.ask("COMMENT ON VIEW daily_by_account IS 'Old. Made by `tiktok-marketing views`, which replaces it.'")
        assert views(filled) == 0
        assert filled.ask("SELECT sum(spend) > 0 FROM daily_by_account") == [(True,)]
        return
    filled.ask("CREATE VIEW daily_by_account AS SELECT 1 AS something")
    filled.ask("COMMENT ON VIEW daily_by_account IS 'Old. Made by `tiktok-marketing views`, which replaces it.'")
    filled.ask("CREATE VIEW mine AS SELECT something FROM daily_by_account")
    assert views(filled) == 1
    said = capsys.readouterr().err
    assert "daily_by_account" in said
    assert "mine" in said
    assert names(filled) == {"daily_by_account", "mine"}
    filled.ask("DROP VIEW mine")
    assert views(filled) == 0
    assert names(filled) == ALL


def test_a_reader_who_may_not_create_is_told_so(
    filled: Filled, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    """Without the right to create, the command fails with a sentence; `--print` and `--list` work all the same."""
    if filled.kind == "duckdb":
        missing = msgspec.structs.replace(filled, address=str(Path(filled.address).with_name("missing.duckdb")))
        assert views(missing) == 2
        assert "does not exist" in capsys.readouterr().err
        assert not Path(missing.address).exists()
        return
    server = request.getfixturevalue("postgres_server")
    filled.ask("CREATE ROLE reader LOGIN PASSWORD 'r'")
    try:
        filled.ask("GRANT USAGE ON SCHEMA tiktok_ads TO reader")
        filled.ask("GRANT SELECT ON ALL TABLES IN SCHEMA tiktok_ads TO reader")
        reader = msgspec.structs.replace(
            filled, address=server.address(filled.address.rpartition("/")[2], "reader", "r")
        )
        assert views(reader) == 1
        said = capsys.readouterr().err
        assert "The user reader may not write to the schema tiktok_ads" in said
        assert views(reader, "--schema", "mine") == 1
        assert "The user reader may not write to the schema mine" in capsys.readouterr().err
        assert views(reader, "--print") == 0
        assert views(reader, "--list") == 0
        assert names(filled) == set()
    finally:
        filled.ask("DROP OWNED BY reader")
        filled.ask("DROP ROLE reader")


def test_printing_and_listing_change_nothing(filled: Filled, capsys: pytest.CaptureFixture[str]) -> None:
    """`--print` writes SQL that creates the views when somebody runs it; `--list --json` describes each column."""
    assert views(filled, "--print") == 0
    script = capsys.readouterr().out
    assert names(filled) == set()
    assert views(filled, "--list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert {view["name"] for view in listed} == ALL
    assert not any(view["exists"] or view["left_out"] for view in listed)
    assert all(column["description"] for view in listed for column in view["columns"])
    filled.run(script)
    assert names(filled) == ALL


def test_rates_can_come_from_a_table_of_the_users(filled: Filled, capsys: pytest.CaptureFixture[str]) -> None:
    """Own rates replace the bank's, know currencies that the bank does not, and are kept for the next run."""
    filled.ask("CREATE TABLE my_rates (currency VARCHAR, day DATE, rate DECIMAL(20,8))")
    filled.ask(f"INSERT INTO my_rates VALUES ('AED', '{FIRST - timedelta(days=3)}', 0.25), ('JPY', '{FIRST}', 0.01)")
    for options in (("--rates", "tiktok_ads.my_rates", "--currency", "gbp"), ()):
        assert views(filled, *options) == 0
        rows = filled.dicts("SELECT * FROM daily_by_account WHERE spend > 0")
        factors = {"AED": Decimal("0.25"), "JPY": Decimal("0.01")}
        for row in rows:
            factor = factors.get(row["currency"])
            assert row["spend_converted"] == (None if factor is None else row["spend"] * factor)
            assert row["reporting_currency"] == ("GBP" if factor else None)
        assert {"AED", "JPY"} <= {row["currency"] for row in rows}
        assert "no rate from EUR to GBP" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--currency", "XXX"), "has no rates of 'XXX'"),
        (("--rates", "nowhere.to_be_seen"), "The exchange rates in nowhere.to_be_seen cannot be read"),
    ],
)
def test_a_wrong_currency_or_table_is_refused(
    filled: Filled, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    """Nothing is created from a currency or a table that does not exist, even while there is nothing to convert."""
    filled.ask("DELETE FROM advertisers")
    assert views(filled, *options) == 2
    assert message in capsys.readouterr().err
    assert names(filled) == set()


def test_a_rate_counts_until_the_next_but_not_for_long() -> None:
    """A day without a rate has the last one before; one that is too old, or that is not there yet, is no rate."""
    first = date(2026, 1, 2)
    bank = EuropeanCentralBank({"USD": {first: Decimal("1.10")}, "RUB": {}})
    rates = list(daily_rates(bank, ["EUR", "RUB", "USD"], "USD", first - timedelta(days=1), first + timedelta(days=60)))
    euro = [rate for rate in rates if rate.currency == "EUR"]
    assert [rate.day for rate in euro] == [first + timedelta(days=number) for number in range(MOST_DAYS_OLD + 1)]
    assert {(rate.rate, rate.rate_day) for rate in euro} == {(Decimal("1.10"), first)}
    assert {rate.rate for rate in rates if rate.currency == "USD"} == {Decimal(1)}
    assert not any(rate.currency == "RUB" for rate in rates)


def test_the_bank_converts_both_ways() -> None:
    """Euro to another, another to euro, and one to another agree with the bank's units per euro."""
    day = date(2026, 1, 2)
    bank = EuropeanCentralBank({"USD": {day: Decimal("1.25")}, "JPY": {day: Decimal(150)}})
    assert bank.quotes("EUR", "USD") == {day: Decimal("1.25")}
    assert bank.quotes("USD", "EUR") == {day: Decimal("0.8")}
    assert bank.quotes("JPY", "USD") == {day: Decimal("0.008333333333")}
    assert bank.quotes("AED", "USD") == {}
    assert bank.quotes("AED", "EUR") == {}
