"""The questionnaire (「受信設定」): what is asked next, how a question looks, what a tap means. No storage.

Every button carries all that is needed to understand it, so that an old one can be answered in words
whatever happened since. Requirements: SEG-1, SEG-2, SEG-3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from protocol.items import OLDEST_BIRTH_YEAR, Answer, BirthMonth, Choice, SegmentItem, japan_year
from relay.features.eras import era_span, era_year
from relay.features.talk_words import TalkWords
from relay.line.cards import (
    QUICK_REPLY_LIMIT,
    Button,
    Line,
    Payload,
    Section,
    answers_message,
    sections_messages,
    shorten_label,
    text_message,
)

_VERSION = "1"
_EARLY_DECADES_END = 1929
_FIRST_OWN_DECADE = 1930

Verb = Literal["set", "add", "drop", "decide", "decade", "year", "skip", "back", "ask", "clear", "settings"]
_VERBS: frozenset[str] = frozenset(Verb.__args__)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Tap:
    """A button of the questionnaire. `alone`: asked from the settings, so no further question follows."""

    verb: Verb
    item: str = ""
    value: str = ""
    alone: bool = False

    def data(self) -> str:
        """At most 90 signs of LINE's 300."""
        return "|".join((_VERSION, self.verb, self.item, self.value, "s" if self.alone else "q"))


def parse_tap(data: str) -> Tap | None:
    """None for a button that is not ours or of a later version."""
    parts = data.split("|")
    if len(parts) != 5 or parts[0] != _VERSION or parts[1] not in _VERBS:
        return None
    return Tap(verb=parts[1], item=parts[2], value=parts[3], alone=parts[4] == "s")  # type: ignore[arg-type]


def order_items(items: Iterable[SegmentItem]) -> list[SegmentItem]:
    """The items that are asked, in their order."""
    asked = [item for item in items if not item.retired]
    return sorted(asked, key=lambda item: (item.position, item.id))


def items_for_taps(items: Iterable[SegmentItem]) -> list[SegmentItem]:
    """Those the talk asks, in their order. What is written or takes several steps is asked on the page: free
    words, numbers, days, and several births, of which a tap would forget all but one.
    """
    return [
        item
        for item in order_items(items)
        if item.kind not in ("text", "number", "date") and not (item.kind == "birth_year" and item.several)
    ]


def decide_next(
    items: Sequence[SegmentItem], answered: Iterable[str], after: str | None
) -> SegmentItem | None:
    """The first unanswered item after the given one; None when the questionnaire has ended."""
    done = set(answered)
    start = 0
    for index, item in enumerate(items):
        if item.id == after:
            start = index + 1
    return next((item for item in items[start:] if item.id not in done), None)


def decide_previous(items: Sequence[SegmentItem], before: str) -> SegmentItem | None:
    """The item asked before the given one, answered or not."""
    earlier: SegmentItem | None = None
    for item in items:
        if item.id == before:
            return earlier
        earlier = item
    return None


def answer_words(item: SegmentItem, answer: Answer | None, words: TalkWords) -> str:
    """An answer as a resident reads it. Choices that were retired since keep their name."""
    if answer is None:
        return words.say("unanswered")
    if answer.births:
        return "、".join(birth_words(birth) for birth in answer.births)
    labels = [choice.label for choice in item.choices if choice.id in answer.choices]
    return "、".join(labels) or words.say("unanswered")


def birth_words(birth: BirthMonth) -> str:
    return year_words(birth.year) + (f"{birth.month}月" if birth.month is not None else "")


def year_words(year: int) -> str:
    era = era_year(year)
    return f"{year}年（{era}）" if era else f"{year}年"


def offered_decades(now: datetime) -> list[int]:
    """The first years that narrow a year of birth; the first one stands for everything early."""
    return [OLDEST_BIRTH_YEAR, *range(_FIRST_OWN_DECADE, japan_year(now) + 1, 10)]


@dataclass(frozen=True)
class Asking:
    """One question to be shown. `decade` narrows a year of birth, first year of ten."""

    item: SegmentItem
    answer: Answer | None
    alone: bool = False
    has_previous: bool = False
    decade: int | None = None
    lead: str = ""
    """Said before the question in the same message, such as why it is asked again."""


def ask(asking: Asking, words: TalkWords, now: datetime) -> list[Payload]:
    """The messages that ask a question, answered by taps alone."""
    match asking.item.kind:
        case "birth_year":
            return _ask_birth_year(asking, words, now)
        case "multiple":
            return _ask_multiple(asking, words)
        case "single" | "district":
            return _ask_one(asking, words)
        case "number" | "date" | "text":
            raise AssertionError("asked on the page")


def show_answers(
    items: Sequence[SegmentItem], answers: Mapping[str, Answer], words: TalkWords, settings_url: str
) -> Payload:
    """The card of answers, each with a button to change it."""
    if not items:
        return text_message(words.say("no_items"))
    lines = [
        Line(
            title=item.title,
            answer=answer_words(item, answers.get(item.id), words),
            change=Button(
                words.buttons["change"], Tap("ask", item.id, alone=True).data(), said=f"{item.title}を変更"
            ),
        )
        for item in items
    ]
    page = (words.buttons["open_page"], settings_url) if settings_url else None
    return answers_message(
        alt=words.card("alt_settings"),
        title=words.card("settings_title"),
        note=words.card("settings_note"),
        lines=lines,
        page=page,
    )


def settings_button(words: TalkWords) -> Button:
    return Button(words.buttons["settings"], Tap("settings").data(), said=words.buttons["settings"])


def _ask_one(asking: Asking, words: TalkWords) -> list[Payload]:
    item, quick = asking.item, _ways_out(asking, words)
    text = _question(asking, words)
    chosen = set(asking.answer.choices) if asking.answer else set()
    buttons = {
        choice.id: Button(
            choice.label,
            Tap("set", item.id, choice.id, asking.alone).data(),
            said=choice.label,
            chosen=choice.id in chosen,
        )
        for choice in item.offered_choices
    }
    if item.kind == "single" and len(buttons) + len(quick) <= QUICK_REPLY_LIMIT:
        return [text_message(text, [*buttons.values(), *quick])]
    return sections_messages(text, _by_group(item, buttons, words), quick, alt=item.question)


def _ask_multiple(asking: Asking, words: TalkWords) -> list[Payload]:
    item = asking.item
    chosen = set(asking.answer.choices) if asking.answer else set()
    decide = Button(
        words.buttons["decide"],
        Tap("decide", item.id, alone=asking.alone).data(),
        said=words.buttons["decide"],
    )
    quick = _ways_out(asking, words)
    names = "、".join(choice.label for choice in item.offered_choices if choice.id in chosen)
    state = words.say("chosen", answer=names) if names else words.say("choose_many")
    text = _with_lead(asking, f"{item.question}\n{state}")
    buttons = {
        choice.id: _toggle(item, choice, choice.id in chosen, asking.alone) for choice in item.offered_choices
    }
    if len(buttons) + len(quick) + 1 <= QUICK_REPLY_LIMIT:
        ticked = [
            replace(button, label=shorten_label(f"✓{button.label}")) if button.chosen else button
            for button in buttons.values()
        ]
        # Once something is chosen the way on comes first; before, it would be pressed too early.
        return [text_message(text, [decide, *ticked, *quick] if chosen else [*ticked, decide, *quick])]
    return sections_messages(text, _by_group(item, buttons, words), [decide, *quick], alt=item.question)


def _toggle(item: SegmentItem, choice: Choice, is_chosen: bool, alone: bool) -> Button:
    # The button names the wanted state, not "the other one": a second tap of it changes nothing.
    verb: Verb = "drop" if is_chosen else "add"
    said = f"{choice.label}をやめる" if is_chosen else choice.label
    return Button(choice.label, Tap(verb, item.id, choice.id, alone).data(), said=said, chosen=is_chosen)


def _ask_birth_year(asking: Asking, words: TalkWords, now: datetime) -> list[Payload]:
    item, this_year = asking.item, japan_year(now)
    quick = _ways_out(asking, words)
    if asking.decade is None:
        text = f"{_question(asking, words)}\n{words.say('choose_decade')}"
        buttons = [
            Button(
                words.buttons["earlier_years"],
                Tap("decade", item.id, str(OLDEST_BIRTH_YEAR), asking.alone).data(),
                said=words.buttons["earlier_years"],
            ),
            *(
                _decade_button(item, decade, this_year, asking.alone, words)
                for decade in offered_decades(now)[1:]
            ),
        ]
        return sections_messages(text, [Section("", tuple(buttons))], quick, alt=item.question, columns=2)
    first = asking.decade
    last = _EARLY_DECADES_END if first < _FIRST_OWN_DECADE else min(first + 9, this_year)
    years = tuple(
        Button(
            f"{year}年",
            Tap("year", item.id, str(year), asking.alone).data(),
            said=f"{year}年",
            note=era_year(year),
            chosen=asking.answer is not None and year in [birth.year for birth in asking.answer.births],
        )
        for year in range(first, last + 1)
    )
    name = words.buttons["earlier_years"] if last == _EARLY_DECADES_END else words.card("decade", year=first)
    text = words.say("choose_year", decade=name)
    again = Button(words.buttons["back"], Tap("ask", item.id, alone=asking.alone).data())
    return sections_messages(text, [Section("", years)], [again, *quick[:1]], alt=item.question, columns=2)


def _decade_button(item: SegmentItem, decade: int, this_year: int, alone: bool, words: TalkWords) -> Button:
    name = words.card("decade", year=decade)
    return Button(
        name,
        Tap("decade", item.id, str(decade), alone).data(),
        said=name,
        note=era_span(decade, min(decade + 9, this_year)),
    )


def _by_group(item: SegmentItem, buttons: Mapping[str, Button], words: TalkWords) -> list[Section]:
    groups: dict[str, list[Button]] = {}
    for choice in item.offered_choices:
        groups.setdefault(choice.group, []).append(buttons[choice.id])
    named = len(groups) > 1 or next(iter(groups), "") != ""
    return [
        Section(name or (words.card("other_group") if named else ""), tuple(group))
        for name, group in groups.items()
    ]


def _question(asking: Asking, words: TalkWords) -> str:
    current = ""
    if asking.answer is not None:
        current = words.say("current_answer", answer=answer_words(asking.item, asking.answer, words))
    return _with_lead(asking, "\n".join(part for part in (asking.item.question, current) if part))


def _with_lead(asking: Asking, text: str) -> str:
    return f"{asking.lead}\n\n{text}" if asking.lead else text


def _ways_out(asking: Asking, words: TalkWords) -> list[Button]:
    item = asking.item.id
    if asking.alone:
        ways = [Button(words.buttons["keep"], Tap("settings").data(), said=words.buttons["keep"])]
        if asking.answer is not None:
            clear = words.buttons["clear"]
            ways.append(Button(clear, Tap("clear", item, alone=True).data(), said=clear))
        return ways
    ways = [Button(words.buttons["skip"], Tap("skip", item).data(), said=words.buttons["skip"])]
    if asking.has_previous:
        ways.append(Button(words.buttons["back"], Tap("back", item).data(), said=words.buttons["back"]))
    return ways
