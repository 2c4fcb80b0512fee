"""The talk's texts, read once from `resources/line/talk.toml`."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).parents[2] / "resources" / "line" / "talk.toml"


@dataclass(frozen=True)
class TalkWords:
    """`say` texts, `button` labels and `card` texts by name; words a resident may type."""

    settings_words: frozenset[str]
    start_words: frozenset[str]
    contact_words: frozenset[str]
    waste_words: dict[str, tuple[str, ...]]
    """What is asked about waste (today, tomorrow, week, both) by the words for it."""
    texts: dict[str, str]
    buttons: dict[str, str]
    cards: dict[str, str]

    def say(self, name: str, **values: object) -> str:
        return self.texts[name].format(**values)

    def card(self, name: str, **values: object) -> str:
        return self.cards[name].format(**values)


def load_talk_words(file: Path = _FILE) -> TalkWords:
    with file.open("rb") as opened:
        raw = tomllib.load(opened)
    return TalkWords(
        settings_words=frozenset(map(normalise, raw["settings_words"])),
        start_words=frozenset(map(normalise, raw["start_words"])),
        contact_words=frozenset(map(normalise, raw["contact_words"])),
        waste_words={name: tuple(typed) for name, typed in raw["waste_words"].items()},
        texts=raw["say"],
        buttons=raw["button"],
        cards=raw["card"],
    )


def normalise(text: str) -> str:
    """What a resident typed, so that widths, case, spaces and trailing signs do not matter."""
    return unicodedata.normalize("NFKC", text).strip(" \n\t。．.!！「」").casefold()
