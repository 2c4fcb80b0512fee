"""One sync round: changes are applied once each, and the news of every audience goes down.

Source: design "One sync round". What each change does is in the file of its noun; `changes.py` lists them.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from protocol.changes import PAYLOADS, Change, ChangeResult, is_signed_by
from protocol.encoding import from_base64
from protocol.ids import is_id
from protocol.rights import RightsGrid, audiences_of
from protocol.staff import StaffMember
from protocol.sync import RECORDS_LIMIT, Record
from protocol.wire import MalformedMessage
from relay.errors import Deadlocked, Refused, StoreUnavailable, WrongKey
from relay.features.audit import append_change
from relay.features.changes import Stages
from relay.features.news import NewsBell
from relay.features.notices import CHANGE_FORGED, raise_notice
from relay.features.rights import find_grid, require_for_change
from relay.features.staff import find_signer
from relay.store.changes import find_done_change, remember_change, wait_for_turn
from relay.store.counters import current_number, current_numbers
from relay.store.database import Connection, Database
from relay.store.records import count_news, list_news

OLDEST_CHANGE = timedelta(days=14)
CLOCK_TOLERANCE = timedelta(minutes=5)
_RETRIED = (StoreUnavailable, WrongKey, OSError, MemoryError)
"""Trouble of the machine, not of a change: the desktop keeps the change and sends it again."""
_FRAMES_LOGGED = 6
_log = logging.getLogger(__name__)
_Standing = tuple[StaffMember, RightsGrid]
"""Who signs, as the account is now, and the town's grid: what decides whether a change is allowed."""


@dataclass
class News:
    """What one round brings down; `lost` names audiences whose records the desktop must forget."""

    records: list[Record] = field(default_factory=list)
    cursor: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    more: bool = False
    left: int = 0
    """How many records are still to come after these."""


class SyncRounds:
    """Takes changes up and news down. `stages` tells what each kind of change does."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        stages: Mapping[str, Stages],
        bell: NewsBell,
        *,
        records_limit: int = RECORDS_LIMIT,
    ) -> None:
        self._database = database
        self._clock = clock
        self._stages = stages
        self._bell = bell
        self._records_limit = records_limit

    def apply(
        self, member: StaffMember, changes: tuple[Change, ...], *, device: str = ""
    ) -> tuple[ChangeResult, ...]:
        """Apply each change in a transaction of its own, in their order; results in the same order.

        `device`: the one they came from, for the audit log.
        """
        results = tuple(self._apply_one(member, change, device) for change in changes)
        forged = sum(result.reason == "bad_signature" for result in results)
        if forged:
            self._notice_forgery(member, forged)
        if results:
            self._bell.ring()
        return results

    def news(self, member: StaffMember, cursor: Mapping[str, int]) -> News:
        """The records above the cursor, at most the limit; call again at once while `more`."""
        with self._database.read() as connection:
            audiences = audiences_of(member, find_grid(connection, self._database.cipher))
            news = News(lost=[audience for audience in cursor if audience not in audiences])
            for audience in audiences:
                self._add_audience(connection, news, audience, cursor.get(audience, 0))
            if news.more:
                news.left = sum(
                    count_news(connection, audience, news.cursor[audience]) for audience in audiences
                )
        return news

    def has_news(self, member: StaffMember, cursor: Mapping[str, int]) -> bool:
        """Whether a waiting round should end now; one look at the counters."""
        with self._database.read() as connection:
            audiences = audiences_of(member, find_grid(connection, self._database.cipher))
            newest = current_numbers(connection, audiences)
        return any(number != cursor.get(audience, 0) for audience, number in newest.items())

    def _add_audience(self, connection: Connection, news: News, audience: str, after: int) -> None:
        newest = current_number(connection, audience)
        if after > newest or after < 0:
            # The relay was restored from an older backup: what the desktop holds may never have been.
            news.lost.append(audience)
            after = 0
        room = self._records_limit - len(news.records)
        found = list_news(
            connection, self._database.cipher, audience=audience, after=after, limit=max(room, 0) + 1
        )
        news.records += found[:room]
        if len(found) > room:
            news.more = True
            news.cursor[audience] = found[room - 1].seq if room > 0 else after
        else:
            news.cursor[audience] = newest

    def _notice_forgery(self, member: StaffMember, times: int) -> None:
        """Nobody's act, so not in the audit log; but somebody with this session sent it."""
        with self._database.write() as connection:
            wait_for_turn(connection)
            raise_notice(
                connection, self._database.cipher, CHANGE_FORGED, member.id, self._clock(), times=times
            )

    def _apply_one(self, member: StaffMember, change: Change, device: str) -> ChangeResult:
        now = self._clock()
        reason = self._find_forgery(member, change, now)
        if reason:
            # Not remembered: a forger must not be able to use up the id of somebody's real change.
            return ChangeResult(id=change.id, outcome="refused", reason=reason)
        with self._database.read() as connection:
            done = find_done_change(connection, change.id)
        if done is not None:
            return _repeated(done.staff, done.result, member)
        try:
            try:
                return self._apply_in_turn(member, change, now, device)
            except Deadlocked:  # PostgreSQL let another transaction go first
                return self._apply_in_turn(member, change, now, device)
        except Refused as refused:
            return self._finish(change, now, refused, device)
        except _RETRIED:
            raise
        except Exception as error:
            # A bug of ours. Sent again it would fail again, and every later change of the person with it.
            # Its text could quote what was written, so the log gets the place alone.
            _log.error("a change of kind %s failed: %s", change.kind, _place_of(error))
            return self._finish(change, now, Refused("relay_failed"), device)

    def _apply_in_turn(self, member: StaffMember, change: Change, now: datetime, device: str) -> ChangeResult:
        """Apply it in a transaction of its own, once nobody else's change is under way. Raises Refused."""
        while True:
            standing, apply = self._prepare(member, change)
            with self._database.write() as connection:
                wait_for_turn(connection)
                if self._standing(connection, member) != standing:
                    continue  # what the person may do changed meanwhile: decide again
                done = find_done_change(connection, change.id)
                if done is not None:
                    return _repeated(done.staff, done.result, member)
                version = apply(connection)
                result = ChangeResult(id=change.id, outcome="applied", version=version)
                remember_change(connection, result, staff=member.id, kind=change.kind, now=now)
                append_change(connection, self._database.cipher, change, result, now=now, device=device)
                return result

    def _prepare(self, member: StaffMember, change: Change) -> tuple[_Standing, Callable[[Connection], int]]:
        """What the person may do now, and what applies the change. Raises Refused."""
        payload_class, stages = PAYLOADS.get(change.kind), self._stages.get(change.kind)
        if payload_class is None or stages is None:
            raise Refused("unknown_change")
        with self._database.read() as connection:
            standing = self._standing(connection, member)
        signer, grid = standing
        if signer.sign_key != member.sign_key:  # given new keys since the round began
            raise Refused("not_signed_in", status=401)
        require_for_change(signer, change.kind, grid)
        try:
            payload = payload_class.parse(change.payload)
        except MalformedMessage:
            raise Refused("malformed") from None
        return standing, stages(change, payload, signer)

    def _standing(self, connection: Connection, member: StaffMember) -> _Standing:
        cipher = self._database.cipher
        return find_signer(connection, cipher, member.id), find_grid(connection, cipher)

    def _finish(self, change: Change, now: datetime, refused: Refused, device: str) -> ChangeResult:
        """Remember a refusal, after everything the change did was rolled back."""
        result = ChangeResult(id=change.id, outcome="refused", reason=refused.reason)
        with self._database.write() as connection:
            wait_for_turn(connection)
            done = find_done_change(connection, change.id)
            if done is not None:
                return done.result
            remember_change(connection, result, staff=change.staff, kind=change.kind[:40], now=now)
            append_change(connection, self._database.cipher, change, result, now=now, device=device)
        return result

    def _find_forgery(self, member: StaffMember, change: Change, now: datetime) -> str:
        """Why this cannot be taken as this person's change for this relay at this time; empty when it can."""
        if not is_id(change.id) or "\0" in change.kind or not -1 < change.based_on < 2**31:
            return "malformed"
        if change.made_at.tzinfo is None:
            return "malformed"
        if change.staff != member.id:
            return "not_allowed"
        if change.relay != self._database.relay_id:
            return "wrong_relay"
        try:
            signed = is_signed_by(change, from_base64(member.sign_key))
        except (TypeError, ValueError):  # a payload with floats has no signed form
            signed = False
        if not signed:
            return "bad_signature"
        if change.made_at > now + CLOCK_TOLERANCE:
            return "clock_skew"
        if change.made_at < now - OLDEST_CHANGE:
            return "too_old"
        return ""


def _place_of(error: Exception) -> str:
    """The class of an error and the calls that led to it, without its words."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_LOGGED:]
    return " < ".join([type(error).__name__, *(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))])


def _repeated(owner: str, result: ChangeResult, member: StaffMember) -> ChangeResult:
    if owner != member.id:
        return ChangeResult(id=result.id, outcome="refused", reason="not_allowed")
    return result
