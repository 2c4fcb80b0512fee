"""The record of every API call and of who received what, for people and scripts that check."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

CALLS_KEPT = 200_000


@dataclass(frozen=True, slots=True)
class CallRecord:
    number: int
    time: datetime
    endpoint: str
    method: str
    status: int  # 0: the connection was cut before an answer
    request_id: str
    retry_key: str | None
    recipients: int
    fault: str | None

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "time": self.time.isoformat(),
            "endpoint": self.endpoint,
            "method": self.method,
            "status": self.status,
            "requestId": self.request_id,
            "retryKey": self.retry_key,
            "recipients": self.recipients,
            "fault": self.fault,
        }


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    number: int
    time: datetime
    endpoint: str
    request_id: str
    recipients: tuple[str, ...]
    asked: int
    message_ids: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "time": self.time.isoformat(),
            "endpoint": self.endpoint,
            "requestId": self.request_id,
            "recipients": list(self.recipients),
            "asked": self.asked,
            "messageIds": list(self.message_ids),
        }


class Ledger:
    def __init__(self) -> None:
        self.calls: deque[CallRecord] = deque(maxlen=CALLS_KEPT)
        self.deliveries: deque[DeliveryRecord] = deque(maxlen=CALLS_KEPT)
        self._numbers = 0

    def next_number(self) -> int:
        self._numbers += 1
        return self._numbers
