"""Staff tie their own LINE account, by a code from the desktop typed into the talk. Requirement: SEG-10."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from relay.errors import Refused
from relay.features.throttles import Throttle
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.residents import Resident
from relay.store.talk import take_line_link

_CODE = re.compile(r"\d{8}")
_BETWEEN_DIGITS = re.compile(r"[\s\-‐‑–ー−]+")
_TRIES = Throttle("line link", limit=5, window=timedelta(minutes=10))

LinkOutcome = Literal["linked", "wrong", "throttled"]


def read_link_code(text: str) -> str | None:
    """The eight digits of a code, however they were typed; None for anything else."""
    digits = _BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", text))
    return digits if _CODE.fullmatch(digits) and digits.isascii() else None


def redeem_link_code(
    connection: Connection,
    cipher: ColumnCipher,
    resident: Resident,
    code: str,
    now: datetime,
    on_linked: Callable[[Connection, str], object],
) -> LinkOutcome:
    """Tie the account, once, while the code is fresh. Five wrong codes stop a person for ten minutes."""
    try:
        _TRIES.check(connection, cipher, resident.id, now)
    except Refused:
        return "throttled"
    code_hash = hashlib.sha256(code.encode("ascii")).hexdigest()
    staff = take_line_link(connection, code_hash, resident.no, now)
    if staff is None:
        _TRIES.count_failure(connection, cipher, resident.id, now)
        return "wrong"
    _TRIES.forgive(connection, cipher, resident.id)
    on_linked(connection, staff)
    return "linked"
