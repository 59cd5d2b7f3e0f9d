# ruff: noqa: S608 - the statements are our own
"""What the doctor says to do is done, and then it finds nothing: each remedy on the damage that it is for."""

from __future__ import annotations

import ast
import asyncio
import shlex
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tiktok_marketing import doctor as package
from tiktok_marketing.cli.doctor import _SyncCommand
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.doctor import DoctorOptions, Examination, Severity, examine
from tiktok_marketing.emulator import Emulator, Options

pytestmark = pytest.mark.thorough

ADS, GROUPS, CAMPAIGNS = "ads_reports_daily", "ad_groups_reports_daily", "campaigns_reports_daily"
SOON = timedelta(seconds=5)


class Case(msgspec.Struct, frozen=True):
    """A damage and its remedy.

    Args:
        sites: The places in the doctor that print the remedy, as `module.function`.
        damage: Does the damage.
        by_hand: Does what a remedy in words says; None if every remedy is a command.
        offline: Whether to examine the database alone.
        options: Options of the first examination.
    """

    sites: frozenset[str]
    damage: Callable[[Any, Any], object]
    by_hand: Callable[[Any], object] | None = None
    offline: bool = False
    options: dict[str, Any] = {}


def sql(*statements: str) -> Callable[[Any, Any], object]:
    """Damage done by SQL."""

    def do(doctor: Any, day: Any) -> None:
        for statement in statements:
            doctor.damage(statement.format(day=day))

    return do


def change_states(change: Callable[[Any], object]) -> Callable[[Any, Any], object]:
    """Damage done to the states."""

    def do(doctor: Any, _: Any) -> None:
        from dlt.common.versioned_state import bump_state_version_if_modified, compress_state, decompress_state

        from tiktok_marketing.pipelines.databases.bookkeeping import PIPELINE

        query = "SELECT state FROM _dlt_pipeline_state ORDER BY _dlt_load_id DESC LIMIT 1"
        states = decompress_state(doctor.ask(query)[0][0])
        change(states["sources"][PIPELINE]["streams"])
        version, hash_, _ = bump_state_version_if_modified(states)
        doctor.damage(
            f"UPDATE _dlt_pipeline_state SET state = '{compress_state(states)}', version = {version},"
            f" version_hash = '{hash_}'"
        )

    return do


def moved_to(day: str) -> Callable[[Any], object]:
    """All accounts of a report have been read up to this day, by its state."""

    def change(streams: Any) -> None:
        for entry in streams[CAMPAIGNS]["states"]:
            entry["cursor"]["stat_time_day"] = day

    return change


def start_anew(doctor: Any) -> None:
    """Move the file away and sync again."""
    doctor.path.unlink()
    doctor.sync(doctor.world.config(), now=doctor.now + SOON)


def drop_and_sync(doctor: Any, statement: str) -> None:
    """Drop what cannot be read, and sync again."""
    doctor.damage(statement)
    doctor.sync(doctor.world.config(), now=doctor.now + SOON)


def drop_what_rounds_and_sync(doctor: Any) -> None:
    """Run the statement that drops a column of a type that rounds, and sync again."""
    (advice,) = {finding.remedy for finding in doctor.examination.findings if "ALTER TABLE" in finding.remedy}
    doctor.damage(advice.partition(", run ")[2].partition(". The next")[0])
    doctor.sync(doctor.world.config(), now=doctor.now + SOON)


def overwrite_a_block(doctor: Any, _: Any) -> None:
    """Change a part of the file that holds figures of ads, as a disk that fails does."""
    doctor.overwrite(ADS, "spend")


A_ROW = "(SELECT min(rowid) FROM {table} WHERE stat_time_day = '{{day}}' AND spend > 0)"
CASES = {
    "a duplicate row": Case(
        frozenset({"integrity.examine_keys"}),
        sql(f"INSERT INTO {ADS} SELECT * FROM {ADS} WHERE stat_time_day = '{{day}}' LIMIT 1"),
    ),
    "a duplicate object": Case(
        frozenset({"integrity.examine_keys"}), sql("INSERT INTO audiences SELECT * FROM audiences LIMIT 1")
    ),
    "a row without a key": Case(
        frozenset({"integrity.examine_keys"}),
        sql(
            f"ALTER TABLE {CAMPAIGNS} ALTER campaign_id DROP NOT NULL",
            f"INSERT INTO {CAMPAIGNS} SELECT * REPLACE (NULL AS campaign_id) FROM {CAMPAIGNS} LIMIT 1",
        ),
        by_hand=lambda doctor: doctor.damage(f"DELETE FROM {CAMPAIGNS} WHERE campaign_id IS NULL"),
    ),
    "an object that no sync brought": Case(
        frozenset({"integrity.examine_packages"}),
        sql("INSERT INTO campaigns SELECT * REPLACE (1 AS campaign_id) FROM campaigns LIMIT 1"),
        by_hand=lambda doctor: doctor.damage("DELETE FROM campaigns WHERE campaign_id = 1"),
    ),
    "a row that no sync brought": Case(
        frozenset({"integrity.examine_packages", "row_comparison.to_findings"}),
        sql(f"INSERT INTO {ADS} SELECT * REPLACE (1 AS ad_id) FROM {ADS} WHERE stat_time_day = '{{day}}' LIMIT 1"),
    ),
    "rows that somebody deleted": Case(
        frozenset({"integrity.examine_packages"}),
        sql(f"DELETE FROM {ADS} WHERE stat_time_day = '{{day}}'", "DELETE FROM audiences"),
        offline=True,
    ),
    "a table of syncs that is gone": Case(
        frozenset({"integrity.examine_tables"}), sql("DROP TABLE _tiktok_syncs", "DROP TABLE _tiktok_loads")
    ),
    "a table of a stream that is gone": Case(
        frozenset({"integrity._table_findings"}), sql(f"DROP TABLE {ADS}", "DROP TABLE campaigns")
    ),
    "a column that is gone": Case(
        frozenset({"integrity._table_findings"}), sql(f"ALTER TABLE {CAMPAIGNS} DROP COLUMN spend")
    ),
    "a column that was renamed and needs a value": Case(
        frozenset({"integrity._table_findings"}),
        sql(f'ALTER TABLE {ADS} RENAME stat_time_day TO "Stat Time"'),
        by_hand=lambda doctor: drop_and_sync(doctor, f'ALTER TABLE {ADS} ALTER COLUMN "Stat Time" DROP NOT NULL'),
    ),
    "a view in place of a table": Case(
        frozenset({"integrity._table_findings"}),
        sql(f"ALTER TABLE {ADS} RENAME TO theirs", f"CREATE VIEW {ADS} AS SELECT * FROM theirs"),
        by_hand=lambda doctor: drop_and_sync(doctor, f"DROP VIEW {ADS}"),
    ),
    "a column of another type": Case(
        frozenset({"integrity._fault_finding"}),
        sql(f"ALTER TABLE {CAMPAIGNS} ALTER spend TYPE VARCHAR"),
        by_hand=lambda doctor: drop_and_sync(doctor, f"ALTER TABLE {CAMPAIGNS} DROP COLUMN spend"),
    ),
    "a day with a time zone": Case(
        frozenset({"integrity._table_findings"}),
        sql(f"ALTER TABLE {CAMPAIGNS} ALTER stat_time_day TYPE TIMESTAMPTZ"),
        by_hand=lambda doctor: drop_and_sync(doctor, f"ALTER TABLE {CAMPAIGNS} ALTER stat_time_day TYPE date"),
    ),
    "ids that are rounded": Case(
        frozenset({"integrity._table_findings"}),
        sql("ALTER TABLE campaigns ALTER campaign_id TYPE DOUBLE"),
        by_hand=lambda doctor: drop_and_sync(doctor, "DROP TABLE campaigns"),
    ),
    "figures that are rounded": Case(
        frozenset({"integrity._table_findings"}),
        sql(f"ALTER TABLE {CAMPAIGNS} ALTER spend TYPE INTEGER"),
        by_hand=drop_what_rounds_and_sync,
    ),
    "a view of something that is gone": Case(
        frozenset({"integrity._table_findings"}),
        sql(
            "CREATE TABLE theirs AS SELECT * FROM campaigns",
            "DROP TABLE campaigns",
            "CREATE VIEW campaigns AS SELECT * FROM theirs",
            "DROP TABLE theirs",
        ),
        by_hand=lambda doctor: drop_and_sync(doctor, "DROP VIEW campaigns"),
    ),
    "a damaged file": Case(frozenset({"integrity._fault_finding"}), overwrite_a_block, by_hand=start_anew),
    "states that cannot be read": Case(
        frozenset({"integrity.examine_tables"}),
        sql("UPDATE _dlt_pipeline_state SET state = 'garbage'"),
        by_hand=start_anew,
    ),
    "a state that cannot be read": Case(
        frozenset({"integrity._state_findings"}),
        change_states(lambda streams: streams.update({CAMPAIGNS: 7})),
    ),
    "a state that is gone": Case(
        frozenset({"integrity._state_findings"}), change_states(lambda streams: streams.pop(CAMPAIGNS))
    ),
    "a state ahead of the time": Case(frozenset({"freshness._ahead"}), change_states(moved_to("2026-07-30"))),
    "a state that is behind": Case(frozenset({"freshness._behind"}), change_states(moved_to("2026-06-01"))),
    "a stream that no sync finished": Case(
        frozenset({"freshness.examine_freshness"}), sql("DELETE FROM _tiktok_syncs WHERE stream = 'audiences'")
    ),
    "a sync long ago": Case(
        frozenset({"freshness.examine_freshness"}),
        sql("UPDATE _tiktok_syncs SET started_at = started_at - INTERVAL 9 DAY WHERE stream = 'audiences'"),
    ),
    "an incomplete sync": Case(
        frozenset({"freshness._incomplete"}),
        sql("UPDATE _tiktok_syncs SET complete = false, missing = 'one account' WHERE stream = 'audiences'"),
    ),
    "a day that is gone": Case(
        frozenset({"row_comparison.to_findings"}), sql(f"DELETE FROM {GROUPS} WHERE stat_time_day = '{{day}}'")
    ),
    "figures that were changed": Case(
        frozenset({"row_comparison.to_findings"}),
        sql(f"UPDATE {GROUPS} SET spend = spend + 1 WHERE rowid = {A_ROW.format(table=GROUPS)}"),
    ),
    "levels that disagree": Case(
        frozenset({"level_sums.to_findings"}),
        sql(f"UPDATE {GROUPS} SET spend = spend + 1 WHERE rowid = {A_ROW.format(table=GROUPS)}"),
        offline=True,
    ),
    "an object that is gone": Case(
        frozenset({"objects._add"}), sql("DELETE FROM campaigns WHERE rowid = (SELECT min(rowid) FROM campaigns)")
    ),
}


def bad(examination: Examination) -> list[Any]:
    """The findings that are more than notes."""
    return [finding for finding in examination.findings if finding.severity is not Severity.NOTE]


@pytest.mark.parametrize("name", CASES)
def test_the_remedy_makes_the_database_well(doctor: Any, world: Any, now: Any, a_day: Any, name: str) -> None:
    """Each command that is printed is run as it is printed, and each remedy in words is followed."""
    case = CASES[name]
    doctor.now = now
    case.damage(doctor, a_day(9))
    findings = bad(doctor.examine(offline=case.offline, **case.options))
    assert findings, "the damage is not found"
    command = _SyncCommand("config.json", str(doctor.path), "tiktok_ads")
    if case.by_hand is not None:
        assert any(finding.remedy for finding in findings)
        case.by_hand(doctor)
    for number, text in enumerate(dict.fromkeys(command.remedy(finding) for finding in findings)):
        if text.startswith("tiktok-marketing sync "):
            words = shlex.split(text)
            streams = words[words.index("--streams") + 1] if "--streams" in words else None
            streams = streams or ",".join(stream.stream for stream in doctor.examination.freshness)
            doctor.sync(world.config(), streams, now=now + (number + 2) * SOON, full="--full" in words)
        else:
            assert case.by_hand is not None, text
    assert not bad(doctor.examine(offline=case.offline, now=now + 9 * SOON))


def test_more_requests_find_out_what_too_few_could_not(doctor: Any, a_day: Any) -> None:
    """The remedy for a comparison that was cut short is to allow more requests; then it names the row."""
    doctor.damage(f"DELETE FROM {CAMPAIGNS} WHERE stat_time_day >= '{a_day(20)}' AND spend > 100")
    for requests in range(1, 60):
        doctor.examine(requests=requests)
        cut = [finding for finding in doctor.examination.findings if "more --requests" in finding.remedy]
        if cut:
            break
    assert cut
    doctor.examine(requests=5000)
    assert not [finding for finding in doctor.examination.findings if finding.remedy]
    assert doctor.wrong("rows")


def test_more_requests_name_the_rows_that_levels_lack(doctor: Any, a_day: Any) -> None:
    """Rows are gone, so a level has less than the account; with enough requests the finding is about those rows."""
    doctor.damage(f"DELETE FROM {CAMPAIGNS} WHERE stat_time_day >= '{a_day(25)}'")
    doctor.examine(requests=5000)
    assert doctor.wrong("gaps")
    assert not [finding for finding in doctor.examination.findings if "more --requests" in finding.remedy]


def test_a_metric_that_tiktok_accepts_again_is_well(doctor: Any, world: Any) -> None:
    """The remedy is to wait: nothing else is missing, and later nothing is found."""
    world.fault("contains=campaign_id,path=report/integrated/get/,code=40002,message=Invalid metric(s): spend")
    doctor.examine(database=None, streams=(CAMPAIGNS,))
    world.heal()
    assert not bad(doctor.examine(database=None, streams=(CAMPAIGNS,)))


def test_a_clock_that_was_set_is_well(doctor: Any, now: Any) -> None:
    """The remedy for a wrong clock is to set it."""
    doctor.examine(now=now + timedelta(hours=2), database=None)
    assert "Set the clock" in doctor.wrong("clock")[0].remedy
    assert not bad(doctor.examine(now=now, database=None))


def test_the_rate_that_the_doctor_advises_is_well(now: Any) -> None:
    """The remedy for a lower quota is a lower requests_per_second."""

    async def examined() -> tuple[Examination, Examination]:
        async with Emulator(Options(now=now, requests_per_second=5, days=5, ads_per_account=3)) as emulator:
            credentials = {"auth_type": "oauth2.0", "app_id": emulator.app_id, "secret": emulator.secret}
            credentials["access_token"] = emulator.access_token

            async def at(rate: float) -> Examination:
                config = parse_config({"credentials": credentials, "requests_per_second": rate})
                options = DoctorOptions(streams=("campaigns",))
                return await examine(config, options, clock=FixedClock(now), address=emulator.url)

            first = await at(10)
            (advised,) = [word for word in first.findings[0].remedy.split() if word.isdigit()]
            return first, await at(float(advised))

    first, second = asyncio.run(examined())
    assert [finding.check for finding in bad(first)] == ["quota"]
    assert not bad(second)


ELSEWHERE = {
    "shop_sums.to_findings": (
        "doctor/test_stores.py::test_a_store_that_differs_from_its_campaigns_is_found_and_its_remedy_helps"
    ),
    "quota.quota_finding": "doctor/test_remedies.py::test_the_rate_that_the_doctor_advises_is_well",
    "access.clock_findings": "doctor/test_remedies.py::test_a_clock_that_was_set_is_well",
    "access._metrics_finding": "doctor/test_remedies.py::test_a_metric_that_tiktok_accepts_again_is_well",
    "reports._note": "doctor/test_remedies.py::test_more_requests_find_out_what_too_few_could_not",
    "account_sums._finding": "doctor/test_remedies.py::test_more_requests_name_the_rows_that_levels_lack",
    "joins._finding": "doctor/test_left_out.py::test_rows_whose_object_is_missing_are_counted_in_money",
    "conversions.conversion_findings": (
        "doctor/test_left_out.py::test_a_full_sync_with_a_longer_window_brings_late_conversions"
    ),
    "run._add_settings": "doctor/test_left_out.py::test_a_start_date_in_the_future_is_a_finding",
    # The remedies of errors, which a sync prints too.
    "findings.error_finding": "doctor/test_access.py::test_a_forbidden_account_is_found",
    "reports._add_failure": "doctor/test_access.py::test_an_account_whose_reports_are_forbidden_is_found",
}
"""Places that print a remedy which no case above runs, and the test of each."""


def sites() -> set[str]:
    """The functions of the doctor that give a finding a remedy or a fix."""
    found = set()
    for path in Path(package.__file__).parent.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for call in ast.walk(function):
                if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "Finding":
                    continue
                given = {keyword.arg for keyword in call.keywords if not _is_none(keyword.value)}
                if given & {"fix", "remedy"}:
                    found.add(f"{path.stem}.{function.name}")
    return found


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and not value.value


def test_every_remedy_is_tested() -> None:
    """A new one needs a case above."""
    covered = {site for case in CASES.values() for site in case.sites} | ELSEWHERE.keys()
    assert sites() - covered == set(), "a remedy without a test"
    assert covered - sites() == set(), "a test for a remedy that is no longer there"


@pytest.mark.parametrize("test", ELSEWHERE.values())
def test_the_tests_named_elsewhere_exist(test: str) -> None:
    """A test that was renamed has to be renamed here too."""
    file, _, name = test.partition("::")
    assert f"def {name}(" in (Path(__file__).parents[1] / file).read_text()
