"""Enrolling, signing in, and every way not to be let in. SEC-1, SEC-3, SEC-9, ADM-7."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
import requests
from sqlalchemy import text

from protocol.devices import sign_request
from protocol.signin import EnrolAnswer, PassphraseCost, SignInAnswer, SignInStart
from protocol.sync import SyncRequest
from relay.serve import RunningRelay
from tests.conftest import Clock
from tests.relay.desk import Desk, reason

EMPTY_ROUND = SyncRequest(protocol=1)


def count_nonces(relay: RunningRelay) -> int:
    with relay.relay.database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM nonces")).scalar_one())


def test_a_code_makes_an_account_and_its_keys_come_back_at_sign_in(
    relay: RunningRelay, stranger: Desk
) -> None:
    request = stranger.enrol_request(relay.new_code())
    enrolled = EnrolAnswer.parse(stranger.call("/staff/enrol", request).content)
    stranger.take(enrolled)
    answer = SignInAnswer.parse(stranger.sign_in().content)
    assert answer.wrapped_keys == request.wrapped_keys
    assert answer.staff.display_name == "佐藤 髙子"
    assert (answer.relay, answer.idle_minutes) == (enrolled.relay, 30)


def test_a_code_opens_once(relay: RunningRelay, stranger: Desk, clock: Clock) -> None:
    code = relay.new_code()
    stranger.enrol(code)
    other = Desk(relay.url, relay.certificate, clock, "suzuki")
    assert reason(other.call("/staff/enrol", other.enrol_request(code))) == "code_used"


def test_a_code_dies_after_an_hour(relay: RunningRelay, stranger: Desk, clock: Clock) -> None:
    code = relay.new_code()
    clock.forward(hours=1)
    assert reason(stranger.call("/staff/enrol", stranger.enrol_request(code))) == "code_expired"


def test_wrong_codes_of_others_do_not_spoil_an_open_one(relay: RunningRelay, stranger: Desk) -> None:
    code = relay.new_code()
    for _ in range(9):
        wrong = stranger.enrol_request("0" * 12)
        assert reason(stranger.call("/staff/enrol", wrong)) == "code_wrong"
    assert stranger.call("/staff/enrol", stranger.enrol_request(code)).status_code == 200


def test_a_further_devices_code_is_no_way_to_guess_a_passphrase(
    relay: RunningRelay, desk: Desk, clock: Clock
) -> None:
    second = Desk(relay.url, relay.certificate, clock)
    request = second.enrol_request(relay.new_code("sato"), further_device=True)
    wrong = request.model_copy(update={"login_key": "A" * 43})
    for _ in range(5):
        assert reason(second.call("/staff/enrol", wrong)) == "wrong_passphrase"
    assert reason(second.call("/staff/enrol", request)) == "throttled"


def test_guessing_codes_closes_the_door_for_the_address(relay: RunningRelay, stranger: Desk) -> None:
    for _ in range(10):
        stranger.call("/staff/enrol", stranger.enrol_request("0" * 12))
    answer = stranger.call("/staff/enrol", stranger.enrol_request(relay.new_code()))
    assert (answer.status_code, reason(answer)) == (429, "throttled")
    assert 0 < answer.json()["retry_after"] <= 601
    nonces = count_nonces(relay)
    assert stranger.call("/staff/enrol", stranger.enrol_request("0" * 12)).status_code == 429
    malformed = stranger.enrol_request("0" * 12).model_copy(update={"login_name": " "})
    assert reason(stranger.call("/staff/enrol", malformed)) == "malformed"
    assert count_nonces(relay) == nonces, "a closed door writes nothing"


def test_two_people_cannot_have_one_login_name(relay: RunningRelay, desk: Desk, clock: Clock) -> None:
    other = Desk(relay.url, relay.certificate, clock)
    assert reason(other.call("/staff/enrol", other.enrol_request(relay.new_code()))) == "login_name_taken"


def test_a_further_device_needs_a_code_for_it_and_the_passphrase(
    relay: RunningRelay, desk: Desk, clock: Clock
) -> None:
    second = Desk(relay.url, relay.certificate, clock)
    request = second.enrol_request(relay.new_code("sato"), further_device=True)
    wrong = request.model_copy(update={"login_key": "A" * 43})
    assert reason(second.call("/staff/enrol", wrong)) == "wrong_passphrase"
    second.take(EnrolAnswer.parse(second.call("/staff/enrol", request).content))
    assert second.sign_in().status_code == 200
    assert second.device != desk.device
    assert desk.sync().relay == second.sync().relay


def test_a_code_for_one_account_is_no_code_for_another(relay: RunningRelay, desk: Desk, clock: Clock) -> None:
    other = Desk(relay.url, relay.certificate, clock, "suzuki")
    request = other.enrol_request(relay.new_code("sato"))
    assert reason(other.call("/staff/enrol", request)) == "code_wrong"


def test_an_account_with_too_cheap_a_passphrase_cost_is_refused(relay: RunningRelay, stranger: Desk) -> None:
    request = stranger.enrol_request(relay.new_code())
    assert request.cost is not None
    cheap = request.model_copy(update={"cost": request.cost.model_copy(update={"memory_kib": 32})})
    assert reason(stranger.call("/staff/enrol", cheap)) == "malformed"


def test_an_unknown_login_name_looks_like_a_known_one(desk: Desk) -> None:
    def start(name: str) -> PassphraseCost:
        return PassphraseCost.parse(desk.call("/staff/sign-in/start", SignInStart(login_name=name)).content)

    known, unknown = start("sato"), start("nobody")
    assert start("nobody") == unknown != start("nobody2")
    assert len(unknown.salt) == len(known.salt)
    assert unknown.model_copy(update={"salt": ""}) == known.model_copy(update={"salt": ""})


def test_five_wrong_passphrases_close_the_account_for_a_while(desk: Desk, clock: Clock) -> None:
    for _ in range(5):
        answer = desk.sign_in("wrong words here for you")
        assert (answer.status_code, reason(answer)) == (401, "wrong_passphrase")
    answer = desk.sign_in()
    assert (answer.status_code, reason(answer)) == (429, "throttled")
    clock.forward(seconds=answer.json()["retry_after"])
    assert desk.sign_in().status_code == 200


def test_nobody_signs_in_at_somebody_elses_device(relay: RunningRelay, desk: Desk, clock: Clock) -> None:
    other = Desk(relay.url, relay.certificate, clock, "suzuki")
    other.enrol(relay.new_code())
    other.login_name = "sato"
    assert reason(other.sign_in()) == "wrong_passphrase"


def test_signing_in_again_ends_the_session_before(desk: Desk) -> None:
    old = desk.token
    assert desk.sign_in().status_code == 200
    desk.token = old
    assert reason(desk.call("/staff/sync", EMPTY_ROUND)) == "not_signed_in"


def test_after_signing_out_the_token_is_dead(desk: Desk) -> None:
    assert desk.call("/staff/sign-out").status_code == 204
    answer = desk.call("/staff/sync", EMPTY_ROUND)
    assert (answer.status_code, reason(answer)) == (401, "not_signed_in")


def test_a_session_ends_when_nobody_acts_and_polls_do_not_keep_it(desk: Desk, clock: Clock) -> None:
    clock.forward(minutes=29)
    desk.sync()  # only asks for news
    clock.forward(minutes=2)
    assert reason(desk.call("/staff/sync", EMPTY_ROUND)) == "session_expired"


def test_an_action_keeps_the_session(desk: Desk, clock: Clock) -> None:
    for _ in range(3):
        clock.forward(minutes=29)
        assert desk.call("/staff/ask/quota").status_code == 200


def test_a_token_is_worth_nothing_at_another_device(relay: RunningRelay, desk: Desk, clock: Clock) -> None:
    thief = Desk(relay.url, relay.certificate, clock, "suzuki")
    thief.enrol(relay.new_code())
    thief.token = desk.token
    assert reason(thief.call("/staff/sync", EMPTY_ROUND)) == "not_signed_in"


@pytest.mark.parametrize("minutes", [6, -6])
def test_a_request_of_another_time_is_refused(desk: Desk, clock: Clock, minutes: int) -> None:
    body = json.dumps(EMPTY_ROUND.as_json()).encode()
    headers = desk.headers("POST", "/staff/sync", body)
    clock.forward(minutes=minutes)
    answer = desk.http.post(desk.url + "/staff/sync", data=body, headers=headers)
    assert (answer.status_code, reason(answer)) == (401, "clock_skew")


def test_a_request_sent_twice_is_taken_once(desk: Desk) -> None:
    body = json.dumps(EMPTY_ROUND.as_json()).encode()
    headers = desk.headers("POST", "/staff/sync", body)
    first, second = (desk.http.post(desk.url + "/staff/sync", data=body, headers=headers) for _ in range(2))
    assert first.status_code == 200
    assert reason(second) == "replayed"


def test_an_altered_body_or_query_breaks_the_signature(desk: Desk) -> None:
    body = json.dumps(EMPTY_ROUND.as_json()).encode()
    headers = desk.headers("POST", "/staff/sync", body)
    altered = desk.http.post(desk.url + "/staff/sync", data=body + b" ", headers=headers)
    assert reason(altered) == "bad_signature"
    queried = desk.http.post(desk.url + "/staff/sync?x=1", data=body, headers=headers)
    assert reason(queried) == "bad_signature"


def test_a_device_nobody_enrolled_is_unknown(desk: Desk, clock: Clock) -> None:
    desk.device = "0" * 36
    assert reason(desk.call("/staff/sync", EMPTY_ROUND)) == "device_unknown"
    unsigned = desk.http.post(desk.url + "/staff/sync", data=b"{}")
    assert (unsigned.status_code, reason(unsigned)) == (401, "device_unknown")


def test_a_forged_new_device_cannot_enrol(relay: RunningRelay, stranger: Desk, clock: Clock) -> None:
    request = stranger.enrol_request(relay.new_code())
    body = json.dumps(request.as_json()).encode()
    other = Desk(relay.url, relay.certificate, clock)
    headers = sign_request(
        "new", other.device_key, method="POST", path="/staff/enrol", body=body, now=clock()
    )
    assert (
        reason(stranger.http.post(relay.url + "/staff/enrol", data=body, headers=headers)) == "bad_signature"
    )


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"login_name": 5}', b"\xff\xfe"])
def test_a_malformed_body_is_refused_with_a_reason(desk: Desk, body: bytes) -> None:
    for path in ("/staff/sign-in", "/staff/sign-in/start", "/staff/sync", "/staff/ask/segment-count"):
        answer = desk.call(path, body=body)
        assert (answer.status_code, reason(answer)) == (400, "malformed"), path
    stranger = desk.http.post(desk.url + "/staff/enrol", data=body)
    assert (stranger.status_code, reason(stranger)) == (400, "malformed")


def test_a_body_beyond_the_limit_is_refused(desk: Desk) -> None:
    answer = desk.call("/staff/sign-in", body=b"x" * 70_000)
    assert (answer.status_code, reason(answer)) == (413, "too_large")


def endless(parts_sent: list[int]) -> Iterator[bytes]:
    """A body without an announced length; how much of it was asked for is in `parts_sent`."""
    for _ in range(8 * 16):
        parts_sent.append(1)
        yield b"x" * 64 * 1024


def test_a_large_body_is_read_for_signed_in_devices_only(desk: Desk, clock: Clock) -> None:
    def send() -> tuple[int, str]:
        headers = desk.headers("POST", "/staff/sync", b"")
        sent: list[int] = []
        try:
            answer = desk.http.post(desk.url + "/staff/sync", data=endless(sent), headers=headers, timeout=30)
        except requests.ConnectionError:  # refused while we still wrote
            return len(sent), ""
        return len(sent), reason(answer)

    assert send()[1] in ("bad_signature", "malformed")
    token, desk.token = desk.token, "another"
    assert send()[1] in ("not_signed_in", "")
    desk.token, desk.device = token, "0" * 36
    assert send()[1] in ("device_unknown", "")


def test_health_says_nothing_but_alive(relay: RunningRelay, stranger: Desk) -> None:
    assert stranger.http.get(relay.url + "/health").json() == {"alive": True}
    assert stranger.http.get(relay.url + "/staff/other").status_code == 404


def test_a_sign_in_for_an_unknown_name_takes_as_long(desk: Desk) -> None:
    def seconds(name: str) -> float:
        began = time.perf_counter()
        for _ in range(10):
            desk.call("/staff/sign-in/start", SignInStart(login_name=name))
        return time.perf_counter() - began

    seconds("sato")
    known, unknown = seconds("sato"), seconds("nobody")
    assert unknown < known * 3 + 0.05 and known < unknown * 3 + 0.05
