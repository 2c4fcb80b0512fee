"""Writers that commit out of order lose no record for any cursor, in any audience. SEC-9, OPS-4."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from protocol.changes import ContactFormSave, ItemSave, SubmissionUpdate
from protocol.rights import Level, inbox_audience
from protocol.staff import StaffMember
from protocol.submissions import Submission
from relay.store.database import Database
from relay.store.records import put_record
from tests.conftest import Clock
from tests.relay.features.office import Office, district_item
from tests.relay.sections import Sections, open_form
from tests.relay.town import add_friends

Seen = dict[tuple[str, str], int]


class Follower:
    """A desktop that reads again and again: what it holds, and whether it was ever given something older."""

    def __init__(self, office: Office, who: StaffMember) -> None:
        self.office, self.who = office, who
        self.cursor: dict[str, int] = {}
        self.holds: Seen = {}
        self.went_back: list[tuple[str, str]] = []

    def read(self) -> None:
        while True:
            news = self.office.rounds.news(self.who, self.cursor)
            assert news.lost == []
            self.cursor = news.cursor
            for record in news.records:
                key = (record.kind, record.id)
                if record.version < self.holds.get(key, 0):
                    self.went_back.append(key)
                self.holds[key] = record.version
            if not news.more:
                return


@pytest.fixture
def sections(office: Office, database: Database, clock: Clock) -> Sections:
    sections = Sections(database, clock)
    for id in ("roads", "parks", "tax"):
        sections.add(id)
    return sections


@pytest.fixture
def people(office: Office, sections: Sections) -> list[StaffMember]:
    return [
        office.add_person("ito", role="editor", departments=("roads",)),
        office.add_person("mori", role="editor", departments=("parks", "roads")),
        office.add_person("abe", role="editor", departments=("tax",)),
        office.add_person("sato", role="admin", departments=("tax", "parks")),
    ]


def everything(office: Office, who: StaffMember) -> Seen:
    follower = Follower(office, who)
    follower.read()
    return follower.holds


def test_followers_miss_nothing_while_residents_and_staff_write_at_once(
    office: Office, sections: Sections, people: list[StaffMember], clock: Clock
) -> None:
    users = add_friends(office.database, 40, clock())
    names = ["roads", "parks", "tax"]
    dice = random.Random(20261120)
    plans = [tuple(sorted(dice.sample(names, dice.randint(1, 3)))) for _ in range(40)]
    followers = [Follower(office, who) for who in people]
    done = threading.Event()

    def follow(follower: Follower) -> None:
        while not done.wait(0.02):
            follower.read()

    def send(start: int) -> None:
        for number in range(start, 40, 4):
            sections.arrive(users[number], plans[number])

    def staff_write() -> None:
        admin = people[3]
        for number in range(10):
            access: dict[str, Level] = dict.fromkeys(["parks", *names[: number % 4]], "edit")
            form = open_form(f"form-{number}", **access)
            assert office.do(admin, "contact_form.save", ContactFormSave(form=form)).reason == ""
            assert office.do(admin, "item.save", ItemSave(item=district_item(f"i{number}"))).reason == ""

    def staff_answer() -> None:
        for _ in range(4):
            for record in office.records(people[1], "submission").values():
                sent = Submission.parse(record.body)
                payload = SubmissionUpdate(submission=sent.id, state="working")
                office.do(people[1], "submission.update", payload, record.version)

    with ThreadPoolExecutor(12) as pool:
        readers = [pool.submit(follow, follower) for follower in followers]
        work: list[Callable[[], None]] = [staff_write, staff_answer]
        writers = [pool.submit(send, start) for start in range(4)] + [pool.submit(job) for job in work]
        try:
            for writer in writers:
                writer.result(60)
        finally:
            done.set()
        for reader in readers:
            reader.result(30)
    for follower in followers:
        follower.read()
        assert follower.holds == everything(office, follower.who)
        assert follower.went_back == []
    ours = {id for kind, id in followers[0].holds if kind == "submission"}
    assert len(ours) == sum("roads" in plan for plan in plans)


def test_a_department_waits_for_its_own_slow_writer_and_for_no_other(
    office: Office, sections: Sections, people: list[StaffMember], clock: Clock
) -> None:
    """The later number of a stream shows only after the earlier one, whoever commits first."""
    roads, parks = inbox_audience("roads"), inbox_audience("parks")
    started, may_commit = threading.Event(), threading.Event()
    follower = Follower(office, people[1])
    follower.read()

    def put(id: str, *audiences: str) -> Callable[[], None]:
        def write() -> None:
            with office.database.write() as connection:
                body: dict[str, object] = {}
                put_record(
                    connection,
                    office.database.cipher,
                    kind="submission",
                    id=id,
                    body=body,
                    now=clock(),
                    audiences=audiences,
                )
                if id == "slow":
                    started.set()
                    assert may_commit.wait(20)

        return write

    writers = {
        name: threading.Thread(target=put(name, *audiences))
        for name, audiences in (("slow", (roads,)), ("quick", (parks, roads)), ("other", (parks,)))
    }
    writers["slow"].start()
    assert started.wait(20)
    writers["quick"].start()
    writers["other"].start()
    for _ in range(5):
        follower.read()
        assert not {"slow", "quick"} & {id for _, id in follower.holds}
    may_commit.set()
    for writer in writers.values():
        writer.join(20)
    follower.read()
    assert {"slow", "quick", "other"} <= {id for _, id in follower.holds}
    assert follower.holds == everything(office, people[1])
