-- The creatives of upgraded Smart+ ads, each as it is now.
-- The key is creative_id and modify_time. It is empty with `--before-1.3`.
--
-- creative_id BIGINT: Id of the creative, which is the ad_id of reports.
-- smart_plus_ad_id BIGINT: TikTok's field `smart_plus_ad_id`.
-- advertiser_id BIGINT: TikTok's field `advertiser_id`.
-- adgroup_id BIGINT: TikTok's field `adgroup_id`.
-- campaign_id BIGINT: TikTok's field `campaign_id`.
-- modify_time TIMESTAMP: When the object was last changed, in UTC; when it was loaded, if TikTok does not say.
-- create_time TIMESTAMP: When it was created, in UTC.
-- video_id VARCHAR: TikTok's field `video_id`.
-- creative_name VARCHAR: Name of the creative.
-- campaign_name VARCHAR: TikTok's field `campaign_name`.
-- adgroup_name VARCHAR: TikTok's field `adgroup_name`.
-- identity_id VARCHAR: TikTok's field `identity_id`.
-- identity_type VARCHAR: TikTok's field `identity_type`.
-- campaign_automation_type VARCHAR: TikTok's field `campaign_automation_type`.
-- ad_text VARCHAR: TikTok's field `ad_text`.
-- secondary_status VARCHAR: TikTok's field `secondary_status`.
-- operation_status VARCHAR: TikTok's field `operation_status`.
-- image_ids VARCHAR: TikTok's field `image_ids`, as JSON.
-- _fivetran_synced TIMESTAMP: When the row was loaded, in UTC.
-- _fivetran_deleted BOOLEAN: Always false: deletion is a status at TikTok.
SELECT r.ad_id AS creative_id, r.smart_plus_ad_id, r.advertiser_id, r.adgroup_id, r.campaign_id,
    COALESCE(r.modify_time, {{from_seconds r._dlt_load_id}}) AS modify_time, r.create_time, r.video_id,
    r.ad_name AS creative_name, r.campaign_name, r.adgroup_name, r.identity_id, r.identity_type,
    r.campaign_automation_type, r.ad_text, r.secondary_status, r.operation_status,
    {{text r.image_ids}} AS image_ids, {{from_seconds r._dlt_load_id}} AS _fivetran_synced,
    FALSE AS _fivetran_deleted
FROM {{table ads}} AS r
WHERE NOT {{switch smart_plus_in_ad_history}} AND (r.smart_plus_ad_id IS NOT NULL OR r.campaign_automation_type LIKE 'UPGRADED_SMART_PLUS%')
