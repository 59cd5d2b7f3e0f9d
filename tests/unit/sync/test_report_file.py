"""The file of an asynchronous report: what is a row of it, what is none, and how it becomes pages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tiktok_marketing.sync.decode.report_file import ReportFile, UnusableFile

DIMENSIONS = {"ad_id": ("ad_id",), "country_code": ("country_code", "country_name")}
METRICS = ("spend", "ad_name")
HEADER = b"ad_id,country_name,spend,ad_name\n"


def file_of(text: bytes) -> ReportFile:
    """A file by ad and country."""
    return ReportFile(text, DIMENSIONS, METRICS)


def pages_of(file: ReportFile, size: int) -> list[dict[str, Any]]:
    """Its pages, in order."""
    return [json.loads(file.page(number, size)) for number in range(1, -(-len(file) // size) + 1)]


def test_rows_become_pages_like_those_of_any_other_report() -> None:
    """Columns are found by name, and an empty cell is null."""
    file = file_of(b'ad_name,spend,ad_id,country_name,extra\n"a, ""b""\n",1.50,1,US,x\n,2,2,GB,\n\n-,3,3,,y\n')
    assert len(file) == 3
    assert file.keys == {("1", "US"), ("2", "GB"), ("3", "")}
    first, second = pages_of(file, 2)
    assert first == {
        "code": 0,
        "message": "OK",
        "data": {
            "list": [
                {
                    "dimensions": {"ad_id": "1", "country_code": "US"},
                    "metrics": {"spend": "1.50", "ad_name": 'a, "b"\n'},
                },
                {"dimensions": {"ad_id": "2", "country_code": "GB"}, "metrics": {"spend": "2", "ad_name": None}},
            ],
            "page_info": {"page": 1, "page_size": 2, "total_number": 3, "total_page": 2},
        },
    }
    assert second["data"]["list"] == [
        {"dimensions": {"ad_id": "3", "country_code": None}, "metrics": {"spend": "3", "ad_name": "-"}}
    ]
    assert second["data"]["page_info"] == {"page": 2, "page_size": 2, "total_number": 3, "total_page": 2}


def test_pages_may_be_asked_for_again_and_in_any_order() -> None:
    """As after a pass that is repeated."""
    file = file_of(HEADER + b"".join(b"%d,US,1,x\n" % number for number in range(5)))
    pages = pages_of(file, 2)
    assert [json.loads(file.page(number, 2)) for number in (3, 1, 2, 1, 1, 3)] == [
        pages[number - 1] for number in (3, 1, 2, 1, 1, 3)
    ]
    assert [row["dimensions"]["ad_id"] for page in pages for row in page["data"]["list"]] == list("01234")
    for numbers in ((2, 1), (3, 2), (2, 3)):
        file = file_of(HEADER + b"".join(b"%d,US,1,x\n" % number for number in range(5)))
        assert [json.loads(file.page(number, 2)) for number in numbers] == [pages[number - 1] for number in numbers]


@pytest.mark.parametrize("text", [HEADER, HEADER.rstrip(), b"\xef\xbb\xbf" + HEADER.replace(b"\n", b"\r\n")])
def test_a_file_may_have_no_rows(text: bytes) -> None:
    """With or without a mark of the byte order and a line end."""
    file = file_of(text)
    assert len(file) == 0
    assert json.loads(file.page(1, 10))["data"] == {
        "list": [],
        "page_info": {"page": 1, "page_size": 10, "total_number": 0, "total_page": 0},
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "no column is called ad_id"),
        (b"Sorry.", "no column is called ad_id"),
        (HEADER.replace(b"country_name", b"country"), "no column is called country_code"),
        (HEADER.replace(b"ad_name", b"country_code"), "more than one column is called country_code"),
        (HEADER.replace(b"spend", b"Cost"), "no column is called spend"),
        (HEADER + b"1,US,1,x\n2,US,1\n", "row 2 has 3 columns, and the first line names 4"),
        (HEADER + b"1,US,1,x\n1,GB,1,x\n1,US,2,y\n", "row 3 is about the same as another row"),
        (HEADER + b'1,US,1,"x\n', "it is not CSV in UTF-8"),
        (HEADER + b"1,US,1,\xff\n", "it is not CSV in UTF-8"),
    ],
)
def test_a_file_without_the_documented_form_is_not_used(text: bytes, reason: str) -> None:
    """And the reason says what is wrong with it."""
    with pytest.raises(UnusableFile) as caught:
        file_of(text)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "listed", "same"),
    [
        ("1.50", "1.50", True),
        ("0", "0.00", True),
        ("-", None, True),
        ("", None, True),
        ("1.5", "1.50", False),
        ("1.00", "0.00", False),
        ("0.00", "1.00", False),
        ("-", "0.00", False),
        ("0.00", None, False),
        ("", "0", False),
    ],
)
def test_values_are_compared_as_they_are_read(cell: str, listed: str | None, same: bool) -> None:
    """Nothing is not 0, and a file whose figure is another one is older or newer than the answer."""
    file = file_of(HEADER + f"1,US,{cell},x\n2,US,7,y\n".encode())
    difference = file.compare({("1", "US"): [listed, "x"]}, {"spend"})
    assert (difference is None) is same
    if difference is not None:
        assert difference == f"spend of 1, US is {cell!r}, and TikTok lists {listed or '-'!r}"


def test_the_first_of_several_differences_is_named() -> None:
    """Rows that the answer does not list are compared with nothing."""
    file = file_of(HEADER + b"1,US,1,x\n2,US,2,y\n3,US,3,z\n")
    assert file.compare({("2", "US"): ["5", "y"], ("3", "US"): ["6", "a"]}, {"spend"}) == (
        "spend of 2, US is '2', and TikTok lists '5'"
    )


@pytest.mark.parametrize(("listed", "read"), [("", ""), (None, None)])
def test_an_empty_cell_is_what_the_answer_shows_for_it(listed: str | None, read: str | None) -> None:
    """In that column, in rows that the answer does not list as well."""
    file = file_of(HEADER + b"1,US,,\n2,US,2,y\n3,US,,\n")
    assert file.compare({("1", "US"): [None, listed], ("2", "US"): ["2", "y"]}, {"spend"}) is None
    (page,) = pages_of(file, 10)
    metrics = [row["metrics"] for row in page["data"]["list"]]
    assert metrics == [
        {"spend": None, "ad_name": read},
        {"spend": "2", "ad_name": "y"},
        {"spend": None, "ad_name": read},
    ]


def test_an_empty_cell_has_one_meaning_in_a_column() -> None:
    """If the answer shows two, the file cannot tell which is which. Two columns may differ."""
    file = file_of(HEADER + b"1,US,,\n2,US,,\n")
    assert file.compare({("1", "US"): ["", None], ("2", "US"): ["", None]}, set()) is None
    with pytest.raises(UnusableFile, match="it shows an empty text as it shows null, in the column ad_name"):
        file.compare({("1", "US"): ["", None], ("2", "US"): ["", ""]}, set())


def test_an_answer_without_an_empty_value_leaves_null() -> None:
    """Nothing says that such a cell is a text."""
    file = file_of(HEADER + b"1,US,1,x\n2,US,2,\n")
    assert file.compare({("1", "US"): ["1", "x"]}, {"spend"}) is None
    (page,) = pages_of(file, 10)
    assert [row["metrics"]["ad_name"] for row in page["data"]["list"]] == ["x", None]


@pytest.mark.parametrize("cell", ["-", "", "-1.5", "0", "12.30", "3"])
def test_a_figure_is_a_plain_number_or_none(cell: str) -> None:
    """Below zero as well."""
    assert file_of(HEADER + f"1,US,{cell},x\n".encode()).compare({}, {"spend"}) is None


@pytest.mark.parametrize(
    "cell", ['"1,000"', "1.5e3", "USD 2", "1 000", "1.234.567", ".5", "5.", "--", "<5", "٣", '"1\n2"', '"3\n"']
)
def test_another_figure_is_an_unknown_form(cell: str) -> None:
    """In a row that the answer does not list, too, but not in a column of text."""
    file = file_of(HEADER + f"1,US,1,{cell}\n2,US,{cell},x\n".encode())
    assert file.compare({("1", "US"): ["1", cell.strip('"')]}, set()) is None
    with pytest.raises(UnusableFile) as caught:
        file.compare({("1", "US"): ["1", cell.strip('"')]}, {"spend"})
    assert str(caught.value) == f"it has the figure {cell.strip(chr(34))!r}"


def test_the_figure_that_is_none_is_named() -> None:
    """Not the one beside it."""
    file = file_of(HEADER + b"1,US,1,<5\n")
    with pytest.raises(UnusableFile, match="it has the figure '<5'"):
        file.compare({}, METRICS)
