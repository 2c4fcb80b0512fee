"""The yearly transfers (「4月の異動」): an Excel list, compared with the accounts, tried, applied. ADM-2.

People not on the list stay as they are: only 「退職」 in the last column closes an account.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from desktop.errors import KeysNotReady
from desktop.features.exports import Cell, write_xlsx
from desktop.features.people import MemberWish, People
from desktop.features.tables_in import folded as _folded
from desktop.features.tables_in import read_table
from desktop.features.wording import words_for, words_of_problem, words_of_reason
from protocol.staff import Role, StaffMember

HEADER = ("利用者名", "氏名", "課", "役割", "在籍")
_ALIASES: Mapping[str, str] = {
    "利用者名": "login_name", "ログイン名": "login_name", "ユーザー名": "login_name",
    "ユーザ名": "login_name",
    "利用者id": "login_name", "ログインid": "login_name", "id": "login_name", "アカウント": "login_name",
    "氏名": "name", "名前": "name", "表示名": "name", "職員名": "name",
    "課": "departments", "所属": "departments", "所属課": "departments", "部署": "departments",
    "課名": "departments",
    "役割": "role", "権限": "role", "ロール": "role",
    "在籍": "employed", "状態": "employed", "在職": "employed", "備考": "employed",
}  # fmt: skip
_LEFT_WORDS = frozenset({"退職", "離職", "停止", "使用停止", "いいえ", "×", "x", "no"})
_STAYS_WORDS = frozenset({"", "在籍", "在職", "はい", "○", "◯", "〇", "yes", "新規", "新任"})
_BETWEEN = str.maketrans({mark: "、" for mark in ",，;；/／・\n"})

TransferKind = Literal["new", "moved", "role", "left", "same", "wrong"]


@dataclass(frozen=True)
class Transfer:
    """One line of the list and what it means. `reasons` are sentences, only where `kind` is `wrong`.

    `line` is the number Excel shows; `cells` what stood there, for the list of errors that goes back.
    """

    line: int
    kind: TransferKind
    cells: tuple[str, ...]
    wish: MemberWish | None = None
    before: StaffMember | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A line as read, by the property its column stands for."""

    line: int
    values: Mapping[str, str]

    @property
    def cells(self) -> tuple[str, ...]:
        return tuple(self.values.get(name, "") for name in _PROPERTIES)


_PROPERTIES = ("login_name", "name", "departments", "role", "employed")


def read_list(path: Path) -> list[Row]:
    """The lines below the header; columns by name in any order, empty lines left out.

    Raises ListTooLarge, ListUnreadable.
    """
    lines = read_table(path, _ALIASES, ("login_name", "name"))
    return [Row(line.line, line.values) for line in lines]


def compare(rows: Iterable[Row], people: People) -> list[Transfer]:
    """What each line would change. Nothing is written: this is the preview and the dry run."""
    known = {member.login_name: member for member in people.everybody()}
    departments = {_folded(each.name): each.id for each in people.departments()}
    roles: dict[str, Role] = {_folded(word): role for role, word in words_for("role").items()}  # type: ignore[misc]
    seen: dict[str, int] = {}
    found = [_transfer(row, known, departments, roles, people, seen) for row in rows]
    return _without_losing_all_admins(found, people)


def apply(transfers: Iterable[Transfer], people: People) -> int:
    """Put every change that is not wrong into the outbox; returns how many people change.

    Raises KeysNotReady before anything is written where the directory key is wanted and not here.
    """
    wanted = [each for each in transfers if each.kind not in ("same", "wrong")]
    if any(each.kind in ("moved", "left") for each in wanted) and not people.can_renew_keys():
        raise KeysNotReady
    people.save_all(
        [each.wish for each in wanted if each.wish is not None and each.kind != "left"],
        [each.before.id for each in wanted if each.before is not None and each.kind == "left"],
    )
    return len(wanted)


def write_template(path: Path, people: People) -> None:
    """The present people as a list to be mended and read back."""
    names = {each.id: each.name for each in people.departments(removed=True)}
    roles = words_for("role")
    rows: list[tuple[Cell, ...]] = [
        (
            member.login_name,
            member.display_name,
            "、".join(names[each] for each in member.departments if each in names),
            roles[member.role],
            "在籍",
        )
        for member in people.everybody()
        if member.state != "left"
    ]
    write_xlsx(path, "異動", HEADER, rows)


def write_errors(path: Path, transfers: Iterable[Transfer]) -> None:
    """The lines that were not taken, with the reason beside them; mended, the file can be read again."""
    rows = [
        (*each.cells, str(each.line), "".join(each.reasons)) for each in transfers if each.kind == "wrong"
    ]
    write_xlsx(path, "異動（誤り）", (*HEADER, "元の行", "理由"), rows)


def _transfer(
    row: Row,
    known: Mapping[str, StaffMember],
    departments: Mapping[str, str],
    roles: Mapping[str, Role],
    people: People,
    seen: dict[str, int],
) -> Transfer:
    reasons: list[str] = []
    login_name = unicodedata.normalize("NFKC", row.values.get("login_name", ""))
    before = known.get(login_name)
    if login_name in seen:
        reasons.append(f"同じ利用者名が{seen[login_name]}行目にもあります。")
    seen.setdefault(login_name, row.line)
    employed = _folded(row.values.get("employed", ""))
    if employed in _LEFT_WORDS:
        return _leaving(row, before, reasons, people)
    if employed not in _STAYS_WORDS:
        reasons.append("「在籍」の列は、在籍か退職にしてください。")
    wish = _wish(row, login_name, before, departments, roles, reasons)
    if before is not None and before.state == "left":
        reasons.append("使用停止にした利用者です。新しい利用者名で登録してください。")
    reasons += [words_of_problem(problem).both for problem in people.find_problems(wish)]
    if reasons:
        return Transfer(row.line, "wrong", row.cells, before=before, reasons=tuple(dict.fromkeys(reasons)))
    return Transfer(row.line, _kind(wish, before), row.cells, wish, before)


def _leaving(row: Row, before: StaffMember | None, reasons: list[str], people: People) -> Transfer:
    if before is None:
        reasons.append("退職になっていますが、この利用者名の人はいません。")
    elif before.state == "left":
        return Transfer(row.line, "same", row.cells, before=before)
    else:
        reasons += [words_of_problem(problem).both for problem in people.find_leave_problems(before.id)]
    kind: TransferKind = "wrong" if reasons else "left"
    return Transfer(row.line, kind, row.cells, before=before, reasons=tuple(reasons))


def _wish(
    row: Row,
    login_name: str,
    before: StaffMember | None,
    departments: Mapping[str, str],
    roles: Mapping[str, Role],
    reasons: list[str],
) -> MemberWish:
    """A column that is missing from the list leaves what it stands for as it is."""
    chosen: list[str] = []
    for name in row.values.get("departments", "").translate(_BETWEEN).split("、"):
        if not name.strip():
            continue
        id = departments.get(_folded(name))
        if id is None:
            reasons.append(f"「{name.strip()}」という課はありません。")
        elif id not in chosen:
            chosen.append(id)
    word = _folded(row.values.get("role", ""))
    role: Role = before.role if before is not None else "viewer"
    if word in roles:
        role = roles[word]
    elif word:
        reasons.append(f"「{row.values['role']}」という役割はありません。")
    kept = before.departments if before is not None and "departments" not in row.values else tuple(chosen)
    return MemberWish(
        login_name=login_name,
        display_name=row.values.get("name", ""),
        role=role,
        departments=kept,
        id=before.id if before is not None else "",
    )


def _kind(wish: MemberWish, before: StaffMember | None) -> TransferKind:
    if before is None:
        return "new"
    if set(wish.departments) != set(before.departments):
        return "moved"
    if wish.role != before.role or wish.display_name.strip() != before.display_name:
        return "role"
    return "same"


def _without_losing_all_admins(found: list[Transfer], people: People) -> list[Transfer]:
    """Line by line nobody may be the last administrator, but all lines together could take them all."""
    admins = {
        member.id for member in people.everybody() if member.role == "admin" and member.state == "active"
    }
    taken = [
        each
        for each in found
        if each.before is not None
        and each.before.id in admins
        and (each.kind == "left" or (each.wish is not None and each.wish.role != "admin"))
    ]
    if not admins or len(taken) < len(admins):
        return found
    reason = words_of_reason("last_admin").both
    last = taken[-1]
    return [
        Transfer(each.line, "wrong", each.cells, before=each.before, reasons=(reason,))
        if each is last
        else each
        for each in found
    ]
