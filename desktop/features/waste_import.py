"""Waste lists from and to Excel and CSV: collection days as rules or dates, and the dictionary (SEG-11).

Nothing is changed here: lines are read, compared and told; what a person confirms is applied to a copy.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import openpyxl

from desktop.errors import ListTooLarge, ListUnreadable
from desktop.features.exports import csv_bytes, write_xlsx
from desktop.features.tables_in import FILE_LIMIT, ROWS_LIMIT, cell_text, check_size
from desktop.features.waste_rule_cells import cells_of, recurrence_of, shape
from protocol.items import Choice
from protocol.schedules import Recurrence
from protocol.waste import WasteCalendar, WasteException, WasteRule, WasteWord, find_word_problems
from protocol.waste_days import kind_named
from protocol.waste_search import folded

Outcome = Literal["new", "changed", "same", "wrong"]
WORD_COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("品名", "品目", "名前", "ごみの名前", "名称"),
    "reading": ("読み", "よみ", "ふりがな", "かな", "読みがな"),
    "kind": ("分別", "種類", "ごみの種類", "分別区分", "区分"),
    "how": ("出し方", "捨て方", "備考", "出すときの注意", "注意"),
    "fee": ("手数料", "料金"),
    "synonyms": ("別名", "同義語", "ほかの言い方", "関連語"),
    "links": ("リンク", "URL", "案内のページ"),
}
COLUMN_WORDS = {
    "district": "地区", "kind": "種類", "weekdays": "曜日", "nths": "第n", "month": "月", "day": "日",
    "holiday": "祝日", "first": "始まりの日", "until": "終わりの日",
    "name": "品名", "reading": "読み", "how": "出し方", "fee": "手数料", "synonyms": "別名",
    "links": "リンク",
}  # fmt: skip
WORDS_HEADER = ("品名", "読み", "分別", "出し方", "手数料", "別名", "リンク")
LINK_WORDS = "くわしく見る"
_MONTH = re.compile(r"(1[0-2]|[1-9])月")
_SPLIT = re.compile(r"[、,，・/／;；\s\n]+")
NOT_COLLECTED = ("", "収集しない", "収集できません", "収集不可", "対象外")


@dataclass(frozen=True)
class Sheet:
    """A list as read: its header and the lines below it, with the numbers a spreadsheet shows."""

    header: tuple[str, ...]
    lines: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Line:
    """One line, what would become of it, and why it cannot where it cannot."""

    line: int
    cells: tuple[str, ...]
    outcome: Outcome
    reason: str = ""
    rule: WasteRule | None = None
    dates: tuple[date, ...] = ()
    word: WasteWord | None = None


@dataclass(frozen=True)
class Read:
    """All lines, and how many of each outcome."""

    lines: tuple[Line, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


def read_sheet(path: Path) -> Sheet:
    """The first sheet of an Excel file, or a CSV in UTF-8 or CP932. Raises ListTooLarge, ListUnreadable."""
    rows = _csv_rows(path) if path.suffix.lower() in (".csv", ".txt") else _excel_rows(path)
    filled = [(number, cells) for number, cells in enumerate(rows, 1) if any(cells)]
    if len(filled) < 2:
        raise ListUnreadable
    if len(filled) > ROWS_LIMIT:
        raise ListTooLarge
    return Sheet(tuple(filled[0][1]), tuple((number, tuple(cells)) for number, cells in filled[1:]))


def guess_columns(sheet: Sheet, columns: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Property → place of the column whose header sounds like it."""
    found: dict[str, int] = {}
    names = [_plain(name) for name in sheet.header]
    for wanted, aliases in columns.items():
        for place, name in enumerate(names):
            if name in map(_plain, aliases) and place not in found.values():
                found[wanted] = place
                break
    return found


def read_rules(
    sheet: Sheet,
    columns: Mapping[str, int],
    calendar: WasteCalendar,
    districts: Sequence[Choice],
    first: date,
    new_id: Callable[[], str],
) -> Read:
    """Lines of 地区・種類 with 曜日 and 第n or 日, or with a column for each month holding days.

    `first`: the day new rules begin on, whose April-to-March year the months belong to.
    """
    known = {folded(choice.label): choice.id for choice in districts}
    kinds = {folded(kind.name): kind.id for kind in calendar.kinds}
    months = _month_columns(sheet, first)
    had = {
        (rule.kind, district, shape(rule.rule), since)
        for rule in calendar.rules
        for district in rule.districts
        for since in (rule.rule.first, None)
    }
    lines: list[Line] = []
    for number, cells in sheet.lines:
        named = {name: cells[place] if place < len(cells) else "" for name, place in columns.items()}
        district = known.get(folded(named.get("district", "")), "")
        kind = kinds.get(folded(named.get("kind", "")), "")
        if not district or not kind:
            reason = "地区が受信設定の項目にありません。" if not district else "種類が一覧にありません。"
            lines.append(Line(number, cells, "wrong", reason))
            continue
        if months and not {"weekdays", "day"} & set(columns):
            lines.append(_dates_line(number, cells, months, district, kind, calendar, new_id))
            continue
        made = recurrence_of(named, first)
        if isinstance(made, str):
            lines.append(Line(number, cells, "wrong", made))
            continue
        rule = WasteRule(id=new_id(), kind=kind, districts=(district,), rule=made)
        since = made.first if named.get("first", "").strip() else None
        outcome: Outcome = "same" if (kind, district, shape(made), since) in had else "new"
        lines.append(Line(number, cells, outcome, rule=rule))
    return _read(lines)


def with_rules(
    calendar: WasteCalendar, read: Read, *, instead: bool, new_id: Callable[[], str]
) -> WasteCalendar:
    """The calendar with what was read; `instead`: rules of the kinds that were read are replaced.

    Lines that say the same for several districts become one rule.
    """
    lines = [line for line in read.lines if line.outcome != "wrong" and (instead or line.outcome == "new")]
    grouped: dict[tuple[str, Recurrence], list[str]] = {}
    for line in lines:
        if line.rule is not None and not line.dates:
            grouped.setdefault((line.rule.kind, line.rule.rule), []).extend(line.rule.districts)
    kinds = {kind for kind, _ in grouped}
    kept = [rule for rule in calendar.rules if not (instead and rule.kind in kinds)]
    made = [
        WasteRule(id=new_id(), kind=kind, districts=tuple(dict.fromkeys(districts)), rule=rule)
        for (kind, rule), districts in grouped.items()
    ]
    dated: dict[tuple[str, date], list[str]] = {}
    for line in lines:
        for day in line.dates if line.rule else ():
            dated.setdefault((line.rule.kind, day), []).extend(line.rule.districts)  # type: ignore[union-attr]
    added = [
        WasteException(id=new_id(), day=day, kind=kind, districts=tuple(dict.fromkeys(where)), added=True)
        for (kind, day), where in dated.items()
    ]
    return calendar.model_copy(update={"rules": (*kept, *made), "exceptions": (*calendar.exceptions, *added)})


def read_words(
    sheet: Sheet,
    columns: Mapping[str, int],
    calendar: WasteCalendar,
    words: Iterable[WasteWord],
    new_id: Callable[[], str],
) -> Read:
    """Each line compared with the word of the same name."""
    kinds = {folded(kind.name): kind.id for kind in calendar.kinds}
    known = {folded(word.name): word for word in words}
    lines: list[Line] = []
    for number, cells in sheet.lines:
        named = {name: cells[place] if place < len(cells) else "" for name, place in columns.items()}
        kind = named.get("kind", "")
        if folded(kind) not in kinds and kind not in NOT_COLLECTED:
            lines.append(Line(number, cells, "wrong", "分別の種類が一覧にありません。"))
            continue
        before = known.get(folded(named.get("name", "")))
        word = WasteWord(
            id=before.id if before else new_id(),
            name=named.get("name", ""),
            reading=named.get("reading", ""),
            kind=kinds.get(folded(kind), ""),
            how=named.get("how", ""),
            fee=named.get("fee", ""),
            synonyms=tuple(dict.fromkeys(part for part in _SPLIT.split(named.get("synonyms", "")) if part)),
            links=read_links(named["links"]) if "links" in named else before.links if before else {},
        )
        if find_word_problems(word, frozenset(kinds.values())):
            lines.append(Line(number, cells, "wrong", "品名がないか、文字が多すぎます。"))
            continue
        outcome: Outcome = "new" if before is None else "same" if before == word else "changed"
        lines.append(Line(number, cells, outcome, word=word))
        known[folded(word.name)] = word
    return _read(lines)


def read_links(text: str) -> dict[str, str]:
    """Words of a button → address, from lines of 「案内 https://…」; an address alone gets words of ours."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        words, sep, rest = line.strip().partition("http")
        if line.strip():
            name = words.strip(" 　：:") or (LINK_WORDS if not found else f"{LINK_WORDS}（{len(found) + 1}）")
            found[name] = sep + rest.strip()
    return found


def links_text(links: Mapping[str, str]) -> str:
    """As `read_links` reads it back."""
    return "\n".join(f"{words} {address}" for words, address in links.items())


def rule_rows(calendar: WasteCalendar, districts: Sequence[Choice]) -> list[tuple[str, ...]]:
    """The rules as `read_rules` reads them back."""
    labels = {choice.id: choice.label for choice in districts}
    rows: list[tuple[str, ...]] = []
    for rule in calendar.rules:
        kind = kind_named(calendar, rule.kind)
        for district in rule.districts:
            rows.append((labels.get(district, ""), kind.name if kind else "", *cells_of(rule.rule)))
    return rows


def word_rows(calendar: WasteCalendar, words: Iterable[WasteWord]) -> list[tuple[str, ...]]:
    names = {kind.id: kind.name for kind in calendar.kinds}
    return [
        (
            word.name,
            word.reading,
            names.get(word.kind, "収集しない"),
            word.how,
            word.fee,
            "、".join(word.synonyms),
            links_text(word.links),
        )
        for word in words
    ]


def write_list(path: Path, sheet: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """As Excel, or as CSV in UTF-8 with BOM, by the name of the file. Raises OSError."""
    if path.suffix.lower() == ".csv":
        path.write_bytes(csv_bytes(header, rows))
    else:
        write_xlsx(path, sheet, header, rows)


def write_errors(path: Path, sheet: Sheet, read: Read) -> None:
    """The lines that cannot be taken, as they came, with the reason. Raises OSError."""
    rows = [
        (*line.cells, *[""] * (len(sheet.header) - len(line.cells)), line.reason)
        for line in read.lines
        if line.outcome == "wrong"
    ]
    write_list(path, "直す行", (*sheet.header, "理由"), rows)


# --- reading ---


def _csv_rows(path: Path) -> list[list[str]]:
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise ListTooLarge
        raw = path.read_bytes()
    except OSError:
        raise ListUnreadable from None
    text = _decoded(raw)
    separator = "\t" if text[:2000].count("\t") > text[:2000].count(",") else ","
    return [
        [cell_text(cell) for cell in row]
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    ]


def _decoded(raw: bytes) -> str:
    encodings = ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp932")
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ListUnreadable


def _excel_rows(path: Path) -> list[list[str]]:
    check_size(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        rows = [[cell_text(cell) for cell in row] for row in book.worksheets[0].iter_rows(values_only=True)]
        book.close()
    except Exception:
        # openpyxl raises whatever the broken part of a file makes of it.
        raise ListUnreadable from None
    return rows


def _month_columns(sheet: Sheet, first: date) -> dict[int, date]:
    found = {}
    for place, name in enumerate(sheet.header):
        if match := _MONTH.fullmatch(_plain(name)):
            month = int(match[1])
            found[place] = date(first.year + (month < first.month), month, 1)
    return found


def _dates_line(
    number: int,
    cells: tuple[str, ...],
    months: Mapping[int, date],
    district: str,
    kind: str,
    calendar: WasteCalendar,
    new_id: Callable[[], str],
) -> Line:
    days: list[date] = []
    for place, month in months.items():
        for part in _SPLIT.split(unicodedata.normalize("NFKC", cells[place]) if place < len(cells) else ""):
            digits = part.removesuffix("日")
            try:
                if digits:
                    days.append(month.replace(day=int(digits)))
            except ValueError:
                return Line(number, cells, "wrong", f"{month.month}月の日にちを読めません。")
    rule = WasteRule(
        id=new_id(),
        kind=kind,
        districts=(district,),
        rule=Recurrence(pattern="monthly", first=min(months.values())),
    )
    had = {e.day for e in calendar.exceptions if e.added and e.kind == kind and district in e.districts}
    outcome: Outcome = "same" if set(days) <= had else "new"
    return Line(number, cells, outcome, rule=rule, dates=tuple(day for day in days if day not in had))


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold().replace(" ", "")


def _read(lines: Sequence[Line]) -> Read:
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.outcome] = counts.get(line.outcome, 0) + 1
    return Read(tuple(lines), counts)
