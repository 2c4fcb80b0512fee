"""How LINE counts characters: UTF-16 code units, and grapheme clusters for labels.

Source: LINE "Text character count" guide. Only the two rules live here, not the limits that use them.
"""

from __future__ import annotations

import unicodedata

_ZERO_WIDTH_JOINER = "\u200d"


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units; most emoji and rare kanji such as 𠮷 count two."""
    return len(text) + sum(ord(char) > 0xFFFF for char in text)


def grapheme_count(text: str) -> int:
    """Length in grapheme clusters (UAX 29, the parts that occur in Japanese text and emoji)."""
    return len(graphemes(text))


def graphemes(text: str) -> list[str]:
    """The text cut into what a reader sees as one character each."""
    clusters: list[str] = []
    for char in text:
        if clusters and _joins(clusters[-1], char):
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters


def _joins(cluster: str, char: str) -> bool:
    last = cluster[-1]
    if last == "\r" and char == "\n":
        return True
    if last in "\r\n" or char in "\r\n":
        return False
    if _extends(char):
        return True
    if last == _ZERO_WIDTH_JOINER and _is_pictograph(char):
        return True
    return _is_flag_letter(char) and len(cluster) == 1 and _is_flag_letter(last)


def _extends(char: str) -> bool:
    point = ord(char)
    return (
        char == _ZERO_WIDTH_JOINER
        or unicodedata.category(char) in ("Mn", "Me", "Mc")
        or 0xFE00 <= point <= 0xFE0F  # variation selectors
        or 0xE0100 <= point <= 0xE01EF  # ideographic variation selectors, as in 葛󠄀
        or 0x1F3FB <= point <= 0x1F3FF  # skin tones
        or 0xE0020 <= point <= 0xE007F  # flag tags
        or point in (0xFF9E, 0xFF9F)  # half-width (semi-)voiced marks
    )


def _is_pictograph(char: str) -> bool:
    point = ord(char)
    return 0x1F000 <= point <= 0x1FAFF or 0x2190 <= point <= 0x2BFF or point in (0xA9, 0xAE)


def _is_flag_letter(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF
