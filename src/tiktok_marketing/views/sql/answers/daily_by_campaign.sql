-- Spend and results per campaign and day, with the campaign's budget.
-- Compare campaigns of one type: spend without clicks or impressions, as GMV Max has it, distorts CPC, CPM and CTR.
--
-- day
-- [account]
-- [campaign]
-- budget DECIMAL(18,4): Budget of the campaign as it is now, in the account's currency; 0 if its ad groups have the budgets.
-- budget_mode VARCHAR: What the budget is for, such as `BUDGET_MODE_DAY` or `BUDGET_MODE_TOTAL`.
-- [delivery]
-- [results]
-- [video]
-- [social]
-- [people]
-- [loaded]
SELECT r.stat_time_day AS day, {{include account}},
    r.campaign_id, COALESCE(c.campaign_name, r.campaign_name) AS campaign_name,
    {{include type}} AS campaign_type, c.objective_type, c.budget, c.budget_mode,
    {{include delivery}},
    {{include results}},
    {{include video}},
    {{include social}}, r.reach, r.frequency, {{include read_at}}
FROM {{table campaigns_reports_daily}} AS r
{{include campaign_join}}
{{include joins}}
