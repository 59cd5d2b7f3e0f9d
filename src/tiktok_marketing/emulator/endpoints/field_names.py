"""The names that `fields` accepts, for each endpoint that has this parameter: the fields that TikTok documents."""

FIELDS: dict[str, tuple[str, ...]] = {
    "advertiser/info/": tuple(
        """
        advertiser_id can_use_custom_identity ads_only_mode owner_bc_id status role rejection_reason name
        timezone display_timezone company company_name_editable industry address country advertiser_account_type
        currency contacter email cellphone_number telephone_number language license_no license_url description
        balance create_time brand license_city license_province promotion_area promotion_center_city
        promotion_center_province
        """.split()  # noqa: SIM905 - a list of quoted names is harder to read
    ),
    "campaign/get/": tuple(
        """
        advertiser_id campaign_id campaign_system_origin is_search_campaign is_smart_performance_campaign
        campaign_name campaign_type postback_window_mode app_id budget budget_mode rta_id rta_bid_enabled
        rta_product_selection_enabled secondary_status operation_status objective objective_type
        aepp_promotion_type virtual_objective_type sales_destination campaign_product_source budget_optimize_on
        bid_type deep_bid_type roas_bid optimization_goal is_new_structure create_time modify_time
        is_advanced_dedicated_campaign disable_skan_campaign bid_align_type campaign_app_profile_page_state
        special_industries rf_campaign_type po_number app_promotion_type campaign_automation_type
        split_test_variable catalog_enabled
        """.split()  # noqa: SIM905 - a list of quoted names is harder to read
    ),
    "adgroup/get/": tuple(
        """
        advertiser_id campaign_id campaign_name campaign_system_origin is_smart_performance_campaign adgroup_id
        adgroup_name create_time modify_time promotion_type shopping_ads_type identity_id identity_type
        identity_authorized_bc_id product_source catalog_id catalog_authorized_bc_id store_id
        store_authorized_bc_id promotion_target_type message_app_type message_app_account_id phone_region_code
        phone_region_calling_code phone_number promotion_website_type app_id app_type app_download_url pixel_id
        optimization_event app_config deep_funnel_optimization_status deep_funnel_event_source
        deep_funnel_event_source_id deep_funnel_optimization_event placement_type placements
        tiktok_subplacements search_result_enabled comment_disabled video_download_disabled share_disabled
        blocked_pangle_app_ids audience_type audience_rule auto_targeting_enabled shopping_ads_retargeting_type
        shopping_ads_retargeting_actions_days include_custom_actions exclude_custom_actions
        shopping_ads_retargeting_custom_audience_relation location_ids zipcode_ids languages gender age_groups
        exclude_age_under_eighteen spending_power household_income audience_ids smart_audience_enabled
        exclude_audience_ids interest_category_ids interest_keyword_ids purchase_intention_keyword_ids actions
        smart_interest_behavior_enabled include_pangle_audience_package_ids exclude_pangle_audience_package_ids
        operating_systems min_android_version ios14_targeting min_ios_version ios14_quota_type device_model_ids
        network_types carrier_ids isp_ids device_price_ranges saved_audience_id contextual_tag_ids
        brand_safety_type brand_safety_partner inventory_filter_enabled category_exclude_ids
        vertical_sensitive_id budget_mode budget scheduled_budget schedule_type schedule_start_time
        schedule_end_time predict_impression topview_reach_range pre_discount_cpm cpm discount_type
        discount_amount discount_percentage pre_discount_budget schedule_infos delivery_mode dayparting
        optimization_goal secondary_optimization_event message_event_set_id frequency frequency_schedule
        bid_type bid_price conversion_bid_price deep_bid_type roas_bid vbo_window bid_display_mode deep_cpa_bid
        cpv_video_duration next_day_retention click_attribution_window engaged_view_attribution_window
        view_attribution_window attribution_event_count billing_event pacing operation_status secondary_status
        statistic_type is_hfss is_lhf_compliance creative_material_mode adgroup_app_profile_page_state feed_type
        rf_purchased_type purchased_impression purchased_reach rf_estimated_cpr rf_estimated_frequency
        split_test_group_id split_test_status is_new_structure skip_learning_phase campaign_automation_type
        category_exclusion_ids category_id conversion_window excluded_audience_ids excluded_custom_actions
        excluded_pangle_audience_package_ids included_custom_actions included_pangle_audience_package_ids
        keywords package product_set_id split_test_adgroup_ids targeting_expansion messaging_app_type
        messaging_app_account_id custom_conversion_id automated_keywords_enabled search_keywords
        vertical_sensitivity_id
        """.split()  # noqa: SIM905 - a list of quoted names is harder to read
    ),
    "ad/get/": tuple(
        """
        advertiser_id campaign_id campaign_name campaign_system_origin adgroup_id adgroup_name ad_id ad_name
        create_time modify_time identity_type identity_id identity_authorized_bc_id catalog_id
        product_specific_type item_group_ids product_set_id sku_ids showcase_products ad_format
        vertical_video_strategy dynamic_format video_id image_ids carousel_image_index music_id tiktok_item_id
        promotional_music_disabled item_duet_status item_stitch_status dark_post_status branded_content_disabled
        shopping_ads_video_package_id ad_text ad_texts call_to_action call_to_action_id card_id landing_page_url
        utm_params page_id cpp_url tiktok_page_category phone_region_code phone_region_calling_code phone_number
        deeplink deeplink_type deeplink_format_type shopping_ads_deeplink_type deeplink_utm_params
        shopping_ads_fallback_type fallback_type dynamic_destination auto_message_id aigc_disclosure_type
        disclaimer_type disclaimer_text disclaimer_clickable_texts tracking_pixel_id tracking_app_id
        tracking_offline_event_set_ids tracking_message_event_set_id vast_moat_enabled
        viewability_postbid_partner viewability_vast_url brand_safety_postbid_partner brand_safety_vast_url
        impression_tracking_url click_tracking_url playable_url video_view_tracking_url operation_status
        secondary_status creative_type app_name display_name avatar_icon_web_url profile_image_url
        creative_authorized is_aco is_new_structure optimization_event avatar_icon_web_uri
        campaign_automation_type landing_page_urls premium_badge_id shopping_deeplink_type smart_plus_ad_id
        ad_id_v2 vehicle_ids end_card_cta auto_disclaimer_types product_display_field_list
        creative_auto_enhancement_strategy_list
        """.split()  # noqa: SIM905 - a list of quoted names is harder to read
    ),
}
