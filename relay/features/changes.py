"""Which function applies which kind of change. What it does is in the file of its noun.

Every change has two stages: the first may ask LINE or count people and holds no lock; the second runs in the
transaction that also remembers the change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from protocol.changes import Change, DeliverySave, LineLinkStart, SubmissionsOpened
from protocol.staff import StaffMember
from protocol.wire import Wire
from relay.features.contact_forms import remove_form, save_form
from relay.features.deliveries import remove_draft, save_draft
from relay.features.items import remove_item, reorder_items, save_item
from relay.features.settings import save_greeting
from relay.features.staff import remove_line_link, start_line_link
from relay.features.submissions import note_opened, update_submission
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection, Database


class Stages(Protocol):
    """First stage: raises Refused, or returns the second, which gives the version of the record written.

    `signer` is the person as the account stands when the second stage runs: its role, state and departments.
    Rights of the kind were checked; what depends on the object's departments is for the stage to check.
    """

    def __call__(
        self, change: Change, payload: Wire, signer: StaffMember, /
    ) -> Callable[[Connection], int]: ...


def sealed_changes(database: Database, clock: Callable[[], datetime]) -> Mapping[str, Stages]:
    """What staff do about contact forms and about what arrived through them."""
    cipher = database.cipher

    def signed(function: Callable[..., int], **more: object) -> Stages:
        def first(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
            return lambda connection: function(
                connection, cipher, payload, change.based_on, clock(), signer=signer, **more
            )

        return first

    def opened(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        assert isinstance(payload, SubmissionsOpened)
        return lambda connection: note_opened(connection, cipher, payload, signer=signer)

    return {
        "contact_form.save": signed(save_form),
        "contact_form.remove": signed(remove_form),
        "submission.update": signed(update_submission, relay_id=database.relay_id),
        "submissions.opened": opened,
    }


def plain_changes(cipher: ColumnCipher, clock: Callable[[], datetime]) -> Mapping[str, Stages]:
    """The changes that need nothing but the store."""

    def plain(function: Callable[..., int]) -> Stages:
        def first(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
            return lambda connection: function(connection, cipher, payload, change.based_on, clock())

        return first

    def draft(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        assert isinstance(payload, DeliverySave)
        return lambda connection: save_draft(
            connection, cipher, payload, change.based_on, clock(), staff=change.staff
        )

    def start_link(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        assert isinstance(payload, LineLinkStart)
        return lambda connection: start_line_link(connection, cipher, change.staff, payload, clock())

    def remove_link(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        return lambda connection: remove_line_link(connection, cipher, change.staff, clock())

    return {
        "item.save": plain(save_item),
        "item.remove": plain(remove_item),
        "items.reorder": plain(reorder_items),
        "delivery.save": draft,
        "delivery.remove": plain(remove_draft),
        "line_link.start": start_link,
        "line_link.remove": remove_link,
        "greeting.save": plain(save_greeting),
    }
