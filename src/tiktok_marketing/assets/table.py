"""Writes into the database what a folder of assets has, so that a query finds the stored files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from tiktok_marketing.assets.store import StoredAsset
from tiktok_marketing.errors import ConfigurationError, DestinationError
from tiktok_marketing.pipelines.databases.destination import Database, Destination
from tiktok_marketing.pipelines.databases.lock import reserved

ASSETS_TABLE = "_tiktok_assets"
_COLUMNS = (
    "kind VARCHAR, content_id VARCHAR, path VARCHAR, size BIGINT, content_type VARCHAR, sha256 VARCHAR,"
    " stored_at TIMESTAMP"
)
_ROWS_PER_STATEMENT = 500


def write_table(destination: Destination, assets: Iterable[StoredAsset]) -> None:
    """Replace the rows of `_tiktok_assets` in one transaction.

    Raises:
        DestinationError: The database cannot be written to.
    """
    name = f'"{destination.dataset}"."{ASSETS_TABLE}"'
    rows = [
        (one.kind, one.content_id, one.path, one.size, one.content_type, one.sha256, one.stored_at.replace(tzinfo=None))
        for one in assets
    ]
    with reserved(destination) as folder:
        try:
            session = cast(Database, destination).connect(folder.name)  # whatever has views is one
            try:
                with session.transaction():
                    session.execute(f"CREATE TABLE IF NOT EXISTS {name} ({_COLUMNS})")
                    session.execute(f"DELETE FROM {name}")  # noqa: S608
                    for start in range(0, len(rows), _ROWS_PER_STATEMENT):
                        some = rows[start : start + _ROWS_PER_STATEMENT]
                        holders = ", ".join("(?, ?, ?, ?, ?, ?, ?)" for _ in some)
                        session.execute(
                            f"INSERT INTO {name} VALUES {holders}",  # noqa: S608
                            [value for row in some for value in row],
                        )
            finally:
                session.close()
        except (ConfigurationError, DestinationError):
            raise
        except Exception as error:
            raise destination.describe_error(error) from error
