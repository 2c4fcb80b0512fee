"""A delivery stopped by LINE's monthly limit is continued by people, and only where it can be. SEG-7."""

from __future__ import annotations

from protocol.deliveries import DeliveryDraft, Quota
from protocol.delivery_changes import DeliveryResume, DeliverySave, DeliverySend
from protocol.messages import TextMessage
from protocol.staff import StaffMember
from relay.features.ledger import publish_progress
from relay.store.runs import pause_run
from tests.relay.features.office import Office
from tests.relay.town import add_friends


def stopped(office: Office, who: StaffMember, people: int = 30) -> int:
    """Delivery `d1` frozen and stopped by the monthly limit before anybody got it; its version."""
    add_friends(office.database, people, office.clock())
    draft = DeliveryDraft(id="d1", title="お知らせ", messages=(TextMessage(text="本日"),))
    office.do(who, "delivery.save", DeliverySave(draft=draft))
    office.do(who, "delivery.send", DeliverySend(delivery="d1", recipients_seen=people), 1)
    office.sending.freezing.freeze("d1")
    with office.database.write() as connection:
        assert pause_run(connection, "d1", "over_quota")
        publish_progress(connection, office.database, "d1", office.clock())
    return office.records(who, "delivery")["d1"].version


def resume(office: Office, who: StaffMember, based_on: int, delivery: str = "d1") -> str:
    """The reason of the refusal; empty when it goes on."""
    return office.do(who, "delivery.resume", DeliveryResume(delivery=delivery), based_on).reason


def test_whoever_continues_a_stopped_delivery_sees_it_being_sent_again(
    office: Office, sato: StaffMember, suzuki: StaffMember
) -> None:
    version = stopped(office, sato)
    assert (office.delivery(sato, "d1").state, office.delivery(sato, "d1").reason) == ("paused", "over_quota")
    change = office.change(suzuki, "delivery.resume", DeliveryResume(delivery="d1"), version)
    (result,) = office.rounds.apply(suzuki, (change,))
    delivery = office.delivery(sato, "d1")
    assert (delivery.state, delivery.reason, delivery.numbers.waiting) == ("sending", "", 30)
    assert result.version == office.records(sato, "delivery")["d1"].version == version + 1


def test_what_is_not_stopped_is_not_continued(office: Office, sato: StaffMember) -> None:
    assert resume(office, sato, 1) == "not_found"
    draft = DeliveryDraft(id="d2", title="下書き")
    office.do(sato, "delivery.save", DeliverySave(draft=draft))
    assert resume(office, sato, 1, "d2") == "not_paused"
    version = stopped(office, sato)
    assert resume(office, sato, version) == ""
    assert resume(office, sato, version) == "not_paused"


def test_a_delivery_that_moved_since_it_was_shown_is_not_continued(office: Office, sato: StaffMember) -> None:
    version = stopped(office, sato)
    assert resume(office, sato, version - 1) == "version_conflict"
    assert office.delivery(sato, "d1").state == "paused"


def test_the_rest_has_to_fit_what_line_allows_now(office: Office, sato: StaffMember) -> None:
    version = stopped(office, sato)
    office.quota = Quota(limit=5000, used=4971)
    assert resume(office, sato, version) == "over_quota"
    assert office.delivery(sato, "d1").state == "paused"
    office.quota = Quota(limit=5000, used=4970)  # asked anew, however short the time since
    assert resume(office, sato, version) == ""


def test_with_line_away_nothing_is_continued(office: Office, sato: StaffMember) -> None:
    version = stopped(office, sato)
    office.quota = None
    assert resume(office, sato, version) == "line_unreachable"
