"""What residents sent in (「届いたもの」): find, read, answer. Requirements: SEC-8, SEC-9, ADM-1.

Reading one is an entry of the audit log; it is put down before the content is handed out.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop.errors import CannotSeal, PhotoDamaged
from desktop.keys.keyring import KeyRing
from desktop.log import LOGGER
from desktop.replica.outbox import OutboxEntry
from desktop.replica.replica import Replica
from desktop.replica.submissions import Held, SubmissionQuery
from protocol.changes import ExportMade, SubmissionsOpened, SubmissionUpdate
from protocol.encoding import from_base64, to_base64
from protocol.sealed_files import FileDamaged, open_file
from protocol.sealing import CannotOpen, SealedHeader, SealedRecord, open_sealed, seal
from protocol.submissions import (
    CopyContent,
    ResidentCopy,
    StaffContent,
    SubmissionState,
    copy_bound_to,
)
from protocol.wire import MalformedMessage, canonical_bytes

STATES: tuple[SubmissionState, ...] = ("new", "working", "done")
READ_AGAIN = timedelta(minutes=1)
"""Looking at the same thing again within this time is the same opening."""
_NONCE_BYTES = 12
_COPY_SIZES = (1024, 4096, 16384)


@dataclass(frozen=True)
class Handling:
    """What staff decide about one submission: state, what stays inside, what the resident reads."""

    state: SubmissionState
    note: str = ""
    reply: str = ""

    def __repr__(self) -> str:
        return f"Handling({self.state})"


@dataclass(frozen=True)
class Conflict:
    """A colleague was quicker. `change`: the refused change; `mine` is what it wanted, None if unreadable."""

    change: str
    mine: Handling | None
    notify: bool


@dataclass
class Submissions:
    """`town` is the relay's id, `me` the person; `fetch` gives a file's ciphertext and may ask the relay."""

    replica: Replica
    ring: Callable[[], KeyRing]
    clock: Callable[[], datetime]
    town: str
    fetch: Callable[[str], bytes]
    me: str
    _read_at: dict[str, datetime] = field(default_factory=dict, repr=False)

    def page(self, query: SubmissionQuery) -> list[Held]:
        return self.replica.submissions.page(query)

    def count(self, query: SubmissionQuery) -> int:
        return self.replica.submissions.count(query)

    def counts(self) -> dict[str, int]:
        """How many there are in each state."""
        return self.replica.submissions.counts()

    def get(self, submission: str) -> Held | None:
        """One that a person has before the eyes already, as it is now."""
        return self.replica.submissions.get(submission)

    def open(self, submission: str) -> Held | None:
        """One of them, to be read by a person: the audit log learns of it (SEC-9)."""
        held = self.replica.submissions.get(submission)
        if held is None or held.unopened:
            return held
        now = self.clock()
        before = self._read_at.get(submission)
        if before is None or now - before >= READ_AGAIN:
            self.replica.outbox.put(
                "submissions.opened", SubmissionsOpened(submissions=(submission,)), based_on=0
            )
            self._read_at[submission] = now
        return held

    def handling(self, held: Held) -> Handling:
        """What staff decided last, including what is still on its way."""
        for entry in reversed(self._changes(held.id)):
            pending = self._handling_of(entry) if entry.state != "refused" else None
            if pending is not None:
                return pending
        return Handling(_state(held.state), held.note, held.reply)

    def update(self, held: Held, handling: Handling, *, notify: bool = False) -> str:
        """Leave state, note and reply in the outbox, sealed; returns the change's id. Raises CannotSeal.

        `notify`: tell the resident in the talk that there is news. The resident's copy is renewed with the
        reply where the resident's page made one.
        """
        held = self.newest_own(held)
        if held.unopened:
            raise CannotSeal  # for whom it is has not been verified
        readers = self.ring().readers(held.departments)
        if not readers or len(readers) < len(held.departments):
            raise CannotSeal
        now = self.clock()
        header = SealedHeader(
            town=self.town,
            part="staff",
            id=held.id,
            object=held.object,
            version=held.version,
            sealed_at=now,
            departments=held.departments,
        )
        content = StaffContent(note=handling.note, reply=handling.reply)
        return self.replica.outbox.put(
            "submission.update",
            SubmissionUpdate(
                submission=held.id,
                state=handling.state,
                staff_part=seal(header, content.as_json(), readers),
                renewed_copy=_renewed_copy(held, handling.reply, self._renewals(held.id)),
                notify=notify,
            ),
            based_on=held.version,
        )

    def newest_own(self, seen: Held) -> Held:
        """What was seen; or what is there now, where only this person's own changes lie between."""
        now = self.replica.submissions.get(seen.id)
        if now is None or now.updated_by != self.me or now.version == seen.version:
            return seen
        return now if seen.waiting and now.version <= seen.version + seen.waiting else seen

    def conflict(self, submission: str) -> Conflict | None:
        """The change a colleague's newer version refused, to be chosen about; None where there is none."""
        for entry in reversed(self._changes(submission)):
            if entry.state == "refused" and entry.reason == "version_conflict":
                assert isinstance(entry.payload, SubmissionUpdate)
                return Conflict(entry.id, self._handling_of(entry), entry.payload.notify)
        return None

    def rewrite(self, held: Held, conflict: Conflict) -> str:
        """「わたしの内容で書き直す」: the refused change once more, on top of what is there now."""
        if conflict.mine is None:
            raise CannotSeal
        self.replica.outbox.dismiss(conflict.change)
        return self.update(held, conflict.mine, notify=conflict.notify)

    def let_go(self, conflict: Conflict) -> None:
        """「いまの内容にする」."""
        self.replica.outbox.dismiss(conflict.change)

    def note_export(self, what: str, count: int) -> None:
        """Something left the program as a file: the audit log learns what and how many lines."""
        self.replica.outbox.put("export.made", ExportMade(what=what, count=count), based_on=0)

    def photo(self, held: Held, place: int) -> bytes:
        """A photo's plain bytes; may ask the relay. Raises PhotoDamaged and the troubles of the client."""
        manifest = held.files[place]
        try:
            return open_file(manifest, self.fetch(manifest.sha256))
        except (FileDamaged, ValueError):
            LOGGER.warning("a photo does not open")
            raise PhotoDamaged from None

    def _renewals(self, submission: str) -> int:
        """How many renewals of the resident's copy are on their way already."""
        entries = [entry for entry in self._changes(submission) if entry.state != "refused"]
        payloads = [entry.payload for entry in entries]
        return sum(isinstance(one, SubmissionUpdate) and one.renewed_copy is not None for one in payloads)

    def _changes(self, submission: str) -> list[OutboxEntry]:
        entries = self.replica.outbox.entries(record=("submission", submission))
        return [entry for entry in entries if entry.kind == "submission.update"]

    def _handling_of(self, entry: OutboxEntry) -> Handling | None:
        """What a change in the outbox says, opened again with the keys it was sealed for."""
        change = entry.payload
        assert isinstance(change, SubmissionUpdate)
        if change.staff_part is None:
            return Handling(change.state)
        content = self._opened(change.staff_part)
        return Handling(change.state, content.note, content.reply) if content else None

    def _opened(self, part: SealedRecord) -> StaffContent | None:
        try:
            return StaffContent.parse(open_sealed(part, self.ring().private_keys, town=self.town))
        except (CannotOpen, MalformedMessage):
            return None


def _renewed_copy(held: Held, reply: str, on_their_way: int) -> ResidentCopy | None:
    if not held.copy_key or not held.copy_version:
        return None
    version = held.copy_version + on_their_way + 1
    content = CopyContent(topic=held.topic, text=held.text, reply=reply, photos=len(held.files))
    nonce = secrets.token_bytes(_NONCE_BYTES)
    body = AESGCM(from_base64(held.copy_key)).encrypt(
        nonce, _padded(canonical_bytes(content.as_json())), copy_bound_to(held.id, version)
    )
    return ResidentCopy(version=version, nonce=to_base64(nonce), body=to_base64(body))


def _padded(content: bytes) -> bytes:
    """With spaces to 1, 4 or 16 KiB, as the resident's page does: the size tells little of the reply."""
    return content.ljust(next((size for size in _COPY_SIZES if len(content) <= size), len(content)))


def _state(code: str) -> SubmissionState:
    return next((state for state in STATES if state == code), "new")
