-- The regions that each ad account can target.
-- The key is advertiser_id and region_id.
--
-- advertiser_id BIGINT: TikTok's field `advertiser_id`.
-- region_id VARCHAR: TikTok's field `region_id`.
-- parent_id VARCHAR: TikTok's field `parent_id`.
-- region_name VARCHAR: TikTok's field `region_name`.
-- region_level VARCHAR: TikTok's field `region_level`.
-- area_type VARCHAR: TikTok's field `area_type`.
-- country_code VARCHAR: TikTok's field `country_code`.
-- support_below_18 BOOLEAN: TikTok's field `support_below_18`.
-- _fivetran_synced TIMESTAMP: When the row was loaded, in UTC.
SELECT r.advertiser_id, r.region_id, r.parent_id, r.region_name, r.region_level, r.area_type, r.country_code,
    r.support_below_18, {{from_seconds r._dlt_load_id}} AS _fivetran_synced
FROM {{table regions}} AS r
