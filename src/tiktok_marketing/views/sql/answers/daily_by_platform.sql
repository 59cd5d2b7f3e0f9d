-- Spend and results per campaign, day and operating system of the people who saw the ads.
-- TikTok leaves out people of whom it knows too little, so the sums can be below those of daily_by_campaign.
--
-- day
-- [account]
-- [campaign]
-- platform VARCHAR: Operating system or device, such as `ANDROID`, `IPHONE` or `IPAD`.
-- [delivery]
-- conversion
-- cost_per_conversion
-- conversion_rate
-- [video]
-- [social]
-- [people]
-- [loaded]
SELECT r.stat_time_day AS day, {{include account}},
    r.campaign_id, COALESCE(c.campaign_name, r.campaign_name) AS campaign_name,
    {{include type}} AS campaign_type, c.objective_type, r.platform,
    {{include delivery}},
    r.conversion, {{ratio r.spend | r.conversion}} AS cost_per_conversion,
    {{percent r.conversion | r.clicks}} AS conversion_rate,
    {{include video}},
    {{include social}}, r.reach, r.frequency, {{include read_at}}
FROM {{table campaigns_audience_reports_by_platform_daily}} AS r
{{include campaign_join}}
{{include joins}}
