-- Spend and results per ad account, day of the week and hour of the day, over all days that are there.
-- Divide by `days` to compare hours. For other days, group the view hourly_by_campaign.
--
-- [account]
-- weekday BIGINT: Day of the week in the account's time, from 1 (Monday) to 7 (Sunday).
-- hour BIGINT: Hour of the day in the account's time, from 0 to 23.
-- days BIGINT: Number of different days that have figures in this hour.
-- spend
-- impressions
-- clicks
-- ctr
-- cpc
-- cpm
-- conversion
-- cost_per_conversion
-- conversion_rate
-- purchases
-- purchase_value
-- roas
SELECT {{include account}}, r.weekday, r.hour, r.days, r.spend, r.impressions, r.clicks,
    {{percent r.clicks | r.impressions}} AS ctr, {{ratio r.spend | r.clicks}} AS cpc,
    1000 * {{ratio r.spend | r.impressions}} AS cpm,
    r.conversion, {{ratio r.spend | r.conversion}} AS cost_per_conversion,
    {{percent r.conversion | r.clicks}} AS conversion_rate, r.purchases, r.purchase_value,
    {{ratio r.purchase_value | r.spend}} AS roas
FROM (
    SELECT h.advertiser_id, EXTRACT(ISODOW FROM h.stat_time_hour) AS weekday, EXTRACT(HOUR FROM h.stat_time_hour) AS hour,
        count(DISTINCT CAST(h.stat_time_hour AS DATE)) AS days,
        sum(h.spend) AS spend, sum(h.impressions) AS impressions, sum(h.clicks) AS clicks,
        sum(h.conversion) AS conversion,
        sum({{together h.total_purchase | h.complete_payment | h.onsite_shopping}}) AS purchases,
        sum({{together h.total_purchase_value | h.total_complete_payment_rate | h.total_onsite_shopping_value}})
            AS purchase_value
    FROM {{table advertisers_reports_hourly}} AS h
    GROUP BY 1, 2, 3
) AS r
LEFT JOIN {{optional advertisers}} AS a ON a.advertiser_id = r.advertiser_id
LEFT JOIN {{optional _tiktok_accounts}} AS z ON z.advertiser_id = r.advertiser_id
