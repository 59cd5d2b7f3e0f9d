"""Stored copies of what ads show: thumbnails and videos, before TikTok's addresses of them end.

`listing` reads from a database what there is to store. `download` stores one file, and `store` a folder of them.
Nothing outside of the folder is ever written, whatever an id or an address says.
"""

from tiktok_marketing.assets.listing import KINDS, Asset, assets_of
from tiktok_marketing.assets.store import Limits, StoreResult, store_assets, stored_assets
from tiktok_marketing.assets.table import write_table

__all__ = ["KINDS", "Asset", "Limits", "StoreResult", "assets_of", "store_assets", "stored_assets", "write_table"]
