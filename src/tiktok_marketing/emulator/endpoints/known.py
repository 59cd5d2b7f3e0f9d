"""The endpoints of TikTok's Business API v1.3 as of August 2026, whether the emulator serves them or not."""

_GET = """
    account/verification/filetype/ account/verification/status/ ad/aco/get/ ad/get/ ad/review_info/ adgroup/get/
    adgroup/quota/ adgroup/review_info/ adgroup/rf/estimated/info/ advertiser/balance/get/ advertiser/info/
    advertiser/transaction/get/ app/info/ app/list/ app/optimization_event/ app/optimization_event/retargeting/
    asset/bind/quota/ audience/insight/overlap/ bc/account/budget/changelog/get/ bc/account/cost/get/
    bc/account/transaction/get/ bc/advertiser/attribute/ bc/advertiser/qualification/get/
    bc/advertiser/unionpay_info/check/ bc/asset/admin/get/ bc/asset/advertiser/assigned/ bc/asset/get/
    bc/asset/member/get/ bc/asset/partner/get/ bc/asset_group/get/ bc/asset_group/list/ bc/balance/get/
    bc/billing_group/advertiser/list/ bc/billing_group/get/ bc/get/ bc/invoice/download/ bc/invoice/get/
    bc/invoice/task/get/ bc/invoice/task/list/ bc/invoice/unpaid/get/ bc/member/get/ bc/partner/asset/get/
    bc/partner/get/ bc/pixel/link/get/ bc/transaction/get/ blockedword/check/ blockedword/list/ blockedword/task/check/
    blockedword/task/download/ business/benchmark/ business/comment/list/ business/comment/reply/list/ business/get/
    business/hashtag/suggestion/ business/mention/comment/get/ business/mention/comment/list/
    business/mention/hashtag/manage/list/ business/mention/hashtag/verify/list/ business/mention/hashtag/video/list/
    business/mention/top_hashtag/list/ business/mention/top_word/list/ business/mention/video/get/
    business/mention/video/list/ business/message/capabilities/get/ business/message/content/list/
    business/message/conversation/list/ business/message/direct_reply/get/ business/post/authorize/status/
    business/property/list/ business/publish/location/ business/publish/status/ business/video/list/
    business/video/recommend/ business/video/settings/ business/webhook/list/ campaign/copy/task/check/ campaign/get/
    campaign/gmv_max/info/ campaign/gmv_max/session/get/ campaign/gmv_max/session/list/ campaign/quota/get/
    campaign/quota/info/ campaign/spc/get/ campaign/spc/quota/get/ campaign_label/get/ catalog/available_country/get/
    catalog/eventsource_bind/get/ catalog/feed/get/ catalog/feed/log/ catalog/get/ catalog/insight/category/get/
    catalog/insight/filter/get/ catalog/insight/product/get/ catalog/lexicon/get/ catalog/location_currency/get/
    catalog/overview/ catalog/product/get/ catalog/product/log/ catalog/set/get/ catalog/set/product/get/
    catalog/video/get/ catalog/video/log/ catalog/video_package/get/ changelog/get/ changelog/task/check/
    changelog/task/download/ comment/list/ comment/reference/ comment/task/check/ comment/task/download/
    creative/auto_message/get/ creative/cta/recommend/ creative/portfolio/get/ creative/portfolio/list/
    creative/report/get/ creative/status/get/ creative_fatigue/get/ crm/list/ ctm/message_event_set/get/
    custom_conversion/get/ custom_conversion/list/ delivery/bid/recommend/ delivery/budget/recommend/
    diagnostic/catalog/ diagnostic/catalog/eventsource/issue/ diagnostic/catalog/eventsource/metric/
    diagnostic/catalog/product/task/get/ discovery/cml/trending_list/ discovery/cml/video_list/ discovery/detail/
    discovery/trending/search/ discovery/trending/search/keyword/ discovery/trending_list/ discovery/video_list/
    dmp/custom_audience/apply/log/ dmp/custom_audience/get/ dmp/custom_audience/list/ dmp/custom_audience/share/log/
    dmp/saved_audience/list/ dynamic_scene/get/ dynamic_scene/report/get/ dynamic_scene/task/get/ file/image/ad/info/
    file/image/ad/search/ file/music/get/ file/name/check/ file/video/ad/info/ file/video/ad/search/
    file/video/suggestcover/ gmv_max/bid/recommend/ gmv_max/campaign/get/ gmv_max/custom_anchor_video_list/get/
    gmv_max/exclusive_authorization/get/ gmv_max/identity/get/ gmv_max/occupied_custom_shop_ads/list/
    gmv_max/report/get/ gmv_max/store/list/ gmv_max/store/shop_ad_usage_check/ gmv_max/video/get/ identity/get/
    identity/info/ identity/live/get/ identity/music/authorization/ identity/native_series/get/ identity/video/get/
    identity/video/info/ lead/field/get/ lead/get/ minis/get/ mmm/api/check/ mmm/api/download/ mmm/api/history/
    oauth2/advertiser/get/ offline/get/ optimizer/rule/get/ optimizer/rule/list/ optimizer/rule/result/get/
    optimizer/rule/result/list/ page/field/get/ page/get/ page/lead/mock/get/ page/lead/task/download/ page/library/get/
    pangle_audience_package/get/ pangle_block_list/get/ payment_portfolio/advertiser/get/ payment_portfolio/get/
    payment_portfolio/user/get/ pixel/event/stats/ pixel/instant_page/event/ pixel/list/ playable/get/
    playable/validate/ portal/mcp-tt4b-authorize/ report/ad_benchmark/get/ report/bid_protection/detail/get/
    report/bid_protection/status/get/ report/integrated/get/ report/task/check/
    report/task/download/ report/video_performance/get/ rf/contract/query/ rf/delivery/timezone/ rf/inventory/estimate/
    search/region/ search_ad/negative_keyword/download/ search_ad/negative_keyword/get/ showcase/identity/get/
    showcase/product/get/ showcase/region/get/ smart_plus/ad/get/ smart_plus/ad/review_info/ smart_plus/adgroup/get/
    smart_plus/campaign/copy/task/check/ smart_plus/campaign/get/ smart_plus/material/review_info/
    smart_plus/material_report/breakdown/ smart_plus/material_report/overview/ spark_ad/recommend/
    split_test/result/get/ store/list/ store/product/get/ subscription/get/ targeting/search/ tcm/tt_video/status/
    term/check/ term/get/ tiktok_inventory_filters/get/ tool/action_category/ tool/available/attribution_source/
    tool/brand_safety/partner/authorize/status/ tool/carrier/ tool/content_exclusion/get/ tool/content_exclusion/info/
    tool/contextual_tag/get/ tool/contextual_tag/info/ tool/device_model/ tool/diagnosis/get/
    tool/diagnosis/search/health/ tool/hashtag/get/ tool/hashtag/recommend/ tool/interest_category/
    tool/interest_keyword/get/ tool/interest_keyword/recommend/ tool/language/ tool/open_url/ tool/os_version/
    tool/phone_region_code/ tool/region/ tool/search_keyword/keyword_idea/ tool/search_keyword/recommend/
    tool/targeting/list/ tool/timezone/ tool/url_validate/ tool/vast_option/ tool/vbo_status/ tt_video/info/
    tt_video/list/ tto/creator/authorized/ tto/creator/authorized/video/list/ tto/creator/link/request/get/
    tto/oauth2/info/ tto/oauth2/tcm/ tto/tcm/anchor/create/ tto/tcm/anchor/get/ tto/tcm/brand/profile/get/
    tto/tcm/campaign/ tto/tcm/campaign/link/status/ tto/tcm/category/label/ tto/tcm/creator/discover/
    tto/tcm/creator/public/ tto/tcm/creator/public/video/list/ tto/tcm/creator/status/get/ tto/tcm/rank/ tto/tcm/report/
    video/fix/task/get/
"""
_POST = """
    account/verification/submit/ account/verification/upload/ ad/aco/create/ ad/aco/material_status/update/
    ad/aco/update/ ad/audience_size/estimate/ ad/create/ ad/status/update/ ad/update/ adgroup/appeal/
    adgroup/budget/update/ adgroup/create/ adgroup/rf/create/ adgroup/rf/update/ adgroup/status/update/ adgroup/update/
    advertiser/update/ app/batch/ app/create/ app/track/ app/update/ audience/insight/info/ bc/advertiser/create/
    bc/advertiser/disable/ bc/advertiser/unionpay_info/submit/ bc/asset/account/authorization/ bc/asset/admin/delete/
    bc/asset/advertiser/assign/ bc/asset/advertiser/unassign/ bc/asset/assign/ bc/asset/unassign/ bc/asset_group/create/
    bc/asset_group/delete/ bc/asset_group/update/ bc/billing_group/create/ bc/billing_group/update/ bc/image/upload/
    bc/invoice/task/create/ bc/member/delete/ bc/member/invite/ bc/member/update/ bc/oa/create/ bc/partner/add/
    bc/partner/asset/delete/ bc/partner/delete/ bc/pixel/link/update/ bc/pixel/transfer/ bc/transfer/
    blockedword/create/ blockedword/delete/ blockedword/task/create/ blockedword/update/ business/comment/create/
    business/comment/delete/ business/comment/hide/ business/comment/image/upload/ business/comment/like/
    business/comment/reply/create/ business/mention/hashtag/add/ business/mention/hashtag/remove/
    business/message/auto_message/create/ business/message/auto_message/delete/ business/message/auto_message/get/
    business/message/auto_message/sort/ business/message/auto_message/status/update/
    business/message/auto_message/update/ business/message/direct_reply/update/ business/message/media/download/
    business/message/media/upload/ business/message/send/ business/photo/publish/ business/post/authorize/
    business/post/authorize/delete/ business/post/authorize/setting/ business/property/add/ business/property/delete/
    business/property/verify/ business/spark_ad/create/ business/video/publish/ business/webhook/delete/
    business/webhook/update/ campaign/copy/task/create/ campaign/create/ campaign/gmv_max/create/
    campaign/gmv_max/creative/update/ campaign/gmv_max/session/create/ campaign/gmv_max/session/delete/
    campaign/gmv_max/session/update/ campaign/gmv_max/update/ campaign/spc/create/ campaign/spc/material_status/update/
    campaign/spc/update/ campaign/status/update/ campaign/update/ catalog/capitalize/ catalog/create/ catalog/delete/
    catalog/eventsource/bind/ catalog/eventsource/unbind/ catalog/feed/create/ catalog/feed/delete/ catalog/feed/switch/
    catalog/feed/update/ catalog/product/delete/ catalog/product/file/ catalog/product/update/ catalog/product/upload/
    catalog/set/create/ catalog/set/delete/ catalog/set/update/ catalog/set/upload/ catalog/template/upload/
    catalog/template_preview/create/ catalog/update/ catalog/video/delete/ catalog/video/file/
    catalog/video_package/create/ catalog/video_package/delete/ catalog/video_package/update/ changelog/task/create/
    comment/delete/ comment/post/ comment/status/update/ comment/task/create/ creative/ads_preview/create/
    creative/asset/delete/ creative/asset/share/ creative/auto_message/create/ creative/image/edit/
    creative/portfolio/create/ creative/portfolio/delete/ creative/quick_optimization/create/
    creative/smart_text/generate/ creative/smart_video/create/ creative/video_soundtrack/create/ crm/create/
    custom_conversion/create/ custom_conversion/delete/ custom_conversion/update/
    diagnostic/catalog/product/task/create/ dmp/custom_audience/apply/ dmp/custom_audience/create/
    dmp/custom_audience/delete/ dmp/custom_audience/file/upload/ dmp/custom_audience/lookalike/create/
    dmp/custom_audience/lookalike/update/ dmp/custom_audience/rule/create/ dmp/custom_audience/share/
    dmp/custom_audience/share/cancel/ dmp/custom_audience/update/ dmp/saved_audience/create/ dmp/saved_audience/delete/
    dynamic_scene/material/submit/ dynamic_scene/task/create/ event/track/ file/finish/upload/ file/image/ad/update/
    file/image/ad/upload/ file/music/upload/ file/start/upload/ file/temporarily/upload/ file/transfer/upload/
    file/video/ad/update/ file/video/ad/upload/ gmv_max/creation/custom_anchor_video_list/create/
    gmv_max/creation/custom_anchor_video_list/delete/ gmv_max/creation/custom_anchor_video_list/get/
    gmv_max/creation/shop_video/video_anchors/ gmv_max/exclusive_authorization/create/ identity/create/ identity/delete/
    mmm/api/create/ oauth2/access_token/ oauth2/access_token/tip_sdk/create/ oauth2/access_token/tip_sdk/renew/
    oauth2/access_token/tip_sdk/validate/ oauth2/revoke_token/ offline/batch/ offline/create/ offline/delete/
    offline/track/ offline/update/ optimizer/rule/batch_bind/ optimizer/rule/create/ optimizer/rule/update/
    optimizer/rule/update/status/ page/lead/mock/create/ page/lead/mock/delete/ page/lead/task/ page/library/transfer/
    pangle_block_list/update/ payment_portfolio/advertiser/update/ payment_portfolio/create/
    payment_portfolio/credit_line/update/ pixel/batch/ pixel/create/ pixel/event/create/ pixel/event/delete/
    pixel/event/update/ pixel/track/ pixel/update/ playable/delete/ playable/save/ playable/upload/ report/task/cancel/
    report/task/create/ rf/order/cancel/ search_ad/negative_keyword/add/ search_ad/negative_keyword/delete/
    search_ad/negative_keyword/update/ segment/audience/ segment/mapping/ smart_plus/ad/appeal/ smart_plus/ad/create/
    smart_plus/ad/material_status/update/ smart_plus/ad/preview/ smart_plus/ad/status/update/ smart_plus/ad/update/
    smart_plus/adgroup/budget/update/ smart_plus/adgroup/create/ smart_plus/adgroup/status/update/
    smart_plus/adgroup/update/ smart_plus/campaign/copy/task/create/ smart_plus/campaign/create/
    smart_plus/campaign/status/update/ smart_plus/campaign/update/ split_test/create/ split_test/end/
    split_test/promote/ split_test/update/ subscription/subscribe/ subscription/unsubscribe/ tcm/tt_video/apply/
    term/confirm/ tiktok_inventory_filters/update/ tool/bid/recommend/ tool/targeting/info/ tool/targeting/search/
    tool/targeting_category/recommend/ tt_user/oauth2/refresh_token/ tt_user/oauth2/revoke/ tt_user/oauth2/token/
    tt_user/token_info/get/ tt_video/authorize/ tt_video/unbind/ tto/creator/campaign/join/
    tto/creator/campaign/video/link/ tto/creator/link/request/confirm/ tto/tcm/anchor/delete/
    tto/tcm/brand/profile/create/ tto/tcm/campaign/create/ tto/tcm/campaign/link/ tto/tcm/campaign/update/
    video/fix/task/create/
"""

KNOWN: dict[str, str] = dict.fromkeys(_POST.split(), "POST") | dict.fromkeys(_GET.split(), "GET")
"""The paths, each with its HTTP method."""
