"""The faults in force, and which of them apply to a request."""

import threading
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from tiktok_marketing.emulator.faults.fault import REPLACEMENTS, Fault
from tiktok_marketing.emulator.json_text import decode
from tiktok_marketing.emulator.randomness import keyed


class FaultRegister:
    """The faults in force. Each has its own count of matching requests.

    Args:
        faults: The faults in force from the start.
        seed: Draws the requests that a share of them applies to.
        paths: The endpoints that a fault may name.
    """

    def __init__(self, faults: tuple[Fault, ...], seed: int, paths: Collection[str]) -> None:
        self._seed = seed
        self._paths = paths
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._matched: list[int] = []
        self._failed: list[int] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: "Fault | str") -> Fault:
        """Put a fault or its text form in force. Its count of matching requests starts now.

        Raises:
            ValueError: It is not a fault, or its path is no endpoint, so that it would never apply.
        """
        parsed = Fault.parse(fault) if isinstance(fault, str) else fault
        if parsed.endpoint is not None and parsed.endpoint not in self._paths:
            raise ValueError(f"path={parsed.path} is no endpoint of TikTok's.")
        with self._lock:
            self._faults.append(parsed)
            self._matched.append(0)
            self._failed.append(0)
        return parsed

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults, self._matched, self._failed = [], [], []

    def entries(self) -> list[dict[str, object]]:
        """The faults in force, with how many requests each matched and made fail."""
        return [
            {"fault": msgspec.to_builtins(fault), "matched": matched, "failed": failed}
            for fault, matched, failed in zip(self._faults, self._matched, self._failed, strict=True)
        ]

    def pick(self, path: str, advertisers: tuple[str, ...], params: Mapping[str, Any], now: datetime) -> list[Fault]:
        """Count a request, and pick its faults: any that change the answer, and at most one that replaces it.

        Args:
            path: The endpoint.
            advertisers: The accounts that the request names.
            params: Its parameters.
            now: The emulator's time.
        """
        picked: list[Fault] = []
        replaced = False
        with self._lock:
            for index, fault in enumerate(self._faults):
                if not _matches(fault, path, advertisers, params, now):
                    continue
                self._matched[index] += 1
                replaces = any(getattr(fault, name) for name in REPLACEMENTS)
                if (replaces and replaced) or not self._applies(index, fault):
                    continue
                self._failed[index] += 1
                replaced = replaced or replaces
                picked.append(fault)
        return picked

    def _applies(self, index: int, fault: Fault) -> bool:
        """Whether the fault applies to the matching request that was just counted."""
        matched = self._matched[index]
        if fault.times is not None and self._failed[index] >= fault.times:
            return False
        if fault.nth is not None and matched != fault.nth:
            return False
        if fault.first is not None and matched > fault.first:
            return False
        if matched <= fault.skip:
            return False
        if fault.every is not None and matched % fault.every:
            return False
        return fault.share is None or keyed(self._seed, index, matched) % 1_000_000 < fault.share * 1_000_000


def _matches(fault: Fault, path: str, advertisers: tuple[str, ...], params: Mapping[str, Any], now: datetime) -> bool:
    if fault.path is not None and fault.endpoint != path:
        return False
    if fault.advertiser is not None and fault.advertiser not in advertisers:
        return False
    if fault.contains is not None and fault.contains not in "&".join(f"{key}={value}" for key, value in params.items()):
        return False
    if not fault.in_force(now) or (fault.withdraw is not None and not fault.withdrawn(params)):
        return False
    if not _fits_days(fault, params):
        return False
    return fault.ids_over is None or _ids(params) > fault.ids_over


def _days(params: Mapping[str, Any]) -> int:
    """Days from start_date to end_date, both included. 0 if the request has no dates."""
    dates = _dates(params)
    return 0 if dates is None else (dates[1] - dates[0]).days + 1


def _fits_days(fault: Fault, params: Mapping[str, Any]) -> bool:
    """Whether the days from start_date to end_date are as many as a fault wants, and include its day."""
    if fault.days_over is not None and not _days(params) > fault.days_over:
        return False
    dates = _dates(params)
    return fault.day is None or (dates is not None and dates[0] <= date.fromisoformat(fault.day) <= dates[1])


def _dates(params: Mapping[str, Any]) -> tuple[date, date] | None:
    try:
        return date.fromisoformat(str(params["start_date"])), date.fromisoformat(str(params["end_date"]))
    except (KeyError, ValueError):
        return None


def _ids(params: Mapping[str, Any]) -> float:
    """The number of ids that the filters of a report let through. Infinite without a filter by id."""
    try:
        filters = decode(str(params["filtering"]))
        lists = [decode(entry["filter_value"]) for entry in filters if entry["field_name"].endswith("_ids")]
        return min((len(ids) for ids in lists), default=float("inf"))
    except (KeyError, TypeError, AttributeError, ValueError):
        return float("inf")
