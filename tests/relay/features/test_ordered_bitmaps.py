"""Ranges of numbers, whatever came and went in between: the same as looking at everybody. SEG-4."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from relay.features.ordered_bitmaps import OrderedBitmaps

_bounds = st.none() | st.integers(-60, 60)
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(-50, 50), st.sets(st.integers(0, 60), min_size=1)),
        st.tuples(st.just("forget"), st.just(0), st.sets(st.integers(0, 60), min_size=1)),
        st.tuples(st.just("ask"), st.just(0), st.just(set())),
    ),
    max_size=12,
)


@given(steps=_steps, block=st.sampled_from([1, 7, 64]), lowest=_bounds, highest=_bounds)
def test_a_range_holds_exactly_those_whose_number_lies_in_it(
    steps: list[tuple[str, int, set[int]]], block: int, lowest: int | None, highest: int | None
) -> None:
    ordered, naive = OrderedBitmaps(block), dict[int, int]()
    for what, key, residents in steps:
        if what == "put":
            new = {resident for resident in residents if resident not in naive}
            naive |= dict.fromkeys(new, key)
            ordered.put(key, BitMap(new))
        elif what == "forget":
            naive = {no: value for no, value in naive.items() if no not in residents}
            ordered.forget(BitMap(residents))
        else:
            ordered.between(None, None)
    low = -1000 if lowest is None else lowest
    high = 1000 if highest is None else highest
    expected = {no for no, value in naive.items() if low <= value <= high}
    assert set(ordered.between(lowest, highest)) == expected
    assert {no for _, found in ordered.items() for no in found} == set(naive)
