-- Spend and results per creative and day: all ads of an account that show the same video, post or image together.
-- There is no reach, because the people that the ads reached cannot be added up.
--
-- day
-- [account]
-- creative_id VARCHAR: What the ads show: the id of the video, of the TikTok post or of the first image. Without any of these, `ad:` and the ad's id.
-- creative_kind VARCHAR: What the creative is: `video`, `post`, `image` or `ad`.
-- campaign_type
-- ads BIGINT: Number of ads with the creative that have figures on the day.
-- [delivery]
-- [results]
-- [video]
-- [social]
SELECT r.stat_time_day AS day, {{include account}},
    r.creative_id, r.creative_kind, r.campaign_type, r.ads,
    {{include delivery}},
    {{include results}},
    {{include video}},
    {{include social}}
FROM (
    SELECT f.stat_time_day, f.advertiser_id,
        COALESCE(d.video_id, d.tiktok_item_id, d.image_id, 'ad:' || {{text f.ad_id}}) AS creative_id,
        CASE WHEN d.video_id IS NOT NULL THEN 'video' WHEN d.tiktok_item_id IS NOT NULL THEN 'post'
            WHEN d.image_id IS NOT NULL THEN 'image' ELSE 'ad' END AS creative_kind,
        {{include type}} AS campaign_type, count(*) AS ads,
        sum(f.spend) AS spend, sum(f.impressions) AS impressions, sum(f.clicks) AS clicks,
        sum(f.conversion) AS conversion, sum(f.result) AS result,
        sum(f.total_purchase) AS total_purchase, sum(f.complete_payment) AS complete_payment,
        sum(f.onsite_shopping) AS onsite_shopping, sum(f.total_purchase_value) AS total_purchase_value,
        sum(f.total_complete_payment_rate) AS total_complete_payment_rate,
        sum(f.total_onsite_shopping_value) AS total_onsite_shopping_value,
        sum(f.video_play_actions) AS video_play_actions, sum(f.video_watched_2s) AS video_watched_2s,
        sum(f.video_watched_6s) AS video_watched_6s, sum(f.video_views_p25) AS video_views_p25,
        sum(f.video_views_p50) AS video_views_p50, sum(f.video_views_p75) AS video_views_p75,
        sum(f.video_views_p100) AS video_views_p100,
        sum(f.likes) AS likes, sum(f.comments) AS comments, sum(f.shares) AS shares, sum(f.follows) AS follows
    FROM {{table ads_reports_daily}} AS f
    LEFT JOIN (
        SELECT advertiser_id, ad_id, NULLIF(video_id, '') AS video_id, NULLIF(tiktok_item_id, '') AS tiktok_item_id,
            {{first_of_list image_ids}} AS image_id
        FROM {{table ads}} AS content
    ) AS d ON d.advertiser_id = f.advertiser_id AND d.ad_id = f.ad_id
    LEFT JOIN {{optional campaigns}} AS c ON c.advertiser_id = f.advertiser_id AND c.campaign_id = f.campaign_id
    GROUP BY 1, 2, 3, 4, 5
) AS r
{{include joins}}
