"""Reports of one's own: which one the configuration describes, and the stream that it is.

A custom report is a row of the catalog that is made when the configuration is read. Its key, cursor, schema, types and
descriptions follow from its dimensions and metrics, so it is read, loaded and examined like any other stream.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from tiktok_marketing.catalog import ALL_STREAMS, STREAMS
from tiktok_marketing.catalog.dimensions import ANSWERED_AS
from tiktok_marketing.catalog.objection import Objection
from tiktok_marketing.catalog.report_filters import read_filters
from tiktok_marketing.catalog.report_rules import (
    GRAINS,
    ID_DIMENSIONS,
    LEVELS,
    REPORT_TYPES,
    STATUS_FILTERS,
    TIME_DIMENSIONS,
    Question,
    first_objection,
    is_documented,
)
from tiktok_marketing.catalog.stream import AnyStream, ReportFilter, ReportSource, ReportStream

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ENDPOINT = "report/integrated/get/"
_HOURS_LATE = {"BASIC": 2, "AUDIENCE": 16, "CATALOG": 16}
_MOST_NAMED = 3
"""How many values of a filter a description names."""
_NOUNS = {"account": "ad account", "campaign": "campaign", "ad_group": "ad group", "ad": "ad"}
_TIMES = {
    "hour": "per hour in the account's time zone",
    "day": "per day in the account's time zone",
    "lifetime": "in total over all time",
    "none": "in total. A row sums up the days from `start_date` to `end_date` or today, at most the last 365",
}


class CustomReport(Question, frozen=True, kw_only=True):
    """A report as the configuration describes it.

    Args:
        name: The name of its stream and table.
    """

    name: str

    @property
    def _selection(self) -> str:
        """Which objects it is about, as sentences; empty for all that the configuration asks for."""
        filters = " and ".join(map(_in_words, self.filters))
        deleted = {None: "", True: " With deleted objects.", False: " Without deleted objects."}
        return (f" Only objects with {filters}." if filters else "") + deleted[self.include_deleted]

    @property
    def stream(self) -> ReportStream:
        """The stream that it is. The report must have no objection."""
        grain = GRAINS[self.grain]
        if grain is None:
            raise ValueError(f"no stream by {self.grain}")
        time = TIME_DIMENSIONS.get(grain)
        breakdown = (ANSWERED_AS.get(name, name) for name in self.breakdown)
        dimensions = (self.id_dimension, *(() if time is None else (time,)), *breakdown)
        split = f" by {' and '.join(self.breakdown)}" if self.breakdown else ""
        return ReportStream(
            name=self.name,
            description=f"A report of one's own: metrics of each {_NOUNS[self.level]}{split}, {_TIMES[self.grain]}."
            f"{self._selection}",
            endpoint=_ENDPOINT,
            primary_key=dimensions,
            cursor=time,
            sandbox=self.level != "account" and self.report_type != "CATALOG",  # all else is in the sandbox
            source=ReportSource(
                report_type=self.report_type,
                data_level=LEVELS[self.level],
                dimensions=dimensions,
                metrics=self.metrics,
                optional=frozenset(self.metrics),
                grain=grain,
                hours_late=_HOURS_LATE[self.report_type],
                status_field=STATUS_FILTERS.get(LEVELS[self.level]),
                filters=self.filters,
                include_deleted=self.include_deleted,
            ),
        )


def _in_words(condition: ReportFilter) -> str:
    """A filter as a description shows it, with the first of its values."""
    more = len(condition.values) - _MOST_NAMED
    values = ", ".join(condition.values[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{condition.field} {condition.kind} {values}"


def fields_of(stream: ReportStream) -> dict[str, Any]:
    """A report of the configuration's own as a configuration describes it: the opposite of `CustomReport.stream`."""
    source = stream.source
    level = next(word for word, of in LEVELS.items() if of is source.data_level)
    asked_as = {answer: name for name, answer in ANSWERED_AS.items()}
    own_id = () if source.dimensions[0] == ID_DIMENSIONS[source.data_level][0] else source.dimensions[:1]
    fields: dict[str, Any] = {
        "name": stream.name,
        "report_type": source.report_type,
        "level": level,
        "dimensions": [*own_id, *(asked_as.get(name, name) for name in stream.breakdown)],
        "metrics": list(source.metrics),
        "grain": next(word for word, of in GRAINS.items() if of is source.grain),
    }
    if source.filters:
        fields["filters"] = [{"field": of.field, "type": of.kind, "values": list(of.values)} for of in source.filters]
    if source.include_deleted is not None:
        fields["include_deleted"] = source.include_deleted
    return fields


def described_streams(descriptions: Iterable[Any]) -> tuple[ReportStream, ...]:
    """The streams of reports that an earlier run described with `fields_of`.

    What another version has written may not be understood. It is left out, like a report whose name a fixed stream has
    by now.
    """
    fixed = {stream.name for stream in ALL_STREAMS}
    reports = (_read(fields, "A report") for fields in descriptions)
    return tuple(
        report.stream
        for report in reports
        if isinstance(report, CustomReport) and report.name not in fixed and first_objection(report) is None
    )


def unsettled_metrics(stream: AnyStream) -> frozenset[str]:
    """The metrics of a report of which no list says whether TikTok accepts them in it.

    None of a stream that is read without being named: what they ask for is known to be answered.
    """
    if not isinstance(stream, ReportStream) or stream in STREAMS or stream.endpoint != _ENDPOINT:
        return frozenset()
    if stream.source.report_type not in REPORT_TYPES:
        return frozenset()
    fields = fields_of(stream)
    question = Question(
        report_type=fields["report_type"],
        level=fields["level"],
        dimensions=tuple(fields["dimensions"]),
        metrics=stream.metrics,
        grain=fields["grain"],
    )
    return frozenset(name for name in stream.source.optional if not is_documented(name, question))


FIELDS: Mapping[str, str] = {
    "name": "a text",
    "metrics": "a list of names",
    "report_type": "a text",
    "level": "a text",
    "dimensions": "a list of names",
    "grain": "a text",
    "filters": "a list of objects",
    "include_deleted": "true or false",
}
"""The fields of a custom report, and what they are."""


def read_setting(name: str, raw: Any) -> tuple[CustomReport, ...] | dict[str, tuple[str, ...]] | Objection:
    """What the value of `custom_reports` or `extra_metrics` describes, or what is wrong with it.

    Args:
        name: The name of the setting.
        raw: Its value, as JSON decodes it.
    """
    return _read_reports(raw) if name == "custom_reports" else _read_extra_metrics(raw)


def _read_reports(raw: Any) -> tuple[CustomReport, ...] | Objection:
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        return Objection("custom_reports is not a list.", 'Write it as [{"name": "…", "metrics": ["spend"]}].')
    reports: list[CustomReport] = []
    names = {stream.name for stream in ALL_STREAMS}
    for number, fields in enumerate(raw, 1):
        report = fields if isinstance(fields, CustomReport) else _read(fields, f"Report {number} of custom_reports")
        if isinstance(report, Objection):
            return report
        objection = _name_objection(report.name, names) or first_objection(report)
        if objection is not None:
            return Objection(f"The custom report {report.name}: {objection.message}", objection.remedy)
        names.add(report.name)
        reports.append(report)
    return tuple(reports)


def _read(fields: Any, place: str) -> CustomReport | Objection:
    if not isinstance(fields, Mapping):
        return Objection(f"{place} is not an object.", 'Write it as {"name": "…", "metrics": ["spend"]}.')
    for key in fields:
        if key not in FIELDS:
            near = difflib.get_close_matches(str(key), FIELDS, n=1)
            suggestion = f"Did you mean {near[0]}? " if near else ""
            return Objection(f"{place} has the unknown key {str(key)[:40]!r}.", f"{suggestion}Use {', '.join(FIELDS)}.")
    missing = [name for name in ("name", "metrics") if not fields.get(name)]
    if missing:
        return Objection(f"{place} has no {' and no '.join(missing)}.", "Give it a name and at least one metric.")
    values: dict[str, Any] = {}
    for name, value in fields.items():
        if value is None or value == "":
            continue
        read = _READERS[FIELDS[name]](value)
        if read is None:
            form = _FILTER_FORM if name == "filters" else FIELDS[name]
            if name.endswith("s"):
                problem = f"{name} that are not {_FILTERS if name == 'filters' else FIELDS[name]}"
            else:
                problem = f"{'an' if name[0] in 'aeiou' else 'a'} {name} that is not {FIELDS[name]}"
            return Objection(f"{place} has {problem}.", f"Write {name} as {form}.")
        values[name] = read
    return CustomReport(**values)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _names(value: Any) -> tuple[str, ...] | None:
    """Names in a list, or in a text with commas; None if it is neither, or names nothing and is not empty."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(name, str) for name in items):
        return None
    names = tuple(dict.fromkeys(name.strip() for name in items if name.strip()))
    return names if names or not (value.strip() if isinstance(value, str) else value) else None


def _flag(value: Any) -> bool | None:
    """A switch, also in the words that forms and variables have for it; None if it is something else."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "a text": _text,
    "a list of names": _names,
    "a list of objects": read_filters,
    "true or false": _flag,
}
"""What reads each kind of field. It returns None for a value of another kind."""
_FILTERS = "objects with a field and values"
_FILTER_FORM = '[{"field": "campaign_automation_type", "values": ["UPGRADED_SMART_PLUS"]}]'


def _name_objection(name: str, taken: set[str]) -> Objection | None:
    if not _NAME.fullmatch(name):
        return Objection(
            "its name cannot be the name of a table.",
            "Use small letters, digits and underscores, a letter first, and at most 63 of them.",
        )
    if name in taken:
        return Objection("another stream has this name.", "Choose another name.")
    return None


def _read_extra_metrics(raw: Any) -> dict[str, tuple[str, ...]] | Objection:
    if not isinstance(raw, Mapping):
        return Objection("extra_metrics is not an object.", 'Write it as {"ad": ["total_checkout"]}.')
    extra: dict[str, tuple[str, ...]] = {}
    for level, value in raw.items():
        metrics = () if value is None else _names(value)
        if metrics is None:
            return Objection(f"extra_metrics.{level} is not a list of names.", 'Write it as ["total_checkout"].')
        objection = first_objection(Question(level=str(level), metrics=metrics))
        if objection is not None and (metrics or level not in LEVELS):
            return Objection(f"extra_metrics: {objection.message}", objection.remedy)
        if metrics:
            extra[level] = metrics
    return extra


def streams_with(
    fixed: Iterable[AnyStream], reports: Iterable[CustomReport], extra: Mapping[str, tuple[str, ...]]
) -> tuple[AnyStream, ...]:
    """The fixed streams, with extra metrics in the reports that can have them, and the custom reports after them."""
    return (*(_with_metrics(stream, extra) for stream in fixed), *(report.stream for report in reports))


def _with_metrics(stream: AnyStream, extra: Mapping[str, tuple[str, ...]]) -> AnyStream:
    """A fixed report with the extra metrics of its level; reports that are broken down keep their own."""
    if not isinstance(stream, ReportStream) or stream.breakdown:
        return stream
    source = stream.source
    level = next(word for word, of in LEVELS.items() if of is source.data_level)
    grain = next(word for word, of in GRAINS.items() if of is source.grain)
    added = tuple(
        name
        for name in extra.get(level, ())
        if name not in source.metrics and first_objection(Question(level=level, metrics=(name,), grain=grain)) is None
    )
    if not added:
        return stream
    return replace(
        stream, source=replace(source, metrics=source.metrics + added, optional=source.optional.union(added))
    )
