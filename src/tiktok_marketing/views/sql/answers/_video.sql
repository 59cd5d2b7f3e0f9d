r.video_play_actions, r.video_watched_2s, r.video_watched_6s, r.video_views_p25, r.video_views_p50, r.video_views_p75,
    r.video_views_p100, {{percent r.video_watched_2s | r.impressions}} AS hook_rate,
    {{percent r.video_watched_6s | r.video_watched_2s}} AS hold_rate
