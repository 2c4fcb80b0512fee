"""Confirming a delivery, testing it, going on with it, freezing it into batches.

The calls are in `jobs/deliver.py`.

Source: design "Events in, messages out". Requirements: SEG-5 (now), SEG-7, SEG-10.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from protocol.changes import Change
from protocol.deliveries import (
    Delivery,
    DeliveryNumbers,
    DeliveryState,
    find_draft_problems,
    find_sending_problems,
)
from protocol.delivery_changes import DeliveryResume, DeliverySend, DeliveryTest
from protocol.ids import new_id
from protocol.message_limits import IMAGE_BYTES_LIMIT, PREVIEW_BYTES_LIMIT, find_message_problems
from protocol.messages import ImageMessage, Message, with_test_mark
from protocol.staff import StaffMember
from protocol.wire import Wire
from relay.errors import Refused
from relay.features.deliveries import DELIVERY, find_delivery, put_delivery
from relay.features.files import Files
from relay.features.items import list_items
from relay.features.ledger import close_run, publish_progress
from relay.features.quota import QuotaReader
from relay.features.segments import SegmentIndex
from relay.features.test_runs import begin_test_run
from relay.line.multicast import MEMBERS_LIMIT
from relay.store.batches import NewBatch, add_batches
from relay.store.database import Connection, Database
from relay.store.jobs import add_job
from relay.store.records import find_version
from relay.store.runs import (
    add_run,
    begin_run,
    count_people_under_way,
    end_run,
    find_run,
    resume_run,
)
from relay.store.test_accounts import find_test_accounts

FREEZE = "freeze"
_MEMBER_BYTES = 4


class BuildMessages(Protocol):
    """Makes LINE's message objects; `relay/line/payloads.py` has the real one."""

    def __call__(
        self, messages: Sequence[Message], media_url: Callable[[str], str], /
    ) -> list[dict[str, Any]]: ...


class Sending:
    """The changes that make LINE calls happen, and the job between them and the first call."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        index: SegmentIndex,
        quota: QuotaReader,
        files: Files,
        build_messages: BuildMessages,
    ) -> None:
        self._database = database
        self._clock = clock
        self._index = index
        self._quota = quota
        self._files = files
        self._build_messages = build_messages

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

    def freeze(self, run: str) -> None:
        """The job: choose the recipients once, cut them into batches with their retry keys, and commit.

        Doing it again for a run that was frozen before changes nothing. With clearly more people than were
        confirmed, as after a night without a worker, nothing is sent and the delivery says so.
        """
        with self._database.read() as connection:
            known = find_run(connection, run)
            found = find_delivery(connection, self._database.cipher, known.delivery) if known else None
        if known is None or found is None or known.state != "queued":
            return
        members = self._index.members(found[1].draft.segment)
        with self._database.write() as connection:
            known = find_run(connection, run, lock=True)
            if known is None or known.state != "queued":
                return
            now = self._clock()
            if has_grown_too_much(known.recipients, len(members) // _MEMBER_BYTES):
                self._end_unsent(connection, run, "count_changed")
                return
            add_batches(connection, run, cut_batches(members, silent=known.silent))
            begin_run(connection, run, recipients=len(members) // _MEMBER_BYTES, now=now)
            if members:
                publish_progress(connection, self._database, run, now)
            else:
                close_run(connection, self._database, run, now)
        self._quota.forget()

    def give_up(self, run: str) -> None:
        """The job could not be done however often it was tried: people are told, and nothing was sent."""
        with self._database.write() as connection:
            known = find_run(connection, run, lock=True)
            if known is not None and known.state == "queued":
                self._end_unsent(connection, run, "not_started")

    def _end_unsent(self, connection: Connection, run: str, reason: str) -> None:
        now = self._clock()
        end_run(connection, run, state="failed", reason=reason, now=now)
        publish_progress(connection, self._database, run, now)

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
        messages = self._freeze_messages(connection, draft.messages)
        state: DeliveryState = "queued"
        add_run(
            connection,
            self._database.cipher,
            id=id,
            kind="segment",
            delivery=id,
            messages=messages,
            silent=draft.silent,
            recipients=count,
            now=now,
        )
        add_job(connection, id=new_id(now), kind=FREEZE, subject=id, run_at=now)
        queued = delivery.model_copy(
            update={
                "state": state,
                "sent_by": change.staff,
                "confirmed_at": now,
                "numbers": DeliveryNumbers(recipients=count, waiting=count),
            }
        )
        return put_delivery(connection, self._database.cipher, queued, now)

    def _begin_test(self, connection: Connection, change: Change, payload: DeliveryTest) -> int:
        """Returns the version of the record that tells what came of it."""
        now = self._clock()
        accounts = find_test_accounts(connection, payload.staff[:MEMBERS_LIMIT])
        if not payload.staff or any(staff not in accounts for staff in payload.staff):
            raise Refused("no_test_account")
        messages = self._freeze_messages(connection, with_test_mark(payload.draft.messages))
        add_run(
            connection,
            self._database.cipher,
            id=change.id,
            kind="test",
            delivery=payload.draft.id,
            messages=messages,
            silent=False,
            recipients=0,
            now=now,
        )
        people = sorted(set(accounts.values()))
        batches = [_new_batch(no, "push", _member(number)) for no, number in enumerate(people)]
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

    def _freeze_messages(self, connection: Connection, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """LINE's form of the messages; pictures become public now, under addresses nobody can guess."""
        for message in messages:
            if isinstance(message, ImageMessage):
                self._files.check_picture(connection, message.file, IMAGE_BYTES_LIMIT)
                self._files.check_picture(connection, message.preview, PREVIEW_BYTES_LIMIT)
        return self._build_messages(messages, lambda sha256: self._files.publish(connection, sha256))


def has_grown_too_much(seen: int, count: int) -> bool:
    """Whether clearly more people would be reached than the person saw: by over 1 % and over 10."""
    return count - seen > max(10, seen // 100)


def cut_batches(members: bytes, *, silent: bool) -> list[NewBatch]:
    """Batches of at most 500, each with its retry key. One person alone is reached by push."""
    size = MEMBERS_LIMIT * _MEMBER_BYTES
    if len(members) == _MEMBER_BYTES and not silent:
        return [_new_batch(0, "push", members)]
    return [
        _new_batch(no, "multicast", members[start : start + size])
        for no, start in enumerate(range(0, len(members), size))
    ]


def _new_batch(no: int, endpoint: str, members: bytes) -> NewBatch:
    return NewBatch(no=no, endpoint=endpoint, retry_key=str(uuid.uuid4()), members=members)


def _member(number: int) -> bytes:
    return number.to_bytes(_MEMBER_BYTES, "little")
