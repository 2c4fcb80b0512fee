"""Staff (「職員」) and the tie between a person and the own LINE account. Requirement: SEG-10."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from desktop.replica.replica import Replica
from protocol.changes import LineLinkRemove, LineLinkStart
from protocol.staff import StaffMember

LINK_CODE_DIGITS = 8
LINK_CODE_LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class LinkCode:
    """Shown on the screen and typed into the talk; the relay learns its hash only."""

    digits: str
    expires_at: datetime

    @property
    def shown(self) -> str:
        return f"{self.digits[:4]} {self.digits[4:]}"

    def __repr__(self) -> str:
        return "LinkCode(…)"


class Staff:
    """`me` is the person signed in, as the profile knew it at sign-in."""

    def __init__(self, replica: Replica, me: StaffMember, clock: Callable[[], datetime]) -> None:
        self._replica = replica
        self._profile = me
        self._clock = clock

    def all(self) -> list[StaffMember]:
        return self._replica.records.staff()

    def me(self) -> StaffMember:
        """As the relay last said, else as it was at sign-in."""
        return next((member for member in self.all() if member.id == self._profile.id), self._profile)

    def testers(self) -> list[StaffMember]:
        """Those to whom a test delivery can go."""
        return [member for member in self.all() if member.line_linked]

    def start_line_link(self) -> LinkCode:
        """A code to type into the talk with the town's account within ten minutes."""
        digits = "".join(secrets.choice("0123456789") for _ in range(LINK_CODE_DIGITS))
        code = LinkCode(digits=digits, expires_at=self._clock() + LINK_CODE_LIFE)
        payload = LineLinkStart(
            code_hash=hashlib.sha256(digits.encode("ascii")).hexdigest(), expires_at=code.expires_at
        )
        self._replica.outbox.put("line_link.start", payload, based_on=0)
        return code

    def remove_line_link(self) -> None:
        self._replica.outbox.put("line_link.remove", LineLinkRemove(), based_on=0)
