"""Which function applies which kind of change. What it does is in the file of its noun.

Every change has two stages: the first may ask LINE or count people and holds no lock; the second runs in the
transaction that also remembers the change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Protocol

from protocol.changes import Change, DeviceRevoke, LineLinkStart, NoticeDismiss, SubmissionsOpened, TownSave
from protocol.delivery_changes import DeliverySave, WasteSave
from protocol.staff import StaffMember
from protocol.wire import Wire
from relay.features.codes import add_list_codes, revoke_list_codes
from relay.features.contact_forms import remove_form, save_form
from relay.features.deliveries import remove_draft, save_draft
from relay.features.devices import revoke_device
from relay.features.groups import remove_group, save_group
from relay.features.items import merge_item, remove_item, reorder_items, save_item
from relay.features.keys import add_wraps, note_practised, publish_key, publish_trust
from relay.features.lists import change_list, remove_list, save_list
from relay.features.notices import dismiss_notice, notice_many_openings
from relay.features.people import (
    close_member,
    confirm_member,
    remove_department,
    save_department,
    save_member,
    save_rights,
)
from relay.features.settings import save_greeting, save_town
from relay.features.staff import remove_line_link, start_line_link
from relay.features.submissions import note_opened, update_submission
from relay.features.waste import put_words, save_calendar
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

        def second(connection: Connection) -> int:
            version = note_opened(connection, cipher, payload, signer=signer)
            notice_many_openings(connection, cipher, signer.id, len(payload.submissions), clock())
            return version

        return second

    return {
        "contact_form.save": signed(save_form),
        "contact_form.remove": signed(remove_form),
        "submission.update": signed(update_submission, relay_id=database.relay_id),
        "submissions.opened": opened,
    }


def town_changes(
    cipher: ColumnCipher, clock: Callable[[], datetime], *, fixed: Collection[str]
) -> Mapping[str, Stages]:
    """Name and telephone of the town. `fixed`: fields of the settings that the environment sets."""

    def save(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        assert isinstance(payload, TownSave)
        return lambda connection: save_town(
            connection, cipher, payload, change.based_on, clock(), fixed=fixed
        )

    return {"town.save": save}


def door_changes(cipher: ColumnCipher, clock: Callable[[], datetime]) -> Mapping[str, Stages]:
    """Devices, notices, and what is done for the audit log alone."""

    def revoke(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        assert isinstance(payload, DeviceRevoke)
        return lambda connection: revoke_device(connection, cipher, payload, signer, clock())

    def dismiss(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        assert isinstance(payload, NoticeDismiss)
        return lambda connection: dismiss_notice(connection, cipher, payload, signer.id, clock())

    def exported(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        return lambda connection: 0  # the entry every change leaves in the audit log is its whole effect

    return {"device.revoke": revoke, "notice.dismiss": dismiss, "export.made": exported}


def people_changes(cipher: ColumnCipher, clock: Callable[[], datetime]) -> Mapping[str, Stages]:
    """Departments, people, rights and the keys that follow them."""

    def signed(function: Callable[..., int]) -> Stages:
        """For a record that may have been changed meanwhile."""

        def first(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
            return lambda connection: function(
                connection, cipher, payload, change.based_on, clock(), signer=signer
            )

        return first

    def unversioned(function: Callable[..., int]) -> Stages:
        """For what is true whatever happened to the record meanwhile."""

        def first(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
            return lambda connection: function(connection, cipher, payload, clock(), signer=signer)

        return first

    return {
        "department.save": signed(save_department),
        "department.remove": signed(remove_department),
        "member.save": signed(save_member),
        "member.confirm": unversioned(confirm_member),
        "member.leave": unversioned(close_member),
        "rights.save": signed(save_rights),
        "trust.publish": signed(publish_trust),
        "trust.practised": unversioned(note_practised),
        "key.publish": unversioned(publish_key),
        "wrap.add": unversioned(add_wraps),
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

    def waste(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        assert isinstance(payload, WasteSave)
        return lambda connection: save_calendar(
            connection, cipher, payload, change.based_on, clock(), signer=signer
        )

    def start_link(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        assert isinstance(payload, LineLinkStart)
        return lambda connection: start_line_link(connection, cipher, change.staff, payload, clock())

    def remove_link(change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        return lambda connection: remove_line_link(connection, cipher, change.staff, clock())

    return {
        "item.save": plain(save_item),
        "item.remove": plain(remove_item),
        "item.merge": plain(merge_item),
        "group.save": plain(save_group),
        "group.remove": plain(remove_group),
        "list.save": plain(save_list),
        "list.remove": plain(remove_list),
        "list.change": plain(change_list),
        "codes.add": plain(add_list_codes),
        "codes.revoke": plain(revoke_list_codes),
        "items.reorder": plain(reorder_items),
        "delivery.save": draft,
        "delivery.remove": plain(remove_draft),
        "waste.save": waste,
        "waste_words.put": plain(put_words),
        "line_link.start": start_link,
        "line_link.remove": remove_link,
        "greeting.save": plain(save_greeting),
    }
