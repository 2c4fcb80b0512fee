"""The big stop, going on, taking back the rest, putting away. SEG-7, SEG-12.

Stopping asks for no version: numbers move twice a second while a delivery goes out, and nobody who sees
something go wrong should have to press twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from protocol.changes import Change
from protocol.deliveries import Delivery, DeliveryNumbers
from protocol.delivery_changes import DeliveryArchive, DeliveryCancel, DeliveryResume, DeliveryStop
from protocol.ids import new_id
from protocol.staff import StaffMember
from protocol.wire import Wire
from relay.errors import Refused
from relay.features.allowance import check_allowance
from relay.features.deliveries import DELIVERY, as_draft, find_delivery, find_in_state, put_delivery
from relay.features.freezing import FREEZE
from relay.features.ledger import STOPPED, cancel_rest, close_run, publish_progress
from relay.features.quota import QuotaReader
from relay.features.recipients import is_of_own_days
from relay.store.batches import count_open
from relay.store.database import Connection, Database
from relay.store.jobs import add_job
from relay.store.moments import drop_moment
from relay.store.records import find_version
from relay.store.runs import Run, end_run, find_run, resume_run
from relay.store.stops import has_broadcast, requeue_run, stop_run


class Stopping:
    """What people do about a delivery that was confirmed."""

    def __init__(self, database: Database, clock: Callable[[], datetime], quota: QuotaReader) -> None:
        self._database = database
        self._clock = clock
        self._quota = quota

    def stop(self, change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        """`delivery.stop`: what has not begun is a draft again, what has begun is paused.

        A day of a rule about residents' own days is cancelled: as a draft it would be a rule of its own, and
        nothing else in it says whose day it was.
        """
        assert isinstance(payload, DeliveryStop)
        return lambda connection: self._stop(connection, payload.delivery)

    def resume(self, change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        """`delivery.resume`: those who still wait get it; their batches keep their keys."""
        assert isinstance(payload, DeliveryResume)
        with self._database.read() as connection:
            delivery = self._find_paused(connection, payload.delivery, change.based_on)
        self._quota.forget()  # what LINE said before it stopped us is no guide
        still_fits: Callable[[Connection], None] = lambda connection: None  # noqa: E731
        if delivery.numbers.waiting:
            still_fits = check_allowance(self._database, self._quota, delivery.numbers.waiting, self._clock())

        def second(connection: Connection) -> int:
            self._find_paused(connection, payload.delivery, change.based_on)
            still_fits(connection)
            return self._go_on(connection, payload.delivery)

        return second

    def cancel(self, change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        """`delivery.cancel`: whoever waits never gets it; calls under way are awaited and counted."""
        assert isinstance(payload, DeliveryCancel)
        return lambda connection: self._cancel(connection, payload.delivery)

    def archive(self, change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        """`delivery.archive`: put away from the list, or back into it; nothing else changes."""
        assert isinstance(payload, DeliveryArchive)
        return lambda connection: self._archive(connection, payload)

    def _stop(self, connection: Connection, id: str) -> int:
        now, cipher = self._clock(), self._database.cipher
        run, delivery = self._find_locked(connection, id)
        if delivery.state in ("asked", "held", "scheduled", "repeating"):
            drop_moment(connection, id)
            ended = {"state": "cancelled", "finished_at": now, "numbers": DeliveryNumbers()}
            own_day = is_of_own_days(delivery)
            stopped = delivery.model_copy(update=ended) if own_day else as_draft(delivery)
            return put_delivery(connection, cipher, stopped, now)
        if run is None or run.state not in ("queued", "sending"):
            raise Refused("not_stoppable")
        if run.state == "sending" and has_broadcast(connection, id):
            raise Refused("not_stoppable")
        stop_run(connection, id, STOPPED)
        if run.state == "queued":  # nobody is chosen yet, so the ledger has no numbers
            paused = delivery.model_copy(update={"state": "paused", "reason": STOPPED})
            return put_delivery(connection, cipher, paused, now)
        if count_open(connection, id) == 0:
            close_run(connection, self._database, id, now)
        else:
            publish_progress(connection, self._database, id, now)
        return find_version(connection, DELIVERY, id)

    def _go_on(self, connection: Connection, id: str) -> int:
        now = self._clock()
        run, delivery = self._find_locked(connection, id)
        if run is None:
            raise Refused("not_paused")
        if run.started_at is None:
            requeue_run(connection, id)
            add_job(connection, id=new_id(now), kind=FREEZE, subject=id, run_at=now)
            # Somebody wants it now, however long ago its moment was.
            queued = delivery.model_copy(update={"state": "queued", "reason": "", "due_at": now})
            return put_delivery(connection, self._database.cipher, queued, now)
        if not resume_run(connection, id):
            raise Refused("not_paused")
        if count_open(connection, id) == 0:  # the calls under way when it was stopped were the last ones
            close_run(connection, self._database, id, now)
        else:
            publish_progress(connection, self._database, id, now)
        return find_version(connection, DELIVERY, id)

    def _cancel(self, connection: Connection, id: str) -> int:
        now = self._clock()
        run, delivery = self._find_locked(connection, id)
        if delivery.state != "paused" or run is None:
            raise Refused("not_paused")
        if run.started_at is None:
            end_run(connection, id, state="cancelled", reason="", now=now)
            people = delivery.numbers.recipients
            cancelled = delivery.model_copy(
                update={
                    "state": "cancelled",
                    "reason": "",
                    "finished_at": now,
                    "numbers": DeliveryNumbers(recipients=people, cancelled=people),
                }
            )
            return put_delivery(connection, self._database.cipher, cancelled, now)
        if not cancel_rest(connection, self._database, id, now):
            raise Refused("not_paused")
        return find_version(connection, DELIVERY, id)

    def _archive(self, connection: Connection, payload: DeliveryArchive) -> int:
        _, delivery = self._find_locked(connection, payload.delivery)
        changed = delivery.model_copy(update={"archived": payload.archived})
        return put_delivery(connection, self._database.cipher, changed, self._clock())

    def _find_paused(self, connection: Connection, id: str, based_on: int) -> Delivery:
        return find_in_state(
            connection, self._database.cipher, id, "paused", otherwise="not_paused", based_on=based_on
        )

    def _find_locked(self, connection: Connection, id: str) -> tuple[Run | None, Delivery]:
        """The run first, with its lock: who publishes progress holds it, and must not write over this."""
        if "\0" in id:
            raise Refused("not_found")
        run = find_run(connection, id, lock=True)
        found = find_delivery(connection, self._database.cipher, id)
        if found is None:
            raise Refused("not_found")
        return run, found[1]
