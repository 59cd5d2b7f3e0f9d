"""The requests that TikTok refuses, with its codes and texts."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.emulator.endpoints.reports.metric_names import DEPRECATED

REPORT: dict[str, Any] = {
    "report_type": "BASIC",
    "data_level": "AUCTION_AD",
    "dimensions": ["ad_id", "stat_time_day"],
    "metrics": ["spend"],
    "start_date": "2026-02-01",
    "end_date": "2026-02-07",
}
CONFLICT = "Conflict occurs. The input params including metrics and dimensions have no relation."
MANY = [str(number) for number in range(1, 102)]


def condition(field: str, value: str = '["1"]', kind: str = "IN") -> list[dict[str, str]]:
    """The `filtering` of a report with one filter."""
    return [{"field_name": field, "filter_type": kind, "filter_value": value}]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"report_type": "NONSENSE"}, "report_type"),
        ({"report_type": ""}, "Missing required field(s): report_type."),
        ({"service_type": "RESERVATION"}, "service_type"),
        ({"data_level": "AUCTION_KEYWORD"}, "data_level"),
        ({"dimensions": ["ad_id", "stat_time_week"]}, "Invalid dimension fields: ['stat_time_week']"),
        ({"dimensions": ["campaign_id", "stat_time_day"]}, CONFLICT),
        ({"dimensions": ["ad_id", "adgroup_id"]}, CONFLICT),
        ({"dimensions": ["ad_id", "ad_id_v2"]}, CONFLICT),
        ({"dimensions": ["ad_id", "stat_time_day", "stat_time_hour"]}, CONFLICT),
        ({"dimensions": ["stat_time_day"]}, CONFLICT),
        ({"dimensions": "ad_id"}, "dimensions: Not a valid JSON string."),
        ({"dimensions": []}, "Missing required field(s): dimensions."),
        ({"metrics": ["spend", "spent"]}, "Invalid metric fields: ['spent']"),
        ({"metrics": ["cash_spend"]}, "Invalid metric fields: ['cash_spend']"),
        ({"metrics": "[spend"}, "metrics: Not a valid JSON string."),
        (
            {"data_level": "AUCTION_ADVERTISER", "dimensions": ["stat_time_day"], "metrics": ["ad_name"]},
            "Invalid metric fields: ['ad_name']",
        ),
        ({"dimensions": ["advertiser_id", "ad_id"]}, CONFLICT),
        ({"start_date": ""}, "Missing required field(s): start_date."),
        ({"start_date": "", "end_date": ""}, "Missing required field(s): start_date, end_date."),
        ({"start_date": "2026-2-1"}, "start_date: Not a valid date"),
        ({"end_date": "2026-01-31"}, "end_date: The end date must not be earlier"),
        ({"end_date": "2026-03-03"}, "max time span is 30 days when use stat_time_day"),
        ({"dimensions": ["ad_id", "stat_time_hour"]}, "max time span is 1 day when use stat_time_hour"),
        ({"dimensions": ["ad_id"], "start_date": "2025-02-01"}, "max time span is 365 days"),
        ({"query_lifetime": "true"}, "query_lifetime"),
        ({"page": 0}, "page: The value must be at least 1."),
        ({"page_size": 1001}, "page_size: The value must be between 1 and 1000."),
        ({"page_size": "ten"}, "page_size: Not a valid integer."),
        ({"page": "1_0"}, "page: Not a valid integer."),
        ({"page": " 1"}, "page: Not a valid integer."),
        ({"page": "\u0663"}, "page: Not a valid integer."),
        ({"metrics": [True]}, "metrics: Not a valid list."),
        ({"advertiser_id": "", "advertiser_ids": []}, "Missing required field(s): advertiser_id."),
        ({"order_field": "ad_name"}, "order_field"),
        ({"order_field": "clicks", "metrics": ["spend"]}, "order_field: clicks is not a metric to order by."),
        ({"order_type": "UP"}, "order_type"),
        ({"filtering": {"ad_ids": ["1"]}}, "filtering: Not a valid list."),
        ({"filtering": [{"field_name": "ad_ids"}]}, "filtering: Each filter must have"),
        ({"filtering": condition("ad_colour")}, "ad_colour is not a valid filter field"),
        ({"filtering": condition("ad_ids", kind="LIKE")}, "LIKE is not a valid filter type"),
        ({"filtering": condition("ad_ids", value="1,2")}, "filter_value"),
        ({"filtering": condition("ad_ids", value='["\u00b2"]')}, "ad_ids: Not a valid id list."),
        ({"filtering": condition("ad_ids", value="[true]")}, "ad_ids: Not a valid list."),
        ({"filtering": condition("create_time", "2026-1-1 00:00:00", "GREATER_THAN")}, "create_time: Not a valid"),
        ({"filtering": condition("create_time", "20260101", "GREATER_THAN")}, "create_time: Not a valid datetime"),
        ({"filtering": condition("create_time", "2026-02-30 00:00:00", "GREATER_THAN")}, "create_time: Not a valid"),
        ({"filtering": condition("create_time", "2026-01-01T00:00:00+05:00", "LOWER_THAN")}, "create_time: Not"),
        ({"filtering": condition("ad_ids", kind="NOT_IN")}, "ad_ids cannot be filtered with NOT_IN"),
        ({"filtering": condition("country_code", value='["US"]')}, "country_code is not supported"),
        ({"filtering": condition("ad_ids_v2")}, "ad_ids_v2 needs the dimension ad_id_v2"),
        (
            {
                "filtering": [*condition("ad_ids_v2"), *condition("ad_ids")],
                "dimensions": ["ad_id_v2", "stat_time_day"],
            },
            "cannot be used with ad_ids",
        ),
        (
            {"filtering": condition("campaign_automation_type", value='["UPGRADED_SMART_PLUS_CREATIVE"]')},
            "UPGRADED_SMART_PLUS_CREATIVE",
        ),
        ({"filtering": condition("buying_type", value='["AUCTIONS"]')}, "AUCTIONS"),
        ({"filtering": condition("create_time", value='"2026-01-01"')}, "create_time cannot be filtered with IN"),
        ({"filtering": condition("create_time", value='"soon"', kind="LOWER_THAN")}, "Not a valid datetime"),
        ({"filtering": condition("create_time", value='"2026-01-01"', kind="BETWEEN")}, "BETWEEN needs two times"),
        ({"filtering": condition("ad_status", value='["STATUS_GONE"]')}, "STATUS_GONE"),
        ({"filtering": condition("campaign_ids", value=str(MANY).replace("'", '"'))}, "maximum length 100"),
        ({"advertiser_ids": MANY[:6]}, "advertiser_ids"),
    ],
)
async def test_wrong_reports_are_refused(client: Client, changes: dict[str, Any], text: str) -> None:
    """A wrong report request answers 40002 on HTTP 200, names the error and has empty data."""
    answer = await client.envelope(
        "report/integrated/get/", **{"advertiser_id": client.emulator.advertiser_ids[0]} | REPORT | changes
    )
    assert answer["code"] == 40002
    assert text in answer["message"]
    assert answer["data"] == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"dimensions": ["ad_id"], "start_date": "2025-02-08", "end_date": "2026-02-07"},
        {"start_date": "2026-01-09", "end_date": "2026-02-07"},
        {"dimensions": ["ad_id", "stat_time_hour"], "start_date": "2026-02-07"},
        {"dimensions": ["ad_id"], "query_lifetime": "true", "start_date": ""},
        {"dimensions": ["ad_id_v2", "stat_time_day"]},
        {"filters": "nonsense", "lifetime": "perhaps"},
        {"metrics": []},
        {"advertiser_ids": []},
    ],
)
async def test_limits_themselves_and_unknown_parameters_are_accepted(client: Client, changes: dict[str, Any]) -> None:
    """Windows of 365, 30 and 1 days are allowed, both ends included. Unknown parameters are ignored."""
    answer = await client.envelope(
        "report/integrated/get/", **{"advertiser_id": client.emulator.advertiser_ids[0]} | REPORT | changes
    )
    assert answer["code"] == 0
    assert answer["data"]["list"]


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("campaign/get/", {}, 40002),
        ("campaign/get/", {"advertiser_id": "1"}, 40300),
        ("campaign/get/", {"page_size": 1001}, 40002),
        ("adgroup/get/", {"page_size": 101, "filtering": {"buying_types": ["RESERVATION_TOP_VIEW"]}}, 40002),
        ("campaign/get/", {"filtering": "{"}, 40002),
        ("campaign/get/", {"filtering": ["x"]}, 40002),
        ("campaign/get/", {"filtering": {"colour": "red"}}, 40002),
        ("campaign/get/", {"filtering": {"primary_status": "STATUS_GONE"}}, 40002),
        ("campaign/get/", {"filtering": {"secondary_status": "AD_STATUS_ALL"}}, 40002),
        ("campaign/get/", {"filtering": {"campaign_ids": MANY}}, 40002),
        ("ad/get/", {"filtering": {"campaign_automation_type": "UPGRADED_SMART_PLUS_CREATIVE"}}, 40002),
        ("adgroup/get/", {"filtering": {"campaign_automation_type": "UPGRADED_SMART_PLUS"}}, 0),
        ("ad/get/", {"filtering": {"ad_ids_v2": ["1"]}}, 0),
        ("ad/get/", {"filtering": {"creation_filter_start_time": "2026-01-01"}}, 40002),
        ("ad/get/", {"filtering": {"creation_filter_start_time": "2026-1-1 0:0:0"}}, 40002),
        ("ad/get/", {"filtering": {"creation_filter_end_time": "2026-02-30 00:00:00"}}, 40002),
        ("campaign/get/", {"filtering": {"campaign_ids": ["\u00b2"]}}, 40002),
        ("campaign/get/", {"filtering": {"campaign_name": ["Spring"]}}, 40002),
        ("adgroup/get/", {"filtering": {"adgroup_name": 5}}, 40002),
        ("campaign/get/", {"filtering": {"objective_type": ["TRAFFIC"]}}, 40002),
        ("campaign/get/", {"filtering": {"split_test_enabled": "false"}}, 40002),
        ("campaign/get/", {"filtering": {"split_test_enabled": False}}, 0),
        ("advertiser/info/", {}, 40002),
        ("advertiser/info/", {"advertiser_ids": MANY}, 40011),
        ("oauth2/advertiser/get/", {}, 40002),
        ("oauth2/advertiser/get/", {"app_id": "1", "secret": "x"}, 40113),
    ],
)
async def test_wrong_requests_are_refused(client: Client, path: str, params: dict[str, Any], code: int) -> None:
    """Endpoints of objects and accounts refuse wrong requests with TikTok's codes."""
    if "advertiser_id" not in params and path in {"campaign/get/", "adgroup/get/", "ad/get/"} and params:
        params = params | {"advertiser_id": client.emulator.advertiser_ids[0]}
    assert (await client.envelope(path, **params))["code"] == code


async def test_missing_and_wrong_credentials_are_refused(client: Client) -> None:
    """A missing token answers 40104, a wrong token 40105, and a wrong secret 40101."""
    answer = await client.envelope("user/info/", token=None)
    assert (answer["code"], answer["message"]) == (
        40104, "Access token is null, you should set it in http header with key Access-Token.",
    )  # fmt: skip
    assert (await client.envelope("user/info/", token="wrong"))["code"] == 40105
    app = client.emulator.app_id
    assert (await client.envelope("oauth2/advertiser/get/", app_id=app, secret="x"))["code"] == 40101


async def test_a_token_reaches_only_granted_accounts(client: Client) -> None:
    """An account that was not granted answers 40001. The limited token reaches only the first account."""
    not_granted = client.emulator.business.accounts[-1]
    assert not not_granted.granted
    assert (await client.envelope("ad/get/", advertiser_id=str(not_granted.id)))["code"] == 40001
    token, ids = client.emulator.limited_access_token, client.emulator.advertiser_ids
    assert (await client.envelope("ad/get/", token, advertiser_id=ids[0]))["code"] == 0
    assert (await client.envelope("ad/get/", token, advertiser_id=ids[1]))["code"] == 40001


async def test_the_sandbox_token_reads_only_its_own_account(client: Client) -> None:
    """It has figures for twelve days of 2020, and cannot list accounts or read others."""
    emulator = client.emulator
    token, advertiser = emulator.sandbox_access_token, emulator.sandbox_advertiser_id
    ads = (await client.data("ad/get/", token, advertiser_id=advertiser, page_size=100))["list"]
    assert ads
    assert "secondary_status" not in ads[0]
    request = REPORT | {"advertiser_id": advertiser, "start_date": "2020-12-01", "end_date": "2020-12-30"}
    rows = (await client.data("report/integrated/get/", token, **request, page_size=1000))["list"]
    days = {row["dimensions"]["stat_time_day"][:10] for row in rows}
    assert (min(days), max(days)) == ("2020-12-08", "2020-12-19")
    assert (await client.envelope("advertiser/info/", token, advertiser_ids=[advertiser]))["code"] == 40014
    answer = await client.envelope("ad/get/", token, advertiser_id=emulator.advertiser_ids[0])
    assert answer["code"] == 40001


@pytest.mark.parametrize("path", ["ads/get/", "", "ad", "ad/get/x"])
async def test_an_unknown_path_is_not_found(client: Client, path: str) -> None:
    """The answer is HTTP 404 with plain text, and HTTP 405 for the wrong verb."""
    url = f"{client.emulator.url}/open_api/v1.3/"
    async with client.session.get(url + path) as response:
        assert (response.status, await response.text()) == (404, "Not Found")
    async with client.session.delete(f"{url}ad/get/") as response:
        assert (response.status, await response.text()) == (405, "Method Not Allowed")


@pytest.mark.parametrize("path", ["v1.3/user/info", "v1.3/user/info/", "v1.3/user/info//", "v1.3//user/info/"])
async def test_paths_may_have_no_slash_or_two(client: Client, path: str) -> None:
    """Clients in production leave the last slash out, or double one. With `strict_slashes` only one is served."""
    async with Emulator(Options(now=NOW, strict_slashes=True)) as strict:
        for emulator in (client.emulator, strict):
            headers = {"Access-Token": emulator.access_token}
            async with client.session.get(f"{emulator.url}/open_api/{path}", headers=headers) as response:
                served = emulator is client.emulator or path == "v1.3/user/info/"
                assert response.status == (200 if served else 404)
                if served:
                    assert (await response.json())["code"] == 0


async def test_refusals_of_accounts_have_the_texts_of_tiktok(client: Client) -> None:
    """No permission names the account behind a colon; an unknown account doesn't exist."""
    account = str(client.emulator.business.accounts[-1].id)
    refused = await client.envelope("ad/get/", advertiser_id=account)
    assert (refused["code"], refused["message"]) == (40001, f"No permission to operate advertiser: {account}")
    gone = await client.envelope("ad/get/", advertiser_id="7")
    assert (gone["code"], gone["message"]) == (40300, "Advertiser 7 doesn't exist or has been deleted.")
    filtering = {"buying_types": ["AUCTION", "RESERVATION_TOP_VIEW"]}
    mixed = await client.envelope("ad/get/", advertiser_id=client.emulator.advertiser_ids[0], filtering=filtering)
    assert mixed["message"] == (
        "Invalid param: 'filtering.buying_types'. The value 'RESERVATION_TOP_VIEW' cannot be combined with other enum "
        "values for this parameter. Please check and try again."
    )


@pytest.mark.parametrize("level", ["advertiser", "campaign", "adgroup"])
async def test_attributes_of_a_lower_level_have_no_value(client: Client, level: str) -> None:
    """A report accepts the attributes of any level. Those below its own are `-`; its own id is its id."""
    lower = {
        "advertiser": ["campaign_name", "campaign_id", "tt_app_id", "ad_name"],
        "campaign": ["adgroup_name", "billing_event", "budget", "mobile_app_id", "ad_name"],
        "adgroup": ["ad_name", "ad_text", "video_id"],
    }[level]
    rows = await client.report(level, "", query_lifetime="true", metrics=[*lower, "advertiser_name", f"{level}_id"])
    assert rows
    assert {row["metrics"][name] for row in rows for name in lower} == {"-"}
    assert all(row["metrics"][f"{level}_id"] == row["dimensions"][f"{level}_id"] for row in rows)


async def test_the_type_of_a_reservation_is_answered(client: Client) -> None:
    """`rf_campaign_type` is an attribute: TOPVIEW for top view campaigns, STANDARD for others."""
    rows = await client.report("campaign", "", query_lifetime="true", metrics=["rf_campaign_type", "objective_type"])
    assert {row["metrics"]["rf_campaign_type"] for row in rows} == {"STANDARD", "TOPVIEW"}


async def test_deprecated_metrics_have_the_values_of_their_successors(client: Client) -> None:
    """Each is answered under its own name."""
    names = [name for pair in DEPRECATED.items() for name in pair]
    rows = await client.report("campaign", metrics=names, start_date="2026-02-10", end_date="2026-03-10")
    for old, new in DEPRECATED.items():
        values = [row["metrics"][old] for row in rows]
        assert values == [row["metrics"][new] for row in rows]
        assert set(values) - {"0", "0.00"}, old


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("GREATER_EQUAL", '"2026-02-20 00:00:00"', lambda created: created >= "2026-02-20"),
        ("LOWER_THAN", '"2026-02-20"', lambda created: created < "2026-02-20"),
        ("BETWEEN", '["2026-02-01", "2026-02-20"]', lambda created: "2026-02-01" <= created <= "2026-02-20 00:00:00"),
    ],
)
async def test_reports_can_be_filtered_by_the_time_of_creation(
    client: Client, kind: str, value: str, kept: Callable[[str], bool]
) -> None:
    """`create_time` keeps the objects of the report's level that were created then, in UTC."""
    ads = await client.read_all("ad/get/", advertiser_id=client.emulator.advertiser_ids[0])
    created = {ad["ad_id"]: ad["create_time"] for ad in ads}
    filtering = [*condition("create_time", value, kind), *condition("buying_type", '["AUCTION"]')]
    rows = await client.report("ad", "", query_lifetime="true", filtering=filtering)
    auction = await client.report("ad", "", query_lifetime="true", filtering=filtering[1:])
    wanted = {row["dimensions"]["ad_id"] for row in auction if kept(created[row["dimensions"]["ad_id"]])}
    assert {row["dimensions"]["ad_id"] for row in rows} == wanted
    assert 0 < len(wanted) < len(auction)


async def test_labels_of_campaigns_match_nothing(client: Client) -> None:
    """No campaign has a label, so that a filter by one leaves no rows."""
    filtering = condition("campaign_label", '["Spring"]', "CONTAIN_ANY_OF")
    assert await client.report("campaign", "", query_lifetime="true", filtering=filtering) == []


async def test_a_report_on_several_accounts_accepts_a_second_id(client: Client) -> None:
    """advertiser_id stands beside the id of the level. Objects that never delivered have no rows of zeros."""
    ids = client.emulator.advertiser_ids[:2]
    request = {"advertiser_ids": ids, "advertiser_id": "", "query_lifetime": "true"}
    both = await client.report("ad", "", dimensions=["advertiser_id", "ad_id"], **request)
    one = await client.report("ad", "", **request)
    assert {row["dimensions"]["advertiser_id"] for row in both} == set(ids)
    assert all(row["dimensions"]["advertiser_id"] == row["advertiser_id"] for row in both)
    spent = {row["dimensions"]["ad_id"] for row in one if row["metrics"]["impressions"] != "0"}
    assert {row["dimensions"]["ad_id"] for row in both} == spent
    assert len(both) < len(one)


async def test_an_auth_code_is_valid_once(client: Client) -> None:
    """The first exchange returns the token and its accounts, the second answers 40110."""
    emulator = client.emulator
    body = {"app_id": emulator.app_id, "secret": emulator.secret, "auth_code": "demo-auth-code"}
    url = f"{emulator.url}/open_api/v1.3/oauth2/access_token/"
    codes = []
    for _ in range(2):
        async with client.session.post(url, json=body) as response:
            answer = await response.json()
            codes.append(answer["code"])
            if not answer["code"]:
                assert answer["data"]["access_token"] == emulator.access_token
                assert answer["data"]["advertiser_ids"] == emulator.advertiser_ids
    assert codes == [0, 40110]


async def test_answers_carry_a_log_id(client: Client) -> None:
    """The envelope's request_id is also the X-TT-LOGID header. No header shows the quota."""
    answer = await client.envelope("user/info/")
    assert answer["request_id"] == client.headers["X-TT-LOGID"]
    assert not [name for name in client.headers if "rate" in name.lower() or name.lower() == "retry-after"]
