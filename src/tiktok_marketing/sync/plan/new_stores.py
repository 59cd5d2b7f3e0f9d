"""Finds accounts that see a TikTok Shop store which they did not see when their reports by store were read. Pure.

A cursor says how far an account has been read, and so does not fit a store that appears later: its earlier days were
never read. So the state also names the stores that were read, in the field `stores`, which Airbyte's own connector
ignores:

    {"7001": ["7496011011001"], "7002": []}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tiktok_marketing.catalog import AnyStream, ReportStream
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.sync.plan.coverage import wanted_of
from tiktok_marketing.sync.plan.cursors import Cursors
from tiktok_marketing.sync.plan.selection import Selected

_MAX_NAMED = 5


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
        if new:
            cursors.rewind(advertiser_id, None)
            cursors.cover(advertiser_id, wanted_of(config, stream))
            appeared[advertiser_id] = new
        cursors.note_stores(advertiser_id, seen)
    return appeared


def describe_new_stores(stream: str, appeared: Mapping[AdvertiserId, Sequence[str]]) -> str:
    """Say which stores have appeared, and what happens about it."""
    named = [
        f"{', '.join(stores[:_MAX_NAMED])} of advertiser {advertiser_id}" for advertiser_id, stores in appeared.items()
    ]
    more = f" and of {len(named) - _MAX_NAMED:,} more" if len(named) > _MAX_NAMED else ""
    return (
        f"{stream}: stores have appeared since the last sync: {'; '.join(named[:_MAX_NAMED])}{more}. "
        "All days of these advertisers are read again, so that the earlier days of the stores are not missing."
    )
