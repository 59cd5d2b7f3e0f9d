"""What the page holds: the same from DuckDB and Postgres, bounded, and honest about what is absent."""

# ruff: noqa: S608 - the queries are made of names that the tests know
from __future__ import annotations

import hashlib
import os
import shutil
from collections import defaultdict
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import duckdb
import msgspec
import psycopg2
import pytest

from report.conftest import contents_of, make_page, spoil
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.cli.main import run as run_command
from tiktok_marketing.pipelines import destination_of
from tiktok_marketing.report import ReportOptions, collect, html_page
from tiktok_marketing.report.bounds import within
from tiktok_marketing.report.contents import MONEY_SCALE, Contents
from tiktok_marketing.report.page import script_json
from tiktok_marketing.report.thumbnails import thumbnail
from views.conftest import Filled, fill

NOW = datetime(2026, 3, 12, tzinfo=UTC)


def collected(address: str, **options: Any) -> Contents:
    """Collect what the page shows, at one time of day."""
    return collect(destination_of(address, "tiktok_ads"), ReportOptions(**options), now=NOW)


def sums(contents: Contents, measure: str) -> dict[str, int]:
    """Add up the figures of a page per currency."""
    totals: dict[str, int] = defaultdict(int)
    for account, value in zip(contents.facts["account"], contents.facts[measure], strict=True):
        totals[contents.accounts[account].currency] += value
    return dict(totals)


@pytest.fixture
def copy(business: Filled, tmp_path: Path) -> str:
    """A copy of the business that a test may change."""
    return str(shutil.copy(business.address, tmp_path / "copy.duckdb"))


def test_figures_per_currency_are_those_of_the_emulator(filled: Filled) -> None:
    """In both kinds of database, without the views: to the ten-thousandth, and each currency apart."""
    contents = collected(str(filled.address))
    currency = dict(filled.ask("SELECT advertiser_id, currency FROM advertisers"))
    for name, metrics in (
        ("spend", ["spend"]),
        ("clicks", ["clicks"]),
        ("conversion", ["conversion"]),
        ("purchases", ["total_purchase", "complete_payment", "onsite_shopping"]),
        ("web_value", ["total_complete_payment_rate"]),
    ):
        expected: dict[str, float] = defaultdict(float)
        for account, truth in filled.truths.items():
            expected[currency[account]] += sum(float(truth["metrics"]["campaign"][metric]) for metric in metrics)
        scale = MONEY_SCALE if name in {"spend", "web_value"} else 1
        for code, total in sums(contents, name).items():
            assert total == round(expected[code] * scale), (name, code)
    assert len(sums(contents, "spend")) > 2


@pytest.mark.thorough
def test_both_kinds_of_database_give_the_same_page(originals: Any) -> None:
    """Apart from their names, times and the order of names that compare alike."""

    def comparable(contents: Contents) -> Any:
        same = msgspec.structs.replace(contents, database="", syncs=(), changes=contents.changes, coverage=())
        return msgspec.to_builtins(msgspec.structs.replace(same, changes=type(same.changes)()))

    duck, postgres = (comparable(collected(originals(kind).address)) for kind in ("duckdb", "postgres"))
    assert duck.keys() == postgres.keys()
    for key in duck:
        assert duck[key] == postgres[key], key


@pytest.mark.thorough
def test_reading_changes_nothing_and_needs_no_right_to_write(business: Filled, originals: Any, tmp_path: Path) -> None:
    """A file that cannot be written to, and a user of Postgres who may only read, are enough."""
    path = Path(shutil.copy(business.address, tmp_path / "copy.duckdb"))
    before = hashlib.sha256(path.read_bytes()).digest()
    path.chmod(0o444)
    make_page(str(path), tmp_path / "report.html")
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.duckdb", "report.html"]
    database = originals("postgres")
    with closing(psycopg2.connect(database.address)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("DROP ROLE IF EXISTS looker")
        cursor.execute("CREATE ROLE looker LOGIN PASSWORD 'looks'")
        cursor.execute("GRANT USAGE ON SCHEMA tiktok_ads TO looker")
        cursor.execute("GRANT SELECT ON ALL TABLES IN SCHEMA tiktok_ads TO looker")
    parts = urlsplit(database.address)
    address = parts._replace(netloc=f"looker:{quote('looks')}@{parts.netloc.rpartition('@')[2]}").geturl()
    page = make_page(address, tmp_path / "postgres.html")
    assert sum(contents_of(page)["facts"]["spend"]) > 0
    assert "looks" not in page.read_text(encoding="utf-8")


def test_levels_fit_into_each_other(business: Filled) -> None:
    """Each ad group belongs to a campaign of the page, and has no more spend than it."""
    contents = collected(business.address)
    for above, below in ((contents.campaigns, contents.ad_groups), (contents.ad_groups, contents.ads)):
        spent = [dict.fromkeys(range(len(level.items)), 0) for level in (above, below)]
        for sums_, level in zip(spent, (above, below), strict=True):
            for item, spend in zip(level.cells["item"], level.cells["spend"], strict=True):
                sums_[item] += spend
        inside: dict[int, int] = defaultdict(int)
        for number, item in enumerate(below.items):
            assert item.parent is not None
            inside[item.parent] += spent[1][number]
        assert inside
        assert all(spend <= spent[0][parent] for parent, spend in inside.items())


def test_more_than_the_page_holds_is_added_up_not_lost(
    business: Filled, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With room for next to nothing, the totals per currency are the same, and the page says what it left out."""
    whole = collected(business.address)
    monkeypatch.setattr("tiktok_marketing.report.scope.MOST_ACCOUNTS", 1)
    monkeypatch.setattr("tiktok_marketing.report.breakdowns.MOST_BREAKDOWN_ROWS", 20)
    monkeypatch.setitem(__import__("tiktok_marketing.report.bounds").report.bounds.MOST_ITEMS, "campaigns", 2)
    small = collected(business.address)
    for measure in ("spend", "impressions", "conversion", "app_value", "budget"):
        assert sums(small, measure) == sums(whole, measure), measure
    assert sum(account.accounts for account in small.accounts) == len(whole.accounts)
    assert [account.name for account in small.accounts].count("Other accounts") > 1
    assert (len(small.campaigns.items), small.campaigns.total) == (2, whole.campaigns.total)
    for split in ("hours", "people", "countries", "platforms"):
        before, after = getattr(whole, split), getattr(small, split)
        assert sum(after.cells["spend"]) == sum(before.cells["spend"]), split
        assert len(after.cells["spend"]) < len(before.cells["spend"])
    assert small.hours.grain == "all"
    (tmp_path / "small.html").write_text(html_page(small), encoding="utf-8")


@pytest.mark.parametrize(
    ("sizes", "rows", "items", "fitting"),
    [([5, 5, 5], 10, 9, 2), ([50], 10, 9, 1), ([], 10, 9, 0), ([1] * 9, 100, 4, 4), ([0, 0, 20, 1], 10, 9, 2)],
)
def test_the_first_item_is_always_there(sizes: list[int], rows: int, items: int, fitting: int) -> None:
    """Then as many as both bounds allow, in order."""
    assert within(sizes, rows, items) == fitting


@pytest.mark.parametrize(
    ("table", "section"),
    [
        ("campaigns_reports_daily", "campaigns"),
        ("ad_groups_reports_daily", "ad_groups"),
        ("ads_reports_daily", "ads"),
        ("campaigns_reports_hourly", "hours"),
        ("campaigns_audience_reports_daily", "people"),
        ("campaigns_audience_reports_by_country_daily", "countries"),
        ("campaigns_audience_reports_by_platform_daily", "platforms"),
    ],
)
def test_a_section_names_the_stream_that_it_lacks(copy: str, table: str, section: str) -> None:
    """The others have their figures; without campaigns, the totals come from the accounts."""
    assert run_command(["views", "--database", copy, "--drop"]) == 0
    spoil(copy, f"DROP TABLE {table}")
    contents = collected(copy)
    assert f"--streams {table}" in contents.absent[section]
    assert sum(contents.facts["spend"]) > 0
    assert contents.by_type == (section != "campaigns")


def test_a_database_without_reports_says_what_to_sync(copy: str, tmp_path: Path) -> None:
    """The page is there, and tells of each section which stream it needs."""
    spoil(copy, "DROP SCHEMA tiktok_ads CASCADE; CREATE SCHEMA tiktok_ads; CREATE TABLE tiktok_ads.ads (ad_id BIGINT)")
    contents = contents_of(make_page(copy, tmp_path / "report.html"))
    assert contents["accounts"] == []
    assert "--streams campaigns_reports_daily" in contents["absent"]["facts"]


def test_empty_tables_and_single_days_and_no_spend_make_a_page(copy: str, tmp_path: Path) -> None:
    """From nothing over one day to days on which nothing was spent."""
    with duckdb.connect(copy, read_only=True) as connection:
        days = connection.execute("SELECT max(stat_time_day) FROM tiktok_ads.campaigns_reports_daily").fetchall()
    last = days[0][0]
    one = contents_of(make_page(copy, tmp_path / "one.html", "--since", str(last), "--until", str(last)))
    assert one["days"] == [str(last)]
    assert sum(one["facts"]["impressions"]) >= 0
    assert run_command(["views", "--database", copy, "--drop"]) == 0
    spoil(copy, "UPDATE campaigns_reports_daily SET spend = 0, impressions = NULL, clicks = 0, conversion = NULL")
    assert sum(contents_of(make_page(copy, tmp_path / "zero.html"))["facts"]["spend"]) == 0
    tables = {stream.name for stream in STREAMS}
    with duckdb.connect(copy) as connection:
        for (name,) in connection.sql(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'tiktok_ads'"
        ).fetchall():
            if name in tables:
                connection.execute(f'DELETE FROM tiktok_ads."{name}"')
    empty = contents_of(make_page(copy, tmp_path / "empty.html"))
    assert (empty["days"], empty["accounts"], empty["absent"]) == ([], [], {})


def test_days_are_chosen_by_options(business: Filled, tmp_path: Path) -> None:
    """A number of days counts back from the last one; the page says what the database has besides."""
    whole = contents_of(make_page(business.address, tmp_path / "a.html"))
    three = contents_of(make_page(business.address, tmp_path / "b.html", "--since", "3d"))
    assert three["days"] == whole["days"][-3:]
    assert three["database_days"] == whole["database_days"]
    some = contents_of(make_page(business.address, tmp_path / "c.html", "--until", whole["days"][2]))
    assert some["days"] == whole["days"][:3]
    wide = contents_of(
        make_page(business.address, tmp_path / "d.html", "--since", "1900-01-01", "--until", "2999-12-31")
    )
    assert wide["days"] == whole["days"]
    outside = contents_of(make_page(business.address, tmp_path / "e.html", "--since", "2030-01-01"))
    assert (outside["days"], outside["facts"], outside["database_days"]) == ([], {}, whole["database_days"])


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--since", "yesterday"], 2, "30d"),
        (["--since", "2026-02-30"], 2, "not a day"),
        (["--since", "2026-03-09", "--until", "2026-03-01"], 2, "is after"),
        (["--until", "7d"], 2, "such as 2026-11-30"),
        (["--open", "--output", "-"], 2, "--open needs a file"),
        (["--output", "/nonexistent/page.html"], 2, "cannot be written"),
        (["--dataset", "other"], 2, "no tables of a sync in the schema other"),
        (["--database", "absent.duckdb"], 2, "absent.duckdb"),
        (["--assets", "/nonexistent"], 2, "does not exist"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    business: Filled,
    options: list[str],
    code: int,
    words: str,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And an exit code."""
    monkeypatch.chdir(tmp_path)
    assert run_command(["report", "--database", business.address, *options]) == code
    shown = capfd.readouterr().err
    assert words in shown
    assert "Traceback" not in shown
    assert list(tmp_path.iterdir()) == []


def test_standard_output_gets_the_page_alone(business: Filled, capfd: pytest.CaptureFixture[str]) -> None:
    """So that it can be piped."""
    assert run_command(["report", "--database", business.address, "--output", "-"]) == 0
    out, err = capfd.readouterr()
    assert out.startswith("<!DOCTYPE html>")
    assert out.rstrip().endswith("</html>")
    assert err == ""


def test_a_page_that_cannot_be_made_leaves_the_old_one(business: Filled, tmp_path: Path) -> None:
    """Nobody sees half a page, and nothing is left behind."""
    page = tmp_path / "report.html"
    page.write_text("old", encoding="utf-8")
    assert run_command(["report", "--database", str(tmp_path / "absent.duckdb"), "--output", str(page)]) == 2
    assert page.read_text(encoding="utf-8") == "old"
    make_page(business.address, page)
    assert page.stat().st_mode & 0o777 == 0o666 & ~_umask()
    assert list(tmp_path.iterdir()) == [page]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_second_sync_shows_what_changed(copy: str) -> None:
    """Objects that TikTok changed or created after the sync before the last one; others are not there."""
    assert collected(copy).changes.since == ""
    spoil(
        copy,
        "INSERT INTO _tiktok_syncs BY NAME SELECT 'later' AS sync_id, stream,"
        " started_at + INTERVAL 1 DAY AS started_at, complete, missing, read_rows FROM _tiktok_syncs",
    )
    spoil(copy, "UPDATE campaigns SET modify_time = TIMESTAMP '2026-01-01', create_time = TIMESTAMP '2026-01-01'")
    spoil(copy, "UPDATE ad_groups SET modify_time = TIMESTAMP '2026-01-01', create_time = TIMESTAMP '2026-01-01'")
    spoil(copy, "UPDATE ads SET modify_time = TIMESTAMP '2026-01-01', create_time = TIMESTAMP '2026-01-01'")
    spoil(
        copy,
        "UPDATE campaigns SET modify_time = (SELECT max(started_at) FROM _tiktok_syncs), campaign_name = 'Changed'"
        " WHERE campaign_id = (SELECT min(campaign_id) FROM campaigns)",
    )
    changes = collected(copy).changes
    assert changes.since
    assert [(change.kind, change.name, change.what) for change in changes.items] == [("campaign", "Changed", "changed")]
    assert changes.total == 1


def test_days_without_rows_and_open_days_are_listed(copy: str) -> None:
    """A day that is missing in the middle is counted, and the last days may still change."""
    assert run_command(["views", "--database", copy, "--drop"]) == 0
    before = {(line.stream, line.account): line for line in collected(copy).coverage}
    with duckdb.connect(copy, read_only=True) as connection:
        account, first, last = connection.execute(
            "SELECT advertiser_id, min(stat_time_day), max(stat_time_day) FROM tiktok_ads.advertisers_reports_daily"
            " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
        ).fetchone() or (None, None, None)
    assert account is not None
    spoil(
        copy,
        f"DELETE FROM advertisers_reports_daily WHERE advertiser_id = {account} AND stat_time_day > DATE '{first}'"
        f" AND stat_time_day < DATE '{last}';"
        f" UPDATE advertisers_reports_daily SET _dlt_load_id = epoch(TIMESTAMP '{last}')",
    )
    contents = collected(copy)
    number = next(place for place, known in enumerate(contents.accounts) if known.id == str(account))
    (line,) = (
        line for line in contents.coverage if (line.stream, line.account) == ("advertisers_reports_daily", number)
    )
    assert line.empty == (last - first).days - 1
    assert line.empty > before["advertisers_reports_daily", number].empty
    assert line.open_days > 0
    assert line.open_from >= line.first


def test_contents_cannot_end_their_script_element() -> None:
    """Whatever texts there are, the page's parser and the script read the same."""
    text = "</script><!--<script>\u2028\u2029&amp;<![CDATA["
    assert not set("<>&\u2028\u2029") & set(script_json({"name": text}))
    assert msgspec.json.decode(script_json({"name": text}))["name"] == text


def test_thumbnails_are_small_copies_of_what_lies_in_the_folder(tmp_path: Path) -> None:
    """Nothing outside of the folder is read, and a damaged image is none."""
    image = pytest.importorskip("PIL.Image")
    folder = tmp_path / "assets"
    folder.mkdir()
    image.effect_noise((1080, 1920), 90).save(folder / "cover.jpg")
    image.effect_noise((300, 300), 90).save(tmp_path / "secret.jpg")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 100)
    (folder / "page.html").write_text("<script>", encoding="utf-8")
    small = thumbnail(folder, "cover.jpg")
    assert small.startswith("data:image/jpeg;base64,")
    assert len(small) < 20_000
    for path in ("../secret.jpg", str(tmp_path / "secret.jpg"), "broken.png", "page.html", "absent.jpg", "", None):
        assert thumbnail(folder, path) == "", path
    assert thumbnail(None, "cover.jpg") == ""


def test_stored_covers_come_into_the_page(copy: str, tmp_path: Path) -> None:
    """By the path that the database has of them."""
    image = pytest.importorskip("PIL.Image")
    (tmp_path / "assets").mkdir()
    image.new("RGB", (720, 1280), "teal").save(tmp_path / "assets" / "cover.png")
    spoil(
        copy,
        "CREATE TABLE IF NOT EXISTS _tiktok_assets (kind VARCHAR, content_id VARCHAR, path VARCHAR);"
        "INSERT INTO _tiktok_assets SELECT DISTINCT 'video_cover', video_id, 'cover.png' FROM ads WHERE video_id <> ''",
    )
    page = make_page(copy, tmp_path / "report.html", "--assets", str(tmp_path / "assets"))
    assert any(item["thumbnail"] for item in contents_of(page)["creatives"]["items"])
    assert not any(item["thumbnail"] for item in contents_of(make_page(copy, page))["creatives"]["items"])


def test_the_charts_are_the_library_as_published() -> None:
    """The vendored file is Chart.js 4.6.1 of npm, byte for byte, with its licence beside it."""
    folder = Path(collect.__code__.co_filename).parent / "web"
    script = (folder / "chart.umd.min.js").read_bytes()
    assert hashlib.sha256(script).hexdigest() == CHARTS
    assert "MIT License" in (folder / "chart.umd.min.js.LICENSE.md").read_text(encoding="utf-8")


CHARTS = "87364cc2b2a76a6684929e7d6b80b18a897794db38400caff1fcf1791c6925d2"


@pytest.mark.thorough
def test_a_large_agency_has_a_small_page(tmp_path: Path) -> None:
    """3,000 accounts of ten currencies and 200,000 ads in a year: under 5 MB, and no figure is lost."""
    path = str(tmp_path / "large.duckdb")
    tables = (
        "advertisers",
        "campaigns",
        "ads",
        "campaigns_reports_daily",
        "ad_groups_reports_daily",
        "ads_reports_daily",
    )
    fill(path, tables)
    for table in tables:  # without rows, and without what a row must have
        spoil(path, f"CREATE OR REPLACE TABLE {table} AS FROM {table} LIMIT 0")
    spoil(
        path,
        """
        INSERT INTO advertisers BY NAME SELECT 7000000000000000000 + i AS advertiser_id, 'Account ' || i AS name,
            ['USD', 'EUR', 'JPY', 'GBP', 'BRL', 'IDR', 'MXN', 'VND', 'THB', 'AED'][1 + i % 10] AS currency,
            'Etc/UTC' AS timezone FROM range(3000) t(i);
        INSERT INTO campaigns BY NAME SELECT 7000000000000000000 + i // 5 AS advertiser_id, i AS campaign_id,
            'Campaign ' || i AS campaign_name, 100 AS budget, 'BUDGET_MODE_DAY' AS budget_mode FROM range(15000) t(i);
        INSERT INTO campaigns_reports_daily BY NAME SELECT 7000000000000000000 + i // 5 AS advertiser_id,
            i AS campaign_id, DATE '2025-12-01' + d::INT AS stat_time_day, (1 + i % 97) * 1.37 + d % 7 AS spend,
            1000 + (i * 7 + d) % 5000 AS impressions, (i + d) % 90 AS clicks, (i * d) % 11 AS conversion,
            (i * d) % 7 AS complete_payment, (i * d) % 7 * 19.99 AS total_complete_payment_rate
            FROM range(15000) t(i), range(365) u(d) WHERE d % 5 = 0 OR i < 500;
        INSERT INTO ads_reports_daily BY NAME SELECT 7000000000000000000 + i // 67 AS advertiser_id,
            (i // 67) * 5 + i % 5 AS campaign_id, (i // 67) * 10 + i % 10 AS adgroup_id, i AS ad_id,
            DATE '2026-11-30' - d::INT AS stat_time_day, (1 + i % 97) * 1.37 AS spend, 1000 AS impressions, 9 AS clicks,
            1 AS conversion FROM range(201000) t(i), range(4) u(d);
        INSERT INTO ad_groups_reports_daily BY NAME SELECT advertiser_id, campaign_id, adgroup_id, stat_time_day,
            sum(spend) AS spend, sum(impressions) AS impressions FROM ads_reports_daily GROUP BY ALL;
        """,
    )
    page = make_page(path, tmp_path / "large.html")
    assert page.stat().st_size < 5_000_000
    contents = contents_of(page)
    assert contents["account_total"] == 3000
    with duckdb.connect(path, read_only=True) as connection:
        (spend,) = connection.execute("SELECT sum(spend) FROM tiktok_ads.campaigns_reports_daily").fetchone() or (0,)
    assert sum(contents["facts"]["spend"]) == spend * MONEY_SCALE
    assert contents["ads"]["total"] == 201_000
