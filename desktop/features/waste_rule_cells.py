"""A rule of collection as the cells of a line, both ways. Pure. Requirement: SEG-11."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from protocol.schedules import LAST, OnHoliday, Recurrence
from protocol.waste_days import WEEKDAYS

RULE_COLUMNS: dict[str, tuple[str, ...]] = {
    "district": ("地区", "地区名", "町名", "収集地区"),
    "kind": ("種類", "ごみの種類", "分別", "区分"),
    "weekdays": ("曜日", "収集曜日", "曜"),
    "nths": ("第n", "第何", "週", "第"),
    "month": ("月", "収集月"),
    "day": ("日", "日にち", "収集日にち"),
    "holiday": ("祝日", "祝日の扱い"),
    "first": ("始まりの日", "始まり", "開始日"),
    "until": ("終わりの日", "終わり", "終了日"),
}
RULES_HEADER = ("地区", "種類", "曜日", "第n", "月", "日", "祝日", "始まりの日", "終わりの日")
_HOLIDAYS: dict[str, OnHoliday] = {
    "": "keep", "収集する": "keep", "あり": "keep", "休み": "skip", "なし": "skip", "前の平日": "before",
    "次の平日": "after",
}  # fmt: skip
_SHIFT_WORDS = {shift: name for name, shift in _HOLIDAYS.items() if name not in ("", "あり", "なし")}
_DATE = re.compile(r"(\d{4})\D(\d{1,2})\D(\d{1,2})(\D.*)?")


def cells_of(rule: Recurrence) -> tuple[str, ...]:
    """What stands in the columns of `RULES_HEADER` after district and kind."""
    by_weekday = rule.pattern in ("weekly", "nth_weekday")
    return (
        "・".join(WEEKDAYS[day] for day in rule.weekdays),
        "・".join("最終" if nth == LAST else str(nth) for nth in rule.nths),
        str(rule.month) if rule.pattern == "yearly" else "",
        "" if by_weekday else "末日" if rule.day == LAST else str(rule.day),
        _SHIFT_WORDS[rule.on_holiday],
        rule.first.isoformat(),
        rule.until.isoformat() if rule.until else "",
    )


def recurrence_of(named: Mapping[str, str], first: date) -> Recurrence | str:
    """The rule these cells mean, by property, or why there is none. `first`: where it says no beginning."""
    cells = {name: unicodedata.normalize("NFKC", text).strip() for name, text in named.items()}
    shift = _HOLIDAYS.get(cells.get("holiday", ""))
    if shift is None:
        return "祝日の扱いは「収集する」「休み」「前の平日」「次の平日」のどれかにしてください。"
    ends = {name: _read_date(cells.get(name, "")) for name in ("first", "until")}
    if any(cells.get(name) and end is None for name, end in ends.items()):
        return "始まりの日・終わりの日を読めません。"
    made = _by_day(cells, first) if cells.get("day") else _by_weekday(cells, first)
    if isinstance(made, str):
        return made
    begins, until = ends["first"] or first, ends["until"]
    if until is not None and until < begins:
        return "始まりの日が終わりの日より後です。"
    return made.model_copy(update={"on_holiday": shift, "first": begins, "until": until})


def shape(rule: Recurrence) -> tuple[object, ...]:
    """What makes two rules the same, wherever they begin."""
    days = tuple(sorted(rule.weekdays)), tuple(sorted(rule.nths)), rule.month, rule.day
    return rule.pattern, *days, rule.on_holiday, rule.until


def _by_weekday(cells: Mapping[str, str], first: date) -> Recurrence | str:
    written = cells.get("weekdays", "").replace("曜日", "").replace("曜", "")
    signs = [sign for sign in written if sign in WEEKDAYS]
    if not signs:
        return "曜日を読めません。"
    said = cells.get("nths", "")
    nths = [int(digit) for digit in re.findall(r"[1-5]", said)] + ([LAST] if "最終" in said else [])
    if said and not nths and "毎週" not in said:
        return "第何週かを読めません。"
    return Recurrence(
        pattern="nth_weekday" if nths else "weekly",
        weekdays=tuple(dict.fromkeys(WEEKDAYS.index(sign) for sign in signs)),
        nths=tuple(dict.fromkeys(nths)),
        first=first,
    )


def _by_day(cells: Mapping[str, str], first: date) -> Recurrence | str:
    if cells.get("weekdays"):
        return "曜日と日は、どちらか一方にしてください。"
    said = cells["day"].removesuffix("日")
    day = LAST if said in ("末", "末日", "最終") else _number(said, 31)
    if day is None:
        return "日にちを読めません。"
    if not cells.get("month"):
        return Recurrence(pattern="monthly", day=day, first=first)
    month = _number(cells["month"].removesuffix("月"), 12)
    if month is None:
        return "月を読めません。"
    return Recurrence(pattern="yearly", month=month, day=day, first=first)


def _number(text: str, highest: int) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,2}", text) and 1 <= int(text) <= highest else None


def _read_date(text: str) -> date | None:
    """「2026-04-01」, 「2026/4/1」, 「2026年4月1日」, and what Excel makes of a date."""
    found = _DATE.fullmatch(text)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None
