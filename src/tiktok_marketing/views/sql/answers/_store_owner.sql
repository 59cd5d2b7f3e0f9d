(
    SELECT p.advertiser_id, p.store_id, count(*) OVER (PARTITION BY p.store_id) AS accounts,
        row_number() OVER (
            PARTITION BY p.store_id
            ORDER BY CASE WHEN {{json_member p.exclusive_authorized_advertiser_info | advertiser_id}}
                = {{text p.advertiser_id}} THEN 0 ELSE 1 END, p.advertiser_id
        ) AS place
    FROM {{table gmv_max_stores}} AS p
) AS o ON o.advertiser_id = r.advertiser_id AND o.store_id = r.store_id AND o.place = 1
