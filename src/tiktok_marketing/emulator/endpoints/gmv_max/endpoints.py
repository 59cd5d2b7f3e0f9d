"""All endpoints of GMV Max by their paths."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tiktok_marketing.emulator.business.business import Account
from tiktok_marketing.emulator.business.delivery import Figures
from tiktok_marketing.emulator.business.shop.figures import ShopFigures
from tiktok_marketing.emulator.business.shop.stores import Store, seen_by
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.cache import BoundedCache
from tiktok_marketing.emulator.endpoints.envelope import Answer, refuse
from tiktok_marketing.emulator.endpoints.gmv_max import lookups, objects
from tiktok_marketing.emulator.endpoints.gmv_max.report import GmvMaxReport
from tiktok_marketing.emulator.endpoints.gmv_max.version_2 import STORE_PATH, VIDEO_PATH, GmvMaxReport2
from tiktok_marketing.emulator.options import Options

_CACHED_STORES = 4


class GmvMax:
    """All endpoints of GMV Max.

    Args:
        options: The settings of the emulator.
        accounts: All accounts, because one store may be seen from several.
        figures_of: Gives the figures of an account at a time.

    Attributes:
        paths: The paths of these endpoints.
    """

    def __init__(
        self, options: Options, accounts: Sequence[Account], figures_of: Callable[[Account, int], Figures]
    ) -> None:
        self._accounts = accounts
        self._figures_of = figures_of
        self._shops: BoundedCache[ShopFigures] = BoundedCache(_CACHED_STORES)
        report = GmvMaxReport(options, self._seen, self._shop_figures)
        newer = GmvMaxReport2(options, self._store_with_center, self._shop_figures)
        self._answers: dict[str, Callable[[Account, Mapping[str, Any], int], Answer]] = {
            "campaign/gmv_max/info/": objects.campaign_info,
            "campaign/gmv_max/session/get/": objects.session_details,
            "campaign/gmv_max/session/list/": objects.session_list,
            "gmv_max/bid/recommend/": lambda account, params, _: lookups.recommendation(
                account, self._store(account, params), params
            ),
            "gmv_max/campaign/get/": objects.campaign_list,
            "gmv_max/exclusive_authorization/get/": lambda account, params, _: lookups.authorization(
                account, self._store(account, params, with_center=True)
            ),
            "gmv_max/identity/get/": lambda account, params, now: lookups.identity_list(
                account, self._store(account, params, with_center=True), now
            ),
            "gmv_max/occupied_custom_shop_ads/list/": self._occupied,
            "gmv_max/report/get/": _refuse_version if options.gmv_max_report_version == "2.0" else report.answer,
            STORE_PATH: lambda account, params, now: newer.answer(STORE_PATH, account, params, now),
            VIDEO_PATH: lambda account, params, now: newer.answer(VIDEO_PATH, account, params, now),
            "gmv_max/creation/custom_anchor_video_list/get/": lambda account, params, now: lookups.chosen_posts(
                account, self._store_with_center(account, params), params, now
            ),
            "gmv_max/creation/shop_video/video_anchors/": lambda account, params, now: lookups.products_of_posts(
                self._store_with_center(account, params), params, now
            ),
            "gmv_max/store/list/": lambda account, _, __: objects.store_list(seen_by(account, accounts), account),
            "gmv_max/store/shop_ad_usage_check/": self._usage,
            "gmv_max/video/get/": lambda account, params, now: lookups.video_list(
                account, self._store(account, params), params, now
            ),
        }
        self.paths = tuple(self._answers)

    def answer(self, path: str, account: Account, params: Mapping[str, Any], now: int) -> Answer:
        """Answer a request to one of the paths.

        Raises:
            Refusal: A parameter is wrong.
        """
        return self._answers[path](account, params, now)

    def _occupied(self, account: Account, params: Mapping[str, Any], now: int) -> Answer:
        self._store(account, params)
        return lookups.occupied_list(account, params, now)

    def _usage(self, account: Account, params: Mapping[str, Any], now: int) -> Answer:
        self._store(account, params)
        return lookups.usage(account, now)

    def _store(self, account: Account, params: Mapping[str, Any], *, with_center: bool = False) -> Store:
        """The store of a request. If it names a Business Center, that must be the one of the store."""
        store = self._seen(account, read.required(params, "store_id"))
        if with_center:
            read.required(params, "store_authorized_bc_id")
        center = params.get("store_authorized_bc_id") or store.business_center
        if center != store.business_center:
            refuse(f"store_authorized_bc_id: The Business Center {center} does not have the store {store.id}.")
        return store

    def _store_with_center(self, account: Account, params: Mapping[str, Any]) -> Store:
        """The store of a request that must name its Business Center."""
        return self._store(account, params, with_center=True)

    def _seen(self, account: Account, wanted: str) -> Store:
        """The store with an id that an account sees."""
        seen = {store.id: store for store in seen_by(account, self._accounts)}
        return seen.get(wanted) or refuse(f"The advertiser has no permission to the store {wanted}.", 40001)

    def _shop_figures(self, account: Account, now: int) -> ShopFigures:
        """What the GMV Max campaigns of an account show at a time. It is kept between the requests of that time."""
        shops = self._shops.at(now)
        return shops.get(account.id) or shops.put(account.id, ShopFigures(self._figures_of(account, now)), 1)


def _refuse_version(account: Account, params: Mapping[str, Any], now: int) -> Answer:
    """Answer as TikTok answers to applications that may read version 2.0 of the report only."""
    del account, params, now
    refuse("ERROR Message.")
