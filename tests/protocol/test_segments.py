"""A segment reads as a Japanese sentence and says what is wrong with it (SEG-3, SEG-4)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.items import SegmentItem
from protocol.segments import (
    AgeIs,
    AllOf,
    AnyOf,
    ChoiceIs,
    Everyone,
    Except,
    FollowedBetween,
    HasAnswered,
    Segment,
    SegmentHolder,
    find_segment_problems,
    items_used,
    segment_sentence,
)
from tests.make import BIRTH, DISTRICT, TOPICS, birth_item, district_item, topics_item

ITEMS: dict[str, SegmentItem] = {item.id: item for item in (district_item(), topics_item(), birth_item())}

_leaves: st.SearchStrategy[Segment] = st.one_of(
    st.just(Everyone()),
    st.builds(
        ChoiceIs,
        item=st.just(DISTRICT),
        any_of=st.lists(st.sampled_from(["d00", "d01", "d02"]), min_size=1, max_size=3).map(tuple),
    ),
    st.builds(AgeIs, item=st.just(BIRTH), lowest=st.none() | st.integers(0, 40), highest=st.none()),
    st.builds(HasAnswered, item=st.just(TOPICS)),
    st.builds(FollowedBetween, first=st.none() | st.dates(), last=st.none()),
)
segments: st.SearchStrategy[Segment] = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(parts=tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(parts=tuple(parts))),
        inner.map(lambda part: Except(part=part)),
    ),
    max_leaves=8,
)


def sentence(segment: Segment) -> str:
    return segment_sentence(segment, ITEMS)


def codes(segment: Segment) -> list[str]:
    return [problem.code for problem in find_segment_problems(segment, ITEMS)]


@pytest.mark.parametrize(
    ("segment", "words"),
    [
        (Everyone(), "友だち全員"),
        (ChoiceIs(item=DISTRICT, any_of=("d00",)), "「お住まいの地区」が「川北」の人"),
        (
            ChoiceIs(item=TOPICS, any_of=("t0", "t1")),
            "「知りたい情報」で「防災」「ごみ」のどれかを選んだ人",
        ),
        (AgeIs(item=BIRTH, lowest=65), "今年65歳以上になる年齢の人"),
        (FollowedBetween(first=date(2026, 4, 1)), "2026年4月1日から友だちになった人"),
        (Except(part=HasAnswered(item=TOPICS)), "〈「知りたい情報」に答えた人〉ではない人"),
    ],
)
def test_each_condition_reads_as_a_sentence(segment: Segment, words: str) -> None:
    assert sentence(segment) == words


def test_and_within_or_is_bracketed() -> None:
    both = AllOf(parts=(ChoiceIs(item=DISTRICT, any_of=("d00",)), ChoiceIs(item=TOPICS, any_of=("t0",))))
    assert sentence(AnyOf(parts=(both, AgeIs(item=BIRTH, highest=18)))) == (
        "（「お住まいの地区」が「川北」の人 かつ 「知りたい情報」で「防災」を選んだ人）"
        " または 今年18歳以下になる年齢の人"
    )


def test_what_was_deleted_is_said_in_the_sentence() -> None:
    assert sentence(ChoiceIs(item="gone", any_of=("x",))) == "「削除された項目」が「削除された選択肢」の人"
    assert sentence(HasAnswered(item="gone")) == "「削除された項目」に答えた人"


@pytest.mark.parametrize(
    ("segment", "code"),
    [
        (ChoiceIs(item="gone", any_of=("x",)), "item_unknown"),
        (ChoiceIs(item=DISTRICT, any_of=("nowhere",)), "choice_unknown"),
        (ChoiceIs(item=DISTRICT, any_of=()), "segment_empty"),
        (AllOf(parts=()), "segment_empty"),
        (AgeIs(item=DISTRICT, lowest=1), "item_unknown"),
        (AgeIs(item=BIRTH, lowest=9, highest=8), "ages_reversed"),
        (FollowedBetween(first=date(2026, 2, 1), last=date(2026, 1, 1)), "dates_reversed"),
    ],
)
def test_an_unusable_condition_is_named(segment: Segment, code: str) -> None:
    assert codes(Except(part=segment)) == [code]


def test_an_expression_nested_too_deep_is_refused() -> None:
    segment: Segment = Everyone()
    for _ in range(7):
        segment = Except(part=segment)
    assert codes(segment) == ["segment_too_deep"]


def test_an_expression_of_too_many_parts_is_refused() -> None:
    assert codes(AnyOf(parts=(Everyone(),) * 300)) == ["segment_too_large"]


@given(segments)
def test_every_expression_survives_the_wire(segment: Segment) -> None:
    holder = SegmentHolder(segment=segment)
    assert SegmentHolder.parse(holder.model_dump_json()) == holder


@given(segments)
def test_every_expression_reads_as_words_and_knows_its_items(segment: Segment) -> None:
    assert sentence(segment)
    assert items_used(segment) <= set(ITEMS)


def test_free_words_are_no_condition_because_the_relay_does_not_know_them() -> None:
    text = SegmentItem(id="free", kind="text", title="ご要望", question="？", access={"kodomo": "edit"})
    for condition in (HasAnswered(item="free"), ChoiceIs(item="free", any_of=("a",)), AgeIs(item="free")):
        assert [p.code for p in find_segment_problems(condition, {"free": text})] == ["item_unknown"]
