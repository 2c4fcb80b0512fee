"""The checker of exactly-once sending: replays the sandbox's own record against the store. SEG-7, OPS-4.

Whatever was killed, dropped or repeated on the way, afterwards: every call for people bore the key of a batch
that the store still has, nobody got a delivery twice, everybody whose
batch is told as accepted got it, nobody whose batch is told as refused or cancelled did, and the numbers that
desktops see are those of the ledger. An `unknown` batch may or may not have arrived, that is its meaning.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from protocol.deliveries import Delivery, DeliveryNumbers
from relay.features.deliveries import find_delivery
from relay.features.segments import SegmentIndex
from relay.store.database import Database
from relay.store.runs import find_run, sum_ledger
from relay.store.tables import batches
from sandbox.line.ledger import Ledger
from sandbox.line.residents import Resident
from sandbox.line.state import Platform
from tests.relay.town import add_friends

ENDPOINTS = ("multicast", "push", "broadcast")
STATES = ("waiting", "accepted", "refused", "unknown", "cancelled")


@dataclass(frozen=True)
class Replayed:
    """What one delivery came to. `calls`: requests LINE saw for it; `repeated`: those after the first."""

    people: int
    batches: int
    calls: int
    repeated: int
    reached: int
    numbers: DeliveryNumbers


def settle(database: Database, platform: Platform, count: int, now: Any, *, start: int = 0) -> list[str]:
    """The same friends in the store and in the sandbox; their LINE user ids."""
    users = add_friends(database, count, now, start=start)
    for user in users:
        resident = Resident(user, "住民", friend=True, was_friend=True)
        platform.residents._by_id[user] = resident
        platform.followers[user] = None
    return users


def replay(database: Database, index: SegmentIndex, ledger: Ledger, id: str) -> Replayed:
    """Fails with what does not fit. `ledger` is the sandbox's; the delivery must be over."""
    with database.read() as connection:
        rows = connection.execute(select(batches).where(batches.c.run == id)).all()
        keys = set(connection.execute(select(batches.c.retry_key)).scalars())
        run, told = find_run(connection, id), find_delivery(connection, database.cipher, id)
        summed = sum_ledger(connection, id)
    assert run is not None and told is not None
    by_key = _requests_by_key(ledger)
    got = _people_by_request(ledger)
    _check_keys(ledger, keys)
    reached: Counter[str] = Counter()
    calls = 0
    for row in rows:
        requests = by_key.get(row.retry_key, [])
        calls += len(requests)
        people = [person for request in requests for person in got.get(request, ())]
        reached.update(people)
        _check_batch(row, people, {each.decode() for each in index.user_ids(row.members)})
    assert set(reached.values()) <= {1}, "somebody was reached twice"
    _check_numbers(rows, summed, told[1])
    called = sum(1 for row in rows if by_key.get(row.retry_key))
    return Replayed(
        people=summed.recipients,
        batches=len(rows),
        calls=calls,
        repeated=calls - called,
        reached=len(reached),
        numbers=summed,
    )


def _check_keys(ledger: Ledger, keys: set[str]) -> None:
    """A batch that got another key on its way would be sent twice, and its first call belong to nothing."""
    for call in list(ledger.calls):
        if call.endpoint in ENDPOINTS and not _is_answers(call.retry_key):
            assert call.retry_key in keys, f"a {call.endpoint} call whose key is of no batch"


def _is_answers(key: str | None) -> bool:
    """Whether it is the push that tells of an answer (`jobs/tell.py`), whose keys hold their time."""
    return key is not None and uuid.UUID(key).version == 7


def _check_batch(row: Any, people: list[str], meant: set[str]) -> None:
    if row.state == "accepted":
        assert set(people) == meant, f"batch {row.no}: accepted, but {len(people)} of {len(meant)} got it"
    elif row.state in ("refused", "cancelled"):
        assert not people, f"batch {row.no}: {row.state}, but somebody got it"
    elif row.state == "unknown":
        assert set(people) in (set(), meant), f"batch {row.no}: only a part got it"
    else:
        raise AssertionError(f"batch {row.no} is still {row.state}")


def _check_numbers(rows: Sequence[Any], summed: DeliveryNumbers, told: Delivery) -> None:
    people: Counter[str] = Counter()
    for row in rows:
        people[row.state] += row._mapping["count"]
    for state in STATES:
        assert getattr(summed, state) == people[state], state
    assert summed.recipients == sum(people.values())
    assert told.numbers == summed, "the desktops see other numbers"
    assert told.state in ("sent", "failed", "cancelled")


def _requests_by_key(ledger: Ledger) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for call in list(ledger.calls):
        if call.retry_key is not None:
            found.setdefault(call.retry_key, []).append(call.request_id)
    return found


def _people_by_request(ledger: Ledger) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for delivery in list(ledger.deliveries):
        found.setdefault(delivery.request_id, []).extend(delivery.recipients)
    return found
