"""Reads TikTok Ads through the Business API v1.3 and delivers it as streams of records."""

from tiktok_marketing._version import __version__

__all__ = ["__version__"]
