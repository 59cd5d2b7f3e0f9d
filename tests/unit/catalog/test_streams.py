from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tiktok_marketing.catalog import (
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

every_stream = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
every_report = pytest.mark.parametrize("stream", REPORTS, ids=lambda stream: stream.name)


def test_the_catalog_has_airbytes_streams(airbyte: Airbyte) -> None:
    """All 44 streams of Airbyte's connector are here under its names, and no name comes twice."""
    names = [stream.name for stream in STREAMS]
    assert len(airbyte.streams) == 44
    assert set(airbyte.streams) <= set(names)
    assert len(names) == len(set(names))


def test_accounts_come_before_what_is_in_them() -> None:
    """The objects come first, from the account down; a catalog is read in that order."""
    assert [stream.name for stream in STREAMS[:5]] == ["advertiser_ids", "advertisers", "campaigns", "ad_groups", "ads"]
    kinds = [stream.is_report for stream in STREAMS]
    assert kinds == sorted(kinds)


@every_stream
def test_keys_cursors_and_sync_modes_are_airbytes(stream: Stream, declared: Declared) -> None:
    """A stream has Airbyte's key and cursor; one with a cursor is incremental, one without is read whole."""
    assert stream.primary_key == declared.primary_key
    assert stream.cursor == declared.cursor
    assert ("incremental" in declared.sync_modes) == (stream.cursor is not None)


@every_report
def test_a_report_asks_what_airbytes_asks(stream: ReportStream, declared: Declared) -> None:
    """Type, level and dimensions are Airbyte's; its metrics come first, in the order that goes over the wire."""
    source = stream.source
    assert source.report_type == declared.report_type
    assert source.data_level == declared.data_level
    assert source.dimensions == declared.dimensions
    assert source.metrics[: len(declared.metrics)] == declared.metrics
    assert len(source.metrics) == len(set(source.metrics))


@every_report
def test_a_report_asks_for_no_more_metrics_than_tiktok_advises(stream: ReportStream) -> None:
    """A query of more than 100 metrics is one of those that TikTok finds too heavy."""
    assert len(stream.source.metrics) <= 100


_GOALS = {
    f"{time}{metric}"
    for time in ("", "real_time_")
    for metric in ("conversion", "cost_per_conversion", "conversion_rate", "result", "cost_per_result", "result_rate")
}
_LANDING_PAGE = {"total_landing_page_view", "cost_per_landing_page_view", "landing_page_view_rate"}


@every_report
def test_what_is_added_to_an_audience_is_what_tiktok_splits_so(stream: ReportStream, declared: Declared) -> None:
    """Goals and visits to the profile go with every audience, views of the landing page with countries alone."""
    source = stream.source
    if source.report_type == "AUDIENCE":
        landing_page = _LANDING_PAGE if "country_code" in source.dimensions else set()
        wanted = {*declared.metrics, *_GOALS, "profile_visits_rate", *landing_page}
        assert set(source.metrics) == wanted


@every_report
def test_what_is_added_to_countries_is_documented_or_in_airbytes_other_report(
    stream: ReportStream, airbyte: Airbyte, declared: Declared
) -> None:
    """A metric that TikTok refuses takes the whole report along, so nothing is tried that nobody has asked for."""
    source = stream.source
    if source.report_type == "BASIC" and "country_code" in source.dimensions:
        known = set(airbyte.streams["ads_reports_by_country_daily"].metrics)
        assert set(source.metrics) - set(declared.metrics) <= known | _LANDING_PAGE | {
            "engaged_view",
            "engaged_view_15s",
        }
        assert not {"purchase", "purchase_rate", "cost_per_purchase"} & set(source.metrics)


@every_report
def test_every_number_is_at_every_level(stream: ReportStream) -> None:
    """Only names are bound to a level; what adds up can be asked for at each."""
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
    """The dimensions tell the rows apart, so they are the key."""
    assert stream.primary_key == stream.source.dimensions


@every_report
def test_a_reports_cursor_is_its_time_dimension(stream: ReportStream) -> None:
    """Days and hours move the state; a report without a time dimension has none."""
    expected = {Grain.DAY: "stat_time_day", Grain.HOUR: "stat_time_hour", Grain.SPAN: None, Grain.LIFETIME: None}
    assert stream.cursor == expected[stream.source.grain]


@every_report
def test_only_basic_reports_are_asked_over_all_time(stream: ReportStream) -> None:
    """`query_lifetime` is refused for audiences; there, a year is the most."""
    source = stream.source
    if not stream.cursor:
        assert source.grain is {"BASIC": Grain.LIFETIME, "AUDIENCE": Grain.SPAN}[source.report_type]


@every_report
def test_deleted_objects_rows_are_asked_by_the_levels_own_status(stream: ReportStream) -> None:
    """TikTok hides deleted objects by the status of the level that is asked; an account has no such status."""
    expected = {
        Level.AD: "ad_status",
        Level.AD_GROUP: "adgroup_status",
        Level.CAMPAIGN: "campaign_status",
        Level.ADVERTISER: None,
    }
    source = stream.source
    assert source.status_field == expected[source.data_level]


@every_report
def test_no_report_asks_for_a_metric_that_its_level_lacks(stream: ReportStream) -> None:
    """An attribute asked for above its level makes TikTok refuse the request."""
    source = stream.source
    assert [name for name in source.metrics if source.data_level not in METRICS[name].levels] == []


def test_no_metric_is_described_that_no_report_asks_for() -> None:
    """The table of metrics holds what is used, and nothing else."""
    asked = {name for stream in REPORTS for name in stream.source.metrics}
    assert set(METRICS) == asked


def test_cash_and_vouchers_are_asked_by_day_and_account_only() -> None:
    """TikTok splits spend by means of payment for whole accounts and whole days."""
    asking = [stream.name for stream in REPORTS if "cash_spend" in stream.source.metrics]
    assert asking == ["advertisers_reports_daily"]


def test_the_sandbox_has_airbytes_28_streams(airbyte: Airbyte) -> None:
    """Sandbox accounts have all streams but account reports, those by country, pixels, posts and the token's list."""
    known = [stream for stream in STREAMS if stream.name in airbyte.streams]
    assert {stream.name for stream in known if not stream.sandbox} == {
        "advertiser_ids",
        *(stream.name for stream in known if stream.name.startswith("advertisers_")),
        "ads_reports_by_country_daily",
        "ads_reports_by_country_hourly",
        "ad_groups_reports_by_country_daily",
        "ad_groups_reports_by_country_hourly",
        "spark_ads",
        "pixels",
        "pixel_instant_page_events",
        "pixel_events_statistics",
    }
    assert sum(stream.sandbox for stream in known) == 28


def test_accounts_are_read_once_or_in_batches_and_the_rest_by_account() -> None:
    """The two account streams are not read per account; all others are."""
    scopes = {stream.name: stream.scope for stream in STREAMS if stream.scope is not Scope.ACCOUNT}
    assert scopes == {"advertiser_ids": Scope.TOKEN, "advertisers": Scope.BATCH}


@pytest.mark.parametrize("name", ["advertiser_ids", "advertisers"])
def test_account_lists_are_one_unfiltered_page(name: str) -> None:
    """The account endpoints know neither pages nor filters."""
    source = object_stream(name).source
    assert source.queries == (ListQuery(),)
    assert source.page_size_of(ListQuery()) is None
    assert source.deleted_filter == {}


@pytest.mark.parametrize("name", ["campaigns", "ad_groups", "ads"])
def test_every_buying_type_is_walked_once(name: str) -> None:
    """TopView is asked alone, as TikTok demands, and no buying type is left to a default or asked twice."""
    types = [walk.filtering["buying_types"] for walk in object_stream(name).source.queries]
    assert ["RESERVATION_TOP_VIEW"] in types
    assert sorted(kind for group in types for kind in group) == ["AUCTION", "RESERVATION_RF", "RESERVATION_TOP_VIEW"]


@pytest.mark.parametrize("name", ["campaigns", "ad_groups", "ads"])
def test_pages_are_as_large_as_the_buying_type_allows(name: str) -> None:
    """Pages hold 1,000 objects, and 100 where TopView is asked for."""
    source = object_stream(name).source
    sizes = {walk.filtering["buying_types"][0]: source.page_size_of(walk) for walk in source.queries}
    assert sizes == {"AUCTION": 1000, "RESERVATION_TOP_VIEW": 100}


@pytest.mark.parametrize("name", ["campaigns", "ad_groups", "ads"])
def test_deleted_objects_are_asked_by_primary_status(name: str) -> None:
    """The filter that hides deleted objects by default is the one that brings them."""
    assert object_stream(name).source.deleted_filter == {"primary_status": "STATUS_ALL"}


@every_stream
def test_a_list_that_depends_on_another_names_one_that_exists(stream: AnyStream) -> None:
    """Its parents are lists of objects of an account, and have the fields that become parameters."""
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
    assert set(source.parent.parameters.values()) <= fields
    assert source.page_size is None


@every_stream
def test_rows_of_many_accounts_are_told_apart(stream: Stream) -> None:
    """Every stream has a key for a table of all accounts; assets and pixels, which accounts share, by account too."""
    assert stream.row_key
    assert set(stream.primary_key) <= set(stream.row_key)
    assert set(stream.row_key) <= set(field_types(stream))
    if stream.unique_by:
        assert stream.unique_by[0] == "advertiser_id"


@pytest.mark.parametrize(
    ("name", "size", "reach"),
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
def test_a_page_is_as_large_as_the_endpoint_allows(name: str, size: int, reach: int | None) -> None:
    """Pages are the largest that TikTok gives; the searches for assets and the list of music have an end besides."""
    source = object_stream(name).source
    assert (source.page_size, source.max_records) == (size, reach)


@every_stream
def test_endpoints_are_paths_with_a_trailing_slash(stream: Stream) -> None:
    """TikTok answers 404 to a path without its trailing slash."""
    assert stream.endpoint.endswith("/")
    assert not stream.endpoint.startswith("/")


@every_stream
def test_a_stream_is_described_in_one_sentence(stream: Stream) -> None:
    """The description stands in tables: one line that ends as a sentence does."""
    assert stream.description.endswith(".")
    assert "\n" not in stream.description


@every_stream
def test_a_stream_is_found_by_its_name(stream: Stream) -> None:
    """`stream_named` finds what is in `STREAMS`."""
    assert stream_named(stream.name) is stream


def test_an_unknown_name_is_none() -> None:
    """A name that no stream has is an answer, not an error."""
    assert stream_named("no_such_stream") is None


def test_object_streams_and_report_streams_are_found_apart() -> None:
    """Asking for a stream of one kind by the name of the other kind is an error."""
    assert object_stream("ads") is stream_named("ads")
    assert report_stream("ads_reports_daily") is stream_named("ads_reports_daily")
    with pytest.raises(KeyError):
        report_stream("ads")
    with pytest.raises(KeyError):
        object_stream("ads_reports_daily")


def test_streams_cannot_be_changed() -> None:
    """The catalog is shared by everything that runs, so it is frozen."""
    with pytest.raises(AttributeError):
        STREAMS[0].name = "other"  # type: ignore[misc]


def test_importing_the_catalog_reads_no_schema_and_imports_no_other_room() -> None:
    """`spec` has to start in a blink, and the catalog knows nobody."""
    program = (
        "import sys, tiktok_marketing.catalog as catalog;"
        "from tiktok_marketing.catalog import schema;"
        "assert schema._schema_file.cache_info().currsize == 0;"
        "package = 'tiktok_marketing.';"
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith(package)};"
        "assert rooms == {'catalog'}, rooms"
    )
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - our own interpreter and text
