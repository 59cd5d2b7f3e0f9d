"""The kinds of database there are, and the addresses that users write."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.pipelines.databases.destination import DEFAULT_DATASET, Destination
from tiktok_marketing.pipelines.databases.duckdb.address import DuckDBFile
from tiktok_marketing.pipelines.databases.files.address import SCHEMES as FILES
from tiktok_marketing.pipelines.databases.files.destination import FilesDestination
from tiktok_marketing.pipelines.databases.postgres.address import PostgresDatabase
from tiktok_marketing.pipelines.databases.through_dlt.destination import DltDestination
from tiktok_marketing.pipelines.databases.through_dlt.services import BY_SCHEME

KINDS: Mapping[str, type[Destination]] = {
    "duckdb": DuckDBFile,
    "postgresql": PostgresDatabase,
    "postgres": PostgresDatabase,
    **dict.fromkeys(FILES, FilesDestination),
    **dict.fromkeys(BY_SCHEME, DltDestination),
}
"""The scheme of an address, and the kind of destination that it stands for."""

_DRIVERS = {"psycopg2", "psycopg", "psycopg2cffi", "asyncpg", "pg8000"}
"""What SQLAlchemy's addresses of Postgres may name after a +. The connection is psycopg2's in any case."""

_DATASET = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


def destination_of(address: str, dataset: str = DEFAULT_DATASET) -> Destination:
    """Read the address of a destination.

    Args:
        address: `duckdb:///relative.duckdb`, `duckdb:////absolute/path.duckdb`, a path that ends in `.duckdb`, or
            `postgresql://user:password@host:5432/database`.
        dataset: The schema for the tables.

    Raises:
        ConfigurationError: The address is not that of a supported database, or the dataset is not a plain name.
    """
    address = _normalized(address.strip())
    kind = _kind_of(address)
    _check_dataset(dataset, through_dlt=kind is not FilesDestination)
    return kind.at(address, dataset)


def _check_dataset(dataset: str, *, through_dlt: bool) -> None:
    """Refuse a dataset that is not a plain name, or under whose name nothing would ever be.

    Args:
        dataset: The dataset.
        through_dlt: Whether dlt loads the rows. It would change other names silently, and the sync would look for the
            name as written.
    """
    if not _DATASET.fullmatch(dataset):
        raise ConfigurationError(
            f"The dataset {dataset!r} is not a name that works in SQL without quotes.",
            remedy="Use letters, digits and underscores, with a letter or an underscore first.",
        )
    if dataset.lower() != dataset:
        raise ConfigurationError(
            f"The dataset {dataset!r} has capital letters.", remedy=f"Write it as {_plain(dataset)}."
        )
    if through_dlt and (dataset.endswith("_") or "__" in dataset):
        reason = "ends with an underscore" if dataset.endswith("_") else "has two underscores in a row"
        raise ConfigurationError(
            f"The dataset {dataset!r} {reason}, which dlt would change.",
            remedy=f"Write it as {_plain(dataset)}.",
        )


def _plain(dataset: str) -> str:
    """The nearest name that stays as it is written."""
    return re.sub("_+", "_", dataset.lower()).rstrip("_") or DEFAULT_DATASET


def _normalized(address: str) -> str:
    """The address without what only SQLAlchemy understands, and with the scheme in small letters.

    Example:
        `PostgreSQL+psycopg2://user@host/database` is `postgresql://user@host/database`.
    """
    scheme, separator, rest = address.partition("://")
    if not separator or ":" in scheme:
        return address
    kind, _, driver = scheme.lower().partition("+")
    return f"{kind}://{rest}" if not driver or (kind.startswith("postgres") and driver in _DRIVERS) else address


def _kind_of(address: str) -> type[Destination]:
    scheme = address.partition(":")[0].lower()
    if scheme in KINDS and address != scheme:
        return KINDS[scheme]
    remedy = f"Write it as {' or '.join(dict.fromkeys(kind.example for kind in KINDS.values()))}."
    if "://" in address:
        scheme = address.partition("://")[0]
        known = ", ".join(KINDS)
        raise ConfigurationError(
            f"Destinations of the kind {scheme}:// are not supported; these are: {known}.", remedy=remedy
        )
    for kind in KINDS.values():
        if address.lower().endswith(kind.file_endings):
            return kind
    after_password = address.rpartition("@")[2]
    raise ConfigurationError(f"{after_password!r} is not a destination.", remedy=remedy)
