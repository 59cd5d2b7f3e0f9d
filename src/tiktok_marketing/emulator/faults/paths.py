"""Paths into an answer, such as `$.data.list[*].metrics.spend`: they are parsed, and what they lead to is replaced."""

import re
from typing import Any

import msgspec

MISSING = object()
"""The new value of a field that is removed."""

_STEP = re.compile(r"(?P<deep>\.\.)?\.?(?:(?P<name>[^.\[\]*]+)|(?P<all>\*)|\[(?:(?P<index>-?\d+)|(?P<each>\*))\])")


class Step(msgspec.Struct, frozen=True):
    """One step of a path.

    Attributes:
        key: The name of a field, a position in a list, or None for all of them.
        deep: Whether the field is at any depth.
    """

    key: str | int | None
    deep: bool


def parse_path(text: str) -> list[Step]:
    """The steps of a path.

    Raises:
        ValueError: The text is not a path.
    """
    steps: list[Step] = []
    position = 1
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or (text[position] not in ".["):
            raise ValueError(
                f"edit={text} is not a path: it is wrong from {text[position:]!r} on. "
                "Write, for example, $.data.list[*].metrics.spend."
            )
        key = int(match["index"]) if match["index"] else match["name"]
        steps.append(Step(key, match["deep"] is not None))
        position = match.end()
    if not text.startswith("$"):
        raise ValueError(f"edit={text} is not a path: a path begins with $.")
    return steps


def replace_at(root: Any, steps: list[Step], value: Any, limit: int | None) -> Any:
    """Replace what a path leads to, at most at `limit` places. Fields that are missing are added.

    Args:
        root: The value that the path begins at. It is changed.
        steps: The path.
        value: The new value. `MISSING` removes what the path leads to.
        limit: How many places to change. None changes all.

    Returns:
        The root, which is another value if the path has no steps.
    """
    if not steps:
        return None if value is MISSING else value
    places = _places(root, steps)[:limit]
    for container, key in reversed(places):  # from the end, so that positions stay right when items are removed
        if value is MISSING:
            if not isinstance(container, dict) or key in container:
                del container[key]
        else:
            container[key] = value
    return root


def _places(root: Any, steps: list[Step]) -> list[tuple[Any, Any]]:
    """The containers and keys that a path leads to."""
    containers = [root]
    for step in steps[:-1]:
        containers = [container[key] for container, key in _children(containers, step, add=True)]
    return _children(containers, steps[-1], add=False)


def _children(containers: list[Any], step: Step, *, add: bool) -> list[tuple[Any, Any]]:
    """Where a step leads to from each container. With `add`, a field that is missing becomes an empty object."""
    if step.deep:
        containers = [inner for container in containers for inner in _descendants(container)]
    children: list[tuple[Any, Any]] = []
    for container in containers:
        if isinstance(container, list):
            children += [(container, key) for key in _positions(container, step)]
        elif isinstance(container, dict):
            children += [(container, key) for key in _names(container, step, add=add)]
    return children


def _names(fields: dict[str, Any], step: Step, *, add: bool) -> list[str]:
    if step.key is None:
        return list(fields)
    if isinstance(step.key, int) or (step.deep and step.key not in fields):
        return []
    if add:
        fields.setdefault(step.key, {})
    return [step.key]


def _positions(items: list[Any], step: Step) -> list[int]:
    if step.key is None:
        return list(range(len(items)))
    if isinstance(step.key, int) and -len(items) <= step.key < len(items):
        return [step.key % len(items)]
    return []


def _descendants(value: Any) -> list[Any]:
    """A value and everything in it."""
    items: list[Any] = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value, *(inner for item in items for inner in _descendants(item))]
