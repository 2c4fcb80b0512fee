"""LINE's limits on what a tap does, by the place of the button, and on quick replies.

Source: LINE Messaging API, "Action objects", "Quick reply", "Text character count". Requirement: SEG-6.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from protocol.counting import grapheme_count, utf16_length
from protocol.messages import Action, Call, Copy, OpenLink, Say
from protocol.placeholders import find_placeholder_problems, stretched
from protocol.problems import Problem
from protocol.web_links import find_link_problems

QUICK_REPLIES_LIMIT = 13
LABEL_LIMIT = 20  # grapheme clusters: templates and quick replies
CARD_LABEL_LIMIT = 40  # grapheme clusters: Flex
AREA_LABEL_LIMIT = 100  # UTF-16 units: read aloud, never shown
SAY_LIMIT = 300  # grapheme clusters
AREA_SAY_LIMIT = 400  # UTF-16 units
COPY_LIMIT = 1000  # UTF-16 units

Place = Literal["template", "quick_reply", "card", "area"]
_TELEPHONE = re.compile(r"\+?[0-9]{3,15}|[#*][0-9]{3,6}")
_BETWEEN = re.compile(r"[\s()\-‐‑–—−ー.]")


def find_quick_reply_problems(
    actions: Sequence[Action], *, waste: bool = False, at: str = "quick_replies"
) -> tuple[Problem, ...]:
    """Why these cannot hang below the last bubble. `at` says where they lie; a problem of one adds `.N.…`."""
    problems: list[Problem] = []
    if len(actions) > QUICK_REPLIES_LIMIT:
        problems.append(
            Problem(
                code="too_many_quick_replies",
                at=at,
                limit=QUICK_REPLIES_LIMIT,
                actual=len(actions),
            )
        )
    for number, action in enumerate(actions):
        here = f"{at}.{number}"
        problems += find_placeholder_problems(action, here, waste=waste)
        problems += find_action_problems(stretched(action), here, "quick_reply")
    return tuple(problems)


def find_action_problems(action: Action, at: str, place: Place) -> list[Problem]:
    """Why LINE would refuse this action there, or a phone could do nothing with it."""
    return [*_label_problems(action.label, f"{at}.label", place), *_deed_problems(action, at, place)]


def dialled(telephone: str) -> str | None:
    """The number as a phone dials it (`0312345678`, `#7119`); None when it is none."""
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", telephone))
    return plain if _TELEPHONE.fullmatch(plain) else None


def length_problems(text: str, at: str, limit: int, *, clusters: bool = False) -> list[Problem]:
    """A text that is missing or too long, in grapheme clusters or UTF-16 units."""
    if not text.strip():
        return [Problem(code="text_missing", at=at)]
    actual = grapheme_count(text) if clusters else utf16_length(text)
    if actual > limit:
        return [Problem(code="text_too_long", at=at, limit=limit, actual=actual)]
    return []


def _label_problems(label: str, at: str, place: Place) -> list[Problem]:
    if place == "area":
        actual, limit = utf16_length(label), AREA_LABEL_LIMIT
    else:
        if not label.strip():
            return [Problem(code="text_missing", at=at)]
        actual, limit = grapheme_count(label), CARD_LABEL_LIMIT if place == "card" else LABEL_LIMIT
    if actual > limit:
        return [Problem(code="label_too_long", at=at, limit=limit, actual=actual)]
    return []


def _deed_problems(action: Action, at: str, place: Place) -> list[Problem]:
    match action:
        case OpenLink():
            return find_link_problems(action.url, f"{at}.url")
        case Call():
            wrong = dialled(action.telephone) is None
            return [Problem(code="telephone_malformed", at=f"{at}.telephone")] if wrong else []
        case Say() if place == "area":
            return length_problems(action.text, f"{at}.text", AREA_SAY_LIMIT)
        case Say():
            return length_problems(action.text, f"{at}.text", SAY_LIMIT, clusters=True)
        case Copy():
            return length_problems(action.text, f"{at}.text", COPY_LIMIT)
    return []
