"""Devices (「端末」): which machines are enrolled, and taking one out. Requirements: ADM-5, SEC-1."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.features.staff import Staff
from desktop.replica.replica import Replica
from protocol.changes import DeviceRevoke
from protocol.sync import Device


@dataclass(frozen=True)
class ShownDevice:
    """One row. `here`: the machine this program runs on. `going`: its revocation is on the way.

    `refused`: why the relay did not take it, else empty.
    """

    device: Device
    person: str
    mine: bool
    here: bool
    going: bool = False
    refused: str = ""


class Devices:
    """`here`: the id of this machine."""

    def __init__(self, replica: Replica, staff: Staff, here: str) -> None:
        self._replica = replica
        self._staff = staff
        self._here = here

    def all(self) -> list[ShownDevice]:
        """Those this person may see: own ones first, then by person; revoked ones last."""
        names = {member.id: member.display_name for member in self._staff.all()}
        me = self._staff.me().id
        pending = {
            entry.record_id: entry
            for entry in self._replica.outbox.entries()
            if entry.kind == "device.revoke"
        }
        shown = []
        for device in self._replica.records.all("device", Device):
            entry = pending.get(device.id)
            refused = entry.reason if entry is not None and entry.state == "refused" else ""
            shown.append(
                ShownDevice(
                    device=device,
                    person=names.get(device.staff, ""),
                    mine=device.staff == me,
                    here=device.id == self._here,
                    going=entry is not None and not refused and not device.revoked,
                    refused=refused,
                )
            )
        return sorted(
            shown,
            key=lambda row: (
                row.device.revoked, not row.here, not row.mine, row.person, row.device.added_at,
            ),
        )  # fmt: skip

    def revoke(self, device: str) -> None:
        """It gets no answer any more once the relay has taken the change."""
        self._replica.outbox.put("device.revoke", DeviceRevoke(device=device), based_on=0)
