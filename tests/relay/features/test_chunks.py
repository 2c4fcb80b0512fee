"""Chunks are taken from members alone, go to members alone, and go away when a record changes. SEC-8."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.changes import ContactFormSave, SubmissionUpdate
from protocol.chunks import ChunkHeader, chunk_bytes, close_chunk, open_chunk, read_chunk_bytes
from protocol.ids import new_id
from protocol.staff import StaffMember
from protocol.wire import MalformedMessage
from relay.errors import Refused
from relay.features.chunks import Chunks
from relay.store.database import Database
from tests.conftest import Clock
from tests.relay.features.office import Office
from tests.relay.sections import Sections, open_form
from tests.relay.town import add_friends

ROADS = "inbox:roads"


@pytest.fixture
def sections(office: Office, database: Database, clock: Clock) -> Sections:
    sections = Sections(database, clock)
    for id in ("roads", "parks"):
        sections.add(id)
    sections.add_form(open_form(roads="edit"))
    (user,) = add_friends(database, 1, clock())
    for _ in range(5):  # numbers 1 to 5 of the stream
        sections.arrive(user, ("roads",))
    return sections


@pytest.fixture
def ito(office: Office, sections: Sections) -> StaffMember:
    return office.add_person("ito", role="editor", departments=("roads",))


@pytest.fixture
def mori(office: Office, sections: Sections) -> StaffMember:
    return office.add_person("mori", role="editor", departments=("parks",))


@pytest.fixture
def chunks(database: Database, clock: Clock) -> Chunks:
    return Chunks(database, clock)


class Desk:
    """A desktop that compacts."""

    def __init__(self, office: Office, sections: Sections, who: StaffMember) -> None:
        self.office, self.sections, self.who = office, sections, who

    def chunk(
        self, first: int = 1, last: int = 5, *, signer: Any = None, **more: Any
    ) -> tuple[ChunkHeader, bytes]:
        values: dict[str, Any] = {
            "id": new_id(self.office.clock()),
            "town": self.office.database.relay_id,
            "audience": ROADS,
            "key": self.sections.key_of["roads"],
            "first_seq": first,
            "last_seq": last,
            "records": last - first + 1,
            "made_by": self.who.id,
            "made_at": self.office.clock(),
        }
        header = ChunkHeader(**{**values, **more})
        rows = [{"id": str(number)} for number in range(header.records)]
        key = signer or self.office.keys_of(self.who).sign
        return close_chunk(header, rows, self.sections.secret("roads").chunk_key, key)


def refusal(chunks: Chunks, who: StaffMember, chunk: tuple[ChunkHeader, bytes]) -> str:
    try:
        chunks.take(who, *chunk)
    except Refused as refused:
        return refused.reason
    return ""


@pytest.fixture
def desk(office: Office, sections: Sections, ito: StaffMember) -> Desk:
    return Desk(office, sections, ito)


def test_a_member_gets_back_what_a_colleague_compacted(
    desk: Desk, chunks: Chunks, office: Office, sections: Sections, ito: StaffMember, mori: StaffMember
) -> None:
    header, body = desk.chunk(1, 3)
    chunks.take(ito, header, body)
    chunks.take(ito, header, body)  # the answer got lost
    later = desk.chunk(4, 5)
    chunks.take(ito, *later)
    colleague = office.add_person("kato", role="viewer", departments=("roads",))
    assert chunks.list(colleague, ROADS).chunks == (later[0], header), "the newest first"
    got = read_chunk_bytes(chunk_bytes(*chunks.read(colleague, header.id)))
    rows = open_chunk(*got, sections.secret("roads").chunk_key, ito.sign_key)
    assert rows == [b'{"id":"0"}', b'{"id":"1"}', b'{"id":"2"}']
    for who in (mori, office.add_person("ono", departments=())):
        with pytest.raises(Refused):
            chunks.list(who, ROADS)
        with pytest.raises(Refused):
            chunks.read(who, header.id)
    with pytest.raises(Refused):
        chunks.list(ito, "town")


def test_a_chunk_that_is_not_what_it_says_is_refused(
    desk: Desk, chunks: Chunks, sections: Sections, ito: StaffMember, mori: StaffMember
) -> None:
    header, body = desk.chunk()
    stranger = Ed25519PrivateKey.generate()
    wrong: dict[str, tuple[StaffMember, tuple[ChunkHeader, bytes]]] = {
        "not_allowed": (mori, (header, body)),
        "bad_signature": (ito, desk.chunk(signer=stranger)),
        "file_damaged": (ito, (header, body[:-1] + bytes([body[-1] ^ 1]))),
        "other_town": (ito, desk.chunk(town="another")),
        "key_unknown": (ito, desk.chunk(key=sections.key_of["parks"])),
        "not_found": (ito, desk.chunk(1, 6, records=5)),
        "malformed": (ito, desk.chunk(3, 2, records=1)),
        "version_conflict": (ito, desk.chunk(1, 5, records=6)),
    }
    for reason, (who, chunk) in wrong.items():
        assert refusal(chunks, who, chunk) == reason
    assert refusal(chunks, ito, desk.chunk(1, 5, records=4)) == "version_conflict", "one is left out"
    edited = header.model_copy(update={"records": 4})
    assert refusal(chunks, ito, (edited, body)) == "bad_signature"
    elsewhere = desk.chunk(audience="inbox:parks", key=sections.key_of["parks"])
    assert refusal(chunks, ito, elsewhere) == "not_allowed"
    sections.renew_key("roads")
    assert refusal(chunks, ito, (header, body)) == "key_unknown", "nothing more under a replaced key"


def test_a_chunk_goes_when_a_record_in_it_changes_and_others_stay(
    desk: Desk, chunks: Chunks, office: Office, sections: Sections, ito: StaffMember
) -> None:
    for first, last in ((1, 1), (2, 3), (4, 5)):
        chunks.take(ito, *desk.chunk(first, last))
    records = office.records(ito, "submission")
    second = next(record for record in records.values() if record.seq == 3)
    done = SubmissionUpdate(submission=second.id, state="done")
    assert office.do(ito, "submission.update", done, 1).reason == ""
    assert [header.first_seq for header in chunks.list(ito, ROADS).chunks] == [4, 1]
    form = open_form(roads="edit").model_copy(update={"guide": "新しい案内"})
    assert office.do(ito, "contact_form.save", ContactFormSave(form=form), 1).reason == ""
    assert [header.first_seq for header in chunks.list(ito, ROADS).chunks] == [4, 1], "no form is in it"


def test_a_refused_change_drops_no_chunk(
    desk: Desk, chunks: Chunks, office: Office, sections: Sections, ito: StaffMember
) -> None:
    chunks.take(ito, *desk.chunk())
    (sent, *_) = office.records(ito, "submission").values()
    assert office.do(ito, "submission.update", SubmissionUpdate(submission=sent.id, state="done"), 7).reason
    assert len(chunks.list(ito, ROADS).chunks) == 1


def test_a_larger_chunk_takes_the_place_of_those_within_it_and_none_overlap(
    desk: Desk, chunks: Chunks, ito: StaffMember
) -> None:
    chunks.take(ito, *desk.chunk(2, 3))
    assert refusal(chunks, ito, desk.chunk(3, 4)) == "in_use"
    chunks.take(ito, *desk.chunk(1, 5))
    assert [(header.first_seq, header.last_seq) for header in chunks.list(ito, ROADS).chunks] == [(1, 5)]


def test_a_chunk_under_the_new_key_takes_the_place_of_all_it_touches_under_a_replaced_one(
    desk: Desk, chunks: Chunks, sections: Sections, ito: StaffMember
) -> None:
    for first, last in ((1, 2), (3, 4)):
        chunks.take(ito, *desk.chunk(first, last))
    old, new = sections.key_of["roads"], sections.renew_key("roads")
    assert [header.key for header in chunks.list(ito, ROADS).chunks] == [old, old]
    renewed = desk.chunk(1, 2)
    chunks.take(ito, *renewed)
    listed = chunks.list(ito, ROADS).chunks
    assert [(header.first_seq, header.key) for header in listed] == [(3, old), (1, new)]
    assert refusal(chunks, ito, desk.chunk(2, 3)) == "in_use", "what the new key closes is not cut in two"
    assert chunks.list(ito, ROADS).chunks == listed, "and a refused one drops nothing"
    chunks.take(ito, *desk.chunk(4, 5))
    assert {header.key for header in chunks.list(ito, ROADS).chunks} == {new}


@pytest.mark.parametrize("sent", [b"", b"\0", b"\xff" * 40, b"\0\0\0\x02{}", bytes(range(200))])
def test_bytes_that_are_no_chunk_are_malformed(sent: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read_chunk_bytes(sent)
