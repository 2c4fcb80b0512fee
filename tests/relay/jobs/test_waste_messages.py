"""The daily waste message from its moment to the phones: each once, in its district's words. SEG-11."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from protocol.items import Answer
from protocol.schedules import Recurrence
from protocol.staff import StaffMember
from protocol.waste import WasteRule
from relay.features.waste_rule import WasteMessages
from relay.store.database import Database
from relay.store.residents import find_resident, write_answers
from tests.relay.counter import DISTRICT
from tests.relay.features.office import Office
from tests.relay.jobs.worker import HurryingClock, wait_until, working
from tests.relay.line_stub import FINE, Fault, LineStub, running_line_stub
from tests.relay.town import add_friends
from tests.relay.waste_town import FIRST, MORNING, NONE, NOTICE, save_waste

PEOPLE = 40


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database, HurryingClock())  # Friday the 20th of November, 09:30 in Japan


@pytest.fixture
def line() -> Iterator[LineStub]:
    with running_line_stub(LineStub()) as stub:
        yield stub


def test_each_district_reads_its_own_words_once_whatever_line_and_workers_do(
    office: Office, sato: StaffMember, line: LineStub
) -> None:
    fridays = Recurrence(pattern="weekly", weekdays=(4,), first=FIRST)
    rules = (
        WasteRule(id="a", kind="burn", districts=("d00", "d01"), rule=fridays),
        WasteRule(id="b", kind="pet", districts=("d01",), rule=fridays),
    )
    save_waste(office.database, office.clock(), sends=True, morning_time="09:20", rules=rules, exceptions=())
    users = add_friends(office.database, PEOPLE, office.clock())
    with office.database.write() as connection:
        for place, user in enumerate(users):
            resident = find_resident(connection, office.database.cipher, user)
            assert resident is not None
            choice = NONE if place % 4 == 3 else MORNING
            answers = [
                Answer(item=DISTRICT, choices=(f"d0{place % 3}",)),
                Answer(item=NOTICE, choices=(choice,)),
            ]
            write_answers(connection, resident.no, answers, office.clock())
    wanted = {user for place, user in enumerate(users) if place % 4 != 3 and place % 3 != 2}
    line.script = lambda number: Fault(status=500) if number == 0 else FINE
    makers = [
        threading.Thread(target=WasteMessages(office.database, office.clock, office.index).run_once)
        for _ in range(3)
    ]
    with working(office, line.base):
        for maker in makers:
            maker.start()
        wait_until(lambda: sum(line.received.values()) >= len(wanted))
        wait_until(lambda: "sent" in {r.body["state"] for r in office.seen(sato, "delivery").values()})
    for maker in makers:
        maker.join()
    assert dict(line.received) == dict.fromkeys(wanted, 1)
    assert {bubbles[0]["text"].split("の", 1)[1] for bubbles in line.messages} == {
        "川北の収集は「燃えるごみ」です。",
        "葛󠄀葉の収集は「燃えるごみ・ペットボトル」です。",
    }
