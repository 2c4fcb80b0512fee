"""LINE counts UTF-16 units and grapheme clusters, and so do we (SEG-6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.counting import grapheme_count, graphemes, utf16_length


@pytest.mark.parametrize(
    ("text", "units"),
    [("", 0), ("川北地区", 4), ("🍎", 2), ("𠮷野家", 4), ("葛󠄀", 3), ("ｶﾞ", 2), ("か\u3099", 2)],
)
def test_length_is_counted_in_utf16_units_as_line_does(text: str, units: int) -> None:
    assert utf16_length(text) == units


@given(st.text())
def test_utf16_length_equals_what_the_codec_says(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize(
    ("text", "clusters"),
    [
        ("髙﨑", 2),
        ("𠮷", 1),
        ("葛󠄀城", 2),
        ("か\u3099", 1),
        ("ｶﾞ", 1),
        ("👨‍👩‍👧", 1),
        ("👍🏽", 1),
        ("🇯🇵🇯🇵", 2),
        ("❤️", 1),
        ("a\r\nb", 3),
        ("", 0),
    ],
)
def test_what_a_reader_sees_as_one_character_counts_one(text: str, clusters: int) -> None:
    assert grapheme_count(text) == clusters


@given(st.text())
def test_cutting_into_graphemes_loses_nothing(text: str) -> None:
    assert "".join(graphemes(text)) == text
