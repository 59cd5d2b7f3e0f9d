"""Records that share a key: which are copies of one record, and which are different records. Pure.

One answer shows the records of one moment. If a key stands on a page twice with different values, these are two
records. On two pages, it may be one record that moved and changed between them, so two passes must show the same.

Two records with one key are delivered, but they count as two only if the key can belong to two: an hour over which the
clocks at the account's place go back, or a key without one of its parts. The second record with any other key stands in
place of another record, or TikTok counts too many. Both mean that records may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Copies:
    """The contents of the keys that came more than once, as one pass shows them."""

    def __init__(self) -> None:
        self.versions: dict[Any, dict[bytes, None]] = {}
        """The different contents of each key, in the order of their arrival."""
        self.shared: dict[Any, str] = {}
        """The keys that may belong to several records, with their hour; empty if any number of records may have them.
        """
        self._proven: set[Any] = set()
        """Keys that one page shows with different contents."""

    def counted(self, different: Sequence[Any]) -> Sequence[Any]:
        """Those of the keys of several records for which each of the records counts."""
        hours = {self.shared[key] for key in different if self.shared.get(key)}
        return [key for key in different if key in self.shared and (not self.shared[key] or len(hours) == 1)]

    def note(self, contents: Mapping[Any, Sequence[bytes]]) -> None:
        """Note the different contents of some keys on one page."""
        for key, on_page in contents.items():
            self.versions.setdefault(key, {}).update(dict.fromkeys(on_page))
            if len(on_page) > 1:
                self._proven.add(key)

    def different(self, previous: Copies | None) -> Sequence[Any]:
        """The keys that belong to several records, as one page shows, or this pass and the previous one."""
        return [
            key
            for key, contents in self.versions.items()
            if len(contents) > 1
            and (
                key in self._proven
                or (previous is not None and previous.versions.get(key, {}).keys() == contents.keys())
            )
        ]

    @property
    def unclear(self) -> bool:
        """Whether a key has several contents that no page shows together."""
        return any(len(contents) > 1 and key not in self._proven for key, contents in self.versions.items())
