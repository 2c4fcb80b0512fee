"""LINE Login: whom an ID token belongs to. LINE checks the signature, we check what it says once more.

A page sends the raw token and never a user id; a user id of the browser is never believed.
Source: LINE Login v2.1 reference, "Verify ID token". Requirement: SEC-4.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from relay.errors import LineError, Refused

REAL_BASE = "https://api.line.me"
ISSUER = "https://access.line.me"
_PATH = "/oauth2/v2.1/verify"
_TIMEOUT = aiohttp.ClientTimeout(total=8, sock_connect=4)
_TOKEN_LIMIT = 4096
_USER_ID = re.compile(r"U[0-9a-f]{32}")  # one odd id would spoil a whole multicast
_ANSWER_LIMIT = 8192
_CLOCK_TOLERANCE = timedelta(seconds=60)


class LineLogin:
    """Verifies ID tokens of one Login channel. Connects at the first use; close with `aclose`."""

    def __init__(
        self, *, base: str, channel_id: str, ca_file: Path | None, clock: Callable[[], datetime]
    ) -> None:
        self._url = base.rstrip("/") + _PATH
        self._channel_id = channel_id
        self._ca_file = ca_file
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False

    async def verify_id_token(self, id_token: str) -> str:
        """The LINE user id. Raises Refused `not_signed_in`, or LineError when LINE cannot be asked."""
        if not self._channel_id:
            raise LineError(status=None, permanent=False, reason="line_not_configured")
        if not id_token or len(id_token) > _TOKEN_LIMIT or not id_token.isascii():
            raise Refused("not_signed_in", status=401)
        channel_id = self._channel_id
        claims = await self._ask_line(id_token, channel_id)
        return self._check(claims, channel_id)

    def use_channel(self, channel_id: str) -> None:
        """Tokens of this Login channel are taken from now on, and of no other."""
        self._channel_id = channel_id

    async def aclose(self) -> None:
        self._is_closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask_line(self, id_token: str, channel_id: str) -> Mapping[str, Any]:
        form = {"id_token": id_token, "client_id": channel_id}
        try:
            async with self._open().post(self._url, data=form) as response:
                content = await response.content.read(_ANSWER_LIMIT)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError, asyncio.IncompleteReadError):
            raise LineError(status=None, permanent=False, reason="line_unreachable") from None
        if status >= 500 or status == 429:
            raise LineError(status=status, permanent=False, reason="line_unreachable")
        if status != 200:
            raise Refused("not_signed_in", status=401)
        try:
            claims = json.loads(content)
        except ValueError:
            raise LineError(status=status, permanent=False, reason="line_unreachable") from None
        if not isinstance(claims, dict):
            raise Refused("not_signed_in", status=401)
        return claims

    def _check(self, claims: Mapping[str, Any], channel_id: str) -> str:
        user_id, expires = claims.get("sub"), claims.get("exp")
        is_valid = (
            claims.get("iss") == ISSUER
            and claims.get("aud") == channel_id
            and isinstance(expires, int | float)
            and expires > (self._clock() - _CLOCK_TOLERANCE).timestamp()
            and isinstance(user_id, str)
            and _USER_ID.fullmatch(user_id) is not None
        )
        if not is_valid:
            raise Refused("not_signed_in", status=401)
        return str(user_id)

    def _open(self) -> aiohttp.ClientSession:
        if self._is_closed:  # opened again, its connections would never be closed
            raise LineError(status=None, permanent=False, reason="line_unreachable")
        if self._session is None:
            context = ssl.create_default_context(cafile=str(self._ca_file) if self._ca_file else None)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=context), timeout=_TIMEOUT
            )
        return self._session
