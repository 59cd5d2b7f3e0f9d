"""Chooses what loads packages into a destination, and says what the load loop needs of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from tiktok_marketing.catalog import AnyStream
from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.pipelines.databases.destination import Database, Destination, StoreDestination
from tiktok_marketing.pipelines.package import LoadPackage
from tiktok_marketing.pipelines.summary import Summary


class PackageLoader(Protocol):
    """Loads packages into one destination. All methods are called in one thread."""

    tables: set[str]
    columns: dict[str, set[str]]
    covered_states: dict[str, Mapping[str, Any]]
    repeated: dict[str, int]

    @property
    def refused(self) -> Mapping[str, ConnectorError]:
        """Streams whose tables accept no rows, with the reason."""
        ...

    def open(
        self, streams: Iterable[AnyStream] = ..., *, full: bool = ..., wait: float = ...
    ) -> dict[str, Mapping[str, Any]]:
        """Open the destination, create it if needed, and return the states of its streams."""
        ...

    def undo_opening(self) -> None:
        """Remove what `open` created, if nothing was loaded into it. It stays if that is not possible."""
        ...

    def load(self, package: LoadPackage) -> dict[str, int]:
        """Load a package and its states. Returns the number of rows per stream, without rows that repeat a key."""
        ...

    @property
    def holds_packages(self) -> bool:
        """Whether packages wait for `release`."""
        ...

    def hold_packages(self) -> None:
        """From now on, let packages wait until `release` loads all of them in one transaction, if there is such."""
        ...

    def release(self) -> None:
        """Load all packages that wait."""
        ...

    def stored(self) -> Mapping[str, int]:
        """Return the number of rows of this sync that are in the destination now, per stream."""
        ...

    def finish(self, summary: Summary) -> None:
        """Record the sync in the tables of syncs and loads."""
        ...


def loader_of(destination: Destination, folder: Path, notice: Callable[[str], None]) -> PackageLoader:
    """Return the loader for a destination.

    Args:
        destination: The destination.
        folder: An empty folder for this loader alone.
        notice: Called with a sentence that a person should see.
    """
    if isinstance(destination, StoreDestination):
        from tiktok_marketing.pipelines.store_loader import StoreLoader

        return StoreLoader(destination, folder, notice)
    from tiktok_marketing.pipelines.loader import Loader

    return Loader(cast(Database, destination), folder, notice)
