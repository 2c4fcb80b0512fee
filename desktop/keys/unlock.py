"""From passphrase to keys: what opens the profile, the local file and the person's signature.

Source: design 4. Argon2id takes about a second: never call `unlock` or `seal_profile` on the screen's thread.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from desktop.errors import DeviceKeyLost, WrongPassphrase
from desktop.keys.keychain import SECRET_BYTES, Keychain, new_secret
from desktop.keys.profile import Profile
from protocol.encoding import from_base64, to_base64
from protocol.signin import EnrolAnswer, PassphraseKeys, StaffKeys, derive_keys, unwrap_keys

_NONCE_BYTES = 12


@dataclass(frozen=True)
class OpenKeys:
    """Everything a signed-in desktop holds in memory."""

    login: bytes
    device: Ed25519PrivateKey
    staff: StaffKeys
    replica: bytes
    """Raw key of the local file."""
    unsent: bytes
    """Key of the side file with unsent changes."""

    def __repr__(self) -> str:
        return "OpenKeys(…)"


def unlock(profile: Profile, passphrase: str, keychain: Keychain) -> OpenKeys:
    """Raises WrongPassphrase, or DeviceKeyLost where the keyring's secret is gone."""
    keys = derive_keys(passphrase, profile.cost)
    try:
        staff = unwrap_keys(profile.wrapped_keys, keys.wrapping, profile.login_name)
    except ValueError:
        raise WrongPassphrase from None
    secret = keychain.get(profile.keyring_name) if profile.keyring_name else bytes(SECRET_BYTES)
    if secret is None:
        raise DeviceKeyLost
    replica = replica_key(secret, keys.wrapping)
    return OpenKeys(
        login=keys.login,
        device=_open_device_key(profile, replica),
        staff=staff,
        replica=replica,
        unsent=_expand(replica, b"madoguchi unsent 1"),
    )


def seal_profile(
    answer: EnrolAnswer,
    keys: PassphraseKeys,
    device: Ed25519PrivateKey,
    keychain: Keychain,
    *,
    relay_url: str,
    pin: str,
    ca_file: str,
) -> Profile:
    """The profile of a device that the relay has just taken in."""
    name = f"{answer.relay}/{answer.device}"
    secret = new_secret()
    if not keychain.put(name, secret):
        name, secret = "", bytes(SECRET_BYTES)
    replica = replica_key(secret, keys.wrapping)
    raw = device.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return Profile(
        relay_url=relay_url,
        pin=pin,
        ca_file=ca_file,
        relay=answer.relay,
        login_name=answer.staff.login_name,
        cost=answer.cost,
        staff=answer.staff,
        wrapped_keys=answer.wrapped_keys,
        device=answer.device,
        device_key=to_base64(nonce + AESGCM(replica).encrypt(nonce, raw, answer.device.encode())),
        keyring_name=name,
    )


def replica_key(secret: bytes, wrapping: bytes) -> bytes:
    """The local file's key: needs both the keyring's secret (zeros where there is none) and the
    passphrase.
    """
    return HKDF(algorithm=SHA256(), length=32, salt=secret, info=b"madoguchi replica 1").derive(wrapping)


def _open_device_key(profile: Profile, replica: bytes) -> Ed25519PrivateKey:
    try:
        blob = from_base64(profile.device_key)
        raw = AESGCM(replica).decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], profile.device.encode())
    except (InvalidTag, ValueError):
        raise DeviceKeyLost from None
    return Ed25519PrivateKey.from_private_bytes(raw)


def _expand(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key)
