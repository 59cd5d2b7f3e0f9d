LEFT JOIN {{optional advertisers}} AS a ON a.advertiser_id = r.advertiser_id
LEFT JOIN {{optional _tiktok_accounts}} AS z ON z.advertiser_id = r.advertiser_id
LEFT JOIN {{optional _tiktok_rates}} AS x ON x.currency = a.currency AND x.day = r.stat_time_day
