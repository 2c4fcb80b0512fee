"""User access tokens that LIFF hands to a page: 12 hours, taken back with the consent."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

LIFETIME = timedelta(hours=12)
SCOPES = "openid profile chat_message.write"


@dataclass(frozen=True, slots=True)
class UserToken:
    token: str
    user_id: str
    expires_at: datetime
    scope: str = SCOPES


class LoginTokens:
    def __init__(self) -> None:
        self._tokens: dict[str, UserToken] = {}

    def issue(self, user_id: str, now: datetime) -> UserToken:
        token = UserToken(secrets.token_urlsafe(48), user_id, now + LIFETIME)
        self._tokens[token.token] = token
        return token

    def find(self, token: str, now: datetime) -> UserToken | None:
        found = self._tokens.get(token)
        return found if found is not None and found.expires_at > now else None

    def withdraw(self, user_id: str) -> None:
        self._tokens = {key: held for key, held in self._tokens.items() if held.user_id != user_id}
