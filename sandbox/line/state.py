"""What this sandbox knows at one moment: one channel, its residents, and everything that was sent.

Lives in memory and belongs to the server's event loop; other threads may read it.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.line.audiences import Audiences
from sandbox.line.channel_tokens import ChannelTokens
from sandbox.line.content import Content
from sandbox.line.faults import Faults
from sandbox.line.id_tokens import IdTokenKey
from sandbox.line.interest import Interest
from sandbox.line.ledger import Ledger
from sandbox.line.limits import RateLimits
from sandbox.line.login_tokens import LoginTokens
from sandbox.line.media import MediaFetcher, MediaShelf
from sandbox.line.openapi import OpenApiRules
from sandbox.line.quota import Quota
from sandbox.line.reply_tokens import ReplyTokens
from sandbox.line.residents import Entry, Resident, Residents
from sandbox.line.retry_keys import RetryKeys
from sandbox.settings import SandboxSettings

STREAM_ENDS = "bye"


def trust_in(ca_file: str | None) -> ssl.SSLContext:
    """TLS 1.2 or newer; raises OSError (ssl.SSLError is one) when the file cannot be used."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Platform:
    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self.openapi = OpenApiRules(settings.openapi_folder) if settings.openapi_folder else None
        self.id_token_key = IdTokenKey.fresh()
        self.watchers: dict[str, set[asyncio.Queue[str]]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False
        self._trusts: dict[tuple[str | None, int], ssl.SSLContext] = {}
        self._next_message_id = 500_000_000_000_000_000 + secrets.randbelow(10**15)
        if settings.webhook_ca_file:
            trust_in(settings.webhook_ca_file)  # fail at the start, not at the first webhook
        self.forget_everything()

    def forget_everything(self) -> None:
        """Back to an empty town; settings and keys stay."""
        self.residents = Residents()
        self.followers: dict[str, None] = {}  # in the order in which they became friends
        self.follower_cursors: dict[str, tuple[list[str], int, datetime]] = {}
        self.channel_tokens = ChannelTokens()
        self.login_tokens = LoginTokens()
        self.retry_keys = RetryKeys()
        self.reply_tokens = ReplyTokens()
        self.quota = Quota()
        self.rate_limits = RateLimits()
        self.ledger = Ledger()
        self.faults = Faults()
        self.contents: dict[str, Content] = {}
        self.mark_as_read_tokens: dict[str, tuple[str, str]] = {}
        self.quote_tokens: dict[str, str] = {}
        self.aggregation_units: dict[str, set[str]] = {}
        self.interest = Interest()
        self.audiences = Audiences()
        self.narrowcasts: dict[str, Any] = {}
        self.coupons: dict[str, dict[str, Any]] = {}
        self.media = MediaShelf(self._media_changed)

    def now(self) -> datetime:
        return self.settings.clock() + timedelta(seconds=self.settings.clock_offset)

    def quota_limit(self) -> int | None:
        return self.settings.quota_value if self.settings.quota_type == "limited" else None

    def new_message_id(self) -> str:
        self._next_message_id += 1
        return str(self._next_message_id)

    def add_entry(self, resident: Resident, entry: Entry) -> None:
        resident.talk.append(entry)
        resident.loading_until = None
        self.tell(resident.user_id, "talk")

    def tell(self, user_id: str, what: str) -> None:
        """Wakes the phones that look at this resident's talk."""
        for queue in self.watchers.get(user_id, ()):
            queue.put_nowait(what)

    def close_streams(self) -> None:
        """Lets every phone's stream end, so that the server can stop at once."""
        for queues in self.watchers.values():
            for queue in queues:
                queue.put_nowait(STREAM_ENDS)

    def _media_changed(self, key: str) -> None:
        for user_id in self.watchers:
            resident = self.residents.find(user_id)
            if resident and any(key in entry.media for entry in resident.talk):
                self.tell(user_id, "redraw")

    def fetch_media(self, addresses: list[tuple[str, str]]) -> tuple[str, ...]:
        """Starts the fetches and answers with their keys."""
        if not addresses:
            return ()
        fetcher = None
        if self.settings.fetch_media:
            fetcher = MediaFetcher(self.session(), self.trust(), self.settings.require_https_media)
        now = self.now()
        return tuple(self.media.ask(role, url, now, fetcher) for role, url in addresses)

    def session(self) -> aiohttp.ClientSession:
        if self._is_closed:  # opened again, its connections would never be closed
            raise aiohttp.ClientConnectionError("the sandbox is stopping")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=128), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    def trust(self) -> ssl.SSLContext:
        """Public authorities, or only the given one: LINE, too, refuses what it cannot verify."""
        file = self.settings.webhook_ca_file
        # A demo makes its authority anew under the same name: the time of the file tells.
        key = (file, Path(file).stat().st_mtime_ns if file else 0)
        context = self._trusts.get(key)
        if context is None:
            context = trust_in(file)
            self._trusts[key] = context
        return context

    async def close(self) -> None:
        await self.media.stop()
        self._is_closed = True
        if self._session is not None:
            await self._session.close()

    def public_url(self, request_base: str = "") -> str:
        return (self.settings.public_url or request_base).rstrip("/")

    def describe(self) -> dict[str, Any]:
        return {
            "residents": len(self.residents),
            "friends": len(self.followers),
            "calls": len(self.ledger.calls),
            "openapi": self.openapi is not None,
        }
