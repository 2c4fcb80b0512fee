"""The audit log (「操作記録」): staff actions and openings of personal data, in a tree that only grows.

The relay appends; each desktop remembers the newest head it saw and demands a proof that the next one grew
out of it. An entry names ids, never what was written. Requirements: SEC-5, SEC-9.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from protocol.changes import Change
from protocol.merkle import leaf_hash
from protocol.wire import Wire, canonical_bytes

AUDIT_PAGE = 200
ACCESS_LOG_FLOOR_DAYS = 180

Outcome = Literal["applied", "refused", "done"]


class AuditEntry(Wire):
    """One line. `kind`: a kind of change, or `sign_in`, `sign_in_failed`, `sign_out`, `device_enrolled`,
    `code_made`, `passphrase_changed`, `second_factor_changed`, `line_channel_saved`.

    `object`: ids of what it was about, separated by spaces. `change_hash`: SHA-256 (hex) of the
    signed change, which `audit-entry` hands out, so that the person's signature can be verified.
    """

    no: int
    at: datetime
    staff: str
    kind: str
    object: str = ""
    outcome: Outcome = "done"
    reason: str = ""
    device: str = ""
    change_hash: str = ""


class TreeHead(Wire):
    """The log at one moment: `root` is hex."""

    size: int
    root: str


class AuditQuery(Wire):
    """Ask `audit-search`. Empty fields do not narrow; `before`: entries with a smaller `no`, newest first."""

    staff: str = ""
    kinds: tuple[str, ...] = ()
    object: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    limit: int = AUDIT_PAGE


class AuditPage(Wire):
    entries: tuple[AuditEntry, ...] = ()
    more: bool = False
    head: TreeHead


class AuditEntryQuery(Wire):
    """Ask `audit-entry`: one entry with the change behind it."""

    no: int


NOT_KEPT = frozenset({"trust.publish", "key.publish", "wrap.add"})
"""Changes that carry wrapped secrets: the log keeps their hash alone. Such a wrap is for one person, or was
refused; whoever may read the log must not find one for the own key there.
"""


class AuditDetail(Wire):
    """`change`: the signed change behind the entry; None where there is none, and for those of `NOT_KEPT`."""

    entry: AuditEntry
    change: Change | None = None


class AuditLeavesQuery(Wire):
    """Ask `audit-leaves`: leaf hashes from a number on, at most 10,000, to recompute the tree with."""

    start: int = 0


class AuditLeaves(Wire):
    leaves: tuple[str, ...] = ()
    head: TreeHead


class AccessLogQuery(Wire):
    """Ask `access-log`: who called what from where. `before` as in AuditQuery."""

    since: datetime | None = None
    until: datetime | None = None
    address: str = ""
    route: str = ""
    status: int | None = None
    before: int | None = None
    limit: int = AUDIT_PAGE


class AccessEntry(Wire):
    """One request. `route` is the route's pattern, never the address as sent; `staff` empty for residents."""

    no: int
    at: datetime
    address: str
    method: str
    route: str
    status: int
    staff: str = ""


class AccessPage(Wire):
    entries: tuple[AccessEntry, ...] = ()
    more: bool = False
    kept_days: int


class Notice(Wire):
    """Something administrators should look at. Record kind `notice`, audience `admins` (ADM-5, SEC-5).

    `code`: `sign_in_throttled`, `address_refused`, `many_openings`, `certificate_expires`,
    `disk_nearly_full`, `webhook_forged`, `change_forged`, `log_inconsistent`, `emergency_sending`,
    `delivery_skipped`, `delivery_paused`, `delivery_grown`, `delivery_not_started`. `subject`: a staff id for
    `many_openings`, `change_forged`, `emergency_sending` and mostly `sign_in_throttled`, else an address; the
    last day for `certificate_expires`, per cent for `disk_nearly_full`, the delivery's title for the last
    four. `count`: how often since `first_at`.
    """

    id: str
    code: str
    subject: str = ""
    count: int = 1
    first_at: datetime
    last_at: datetime
    dismissed_by: str = ""


def entry_leaf(entry: AuditEntry) -> bytes:
    """The entry's leaf hash (32 bytes)."""
    return leaf_hash(b"madoguchi audit 1\n" + canonical_bytes(entry.as_json()))
