"""The moments of a rule that are still to come, and what a changed calendar of holidays does to them.

A rule confirmed again on a day that it has had goes on with the next one. Requirement: SEG-5.
"""

from __future__ import annotations

from datetime import datetime

from protocol.moments import japan_day, moment_anew, next_moments
from protocol.schedules import Holidays, Repeating, When
from relay.features.deliveries import find_delivery, put_delivery
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.moments import Moment, drop_moment, has_rule_run, list_moments, put_moment


def coming_moments(
    connection: Connection, rule: str, when: When, after: datetime, holidays: Holidays, count: int
) -> list[datetime]:
    """The next moments of this delivery's rule, at most `count`, without a day that has happened."""
    found = next_moments(when, after, holidays, count + 1)
    return [moment for moment in found if not has_rule_run(connection, rule, japan_day(moment))][:count]


def follow_holidays(
    connection: Connection, cipher: ColumnCipher, before: Holidays, changed: Holidays, now: datetime
) -> None:
    """Give every repeating delivery that waits its moment by the changed calendar.

    What was sent for a day by the calendar before is not sent again. What is due already is left alone.
    """
    for moment in list_moments(connection, "repeating", after=now):
        found = find_delivery(connection, cipher, moment.delivery)
        if found is None or not isinstance(found[1].draft.when, Repeating):
            continue
        following = moment_anew(found[1].draft.when, moment.due_at, now, before, changed)
        if following == moment.due_at:
            continue
        facts: dict[str, object] = {"due_at": following}
        if following is None:
            drop_moment(connection, moment.delivery)
            facts |= {"state": "sent", "finished_at": now}
        else:
            put_moment(connection, Moment(delivery=moment.delivery, due_at=following, kind=moment.kind))
        put_delivery(connection, cipher, found[1].model_copy(update=facts), now)
