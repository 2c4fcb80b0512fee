"""A segment as staff read it: a Japanese sentence for every part of the expression. Requirement: SEG-4."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from protocol.items import SegmentItem
from protocol.languages import LANGUAGE_NAMES
from protocol.segment_nodes import (
    AgeIs,
    AllOf,
    AnyOf,
    ChoiceIs,
    DayIs,
    Everyone,
    Except,
    FollowedBetween,
    HasAnswered,
    InGroup,
    LanguageIs,
    NumberIs,
    OnList,
    Received,
    Segment,
)

Items = Mapping[str, SegmentItem]
Names = Mapping[str, str]


def sentence_of(segment: Segment, items: Items, *, groups: Names, lists: Names, deliveries: Names) -> str:
    """The expression in words; what was deleted since is called so."""

    def words(node: Segment, *, inside: bool) -> str:
        match node:
            case AllOf() | AnyOf():
                word = " かつ " if isinstance(node, AllOf) else " または "
                joined = word.join(words(part, inside=True) for part in node.parts)
                return f"（{joined}）" if inside and len(node.parts) > 1 else joined
            case Except():
                return f"〈{words(node.part, inside=False)}〉ではない人"
            case OnList():
                return f"リスト「{lists.get(node.list, '削除されたリスト')}」にいる人"
            case InGroup():
                return f"保存した宛先「{groups.get(node.group, '削除された宛先')}」の人"
            case Received():
                return f"配信「{deliveries.get(node.delivery, '削除された配信')}」を受け取った人"
        return _leaf(node, items)

    return words(segment, inside=False)


def _leaf(node: Segment, items: Items) -> str:
    match node:
        case Everyone():
            return "友だち全員"
        case ChoiceIs():
            return _choices(node, items)
        case AgeIs():
            return _age(node, items)
        case NumberIs():
            return _number(node, items)
        case DayIs():
            return _day_answer(node, items)
        case HasAnswered():
            return _answered(node.item, items)
        case FollowedBetween():
            return f"{_followed(node)}友だちになった人"
        case LanguageIs():
            names = "".join(f"「{LANGUAGE_NAMES.get(language, language)}」" for language in node.any_of)
            return f"{names}{'' if len(node.any_of) == 1 else 'のどれか'}で受け取る人"
    raise AssertionError(node)


def _choices(node: ChoiceIs, items: Items) -> str:
    item = items.get(node.item)
    # Choices merged into one since are one: nobody has to read the same name twice.
    living = dict.fromkeys(node.any_of if item is None else map(item.living_choice, node.any_of))
    labels = [_label(item, choice) for choice in living]
    joined = "".join(f"「{label}」" for label in labels)
    if item is not None and item.kind == "multiple":
        ending = "を選んだ人" if len(labels) == 1 else "のどれかを選んだ人"
        return f"「{item.title}」で{joined}{ending}"
    ending = "の人" if len(labels) == 1 else "のどれかの人"
    return f"「{_title(node.item, items)}」が{joined}{ending}"


def _age(node: AgeIs, items: Items) -> str:
    if node.lowest is None and node.highest is None:
        return _answered(node.item, items)
    item = items.get(node.item)
    span = _span(node.lowest, node.highest, "歳")
    if node.basis == "month":
        age = f"今月末の時点で{span}の"
    elif item is not None and item.several:
        age = f"今年{span}になる"
    else:
        age = f"今年{span}になる年齢の"
    if item is not None and item.several:
        return f"「{item.title}」で{age}人がいる人"
    return f"{age}人"


def _number(node: NumberIs, items: Items) -> str:
    if node.lowest is None and node.highest is None:
        return _answered(node.item, items)
    item = items.get(node.item)
    span = _span(node.lowest, node.highest, item.unit if item is not None else "")
    return f"「{_title(node.item, items)}」が{span}の人"


def _span(lowest: int | None, highest: int | None, unit: str) -> str:
    if lowest is not None and highest is not None:
        return f"{lowest}{unit}" if lowest == highest else f"{lowest}{unit}から{highest}{unit}"
    return f"{lowest}{unit}以上" if lowest is not None else f"{highest}{unit}以下"


def _day_answer(node: DayIs, items: Items) -> str:
    first = _relative(node.from_today) if node.from_today is not None else _day(node.first)
    last = _relative(node.to_today) if node.to_today is not None else _day(node.last)
    if not first and not last:
        return _answered(node.item, items)
    title = f"「{_title(node.item, items)}」が"
    if first and last:
        return f"{title}{first}の人" if first == last else f"{title}{first}から{last}までの人"
    return f"{title}{first}以降の人" if first else f"{title}{last}以前の人"


def _relative(days: int) -> str:
    named = {-1: "昨日", 0: "今日", 1: "明日"}
    return named.get(days) or (f"{days}日後" if days > 0 else f"{-days}日前")


def _followed(node: FollowedBetween) -> str:
    first = f"{_day(node.first)}から" if node.first else ""
    last = f"{_day(node.last)}までに" if node.last else ""
    return first + last


def _day(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day is not None else ""


def _answered(item_id: str, items: Items) -> str:
    return f"「{_title(item_id, items)}」に答えた人"


def _title(item_id: str, items: Items) -> str:
    item = items.get(item_id)
    return item.title if item is not None else "削除された項目"


def _label(item: SegmentItem | None, choice_id: str) -> str:
    choice = item.choice(choice_id) if item is not None else None
    return choice.label if choice is not None else "削除された選択肢"
