"""What an examination is asked to do."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from tiktok_marketing.pipelines import Destination


class DoctorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is examined, and how thoroughly.

    Args:
        database: The database; None to examine the access alone.
        streams: The names of the streams; None for all that the database has, or that the configuration can read.
        offline: Whether to send no requests to TikTok.
        requests: How many requests may be spent on comparing the database with TikTok.
        max_age: How old the data may be.
    """

    database: Destination | None = None
    streams: tuple[str, ...] | None = None
    offline: bool = False
    requests: int = 500
    max_age: timedelta = timedelta(hours=48)
