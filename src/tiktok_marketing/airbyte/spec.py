"""The connector's specification for Airbyte: which configuration it accepts. Only data, so importing it is fast.

Its schema accepts what the code accepts: an empty text or null for a value that is not set, and numbers and flags as
text. Airbyte's form shows a field by the first of its types, and shows a choice only if `credentials` is an object with
two plain branches. So the schema refuses three things that the code accepts: null as `credentials`, secrets that are
numbers, and a token without `app_id` and `secret` for named accounts. Only the code knows the days of the calendar, the
rules of reports, that no secret is empty, and which ids of 19 digits, as text, are beyond 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tiktok_marketing.config import AIRBYTE
from tiktok_marketing.settings import OPTIONS, Kind, Setting

DOCUMENTATION_VARIABLE = "TIKTOK_DOCUMENTATION_URL"
"""The variable that names where the docs are. An image has it from its build."""
DOCUMENTATION = "https://docs.airbyte.com/integrations/sources/tiktok-marketing"
"""Where the fields that Airbyte's connector has, too, are explained: for as long as our docs have no public address."""

_DATE = r"^$|^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*$"
_UP_TO_364 = r"0*([0-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-4])"
_UP_TO_30 = r"0*([1-9]|[12][0-9]|30)"
_FORMER_GRANULARITIES = "[Ll][Ii][Ff][Ee][Tt][Ii][Mm][Ee]|[Dd][Aa][Yy]|[Hh][Oo][Uu][Rr]"
"""What Airbyte's connector called `report_granularity` before 0.1.13."""
_RATE = r"0*(0?\.[1-9][0-9]*|[1-9][0-9]{0,2}(\.[0-9]*)?|1000(\.0*)?)"
_FLAG = "[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]"
_ID = r"\s*[0-9]{0,19}\s*"
_LARGEST_ID = 2**63 - 1


_TEXT_FORMS = {"attribution_window": _UP_TO_364, "report_granularity": f"{_UP_TO_30}|{_FORMER_GRANULARITIES}"}
"""How whole numbers are written as text. JSON Schema applies bounds to numbers and patterns to texts only."""


def _secret(title: str, description: str) -> dict[str, Any]:
    return {"title": title, "type": "string", "description": description, "airbyte_secret": True}


_OAUTH = {
    "type": "object",
    "title": "OAuth2.0",
    "required": ["app_id", "secret", "access_token"],
    "properties": {
        "auth_type": {"title": "Auth Type", "type": "string", "const": "oauth2.0", "order": 0},
        "app_id": _secret("App ID", "The id of the developer application in the TikTok for Business portal."),
        "secret": _secret("Secret", "The secret of the developer application."),
        "access_token": _secret(
            "Access Token", "The long-lived token that TikTok issued when a user authorized the application."
        ),
        "advertiser_id": {
            "title": "Advertiser ID",
            "type": ["string", "integer", "null"],
            "pattern": f"^{_ID}$",
            "minimum": 0,
            "maximum": _LARGEST_ID,
            "description": "The only ad account to read. Leave it empty to read all accounts of the token.",
        },
    },
}

_SANDBOX = {
    "type": "object",
    "title": "Sandbox Access Token",
    "required": ["advertiser_id", "access_token"],
    "properties": {
        "auth_type": {"title": "Auth Type", "type": "string", "const": "sandbox_access_token", "order": 0},
        "advertiser_id": {
            "title": "Advertiser ID",
            "type": ["string", "integer"],
            "pattern": r"^\s*[0-9]{1,19}\s*$",
            "minimum": 0,
            "maximum": _LARGEST_ID,
            "description": "The id of the sandbox account from the developer portal.",
        },
        "access_token": _secret("Access Token", "The access token of the sandbox account."),
    },
}


_TITLES_AND_DESCRIPTIONS = {
    "start_date": (
        "Replication Start Date",
        (
            "The first day to read, as YYYY-MM-DD in each account's time zone. Objects that were last changed "
            "before this day are left out."
        ),
    ),
    "end_date": (
        "End Date",
        "The last day to read (inclusive), as YYYY-MM-DD. Leave it empty to read up to today.",
    ),
    "attribution_window": (
        "Attribution Window",
        (
            "How many days before the last synced day each sync reads again. TikTok keeps adding conversions to "
            "past days."
        ),
    ),
    "report_granularity": (
        "Daily Reports Date Step",
        "How many days one request of a daily report covers. Lower it if TikTok rejects large requests.",
    ),
    "include_deleted": (
        "Include Deleted Data in Reports",
        "Whether to read deleted campaigns, ad groups and ads, and their rows in reports.",
    ),
    "include_promote": (
        "Include Boosted Posts",
        (
            "Whether to read posts that people boosted in TikTok's app (Promote), and their rows in reports. TikTok "
            "leaves them out unless a request names them."
        ),
    ),
    "advertiser_ids": (
        "Only These Advertisers",
        "The ids of the ad accounts to read. Leave it empty to read every account that the token can access.",
    ),
    "exclude_advertiser_ids": (
        "Excluded Advertisers",
        "The ids of the ad accounts to leave out.",
    ),
    "skip_inaccessible_advertisers": (
        "Skip Inaccessible Advertisers",
        (
            "Whether an account that TikTok denies access to causes only a warning. If not, the sync reads all "
            "other accounts and then ends with an error that names this account."
        ),
    ),
    "refresh_objects": (
        "Campaigns, Ad Groups and Ads in Incremental Syncs",
        (
            "Which campaigns, ad groups and ads an incremental sync delivers. changed: objects with a new "
            "modify_time. TikTok does not update it when an object's status changes because of another object. "
            "daily: all objects in the first sync of each day (UTC), later only changed objects. always: all "
            "objects in every sync."
        ),
    ),
    "skip_empty_days": (
        "Skip Days without Data",
        (
            "Whether to ask TikTok first which days have data, for five accounts per request. Daily and hourly "
            "reports then skip all other days. The rows are the same with and without it."
        ),
    ),
    "async_reports": (
        "Asynchronous Reports",
        (
            "Whether to read a report of many pages as an asynchronous report, which takes fewer requests but often "
            "more time. off: never. auto: where TikTok allows it to the application, and the report has the same rows."
        ),
    ),
    "requests_per_second": (
        "Requests per Second",
        (
            "How many requests per second the application's tier allows per endpoint: 10 (Basic), 20 (Advanced), "
            "30 (Premium) or 50 (Ultimate)."
        ),
    ),
    "custom_reports": (
        "Custom Reports",
        (
            "Reports of your own. Each is a stream. TikTok's rules are checked before anything is read, and an error "
            "says what does not go together."
        ),
    ),
    "extra_metrics": (
        "Extra Metrics",
        (
            "Metrics to add to the reports of a level that have no breakdown. New columns appear in their tables. If "
            "TikTok does not accept one, the report is read without it."
        ),
    ),
}
_EXAMPLES = {"report_granularity": [30, 7, 1], "requests_per_second": [10, 20, 30, 50]}


def _property(setting: Setting, order: int) -> dict[str, Any]:
    """How Airbyte's form shows a setting."""
    title, description = _TITLES_AND_DESCRIPTIONS[setting.name]
    default = getattr(AIRBYTE, setting.name, setting.default)
    shown: dict[str, Any] = {"title": title, **_FORMS[setting.kind](setting)}
    if default not in (None, (), {}):
        shown["default"] = default
    if setting.name in _EXAMPLES:
        shown["examples"] = _EXAMPLES[setting.name]
    return {**shown, "description": description, "order": order}


def _bounds(type_name: str, setting: Setting, text: str) -> dict[str, Any]:
    limits = {"minimum": setting.low, "maximum": setting.high}
    return {"type": [type_name, "string", "null"], **limits, "pattern": rf"^$|^\s*({text})\s*$"}


def _one_of(*choices: str) -> dict[str, Any]:
    """One of some words, or nothing, as a form that was cleared sends it."""
    return {"type": ["string", "null"], "enum": [*choices, "", None]}


_FLAG_FORM: dict[str, Any] = {"type": ["boolean", "string", "null"], "pattern": rf"^$|^\s*({_FLAG})\s*$"}
_LEVELS = {"account": "Account", "campaign": "Campaign", "ad_group": "Ad Group", "ad": "Ad"}
_BLANK = r"^\s*$"
_NAMES_SOMETHING: dict[str, Any] = {
    "not": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": _BLANK}},
}
"""A list is empty, or one of its items is not: forms send empty lists, but a list of blanks is a mistake."""
_NAMES: dict[str, Any] = {
    "type": ["array", "string", "null"],
    "items": {"type": "string"},
    "pattern": rf"{_BLANK}|[^\s,]",
    **_NAMES_SOMETHING,
}
_FILTER: dict[str, Any] = {
    "type": "object",
    "title": "Filter",
    "required": ["field", "values"],
    "properties": {
        "field": {
            "title": "Field",
            "type": "string",
            "description": "Such as campaign_ids, ad_status or campaign_automation_type.",
            "order": 0,
        },
        "values": {
            "title": "Values",
            "type": ["array", "string"],
            "items": {"type": ["string", "integer"]},
            "description": "The values to compare with, in TikTok's words, such as UPGRADED_SMART_PLUS.",
            "order": 1,
        },
        "type": {
            "title": "Type",
            "type": "string",
            "description": "How to compare: IN, NOT_IN, CONTAIN_ANY_OF, GREATER_EQUAL, LOWER_THAN, BETWEEN and others.",
            "order": 2,
        },
    },
}
_REPORT: dict[str, Any] = {
    "type": "object",
    "title": "Report",
    "required": ["name", "metrics"],
    "additionalProperties": False,
    "properties": {
        "name": {
            "title": "Name",
            "type": "string",
            "pattern": "^[a-z][a-z0-9_]{0,62}$",
            "description": "The name of the stream: small letters, digits and underscores.",
            "order": 0,
        },
        "metrics": {
            "title": "Metrics",
            "type": ["array", "string"],
            "items": {"type": "string"},
            "description": "The figures, such as spend. The command `tiktok-marketing metrics` lists all.",
            "order": 1,
        },
        "level": {
            "title": "Level",
            **_one_of(*_LEVELS),
            "default": "ad",
            "description": "What a row is about.",
            "order": 2,
        },
        "dimensions": {
            **_NAMES,
            "title": "Dimensions",
            "description": "What to break the rows down by, such as country_code, beside the level's id and the time.",
            "order": 3,
        },
        "grain": {
            "title": "Grain",
            **_one_of("hour", "day", "lifetime", "none"),
            "default": "day",
            "description": "The time that a row covers. none sums up all days.",
            "order": 4,
        },
        "report_type": {
            "title": "Report Type",
            **_one_of("BASIC", "AUDIENCE", "CATALOG"),
            "default": "BASIC",
            "description": "AUDIENCE for reports by age, gender, interest and other properties of the people. CATALOG "
            "for reports by product, whose dimensions nobody has confirmed.",
            "order": 5,
        },
        "filters": {
            "title": "Filters",
            "type": ["array", "object", "string", "null"],
            "items": _FILTER,
            "pattern": "^$",
            "description": "Conditions that limit the report to some campaigns, ad groups or ads.",
            "order": 6,
        },
        "include_deleted": {
            "title": "Include Deleted Objects",
            **_FLAG_FORM,
            "description": "Whether there are rows of deleted objects. Leave it empty to follow the general setting.",
            "order": 7,
        },
    },
}

_FORMS: Mapping[Kind, Callable[[Setting], dict[str, Any]]] = {
    Kind.DAY: lambda _: {
        "type": ["string", "null"],
        "format": "date",
        "pattern": _DATE,
        "pattern_descriptor": "YYYY-MM-DD",
    },
    Kind.WHOLE_NUMBER: lambda setting: _bounds("integer", setting, _TEXT_FORMS[setting.name]),
    Kind.NUMBER: lambda setting: _bounds("number", setting, _RATE),
    Kind.FLAG: lambda _: _FLAG_FORM,
    Kind.ADVERTISER_IDS: lambda _: {
        "type": ["array", "string", "null"],
        "items": {"type": ["string", "integer"], "pattern": f"^{_ID}$", "minimum": 0, "maximum": _LARGEST_ID},
        "pattern": rf"^(?=[^0-9]*[0-9]|\s*$){_ID}(,{_ID})*$",
        **_NAMES_SOMETHING,
    },
    Kind.CHOICE: lambda setting: _one_of(*setting.choices),
    Kind.REPORTS: lambda _: {"type": ["array", "string", "null"], "items": _REPORT, "pattern": "^$"},
    Kind.METRICS_BY_LEVEL: lambda _: {
        "type": ["object", "string", "null"],
        "properties": {
            level: {**_NAMES, "title": title, "description": f"Metrics to add to the reports of the level {level}."}
            for level, title in _LEVELS.items()
        },
        "additionalProperties": False,
        "pattern": "^$",
    },
}
"""What a value of each kind looks like: as itself, as text, or not set."""

CONNECTION_SPECIFICATION: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "TikTok Marketing Source Spec",
    "type": "object",
    "additionalProperties": True,
    "properties": {
        "credentials": {
            "title": "Authentication Method",
            "description": "How to authenticate: with a developer application, or with a sandbox account.",
            "type": "object",
            "default": {},
            "order": 0,
            "oneOf": [_OAUTH, _SANDBOX],
        },
        **{setting.name: _property(setting, order) for order, setting in enumerate(OPTIONS, 1)},
    },
}


def _moved_to(*path: str) -> dict[str, Any]:
    return {"type": "string", "path_in_connector_config": list(path)}


_CONSENT_FLOW: dict[str, Any] = {
    "consent_url": (
        "https://business-api.tiktok.com/portal/auth?{{client_id_param}}&{{redirect_uri_param}}&{{state_param}}"
    ),
    "access_token_url": "https://business-api.tiktok.com/open_api/v1.3/oauth2/access_token/",
    "access_token_headers": {"Content-Type": "application/json"},
    "access_token_params": {
        "app_id": "{{client_id_value}}",
        "secret": "{{client_secret_value}}",
        "auth_code": "{{auth_code_value}}",
    },
    "extract_output": ["data.access_token"],
    "state": {"min": 24, "max": 48},
    "client_id_key": "app_id",
    "client_secret_key": "secret",
    "auth_code_key": "auth_code",
}
"""How the platform asks the owner of the accounts for consent and gets the token. It fills in the templates.

Without it, the button to authenticate works only under the image name of Airbyte's own connector. The templates are
plain variables, because the platform refuses most filters.
"""

ADVANCED_AUTH: dict[str, Any] = {
    "auth_flow_type": "oauth2.0",
    "predicate_key": ["credentials", "auth_type"],
    "predicate_value": "oauth2.0",
    "oauth_config_specification": {
        "oauth_connector_input_specification": _CONSENT_FLOW,
        "complete_oauth_output_specification": {
            "type": "object",
            "properties": {
                "access_token": {
                    **_moved_to("credentials", "access_token"),
                    "path_in_oauth_response": ["data", "access_token"],
                },
            },
            "required": ["access_token"],
        },
        "complete_oauth_server_input_specification": {
            "type": "object",
            "properties": {"app_id": {"type": "string"}, "secret": {"type": "string"}},
            "required": ["app_id", "secret"],
        },
        "complete_oauth_server_output_specification": {
            "type": "object",
            "properties": {
                "app_id": _moved_to("credentials", "app_id"),
                "secret": _moved_to("credentials", "secret"),
            },
        },
    },
}

SPECIFICATION: dict[str, Any] = {
    "documentationUrl": DOCUMENTATION,
    "connectionSpecification": CONNECTION_SPECIFICATION,
    "supportsIncremental": True,
    "supported_destination_sync_modes": ["overwrite", "append", "append_dedup"],
    "advanced_auth": ADVANCED_AUTH,
}


def specification(documentation: str) -> dict[str, Any]:
    """The specification, with the address of the docs; empty for the usual one."""
    return SPECIFICATION | {"documentationUrl": documentation or DOCUMENTATION}
