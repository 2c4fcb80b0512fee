"""Who gets a delivery: its segment with saved groups written out, and on residents' own days only those.

Requirements: SEG-3, SEG-4, SEG-5.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from pyroaring import BitMap

from protocol.deliveries import Delivery, DeliveryDraft, find_draft_problems, whole_segment
from protocol.moments import age_month, japan_day
from protocol.problems import Problem
from protocol.schedules import OnAge, OnResidentDay, When
from protocol.segments import AllOf, Everyone, Received, Segment, expanded
from relay.features.items import list_items
from relay.features.segment_names import list_groups, read_named
from relay.features.segments import SegmentIndex
from relay.store.database import Connection, Database

MEMBER_BYTES = 4


class Recipients:
    """Answers from the index; it never writes."""

    def __init__(self, database: Database, index: SegmentIndex) -> None:
        self._database = database
        self._index = index

    def find_problems(
        self, connection: Connection, draft: DeliveryDraft, now: datetime
    ) -> tuple[Problem, ...]:
        """Why the draft cannot go out as it is written, with what stands in the store; empty when it can."""
        cipher = self._database.cipher
        items = list_items(connection, cipher)
        return find_draft_problems(draft, items, read_named(connection, cipher, draft.segment), now=now)

    def count(self, draft: DeliveryDraft) -> int:
        """Friends who meet the draft's conditions now, whatever their own days are."""
        return self._index.count(self.segment(draft))

    def friends(self) -> int:
        return self._index.count(Everyone())

    def members(self, draft: DeliveryDraft) -> bytes:
        """Those friends as residents.no, in order, four bytes each, little endian."""
        return self._index.members(self.segment(draft))

    def members_of(self, delivery: Delivery) -> bytes:
        """Who gets this delivery now: one day of a rule about residents' own days reaches only those."""
        members = self.members(delivery.draft)
        if not is_of_own_days(delivery) or delivery.due_at is None:
            return members
        return self._on_their_day(delivery.draft.when, japan_day(delivery.due_at), members)

    def is_nobodys_day(self, draft: DeliveryDraft, day: date) -> bool:
        """Whether a rule about residents' own days finds nobody that day; never true of other rules."""
        if not isinstance(draft.when, OnResidentDay | OnAge):
            return False
        return not self._on_their_day(draft.when, day, self.members(draft))

    def languages(self, draft: DeliveryDraft) -> dict[str, int]:
        """The friends who meet the conditions by the language they read."""
        groups = self._index.split(self.members(draft), by="language")
        return {language: len(members) // MEMBER_BYTES for language, members in groups.items() if members}

    def count_overlap(self, draft: DeliveryDraft, other: Delivery) -> int:
        """Friends who meet the draft's conditions and got the other delivery, or will get it."""
        reached: Segment = Received(delivery=other.draft.id)
        if other.state not in ("sent", "cancelled"):  # not told apart yet: all of them will
            reached = self.segment(other.draft)
        return self._index.count(AllOf(parts=(self.segment(draft), reached)))

    def segment(self, draft: DeliveryDraft) -> Segment:
        """The draft's conditions without its excluded groups, every saved group as it is defined now."""
        with self._database.read() as connection:
            groups = list_groups(connection, self._database.cipher)
        return expanded(whole_segment(draft), groups)

    def included(self, draft: DeliveryDraft) -> Segment:
        """The draft's conditions before anybody is left out, every saved group as it is defined now."""
        with self._database.read() as connection:
            groups = list_groups(connection, self._database.cipher)
        return expanded(draft.segment, groups)

    def _on_their_day(self, when: When, day: date, members: bytes) -> bytes:
        if isinstance(when, OnResidentDay):
            theirs = day + timedelta(days=when.days_before)
            found = self._index.resident_day_members(when.item, theirs, when.every_year)
        elif isinstance(when, OnAge):
            found = self._index.age_members(when.item, *age_month(day, when.years, when.months))
        else:
            return members
        return _to_bytes(_to_bitmap(members) & _to_bitmap(found))


def is_of_own_days(delivery: Delivery) -> bool:
    """Whether it is one day of a rule about residents' own days."""
    return bool(delivery.series) and isinstance(delivery.draft.when, OnResidentDay | OnAge)


def _to_bitmap(members: bytes) -> BitMap:
    return BitMap(memoryview(members).cast("I"))


def _to_bytes(bitmap: BitMap) -> bytes:
    return b"".join(number.to_bytes(MEMBER_BYTES, "little") for number in bitmap)
