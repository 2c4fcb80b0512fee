"""The second factor: asked after the passphrase, each code taken once, guessing throttled. SEC-1, ADM-7."""

from __future__ import annotations

import pyotp
import pytest
import requests

from protocol.encoding import to_base64
from protocol.signin import (
    PassphraseCost,
    SecondFactorChange,
    SignInAnswer,
    SignInRequest,
    SignInStart,
    derive_keys,
)
from relay.serve import RunningRelay
from tests.conftest import Clock
from tests.relay.desk import PASSPHRASE, Desk, reason

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(clock: Clock, *, steps: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(clock(), counter_offset=steps)


def sign_in(desk: Desk, second_code: str = "", passphrase: str = PASSPHRASE) -> requests.Response:
    start = desk.call("/staff/sign-in/start", SignInStart(login_name=desk.login_name))
    login = derive_keys(passphrase, PassphraseCost.parse(start.content)).login
    answer = desk.call(
        "/staff/sign-in",
        SignInRequest(login_name=desk.login_name, login_key=to_base64(login), second_code=second_code),
    )
    if answer.status_code == 200:
        desk.token = SignInAnswer.parse(answer.content).token
    return answer


def change(desk: Desk, code: str, secret: str = "") -> requests.Response:
    return desk.call("/staff/second-factor", SecondFactorChange(secret=secret, code=code))


@pytest.fixture
def guarded(desk: Desk, clock: Clock) -> Desk:
    """A person with a second factor; the code of now is used up."""
    assert change(desk, code(clock), SECRET).status_code == 204
    return desk


def shown(desk: Desk) -> bool:
    return bool(desk.records()["staff", desk.staff].body["second_factor"])


def test_whoever_has_none_is_not_asked(desk: Desk) -> None:
    assert not shown(desk)
    assert sign_in(desk).status_code == 200


def test_it_is_asked_for_after_the_passphrase_and_shown_on_the_record(guarded: Desk, clock: Clock) -> None:
    assert shown(guarded)
    answer = sign_in(guarded)
    assert (answer.status_code, reason(answer)) == (401, "second_code_needed")
    clock.forward(seconds=30)
    answer = sign_in(guarded, code(clock))
    assert SignInAnswer.parse(answer.content).staff.second_factor


def test_a_wrong_passphrase_is_told_before_any_code_is_looked_at(guarded: Desk, clock: Clock) -> None:
    clock.forward(seconds=30)
    assert reason(sign_in(guarded, "", "other words entirely here")) == "wrong_passphrase"
    assert reason(sign_in(guarded, code(clock), "other words entirely here")) == "wrong_passphrase"
    assert sign_in(guarded, code(clock)).status_code == 200, "the code was not used up"


def test_one_code_never_opens_twice(guarded: Desk, clock: Clock) -> None:
    assert reason(sign_in(guarded, code(clock))) == "second_code_wrong", "used when it was set"
    clock.forward(seconds=30)
    assert sign_in(guarded, code(clock)).status_code == 200
    assert reason(sign_in(guarded, code(clock))) == "second_code_wrong"
    assert reason(sign_in(guarded, code(clock, steps=-1))) == "second_code_wrong", "nor an older one"


@pytest.mark.parametrize(("steps", "opens"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off(guarded: Desk, clock: Clock, steps: int, opens: bool) -> None:
    clock.forward(minutes=5)
    answer = sign_in(guarded, code(clock, steps=steps))
    assert (answer.status_code == 200) == opens


def test_guessing_codes_is_throttled_like_guessing_passphrases(guarded: Desk, clock: Clock) -> None:
    clock.forward(minutes=5)
    right = code(clock)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(5):
        assert reason(sign_in(guarded, wrong)) == "second_code_wrong"
    answer = sign_in(guarded, right)
    assert (answer.status_code, reason(answer)) == (429, "throttled")
    clock.forward(minutes=5)
    assert sign_in(guarded, code(clock)).status_code == 200


@pytest.mark.parametrize("odd", ["", "12345", "1234567", "１２３４５６", "abcdef", "\udcff", "0" * 5000])
def test_what_is_no_code_is_a_wrong_code(guarded: Desk, clock: Clock, odd: str) -> None:
    clock.forward(minutes=1)
    assert reason(change(guarded, odd)) in ("second_code_wrong", "malformed")
    assert shown(guarded)


def test_it_is_set_only_with_a_code_of_the_new_secret(desk: Desk, clock: Clock) -> None:
    answer = change(desk, f"{(int(code(clock)) + 1) % 10**6:06d}", SECRET)
    assert (answer.status_code, reason(answer)) == (401, "second_code_wrong")
    assert not shown(desk)
    assert sign_in(desk).status_code == 200


@pytest.mark.parametrize("secret", ["short", "JBSWY3DP", "not base32 at all!!", "A" * 500])
def test_a_secret_that_is_too_short_or_no_base32_is_refused(desk: Desk, clock: Clock, secret: str) -> None:
    assert reason(change(desk, "000000", secret)) == "malformed"


def test_it_is_taken_away_with_a_code_and_only_then_replaced(guarded: Desk, clock: Clock) -> None:
    clock.forward(seconds=30)
    assert reason(change(guarded, code(clock), SECRET)) == "second_code_needed"
    assert change(guarded, code(clock)).status_code == 204
    assert not shown(guarded)
    assert sign_in(guarded).status_code == 200
    assert reason(change(guarded, code(clock))) == "second_code_wrong", "nothing left to take away"


def test_the_secret_is_nowhere_in_the_database_in_clear(relay: RunningRelay, guarded: Desk) -> None:
    from sqlalchemy import text

    with relay.relay.database.read() as connection:
        row = connection.execute(text("SELECT * FROM staff")).one()
        records = connection.execute(text("SELECT body_sealed FROM records")).scalars().all()
    for value in [*row, *records]:
        assert SECRET.encode() not in (bytes(value) if isinstance(value, bytes) else str(value).encode())
