"""SEG-4: any expression is edited as lines and bundles, and comes back meaning the same."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.features.recipients import (
    Bundle,
    Condition,
    Known,
    Node,
    Path,
    Recipients,
    normal,
    recipients_of,
)
from desktop.features.who import charts_of
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
    HasAnswered,
    InGroup,
    LanguageIs,
    NumberIs,
    OnList,
    Received,
    Segment,
)
from protocol.sync import PeopleAnswer
from tests.desktop.conftest import birth_year, district, topics

LEAVES: tuple[Segment, ...] = (
    ChoiceIs(item="i", any_of=("a", "b")),
    AgeIs(item="b", lowest=6, highest=12, basis="month"),
    NumberIs(item="n", lowest=2),
    DayIs(item="d", from_today=-3, to_today=0),
    HasAnswered(item="i"),
    FollowedBetween(first=date(2026, 4, 1)),
    LanguageIs(any_of=("en",)),
    OnList(list="l"),
    InGroup(group="g"),
    Received(delivery="x"),
    Everyone(),
)
segments = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: AllOf(parts=tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: AnyOf(parts=tuple(parts))),
        inner.map(lambda part: Except(part=part)),
    ),
    max_leaves=12,
)
PEOPLE = range(8)


def meets(segment: Segment, person: int) -> bool:
    """A toy town: who a leaf fits is drawn from its place and the person's number."""
    match segment:
        case Everyone():
            return True
        case AllOf():
            return all(meets(part, person) for part in segment.parts)
        case AnyOf():
            return any(meets(part, person) for part in segment.parts)
        case Except():
            return not meets(segment.part, person)
    return (person * 7 + LEAVES.index(segment) * 3) % 5 < 2


@settings(max_examples=150, deadline=None)
@given(segments)
def test_every_expression_becomes_lines_and_comes_back_meaning_the_same(segment: Segment) -> None:
    back = recipients_of(segment).as_segment()
    assert [meets(back, person) for person in PEOPLE] == [meets(segment, person) for person in PEOPLE]
    assert recipients_of(back) == recipients_of(segment)
    assert normal(back) == back


A, B, C, D = (Condition(leaf) for leaf in LEAVES[:4])


@settings(max_examples=150, deadline=None)
@given(segments, st.data())
def test_no_step_loses_a_condition(segment: Segment, data: st.DataObject) -> None:
    before = recipients_of(segment)
    rows = before.rows()
    if not rows:
        return
    path = data.draw(st.sampled_from(rows)).path
    step = data.draw(st.sampled_from(("up", "down", "indent", "outdent", "negate")))
    after = _stepped(before, step, path)
    assert sorted(_leaves(after)) == sorted(_leaves(before))
    back, kept = normal(after.as_segment()), after.as_segment()
    assert [meets(back, person) for person in PEOPLE] == [meets(kept, person) for person in PEOPLE]


def _stepped(recipients: Recipients, step: str, path: Path) -> Recipients:
    match step:
        case "up":
            return recipients.moved(path, -1)
        case "down":
            return recipients.moved(path, 1)
        case "indent":
            return recipients.indented(path)
        case "outdent":
            return recipients.outdented(path)
    return recipients.negated(path)


def _leaves(recipients: Recipients) -> list[int]:
    return [LEAVES.index(row.node.part) for row in recipients.rows() if isinstance(row.node, Condition)]


def test_indenting_makes_a_bundle_with_the_one_before_joined_the_other_way() -> None:
    bundled = Recipients((A, B, C)).indented((2,))
    assert bundled.conditions == (A, Bundle((B, C), "or"))
    assert bundled.indented((1,)).conditions == (Bundle((A, Bundle((B, C), "or")), "or"),)
    more = Recipients((*bundled.conditions, D)).indented((2,))
    assert more.conditions == (A, Bundle((B, C, D), "or"))
    assert Recipients((A, B)).indented((0,)) == Recipients((A, B))


def test_what_comes_out_of_a_bundle_stands_behind_it_and_a_bundle_of_one_is_none() -> None:
    bundled = Recipients((A, Bundle((B, C), "or"), D))
    assert bundled.outdented((1, 0)).conditions == (A, C, B, D)
    assert bundled.removed((1, 1)).conditions == (A, B, D)
    excluded = Recipients((A, Bundle((B, C), "or", excluded=True)))
    assert excluded.removed((1, 1)).conditions == (A, Condition(B.part, excluded=True))


@pytest.mark.parametrize(("node", "within"), [(C, ()), (C, (1,))])
def test_a_condition_is_added_where_it_is_wanted(node: Node, within: Path) -> None:
    start = Recipients((A, Bundle((B,), "or")))
    added = start.added(node, within)
    assert added.at((2,) if not within else (1, 1)) == C


def test_conditions_name_lists_groups_and_deliveries() -> None:
    known = Known(
        groups={"g": SegmentGroup(id="g", name="子育て世帯", segment=Everyone())},
        lists={"l": ResidentList(id="l", name="区長", kind="codes")},
        deliveries={"x": "大雨のお知らせ"},
    )
    words = [Condition(leaf).sentence(known) for leaf in (LEAVES[7], LEAVES[8], LEAVES[9])]
    assert ["区長" in words[0], "子育て世帯" in words[1], "大雨のお知らせ" in words[2]] == [True] * 3


def test_who_is_in_it_is_drawn_without_counting_out_fewer_than_five() -> None:
    answer = PeopleAnswer(
        count=310,
        choices={"item-district": {"川北1": 200, "港町2": 0}, "item-topics": {"t0": 310}},
        ages={"item-birth": {"0": 12, "30": 98}},
        languages={"ja": 300, "en": 10},
        followed={"2026-10": 40},
        few=("choices.item-district.港町2",),
        as_of="2026-11-20T00:00:00Z",  # type: ignore[arg-type]
    )
    items = {item.id: item for item in (district(), topics(), birth_year())}
    charts = charts_of(answer, Known(items=items))
    assert [chart.title for chart in charts] == [
        "お住まいの地区", "知りたいこと", "生まれた年（年齢）", "言語", "友だちになった月",
    ]  # fmt: skip
    assert [(bar.words, bar.number) for bar in charts[0].bars] == [
        ("川北1丁目", "200人"), ("港町2丁目", "5人未満"),
    ]  # fmt: skip
    assert [bar.words for bar in charts[2].bars] == ["10歳未満", "30代"]
