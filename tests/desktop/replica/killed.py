"""Kills itself at every SQL write of a few sync rounds, each time goes on, and checks what is left.

`python -m tests.desktop.replica.killed FOLDER` prints `ok <steps> steps`. Each try runs in a forked child;
what the relay has applied is a file that outlives it.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, event

from desktop.keys.keyring import KeyRing
from desktop.paths import ProfileFolder
from desktop.replica.replica import Replica, open_replica
from desktop.replica.submissions import SubmissionQuery
from desktop.sync.apply import apply_response
from desktop.sync.opening import Opening
from protocol.changes import Change, ChangeResult, DeliverySave, make_change
from protocol.deliveries import Delivery, DeliveryDraft
from protocol.keys import new_secret
from protocol.sealing import SealedHeader, seal
from protocol.submissions import Submission, SubmittedContent
from protocol.sync import Record, SyncResponse
from protocol.wire import Wire

KEY, UNSENT = bytes(range(32)), bytes(range(32, 64))
NOW = datetime(2026, 11, 20, tzinfo=UTC)
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(32))
SECRET = new_secret()
DRAFTS, LETTERS = 2, 3
_WRITES = ("insert", "update", "delete", "commit", "begin", "create", "pragma user_version=")


class Relay:
    """Applies each change once; everything it knows lies in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def applied(self) -> list[str]:
        return self._path.read_text().split() if self._path.exists() else []

    def answer(self, changes: list[Change], cursor: dict[str, int]) -> SyncResponse:
        done = self.applied()
        with self._path.open("a") as file:
            for change in changes:
                if f"{change.id}:{change.payload['draft']['id']}" not in done:
                    file.write(f"{change.id}:{change.payload['draft']['id']}\n")
            file.flush()
            os.fsync(file.fileno())
        things = [line.split(":")[1] for line in self.applied()]
        stream = [self._letter(number) for number in range(LETTERS)]
        stream += [self._delivery(seq, thing) for seq, thing in enumerate(things, LETTERS + 1)]
        after = cursor.get("all", 0)
        found = [record for record in stream if record.seq > after][:2]
        return SyncResponse(
            results=tuple(ChangeResult(id=change.id, outcome="applied", version=1) for change in changes),
            records=tuple(found),
            cursor={"all": found[-1].seq if found else after},
            more=bool(found) and found[-1].seq < stream[-1].seq,
            relay="r",
            relay_time=NOW,
        )

    def _delivery(self, seq: int, thing: str) -> Record:
        body = Delivery(draft=DeliveryDraft(id=thing, title=thing)).as_json()
        return Record(kind="delivery", id=thing, audience="all", seq=seq, version=1, body=body)

    def _letter(self, number: int) -> Record:
        id = f"letter-{number}"
        header = SealedHeader(
            town="r", part="answer", id=id, object="contact:x", sealed_at=NOW, departments=("a",)
        )
        sealed = seal(header, SubmittedContent(text=f"文{number}").as_json(), {"k": SECRET.public})
        body = Submission(
            id=id, number=str(number), object="contact:x", departments=("a",), received_at=NOW, sealed=sealed
        )
        return Record(
            kind="submission", id=id, audience="all", seq=number + 1, version=1, body=body.as_json()
        )


def sign(id: str, kind: str, payload: Wire, based_on: int) -> Change:
    return make_change(kind, payload, id=id, based_on=based_on, now=NOW, staff="me", relay="r", key=SIGNER)


def live(folder: Path, relay: Relay, put: Path) -> Replica:
    """A start, three things written (each noted once it is kept), and rounds until all is done."""
    opening = Opening(lambda: KeyRing("trusted", secrets={"k": SECRET}), "r")
    replica = open_replica(ProfileFolder(folder), key=KEY, unsent_key=UNSENT, staff="me", clock=lambda: NOW)
    noted = put.read_text().split() if put.exists() else []
    for number in range(len(noted), DRAFTS):
        replica.outbox.put(
            "delivery.save", DeliverySave(draft=DeliveryDraft(id=f"d{number}", title="題")), based_on=0
        )
        with put.open("a") as file:
            file.write(f"d{number}\n")
    more = True
    while more:
        changes = replica.outbox.take(100, sign)
        response = relay.answer(changes, replica.records.cursor())
        apply_response(replica, response, opening)
        more = response.more or bool(changes) or replica.outbox.count_waiting() > 0
    return replica


def kill_at(step: int) -> None:
    left = step

    @event.listens_for(Engine, "before_cursor_execute")
    def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        nonlocal left
        if statement.lstrip().lower().startswith(_WRITES):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def try_with_kill(folder: Path, step: int) -> bool:
    """Whether it was killed; else it came to its end before the step."""
    child = os.fork()
    if child == 0:
        kill_at(step)
        try:
            live(folder / "profile", Relay(folder / "relay"), folder / "put").close()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, step
    return os.WIFSIGNALED(status)


def check(folder: Path, step: int) -> None:
    relay, put = Relay(folder / "relay"), folder / "put"
    replica = live(folder / "profile", relay, put)
    things = [line.split(":")[1] for line in relay.applied()]
    assert set(put.read_text().split()) <= set(things), (step, things)
    # A kill between keeping a thing and noting it makes the person write it twice; the relay never does.
    assert len(relay.applied()) == len(set(relay.applied())), (step, things)
    letters = replica.submissions.page(SubmissionQuery(sort="number", descending=False))
    assert [held.text for held in letters] == [f"文{number}" for number in range(LETTERS)], step
    assert not replica.rebuilt and replica.outbox.count_waiting() == 0, step
    assert {replica.records.delivery(thing) is not None for thing in things} == {True}, step
    replica.close()


def main() -> None:
    step, where = 0, Path(sys.argv[1])
    while True:
        step += 1
        folder = where / str(step)
        (folder / "profile").mkdir(parents=True)
        was_killed = try_with_kill(folder, step)
        check(folder, step)
        if not was_killed:
            break
    print(f"ok {step - 1} steps")


if __name__ == "__main__":
    main()
