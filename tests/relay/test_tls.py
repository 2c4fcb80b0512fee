"""TLS 1.2 or later with ECDHE and AEAD only; a pin that survives renewal of the certificate. SEC-1, SEC-3."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from protocol.enrolment import new_enrolment_code, parse_code
from relay.providers.certificate import ensure_certificate, make_tls_context, public_key_hash
from relay.serve import running_relay
from tests.conftest import Clock
from tests.relay.desk import relay_settings

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def shake_hands(context: ssl.SSLContext, port: int) -> tuple[str, str]:
    """(protocol version, suite) the relay agreed to."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        suite = secure.cipher()
        assert suite is not None
        return secure.version() or "", suite[0]


def client(certificate: Path, *, ciphers: str = "", only: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificate))
    if ciphers:
        context.set_ciphers(ciphers)
    if only is not None:
        context.minimum_version = context.maximum_version = only
    return context


@pytest.fixture
def port(tmp_path: Path, clock: Clock) -> object:
    with running_relay(relay_settings(tmp_path, f"sqlcipher:{tmp_path / 'relay.db'}"), clock=clock) as relay:
        yield int(relay.url.rsplit(":", 1)[1])


def test_the_newest_version_and_the_suites_of_1_2_that_are_left(port: int, tmp_path: Path) -> None:
    certificate = tmp_path / "relay-tls.pem"
    assert shake_hands(client(certificate), port)[0] == "TLSv1.3"
    version, suite = shake_hands(client(certificate, only=ssl.TLSVersion.TLSv1_2), port)
    assert version == "TLSv1.2"
    assert suite.startswith("ECDHE-") and ("GCM" in suite or "CHACHA20" in suite)


@pytest.mark.parametrize(
    "ciphers",
    [
        "ECDHE-ECDSA-AES128-SHA256",
        "ECDHE-ECDSA-AES256-SHA",
        "AES128-GCM-SHA256",
        "DHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES128-CCM",
    ],
)
def test_cbc_and_key_exchange_without_ecdhe_are_refused(port: int, tmp_path: Path, ciphers: str) -> None:
    context = client(tmp_path / "relay-tls.pem", ciphers=ciphers + "@SECLEVEL=0", only=ssl.TLSVersion.TLSv1_2)
    with pytest.raises(ssl.SSLError):
        shake_hands(context, port)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
def test_tls_1_1_is_refused(port: int, tmp_path: Path) -> None:
    context = client(tmp_path / "relay-tls.pem", ciphers="ALL:@SECLEVEL=0", only=ssl.TLSVersion.TLSv1_1)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake_hands(context, port)


def test_plain_http_gets_no_answer(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b"alive" not in plain.recv(1000)


def test_a_renewed_certificate_keeps_its_key_and_so_the_pin(tmp_path: Path) -> None:
    certificate, key = ensure_certificate(tmp_path, "relay.example.jp", NOW)
    pin, first = public_key_hash(certificate), certificate.read_bytes()
    ensure_certificate(tmp_path, "relay.example.jp", NOW + timedelta(days=300))
    assert certificate.read_bytes() == first
    ensure_certificate(tmp_path, "relay.example.jp", NOW + timedelta(days=340))
    assert certificate.read_bytes() != first
    assert public_key_hash(certificate) == pin
    assert key.stat().st_mode & 0o777 == 0o600


def test_another_public_host_makes_another_certificate_with_the_same_pin(tmp_path: Path) -> None:
    certificate, _ = ensure_certificate(tmp_path, "a.example.jp", NOW)
    pin, first = public_key_hash(certificate), certificate.read_bytes()
    ensure_certificate(tmp_path, "192.0.2.7", NOW)
    assert certificate.read_bytes() != first
    assert public_key_hash(certificate) == pin


def test_a_printed_code_fits_the_certificate_it_was_printed_for(tmp_path: Path) -> None:
    certificate, key = ensure_certificate(tmp_path / "a", "localhost", NOW)
    other, _ = ensure_certificate(tmp_path / "b", "localhost", NOW)
    code = new_enrolment_code(public_key_hash(certificate))
    assert code.fits_pin(public_key_hash(certificate))
    assert not code.fits_pin(public_key_hash(other))
    assert make_tls_context(certificate, key).minimum_version == ssl.TLSVersion.TLSv1_2


def test_the_relay_prints_codes_with_its_own_pin(tmp_path: Path, clock: Clock) -> None:
    with running_relay(relay_settings(tmp_path, f"sqlcipher:{tmp_path / 'relay.db'}"), clock=clock) as relay:
        assert parse_code(relay.new_code()).fits_pin(public_key_hash(relay.certificate))
