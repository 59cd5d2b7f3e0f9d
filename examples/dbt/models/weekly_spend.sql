SELECT
    CAST(date_trunc('week', day) AS DATE) AS week,
    advertiser_id,
    currency,
    campaign_id,
    max(campaign_name) AS campaign_name,
    sum(spend) AS spend,
    sum(impressions) AS impressions,
    sum(clicks) AS clicks,
    sum(conversion) AS conversions
FROM {{ source('tiktok_ads', 'daily_by_campaign') }}
GROUP BY 1, 2, 3, 4
