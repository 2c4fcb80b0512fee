"""A relay for the kill loop: all it has been told lies in files, so that it outlives whoever was killed.

What never changes (letters, a chunk, a colleague's certificate) is made once, before the children are forked.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.keys.keyring import KeyRing
from desktop.sync.chunks import line_of
from desktop.sync.opening import Opening
from protocol.audit import TreeHead
from protocol.certificates import (
    DepartmentKey,
    Trust,
    certify_department_key,
    certify_directory,
    certify_staff,
    public_text,
)
from protocol.changes import ChangeResult
from protocol.chunks import ChunkHeader, ChunkList, Originals, OriginalsQuery, chunk_bytes, close_chunk
from protocol.deliveries import Delivery, DeliveryDraft
from protocol.files import FileState
from protocol.keys import new_secret
from protocol.merkle import consistency_proof, leaf_hash, nodes_after, root
from protocol.rights import TOWN, inbox_audience
from protocol.sealing import SealedHeader, seal
from protocol.staff import StaffMember
from protocol.submissions import Submission, SubmittedContent
from protocol.sync import Record, SyncRequest, SyncResponse
from protocol.wire import Wire

T = TypeVar("T")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
SIGNER, ROOT, DIRECTORY = (Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (1, 2, 3))
SECRET = new_secret()
INBOX = inbox_audience("a")
LETTERS, IN_A_PAGE, LAST_IN_CHUNK = 7, 2, 6
DELIVERIES_FROM = 100


def _key() -> DepartmentKey:
    key = DepartmentKey(
        id="k", department="a", year=2026, public=SECRET.public, recovery_wrap="", issued_at=NOW, directory=""
    )
    return certify_department_key(DIRECTORY, key)


def make_ring() -> KeyRing:
    directory = certify_directory(ROOT, public_text(DIRECTORY), NOW, recovery="")
    trust = Trust(
        root=public_text(ROOT), directory=directory, recovery="", recovery_box="", directory_recovery=""
    )
    return KeyRing("trusted", trust=trust, department_keys={"k": _key()}, secrets={"k": SECRET})


RING = make_ring()


def _colleague() -> Record:
    sign_key, seal_key = public_text(SIGNER), new_secret().public
    certificate = certify_staff(
        DIRECTORY, staff="me", sign_key=sign_key, seal_key=seal_key, departments=("a",), admin=False, now=NOW
    )
    member = StaffMember(
        id="me", login_name="sato", display_name="佐藤", role="editor", state="active", departments=("a",),
        sign_key=sign_key, seal_key=seal_key, certificate=certificate,
    )  # fmt: skip
    return Record(kind="staff", id="me", audience=TOWN, seq=1, version=1, body=member.as_json())


def _letter(number: int) -> Record:
    id = f"letter-{number}"
    header = SealedHeader(
        town="r", part="answer", id=id, object="contact:x", sealed_at=NOW, departments=("a",)
    )
    sealed = seal(header, SubmittedContent(text=f"文{number}").as_json(), {"k": SECRET.public})
    body = Submission(
        id=id, number=str(number), object="contact:x", departments=("a",), received_at=NOW, sealed=sealed
    )
    return Record(kind="submission", id=id, audience=INBOX, seq=number + 1, version=1, body=body.as_json())


COLLEAGUE = _colleague()
STREAM = [_letter(number) for number in range(LETTERS)]


def _chunk() -> tuple[ChunkHeader, bytes]:
    """What lies between the first page and the last letter."""
    held = [record for record in STREAM if IN_A_PAGE < record.seq <= LAST_IN_CHUNK]
    opening = Opening(lambda: RING, "r")
    opened = [(one.seq, opening.open([one])[0]) for one in held]
    rows: list[dict[str, Any]] = [{"s": line_of(seq, seen.opened)} for seq, seen in opened]  # type: ignore[arg-type]
    header = ChunkHeader(
        id="chunk", town="r", audience=INBOX, key="k", first_seq=held[0].seq, last_seq=held[-1].seq,
        records=len(rows), made_by="me", made_at=NOW,
    )  # fmt: skip
    return close_chunk(header, rows, SECRET.chunk_key, SIGNER)


CHUNK = _chunk()


class RelayInFiles:
    """Both the relay and the line to it: what `desktop.sync` asks a session and its client for."""

    passing: Callable[[], None] = staticmethod(lambda: None)
    """Called before and after each request: here a machine may die, too."""

    def __init__(self, folder: Path) -> None:
        self._applied = folder / "applied"
        self._files = folder

    def applied(self) -> list[tuple[str, str]]:
        """(id of the change, id of its delivery), in the order they were taken."""
        lines = self._applied.read_text().split() if self._applied.exists() else []
        return [(line.split(":")[0], line.split(":")[1]) for line in lines]

    def file(self, name: str) -> bytes:
        path = self._files / f"file-{name}"
        return path.read_bytes() if path.exists() else b""

    def _keep(self, path: Path, content: bytes) -> None:
        with path.open("ab") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    # -- as a session ---------------------------------------------------------------------------------

    def ask(self, path: str, body: Wire | None, answer: type[Wire], *, wait_seconds: int = 0) -> Wire:
        if path == "/staff/ask/chunks":
            return ChunkList(chunks=(CHUNK[0],))
        if path == "/staff/ask/originals":
            assert isinstance(body, OriginalsQuery)
            return Originals(records=tuple(record for record in STREAM if record.id in body.ids))
        assert path == "/staff/sync" and isinstance(body, SyncRequest)
        self.passing()
        response = self._sync(body)
        self.passing()
        return response

    def run(self, call: Callable[[Any], T]) -> T:
        self.passing()
        answer = call(self)
        self.passing()
        return answer

    # -- as its client --------------------------------------------------------------------------------

    def get_bytes(self, path: str) -> bytes:
        assert path == "/staff/chunks/chunk"
        (self._files / "chunk-read").touch()
        return chunk_bytes(*CHUNK)

    def get(self, path: str, answer: type[FileState]) -> FileState:
        name = path.split("/")[3]
        whole = self._files / f"whole-{name}"
        size = int(whole.read_text()) if whole.exists() else None
        received = len(self.file(name))
        return FileState(sha256=name, received=received, size=size, complete=received == size)

    def put(self, path: str, content: bytes, answer: type[FileState]) -> FileState:
        name, query = path.split("/")[3].split("?")[0], parse_qs(urlsplit(path).query)
        assert int(query["offset"][0]) == len(self.file(name)), "a piece twice, or one left out"
        (self._files / f"whole-{name}").write_text(query["size"][0])
        self._keep(self._files / f"file-{name}", content)
        return self.get(path.split("?")[0], answer)

    # -- a round --------------------------------------------------------------------------------------

    def _sync(self, request: SyncRequest) -> SyncResponse:
        known = {id for id, _ in self.applied()}
        for change in request.changes:
            if change.id not in known:
                self._keep(self._applied, f"{change.id}:{change.payload['draft']['id']}\n".encode())
        records, cursor, more = self._news(request.cursor)
        log, proof = self._log(request.log_size)
        return SyncResponse(
            results=tuple(ChangeResult(id=one.id, outcome="applied", version=1) for one in request.changes),
            records=records, cursor=cursor, more=more, left=int(more), relay="r", relay_time=NOW, log=log,
            log_proof=proof,
        )  # fmt: skip

    def _news(self, cursor: dict[str, int]) -> tuple[tuple[Record, ...], dict[str, int], bool]:
        things = [thing for _, thing in self.applied()]
        town = [COLLEAGUE, *(_delivery(seq, thing) for seq, thing in enumerate(things, DELIVERIES_FROM))]
        sent: list[Record] = []
        after, more = {}, False
        for audience, stream in ((TOWN, town), (INBOX, STREAM)):
            seen = cursor.get(audience, 0)
            found = [record for record in stream if record.seq > seen]
            page = found[:IN_A_PAGE]
            sent += page
            after[audience] = page[-1].seq if page else seen
            more = more or len(page) < len(found)
        return tuple(sent), after, more

    def _log(self, asked_with: int) -> tuple[TreeHead, tuple[str, ...]]:
        nodes: dict[tuple[int, int], bytes] = {}
        leaves = [leaf_hash(id.encode()) for id, _ in self.applied()]

        def node(level: int, index: int) -> bytes:
            return nodes[level, index]

        for size, leaf in enumerate(leaves):
            nodes |= {(level, index): value for level, index, value in nodes_after(node, size, leaf)}
        head = TreeHead(size=len(leaves), root=root(node, len(leaves)).hex())
        return head, tuple(part.hex() for part in consistency_proof(node, asked_with, len(leaves)))


def _delivery(seq: int, thing: str) -> Record:
    body = Delivery(draft=DeliveryDraft(id=thing, title=thing)).as_json()
    return Record(kind="delivery", id=thing, audience=TOWN, seq=seq, version=1, body=body)
