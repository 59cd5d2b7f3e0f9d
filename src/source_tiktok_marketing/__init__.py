"""Reads TikTok Ads through the Business API v1.3 and delivers it as streams of records."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("source-tiktok-marketing")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
