"""Packages that wait in a folder, so that one transaction loads all of them.

dlt prepares each of them as usual: it adds columns and writes files. Its load jobs and the end of its load only leave
here what is to be done. Nothing of it is in the tables until `apply` has done all of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from tiktok_marketing.pipelines.databases.bookkeeping import PACKAGES_TABLE
from tiktok_marketing.pipelines.databases.replacement import Replacement

Step = Callable[[Any], None]
"""Changes a table through a session, in the transaction that is open."""
LoadFile = Callable[[Any, Path, Replacement], None]
"""Loads a file into a table through a session, in the transaction that is open."""


class _HeldPackage(msgspec.Struct, frozen=True):
    load_id: str
    schema: str
    schema_version: str


class HeldPackages:
    """The packages that wait, in their order.

    Args:
        folder: The folder for their files, which does not exist yet.
        dataset: The schema of the tables.
        load_file: Loads a file.
    """

    def __init__(self, folder: Path, dataset: str, load_file: LoadFile) -> None:
        self._folder = folder
        self._dataset = dataset
        self._load_file = load_file
        self._steps: list[tuple[str, Step]] = []
        self._packages: list[_HeldPackage] = []
        self._files = 0
        folder.mkdir()

    @property
    def load_ids(self) -> list[str]:
        """The ids of the packages."""
        return [package.load_id for package in self._packages]

    @property
    def tables(self) -> list[str]:
        """The tables that the packages change, in the order in which everybody locks them."""
        return sorted({table for table, _ in self._steps})

    def add_file(self, path: Path, change: Replacement) -> None:
        """Keep a file of rows, also after dlt has deleted it."""
        self._files += 1
        kept = self._folder / f"{self._files}.parquet"
        try:
            kept.hardlink_to(path)
        except OSError:  # not every file system has hard links
            shutil.copyfile(path, kept)

        def load(session: Any) -> None:
            self._load_file(session, kept, change)
            kept.unlink()

        self.add_step(change.stream.name, load)

    def add_step(self, table: str, step: Step) -> None:
        """Note what else is to be done in a table."""
        self._steps.append((table, step))

    def add_package(self, load_id: str, schema: str, schema_version: str) -> None:
        """Note that everything of a package is here."""
        self._packages.append(_HeldPackage(load_id, schema, schema_version))

    def apply(self, session: Any, around: Callable[[str, Step], None]) -> None:
        """Do all of it, in the transaction that is open.

        Args:
            session: The session.
            around: Called with each table and the step that changes it; it takes the step.
        """
        for table in self.tables:
            session.lock(table)
        for table, step in self._steps:
            around(table, step)
        for package in self._packages:
            session.execute(
                f'INSERT INTO "{self._dataset}".{PACKAGES_TABLE}'  # noqa: S608 - names of our own
                " (load_id, schema_name, status, inserted_at, schema_version_hash) VALUES (?, ?, 0, ?, ?)",
                [package.load_id, package.schema, datetime.now(UTC), package.schema_version],
            )
