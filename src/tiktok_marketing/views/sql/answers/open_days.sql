-- The days of each report that may still change, per ad account.
-- A day is open until it was read seven days after its end, TikTok's usual click window, plus the report's own delay. Only days with rows are listed.
--
-- stream VARCHAR: The report: the name of its table.
-- advertiser_id
-- day
-- read_at
-- final_after TIMESTAMP: The time in UTC after which a read of the day has final figures. With an unknown offset of the account, it is the latest possible time.
SELECT stream, advertiser_id, day, read_at, final_after
FROM (
    SELECT d.stream, d.advertiser_id, d.day, d.read_at,
        {{minutes_later CAST(d.day AS TIMESTAMP) | ((1 + d.attribution_days) * 1440 + d.hours_late * 60 - COALESCE(z.utc_offset_minutes, -720))}}
            AS final_after
    FROM (
        {{each daily}}
        SELECT {{stream}} AS stream, advertiser_id, {{day}} AS day, {{hours_late}} AS hours_late,
            {{attribution_days}} AS attribution_days, min({{from_seconds _dlt_load_id}}) AS read_at
        FROM {{this}} AS report
        GROUP BY 1, 2, 3
        {{end}}
    ) AS d
    LEFT JOIN {{optional _tiktok_accounts}} AS z ON z.advertiser_id = d.advertiser_id
) AS e
WHERE read_at IS NULL OR read_at < final_after
