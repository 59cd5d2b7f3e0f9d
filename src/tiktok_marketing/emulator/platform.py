"""The state behind the emulated API, and its answers: business, app and tokens, clock, quota and faults. No network."""

from collections.abc import Callable, Collection, Mapping
from datetime import date
from functools import partial
from typing import Any, Protocol

import msgspec

from tiktok_marketing.emulator.business.balances import Balance, balance_of
from tiktok_marketing.emulator.business.business import Account, Business
from tiktok_marketing.emulator.business.business_centers import BusinessCenter
from tiktok_marketing.emulator.business.shop.figures import ShopFigures
from tiktok_marketing.emulator.clock import Clock
from tiktok_marketing.emulator.counters import Counters
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.access import Access
from tiktok_marketing.emulator.endpoints.asset_lists import AssetLists
from tiktok_marketing.emulator.endpoints.bid_protection import (
    DETAIL,
    STATUS,
    protection_records,
    protection_statuses,
)
from tiktok_marketing.emulator.endpoints.business_center import (
    asset_list,
    balance_list,
    business_center_balance,
    business_center_list,
    finances_of,
)
from tiktok_marketing.emulator.endpoints.cache import BoundedCache
from tiktok_marketing.emulator.endpoints.envelope import Answer, Refusal, TimedOut, contradicted, refuse
from tiktok_marketing.emulator.endpoints.gmv_max.endpoints import GmvMax
from tiktok_marketing.emulator.endpoints.lookups import LOOKUPS
from tiktok_marketing.emulator.endpoints.objects import ObjectLists
from tiktok_marketing.emulator.endpoints.reports.bc_report import bc_report
from tiktok_marketing.emulator.endpoints.reports.endpoint import Reports
from tiktok_marketing.emulator.endpoints.reports.playable_report import playable_report
from tiktok_marketing.emulator.endpoints.reports.shop_report import shop_report
from tiktok_marketing.emulator.endpoints.reports.tasks import ReportTasks
from tiktok_marketing.emulator.endpoints.reviews import Reviews
from tiktok_marketing.emulator.endpoints.served import METHODS, PATHS, VERSION_2
from tiktok_marketing.emulator.endpoints.smart_plus.endpoints import SmartPlus
from tiktok_marketing.emulator.expected import truth
from tiktok_marketing.emulator.faults import Fault, FaultRegister
from tiktok_marketing.emulator.faults.changes import changed_data, changed_params, changed_refusal
from tiktok_marketing.emulator.json_text import decode
from tiktok_marketing.emulator.options import REPORT_VERSIONS, Options
from tiktok_marketing.emulator.randomness import keyed
from tiktok_marketing.emulator.slow_queries import SlowQueries
from tiktok_marketing.emulator.throttle import Throttle

_OBJECT_PATHS = {"campaign/get/": "campaign", "adgroup/get/": "adgroup", "ad/get/": "ad"}
_TASK_PATHS = "report/task/"
_REPORT_PATH = "report/integrated/get/"
_WITHOUT_TOKEN = ("oauth2/access_token/", "oauth2/revoke_token/")
_MAX_REPORT_ACCOUNTS = 5
_MAX_ID_LENGTH = 64
_SECRETS = ("secret", "auth_code", "access_token")


class Response(msgspec.Struct, frozen=True):
    """The answer to a request, and what happens to it on its way to the client.

    Attributes:
        code: The return code.
        message: TikTok's text for it.
        answer: The data and the headers that belong to it.
        faults: The faults that apply to this request.
        outcome: The return code or the fault of the transport, as the counters name it.
    """

    code: int
    message: str
    answer: Answer
    faults: list[Fault]
    outcome: str


class PathGroup(Protocol):
    """Endpoints about one account that are answered together."""

    @property
    def paths(self) -> Collection[str]:
        """Their paths."""

    def answer(self, path: str, account: Account, params: Mapping[str, Any], now: int) -> Answer:
        """Answer a request to one of the paths."""


class Platform:
    """TikTok's side of the API, without a network.

    Attributes:
        options: Its settings.
        clock: The time of the business: `set(datetime)`, `advance(timedelta or seconds)`.
        faults: The faults in force: `add(fault or text)`, `clear()`.
        counters: The requests received: `total(path=, advertiser_id=, answer=)`, `requests`, `reset()`.
        business: The accounts and everything in them.
        access: The app and its tokens.
        throttle: The quota.
        slow_queries: The penalty for slow queries.
        tasks: The asynchronous reports.
        methods: For each path, the HTTP methods that it accepts.
        port: The port it listens on. It is 0 until the system has chosen one, if the options ask for any free port.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.clock = Clock(self.options.now)
        self.faults = FaultRegister(self.options.faults, self.options.seed, PATHS)
        self.business = Business(self.options, self.clock.now())
        self.counters = Counters(self.options.record_requests, self.business.by_id)
        self.access = Access(self.business)
        self.throttle = Throttle(self.options)
        self.slow_queries = SlowQueries(self.options)
        self._contradictory = {
            str(account.id)
            for number, account in enumerate(self.business.granted, start=1)
            if number in self.options.contradictory_page_info
        }
        self._objects = ObjectLists(self.options)
        self._assets = AssetLists(self.options)
        self.methods: dict[str, tuple[str, ...]] = dict(METHODS)
        if self.options.gmv_max_report_version != REPORT_VERSIONS[0]:
            self.methods |= {endpoint.path: endpoint.methods for endpoint in VERSION_2}
        self._reports = Reports(self.options)
        self._gmv_max = GmvMax(self.options, self.business.accounts, self._reports.figures)
        self._smart_plus = SmartPlus(self.options, self._reports.figures)
        self._reviews = Reviews(self.options)
        self._groups: tuple[PathGroup, ...] = (self._gmv_max, self._smart_plus, self._reviews, self._assets)
        self._account_paths = frozenset((*_OBJECT_PATHS, *LOOKUPS, STATUS, DETAIL)).union(
            *(group.paths for group in self._groups)
        )
        self._balances: BoundedCache[Balance] = BoundedCache(10_000)
        self.tasks = ReportTasks(self.options, self._reports.rows)
        self._served = 0
        self.port = self.options.port

    # -- what a client needs

    @property
    def url(self) -> str:
        """Scheme, host and port. The API is below `/open_api/v1.3/`."""
        host = self.options.host
        if ":" in host:  # an IPv6 address, perhaps with a zone
            host = "[" + host.replace("%", "%25") + "]"
        return f"http://{host}:{self.port}"

    @property
    def app_id(self) -> str:
        """The developer app's id."""
        return self.access.app_id

    @property
    def secret(self) -> str:
        """The developer app's secret."""
        return self.access.secret

    @property
    def access_token(self) -> str:
        """The token that reaches all granted accounts."""
        return self.access.access_token

    @property
    def limited_access_token(self) -> str:
        """A token that reaches only the first account."""
        return self.access.limited_access_token

    @property
    def revoked_access_token(self) -> str:
        """A token that was revoked (40105)."""
        return self.access.revoked_access_token

    @property
    def expired_access_token(self) -> str:
        """A token that has expired (40102)."""
        return self.access.expired_access_token

    @property
    def sandbox_access_token(self) -> str:
        """The token that reaches only the sandbox account."""
        return self.access.sandbox_access_token

    @property
    def advertiser_ids(self) -> list[str]:
        """The accounts that `access_token` reaches."""
        return [str(account.id) for account in self.business.granted]

    @property
    def sandbox_advertiser_id(self) -> str:
        """The advertiser_id of the sandbox account."""
        return str(self.business.sandbox.id)

    def ready_line(self) -> str:
        """One line of JSON for programs that start the emulator: its address, credentials and accounts."""
        return msgspec.json.encode(
            {
                "url": self.url,
                "app_id": self.app_id,
                "secret": self.secret,
                "access_token": self.access_token,
                "sandbox_access_token": self.sandbox_access_token,
                "advertiser_ids": self.advertiser_ids,
                "sandbox_advertiser_id": self.sandbox_advertiser_id,
            }
        ).decode()

    def truth(
        self,
        advertiser_id: str,
        start: date,
        end: date,
        *,
        include_deleted: bool = True,
        hourly: bool = True,
        breakdowns: bool = False,
        details: bool = False,
    ) -> dict[str, Any]:
        """What a complete read of an account must yield at the clock's present time. See `expected.truth`."""
        account = self.business.by_id[advertiser_id]
        figures = self._reports.figures(account, self.clock.tick)
        return truth(
            account,
            figures,
            start,
            end,
            self.options,
            include_deleted=include_deleted,
            hourly=hourly,
            breakdowns=breakdowns,
            details=details,
        )

    # -- answering

    def next_request_id(self) -> str:
        """The request_id of the next answer. It depends on the clock, the seed and the number of answers so far."""
        self._served += 1
        random_bits = keyed(self.options.seed, self._served)
        return f"{self.clock.now():%Y%m%d%H%M%S}{random_bits:016X}{keyed(random_bits) & 0xFFFF:04X}"

    def respond(self, path: str, token: str | None, params: Mapping[str, Any]) -> Response:
        """Answer a request, and count it.

        Args:
            path: The path below `/open_api/v1.3/`.
            token: The `Access-Token` header.
            params: The query, or the fields of the body.
        """
        advertisers = _advertiser_ids(params)
        first_advertiser = advertisers[0][:_MAX_ID_LENGTH] if advertisers else ""
        faults: list[Fault] = []
        code, message, answer = 0, "OK", Answer(b"{}")
        try:
            if path not in _WITHOUT_TOKEN:
                self.access.check_token(token, path)
                self.access.check_scope(token, path, first_advertiser)
            self.throttle.admit(self.app_id, path, first_advertiser, sandbox=self.access.is_sandbox(token))
            if path == _REPORT_PATH:
                self.slow_queries.admit(path, params, self.app_id)
            faults = self.faults.pick(path, advertisers, params, self.clock.now())
            self.clock.advance(sum(fault.advance for fault in faults), at_most=True)
            _refuse_by(faults, params)
            answer = self._data(path, token, changed_params(params, faults))
            if not answer.content_type:
                if first_advertiser in self._contradictory:
                    answer = Answer(contradicted(answer.data), answer.headers)
                answer = Answer(changed_data(answer.data, params, faults), answer.headers)
            for fault in faults:
                if fault.partial:
                    code, message = fault.code or 0, fault.text
        except Refusal as refusal:
            code, message = refusal.code, refusal.message
            answer = Answer(changed_refusal(faults), refusal.headers)
            if isinstance(refusal, TimedOut):
                self.slow_queries.count(path, params)
        public_params = {name: str(value) for name, value in params.items() if name not in _SECRETS}
        outcome = _outcome(faults) or str(code)
        self.counters.count(path, public_params, first_advertiser, outcome)
        return Response(code, message, answer, faults, outcome)

    def _data(self, path: str, token: str | None, params: Mapping[str, Any]) -> Answer:
        now = self.clock.tick
        if path == _REPORT_PATH:
            return self._report(token, params, now)
        if path in self._account_paths:
            account = self.access.account(token, read.required(params, "advertiser_id"))
            return self._about_account(path, account, params, now)
        if path.startswith(_TASK_PATHS):
            return self._task(path, token or "", params, now)
        accounts = self.access.accounts(token)
        finances = partial(self._finances, token, params)
        answers: dict[str, Callable[[], Answer]] = {
            "bc/get/": lambda: business_center_list(accounts, params, self.options),
            "bc/asset/get/": lambda: asset_list(accounts, params, now, self.options),
            "bc/balance/get/": lambda: business_center_balance(finances(), params, now, self._balance),
            "advertiser/balance/get/": lambda: balance_list(finances(), params, now, self._balance),
            "advertiser/info/": lambda: self.access.advertiser_info(token, params, now),
            "oauth2/advertiser/get/": lambda: self.access.advertisers(token, params),
            "oauth2/access_token/": lambda: self.access.exchange(params, self.clock.seconds),
            "oauth2/revoke_token/": lambda: self.access.revoke(params),
            "user/info/": self.access.user_info,
        }
        return answers[path]()

    def _about_account(self, path: str, account: Account, params: Mapping[str, Any], now: int) -> Answer:
        """The answer of an endpoint that is about one account."""
        if path in _OBJECT_PATHS:
            return self._objects.answer(_OBJECT_PATHS[path], account, params, now)
        if path in LOOKUPS:
            return LOOKUPS[path](params)
        if path == STATUS:
            return protection_statuses(account, params, now)
        if path == DETAIL:
            return protection_records(account, self._reports.figures(account, now), params)
        group = next(group for group in self._groups if path in group.paths)
        return group.answer(path, account, params, now)

    def _finances(self, token: str | None, params: Mapping[str, Any]) -> BusinessCenter:
        """The Business Center whose money or reports a request asks for."""
        return finances_of(self.access.accounts(token), params, self.options)

    def _balance(self, account: Account, now: int) -> Balance:
        """The money of an account at a tick of the clock."""
        balances = self._balances.at(now)
        balance = balances.get(account.id)
        if balance is None:
            figures = self._reports.figures(account, now)
            balance = balance_of(account, figures, ShopFigures(figures).total_spend())
            balances.put(account.id, balance, 1)
        return balance

    def _task(self, path: str, token: str, params: Mapping[str, Any], now: int) -> Answer:
        if path == "report/task/create/":
            return self.tasks.create(token, self._accounts(token, params), params, now)
        if path == "report/task/check/":
            return self.tasks.check(token, params, now)
        if path == "report/task/cancel/":
            return self.tasks.cancel(token, params, now)
        return self.tasks.download(token, params, now, self.url)

    def _accounts(self, token: str | None, params: Mapping[str, Any]) -> list[Account]:
        """The accounts that a report is about."""
        ids = list(dict.fromkeys(read.texts(params, "advertiser_ids") or []))
        if len(ids) > _MAX_REPORT_ACCOUNTS:
            refuse(f"advertiser_ids: Longer than maximum length {_MAX_REPORT_ACCOUNTS}.")
        ids = ids or [read.required(params, "advertiser_id")]
        return [self.access.account(token, advertiser_id) for advertiser_id in ids]

    def _report(self, token: str | None, params: Mapping[str, str], now: int) -> Answer:
        self.access.check_sandbox_report(token, params)
        if params.get("report_type") == "BC":
            center = self._finances(token, params)
            return bc_report(center, params, self.options, now, self._reports.figures)
        if params.get("report_type") == "TT_SHOP":
            account = self.access.account(token, read.required(params, "advertiser_id"))
            figures = self._reports.figures(account, now)
            return shop_report(account, figures, params, self.options, keyed(self.options.seed, account.key))
        if params.get("report_type") == "PLAYABLE_MATERIAL" and self.options.playable_reports:
            account = self.access.account(token, read.required(params, "advertiser_id"))
            return playable_report(account, self._reports.figures(account, now), params, self.options)
        return self._reports.answer(self._accounts(token, params), params, now)


def _advertiser_ids(params: Mapping[str, Any]) -> tuple[str, ...]:
    """The accounts that a request names."""
    ids = params.get("advertiser_ids")
    if ids and isinstance(ids, str):
        try:
            ids = decode(ids)
        except ValueError:
            return ()
    if ids:
        return tuple(map(str, ids)) if isinstance(ids, list) else ()
    advertiser_id = params.get("advertiser_id")
    return (str(advertiser_id),) if advertiser_id else ()


def _refuse_by(faults: list[Fault], params: Mapping[str, Any]) -> None:
    """Refuse the request if a fault has a return code that takes the place of the answer, or withdraws metrics."""
    for fault in faults:
        if fault.withdraw is not None:
            names = fault.withdrawn(params)
            text = fault.message or "Please correct it and try again. Invalid metric fields: {names}. "
            raise Refusal(40002, text.replace("{names}", str(names)))
        if fault.code is not None and not fault.partial:
            raise Refusal(fault.code, fault.text)


def _outcome(faults: list[Fault]) -> str:
    """The fault of the transport, as the counters name it. Empty if the client gets the whole answer."""
    for fault in faults:
        if fault.http is not None:
            return f"http {fault.http}"
        for name in ("reset", "close", "stall", "garbage", "unpacks"):
            if getattr(fault, name):
                return name
        if fault.truncate:
            return "truncated"
        if fault.hang is True:
            return "hang"
    return ""
