"""Runs one test for each of many values, where a test of its own for each would cost more than it says."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any


def for_each(argument: str, values: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Call a test with each value in turn. An error names the value that it is about.

    Args:
        argument: The test's parameter that receives the value.
        values: The values, each with a `name`.
    """
    known = tuple(values)

    def decorated(test: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(test)
        others = [parameter for name, parameter in signature.parameters.items() if name != argument]

        @functools.wraps(test)
        def looped(**fixtures: Any) -> None:
            assert known
            for value in known:
                try:
                    test(**{argument: value}, **fixtures)
                except Exception as error:
                    error.add_note(f"with {argument} {value.name}")
                    raise

        looped.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
        return looped

    return decorated
