"""Files are stored whole, once, within limits and within the folder, whatever ids, addresses and servers say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from support import HurriedClock, config_for
from tiktok_marketing.assets import Asset, Limits, assets_of, store_assets, stored_assets, write_table
from tiktok_marketing.assets.download import AssetError, file_name, safe_address
from tiktok_marketing.assets.store import INDEX
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.errors import DestinationError
from tiktok_marketing.pipelines import RunOptions, destination_of, load_async
from tiktok_marketing.pipelines.databases.bookkeeping import opened_filled
from tiktok_marketing.views import ViewSettings, create_views

NOW = datetime(2026, 3, 11, 15, 30, tzinfo=UTC)
STREAMS = ("ads", "creative_assets_images", "creative_assets_videos", "spark_ads")


class Server:
    """A server whose answers a test chooses, by path."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.url = ""
        self.answers: dict[str, Callable[[web.BaseRequest], Any]] = {}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        self.asked.append(request.path)
        answer = self.answers.get(request.path)
        if answer is None:
            return web.Response(body=b"picture of " + request.path.encode(), content_type="image/jpeg")
        result = answer(request)
        response: web.StreamResponse = await result if hasattr(result, "__await__") else result
        return response


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    """A server on a real socket."""
    answering = Server()
    runner = web.ServerRunner(web.Server(answering.handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    answering.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield answering
    await runner.cleanup()


def image(content_id: str, *, ends_at: datetime | None = None, path: str | None = None) -> Asset:
    """An image of a test."""
    address = f"https://cdn.example{path or f'/{content_id}'}"
    return Asset(kind="image", content_id=content_id, address=address, ends_at=ends_at)


def files(folder: Path) -> dict[str, bytes]:
    """What is in a folder, but for the index."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != INDEX
    }


async def test_a_synced_database_is_stored_whole(tmp_path: Path) -> None:
    """Images, covers and videos of the library and of posts arrive once, and the view names their paths."""
    async with Emulator(Options(now=NOW, tier="unlimited", ads_per_account=10)) as emulator:
        destination = destination_of(str(tmp_path / "a.duckdb"))
        config = parse_config(config_for(emulator, start_date="2026-03-10"))
        surroundings = RunOptions(address=emulator.url, clock=HurriedClock(NOW))
        assert (await load_async(config, destination, streams=STREAMS, options=surroundings)).complete
        with opened_filled(destination) as database:
            wanted = assets_of(database)
        assert {asset.kind for asset in wanted} == {"image", "video", "video_cover", "post", "post_cover"}
        covered = {asset.content_id for asset in wanted if asset.kind == "post_cover"}
        posts = {asset.content_id for asset in wanted if asset.kind == "post"}
        assert covered > posts, "a post that shows images has no video, and its first image is its cover"
        assert all(asset.ends_at and NOW < asset.ends_at <= NOW + timedelta(hours=7) for asset in wanted)
        folder = tmp_path / "kept"
        result = await store_assets(wanted, folder, Limits(), base=emulator.url, now=NOW)
        assert (result.stored, result.there, result.complete) == (len(wanted), 0, True)
        assert len(files(folder)) == len(wanted)
        for asset in result.assets:
            content = (folder / asset.path).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (asset.size, asset.sha256)
            assert content.startswith(b"\x89PNG") if "video" not in asset.content_type else content[4:8] == b"ftyp"
        again = await store_assets(wanted, folder, Limits(), base=emulator.url, now=NOW)
        assert (again.stored, again.there) == (0, len(wanted))
        emulator.clock.set(NOW + timedelta(hours=8))
        late = await store_assets(wanted, tmp_path / "late", Limits(), base=emulator.url, now=NOW)
        assert late.stored == 0
        assert {reason for *_, reason in late.failures} == {"the server answered HTTP 403: the address has ended"}
        in_time = await store_assets(wanted, tmp_path / "late", Limits(), now=NOW + timedelta(hours=8))
        assert (in_time.ended, in_time.failures, in_time.complete) == (len(wanted), (), False)
    write_table(destination, result.assets)
    create_views(destination, ViewSettings())
    with duckdb.connect(str(tmp_path / "a.duckdb"), read_only=True) as connection:
        rows = connection.execute("SELECT video_id, video_path, thumbnail_path FROM tiktok_ads.creatives").fetchall()
    with_video = [row for row in rows if row[0]]
    assert with_video
    for video_id, video_path, thumbnail_path in with_video:
        assert video_path == f"video/{video_id}.mp4"
        assert thumbnail_path == f"video_cover/{video_id}.png"


async def test_one_failure_does_not_stop_the_others(server: Server, tmp_path: Path) -> None:
    """Whatever happens to a file is said beside its id, and all others are stored. No part of a file stays."""

    async def cut(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(64):
            await response.write(b"x" * 1024)
        return response

    server.answers = {
        "/gone": lambda _: web.Response(status=404),
        "/broken": lambda _: web.Response(status=500),
        "/empty": lambda _: web.Response(body=b""),
        "/large": lambda _: web.Response(body=b"x" * 20_000),
        "/endless": endless,
        "/cut": cut,
        "/loop": lambda _: web.Response(status=302, headers={"Location": "https://cdn.example/loop"}),
        "/moved": lambda _: web.Response(status=302, headers={"Location": "https://other.example/there"}),
    }
    names = ("one", *(path[1:] for path in server.answers), "two")
    limits = Limits(file_bytes=10_000, parallel=3)
    result = await store_assets([image(name) for name in names], tmp_path, limits, base=server.url)
    assert files(tmp_path) == {
        "image/one.jpg": b"picture of /one",
        "image/two.jpg": b"picture of /two",
        "image/moved.jpg": b"picture of /there",
    }
    reasons = {content_id: reason for _, content_id, reason in result.failures}
    assert set(reasons) == set(names) - {"one", "two", "moved"}
    assert reasons["gone"] == "the server answered HTTP 404: the address has ended"
    assert reasons["broken"] == "the server answered HTTP 500"
    assert reasons["large"] == "it has 20,000 bytes, and the limit is 10,000"
    assert reasons["endless"] == "it has more than 10,000 bytes, which is the limit"
    assert reasons["empty"] == "the server sent an empty file"
    assert reasons["cut"].startswith(("the server did not send it", "the connection ended"))
    assert reasons["loop"] == "its address is redirected too often"
    assert not result.complete


@pytest.mark.parametrize(
    "content_id",
    ["../../up", "/etc/passwd", "a/b", "..", ".", "", "a\0b", "nul\n", "é" * 300, "x" * 300, ".hidden", "a%2fb"],
)
async def test_no_id_leads_out_of_the_folder(server: Server, tmp_path: Path, content_id: str) -> None:
    """Whatever an id contains, its file is in the folder of its kind, under a name of plain characters."""
    folder = tmp_path / "deep" / "kept"
    result = await store_assets([image(content_id, path="/p")], folder, Limits(), base=server.url)
    assert result.complete
    (name,) = files(tmp_path)
    assert name.startswith("deep/kept/image/id-")
    assert file_name(content_id) != file_name(content_id + "!")
    assert stored_assets(folder)["image", content_id].path == name.removeprefix("deep/kept/")


@pytest.mark.parametrize(
    "address",
    [
        "http://cdn.example/a",
        "ftp://cdn.example/a",
        "file:///etc/passwd",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://169.254.169.254/latest",
        "https://2130706433/",
        "https://localhost/a",
        "https://metadata.google.internal/a",
        "https://user@cdn.example/a",
        "https://cdn.example:8443/a",
        "https://cdn.example:port/a",
        "//cdn.example/a",
        "not an address",
    ],
)
def test_only_public_https_addresses_are_asked(address: str) -> None:
    """An address of another kind, or of this machine and its network, is refused."""
    with pytest.raises(AssetError):
        safe_address(address, None)


def test_every_host_is_replaced_where_the_user_set_one() -> None:
    """With `TIKTOK_API_URL`, only that server is asked, as for all other requests."""
    assert safe_address("https://cdn.example/a?x=1", "http://127.0.0.1:9/") == "http://127.0.0.1:9/a?x=1"
    assert safe_address("https://cdn.example/a?x=1", None) == "https://cdn.example/a?x=1"


async def test_the_folder_does_not_outgrow_its_limit(server: Server, tmp_path: Path) -> None:
    """Once the folder is full, the rest is counted rather than read, and a later run with more room goes on."""
    wanted = [image(f"n{number}") for number in range(10)]
    limits = Limits(total_bytes=40, parallel=1)
    result = await store_assets(wanted, tmp_path, limits, base=server.url)
    assert sum(len(content) for content in files(tmp_path).values()) <= 40
    assert result.stored + result.not_begun + len(result.failures) == 10
    assert not result.complete
    assert (await store_assets(wanted, tmp_path, Limits(), base=server.url)).complete
    assert len(files(tmp_path)) == 10


async def test_a_killed_run_is_continued(server: Server, tmp_path: Path) -> None:
    """A torn line, a part of a file and a file that changed are put right; what is whole is not read again."""
    wanted = [image(name) for name in ("a", "b", "c")]
    assert (await store_assets(wanted, tmp_path, Limits(), base=server.url)).complete
    index = tmp_path / INDEX
    lines = index.read_bytes().splitlines(keepends=True)
    index.write_bytes(b"".join(lines[:2]) + lines[2][:20])
    (tmp_path / "image" / ".c.part").write_bytes(b"half")
    broken = json.loads(lines[0])["path"]
    (tmp_path / broken).write_bytes(b"other")
    server.asked.clear()
    result = await store_assets(wanted, tmp_path, Limits(), base=server.url)
    assert (result.stored, result.there) == (2, 1)
    assert len(server.asked) == 2
    assert set(stored_assets(tmp_path)) == {("image", "a"), ("image", "b"), ("image", "c")}
    assert set(files(tmp_path)) == {"image/a.jpg", "image/b.jpg", "image/c.jpg"}


async def test_links_are_not_followed(server: Server, tmp_path: Path) -> None:
    """A link in the place of a folder or of a file never makes a run write elsewhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "image").symlink_to(elsewhere)
    with pytest.raises(DestinationError, match="is a link"):
        await store_assets([image("a")], folder, Limits(), base=server.url)
    (folder / "image").unlink()
    (folder / "image").mkdir()
    (elsewhere / "mine.jpg").write_bytes(b"mine")
    (folder / "image" / "a.jpg").symlink_to(elsewhere / "mine.jpg")
    assert (await store_assets([image("a")], folder, Limits(), base=server.url)).complete
    assert (elsewhere / "mine.jpg").read_bytes() == b"mine"
    assert not (folder / "image" / "a.jpg").is_symlink()


def test_lines_of_others_in_the_index_are_not_believed(tmp_path: Path) -> None:
    """An index that names files elsewhere does not make them ours."""
    (tmp_path / "secret").write_bytes(b"12345")
    line = {
        "kind": "image",
        "content_id": "a",
        "path": "../secret",
        "size": 5,
        "content_type": "image/png",
        "sha256": "",
        "stored_at": "2026-01-01T00:00:00Z",
    }
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / INDEX).write_bytes(msgspec.json.encode(line) + b"\n[1]\n\xff\n")
    assert stored_assets(folder) == {}


async def test_a_folder_that_cannot_be_written_to_is_named(server: Server, tmp_path: Path) -> None:
    """The message names the folder and the reason."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DestinationError, match=r"Assets cannot be stored in .*file.*: Not a directory"):
        await store_assets([image("a")], tmp_path / "file" / "kept", Limits(), base=server.url)
