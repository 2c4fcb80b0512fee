"""A delivery is confirmed only when it can go out, and frozen once. SEG-5, SEG-7, SEG-10."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update

from protocol.changes import ItemSave
from protocol.deliveries import DeliveryDraft, Quota
from protocol.delivery_changes import DeliveryRemove, DeliverySave, DeliverySend, DeliveryTest
from protocol.items import Answer
from protocol.messages import ImageMessage, Say, TextMessage, Variant
from protocol.segments import ChoiceIs, Everyone, HasAnswered
from protocol.staff import StaffMember
from relay.errors import Refused
from relay.features.freezing import cut_batches, has_grown_too_much
from relay.store.batches import add_batches
from relay.store.residents import write_answers
from relay.store.runs import begin_run, find_run, find_text
from relay.store.tables import batches, jobs, line_links, runs
from tests.conftest import Clock
from tests.relay.features.office import Office, district_item
from tests.relay.town import add_friends

HELLO = (TextMessage(text="こんにちは"),)


def write_draft(office: Office, who: StaffMember, **parts: object) -> int:
    draft = DeliveryDraft(**{"id": "d1", "title": "お知らせ", "messages": HELLO, **parts})
    return office.do(who, "delivery.save", DeliverySave(draft=draft)).version


def send(office: Office, who: StaffMember, seen: int = 3, based_on: int = 1) -> str:
    """The reason of the refusal; empty when confirmed."""
    return office.do(who, "delivery.send", DeliverySend(delivery="d1", recipients_seen=seen), based_on).reason


def test_a_confirmed_delivery_waits_with_its_frozen_messages(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 3, office.clock())
    write_draft(office, sato)
    assert send(office, sato) == ""
    delivery = office.delivery(sato, "d1")
    assert (delivery.state, delivery.sent_by, delivery.numbers.waiting) == ("queued", sato.id, 3)
    with office.database.read() as connection:
        assert len(connection.execute(select(jobs)).all()) == 1
    office.sending.freezing.freeze("d1")
    with office.database.read() as connection:
        text = find_text(connection, office.database.cipher, "d1")
    assert text.messages.decode() == '[{"type": "text", "text": "こんにちは"}]'
    assert (text.silent, text.unit) == (False, "")


def test_a_delivery_is_confirmed_once_whoever_confirms_it(
    office: Office, sato: StaffMember, suzuki: StaffMember
) -> None:
    add_friends(office.database, 3, office.clock())
    write_draft(office, sato)
    assert send(office, sato) == ""
    assert send(office, suzuki) == "already_sent"
    for kind, payload in (
        ("delivery.save", DeliverySave(draft=DeliveryDraft(id="d1", title="x"))),
        ("delivery.remove", DeliveryRemove(delivery="d1")),
    ):
        assert office.do(sato, kind, payload, 2).reason == "not_a_draft"


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"title": ""}, "title_missing"),
        ({"messages": ()}, "no_messages"),
        ({"messages": (TextMessage(text="x" * 5001),)}, "text_too_long"),
        ({"messages": (ImageMessage(file="0" * 64, preview="0" * 64),)}, "file_unknown"),
        ({"segment": HasAnswered(item="nothing")}, "item_unknown"),
        ({"segment": HasAnswered(item="item-district")}, "no_recipients"),
    ],
)
def test_what_cannot_go_out_is_refused_with_its_reason(
    office: Office, sato: StaffMember, parts: dict[str, object], reason: str
) -> None:
    office.do(sato, "item.save", ItemSave(item=district_item()))
    add_friends(office.database, 3, office.clock())
    write_draft(office, sato, **parts)
    assert send(office, sato) == reason
    assert office.delivery(sato, "d1").state == "draft"


def test_more_people_than_the_quota_holds_are_refused(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 3, office.clock())
    write_draft(office, sato)
    office.quota = Quota(limit=100, used=98)
    assert send(office, sato) == "over_quota"


def test_two_deliveries_confirmed_at_once_do_not_share_one_rest_of_the_quota(
    office: Office, sato: StaffMember
) -> None:
    add_friends(office.database, 30, office.clock())
    office.quota = Quota(limit=100, used=50)
    for id, reason in (("d1", ""), ("d2", "over_quota")):
        draft = DeliveryDraft(id=id, title="お知らせ", messages=HELLO)
        office.do(sato, "delivery.save", DeliverySave(draft=draft))
        result = office.do(sato, "delivery.send", DeliverySend(delivery=id, recipients_seen=30), 1)
        assert result.reason == reason
    office.sending.freezing.freeze("d1")
    again = office.do(sato, "delivery.send", DeliverySend(delivery="d2", recipients_seen=30), 1)
    assert again.reason == "over_quota"


def test_two_confirmations_side_by_side_do_not_share_one_rest_of_the_quota(
    office: Office, sato: StaffMember
) -> None:
    add_friends(office.database, 30, office.clock())
    office.quota = Quota(limit=100, used=50)
    confirmations = []
    for id in ("d1", "d2"):
        draft = DeliveryDraft(id=id, title="お知らせ", messages=HELLO)
        office.do(sato, "delivery.save", DeliverySave(draft=draft))
        payload = DeliverySend(delivery=id, recipients_seen=30)
        # Both look before either writes.
        change = office.change(sato, "delivery.send", payload, 1)
        confirmations.append(office.sending.confirming.send(change, payload, sato))
    with office.database.write() as connection:
        confirmations[0](connection)
    with pytest.raises(Refused, match="over_quota"), office.database.write() as connection:
        confirmations[1](connection)


def test_people_written_to_since_line_was_asked_count_against_the_rest(
    office: Office, sato: StaffMember, clock: Clock
) -> None:
    add_friends(office.database, 30, clock())
    office.quota = Quota(limit=100, used=50)
    write_draft(office, sato)
    assert send(office, sato, seen=30) == ""
    clock.forward(seconds=1)
    with office.database.write() as connection:
        begin_run(connection, "d1", recipients=30, now=clock())
        add_batches(connection, "d1", cut_batches(office.index.members(Everyone())))
        connection.execute(update(batches).values(state="accepted", finished_at=clock()))
        connection.execute(update(runs).values(state="sent"))
    clock.forward(seconds=5)  # LINE's answer of six seconds ago is still used, and knows none of them
    draft = DeliveryDraft(id="d2", title="お知らせ", messages=HELLO)
    office.do(sato, "delivery.save", DeliverySave(draft=draft))
    again = office.do(sato, "delivery.send", DeliverySend(delivery="d2", recipients_seen=30), 1)
    assert again.reason == "over_quota"


def test_many_more_people_than_were_confirmed_are_not_written_to(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 30, office.clock())
    write_draft(office, sato)
    assert send(office, sato, seen=30) == ""
    add_friends(office.database, 300, office.clock(), start=100)
    office.sending.freezing.freeze("d1")
    delivery = office.delivery(sato, "d1")
    assert (delivery.state, delivery.reason) == ("failed", "count_changed")
    with office.database.read() as connection:
        assert connection.execute(select(batches)).all() == []


def test_a_delivery_that_cannot_be_begun_says_so_and_holds_nobody(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 30, office.clock())
    office.quota = Quota(limit=100, used=50)
    write_draft(office, sato)
    assert send(office, sato, seen=30) == ""
    office.sending.freezing.give_up("d1")
    delivery = office.delivery(sato, "d1")
    assert (delivery.state, delivery.reason) == ("failed", "not_started")
    draft = DeliveryDraft(id="d2", title="お知らせ", messages=HELLO)
    office.do(sato, "delivery.save", DeliverySave(draft=draft))
    again = office.do(sato, "delivery.send", DeliverySend(delivery="d2", recipients_seen=30), 1)
    assert again.reason == ""


def test_without_an_answer_of_line_nothing_is_confirmed(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 3, office.clock())
    write_draft(office, sato)
    office.quota = None
    assert send(office, sato) == "line_unreachable"


def test_clearly_more_people_than_shown_are_asked_about_again(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 30, office.clock())
    write_draft(office, sato)
    assert send(office, sato, seen=19) == "count_changed"
    assert send(office, sato, seen=20) == ""


@pytest.mark.parametrize(
    ("seen", "count", "too_much"),
    [(0, 10, False), (0, 11, True), (100, 90, False), (10_000, 10_100, False), (10_000, 10_101, True)],
)
def test_growth_is_too_much_beyond_one_percent_and_ten(seen: int, count: int, too_much: bool) -> None:
    assert has_grown_too_much(seen, count) == too_much


def test_a_confirmation_of_an_older_version_is_told(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 3, office.clock())
    write_draft(office, sato)
    office.do(sato, "delivery.save", DeliverySave(draft=DeliveryDraft(id="d1", title="別の件")), 1)
    assert send(office, sato, based_on=1) == "version_conflict"


def test_freezing_makes_batches_of_500_each_with_its_own_key(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 1201, office.clock())
    write_draft(office, sato)
    assert send(office, sato, seen=1201) == ""
    office.sending.freezing.freeze("d1")
    office.sending.freezing.freeze("d1")  # a job done twice changes nothing
    with office.database.read() as connection:
        rows = connection.execute(select(batches).order_by(batches.c.no)).all()
        run = find_run(connection, "d1")
    assert [(row.count, row.endpoint, row.state) for row in rows] == [
        (500, "multicast", "waiting"),
        (500, "multicast", "waiting"),
        (201, "multicast", "waiting"),
    ]
    assert len({row.retry_key for row in rows}) == 3
    assert run is not None and (run.state, run.recipients) == ("sending", 1201)
    delivery = office.delivery(sato, "d1")
    assert (delivery.state, delivery.numbers.recipients, delivery.numbers.waiting) == ("sending", 1201, 1201)


def test_a_segment_that_emptied_before_freezing_fails_with_its_reason(
    office: Office, sato: StaffMember
) -> None:
    office.do(sato, "item.save", ItemSave(item=district_item()))
    add_friends(office.database, 1, office.clock())
    with office.database.write() as connection:
        north = Answer(item="item-district", choices=("item-district-0",))
        write_answers(connection, 1, [north], office.clock())
    segment = ChoiceIs(item="item-district", any_of=("item-district-0",))
    write_draft(office, sato, segment=segment)
    assert send(office, sato, seen=1) == ""
    with office.database.write() as connection:
        write_answers(connection, 1, [Answer(item="item-district")], office.clock())
    office.sending.freezing.freeze("d1")
    delivery = office.delivery(sato, "d1")
    assert (delivery.state, delivery.reason) == ("failed", "no_recipients")


def test_a_test_needs_a_tied_line_account(office: Office, sato: StaffMember, suzuki: StaffMember) -> None:
    draft = DeliveryDraft(id="d1", title="", messages=HELLO)
    test = DeliveryTest(draft=draft, staff=(sato.id,))
    assert office.do(sato, "delivery.test", test).reason == "no_test_account"
    add_friends(office.database, 1, office.clock())
    with office.database.write() as connection:
        connection.execute(line_links.insert().values(staff=sato.id, resident=1, linked_at=office.clock()))
    both = DeliveryTest(draft=draft, staff=(sato.id, suzuki.id))
    assert office.do(sato, "delivery.test", both).reason == "no_test_account"
    change = office.change(sato, "delivery.test", test)
    (result,) = office.rounds.apply(sato, (change,))
    assert (result.outcome, result.version) == ("applied", 1)
    with office.database.read() as connection:
        messages = find_text(connection, office.database.cipher, change.id).messages
        (batch,) = connection.execute(select(batches).where(batches.c.run == change.id)).all()
    assert "【テスト配信】" in messages.decode()
    assert (batch.endpoint, batch.count) == ("push", 1)


def test_a_test_shows_every_language_with_its_own_quick_replies(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 1, office.clock())
    with office.database.write() as connection:
        connection.execute(line_links.insert().values(staff=sato.id, resident=1, linked_at=office.clock()))
    hello = (TextMessage(text="Hello, ｛地区｝"),)
    draft = DeliveryDraft(
        id="d1",
        title="",
        messages=HELLO,
        quick_replies=(Say(label="はい", text="はい"),),
        variants=(
            Variant(language="en", messages=hello, quick_replies=(Say(label="Yes", text="yes"),)),
            Variant(language="vi", messages=(TextMessage(text="Xin chào"),)),
        ),
    )
    change = office.change(sato, "delivery.test", DeliveryTest(draft=draft, staff=(sato.id,)))
    (result,) = office.rounds.apply(sato, (change,))
    assert result.reason == ""
    with office.database.read() as connection:
        texts = [
            json.loads(find_text(connection, office.database.cipher, change.id, no).messages)
            for no in range(3)
        ]
        sent = connection.execute(select(batches.c.text).where(batches.c.run == change.id)).scalars().all()
    assert sorted(sent) == [0, 1, 2]
    assert [message["text"].partition("\n")[0] for (message,) in texts] == ["【テスト配信】"] * 3
    assert "your district" in texts[1][0]["text"]
    labels = [text[0]["quickReply"]["items"][0]["action"]["label"] for text in texts]
    assert labels == ["はい", "Yes", "はい"]


def test_a_test_of_what_line_would_refuse_is_refused(office: Office, sato: StaffMember) -> None:
    long = DeliveryDraft(id="d1", title="", messages=(TextMessage(text="x" * 4995),))
    test = DeliveryTest(draft=long, staff=(sato.id,))
    assert office.do(sato, "delivery.test", test).reason == "text_too_long"
