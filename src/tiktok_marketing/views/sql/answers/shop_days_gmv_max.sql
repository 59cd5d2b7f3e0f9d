-- Cost and sales of GMV Max per store and day of the shop, each store once.
-- TikTok's days are those of the ad account. This view adds up hours to days at the shop's time, as the seller center shows them. The first and the last day of a store are not whole.
--
-- shop_day DATE: Day in the shop's time.
-- [account]
-- store_id VARCHAR: Id of the TikTok Shop store.
-- store_name VARCHAR: Name of the store, as it is now.
-- shop_offset_minutes BIGINT: Minutes that the shop's time is ahead of UTC, by its first country and without daylight saving. Without a known country it is that of Los Angeles.
-- hours BIGINT: Number of hours of the day that have a row.
-- cost DECIMAL(38,4): What the ads cost, in the account's currency. Adds up.
-- orders BIGINT: Number of orders, including those without a paid view. Adds up.
-- gross_revenue DECIMAL(38,4): Value of the orders, in the account's currency. Adds up.
-- cost_per_order DOUBLE: Cost per order, in the account's currency. Compute it again for sums.
-- roi DOUBLE: Value of the orders per cost (2.5 means that 1 spent brought 2.5). Compute it again for sums.
SELECT r.shop_day, {{include account}}, r.store_id, r.store_name, r.shop_offset_minutes, r.hours,
    r.cost, r.orders, r.gross_revenue,
    {{ratio r.cost | r.orders}} AS cost_per_order, {{ratio r.gross_revenue | r.cost}} AS roi
FROM (
    SELECT CAST({{minutes_later h.stat_time_hour | (h.shop_offset_minutes - h.utc_offset_minutes)}} AS DATE) AS shop_day,
        h.advertiser_id, h.store_id, h.store_name, h.shop_offset_minutes, count(*) AS hours,
        sum(h.cost) AS cost, sum(h.orders) AS orders, sum(h.gross_revenue) AS gross_revenue
    FROM (
        SELECT r.advertiser_id, r.store_id, r.stat_time_hour, r.cost, r.orders, r.gross_revenue, s.store_name,
            u.utc_offset_minutes,
            CASE
                WHEN {{first_of_list s.targeting_region_codes}} IN ('GB', 'IE') THEN 0
                WHEN {{first_of_list s.targeting_region_codes}} IN ('DE', 'ES', 'FR', 'IT') THEN 60
                WHEN {{first_of_list s.targeting_region_codes}} = 'SA' THEN 180
                WHEN {{first_of_list s.targeting_region_codes}} IN ('ID', 'TH', 'VN') THEN 420
                WHEN {{first_of_list s.targeting_region_codes}} IN ('MY', 'PH', 'SG') THEN 480
                WHEN {{first_of_list s.targeting_region_codes}} = 'JP' THEN 540
                WHEN {{first_of_list s.targeting_region_codes}} = 'BR' THEN -180
                WHEN {{first_of_list s.targeting_region_codes}} = 'MX' THEN -360
                ELSE -480
            END AS shop_offset_minutes
        FROM {{table gmv_max_advertiser_reports_hourly}} AS r
        JOIN {{include store_owner}}
        JOIN {{table gmv_max_stores}} AS s ON s.advertiser_id = r.advertiser_id AND s.store_id = r.store_id
        JOIN {{optional _tiktok_accounts}} AS u ON u.advertiser_id = r.advertiser_id
    ) AS h
    GROUP BY 1, 2, 3, 4, 5
) AS r
{{include names}}
