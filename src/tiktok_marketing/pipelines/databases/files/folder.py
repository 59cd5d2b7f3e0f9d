"""Files of one folder or bucket: read, written as a whole, listed and deleted, and a lease that keeps others out."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tiktok_marketing.errors import DestinationError
from tiktok_marketing.pipelines.databases.files.address import FilesAddress

LEASE = "_tiktok/lease.json"
_LEASE_SECONDS = 300.0
"""How long a lease counts after its holder last renewed it. A holder that was killed does not renew it."""


class Folder:
    """The folder of one dataset.

    Args:
        address: The folder or bucket.
        dataset: The folder in it that holds the tables.
    """

    def __init__(self, address: FilesAddress, dataset: str) -> None:
        self.address = address
        self._fs, path = _filesystem(address)
        self.path = f"{path.rstrip('/')}/{dataset}"
        self.url = f"{address.url}/{dataset}"

    def create(self) -> None:
        """Make sure that the folder exists. A bucket has no folders, and must exist."""
        if self.address.is_local:
            self._fs.makedirs(self.path, exist_ok=True)

    def remove_empty(self) -> None:
        """Remove the folder, and the one that it is in, if they are empty. A bucket has no folders."""
        if self.address.is_local:
            with suppress(OSError):
                for path in (f"{self.path}/_tiktok", self.path, self.address.url):
                    os.rmdir(path)  # noqa: PTH106 - the path is a text

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None if it does not exist."""
        try:
            content: bytes = self._fs.cat_file(f"{self.path}/{name}")
        except FileNotFoundError:
            return None
        return content

    @contextmanager
    def opened(self, name: str) -> Iterator[Any]:
        """Open a file for reading only a part of it."""
        with self._fs.open(f"{self.path}/{name}", "rb") as file:
            yield file

    def write(self, name: str, content: bytes) -> None:
        """Write a file as a whole: whoever reads it sees the old content or the new one.

        Raises:
            DestinationError: There is a file where the folder for it should be.
        """
        path = f"{self.path}/{name}"
        if not self.address.is_local:
            self._fs.pipe_file(path, content)
            return
        try:
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            folders = [folder for folder in Path(path).parents if folder.is_file()]
            raise DestinationError(
                f"There is a file where the folder {folders[0] if folders else Path(path).parent} should be, which "
                f"holds {name.partition('/')[0]}.",
                remedy="Delete the file, or move it to another folder, and run the sync again.",
                detail=f"{type(error).__name__}: {error}",
            ) from error
        temporary = f"{path}.{os.getpid()}.tmp"
        with open(temporary, "wb") as file:  # noqa: PTH123 - the path is a text
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105

    def delete(self, name: str) -> None:
        """Delete a file, if it exists."""
        with suppress(FileNotFoundError):
            self._fs.rm_file(f"{self.path}/{name}")

    def names(self, under: str, ending: str) -> list[str]:
        """Return the files below a folder whose names have an ending, as paths below the dataset's folder."""
        self._fs.invalidate_cache()
        try:
            found = self._fs.find(f"{self.path}/{under}")
        except FileNotFoundError:
            return []
        start = len(self.path.lstrip("/")) + 1
        return sorted(path.lstrip("/")[start:] for path in found if path.endswith(ending))


def _filesystem(address: FilesAddress) -> tuple[Any, str]:
    """Return a filesystem and the folder's path in it, with the credentials that dlt finds."""
    if address.is_local:
        import fsspec

        return fsspec.filesystem("file"), address.url
    from dlt.common.storages.fsspec_filesystem import fsspec_from_config

    return fsspec_from_config(configuration(address))  # type: ignore[no-any-return]


def configuration(address: FilesAddress) -> Any:
    """Return dlt's configuration of the bucket, with the credentials that dlt finds."""
    from dlt.common.configuration import resolve_configuration
    from dlt.common.storages.configuration import FilesystemConfiguration

    config = resolve_configuration(
        FilesystemConfiguration(bucket_url=address.url), sections=("destination", "filesystem")
    )
    for name, value in (("endpoint_url", address.endpoint_url), ("region_name", address.region)):
        if value:
            setattr(config.credentials, name, value)
    return config


class Lease:
    """A file that says which sync writes into a bucket: a local lock reaches one machine only.

    Args:
        folder: The dataset's folder.
        token: Identifies the sync.
        shown: The destination's name in messages.
    """

    def __init__(self, folder: Folder, token: str, shown: str) -> None:
        self._folder = folder
        self._token = token
        self._shown = shown

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lease.

        Raises:
            DestinationError: Another sync holds it.
        """
        holder = self._holder()
        # The lock of this machine is ours by now, so that a lease of this machine is that of a sync that was killed.
        if holder and holder.get("host") != socket.gethostname() and time.time() < float(holder.get("until", 0)):
            raise DestinationError(
                f"Another sync is loading into {self._shown}, on the machine {holder.get('host')}.",
                remedy=f"Wait until it is done. If it was killed, wait {_LEASE_SECONDS / 60:.0f} minutes, or delete "
                f"{self._folder.url}/{LEASE}.",
            )
        self.renew(first=True)
        try:
            yield
        finally:
            with suppress(Exception):
                if (self._holder() or {}).get("token") == self._token:
                    self._folder.delete(LEASE)

    def renew(self, *, first: bool = False) -> None:
        """Renew the lease.

        Raises:
            DestinationError: Another sync has taken it.
        """
        holder = self._holder()
        if not first and (holder or {}).get("token") != self._token:
            raise DestinationError(
                f"Another sync has begun to load into {self._shown}.",
                remedy="Run the sync again once the other is done; it continues from what is loaded.",
            )
        lease = {"token": self._token, "host": socket.gethostname(), "until": time.time() + _LEASE_SECONDS}
        self._folder.write(LEASE, json.dumps(lease).encode())

    def _holder(self) -> Mapping[str, Any] | None:
        content = self._folder.read(LEASE)
        try:
            lease = json.loads(content) if content else None
        except ValueError:
            return None
        return lease if isinstance(lease, dict) else None
