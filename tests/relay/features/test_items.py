"""Items are added, mended, ordered and deleted without losing an answer unseen. SEG-1."""

from __future__ import annotations

import pytest

from protocol.changes import ItemMerge, ItemRemove, ItemSave, ItemsReorder
from protocol.deliveries import Delivery, DeliveryDraft
from protocol.delivery_changes import DeliverySave
from protocol.items import Answer, BirthMonth, Choice, SegmentItem
from protocol.segments import ChoiceIs, HasAnswered
from protocol.staff import StaffMember
from relay.features.deliveries import put_delivery
from relay.features.items import item_use, list_items
from relay.store.records import find_record
from relay.store.residents import write_answers
from tests.relay.features.office import Office, district_item
from tests.relay.town import add_friends

BORN = SegmentItem(
    id="item-born", kind="birth_year", title="生まれた年", question="生まれた年を教えてください。"
)


@pytest.fixture
def answered(office: Office, sato: StaffMember) -> Office:
    """Two items, and two residents of whom both answered the district and one the year."""
    for item in (district_item(), BORN):
        assert office.do(sato, "item.save", ItemSave(item=item)).outcome == "applied"
    add_friends(office.database, 2, office.clock())
    with office.database.write() as connection:
        north = Answer(item="item-district", choices=("item-district-0",))
        write_answers(
            connection, 1, [north, Answer(item="item-born", births=(BirthMonth(year=1980),))], office.clock()
        )
        write_answers(connection, 2, [north], office.clock())
    return office


def test_an_item_with_a_mistake_is_refused_by_its_code(office: Office, sato: StaffMember) -> None:
    short = district_item(labels=("川北",))
    assert office.do(sato, "item.save", ItemSave(item=short)).reason == "too_few_choices"
    long_id = district_item(id="x" * 40)
    assert office.do(sato, "item.save", ItemSave(item=long_id)).reason == "malformed"


def test_a_choice_whose_words_were_mended_keeps_its_people(answered: Office, sato: StaffMember) -> None:
    north = ChoiceIs(item="item-district", any_of=("item-district-0",))
    renamed = district_item(labels=("川北地区", "川南"))
    assert answered.do(sato, "item.save", ItemSave(item=renamed), 1).version == 2
    assert answered.index.count(north) == 2


def test_deleting_takes_no_more_answers_than_were_shown(answered: Office, sato: StaffMember) -> None:
    shown_too_few = ItemRemove(item="item-district", answers_seen=1)
    assert answered.do(sato, "item.remove", shown_too_few, 1).reason == "count_changed"
    assert answered.index.count(HasAnswered(item="item-district")) == 2
    shown = ItemRemove(item="item-district", answers_seen=2)
    assert answered.do(sato, "item.remove", shown, 1).outcome == "applied"
    assert answered.index.count(HasAnswered(item="item-district")) == 0
    assert answered.index.count(HasAnswered(item="item-born")) == 1


def test_an_item_a_delivery_under_way_asks_for_stays(answered: Office, sato: StaffMember) -> None:
    segment = HasAnswered(item="item-district")
    draft = DeliveryDraft(id="d1", title="お知らせ", segment=segment)
    answered.do(sato, "delivery.save", DeliverySave(draft=draft))
    with answered.database.read() as connection:
        use = item_use(connection, answered.database.cipher, "item-district")
    assert (use.answers, use.deliveries, use.choices) == (2, 1, {"item-district-0": 2})
    with answered.database.write() as connection:
        going = Delivery(draft=draft, state="sending")
        put_delivery(connection, answered.database.cipher, going, answered.clock())
    remove = ItemRemove(item="item-district", answers_seen=2)
    assert answered.do(sato, "item.remove", remove, 1).reason == "in_use"


def test_an_answered_item_does_not_become_another_kind(answered: Office, sato: StaffMember) -> None:
    as_year = district_item().model_copy(update={"kind": "birth_year", "choices": ()})
    assert answered.do(sato, "item.save", ItemSave(item=as_year), 1).reason == "in_use"
    by_area = district_item().model_copy(update={"kind": "district"})
    assert answered.do(sato, "item.save", ItemSave(item=by_area), 1).outcome == "applied"


def test_the_order_is_kept_and_items_not_named_follow(office: Office, sato: StaffMember) -> None:
    for position, id in enumerate("abcd"):
        item = district_item(id).model_copy(update={"position": position})
        office.do(sato, "item.save", ItemSave(item=item))
    assert office.do(sato, "items.reorder", ItemsReorder(items=("d", "b"))).outcome == "applied"
    with office.database.read() as connection:
        assert list(list_items(connection, office.database.cipher)) == ["d", "b", "a", "c"]


def test_what_does_not_exist_cannot_be_removed(office: Office, sato: StaffMember) -> None:
    assert office.do(sato, "item.remove", ItemRemove(item="x"), 1).reason == "not_found"


def test_merged_choices_keep_every_answer_once(answered: Office, sato: StaffMember) -> None:
    topics = district_item(id="topics", labels=("ごみ", "資源", "防災")).model_copy(
        update={"kind": "multiple"}
    )
    answered.do(sato, "item.save", ItemSave(item=topics))
    with answered.database.write() as connection:
        for number, choices in ((1, ("topics-0", "topics-1")), (2, ("topics-0",))):
            write_answers(connection, number, [Answer(item="topics", choices=choices)], answered.clock())
    segment = ChoiceIs(item="topics", any_of=("topics-0",))
    assert answered.index.count(segment) == 2
    merge = ItemMerge(item="topics", choice="topics-0", into="topics-1", answers_seen=2)
    unseen = merge.model_copy(update={"answers_seen": 1})
    assert answered.do(sato, "item.merge", unseen, 1).reason == "count_changed"
    assert answered.do(sato, "item.merge", merge, 1).version == 2
    with answered.database.read() as connection:
        merged = list_items(connection, answered.database.cipher)["topics"].choice("topics-0")
        use = item_use(connection, answered.database.cipher, "topics")
    assert merged is not None and (merged.retired, merged.merged_into) == (True, "topics-1")
    assert (use.answers, use.choices) == (2, {"topics-1": 2})
    assert answered.index.count(segment) == 2  # a segment that names the old one means the new one


def test_a_merge_that_makes_no_sense_is_refused(answered: Office, sato: StaffMember) -> None:
    def merge(choice: str, into: str, based_on: int = 1) -> str:
        change = ItemMerge(item="item-district", choice=choice, into=into, answers_seen=9)
        return answered.do(sato, "item.merge", change, based_on).reason

    assert merge("item-district-0", "item-district-0") == "same_choice"
    assert merge("item-district-0", "nowhere") == "choice_unknown"
    assert merge("item-district-0", "item-district-1") == "too_few_choices"  # one choice is no question
    assert merge("item-district-0", "item-district-1", 7) == "version_conflict"


def test_saving_an_item_neither_makes_nor_undoes_a_merge(answered: Office, sato: StaffMember) -> None:
    item = district_item(labels=("川北", "川南", "港"))
    answered.do(sato, "item.save", ItemSave(item=item), 1)
    merge = ItemMerge(item=item.id, choice=item.choices[0].id, into=item.choices[1].id, answers_seen=2)
    answered.do(sato, "item.merge", merge, 2)
    for choices in (item.choices, item.choices[1:]):  # from a desktop that had not heard of it
        with answered.database.read() as connection:
            found = find_record(connection, answered.database.cipher, "item", item.id)
        assert found is not None
        save = ItemSave(item=item.model_copy(update={"choices": choices}))
        save = ItemSave(item=add_label(save.item))
        assert answered.do(sato, "item.save", save, found.version).outcome == "applied"
        with answered.database.read() as connection:
            kept = list_items(connection, answered.database.cipher)[item.id]
        assert kept.living_choice(item.choices[0].id) == item.choices[1].id
    forged = item.choices[2].model_copy(update={"merged_into": item.choices[1].id})
    other = district_item(id="other").model_copy(update={"choices": (*item.choices[:2], forged)})
    answered.do(sato, "item.save", ItemSave(item=other))
    with answered.database.read() as connection:
        assert not list_items(connection, answered.database.cipher)["other"].choices[2].merged_into


def add_label(item: SegmentItem) -> SegmentItem:
    return item.model_copy(update={"choices": (*item.choices, Choice(id="new", label="新しい地区"))})
