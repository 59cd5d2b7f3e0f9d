"""Errors of libraries whose chain of causes goes round in circles end a command like any other."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tiktok_marketing.errors import chain_of


def circle(*errors: BaseException, by_cause: bool) -> BaseException:
    """The first of some errors, each of which came from the next one, and the last one from the first."""
    for error, origin in zip(errors, (*errors[1:], errors[0]), strict=True):
        if by_cause:
            error.__cause__ = origin
        else:
            error.__context__ = origin
    return errors[0]


@pytest.mark.parametrize("by_cause", [True, False])
@pytest.mark.parametrize("length", [1, 2, 5])
def test_each_error_of_a_circle_comes_once(length: int, by_cause: bool) -> None:
    """In the order in which they came from each other."""
    errors = [ValueError(number) for number in range(length)]
    assert list(chain_of(circle(*errors, by_cause=by_cause))) == errors


PROGRAM = """
import sys
from tiktok_marketing import access_check, cli

def fails(*_, **__):
    first, second = {errors}
    first.__cause__, second.__context__ = second, first
    raise first

access_check.check_access = fails
sys.argv = ["tiktok-marketing", "check"]
cli.main()
"""


@pytest.mark.parametrize(
    ("errors", "code", "text"),
    [
        ('ValueError("a"), OSError("b")', 1, "ValueError"),
        ('ValueError("a"), KeyboardInterrupt()', 130, ""),
        ('ValueError("a"), RuntimeError("Query interrupted")', 130, ""),
    ],
)
def test_a_command_ends_with_its_usual_exit_code(errors: str, code: int, text: str) -> None:
    """Whether or not an interruption is in the circle."""
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", PROGRAM.format(errors=errors)],
        env={"TIKTOK_ACCESS_TOKEN": "t0ken", "TIKTOK_ADVERTISER_ID": "7001"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    assert text in ended.stdout + ended.stderr
