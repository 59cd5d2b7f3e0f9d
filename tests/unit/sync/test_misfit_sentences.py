"""What a log says about values that do not fit their type."""

from __future__ import annotations

import pytest

from tiktok_marketing.sync.decode.coercion import misfit_sentences


@pytest.mark.parametrize("count", [1, 5])
def test_a_few_fields_have_a_sentence_each(count: int) -> None:
    """It names the field and the first such value."""
    texts = misfit_sentences({f"field_{number}": "<5" for number in range(count)}, "type")
    assert len(texts) == count
    assert texts[0] == "the value '<5' of field_0 does not fit its type, so it becomes null."


def test_many_fields_share_one_sentence() -> None:
    """It names the first five and the number of all."""
    (text,) = misfit_sentences({f"field_{number}": "x" for number in range(700)}, "column")
    assert text.startswith("values of 700 fields do not fit their columns")
    assert "field_4" in text
    assert "field_5" not in text


def test_a_long_name_is_cut() -> None:
    """A field's name comes from TikTok and may have any length."""
    (text,) = misfit_sentences({"n" * 5000: "x"}, "type")
    assert len(text) < 200
