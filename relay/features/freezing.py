"""Freezing: who gets a confirmed delivery is decided once, cut into batches with their keys, before any call.

The calls are in `jobs/deliver.py`. Source: design "Events in, messages out". Requirement: SEG-7.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from protocol.deliveries import DeliveryDraft, whole_segment
from protocol.ids import new_id
from protocol.languages import DEFAULT_LANGUAGE
from protocol.messages import Action, Message, with_test_mark
from protocol.results import LINE_MINIMUM
from relay.errors import Refused
from relay.features.deliveries import find_delivery
from relay.features.files import Files
from relay.features.items import list_items
from relay.features.lateness import is_overdue
from relay.features.ledger import close_run, publish_progress
from relay.features.message_parts import check_message_files
from relay.features.notices import DELIVERY_NOT_STARTED, DELIVERY_SKIPPED, raise_notice
from relay.features.quota import QuotaReader
from relay.features.results import choose_unit
from relay.features.segments import SegmentIndex
from relay.features.settings import find_settings
from relay.features.texts import (
    NO_DISTRICT,
    PlannedText,
    may_broadcast,
    plan_by_values,
    plan_texts,
    written_out,
)
from relay.features.waste_rule import values_of_delivery
from relay.line.multicast import MEMBERS_LIMIT
from relay.line.payloads import PayloadParts
from relay.store.batches import NewBatch, add_batches
from relay.store.database import Connection, Database
from relay.store.jobs import add_job
from relay.store.runs import add_run, add_texts, begin_run, end_run, find_run

FREEZE = "freeze"
_MEMBER_BYTES = 4


class BuildMessages(Protocol):
    """Makes LINE's message objects; `relay/line/payloads.py` has the real one."""

    def __call__(
        self, messages: Sequence[Message], parts: PayloadParts, quick_replies: Sequence[Action], /
    ) -> list[dict[str, Any]]: ...


class MakeParts(Protocol):
    """Where the messages of a delivery point at. `counted`: taps on links are counted under its id."""

    def __call__(self, connection: Connection, delivery: str, /, *, counted: bool) -> PayloadParts: ...


class Freezing:
    """From a confirmation to the first call: recipients, texts and batches are decided once."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        index: SegmentIndex,
        quota: QuotaReader,
        files: Files,
        build_messages: BuildMessages,
        make_parts: MakeParts | None = None,
    ) -> None:
        """Without `make_parts` links stay as they are written."""
        self._database = database
        self._clock = clock
        self._index = index
        self._quota = quota
        self._files = files
        self._build_messages = build_messages
        self._make_parts = make_parts or self._plain_parts

    def queue(
        self,
        connection: Connection,
        draft: DeliveryDraft,
        *,
        recipients: int,
        now: datetime,
        members: bytes | None = None,
    ) -> None:
        """Make the run of a confirmed delivery whose record already stands at `queued`.

        `recipients`: the number that was confirmed. With `members` (residents.no, four bytes each) exactly
        those get it and it is frozen at once; without, a job asks the segment.
        """
        add_run(
            connection,
            id=draft.id,
            kind="segment",
            delivery=draft.id,
            silent=draft.silent,
            recipients=recipients,
            now=now,
        )
        if members is None:
            add_job(connection, id=new_id(now), kind=FREEZE, subject=draft.id, run_at=now)
        else:
            self._fill(connection, draft, self.plan(connection, draft, members), now)
            self._quota.forget()

    def freeze(self, run: str) -> None:
        """The job: choose the recipients once, cut them into batches with their retry keys, and commit.

        Doing it again for a run that was frozen before changes nothing. Too late by its rule, as after a
        night without a worker, or with clearly more people than were confirmed, nothing is sent and it is
        told.
        """
        with self._database.read() as connection:
            known = find_run(connection, run)
            found = find_delivery(connection, self._database.cipher, known.delivery) if known else None
            if known is None or found is None or known.state != "queued":
                return
            draft, due_at = found[1].draft, found[1].due_at
            members = self._index.members(whole_segment(draft))
            planned = self.plan(connection, draft, members)
        with self._database.write() as connection:
            known = find_run(connection, run, lock=True)
            if known is None or known.state != "queued":
                return
            if due_at is not None and is_overdue(draft, due_at, self._clock()):
                self._end_unsent(connection, run, "too_late", state="skipped")
                return
            if has_grown_too_much(known.recipients, len(members) // _MEMBER_BYTES):
                self._end_unsent(connection, run, "count_changed")
                return
            try:
                self.check_files(connection, draft)
            except Refused as refusal:  # a file went missing since it was confirmed
                self._end_unsent(connection, run, refusal.reason)
                return
            self._fill(connection, draft, planned, self._clock())
        self._quota.forget()

    def give_up(self, run: str) -> None:
        """The job could not be done however often it was tried: people are told, and nothing was sent."""
        with self._database.write() as connection:
            known = find_run(connection, run, lock=True)
            if known is not None and known.state == "queued":
                self._end_unsent(connection, run, "not_started")

    def freeze_test(
        self, connection: Connection, draft: DeliveryDraft, now: datetime
    ) -> list[list[dict[str, Any]]]:
        """A text per language, Japanese first, as somebody without a district reads it, marked as a test."""
        town = find_settings(connection, self._database.cipher)
        self.check_files(connection, draft)
        parts = self._make_parts(connection, draft.id, counted=False)
        texts = []
        for language in (DEFAULT_LANGUAGE, *(variant.language for variant in draft.variants)):
            messages, quick_replies = written_out(draft, language, NO_DISTRICT[language], town, now)
            texts.append(self._build_messages(with_test_mark(messages), parts, quick_replies))
        return texts

    def check_files(self, connection: Connection, draft: DeliveryDraft) -> None:
        """Raises Refused when a file the draft needs is missing or not what LINE takes."""
        check_message_files(self._files, connection, draft.messages)
        for variant in draft.variants:
            check_message_files(self._files, connection, variant.messages)

    def _plain_parts(self, connection: Connection, delivery: str, /, *, counted: bool) -> PayloadParts:
        # Pictures become public now, under addresses nobody can guess.
        return PayloadParts(media_url=lambda sha256: self._files.publish(connection, sha256))

    def plan(self, connection: Connection, draft: DeliveryDraft, members: bytes) -> list[PlannedText]:
        """The texts these members would get now."""
        waste = values_of_delivery(connection, self._database.cipher, draft.id)
        if waste is not None:
            return plan_by_values(draft, members, self._index.split, *waste)
        items = list_items(connection, self._database.cipher).values()
        districts = [item for item in items if item.kind == "district" and not item.retired]
        first = min(districts, key=lambda item: (item.position, item.id), default=None)
        return plan_texts(draft, members, self._index.split, first)

    def _fill(
        self, connection: Connection, draft: DeliveryDraft, planned: Sequence[PlannedText], now: datetime
    ) -> None:
        """Texts, batches and keys of the run, ready to be called for when this is committed."""
        run, cipher = draft.id, self._database.cipher
        town = find_settings(connection, cipher)
        recipients = sum(len(text.members) for text in planned) // _MEMBER_BYTES
        if recipients == 0:
            begin_run(connection, run, recipients=0, now=now)
            close_run(connection, self._database, run, now)
            return
        readers = count_readers(planned)
        texts, parts_of = [], cache(lambda counted: self._parts(connection, run, counted=counted))
        for text in planned:
            messages, quick_replies = written_out(draft, text.language, text.district, town, now, text.values)
            parts = parts_of(draft.count_links and readers[text.language] >= LINE_MINIMUM)
            texts.append(self._build_messages(messages, parts, quick_replies))
        add_texts(connection, cipher, run, texts)
        if may_broadcast(draft):
            add_batches(connection, run, [new_batch(0, "broadcast", planned[0].members)])
            unit = ""  # LINE counts a broadcast by its request id
        else:
            add_batches(connection, run, cut_texts(planned))
            unit = choose_unit(connection, run, recipients, now)
        begin_run(connection, run, recipients=recipients, now=now, unit=unit)
        publish_progress(connection, self._database, run, now)

    def _parts(self, connection: Connection, run: str, *, counted: bool) -> PayloadParts:
        parts = self._make_parts(connection, run, counted=counted)
        return replace(parts, link=cache(parts.link))  # each address is looked up once for all texts

    def _end_unsent(self, connection: Connection, run: str, reason: str, *, state: str = "failed") -> None:
        now, cipher = self._clock(), self._database.cipher
        end_run(connection, run, state=state, reason=reason, now=now)
        publish_progress(connection, self._database, run, now)
        found = find_delivery(connection, cipher, run)
        if found is not None:
            code = DELIVERY_SKIPPED if state == "skipped" else DELIVERY_NOT_STARTED
            raise_notice(connection, cipher, code, run, now, shown=found[1].draft.title)


def count_readers(planned: Sequence[PlannedText]) -> Counter[str]:
    """People by the language they will read. Each language may have links of its own, and of a few people
    taps would tell who tapped: below LINE's own minimum nobody counts (decision 044).
    """
    readers: Counter[str] = Counter()
    for text in planned:
        readers[text.language] += len(text.members) // _MEMBER_BYTES
    return readers


def has_grown_too_much(seen: int, count: int) -> bool:
    """Whether clearly more people would be reached than the person saw: by over 1 % and over 10."""
    return count - seen > max(10, seen // 100)


def cut_texts(planned: Sequence[PlannedText]) -> list[NewBatch]:
    """The batches of every text, numbered through the run."""
    batches: list[NewBatch] = []
    for no, text in enumerate(planned):
        batches += cut_batches(text.members, text=no, first=len(batches))
    return batches


def cut_batches(members: bytes, *, text: int = 0, first: int = 0) -> list[NewBatch]:
    """Batches of at most 500, each with its retry key. A text for one person alone goes by push."""
    size = MEMBERS_LIMIT * _MEMBER_BYTES
    endpoint = "push" if len(members) == _MEMBER_BYTES else "multicast"
    return [
        new_batch(first + no, endpoint, members[start : start + size], text=text)
        for no, start in enumerate(range(0, len(members), size))
    ]


def new_batch(no: int, endpoint: str, members: bytes, *, text: int = 0) -> NewBatch:
    return NewBatch(no=no, endpoint=endpoint, retry_key=str(uuid.uuid4()), members=members, text=text)


def member_bytes(number: int) -> bytes:
    return number.to_bytes(_MEMBER_BYTES, "little")
