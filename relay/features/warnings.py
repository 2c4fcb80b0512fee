"""What a person should look at twice before a delivery goes out although nothing is wrong with it. SEG-12.

The dry run and the confirmation ask this one function, so what was shown is what must be ticked.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from protocol.deliveries import Delivery, DeliveryDraft, DeliveryState
from protocol.languages import DEFAULT_LANGUAGE
from protocol.messages import Message
from protocol.moments import is_quiet, japan_day, next_moments
from protocol.schedules import At, Holidays, Now
from protocol.sending_rules import SendingRules
from protocol.sync import SimilarDelivery
from relay.features.deliveries import DELIVERY
from relay.features.few import SMALLEST_TOLD
from relay.features.mentioned_dates import past_dates
from relay.features.recipients import Recipients
from relay.features.sending_rules import find_holidays
from relay.store.database import Connection, Database
from relay.store.records import list_bodies_since

MISSING_PEOPLE = 10
MISSING_PART = 20
"""So many people, and one in so many, read another language than they would get: then it is asked about."""
_SAID: tuple[DeliveryState, ...] = ("held", "scheduled", "queued", "sending", "paused", "sent", "cancelled")
_SIMILAR_SHOWN = 10


@dataclass(frozen=True)
class Warnings:
    """`codes` of `protocol.sending_rules.WARNINGS`, in their order there."""

    codes: tuple[str, ...] = ()
    similar: tuple[SimilarDelivery, ...] = ()


def find_warnings(
    database: Database, recipients: Recipients, delivery: Delivery, rules: SendingRules, now: datetime
) -> Warnings:
    """`delivery`: as it is stored, or a draft not saved yet with what is known of it."""
    draft = delivery.draft
    with database.read() as connection:
        goes_out = moment_of(draft, rules, find_holidays(connection, database.cipher), now)
        same = _same_words(connection, database, draft, rules, now)
    similar = _overlapping(recipients, draft, same)
    found = {
        "quiet_hours": is_quiet(goes_out, rules),
        "same_as_recent": bool(similar),
        "stale_content": _is_stale(delivery, rules, now),
        "date_in_past": bool(past_dates(_all_messages(draft), japan_day(goes_out))),
        "unstoppable": draft.route == "broadcast",
        "many_languages_missing": _lacks_languages(draft, recipients.languages(draft)),
    }
    return Warnings(codes=tuple(code for code, is_so in found.items() if is_so), similar=similar)


def moment_of(draft: DeliveryDraft, rules: SendingRules, holidays: Holidays, now: datetime) -> datetime:
    """When it goes out if it is confirmed now; for a rule, the first time."""
    after_hold = now + timedelta(seconds=rules.hold_seconds)
    if isinstance(draft.when, Now):
        return after_hold
    if isinstance(draft.when, At):
        return max(draft.when.at, after_hold)
    return next(iter(next_moments(draft.when, now, holidays, 1)), after_hold)


def words_hash(draft: DeliveryDraft) -> str:
    """Stands for what it says in Japanese; a place on the map has floats, so these are no canonical bytes."""
    words = json.dumps([message.as_json() for message in draft.messages], sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()


def _all_messages(draft: DeliveryDraft) -> tuple[Message, ...]:
    return (*draft.messages, *(message for variant in draft.variants for message in variant.messages))


def _same_words(
    connection: Connection, database: Database, draft: DeliveryDraft, rules: SendingRules, now: datetime
) -> list[Delivery]:
    if not rules.same_within_days:
        return []
    since = now - timedelta(days=rules.same_within_days)
    wanted = words_hash(draft)
    bodies = list_bodies_since(connection, database.cipher, DELIVERY, since)
    known = [Delivery.parse(body) for body in bodies]
    return [
        one
        for one in known
        if one.draft.id != draft.id
        and one.state in _SAID
        and one.confirmed_at is not None
        and _last_said(one) >= since
        and words_hash(one.draft) == wanted
    ]


def _last_said(delivery: Delivery) -> datetime:
    said = delivery.started_at or delivery.due_at or delivery.confirmed_at
    assert said is not None
    return said


def _overlapping(
    recipients: Recipients, draft: DeliveryDraft, same: list[Delivery]
) -> tuple[SimilarDelivery, ...]:
    found = []
    for one in sorted(same, key=_last_said, reverse=True)[:_SIMILAR_SHOWN]:
        people = recipients.count_overlap(draft, one)
        if people:
            people = 0 if people < SMALLEST_TOLD else people
            found.append(
                SimilarDelivery(
                    delivery=one.draft.id, title=one.draft.title, sent_at=_last_said(one), people=people
                )
            )
    return tuple(found)


def _is_stale(delivery: Delivery, rules: SendingRules, now: datetime) -> bool:
    if not rules.stale_after_hours or delivery.written_at is None:
        return False
    return now - delivery.written_at > timedelta(hours=rules.stale_after_hours)


def _lacks_languages(draft: DeliveryDraft, people: dict[str, int]) -> bool:
    """Whether many would read Japanese although they chose another language."""
    written = {DEFAULT_LANGUAGE, *(variant.language for variant in draft.variants)}
    missing = sum(count for language, count in people.items() if language not in written)
    return missing >= MISSING_PEOPLE and missing * MISSING_PART >= sum(people.values())
