"""Which records to deliver of those whose key comes more than once in a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Generic

import msgspec

from tiktok_marketing.sync.decode.pages import Page, PageReader, Sink
from tiktok_marketing.sync.plan.zones import shows_hour_twice
from tiktok_marketing.sync.read.completeness import Pass

_ENCODE = msgspec.json.Encoder(order="sorted").encode


class RepeatedKeys(Generic[Sink]):
    """The keys that came more than once in a list, with what was delivered of each.

    Contents are compared only for these keys. So the usual list, whose keys are all different, costs nothing.

    Args:
        place: The account's place, whose clocks decide which hours a day may have twice; None if unknown.
    """

    def __init__(self, place: tzinfo | None) -> None:
        self._place = place
        self._delivered: dict[Any, set[bytes] | None] = {}
        """For each key, the contents that were delivered; None if it is one record with unknown content."""
        self._second: dict[Any, set[bytes]] = {}
        """Contents that came after that record in the first pass, and were not delivered."""
        self._texts: dict[Any, str] = {}
        self._held: dict[Any, dict[bytes, Sink]] = {}
        """Records of the pass that may have to be delivered once a second pass shows them too."""
        self._pass = 0

    def __contains__(self, key: Any) -> bool:
        return key in self._delivered

    def note(
        self, keys: Sequence[Any], page: Page[Sink], current: Pass, delivered: set[Any], reader: PageReader[Sink]
    ) -> set[int]:
        """Note the keys of a page, some of which came before.

        Args:
            keys: The key of each record.
            page: The page.
            current: The pass, without the keys of this page.
            delivered: The keys of records that were delivered.
            reader: The reader of the page.

        Returns:
            The positions of the records with repeated keys that have to be delivered now.
        """
        if self._pass != current.number:
            self._pass, self._held = current.number, {}
        came_before = current.keys.intersection(keys)
        on_page = {key for key, count in Counter(keys).items() if count > 1} if len(set(keys)) < len(keys) else set()
        current.repeated = current.repeated or bool(came_before or on_page)
        for key in on_page | came_before:
            self._delivered.setdefault(key, None if key in delivered else set())
        positions: dict[Any, dict[bytes, int]] = {}
        if not self._delivered.keys().isdisjoint(keys):
            for position, (key, row) in enumerate(zip(keys, page.raw.rows(), strict=True)):
                if key in self._delivered:
                    positions.setdefault(key, {}).setdefault(_ENCODE(row), position)
        current.copies.note({key: list(contents) for key, contents in positions.items()})
        due: set[int] = set()
        for key, contents in positions.items():
            keyed = page.keyed[min(contents.values())]
            self._texts.setdefault(key, reader.describe(keyed))
            hour = reader.shared_in(keyed)
            if hour == "" or (hour and shows_hour_twice(self._place, hour)):
                current.copies.shared[key] = hour
            due |= self._due_on_page(key, contents, page, current.number)
        return due

    def _due_on_page(self, key: Any, contents: Mapping[bytes, int], page: Page[Sink], number: int) -> set[int]:
        known = self._delivered[key]
        if known is not None and len(contents) > len(known):
            due = {content: position for content, position in contents.items() if content not in known}
            known.update(due)
            return set(due.values())
        if number == 1:
            self._second.setdefault(key, set()).update(contents)
            return set()
        held = self._held.setdefault(key, {})
        for content, position in contents.items():
            if content not in held:
                held[content] = page.records.select([position])
        return set()

    def due(self, latest: Pass) -> Iterator[Sink]:
        """The records with repeated keys that the last pass shows to be different, and that were not delivered."""
        for key in latest.different:
            held = self._held.get(key, {})
            known = self._delivered[key]
            if known is None:  # most likely, the record that came first was delivered
                second = self._second.get(key, set())
                known = set(list(dict.fromkeys((*(content for content in held if content not in second), *held)))[:1])
            if len(held) > len(known):
                yield from (record for content, record in held.items() if content not in known)

    def described(self, latest: Pass) -> dict[str, int]:
        """For each key of which different records were delivered, its text and how many records there are."""
        counts = {key: len(contents) for key, contents in self._delivered.items() if contents and len(contents) > 1}
        counts |= {key: len(latest.copies.versions[key]) for key in latest.different}
        return {self._texts[key]: count for key, count in counts.items()}


def different_records(what: str, different: Mapping[str, int]) -> list[str]:
    """A sentence about keys that belong to several different records; none if there are no such keys.

    Args:
        what: What the records are called.
        different: For each key, how many records have it.
    """
    if not different:
        return []
    key, count = next(iter(different.items()))
    keys = f"the key {key}" if len(different) == 1 else f"each of {len(different):,} keys, for example {key}"
    text = (
        f"TikTok delivers {count} different {what} with {keys}. All of them are delivered. A destination that keeps "
        "one record per key loses the others: compare its sums with TikTok Ads Manager."
    )
    return [text]
