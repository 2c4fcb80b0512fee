"""One sync round: applied once, pending merged, refusals shown, nothing lost, nothing sent to a stranger.
SEC-1, SEC-2, SEC-3, ADM-2.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.app import enrol_office
from desktop.errors import (
    AddressMalformed,
    CertificateChanged,
    CertificateUntrusted,
    CodeDamaged,
    RelayRefused,
    RelayUnreachable,
)
from desktop.features.office import Office
from desktop.keys.keychain import MemoryKeychain
from desktop.replica.records import DeliveryQuery
from desktop.sync.client import RelayClient
from desktop.sync.enrol import Enrolment
from protocol.deliveries import DeliveryDraft
from protocol.files import CHUNK_BYTES
from protocol.items import SegmentItem
from protocol.messages import TextMessage
from protocol.signin import new_cost
from tests.conftest import Clock
from tests.desktop.conftest import CHEAP, PASSPHRASE, Desk
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.pictures_for_tests import noise


def write(office: Office, title: str = "防災訓練") -> DeliveryDraft:
    draft = office.deliveries.new(title).model_copy(update={"messages": (TextMessage(text="訓練です"),)})
    office.deliveries.save(draft)
    return draft


def test_a_change_is_seen_at_once_and_marked_as_waiting(office: Office) -> None:
    draft = write(office)
    shown = office.deliveries.get(draft.id)
    assert shown is not None and shown.waiting == 1 and shown.body.draft == draft
    office.sync()
    after = office.deliveries.get(draft.id)
    assert after is not None and after.waiting == 0 and after.version == 1


def test_a_round_whose_answer_is_lost_is_repeated_and_applied_once(office: Office, relay: FakeRelay) -> None:
    write(office)
    relay.drop_next_answer()
    with pytest.raises(RelayUnreachable):
        office.sync()
    assert office.home.today().waiting == 1
    office.sync()
    assert [change.kind for change in relay.applied] == ["delivery.save"]
    assert office.home.today().waiting == 0


def test_saves_of_the_same_draft_while_away_travel_as_one(office: Office, relay: FakeRelay) -> None:
    draft = write(office)
    for number in range(5):
        office.deliveries.save(draft.model_copy(update={"title": f"訓練 {number}"}))
    assert office.home.today().waiting == 1
    office.sync()
    assert len(relay.applied) == 1
    assert relay.delivery(draft.id).draft.title == "訓練 4"


def test_a_save_made_after_the_first_was_sent_builds_on_its_result(office: Office, relay: FakeRelay) -> None:
    draft = write(office)
    relay.drop_next_answer()
    with pytest.raises(RelayUnreachable):
        office.sync()
    office.deliveries.save(draft.model_copy(update={"title": "後から直した"}))
    office.sync()
    assert relay.delivery(draft.id).draft.title == "後から直した"
    assert office.home.refused() == []


def test_a_refused_change_stays_with_its_reason_until_someone_lets_it_go(
    office: Office, relay: FakeRelay
) -> None:
    draft = write(office)
    relay.refuse_next("version_conflict")
    office.sync()
    shown = office.deliveries.get(draft.id)
    assert shown is not None and shown.refused == "version_conflict" and shown.body.draft == draft
    (entry,) = office.home.refused()
    office.home.dismiss(entry.id)
    assert office.home.refused() == []


def test_a_colleagues_newer_version_refuses_mine_and_shows_theirs(
    make_desk: Callable[[str], Desk], relay: FakeRelay
) -> None:
    mine, theirs = make_desk("mine").enrol("sato"), make_desk("theirs").enrol("suzuki")
    draft = write(mine)
    mine.sync()
    theirs.sync()
    theirs.deliveries.save(draft.model_copy(update={"title": "鈴木の題"}))
    theirs.sync()
    mine.deliveries.save(draft.model_copy(update={"title": "佐藤の題"}))
    mine.sync()
    shown = mine.deliveries.get(draft.id)
    assert shown is not None and shown.refused == "version_conflict"
    assert shown.body.draft.title == "鈴木の題"
    (entry,) = mine.home.refused()
    assert entry.payload.draft.title == "佐藤の題"  # type: ignore[attr-defined]


def test_with_the_relay_away_work_goes_on_and_catches_up(
    desk: Desk, office: Office, relay: FakeRelay
) -> None:
    relay.stop()
    desk.close()
    office = desk.open()
    draft = write(office)
    with pytest.raises(RelayUnreachable):
        office.sync()
    assert office.home.today().summary is not None
    relay.start()
    office.sync()
    assert relay.delivery(draft.id).draft.title == "防災訓練"


def test_another_certificate_gets_not_one_request(office: Office, relay: FakeRelay) -> None:
    relay.stop()
    relay.new_certificate()
    relay.start()
    before = list(relay.requests)
    write(office)
    with pytest.raises(CertificateChanged):
        office.sync()
    assert relay.requests == before


def test_a_code_of_another_relay_sends_nothing_at_enrolment(desk: Desk, relay: FakeRelay) -> None:
    code = relay.new_code()
    relay.stop()
    relay.new_certificate()
    relay.start()
    with pytest.raises(CertificateChanged):
        desk.enrol(code=code)
    assert relay.requests == []
    assert not desk.folder.profile.exists()


def test_a_mistyped_code_is_noticed_before_anything_is_sent(desk: Desk, relay: FakeRelay) -> None:
    code = relay.new_code()
    with pytest.raises(CodeDamaged):
        desk.enrol(code=("X" if code[0] != "X" else "Y") + code[1:])
    assert relay.requests == []


def test_a_code_works_once(make_desk: Callable[[str], Desk], relay: FakeRelay) -> None:
    code = relay.new_code()
    make_desk("first").enrol("sato", code=code)
    with pytest.raises(RelayRefused, match="relay_refused") as refused:
        make_desk("second").enrol("suzuki", code=code)
    assert refused.value.reason == "code_wrong"


def test_a_further_device_opens_the_same_persons_keys(
    make_desk: Callable[[str], Desk], relay: FakeRelay
) -> None:
    first = make_desk("first").enrol("sato")
    draft = write(first)
    first.sync()
    second = make_desk("second").enrol("sato", further=True)
    second.sync()
    shown = second.deliveries.get(draft.id)
    assert second.me.id == first.me.id and shown is not None
    second.deliveries.save(draft.model_copy(update={"title": "二台目から"}))
    second.sync()
    assert relay.delivery(draft.id).draft.title == "二台目から"


def test_a_session_that_ran_out_is_renewed_without_a_word(office: Office, relay: FakeRelay) -> None:
    relay.forget_sessions()
    write(office)
    office.sync()
    assert len(relay.applied) == 1


def test_a_picture_travels_in_chunks_and_resumes_where_the_relay_is(office: Office, relay: FakeRelay) -> None:
    message = office.media.image(noise(900))
    content = office.fetch_picture(message.file)
    assert len(content) > 2 * CHUNK_BYTES
    relay.files[message.file] = bytearray(content[:CHUNK_BYTES])
    office.sync()
    assert bytes(relay.files[message.file]) == content
    puts = [line for line in relay.requests if line == f"PUT /staff/files/{message.file}"]
    assert len(puts) == -(-(len(content) - CHUNK_BYTES) // CHUNK_BYTES)


def test_a_removed_record_disappears(
    office: Office, relay: FakeRelay, town_items: tuple[SegmentItem, ...]
) -> None:
    office.sync()
    assert len(office.items.all()) == 3
    relay.put("item", "item-topics", town_items[1], removed=True)
    office.sync()
    assert [item.id for item in office.items.all()] == ["item-district", "item-birth"]


def test_an_emptied_machine_gets_everything_back(make_desk: Callable[[str], Desk]) -> None:
    first = make_desk("first").enrol("sato")
    for number in range(30):
        write(first, f"配信 {number:02}")
    first.sync()
    fresh = make_desk("fresh").enrol("sato", further=True)
    fresh.sync()
    assert fresh.deliveries.count(DeliveryQuery()) == 30


@pytest.mark.parametrize("address", ["http://relay.example.jp", "relay example", "https://", "https://a/b"])
def test_an_address_that_is_not_https_is_refused_with_words(
    desk: Desk, relay: FakeRelay, address: str
) -> None:
    from desktop.sync.address import clean_address

    with pytest.raises(AddressMalformed):
        clean_address(address)


def test_closing_cuts_a_long_poll_short(office: Office, desk: Desk) -> None:
    opened = desk.doors()
    desk.close()
    inside = opened.open(PASSPHRASE)
    inside.office.sync()
    ended = threading.Event()

    def listen() -> None:
        with contextlib.suppress(RelayUnreachable):
            inside.rounds.listen(20)
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    before = len(desk.relay.requests)
    while len(desk.relay.requests) == before:
        assert not ended.wait(0.01)
    inside.office.close()
    assert ended.wait(3)
    opened.release()


def test_closing_also_ends_a_request_that_was_still_connecting(
    relay: FakeRelay, clock: Clock, tmp_path: Path
) -> None:
    """Else it would wait out its long poll with the keys of a locked program in its hands."""
    pem = tmp_path / "relay.pem"
    relay.authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = RelayClient(
            f"https://127.0.0.1:{listener.getsockname()[1]}",
            fits=lambda digest: True,
            device="new",
            key=Ed25519PrivateKey.generate(),
            clock=clock,
        )

        def ask() -> None:
            with contextlib.suppress(RelayUnreachable):
                client.send("POST", "/staff/sync", b"{}", wait_seconds=20)
            ended.set()

        threading.Thread(target=ask, daemon=True).start()
        line, _ = listener.accept()
        client.close()
        with context.wrap_socket(line, server_side=True) as secured:
            secured.settimeout(5)
            assert secured.recv(100) == b""
        assert ended.wait(5)


def test_a_ca_file_is_trusted_in_place_of_the_pin_and_a_foreign_one_is_not(
    make_desk: Callable[[str], Desk], relay: FakeRelay, tmp_path: Path
) -> None:
    ours, foreign = tmp_path / "ours.pem", tmp_path / "foreign.pem"
    relay.authority.cert_pem.write_to_path(str(ours))
    trustme.CA().cert_pem.write_to_path(str(foreign))
    wish = {
        "relay_url": relay.url, "login_name": "sato", "passphrase": PASSPHRASE, "display_name": "佐藤",
        "cost": new_cost(memory_kib=CHEAP),
    }  # fmt: skip
    keychain = MemoryKeychain()
    with pytest.raises(CertificateUntrusted):
        wrong = Enrolment(code=relay.new_code(), ca_file=str(foreign), **wish)  # type: ignore[arg-type]
        enrol_office(tmp_path / "a", wrong, keychain=keychain)
    assert relay.requests == []
    right = Enrolment(code=relay.new_code(), ca_file=str(ours), **wish)  # type: ignore[arg-type]
    with enrol_office(tmp_path / "b", right, keychain=keychain) as office:
        assert office.sync() > 0
