"""`tiktok-marketing metrics`: which figures TikTok has, and what goes with what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tiktok_marketing.cli.common import CommandWithSettings, console, debug_option, print_json, table
from tiktok_marketing.errors import ConfigurationError

if TYPE_CHECKING:
    from tiktok_marketing.catalog.metric_index import Indexed
    from tiktok_marketing.catalog.report_rules import Question

_LEVELS = ("account", "campaign", "ad_group", "ad")
_MOST_NAMED = 10
"""The most metrics that a message names."""
_GRAINS = ("hour", "day", "lifetime", "none")


@click.command(
    cls=CommandWithSettings,
    examples=[
        "tiktok-marketing metrics --search roas",
        "tiktok-marketing metrics --level campaign --with country_code",
    ],
    short_help="List the metrics.",
)
@click.option("--search", metavar="TEXT", help="List only metrics with this text in their name or description.")
@click.option("--level", type=click.Choice(_LEVELS), help="List only metrics that reports of this level have.")
@click.option(
    "--with",
    "dimensions",
    metavar="NAME,NAME",
    help="List only metrics that can be broken down by these dimensions, such as country_code, or age,gender.",
)
@click.option("--grain", type=click.Choice(_GRAINS), help="List only metrics that reports by this time have.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@debug_option
def metrics(search: str | None, level: str | None, dimensions: str | None, grain: str | None, as_json: bool) -> int:
    """List the metrics that TikTok has: unit, levels and what they mean.

    With --with, the list has the metrics that are known to go with the dimensions. TikTok publishes no list for many
    dimensions of the audience. A report of one's own may ask for other metrics there, and TikTok decides.
    """
    from tiktok_marketing.catalog.metric_index import metric_index

    question = _question(level, dimensions, grain)
    listed = [
        indexed for indexed in metric_index().values() if _is_searched(indexed, search) and _goes(indexed, question)
    ]
    if not listed:
        raise _nothing(question, search)
    if as_json:
        print_json([_as_json(indexed) for indexed in listed])
        return 0
    out = console(width_without_terminal=1000)
    columns = table("Metric", "Unit", "About", "Meaning", whole=("Metric",))
    for indexed in listed:
        columns.add_row(indexed.metric.name, indexed.metric.kind.value, indexed.group, indexed.metric.description)
    out.print(columns)
    return 0


def _question(level: str | None, dimensions: str | None, grain: str | None) -> Question:
    """The report that the metrics are looked for.

    Raises:
        ConfigurationError: If `dimensions` names none, if TikTok has no such report, whatever its metrics, or if it
            publishes nothing about them.
    """
    from tiktok_marketing.catalog.report_rules import Question, first_objection, level_and_grain_of, report_type_with

    names = tuple(name.strip() for name in (dimensions or "").split(",") if name.strip())
    if dimensions and not names:
        raise ConfigurationError("--with names no dimension.", remedy="Name at least one, or leave it out.")
    own_level, own_grain = level_and_grain_of(names)
    question = Question(
        report_type=report_type_with(names),
        level=level or own_level or "ad",
        dimensions=names,
        grain=grain or own_grain or ("none" if names else "day"),
        metrics=("spend",),
    )
    objection = first_objection(question)
    if objection is not None:
        raise ConfigurationError(objection.message, remedy=objection.remedy)
    if question.report_type == "CATALOG":
        raise ConfigurationError(
            "TikTok publishes no list of the metrics that go with products.",
            remedy="Use any metric in a custom report: if TikTok does not accept it, the report is read without it. "
            "`tiktok-marketing metrics` without --with lists all.",
        )
    return question


def _nothing(question: Question, search: str | None) -> ConfigurationError:
    """The error if no metric is known to fit. TikTok may accept some all the same."""
    from msgspec.structs import replace

    from tiktok_marketing.catalog.metric_index import metric_index
    from tiktok_marketing.catalog.report_rules import first_objection

    names = [name for name, indexed in metric_index().items() if _is_searched(indexed, search)]
    possible = [name for name in names if first_objection(replace(question, metrics=(name,))) is None]
    if possible and question.breakdown:
        return ConfigurationError(
            f"No list of TikTok's has these metrics with {' and '.join(question.breakdown)}: {_some(possible)}.",
            remedy="Use them in a custom report: if TikTok does not accept one, the report is read without it.",
        )
    remedy = "Leave an option out; `tiktok-marketing metrics` without options lists all."
    return ConfigurationError("No metric fits.", remedy=remedy)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    return shown if len(names) <= _MOST_NAMED else f"{shown} and {len(names) - _MOST_NAMED} others"


def _goes(indexed: Indexed, question: Question) -> bool:
    from msgspec.structs import replace

    from tiktok_marketing.catalog.report_rules import first_objection, is_documented

    name = indexed.metric.name
    return first_objection(replace(question, metrics=(name,))) is None and is_documented(name, question)


def _is_searched(indexed: Indexed, search: str | None) -> bool:
    words = (search or "").lower().replace("_", " ").split()
    text = f"{indexed.metric.name} {indexed.metric.description}".lower().replace("_", " ")
    return all(word in text for word in words)


def _as_json(indexed: Indexed) -> dict[str, Any]:
    from tiktok_marketing.catalog.report_rules import LEVELS

    metric = indexed.metric
    return {
        "name": metric.name,
        "description": metric.description,
        "unit": metric.kind.value,
        "type": metric.type,
        "about": indexed.group,
        "levels": [word for word, level in LEVELS.items() if level in metric.levels],
        "in_fixed_streams": indexed.fixed,
    }
