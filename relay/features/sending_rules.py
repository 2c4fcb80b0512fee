"""The town's rules against mis-sends and its changes to the holidays, as stored. SEG-5, SEG-12.

What a town never saved is as `protocol.sending_rules.SendingRules` and the law have it.
"""

from __future__ import annotations

from datetime import datetime

from protocol.delivery_changes import HolidaysSave, SendingRulesSave
from protocol.moments import clock_time
from protocol.schedules import Holidays
from protocol.sending_rules import SendingRules
from protocol.staff import ROLES
from relay.errors import Refused
from relay.features.rule_moments import follow_holidays
from relay.features.versions import check_version
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import TOWN, find_record, put_record

SENDING_RULES = "sending_rules"
HOLIDAYS = "holidays"
_LONGEST_HOLD = 3600
_LARGEST = 10_000_000
_DAYS_LIMIT = 2000
_NAME_LIMIT = 40


def find_rules(connection: Connection, cipher: ColumnCipher) -> SendingRules:
    record = find_record(connection, cipher, SENDING_RULES, TOWN)
    return SendingRules() if record is None or record.removed else SendingRules.parse(record.body)


def find_holidays(connection: Connection, cipher: ColumnCipher) -> Holidays:
    record = find_record(connection, cipher, HOLIDAYS, TOWN)
    return Holidays() if record is None or record.removed else Holidays.parse(record.body)


def save_rules(
    connection: Connection, cipher: ColumnCipher, change: SendingRulesSave, based_on: int, now: datetime
) -> int:
    """Write the town's rules; returns the version. Raises Refused with what is wrong in them."""
    check_version(find_record(connection, cipher, SENDING_RULES, TOWN), based_on)
    rules = change.rules
    if clock_time(rules.quiet_from) is None or clock_time(rules.quiet_until) is None:
        raise Refused("time_malformed")
    numbers = (
        rules.second_person_from,
        rules.type_number_from,
        rules.same_within_days,
        rules.stale_after_hours,
    )
    if any(not 0 <= number <= _LARGEST for number in numbers) or not 0 <= rules.hold_seconds <= _LONGEST_HOLD:
        raise Refused("number_out_of_range")
    if not set(rules.emergency_roles) <= set(ROLES):
        raise Refused("malformed")
    return put_record(connection, cipher, kind=SENDING_RULES, id=TOWN, body=rules.as_json(), now=now)


def save_holidays(
    connection: Connection, cipher: ColumnCipher, change: HolidaysSave, based_on: int, now: datetime
) -> int:
    """Write what the town changes in the calendar; returns the version.

    Deliveries set for a time keep it; those that repeat follow the new calendar from their next day on.
    """
    check_version(find_record(connection, cipher, HOLIDAYS, TOWN), based_on)
    holidays = change.holidays
    if len(holidays.closed) > _DAYS_LIMIT or len(holidays.open) > _DAYS_LIMIT:
        raise Refused("too_large")
    if any(len(name) > _NAME_LIMIT for name in holidays.closed.values()):
        raise Refused("text_too_long")
    before = find_holidays(connection, cipher)
    version = put_record(connection, cipher, kind=HOLIDAYS, id=TOWN, body=holidays.as_json(), now=now)
    follow_holidays(connection, cipher, before, holidays, now)
    return version
