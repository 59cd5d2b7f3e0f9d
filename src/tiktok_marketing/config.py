"""The user's configuration, typed and checked.

Credentials are accepted in three shapes: Airbyte's `credentials` with `auth_type` `oauth2.0` or `sandbox_access_token`,
and the older one with `access_token` and `environment` at the top level. All other fields are at the top level in
every shape.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NewType

import msgspec

from tiktok_marketing.config_keys import KNOWN_KEYS, unknown_keys
from tiktok_marketing.config_values import READERS, is_advertiser_id, is_exact_number, shown_value
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.json_files import read_json
from tiktok_marketing.settings import CREDENTIALS, LONGEST_WINDOW, OPTIONS, SECRETS, Kind, Setting, option
from tiktok_marketing.shards import Shard
from tiktok_marketing.text import Mask, mask_known

if TYPE_CHECKING:
    from tiktok_marketing.catalog.custom_reports import CustomReport

AdvertiserId = NewType("AdvertiserId", str)
"""An ad account's id: digits, as TikTok writes it."""

DEFAULT_START_DATE = date.fromisoformat(option("start_date").default)
OAUTH, SANDBOX = CREDENTIALS[0].choices


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """What a configuration means where it is silent, and what becomes of keys that mean nothing.

    Args:
        attribution_window: The default of `attribution_window`.
        include_deleted: The default of `include_deleted`.
        objects_since_start_date: Whether `start_date` limits objects, too. Otherwise they come whatever their age.
        refuses_unknown_keys: Whether an unknown key is an error. Otherwise it is a warning.
    """

    attribution_window: int
    include_deleted: bool
    objects_since_start_date: bool
    refuses_unknown_keys: bool


COMMAND = Face(
    attribution_window=option("attribution_window").default,
    include_deleted=option("include_deleted").default,
    objects_since_start_date=False,
    refuses_unknown_keys=True,
)
"""The command and the library answer "what did I spend and get?": with TikTok's usual click window of seven days, and
with everything that money was spent on, also what was deleted or has not changed since `start_date`."""
AIRBYTE = Face(attribution_window=3, include_deleted=False, objects_since_start_date=True, refuses_unknown_keys=False)
"""The Airbyte source keeps the defaults of Airbyte's connector."""


def describe_settings(config: Config) -> str:
    """The settings that decide what is in the data, and which of them are the defaults of the command, for people."""
    texts = [f"start_date {config.start_date}" + (" (the default)" if config.start_date == DEFAULT_START_DATE else "")]
    if config.end_date is not None:
        texts.append(f"end_date {config.end_date}")
    for name in ("attribution_window", "include_deleted"):
        value, default = getattr(config, name), getattr(COMMAND, name)
        texts.append(f"{name} {json.dumps(value)}" + (" (the default)" if value == default else ""))
    return ", ".join(texts)


class Refresh(StrEnum):
    """Which campaigns, ad groups and ads an incremental sync delivers."""

    CHANGED = "changed"
    """Those whose `modify_time` shows a change, as Airbyte's connector does."""
    DAILY = "daily"
    """All of them in the first sync of a day (UTC), then only those that changed."""
    ALWAYS = "always"
    """All of them."""


class AsyncReports(StrEnum):
    """How reports of many pages are read."""

    OFF = "off"
    """Page by page."""
    AUTO = "auto"
    """As asynchronous reports, where TikTok allows them to the application and they have the same rows."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """A checked configuration, with the defaults of the command and the library (`settings`)."""

    access_token: str
    app_id: str | None = None
    secret: str | None = None
    sandbox: bool = False
    advertiser_id: AdvertiserId | None = None
    """The only account to read; the token's list of accounts is not requested then."""
    advertiser_ids: tuple[AdvertiserId, ...] = ()
    """Read these accounts only; empty means all that the token has access to."""
    exclude_advertiser_ids: tuple[AdvertiserId, ...] = ()
    skip_inaccessible_advertisers: bool = False
    start_date: date = DEFAULT_START_DATE
    """The first day of reports."""
    end_date: date | None = None
    """The last day to read, inclusive; None means today in each account's time zone."""
    attribution_window: int = COMMAND.attribution_window
    """How many days before the state are read again, 0 to 364."""
    report_granularity: int = LONGEST_WINDOW
    """How many days one request for a daily report spans, 1 to 30."""
    include_deleted: bool = COMMAND.include_deleted
    """Whether to read deleted campaigns, ad groups and ads, and their rows in reports."""
    include_promote: bool = False
    """Whether to read posts that were boosted in TikTok's app, and their rows in reports."""
    objects_since_start_date: bool = COMMAND.objects_since_start_date
    """Whether to leave out objects that last changed before `start_date`, as the Airbyte source does."""
    refresh_objects: Refresh = Refresh.CHANGED
    skip_empty_days: bool = True
    """Whether to ask at account level first which days have data, and to skip the days without any."""
    async_reports: AsyncReports = AsyncReports.OFF
    requests_per_second: float = 10.0
    """Requests per second that the application's tier allows per endpoint: 10, 20, 30 or 50."""
    shard: Shard | None = None
    """Which of several processes this is, if they share the accounts and the quota; None to read all accounts."""
    custom_reports: tuple[CustomReport, ...] = ()
    """Reports of one's own, each of which is a stream."""
    extra_metrics: Mapping[str, tuple[str, ...]] = {}
    """Level (`account`, `campaign`, `ad_group`, `ad`) to metrics to add to the reports of that level."""

    def __post_init__(self) -> None:
        """Accept dates as text and ids as any list, and reject what `parse_config` rejects.

        Raises:
            ConfigurationError: With the field that is wrong and what it should be.
        """
        if not isinstance(self.access_token, str) or not self.access_token:
            raise ConfigurationError("access_token is missing.", remedy=credentials_remedy(), settings=["access_token"])
        for setting in (*OPTIONS, *_DERIVED):
            value = _value(setting, getattr(self, setting.name), COMMAND)
            msgspec.structs.force_setattr(self, setting.name, value)
        mask_known.add(self.secrets)
        _check_order(self.start_date, self.end_date)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The fields without the secrets, for rich and for `repr`."""
        values = [(name, getattr(self, name)) for name in self.__struct_fields__]
        return [(name, "***" if value and name in SECRETS else value) for name, value in values]

    def __repr__(self) -> str:
        return f"Config({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that no message may contain."""
        return tuple(secret for secret in (getattr(self, name) for name in SECRETS) if secret)


_DERIVED = (
    Setting(name="sandbox", kind=Kind.FLAG, default=False),
    Setting(name="objects_since_start_date", kind=Kind.FLAG, default=COMMAND.objects_since_start_date),
)
"""The fields of a configuration that no file has: they follow from the credentials and the face."""


def load_file(path: Path | str, face: Face = COMMAND, *, on_warning: Callable[[str], None] | None = None) -> Config:
    """Read a configuration that stands in one file, and nowhere else.

    Args:
        path: The file's path.
        face: Who reads it. The default is for the command and the library.
        on_warning: Called with each warning about the configuration.

    Raises:
        ConfigurationError: If it cannot be read or used.
    """
    raw = read_json(path, "configuration")
    return parse_config(raw, face, source=f"The configuration file {path}", on_warning=on_warning)


def parse_config(
    raw: Any,
    face: Face = COMMAND,
    *,
    source: str = "The configuration",
    on_warning: Callable[[str], None] | None = None,
) -> Config:
    """Check a configuration and convert it to one shape.

    Args:
        raw: The configuration, as JSON decodes it.
        face: Who reads it.
        source: Where it is from, for errors.
        on_warning: Called with each warning about it.

    Raises:
        ConfigurationError: With the field that is wrong and what it should be.
    """
    try:
        _check_keys(raw, face, source, on_warning)
        return _parse(raw, face)
    except ConfigurationError as error:
        raise ConfigurationError(_masked(error.message, raw), remedy=error.remedy, settings=error.settings) from None
    except RecursionError:
        raise ConfigurationError(
            "The configuration is nested too deeply.", remedy="Remove the extra brackets from its fields."
        ) from None


def _check_keys(raw: Any, face: Face, source: str, on_warning: Callable[[str], None] | None) -> None:
    """Refuse keys that mean nothing, or warn of them: what they should set would silently stay at its default."""
    unknown = unknown_keys(raw)
    if not unknown:
        return
    message = f"{source} has {'an unknown key' if len(unknown) == 1 else 'unknown keys'}: {', '.join(unknown)}."
    if face.refuses_unknown_keys:
        raise ConfigurationError(message, remedy=f"Correct the name or remove the key. {KNOWN_KEYS}")
    if on_warning is not None:
        on_warning(
            _masked(f"{message} It has no effect." if len(unknown) == 1 else f"{message} They have no effect.", raw)
        )


def _parse(raw: Any, face: Face) -> Config:
    if not isinstance(raw, Mapping):
        raise ConfigurationError(
            "The configuration is not a JSON object.",
            remedy='Write it as {"credentials": {...}, "start_date": ...}.',
        )
    days = _values(raw, face, [setting for setting in OPTIONS if setting.kind is Kind.DAY])
    credentials = _credentials(raw)
    others = _values(raw, face, [setting for setting in OPTIONS if setting.kind is not Kind.DAY])
    return Config(**credentials, **days, **others, objects_since_start_date=face.objects_since_start_date)


def _values(raw: Mapping[str, Any], face: Face, settings: Iterable[Setting]) -> dict[str, Any]:
    return {setting.name: _value(setting, raw.get(setting.name), face) for setting in settings}


def _value(setting: Setting, value: Any, face: Face) -> Any:
    """What a setting means.

    Raises:
        ConfigurationError: If it cannot have this value.
    """
    if value is None or value == "":
        value = getattr(face, setting.name, setting.default)
    if value is None:
        return None
    return _choice(value, setting) if setting.kind is Kind.CHOICE else READERS[setting.kind](value, setting)


def _credentials(raw: Mapping[str, Any]) -> dict[str, Any]:
    credentials = raw.get("credentials") or {}
    if not isinstance(credentials, Mapping):
        raise ConfigurationError("credentials is not an object.", remedy=credentials_remedy())
    if credentials:
        kind = credentials["auth_type"] if "auth_type" in credentials else kind_of_credentials(credentials)
        if not isinstance(kind, str) or kind not in {OAUTH, SANDBOX}:
            raise ConfigurationError(
                f"credentials.auth_type is {shown_value(kind)}.",
                remedy=f'Set it to "{OAUTH}" or "{SANDBOX}".',
                settings=["auth_type"],
            )
        return _typed_credentials(
            credentials,
            "credentials",
            sandbox=kind == SANDBOX,
            token_in=credentials,
            accounts_named=bool(credentials.get("advertiser_id") or raw.get("advertiser_ids")),
        )
    environment = raw.get("environment") or {}
    if not isinstance(environment, Mapping) or not (environment or raw.get("access_token")):
        raise ConfigurationError(
            "The configuration has no credentials.",
            remedy=credentials_remedy(),
            settings=["access_token", "app_id", "secret"],
        )
    return _typed_credentials(environment, "environment", sandbox=not environment.get("secret"), token_in=raw)


def kind_of_credentials(credentials: Mapping[str, Any]) -> str | None:
    """The kind of credentials without `auth_type`, which Airbyte's connector accepts too; None if it is not clear."""
    kinds = {OAUTH: ("app_id", "secret", "access_token"), SANDBOX: ("advertiser_id", "access_token")}
    fitting = [kind for kind, names in kinds.items() if all(name in credentials for name in names)]
    return fitting[0] if len(fitting) == 1 else None


def _typed_credentials(
    fields: Mapping[str, Any],
    where: str,
    *,
    sandbox: bool,
    token_in: Mapping[str, Any],
    accounts_named: bool = False,
) -> dict[str, Any]:
    token_name = "access_token" if token_in is not fields else f"{where}.access_token"
    token = _text(token_in.get("access_token"), token_name)
    advertiser_id = _text(fields.get("advertiser_id"), f"{where}.advertiser_id")
    app_id = _text(fields.get("app_id"), f"{where}.app_id")
    secret = _text(fields.get("secret"), f"{where}.secret")
    required = {token_name: token}
    if sandbox:
        required[f"{where}.advertiser_id"] = advertiser_id
    elif not accounts_named:  # only the list of accounts needs the application
        required |= {f"{where}.app_id": app_id, f"{where}.secret": secret}
    missing = [name for name, value in required.items() if not value]
    if missing:
        raise ConfigurationError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing.",
            remedy=credentials_remedy(),
            settings=[name.rpartition(".")[2] for name in missing],
        )
    if advertiser_id is not None and not is_advertiser_id(advertiser_id):
        raise ConfigurationError(
            f"{where}.advertiser_id is {shown_value(advertiser_id)}, which is not an advertiser id.",
            remedy="Use the account's id from TikTok Ads Manager, a number of 19 digits.",
            settings=["advertiser_id"],
        )
    return {
        "access_token": token,
        "app_id": app_id,
        "secret": secret,
        "sandbox": sandbox,
        "advertiser_id": AdvertiserId(advertiser_id) if advertiser_id is not None else None,
    }


def credentials_remedy() -> str:
    """How credentials are written in a configuration, as a sentence."""
    return (
        'Give credentials {"auth_type": "oauth2.0", "app_id", "secret", "access_token"} for production, '
        'or {"auth_type": "sandbox_access_token", "advertiser_id", "access_token"} for a sandbox account.'
    )


def _text(value: Any, name: str) -> str | None:
    if value is None or value == "":
        return None
    if is_exact_number(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ConfigurationError(
            f"{name} is not text.", remedy="Put the value in quotes.", settings=[name.rpartition(".")[2]]
        )
    text = str(value).strip()
    if not text.isascii() or not text.isprintable():
        raise ConfigurationError(
            f"{name} contains characters that are not allowed in it.",
            remedy="Copy it again, without line breaks.",
            settings=[name.rpartition(".")[2]],
        )
    return text or None


def _masked(text: str, raw: Any) -> str:
    """The text without the configuration's secrets, which somebody may have put into another field."""
    holders = [raw, raw.get("credentials"), raw.get("environment")] if isinstance(raw, Mapping) else []
    values = [holder.get(name) for holder in holders if isinstance(holder, Mapping) for name in SECRETS]
    return Mask(str(value).strip() for value in values if isinstance(value, (str, int)))(text)


def _check_order(start_date: date, end_date: date | None) -> None:
    if end_date is not None and start_date > end_date:
        raise ConfigurationError(
            f"start_date {start_date} is after end_date {end_date}.",
            remedy="Swap them, or remove end_date to read up to today.",
            settings=["start_date", "end_date"],
        )


_CHOICES: Mapping[str, type[StrEnum]] = {"refresh_objects": Refresh, "async_reports": AsyncReports}


def _choice(value: Any, setting: Setting) -> StrEnum:
    try:
        return _CHOICES[setting.name](value)
    except ValueError:
        *others, last = (f'"{choice}"' for choice in setting.choices)
        raise ConfigurationError(
            f"{setting.name} is {shown_value(value)}.",
            remedy=f"Set it to {', '.join(others)} or {last}.",
            settings=[setting.name],
        ) from None
