"""The metrics that TikTok documents for some dimensions, and for reports of the type BC.

No list is published for the other dimensions.
"""

BASIC: dict[str, frozenset[str]] = {
    dimension: frozenset(names.split())
    for dimension, names in {
        "ad_type": """
            spend cpc cpm impressions gross_impressions clicks ctr conversion cost_per_conversion
            conversion_rate real_time_conversion real_time_cost_per_conversion real_time_conversion_rate
            video_play_actions video_watched_2s video_watched_6s average_video_play video_views_p25
            video_views_p50 video_views_p75 video_views_p100 engaged_view engaged_view_15s
            clicks_on_music_disc follows likes comments shares profile_visits profile_visits_rate
            total_landing_page_view cost_per_landing_page_view landing_page_view_rate skan_conversion
            skan_cost_per_conversion skan_conversion_rate skan_app_install skan_cost_per_app_install
            skan_app_install_withheld
        """,
        "search_terms": """
            spend cpc cpm impressions clicks ctr conversion cost_per_conversion conversion_rate
            real_time_conversion result cost_per_result result_rate video_play_actions engaged_view
            engaged_view_15s
        """,
        "page_id": """
            onsite_form onsite_download_start ix_page_view_count ix_button_click_count
            ix_product_click_count ix_page_duration_avg ix_page_viewrate_avg ix_video_views
            ix_video_views_p25 ix_video_views_p50 ix_video_views_p75 ix_video_views_p100
            ix_average_video_play spend cpc cpm impressions gross_impressions clicks ctr conversion
            cost_per_conversion conversion_rate conversion_rate_v2 real_time_conversion
            real_time_cost_per_conversion real_time_conversion_rate real_time_conversion_rate_v2
        """,
        "component_name": """
            ix_page_duration_avg ix_page_viewrate_avg ix_video_views ix_video_views_p25 ix_video_views_p50
            ix_video_views_p75 ix_video_views_p100 ix_average_video_play spend cpc cpm impressions
            gross_impressions clicks ctr conversion cost_per_conversion conversion_rate conversion_rate_v2
            real_time_conversion real_time_cost_per_conversion real_time_conversion_rate
            real_time_conversion_rate_v2
        """,
        "room_id": """
            spend cpc cpm impressions clicks ctr conversion cost_per_conversion conversion_rate
            conversion_rate_v2 onsite_add_to_wishlist cost_per_onsite_add_to_wishlist
            onsite_add_to_wishlist_rate value_per_onsite_add_to_wishlist total_onsite_add_to_wishlist_value
            ix_product_click_count cost_per_ix_product_click_count ix_product_click_count_rate
            onsite_shopping_roas onsite_shopping cost_per_onsite_shopping onsite_shopping_rate
            value_per_onsite_shopping total_onsite_shopping_value onsite_initiate_checkout_count
            cost_per_onsite_initiate_checkout_count onsite_initiate_checkout_count_rate
            value_per_onsite_initiate_checkout_count total_onsite_initiate_checkout_count_value
            onsite_on_web_detail cost_per_onsite_on_web_detail onsite_on_web_detail_rate
            value_per_onsite_on_web_detail total_onsite_on_web_detail_value onsite_on_web_cart
            cost_per_onsite_on_web_cart onsite_on_web_cart_rate value_per_onsite_on_web_cart
            total_onsite_on_web_cart_value
        """,
        "post_id": """
            spend cpc cpm impressions clicks ctr conversion cost_per_conversion conversion_rate
            conversion_rate_v2 video_play_actions video_watched_2s video_watched_6s engaged_view
            video_views_p25 video_views_p50 video_views_p75 video_views_p100 average_video_play
            onsite_add_to_wishlist cost_per_onsite_add_to_wishlist onsite_add_to_wishlist_rate
            value_per_onsite_add_to_wishlist total_onsite_add_to_wishlist_value ix_product_click_count
            cost_per_ix_product_click_count ix_product_click_count_rate onsite_shopping_roas onsite_shopping
            cost_per_onsite_shopping onsite_shopping_rate value_per_onsite_shopping
            total_onsite_shopping_value onsite_initiate_checkout_count
            cost_per_onsite_initiate_checkout_count onsite_initiate_checkout_count_rate
            value_per_onsite_initiate_checkout_count total_onsite_initiate_checkout_count_value
            onsite_on_web_detail cost_per_onsite_on_web_detail onsite_on_web_detail_rate
            value_per_onsite_on_web_detail total_onsite_on_web_detail_value onsite_on_web_cart
            cost_per_onsite_on_web_cart onsite_on_web_cart_rate value_per_onsite_on_web_cart
            total_onsite_on_web_cart_value
        """,
    }.items()
}
"""For a dimension of BASIC reports, the metrics that it can be combined with."""

AUDIENCE: dict[str, frozenset[str]] = dict.fromkeys(
    ("ad_type", "hashtag", "audience_tags", "purchase_intention"),
    frozenset(
        """
        spend cpc cpm impressions clicks conversion cost_per_conversion conversion_rate conversion_rate_v2
        real_time_conversion real_time_cost_per_conversion real_time_conversion_rate
        real_time_conversion_rate_v2 video_play_actions video_watched_6s video_views_p100 video_views_p75
        video_views_p50 video_views_p25 average_video_play engaged_view engaged_view_15s follows comments shares
        profile_visits_rate profile_visits clicks_on_music_disc total_landing_page_view
        """.split()  # noqa: SIM905 - a list of quoted names is harder to read
    ),
)
"""The same for AUDIENCE reports."""

BC: dict[str, list[str]] = {
    dimension: names.split()
    for dimension, names in {
        "time": """
            spend billed_cost cash_spend voucher_spend cashback_coupon_spend tax_spend cpc cpm impressions
            clicks ctr conversion cost_per_conversion conversion_rate reach real_time_conversion
            real_time_cost_per_conversion real_time_conversion_rate account_type skan_conversion
            skan_cost_per_conversion skan_conversion_rate registration cost_per_registration registration_rate
            purchase cost_per_purchase purchase_rate value_per_total_purchase total_purchase_value app_install
            cost_per_app_install app_install_rate real_time_app_install real_time_app_install_cost
            real_time_app_install_rate skan_app_install skan_cost_per_app_install skan_registration
            skan_cost_per_registration skan_registration_rate skan_total_registration
            skan_cost_per_total_registration skan_purchase skan_cost_per_purchase skan_purchase_rate
            skan_total_purchase skan_cost_per_total_purchase skan_total_purchase_value video_watched_2s
            video_watched_6s video_views_p100 video_views_p75 video_views_p50 video_views_p25
        """,
        "placement": """
            advertiser_name currency spend cpc cpm impressions clicks ctr conversion cost_per_conversion
            conversion_rate real_time_conversion real_time_cost_per_conversion real_time_conversion_rate
        """,
        "country_code": """
            advertiser_name currency spend cash_spend voucher_spend cashback_coupon_spend cpc cpm impressions
            clicks ctr conversion cost_per_conversion conversion_rate real_time_conversion
            real_time_cost_per_conversion real_time_conversion_rate
        """,
    }.items()
}
"""The metrics of BC reports by time, placement or country."""
