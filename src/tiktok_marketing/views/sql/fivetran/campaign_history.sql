-- The campaigns, each as it is now.
-- The key is campaign_id and updated_at.
--
-- campaign_id BIGINT: TikTok's field `campaign_id`.
-- updated_at TIMESTAMP: When the object was last changed, in UTC; when it was loaded, if TikTok does not say.
-- advertiser_id BIGINT: TikTok's field `advertiser_id`.
-- campaign_name VARCHAR: TikTok's field `campaign_name`.
-- campaign_type VARCHAR: TikTok's field `campaign_type`.
-- split_test_variable VARCHAR: TikTok's field `split_test_variable`.
-- objective_type VARCHAR: TikTok's field `objective_type`.
-- status VARCHAR: TikTok's field `secondary_status`.
-- budget DECIMAL(18,4): Budget, in the account's currency.
-- budget_mode VARCHAR: TikTok's field `budget_mode`.
-- create_time TIMESTAMP: When it was created, in UTC.
-- is_new_structure VARCHAR: TikTok's field `is_new_structure`.
-- _fivetran_synced TIMESTAMP: When the row was loaded, in UTC.
-- _fivetran_deleted BOOLEAN: Always false: deletion is a status at TikTok.
-- secondary_status VARCHAR: TikTok's field `secondary_status`.
-- operation_status VARCHAR: TikTok's field `operation_status`.
-- campaign_automation_type VARCHAR: TikTok's field `campaign_automation_type`.
SELECT r.campaign_id, COALESCE(r.modify_time, {{from_seconds r._dlt_load_id}}) AS updated_at, r.advertiser_id,
    r.campaign_name, r.campaign_type, r.split_test_variable, r.objective_type, r.secondary_status AS status,
    r.budget, r.budget_mode, r.create_time, CAST(r.is_new_structure AS VARCHAR) AS is_new_structure,
    {{from_seconds r._dlt_load_id}} AS _fivetran_synced, FALSE AS _fivetran_deleted, r.secondary_status,
    r.operation_status, r.campaign_automation_type
FROM {{table campaigns}} AS r
