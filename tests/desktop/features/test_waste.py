"""Waste collection for those who keep it: calendar, year, dictionary, lists in and out (SEG-11)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from desktop.errors import ListUnreadable
from desktop.features.office import Office
from desktop.features.waste import TownWaste, WasteInvalid, first_of_year, rule_words, year_plan
from desktop.features.waste_import import (
    WORD_COLUMNS,
    WORDS_HEADER,
    Read,
    guess_columns,
    links_text,
    read_links,
    read_rules,
    read_sheet,
    read_words,
    rule_rows,
    with_rules,
    word_rows,
    write_errors,
    write_list,
)
from desktop.features.waste_rule_cells import RULE_COLUMNS, RULES_HEADER
from protocol.schedules import LAST, Holidays, Recurrence
from protocol.waste import WasteCalendar, WasteRule, WasteWord
from protocol.waste_days import collections
from tests.desktop.conftest import Desk
from tests.desktop.fake_relay import FakeRelay
from tests.stories.sample_town import load_sample_town
from tests.stories.sample_waste import load_calendar, load_words

ITEMS = {item.id: item for item in load_sample_town().items}
CALENDAR = load_calendar(list(ITEMS.values()))
TOWN = TownWaste(calendar=CALENDAR, items=ITEMS)
DISTRICTS = TOWN.districts_of(CALENDAR)
APRIL = date(2026, 4, 1)


@pytest.fixture
def office(desk: Desk, relay: FakeRelay) -> Office:
    for item in ITEMS.values():
        relay.put("item", item.id, item)
    relay.put("waste", "town", CALENDAR)
    relay.put("waste_word", "w1", WasteWord(id="w1", name="乾電池", reading="かんでんち"))
    office = desk.enrol()
    office.sync()
    return office


def ids() -> str:
    return str(next(_NUMBERS))


_NUMBERS = iter(range(1, 1_000_000))


def read(path: Path, calendar: WasteCalendar = CALENDAR) -> Read:
    table = read_sheet(path)
    return read_rules(table, guess_columns(table, RULE_COLUMNS), calendar, DISTRICTS, APRIL, ids)


def csv(path: Path, *lines: str, encoding: str = "utf-8-sig") -> Path:
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


def test_a_calendar_is_kept_pending_and_taken_by_the_relay(office: Office, relay: FakeRelay) -> None:
    town = office.waste.town()
    changed = town.calendar.model_copy(update={"put_out_by": "朝8時"})
    office.waste.save(changed, town.version)
    assert office.waste.town().calendar.put_out_by == "朝8時"
    office.sync()
    assert relay.records["waste", "town"].body["put_out_by"] == "朝8時"
    with pytest.raises(WasteInvalid):
        office.waste.save(changed.model_copy(update={"kinds": ()}), 2)


def test_the_dry_run_says_who_would_get_what(office: Office) -> None:
    town = office.waste.town()
    eve, morning = office.waste.foresee(town, town.calendar, date(2026, 11, 24))
    assert "前の晩（19:00）" in eve.when and "朝（06:30）" in morning.when
    assert eve.districts == 60 and eve.people == 312  # what the fake relay counts for any condition
    assert "明日 11月24日（火）の川北の収集は「プラスチック」です。" in eve.texts
    none = office.waste.foresee(town, town.calendar, date(2026, 11, 29))  # a Sunday
    assert [one.districts for one in none] == [0, 0]


def test_words_are_found_before_the_relay_has_them_and_gone_when_taken_out(office: Office) -> None:
    waste = office.waste
    waste.put_words([WasteWord(id="w2", name="傘", synonyms=("日傘",), kind="metal")], ["w1"])
    assert [word.name for word in waste.words()] == ["傘"]
    assert [word.id for word in waste.find_words(waste.words(), "日傘")] == ["w2"]
    office.sync()
    assert [word.name for word in waste.words()] == ["傘"]
    with pytest.raises(WasteInvalid):
        waste.put_words([WasteWord(id="w3", name="箱", kind="nowhere")])
    assert waste.put_words([WasteWord(id=f"n{n}", name="箱") for n in range(1001)]) == 3


def test_the_year_of_a_district_marks_what_moved_and_reads_aloud() -> None:
    plan = year_plan(TOWN, CALENDAR, "d01", APRIL)
    assert plan.district == "川北" and len(plan.months) == 12 and plan.months[-1] == date(2027, 3, 1)
    day = date(2026, 11, 4)  # プラスチック of the 3rd, a holiday
    assert [(mark.sign, mark.moved) for mark in plan.days[day]] == [("プ", True), ("ペ", False)]
    assert plan.words(day) == "2026年11月4日（水）、プラスチック（文化の日のため）、ペットボトル"
    assert plan.words(date(2026, 11, 3)) == "2026年11月3日（火）、文化の日、収集なし"
    assert first_of_year(date(2027, 3, 31)) == APRIL


def test_rules_come_back_from_their_own_list_the_same(tmp_path: Path) -> None:
    for name in ("rules.xlsx", "rules.csv"):
        write_list(tmp_path / name, "収集日", RULES_HEADER, rule_rows(CALENDAR, DISTRICTS))
        again = read(tmp_path / name)
        assert set(again.counts) == {"same"}
        made = with_rules(CALENDAR, again, instead=True, new_id=ids)
        assert len(made.rules) == len(CALENDAR.rules)  # districts of one rule find together again
        for district in ("d01", "d28", "d50", "d60"):
            last = date(2027, 3, 31)
            assert collections(made, district, APRIL, last, Holidays()) == collections(
                CALENDAR, district, APRIL, last, Holidays()
            )


def test_rules_by_day_once_a_year_and_with_an_end_survive_the_list(tmp_path: Path) -> None:
    recurrences = (
        Recurrence(pattern="monthly", day=15, first=APRIL, on_holiday="after"),
        Recurrence(pattern="monthly", day=LAST, first=date(2026, 6, 1), until=date(2026, 9, 30)),
        Recurrence(pattern="yearly", month=12, day=28, first=APRIL, on_holiday="before"),
        Recurrence(pattern="nth_weekday", weekdays=(2,), nths=(1, LAST), first=APRIL, until=APRIL),
    )
    rules = tuple(
        WasteRule(id=f"r{n}", kind="bulky", districts=("d01", "d28"), rule=rule)
        for n, rule in enumerate(recurrences)
    )
    calendar = CALENDAR.model_copy(update={"rules": rules})
    for name in ("rules.xlsx", "rules.csv"):
        write_list(tmp_path / name, "収集日", RULES_HEADER, rule_rows(calendar, DISTRICTS))
        assert read(tmp_path / name, calendar).counts == {"same": 8}
        found = read(tmp_path / name, CALENDAR)
        made = with_rules(CALENDAR.model_copy(update={"rules": ()}), found, instead=True, new_id=ids)
        assert [(rule.districts, rule.rule) for rule in made.rules] == [
            (("d01", "d28"), rule) for rule in recurrences
        ]
    later = [rule.model_copy(update={"rule": rule.rule.model_copy(update={"until": None})}) for rule in rules]
    changed = calendar.model_copy(update={"rules": tuple(later)})
    assert read(tmp_path / "rules.csv", changed).counts == {"same": 4, "new": 4}


def test_dates_are_read_as_towns_write_them_and_nonsense_is_told(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "list.csv",
        "地区,種類,曜日,月,日,開始日,終了日",
        "川北,古紙,,１２月,２８日,2026年4月1日,2027/3/31",
        "川北,古紙,,,末日,2026-04-01 00:00:00,",
        "川北,古紙,月,,3,,",
        "川北,古紙,,13,3,,",
        "川北,古紙,,,32,,",
        "川北,古紙,月,,,いつか,",
        "川北,古紙,月,,,2026-05-01,2026-04-01",
    )
    found = read(path)
    assert found.counts == {"new": 2, "wrong": 5}
    first, second = (line.rule.rule for line in found.lines if line.rule is not None)
    assert (first.pattern, first.month, first.day, first.until) == ("yearly", 12, 28, date(2027, 3, 31))
    assert (second.pattern, second.day, second.first) == ("monthly", LAST, APRIL)
    assert rule_words(first) == "毎年 12月28日（祝日も）、2027年3月31日まで"
    assert "終わりの日より後" in found.lines[-1].reason


def test_a_towns_list_in_cp932_says_line_by_line_what_is_wrong(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "list.csv",
        "地区名,ごみの種類,収集曜日,第何,祝日の扱い",
        "川北,古紙,月・木曜,,休み",
        "川北,古紙,水,第１・最終,",
        "どこか,古紙,月,,",
        "川北,なぞのごみ,月,,",
        "川北,古紙,？,,",
        "川北,古紙,月,隔週,",
        "川北,古紙,月,,不明",
        encoding="cp932",
    )
    found = read(path)
    assert found.counts == {"new": 2, "wrong": 5}
    said = [rule_words(line.rule.rule) for line in found.lines if line.rule is not None]
    assert said == ["毎週 月・木曜日（祝日は休み）", "第1・最終 水曜日（祝日も）"]
    write_errors(tmp_path / "errors.xlsx", read_sheet(path), found)
    page = openpyxl.load_workbook(tmp_path / "errors.xlsx").worksheets[0]
    rows = list(page.iter_rows(values_only=True))
    assert rows[0][-1] == "理由" and rows[1][0] == "どこか" and len(rows) == 6


def test_a_list_of_days_by_month_becomes_dates(tmp_path: Path) -> None:
    path = csv(tmp_path / "d.csv", "地区,種類,4月,3月", '川北,粗大ごみ,"7、21日",３', "北浜,粗大ごみ,7,99")
    found = read(path)
    assert found.counts == {"new": 1, "wrong": 1}
    made = with_rules(CALENDAR, found, instead=False, new_id=ids)
    days = [
        c.day for c in collections(made, "d01", APRIL, date(2027, 3, 31), Holidays()) if c.kind == "bulky"
    ]
    assert days == [date(2026, 4, 7), date(2026, 4, 21), date(2027, 3, 3)]
    assert read(path, made).counts == {"same": 1, "wrong": 1}


def test_the_dictionary_comes_back_the_same_and_tells_what_changes(tmp_path: Path) -> None:
    words = load_words()
    write_list(tmp_path / "w.csv", "分別辞典", WORDS_HEADER, word_rows(CALENDAR, words))
    table = read_sheet(tmp_path / "w.csv")
    columns = guess_columns(table, WORD_COLUMNS)
    assert read_words(table, columns, CALENDAR, words, ids).counts == {"same": len(words)}
    fewer = [
        word.model_copy(update={"fee": "1円"}) if word.id == words[0].id else word for word in words[:-1]
    ]
    assert read_words(table, columns, CALENDAR, fewer, ids).counts == {
        "same": len(words) - 2,
        "changed": 1,
        "new": 1,
    }


def test_a_file_that_is_no_list_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"PK no zip")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "odd.csv").write_bytes(b"\x81\xff\xfe\x00")
    for name in ("x.xlsx", "empty.csv", "odd.csv", "gone.csv"):
        with pytest.raises(ListUnreadable):
            read_sheet(tmp_path / name)


def test_links_of_a_word_are_lines_of_words_and_an_address() -> None:
    text = "案内 https://www.example.jp/a\nhttps://www.example.jp/b\n\n"
    links = read_links(text)
    assert links == {"案内": "https://www.example.jp/a", "くわしく見る（2）": "https://www.example.jp/b"}
    assert read_links(links_text(links)) == links and read_links("") == {}
    assert WORDS_HEADER[-1] == "リンク"
