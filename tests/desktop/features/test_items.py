"""SEG-1, SEG-3: items are written, ordered, retired and removed; choices come from a sheet."""

from __future__ import annotations

import pytest

from desktop.features.finding import find_anything
from desktop.features.items import ItemInvalid, parse_choice_lines
from desktop.features.office import Office
from protocol.items import SegmentItem
from tests.desktop.conftest import district
from tests.desktop.fake_relay import FakeRelay


def test_an_item_with_problems_is_not_sent(office: Office) -> None:
    with pytest.raises(ItemInvalid) as invalid:
        office.items.save(office.items.new().model_copy(update={"title": "地区"}))
    assert {problem.code for problem in invalid.value.problems} == {"text_missing", "too_few_choices"}


def test_items_move_at_once_and_stay_moved(
    office: Office, relay: FakeRelay, town_items: tuple[SegmentItem, ...]
) -> None:
    office.sync()
    office.items.move("item-birth", -2)
    expected = ["item-birth", "item-district", "item-topics"]
    assert [item.id for item in office.items.all()] == expected
    office.sync()
    assert [item.id for item in office.items.all()] == expected
    assert relay.items()["item-birth"].position == 0


def test_a_retired_item_keeps_its_answers_and_a_removed_one_is_counted_first(
    office: Office, relay: FakeRelay, town_items: tuple[SegmentItem, ...]
) -> None:
    office.sync()
    office.items.retire("item-topics")
    assert office.items.use("item-district").answers == 128
    office.items.remove("item-district", 128)
    office.sync()
    assert relay.items()["item-topics"].retired
    assert "item-district" not in relay.items()
    assert relay.applied[-1].payload["answers_seen"] == 128


def test_the_greeting_waits_in_the_outbox_like_everything_else(office: Office, relay: FakeRelay) -> None:
    office.items.save_greeting("こんにちは、みなと野市です。")
    assert office.items.greeting().text == "こんにちは、みなと野市です。"
    office.sync()
    assert relay.records["settings", "town"].body["greeting"] == "こんにちは、みなと野市です。"


def test_choices_pasted_from_a_sheet_become_label_and_group() -> None:
    pasted = '川北地域\t川北1丁目\r\n川北地域\t"川北\n2丁目"\r\n\r\n\t港町\r\n港町\r\n'
    assert parse_choice_lines(pasted) == [("川北1丁目", "川北地域"), ("川北 2丁目", "川北地域"), ("港町", "")]


def test_anything_is_found_by_a_word(office: Office, relay: FakeRelay) -> None:
    relay.put("item", "item-district", district())
    office.sync()
    hits = find_anything("地区", office.deliveries, office.items, office.manual)
    assert ("item", "item-district") in {(hit.kind, hit.id) for hit in hits}
    assert any(hit.kind == "manual" for hit in hits)
    assert find_anything("  ", office.deliveries, office.items, office.manual) == []
