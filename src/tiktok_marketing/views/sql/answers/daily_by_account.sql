-- Spend and results per ad account and day.
-- The figures are those that TikTok gives for the whole account, so reach counts each person once per day.
--
-- day
-- [account]
-- [delivery]
-- cash_spend DECIMAL(38,4): Part of the spend that was paid from the account's balance, in the account's currency. Adds up.
-- voucher_spend DECIMAL(38,4): Part of the spend that was paid with ad credits, in the account's currency. Adds up.
-- [results]
-- [video]
-- [social]
-- [people]
-- [loaded]
SELECT r.stat_time_day AS day, {{include account}},
    {{include delivery}}, r.cash_spend, r.voucher_spend,
    {{include results}},
    {{include video}},
    {{include social}}, r.reach, r.frequency, {{include read_at}}
FROM {{table advertisers_reports_daily}} AS r
{{include joins}}
