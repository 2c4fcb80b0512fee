"""A segment reads as a Japanese sentence and says what is wrong with it (SEG-3, SEG-4)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.deliveries import find_draft_problems, whole_segment
from protocol.items import Choice, SegmentItem
from protocol.lists import ResidentList, SegmentGroup
from protocol.segments import (
    AgeIs,
    AllOf,
    AnyOf,
    ChoiceIs,
    DayIs,
    Everyone,
    Except,
    FollowedBetween,
    GroupCircle,
    HasAnswered,
    InGroup,
    LanguageIs,
    Named,
    NumberIs,
    OnList,
    Received,
    Segment,
    SegmentHolder,
    expanded,
    find_segment_problems,
    items_used,
    segment_sentence,
)
from tests.make import BIRTH, DISTRICT, TOPICS, birth_item, district_item, draft, topics_item

CHILDREN = SegmentItem(
    id="children", kind="birth_year", title="お子さんの生年月", question="？", several=True, ask_month=True
)
PEOPLE = SegmentItem(id="people", kind="number", title="世帯の人数", question="？", unit="人")
DUE = SegmentItem(id="due", kind="date", title="出産の予定日", question="？")
ITEMS: dict[str, SegmentItem] = {
    item.id: item for item in (district_item(), topics_item(), birth_item(), CHILDREN, PEOPLE, DUE)
}


def group(id: str, segment: Segment) -> SegmentGroup:
    return SegmentGroup(id=id, name=f"{id}の世帯", segment=segment)


NAMED = Named(
    groups={"g": group("g", HasAnswered(item=TOPICS))},
    lists={"heads": ResidentList(id="heads", name="区長", kind="codes")},
    deliveries={"d": "断水のお知らせ"},
)

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
    return segment_sentence(segment, ITEMS, NAMED)


def codes(segment: Segment, named: Named = NAMED) -> list[str]:
    return [problem.code for problem in find_segment_problems(segment, ITEMS, named)]


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
        (AgeIs(item=BIRTH), "「生まれた年」に答えた人"),
        (AgeIs(item=BIRTH, lowest=20, highest=20), "今年20歳になる年齢の人"),
        (AgeIs(item=BIRTH, highest=6, basis="month"), "今月末の時点で6歳以下の人"),
        (AgeIs(item="children", highest=18), "「お子さんの生年月」で今年18歳以下になる人がいる人"),
        (
            AgeIs(item="children", lowest=3, highest=5, basis="month"),
            "「お子さんの生年月」で今月末の時点で3歳から5歳の人がいる人",
        ),
        (NumberIs(item="people", lowest=5), "「世帯の人数」が5人以上の人"),
        (NumberIs(item="people", lowest=1, highest=1), "「世帯の人数」が1人の人"),
        (NumberIs(item="people"), "「世帯の人数」に答えた人"),
        (
            DayIs(item="due", first=date(2026, 4, 1), last=date(2026, 4, 30)),
            "「出産の予定日」が2026年4月1日から2026年4月30日までの人",
        ),
        (DayIs(item="due", from_today=0, to_today=30), "「出産の予定日」が今日から30日後までの人"),
        (DayIs(item="due", from_today=-7), "「出産の予定日」が7日前以降の人"),
        (DayIs(item="due", from_today=1, to_today=1), "「出産の予定日」が明日の人"),
        (LanguageIs(any_of=("en",)), "「English」で受け取る人"),
        (LanguageIs(any_of=("pt", "vi")), "「Português」「Tiếng Việt」のどれかで受け取る人"),
        (OnList(list="heads"), "リスト「区長」にいる人"),
        (InGroup(group="g"), "保存した宛先「gの世帯」の人"),
        (Received(delivery="d"), "配信「断水のお知らせ」を受け取った人"),
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
    assert sentence(OnList(list="gone")) == "リスト「削除されたリスト」にいる人"


def test_choices_that_were_merged_read_as_the_one_they_became() -> None:
    choices = (Choice(id="a", label="川南", retired=True, merged_into="b"), Choice(id="b", label="川北"))
    items = {"i": SegmentItem(id="i", kind="single", title="地区", question="？", choices=choices)}
    assert segment_sentence(ChoiceIs(item="i", any_of=("a", "b")), items) == "「地区」が「川北」の人"


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
        (NumberIs(item=BIRTH, lowest=1), "item_unknown"),
        (NumberIs(item="people", lowest=9, highest=8), "numbers_reversed"),
        (DayIs(item="people"), "item_unknown"),
        (DayIs(item="due", first=date(2026, 2, 1), last=date(2026, 1, 1)), "dates_reversed"),
        (DayIs(item="due", from_today=2, to_today=1), "dates_reversed"),
        (LanguageIs(any_of=()), "segment_empty"),
        (LanguageIs(any_of=("tlh",)), "language_unknown"),
        (OnList(list="gone"), "list_unknown"),
        (InGroup(group="gone"), "group_unknown"),
        (Received(delivery="gone"), "delivery_unknown"),
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


def test_a_saved_group_counts_as_what_it_is_made_of() -> None:
    inner, outer = (
        group("inner", HasAnswered(item=TOPICS)),
        group("outer", Except(part=InGroup(group="inner"))),
    )
    named = Named(groups={"inner": inner, "outer": outer})
    segment = AllOf(parts=(InGroup(group="outer"), AgeIs(item=BIRTH)))
    assert codes(segment, named) == []
    written_out = AllOf(parts=(Except(part=HasAnswered(item=TOPICS)), AgeIs(item=BIRTH)))
    assert expanded(segment, named.groups) == written_out
    broken = Named(groups={"g": group("g", HasAnswered(item="gone"))})
    assert codes(AnyOf(parts=(InGroup(group="g"), InGroup(group="g"))), broken) == ["item_unknown"]


def test_groups_that_name_each_other_are_refused() -> None:
    groups = {"a": group("a", InGroup(group="b")), "b": group("b", Except(part=InGroup(group="a")))}
    assert codes(InGroup(group="a"), Named(groups=groups)) == ["group_circle"]
    with pytest.raises(GroupCircle):
        expanded(InGroup(group="b"), groups)


def test_groups_of_groups_that_grow_without_end_are_refused_at_once() -> None:
    groups = {"0": group("0", Everyone())}
    for level in range(1, 100):
        groups[str(level)] = group(str(level), AnyOf(parts=(InGroup(group=str(level - 1)),) * 3))
    assert codes(InGroup(group="99"), Named(groups=groups)) == ["segment_too_large"]


def test_a_draft_that_leaves_out_a_group_that_is_gone_cannot_be_sent() -> None:
    left_out = draft(excluded=("g",))
    assert find_draft_problems(left_out, ITEMS, NAMED) == ()
    assert expanded(whole_segment(left_out), NAMED.groups) == AllOf(
        parts=(left_out.segment, Except(part=AnyOf(parts=(HasAnswered(item=TOPICS),))))
    )
    found = find_draft_problems(left_out, ITEMS, Named())
    assert [(problem.code, problem.at) for problem in found] == [("group_unknown", "excluded")]


@pytest.mark.parametrize(
    ("segment", "code"),
    [
        (DayIs(item="due", from_today=10**9), "date_out_of_range"),
        (DayIs(item="due", to_today=-40_001), "date_out_of_range"),
        (DayIs(item="due", last=date(9999, 12, 31)), "date_out_of_range"),
        (FollowedBetween(first=date(1, 1, 1)), "date_out_of_range"),
        (AgeIs(item=BIRTH, lowest=10**30), "number_out_of_range"),
        (NumberIs(item="people", highest=-(10**30)), "number_out_of_range"),
    ],
)
def test_what_lies_beyond_every_calendar_is_refused_before_anybody_counts(
    segment: Segment, code: str
) -> None:
    assert codes(segment) == [code]


def test_a_hundred_years_from_today_can_be_asked_for() -> None:
    assert codes(DayIs(item="due", from_today=-36_500, to_today=36_500)) == []
