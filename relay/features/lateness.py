"""The late rule: whether a delivery may still go out so long after its moment (decision 041). SEG-5."""

from __future__ import annotations

from datetime import datetime, timedelta

from protocol.deliveries import DeliveryDraft

ON_TIME = timedelta(minutes=5)
"""So late is nobody's fault: a restart, a backup, a worker that was busy."""
LONGEST_LATE = timedelta(days=31)
_MINUTES_LIMIT = 10**6


def is_overdue(draft: DeliveryDraft, due_at: datetime, now: datetime) -> bool:
    """Whether the draft's late rule forbids to send it now."""
    late = now - due_at
    if late <= ON_TIME:
        return False
    allowed = timedelta(minutes=max(0, min(draft.late_minutes, _MINUTES_LIMIT)))
    return draft.late == "skip" or late > min(allowed, LONGEST_LATE)
