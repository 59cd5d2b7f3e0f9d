-- What the database has of each report, per ad account.
-- A day without rows is either a day without ads or a day that was not read. `tiktok-marketing doctor` tells these apart.
--
-- stream VARCHAR: The report: the name of its table.
-- [account]
-- first_day DATE: The first day with rows, in the account's time.
-- last_day DATE: The last day with rows, in the account's time.
-- days_with_rows BIGINT: Number of days that have rows.
-- report_rows BIGINT: Number of rows.
-- spend DECIMAL(38,4): What the ads cost, in the account's currency; null if the report does not say. Adds up within a report.
-- last_read_at TIMESTAMP: When rows of the report were last read for the account, in UTC.
SELECT r.stream, {{include account}}, r.first_day, r.last_day, r.days_with_rows, r.report_rows, r.spend, r.last_read_at
FROM (
    SELECT stream, advertiser_id, min(day) AS first_day, max(day) AS last_day, count(*) AS days_with_rows,
        sum(report_rows) AS report_rows, sum(spend) AS spend, max(last_read_at) AS last_read_at
    FROM (
        {{each report}}
        SELECT {{stream}} AS stream, advertiser_id, {{day}} AS day, count(*) AS report_rows, sum({{money}}) AS spend,
            {{from_seconds max(_dlt_load_id)}} AS last_read_at
        FROM {{this}} AS report
        GROUP BY 1, 2, 3
        {{end}}
    ) AS d
    GROUP BY 1, 2
) AS r
LEFT JOIN {{optional advertisers}} AS a ON a.advertiser_id = r.advertiser_id
LEFT JOIN {{optional _tiktok_accounts}} AS z ON z.advertiser_id = r.advertiser_id
