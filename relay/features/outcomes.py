"""What an answer of LINE means for a batch: accepted, refused, again later, or unknown for good.

Pure decisions. Source: LINE "Retrying a failed API request"; design "Events in, messages out".
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from relay.line.answers import LineAnswer
from relay.store.batches import Claim, Outcome

GIVE_UP_AFTER = timedelta(hours=23)
"""LINE forgets a retry key after 24 hours; a later try would reach people twice."""
_FIRST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(minutes=5)
_QUOTA_WORDS = "monthly limit"


def is_too_late(claim: Claim, now: datetime) -> bool:
    """Whether another try could count as a new message."""
    return now - claim.first_try_at >= GIVE_UP_AFTER


def decide_outcome(claim: Claim, answer: LineAnswer, now: datetime, *, jitter: float = 0.5) -> Outcome:
    """`jitter` between 0 and 1 spreads the tries of many batches; give `random.random()`."""

    def closed(state: str) -> Outcome:
        return Outcome(
            run=claim.run,
            no=claim.no,
            state=state,  # type: ignore[arg-type]
            http_status=answer.status,
            request_id=answer.request_id,
        )

    status = answer.status
    if status is not None and (200 <= status < 300 or status == 409):
        return closed("accepted")
    if status == 429 and _QUOTA_WORDS in answer.message:
        return _again(claim, answer, now, wait=timedelta(0), pauses="over_quota")
    if status in (401, 403):  # our own token or plan, not this message: nobody is refused for it
        return _again(claim, answer, now, wait=timedelta(0), pauses="line_refused")
    if status is not None and 400 <= status < 500 and status not in (408, 429):
        # After an unclear try somebody may have it: LINE is not believed to have refused them.
        return closed("refused" if claim.is_first_try else "unknown")
    return _again(claim, answer, now, wait=_wait(claim, answer, jitter))


def random_jitter() -> float:
    return random.random()  # noqa: S311  # spreads load, hides nothing


def unknown_for_good(claim: Claim) -> Outcome:
    """Its key is too old to try again and nobody knows whether it was accepted. People are told."""
    return Outcome(run=claim.run, no=claim.no, state="unknown")


def not_tried(claim: Claim) -> Outcome:
    """Given back before the call was made."""
    return Outcome(run=claim.run, no=claim.no, state="waiting", certainly_not=claim.is_first_try)


def _again(claim: Claim, answer: LineAnswer, now: datetime, *, wait: timedelta, pauses: str = "") -> Outcome:
    said_no = answer.status is not None and answer.status < 500 and answer.status != 408
    return Outcome(
        run=claim.run,
        no=claim.no,
        state="waiting",
        http_status=answer.status,
        request_id=answer.request_id,
        next_try_at=now + wait,
        # After a clear no nobody can have got it, so the 24 hours of the key have not begun.
        certainly_not=said_no and claim.is_first_try,
        pauses=pauses,
    )


def _wait(claim: Claim, answer: LineAnswer, jitter: float) -> timedelta:
    doubled: timedelta = min(_FIRST_WAIT * int(2 ** min(claim.attempts - 1, 20)), _LONGEST_WAIT)
    spread: timedelta = doubled * (0.75 + 0.5 * jitter)
    if answer.retry_after is not None:
        return max(spread, timedelta(seconds=min(answer.retry_after, 600.0)))
    return spread
