"""What is different between a delivery and the one it was made from, for whoever approves it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from desktop.features.composing import told
from desktop.features.recipients import Known
from desktop.features.wording import words_for
from protocol.deliveries import DeliveryDraft, whole_segment
from protocol.messages import Message
from protocol.moments import when_sentence


@dataclass(frozen=True)
class ChangedLine:
    """A line of the text: `same`, `gone` (only in the old one) or `new`."""

    kind: str
    text: str


def changed_lines(before: DeliveryDraft, after: DeliveryDraft) -> list[ChangedLine]:
    """The texts of both, line by line; empty when no word changed."""
    old, new = _lines(before.messages), _lines(after.messages)
    if old == new:
        return []
    found: list[ChangedLine] = []
    for step, first, last, begin, end in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if step == "equal":
            found += [ChangedLine("same", text) for text in old[first:last]]
        else:
            found += [ChangedLine("gone", text) for text in old[first:last]]
            found += [ChangedLine("new", text) for text in new[begin:end]]
    return found


def changed_facts(before: DeliveryDraft, after: DeliveryDraft, known: Known) -> list[tuple[str, str, str]]:
    """What else changed: name, before, now."""
    facts = (
        ("宛先", known.sentence(whole_segment(before)), known.sentence(whole_segment(after))),
        ("いつ", when_sentence(before.when, known.items), when_sentence(after.when, known.items)),
        ("言語", _languages(before), _languages(after)),
        ("通知", _silent(before), _silent(after)),
        ("送り方", _route(before), _route(after)),
    )
    return [fact for fact in facts if fact[1] != fact[2]]


def _lines(messages: tuple[Message, ...]) -> list[str]:
    return [line for message in messages for line in told(message).splitlines()]


def _languages(draft: DeliveryDraft) -> str:
    names = words_for("language")
    return "、".join(["日本語", *(names.get(one.language, one.language) for one in draft.variants)])


def _silent(draft: DeliveryDraft) -> str:
    return "音を鳴らさない" if draft.silent else "ふつうに通知する"


def _route(draft: DeliveryDraft) -> str:
    return "一斉配信（始めると止められません）" if draft.route == "broadcast" else "ふつうの配信"
