-- Spend and results per ad group and day, with the ad group's budget.
--
-- day
-- [account]
-- [campaign]
-- [ad_group]
-- budget DECIMAL(18,4): Budget of the ad group as it is now, in the account's currency; 0 if the campaign has the budget.
-- budget_mode VARCHAR: What the budget is for, such as `BUDGET_MODE_DAY` or `BUDGET_MODE_TOTAL`.
-- [delivery]
-- [results]
-- [video]
-- [social]
-- [people]
-- [loaded]
SELECT r.stat_time_day AS day, {{include account}},
    r.campaign_id, COALESCE(c.campaign_name, r.campaign_name) AS campaign_name,
    {{include type}} AS campaign_type, c.objective_type,
    r.adgroup_id, COALESCE(g.adgroup_name, r.adgroup_name) AS adgroup_name, g.budget, g.budget_mode,
    {{include delivery}},
    {{include results}},
    {{include video}},
    {{include social}}, r.reach, r.frequency, {{include read_at}}
FROM {{table ad_groups_reports_daily}} AS r
LEFT JOIN {{optional ad_groups}} AS g ON g.advertiser_id = r.advertiser_id AND g.adgroup_id = r.adgroup_id
{{include campaign_join}}
{{include joins}}
