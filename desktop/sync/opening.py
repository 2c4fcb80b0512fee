"""Sealed records opened as they arrive, with the keys this person holds; what does not open says why.

A record counts only as what its seal says it is: part, id, form and departments must be those of the header.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from desktop.keys.keyring import KeyRing
from desktop.log import LOGGER
from desktop.replica.replica import Replica
from desktop.replica.submissions import Opened, Seen, stamp
from protocol.encoding import from_base64, to_base64
from protocol.keys import CannotUnwrap, hpke_open
from protocol.sealing import CannotOpen, SealedRecord, copy_keys_hash, open_sealed, record_hash
from protocol.submissions import COPY_KEY_BYTES, StaffContent, Submission, SubmittedContent, copy_key_info
from protocol.sync import Record
from protocol.wire import MalformedMessage

SUBMISSION = "submission"
_AT_ONCE = 1000

Keys = dict[str, EllipticCurvePrivateKey]


@dataclass
class Opening:
    """`ring` reads the keys as of the last round; `town` is the relay's id."""

    ring: Callable[[], KeyRing]
    town: str
    _tried: frozenset[str] = field(default=frozenset(), repr=False)
    _trying: frozenset[str] = field(default=frozenset(), repr=False)
    _reached: int = 0
    _again: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def open(self, records: Iterable[Record]) -> list[Seen]:
        """The submissions among the records, opened where they can be."""
        wanted = [record for record in records if record.kind == SUBMISSION]
        if not wanted:
            return []
        keys = self.ring().private_keys
        return [
            Seen(record.audience, record.id, record.seq, None if record.removed else self._one(record, keys))
            for record in wanted
        ]

    def open_again(self, replica: Replica) -> int:
        """Open what lay closed for want of a key once it has come, a portion a round; returns how many."""
        with self._again:
            if not self._reached and not replica.submissions.unopened(limit=1):
                return 0
            ring = self.ring()
            held = frozenset(ring.secrets)
            if held != self._trying:  # another key came in the middle: from the start with all of them
                self._trying, self._reached = held, 0
            if held <= self._tried:
                return 0
            rows = replica.submissions.unopened(after=self._reached, limit=_AT_ONCE)
            if not rows:
                self._tried, self._reached = held, 0
                return 0
            keys = ring.private_keys
            opened = [self.one(Submission.parse(sealed), version, keys) for _, version, sealed in rows]
            found = [one for one in opened if not one.unopened]
            with replica.store.writing() as connection:
                replica.submissions.renew(connection, found)
            self._reached = rows[-1][0]
            return len(found)

    @property
    def is_opening(self) -> bool:
        """Whether the next round has more of what lay closed to try."""
        return self._reached > 0

    def _one(self, record: Record, keys: Keys) -> Opened:
        try:
            submission = Submission.parse(record.body)
        except MalformedMessage as error:
            LOGGER.warning("a submission is malformed at %s", ",".join(error.places))
            return _unreadable(record)
        if submission.id != record.id:
            return _unreadable(record)
        return self.one(submission, record.version, keys)

    def one(self, submission: Submission, version: int, keys: Keys) -> Opened:
        """The row of one submission; with `unopened` set and no content where it cannot be read."""
        try:
            answer = SubmittedContent.parse(self._content(submission, submission.sealed, "answer", keys))
            part = submission.staff_part
            staff = StaffContent.parse(self._content(submission, part, "staff", keys)) if part else None
        except CannotOpen as error:
            return _row(submission, version, unopened=error.reason)
        except MalformedMessage:
            return _row(submission, version, unopened="record_damaged")
        return _row(submission, version, answer, staff or StaffContent(), _copy_key(submission, keys))

    def _content(
        self, submission: Submission, sealed: SealedRecord, part: str, keys: Keys
    ) -> dict[str, object]:
        header = sealed.header
        if (header.part, header.id, header.object) != (part, submission.id, submission.object):
            raise CannotOpen("record_damaged")
        if sorted(header.departments) != sorted(submission.departments):
            raise CannotOpen("record_damaged")  # a department added later would read the next reply
        return open_sealed(sealed, keys, town=self.town)


def _row(
    submission: Submission,
    version: int,
    answer: SubmittedContent | None = None,
    staff: StaffContent | None = None,
    copy_key: str = "",
    *,
    unopened: str = "",
) -> Opened:
    answer, staff = answer or SubmittedContent(), staff or StaffContent()
    return Opened(
        id=submission.id,
        version=version,
        number=submission.number,
        object=submission.object,
        title=submission.title,
        departments=submission.departments,
        received_at=stamp(submission.received_at),
        state=submission.state,
        resident=submission.resident,
        topic=answer.topic,
        text=answer.text,
        files=json.dumps([file.as_json() for file in answer.files]) if answer.files else "[]",
        note=staff.note,
        reply=staff.reply,
        copy_key=copy_key,
        copy_version=submission.copy_version,
        updated_at=stamp(submission.updated_at),
        updated_by=submission.updated_by,
        original=record_hash(submission.sealed),
        unopened=unopened,
        sealed=submission.model_dump_json() if unopened else "",
    )


def _unreadable(record: Record) -> Opened:
    """Something arrived that is no submission we know: listed, so that nothing is silent."""
    never = stamp(datetime.fromtimestamp(0, UTC))
    return Opened(
        id=record.id, version=record.version, number="", object="", title="", departments=(),
        received_at=never, state="new", unopened="record_damaged",
    )  # fmt: skip


def _copy_key(submission: Submission, keys: Keys) -> str:
    """The resident copy's key, base64; empty where the resident's page sealed none to a key held here.

    Only wraps the seal names count: others could hold a key of the relay's own, which would then read the
    reply.
    """
    told = submission.sealed.header.copy_keys
    if not told or told != copy_keys_hash(submission.copy_wraps):
        return ""
    for id, wrap in submission.copy_wraps.items():
        if id not in keys:
            continue
        try:
            key = hpke_open(from_base64(wrap), keys[id], copy_key_info(submission.id))
        except (CannotUnwrap, ValueError):
            continue
        if len(key) == COPY_KEY_BYTES:
            return to_base64(key)
    return ""
