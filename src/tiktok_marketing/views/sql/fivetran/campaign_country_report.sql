-- Figures per campaign, country and day.
-- The key is campaign_id, country_code and stat_time_day.
--
-- campaign_id BIGINT: TikTok's field `campaign_id`.
-- country_code VARCHAR: Country where the people were, as a two-letter ISO 3166-1 code.
-- stat_time_day TIMESTAMP: Day, in the account's time.
-- clicks BIGINT: TikTok's metric `clicks`.
-- impressions BIGINT: TikTok's metric `impressions`.
-- spend DECIMAL(18,4): TikTok's metric `spend`, in the account's currency.
-- conversion BIGINT: TikTok's metric `conversion`.
-- conversion_rate DOUBLE: TikTok's metric `conversion_rate`, as TikTok computes it.
-- cost_per_conversion DOUBLE: TikTok's metric `cost_per_conversion`, as TikTok computes it.
-- cpc DOUBLE: TikTok's metric `cpc`, as TikTok computes it.
-- cpm DOUBLE: TikTok's metric `cpm`, as TikTok computes it.
-- ctr DOUBLE: TikTok's metric `ctr`, as TikTok computes it.
-- real_time_conversion BIGINT: TikTok's metric `real_time_conversion`.
-- _fivetran_synced TIMESTAMP: When the row was loaded, in UTC.
-- advertiser_id BIGINT: Id of the ad account.
SELECT r.campaign_id, r.country_code, CAST(r.stat_time_day AS TIMESTAMP) AS stat_time_day, r.clicks,
    r.impressions, r.spend, r.conversion, r.conversion_rate, r.cost_per_conversion, r.cpc, r.cpm, r.ctr,
    r.real_time_conversion, {{from_seconds r._dlt_load_id}} AS _fivetran_synced, r.advertiser_id
FROM {{table campaigns_audience_reports_by_country_daily}} AS r
