"""Residents and their answers: who is a friend, what was answered, in which order it changed. SQL only.

The LINE user id is sealed here and found by a keyed hash; everything else speaks of `no` or `id`.
Every change takes the next number of the stream `residents`, which feeds the segment index.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, delete, insert, select, update

from protocol.ids import new_resident_id
from protocol.items import Answer, BirthMonth
from relay.store.cipher import ColumnCipher
from relay.store.counters import next_number
from relay.store.tables import resident_choices, resident_numbers, resident_years, residents

STREAM = "residents"
FRIEND = "friend"
BLOCKED = "blocked"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""`followed_at` of somebody no event ever came from."""
_USER_COLUMN = "residents.line_user"


@dataclass(frozen=True)
class Resident:
    """One person. `no` is for joins and segments, `id` for the outside; neither says who it is."""

    no: int
    id: str
    state: str
    state_at: datetime
    followed_at: datetime
    language: str = "ja"
    language_chosen: bool = False


@dataclass(frozen=True)
class StoredAnswer:
    """An answer and when it was given."""

    answer: Answer
    answered_at: datetime


def find_resident(connection: Connection, cipher: ColumnCipher, user_id: str) -> Resident | None:
    return _find(connection, residents.c.line_user_index == cipher.index(_USER_COLUMN, user_id))


def find_resident_by_no(connection: Connection, no: int) -> Resident | None:
    return _find(connection, residents.c.no == no)


def find_user_id(connection: Connection, cipher: ColumnCipher, no: int) -> str | None:
    """The LINE user id of a friend; None for somebody who blocked the account or is gone."""
    row = connection.execute(
        select(residents.c.id, residents.c.line_user_sealed).where(
            residents.c.no == no, residents.c.state == FRIEND
        )
    ).one_or_none()
    return None if row is None else cipher.open_text(_USER_COLUMN, row.id, row.line_user_sealed)


def add_resident(
    connection: Connection, cipher: ColumnCipher, user_id: str, *, state: str, at: datetime
) -> Resident:
    """A person met for the first time. Raises IntegrityError when another process was faster."""
    resident_id = new_resident_id()
    seq = next_number(connection, STREAM)
    connection.execute(
        insert(residents).values(
            id=resident_id,
            line_user_index=cipher.index(_USER_COLUMN, user_id),
            line_user_sealed=cipher.seal_text(_USER_COLUMN, resident_id, user_id),
            state=state,
            state_at=at,
            followed_at=at,
            changed_seq=seq,
        )
    )
    found = _find(connection, residents.c.id == resident_id)
    assert found is not None
    return found


def set_state(connection: Connection, resident: Resident, *, state: str, at: datetime) -> bool:
    """Friend or blocked since then; False when a newer event already said what is true."""
    seq = next_number(connection, STREAM)
    values: dict[str, object] = {"state": state, "state_at": at, "changed_seq": seq}
    if state == FRIEND and (resident.state != FRIEND or resident.followed_at == NEVER):
        values["followed_at"] = at
    changed = connection.execute(
        update(residents).where(residents.c.no == resident.no, residents.c.state_at <= at).values(values)
    )
    return changed.rowcount == 1


def note_friend_at(connection: Connection, resident_no: int, at: datetime) -> None:
    """Still a friend at that time. Nothing others look at changes, so no number of the stream is taken."""
    connection.execute(
        update(residents).where(residents.c.no == resident_no, residents.c.state_at < at).values(state_at=at)
    )


def read_answers(connection: Connection, resident_no: int) -> dict[str, StoredAnswer]:
    """Every answer of one person by item id."""
    chosen: dict[str, list[str]] = {}
    times: dict[str, datetime] = {}
    for row in connection.execute(
        select(resident_choices)
        .where(resident_choices.c.resident == resident_no)
        .order_by(resident_choices.c.choice)
    ):
        chosen.setdefault(row.item, []).append(row.choice)
        times[row.item] = max(row.answered_at, times.get(row.item, row.answered_at))
    answers = {
        item: StoredAnswer(Answer(item=item, choices=tuple(choices)), times[item])
        for item, choices in chosen.items()
    }
    births: dict[str, list[BirthMonth]] = {}
    for row in connection.execute(
        select(resident_years).where(resident_years.c.resident == resident_no).order_by(resident_years.c.no)
    ):
        births.setdefault(row.item, []).append(BirthMonth(year=row.year, month=row.month))
        times[row.item] = row.answered_at
    for item, known in births.items():
        answers[item] = StoredAnswer(Answer(item=item, births=tuple(known)), times[item])
    for row in connection.execute(select(resident_numbers).where(resident_numbers.c.resident == resident_no)):
        answer = (
            Answer(item=row.item, day=date.fromordinal(row.value))
            if row.is_day
            else Answer(item=row.item, number=row.value)
        )
        answers[row.item] = StoredAnswer(answer, row.answered_at)
    return answers


def write_answers(connection: Connection, resident_no: int, answers: Iterable[Answer], now: datetime) -> None:
    """Replace the answers to the items named; one number of the stream for all of them."""
    seq = next_number(connection, STREAM)
    for answer in answers:
        _write_answer(connection, resident_no, answer, now)
    connection.execute(update(residents).where(residents.c.no == resident_no).values(changed_seq=seq))


def set_choice(
    connection: Connection, resident_no: int, item: str, choice: str, *, chosen: bool, at: datetime
) -> bool:
    """Add or take away one choice of several. False when nothing changed, or a newer tap already spoke."""
    seq = next_number(connection, STREAM)
    here = (
        (resident_choices.c.resident == resident_no)
        & (resident_choices.c.item == item)
        & (resident_choices.c.choice == choice)
    )
    known = connection.execute(select(resident_choices.c.answered_at).where(here)).scalar_one_or_none()
    if (known is None and not chosen) or (known is not None and known > at):
        return False
    if chosen and known is not None:
        connection.execute(update(resident_choices).where(here).values(answered_at=at))
        return False
    if chosen:
        connection.execute(
            insert(resident_choices).values(resident=resident_no, item=item, choice=choice, answered_at=at)
        )
    else:
        connection.execute(delete(resident_choices).where(here))
    connection.execute(update(residents).where(residents.c.no == resident_no).values(changed_seq=seq))
    return True


def set_language(connection: Connection, resident_no: int, language: str, *, chosen: bool) -> bool:
    """What the person reads from now on; what they chose themselves stays when only LINE says otherwise.
    False when nothing changed.
    """
    seq = next_number(connection, STREAM)
    differs = (residents.c.language != language) | (residents.c.language_chosen != chosen)
    here = (residents.c.no == resident_no) & differs
    if not chosen:
        here &= residents.c.language_chosen.is_(False)
    values = {"language": language, "language_chosen": chosen, "changed_seq": seq}
    return connection.execute(update(residents).where(here).values(values)).rowcount == 1


def _write_answer(connection: Connection, resident_no: int, answer: Answer, now: datetime) -> None:
    for table in (resident_choices, resident_years, resident_numbers):
        connection.execute(delete(table).where(table.c.resident == resident_no, table.c.item == answer.item))
    if answer.births:
        connection.execute(
            insert(resident_years),
            [
                {
                    "resident": resident_no,
                    "item": answer.item,
                    "no": no,
                    "year": birth.year,
                    "month": birth.month,
                    "answered_at": now,
                }
                for no, birth in enumerate(answer.births)
            ],
        )
    elif answer.choices:
        connection.execute(
            insert(resident_choices),
            [
                {"resident": resident_no, "item": answer.item, "choice": choice, "answered_at": now}
                for choice in dict.fromkeys(answer.choices)
            ],
        )
    elif answer.number is not None or answer.day is not None:
        value = answer.number if answer.day is None else answer.day.toordinal()
        connection.execute(
            insert(resident_numbers).values(
                resident=resident_no,
                item=answer.item,
                value=value,
                is_day=answer.day is not None,
                answered_at=now,
            )
        )


def _find(connection: Connection, condition: object) -> Resident | None:
    row = connection.execute(
        select(
            residents.c.no,
            residents.c.id,
            residents.c.state,
            residents.c.state_at,
            residents.c.followed_at,
            residents.c.language,
            residents.c.language_chosen,
        ).where(condition)  # type: ignore[arg-type]
    ).one_or_none()
    return None if row is None else Resident(**row._mapping)
