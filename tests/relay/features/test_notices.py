"""Security events and trouble ahead reach administrators once a day each, and nobody else. SEC-5, ADM-5."""

from __future__ import annotations

from datetime import timedelta

import pytest

from protocol.audit import Notice
from protocol.changes import ChangeResult, GreetingSave, NoticeDismiss, SubmissionsOpened
from protocol.staff import StaffMember
from relay.errors import StoreUnavailable
from relay.features.audit import append_change
from relay.features.news import NewsBell
from relay.features.notices import (
    ADDRESS_REFUSED,
    CHANGE_FORGED,
    MANY_OPENED,
    MANY_OPENINGS,
    NoticeBoard,
    notice_many_openings,
    raise_notice,
    raise_once,
)
from relay.store.database import Database
from tests.conftest import Clock
from tests.relay.features.office import Office


def notices(office: Office, who: StaffMember) -> list[Notice]:
    found = [Notice.parse(record.body) for record in office.records(who, "notice").values()]
    return sorted(found, key=lambda notice: (notice.code, notice.subject, notice.first_at))


def raise_one(office: Office, code: str = "x", subject: str = "s") -> None:
    with office.database.write() as connection:
        raise_notice(connection, office.database.cipher, code, subject, office.clock())


def test_one_matter_of_one_day_is_one_notice_with_a_count(
    office: Office, sato: StaffMember, clock: Clock
) -> None:
    started = clock()
    for _ in range(3):
        raise_one(office)
        clock.forward(minutes=1)
    raise_one(office, subject="other")
    first, other = sorted(notices(office, sato), key=lambda notice: -notice.count)
    assert (first.count, first.first_at, first.last_at) == (3, started, started + timedelta(minutes=2))
    assert (other.subject, other.count) == ("other", 1)
    clock.forward(days=1)
    raise_one(office)
    assert len(notices(office, sato)) == 3


def test_the_day_is_the_one_in_japan(office: Office, sato: StaffMember, clock: Clock) -> None:
    clock.now = clock.now.replace(hour=14, minute=59)
    raise_one(office)
    clock.forward(minutes=2)
    raise_one(office)
    assert [notice.count for notice in notices(office, sato)] == [1, 1]


def test_only_administrators_get_them(office: Office, sato: StaffMember) -> None:
    viewer = office.add_person("viewer", role="viewer")
    raise_one(office)
    assert len(notices(office, sato)) == 1
    assert notices(office, viewer) == []


def test_one_that_was_looked_at_comes_back_when_it_happens_again(office: Office, sato: StaffMember) -> None:
    raise_one(office)
    (notice,) = notices(office, sato)
    assert office.do(sato, "notice.dismiss", NoticeDismiss(notice=notice.id)).outcome == "applied"
    assert notices(office, sato)[0].dismissed_by == sato.id
    raise_one(office)
    (again,) = notices(office, sato)
    assert (again.dismissed_by, again.count) == ("", 2)


@pytest.mark.parametrize("unknown", ["", "x", "\0", "通知", "y" * 5000])
def test_an_unknown_notice_cannot_be_dismissed(office: Office, sato: StaffMember, unknown: str) -> None:
    assert office.do(sato, "notice.dismiss", NoticeDismiss(notice=unknown)).reason == "not_found"


def test_what_is_raised_once_stays_dismissed(office: Office, sato: StaffMember, clock: Clock) -> None:
    def once(of: str) -> bool:
        with office.database.write() as connection:
            return raise_once(connection, office.database.cipher, "c", "2026-12-20", clock(), of=of)

    assert once("30") and not once("30")
    office.do(sato, "notice.dismiss", NoticeDismiss(notice=notices(office, sato)[0].id))
    clock.forward(days=3)
    assert not once("30")
    assert notices(office, sato)[0].dismissed_by == sato.id
    assert once("14")


def test_an_address_is_in_no_id(office: Office, sato: StaffMember) -> None:
    raise_one(office, ADDRESS_REFUSED, "192.0.2.7")
    (notice,) = notices(office, sato)
    assert notice.subject == "192.0.2.7"
    assert "192" not in notice.id.removeprefix(ADDRESS_REFUSED)


def test_forged_changes_raise_one_notice_about_who_sent_them(office: Office, sato: StaffMember) -> None:
    true = office.change(sato, "greeting.save", GreetingSave(text="こんにちは"))
    forged = true.model_copy(update={"payload": {"text": "別の文"}})
    office.rounds.apply(sato, (forged, forged, true))
    (notice,) = notices(office, sato)
    assert (notice.code, notice.subject, notice.count) == (CHANGE_FORGED, sato.id, 2)


def test_opening_more_than_two_hundred_in_an_hour_raises_a_notice(
    office: Office, sato: StaffMember, clock: Clock
) -> None:
    def opened(many: int, start: int) -> None:
        ids = tuple(f"s-{number}" for number in range(start, start + many))
        change = office.change(sato, "submissions.opened", SubmissionsOpened(submissions=ids))
        with office.database.write() as connection:
            cipher = office.database.cipher
            notice_many_openings(connection, cipher, sato.id, many, clock())
            result = ChangeResult(id=change.id, outcome="applied")
            append_change(connection, cipher, change, result, now=clock())

    opened(MANY_OPENED, 0)
    assert notices(office, sato) == []
    clock.forward(minutes=61)
    opened(MANY_OPENED, 0)
    assert notices(office, sato) == [], "an hour later it is counted anew"
    opened(1, MANY_OPENED)
    (notice,) = notices(office, sato)
    assert (notice.code, notice.subject) == (MANY_OPENINGS, sato.id)


# --- what happens at the doors is gathered first ---


def test_strangers_cost_one_write_a_minute(database: Database, clock: Clock, office: Office) -> None:
    sato = office.add_person()
    board = NoticeBoard(database, clock, NewsBell())
    for _ in range(1000):
        board.note(ADDRESS_REFUSED, "192.0.2.7")
        board.flush()
    assert [notice.count for notice in notices(office, sato)] == [1]
    clock.forward(minutes=1)
    board.flush()
    assert [notice.count for notice in notices(office, sato)] == [1000]
    board.note(ADDRESS_REFUSED, "192.0.2.7")
    board.flush(everything=True)
    assert [notice.count for notice in notices(office, sato)] == [1001]


def test_very_many_strangers_become_one_notice_without_a_name(
    database: Database, clock: Clock, office: Office
) -> None:
    sato = office.add_person()
    board = NoticeBoard(database, clock, NewsBell())
    for number in range(300):
        board.note(ADDRESS_REFUSED, f"2001:db8:{number:x}::/64")
    board.flush()
    found = notices(office, sato)
    assert len(found) == 201
    assert sum(notice.count for notice in found) == 300
    assert [notice.count for notice in found if notice.subject == ""] == [100]


def test_nothing_gathered_is_lost_while_the_store_is_away(
    database: Database, clock: Clock, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    sato = office.add_person()
    board = NoticeBoard(database, clock, NewsBell())
    board.note(ADDRESS_REFUSED, "192.0.2.7")
    with monkeypatch.context() as away:

        def fail() -> None:
            raise StoreUnavailable("busy")

        away.setattr(database, "write", fail)
        with pytest.raises(StoreUnavailable):
            board.flush()
    board.flush(everything=True)
    assert [notice.count for notice in notices(office, sato)] == [1]
