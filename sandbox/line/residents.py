"""The people who hold the phones, and what stands in their talks."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# Rare shapes are here on purpose: CP932-only kanji, a kanji beyond U+FFFF, one with a variation selector.
_FAMILY_NAMES = (
    "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 林 斎藤 清水 "
    "髙橋 髙野 山﨑 﨑田 𠮷田 𠮷野 葛󠄀城 渡邉 齋藤 濵口 德永 桒原"
)
_GIVEN_NAMES = (
    "陽葵 蓮 凛 湊 芽依 蒼 結菜 樹 咲良 大翔 美咲 健太 翔太 直美 由美子 和子 正雄 清 幸子 博 "
    "恵子 修 明美 誠 ひなた さくら ゆうと あおい マリア ｱﾝﾅ"
)
_FAMILY, _GIVEN = tuple(_FAMILY_NAMES.split()), tuple(_GIVEN_NAMES.split())
_MARKS = ("", "", "", "", "", "", "", "🌸", "🐟", "⚾")


@dataclass(slots=True)
class Entry:
    """One bubble. Messages of one request share their entry between all who received it."""

    id: str
    who: str  # "account" or "resident"
    message: dict[str, Any]
    time: datetime
    request_id: str | None = None
    quote_token: str | None = None
    media: tuple[str, ...] = ()
    unsent: bool = False


@dataclass(slots=True)
class Resident:
    user_id: str
    display_name: str
    friend: bool = False
    blocked: bool = False
    was_friend: bool = False
    withdrawn: bool = False  # took back the consent to the LIFF app
    wrote_at: datetime | None = None
    read_up_to: str | None = None
    loading_until: datetime | None = None
    quick_reply_gone: str | None = None  # id of the entry whose chips were used
    talk: list[Entry] = field(default_factory=list)

    def last_entry(self) -> Entry | None:
        return self.talk[-1] if self.talk else None


class Residents:
    """All residents by LINE user id; ids follow from the seed and the number, so runs repeat."""

    def __init__(self, seed: str = "minatono") -> None:
        self.seed = seed
        self._by_id: dict[str, Resident] = {}
        self._made: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Resident]:
        return iter(self._by_id.values())

    def find(self, user_id: str) -> Resident | None:
        return self._by_id.get(user_id)

    def make(self, count: int, seed: str | None = None) -> list[Resident]:
        key = seed or self.seed
        names = random.Random(f"{key}:names:{self._made.get(key, 0)}")  # noqa: S311
        return [
            self._add(names.choice(_FAMILY) + names.choice(_GIVEN) + names.choice(_MARKS), seed)
            for _ in range(count)
        ]

    def make_named(self, names: list[str], seed: str | None = None) -> list[Resident]:
        return [self._add(name, seed) for name in names]

    def _add(self, name: str, seed: str | None) -> Resident:
        key = seed or self.seed
        number = self._made.get(key, 0)
        self._made[key] = number + 1
        user_id = "U" + hashlib.sha256(f"{key}:{number}".encode()).hexdigest()[:32]
        resident = Resident(user_id, name)
        self._by_id[user_id] = resident
        return resident
