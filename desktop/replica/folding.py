"""How words are made comparable for searching: width, case and declared variants of the same character.

Names keep their own characters everywhere else. Only what stands in `VARIANTS` is taken as the same: folding
more would find strangers, folding less would not find 「髙橋」 by 「高橋」.
"""

from __future__ import annotations

import unicodedata

VARIANTS = {
    "髙": "高", "﨑": "崎", "嵜": "崎", "𠮷": "吉", "德": "徳", "濵": "浜", "濱": "浜", "邉": "辺",
    "邊": "辺", "齋": "斎", "齊": "斉", "惠": "恵", "澤": "沢", "瀨": "瀬", "眞": "真", "廣": "広",
    "國": "国", "櫻": "桜", "嶋": "島", "嶌": "島", "龍": "竜", "萬": "万", "榮": "栄", "靜": "静",
}  # fmt: skip
"""Variant → the character it is found by."""

_SELECTORS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))  # of variation: Unicode 23.4
_FOLDED = str.maketrans(VARIANTS) | dict.fromkeys(_SELECTORS)
_RARE = frozenset(map(chr, _FOLDED))


def fold(text: str) -> str:
    """NFKC, lower case, variation selectors dropped, declared variants replaced."""
    plain = unicodedata.normalize("NFKC", text)
    if not _RARE.isdisjoint(plain):  # looking is quicker than replacing, and most texts hold none
        plain = plain.translate(_FOLDED)
    return plain.lower()
