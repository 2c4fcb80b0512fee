"""The relay's TLS: which protocol versions and suites it speaks, and a certificate when none was given.

A self-signed certificate is renewed with the same key, so that the pin in an enrolment code stays true.
Source: TLS 1.2 or later (RFC 9325), ECDHE with AEAD only. Requirement: SEC-3.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
_LIFE = timedelta(days=397)
_RENEW_BEFORE_END = timedelta(days=60)


class LiveCertificate:
    """What the relay serves with, renewed and loaded again while it serves.

    `files` gives certificate and key, making or renewing our own where there is none configured. A handshake
    begun after `refresh` meets the new certificate; connections that stand keep theirs.
    """

    def __init__(self, files: Callable[[datetime], tuple[Path, Path]], now: datetime) -> None:
        self._files = files
        self.certificate, self.private_key = files(now)
        self._loaded = self.certificate.read_bytes()
        self._contexts: list[ssl.SSLContext] = []

    def context(self) -> ssl.SSLContext:
        """A context that follows."""
        context = make_tls_context(self.certificate, self.private_key)
        self._contexts.append(context)
        return context

    def refresh(self, now: datetime) -> bool:
        """Whether there was a new one to load. Raises OSError or ValueError; the old one stays then."""
        self.certificate, self.private_key = self._files(now)
        found = self.certificate.read_bytes()
        if found == self._loaded:
            return False
        make_tls_context(self.certificate, self.private_key)  # a pair that does not fit ends here
        for context in self._contexts:
            context.load_cert_chain(self.certificate, self.private_key)
        self._loaded = found
        return True

    def ends(self) -> datetime:
        """When the certificate in service ends."""
        return x509.load_pem_x509_certificate(self._loaded).not_valid_after_utc


def make_tls_context(certificate: Path, private_key: Path) -> ssl.SSLContext:
    """Server side: TLS 1.2 with ECDHE and AEAD, or TLS 1.3 (which has nothing else). No compression."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, private_key)
    return context


def public_key_hash(certificate: Path) -> bytes:
    """SHA-256 of the certificate's SubjectPublicKeyInfo: what the code on paper is compared with."""
    parsed = x509.load_pem_x509_certificate(certificate.read_bytes())
    info = parsed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(info).digest()


def ensure_certificate(folder: Path, public_host: str, now: datetime) -> tuple[Path, Path]:
    """Certificate and key in this folder, made or renewed where needed; for localhost and the public host."""
    certificate, private_key = folder / "relay-tls.pem", folder / "relay-tls.key"
    key = _load_or_make_key(private_key)
    if not _is_good(certificate, public_host, now):
        aside = certificate.with_suffix(".new")
        aside.write_bytes(_make_certificate(key, public_host, now))
        aside.replace(certificate)
    return certificate, private_key


def _load_or_make_key(file: Path) -> EllipticCurvePrivateKey:
    if file.exists():
        key = load_pem_private_key(file.read_bytes(), password=None)
        if not isinstance(key, EllipticCurvePrivateKey):
            raise ValueError("the key of the self-signed certificate is of another kind")
        return key
    file.parent.mkdir(parents=True, exist_ok=True)
    key = generate_private_key(SECP256R1())
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        out.flush()
        os.fsync(out.fileno())
    return key


def _is_good(file: Path, public_host: str, now: datetime) -> bool:
    if not file.exists():
        return False
    parsed = x509.load_pem_x509_certificate(file.read_bytes())
    names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    in_time = parsed.not_valid_before_utc <= now < parsed.not_valid_after_utc - _RENEW_BEFORE_END
    return in_time and _alternative_name(public_host) in list(names)


def _make_certificate(key: EllipticCurvePrivateKey, public_host: str, now: datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Madoguchi relay")])
    alternatives = [
        _alternative_name(host) for host in dict.fromkeys(("localhost", "127.0.0.1", public_host))
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    return certificate.public_bytes(Encoding.PEM)


def _alternative_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return x509.DNSName(host)
