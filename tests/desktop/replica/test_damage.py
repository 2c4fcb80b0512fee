"""OPS-4, SEC-9: a damaged local file is noticed, set aside and begun anew; a kill at any step loses nothing.

A hundred damaged files by default, nine hundred more among the slow tests.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop.errors import ReplicaDamaged
from desktop.paths import ProfileFolder
from desktop.replica.records import DeliveryQuery
from desktop.replica.replica import Replica, open_replica
from desktop.replica.submissions import Opened, Seen, SubmissionQuery, stamp
from protocol.deliveries import Delivery, DeliveryDraft
from protocol.delivery_changes import DeliverySave
from protocol.messages import TextMessage
from protocol.sync import Record

KEY, UNSENT = bytes(range(32)), bytes(range(32, 64))
PAGE = 4096
MANY = 60


def opened(folder: Path) -> Replica:
    return open_replica(
        ProfileFolder(folder), key=KEY, unsent_key=UNSENT, staff="me", clock=lambda: datetime.now(UTC)
    )


def letter(number: int) -> Opened:
    return Opened(
        id=f"letter-{number}", version=1, number=f"2026-{number:06}", object="contact:x", title="窓口",
        departments=("soumu",), received_at=stamp(datetime(2026, 11, 20, 0, number % 60, tzinfo=UTC)),
        state="new", text=f"{number}:" + "長い文章" * (10 + number * 20),
    )  # fmt: skip


def draft(number: int) -> DeliveryDraft:
    return DeliveryDraft(id=f"d{number}", title=f"配信{number}", messages=(TextMessage(text="本文"),))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with letters short and long, deliveries, and two unsent changes."""
    folder = tmp_path_factory.mktemp("whole")
    replica = opened(folder)
    with replica.store.writing() as connection:
        seen = [Seen("department:soumu", f"letter-{n}", n + 1, letter(n)) for n in range(MANY)]
        replica.submissions.apply(connection, seen)
        records = tuple(
            Record(
                kind="delivery", id=f"d{n}", audience="deliveries", seq=n + 1, version=1,
                body=Delivery(draft=draft(n)).as_json(),
            )
            for n in range(MANY)
        )  # fmt: skip
        replica.records.apply(connection, records)
        replica.records.move_cursor(connection, {"department:soumu": MANY, "deliveries": MANY})
    for number in (1000, 1001):
        replica.outbox.put("delivery.save", DeliverySave(draft=draft(number)), based_on=0)
    replica.close()
    return folder


def damage(path: Path, dice: random.Random) -> str:
    content = bytearray(path.read_bytes())
    kind = dice.choice(("bit", "zeros", "cut"))
    if kind == "bit":
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    elif kind == "zeros":
        start = dice.randrange(len(content) // PAGE) * PAGE
        content[start : start + PAGE] = bytes(PAGE)
    else:
        del content[dice.randrange(len(content)) :]
    path.write_bytes(content)
    return kind


def read_all(replica: Replica) -> tuple[dict[str, str], dict[str, str]]:
    letters = replica.submissions.page(SubmissionQuery(limit=10_000))
    deliveries = replica.records.deliveries(DeliveryQuery(limit=10_000))
    return {one.id: one.text for one in letters}, {one.id: one.body.draft.title for one in deliveries}


@pytest.mark.parametrize(
    ("seed", "count"), [(1, 100), pytest.param(2, 900, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_damage_of_every_kind_is_noticed_and_no_wrong_row_is_shown(
    whole: Path, tmp_path: Path, seed: int, count: int
) -> None:
    letters = {f"letter-{n}": letter(n).text for n in range(MANY)}
    deliveries = {f"d{n}": f"配信{n}" for n in (*range(MANY), 1000, 1001)}
    dice = random.Random(seed)
    rebuilt = 0
    for variant in range(count):
        folder = tmp_path / str(variant)
        shutil.copytree(whole, folder)
        kind = damage(folder / "replica.db", dice)
        replica = opened(folder)
        shown = read_all(replica)
        assert shown[0].items() <= letters.items(), (variant, kind)
        assert shown[1].items() <= deliveries.items(), (variant, kind)
        assert {"d1000", "d1001"} <= shown[1].keys(), (variant, kind)
        if replica.rebuilt:
            rebuilt += 1
            assert list(folder.glob("replica-damaged-*.db"))
            assert replica.records.cursor() == {}
        else:
            assert shown == (letters, deliveries), (variant, kind)
        assert [entry.record_id for entry in replica.outbox.entries()] == ["d1000", "d1001"]
        replica.close()
        shutil.rmtree(folder)
    assert rebuilt == count  # no byte of a sealed page is without meaning


def test_damage_noticed_while_running_leads_to_a_new_file_at_the_next_start(
    whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "running"
    shutil.copytree(whole, folder)
    replica = opened(folder)
    path = folder / "replica.db"
    content = bytearray(path.read_bytes())
    for start in range(PAGE, len(content), PAGE):
        content[start + 100] ^= 1
    path.write_bytes(content)
    with pytest.raises(ReplicaDamaged):
        read_all(replica)
    path.write_bytes(whole.joinpath("replica.db").read_bytes())  # even where the disk seems fine again
    replica.close()
    again = opened(folder)
    assert again.rebuilt and again.outbox.count_waiting() == 2
    again.close()
    third = opened(folder)
    assert not third.rebuilt
    third.close()


def test_a_damaged_side_file_loses_no_more_than_the_damaged_line(whole: Path, tmp_path: Path) -> None:
    dice = random.Random(7)
    for variant in range(30):
        folder = tmp_path / f"side{variant}"
        shutil.copytree(whole, folder)
        log = bytearray((folder / "unsent.log").read_bytes())
        log[dice.randrange(len(log))] ^= 1 << dice.randrange(7)
        (folder / "unsent.log").write_bytes(log)
        replica = opened(folder)
        assert replica.outbox.count_waiting() == 2  # the file itself has them
        replica.close()


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_a_kill_at_any_write_of_a_round_loses_nothing_and_applies_nothing_twice(
    tmp_path: Path, every: int
) -> None:
    """Rounds with a picture, changes, letters, a chunk and the log's head; see `killed.py`."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.desktop.replica.killed", str(tmp_path), str(every)],
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    killed = int(result.stdout.split()[-2])
    assert killed * every > 80, result.stdout
