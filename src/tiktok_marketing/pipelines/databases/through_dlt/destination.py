"""A database that dlt knows as a destination."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import msgspec

from tiktok_marketing.errors import ConfigurationError, DestinationError, DestinationLockedError
from tiktok_marketing.pipelines.databases.destination import ReadOnlyDatabase
from tiktok_marketing.pipelines.databases.errors import first_line, innermost, text_of
from tiktok_marketing.pipelines.databases.temporary import working_folder_of
from tiktok_marketing.pipelines.databases.through_dlt.address import DltAddress, parse
from tiktok_marketing.text import mask_known

if TYPE_CHECKING:
    import pyarrow as pa

    from tiktok_marketing.catalog import Stream
    from tiktok_marketing.pipelines.databases.through_dlt.dlt_store import DltStore


class DltDestination(msgspec.Struct, frozen=True):
    """A database that dlt knows, and the schema in it that holds the tables."""

    address: DltAddress

    example: ClassVar[str] = "snowflake://, bigquery:// or another of docs/destinations.md"
    sql_dialect: ClassVar[str] = ""
    file_endings: ClassVar[tuple[str, ...]] = ()

    @property
    def extra(self) -> str:
        """The extra that the destination needs."""
        return self.address.service.extra

    @property
    def libraries(self) -> tuple[str, ...]:
        """The modules that the destination needs."""
        return ("dlt", "pyarrow", *self.address.service.libraries)

    @classmethod
    def at(cls, address: str, dataset: str) -> Self:
        """Read an address.

        Raises:
            ConfigurationError: It cannot be read or names no database.
        """
        return cls(parse(address, dataset))

    @property
    def dataset(self) -> str:
        """The schema."""
        return self.address.dataset

    @property
    def display_name(self) -> str:
        """The database's name in messages."""
        return self.address.shown

    @property
    def working_folder(self) -> Path:
        """The folder where packages are prepared."""
        return working_folder_of(self.display_name, self.dataset)

    @contextmanager
    def exclusive_lock(self, token: str) -> Iterator[None]:
        """Do nothing more: there is no lock that all these databases have. Each package looks for other syncs."""
        del token
        yield

    def store(self, folder: Path) -> DltStore:
        """Return what a sync writes through."""
        from tiktok_marketing.pipelines.databases.through_dlt.dlt_store import DltStore

        return DltStore(self.address, folder)

    def open_read_only(self, memory: Any) -> AbstractContextManager[ReadOnlyDatabase]:
        """Refuse: only DuckDB and Postgres can be examined.

        Raises:
            ConfigurationError: Always.
        """
        del memory
        raise ConfigurationError(
            f"{self.display_name} cannot be examined: this command reads DuckDB and Postgres only.",
            remedy="Load into DuckDB or Postgres for it, or query the database with a tool of yours.",
        )

    def sanitize(self, table: pa.Table, stream: Stream) -> pa.Table:
        """Return the table with U+FFFD for each NUL, which texts in most databases cannot hold."""
        import pyarrow as pa
        import pyarrow.compute as pc

        del stream
        for index, field in enumerate(table.schema):
            if field.type == pa.string() and pc.any(pc.match_substring(table.column(index), "\0")).as_py():
                table = table.set_column(index, field, pc.replace_substring(table.column(index), "\0", "\ufffd"))
        return table

    def describe_error(self, error: BaseException, *, reading: bool = False) -> DestinationError:
        """Say in one sentence why nothing can be written (or read), whatever raised the error."""
        if isinstance(error, DestinationError):
            return error
        cause = innermost(error)
        text = mask_known(text_of(cause))
        detail = mask_known(f"{type(error).__name__}: {error}")
        action = "read from" if reading else "written to"
        lowered = f"{type(cause).__name__} {text}".lower()
        if "database is locked" in lowered or "could not set lock" in lowered:
            return DestinationLockedError(
                f"The database {self.display_name} is in use by another process.",
                remedy="Close it there and run this again.",
                detail=detail,
            )
        if type(cause).__name__ == "ConfigFieldMissingException":
            variable = self.address.service.password_variable
            usual = f" (its password also as {variable})" if variable else ""
            return DestinationError(
                f"The address of {self.display_name} and dlt's settings lack something: {_missing(cause)}.",
                remedy=f"Give it in the address ({self.address.service.example}){usual}, or as dlt's settings: "
                f"in the environment (DESTINATION__{self.address.service.name.upper()}__CREDENTIALS__…) or in "
                ".dlt/secrets.toml.",
                detail=detail,
            )
        return DestinationError(
            f"Nothing can be {action} {self.display_name}: {first_line(text)}",
            remedy="Check the address, the credentials and the rights of the user, and run this again; a sync "
            "continues from what is loaded.",
            detail=detail,
        )


def _missing(error: BaseException) -> str:
    fields = getattr(error, "fields", None) or ["a setting"]
    return ", ".join(str(field) for field in fields)
