"""The tables that belong to the views: the settings of a layout, the offsets of accounts, and the exchange rates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import msgspec

from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.pipelines.databases.destination import Session
from tiktok_marketing.pipelines.databases.names import quoted_name
from tiktok_marketing.sync.plan.zones import ZONE_AHEAD_OF_ALL, zones_of
from tiktok_marketing.views.currency import (
    MOST_DAYS_OLD,
    DailyRate,
    EuropeanCentralBank,
    OwnRates,
    RateSource,
    daily_rates,
    remarks,
)
from tiktok_marketing.views.dialects import Dialect
from tiktok_marketing.views.presence import relations_of
from tiktok_marketing.views.rendering import ACCOUNTS_TABLE, RATES_TABLE, Tables

SETTINGS_TABLE = "_tiktok_views"
"""Has a row per setting of a layout, so that a later run without options keeps them."""
DATASET = "dataset"
"""The setting that says over the tables of which schema the views of a layout are."""
DEFAULT_CURRENCY = "USD"
_ROWS_PER_STATEMENT = 500


class ViewSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the user chose for the views. None stands for what an earlier run chose, or else for the default.

    Args:
        layout: One of `LAYOUTS`.
        schema: The schema of the views; None for that of the tables.
        currency: The currency that amounts are converted into, as a three-letter ISO 4217 code.
        rates: A table or view of the user's with the columns currency, day and rate; "ecb" for the European Central
            Bank's rates.
        smart_plus_in_ad_history: Whether the layout `fivetran` has the creatives of upgraded Smart+ ads in ad_history,
            as dbt_tiktok_ads before 1.3 needs it.
    """

    layout: str = "answers"
    schema: str | None = None
    currency: str | None = None
    rates: str | None = None
    smart_plus_in_ad_history: bool | None = None


def with_stored(session: Session, dialect: Dialect, schema: str, settings: ViewSettings) -> ViewSettings:
    """Fill in what an earlier run chose, and the defaults."""
    stored: dict[str, str] = {}
    if SETTINGS_TABLE in relations_of(session, dialect, schema):
        name = f"{quoted_name(schema)}.{quoted_name(SETTINGS_TABLE)}"
        sql = f"SELECT setting, value FROM {name} WHERE layout = ?"  # noqa: S608
        stored = dict(session.execute(sql, [settings.layout]))
    in_ad_history = stored.get("smart_plus_in_ad_history") == "true"
    return msgspec.structs.replace(
        settings,
        currency=(settings.currency or stored.get("currency") or DEFAULT_CURRENCY).upper(),
        rates=settings.rates or stored.get("rates") or "ecb",
        smart_plus_in_ad_history=in_ad_history
        if settings.smart_plus_in_ad_history is None
        else settings.smart_plus_in_ad_history,
    )


def store(session: Session, dataset: str, schema: str, settings: ViewSettings) -> None:
    """Remember the settings of a layout, and over which tables its views are."""
    name = f"{quoted_name(schema)}.{quoted_name(SETTINGS_TABLE)}"
    session.execute(f"CREATE TABLE IF NOT EXISTS {name} (layout VARCHAR, setting VARCHAR, value VARCHAR)")
    session.execute(f"DELETE FROM {name} WHERE layout = ?", [settings.layout])  # noqa: S608
    chosen = (
        {"currency": settings.currency, "rates": settings.rates}
        if settings.layout == "answers"
        else {"smart_plus_in_ad_history": "true" if settings.smart_plus_in_ad_history else "false"}
    )
    rows = [(settings.layout, setting, value) for setting, value in {**chosen, DATASET: dataset}.items()]
    _insert(session, name, rows)


def fill_own_tables(session: Session, tables: Tables, settings: ViewSettings, today: date | None) -> list[str]:
    """Write the accounts' offsets and the exchange rates. Returns what a person should know about them."""
    accounts = _accounts(session, tables)
    offsets = [(advertiser_id, _offset(*zones)) for advertiser_id, _, *zones in accounts]
    _replace_table(session, tables, ACCOUNTS_TABLE, "advertiser_id BIGINT, utc_offset_minutes BIGINT", offsets)
    currencies = sorted({currency for _, currency, *_ in accounts if currency})
    today = today or datetime.now(UTC).date()
    until = today + timedelta(days=MOST_DAYS_OLD)
    rates: list[DailyRate] = []
    said: list[str] = []
    source = _rate_source(session, settings)
    if currencies:
        reporting = settings.currency or DEFAULT_CURRENCY
        first = _first_day(session, tables) or today
        rates = list(daily_rates(source, currencies, reporting, first, until))
        said = remarks(source, currencies, reporting, rates, today)
    _replace_table(
        session,
        tables,
        RATES_TABLE,
        "currency VARCHAR, day DATE, reporting_currency VARCHAR, rate DECIMAL(24,12), rate_day DATE",
        [(rate.currency, rate.day, settings.currency, rate.rate, rate.rate_day) for rate in rates],
    )
    return said


def _accounts(session: Session, tables: Tables) -> list[tuple[Any, ...]]:
    """Return the accounts: id, currency, and the two names of the time zone."""
    present = tables.columns.get("advertisers", {})
    if "advertiser_id" not in present:
        return []
    names = ("currency", "timezone", "display_timezone")
    columns = ", ".join(name if name in present else "NULL" for name in names)
    table = tables.named(tables.dataset, "advertisers")
    return session.execute(f"SELECT advertiser_id, {columns} FROM {table} WHERE advertiser_id IS NOT NULL")  # noqa: S608


def _offset(timezone: Any, display_timezone: Any) -> int | None:
    """Return how many minutes an account's time is ahead of UTC; None if its zone is unknown."""
    zone, _ = zones_of(timezone, display_timezone)
    offset = zone.utcoffset(datetime.now(UTC))
    return None if zone is ZONE_AHEAD_OF_ALL or offset is None else int(offset.total_seconds() // 60)


def _first_day(session: Session, tables: Tables) -> date | None:
    """Return the first day of any daily report."""
    days = []
    for stream in tables.reports:
        if stream.cursor == "stat_time_day" and stream.cursor in tables.columns.get(stream.name, {}):
            table = tables.named(tables.dataset, stream.name)
            days += [day for (day,) in session.execute(f"SELECT min(stat_time_day) FROM {table}") if day]  # noqa: S608
    return min(days, default=None)


def _rate_source(session: Session, settings: ViewSettings) -> RateSource:
    """Return where the exchange rates come from.

    Raises:
        ConfigurationError: The user's table cannot be read, or the package is not installed.
    """
    if settings.rates in {None, "ecb"}:
        source = EuropeanCentralBank.installed()
        if not source.quotes(settings.currency or "", "EUR"):
            raise ConfigurationError(
                f"The European Central Bank has no rates of {settings.currency!r}.",
                remedy="Choose another --currency, for example EUR or USD, or give a table of your own with --rates.",
            )
        return source
    name = ".".join(quoted_name(part) for part in str(settings.rates).split("."))
    try:
        rows = session.execute(
            f"SELECT currency, CAST(day AS DATE), CAST(rate AS DECIMAL(24,12)) FROM {name}"  # noqa: S608
            " WHERE currency IS NOT NULL AND day IS NOT NULL AND rate > 0"
        )
    except Exception as error:
        raise ConfigurationError(
            f"The exchange rates in {settings.rates} cannot be read: {str(error).splitlines()[0]}",
            remedy="Name a table or view, with its schema, that has the columns currency, day and rate.",
        ) from error
    return OwnRates(str(settings.rates), rows)


def _replace_table(session: Session, tables: Tables, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Replace the rows of a table of ours. The table itself stays, because views depend on it."""
    name = tables.named(tables.schema, table)
    session.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")
    session.execute(f"DELETE FROM {name}")  # noqa: S608
    _insert(session, name, rows)


def _insert(session: Session, name: str, rows: Iterable[tuple[Any, ...]]) -> None:
    remaining = iter(rows)
    while some := list(islice(remaining, _ROWS_PER_STATEMENT)):
        holders = ", ".join(f"({', '.join('?' for _ in row)})" for row in some)
        session.execute(f"INSERT INTO {name} VALUES {holders}", [value for row in some for value in row])  # noqa: S608
