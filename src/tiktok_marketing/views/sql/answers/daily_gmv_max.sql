-- Cost and sales of GMV Max per store and day, each store once.
-- If several accounts see a store, its row is that of the account that alone may advertise it with GMV Max. If no account has that right, the lowest id decides.
--
-- day
-- [account]
-- store_id VARCHAR: Id of the TikTok Shop store.
-- store_name VARCHAR: Name of the store, as it is now.
-- accounts BIGINT: Number of accounts that see the store and were synced.
-- cost DECIMAL(38,4): What the ads cost, in the account's currency. Adds up.
-- net_cost DECIMAL(38,4): The cost without vouchers and credits, in the account's currency. Final after about 11 hours. Adds up.
-- orders BIGINT: Number of orders, including those without a paid view. Adds up.
-- gross_revenue DECIMAL(38,4): Value of the orders, in the account's currency. Adds up.
-- cost_per_order DOUBLE: Cost per order, in the account's currency. Compute it again for sums.
-- roi DOUBLE: Value of the orders per cost (2.5 means that 1 spent brought 2.5). Compute it again for sums.
SELECT r.stat_time_day AS day, {{include account}},
    r.store_id, s.store_name, o.accounts, r.cost, r.net_cost, r.orders, r.gross_revenue,
    {{ratio r.cost | r.orders}} AS cost_per_order, {{ratio r.gross_revenue | r.cost}} AS roi
FROM {{table gmv_max_advertiser_reports_daily}} AS r
JOIN {{include store_owner}}
LEFT JOIN {{table gmv_max_stores}} AS s ON s.advertiser_id = r.advertiser_id AND s.store_id = r.store_id
{{include names}}
