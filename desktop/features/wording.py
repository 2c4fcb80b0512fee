"""The words for codes: reasons, troubles, states. They live in `resources/wording/`, never in an
exception.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from desktop.errors import MediaRefused, PictureRefused, RelayRefused, Trouble
from desktop.paths import resources
from protocol.problems import Problem
from protocol.staff import Department


@dataclass(frozen=True)
class Words:
    """What is wrong, in one sentence, and what a person can do about it."""

    what: str
    do: str

    @property
    def both(self) -> str:
        return f"{self.what}{self.do}"


def words_of_reason(code: str, **facts: Any) -> Words:
    return _words("reasons.json", code, facts)


def words_of_notice(code: str) -> Words:
    """What administrators should look at, and what they can do."""
    return _words("notices.json", code, {})


def words_of_problem(problem: Problem) -> Words:
    """With the limit and the actual number filled in."""
    return _words("reasons.json", problem.code, {"limit": problem.limit, "actual": problem.actual})


def words_of_trouble(trouble: Trouble) -> Words:
    """A refusal of the relay or of a picture speaks by its reason."""
    if isinstance(trouble, RelayRefused | PictureRefused):
        return words_of_reason(trouble.reason, **trouble.facts)
    if isinstance(trouble, MediaRefused):
        return Words(*_words_of_media(trouble))
    return _words("troubles.json", trouble.code, trouble.facts)


def _words_of_media(trouble: MediaRefused) -> tuple[str, str]:
    what, do = _load("terms.json")["media_refused"][trouble.what]
    return _fill(what, {"limit": trouble.facts["limit"], "actual": None}), do


def words_for(group: str) -> dict[str, str]:
    """A small vocabulary of `terms.json`: `delivery_state`, `item_kind`, `change`, `environment`, `place`."""
    return dict(_load("terms.json")[group])


@lru_cache(maxsize=8)
def _load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((resources() / "wording" / name).read_text(encoding="utf-8"))
    return loaded


def _words(file: str, code: str, facts: dict[str, Any]) -> Words:
    known = _load(file)
    what, do = known.get(code, known["_unknown"])
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in facts.items()}
    shown.setdefault("limit", "")
    shown.setdefault("actual", "")
    shown["code"] = code
    return Words(_fill(what, shown), _fill(do, shown))


def _fill(sentence: str, facts: dict[str, Any]) -> str:
    # Where the numbers are not known, what stands in brackets for them goes too.
    for name in ("limit", "actual"):
        if facts[name] in ("", None):
            sentence = re.sub(r"（[^（）]*\{" + name + r"\}[^（）]*）", "", sentence)
    for name, value in facts.items():
        sentence = sentence.replace("{" + name + "}", "" if value is None else str(value))
    return sentence


def words_of_last_one(departments: Iterable[Department]) -> str:
    """Somebody is the last one of departments that residents write to."""
    names = "、".join(each.name for each in departments)
    return (
        f"この人は、{names}の最後の1人です。いなくなると、届いたものを読める人がいないため、"
        "問い合わせの窓口は閉じます。先に、ほかの人をこの課に入れてください。"
    )
