"""The endpoints that the emulator serves. The page of the documentation is made from this table."""

import msgspec

from tiktok_marketing.emulator.endpoints.known import KNOWN


class Served(msgspec.Struct, frozen=True):
    """An endpoint.

    Attributes:
        path: Its path below `/open_api/v1.3/`.
        summary: What it answers.
        records: The key of its records in `data`. Empty if it has no list.
        methods: The HTTP methods that it accepts.
    """

    path: str
    summary: str
    records: str = "list"
    methods: tuple[str, ...] = ("GET",)


_POST = ("POST",)

ENDPOINTS: tuple[Served, ...] = (
    Served("oauth2/access_token/", "exchanges an auth code for a token", "", _POST),
    Served("oauth2/revoke_token/", "revokes a token", "", _POST),
    Served("oauth2/advertiser/get/", "the accounts that a token reaches"),
    Served("user/info/", "the user that a token belongs to", "", ("GET", "POST")),
    Served("advertiser/info/", "accounts"),
    Served("advertiser/balance/get/", "the money of a Business Center's accounts", "advertiser_account_list"),
    Served("bc/get/", "Business Centers"),
    Served("bc/asset/get/", "what a Business Center owns: accounts, pixels, TikTok accounts and shops"),
    Served("bc/balance/get/", "the money of a Business Center", ""),
    Served("campaign/get/", "campaigns"),
    Served("adgroup/get/", "ad groups"),
    Served("ad/get/", "ads"),
    Served("smart_plus/campaign/get/", "upgraded Smart+ campaigns"),
    Served("smart_plus/adgroup/get/", "the ad groups of upgraded Smart+ campaigns"),
    Served("smart_plus/ad/get/", "upgraded Smart+ ads with their creatives"),
    Served("campaign/spc/get/", "Smart+ campaigns of the old kind by their ids (to be deprecated)"),
    Served("smart_plus/material_report/overview/", "the figures of creatives in Smart+ ads"),
    Served("smart_plus/material_report/breakdown/", "the figures of creatives in Smart+ ads by time"),
    Served("adgroup/review_info/", "the reviews of ad groups and their ads", ""),
    Served("ad/review_info/", "the reviews of ads", ""),
    Served("smart_plus/ad/review_info/", "the reviews of Smart+ ads", "smart_plus_ad_review_infos"),
    Served("smart_plus/material/review_info/", "the reviews of the creatives of Smart+ ads", "material_review_infos"),
    Served("report/bid_protection/status/get/", "which campaigns or ad groups have bid protection"),
    Served(
        "report/bid_protection/detail/get/", "the ad credits that TikTok owes or paid, by day", "bid_protection_records"
    ),
    Served(
        "report/integrated/get/",
        "reports of the types BASIC, AUDIENCE, BC, TT_SHOP and, with options, PLAYABLE_MATERIAL and CATALOG",
    ),
    Served("report/task/create/", "begins an asynchronous report", "", _POST),
    Served("report/task/check/", "how far an asynchronous report is", ""),
    Served("report/task/download/", "the rows of an asynchronous report, as CSV", ""),
    Served("report/task/cancel/", "ends an asynchronous report that is not finished", "", _POST),
    Served("gmv_max/store/list/", "the TikTok Shop stores that an account sees", "store_list"),
    Served("gmv_max/campaign/get/", "GMV Max campaigns"),
    Served("campaign/gmv_max/info/", "one GMV Max campaign in detail", ""),
    Served("campaign/gmv_max/session/list/", "the sessions of a GMV Max campaign", "session_list"),
    Served("campaign/gmv_max/session/get/", "sessions by their ids", "session_list"),
    Served("gmv_max/report/get/", "the GMV Max report of a store"),
    Served("gmv_max/identity/get/", "the TikTok accounts that GMV Max campaigns can use", "identity_list"),
    Served("gmv_max/video/get/", "the posts that GMV Max campaigns can use", "item_list"),
    Served("gmv_max/creation/custom_anchor_video_list/get/", "posts whose products were chosen", "item_list", _POST),
    Served("gmv_max/creation/shop_video/video_anchors/", "the products of posts", "video_list", _POST),
    Served(
        "gmv_max/occupied_custom_shop_ads/list/",
        "the Shopping Ads that use an identity or a product",
        "occupied_custom_shop_ads",
    ),
    Served("gmv_max/store/shop_ad_usage_check/", "whether other Shopping Ads of a store are running", ""),
    Served("gmv_max/exclusive_authorization/get/", "whether an account alone may promote a store", ""),
    Served("gmv_max/bid/recommend/", "a return to aim at, and a budget", ""),
    Served("identity/get/", "the identities under which ads appear", "identity_list"),
    Served("dmp/custom_audience/list/", "custom audiences"),
    Served("dmp/saved_audience/list/", "saved audiences", "saved_audiences"),
    Served("file/image/ad/search/", "the images of an account, last modified first"),
    Served("file/image/ad/info/", "images by their ids"),
    Served("file/video/ad/search/", "the videos of an account, last modified first"),
    Served("file/video/ad/info/", "videos by their ids"),
    Served("file/music/get/", "music tracks", "musics"),
    Served("creative/portfolio/list/", "creative portfolios", "creative_portfolios"),
    Served("playable/get/", "playables, the newest first"),
    Served("tt_video/list/", "posts for Spark Ads"),
    Served("pixel/list/", "pixels with their events", "pixels"),
    Served("pixel/event/stats/", "the events that pixels counted"),
    Served("pixel/instant_page/event/", "the events that instant pages can report"),
    Served("search/region/", "the names of countries, provinces and market areas", "region_list"),
    Served("tool/region/", "the places that ads can target", "region_info"),
    Served("tool/language/", "languages", "languages"),
    Served("tool/timezone/", "time zones", "timezones"),
    Served("tool/interest_category/", "categories of interests", "interest_categories"),
    Served("tool/action_category/", "categories of what people did", "action_categories"),
    Served("tool/device_model/", "brands and models of devices", "device_models"),
    Served("tool/carrier/", "carriers", "countries"),
    Served("tool/os_version/", "versions of an operating system", "os_versions"),
    Served("tool/phone_region_code/", "calling codes", "phone_region_code_infos"),
)
"""All endpoints, in the order of the page."""

VERSION_2 = (
    Served("v2.0/gmv_max/report/get/", "version 2.0 of the GMV Max report: the figures of a store"),
    Served("v2.0/gmv_max/video_list/report/get/", "version 2.0 of the GMV Max report: the figures of videos"),
)
"""The endpoints of the version 2.0, whose paths are below `/open_api/`. An option switches them on."""

PATHS = frozenset((*KNOWN, *(endpoint.path for endpoint in (*ENDPOINTS, *VERSION_2))))
"""The paths of all endpoints of TikTok's that are known, whether the emulator serves them or not."""

METHODS = {endpoint.path: endpoint.methods for endpoint in ENDPOINTS}
"""For each path, the HTTP methods that it accepts."""
