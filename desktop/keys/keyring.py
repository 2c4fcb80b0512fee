"""The keys this person holds: which are genuine, which open, and to which new things are sealed (design 4).

Built anew from records after every round that changed one of them; holds no file and asks nobody. A key or a
colleague counts only if the chain root → directory → certificate fits the root that a person compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.keys.marks import Marks
from protocol.certificates import (
    DIRECTORY,
    GENERAL,
    DepartmentKey,
    KeyWrap,
    Trust,
    is_department_key_certified,
    is_directory_certified,
    is_staff_certified,
    public_text,
)
from protocol.keys import CannotUnwrap, SharedSecret, unwrap
from protocol.signin import StaffKeys
from protocol.staff import StaffMember

RootState = Literal["none", "unknown", "trusted", "changed", "forged"]
"""`none`: the town has no keys yet. `unknown`: this machine has not compared the root. `changed`: the relay
shows another root than the compared one. `forged`: the root does not vouch for the directory, or named
another one since."""


@dataclass(frozen=True)
class KeyRing:
    """What a person can open and whom to trust. `secrets`: department key id → secret."""

    root: RootState
    trust: Trust | None = None
    directory: Ed25519PrivateKey | None = None
    department_keys: Mapping[str, DepartmentKey] = field(default_factory=dict)
    secrets: Mapping[str, SharedSecret] = field(default_factory=dict)
    wrong: tuple[str, ...] = ()
    """Ids of keys whose wrap for this person does not open, or opens to another key than certified."""
    marks: Marks = field(default_factory=Marks)
    """What was seen before: nothing older is believed."""

    def __repr__(self) -> str:
        return f"KeyRing({self.root}, {len(self.secrets)} secrets)"

    @property
    def private_keys(self) -> dict[str, EllipticCurvePrivateKey]:
        """For `protocol.sealing.open_sealed`."""
        return {id: secret.private for id, secret in self.secrets.items()}

    def readers(self, departments: Iterable[str], form_class: str = GENERAL) -> dict[str, str]:
        """Key id → public key of each department's current key; a department without one is left out."""
        found: dict[str, str] = {}
        for department in departments:
            key = self.current_key(department, form_class)
            if key is not None:
                found[key.id] = key.public
        return found

    def current_key(self, department: str, form_class: str = GENERAL) -> DepartmentKey | None:
        """The newest certified key. Whether the relay calls it retired does not count: it could bring an
        older one back, which somebody who left still holds. None too where a newer one was seen before.
        """
        keys = [
            key
            for key in self.department_keys.values()
            if key.department == department and key.form_class == form_class
        ]
        newest = max(keys, key=lambda key: (key.year, key.issued_at), default=None)
        return newest if newest is not None and self.marks.is_current(newest) else None

    def is_certified(self, member: StaffMember) -> bool:
        """Whether an administrator compared this person's present keys."""
        certificate = member.certificate
        return (
            self.root == "trusted"
            and self.trust is not None
            and certificate is not None
            and certificate.staff == member.id
            and (certificate.sign_key, certificate.seal_key) == (member.sign_key, member.seal_key)
            and self.marks.is_new_enough(certificate)
            and is_staff_certified(certificate, self.trust.directory.key)
        )

    def is_entitled(self, member: StaffMember, department: str) -> bool:
        """Whether this person may hold the department's keys, or the directory's: by the certificate, not by
        the relay's word. The relay can only take away.
        """
        certificate = member.certificate
        if member.state != "active" or certificate is None or not self.is_certified(member):
            return False
        if department == DIRECTORY:
            return member.role == "admin" and certificate.admin
        return department in member.departments and department in certificate.departments


def open_ring(
    staff: str,
    keys: StaffKeys,
    *,
    root: str,
    trust: Trust | None,
    department_keys: Iterable[DepartmentKey],
    wraps: Iterable[KeyWrap],
    marks: Marks | None = None,
) -> KeyRing:
    """`root`: the root's public key as compared on this machine, empty when not yet. `marks`: what this
    machine has seen before. Takes about 0.1 ms a
    wrap. Nothing of a root that is not trusted is opened or believed.
    """
    marks = marks or Marks()
    state = _root_state(root, trust, marks)
    if state != "trusted" or trust is None:
        return KeyRing(root=state, trust=trust)
    genuine = {
        key.id: key for key in department_keys if is_department_key_certified(key, trust.directory.key)
    }
    secrets: dict[str, SharedSecret] = {}
    wrong: list[str] = []
    directory: Ed25519PrivateKey | None = None
    for wrap in wraps:
        opened = _open(wrap, staff, keys)
        if wrap.key == DIRECTORY:
            directory = _directory_key(opened, trust)
            if directory is None:
                wrong.append(wrap.key)
        elif wrap.key in genuine:
            secret = SharedSecret(opened) if opened is not None else None
            if secret is not None and secret.public == genuine[wrap.key].public:
                secrets[wrap.key] = secret
            else:
                wrong.append(wrap.key)
    return KeyRing(state, trust, directory, genuine, secrets, tuple(wrong), marks)


def _root_state(root: str, trust: Trust | None, marks: Marks) -> RootState:
    if trust is None:
        return "none"
    if not is_directory_certified(trust):
        return "forged"
    if not root:
        return "unknown"
    if trust.root != root:
        return "changed"
    return "forged" if marks.is_replaced(trust.directory) else "trusted"


def _open(wrap: KeyWrap, staff: str, keys: StaffKeys) -> bytes | None:
    try:
        return unwrap(wrap.sealed, keys.seal, key=wrap.key, reader=staff)
    except CannotUnwrap:
        return None


def _directory_key(opened: bytes | None, trust: Trust) -> Ed25519PrivateKey | None:
    if opened is None or len(opened) != 32:
        return None
    key = Ed25519PrivateKey.from_private_bytes(opened)
    return key if public_text(key) == trust.directory.key else None
