"""ID tokens as LIFF gives them: JWT signed with ES256 by a key made at start. No routes here."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

ISSUER = "https://access.line.me"
LIFETIME_SECONDS = 3600
_SIZE = 32


def to_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class InvalidToken(ValueError):
    """Not a token of ours: malformed, another algorithm, another key, or altered."""


@dataclass(frozen=True, slots=True)
class IdTokenKey:
    """The signing key; ``kid`` names it in the JWKS."""

    private: ec.EllipticCurvePrivateKey
    kid: str

    @classmethod
    def fresh(cls) -> IdTokenKey:
        private = ec.generate_private_key(ec.SECP256R1())
        x = private.public_key().public_numbers().x
        return cls(private, to_base64url(x.to_bytes(_SIZE, "big"))[:24])

    def jwk(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "alg": "ES256",
            "use": "sig",
            "kid": self.kid,
            "x": to_base64url(numbers.x.to_bytes(_SIZE, "big")),
            "y": to_base64url(numbers.y.to_bytes(_SIZE, "big")),
        }

    def sign(self, claims: dict[str, Any]) -> str:
        header = {"typ": "JWT", "alg": "ES256", "kid": self.kid}
        signed = ".".join(
            to_base64url(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode())
            for part in (header, claims)
        )
        r, s = decode_dss_signature(self.private.sign(signed.encode(), ec.ECDSA(SHA256())))
        return signed + "." + to_base64url(r.to_bytes(_SIZE, "big") + s.to_bytes(_SIZE, "big"))

    def claims_of(self, token: str) -> dict[str, Any]:
        """The claims of a token that this key signed; raises InvalidToken. Times are not looked at."""
        try:
            head, body, signature = token.split(".")
            header = json.loads(from_base64url(head))
            raw = from_base64url(signature)
            claims = json.loads(from_base64url(body))
        except (ValueError, TypeError) as error:
            raise InvalidToken("malformed") from error
        if not isinstance(header, dict) or not isinstance(claims, dict) or len(raw) != 2 * _SIZE:
            raise InvalidToken("malformed")
        if header.get("alg") != "ES256" or header.get("kid") != self.kid:
            raise InvalidToken("another key")
        der = encode_dss_signature(int.from_bytes(raw[:_SIZE], "big"), int.from_bytes(raw[_SIZE:], "big"))
        try:
            self.private.public_key().verify(der, f"{head}.{body}".encode(), ec.ECDSA(SHA256()))
        except InvalidSignature as error:
            raise InvalidToken("altered") from error
        return claims
