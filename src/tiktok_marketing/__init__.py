"""Reads TikTok Ads through the Business API v1.3 and delivers it as streams of records."""

from typing import Any

__all__ = ["__version__"]


def __getattr__(name: str) -> Any:
    """`__version__`, looked up when it is asked for: that takes as long as a third of `spec`."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("tiktok-marketing")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"
