"""The numbers of the home screen are true and written only when they change. SEG-12."""

from __future__ import annotations

from protocol.items import Answer, BirthMonth
from protocol.staff import StaffMember
from protocol.sync import TownSummary
from relay.features.summary import SummaryKeeper
from relay.store.residents import BLOCKED, find_resident_by_no, set_state, write_answers
from tests.conftest import Clock
from tests.relay.features.office import Office
from tests.relay.town import add_friends


def test_the_summary_follows_the_residents(office: Office, sato: StaffMember, clock: Clock) -> None:
    keeper = SummaryKeeper(office.database, clock, office.index, office.bell)

    def summary() -> TownSummary:
        return TownSummary.parse(office.records(sato, "summary")["town"].body)

    assert keeper.renew()
    assert not keeper.renew()
    add_friends(office.database, 5, clock())
    clock.forward(days=1)
    add_friends(office.database, 2, clock(), start=100)
    with office.database.write() as connection:
        write_answers(connection, 1, [Answer(item="a", choices=("x",))], clock())
        write_answers(connection, 2, [Answer(item="b", births=(BirthMonth(year=1980),))], clock())
        leaver = find_resident_by_no(connection, 2)
        assert leaver is not None
        set_state(connection, leaver, state=BLOCKED, at=clock())
    assert keeper.renew()
    found = summary()
    assert (found.friends, found.blocked, found.answered) == (6, 1, 1)
    assert (found.followed_today, found.followed_week, found.as_of) == (2, 6, clock())


def test_a_new_day_changes_the_summary_without_any_resident(
    office: Office, sato: StaffMember, clock: Clock
) -> None:
    keeper = SummaryKeeper(office.database, clock, office.index, office.bell)
    add_friends(office.database, 1, clock())
    assert keeper.renew()
    clock.forward(days=1)
    assert keeper.renew()
    assert TownSummary.parse(office.records(sato, "summary")["town"].body).followed_today == 0
    clock.forward(hours=1)
    assert not keeper.renew()
