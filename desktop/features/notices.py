"""What administrators should look at: throttled sign-ins, refused addresses, many openings (ADM-5, SEC-5)."""

from __future__ import annotations

from desktop.replica.replica import Replica
from protocol.audit import Notice
from protocol.changes import NoticeDismiss


class Notices:
    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def open(self) -> list[Notice]:
        """Those nobody has seen to, latest first."""
        gone = {
            entry.record_id
            for entry in self._replica.outbox.entries()
            if entry.kind == "notice.dismiss" and entry.state != "refused"
        }
        notices = self._replica.records.all("notice", Notice)
        return sorted(
            (notice for notice in notices if not notice.dismissed_by and notice.id not in gone),
            key=lambda notice: notice.last_at,
            reverse=True,
        )

    def dismiss(self, notice: str) -> None:
        self._replica.outbox.put("notice.dismiss", NoticeDismiss(notice=notice), based_on=0)
