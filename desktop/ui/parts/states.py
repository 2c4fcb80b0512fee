"""Which tone each state of a delivery has."""

from __future__ import annotations

STATE_TONES = {
    "draft": "neutral",
    "queued": "info",
    "sending": "info",
    "paused": "warning",
    "sent": "success",
    "failed": "error",
}
