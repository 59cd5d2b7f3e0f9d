"""Whether a report can be read is tried with one row; which metrics go with it is asked once per sync."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import date

import pytest
from msgspec.structs import replace
from unit_builders import FakeClock, client, page, refusal

from tiktok_marketing.api.error_rules import rule_for
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.catalog import report_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import IncompleteReadError, TikTokError
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.report_trial import MetricTrial, ReportTrial, explained, try_report

STREAM = report_stream("campaigns_reports_daily")
WINDOW = Window(date(2026, 1, 1), date(2026, 1, 30))
REFUSED_ACCOUNT = refusal(40001, "No permission to operate advertiser.")


class Reports:
    """Answers for reports, without rows.

    Args:
        refuse: Names the metric that TikTok refuses of those that were requested, or says what it answers instead.
    """

    def __init__(self, refuse: Callable[[str, list[str]], str | Reply | None] = lambda *_: None) -> None:
        self._refuse = refuse
        self.requests: list[dict[str, str]] = []

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer one request, after others had time to come."""
        assert endpoint == STREAM.endpoint
        assert token
        self.requests.append(dict(params))
        await asyncio.sleep(0)
        refused = self._refuse(params["advertiser_id"], json.loads(params["metrics"]))
        if isinstance(refused, Reply):
            return refused
        return refusal(40002, f"Invalid metric fields: ['{refused}'].") if refused else Reply(200, {}, page([]))

    @property
    def accounts(self) -> list[str]:
        """The account of each request."""
        return [params["advertiser_id"] for params in self.requests]


def refusing(*names: str) -> Callable[[str, list[str]], str | None]:
    """TikTok names the first of these metrics that was requested."""
    return lambda _, asked: next((name for name in names if name in asked), None)


async def tried(api: Reports, *, every_status: bool = False) -> ReportTrial:
    """What becomes of the report."""
    return await try_report(client(api, FakeClock()), STREAM, AdvertiserId("7001"), WINDOW, every_status=every_status)


@pytest.mark.parametrize("value", [b"1e400", b"NaN", rb'"\ud83d"', b'"a\x01b"', b"[" * 5000 + b"]" * 5000])
async def test_a_report_with_an_odd_value_can_be_read(value: bytes) -> None:
    """Its first row has a value that a strict decoder rejects. One request shows that TikTok answers."""
    row = {"dimensions": {"campaign_id": "1"}, "metrics": {"spend": "@"}}
    api = Reports(lambda *_: Reply(200, {}, page([row]).replace(b'"@"', value)))
    assert await tried(api) == ReportTrial(None)
    assert len(api.requests) == 1


async def test_a_report_is_tried_with_one_row_of_all_metrics() -> None:
    """The request is the one that a sync sends, except for the page."""
    api = Reports()
    assert await tried(api, every_status=True) == ReportTrial(None)
    [params] = api.requests
    assert (params["page"], params["page_size"]) == ("1", "1")
    assert (params["start_date"], params["end_date"]) == ("2026-01-01", "2026-01-30")
    assert json.loads(params["metrics"]) == list(STREAM.source.metrics)
    assert "STATUS_ALL" in params["filtering"]


async def test_deleted_objects_are_asked_for_only_if_a_sync_reads_them() -> None:
    """Otherwise the trial would ask another question than the sync."""
    api = Reports()
    await tried(api)
    assert "filtering" not in api.requests[0]


async def test_metrics_that_are_refused_one_after_the_other_are_all_left_out() -> None:
    """TikTok may name one at a time. The rest is requested together."""
    api = Reports(refusing("reach", "clicks"))
    assert await tried(api) == ReportTrial(None, ("clicks", "reach"))
    asked = [set(json.loads(params["metrics"])) for params in api.requests]
    every = set(STREAM.source.metrics)
    assert asked == [every, every - {"reach"}, every - {"reach", "clicks"}]


async def test_an_error_after_a_refused_metric_reports_both() -> None:
    """What was refused before is known, and so is the reason why the report cannot be read."""
    trial = await tried(Reports(lambda _, asked: "reach" if "reach" in asked else REFUSED_ACCOUNT))
    assert isinstance(trial.error, TikTokError)
    assert trial.error.code == 40001
    assert trial.refused == ("reach",)


async def test_a_refused_part_of_the_key_is_an_error() -> None:
    """Without it, rows could not be told from each other."""
    api = Reports(lambda *_: refusal(40002, "Invalid metric fields: ['campaign_id']."))
    trial = await tried(api)
    assert isinstance(trial.error, TikTokError)
    assert not trial.refused
    assert len(api.requests) == 1


async def test_a_partial_answer_says_that_the_report_can_be_read() -> None:
    """The trial reads no rows, so none are missing."""
    assert await tried(Reports(lambda *_: refusal(20001, "Partially OK"))) == ReportTrial(None)


async def settled(trial: MetricTrial, api: Reports, *accounts: str) -> frozenset[str]:
    """What is refused, after these accounts asked at once."""
    clocked = client(api, FakeClock())
    await asyncio.gather(
        *(trial.settle(clocked, AdvertiserId(account), WINDOW, every_status=False) for account in accounts)
    )
    return trial.refused


async def test_accounts_that_ask_at_once_share_one_answer() -> None:
    """None of them goes on before it, and nobody asks later."""
    api = Reports(refusing("reach"))
    trial = MetricTrial(STREAM, frozenset({"reach", "clicks"}))
    assert await settled(trial, api, "7001", "7002", "7003") == {"reach"}
    assert await settled(trial, api, "7004") == {"reach"}
    assert api.accounts == ["7001", "7001"]


async def test_only_unsettled_metrics_are_refused_for_every_account() -> None:
    """Where a list says that the report has a metric, one account's refusal is that account's alone."""
    trial = MetricTrial(STREAM, frozenset({"clicks"}))
    assert await settled(trial, Reports(refusing("reach", "clicks")), "7001") == {"clicks"}


async def test_without_unsettled_metrics_nothing_is_asked() -> None:
    """The usual streams cost no request more."""
    api = Reports(refusing("reach"))
    assert await settled(MetricTrial(STREAM, frozenset()), api, "7001") == frozenset()
    assert api.requests == []


@pytest.mark.parametrize(
    ("failing", "asked", "refused"),
    [
        ({"7001"}, ["7001", "7002", "7002"], {"reach"}),
        ({"7001", "7002"}, ["7001", "7002", "7003", "7003"], {"reach"}),
        ({"7001", "7002", "7003"}, ["7001", "7002", "7003"], set()),
    ],
)
async def test_up_to_three_accounts_are_asked_until_one_answers(
    failing: set[str], asked: list[str], refused: set[str]
) -> None:
    """The first ones may be closed. If three are, each account finds out for itself."""
    api = Reports(lambda account, metrics: REFUSED_ACCOUNT if account in failing else refusing("reach")("", metrics))
    trial = MetricTrial(STREAM, frozenset({"reach"}))
    assert await settled(trial, api, "7001", "7002", "7003", "7004", "7005") == refused
    assert api.accounts == asked


async def test_what_an_account_refuses_before_an_error_says_nothing_of_others() -> None:
    """Only a report that can be read shows which metrics it accepts."""
    api = Reports(lambda _, asked: "reach" if "reach" in asked else REFUSED_ACCOUNT)
    trial = MetricTrial(STREAM, frozenset({"reach"}))
    assert await settled(trial, api, "7001", "7002", "7003", "7004") == frozenset()


@pytest.mark.parametrize("code", [40002, 40003, 40001])
@pytest.mark.parametrize("name", ["mine", STREAM.name])
def test_a_refused_report_of_ones_own_should_change(code: int, name: str) -> None:
    """If TikTok names a parameter. Of other reports, and for other codes, the usual remedy fits."""
    error = rule_for(code).error("no", endpoint=STREAM.endpoint, code=code)
    usual = error.remedy
    assert explained(replace(STREAM, name=name), error) is error
    should_change = code == 40002 and name == "mine"
    assert ("Change its grain" in error.remedy) is should_change
    assert (error.remedy == usual) is not should_change


def test_an_error_that_is_not_tiktoks_keeps_its_remedy() -> None:
    """Whatever report it is about."""
    error = IncompleteReadError("Rows are missing.", remedy="Run the sync again.")
    assert explained(replace(STREAM, name="mine"), error).remedy == "Run the sync again."
