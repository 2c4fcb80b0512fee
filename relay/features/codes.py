"""Codes (認証コード) that put whoever enters them on a list: staff, ward heads and the like.

The relay knows hashes and, of who entered one, a random number. For whom a code was printed is sealed to the
list's departments. Requirement: SEG-4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from protocol.delivery_changes import CodesAdd, CodesRevoke
from protocol.lists import CODES_AT_ONCE, Code, code_hash, looks_like_code
from protocol.rights import DELIVERIES
from relay.errors import Refused
from relay.features.lists import CODE, find_list, publish_list
from relay.features.segment_names import list_lists
from relay.features.throttles import Throttle
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.lists import (
    StoredCode,
    add_codes,
    add_to_list,
    find_code,
    find_code_by_id,
    has_valid_code,
    known_codes,
    revoke_code,
    take_off_list,
    use_code,
)
from relay.store.records import find_record, put_record
from relay.store.residents import Resident

_TRIES = Throttle("list code", limit=5, window=timedelta(minutes=10))
_HASH = re.compile(r"[0-9a-f]{64}")
_ID_LIMIT = 36

CodeOutcome = Literal["entered", "again", "refused", "throttled"]


def add_list_codes(
    connection: Connection, cipher: ColumnCipher, change: CodesAdd, based_on: int, now: datetime
) -> int:
    """New codes of one list; returns the version of the list. Raises Refused with a reason code."""
    codes = change.codes
    if len(codes) > CODES_AT_ONCE:
        raise Refused("too_large")
    _check_form(codes)
    kept = find_list(connection, cipher, codes[0].list, kind="codes")
    if known_codes(connection, [code.id for code in codes], [code.hash for code in codes]):
        raise Refused("duplicate_id")
    add_codes(connection, [(code.id, code.list, code.hash) for code in codes])
    for code in codes:
        fresh = code.model_copy(update={"used_at": None, "revoked": False})
        _publish(connection, cipher, fresh, now)
    return publish_list(connection, cipher, kept, now)


def revoke_list_codes(
    connection: Connection, cipher: ColumnCipher, change: CodesRevoke, based_on: int, now: datetime
) -> int:
    """These codes are void, and whoever came by them is off the list, unless by another code too."""
    kept = find_list(connection, cipher, change.list, kind="codes")
    void: list[StoredCode] = []
    for id in dict.fromkeys(change.codes):
        stored = None if "\0" in id else find_code_by_id(connection, id)
        if stored is None or stored.list != change.list:
            raise Refused("code_unknown")
        if not stored.revoked:
            revoke_code(connection, id)
            void.append(stored)
    left = {stored.resident for stored in void if stored.resident is not None}
    gone = [no for no in sorted(left) if not has_valid_code(connection, change.list, no)]
    if gone:
        take_off_list(connection, change.list, gone)
    for stored in void:  # records last, as everywhere: locks are taken in one order
        _republish(connection, cipher, stored.id, {"revoked": True}, now)
    return publish_list(connection, cipher, kept, now)


def look_at_code(
    connection: Connection, cipher: ColumnCipher, resident: Resident, typed: str, now: datetime
) -> tuple[CodeOutcome, StoredCode | None]:
    """What would become of a code somebody enters. A wrong one is counted; five stop a person for ten
    minutes. Void, unknown and used by somebody else are one and the same to who enters them: nothing is
    given away. The code is kept from others until the transaction ends.
    """
    try:
        _TRIES.check(connection, cipher, resident.id, now)
    except Refused:
        return "throttled", None
    stored = find_code(connection, code_hash(typed)) if looks_like_code(typed) else None
    is_own = stored is not None and stored.resident == resident.no
    if stored is None or stored.revoked or (stored.used_at is not None and not is_own):
        _TRIES.count_failure(connection, cipher, resident.id, now)
        return "refused", None
    return ("again" if is_own else "entered"), stored


def enter_code(
    connection: Connection, cipher: ColumnCipher, resident: Resident, typed: str, now: datetime
) -> CodeOutcome:
    """Put who enters a valid code on its list."""
    outcome, stored = look_at_code(connection, cipher, resident, typed, now)
    if stored is None:
        return outcome
    _TRIES.forgive(connection, cipher, resident.id)
    if outcome == "entered":
        use_code(connection, stored.id, resident.no, now)
        add_to_list(connection, stored.list, [resident.no], now)
        _republish(connection, cipher, stored.id, {"used_at": now}, now)
        publish_list(connection, cipher, find_list(connection, cipher, stored.list), now)
    return outcome


def takes_codes(connection: Connection, cipher: ColumnCipher) -> bool:
    """Whether there is anything to enter a code for."""
    return any(kept.kind == "codes" for kept in list_lists(connection, cipher).values())


def _check_form(codes: Sequence[Code]) -> None:
    ids, hashes = {code.id for code in codes}, {code.hash for code in codes}
    is_whole = len(ids) == len(hashes) == len(codes) and len({code.list for code in codes}) == 1
    is_formed = all(0 < len(id) <= _ID_LIMIT and "\0" not in id for id in ids)
    if not is_whole or not is_formed or not all(map(_HASH.fullmatch, hashes)):
        raise Refused("malformed")


def _publish(connection: Connection, cipher: ColumnCipher, code: Code, now: datetime) -> None:
    put_record(
        connection, cipher, kind=CODE, id=code.id, body=code.as_json(), now=now, audiences=(DELIVERIES,)
    )


def _republish(
    connection: Connection, cipher: ColumnCipher, id: str, changed: dict[str, object], now: datetime
) -> None:
    record = find_record(connection, cipher, CODE, id)
    if record is not None and not record.removed:
        _publish(connection, cipher, Code.parse(record.body).model_copy(update=changed), now)
