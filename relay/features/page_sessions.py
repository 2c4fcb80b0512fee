"""How long a resident's page stays open, and the token that proves a form came from our own page.

Requirements: SEC-3 (session fixation, CSRF), SEC-4.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from protocol.encoding import to_base64
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.pages import add_page_session, end_page_session, find_page_session

SESSION_LIFE = timedelta(hours=12)
_TOKEN_BYTES = 32


@dataclass(frozen=True)
class PageSession:
    """An open session. `form_token` goes into every form of it."""

    resident_no: int
    form_token: str


def begin_page_session(connection: Connection, resident_no: int, now: datetime, *, replaces: str = "") -> str:
    """A new token, always a fresh one, whatever the browser brought; that one ends."""
    if replaces:
        end_page_session(connection, _hash(replaces))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    add_page_session(connection, _hash(token), resident_no, now, now + SESSION_LIFE)
    return token


def find_session(
    connection: Connection, cipher: ColumnCipher, token: str, now: datetime
) -> PageSession | None:
    """The session of a cookie; None for none, an unknown or an ended one."""
    if not token:
        return None
    resident_no = find_page_session(connection, _hash(token), now)
    if resident_no is None:
        return None
    return PageSession(resident_no=resident_no, form_token=_form_token(cipher, token))


def is_own_form(session: PageSession, given: str) -> bool:
    """Whether a submitted form was made for this session."""
    return hmac.compare_digest(session.form_token.encode(), given.encode("utf-8", "replace"))


def _form_token(cipher: ColumnCipher, token: str) -> str:
    return to_base64(hmac.digest(cipher.derive("page forms"), _hash(token), hashlib.sha256))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
