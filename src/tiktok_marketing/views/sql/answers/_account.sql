r.advertiser_id, a.name AS account_name, a.currency, z.utc_offset_minutes
