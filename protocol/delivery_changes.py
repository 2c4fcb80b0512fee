"""Changes about deliveries: whom they reach, what keeps them safe, and waste collection.

Each is the payload of a `protocol.changes.Change`; the kinds stand in `protocol.changes.PAYLOADS`.
"""

from __future__ import annotations

from protocol.deliveries import DeliveryDraft
from protocol.lists import Code, ResidentList, SegmentGroup
from protocol.schedules import Holidays
from protocol.segments import Segment
from protocol.sending_rules import SendingRules
from protocol.waste import WasteCalendar, WasteWord
from protocol.wire import Wire


class GroupSave(Wire):
    """Add a saved group of recipients, or write a new version of it."""

    group: SegmentGroup


class GroupRemove(Wire):
    """Refused `in_use` while a waiting delivery or another group names it."""

    group: str


class ListSave(Wire):
    """Add a list of residents, or change its name, note or departments. Its kind never changes."""

    list: ResidentList


class ListRemove(Wire):
    """Refused `in_use` like a group. Its codes are void."""

    list: str


class ListFill(Wire):
    """Put everybody who meets the segment now on a `tag` list; `instead` of those on it, or besides."""

    list: str
    segment: Segment
    instead: bool = False


class ListChange(Wire):
    """Put these people on a `chosen` list, or take them off any list. Ids of residents, at most 5,000."""

    list: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class CodesAdd(Wire):
    """New codes of a `codes` list, at most 500 at once."""

    codes: tuple[Code, ...]


class CodesRevoke(Wire):
    """On transfer: these codes are void, and whoever entered them is off the list."""

    list: str
    codes: tuple[str, ...]


class SendingRulesSave(Wire):
    rules: SendingRules


class HolidaysSave(Wire):
    holidays: Holidays


class WasteSave(Wire):
    """The whole calendar of waste collection as it should be."""

    calendar: WasteCalendar


class WasteWordsPut(Wire):
    """Words of the dictionary, at most 500 at once; `remove`: ids to take out."""

    words: tuple[WasteWord, ...] = ()
    remove: tuple[str, ...] = ()


class DeliverySave(Wire):
    """Write a draft, or a new version of it."""

    draft: DeliveryDraft


class DeliveryRemove(Wire):
    """Throw a draft away. What was sent stays in the history."""

    delivery: str


class DeliveryTest(Wire):
    """Send the draft as it stands to the named staff members' own LINE accounts, marked as a test."""

    draft: DeliveryDraft
    staff: tuple[str, ...]


class DeliveryAsk(Wire):
    """Ask for a second person's approval of a draft as it stands."""

    delivery: str


class DeliveryReturn(Wire):
    """Give an asked one back with a reason; it is a draft again."""

    delivery: str
    reason: str


class DeliverySend(Wire):
    """Confirm a draft or approve an asked one: it goes out at its moment, after the hold.

    `recipients_seen` is the number shown on the confirmation screen, `accepted` the warnings
    (`protocol.sending_rules.WARNINGS`) that were shown and ticked, `emergency` the reason for going without a
    second person.
    """

    delivery: str
    recipients_seen: int
    accepted: tuple[str, ...] = ()
    emergency: str = ""


class DeliveryStop(Wire):
    """The big stop: held, scheduled, repeating or asked becomes a draft again, sending becomes paused."""

    delivery: str


class DeliveryCancel(Wire):
    """Those who still wait for a paused delivery never get it."""

    delivery: str


class DeliveryArchive(Wire):
    """Put away from the list of messages, or back into it."""

    delivery: str
    archived: bool = True


class DeliveryResume(Wire):
    """Go on with a paused delivery: those who still wait get it, nobody twice."""

    delivery: str
