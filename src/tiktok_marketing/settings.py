"""The settings that a configuration may have: one table, which parsing, key checks, the spec and documents read. Pure.

A new setting is a row here, a field of `config.Config`, a text in `airbyte.spec` and a line in docs/configuration.md.
Tests fail if one of them is missing.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

import msgspec


class Kind(Enum):
    """What a setting is."""

    TEXT = auto()
    DAY = auto()
    WHOLE_NUMBER = auto()
    NUMBER = auto()
    FLAG = auto()
    ADVERTISER_ID = auto()
    ADVERTISER_IDS = auto()
    CHOICE = auto()
    REPORTS = auto()
    METRICS_BY_LEVEL = auto()


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting.

    Args:
        name: Its key.
        kind: What it is.
        default: What it means if it is not set. A face has defaults of its own for the fields that it names.
        low: The smallest number.
        high: The largest number.
        choices: The words of a choice.
        former_words: Words that it accepted once, in capitals. They mean the default now.
        former_holder: The object that it stood in once; empty for the top level, None if it never moved.
        secret: Whether no message may show its value.
        summary: What it decides, as a clause for `--help`.
    """

    name: str
    kind: Kind
    summary: str = ""
    default: Any = None
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()
    former_words: frozenset[str] = frozenset()
    former_holder: str | None = None
    secret: bool = False


LONGEST_WINDOW = 30
"""Days that a daily report may span (`/report/integrated/get/`)."""

CREDENTIALS = (
    Setting(
        name="auth_type",
        summary="The kind of credentials.",
        kind=Kind.CHOICE,
        choices=("oauth2.0", "sandbox_access_token"),
    ),
    Setting(
        name="app_id",
        summary="The id of the developer application.",
        kind=Kind.TEXT,
        secret=True,
        former_holder="environment",
    ),
    Setting(
        name="secret",
        summary="The secret of the developer application.",
        kind=Kind.TEXT,
        secret=True,
        former_holder="environment",
    ),
    Setting(
        name="access_token",
        summary="The token that TikTok issued when somebody authorized the application.",
        kind=Kind.TEXT,
        secret=True,
        former_holder="",
    ),
    Setting(
        name="advertiser_id",
        summary="The only account to read; a sandbox account needs it.",
        kind=Kind.ADVERTISER_ID,
        former_holder="environment",
    ),
)
"""The settings in `credentials`."""

OPTIONS = (
    Setting(
        name="start_date",
        summary="The first day of reports.",
        kind=Kind.DAY,
        default="2016-09-01",
    ),
    Setting(
        name="end_date",
        summary="The last day to read.",
        kind=Kind.DAY,
    ),
    Setting(
        name="attribution_window",
        summary="How many days before the state each sync reads again.",
        kind=Kind.WHOLE_NUMBER,
        low=0,
        high=364,
        default=7,
    ),
    Setting(
        name="report_granularity",
        summary="How many days one request for a daily report spans.",
        kind=Kind.WHOLE_NUMBER,
        low=1,
        high=LONGEST_WINDOW,
        default=LONGEST_WINDOW,
        # Before 0.1.13, Airbyte's connector used this name for these words; such configurations still exist.
        former_words=frozenset({"LIFETIME", "DAY", "HOUR"}),
    ),
    Setting(
        name="include_deleted",
        summary="Whether to read deleted campaigns, ad groups and ads.",
        kind=Kind.FLAG,
        default=True,
    ),
    Setting(
        name="include_promote",
        summary="Whether to read posts that were boosted in TikTok's app.",
        kind=Kind.FLAG,
        default=False,
    ),
    Setting(
        name="advertiser_ids",
        summary="The only accounts to read.",
        kind=Kind.ADVERTISER_IDS,
        default=(),
    ),
    Setting(
        name="exclude_advertiser_ids",
        summary="The accounts to leave out.",
        kind=Kind.ADVERTISER_IDS,
        default=(),
    ),
    Setting(
        name="skip_inaccessible_advertisers",
        summary="Whether an account that TikTok denies is only a warning.",
        kind=Kind.FLAG,
        default=False,
    ),
    Setting(
        name="refresh_objects",
        summary="Which campaigns, ad groups and ads an incremental sync delivers.",
        kind=Kind.CHOICE,
        choices=("changed", "daily", "always"),
        default="changed",
    ),
    Setting(
        name="skip_empty_days",
        summary="Whether to ask first which days have data.",
        kind=Kind.FLAG,
        default=True,
    ),
    Setting(
        name="async_reports",
        summary="Whether to read reports of many pages as asynchronous reports.",
        kind=Kind.CHOICE,
        choices=("off", "auto"),
        default="off",
    ),
    Setting(
        name="requests_per_second",
        summary="The requests per second that the application's tier allows.",
        kind=Kind.NUMBER,
        low=0.1,
        high=1000,
        default=10,
    ),
    Setting(
        name="custom_reports",
        summary="Reports of your own, as a list of objects (JSON).",
        kind=Kind.REPORTS,
        default=(),
    ),
    Setting(
        name="extra_metrics",
        summary="Metrics to add to the reports of a level, as an object (JSON).",
        kind=Kind.METRICS_BY_LEVEL,
        default={},
    ),
)
"""The settings at the top level, in the order in which forms and messages show them."""

SETTINGS = (*CREDENTIALS, *OPTIONS)
"""All settings."""

SECRETS = tuple(setting.name for setting in CREDENTIALS if setting.secret)
"""The settings whose values no message may show."""


VARIABLE_PREFIX = "TIKTOK_"
"""What the names of the settings' environment variables begin with."""


def variable_of(setting: Setting) -> str:
    """The environment variable that has the setting's value: `TIKTOK_START_DATE`."""
    return VARIABLE_PREFIX + setting.name.upper()


def key_of(setting: Setting) -> str:
    """The setting's key in a configuration: `start_date`, `credentials.app_id`."""
    return f"credentials.{setting.name}" if setting in CREDENTIALS else setting.name


def option(name: str) -> Setting:
    """The setting at the top level with this name."""
    return next(setting for setting in OPTIONS if setting.name == name)
