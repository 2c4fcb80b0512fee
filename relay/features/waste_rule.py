"""The daily message about waste (「ごみ収集のお知らせ」): in the morning and the evening before.

Each is made once for each day of collection, through the door of `rule_deliveries.py`, at its moment; what a
worker does that comes too late is the late rule's: skip and tell. Requirement: SEG-11.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from protocol.deliveries import DeliveryDraft
from protocol.items import SegmentItem
from protocol.messages import TextMessage
from protocol.schedules import At
from protocol.segments import AllOf, ChoiceIs
from protocol.waste_days import day_words
from relay.features.deliveries import find_delivery
from relay.features.rule_deliveries import make_delivery_of_rule, skip_rule_day
from relay.features.segments import SegmentIndex
from relay.features.waste import WasteTown, read_town
from relay.features.waste_moments import MESSAGES, DailyMessage, moments_before
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection, Database
from relay.store.moments import find_last_rule_day, find_rule_day, has_rule_run

LATE_MINUTES = 120
WASTE_EVERY = 15.0
"""Seconds between two looks at the clock."""


class WasteMessages:
    """Makes the deliveries that are due. Any number of workers may try."""

    def __init__(self, database: Database, clock: Callable[[], datetime], index: SegmentIndex) -> None:
        self._database = database
        self._clock = clock
        self._index = index

    def run_once(self) -> None:
        now = self._clock()
        with self._database.read() as connection:
            town = read_town(connection, self._database.cipher)
            if not town.calendar.sends or not town.is_kept:
                return
            due = list(_due(connection, town, now))
        for message, day in due:
            self._make(town, message, day, now)

    def _make(self, town: WasteTown, message: DailyMessage, day: date, now: datetime) -> None:
        draft, moment = draft_of(town, message, day), message.moment(town.calendar, day)
        reached = 0 if draft is None else self._index.count(draft.segment)
        with self._database.write() as connection:
            if draft is None or moment is None or not reached:  # nothing is collected, or nobody asked
                skip_rule_day(connection, rule=message.rule, day=day, now=now)
                return
            make_delivery_of_rule(
                connection,
                self._database,
                rule=message.rule,
                day=day,
                draft=draft.model_copy(update={"when": At(at=moment)}),
                due_at=moment,
                approved=True,
                now=now,
            )


def draft_of(town: WasteTown, message: DailyMessage, day: date) -> DeliveryDraft | None:
    """The message about this day of collection to everybody it is for; None when nothing is collected."""
    calendar = town.calendar
    districts, choice = town.districts_with(day), message.choice(calendar)
    if not districts or not choice:
        return None
    return DeliveryDraft(
        id="",
        title=f"ごみ収集のお知らせ（{message.name}） {day_words(day)}の収集",
        messages=(TextMessage(text=message.text(calendar)),),
        segment=AllOf(
            parts=(
                ChoiceIs(item=calendar.notice_item, any_of=(choice,)),
                ChoiceIs(item=calendar.district_item, any_of=districts),
            )
        ),
        late="send",
        late_minutes=LATE_MINUTES,
        count_links=False,
    )


def values_of_delivery(
    connection: Connection, cipher: ColumnCipher, id: str
) -> tuple[SegmentItem, dict[str, dict[str, str]]] | None:
    """The item of districts, and for each choice of it what the placeholders of this delivery stand for.

    None for a delivery that no waste rule made, and for one that was stopped and is people's own now. Whoever
    is of a district that is not named gets nothing.
    """
    found = find_delivery(connection, cipher, id)
    if found is None or not found[1].made_by_rule:
        return None
    day = find_rule_day(connection, id, [message.rule for message in MESSAGES])
    if day is None:
        return None
    town = read_town(connection, cipher)
    return None if town.item is None else (town.item, town.values(day))


def _due(connection: Connection, town: WasteTown, now: datetime) -> list[tuple[DailyMessage, date]]:
    had = {message.rule: find_last_rule_day(connection, message.rule) for message in MESSAGES}
    known = {rule: day for rule, day in had.items() if day is not None}
    return [
        (message, day)
        for message, day in moments_before(town.calendar, now, known)
        if not has_rule_run(connection, message.rule, day)
    ]
