-- The ad accounts, with their currency, time, status and balance.
--
-- [account]
-- timezone VARCHAR: TikTok's name of the account's time zone. `Etc/GMT+8` is eight hours behind UTC.
-- display_timezone VARCHAR: The place whose time zone it is.
-- status VARCHAR: TikTok's status of the account, such as `STATUS_ENABLE`.
-- country VARCHAR: Country of the account, as a two-letter ISO 3166-1 code.
-- industry VARCHAR: TikTok's id of the industry.
-- balance DECIMAL(18,4): What is left of the account's balance, in the account's currency, when it was last read.
-- create_time TIMESTAMP: When the account was created, in UTC.
-- [loaded]
SELECT r.advertiser_id, r.name AS account_name, r.currency, z.utc_offset_minutes, r.timezone, r.display_timezone, r.status,
    r.country, r.industry, r.balance, r.create_time, {{include read_at}}
FROM {{table advertisers}} AS r
LEFT JOIN {{optional _tiktok_accounts}} AS z ON z.advertiser_id = r.advertiser_id
