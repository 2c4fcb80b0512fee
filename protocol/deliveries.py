"""Deliveries (「配信」): what staff write, what the relay adds while sending, and when one may be confirmed.

Requirements: SEG-5, SEG-7, SEG-8, SEG-10, SEG-12.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from protocol.counting import grapheme_count
from protocol.items import SegmentItem
from protocol.languages import DEFAULT_LANGUAGE, LANGUAGES
from protocol.message_limits import find_message_problems, find_quick_reply_problems
from protocol.messages import Action, Message, Variant
from protocol.moments import find_when_problems
from protocol.placeholders import PLACEHOLDERS, placeholders_used
from protocol.problems import Problem
from protocol.schedules import Late, Now, OnAge, OnResidentDay, When
from protocol.segments import (
    NOTHING,
    AllOf,
    AnyOf,
    Everyone,
    Except,
    InGroup,
    Named,
    Segment,
    find_segment_problems,
)
from protocol.wire import Wire

DELIVERY_TITLE_LIMIT = 60

DeliveryState = Literal[
    "draft",
    "asked",
    "held",
    "scheduled",
    "repeating",
    "queued",
    "sending",
    "paused",
    "sent",
    "cancelled",
    "skipped",
    "failed",
]
"""draft → (asked: waits for a second person) → held (confirmed, can still be stopped for some seconds), or
scheduled (for a moment), or repeating (each day of its rule becomes a delivery of its own) → queued (being
frozen into batches) → sending → sent.

`paused`: stopped by LINE's monthly limit or by people, can go on or be cancelled; `cancelled`: the rest is
never sent; `skipped`: its moment passed unseen and its rule says not to send late; `failed`: nothing was
accepted. Stopping a `held`, `scheduled` or `repeating` one makes it a draft again, which belongs to no rule;
a day of residents' own days is cancelled instead, because only its rule says whose day it was.
"""

BEFORE_SENDING: tuple[DeliveryState, ...] = ("draft", "asked", "held", "scheduled", "repeating")

Route = Literal["auto", "broadcast"]
"""`auto`: multicast for identical text, push for one person. `broadcast`: one call to every friend that
nobody can stop (design 5); only for 友だち全員 without exclusions and in one language.
"""


class DeliveryDraft(Wire):
    """What staff compose. `title` (「配信名」) is for staff lists only; residents never see it.

    `excluded`: saved groups that never get it, whatever the segment says. `variants`: the messages in other
    languages. `quick_replies` hang below the last bubble. `count_links`: links pass through the relay, which
    counts taps and keeps no person. `training`: marked 【訓練】.
    """

    id: str
    title: str
    messages: tuple[Message, ...] = ()
    segment: Segment = Everyone()
    silent: bool = False
    """Whether phones stay quiet (LINE: notificationDisabled)."""
    copied_from: str | None = None
    excluded: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    quick_replies: tuple[Action, ...] = ()
    when: When = Now()
    late: Late = "send"
    """What a worker does that comes too late for the moment: send, or skip it and tell."""
    late_minutes: int = 120
    """`send` holds for so long after the moment; later than that it is skipped and told."""
    count_links: bool = True
    route: Route = "auto"
    training: bool = False
    corrects: str = ""
    """The delivery this one corrects (訂正)."""


def messages_in(draft: DeliveryDraft, language: str) -> tuple[Message, ...]:
    """The draft's messages in this language, or in Japanese."""
    found = (variant.messages for variant in draft.variants if variant.language == language)
    return next(found, draft.messages)


def quick_replies_in(draft: DeliveryDraft, language: str) -> tuple[Action, ...]:
    """What hangs below the last bubble in this language; the Japanese ones where it has none of its own."""
    found = (variant.quick_replies for variant in draft.variants if variant.language == language)
    return next(found, ()) or draft.quick_replies


def whole_segment(draft: DeliveryDraft) -> Segment:
    """The draft's recipients with its excluded groups taken out."""
    if not draft.excluded:
        return draft.segment
    out = AnyOf(parts=tuple(InGroup(group=group) for group in draft.excluded))
    return AllOf(parts=(draft.segment, Except(part=out)))


class DeliveryNumbers(Wire):
    """People, not requests. `recipients` = waiting + accepted + refused + unknown + cancelled, always."""

    recipients: int = 0
    waiting: int = 0
    accepted: int = 0
    refused: int = 0
    unknown: int = 0
    cancelled: int = 0


class Delivery(Wire):
    """A delivery as the relay keeps it: the draft, and the facts of its sending."""

    draft: DeliveryDraft
    state: DeliveryState = "draft"
    numbers: DeliveryNumbers = DeliveryNumbers()
    written_by: str = ""
    written_at: datetime | None = None
    asked_by: str = ""
    """Who asked for a second person's approval; they cannot give it themselves."""
    returned: str = ""
    """Why an approver gave it back, in their words; empty once it is asked or sent again."""
    sent_by: str = ""
    confirmed_at: datetime | None = None
    confirmed_for: int = 0
    """How many people it would have reached when somebody said yes. Days of a rule keep their series'."""
    confirmed_as_many: bool = False
    """Whether the rule of the second person held for it then, whether or not anybody could keep it."""
    due_at: datetime | None = None
    """When it goes out: the end of the hold, the moment, or the next one of a rule."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    reason: str = ""
    """A reason code when paused, skipped or failed, or when part of it was refused."""
    series: str = ""
    """The repeating delivery this one is a day of."""
    made_by_rule: str = ""
    """The rule of the relay that made it, such as `waste`; empty when a person did."""
    bypassed: str = ""
    """Why it went out without a second person (緊急), in the words of who did it."""
    archived: bool = False


class Quota(Wire):
    """LINE's monthly allowance in people. `limit` None means the account has no cap."""

    limit: int | None = None
    used: int = 0

    @property
    def remaining(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)


def find_draft_problems(
    draft: DeliveryDraft,
    items: Mapping[str, SegmentItem],
    named: Named = NOTHING,
    *,
    now: datetime | None = None,
) -> tuple[Problem, ...]:
    """Why a draft cannot be sent as written; empty when it can. Drafts may be saved with problems.

    `named`: the groups, lists and deliveries that exist. Without `now` its moment is not looked at.
    """
    problems: list[Problem] = []
    if not draft.title.strip():
        problems.append(Problem(code="title_missing", at="title"))
    elif grapheme_count(draft.title) > DELIVERY_TITLE_LIMIT:
        problems.append(Problem(code="text_too_long", at="title", limit=DELIVERY_TITLE_LIMIT))
    problems += find_content_problems(draft)
    problems += find_segment_problems(draft.segment, items, named)
    problems += find_excluded_problems(draft.excluded, items, named)
    if now is not None:
        problems += find_when_problems(draft.when, items, now)
    return tuple(problems)


def find_content_problems(draft: DeliveryDraft, *, as_test: bool = False) -> tuple[Problem, ...]:
    """Why what residents would see cannot be sent: messages, their variants, quick replies, a broadcast."""
    training = draft.training
    problems = [*find_message_problems(draft.messages, as_test=as_test, training=training)]
    languages = [variant.language for variant in draft.variants]
    for number, variant in enumerate(draft.variants):
        at = f"variants.{number}"
        if variant.language not in LANGUAGES or variant.language == DEFAULT_LANGUAGE:
            problems.append(Problem(code="language_unknown", at=f"{at}.language"))
        elif variant.language in languages[:number]:
            problems.append(Problem(code="variant_twice", at=f"{at}.language"))
        problems += find_message_problems(
            variant.messages, as_test=as_test, training=training, at=f"{at}.messages"
        )
        problems += find_quick_reply_problems(variant.quick_replies, at=f"{at}.quick_replies")
    problems += find_quick_reply_problems(draft.quick_replies)
    if draft.route == "broadcast" and not can_be_broadcast(draft):
        problems.append(Problem(code="broadcast_not_possible", at="route"))
    return tuple(problems)


def goes_to_everyone(draft: DeliveryDraft) -> bool:
    """Whether it is for all friends there are: nobody left out, and not each on a day of their own."""
    own_days = isinstance(draft.when, OnResidentDay | OnAge)
    return isinstance(draft.segment, Everyone) and not draft.excluded and not own_days


def can_be_broadcast(draft: DeliveryDraft) -> bool:
    """Whether every friend gets the same: one call cannot leave anybody out or differ."""
    used = placeholders_used(draft.messages, draft.quick_replies)
    is_same = not draft.variants and all(PLACEHOLDERS[name] == "everywhere" for name in used)
    return goes_to_everyone(draft) and is_same


def find_excluded_problems(
    excluded: tuple[str, ...], items: Mapping[str, SegmentItem], named: Named
) -> tuple[Problem, ...]:
    """Why these groups cannot be left out; empty when they can. One that is gone would leave out nobody."""
    found = (find_segment_problems(InGroup(group=group), items, named) for group in excluded)
    return tuple(problem.model_copy(update={"at": "excluded"}) for problems in found for problem in problems)


def find_sending_problems(recipients: int | None, quota: Quota | None) -> tuple[Problem, ...]:
    """Why a well-written delivery cannot go out now: nobody to send to, or more people than the quota holds.

    None means the relay could not be asked; then nothing may be confirmed.
    """
    if recipients is None:
        return (Problem(code="count_unknown", at="segment"),)
    if recipients == 0:
        return (Problem(code="no_recipients", at="segment"),)
    if quota is None:
        return (Problem(code="quota_unknown", at="quota"),)
    if quota.remaining is not None and recipients > quota.remaining:
        return (Problem(code="over_quota", at="quota", limit=quota.remaining, actual=recipients),)
    return ()
