-- The ads with what they show: text, landing page, UTM parts, and the addresses of thumbnail and video.
-- TikTok's addresses end after hours. `sync --assets FOLDER` keeps copies, and then thumbnail_path and video_path name them.
--
-- [account]
-- [campaign]
-- [ad_group]
-- [ad]
-- creative_id VARCHAR: What the ad shows: the id of the video, of the TikTok post or of the first image. Without any of these, `ad:` and the ad's id.
-- creative_kind VARCHAR: What the creative is: `video`, `post`, `image` or `ad`.
-- ad_format VARCHAR: TikTok's format of the ad, such as `SINGLE_VIDEO`.
-- ad_text VARCHAR: Text of the ad.
-- call_to_action VARCHAR: TikTok's name of the button, such as `SHOP_NOW`.
-- landing_page_url VARCHAR: Address that the ad leads to; the first one if there are several.
-- utm_source VARCHAR: UTM source of the landing page. In all UTM parts, usual escapes such as `%20` are decoded, and TikTok's macros for ids and names are filled in.
-- utm_medium VARCHAR: UTM medium of the landing page.
-- utm_campaign VARCHAR: UTM campaign of the landing page.
-- utm_content VARCHAR: UTM content of the landing page.
-- utm_term VARCHAR: UTM term of the landing page.
-- video_id VARCHAR: Id of the video; null if there is none.
-- image_id VARCHAR: Id of the first image, which is the cover of a video; null if there is none.
-- tiktok_item_id VARCHAR: Id of the TikTok post; null if the ad is not made from one.
-- thumbnail_url VARCHAR: Address of the cover, or of the first image of a carousel. It ends at thumbnail_url_ends_at.
-- thumbnail_url_ends_at TIMESTAMP: When the address of the thumbnail ends, in UTC; null if it does not say.
-- video_url VARCHAR: Address of the video. It ends at video_url_ends_at.
-- video_url_ends_at TIMESTAMP: When the address of the video ends, in UTC; null if it does not say.
-- thumbnail_path VARCHAR: Path of the stored thumbnail below the folder of `--assets`; null if there is none.
-- video_path VARCHAR: Path of the stored video below the folder of `--assets`; null if there is none.
-- video_seconds DOUBLE: Length of the video, in seconds.
-- operation_status VARCHAR: Whether the ad is switched on: `ENABLE`, `DISABLE` or `DELETE`.
-- secondary_status VARCHAR: TikTok's status of the ad in detail.
-- create_time TIMESTAMP: When the ad was created, in UTC.
-- modify_time TIMESTAMP: When the ad was last changed, in UTC.
SELECT {{include account}}, r.campaign_id, COALESCE(c.campaign_name, r.campaign_name) AS campaign_name,
    {{include type}} AS campaign_type, c.objective_type, r.adgroup_id, r.adgroup_name, r.ad_id, r.ad_name,
    COALESCE(r.video_id, r.tiktok_item_id, r.image_id, 'ad:' || {{text r.ad_id}}) AS creative_id,
    CASE WHEN r.video_id IS NOT NULL THEN 'video' WHEN r.tiktok_item_id IS NOT NULL THEN 'post'
        WHEN r.image_id IS NOT NULL THEN 'image' ELSE 'ad' END AS creative_kind,
    r.ad_format, r.ad_text, r.call_to_action, r.landing_page_url,
    {{filled COALESCE(r.utm_source, {{decoded {{matched r.landing_page_url | [?&]utm_source=([^&#]*)}}}})}} AS utm_source,
    {{filled COALESCE(r.utm_medium, {{decoded {{matched r.landing_page_url | [?&]utm_medium=([^&#]*)}}}})}} AS utm_medium,
    {{filled COALESCE(r.utm_campaign, {{decoded {{matched r.landing_page_url | [?&]utm_campaign=([^&#]*)}}}})}}
        AS utm_campaign,
    {{filled COALESCE(r.utm_content, {{decoded {{matched r.landing_page_url | [?&]utm_content=([^&#]*)}}}})}}
        AS utm_content,
    {{filled COALESCE(r.utm_term, {{decoded {{matched r.landing_page_url | [?&]utm_term=([^&#]*)}}}})}} AS utm_term,
    r.video_id, r.image_id, r.tiktok_item_id, t.thumbnail_url,
    {{from_seconds {{matched t.thumbnail_url | [?&]x-expires=([0-9]+)}}}} AS thumbnail_url_ends_at,
    t.video_url,
    COALESCE({{from_seconds {{matched t.video_url | [?&]x-expires=([0-9]+)}}}}, t.preview_url_expire_time)
        AS video_url_ends_at,
    t.thumbnail_path, t.video_path, t.video_seconds, r.operation_status, r.secondary_status, r.create_time, r.modify_time
FROM (
    SELECT advertiser_id, campaign_id, campaign_name, adgroup_id, adgroup_name, ad_id, ad_name, ad_format, ad_text,
        call_to_action, operation_status, secondary_status, create_time, modify_time,
        COALESCE(NULLIF(landing_page_url, ''), {{first_of_list landing_page_urls}}) AS landing_page_url,
        {{pair utm_params | utm_source}} AS utm_source, {{pair utm_params | utm_medium}} AS utm_medium,
        {{pair utm_params | utm_campaign}} AS utm_campaign, {{pair utm_params | utm_content}} AS utm_content,
        {{pair utm_params | utm_term}} AS utm_term,
        NULLIF(video_id, '') AS video_id, NULLIF(tiktok_item_id, '') AS tiktok_item_id,
        {{first_of_list image_ids}} AS image_id
    FROM {{table ads}} AS content
) AS r
LEFT JOIN (
    SELECT s.advertiser_id, s.ad_id,
        COALESCE(v.video_cover_url, {{json_member p.video_info | poster_url}},
            (p.item_info -> 'carousel_info' -> 'image_info' -> 0 ->> 'image_url'), i.image_url) AS thumbnail_url,
        COALESCE(v.preview_url, {{json_member p.video_info | preview_url}}) AS video_url,
        v.preview_url_expire_time, v.duration AS video_seconds,
        COALESCE(kv.path, kp.path, ki.path) AS thumbnail_path, COALESCE(kw.path, kq.path) AS video_path
    FROM (
        SELECT advertiser_id, ad_id, NULLIF(video_id, '') AS video_id, NULLIF(tiktok_item_id, '') AS tiktok_item_id,
            {{first_of_list image_ids}} AS image_id
        FROM {{table ads}} AS content
    ) AS s
    LEFT JOIN {{optional creative_assets_videos}} AS v ON v.advertiser_id = s.advertiser_id AND v.video_id = s.video_id
    LEFT JOIN {{optional creative_assets_images}} AS i ON i.advertiser_id = s.advertiser_id AND i.image_id = s.image_id
    LEFT JOIN {{optional spark_ads}} AS p
        ON p.advertiser_id = s.advertiser_id AND p.spark_ads_post_id = s.tiktok_item_id
    LEFT JOIN {{optional _tiktok_assets}} AS kv ON kv.kind = 'video_cover' AND kv.content_id = s.video_id
    LEFT JOIN {{optional _tiktok_assets}} AS kw ON kw.kind = 'video' AND kw.content_id = s.video_id
    LEFT JOIN {{optional _tiktok_assets}} AS kp ON kp.kind = 'post_cover' AND kp.content_id = s.tiktok_item_id
    LEFT JOIN {{optional _tiktok_assets}} AS kq ON kq.kind = 'post' AND kq.content_id = s.tiktok_item_id
    LEFT JOIN {{optional _tiktok_assets}} AS ki ON ki.kind = 'image' AND ki.content_id = s.image_id
) AS t ON t.advertiser_id = r.advertiser_id AND t.ad_id = r.ad_id
{{include campaign_join}}
LEFT JOIN {{optional advertisers}} AS a ON a.advertiser_id = r.advertiser_id
LEFT JOIN {{optional _tiktok_accounts}} AS z ON z.advertiser_id = r.advertiser_id
