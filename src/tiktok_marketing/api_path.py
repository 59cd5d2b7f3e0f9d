"""Where an endpoint is: below version 1.3 of the API, unless it names another version.

TikTok moves single endpoints to a new version: some applications read the report of GMV Max in version 2.0. Then one
row of the catalog changes from `gmv_max/report/get/` to `v2.0/gmv_max/report/get/`.
"""

from __future__ import annotations

import re

_VERSION = re.compile(r"v\d+(\.\d+)*/")
_USUAL = "v1.3/"


def path_of(endpoint: str) -> str:
    """The path that a request is sent to.

    Args:
        endpoint: The path below `/open_api/v1.3/`, or below `/open_api/` if it begins with a version.

    Example:
        `/open_api/v1.3/ad/get/` for `ad/get/`, and `/open_api/v2.0/ad/get/` for `v2.0/ad/get/`.
    """
    return f"/open_api/{'' if _VERSION.match(endpoint) else _USUAL}{endpoint}"


def without_version(endpoint: str) -> str:
    """The endpoint as all versions call it: permissions and limits belong to it, whatever the version."""
    return _VERSION.sub("", endpoint, count=1) if _VERSION.match(endpoint) else endpoint
