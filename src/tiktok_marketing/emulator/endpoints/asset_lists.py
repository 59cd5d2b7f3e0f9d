"""The asset endpoints: the parameters that they accept, the records that they list, and their pages."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tiktok_marketing.emulator.business.business import Account
from tiktok_marketing.emulator.business.creatives import Asset, images, videos
from tiktok_marketing.emulator.business.identities import identities
from tiktok_marketing.emulator.business.library import (
    STOCK_TRACKS,
    audiences,
    playables,
    portfolios,
    posts,
    saved_audiences,
    tracks,
)
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.asset_records import (
    PLAYABLE_OPERATIONS,
    PLAYABLE_STATUSES,
    audience_record,
    identity_record,
    image_record,
    playable_record,
    portfolio_record,
    post_record,
    saved_audience_record,
    stock_track_record,
    track_record,
    video_name,
    video_record,
)
from tiktok_marketing.emulator.endpoints.cache import BoundedCache
from tiktok_marketing.emulator.endpoints.envelope import Answer, encode, page_info, refuse
from tiktok_marketing.emulator.endpoints.pixels import instant_page_events, pixel_list, pixel_stats
from tiktok_marketing.emulator.options import Options

IN_SANDBOX = frozenset(
    {
        "dmp/custom_audience/list/", "file/image/ad/search/", "file/video/ad/search/", "file/music/get/",
        "creative/portfolio/list/",
    }
)  # fmt: skip
"""The asset endpoints that a sandbox token may call, with the option `sandbox_asset_endpoints`."""

_MAX_MUSIC_RECORDS = 100_000
_MUSIC_SCENES = ("CREATIVE_ASSET", "CAROUSEL_ADS", "CATALOG_CAROUSEL")
_MUSIC_FILTERS = {
    "keyword", "image_urls", "music_ids", "catalog_id", "catalog_authorized_bc_id", "item_group_ids", "product_set_id",
    "sku_ids", "carousel_image_index", "material_ids", "styles", "sources",
}  # fmt: skip
_PORTFOLIO_TYPES = frozenset(
    {
        "CTA", "CARD", "WEB_INFO_CARD", "DOWNLOAD_CARD", "PRODUCT_CARD", "PRODUCT_TILE", "STICKER", "PREMIUM_BADGE",
        "GESTURE", "SUPER_LIKE",
    }
)  # fmt: skip
_IDENTITY_TYPES = ("CUSTOMIZED_USER", "AUTH_CODE", "TT_USER", "BC_AUTH_TT")
_ITEM_TYPES = frozenset({"VIDEO", "CAROUSEL"})

Records = list[dict[str, Any]]


_PLAYABLE_FILTERS = ("playable_id", "playable_url", "status", "operation_status")


class AssetLists:
    """All endpoints about assets, audiences and pixels.

    Attributes:
        paths: The paths of these endpoints.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._libraries: BoundedCache[list[Asset]] = BoundedCache(1_000_000)
        self._answers: dict[str, Callable[[Account, Mapping[str, str], int], Answer]] = {
            "file/image/ad/search/": self._images,
            "file/video/ad/search/": self._videos,
            "file/music/get/": _music,
            "creative/portfolio/list/": _portfolios,
            "dmp/custom_audience/list/": _audiences,
            "dmp/saved_audience/list/": _saved_audiences,
            "file/image/ad/info/": self._image_info,
            "file/video/ad/info/": self._video_info,
            "identity/get/": _identities,
            "playable/get/": _playables,
            "tt_video/list/": _posts,
            "pixel/list/": pixel_list,
            "pixel/event/stats/": pixel_stats,
            "pixel/instant_page/event/": lambda _account, params, _now: instant_page_events(params),
        }
        self.paths = tuple(self._answers)

    def answer(self, path: str, account: Account, params: Mapping[str, str], now: int) -> Answer:
        """Answer with one page of one endpoint.

        Raises:
            Refusal: A parameter is wrong.
        """
        return self._answers[path](account, params, now)

    def _library(self, kind: str, account: Account, now: int) -> list[Asset]:
        assets = self._libraries.at(now).get((kind, account.id))
        if assets is None:
            assets = (videos if kind == "video" else images)(account, now)[: self._options.asset_search_limit]
            self._libraries.put((kind, account.id), assets, len(assets) + 1)
        return assets

    def _images(self, account: Account, params: Mapping[str, str], now: int) -> Answer:
        filtering = read.filtering(params, {"image_ids", "material_ids", "width", "height", "ratio", "displayable"})
        page, size = _page_and_size(params, 20, 100)
        assets = _with_ids(self._library("image", account, now), filtering, "image_ids")
        if not filtering.keys() - {"image_ids"}:
            return _page("list", assets, page, size, lambda asset: image_record(asset, account, now))
        records = [image_record(asset, account, now) for asset in assets]
        records = _matching(records, filtering, "material_ids", "material_id", 100)
        for name in ("width", "height", "displayable"):
            if name in filtering:
                records = [record for record in records if record[name] == filtering[name]]
        ratios = read.number_list(filtering.get("ratio", []), "ratio")
        if ratios:
            records = [
                record
                for record in records
                if any(abs(record["width"] / record["height"] - ratio) <= 0.05 for ratio in ratios)
            ]
        return _page("list", records, page, size)

    def _image_info(self, account: Account, params: Mapping[str, str], now: int) -> Answer:
        """file/image/ad/info: images by their ids. There is no limit to how many images an account has."""
        wanted = _ids(params, "image_ids", 100)
        found = {asset.id: asset for asset in images(account, now) if asset.id in wanted}
        return encode({"list": [image_record(found[name], account, now) for name in wanted if name in found]})

    def _video_info(self, account: Account, params: Mapping[str, str], now: int) -> Answer:
        """file/video/ad/info: videos by their ids."""
        wanted = _ids(params, "video_ids", 60)
        found = {asset.id: asset for asset in videos(account, now) if asset.id in wanted}
        return encode({"list": [video_record(found[name], account, now) for name in wanted if name in found]})

    def _videos(self, account: Account, params: Mapping[str, str], now: int) -> Answer:
        filters = {"video_ids", "material_ids", "video_name", "video_material_source", "video_material_sources"}
        filtering = read.filtering(params, filters)
        page, size = _page_and_size(params, 20, 100)
        assets = _with_ids(self._library("video", account, now), filtering, "video_ids")
        if "video_name" in filtering:
            word = read.word(filtering, "video_name").lower()
            assets = [asset for asset in assets if word in video_name(asset).lower()]
        if "material_ids" not in filtering:
            return _page("list", assets, page, size, lambda asset: video_record(asset, account, now))
        records = [video_record(asset, account, now) for asset in assets]
        return _page("list", _matching(records, filtering, "material_ids", "material_id", 20), page, size)


def _music(account: Account, params: Mapping[str, str], now: int) -> Answer:
    """file/music/get: the account's own tracks, newest first, and then TikTok's."""
    filtering = read.filtering(params, _MUSIC_FILTERS)
    scene = params.get("music_scene", _MUSIC_SCENES[0])
    if scene not in _MUSIC_SCENES:
        refuse(f"music_scene: {scene} is not one of {', '.join(_MUSIC_SCENES)}.")
    page, size = _page_and_size(params, 1000, 1000)
    if page * size > _MAX_MUSIC_RECORDS:
        refuse(f"page: The product of page and page_size cannot exceed {_MAX_MUSIC_RECORDS}.")
    if account.life == "unused":
        return _page("musics", [], page, size)
    collection = tracks(account)
    records = [track_record(collection, index, now) for index in reversed(range(collection.count(now)))]
    records += [stock_track_record(index, now) for index in reversed(range(STOCK_TRACKS))]
    records = _matching(records, filtering, "music_ids", "music_id", 100)
    records = _matching(records, filtering, "material_ids", "material_id", 100)
    if "sources" in filtering:
        sources = read.text_list(filtering["sources"], "sources")
        records = [record for record in records if record["sources"][0] in sources]
    if "styles" in filtering:
        styles = read.text_list(filtering["styles"], "styles")
        records = [record for record in records if record["style"] in styles]
    if "keyword" in filtering:
        word = read.word(filtering, "keyword").lower()
        records = [record for record in records if word in f"{record['file_name']} {record['author']}".lower()]
    return _page("musics", records, page, size)


def _portfolios(account: Account, params: Mapping[str, str], now: int) -> Answer:
    filtering = read.filtering(params, {"creative_portfolio_types", "creative_portfolio_ids"})
    page, size = _page_and_size(params, 20, 100)
    collection = portfolios(account)
    records = [portfolio_record(collection, index, now) for index in reversed(range(collection.count(now)))]
    records = _matching(records, filtering, "creative_portfolio_ids", "creative_portfolio_id", 100)
    if "creative_portfolio_types" in filtering:
        wanted = _words(filtering["creative_portfolio_types"], "creative_portfolio_types", _PORTFOLIO_TYPES)
        records = [record for record in records if record["creative_portfolio_type"] in wanted]
    return _page("creative_portfolios", records, page, size)


def _audiences(account: Account, params: Mapping[str, str], now: int) -> Answer:
    page, size = _page_and_size(params, 10, 100)
    collection = audiences(account)
    records = [audience_record(collection, index, now) for index in reversed(range(collection.count(now)))]
    ids = read.json_value(params, "custom_audience_ids")
    if ids is not None:
        wanted = read.ids(ids, "custom_audience_ids")
        if not wanted:
            refuse("custom_audience_ids: Shorter than minimum length 1.")
        records = [record for record in records if record["audience_id"] in wanted]
    return _page("list", records, page, size)


def _saved_audiences(account: Account, params: Mapping[str, str], now: int) -> Answer:
    """dmp/saved_audience/list: the newest first."""
    page, size = _page_and_size(params, 10, 100)
    collection = saved_audiences(account)
    records = [saved_audience_record(collection, index, now) for index in reversed(range(collection.count(now)))]
    ids = read.json_value(params, "saved_audience_ids")
    if ids is not None:
        wanted = read.ids(ids, "saved_audience_ids")
        records = [record for record in records if record["saved_audience_id"] in wanted]
    return _page("saved_audiences", records, page, size)


def _identities(account: Account, params: Mapping[str, str], now: int) -> Answer:
    """identity/get: the names under which the account's ads appear, the newest first."""
    page, size = _page_and_size(params, 20, 100)
    kind = params.get("identity_type", "")
    if kind and kind not in _IDENTITY_TYPES:
        refuse(f"identity_type: {kind} is not one of {', '.join(_IDENTITY_TYPES)}.")
    center = params.get("identity_authorized_bc_id", "")
    if center and kind != "BC_AUTH_TT":
        refuse("identity_authorized_bc_id: It needs the identity_type BC_AUTH_TT.")
    word = str(read.filtering(params, {"keyword"}).get("keyword") or "").lower()
    found = [
        identity
        for identity in identities(account, now)
        if kind in {"", identity.type} and center in {"", identity.business_center} and word in identity.name.lower()
    ]
    return _page("identity_list", found, page, size, identity_record)


def _playables(account: Account, params: Mapping[str, str], now: int) -> Answer:
    """playable/get: the playables of an account, the newest first."""
    page, size = _page_and_size(params, 10, 500)
    for name, allowed in (("status", PLAYABLE_STATUSES), ("operation_status", PLAYABLE_OPERATIONS)):
        if params.get(name) and params[name] not in allowed:
            refuse(f"{name}: {params[name]} is not one of {', '.join(allowed)}.")
    collection = playables(account)
    records = [playable_record(collection, index) for index in reversed(range(collection.count(now)))]
    exact = {name: params[name] for name in _PLAYABLE_FILTERS if params.get(name)}
    word = str(params.get("playable_name") or "").lower()
    chosen = [
        record
        for record in records
        if word in record["playable_name"].lower() and all(record[name] == exact[name] for name in exact)
    ]
    return _page("list", chosen, page, size)


def _ids(params: Mapping[str, str], name: str, max_length: int) -> list[str]:
    """The ids in a parameter that must not be missing, in its order."""
    wanted = read.texts(params, name)
    if not wanted:
        refuse(f"Missing required field(s): {name}.")
    if len(wanted) > max_length:
        refuse(f"{name}: Longer than maximum length {max_length}.")
    return list(dict.fromkeys(wanted))


def _posts(account: Account, params: Mapping[str, str], now: int) -> Answer:
    """tt_video/list: the posts that creators allow the account to use, newest first."""
    page, size = _page_and_size(params, 20, 50)
    collection = posts(account)
    types = read.json_value(params, "item_types")
    word = params.get("keyword", "").lower()
    wanted = _ITEM_TYPES if types is None else _words(types, "item_types", _ITEM_TYPES)
    indexes = range(collection.count(now))[::-1]
    if types is None and not word:
        return _page("list", indexes, page, size, lambda index: post_record(collection, index, now))
    items = [post_record(collection, index, now) for index in indexes]
    items = [
        item for item in items if item["item_info"]["item_type"] in wanted and word in item["item_info"]["text"].lower()
    ]
    return _page("list", items, page, size)


def _page(
    name: str, items: Sequence[Any], page: int, size: int, record_of: Callable[[Any], dict[str, Any]] | None = None
) -> Answer:
    """One page. Records are built only for the items on it."""
    page_items = items[(page - 1) * size : page * size]
    records = [record_of(item) for item in page_items] if record_of else list(page_items)
    return encode({name: records, "page_info": page_info(page, size, len(items))})


def _page_and_size(params: Mapping[str, str], default_size: int, max_size: int) -> tuple[int, int]:
    return read.integer(params, "page", 1, 1, None), read.integer(params, "page_size", default_size, 1, max_size)


def _with_ids(assets: list[Asset], filtering: dict[str, Any], name: str) -> list[Asset]:
    if name not in filtering:
        return assets
    wanted = _texts(filtering[name], name, 100)
    return [asset for asset in assets if asset.id in wanted]


def _matching(records: Records, filtering: dict[str, Any], name: str, field: str, max_ids: int) -> Records:
    if name not in filtering:
        return records
    wanted = _texts(filtering[name], name, max_ids)
    return [record for record in records if record[field] in wanted]


def _texts(value: object, name: str, max_length: int) -> frozenset[str]:
    texts = read.text_list(value, name)
    if len(texts) > max_length:
        refuse(f"{name}: Longer than maximum length {max_length}.")
    return frozenset(texts)


def _words(value: object, name: str, allowed: frozenset[str]) -> frozenset[str]:
    words = frozenset(read.text_list(value, name))
    if not words <= allowed:
        refuse(f"{name}: {sorted(words - allowed)} are not valid values.")
    return words
