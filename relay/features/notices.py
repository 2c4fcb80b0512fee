"""Notices for administrators: security events and trouble ahead, one a day for each matter.

`raise_notice` is for whoever writes anyway. `NoticeBoard` gathers what happens at doors where nothing may be
written for a stranger, and writes it now and then. Requirements: SEC-5, ADM-5.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from protocol.audit import AuditQuery, Notice
from protocol.changes import NoticeDismiss
from protocol.rights import ADMINS
from relay.errors import Refused, StoreUnavailable
from relay.features.news import NewsBell
from relay.store.audit import search_entries
from relay.store.changes import wait_for_turn
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection, Database
from relay.store.records import find_record, put_record

NOTICE = "notice"
SIGN_IN_THROTTLED = "sign_in_throttled"
ADDRESS_REFUSED = "address_refused"
MANY_OPENINGS = "many_openings"
CHANGE_FORGED = "change_forged"
CERTIFICATE_EXPIRES = "certificate_expires"
DISK_NEARLY_FULL = "disk_nearly_full"
WEBHOOK_FORGED = "webhook_forged"
EMERGENCY_SENDING = "emergency_sending"
DELIVERY_PAUSED = "delivery_paused"
DELIVERY_SKIPPED = "delivery_skipped"
DELIVERY_GROWN = "delivery_grown"
DELIVERY_NOT_STARTED = "delivery_not_started"

MANY_OPENED = 200
_WATCHED = timedelta(hours=1)
_ENTRIES_WATCHED = 1000
_JAPAN = ZoneInfo("Asia/Tokyo")
_SUBJECTS_AT_ONCE = 200
_AGAIN_AFTER = timedelta(minutes=1)
_log = logging.getLogger(__name__)


def raise_notice(
    connection: Connection,
    cipher: ColumnCipher,
    code: str,
    subject: str,
    now: datetime,
    *,
    times: int = 1,
    of: str = "",
    shown: str = "",
) -> Notice:
    """Count it to today's notice of this code and subject, or make one. One dismissed comes back.

    `of` takes the day's place in what is merged: what was raised once for it is one notice for good. `shown`
    stands as the subject where what is shown may differ from what is merged by.
    """
    id = notice_id(cipher, code, subject, of or _day(now))
    known = find_notice(connection, cipher, id)
    if known is None:
        notice = Notice(id=id, code=code, subject=shown or subject, count=times, first_at=now, last_at=now)
    else:
        notice = known.model_copy(
            update={"count": known.count + times, "last_at": max(known.last_at, now), "dismissed_by": ""}
        )
    _put(connection, cipher, notice, now)
    return notice


def raise_once(
    connection: Connection, cipher: ColumnCipher, code: str, subject: str, now: datetime, *, of: str = ""
) -> bool:
    """Make the notice unless it exists, dismissed or not; whether it was made."""
    if find_notice(connection, cipher, notice_id(cipher, code, subject, of or _day(now))) is not None:
        return False
    raise_notice(connection, cipher, code, subject, now, of=of)
    return True


def notice_many_openings(
    connection: Connection, cipher: ColumnCipher, staff: str, more: int, now: datetime
) -> None:
    """Raise a notice when one person opened more than `MANY_OPENED` within an hour, with these `more`."""
    query = AuditQuery(staff=staff, kinds=("submissions.opened",), since=now - _WATCHED)
    entries = search_entries(connection, query, _ENTRIES_WATCHED)
    opened = more + sum(len(entry.object.split()) for entry in entries if entry.outcome == "applied")
    if opened > MANY_OPENED:
        raise_notice(connection, cipher, MANY_OPENINGS, staff, now)


def todays_notice(
    connection: Connection, cipher: ColumnCipher, code: str, subject: str, now: datetime
) -> Notice | None:
    return find_notice(connection, cipher, notice_id(cipher, code, subject, _day(now)))


def find_notice(connection: Connection, cipher: ColumnCipher, id: str) -> Notice | None:
    record = find_record(connection, cipher, NOTICE, id)
    return None if record is None or record.removed else Notice.parse(record.body)


def notice_id(cipher: ColumnCipher, code: str, subject: str, of: str) -> str:
    """The subject may be an address: the id holds a keyed hash of it."""
    return f"{code}-{cipher.index('notices.subject', f'{of} {subject}')[:12].hex()}"


def dismiss_notice(
    connection: Connection, cipher: ColumnCipher, change: NoticeDismiss, staff: str, now: datetime
) -> int:
    """Somebody looked at it; returns the record's version. Raises Refused `not_found`."""
    known = find_notice(connection, cipher, change.notice) if "\0" not in change.notice else None
    if known is None:
        raise Refused("not_found")
    return _put(connection, cipher, known.model_copy(update={"dismissed_by": staff}), now)


def _put(connection: Connection, cipher: ColumnCipher, notice: Notice, now: datetime) -> int:
    return put_record(
        connection, cipher, kind=NOTICE, id=notice.id, body=notice.as_json(), now=now, audiences=(ADMINS,)
    )


def _day(now: datetime) -> str:
    return now.astimezone(_JAPAN).date().isoformat()


class NoticeBoard:
    """Gathers in memory and writes when told to: each matter at once, and then at most once a minute.

    `note` may be called from any thread and writes nothing, so that strangers cannot keep the disk busy.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime], bell: NewsBell) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._lock = threading.Lock()
        self._waiting: Counter[tuple[str, str]] = Counter()
        self._written: dict[tuple[str, str], datetime] = {}

    def note(self, code: str, subject: str) -> None:
        with self._lock:
            key = (code, subject)
            if key not in self._waiting and len(self._waiting) >= _SUBJECTS_AT_ONCE:
                key = (code, "")  # too many to name each
            self._waiting[key] += 1

    def flush(self, *, everything: bool = False) -> None:
        """Write what is due. Raises StoreUnavailable, and then keeps what it had."""
        now = self._clock()
        due = self._take_due(now, everything=everything)
        if not due:
            return
        try:
            with self._database.write() as connection:
                wait_for_turn(connection)  # two processes count to the same notice
                for (code, subject), times in sorted(due.items()):
                    raise_notice(connection, self._database.cipher, code, subject, now, times=times)
        except StoreUnavailable:
            with self._lock:
                self._waiting.update(due)
            raise
        self._bell.ring()

    def _take_due(self, now: datetime, *, everything: bool) -> dict[tuple[str, str], int]:
        with self._lock:
            self._written = {key: at for key, at in self._written.items() if now - at < _AGAIN_AFTER}
            due = {
                key: times for key, times in self._waiting.items() if everything or key not in self._written
            }
            for key in due:
                del self._waiting[key]
                self._written[key] = now
        return due
