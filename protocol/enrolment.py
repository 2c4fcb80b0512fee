"""The one-time code a relay prints: a secret that opens the door once, and the pin of its certificate.

Typed or pasted by a person: Crockford base32 in groups of five, with check signs, read forgivingly.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORGIVEN = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
_SECRET_CHARS = 12  # 60 bits, good for one hour and five tries
_PIN_CHARS = 20  # the first 100 bits of SHA-256 over the certificate's public key
_CHECK_CHARS = 3
_GROUP = 5


class EnrolmentCodeDamaged(ValueError):
    """The code was mistyped: wrong length, a sign that never occurs, or a check group that does not fit."""


@dataclass(frozen=True)
class EnrolmentCode:
    """`secret` goes to the relay, `pin` is compared with the certificate before anything is sent."""

    secret: str
    pin: str

    def __repr__(self) -> str:
        return "EnrolmentCode(…)"

    def fits_pin(self, public_key_hash: bytes) -> bool:
        """Whether the certificate whose SubjectPublicKeyInfo hashes (SHA-256) to this is the printed one."""
        return secrets.compare_digest(self.pin, _pin_text(public_key_hash))


def new_enrolment_code(public_key_hash: bytes) -> EnrolmentCode:
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_CHARS))
    return EnrolmentCode(secret=secret, pin=_pin_text(public_key_hash))


def format_code(code: EnrolmentCode) -> str:
    """For people: seven groups of five."""
    text = code.secret + code.pin
    text += _check(text)
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def parse_code(typed: str) -> EnrolmentCode:
    """Reads what a person typed: any case or width, with or without hyphens and spaces, O for 0, I for 1."""
    text = "".join(_narrow(char) for char in typed if char.isalnum()).upper().translate(_FORGIVEN)
    if len(text) != _SECRET_CHARS + _PIN_CHARS + _CHECK_CHARS or not set(text) <= set(_ALPHABET):
        raise EnrolmentCodeDamaged("length or signs")
    body, check = text[:-_CHECK_CHARS], text[-_CHECK_CHARS:]
    if _check(body) != check:
        raise EnrolmentCodeDamaged("check group")
    return EnrolmentCode(secret=body[:_SECRET_CHARS], pin=body[_SECRET_CHARS:])


def _narrow(char: str) -> str:
    point = ord(char)
    return chr(point - 0xFEE0) if 0xFF01 <= point <= 0xFF5E else char


def _pin_text(public_key_hash: bytes) -> str:
    return _base32(int.from_bytes(public_key_hash[:13], "big") >> 4, _PIN_CHARS)


def _check(text: str) -> str:
    return _base32(
        int.from_bytes(hashlib.sha256(text.encode("ascii")).digest()[:2], "big") >> 1, _CHECK_CHARS
    )


def _base32(value: int, length: int) -> str:
    signs = []
    for _ in range(length):
        value, rest = divmod(value, 32)
        signs.append(_ALPHABET[rest])
    return "".join(reversed(signs))
