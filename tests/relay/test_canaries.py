"""Nothing personal lies readable on the relay's disk, whatever engine keeps it. SEC-2, SEC-8.

Unique words go through every door of a real relay; then every file it wrote is searched for them.
"""

from __future__ import annotations

import base64
import gzip
import io
import logging
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from PIL import Image
from sqlalchemy import insert, text

from protocol.changes import ContactFormSave, GreetingSave, ItemSave, SubmissionUpdate
from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import DeliverySave
from protocol.items import Choice, SegmentItem
from protocol.messages import TextMessage
from protocol.sealed_files import open_file
from protocol.signin import EnrolRequest, LineChannelSave
from protocol.submissions import Submission, SubmittedContent
from relay.features.staff import member_of, publish_member
from relay.serve import RunningRelay, running_relay
from relay.store.cipher import load_or_make_host_key
from relay.store.database import Database, open_database
from relay.store.files import read_content
from relay.store.records import find_record, list_bodies
from relay.store.staff import find_account
from relay.store.staff_tables import staff_departments
from sandbox.serve import RunningSandbox, running_sandbox
from sandbox.settings import SandboxSettings
from tests.relay.canaries import Cage, files_below, forms_of
from tests.relay.counter import free_port, sign
from tests.relay.desk import Desk, relay_settings
from tests.relay.sections import Sections, open_form

ADDRESS = "203.0.113.177"
WORDS: dict[str, str | bytes] = {
    "login name": "canary-login-7431",
    "display name": "鳥籠 たか子",
    "device name": "鳥籠係の端末",
    "department": "鳥籠対策課",
    "form title": "鳥籠の窓口",
    "form guide": "鳥籠についてお書きください",
    "form purpose": "鳥籠を直すために使います",
    "topic": "こわれた鳥籠の件",
    "text": "となりの家の鳥籠がうるさいです。",
    "free words": "鳥籠の広場をつくってください。",
    "note": "鳥籠の持ち主に電話した",
    "reply": "鳥籠は来週なおします。",
    "said in the talk": "鳥籠のことを話したい",
    "item title": "鳥籠の数",
    "choice": "鳥籠が三つ",
    "delivery title": "鳥籠点検の下書き",
    "delivery text": "鳥籠の点検をおこないます。",
    "greeting": "鳥籠の町へようこそ。",
    "resident address": ADDRESS,
}
FREE = "01900000-0000-7000-8000-0000000000f1"


def utc_now() -> datetime:
    return datetime.now(UTC)


def photo() -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "canary photo description"
    Image.effect_noise((200, 200), 90).convert("RGB").save(out, "JPEG", exif=exif)
    return out.getvalue()


class NamedDesk(Desk):
    """A desk whose names are canaries."""

    def enrol_request(self, code: str, *, further_device: bool = False) -> EnrolRequest:
        request = super().enrol_request(code, further_device=further_device)
        names = {"display_name": WORDS["display name"], "device_name": WORDS["device name"]}
        return request.model_copy(update=names)


@dataclass
class Town:
    """A relay, LINE's platform, a desk and a resident's browser."""

    relay: RunningRelay
    sandbox: RunningSandbox
    desk: Desk
    database: Database
    sections: Sections
    user: str
    canaries: dict[str, str | bytes]

    def resident(self) -> requests.Session:
        """A browser of the resident, signed in."""
        browser = requests.Session()
        browser.trust_env = False
        browser.verify = str(self.relay.certificate)
        browser.headers["x-forwarded-for"] = ADDRESS
        token = requests.post(
            f"{self.sandbox.url}/sandbox/id-token", json={"userId": self.user}, timeout=10
        ).json()["idToken"]
        self.canaries["id token"] = token[-60:]
        answer = browser.post(f"{self.relay.url}/pages/session", json={"idToken": token}, timeout=10)
        assert answer.status_code == 200, answer.text
        return browser

    def say(self, words: str) -> None:
        """A message in the talk, as LINE tells of it."""
        event = {
            "type": "message", "mode": "active", "timestamp": int(utc_now().timestamp() * 1000),
            "source": {"type": "user", "userId": self.user}, "webhookEventId": "01CANARY",
            "deliveryContext": {"isRedelivery": False}, "replyToken": "r" * 32,
            "message": {"id": "1", "type": "text", "text": words, "quoteToken": "q"},
        }  # fmt: skip
        body = (
            requests.Request("POST", "https://x", json={"destination": "x", "events": [event]}).prepare().body
        )
        assert isinstance(body, bytes)
        answer = requests.post(
            f"{self.relay.url}/line/webhook",
            data=body,
            headers={"x-line-signature": sign(self.sandbox.settings.channel_secret, body)},
            verify=str(self.relay.certificate),
            timeout=10,
        )
        assert answer.status_code == 200


@contextmanager
def running_town(folder: Path, database_url: str) -> Iterator[Town]:
    port = free_port()
    with running_sandbox(SandboxSettings(webhook_url=f"https://localhost:{port}/line/webhook")) as sandbox:
        settings = relay_settings(
            folder,
            database_url,
            listen_port=port,
            public_url=f"https://localhost:{port}",
            line_api_base=sandbox.url,
            line_login_base=sandbox.url,
            line_login_channel_id=sandbox.settings.login_channel_id,
            trusted_proxies=("127.0.0.1",),
        )
        with running_relay(settings) as relay:
            desk = NamedDesk(relay.url, relay.certificate, utc_now, str(WORDS["login name"]))
            desk.enrol(relay.new_code())
            assert desk.sign_in().status_code == 200
            database = open_database(database_url, load_or_make_host_key(settings.key_file))
            sections = Sections(database, utc_now)
            sections.add("roads", str(WORDS["department"]))
            make_member(database, desk)
            made = requests.post(f"{sandbox.url}/sandbox/residents", json={"count": 1}, timeout=10).json()
            user = made["residents"][0]["userId"]
            secrets = {
                "channel secret": sandbox.settings.channel_secret,
                "channel token": sandbox.settings.channel_token,
                "LINE user id": user,
                "session token": desk.token,
            }
            yield Town(relay, sandbox, desk, database, sections, user, {**WORDS, **secrets})
            desk.close()
            database.close()


def make_member(database: Database, desk: Desk) -> None:
    with database.write() as connection:
        connection.execute(insert(staff_departments).values(staff=desk.staff, department="roads"))
        connection.execute(text("UPDATE staff SET state = 'active'"))
        account = find_account(connection, database.cipher, desk.staff)
        assert account is not None
        publish_member(connection, database.cipher, member_of(account), utc_now())


def live_a_day(town: Town) -> None:
    """Everything people do, with canaries in every field."""
    staff_prepare(town)
    town.say(str(WORDS["said in the talk"]))
    browser = town.resident()
    write_contact(town, browser)
    answer_free_words(town, browser)
    staff_answer(town)


def staff_prepare(town: Town) -> None:
    channel = LineChannelSave(
        channel_secret=town.sandbox.settings.channel_secret, channel_token=town.sandbox.settings.channel_token
    )
    assert town.desk.call("/staff/line-channel", channel).status_code == 200
    form = open_form("roads", roads="edit", photos=True).model_copy(
        update={
            "title": WORDS["form title"],
            "guide": WORDS["form guide"],
            "purpose": WORDS["form purpose"],
        }
    )
    town.desk.do("contact_form.save", ContactFormSave(form=form))
    choices = (Choice(id="c1", label=str(WORDS["choice"])), Choice(id="c2", label="ない"))
    title = str(WORDS["item title"])
    item = SegmentItem(id="i1", kind="single", title=title, question=f"{title}は？", choices=choices)
    town.desk.do("item.save", ItemSave(item=item))
    free = SegmentItem(
        id=FREE, kind="text", title="ご要望", question="？", access={"roads": "edit"}, position=5
    )
    town.desk.do("item.save", ItemSave(item=free))
    messages = (TextMessage(text=str(WORDS["delivery text"])),)
    draft = DeliveryDraft(id="d1", title=str(WORDS["delivery title"]), messages=messages)
    town.desk.do("delivery.save", DeliverySave(draft=draft))
    version = town.desk.records()[("settings", "town")].version
    town.desk.do("greeting.save", GreetingSave(text=str(WORDS["greeting"])), version)


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


def write_contact(town: Town, browser: requests.Session) -> None:
    url = f"{town.relay.url}/pages/contact/roads"
    picture = photo()
    town.canaries["uploaded photo"] = picture[2000:2060]
    town.canaries["photo description"] = "canary photo description"
    fields = hidden(browser.get(url, timeout=10).text)
    fields |= {"topic": str(WORDS["topic"]), "text": str(WORDS["text"])}
    files = {"photos": ("鳥籠.jpg", picture, "image/jpeg")}
    answer = browser.post(url, data=fields, files=files, timeout=20)
    assert answer.status_code == 200 and "送りました" in answer.text
    town.canaries["page session"] = str(browser.cookies.get("__Host-madoguchi"))


def answer_free_words(town: Town, browser: requests.Session) -> None:
    url = f"{town.relay.url}/pages/settings"
    fields = hidden(browser.get(url, timeout=10).text) | {f"t.{FREE}": str(WORDS["free words"])}
    assert "保存しました" in browser.post(url, data=fields, timeout=20).text


def staff_answer(town: Town) -> None:
    with town.database.read() as connection:
        bodies = list_bodies(connection, town.database.cipher, "submission")
    sent = next(s for s in map(Submission.parse, bodies) if s.object == "contact:roads")
    (manifest,) = SubmittedContent.parse(town.sections.open(sent.sealed, "roads")).files
    with town.database.read() as connection:
        sealed = read_content(connection, town.database.cipher, manifest.sha256)
    town.canaries["kept photo"] = open_file(manifest, sealed)[1500:1560]
    town.canaries["photo key"] = manifest.key
    part = town.sections.staff_part(sent, note=str(WORDS["note"]), reply=str(WORDS["reply"]))
    update = SubmissionUpdate(submission=sent.id, state="working", staff_part=part, notify=True)
    town.desk.do("submission.update", update, 1)


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """Everything any logger says, without the filter that would hide an id."""
    file = tmp_path / "relay.log"
    handler = logging.FileHandler(file, encoding="utf-8")
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for name in ("urllib3", "PIL", "asyncio", "sandbox"):
        logging.getLogger(name).setLevel(logging.WARNING)
    yield file
    root.removeHandler(handler)
    root.setLevel(level)
    handler.close()


def data_files(database: Database, folder: Path) -> list[Path]:
    """Where the engine keeps what it was given, written out to disk."""
    if database.is_embedded:
        return files_below(folder)
    with database.write() as connection:
        home = Path(connection.execute(text("SHOW data_directory")).scalar_one())
        name = connection.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
        own = home / "base" / str(name.scalar_one())
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
    return files_below(folder, own, home / "pg_wal")


def back_up(database: Database, folder: Path) -> list[Path]:
    """What an administrator carries away: the embedded store's file set, or a dump that isn't packed."""
    into = folder / "backup"
    into.mkdir()
    if database.is_embedded:
        for file in folder.glob("relay.db*"):
            shutil.copy2(file, into)
    else:
        with database.read() as connection:
            tools = connection.execute(text("SELECT setting FROM pg_config WHERE name = 'BINDIR'"))
            pg_dump = Path(tools.scalar_one()) / "pg_dump"
        url = database.engine.url
        who = ["--host", str(url.query["host"]), "--username", str(url.username)]
        subprocess.run(
            [pg_dump, *who, "--file", into / "relay.sql", str(url.database)], check=True, timeout=60
        )
    return files_below(into)


def assert_holds_all(database: Database, backup: list[Path], host_key: bytes) -> None:
    """A backup in which nothing is found must be one from which the town could go on."""
    if database.is_embedded:
        copy = open_database(f"sqlcipher:{backup[0]}", host_key)
        with copy.read() as connection:
            assert find_record(connection, copy.cipher, "contact_form", "roads") is not None
        copy.close()
    else:
        dump = backup[0].read_text("utf-8")
        for table in ("records", "submissions", "file_chunks", "inbox", "staff"):
            assert re.search(rf"^COPY public\.{table} .*;\n(?!\\\.)", dump, re.MULTILINE), table


def test_no_canary_sings_in_anything_the_relay_wrote(
    tmp_path: Path, database_url: str, log_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for name in ("TMPDIR", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with running_town(tmp_path, database_url) as town:
        live_a_day(town)
        cage = Cage(town.canaries)
        files = data_files(town.database, tmp_path)
        assert cage.listen(files) == []
        relay_id = town.database.relay_id
        assert len(town.canaries) >= 25
        with town.database.read() as connection:
            assert find_record(connection, town.database.cipher, "contact_form", "roads") is not None
        # The search does look where the engine writes: what is stored in the clear is heard.
        heard = {found.file for found in Cage({"relay": relay_id}).listen(files)}
        assert bool(heard) != town.database.is_embedded
        backup = back_up(town.database, tmp_path)
        assert cage.listen(backup) == []
        assert_holds_all(town.database, backup, load_or_make_host_key(tmp_path / "relay.key"))
    assert cage.listen(files_below(tmp_path)) == [], "after the end, too"
    assert log_file.stat().st_size > 0


@pytest.mark.parametrize("form", sorted(forms_of("鳥籠がうるさい")))
def test_a_planted_canary_is_heard_in_every_form(tmp_path: Path, form: str) -> None:
    planted = b"\x01\x02" + forms_of("鳥籠がうるさい")[form] + b"\x03"
    (tmp_path / "plain").write_bytes(planted)
    (tmp_path / "zlib").write_bytes(b"head" + zlib.compress(planted * 3))
    (tmp_path / "gzip").write_bytes(gzip.compress(planted))
    heard = Cage({"x": "鳥籠がうるさい", "y": "ほかの言葉です"}).listen(files_below(tmp_path))
    assert {found.file.name for found in heard} == {"plain", "zlib", "gzip"}
    assert {found.name for found in heard} == {"x"}


@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"abc"])
def test_base64_is_heard_wherever_the_canary_stands_in_it(tmp_path: Path, before: bytes) -> None:
    packed = base64.b64encode(before + "鳥籠がうるさい".encode() + b"behind")
    (tmp_path / "file").write_bytes(packed)
    assert Cage({"x": "鳥籠がうるさい"}).listen(files_below(tmp_path))
