"""Which tone each state of a delivery has."""

from __future__ import annotations

STATE_TONES = {
    "draft": "neutral",
    "asked": "warning",
    "held": "error",
    "scheduled": "info",
    "repeating": "info",
    "queued": "info",
    "sending": "info",
    "paused": "warning",
    "sent": "success",
    "cancelled": "neutral",
    "skipped": "warning",
    "failed": "error",
}
