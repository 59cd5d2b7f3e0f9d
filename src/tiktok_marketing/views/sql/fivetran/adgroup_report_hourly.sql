-- Figures per ad group and hour.
-- The key is adgroup_id and stat_time_hour.
--
-- adgroup_id BIGINT: Id of the ad group.
-- stat_time_hour TIMESTAMP: Start of the hour, in the account's time.
-- average_video_play DOUBLE: TikTok's metric `average_video_play`, as TikTok computes it.
-- average_video_play_per_user DOUBLE: TikTok's metric `average_video_play_per_user`, as TikTok computes it.
-- conversion_rate DOUBLE: TikTok's metric `conversion_rate`, as TikTok computes it.
-- cost_per_conversion DOUBLE: TikTok's metric `cost_per_conversion`, as TikTok computes it.
-- cpc DOUBLE: TikTok's metric `cpc`, as TikTok computes it.
-- cpm DOUBLE: TikTok's metric `cpm`, as TikTok computes it.
-- ctr DOUBLE: TikTok's metric `ctr`, as TikTok computes it.
-- conversion BIGINT: TikTok's metric `conversion`.
-- real_time_conversion BIGINT: TikTok's metric `real_time_conversion`.
-- clicks BIGINT: TikTok's metric `clicks`.
-- comments BIGINT: TikTok's metric `comments`.
-- follows BIGINT: TikTok's metric `follows`.
-- impressions BIGINT: TikTok's metric `impressions`.
-- likes BIGINT: TikTok's metric `likes`.
-- profile_visits BIGINT: TikTok's metric `profile_visits`.
-- reach BIGINT: TikTok's metric `reach`.
-- shares BIGINT: TikTok's metric `shares`.
-- spend DECIMAL(18,4): TikTok's metric `spend`, in the account's currency.
-- total_purchase_value DECIMAL(18,4): TikTok's metric `total_purchase_value`, in the account's currency.
-- total_sales_lead_value DECIMAL(18,4): TikTok's metric `total_sales_lead_value`, in the account's currency.
-- video_play_actions BIGINT: TikTok's metric `video_play_actions`.
-- video_views_p_25 BIGINT: TikTok's metric `video_views_p25`.
-- video_views_p_50 BIGINT: TikTok's metric `video_views_p50`.
-- video_views_p_75 BIGINT: TikTok's metric `video_views_p75`.
-- video_watched_2_s BIGINT: TikTok's metric `video_watched_2s`.
-- video_watched_6_s BIGINT: TikTok's metric `video_watched_6s`.
-- video_views_p_100 BIGINT: TikTok's metric `video_views_p100`.
-- result BIGINT: TikTok's metric `result`.
-- cost_per_result DOUBLE: TikTok's metric `cost_per_result`, as TikTok computes it.
-- result_rate DOUBLE: TikTok's metric `result_rate`, as TikTok computes it.
-- real_time_result BIGINT: TikTok's metric `real_time_result`.
-- real_time_cost_per_result DOUBLE: TikTok's metric `real_time_cost_per_result`, as TikTok computes it.
-- real_time_result_rate DOUBLE: TikTok's metric `real_time_result_rate`, as TikTok computes it.
-- real_time_cost_per_conversion DOUBLE: TikTok's metric `real_time_cost_per_conversion`, as TikTok computes it.
-- real_time_conversion_rate DOUBLE: TikTok's metric `real_time_conversion_rate`, as TikTok computes it.
-- secondary_goal_result BIGINT: TikTok's metric `secondary_goal_result`.
-- cost_per_secondary_goal_result DOUBLE: TikTok's metric `cost_per_secondary_goal_result`, as TikTok computes it.
-- secondary_goal_result_rate DOUBLE: TikTok's metric `secondary_goal_result_rate`, as TikTok computes it.
-- cost_per_1000_reached DOUBLE: TikTok's metric `cost_per_1000_reached`, as TikTok computes it.
-- profile_visits_rate DOUBLE: TikTok's metric `profile_visits_rate`, as TikTok computes it.
-- frequency DOUBLE: TikTok's metric `frequency`, as TikTok computes it.
-- _fivetran_synced TIMESTAMP: When the row was loaded, in UTC.
-- advertiser_id BIGINT: Id of the ad account.
SELECT r.adgroup_id, r.stat_time_hour, r.average_video_play, r.average_video_play_per_user, r.conversion_rate,
    r.cost_per_conversion, r.cpc, r.cpm, r.ctr, r.conversion, r.real_time_conversion, r.clicks, r.comments,
    r.follows, r.impressions, r.likes, r.profile_visits, r.reach, r.shares, r.spend, r.total_purchase_value,
    r.total_sales_lead_value, r.video_play_actions, r.video_views_p25 AS video_views_p_25,
    r.video_views_p50 AS video_views_p_50, r.video_views_p75 AS video_views_p_75,
    r.video_watched_2s AS video_watched_2_s, r.video_watched_6s AS video_watched_6_s,
    r.video_views_p100 AS video_views_p_100, r.result, r.cost_per_result, r.result_rate, r.real_time_result,
    r.real_time_cost_per_result, r.real_time_result_rate, r.real_time_cost_per_conversion,
    r.real_time_conversion_rate, r.secondary_goal_result, r.cost_per_secondary_goal_result,
    r.secondary_goal_result_rate, r.cost_per_1000_reached, r.profile_visits_rate, r.frequency,
    {{from_seconds r._dlt_load_id}} AS _fivetran_synced, r.advertiser_id
FROM {{table ad_groups_reports_hourly}} AS r
