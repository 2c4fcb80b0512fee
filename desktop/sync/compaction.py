"""Closing what this desktop has opened again, in chunks, so that the next cold start is quick (design 4, 12).

Any certified member of a department does it, when enough of its records are in no chunk; and anew for all
that a replaced key closed, however little, so that a leaver's key opens nothing the relay still keeps. The
relay refuses what overlaps a chunk that a colleague has just sent, so two who begin at once do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.errors import RelayRefused
from desktop.keys.keyring import KeyRing
from desktop.log import LOGGER
from desktop.replica.replica import Replica
from desktop.replica.submissions import Stretch
from desktop.sync.chunks import audiences_held, line_of, trusted
from desktop.sync.opening import Opening
from desktop.sync.session import Session
from protocol.chunks import CHUNK_RECORDS, ChunkHeader, ChunkList, ChunkQuery, chunk_bytes, close_chunk
from protocol.ids import new_id
from protocol.rights import inbox_department

_AT_ONCE = 10
"""Chunks made before the next round: a large backlog is worked off in between."""

Entry = tuple[int, dict[str, Any] | None]
"""A number of the stream and what a chunk holds of it; None where it cannot go into a chunk."""


@dataclass
class Compaction:
    """`step` makes at most `_AT_ONCE` chunks; `sign` is the private key of the person `me`."""

    replica: Replica
    session: Session
    opening: Opening
    me: str
    sign: Ed25519PrivateKey
    clock: Callable[[], datetime]
    _seen: dict[str, int] = field(default_factory=dict)
    """Audience → how far its stream was when nothing (more) was to be done."""
    _looked: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Audience → key under which all is closed (empty: not yet), and how far its stream was then."""

    def step(self) -> bool:
        """Whether a chunk was made and sent: then there may be more to do."""
        ring = self.opening.ring()
        for audience in sorted(audiences_held(ring)):
            if self._is_due(audience, ring) and self._make_some(audience, ring):
                return True
        return False

    def _is_due(self, audience: str, ring: KeyRing) -> bool:
        key, tried = self._looked.get(audience, ("", -1))
        current = ring.current_key(inbox_department(audience))
        if current is not None and current.id != key:
            return self._until(audience) > tried
        return self.replica.submissions.count_above(audience, self._seen.get(audience, 0)) >= CHUNK_RECORDS

    def _make_some(self, audience: str, ring: KeyRing) -> bool:
        member = next((one for one in self.replica.records.staff() if one.id == self.me), None)
        department = inbox_department(audience)
        key = ring.current_key(department)
        until = self._until(audience)
        if member is None or not ring.is_entitled(member, department):
            return False
        if key is None or key.id not in ring.secrets:
            return False
        staff = {one.id: one for one in self.replica.records.staff()}
        listed = self.session.ask("/staff/ask/chunks", ChunkQuery(audience=audience), ChunkList)
        held = trusted(listed.chunks, audience, ring, staff, self.opening.town)
        gaps = gaps_between(audience, (chunk for chunk in held if chunk.key == key.id), until)
        # Also those nobody trusts any more: whoever left may have made them, with a key taken along.
        old = max((chunk.last_seq for chunk in listed.chunks if chunk.key != key.id), default=0)
        filled = [(gap, self._entries(gap)) for gap in cut_at(old, gaps)]
        is_little = sum(map(_rows_in, (entries for _, entries in filled))) < CHUNK_RECORDS
        sent = 0
        for gap, entries in filled:
            if is_little and gap.first > old:
                continue
            is_cut = len(entries) >= _AT_ONCE * CHUNK_RECORDS
            is_tail = is_cut or (gap.last == until and gap.first > old)
            for piece, rows in pieces(gap, entries, is_tail=is_tail):
                if sent == _AT_ONCE:
                    return True
                if not self._send(piece, rows, key.id, ring):
                    self._wait_for_news(audience, key.id, until)
                    return sent > 0
                sent += 1
        if not sent:
            self._seen[audience], self._looked[audience] = until, (key.id, until)
        return sent > 0

    def _wait_for_news(self, audience: str, key: str, until: int) -> None:
        """A refusal: what is left to close under this key is tried again once the stream has gone on."""
        if self._looked.get(audience, ("", 0))[0] != key:
            self._looked[audience] = ("", until)

    def _until(self, audience: str) -> int:
        return self.replica.records.cursor().get(audience, 0)

    def _entries(self, gap: Stretch) -> list[Entry]:
        found: list[Entry] = [
            (record.seq, {"r": record.as_json()})
            for record in self.replica.records.stream(gap.audience, gap.first - 1, gap.last)
        ]
        limit = _AT_ONCE * CHUNK_RECORDS
        for seq, opened in self.replica.submissions.stream(gap.audience, gap.first - 1, gap.last, limit):
            found.append((seq, None if opened.unopened else {"s": line_of(seq, opened)}))
        return sorted(found, key=lambda entry: entry[0])[:limit]

    def _send(self, piece: Stretch, rows: list[dict[str, Any]], key: str, ring: KeyRing) -> bool:
        now = self.clock()
        header = ChunkHeader(
            id=new_id(now), town=self.opening.town, audience=piece.audience, key=key, first_seq=piece.first,
            last_seq=piece.last, records=len(rows), made_by=self.me, made_at=now,
        )  # fmt: skip
        header, body = close_chunk(header, rows, ring.secrets[key].chunk_key, self.sign)
        content = chunk_bytes(header, body)
        try:
            self.session.run(lambda client: client.send("PUT", f"/staff/chunks/{header.id}", content))
        except RelayRefused as refused:
            # A colleague was quicker, or a record changed meanwhile: next time, with a fresh look.
            LOGGER.info("chunk not taken: %s", refused.reason)
            self._seen[piece.audience] = piece.last
            return False
        return True


def gaps_between(audience: str, held: Iterable[ChunkHeader], until: int) -> list[Stretch]:
    """What no chunk covers up to a number, in order; the last one, at the end of the stream, is the tail."""
    gaps: list[Stretch] = []
    start = 1
    for chunk in sorted(held, key=lambda chunk: chunk.first_seq):
        if chunk.first_seq > start:
            gaps.append(Stretch(audience, start, chunk.first_seq - 1))
        start = max(start, chunk.last_seq + 1)
    if start <= until:
        gaps.append(Stretch(audience, start, until))
    return gaps


def cut_at(place: int, gaps: Iterable[Stretch]) -> list[Stretch]:
    """The gaps, none of which holds numbers both up to a place and beyond it."""
    cut: list[Stretch] = []
    for gap in gaps:
        if gap.first <= place < gap.last:
            cut.append(Stretch(gap.audience, gap.first, place))
            gap = Stretch(gap.audience, place + 1, gap.last)
        cut.append(gap)
    return cut


def _rows_in(entries: Iterable[Entry]) -> int:
    return sum(entry is not None for _, entry in entries)


def pieces(
    gap: Stretch, entries: Iterable[Entry], *, is_tail: bool
) -> Iterator[tuple[Stretch, list[dict[str, Any]]]]:
    """The gap cut into chunks that leave out what cannot go into one; of the tail only full ones.

    Where nothing stands between two pieces they touch, so that a cursor can step from one to the next.
    """
    first, rows = gap.first, list[dict[str, Any]]()
    for seq, entry in entries:
        if entry is None:
            if rows:
                yield Stretch(gap.audience, first, seq - 1), rows
            first, rows = seq + 1, []
            continue
        rows.append(entry)
        if len(rows) == CHUNK_RECORDS:
            yield Stretch(gap.audience, first, seq), rows
            first, rows = seq + 1, []
    if rows and not is_tail:
        yield Stretch(gap.audience, first, gap.last), rows
