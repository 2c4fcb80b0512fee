"""The index answers as a plain look at the tables would, whatever changed before. SEG-3, SEG-4, SEG-12."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from protocol.ids import new_id
from protocol.items import Answer, BirthMonth, age_this_month
from protocol.lists import SegmentGroup
from protocol.rights import DELIVERIES
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
from relay.features.segments import SegmentIndex
from relay.store.answers import delete_answers, merge_choice
from relay.store.database import Database
from relay.store.delivery_tables import resident_lists
from relay.store.lists import add_to_list, empty_list, take_off_list
from relay.store.records import put_record
from relay.store.residents import (
    BLOCKED,
    FRIEND,
    add_resident,
    find_resident_by_no,
    set_language,
    set_state,
    write_answers,
)
from relay.store.tables import (
    batches,
    resident_choices,
    resident_numbers,
    resident_years,
    residents,
    runs,
)
from tests.conftest import Clock
from tests.relay.town import user_id

DISTRICT, TOPICS, BORN, CHILDREN = "item-district", "item-topics", "item-born", "item-children"
PEOPLE, DUE = "item-people", "item-due"
LANGUAGES, LISTS, GROUPS = ["ja", "easy", "vi"], ["heads", "staff"], ["young", "north", "both"]
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
    st.builds(
        lambda births: Answer(item=CHILDREN, births=tuple(births)),
        st.lists(
            st.builds(BirthMonth, year=st.integers(2005, 2026), month=st.sampled_from([None, 1, 10, 11, 12])),
            max_size=3,
        ),
    ),
    st.builds(
        lambda number: Answer(item=PEOPLE, number=number),
        st.none() | st.integers(-3, 9) | st.integers(-1_000_000, 1_000_000),
    ),
    st.builds(
        lambda day: Answer(item=DUE, day=day), st.none() | st.dates(date(2026, 11, 1), date(2026, 12, 31))
    ),
)
bounds = st.none() | st.integers(-4, 10) | st.integers(-1_000_000, 1_000_000)
due_days = st.none() | st.dates(date(2026, 10, 25), date(2027, 1, 5))
offsets = st.none() | st.integers(-20, 45)
ages = st.none() | st.integers(0, 100)
child_ages = st.none() | st.integers(0, 21)
bases = st.sampled_from(["year", "month"])
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
    st.builds(AgeIs, item=st.just(BORN), lowest=ages, highest=ages, basis=bases),
    st.builds(AgeIs, item=st.just(CHILDREN), lowest=child_ages, highest=child_ages, basis=bases),
    st.builds(NumberIs, item=st.just(PEOPLE), lowest=bounds, highest=bounds),
    st.builds(DayIs, item=st.just(DUE), first=due_days, last=due_days, from_today=offsets, to_today=offsets),
    st.builds(HasAnswered, item=st.sampled_from([DISTRICT, TOPICS, BORN, CHILDREN, PEOPLE, DUE])),
    st.builds(FollowedBetween, first=days, last=days),
    st.builds(LanguageIs, any_of=st.lists(st.sampled_from(LANGUAGES), min_size=1, max_size=2).map(tuple)),
    st.builds(OnList, list=st.sampled_from(LISTS)),
    st.builds(InGroup, group=st.sampled_from(GROUPS)),
    st.builds(Received, delivery=st.just("storm")),
)
SAVED: dict[str, Segment] = {
    "young": AgeIs(item=BORN, highest=30),
    "north": ChoiceIs(item=DISTRICT, any_of=("kawakita",)),
    "both": AllOf(parts=(InGroup(group="young"), Except(part=InGroup(group="north")))),
}
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
    today = now.astimezone(_JAPAN).date()
    with database.read() as connection:
        rows = connection.execute(select(residents).where(residents.c.state == "friend")).all()
        friends = {row.no: row.followed_at.astimezone(_JAPAN).date() for row in rows}
        languages = {row.no: row.language for row in rows}
        chosen = {tuple(row)[:3] for row in connection.execute(select(resident_choices))}
        births = [
            (row.resident, row.item, BirthMonth(year=row.year, month=row.month))
            for row in connection.execute(select(resident_years))
        ]
        numbers = {
            (row.resident, row.item): row.value for row in connection.execute(select(resident_numbers))
        }
        listed = {(row.list, row.resident) for row in connection.execute(select(resident_lists))}
        got = {
            number
            for row in connection.execute(select(batches).where(batches.c.state.in_(("accepted", "unknown"))))
            for number in unpack(row.members)
        }
    answered = {(who, item) for who, item, _ in [*chosen, *births]} | set(numbers)

    def ages_of(who: int, node: AgeIs) -> list[int]:
        of = [birth for resident, item, birth in births if (resident, item) == (who, node.item)]
        if node.basis == "month":
            return [age_this_month(birth, now) for birth in of]
        return [today.year - birth.year for birth in of]

    def lies(value: int | None, low: int | None, high: int | None) -> bool:
        return value is not None and (low is None or value >= low) and (high is None or value <= high)

    def meets(who: int, node: Segment) -> bool:
        match node:
            case Everyone():
                return True
            case ChoiceIs():
                return any((who, node.item, choice) in chosen for choice in node.any_of)
            case AgeIs():
                return any(lies(age, node.lowest, node.highest) for age in ages_of(who, node))
            case NumberIs():
                return lies(numbers.get((who, node.item)), node.lowest, node.highest)
            case DayIs():
                day = numbers.get((who, node.item))
                low = node.first.toordinal() if node.first else None
                high = node.last.toordinal() if node.last else None
                low = low if node.from_today is None else today.toordinal() + node.from_today
                high = high if node.to_today is None else today.toordinal() + node.to_today
                return lies(day, low, high)
            case LanguageIs():
                return languages[who] in node.any_of
            case OnList():
                return (node.list, who) in listed
            case InGroup():
                return meets(who, SAVED[node.group])
            case Received():
                return who in got
            case HasAnswered():
                return (who, node.item) in answered
            case FollowedBetween():
                came = friends[who]
                return (node.first is None or came >= node.first) and (node.last is None or came <= node.last)
            case AllOf():
                return all(meets(who, part) for part in node.parts)
            case AnyOf():
                return any(meets(who, part) for part in node.parts)
            case Except():
                return not meets(who, node.part)
        raise AssertionError(node)

    return {who for who in friends if meets(who, segment)}


def members(index: SegmentIndex, segment: Segment) -> set[int]:
    return unpack(index.members(segment))


def unpack(packed: bytes) -> set[int]:
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

    def merge(self, choice: str, into: str) -> None:
        with self.database.write() as connection:
            merge_choice(connection, TOPICS, choice, into)

    def speak(self, who: int, language: str, *, chosen: bool) -> None:
        with self.database.write() as connection:
            set_language(connection, who, language, chosen=chosen)

    def put_on_list(self, list_id: str, numbers: list[int], how: str) -> None:
        with self.database.write() as connection:
            match how:
                case "add":
                    add_to_list(connection, list_id, numbers, self.clock())
                case "remove":
                    take_off_list(connection, list_id, numbers)
                case "empty":
                    empty_list(connection, list_id)

    def save_groups(self) -> None:
        with self.database.write() as connection:
            for id, segment in SAVED.items():
                body = SegmentGroup(id=id, name=id, segment=segment).as_json()
                put_record(
                    connection,
                    self.database.cipher,
                    kind="group",
                    id=id,
                    body=body,
                    now=self.clock(),
                    audiences=(DELIVERIES,),
                )

    def send(self, numbers: list[int], state: str) -> None:
        with self.database.write() as connection:
            run = new_id(self.clock())
            facts = {"delivery": "storm", "kind": "segment", "state": "sent", "confirmed_at": self.clock()}
            connection.execute(insert(runs).values(id=run, **facts))
            members = b"".join(number.to_bytes(4, "little") for number in sorted(set(numbers)))
            connection.execute(
                insert(batches).values(
                    run=run,
                    no=0,
                    endpoint="multicast",
                    retry_key=new_id(self.clock()),
                    members=members,
                    count=len(members) // 4,
                    state=state,
                    first_try_at=self.clock(),
                )
            )


numbers_of_people = st.lists(st.integers(1, 12), max_size=6)
who = st.integers(1, 12)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.timedeltas(timedelta(days=-6), timedelta(days=6))),
        st.tuples(st.just("answer"), who, answers),
        st.tuples(st.just("turn"), who, st.booleans()),
        st.tuples(st.just("answer"), who, answers),
        st.tuples(st.just("delete"), st.sampled_from([DISTRICT, TOPICS, BORN, CHILDREN, PEOPLE, DUE])),
        st.tuples(st.just("merge"), *[st.sampled_from(CHOICES[TOPICS])] * 2),
        st.tuples(st.just("speak"), who, st.sampled_from(LANGUAGES), st.booleans()),
        st.tuples(
            st.just("list"),
            st.sampled_from(LISTS),
            numbers_of_people,
            st.sampled_from(["add", "add", "remove", "empty"]),
        ),
        st.tuples(st.just("send"), numbers_of_people, st.sampled_from(["accepted", "unknown", "refused"])),
        st.tuples(st.just("ask"), segments),
    ),
    min_size=5,
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, last=st.lists(segments, min_size=6, max_size=6))
def test_the_index_says_what_the_tables_say(
    database: Database, clock: Clock, steps: list[tuple[Any, ...]], last: list[Segment]
) -> None:
    town = Town(database, clock)
    index = SegmentIndex(database, clock)  # every example goes on with the store the last one left
    with database.read() as connection:
        town.count = len(connection.execute(select(residents.c.no)).all())
    town.save_groups()
    for step in [*steps, *(("ask", segment) for segment in last)]:
        match step:
            case ("arrive", ahead):
                town.arrive(ahead)
            case ("answer", resident, answer):
                town.answer(resident, answer)
            case ("turn", resident, blocks):
                town.turn(resident, blocks=blocks)
            case ("delete", item):
                town.delete(item)
            case ("merge", choice, into) if choice != into:
                town.merge(choice, into)
            case ("speak", resident, language, chosen):
                town.speak(resident, language, chosen=chosen)
            case ("list", list_id, numbers, how):
                town.put_on_list(list_id, numbers, how)
            case ("send", numbers, state):
                town.send(numbers, state)
            case ("ask", segment):
                assert members(index, segment) == plain_members(database, segment, clock())
                assert index.count(segment) == len(plain_members(database, segment, clock()))
    fresh = SegmentIndex(database, clock)
    assert [members(fresh, segment) for segment in last] == [members(index, segment) for segment in last]
