"""What currencies are worth, so that a Business Center can sum the figures of its accounts."""

from tiktok_marketing.emulator.business.vocabulary import WITHOUT_DECIMALS

_PER_DOLLAR = {
    "USD": 1.0, "INR": 84.0, "NZD": 1.65, "EUR": 0.92, "JPY": 150.0, "GBP": 0.78, "NPR": 134.0, "AUD": 1.5, "BRL": 5.4,
    "CAD": 1.37, "IDR": 15_800.0, "KRW": 1_350.0, "VND": 25_000.0, "AED": 3.67,
}  # fmt: skip
"""How many units of a currency a dollar is worth. It does not change."""


def in_dollars(amount: int, currency: str) -> int:
    """An amount in minor units of a currency (hundredths, or units if it has no decimals) in hundredths of a dollar."""
    return round(amount * (100 if currency in WITHOUT_DECIMALS else 1) / _PER_DOLLAR[currency])


def exchanged(amount: int, currency: str, wanted: str) -> int:
    """An amount in minor units of a currency in minor units of another one."""
    if currency == wanted:
        return amount
    places = (1 if name in WITHOUT_DECIMALS else 100 for name in (currency, wanted))
    return round(amount / next(places) / _PER_DOLLAR[currency] * _PER_DOLLAR[wanted] * next(places))
