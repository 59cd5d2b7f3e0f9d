-- Spend and results per ad and day.
-- Join it with the view creatives on advertiser_id and ad_id to see texts and addresses.
--
-- day
-- [account]
-- [campaign]
-- [ad_group]
-- [ad]
-- [delivery]
-- [results]
-- [video]
-- [social]
-- [people]
-- [loaded]
SELECT r.stat_time_day AS day, {{include account}},
    r.campaign_id, COALESCE(c.campaign_name, r.campaign_name) AS campaign_name,
    {{include type}} AS campaign_type, c.objective_type,
    r.adgroup_id, COALESCE(d.adgroup_name, r.adgroup_name) AS adgroup_name,
    r.ad_id, COALESCE(d.ad_name, r.ad_name) AS ad_name,
    {{include delivery}},
    {{include results}},
    {{include video}},
    {{include social}}, r.reach, r.frequency, {{include read_at}}
FROM {{table ads_reports_daily}} AS r
LEFT JOIN {{optional ads}} AS d ON d.advertiser_id = r.advertiser_id AND d.ad_id = r.ad_id
{{include campaign_join}}
{{include joins}}
