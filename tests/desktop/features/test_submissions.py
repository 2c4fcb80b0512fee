"""SEC-8, SEC-9, ADM-1: what arrived is opened, found, answered and exported; without the key nothing is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop.errors import CannotSeal, PhotoDamaged
from desktop.features.exports import SUBMISSIONS_HEADER, csv_bytes, submission_rows, write_xlsx
from desktop.features.office import Office
from desktop.features.submissions import Handling
from desktop.features.wording import words_for
from desktop.replica.submissions import Held, SubmissionQuery
from protocol.changes import SubmissionUpdate
from protocol.encoding import from_base64
from protocol.submissions import Submission, copy_bound_to
from tests.desktop.conftest import Desk
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_submissions import SealedTown, copy_wraps, found_town, put_submission
from tests.desktop.pictures_for_tests import noise


@pytest.fixture
def town(relay: FakeRelay) -> SealedTown:
    made = found_town(relay)
    made.department("soumu", "総務課")
    made.department("zeimu", "税務課")
    return made


@pytest.fixture
def office(desk: Desk, town: SealedTown) -> Office:
    """佐藤 of 総務課, with its key, the root compared."""
    office = desk.enrol()
    town.join("sato", "soumu")
    town.compare_root(desk.folder)
    office.sync()
    return office


def only(office: Office) -> Held:
    (held,) = office.submissions.page(SubmissionQuery())
    return held


def found(office: Office, search: str) -> list[str]:
    return [held.topic for held in office.submissions.page(SubmissionQuery(search=search))]


def test_what_is_sealed_to_my_department_opens_as_it_arrives(office: Office, town: SealedTown) -> None:
    town.receive("soumu", topic="道路の穴", text="危ないです。")
    office.sync()
    held = only(office)
    assert (held.topic, held.text, held.state, held.unopened) == ("道路の穴", "危ないです。", "new", "")


def test_another_departments_never_arrive(office: Office, town: SealedTown) -> None:
    town.receive("zeimu")
    office.sync()
    assert office.submissions.page(SubmissionQuery()) == []


def test_without_a_key_it_is_listed_and_opens_when_the_key_comes(desk: Desk, town: SealedTown) -> None:
    office = desk.enrol()
    town.join("sato", "soumu", wrapped=False)
    town.compare_root(desk.folder)
    town.receive("soumu", topic="秘密の件名")
    office.sync()
    held = only(office)
    assert (held.unopened, held.topic, held.text) == ("key_missing", "", "")
    assert office.submissions.open(held.id) == held
    town.hand_on("sato", "soumu")
    office.sync()
    assert only(office).topic == "秘密の件名" and only(office).unopened == ""


def test_a_root_nobody_compared_opens_nothing(desk: Desk, town: SealedTown) -> None:
    office = desk.enrol()
    town.join("sato", "soumu")
    town.receive("soumu")
    office.sync()
    assert only(office).unopened == "key_missing"
    town.compare_root(desk.folder)
    office.sync()
    assert only(office).unopened == ""


def test_losing_the_department_takes_the_content_away(office: Office, town: SealedTown) -> None:
    town.receive("soumu")
    office.sync()
    town.join("sato")
    office.sync()
    assert office.submissions.page(SubmissionQuery()) == []


def test_what_two_departments_read_stays_while_one_of_them_is_mine(desk: Desk, town: SealedTown) -> None:
    office = desk.enrol()
    town.join("sato", "soumu", "zeimu")
    town.compare_root(desk.folder)
    town.receive("soumu", "zeimu")
    office.sync()
    assert office.submissions.count(SubmissionQuery()) == 1
    town.join("sato", "zeimu")
    office.sync()
    assert office.submissions.count(SubmissionQuery()) == 1


@pytest.mark.parametrize("part", ["id", "object", "body"])
def test_a_seal_moved_or_altered_shows_no_content(office: Office, town: SealedTown, part: str) -> None:
    first, second = town.receive("soumu", topic="一"), town.receive("soumu", topic="二")
    changed = {
        "id": second.model_copy(update={"sealed": first.sealed}),
        "object": second.model_copy(update={"object": "contact:other"}),
        "body": second.model_copy(
            update={"sealed": second.sealed.model_copy(update={"body": first.sealed.body})}
        ),
    }[part]
    put_submission(town.relay, changed)
    office.sync()
    held = office.submissions.open(second.id)
    assert held is not None and held.unopened == "record_damaged" and held.topic == held.text == ""


def test_a_submission_in_another_shape_is_listed_as_unreadable(office: Office, town: SealedTown) -> None:
    sent = town.receive("soumu")
    record = town.relay.records["submission", sent.id]
    town.relay.records["submission", sent.id] = record.model_copy(update={"body": {"id": sent.id}})
    office.sync()
    assert only(office).unopened == "record_damaged"


@pytest.mark.parametrize(
    ("search", "hits"),
    [
        ("髙橋", ["ごみ"]), ("高橋", ["ごみ"]), ("ｺﾞﾐ", []), ("ごみ", ["ごみ"]), ("穴 道", ["道路の穴"]),
        ("山﨑", ["道路の穴"]), ("100%", ["ごみ"]), ("%", ["ごみ"]), ("_", []), ("ａｂｃ", ["道路の穴"]),
        ("2026-000001", ["道路の穴"]), ("斉", []), ("", ["ごみ", "道路の穴"]),
    ],
)  # fmt: skip
def test_short_japanese_words_are_found(
    office: Office, town: SealedTown, search: str, hits: list[str]
) -> None:
    town.receive("soumu", topic="道路の穴", text="山崎です。ABC商店の前。", ago=timedelta(hours=1))
    town.receive("soumu", topic="ごみ", text="髙橋です。斎藤さんの家の前に100%出ています。")
    office.sync()
    assert found(office, search) == hits


def test_lists_are_sorted_and_paged_in_order(office: Office, town: SealedTown) -> None:
    for number in range(25):
        town.receive("soumu", topic=f"件{number:02}", ago=timedelta(minutes=number))
    office.sync()
    query = SubmissionQuery(sort="topic", descending=False, limit=10)
    assert [held.topic for held in office.submissions.page(query)] == [f"件{n:02}" for n in range(10)]
    second = SubmissionQuery(sort="received_at", limit=10, offset=10)
    assert [held.topic for held in office.submissions.page(second)] == [f"件{n:02}" for n in range(10, 20)]


def test_each_opening_is_told_to_the_audit_log_once_a_minute(office: Office, town: SealedTown) -> None:
    sent = town.receive("soumu")
    office.sync()
    for _ in range(3):
        office.submissions.open(sent.id)
    office.sync()
    openings = [change for change in town.relay.applied if change.kind == "submissions.opened"]
    assert [change.payload["submissions"] for change in openings] == [[sent.id]]


def test_an_answer_is_sealed_and_a_colleague_reads_it(
    office: Office, town: SealedTown, make_desk: Callable[[str], Desk]
) -> None:
    town.receive("soumu")
    office.sync()
    office.submissions.update(only(office), Handling("working", "himitsu-memo", "himitsu-reply"), notify=True)
    pending = only(office)
    assert (pending.state, pending.stored_state, pending.waiting) == ("working", "new", 1)
    assert office.submissions.handling(pending) == Handling("working", "himitsu-memo", "himitsu-reply")
    office.sync()
    (change,) = [change for change in town.relay.applied if change.kind == "submission.update"]
    assert "himitsu" not in json.dumps(change.as_json()) and change.payload["notify"] is True
    colleague_desk = make_desk("colleague")
    colleague = colleague_desk.enrol("suzuki")
    town.join("suzuki", "soumu")
    town.compare_root(colleague_desk.folder)
    colleague.sync()
    held = only(colleague)
    assert (held.state, held.note, held.reply) == ("working", "himitsu-memo", "himitsu-reply")
    assert held.updated_by == office.me.id


def test_the_residents_copy_is_renewed_with_the_reply(office: Office, town: SealedTown) -> None:
    sent = town.receive("soumu", topic="件名", text="本文")
    office.sync()
    office.submissions.update(only(office), Handling("done", "うちうち", "直しました。"))
    office.submissions.update(only(office), Handling("done", "うちうち", "直しました。２"))
    office.sync()
    changes = [change for change in town.relay.applied if change.kind == "submission.update"]
    copies = [SubmissionUpdate.parse(change.payload).renewed_copy for change in changes]
    assert [copy.version for copy in copies if copy] == [2, 3]
    copy = copies[0]
    assert copy is not None
    plain = AESGCM(town.copy_key).decrypt(
        from_base64(copy.nonce), from_base64(copy.body), copy_bound_to(sent.id, 2)
    )
    assert json.loads(plain) == {"topic": "件名", "text": "本文", "reply": "直しました。", "photos": 0}


def test_without_a_copy_there_is_none_to_renew(office: Office, town: SealedTown) -> None:
    town.receive("soumu", with_copy=False)
    office.sync()
    office.submissions.update(only(office), Handling("done", "", ""))
    office.sync()
    (change,) = [change for change in town.relay.applied if change.kind == "submission.update"]
    assert change.payload["renewed_copy"] is None


def test_a_copy_key_the_seal_does_not_name_renews_nothing(office: Office, town: SealedTown) -> None:
    """Whoever keeps the records knows the departments' public keys and could seal a key of their own."""
    sent = town.receive("soumu")
    evil = copy_wraps(bytes(32), sent.id, {town.keys["soumu"].id: town.keys["soumu"].public})
    put_submission(town.relay, sent.model_copy(update={"copy_wraps": evil}))
    office.sync()
    assert (only(office).copy_key, only(office).unopened) == ("", "")
    office.submissions.update(only(office), Handling("done", "うちうち", "返事"))
    office.sync()
    (change,) = [change for change in town.relay.applied if change.kind == "submission.update"]
    assert change.payload["renewed_copy"] is None


def test_a_department_the_seal_does_not_name_gets_no_answer(desk: Desk, town: SealedTown) -> None:
    office = desk.enrol()
    town.join("sato", "soumu", "zeimu")
    town.compare_root(desk.folder)
    sent = town.receive("soumu")
    put_submission(town.relay, sent.model_copy(update={"departments": ("soumu", "zeimu")}))
    office.sync()
    assert (only(office).unopened, only(office).text) == ("record_damaged", "")
    with pytest.raises(CannotSeal):
        office.submissions.update(only(office), Handling("done", "うちうち", "返事"))


def test_what_staff_write_names_its_departments_too(office: Office, town: SealedTown) -> None:
    sent = town.receive("soumu")
    office.sync()
    office.submissions.update(only(office), Handling("done", "うちうち", "返事"))
    office.sync()
    part = Submission.parse(town.relay.records["submission", sent.id].body).staff_part
    assert part is not None and part.header.departments == ("soumu",)
    assert (only(office).note, only(office).reply) == ("うちうち", "返事")


def test_nothing_is_written_that_a_department_could_not_read(office: Office, town: SealedTown) -> None:
    town.receive("soumu")
    office.sync()
    town.relay.put("key", "key-soumu", town.keys["soumu"].model_copy(update={"public": ""}))
    office.sync()
    with pytest.raises(CannotSeal):
        office.submissions.update(only(office), Handling("done"))


def _two_at_once(office: Office, town: SealedTown, make_desk: Callable[[str], Desk]) -> None:
    town.receive("soumu")
    office.sync()
    other = make_desk("other")
    colleague = other.enrol("suzuki")
    town.join("suzuki", "soumu")
    town.compare_root(other.folder)
    colleague.sync()
    colleague.submissions.update(only(colleague), Handling("working", "鈴木のメモ"))
    colleague.sync()
    office.submissions.update(only(office), Handling("done", "佐藤のメモ"))
    office.sync()


def test_a_quicker_colleague_leaves_a_choice_and_mine_can_be_written_again(
    office: Office, town: SealedTown, make_desk: Callable[[str], Desk]
) -> None:
    _two_at_once(office, town, make_desk)
    held = only(office)
    conflict = office.submissions.conflict(held.id)
    assert held.refused == "version_conflict" and held.note == "鈴木のメモ" and held.state == "working"
    assert conflict is not None and conflict.mine == Handling("done", "佐藤のメモ")
    office.submissions.rewrite(held, conflict)
    office.sync()
    assert (only(office).note, only(office).state, only(office).refused) == ("佐藤のメモ", "done", "")


def test_a_quicker_colleague_can_be_left_as_is(
    office: Office, town: SealedTown, make_desk: Callable[[str], Desk]
) -> None:
    _two_at_once(office, town, make_desk)
    conflict = office.submissions.conflict(only(office).id)
    assert conflict is not None
    office.submissions.let_go(conflict)
    assert (only(office).note, only(office).refused) == ("鈴木のメモ", "")
    assert office.submissions.conflict(only(office).id) is None


def test_a_photo_opens_and_an_altered_one_does_not(office: Office, town: SealedTown) -> None:
    photo = noise(40)
    sent = town.receive("soumu", photos=(photo, photo[::-1]))
    office.sync()
    held = only(office)
    assert office.submissions.photo(held, 0) == photo
    town.relay.files[held.files[1].sha256][10] ^= 1
    with pytest.raises(PhotoDamaged):
        office.submissions.photo(held, 1)
    assert sent.sealed.body and not any(b"JFIF" in bytes(file) for file in town.relay.files.values())


def test_an_export_starts_no_formula_and_is_told_to_the_audit_log(
    office: Office, town: SealedTown, tmp_path: Path
) -> None:
    town.receive("soumu", topic="=cmd|' /C calc'!A0", text="+81")
    town.receive("soumu", topic="ふつう", ago=timedelta(days=1))
    office.sync()
    rows = submission_rows(
        office.submissions, office.staff, words_for("submission_state"), SubmissionQuery(limit=1)
    )
    office.submissions.note_export("inbox", len(rows))
    office.sync()
    read = list(csv.reader(io.StringIO(csv_bytes(SUBMISSIONS_HEADER, rows).decode("utf-8-sig"))))
    assert [row[4] for row in read[1:]] == ["'=cmd|' /C calc'!A0", "ふつう"] and read[1][5] == "'+81"
    write_xlsx(tmp_path / "a.xlsx", "届いたもの", SUBMISSIONS_HEADER, rows)
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx").active["E2"]
    assert cell.data_type == "s" and cell.value.startswith("=cmd")
    assert [c.payload for c in town.relay.applied if c.kind == "export.made"] == [
        {"what": "inbox", "count": 2}
    ]


def test_only_the_newest_version_is_shown_whatever_the_order(office: Office, town: SealedTown) -> None:
    sent = town.receive("soumu")
    office.sync()
    newer = Submission.parse(town.relay.records["submission", sent.id].body)
    for state in ("working", "done"):
        put_submission(town.relay, newer.model_copy(update={"state": state}))
    office.sync()
    assert only(office).state == "done" and only(office).version == 3
