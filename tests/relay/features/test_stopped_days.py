"""A day of a rule that people stopped is theirs: no second rule, nobody of the rule's. SEG-5, SEG-12."""

from __future__ import annotations

from datetime import UTC, date, datetime

from protocol.delivery_changes import DeliveryStop
from protocol.schedules import OnResidentDay
from protocol.staff import StaffMember
from relay.features.rule_deliveries import id_of_rule_day
from relay.features.waste_rule import WasteMessages, values_of_delivery
from relay.store.delivery_tables import moments
from relay.store.moments import Moment, list_due, put_moment, take_moment
from tests.conftest import Clock
from tests.relay.features.office import Office
from tests.relay.features.test_due import (
    DAILY,
    all_deliveries,
    answer,
    confirm,
    due_item,
    members_of_runs,
    town,
)
from tests.relay.features.test_waste import town as waste_town

__all__ = ["town", "waste_town"]
TODAY = date(2026, 11, 20)


def make_days_only(town: Office) -> None:
    """Take what is due now and not what comes of it: another worker would."""
    with town.database.read() as connection:
        due = list_due(connection, town.clock(), 50)
    for moment in due:
        assert town.moments._take(moment)


def test_a_stopped_day_is_a_draft_that_belongs_to_no_rule(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, when=DAILY)
    clock.forward(minutes=30)
    make_days_only(town)
    day = id_of_rule_day("d1", TODAY)
    assert town.delivery(sato, day).series == "d1"
    assert town.reason(sato, "delivery.stop", DeliveryStop(delivery=day)) == ""
    stopped = town.delivery(sato, day)
    assert (stopped.state, stopped.series, stopped.draft.when.kind) == ("draft", "", "at")


def test_a_stopped_day_of_residents_own_days_is_cancelled_and_makes_no_second_rule(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    due_item(town, sato, "date")
    answer(town, 3, day=TODAY)
    answer(town, 4, day=date(2026, 11, 21))
    confirm(town, sato, when=OnResidentDay(item="item", time="10:00"))
    clock.forward(minutes=30)
    make_days_only(town)
    day = id_of_rule_day("d1", TODAY)
    assert town.reason(sato, "delivery.stop", DeliveryStop(delivery=day)) == ""
    stopped = town.delivery(sato, day)
    assert (stopped.state, stopped.numbers.recipients, stopped.finished_at) == ("cancelled", 0, clock())
    clock.forward(days=1)
    town.moments.run_due()
    assert members_of_runs(town) == [[4]]


def test_a_stopped_waste_delivery_is_planned_like_any_other(
    waste_town: Office, sato: StaffMember, clock: Clock
) -> None:
    clock.now = datetime(2026, 11, 25, 10, 1, tzinfo=UTC)
    WasteMessages(waste_town.database, clock, waste_town.index).run_once()
    (made,) = waste_town.seen(sato, "delivery")
    database = waste_town.database
    with database.read() as connection:
        assert values_of_delivery(connection, database.cipher, made) is not None
    assert waste_town.reason(sato, "delivery.stop", DeliveryStop(delivery=made)) == ""
    assert waste_town.delivery(sato, made).made_by_rule == ""
    with database.read() as connection:
        assert values_of_delivery(connection, database.cipher, made) is None


def test_a_moment_confirmed_anew_as_another_kind_is_not_taken_for_the_old_one(
    town: Office, clock: Clock
) -> None:
    old = Moment(delivery="d1", due_at=clock(), kind="at")
    with town.database.write() as connection:
        put_moment(connection, Moment(delivery="d1", due_at=clock(), kind="repeating"))
        assert not take_moment(connection, old)
        assert connection.execute(moments.select()).one().kind == "repeating"


def test_collections_missed_in_a_long_outage_show_as_skipped_each(
    waste_town: Office, sato: StaffMember, clock: Clock
) -> None:
    clock.now = datetime(2026, 11, 25, 10, 1, tzinfo=UTC)
    WasteMessages(waste_town.database, clock, waste_town.index).run_once()
    clock.now = datetime(2026, 12, 4, 3, 0, tzinfo=UTC)
    WasteMessages(waste_town.database, clock, waste_town.index).run_once()
    waste_town.moments.run_due()
    states = [one.state for one in all_deliveries(waste_town, sato) if one.made_by_rule == "waste:eve"]
    assert states == ["skipped"] * 4  # Thursday, Monday, Tuesday and Thursday
