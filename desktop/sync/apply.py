"""Writing what a round brought: results, records and cursor in one transaction."""

from __future__ import annotations

from desktop.replica.replica import Replica
from desktop.sync.opening import Opening
from desktop.sync.remembering import remember
from protocol.sync import SyncResponse


def apply_response(replica: Replica, response: SyncResponse, opening: Opening) -> int:
    """Returns how many things on the screens changed. Either all of the response is stored or none of it.

    Submissions are opened before the transaction begins: it should not be held for the sake of keys.
    """
    seen = opening.open(response.records)
    with replica.store.writing() as connection:
        for audience in response.lost:
            replica.records.forget(connection, audience)
            replica.submissions.forget(connection, audience)
        replica.outbox.settle(connection, response.results)
        changed = replica.records.apply(connection, response.records)
        changed += replica.submissions.apply(connection, seen)
        replica.records.move_cursor(connection, response.cursor)
        if not response.more:
            replica.outbox.forget_applied(connection)
    remember(replica, opening.ring, response.records)
    changed += opening.open_again(replica)
    return changed + len(response.results) + len(response.lost)
