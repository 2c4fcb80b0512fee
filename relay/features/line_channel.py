"""The town's LINE channel: from the environment, or as staff entered it, sealed; changed without a restart.

What the environment sets wins. Nothing here ever goes to a desktop, a record or the audit log.
Requirements: ADM-5, SEC-2.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime

from protocol.signin import LineChannelSave
from relay.errors import Refused
from relay.features.audit import append
from relay.features.sign_in import SignedIn
from relay.store.changes import wait_for_turn
from relay.store.database import Database
from relay.store.secrets import find_secrets, put_secrets

_PREFIX = "line."
_FORMS = {
    # A line break or a space in any of them would end up in a header.
    "channel_secret": re.compile(r"[\x21-\x7e]{1,200}"),
    "channel_token": re.compile(r"[\x21-\x7e]{1,2000}"),
    "login_channel_id": re.compile(r"[0-9]{1,20}"),
    "liff_id": re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,59}"),
}


@dataclass(frozen=True)
class Channel:
    """Each empty where it is not known. The names are those of `LineChannelSave`."""

    channel_secret: str = ""
    channel_token: str = ""
    login_channel_id: str = ""
    liff_id: str = ""

    def __repr__(self) -> str:
        return "Channel(…)"


NAMES = tuple(field.name for field in fields(Channel))


class LineChannel:
    """The channel as it is now, in this process. `refresh` looks whether another process changed it."""

    def __init__(self, database: Database, clock: Callable[[], datetime], environment: Channel) -> None:
        self._database = database
        self._clock = clock
        self._environment = environment
        self._followers: list[Callable[[Channel], object]] = []
        self.now = self._load()

    @property
    def from_environment(self) -> tuple[str, ...]:
        """What the environment sets, so that staff cannot."""
        return tuple(name for name in NAMES if getattr(self._environment, name))

    def follow(self, take: Callable[[Channel], object]) -> None:
        """`take` is called now and after every change, from any thread; it must only take values over."""
        self._followers.append(take)
        take(self.now)

    def refresh(self) -> None:
        """Raises StoreUnavailable."""
        found = self._load()
        if found == self.now:
            return
        self.now = found
        for take in self._followers:
            take(found)

    def save(self, signed_in: SignedIn, message: LineChannelSave) -> None:
        """Keep what was entered, and work with it at once. Raises Refused `malformed`."""
        entered = {name: getattr(message, name).strip() for name in NAMES}
        wanted = {
            name: value for name, value in entered.items() if value and name not in self.from_environment
        }
        if not all(_FORMS[name].fullmatch(value) for name, value in wanted.items()):
            raise Refused("malformed", status=400)
        now, cipher = self._clock(), self._database.cipher
        if wanted:
            with self._database.write() as connection:
                wait_for_turn(connection)
                put_secrets(
                    connection, cipher, {_PREFIX + name: value for name, value in wanted.items()}, now
                )
                append(
                    connection,
                    cipher,
                    kind="line_channel_saved",
                    staff=signed_in.member.id,
                    now=now,
                    object=" ".join(sorted(wanted)),
                    device=signed_in.device,
                )
        self.refresh()

    def _load(self) -> Channel:
        with self._database.read() as connection:
            saved = find_secrets(connection, self._database.cipher, [_PREFIX + name for name in NAMES])
        return Channel(
            **{name: getattr(self._environment, name) or saved.get(_PREFIX + name, "") for name in NAMES}
        )
