from __future__ import annotations

import pytest

from tiktok_marketing.api.error_rules import rule_for
from tiktok_marketing.catalog import report_stream
from tiktok_marketing.errors import Action, FailureType, TikTokError
from tiktok_marketing.sync.read.refused_names import refused_names
from tiktok_marketing.sync.read.report_requests import refused_metrics

ASKED = ("spend", "reach", "clicks", "placement_type", "result", "conversion", "likes")


def error(message: str, code: int = 40002) -> TikTokError:
    """TikTok's refusal of a report."""
    return rule_for(code).error(message, endpoint="report/integrated/get/", code=code)


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("Invalid metric fields: ['placement_type']. ", {"placement_type"}),
        ("Please correct the information in invalid metric fields. Invalid metric fields: ['spend', 'reach']. ",
         {"spend", "reach"}),
        ("Invalid metric field: [placement_type,spend]", {"placement_type", "spend"}),
        ('invalid metric fields: ["PLACEMENT_TYPE"]', {"placement_type"}),
        ("Invalid metric fields: [&#39;reach&#39;]", {"reach"}),
        (r"Invalid metric fields: [\'reach\']", {"reach"}),
        ("Invalid metric fields: placement_type, reach", {"placement_type", "reach"}),
        ("metrics: field placement_type is not supported", {"placement_type"}),
        ("metrics: field reach is not supported", {"reach"}),
        ("The metric reach is not supported in this report.", {"reach"}),
        ("reach is not a valid metric", {"reach"}),
        ("reach and likes are not valid metrics", {"reach", "likes"}),
        ("Metrics reach, clicks and result are not supported", {"reach", "clicks", "result"}),
        ("Unknown field: reach", {"reach"}),
        ("Metrics(reach) is invalid", {"reach"}),
        ("The metric(s) [reach] cannot be used", {"reach"}),
        ("metric(s) not valid: spend; reach", {"spend", "reach"}),
        ("placement_type: this field is no longer in use", {"placement_type"}),
        ("The following metrics are not allowed: reach, spend", {"reach", "spend"}),
        ("metrics.3: not supported", {"placement_type"}),
        ("metrics[3] is invalid", {"placement_type"}),
        ("metrics.3: Must be one of: spend, reach, clicks.", {"placement_type"}),
        ("Metric 'reach' has been deprecated, please use 'clicks' instead.", {"reach"}),
        ("The metric placement_type is offline. Supported metrics: [spend, reach]", {"placement_type"}),
        ("metrics.0: Unsupported field(s) 'reach'", {"reach"}),
        ("metrics[0]: placement_type is not supported", {"placement_type"}),
        ("metrics.3: not supported, so there is no result", {"placement_type"}),
        ("metrics.6: reach, clicks: unknown", {"reach", "clicks"}),
        ("placement_type is no longer available since v1.3.", {"placement_type"}),
        ("placement_type, likes are no longer available", {"placement_type", "likes"}),
        ("reach and clicks are offline", {"reach", "clicks"}),
        ("'likes' was removed", {"likes"}),
        ("Invalid metric fields: ['reach']. So is placement_type.", {"reach", "placement_type"}),
        ("metrics.6: not supported", {"likes"}),
        ("metrics.7: not supported", set()),
        ("Unsupported: [reach, likes]", {"reach", "likes"}),
        ("reach: unknown", {"reach"}),
        ("Not available in this version: placement_type", {"placement_type"}),
        ("The result is not ready. Check the clicks.", set()),
        ("We cannot reach the service.", set()),
        ("Conflict occurs. The input params including metrics and dimensions have no relation.", set()),
        ("max time span is 30 days when use stat_time_day", set()),
        ("Invalid metric fields: ['stat_time_day']", set()),
        ("The result of the query is too large.", set()),
    ],
)  # fmt: skip
def test_refused_metrics_are_found_in_any_wording(message: str, names: set[str]) -> None:
    """Those that were requested; not those that the message lists as accepted."""
    assert refused_names(error(message), ASKED) == names


@pytest.mark.parametrize("code", [40000, 40002, 41002])
def test_some_codes_refuse_metrics(code: int) -> None:
    """Those of a wrong parameter, and of fields that are no longer in use."""
    assert refused_names(error("Invalid metric fields: ['spend']", code), ASKED) == {"spend"}


@pytest.mark.parametrize("code", [40006, 40007, 40014, 40051, 40118, 40999, 41001])
def test_any_refusal_that_speaks_of_metrics_refuses_them(code: int) -> None:
    """TikTok has no code for a metric that is withdrawn."""
    assert refused_names(error("Invalid metric fields: ['spend']", code), ASKED) == {"spend"}
    assert not refused_names(error("The spend of this account is unknown", code), ASKED)


@pytest.mark.parametrize("code", [40000, 40002, 41002])
def test_these_codes_need_no_word_about_metrics(code: int) -> None:
    """The name is enough; other refusals may have such a word by chance."""
    assert refused_names(error("spend is not supported any more", code), ASKED) == {"spend"}
    assert not refused_names(error("spend is not supported any more", 40001), ASKED)


def test_an_error_without_a_code_names_no_metric() -> None:
    """TikTok said nothing then, but a gateway did."""
    page = TikTokError(
        "Invalid metric fields: ['spend']",
        action=Action.FAIL_STREAM,
        failure_type=FailureType.SYSTEM,
        remedy="",
        endpoint="report/integrated/get/",
    )
    assert not refused_names(page, ASKED)


@pytest.mark.parametrize("code", [40300, 40067, 50000])
def test_other_codes_refuse_no_metric(code: int) -> None:
    """Whatever their message says."""
    assert not refused_names(error("Invalid metric fields: ['spend']", code), ASKED)


def test_nothing_is_left_out_that_would_not_help() -> None:
    """A part of the key, all metrics, or a metric that was not requested."""
    source = report_stream("ads_reports_daily").source
    metrics = ("spend", "placement_type")
    assert refused_metrics(error("Invalid metric fields: ['spend']"), source, metrics) == {"spend"}
    assert not refused_metrics(error("Invalid metric fields: ['ad_id']"), source, ("ad_id", "spend"))
    assert not refused_metrics(error("Invalid metric fields: ['spend', 'placement_type']"), source, metrics)
    assert not refused_metrics(error("Invalid metric fields: ['reach']"), source, metrics)


@pytest.mark.parametrize(
    ("message", "accepted"),
    [
        ("metrics: Longer than maximum length 5.", 5),
        ("metrics: The list must have between 1 and 4 values.", 4),
        ("The number of metrics exceeds the limit of 6.", 6),
        ("Metrics: at most 3 values are allowed", 3),
        ("You can request up to 2 metrics.", 2),
        ("Metrics: at most 1 value is allowed", 1),
        ("metrics: Longer than maximum length 7.", 7),
        ("values: Longer than maximum length 5.", 7),
        ("metrics: Longer than maximum length 0.", 7),
        ("filtering: Longer than maximum length 5.", 7),
        ("Too many metrics.", 7),
        ("These metrics are limited to 5 days.", 7),
        ("Metrics by stat_time_hour: at most 1 value.", 7),
        ("The dimensions of the metrics exceed the limit of 4.", 7),
    ],
)
def test_metrics_beyond_a_number_are_the_last_ones(message: str, accepted: int) -> None:
    """Those that a configuration adds come last. A number that does not exclude any metric refuses none."""
    assert refused_names(error(message), ASKED) == set(ASKED[accepted:])


def test_a_name_counts_before_a_number() -> None:
    """A message may say both, about something else."""
    assert refused_names(error("metrics: reach is not supported for more than 5 days"), ASKED) == {"reach"}


def test_a_permission_counts_if_it_is_for_a_metric() -> None:
    """The code 40001 is usually about an account, whose message may have such a word by chance."""
    assert refused_names(error("You have no permission for metric reach", 40001), ASKED) == {"reach"}
    assert not refused_names(error("No permission: reach out to the owner of advertiser 7001", 40001), ASKED)
    assert not refused_names(error("You are no operator of 'reach'", 40001), ASKED)
