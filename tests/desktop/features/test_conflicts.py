"""SEG-5, SEG-1: a colleague was quicker. Both contents stay until the person has chosen one of them."""

from __future__ import annotations

import pytest

from desktop.errors import RelayRefused
from desktop.features.office import Office
from protocol.deliveries import Delivery, DeliveryDraft
from protocol.items import SegmentItem
from protocol.messages import TextMessage
from protocol.sync import TownSettings
from tests.desktop.fake_relay import FakeRelay


def written(office: Office, title: str) -> DeliveryDraft:
    return office.deliveries.new(title).model_copy(update={"messages": (TextMessage(text="訓練です"),)})


def by_colleague(relay: FakeRelay, draft: DeliveryDraft, title: str) -> None:
    relay.put("delivery", draft.id, Delivery(draft=draft.model_copy(update={"title": title})))


@pytest.fixture
def refused(office: Office, relay: FakeRelay) -> DeliveryDraft:
    """What 佐藤 wanted of a draft that a colleague saved meanwhile; the colleague's came down first."""
    draft = written(office, "はじめの題")
    office.deliveries.save(draft)
    office.sync()
    seen = office.deliveries.begun_from(draft)
    by_colleague(relay, draft, "同僚の題")
    office.sync()
    mine = draft.model_copy(update={"title": "佐藤の題"})
    office.deliveries.keep(mine, seen)
    assert office.deliveries.begun_from(mine) == seen, "also after the program was started again"
    office.deliveries.save(mine, seen)
    office.sync()
    return mine


def test_a_draft_is_not_written_over_unseen_and_can_be_written_anew(
    office: Office, relay: FakeRelay, refused: DeliveryDraft
) -> None:
    assert relay.delivery(refused.id).draft.title == "同僚の題"
    conflict = office.conflicts.at("delivery", refused.id)
    assert conflict is not None
    assert ("配信名", "同僚の題") in conflict.now and ("配信名", "佐藤の題") in conflict.mine
    office.conflicts.rewrite(conflict)
    office.sync()
    assert relay.delivery(refused.id).draft == refused
    assert office.home.refused() == [] and office.conflicts.at("delivery", refused.id) is None


def test_the_colleagues_draft_can_be_taken(office: Office, relay: FakeRelay, refused: DeliveryDraft) -> None:
    conflict = office.conflicts.at("delivery", refused.id)
    assert conflict is not None
    office.conflicts.let_go(conflict)
    office.sync()
    shown = office.deliveries.get(refused.id)
    assert shown is not None and (shown.body.draft.title, shown.refused) == ("同僚の題", "")
    assert office.home.refused() == []


def test_nothing_is_sent_before_the_person_has_chosen(
    office: Office, relay: FakeRelay, refused: DeliveryDraft
) -> None:
    confirmation = office.confirming.prepare(refused)
    assert [problem.code for problem in confirmation.problems] == ["version_conflict"]
    conflict = office.conflicts.at("delivery", refused.id)
    assert conflict is not None
    office.conflicts.rewrite(conflict)
    confirmation = office.confirming.prepare(refused)
    office.confirming.send(confirmation)
    office.sync()
    assert relay.delivery(refused.id).state == "sent"
    assert relay.delivery(refused.id).draft.title == "佐藤の題"


def test_a_colleagues_content_never_goes_out_by_a_confirmation_of_another(
    office: Office, relay: FakeRelay
) -> None:
    draft = written(office, "はじめの題")
    office.deliveries.save(draft)
    office.sync()
    mine = draft.model_copy(update={"title": "佐藤の題"})
    confirmation = office.confirming.prepare(mine)
    by_colleague(relay, draft, "同僚の題")
    office.confirming.send(confirmation)
    office.sync()
    assert relay.delivery(draft.id).state == "draft"
    assert [entry.kind for entry in office.home.refused()] == ["delivery.save", "delivery.send"]
    with pytest.raises(RelayRefused):
        office.confirming.send(confirmation)


def test_a_delivery_whose_draft_was_refused_for_any_reason_is_not_sent(
    office: Office, relay: FakeRelay
) -> None:
    draft = written(office, "はじめの題")
    office.deliveries.save(draft)
    office.sync()
    confirmation = office.confirming.prepare(draft.model_copy(update={"title": "直した題"}))
    relay.refuse_next("text_too_long")
    office.confirming.send(confirmation)
    office.sync()
    assert relay.delivery(draft.id).state == "draft"


def test_an_item_changed_by_a_colleague_is_chosen_about_and_its_place_is_no_change(
    office: Office, relay: FakeRelay, town_items: tuple[SegmentItem, ...]
) -> None:
    office.sync()
    item = town_items[1]
    seen = office.items.get(item.id)
    assert seen is not None
    office.items.move(item.id, -1)
    office.sync()
    office.items.save(seen.body.model_copy(update={"title": "関心"}), seen)
    office.sync()
    assert office.home.refused() == [] and relay.items()[item.id].title == "関心"
    seen = office.items.get(item.id)
    assert seen is not None
    relay.put("item", item.id, seen.body.model_copy(update={"title": "同僚の項目名"}))
    office.sync()
    office.items.save(seen.body.model_copy(update={"title": "佐藤の項目名"}), seen)
    office.sync()
    conflict = office.conflicts.at("item", item.id)
    assert conflict is not None
    assert ("項目名", "同僚の項目名") in conflict.now and ("項目名", "佐藤の項目名") in conflict.mine
    office.conflicts.rewrite(conflict)
    office.sync()
    assert relay.items()[item.id].title == "佐藤の項目名"


def test_the_greeting_is_chosen_about(office: Office, relay: FakeRelay) -> None:
    seen = office.items.greeting()
    settings = TownSettings.parse(relay.records["settings", "town"].body)
    relay.put("settings", "town", settings.model_copy(update={"telephone": "0123"}))
    office.sync()
    office.items.save_greeting("佐藤です", seen)
    office.sync()
    assert office.home.refused() == [], "another setting is no other greeting"
    seen = office.items.greeting()
    relay.put("settings", "town", settings.model_copy(update={"greeting": "同僚です"}))
    office.sync()
    office.items.save_greeting("また佐藤です", seen)
    office.sync()
    conflict = office.conflicts.at("settings", "town")
    assert conflict is not None
    assert (conflict.now, conflict.mine) == ((("あいさつ", "同僚です"),), (("あいさつ", "また佐藤です"),))
    office.conflicts.let_go(conflict)
    assert office.items.greeting().text == "同僚です"


def test_what_is_not_there_any_more_cannot_be_chosen_about(office: Office, relay: FakeRelay) -> None:
    relay.refuse_next("version_conflict")
    draft = written(office, "まだない")
    office.deliveries.save(draft)
    office.sync()
    assert office.conflicts.at("delivery", draft.id) is None
    (entry,) = office.home.refused()
    office.home.dismiss(entry.id)
    assert office.home.refused() == []
