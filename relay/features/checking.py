"""The dry run of a delivery: what would happen if it were confirmed now. SEG-5, SEG-12."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from protocol.deliveries import Delivery, DeliveryDraft, find_sending_problems
from protocol.problems import Problem
from protocol.schedules import At, Now
from protocol.sync import CheckAnswer, QuotaAnswer
from relay.features.allowance import count_people_waiting, end_of_month
from relay.features.approval import needs_second_person, somebody_else_may_approve
from relay.features.deliveries import find_delivery
from relay.features.few import SMALLEST_TOLD, is_withheld
from relay.features.freezing import Freezing, cut_texts
from relay.features.quota import QuotaReader
from relay.features.recipients import Recipients
from relay.features.rule_moments import coming_moments
from relay.features.segments import SegmentIndex
from relay.features.sending_rules import find_holidays, find_rules
from relay.features.texts import may_broadcast
from relay.features.warnings import find_warnings
from relay.store.database import Connection, Database
from relay.store.runs import count_people_under_way

MOMENTS_SHOWN = 10


class Checking:
    """Answers `delivery-check`. `per_second`: how many calls LINE and the settings allow."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        index: SegmentIndex,
        quota: QuotaReader,
        freezing: Freezing,
        *,
        per_second: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._quota = quota
        self._freezing = freezing
        self._recipients = Recipients(database, index)
        self._per_second = max(1, per_second)

    def check(self, draft: DeliveryDraft, staff: str) -> CheckAnswer:
        """The dry run for this person. A draft that cannot be meant is told by `problems` and not counted."""
        now, cipher = self._clock(), self._database.cipher
        with self._database.read() as connection:
            problems = self._recipients.find_problems(connection, draft, now)
            rules = find_rules(connection, cipher)
            delivery = self._known(connection, draft, now)
            others = somebody_else_may_approve(connection, cipher, staff)
            moments = self._moments(connection, draft, now)
        friends = self._recipients.friends()
        if problems:
            return CheckAnswer(
                count=0, friends=friends, route="", calls=0, seconds=0, problems=problems, as_of=now
            )
        people = self._recipients.languages(draft)
        count = sum(people.values())
        few = is_withheld(self._recipients.segment(draft), count)
        route, texts, calls = ("multicast", 1, 1) if few else self._route(draft, count)
        quota = self._quota.answer()
        is_needed = needs_second_person(rules, self._recipients, draft, count)
        seen = find_warnings(self._database, self._recipients, delivery, rules, now)
        return CheckAnswer(
            count=0 if few else count,
            friends=friends,
            few=few,
            route=route,
            calls=calls,
            seconds=-(-calls // self._per_second),
            languages=_told(people),
            texts=texts,
            quota=quota.quota,
            quota_reason=quota.reason,
            moments=moments,
            needs_second=others and is_needed,
            nobody_to_approve=is_needed and not others,
            must_type_number=not few and 0 < rules.type_number_from <= count,
            hold_seconds=rules.hold_seconds,
            warnings=seen.codes,
            similar=seen.similar,
            problems=self._sending_problems(draft, SMALLEST_TOLD - 1 if few else count, quota, now),
            as_of=now,
        )

    def _moments(self, connection: Connection, draft: DeliveryDraft, now: datetime) -> tuple[datetime, ...]:
        if "\0" in draft.id:
            return ()
        holidays = find_holidays(connection, self._database.cipher)
        found = coming_moments(connection, draft.id, draft.when, now, holidays, MOMENTS_SHOWN)
        return tuple(found)

    def _known(self, connection: Connection, draft: DeliveryDraft, now: datetime) -> Delivery:
        """What is stored of the draft; just written where this version of it is not stored yet."""
        found = find_delivery(connection, self._database.cipher, draft.id) if "\0" not in draft.id else None
        if found is None or found[1].draft != draft:
            return Delivery(draft=draft, written_at=now)
        return found[1]

    def _route(self, draft: DeliveryDraft, count: int) -> tuple[str, int, int]:
        """How it would go out, how many different texts it has, and how many calls that takes."""
        if may_broadcast(draft):
            return "broadcast", 1, 1
        with self._database.read() as connection:
            planned = self._freezing.plan(connection, draft, self._recipients.members(draft))
        calls = len(cut_texts(planned))
        return ("push" if count == 1 else "multicast"), max(1, len(planned)), calls

    def _sending_problems(
        self, draft: DeliveryDraft, count: int, answer: QuotaAnswer, now: datetime
    ) -> tuple[Problem, ...]:
        """What LINE or an empty segment would say against it; of later months LINE says nothing yet."""
        if count == 0:
            return find_sending_problems(count, None)
        is_this_month = isinstance(draft.when, At) and draft.when.at < end_of_month(now)
        if not isinstance(draft.when, Now) and not is_this_month:
            return ()
        quota = answer.quota
        if quota is not None:
            with self._database.read() as connection:
                promised = count_people_under_way(connection, since=now)
                promised += count_people_waiting(
                    connection, self._database, until=end_of_month(now), itself=draft.id
                )
            quota = quota.model_copy(update={"used": quota.used + promised})
        return find_sending_problems(count, quota)


def _told(languages: dict[str, int]) -> dict[str, int]:
    """Without what few people read: of one person on a list it would be that person's language."""
    if sum(languages.values()) < SMALLEST_TOLD:
        return {}
    return {language: 0 if count < SMALLEST_TOLD else count for language, count in languages.items()}
