"""What the parts of a report must bring together, and whether they did. Pure.

A report that is too large is read in parts. By days, the parts are the whole. By campaigns or ad groups, they come from
another report, which may lack some. So they are compared with what the whole report showed before it was cut, and with
the figures of the level above.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from tiktok_marketing.sync.decode.coercion import to_decimal
from tiktok_marketing.sync.decode.pages import Page

_NAMES = ("spend", "impressions")
_MOST_WHOLE_DIGITS = 14
"""Digits of the largest figure, as of a column of money. Sums of such figures are exact."""
ROUNDING = Decimal("0.01")
"""How far a rounded amount of money may be from the exact one, and a bit more."""


class Figures(msgspec.Struct, frozen=True):
    """Figures of rows that add up to those of the level above.

    Args:
        spend: Money, in the currency of the account.
        impressions: A number of impressions.
        rows: How many rows they are of.
        unread: Which of both some of these rows do not have, or have as a value that is no figure.
    """

    spend: Decimal = Decimal()
    impressions: Decimal = Decimal()
    rows: int = 0
    unread: frozenset[str] = frozenset()

    @classmethod
    def of(cls, rows: Iterable[tuple[Any, Any]]) -> Figures:
        """Add up the spend and the impressions of rows. A value that is not a number counts as 0."""
        spend = impressions = Decimal()
        count = 0
        unread: set[str] = set()
        for values in rows:
            count += 1
            numbers = [_figure(value) for value in values]
            unread.update(name for name, number in zip(_NAMES, numbers, strict=True) if number is None)
            spend += numbers[0] or 0
            impressions += numbers[1] or 0
        return cls(spend, impressions, count, frozenset(unread))

    def plus(self, other: Figures) -> Figures:
        """The sum of both."""
        sums = self.spend + other.spend, self.impressions + other.impressions
        return Figures(*sums, self.rows + other.rows, self.unread | other.unread)

    def minus(self, other: Figures) -> Figures:
        """What is left without the other, which is a part of this."""
        rest = self.spend - other.spend, self.impressions - other.impressions
        return Figures(*rest, self.rows - other.rows, self.unread)

    def at_most(self, other: Figures) -> Figures:
        """The smaller of each figure."""
        spend, impressions = min(self.spend, other.spend), min(self.impressions, other.impressions)
        return Figures(spend, impressions, self.rows, self.unread)

    def without(self, names: Collection[str]) -> Figures:
        """The same with 0 for the figures of these names, so that nothing can lack them."""
        spend = Decimal() if "spend" in names else self.spend
        return Figures(spend, Decimal() if "impressions" in names else self.impressions, self.rows, self.unread)

    def lacks(self, whole: Figures) -> str:
        """What is missing compared with the whole, for people; empty if nothing is.

        What a row has in place of a figure may be all that is missing of it, so only the other figure is compared.
        """
        whole = whole.without(self.unread)
        spend, impressions = whole.spend - self.spend, whole.impressions - self.impressions
        missing = []
        if spend > ROUNDING * (1 + self.rows):
            missing.append(f"{spend:,.2f} of {whole.spend:,.2f} spend")
        if impressions > 0:
            missing.append(f"{impressions:,.0f} of {whole.impressions:,.0f} impressions")
        return " and ".join(missing)


def is_number(value: Any) -> bool:
    """Whether a figure is a number that a column can have."""
    return _figure(value) is not None


def number_of(value: Any) -> Decimal:
    """A figure as a number; 0 if it is none."""
    return _figure(value) or Decimal()


def _figure(value: Any) -> Decimal | None:
    """A figure as a number, as a column would have it; None if it is none."""
    number = None if isinstance(value, bool) else to_decimal(value)
    return None if number and number.adjusted() >= _MOST_WHOLE_DIGITS else number


class _Metrics(msgspec.Struct):
    spend: Any = None
    impressions: Any = None


class _Row(msgspec.Struct):
    metrics: _Metrics


class _Data(msgspec.Struct):
    rows: list[_Row] = msgspec.field(name="list", default_factory=list)


class _Answer(msgspec.Struct):
    data: _Data


_DECODER = msgspec.json.Decoder(_Answer)


def figures_of_page(page: Page[Any]) -> Figures:
    """The figures of the rows of a report's page."""
    try:
        rows = _DECODER.decode(page.raw.body).data.rows
    except (msgspec.DecodeError, RecursionError):  # a value that only the lenient decoder accepts
        metrics = [each if isinstance(each := row.get("metrics"), Mapping) else {} for row in page.raw.rows()]
        return Figures.of((each.get("spend"), each.get("impressions")) for each in metrics)
    return Figures.of((row.metrics.spend, row.metrics.impressions) for row in rows)
