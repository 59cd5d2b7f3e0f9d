"""Finds accounts that see a TikTok Shop store which they did not see when their reports by store were read. Pure.

A cursor says how far an account has been read, and so does not fit a store that appears later: its earlier days were
never read. So the state also names the stores that were read, in the field `stores`, which Airbyte's own connector
ignores:

    {"7001": ["7496011011001", "-7496011011002"], "7002": []}

The minus marks a store that the account saw once and sees no longer. Nobody knows whether its rows are gone, so they
stay in a database. When it comes back, it counts as new: the days of its absence were read without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tiktok_marketing.catalog import AnyStream, ReportStream
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import IncompleteReadError
from tiktok_marketing.sync.plan.coverage import wanted_of
from tiktok_marketing.sync.plan.cursors import Cursors
from tiktok_marketing.sync.plan.selection import Selected

_MAX_NAMED = 5
_LOST = "-"
"""What marks a store in a state that the account sees no longer."""


def is_by_store(stream: AnyStream) -> bool:
    """Whether a stream is a report that is read store by store."""
    return isinstance(stream, ReportStream) and stream.source.stores is not None


def accounts_to_compare(
    selected: Sequence[Selected], cursors: Mapping[str, Cursors], accounts: Iterable[AdvertiserId]
) -> list[AdvertiserId]:
    """The accounts whose stores must be known before a sync is planned: those whose state names stores."""
    of_stores = [
        cursors[each.stream.name] for each in selected if is_by_store(each.stream) and each.stream.name in cursors
    ]
    return [account for account in accounts if any(of.stores_of(account) is not None for of in of_stores)]


def rewind_for_new_stores(
    config: Config, stream: AnyStream, cursors: Cursors, stores: Mapping[AdvertiserId, Sequence[str]]
) -> dict[AdvertiserId, list[str]]:
    """Set the cursors of accounts back that see a store which the state does not name, and note the stores.

    Args:
        config: The configuration.
        stream: The report.
        cursors: The cursors of a report by store, which are changed.
        stores: The stores that accounts see now, as far as they could be listed.

    Returns:
        The accounts whose cursors were set back, each with its new stores.
    """
    appeared: dict[AdvertiserId, list[str]] = {}
    for advertiser_id, seen in stores.items():
        known = cursors.stores_of(advertiser_id)
        if known is None or cursors.of(advertiser_id) is None:
            continue
        new = [store_id for store_id in seen if store_id not in known]
        lost = lost_stores(known, seen)
        if new:
            cursors.rewind(advertiser_id, None)
            cursors.cover(advertiser_id, wanted_of(config, stream))
            appeared[advertiser_id] = new
        cursors.note_stores(advertiser_id, [*seen, *(f"{_LOST}{store_id}" for store_id in lost)])
    return appeared


def lost_stores(known: Iterable[str], seen: Sequence[str]) -> list[str]:
    """The stores that a state names, as seen or as lost before, and that the account does not see now."""
    return [store_id for name in known if (store_id := name.removeprefix(_LOST)) not in seen]


def accounts_with_lost_stores(
    cursors: Cursors, stores: Mapping[AdvertiserId, Sequence[str]]
) -> dict[AdvertiserId, list[str]]:
    """The accounts that do not see stores any more which the state names, with these stores."""
    lost = {account: lost_stores(cursors.stores_of(account) or (), seen) for account, seen in stores.items()}
    return {account: ids for account, ids in lost.items() if ids}


def describe_new_stores(stream: str, appeared: Mapping[AdvertiserId, Sequence[str]]) -> str:
    """Say which stores have appeared, and what happens about it."""
    return (
        f"{stream}: stores have appeared since the last sync: {_named(appeared)}. "
        "All days of these advertisers are read again, so that the earlier days of the stores are not missing."
    )


def describe_lost_stores(stream: str, lost: Mapping[AdvertiserId, Sequence[str]]) -> str:
    """Say which stores are no longer seen, and what happens about it."""
    return (
        f"{stream}: TikTok no longer lists stores that were read before: {_named(lost)}. Their rows stay as they are. "
        "If they should be read, give the ad account access to them again."
    )


def late_stores(new: Sequence[str]) -> IncompleteReadError:
    """The error of an account whose stores were listed after the sync was planned without knowing that some are new."""
    more = f" and {len(new) - _MAX_NAMED:,} more" if len(new) > _MAX_NAMED else ""
    return IncompleteReadError(
        f"Stores have appeared since the last sync ({', '.join(new[:_MAX_NAMED])}{more}), but TikTok listed them only "
        "after this sync was planned. Their earlier days were not read.",
        remedy="Run the sync again. It reads all days of this advertiser.",
    )


def _named(stores: Mapping[AdvertiserId, Sequence[str]]) -> str:
    named = [f"{', '.join(ids[:_MAX_NAMED])} of advertiser {advertiser_id}" for advertiser_id, ids in stores.items()]
    more = f" and of {len(named) - _MAX_NAMED:,} more" if len(named) > _MAX_NAMED else ""
    return f"{'; '.join(named[:_MAX_NAMED])}{more}"
