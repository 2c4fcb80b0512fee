"""Kills itself at SQL writes and requests of whole sync rounds, each time goes on, and checks what is left.

`python -m tests.desktop.replica.killed FOLDER EVERY` prints `ok <kills> kills` after a kill at each EVERY-th
of them. Each try runs in a forked child: a picture goes up in pieces, changes go up, a colleague, letters and
a chunk of letters come down, and the audit log's head is remembered.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine, event

from desktop.paths import ProfileFolder
from desktop.replica.log_heads import LogHeads
from desktop.replica.replica import Replica, open_replica
from desktop.replica.submissions import SubmissionQuery
from desktop.sync import files
from desktop.sync.chunks import ColdStart
from desktop.sync.compaction import Compaction
from desktop.sync.opening import Opening
from desktop.sync.round import Rounds
from desktop.sync.session import Session
from protocol.changes import Change, make_change
from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import DeliverySave
from protocol.files import file_name
from protocol.wire import Wire
from tests.desktop.replica.relay_in_files import LETTERS, NOW, RING, SIGNER, RelayInFiles

KEY, UNSENT = bytes(range(32)), bytes(range(32, 64))
DRAFTS = 2
PICTURE = random.Random(4).randbytes(2500)
files.CHUNK_BYTES = 1000  # three pieces
_WRITES = ("insert", "update", "delete", "commit", "begin", "create", "pragma user_version=")


def sign(id: str, kind: str, payload: Wire, based_on: int) -> Change:
    return make_change(kind, payload, id=id, based_on=based_on, now=NOW, staff="me", relay="r", key=SIGNER)


def rounds_of(replica: Replica, relay: RelayInFiles) -> Rounds:
    opening, session = Opening(lambda: RING, "r"), cast(Session, relay)
    return Rounds(
        replica=replica, session=session, sign=sign, clock=lambda: NOW, opening=opening,
        cold_start=ColdStart(replica, session, opening),
        compaction=Compaction(replica, session, opening, "me", SIGNER, lambda: NOW),
    )  # fmt: skip


def live(folder: Path) -> Replica:
    """A start, things written (each noted once it is kept), and rounds until all is done."""
    replica = open_replica(
        ProfileFolder(folder / "profile"), key=KEY, unsent_key=UNSENT, staff="me", clock=lambda: NOW
    )
    noted = folder / "noted"
    written = noted.read_text().split() if noted.exists() else []
    if "picture" not in written:
        replica.files.add(PICTURE)
        note(noted, "picture")
    for number in range(DRAFTS):
        if f"d{number}" not in written:
            draft = DeliveryDraft(id=f"d{number}", title="題")
            replica.outbox.put("delivery.save", DeliverySave(draft=draft), based_on=0)
            note(noted, f"d{number}")
    rounds_of(replica, RelayInFiles(folder)).run_all()
    return replica


def note(noted: Path, name: str) -> None:
    with noted.open("a") as file:
        file.write(f"{name}\n")


def kill_at(step: int) -> None:
    left = step

    def passing() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(Engine, "before_cursor_execute")
    def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().lower().startswith(_WRITES):
            passing()

    RelayInFiles.passing = staticmethod(passing)


def try_with_kill(folder: Path, step: int) -> bool:
    """Whether it was killed; else it came to its end before the step."""
    child = os.fork()
    if child == 0:
        kill_at(step)
        try:
            live(folder).close()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, step
    return os.WIFSIGNALED(status)


def check(folder: Path, step: int) -> None:
    relay = RelayInFiles(folder)
    replica = live(folder)
    applied, things = relay.applied(), [thing for _, thing in relay.applied()]
    assert {f"d{number}" for number in range(DRAFTS)} <= set(things), (step, things)
    # A kill between keeping a thing and noting it makes the person write it twice; the relay never does.
    assert len({id for id, _ in applied}) == len(applied), (step, applied)
    assert relay.file(file_name(PICTURE)) == PICTURE and replica.files.waiting() == [], step
    letters = replica.submissions.page(SubmissionQuery(sort="number", descending=False))
    assert [held.text for held in letters] == [f"文{number}" for number in range(LETTERS)], step
    assert (folder / "chunk-read").exists(), step
    assert not replica.rebuilt and replica.outbox.count_waiting() == 0, step
    assert {replica.records.delivery(thing) is not None for thing in things} == {True}, step
    heads = LogHeads(replica.store)
    assert heads.alarm() is None and heads.known().size == len(applied), step
    replica.close()


def main() -> None:
    where, every = Path(sys.argv[1]), int(sys.argv[2])
    step, kills = 1, 0
    while True:
        folder = where / str(step)
        (folder / "profile").mkdir(parents=True)
        was_killed = try_with_kill(folder, step)
        check(folder, step)
        if not was_killed:
            break
        step, kills = step + every, kills + 1
    print(f"ok {kills} kills")


if __name__ == "__main__":
    main()
