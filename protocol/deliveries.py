"""Deliveries (「配信」): what staff write, what the relay adds while sending, and when one may be confirmed.

Requirements: SEG-5 (now), SEG-7, SEG-10, SEG-12.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from protocol.counting import grapheme_count
from protocol.items import SegmentItem
from protocol.messages import Message, find_message_problems
from protocol.problems import Problem
from protocol.segments import Everyone, Segment, find_segment_problems
from protocol.wire import Wire

DELIVERY_TITLE_LIMIT = 60

DeliveryState = Literal["draft", "queued", "sending", "paused", "sent", "failed"]
"""draft → queued (confirmed, being frozen into batches) → sending → sent.

`paused`: stopped by LINE's monthly limit or by people, can go on; `failed`: nothing was accepted.
"""


class DeliveryDraft(Wire):
    """What staff compose. `title` (「配信名」) is for staff lists only; residents never see it."""

    id: str
    title: str
    messages: tuple[Message, ...] = ()
    segment: Segment = Everyone()
    silent: bool = False
    """Whether phones stay quiet (LINE: notificationDisabled)."""
    copied_from: str | None = None


class DeliveryNumbers(Wire):
    """People, not requests. `recipients` = waiting + accepted + refused + unknown, always."""

    recipients: int = 0
    waiting: int = 0
    accepted: int = 0
    refused: int = 0
    unknown: int = 0


class Delivery(Wire):
    """A delivery as the relay keeps it: the draft, and the facts of its sending."""

    draft: DeliveryDraft
    state: DeliveryState = "draft"
    numbers: DeliveryNumbers = DeliveryNumbers()
    written_by: str = ""
    written_at: datetime | None = None
    sent_by: str = ""
    confirmed_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    reason: str = ""
    """A reason code when paused or failed, or when part of it was refused."""


class Quota(Wire):
    """LINE's monthly allowance in people. `limit` None means the account has no cap."""

    limit: int | None = None
    used: int = 0

    @property
    def remaining(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)


def find_draft_problems(draft: DeliveryDraft, items: Mapping[str, SegmentItem]) -> tuple[Problem, ...]:
    """Why a draft cannot be sent as written; empty when it can. Drafts may be saved with problems."""
    problems: list[Problem] = []
    if not draft.title.strip():
        problems.append(Problem(code="title_missing", at="title"))
    elif grapheme_count(draft.title) > DELIVERY_TITLE_LIMIT:
        problems.append(Problem(code="text_too_long", at="title", limit=DELIVERY_TITLE_LIMIT))
    problems += find_message_problems(draft.messages)
    problems += find_segment_problems(draft.segment, items)
    return tuple(problems)


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
