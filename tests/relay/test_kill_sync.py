"""Killed at every write of a round and of a submission, the relay loses and doubles nothing. OPS-4, SEC-9."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import insert, text

from protocol.changes import Change, ChangeResult, ContactFormSave, SubmissionUpdate
from protocol.ids import new_id
from protocol.sync import SyncRequest, SyncResponse
from relay.features.page_sessions import begin_page_session, find_session
from relay.features.staff import member_of, publish_member
from relay.serve import running_relay
from relay.store.audit import count_entries
from relay.store.cipher import load_or_make_host_key
from relay.store.database import Database, open_database
from relay.store.records import find_record
from relay.store.residents import find_resident
from relay.store.staff import find_account
from relay.store.staff_tables import staff_departments
from tests.relay.desk import Desk, relay_settings
from tests.relay.pages.visitor import COOKIE
from tests.relay.sections import Sections, open_form
from tests.relay.town import add_friends

# A relay killed in the middle of a handshake leaves our end of it to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
REPOSITORY = Path(__file__).parents[2]
EVERY = 9
"""How many write points the short run steps over; the slow one takes each."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Prepared:
    """A relay at rest: one department with a key and a form, one submission, one open page."""

    folder: Path
    desk: Desk
    known: str
    """Id of a submission staff will move on."""
    sent: str
    """Id under which the resident sends."""
    cookie: str
    form_token: str
    changes: tuple[Change, ...] = ()


def store(folder: Path) -> Database:
    return open_database(f"sqlcipher:{folder / 'relay.db'}", load_or_make_host_key(folder / "relay.key"))


@pytest.fixture
def prepared(tmp_path: Path) -> Iterator[Prepared]:
    folder = tmp_path / "base"
    folder.mkdir()
    with running_relay(relay_settings(folder, f"sqlcipher:{folder / 'relay.db'}")) as relay:
        desk = Desk(relay.url, relay.certificate, utc_now)
        desk.enrol(relay.new_code())
        assert desk.sign_in().status_code == 200
    database = store(folder)
    sections = Sections(database, utc_now)
    sections.add("roads")
    sections.add_form(open_form(roads="edit"))
    (user,) = add_friends(database, 1, utc_now())
    with database.write() as connection:
        connection.execute(insert(staff_departments).values(staff=desk.staff, department="roads"))
        connection.execute(text("UPDATE staff SET state = 'active'"))
        account = find_account(connection, database.cipher, desk.staff)
        assert account is not None
        publish_member(connection, database.cipher, member_of(account), utc_now())
        resident = find_resident(connection, database.cipher, user)
        assert resident is not None
        cookie = begin_page_session(connection, resident.no, utc_now())
        session = find_session(connection, database.cipher, cookie, utc_now())
        assert session is not None
    known = sections.arrive(user, ("roads",))
    renamed = open_form(roads="edit").model_copy(update={"title": "道と橋のこと"})
    answered = SubmissionUpdate(
        submission=known.id,
        state="done",
        staff_part=sections.staff_part(known, reply="直しました。"),
        notify=True,
    )
    changes = (
        desk.change("contact_form.save", ContactFormSave(form=renamed), 1),
        desk.change("submission.update", answered, 1),
    )
    database.close()
    yield Prepared(folder, desk, known.id, new_id(utc_now()), cookie, session.form_token, changes)
    desk.close()


class Relays:
    """Starts relays that die at a point, and waits for their end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, folder: Path, kill_at: int) -> tuple[int, str]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{folder} {kill_at}\n")
        self._process.stdin.flush()
        told = [self._process.stdout.readline().strip() for _ in range(2)]
        url = next(line for line in told if line.startswith("https://"))
        return int(next(line for line in told if line != url)), url

    def is_alive(self, pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    def stop(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        ends = time.monotonic() + 10
        while self.is_alive(pid):
            assert time.monotonic() < ends
            time.sleep(0.005)


@contextmanager
def relays() -> Iterator[Relays]:
    command = [sys.executable, "-m", "tests.relay.kill_points"]
    with subprocess.Popen(
        command, cwd=REPOSITORY, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            yield Relays(process)
        finally:
            process.kill()


def send(prepared: Prepared, url: str, ca: Path) -> str:
    """The resident sends the form; the number told, "" when no answer came."""
    fields = {"form_token": prepared.form_token, "submission": prepared.sent, "text": "穴があいています。"}
    given: dict[str, Any] = {
        "headers": {"cookie": f"{COOKIE}={prepared.cookie}"},
        "verify": str(ca),
        "timeout": 20,
    }
    with requests.Session() as http:
        http.trust_env = False
        try:
            taken = http.post(f"{url}/pages/contact/roads", data=fields, allow_redirects=False, **given)
            assert taken.status_code == 303, taken.text
            page = http.get(url + taken.headers["location"], **given)
        except requests.RequestException:
            return ""
    return re.findall(r"\d{4}-\d{6}", page.text)[0]


def synchronise(prepared: Prepared, url: str) -> tuple[ChangeResult, ...]:
    """The desk's round; nothing when no answer came."""
    prepared.desk.url = url
    try:
        answer = prepared.desk.call("/staff/sync", SyncRequest(protocol=1, changes=prepared.changes))
    except requests.RequestException:
        return ()
    finally:
        prepared.desk.http.close()  # the next relay has another port
    assert answer.status_code == 200, answer.text
    return SyncResponse.parse(answer.content).results


def check_store(folder: Path, prepared: Prepared, number: str, results: tuple[ChangeResult, ...]) -> None:
    """What was acknowledged is there, and nothing is there in part."""
    database = store(folder)
    with database.read() as connection:
        rows = connection.execute(text("SELECT id, number FROM submissions")).all()
        numbers = {row.id: row.number for row in rows}
        sent = find_record(connection, database.cipher, "submission", prepared.sent)
        assert (prepared.sent in numbers) == (sent is not None)
        if number:
            assert numbers[prepared.sent] == number
        done = connection.execute(text("SELECT count(*) FROM changes_done")).scalar_one()
        known = find_record(connection, database.cipher, "submission", prepared.known)
        form = find_record(connection, database.cipher, "contact_form", "roads")
        assert known is not None and form is not None
        state = connection.execute(
            text("SELECT state FROM submissions WHERE id = :id"), {"id": prepared.known}
        ).scalar_one()
        jobs = connection.execute(text("SELECT count(*) FROM jobs")).scalar_one()
        # Each change wholly or not at all, and the second never before the first.
        assert (form.version, known.version, state, jobs) == {
            0: (1, 1, "new", 0),
            1: (2, 1, "new", 0),
            2: (2, 2, "done", 1),
        }[done]
        assert done >= len(results)
        seqs = connection.execute(
            text("SELECT seq FROM record_audiences WHERE audience = 'inbox:roads' ORDER BY seq")
        ).scalars()
        assert len(set(seqs)) == 1 + (sent is not None)
    database.close()


def try_point(prepared: Prepared, start: Relays, folder: Path, kill_at: int) -> bool:
    """One death and what comes after; whether the relay died of it."""
    shutil.copytree(prepared.folder, folder)
    ca = next(folder.glob("*.pem"), None) or Path(str(prepared.desk.http.verify))
    pid, url = start.start(folder, kill_at)
    (folder / "armed").touch()
    number, results = send(prepared, url, ca), synchronise(prepared, url)
    died = not (number and results)
    start.stop(pid)
    (folder / "armed").unlink()
    check_store(folder, prepared, number, results)
    pid, url = start.start(folder, 0)
    final = send(prepared, url, ca), synchronise(prepared, url)
    again = send(prepared, url, ca), synchronise(prepared, url)
    start.stop(pid)
    assert final == again
    assert final[0] == "-".join((str(utc_now().year), "000002")) and (not number or number == final[0])
    assert [(result.outcome, result.version) for result in final[1]] == [("applied", 2), ("applied", 2)]
    assert not results or results == final[1]
    check_store(folder, prepared, final[0], final[1])
    check_audit(folder, prepared)
    shutil.rmtree(folder)
    return died


def check_audit(folder: Path, prepared: Prepared) -> None:
    """Every change stands in the log once, without a gap."""
    database = store(folder)
    with database.read() as connection:
        entries = count_entries(connection)
        noted = connection.execute(text("SELECT kind FROM audit_entries ORDER BY no")).scalars().all()
    assert entries == len(noted)
    assert [noted.count(change.kind) for change in prepared.changes] == [1, 1]
    database.close()


def die_everywhere(prepared: Prepared, tmp_path: Path, points: Callable[[], Iterator[int]]) -> int:
    deaths = 0
    with relays() as start:
        for kill_at in points():
            if not try_point(prepared, start, tmp_path / f"at-{kill_at}", kill_at):
                return deaths
            deaths += 1
    raise AssertionError("the round never came to its end")


def counting(step: int) -> Callable[[], Iterator[int]]:
    return lambda: iter(range(1, 400, step))


def test_killed_at_some_writes_the_relay_loses_and_doubles_nothing(
    prepared: Prepared, tmp_path: Path
) -> None:
    assert die_everywhere(prepared, tmp_path, counting(EVERY)) >= 5


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_every_write_the_relay_loses_and_doubles_nothing(
    prepared: Prepared, tmp_path: Path
) -> None:
    assert die_everywhere(prepared, tmp_path, counting(1)) >= 40
