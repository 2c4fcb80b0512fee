"""An Individual Number is noticed in whatever form it is typed, ordinary numbers are let through. SEC-12."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.my_number import holds_my_number

_WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def with_check_digit(eleven: str) -> str:
    """Written from the other end than the product does it, so that one mistake is not made twice."""
    rest = sum(int(digit) * weight for digit, weight in zip(eleven, _WEIGHTS, strict=True)) % 11
    return eleven + str(0 if rest <= 1 else 11 - rest)


elevens = st.text(alphabet="0123456789", min_size=11, max_size=11)


@given(elevens, st.sampled_from(["", " ", "-", "　", "－", "‐", "ー", "・"]), st.booleans())
def test_every_valid_number_is_noticed_in_any_width_and_grouping(
    eleven: str, between: str, is_wide: bool
) -> None:
    number = with_check_digit(eleven)
    written = between.join((number[:4], number[4:8], number[8:]))
    if is_wide:
        written = written.translate(_FULL_WIDTH)
    assert holds_my_number(f"わたしの番号は{written}です。")
    assert holds_my_number(f"11月20日に届いた {written}\n電話は 0123-45-6789 です。")


@given(elevens)
def test_a_wrong_check_digit_is_let_through(eleven: str) -> None:
    number = with_check_digit(eleven)
    other = str((int(number[-1]) + 1) % 10)
    assert not holds_my_number(f"受付番号 {number[:-1]}{other}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "電話は090-1234-5678です",
        "2026年11月20日 10時30分",
        "1234567890123456",
        "1234 5678 9012",  # the check digit would be another
        "〒123-4567 川北1-2-3",
        "5953001929831",
    ],
)
def test_telephones_dates_and_longer_numbers_are_let_through(text: str) -> None:
    assert not holds_my_number(text)
