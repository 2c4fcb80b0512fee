"""OPS-4: the local copy is encrypted, survives damage without losing work, and says what is wrong in time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from desktop.errors import DiskFull, ReplicaDamaged, ReplicaLocked, ReplicaTooNew
from desktop.keys.keyring import KeyRing
from desktop.paths import ProfileFolder
from desktop.replica import database
from desktop.replica.database import open_store, run_script
from desktop.replica.replica import Replica, open_replica
from desktop.replica.schema import VERSION, VERSION_1
from desktop.sync.apply import apply_response
from desktop.sync.opening import Opening
from protocol.deliveries import Delivery, DeliveryDraft
from protocol.delivery_changes import DeliverySave
from protocol.messages import TextMessage
from protocol.sync import Record, SyncResponse

KEY, UNSENT = bytes(range(32)), bytes(range(32, 64))


def opened(folder: Path) -> Replica:
    return open_replica(
        ProfileFolder(folder), key=KEY, unsent_key=UNSENT, staff="me", clock=lambda: datetime.now(UTC)
    )


def draft(title: str = "断水", text_: str = "断水します") -> DeliveryDraft:
    return DeliveryDraft(id=f"id-{title}", title=title, messages=(TextMessage(text=text_),))


def test_no_text_lies_in_clear_in_any_file(tmp_path: Path) -> None:
    replica = opened(tmp_path)
    replica.outbox.put("delivery.save", DeliverySave(draft=draft(text_="himitsu-no-bunsho")), based_on=0)
    replica.close()
    for path in tmp_path.iterdir():
        assert b"himitsu" not in path.read_bytes(), path.name


def test_another_key_cannot_read_the_file(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with pytest.raises(ReplicaDamaged):
        open_store(tmp_path / "replica.db", UNSENT)


def test_a_damaged_file_is_set_aside_and_unsent_work_is_kept(tmp_path: Path) -> None:
    replica = opened(tmp_path)
    replica.outbox.put("delivery.save", DeliverySave(draft=draft()), based_on=0)
    replica.close()
    (tmp_path / "replica.db").write_bytes(b"\x00" * 8192)
    again = opened(tmp_path)
    assert again.rebuilt
    assert again.outbox.count_waiting() == 1
    shown = again.records.delivery("id-断水")
    assert shown is not None and shown.waiting == 1
    assert list(tmp_path.glob("replica-damaged-*.db"))
    again.close()


def test_a_side_file_cut_in_the_middle_of_a_line_still_gives_the_rest(tmp_path: Path) -> None:
    replica = opened(tmp_path)
    replica.outbox.put("delivery.save", DeliverySave(draft=draft("一")), based_on=0)
    replica.outbox.put("delivery.save", DeliverySave(draft=draft("二")), based_on=0)
    replica.close()
    log = tmp_path / "unsent.log"
    log.write_bytes(log.read_bytes()[:-40])
    (tmp_path / "replica.db").unlink()
    again = opened(tmp_path)
    assert [entry.record_id for entry in again.outbox.entries()] == ["id-一"]
    again.close()


def test_a_locked_file_is_named_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.05)
    replica = opened(tmp_path)
    other = sqlcipher.connect(str(tmp_path / "replica.db"), isolation_level=None)
    other.execute("pragma cipher_log_level=none")
    other.execute(f"pragma key=\"x'{KEY.hex()}'\"")
    other.execute("begin immediate")
    with pytest.raises(ReplicaLocked):
        replica.outbox.put("delivery.save", DeliverySave(draft=draft()), based_on=0)
    other.execute("rollback")
    other.close()
    replica.outbox.put("delivery.save", DeliverySave(draft=draft()), based_on=0)
    replica.close()


def test_a_full_disk_refuses_the_new_and_keeps_the_old(tmp_path: Path) -> None:
    replica = opened(tmp_path)
    replica.outbox.put("delivery.save", DeliverySave(draft=draft("前")), based_on=0)
    replica.store.limit_pages(1)
    long = draft("後", "あ" * 5000)
    with pytest.raises(DiskFull):
        for _ in range(20):
            replica.outbox.put("delivery.save", DeliverySave(draft=long), based_on=0)
            replica.files.add(bytes(100_000))
    assert replica.records.delivery("id-前") is not None
    replica.close()
    again = opened(tmp_path)
    assert again.records.delivery("id-前") is not None
    again.close()


def test_a_file_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path / "replica.db", KEY)
    with store.writing() as connection:
        connection.exec_driver_sql(f"pragma user_version={VERSION + 1}")
    store.close()
    with pytest.raises(ReplicaTooNew):
        open_store(tmp_path / "replica.db", KEY)


def test_an_old_file_ends_with_the_same_tables_as_a_new_one(tmp_path: Path) -> None:
    new = open_store(tmp_path / "new.db", KEY)
    old = open_store(tmp_path / "old.db", KEY)
    with old.writing() as connection:
        for kind, name in connection.execute(
            text("select type, name from sqlite_master where name not like 'sqlite%'")
        ).all():
            if kind == "table":
                connection.exec_driver_sql(f"drop table {name}")
        run_script(connection, VERSION_1)
        connection.exec_driver_sql("pragma user_version=1")
    old.close()
    old = open_store(tmp_path / "old.db", KEY)
    assert columns(old) == columns(new)
    old.close()
    new.close()


def columns(store: database.Store) -> dict[str, list[tuple[str, str]]]:
    with store.reading() as connection:
        names = connection.execute(
            text(
                "select name from sqlite_master where type in ('table', 'index') and name not like 'sqlite%'"
            )
        ).scalars()
        return {
            name: [(row.name, row.type) for row in connection.execute(text(f"pragma table_info({name})"))]
            for name in sorted(names)
        }


def test_a_late_answer_does_not_bring_back_what_was_removed_since(tmp_path: Path) -> None:
    replica = opened(tmp_path)
    old = Delivery(draft=draft())

    def answer(seq: int, *, removed: bool) -> SyncResponse:
        body = {} if removed else old.as_json()
        record = Record(
            kind="delivery",
            id=old.draft.id,
            audience="town",
            seq=seq,
            version=seq,
            removed=removed,
            body=body,
        )
        return SyncResponse(records=(record,), cursor={"town": seq}, relay="r", relay_time=datetime.now(UTC))

    opening = Opening(lambda: KeyRing("none"), "r")
    apply_response(replica, answer(10, removed=False), opening)
    apply_response(replica, answer(12, removed=True), opening)
    apply_response(replica, answer(10, removed=False), opening)
    assert replica.records.delivery(old.draft.id) is None
    assert replica.records.cursor() == {"town": 12}
    replica.close()


def test_an_error_text_quotes_nothing_that_people_wrote(tmp_path: Path) -> None:
    store = open_store(tmp_path / "replica.db", KEY)
    with pytest.raises(IntegrityError) as caught, store.writing() as connection:
        connection.execute(
            text("insert into cursor (audience, seq) values (:words, null)"), {"words": "himitsu"}
        )
    assert "himitsu" not in str(caught.value)
    store.close()
