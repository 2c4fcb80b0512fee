"""Whether LINE's monthly allowance holds so many more people, with what was promised to others counted in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from protocol.deliveries import find_sending_problems
from protocol.schedules import JAPAN
from relay.errors import Refused
from relay.features.deliveries import find_delivery
from relay.features.quota import QuotaReader
from relay.store.database import Connection, Database
from relay.store.moments import list_promised
from relay.store.runs import count_people_under_way


def check_allowance(
    database: Database, quota: QuotaReader, people: int, now: datetime, *, itself: str = ""
) -> Callable[[Connection], None]:
    """Raises Refused when LINE cannot be asked, or does not allow so many more people this month.

    Returns the same check for the transaction that confirms: two deliveries confirmed side by side must not
    share one rest. `itself`: the delivery that asks, which does not stand in its own way.
    """
    answer, asked_at = quota.answer_with_time()
    known = answer.quota
    if known is None:
        raise Refused(answer.reason or "quota_unknown")

    def check(connection: Connection) -> None:
        promised = count_people_under_way(connection, since=asked_at)
        promised += count_people_waiting(connection, database, until=end_of_month(now), itself=itself)
        problems = find_sending_problems(people, known.model_copy(update={"used": known.used + promised}))
        if problems:
            raise Refused(problems[0].code)

    with database.read() as connection:
        check(connection)
    return check


def count_people_waiting(
    connection: Connection, database: Database, *, until: datetime, itself: str = ""
) -> int:
    """People of deliveries that are held, or wait for their one moment until then."""
    people = 0
    for id in list_promised(connection, until):
        found = find_delivery(connection, database.cipher, id) if id != itself else None
        people += found[1].numbers.waiting if found is not None else 0
    return people


def end_of_month(now: datetime) -> datetime:
    """When LINE begins to count anew: midnight in Japan on the first day of the next month."""
    local = now.astimezone(JAPAN)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    return datetime(year, month, 1, tzinfo=JAPAN).astimezone(UTC)
