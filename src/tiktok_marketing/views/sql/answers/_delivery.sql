r.spend, x.reporting_currency, r.spend * x.rate AS spend_converted, r.impressions, r.clicks,
    {{percent r.clicks | r.impressions}} AS ctr, {{ratio r.spend | r.clicks}} AS cpc,
    1000 * {{ratio r.spend | r.impressions}} AS cpm
