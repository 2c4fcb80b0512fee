"""The index answers as a plain look at the tables would, whatever changed before. SEG-3, SEG-4, SEG-12."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from protocol.items import Answer, BirthMonth
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
)
from relay.features.segments import SegmentIndex
from relay.store.answers import delete_answers
from relay.store.database import Database
from relay.store.residents import (
    BLOCKED,
    FRIEND,
    add_resident,
    find_resident_by_no,
    set_state,
    write_answers,
)
from relay.store.tables import resident_choices, resident_years, residents
from tests.conftest import Clock
from tests.relay.town import add_friends, user_id

DISTRICT, TOPICS, BORN = "item-district", "item-topics", "item-born"
CHOICES = {DISTRICT: ["kawakita", "kawaminami", "minato"], TOPICS: ["bosai", "gomi", "kosodate", "kenko"]}
_JAPAN = ZoneInfo("Asia/Tokyo")

answers = st.one_of(
    st.builds(
        lambda item, chosen: Answer(item=item, choices=tuple(chosen)),
        st.just(DISTRICT),
        st.lists(st.sampled_from(CHOICES[DISTRICT]), max_size=1),
    ),
    st.builds(
        lambda item, chosen: Answer(item=item, choices=tuple(chosen)),
        st.just(TOPICS),
        st.lists(st.sampled_from(CHOICES[TOPICS]), max_size=4, unique=True),
    ),
    st.builds(
        lambda year: Answer(item=BORN, births=(BirthMonth(year=year),) if year else ()),
        st.none() | st.integers(1930, 2026),
    ),
)
ages = st.none() | st.integers(0, 100)
days = st.none() | st.dates(date(2026, 11, 10), date(2026, 11, 30))
leaves: st.SearchStrategy[Segment] = st.one_of(
    st.just(Everyone()),
    st.sampled_from([DISTRICT, TOPICS]).flatmap(
        lambda item: st.builds(
            ChoiceIs,
            item=st.just(item),
            any_of=st.lists(st.sampled_from(CHOICES[item]), min_size=1, max_size=3).map(tuple),
        )
    ),
    st.builds(AgeIs, item=st.just(BORN), lowest=ages, highest=ages),
    st.builds(HasAnswered, item=st.sampled_from([DISTRICT, TOPICS, BORN])),
    st.builds(FollowedBetween, first=days, last=days),
)
segments = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(AllOf, parts=st.lists(parts, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, parts=st.lists(parts, min_size=1, max_size=3).map(tuple)),
        st.builds(Except, part=parts),
    ),
    max_leaves=6,
)


def plain_members(database: Database, segment: Segment, now: datetime) -> set[int]:
    """The same question answered row by row, straight from the tables."""
    with database.read() as connection:
        friends = {
            row.no: row.followed_at.astimezone(_JAPAN).date()
            for row in connection.execute(select(residents).where(residents.c.state == "friend"))
        }
        chosen = {tuple(row)[:3] for row in connection.execute(select(resident_choices))}
        years = {(row.resident, row.item): row.year for row in connection.execute(select(resident_years))}
    answered = {(who, item) for who, item, _ in chosen} | set(years)

    def meets(who: int, node: Segment) -> bool:
        match node:
            case Everyone():
                return True
            case ChoiceIs():
                return any((who, node.item, choice) in chosen for choice in node.any_of)
            case AgeIs():
                year = years.get((who, node.item))
                age = None if year is None else now.astimezone(_JAPAN).year - year
                low, high = node.lowest, node.highest
                return age is not None and (low is None or age >= low) and (high is None or age <= high)
            case HasAnswered():
                return (who, node.item) in answered
            case FollowedBetween():
                day = friends[who]
                return (node.first is None or day >= node.first) and (node.last is None or day <= node.last)
            case AllOf():
                return all(meets(who, part) for part in node.parts)
            case AnyOf():
                return any(meets(who, part) for part in node.parts)
            case Except():
                return not meets(who, node.part)
        raise AssertionError(node)

    return {who for who in friends if meets(who, segment)}


def members(index: SegmentIndex, segment: Segment) -> set[int]:
    packed = index.members(segment)
    return {int.from_bytes(packed[at : at + 4], "little") for at in range(0, len(packed), 4)}


class Town:
    """Residents who come, answer, block and come back, in one store."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.count = 0

    def arrive(self, ahead: timedelta) -> None:
        with self.database.write() as connection:
            self.count += 1
            user = user_id(self.count)
            add_resident(connection, self.database.cipher, user, state=FRIEND, at=self.clock() + ahead)

    def answer(self, who: int, answer: Answer) -> None:
        with self.database.write() as connection:
            if find_resident_by_no(connection, who) is not None:
                write_answers(connection, who, [answer], self.clock())

    def turn(self, who: int, *, blocks: bool) -> None:
        self.clock.forward(seconds=1)
        with self.database.write() as connection:
            resident = find_resident_by_no(connection, who)
            if resident is not None:
                state = BLOCKED if blocks else FRIEND
                set_state(connection, resident, state=state, at=max(self.clock(), resident.state_at))

    def delete(self, item: str) -> None:
        with self.database.write() as connection:
            delete_answers(connection, item)


who = st.integers(1, 12)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.timedeltas(timedelta(days=-6), timedelta(days=6))),
        st.tuples(st.just("answer"), who, answers),
        st.tuples(st.just("turn"), who, st.booleans()),
        st.tuples(st.just("delete"), st.sampled_from([DISTRICT, TOPICS, BORN])),
        st.tuples(st.just("ask"), segments),
    ),
    min_size=5,
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, last=segments)
def test_the_index_says_what_the_tables_say(
    database: Database, clock: Clock, steps: list[tuple], last: Segment
) -> None:
    town = Town(database, clock)
    index = SegmentIndex(database, clock)  # every example goes on with the store the last one left
    with database.read() as connection:
        town.count = len(connection.execute(select(residents.c.no)).all())
    for step in [*steps, ("ask", last)]:
        match step:
            case ("arrive", ahead):
                town.arrive(ahead)
            case ("answer", resident, answer):
                town.answer(resident, answer)
            case ("turn", resident, blocks):
                town.turn(resident, blocks=blocks)
            case ("delete", item):
                town.delete(item)
            case ("ask", segment):
                assert members(index, segment) == plain_members(database, segment, clock())
                assert index.count(segment) == len(plain_members(database, segment, clock()))
    fresh = SegmentIndex(database, clock)
    assert members(fresh, last) == members(index, last)


def test_an_index_in_another_process_sees_a_change_at_its_next_answer(
    database: Database, clock: Clock
) -> None:
    ours, theirs = SegmentIndex(database, clock), SegmentIndex(database, clock)
    add_friends(database, 3, clock())
    assert (ours.count(Everyone()), theirs.count(Everyone())) == (3, 3)
    add_friends(database, 2, clock(), start=10)
    assert (ours.count(Everyone()), theirs.count(Everyone())) == (5, 5)


def test_members_give_the_line_user_ids_they_had_at_following(database: Database, clock: Clock) -> None:
    users = add_friends(database, 700, clock())
    index = SegmentIndex(database, clock)
    found = index.user_ids(index.members(Everyone()))
    assert [user.decode() for user in found] == users


def test_a_process_that_has_not_seen_the_newest_resident_looks_again(
    database: Database, clock: Clock
) -> None:
    add_friends(database, 40, clock())
    behind = SegmentIndex(database, clock)
    behind.refresh()
    newest = add_friends(database, 1, clock(), start=900)
    members = SegmentIndex(database, clock).members(Everyone())
    found = behind.user_ids(members)
    assert len(found) == 41
    assert newest[0].encode() in found


def test_somebody_whose_row_is_gone_is_left_out_of_the_ids(database: Database, clock: Clock) -> None:
    add_friends(database, 2, clock())
    index = SegmentIndex(database, clock)
    assert len(index.user_ids((1).to_bytes(4, "little") + (999).to_bytes(4, "little"))) == 1
    assert index.user_ids(b"") == []


def test_a_follower_of_midnight_in_japan_counts_for_the_new_day(database: Database, clock: Clock) -> None:
    add_friends(database, 1, datetime(2026, 11, 20, 14, 59, 59, tzinfo=UTC))
    add_friends(database, 1, datetime(2026, 11, 20, 15, 0, 0, tzinfo=UTC), start=5)
    index = SegmentIndex(database, clock)
    assert index.followed_between(date(2026, 11, 20), date(2026, 11, 20)) == 1
    assert index.followed_between(date(2026, 11, 21), date(2026, 11, 21)) == 1
