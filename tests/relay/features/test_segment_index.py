"""The segment index in other processes, its user ids, what it splits and finds by day. SEG-3, SEG-4."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from protocol.items import Answer, BirthMonth, Choice, SegmentItem
from protocol.segments import AgeIs, ChoiceIs, Everyone, Except, InGroup, OnList
from relay.errors import Refused
from relay.features.segments import SegmentIndex
from relay.store.answers import merge_choice
from relay.store.counters import current_number
from relay.store.database import Database
from relay.store.lists import add_to_list
from relay.store.records import put_record
from relay.store.residents import find_resident_by_no, set_language, write_answers
from tests.conftest import Clock
from tests.relay.features.test_segments import CHILDREN, DISTRICT, DUE, TOPICS, members, unpack
from tests.relay.town import add_friends


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


def test_a_saved_group_that_is_gone_stops_the_count_instead_of_leaving_out_nobody(
    database: Database, clock: Clock
) -> None:
    add_friends(database, 2, clock())
    index = SegmentIndex(database, clock)
    with pytest.raises(Refused) as refusal:
        index.count(Except(part=InGroup(group="gone")))
    assert refusal.value.reason == "group_unknown"


def test_a_choice_that_was_merged_means_the_one_that_took_its_answers(
    database: Database, clock: Clock
) -> None:
    add_friends(database, 3, clock())
    index = SegmentIndex(database, clock)
    with database.write() as connection:
        for number, choices in ((1, ("gomi",)), (2, ("gomi", "kenko")), (3, ("kenko",))):
            write_answers(connection, number, [Answer(item=TOPICS, choices=choices)], clock())
    gomi = ChoiceIs(item=TOPICS, any_of=("gomi",))
    assert members(index, gomi) == {1, 2}
    merged = SegmentItem(
        id=TOPICS,
        kind="multiple",
        title="情報",
        question="？",
        choices=(
            Choice(id="gomi", label="ごみ", retired=True, merged_into="kenko"),
            Choice(id="kenko", label="健康"),
        ),
    )
    with database.write() as connection:
        assert merge_choice(connection, TOPICS, "gomi", "kenko") == 2
        put_record(connection, database.cipher, kind="item", id=TOPICS, body=merged.as_json(), now=clock())
    assert members(index, gomi) == {1, 2, 3}
    assert members(SegmentIndex(database, clock), gomi) == {1, 2, 3}


def test_members_are_split_by_language_and_by_district_without_anybody_twice(
    database: Database, clock: Clock
) -> None:
    add_friends(database, 4, clock())
    index = SegmentIndex(database, clock)
    with database.write() as connection:
        set_language(connection, 2, "vi", chosen=False)
        for number, choice in ((1, "kawakita"), (3, "minato")):
            write_answers(connection, number, [Answer(item=DISTRICT, choices=(choice,))], clock())
        write_answers(connection, 4, [Answer(item=TOPICS, choices=("gomi", "kenko"))], clock())
    everyone = index.members(Everyone())
    by_language = {key: unpack(part) for key, part in index.split(everyone, by="language").items()}
    assert by_language == {"ja": {1, 3, 4}, "vi": {2}}
    by_district = {key: unpack(part) for key, part in index.split(everyone, by=DISTRICT).items()}
    assert by_district == {"kawakita": {1}, "minato": {3}, "": {2, 4}}
    by_topic = {key: unpack(part) for key, part in index.split(everyone, by=TOPICS).items()}
    assert by_topic == {"gomi": {4}, "": {1, 2, 3}}


def test_days_and_months_of_residents_find_them(database: Database, clock: Clock) -> None:
    add_friends(database, 3, clock())
    index = SegmentIndex(database, clock)
    with database.write() as connection:
        for number, day in ((1, date(2024, 2, 29)), (2, date(2027, 2, 28)), (3, date(2020, 11, 20))):
            write_answers(connection, number, [Answer(item=DUE, day=day)], clock())
        born = (BirthMonth(year=2020, month=4), BirthMonth(year=2023))
        write_answers(connection, 3, [Answer(item=CHILDREN, births=born)], clock())
    assert unpack(index.resident_day_members(DUE, date(2027, 2, 28), False)) == {2}
    assert unpack(index.resident_day_members(DUE, date(2027, 2, 28), True)) == {1, 2}
    assert unpack(index.resident_day_members(DUE, date(2028, 2, 28), True)) == {2}
    assert unpack(index.resident_day_members(DUE, date(2028, 2, 29), True)) == {1}
    assert unpack(index.age_members(CHILDREN, 2020, 4)) == {3}
    assert unpack(index.age_members(CHILDREN, 2023, 1)) == set()


def test_what_line_says_never_wins_over_the_language_a_resident_chose(
    database: Database, clock: Clock
) -> None:
    add_friends(database, 1, clock())
    with database.write() as connection:
        assert set_language(connection, 1, "en", chosen=False)
        assert set_language(connection, 1, "vi", chosen=True)
        assert not set_language(connection, 1, "en", chosen=False)
        found = find_resident_by_no(connection, 1)
    assert found is not None and (found.language, found.language_chosen) == ("vi", True)


def test_a_fill_of_many_is_one_change_and_takes_no_number_of_any_resident(
    database: Database, clock: Clock
) -> None:
    add_friends(database, 3000, clock())
    index = SegmentIndex(database, clock)
    index.refresh()
    with database.write() as connection:
        before = current_number(connection, "residents")
        add_to_list(connection, "heads", range(1, 3001), clock())
        add_to_list(connection, "heads", [7, 99_999], clock())  # one who is on it, one who never was
        assert current_number(connection, "residents") == before
    assert index.count(OnList(list="heads")) == 3000


def test_an_age_of_this_month_counts_whoever_has_a_birthday_by_its_end(
    database: Database, clock: Clock
) -> None:
    add_friends(database, 4, clock())
    index = SegmentIndex(database, clock)
    with database.write() as connection:
        for number, month in ((1, 10), (2, 11), (3, 12), (4, None)):
            born = BirthMonth(year=2020, month=month)
            write_answers(connection, number, [Answer(item=CHILDREN, births=(born,))], clock())
    assert members(index, AgeIs(item=CHILDREN, lowest=6, basis="month")) == {1, 2, 4}
    assert members(index, AgeIs(item=CHILDREN, highest=5, basis="month")) == {3}
    assert members(index, AgeIs(item=CHILDREN, lowest=6, highest=6)) == {1, 2, 3, 4}
