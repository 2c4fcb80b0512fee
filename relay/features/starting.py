"""From a confirmed delivery to a run that is being frozen, in one transaction. SEG-5, SEG-7."""

from __future__ import annotations

from datetime import datetime

from protocol.deliveries import Delivery, DeliveryNumbers
from relay.features.deliveries import DELIVERY, put_delivery
from relay.features.freezing import Freezing
from relay.store.database import Connection, Database
from relay.store.records import find_version


def start_run(
    connection: Connection,
    database: Database,
    freezing: Freezing,
    delivery: Delivery,
    *,
    count: int,
    now: datetime,
    members: bytes | None = None,
) -> int:
    """The delivery is `queued` and has its run; returns the record's version.

    `count`: people it would reach now; clearly more at the freezing are not written to. With `members`
    exactly those get it.
    """
    queued = delivery.model_copy(
        update={
            "state": "queued",
            "due_at": delivery.due_at or now,
            "numbers": DeliveryNumbers(recipients=count, waiting=count),
        }
    )
    put_delivery(connection, database.cipher, queued, now)
    freezing.queue(connection, queued.draft, recipients=count, now=now, members=members)
    return find_version(connection, DELIVERY, queued.draft.id)
