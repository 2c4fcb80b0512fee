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
from desktop.keys.profile import PassphraseSeal, Profile
from protocol.encoding import from_base64, to_base64
from protocol.signin import (
    EnrolAnswer,
    PassphraseCost,
    PassphraseKeys,
    StaffKeys,
    derive_keys,
    unwrap_keys,
)

_NONCE_BYTES = 12
_KEY_BYTES = 32


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
    replica = _open_box(
        profile.replica_box, _box_key(_secret_of(profile, keychain), keys.wrapping), profile.device
    )
    return OpenKeys(
        login=keys.login,
        device=Ed25519PrivateKey.from_private_bytes(_open_box(profile.device_key, replica, profile.device)),
        staff=staff,
        replica=replica,
        unsent=_expand(replica, b"madoguchi unsent 1"),
    )


def unlock_either(
    profile: Profile, pending: PassphraseSeal | None, passphrase: str, keychain: Keychain
) -> tuple[Profile, OpenKeys]:
    """Open with the passphrase in force or with the one a change was under way to; both open this machine,
    and the relay knows which is in force. Returns the profile that opened. Raises as `unlock`.
    """
    try:
        return profile, unlock(profile, passphrase, keychain)
    except WrongPassphrase:
        if pending is None:
            raise
    profile = profile.sealed_by(pending)
    return profile, unlock(profile, passphrase, keychain)


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
    """The profile of a device that the relay has just taken in. The local file's key is random and stays
    the same whatever becomes of the passphrase.
    """
    name = f"{answer.relay}/{answer.device}"
    secret = new_secret()
    if not keychain.put(name, secret):
        name, secret = "", bytes(SECRET_BYTES)
    replica = secrets.token_bytes(_KEY_BYTES)
    raw = device.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return Profile(
        relay_url=relay_url,
        pin=pin,
        ca_file=ca_file,
        relay=answer.relay,
        login_name=answer.staff.login_name,
        cost=answer.cost,
        staff=answer.staff,
        wrapped_keys=answer.wrapped_keys,
        replica_box=_lock(replica, _box_key(secret, keys.wrapping), answer.device),
        device=answer.device,
        device_key=_lock(raw, replica, answer.device),
        keyring_name=name,
    )


def make_seal(
    profile: Profile,
    open_keys: OpenKeys,
    keys: PassphraseKeys,
    keychain: Keychain,
    *,
    cost: PassphraseCost,
    wrapped_keys: str,
) -> PassphraseSeal:
    """What goes into the profile for another passphrase. Raises DeviceKeyLost."""
    box = _lock(open_keys.replica, _box_key(_secret_of(profile, keychain), keys.wrapping), profile.device)
    return PassphraseSeal(cost=cost, wrapped_keys=wrapped_keys, replica_box=box)


def _secret_of(profile: Profile, keychain: Keychain) -> bytes:
    secret = keychain.get(profile.keyring_name) if profile.keyring_name else bytes(SECRET_BYTES)
    if secret is None:
        raise DeviceKeyLost
    return secret


def _box_key(secret: bytes, wrapping: bytes) -> bytes:
    """Needs both the keyring's secret (zeros where there is none) and the passphrase."""
    return HKDF(algorithm=SHA256(), length=32, salt=secret, info=b"madoguchi replica 2").derive(wrapping)


def _lock(content: bytes, key: bytes, device: str) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return to_base64(nonce + AESGCM(key).encrypt(nonce, content, device.encode()))


def _open_box(box: str, key: bytes, device: str) -> bytes:
    try:
        blob = from_base64(box)
        return AESGCM(key).decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], device.encode())
    except (InvalidTag, ValueError):
        raise DeviceKeyLost from None


def _expand(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key)
