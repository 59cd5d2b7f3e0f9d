"""The rows of streams about stores that the destination must contain, calculated from the world."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from simulation.on_request import posts_of, sessions_of
from simulation.shops import NO_HOUR, Campaign, Shops, Store
from simulation.sink import ExpectedRow, Key
from simulation.world import NEVER, Account
from tiktok_marketing.catalog import Grain, ReportSource, ReportStream, Stream

Days = tuple[date, date]
Expected = Iterator[tuple[Key, ExpectedRow]]
_OF_CAMPAIGNS = {"gmv_max_campaigns", "gmv_max_campaign_details", "gmv_max_sessions"}


class ShopTruth:
    """Knows every row about a store.

    Args:
        shops: The stores.
        include_deleted: Whether deleted campaigns are read.
        zero_rows: Whether reports have rows of zeros.
    """

    def __init__(self, shops: Shops, *, include_deleted: bool, zero_rows: bool) -> None:
        self._shops = shops
        self._include_deleted = include_deleted
        self._zero_rows = zero_rows

    def campaigns(self, stream: Stream, account: Account) -> list[Campaign]:
        """The campaigns that a stream has records of; none if it is not about campaigns."""
        return self._shops.campaigns_of(account) if stream.name in _OF_CAMPAIGNS else []

    def of_campaign(self, stream: Stream, campaign: Campaign, expected: ExpectedRow) -> Expected:
        """The records about a campaign.

        Args:
            stream: The stream.
            campaign: The campaign.
            expected: What is known of the campaign itself.
        """
        if stream.name == "gmv_max_sessions":
            for session in sessions_of(campaign):
                yield (session,), expected._replace(least=1, most=1)
        else:
            yield (str(campaign.number),), expected

    def of_stores(self, stream: Stream, account: Account, began: float, ended: float) -> Expected:
        """The stores of an account, or their posts."""
        for store in self._shops.seen_by(account, ended):
            row = ExpectedRow(1, 1, account.id, must=store.is_seen(account, began))
            if stream.name == "gmv_max_stores":
                yield (account.id, store.id), row
            elif stream.name == "gmv_max_videos" and store.available:
                before = posts_of(store, began)
                for post in posts_of(store, ended):
                    yield (account.id, store.id, post), row._replace(must=row.must and post in before)

    def spend(
        self, stream: ReportStream, account: Account, began: tuple[float, Days], ended: tuple[float, Days]
    ) -> Expected:
        """What an account's campaigns spent.

        Args:
            stream: The report.
            account: The account.
            began: When the sync began, and the days that were due then.
            ended: When it ended, and the days that were due then.
        """
        dimensions = stream.source.dimensions
        before = self._shops.spend(account, dimensions, began[1], began[0])
        for key, most in self._shops.spend(account, dimensions, ended[1], ended[0]).items():
            yield key, ExpectedRow(before.get(key, 0), most, account.id, must=key in before)

    def report(
        self, stream: ReportStream, account: Account, began: tuple[float, Days], ended: tuple[float, Days]
    ) -> Expected:
        """The rows of a report by store. The arguments are those of `spend`."""
        source = stream.source
        existed = began[1][1] >= self._shops.day_of(account, account.created)  # otherwise no day is asked about
        first, last = ended[1]
        if source.grain is Grain.SPAN:
            last = max(first, last)  # the first day is read before it begins where no time zone is known
        for store in self._shops.seen_by(account, ended[0]):
            seen = existed and store.is_seen(account, began[0])
            before = self._rows(source, store, account, *began, deleted_too=self._include_deleted) if seen else {}
            now = self._rows(source, store, account, ended[0], (first, last), deleted_too=True)
            deleted = {str(campaign.number): campaign.deleted for campaign in store.campaigns}
            for key, most in now.items():
                gone = NEVER if self._include_deleted else deleted.get(key[0], NEVER)
                must = key in before and gone > ended[0]
                named = {"advertiser_id": account.id} | dict(zip(source.dimensions, key, strict=True))
                row = ExpectedRow(before.get(key, 0), most, account.id, must)
                yield tuple(named[name] for name in stream.row_key), row
            # Where no time zone is known, a day is read before it begins: places are up to 25 hours apart.
            for day in self._days_of_zeros(source, (first, last + timedelta(days=2))):
                key = (account.id, store.id, f"{day} 00:00:00")
                if (key[0], key[2], key[1]) not in now:  # it may have been without figures before
                    yield key, ExpectedRow(0, 0, account.id, must=False)

    def _rows(
        self, source: ReportSource, store: Store, account: Account, at: float, days: Days, *, deleted_too: bool
    ) -> dict[Key, int]:
        if days[1] < days[0]:  # the first day has not begun where the account is
            return {}
        assert source.stores is not None
        promotion = source.stores.promotion
        rows = self._shops.rows(
            account,
            store,
            source.dimensions,
            days,
            at,
            promotion=promotion,
            deleted_too=deleted_too or not promotion,
        )
        rows = {key: version for key, version in rows.items() if NO_HOUR not in key}
        with_figures = {key[1][:10] for key in rows} if source.grain is Grain.HOUR else set()
        created = self._shops.day_of(account, account.created)
        for day in self._days_of_zeros(source, days):
            if str(day) not in with_figures and day >= created:
                rows[account.id, f"{day} 00:00:00", store.id] = 0
        return rows

    def _days_of_zeros(self, source: ReportSource, days: Days) -> list[date]:
        """The days of which a store has one row of zeros if it has no figures: the connector gives it an hour."""
        if not self._zero_rows or source.grain is not Grain.HOUR or source.dimensions[0] != "advertiser_id":
            return []
        return [days[0] + timedelta(days=number) for number in range((days[1] - days[0]).days + 1)]
