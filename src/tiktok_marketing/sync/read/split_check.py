"""What the parts of a report must bring together, and whether they did. Pure.

A report that is too large is read in parts. By days, the parts are the whole. By campaigns or ad groups, they come from
another report, which may lack some. So they are compared with what the whole report showed before it was cut, and with
the figures of the level above.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from tiktok_marketing.sync.decode.pages import Page

ROUNDING = Decimal("0.01")
"""How far a rounded amount of money may be from the exact one, and a bit more."""


class Figures(msgspec.Struct, frozen=True):
    """Figures of rows that add up to those of the level above.

    Args:
        spend: Money, in the currency of the account.
        impressions: A number of impressions.
        rows: How many rows they are of.
    """

    spend: Decimal = Decimal()
    impressions: Decimal = Decimal()
    rows: int = 0

    @classmethod
    def of(cls, rows: Iterable[tuple[Any, Any]]) -> Figures:
        """Add up the spend and the impressions of rows. A value that is not a number counts as 0."""
        spend = impressions = Decimal()
        count = 0
        for row_spend, row_impressions in rows:
            count += 1
            spend += number_of(row_spend)
            impressions += number_of(row_impressions)
        return cls(spend, impressions, count)

    def plus(self, other: Figures) -> Figures:
        """The sum of both."""
        return Figures(self.spend + other.spend, self.impressions + other.impressions, self.rows + other.rows)

    def minus(self, other: Figures) -> Figures:
        """What is left without the other, which is a part of this."""
        return Figures(self.spend - other.spend, self.impressions - other.impressions, self.rows - other.rows)

    def at_most(self, other: Figures) -> Figures:
        """The smaller of each figure."""
        return Figures(min(self.spend, other.spend), min(self.impressions, other.impressions), self.rows)

    def without(self, names: Collection[str]) -> Figures:
        """The same with 0 for the figures of these names, so that nothing can lack them."""
        spend = Decimal() if "spend" in names else self.spend
        return Figures(spend, Decimal() if "impressions" in names else self.impressions, self.rows)

    def lacks(self, whole: Figures) -> str:
        """What is missing compared with the whole, for people; empty if nothing is."""
        spend, impressions = whole.spend - self.spend, whole.impressions - self.impressions
        missing = []
        if spend > ROUNDING * (1 + self.rows):
            missing.append(f"{spend:,.2f} of {whole.spend:,.2f} spend")
        if impressions > 0:
            missing.append(f"{impressions:,.0f} of {whole.impressions:,.0f} impressions")
        return " and ".join(missing)


def number_of(value: Any) -> Decimal:
    """A figure as a number; 0 if it is none."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return Decimal()
    return number if number.is_finite() else Decimal()


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
    except msgspec.DecodeError:  # a value that only the lenient decoder accepts
        metrics = [each if isinstance(each := row.get("metrics"), Mapping) else {} for row in page.raw.rows()]
        return Figures.of((each.get("spend"), each.get("impressions")) for each in metrics)
    return Figures.of((row.metrics.spend, row.metrics.impressions) for row in rows)
