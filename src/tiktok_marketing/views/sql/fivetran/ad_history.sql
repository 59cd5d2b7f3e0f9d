-- The ads, each as it is now, without the creatives of upgraded Smart+ ads, which are in creative_history.
-- The key is ad_id and updated_at. For dbt_tiktok_ads before 1.3 (`--before-1.3`), the creatives are here instead.
--
-- ad_id BIGINT: TikTok's field `ad_id`.
-- updated_at TIMESTAMP: When the object was last changed, in UTC; when it was loaded, if TikTok does not say.
-- adgroup_id BIGINT: TikTok's field `adgroup_id`.
-- advertiser_id BIGINT: TikTok's field `advertiser_id`.
-- campaign_id BIGINT: TikTok's field `campaign_id`.
-- ad_name VARCHAR: TikTok's field `ad_name`.
-- call_to_action VARCHAR: TikTok's field `call_to_action`.
-- click_tracking_url VARCHAR: TikTok's field `click_tracking_url`.
-- impression_tracking_url VARCHAR: TikTok's field `impression_tracking_url`.
-- landing_page_url VARCHAR: Address that the ad leads to; the alphabetically first one if there are several.
-- _fivetran_synced TIMESTAMP: When the row was loaded, in UTC.
-- _fivetran_deleted BOOLEAN: Always false: deletion is a status at TikTok.
-- create_time TIMESTAMP: When it was created, in UTC.
-- secondary_status VARCHAR: TikTok's field `secondary_status`.
-- operation_status VARCHAR: TikTok's field `operation_status`.
-- ad_text VARCHAR: TikTok's field `ad_text`.
-- video_id VARCHAR: TikTok's field `video_id`.
-- app_name VARCHAR: TikTok's field `app_name`.
-- deeplink VARCHAR: TikTok's field `deeplink`.
-- profile_image_url VARCHAR: TikTok's field `profile_image_url`.
-- playable_url VARCHAR: TikTok's field `playable_url`.
-- is_aco BOOLEAN: TikTok's field `is_aco`.
-- creative_authorized BOOLEAN: TikTok's field `creative_authorized`.
-- is_new_structure BOOLEAN: TikTok's field `is_new_structure`.
-- image_ids VARCHAR: TikTok's field `image_ids`, as JSON.
SELECT r.ad_id, COALESCE(r.modify_time, {{from_seconds r._dlt_load_id}}) AS updated_at, r.adgroup_id,
    r.advertiser_id, r.campaign_id, r.ad_name, r.call_to_action, r.click_tracking_url, r.impression_tracking_url,
    COALESCE(NULLIF(r.landing_page_url, ''), {{lowest_of_list r.landing_page_urls}}) AS landing_page_url,
    {{from_seconds r._dlt_load_id}} AS _fivetran_synced, FALSE AS _fivetran_deleted, r.create_time,
    r.secondary_status, r.operation_status, r.ad_text, r.video_id, r.app_name, r.deeplink, r.profile_image_url,
    r.playable_url, r.is_aco, r.creative_authorized, r.is_new_structure, {{text r.image_ids}} AS image_ids
FROM {{table ads}} AS r
WHERE {{switch smart_plus_in_ad_history}} OR NOT (r.smart_plus_ad_id IS NOT NULL OR COALESCE(r.campaign_automation_type, '') LIKE 'UPGRADED_SMART_PLUS%')
