"""Whole, valid objects for tests; override what the test is about by keyword."""

from __future__ import annotations

from typing import Any

from protocol.deliveries import DeliveryDraft
from protocol.items import Choice, SegmentItem
from protocol.messages import TextMessage
from protocol.segments import ChoiceIs

DISTRICT = "00000000-0000-7000-8000-00000000d157"
TOPICS = "00000000-0000-7000-8000-0000000070c5"
BIRTH = "00000000-0000-7000-8000-00000000b174"


def district_item(count: int = 60, **changes: Any) -> SegmentItem:
    """A town of `count` districts in six areas; the first is 川北."""
    names = ["川北", *(f"第{number}地区" for number in range(2, count + 1))]
    areas = ["北部", "南部", "東部", "西部", "中央", "山間部"]
    choices = tuple(
        Choice(id=f"d{index:02d}", label=name, group=areas[index * len(areas) // count])
        for index, name in enumerate(names)
    )
    item = SegmentItem(
        id=DISTRICT,
        kind="district",
        title="お住まいの地区",
        question="お住まいの地区をえらんでください。",
        choices=choices,
        position=0,
    )
    return item.model_copy(update=changes)


def topics_item(**changes: Any) -> SegmentItem:
    names = ["防災", "ごみ", "子育て", "健康", "イベント"]
    item = SegmentItem(
        id=TOPICS,
        kind="multiple",
        title="知りたい情報",
        question="知りたい情報をえらんでください。",
        choices=tuple(Choice(id=f"t{index}", label=name) for index, name in enumerate(names)),
        position=1,
    )
    return item.model_copy(update=changes)


def birth_item(**changes: Any) -> SegmentItem:
    item = SegmentItem(
        id=BIRTH, kind="birth_year", title="生まれた年", question="生まれた年をえらんでください。", position=2
    )
    return item.model_copy(update=changes)


def draft(**changes: Any) -> DeliveryDraft:
    made = DeliveryDraft(
        id="00000000-0000-7000-8000-0000000de117",
        title="断水のお知らせ",
        messages=(TextMessage(text="あす9時から断水します。"),),
        segment=ChoiceIs(item=DISTRICT, any_of=("d00",)),
    )
    return made.model_copy(update=changes)
