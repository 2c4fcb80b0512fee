"""Messages (「メッセージ」) as staff compose them, and LINE's limits on them.

The form LINE wants is built in `relay/line/payloads.py`; the same limits are checked here on both sides,
so that the screen says why before LINE would. Source of the limits: LINE Messaging API, message objects.
Requirement: SEG-6 (text, image).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from protocol.counting import utf16_length
from protocol.problems import Problem
from protocol.wire import Wire

MESSAGES_LIMIT = 5  # bubbles in one request
TEXT_LIMIT = 5000  # UTF-16 code units
IMAGE_BYTES_LIMIT = 10 * 1000 * 1000
PREVIEW_BYTES_LIMIT = 1000 * 1000
TEST_MARK = "【テスト配信】"


class TextMessage(Wire):
    """One bubble of text."""

    type: Literal["text"] = "text"
    text: str


class ImageMessage(Wire):
    """One picture. `file` and `preview` are SHA-256 names of uploaded JPEG or PNG files.

    `description` says what the picture shows, for staff lists and screen readers; LINE has no field for it.
    """

    type: Literal["image"] = "image"
    file: str
    preview: str
    description: str = ""
    width: int = 0
    height: int = 0


Message = Annotated[TextMessage | ImageMessage, Field(discriminator="type")]


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
        elif not message.file or not message.preview:
            problems.append(Problem(code="file_missing", at=f"messages.{index}"))
    return tuple(problems)


def with_test_mark(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The same messages, marked so that nobody takes a test for the real thing."""
    first = messages[0] if messages else None
    if isinstance(first, TextMessage):
        return (TextMessage(text=f"{TEST_MARK}\n{first.text}"), *messages[1:])
    return (TextMessage(text=TEST_MARK), *messages)


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
