"""The machines staff may sign in from: what administrators and the owner see of them, and revoking. SEC-1."""

from __future__ import annotations

from datetime import datetime, timedelta

from protocol.changes import DeviceRevoke
from protocol.rights import ADMINS, Need
from protocol.staff import StaffMember
from protocol.sync import Device
from relay.errors import Refused
from relay.features.rights import find_grid, require
from relay.store.changes import wait_for_turn
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection, Database
from relay.store.devices import (
    Device as StoredDevice,
)
from relay.store.devices import (
    add_device,
    close_device,
    find_device,
    list_devices,
    note_device_seen,
)
from relay.store.records import find_record, put_record, staff_audience
from relay.store.sessions import end_device_sessions
from relay.store.staff import find_account

DEVICE = "device"
_OTHERS = Need("staff", "edit")
_SEEN_EVERY = timedelta(minutes=1)
_SHOWN_EVERY = timedelta(minutes=15)
"""How often desktops are told that a device was seen: each time wakes the rounds of every administrator."""


def enrol_device(
    connection: Connection,
    cipher: ColumnCipher,
    *,
    id: str,
    staff: str,
    public_key: str,
    name: str,
    now: datetime,
) -> None:
    """A new device, in the store and on the desktops."""
    add_device(connection, cipher, id=id, staff=staff, public_key=public_key, name=name, now=now)
    publish_device(connection, cipher, id, now)


def publish_device(connection: Connection, cipher: ColumnCipher, id: str, now: datetime) -> int:
    """Tell the owner and the administrators; returns the version of the record."""
    device = find_device(connection, cipher, id)
    if device is None:
        raise Refused("not_found")
    shown = Device(
        id=device.id,
        staff=device.staff,
        name=device.name,
        added_at=device.added_at,
        last_seen_at=device.seen_at,
        revoked=device.revoked,
    )
    audiences = (ADMINS, staff_audience(device.staff))
    return put_record(
        connection, cipher, kind=DEVICE, id=id, body=shown.as_json(), now=now, audiences=audiences
    )


def revoke_device(
    connection: Connection, cipher: ColumnCipher, change: DeviceRevoke, signer: StaffMember, now: datetime
) -> int:
    """Its sessions end at once. An own device by anyone; another's needs the right to change staff, and only
    administrators shut out an administrator.
    """
    device = find_device(connection, cipher, change.device) if "\0" not in change.device else None
    if device is None:
        raise Refused("not_found")
    if device.staff != signer.id:
        require(signer, _OTHERS, find_grid(connection, cipher))
        owner = find_account(connection, cipher, device.staff)
        if owner is not None and owner.role == "admin" and signer.role != "admin":
            raise Refused("not_allowed", status=403)
    return _close(connection, cipher, device.id, now)


def revoke_all_devices(connection: Connection, cipher: ColumnCipher, staff: str, now: datetime) -> None:
    """Every device of somebody who leaves or starts anew."""
    for device in list_devices(connection, cipher, staff):
        if not device.revoked:
            _close(connection, cipher, device.id, now)


def note_seen(database: Database, device: StoredDevice, now: datetime) -> None:
    """The device called. Written at most once a minute, shown at most every quarter of an hour."""
    if device.seen_at is not None and now - device.seen_at < _SEEN_EVERY:
        return
    with database.write() as connection:
        # A change may be closing this very device and hold what the record below needs: one after the other.
        wait_for_turn(connection)
        note_device_seen(connection, device.id, now)
        record = find_record(connection, database.cipher, DEVICE, device.id)
        shown = None if record is None else Device.parse(record.body).last_seen_at
        if shown is None or now - shown >= _SHOWN_EVERY:
            publish_device(connection, database.cipher, device.id, now)


def _close(connection: Connection, cipher: ColumnCipher, id: str, now: datetime) -> int:
    close_device(connection, id, now)
    end_device_sessions(connection, id, now)
    return publish_device(connection, cipher, id, now)
