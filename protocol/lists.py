"""Lists of residents (「リスト」) and saved groups (「保存した宛先」): conditions like any other.

A list holds random resident ids at the relay, never names. Three kinds: `tag` is filled from a condition as
it is at that moment, `chosen` from people picked on a desktop, `codes` by people who enter the code they were
given (認証コード: staff, ward heads). Requirements: SEG-4.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from datetime import datetime
from typing import Literal

from protocol.counting import grapheme_count
from protocol.problems import Problem
from protocol.sealing import SealedRecord
from protocol.segments import Segment
from protocol.wire import Wire

ListKind = Literal["tag", "chosen", "codes"]
LIST_NAME_LIMIT = 40
LISTS_LIMIT = 500
CODES_AT_ONCE = 500
RESIDENTS_AT_ONCE = 5000
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is mistaken for something else when typed
_CODE_SIGNS = 26  # 128 bits and a little (security: invitation codes)
_GROUP = 5


class ResidentList(Wire):
    """Record kind `list`. `count`: people on it now, the relay's word; what staff send there is ignored.

    `departments`: who may read the sealed labels of a `codes` list.
    """

    id: str
    name: str
    kind: ListKind
    note: str = ""
    departments: tuple[str, ...] = ()
    count: int = 0
    codes: int = 0
    """Codes of a `codes` list that are valid, used or not."""


class Code(Wire):
    """One code of a `codes` list. Record kind `code`. `hash`: `code_hash` of the code; the code itself is on
    the paper that was handed out and nowhere else. `label`: for whom, sealed to the list's departments.
    """

    id: str
    list: str
    hash: str
    label: SealedRecord | None = None
    used_at: datetime | None = None
    revoked: bool = False


class SegmentGroup(Wire):
    """A saved expression with a name. Record kind `group`. Other expressions name it by id and follow it."""

    id: str
    name: str
    segment: Segment
    note: str = ""


def new_code() -> str:
    """A fresh code as printed: groups of five signs joined by hyphens."""
    signs = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_SIGNS))
    return "-".join(signs[start : start + _GROUP] for start in range(0, _CODE_SIGNS, _GROUP))


def clean_code(typed: str) -> str:
    """What a person typed, in the one form that is hashed: width, case, spaces and hyphens do not matter."""
    folded = unicodedata.normalize("NFKC", typed).upper()
    return "".join(sign for sign in folded if sign in _ALPHABET)


def looks_like_code(typed: str) -> bool:
    """Whether a text can only be meant as a code."""
    folded = unicodedata.normalize("NFKC", typed).upper().strip()
    return len(clean_code(typed)) == _CODE_SIGNS and all(
        sign in _ALPHABET or sign in "-‐‑–—ー− \u3000" for sign in folded
    )


def code_hash(code: str) -> str:
    """SHA-256 (hex) of the cleaned code; 128 random bits leave nothing to guess."""
    return hashlib.sha256(b"madoguchi code 1\n" + clean_code(code).encode("ascii")).hexdigest()


def find_name_problems(name: str) -> tuple[Problem, ...]:
    """Why a list or group cannot have this name; empty when it can."""
    if not name.strip():
        return (Problem(code="text_missing", at="name"),)
    if grapheme_count(name) > LIST_NAME_LIMIT:
        return (Problem(code="text_too_long", at="name", limit=LIST_NAME_LIMIT),)
    return ()
