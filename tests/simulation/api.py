"""TikTok's Business API over a world: what it answers, what it refuses, and how large its answers may be.

Written from the API's documents.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulation.limits import APP_ID, Limited, Limits, Quota
from simulation.on_request import OWN_REPORT_TYPES, REPORT, OnRequest
from simulation.reports import Reports
from simulation.shops import Shops
from simulation.tasks import ENDPOINTS, Tasks
from simulation.world import NEVER, Account, Entity, World
from tiktok_marketing.emulator.endpoints.envelope import Refusal

TOKEN = "tok-5f1c9a77e0"
SECRET = "sec-77aa01b2c3"
BARRED = "no permission to operate on the pixel"

_MESSAGES = {
    40001: "No permission to operate advertiser {account}.",
    40106: "Core user {account} is invalid.",
    40300: "Advertiser {account} does not exist or has been deleted.",
    40301: "Advertiser {account} cannot be matched.",
    40105: f"Access token {TOKEN} is incorrect or has been revoked.",
    40118: f"App {APP_ID} is not on the allowlist.",
}
_LISTS = {
    "campaign/get/": ("campaign", "list", 1000),
    "adgroup/get/": ("adgroup", "list", 1000),
    "ad/get/": ("ad", "list", 1000),
    "file/image/ad/search/": ("image", "list", 100),
    "dmp/custom_audience/list/": ("audience", "list", 100),
    "pixel/list/": ("pixel", "pixels", 20),
}


@dataclass
class Body:
    """The body of an answer, and the limit or denial that it is due to."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    limited: str = ""
    denied: str = ""


class Denied(Refusal):
    """A denial applies."""


@dataclass
class Denial:
    """An account or an endpoint that is refused for a while.

    Args:
        code: TikTok's return code.
        account: The account whose requests are refused; None for all.
        endpoint: Which ones; None for all that name an account.
        start: When it begins, in seconds.
        end: When it ends.
        at_once: Whether it is refused from the beginning of a sync.
        refused: The endpoints at which it struck, with the first day that was asked for there.
    """

    code: int
    account: str | None = None
    endpoint: str | None = None
    start: float = 0.0
    end: float = NEVER
    at_once: bool = False
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def struck(self) -> bool:
        """Whether anything was refused."""
        return bool(self.refused)

    def refuse(self, endpoint: str, day: str) -> None:
        """Note a request that is refused, for days from this one on; "" if it names none."""
        self.refused[endpoint] = min(day, self.refused.get(endpoint, day))

    def hits(self, endpoint: str, account: str | None, at: float) -> bool:
        """Whether a request is refused."""
        if not self.start <= at < self.end or (self.endpoint is not None and endpoint != self.endpoint):
            return False
        return self.account is None or account == self.account


class Api:
    """Answers requests.

    Args:
        world: The world.
        shops: Its stores.
        limits: How much it accepts and delivers.
        invalid_values: Invalid values of some metrics, by metric.
        refused_metrics: Metrics that the application may not read.
    """

    def __init__(
        self,
        world: World,
        shops: Shops,
        limits: Limits,
        invalid_values: Mapping[str, str],
        refused_metrics: frozenset[str] = frozenset(),
    ) -> None:
        self.world = world
        self.shops = shops
        self.limits = limits
        self.denials: list[Denial] = []
        self.info_refuses = False
        """Whether /advertiser/info/ refuses all accounts for one, or leaves that one out."""
        self.joint = 5
        """How many of the accounts that a request names are in its answer, at most."""
        self.joint_lacks = 0
        """A report about several accounts lacks every row with this number in turn, uncounted; 0 for none."""
        self._reports = Reports(world, limits, invalid_values, refused_metrics)
        self.on_request = OnRequest(world, shops, limits, refused_metrics)
        self.tasks = Tasks(self._reports, random.Random(f"asynchronous reports, {world.seed}"))
        self._quota = Quota(limits)
        self._requests = 0

    def answer(self, endpoint: str, params: Mapping[str, str], token: str, at: float) -> Body:
        """Answer one request.

        Raises:
            Slow: If TikTok would say nothing.
        """
        self._requests += 1
        try:
            self._quota.admit(endpoint, at)
            headers: dict[str, str] = {}
            _check_token(token)
            if endpoint == "oauth2/advertiser/get/":
                data = self._accounts(params, at)
            elif endpoint == "advertiser/info/":
                data = self._info(params, at)
            elif endpoint == REPORT and params.get("report_type") not in OWN_REPORT_TYPES:
                lacks = self.joint_lacks if "advertiser_ids" in params else 0
                data = self._reports.answer(self._several(endpoint, params, at), params, at, headers, lacks)
            else:
                account = self._account(endpoint, params, at)
                if endpoint in _LISTS:
                    data = self._list(endpoint, account, params, at)
                elif endpoint == "pixel/event/stats/":
                    data = self._statistics(account, params)
                elif endpoint in ENDPOINTS:
                    data = self.tasks.answer(endpoint, account, params, at)
                    if endpoint == "report/task/download/":
                        return Body(200, data)
                elif endpoint in self.on_request:
                    data = self.on_request.answer(endpoint, account, params, at)
                else:
                    return Body(404, b"404 page not found")
        except Refusal as refusal:
            limited = refusal.name if isinstance(refusal, Limited) else ""
            denied = f"refused {refusal.code}" if isinstance(refusal, Denied) else ""
            return Body(200, self.envelope(refusal.code, refusal.message), limited=limited, denied=denied)
        return Body(200, b'{"code":0,"message":"OK","request_id":"r%d","data":%s}' % (self._requests, data), headers)

    def envelope(self, code: int, message: str) -> bytes:
        """An error envelope as bytes."""
        answer = {"code": code, "message": message, "request_id": f"r{self._requests}", "data": {}}
        return json.dumps(answer, separators=(",", ":")).encode()

    def _accounts(self, params: Mapping[str, str], at: float) -> bytes:
        if (params.get("app_id"), params.get("secret")) != (APP_ID, SECRET):
            raise Refusal(40101, f"The app_id {params.get('app_id')} and its secret do not match.")
        self._deny("oauth2/advertiser/get/", None, {}, at)
        rows = [
            {"advertiser_id": account.id, "advertiser_name": "v1"}
            for account in self.world.accounts
            if account.listed <= min(at, self.world.frozen)
        ]
        return _encoded({"list": rows})

    def _info(self, params: Mapping[str, str], at: float) -> bytes:
        asked = json.loads(params.get("advertiser_ids", "[]"))
        if not asked:
            raise Refusal(40002, "Missing required field(s): advertiser_ids.")
        if len(asked) > 100:
            raise Refusal(40011, "Too many ids.")
        rows = []
        for advertiser_id in asked if len(asked) == 1 or self.joint >= 5 else asked[: self.joint]:
            try:
                account = self._account("advertiser/info/", {"advertiser_id": advertiser_id}, at)
            except Refusal:
                if self.info_refuses:
                    raise
                continue
            rows.append(
                {
                    "advertiser_id": advertiser_id,
                    "name": "v1",
                    "display_timezone": account.told_place,
                    "timezone": account.told_zone,
                    "create_time": int(self.world.time_at(account.created).timestamp()),
                    "balance": 120.5,
                    "currency": "USD",
                }
            )
        return _encoded({"list": rows})

    def _account(self, endpoint: str, params: Mapping[str, str], at: float) -> Account:
        advertiser_id = params.get("advertiser_id")
        if not advertiser_id:
            raise Refusal(40002, "Missing required field(s): advertiser_id.")
        account = self.world.by_id.get(advertiser_id)
        if account is None or account.listed > min(at, self.world.frozen):
            raise Refusal(40300, _MESSAGES[40300].format(account=advertiser_id))
        self._deny(endpoint, advertiser_id, params, at)
        return account

    def _several(self, endpoint: str, params: Mapping[str, str], at: float) -> list[Account]:
        """The accounts of a report, which accepts up to five."""
        asked = json.loads(params.get("advertiser_ids", "[]")) or [params.get("advertiser_id", "")]
        if len(asked) > 5:
            raise Refusal(40002, "advertiser_ids: The list must have 1 to 5 values.")
        accounts = [self._account(endpoint, {**params, "advertiser_id": advertiser_id}, at) for advertiser_id in asked]
        return accounts if len(accounts) == 1 else accounts[: self.joint]

    def _deny(self, endpoint: str, account: str | None, params: Mapping[str, str], at: float) -> None:
        for denial in self.denials:
            if denial.hits(endpoint, account, at):
                denial.refuse(endpoint, params.get("start_date", ""))
                raise Denied(denial.code, _MESSAGES.get(denial.code, "No.").format(account=account))

    def _list(self, endpoint: str, account: Account, params: Mapping[str, str], at: float) -> bytes:
        kind, key, most = _LISTS[endpoint]
        filtering = json.loads(params.get("filtering") or "{}")
        deleted_too = filtering.get("primary_status") == "STATUS_ALL"
        at = min(at, self.world.frozen)
        entities = [
            entity for entity in reversed(account.entities[kind]) if entity.visible(at, deleted_too=deleted_too)
        ]
        if kind in {"campaign", "adgroup", "ad"}:
            buying = filtering.get("buying_types", ["AUCTION", "RESERVATION_RF"])
            if "RESERVATION_TOP_VIEW" in buying:
                if len(buying) > 1:
                    raise Refusal(40002, "buying_types: RESERVATION_TOP_VIEW must be alone.")
                most = 100 if kind == "adgroup" else most
            entities = [entity for entity in entities if entity.buying in buying]
        if kind == "ad" and (after := filtering.get("modified_after")) is not None:
            # Nobody has seen whether ads without a time come, and whether its own second counts: the worst is assumed.
            entities = [entity for entity in entities if entity.timed and self.world.text(entity.modified(at)) > after]
        page, size = self.limits.page_of(params, most)
        if kind == "image":
            entities.sort(key=lambda entity: (entity.modified(at), entity.number), reverse=True)
            entities = entities[: self.limits.reach]
        shown = entities[(page - 1) * size : page * size]
        rows = [self._record(account, entity, at) for entity in shown]
        return _encoded({key: rows, "page_info": self.limits.page_info(page, size, len(entities))})

    def _record(self, account: Account, entity: Entity, at: float) -> dict[str, Any]:
        version, number = f"v{entity.version(at)}", str(entity.number)
        created, modified = self.world.text(entity.created), self.world.text(entity.modified(at))
        if entity.kind == "image":
            created, modified = (f"{time.replace(' ', 'T')}Z" for time in (created, modified))
            return {"image_id": number, "file_name": version, "create_time": created, "modify_time": modified}
        if entity.kind == "audience":
            return {"audience_id": number, "name": version, "cover_num": 3000, "create_time": created}
        if entity.kind == "pixel":
            return {"pixel_id": number, "pixel_name": version, "events": [], "create_time": created}
        record: dict[str, Any] = {"advertiser_id": account.id, "create_time": created, "buying_type": entity.buying}
        holder: Entity | None = entity
        while holder is not None:
            record[f"{holder.kind}_id"] = str(holder.number)
            holder = holder.parent
        record[f"{entity.kind}_name"] = version
        record["secondary_status"] = "STATUS_OF_NEXT_YEAR"
        record["field_of_next_year"] = {"a": [1]}
        record["modify_time"] = modified if entity.timed else None
        return record

    def _statistics(self, account: Account, params: Mapping[str, str]) -> bytes:
        ids = json.loads(params.get("pixel_ids", "[]"))
        if not 1 <= len(ids) <= 10:
            raise Refusal(40002, "pixel_ids: The list must have 1 to 10 values.")
        if account.forbidden_pixels & {int(pixel_id) for pixel_id in ids}:
            raise Limited("pixel barred", 40001, f"The account has {BARRED}.")
        statistics = [{"pixel_event_type": "FORM", "total_count": 3}]
        return _encoded({"list": [{"pixel_id": pixel_id, "statistics": statistics} for pixel_id in ids]})


def _check_token(token: str) -> None:
    if token != TOKEN:
        raise Refusal(40105, _MESSAGES[40105])


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
