"""LINE's limits on messages, checked on both sides, so that the screen says why before LINE would.

Source: LINE Messaging API, message objects and "Text character count". Requirement: SEG-6.
"""

from __future__ import annotations

from protocol.counting import utf16_length
from protocol.messages import TEST_MARK, ImageMessage, Message, TextMessage
from protocol.problems import Problem

MESSAGES_LIMIT = 5  # bubbles in one request
TEXT_LIMIT = 5000  # UTF-16 code units
IMAGE_BYTES_LIMIT = 10 * 1000 * 1000
PREVIEW_BYTES_LIMIT = 1000 * 1000


def find_message_problems(messages: tuple[Message, ...], *, as_test: bool = False) -> tuple[Problem, ...]:
    """Why these messages cannot be sent; empty when they can. `at` is `messages.N` or `messages.N.text`.

    A test delivery puts `TEST_MARK` before the first bubble, so it needs that much more room.
    """
    if not messages:
        return (Problem(code="no_messages", at="messages"),)
    problems: list[Problem] = []
    room = MESSAGES_LIMIT
    if as_test and not isinstance(messages[0], TextMessage):
        room -= 1  # the mark needs a bubble of its own
    if len(messages) > room:
        problems.append(Problem(code="too_many_messages", at="messages", limit=room, actual=len(messages)))
    for index, message in enumerate(messages):
        if isinstance(message, TextMessage):
            problems += _text_problems(message.text, index, TEXT_LIMIT - _mark_length(index, as_test))
        elif isinstance(message, ImageMessage) and (not message.file or not message.preview):
            problems.append(Problem(code="file_missing", at=f"messages.{index}"))
    return tuple(problems)


def _mark_length(index: int, as_test: bool) -> int:
    return utf16_length(TEST_MARK) + 1 if as_test and index == 0 else 0


def _text_problems(text: str, index: int, limit: int) -> list[Problem]:
    at = f"messages.{index}.text"
    if not text.strip():
        return [Problem(code="text_missing", at=at)]
    length = utf16_length(text)
    if length > limit:
        return [Problem(code="text_too_long", at=at, limit=limit, actual=length)]
    return []
