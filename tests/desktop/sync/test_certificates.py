"""SEC-1, OPS-4: an expired, swapped or intercepted certificate: not one byte of a request leaves here,
the words say what to do, and work goes on with what is here. Over real TLS.
"""

from __future__ import annotations

import datetime as dates
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from desktop.app import enrol_office
from desktop.errors import CertificateChanged, CertificateUntrusted, Trouble
from desktop.features.wording import words_of_trouble
from desktop.keys.keychain import MemoryKeychain
from desktop.sync.enrol import Enrolment
from protocol.signin import new_cost
from tests.desktop.conftest import CHEAP, PASSPHRASE, Desk
from tests.desktop.fake_relay import FakeRelay


@dataclass
class Eavesdropper:
    """Listens where the relay did, with a certificate of its own, and keeps what it could read."""

    port: int
    pem: Path
    heard: list[bytes] = field(default_factory=list)
    greeted: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def listening(self) -> Iterator[None]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pem)
        with socket.create_server(("127.0.0.1", self.port), reuse_port=False) as listener:
            listener.settimeout(0.05)
            thread = threading.Thread(target=self._serve, args=(listener, context), daemon=True)
            thread.start()
            yield
            self._ended.set()
            thread.join(5)

    def _serve(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError, ssl.SSLError, OSError):
                line, _ = listener.accept()
                line.settimeout(2)
                with context.wrap_socket(line, server_side=True) as secured:
                    self.greeted += 1
                    said = secured.recv(65536)
                    if said:
                        self.heard.append(said)


def pem_of(
    authority: trustme.CA, folder: Path, name: str = "127.0.0.1", *, ends: dates.datetime | None = None
) -> Path:
    certificate = authority.issue_cert(name, not_after=ends)
    path = folder / f"other-{len(list(folder.iterdir()))}.pem"
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    path.write_bytes(certificate.private_key_pem.bytes() + chain)
    return path


def expired() -> dates.datetime:
    return dates.datetime.now(dates.UTC) - dates.timedelta(days=1)


def test_an_intercepting_box_in_front_of_the_relay_hears_nothing(
    desk: Desk, relay: FakeRelay, tmp_path: Path
) -> None:
    """Also one whose certificate any authority would have signed: the pin is the relay's key."""
    office = desk.enrol()
    office.deliveries.save(office.deliveries.new("訓練"))
    desk.close()
    relay.stop()
    box = Eavesdropper(int(relay.url.rsplit(":", 1)[1]), pem_of(relay.authority, tmp_path))
    office = desk.open()
    with box.listening():
        with pytest.raises(CertificateChanged) as trouble:
            office.sync()
        desk.close()  # signing out must not talk to it either
    assert box.greeted > 0 and box.heard == []
    says(trouble.value, "何も送っていません", "情報担当", "登録し直して")


def test_an_intercepting_box_gets_no_code_and_no_passphrase_at_enrolment(
    desk: Desk, relay: FakeRelay, tmp_path: Path
) -> None:
    code = relay.new_code()
    relay.stop()
    box = Eavesdropper(int(relay.url.rsplit(":", 1)[1]), pem_of(trustme.CA(), tmp_path))
    with box.listening(), pytest.raises(CertificateChanged):
        desk.enrol(code=code)
    assert box.greeted > 0 and box.heard == []
    assert not desk.folder.profile.exists()


@pytest.fixture
def trusting(relay: FakeRelay, tmp_path: Path) -> tuple[MemoryKeychain, Enrolment]:
    """A town whose proxy opens TLS: the file of an authority in place of the pin."""
    ca_file = tmp_path / "ca.pem"
    relay.authority.cert_pem.write_to_path(str(ca_file))
    wish = Enrolment(
        relay_url=relay.url, code=relay.new_code(), login_name="sato", passphrase=PASSPHRASE,
        display_name="総務課 佐藤", cost=new_cost(memory_kib=CHEAP), ca_file=str(ca_file),
    )  # fmt: skip
    return MemoryKeychain(), wish


@pytest.mark.parametrize("fault", ["expired", "another authority", "another name"])
def test_with_an_authority_every_wrong_certificate_is_refused_before_anything_is_said(
    fault: str, relay: FakeRelay, tmp_path: Path, trusting: tuple[MemoryKeychain, Enrolment]
) -> None:
    keychain, wish = trusting
    folder = tmp_path / "faults"
    folder.mkdir()
    pem = {
        "expired": lambda: pem_of(relay.authority, folder, ends=expired()),
        "another authority": lambda: pem_of(trustme.CA(), folder),
        "another name": lambda: pem_of(relay.authority, folder, "elsewhere.example.jp"),
    }[fault]()
    with enrol_office(tmp_path / "profile", wish, keychain=keychain) as office:
        office.sync()
        relay.stop()
        office.deliveries.save(office.deliveries.new("留守の間に書いた"))
        box = Eavesdropper(int(relay.url.rsplit(":", 1)[1]), pem)
        with box.listening(), pytest.raises(CertificateUntrusted) as trouble:
            office.sync()
        assert box.heard == []
        says(trouble.value, "何も送っていません", "認証局", "情報担当")
        assert office.home.today().waiting == 1
        relay.start()
        office.sync()
        assert office.home.today().waiting == 0


def says(trouble: Trouble, *parts: str) -> None:
    words = words_of_trouble(trouble).both
    assert all(part in words for part in parts), words
