"""A resident is told once that there is news, in words that say nothing; never one who blocked us. SEC-6."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from protocol.changes import SubmissionUpdate
from protocol.staff import StaffMember
from protocol.submissions import Submission
from relay.features.talk_words import load_talk_words
from relay.jobs.tell import TellResidents
from relay.line.client import LineClient
from relay.store.database import Database
from relay.store.jobs import has_due_job
from relay.store.residents import BLOCKED, find_resident, set_state
from tests.relay.features.office import Office
from tests.relay.jobs.worker import HurryingClock, wait_until
from tests.relay.line_stub import FINE, Fault, LineStub, running_line_stub
from tests.relay.sections import Sections
from tests.relay.town import add_friends


class Desk:
    """A department that answers a resident."""

    def __init__(self, database: Database) -> None:
        self.clock = HurryingClock()
        self.office = Office(database, self.clock)
        self.sections = Sections(database, self.clock)
        self.sections.add("roads")
        self.who: StaffMember = self.office.add_person("ito", role="editor", departments=("roads",))
        (self.user,) = add_friends(database, 1, self.clock())
        self.sent: Submission = self.sections.arrive(self.user, ("roads",))

    def answer(self) -> None:
        part = self.sections.staff_part(self.sent, reply="秘密のお返事です。")
        payload = SubmissionUpdate(submission=self.sent.id, state="done", staff_part=part, notify=True)
        assert self.office.do(self.who, "submission.update", payload, 1).reason == ""
        self.office.bell.ring()

    def is_waiting(self) -> bool:
        with self.office.database.read() as connection:
            later = self.clock().replace(year=2099)
            return has_due_job(connection, ["tell_resident"], later)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@contextmanager
def telling(desk: Desk, base: str) -> Iterator[None]:
    """The duty runs while the block does."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def work() -> None:
        line = LineClient(base=base, token="token", timeout=2.0)
        duty = TellResidents(
            desk.office.database,
            desk.clock,
            desk.office.bell,
            line,
            load_talk_words(),
            page_url="https://liff.line.me/1-x/mine",
            owner="worker",
        )
        await duty(stop)
        await line.aclose()

    thread = threading.Thread(target=lambda: loop.run_until_complete(work()), daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        desk.office.bell.ring()
        thread.join(20)
        loop.close()


def test_the_resident_is_told_once_though_answers_get_lost(desk: Desk) -> None:
    faults = [
        Fault(status=None, accept=True),
        Fault(status=500, accept=False),
        Fault(status=500, accept=True),
    ]
    stub = LineStub(script=lambda call: faults[call] if call < len(faults) else FINE)
    with running_line_stub(stub) as line, telling(desk, line.base):
        desk.answer()
        wait_until(lambda: not desk.is_waiting())
    assert dict(stub.received) == {desk.user: 1}
    assert stub.calls >= 2 and stub.changed_bodies == [] and len(stub.bodies) == 1
    (messages,) = stub.messages
    said = json.dumps(messages, ensure_ascii=False)
    assert "お問い合わせについてお知らせがあります" in said and "https://liff.line.me/1-x/mine" in said
    assert "秘密" not in said and desk.sent.number not in said


def test_who_blocked_the_account_is_not_written_to(desk: Desk) -> None:
    with desk.office.database.write() as connection:
        resident = find_resident(connection, desk.office.database.cipher, desk.user)
        assert resident is not None
        set_state(connection, resident, state=BLOCKED, at=desk.clock())
    with running_line_stub(LineStub()) as line, telling(desk, line.base):
        desk.answer()
        wait_until(lambda: not desk.is_waiting())
        assert line.calls == 0


def test_a_refusal_for_good_is_not_tried_again(desk: Desk) -> None:
    stub = LineStub(script=lambda _: Fault(status=400, accept=False))
    with running_line_stub(stub) as line, telling(desk, line.base):
        desk.answer()
        wait_until(lambda: not desk.is_waiting())
    assert stub.calls == 1
