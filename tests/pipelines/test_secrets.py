"""A database's password is in no text that is made from a destination."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from rich.console import Console
from rich.pretty import pretty_repr

from tiktok_marketing.doctor import DoctorOptions
from tiktok_marketing.pipelines import destination_of

ADDRESSES = [
    "postgresql://loader:s3cr3t@db.example.com:5432/marketing",
    "postgres://loader:s3cr3t@db.example.com/marketing?sslmode=require",
    "postgresql://loader@db.example.com/marketing?password=s3cr3t",
    "postgresql://db.example.com/marketing?user=loader&sslpassword=s3cr3t",
]


def printed(value: Any) -> str:
    """What rich prints for a value."""
    out = io.StringIO()
    Console(file=out, width=200).print(value, [value], {"to": value})
    return out.getvalue()


def logged(value: Any) -> str:
    """What rich's log shows for a value, with the local variables of the caller."""
    out = io.StringIO()
    Console(file=out, width=200).log("loading into", value, log_locals=True)
    return out.getvalue()


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "text_of",
    [
        repr,
        str,
        "{}".format,
        "{0!r:>80}".format,
        lambda value: f"{value}",
        lambda value: f"{value!r} {value!s} {value!a}",
        lambda value: "%s %r" % (value, value),  # noqa: UP031 - as logging does it
        pretty_repr,
        printed,
        logged,
    ],
    ids=["repr", "str", "format", "format-repr", "f-string", "f-conversions", "percent", "rich-pretty", "rich", "log"],
)
@pytest.mark.parametrize("wrap", [lambda to: to, lambda to: [to], lambda to: DoctorOptions(database=to)],
                         ids=["alone", "in-a-list", "in-options"])  # fmt: skip
def test_no_text_of_a_destination_shows_its_password(
    address: str, text_of: Callable[[Any], str], wrap: Callable[[Any], Any]
) -> None:
    """Neither Python's own forms nor rich's, which asks msgspec's structs for every field."""
    text = text_of(wrap(destination_of(address)))
    assert "s3cr3t" not in text
    assert "db.example.com" in text  # it still says which database it is


def test_a_struct_without_its_own_rich_repr_would_show_every_field() -> None:
    """The reason for `__rich_repr__`: `__repr__` alone does not hide a field from rich."""

    class Careless(msgspec.Struct):
        password: str

        def __repr__(self) -> str:
            return "Careless(***)"

    assert "s3cr3t" in pretty_repr(Careless("s3cr3t"))
