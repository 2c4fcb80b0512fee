"""Writing what a round brought: results, records and cursor in one transaction."""

from __future__ import annotations

from desktop.replica.replica import Replica
from protocol.sync import SyncResponse


def apply_response(replica: Replica, response: SyncResponse) -> int:
    """Returns how many things on the screens changed. Either all of the response is stored or none of it."""
    with replica.store.writing() as connection:
        for audience in response.lost:
            replica.records.forget(connection, audience)
        replica.outbox.settle(connection, response.results)
        changed = replica.records.apply(connection, response.records)
        replica.records.move_cursor(connection, response.cursor)
        if not response.more:
            replica.outbox.forget_applied(connection)
    return changed + len(response.results) + len(response.lost)
