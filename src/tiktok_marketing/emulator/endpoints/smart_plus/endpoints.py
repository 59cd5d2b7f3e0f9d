"""All endpoints of Smart+ by their paths."""

from collections.abc import Callable, Mapping
from typing import Any

from tiktok_marketing.emulator.business.business import Account
from tiktok_marketing.emulator.business.delivery import Figures
from tiktok_marketing.emulator.endpoints.envelope import Answer
from tiktok_marketing.emulator.endpoints.smart_plus.legacy import legacy_campaigns
from tiktok_marketing.emulator.endpoints.smart_plus.objects import LEVELS, SmartPlusLists
from tiktok_marketing.emulator.endpoints.smart_plus.report import MaterialReports
from tiktok_marketing.emulator.options import Options

_LEGACY = "campaign/spc/get/"
_OVERVIEW, _BREAKDOWN = "smart_plus/material_report/overview/", "smart_plus/material_report/breakdown/"


class SmartPlus:
    """All endpoints of Smart+.

    Args:
        options: The settings of the emulator.
        figures_of: Gives the figures of an account at a time.

    Attributes:
        paths: The paths of these endpoints.
    """

    paths = (*LEVELS, _LEGACY, _OVERVIEW, _BREAKDOWN)

    def __init__(self, options: Options, figures_of: Callable[[Account, int], Figures]) -> None:
        self._figures_of = figures_of
        self._reports = MaterialReports(options)
        self._lists = SmartPlusLists(options)

    def answer(self, path: str, account: Account, params: Mapping[str, Any], now: int) -> Answer:
        """Answer a request to one of the paths.

        Raises:
            Refusal: A parameter is wrong.
        """
        if path in LEVELS:
            return self._lists.answer(path, account, params, now)
        if path == _LEGACY:
            return legacy_campaigns(account, params, now)
        figures = self._figures_of(account, now)
        return self._reports.answer(account, figures, params, overview=path == _OVERVIEW)
