"""LINE's limits on messages, checked on both sides, so that the screen says why before LINE would.

Actions are in `action_limits.py`, cards and templates in `card_limits.py`.
Source: LINE Messaging API, message objects and "Text character count". Requirement: SEG-6.
"""

from __future__ import annotations

from protocol.action_limits import find_quick_reply_problems, length_problems
from protocol.card_limits import (
    find_buttons_problems,
    find_card_problems,
    find_carousel_problems,
    find_confirm_problems,
    find_imagemap_problems,
)
from protocol.counting import utf16_length
from protocol.messages import (
    TEST_MARK,
    TRAINING_MARK,
    AudioMessage,
    ButtonsMessage,
    CardMessage,
    CarouselMessage,
    ConfirmMessage,
    CouponMessage,
    ImagemapMessage,
    ImageMessage,
    LocationMessage,
    Message,
    StickerMessage,
    TextMessage,
    VideoMessage,
)
from protocol.placeholders import find_placeholder_problems, stretched
from protocol.problems import Problem
from protocol.stickers import is_sticker

__all__ = ["find_message_problems", "find_quick_reply_problems"]

MESSAGES_LIMIT = 5  # bubbles in one request
TEXT_LIMIT = 5000  # UTF-16 code units
IMAGE_BYTES_LIMIT = 10 * 1000 * 1000
PREVIEW_BYTES_LIMIT = 1000 * 1000
VIDEO_BYTES_LIMIT = 200 * 1000 * 1000
AUDIO_BYTES_LIMIT = 200 * 1000 * 1000
PLACE_LIMIT = 100  # UTF-16 code units: title and address of a location
_MILLIONTHS = 1_000_000


def find_message_problems(
    messages: tuple[Message, ...],
    *,
    as_test: bool = False,
    training: bool = False,
    waste: bool = False,
    at: str = "messages",
) -> tuple[Problem, ...]:
    """Why these messages cannot be sent; empty when they can.

    `at` of a problem is the place in the messages: `messages.2.cards.0.buttons.1.label`. A test and an
    exercise put a mark before the first bubble and need that much more room. `waste`: the placeholders of
    the waste calendar are known. Texts are as long as their placeholders can make them.
    """
    if not messages:
        return (Problem(code="no_messages", at=at),)
    problems: list[Problem] = []
    marks = [mark for mark, wanted in ((TEST_MARK, as_test), (TRAINING_MARK, training)) if wanted]
    room = MESSAGES_LIMIT
    if marks and not isinstance(messages[0], TextMessage):
        room -= 1  # the mark needs a bubble of its own
    if len(messages) > room:
        problems.append(Problem(code="too_many_messages", at=at, limit=room, actual=len(messages)))
    for index, message in enumerate(messages):
        here = f"{at}.{index}"
        taken = sum(utf16_length(mark) + 1 for mark in marks) if index == 0 else 0
        problems += find_placeholder_problems(message, here, waste=waste)
        problems += _message_problems(stretched(message), here, TEXT_LIMIT - taken)
    return tuple(problems)


def _message_problems(message: Message, at: str, text_limit: int) -> list[Problem]:
    match message:
        case TextMessage():
            return length_problems(message.text, f"{at}.text", text_limit)
        case ImageMessage() | VideoMessage():
            missing = not message.file or not message.preview
            return [Problem(code="file_missing", at=at)] if missing else []
        case AudioMessage():
            return _audio_problems(message, at)
        case StickerMessage():
            known = is_sticker(message.package, message.sticker)
            return [] if known else [Problem(code="sticker_unknown", at=at)]
        case LocationMessage():
            return _location_problems(message, at)
        case CouponMessage():
            return [] if message.coupon.strip() else [Problem(code="coupon_missing", at=f"{at}.coupon")]
        case ImagemapMessage():
            return find_imagemap_problems(message, at)
        case CardMessage():
            return find_card_problems(message, at)
        case ButtonsMessage():
            return find_buttons_problems(message, at)
        case ConfirmMessage():
            return find_confirm_problems(message, at)
        case CarouselMessage():
            return find_carousel_problems(message, at)


def _audio_problems(message: AudioMessage, at: str) -> list[Problem]:
    if not message.file:
        return [Problem(code="file_missing", at=at)]
    if message.milliseconds < 1:
        return [Problem(code="duration_missing", at=f"{at}.milliseconds")]
    return []


def _location_problems(message: LocationMessage, at: str) -> list[Problem]:
    problems: list[Problem] = []
    for name, text in (("title", message.title), ("address", message.address)):
        for problem in length_problems(text, f"{at}.{name}", PLACE_LIMIT):
            long = problem.code == "text_too_long"
            problems.append(problem.model_copy(update={"code": "address_too_long"}) if long else problem)
    inside = abs(message.latitude) <= 90 * _MILLIONTHS and abs(message.longitude) <= 180 * _MILLIONTHS
    if not inside or (message.latitude, message.longitude) == (0, 0):
        problems.append(Problem(code="position_missing", at=f"{at}.latitude"))
    return problems
