"""What the page shows, as the script in it reads it.

Money is whole ten-thousandths of a currency unit, so that sums in the page are exact. Ids are texts, because they are
longer than the numbers of JavaScript. Figures lie in columns: one list per column, with one item per row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

MONEY_SCALE = 10_000
"""Units of the page's money per unit of a currency."""

Columns = Mapping[str, Sequence[Any]]
"""Name of a column to its values."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An ad account that can be chosen, or all smaller accounts of a currency together.

    Args:
        id: The id of the account; empty for several accounts together.
        name: Its name.
        currency: Its currency; empty if it is not known.
        accounts: How many accounts it stands for.
    """

    id: str
    name: str
    currency: str
    accounts: int = 1


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign, ad group or ad.

    Args:
        id: Its id.
        name: Its name.
        account: The number of its account.
        parent: The number of the item that it belongs to, one level above; none for a campaign.
        type: The number of its campaign's type.
    """

    id: str
    name: str
    account: int
    type: int
    parent: int | None = None


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """The items of a level, the largest ones, with their figures.

    Args:
        items: The items.
        total: How many items the database has for these days.
        cells: Figures per item and day: `item`, `day`, and the measures.
    """

    items: Sequence[Item] = ()
    total: int = 0
    cells: Columns = {}


class Creative(msgspec.Struct, frozen=True, kw_only=True):
    """A video, post or image that ads show.

    Args:
        id: Its id.
        kind: `video`, `post`, `image` or `ad`.
        account: The number of its account.
        name: The name of an ad that shows it.
        text: The text of an ad that shows it.
        ads: How many ads show it.
        thumbnail: An image as a `data:` address; empty if there is none.
    """

    id: str
    kind: str
    account: int
    name: str
    text: str
    ads: int
    thumbnail: str = ""


class Creatives(msgspec.Struct, frozen=True, kw_only=True):
    """The creatives with most spend.

    Args:
        items: The creatives.
        total: How many the database has for these days.
        cells: Figures per creative, day and campaign type.
    """

    items: Sequence[Creative] = ()
    total: int = 0
    cells: Columns = {}


class Breakdown(msgspec.Struct, frozen=True, kw_only=True):
    """Figures by hour and weekday, by age and gender, by country or by platform.

    Args:
        grain: What `period` counts: "day", "week", "month" or "all".
        periods: The first day of each period.
        by_type: Whether the rows are split by campaign type.
        by_account: Whether the rows are split by account. If not, they are split by currency alone.
        cells: The rows.
    """

    grain: str = "day"
    periods: Sequence[str] = ()
    by_type: bool = True
    by_account: bool = True
    cells: Columns = {}


class Sync(msgspec.Struct, frozen=True, kw_only=True):
    """The last sync of a stream.

    Args:
        stream: The stream.
        last_sync_at: When it began, in UTC.
        hours_ago: Hours between then and this page.
        complete: Whether it delivered the whole stream.
        missing: What it did not deliver.
        read_rows: How many rows it read.
    """

    stream: str
    last_sync_at: str
    hours_ago: float | None
    complete: bool
    missing: str
    read_rows: int | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign, ad group or ad that was created or changed after the sync before the last one.

    Args:
        kind: "campaign", "ad group" or "ad".
        name: Its name.
        account: The number of its account.
        what: "created" or "changed".
        at: When, in UTC.
        status: TikTok's status of it.
    """

    kind: str
    name: str
    account: int
    what: str
    at: str
    status: str


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What is new since the last sync.

    Args:
        since: When the sync before the last one began, in UTC; empty if there was only one.
        last: When the last sync began, in UTC.
        items: The newest changes.
        total: How many changes there are.
    """

    since: str = ""
    last: str = ""
    items: Sequence[Change] = ()
    total: int = 0


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """The days that the database has of a report, for an account.

    Args:
        stream: The report.
        account: The number of the account.
        first: The first day with rows.
        last: The last day with rows.
        empty: How many days between them have no rows.
        open_from: The first day whose figures may still change; empty if all are final.
        open_days: How many days may still change.
        read_at: When rows were last read, in UTC.
    """

    stream: str
    account: int
    first: str
    last: str
    empty: int
    open_from: str = ""
    open_days: int = 0
    read_at: str = ""


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Exchange rates, if `views` has put them into the database.

    Args:
        currency: The currency that amounts can be converted into; empty if there are no rates.
        per_day: Currency to its rate on each day of the page; null where there is none.
    """

    currency: str = ""
    per_day: Mapping[str, Sequence[float | None]] = {}


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the page shows.

    Args:
        made_at: When the page was made, in UTC.
        version: The version of this program.
        database: The name of the database, without its folder or host.
        days: The days of the page, in order.
        database_days: The first and the last day that the database has.
        accounts: The accounts.
        account_total: How many accounts the database knows.
        types: The campaign types; an empty text stands for one that is not known.
        rates: Exchange rates.
        by_type: Whether the figures per day are split by campaign type.
        facts: Figures per day, account and campaign type.
        campaigns: The campaigns.
        ad_groups: The ad groups of these campaigns.
        ads: The ads of these ad groups.
        creatives: The creatives.
        hours: Figures by weekday and hour.
        people: Figures by age and gender.
        countries: Figures by country.
        platforms: Figures by platform.
        changes: What is new since the last sync.
        syncs: The last sync of each stream.
        coverage: The days of each report.
        absent: Section to what has to be synced for it.
    """

    made_at: str
    version: str
    database: str
    days: Sequence[str] = ()
    database_days: Sequence[str] = ()
    accounts: Sequence[Account] = ()
    account_total: int = 0
    types: Sequence[str] = ()
    rates: Rates = Rates()
    by_type: bool = True
    facts: Columns = {}
    campaigns: Level = Level()
    ad_groups: Level = Level()
    ads: Level = Level()
    creatives: Creatives = Creatives()
    hours: Breakdown = Breakdown()
    people: Breakdown = Breakdown()
    countries: Breakdown = Breakdown()
    platforms: Breakdown = Breakdown()
    changes: Changes = Changes()
    syncs: Sequence[Sync] = ()
    coverage: Sequence[Coverage] = ()
    absent: Mapping[str, str] = {}
