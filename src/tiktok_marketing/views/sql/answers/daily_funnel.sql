-- From impression to purchase, per campaign and day: the app, the website and TikTok Shop apart and together.
-- A leg that TikTok does not count for the campaign is null or 0. A campaign that sends people to several legs can count one person in each.
--
-- day
-- [account]
-- [campaign]
-- spend
-- impressions
-- clicks
-- landing_page_views BIGINT: Number of times that the landing page opened and loaded after a click. Adds up.
-- app_views BIGINT: Number of content views in the app. Adds up.
-- web_views BIGINT: Number of product page views on the website. Adds up.
-- shop_views BIGINT: Number of product page views in TikTok Shop. Adds up.
-- all_views BIGINT: The views of all three together. Adds up.
-- app_carts BIGINT: Number of additions to the cart in the app. Adds up.
-- web_carts BIGINT: Number of additions to the cart on the website. Adds up.
-- shop_carts BIGINT: Number of additions to the cart in TikTok Shop. Adds up.
-- all_carts BIGINT: The additions to the cart of all three together. Adds up.
-- app_purchases BIGINT: Number of purchases in the app. Adds up.
-- web_purchases BIGINT: Number of purchases on the website. Adds up.
-- shop_purchases BIGINT: Number of purchases in TikTok Shop. Adds up.
-- all_purchases BIGINT: The purchases of all three together. Adds up.
-- app_purchase_value DECIMAL(38,4): Value of the purchases in the app, in the account's currency. Adds up.
-- web_purchase_value DECIMAL(38,4): Value of the purchases on the website, in the account's currency. Adds up.
-- shop_purchase_value DECIMAL(38,4): Value of the purchases in TikTok Shop, in the account's currency. Adds up.
-- all_purchase_value DECIMAL(38,4): Value of the purchases of all three together, in the account's currency. Adds up.
-- app_roas DOUBLE: Value of the purchases in the app per spend. Compute it again for sums.
-- web_roas DOUBLE: Value of the purchases on the website per spend. Compute it again for sums.
-- shop_roas DOUBLE: Value of the purchases in TikTok Shop per spend. Compute it again for sums.
-- all_roas DOUBLE: Value of the purchases of all three per spend. Compute it again for sums.
-- app_installs BIGINT: Number of app installs. Adds up.
-- app_lead_value DECIMAL(38,4): Value of all leads in the app, in the account's currency. Adds up.
SELECT r.stat_time_day AS day, {{include account}},
    r.campaign_id, COALESCE(c.campaign_name, r.campaign_name) AS campaign_name,
    {{include type}} AS campaign_type, c.objective_type, r.spend, r.impressions, r.clicks,
    r.total_landing_page_view AS landing_page_views,
    r.total_view_content AS app_views, r.page_content_view_events AS web_views, r.onsite_on_web_detail AS shop_views,
    {{together r.total_view_content | r.page_content_view_events | r.onsite_on_web_detail}} AS all_views,
    r.total_app_event_add_to_cart AS app_carts, r.web_event_add_to_cart AS web_carts, r.onsite_on_web_cart AS shop_carts,
    {{together r.total_app_event_add_to_cart | r.web_event_add_to_cart | r.onsite_on_web_cart}} AS all_carts,
    r.total_purchase AS app_purchases, r.complete_payment AS web_purchases, r.onsite_shopping AS shop_purchases,
    {{together r.total_purchase | r.complete_payment | r.onsite_shopping}} AS all_purchases,
    r.total_purchase_value AS app_purchase_value, r.total_complete_payment_rate AS web_purchase_value,
    r.total_onsite_shopping_value AS shop_purchase_value,
    {{together r.total_purchase_value | r.total_complete_payment_rate | r.total_onsite_shopping_value}}
        AS all_purchase_value,
    {{ratio r.total_purchase_value | r.spend}} AS app_roas, {{ratio r.total_complete_payment_rate | r.spend}} AS web_roas,
    {{ratio r.total_onsite_shopping_value | r.spend}} AS shop_roas,
    {{ratio {{together r.total_purchase_value | r.total_complete_payment_rate | r.total_onsite_shopping_value}} | r.spend}}
        AS all_roas,
    r.app_install AS app_installs, r.total_sales_lead_value AS app_lead_value
FROM {{table campaigns_reports_daily}} AS r
{{include campaign_join}}
LEFT JOIN {{optional advertisers}} AS a ON a.advertiser_id = r.advertiser_id
LEFT JOIN {{optional _tiktok_accounts}} AS z ON z.advertiser_id = r.advertiser_id
