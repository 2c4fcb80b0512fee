"""What the person signed in may do, so that the window offers nothing else. Requirement: ADM-1.

The relay decides; this only keeps the window from promising what would be refused.
"""

from __future__ import annotations

from desktop.features.staff import Staff
from desktop.replica.replica import Replica
from protocol.rights import Function, Level, Need, RightsGrid, may
from protocol.staff import Role, StaffMember


class Rights:
    """A snapshot, renewed by `look`, so that screens can ask while they are painted."""

    def __init__(self, replica: Replica, staff: Staff) -> None:
        self._replica = replica
        self._staff = staff
        self._now = self._read()

    def look(self) -> bool:
        """Read what is in force now; True when something changed. Not on the screen's thread."""
        before, self._now = self._now, self._read()
        return before != self._now

    def may(self, function: Function, level: Level) -> bool:
        me, grid = self._now
        return may(me, Need(function, level), grid)

    def others_may(self, function: Function, level: Level) -> bool:
        """Whether anybody active but the person signed in may. Reads; not on the screen's thread."""
        me, grid = self._read()
        need = Need(function, level)
        return any(may(member, need, grid) for member in self._staff.all() if member.id != me.id)

    @property
    def role(self) -> Role:
        return self._now[0].role

    @property
    def is_admin(self) -> bool:
        return self._now[0].role == "admin" and self._now[0].state == "active"

    def _read(self) -> tuple[StaffMember, RightsGrid]:
        stored = self._replica.records.one("rights", "town", RightsGrid)
        return self._staff.me(), stored.body if stored else RightsGrid()
