"""The town's grid of rights as stored, who may send which change, and the refusal that follows. ADM-1."""

from __future__ import annotations

from protocol.rights import CHANGE_NEEDS, Need, RightsGrid, may
from protocol.staff import StaffMember
from relay.errors import Refused
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import find_record

RIGHTS = "rights"
TOWN_RIGHTS = "town"

SIGNED_BY_THE_DIRECTORY = frozenset({"member.confirm", "key.publish"})
"""What counts by the directory key's signature inside it. An administrator whose own new keys nobody has
confirmed yet may send these: after the last passphrase was lost, the directory key from the recovery shares
confirms them again, and nobody without it gains anything.
"""


def find_grid(connection: Connection, cipher: ColumnCipher) -> RightsGrid:
    """What the town changed; empty where nothing was."""
    record = find_record(connection, cipher, RIGHTS, TOWN_RIGHTS)
    return RightsGrid() if record is None or record.removed else RightsGrid.parse(record.body)


def require(
    member: StaffMember, need: Need, grid: RightsGrid, departments: tuple[str, ...] | None = None
) -> None:
    """Raises Refused `not_allowed`. `departments`: those the object in question names, once it is known."""
    if not may(member, need, grid, departments=departments):
        raise Refused("not_allowed", status=403)


def require_for_change(member: StaffMember, kind: str, grid: RightsGrid) -> None:
    """Raises Refused `not_allowed`, also for a kind without an entry in the table."""
    need = CHANGE_NEEDS.get(kind)
    if need is None:
        raise Refused("not_allowed", status=403)
    if kind in SIGNED_BY_THE_DIRECTORY and member.role == "admin" and member.state == "unconfirmed":
        return
    require(member, need, grid)
