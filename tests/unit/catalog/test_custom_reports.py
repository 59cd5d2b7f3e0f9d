"""What a configuration may say about reports of one's own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from unit_builders import OAUTH

from tiktok_marketing.catalog import Grain, Level
from tiktok_marketing.config import AIRBYTE, parse_config
from tiktok_marketing.config_sources import load_config
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.selection import choose_streams, streams_of

_SPEND: dict[str, Any] = {"name": "mine", "metrics": ["spend"]}


def _config(**fields: Any) -> Any:
    return parse_config({"credentials": OAUTH, **fields})


def test_the_stream_follows_from_the_report() -> None:
    """Key, cursor, level and grain."""
    report = {
        "name": "mine",
        "level": "ad_group",
        "dimensions": ["country_code"],
        "metrics": ["spend"],
        "grain": "hour",
    }
    stream = streams_of(_config(custom_reports=[report]))[-1]
    assert stream.name == "mine"
    assert stream.primary_key == ("adgroup_id", "stat_time_hour", "country_code")
    assert stream.cursor == "stat_time_hour"
    assert (stream.source.data_level, stream.source.grain) == (Level.AD_GROUP, Grain.HOUR)  # type: ignore[union-attr]


def test_names_may_be_written_as_a_text_with_commas() -> None:
    """As the names of streams on the command line."""
    report = {"name": "mine", "metrics": "spend, clicks", "dimensions": "country_code"}
    [stream] = choose_streams(_config(custom_reports=[report]), ["mine"])
    assert stream.metrics == ("spend", "clicks")
    assert stream.dimensions[-1] == "country_code"


def test_a_variable_holds_json() -> None:
    """A variable of the environment is a text."""
    variables = {
        "TIKTOK_ACCESS_TOKEN": "t",
        "TIKTOK_APP_ID": "1",
        "TIKTOK_SECRET": "s",
        "TIKTOK_CUSTOM_REPORTS": json.dumps([_SPEND]),
        "TIKTOK_EXTRA_METRICS": '{"ad": ["total_checkout"]}',
    }
    config = load_config(environment=variables)
    assert [report.name for report in config.custom_reports] == ["mine"]
    assert config.extra_metrics == {"ad": ("total_checkout",)}


@pytest.mark.parametrize("value", [None, "", []])
def test_no_report_is_no_report(value: Any) -> None:
    """A form leaves an empty value."""
    assert _config(custom_reports=value).custom_reports == ()


@pytest.mark.parametrize(
    ("value", "message", "remedy"),
    [
        ("mine", "custom_reports is not a list", "Write it as"),
        ({"mine": {}}, "custom_reports is not a list", "Write it as"),
        (["mine"], "Report 1 of custom_reports is not an object", "Write it as"),
        ([_SPEND, {"name": "other"}], "Report 2 of custom_reports has no metrics", "at least one metric"),
        ([{"metrics": ["spend"]}], "Report 1 of custom_reports has no name", "Give it a name"),
        ([_SPEND | {"metric": 1}], "unknown key 'metric'", "Did you mean metrics?"),
        ([_SPEND | {"dimensions": 5}], "a dimensions that is not a list of names", "as a list of names"),
        ([_SPEND | {"metrics": [1]}], "a metrics that is not a list of names", "as a list of names"),
        ([_SPEND | {"level": ["ad"]}], "a level that is not a text", "as a text"),
        ([_SPEND | {"name": "Mein Bericht"}], "cannot be the name of a table", "small letters"),
        ([_SPEND | {"name": "m" * 64}], "cannot be the name of a table", "at most 63"),
        ([_SPEND | {"name": "ads_reports_daily"}], "another stream has this name", "another name"),
        ([_SPEND, _SPEND], "another stream has this name", "another name"),
        ([_SPEND | {"metrics": ["spent"]}], "The custom report mine: The metric 'spent' does not exist", "spend"),
        ([_SPEND | {"dimensions": ["age"]}], "The custom report mine: The dimension age does not go", "AUDIENCE"),
    ],
)
def test_a_wrong_report_is_refused_before_any_request(value: Any, message: str, remedy: str) -> None:
    """In a sentence that names the report."""
    for face in (None, AIRBYTE):
        raw = {"credentials": OAUTH, "custom_reports": value}
        with pytest.raises(ConfigurationError) as caught:
            parse_config(raw) if face is None else parse_config(raw, face)
        assert message in caught.value.message
        assert remedy in (caught.value.remedy or "")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["spend"], "extra_metrics is not an object"),
        ({"ads": ["total_checkout"]}, "The level 'ads' does not exist"),
        ({"ad": ["total_checkouts"]}, "The metric 'total_checkouts' does not exist"),
        ({"ad": 5}, "extra_metrics.ad is not a list of names"),
    ],
)
def test_wrong_extra_metrics_are_refused(value: Any, message: str) -> None:
    """In a sentence that names the level or the metric."""
    with pytest.raises(ConfigurationError) as caught:
        _config(extra_metrics=value)
    assert message in caught.value.message


def test_extra_metrics_are_added_once_and_only_where_they_can_be() -> None:
    """Reports that are broken down keep their metrics, and so does a metric that a report has."""
    config = _config(extra_metrics={"account": ["cash_spend", "total_checkout", "spend"], "ad": "total_checkout"})
    metrics = {stream.name: stream.metrics for stream in streams_of(config) if stream.is_report}
    assert metrics["advertisers_reports_daily"].count("cash_spend") == 1
    assert "cash_spend" not in metrics["advertisers_reports_hourly"]
    assert "total_checkout" in metrics["advertisers_reports_hourly"]
    assert "total_checkout" in metrics["ads_reports_lifetime"]
    assert "total_checkout" not in metrics["campaigns_reports_daily"]
    assert "total_checkout" not in metrics["ads_audience_reports_daily"]
    assert metrics["ads_reports_daily"].count("spend") == 1
