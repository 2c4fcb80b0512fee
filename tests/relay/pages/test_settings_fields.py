"""Births, numbers, days, codes and the language on the settings page, without JavaScript. SEG-1, SEG-3."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.items import Answer, BirthMonth, SegmentItem
from protocol.lists import ResidentList, code_hash, new_code
from relay.features.lists import publish_list
from relay.features.residents import plain_answers
from relay.features.typed_fields import given_births, given_day, read_typed, typed_values
from relay.store.database import Database
from relay.store.lists import add_codes, count_on_list
from relay.store.residents import find_resident
from tests.relay.counter import Counter, Phone, running_counter, save_items, utc_now
from tests.relay.pages.visitor import Visitor

CHILDREN = SegmentItem(
    id="children", kind="birth_year", title="お子さん", question="お子さんは？", several=True, ask_month=True
)
BORN = SegmentItem(id="born", kind="birth_year", title="生年月", question="？", ask_month=True, position=1)
PEOPLE = SegmentItem(
    id="people", kind="number", title="世帯", question="何人？", unit="人", lowest=1, highest=20, position=2
)
DUE = SegmentItem(id="due", kind="date", title="予定日", question="いつ？", position=3)
CODE = new_code()


@pytest.fixture
def counter(database: Database, tmp_path: Path) -> Iterator[Counter]:
    save_items(database, CHILDREN, BORN, PEOPLE, DUE)
    with running_counter(database, tmp_path) as running:
        yield running


@pytest.fixture
def phone(counter: Counter) -> Phone:
    return counter.new_phone()


@pytest.fixture
def visitor(counter: Counter, phone: Phone) -> Visitor:
    visitor = Visitor(counter)
    assert visitor.sign_in(counter.id_token(phone)).status_code == 200
    return visitor


def answers(counter: Counter, phone: Phone) -> dict[str, Answer]:
    with counter.database.read() as connection:
        found = find_resident(connection, counter.database.cipher, phone.user_id)
        assert found is not None
        return plain_answers(connection, found.no)


def test_what_is_typed_comes_back_as_it_was_meant(counter: Counter, phone: Phone, visitor: Visitor) -> None:
    form = visitor.form()
    assert form["a.children"] == ["", ""]
    form["a.children"], form["m.children"] = ["2020", "2023"], ["04", ""]
    form["a.born"], form["m.born"] = ["1985"], ["12"]
    form["a.people"] = "４人"
    form["a.due"], form["n.due"], form["d.due"] = "２０２７", "4", "1"
    assert "保存しました" in visitor.save(form).text
    found = answers(counter, phone)
    assert found["children"].births == (BirthMonth(year=2020, month=4), BirthMonth(year=2023))
    assert found["born"].births == (BirthMonth(year=1985, month=12),)
    assert (found["people"].number, found["due"].day) == (4, date(2027, 4, 1))
    again = visitor.form()
    assert (again["a.children"], again["m.children"]) == (["2020", "2023", "", ""], ["04", "", "", ""])
    assert (again["a.people"], again["a.due"], again["n.due"], again["d.due"]) == ("4", "2027", "4", "1")
    assert "変更はありませんでした" in visitor.save(again).text
    again["a.children"], again["a.people"], again["d.due"] = ["", "", "", ""], "", ""
    again["m.children"], again["a.due"], again["n.due"] = ["", "", "", ""], "", ""
    assert "保存しました" in visitor.save(again).text
    assert set(answers(counter, phone)) == {"born"}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"a.people": "21"}, "決められた範囲の数字"),
        ({"a.people": "たくさん"}, "決められた範囲の数字"),
        ({"a.due": "2027", "n.due": "2", "d.due": "30"}, "実際にある日付"),
        ({"a.due": "2027", "n.due": "", "d.due": "3"}, "実際にある日付"),
        ({"m.born": ["04"]}, "年を、一覧から"),
        ({"a.born": ["3000"]}, "年を、一覧から"),
        ({"a.born": ["1980"], "m.born": ["13"]}, "月を、一覧から"),
        ({"a.children": ["2020"] * 9, "m.children": [""] * 9}, "人数が多すぎます"),
    ],
)
def test_what_cannot_be_meant_is_said_at_its_place_and_kept_in_view(
    counter: Counter, phone: Phone, visitor: Visitor, typed: dict[str, object], words: str
) -> None:
    answer = visitor.save(visitor.form() | typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert answers(counter, phone) == {}
    for value in typed.values():
        assert not isinstance(value, str) or f'value="{value}"' in answer.text


def test_a_code_is_asked_for_only_where_there_are_codes_and_entered_once(
    counter: Counter, phone: Phone, visitor: Visitor
) -> None:
    assert "認証コード" not in visitor.get("/pages/settings").text
    with counter.database.write() as connection:
        heads = ResidentList(id="heads", name="区長", kind="codes")
        publish_list(connection, counter.database.cipher, heads, utc_now())
        add_codes(connection, [("c", "heads", code_hash(CODE))])
    assert "認証コード" in visitor.get("/pages/settings").text
    other = new_code()
    wrong = visitor.save(visitor.form() | {"code": other, "a.people": "3"})
    assert f'value="{other}"' in wrong.text  # nobody types 26 signs twice
    assert (wrong.status_code, "このコードは確認できませんでした" in wrong.text) == (422, True)
    assert answers(counter, phone) == {}  # nothing is kept of a form that is shown again
    right = visitor.save(visitor.form() | {"code": CODE.lower(), "a.people": "3"})
    assert "認証コードを確認し、保存しました" in right.text
    with counter.database.read() as connection:
        assert count_on_list(connection, "heads") == 1
    assert answers(counter, phone)["people"].number == 3


def test_the_language_a_resident_chooses_stays(counter: Counter, phone: Phone, visitor: Visitor) -> None:
    page = visitor.get("/pages/settings").text
    assert '<option value="ja" lang="ja" selected>日本語' in page
    assert "保存しました" in visitor.save(visitor.form() | {"language": "vi"}).text
    assert '<option value="vi" lang="vi" selected>' in visitor.get("/pages/settings").text
    assert "変更はありませんでした" in visitor.save(visitor.form() | {"language": "klingon"}).text
    with counter.database.read() as connection:
        found = find_resident(connection, counter.database.cipher, phone.user_id)
    assert found is not None and (found.language, found.language_chosen) == ("vi", True)


@given(
    births=st.lists(
        st.builds(BirthMonth, year=st.integers(1900, 2026), month=st.none() | st.integers(1, 12)),
        max_size=8,
    ),
    number=st.integers(-1_000_000, 1_000_000),
    day=st.dates(date(1900, 1, 1), date(2100, 12, 31)),
)
def test_every_answer_survives_the_form(births: list[BirthMonth], number: int, day: date) -> None:
    children = Answer(item=CHILDREN.id, births=tuple(births))
    years = [value.partition("-")[0] for value in typed_values(children)]
    months = [value.partition("-")[2] for value in typed_values(children)]
    assert read_typed(CHILDREN, given_births(years, months)) == children
    people = Answer(item=PEOPLE.id, number=number)
    assert read_typed(PEOPLE, typed_values(people)) == people
    due = Answer(item=DUE.id, day=day)
    assert read_typed(DUE, given_day(str(day.year), str(day.month), str(day.day))) == due
