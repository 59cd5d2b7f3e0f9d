LEFT JOIN {{optional campaigns}} AS c ON c.advertiser_id = r.advertiser_id AND c.campaign_id = r.campaign_id
