from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from airbyte_470 import UNREADABLE_IN_SANDBOX
from each import for_each
from tiktok_marketing.catalog import (
    ALL_STREAMS,
    ON_REQUEST,
    REPORTS,
    STREAMS,
    AnyStream,
    Grain,
    Level,
    ListQuery,
    ReportStream,
    Scope,
    Stream,
    field_types,
    object_stream,
    report_stream,
    stream_named,
)
from tiktok_marketing.catalog.metrics import METRICS, Kind

if TYPE_CHECKING:
    from conftest import Airbyte, Declared

every_airbyte_stream = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
every_stream = for_each("stream", ALL_STREAMS)
every_report = pytest.mark.parametrize("stream", REPORTS, ids=lambda stream: stream.name)


def test_the_catalog_has_every_stream_of_airbytes_connector(airbyte: Airbyte) -> None:
    """All 44 streams of Airbyte's connector are here under the same names, and no name is used twice."""
    names = [stream.name for stream in ALL_STREAMS]
    assert len(airbyte.streams) == 44
    assert set(airbyte.streams) <= set(names)
    assert len(names) == len(set(names))


def test_accounts_come_first_and_reports_last() -> None:
    """Users read the list of streams in this order: accounts, objects from campaign to ad, reports."""
    assert [stream.name for stream in STREAMS[:5]] == ["advertiser_ids", "advertisers", "campaigns", "ad_groups", "ads"]
    kinds = [stream.is_report for stream in STREAMS]
    assert kinds == sorted(kinds)


def test_streams_on_request_are_marked_and_others_are_not() -> None:
    """The mark decides what a sync without a choice reads."""
    assert all(stream.on_request for stream in ON_REQUEST)
    assert not any(stream.on_request for stream in STREAMS)


@every_airbyte_stream
def test_key_cursor_and_sync_modes_equal_those_of_airbytes_connector(stream: Stream, declared: Declared) -> None:
    """The key and the cursor are Airbyte's. A stream is incremental if and only if it has a cursor."""
    assert stream.primary_key == declared.primary_key
    assert stream.cursor == declared.cursor
    assert ("incremental" in declared.sync_modes) == (stream.cursor is not None)


@every_report
def test_a_report_requests_what_airbytes_connector_requests(stream: ReportStream, declared: Declared) -> None:
    """Type, level and dimensions are Airbyte's. Its metrics come first, in its order."""
    source = stream.source
    assert source.report_type == declared.report_type
    assert source.data_level == declared.data_level
    assert source.dimensions == declared.dimensions
    assert source.metrics[: len(declared.metrics)] == declared.metrics
    assert len(source.metrics) == len(set(source.metrics))


@every_report
def test_a_report_requests_at_most_100_metrics(stream: ReportStream) -> None:
    """TikTok advises against requests with more than 100 metrics."""
    assert len(stream.source.metrics) <= 100


_GOALS = {
    f"{time}{metric}"
    for time in ("", "real_time_")
    for metric in ("conversion", "cost_per_conversion", "conversion_rate", "result", "cost_per_result", "result_rate")
}
_LANDING_PAGE = {"total_landing_page_view", "cost_per_landing_page_view", "landing_page_view_rate"}


@every_report
def test_audience_reports_add_only_metrics_that_tiktok_documents_for_audiences(
    stream: ReportStream, declared: Declared
) -> None:
    """Goals and profile visits are documented for every audience, landing page views only for countries."""
    source = stream.source
    if source.report_type == "AUDIENCE":
        landing_page = _LANDING_PAGE if "country_code" in source.dimensions else set()
        wanted = {*declared.metrics, *_GOALS, "profile_visits_rate", *landing_page}
        assert set(source.metrics) == wanted


@every_report
def test_reports_by_country_add_only_metrics_known_to_work_with_countries(
    stream: ReportStream, airbyte: Airbyte, declared: Declared
) -> None:
    """TikTok rejects a whole report for one metric, so only documented metrics or Airbyte's are added."""
    source = stream.source
    if source.report_type == "BASIC" and "country_code" in source.dimensions:
        known = set(airbyte.streams["ads_reports_by_country_daily"].metrics)
        assert set(source.metrics) - set(declared.metrics) <= known | _LANDING_PAGE | {
            "engaged_view",
            "engaged_view_15s",
        }
        assert not {"purchase", "purchase_rate", "cost_per_purchase"} & set(source.metrics)


@every_report
def test_every_level_has_every_numeric_metric(stream: ReportStream) -> None:
    """Only attributes belong to a level; every level has the numbers."""
    source = stream.source
    if source.report_type == "BASIC" and "country_code" not in source.dimensions:
        numbers = {name for name, metric in METRICS.items() if metric.kind is not Kind.ATTRIBUTE}
        left_out = numbers - set(source.metrics)
        paid = {"cash_spend", "voucher_spend"}
        assert left_out - paid == (
            {name for name in numbers if "skan" in name} if source.grain is Grain.HOUR else set()
        )


@every_report
def test_a_reports_key_is_its_dimensions(stream: ReportStream) -> None:
    """The dimensions identify a row, so they are the key."""
    assert stream.primary_key == stream.source.dimensions


@every_report
def test_a_reports_cursor_is_its_time_dimension(stream: ReportStream) -> None:
    """The cursor is the day or the hour. A report without a time dimension has no cursor."""
    expected = {Grain.DAY: "stat_time_day", Grain.HOUR: "stat_time_hour", Grain.SPAN: None, Grain.LIFETIME: None}
    assert stream.cursor == expected[stream.source.grain]


@every_report
def test_only_basic_reports_cover_all_time(stream: ReportStream) -> None:
    """TikTok rejects `query_lifetime` for audience reports, which can cover a year at most."""
    source = stream.source
    if not stream.cursor:
        assert source.grain is {"BASIC": Grain.LIFETIME, "AUDIENCE": Grain.SPAN}[source.report_type]


@every_report
def test_the_status_filter_is_that_of_the_reports_level(stream: ReportStream) -> None:
    """TikTok hides deleted objects by the status of the requested level. An account has no such status."""
    expected = {
        Level.AD: "ad_status",
        Level.AD_GROUP: "adgroup_status",
        Level.CAMPAIGN: "campaign_status",
        Level.ADVERTISER: None,
    }
    source = stream.source
    assert source.status_field == expected[source.data_level]


@every_report
def test_no_report_requests_a_metric_that_its_level_lacks(stream: ReportStream) -> None:
    """TikTok rejects a request for an attribute of a lower level."""
    source = stream.source
    assert [name for name in source.metrics if source.data_level not in METRICS[name].levels] == []


def test_every_described_metric_is_requested() -> None:
    """The table of metrics has no metric that no report requests."""
    asked = {name for stream in REPORTS for name in stream.source.metrics}
    assert set(METRICS) == asked


def test_only_the_daily_report_of_accounts_has_cash_and_voucher_spend() -> None:
    """TikTok splits spend by payment method only for whole accounts and whole days."""
    asking = [stream.name for stream in REPORTS if "cash_spend" in stream.source.metrics]
    assert asking == ["advertisers_reports_daily"]


def test_the_sandbox_has_what_it_answers_of_the_28_streams_of_airbytes_connector(airbyte: Airbyte) -> None:
    """Sandbox accounts have campaigns, ad groups, ads and their reports, but no details or assets of accounts."""
    known = [stream for stream in STREAMS if stream.name in airbyte.streams]
    assert {stream.name for stream in known if not stream.sandbox} == {
        "advertiser_ids",
        *(stream.name for stream in known if stream.name.startswith("advertisers_")),
        *UNREADABLE_IN_SANDBOX,
        "ads_reports_by_country_daily",
        "ads_reports_by_country_hourly",
        "ad_groups_reports_by_country_daily",
        "ad_groups_reports_by_country_hourly",
        "spark_ads",
        "pixels",
        "pixel_instant_page_events",
        "pixel_events_statistics",
    }
    assert sum(stream.sandbox for stream in known) + len(UNREADABLE_IN_SANDBOX) == 28


def test_only_the_two_account_streams_are_not_read_per_account() -> None:
    """The list of the token is read once, and account details are read in batches."""
    scopes = {stream.name: stream.scope for stream in STREAMS if stream.scope is not Scope.ACCOUNT}
    assert scopes == {"advertiser_ids": Scope.TOKEN, "advertisers": Scope.BATCH}


@pytest.mark.parametrize("name", ["advertiser_ids", "advertisers"])
def test_account_lists_have_no_pages_and_no_filters(name: str) -> None:
    """The account endpoints support neither pages nor filters."""
    source = object_stream(name).source
    assert source.queries == (ListQuery(),)
    assert source.page_size_of(ListQuery()) is None
    assert source.deleted_filter == {}


@pytest.mark.parametrize("name", ["campaigns", "ad_groups", "ads"])
def test_every_buying_type_is_requested_once(name: str) -> None:
    """TopView has a query of its own, as TikTok requires, and no buying type is in two queries."""
    types = [query.filtering["buying_types"] for query in object_stream(name).source.queries]
    assert ["RESERVATION_TOP_VIEW"] in types
    assert sorted(kind for group in types for kind in group) == ["AUCTION", "RESERVATION_RF", "RESERVATION_TOP_VIEW"]


@pytest.mark.parametrize("name", ["campaigns", "ad_groups", "ads"])
def test_the_page_size_depends_on_the_buying_type(name: str) -> None:
    """A page has 1,000 objects, or 100 for TopView."""
    source = object_stream(name).source
    sizes = {query.filtering["buying_types"][0]: source.page_size_of(query) for query in source.queries}
    assert sizes == {"AUCTION": 1000, "RESERVATION_TOP_VIEW": 100}


@pytest.mark.parametrize("name", ["campaigns", "ad_groups", "ads"])
def test_primary_status_includes_deleted_objects(name: str) -> None:
    """The filter that hides deleted objects by default can also include them."""
    assert object_stream(name).source.deleted_filter == {"primary_status": "STATUS_ALL"}


@every_stream
def test_a_parent_stream_exists_and_has_the_needed_fields(stream: AnyStream) -> None:
    """Parents are object streams that are read per account, and have the fields that become parameters."""
    source = stream.source
    if isinstance(stream, ReportStream) or source.parent is None:
        return
    fields: set[str] = set()
    for name in (source.parent.stream, source.parent.join_stream):
        if name is not None:
            parent = object_stream(name)
            assert parent.scope is Scope.ACCOUNT
            assert parent.source.parent is None
            fields |= set(field_types(parent))
            assert not source.parent.join_field or source.parent.join_field in field_types(parent)
    paths = {path.partition(".")[0] for path in source.parent.parameters.values()}
    assert paths | set(source.parent.where) <= fields


@every_stream
def test_every_stream_has_a_key_across_accounts(stream: Stream) -> None:
    """Every stream has a key for a table of all accounts. It contains the account if accounts share the objects."""
    assert stream.row_key
    assert set(stream.primary_key) <= set(stream.row_key)
    assert set(stream.row_key) <= set(field_types(stream))
    if stream.unique_by:
        assert stream.unique_by[0] == "advertiser_id"


@pytest.mark.parametrize(
    ("name", "size", "max_records"),
    [
        ("campaigns", 1000, None),
        ("ad_groups", 1000, None),
        ("ads", 1000, None),
        ("audiences", 100, None),
        ("creative_assets_images", 100, 10_000),
        ("creative_assets_videos", 100, 10_000),
        ("creative_assets_music", 1000, 100_000),
        ("creative_assets_portfolios", 100, None),
        ("spark_ads", 50, None),
        ("pixels", 20, None),
    ],
)
def test_pages_have_the_largest_size_that_the_endpoint_allows(name: str, size: int, max_records: int | None) -> None:
    """Pages have the largest size that TikTok allows. Asset searches and the list of music also have a limit."""
    source = object_stream(name).source
    assert (source.page_size, source.max_records) == (size, max_records)


@every_stream
def test_endpoints_are_paths_with_a_trailing_slash(stream: Stream) -> None:
    """TikTok answers 404 to a path without a trailing slash."""
    assert stream.endpoint.endswith("/")
    assert not stream.endpoint.startswith("/")


@every_stream
def test_a_stream_is_described_in_one_sentence(stream: Stream) -> None:
    """A description fits into a table: it is one line and ends with a full stop."""
    assert stream.description.endswith(".")
    assert "\n" not in stream.description


@every_stream
def test_a_stream_is_found_by_its_name(stream: Stream) -> None:
    """`stream_named` finds every stream in `ALL_STREAMS`."""
    assert stream_named(stream.name) is stream


def test_no_stream_has_an_unknown_name() -> None:
    """`stream_named` returns None for an unknown name."""
    assert stream_named("no_such_stream") is None


def test_a_lookup_by_kind_rejects_the_other_kind() -> None:
    """`object_stream` and `report_stream` find only streams of their kind."""
    assert object_stream("ads") is stream_named("ads")
    assert report_stream("ads_reports_daily") is stream_named("ads_reports_daily")
    with pytest.raises(KeyError):
        report_stream("ads")
    with pytest.raises(KeyError):
        object_stream("ads_reports_daily")


def test_streams_cannot_be_changed() -> None:
    """Everything shares the catalog, so it is frozen."""
    with pytest.raises(AttributeError):
        STREAMS[0].name = "other"  # type: ignore[misc]


def test_importing_the_catalog_reads_no_schema_and_imports_no_other_package() -> None:
    """`spec` must start fast, and the catalog depends on nothing else in the project."""
    program = (
        "import sys, tiktok_marketing.catalog as catalog;"
        "from tiktok_marketing.catalog import schema;"
        "assert schema._schema_file.cache_info().currsize == 0;"
        "package = 'tiktok_marketing.';"
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith(package)};"
        "assert rooms - {'_version'} == {'catalog'}, rooms"
    )
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - our own interpreter and text
