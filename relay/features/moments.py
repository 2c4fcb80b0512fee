"""What becomes of confirmed deliveries when their moment comes: the end of a hold, a set time, a rule's day.

Everything a moment does happens in the transaction that takes the moment's row away, so it happens once, in
whichever process and however often that is killed. A day of a rule becomes a delivery of its own, which then
goes the way of every scheduled one.

The late rule (decision 041) is in `lateness.py`. Of several days of one rule that were missed, only
the last one can still go out. What is skipped is a record in the list, and administrators are told.

Requirements: SEG-5, SEG-12.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from protocol.deliveries import Delivery, DeliveryDraft, DeliveryNumbers
from protocol.ids import new_id
from protocol.moments import japan_day, next_moments
from protocol.schedules import At, Now, OnAge, OnResidentDay
from relay.errors import Refused, StoreUnavailable
from relay.features.approval import has_grown_past_rule, is_clearly_more
from relay.features.deliveries import find_delivery, put_delivery
from relay.features.freezing import Freezing, has_grown_too_much
from relay.features.lateness import is_overdue
from relay.features.news import NewsBell
from relay.features.notices import DELIVERY_GROWN, DELIVERY_NOT_STARTED, DELIVERY_SKIPPED, raise_notice
from relay.features.recipients import MEMBER_BYTES, Recipients, is_of_own_days
from relay.features.rule_deliveries import make_delivery_of_rule, skip_rule_day, title_of_day
from relay.features.segments import SegmentIndex
from relay.features.sending_rules import find_holidays, find_rules
from relay.features.starting import start_run
from relay.store.changes import wait_for_turn
from relay.store.database import Connection, Database
from relay.store.moments import Moment, drop_moment, list_due, put_moment, take_moment

_AT_ONCE = 50
_AGAIN_AFTER = timedelta(seconds=30)
_log = logging.getLogger(__name__)


class Moments:
    """`run_due` is called again and again, in every process that has duties."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        bell: NewsBell,
        index: SegmentIndex,
        freezing: Freezing,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._freezing = freezing
        self._recipients = Recipients(database, index)
        self._again_at: dict[str, datetime] = {}

    def run_due(self) -> None:
        """Do everything that is due; one that fails stays due and stops no other."""
        while True:
            now = self._clock()
            # What failed a moment ago rests: it is not tried twice a second, and no other waits behind it.
            self._again_at = {id: at for id, at in self._again_at.items() if now < at}
            with self._database.read() as connection:
                due = list_due(connection, now, _AT_ONCE, besides=self._again_at)
            done = [moment for moment in due if self._try(moment)]
            if done:
                self._bell.ring()
            elif not any(moment.delivery in self._again_at for moment in due):
                return

    def _try(self, moment: Moment) -> bool:
        try:
            return self._take(moment)
        except StoreUnavailable:
            raise
        except Exception:
            _log.exception("a delivery that is due could not be started")
            self._again_at[moment.delivery] = self._clock() + _AGAIN_AFTER
            return False

    def _take(self, moment: Moment) -> bool:
        """Whether this call did what the moment asks for."""
        with self._database.read() as connection:
            found = find_delivery(connection, self._database.cipher, moment.delivery)
        if found is None:
            with self._database.write() as connection:
                return take_moment(connection, moment)
        if moment.kind in ("hold", "at"):
            return self._start(moment, found[1])
        return self._make_day(moment, found[1])

    # --- what goes out now ---

    def _start(self, moment: Moment, seen: Delivery) -> bool:
        now = self._clock()
        late = is_overdue(seen.draft, moment.due_at, now)
        members = b"" if late else self._recipients.members_of(seen)
        count = len(members) // MEMBER_BYTES
        has_grown = not late and self._has_grown(seen, count)
        with self._database.write() as connection:
            wait_for_turn(connection)
            if not take_moment(connection, moment):
                return False
            delivery = self._find(connection, moment.delivery)
            if delivery is None or delivery.state not in ("held", "scheduled"):
                return True
            if late:
                self._end(connection, delivery, "skipped", "too_late", now)
            elif reason := self._reason_against(connection, delivery, moment, count):
                self._end(connection, delivery, "failed", reason, now)
            elif has_grown:
                self._ask_again(connection, delivery, now)
            else:
                start_run(
                    connection,
                    self._database,
                    self._freezing,
                    delivery,
                    count=count,
                    now=now,
                    members=members if is_of_own_days(delivery) else None,
                )
        return True

    def _reason_against(self, connection: Connection, delivery: Delivery, moment: Moment, count: int) -> str:
        """Why it must not begin although its moment has come; empty when nothing speaks against it."""
        if _has_outgrown(delivery, moment, count):
            return "count_changed"
        try:
            self._freezing.check_files(connection, delivery.draft)
        except Refused as refusal:
            return refusal.reason
        return ""

    def _has_grown(self, delivery: Delivery, count: int) -> bool:
        with self._database.read() as connection:
            rules = find_rules(connection, self._database.cipher)
        return has_grown_past_rule(rules, self._recipients, delivery, count)

    def _ask_again(self, connection: Connection, delivery: Delivery, now: datetime) -> None:
        """It waits for somebody else than who confirmed it; once they say yes, it goes out."""
        if is_of_own_days(delivery):  # tomorrow those whose day it was are others
            self._end(connection, delivery, "failed", "count_changed", now)
            return
        asked = {
            "draft": delivery.draft.model_copy(update={"when": Now()}),
            "state": "asked",
            "asked_by": delivery.sent_by,
            "sent_by": "",
            "confirmed_at": None,
            "bypassed": "",
            "due_at": None,
            "reason": "count_changed",
            "numbers": DeliveryNumbers(),
        }
        put_delivery(connection, self._database.cipher, delivery.model_copy(update=asked), now)
        subject = delivery.series or delivery.draft.id
        raise_notice(
            connection, self._database.cipher, DELIVERY_GROWN, subject, now, shown=delivery.draft.title
        )

    def _end(
        self, connection: Connection, delivery: Delivery, state: str, reason: str, now: datetime
    ) -> None:
        """It never goes out: told in the list, and to administrators once a day for each rule."""
        ended = {
            "state": state,
            "reason": reason,
            "finished_at": now,
            "numbers": DeliveryNumbers(),
        }
        put_delivery(connection, self._database.cipher, delivery.model_copy(update=ended), now)
        code = DELIVERY_SKIPPED if state == "skipped" else DELIVERY_NOT_STARTED
        raise_notice(
            connection,
            self._database.cipher,
            code,
            delivery.series or delivery.made_by_rule or delivery.draft.id,
            now,
            shown=delivery.draft.title,
        )

    # --- days of a rule ---

    def _make_day(self, moment: Moment, seen: Delivery) -> bool:
        now = self._clock()
        day = japan_day(moment.due_at)
        is_nobodys = self._recipients.is_nobodys_day(seen.draft, day)
        with self._database.write() as connection:
            wait_for_turn(connection)
            if not take_moment(connection, moment):
                return False
            series = self._find(connection, moment.delivery)
            if series is None or series.state != "repeating":
                return True
            holidays = find_holidays(connection, self._database.cipher)
            following = next_moments(series.draft.when, moment.due_at, holidays, 1)
            step = _Step(day=day, next=following[0] if following else None)
            if is_nobodys:
                skip_rule_day(connection, rule=series.draft.id, day=day, now=now)
            else:
                self._add_day(connection, series, moment, step, now)
            self._go_on(connection, series, moment, step, now)
        return True

    def _add_day(
        self, connection: Connection, series: Delivery, moment: Moment, step: _Step, now: datetime
    ) -> None:
        made = make_delivery_of_rule(
            connection,
            self._database,
            rule=series.draft.id,
            day=step.day,
            draft=draft_of_day(series.draft, step.day, moment.due_at),
            due_at=moment.due_at,
            approved=True,
            now=now,
            series=series,
        )
        if made is None:
            self._tell_double_day(connection, series, moment, now)
        elif step.next is not None and step.next <= now:
            drop_moment(connection, made)
            delivery = self._find(connection, made)
            assert delivery is not None
            self._end(connection, delivery, "skipped", "too_late", now)

    def _tell_double_day(
        self, connection: Connection, series: Delivery, moment: Moment, now: datetime
    ) -> None:
        """The rule comes to a day it had, such as after a restored backup: shown, not passed over."""
        day = draft_of_day(series.draft, japan_day(moment.due_at), moment.due_at)
        again = Delivery(
            draft=day.model_copy(update={"id": new_id(now)}),
            series=series.draft.id,
            written_by=series.written_by,
            written_at=series.written_at,
            due_at=moment.due_at,
        )
        self._end(connection, again, "skipped", "already_sent", now)

    def _go_on(
        self, connection: Connection, series: Delivery, moment: Moment, step: _Step, now: datetime
    ) -> None:
        facts: dict[str, object] = {"due_at": step.next}
        if step.next is None:
            facts |= {"state": "sent", "finished_at": now}
        else:
            put_moment(connection, Moment(delivery=moment.delivery, due_at=step.next, kind=moment.kind))
        put_delivery(connection, self._database.cipher, series.model_copy(update=facts), now)

    def _find(self, connection: Connection, id: str) -> Delivery | None:
        found = find_delivery(connection, self._database.cipher, id)
        return None if found is None else found[1]


@dataclass(frozen=True)
class _Step:
    """The day a rule is at, and its next moment; None when it has come to its end."""

    day: date
    next: datetime | None


def draft_of_day(draft: DeliveryDraft, day: date, moment: datetime) -> DeliveryDraft:
    """What a rule's delivery sends on this day. Residents' own days stay in it: they say who gets it."""
    own_days = isinstance(draft.when, OnResidentDay | OnAge)
    return draft.model_copy(
        update={
            "title": title_of_day(draft.title, day),
            "when": draft.when if own_days else At(at=moment),
        }
    )


def _has_outgrown(delivery: Delivery, moment: Moment, count: int) -> bool:
    """Whether clearly more people would be reached than somebody confirmed."""
    seen = delivery.numbers.recipients
    if delivery.series or delivery.made_by_rule:
        return False  # each day finds its own people; nobody counted them
    if moment.kind == "hold":
        return has_grown_too_much(seen, count)
    return is_clearly_more(seen, count)
