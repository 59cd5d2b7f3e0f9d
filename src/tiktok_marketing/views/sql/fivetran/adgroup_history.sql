-- The ad groups, each as it is now.
-- The key is adgroup_id and updated_at.
--
-- adgroup_id BIGINT: TikTok's field `adgroup_id`.
-- updated_at TIMESTAMP: When the object was last changed, in UTC; when it was loaded, if TikTok does not say.
-- advertiser_id BIGINT: TikTok's field `advertiser_id`.
-- campaign_id BIGINT: TikTok's field `campaign_id`.
-- adgroup_name VARCHAR: TikTok's field `adgroup_name`.
-- action_days BIGINT: Days of the first group of actions: TikTok's `actions[].action_period`.
-- action_categories VARCHAR: Categories of the first group of actions, as JSON: TikTok's `actions[].action_category_ids`.
-- age_groups VARCHAR: TikTok's field `age_groups`, as JSON.
-- audience_type VARCHAR: TikTok's field `audience_type`.
-- budget DOUBLE: Budget, in the account's currency.
-- category BIGINT: Always null: TikTok removed it in v1.3.
-- display_name VARCHAR: Always null: TikTok removed it in v1.3.
-- interest_category_v_2 VARCHAR: TikTok's field `interest_category_ids`, as JSON.
-- frequency BIGINT: TikTok's field `frequency`.
-- frequency_schedule BIGINT: TikTok's field `frequency_schedule`, in days.
-- gender VARCHAR: TikTok's field `gender`.
-- languages VARCHAR: TikTok's field `languages`, as JSON.
-- landing_page_url VARCHAR: Always null: TikTok removed it in v1.3.
-- _fivetran_synced TIMESTAMP: When the row was loaded, in UTC.
-- _fivetran_deleted BOOLEAN: Always false: deletion is a status at TikTok.
-- create_time TIMESTAMP: When it was created, in UTC.
-- placement_type VARCHAR: TikTok's field `placement_type`.
-- app_type VARCHAR: TikTok's field `app_type`.
-- app_download_url VARCHAR: TikTok's field `app_download_url`.
-- optimization_event VARCHAR: TikTok's field `optimization_event`.
-- secondary_optimization_event VARCHAR: TikTok's field `secondary_optimization_event`.
-- creative_material_mode VARCHAR: TikTok's field `creative_material_mode`.
-- min_android_version VARCHAR: TikTok's field `min_android_version`.
-- min_ios_version VARCHAR: TikTok's field `min_ios_version`.
-- budget_mode VARCHAR: TikTok's field `budget_mode`.
-- schedule_type VARCHAR: TikTok's field `schedule_type`.
-- dayparting VARCHAR: TikTok's field `dayparting`.
-- optimization_goal VARCHAR: TikTok's field `optimization_goal`.
-- cpv_video_duration VARCHAR: TikTok's field `cpv_video_duration`.
-- pacing VARCHAR: TikTok's field `pacing`.
-- billing_event VARCHAR: TikTok's field `billing_event`.
-- bid_type VARCHAR: TikTok's field `bid_type`.
-- deep_bid_type VARCHAR: TikTok's field `deep_bid_type`.
-- secondary_status VARCHAR: TikTok's field `secondary_status`.
-- operation_status VARCHAR: TikTok's field `operation_status`.
-- statistic_type VARCHAR: TikTok's field `statistic_type`.
-- package VARCHAR: TikTok's field `package`.
-- bid_price DECIMAL(18,4): Bid, in the account's currency.
-- conversion_bid_price DECIMAL(18,4): Bid per conversion, in the account's currency.
-- deep_cpa_bid DECIMAL(18,4): Bid for the deeper event, in the account's currency.
-- schedule_start_time TIMESTAMP: Start of the schedule, in UTC.
-- schedule_end_time TIMESTAMP: End of the schedule, in UTC.
-- app_id BIGINT: TikTok's field `app_id`.
-- pixel_id BIGINT: TikTok's field `pixel_id`.
-- inventory_filter_enabled BOOLEAN: TikTok's field `inventory_filter_enabled`.
-- is_hfss BOOLEAN: TikTok's field `is_hfss`.
-- is_comment_disable BOOLEAN: TikTok's field `comment_disabled`.
-- placements VARCHAR: TikTok's field `placements`, as JSON.
-- operating_systems VARCHAR: TikTok's field `operating_systems`, as JSON.
SELECT r.adgroup_id, COALESCE(r.modify_time, {{from_seconds r._dlt_load_id}}) AS updated_at, r.advertiser_id,
    r.campaign_id, r.adgroup_name, {{number_text {{json_path r.actions | 0 | action_period}}}} AS action_days,
    {{json_path r.actions | 0 | action_category_ids}} AS action_categories, {{text r.age_groups}} AS age_groups,
    r.audience_type, r.budget, NULL AS category, NULL AS display_name,
    {{text r.interest_category_ids}} AS interest_category_v_2, r.frequency, r.frequency_schedule, r.gender,
    {{text r.languages}} AS languages, NULL AS landing_page_url,
    {{from_seconds r._dlt_load_id}} AS _fivetran_synced, FALSE AS _fivetran_deleted, r.create_time,
    r.placement_type, r.app_type, r.app_download_url, r.optimization_event, r.secondary_optimization_event,
    r.creative_material_mode, r.min_android_version, r.min_ios_version, r.budget_mode, r.schedule_type,
    r.dayparting, r.optimization_goal, r.cpv_video_duration, r.pacing, r.billing_event, r.bid_type,
    r.deep_bid_type, r.secondary_status, r.operation_status, r.statistic_type, r.package, r.bid_price,
    r.conversion_bid_price, r.deep_cpa_bid, r.schedule_start_time, r.schedule_end_time, r.app_id, r.pixel_id,
    r.inventory_filter_enabled, r.is_hfss, r.comment_disabled AS is_comment_disable,
    {{text r.placements}} AS placements, {{text r.operating_systems}} AS operating_systems
FROM {{table ad_groups}} AS r
