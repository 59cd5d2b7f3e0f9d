"""What an emulator is started with."""

from datetime import date, datetime

import msgspec

from tiktok_marketing.emulator.faults import Fault


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one emulator. The business is a pure function of them and of the clock.

    Attributes:
        seed: Decides every name, id and figure. The same seed, options and clock give the same answers.
        advertisers: How many ad accounts the production token reaches. The first six differ on purpose: New York,
            Kolkata, Auckland and Honolulu are active, Berlin's campaigns ended long ago, Tokyo was never used.
        active: How many accounts, the first ones, are as they come; of the others every second one's campaigns ended
            long ago and the rest were never used. None leaves them all as they come.
        days: How many days of history the oldest account has on `anchor`.
        now: The emulator's clock; a time without a zone is UTC. A given time stands still until it is set or
            advanced; None follows the real clock.
        anchor: The (UTC) day on which the history is `days` long; None means the day of the clock at the start.
            Fix it to let a business live on over restarts: its past then stays what it was.
        ads_per_account: Roughly how many ads the largest account has on `anchor` (1 to 200,000); the others have
            somewhat fewer.
        host: The interface to listen on.
        port: The port to listen on; 0 takes any free one.
        tier: The app's quota: basic, advanced, premium or ultimate (10, 20, 30, 50 requests a second), or unlimited.
        minute_window: Seconds in the throttle's "minute"; shorter makes tests quick.
        minute_suspension: Seconds for which an endpoint is closed after the minute's quota was exceeded (TikTok: 300).
        requests_per_second: Replaces the tier's requests a second, per endpoint.
        requests_per_minute: Replaces the tier's requests a minute, per endpoint.
        requests_per_day: Replaces the tier's requests a day, per endpoint.
        sandbox_throttle: Whether the sandbox token has its own quota: 1 a second, 30 a minute, 1,000 a day.
        advertiser_requests_per_second: Requests a second that one ad account may get on one endpoint before code
            40133; None switches it off (TikTok does not publish the figure).
        ad_report_limit: How many ads, newest first, a synchronous ad-level report considers (TikTok: 20,000).
        ad_report_limit_lifted_by_filter: Whether campaign_ids, adgroup_ids or ad_ids filters make the report consider
            the newest `ad_report_limit` of the *filtered* ads, so that smaller parts come whole.
        asset_search_limit: How many images or videos, last modified first, a search reaches (TikTok: 10,000).
        zero_rows: Whether reports without a time dimension list objects without data as rows of zeros.
        country_hourly: Whether country_code goes with stat_time_hour. The documents say no, peers do it.
        country_wide_metrics: Whether country_code goes with every metric in BASIC reports, as users found; otherwise
            with the documented ones only.
        audience_wide_metrics: Whether audience dimensions go with reach, frequency, cost_per_1000_reached and all video
            metrics, which peers ask for; otherwise with the documented metrics only.
        audience_hourly: Whether audience dimensions go with stat_time_hour.
        default_buying_types: What campaign/get, adgroup/get and ad/get list without a buying_types filter.
        null_modify_time: Whether ads of upgraded Smart+ campaigns come without a modify_time.
        taken_back: Of a hundred days of ads, how many lose their figures when the day after next begins, as those of
            invalid traffic do; their rows are then gone from every report.
        modified_after_lists_timeless: Whether ad/get with modified_after lists the ads that have no modify_time; nobody
            has seen it.
        sandbox_accounts_endpoints: Whether the sandbox token may call advertiser/info and oauth2/advertiser/get.
        sandbox_asset_endpoints: Whether the sandbox token may list audiences, images, videos, music and portfolios.
        sandbox_report_dates: Whether the sandbox account has figures for 2020-12-08 to 2020-12-19 only, as TikTok's.
        not_granted: How many further accounts exist that the token does not reach (they answer 40001).
        gzip: Whether to compress answers for clients that accept it.
        cache_mb: Upper bound in megabytes of the encoded pages that are kept.
        record_requests: How many requests to remember one by one, newest last (0: counters only).
        faults: What goes wrong from the start.
    """

    seed: int = 7
    advertisers: int = 6
    active: int | None = None
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
    sandbox_throttle: bool = True
    advertiser_requests_per_second: int | None = None
    ad_report_limit: int = 20_000
    ad_report_limit_lifted_by_filter: bool = True
    asset_search_limit: int = 10_000
    zero_rows: bool = True
    country_hourly: bool = True
    country_wide_metrics: bool = True
    audience_wide_metrics: bool = True
    audience_hourly: bool = False
    default_buying_types: tuple[str, ...] = ("AUCTION", "RESERVATION_RF")
    null_modify_time: bool = True
    taken_back: int = 0
    modified_after_lists_timeless: bool = False
    sandbox_accounts_endpoints: bool = False
    sandbox_asset_endpoints: bool = False
    sandbox_report_dates: bool = True
    not_granted: int = 1
    gzip: bool = False
    cache_mb: int = 256
    record_requests: int = 10_000
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no business can be built from."""
        for name, low, high in (
            ("advertisers", 1, 10_000),
            ("days", 1, 3650),
            ("ads_per_account", 1, 200_000),
            ("ad_report_limit", 1, 10_000_000),
            ("asset_search_limit", 1, 10_000_000),
            ("not_granted", 0, 100),
            ("taken_back", 0, 100),
            ("cache_mb", 0, 1_000_000),
            ("record_requests", 0, 10_000_000),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} is {value}; it must lie between {low:,} and {high:,}.")
        if self.active is not None and self.active < 0:
            raise ValueError(f"active is {self.active}; it must not be negative.")
        if self.tier not in TIERS:
            raise ValueError(f"tier is {self.tier!r}; it must be one of {', '.join(TIERS)}.")


TIERS: dict[str, tuple[int, int, int] | None] = {
    "basic": (10, 600, 864_000),
    "advanced": (20, 1_200, 1_728_000),
    "premium": (30, 1_800, 2_592_000),
    "ultimate": (50, 3_000, 4_320_000),
    "unlimited": None,
}
"""Requests a second, a minute and a day, per app and endpoint, by the level of the app."""

SANDBOX_QUOTA = (1, 30, 1_000)
"""The same three for a sandbox token."""
