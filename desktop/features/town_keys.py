"""The town's keys in people's hands: made at set-up, handed on, renewed, practised and brought back.

What is decided here is decided by a person at this desktop; the relay keeps the results and can make none of
them (design 4). Requirements: SEC-2, ADM-2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.errors import KeysNotReady, MemberChanged, MemberWithoutKeys
from desktop.features.town_root import (
    BOX,
    NewTown,
    Restored,
    new_town,
    open_directory,
    open_recovery_wrap,
    open_sheets,
)
from desktop.keys.keyring import KeyRing
from desktop.keys.passphrase import Word
from desktop.keys.recovery import Sheet, fingerprint_words
from desktop.replica.replica import Replica
from protocol.certificates import (
    DIRECTORY,
    GENERAL,
    DepartmentKey,
    KeyWrap,
    Trust,
    certify_department_key,
    certify_directory,
    certify_staff,
    is_directory_certified,
    public_text,
)
from protocol.changes import (
    KeyPublish,
    MemberConfirm,
    TrustPractised,
    TrustPublish,
    WrapAdd,
)
from protocol.encoding import to_base64
from protocol.ids import new_id
from protocol.keys import SharedSecret, new_secret, wrap
from protocol.signin import StaffKeys
from protocol.staff import Role, StaffMember
from protocol.wire import Wire

_JAPAN = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True)
class OwnKeys:
    """The public halves of what this person really holds here, whatever the relay says (base64)."""

    sign: str
    seal: str

    @classmethod
    def of(cls, keys: StaffKeys) -> OwnKeys:
        return cls(sign=to_base64(keys.sign_public), seal=to_base64(keys.seal_public))


class TownKeys:
    """`ring` builds the key ring anew; `keep_root` notes on this machine that a person compared the root."""

    def __init__(
        self,
        replica: Replica,
        *,
        me: str,
        own: OwnKeys,
        ring: Callable[[], KeyRing],
        keep_root: Callable[[str], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._replica = replica
        self._me, self._own = me, own
        self._ring, self._keep_root = ring, keep_root
        self._clock = clock

    # -- the town's root --------------------------------------------------------------------------------

    def prepare_town(self) -> NewTown:
        """Fresh keys and three sheets. Nothing leaves this machine before `make_town`."""
        return new_town(self._clock())

    def make_town(self, town: NewTown, read_back: Sequence[Sheet]) -> None:
        """Publish, once two sheets were read back from paper: a town whose sheets nobody can read would be
        lost with its last passphrase. Raises SheetsUnfit.
        """
        open_sheets(town.trust, read_back)
        self._keep_root(town.trust.root)
        wraps = (self._wrap(DIRECTORY, town.directory.private_bytes_raw(), self._me, self._own.seal),)
        self._put("trust.publish", TrustPublish(trust=town.trust, wraps=wraps))
        self._certify_me(town.directory)
        self._put("trust.practised", TrustPractised())

    def practise(self, sheets: Sequence[Sheet]) -> None:
        """Two sheets from their safes still open everything. Raises SheetsUnfit, KeysNotReady."""
        trust = self._trust()
        _, recovery = open_sheets(trust, sheets)
        open_directory(trust, recovery)
        self._put("trust.practised", TrustPractised())

    def restore(self, sheets: Sequence[Sheet]) -> Restored:
        """After the passphrases of all administrators were lost: this person becomes keeper of the directory.

        The sheets prove the root, so no comparing is needed. Opens every department's key for
        `give_restored`; nothing of it is kept. Raises SheetsUnfit, KeysNotReady.
        """
        trust = self._trust()
        root, recovery = open_sheets(trust, sheets)
        directory = open_directory(trust, recovery)
        self._keep_root(trust.root)
        # First this person: until the directory vouches for the new keys, nothing else is taken from them.
        self._certify_me(directory)
        again = trust.model_copy(
            update={
                "directory": certify_directory(
                    root, trust.directory.key, self._clock(), recovery=trust.recovery
                )
            }
        )
        wraps = (self._wrap(DIRECTORY, directory.private_bytes_raw(), self._me, self._own.seal),)
        self._put("trust.publish", TrustPublish(trust=again, wraps=wraps))
        self._put("trust.practised", TrustPractised())
        keys: dict[str, SharedSecret] = {}
        for key in self.department_keys():
            secret = open_recovery_wrap(key, recovery)
            if secret is not None:
                keys[key.id] = secret
        return Restored(directory, keys)

    def lost_keys(self) -> list[DepartmentKey]:
        """Keys that nobody still here can open: only the sheets bring back what they closed."""
        holders = {member.id for member in self._staff() if member.state in ("active", "unconfirmed")}
        return [key for key in self.department_keys() if not holders & set(key.holders)]

    def give_restored(self, restored: Restored, department: str, member_id: str) -> None:
        """Wrap a department's lost keys to a certified member of it. Raises MemberWithoutKeys."""
        member = self._certified_member(member_id)
        if not self._ring().is_entitled(member, department):
            raise MemberWithoutKeys
        lost = [key for key in self.lost_keys() if key.department == department and key.id in restored.keys]
        wraps = tuple(
            self._wrap(key.id, restored.keys[key.id].raw, member.id, member.seal_key) for key in lost
        )
        if wraps:
            self._put("wrap.add", WrapAdd(wraps=wraps))

    # -- fingerprints -----------------------------------------------------------------------------------

    def root_words(self) -> tuple[Word, ...]:
        """Eight words of the root the relay shows; empty before the town has one."""
        trust = self._replica.records.one("trust", "town", Trust)
        return fingerprint_words(trust.body.root) if trust is not None else ()

    def accept_root(self, words_seen: tuple[Word, ...]) -> None:
        """A person compared these eight words with the town's paper and found them equal.

        Raises KeysNotReady where the relay shows another root by now, or one that does not vouch for its own
        directory.
        """
        trust = self._trust()
        if not is_directory_certified(trust) or fingerprint_words(trust.root) != words_seen:
            raise KeysNotReady
        self._keep_root(trust.root)

    def own_words(self) -> tuple[Word, ...]:
        """Eight words of the keys this person holds, to be read out to an administrator."""
        return fingerprint_words(self._own.sign, self._own.seal)

    def words_of(self, member: StaffMember) -> tuple[Word, ...]:
        """Eight words of the keys the relay shows for a person. Raises MemberWithoutKeys."""
        if not member.sign_key or not member.seal_key:
            raise MemberWithoutKeys
        return fingerprint_words(member.sign_key, member.seal_key)

    # -- people -----------------------------------------------------------------------------------------

    def confirm(self, seen: StaffMember) -> None:
        """The words were compared with the person: certify, and hand over what the person is entitled to.

        `seen`: the person as on the screen: exactly these keys, departments and role are certified.
        Raises KeysNotReady, MemberWithoutKeys, MemberChanged where the relay shows something else by now.
        """
        ring = self._ring()
        if ring.directory is None:
            raise KeysNotReady
        if not seen.sign_key:
            raise MemberWithoutKeys
        if _certified_part(self._member(seen.id)) != _certified_part(seen):
            raise MemberChanged
        self._certify(ring.directory, seen, (seen.sign_key, seen.seal_key))
        if seen.role == "admin":
            self._hand_directory_to(self._ring(), seen.id)
        self.equip(seen.id, seen.departments)

    def certify_again(self, member_id: str, departments: tuple[str, ...], role: Role) -> None:
        """An administrator gave a confirmed person these departments and this role: the certificate says so.
        Does nothing where this person does not keep the directory; `find_tasks` of who keeps it names what
        is open.
        """
        ring = self._ring()
        member = self._member(member_id)
        if ring.directory is not None and is_certified(ring, member):
            decided = member.model_copy(update={"departments": departments, "role": role})
            self._certify(ring.directory, decided, (member.sign_key, member.seal_key))

    def equip(self, member_id: str, departments: Iterable[str]) -> None:
        """Give a confirmed person keys for these departments, as far as this desktop can: hand on what it
        holds itself, and begin a new key where nobody is left who could hand one on.
        """
        ring = self._ring()
        member = self._member(member_id)
        for department in departments:
            if not ring.is_entitled(member, department):
                continue
            if ring.directory is not None and not self._living_holders(ring, department):
                self._publish(ring, ring.directory, department)
            else:
                self.hand_on(member_id, department)

    def hand_on(self, member_id: str, department: str) -> None:
        """Wrap all keys of the department that this person holds and the member does not."""
        ring = self._ring()
        member = self._certified_member(member_id)
        if department == DIRECTORY:
            self._hand_directory_to(ring, member_id)
            return
        if not ring.is_entitled(member, department):
            raise MemberWithoutKeys
        wraps = tuple(
            self._wrap(key.id, ring.secrets[key.id].raw, member.id, member.seal_key)
            for key in ring.department_keys.values()
            if key.department == department and key.id in ring.secrets and member.id not in key.holders
        )
        if wraps:
            self._put("wrap.add", WrapAdd(wraps=wraps))

    def rotate(self, department: str) -> None:
        """A new key for the department, wrapped to its certified members as they are now. Where it has none
        there is no new key: nobody could read what is sealed to it.

        Raises KeysNotReady where this person does not keep the directory.
        """
        ring = self._ring()
        if ring.directory is None:
            raise KeysNotReady
        self._publish(ring, ring.directory, department)

    def can_certify(self) -> bool:
        """Whether this person keeps the directory here."""
        return self._ring().directory is not None

    def is_certified(self, member: StaffMember) -> bool:
        """Whether keys may be wrapped to this person."""
        return is_certified(self._ring(), member)

    def department_keys(self) -> list[DepartmentKey]:
        return self._replica.records.all("key", DepartmentKey)

    # -- inside -----------------------------------------------------------------------------------------

    def _publish(self, ring: KeyRing, directory: Ed25519PrivateKey, department: str) -> None:
        if ring.trust is None:
            raise KeysNotReady
        now, trust = self._clock(), ring.trust
        secret, id = new_secret(), new_id(now)
        members = [member for member in self._staff() if ring.is_entitled(member, department)]
        if not members:
            return  # a key nobody holds would swallow what residents write; the relay closes the forms
        key = certify_department_key(
            directory,
            DepartmentKey(
                id=id,
                department=department,
                year=fiscal_year(now),
                public=secret.public,
                recovery_wrap=wrap(secret.raw, trust.recovery, key=id, reader=BOX),
                issued_at=now,
                directory=public_text(directory),
            ),
        )
        replaced = tuple(
            old.id
            for old in self.department_keys()
            if old.department == department and old.form_class == GENERAL and not old.retired
        )
        wraps = tuple(self._wrap(id, secret.raw, member.id, member.seal_key) for member in members)
        self._put("key.publish", KeyPublish(key=key, wraps=wraps, replaces=replaced))

    def _living_holders(self, ring: KeyRing, department: str) -> bool:
        """Whether somebody certified in the department can open its current key."""
        key = ring.current_key(department)
        return key is not None and bool(living_holders(ring, key, self._staff()))

    def _hand_directory_to(self, ring: KeyRing, member_id: str) -> None:
        member = self._member(member_id)
        if ring.directory is None:
            raise KeysNotReady
        if not ring.is_entitled(member, DIRECTORY):
            raise MemberWithoutKeys
        raw = ring.directory.private_bytes_raw()
        self._put("wrap.add", WrapAdd(wraps=(self._wrap(DIRECTORY, raw, member.id, member.seal_key),)))

    def _certify_me(self, directory: Ed25519PrivateKey) -> None:
        self._certify(directory, self._member(self._me), (self._own.sign, self._own.seal))

    def _certify(self, directory: Ed25519PrivateKey, member: StaffMember, keys: tuple[str, str]) -> None:
        certificate = certify_staff(
            directory,
            staff=member.id,
            sign_key=keys[0],
            seal_key=keys[1],
            departments=member.departments,
            admin=member.role == "admin",
            now=self._clock(),
        )
        self._put("member.confirm", MemberConfirm(certificate=certificate))

    def _wrap(self, key: str, raw: bytes, staff: str, seal_key: str) -> KeyWrap:
        sealed = wrap(raw, seal_key, key=key, reader=staff)
        return KeyWrap(key=key, staff=staff, sealed=sealed, by=self._me, made_at=self._clock())

    def _trust(self) -> Trust:
        trust = self._replica.records.one("trust", "town", Trust)
        if trust is None:
            raise KeysNotReady
        return trust.body

    def _staff(self) -> list[StaffMember]:
        return self._replica.records.staff()

    def _member(self, id: str) -> StaffMember:
        found = next((member for member in self._staff() if member.id == id), None)
        if found is None:
            raise MemberWithoutKeys
        return found

    def _certified_member(self, id: str) -> StaffMember:
        member = self._member(id)
        if not is_certified(self._ring(), member):
            raise MemberWithoutKeys
        return member

    def _put(self, kind: str, payload: Wire) -> None:
        # Only the town's root has versions that matter; everything else says itself what it follows.
        based_on = self._replica.records.version("trust", "town") if kind == "trust.publish" else 0
        self._replica.outbox.put(kind, payload, based_on=based_on)


def fiscal_year(now: datetime) -> int:
    """April to March, by the calendar of Japan."""
    day = now.astimezone(_JAPAN)
    return day.year if day.month >= 4 else day.year - 1


def _certified_part(member: StaffMember) -> tuple[object, ...]:
    """What a certificate says of a person."""
    return member.id, member.sign_key, member.seal_key, sorted(member.departments), member.role


def is_certified(ring: KeyRing, member: StaffMember) -> bool:
    """Whether keys may be wrapped to this person."""
    return member.state == "active" and ring.is_certified(member)


def living_holders(ring: KeyRing, key: DepartmentKey, staff: Iterable[StaffMember]) -> list[StaffMember]:
    """The certified members of the department who can open this key."""
    return [
        member for member in staff if member.id in key.holders and ring.is_entitled(member, key.department)
    ]
