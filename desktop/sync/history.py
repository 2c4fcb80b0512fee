"""Has the relay's audit log only grown? Every round brings its head and a proof; this desktop remembers.

A relay that rewrites the past, or was put back to an earlier state, is told loudly and until a person has
looked into it (SEC-9). Work goes on meanwhile: an alarm is for people, and a town must not stand still.
"""

from __future__ import annotations

from datetime import datetime

from desktop.log import LOGGER
from desktop.replica.log_heads import NOTHING, Fault, LogHeads
from desktop.replica.replica import Replica
from protocol.audit import TreeHead
from protocol.merkle import is_consistent
from protocol.sync import SyncResponse


def known_head(replica: Replica) -> TreeHead:
    """The head a round asks with."""
    return LogHeads(replica.store).known()


def check_growth(replica: Replica, asked_with: TreeHead, response: SyncResponse, now: datetime) -> bool:
    """Compare what a round brought with the head it was asked with; True when an alarm is new."""
    heads, shown = LogHeads(replica.store), response.log or NOTHING
    fault = _fault(asked_with, response)
    if fault is None:
        heads.grew(shown)
        return False
    LOGGER.error("audit log: %s, %d before, %d now", fault, asked_with.size, shown.size)
    return heads.raise_alarm(fault, asked_with, shown, now)


def _fault(known: TreeHead, response: SyncResponse) -> Fault | None:
    if known.size == 0:
        return None  # nothing seen yet, or a relay that keeps no log
    if response.log is None:
        return "withheld"
    if response.log.size < known.size:
        return "went_back"
    try:
        proof = [bytes.fromhex(part) for part in response.log_proof]
        before, after = bytes.fromhex(known.root), bytes.fromhex(response.log.root)
    except ValueError:
        return "rewritten"
    return None if is_consistent(known.size, before, response.log.size, after, proof) else "rewritten"
