"""The emulator's own paths below `/_emulator/`: inspect it, move its clock, make it fail. They need no token.

GET    /_emulator/info       url, app_id, secret, tokens, accounts and clock
GET    /_emulator/counters   counts by path, account and answer; `?requests=1` adds the requests themselves
POST   /_emulator/reset      forget counts, quota, used auth codes, revoked tokens and faults
GET    /_emulator/faults     the faults in force, with how many requests each matched and made fail
POST   /_emulator/faults     add a fault: `{"fault": "path=ad/get/,nth=3,code=50000"}`, or its fields as an object
DELETE /_emulator/faults     remove all faults
GET    /_emulator/clock      the time, and whether it stands still
POST   /_emulator/clock      `{"set": "2026-03-10T15:00:00Z"}` or `{"advance": 86400}` (seconds)
GET    /_emulator/files/…    a finished asynchronous report, as its download_url says
GET    /_emulator/truth      `?advertiser_id=&start_date=&end_date=`: what a complete read must yield.
                             `include_deleted=false` leaves deleted objects out, `hourly=false` does not count hourly
                             rows, and `breakdowns=true` adds the rows of audience and country reports.
                             `details=true` adds the sums by object, by hour of the day and by breakdown
"""

from datetime import date, datetime
from typing import Any

import msgspec
from aiohttp import web

from tiktok_marketing.emulator.endpoints.reports.tasks import FILES_PATH
from tiktok_marketing.emulator.faults import Fault
from tiktok_marketing.emulator.json_text import decode
from tiktok_marketing.emulator.platform import Platform

PREFIX = "/_emulator/"
_CLOCK_USAGE = 'The clock accepts {"set": "<ISO time>"} or {"advance": <seconds>}.'
_TRUTH = {"advertiser_id", "start_date", "end_date", "include_deleted", "hourly", "breakdowns", "details"}
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def handle(platform: Platform, request: web.BaseRequest) -> web.Response:
    """Answer a control request with JSON: 400 with the reason if it is wrong, 404 if the path is unknown."""
    name = request.path.removeprefix(PREFIX).rstrip("/")
    if request.method == "GET" and request.path.startswith(FILES_PATH):
        return _file(platform, request.path.removeprefix(FILES_PATH))
    try:
        body: Any = decode(await request.read() or b"{}")
        answer = _answer(platform, request, name, body if isinstance(body, dict) else {})
    except (ValueError, KeyError, TypeError, OverflowError, msgspec.MsgspecError) as error:
        reason = f"Unknown or missing: {error}." if isinstance(error, KeyError) else str(error)
        return _json({"error": reason}, status=400)
    if answer is None:
        return _json({"error": f"There is no {request.method} {request.path}."}, status=404)
    return _json(answer)


def _answer(  # noqa: C901, PLR0911, PLR0912 - one case per path is easiest to read in one place
    platform: Platform, request: web.BaseRequest, name: str, body: dict[str, Any]
) -> Any:
    match request.method, name:
        case "GET", "info":
            return msgspec.json.decode(platform.ready_line()) | {
                "limited_access_token": platform.limited_access_token,
                "revoked_access_token": platform.revoked_access_token,
                "expired_access_token": platform.expired_access_token,
                "clock": _clock(platform),
                "accounts": [
                    {
                        "advertiser_id": str(account.id),
                        "name": account.name,
                        "display_timezone": account.template.zone,
                        "currency": account.template.currency,
                        "life": account.life,
                        "create_time": account.created,
                    }
                    for account in platform.business.granted
                ],
            }
        case "GET", "counters":
            counters: dict[str, Any] = {"total": platform.counters.total(), "counts": platform.counters.rows()}
            if request.query.get("requests", "0") not in {"0", "false", ""}:
                counters["requests"] = list(platform.counters.requests)
            return counters
        case "POST", "reset":
            platform.counters.reset()
            platform.throttle.reset()
            platform.slow_queries.reset()
            platform.access.reset()
            platform.faults.clear()
            platform.tasks.reset()
            return {"reset": True}
        case "GET", "faults":
            return {"faults": platform.faults.entries()}
        case "POST", "faults":
            source = body.get("fault", body)
            if "fault" in body and len(body) > 1:
                raise ValueError("A fault is either a text (fault) or its fields, not both.")
            fault = Fault.parse(source) if isinstance(source, str) else msgspec.convert(source, Fault)
            return {"added": msgspec.to_builtins(platform.faults.add(fault))}
        case "DELETE", "faults":
            platform.faults.clear()
            return {"faults": []}
        case "GET", "clock":
            return _clock(platform)
        case "POST", "clock":
            _move_clock(platform, body)
            return _clock(platform)
        case "GET", "truth":
            unknown = sorted(set(request.query) - _TRUTH)
            if unknown:
                raise ValueError(f"The truth has no {', '.join(unknown)}. It accepts {', '.join(sorted(_TRUTH))}.")
            start, end = (date.fromisoformat(request.query[name]) for name in ("start_date", "end_date"))
            if end < start:
                raise ValueError(f"end_date={end} is before start_date={start}.")
            return platform.truth(
                request.query["advertiser_id"],
                start,
                end,
                include_deleted=_flag(request, "include_deleted"),
                hourly=_flag(request, "hourly"),
                breakdowns=_flag(request, "breakdowns", default="false"),
                details=_flag(request, "details", default="false"),
            )
    return None


def _file(platform: Platform, name: str) -> web.Response:
    """A finished report that a client downloads."""
    body = platform.tasks.file(name)
    if body is None:
        return _json({"error": f"There is no report {name}."}, status=404)
    kind = "text/csv" if name.endswith(".csv") else _WORKBOOK
    return web.Response(body=body, content_type=kind)


def _flag(request: web.BaseRequest, name: str, default: str = "true") -> bool:
    """A switch in the query: `true` or `1` turns it on, `false` or `0` off."""
    text = request.query.get(name, default).lower()
    if text not in {"true", "1", "false", "0"}:
        raise ValueError(f"{name}={text} is neither true nor false.")
    return text in {"true", "1"}


def _move_clock(platform: Platform, body: dict[str, Any]) -> None:
    """Set the clock, or advance it."""
    match body:
        case {"set": str(text), **rest} if not rest:
            platform.clock.set(datetime.fromisoformat(text))
        case {"advance": bool()}:
            raise ValueError(_CLOCK_USAGE)
        case {"advance": int() | float() as seconds, **rest} if not rest:
            platform.clock.advance(seconds)
        case _:
            raise ValueError(_CLOCK_USAGE)


def _clock(platform: Platform) -> dict[str, Any]:
    return {"now": platform.clock.now().isoformat(), "frozen": platform.clock.frozen}


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")
