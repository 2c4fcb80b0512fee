"""Links that are counted: how often each was tapped in which hour, and nothing about who did it. SEG-9.

Each link of a delivery gets one address of ours, the same for everybody, that leads on to the real one. Taps
are gathered in memory and written every second; those of the last second before a crash are lost.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from relay.errors import StoreUnavailable
from relay.store.database import Connection, Database
from relay.store.links import StoredLink, add_link, add_taps, find_target, list_delivery_links

TOKEN_LENGTH = 22
_TOKEN_BYTES = 16
_KEPT_TARGETS = 1000
_WAITING_LIMIT = 100_000
_JAPAN = ZoneInfo("Asia/Tokyo")
_log = logging.getLogger(__name__)


class LinkCounter:
    """`counted` while freezing, `target` and `note` at a tap (any thread), `flush` again and again."""

    def __init__(self, database: Database, clock: Callable[[], datetime], *, public_url: str) -> None:
        self._database = database
        self._clock = clock
        self._base = f"{public_url.rstrip('/')}/go/"
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._targets: OrderedDict[str, str] = OrderedDict()
        self._waiting: Counter[tuple[str, str]] = Counter()

    def counted(self, connection: Connection, delivery: str, url: str, label: str) -> str:
        """Our address for this link of this delivery: always the same one. `label`: the button's, or none."""
        cipher = self._database.cipher
        known = list_delivery_links(connection, cipher, delivery)
        for link in known:
            if (link.url, link.label) == (url, label):
                return self._base + link.token
        made = StoredLink(token=secrets.token_urlsafe(_TOKEN_BYTES), url=url, label=label)
        add_link(connection, cipher, made, delivery=delivery, no=len(known), now=self._clock())
        return self._base + made.token

    def target(self, token: str) -> str | None:
        """Where the link leads; None where there is none."""
        if len(token) != TOKEN_LENGTH or not token.isascii() or "\0" in token:
            return None
        with self._lock:
            if token in self._targets:
                self._targets.move_to_end(token)
                return self._targets[token]
        with self._database.read() as connection:
            found = find_target(connection, self._database.cipher, token)
        if found is not None:
            with self._lock:
                self._targets[token] = found
                while len(self._targets) > _KEPT_TARGETS:
                    self._targets.popitem(last=False)
        return found

    def note(self, token: str) -> None:
        """One tap more in this hour. Touches no disk."""
        hour = self._clock().astimezone(_JAPAN).strftime("%Y-%m-%dT%H")
        with self._lock:
            if (token, hour) in self._waiting or len(self._waiting) < _WAITING_LIMIT:
                self._waiting[token, hour] += 1

    def close(self) -> None:
        """Write the last ones; without a store they are lost, and told."""
        try:
            self.flush()
        except StoreUnavailable as trouble:
            _log.error("the last taps on links are not counted: %s", trouble.reason)

    def flush(self) -> None:
        """Write what was noted. Raises StoreUnavailable, and then keeps it."""
        with self._writing:
            with self._lock:
                waiting, self._waiting = self._waiting, Counter()
            if not waiting:
                return
            try:
                with self._database.write() as connection:
                    add_taps(connection, waiting)
            except StoreUnavailable:
                with self._lock:
                    self._waiting.update(waiting)
                raise
