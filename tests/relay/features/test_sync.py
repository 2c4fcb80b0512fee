"""Changes are applied once however often they come, forgeries never; no record is missed. SEC-9, OPS-4."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.changes import Change, GreetingSave, ItemRemove, ItemSave, ItemsReorder, LineLinkRemove
from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import DeliverySave
from protocol.ids import new_id
from protocol.staff import StaffMember
from protocol.sync import TownSettings
from relay.errors import StoreUnavailable
from relay.features.settings import publish_settings
from relay.store.counters import next_number
from relay.store.records import put_record
from tests.conftest import Clock
from tests.relay.features.office import Office, district_item


def save(office: Office, who: StaffMember, title: str = "地区", based_on: int = 0, **more: object) -> Change:
    item = district_item().model_copy(update={"title": title})
    return office.change(who, "item.save", ItemSave(item=item), based_on, **more)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_change_is_applied_once_however_it_is_repeated_and_disordered(
    office: Office, data: st.DataObject
) -> None:
    who = office.add_person(new_id(office.clock()))
    changes = [
        office.change(
            who, "delivery.save", DeliverySave(draft=DeliveryDraft(id=new_id(office.clock()), title=f"{n}"))
        )
        for n in range(5)
    ]
    first = {result.id: result for result in office.rounds.apply(who, (changes[0],))}
    # Rounds whose answers got lost: the same changes again, in any order and grouping.
    rounds = data.draw(st.lists(st.lists(st.sampled_from(changes), max_size=6), min_size=1, max_size=6))
    for sent in [*rounds, changes]:
        for result in office.rounds.apply(who, tuple(sent)):
            assert result == first.setdefault(result.id, result)
    assert {result.outcome for result in first.values()} == {"applied"}
    records = office.records(who, "delivery")
    for change in changes:
        assert records[change.payload["draft"]["id"]].version == 1


def test_a_forged_change_is_refused_and_does_not_use_up_the_id(
    office: Office, sato: StaffMember, suzuki: StaffMember
) -> None:
    true = save(office, sato)
    forged = {
        "bad_signature": true.model_copy(update={"payload": {**true.payload, "x": 1}}),
        "not_allowed": true.model_copy(update={"staff": suzuki.id}),
        "wrong_relay": true.model_copy(update={"relay": "production"}),
        "malformed": true.model_copy(update={"id": "x"}),
    }
    for reason, change in forged.items():
        (result,) = office.rounds.apply(sato, (change,))
        assert (result.outcome, result.reason) == ("refused", reason)
    stranger = save(office, sato, key=Ed25519PrivateKey.generate())
    assert office.rounds.apply(sato, (stranger,))[0].reason == "bad_signature"
    assert office.rounds.apply(sato, (true,))[0].outcome == "applied"


def test_a_change_signed_by_one_person_is_not_taken_from_another(
    office: Office, sato: StaffMember, suzuki: StaffMember
) -> None:
    assert office.rounds.apply(suzuki, (save(office, sato),))[0].reason == "not_allowed"
    done = save(office, sato)
    office.rounds.apply(sato, (done,))
    reused = office.change(suzuki, "line_link.remove", LineLinkRemove()).model_copy(update={"id": done.id})
    assert office.rounds.apply(suzuki, (reused,))[0].reason == "bad_signature"
    again = office.sign_again(reused)  # hers in every way but the id, which his change has used
    assert office.rounds.apply(suzuki, (again,))[0].reason == "not_allowed"


@pytest.mark.parametrize(
    ("by", "reason"),
    [(timedelta(minutes=6), "clock_skew"), (timedelta(days=-15), "too_old"), (timedelta(days=-13), "")],
)
def test_a_change_of_an_impossible_time_is_refused(
    office: Office, sato: StaffMember, by: timedelta, reason: str
) -> None:
    change = save(office, sato, now=office.clock() + by)
    assert office.rounds.apply(sato, (change,))[0].reason == reason


def test_a_change_that_makes_no_sense_is_refused_with_its_reason(office: Office, sato: StaffMember) -> None:
    change = office.change(sato, "greeting.save", GreetingSave(text="こんにちは"))
    broken = office.sign_again(change.model_copy(update={"payload": {"text": 5}}))
    unknown = office.sign_again(save(office, sato).model_copy(update={"kind": "item.paint"}))
    results = office.rounds.apply(sato, (broken, unknown))
    assert [result.reason for result in results] == ["malformed", "unknown_change"]


def test_a_change_that_stumbles_on_a_bug_does_not_hold_up_those_behind_it(
    office: Office, sato: StaffMember, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*_: object) -> object:
        raise OverflowError("written by 山田花子")

    with monkeypatch.context() as broken:
        broken.setitem(office.rounds._stages, "greeting.save", stumble)
        bad = office.change(sato, "greeting.save", GreetingSave(text="こんにちは"))
        results = office.rounds.apply(sato, (bad, save(office, sato)))
    assert [result.reason for result in results] == ["relay_failed", ""]
    assert "OverflowError < stumble" in caplog.text and "花子" not in caplog.text
    assert office.rounds.apply(sato, (bad,))[0].reason == "relay_failed"  # it is remembered


def test_a_change_waits_while_the_store_is_away(
    office: Office, sato: StaffMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> object:
        raise StoreUnavailable("busy")

    change = office.change(sato, "greeting.save", GreetingSave(text="こんにちは"))
    with monkeypatch.context() as away:
        away.setitem(office.rounds._stages, "greeting.save", gone)
        with pytest.raises(StoreUnavailable):
            office.rounds.apply(sato, (change,))
    assert office.rounds.apply(sato, (change,))[0].outcome == "applied"


def test_the_second_of_two_edits_of_one_version_is_told(office: Office, sato: StaffMember) -> None:
    office.rounds.apply(sato, (save(office, sato),))
    first, second = save(office, sato, "住所", 1), save(office, sato, "地域", 1)
    results = office.rounds.apply(sato, (first, second))
    assert [result.reason for result in results] == ["", "version_conflict"]
    assert office.rounds.apply(sato, (second,))[0].reason == "version_conflict"
    assert office.records(sato, "item")["item-district"].body["title"] == "住所"


def test_a_refused_change_leaves_nothing_behind(office: Office, sato: StaffMember) -> None:
    office.do(sato, "item.save", ItemSave(item=district_item("a")))
    before = office.rounds.news(sato, {}).cursor
    result = office.do(sato, "items.reorder", ItemsReorder(items=("a", "unknown")))
    assert result.reason == "item_unknown"
    assert office.rounds.news(sato, {}).cursor == before


def test_news_come_in_pages_and_nothing_twice(office: Office, sato: StaffMember) -> None:
    for number in range(45):
        draft = DeliveryDraft(id=f"delivery-{number:02}", title="お知らせ")
        office.do(sato, "delivery.save", DeliverySave(draft=draft))
    seen: list[str] = []
    left: list[int] = []
    cursor: dict[str, int] = {}
    pages = 0
    while True:
        news = office.rounds.news(sato, cursor)
        left.append(news.left)
        seen += [record.id for record in news.records]
        cursor, pages = news.cursor, pages + 1
        if not news.more:
            break
    assert pages == 3
    assert len(seen) == len(set(seen)) == 47  # the office itself: a person, and the rules of sending
    assert left == [27, 7, 0]
    assert office.rounds.news(sato, cursor).records == []


def test_an_audience_a_person_lost_is_named(office: Office, sato: StaffMember) -> None:
    news = office.rounds.news(sato, {"department:kosodate": 12})
    assert news.lost == ["department:kosodate"]
    assert news.cursor.keys() == {"town", f"staff:{sato.id}", "deliveries", "admins"}


def test_a_relay_restored_from_an_older_backup_starts_the_desktop_anew(
    office: Office, sato: StaffMember
) -> None:
    newest = office.rounds.news(sato, {}).cursor["town"]
    news = office.rounds.news(sato, {"town": newest + 1})
    assert news.lost == ["town"]
    assert {record.kind for record in news.records} == {"staff", "sending_rules"}
    assert office.rounds.news(sato, {"town": -5}).lost == ["town"]
    assert office.rounds.news(sato, {"town": 2**70}).lost == ["town"]


def test_two_writers_that_commit_out_of_order_lose_no_record_for_any_cursor(
    office: Office, clock: Clock
) -> None:
    """The second writer waits for the first one's number, so no cursor can stand above a number to come."""
    who = office.add_person()
    started, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with office.database.write() as connection:
            put_record(connection, office.database.cipher, kind="item", id="slow", body={}, now=clock())
            started.set()
            assert may_commit.wait(20)

    def quick() -> None:
        with office.database.write() as connection:
            put_record(connection, office.database.cipher, kind="item", id="quick", body={}, now=clock())

    cursor = office.rounds.news(who, {}).cursor
    threads = [threading.Thread(target=slow), threading.Thread(target=quick)]
    threads[0].start()
    assert started.wait(20)
    threads[1].start()
    seen: list[str] = []
    for _ in range(5):  # rounds while both are under way
        news = office.rounds.news(who, cursor)
        seen += [record.id for record in news.records]
        cursor = news.cursor
    assert seen == []
    may_commit.set()
    for thread in threads:
        thread.join(20)
    news = office.rounds.news(who, cursor)
    assert [record.id for record in news.records] == ["slow", "quick"]


def test_a_number_given_back_by_a_rollback_hides_nothing(office: Office, sato: StaffMember) -> None:
    cursor = office.rounds.news(sato, {}).cursor
    with pytest.raises(RuntimeError), office.database.write() as connection:
        next_number(connection, "town")
        raise RuntimeError
    office.do(sato, "item.save", ItemSave(item=district_item()))
    assert [record.id for record in office.rounds.news(sato, cursor).records] == ["item-district"]


def test_a_removed_item_comes_down_as_removed(office: Office, sato: StaffMember) -> None:
    office.do(sato, "item.save", ItemSave(item=district_item()))
    office.do(sato, "item.remove", ItemRemove(item="item-district"), 1)
    record = office.records(sato, "item")["item-district"]
    assert (record.removed, record.version, record.body) == (True, 2, {})


def test_the_greeting_staff_wrote_survives_a_restart_with_other_settings(
    office: Office, sato: StaffMember, clock: Clock
) -> None:
    with office.database.write() as connection:
        publish_settings(connection, office.database.cipher, TownSettings(town_name="みなと野市"), clock())
    assert office.do(sato, "greeting.save", GreetingSave(text="ようこそ"), 1).version == 2
    assert office.do(sato, "greeting.save", GreetingSave(text=" "), 2).reason == "text_missing"
    with office.database.write() as connection:
        town = TownSettings(town_name="みなと野市", account_name="みなと野市公式")
        assert publish_settings(connection, office.database.cipher, town, clock())
        assert not publish_settings(connection, office.database.cipher, town, clock())
    body = office.records(sato, "settings")["town"].body
    assert (body["greeting"], body["account_name"]) == ("ようこそ", "みなと野市公式")
