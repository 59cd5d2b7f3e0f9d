-- The exchange rates that the other views convert with, per currency and day.
-- A day without a rate, such as a Sunday, has the last rate before. A rate older than 45 days does not count.
--
-- currency VARCHAR: The currency that is converted, as a three-letter ISO 4217 code.
-- day DATE: The day of a report.
-- reporting_currency VARCHAR: The currency that amounts are converted into.
-- rate DECIMAL(24,12): Units of the reporting currency for one unit of the currency.
-- rate_day DATE: The day that the rate is of.
SELECT x.currency, x.day, x.reporting_currency, x.rate, x.rate_day FROM {{optional _tiktok_rates}} AS x
