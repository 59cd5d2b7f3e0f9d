"""Reads TikTok Ads through the Business API v1.3 and delivers it as streams of records.

    import tiktok_marketing as tiktok

    config = tiktok.load_config("config.json")
    for batch in tiktok.read(config, streams=["campaigns"]):
        table = batch.to_arrow()

What is named here is public, and nothing else is.
"""

from __future__ import annotations

from importlib import import_module

# Without `typing`, which takes longer to import than all the rest of this module. See `interrupts`.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tiktok_marketing._version import __version__
    from tiktok_marketing.config import Config
    from tiktok_marketing.config_sources import load_config
    from tiktok_marketing.errors import (
        AccountError,
        AdsLeftOutError,
        AuthError,
        ConfigurationError,
        ConnectorError,
        DestinationChangedError,
        DestinationError,
        DestinationLockedError,
        IncompleteReadError,
        LoginError,
        NothingToReadError,
        OutOfMemoryError,
        OutOfReachError,
        OutputError,
        PartialAnswerError,
        PermissionDeniedError,
        RateLimitError,
        SyncInterruptedError,
        TikTokError,
        UnusableIdError,
        WorkingFolderError,
    )
    from tiktok_marketing.library import (
        Batch,
        Checkpoint,
        Result,
        check,
        diagnose,
        load,
        plan,
        read,
        read_async,
        stream,
        streams,
    )

__all__ = [
    "AccountError",
    "AdsLeftOutError",
    "AuthError",
    "Batch",
    "Checkpoint",
    "Config",
    "ConfigurationError",
    "ConnectorError",
    "DestinationChangedError",
    "DestinationError",
    "DestinationLockedError",
    "IncompleteReadError",
    "LoginError",
    "NothingToReadError",
    "OutOfMemoryError",
    "OutOfReachError",
    "OutputError",
    "PartialAnswerError",
    "PermissionDeniedError",
    "RateLimitError",
    "Result",
    "SyncInterruptedError",
    "TikTokError",
    "UnusableIdError",
    "WorkingFolderError",
    "__version__",
    "check",
    "diagnose",
    "load",
    "load_config",
    "plan",
    "read",
    "read_async",
    "stream",
    "streams",
]

_ERRORS = frozenset(name for name in __all__ if name.endswith("Error"))
_HOMES = {"__version__": "_version", "Config": "config", "load_config": "config_sources"} | dict.fromkeys(
    _ERRORS, "errors"
)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'library')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
