"""A cold start by chunks: what colleagues have opened and closed again, the newest first, then the tail.

A chunk counts only if a certified member of the department signed it and its rows are what some sealed
originals, picked at random, say. One that does not is passed over; its rows then come by ordinary rounds.
Source: design 4 and 12.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from desktop.errors import RelayRefused
from desktop.keys.keyring import KeyRing
from desktop.log import LOGGER
from desktop.replica.folding import fold
from desktop.replica.replica import Replica
from desktop.replica.submissions import Numbered, Opened, Stretch
from desktop.sync.opening import Opening
from desktop.sync.session import Session
from protocol.chunks import (
    ChunkHeader,
    ChunkList,
    ChunkQuery,
    ChunkRefused,
    Originals,
    OriginalsQuery,
    open_chunk,
    read_chunk_bytes,
)
from protocol.rights import inbox_audience, inbox_department
from protocol.staff import StaffMember
from protocol.submissions import Submission
from protocol.sync import Record
from protocol.wire import MalformedMessage

SAMPLES = 3
"""Originals compared per chunk."""
_AT_ONCE = 10
_FIELDS = (
    "id", "version", "number", "object", "title", "departments", "received_at", "state", "resident", "topic",
    "text", "files", "note", "reply", "copy_key", "copy_version", "updated_at", "updated_by", "original",
)  # fmt: skip
_TYPES = [int, *(int if name in ("version", "copy_version") else str for name in _FIELDS)]
_AT = {name: place + 1 for place, name in enumerate(_FIELDS)}
_STATES = frozenset({"new", "working", "done"})
_OUTSIDE = (
    "version", "number", "object", "title", "departments", "received_at", "state", "resident", "copy_version",
    "updated_at", "updated_by", "original",
)  # fmt: skip
"""What the original tells without a key."""
_KINDS = frozenset({"contact_form"})
"""Records that departments see besides submissions; a chunk brings no other, least of all people or keys."""

Line = list[int | str]
"""A submission in a chunk: its number in the stream, then `_FIELDS` (departments and files as JSON text)."""
_PICK = random.SystemRandom()


@dataclass(frozen=True)
class Unpacked:
    """A chunk whose signer and key fit: submissions and other records, as they stand in it."""

    header: ChunkHeader
    lines: Sequence[Line]
    records: tuple[Record, ...]


@dataclass
class ColdStart:
    """Chunks still to be read. `look` finds out which there are, `load` reads a few of them."""

    replica: Replica
    session: Session
    opening: Opening
    _queue: list[ChunkHeader] = field(default_factory=list)
    _asked: set[str] = field(default_factory=set)
    _is_first: bool = True
    is_behind: bool = True
    """Whether the last round left records behind."""
    _known: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def left(self) -> int:
        """How many rows the chunks still to be read hold."""
        with self._known:
            return sum(header.records for header in self._queue)

    def look(self) -> None:
        """Ask for the chunks of each department that is being read from far behind; once a cold start."""
        self.is_behind = True
        ring = self.opening.ring()
        cursor = self.replica.records.cursor()
        for audience in sorted(audiences_held(ring) & cursor.keys()):
            with self._known:
                if audience in self._asked:
                    continue
                self._asked.add(audience)
            listed = self.session.ask("/staff/ask/chunks", ChunkQuery(audience=audience), ChunkList)
            wanted = [chunk for chunk in listed.chunks if chunk.last_seq > cursor[audience]]
            with self._known:
                self._queue += trusted(wanted, audience, ring, self._staff(), self.opening.town)

    def rest(self) -> None:
        """The desktop is up to date: the next time it is far behind, ask anew."""
        with self._known:
            self.is_behind = False
            self._asked.clear()
            self._is_first = True

    def load(self) -> int:
        """Read the next chunks: one at first, so that a screen can show something, then several at a time."""
        with self._known:
            many = 1 if self._is_first else _AT_ONCE
            self._is_first = False
            group, self._queue = self._queue[:many], self._queue[many:]
        ring = self.opening.ring()
        unpacked = [chunk for header in group if (chunk := self._unpack(header, ring)) is not None]
        good = self._sampled(unpacked)
        changed = 0
        with self.replica.store.writing() as connection:
            for chunk in good:
                header = chunk.header
                stretch = Stretch(header.audience, header.first_seq, header.last_seq)
                changed += self.replica.submissions.load(
                    connection, stretch, [row(line) for line in chunk.lines]
                )
                changed += self.replica.records.apply(connection, chunk.records, from_chunk=True)
            self.replica.records.move_cursor(connection, {})
        return changed

    def _staff(self) -> dict[str, StaffMember]:
        return {member.id: member for member in self.replica.records.staff()}

    def _unpack(self, header: ChunkHeader, ring: KeyRing) -> Unpacked | None:
        member = self._staff().get(header.made_by)
        try:
            sent = self.session.run(lambda client: client.get_bytes(f"/staff/chunks/{header.id}"))
            told, body = read_chunk_bytes(sent)
            if told != header or member is None:
                raise ChunkRefused("another chunk")
            lines = open_chunk(header, body, ring.secrets[header.key].chunk_key, member.sign_key)
            return unpack(header, lines)
        except (ChunkRefused, MalformedMessage) as error:
            LOGGER.warning("chunk passed over: %s", type(error).__name__)
        except RelayRefused as refused:
            LOGGER.info("chunk gone: %s", refused.reason)  # a record in it changed meanwhile
        return None

    def _sampled(self, chunks: list[Unpacked]) -> list[Unpacked]:
        """Those whose picked rows are what the sealed originals say."""
        picked = {
            chunk.header.id: _PICK.sample(chunk.lines, min(SAMPLES, len(chunk.lines))) for chunk in chunks
        }
        originals = self._originals(line[1] for lines in picked.values() for line in lines)
        keys = self.opening.ring().private_keys
        good = []
        for chunk in chunks:
            lines = picked[chunk.header.id]
            found = [(line, originals.get(str(line[1]))) for line in lines]
            if any(record is None for _, record in found):
                found = [(line, self._originals([line[1]]).get(str(line[1]))) for line in lines]
            if all(record is not None and self._fits(line, record, keys) for line, record in found):
                good.append(chunk)
            else:
                LOGGER.warning("chunk passed over: its rows do not fit the originals")
        return good

    def _originals(self, ids: Iterable[int | str]) -> dict[str, Record]:
        wanted = tuple(sorted({str(id) for id in ids}))
        if not wanted:
            return {}
        try:
            answer = self.session.ask("/staff/ask/originals", OriginalsQuery(ids=wanted), Originals)
        except RelayRefused:
            return {}  # one of them is gone; whoever asks tries again one by one
        return {record.id: record for record in answer.records}

    def _fits(self, line: Line, record: Record, keys: object) -> bool:
        try:
            submission = Submission.parse(record.body)
        except MalformedMessage:
            return False
        opened = self.opening.one(submission, record.version, keys)  # type: ignore[arg-type]
        original = line_of(0, opened)
        if opened.unopened == "key_missing":  # sealed before this person's time: the hash has to do
            return all(line[_AT[name]] == original[_AT[name]] for name in _OUTSIDE)
        return not opened.unopened and line[1:] == original[1:]


def audiences_held(ring: KeyRing) -> set[str]:
    """The department audiences this person holds a key of."""
    return {inbox_audience(ring.department_keys[key].department) for key in ring.secrets}


def trusted(
    chunks: Iterable[ChunkHeader], audience: str, ring: KeyRing, staff: dict[str, StaffMember], town: str
) -> list[ChunkHeader]:
    """Those of this audience, closed with its key by somebody who is certified and belongs to it."""
    good = []
    for header in chunks:
        key, member = ring.department_keys.get(header.key), staff.get(header.made_by)
        if (
            header.town == town
            and header.audience == audience
            and key is not None
            and inbox_audience(key.department) == audience
            and header.key in ring.secrets
            and member is not None
            and ring.is_entitled(member, key.department)
            and 0 < header.first_seq <= header.last_seq
        ):
            good.append(header)
        else:
            LOGGER.warning("chunk passed over: signer or key are not of the department")
    return good


def line_of(seq: int, opened: Opened) -> Line:
    """A submission as it stands in a chunk."""
    departments = json.dumps(list(opened.departments))
    return [seq, *(departments if name == "departments" else getattr(opened, name) for name in _FIELDS)]


def unpack(header: ChunkHeader, lines: list[bytes]) -> Unpacked:
    """Raises ChunkRefused for anything that has not the agreed shape, or is none of a department's things."""
    try:
        read = json.loads(b"[" + b",".join(lines) + b"]")
        if any(type(entry) is not dict for entry in read):
            raise TypeError
        submissions: list[Line] = [entry["s"] for entry in read if "s" in entry]
        records = tuple(Record.parse(entry["r"]) for entry in read if "r" in entry)
    except (ValueError, KeyError, TypeError):
        raise ChunkRefused("the lines are malformed") from None
    if len(submissions) + len(records) != len(lines) or len(lines) != header.records:
        raise ChunkRefused("rows are missing")
    mine = json.dumps(inbox_department(header.audience))
    for line in submissions:
        if type(line) is not list or [type(value) for value in line] != _TYPES:
            raise ChunkRefused("a line is malformed")
        is_mine = mine in str(line[_AT["departments"]])
        if line[_AT["state"]] not in _STATES or not is_mine or not _is_within(header, line[0]):
            raise ChunkRefused("a line is of elsewhere")
    for record in records:
        if (
            record.audience != header.audience
            or record.kind not in _KINDS
            or record.removed
            or not _is_within(header, record.seq)
        ):
            raise ChunkRefused("a record is of elsewhere")
    return Unpacked(header, submissions, records)


def row(line: Line) -> Numbered:
    """The values of `Opened.values()` straight from a line: a cold start makes a hundred thousand of them."""
    words = fold(f"{line[3]}\n{line[5]}\n{line[10]}\n{line[11]}\n{line[13]}\n{line[14]}")
    return int(line[0]), (*line[1:], "", "", words, line[8], 1)


def _is_within(header: ChunkHeader, seq: object) -> bool:
    return isinstance(seq, int) and header.first_seq <= seq <= header.last_seq
