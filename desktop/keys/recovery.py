"""The recovery sheets (「復元の紙」): a secret of 16 bytes as three sheets of twenty words, of which any two give it back.

Source: SLIP-39 (Shamir's sharing, RS1024 checksum, 2 of 3), shown in Japanese words of our own frozen list. The same
list speaks fingerprints. Nothing here is stored anywhere; what two sheets open is the box of `protocol.certificates.Trust`.
"""  # noqa: E501

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics
from shamir_mnemonic.constants import CUSTOMIZATION_STRING_EXTENDABLE
from shamir_mnemonic.rs1024 import create_checksum
from shamir_mnemonic.share import Share as Slip39Share
from shamir_mnemonic.wordlist import WORD_INDEX_MAP, mnemonic_from_indices

from desktop.errors import (
    OneSheetOnly,
    SheetDamaged,
    SheetsUnfit,
    SheetWordMistaken,
    SheetWordsMissing,
    SheetWordUnknown,
)
from desktop.keys.passphrase import Word, load_words
from desktop.paths import resources
from protocol.certificates import fingerprint

SECRET_BYTES = 16
SHEETS = 3
NEEDED = 2
SHEET_WORDS = 20
_CHECKSUM_WORDS = 3
_RADIX_BITS = 10
_SEPARATORS = re.compile(r"[\s\-‐–—・,、。.:0-9]+")
"""Also numbers and dots, for whoever types 「1. さくら」. Not the long vowel mark, which is part of words."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: its number (1 to 3) and the numbers of its twenty words."""

    number: int
    indices: tuple[int, ...]

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(recovery_words()[index] for index in self.indices)

    @property
    def typed(self) -> str:
        return " ".join(word.romaji for word in self.words)

    def __repr__(self) -> str:
        return f"Sheet({self.number})"


@lru_cache(maxsize=1)
def recovery_words() -> tuple[Word, ...]:
    """The frozen list of 1,024."""
    return load_words(resources() / "wording" / "recovery-words.tsv")


def fingerprint_words(*keys: str) -> tuple[Word, ...]:
    """Eight words that stand for these base64 keys, to be compared aloud or with paper."""
    return tuple(recovery_words()[number] for number in fingerprint(*keys))


def new_recovery_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def split_secret(secret: bytes) -> tuple[Sheet, ...]:
    """Three sheets; any two of them open the secret, one says nothing about it."""
    (mnemonics,) = generate_mnemonics(1, [(NEEDED, SHEETS)], secret, iteration_exponent=0)
    return tuple(_sheet([WORD_INDEX_MAP[word] for word in mnemonic.split()]) for mnemonic in mnemonics)


def read_sheet(typed: str) -> Sheet:
    """What a person typed: romaji or kana, any width and case; spaces, lines, hyphens, numbers between.

    Raises SheetDamaged, which names the place of the mistaken word wherever it can be told.
    """
    words = split_words(typed)
    known = _places()
    unknown = [place for place, word in enumerate(words, start=1) if word not in known]
    if unknown:
        raise SheetWordUnknown(place=unknown[0])
    if len(words) != SHEET_WORDS:
        raise SheetWordsMissing(actual=len(words), limit=SHEET_WORDS)
    indices = [known[word] for word in words]
    try:
        return _sheet(indices)
    except MnemonicError:
        place = _mistaken_place(indices)
    raise SheetWordMistaken(place=place) if place else SheetDamaged


def split_words(typed: str) -> tuple[str, ...]:
    """The words of a text as they are compared: narrow, small, hiragana."""
    text = "".join(_hiragana(char) for char in unicodedata.normalize("NFKC", typed).lower())
    return tuple(part for part in _SEPARATORS.split(text) if part)


def join_sheets(sheets: Sequence[Sheet]) -> bytes:
    """The secret behind two or three sheets. Raises SheetsUnfit."""
    different = {sheet.number: sheet for sheet in sheets}
    if len(different) < NEEDED:
        raise OneSheetOnly
    try:
        return bytes(
            combine_mnemonics(
                [mnemonic_from_indices(sheet.indices) for sheet in list(different.values())[:NEEDED]]
            )
        )
    except MnemonicError:
        raise SheetsUnfit from None


def _sheet(indices: Iterable[int]) -> Sheet:
    """Raises MnemonicError where the checksum does not fit or the sheet is of another scheme."""
    numbers = tuple(indices)
    share = Slip39Share.from_mnemonic(mnemonic_from_indices(numbers))
    if (share.member_threshold, share.group_count, len(share.value)) != (NEEDED, 1, SECRET_BYTES):
        raise MnemonicError("another scheme")
    return Sheet(number=share.index + 1, indices=numbers)


@lru_cache(maxsize=1)
def _places() -> dict[str, int]:
    places: dict[str, int] = {}
    for number, word in enumerate(recovery_words()):
        places[word.romaji] = number
        places[word.kana] = number
    return places


def _mistaken_place(indices: Sequence[int]) -> int:
    """The place (from 1) of the one wrong word, or of the first of two swapped neighbours; 0 if unclear.

    The code has distance four: at most one single word can be put right, and then it is the mistaken one.
    """
    syndrome = _syndrome(indices)
    body = len(indices) - _CHECKSUM_WORDS
    wrong = [place for place in range(body) if syndrome in _changes(place, body)]
    in_checksum = [place for place in range(_CHECKSUM_WORDS) if not any(_without(syndrome, place))]
    if wrong or in_checksum:
        return wrong[0] + 1 if wrong else body + in_checksum[0] + 1
    for place in range(len(indices) - 1):
        swapped = [*indices[:place], indices[place + 1], indices[place], *indices[place + 2 :]]
        if not any(_syndrome(swapped)):
            return place + 1
    return 0


def _syndrome(indices: Sequence[int]) -> tuple[int, ...]:
    body, checksum = indices[:-_CHECKSUM_WORDS], indices[-_CHECKSUM_WORDS:]
    right = create_checksum(body, CUSTOMIZATION_STRING_EXTENDABLE)
    return tuple(one ^ other for one, other in zip(right, checksum, strict=True))


def _without(syndrome: tuple[int, ...], place: int) -> tuple[int, ...]:
    return syndrome[:place] + syndrome[place + 1 :]


@lru_cache(maxsize=SHEET_WORDS)
def _changes(place: int, body: int) -> frozenset[tuple[int, ...]]:
    """What any wrong word at this place does to the checksum. The code is linear: ten bits give all 1,023."""
    nothing = create_checksum([0] * body, CUSTOMIZATION_STRING_EXTENDABLE)
    found: set[tuple[int, ...]] = {(0,) * _CHECKSUM_WORDS}
    for bit in range(_RADIX_BITS):
        changed = [0] * body
        changed[place] = 1 << bit
        sums = create_checksum(changed, CUSTOMIZATION_STRING_EXTENDABLE)
        moved = tuple(one ^ other for one, other in zip(sums, nothing, strict=True))
        found |= {tuple(one ^ other for one, other in zip(each, moved, strict=True)) for each in found}
    return frozenset(found - {(0,) * _CHECKSUM_WORDS})


def _hiragana(char: str) -> str:
    return chr(ord(char) - 0x60) if "ァ" <= char <= "ヶ" else char
