"""What is collected when: rules, holidays, exceptions; no collection is lost or doubled (SEG-11)."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.holidays import is_closed
from protocol.items import Choice, SegmentItem
from protocol.schedules import Holidays, Recurrence
from protocol.waste import WasteCalendar, WasteException, WasteKind, WasteRule
from protocol.waste_days import (
    Collection,
    collections,
    find_calendar_problems,
    find_calendar_warnings,
    on_day,
    waste_values,
)

BURN, PET = "burn", "pet"
NORTH, SOUTH = "north", "south"
START = date(2026, 4, 1)
NONE = Holidays()
SAME_NAME = WasteKind(id=PET, name="燃えるごみ")
KINDS = (
    WasteKind(id=BURN, name="燃えるごみ", position=0),
    WasteKind(id=PET, name="ペットボトル", position=1),
)
DISTRICTS = SegmentItem(
    id="area",
    kind="district",
    title="地区",
    question="どちらですか。",
    choices=(Choice(id=NORTH, label="北町"), Choice(id=SOUTH, label="南町")),
)
NOTICE = SegmentItem(
    id="notice",
    kind="single",
    title="ごみ",
    question="いつ受け取りますか。",
    choices=(Choice(id="m", label="朝"), Choice(id="e", label="前の晩")),
)
ITEMS = {item.id: item for item in (DISTRICTS, NOTICE)}


def weekly(*weekdays: int, **more: object) -> Recurrence:
    return Recurrence.parse({"pattern": "weekly", "weekdays": weekdays, "first": START, **more})


def town(*exceptions: WasteException, rules: tuple[WasteRule, ...] | None = None) -> WasteCalendar:
    usual = (
        WasteRule(id="r1", kind=BURN, districts=(NORTH, SOUTH), rule=weekly(0, 3, on_holiday="after")),
        WasteRule(id="r2", kind=PET, districts=(NORTH,), rule=weekly(2)),
    )
    return WasteCalendar(
        district_item="area",
        kinds=KINDS,
        rules=usual if rules is None else rules,
        exceptions=tuple(exceptions),
    )


def change(day: date, kind: str = BURN, id: str = "e", **more: object) -> WasteException:
    return WasteException.parse({"id": id, "day": day, "kind": kind, **more})


def days(calendar: WasteCalendar, kind: str = BURN, district: str = NORTH) -> list[date]:
    return [
        item.day
        for item in collections(calendar, district, date(2026, 11, 1), date(2026, 12, 6), NONE)
        if item.kind == kind
    ]


def test_a_collection_on_a_holiday_moves_and_says_from_when_and_why() -> None:
    found = on_day(town(), NORTH, date(2026, 11, 24), NONE)
    assert found == [Collection(date(2026, 11, 24), BURN, date(2026, 11, 23), "勤労感謝の日のため")]
    assert on_day(town(), NORTH, date(2026, 11, 23), NONE) == []


def test_the_towns_own_closing_day_moves_it_too() -> None:
    closed = Holidays(closed={date(2026, 11, 26): "開町記念日"})
    assert on_day(town(), NORTH, date(2026, 11, 26), closed) == []
    assert on_day(town(), NORTH, date(2026, 11, 27), closed)[0].note == "開町記念日のため"


def test_an_exception_beats_the_rule_in_the_districts_it_names_only() -> None:
    calendar = town(change(date(2026, 11, 19), moved_to=date(2026, 11, 21), districts=[NORTH], note="工事"))
    assert date(2026, 11, 19) not in days(calendar) and date(2026, 11, 21) in days(calendar)
    assert date(2026, 11, 19) in days(calendar, district=SOUTH)
    assert on_day(calendar, NORTH, date(2026, 11, 21), NONE)[0].note == "工事"


def test_a_collection_moved_into_the_asked_days_from_outside_is_seen() -> None:
    calendar = town(change(date(2026, 10, 29), moved_to=date(2026, 11, 3)))
    assert date(2026, 11, 3) in days(calendar)


def test_moves_in_a_chain_do_not_push_each_other() -> None:
    first, second, third = date(2026, 11, 16), date(2026, 11, 19), date(2026, 11, 21)
    chain = (change(first, moved_to=second, id="a"), change(second, moved_to=third, id="b"))
    for order in (chain, chain[::-1]):
        assert {second, third} <= set(days(town(*order)))
        assert first not in days(town(*order))


def test_cancelled_and_added() -> None:
    calendar = town(
        change(date(2026, 11, 19), id="a"),
        change(date(2026, 11, 20), PET, id="b", added=True, note="臨時"),
    )
    assert date(2026, 11, 19) not in days(calendar)
    assert on_day(calendar, SOUTH, date(2026, 11, 20), NONE) == [
        Collection(date(2026, 11, 20), PET, None, "臨時")
    ]


def test_the_exception_that_names_the_district_beats_the_one_for_everywhere() -> None:
    day = date(2026, 11, 19)
    narrow = change(day, id="a", districts=[NORTH], moved_to=date(2026, 11, 20))
    wide = change(day, id="b")
    assert days(town(narrow, wide)) == days(town(wide, narrow))
    assert date(2026, 11, 20) in days(town(narrow, wide))
    assert day not in days(town(narrow, wide), district=SOUTH)


offsets = st.integers(0, 60)
exceptions = st.lists(
    st.builds(
        lambda day, to, kind, districts, added, n: change(
            START + timedelta(days=day),
            kind,
            id=str(n),
            districts=districts,
            added=added,
            moved_to=None if added or to is None or to == day else START + timedelta(days=to),
        ),
        offsets,
        st.none() | offsets,
        st.sampled_from([BURN, PET]),
        st.sampled_from([(), (NORTH,), (SOUTH,), (NORTH, SOUTH)]),
        st.booleans(),
        st.integers(),
    ),
    max_size=8,
)
rules = st.lists(
    st.builds(
        lambda kind, weekdays, shift, districts: WasteRule(
            id="r", kind=kind, districts=districts, rule=weekly(*sorted(weekdays), on_holiday=shift)
        ),
        st.sampled_from([BURN, PET]),
        st.sets(st.integers(0, 6), min_size=1, max_size=3),
        st.sampled_from(["keep", "skip", "before", "after"]),
        st.sampled_from([(NORTH,), (NORTH, SOUTH)]),
    ),
    min_size=1,
    max_size=4,
).map(tuple)
LAST_DAY = START + timedelta(days=60)


@settings(max_examples=40, deadline=None)
@given(rules, exceptions)
def test_every_day_of_the_rules_is_accounted_for_and_nothing_twice(
    usual: tuple[WasteRule, ...], changed: list[WasteException]
) -> None:
    before = {(item.day, item.kind) for item in collections(town(rules=usual), NORTH, START, LAST_DAY, NONE)}
    calendar = town(*changed, rules=usual)
    after = collections(calendar, NORTH, START, LAST_DAY, NONE)
    assert max(Counter((item.day, item.kind) for item in after).values(), default=1) == 1
    touched = {(e.day, e.kind) for e in changed if not e.districts or NORTH in e.districts}
    targets = {(e.moved_to, e.kind) for e in changed if e.moved_to}
    kept = {(item.day, item.kind) for item in after}
    assert before - touched <= kept  # what no exception names stays as it is
    assert kept - before <= touched | targets  # and nothing appears from nowhere


@settings(max_examples=40, deadline=None)
@given(rules, st.dictionaries(offsets, offsets, max_size=6))
def test_moving_to_free_days_never_loses_or_doubles_a_collection(
    usual: tuple[WasteRule, ...], moves: dict[int, int]
) -> None:
    plain = [i.day for i in collections(town(rules=usual), NORTH, START, LAST_DAY, NONE) if i.kind == BURN]
    taken = set(plain)
    changed = []
    for place, (source, target) in enumerate(moves.items()):
        day, to = START + timedelta(days=source), START + timedelta(days=target)
        if day in plain and to not in taken:
            changed.append(change(day, moved_to=to, id=str(place)))
            taken.add(to)
    moved = [
        i for i in collections(town(*changed, rules=usual), NORTH, START, LAST_DAY, NONE) if i.kind == BURN
    ]
    assert len(moved) == len(plain)
    assert {i.moved_from for i in moved if i.moved_from} >= {e.day for e in changed}


@settings(max_examples=30, deadline=None)
@given(rules, exceptions, offsets, st.integers(0, 20))
def test_a_part_of_the_days_is_the_same_as_the_whole_looked_at_there(
    usual: tuple[WasteRule, ...], changed: list[WasteException], offset: int, length: int
) -> None:
    calendar = town(*changed, rules=usual)
    first = START + timedelta(days=offset)
    last = first + timedelta(days=length)
    whole = collections(calendar, NORTH, START, LAST_DAY + timedelta(days=21), NONE)
    part = collections(calendar, NORTH, first, last, NONE)
    assert part == [item for item in whole if first <= item.day <= last]


def test_nothing_is_collected_on_a_holiday_that_moves() -> None:
    calendar = town(
        rules=(WasteRule(id="r", kind=BURN, districts=(NORTH,), rule=weekly(0, on_holiday="skip")),)
    )
    year = collections(calendar, NORTH, START, START + timedelta(days=365), NONE)
    assert year and not any(is_closed(item.day, NONE) for item in year)


def test_the_message_of_a_district_names_kinds_and_day() -> None:
    values = waste_values(town(), date(2026, 11, 25), NORTH, NONE, district_label="北町")
    assert values == {"地区": "北町", "ごみの種類": "ペットボトル", "収集日": "11月25日（水）"}
    assert waste_values(town(), date(2026, 11, 25), SOUTH, NONE) == {}


def one_rule(districts: tuple[str, ...], *weekdays: int) -> list[WasteRule]:
    return [WasteRule(id="r", kind=BURN, districts=districts, rule=weekly(*weekdays))]


def codes(calendar: WasteCalendar) -> list[tuple[str, str]]:
    return [(problem.code, problem.at) for problem in find_calendar_problems(calendar, ITEMS)]


@pytest.mark.parametrize(
    ("made", "code", "at"),
    [
        ({"kinds": KINDS * 2}, "duplicate_id", "kinds"),
        ({"kinds": [KINDS[0], SAME_NAME]}, "duplicate_label", "kinds.1.name"),
        ({"kinds": [KINDS[0]]}, "waste_kind_unknown", "rules.1.kind"),
        ({"district_item": "gone"}, "item_unknown", "district_item"),
        ({"morning_time": "6:30"}, "time_malformed", "morning_time"),
        ({"eve_text": " "}, "text_missing", "eve_text"),
        ({"sends": True}, "item_unknown", "notice_item"),
        ({"sends": True, "notice_item": "notice"}, "choice_unknown", "morning_choice"),
        ({"notice_item": "notice", "morning_choice": "m", "eve_choice": "m"}, "same_choice", "eve_choice"),
        ({"rules": one_rule((), 1)}, "waste_rule_empty", "rules.0"),
        ({"rules": one_rule((NORTH,))}, "waste_rule_empty", "rules.0"),
        ({"rules": one_rule((NORTH,), 9)}, "rule_malformed", "rules.0"),
        ({"rules": one_rule(("x",), 1)}, "choice_unknown", "rules.0.districts"),
        ({"exceptions": [change(START, moved_to=START)]}, "rule_malformed", "exceptions.0"),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_says_why_and_where(made: dict[str, object], code: str, at: str) -> None:
    assert codes(town()) == []
    assert (code, at) in codes(WasteCalendar.parse(town().model_dump() | made))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ([change(date(2026, 11, 18))], "waste_no_effect"),
        ([change(date(2026, 11, 19), added=True)], "waste_no_effect"),
        ([change(date(2026, 11, 16), moved_to=date(2026, 11, 19))], "waste_collision"),
        ([change(date(2026, 11, 19), id="a"), change(date(2026, 11, 19), id="b")], "waste_two_exceptions"),
    ],
)
def test_what_is_probably_not_meant_is_said(changed: list[WasteException], code: str) -> None:
    found = find_calendar_warnings(town(*changed), (NORTH, SOUTH), NONE)
    assert code in [problem.code for problem in found]


def test_a_district_without_any_collection_is_said() -> None:
    found = find_calendar_warnings(town(), (NORTH, SOUTH, "west"), NONE)
    assert [(problem.code, problem.actual) for problem in found] == [("waste_district_empty", 1)]
