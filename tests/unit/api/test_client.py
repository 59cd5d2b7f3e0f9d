from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import APP_ID, NOON, SECRET, TOKEN, FakeClock, FakeTransport, client, refusal, success

from tiktok_marketing.api.client import Answer, Waiting
from tiktok_marketing.api.rate_limit.tiers import Tier
from tiktok_marketing.api.retry_policy import INTERACTIVE_RETRIES, OWN_ADDRESS_RETRIES, RetryPolicy
from tiktok_marketing.api.transport import Reply, TransportFailure
from tiktok_marketing.errors import Action, FailureType, PartialAnswerError, TikTokError

ENDPOINT = "ad/get/"
OK = success({"list": []})
HTML = Reply(502, {}, b"<html><h1>502 Bad Gateway</h1></html>")
SECRETS = (TOKEN, SECRET, APP_ID)
NO_RETRIES = RetryPolicy(transient=0, quota=0, maintenance=0, first_contact=0)
SILENCE = TransportFailure("no answer arrived in time", timed_out=True)
BROKEN = TransportFailure("the connection failed (ServerDisconnectedError)")


class SentRequest:
    """One request, its outcome, and how long it took."""

    def __init__(self, *script: Reply | Exception, takes: float = 0.2, **options: Any) -> None:
        self.clock = FakeClock()
        self.transport = FakeTransport(self.clock, *script, takes=takes)
        self.waits: list[Waiting] = []
        self.client = client(self.transport, self.clock, on_wait=self.waits.append, **options)

    async def answer(self, **request: Any) -> Answer[Any]:
        """Send it, and return the answer."""
        request = {"endpoint": ENDPOINT, "params": {"advertiser_id": "7001"}, "advertiser_id": "7001", **request}
        endpoint, params = request.pop("endpoint"), request.pop("params")
        return await self.client.get(endpoint, params, msgspec.json.decode, **request)

    async def error(self, **request: Any) -> TikTokError:
        """Send it, and return the error."""
        with pytest.raises(TikTokError) as caught:
            await self.answer(**request)
        return caught.value

    @property
    def tries(self) -> int:
        """How often it was request."""
        return len(self.transport.sent)

    @property
    def took(self) -> float:
        """Seconds from the first try to the last answer."""
        return self.clock.seconds - 1000.0


async def test_an_answer_is_decoded() -> None:
    """The decoder gets the whole body, and the answer has its size."""
    request = SentRequest(success({"list": [1]}))
    answer = await request.answer()
    assert answer.value["data"] == {"list": [1]}
    assert answer.size == len(success({"list": [1]}).body)
    assert not answer.throttled
    assert request.tries == 1


async def test_a_request_contains_token_and_parameters() -> None:
    """Lists and objects are sent as JSON text, flags in lower case, and the token in its header."""
    request = SentRequest(OK)
    await request.answer(
        params={"a": "x", "b": ["1", 2], "c": {"k": [True]}, "d": True, "e": 5, "f": False, "g": "ä"},
    )
    params = {"a": "x", "b": '["1",2]', "c": '{"k":[true]}', "d": "true", "e": "5", "f": "false", "g": "ä"}
    assert request.transport.sent == [(ENDPOINT, params, TOKEN)]


async def test_the_order_of_the_envelopes_fields_does_not_matter() -> None:
    """The check of the first bytes is a shortcut, not a condition."""
    body = b'{ "message": "OK", "data": {"list": []}, "code": 0 }'
    assert (await SentRequest(Reply(200, {}, body)).answer()).value["code"] == 0


PARTIAL = {"code": 20001, "message": f"partly, {SECRET}", "request_id": "r-2", "data": {"list": [1]}}


async def test_a_partial_answer_is_an_error_that_carries_the_answer() -> None:
    """No caller can mistake it for a complete answer; the client tries three times first."""
    request = SentRequest(Reply(200, {}, json.dumps(PARTIAL).encode()))
    with pytest.raises(PartialAnswerError) as caught:
        await request.answer()
    error = caught.value
    assert error.answer.value["data"] == {"list": [1]}
    assert (error.code, error.request_id) == (20001, "r-2")
    assert error.reason == "code 20001, request_id r-2: partly, ***"
    assert "7001" in error.message
    assert request.client.stats.requests == {ENDPOINT: 3}


async def test_a_caller_may_accept_a_partial_answer() -> None:
    """With `partial_ok` it gets the data, and the error that would have been raised."""
    answer = await SentRequest(Reply(200, {}, json.dumps(PARTIAL).encode())).answer(partial_ok=True)
    assert answer.value["data"] == {"list": [1]}
    assert isinstance(answer.partial, PartialAnswerError)
    assert SECRET not in str(answer.partial)


async def test_a_complete_answer_after_a_partial_one_is_enough() -> None:
    """The partial answer was a passing fault at TikTok."""
    body = b'{"code": 20001, "message": "partly", "request_id": "r-2", "data": {"list": [1]}}'
    request = SentRequest(Reply(200, {}, body), Reply(200, {}, b'{"code": 0, "data": {"list": [1, 2]}}'))
    answer = await request.answer()
    assert (answer.value["data"], answer.partial) == ({"list": [1, 2]}, None)
    assert request.client.stats.retried == 1


@pytest.mark.parametrize(
    ("date", "earliest", "latest"),
    [
        (None, 0, 0),
        ("Tue, 10 Mar 2026 12:00:00 GMT", 0, 0),
        ("Tue, 10 Mar 2026 11:00:00 GMT", -3600, 0),
        ("Tue, 10 Mar 2026 14:00:00 GMT", 0, 7200),
        ("Tue, 10 Mar 2026 14:00:00 -0200", 0, 4 * 3600),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 0, 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0, 0),
        ("yesterday", 0, 0),
    ],
)
async def test_the_clock_reading_compares_both_clocks(date: str | None, earliest: int, latest: int) -> None:
    """TikTok's `Date` is believed unless it is years off, which something in between must have caused."""
    request = SentRequest(success({}, {} if date is None else {"Date": date}), takes=0.0)
    await request.answer()
    moment = request.client.clock_reading()
    assert ((moment.earliest - NOON).total_seconds(), (moment.latest - NOON).total_seconds()) == (earliest, latest)


async def test_the_throttle_header_is_reported() -> None:
    """`X-Tt-Ads-Throttle` says that TikTok left out ads."""
    assert (await SentRequest(success({}, {"X-Tt-Ads-Throttle": "1"})).answer()).throttled


@pytest.mark.parametrize(
    "trouble",
    [
        HTML,
        BROKEN,
        SILENCE,
        Reply(500, {}, b""),
        Reply(503, {}, b"busy"),
        Reply(504, {}, b"<html>"),
        Reply(408, {}, b""),
        Reply(200, {}, b""),
        Reply(200, {}, b"<html>hello</html>"),
        Reply(200, {}, OK.body[:-7]),
        Reply(200, {}, b"[]"),
        Reply(200, {}, b'{"code":"zero"}'),
        Reply(200, {}, b'{"message":"no code"}'),
        Reply(200, {}, b'{"code":0,"message":"OK","data":{"a":"\xff"}}'),
        Reply(200, {}, b'{"message":"\xff","code":40105}'),
        Reply(200, {}, b'"\xff"'),
        Reply(502, {}, b'"\xff"'),
        Reply(200, {}, b"[" * 200_000),
        Reply(200, {}, b'{"code":0,"data":' + b"[" * 200_000),
        refusal(50000),
        refusal(50002),
        refusal(40700),
        refusal(60001),
        refusal(51099),
        Reply(500, {}, refusal(50000).body),
        Reply(500, {}, OK.body),
    ],
)
async def test_transient_errors_are_retried(trouble: Reply | Exception) -> None:
    """The client sends the same request again, with growing waits, until there is an answer."""
    request = SentRequest(OK, trouble, trouble, OK)
    await request.answer()
    await request.answer()
    assert request.tries == 4
    assert request.transport.sent[1] == request.transport.sent[3]
    gaps = [later - at for at, later in zip(request.transport.sent_at[1:], request.transport.sent_at[2:], strict=False)]
    assert gaps[1] > gaps[0] > 0.2


@pytest.mark.parametrize("http", [200, 201])
@pytest.mark.parametrize(("code", "takes_longest"), [(429, False), (503, True), (500, True), (403, True)])
async def test_a_status_that_a_gateway_gives_as_code_alone_is_that_status(
    http: int, code: int, takes_longest: bool
) -> None:
    """It is retried as with this HTTP status, and does not count as an answer of TikTok's API."""
    body = json.dumps({"code": code, "message": "Service Unavailable"}).encode()
    request = SentRequest(Reply(http, {}, body), Reply(http, {}, body), OK)
    await request.answer()
    assert request.tries == 3
    request = SentRequest(Reply(http, {}, body))
    error = await request.error()
    assert error.code is None
    assert error.http_status == (code if takes_longest else None)
    assert not request.client.answered


@pytest.mark.parametrize("code", [40000, 40001, 40002, 40105, 40118, 40300, 41000])
async def test_a_permission_error_is_not_retried(code: int) -> None:
    """One request, and an error with everything that TikTok's envelope says."""
    request = SentRequest(refusal(code, "Not you.", "r-77"))
    error = await request.error()
    assert request.tries == 1
    assert (error.code, error.request_id, error.advertiser_id, error.endpoint) == (code, "r-77", "7001", ENDPOINT)
    assert "Not you" in error.message


async def test_a_code_outranks_the_http_status() -> None:
    """TikTok's envelope in an HTTP error page decides."""
    request = SentRequest(Reply(403, {}, refusal(40105).body))
    assert (await request.error()).code == 40105


@pytest.mark.parametrize(
    "body",
    [
        b'{"code":40105,"message":null,"request_id":"r"}',
        b'{"code":40105,"message":"m","request_id":null}',
        b'{"code":40105,"message":{"a":1}}',
        b'{"code":40105,"message":["m"],"request_id":5}',
        b'{"code":"40105","message":"m"}',
        b'{"code":40105,"message":"half \\ud83d"}',
        b'{"code":40105}',
    ],
)
async def test_an_error_code_counts_in_a_malformed_envelope(body: bytes) -> None:
    """Fields of other types, nulls and half of an emoji do not turn it into a transient error."""
    request = SentRequest(Reply(200, {}, body))
    error = await request.error()
    assert error.code == 40105
    assert request.tries == 1
    str(error).encode()


_codes = st.integers() | st.integers().map(str) | st.sampled_from([0, 20001, 40105]) | st.floats(-1e9, 1e9) | st.none()
_parts = _codes | st.text() | st.booleans() | st.lists(st.text(), max_size=2)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(["message", "request_id", "data"], _parts) | {"code": _codes}))
def test_any_envelope_is_an_answer_or_an_error(envelope: dict[str, Any]) -> None:
    """Whatever its fields are, including halves of characters."""
    request = SentRequest(Reply(200, {}, json.dumps(envelope).encode()), policy=NO_RETRIES, takes=1)
    try:
        asyncio.run(request.answer())
    except (TikTokError, PartialAnswerError) as error:
        str(error).encode()


@pytest.mark.parametrize("status", [301, 302, 307])
async def test_a_redirect_is_not_followed(status: int) -> None:
    """It is retried like any page in place of an answer; the message says where it leads, without its secrets."""
    page = Reply(status, {"Location": f"https://me:pw@login.example.com/in?token={TOKEN}#x"}, b"<html>")
    request = SentRequest(OK, page)
    await request.answer()
    error = await request.error()
    assert 900 <= request.took < 1000
    assert error.action is Action.RETRY
    assert f"HTTP {status}" in error.message
    assert "to https://login.example.com/in," in error.message


PAGE = b"""<!DOCTYPE html><html><head><title>Access denied</title><script>alert("x")</script></head>
<body>\x1b]52;c;aGk=\x07 You &amp; your token %b may not enter.</body></html>"""
PAGES = [
    *(Reply(status, {}, PAGE % TOKEN.encode()) for status in (200, 400, 401, 403, 404, 405, 410, 451)),
    Reply(403, {}, b'{"message": "Forbidden"}'),
    Reply(403, {}, b'{"code": 403, "message": "Forbidden"}'),
    Reply(404, {}, b""),
    Reply(200, {}, b""),
    Reply(200, {}, b"upstream connect error or disconnect/reset before headers"),
    Reply(302, {"Location": "https://login.example.com/"}, b""),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.status} {page.body[:12]!r}")
async def test_a_page_in_place_of_an_answer_is_retried(page: Reply) -> None:
    """A gateway sends it for a while; then the request succeeds."""
    request = SentRequest(OK, *[page] * 10, OK)
    await request.answer()
    await request.answer()
    assert request.tries == 12


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.status} {page.body[:12]!r}")
async def test_a_page_that_stays_fails_the_request_alone(page: Reply) -> None:
    """After a quarter of an hour. The message has the beginning of the page, without markup, controls and secrets."""
    request = SentRequest(OK, page)
    await request.answer()
    error = await request.error()
    assert 900 <= request.took < 1000
    assert error.action is Action.RETRY
    assert error.failure_type is FailureType.TRANSIENT
    assert f"HTTP {page.status}" in error.message
    assert TOKEN not in str(error)
    assert str(error).isprintable()
    if page.body.startswith(b"<!"):
        assert r"Access denied \x1b]52;c;aGk=\x07 You & your token *** may not enter." in error.message


async def test_other_requests_to_an_endpoint_that_sends_pages_fail_at_once() -> None:
    """A quarter of an hour is spent once for an endpoint, and not once for every stream and account."""
    request = SentRequest(OK, PAGES[3])
    await request.answer()
    await request.error()
    tried, took = request.tries, request.took
    for advertiser_id in ("7001", "7002", "7003"):
        await request.error(advertiser_id=advertiser_id)
    assert request.tries == tried + 3
    assert request.took < took + 2


async def test_an_endpoint_that_answers_again_is_retried_in_full() -> None:
    """What it refused before its last answer does not count."""
    request = SentRequest(OK, *[PAGES[3]] * 10, OK, *[PAGES[3]] * 10, OK)
    for _ in range(3):
        await request.answer()
    assert request.tries == 23


async def test_a_page_is_retried_a_few_times_if_the_caller_has_another_way() -> None:
    """A question about several accounts is asked about each of them instead."""
    request = SentRequest(OK, PAGES[3])
    await request.answer()
    error = await request.error(brief=True)
    assert request.tries == 4
    assert error.http_status == 403


async def test_requests_wait_together_for_a_first_answer() -> None:
    """If only pages come from the start, two minutes are spent once."""
    request = SentRequest(PAGES[3])
    await request.error()
    assert 120 <= request.took < 240
    took = request.took
    await request.error()
    assert request.took < took + 2


async def test_an_error_code_without_a_message_still_makes_a_sentence() -> None:
    """An empty message does not make an empty error."""
    assert "no reason was given" in (await SentRequest(refusal(40001, "")).error()).message


RATE_LIMITS = [refusal(40100), refusal(40016), Reply(429, {}, b"slow down")]


@pytest.mark.parametrize("slower", RATE_LIMITS)
async def test_a_single_rate_limit_costs_its_request_only(slower: Reply) -> None:
    """40100 and HTTP 429 are repeated soon, and the rate stays."""
    request = SentRequest(*[slower, OK] * 4)
    before = request.client.limiters.rate(ENDPOINT)
    for _ in range(4):
        await request.answer()
    assert request.tries == 8
    assert request.transport.sent_at[-1] - request.transport.sent_at[0] < 4.0
    assert request.client.limiters.rate(ENDPOINT) == before
    assert request.client.stats.refused == 4


@pytest.mark.parametrize("slower", RATE_LIMITS)
async def test_a_rate_limit_that_persists_pauses_the_endpoint(slower: Reply) -> None:
    """Single requests find out whether it is over, further and further apart; then the request succeeds."""
    request = SentRequest(*[slower] * 7, OK)
    await request.answer()
    gaps = [after - before for before, after in pairwise(request.transport.sent_at)]
    assert gaps[1:] == sorted(gaps[1:])
    assert gaps[-1] >= 8.0
    assert request.client.stats.refused == 7


async def test_a_rate_limit_does_not_slow_other_endpoints() -> None:
    """TikTok counts per endpoint."""
    request = SentRequest(*[refusal(40100)] * 7, OK, OK)
    await request.answer()
    began = request.clock.seconds
    await request.client.get("campaign/get/", {"advertiser_id": "7001"}, msgspec.json.decode, advertiser_id="7001")
    assert request.transport.sent_at[-1] == began


class Suspended(FakeTransport):
    """A transport that refuses every request for five minutes and twenty seconds."""

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Refuse until then."""
        self._script = [refusal(40100) if self._clock.seconds < 1320 else OK]
        return await super().send(endpoint, params, token)


async def test_a_request_outlasts_the_five_minute_block() -> None:
    """After TikTok's block ends, the request succeeds soon, with few tries."""
    request = SentRequest(OK)
    request.transport = Suspended(request.clock, OK, takes=0.2)
    request.client._transport = request.transport
    await request.answer()
    assert 320 <= request.took < 400
    assert request.tries < 20


async def test_a_rate_limit_without_end_is_an_error() -> None:
    """After the policy's time for rate limits, the remedy names the tier."""
    request = SentRequest(refusal(40100))
    error = await request.error()
    assert 1500 <= request.took < 1700
    assert error.failure_type is FailureType.TRANSIENT
    assert "requests_per_second" in error.remedy
    assert f"{request.tries} tries" in error.message


async def test_a_transient_error_without_end_is_an_error() -> None:
    """After a quarter of an hour, with the number of tries in the error."""
    request = SentRequest(OK, refusal(50000))
    await request.answer()
    error = await request.error()
    assert 900 <= request.took < 1000
    assert f"{request.tries - 1} tries" in error.message


@pytest.mark.parametrize("trouble", [BROKEN, HTML, Reply(404, {}, b"<html>not found</html>")])
async def test_a_wrong_address_is_reported_within_seconds(trouble: Reply | Exception) -> None:
    """If nothing has ever answered at an address that the user set, the client gives up soon."""
    request = SentRequest(trouble, policy=OWN_ADDRESS_RETRIES)
    await request.error()
    assert 15 <= request.took < 35


@pytest.mark.parametrize("trouble", [refusal(40100), Reply(429, {}, b""), refusal(40133)])
async def test_the_wait_before_the_first_failure_does_not_count(trouble: Reply) -> None:
    """However long a request waited for its turn and its first answer, it is retried."""
    request = SentRequest(OK, trouble, OK)
    await request.answer()
    request.transport.takes = 2000.0
    await request.answer()
    assert request.tries == 3


async def test_all_requests_give_up_on_an_endpoint_that_refuses_everything() -> None:
    """Twenty-five minutes of refused requests count for a request whose turn comes late."""
    request = SentRequest(OK, refusal(40100))
    await request.answer()
    await request.error()
    tried = request.tries
    await request.error()
    assert request.tries == tried + 1


async def test_the_first_connection_is_retried_for_two_minutes() -> None:
    """The network may not be up yet when a sync starts."""
    request = SentRequest(BROKEN)
    await request.error()
    assert 120 <= request.took < 240
    message = SentRequest(*[BROKEN] * 7, OK)
    await message.answer()


async def test_after_the_first_answer_connections_are_retried_for_longer() -> None:
    """The address is known to be right, so a broken connection may recover."""
    request = SentRequest(OK, *[BROKEN] * 10, OK)
    await request.answer()
    await request.answer()
    assert request.tries == 12
    assert request.took > 100


async def test_an_error_code_counts_as_a_first_answer() -> None:
    """TikTok's code proves that the address is right."""
    request = SentRequest(refusal(40001), *[BROKEN] * 9, OK)
    await request.error()
    await request.answer()
    assert request.took > 60


async def test_a_divisible_request_may_time_out_twice() -> None:
    """TikTok blocks clients that repeat requests that timed out."""
    request = SentRequest(OK, SILENCE, takes=90)
    await request.answer()
    error = await request.error(divisible=True)
    assert request.tries == 3
    assert error.timed_out
    assert error.slow


async def test_an_indivisible_request_that_times_out_is_retried() -> None:
    """For as long as any transient error."""
    request = SentRequest(OK, *[SILENCE] * 4, OK, takes=90)
    await request.answer()
    await request.answer()
    assert request.tries == 6


async def test_an_indivisible_report_times_out_twice_in_ten_minutes_at_most() -> None:
    """Then TikTok would block it. The wait is announced."""
    request = SentRequest(OK, *[SILENCE] * 2, OK, takes=90)
    await request.answer(endpoint="report/integrated/get/")
    await request.answer(endpoint="report/integrated/get/")
    assert request.tries == 4
    assert request.took == pytest.approx(90 + 90 + 600 + 90, abs=1)
    assert request.waits[-1].seconds > 500


@pytest.mark.parametrize(("policy", "tries"), [(RetryPolicy(), 4), (INTERACTIVE_RETRIES, 2)])
async def test_a_report_that_times_out_again_and_again_fails(policy: RetryPolicy, tries: int) -> None:
    """Before a wait that is longer than the retries; at once where somebody looks at a screen."""
    request = SentRequest(OK, SILENCE, takes=90, policy=policy)
    await request.answer()
    await request.error(endpoint="gmv_max/report/get/")
    assert request.tries == 1 + tries


async def test_the_status_of_a_task_is_no_slow_report() -> None:
    """It is asked for again as any other answer."""
    request = SentRequest(OK, *[SILENCE] * 3, OK, takes=90)
    await request.answer()
    await request.answer(endpoint="report/task/check/")
    assert request.took < 600


async def test_a_divisible_request_that_is_too_large_fails_at_once() -> None:
    """40067 on the first try, so that the caller can divide it."""
    request = SentRequest(refusal(40067))
    assert (await request.error(divisible=True)).action is Action.SPLIT
    assert request.tries == 1


async def test_other_errors_do_not_use_up_the_tries_of_a_too_large_request() -> None:
    """Broken answers before a 40067 do not count."""
    request = SentRequest(*[refusal(50000), refusal(50002), refusal(40067)] * 2, OK)
    await request.answer()
    assert request.tries == 7


async def test_the_end_of_the_days_quota_fails_the_stream() -> None:
    """The client sends no more requests, and the remedy says when it can again."""
    request = SentRequest(OK, tier=Tier(per_second=10, per_minute=600, per_day=2))
    await request.answer()
    await request.answer()
    error = await request.error()
    assert request.tries == 2
    assert error.action is Action.FAIL_STREAM
    assert "00:00 UTC" in error.remedy


async def test_the_days_quota_may_end_with_a_rate_limit() -> None:
    """If the day's last request is refused for its rate, the error is that of the day's quota."""
    request = SentRequest(refusal(40100), tier=Tier(per_second=10, per_minute=600, per_day=1))
    error = await request.error()
    assert request.tries == 1
    assert error.action is Action.FAIL_STREAM
    assert "00:00 UTC" in error.remedy


async def test_long_waits_are_announced() -> None:
    """Every wait of five seconds or more, with its error and the number of tries."""
    request = SentRequest(OK, *[refusal(50000)] * 8, OK)
    await request.answer()
    await request.answer()
    assert [waiting.seconds >= 5 for waiting in request.waits] == [True] * len(request.waits)
    assert sum(seconds >= 5 for seconds in request.clock.slept) == len(request.waits) > 2
    assert [waiting.tries for waiting in request.waits] == sorted(waiting.tries for waiting in request.waits)


async def test_a_limited_account_is_slowed_down_alone() -> None:
    """40133 is retried at the account's own rate; the endpoint's rate does not change."""
    message = "Advertiser (7001)'s QPS (6) reaches QPS limit 2 for current path, request is temporarily restricted."
    request = SentRequest(refusal(40133, message), OK, OK, OK)
    for _ in range(3):
        await request.answer()
    assert request.tries == 4
    assert request.took > 1.0
    assert request.client.stats.refused == 1
    assert request.client.limiters.rate(ENDPOINT) > 9
    assert request.client.stalled(ENDPOINT) == 0


async def test_requests_retries_and_bytes_are_counted() -> None:
    """Requests are counted per endpoint."""
    request = SentRequest(refusal(50000), OK)
    await request.answer()
    stats = request.client.stats
    assert stats.requests == {ENDPOINT: 2}
    assert stats.retried == 1
    assert stats.bytes == len(refusal(50000).body) + len(OK.body)
    assert request.client.endpoint_stats(ENDPOINT).latency == pytest.approx(0.2)
    assert request.client.endpoint_stats(ENDPOINT).page_bytes > 0


def test_a_shown_request_has_no_secret_parameters() -> None:
    """The detail contains the request without application and secret, and cuts long lists."""
    request = SentRequest(refusal(40002))
    params = {"app_id": "777000", "secret": "hush", "advertiser_id": "7001", "ids": ["9" * 19] * 100}
    error = asyncio.run(request.error(params=params))
    assert "advertiser_id=7001" in error.detail
    assert not any(hidden in error.detail for hidden in ("777000", "hush", "app_id", "secret"))
    assert len(error.detail) < 500


@pytest.mark.parametrize("before", range(285, 300))
async def test_a_secret_at_the_end_of_a_cut_parameter_is_hidden(before: int) -> None:
    """Long parameters are cut, and no piece of a secret remains at the cut."""
    request = SentRequest(refusal(40002))
    error = await request.error(params={"q": "x" * before + TOKEN})
    assert TOKEN[:4] not in error.detail


async def test_a_request_id_shows_no_secret() -> None:
    """Not even in the id that is shown for TikTok's support."""
    error = await SentRequest(refusal(40002, "m", TOKEN)).error()
    assert TOKEN not in f"{error} {error.request_id}"


async def test_a_broken_connection_shows_no_secret() -> None:
    """An address may contain a secret."""
    request = SentRequest(TransportFailure(f"cannot connect to http://u:{TOKEN}@h"), policy=NO_RETRIES)
    assert TOKEN not in str(await request.error())


_words = st.lists(
    st.sampled_from([*SECRETS, "App", "app", "application", " ", "x", "'", '"', ":", "=", "7001"]), max_size=8
)


@given(
    _words.map("".join),
    st.sampled_from([40000, 40001, 40002, 40100, 40105, 50000, 60001, 20001]),
    st.dictionaries(st.sampled_from(["app_id", "secret", "filtering", "q"]), st.sampled_from(SECRETS), max_size=3),
)
def test_no_message_ever_shows_a_secret(message: str, code: int, params: dict[str, str]) -> None:
    """Whatever TikTok repeats from the request, the token, the secret and the application's id stay hidden."""
    request = SentRequest(
        refusal(code, message),
        policy=RetryPolicy(transient=0, quota=20, maintenance=40, first_contact=0),
    )
    shown: list[str] = []
    try:
        asyncio.run(request.answer(params=params))
    except PartialAnswerError as error:
        shown += [str(error), error.message, error.reason, repr(error)]
    except TikTokError as error:
        shown += [str(error), error.message, error.detail, error.tiktok_message, repr(error)]
    shown += [f"{waiting.error} {waiting.error.detail}" for waiting in request.waits]
    assert not [text for text in shown if any(secret in text for secret in SECRETS)]


@given(st.binary(max_size=60), st.sampled_from([200, 302, 400, 404, 429, 500, 502]))
def test_any_bytes_with_any_status_are_an_error(body: bytes, status: int) -> None:
    """Whatever a proxy sends instead of TikTok, UTF-8 or not, the result is an error of the tree."""
    request = SentRequest(Reply(status, {}, body), policy=NO_RETRIES, takes=1)
    with pytest.raises(TikTokError):
        asyncio.run(request.answer())


@pytest.mark.parametrize(
    "name",
    [
        "App 7123456789",
        "app 7123456789",
        "APP 7123456789",
        "Application 7123456789",
        "App ID 7123456789",
        "app_id 7123456789",
        "app_id:7123456789",
        "App(7123456789)",
        "App {7123456789}",
    ],
)
async def test_any_applications_id_is_hidden(name: str) -> None:
    """TikTok names an application in its rate limits, which may not be the configured one."""
    error = await SentRequest(refusal(40001, f"requests from {name} are temporarily restricted.")).error()
    assert "7123456789" not in str(error)


async def test_an_accounts_id_is_shown() -> None:
    """Account ids are not secret, and nobody could act without them."""
    assert "7001" in str(await SentRequest(refusal(40001, "Advertiser 7001 has no permission")).error())


async def test_concurrent_requests_stay_within_the_tier() -> None:
    """Fifty requests at once leave one after the other at the tier's rate, and all are answered."""
    request = SentRequest(OK, takes=0.0)
    await asyncio.gather(*(request.answer() for _ in range(50)))
    assert request.tries == 50
    assert request.took > 4.5
