"""The whole local copy, opened with the person's key; and what to do when the file cannot be read."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from desktop.errors import ReplicaDamaged
from desktop.log import LOGGER
from desktop.paths import ProfileFolder
from desktop.replica.database import Store, damage_mark, open_store
from desktop.replica.drafts import Drafts
from desktop.replica.files import Files
from desktop.replica.lists import Codes
from desktop.replica.outbox import Outbox
from desktop.replica.records import Records
from desktop.replica.submissions import Submissions
from desktop.replica.unsent import UnsentLog


@dataclass(frozen=True)
class Replica:
    """`rebuilt` is True when a damaged file was set aside and a new one begun."""

    store: Store
    records: Records
    submissions: Submissions
    codes: Codes
    outbox: Outbox
    drafts: Drafts
    files: Files
    rebuilt: bool = False

    def close(self) -> None:
        self.store.close()


def open_replica(
    folder: ProfileFolder, *, key: bytes, unsent_key: bytes, staff: str, clock: Callable[[], datetime]
) -> Replica:
    """Open the local file. A damaged one is set aside, and the unsent changes are put into a new one.

    Raises ReplicaLocked, ReplicaTooNew, DiskFull.
    """
    unsent = UnsentLog(folder.unsent, unsent_key)
    try:
        if damage_mark(folder.replica).exists():
            raise ReplicaDamaged
        store, rebuilt = open_store(folder.replica, key), False
    except ReplicaDamaged:
        LOGGER.warning("local file damaged; set aside")
        _set_aside(folder, clock())
        store, rebuilt = open_store(folder.replica, key), True
    outbox = Outbox(store, unsent, clock, staff)
    missing = _missing(outbox, unsent)
    if missing:
        outbox.restore(missing)
    unsent.compact()
    return Replica(
        store=store,
        records=Records(store, staff),
        submissions=Submissions(store),
        codes=Codes(store),
        outbox=outbox,
        drafts=Drafts(store, clock),
        files=Files(store),
        rebuilt=rebuilt,
    )


def _missing(outbox: Outbox, unsent: UnsentLog) -> list[dict[str, object]]:
    known = {entry.id for entry in outbox.entries()}
    return [entry for entry in unsent.unsettled() if entry["id"] not in known]


def _set_aside(folder: ProfileFolder, now: datetime) -> None:
    stamp = now.strftime("%Y%m%d-%H%M%S")
    if folder.replica.exists():
        folder.replica.replace(folder.root / f"replica-damaged-{stamp}.db")
    for suffix in ("-wal", "-shm", "-damaged"):
        with contextlib.suppress(FileNotFoundError):
            folder.replica.with_name(folder.replica.name + suffix).unlink()
