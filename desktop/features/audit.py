"""The audit log and the access log (「操作記録」「アクセス記録」): searched, checked, exported.

Requirements: SEC-5, SEC-9. The relay holds the log and could lie about it; what is checked here needs only
hashes and the people's public keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from desktop.features.asking import Ask
from desktop.features.exports import Cell, csv_bytes, japan_time, write_xlsx
from desktop.features.staff import Staff
from desktop.features.wording import words_for, words_of_reason
from desktop.keys.keyring import KeyRing
from desktop.replica.log_heads import LogAlarm, LogHeads
from desktop.replica.replica import Replica
from protocol.audit import (
    AUDIT_PAGE,
    NOT_KEPT,
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
    TreeHead,
    entry_leaf,
)
from protocol.changes import ExportMade, change_hash, is_signed_by
from protocol.encoding import from_base64
from protocol.merkle import root_of_leaves
from protocol.staff import StaffMember

AUDIT_HEADER = ("番号", "日時", "職員", "操作", "対象", "結果", "理由", "端末")
ACCESS_HEADER = ("番号", "日時", "アドレス", "方法", "行き先", "応答", "職員")

SignatureState = Literal["signed", "wrong", "unproven", "no_change", "not_kept"]
"""`signed`: the person's own key signed exactly this. `wrong`: it did not, or the key is not known.
`unproven`: a key signed this that only the relay calls the person's: no certificate vouches for it.
`no_change`: nothing to sign, such as a sign-in. `not_kept`: it carried wrapped keys, of which the log keeps
the hash alone."""

TreeState = Literal["whole", "damaged", "shrunk"]
"""`whole`: every line leads to the head that was shown, and to the one known before."""


@dataclass(frozen=True)
class CheckedEntry:
    """An entry with the change behind it, and whether the person's signature holds."""

    detail: AuditDetail
    signature: SignatureState


@dataclass(frozen=True)
class SignedPage:
    """One page of a search with the names a person needs to read it. `titles`: id → name of the thing."""

    entries: tuple[AuditEntry, ...] = ()
    more: bool = False
    staff: list[StaffMember] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def empty() -> SignedPage:
        return SignedPage()

    def followed_by(self, further: SignedPage) -> SignedPage:
        return replace(further, titles=self.titles | further.titles)

    def name_of(self, staff: str) -> str:
        """Empty where nobody is known to have done it."""
        return next((member.display_name for member in self.staff if member.id == staff), staff)

    def objects_of(self, entry: AuditEntry) -> str:
        """What it was about, by name where this desktop knows the thing."""
        names = [self.titles.get(thing, self.name_of(thing)) for thing in entry.object.split()]
        return "、".join(names[:3]) + (f" ほか{len(names) - 3}件" if len(names) > 3 else "")


@dataclass(frozen=True)
class TreeCheck:
    """What became of recomputing the whole tree. `lines`: how many were counted."""

    state: TreeState
    lines: int


class Audit:
    """Every call but `alarm` asks the relay and blocks."""

    def __init__(self, replica: Replica, ask: Ask, staff: Staff, ring: Callable[[], KeyRing]) -> None:
        self._replica = replica
        self._ask = ask
        self._staff, self._ring = staff, ring
        self._heads = LogHeads(replica.store)

    def search(self, query: AuditQuery) -> AuditPage:
        return self._ask("audit-search", query, AuditPage)

    def page(self, query: AuditQuery) -> SignedPage:
        """As `search`, with the names."""
        found = self.search(query)
        titles: dict[str, str] = {}
        for entry in found.entries:
            for thing in entry.object.split()[:3]:
                if thing not in titles and (title := self._replica.records.title_of(thing)):
                    titles[thing] = title
        return SignedPage(found.entries, found.more, self._staff.all(), titles)

    def access(self, query: AccessLogQuery) -> AccessPage:
        return self._ask("access-log", query, AccessPage)

    def entry(self, no: int) -> CheckedEntry:
        detail = self._ask("audit-entry", AuditEntryQuery(no=no), AuditDetail)
        return CheckedEntry(detail, self._signature(detail))

    def check_whole(self) -> TreeCheck:
        """Recompute the tree from its leaves and compare it with the head shown and the head known."""
        known = self._heads.known()
        leaves: list[bytes] = []
        head: TreeHead | None = None
        while head is None or len(leaves) < head.size:
            part = self._ask("audit-leaves", AuditLeavesQuery(start=len(leaves)), AuditLeaves)
            head = head or part.head
            if not part.leaves:
                break
            leaves += [bytes.fromhex(leaf) for leaf in part.leaves]
        if head.size < known.size:
            return TreeCheck("shrunk", len(leaves))
        whole = (
            len(leaves) >= head.size
            and root_of_leaves(leaves[: head.size]).hex() == head.root
            and (known.size == 0 or root_of_leaves(leaves[: known.size]).hex() == known.root)
        )
        if whole and self._fits(leaves):
            return TreeCheck("whole", head.size)
        return TreeCheck("damaged", len(leaves))

    def _fits(self, leaves: list[bytes]) -> bool:
        """Whether the newest entries, as they are shown to people, are the ones the tree was made of."""
        page = self.search(AuditQuery(limit=AUDIT_PAGE))
        return all(entry_leaf(entry) == leaves[entry.no] for entry in page.entries if entry.no < len(leaves))

    def alarm(self) -> LogAlarm | None:
        """What is wrong with the log's growth; stays until somebody acknowledges it."""
        return self._heads.alarm()

    def past_alarm(self) -> LogAlarm | None:
        """The alarm acknowledged last, for a report."""
        return self._heads.acknowledged()

    def acknowledge_alarm(self) -> None:
        self._heads.acknowledge()

    def all_entries(self, query: AuditQuery) -> list[AuditEntry]:
        """All pages of a search, newest first."""
        found: list[AuditEntry] = []
        while True:
            page = self.search(query)
            found += page.entries
            if not page.more or not page.entries:
                return found
            query = query.model_copy(update={"before": page.entries[-1].no})

    def all_access(self, query: AccessLogQuery) -> list[AccessEntry]:
        found: list[AccessEntry] = []
        while True:
            page = self.access(query)
            found += page.entries
            if not page.more or not page.entries:
                return found
            query = query.model_copy(update={"before": page.entries[-1].no})

    def export_entries(self, path: Path, query: AuditQuery) -> int:
        """Write the search as XLSX or CSV; that it was written is itself an entry. Returns the lines."""
        names = self.names()
        rows = [entry_cells(entry, names) for entry in self.all_entries(query)]
        self._write(path, "操作記録", AUDIT_HEADER, rows, "audit")
        return len(rows)

    def export_access(self, path: Path, query: AccessLogQuery) -> int:
        names = self.names()
        rows = [access_cells(entry, names) for entry in self.all_access(query)]
        self._write(path, "アクセス記録", ACCESS_HEADER, rows, "access-log")
        return len(rows)

    def names(self) -> dict[str, str]:
        """Staff id → name, of everybody who ever had an account here."""
        return {member.id: member.display_name for member in self._staff.all()}

    def _write(
        self, path: Path, sheet: str, header: tuple[str, ...], rows: list[tuple[Cell, ...]], what: str
    ) -> None:
        # Said before it is written: a file nobody heard of must not exist.
        self._replica.outbox.put("export.made", ExportMade(what=what, count=len(rows)), based_on=0)
        if path.suffix.lower() == ".csv":
            path.write_bytes(csv_bytes(header, rows))
        else:
            write_xlsx(path, sheet, header, rows)

    def _signature(self, detail: AuditDetail) -> SignatureState:
        change, entry = detail.change, detail.entry
        if change is None:
            if entry.kind in NOT_KEPT:
                return "not_kept"
            return "no_change" if not entry.change_hash else "wrong"
        member = next((one for one in self._staff.all() if one.id == entry.staff), None)
        if member is None or not member.sign_key or change.staff != entry.staff:
            return "wrong"
        try:
            key = from_base64(member.sign_key)
        except ValueError:
            return "wrong"
        fits = change_hash(change) == entry.change_hash and change.kind == entry.kind
        if not fits or not is_signed_by(change, key):
            return "wrong"
        return "signed" if self._ring().is_certified(member) else "unproven"


def audit_kinds() -> tuple[str, ...]:
    """Every kind an entry may have, what people look for most first."""
    return (*words_for("audit_kind"), *words_for("change"))


def kind_words(kind: str) -> str:
    """What was done, in the words of the screen."""
    known: dict[str, str] = words_for("change") | words_for("audit_kind")
    return known.get(kind, known["unknown"])


def outcome_words(entry: AuditEntry) -> str:
    return words_for("audit_outcome")["failed" if entry.kind.endswith("_failed") else entry.outcome]


def entry_cells(entry: AuditEntry, names: dict[str, str]) -> tuple[Cell, ...]:
    """One line as people read it; ids where nothing better is known."""
    return (
        entry.no + 1,
        japan_time(entry.at),
        names.get(entry.staff, entry.staff),
        kind_words(entry.kind),
        entry.object,
        outcome_words(entry),
        words_of_reason(entry.reason).what if entry.reason else "",
        entry.device,
    )


def access_cells(entry: AccessEntry, names: dict[str, str]) -> tuple[Cell, ...]:
    who = names.get(entry.staff, entry.staff)
    return (entry.no, japan_time(entry.at), entry.address, entry.method, entry.route, entry.status, who)
