"""The rules of a session, one test each: security plan I17. ADM-7, SEC-3."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from protocol.encoding import from_base64
from protocol.sync import SyncRequest
from relay.serve import RunningRelay
from tests.conftest import Clock
from tests.relay.desk import Desk, reason

ROUND = SyncRequest(protocol=1)


def refused(desk: Desk) -> str:
    answer = desk.call("/staff/sync", ROUND)
    assert answer.status_code == 401
    return reason(answer)


def test_every_sign_in_makes_a_new_id_and_the_old_one_is_dead(desk: Desk) -> None:
    tokens = [desk.token]
    for _ in range(3):
        assert desk.sign_in().status_code == 200
        tokens.append(desk.token)
    assert len(set(tokens)) == 4
    for old in tokens[:-1]:
        desk.token = old
        assert refused(desk) == "not_signed_in"
    desk.token = tokens[-1]
    assert desk.sync().relay


def test_an_id_chosen_by_the_caller_never_becomes_a_session(desk: Desk) -> None:
    """Fixation: whatever a sign-in request brings along, the relay makes the id."""
    desk.token = "A" * 43
    assert desk.sign_in().status_code == 200
    assert desk.token != "A" * 43
    desk.token = "A" * 43
    assert refused(desk) == "not_signed_in"


def test_an_id_has_256_bits_and_only_its_hash_is_stored(relay: RunningRelay, desk: Desk) -> None:
    assert len(from_base64(desk.token)) == 32
    with relay.relay.database.read() as connection:
        rows = connection.execute(text("SELECT * FROM sessions")).all()
    assert desk.token not in str(rows)
    assert not any(from_base64(desk.token) in bytes(row.token_hash) for row in rows)


def test_idle_for_half_an_hour_it_ends(desk: Desk, clock: Clock) -> None:
    clock.forward(minutes=30, seconds=1)
    assert refused(desk) == "session_expired"


def test_after_twelve_hours_it_ends_whatever_the_person_did(desk: Desk, clock: Clock) -> None:
    for _ in range(12 * 3):
        clock.forward(minutes=20)
        assert desk.call("/staff/ask/quota").status_code == 200
    clock.forward(seconds=1)
    assert refused(desk) == "session_expired"


def test_signing_out_ends_it_at_once(desk: Desk) -> None:
    assert desk.call("/staff/sign-out").status_code == 204
    assert refused(desk) == "not_signed_in"


def test_it_is_bound_to_its_device(relay: RunningRelay, desk: Desk, clock: Clock) -> None:
    thief = Desk(relay.url, relay.certificate, clock, "suzuki")
    thief.enrol(relay.new_code())
    thief.token = desk.token
    assert refused(thief) == "not_signed_in"
    thief.close()


@pytest.mark.parametrize("odd", ["", "x", "A" * 43, "A" * 5000, "é", "a b"])
def test_no_other_text_is_a_session(desk: Desk, odd: str) -> None:
    headers = desk.headers("POST", "/staff/sync", b"{}") | {
        "authorization": f"Bearer {odd}".encode("latin-1")
    }
    answer = desk.http.post(desk.url + "/staff/sync", data=b"{}", headers=headers)
    assert answer.status_code in (400, 401)


def test_no_cookie_ever_carries_a_staff_session(desk: Desk) -> None:
    """A browser's cookie cannot be misused where none is read: no request forgery against the staff API."""
    token, desk.token = desk.token, ""
    desk.http.cookies.set("session", token)
    desk.http.cookies.set("token", token)
    assert refused(desk) == "not_signed_in"
    assert "set-cookie" not in desk.call("/staff/ask/quota").headers
