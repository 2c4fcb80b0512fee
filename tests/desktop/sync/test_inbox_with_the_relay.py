"""SEC-8, FORM-9: sealed records of the desktop with the real relay: read, answered, renewed, in chunks."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop.app import Doors, OpenOffice
from desktop.features.submissions import Handling
from desktop.replica.submissions import Held, SubmissionQuery
from desktop.sync import compaction
from protocol.chunks import ChunkHeader
from protocol.encoding import to_base64
from protocol.ids import new_id
from protocol.rights import inbox_audience
from protocol.sealing import SealedHeader, copy_keys_hash, seal
from protocol.submissions import ResidentCopy, Submission, SubmittedContent
from relay.features.sync import SyncRounds
from relay.store.chunks import list_chunk_headers
from relay.store.records import put_record
from relay.store.submissions import StoredSubmission, add_copy, add_submission
from tests.conftest import Clock
from tests.desktop.conftest import PASSPHRASE
from tests.desktop.fake_submissions import copy_wraps
from tests.desktop.town import Machine, Town, running_town


@pytest.fixture
def town(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """With rounds and chunks a fiftieth of the real size."""
    monkeypatch.setitem(SyncRounds.__init__.__kwdefaults__, "records_limit", 20)
    monkeypatch.setattr(compaction, "CHUNK_RECORDS", 20)
    with running_town(tmp_path, clock) as made:
        yield made


@pytest.fixture
def reader(town: Town) -> Machine:
    """鈴木 of 土木課, confirmed, with its key and a contact form of its own."""
    admin = town.begin()
    town.make_keys(admin)
    department = town.department(admin, "土木課")
    machine = town.invite(admin, "suzuki", department)
    town.confirm(admin, machine)
    town.sync(admin, machine)
    forms = machine.office.contact_forms
    form = forms.new().model_copy(
        update={"title": "道路", "purpose": "対応のため", "access": {department: "edit"}, "is_open": True}
    )
    forms.save(form)
    machine.office.sync()
    return machine


def receive(town: Town, machine: Machine, text: str) -> str:
    """What the page does on receipt, without the page."""
    database, now = town.relay.relay.database, town.clock()
    (shown,) = machine.office.contact_forms.all()
    (department,) = shown.body.access
    readers = machine.office.ring().readers([department])
    id, object, number = new_id(now), f"contact:{shown.id}", f"2026-{secrets.randbelow(10**6):06}"
    wraps = copy_wraps(bytes(32), id, readers)
    header = SealedHeader(
        town=database.relay_id, part="answer", id=id, object=object, sealed_at=now,
        departments=(department,), copy_keys=copy_keys_hash(wraps),
    )  # fmt: skip
    submission = Submission(
        id=id, number=number, object=object, title="道路", departments=(department,), received_at=now,
        sealed=seal(header, SubmittedContent(text=text).as_json(), readers), copy_wraps=wraps, copy_version=1,
    )  # fmt: skip
    stored = StoredSubmission(
        id=id, resident=None, object=object, number=number, received_at=now, state="new"
    )
    copy = ResidentCopy(version=1, nonce=to_base64(bytes(12)), body=to_base64(bytes(1040)))
    with database.write() as connection:
        add_submission(connection, stored)
        add_copy(connection, id, copy)
        put_record(
            connection, database.cipher, kind="submission", id=id, body=submission.as_json(), now=now,
            audiences=[inbox_audience(department)],
        )  # fmt: skip
    return id


def held(machine: Machine, id: str) -> Held:
    found = machine.office.submissions.get(id)
    assert found is not None
    return found


def test_what_arrived_is_read_and_answered_and_nothing_is_refused(town: Town, reader: Machine) -> None:
    id = receive(town, reader, "穴があいています。")
    office = reader.office
    office.sync()
    opened = office.submissions.open(id)
    assert opened is not None and opened.text == "穴があいています。"
    office.submissions.update(opened, Handling("working", "メモ", "伺います。"), notify=True)
    office.submissions.update(held(reader, id), Handling("done", "メモ", "直しました。"))
    office.submissions.note_export("inbox", 1)
    office.sync()
    assert office.home.refused() == [] and office.home.today().waiting == 0
    after = held(reader, id)
    assert (after.state, after.note, after.reply, after.copy_version) == ("done", "メモ", "直しました。", 3)


def test_chunks_travel_through_the_relay_to_an_emptied_machine(town: Town, reader: Machine) -> None:
    ids = {receive(town, reader, f"内容{number}") for number in range(70)}
    reader.close()
    with opened(reader) as inside:
        inside.office.sync()
        while inside.rounds.compaction.step():
            pass
    reader.folder.replica.unlink()
    with opened(reader) as inside:
        read = 0
        while (outcome := inside.rounds.listen(0)).more:
            read += inside.rounds.cold_start.left > 0 and outcome.changed > 0
        assert read > 0, "nothing came in chunks"
        page = inside.office.submissions.page(SubmissionQuery(limit=100))
        assert {one.id for one in page} == ids and all(one.text for one in page)
        assert len(inside.office.contact_forms.all()) == 1


def test_a_replaced_key_opens_no_chunk_that_is_kept(town: Town, reader: Machine) -> None:
    admin = town.machines[0]
    ((department, _),) = reader.office.contact_forms.all()[0].body.access.items()
    kato = town.invite(admin, "kato", department)
    town.confirm(admin, kato)
    reader.office.sync()
    reader.office.town_keys.hand_on(kato.office.me.id, department)
    ids = {receive(town, reader, f"内容{number}") for number in range(50)}
    reader.close()
    with opened(reader) as inside:
        inside.office.sync()
        while inside.rounds.compaction.step():
            pass
    town.sync(kato, admin)
    before = kept_chunks(town, department)
    assert len(before) == 2 and {header.made_by for header in before} != {kato.office.me.id}
    left = next(each.member.id for each in admin.office.people.search("suzuki"))
    town.clock.forward(minutes=1)
    admin.office.people.leave(left)
    town.sync(admin, kato)
    kato.close()
    with opened(kato) as inside:
        inside.office.sync()
        while inside.rounds.compaction.step():
            pass
        current = inside.office.ring().current_key(department)
        me = inside.office.me.id
    assert current is not None and current.id not in {header.key for header in before}
    after = kept_chunks(town, department)
    assert {(header.key, header.made_by) for header in after} == {(current.id, me)}
    assert max(header.last_seq for header in after) >= max(header.last_seq for header in before)
    town.clock.forward(minutes=1)
    admin.office.town_keys.rotate(department)  # nobody left: what 加藤 closed is closed anew all the same
    admin.office.sync()
    with opened(kato) as inside:
        inside.office.sync()
        while inside.rounds.compaction.step():
            pass
    again = kept_chunks(town, department)
    assert len({header.key for header in again}) == 1 and again[0].key != current.id
    kato.folder.replica.unlink()
    with opened(kato) as inside:
        while inside.rounds.listen(0).more:
            pass
        assert {one.id for one in inside.office.submissions.page(SubmissionQuery(limit=100))} == ids


def kept_chunks(town: Town, department: str) -> list[ChunkHeader]:
    with town.relay.relay.database.read() as connection:
        return list_chunk_headers(connection, inbox_audience(department))


@contextmanager
def opened(machine: Machine) -> Iterator[OpenOffice]:
    doors = Doors(machine.folder, keychain=machine.keychain, clock=machine.clock)
    inside = doors.open(PASSPHRASE)
    try:
        yield inside
    finally:
        inside.office.close()
        doors.release()
