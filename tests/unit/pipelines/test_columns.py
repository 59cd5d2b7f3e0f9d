"""A column has the same value for a value whatever stands beside it, and a misfit keeps the original."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odd_values import LITERALS, TEXTS, json_texts
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.pipelines.arrow.columns import ColumnType, column_converter
from tiktok_marketing.pipelines.arrow.tables import columns_of
from tiktok_marketing.sync.decode.coercion import Misfit, is_no_value
from tiktok_marketing.sync.decode.lenient_json import decode_lenient

EVERY_VALUE = [*TEXTS, *(decode_lenient(text.encode()) for text in LITERALS)]
KINDS = [(type_, json_type) for type_ in ColumnType for json_type in ("string", "number", "integer", "any")]
_values = json_texts.map(lambda text: decode_lenient(text.encode("utf-8", "surrogatepass")))


def converted(kind: tuple[ColumnType, str], values: list[Any]) -> tuple[list[Any], list[Misfit]]:
    """The cells of a column, and its misfits."""
    misfits: list[Misfit] = []
    column = column_converter(*kind)("field", values, misfits)
    column.validate(full=True)
    return column.to_pylist(), misfits


def check(kind: tuple[ColumnType, str], values: list[Any]) -> None:
    """The values together and each alone give the same cells and misfits."""
    cells, misfits = converted(kind, values)
    alone = [converted(kind, [value]) for value in values]
    assert cells == [cell for (cell,), _ in alone]
    expected = [(row, misfit.value) for row, (_, misfits_alone) in enumerate(alone) for misfit in misfits_alone]
    assert repr([(misfit.row, misfit.value) for misfit in misfits]) == repr(expected)
    misfit_rows = {misfit.row for misfit in misfits}
    for row, (cell, value) in enumerate(zip(cells, values, strict=True)):
        assert (cell is None) == (row in misfit_rows or (is_no_value(value) and cell is None))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind[0].name} of {kind[1]}")
def test_every_odd_value_alone_and_among_usual_ones(kind: tuple[ColumnType, str]) -> None:
    """A page with one odd value is converted value by value."""
    for value in EVERY_VALUE:
        check(kind, [value])
        check(kind, [value, value])
    check(kind, EVERY_VALUE)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind[0].name} of {kind[1]}")
@settings(max_examples=60)
@given(values=st.lists(_values, max_size=5))
def test_a_cell_does_not_depend_on_its_neighbors(kind: tuple[ColumnType, str], values: list[Any]) -> None:
    """On any values."""
    check(kind, values)


_numbers = st.floats(allow_nan=False) | st.floats(-(10**6), 10**6).map(lambda number: round(number, 5))
_times = st.integers(-(2**40), 2**40)
_amounts = st.decimals(allow_nan=False, allow_infinity=False, places=5).map(str)


@settings(max_examples=200)
@given(values=st.lists(_numbers, min_size=1, max_size=4) | st.lists(_times, min_size=1, max_size=4))
def test_numbers_do_not_depend_on_their_neighbors(values: list[Any]) -> None:
    """Money is rounded alike, and times have the same bounds."""
    for type_ in (ColumnType.MONEY, ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.TIME):
        check((type_, "number"), values)
        check((type_, "string"), [str(value) for value in values])


@settings(max_examples=100)
@given(values=st.lists(_amounts, min_size=1, max_size=4))
def test_amounts_do_not_depend_on_their_neighbors(values: list[str]) -> None:
    """However many digits they have."""
    check((ColumnType.MONEY, "string"), values)


@pytest.mark.parametrize(
    ("type_", "value", "cell"),
    [
        (ColumnType.MONEY, "1,234.50", Decimal("1234.5000")),
        (ColumnType.MONEY, "9" * 39, None),
        (ColumnType.MONEY, "9" * 400, None),
        (ColumnType.MONEY, "0." + "1" * 60, Decimal("0.1111")),
        (ColumnType.MONEY, "99999999999999.99995", None),
        (ColumnType.INTEGER, "0x10", None),
        (ColumnType.INTEGER, "1e3", 1000),
        (ColumnType.INTEGER, "1e999999999", None),
        (ColumnType.INTEGER, "\u0661\u0662", None),
        (ColumnType.INTEGER, 2**63, None),
        (ColumnType.NUMBER, "+5", 5.0),
        (ColumnType.NUMBER, float("inf"), None),
        (ColumnType.BOOLEAN, "True", True),
        (ColumnType.BOOLEAN, 0, False),
        (ColumnType.BOOLEAN, "yes", None),
        (ColumnType.TIME, 1700000000, datetime(2023, 11, 14, 22, 13, 20)),  # noqa: DTZ001 - columns have no zone
        (ColumnType.TIME, "1700000000", datetime(2023, 11, 14, 22, 13, 20)),  # noqa: DTZ001
        (ColumnType.TIME, 1700000000000, None),
        (ColumnType.TIME, 123456789012345678, None),
        (ColumnType.TIME, -62135596801, None),
        (ColumnType.TIME, "99999-01-01", None),
        (ColumnType.TIME, "2026-01-01 10:00:00+02:00", datetime(2026, 1, 1, 8)),  # noqa: DTZ001
        (ColumnType.DAY, "2026-02-30", None),
        (ColumnType.DAY, "0000-00-00 00:00:00", None),
        (ColumnType.DAY, "2026-01-01 10:00:00", date(2026, 1, 1)),
        (ColumnType.DAY, 5, None),
    ],
)
def test_what_a_value_means(type_: ColumnType, value: Any, cell: Any) -> None:
    """The definition, in examples. A value that means nothing is a misfit, whole."""
    for json_type in ("string", "number", "any"):
        for neighbors in ([], [None], ["odd"], ["2026-01-01"], [1]):
            cells, misfits = converted((type_, json_type), [value, *neighbors])
            assert cells[0] == cell
            assert [misfit.value for misfit in misfits if misfit.row == 0] == ([value] if cell is None else [])


def test_every_amount_is_exact_money() -> None:
    """A number that is described as an amount in the account's currency is a decimal, unless it is a quotient."""
    for of in STREAMS:
        for column in columns_of(of):
            if of.is_report or column.json_type != "number":
                continue
            is_amount = "in the account's currency" in column.description
            assert (column.type is ColumnType.MONEY) == is_amount, (of.name, column.name)
