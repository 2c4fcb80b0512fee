"""A small relay in memory behind real TLS: the staff API's routes with the protocol's own classes.

It knows verbs a test needs (`relay.refuse_next("version_conflict")`), and remembers every request. The real
relay passes the same stories in `tests/stories`.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from protocol.changes import Change, ChangeResult, is_signed_by
from protocol.chunks import ChunkHeader
from protocol.deliveries import Delivery, DeliveryNumbers, Quota
from protocol.devices import is_request_signed, read_signed_parts
from protocol.encoding import from_base64
from protocol.enrolment import format_code, new_enrolment_code
from protocol.ids import new_id
from protocol.items import SegmentItem, find_item_problems
from protocol.segments import Everyone
from protocol.signin import EnrolAnswer, EnrolRequest, PassphraseCost, SignInAnswer, SignInRequest, new_cost
from protocol.staff import Role, StaffMember
from protocol.sync import (
    RECORDS_LIMIT,
    CountAnswer,
    CountRequest,
    CouponsAnswer,
    ItemUseAnswer,
    PeopleRequest,
    QuotaAnswer,
    Record,
    Refusal,
    SyncRequest,
    SyncResponse,
    TownSettings,
    TownSummary,
)
from protocol.wire import Wire
from tests.desktop import fake_files, fake_lists, fake_sending, fake_submissions
from tests.desktop.fake_server import QuietServer, Refused, handler_for
from tests.desktop.morning import morning


@dataclass
class Account:
    member: StaffMember
    cost: PassphraseCost
    login_key: str
    wrapped_keys: str
    sign_key: bytes


@dataclass
class FakeRelay:
    """Start with `start()`, stop with `stop()`. `count` answers segment counts."""

    folder: Path
    relay_id: str = "relay-test"
    records: dict[tuple[str, str], Record] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    devices: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytearray] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    applied: list[Change] = field(default_factory=list)
    count: Callable[[Any], int] = lambda segment: 4321 if isinstance(segment, Everyone) else 312
    friends: int = 4321
    quota: QuotaAnswer = field(default_factory=lambda: QuotaAnswer(quota=Quota(limit=30000, used=12000)))
    coupons: CouponsAnswer = field(default_factory=CouponsAnswer)
    deliver_at_once: bool = True
    safety: fake_sending.Safety = field(default_factory=fake_sending.Safety)
    beside: dict[tuple[str, str, str], Record] = field(default_factory=dict)
    """What is seen through a further audience: (kind, id, audience)."""
    chunks: dict[str, tuple[ChunkHeader, bytes]] = field(default_factory=dict)
    records_limit: int = RECORDS_LIMIT
    clock: Callable[[], datetime] = morning
    clock_off: timedelta = timedelta()
    next_role: Role = "admin"

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._news = threading.Condition(self._lock)
        self._seq = 0
        self._results: dict[str, ChangeResult] = {}
        self._refuse: list[str] = []
        self._drop_answers = 0
        self._nonces: set[str] = set()
        self._server: QuietServer | None = None
        self._port = 0
        self.authority = trustme.CA()
        self.new_certificate()
        self.code_secrets: set[str] = set()

    # -- verbs for tests ------------------------------------------------------------------------------

    def new_certificate(self) -> None:
        """Another certificate, as after an attack or a re-installation."""
        certificate = self.authority.issue_cert("127.0.0.1", "localhost")
        self._pem = self.folder / f"relay-{len(list(self.folder.glob('relay-*.pem')))}.pem"
        chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
        self._pem.write_bytes(certificate.private_key_pem.bytes() + chain)
        public = load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes()).public_key()
        self.key_hash = sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()

    def new_code(self) -> str:
        """A one-time code as the relay prints it."""
        code = new_enrolment_code(self.key_hash)
        self.code_secrets.add(code.secret)
        return format_code(code)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._port}"

    def start(self) -> FakeRelay:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._pem)
        server = QuietServer(("127.0.0.1", self._port), handler_for(self))
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self._server, self._port = server, server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Away, until `start` again on the same port."""
        if self._server is not None:
            server, self._server = self._server, None
            with self._news:
                self._news.notify_all()
            server.shutdown()
            server.server_close()

    def refuse_next(self, reason: str) -> None:
        """Refuse the next change."""
        self._refuse.append(reason)

    def drop_next_answer(self) -> None:
        """Do the next sync round, but cut the line before the answer; also at the second try."""
        self._drop_answers += 2

    def forget_sessions(self) -> None:
        self.tokens.clear()

    def put(
        self, kind: str, thing: str, body: Wire, *, removed: bool = False, audience: str = "town"
    ) -> Record:
        """Write a fact and wake who waits."""
        with self._news:
            self._seq += 1
            before = self.records.get((kind, thing))
            record = Record(
                kind=kind, id=thing, audience=audience, seq=self._seq,
                version=(before.version if before else 0) + 1, removed=removed,
                body={} if removed else body.as_json(),
            )  # fmt: skip
            self.records[kind, thing] = record
            self._news.notify_all()
            return record

    def put_beside(self, kind: str, thing: str, body: Wire, version: int, audience: str) -> None:
        """The same state, seen through a further audience."""
        with self._news:
            self._seq += 1
            self.beside[kind, thing, audience] = Record(
                kind=kind, id=thing, audience=audience, seq=self._seq, version=version, body=body.as_json()
            )
            self._news.notify_all()

    @property
    def newest(self) -> int:
        return self._seq

    def stream(self, audience: str, after: int) -> list[Record]:
        """The latest states an audience sees above a number, oldest first."""
        everything = (*self.records.values(), *self.beside.values())
        mine = [record for record in everything if record.audience == audience and record.seq > after]
        return sorted(mine, key=lambda record: record.seq)

    def states_of(self, kind: str, thing: str) -> list[Record]:
        """One thing as each audience sees it."""
        everything = (*self.records.values(), *self.beside.values())
        return [record for record in everything if (record.kind, record.id) == (kind, thing)]

    def set_town(self, **settings: Any) -> None:
        self.put("settings", "town", TownSettings(**settings))

    def set_summary(self, **numbers: int) -> None:
        self.put("summary", "town", TownSummary(**numbers, as_of=self.clock()))

    def tie_line(self, login_name: str) -> None:
        """As if the person had typed the code into the talk."""
        account = self.accounts[login_name]
        account.member = account.member.model_copy(update={"line_linked": True})
        self.put("staff", account.member.id, account.member)

    def finish_sending(self, delivery_id: str, accepted: int, refused: int = 0) -> None:
        delivery = self.delivery(delivery_id)
        done = DeliveryNumbers(recipients=accepted + refused, accepted=accepted, refused=refused)
        state = {"state": "sent", "numbers": done, "finished_at": self.clock()}
        self.put("delivery", delivery_id, delivery.model_copy(update=state))

    def delivery(self, delivery_id: str) -> Delivery:
        return Delivery.parse(self.records["delivery", delivery_id].body)

    def items(self) -> dict[str, SegmentItem]:
        return {
            record.id: SegmentItem.parse(record.body)
            for record in self.records.values()
            if record.kind == "item" and not record.removed
        }

    # -- the routes -----------------------------------------------------------------------------------

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Wire | bytes | None:
        path = urlsplit(target).path
        self.requests.append(f"{method} {path}")
        device = self._check_device(method, target, headers, body)
        if path == "/staff/enrol":
            return self._enrol(EnrolRequest.parse(body))
        if path == "/staff/sign-in/start":
            name = json.loads(body)["login_name"]
            account = self.accounts.get(name)
            return account.cost if account else new_cost(memory_kib=1024)
        if path == "/staff/sign-in":
            return self._sign_in(SignInRequest.parse(body), device)
        login_name = self._session(headers)
        if path == "/staff/sign-out":
            self.tokens.clear()
            return None
        if path == "/staff/sync":
            return self._sync(SyncRequest.parse(body), login_name)
        if path == "/staff/ask/segment-count":
            segment = CountRequest.parse(body).segment
            return CountAnswer(count=self.count(segment), friends=self.friends, as_of=self.clock())
        if path == "/staff/ask/delivery-check":
            return fake_sending.check(self, body)
        if path == "/staff/ask/segment-people":
            return fake_lists.people(self, PeopleRequest.parse(body).segment)
        if path == "/staff/ask/quota":
            return self.quota
        if path == "/staff/ask/coupons":
            return self.coupons
        if path == "/staff/ask/item-use":
            return ItemUseAnswer(answers=128, deliveries=2, choices={"t0": 60, "t1": 44, "t2": 24})
        found = fake_submissions.answer(self, method, path, body)
        if found is not None:
            return found
        if path.startswith("/staff/files/"):
            return fake_files.answer(self, method, target, body)
        raise Refused(404, "not_found")

    def _check_device(self, method: str, target: str, headers: dict[str, str], body: bytes) -> str:
        parts = read_signed_parts(headers)
        if parts is None:
            raise Refused(401, "device_unknown")
        if parts.nonce in self._nonces:
            raise Refused(401, "replayed")
        self._nonces.add(parts.nonce)
        if parts.device == "new":
            return "new"
        key = self.devices.get(parts.device, (b"", ""))[0]
        if not key or not is_request_signed(parts, key, method=method, path=target, body=body):
            raise Refused(401, "device_unknown")
        return parts.device

    def _enrol(self, request: EnrolRequest) -> EnrolAnswer:
        if request.code not in self.code_secrets:
            raise Refused(401, "code_wrong")
        account = self.accounts.get(request.login_name)
        if request.wrapped_keys and account is not None:
            raise Refused(409, "login_name_taken")
        if not request.wrapped_keys and (account is None or account.login_key != request.login_key):
            raise Refused(401, "wrong_passphrase")
        self.code_secrets.discard(request.code)
        if account is None:
            member = StaffMember(
                id=new_id(self.clock()), login_name=request.login_name,
                display_name=request.display_name, sign_key=request.sign_key, seal_key=request.seal_key,
                role=self.next_role,
            )  # fmt: skip
            assert request.cost is not None
            account = Account(
                member, request.cost, request.login_key, request.wrapped_keys, from_base64(request.sign_key)
            )
            self.accounts[request.login_name] = account
            self.put("staff", member.id, member)
        device = new_id(self.clock())
        self.devices[device] = (from_base64(request.device_key), request.login_name)
        return EnrolAnswer(
            relay=self.relay_id, device=device, staff=account.member, cost=account.cost,
            wrapped_keys=account.wrapped_keys,
        )  # fmt: skip

    def _sign_in(self, request: SignInRequest, device: str) -> SignInAnswer:
        account = self.accounts.get(request.login_name)
        if account is None or account.login_key != request.login_key:
            raise Refused(401, "wrong_passphrase")
        token = new_id(self.clock())
        self.tokens[token] = request.login_name
        return SignInAnswer(
            token=token, staff=account.member, cost=account.cost, wrapped_keys=account.wrapped_keys,
            relay=self.relay_id, idle_minutes=30,
        )  # fmt: skip

    def _session(self, headers: dict[str, str]) -> str:
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            raise Refused(401, "session_expired")
        return self.tokens[token]

    def _sync(self, request: SyncRequest, login_name: str) -> SyncResponse:
        with self._news:
            results = tuple(self._apply(change, login_name) for change in request.changes)
            response = fake_submissions.news(self, request, self.accounts[login_name].member)
            if request.wait_seconds and not response.records and not response.lost:
                self._news.wait(timeout=request.wait_seconds)
                response = fake_submissions.news(self, request, self.accounts[login_name].member)
            if self._drop_answers and request.changes:
                self._drop_answers -= 1
                raise ConnectionAbortedError
            return response.model_copy(update={"results": results})

    def _apply(self, change: Change, login_name: str) -> ChangeResult:
        if change.id in self._results:
            return self._results[change.id]
        account = self.accounts[login_name]
        assert is_signed_by(change, account.sign_key)
        reason, version = (self._refuse.pop(0), 0) if self._refuse else self._do(change, account)
        if not reason:
            self.applied.append(change)
        result = ChangeResult(
            id=change.id, outcome="refused" if reason else "applied", reason=reason, version=version
        )
        self._results[change.id] = result
        return result

    def _do(self, change: Change, account: Account) -> tuple[str, int]:
        payload = change.payload
        if change.kind == "item.save":
            item = SegmentItem.parse(payload["item"])
            if find_item_problems(item):
                return find_item_problems(item)[0].code, 0
            return self.save("item", item.id, item, change.based_on)
        if change.kind == "item.remove":
            return "", self.put("item", payload["item"], Refusal(reason=""), removed=True).version
        if change.kind == "items.reorder":
            for position, item_id in enumerate(payload["items"]):
                moved = self.items()[item_id].model_copy(update={"position": position})
                self.put("item", item_id, moved)
            return "", 0
        if change.kind == "delivery.remove":
            return "", self.put("delivery", payload["delivery"], Refusal(reason=""), removed=True).version
        if change.kind in fake_sending.KINDS:
            return fake_sending.do(self, change)
        for part in (fake_submissions, fake_lists):
            if change.kind in part.KINDS:
                return part.do(self, change)
        if change.kind == "greeting.save":
            town = TownSettings.parse(self.records["settings", "town"].body)
            return self.save(
                "settings", "town", town.model_copy(update={"greeting": payload["text"]}), change.based_on
            )
        return "", 0

    def save(
        self, kind: str, thing: str, body: Wire, based_on: int, *, audience: str = "town"
    ) -> tuple[str, int]:
        known = self.records.get((kind, thing))
        if (known.version if known else 0) != based_on:
            return "version_conflict", 0
        return "", self.put(kind, thing, body, audience=audience).version
