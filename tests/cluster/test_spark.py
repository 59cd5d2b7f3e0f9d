"""Spark's data source on a cluster of two workers, against the emulator."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cluster.conftest import environment_of
from programs import emulator_beside
from tiktok_marketing.emulator import Emulator, Options

pytestmark = pytest.mark.timeout(1_800)  # Spark starts dozens of processes, on a machine that may be busy

SESSION = Path(__file__).with_name("spark_session.py")
OWN_REPORT = {
    "name": "spend_by_country",
    "level": "campaign",
    "grain": "day",
    "dimensions": ["campaign_id", "country_code"],
    "metrics": ["spend"],
}
WRONG = {
    ("stream", "ads_report_daily"): "Did you mean ads_reports_daily",
    ("stream", " "): "The option stream is missing",
    ("streem", "ads_reports_daily"): "The option streem is not known. Did you mean stream?",
    ("start_date", "01.02.2026"): "The option start_date sets it",
    ("end_date", "2026-02-30"): "The option end_date sets it",
    ("advertiser_ids", "seven"): "The option advertiser_ids sets it",
    ("attribution_window", "many"): "The option attribution_window sets it",
    ("requests_per_second", "0"): "The option requests_per_second sets it",
    ("include_deleted", "perhaps"): "Set it to true or false",
    ("refresh_objects", "never"): '"changed", "daily" or "always"',
    ("custom_reports", "{"): "custom_reports is not a list",
    ("custom_reports", '[{"name": "mine"}]'): "The option custom_reports sets it",
    ("extra_metrics", '{"ad": ["no_such_metric"]}'): "The option extra_metrics sets it",
    ("partitions", "0"): "The option partitions is '0'",
    ("partitions", "many"): "Set it to a number from 1 on",
    ("at_once", "-1"): "The option at_once is '-1'",
    ("state", "{"): "The option state is not valid JSON",
    ("state", '[{"no": "state"}]'): "none of them is a stream",
    ("access_token", " "): "access_token is missing",
}
"""Options that cannot be used, as name and text, and what the message must say."""
SOURCE = Path(__file__).parents[2] / "src"


class Session(msgspec.Struct):
    """What all cases gave, in one session of Spark.

    Args:
        results: The result of each case.
        log: What the driver and the executors wrote to standard error.
        emulator: What was read.
    """

    results: dict[str, dict[str, Any]]
    log: str
    emulator: Emulator

    def of(self, case: str) -> dict[str, Any]:
        """The result of a case."""
        result = self.results[case]
        assert "error" not in result, result["error"][-3000:]
        return result


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """Six accounts, the quota of the lowest tier, and a cluster that reads them, with the credentials in options."""
    python = str(environment_of("spark"))
    with emulator_beside(Options(tier="basic", advertisers=6, days=40, ads_per_account=10, settled=True)) as emulator:
        credentials = {name: getattr(emulator, name) for name in ("access_token", "app_id", "secret")}
        case = {
            "url": emulator.url,
            "options": credentials | {"start_date": str(start_of(emulator)), "end_date": str(end_of(emulator))},
            "more": {
                "killed": {"report_granularity": "1", "skip_empty_days": "false"},
                "streamed": {"attribution_window": "3"},
                "own_report": {"custom_reports": json.dumps([OWN_REPORT]), "extra_metrics": '{"ad": ["likes"]}'},
            },
            "account": emulator.advertiser_ids[0],
            "first": str(start_of(emulator) + timedelta(days=3)),
            "after": str(start_of(emulator) + timedelta(days=7)),
        }
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "PYTHONPATH": str(SOURCE),
            "PYSPARK_PYTHON": python,
            "PYSPARK_DRIVER_PYTHON": python,
            "TIKTOK_API_URL": emulator.url,
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        command = [python, str(SESSION), json.dumps(case)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
        assert ended.returncode == 0, ended.stderr[-4000:]
        yield Session(json.loads(ended.stdout.splitlines()[-1]), ended.stderr, emulator)


def start_of(emulator: Emulator) -> date:
    """The first day that is read."""
    return emulator.clock.now().date() - timedelta(days=25)


def end_of(emulator: Emulator) -> date:
    """The last day that is read. It is over in every account, so that its figures are final."""
    return emulator.clock.now().date() - timedelta(days=2)


def truth(emulator: Emulator, account: str, first: date, last: date) -> dict[str, Any]:
    """What the emulator calculates from its own figures."""
    expected = emulator.truth(account, first, last, include_deleted=True)
    figures = expected["metrics"]["ad"]
    return {"rows": expected["rows"]["ad"]["daily"], **{name: figures[name] for name in ("impressions", "clicks")}} | {
        "spend": Decimal(figures["spend"])
    }


def assert_equals_truth(emulator: Emulator, sums: dict[str, Any]) -> None:
    """Counts and sums of each account are the emulator's."""
    truths = {
        account: truth(emulator, account, start_of(emulator), end_of(emulator)) for account in emulator.advertiser_ids
    }
    assert set(sums) == {account for account, expected in truths.items() if expected["rows"]}
    for account, row in sums.items():
        expected = truths[account]
        assert row["rows"] == row["keys"] == expected["rows"]
        assert (int(row["impressions"]), int(row["clicks"])) == (expected["impressions"], expected["clicks"])
        assert Decimal(row["spend"]) == expected["spend"]


def test_a_batch_equals_the_emulators_own_sums(session: Session) -> None:
    """On two workers: rows, keys and sums, with types as in the tables, and the quota never exceeded."""
    result = session.of("read")
    assert_equals_truth(session.emulator, result["sums"])
    assert result["partitions"] == 4
    assert result["others"]["advertiser_ids"] == len(session.emulator.advertiser_ids)
    assert result["others"]["campaigns"] > 0
    types = result["schema"]
    assert (types["advertiser_id"], types["stat_time_day"], types["spend"]) == ("bigint", "date", "decimal(18,4)")
    assert result["refused"] == 0


def test_no_secret_is_in_plans_or_logs(session: Session) -> None:
    """Neither in Spark's plan, nor in its event log, nor in what driver and executors write."""
    emulator, plan = session.emulator, session.of("read")["plan"]
    assert "tiktok_marketing" in plan
    assert "SparkListenerJobStart" in session.results["logs"]["text"]
    for secret in (emulator.access_token, emulator.secret, emulator.app_id):
        for text in (plan, session.results["logs"]["text"], session.log):
            assert secret not in text


def test_filters_and_columns_make_the_read_smaller(session: Session) -> None:
    """A filter on the account and on days reads no other ones; what cannot exist costs nothing."""
    emulator, result = session.emulator, session.of("narrowed")
    account, first = emulator.advertiser_ids[0], start_of(emulator) + timedelta(days=3)
    expected = truth(emulator, account, first, first + timedelta(days=3))
    assert list(result["sums"]) == [account]
    row = result["sums"][account]
    assert (row["rows"], Decimal(row["spend"])) == (expected["rows"], expected["spend"])
    assert result["columns"] == ["advertiser_id", "spend"]
    assert result["rows"] > row["rows"]
    assert result["nothing"] == 0


def test_a_stream_goes_on_from_its_offsets(session: Session) -> None:
    """The second run reads the attribution window again; the third finds that it is too early."""
    emulator, result = session.emulator, session.of("streamed")
    expected = [truth(emulator, account, start_of(emulator), end_of(emulator)) for account in emulator.advertiser_ids]
    assert result["rows"] == sum(each["rows"] for each in expected)
    assert result["impressions"] == sum(each["impressions"] for each in expected)
    first, second = result["batches"]
    assert first == result["rows"] > second > 0
    for secret in (emulator.access_token, emulator.secret):
        assert not any(secret in offset for offset in result["offsets"])
    assert any("use_global_cursor" in offset for offset in result["offsets"])


def test_a_report_of_ones_own_is_read_by_the_executors(session: Session) -> None:
    """Options describe it and extra metrics; the sums are those of the campaigns."""
    emulator, result = session.emulator, session.of("own_report")
    assert result["sums"]
    for account, row in result["sums"].items():
        expected = emulator.truth(account, start_of(emulator), end_of(emulator), include_deleted=True)
        assert Decimal(row["spend"]) == Decimal(expected["metrics"]["campaign"]["spend"])
        assert row["rows"] == row["keys"] > 0
    assert {"campaign_id", "country_code", "stat_time_day", "spend"} <= set(result["columns"])
    assert result["likes"] > 0


def test_an_option_that_cannot_be_used_is_named() -> None:
    """As the option that it is, and not as a variable that nobody has set."""
    usual = {"stream": "ads_reports_daily", "access_token": "t", "app_id": "a", "secret": "s"}
    cases = json.dumps([usual, *({**usual, name: text} for name, text in WRONG)])
    command = [str(environment_of("spark")), str(Path(__file__).with_name("spark_options.py")), cases]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
    assert ended.returncode == 0, ended.stderr[-4000:]
    fine, *messages = json.loads(ended.stdout)
    assert fine == ""
    for case, expected, message in zip(WRONG, WRONG.values(), messages, strict=True):
        assert expected in message, case
        assert "TIKTOK_" not in message or case[0] == "access_token", case


def test_a_killed_executor_is_replaced(session: Session) -> None:
    """Its tasks are tried again, and no row is lost or doubled."""
    result = session.of("killed")
    assert len(result["killed"]) == 1
    assert_equals_truth(session.emulator, result["sums"])


def test_the_lakeflow_example_reads_and_goes_on(session: Session) -> None:
    """A run reads until the offset stays; the next run reads the attribution window again."""
    result = session.of("lakeflow")
    first, again, second, last = result["sizes"]
    assert first > second > 0
    assert again == last == 0
    assert result["metadata"] == {
        "primary_keys": ["advertiser_id", "ad_id", "stat_time_day"],
        "ingestion_type": "cdc",
        "cursor_field": "stat_time_day",
    }
    assert {"advertiser_id", "spend", "stat_time_day"} <= set(result["columns"])
    assert "ads_reports_daily" in result["tables"]
    assert result["objects"] == len(session.emulator.advertiser_ids)
    assert result["snapshot_offset"] is None
