"""What a configuration may say about reports of one's own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from unit_builders import OAUTH

from tiktok_marketing.catalog import ALL_STREAMS, Grain, Level, ReportFilter, ReportStream
from tiktok_marketing.config import AIRBYTE, parse_config
from tiktok_marketing.config_sources import load_config
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.pipelines.databases.known_streams import described_reports, known_streams
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


def test_sandbox_accounts_have_no_report_at_account_level() -> None:
    """As with the fixed ones: it is left out, or refused by name."""
    credentials = {"auth_type": "sandbox_access_token", "advertiser_id": "7001", "access_token": "t"}
    config = parse_config({"credentials": credentials, "custom_reports": [_SPEND | {"level": "account"}]})
    assert "mine" not in {stream.name for stream in choose_streams(config)}
    with pytest.raises(ConfigurationError, match="Sandbox accounts do not have the stream mine"):
        choose_streams(config, ["mine"])


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
        ([_SPEND | {"dimensions": 5}], "dimensions that are not a list of names", "as a list of names"),
        ([_SPEND | {"dimensions": ","}], "dimensions that are not a list of names", "as a list of names"),
        ([_SPEND | {"dimensions": ["", " "]}], "dimensions that are not a list of names", "as a list of names"),
        ([_SPEND | {"metrics": [1]}], "metrics that are not a list of names", "as a list of names"),
        ([_SPEND | {"level": ["ad"]}], "a level that is not a text", "as a text"),
        ([_SPEND | {"name": "Mein Bericht"}], "cannot be the name of a table", "small letters"),
        ([_SPEND | {"name": "m" * 64}], "cannot be the name of a table", "at most 63"),
        ([_SPEND | {"name": "ads_reports_daily"}], "another stream has this name", "another name"),
        ([_SPEND, _SPEND], "another stream has this name", "another name"),
        ([_SPEND | {"metrics": ["spent"]}], "The custom report mine: The metric 'spent' does not exist", "spend"),
        ([_SPEND | {"dimensions": ["age"]}], "The custom report mine: The dimension age does not go", "AUDIENCE"),
        ([_SPEND | {"include_deleted": "perhaps"}], "an include_deleted that is not true or false", "true or false"),
        ([_SPEND | {"include_deleted": False, "level": "account"}], "own rows always include deleted", "campaign"),
        ([_SPEND | {"filters": "ads"}], "filters that are not objects with a field", '[{"field": "campaign_automation'),
        ([_SPEND | {"filters": [{"name": "ad_ids"}]}], "filters that are not objects with a field", "Write filters as"),
        ([_SPEND | {"filters": {"ad_id": [1]}}], "The filter 'ad_id' does not exist", "Did you mean ad_ids?"),
        ([_SPEND | {"filters": {"ad_ids": ["x"]}}], "the value 'x', which is not an id", "Write numbers"),
        ([_SPEND | {"filters": {"ad_ids": list(range(101))}}], "has 101 values", "several reports"),
        ([_SPEND | {"filters": {"ad_ids": []}}], "The filter ad_ids has no values", "leave the filter out"),
        ([_SPEND | {"filters": {"country_code": "US"}}], "TikTok does not filter by country_code", "dimensions"),
        ([_SPEND | {"filters": {"ad_ids_v2": "1"}}], "ad_ids_v2 needs the dimension ad_id_v2", "Add ad_id_v2"),
        ([_SPEND | {"filters": {"create_time": "today"}}], "'today', which is not a time", "2026-03-01 00:00:00"),
        (
            [_SPEND | {"filters": {"campaign_automation_type": "UPGRADED_SMART_PLUS_CREATIVE"}}],
            "'UPGRADED_SMART_PLUS_CREATIVE' does not exist",
            "Did you mean UPGRADED_SMART_PLUS?",
        ),
        (
            [_SPEND | {"filters": {"ad_status": "STATUS_DELETE"}, "include_deleted": True}],
            "both say whether deleted objects count",
            "Leave one of them out",
        ),
        (
            [_SPEND | {"filters": {"campaign_label": "a"}, "report_type": "AUDIENCE", "dimensions": "age"}],
            "campaign_label does not go with the report type AUDIENCE",
            "BASIC",
        ),
        (
            [_SPEND | {"filters": [{"field": "ad_ids", "type": "NOT_IN", "values": [1]}]}],
            "The filter ad_ids does not go with the type NOT_IN",
            "Use IN",
        ),
        (
            [_SPEND | {"filters": [{"field": "ad_ids", "values": [1]}, {"field": "ad_ids", "values": [2]}]}],
            "There are 2 filters by ad_ids",
            "Write one",
        ),
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
    "written",
    [
        {"campaign_ids": [2, 1]},
        {"campaign_ids": "2, 1"},
        {"field": "campaign_ids", "values": ["1", "2", "2"]},
        [{"field": "campaign_ids", "type": "in", "values": [1, 2]}],
        [{"field_name": "campaign_ids", "filter_type": "IN", "filter_value": '["1", "2"]'}],
    ],
)
def test_filters_may_be_written_in_several_ways(written: Any) -> None:
    """Also as TikTok's documents write them. Each is the same report."""
    [stream] = choose_streams(_config(custom_reports=[_SPEND | {"filters": written}]), ["mine"])
    assert stream.source.filters == (ReportFilter(field="campaign_ids", values=("1", "2")),)  # type: ignore[union-attr]


def test_the_description_says_which_objects_it_is_about() -> None:
    """It becomes the comment of the table, which people and models read."""
    filters = [{"field": "campaign_ids", "values": [1, 2, 3, 4, 5]}, {"field": "ad_status", "values": "STATUS_DISABLE"}]
    report = _SPEND | {"filters": filters}
    [stream] = choose_streams(_config(custom_reports=[report]), ["mine"])
    assert stream.description.endswith(
        " Only objects with campaign_ids IN 1, 2, 3 and 2 more and ad_status IN STATUS_DISABLE."
    )
    [stream] = choose_streams(_config(custom_reports=[_SPEND | {"include_deleted": "true"}]), ["mine"])
    assert stream.description.endswith(" With deleted objects.")


@pytest.mark.parametrize("written", [None, "", [], {}])
def test_no_filter_is_no_filter(written: Any) -> None:
    """A form leaves an empty value."""
    [stream] = choose_streams(_config(custom_reports=[_SPEND | {"filters": written}]), ["mine"])
    assert stream.source.filters == ()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["spend"], "extra_metrics is not an object"),
        ({"ads": ["total_checkout"]}, "The level 'ads' does not exist"),
        ({"ad": ["total_checkouts"]}, "The metric 'total_checkouts' does not exist"),
        ({"ad": ","}, "extra_metrics.ad is not a list of names"),
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


@pytest.mark.parametrize(
    "report",
    [
        _SPEND,
        _SPEND | {"level": "account", "grain": "hour", "dimensions": ["country_code"]},
        _SPEND | {"report_type": "AUDIENCE", "dimensions": ["interest_category"], "grain": "none"},
        _SPEND | {"dimensions": ["ad_id_v2"], "filters": {"ad_ids_v2": [1]}, "include_deleted": False},
        _SPEND | {"filters": [{"field": "create_time", "type": "BETWEEN", "values": ["2026-01-01", "2026-02-01"]}]},
        _SPEND | {"level": "campaign", "grain": "lifetime", "metrics": ["spend", "conversion"]},
    ],
)
def test_a_stream_is_made_again_from_its_description(report: dict[str, Any]) -> None:
    """What a sync leaves in a database says everything about the report."""
    [stream] = choose_streams(_config(custom_reports=[report]), ["mine"])
    assert isinstance(stream, ReportStream)
    left = json.loads(json.dumps(described_reports({}, [stream])))
    assert known_streams(left)[-1] == stream


@pytest.mark.parametrize(
    "left",
    [
        None,
        [],
        {"mine": 7},
        {"mine": {"name": "mine"}},
        {"mine": _SPEND | {"of_a_later_version": 1}},
        {"mine": _SPEND | {"metrics": ["unheard_of"]}},
        {"mine": _SPEND | {"level": "creative"}},
        {"mine": _SPEND | {"name": "ads_reports_daily"}},
    ],
)
def test_a_description_that_is_not_understood_is_left_out(left: Any) -> None:
    """A later version may have written it."""
    assert known_streams(left) == ALL_STREAMS
