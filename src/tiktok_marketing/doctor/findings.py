"""What the checks find, as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import msgspec

from tiktok_marketing.errors import ConnectorError

_DAY = timedelta(days=1)
_WHOLE_CURRENCIES = frozenset({"CLP", "IDR", "ISK", "JPY", "KRW", "PYG", "VND"})
"""Currencies whose amounts TikTok writes without decimals."""


class Severity(StrEnum):
    """What a finding means for people who rely on the data."""

    WRONG = "wrong"
    """Something is missing, incorrect or about to fail."""
    WARNING = "warning"
    """Nothing is wrong now, but something may become wrong."""
    NOTE = "note"
    """Good to know: a difference with a good reason, or something that was not checked."""


class Fix(StrEnum):
    """The command that fixes a finding."""

    SYNC = "sync"
    """A plain sync: the next one reads the data again in any case."""
    FULL = "full"
    """A sync with `--full`, because a plain sync would start from its state and not read the data again."""


CREDENTIALS = "credentials"
"""The check of findings about the access as a whole."""
HIDDEN = "left out"
"""The check of findings about what a setting leaves out: nothing is wrong, but a person should know how much it is."""
REMOVE = "No sync removes these rows: delete them, or sync into a new file or schema."
"""What to do about rows that should not be there."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as it should be, or that a person should know.

    Args:
        severity: What it means.
        check: The check that found it.
        message: What was found, in one or two sentences.
        stream: The stream that it is about; None if it is about none or all.
        advertiser_id: The account that it is about; None if it is about none or all.
        days: The days that it is about, in the account's time zone.
        remedy: What to do, if it is not a command.
        fix: The command that fixes it, if there is one.
        fixed_with: Other streams that this command must read again, too.
        may_follow: Whether another finding about the same stream and account is the cause, if there is one.
        adds_to_sums: Whether the rows that it is about make sums too large, which then is no finding of its own.
        adds_on: The accounts and days of those rows, if they are known and not those of the finding.
    """

    severity: Severity
    check: str
    message: str
    stream: str | None = None
    advertiser_id: str | None = None
    days: tuple[date, ...] = ()
    remedy: str = ""
    fix: Fix | None = None
    fixed_with: tuple[str, ...] = ()
    adds_to_sums: bool = False
    adds_on: tuple[tuple[str, date], ...] = ()
    may_follow: bool = False


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """How up to date a stream is.

    Args:
        stream: The stream.
        rows: The number of rows in its table; None if there is no table.
        accounts: How many accounts have a state.
        behind: The cursor of the account that is furthest behind; None without a state.
        ahead: The cursor of the account that is furthest ahead.
        synced: When the last sync of the stream that ended began, in UTC.
        complete: Whether that sync delivered the whole stream.
        open_from: The first day whose figures may still change and which the next sync reads again.
    """

    stream: str
    rows: int | None = None
    accounts: int = 0
    behind: str | None = None
    ahead: str | None = None
    synced: datetime | None = None
    complete: bool = False
    open_from: date | None = None


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a database was compared with TikTok.

    Args:
        windows: The windows of reports (a stream, an account and some days) that were compared.
        windows_total: How many windows there are.
        lists: The lists of objects that were compared.
        lists_total: How many lists there are.
        requests: The requests that the whole examination sent.
    """

    windows: int
    windows_total: int
    lists: int
    lists_total: int
    requests: int

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        return self.windows == self.windows_total and self.lists == self.lists_total


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A check that was made, and its outcome in a few words."""

    name: str
    message: str


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an examination.

    Args:
        at: When it was made.
        checks: The checks that were made, in order.
        findings: What was found, the worst first.
        freshness: How up to date each stream of the database is; empty without a database.
        sample: How much was compared with TikTok; None if nothing was.
        reached: Whether TikTok answered, if it was asked. Otherwise nothing is known about the access.
    """

    at: datetime
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    freshness: tuple[Freshness, ...] = ()
    sample: Coverage | None = None
    reached: bool = True

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of one severity."""
        return tuple(finding for finding in self.findings if finding.severity is severity)

    @property
    def could_look(self) -> bool:
        """Whether it is known that something is wrong, or that nothing is."""
        return self.reached or any(finding.check != CREDENTIALS for finding in self.of(Severity.WRONG))

    @property
    def well(self) -> bool:
        """Whether nothing is wrong; there may be warnings."""
        return not self.of(Severity.WRONG)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, the worst first and each once; otherwise in the order in which they came."""
    ranks = list(Severity)
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: ranks.index(finding.severity)))


def days_after(day: date, last: date) -> tuple[date, ...]:
    """Return the days after one day up to another: at most four hundred, and then the last one."""
    count = (last - day).days
    days = tuple(day + timedelta(days=number) for number in range(1, min(count, 400) + 1))
    return days if count <= 400 else (*days, last)


def money(amount: Decimal, currency: str) -> str:
    """Write an amount as people write it, with its currency if that is known.

    Example:
        `1,234.56 USD`, `6,865,538 IDR`
    """
    is_whole = amount == amount.to_integral_value() and currency in _WHOLE_CURRENCIES
    return f"{amount:,.{0 if is_whole else 2}f} {currency}".rstrip()


def day_text(days: Sequence[date], most: int = 4) -> str:
    """Write days as people write them.

    Example:
        The 1st, 2nd, 3rd and 7th of March: `2026-03-01 to 2026-03-03, 2026-03-07`.
    """
    runs: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if runs and day - runs[-1][1] == _DAY:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    texts = [str(first) if first == last else f"{first} to {last}" for first, last in runs]
    if len(texts) > most:
        left = sum((last - first).days + 1 for first, last in runs[most:])
        texts = [*texts[:most], f"{left} more days up to {runs[-1][1]}"]
    return ", ".join(texts)


def error_finding(error: ConnectorError, check: str) -> Finding:
    """Return the finding for an error that a check met."""
    return Finding(severity=Severity.WRONG, check=check, message=error.message, remedy=error.remedy)


# -- scopes
