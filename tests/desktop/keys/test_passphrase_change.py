"""ADM-7: the own passphrase changes without locking anybody out, whatever step a power cut falls on;
the local file keeps its key; a second machine learns of it; the second factor is asked once and by the relay.
"""

from __future__ import annotations

from collections.abc import Callable

import pyotp
import pytest

from desktop.errors import (
    AnswerUnreadable,
    PassphraseChanged,
    RelayRefused,
    RelayUnreachable,
    WrongPassphrase,
)
from desktop.features.office import Office
from desktop.keys import renewal
from desktop.keys.profile import load_profile
from desktop.sync.enrol import Enrolment, add_device
from protocol.signin import new_cost
from tests.desktop.conftest import CHEAP, PASSPHRASE, Desk
from tests.desktop.fake_audit import WatchingRelay, relay
from tests.desktop.morning import morning

__all__ = ["relay"]
NEW = "umi yama kawa sora tori"


class Killed(BaseException):
    """The power went."""


def write(office: Office) -> str:
    draft = office.deliveries.new("書きかけの訓練")
    office.deliveries.save(draft)
    return draft.id


def opens_with(desk: Desk, passphrase: str) -> bool:
    desk.close()
    try:
        desk.open(passphrase)
    except WrongPassphrase:
        return False
    finally:
        desk.close()
    return True


def in_force(relay: WatchingRelay, desk: Desk) -> str:
    """Which passphrase the relay takes."""
    wrapped = relay.accounts["sato"].wrapped_keys
    return PASSPHRASE if wrapped == desk.first_keys else NEW  # type: ignore[attr-defined]


@pytest.fixture
def written(desk: Desk, relay: WatchingRelay) -> str:
    office = desk.enrol()
    desk.first_keys = relay.accounts["sato"].wrapped_keys  # type: ignore[attr-defined]
    draft = write(office)
    office.sync()
    desk.close()
    return draft


def test_after_the_change_only_the_new_one_opens_and_the_file_is_the_same(desk: Desk, written: str) -> None:
    office = desk.open()
    office.account.change_passphrase(PASSPHRASE, NEW)
    office.sync()
    assert not opens_with(desk, PASSPHRASE)
    again = desk.open(NEW)
    shown = again.deliveries.get(written)
    assert shown is not None and not again.rebuilt
    again.sync()
    assert not desk.folder.pending.exists()


def test_a_wrong_old_one_changes_nothing(desk: Desk, written: str, relay: WatchingRelay) -> None:
    office = desk.open()
    with pytest.raises(WrongPassphrase):
        office.account.change_passphrase("ame yuki", NEW)
    assert "POST /staff/passphrase" not in relay.requests
    assert not desk.folder.pending.exists()
    assert opens_with(desk, PASSPHRASE)


def test_with_the_relay_away_either_one_opens_until_it_is_known(
    desk: Desk, written: str, relay: WatchingRelay
) -> None:
    office = desk.open()
    relay.stop()
    with pytest.raises(RelayUnreachable):
        office.account.change_passphrase(PASSPHRASE, NEW)
    assert opens_with(desk, PASSPHRASE) and opens_with(desk, NEW)
    relay.start()
    desk.open(PASSPHRASE).sync()
    assert not desk.folder.pending.exists()
    assert not opens_with(desk, NEW) and opens_with(desk, PASSPHRASE)


def test_an_answer_that_was_lost_is_found_out_at_once(desk: Desk, written: str, relay: WatchingRelay) -> None:
    office = desk.open()
    office.sync()
    relay.lose_answer_after["/staff/passphrase"] = 1
    office.account.change_passphrase(PASSPHRASE, NEW)
    office.sync()
    assert not opens_with(desk, PASSPHRASE) and opens_with(desk, NEW)


def _at(step: str) -> Callable[[pytest.MonkeyPatch, WatchingRelay, Office], None]:
    """The program dies right before or right after a step."""

    def die(*_: object) -> None:
        raise Killed

    def arm(patch: pytest.MonkeyPatch, relay: WatchingRelay, office: Office) -> None:
        if step == "after the relay":
            act = office.account._act

            def done_then_die(*what: object) -> None:
                act(*what)  # type: ignore[arg-type]
                raise Killed

            office.account._act = done_then_die  # type: ignore[assignment]
        elif step == "before the relay":
            office.account._act = die  # type: ignore[assignment]
        else:
            patch.setattr(renewal, step, die)

    return arm


STEPS = ("save_pending", "before the relay", "after the relay", "save_profile", "forget_pending")


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_the_passphrase_the_relay_knows_opens_everything(
    step: str, desk: Desk, written: str, relay: WatchingRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = desk.open()
    with monkeypatch.context() as patch:
        _at(step)(patch, relay, office)
        with pytest.raises(Killed):
            office.account.change_passphrase(PASSPHRASE, NEW)
    desk.close()
    right = in_force(relay, desk)
    wrong = NEW if right == PASSPHRASE else PASSPHRASE
    again = desk.open(right)
    again.sync()
    assert again.deliveries.get(written) is not None
    assert not desk.folder.pending.exists()
    assert not opens_with(desk, wrong)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_the_other_passphrase_is_answered_with_words_and_mended(
    step: str, desk: Desk, written: str, relay: WatchingRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = desk.open()
    with monkeypatch.context() as patch:
        _at(step)(patch, relay, office)
        with pytest.raises(Killed):
            office.account.change_passphrase(PASSPHRASE, NEW)
    desk.close()
    right = in_force(relay, desk)
    wrong = NEW if right == PASSPHRASE else PASSPHRASE
    if not opens_with(desk, wrong):
        return  # the change was over, or had not begun, on this machine
    again = desk.open(wrong)
    with pytest.raises(PassphraseChanged):
        again.sync()
    assert again.account.change_not_sent == (right == PASSPHRASE)
    assert again.account.adopt_passphrase(right) is False
    again.sync()
    assert again.deliveries.get(written) is not None
    assert opens_with(desk, right) and not opens_with(desk, wrong)


def test_another_machine_opens_with_the_old_one_is_told_and_takes_the_new_one(
    make_desk: Callable[[str], Desk], relay: WatchingRelay
) -> None:
    first, second = make_desk("first"), make_desk("second")
    office = first.enrol()
    draft = write(office)
    office.sync()
    second.enrol(further=True).sync()
    second.close()
    office.account.change_passphrase(PASSPHRASE, NEW)
    old = second.open(PASSPHRASE)
    assert old.deliveries.get(draft) is not None
    before = len(relay.requests)
    with pytest.raises(PassphraseChanged):
        old.sync()
    with pytest.raises(PassphraseChanged):
        old.sync()
    tries = [line for line in relay.requests[before:] if line == "POST /staff/sign-in"]
    assert len(tries) == 1  # guesses are counted by the relay; ours is not repeated
    with pytest.raises(RelayRefused):
        old.account.adopt_passphrase("ame yuki kumo kaze hon")
    old.account.adopt_passphrase(NEW)
    old.sync()
    assert not opens_with(second, PASSPHRASE) and opens_with(second, NEW)


def test_a_relay_that_asks_for_a_cheap_passphrase_gets_no_key(desk: Desk, relay: WatchingRelay) -> None:
    office = desk.enrol()
    relay.accounts["sato"].cost = new_cost(memory_kib=CHEAP // 2)
    before = relay.requests.count("POST /staff/sign-in")
    with pytest.raises(AnswerUnreadable):
        office.account.adopt_passphrase(NEW)
    assert relay.requests.count("POST /staff/sign-in") == before


@pytest.mark.parametrize(
    "asked",
    [
        {"memory_kib": CHEAP - 1}, {"passes": 2}, {"passes": 1, "memory_kib": 2**20}, {"memory_kib": 2**30},
        {"passes": 10**6}, {"lanes": 1000}, {"salt": "AAAA"}, {"salt": ""},
    ],
)  # fmt: skip
def test_a_relay_names_no_cheap_or_impossible_cost_to_a_further_device(
    make_desk: Callable[[str], Desk], relay: WatchingRelay, asked: dict[str, object]
) -> None:
    make_desk("first").enrol()
    account = relay.accounts["sato"]
    account.cost = account.cost.model_copy(update=asked)
    before = relay.requests.count("POST /staff/enrol")
    with pytest.raises(AnswerUnreadable):
        make_desk("second").enrol("sato", further=True)
    assert relay.requests.count("POST /staff/enrol") == before, "nothing made of the passphrase was sent"


def test_a_further_device_wants_the_full_cost_unless_told_otherwise(relay: WatchingRelay, desk: Desk) -> None:
    desk.enrol()
    wish = Enrolment(relay.url, relay.new_code(), "sato", PASSPHRASE)
    with pytest.raises(AnswerUnreadable):
        add_device(wish, desk.keychain, morning)


def test_the_local_files_key_is_random_and_not_made_from_the_passphrase(
    make_desk: Callable[[str], Desk], relay: WatchingRelay
) -> None:
    boxes = set()
    for name in ("first", "second"):
        desk = make_desk(name)
        desk.enrol("sato", further=name == "second")
        boxes.add(load_profile(desk.folder.profile).replica_box)
    assert len(boxes) == 2


# -- second factor ------------------------------------------------------------------------------------


@pytest.fixture
def guarded(desk: Desk, relay: WatchingRelay) -> tuple[Desk, pyotp.TOTP]:
    """Signed out, with a second factor switched on."""
    office = desk.enrol()
    office.sync()
    factor = office.account.new_second_factor()
    totp = pyotp.TOTP(factor.secret)
    office.account.switch_on_second_factor(factor, totp.now())
    office.sync()
    assert office.account.has_second_factor()
    desk.close()
    return desk, totp


def test_a_second_factor_needs_a_code_made_with_it(desk: Desk, relay: WatchingRelay) -> None:
    office = desk.enrol()
    with pytest.raises(RelayRefused) as refused:
        office.account.switch_on_second_factor(office.account.new_second_factor(), "000000")
    assert refused.value.reason == "second_code_wrong"
    assert relay.factors == {}


def test_the_code_is_asked_of_the_person_once_and_by_no_lane(
    guarded: tuple[Desk, pyotp.TOTP], relay: WatchingRelay
) -> None:
    desk, totp = guarded
    office = desk.open()
    assert office.home.today() is not None  # offline sign-in asks for nothing
    before = relay.requests.count("POST /staff/sign-in")
    for _ in range(3):
        with pytest.raises(RelayRefused) as refused:
            office.sync()
        assert refused.value.reason == "second_code_needed"
    assert relay.requests.count("POST /staff/sign-in") == before + 1
    with pytest.raises(RelayRefused):
        office.account.give_second_code("000000")
    wide = totp.now().translate({ord(str(digit)): ord("０") + digit for digit in range(10)})
    office.account.give_second_code(f"{wide[:3]} {wide[3:]}")
    office.sync()


def test_a_second_factor_is_taken_away_with_a_code(
    guarded: tuple[Desk, pyotp.TOTP], relay: WatchingRelay
) -> None:
    desk, totp = guarded
    office = desk.open()
    with pytest.raises(RelayRefused):
        office.sync()
    office.account.give_second_code(totp.now())
    with pytest.raises(RelayRefused):
        office.account.switch_off_second_factor("123456")
    office.account.switch_off_second_factor(totp.now())
    assert relay.factors == {}


def test_the_picture_for_the_telephone_holds_the_secret_and_no_secret_is_printed(desk: Desk) -> None:
    factor = desk.enrol().account.new_second_factor()
    assert pyotp.parse_uri(factor.address).secret == factor.secret
    size = len(factor.matrix)
    assert size >= 21 and all(len(row) == size for row in factor.matrix)
    assert factor.secret not in repr(factor)
    assert factor.shown.replace(" ", "") == factor.secret
