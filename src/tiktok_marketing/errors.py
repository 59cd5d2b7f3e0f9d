"""Every error that this project raises on purpose, in one tree.

    ConnectorError                      anything that a person can be told about
    ├── ConfigurationError              the configuration, catalog or state cannot be used: change it
    │   └── NothingToReadError          the database or schema that should be looked at does not exist
    ├── TikTokError                     TikTok refused a request, or the request or its answer was lost
    │   ├── AuthError                   the token or the application is not valid: authorize again
    │   ├── AccountError                the token does not reach this ad account: grant it, or leave it out
    │   ├── PermissionDeniedError       the application lacks a scope: request the scope
    │   └── RateLimitError              TikTok takes no more requests now: run it again later, or slower
    ├── IncompleteReadError             rows are missing that TikTok says exist: run it again
    │   ├── PartialAnswerError          TikTok says that its answer is only a part
    │   ├── AdsLeftOutError             TikTok answered for the newest 20,000 ads only
    │   └── OutOfReachError             TikTok lists no more than a fixed number of records
    ├── DestinationError                the database does not accept what was read
    │   └── DestinationLockedError      another process has it open
    ├── OutputError                     standard output cannot be written
    └── SyncInterruptedError            the sync was stopped before everything was read: run it again
        └── OutOfMemoryError            it stopped itself, because its memory was nearly used up

Each error has a `message` (what happened), a `remedy` (what to do next), and, where TikTok answered, its `code` and
`request_id`. People see those and never a traceback.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self


class Action(StrEnum):
    """What the sync does about a failed request."""

    RETRY = "retry"
    """Send the same request again after a while."""
    SLOW_DOWN = "slow down"
    """Send the same request again, and fewer requests to its endpoint."""
    SLOW_ACCOUNT = "slow this account down"
    """Send the same request again, and fewer requests about this advertiser account to its endpoint."""
    SPLIT = "split"
    """Send smaller requests instead: fewer days, or fewer ids."""
    FAIL_ACCOUNT = "fail the account"
    """Give up this stream for this advertiser account; everything else goes on."""
    FAIL_STREAM = "fail the stream"
    """Give up this stream; the others go on."""
    STOP_SYNC = "stop the sync"
    """Stop: no other request can succeed either."""


class FailureType(StrEnum):
    """Who has to act if the failure stays: Airbyte's failure types."""

    CONFIG = "config_error"
    SYSTEM = "system_error"
    TRANSIENT = "transient_error"


class ConnectorError(Exception):
    """Something went wrong that a person can be told about.

    Args:
        message: What happened, as one or two full sentences, without any secret.
        remedy: The next step for the person who reads it; may be empty.
        detail: More for whoever debugs it, for example a raw answer; never a secret.

    Attributes:
        code: TikTok's return code; None if TikTok did not answer, or the error is not about an answer.
        request_id: What TikTok's support asks for; empty likewise.
    """

    code: int | None = None
    request_id: str = ""

    def __init__(self, message: str, *, remedy: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class ConfigurationError(ConnectorError):
    """The configuration, catalog or state cannot be used as it is. Nothing was read yet."""


class NothingToReadError(ConfigurationError):
    """The database, or the schema in it, that should be looked at does not exist."""


class TikTokError(ConnectorError):
    """TikTok refused a request, or the request or its answer was lost on the way.

    Args:
        tiktok_message: What TikTok (or the network) said, without its code.
        action: What the sync does about it.
        failure_type: Who has to act if it stays.
        remedy: What that person can do.
        endpoint: Path below `/open_api/v1.3/`.
        code: TikTok's return code; None if no envelope arrived.
        request_id: What TikTok's support asks for; empty if no envelope arrived.
        advertiser_id: The account that the request was about, where there is one.
        inaccessible: Whether the account is out of this token's reach, which `skip_inaccessible_advertisers` turns into
            a warning.
        timed_out: Whether no answer came in time. TikTok punishes repeating such a request unchanged.
        detail: The request, for whoever debugs it, without any secret.
    """

    def __init__(  # noqa: PLR0913 - the facts of one failure
        self,
        tiktok_message: str,
        *,
        action: Action,
        failure_type: FailureType,
        remedy: str,
        endpoint: str,
        code: int | None = None,
        request_id: str = "",
        advertiser_id: str | None = None,
        inaccessible: bool = False,
        timed_out: bool = False,
        detail: str = "",
    ) -> None:
        self.tiktok_message = tiktok_message
        self.action = action
        self.failure_type = failure_type
        self.endpoint = endpoint
        self.code = code
        self.request_id = request_id
        self.advertiser_id = advertiser_id
        self.inaccessible = inaccessible
        self.timed_out = timed_out
        self.tries = 1
        super().__init__(self._sentence(), remedy=remedy, detail=detail)

    def _sentence(self) -> str:
        facts = [
            f"code {self.code}" if self.code is not None else "",
            f"request_id {self.request_id}" if self.request_id else "",
            f"{self.tries} tries" if self.tries > 1 else "",
        ]
        aside = ", ".join(fact for fact in facts if fact)
        account = f" for advertiser {self.advertiser_id}" if self.advertiser_id else ""
        text = self.tiktok_message.strip().rstrip(".")
        return f"/{self.endpoint} failed{account}: {text}{f' ({aside})' if aside else ''}."

    @property
    def slow(self) -> bool:
        """Whether the request was too much work for TikTok, as far as one can tell: a smaller one may succeed."""
        return self.timed_out or self.code == 50002 or 51000 <= (self.code or 0) < 52000

    def after(self, tries: int) -> Self:
        """Say how many times the request was sent."""
        self.tries = tries
        self.message = self._sentence()
        return self


class AuthError(TikTokError):
    """The access token or the application is not valid, so nothing can be read."""


class AccountError(TikTokError):
    """The token does not reach this ad account, or the account is closed."""


class PermissionDeniedError(TikTokError):
    """The application lacks the scope for this kind of data."""


class RateLimitError(TikTokError):
    """TikTok takes no more requests from the application now, or for this account."""


class IncompleteReadError(ConnectorError):
    """Fewer rows came than TikTok says there are, after every way to get them was tried."""


class PartialAnswerError(IncompleteReadError):
    """TikTok says that its answer is only a part of what was asked for (20001), and repeating the request did not help.

    Everything else can be read, but no state may cover what the answer is about.

    Args:
        endpoint: Path below `/open_api/v1.3/`.
        reason: TikTok's code, `request_id` and message.
        advertiser_id: The account, if the request is about one.
        answer: The answer itself (`api.client.Answer`), for a caller that can use a part.
        code: TikTok's return code.
        request_id: What TikTok's support asks for.
    """

    def __init__(
        self,
        endpoint: str,
        reason: str,
        advertiser_id: str | None = None,
        *,
        answer: Any = None,
        code: int | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(
            f"/{endpoint} succeeded in part only{f' for advertiser {advertiser_id}' if advertiser_id else ''} "
            f"({reason}): rows may be missing.",
            remedy="The next sync asks for it again. If it stays so, ask TikTok's support with the request_id.",
        )
        self.reason = reason
        self.answer = answer
        self.code = code
        self.request_id = request_id


class AdsLeftOutError(IncompleteReadError):
    """TikTok answered for the newest 20,000 ads only (`X-Tt-Ads-Throttle`): ask about fewer ads per request."""


class OutOfReachError(IncompleteReadError):
    """Everything that TikTok gives of a list was delivered, and there is more, or may be."""


class DestinationError(ConnectorError):
    """Records cannot be written where they should go: the database is locked, full, read-only or gone."""


class DestinationLockedError(DestinationError):
    """Another process has the database open. That may pass."""


class OutputError(ConnectorError):
    """Standard output cannot be written.

    It is no `OSError`, because libraries that print take some of those for granted.

    Args:
        reason: The system's own words.
        reader_has_gone: Whether it is a pipe that nobody reads any more, which is no fault of anybody.
    """

    def __init__(self, reason: str, *, reader_has_gone: bool) -> None:
        super().__init__(f"The program cannot write its output: {reason}.")
        self.reader_has_gone = reader_has_gone


class SyncInterruptedError(ConnectorError):
    """The sync was stopped before everything was read."""


class OutOfMemoryError(SyncInterruptedError):
    """The sync stopped itself, because the memory that it may use is nearly used up.

    Args:
        what: How much of which limit is used.
    """

    def __init__(self, what: str = "no more is available") -> None:
        super().__init__(
            f"The memory is nearly used up ({what}), so the sync was stopped before everything was read.",
            remedy="Run it again: it goes on from its last state. Give it more memory, or read fewer streams at once, "
            "or set requests_per_second lower, so that it needs less.",
        )
