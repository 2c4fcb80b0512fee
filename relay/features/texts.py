"""What each recipient reads: one text per language and per value of a placeholder that differs by resident.

Nobody's own words or answers enter a text but the name of the district (design 4: the whitelist).
Requirements: SEG-6 (variants, placeholders), SEG-7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from pyroaring import BitMap

from protocol import placeholders
from protocol.deliveries import DeliveryDraft, can_be_broadcast, messages_in, quick_replies_in
from protocol.items import SegmentItem
from protocol.languages import DEFAULT_LANGUAGE
from protocol.messages import TRAINING_MARK, Action, Message, with_mark
from protocol.placeholders import filled, filled_actions, placeholders_used
from protocol.schedules import JAPAN
from protocol.sync import TownSettings
from relay.features.packed import packed, unpacked

DISTRICT = "地区"
NO_DISTRICT: Mapping[str, str] = {
    "ja": "お住まいの地区",
    "easy": "あなたが すんでいる ところ",
    "en": "your district",
    "pt": "seu bairro",
    "vi": "khu vực của bạn",
    "zh": "您所在的地区",
}
"""What stands in place of ｛地区｝ for somebody who never said where they live."""

Split = Callable[[bytes, str], Mapping[str, bytes]]
"""`SegmentIndex.split`: members by "language" or by the choice they made for an item."""


@dataclass(frozen=True)
class PlannedText:
    """Who gets the messages of this language with this district; `district` is empty where none is named."""

    language: str
    district: str
    members: bytes
    values: Mapping[str, str] = field(default_factory=dict)
    """What further placeholders stand for in this text."""


def plan_by_values(
    draft: DeliveryDraft,
    members: bytes,
    split: Split,
    item: SegmentItem,
    values: Mapping[str, Mapping[str, str]],
) -> list[PlannedText]:
    """A text for each way the placeholders are filled, by the choice members made for the item.

    Whoever's choice has no values is in none: there is nothing to tell them.
    """
    used = placeholders_used(draft.messages, draft.quick_replies)
    texts: dict[tuple[tuple[str, str], ...], BitMap] = {}
    for chosen, there in split(members, item.id).items():
        found = values.get(item.living_choice(chosen))
        if found is not None:
            key = tuple(sorted((name, value) for name, value in found.items() if name in used))
            texts.setdefault(key, BitMap()).update(unpacked(there))
    return [
        PlannedText(DEFAULT_LANGUAGE, dict(key).get(DISTRICT, ""), packed(there), dict(key))
        for key, there in texts.items()
    ]


def plan_texts(
    draft: DeliveryDraft, members: bytes, split: Split, district: SegmentItem | None
) -> list[PlannedText]:
    """Every member in exactly one text. Without variants and placeholders that is one text for all.

    Whoever reads a language the draft has no variant for gets Japanese.
    """
    planned: list[PlannedText] = []
    for language, readers in _by_language(draft, members, split):
        if DISTRICT not in placeholders_used(messages_in(draft, language), quick_replies_in(draft, language)):
            planned.append(PlannedText(language, "", readers))
            continue
        nowhere = NO_DISTRICT.get(language, NO_DISTRICT[DEFAULT_LANGUAGE])
        planned += [
            PlannedText(language, label or nowhere, there)
            for label, there in _by_district(readers, split, district)
        ]
    return planned


def may_broadcast(draft: DeliveryDraft) -> bool:
    """Whether it is asked for and is what a broadcast can do: the very same for every friend there is."""
    return draft.route == "broadcast" and can_be_broadcast(draft)


def written_out(
    draft: DeliveryDraft,
    language: str,
    district: str,
    town: TownSettings | None,
    now: datetime,
    more: Mapping[str, str] = MappingProxyType({}),
) -> tuple[tuple[Message, ...], tuple[Action, ...]]:
    """The messages and quick replies of one text with every placeholder filled, marked when an exercise."""
    values = town_values(town, now, language) | ({DISTRICT: district} if district else {}) | dict(more)
    messages = filled(messages_in(draft, language), values)
    if draft.training:
        messages = with_mark(messages, TRAINING_MARK)
    return messages, filled_actions(quick_replies_in(draft, language), values)


def town_values(town: TownSettings | None, now: datetime, language: str) -> dict[str, str]:
    """The placeholders that are the same for everybody."""
    town = town or TownSettings()
    return placeholders.town_values(
        town_name=town.town_name,
        account_name=town.account_name,
        telephone=town.telephone,
        day=now.astimezone(JAPAN).date(),
        language=language,
    )


def _by_language(draft: DeliveryDraft, members: bytes, split: Split) -> list[tuple[str, bytes]]:
    languages = [variant.language for variant in draft.variants if variant.language != DEFAULT_LANGUAGE]
    if not languages:
        return [(DEFAULT_LANGUAGE, members)]
    readers = split(members, "language")
    return _parted(
        members, [(language, readers.get(language, b"")) for language in languages], DEFAULT_LANGUAGE
    )


def _by_district(members: bytes, split: Split, item: SegmentItem | None) -> list[tuple[str, bytes]]:
    if item is None:
        return [("", members)]
    labels: dict[str, bytes] = {}
    for chosen, there in split(members, item.id).items():
        choice = item.choice(item.living_choice(chosen))
        if choice is not None:
            labels[choice.label] = labels.get(choice.label, b"") + there
    return _parted(members, list(labels.items()), "")


def _parted(members: bytes, parts: list[tuple[str, bytes]], rest: str) -> list[tuple[str, bytes]]:
    """The members cut into these parts, nobody in two; whoever is in none under `rest`."""
    left = unpacked(members)
    found: list[tuple[str, bytes]] = []
    for name, part in parts:
        taken = left & unpacked(part)
        left -= taken
        if taken:
            found.append((name, packed(taken)))
    return ([(rest, packed(left))] if left else []) + found
