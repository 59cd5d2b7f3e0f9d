"""The options of an emulator."""

from datetime import date, datetime

import msgspec

from tiktok_marketing.emulator.business.vocabulary import PRICES
from tiktok_marketing.emulator.clock import EARLIEST_YEAR, LATEST_YEAR
from tiktok_marketing.emulator.endpoints.served import PATHS
from tiktok_marketing.emulator.faults import Fault


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one emulator. Together with the clock they decide everything about the business.

    Attributes:
        seed: Decides every name, id and figure. The same seed, options and clock give the same answers.
        advertisers: How many ad accounts the production token reaches. The first six differ on purpose: New York,
            Kolkata, Auckland and Honolulu are active, the campaigns of Berlin ended long ago, and Tokyo was never used.
        active: How many accounts, counted from the first, stay as they are. Of the others, every second one is idle
            (its campaigns ended long ago) and the rest are unused. None leaves all accounts as they are.
        currencies: The currencies of the first accounts, in place of their own: for example JPY, IDR, KRW or VND, whose
            amounts have no decimals.
        days: How many days of history the oldest account has on `anchor`.
        now: The emulator's clock. A time without a zone is UTC. The clock stands still at this time until it is set or
            advanced. None follows the real clock.
        anchor: The UTC day on which the history is `days` long. None means the clock's day at the start. If you fix it,
            the business survives restarts: its past stays the same.
        ads_per_account: Roughly how many ads the largest account has on `anchor` (1 to 200,000). No account has
            more.
        host: The interface to listen on.
        port: The port to listen on. 0 lets the system choose a free port.
        tier: The app's quota: basic, advanced, premium or ultimate (10, 20, 30 or 50 requests per second), or
            unlimited.
        minute_window: How many seconds the quota's minute lasts. A shorter one makes tests fast.
        minute_suspension: For how many seconds an endpoint stays closed after too many requests in a minute. At
            TikTok it is 300.
        requests_per_second: Replaces the tier's requests per second and endpoint.
        requests_per_minute: Replaces the tier's requests per minute and endpoint.
        requests_per_day: Replaces the tier's requests per day and endpoint.
        quota_second: How the quota counts a second: `first` (from the first request in it), `clock` (a second of the
            clock) or `sliding` (any second that ends with the request).
        arrival_jitter: Each request is counted up to this many seconds late, at random, as on an uneven network.
        answer_jitter: Each answer comes up to this many seconds late, at random, after the request was counted, as from
            a busy server.
        sandbox_throttle: Whether the sandbox token has its own quota: 1 request per second, 30 per minute and
            1,000 per day.
        advertiser_requests_per_second: Requests per second that one endpoint accepts for one ad account before it
            answers 40133. None means no such limit. (TikTok does not publish the figure.)
        ad_report_limit: How many ads, newest first, a synchronous ad-level report includes (TikTok: 20,000).
        ad_report_limit_lifted_by_filter: Whether a filter by campaign_ids, adgroup_ids or ad_ids applies before
            `ad_report_limit`, so that reports on a few ad groups are complete.
        report_size_limit: How large a report may be, as ids * days or hours * metrics * values of the breakdown. Larger
            ones answer 40067, and some of them 50002.
        breakdown_id_limits: Whether reports by behavior and by the tiers of interests answer 40067 if they are about
            more ids than TikTok documents: 200 by behavior, 150 and 100 by the lower tiers.
        slow_query_penalty: Whether reports that are too large and time out (50002) are held up when they are repeated:
            10, 20 or 30 timeouts in ten seconds leave 5, 1 or 0 requests per second. The same query is refused from the
            fourth time on.
        asset_search_limit: How many images or videos, last modified first, a search can list (TikTok: 10,000).
        strict_slashes: Whether a path must end with exactly one slash, as documented. Otherwise none and two are served
            too, as clients ask for them.
        shuffled_rows: Whether the rows of a report come in an order that follows from the seed, the query and the
            figures, unless the request orders them. Otherwise they come by object, newest first, and by time.
        unstable_order: Whether the rows of a report have another order in each answer, unless the request orders them.
        zero_rows: Whether reports without a time dimension list objects without data as rows of zeros.
        country_hourly: Whether reports accept country_code with stat_time_hour. The documentation says no, but other
            connectors ask for it.
        country_wide_metrics: Whether BASIC reports accept every metric with country_code, as users report. Otherwise
            they accept only the documented metrics.
        audience_wide_metrics: Whether audience reports accept reach, frequency, cost_per_1000_reached, all video
            metrics and conversion_rate_v2, which other connectors ask for. Otherwise they accept only the documented
            metrics.
        audience_hourly: Whether audience reports accept stat_time_hour.
        default_buying_types: The buying types that campaign/get, adgroup/get and ad/get list without a filter.
        null_modify_time: Whether ads of upgraded Smart+ campaigns have no modify_time.
        settled: Whether figures are final once their hour is over. It switches off `late_hours`, `late_people`,
            `corrections`, `late_conversions` and `taken_back`, so that reads at different times agree.
        late_hours: Whether the figures of an hour appear half an hour to two hours after its end.
        late_people: Whether counts of people, cash, vouchers and billed costs come about 16 hours late, and net costs
            of GMV Max and the costs of its products and posts up to 11 hours.
        corrections: Whether TikTok corrects yesterday about noon UTC, spend included.
        late_conversions: Whether the conversions of a day grow for seven days, and for a few ad groups for 14 or 28.
        taken_back: The percentage of ad days whose figures TikTok takes back, as it does with invalid traffic. When the
            second day after such a day begins, its rows disappear from every report.
        deleted_ads_vanish_after: After how many days a deleted ad is in no list any more, whatever the filter says. Its
            figures stay. None keeps deleted ads for good.
        modified_after_lists_timeless: Whether ad/get with modified_after lists the ads that have no modify_time. Nobody
            has observed what TikTok does.
        daylight_saving: Whether accounts follow the clocks of their place, with days of 23 and 25 hours. TikTok says
            that they do not; this tests that nothing is lost if they do.
        sandbox_accounts_endpoints: Whether the sandbox token may call advertiser/info and oauth2/advertiser/get.
        sandbox_asset_endpoints: Whether the sandbox token may list audiences, images, videos, music and portfolios.
        sandbox_report_dates: Whether the sandbox account has figures only for 2020-12-08 to 2020-12-19, as at TikTok.
        async_reports: Whether the app may create asynchronous reports. Otherwise report/task/* answers 40118, as for
            most apps.
        async_report_checks: How many checks of a report's status answer that it is not finished.
        async_report_failures: How many asynchronous reports, the first ones, end as FAILED.
        not_granted: How many more accounts exist that the token does not reach. They answer 40001.
        finance_centers: How many Business Centers, the first ones, give the user a finance role. The others answer
            reports and balances with 40001. None gives it in all of them.
        shared_accounts: How many accounts of the other Business Centers are shared with the first, which lists them and
            reports on them, too.
        scopes: The scopes that the tokens were granted. None grants everything that the emulator serves.
        redirect_uris: The redirect addresses that the app has registered. The authorization page refuses others. Empty
            accepts every address.
        code_seconds: For how many seconds an auth_code is valid. At TikTok it is an hour.
        contradictory_page_info: The accounts whose `page_info` counts two records more than there are: 2 is the second.
        playable_reports: Whether reports of the type PLAYABLE_MATERIAL answer. The names of their metrics are made up
            of others, because no copy of TikTok's documentation has them.
        catalog_reports: Whether reports of the type CATALOG answer. The names of their dimensions are guesses, because
            no copy of TikTok's documentation has them.
        gmv_max_report_version: The version of the GMV Max report: `1.3`, as documented, or `2.0`, as some applications
            read it. Version 1.3 of the report then answers an error without a reason.
        gzip: Whether to compress answers for clients that accept it, from a kilobyte on.
        latency: For how many seconds each answer waits on its way.
        cache_mb: How many megabytes of encoded pages to keep at most.
        record_requests: How many requests to remember, the newest ones. 0 keeps only the counts.
        faults: The faults in force from the start.
    """

    seed: int = 7
    advertisers: int = 6
    active: int | None = None
    currencies: tuple[str, ...] = ()
    days: int = 90
    now: datetime | None = None
    anchor: date | None = None
    ads_per_account: int = 90
    host: str = "127.0.0.1"
    port: int = 0
    tier: str = "basic"
    minute_window: float = 60.0
    minute_suspension: float = 300.0
    requests_per_second: int | None = None
    requests_per_minute: int | None = None
    requests_per_day: int | None = None
    quota_second: str = "first"
    arrival_jitter: float = 0.0
    answer_jitter: float = 0.0
    sandbox_throttle: bool = True
    advertiser_requests_per_second: int | None = None
    ad_report_limit: int = 20_000
    ad_report_limit_lifted_by_filter: bool = True
    report_size_limit: int = 100_000_000
    breakdown_id_limits: bool = True
    slow_query_penalty: bool = True
    asset_search_limit: int = 10_000
    strict_slashes: bool = False
    shuffled_rows: bool = True
    unstable_order: bool = False
    zero_rows: bool = True
    country_hourly: bool = True
    country_wide_metrics: bool = True
    audience_wide_metrics: bool = True
    audience_hourly: bool = False
    default_buying_types: tuple[str, ...] = ("AUCTION", "RESERVATION_RF")
    null_modify_time: bool = True
    settled: bool = False
    late_hours: bool = True
    late_people: bool = True
    corrections: bool = True
    late_conversions: bool = True
    taken_back: int = 1
    deleted_ads_vanish_after: int | None = 60
    modified_after_lists_timeless: bool = False
    daylight_saving: bool = False
    sandbox_accounts_endpoints: bool = False
    sandbox_asset_endpoints: bool = False
    sandbox_report_dates: bool = True
    async_reports: bool = False
    async_report_checks: int = 2
    async_report_failures: int = 0
    not_granted: int = 1
    finance_centers: int | None = None
    shared_accounts: int = 0
    scopes: tuple[int, ...] | None = None
    redirect_uris: tuple[str, ...] = ()
    code_seconds: int = 3600
    contradictory_page_info: tuple[int, ...] = ()
    playable_reports: bool = False
    catalog_reports: bool = False
    gmv_max_report_version: str = "1.3"
    gzip: bool = True
    latency: float = 0.003
    cache_mb: int = 256
    record_requests: int = 10_000
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        """Refuse values outside their bounds."""
        for name, minimum, maximum in (
            ("advertisers", 1, 10_000),
            ("days", 1, 3650),
            ("ads_per_account", 1, 200_000),
            ("ad_report_limit", 1, 10_000_000),
            ("report_size_limit", 1, LARGEST_SIZE_LIMIT),
            ("asset_search_limit", 1, 10_000_000),
            ("not_granted", 0, 100),
            ("shared_accounts", 0, 10_000),
            ("async_report_checks", 0, 1_000_000),
            ("async_report_failures", 0, 1_000_000),
            ("taken_back", 0, 100),
            ("code_seconds", 0, 86_400),
            ("cache_mb", 0, 1_000_000),
            ("port", 0, 65_535),
            ("record_requests", 0, 10_000_000),
        ):
            value = getattr(self, name)
            if not minimum <= value <= maximum:
                raise ValueError(f"{name} is {value}. It must be between {minimum:,} and {maximum:,}.")
        self._check_seconds()
        self._check_texts_and_dates()
        self._check_lists()
        for name in ("active", "finance_centers", "requests_per_second", "requests_per_minute", "requests_per_day"):
            self._check_optional(name, least=0 if name in {"active", "finance_centers"} else 1)
        self._check_optional("advertiser_requests_per_second", least=1)
        self._check_optional("deleted_ads_vanish_after", least=0)

    def _check_optional(self, name: str, least: int) -> None:
        """Refuse a number that is too small. None is accepted."""
        value: int | None = getattr(self, name)
        if value is not None and value < least:
            raise ValueError(f"{name} is {value}. It must be {least} or more.")

    def _check_seconds(self) -> None:
        """Refuse lengths of time without meaning."""
        for name, longest in (
            ("minute_window", _LONGEST_MINUTE),
            ("minute_suspension", _LONGEST_MINUTE),
            ("arrival_jitter", _LONGEST_JITTER),
            ("answer_jitter", _LONGEST_JITTER),
            ("latency", _LONGEST_JITTER),
        ):
            seconds: float = getattr(self, name)
            if not 0 <= seconds <= longest:
                raise ValueError(f"{name} is {seconds}. It must be between 0 and {longest:,} seconds.")
        if not self.minute_window:
            raise ValueError("minute_window is 0. A minute must be longer than that.")

    def _check_texts_and_dates(self) -> None:
        """Refuse words that are unknown, an empty host, and years without a business."""
        for name, words in (
            ("tier", tuple(TIERS)),
            ("quota_second", SECONDS),
            ("gmv_max_report_version", REPORT_VERSIONS),
        ):
            if getattr(self, name) not in words:
                raise ValueError(f"{name} is {getattr(self, name)!r}. It must be one of {', '.join(words)}.")
        if not self.default_buying_types or not set(self.default_buying_types) <= set(BUYING_TYPES):
            raise ValueError(
                f"default_buying_types is {','.join(self.default_buying_types)!r}. It must be one or several of "
                f"{', '.join(BUYING_TYPES)}."
            )
        for currency in self.currencies:
            if currency not in PRICES:
                raise ValueError(f"currencies names {currency!r}. Each must be one of {', '.join(sorted(PRICES))}.")
        if not self.host:
            raise ValueError("host is empty. It must be a name or an address, for example 127.0.0.1.")
        for name in ("now", "anchor"):
            day: date | None = getattr(self, name)
            if day is not None and not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
                raise ValueError(f"{name} is {day}. Its year must be between {EARLIEST_YEAR} and {LATEST_YEAR}.")

    def _check_lists(self) -> None:
        """Refuse entries that can have no effect."""
        if len(self.currencies) > self.advertisers:
            raise ValueError(f"currencies names {len(self.currencies)}, and there are {self.advertisers} accounts.")
        for number in self.contradictory_page_info:
            if not 1 <= number <= self.advertisers:
                raise ValueError(
                    f"contradictory_page_info names account {number}. The accounts are 1 to {self.advertisers}."
                )
        for fault in self.faults:
            if fault.endpoint is not None and fault.endpoint not in PATHS:
                raise ValueError(f"fault has path={fault.path}, which is no endpoint of TikTok's.")
        for scope in self.scopes or ():
            if scope < 1:
                raise ValueError(f"scopes names {scope}. A scope is a number above 0.")
        for address in self.redirect_uris:
            if not address.startswith(("http://", "https://")):
                raise ValueError(f"redirect_uris names {address!r}. Each must begin with http:// or https://.")


LARGEST_SIZE_LIMIT = 10**18
"""The largest `report_size_limit`: no report is as large."""

SECONDS = ("first", "clock", "sliding")
"""The ways to count a second of the quota."""
REPORT_VERSIONS = ("1.3", "2.0")
"""The versions of the GMV Max report."""
BUYING_TYPES = ("AUCTION", "RESERVATION_RF", "RESERVATION_TOP_VIEW")
"""The ways in which campaigns buy ads."""
_LONGEST_JITTER = 60
_LONGEST_MINUTE = 86_400

TIERS: dict[str, tuple[int, int, int] | None] = {
    "basic": (10, 600, 864_000),
    "advanced": (20, 1_200, 1_728_000),
    "premium": (30, 1_800, 2_592_000),
    "ultimate": (50, 3_000, 4_320_000),
    "unlimited": None,
}
"""Requests per second, minute and day that one endpoint accepts, for each tier of an app."""

_REPORT_TASKS = (2, 60, 4_500)
_GMV_MAX = (20, 600, 50_000)
_GMV_MAX_REPORT = {
    "basic": (8, 240, 20_000), "advanced": (12, 360, 30_000), "premium": _GMV_MAX, "ultimate": _GMV_MAX,
}  # fmt: skip
OWN_QUOTAS: dict[str, dict[str, tuple[int, int, int]]] = {
    "report/task/create/": dict.fromkeys(("basic", "advanced", "premium", "ultimate"), _REPORT_TASKS),
    "gmv_max/report/get/": _GMV_MAX_REPORT,
    "v2.0/gmv_max/report/get/": _GMV_MAX_REPORT,
    "v2.0/gmv_max/video_list/report/get/": _GMV_MAX_REPORT,
}
"""The same three limits by tier for endpoints that have lower ones. A tier without a quota has none here."""

SANDBOX_QUOTA = (1, 30, 1_000)
"""The same three limits for a sandbox token."""
