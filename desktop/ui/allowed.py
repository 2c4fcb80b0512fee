"""Which pages and buttons the person's rights open (ADM-1). The relay decides; nothing is offered in vain."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from desktop.features.office import Office
from protocol.rights import Function, Level

NEEDS: dict[str, tuple[Function, Level]] = {
    "deliveries": ("deliveries", "view"),
    "delivery-result": ("deliveries", "view"),
    "delivery-edit": ("deliveries", "edit"),
    "confirm": ("deliveries", "edit"),
    "delivery-calendar": ("deliveries", "view"),
    "sending-rules": ("settings", "edit"),
    "holidays": ("settings", "edit"),
    "approval": ("deliveries", "approve"),
    "groups": ("deliveries", "view"),
    "lists": ("deliveries", "view"),
    "items": ("items", "view"),
    "item-edit": ("items", "edit"),
    "people": ("staff", "view"),
    "departments": ("staff", "view"),
    "rights": ("staff", "edit"),
    "transfers": ("staff", "edit"),
    "setup": ("settings", "edit"),
    "inbox": ("inbox", "view"),
    "inbox-item": ("inbox", "view"),
    "contact-forms": ("forms", "view"),
    "waste": ("waste", "view"),
    "waste-words": ("waste", "view"),
    "audit": ("audit", "view"),
    "access-log": ("audit", "view"),
}
"""By page. A page not named is everybody's."""

NOT_ALLOWED = "この操作をする権限がありません。必要なときは管理者にご相談ください。"
_NOT_AT_A_SHELTER = ("waiting",)


def may_see(office: Office, page: str) -> bool:
    """Whether the person may be on this page. Cheap: asked while a screen is painted."""
    if page in _NOT_AT_A_SHELTER and office.rights.role == "shelter":
        return False
    need = NEEDS.get(page)
    return need is None or office.may(*need)


def offer(widget: QWidget, allowed: bool) -> None:
    """Show a button only to whoever may press it."""
    widget.setVisible(allowed)


def explain(widget: QWidget, allowed: bool, otherwise: bool = True) -> None:
    """For a button whose absence would puzzle: it stays, cannot be pressed, and says why."""
    widget.setEnabled(allowed and otherwise)
    widget.setToolTip("" if allowed else NOT_ALLOWED)
    widget.setAccessibleDescription("" if allowed else NOT_ALLOWED)
