"""The tree of everything this project raises on purpose.

    ConnectorError
    ├── ConfigurationError          what the user asked for cannot be: nothing was read yet
    ├── api.errors.TikTokError      TikTok (or the way to it) said no: see its consequence
    ├── IncompleteRead              rows are missing that TikTok says exist
    │   └── InPart                  or may be: TikTok says itself that it gave a part
    ├── Interrupted                 somebody stopped the sync before it was done
    │   └── OutOfMemory             it stopped itself, since the memory is nearly used up
    └── DestinationError            the place to write to will not take it

Every one carries a sentence that says what happened and one that says what to do next.
A user sees those two and never a traceback.
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Something went wrong that a person can be told about.

    Args:
        message: What happened, as one or two full sentences, with no secret in it.
        remedy: The next step for the person who reads it; may be empty.
        detail: More for whoever debugs it (a raw answer, say); never a secret.
    """

    def __init__(self, message: str, *, remedy: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class ConfigurationError(ConnectorError):
    """The configuration, catalog or state cannot be used as it is."""


class IncompleteRead(ConnectorError):  # noqa: N818 - the name says what is the matter
    """Fewer rows came than TikTok says there are, after every way to get them was tried."""


class InPart(IncompleteRead):
    """TikTok says that an answer is a part of what was asked for (20001), however often it was asked again.

    Whatever else there is can be read; but no state may cover what it is about.

    Args:
        endpoint: Path below `/open_api/v1.3/`.
        said: TikTok's code, `request_id` and message.
        advertiser_id: The account, if it is about one.
    """

    def __init__(self, endpoint: str, said: str, advertiser_id: str | None = None) -> None:
        super().__init__(
            f"/{endpoint} succeeded in part only{f' for advertiser {advertiser_id}' if advertiser_id else ''} "
            f"({said}): rows may be missing.",
            remedy="The next sync asks for it again. If it stays so, ask TikTok's support with the request_id.",
        )


class DestinationError(ConnectorError):
    """Records cannot be written where they should go (locked, full, read-only, gone)."""


class Interrupted(ConnectorError):  # noqa: N818 - what happened to the sync, and no fault of anybody's
    """The sync was stopped before everything was read."""


class OutOfMemory(Interrupted):
    """The sync stopped itself, because the memory that it may use is nearly used up.

    Args:
        what: How much is used of what.
    """

    def __init__(self, what: str = "no more can be had") -> None:
        super().__init__(
            f"The memory is nearly used up ({what}), so the sync was stopped before everything was read.",
            remedy="Run it again: it goes on from its last state. Give it more memory, or read fewer streams at once, "
            "or set requests_per_second lower, so that it needs less.",
        )
