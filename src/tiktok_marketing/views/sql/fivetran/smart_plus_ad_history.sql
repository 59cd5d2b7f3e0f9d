-- The upgraded Smart+ ads, each as it is now.
-- The key is smart_plus_ad_id and modify_time.
--
-- smart_plus_ad_id BIGINT: TikTok's field `smart_plus_ad_id`.
-- modify_time TIMESTAMP: When the object was last changed, in UTC; when it was loaded, if TikTok does not say.
-- advertiser_id BIGINT: TikTok's field `advertiser_id`.
-- adgroup_id BIGINT: TikTok's field `adgroup_id`.
-- campaign_id BIGINT: TikTok's field `campaign_id`.
-- create_time TIMESTAMP: When it was created, in UTC.
-- ad_name VARCHAR: TikTok's field `ad_name`.
-- campaign_name VARCHAR: TikTok's field `campaign_name`.
-- adgroup_name VARCHAR: TikTok's field `adgroup_name`.
-- secondary_status VARCHAR: TikTok's field `secondary_status`.
-- operation_status VARCHAR: TikTok's field `operation_status`.
-- landing_page_url_list VARCHAR: The addresses in TikTok's field `landing_page_url_list`, as a JSON list of texts.
-- ad_text_list VARCHAR: TikTok's field `ad_text_list`, as JSON.
-- auto_message_list VARCHAR: TikTok's field `auto_message_list`, as JSON.
-- call_to_action_list VARCHAR: TikTok's field `call_to_action_list`, as JSON.
-- interactive_add_on_list VARCHAR: TikTok's field `interactive_add_on_list`, as JSON.
-- page_list VARCHAR: TikTok's field `page_list`, as JSON.
-- custom_product_page_list VARCHAR: TikTok's field `custom_product_page_list`, as JSON.
-- deeplink_list VARCHAR: TikTok's field `deeplink_list`, as JSON.
-- creative_auto_add_toggle BOOLEAN: TikTok's field `ad_configuration.creative_auto_add_toggle`.
-- catalog_creative_toggle BOOLEAN: TikTok's field `ad_configuration.catalog_creative_toggle`.
-- identity_id VARCHAR: TikTok's field `ad_configuration.identity_id`.
-- identity_type VARCHAR: TikTok's field `ad_configuration.identity_type`.
-- dark_post_status VARCHAR: TikTok's field `ad_configuration.dark_post_status`.
-- product_specific_type VARCHAR: TikTok's field `ad_configuration.product_specific_type`.
-- product_set_id VARCHAR: TikTok's field `ad_configuration.product_set_id`.
-- end_card_cta VARCHAR: TikTok's field `ad_configuration.end_card_cta`.
-- fallback_type VARCHAR: TikTok's field `ad_configuration.fallback_type`.
-- call_to_action_id VARCHAR: TikTok's field `ad_configuration.call_to_action_id`.
-- product_ids VARCHAR: TikTok's field `ad_configuration.product_ids`, as JSON.
-- product_display_field_list VARCHAR: TikTok's field `ad_configuration.product_display_field_list`, as JSON.
-- auto_disclaimer_types VARCHAR: TikTok's field `ad_configuration.auto_disclaimer_types`, as JSON.
-- tracking_info_click_tracking_url VARCHAR: TikTok's field `ad_configuration.tracking_info.click_tracking_url`.
-- tracking_info_impression_tracking_url VARCHAR: TikTok's field `ad_configuration.tracking_info.impression_tracking_url`.
-- tracking_info_tracking_app_id VARCHAR: TikTok's field `ad_configuration.tracking_info.tracking_app_id`.
-- tracking_info_tracking_message_event_set_id VARCHAR: TikTok's field `ad_configuration.tracking_info.tracking_message_event_set_id`.
-- product_info_selling_points VARCHAR: TikTok's field `ad_configuration.product_info.selling_points`, as JSON.
-- phone_info_phone_region_code VARCHAR: TikTok's field `ad_configuration.phone_info.phone_region_code`.
-- phone_info_phone_region_calling_code VARCHAR: TikTok's field `ad_configuration.phone_info.phone_region_calling_code`.
-- phone_info_phone_number VARCHAR: TikTok's field `ad_configuration.phone_info.phone_number`.
-- _fivetran_synced TIMESTAMP: When the row was loaded, in UTC.
-- _fivetran_deleted BOOLEAN: Always false: deletion is a status at TikTok.
SELECT r.smart_plus_ad_id, COALESCE(r.modify_time, {{from_seconds r._dlt_load_id}}) AS modify_time,
    r.advertiser_id, r.adgroup_id, r.campaign_id, r.create_time, r.ad_name, r.campaign_name, r.adgroup_name,
    r.secondary_status, r.operation_status,
    {{texts_of r.landing_page_url_list | landing_page_url}} AS landing_page_url_list,
    {{text r.ad_text_list}} AS ad_text_list, {{text r.auto_message_list}} AS auto_message_list,
    {{text r.call_to_action_list}} AS call_to_action_list,
    {{text r.interactive_add_on_list}} AS interactive_add_on_list, {{text r.page_list}} AS page_list,
    {{text r.custom_product_page_list}} AS custom_product_page_list,
    {{text r.deeplink_list}} AS deeplink_list,
    {{flag {{json_member r.ad_configuration | creative_auto_add_toggle}}}} AS creative_auto_add_toggle,
    {{flag {{json_member r.ad_configuration | catalog_creative_toggle}}}} AS catalog_creative_toggle,
    {{json_member r.ad_configuration | identity_id}} AS identity_id,
    {{json_member r.ad_configuration | identity_type}} AS identity_type,
    {{json_member r.ad_configuration | dark_post_status}} AS dark_post_status,
    {{json_member r.ad_configuration | product_specific_type}} AS product_specific_type,
    {{json_member r.ad_configuration | product_set_id}} AS product_set_id,
    {{json_member r.ad_configuration | end_card_cta}} AS end_card_cta,
    {{json_member r.ad_configuration | fallback_type}} AS fallback_type,
    {{json_member r.ad_configuration | call_to_action_id}} AS call_to_action_id,
    {{json_member r.ad_configuration | product_ids}} AS product_ids,
    {{json_member r.ad_configuration | product_display_field_list}} AS product_display_field_list,
    {{json_member r.ad_configuration | auto_disclaimer_types}} AS auto_disclaimer_types,
    {{json_nested r.ad_configuration | tracking_info | click_tracking_url}} AS tracking_info_click_tracking_url,
    {{json_nested r.ad_configuration | tracking_info | impression_tracking_url}} AS tracking_info_impression_tracking_url,
    {{json_nested r.ad_configuration | tracking_info | tracking_app_id}} AS tracking_info_tracking_app_id,
    {{json_nested r.ad_configuration | tracking_info | tracking_message_event_set_id}} AS tracking_info_tracking_message_event_set_id,
    {{json_nested r.ad_configuration | product_info | selling_points}} AS product_info_selling_points,
    {{json_nested r.ad_configuration | phone_info | phone_region_code}} AS phone_info_phone_region_code,
    {{json_nested r.ad_configuration | phone_info | phone_region_calling_code}} AS phone_info_phone_region_calling_code,
    {{json_nested r.ad_configuration | phone_info | phone_number}} AS phone_info_phone_number,
    {{from_seconds r._dlt_load_id}} AS _fivetran_synced, FALSE AS _fivetran_deleted
FROM {{table smart_plus_ads}} AS r
