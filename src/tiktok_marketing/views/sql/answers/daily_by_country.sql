-- Spend and results per campaign, day and country of the people who saw the ads.
--
-- day
-- [account]
-- [campaign]
-- country_code VARCHAR: Country where the people were, as a two-letter ISO 3166-1 code; `None` if unknown.
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
    {{include type}} AS campaign_type, c.objective_type, r.country_code,
    {{include delivery}},
    r.conversion, {{ratio r.spend | r.conversion}} AS cost_per_conversion,
    {{percent r.conversion | r.clicks}} AS conversion_rate,
    {{include video}},
    {{include social}}, r.reach, r.frequency, {{include read_at}}
FROM {{table campaigns_audience_reports_by_country_daily}} AS r
{{include campaign_join}}
{{include joins}}
