"""Confirming a delivery, testing it, going on with it.

It is frozen in `freezing.py`; the calls are in `jobs/deliver.py`.

Source: design "Events in, messages out". Requirements: SEG-5 (now), SEG-7, SEG-10.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from protocol.changes import Change
from protocol.deliveries import (
    Delivery,
    DeliveryNumbers,
    DeliveryState,
    find_draft_problems,
    find_sending_problems,
)
from protocol.delivery_changes import DeliveryResume, DeliverySend, DeliveryTest
from protocol.message_limits import find_message_problems
from protocol.staff import StaffMember
from protocol.wire import Wire
from relay.errors import Refused
from relay.features.deliveries import DELIVERY, find_delivery, put_delivery
from relay.features.freezing import Freezing, has_grown_too_much, member_bytes, new_batch
from relay.features.items import list_items
from relay.features.ledger import publish_progress
from relay.features.quota import QuotaReader
from relay.features.segments import SegmentIndex
from relay.features.test_runs import begin_test_run
from relay.line.multicast import MEMBERS_LIMIT
from relay.store.batches import add_batches
from relay.store.database import Connection, Database
from relay.store.records import find_version
from relay.store.runs import (
    add_run,
    add_texts,
    begin_run,
    count_people_under_way,
    resume_run,
)
from relay.store.test_accounts import find_test_accounts


class Sending:
    """The changes that make LINE calls happen, and the job between them and the first call."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        index: SegmentIndex,
        quota: QuotaReader,
        freezing: Freezing,
    ) -> None:
        self._database = database
        self._clock = clock
        self._index = index
        self._quota = quota
        self.freezing = freezing

    def send(self, change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        """`delivery.send`: everything that may refuse it is looked at before anything is written."""
        assert isinstance(payload, DeliverySend)
        with self._database.read() as connection:
            delivery = self._find_sendable(connection, payload.delivery, change.based_on)
            problems = find_draft_problems(delivery.draft, list_items(connection, self._database.cipher))
        if problems:
            raise Refused(problems[0].code)
        count = self._index.count(delivery.draft.segment)
        still_fits = self._check_quota(count)
        if has_grown_too_much(payload.recipients_seen, count):
            raise Refused("count_changed")
        return lambda connection: self._confirm(connection, change, payload.delivery, count, still_fits)

    def test(self, change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        """`delivery.test`: by push to the named staff members' own accounts, marked as a test."""
        assert isinstance(payload, DeliveryTest)
        problems = find_message_problems(payload.draft.messages, as_test=True)
        if problems:
            raise Refused(problems[0].code)
        if not 0 < len(payload.draft.id) <= 36 or "\0" in payload.draft.id:
            raise Refused("malformed")
        if not self._quota.is_configured:
            raise Refused("line_not_configured")
        return lambda connection: self._begin_test(connection, change, payload)

    def resume(self, change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        """`delivery.resume`: those who still wait get it; their batches keep their keys."""
        assert isinstance(payload, DeliveryResume)
        with self._database.read() as connection:
            delivery = self._find_paused(connection, payload.delivery, change.based_on)
        self._quota.forget()  # what LINE said before it stopped us is no guide
        still_fits = self._check_quota(delivery.numbers.waiting)
        return lambda connection: self._go_on(connection, change, payload.delivery, still_fits)

    def _check_quota(self, people: int) -> Callable[[Connection], None]:
        """Raises Refused when LINE cannot be asked, or does not allow so many more people this month.

        Returns the same check for the transaction that confirms: two deliveries confirmed side by side must
        not share one rest.
        """
        answer, asked_at = self._quota.answer_with_time()
        quota = answer.quota
        if quota is None:
            raise Refused(answer.reason or "quota_unknown")

        def check(connection: Connection) -> None:
            promised = quota.used + count_people_under_way(connection, since=asked_at)
            problems = find_sending_problems(people, quota.model_copy(update={"used": promised}))
            if problems:
                raise Refused(problems[0].code)

        with self._database.read() as connection:
            check(connection)
        return check

    def _find_sendable(self, connection: Connection, id: str, based_on: int) -> Delivery:
        return self._find(connection, id, based_on, state="draft", otherwise="already_sent")

    def _find_paused(self, connection: Connection, id: str, based_on: int) -> Delivery:
        return self._find(connection, id, based_on, state="paused", otherwise="not_paused")

    def _find(
        self, connection: Connection, id: str, based_on: int, *, state: DeliveryState, otherwise: str
    ) -> Delivery:
        """The delivery in this state and version. Raises Refused, with `otherwise` for another state."""
        found = find_delivery(connection, self._database.cipher, id)
        if found is None:
            raise Refused("not_found")
        record, delivery = found
        if delivery.state != state:
            raise Refused(otherwise)
        if record.version != based_on:
            raise Refused("version_conflict")
        return delivery

    def _go_on(
        self, connection: Connection, change: Change, id: str, still_fits: Callable[[Connection], None]
    ) -> int:
        self._find_paused(connection, id, change.based_on)
        still_fits(connection)
        if not resume_run(connection, id):
            raise Refused("not_paused")
        publish_progress(connection, self._database, id, self._clock())
        return find_version(connection, DELIVERY, id)

    def _confirm(
        self,
        connection: Connection,
        change: Change,
        id: str,
        count: int,
        still_fits: Callable[[Connection], None],
    ) -> int:
        now = self._clock()
        delivery = self._find_sendable(connection, id, change.based_on)
        still_fits(connection)
        draft = delivery.draft
        self.freezing.check_files(connection, draft)
        state: DeliveryState = "queued"
        queued = delivery.model_copy(
            update={
                "state": state,
                "sent_by": change.staff,
                "confirmed_at": now,
                "numbers": DeliveryNumbers(recipients=count, waiting=count),
            }
        )
        version = put_delivery(connection, self._database.cipher, queued, now)
        self.freezing.queue(connection, draft, recipients=count, now=now)
        return version

    def _begin_test(self, connection: Connection, change: Change, payload: DeliveryTest) -> int:
        """Returns the version of the record that tells what came of it."""
        now = self._clock()
        accounts = find_test_accounts(connection, payload.staff[:MEMBERS_LIMIT])
        if not payload.staff or any(staff not in accounts for staff in payload.staff):
            raise Refused("no_test_account")
        messages = self.freezing.freeze_test(connection, payload.draft, now)
        add_run(
            connection,
            id=change.id,
            kind="test",
            delivery=payload.draft.id,
            silent=False,
            recipients=0,
            now=now,
        )
        add_texts(connection, self._database.cipher, change.id, [messages])
        people = sorted(set(accounts.values()))
        batches = [new_batch(no, "push", member_bytes(number)) for no, number in enumerate(people)]
        add_batches(connection, change.id, batches)
        begin_run(connection, change.id, recipients=len(people), now=now)
        return begin_test_run(
            connection,
            self._database.cipher,
            change.id,
            asked_by=change.staff,
            recipients=len(people),
            now=now,
        )
