-- The ad accounts.
-- The key is id.
--
-- id BIGINT: Id of the ad account.
-- name VARCHAR: TikTok's field `name`.
-- address VARCHAR: TikTok's field `address`.
-- balance DOUBLE: What is left of the account's balance, in its currency.
-- company VARCHAR: TikTok's field `company`.
-- contacter VARCHAR: TikTok's field `contacter`.
-- country VARCHAR: TikTok's field `country`.
-- currency VARCHAR: Currency of the account, as a three-letter ISO 4217 code.
-- description VARCHAR: TikTok's field `description`.
-- email VARCHAR: TikTok's field `email`.
-- industry VARCHAR: TikTok's field `industry`.
-- language VARCHAR: TikTok's field `language`.
-- cellphone_number VARCHAR: TikTok's field `cellphone_number`.
-- telephone_number VARCHAR: TikTok's field `telephone_number`.
-- timezone VARCHAR: TikTok's name of the account's time zone.
-- _fivetran_synced TIMESTAMP: When the row was loaded, in UTC.
-- _fivetran_deleted BOOLEAN: Always false: deletion is a status at TikTok.
-- status VARCHAR: TikTok's field `status`.
-- role VARCHAR: TikTok's field `role`.
-- create_time TIMESTAMP: When the account was created, in UTC.
SELECT r.advertiser_id AS id, r.name, r.address, r.balance, r.company, r.contacter, r.country, r.currency,
    r.description, r.email, r.industry, r.language, r.cellphone_number, r.telephone_number, r.timezone,
    {{from_seconds r._dlt_load_id}} AS _fivetran_synced, FALSE AS _fivetran_deleted, r.status, r.role,
    r.create_time
FROM {{table advertisers}} AS r
