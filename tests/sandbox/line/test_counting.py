"""Characters are counted as LINE counts them: UTF-16 units or what a reader takes for one (SEG-6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.line.counting import grapheme_length, graphemes, utf16_length

PEOPLE = "👨‍👩‍👧‍👦"


@given(st.text())
def test_utf16_length_is_what_the_codec_says(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(st.text())
def test_clusters_put_together_are_the_text_again(text: str) -> None:
    assert "".join(graphemes(text)) == text
    assert grapheme_length(text) == len(graphemes(text)) <= len(text)


@given(
    st.lists(st.sampled_from(["あ", "髙", "𠮷", "葛\U000e0100", PEOPLE, "👍🏽", "🇯🇵", "ｶﾞ", "e\u0301", "각"]))
)
def test_the_length_of_whole_characters_is_their_number(characters: list[str]) -> None:
    assert grapheme_length("".join(characters)) == len(characters)


@pytest.mark.parametrize(
    ("text", "units", "clusters"),
    [
        ("髙﨑", 2, 2),
        ("𠮷野", 3, 2),
        ("葛\U000e0100城", 4, 2),
        ("か\u3099", 2, 1),
        ("🍎", 2, 1),
        (PEOPLE, 11, 1),
        ("👍🏽", 4, 1),
        ("🇯🇵🇯🇵", 8, 2),
        ("🇯🇵🇯", 6, 2),
        ("❤️", 2, 1),
        ("a\r\nb", 4, 3),
        ("\u1100\u1161\u11a8", 3, 1),
        ("", 0, 0),
    ],
)
def test_known_examples(text: str, units: int, clusters: int) -> None:
    assert (utf16_length(text), grapheme_length(text)) == (units, clusters)
