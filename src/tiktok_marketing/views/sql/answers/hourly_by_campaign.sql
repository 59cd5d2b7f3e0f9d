-- Spend and results per campaign and hour.
--
-- hour_start TIMESTAMP: Start of the hour in the account's time; see utc_offset_minutes.
-- day
-- weekday BIGINT: Day of the week in the account's time, from 1 (Monday) to 7 (Sunday).
-- hour BIGINT: Hour of the day in the account's time, from 0 to 23.
-- [account]
-- [campaign]
-- [delivery]
-- [results]
-- [people]
SELECT r.stat_time_hour AS hour_start, r.stat_time_day AS day,
    EXTRACT(ISODOW FROM r.stat_time_day) AS weekday, EXTRACT(HOUR FROM r.stat_time_hour) AS hour, {{include account}},
    r.campaign_id, COALESCE(c.campaign_name, r.campaign_name) AS campaign_name,
    {{include type}} AS campaign_type, c.objective_type,
    {{include delivery}},
    {{include results}}, r.reach, r.frequency
FROM (SELECT h.*, CAST(h.stat_time_hour AS DATE) AS stat_time_day FROM {{table campaigns_reports_hourly}} AS h) AS r
{{include campaign_join}}
{{include joins}}
