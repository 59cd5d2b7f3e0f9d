r.conversion, {{ratio r.spend | r.conversion}} AS cost_per_conversion,
    {{percent r.conversion | r.clicks}} AS conversion_rate, r.result,
    {{together r.total_purchase | r.complete_payment | r.onsite_shopping}} AS purchases,
    {{together r.total_purchase_value | r.total_complete_payment_rate | r.total_onsite_shopping_value}} AS purchase_value,
    {{together r.total_purchase_value | r.total_complete_payment_rate | r.total_onsite_shopping_value}} * x.rate
        AS purchase_value_converted,
    {{ratio {{together r.total_purchase_value | r.total_complete_payment_rate | r.total_onsite_shopping_value}} | r.spend}}
        AS roas
