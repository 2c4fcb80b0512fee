"""Compacted chunks: taken from members of a department, kept unread, handed to its members (decision 033).

Requirement: SEC-8.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from protocol.chunks import CHUNK_RECORDS, ChunkHeader, ChunkList, is_chunk_signed
from protocol.ids import is_id
from protocol.rights import audiences_of, inbox_audience, inbox_department
from protocol.staff import StaffMember
from relay.errors import Refused
from relay.features.keys import list_keys
from relay.features.rights import find_grid
from relay.features.staff import find_signer
from relay.store.changes import wait_for_turn
from relay.store.chunks import (
    add_chunk,
    count_between,
    drop_chunk,
    drop_chunks_within,
    find_chunk_header,
    list_chunk_headers,
    list_chunks_across,
    read_chunk,
)
from relay.store.counters import current_number
from relay.store.database import Connection, Database

BODY_LIMIT = 64 * 1024 * 1024


class Chunks:
    """Takes chunks in and gives them out. Every method raises Refused."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def list(self, member: StaffMember, audience: str) -> ChunkList:
        """Those of one audience of the person, the newest first."""
        with self._database.read() as connection:
            self._check_audience(connection, member, audience)
            return ChunkList(chunks=tuple(list_chunk_headers(connection, audience)))

    def read(self, member: StaffMember, id: str) -> tuple[ChunkHeader, bytes]:
        with self._database.read() as connection:
            header = find_chunk_header(connection, id)
            if header is None:
                raise Refused("not_found", status=404)
            self._check_audience(connection, member, header.audience)
            body = read_chunk(connection, id)
        assert body is not None
        return header, body

    def take(self, member: StaffMember, header: ChunkHeader, body: bytes) -> None:
        """Keep it; smaller ones that lie wholly in its range go, and all it touches that a replaced key
        closes: what is kept shall not open with a key that somebody took along. The same chunk again
        changes nothing.
        """
        self._check_shape(member, header, body)
        with self._database.write() as connection:
            # No record may get another number between the look at the numbers and the commit.
            wait_for_turn(connection)
            signer = find_signer(connection, self._database.cipher, member.id)
            self._check_audience(connection, signer, header.audience)
            if signer.state != "active" or not is_chunk_signed(header, signer.sign_key):
                raise Refused("bad_signature", status=403)
            current = self._current_keys(connection, header.audience)
            if header.key not in current:
                raise Refused("key_unknown")
            known = find_chunk_header(connection, header.id)
            if known is not None:
                if known != header:
                    raise Refused("malformed", status=400)
                return
            if header.last_seq > current_number(connection, header.audience):
                raise Refused("not_found")
            here = {"first_seq": header.first_seq, "last_seq": header.last_seq}
            if header.records != count_between(connection, header.audience, **here):
                raise Refused("version_conflict")  # one was changed or erased meanwhile, or is left out
            drop_chunks_within(connection, header.audience, **here)
            for other in list_chunks_across(connection, header.audience, **here):
                if other.key in current:
                    raise Refused("in_use")
                drop_chunk(connection, other.id)
            add_chunk(connection, header, body)

    def _check_shape(self, member: StaffMember, header: ChunkHeader, body: bytes) -> None:
        if not is_id(header.id) or header.made_at.tzinfo is None:
            raise Refused("malformed", status=400)
        if header.town != self._database.relay_id:
            raise Refused("other_town")
        if header.made_by != member.id:
            raise Refused("not_allowed", status=403)
        if not 0 < header.first_seq <= header.last_seq or not 0 < header.records <= CHUNK_RECORDS:
            raise Refused("malformed", status=400)
        if hashlib.sha256(body).hexdigest() != header.body_hash:
            raise Refused("file_damaged")

    def _check_audience(self, connection: Connection, member: StaffMember, audience: str) -> None:
        own = audiences_of(member, find_grid(connection, self._database.cipher))
        if not inbox_department(audience) or audience not in own:
            raise Refused("not_allowed", status=403)

    def _current_keys(self, connection: Connection, audience: str) -> set[str]:
        """Ids of the department's keys that none has replaced."""
        keys = list_keys(connection, self._database.cipher)
        mine = (key for key in keys if inbox_audience(key.department) == audience)
        return {key.id for key in mine if not key.retired}
