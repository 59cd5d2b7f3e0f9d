"""One request to TikTok, from its turn in the quota to a checked answer."""

from __future__ import annotations

import asyncio
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Generic, Self, TypeVar

import msgspec
from msgspec import structs

from tiktok_marketing.api.bodies import in_utf8, is_utf8, repaired
from tiktok_marketing.api.body_budget import Reservation
from tiktok_marketing.api.call import Call, as_text
from tiktok_marketing.api.envelope import Envelope, envelope_of, no_data
from tiktok_marketing.api.error_rules import (
    daily_quota_spent,
    nothing_answers,
    page_error,
    refused_alone,
    rule_for,
    transport_error,
)
from tiktok_marketing.api.pages_instead import PagesInstead, beginning_of, is_file, is_foreign, is_page, redirect_target
from tiktok_marketing.api.proofs import Proofs
from tiktok_marketing.api.rate_limit.limiters import RateLimiters
from tiktok_marketing.api.rate_limit.pacer import DailyQuotaSpent
from tiktok_marketing.api.retry_policy import (
    RetryPolicy,
    backoff,
    is_rate_limit,
    should_give_up,
    wait_after_rate_limit,
    wait_after_timeouts,
)
from tiktok_marketing.api.stats import EndpointStats, RequestStats
from tiktok_marketing.api.transport import Reply, Silence, Transport, TransportFailure
from tiktok_marketing.clock import Clock, ClockReading, is_believable
from tiktok_marketing.errors import Action, PartialAnswerError, TikTokError
from tiktok_marketing.text import Mask

T = TypeVar("T")

OK = 0
PARTIALLY_OK = 20001
_PARTIAL_TRIES = 3
"""How often an answer may be partial before the client accepts that TikTok will not give the rest."""
_LEAST_CODE = 1000
"""TikTok's return codes are larger; a gateway may repeat its HTTP status as `code`."""
_NOT_TEXT_TRIES = 2
"""How often an answer may have bytes that are not UTF-8 before it is read without them. It is no accident then."""
_OK_START = re.compile(rb'\s*\{\s*"code"\s*:\s*0\s*,')
_APP_ID = re.compile(r"\b(app(?:lication)?[\s_]*(?:id)?[\s:=({\"']*)\d{5,}", re.IGNORECASE)


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """A successful answer, decoded.

    Args:
        value: The decoded body.
        size: Bytes of the body.
        throttled: Whether TikTok says that it left out all but the newest 20,000 ads (`X-Tt-Ads-Throttle`).
        partial: The error to raise if the answer is partial (20001) even after retries; None for a complete answer.
        reservation: The memory reserved for it until `release` is called; None if none is.
        repaired: Whether U+FFFD stands for bytes that are not UTF-8.
    """

    value: T
    size: int
    throttled: bool
    partial: PartialAnswerError | None
    reservation: Reservation | None = None
    repaired: bool = False

    def release(self) -> Self:
        """Release the memory that was reserved for it, so that another answer may arrive."""
        if self.reservation is not None:
            self.reservation.release()
        return self


class Waiting(msgspec.Struct, frozen=True):
    """A request will be retried after a wait that is long enough to announce."""

    error: TikTokError
    seconds: float
    tries: int

    def __str__(self) -> str:
        return f"Waiting {self.seconds:.0f} s before try {self.tries + 1}: {self.error.message}"


Announcement = Waiting | Silence
"""What a person is told while nothing happens. Its text says it."""


class Client:
    """Sends requests to TikTok within its quota, and retries until there is an answer or the policy gives up.

    Args:
        transport: Sends the requests.
        token: The access token.
        limiters: The rate limits of each endpoint.
        clock: The time, and how to wait.
        policy: For how long a request is retried.
        secrets: The texts, besides the token, that must not appear in any message.
        on_wait: Called before every wait that the policy announces.
        rng: Spreads the waits.
        own_address: Whether the user set the address, with `TIKTOK_API_URL`.
    """

    def __init__(
        self,
        transport: Transport,
        token: str,
        limiters: RateLimiters,
        clock: Clock,
        *,
        policy: RetryPolicy | None = None,
        secrets: Iterable[str] = (),
        on_wait: Callable[[Announcement], None] = lambda _: None,
        rng: random.Random | None = None,
        own_address: bool = False,
    ) -> None:
        self._transport = transport
        self._token = token
        self.limiters = limiters
        self._clock = clock
        self._policy = policy or RetryPolicy()
        self._mask = Mask((token, *secrets))
        self._on_wait = on_wait
        self._rng = rng or random.Random()  # noqa: S311 - spreads waits, keeps no secret
        self._own_address = own_address
        self.first_answer = asyncio.Event()
        """Set once TikTok's API has answered anything, an error included."""
        self._first_sent = math.inf
        self._pages_instead = PagesInstead(self._policy.transient)
        self._backing_off: Counter[str] = Counter()
        self._refusing_since: dict[tuple[str, str | None], float] = {}
        """Since when TikTok has refused every request to an endpoint, or for one account there."""
        self._proofs = Proofs()
        self.page_sizes: dict[str, int] = {}  # the largest of endpoints, as far as TikTok has refused larger ones
        self.stats = RequestStats()

    async def get(  # noqa: PLR0913 - how one request is sent
        self,
        endpoint: str,
        params: Mapping[str, Any],
        decode: Callable[[bytes], T],
        *,
        advertiser_id: str | None = None,
        divisible: bool = False,
        keep_reservation: bool = False,
        partial_ok: bool = False,
        brief: bool = False,
        probing: bool = False,
        is_file: bool = False,
    ) -> Answer[T]:
        """Send a GET request, and retry it until there is an answer.

        Args:
            endpoint: Path below `/open_api/v1.3/`, with its trailing slash.
            params: Query parameters; lists and dictionaries are sent as JSON text, as the API expects.
            decode: Decodes the whole body; its `msgspec.DecodeError` means that the body is damaged.
            advertiser_id: The account that the request is for, for the rate limits and errors.
            divisible: Whether the caller will ask for less at a time if this request proves too slow.
            keep_reservation: Whether the answer's memory stays reserved until the caller calls `Answer.release`.
            partial_ok: Whether the caller checks `Answer.partial` itself. Otherwise a partial answer is an error.
            brief: Whether to give up after a few tries if a page comes in place of the answer.
            probing: The same for any trouble that may be about this request alone.
            is_file: Whether the answer is a file without an envelope, unless it is an error.

        Raises:
            TikTokError: If the request failed for good.
            PartialAnswerError: If the answer is partial, unless `partial_ok`. It carries the answer.
        """
        query = {name: as_text(value) for name, value in params.items()}
        sending = partial(self._transport.send, endpoint, query, self._token)
        call = Call("GET", endpoint, query, sending, advertiser_id, is_file)
        return await self._answer_to(
            call,
            decode,
            divisible=divisible,
            keep_reservation=keep_reservation,
            partial_ok=partial_ok,
            brief=brief,
            probing=probing,
        )

    async def post(
        self,
        endpoint: str,
        body: Mapping[str, Any],
        decode: Callable[[bytes], T],
        *,
        advertiser_id: str | None = None,
        probing: bool = False,
    ) -> Answer[T]:
        """Send a POST request with a body in JSON, and retry it until there is an answer.

        TikTok may receive it more than once: if an answer is lost, nobody knows whether the request was.

        Args:
            endpoint: Path below `/open_api/v1.3/`.
            body: The parameters.
            decode: As for `get`.
            advertiser_id: As for `get`.
            probing: As for `get`.

        Raises:
            TikTokError: If the request failed for good.
            PartialAnswerError: If the answer is partial.
        """
        shown = {name: as_text(value) for name, value in body.items()}
        sending = partial(self._transport.post, endpoint, body, self._token)
        return await self._answer_to(Call("POST", endpoint, shown, sending, advertiser_id), decode, probing=probing)

    async def _answer_to(self, call: Call, decode: Callable[[bytes], T], **options: bool) -> Answer[T]:
        """Retry a call until there is an answer. If the token is refused, find out if it is so for this call alone."""
        refusal = self._proofs.refusal(call)
        if refusal is None:
            try:
                return await self._repeated(call, decode, **options)
            except TikTokError as error:
                if not error.about_token or not await self._proofs.stand(call, self._clock.monotonic(), self._prove):
                    raise
                refusal = refused_alone(error)
            self._proofs.note_refusal(call, refusal)
        raise refused_alone(refusal)  # a new one: an error that is raised again and again keeps all its frames

    async def _repeated(
        self,
        call: Call,
        decode: Callable[[bytes], T],
        *,
        divisible: bool = False,
        keep_reservation: bool = False,
        partial_ok: bool = False,
        brief: bool = False,
        probing: bool = False,
    ) -> Answer[T]:
        """Retry a call until there is an answer."""
        endpoint = call.endpoint
        started = self._clock.monotonic()
        self._first_sent = min(self._first_sent, started)
        failed_first: float | None = None
        tries = 0
        same_kind: Counter[tuple[Action, bool]] = Counter()
        timed_out_at: list[float] = []
        partial_answers = not_text = 0
        while True:
            tries += 1
            try:
                answer = await self._try(call, decode, repair=not_text >= _NOT_TEXT_TRIES)
            except TikTokError as error:
                not_text += error.not_text
                now = self._clock.monotonic()
                failed_first = now if failed_first is None else failed_first
                kind = (error.action, error.slow)
                same_kind[kind] += 1
                if error.timed_out and _is_report(endpoint):
                    timed_out_at.append(now)
                pause = wait_after_timeouts(timed_out_at, now)
                if should_give_up(
                    error,
                    tries=tries,
                    same_kind=same_kind[kind],
                    waited=now - self._failing_since(error, started, failed_first),
                    divisible=divisible,
                    answered=self.answered,
                    policy=self._policy,
                    brief=brief,
                    probing=probing,
                    pause=pause,
                ):
                    error.after(tries)
                    raise
                seconds = max(pause, self._wait_before_retry(error, tries))
                self.stats.retried += 1
                if seconds >= self._policy.announce_from:
                    self._on_wait(Waiting(error, seconds, tries))
            else:
                if answer.partial is None:
                    return answer if keep_reservation else answer.release()
                partial_answers += 1
                if partial_answers == _PARTIAL_TRIES:
                    if not partial_ok:
                        answer.partial.answer = answer.release()
                        raise answer.partial
                    return answer if keep_reservation else answer.release()
                answer.release()
                self.stats.retried += 1
                seconds = self._rng.uniform(0.5, 1.0) * partial_answers
            self._backing_off[endpoint] += 1
            try:
                await self._clock.sleep(seconds)
            finally:
                self._backing_off[endpoint] -= 1

    async def _prove(self, call: Call) -> None:
        await self._repeated(call, no_data, partial_ok=True, probing=True)

    def clock_reading(self) -> ClockReading:
        """The current time by this machine's clock and by TikTok's, as its answers show it."""
        now = self._clock.now()
        ahead = self.stats.clock_ahead
        tiktok = now - ahead if ahead is not None and is_believable(ahead) else now
        return ClockReading(min(now, tiktok), max(now, tiktok), tiktok)

    def endpoint_stats(self, endpoint: str) -> EndpointStats:
        """How the endpoint answers now."""
        return self.stats.of_endpoint(endpoint, self._clock.monotonic())

    def waits_for(self) -> str:
        """A sentence about the answer that has been awaited longest; empty if none is awaited."""
        longest = self.stats.longest_wait(self._clock.monotonic())
        return "" if longest is None else f"Waiting for TikTok's answer from /{longest[0]} for {longest[1]:.0f} s."

    def stalled(self, endpoint: str) -> int:
        """How many requests wait for something other than the endpoint's quota: a retry, or their account's limit."""
        return self._backing_off[endpoint] + self.limiters.waiting_for_account(endpoint)

    @property
    def answered(self) -> bool:
        """Whether TikTok's API has answered anything, an error included."""
        return self.first_answer.is_set()

    def nothing_answers(self, error: TikTokError) -> TikTokError:
        """The error to stop with, if pages came in place of every answer."""
        return nothing_answers(error, own_address=self._own_address)

    def _failing_since(self, error: TikTokError, started: float, failed_first: float) -> float:
        """Since when requests have failed; the waits for a turn and for the first answer do not count as failing."""
        if not self.answered:
            # A page shows that the network is up, so all requests wait for a first answer together.
            return self._first_sent if error.http_status is not None else started
        if error.http_status is not None:
            return min(failed_first, self._pages_instead.since(error.endpoint, error.advertiser_id, failed_first))
        return min(failed_first, self._refusing_since.get(_limited_by(error), failed_first))

    def _wait_before_retry(self, error: TikTokError, tries: int) -> float:
        if not is_rate_limit(error):
            return backoff(error, tries, self._rng)
        try:
            pause = self.limiters.wait(error.endpoint, error.advertiser_id)
        except DailyQuotaSpent:
            return 0.0  # waiting for the next turn raises it
        return wait_after_rate_limit(pause, self._rng)

    async def _try(self, call: Call, decode: Callable[[bytes], T], *, repair: bool) -> Answer[T]:
        endpoint, advertiser_id = call.endpoint, call.advertiser_id
        try:
            left_at = await self.limiters.turn(endpoint, advertiser_id)
        except DailyQuotaSpent:
            raise daily_quota_spent(
                self.limiters.tier.per_day, endpoint=endpoint, advertiser_id=advertiser_id
            ) from None
        with self.stats.in_flight(endpoint, left_at):
            try:
                reply = await call.send()
            except TransportFailure as failure:
                raise transport_error(
                    self.scrub(failure.message),
                    endpoint=endpoint,
                    advertiser_id=advertiser_id,
                    timed_out=failure.timed_out,
                    connecting=failure.connecting,
                    unknown_host=failure.unknown_host,
                    certificate=failure.certificate,
                    proxy_status=failure.proxy_status,
                    too_large=failure.too_large,
                    not_http=failure.not_http,
                ) from failure
        now = self._clock.monotonic()
        waited = reply.reservation.waited if reply.reservation is not None else 0.0
        self.stats.answered(endpoint, now, max(0.0, now - left_at - waited), len(reply.body))
        if date := reply.headers.get("Date"):
            self.stats.latest_date = date, self._clock.now()
        body = in_utf8(reply.body)
        damaged = repair and not is_utf8(body)
        reply = structs.replace(reply, body=repaired(body) if damaged else body)
        try:
            value, partly = self._read(reply, call, decode)
        except BaseException as error:
            if reply.reservation is not None:
                reply.reservation.release()
            if isinstance(error, TikTokError):
                self._update_quota(error, left_at)
            raise
        self.limiters.accepted(endpoint, left_at, advertiser_id)
        self._end_refusals(endpoint, advertiser_id)
        self.first_answer.set()
        self._proofs.note(call, left_at)
        return Answer(value, len(reply.body), "X-Tt-Ads-Throttle" in reply.headers, partly, reply.reservation, damaged)

    def _update_quota(self, error: TikTokError, left_at: float) -> None:
        """Update the quota after an error: any return code that is not about the rate shows that there was room."""
        if is_rate_limit(error):
            self._refusing_since.setdefault(_limited_by(error), self._clock.monotonic())
        if error.action is Action.SLOW_DOWN:
            self.stats.refused += 1
            self.limiters.refused(error.endpoint, left_at)
        elif error.action is Action.SLOW_ACCOUNT and error.advertiser_id is not None:
            self.stats.refused += 1
            self.limiters.account_refused(error.endpoint, error.advertiser_id, left_at, error.tiktok_message)
            self.limiters.accepted(error.endpoint, left_at)
        elif error.code is not None:
            self.limiters.accepted(error.endpoint, left_at, error.advertiser_id)
            self._end_refusals(error.endpoint, error.advertiser_id)
        elif error.http_status is not None:
            self._pages_instead.note(error.endpoint, error.advertiser_id, self._clock.monotonic())

    def _end_refusals(self, endpoint: str, advertiser_id: str | None) -> None:
        self._refusing_since.pop((endpoint, None), None)
        self._refusing_since.pop((endpoint, advertiser_id), None)
        self._pages_instead.end(endpoint, advertiser_id)

    def _read(self, reply: Reply, call: Call, decode: Callable[[bytes], T]) -> tuple[T, PartialAnswerError | None]:
        """The decoded body, and the error to raise if TikTok says that the answer is partial.

        The return code outranks the HTTP status, so the envelope is checked first.
        """
        endpoint, advertiser_id = call.endpoint, call.advertiser_id
        partly = None
        try:
            # The usual answer is not decoded twice.
            if not _OK_START.match(reply.body) and not (call.is_file and is_file(reply.body)):
                envelope = envelope_of(reply.body)
                if 0 < envelope.code < _LEAST_CODE:
                    raise self._http_error(_with_status(reply, envelope.code), endpoint, advertiser_id)
                if envelope.code == PARTIALLY_OK:
                    partly = self._partial(envelope, endpoint, advertiser_id)
                elif envelope.code != OK:
                    self.first_answer.set()
                    message = self.scrub(envelope.message)
                    raise rule_for(envelope.code, message, endpoint).error(
                        message or "no reason was given",
                        endpoint=endpoint,
                        code=envelope.code,
                        request_id=self.scrub(envelope.request_id),
                        advertiser_id=advertiser_id,
                        detail=call.text(self.scrub),
                    )
            if reply.status >= 300:
                raise self._http_error(reply, endpoint, advertiser_id)
            if not call.is_file and reply.body.lstrip().startswith(b"{"):
                self.first_answer.set()  # an envelope came, even if its content cannot be read
            return decode(reply.body), partly
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if reply.status >= 300 or is_page(reply.body) or is_foreign(reply.body):
                raise self._http_error(reply, endpoint, advertiser_id) from error
            raise transport_error(
                f"the answer does not have the documented form ({self.scrub(str(error))})",
                endpoint=endpoint,
                advertiser_id=advertiser_id,
                not_text=not is_utf8(reply.body),
            ) from error

    def _partial(self, envelope: Envelope, endpoint: str, advertiser_id: str | None) -> PartialAnswerError:
        request_id = self.scrub(envelope.request_id)
        reason = f"code {envelope.code}, request_id {request_id}: {self.scrub(envelope.message)}"
        return PartialAnswerError(endpoint, reason, advertiser_id, code=envelope.code, request_id=request_id)

    def _http_error(self, reply: Reply, endpoint: str, advertiser_id: str | None) -> TikTokError:
        status = reply.status
        if status == 429:
            return rule_for(40100).error("HTTP 429", endpoint=endpoint, advertiser_id=advertiser_id)
        if status >= 500 or status == 408:
            return transport_error(f"HTTP {status}", endpoint=endpoint, advertiser_id=advertiser_id, http_status=status)
        return page_error(
            status,
            beginning_of(reply.body, self.scrub),
            endpoint=endpoint,
            advertiser_id=advertiser_id,
            location=redirect_target(reply.headers.get("Location") or "", self.scrub) if status < 400 else "",
        )

    def scrub(self, text: str) -> str:
        """The text without the token, the secret and the application's id."""
        return _APP_ID.sub(r"\1***", self._mask(text))


def _with_status(reply: Reply, code: int) -> Reply:
    """The reply of a gateway that gives its HTTP status as `code`, and perhaps there alone."""
    return structs.replace(reply, status=code) if reply.status < 300 <= code < 600 else reply


def _limited_by(error: TikTokError) -> tuple[str, str | None]:
    """What a rate limit applies to: the endpoint, or one account there."""
    return error.endpoint, error.advertiser_id if error.action is Action.SLOW_ACCOUNT else None


def _is_report(endpoint: str) -> bool:
    """Whether it answers reports at once, so that slow requests are penalized there."""
    return "report" in endpoint and not endpoint.startswith("report/task/")
