"""What residents send in (「届いたもの」): sealed the moment it arrives, numbered, moved on by staff.

The plain text lives in the caller's request and in no store, log or error. Requirements: SEC-8, FORM-9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from protocol.changes import SubmissionsOpened, SubmissionUpdate
from protocol.encoding import from_base64
from protocol.ids import is_id, new_id
from protocol.items import SegmentItem, japan_year
from protocol.my_number import holds_my_number
from protocol.rights import CHANGE_NEEDS, Level, inbox_audience, reaches
from protocol.sealing import SUITE, SealedHeader, SealedRecord, copy_keys_hash, seal
from protocol.staff import StaffMember
from protocol.submissions import (
    TEXT_LIMIT,
    ResidentCopy,
    Submission,
    SubmittedContent,
    find_content_problems,
)
from protocol.sync import Record
from relay.errors import Refused
from relay.features.contact_forms import CONTACT_FORM, find_form
from relay.features.copies import GivenCopy, check_copy
from relay.features.files import keep_sealed
from relay.features.items import ITEM
from relay.features.keys import list_keys, readers_for
from relay.features.rights import find_grid, require
from relay.features.throttles import Throttle
from relay.features.versions import check_version
from relay.store.changes import wait_for_turn
from relay.store.chunks import drop_chunks_with
from relay.store.cipher import ColumnCipher
from relay.store.counters import next_number
from relay.store.database import Connection, Database
from relay.store.jobs import add_job
from relay.store.records import find_record, find_version, list_some, put_record
from relay.store.residents import Resident
from relay.store.submissions import (
    StoredSubmission,
    add_copy,
    add_submission,
    find_copy,
    find_submission,
    renew_copy,
    set_submission_state,
)

SUBMISSION = "submission"
TELL_RESIDENT = "tell_resident"
OPENED_LIMIT = 500
_SIGNS_LIMIT = 4 * TEXT_LIMIT
_SEALED_LIMIT = 512 * 1024
_NONCE_BYTES = 12

BY_RESIDENT = Throttle("submission resident", limit=10, window=timedelta(hours=1))
BY_ADDRESS = Throttle("submission address", limit=300, window=timedelta(hours=1))
"""A phone company puts thousands of residents behind one address, so it takes far more."""


@dataclass(frozen=True)
class Arrived:
    """What one resident sends. `object`: `contact:<form>` or `item:<item>`; `id`: handed out by the page."""

    id: str
    object: str
    title: str
    departments: tuple[str, ...]
    content: SubmittedContent = field(repr=False)
    copy: GivenCopy | None = field(default=None, repr=False)
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    """Sealed files the content names, under their names."""


def find_word_troubles(topic: str, text: str) -> dict[str, str]:
    """Why these words cannot be taken: field → code of `find_content_problems`, or `my_number`."""
    troubles = {problem.at: problem.code for problem in find_content_problems({"topic": topic, "text": text})}
    for at, words in (("topic", topic), ("text", text)):
        if len(words) > _SIGNS_LIMIT:  # marks piled upon one letter count as one character
            troubles[at] = "text_too_long"
        if holds_my_number(words):
            troubles[at] = "my_number"
    return troubles


def receive(
    connection: Connection,
    database: Database,
    arrived: Arrived,
    resident: Resident,
    now: datetime,
    *,
    address: str,
) -> StoredSubmission:
    """Seal and number it, in a transaction of its own. The same id again changes nothing.

    Raises Refused: `throttled`, `no_department_key`, `malformed` for an id that is somebody else's.
    """
    cipher = database.cipher
    # First of all locks: whatever else writes several streams waits here too, so no two can block each other.
    wait_for_turn(connection)
    if not is_id(arrived.id):
        raise Refused("malformed", status=400)
    known = find_submission(connection, arrived.id)
    if known is not None:
        if known.resident != resident.no or known.object != arrived.object:
            raise Refused("malformed", status=400)
        return known
    for throttle, who in ((BY_RESIDENT, resident.id), (BY_ADDRESS, address)):
        throttle.check(connection, cipher, who, now)
        throttle.count_failure(connection, cipher, who, now)
    readers = readers_for(connection, cipher, arrived.departments)
    year = japan_year(now)
    stored = StoredSubmission(
        id=arrived.id,
        resident=resident.no,
        object=arrived.object,
        number=f"{year}-{next_number(connection, f'submissions {year}'):06}",
        received_at=now,
        state="new",
    )
    copy = None if arrived.copy is None else arrived.copy.only_for(readers)
    departments = tuple(sorted(set(arrived.departments)))
    header = SealedHeader(
        town=database.relay_id,
        part="answer",
        id=arrived.id,
        object=arrived.object,
        version=_object_version(connection, arrived.object),
        sealed_at=now,
        departments=departments,
        copy_keys="" if copy is None else copy_keys_hash(copy.wraps),
    )
    submission = Submission(
        id=arrived.id,
        number=stored.number,
        object=arrived.object,
        title=arrived.title,
        departments=departments,
        received_at=now,
        resident=resident.id,
        sealed=seal(header, arrived.content.as_json(), readers),
        copy_wraps={} if copy is None else dict(copy.wraps),
        copy_version=0 if copy is None else 1,
    )
    add_submission(connection, stored)
    if copy is not None:
        add_copy(connection, arrived.id, ResidentCopy(version=1, nonce=copy.nonce, body=copy.body))
    for name, sealed in arrived.files:
        keep_sealed(connection, cipher, name, sealed, now)
    _put(connection, cipher, submission, now)
    return stored


def update_submission(
    connection: Connection,
    cipher: ColumnCipher,
    change: SubmissionUpdate,
    based_on: int,
    now: datetime,
    *,
    signer: StaffMember,
    relay_id: str,
) -> int:
    """State, what staff wrote, the resident's copy. Raises Refused; see `docs/architecture.md`, "Changes"."""
    record = find_record(connection, cipher, SUBMISSION, change.submission)
    if record is None:
        raise Refused("not_found")
    submission = Submission.parse(record.body)
    need = CHANGE_NEEDS["submission.update"]
    require(signer, need, find_grid(connection, cipher), submission.departments)
    if not _reaches_object(connection, cipher, submission, signer, need.level):
        raise Refused("not_allowed", status=403)
    check_version(record, based_on)  # after the rights: a stranger must not learn how often it changed
    values: dict[str, object] = {"state": change.state, "updated_at": now, "updated_by": signer.id}
    if change.staff_part is not None:
        _check_staff_part(connection, cipher, submission, change.staff_part, relay_id)
        values["staff_part"] = change.staff_part
    if change.renewed_copy is not None:
        _renew(connection, submission, change.renewed_copy)
        values["copy_version"] = change.renewed_copy.version
    set_submission_state(connection, submission.id, change.state)
    if change.notify:
        # The retry key is stored with the job before LINE is called: all tries of it are one message.
        subject = f"{submission.id}/{new_id(now)}"
        add_job(connection, id=new_id(now), kind=TELL_RESIDENT, subject=subject, run_at=now)
    return _put(connection, cipher, submission.model_copy(update=values), now)


def note_opened(
    connection: Connection, cipher: ColumnCipher, change: SubmissionsOpened, *, signer: StaffMember
) -> int:
    """Nothing but the check that each is of the signer's departments; the audit log keeps the rest."""
    if len(change.submissions) > OPENED_LIMIT:
        raise Refused("malformed")
    list_originals(connection, cipher, change.submissions, member=signer)
    return 0


def list_originals(
    connection: Connection, cipher: ColumnCipher, ids: Sequence[str], *, member: StaffMember
) -> list[Record]:
    """The sealed submissions behind these ids. Raises Refused `not_allowed` unless all are of the person's
    departments; an id that nobody has is no different, so that nobody learns which exist.
    """
    wanted = set(ids)
    if not wanted:
        raise Refused("malformed", status=400)
    audiences = [inbox_audience(department) for department in member.departments]
    found = list_some(connection, cipher, kind=SUBMISSION, ids=sorted(wanted), audiences=audiences)
    if len(found) != len(wanted):
        raise Refused("not_allowed", status=403)
    return found


def _check_staff_part(
    connection: Connection, cipher: ColumnCipher, submission: Submission, part: SealedRecord, relay_id: str
) -> None:
    header = part.header
    if header.suite != SUITE:
        raise Refused("other_suite")
    if header.town != relay_id:
        raise Refused("other_town")
    if (header.part, header.id, header.object) != ("staff", submission.id, submission.object):
        raise Refused("malformed")
    if header.departments != submission.departments:
        raise Refused("malformed")
    try:
        sizes = [len(from_base64(text)) for text in (part.nonce, part.body, *part.wraps.values())]
    except ValueError:
        raise Refused("malformed") from None
    if sizes[0] != _NONCE_BYTES or sum(sizes) > _SEALED_LIMIT:
        raise Refused("malformed")
    _check_wrapped_for(connection, cipher, submission.departments, part.wraps)


def _check_wrapped_for(
    connection: Connection, cipher: ColumnCipher, departments: Sequence[str], wraps: Mapping[str, str]
) -> None:
    """Raises Refused `key_unknown` for a wrap to a key not theirs or replaced, `key_missing` without one."""
    in_use = {
        key.id: key.department
        for key in list_keys(connection, cipher)
        if not key.retired and key.department in departments
    }
    if not wraps.keys() <= in_use.keys():
        raise Refused("key_unknown")
    # A department that was removed has no key any more, and nobody left to read.
    if not wraps or {in_use[id] for id in wraps} != set(in_use.values()):
        raise Refused("key_missing")


def _renew(connection: Connection, submission: Submission, copy: ResidentCopy) -> None:
    if find_copy(connection, submission.id) is None:
        raise Refused("not_found")
    if copy.version != submission.copy_version + 1:
        raise Refused("version_conflict")
    check_copy(copy.nonce, copy.body)
    renew_copy(connection, submission.id, copy)


def _put(connection: Connection, cipher: ColumnCipher, submission: Submission, now: datetime) -> int:
    drop_chunks_with(connection, SUBMISSION, submission.id)
    return put_record(
        connection,
        cipher,
        kind=SUBMISSION,
        id=submission.id,
        body=submission.as_json(),
        now=now,
        audiences=map(inbox_audience, submission.departments),
    )


def _object_version(connection: Connection, object: str) -> int:
    kind, _, id = object.partition(":")
    return find_version(connection, CONTACT_FORM if kind == "contact" else ITEM, id)


def _reaches_object(
    connection: Connection, cipher: ColumnCipher, submission: Submission, signer: StaffMember, level: Level
) -> bool:
    """Whether form or question gives one of the person's departments this level; a removed one gives it."""
    kind, _, id = submission.object.partition(":")
    access: Mapping[str, Level] | None = None
    if kind == "contact":
        form = find_form(connection, cipher, id)
        access = None if form is None else form.access
    else:
        record = find_record(connection, cipher, ITEM, id)
        access = None if record is None or record.removed else SegmentItem.parse(record.body).access
    if access is None:
        return True
    own = set(signer.departments) & set(submission.departments)
    # A department the form no longer names keeps what it received while it did.
    return any(reaches(access.get(department, level), level) for department in own)
