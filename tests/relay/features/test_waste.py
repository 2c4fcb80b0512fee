"""The calendar and the dictionary at the relay, and the daily message, once a day (SEG-11)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from protocol.deliveries import Delivery
from protocol.delivery_changes import WasteSave, WasteWordsPut
from protocol.items import Answer
from protocol.staff import StaffMember
from protocol.waste import WasteWord
from relay.features import waste_rule
from relay.features.moments import Moments
from relay.features.news import NewsBell
from relay.features.rule_deliveries import make_delivery_of_rule
from relay.features.waste import WASTE, WASTE_WORD
from relay.features.waste_moments import begin_sending
from relay.features.waste_rule import WasteMessages
from relay.store.residents import find_resident, write_answers
from tests.conftest import Clock
from tests.relay.counter import DISTRICT
from tests.relay.features.office import Office
from tests.relay.town import add_friends
from tests.relay.waste_town import EVE, MORNING, NONE, NOTICE, calendar, save_waste, words

MORNING_OF_COLLECTION = datetime(2026, 11, 25, 21, 31, tzinfo=UTC)
"""Thursday the 26th, 06:31 in Japan."""
ANSWERS = [
    ("d00", MORNING),
    ("d00", MORNING),
    ("d01", MORNING),
    ("d00", EVE),
    ("d02", NONE),
    ("d59", MORNING),
]


@pytest.fixture
def town(office: Office, clock: Clock) -> Office:
    """Six residents with a district and a choice, and a calendar that sends since Wednesday noon."""
    clock.now = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    save_waste(office.database, clock(), sends=True)
    with office.database.write() as connection:
        begin_sending(connection, calendar(), clock())
    users = add_friends(office.database, len(ANSWERS), clock())
    with office.database.write() as connection:
        for user, (district, choice) in zip(users, ANSWERS, strict=True):
            resident = find_resident(connection, office.database.cipher, user)
            assert resident is not None
            answers = [Answer(item=DISTRICT, choices=(district,)), Answer(item=NOTICE, choices=(choice,))]
            write_answers(connection, resident.no, answers, clock())
    return office


def look(town: Office) -> WasteMessages:
    return WasteMessages(town.database, town.clock, town.index)


def deliveries(town: Office, sato: StaffMember) -> list[Delivery]:
    found = [Delivery.parse(record.body) for record in town.seen(sato, "delivery").values()]
    return sorted(found, key=lambda delivery: str(delivery.due_at))


def test_each_message_is_made_once_at_its_moment_for_those_who_asked(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    for hours in (0, 6, 7, 8, 18, 19, 30):
        clock.now = datetime(2026, 11, 25, 3, 5, tzinfo=UTC) + timedelta(hours=hours)
        look(town).run_once()
        look(town).run_once()
    eve, morning = deliveries(town, sato)
    assert eve.made_by_rule == "waste:eve" and eve.state == "scheduled"
    assert eve.due_at == datetime(2026, 11, 25, 10, 0, tzinfo=UTC)  # 19:00 of the day before
    assert "前の晩） 11月26日（木）" in eve.draft.title
    assert morning.due_at == datetime(2026, 11, 25, 21, 30, tzinfo=UTC)
    assert town.index.count(morning.draft.segment) == 3  # d59 has no collection, d02 wants none


def test_two_workers_at_once_make_one(town: Office, sato: StaffMember, clock: Clock) -> None:
    clock.now = MORNING_OF_COLLECTION
    racers = [threading.Thread(target=look(town).run_once) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert [found.made_by_rule for found in deliveries(town, sato)] == ["waste:eve", "waste:morning"]


def test_a_worker_that_dies_while_making_it_leaves_nothing_half_done(
    town: Office, sato: StaffMember, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = MORNING_OF_COLLECTION
    made = make_delivery_of_rule

    def die(*args: Any, **values: Any) -> None:
        made(*args, **values)
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(waste_rule, "make_delivery_of_rule", die)
        with pytest.raises(SystemExit):
            look(town).run_once()
    assert deliveries(town, sato) == []
    look(town).run_once()
    assert len(deliveries(town, sato)) == 2


def test_nothing_is_made_while_it_is_switched_off_or_nobody_asked_or_nothing_is_collected(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    clock.now = MORNING_OF_COLLECTION
    save_waste(town.database, clock(), items=False, sends=False)
    look(town).run_once()
    save_waste(town.database, clock(), items=False, sends=True, morning_choice="", eve_choice="")
    look(town).run_once()
    clock.now = MORNING_OF_COLLECTION + timedelta(days=1)  # Friday: nothing anywhere
    save_waste(town.database, clock(), items=False, sends=True)
    look(town).run_once()
    assert deliveries(town, sato) == []


def test_switching_it_on_at_noon_sends_nothing_about_the_morning(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    save_waste(town.database, clock(), items=False, sends=False)
    clock.now = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
    version = town.records(sato, WASTE)["town"].version
    assert town.reason(sato, "waste.save", WasteSave(calendar=calendar(sends=True)), version) == ""
    look(town).run_once()
    assert deliveries(town, sato) == []


def test_a_calendar_is_saved_whole_and_refused_with_the_reason(town: Office, sato: StaffMember) -> None:
    version = town.records(sato, WASTE)["town"].version
    assert town.reason(sato, "waste.save", WasteSave(calendar=calendar()), version + 5) == "version_conflict"
    broken = calendar(kinds=())
    assert town.reason(sato, "waste.save", WasteSave(calendar=broken), version) == "waste_kind_unknown"
    assert town.reason(sato, "waste.save", WasteSave(calendar=calendar(put_out_by="8時")), version) == ""
    assert town.seen(sato, WASTE)["town"].body["put_out_by"] == "8時"


def test_what_the_daily_messages_say_and_when_is_for_those_who_may_send(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    writer = town.add_person("writer", role="editor")

    def save(who: StaffMember, **parts: object) -> str:
        version = town.records(sato, WASTE)["town"].version
        return town.reason(who, "waste.save", WasteSave(calendar=calendar(**parts)), version)

    changes: tuple[dict[str, object], ...] = (
        {"morning_text": "｛収集日｝は休みです。"},
        {"eve_time": "23:00"},
        {"morning_choice": EVE},
    )
    for parts in changes:
        assert save(writer, sends=True, **parts) == "not_allowed"
    assert save(writer, sends=True, put_out_by="朝8時") == ""  # the calendar itself
    assert save(writer, sends=False, eve_time="23:00") == ""  # stopping is everybody's
    assert save(writer, sends=True, eve_time="23:00") == "not_allowed"
    assert save(sato, sends=True, eve_time="19:30") == ""


def test_words_come_and_go_all_or_none(town: Office, sato: StaffMember) -> None:
    new = WasteWord(id="new", name="傘", kind="burn")
    odd = WasteWord(id="odd", name="箱", kind="nowhere")
    assert town.reason(sato, "waste_words.put", WasteWordsPut(words=(new, odd))) == "waste_kind_unknown"
    assert set(town.seen(sato, WASTE_WORD)) == {word.id for word in words()}
    assert town.reason(sato, "waste_words.put", WasteWordsPut(words=(new,), remove=("w1", "never"))) == ""
    assert set(town.seen(sato, WASTE_WORD)) == {"w2", "w3", "new"}
    many = tuple(WasteWord(id=str(n), name="品") for n in range(501))
    assert town.reason(sato, "waste_words.put", WasteWordsPut(words=many)) == "too_large"


def test_a_worker_that_comes_too_late_sends_nothing_and_tells(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    clock.now = MORNING_OF_COLLECTION + timedelta(hours=3)
    look(town).run_once()
    Moments(town.database, clock, NewsBell(), town.index, town.sending.freezing).run_due()
    assert {found.state for found in deliveries(town, sato)} == {"skipped"}
    assert any(record.body["code"] == "delivery_skipped" for record in town.seen(sato, "notice").values())
