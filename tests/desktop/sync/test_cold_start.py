"""SEC-8, SEC-2: a cold start by chunks gives what the originals say, and a forged chunk gives nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from desktop.app import OpenOffice
from desktop.features.office import Office
from desktop.replica.submissions import Stretch, SubmissionQuery
from desktop.sync import compaction
from desktop.sync.chunks import unpack
from desktop.sync.compaction import gaps_between, pieces
from protocol.chunks import ChunkHeader, ChunkRefused, close_chunk, open_chunk
from protocol.rights import inbox_audience
from protocol.submissions import ContactForm, Submission
from protocol.sync import RECORD_KINDS, Record
from tests.desktop.conftest import PASSPHRASE, Desk
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_submissions import SealedTown, found_town, put_submission
from tests.desktop.morning import morning

SOUMU = inbox_audience("soumu")
A_CHUNK = 200
MANY = 460


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of the real size: what is sealed here takes time, and the rules are the same."""
    monkeypatch.setattr(compaction, "CHUNK_RECORDS", A_CHUNK)


@pytest.fixture
def town(relay: FakeRelay) -> SealedTown:
    made = found_town(relay)
    made.department("soumu", "総務課")
    relay.records_limit = A_CHUNK
    return made


@contextmanager
def opened(desk: Desk, town: SealedTown, login_name: str) -> Iterator[OpenOffice]:
    """A person of 総務課 on a fresh machine; the relay has been asked for nothing since enrolment."""
    if not desk.folder.profile.exists():
        further = login_name in town.relay.accounts
        desk.enrol(login_name, further=further)
        if not further:
            town.join(login_name, "soumu")
        town.compare_root(desk.folder)
        desk.close()
    doors = desk.doors()
    inside = doors.open(PASSPHRASE)
    try:
        yield inside
    finally:
        inside.office.close()
        doors.release()


def compact(desk: Desk, town: SealedTown) -> None:
    with opened(desk, town, "sato") as inside:
        inside.office.sync()
        while inside.rounds.compaction.step():
            pass
        town.forger = inside.rounds.compaction.sign


def topics(office: Office) -> list[str]:
    query = SubmissionQuery(sort="number", descending=False, limit=10_000)
    return [held.topic for held in office.submissions.page(query)]


@pytest.fixture
def filled(town: SealedTown, make_desk: Callable[[str], Desk]) -> SealedTown:
    """460 letters, a contact form among them; two chunks made by 佐藤."""
    for number in range(MANY):
        town.receive("soumu", topic=f"件名{number}", text=f"内容{number}", with_copy=number % 50 == 0)
        if number == 100:
            form = ContactForm(id="form", title="窓口", access={"soumu": "edit"})
            town.relay.put("contact_form", form.id, form, audience=SOUMU)
    compact(make_desk("maker"), town)
    return town


def test_a_cold_start_reads_chunks_then_the_tail(
    filled: SealedTown, make_desk: Callable[[str], Desk]
) -> None:
    assert len(filled.relay.chunks) == 2
    late = filled.receive("soumu", topic="あとから")
    with opened(make_desk("cold"), filled, "suzuki") as inside:
        filled.relay.requests.clear()
        inside.office.sync()
        assert topics(inside.office) == [*(f"件名{n}" for n in range(MANY)), "あとから"]
        assert [form.id for form in inside.office.contact_forms.all()] == ["form"]
        held = inside.office.submissions.get(late.id)
        assert held is not None and held.text
        requests = filled.relay.requests
        assert len([line for line in requests if line.startswith("GET /staff/chunks/")]) == 2
        assert requests.count("POST /staff/sync") <= 3
        assert inside.rounds.compaction.step() is False


def test_with_the_first_chunk_there_is_something_to_show(
    filled: SealedTown, make_desk: Callable[[str], Desk]
) -> None:
    with opened(make_desk("cold"), filled, "suzuki") as inside:
        outcome = inside.rounds.listen(0)
        assert outcome.more and outcome.left > 0
        outcome = inside.rounds.listen(0)
        assert outcome.more and outcome.changed >= A_CHUNK - 60
        assert topics(inside.office)[-1] == f"件名{2 * A_CHUNK - 2}"


def test_a_cold_start_that_was_cut_goes_on_where_it_was(
    filled: SealedTown, make_desk: Callable[[str], Desk]
) -> None:
    desk = make_desk("cold")
    with opened(desk, filled, "suzuki") as inside:
        inside.rounds.listen(0)
        inside.rounds.listen(0)
    with opened(desk, filled, "suzuki") as inside:
        inside.office.sync()
        assert len(topics(inside.office)) == MANY


def test_a_record_changed_since_comes_new_and_its_chunk_is_gone(
    filled: SealedTown, make_desk: Callable[[str], Desk]
) -> None:
    record = next(r for r in filled.relay.stream(SOUMU, 0) if r.kind == "submission")
    put_submission(filled.relay, Submission.parse(record.body).model_copy(update={"state": "done"}))
    assert len(filled.relay.chunks) == 1
    with opened(make_desk("cold"), filled, "suzuki") as inside:
        inside.office.sync()
        assert len(topics(inside.office)) == MANY
        held = inside.office.submissions.get(record.id)
        assert held is not None and held.state == "done"


def _forge(town: SealedTown, change: Callable[[dict[str, object]], object], **header: object) -> None:
    """Each chunk once more, with altered lines, closed by the town's own key."""
    key = town.secrets["soumu"].chunk_key
    assert town.forger is not None
    for id, (old, body) in list(town.relay.chunks.items()):
        sign_key = next(
            account.member.sign_key
            for account in town.relay.accounts.values()
            if account.member.id == old.made_by
        )
        lines = [json.loads(line) for line in open_chunk(old, body, key, sign_key)]
        for line in lines:
            change(line)
        town.relay.chunks[id] = close_chunk(
            old.model_copy(update=header | {"made_at": morning()}), lines, key, town.forger
        )


def _text(line: dict[str, object]) -> None:
    if "s" in line:
        line["s"][11] = "別の内容"  # type: ignore[index]


def _state(line: dict[str, object]) -> None:
    if "s" in line:
        line["s"][8] = "<b>"  # type: ignore[index]


def _shape(line: dict[str, object]) -> None:
    if "s" in line:
        line["s"].append(1)  # type: ignore[attr-defined]


def _stream(line: dict[str, object]) -> None:
    if "s" in line:
        line["s"][0] += 10**6  # type: ignore[index,operator]


def _version(line: dict[str, object]) -> None:
    if "s" in line:
        line["s"][2] = 2**31  # type: ignore[index]


def _done(line: dict[str, object]) -> None:
    if "s" in line:
        line["s"][8] = "done"  # type: ignore[index]


def _departments(line: dict[str, object]) -> None:
    if "s" in line:
        line["s"][6] = '["soumu", "zeimu"]'  # type: ignore[index]


def _copy_key(line: dict[str, object]) -> None:
    if "s" in line:
        line["s"][15] = "AAAA"  # type: ignore[index]


@pytest.mark.parametrize("change", [_text, _state, _shape, _stream, _version, _done, _departments, _copy_key])
def test_a_member_who_forges_rows_is_found_out_by_the_originals(
    filled: SealedTown, make_desk: Callable[[str], Desk], monkeypatch: pytest.MonkeyPatch,
    change: Callable[[dict[str, object]], object],
) -> None:  # fmt: skip
    _forge(filled, change)
    with opened(make_desk("cold"), filled, "suzuki") as inside:
        inside.office.sync()
        assert topics(inside.office) == [f"件名{n}" for n in range(MANY)]
        texts = {held.text for held in inside.office.submissions.page(SubmissionQuery(limit=10_000))}
        assert texts == {f"内容{n}" for n in range(MANY)}
        held = inside.office.submissions.page(SubmissionQuery(limit=10_000))
        assert {(one.version, one.state, one.departments) for one in held} == {(1, "new", ("soumu",))}
        assert "AAAA" not in {one.copy_key for one in held}


@pytest.mark.parametrize("case", ["stranger", "left", "other town", "flipped"])
def test_a_chunk_of_a_stranger_or_altered_is_passed_over(
    filled: SealedTown, make_desk: Callable[[str], Desk], case: str
) -> None:
    if case == "left":
        filled.join("sato", wrapped=False)
    for id, (header, body) in list(filled.relay.chunks.items()):
        update = {"stranger": {"made_by": "nobody"}, "other town": {"town": "elsewhere"}}.get(case, {})
        if case == "flipped":
            body = body[:100] + bytes([body[100] ^ 1]) + body[101:]
        filled.relay.chunks[id] = (header.model_copy(update=update), body)
    with opened(make_desk("cold"), filled, "suzuki") as inside:
        inside.office.sync()
        assert len(topics(inside.office)) == MANY
        assert inside.office.submissions.page(SubmissionQuery())[0].unopened == ""


def test_gaps_lie_between_what_is_held() -> None:
    def chunk(first: int, last: int) -> ChunkHeader:
        return ChunkHeader(
            id="c", town="t", audience="a", key="k", first_seq=first, last_seq=last, records=1, made_by="m",
            made_at=morning(),
        )  # fmt: skip

    found = gaps_between("a", [chunk(11, 20), chunk(31, 40)], 50)
    assert found == [Stretch("a", 1, 10), Stretch("a", 21, 30), Stretch("a", 41, 50)]
    assert gaps_between("a", [], 0) == []
    assert gaps_between("a", [chunk(1, 50)], 50) == []


def test_pieces_are_full_touch_and_leave_out_what_is_closed() -> None:
    entries = [(seq, None if seq == 300 else {"s": seq}) for seq in range(1, 601)]
    cut = list(pieces(Stretch("a", 1, 600), entries, is_tail=True))
    assert [(one.first, one.last, len(rows)) for one, rows in cut] == [
        (1, 200, 200), (201, 299, 99), (301, 500, 200),
    ]  # fmt: skip
    whole = list(pieces(Stretch("a", 1, 600), entries, is_tail=False))
    assert (whole[-1][0].first, whole[-1][0].last) == (501, 600)


def test_lines_of_another_shape_are_refused() -> None:
    header = ChunkHeader(
        id="c", town="t", audience="a", key="k", first_seq=1, last_seq=9, records=1, made_by="m",
        made_at=morning(),
    )  # fmt: skip
    for lines in ([b"{"], [b"[]"], [b'{"s":1}'], [b'{"s":[1]}'], [b'{"r":{}}'], [b'{"s":null}'], [b"1"]):
        with pytest.raises((ChunkRefused, ValueError)):
            unpack(header, lines)


KINDS = [kind for kind in RECORD_KINDS if kind not in ("contact_form", "submission")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_chunk_brings_nothing_but_letters_and_their_forms(kind: str) -> None:
    """A person of the department could otherwise make administrators, keys and rights of their own."""
    header = chunk_of(1)
    assert len(unpack(header, [line("contact_form")]).records) == 1
    for lines in ([line(kind)], [line("contact_form", removed=True)]):
        with pytest.raises(ChunkRefused):
            unpack(header, lines)


def test_a_chunk_that_holds_fewer_rows_than_it_says_is_refused() -> None:
    with pytest.raises(ChunkRefused):
        unpack(chunk_of(2), [line("contact_form")])


def chunk_of(records: int) -> ChunkHeader:
    return ChunkHeader(
        id="c", town="t", audience=SOUMU, key="k", first_seq=1, last_seq=9, records=records, made_by="m",
        made_at=morning(),
    )  # fmt: skip


def line(kind: str, *, removed: bool = False) -> bytes:
    record = Record(kind=kind, id="x", audience=SOUMU, seq=5, version=1, removed=removed, body={"id": "x"})
    return json.dumps({"r": record.as_json()}).encode()


def test_a_relay_back_from_yesterday_doubles_nothing_and_gets_the_unsent_work(
    town: SealedTown, make_desk: Callable[[str], Desk]
) -> None:
    for number in range(5):
        town.receive("soumu", topic=f"件名{number}")
    relay = town.relay
    with opened(make_desk("one"), town, "sato") as inside:
        office = inside.office
        office.sync()
        backup = (dict(relay.records), relay._seq, dict(relay._results))
        town.receive("soumu", topic="戻すと消える")
        office.deliveries.save(office.deliveries.new("戻すと消える配信"))
        office.sync()
        kept = office.deliveries.new("まだ送っていない")
        office.deliveries.save(kept)
        relay.records, relay._seq, relay._results = dict(backup[0]), backup[1], dict(backup[2])
        office.sync()
        office.sync()
        assert topics(office) == [f"件名{number}" for number in range(5)]
        assert [r.id for r in relay.records.values() if r.kind == "delivery"] == [kept.id]
        assert office.home.today().waiting == 0 and office.home.refused() == []
