"""Malformed requests: whatever a client sends, the emulator refuses it as TikTok does, and never with HTTP 500."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Fault, Options

PLATFORM = Emulator(Options(now=NOW, tier="unlimited", advertisers=2, ads_per_account=5, days=10, async_reports=True))
ACCOUNT = PLATFORM.advertiser_ids[0]

REPORT = {
    "report_type": "BASIC", "data_level": "AUCTION_CAMPAIGN", "dimensions": '["campaign_id","stat_time_day"]',
    "metrics": '["spend"]', "start_date": "2026-03-01", "end_date": "2026-03-03",
}  # fmt: skip
NAMES = (
    *REPORT, "advertiser_id", "advertiser_ids", "bc_id", "filtering", "page", "page_size", "fields", "query_lifetime",
    "enable_total_metrics", "multi_adv_report_in_utc_time", "order_field", "order_type", "service_type", "query_mode",
    "exclude_field_types_in_response", "music_scene", "item_types", "keyword", "custom_audience_ids", "pixel_ids",
    "date_range", "order_by", "name", "code", "objective_type", "optimization_goal", "app_id", "secret", "auth_code",
    "saved_audience_ids", "image_ids", "video_ids", "identity_type", "asset_type", "language", "version", "placements",
    "os_type", "level_range", "task_id", "output_format", "file_name", "identity_id",
    "campaign_ids", "adgroup_ids", "ad_ids", "smart_plus_ad_ids", "ad_material_ids", "query_ids", "lang",
    "extra_info_setting", "sort_field", "sort_type", "store_id", "item_ids",
)  # fmt: skip
FILTERS = (
    "campaign_ids", "adgroup_ids", "ad_ids", "primary_status", "secondary_status", "objective_type", "buying_types",
    "campaign_name", "adgroup_name", "creation_filter_start_time", "modified_after", "billing_events", "image_ids",
    "material_ids", "width", "height", "ratio", "displayable", "video_ids", "video_name", "sources", "styles",
    "keyword", "music_ids", "creative_portfolio_types", "creative_portfolio_ids", "campaign_system_origins",
    "field_name", "filter_type", "filter_value", "promotion_type", "start_date", "end_date", "advertiser_status",
    "smart_plus_ad_ids", "main_material_types", "main_material_ids", "ad_text_entity_ids", "sales_destination",
)  # fmt: skip
NASTY = (
    "[", "]", "{}", "[]", "null", "true", "0", "-1", "1.5", "1e400", "NaN",
    "9" * 30, "-" + "9" * 30, '"', '"\\ud800"', "\x00", "²", "٣", " 1 ", "2026-13-01", "0000-00-00", "9999-12-31",
    "2026-03-01T00:00:00", "2026-02-30", "[null]", "[[]]", '[{"a":[]}]', '["",""]', "[1e3]", "%s%d%(x)s", "{names}",
)  # fmt: skip

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(NASTY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
filters = st.dictionaries(st.sampled_from(FILTERS), values, max_size=3)
long_texts = st.sampled_from(["[", "{", '{"a":', "9", '["1",', "%"]).map(lambda text: text * 20_000)
texts = st.one_of(
    st.sampled_from(NASTY),
    long_texts,
    st.text(max_size=12),
    values.map(json.dumps),
    filters.map(json.dumps),
    st.lists(filters, max_size=2).map(json.dumps),
)


def answer(path: str, params: dict[str, Any]) -> int:
    """The return code of a request, whose envelope must be JSON."""
    response = PLATFORM.respond(path, PLATFORM.access_token, params)
    msgspec.json.decode(response.answer.data)
    msgspec.json.encode(response.message)
    PLATFORM.access.reset()
    return response.code


@pytest.mark.parametrize("path", sorted(PLATFORM.methods))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), texts, max_size=4))
def test_no_parameter_makes_an_endpoint_fail(path: str, params: dict[str, str]) -> None:
    """Every text in every parameter is answered or refused."""
    base = {"advertiser_id": ACCOUNT} | (REPORT if path.startswith("report/") else {})
    code = answer(path, base | params)
    assert code == 0 or code >= 40000


@pytest.mark.parametrize("path", sorted(path for path, ways in PLATFORM.methods.items() if "POST" in ways))
@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), values, max_size=4))
def test_no_value_in_a_body_makes_an_endpoint_fail(path: str, body: dict[str, Any]) -> None:
    """The fields of a JSON body can have values of every kind."""
    assert answer(path, {"advertiser_id": ACCOUNT, **REPORT, **body}) >= 0


@pytest.mark.parametrize("name", ["filtering", "dimensions", "metrics", "advertiser_ids"])
@settings(max_examples=40, deadline=None)
@given(texts)
def test_no_parameter_makes_a_report_fail(name: str, text: str) -> None:
    """The same for reports that are otherwise right, so that nothing else is refused first."""
    code = answer("report/integrated/get/", {"advertiser_id": ACCOUNT, **REPORT, name: text})
    assert code in {0, 40001, 40002, 40011, 40300}


@pytest.mark.parametrize(
    "fault",
    [
        "ids_over=2,code=50000",
        "days_over=3,code=50000",
        "withdraw=spend",
        "accounts=1",
        "cap=3",
        "contains=x,code=50000",
    ],
)
@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), texts, max_size=4))
def test_no_parameter_makes_a_fault_fail(fault: str, params: dict[str, str]) -> None:
    """Faults look into parameters, too."""
    PLATFORM.faults.clear()
    PLATFORM.faults.add(Fault.parse(fault))
    try:
        answer("report/integrated/get/", {"advertiser_id": ACCOUNT, **REPORT, **params})
    finally:
        PLATFORM.faults.clear()


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("campaign/get/", "filtering=" + "[" * 20_000),
        ("file/image/ad/search/", "filtering=%7B%22ratio%22:[%22x%22]%7D"),
        ("report/integrated/get/", "dimensions=" + "%5B" * 20_000),
        ("campaign/get/", "filtering=%ff%fe"),
        ("campaign/get/", "filtering=%22%ed%a0%80%22"),
        ("campaign/get/", "page=" + "9" * 40),
        ("campaign/get/", "page=%00"),
        ("advertiser/info/", "advertiser_ids=" + "[" * 20_000),
        ("pixel/event/stats/", "pixel_ids=[1]&date_range=[[]]"),
    ],
)
async def test_malformed_parameters_are_refused_over_http(client: Client, path: str, query: str) -> None:
    """The answer has HTTP status 200 and a return code."""
    url = f"{client.emulator.url}/open_api/v1.3/{path}?advertiser_id={client.emulator.advertiser_ids[0]}&{query}"
    headers = {"Access-Token": client.emulator.access_token}
    async with client.session.get(URL(url, encoded=True), headers=headers) as response:
        assert response.status == 200
        assert (await response.json())["code"] == 40002


@pytest.mark.parametrize("body", [b"", b"[" * 20_000, b"[1]", b"\xff", b'{"a":', b"null", b'{"app_id":[{}]}'])
@pytest.mark.parametrize("path", ["oauth2/access_token/", "oauth2/revoke_token/", "user/info/"])
async def test_malformed_bodies_are_refused_over_http(client: Client, path: str, body: bytes) -> None:
    """The same for the bodies of POST requests."""
    url = f"{client.emulator.url}/open_api/v1.3/{path}"
    headers = {"Access-Token": client.emulator.access_token}
    async with client.session.post(url, data=body, headers=headers) as response:
        assert response.status == 200
        assert isinstance((await response.json())["code"], int)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", b"[" * 20_000), ("faults", b'{"code":"x"}'), ("faults", b'{"fault":{"a":1}}'),
        ("clock", b'{"set":5}'),
        ("clock", b'{"advance":1e300}'), ("clock", b'{"advance":"x"}'), ("clock", b'{"set":"0001-01-01"}'),
        ("clock", b'{"advance":-99999999999}'), ("faults", b"\xff"),
    ],
)  # fmt: skip
async def test_malformed_control_requests_have_a_reason(client: Client, path: str, body: bytes) -> None:
    """The control paths answer HTTP 400 with the reason, and nothing changes."""
    before = client.emulator.clock.now()
    async with client.session.post(f"{client.emulator.url}/_emulator/{path}", data=body) as response:
        assert response.status == 400
        assert (await response.json())["error"]
    assert (client.emulator.faults.entries(), client.emulator.clock.now()) == ([], before)
