"""LINE's limits on cards, templates and pictures with areas.

Source: LINE Messaging API, "Flex Message", "Template messages", "Imagemap message". Requirement: SEG-6.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from protocol.action_limits import find_action_problems, length_problems
from protocol.card_form import Form, card_contents
from protocol.counting import utf16_length
from protocol.messages import (
    Action,
    Area,
    Block,
    ButtonsMessage,
    Card,
    CardMessage,
    CarouselMessage,
    Column,
    ConfirmMessage,
    Copy,
    ImagemapMessage,
    LineBlock,
    OpenLink,
    Picture,
    PictureBlock,
    Say,
    TableBlock,
)
from protocol.problems import Problem
from protocol.web_links import encoded_link

ALT_LIMIT = 1500  # UTF-16 units
CARDS_LIMIT = 12
CARD_BUTTONS_LIMIT = 6  # ours: more do not fit a small screen
BUBBLE_BYTES = 30_000
CAROUSEL_BYTES = 50_000
COLUMNS_LIMIT = 10
COLUMN_BUTTONS_LIMIT = 3
BUTTONS_LIMIT = 4
CONFIRM_BUTTONS = 2
TITLE_LIMIT = 40  # grapheme clusters, as all texts of templates
BUTTONS_TEXT_LIMIT = 160
COLUMN_TEXT_LIMIT = 120
SHORT_TEXT_LIMIT = 60  # beside a title or a picture
CONFIRM_TEXT_LIMIT = 240
AREAS_LIMIT = 50
MAP_WIDTH = 1040
PICTURE_WIDTH_LIMIT = 1024  # of cards and templates
MAP_HEIGHT_LIMIT = 2080  # ours: twice as high as wide is a screen and a half

_OWN_ADDRESS = "h" * 160  # longer than any address of ours


def find_card_problems(message: CardMessage, at: str) -> list[Problem]:
    problems = _alt_problems(message.alt, at)
    if not message.cards:
        problems.append(Problem(code="card_empty", at=f"{at}.cards"))
    if len(message.cards) > CARDS_LIMIT:
        problems.append(_too_many("too_many_cards", f"{at}.cards", CARDS_LIMIT, len(message.cards)))
    for number, card in enumerate(message.cards):
        problems += _one_card_problems(card, f"{at}.cards.{number}")
    return problems or _size_problems(message, at)


def find_buttons_problems(message: ButtonsMessage, at: str) -> list[Problem]:
    return [
        *_alt_problems(message.alt, at),
        *_about_problems(message, at, BUTTONS_TEXT_LIMIT),
        *_actions_problems(message.buttons, at, 1, BUTTONS_LIMIT),
    ]


def find_confirm_problems(message: ConfirmMessage, at: str) -> list[Problem]:
    return [
        *_alt_problems(message.alt, at),
        *length_problems(message.text, f"{at}.text", CONFIRM_TEXT_LIMIT, clusters=True),
        *_actions_problems(message.buttons, at, CONFIRM_BUTTONS, CONFIRM_BUTTONS),
    ]


def find_carousel_problems(message: CarouselMessage, at: str) -> list[Problem]:
    problems = _alt_problems(message.alt, at)
    columns = message.columns
    here = f"{at}.columns"
    if not columns:
        problems.append(Problem(code="card_empty", at=here))
    if len(columns) > COLUMNS_LIMIT:
        problems.append(_too_many("too_many_columns", here, COLUMNS_LIMIT, len(columns)))
    for number, column in enumerate(columns):
        problems += _about_problems(column, f"{here}.{number}", COLUMN_TEXT_LIMIT)
        problems += _actions_problems(column.buttons, f"{here}.{number}", 1, COLUMN_BUTTONS_LIMIT)
    if len({len(column.buttons) for column in columns}) > 1:
        problems.append(Problem(code="buttons_differ", at=here))
    if len({(column.picture is None, not column.title.strip()) for column in columns}) > 1:
        problems.append(Problem(code="columns_differ", at=here))
    return problems


def find_imagemap_problems(message: ImagemapMessage, at: str) -> list[Problem]:
    problems = [*_alt_problems(message.alt, at), *_picture_problems(message.picture, at, MAP_WIDTH)]
    if not 0 < message.height <= MAP_HEIGHT_LIMIT:
        problems.append(Problem(code="area_outside", at=f"{at}.height", limit=MAP_HEIGHT_LIMIT))
    areas = message.areas
    if not areas:
        problems.append(Problem(code="area_missing", at=f"{at}.areas"))
    if len(areas) > AREAS_LIMIT:
        problems.append(_too_many("too_many_areas", f"{at}.areas", AREAS_LIMIT, len(areas)))
    for number, area in enumerate(areas):
        here = f"{at}.areas.{number}"
        if not _is_inside(area, message.height):
            problems.append(Problem(code="area_outside", at=here))
        problems += find_action_problems(area.action, f"{here}.action", "area")
    return problems


def card_bytes(message: CardMessage) -> int:
    """The size LINE may count: addresses at their longest, Japanese escaped as the SDK sends it."""
    contents = card_contents(message, lambda _: _OWN_ADDRESS, _longest_tap)
    return len(json.dumps(contents, ensure_ascii=True, separators=(",", ":")))


def _size_problems(message: CardMessage, at: str) -> list[Problem]:
    problems = [
        _too_many("card_too_large", f"{at}.cards.{number}", BUBBLE_BYTES, size)
        for number, card in enumerate(message.cards)
        if (size := card_bytes(message.model_copy(update={"cards": (card,)}))) > BUBBLE_BYTES
    ]
    if not problems and len(message.cards) > 1 and (size := card_bytes(message)) > CAROUSEL_BYTES:
        problems.append(_too_many("card_too_large", f"{at}.cards", CAROUSEL_BYTES, size))
    return problems


def _longest_tap(action: Action) -> Form:
    match action:
        case OpenLink():
            target = max(encoded_link(action.url) or "", _OWN_ADDRESS, key=len)
        case Say() | Copy():
            target = action.text
        case _:
            target = _OWN_ADDRESS
    return {"type": "clipboard", "label": action.label, "clipboardText": target}


def _one_card_problems(card: Card, at: str) -> list[Problem]:
    if card.picture is None and not card.blocks and not card.buttons:
        return [Problem(code="card_empty", at=at)]
    problems = _picture_problems(card.picture, at)
    for number, block in enumerate(card.blocks):
        problems += _block_problems(block, f"{at}.blocks.{number}")
    if len(card.buttons) > CARD_BUTTONS_LIMIT:
        problems.append(_too_many("too_many_buttons", f"{at}.buttons", CARD_BUTTONS_LIMIT, len(card.buttons)))
    for number, action in enumerate(card.buttons):
        problems += find_action_problems(action, f"{at}.buttons.{number}", "card")
    return problems


def _block_problems(block: Block, at: str) -> list[Problem]:
    match block:
        case PictureBlock():
            return _picture_problems(block.picture, at)
        case TableBlock():
            if not block.rows:
                return [Problem(code="text_missing", at=f"{at}.rows")]
            return [
                Problem(code="text_missing", at=f"{at}.rows.{number}")
                for number, row in enumerate(block.rows)
                if not all(cell.strip() for cell in row)
            ]
        case LineBlock():
            return []
    return [] if block.text.strip() else [Problem(code="text_missing", at=f"{at}.text")]


def _alt_problems(alt: str, at: str) -> list[Problem]:
    if not alt.strip():
        return [Problem(code="alt_missing", at=f"{at}.alt")]
    if (actual := utf16_length(alt)) > ALT_LIMIT:
        return [_too_many("alt_too_long", f"{at}.alt", ALT_LIMIT, actual)]
    return []


def _about_problems(part: ButtonsMessage | Column, at: str, plain: int) -> list[Problem]:
    """Title, picture and text of a template: the text is shorter beside one of the others."""
    short = part.picture is not None or bool(part.title.strip())
    problems = _picture_problems(part.picture, at)
    if part.title.strip():
        problems += length_problems(part.title, f"{at}.title", TITLE_LIMIT, clusters=True)
    return problems + length_problems(
        part.text, f"{at}.text", SHORT_TEXT_LIMIT if short else plain, clusters=True
    )


def _actions_problems(actions: Sequence[Action], at: str, least: int, most: int) -> list[Problem]:
    problems: list[Problem] = []
    if len(actions) < least:
        problems.append(_too_many("too_few_buttons", f"{at}.buttons", least, len(actions)))
    elif len(actions) > most:
        problems.append(_too_many("too_many_buttons", f"{at}.buttons", most, len(actions)))
    for number, action in enumerate(actions):
        problems += find_action_problems(action, f"{at}.buttons.{number}", "template")
    return problems


def _picture_problems(picture: Picture | None, at: str, widest: int = PICTURE_WIDTH_LIMIT) -> list[Problem]:
    if picture is None:
        return []
    if not picture.file:
        return [Problem(code="file_missing", at=f"{at}.picture")]
    if picture.width > widest:
        return [_too_many("file_too_large", f"{at}.picture", widest, picture.width)]
    return []


def _is_inside(area: Area, height: int) -> bool:
    return (
        area.x >= 0
        and area.y >= 0
        and area.width > 0
        and area.height > 0
        and area.x + area.width <= MAP_WIDTH
        and area.y + area.height <= height
    )


def _too_many(code: str, at: str, limit: int, actual: int) -> Problem:
    return Problem(code=code, at=at, limit=limit, actual=actual)
