"""The generated part of docs/performance.md: the figures of `results/latest.json`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from harness import Figure, Figures

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results" / "latest.json"
PAGE = FOLDER.parent / "docs" / "performance.md"
_PART = re.compile(r"(<!-- figures: made by `make bench` -->\n).*?(<!-- end -->)", re.DOTALL)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a benchmark.

    Args:
        title: What it measures.
        command: The command that runs it again.
        day: When it was run.
        seconds: How long it took.
        load: The load average of the machine in the minute before.
        found: Its figures and its machine.
    """

    title: str
    command: str
    day: str
    seconds: float
    load: float
    found: Figures


def results() -> dict[str, Result]:
    """The latest results, by script."""
    if not RESULTS.exists():
        return {}
    return msgspec.json.decode(RESULTS.read_bytes(), type=dict[str, Result])


def keep(found: Mapping[str, Result]) -> None:
    """Write the results and the part of the page that shows them."""
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    PAGE.write_text(renewed(PAGE.read_text(), found))


def renewed(page: str, found: Mapping[str, Result]) -> str:
    """The page with these results in place of those that it shows.

    Raises:
        ValueError: If the page has no place for them, or several.
    """
    text, places = _PART.subn(lambda match: f"{match[1]}{_part(found)}{match[2]}", page)
    if places != 1:
        raise ValueError(f"{places} places for the figures in the page, not one")
    return text


def shown(value: float, unit: str = "") -> str:
    """A value with its significant digits."""
    if value == int(value) or abs(value) >= 100:
        number = f"{value:,.0f}"
    else:
        number = f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return f"{number} {unit}".rstrip()


def target(figure: Figure) -> str:
    """A figure's target, in words."""
    bounds = [("at most", figure.most), ("at least", figure.least)]
    return " and ".join(f"{word} {shown(bound, figure.unit)}" for word, bound in bounds if bound is not None)


def verdict(figure: Figure) -> str:
    """Whether a figure meets its target, in a word."""
    return {None: "", True: "met", False: "missed"}[figure.met]


def tally(found: Mapping[str, Result]) -> str:
    """How many targets are met, and which ones are missed."""
    aimed = [figure for result in found.values() for figure in result.found.figures if figure.met is not None]
    missed = [figure.what for figure in aimed if not figure.met]
    summary = f"{len(aimed) - len(missed)} of {len(aimed)} targets are met."
    return f"{summary} Missed: {'; '.join(missed)}." if missed else summary


def _part(found: Mapping[str, Result]) -> str:
    machines = sorted({result.found.machine for result in found.values()})
    if not found:
        return ""
    lines = [f"Measured on {' and on '.join(machines)}. {tally(found)}", ""]
    for result in found.values():
        lines += _section(result, several=len(machines) > 1)
    return "\n".join(lines) + "\n"


def _section(result: Result, *, several: bool) -> Iterator[str]:
    where = f", on {result.found.machine}" if several else ""
    yield f"### {result.title}"
    yield ""
    seconds = shown(round(result.seconds))
    yield f"`{result.command}`, {result.day}, {seconds} s, load average before {result.load:.1f}{where}"
    yield ""
    yield "| figure | measured | target | | remarks |"
    yield "|---|---|---|---|---|"
    for figure in result.found.figures:
        value = shown(figure.value, figure.unit)
        yield f"| {figure.what} | {value} | {target(figure)} | {verdict(figure)} | {figure.remark} |"
    yield ""
