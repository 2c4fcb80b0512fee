"""A new passphrase: proved by the old one, and every other session ends. SEC-1, ADM-7."""

from __future__ import annotations

import pytest
import requests

from protocol.encoding import to_base64
from protocol.signin import (
    EnrolAnswer,
    PassphraseChange,
    PassphraseCost,
    SignInAnswer,
    SignInStart,
    derive_keys,
    new_cost,
    unwrap_keys,
    wrap_keys,
)
from protocol.sync import SyncRequest
from relay.serve import RunningRelay
from tests.conftest import Clock
from tests.relay.desk import MEMORY_KIB, PASSPHRASE, Desk, reason

NEW = "hoshi kaze umi tori hana"


def message(desk: Desk, old: str = PASSPHRASE, *, memory_kib: int = MEMORY_KIB) -> PassphraseChange:
    start = desk.call("/staff/sign-in/start", SignInStart(login_name=desk.login_name))
    cost = new_cost(memory_kib=memory_kib)
    derived = derive_keys(NEW, cost)
    return PassphraseChange(
        login_key=to_base64(derive_keys(old, PassphraseCost.parse(start.content)).login),
        new_cost=cost,
        new_login_key=to_base64(derived.login),
        wrapped_keys=wrap_keys(desk.keys, derived.wrapping, desk.login_name),
    )


def change(desk: Desk, old: str = PASSPHRASE) -> requests.Response:
    return desk.call("/staff/passphrase", message(desk, old))


def test_the_new_one_opens_the_same_keys_and_the_old_one_nothing(desk: Desk) -> None:
    assert change(desk).status_code == 204
    assert reason(desk.sign_in()) == "wrong_passphrase"
    answer = SignInAnswer.parse(desk.sign_in(NEW).content)
    keys = unwrap_keys(answer.wrapped_keys, derive_keys(NEW, answer.cost).wrapping, desk.login_name)
    assert keys.sign_public == desk.keys.sign_public


def test_other_sessions_end_and_the_one_that_asked_stays(
    relay: RunningRelay, desk: Desk, clock: Clock
) -> None:
    other = Desk(relay.url, relay.certificate, clock)
    request = other.enrol_request(relay.new_code("sato"), further_device=True)
    other.take(EnrolAnswer.parse(other.call("/staff/enrol", request).content))
    assert other.sign_in().status_code == 200
    assert change(desk).status_code == 204
    assert desk.sync().relay
    assert reason(other.call("/staff/sync", SyncRequest(protocol=1))) == "not_signed_in"
    other.close()


def test_without_the_old_one_nothing_changes_and_guessing_is_throttled(desk: Desk, clock: Clock) -> None:
    for _ in range(5):
        answer = change(desk, "words of a thief only")
        assert (answer.status_code, reason(answer)) == (401, "wrong_passphrase")
    assert reason(change(desk)) == "throttled", "a session left open is no place to guess"
    clock.forward(minutes=5)
    assert desk.sign_in().status_code == 200


@pytest.mark.parametrize(
    "spoiled",
    [
        {"new_cost": {"salt": "AA", "memory_kib": MEMORY_KIB}},
        {"new_cost": {"salt": "A" * 22, "memory_kib": 8}},
        {"new_cost": {"salt": "A" * 22, "memory_kib": 2**40}},
        {"new_login_key": "short"},
        {"wrapped_keys": ""},
        {"wrapped_keys": "A" * 100_000},
        {"login_key": "?"},
    ],
)
def test_what_nobody_could_sign_in_with_is_refused(desk: Desk, spoiled: dict[str, object]) -> None:
    body = PassphraseChange.parse({**message(desk).as_json(), **spoiled})
    answer = desk.call("/staff/passphrase", body)
    assert reason(answer) in ("malformed", "too_large")
    assert desk.sign_in().status_code == 200


def test_without_a_session_there_is_no_new_passphrase(desk: Desk) -> None:
    wish = message(desk)
    desk.token = ""
    assert reason(desk.call("/staff/passphrase", wish)) == "not_signed_in"
