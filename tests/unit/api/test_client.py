from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import APP_ID, NOON, SECRET, TOKEN, FakeClock, FakeTransport, client, refusal, success

from tiktok_marketing.api.client import Answer, Waiting
from tiktok_marketing.api.rate_limit.tiers import Tier
from tiktok_marketing.api.retry_policy import OWN_ADDRESS_RETRIES, RetryPolicy
from tiktok_marketing.api.transport import Reply, TransportFailure
from tiktok_marketing.errors import Action, FailureType, PartialAnswerError, TikTokError

ENDPOINT = "ad/get/"
OK = success({"list": []})
HTML = Reply(502, {}, b"<html><h1>502 Bad Gateway</h1></html>")
SECRETS = (TOKEN, SECRET, APP_ID)
NO_RETRIES = RetryPolicy(transient=0, quota=0, maintenance=0, first_contact=0)
SILENCE = TransportFailure("no answer came in time", timed_out=True)
BROKEN = TransportFailure("the connection failed (ServerDisconnectedError)")


class Asked:
    """One request, how it ended and what it took."""

    def __init__(self, *script: Reply | Exception, takes: float = 0.2, **options: Any) -> None:
        self.clock = FakeClock()
        self.transport = FakeTransport(self.clock, *script, takes=takes)
        self.waits: list[Waiting] = []
        self.client = client(self.transport, self.clock, on_wait=self.waits.append, **options)

    async def answer(self, **request: Any) -> Answer[Any]:
        """Ask."""
        request = {"params": {"advertiser_id": "7001"}, "advertiser_id": "7001", **request}
        params = request.pop("params")
        return await self.client.get(ENDPOINT, params, msgspec.json.decode, **request)

    async def error(self, **request: Any) -> TikTokError:
        """Ask, and fail."""
        with pytest.raises(TikTokError) as caught:
            await self.answer(**request)
        return caught.value

    @property
    def tries(self) -> int:
        """How often it was sent."""
        return len(self.transport.sent)

    @property
    def took(self) -> float:
        """Seconds from the first try to the last answer."""
        return self.clock.seconds - 1000.0


async def test_an_answer_is_decoded() -> None:
    """The decoder gets the whole body, and its size is told."""
    asked = Asked(success({"list": [1]}))
    answer = await asked.answer()
    assert answer.value["data"] == {"list": [1]}
    assert answer.size == len(success({"list": [1]}).body)
    assert not answer.throttled
    assert asked.tries == 1


async def test_the_request_carries_token_and_parameters() -> None:
    """Lists and objects are sent as JSON text, flags in lower case, the token beside them."""
    asked = Asked(OK)
    await asked.answer(
        params={"a": "x", "b": ["1", 2], "c": {"k": [True]}, "d": True, "e": 5, "f": False, "g": "ä"},
    )
    sent = {"a": "x", "b": '["1",2]', "c": '{"k":[true]}', "d": "true", "e": "5", "f": "false", "g": "ä"}
    assert asked.transport.sent == [(ENDPOINT, sent, TOKEN)]


async def test_an_envelope_in_another_order_is_an_answer() -> None:
    """The quick look at the first bytes is not a condition."""
    body = b'{ "message": "OK", "data": {"list": []}, "code": 0 }'
    assert (await Asked(Reply(200, {}, body)).answer()).value["code"] == 0


PARTIAL = {"code": 20001, "message": f"partly, {SECRET}", "request_id": "r-2", "data": {"list": [1]}}


async def test_a_partial_answer_is_an_error_that_carries_the_answer() -> None:
    """No caller can take it for a whole one by forgetting to look; the request is sent three times before."""
    asked = Asked(Reply(200, {}, json.dumps(PARTIAL).encode()))
    with pytest.raises(PartialAnswerError) as caught:
        await asked.answer()
    error = caught.value
    assert error.answer.value["data"] == {"list": [1]}
    assert (error.code, error.request_id) == (20001, "r-2")
    assert error.reason == "code 20001, request_id r-2: partly, ***"
    assert "7001" in error.message
    assert asked.client.stats.requests == {ENDPOINT: 3}


async def test_a_caller_that_can_use_a_part_asks_for_it() -> None:
    """It gets the data, and the error that it would have been."""
    answer = await Asked(Reply(200, {}, json.dumps(PARTIAL).encode())).answer(partial_ok=True)
    assert answer.value["data"] == {"list": [1]}
    assert isinstance(answer.partial, PartialAnswerError)
    assert SECRET not in str(answer.partial)


async def test_a_partial_answer_that_becomes_whole_is_one_answer() -> None:
    """It was TikTok's trouble of a moment."""
    body = b'{"code": 20001, "message": "partly", "request_id": "r-2", "data": {"list": [1]}}'
    asked = Asked(Reply(200, {}, body), Reply(200, {}, b'{"code": 0, "data": {"list": [1, 2]}}'))
    answer = await asked.answer()
    assert (answer.value["data"], answer.partial) == ({"list": [1, 2]}, None)
    assert asked.client.stats.retried == 1


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
async def test_a_moment_is_of_both_clocks(date: str | None, earliest: int, latest: int) -> None:
    """TikTok's is believed where it can be: one that is years off comes of something on the way."""
    asked = Asked(success({}, {} if date is None else {"Date": date}), takes=0.0)
    await asked.answer()
    moment = asked.client.clock_reading()
    assert ((moment.earliest - NOON).total_seconds(), (moment.latest - NOON).total_seconds()) == (earliest, latest)


async def test_the_throttle_header_is_seen() -> None:
    """`X-Tt-Ads-Throttle` says that ads were left out."""
    assert (await Asked(success({}, {"X-Tt-Ads-Throttle": "1"})).answer()).throttled


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
async def test_passing_trouble_is_tried_again(trouble: Reply | Exception) -> None:
    """The same request is sent again, after a pause that grows, until it is answered."""
    asked = Asked(OK, trouble, trouble, OK)
    await asked.answer()
    await asked.answer()
    assert asked.tries == 4
    assert asked.transport.sent[1] == asked.transport.sent[3]
    gaps = [later - at for at, later in zip(asked.transport.sent_at[1:], asked.transport.sent_at[2:], strict=False)]
    assert gaps[1] > gaps[0] > 0.2


@pytest.mark.parametrize("code", [40000, 40001, 40002, 40105, 40118, 40300, 41000])
async def test_a_refusal_is_final(code: int) -> None:
    """One request, and an error that has all that TikTok said."""
    asked = Asked(refusal(code, "Not you.", "r-77"))
    error = await asked.error()
    assert asked.tries == 1
    assert (error.code, error.request_id, error.advertiser_id, error.endpoint) == (code, "r-77", "7001", ENDPOINT)
    assert "Not you" in error.message


async def test_a_code_outranks_the_http_status() -> None:
    """An envelope within an error page is TikTok's own word."""
    asked = Asked(Reply(403, {}, refusal(40105).body))
    assert (await asked.error()).code == 40105


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
async def test_a_refusal_in_an_odd_envelope_is_one(body: bytes) -> None:
    """Parts of other types, nulls and half of an emoji do not make it passing trouble."""
    asked = Asked(Reply(200, {}, body))
    error = await asked.error()
    assert error.code == 40105
    assert asked.tries == 1
    str(error).encode()


_codes = st.integers() | st.integers().map(str) | st.sampled_from([0, 20001, 40105]) | st.floats(-1e9, 1e9) | st.none()
_parts = _codes | st.text() | st.booleans() | st.lists(st.text(), max_size=2)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(["message", "request_id", "data"], _parts) | {"code": _codes}))
def test_any_envelope_is_an_answer_or_an_error(envelope: dict[str, Any]) -> None:
    """Whatever its parts are, and halves of characters among them."""
    asked = Asked(Reply(200, {}, json.dumps(envelope).encode()), policy=NO_RETRIES, takes=1)
    try:
        asyncio.run(asked.answer())
    except (TikTokError, PartialAnswerError) as error:
        str(error).encode()


@pytest.mark.parametrize("status", [301, 302, 307])
async def test_a_redirect_is_a_wrong_address(status: int) -> None:
    """It is neither followed nor repeated: a proxy wants a login, and the status says so."""
    asked = Asked(OK, Reply(status, {"Location": "https://login"}, b"<html>"))
    await asked.answer()
    error = await asked.error()
    assert asked.tries == 2
    assert error.action is Action.STOP_SYNC
    assert f"HTTP {status}" in error.message


async def test_a_refusal_without_a_reason_has_a_sentence() -> None:
    """An empty message is not an empty error."""
    assert "no reason was given" in (await Asked(refusal(40001, "")).error()).message


async def test_an_unknown_path_stops_the_sync() -> None:
    """HTTP 404 is a wrong address, and trying again would not help."""
    asked = Asked(Reply(404, {}, b"<html>not found</html>"))
    error = await asked.error()
    assert asked.tries == 1
    assert error.action is Action.STOP_SYNC
    assert "404" in error.message


@pytest.mark.parametrize("slower", [refusal(40100), refusal(40016), Reply(429, {}, b"slow down")])
async def test_a_rate_refusal_slows_the_endpoint(slower: Reply) -> None:
    """40100 and HTTP 429 pause the endpoint, and lower its pace if they come again; then the request is answered."""
    asked = Asked(*[slower, OK] * 4)
    before = asked.client.limiters.rate(ENDPOINT)
    for _ in range(4):
        await asked.answer()
    assert asked.tries == 8
    assert asked.transport.sent_at[-1] - asked.transport.sent_at[-2] >= 1.0
    assert asked.client.limiters.rate(ENDPOINT) < before
    assert asked.client.stats.refused == 4


async def test_a_rate_refusal_leaves_other_endpoints_alone() -> None:
    """TikTok counts by endpoint."""
    asked = Asked(*[refusal(40100), OK] * 4)
    for _ in range(4):
        await asked.answer()
    assert asked.client.limiters.rate("campaign/get/") > asked.client.limiters.rate(ENDPOINT)


class Suspended(FakeTransport):
    """Refuses for five minutes and twenty seconds."""

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Refuse until then."""
        self._script = [refusal(40100) if self._clock.seconds < 1320 else OK]
        return await super().send(endpoint, params, token)


async def test_the_five_minute_block_is_outlived() -> None:
    """Refused for as long as TikTok suspends, the request is answered soon after, with few tries."""
    asked = Asked(OK)
    asked.transport = Suspended(asked.clock, OK, takes=0.2)
    asked.client._transport = asked.transport
    await asked.answer()
    assert 320 <= asked.took < 400
    assert asked.tries < 20


async def test_a_refusal_without_end_is_an_error() -> None:
    """After the patience for quotas the remedy speaks of the tier."""
    asked = Asked(refusal(40100))
    error = await asked.error()
    assert 1500 <= asked.took < 1700
    assert error.failure_type is FailureType.TRANSIENT
    assert "requests_per_second" in error.remedy
    assert f"{asked.tries} tries" in error.message


async def test_trouble_without_end_is_an_error() -> None:
    """A quarter of an hour, then an error that says how often it was tried."""
    asked = Asked(OK, refusal(50000))
    await asked.answer()
    error = await asked.error()
    assert 900 <= asked.took < 1000
    assert f"{asked.tries - 1} tries" in error.message


@pytest.mark.parametrize("trouble", [BROKEN, HTML])
async def test_a_wrong_address_is_noticed_within_seconds(trouble: Reply | Exception) -> None:
    """Where nothing was ever answered at an address that somebody wrote, the patience is short."""
    asked = Asked(trouble, policy=OWN_ADDRESS_RETRIES)
    await asked.error()
    assert 15 <= asked.took < 35


@pytest.mark.parametrize("trouble", [refusal(40100), Reply(429, {}, b""), refusal(40133)])
async def test_waiting_long_before_the_first_refusal_costs_no_patience(trouble: Reply) -> None:
    """However long a request waited for its turn and its first answer, it is tried again."""
    asked = Asked(OK, trouble, OK)
    await asked.answer()
    asked.transport.takes = 2000.0
    await asked.answer()
    assert asked.tries == 3


async def test_an_endpoint_that_takes_nothing_is_given_up_by_all_who_wait_for_it() -> None:
    """Twenty-five minutes of refusals of others count for a request whose turn came late."""
    asked = Asked(OK, refusal(40100))
    await asked.answer()
    await asked.error()
    tried = asked.tries
    await asked.error()
    assert asked.tries == tried + 1


async def test_a_network_that_is_not_up_yet_is_waited_for() -> None:
    """A connection to TikTok itself that was never made is tried for two minutes."""
    asked = Asked(BROKEN)
    await asked.error()
    assert 120 <= asked.took < 240
    told = Asked(*[BROKEN] * 7, OK)
    await told.answer()


async def test_after_the_first_answer_the_patience_is_long() -> None:
    """The address is known to be right, so a broken line may pass."""
    asked = Asked(OK, *[BROKEN] * 10, OK)
    await asked.answer()
    await asked.answer()
    assert asked.tries == 12
    assert asked.took > 100


async def test_a_refusal_is_a_first_contact_too() -> None:
    """TikTok's code proves the address."""
    asked = Asked(refusal(40001), *[BROKEN] * 9, OK)
    await asked.error()
    await asked.answer()
    assert asked.took > 60


async def test_a_request_that_can_be_divided_is_not_repeated_into_silence() -> None:
    """Two tries: TikTok blocks whoever repeats what timed out."""
    asked = Asked(OK, SILENCE, takes=90)
    await asked.answer()
    error = await asked.error(divisible=True)
    assert asked.tries == 3
    assert error.timed_out
    assert error.slow


async def test_a_request_that_cannot_be_divided_is_repeated() -> None:
    """Its patience is that of any trouble."""
    asked = Asked(OK, *[SILENCE] * 4, OK, takes=90)
    await asked.answer()
    await asked.answer()
    assert asked.tries == 6


async def test_too_large_a_request_comes_back_at_once_to_be_divided() -> None:
    """40067 and the first try."""
    asked = Asked(refusal(40067))
    assert (await asked.error(divisible=True)).action is Action.SPLIT
    assert asked.tries == 1


async def test_too_large_a_request_is_tried_as_often_whatever_went_wrong_before() -> None:
    """Broken answers before a 40067 do not use up its tries."""
    asked = Asked(*[refusal(50000), refusal(50002), refusal(40067)] * 2, OK)
    await asked.answer()
    assert asked.tries == 7


async def test_the_end_of_the_days_quota_fails_the_stream() -> None:
    """No request is sent any more, and the remedy says when there are new ones."""
    asked = Asked(OK, tier=Tier(per_second=10, per_minute=600, per_day=2))
    await asked.answer()
    await asked.answer()
    error = await asked.error()
    assert asked.tries == 2
    assert error.action is Action.FAIL_STREAM
    assert "00:00 UTC" in error.remedy


async def test_the_end_of_the_days_quota_may_come_with_a_rate_refusal() -> None:
    """The last request of the day is refused for its rate: the error is that of the day."""
    asked = Asked(refusal(40100), tier=Tier(per_second=10, per_minute=600, per_day=1))
    error = await asked.error()
    assert asked.tries == 1
    assert error.action is Action.FAIL_STREAM
    assert "00:00 UTC" in error.remedy


async def test_long_waits_are_announced() -> None:
    """Every wait of five seconds or more, with its error and its number."""
    asked = Asked(OK, *[refusal(50000)] * 8, OK)
    await asked.answer()
    await asked.answer()
    assert [waiting.seconds >= 5 for waiting in asked.waits] == [True] * len(asked.waits)
    assert sum(seconds >= 5 for seconds in asked.clock.slept) == len(asked.waits) > 2
    assert [waiting.tries for waiting in asked.waits] == sorted(waiting.tries for waiting in asked.waits)


async def test_an_account_that_is_limited_is_waited_for() -> None:
    """40133 is tried again at the pace of that account; the endpoint's own is as it was."""
    said = "Advertiser (7001)'s QPS (6) reaches QPS limit 2 for current path, request is temporarily restricted."
    asked = Asked(refusal(40133, said), OK, OK, OK)
    for _ in range(3):
        await asked.answer()
    assert asked.tries == 4
    assert asked.took > 1.0
    assert asked.client.stats.refused == 1
    assert asked.client.limiters.rate(ENDPOINT) > 9
    assert asked.client.stalled(ENDPOINT) == 0


async def test_what_was_done_is_counted() -> None:
    """Requests, retries and bytes, by endpoint where it matters."""
    asked = Asked(refusal(50000), OK)
    await asked.answer()
    tally = asked.client.stats
    assert tally.requests == {ENDPOINT: 2}
    assert tally.retried == 1
    assert tally.bytes == len(refusal(50000).body) + len(OK.body)
    assert asked.client.endpoint_stats(ENDPOINT).latency == pytest.approx(0.2)
    assert asked.client.endpoint_stats(ENDPOINT).page_bytes > 0


def test_a_shown_request_has_no_secret_parameters() -> None:
    """The detail shows what was asked, without application and secret, and cuts long lists."""
    asked = Asked(refusal(40002))
    params = {"app_id": "777000", "secret": "hush", "advertiser_id": "7001", "ids": ["9" * 19] * 100}
    error = asyncio.run(asked.error(params=params))
    assert "advertiser_id=7001" in error.detail
    assert not any(hidden in error.detail for hidden in ("777000", "hush", "app_id", "secret"))
    assert len(error.detail) < 500


@pytest.mark.parametrize("before", range(285, 300))
async def test_a_secret_at_the_cut_of_a_detail_is_hidden_whole(before: int) -> None:
    """Long parameters are cut, and no part of a secret is left at the cut."""
    asked = Asked(refusal(40002))
    error = await asked.error(params={"q": "x" * before + TOKEN})
    assert TOKEN[:4] not in error.detail


async def test_a_request_id_shows_no_secret() -> None:
    """Not even the part of the answer that is shown for TikTok's support."""
    error = await Asked(refusal(40002, "m", TOKEN)).error()
    assert TOKEN not in f"{error} {error.request_id}"


async def test_a_broken_connection_shows_no_secret() -> None:
    """An address may hold what should not be shown."""
    asked = Asked(TransportFailure(f"cannot connect to http://u:{TOKEN}@h"), policy=NO_RETRIES)
    assert TOKEN not in str(await asked.error())


_words = st.lists(
    st.sampled_from([*SECRETS, "App", "app", "application", " ", "x", "'", '"', ":", "=", "7001"]), max_size=8
)


@given(
    _words.map("".join),
    st.sampled_from([40000, 40001, 40002, 40100, 40105, 50000, 60001, 20001]),
    st.dictionaries(st.sampled_from(["app_id", "secret", "filtering", "q"]), st.sampled_from(SECRETS), max_size=3),
)
def test_no_message_ever_shows_a_secret(message: str, code: int, params: dict[str, str]) -> None:
    """Whatever TikTok repeats of the request, the token, the secret and the application stay hidden."""
    asked = Asked(
        refusal(code, message),
        policy=RetryPolicy(transient=0, quota=20, maintenance=40, first_contact=0),
    )
    shown: list[str] = []
    try:
        asyncio.run(asked.answer(params=params))
    except PartialAnswerError as error:
        shown += [str(error), error.message, error.reason, repr(error)]
    except TikTokError as error:
        shown += [str(error), error.message, error.detail, error.tiktok_message, repr(error)]
    shown += [f"{waiting.error} {waiting.error.detail}" for waiting in asked.waits]
    assert not [text for text in shown if any(secret in text for secret in SECRETS)]


@given(st.binary(max_size=60), st.sampled_from([200, 302, 400, 404, 429, 500, 502]))
def test_any_bytes_with_any_status_are_an_error(body: bytes, status: int) -> None:
    """Whatever a proxy sends in TikTok's place, UTF-8 or not, the way out is an error of the tree."""
    asked = Asked(Reply(status, {}, body), policy=NO_RETRIES, takes=1)
    with pytest.raises(TikTokError):
        asyncio.run(asked.answer())


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
async def test_an_applications_id_is_hidden_even_if_it_is_another_one(name: str) -> None:
    """TikTok names the application in its rate refusals; it may not be the configured one."""
    error = await Asked(refusal(40001, f"requests from {name} are temporarily restricted.")).error()
    assert "7123456789" not in str(error)


async def test_an_accounts_id_is_shown() -> None:
    """Account ids are no secrets: without them nobody could act."""
    assert "7001" in str(await Asked(refusal(40001, "Advertiser 7001 has no permission")).error())


async def test_requests_at_once_keep_the_pace() -> None:
    """Fifty requests at once leave one after the other at the tier's pace, and all are answered."""
    asked = Asked(OK, takes=0.0)
    await asyncio.gather(*(asked.answer() for _ in range(50)))
    assert asked.tries == 50
    assert asked.took > 4.5
