"""Generated passphrases: five everyday words that a person can write down and type without an IME."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from protocol.signin import PASSPHRASE_WORDS


@dataclass(frozen=True)
class Word:
    """`romaji` is what gets typed, `kana` how it is read aloud."""

    romaji: str
    kana: str


@dataclass(frozen=True)
class Passphrase:
    """`typed` is the secret; `read` is the same words in kana, to be written down beside it."""

    words: tuple[Word, ...]

    @property
    def typed(self) -> str:
        return " ".join(word.romaji for word in self.words)

    @property
    def read(self) -> str:
        return "・".join(word.kana for word in self.words)

    def __repr__(self) -> str:
        return "Passphrase(…)"


@lru_cache(maxsize=4)
def load_words(path: Path) -> tuple[Word, ...]:
    """The list, one `romaji<TAB>kana` a line; lines with # are remarks."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return tuple(Word(romaji=romaji, kana=kana) for romaji, kana in pairs)


def new_passphrase(words: tuple[Word, ...], count: int = PASSPHRASE_WORDS) -> Passphrase:
    """Words drawn independently by the system's random source: with 1,300 words, five make 51 bits."""
    return Passphrase(tuple(secrets.choice(words) for _ in range(count)))
