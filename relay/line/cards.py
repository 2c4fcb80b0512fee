"""What the talk shows: texts with quick replies, cards of buttons, the card of answers. Form only, no rules.

Source: LINE Messaging API reference, "Quick reply" (13 items, label 20 graphemes) and "Flex Message"
(12 bubbles, 30 KB a bubble, 50 KB a carousel). Colours are the Digital Agency's (resources/pages/tokens).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from protocol.counting import graphemes

QUICK_REPLY_LIMIT = 13
BUBBLE_LIMIT = 12
ROWS_PER_BUBBLE = 10
WIDE_LIMIT = 12  # buttons in two columns: six rows of two lines fill a phone
_LABEL_LIMIT = 20
_ALT_LIMIT = 400
_CAROUSEL_BYTES = 45_000  # LINE: 50 KB; JSON with escaped Japanese, as the SDK sends it
_BLUE = "#0017C1"
_PALE = "#E8F1FE"
_TEXT = "#1A1A1A"
_QUIET = "#595959"

Payload = dict[str, Any]


@dataclass(frozen=True)
class Button:
    """A tap: `data` comes back as a postback, `said` appears in the talk as the resident's words.

    `note` is a second, smaller line; quick replies have no room for it.
    """

    label: str
    data: str
    said: str = ""
    chosen: bool = False
    note: str = ""


@dataclass(frozen=True)
class Section:
    """Buttons under one heading."""

    title: str
    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class Line:
    """One item of the card of answers."""

    title: str
    answer: str
    change: Button


def text_message(text: str, quick: Sequence[Button] = ()) -> Payload:
    message: Payload = {"type": "text", "text": text}
    return _with_quick(message, quick)


def sections_messages(
    text: str, sections: Sequence[Section], quick: Sequence[Button] = (), *, alt: str, columns: int = 1
) -> list[Payload]:
    """One card with the text on top; or the text, and cards side by side with at most ten rows each.

    `alt` is what the phone's notice and screen readers say of the cards.
    """
    bubbles = _pack(sections, ROWS_PER_BUBBLE if columns == 1 else WIDE_LIMIT)
    if len(bubbles) == 1:
        return [_flex(alt, _buttons_bubble(bubbles[0], columns, True, header=text), quick)]
    for with_words in (True, False):  # what a tap says in the talk is given up before one card more is sent
        contents = [_buttons_bubble(bubble, columns, with_words) for bubble in bubbles]
        if _size(contents) <= _CAROUSEL_BYTES:
            break
    carousels = [_flex(alt, {"type": "carousel", "contents": part}) for part in _split(contents)]
    _with_quick(carousels[-1], quick)
    return [text_message(text), *carousels]


def answers_message(
    *, alt: str, title: str, note: str, lines: Sequence[Line], page: tuple[str, str] | None
) -> Payload:
    """The card of answers with a change button each. `page`: label and address of the settings page."""
    rows: list[Payload] = [_text(note, size="sm", color=_QUIET)]
    for line in lines:
        rows += [{"type": "separator", "margin": "lg"}, _answer_row(line)]
    bubble: Payload = {
        "type": "bubble",
        "size": "mega",
        "header": _header(title),
        "body": {"type": "box", "layout": "vertical", "contents": rows},
    }
    if page is not None:
        label, url = page
        action = {"type": "uri", "label": label, "uri": url}
        bubble["footer"] = {
            "type": "box",
            "layout": "vertical",
            "contents": [{"type": "button", "style": "primary", "color": _BLUE, "action": action}],
        }
    return _flex(alt, bubble)


def facts_message(
    *,
    alt: str,
    title: str,
    rows: Sequence[tuple[str, str]],
    note: str = "",
    page: tuple[str, str] | None = None,
    quick: Sequence[Button] = (),
    name_width: int = 2,
) -> Payload:
    """A card of names and what is said of them. `page`: label and address of a button below it.

    `name_width`: of the names, where what is said of them has 4.
    """
    contents: list[Payload] = [_text(note, size="sm", color=_QUIET)] if note else []
    for name, fact in rows:
        contents.append(
            {
                "type": "box",
                "layout": "horizontal",
                "margin": "md",
                "spacing": "md",
                "contents": [
                    {**_text(name, size="sm", color=_QUIET), "flex": name_width},
                    {**_text(fact, size="md"), "flex": 4},
                ],
            }
        )
    bubble: Payload = {
        "type": "bubble",
        "size": "mega",
        "header": _header(title),
        "body": {"type": "box", "layout": "vertical", "contents": contents},
    }
    if page is not None:
        label, url = page
        action = {"type": "uri", "label": shorten_label(label), "uri": url}
        bubble["footer"] = {
            "type": "box",
            "layout": "vertical",
            "contents": [{"type": "button", "style": "primary", "color": _BLUE, "action": action}],
        }
    return _flex(alt, bubble, quick)


def link_message(*, alt: str, text: str, label: str, url: str) -> Payload:
    """A short text with one button that opens a page."""
    action = {"type": "uri", "label": label, "uri": url}
    bubble: Payload = {
        "type": "bubble",
        "size": "mega",
        "body": {"type": "box", "layout": "vertical", "contents": [_text(text, size="md")]},
        "footer": {
            "type": "box",
            "layout": "vertical",
            "contents": [{"type": "button", "style": "primary", "color": _BLUE, "action": action}],
        },
    }
    return _flex(alt, bubble)


def shorten_label(label: str) -> str:
    """What fits on a button."""
    clusters = graphemes(label)
    return label if len(clusters) <= _LABEL_LIMIT else "".join(clusters[: _LABEL_LIMIT - 1]) + "…"


def _split(bubbles: list[Payload]) -> list[list[Payload]]:
    """As few carousels as LINE's size allows; two where a town has a hundred long names."""
    parts: list[list[Payload]] = [[]]
    for bubble in bubbles:
        if parts[-1] and _size([*parts[-1], bubble]) > _CAROUSEL_BYTES:
            parts.append([])
        parts[-1].append(bubble)
    return parts


def _size(contents: list[Payload]) -> int:
    return len(json.dumps({"type": "carousel", "contents": contents}, ensure_ascii=True))


def _pack(sections: Sequence[Section], limit: int) -> list[list[Section]]:
    """Which sections, or parts of them, share a card: one card each as long as twelve are enough."""
    parts = [part for section in sections for part in _cut(section, limit)]
    if len(parts) <= BUBBLE_LIMIT:
        return [[part] for part in parts]
    packed: list[list[Section]] = [[]]
    room = limit
    for section in sections:
        rest = section.buttons
        while rest:
            if room == 0:
                packed.append([])
                room = limit
            taken, rest = rest[:room], rest[room:]
            packed[-1].append(Section(section.title, taken))
            room -= len(taken)
    return packed


def _cut(section: Section, limit: int) -> list[Section]:
    count = -(-len(section.buttons) // limit)
    if count <= 1:
        return [section]
    size = -(-len(section.buttons) // count)  # two cards of six rather than ten and two
    parts = [section.buttons[start : start + size] for start in range(0, len(section.buttons), size)]
    return [
        Section(f"{section.title}（{index}/{len(parts)}）" if section.title else "", part)
        for index, part in enumerate(parts, 1)
    ]


def _buttons_bubble(
    sections: Sequence[Section], columns: int, with_words: bool, *, header: str = ""
) -> Payload:
    contents: list[Payload] = []
    for section in sections:
        if section.title:
            contents.append(_text(section.title, size="md", weight="bold", margin="md" if contents else None))
        buttons = [_button(button, with_words) for button in section.buttons]
        contents += buttons if columns == 1 else _in_rows(buttons, columns)
    bubble: Payload = {
        "type": "bubble",
        "size": "mega" if header or columns > 1 else "kilo",
        "body": {"type": "box", "layout": "vertical", "spacing": "sm", "contents": contents},
    }
    if header:
        bubble["header"] = _header(header)
    return bubble


def _in_rows(buttons: Sequence[Payload], columns: int) -> list[Payload]:
    rows: list[Payload] = []
    for start in range(0, len(buttons), columns):
        row = [*buttons[start : start + columns]]
        row += [{"type": "box", "layout": "vertical", "contents": []}] * (columns - len(row))
        rows.append({"type": "box", "layout": "horizontal", "spacing": "sm", "contents": row})
    return rows


def _button(button: Button, with_words: bool) -> Payload:
    # Boxes instead of LINE's own buttons: those cut a long label off where these wrap it.
    label = f"✓ {button.label}" if button.chosen else button.label
    color = "#FFFFFF" if button.chosen else _BLUE
    lines = [_text(label, size="md", align="center", color=color, weight="bold")]
    if button.note:
        lines.append(_text(button.note, size="xs", align="center", color=color))
    return {
        "type": "box",
        "layout": "vertical",
        "paddingAll": "12px",
        "cornerRadius": "8px",
        "backgroundColor": _BLUE if button.chosen else _PALE,
        "contents": lines,
        "action": _action(button, with_words),
    }


def _answer_row(line: Line) -> Payload:
    left = {
        "type": "box",
        "layout": "vertical",
        "flex": 5,
        "contents": [
            _text(line.title, size="sm", color=_QUIET),
            _text(line.answer, size="md", weight="bold"),
        ],
    }
    right = {
        "type": "box",
        "layout": "vertical",
        "flex": 3,
        "paddingAll": "10px",
        "cornerRadius": "8px",
        "backgroundColor": _PALE,
        "justifyContent": "center",
        "contents": [_text(line.change.label, size="sm", align="center", color=_BLUE, weight="bold")],
        "action": _action(line.change, True),
    }
    return {
        "type": "box",
        "layout": "horizontal",
        "margin": "lg",
        "spacing": "md",
        "alignItems": "center",
        "contents": [left, right],
    }


def _header(text: str) -> Payload:
    return {
        "type": "box",
        "layout": "vertical",
        "paddingBottom": "none",
        "contents": [_text(text, size="md", weight="bold")],
    }


def _text(
    text: str,
    *,
    size: str,
    color: str = _TEXT,
    weight: str | None = None,
    align: str | None = None,
    margin: str | None = None,
) -> Payload:
    part: Payload = {"type": "text", "text": text, "size": size, "color": color, "wrap": True}
    for name, value in (("weight", weight), ("align", align), ("margin", margin)):
        if value is not None:
            part[name] = value
    return part


def _action(button: Button, with_words: bool) -> Payload:
    """`with_words` False: only what LINE needs in a card, where the text beside it says the rest."""
    action: Payload = {"type": "postback", "data": button.data}
    if with_words:
        action["label"] = shorten_label(button.label)
        if button.said:
            action["displayText"] = button.said
    return action


def _with_quick(message: Payload, quick: Sequence[Button]) -> Payload:
    if quick:
        items = [{"type": "action", "action": _action(button, True)} for button in quick[:QUICK_REPLY_LIMIT]]
        message["quickReply"] = {"items": items}
    return message


def _flex(alt: str, contents: Payload, quick: Sequence[Button] = ()) -> Payload:
    short = "".join(graphemes(alt.replace("\n", " "))[:_ALT_LIMIT])
    return _with_quick({"type": "flex", "altText": short, "contents": contents}, quick)
