-- When each stream was last synced, and whether that sync was complete.
--
-- stream VARCHAR: The stream: the name of its table.
-- last_sync_at TIMESTAMP: When its last sync began, in UTC.
-- hours_ago DOUBLE: Hours since then.
-- complete BOOLEAN: Whether that sync delivered the whole stream.
-- missing VARCHAR: What that sync did not deliver, in words; null if nothing is missing.
-- last_complete_sync_at TIMESTAMP: When the last complete sync of the stream began, in UTC.
-- read_rows BIGINT: Number of rows that the last sync read.
SELECT r.stream, r.started_at AS last_sync_at, {{hours_between r.started_at | {{utc_now}}}} AS hours_ago, r.complete,
    NULLIF(r.missing, '') AS missing, r.last_complete_sync_at, r.read_rows
FROM (
    SELECT stream, started_at, complete, missing, read_rows,
        max(CASE WHEN complete THEN started_at END) OVER (PARTITION BY stream) AS last_complete_sync_at,
        row_number() OVER (PARTITION BY stream ORDER BY started_at DESC) AS age
    FROM {{table _tiktok_syncs}} AS syncs
) AS r
WHERE r.age = 1
