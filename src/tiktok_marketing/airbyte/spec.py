"""The connector's specification for Airbyte: which configuration it accepts. Only data, so importing it is fast.

Its schema accepts what the code accepts: an empty text or null for a value that is not set, and numbers and flags as
text. Airbyte's form shows a field by the first of its types, and shows a choice only if `credentials` is an object with
two plain branches. So two things are not in the schema: null as `credentials`, and secrets that are numbers.
"""

from __future__ import annotations

from typing import Any

from tiktok_marketing.config import AIRBYTE

_DOCUMENTATION = "https://docs.airbyte.com/integrations/sources/tiktok-marketing"

_DATE = r"^$|^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*$"
_UP_TO_364 = r"0*([0-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-4])"
_UP_TO_30 = r"0*([1-9]|[12][0-9]|30)"
_FORMER_GRANULARITIES = "[Ll][Ii][Ff][Ee][Tt][Ii][Mm][Ee]|[Dd][Aa][Yy]|[Hh][Oo][Uu][Rr]"
"""What Airbyte's connector called `report_granularity` before 0.1.13."""
_RATE = r"0*(0?\.[1-9][0-9]*|[1-9][0-9]{0,2}(\.[0-9]*)?|1000(\.0*)?)"
_FLAG = "[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]"
_ID = r"\s*[0-9]*\s*"


def _number(type_name: str, minimum: float, maximum: float, text: str) -> dict[str, Any]:
    """A number, which may be written as text. JSON Schema applies bounds to numbers and patterns to texts only."""
    pattern = rf"^$|^\s*({text})\s*$"
    return {"type": [type_name, "string", "null"], "minimum": minimum, "maximum": maximum, "pattern": pattern}


def _flag(*, default: bool) -> dict[str, Any]:
    return {"type": ["boolean", "string", "null"], "default": default, "pattern": rf"^$|^\s*({_FLAG})\s*$"}


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
            "pattern": r"^\s*[0-9]+\s*$",
            "minimum": 0,
            "description": "The id of the sandbox account from the developer portal.",
        },
        "access_token": _secret("Access Token", "The access token of the sandbox account."),
    },
}


def _advertiser_list(title: str, description: str, order: int) -> dict[str, Any]:
    return {
        "title": title,
        "type": ["array", "string", "null"],
        "items": {"type": ["string", "integer"], "pattern": f"^{_ID}$", "minimum": 0},
        "pattern": f"^{_ID}(,{_ID})*$",
        "description": description,
        "order": order,
    }


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
        "start_date": {
            "title": "Replication Start Date",
            "type": ["string", "null"],
            "format": "date",
            "pattern": _DATE,
            "pattern_descriptor": "YYYY-MM-DD",
            "default": "2016-09-01",
            "description": (
                "The first day to read, as YYYY-MM-DD in each account's time zone. "
                "Objects that were last changed before this day are left out."
            ),
            "order": 1,
        },
        "end_date": {
            "title": "End Date",
            "type": ["string", "null"],
            "format": "date",
            "pattern": _DATE,
            "pattern_descriptor": "YYYY-MM-DD",
            "description": "The last day to read (inclusive), as YYYY-MM-DD. Leave it empty to read up to today.",
            "order": 2,
        },
        "attribution_window": {
            "title": "Attribution Window",
            **_number("integer", 0, 364, _UP_TO_364),
            "default": AIRBYTE.attribution_window,
            "description": (
                "How many days before the last synced day each sync reads again. "
                "TikTok keeps adding conversions to past days."
            ),
            "order": 3,
        },
        "report_granularity": {
            "title": "Daily Reports Date Step",
            **_number("integer", 1, 30, f"{_UP_TO_30}|{_FORMER_GRANULARITIES}"),
            "default": 30,
            "examples": [30, 7, 1],
            "description": (
                "How many days one request of a daily report covers. Lower it if TikTok rejects large requests."
            ),
            "order": 4,
        },
        "include_deleted": {
            "title": "Include Deleted Data in Reports",
            **_flag(default=AIRBYTE.include_deleted),
            "description": "Whether to read deleted campaigns, ad groups and ads, and their rows in reports.",
            "order": 5,
        },
        "advertiser_ids": _advertiser_list(
            "Only These Advertisers",
            "The ids of the ad accounts to read. Leave it empty to read every account that the token can access.",
            6,
        ),
        "exclude_advertiser_ids": _advertiser_list(
            "Excluded Advertisers", "The ids of the ad accounts to leave out.", 7
        ),
        "skip_inaccessible_advertisers": {
            "title": "Skip Inaccessible Advertisers",
            **_flag(default=False),
            "description": (
                "Whether an account that TikTok denies access to causes only a warning. "
                "If not, the sync reads all other accounts and then ends with an error that names this account."
            ),
            "order": 8,
        },
        "refresh_objects": {
            "title": "Campaigns, Ad Groups and Ads in Incremental Syncs",
            "type": ["string", "null"],
            "enum": ["changed", "daily", "always", "", None],
            "default": "changed",
            "description": (
                "Which campaigns, ad groups and ads an incremental sync delivers. "
                "changed: objects with a new modify_time. TikTok does not update it when an object's status changes "
                "because of another object. "
                "daily: all objects in the first sync of each day (UTC), later only changed objects. "
                "always: all objects in every sync."
            ),
            "order": 9,
        },
        "skip_empty_days": {
            "title": "Skip Days without Data",
            **_flag(default=True),
            "description": (
                "Whether to ask TikTok first which days have data, for five accounts per request. "
                "Daily and hourly reports then skip all other days. The rows are the same with and without it."
            ),
            "order": 10,
        },
        "requests_per_second": {
            "title": "Requests per Second",
            **_number("number", 0.1, 1000, _RATE),
            "default": 10,
            "examples": [10, 20, 30, 50],
            "description": (
                "How many requests per second the application's tier allows per endpoint: 10 (Basic), 20 (Advanced), "
                "30 (Premium) or 50 (Ultimate)."
            ),
            "order": 11,
        },
    },
}


def _moved_to(*path: str) -> dict[str, Any]:
    return {"type": "string", "path_in_connector_config": list(path)}


ADVANCED_AUTH: dict[str, Any] = {
    "auth_flow_type": "oauth2.0",
    "predicate_key": ["credentials", "auth_type"],
    "predicate_value": "oauth2.0",
    "oauth_config_specification": {
        "complete_oauth_output_specification": {
            "type": "object",
            "properties": {"access_token": _moved_to("credentials", "access_token")},
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
    "documentationUrl": _DOCUMENTATION,
    "connectionSpecification": CONNECTION_SPECIFICATION,
    "supportsIncremental": True,
    "supported_destination_sync_modes": ["overwrite", "append", "append_dedup"],
    "advanced_auth": ADVANCED_AUTH,
}
