"""Stickers (「スタンプ」) an account may send: three of the packages LINE lists for the Messaging API.

Source: LINE, "List of available stickers". Any other sticker makes LINE refuse the message. SEG-6.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StickerPackage:
    """Stickers `first` to `last`, both included. `title` is what staff read."""

    id: str
    title: str
    first: int
    last: int

    def stickers(self) -> tuple[str, ...]:
        return tuple(str(number) for number in range(self.first, self.last + 1))


PACKAGES: tuple[StickerPackage, ...] = (
    StickerPackage("446", "ムーン", 1988, 2027),
    StickerPackage("789", "サリー", 10855, 10894),
    StickerPackage("11537", "ブラウン・コニー・サリー", 52002734, 52002773),
)
_KNOWN = {package.id: frozenset(package.stickers()) for package in PACKAGES}


def is_sticker(package: str, sticker: str) -> bool:
    """Whether it is in the list."""
    return sticker in _KNOWN.get(package, frozenset())
