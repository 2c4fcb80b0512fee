"""The fake relay with what watches over people: audit log, access log, devices, notices, second factor,
passphrase. Verbs: `rewrite_history()`, `restore(size)`, `hide_log()`, `revoke(device)`, `notify(…)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest

from protocol.audit import (
    ACCESS_LOG_FLOOR_DAYS,
    AccessEntry,
    AccessLogQuery,
    AccessPage,
    AuditDetail,
    AuditEntry,
    AuditEntryQuery,
    AuditLeaves,
    AuditLeavesQuery,
    AuditPage,
    AuditQuery,
    Notice,
    TreeHead,
    entry_leaf,
)
from protocol.changes import Change, ChangeResult, change_hash
from protocol.devices import read_signed_parts
from protocol.merkle import consistency_proof, root_of_leaves
from protocol.signin import (
    EnrolAnswer,
    EnrolRequest,
    PassphraseChange,
    SecondFactorChange,
    SignInAnswer,
    SignInRequest,
)
from protocol.sync import Device, SyncRequest, SyncResponse
from protocol.wire import Wire
from tests.desktop.fake_relay import Account, FakeRelay
from tests.desktop.fake_server import Refused
from tests.desktop.morning import morning

__all__ = ["WatchingRelay", "access_entries", "relay", "watching_relay"]


@dataclass
class WatchingRelay(FakeRelay):
    """`lose_answer_after` names paths whose next request is done, and its answer lost, also when repeated."""

    log: list[AuditEntry] = field(default_factory=list)
    behind: dict[int, Change] = field(default_factory=dict)
    access: list[AccessEntry] = field(default_factory=list)
    factors: dict[str, str] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    lose_answer_after: dict[str, int] = field(default_factory=dict)
    shows_log: bool = True
    leaf_page: int = 3
    wrong_proof: bool = False

    # -- verbs ----------------------------------------------------------------------------------------

    def write(self, kind: str, staff: str = "", *, change: Change | None = None, **more: Any) -> AuditEntry:
        entry = AuditEntry(
            no=len(self.log), at=self.clock(), staff=staff, kind=kind,
            change_hash=change_hash(change) if change else "", **more,
        )  # fmt: skip
        self.log.append(entry)
        if change is not None:
            self.behind[entry.no] = change
        return entry

    def rewrite_history(self, no: int = 0) -> None:
        """Somebody with the database changes an entry and builds a new tree over it."""
        self.log[no] = self.log[no].model_copy(update={"staff": "nobody"})

    def restore(self, size: int) -> None:
        """The relay is put back to yesterday's backup."""
        del self.log[size:]

    def hide_log(self) -> None:
        self.shows_log = False

    def revoke(self, device: str) -> None:
        self.revoked.add(device)
        body = Device.parse(self.records["device", device].body)
        self.put("device", device, body.model_copy(update={"revoked": True}), audience=f"staff:{body.staff}")
        self.tokens.clear()

    def notify(self, code: str, *, count: int = 1, login_name: str = "sato") -> Notice:
        now = self.clock()
        notice = Notice(id=f"notice-{code}", code=code, count=count, first_at=now, last_at=now)
        self.put("notice", notice.id, notice, audience=f"staff:{self.accounts[login_name].member.id}")
        return notice

    def change_member(self, login_name: str, **changed: Any) -> None:
        account = self.accounts[login_name]
        account.member = account.member.model_copy(update=changed)
        self.put("staff", account.member.id, account.member)

    @property
    def head(self) -> TreeHead:
        return TreeHead(size=len(self.log), root=root_of_leaves(self._leaves()).hex())

    # -- routes ---------------------------------------------------------------------------------------

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Wire | bytes | None:
        path = urlsplit(target).path
        parts = read_signed_parts(headers)
        if parts is not None and parts.device in self.revoked:
            raise Refused(403, "device_revoked")
        answer = self._watched(method, target, path, headers, body)
        if self.lose_answer_after.get(path, 0) > 0:
            self.lose_answer_after[path] -= 1
            raise ConnectionAbortedError
        return answer

    def _watched(
        self, method: str, target: str, path: str, headers: dict[str, str], body: bytes
    ) -> Wire | bytes | None:
        asks = {
            "/staff/ask/audit-search": lambda: self._search(AuditQuery.parse(body)),
            "/staff/ask/audit-entry": lambda: self._entry(AuditEntryQuery.parse(body)),
            "/staff/ask/audit-leaves": lambda: self._leaf_page(AuditLeavesQuery.parse(body)),
            "/staff/ask/access-log": lambda: self._access(AccessLogQuery.parse(body)),
        }
        acts = {"/staff/passphrase": self._passphrase, "/staff/second-factor": self._second_factor}
        if path not in asks and path not in acts:
            return super().answer(method, target, headers, body)
        self.requests.append(f"{method} {path}")
        self._check_device(method, target, headers, body)
        login_name = self._session(headers)
        if path in asks:
            return asks[path]()
        acts[path](login_name, body)
        return None

    def _enrol(self, request: EnrolRequest) -> EnrolAnswer:
        answer = super()._enrol(request)
        device = Device(
            id=answer.device, staff=answer.staff.id, name=request.device_name, added_at=self.clock(),
            last_seen_at=self.clock(),
        )  # fmt: skip
        self.put("device", device.id, device, audience=f"staff:{device.staff}")
        self.write("device_enrolled", device.staff, device=device.id, object=device.id)
        return answer

    def _sign_in(self, request: SignInRequest, device: str) -> SignInAnswer:
        answer = super()._sign_in(request, device)
        secret = self.factors.get(request.login_name)
        if secret and not request.second_code:
            self.tokens.pop(answer.token)
            raise Refused(401, "second_code_needed")
        if secret and not pyotp.TOTP(secret).verify(request.second_code, valid_window=1):
            self.tokens.pop(answer.token)
            raise Refused(401, "second_code_wrong")
        self.write("sign_in", answer.staff.id, device=device)
        return answer

    def _sync(self, request: SyncRequest, login_name: str) -> SyncResponse:
        response = super()._sync(request, login_name)
        return response.model_copy(update=self._growth(request.log_size)) if self.shows_log else response

    def _growth(self, known: int) -> dict[str, Any]:
        leaves = self._leaves()

        def nodes(level: int, index: int) -> bytes:
            return root_of_leaves(leaves[index << level : (index + 1) << level])

        proof = consistency_proof(nodes, known, len(leaves)) if 0 < known < len(leaves) else []
        if self.wrong_proof:
            proof = [bytes(32) for _ in proof] or [bytes(32)]
        return {"log": self.head, "log_proof": tuple(part.hex() for part in proof)}

    def _apply(self, change: Change, login_name: str) -> ChangeResult:
        known = change.id in self._results
        result = super()._apply(change, login_name)
        if not known:
            things = " ".join(str(value) for value in change.payload.values() if isinstance(value, str))
            self.write(
                change.kind, change.staff, change=change, outcome=result.outcome, reason=result.reason,
                object=things if change.kind.split(".")[0] in ("device", "notice") else "",
            )  # fmt: skip
        return result

    def _do(self, change: Change, account: Account) -> tuple[str, int]:
        if change.kind == "device.revoke":
            self.revoke(change.payload["device"])
            return "", 0
        if change.kind == "notice.dismiss":
            notice = Notice.parse(self.records["notice", change.payload["notice"]].body)
            done = notice.model_copy(update={"dismissed_by": account.member.id})
            self.put("notice", notice.id, done, audience=f"staff:{account.member.id}")
            return "", 0
        return super()._do(change, account)

    def _passphrase(self, login_name: str, body: bytes) -> None:
        change, account = PassphraseChange.parse(body), self.accounts[login_name]
        if change.login_key != account.login_key:
            raise Refused(401, "wrong_passphrase")
        account.login_key, account.cost = change.new_login_key, change.new_cost
        account.wrapped_keys = change.wrapped_keys
        self.tokens.clear()
        self.write("passphrase_changed", account.member.id)

    def _second_factor(self, login_name: str, body: bytes) -> None:
        change = SecondFactorChange.parse(body)
        secret = change.secret or self.factors.get(login_name, "")
        if not secret or not pyotp.TOTP(secret).verify(change.code, valid_window=1):
            raise Refused(401, "second_code_wrong")
        if change.secret:
            self.factors[login_name] = secret
        else:
            self.factors.pop(login_name)
        self.change_member(login_name, second_factor=bool(change.secret))

    def _search(self, query: AuditQuery) -> AuditPage:
        found = [
            entry
            for entry in reversed(self.log)
            if (not query.staff or entry.staff == query.staff)
            and (not query.kinds or entry.kind in query.kinds)
            and (not query.object or query.object in entry.object.split())
            and (query.since is None or entry.at >= query.since)
            and (query.until is None or entry.at < query.until)
            and (query.before is None or entry.no < query.before)
        ]
        return AuditPage(entries=tuple(found[: query.limit]), more=len(found) > query.limit, head=self.head)

    def _entry(self, query: AuditEntryQuery) -> AuditDetail:
        return AuditDetail(entry=self.log[query.no], change=self.behind.get(query.no))

    def _leaf_page(self, query: AuditLeavesQuery) -> AuditLeaves:
        leaves = self._leaves()[query.start : query.start + self.leaf_page]
        return AuditLeaves(leaves=tuple(leaf.hex() for leaf in leaves), head=self.head)

    def _access(self, query: AccessLogQuery) -> AccessPage:
        found = [
            entry
            for entry in reversed(self.access)
            if query.address in entry.address
            and query.route in entry.route
            and query.status in (None, entry.status)
            and (query.before is None or entry.no < query.before)
        ]
        limit = query.limit
        return AccessPage(
            entries=tuple(found[:limit]), more=len(found) > limit, kept_days=ACCESS_LOG_FLOOR_DAYS
        )

    def _leaves(self) -> list[bytes]:
        return [entry_leaf(entry) for entry in self.log]


def access_entries(count: int, *, staff: str = "") -> list[AccessEntry]:
    """Requests one minute apart, every fifth refused."""
    begun = morning() - timedelta(minutes=count)
    return [
        AccessEntry(
            no=number, at=begun + timedelta(minutes=number), address=f"10.1.{number % 3}.7", method="POST",
            route="/staff/sync" if number % 2 else "/staff/sign-in", status=401 if number % 5 == 0 else 200,
            staff=staff if number % 2 else "",
        )
        for number in range(count)
    ]  # fmt: skip


def watching_relay(folder: Path) -> Iterator[WatchingRelay]:
    folder.mkdir()
    made = WatchingRelay(folder)
    made.start()
    made.set_town(town_name="みなと野市", account_name="みなと野市公式", environment="training")
    made.set_summary(friends=4321, answered=3012, blocked=87, followed_today=6, followed_week=41)
    yield made
    made.stop()


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[WatchingRelay]:
    """Import it into a test module: it takes the place of the plain one there."""
    yield from watching_relay(tmp_path / "relay")
