"""Codes that say who somebody is (認証コード: staff, ward heads) by Excel: made, handed out, and changed on
transfer.

A list is compared with the codes that are valid now: who stays keeps the code, who is new gets one, whose
name is gone loses it. Nothing is written before a person has seen that. Codes are on the sheet that is handed
out and nowhere else: the relay gets their hashes, and for whom they are only sealed. SEG-4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from desktop.errors import LabelsClosed
from desktop.features.exports import Cell, write_xlsx
from desktop.features.lists import CodePerson, Lists, MadeCode
from desktop.features.tables_in import folded, read_table
from desktop.replica.lists import CodeQuery, HeldCode
from protocol.lists import ResidentList

HEADER = ("番号", "氏名", "課・地区")
_ALIASES: Mapping[str, str] = {
    "番号": "number", "職員番号": "number", "no": "number", "no.": "number", "id": "number",
    "整理番号": "number",
    "氏名": "name", "名前": "name", "職員名": "name", "お名前": "name",
    "課・地区": "department", "課": "department", "所属": "department", "所属課": "department",
    "部署": "department", "地区": "department", "行政区": "department", "区": "department",
    "備考": "department",
}  # fmt: skip
_RESIDENT_ALIASES: Mapping[str, str] = {
    "住民の番号": "resident", "住民番号": "resident", "住民id": "resident", "resident": "resident",
    "resident_id": "resident", "id": "resident",
}  # fmt: skip
_LONGEST = 80

CodeChangeKind = Literal["new", "stays", "gone", "wrong"]


@dataclass(frozen=True)
class CodeChange:
    """One person and what becomes of the code. `line`: in Excel, 0 for who is not on the new list."""

    kind: CodeChangeKind
    person: CodePerson
    line: int = 0
    held: HeldCode | None = None
    reasons: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"CodeChange({self.kind}, line {self.line})"


def read_people(path: Path) -> list[tuple[int, CodePerson]]:
    """Line and person for each line of an Excel list. Raises ListTooLarge, ListUnreadable."""
    lines = read_table(path, _ALIASES, ("name",))
    return [
        (
            line.line,
            CodePerson(
                number=line.values.get("number", ""),
                name=" ".join(line.values.get("name", "").split()),
                department=line.values.get("department", ""),
            ),
        )
        for line in lines
    ]


def read_residents(path: Path) -> list[str]:
    """The column of resident ids of an Excel list. Raises ListTooLarge, ListUnreadable."""
    return [line.values["resident"] for line in read_table(path, _RESIDENT_ALIASES, ("resident",))]


def valid_codes(lists: Lists, list_id: str) -> list[HeldCode]:
    """Every code of the list that is not revoked. Raises LabelsClosed where one does not say for whom it is:
    who stays and who goes cannot be told then.
    """
    lists.open_labels(list_id)
    query = CodeQuery(list=list_id, states=("unused", "used"), limit=-1)
    held = lists.page(query)
    if any(code.unopened for code in held):
        raise LabelsClosed
    return held


def compare(people: Iterable[tuple[int, CodePerson]], held: Sequence[HeldCode]) -> list[CodeChange]:
    """What the list would change. Nothing is written: this is the preview and the dry run."""
    by_key: dict[str, HeldCode] = {}
    for code in held:
        by_key.setdefault(_key(CodePerson(code.number, code.name, code.department)), code)
    seen: dict[str, int] = {}
    found: list[CodeChange] = []
    for line, person in people:
        key = _key(person)
        reasons = _reasons(person, key, seen)
        seen.setdefault(key, line)
        if reasons:
            found.append(CodeChange("wrong", person, line, reasons=reasons))
        elif key in by_key:
            found.append(CodeChange("stays", person, line, by_key[key]))
        else:
            found.append(CodeChange("new", person, line))
    # A line that cannot be read says nothing about the code of whom it names: that one is not taken away.
    named = {_key(change.person) for change in found}
    found += [
        CodeChange("gone", CodePerson(code.number, code.name, code.department), held=code)
        for code in held
        if _key(CodePerson(code.number, code.name, code.department)) not in named
    ]
    return found


def apply(changes: Iterable[CodeChange], one: ResidentList, lists: Lists, path: Path) -> list[MadeCode]:
    """Make the codes, write the sheet to hand out, then leave the changes in the outbox.

    The sheet comes first: codes that stand nowhere could not be handed out. Raises OSError, ListInvalid;
    then nothing was changed.
    """
    wanted = list(changes)
    made = lists.make_codes(change.person for change in wanted if change.kind == "new")
    if made:
        write_codes(path, one.name, made)
    gone = [change.held.id for change in wanted if change.kind == "gone" and change.held is not None]
    if made:
        lists.add_codes(one, made)
    if gone:
        lists.revoke_codes(one.id, gone)
    return made


def write_codes(path: Path, name: str, made: Iterable[MadeCode]) -> None:
    """The codes with their people, to be printed and handed out."""
    rows: list[tuple[Cell, ...]] = [
        (each.person.number, each.person.name, each.person.department, each.code) for each in made
    ]
    write_xlsx(path, "認証コード", (*HEADER, "認証コード"), rows)


def write_template(path: Path, held: Iterable[HeldCode]) -> None:
    """Whoever has a code now, as a list to be mended for the new year and read back."""
    rows: list[tuple[Cell, ...]] = [(code.number, code.name, code.department) for code in held]
    write_xlsx(path, "認証コードの一覧", HEADER, rows)


def write_errors(path: Path, changes: Iterable[CodeChange]) -> None:
    """The lines that were not taken, with the reason beside them; mended, the file can be read again."""
    rows: list[tuple[Cell, ...]] = [
        (each.person.number, each.person.name, each.person.department, each.line, "".join(each.reasons))
        for each in changes
        if each.kind == "wrong"
    ]
    write_xlsx(path, "認証コード（誤り）", (*HEADER, "元の行", "理由"), rows)


def _key(person: CodePerson) -> str:
    """The number says who somebody is; without one, name and department do."""
    if person.number.strip():
        return f"number {folded(person.number)}"
    return f"name {folded(person.name).replace(' ', '')} {folded(person.department)}"


def _reasons(person: CodePerson, key: str, seen: Mapping[str, int]) -> tuple[str, ...]:
    reasons: list[str] = []
    if not person.name:
        reasons.append("氏名がありません。")
    if key in seen:
        same = "同じ番号" if person.number.strip() else "同じ氏名"
        reasons.append(f"{same}が{seen[key]}行目にもあります。")
    if max(len(person.number), len(person.name), len(person.department)) > _LONGEST:
        reasons.append(f"長すぎます。{_LONGEST}文字までにしてください。")
    return tuple(reasons)
