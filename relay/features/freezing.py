"""Freezing: who gets a confirmed delivery is decided once, cut into batches with their keys, before any call.

The calls are in `jobs/deliver.py`. Source: design "Events in, messages out". Requirement: SEG-7.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from protocol.message_limits import IMAGE_BYTES_LIMIT, PREVIEW_BYTES_LIMIT
from protocol.messages import ImageMessage, Message
from relay.features.deliveries import find_delivery
from relay.features.files import Files
from relay.features.ledger import close_run, publish_progress
from relay.features.quota import QuotaReader
from relay.features.segments import SegmentIndex
from relay.line.multicast import MEMBERS_LIMIT
from relay.store.batches import NewBatch, add_batches
from relay.store.database import Connection, Database
from relay.store.runs import begin_run, end_run, find_run

FREEZE = "freeze"
_MEMBER_BYTES = 4


class BuildMessages(Protocol):
    """Makes LINE's message objects; `relay/line/payloads.py` has the real one."""

    def __call__(
        self, messages: Sequence[Message], media_url: Callable[[str], str], /
    ) -> list[dict[str, Any]]: ...


class Freezing:
    """The job between a confirmation and the first call, and the messages it freezes."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        index: SegmentIndex,
        quota: QuotaReader,
        files: Files,
        build_messages: BuildMessages,
    ) -> None:
        self._database = database
        self._clock = clock
        self._index = index
        self._quota = quota
        self._files = files
        self._build_messages = build_messages

    def freeze(self, run: str) -> None:
        """The job: choose the recipients once, cut them into batches with their retry keys, and commit.

        Doing it again for a run that was frozen before changes nothing. With clearly more people than were
        confirmed, as after a night without a worker, nothing is sent and the delivery says so.
        """
        with self._database.read() as connection:
            known = find_run(connection, run)
            found = find_delivery(connection, self._database.cipher, known.delivery) if known else None
        if known is None or found is None or known.state != "queued":
            return
        members = self._index.members(found[1].draft.segment)
        with self._database.write() as connection:
            known = find_run(connection, run, lock=True)
            if known is None or known.state != "queued":
                return
            now = self._clock()
            if has_grown_too_much(known.recipients, len(members) // _MEMBER_BYTES):
                self._end_unsent(connection, run, "count_changed")
                return
            add_batches(connection, run, cut_batches(members, silent=known.silent))
            begin_run(connection, run, recipients=len(members) // _MEMBER_BYTES, now=now)
            if members:
                publish_progress(connection, self._database, run, now)
            else:
                close_run(connection, self._database, run, now)
        self._quota.forget()

    def give_up(self, run: str) -> None:
        """The job could not be done however often it was tried: people are told, and nothing was sent."""
        with self._database.write() as connection:
            known = find_run(connection, run, lock=True)
            if known is not None and known.state == "queued":
                self._end_unsent(connection, run, "not_started")

    def _end_unsent(self, connection: Connection, run: str, reason: str) -> None:
        now = self._clock()
        end_run(connection, run, state="failed", reason=reason, now=now)
        publish_progress(connection, self._database, run, now)

    def freeze_messages(self, connection: Connection, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """LINE's form of the messages; pictures become public now, under addresses nobody can guess."""
        for message in messages:
            if isinstance(message, ImageMessage):
                self._files.check_picture(connection, message.file, IMAGE_BYTES_LIMIT)
                self._files.check_picture(connection, message.preview, PREVIEW_BYTES_LIMIT)
        return self._build_messages(messages, lambda sha256: self._files.publish(connection, sha256))


def has_grown_too_much(seen: int, count: int) -> bool:
    """Whether clearly more people would be reached than the person saw: by over 1 % and over 10."""
    return count - seen > max(10, seen // 100)


def cut_batches(members: bytes, *, silent: bool) -> list[NewBatch]:
    """Batches of at most 500, each with its retry key. One person alone is reached by push."""
    size = MEMBERS_LIMIT * _MEMBER_BYTES
    if len(members) == _MEMBER_BYTES and not silent:
        return [new_batch(0, "push", members)]
    return [
        new_batch(no, "multicast", members[start : start + size])
        for no, start in enumerate(range(0, len(members), size))
    ]


def new_batch(no: int, endpoint: str, members: bytes) -> NewBatch:
    return NewBatch(no=no, endpoint=endpoint, retry_key=str(uuid.uuid4()), members=members)


def member_bytes(number: int) -> bytes:
    return number.to_bytes(_MEMBER_BYTES, "little")
