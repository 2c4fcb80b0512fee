"""Placeholders (「差し込み」) in messages, and LINE's own emoji: ｛地区｝, ｛絵文字001｝.

Only values that say nothing about a person (design 4: the whitelist below); names, answers and numbers of a
person never enter the talk. Requirement: SEG-6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Literal, TypeVar
from urllib.parse import quote

from protocol.counting import utf16_length
from protocol.messages import Action, CouponMessage, Message
from protocol.problems import Problem
from protocol.wire import Wire

Where = Literal["everywhere", "resident", "waste"]
"""`everywhere`: one value for all. `resident`: differs by recipient, so a delivery becomes several texts and
cannot be a broadcast. `waste`: known only to the messages of the waste calendar.
"""

PLACEHOLDERS: Mapping[str, Where] = {
    "町名": "everywhere",
    "アカウント名": "everywhere",
    "電話": "everywhere",
    "配信日": "everywhere",
    "地区": "resident",
    "ごみの種類": "waste",
    "収集日": "waste",
}
_LONGEST = {
    "町名": 20,
    "アカウント名": 20,
    "電話": 20,
    "配信日": 30,
    "地区": 20,
    "ごみの種類": 60,
    "収集日": 30,
}
_WEEKDAYS = "月火水木金土日"
_LONG_SIGN = "𠮷"  # one grapheme cluster, two UTF-16 units: whoever counts, nothing becomes longer

EMOJI_PRODUCT = "5ac1bfd5040ab15980c9b435"
EMOJI_IDS: tuple[str, ...] = tuple(f"{number:03}" for number in range(1, 21))
"""LINE's faces for accounts. Its published set is larger; an id LINE does not know refuses the message."""
EMOJI_LIMIT = 20

_TOKEN = re.compile(r"｛([^｛｝\n]{1,20})｝")
_EMOJI = re.compile(r"絵文字([0-9]{3})")
_TEXT_FIELDS = frozenset({"text", "title", "alt", "label", "url", "address", "rows"})
_W = TypeVar("_W", bound=Wire)


def token(name: str) -> str:
    """How a placeholder stands in a text: ｛地区｝."""
    return f"｛{name}｝"


def town_values(
    *, town_name: str, account_name: str, telephone: str, day: date, language: str
) -> dict[str, str]:
    """The placeholders that are the same for everybody; what the town did not enter is empty. `day`: on which
    it goes out, in Japan.
    """
    return {
        "町名": town_name,
        "アカウント名": account_name or town_name,
        "電話": telephone,
        "配信日": _day_words(day, language),
    }


def _day_words(day: date, language: str) -> str:
    if language in ("ja", "easy"):
        return f"{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"
    return f"{day.month}月{day.day}日" if language == "zh" else day.isoformat()


def emoji_token(emoji: str) -> str:
    """How one of `EMOJI_IDS` stands in a text: ｛絵文字001｝."""
    return token(f"絵文字{emoji}")


def placeholders_used(
    messages: tuple[Message, ...], quick_replies: tuple[Action, ...] = ()
) -> frozenset[str]:
    """Names of `PLACEHOLDERS` that occur anywhere; unknown ones and emoji are left out."""
    return frozenset(
        name
        for part in (*messages, *quick_replies)
        for _, _, text in _texts(part, "")
        for name in _TOKEN.findall(text)
        if name in PLACEHOLDERS
    )


def filled(messages: tuple[Message, ...], values: Mapping[str, str]) -> tuple[Message, ...]:
    """The messages with these values in place of the placeholders; names without a value stay as written.

    In addresses values are percent-encoded. A value cannot bring in a further placeholder.
    """
    return tuple(_filled(message, values) for message in messages)


def filled_actions(actions: tuple[Action, ...], values: Mapping[str, str]) -> tuple[Action, ...]:
    """As `filled`, for quick replies."""
    return tuple(_filled(action, values) for action in actions)


def find_placeholder_problems(part: Wire, at: str, *, waste: bool = False) -> list[Problem]:
    """What is wrong with the placeholders and emoji of one message or action that lies at `at`."""
    problems: list[Problem] = []
    for path, field, text in _texts(part, at):
        emoji = 0
        for name in _TOKEN.findall(text):
            known = _EMOJI.fullmatch(name)
            if known and known[1] in EMOJI_IDS:
                emoji += 1
                if getattr(part, "type", "") != "text" or field != "text":
                    problems.append(Problem(code="placeholder_not_here", at=path))
            elif name not in PLACEHOLDERS:
                problems.append(Problem(code="placeholder_unknown", at=path))
            elif PLACEHOLDERS[name] == "waste" and not waste:
                problems.append(Problem(code="placeholder_not_here", at=path))
        if emoji > EMOJI_LIMIT:
            problems.append(Problem(code="too_many_emoji", at=path, limit=EMOJI_LIMIT, actual=emoji))
    return problems


def stretched(part: _W) -> _W:
    """The part with every text as long as it can become: what limits are compared with."""
    return _changed(part, lambda _, text: longest(text))


def longest(text: str) -> str:
    """As `stretched`, for one text. An emoji counts as its one `$`."""

    def stretch(found: re.Match[str]) -> str:
        if _EMOJI.fullmatch(found[1]):
            return "$"
        return _LONG_SIGN * _LONGEST[found[1]] if found[1] in _LONGEST else found[0]

    return _TOKEN.sub(stretch, text)


def split_emoji(text: str) -> tuple[str, list[tuple[int, str]]]:
    """The text with `$` for each LINE emoji, and (place of that `$` in UTF-16 units, emoji id).

    A `$` somebody wrote stays what it is: nothing points at it.
    """
    done = ""
    found: list[tuple[int, str]] = []
    at = 0
    for each in _TOKEN.finditer(text):
        known = _EMOJI.fullmatch(each[1])
        if known is None or known[1] not in EMOJI_IDS:
            continue
        done += text[at : each.start()]
        found.append((utf16_length(done), known[1]))
        done += "$"
        at = each.end()
    return done + text[at:], found


def _filled(part: _W, values: Mapping[str, str]) -> _W:
    def fill(field: str, text: str) -> str:
        def value(found: re.Match[str]) -> str:
            given = values.get(found[1]) if found[1] in PLACEHOLDERS else None
            if given is None:
                return found[0]
            return quote(given, safe="") if field == "url" else given.translate(_NO_BRACES)

        return _TOKEN.sub(value, text)

    return _changed(part, fill)


_NO_BRACES = str.maketrans("", "", "｛｝")


def _changed(part: _W, change: Callable[[str, str], str]) -> _W:
    """The same part with its texts changed, whatever lies in it."""
    update = {}
    for name in type(part).model_fields:
        old = getattr(part, name)
        new = _changed_value(old, name, change)
        if new is not old and new != old:
            update[name] = new
    return part.model_copy(update=update) if update else part


def _changed_value(value: object, field: str, change: Callable[[str, str], str]) -> object:
    if isinstance(value, Wire):
        return _changed(value, change)
    if isinstance(value, tuple):
        return tuple(_changed_value(each, field, change) for each in value)
    if isinstance(value, str) and field in _TEXT_FIELDS:
        return change(field, value)
    return value


def _texts(value: object, at: str, field: str = "") -> Iterator[tuple[str, str, str]]:
    """(place, field, text) of every text residents may see."""
    if isinstance(value, CouponMessage):
        return  # its title is for staff's lists only
    if isinstance(value, Wire):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), f"{at}.{name}", name)
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from _texts(each, f"{at}.{number}", field)
    elif isinstance(value, str) and field in _TEXT_FIELDS:
        yield at, field, value
