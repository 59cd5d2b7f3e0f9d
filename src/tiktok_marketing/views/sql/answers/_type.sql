CASE
        WHEN c.campaign_id IS NULL THEN NULL
        WHEN c.campaign_type LIKE '%GMV_MAX%' OR c.sales_destination LIKE '%GMV_MAX%' THEN 'gmv_max'
        WHEN c.rf_campaign_type IN ('TOPVIEW', 'PULSE') OR c.objective_type IN ('RF_REACH', 'TOPVIEW_REACH')
            THEN 'reservation'
        WHEN c.campaign_automation_type LIKE '%SMART_PLUS%' OR c.is_smart_performance_campaign THEN 'smart_plus'
        ELSE 'auction'
    END
