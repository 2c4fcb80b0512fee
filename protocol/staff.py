"""Staff (「職員」), departments (「課」), and the public halves of people's keys.

Requirements: ADM-1, ADM-7. What a role may do is in `protocol/rights.py`.
"""

from __future__ import annotations

from typing import Literal

from protocol.certificates import StaffCertificate
from protocol.wire import Wire

Role = Literal["admin", "section_admin", "approver", "editor", "viewer", "shelter"]
"""管理者, 課管理者, 承認者, 担当, 閲覧, 避難所 (`docs/words.md`)."""

ROLES: tuple[Role, ...] = ("admin", "section_admin", "approver", "editor", "viewer", "shelter")

MemberState = Literal["invited", "unconfirmed", "active", "left"]
"""`invited`: has an account and no keys yet. `unconfirmed`: has keys nobody has compared. `left`: may not
sign in any more; the name stays for the history."""


class Department(Wire):
    """A section of the town hall. A removed one stays readable in the history."""

    id: str
    name: str
    position: int = 0
    removed: bool = False


class StaffMember(Wire):
    """One person of the town hall. `sign_key` is the Ed25519 public key that signs this person's changes,
    `seal_key` the P-256 public key that keys are wrapped to; both base64, both empty while `invited`.

    `certificate` says that an administrator compared the fingerprint; nobody wraps a key without it.
    """

    id: str
    login_name: str
    display_name: str
    role: Role = "viewer"
    departments: tuple[str, ...] = ()
    state: MemberState = "active"
    sign_key: str = ""
    seal_key: str = ""
    certificate: StaffCertificate | None = None
    second_factor: bool = False
    line_linked: bool = False
    """Whether the person tied the own LINE account, so that test deliveries can reach it (SEG-10)."""
