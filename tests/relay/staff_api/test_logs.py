"""The logs as a desk meets them: every round proves that the audit log grew; sign-ins are in it. SEC-9."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from protocol.audit import (
    AccessLogQuery,
    AuditDetail,
    AuditEntry,
    AuditEntryQuery,
    AuditLeaves,
    AuditLeavesQuery,
    AuditPage,
    AuditQuery,
    Notice,
    TreeHead,
)
from protocol.changes import GreetingSave, NoticeDismiss, is_signed_by
from protocol.merkle import is_consistent, root_of_leaves
from protocol.sync import SyncRequest, SyncResponse
from relay.serve import RunningRelay
from tests.conftest import Clock
from tests.relay.desk import Desk, reason


def entries(desk: Desk, **query: object) -> list[AuditEntry]:
    answer = desk.call("/staff/ask/audit-search", AuditQuery.parse(query))
    assert answer.status_code == 200, answer.text
    return list(AuditPage.parse(answer.content).entries)


def kinds(desk: Desk, **query: object) -> list[str]:
    return [entry.kind for entry in reversed(entries(desk, **query))]


def round_from(desk: Desk, size: int) -> SyncResponse:
    answer = desk.call("/staff/sync", SyncRequest(protocol=1, log_size=size))
    return SyncResponse.parse(answer.content)


def grew(old: TreeHead, response: SyncResponse) -> bool:
    assert response.log is not None
    proof = [bytes.fromhex(part) for part in response.log_proof]
    new = response.log
    return is_consistent(old.size, bytes.fromhex(old.root), new.size, bytes.fromhex(new.root), proof)


def save_greeting(desk: Desk) -> None:
    version = desk.records()["settings", "town"].version
    desk.do("greeting.save", GreetingSave(text=f"ようこそ {version}"), version)


def test_every_round_proves_that_the_log_only_grew(desk: Desk) -> None:
    first = round_from(desk, 0).log
    assert first is not None and first.size > 0
    for _ in range(5):
        save_greeting(desk)
        response = round_from(desk, first.size)
        assert grew(first, response)
        assert response.log is not None and response.log.size > first.size
    assert response.log is not None
    again = round_from(desk, response.log.size)
    assert again.log == response.log and again.log_proof == ()


def test_the_round_that_brings_a_change_shows_the_log_with_it(desk: Desk) -> None:
    before = round_from(desk, 0).log
    version = desk.records()["settings", "town"].version
    response = desk.sync(desk.change("greeting.save", GreetingSave(text="こんにちは"), version))
    assert before is not None and response.log is not None
    assert response.log.size == before.size + 1


def test_a_size_nobody_can_have_is_answered_without_a_proof(desk: Desk) -> None:
    for size in (-1, 10**6, 2**70):
        response = round_from(desk, size)
        assert response.log is not None and response.log_proof == ()


def test_coming_in_and_going_out_are_entries_with_the_device(desk: Desk) -> None:
    assert desk.sign_in("wrong words of somebody else").status_code == 401
    assert desk.sign_in().status_code == 200
    assert desk.call("/staff/sign-out").status_code == 204
    assert desk.sign_in().status_code == 200
    found = entries(desk, kinds=["sign_in", "sign_in_failed", "sign_out"])
    assert [entry.kind for entry in reversed(found)] == [
        "sign_in", "sign_in_failed", "sign_in", "sign_out", "sign_in",
    ]  # fmt: skip
    assert {(entry.staff, entry.device) for entry in found} == {(desk.staff, desk.device)}
    assert {entry.reason for entry in found if entry.kind == "sign_in_failed"} == {"wrong_passphrase"}


def test_a_login_name_that_is_nobodys_is_not_written_down(relay: RunningRelay, desk: Desk) -> None:
    desk.login_name = "a-passphrase-typed-into-the-wrong-field"
    assert desk.sign_in().status_code == 401
    desk.login_name = "sato"
    assert desk.sign_in().status_code == 200
    found = entries(desk, kinds=["sign_in_failed"])
    assert [entry.staff for entry in found] == [""]
    with relay.relay.database.read() as connection:
        rows = connection.execute(text("SELECT * FROM audit_entries")).all()
    assert "wrong-field" not in str(rows)


def test_the_signed_change_comes_with_its_entry(desk: Desk) -> None:
    save_greeting(desk)
    (entry,) = entries(desk, kinds=["greeting.save"])
    answer = desk.call("/staff/ask/audit-entry", AuditEntryQuery(no=entry.no))
    detail = AuditDetail.parse(answer.content)
    assert detail.change is not None and is_signed_by(detail.change, desk.keys.sign_public)
    assert entry.device == desk.device
    missing = desk.call("/staff/ask/audit-entry", AuditEntryQuery(no=10**9))
    assert (missing.status_code, reason(missing)) == (404, "not_found")


def test_the_leaves_make_the_root_again(desk: Desk) -> None:
    for _ in range(3):
        save_greeting(desk)
    found = AuditLeaves.parse(desk.call("/staff/ask/audit-leaves", AuditLeavesQuery()).content)
    assert len(found.leaves) == found.head.size
    assert root_of_leaves([bytes.fromhex(leaf) for leaf in found.leaves]).hex() == found.head.root


def test_who_may_not_read_the_logs_is_refused_but_may_check_that_they_grew(
    relay: RunningRelay, desk: Desk
) -> None:
    with relay.relay.database.write() as connection:
        connection.execute(text("UPDATE staff SET role = 'editor' WHERE id = :id"), {"id": desk.staff})
    for name, query in (
        ("audit-search", AuditQuery()),
        ("audit-entry", AuditEntryQuery(no=0)),
        ("access-log", AccessLogQuery()),
    ):
        answer = desk.call(f"/staff/ask/{name}", query)
        assert (answer.status_code, reason(answer)) == (403, "not_allowed"), name
    assert desk.call("/staff/ask/audit-leaves", AuditLeavesQuery()).status_code == 200
    assert round_from(desk, 1).log is not None


def test_a_closed_door_raises_a_notice_that_can_be_dismissed(desk: Desk, clock: Clock) -> None:
    for _ in range(5):
        desk.sign_in("wrong words of somebody else")
    clock.forward(minutes=5)
    assert desk.sign_in().status_code == 200
    found = [Notice.parse(record.body) for key, record in desk.records().items() if key[0] == "notice"]
    assert [(notice.code, notice.subject, notice.count) for notice in found] == [
        ("sign_in_throttled", desk.staff, 1)
    ]
    desk.do("notice.dismiss", NoticeDismiss(notice=found[0].id))
    assert desk.records()["notice", found[0].id].body["dismissed_by"] == desk.staff


@pytest.mark.parametrize("path", ["audit-search", "audit-entry", "audit-leaves", "access-log"])
def test_a_malformed_question_is_refused_with_a_reason(desk: Desk, path: str) -> None:
    for body in (b"", b"[]", b'{"no": "x", "limit": "x", "start": "x"}'):
        answer = desk.call(f"/staff/ask/{path}", body=body)
        assert (answer.status_code, reason(answer)) == (400, "malformed")


def test_sign_ins_changes_and_polls_at_once_wait_for_each_other_without_an_error(
    relay: RunningRelay, desk: Desk, clock: Clock
) -> None:
    """On PostgreSQL two transactions that lock in another order would end each other."""
    others = [Desk(relay.url, relay.certificate, clock, f"person{number}") for number in range(3)]
    for other in others:
        other.enrol(relay.new_code())
    troubles: list[str] = []

    def work(one: Desk) -> None:
        for _ in range(4):
            for answer in (one.sign_in("wrong words"), one.sign_in(), one.call("/staff/ask/quota")):
                if answer.status_code >= 500:
                    troubles.append(answer.text)
            version = one.records()["settings", "town"].version
            one.sync(one.change("greeting.save", GreetingSave(text="こんにちは"), version))

    threads = [threading.Thread(target=work, args=(one,)) for one in (desk, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert troubles == []
    found = AuditLeaves.parse(desk.call("/staff/ask/audit-leaves", AuditLeavesQuery()).content)
    assert len(found.leaves) == found.head.size
    for other in others:
        other.close()
