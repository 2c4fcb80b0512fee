"""Changes: everything staff do that others must see, signed by the person who did it.

A change is applied once however often it is sent: its id is the idempotency key. SEC-9 builds on it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.certificates import DepartmentKey, KeyWrap, StaffCertificate, Trust
from protocol.delivery_changes import (
    CodesAdd,
    CodesRevoke,
    DeliveryArchive,
    DeliveryAsk,
    DeliveryCancel,
    DeliveryRemove,
    DeliveryResume,
    DeliveryReturn,
    DeliverySave,
    DeliverySend,
    DeliveryStop,
    DeliveryTest,
    GroupRemove,
    GroupSave,
    HolidaysSave,
    ListChange,
    ListFill,
    ListRemove,
    ListSave,
    SendingRulesSave,
    WasteSave,
    WasteWordsPut,
)
from protocol.encoding import from_base64, to_base64
from protocol.ids import new_id
from protocol.items import SegmentItem
from protocol.rights import RightsGrid
from protocol.sealing import SealedRecord
from protocol.staff import Department, Role
from protocol.submissions import ContactForm, ResidentCopy, SubmissionState
from protocol.wire import Wire, canonical_bytes

_TAG = b"madoguchi change 1\n"


class ItemSave(Wire):
    """Add an item, or write a new version of it. Answers given earlier stay."""

    item: SegmentItem


class ItemRemove(Wire):
    """Delete an item and every answer to it. `answers_seen` is the number the person was shown."""

    item: str
    answers_seen: int = 0


class ItemsReorder(Wire):
    """The order in which items are asked; ids not named keep their place after the named ones."""

    items: tuple[str, ...]


class ItemMerge(Wire):
    """Answers with `choice` count as `into` from now on; the choice is retired. `answers_seen` was shown."""

    item: str
    choice: str
    into: str
    answers_seen: int = 0


class LineLinkStart(Wire):
    """Begin to tie the signer's own LINE account. `code_hash`: SHA-256 hex of the code on the screen."""

    code_hash: str
    expires_at: datetime


class LineLinkRemove(Wire):
    """Untie the signer's LINE account."""


class GreetingSave(Wire):
    """The text with which the account greets a new friend before the first question."""

    text: str


class TownSave(Wire):
    """Name and telephone of the town hall, as residents see them."""

    town_name: str
    telephone: str = ""


class DepartmentSave(Wire):
    """Add a department, or rename or move it."""

    department: Department


class DepartmentRemove(Wire):
    """Refused `in_use` while it has members or open contact forms."""

    department: str


class MemberSave(Wire):
    """Invite a person, or change name, role or departments. An account's login name never changes.

    Departments lost take the person's wraps of their keys with them; publish new keys in the same round.
    """

    staff: str
    login_name: str
    display_name: str
    role: Role
    departments: tuple[str, ...] = ()


class MemberConfirm(Wire):
    """An administrator compared the fingerprint with the person: the keys are theirs from now on."""

    certificate: StaffCertificate


class MemberLeave(Wire):
    """Close an account: no sign-in, no rights, no wraps. `heir` takes over drafts and open work."""

    staff: str
    heir: str = ""


class RightsSave(Wire):
    """The whole grid as it should be."""

    grid: RightsGrid


class TrustPublish(Wire):
    """The town's root and directory, once at set-up, or again after a recovery (signed by the same root).

    `wraps`: the directory key for its first holders.
    """

    trust: Trust
    wraps: tuple[KeyWrap, ...] = ()


class TrustPractised(Wire):
    """Two shares opened the recovery box on somebody's desktop today."""


class KeyPublish(Wire):
    """A new department key with its wraps; `replaces` are retired: nothing more is sealed to them."""

    key: DepartmentKey
    wraps: tuple[KeyWrap, ...]
    replaces: tuple[str, ...] = ()


class WrapAdd(Wire):
    """Hand keys the signer holds to certified members who are entitled to them."""

    wraps: tuple[KeyWrap, ...]


class DeviceRevoke(Wire):
    """This device gets no answer any more; its sessions end."""

    device: str


class ContactFormSave(Wire):
    form: ContactForm


class ContactFormRemove(Wire):
    """Close it for good. What arrived through it stays."""

    form: str


class SubmissionUpdate(Wire):
    """State, note and reply of something received. `staff_part` and `renewed_copy` are sealed by the desktop.

    `notify`: tell the resident in the talk, in neutral words, that there is news.
    """

    submission: str
    state: SubmissionState
    staff_part: SealedRecord | None = None
    renewed_copy: ResidentCopy | None = None
    notify: bool = False


class SubmissionsOpened(Wire):
    """These were opened and read: an entry of the audit log and nothing else (SEC-9)."""

    submissions: tuple[str, ...]


class ExportMade(Wire):
    """Something left the program as a file: what, and how many lines. For the audit log only."""

    what: str
    count: int


class NoticeDismiss(Wire):
    notice: str


PAYLOADS: dict[str, type[Wire]] = {
    "item.save": ItemSave,
    "item.remove": ItemRemove,
    "items.reorder": ItemsReorder,
    "item.merge": ItemMerge,
    "group.save": GroupSave,
    "group.remove": GroupRemove,
    "list.save": ListSave,
    "list.remove": ListRemove,
    "list.fill": ListFill,
    "list.change": ListChange,
    "codes.add": CodesAdd,
    "codes.revoke": CodesRevoke,
    "sending_rules.save": SendingRulesSave,
    "holidays.save": HolidaysSave,
    "waste.save": WasteSave,
    "waste_words.put": WasteWordsPut,
    "delivery.save": DeliverySave,
    "delivery.remove": DeliveryRemove,
    "delivery.test": DeliveryTest,
    "delivery.ask": DeliveryAsk,
    "delivery.return": DeliveryReturn,
    "delivery.send": DeliverySend,
    "delivery.stop": DeliveryStop,
    "delivery.cancel": DeliveryCancel,
    "delivery.archive": DeliveryArchive,
    "delivery.resume": DeliveryResume,
    "line_link.start": LineLinkStart,
    "line_link.remove": LineLinkRemove,
    "greeting.save": GreetingSave,
    "town.save": TownSave,
    "department.save": DepartmentSave,
    "department.remove": DepartmentRemove,
    "member.save": MemberSave,
    "member.confirm": MemberConfirm,
    "member.leave": MemberLeave,
    "rights.save": RightsSave,
    "trust.publish": TrustPublish,
    "trust.practised": TrustPractised,
    "key.publish": KeyPublish,
    "wrap.add": WrapAdd,
    "device.revoke": DeviceRevoke,
    "contact_form.save": ContactFormSave,
    "contact_form.remove": ContactFormRemove,
    "submission.update": SubmissionUpdate,
    "submissions.opened": SubmissionsOpened,
    "export.made": ExportMade,
    "notice.dismiss": NoticeDismiss,
}


class Change(Wire):
    """One signed action. `based_on` is the version of the record it was made from, 0 for a new one."""

    id: str
    kind: str
    payload: dict[str, Any]
    based_on: int = 0
    made_at: datetime
    staff: str
    relay: str
    """The relay it was made for, so that a change for the test environment means nothing in production."""
    signature: str = ""


class ChangeResult(Wire):
    """What became of a change. `reason` is a code of `protocol.problems.REASONS` when refused."""

    id: str
    outcome: Literal["applied", "refused"]
    reason: str = ""
    version: int = 0


def make_change(
    kind: str,
    payload: Wire,
    *,
    based_on: int,
    now: datetime,
    staff: str,
    relay: str,
    key: Ed25519PrivateKey,
    id: str = "",
) -> Change:
    """A signed change of a kind in `PAYLOADS`. `id`: the one it already has in an outbox, else a new one."""
    if not isinstance(payload, PAYLOADS[kind]):
        raise TypeError(f"{kind} takes a {PAYLOADS[kind].__name__}")
    change = Change(
        id=id or new_id(now),
        kind=kind,
        payload=payload.as_json(),
        based_on=based_on,
        made_at=now,
        staff=staff,
        relay=relay,
    )
    return change.model_copy(update={"signature": to_base64(key.sign(_signed_bytes(change)))})


def is_signed_by(change: Change, public_key: bytes) -> bool:
    """Whether the change carries a valid signature of this Ed25519 public key (32 bytes)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            from_base64(change.signature), _signed_bytes(change)
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def change_hash(change: Change) -> str:
    """SHA-256 (hex) of the signed change: how the audit log names it."""
    return hashlib.sha256(canonical_bytes(change.as_json())).hexdigest()


def _signed_bytes(change: Change) -> bytes:
    body = change.as_json()
    del body["signature"]
    return _TAG + canonical_bytes(body)
