"""The yes that lets a delivery go out: what may refuse it, and what it waits for afterwards.

A confirmed delivery is `held` for some seconds in which it can still be stopped, or `scheduled` for its
moment, or `repeating`. `moments.py` goes on from there. Requirements: SEG-5, SEG-7, SEG-12.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from protocol.changes import Change
from protocol.deliveries import Delivery, DeliveryNumbers, DeliveryState
from protocol.delivery_changes import DeliverySend
from protocol.problems import Problem
from protocol.schedules import At, Now
from protocol.sending_rules import SendingRules
from protocol.staff import StaffMember
from protocol.wire import Wire
from relay.errors import Refused
from relay.features.allowance import check_allowance, end_of_month
from relay.features.approval import find_bypass, needs_second_person
from relay.features.deliveries import find_delivery, find_in_state, put_delivery
from relay.features.freezing import Freezing, has_grown_too_much
from relay.features.notices import EMERGENCY_SENDING, raise_notice
from relay.features.quota import QuotaReader
from relay.features.recipients import Recipients
from relay.features.rule_moments import coming_moments
from relay.features.segments import SegmentIndex
from relay.features.sending_rules import find_holidays, find_rules
from relay.features.starting import start_run
from relay.features.warnings import find_warnings
from relay.store.database import Connection, Database
from relay.store.moments import Moment, put_moment

CONFIRMABLE: tuple[DeliveryState, ...] = ("draft", "asked")


class Confirming:
    """`delivery.send`: everything that may refuse it is looked at before anything is written."""

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
        self._freezing = freezing
        self._recipients = Recipients(database, index)

    def send(self, change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        """Confirm a draft, or approve an asked one."""
        assert isinstance(payload, DeliverySend)
        cipher, now = self._database.cipher, self._clock()
        with self._database.read() as connection:
            delivery = self._find(connection, change, payload)
            rules = find_rules(connection, cipher)
            problems = self._recipients.find_problems(connection, delivery.draft, now)
        refuse_first(problems)
        count = self._recipients.count(delivery.draft)
        if count == 0:
            raise Refused("no_recipients")
        still_fits = self._fits(delivery, count, now)
        if has_grown_too_much(payload.recipients_seen, count):
            raise Refused("count_changed")
        is_needed = needs_second_person(rules, self._recipients, delivery.draft, count)
        with self._database.read() as connection:
            bypass = find_bypass(
                connection, cipher, delivery, payload, signer, rules=rules, is_needed=is_needed
            )
        seen = find_warnings(self._database, self._recipients, delivery, rules, now)
        if not set(seen.codes) <= set(payload.accepted):
            raise Refused("warning_unseen")

        def second(connection: Connection) -> int:
            confirmed = self._find(connection, change, payload)
            still_fits(connection)
            yes = {
                "sent_by": change.staff,
                "confirmed_at": now,
                "confirmed_for": count,
                "confirmed_as_many": is_needed,
                "bypassed": bypass,
            }
            version = self._confirm(connection, confirmed.model_copy(update=yes), rules, count=count)
            self._confirm_series(connection, confirmed, yes)
            if bypass:  # after the delivery: everybody takes the counters of the streams in this order
                self._tell_administrators(connection, confirmed, signer, now)
            return version

        return second

    def check_written(self, id: str, based_on: int) -> None:
        """Raises Refused when this draft could not be confirmed as it is written, whoever looks at it."""
        with self._database.read() as connection:
            delivery = find_in_state(
                connection, self._database.cipher, id, "draft", otherwise="not_a_draft", based_on=based_on
            )
            problems = self._recipients.find_problems(connection, delivery.draft, self._clock())
        refuse_first(problems)

    def _find(self, connection: Connection, change: Change, payload: DeliverySend) -> Delivery:
        return find_in_state(
            connection,
            self._database.cipher,
            payload.delivery,
            *CONFIRMABLE,
            otherwise="already_sent",
            based_on=change.based_on,
        )

    def _fits(self, delivery: Delivery, count: int, now: datetime) -> Callable[[Connection], None]:
        """What goes out this month must fit this month's allowance; of later months LINE says nothing yet."""
        if not self._quota.is_configured:
            raise Refused("line_not_configured")
        when = delivery.draft.when
        if isinstance(when, Now) or (isinstance(when, At) and when.at < end_of_month(now)):
            return check_allowance(self._database, self._quota, count, now, itself=delivery.draft.id)
        return lambda connection: None

    def _confirm(self, connection: Connection, delivery: Delivery, rules: SendingRules, *, count: int) -> int:
        now, cipher = self._clock(), self._database.cipher
        self._freezing.check_files(connection, delivery.draft)
        confirmed = delivery.model_copy(update={"returned": "", "reason": ""})
        hold = timedelta(seconds=rules.hold_seconds)
        when = delivery.draft.when
        if isinstance(when, Now) and not hold:
            return start_run(connection, self._database, self._freezing, confirmed, count=count, now=now)
        numbers = DeliveryNumbers(recipients=count, waiting=count)
        if isinstance(when, Now):
            state: DeliveryState = "held"
            moment = Moment(delivery=delivery.draft.id, due_at=now + hold, kind="hold")
        elif isinstance(when, At):
            state = "scheduled"
            moment = Moment(delivery=delivery.draft.id, due_at=max(when.at, now + hold), kind="at")
        else:
            following = coming_moments(
                connection, delivery.draft.id, when, now, find_holidays(connection, cipher), 1
            )
            if not following:
                raise Refused("rule_empty")
            state, numbers = "repeating", DeliveryNumbers()
            moment = Moment(delivery=delivery.draft.id, due_at=following[0], kind=when.kind)
        put_moment(connection, moment)
        waiting = confirmed.model_copy(update={"state": state, "due_at": moment.due_at, "numbers": numbers})
        return put_delivery(connection, cipher, waiting, now)

    def _confirm_series(self, connection: Connection, day: Delivery, yes: dict[str, object]) -> None:
        """Who says yes to a day that had grown says it for the days to come, too: they are as many."""
        if day.state != "asked" or not day.series:
            return
        found = find_delivery(connection, self._database.cipher, day.series)
        if found is None or found[1].state != "repeating":
            return
        series = found[1]
        if (series.draft.segment, series.draft.excluded) != (day.draft.segment, day.draft.excluded):
            return
        update = {**yes, "asked_by": day.asked_by}
        put_delivery(connection, self._database.cipher, series.model_copy(update=update), self._clock())

    def _tell_administrators(
        self, connection: Connection, delivery: Delivery, signer: StaffMember, now: datetime
    ) -> None:
        raise_notice(
            connection,
            self._database.cipher,
            EMERGENCY_SENDING,
            signer.id,
            now,
            of=delivery.draft.id,
        )


def refuse_first(problems: tuple[Problem, ...]) -> None:
    """Raises Refused with the first problem's code, if there is one."""
    if problems:
        raise Refused(problems[0].code)
