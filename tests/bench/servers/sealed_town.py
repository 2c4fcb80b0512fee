"""A relay with sealed letters to one department, and a profile that reads them: `sealed_town FOLDER N`.

Made once and reused. The letters are put straight into the store; the chunks are made by a desktop.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from desktop.app import Doors
from protocol.encoding import to_base64
from protocol.ids import new_id
from protocol.rights import inbox_audience
from protocol.sealing import SealedHeader, seal
from protocol.submissions import Submission, SubmittedContent
from relay.store.counters import next_numbers
from relay.store.tables import record_audiences, records
from tests.conftest import Clock
from tests.desktop.conftest import PASSPHRASE
from tests.desktop.town import Machine, Town, running_town

_AT_ONCE = 5000
_WORDS = (
    "家の前の道に穴があいています。自転車が通るときに危ないので、早めに見ていただけると助かります。",
    "公園の街灯が夜になってもつきません。子どもが通るので心配です。場所は入口の右側です。",
    "ごみの収集の日を間違えて出されていて、からすが散らかしています。看板を立ててもらえませんか。",
    "証明書を平日に受け取りに行けません。郵便で受け取る方法があれば教えてください。",
)


def letters(
    town: str, department: str, readers: dict[str, str], first: int, many: int
) -> Iterator[Submission]:
    began = datetime(2026, 4, 1, tzinfo=UTC)
    for number in range(first, first + many):
        at = began + timedelta(minutes=3 * number)
        id = new_id(at)
        object = f"contact:{number % 7}"
        header = SealedHeader(
            town=town, part="answer", id=id, object=object, sealed_at=at, departments=(department,)
        )
        text = "".join(_WORDS[(number + place) % len(_WORDS)] for place in range(1 + number % 3))
        content = SubmittedContent(topic=f"{number}番目の困りごと", text=text)
        yield Submission(
            id=id, number=f"2026-{number:06}", object=object, title="道路や公園の困りごと",
            departments=(department,), received_at=at, sealed=seal(header, content.as_json(), readers),
        )  # fmt: skip


def fill(town: Town, machine: Machine, department: str, count: int, pages: sqlite3.Connection) -> None:
    database = town.relay.relay.database
    readers = machine.office.ring().readers([department])
    audience = inbox_audience(department)
    for first in range(0, count, _AT_ONCE):
        many = min(_AT_ONCE, count - first)
        made = list(letters(database.relay_id, department, readers, first, many))
        with database.write() as connection:
            last = next_numbers(connection, audience, many)
            stored: list[dict[str, Any]] = []
            for one in made:
                body = json.dumps(one.as_json()).encode()
                sealed = database.cipher.seal("records.body", f"submission/{one.id}", body)
                stored.append({
                    "kind": "submission", "id": one.id, "version": 1, "removed": False, "body_sealed": sealed,
                    "changed_at": one.received_at,
                })  # fmt: skip
            connection.execute(insert(records), stored)
            seen = [
                {"audience": audience, "kind": "submission", "id": one.id, "seq": last - many + 1 + place, "gone": False}  # noqa: E501
                for place, one in enumerate(made)
            ]  # fmt: skip
            connection.execute(insert(record_audiences), seen)
        rows = [(last - many + 1 + place, one.model_dump_json()) for place, one in enumerate(made)]
        pages.executemany("insert into page values (?, ?)", rows)
        pages.commit()


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True)
    started = time.monotonic()
    clock = Clock(datetime.now(UTC))
    pages = sqlite3.connect(folder / "pages.db")
    pages.execute("create table page (seq integer primary key, body text)")
    with running_town(folder, clock) as town:
        admin = town.begin()
        town.make_keys(admin)
        department = town.department(admin, "土木課")
        reader = town.invite(admin, "suzuki", department)
        town.confirm(admin, reader)
        town.sync(admin, reader)
        fill(town, reader, department, count, pages)
        key = reader.office.ring().current_key(department)
        assert key is not None
        told = {
            "kept": {name: to_base64(secret) for name, secret in reader.keychain.kept.items()},
            "secret": to_base64(reader.office.ring().secrets[key.id].raw),
            "key": key.id,
            "town": town.relay.relay.database.relay_id,
        }
        (folder / "reader.json").write_text(json.dumps(told))
        (folder / "profile.json").write_bytes(reader.folder.profile.read_bytes())
        reader.close()
        doors = Doors(reader.folder, keychain=reader.keychain, clock=clock)
        opened = doors.open(PASSPHRASE)
        opened.office.sync()
        while opened.rounds.compaction.step():
            pass
        opened.office.close()
        doors.release()
    pages.close()
    (folder / "ready").touch()
    print(f"{count:,} letters in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
