"""Reply tokens: good once, for a minute after the webhook left, 20 minutes at most when redelivered."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

AFTER_DELIVERY = timedelta(seconds=60)
AFTER_EVENT = timedelta(minutes=20)


@dataclass(slots=True)
class _Token:
    user_id: str
    event_at: datetime
    sent_at: datetime
    redelivered: bool = False


class ReplyTokens:
    def __init__(self) -> None:
        self._tokens: dict[str, _Token] = {}

    def issue(self, user_id: str, now: datetime) -> str:
        token = secrets.token_hex(16)
        self._tokens[token] = _Token(user_id, now, now)
        return token

    def mark_sent(self, token: str, now: datetime, *, redelivery: bool) -> None:
        """The minute runs from each delivery of the webhook that carries the token."""
        held = self._tokens.get(token)
        if held is not None:
            held.sent_at = now
            held.redelivered = held.redelivered or redelivery

    def owner(self, token: str, now: datetime) -> str | None:
        """Who would be answered, or None if the token is unknown, used or too old."""
        held = self._tokens.get(token)
        if held is None or now - held.sent_at > AFTER_DELIVERY:
            return None
        if held.redelivered and now - held.event_at > AFTER_EVENT:
            return None
        return held.user_id

    def use_up(self, token: str) -> None:
        self._tokens.pop(token, None)
