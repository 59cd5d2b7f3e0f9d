"""TikTok Ads as a source of dlt: `pipeline.run(tiktok_marketing(streams=["ads*"]))`; docs/dlt.md describes it."""

from __future__ import annotations

from tiktok_marketing.dlt.source import raise_if_incomplete, tiktok_marketing

__all__ = ["raise_if_incomplete", "tiktok_marketing"]
