"""SEC-1: the passphrase opens this machine; ADM-7: a generated passphrase of five words; no keyring is no
error.
"""

from __future__ import annotations

import pytest

from desktop.app import Doors
from desktop.errors import AlreadyRunning, DeviceKeyLost, ProfileDamaged, ProfileMissing, WrongPassphrase
from desktop.keys.keychain import MemoryKeychain
from desktop.keys.passphrase import load_words, new_passphrase
from desktop.keys.profile import load_profile
from desktop.paths import resources
from protocol.signin import normalise_passphrase
from tests.desktop.conftest import PASSPHRASE, Desk


def test_a_wrong_passphrase_opens_nothing(desk: Desk) -> None:
    desk.enrol()
    desk.close()
    with pytest.raises(WrongPassphrase):
        desk.open("sakura minato tebukuro kaze neko")


def test_case_and_hyphens_do_not_matter(desk: Desk) -> None:
    desk.enrol()
    desk.close()
    assert desk.open("Sakura-Minato  tebukuro KAZE-hon").me.login_name == "sato"


def test_without_a_keyring_the_passphrase_stands_alone(desk: Desk) -> None:
    desk.keychain = MemoryKeychain(works=False)
    desk.enrol()
    desk.close()
    assert load_profile(desk.folder.profile).keyring_name == ""
    assert desk.open().me.display_name == "総務課 佐藤"


def test_a_lost_keyring_secret_asks_to_enrol_again_and_nothing_else_breaks(desk: Desk) -> None:
    desk.enrol()
    desk.close()
    desk.keychain.kept.clear()
    with pytest.raises(DeviceKeyLost):
        desk.open()
    assert desk.enrol(further=True).me.login_name == "sato"


def test_the_profile_file_holds_no_secret_in_clear(desk: Desk) -> None:
    desk.enrol()
    stored = desk.folder.profile.read_text()
    assert PASSPHRASE not in stored
    assert all(secret.hex() not in stored for secret in desk.keychain.kept.values())


def test_a_machine_without_profile_says_so(desk: Desk) -> None:
    with pytest.raises(ProfileMissing):
        desk.open()


def test_a_damaged_profile_says_so(desk: Desk) -> None:
    desk.enrol()
    desk.close()
    desk.folder.profile.write_text('{"relay_url": 1')
    with pytest.raises(ProfileDamaged):
        desk.open()


def test_a_second_program_on_the_same_profile_is_told(desk: Desk) -> None:
    desk.enrol()
    second = Doors(desk.folder, keychain=desk.keychain, clock=desk.relay.clock)
    with pytest.raises(AlreadyRunning):
        second.take_lock()


def test_a_passphrase_has_five_words_that_survive_being_typed() -> None:
    words = load_words(resources() / "wording" / "passphrase-words.tsv")
    made = new_passphrase(words)
    assert len(made.typed.split()) == 5
    assert normalise_passphrase(made.typed.upper().replace(" ", "-")) == made.typed


def test_the_word_list_is_long_enough_unambiguous_and_easy_to_type() -> None:
    words = load_words(resources() / "wording" / "passphrase-words.tsv")
    assert len(words) >= 1300
    assert len({word.romaji for word in words}) == len(words)
    assert all(word.romaji.isascii() and word.romaji.isalpha() and word.romaji.islower() for word in words)
    assert all(3 <= len(word.romaji) <= 10 for word in words)
