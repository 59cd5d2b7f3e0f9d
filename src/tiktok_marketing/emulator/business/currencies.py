"""What currencies are worth, so that a Business Center can sum the figures of its accounts."""

_PER_DOLLAR = {
    "USD": 1.0, "INR": 84.0, "NZD": 1.65, "EUR": 0.92, "JPY": 150.0, "GBP": 0.78, "NPR": 134.0, "AUD": 1.5, "BRL": 5.4,
    "CAD": 1.37, "IDR": 15_800.0, "KRW": 1_350.0, "VND": 25_000.0,
}  # fmt: skip
"""How many units of a currency a dollar is worth. It does not change."""


def in_dollars(amount: int, currency: str) -> int:
    """An amount of a currency in dollars, both in hundredths."""
    return round(amount / _PER_DOLLAR[currency])
