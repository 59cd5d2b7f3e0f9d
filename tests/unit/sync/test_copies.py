"""Which records with one key are copies, and which are different records."""

from __future__ import annotations

from tiktok_marketing.sync.read.copies import Copies


def copies(*pages: dict[str, list[bytes]]) -> Copies:
    """What a pass shows whose pages have these contents per key."""
    shown = Copies()
    for contents in pages:
        shown.note(contents)
    return shown


def test_equal_contents_are_copies() -> None:
    """However often they come."""
    shown = copies({"a": [b"1"]}, {"a": [b"1"]})
    assert not shown.different(None)
    assert not shown.different(shown)
    assert not shown.unclear


def test_different_contents_on_one_page_are_different_records() -> None:
    """One answer shows the records of one moment. Other keys stay what they are."""
    shown = copies({"a": [b"1", b"2"], "b": [b"1"]}, {"a": [b"1"]})
    assert shown.different(None) == ["a"]
    assert not shown.unclear
    assert list(shown.versions["a"]) == [b"1", b"2"]


def test_different_contents_on_two_pages_are_unclear_until_a_second_pass_shows_the_same() -> None:
    """A record may have moved to the next page and changed."""
    shown = copies({"a": [b"1"], "b": [b"1"]}, {"a": [b"2"]})
    assert shown.unclear
    assert not shown.different(None)
    assert shown.different(copies({"a": [b"2"]}, {"a": [b"1"]})) == ["a"]
    assert not shown.different(copies({"a": [b"2"]}, {"a": [b"3"]}))
    assert not shown.different(copies({"c": [b"1"]}))
    assert not copies({"a": [b"1"]}).different(copies({"a": [b"1"]}))


def test_records_of_a_shared_key_count_each_if_it_may_have_several() -> None:
    """Those without a part of their key always; those of an hour that clocks show twice if no other hour is."""
    shown = Copies()
    assert shown.counted(["a", "b"]) == []
    shown.shared |= {"a": "", "b": "2026-10-25 02:00:00", "c": "2026-10-25 02:00:00", "d": "2026-10-25 03:00:00"}
    assert shown.counted(["a", "b", "c", "e"]) == ["a", "b", "c"]
    assert shown.counted(["a", "b", "d", "e"]) == ["a"]
    assert shown.counted(["a", "e"]) == ["a"]
    assert shown.counted(["d"]) == ["d"]
