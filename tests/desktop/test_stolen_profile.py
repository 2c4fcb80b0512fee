"""SEC-2, SEC-1: a copy of the whole profile folder opens nothing without the passphrase, with or without the
keyring's secret: no row, no key, none of the words people wrote; and each guess costs the full Argon2id.

Open in clear, and listed here so that it stays this list: what the profile file states (relay address and id,
certificate pin, login name, display name, role, public keys, ids), how the screen looks, and the log's codes.
"""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import zlib
from pathlib import Path

import pytest

from desktop.app import Doors
from desktop.errors import DeviceKeyLost, ReplicaDamaged, WrongPassphrase
from desktop.features.office import Office
from desktop.features.submissions import Handling
from desktop.keys import unlock as unlocking
from desktop.keys.keychain import MemoryKeychain
from desktop.keys.profile import load_profile
from desktop.log import LOGGER
from desktop.paths import ProfileFolder
from desktop.replica.database import open_store
from desktop.replica.submissions import SubmissionQuery
from protocol.messages import TextMessage
from protocol.signin import PassphraseCost, derive_keys
from protocol.staff import StaffMember
from tests.desktop.conftest import PASSPHRASE, Desk
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_submissions import found_town
from tests.desktop.pictures_for_tests import noise
from tests.relay.canaries import Cage

TITLE, TEXT, COLLEAGUE = "カナリア題名の配信", "canary-body-8f3a 髙﨑さんへ", "カナリア課 鈴木一郎"
UNSENT, HALF = "まだ送っていないカナリア", "書きかけのカナリア通信"
TOPIC, LETTER = "カナリア通りの街灯", "家の前のカナリア小屋が暗いです。"
NOTE, REPLY = "カナリア小屋を見に行った", "カナリア小屋の街灯は来週なおします。"
IN_A_BUG = "カナリア氏の住所"
PHOTO = noise(60)
CANARIES: dict[str, str | bytes] = {
    "title": TITLE, "text": TEXT, "colleague": COLLEAGUE, "unsent": UNSENT, "half-written": HALF,
    "topic": TOPIC, "letter": LETTER, "note": NOTE, "reply": REPLY, "in a bug": IN_A_BUG,
    "passphrase": PASSPHRASE, "photo": PHOTO[900:960],
}  # fmt: skip
OPEN_IN_CLEAR = {
    "cost", "wrapped_keys", "replica_box", "relay_url", "pin", "ca_file", "relay", "login_name", "staff",
    "device", "device_key", "keyring_name", "root",
}  # fmt: skip


def write(office: Office, title: str, text: str) -> None:
    draft = office.deliveries.new(title).model_copy(update={"messages": (TextMessage(text=text),)})
    office.deliveries.save(draft)


def answer_a_letter(office: Office) -> None:
    """Read, its photo looked at; a note and a reply that have not left the machine yet."""
    (held,) = office.submissions.page(SubmissionQuery())
    held = office.submissions.open(held.id) or held
    assert (held.topic, held.text) == (TOPIC, LETTER)
    assert office.submissions.photo(held, 0) == PHOTO
    office.submissions.update(held, Handling("working", NOTE, REPLY))


def leave_half_written(office: Office) -> None:
    draft = office.deliveries.new(HALF)
    office.deliveries.keep(draft.model_copy(update={"messages": (TextMessage(text=HALF),)}))


def log_a_bug() -> None:
    """A bug stops something in the middle, with somebody's words in its text."""
    try:
        raise ValueError(IN_A_BUG)
    except ValueError as error:
        LOGGER.error("bug: %s", type(error).__name__, exc_info=error)


@pytest.fixture
def stolen(desk: Desk, relay: FakeRelay, tmp_path: Path) -> ProfileFolder:
    """Copied while the program runs, so that WAL and side files are there as well."""
    office = desk.enrol()
    desk.doors()  # writes the screen settings
    town = found_town(relay)
    town.department("soumu", "総務課")
    town.join("sato", "soumu")
    town.compare_root(desk.folder)
    town.receive("soumu", topic=TOPIC, text=LETTER, photos=(PHOTO,))
    relay.put("staff", "c", StaffMember(id="c", login_name="canary", display_name=COLLEAGUE))
    write(office, TITLE, TEXT)
    office.sync()
    write(office, UNSENT, UNSENT)
    answer_a_letter(office)
    leave_half_written(office)
    log_a_bug()
    for handler in LOGGER.handlers:
        handler.flush()
    with pytest.raises(WrongPassphrase):
        unlocking.unlock(load_profile(desk.folder.profile), "ame yuki", desk.keychain)
    assert desk.folder.replica.with_name("replica.db-wal").stat().st_size > 0
    shutil.copytree(desk.folder.root, tmp_path / "stolen")
    return ProfileFolder(tmp_path / "stolen")


def files(folder: ProfileFolder) -> list[Path]:
    found = [path for path in folder.root.rglob("*") if path.is_file()]
    assert {"replica.db", "profile.json", "unsent.log", folder.log.name} <= {path.name for path in found}
    return found


def test_no_word_that_people_wrote_is_in_any_file(stolen: ProfileFolder) -> None:
    """Not even inside what is compressed in them."""
    assert Cage(CANARIES).listen(files(stolen)) == []


def test_the_search_hears_what_stands_in_the_clear(stolen: ProfileFolder) -> None:
    """Words packed as programs pack them, put behind what the database wrote."""
    for name, form in (("plain", lambda raw: raw), ("zlib", zlib.compress), ("gzip", gzip.compress)):
        with (stolen.root / name).open("wb") as file:
            file.write(stolen.replica.read_bytes()[:5000] + form(f"…{LETTER}…".encode()))
    heard = Cage(CANARIES).listen(files(stolen))
    assert {(found.file.name, found.name) for found in heard} == {
        ("plain", "letter"), ("zlib", "letter"), ("gzip", "letter")
    }  # fmt: skip


def test_the_log_says_where_a_bug_was_and_not_about_whom(stolen: ProfileFolder) -> None:
    said = stolen.log.read_text("utf-8")
    assert "bug: ValueError" in said and "log_a_bug" in said
    assert IN_A_BUG not in said


def test_who_the_person_is_stands_in_the_profile_file_alone(stolen: ProfileFolder) -> None:
    for path in files(stolen):
        if path.name != "profile.json":
            content = path.read_bytes()
            for words in ("sato", "総務課 佐藤"):
                assert words.encode() not in content, path.name
    stated = json.loads(stolen.profile.read_text("utf-8"))
    assert set(stated) == OPEN_IN_CLEAR


def test_no_key_in_memory_is_in_any_file(stolen: ProfileFolder, desk: Desk) -> None:
    profile = load_profile(desk.folder.profile)
    keys = unlocking.unlock(profile, PASSPHRASE, desk.keychain)
    derived = derive_keys(PASSPHRASE, profile.cost)
    secrets = {
        "replica": keys.replica, "unsent": keys.unsent, "login": keys.login, "wrapping": derived.wrapping,
        "device": keys.device.private_bytes_raw(), "sign": keys.staff.sign.private_bytes_raw(),
        **{f"keyring {name}": secret for name, secret in desk.keychain.kept.items()},
    }  # fmt: skip
    for path in files(stolen):
        content = path.read_bytes()
        for name, secret in secrets.items():
            for form in (secret, secret.hex().encode(), base64.b64encode(secret)[:40]):
                assert form not in content, (path.name, name)


@pytest.mark.parametrize("with_keyring", [True, False])
def test_a_thief_with_or_without_the_keyring_opens_nothing(
    stolen: ProfileFolder, desk: Desk, with_keyring: bool
) -> None:
    keychain = desk.keychain if with_keyring else MemoryKeychain()
    thief = Doors(stolen, keychain=keychain)
    for guess in ("", "sato", "sakura minato tebukuro kaze", "sakura minato tebukuro kaze hom"):
        with pytest.raises(WrongPassphrase):
            thief.open(guess)
    thief.release()
    for key in (bytes(32), *desk.keychain.kept.values()):
        with pytest.raises(ReplicaDamaged):
            open_store(stolen.replica, key)


def test_the_passphrase_alone_opens_nothing_where_a_keyring_was_used(stolen: ProfileFolder) -> None:
    thief = Doors(stolen, keychain=MemoryKeychain())
    with pytest.raises(DeviceKeyLost):
        thief.open(PASSPHRASE)
    thief.release()


def test_each_guess_costs_the_full_argon2id(
    stolen: ProfileFolder, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid: list[PassphraseCost] = []

    def counted(passphrase: str, cost: PassphraseCost) -> object:
        paid.append(cost)
        return derive_keys(passphrase, cost)

    monkeypatch.setattr(unlocking, "derive_keys", counted)
    thief = Doors(stolen, keychain=desk.keychain)
    for guess in ("", "a", "sakura"):
        with pytest.raises(WrongPassphrase):
            thief.open(guess)
    thief.release()
    assert paid == [load_profile(stolen.profile).cost] * 3
    usual = PassphraseCost(salt="")
    assert (usual.memory_kib, usual.passes) == (256 * 1024, 3)  # RFC 9106, above its second choice


def test_an_altered_profile_opens_nothing_either(stolen: ProfileFolder, desk: Desk) -> None:
    """Neither a cheaper cost nor another machine's box helps."""
    profile = load_profile(stolen.profile)
    for changed in ({"cost": profile.cost.model_copy(update={"passes": 1})}, {"login_name": "suzuki"}):
        with pytest.raises(WrongPassphrase):
            unlocking.unlock(profile.model_copy(update=changed), PASSPHRASE, desk.keychain)
    for changed in ({"device": "another"}, {"replica_box": profile.device_key}):
        with pytest.raises(DeviceKeyLost):
            unlocking.unlock(profile.model_copy(update=changed), PASSPHRASE, desk.keychain)
