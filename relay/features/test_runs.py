"""What became of a test delivery, as the record that the person who asked for it sees. Requirement: SEG-10.

Nobody else is told: the record goes to the audience of that one person.
"""

from __future__ import annotations

from datetime import datetime

from protocol.deliveries import DeliveryNumbers
from protocol.sync import TestRun
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import find_record, list_ids, put_record, staff_audience

TEST_RUN = "test_run"
KEPT_PER_PERSON = 20
"""Older ones are removed; what a test came to is of interest for minutes, not for years."""


def begin_test_run(
    connection: Connection, cipher: ColumnCipher, id: str, *, asked_by: str, recipients: int, now: datetime
) -> int:
    """Publish a test under way, with the oldest ones beyond the limit removed; returns its version."""
    started = TestRun(asked_by=asked_by, recipients=recipients)
    version = _put(connection, cipher, id, started, now)
    for old in list_ids(connection, staff_audience(asked_by), TEST_RUN)[KEPT_PER_PERSON:]:
        put_record(
            connection,
            cipher,
            kind=TEST_RUN,
            id=old,
            body={},
            now=now,
            audiences=(staff_audience(asked_by),),
            removed=True,
        )
    return version


def publish_test_run(
    connection: Connection,
    cipher: ColumnCipher,
    id: str,
    numbers: DeliveryNumbers,
    *,
    finished: bool,
    reason: str,
    now: datetime,
) -> None:
    """Publish the numbers where they changed. One that was removed for newer ones stays so.

    `numbers` counts each language a person gets; told are people, and who lacks a language counts as lacking.
    """
    record = find_record(connection, cipher, TEST_RUN, id)
    if record is None or record.removed:
        return
    known = TestRun.parse(record.body)
    languages = max(1, numbers.recipients // max(1, known.recipients))
    refused = min(known.recipients, -(-numbers.refused // languages))
    facts = {
        "accepted": numbers.accepted // languages,
        "refused": refused,
        "unknown": min(known.recipients - refused, -(-numbers.unknown // languages)),
        "finished": finished,
        "reason": reason,
    }
    changed = known.model_copy(update=facts)
    if changed != known:
        _put(connection, cipher, id, changed, now)


def _put(connection: Connection, cipher: ColumnCipher, id: str, run: TestRun, now: datetime) -> int:
    return put_record(
        connection,
        cipher,
        kind=TEST_RUN,
        id=id,
        body=run.as_json(),
        now=now,
        audiences=(staff_audience(run.asked_by),),
    )
