"""The town's grid of rights as stored, and the refusal that follows from it. Requirement: ADM-1."""

from __future__ import annotations

from protocol.rights import Need, RightsGrid, may
from protocol.staff import StaffMember
from relay.errors import Refused
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import find_record

RIGHTS = "rights"
TOWN_RIGHTS = "town"


def find_grid(connection: Connection, cipher: ColumnCipher) -> RightsGrid:
    """What the town changed; empty where nothing was."""
    record = find_record(connection, cipher, RIGHTS, TOWN_RIGHTS)
    return RightsGrid() if record is None or record.removed else RightsGrid.parse(record.body)


def require(
    member: StaffMember, need: Need, grid: RightsGrid, departments: tuple[str, ...] | None = None
) -> None:
    """Raises Refused `not_allowed`."""
    if not may(member, need, grid, departments=departments):
        raise Refused("not_allowed", status=403)
