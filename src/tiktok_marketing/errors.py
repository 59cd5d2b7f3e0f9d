"""Every error that this project raises on purpose, in one tree.

    ConnectorError                      any failure that the connector explains to a person
    ├── ConfigurationError              the configuration, catalog or state cannot be used: change it
    │   ├── NothingToReadError          the database or schema to examine does not exist
    │   └── WorkingFolderError          a path is relative, and the folder that it is relative to was deleted
    ├── LoginError                      nobody authorized the application: run the login again
    ├── TikTokError                     TikTok refused a request, or the request or its answer was lost
    │   ├── AuthError                   the token or the application is not valid: authorize again
    │   ├── AccountError                the token has no access to this ad account: grant it, or exclude the account
    │   ├── PermissionDeniedError       the application lacks a scope: request the scope
    │   └── RateLimitError              TikTok accepts no more requests now: run it again later, or slower
    ├── IncompleteReadError             rows are missing that TikTok says exist: run it again
    │   ├── PartialAnswerError          TikTok says that its answer is partial
    │   ├── AdsLeftOutError             TikTok answered for the newest 20,000 ads only
    │   ├── OutOfReachError             TikTok lists no more than a fixed number of records
    │   └── UnusableIdError             TikTok lists a record with an id that no request can name
    ├── DestinationError                the database does not accept the records
    │   ├── DestinationLockedError      another process has the database open
    │   └── DestinationChangedError     what a sync had loaded was gone before it ended
    ├── OutputError                     standard output cannot be written
    └── SyncInterruptedError            the sync stopped before it had read everything: run it again
        └── OutOfMemoryError            it stopped itself, because its memory was nearly used up

Each error has a `message` (what happened) and a `remedy` (what to do next). Where TikTok answered, it also has TikTok's
`code` and `request_id`. People see those and never a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, Self

from tiktok_marketing.text import mask_known, shown_line


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """An error, and then each error that it came from, once. Libraries make chains that go round in circles."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


class Action(StrEnum):
    """What the sync does about a failed request."""

    RETRY = "retry"
    """Send the same request again after a wait."""
    SLOW_DOWN = "slow down"
    """Send the same request again, and fewer requests to its endpoint."""
    SLOW_ACCOUNT = "slow this account down"
    """Send the same request again, and fewer requests for this ad account to its endpoint."""
    SPLIT = "split"
    """Send smaller requests instead: fewer days, or fewer ids."""
    FAIL_ACCOUNT = "fail the account"
    """Give up this stream for this ad account; everything else continues."""
    FAIL_STREAM = "fail the stream"
    """Give up this stream; the other streams continue."""
    STOP_SYNC = "stop the sync"
    """Stop: no other request can succeed."""

    @property
    def passes(self) -> bool:
        """Whether the trouble passes, so that the same request may succeed in a later sync."""
        return self in {Action.RETRY, Action.SLOW_DOWN, Action.SLOW_ACCOUNT}


class FailureType(StrEnum):
    """Who must act if the failure persists: Airbyte's failure types."""

    CONFIG = "config_error"
    SYSTEM = "system_error"
    TRANSIENT = "transient_error"


class ConnectorError(Exception):
    """A failure that the connector explains to a person.

    Args:
        message: What happened, as one or two full sentences. Text of others in it becomes fit for a terminal.
        remedy: The next step for the person who reads it; may be empty.
        detail: More for debugging, for example a raw answer.

    Attributes:
        code: TikTok's return code; None if TikTok did not answer, or the error is not about an answer.
        request_id: The id of the request, which TikTok's support asks for; empty in the same cases.
        goes_on: Whether everything else of the stream and account can still be read, or was.
    """

    code: int | None = None
    request_id: str = ""
    goes_on = False

    def __init__(self, message: str, *, remedy: str = "", detail: str = "") -> None:
        self.message = shown_line(message)
        self.remedy = shown_line(remedy)
        self.detail = mask_known(detail)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class ConfigurationError(ConnectorError):
    """The configuration, catalog or state cannot be used as it is. Nothing has been read.

    Args:
        message: What is wrong, as one or two full sentences.
        remedy: The next step for the person who reads it.
        detail: More for debugging.
        settings: The settings that are wrong or missing, by name.
    """

    def __init__(self, message: str, *, remedy: str = "", detail: str = "", settings: Iterable[str] = ()) -> None:
        super().__init__(message, remedy=remedy, detail=detail)
        self.settings = tuple(settings)


class LoginError(ConnectorError):
    """The login got no authorization: nobody answered, the owner refused, or the answer belongs to another login."""


class NothingToReadError(ConfigurationError):
    """The database to examine, or the schema in it, does not exist."""


class WorkingFolderError(ConfigurationError):
    """A path is relative, and the folder in which the program runs was deleted."""


_SERVER_ERRORS = 500
"""HTTP statuses from here on are trouble of a server. Those below are refusals of the request."""
_MAINTENANCE = 60001


class TikTokError(ConnectorError):
    """TikTok refused a request, or the request or its answer was lost on the way.

    Args:
        tiktok_message: TikTok's message, or a description of what happened on the network; without the code.
        action: What the sync does about it.
        failure_type: Who must act if it persists.
        remedy: What that person can do.
        endpoint: Path below `/open_api/v1.3/`.
        code: TikTok's return code; None if no envelope arrived.
        request_id: The id of the request, which TikTok's support asks for; empty if no envelope arrived.
        advertiser_id: The account that the request was for, if it was for one.
        inaccessible: Whether this token has no access to the account, which `skip_inaccessible_advertisers` turns into
            a warning.
        timed_out: Whether no answer arrived in time. TikTok penalizes repeating such a request unchanged.
        http_status: The HTTP status of an answer without TikTok's envelope, such as a gateway's page; otherwise None.
        connecting: Whether no connection could be made, so that every other request fails as well.
        not_text: Whether the answer has bytes that are not UTF-8.
        detail: The request, for debugging, without any secret.
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
        http_status: int | None = None,
        connecting: bool = False,
        not_text: bool = False,
        detail: str = "",
    ) -> None:
        self.not_text = not_text
        self.tiktok_message = tiktok_message
        self.action = action
        self.failure_type = failure_type
        self.endpoint = endpoint
        self.code = code
        self.request_id = request_id
        self.advertiser_id = advertiser_id
        self.inaccessible = inaccessible
        self.timed_out = timed_out
        self.http_status = http_status
        self.connecting = connecting
        self.tries = 1
        super().__init__(self._sentence(), remedy=remedy, detail=detail)

    def _sentence(self) -> str:
        facts = [
            f"code {self.code}" if self.code is not None else "",
            f"request_id {self.request_id}" if self.request_id else "",
            f"{self.tries} tries" if self.tries > 1 else "",
        ]
        details = ", ".join(fact for fact in facts if fact)
        account = f" for advertiser {self.advertiser_id}" if self.advertiser_id else ""
        text = self.tiktok_message.strip().rstrip(".")
        return shown_line(f"/{self.endpoint} failed{account}: {text}{f' ({details})' if details else ''}.")

    @property
    def slow(self) -> bool:
        """Whether the request was probably too much work for TikTok, so that a smaller one may succeed."""
        return self.timed_out or self.code == 50002 or 51000 <= (self.code or 0) < 52000

    @property
    def too_large(self) -> bool:
        """Whether a request for less may succeed: TikTok says so, or it was probably too much work, or too long."""
        return self.action is Action.SPLIT or self.slow or self.too_long

    @property
    def too_long(self) -> bool:
        """Whether a gateway finds the request itself too long, so that one with fewer ids may pass."""
        return self.http_status in {413, 414, 431}

    @property
    def of_answer(self) -> bool:
        """Whether TikTok answered, or a gateway did for it, and the answer was trouble that may pass, or not readable.

        A gateway's 504 for a day with many rows is as much about that day as a code of TikTok's.
        """
        refused = self.http_status is not None and self.http_status < _SERVER_ERRORS
        reached = not self.connecting and not self.timed_out and not refused
        return self.action is Action.RETRY and reached and self.code != _MAINTENANCE

    @property
    def about_token(self) -> bool:
        """Whether TikTok says that it refuses the token, the application or this network, so all other requests too."""
        return self.code is not None and self.action is Action.STOP_SYNC

    def about(self, days: str) -> Self:
        """Record which days it is about, and say so in the message."""
        self.tiktok_message = f"{self.tiktok_message.strip().rstrip('.')}, on {days}" if days else self.tiktok_message
        self.message = self._sentence()
        return self

    def after(self, tries: int) -> Self:
        """Record how many times the request was sent, and say so in the message."""
        self.tries = tries
        self.message = self._sentence()
        return self


class AuthError(TikTokError):
    """The access token or the application is not valid, so nothing can be read."""


class AccountError(TikTokError):
    """The token has no access to this ad account, or the account is closed."""


class PermissionDeniedError(TikTokError):
    """The application lacks the scope for this kind of data."""


class RateLimitError(TikTokError):
    """TikTok accepts no more requests from the application now, or none for this account."""


class IncompleteReadError(ConnectorError):
    """TikTok delivered fewer rows than it says exist, after every way to get them was tried."""


class PartialAnswerError(IncompleteReadError):
    """TikTok says that its answer is partial (20001), and repeating the request did not help.

    Everything else can be read, but no state may cover what the request asked for.

    Args:
        endpoint: Path below `/open_api/v1.3/`.
        reason: TikTok's code, `request_id` and message.
        advertiser_id: The account, if the request was for one.
        answer: The answer itself (`api.client.Answer`), for a caller that can use a partial one.
        code: TikTok's return code.
        request_id: The id of the request, which TikTok's support asks for.
    """

    goes_on = True

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
            f"/{endpoint} succeeded only partially{f' for advertiser {advertiser_id}' if advertiser_id else ''} "
            f"({reason}), so rows may be missing.",
            remedy="The next sync asks for them again. If this persists, send the request_id to TikTok's support.",
        )
        self.reason = reason
        self.answer = answer
        self.code = code
        self.request_id = request_id


class AdsLeftOutError(IncompleteReadError):
    """TikTok answered for the newest 20,000 ads only (`X-Tt-Ads-Throttle`): ask about fewer ads per request."""


class OutOfReachError(IncompleteReadError):
    """Everything that TikTok lists was delivered, but more records exist, or may exist."""


class UnusableIdError(IncompleteReadError):
    """TikTok lists a record with an id that no request can name, so what belongs to the record cannot be asked for."""

    goes_on = True


class DestinationError(ConnectorError):
    """Records cannot be written to the database: it is locked, full, read-only or gone."""


class DestinationLockedError(DestinationError):
    """Another process has the database open. It may close it soon."""


class DestinationChangedError(DestinationError):
    """What a sync had loaded was gone before the sync ended, or another program loaded something meanwhile."""


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
    """The sync stopped before it had read everything."""


class OutOfMemoryError(SyncInterruptedError):
    """The sync stopped itself, because the memory that it may use is nearly used up.

    Args:
        usage: How much of which limit is used.
    """

    def __init__(self, usage: str = "no more is available") -> None:
        super().__init__(
            f"The memory is nearly used up ({usage}), so the program stopped before it was done.",
            remedy="Run it again: a sync continues from its last state. Give it more memory, read fewer streams per "
            "sync, or lower requests_per_second.",
        )
