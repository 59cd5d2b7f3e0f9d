"""The metrics that only the reports on Smart+ creatives have, and those of other reports that they lack."""

import re
from itertools import count

from tiktok_marketing.emulator.endpoints.reports.events import PLAIN, RATE, TABLES, Tables

_OWN = """
    playable_page_view_count playable_first_scene_view_count playable_second_scene_view_count
    playable_third_scene_view_count playable_download_button_click_count product_impressions product_clicks
    product_cta cost_pre_ad_impression_event skan_app_install skan_cost_per_app_install skan_app_install_withheld
    skan_registration skan_cost_per_registration skan_registration_rate skan_total_registration
    skan_cost_per_total_registration skan_purchase skan_cost_per_purchase skan_purchase_rate skan_total_purchase
    skan_cost_per_total_purchase skan_total_purchase_value skan_total_repetitive_active_pay_roas skan_add_to_cart
    skan_cost_per_add_to_cart skan_add_to_cart_rate skan_total_add_to_cart skan_cost_per_total_add_to_cart
    skan_total_add_to_cart_value skan_checkout skan_cost_per_checkout skan_checkout_rate skan_total_checkout
    skan_cost_per_total_checkout skan_total_checkout_value skan_view_content skan_cost_per_view_content
    skan_view_content_rate skan_total_view_content skan_cost_per_total_view_content skan_total_view_content_value
    skan_add_payment_info skan_cost_per_add_payment_info skan_add_payment_info_rate skan_total_add_payment_info
    skan_cost_total_add_payment_info skan_add_to_wishlist skan_cost_per_add_to_wishlist skan_add_to_wishlist_rate
    skan_total_add_to_wishlist skan_cost_per_total_add_to_wishlist skan_total_add_to_wishlist_value skan_launch_app
    skan_cost_per_launch_app skan_launch_app_rate skan_total_launch_app skan_cost_per_total_launch_app
    skan_complete_tutorial skan_cost_per_complete_tutorial skan_complete_tutorial_rate skan_total_complete_tutorial
    skan_cost_per_total_complete_tutorial skan_total_complete_tutorial_value skan_create_group
    skan_cost_per_create_group skan_create_group_rate skan_total_create_group skan_cost_per_total_create_group
    skan_total_create_group_value skan_join_group skan_cost_per_join_group skan_join_group_rate
    skan_total_join_group skan_cost_per_total_join_group skan_total_join_group_value skan_create_gamerole
    skan_cost_per_create_gamerole skan_create_gamerole_rate skan_total_create_gamerole
    skan_cost_per_total_create_gamerole skan_total_create_gamerole_value skan_spend_credits
    skan_cost_per_spend_credits skan_spend_credits_rate skan_total_spend_credits skan_cost_per_total_spend_credits
    skan_total_spend_credits_value skan_achieve_level skan_cost_per_achieve_level skan_achieve_level_rate
    skan_total_achieve_level skan_cost_per_total_achieve_level skan_total_achieve_level_value
    skan_unlock_achievement skan_cost_per_unlock_achievement skan_unlock_achievement_rate
    skan_total_unlock_achievement skan_cost_per_total_unlock_achievement skan_total_unlock_achievement_value
    skan_sales_lead skan_cost_per_sales_lead skan_sales_lead_rate skan_total_sales_lead
    skan_cost_per_total_sales_lead skan_total_sales_lead_value skan_in_app_ad_click skan_cost_per_in_app_ad_click
    skan_in_app_ad_click_rate skan_total_in_app_ad_click skan_cost_per_total_in_app_ad_click
    skan_total_in_app_ad_click_value skan_in_app_ad_impr skan_cost_per_in_app_ad_impr skan_in_app_ad_impr_rate
    skan_total_in_app_ad_impr skan_cost_per_total_in_app_ad_impr skan_total_in_app_ad_impr_value skan_loan_apply
    skan_cost_per_loan_apply skan_loan_apply_rate skan_total_loan_apply skan_cost_per_total_loan_apply
    skan_loan_credit skan_cost_per_loan_credit skan_loan_credit_rate skan_total_loan_credit
    skan_cost_per_total_loan_credit skan_loan_disbursement skan_cost_per_loan_disbursement
    skan_loan_disbursement_rate skan_total_loan_disbursement skan_cost_per_total_loan_disbursement skan_login
    skan_cost_per_login skan_login_rate skan_total_login skan_cost_per_total_login skan_ratings
    skan_cost_per_ratings skan_ratings_rate skan_total_ratings skan_cost_per_total_ratings skan_total_ratings_value
    skan_search skan_cost_per_search skan_search_rate skan_total_search skan_cost_per_total_search skan_start_trial
    skan_cost_per_start_trial skan_start_trial_rate skan_total_start_trial skan_cost_per_total_start_trial
    skan_subscribe skan_cost_per_subscribe skan_subscribe_rate skan_total_subscribe skan_cost_per_total_subscribe
    skan_total_subscribe_value website_total_engaged_session website_engaged_session_rate
    website_cost_per_engaged_session pageview_rate website_total_start_trial website_cost_per_start_trial
    website_start_trial_rate website_value_per_start_trial website_total_start_trial_value
    website_total_submit_application website_cost_per_submit_application website_submit_application_rate
    website_value_per_submit_application website_total_submit_application_value website_application_approval
    website_cost_per_application_approval website_application_approval_rate website_value_per_application_approval
    website_total_application_approval_value onsite_purchase_value_day0 onsite_purchase_value_day6
    onsite_purchase_value_day13 onsite_purchase_value_calendar_day0 onsite_purchase_value_calendar_day6
    onsite_purchase_value_calendar_day13 onsite_purchase_roas_day0 onsite_purchase_roas_day6
    onsite_purchase_roas_day13 onsite_purchase_roas_calendar_day0 onsite_purchase_roas_calendar_day6
    onsite_purchase_roas_calendar_day13 onsite_active_by_conversion_time onsite_cost_per_active_by_conversion_time
    onsite_total_active onsite_cost_per_active onsite_unique_launch onsite_cost_per_unique_launch
    onsite_total_launch onsite_cost_per_total_launch onsite_cost_per_total_registration
    onsite_cost_per_total_ad_impression onsite_value_per_ad_impression_value offline_complete_registration_events
    cost_per_offline_complete_registration_event offline_complete_registration_event_rate
    value_per_offline_complete_registration_event offline_complete_registration_events_value
    offline_total_start_trial offline_cost_per_start_trial offline_start_trial_rate offline_value_per_start_trial
    offline_total_start_trial_value offline_total_submit_application offline_cost_per_submit_application
    offline_submit_application_rate offline_value_per_submit_application offline_total_submit_application_value
    offline_application_approval offline_cost_per_application_approval offline_application_approval_rate
    offline_value_per_application_approval offline_total_application_approval_value website_cta_purchase
    website_cost_per_cta_purchase website_cta_purchase_value website_cta_purchase_roas skan_vta_conversion
    skan_cost_per_vta_conversion skan_cta_conversion skan_cost_per_cta_conversion skan_vta_app_install
    skan_cost_per_vta_app_install skan_cta_app_install skan_cost_per_cta_app_install skan_vta_registration
    skan_cost_per_vta_registration skan_cta_registration skan_cost_per_cta_registration skan_vta_purchase
    skan_cost_per_vta_purchase skan_cta_purchase skan_cost_per_cta_purchase
"""
_LACKING = """
    average_video_play_per_user billed_cost cash_spend conversion_rate cost_per_1000_reached
    cost_per_ad_impression_event cost_per_consideration cost_per_custom_app_event cost_per_custom_page_event
    cost_per_offline_registration_event cost_per_page_browse_view cost_per_product_details_page_browse
    cost_per_result cost_per_secondary_goal_result cost_per_unique_custom_app_event custom_app_event_rate
    custom_app_events custom_app_events_value custom_page_event_rate custom_page_events custom_page_events_value
    earned_page_clicks earned_page_video_views earned_page_video_views_p100 frequency live_unique_views
    native_growth_active native_growth_active_by_conversion_time native_growth_ad_impression_event_rate
    native_growth_ad_revenue_event_count_d0 native_growth_ad_revenue_roas native_growth_ad_revenue_roas_d0
    native_growth_ad_revenue_roas_d1 native_growth_ad_revenue_roas_d13 native_growth_ad_revenue_roas_d2
    native_growth_ad_revenue_roas_d20 native_growth_ad_revenue_roas_d27 native_growth_ad_revenue_roas_d29
    native_growth_ad_revenue_roas_d3 native_growth_ad_revenue_roas_d31 native_growth_ad_revenue_roas_d4
    native_growth_ad_revenue_roas_d5 native_growth_ad_revenue_roas_d6 native_growth_ad_revenue_value_d0
    native_growth_ad_revenue_value_d1 native_growth_ad_revenue_value_d13 native_growth_ad_revenue_value_d2
    native_growth_ad_revenue_value_d20 native_growth_ad_revenue_value_d27 native_growth_ad_revenue_value_d29
    native_growth_ad_revenue_value_d3 native_growth_ad_revenue_value_d31 native_growth_ad_revenue_value_d4
    native_growth_ad_revenue_value_d5 native_growth_ad_revenue_value_d6 native_growth_cost_per_active
    native_growth_cost_per_active_by_conversion_time native_growth_cost_per_ad_impression_event
    native_growth_cost_per_launch_app native_growth_cost_per_purchase native_growth_cost_per_subscribe
    native_growth_cost_per_unique_ad_impression_event native_growth_cost_per_unique_launch_app
    native_growth_cost_per_unique_purchase native_growth_cost_per_unique_subscribe native_growth_launch_rate
    native_growth_purchase_event_count_d0 native_growth_purchase_rate native_growth_purchase_roas
    native_growth_purchase_roas_d0 native_growth_purchase_roas_d1 native_growth_purchase_roas_d13
    native_growth_purchase_roas_d2 native_growth_purchase_roas_d20 native_growth_purchase_roas_d27
    native_growth_purchase_roas_d29 native_growth_purchase_roas_d3 native_growth_purchase_roas_d31
    native_growth_purchase_roas_d4 native_growth_purchase_roas_d5 native_growth_purchase_roas_d6
    native_growth_purchase_value_d0 native_growth_purchase_value_d1 native_growth_purchase_value_d13
    native_growth_purchase_value_d2 native_growth_purchase_value_d20 native_growth_purchase_value_d27
    native_growth_purchase_value_d29 native_growth_purchase_value_d3 native_growth_purchase_value_d31
    native_growth_purchase_value_d4 native_growth_purchase_value_d5 native_growth_purchase_value_d6
    native_growth_subscribe_rate native_growth_subscribe_value_d0 native_growth_subscribe_value_d1
    native_growth_subscribe_value_d13 native_growth_subscribe_value_d2 native_growth_subscribe_value_d20
    native_growth_subscribe_value_d27 native_growth_subscribe_value_d29 native_growth_subscribe_value_d3
    native_growth_subscribe_value_d31 native_growth_subscribe_value_d4 native_growth_subscribe_value_d5
    native_growth_subscribe_value_d6 native_growth_total_ad_impression_event_count
    native_growth_total_ad_impression_value native_growth_total_launch_event_count
    native_growth_total_purchase_event_count native_growth_total_purchase_value
    native_growth_total_subscribe_event_count native_growth_total_subscribe_value
    native_growth_unique_ad_impression_event native_growth_unique_launch_app native_growth_unique_purchase
    native_growth_unique_subscribe_count native_growth_value_per_ad_impression_event
    native_growth_value_per_purchase native_growth_value_per_subscribe new_consideration_rate
    new_consideration_size offline_registration_event_rate offline_registration_events
    offline_registration_events_value on_web_add_to_wishlist_rate on_web_order_per_click on_web_subscribe_rate
    onsite_ad_impression_ad_revenue_roas onsite_cost_per_ad_impression onsite_cost_per_non_first_launch
    onsite_cost_per_registration onsite_cost_per_total_subscribe onsite_cost_per_unique_add_to_cart
    onsite_cost_per_unique_checkout_initiation onsite_cost_per_unique_first_launch
    onsite_cost_per_unique_first_launch_conversion_time onsite_cost_per_unique_non_first_launch
    onsite_cost_per_unique_subscribe onsite_subscribe_rate onsite_subscribe_value_day0 onsite_subscribe_value_day1
    onsite_subscribe_value_day13 onsite_subscribe_value_day2 onsite_subscribe_value_day20
    onsite_subscribe_value_day27 onsite_subscribe_value_day29 onsite_subscribe_value_day3
    onsite_subscribe_value_day4 onsite_subscribe_value_day5 onsite_subscribe_value_day6
    onsite_total_non_first_launch onsite_total_purchase_roas_calendar_day0
    onsite_total_purchase_roas_calendar_day13 onsite_total_purchase_roas_calendar_day6
    onsite_total_purchase_roas_day0 onsite_total_purchase_roas_day13 onsite_total_purchase_roas_day6
    onsite_total_purchase_value_calendar_day0 onsite_total_purchase_value_calendar_day13
    onsite_total_purchase_value_calendar_day6 onsite_total_purchase_value_day0 onsite_total_purchase_value_day13
    onsite_total_purchase_value_day6 onsite_total_subscribe onsite_total_subscribe_value onsite_unique_add_to_cart
    onsite_unique_checkout_initiation onsite_unique_first_launch onsite_unique_first_launch_conversion_time
    onsite_unique_non_first_launch onsite_unique_subscribe onsite_value_per_ad_impression
    onsite_value_per_subscribe organic_video_views page_browse_view page_browse_view_rate
    product_details_page_browse product_details_page_browse_rate reach real_time_conversion_rate
    real_time_cost_per_result real_time_result real_time_result_rate result result_rate secondary_goal_result
    secondary_goal_result_rate single_image_ctr single_image_impression_rate single_image_impressions tageview_rate
    total_page_browse_view_value total_product_details_page_browse_value unique_custom_app_events
    value_per_custom_app_event value_per_custom_page_event value_per_offline_registration_event
    value_per_page_browse_view value_per_product_details_page_browse voucher_spend
"""

OWN = tuple(_OWN.split())
"""The metrics that no other report has."""
LACKING = frozenset(_LACKING.split())
"""The metrics of other reports that these reports lack."""

_COMPONENTS = {
    "skan": ("skan", "cta_install"), "website": ("payment", "web_registration"), "offline": ("payment", "form"),
    "onsite": ("onsite_view", "onsite_lead"), "playable": ("p50", "landing"), "product": ("p25", "comments"),
}  # fmt: skip
"""For each family of metrics, the two components that its counts are made of."""
_PRICE = 37
_RATIOS = {
    "pageview_rate": ("pageview", RATE, "clicks"),
    "cost_pre_ad_impression_event": ("spend", 1, "ads_impression_events"),
    "skan_total_repetitive_active_pay_roas": ("skan_total_purchase_value", PLAIN, "spend"),
    "onsite_value_per_ad_impression_value": ("onsite_total_ad_impression_value", 1, "onsite_total_ad_impression"),
}
"""The quotients whose names do not say what they divide."""


def _is_value(name: str) -> bool:
    return "_value" in name and "value_per" not in name


def _is_ratio(name: str) -> bool:
    return name in _RATIOS or bool(re.search("cost_|value_per_|_rate$|_roas|_per_click$", name))


def _own_tables() -> Tables:
    """What the metrics count, cost and are worth. A later count of a family is at least as high as an earlier one."""
    tables = Tables(forms={}, counts={}, money={}, ratios={})
    numbers = {family: count(1) for family in _COMPONENTS}
    for name in OWN:
        if _is_ratio(name):
            continue
        family = next(item for item in _COMPONENTS if item in name)
        first, second = _COMPONENTS[family]
        number = next(numbers[family])
        form = {first: 1 + number // 2, second: number}
        if _is_value(name):
            tables.value(name, {component: multiple * _PRICE for component, multiple in form.items()})
        else:
            tables.count(name, form)
    for name in OWN:
        if _is_ratio(name):
            tables.ratios[name] = _RATIOS.get(name) or _ratio(name, tables)
    return tables


def _ratio(name: str, tables: Tables) -> tuple[str, int, str]:
    """What a quotient divides, from its name: a cost per count, a value per count, a return, or a rate of clicks."""
    if "_roas" in name:
        return name.replace("roas", "value"), PLAIN, "spend"
    stem = re.sub("cost_(per_)?|value_per_|_rate$|_per_click$", "", name)
    counted = _counted(stem, tables)
    if "cost_" in name:
        return "spend", 1, counted
    if "value_per_" in name:
        family, _, rest = counted.partition("_")
        names = (f"{counted}_value", f"{family}_total_{rest}_value")
        return next(name for name in names if name in tables.money), 1, counted
    return counted, RATE, "clicks"


def _counted(stem: str, tables: Tables) -> str:
    """The count that a stem stands for: itself, its plural, or its total."""
    family, _, rest = stem.partition("_")
    known = tables.counts.keys() | TABLES.counts.keys()
    names = (stem, f"{stem}s", f"{family}_total_{rest}")
    return next(name for name in names if name in known)


MATERIAL_TABLES = _own_tables()
"""The metrics that only these reports have."""
