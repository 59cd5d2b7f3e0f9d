"""Fivetran's layout has the tables, columns and types that dbt_tiktok_ads reads, and the figures of the truth."""
# ruff: noqa: S608 - the SQL is made of words of the tests

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tiktok_marketing.views import definitions_of
from views.conftest import EACH_KIND, Filled, views

INTEGER, NUMBER, TEXT, TIME, FLAG = "integer", "number", "text", "time", "flag"
_HOURLY = {
    "stat_time_hour": TIME,
    **dict.fromkeys(
        [
            "average_video_play",
            "average_video_play_per_user",
            "conversion_rate",
            "cost_per_conversion",
            "cpc",
            "cpm",
            "ctr",
            "spend",
            "total_purchase_value",
            "total_sales_lead_value",
        ],
        NUMBER,
    ),
    **dict.fromkeys(
        [
            "conversion",
            "real_time_conversion",
            "clicks",
            "comments",
            "follows",
            "impressions",
            "likes",
            "profile_visits",
            "reach",
            "shares",
            "video_play_actions",
            "video_views_p_25",
            "video_views_p_50",
            "video_views_p_75",
            "video_watched_2_s",
            "video_watched_6_s",
        ],
        INTEGER,
    ),
}
CONTRACT = {
    "advertiser": {
        "id": INTEGER,
        "balance": NUMBER,
        **dict.fromkeys(
            [
                "name",
                "address",
                "company",
                "contacter",
                "country",
                "currency",
                "description",
                "email",
                "industry",
                "language",
                "cellphone_number",
                "telephone_number",
                "timezone",
            ],
            TEXT,
        ),
    },
    "campaign_history": {
        "campaign_id": INTEGER,
        "updated_at": TIME,
        "advertiser_id": INTEGER,
        "budget": NUMBER,
        "create_time": TIME,
        **dict.fromkeys(
            [
                "campaign_name",
                "campaign_type",
                "split_test_variable",
                "objective_type",
                "status",
                "budget_mode",
                "is_new_structure",
            ],
            TEXT,
        ),
    },
    "adgroup_history": {
        "updated_at": TIME,
        "budget": NUMBER,
        **dict.fromkeys(
            [
                "adgroup_id",
                "advertiser_id",
                "campaign_id",
                "action_days",
                "category",
                "frequency",
                "frequency_schedule",
            ],
            INTEGER,
        ),
        **dict.fromkeys(
            [
                "adgroup_name",
                "action_categories",
                "age_groups",
                "audience_type",
                "display_name",
                "interest_category_v_2",
                "gender",
                "languages",
                "landing_page_url",
            ],
            TEXT,
        ),
    },
    "ad_history": {
        "updated_at": TIME,
        **dict.fromkeys(["ad_id", "adgroup_id", "advertiser_id", "campaign_id"], INTEGER),
        **dict.fromkeys(
            ["ad_name", "call_to_action", "click_tracking_url", "impression_tracking_url", "landing_page_url"], TEXT
        ),
    },
    "ad_report_hourly": {"ad_id": INTEGER, **_HOURLY},
    "adgroup_report_hourly": {"adgroup_id": INTEGER, **_HOURLY},
    "campaign_report_hourly": {"campaign_id": INTEGER, **_HOURLY},
    "campaign_country_report": {
        "campaign_id": INTEGER,
        "country_code": TEXT,
        "stat_time_day": TIME,
        **dict.fromkeys(["clicks", "impressions", "conversion", "real_time_conversion"], INTEGER),
        **dict.fromkeys(["spend", "conversion_rate", "cost_per_conversion", "cpc", "cpm", "ctr"], NUMBER),
    },
    "creative_history": {
        "modify_time": TIME,
        "create_time": TIME,
        **dict.fromkeys(["creative_id", "smart_plus_ad_id", "advertiser_id", "adgroup_id", "campaign_id"], INTEGER),
        **dict.fromkeys(
            [
                "video_id",
                "creative_name",
                "campaign_name",
                "adgroup_name",
                "identity_id",
                "identity_type",
                "campaign_automation_type",
                "ad_text",
                "secondary_status",
                "operation_status",
                "image_ids",
            ],
            TEXT,
        ),
    },
    "smart_plus_ad_history": {
        "modify_time": TIME,
        "create_time": TIME,
        **dict.fromkeys(["smart_plus_ad_id", "advertiser_id", "adgroup_id", "campaign_id"], INTEGER),
        **dict.fromkeys(["creative_auto_add_toggle", "catalog_creative_toggle"], FLAG),
        **dict.fromkeys(
            [
                "secondary_status",
                "operation_status",
                "ad_name",
                "campaign_name",
                "adgroup_name",
                "landing_page_url_list",
                "tracking_info_click_tracking_url",
                "tracking_info_impression_tracking_url",
                "tracking_info_tracking_app_id",
                "tracking_info_tracking_message_event_set_id",
                "identity_id",
                "identity_type",
                "dark_post_status",
                "product_specific_type",
                "product_set_id",
                "product_ids",
                "end_card_cta",
                "product_display_field_list",
                "auto_disclaimer_types",
                "fallback_type",
                "call_to_action_id",
                "product_info_selling_points",
                "phone_info_phone_region_code",
                "phone_info_phone_region_calling_code",
                "phone_info_phone_number",
                "ad_text_list",
                "auto_message_list",
                "call_to_action_list",
                "interactive_add_on_list",
                "page_list",
                "custom_product_page_list",
                "deeplink_list",
            ],
            TEXT,
        ),
    },
    "location": {
        "advertiser_id": INTEGER,
        "support_below_18": FLAG,
        **dict.fromkeys(["region_id", "parent_id", "region_name", "region_level", "area_type", "country_code"], TEXT),
    },
}
"""Table to the columns that the packages read, with their kinds."""
ON_REQUEST = {"smart_plus_ad_history": "smart_plus_ads", "location": "regions"}
"""Tables of the packages whose streams are read on request only. The packages accept that they are absent."""
KINDS = {
    "BIGINT": INTEGER,
    "VARCHAR": TEXT,
    "TIMESTAMP": TIME,
    "BOOLEAN": FLAG,
    "DOUBLE": NUMBER,
    "DECIMAL(18,4)": NUMBER,
}
KEYS = {
    "advertiser": "id",
    "campaign_history": "campaign_id, updated_at",
    "adgroup_history": "adgroup_id, updated_at",
    "ad_history": "ad_id, updated_at",
    "creative_history": "creative_id, modify_time",
    "smart_plus_ad_history": "smart_plus_ad_id, modify_time",
    "location": "advertiser_id, region_id",
    "ad_report_hourly": "ad_id, stat_time_hour",
    "adgroup_report_hourly": "adgroup_id, stat_time_hour",
    "campaign_report_hourly": "campaign_id, stat_time_hour",
    "campaign_country_report": "campaign_id, country_code, stat_time_day",
}


@pytest.fixture(params=EACH_KIND)
def database(request: pytest.FixtureRequest, viewed: Any, copied: Any, tmp_path: Path) -> Filled:
    """A database with the tables of the layout."""
    database: Filled = copied(viewed(request.param, "fivetran"), tmp_path)
    return database


def columns_of(database: Filled, view: str) -> dict[str, str]:
    """The columns of a view and their types, as the database's catalog has them, in the files' words."""
    rows = database.ask(
        "SELECT column_name, data_type FROM information_schema.columns"
        f" WHERE table_schema = 'tiktok_ads' AND table_name = '{view}'"
    )
    words = {"character varying": "VARCHAR", "double precision": "DOUBLE", "numeric": "DECIMAL(18,4)"}
    return {name: words.get(type_, type_.upper()).removesuffix(" WITHOUT TIME ZONE") for name, type_ in rows}


def test_columns_and_types_are_those_of_the_contract(database: Filled) -> None:
    """Each table has every column that the packages read, with its kind, and the time that freshness tests read."""
    assert {definition.name for definition in definitions_of("fivetran")} == set(CONTRACT)
    for table, wanted in CONTRACT.items():
        columns = columns_of(database, table)
        kinds = {name: KINDS[type_] for name, type_ in columns.items()}
        assert wanted.items() <= kinds.items(), table
        assert columns["_fivetran_synced"] == "TIMESTAMP"
        assert database.ask(f"SELECT count(*) FROM {table} WHERE _fivetran_synced IS NULL") == [(0,)]


def test_tables_of_streams_on_request_are_named_in_the_docs() -> None:
    """All eleven tables of the packages can be there. The page of views says which two need a stream on request."""
    assert len(CONTRACT) == 11
    needed = {definition.name: definition.needed_streams for definition in definitions_of("fivetran")}
    page = (Path(__file__).parents[2] / "docs" / "views.md").read_text(encoding="utf-8")
    for table, stream in ON_REQUEST.items():
        assert needed[table] == (stream,)
        assert f"`{table}` needs the stream `{stream}`" in page


def test_smart_plus_ads_have_their_addresses_and_settings(database: Filled) -> None:
    """Addresses are a JSON list of texts, as the packages unnest it, and settings are columns of their own."""
    rows = database.ask(
        "SELECT smart_plus_ad_id, landing_page_url_list, creative_auto_add_toggle, identity_type, ad_text_list"
        " FROM smart_plus_ad_history"
    )
    ads = database.ask("SELECT smart_plus_ad_id FROM smart_plus_ads")
    assert sorted(row[0] for row in rows) == sorted(key for (key,) in ads) != []
    addresses = [json.loads(row[1]) for row in rows if row[1]]
    assert any(addresses)
    assert all(isinstance(address, str) for listed in addresses for address in listed)
    assert {type(row[2]) for row in rows} <= {bool, type(None)}
    assert any(row[3] for row in rows)
    assert any(json.loads(row[4]) for row in rows)


@pytest.mark.parametrize("before", [False, True])
def test_keys_are_unique(database: Filled, before: bool) -> None:
    """A key that came twice would double sums in silence: the packages no longer test for it."""
    assert views(database, "--layout", "fivetran", "--before-1.3" if before else "--from-1.3") == 0
    for table, key in KEYS.items():
        rows, keys = database.ask(
            f"SELECT (SELECT count(*) FROM {table}), (SELECT count(*) FROM (SELECT DISTINCT {key} FROM {table}) AS k)"
        )[0]
        assert rows == keys, table
        assert (rows == 0) == (before and table == "creative_history")


@pytest.mark.parametrize("before", [False, True])
def test_spend_by_ad_is_the_accounts_to_the_cent(database: Filled, before: bool) -> None:
    """The packages join the hourly report with the ads, and lose or double nothing: no ad is in both tables or none."""
    assert views(database, "--layout", "fivetran", "--before-1.3" if before else "--from-1.3") == 0
    rows = database.ask(
        "WITH all_ads AS (SELECT ad_id, advertiser_id FROM ad_history"
        " UNION ALL SELECT creative_id, advertiser_id FROM creative_history)"
        " SELECT a.advertiser_id, sum(r.spend), sum(r.impressions), sum(r.total_purchase_value)"
        " FROM ad_report_hourly r JOIN all_ads a ON a.ad_id = r.ad_id GROUP BY 1"
    )
    shown = {account: figures for account, *figures in rows}
    for account, truth in database.truths.items():
        sums = truth["metrics"]["ad"]
        wanted = [Decimal(str(sums[name])) for name in ("spend", "impressions", "total_purchase_value")]
        assert [Decimal(value) for value in shown.get(account, (0, 0, 0))] == wanted
    assert sum(Decimal(figures[0]) for figures in shown.values()) > 0


def test_levels_and_countries_add_up_to_the_account(database: Filled) -> None:
    """Campaigns and ad groups by hour have the truth's spend; countries have what TikTok attributes to countries."""
    for table, level in (("campaign_report_hourly", "campaign"), ("adgroup_report_hourly", "adgroup")):
        shown = dict(database.ask(f"SELECT advertiser_id, sum(spend) FROM {table} GROUP BY 1"))
        for account, truth in database.truths.items():
            assert Decimal(shown.get(account) or 0) == Decimal(truth["metrics"][level]["spend"])
    loaded = "SELECT sum(spend), sum(clicks) FROM"
    assert database.ask(f"{loaded} campaign_country_report") == database.ask(
        f"{loaded} campaigns_audience_reports_by_country_daily"
    )


def test_creatives_of_smart_plus_are_in_one_table(database: Filled) -> None:
    """An ad is in ad_history or in creative_history, never in both; the switch is kept for the next run."""
    total = database.ask("SELECT count(*) FROM ads")[0][0]
    smart = database.ask("SELECT count(*) FROM ads WHERE campaign_automation_type LIKE 'UPGRADED%'")[0][0]
    assert 0 < smart < total
    assert database.ask("SELECT count(*) FROM creative_history") == [(smart,)]
    assert database.ask("SELECT count(*) FROM ad_history") == [(total - smart,)]
    assert views(database, "--layout", "fivetran", "--before-1.3") == 0
    assert views(database, "--layout", "fivetran") == 0
    assert database.ask("SELECT count(*) FROM ad_history") == [(total,)]
    assert views(database, "--layout", "fivetran", "--from-1.3") == 0
    assert database.ask("SELECT count(*) FROM ad_history") == [(total - smart,)]


def test_both_layouts_fit_into_one_schema(database: Filled) -> None:
    """No view of one layout has the name of one of the other, and dropping one leaves the other."""
    assert views(database) == 0
    assert views(database, "--layout", "fivetran", "--drop") == 0
    assert columns_of(database, "ad_history") == {}
    assert database.ask("SELECT count(*) > 0 FROM daily_by_ad") == [(True,)]
