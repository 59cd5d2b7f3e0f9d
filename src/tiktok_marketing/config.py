"""What the user asked for, typed and checked, from any of the accepted shapes.

Three shapes of credentials are read: Airbyte's `credentials` with `auth_type` `oauth2.0` or `sandbox_access_token`, and
the older one with `access_token` and `environment` at the top level. The other fields are at the top level in all
of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from tiktok_marketing.errors import ConfigurationError

DEFAULT_START_DATE = date(2016, 9, 1)
DEFAULT_ATTRIBUTION_WINDOW = 3
LONGEST_WINDOW = 30
"""Days that a daily report may span (`/report/integrated/get/`)."""

OAUTH = "oauth2.0"
SANDBOX = "sandbox_access_token"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SHORTEST_SECRET = 4
_SECRET_FIELDS = frozenset({"access_token", "app_id", "secret"})
_LEGACY_GRANULARITIES = frozenset({"LIFETIME", "DAY", "HOUR"})


class Refresh(StrEnum):
    """Which campaigns, ad groups and ads an incremental sync delivers."""

    CHANGED = "changed"
    """Those whose `modify_time` says that they changed, as Airbyte's connector does."""
    DAILY = "daily"
    """All of them in the first sync of a day (UTC), then those that changed."""
    ALWAYS = "always"
    """All of them."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """A checked configuration."""

    access_token: str
    app_id: str | None = None
    secret: str | None = None
    sandbox: bool = False
    advertiser_id: str | None = None
    """The one account to read; the token's list of accounts is then not asked for."""
    advertiser_ids: tuple[str, ...] = ()
    """Only these accounts; empty means all that the token reaches."""
    exclude_advertiser_ids: tuple[str, ...] = ()
    skip_inaccessible_advertisers: bool = False
    start_date: date = DEFAULT_START_DATE
    end_date: date | None = None
    """The last day to read, inclusive; None means today in each account's time zone."""
    attribution_window: int = DEFAULT_ATTRIBUTION_WINDOW
    """Days before the state that are read again, 0 to 364."""
    report_granularity: int = LONGEST_WINDOW
    """Days that one request of a daily report spans, 1 to 30."""
    include_deleted: bool = False
    refresh_objects: Refresh = Refresh.CHANGED
    skip_empty_days: bool = True
    """Whether an account's days are asked about at account level first, and those without data then left out."""
    requests_per_second: float = 10.0
    """What the application's tier allows each endpoint: 10, 20, 30 or 50."""

    def __post_init__(self) -> None:
        """Accept dates as text and ids as any list, and refuse what `parse_config` would refuse.

        Raises:
            ConfigurationError: Naming the field that is wrong and what it should be.
        """
        if not isinstance(self.access_token, str) or not self.access_token:
            raise ConfigurationError("access_token is missing.", remedy=_credentials_remedy())
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        checked = {
            "start_date": parse_day(self.start_date, "start_date") or DEFAULT_START_DATE,
            "end_date": parse_day(self.end_date, "end_date"),
            "advertiser_ids": _ids(fields, "advertiser_ids"),
            "exclude_advertiser_ids": _ids(fields, "exclude_advertiser_ids"),
            "attribution_window": _number(fields, "attribution_window", 0, 364, DEFAULT_ATTRIBUTION_WINDOW),
            "report_granularity": _granularity(fields),
            "refresh_objects": _refresh(fields),
            "requests_per_second": _rate(fields),
        }
        for name in ("sandbox", "skip_inaccessible_advertisers", "include_deleted", "skip_empty_days"):
            checked[name] = _flag(fields, name)
        for name, value in checked.items():
            msgspec.structs.force_setattr(self, name, value)
        _check_order(self.start_date, self.end_date)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The fields without the secrets, for rich and for `repr`."""
        values = [(name, getattr(self, name)) for name in self.__struct_fields__]
        return [(name, "***" if value and name in _SECRET_FIELDS else value) for name, value in values]

    def __repr__(self) -> str:
        return f"Config({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may contain."""
        return tuple(secret for secret in (self.access_token, self.secret, self.app_id) if secret)


def load_config(path: Path | str) -> Config:
    """Read a configuration file.

    Raises:
        ConfigurationError: If it cannot be read or used.
    """
    return parse_config(read_json(path, "configuration"))


def read_json(path: Path | str, what: str) -> Any:
    """Read a JSON file that a user named.

    Args:
        path: Where it is.
        what: What it is, for errors: "configuration", "catalog", "state".

    Raises:
        ConfigurationError: If there is no such file, it cannot be read, or it is not JSON.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(
            f"The {what} file {path} does not exist.", remedy="Check the path, or write the file first."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(
            f"The {what} file {path} cannot be read: {reason}.", remedy="Check the file and its permissions."
        ) from None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ConfigurationError(
            f"The {what} file {path} is not valid JSON{where}.",
            remedy="Mend that place; a stray comma is a common cause.",
        ) from None


def parse_config(raw: Any) -> Config:
    """Check a configuration and bring it into one shape.

    Raises:
        ConfigurationError: Naming the field that is wrong and what it should be.
    """
    try:
        return _parse(raw)
    except ConfigurationError as error:
        raise ConfigurationError(_masked(error.message, raw), remedy=error.remedy) from None
    except RecursionError:
        raise ConfigurationError(
            "The configuration is nested too deeply.", remedy="A field holds more brackets than it can mean."
        ) from None


def _parse(raw: Any) -> Config:
    if not isinstance(raw, Mapping):
        raise ConfigurationError(
            "The configuration is not a JSON object.",
            remedy='It should look like {"credentials": {...}, "start_date": ...}.',
        )
    start_date = _day(raw, "start_date") or DEFAULT_START_DATE
    end_date = _day(raw, "end_date")
    return Config(
        **_credentials(raw),
        advertiser_ids=_ids(raw, "advertiser_ids"),
        exclude_advertiser_ids=_ids(raw, "exclude_advertiser_ids"),
        skip_inaccessible_advertisers=_flag(raw, "skip_inaccessible_advertisers"),
        start_date=start_date,
        end_date=end_date,
        attribution_window=_number(raw, "attribution_window", 0, 364, DEFAULT_ATTRIBUTION_WINDOW),
        report_granularity=_granularity(raw),
        include_deleted=_flag(raw, "include_deleted"),
        refresh_objects=_refresh(raw),
        skip_empty_days=_flag(raw, "skip_empty_days", default=True),
        requests_per_second=_rate(raw),
    )


def _credentials(raw: Mapping[str, Any]) -> dict[str, Any]:
    credentials = raw.get("credentials") or {}
    if not isinstance(credentials, Mapping):
        raise ConfigurationError("credentials is not an object.", remedy=_credentials_remedy())
    if credentials:
        kind = credentials.get("auth_type")
        if not isinstance(kind, str) or kind not in {OAUTH, SANDBOX}:
            raise ConfigurationError(
                f"credentials.auth_type is {_shown(kind)}.", remedy=f'It must be "{OAUTH}" or "{SANDBOX}".'
            )
        return _typed_credentials(credentials, "credentials", sandbox=kind == SANDBOX, token_in=credentials)
    environment = raw.get("environment") or {}
    if not isinstance(environment, Mapping) or not (environment or raw.get("access_token")):
        raise ConfigurationError("The configuration has no credentials.", remedy=_credentials_remedy())
    return _typed_credentials(environment, "environment", sandbox=not environment.get("secret"), token_in=raw)


def _typed_credentials(
    fields: Mapping[str, Any], where: str, *, sandbox: bool, token_in: Mapping[str, Any]
) -> dict[str, Any]:
    token_name = "access_token" if token_in is not fields else f"{where}.access_token"
    token = _text(token_in.get("access_token"), token_name)
    advertiser_id = _text(fields.get("advertiser_id"), f"{where}.advertiser_id")
    app_id = _text(fields.get("app_id"), f"{where}.app_id")
    secret = _text(fields.get("secret"), f"{where}.secret")
    required = {token_name: token}
    required |= (
        {f"{where}.advertiser_id": advertiser_id} if sandbox else {f"{where}.app_id": app_id, f"{where}.secret": secret}
    )
    missing = [name for name, value in required.items() if not value]
    if missing:
        raise ConfigurationError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing.", remedy=_credentials_remedy()
        )
    if advertiser_id is not None and not _is_id(advertiser_id):
        raise ConfigurationError(
            f"{where}.advertiser_id is {_shown(advertiser_id)}.", remedy="An advertiser id is a number of 19 digits."
        )
    return {
        "access_token": token,
        "app_id": app_id,
        "secret": secret,
        "sandbox": sandbox,
        "advertiser_id": advertiser_id,
    }


def _credentials_remedy() -> str:
    return (
        'Give credentials {"auth_type": "oauth2.0", "app_id", "secret", "access_token"} for production, '
        'or {"auth_type": "sandbox_access_token", "advertiser_id", "access_token"} for a sandbox account.'
    )


def _text(value: Any, name: str) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ConfigurationError(f"{name} is not a text.", remedy="Put the value in quotes.")
    text = str(value).strip()
    if not text.isascii() or not text.isprintable():
        raise ConfigurationError(
            f"{name} holds characters that it cannot have.", remedy="Copy it again, without line breaks."
        )
    return text or None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _masked(text: str, raw: Any) -> str:
    """The text without the secrets of a configuration, which somebody may have put into another field."""
    holders = [raw, raw.get("credentials"), raw.get("environment")] if isinstance(raw, Mapping) else []
    values = [
        holder.get(name)
        for holder in holders
        if isinstance(holder, Mapping)
        for name in ("access_token", "secret", "app_id")
    ]
    secrets = {str(value).strip() for value in values if isinstance(value, (str, int))}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***").replace(json.dumps(secret)[1:-1], "***")
    return text


def _check_order(start_date: date, end_date: date | None) -> None:
    if end_date is not None and start_date > end_date:
        raise ConfigurationError(
            f"start_date {start_date} is after end_date {end_date}.",
            remedy="Swap them, or leave end_date out to read up to today.",
        )


def _day(raw: Mapping[str, Any], name: str) -> date | None:
    return parse_day(raw.get(name), name)


def parse_day(value: Any, name: str) -> date | None:
    """A day that somebody wrote; None if it is None or an empty text.

    Args:
        value: `YYYY-MM-DD`, or a date.
        name: What it is, for errors.

    Raises:
        ConfigurationError: If it is not a date.
    """
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            pass
    raise ConfigurationError(
        f"{name} is {_shown(value)}, which is not a date.", remedy="Write it as YYYY-MM-DD, for example 2026-01-31."
    )


def _number(raw: Mapping[str, Any], name: str, low: int, high: int, default: int) -> int:
    value = raw.get(name)
    if value is None or value == "":
        return default
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value.strip()):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigurationError(
            f"{name} is {_shown(value)}.", remedy=f"It must be a whole number from {low} to {high}."
        )
    return value


def _granularity(raw: Mapping[str, Any]) -> int:
    # Before 0.1.13 Airbyte's connector used this name for LIFETIME, DAY and HOUR; such configurations still exist.
    value = raw.get("report_granularity")
    if isinstance(value, str) and value.strip().upper() in _LEGACY_GRANULARITIES:
        return LONGEST_WINDOW
    return _number(raw, "report_granularity", 1, LONGEST_WINDOW, LONGEST_WINDOW)


def _rate(raw: Mapping[str, Any]) -> float:
    value = raw.get("requests_per_second")
    if value is None or value == "":
        return 10.0
    try:
        rate = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        rate = -1.0
    if not 0.1 <= rate <= 1000:
        raise ConfigurationError(
            f"requests_per_second is {_shown(value)}.",
            remedy="Give the requests a second that your application's tier allows: 10 (Basic), 20, 30 or 50.",
        )
    return rate


def _refresh(raw: Mapping[str, Any]) -> Refresh:
    value = raw.get("refresh_objects")
    if value is None or value == "":
        return Refresh.CHANGED
    try:
        return Refresh(value)
    except ValueError:
        raise ConfigurationError(
            f"refresh_objects is {_shown(value)}.", remedy='It must be "changed", "daily" or "always".'
        ) from None


def _flag(raw: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    value = raw.get(name)
    if value is None or value == "":
        return default
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    if not isinstance(value, bool):
        raise ConfigurationError(f"{name} is {_shown(value)}.", remedy="It must be true or false.")
    return value


def _ids(raw: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = raw.get(name)
    if value is None or value == "":
        return ()
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or any(
        isinstance(item, bool) or not isinstance(item, (str, int)) for item in items
    ):
        raise ConfigurationError(
            f"{name} is not a list of advertiser ids.", remedy='Write it as ["7000000000000000001"].'
        )
    ids = tuple(dict.fromkeys(text for item in items if (text := str(item).strip())))
    wrong = [text for text in ids if not _is_id(text)]
    if wrong:
        raise ConfigurationError(
            f"{name} holds {_shown(wrong[0])}.", remedy="An advertiser id is a number of 19 digits."
        )
    return ids


def _shown(value: Any) -> str:
    """A value as an error can show it; a part of a long one could be a part of a secret."""
    if isinstance(value, (list, dict)):
        return "a list or an object"
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else f"a text of {len(text) - 2} characters"
