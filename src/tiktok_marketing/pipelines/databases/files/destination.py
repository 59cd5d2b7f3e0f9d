"""A folder or a bucket as a destination."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import msgspec

from tiktok_marketing.errors import ConfigurationError, DestinationError
from tiktok_marketing.pipelines.databases.destination import ReadOnlyDatabase
from tiktok_marketing.pipelines.databases.errors import first_line, innermost, text_of
from tiktok_marketing.pipelines.databases.files.address import EXAMPLE, FilesAddress, parse
from tiktok_marketing.pipelines.databases.temporary import working_folder_of
from tiktok_marketing.text import mask_known

if TYPE_CHECKING:
    import pyarrow as pa

    from tiktok_marketing.catalog import Stream
    from tiktok_marketing.pipelines.databases.files.file_store import FileStore
    from tiktok_marketing.pipelines.databases.files.folder import Folder
    from tiktok_marketing.pipelines.databases.files.table_format import TableFormat


class FilesDestination(msgspec.Struct, frozen=True):
    """A folder or bucket, and the folder in it that holds the tables."""

    address: FilesAddress
    dataset: str

    example: ClassVar[str] = EXAMPLE
    sql_dialect: ClassVar[str] = ""
    file_endings: ClassVar[tuple[str, ...]] = ()

    @property
    def extra(self) -> str:
        """The extra that the destination needs."""
        return self.address.extra

    @property
    def libraries(self) -> tuple[str, ...]:
        """The modules that the destination needs."""
        return self.address.libraries

    @classmethod
    def at(cls, address: str, dataset: str) -> Self:
        """Read an address.

        Raises:
            ConfigurationError: It cannot be read, or holds a secret.
        """
        return cls(parse(address), dataset)

    @property
    def display_name(self) -> str:
        """The destination's name in messages."""
        return str(self.address)

    @property
    def working_folder(self) -> Path:
        """The folder that locks the destination on this machine."""
        if self.address.is_local:
            path = Path(self.address.url)
            return path.with_name(f"{path.name}.{self.dataset}.loading")
        return working_folder_of(self.display_name, self.dataset)

    @contextmanager
    def exclusive_lock(self, token: str) -> Iterator[None]:
        """Keep out syncs that run on other machines, with a file in the bucket.

        Raises:
            DestinationError: Another sync holds the file, or the bucket cannot be written to.
        """
        if self.address.is_local:
            yield
            return
        from tiktok_marketing.pipelines.databases.files.folder import Lease

        try:
            lease = Lease(self._folder(), token, self.display_name)
            context = lease.held()
            context.__enter__()
        except DestinationError:
            raise
        except Exception as error:
            raise self.describe_error(error) from error
        try:
            yield
        finally:
            context.__exit__(None, None, None)

    def store(self, folder: Path) -> FileStore:
        """Return what a sync writes through."""
        from tiktok_marketing.pipelines.databases.files.file_store import FileStore
        from tiktok_marketing.pipelines.databases.files.folder import Lease

        files = self._folder()
        lease = None if self.address.is_local else Lease(files, folder.name, self.display_name)
        return FileStore(files, self._tables(files), lease, self.display_name)

    def _folder(self) -> Folder:
        from tiktok_marketing.pipelines.databases.files.folder import Folder

        return Folder(self.address, self.dataset)

    def _tables(self, folder: Folder) -> TableFormat:
        if self.address.format == "delta":
            from tiktok_marketing.pipelines.databases.files.delta_tables import DeltaTables

            return DeltaTables(folder)
        if self.address.format == "iceberg":
            from tiktok_marketing.pipelines.databases.files.iceberg_tables import IcebergTables

            return IcebergTables(folder)
        from tiktok_marketing.pipelines.databases.files.parquet_tables import ParquetTables

        return ParquetTables(folder)

    def open_read_only(self, memory: Any) -> AbstractContextManager[ReadOnlyDatabase]:
        """Refuse: only DuckDB and Postgres can be examined.

        Raises:
            ConfigurationError: Always.
        """
        del memory
        raise ConfigurationError(
            f"{self.display_name} cannot be examined: this command reads DuckDB and Postgres only.",
            remedy="Load into DuckDB or Postgres for it, or query the files with a tool of yours.",
        )

    def sanitize(self, table: pa.Table, stream: Stream) -> pa.Table:
        """Return the table as it is: the files hold every value that Arrow holds."""
        del stream
        return table

    def describe_error(self, error: BaseException, *, reading: bool = False) -> DestinationError:
        """Say in one sentence why nothing can be written (or read), whatever raised the error."""
        if isinstance(error, DestinationError):
            return error
        cause = innermost(error)
        text = mask_known(text_of(cause))
        action = "read from" if reading else "written to"
        remedy = "Fix that and run this again; a sync continues from what is loaded."
        for sign, advice in _REMEDIES:
            if sign in f"{type(cause).__name__} {text}".lower():
                remedy = advice
                break
        return DestinationError(
            f"Nothing can be {action} {self.display_name}: {first_line(text)}",
            remedy=remedy,
            detail=mask_known(f"{type(error).__name__}: {error}"),
        )


_REMEDIES = (
    ("permission denied", "Check who may write to the folder."),
    ("read-only file system", "Give a folder that accepts writes."),
    ("no space left", "Free some space and run the sync again; it continues from what is loaded."),
    ("not a directory", "Give the path of a folder."),
    (
        "credentials",
        (
            "Give credentials with the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "GOOGLE_APPLICATION_CREDENTIALS and the like), a profile of the cloud's tool, or dlt's secrets.toml."
        ),
    ),
    ("forbidden", "Check that the credentials may list, read, write and delete below this prefix."),
    ("access denied", "Check that the credentials may list, read, write and delete below this prefix."),
    ("bucket does not exist", "Create the bucket first."),
)
