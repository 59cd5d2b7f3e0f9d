"""Which metrics can be combined with which breakdown, as documented for report/integrated/get."""

from tiktok_marketing.emulator.endpoints.reports.documented_metrics import AUDIENCE, BASIC
from tiktok_marketing.emulator.endpoints.reports.metric_names import ATTRIBUTES
from tiktok_marketing.emulator.options import Options

_CORE = frozenset(
    """
    spend cpc cpm impressions gross_impressions clicks ctr conversion cost_per_conversion conversion_rate
    real_time_conversion real_time_cost_per_conversion real_time_conversion_rate
    """.split()  # noqa: SIM905 - a list of quoted names is harder to read
)
_RESULT = frozenset(
    """
    result cost_per_result result_rate real_time_result real_time_cost_per_result real_time_result_rate
    """.split()  # noqa: SIM905
)
_BY_IMPRESSION = frozenset({"conversion_rate_v2", "real_time_conversion_rate_v2"})
_SOCIAL = frozenset(
    "profile_visits profile_visits_rate likes comments shares follows clicks_on_music_disc".split()  # noqa: SIM905
)
_VIDEO = frozenset(
    """
    video_play_actions video_watched_2s video_watched_6s average_video_play video_views_p25 video_views_p50
    video_views_p75 video_views_p100
    """.split()  # noqa: SIM905
)
_LANDING = frozenset({"total_landing_page_view", "cost_per_landing_page_view", "landing_page_view_rate"})
_PEOPLE = frozenset({"reach", "frequency", "cost_per_1000_reached", "average_video_play_per_user"})
"""Metrics that count people, not events."""

_BASIC_COUNTRY = frozenset(
    """
    reach frequency live_product_clicks real_time_app_install real_time_app_install_cost app_install
    cost_per_app_install registration cost_per_registration registration_rate total_registration
    cost_per_total_registration purchase cost_per_purchase purchase_rate total_purchase cost_per_total_purchase
    value_per_total_purchase total_purchase_value total_active_pay_roas complete_payment complete_payment_roas
    cost_per_complete_payment complete_payment_rate value_per_complete_payment total_complete_payment_rate
    page_browse_view button_click cost_per_button_click button_click_rate value_per_button_click
    total_button_click_value online_consult cost_per_online_consult online_consult_rate value_per_online_consult
    total_online_consult_value form cost_per_form form_rate value_per_form total_form_value download_start
    cost_per_download_start download_start_rate value_per_download_start total_download_start_value engaged_view
    engaged_view_15s
    """.split()  # noqa: SIM905
)

_AUDIENCE_COUNTRY = _CORE | _RESULT | _VIDEO | _SOCIAL | _LANDING
_AUDIENCE_OTHER = _CORE | _RESULT | _BY_IMPRESSION | _SOCIAL


def incompatible(metrics: list[str], report_type: str, breakdown: tuple[str, ...], options: Options) -> list[str]:
    """The metrics that cannot be combined with this breakdown. Attribute metrics always can.

    Args:
        metrics: The requested metrics.
        report_type: BASIC, AUDIENCE or CATALOG.
        breakdown: The dimensions that are neither an id nor a time.
        options: Decide where TikTok's behaviour is uncertain.
    """
    if not breakdown or report_type == "CATALOG":
        return []
    if report_type == "BASIC":
        if "country_code" not in breakdown:
            documented = BASIC.get(breakdown[0])
            return [] if documented is None else _beyond(metrics, documented)
        if options.country_wide_metrics:
            return []
        allowed = _AUDIENCE_COUNTRY | _BASIC_COUNTRY
    else:
        allowed = _AUDIENCE_COUNTRY if "country_code" in breakdown else AUDIENCE.get(breakdown[0], _AUDIENCE_OTHER)
        if options.audience_wide_metrics:
            allowed = allowed | _VIDEO | _PEOPLE | _BY_IMPRESSION
    return _beyond(metrics, allowed)


def _beyond(metrics: list[str], allowed: frozenset[str]) -> list[str]:
    return [name for name in metrics if name not in allowed and name not in ATTRIBUTES]
