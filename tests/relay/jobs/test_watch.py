"""Certificate, disk, forged webhooks: administrators hear of them in time and once. SEC-3, SEC-5, ADM-5."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from protocol.audit import Notice
from protocol.staff import StaffMember
from relay.app import tls_files
from relay.features.news import NewsBell
from relay.jobs.watch import CertificateWatch, Watch
from relay.providers.certificate import LiveCertificate, ensure_certificate, public_key_hash
from relay.serve import running_relay
from relay.store.tallies import add_tallies
from tests.conftest import Clock
from tests.relay.desk import relay_settings
from tests.relay.features.office import Office
from tests.relay.test_tls import client


@pytest.fixture
def office(database: object, clock: Clock) -> Office:
    return Office(database, clock)  # type: ignore[arg-type]


@pytest.fixture
def sato(office: Office) -> StaffMember:
    return office.add_person("sato")


def notices(office: Office, who: StaffMember) -> list[tuple[str, str, int]]:
    found = [Notice.parse(record.body) for record in office.records(who, "notice").values()]
    return sorted((notice.code, notice.subject, notice.count) for notice in found)


def test_a_disk_four_fifths_full_is_told_once_a_day(
    office: Office, sato: StaffMember, clock: Clock, tmp_path: Path
) -> None:
    use = 79.9
    watch = Watch(office.database, clock, NewsBell(), folder=tmp_path, disk_use=lambda _: use)
    watch.run_once()
    assert notices(office, sato) == []
    use = 83.2
    watch.run_once()
    use = 84.9
    watch.run_once()
    assert notices(office, sato) == [("disk_nearly_full", "83", 1)]
    clock.forward(days=1)
    watch.run_once()
    assert len(notices(office, sato)) == 2


def test_the_real_disk_can_be_asked(office: Office, clock: Clock, tmp_path: Path) -> None:
    Watch(office.database, clock, NewsBell(), folder=tmp_path).run_once()


def test_many_forged_webhooks_of_a_day_are_one_notice_that_counts(
    office: Office, sato: StaffMember, clock: Clock, tmp_path: Path
) -> None:
    watch = Watch(office.database, clock, NewsBell(), folder=tmp_path, disk_use=lambda _: 0)

    def forged(count: int) -> None:
        with office.database.write() as connection:
            add_tallies(connection, clock(), {"webhook.forged": count})
        watch.run_once()

    forged(19)
    assert notices(office, sato) == []
    forged(1)
    watch.run_once()
    assert notices(office, sato) == [("webhook_forged", "", 20)]
    forged(5)
    assert notices(office, sato) == [("webhook_forged", "", 25)]


def configured(folder: Path, made_at: datetime) -> LiveCertificate:
    """One that somebody else renews."""
    certificate, key = ensure_certificate(folder, "relay.example.jp", made_at)
    return LiveCertificate(lambda now: (certificate, key), made_at)


def test_the_end_of_a_configured_certificate_is_told_30_14_and_7_days_ahead(
    office: Office, sato: StaffMember, clock: Clock, tmp_path: Path
) -> None:
    live = configured(tmp_path, clock())
    watch = CertificateWatch(office.database, clock, NewsBell(), live)
    told: list[int] = []
    for days_left in range(40, -3, -1):
        clock.now = live.ends() - timedelta(days=days_left)
        before = len(notices(office, sato))
        watch.run_once()
        watch.run_once()
        if len(notices(office, sato)) > before:
            told.append(days_left)
    assert told == [30, 14, 7]
    assert {(code, count) for code, _, count in notices(office, sato)} == {("certificate_expires", 1)}
    assert {subject for _, subject, _ in notices(office, sato)} == {live.ends().date().isoformat()}


def test_a_certificate_put_in_place_by_somebody_else_is_served_without_a_restart(
    clock: Clock, tmp_path: Path
) -> None:
    live = configured(tmp_path, clock())
    assert not live.refresh(clock())
    first = live.ends()
    clock.forward(days=350)
    ensure_certificate(tmp_path, "relay.example.jp", clock())
    assert live.refresh(clock())
    assert live.ends() > first


def test_a_pair_that_does_not_fit_is_not_served_and_still_told(
    office: Office, sato: StaffMember, clock: Clock, tmp_path: Path
) -> None:
    live = configured(tmp_path / "a", clock())
    other, _ = ensure_certificate(tmp_path / "b", "relay.example.jp", clock())
    context = live.context()
    clock.now = live.ends() - timedelta(days=5)
    live.certificate.write_bytes(other.read_bytes())
    watch = CertificateWatch(office.database, clock, NewsBell(), live)
    with pytest.raises(ssl.SSLError):
        watch.run_once()
    assert [code for code, _, _ in notices(office, sato)] == ["certificate_expires"]
    assert context.get_ca_certs() == []


def test_our_own_certificate_is_renewed_in_service_with_the_same_key(tmp_path: Path, clock: Clock) -> None:
    """Whoever pins the key notices nothing; a handshake after the renewal meets the new certificate."""
    settings = relay_settings(tmp_path, f"sqlcipher:{tmp_path / 'relay.db'}")
    with running_relay(settings, clock=clock) as relay:
        port = int(relay.url.rsplit(":", 1)[1])
        pin, first = public_key_hash(relay.certificate), served(port)
        clock.forward(days=340)
        # What the duty does every ten minutes.
        assert relay.relay.certificate.refresh(clock())
        second = served(port)
        assert second.not_valid_after_utc > first.not_valid_after_utc
        assert second.serial_number != first.serial_number
        assert second.public_key() == first.public_key()
        assert public_key_hash(tls_files(settings, clock())[0]) == pin
        assert client(relay.certificate)


def test_a_relay_that_slept_past_the_end_serves_a_new_one_and_nobody_is_told(
    office: Office, sato: StaffMember, clock: Clock, tmp_path: Path
) -> None:
    settings = relay_settings(tmp_path, f"sqlcipher:{tmp_path / 'relay.db'}")
    live = LiveCertificate(lambda now: tls_files(settings, now), clock())
    pin = public_key_hash(live.certificate)
    clock.forward(days=500)
    assert live.ends() < clock()
    CertificateWatch(office.database, clock, NewsBell(), live).run_once()
    assert live.ends() > clock() + timedelta(days=300)
    assert public_key_hash(live.certificate) == pin
    assert notices(office, sato) == []


def served(port: int) -> x509.Certificate:
    """The certificate a handshake meets now."""
    return x509.load_pem_x509_certificate(ssl.get_server_certificate(("localhost", port)).encode())
