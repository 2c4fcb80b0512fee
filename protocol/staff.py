"""Staff (「職員」) as everyone on the desktop may see them, and the public halves of their keys."""

from __future__ import annotations

from typing import Literal

from protocol.wire import Wire

Role = Literal["admin"]
"""Issue A knows administrators only; the further roles of `ux.md` 10 come with departments."""


class StaffMember(Wire):
    """One person of the town hall. `sign_key` is the Ed25519 public key that signs this person's changes."""

    id: str
    login_name: str
    display_name: str
    role: Role = "admin"
    sign_key: str = ""
    seal_key: str = ""
    line_linked: bool = False
    """Whether the person tied the own LINE account, so that test deliveries can reach it (SEG-10)."""
