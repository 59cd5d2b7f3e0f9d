"""The days and accounts of a page, and the figures per day, account and campaign type."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from tiktok_marketing.report.bounds import MOST_ACCOUNTS, MOST_DAYS, MOST_FACTS, within
from tiktok_marketing.report.contents import Account, Columns, Rates
from tiktok_marketing.report.source import ACCOUNT, TYPE, Measure, Source, columns_of, shown_text, summed

CORE = (
    Measure("spend", money=True),
    Measure("impressions"),
    Measure("clicks"),
    Measure("conversion"),
)
RESULTS = (*CORE, Measure("purchases"), Measure("value", "purchase_value", money=True))
_LEGS = tuple(
    measure
    for leg in ("app", "web", "shop")
    for measure in (
        Measure(f"{leg}_purchases"),
        Measure(f"{leg}_value", f"{leg}_purchase_value", money=True),
    )
)
_VIDEO = (Measure("watched_2s", "video_watched_2s"), Measure("watched_6s", "video_watched_6s"))
_BUDGET = Measure("budget", money=True)
_FACTS = (*RESULTS, *_VIDEO, *_LEGS, _BUDGET)
_SPENT = "(spend > 0 OR impressions > 0)"
_PER_DAY = "budget_mode IN ('BUDGET_MODE_DAY', 'BUDGET_MODE_DYNAMIC_DAILY_BUDGET')"

CAMPAIGNS = "daily_by_campaign"
ACCOUNTS = "daily_by_account"


class Scope:
    """The days, accounts and campaign types of a page, and the numbers that stand for them in it.

    Args:
        source: The database.
        since: The first day, or the number of days up to the last one; None for a year.
        until: The last day; None for the last one that the database has.
    """

    def __init__(self, source: Source, since: date | int | None, until: date | None) -> None:
        self._source = source
        self.view = CAMPAIGNS if source.has(CAMPAIGNS) else ACCOUNTS if source.has(ACCOUNTS) else ""
        self.by_type = self.view == CAMPAIGNS
        self.database_first, self.database_last = self._database_days()
        self.until = min(filter(None, (until, self.database_last)), default=None)
        self.since = self._first_day(since or MOST_DAYS)
        self.types: list[str] = []
        self.ids: list[int] = []
        """The accounts that can be chosen."""
        self.accounts: list[Account] = []
        self._numbers: dict[tuple[int | None, str], int] = {}
        if not self.is_empty:
            self._choose_accounts()

    @property
    def is_empty(self) -> bool:
        """Whether there are no days to show."""
        return not self.view or self.since is None or self.until is None or self.since > self.until

    @property
    def bounds(self) -> list[date]:
        """The first and the last day, as the values of `day BETWEEN ? AND ?`."""
        assert self.since is not None  # noqa: S101 - callers ask `is_empty` first
        assert self.until is not None  # noqa: S101
        return [self.since, self.until]

    def days(self) -> list[date]:
        """Return the days of the page."""
        if self.is_empty:
            return []
        first, last = self.bounds
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]

    def account(self, advertiser_id: int | None, currency: str) -> int:
        """Return the number of an account; that of all smaller accounts of its currency, if it has none of its own."""
        key = (advertiser_id if advertiser_id in self._known else None, currency)
        if key not in self._numbers:
            self._numbers[key] = len(self.accounts)
            self.accounts.append(Account(id="", name="Other accounts", currency=currency, accounts=0))
        return self._numbers[key]

    def known_account(self, advertiser_id: int) -> int:
        """Return the number of an account, whatever its currency; -1 if it has no figures of its own here."""
        text = str(advertiser_id)
        return next((number for number, account in enumerate(self.accounts) if account.id == text), -1)

    def currency(self, currency: str) -> int:
        """Return the number of some account of a currency, for figures that are not split by account."""
        for number, account in enumerate(self.accounts):
            if account.currency == currency:
                return number
        return self.account(None, currency)

    def type(self, name: str) -> int:
        """Return the number of a campaign type."""
        if name not in self.types:
            self.types.append(name)
        return self.types.index(name)

    def rates(self) -> Rates:
        """Return the exchange rates of the days, as `views` has put them into the database."""
        currencies = sorted({account.currency for account in self.accounts})
        if self.is_empty or len(currencies) < 2 or not self._source.has("exchange_rates"):
            return Rates()
        rows = self._source.rows(
            f"SELECT currency, day, reporting_currency, rate FROM {self._source.view('exchange_rates')}"  # noqa: S608
            " WHERE day BETWEEN ? AND ? AND currency = ANY(?) AND rate IS NOT NULL",
            [*self.bounds, currencies],
        )
        per_day: dict[str, list[float | None]] = {currency: [None] * len(self.days()) for currency in currencies}
        for currency, day, _, rate in rows:
            per_day[currency][(day - self.bounds[0]).days] = float(rate)
        targets = {row[2] for row in rows}
        return Rates(currency=targets.pop(), per_day=per_day) if len(targets) == 1 else Rates()

    def facts(self) -> Columns:
        """Return the figures per day, account and campaign type."""
        if self.is_empty:
            return {}
        source = self._source
        source.memory.execute(
            "CREATE TEMP TABLE facts (day DATE, advertiser_id BIGINT, currency VARCHAR, campaign_type VARCHAR, "
            + ", ".join(measure.declared for measure in _FACTS)
            + ")"
        )
        kind = TYPE if self.by_type else "'' AS campaign_type"
        self._add((*RESULTS, *_VIDEO), kind, self.view)
        if source.has("daily_funnel"):
            self._add(_LEGS, TYPE, "daily_funnel")
        for view in (CAMPAIGNS, "daily_by_ad_group"):
            if self.by_type and source.has(view):
                self._add((_BUDGET,), TYPE, view, f"{_SPENT} AND {_PER_DAY}")
        names = ("day", "account", "type", *(measure.name for measure in _FACTS))
        rows = source.query(
            "SELECT day, advertiser_id, currency, campaign_type, "  # noqa: S608 - names of our own
            + ", ".join(measure.shown for measure in _FACTS)
            + " FROM facts GROUP BY ALL ORDER BY advertiser_id NULLS LAST, currency, campaign_type, day"
        )
        return columns_of(names, [self.numbered(row) for row in rows])

    def numbered(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """Return a row with the numbers of its day, account and type; its first columns are the things themselves."""
        day, advertiser_id, currency, kind, *figures = row
        return ((day - self.bounds[0]).days, self.account(advertiser_id, currency), self.type(kind), *figures)

    def _add(self, measures: Sequence[Measure], kind: str, view: str, where: str = "TRUE") -> None:
        """Add the sums of a view's columns to the table `facts`."""
        columns = ", ".join(measure.name for measure in measures)
        self._source.memory.execute(
            "CREATE OR REPLACE TEMP TABLE added (day DATE, advertiser_id BIGINT, currency VARCHAR, "
            "campaign_type VARCHAR, " + ", ".join(measure.declared for measure in measures) + ")"
        )
        self._source.copy(
            "added",
            f"SELECT day, {ACCOUNT}, {kind}, {summed(measures)} FROM {self._source.view(view)}"  # noqa: S608
            f" WHERE day BETWEEN ? AND ? AND {where} GROUP BY 1, 2, 3, 4",
            [self.ids, *self.bounds],
        )
        self._source.memory.execute(
            f"INSERT INTO facts (day, advertiser_id, currency, campaign_type, {columns}) FROM added"
        )

    def _database_days(self) -> tuple[date | None, date | None]:
        if not self.view:
            return None, None
        first, last = self._source.rows(f"SELECT min(day), max(day) FROM {self._source.view(self.view)}")[0]  # noqa: S608
        return first, last

    def _first_day(self, since: date | int) -> date | None:
        if self.database_first is None or self.until is None:
            return None
        first = since if isinstance(since, date) else self.until - timedelta(days=since - 1)
        return max(self.database_first, first)

    def _choose_accounts(self) -> None:
        """Choose the accounts with the most spend, in turn from each currency, because amounts do not compare."""
        kind = "campaign_type" if self.by_type else "''"
        ranked = (
            "SELECT advertiser_id, name, currency, size, spend, row_number() OVER (PARTITION BY currency"  # noqa: S608
            " ORDER BY spend DESC, advertiser_id) AS place FROM (SELECT advertiser_id, max(account_name) AS name,"
            f" COALESCE(max(currency), '') AS currency, count(DISTINCT (day, {kind})) AS size,"
            f" COALESCE(sum(spend), 0) AS spend FROM {self._source.view(self.view)} WHERE day BETWEEN ? AND ?"
            " GROUP BY 1) AS sums"
        )
        rows = self._source.rows(f"SELECT * FROM ({ranked}) AS ranked ORDER BY place, currency", self.bounds)  # noqa: S608
        fitting = within((row[3] for row in rows), MOST_FACTS, MOST_ACCOUNTS)
        chosen = sorted(rows[:fitting], key=lambda row: (row[2], row[5]))
        for advertiser_id, name, currency, *_ in chosen:
            self._numbers[advertiser_id, currency] = len(self.accounts)
            self.accounts.append(Account(id=str(advertiser_id), name=shown_text(name), currency=currency))
        self.ids = [row[0] for row in chosen]
        others: dict[str, int] = {}
        for row in rows[fitting:]:
            others[row[2]] = others.get(row[2], 0) + 1
        for currency, accounts in others.items():
            self._numbers[None, currency] = len(self.accounts)
            self.accounts.append(Account(id="", name="Other accounts", currency=currency, accounts=accounts))

    @property
    def _known(self) -> set[int]:
        return set(self.ids)
