"""The town's own keys for tests: root, directory, recovery, and what administrators make of them."""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from protocol.certificates import (
    DIRECTORY,
    DepartmentKey,
    KeyWrap,
    StaffCertificate,
    Trust,
    certify_department_key,
    certify_directory,
    certify_staff,
    public_text,
)
from protocol.ids import new_id
from protocol.keys import SharedSecret, lock_box, new_secret, wrap
from protocol.staff import StaffMember


class TownKeys:
    """One town. Two of them are strangers to each other."""

    def __init__(self) -> None:
        self.root = Ed25519PrivateKey.generate()
        self.directory = Ed25519PrivateKey.generate()
        self.recovery = new_secret()
        self.secrets: dict[str, SharedSecret] = {}

    def trust(self, now: datetime) -> Trust:
        seed = self.directory.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        return Trust(
            root=public_text(self.root),
            directory=certify_directory(
                self.root, public_text(self.directory), now, recovery=self.recovery.public
            ),
            recovery=self.recovery.public,
            recovery_box=lock_box(self.recovery.raw, b"what two shares give", "recovery"),
            directory_recovery=wrap(seed, self.recovery.public, key=DIRECTORY, reader="recovery"),
        )

    def certificate(self, member: StaffMember, now: datetime) -> StaffCertificate:
        return certify_staff(
            self.directory,
            staff=member.id,
            sign_key=member.sign_key,
            seal_key=member.seal_key,
            departments=member.departments,
            admin=member.role == "admin",
            now=now,
        )

    def department_key(self, department: str, now: datetime, *, year: int = 2026) -> DepartmentKey:
        """A fresh certified key; its secret is in `secrets`."""
        id, secret = new_id(now), new_secret()
        self.secrets[id] = secret
        recovery = wrap(secret.raw, self.recovery.public, key=id, reader="recovery")
        key = DepartmentKey(
            id=id,
            department=department,
            year=year,
            public=secret.public,
            recovery_wrap=recovery,
            issued_at=now,
            directory="",
        )
        return certify_department_key(self.directory, key)

    def wrap(self, key: str, to: StaffMember, by: StaffMember, now: datetime) -> KeyWrap:
        """A department's secret, or the directory key's, for one person."""
        if key == DIRECTORY:
            raw = self.directory.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        else:
            raw = self.secrets[key].raw
        sealed = wrap(raw, to.seal_key, key=key, reader=to.id)
        return KeyWrap(key=key, staff=to.id, sealed=sealed, by=by.id, made_at=now)
