"""How LINE counts characters: UTF-16 code units, or what a reader takes for one character.

Which of the two applies stands in the Messaging API guide "Character counting in a text".
"""

from __future__ import annotations

import unicodedata

_ZWJ = 0x200D
_CR, _LF = 0x0D, 0x0A


def utf16_length(text: str) -> int:
    """UTF-16 code units: an emoji beyond U+FFFF counts two."""
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)


def _is_regional(code: int) -> bool:
    return 0x1F1E6 <= code <= 0x1F1FF


def _is_pictograph(code: int) -> bool:
    # Near enough to Extended_Pictographic for joining by ZWJ; the unicodedata module has no such table.
    return 0x1F000 <= code <= 0x1FAFF or 0x2190 <= code <= 0x2BFF or code in (0xA9, 0xAE, 0x203C, 0x2049)


def _extends(char: str, code: int) -> bool:
    """True for what can only follow: marks, selectors, skin tones, tags, half-width voicing marks."""
    if code < 0x300:
        return False
    if code == _ZWJ or code == 0x200C or 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F:
        return True
    if code in (0xFF9E, 0xFF9F):
        return True
    return unicodedata.category(char) in ("Mn", "Me", "Mc")


def _hangul(code: int) -> str:
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6:
        return "V"
    if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB:
        return "T"
    if 0xAC00 <= code <= 0xD7A3:
        return "LV" if (code - 0xAC00) % 28 == 0 else "LVT"
    return ""


_HANGUL_JOINS = {
    "L": ("L", "V", "LV", "LVT"),
    "LV": ("V", "T"),
    "V": ("V", "T"),
    "LVT": ("T",),
    "T": ("T",),
}


def graphemes(text: str) -> list[str]:
    """The text cut into extended grapheme clusters."""
    clusters: list[str] = []
    previous = -1
    regionals = 0
    base_is_pictograph = False
    for char in text:
        code = ord(char)
        if clusters and _joins(previous, char, code, regionals, base_is_pictograph):
            clusters[-1] += char
        else:
            clusters.append(char)
            regionals = 0
            base_is_pictograph = _is_pictograph(code)
        if _is_regional(code):
            regionals += 1
        elif not _extends(char, code):
            regionals = 0
            base_is_pictograph = _is_pictograph(code)
        previous = code
    return clusters


def _joins(previous: int, char: str, code: int, regionals: int, pictograph: bool) -> bool:
    if previous == _CR:
        return code == _LF
    if previous < 0x20 or code < 0x20:
        return False
    if _extends(char, code):
        return True
    if previous == _ZWJ:
        return pictograph and _is_pictograph(code)
    if _is_regional(previous) and _is_regional(code):
        return regionals % 2 == 1
    kind = _hangul(code)
    return bool(kind) and kind in _HANGUL_JOINS.get(_hangul(previous), ())


def grapheme_length(text: str) -> int:
    """What a reader counts: a family emoji, a flag or 葛 with its variation selector are one."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    return len(graphemes(text))
