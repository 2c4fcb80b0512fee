"""Who may do what: roles × functions in one grid, and what every change and question needs (ADM-1, FORM-9).

A right has a function, a level and, for what residents wrote, a department. The relay checks it; for sealed
content the keys are the first wall and this is the second (design 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from protocol.staff import Role, StaffMember
from protocol.wire import Wire

Function = Literal["deliveries", "items", "forms", "inbox", "waste", "staff", "settings", "audit"]
"""配信, 受信設定の項目, 問い合わせの窓口, 届いたもの, ごみ, 利用者, 設定, 操作記録."""

FUNCTIONS: tuple[Function, ...] = (
    "deliveries",
    "items",
    "forms",
    "inbox",
    "waste",
    "staff",
    "settings",
    "audit",
)

Level = Literal["none", "view", "edit", "approve"]
"""見えない, 見る, 作る・書く, 送る・決める: each includes those before it."""

LEVELS: tuple[Level, ...] = ("none", "view", "edit", "approve")

HIGHEST: dict[Function, Level] = {
    "deliveries": "approve",
    "items": "edit",
    "forms": "edit",
    "inbox": "edit",
    "waste": "edit",
    "staff": "edit",
    "settings": "edit",
    "audit": "view",
}
"""The highest level that means anything for a function."""

DEFAULT_RIGHTS: dict[Role, dict[Function, Level]] = {
    "admin": HIGHEST,
    "section_admin": {
        "deliveries": "approve", "items": "edit", "forms": "edit", "inbox": "edit", "waste": "edit",
        "staff": "view", "settings": "view", "audit": "none",
    },
    "approver": {
        "deliveries": "approve", "items": "view", "forms": "view", "inbox": "view", "waste": "view",
        "staff": "view", "settings": "none", "audit": "none",
    },
    "editor": {
        "deliveries": "edit", "items": "view", "forms": "edit", "inbox": "edit", "waste": "edit",
        "staff": "view", "settings": "none", "audit": "none",
    },
    "viewer": {
        "deliveries": "view", "items": "view", "forms": "view", "inbox": "view", "waste": "view",
        "staff": "view", "settings": "none", "audit": "view",
    },
    "shelter": {
        "deliveries": "none", "items": "none", "forms": "none", "inbox": "none", "waste": "none",
        "staff": "none", "settings": "none", "audit": "none",
    },
}  # fmt: skip


class RightsGrid(Wire):
    """What the town changed in the grid. Record kind `rights`, id `town`. Administrators keep every right."""

    cells: dict[Role, dict[Function, Level]] = Field(default_factory=dict)


@dataclass(frozen=True)
class Need:
    """What a change or a question needs. `own`: everyone signed in, about nobody but themselves.
    `department`: the person must besides belong to a department that the object in question names.
    """

    function: Function = "settings"
    level: Level = "edit"
    own: bool = False
    department: bool = False


OWN = Need(own=True)

CHANGE_NEEDS: dict[str, Need] = {
    "item.save": Need("items", "edit"),
    "item.remove": Need("items", "edit"),
    "items.reorder": Need("items", "edit"),
    "item.merge": Need("items", "edit"),
    "greeting.save": Need("items", "edit"),
    "group.save": Need("deliveries", "edit"),
    "group.remove": Need("deliveries", "edit"),
    "list.save": Need("deliveries", "edit"),
    "list.remove": Need("deliveries", "edit"),
    "list.fill": Need("deliveries", "edit"),
    "list.change": Need("deliveries", "edit"),
    "codes.add": Need("deliveries", "edit"),
    "codes.revoke": Need("deliveries", "edit"),
    "sending_rules.save": Need("settings", "edit"),
    "holidays.save": Need("settings", "edit"),
    "waste.save": Need("waste", "edit"),
    "waste_words.put": Need("waste", "edit"),
    "delivery.save": Need("deliveries", "edit"),
    "delivery.remove": Need("deliveries", "edit"),
    "delivery.test": Need("deliveries", "edit"),
    "delivery.ask": Need("deliveries", "edit"),
    "delivery.return": Need("deliveries", "approve"),
    "delivery.send": Need("deliveries", "approve"),
    "delivery.stop": Need("deliveries", "edit"),  # whoever sees something go wrong
    "delivery.cancel": Need("deliveries", "approve"),
    "delivery.archive": Need("deliveries", "edit"),
    "delivery.resume": Need("deliveries", "approve"),
    "line_link.start": OWN,
    "line_link.remove": OWN,
    "town.save": Need("settings", "edit"),
    "department.save": Need("staff", "edit"),
    "department.remove": Need("staff", "edit"),
    "member.save": Need("staff", "edit"),
    "member.confirm": Need("staff", "edit"),
    "member.leave": Need("staff", "edit"),
    "rights.save": Need("staff", "edit"),
    "trust.publish": Need("staff", "edit"),
    "trust.practised": Need("staff", "edit"),
    "key.publish": Need("staff", "edit"),
    "wrap.add": OWN,  # whoever holds a key may hand it on to a certified member entitled to it
    "device.revoke": OWN,  # an own device; another's needs staff/edit, checked where it is done
    "contact_form.save": Need("forms", "edit", department=True),
    "contact_form.remove": Need("forms", "edit", department=True),
    "submission.update": Need("inbox", "edit", department=True),
    "submissions.opened": Need("inbox", "view", department=True),
    "export.made": OWN,
    "notice.dismiss": Need("settings", "view"),
}
"""Every kind of `protocol.changes.PAYLOADS` stands here; a test compares the two."""

ASK_NEEDS: dict[str, Need] = {
    "segment-count": Need("deliveries", "view"),
    "segment-people": Need("deliveries", "view"),
    "delivery-check": Need("deliveries", "view"),
    "coupons": Need("deliveries", "view"),
    "quota": Need("deliveries", "view"),
    "item-use": Need("items", "view"),
    "audit-search": Need("audit", "view"),
    "audit-entry": Need("audit", "view"),
    "audit-leaves": OWN,  # hashes only: every desktop may recompute the tree
    "access-log": Need("audit", "view"),
    "chunks": OWN,  # only those of audiences the person belongs to
    "originals": Need("inbox", "view", department=True),
}
"""Every route `/staff/ask/<name>` stands here; a test compares it with the route table."""

ACTION_NEEDS: dict[str, Need] = {
    "sign-out": OWN,
    "sync": OWN,
    "passphrase": OWN,
    "second-factor": OWN,
    "codes": Need("staff", "edit"),
    "line-channel": Need("settings", "edit"),
    "files": OWN,
    "chunks": OWN,
}
"""Every other route of the staff API that needs a session, by the first part of its path."""


def level_of(role: Role, function: Function, grid: RightsGrid) -> Level:
    """What the grid gives this role; administrators keep every right whatever it says."""
    if role == "admin":
        return HIGHEST[function]
    default = DEFAULT_RIGHTS[role][function]
    return grid.cells.get(role, {}).get(function, default)


def reaches(level: Level, needed: Level) -> bool:
    return LEVELS.index(level) >= LEVELS.index(needed)


def may(
    member: StaffMember, need: Need, grid: RightsGrid, *, departments: tuple[str, ...] | None = None
) -> bool:
    """Whether the person may. `departments`: those the object names; None where it is not yet known.

    Only active members have rights beyond their own things: an unconfirmed key is nobody's yet.
    """
    if member.state == "left":
        return False
    if need.own:
        return True
    if member.state != "active" or not reaches(level_of(member.role, need.function, grid), need.level):
        return False
    if need.department and departments is not None:
        return bool(set(departments) & set(member.departments))
    return True


def audiences_of(member: StaffMember, grid: RightsGrid) -> tuple[str, ...]:
    """The streams of records this person gets, in the order a cold start should read them."""
    own = (TOWN, f"staff:{member.id}")
    if member.state != "active":
        return own

    def sees(function: Function) -> bool:
        return reaches(level_of(member.role, function, grid), "view")

    found = [*own]
    if sees("deliveries"):
        found.append(DELIVERIES)
    if member.role == "admin":
        found.append(ADMINS)
    if sees("inbox") or sees("forms"):
        found += [department_audience(department) for department in member.departments]
    if sees("inbox"):
        found += [inbox_audience(department) for department in member.departments]
    return tuple(found)


TOWN = "town"
"""Everybody: names of staff and departments, items, settings, certificates."""

DELIVERIES = "deliveries"
"""Whoever may see deliveries."""

ADMINS = "admins"
"""Administrators: devices, notices, every contact form."""


def department_audience(department: str) -> str:
    """Members of one department: its contact forms."""
    return f"department:{department}"


def inbox_audience(department: str) -> str:
    """Members of one department who may see what residents sent to it, and the chunks of that."""
    return f"{_INBOX}{department}"


def inbox_department(audience: str) -> str:
    """Whose `inbox_audience` this is; empty for another kind of audience."""
    return audience.removeprefix(_INBOX) if audience.startswith(_INBOX) else ""


_INBOX = "inbox:"
