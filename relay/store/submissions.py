"""What residents sent in, as far as the relay knows it: number, date, state, copies it cannot open.

SQL only. The sealed record itself is in `records`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from protocol.submissions import ResidentCopy, SubmissionState
from relay.store.sealed_tables import resident_copies, submissions


@dataclass(frozen=True)
class StoredSubmission:
    """`resident`: `residents.no`, None once the person is gone."""

    id: str
    resident: int | None
    object: str
    number: str
    received_at: datetime
    state: SubmissionState


def add_submission(connection: Connection, submission: StoredSubmission) -> None:
    """Raises IntegrityError when the id is taken."""
    connection.execute(
        insert(submissions).values(
            id=submission.id,
            resident=submission.resident,
            object=submission.object,
            number=submission.number,
            received_at=submission.received_at,
            state=submission.state,
        )
    )


def find_submission(connection: Connection, id: str) -> StoredSubmission | None:
    row = connection.execute(select(submissions).where(submissions.c.id == id)).one_or_none()
    return None if row is None else StoredSubmission(**row._mapping)


def list_submissions_of(
    connection: Connection, resident: int, *, object: str = "", limit: int
) -> list[StoredSubmission]:
    """What one person sent, the newest first; `object` narrows to one form or question."""
    query = select(submissions).where(submissions.c.resident == resident)
    if object:
        query = query.where(submissions.c.object == object)
    rows = connection.execute(query.order_by(submissions.c.received_at.desc()).limit(limit))
    return [StoredSubmission(**row._mapping) for row in rows]


def count_submissions_to(connection: Connection, object: str) -> int:
    query = select(func.count()).select_from(submissions).where(submissions.c.object == object)
    return connection.execute(query).scalar_one()


def set_submission_state(connection: Connection, id: str, state: SubmissionState) -> None:
    connection.execute(update(submissions).where(submissions.c.id == id).values(state=state))


def add_copy(connection: Connection, submission: str, copy: ResidentCopy) -> None:
    connection.execute(
        insert(resident_copies).values(
            submission=submission, version=copy.version, nonce=copy.nonce, body=copy.body
        )
    )


def renew_copy(connection: Connection, submission: str, copy: ResidentCopy) -> None:
    connection.execute(
        update(resident_copies)
        .where(resident_copies.c.submission == submission)
        .values(version=copy.version, nonce=copy.nonce, body=copy.body)
    )


def find_copy(connection: Connection, submission: str) -> ResidentCopy | None:
    row = connection.execute(
        select(resident_copies.c.version, resident_copies.c.nonce, resident_copies.c.body).where(
            resident_copies.c.submission == submission
        )
    ).one_or_none()
    return None if row is None else ResidentCopy(**row._mapping)
