"""Stores files into a folder: several at once, each once, within limits, and with an index of what is there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import msgspec

from tiktok_marketing.api.network import trusted_authorities
from tiktok_marketing.assets.download import AssetError, download
from tiktok_marketing.assets.listing import KINDS, Asset
from tiktok_marketing.errors import DestinationError

INDEX = "index.jsonl"
"""The file with a line of JSON per stored file. A line is added once its file is whole, so a killed run loses none."""

_TIMEOUT = aiohttp.ClientTimeout(total=600, sock_connect=30, sock_read=60)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a run may take.

    Args:
        file_bytes: The size of one file.
        total_bytes: The size of all files in the folder together.
        parallel: How many files are read at once.
    """

    file_bytes: int = 500 * 1024**2
    total_bytes: int = 20 * 1024**3
    parallel: int = 4


class StoredAsset(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the index.

    Args:
        kind: One of `listing.KINDS`.
        content_id: TikTok's id of the content.
        path: Where the file is, below the folder.
        size: Its size in bytes.
        content_type: What the server called it.
        sha256: The hash of its bytes.
        stored_at: When it was stored, in UTC.
    """

    kind: str
    content_id: str
    path: str
    size: int
    content_type: str
    sha256: str
    stored_at: datetime


class StoreResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did.

    Args:
        stored: How many files were stored.
        there: How many were there before.
        ended: How many addresses had ended before they were asked.
        not_begun: How many files were left because the folder has reached its limit.
        failures: Kind and id of each file that could not be stored, and why.
        assets: Everything that the folder has now.
    """

    stored: int = 0
    there: int = 0
    ended: int = 0
    not_begun: int = 0
    failures: tuple[tuple[str, str, str], ...] = ()
    assets: tuple[StoredAsset, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every file is there."""
        return not (self.ended or self.not_begun or self.failures)


def stored_assets(folder: Path) -> Mapping[tuple[str, str], StoredAsset]:
    """Return what a folder has, by kind and id: the lines of its index whose files are there and whole."""
    try:
        lines = (folder / INDEX).read_bytes().splitlines()
    except FileNotFoundError:
        return {}
    known: dict[tuple[str, str], StoredAsset] = {}
    for line in lines:
        try:
            asset = msgspec.json.decode(line, type=StoredAsset)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # the last line of a run that was killed
        if _is_whole(folder, asset):
            known[asset.kind, asset.content_id] = asset
    return known


def _is_whole(folder: Path, asset: StoredAsset) -> bool:
    parts = asset.path.split("/")
    if len(parts) != 2 or parts[0] not in KINDS or parts[1].startswith("."):
        return False  # no line of ours
    path = folder / asset.path
    try:
        return path.lstat().st_size == asset.size and not path.is_symlink()
    except OSError:
        return False


async def store_assets(
    assets: Sequence[Asset], folder: Path, limits: Limits, *, base: str | None = None, now: datetime | None = None
) -> StoreResult:
    """Store the files that a folder does not have yet. A file that fails does not stop the others.

    Args:
        assets: The files.
        folder: The folder, which is created if needed.
        limits: What the run may take.
        base: Scheme, host and port to ask instead of those of the addresses, as `TIKTOK_API_URL` sets them.
        now: The time, in UTC, at which addresses may have ended; None for the machine's.

    Raises:
        DestinationError: The folder cannot be written to.
    """
    moment = now or datetime.now(UTC)
    try:
        known = dict(_prepared(folder))
        missing = [asset for asset in assets if (asset.kind, asset.content_id) not in known]
        # A server of the user's, such as the emulator, may have another clock. It is asked in any case.
        living = [asset for asset in missing if base or asset.ends_at is None or asset.ends_at > moment]
        # What ends first is stored first.
        living.sort(key=lambda asset: (asset.ends_at or datetime.max.replace(tzinfo=UTC), asset.kind, asset.content_id))
        run = _Run(folder, limits, base, known)
        connector = aiohttp.TCPConnector(ssl=trusted_authorities() or True, limit=max(1, limits.parallel))
        async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as session:
            queue = iter(living)
            await asyncio.gather(*(run.work(session, queue) for _ in range(max(1, limits.parallel))))
    except OSError as error:
        raise DestinationError(
            f"Assets cannot be stored in {folder}: {error.strerror or error}.",
            remedy="Free some space, or name another folder.",
        ) from error
    return StoreResult(
        stored=run.stored,
        there=len(assets) - len(missing),
        ended=len(missing) - len(living),
        not_begun=run.not_begun,
        failures=tuple(run.failures),
        assets=tuple(run.known.values()),
    )


def _prepared(folder: Path) -> Mapping[tuple[str, str], StoredAsset]:
    """Make the folders, and remove what a killed run left. Returns what is stored."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        of_kind = folder / kind
        of_kind.mkdir(exist_ok=True)
        if of_kind.is_symlink():
            raise OSError(f"{of_kind} is a link to another folder")
        for left_over in of_kind.glob(".*.part"):
            left_over.unlink(missing_ok=True)
    return stored_assets(folder)


class _Run:
    """One run, with what it has done so far."""

    def __init__(
        self, folder: Path, limits: Limits, base: str | None, known: dict[tuple[str, str], StoredAsset]
    ) -> None:
        self.known = known
        self.stored = 0
        self.not_begun = 0
        self.failures: list[tuple[str, str, str]] = []
        self._folder = folder
        self._limits = limits
        self._base = base
        self._total = sum(asset.size for asset in known.values())

    async def work(self, session: aiohttp.ClientSession, queue: Iterable[Asset]) -> None:
        """Store one file after another, until none is left."""
        for asset in queue:
            room = min(self._limits.file_bytes, self._limits.total_bytes - self._total)
            if room <= 0:
                self.not_begun += 1
                continue
            await self._store(session, asset, room)

    async def _store(self, session: aiohttp.ClientSession, asset: Asset, room: int) -> None:
        try:
            stored = await download(
                session, asset.kind, asset.content_id, asset.address, self._folder, most=room, base=self._base
            )
        except AssetError as error:
            self.failures.append((asset.kind, asset.content_id, str(error)))
            return
        line = StoredAsset(
            kind=asset.kind,
            content_id=asset.content_id,
            path=stored.path,
            size=stored.size,
            content_type=stored.content_type,
            sha256=stored.sha256,
            stored_at=datetime.now(UTC).replace(microsecond=0),
        )
        _append(self._folder / INDEX, msgspec.json.encode(line) + b"\n")
        self._total += stored.size
        self.known[asset.kind, asset.content_id] = line
        self.stored += 1


def _append(path: Path, line: bytes) -> None:
    """Add a line to the index. A torn last line of a killed run is ended first."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "r+b") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                line = b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
