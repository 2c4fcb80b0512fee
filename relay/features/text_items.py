"""Questions in free words: how one stands on the settings page, and what becomes of an answer.

An answer is a submission: sealed to the departments the item names, never shown to the relay again.
Requirements: SEC-8, SEG-1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from protocol.counting import grapheme_count
from protocol.ids import is_id, new_id
from protocol.items import SegmentItem
from protocol.submissions import FREE_TEXT_LIMIT, SubmittedContent
from relay.errors import Refused
from relay.features.contact_forms import department_names
from relay.features.copies import GivenCopy, read_copy
from relay.features.keys import readers_for
from relay.features.settings_form import TextField, item_version
from relay.features.submissions import Arrived, find_word_troubles, receive
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection, Database
from relay.store.residents import find_resident_by_no
from relay.store.submissions import list_submissions_of


@dataclass(frozen=True)
class GivenText:
    """What the form brought for one item."""

    text: str = field(repr=False)
    version: str
    submission: str
    copy: GivenCopy | None = field(repr=False)


def read_text(*, text: str, version: str, submission: str, copy: str) -> GivenText:
    """Raises Refused `malformed` for a copy that is none."""
    return GivenText(
        text=text.replace("\r\n", "\n").strip(), version=version, submission=submission, copy=read_copy(copy)
    )


def find_text_troubles(item: SegmentItem, given: GivenText) -> str:
    """Why an answer cannot be taken, in a code; empty when it can."""
    if given.version != item_version(item):
        return "changed"
    if grapheme_count(given.text) > FREE_TEXT_LIMIT:
        return "text_too_long"
    return find_word_troubles("", given.text).get("text", "")


def is_text_left(connection: Connection, cipher: ColumnCipher, item: SegmentItem, resident_no: int) -> bool:
    """Whether this person never answered although somebody could read it."""
    try:
        readers_for(connection, cipher, item.departments)
    except Refused:
        return False
    return not list_submissions_of(connection, resident_no, object=_object(item), limit=1)


def make_text_field(
    connection: Connection,
    cipher: ColumnCipher,
    item: SegmentItem,
    resident_no: int,
    now: datetime,
    *,
    given: GivenText | None = None,
    trouble: str = "",
) -> TextField | None:
    """The question as the page shows it; None while a department that should read it has no key."""
    try:
        keys = readers_for(connection, cipher, item.departments)
    except Refused:
        return None
    sent = list_submissions_of(connection, resident_no, object=_object(item), limit=1)
    kept = given.submission if given is not None and is_id(given.submission) else ""
    return TextField(
        item=item.id,
        title=item.title,
        question=item.question,
        version=item_version(item),
        submission=kept or new_id(now),
        keys=keys,
        readers=department_names(connection, cipher, item.departments),
        answered_at=sent[0].received_at if sent else None,
        typed=given.text if given is not None else "",
        trouble=trouble,
    )


def receive_text(
    connection: Connection,
    database: Database,
    item: SegmentItem,
    given: GivenText,
    resident_no: int,
    now: datetime,
    *,
    address: str,
) -> None:
    """Seal an answer, in a transaction of its own. Raises Refused as `receive`."""
    resident = find_resident_by_no(connection, resident_no)
    if resident is None:
        raise Refused("session_expired", status=401)
    arrived = Arrived(
        id=given.submission,
        object=_object(item),
        title=item.title,
        departments=item.departments,
        content=SubmittedContent(text=given.text),
        copy=given.copy,
    )
    receive(connection, database, arrived, resident, now, address=address)


def _object(item: SegmentItem) -> str:
    return f"item:{item.id}"
