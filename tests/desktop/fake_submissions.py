"""What the fake relay does with audiences, contact forms, submissions and chunks; and a town with keys.

`found_town` makes the keys an administrator would make; `SealedTown.receive` seals as the relay does.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.keys.profile import load_profile, save_profile
from desktop.paths import ProfileFolder
from protocol.certificates import (
    DepartmentKey,
    DirectoryCertificate,
    KeyWrap,
    Trust,
    certify_department_key,
    certify_directory,
    certify_staff,
    public_text,
)
from protocol.changes import Change, SubmissionUpdate
from protocol.chunks import ChunkHeader, ChunkList, ChunkQuery, Originals, OriginalsQuery
from protocol.encoding import to_base64
from protocol.ids import new_id, new_resident_id
from protocol.keys import SharedSecret, hpke_seal, new_secret, point, wrap
from protocol.rights import RightsGrid, audiences_of, inbox_audience
from protocol.sealed_files import SealedFile, seal_file
from protocol.sealing import SealedHeader, copy_keys_hash, seal
from protocol.staff import Department, Role, StaffMember
from protocol.submissions import ContactForm, Submission, SubmittedContent, copy_key_info
from protocol.sync import Record, SyncRequest, SyncResponse
from protocol.wire import Wire
from tests.desktop.fake_server import Refused

if TYPE_CHECKING:
    from tests.desktop.fake_relay import FakeRelay

KINDS = frozenset(
    {"submission.update", "submissions.opened", "export.made", "contact_form.save", "contact_form.remove"}
)
CHUNKS = "/staff/chunks/"


def news(relay: FakeRelay, request: SyncRequest, member: StaffMember) -> SyncResponse:
    """What this person's audiences hold above the cursor, at most the limit."""
    audiences = audiences_of(member, RightsGrid())
    newest = relay.newest
    lost = [name for name, seq in request.cursor.items() if name not in audiences or seq > newest]
    found: list[Record] = []
    cursor: dict[str, int] = {}
    left = 0
    for audience in audiences:
        after = 0 if audience in lost else request.cursor.get(audience, 0)
        rows = relay.stream(audience, after)
        room = relay.records_limit - len(found)
        found += rows[:room]
        left += max(0, len(rows) - room)
        cursor[audience] = newest if len(rows) <= room else (rows[room - 1].seq if room else after)
    return SyncResponse(
        records=tuple(found), cursor=cursor, lost=tuple(lost), more=left > 0, left=left,
        relay=relay.relay_id, relay_time=relay.clock() + relay.clock_off,
    )  # fmt: skip


def do(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """Apply a change of `KINDS`: the reason of a refusal, and the version."""
    payload = change.payload
    if change.kind == "contact_form.save":
        form = ContactForm.parse(payload["form"])
        return relay.save("contact_form", form.id, form, change.based_on)
    if change.kind == "contact_form.remove":
        form = ContactForm.parse(relay.records["contact_form", payload["form"]].body)
        return "", relay.put("contact_form", form.id, form, removed=True).version
    if change.kind == "submission.update":
        return _update(relay, change)
    return "", 0


def _update(relay: FakeRelay, change: Change) -> tuple[str, int]:
    thing = change.payload["submission"]
    known = relay.records.get(("submission", thing))
    if known is None or known.version != change.based_on:
        return "version_conflict", 0
    payload = SubmissionUpdate.parse(change.payload)
    before = Submission.parse(known.body)
    after = before.model_copy(
        update={
            "state": payload.state,
            "updated_at": relay.clock(),
            "updated_by": change.staff,
            "staff_part": payload.staff_part or before.staff_part,
            "copy_version": payload.renewed_copy.version if payload.renewed_copy else before.copy_version,
        }
    )
    return "", put_submission(relay, after)


def put_submission(relay: FakeRelay, submission: Submission) -> int:
    """Write it for each of its departments, and drop the chunks that held its older state."""
    for record in relay.states_of("submission", submission.id):
        drop = [
            id for id, (header, _) in relay.chunks.items()
            if header.audience == record.audience and header.first_seq <= record.seq <= header.last_seq
        ]  # fmt: skip
        for id in drop:
            del relay.chunks[id]
    first, *rest = submission.departments
    version = relay.put("submission", submission.id, submission, audience=inbox_audience(first)).version
    for department in rest:
        relay.put_beside("submission", submission.id, submission, version, inbox_audience(department))
    return version


def answer(relay: FakeRelay, method: str, path: str, body: bytes) -> Wire | bytes | None:
    """The routes of chunks and originals; None for any other."""
    if path == "/staff/ask/chunks":
        audience = ChunkQuery.parse(body).audience
        headers = [header for header, _ in relay.chunks.values() if header.audience == audience]
        return ChunkList(chunks=tuple(sorted(headers, key=lambda header: -header.last_seq)))
    if path == "/staff/ask/originals":
        ids = OriginalsQuery.parse(body).ids
        if len(ids) > 50 or not all(("submission", id) in relay.records for id in ids):
            raise Refused(403, "not_allowed")
        return Originals(records=tuple(relay.records["submission", id] for id in ids))
    if path.startswith(CHUNKS) and method == "GET":
        if path.removeprefix(CHUNKS) not in relay.chunks:
            raise Refused(404, "not_found")
        header, content = relay.chunks[path.removeprefix(CHUNKS)]
        return packed(header, content)
    if path.startswith(CHUNKS) and method == "PUT":
        size = int.from_bytes(body[:4], "big")
        header = ChunkHeader.parse(body[4 : 4 + size])
        relay.chunks[header.id] = (header, body[4 + size :])
        return header
    return None


def packed(header: ChunkHeader, content: bytes) -> bytes:
    """A chunk as it crosses the wire: length of the header, header, ciphertext."""
    head = header.model_dump_json().encode()
    return len(head).to_bytes(4, "big") + head + content


@dataclass
class SealedTown:
    """The town's keys as its administrator holds them; `secrets` and `keys` by department."""

    relay: FakeRelay
    root: Ed25519PrivateKey
    directory: Ed25519PrivateKey
    secrets: dict[str, SharedSecret] = field(default_factory=dict)
    keys: dict[str, DepartmentKey] = field(default_factory=dict)
    count: int = 0
    forger: Ed25519PrivateKey | None = None

    def department(self, id: str, name: str) -> None:
        """A department with a key."""
        self.relay.put("department", id, Department(id=id, name=name))
        secret = new_secret()
        key = DepartmentKey(
            id=f"key-{id}", department=id, year=2026, public=secret.public, recovery_wrap="",
            issued_at=self.relay.clock(), directory="",
        )  # fmt: skip
        self.secrets[id], self.keys[id] = secret, certify_department_key(self.directory, key)
        self.relay.put("key", key.id, self.keys[id])

    def join(
        self, login_name: str, *departments: str, wrapped: bool = True, role: Role = "editor"
    ) -> StaffMember:
        """Confirm the person's keys, put them into exactly these departments, and hand on the keys."""
        account = self.relay.accounts[login_name]
        member = account.member
        certificate = certify_staff(
            self.directory, staff=member.id, sign_key=member.sign_key, seal_key=member.seal_key,
            departments=departments, admin=role == "admin", now=self.relay.clock(),
        )  # fmt: skip
        update = {"departments": departments, "state": "active", "role": role, "certificate": certificate}
        account.member = member.model_copy(update=update)
        self.relay.put("staff", member.id, account.member)
        if wrapped:
            self.hand_on(login_name, *departments)
        return account.member

    def hand_on(self, login_name: str, *departments: str) -> None:
        member = self.relay.accounts[login_name].member
        for department in departments:
            id = self.keys[department].id
            sealed = wrap(self.secrets[department].raw, member.seal_key, key=id, reader=member.id)
            body = KeyWrap(key=id, staff=member.id, sealed=sealed, by="admin", made_at=self.relay.clock())
            self.relay.put("wrap", f"{id}/{member.id}", body, audience=f"staff:{member.id}")

    def compare_root(self, folder: ProfileFolder) -> None:
        """As if the person had compared the root's words on this machine."""
        profile = load_profile(folder.profile)
        save_profile(folder.profile, profile.model_copy(update={"root": public_text(self.root)}))

    def receive(
        self,
        *departments: str,
        topic: str = "道路の穴",
        text: str = "家の前の道に穴があいています。",
        title: str = "道路や公園の困りごと",
        photos: tuple[bytes, ...] = (),
        with_copy: bool = True,
        ago: timedelta = timedelta(),
    ) -> Submission:
        """What a resident sends, sealed as the relay does it."""
        self.count += 1
        now = self.relay.clock() - ago
        id = new_id(now)
        files: list[SealedFile] = []
        for photo in photos:
            manifest, content = seal_file(photo, content_type="image/jpeg")
            files.append(manifest)
            self.relay.files[manifest.sha256] = bytearray(content)
        readers = {self.keys[department].id: self.keys[department].public for department in departments}
        object = "contact:roads"
        content = SubmittedContent(topic=topic, text=text, files=tuple(files))
        self.copy_key = secrets.token_bytes(32)
        wraps = copy_wraps(self.copy_key, id, readers) if with_copy else {}
        header = SealedHeader(
            town=self.relay.relay_id, part="answer", id=id, object=object, sealed_at=now,
            departments=departments, copy_keys=copy_keys_hash(wraps),
        )  # fmt: skip
        submission = Submission(
            id=id, number=f"2026-{self.count:06}", object=object, title=title, departments=departments,
            received_at=now, resident=new_resident_id(), sealed=seal(header, content.as_json(), readers),
            copy_wraps=wraps, copy_version=1 if with_copy else 0,
        )  # fmt: skip
        put_submission(self.relay, submission)
        return submission


def copy_wraps(key: bytes, submission: str, readers: dict[str, str]) -> dict[str, str]:
    """The copy's key as the resident's page seals it to each department."""
    info = copy_key_info(submission)
    return {id: to_base64(hpke_seal(key, point(public), info)) for id, public in readers.items()}


def found_town(relay: FakeRelay) -> SealedTown:
    root, directory = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    certificate: DirectoryCertificate = certify_directory(
        root, public_text(directory), relay.clock(), recovery=""
    )
    trust = Trust(
        root=public_text(root), directory=certificate, recovery="", recovery_box="", directory_recovery=""
    )
    relay.put("trust", "town", trust)
    return SealedTown(relay, root, directory)
