"""Who vouches for which key: the town root for the directory, the directory for people and departments.

The relay stores and hands out these statements but can make none of them: it has neither private key. A
desktop knows the root by its fingerprint, compared by a person when the device is enrolled (design 4).
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol.encoding import from_base64, to_base64
from protocol.wire import Wire, canonical_bytes

FINGERPRINT_WORDS = 8
WORD_BITS = 10
"""A list of 1,024 words: eight words are 80 bits, enough against a second preimage made in advance."""

GENERAL = "general"
"""The class of forms every department has; sensitive classes get keys of their own (issue D)."""


class DirectoryCertificate(Wire):
    """The town root says: this Ed25519 key (base64) keeps the directory of people and departments, and what
    must not be lost is also wrapped to the P-256 key `recovery`.
    """

    key: str
    recovery: str
    issued_at: datetime
    signature: str = ""


class StaffCertificate(Wire):
    """The directory says: a person compared the fingerprint of these two keys with their owner, who belongs
    to these departments. A new one is made when the departments change: the relay's word alone puts nobody
    into a department.
    """

    staff: str
    sign_key: str
    seal_key: str
    departments: tuple[str, ...] = ()
    admin: bool = False
    """Whether the person may keep the directory key."""
    issued_at: datetime
    directory: str
    signature: str = ""


class DepartmentKey(Wire):
    """The directory says: what this department may read of this class in this year is sealed to `public`.

    `public`: uncompressed P-256 point, base64. `year`: fiscal year, April to March. `recovery_wrap`: the
    key's secret wrapped to the town's recovery key. `holders`, `retired` and `stale` are the relay's
    bookkeeping and not signed: who has a wrap, whether a newer key has taken its place, and whether one must,
    because somebody who held it left the department.
    """

    id: str
    department: str
    form_class: str = GENERAL
    year: int
    public: str
    recovery_wrap: str
    issued_at: datetime
    directory: str
    signature: str = ""
    holders: tuple[str, ...] = ()
    retired: bool = False
    stale: bool = False


class Trust(Wire):
    """The top of the town's keys. Record kind `trust`, id `town`.

    `root`: Ed25519 public key. `recovery`: P-256 public key that every secret is also wrapped to.
    `recovery_box`: the root's seed and the recovery key's secret, locked by the word shares (2 of 3).
    `directory_recovery`: the directory key's seed wrapped to the recovery key. `directory_holders` is the
    relay's bookkeeping. `practised_at`: when the restore from shares was last practised.
    """

    root: str
    directory: DirectoryCertificate
    recovery: str
    recovery_box: str
    directory_recovery: str
    directory_holders: tuple[str, ...] = ()
    practised_at: datetime | None = None


class KeyWrap(Wire):
    """One secret wrapped to one person. Record kind `wrap`, id `<key>/<staff>`, seen by that person only.

    `key`: id of a department key, or `directory`. `by`: who wrapped it.
    """

    key: str
    staff: str
    sealed: str
    by: str
    made_at: datetime


DIRECTORY = "directory"


def certify_directory(
    root: Ed25519PrivateKey, key: str, now: datetime, *, recovery: str
) -> DirectoryCertificate:
    certificate = DirectoryCertificate(key=key, recovery=recovery, issued_at=now)
    return certificate.model_copy(update={"signature": _sign(root, "directory", certificate)})


def certify_staff(
    directory: Ed25519PrivateKey,
    *,
    staff: str,
    sign_key: str,
    seal_key: str,
    departments: tuple[str, ...],
    admin: bool,
    now: datetime,
) -> StaffCertificate:
    certificate = StaffCertificate(
        staff=staff,
        sign_key=sign_key,
        seal_key=seal_key,
        departments=tuple(sorted(departments)),
        admin=admin,
        issued_at=now,
        directory=public_text(directory),
    )
    return certificate.model_copy(update={"signature": _sign(directory, "staff", certificate)})


def certify_department_key(directory: Ed25519PrivateKey, key: DepartmentKey) -> DepartmentKey:
    """The same key signed; `directory` is filled in."""
    key = key.model_copy(update={"directory": public_text(directory)})
    return key.model_copy(update={"signature": _sign(directory, "department", key)})


def is_directory_certified(trust: Trust) -> bool:
    """Whether the root named in the same record vouches for its directory and its recovery key. Compare the
    root yourself.
    """
    return trust.directory.recovery == trust.recovery and _is_signed(trust.root, "directory", trust.directory)


def is_staff_certified(certificate: StaffCertificate, directory: str) -> bool:
    """Whether this directory key vouches for the certificate."""
    return certificate.directory == directory and _is_signed(directory, "staff", certificate)


def is_department_key_certified(key: DepartmentKey, directory: str) -> bool:
    return key.directory == directory and _is_signed(directory, "department", key)


def fingerprint(*keys: str) -> tuple[int, ...]:
    """Eight numbers below 1,024 that stand for these base64 keys: shown as words, compared by telephone."""
    digest = hashlib.sha256(b"madoguchi fingerprint 1\n" + "\n".join(keys).encode("ascii")).digest()
    bits = int.from_bytes(digest, "big") >> (256 - FINGERPRINT_WORDS * WORD_BITS)
    places = reversed(range(FINGERPRINT_WORDS))
    return tuple(bits >> place * WORD_BITS & (2**WORD_BITS - 1) for place in places)


def public_text(key: Ed25519PrivateKey) -> str:
    return to_base64(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def _sign(key: Ed25519PrivateKey, kind: str, statement: Wire) -> str:
    return to_base64(key.sign(_signed_bytes(kind, statement)))


def _is_signed(public: str, kind: str, statement: Any) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(from_base64(public))
        key.verify(from_base64(statement.signature), _signed_bytes(kind, statement))
    except (InvalidSignature, ValueError):
        return False
    return True


def _signed_bytes(kind: str, statement: Wire) -> bytes:
    body = statement.as_json()
    for unsigned in ("signature", "holders", "retired", "stale"):
        body.pop(unsigned, None)
    return f"madoguchi {kind} certificate 1\n".encode() + canonical_bytes(body)
