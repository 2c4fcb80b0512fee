"""Channel access tokens: the long-lived one from the settings and those issued over the API."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

SHORT_LIVED = timedelta(days=30)
STATELESS = timedelta(minutes=15)
MOST_ALIVE = 30


@dataclass(frozen=True, slots=True)
class IssuedToken:
    token: str
    kind: str  # short, v2.1, stateless
    key_id: str
    issued_at: datetime
    expires_at: datetime


class ChannelTokens:
    def __init__(self) -> None:
        self._issued: dict[str, IssuedToken] = {}

    def issue(self, kind: str, lifetime: timedelta, now: datetime) -> IssuedToken:
        token = IssuedToken(secrets.token_urlsafe(60), kind, secrets.token_urlsafe(12), now, now + lifetime)
        self._issued[token.token] = token
        return token

    def alive(self, kind: str, now: datetime) -> list[IssuedToken]:
        return [t for t in self._issued.values() if t.kind == kind and t.expires_at > now]

    def find(self, token: str, now: datetime) -> IssuedToken | None:
        found = self._issued.get(token)
        return found if found is not None and found.expires_at > now else None

    def revoke(self, token: str) -> None:
        self._issued.pop(token, None)
