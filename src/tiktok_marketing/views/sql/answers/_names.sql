LEFT JOIN {{optional advertisers}} AS a ON a.advertiser_id = r.advertiser_id
LEFT JOIN {{optional _tiktok_accounts}} AS z ON z.advertiser_id = r.advertiser_id
