"""Friends and their answers: who follows, what an event means for them. Requirements: SEG-2, SEG-3."""

from __future__ import annotations

from datetime import datetime

from protocol.items import Answer, SegmentItem
from protocol.languages import language_of_profile
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import list_bodies
from relay.store.residents import (
    BLOCKED,
    FRIEND,
    NEVER,
    Resident,
    add_resident,
    find_resident,
    find_resident_by_no,
    note_friend_at,
    read_answers,
    set_language,
    set_state,
)

_ITEM = "item"


def note_follow(
    connection: Connection, cipher: ColumnCipher, user_id: str, at: datetime
) -> tuple[Resident, bool]:
    """A friend since then; False when a newer event said otherwise, which stays true."""
    known = find_resident(connection, cipher, user_id)
    if known is None:
        return add_resident(connection, cipher, user_id, state=FRIEND, at=at), True
    changed = set_state(connection, known, state=FRIEND, at=at)
    return find_resident_by_no(connection, known.no) or known, changed


def note_unfollow(connection: Connection, cipher: ColumnCipher, user_id: str, at: datetime) -> None:
    """Blocked since then, unless a newer event said otherwise. Answers stay for a return."""
    known = find_resident(connection, cipher, user_id)
    if known is None:
        # Remembered, so that a follow that is older but arrives later changes nothing.
        add_resident(connection, cipher, user_id, state=BLOCKED, at=at)
    else:
        set_state(connection, known, state=BLOCKED, at=at)


def note_presence(connection: Connection, cipher: ColumnCipher, user_id: str, at: datetime) -> Resident:
    """Whoever writes or taps is a friend, also one who followed before this relay existed."""
    known = find_resident(connection, cipher, user_id)
    if known is None:
        return add_resident(connection, cipher, user_id, state=FRIEND, at=at)
    if known.state == FRIEND:
        # An unfollow that is older but arrives later must not win.
        note_friend_at(connection, known.no, at)
        return known
    if known.state_at < at:
        set_state(connection, known, state=FRIEND, at=at)
        return find_resident_by_no(connection, known.no) or known
    return known


def note_visitor(connection: Connection, cipher: ColumnCipher, user_id: str) -> Resident:
    """A friend who opens a page before any event of theirs came; every event that comes later counts."""
    known = find_resident(connection, cipher, user_id)
    if known is None:
        return add_resident(connection, cipher, user_id, state=FRIEND, at=NEVER)
    return known


def note_language(connection: Connection, cipher: ColumnCipher, user_id: str, tag: str) -> None:
    """What LINE's profile says somebody reads; what they chose themselves stays."""
    known = find_resident(connection, cipher, user_id)
    language = language_of_profile(tag)
    if known is not None and not known.language_chosen and known.language != language:
        set_language(connection, known.no, language, chosen=False)


def list_items(connection: Connection, cipher: ColumnCipher) -> list[SegmentItem]:
    """All items staff keep, retired ones too, in no particular order."""
    return [SegmentItem.parse(body) for body in list_bodies(connection, cipher, _ITEM)]


def plain_answers(connection: Connection, resident_no: int) -> dict[str, Answer]:
    """The answers of one person by item."""
    return {item: stored.answer for item, stored in read_answers(connection, resident_no).items()}
