"""Databases that are damaged on purpose: each damage is found, with its stream, account and days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from support import quickly
from tiktok_marketing.pipelines.databases.bookkeeping import PIPELINE

ADS, GROUPS = "ads_reports_daily", "ad_groups_reports_daily"
CAMPAIGNS, ACCOUNTS = "campaigns_reports_daily", "advertisers_reports_daily"
HOURLY, COUNTRY = "ads_reports_hourly", "ads_audience_reports_by_country_daily"
A_DAY = timedelta(days=1)
SOON = timedelta(minutes=1)


def busiest(doctor: Any) -> str:
    """The account with the most rows."""
    return str(doctor.ask(f"SELECT mode(advertiser_id) FROM {ADS}")[0][0])  # noqa: S608


def places(doctor: Any, check: str) -> set[tuple[str | None, str | None, tuple[date, ...]]]:
    """Where the last examination found something wrong."""
    return {(finding.stream, finding.advertiser_id, finding.days) for finding in doctor.wrong(check)}


@pytest.mark.parametrize("stream", quickly(ADS, GROUPS, CAMPAIGNS, ACCOUNTS, HOURLY, COUNTRY))
def test_a_deleted_day_is_found(doctor: Any, a_day: Any, stream: str) -> None:
    """In every kind of report: TikTok has rows and the database has none."""
    account = busiest(doctor)
    time = "stat_time_hour" if stream == HOURLY else "stat_time_day"
    where = f"advertiser_id = {account} AND {time}::DATE = '{a_day(7)}'"
    assert doctor.damage(f"DELETE FROM {stream} WHERE {where}")  # noqa: S608
    assert not doctor.examine().well
    assert places(doctor, "gaps") == {(stream, account, (a_day(7),))}
    assert doctor.wrong("gaps")[0].fix == "full"


@pytest.mark.parametrize("stream", quickly(ADS, GROUPS, CAMPAIGNS, HOURLY, COUNTRY))
def test_a_deleted_row_is_found(doctor: Any, a_day: Any, stream: str) -> None:
    """It is one of many rows of a day."""
    account = busiest(doctor)
    time = "stat_time_hour" if stream == HOURLY else "stat_time_day"
    doctor.damage(
        f"DELETE FROM {stream} WHERE rowid = (SELECT min(rowid) FROM {stream}"  # noqa: S608
        f" WHERE advertiser_id = {account} AND {time}::DATE = '{a_day(7)}' AND impressions > 0)"
    )
    assert not doctor.examine().well
    assert (stream, account, (a_day(7),)) in places(doctor, "rows")
    assert "TikTok has 1 row that the database lacks" in " ".join(finding.message for finding in doctor.wrong("rows"))


@pytest.mark.thorough
@pytest.mark.parametrize("stream", quickly(ADS, COUNTRY, "campaigns", "audiences"))
@pytest.mark.parametrize("offline", [True, False])
def test_a_duplicate_row_is_found(doctor: Any, a_day: Any, stream: str, offline: bool) -> None:
    """In reports, objects and lists that are read whole; also without a request to TikTok."""
    account = busiest(doctor)
    report = stream in {ADS, COUNTRY}
    where = f"advertiser_id = {account}" + (f" AND stat_time_day = '{a_day(7)}'" if report else "")
    doctor.damage(f"INSERT INTO {stream} SELECT * FROM {stream} WHERE {where} LIMIT 1")  # noqa: S608
    assert not doctor.examine(offline=offline).well
    assert (stream, account, (a_day(7),) if report else ()) in places(doctor, "rows")
    assert "duplicate" in " ".join(finding.message for finding in doctor.wrong("rows"))


@pytest.mark.parametrize("stream", quickly(ADS, GROUPS, CAMPAIGNS, ACCOUNTS))
@pytest.mark.parametrize("offline", [True, False])
def test_a_duplicate_row_is_reported_once(doctor: Any, a_day: Any, stream: str, offline: bool) -> None:
    """Its consequences are not: that levels disagree, and that there are more rows than the sync left."""
    account = busiest(doctor)
    doctor.damage(
        f"INSERT INTO {stream} SELECT * FROM {stream} WHERE advertiser_id = {account}"  # noqa: S608
        f" AND stat_time_day = '{a_day(7)}' AND spend > 0 LIMIT 1"
    )
    examination = doctor.examine(offline=offline)
    (finding,) = examination.findings
    assert (finding.check, finding.stream, finding.days) == ("rows", stream, (a_day(7),))
    assert "duplicate" in finding.message


@pytest.mark.parametrize("offline", [True, False])
def test_a_row_without_a_key_is_reported_once(doctor: Any, a_day: Any, offline: bool) -> None:
    """It makes the sums too large, which is no finding of its own."""
    account = busiest(doctor)
    doctor.damage(f"ALTER TABLE {CAMPAIGNS} ALTER campaign_id DROP NOT NULL")
    doctor.damage(
        f"INSERT INTO {CAMPAIGNS} SELECT * REPLACE (NULL AS campaign_id) FROM {CAMPAIGNS}"  # noqa: S608
        f" WHERE advertiser_id = {account} AND stat_time_day = '{a_day(7)}' AND spend > 0 LIMIT 1"
    )
    doctor.examine(offline=offline)
    assert not [finding for finding in doctor.examination.findings if finding.check == "sums"]
    assert "lacks part of the key" in " ".join(finding.message for finding in doctor.wrong("rows"))


@pytest.mark.thorough
def test_another_fault_on_the_day_of_a_duplicate_is_found(doctor: Any, a_day: Any) -> None:
    """The rows of that day are compared one by one all the same."""
    account = busiest(doctor)
    where = f"advertiser_id = {account} AND stat_time_day = '{a_day(7)}'"
    doctor.damage(f"INSERT INTO {CAMPAIGNS} SELECT * FROM {CAMPAIGNS} WHERE {where} AND spend > 0 LIMIT 1")  # noqa: S608
    doctor.damage(f"UPDATE {GROUPS} SET spend = spend + 1 WHERE {where}")  # noqa: S608
    doctor.examine()
    assert places(doctor, "values") == {(GROUPS, account, (a_day(7),))}


@pytest.mark.parametrize("offline", quickly(False, True))
def test_a_row_that_no_sync_loaded_is_found(doctor: Any, world: Any, now: Any, a_day: Any, offline: bool) -> None:
    """TikTok has no such row, and a sync that reads its day again removes it."""
    account = busiest(doctor)
    doctor.damage(
        f"INSERT INTO {ADS} SELECT * REPLACE (ad_id + 1 AS ad_id) FROM {ADS}"  # noqa: S608
        f" WHERE advertiser_id = {account} AND stat_time_day = '{a_day(7)}' AND impressions > 0 LIMIT 1"
    )
    assert not doctor.examine(offline=offline).well
    where = (ADS, None, ()) if offline else (ADS, account, (a_day(7),))
    assert where in places(doctor, "rows")
    assert {finding.fix for finding in doctor.wrong("rows")} == {"full"}
    doctor.sync(world.config(), ADS, now=now + SOON, full=True)
    assert doctor.examine(offline=offline, now=now + SOON).well


@pytest.mark.thorough
def test_a_row_that_a_sync_should_have_removed_is_found(doctor: Any, world: Any, now: Any, a_day: Any) -> None:
    """Its day was read again later, and TikTok did not return the row then."""
    later = now + 2 * A_DAY
    world.set_time(later)
    doctor.sync(world.config(), now=later)
    account = busiest(doctor)
    doctor.damage(
        f"INSERT INTO {ADS} SELECT * REPLACE (ad_id + 1 AS ad_id,"  # noqa: S608
        " (SELECT min(load_id) FROM _dlt_loads) AS _dlt_load_id)"
        f" FROM {ADS} WHERE advertiser_id = {account} AND stat_time_day = '{a_day(1)}' AND impressions > 0 LIMIT 1"
    )
    assert not doctor.examine(now=later).well
    assert (ADS, account, (a_day(1),)) in places(doctor, "rows")
    assert "should have removed" in " ".join(finding.message for finding in doctor.wrong("rows"))
    doctor.sync(world.config(), now=later + SOON)
    assert doctor.examine(now=later + SOON).well


def test_a_changed_spend_is_found_in_its_stream(doctor: Any, a_day: Any) -> None:
    """The sums differ, and then the rows of one stream do: the other streams agree with TikTok."""
    account = busiest(doctor)
    doctor.damage(
        f"UPDATE {ADS} SET spend = spend + 0.01 WHERE rowid = (SELECT min(rowid) FROM {ADS}"  # noqa: S608
        f" WHERE advertiser_id = {account} AND stat_time_day = '{a_day(7)}')"
    )
    assert not doctor.examine().well
    assert {(finding.check, finding.stream, finding.advertiser_id, finding.days) for finding in doctor.wrong()} == {
        ("values", ADS, account, (a_day(7),))
    }
    assert "1 row differs from TikTok's" in doctor.wrong()[0].message


def test_a_changed_spend_is_found_offline(doctor: Any, a_day: Any) -> None:
    """The levels that agree with each other outvote the one that does not."""
    account = busiest(doctor)
    doctor.damage(
        f"UPDATE {GROUPS} SET spend = spend * 2 WHERE advertiser_id = {account} AND stat_time_day = '{a_day(7)}'"  # noqa: S608
    )
    assert not doctor.examine(offline=True).well
    assert places(doctor, "sums") == {(GROUPS, account, (a_day(7),))}


@pytest.mark.thorough
def test_a_changed_spend_is_found_in_the_only_report(fresh: Any, world: Any, a_day: Any) -> None:
    """There is no other level to compare with, but TikTok returns the sums of the report."""
    fresh.sync(world.config(), CAMPAIGNS)
    account = str(fresh.ask(f"SELECT mode(advertiser_id) FROM {CAMPAIGNS}")[0][0])  # noqa: S608
    fresh.damage(
        f"UPDATE {CAMPAIGNS} SET spend = spend + 1 WHERE rowid = (SELECT min(rowid) FROM {CAMPAIGNS}"  # noqa: S608
        f" WHERE advertiser_id = {account} AND stat_time_day = '{a_day(9)}')"
    )
    assert not fresh.examine().well
    assert places(fresh, "values") == {(CAMPAIGNS, account, (a_day(9),))}


def test_a_deleted_object_is_found(doctor: Any) -> None:
    """TikTok lists it, it did not change lately, and a sync would load it again."""
    ((account, campaign),) = doctor.ask("SELECT advertiser_id::VARCHAR, campaign_id FROM campaigns LIMIT 1")
    doctor.damage(f"DELETE FROM campaigns WHERE campaign_id = {campaign}")  # noqa: S608
    assert not doctor.examine().well
    assert places(doctor, "objects") == {("campaigns", account, ())}
    assert str(campaign) in doctor.wrong("objects")[0].message


@pytest.mark.parametrize("stream", quickly("audiences", "advertisers", "ads", ADS))
def test_deleted_rows_of_the_last_sync_are_found_offline(doctor: Any, stream: str) -> None:
    """Every sync records how many rows it left."""
    doctor.damage(f"DELETE FROM {stream} WHERE rowid = 0")  # noqa: S608
    assert not doctor.examine(offline=True).well
    assert (stream, None, ()) in places(doctor, "rows")


def test_differences_of_an_open_day_are_not_damage(doctor: Any, a_day: Any) -> None:
    """Yesterday's figures may still change, so the next sync reads them again."""
    doctor.damage(
        f"UPDATE {CAMPAIGNS} SET spend = spend + 1 WHERE stat_time_day IN ('{a_day(0)}', '{a_day(1)}')"  # noqa: S608
    )
    assert doctor.examine().well


def test_a_stale_database_is_found(doctor: Any, world: Any, now: Any) -> None:
    """Each stream is reported, depending on the maximum age."""
    later = now + 3 * A_DAY
    world.set_time(later)
    assert doctor.examine(now=later, max_age=timedelta(hours=100)).well
    assert not doctor.examine(now=later).well
    assert {finding.stream for finding in doctor.wrong("freshness")} == {
        stream.stream for stream in doctor.examination.freshness
    }


@pytest.mark.thorough
def test_a_stale_stream_is_found(doctor: Any, world: Any, now: Any) -> None:
    """The other streams were synced later."""
    later = now + 3 * A_DAY
    world.set_time(later)
    doctor.sync(world.config(), f"campaigns,ad_groups,ads,{ADS},{GROUPS}", now=later)
    doctor.examine(now=later)
    stale = {finding.stream for finding in doctor.wrong("freshness")}
    assert stale == {"advertisers", "audiences", CAMPAIGNS, ACCOUNTS, HOURLY, COUNTRY}
    assert all(finding.fix == "sync" for finding in doctor.wrong("freshness"))


@pytest.mark.thorough
def test_a_stale_account_is_found(doctor: Any, world: Any, now: Any, a_day: Any) -> None:
    """It failed while the others were read, and the findings name its missing days."""
    account = busiest(doctor)
    later = now + 4 * A_DAY
    world.set_time(later)
    world.fault(f"advertiser={account},path=report/integrated/get/,code=40001")
    assert not doctor.sync(world.config(), now=later).complete
    world.heal()
    assert not doctor.examine(now=later).well
    stale = [finding for finding in doctor.wrong("freshness") if finding.advertiser_id == account]
    assert {finding.stream for finding in stale} == {ADS, GROUPS, CAMPAIGNS, ACCOUNTS, HOURLY, COUNTRY}
    assert all(a_day(-1) in finding.days for finding in stale)
    incomplete = [finding for finding in doctor.wrong("freshness") if finding.advertiser_id is None]
    assert all(account in finding.message for finding in incomplete)


def test_an_account_that_was_never_read_is_found(fresh: Any, world: Any) -> None:
    """It was granted since the last sync, or left out of it."""
    first, *others = world.info["advertiser_ids"]
    fresh.sync(world.config(advertiser_ids=others), CAMPAIGNS)
    assert not fresh.examine().well
    assert places(fresh, "freshness") == {(CAMPAIGNS, first, ())}


def test_days_before_the_first_loaded_day_are_found(fresh: Any, world: Any, a_day: Any) -> None:
    """An earlier start_date has no effect on streams that have a state."""
    fresh.sync(world.config(start_date="2026-06-01"), CAMPAIGNS)
    assert not fresh.examine(world.config(start_date="2026-05-25")).well
    gaps = fresh.wrong("gaps")
    assert gaps
    assert all(finding.days[-1] < a_day(14) and finding.fix == "full" for finding in gaps)


def states_of(doctor: Any) -> Any:
    """The states in the database."""
    from dlt.common.versioned_state import decompress_state

    ((text,),) = doctor.ask("SELECT state FROM _dlt_pipeline_state ORDER BY _dlt_load_id DESC LIMIT 1")
    return decompress_state(text)


def put_states(doctor: Any, states: Any) -> None:
    """Replace the states in the database."""
    from dlt.common.versioned_state import compress_state

    text = compress_state(states)
    doctor.damage(f"UPDATE _dlt_pipeline_state SET state = '{text}'")  # noqa: S608


def move_state(doctor: Any, stream: str, account: str, cursor: str) -> None:
    """Set the cursor of an account to another day."""
    states = states_of(doctor)
    for entry in states["sources"][PIPELINE]["streams"][stream]["states"]:
        if entry["partition"]["advertiser_id"] == account:
            entry["cursor"]["stat_time_day"] = cursor
    put_states(doctor, states)


def test_a_state_ahead_of_its_rows_is_found(doctor: Any, a_day: Any) -> None:
    """The rows end days before the day that the state names."""
    account = busiest(doctor)
    doctor.damage(
        f"DELETE FROM {ADS} WHERE advertiser_id = {account} AND stat_time_day > '{a_day(9)}'"  # noqa: S608
    )
    doctor.examine()
    (gap,) = doctor.wrong("gaps")
    assert (gap.stream, gap.advertiser_id) == (ADS, account)
    assert set(gap.days) <= {a_day(number) for number in range(9)}
    assert {a_day(number) for number in range(4, 9)} <= set(gap.days)
    assert f"The state says that the account was read up to {a_day(0)}" in gap.message


@pytest.mark.thorough
@pytest.mark.parametrize(
    "cursor", ["2026-06-20", *(pytest.param(day, marks=pytest.mark.thorough) for day in ("2026-07-30", "9999-12-31"))]
)
@pytest.mark.parametrize("offline", [True, False])
def test_a_state_ahead_of_the_time_is_found(doctor: Any, cursor: str, offline: bool) -> None:
    """A sync under a wrong clock leaves such a state."""
    account = busiest(doctor)
    move_state(doctor, CAMPAIGNS, account, cursor)
    assert not doctor.examine(offline=offline).well
    (ahead,) = doctor.wrong("freshness")
    assert (ahead.stream, ahead.advertiser_id, ahead.fix) == (CAMPAIGNS, account, "full")


@pytest.mark.thorough
def test_a_state_ahead_of_its_last_sync_is_found(doctor: Any, world: Any, now: Any) -> None:
    """It is not in the future, but no sync has read those days."""
    later = now + 10 * A_DAY
    world.set_time(later)
    move_state(doctor, CAMPAIGNS, busiest(doctor), "2026-06-24")
    doctor.examine(now=later, max_age=timedelta(hours=1000))
    assert [(finding.stream, finding.advertiser_id) for finding in doctor.wrong("freshness")] == [
        (CAMPAIGNS, busiest(doctor))
    ]


def test_a_state_behind_its_rows_is_found(doctor: Any) -> None:
    """The account looks as if no sync had read it for days."""
    account = busiest(doctor)
    move_state(doctor, CAMPAIGNS, account, "2026-06-02")
    assert not doctor.examine(offline=True).well
    (stale,) = doctor.wrong("freshness")
    assert (stale.stream, stale.advertiser_id, stale.fix) == (CAMPAIGNS, account, "sync")


@pytest.mark.parametrize("table", quickly(ADS, "campaigns", "audiences"))
@pytest.mark.parametrize("offline", [True, False])
def test_a_missing_table_is_found(doctor: Any, table: str, offline: bool) -> None:
    """A sync has loaded it."""
    doctor.damage(f"DROP TABLE {table}")
    assert not doctor.examine(offline=offline).well
    (missing,) = doctor.wrong("tables")
    assert missing.stream == table
    assert "its table is missing" in missing.message


@pytest.mark.thorough
@pytest.mark.parametrize("table", quickly("_tiktok_syncs", "_tiktok_loads", "_dlt_pipeline_state", "_dlt_loads"))
def test_a_missing_bookkeeping_table_is_found(doctor: Any, table: str) -> None:
    """The finding names it."""
    doctor.damage(f"DROP TABLE {table}")
    assert not doctor.examine().well
    assert table in " ".join(finding.message for finding in doctor.wrong("tables"))


@pytest.mark.parametrize("column", quickly("spend", "stat_time_day", "advertiser_id", "_dlt_load_id"))
def test_a_missing_column_is_found(doctor: Any, column: str) -> None:
    """Everything else is examined all the same."""
    doctor.damage(f'ALTER TABLE {CAMPAIGNS} DROP COLUMN "{column}"')
    assert not doctor.examine().well
    (missing,) = doctor.wrong()
    assert missing.stream == CAMPAIGNS
    assert column in missing.message


@pytest.mark.parametrize("state", quickly("garbage", ""))
def test_an_unreadable_state_is_found(doctor: Any, state: str) -> None:
    """It makes no difference what stands in its place."""
    doctor.damage(f"UPDATE _dlt_pipeline_state SET state = '{state}'")  # noqa: S608
    assert not doctor.examine().well
    assert "cannot be read" in doctor.wrong("tables")[0].message


@pytest.mark.parametrize("value", quickly(7, {"states": 7}, {"states": [{"partition": {}}]}))
def test_an_invalid_state_of_one_stream_is_found(doctor: Any, value: Any) -> None:
    """The other streams are examined all the same."""
    states = states_of(doctor)
    states["sources"][PIPELINE]["streams"][CAMPAIGNS] = value
    put_states(doctor, states)
    assert not doctor.examine().well
    assert [finding.stream for finding in doctor.wrong("tables")] == [CAMPAIGNS]


def test_a_missing_state_is_found(doctor: Any) -> None:
    """The next sync would read the stream from the start."""
    states = states_of(doctor)
    del states["sources"][PIPELINE]["streams"][CAMPAIGNS]
    put_states(doctor, states)
    doctor.examine()
    assert [(finding.check, finding.stream) for finding in doctor.wrong()] == [("tables", CAMPAIGNS)]


@pytest.mark.thorough
def test_an_interrupted_first_sync_is_found(doctor: Any) -> None:
    """The table of syncs has no row for its end."""
    doctor.damage("DELETE FROM _tiktok_syncs WHERE stream = 'audiences'")
    doctor.examine()
    assert [(finding.check, finding.stream) for finding in doctor.wrong()] == [("freshness", "audiences")]


@pytest.mark.thorough
def test_include_deleted_that_was_set_later_is_found(fresh: Any, world: Any) -> None:
    """Rows of objects that are deleted now were never requested."""
    fresh.sync(world.config(include_deleted=False), f"ads,{ADS},{ACCOUNTS}")
    assert fresh.examine(world.config(include_deleted=False)).well
    assert not fresh.examine(world.config(include_deleted=True)).well
    assert {finding.stream for finding in fresh.wrong()} == {"ads", ADS}


def test_several_damages_at_once_are_all_found(doctor: Any, a_day: Any) -> None:
    """One does not hide another."""
    account = busiest(doctor)
    doctor.damage(f"DELETE FROM {ADS} WHERE advertiser_id = {account} AND stat_time_day = '{a_day(8)}'")  # noqa: S608
    doctor.damage(f"UPDATE {GROUPS} SET spend = 0 WHERE advertiser_id = {account} AND stat_time_day = '{a_day(8)}'")  # noqa: S608
    doctor.damage(f"INSERT INTO {CAMPAIGNS} SELECT * FROM {CAMPAIGNS} LIMIT 1")  # noqa: S608
    doctor.damage("DROP TABLE audiences")
    move_state(doctor, ACCOUNTS, account, "2026-06-25")
    doctor.examine()
    assert ("ads_reports_daily", account, (a_day(8),)) in places(doctor, "gaps")
    assert (GROUPS, account, (a_day(8),)) in places(doctor, "values")
    assert CAMPAIGNS in {finding.stream for finding in doctor.wrong("rows")}
    assert {finding.stream for finding in doctor.wrong("tables")} == {"audiences"}
    assert (ACCOUNTS, account) in {(finding.stream, finding.advertiser_id) for finding in doctor.wrong("freshness")}


@pytest.mark.thorough
def test_an_examination_does_not_change_the_database(doctor: Any) -> None:
    """It opens the file for reading only."""
    before = doctor.path.read_bytes()
    doctor.damage("SELECT 1")
    doctor.examine()
    with duckdb.connect(str(doctor.path), read_only=True):
        doctor.examine(offline=True)  # others may read it meanwhile
    assert doctor.path.read_bytes() == before
    assert [path.name for path in doctor.path.parent.iterdir()] == [doctor.path.name]


def test_a_plain_sync_fixes_what_the_finding_says(doctor: Any, world: Any, now: Any) -> None:
    """The command that a finding names removes the finding."""
    doctor.damage("DELETE FROM campaigns")
    doctor.damage("DELETE FROM audiences")
    doctor.examine()
    assert {finding.fix for finding in doctor.wrong()} == {"sync"}
    doctor.sync(world.config(), now=now + SOON)
    assert doctor.examine(now=now + SOON).well


@pytest.mark.thorough
def test_a_full_sync_fixes_what_the_finding_says(doctor: Any, world: Any, now: Any, a_day: Any) -> None:
    """The damaged days are before the state, so a plain sync does not read them."""
    doctor.damage(f"DELETE FROM {ADS} WHERE stat_time_day = '{a_day(9)}'")  # noqa: S608
    doctor.examine()
    assert {finding.fix for finding in doctor.wrong("gaps")} == {"full"}
    doctor.sync(world.config(), now=now + SOON)
    assert not doctor.examine(now=now + SOON).well
    doctor.sync(world.config(), ADS, now=now + 2 * SOON, full=True)
    assert doctor.examine(now=now + 2 * SOON).well


UNREADABLE = {
    "a metric is text": (f"ALTER TABLE {ADS} ALTER spend TYPE VARCHAR", ADS, "column spend"),
    "a metric is not a number": (
        f"ALTER TABLE {ADS} ALTER spend TYPE DOUBLE; UPDATE {ADS} SET spend = 'nan'",  # noqa: S608
        ADS,
        "column spend",
    ),
    "the day is text": (
        f"ALTER TABLE {ADS} ALTER stat_time_day TYPE VARCHAR; UPDATE {ADS} SET stat_time_day = 'x' || stat_time_day",  # noqa: S608
        ADS,
        "column stat_time_day",
    ),
    "a day never comes": (f"UPDATE {ADS} SET stat_time_day = 'infinity' WHERE rowid = 0", ADS, "column stat_time_day"),  # noqa: S608
    "a day was before Christ": (
        f"UPDATE {ADS} SET stat_time_day = DATE '0044-03-15 (BC)' WHERE rowid = 0",  # noqa: S608
        ADS,
        "column stat_time_day",
    ),
    "an account is text": (
        "ALTER TABLE ads ALTER advertiser_id TYPE VARCHAR; UPDATE ads SET advertiser_id = 'x' WHERE rowid = 0",
        "ads",
        "column advertiser_id",
    ),
    "an account's time is text": (
        "ALTER TABLE advertisers ALTER create_time TYPE VARCHAR; UPDATE advertisers SET create_time = 'x'",
        "advertisers",
        "column create_time",
    ),
    "the table is a view of nothing": (
        "ALTER TABLE ads RENAME TO passing; CREATE VIEW ads AS SELECT * FROM passing; DROP TABLE passing",
        "ads",
        "ads is a view",
    ),
    "a sync began in the year 9999": (
        "UPDATE _tiktok_syncs SET started_at = '9999-12-31' WHERE stream = 'ads'",
        None,
        "_tiktok_syncs",
    ),
    "syncs began never": ("UPDATE _tiktok_syncs SET started_at = 'infinity'", None, "_tiktok_syncs"),
    "the times of the syncs are text": (
        "ALTER TABLE _tiktok_syncs ALTER started_at TYPE VARCHAR; UPDATE _tiktok_syncs SET started_at = 'x'",
        None,
        "_tiktok_syncs",
    ),
    "the rows of the loads are text": (
        "ALTER TABLE _tiktok_loads ALTER kept_rows TYPE VARCHAR; UPDATE _tiktok_loads SET kept_rows = 'x'",
        None,
        "_tiktok_loads",
    ),
}


@pytest.mark.parametrize("offline", [True, False])
@pytest.mark.parametrize("what", quickly(*UNREADABLE))
def test_what_cannot_be_read_costs_only_itself(doctor: Any, a_day: Any, what: str, offline: bool) -> None:
    """The finding names the table and the column with a next step, and a fault of another stream is found, too."""
    sql, stream, named = UNREADABLE[what]
    doctor.damage(sql)
    account = busiest(doctor)
    doctor.damage(
        f"INSERT INTO {CAMPAIGNS} SELECT * FROM {CAMPAIGNS} WHERE advertiser_id = {account}"  # noqa: S608
        f" AND stat_time_day = '{a_day(7)}' LIMIT 1"
    )
    doctor.examine(offline=offline)
    (finding,) = [finding for finding in doctor.wrong("tables") if named in finding.message]
    assert finding.stream == stream
    assert finding.remedy
    assert (CAMPAIGNS, account, (a_day(7),)) in places(doctor, "rows")


def test_a_damaged_block_of_the_file_is_found_with_what_helps(doctor: Any) -> None:
    """No statement repairs it, so the remedy names none. The other streams are examined all the same."""
    doctor.overwrite(ADS, "spend")
    examination = doctor.examine(offline=True)
    assert not examination.well
    damaged = [finding for finding in doctor.wrong("tables") if finding.stream == ADS]
    assert "Corrupt database file" in damaged[0].message
    assert "Restore the database from a copy" in damaged[0].remedy
    assert "drop" not in damaged[0].remedy
    assert {finding.remedy for finding in doctor.wrong("tables")} == {damaged[0].remedy}
