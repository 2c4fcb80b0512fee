"""What staff do about sending: the changes together, and tests to their own accounts.

Confirming is in `confirming.py`, a second person's yes in `approval.py`, stopping in `stopping.py`; what
waits for its moment goes on in `moments.py`, is frozen in `freezing.py`, and the calls are in
`jobs/deliver.py`.

Source: design "Events in, messages out". Requirements: SEG-5, SEG-7, SEG-10, SEG-12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from protocol.changes import Change
from protocol.deliveries import find_content_problems
from protocol.delivery_changes import (
    DeliveryAsk,
    DeliveryReturn,
    DeliveryTest,
    HolidaysSave,
    SendingRulesSave,
)
from protocol.staff import StaffMember
from protocol.wire import Wire
from relay.errors import Refused
from relay.features.approval import ask_approval, give_back
from relay.features.changes import Stages
from relay.features.confirming import Confirming
from relay.features.deliveries import DELIVERY
from relay.features.freezing import Freezing, member_bytes, new_batch
from relay.features.quota import QuotaReader
from relay.features.segments import SegmentIndex
from relay.features.sending_rules import save_holidays, save_rules
from relay.features.stopping import Stopping
from relay.features.test_runs import begin_test_run
from relay.line.multicast import MEMBERS_LIMIT
from relay.store.batches import add_batches
from relay.store.database import Connection, Database
from relay.store.records import find_record
from relay.store.runs import add_run, add_texts, begin_run, find_run
from relay.store.test_accounts import find_test_accounts


class Sending:
    """The changes that make LINE calls happen or keep them from happening."""

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
        self._quota = quota
        self.freezing = freezing
        self.confirming = Confirming(database, clock, index, quota, freezing)
        self.stopping = Stopping(database, clock, quota)

    def changes(self) -> Mapping[str, Stages]:
        """Every kind of change about sending, and what applies it."""
        return {
            "delivery.test": self.test,
            "delivery.ask": self._ask,
            "delivery.return": self._give_back,
            "delivery.send": self.confirming.send,
            "delivery.stop": self.stopping.stop,
            "delivery.resume": self.stopping.resume,
            "delivery.cancel": self.stopping.cancel,
            "delivery.archive": self.stopping.archive,
            "sending_rules.save": self._save_rules,
            "holidays.save": self._save_holidays,
        }

    def test(self, change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        """`delivery.test`: by push to the named staff members' own accounts, marked as a test."""
        assert isinstance(payload, DeliveryTest)
        problems = find_content_problems(payload.draft, as_test=True)
        if problems:
            raise Refused(problems[0].code)
        if not 0 < len(payload.draft.id) <= 36 or "\0" in payload.draft.id:
            raise Refused("malformed")
        if not self._quota.is_configured:
            raise Refused("line_not_configured")
        return lambda connection: self._begin_test(connection, change, payload)

    def _ask(self, change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        assert isinstance(payload, DeliveryAsk)
        self.confirming.check_written(payload.delivery, change.based_on)
        cipher = self._database.cipher
        return lambda connection: ask_approval(connection, cipher, change, payload, self._clock())

    def _give_back(
        self, change: Change, payload: Wire, signer: StaffMember, /
    ) -> Callable[[Connection], int]:
        assert isinstance(payload, DeliveryReturn)
        cipher = self._database.cipher
        return lambda connection: give_back(connection, cipher, change, payload, self._clock())

    def _save_rules(
        self, change: Change, payload: Wire, signer: StaffMember, /
    ) -> Callable[[Connection], int]:
        assert isinstance(payload, SendingRulesSave)
        cipher, based_on = self._database.cipher, change.based_on
        return lambda connection: save_rules(connection, cipher, payload, based_on, self._clock())

    def _save_holidays(
        self, change: Change, payload: Wire, signer: StaffMember, /
    ) -> Callable[[Connection], int]:
        assert isinstance(payload, HolidaysSave)
        cipher, based_on = self._database.cipher, change.based_on
        return lambda connection: save_holidays(connection, cipher, payload, based_on, self._clock())

    def _begin_test(self, connection: Connection, change: Change, payload: DeliveryTest) -> int:
        """Returns the version of the record that tells what came of it."""
        now = self._clock()
        taken = find_record(connection, self._database.cipher, DELIVERY, change.id) is not None
        if taken or find_run(connection, change.id) is not None:
            raise Refused("duplicate_id")  # its run would stand in the way of that delivery's
        accounts = find_test_accounts(connection, payload.staff[:MEMBERS_LIMIT])
        if not payload.staff or any(staff not in accounts for staff in payload.staff):
            raise Refused("no_test_account")
        texts = self.freezing.freeze_test(connection, payload.draft, now)
        add_run(
            connection,
            id=change.id,
            kind="test",
            delivery=payload.draft.id,
            silent=False,
            recipients=0,
            now=now,
        )
        add_texts(connection, self._database.cipher, change.id, texts)
        people = sorted(set(accounts.values()))
        pushes = [(text, number) for text in range(len(texts)) for number in people]
        batches = [
            new_batch(no, "push", member_bytes(number), text=text) for no, (text, number) in enumerate(pushes)
        ]
        add_batches(connection, change.id, batches)
        begin_run(connection, change.id, recipients=len(pushes), now=now)
        return begin_test_run(
            connection,
            self._database.cipher,
            change.id,
            asked_by=change.staff,
            recipients=len(people),
            now=now,
        )
