"""ADM-1, I7, I9, I13: the yearly transfer from Excel: previewed by line, applied whole, errors given back."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from desktop.errors import KeysNotReady, ListTooLarge, ListUnreadable
from desktop.features import tables_in
from desktop.features.transfers import (
    HEADER,
    Transfer,
    apply,
    compare,
    read_list,
    write_errors,
    write_template,
)
from tests.conftest import Clock
from tests.desktop.town import Machine, Town, running_town


@pytest.fixture
def town(tmp_path: Path, clock: Clock) -> Iterator[Town]:
    with running_town(tmp_path, clock) as made:
        yield made


@pytest.fixture
def admin(town: Town) -> Machine:
    machine = town.begin()
    town.make_keys(machine)
    for name in ("総務課", "福祉課"):
        town.department(machine, name)
    return machine


def sheet(folder: Path, *rows: tuple[object, ...], header: tuple[object, ...] = HEADER) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (header, *rows):
        page.append(row)
    path = folder / "異動.xlsx"
    book.save(path)
    return path


def preview(admin: Machine, path: Path) -> list[Transfer]:
    return compare(read_list(path), admin.office.people)


def kinds(found: list[Transfer]) -> list[str]:
    return [each.kind for each in found]


def test_april_in_one_list(town: Town, admin: Machine, tmp_path: Path) -> None:
    ids = {each.name: each.id for each in admin.office.people.departments()}
    suzuki = town.invite(admin, "suzuki", ids["福祉課"])
    kato = town.invite(admin, "kato", ids["福祉課"])
    town.invite(admin, "ito", ids["総務課"])
    for person in (suzuki, kato):
        town.confirm(admin, person)
    path = sheet(
        tmp_path,
        ("sato", "情報課 佐藤", "", "管理者", "在籍"),
        ("suzuki", "suzukiさん", "総務課", "担当", ""),
        ("kato", "kato", "", "", "退職"),
        ("ｉｔｏ", "伊藤 𠮷夫", "総務課・福祉課", "課管理者", "在籍"),
        (),
        ("new-1", "髙﨑 はな", "福祉課", "閲覧", "新任"),
        ("x", "", "税務課", "社長", "休職"),
        ("kato", "もう一人の加藤", "", "", ""),
    )
    found = preview(admin, path)
    assert kinds(found) == ["same", "moved", "left", "moved", "new", "wrong", "wrong"]
    assert [each.line for each in found] == [2, 3, 4, 5, 7, 8, 9]
    wrong = "".join(found[5].reasons)
    for part in (
        "「税務課」という課",
        "「社長」という役割",
        "在籍か退職",
        "3文字以上",
        "文字が入っていません",
    ):
        assert part in wrong
    assert "4行目にも" in found[6].reasons[0]
    assert admin.office.home.waiting() == [], "a preview changes nothing"
    town.clock.forward(minutes=1)
    assert apply(found, admin.office.people) == 4
    admin.office.sync()
    assert admin.office.home.refused() == []
    now = {member.login_name: member for member in admin.office.people.everybody()}
    assert now["kato"].state == "left"
    assert now["suzuki"].departments == (ids["総務課"],)
    assert now["ito"].display_name == "伊藤 𠮷夫" and now["ito"].role == "section_admin"
    assert now["new-1"].state == "invited"
    assert kinds(preview(admin, path))[:5] == ["same"] * 5, "the same list again changes nothing more"


def test_a_department_that_lost_two_people_gets_one_new_key(
    town: Town, admin: Machine, tmp_path: Path
) -> None:
    welfare = next(each.id for each in admin.office.people.departments() if each.name == "福祉課")
    for name in ("suzuki", "kato", "ito"):
        town.confirm(admin, town.invite(admin, name, welfare))
    before = len(admin.office.town_keys.department_keys())
    town.clock.forward(minutes=1)
    rows = [(name, f"{name}さん", "総務課", "担当", "") for name in ("suzuki", "kato")]
    apply(preview(admin, sheet(tmp_path, *rows)), admin.office.people)
    admin.office.sync()
    assert admin.office.home.refused() == []
    keys = [key for key in admin.office.town_keys.department_keys() if key.department == welfare]
    assert [key.retired for key in sorted(keys, key=lambda key: key.issued_at)] == [True, False]
    assert len(admin.office.town_keys.department_keys()) == before + 2, "one for each of the two departments"


def test_headers_are_found_by_many_names_and_in_any_order(admin: Machine, tmp_path: Path) -> None:
    header = ("No.", "所属", "職員名", "権限", "ログインＩＤ", "状態")
    rows = ((1, "福祉課，総務課", "加藤", "担当", "kato", None), (2, None, None, None, None, None))
    (found,) = preview(admin, sheet(tmp_path, *rows, header=header))
    assert found.kind == "new" and found.wish is not None
    assert (found.wish.login_name, found.wish.role, len(found.wish.departments)) == ("kato", "editor", 2)


def test_a_column_that_is_missing_changes_nothing(town: Town, admin: Machine, tmp_path: Path) -> None:
    welfare = admin.office.people.departments()[1].id
    town.invite(admin, "suzuki", welfare)
    (found,) = preview(admin, sheet(tmp_path, ("suzuki", "suzukiさん"), header=("利用者名", "氏名")))
    assert found.kind == "same"


def test_no_list_takes_the_last_administrator(town: Town, admin: Machine, tmp_path: Path) -> None:
    second = town.invite(admin, "ito", role="admin")
    town.confirm(admin, second)
    rows = (("ito", "伊藤", "", "", "退職"), ("sato", "佐藤", "", "閲覧", ""))
    found = preview(admin, sheet(tmp_path, *rows))
    assert kinds(found) == ["left", "wrong"]
    assert "最後の管理者" in found[1].reasons[0]
    (own,) = preview(admin, sheet(tmp_path, ("sato", "佐藤", "", "", "退職")))
    assert own.kind == "wrong" and "自分自身" in own.reasons[0]


def test_nothing_is_written_where_the_keys_could_not_follow(
    town: Town, admin: Machine, tmp_path: Path
) -> None:
    welfare = admin.office.people.departments()[1].id
    town.confirm(admin, town.invite(admin, "suzuki", welfare))
    second = town.invite(admin, "ito", role="admin")
    path = sheet(tmp_path, ("suzuki", "鈴木", "総務課", "担当", ""), ("kato", "加藤", "", "", ""))
    with pytest.raises(KeysNotReady):
        apply(compare(read_list(path), second.office.people), second.office.people)
    assert second.office.home.waiting() == []


def test_the_template_is_read_back_without_a_change(town: Town, admin: Machine, tmp_path: Path) -> None:
    welfare = admin.office.people.departments()[1].id
    town.invite(admin, "suzuki", welfare)
    path = tmp_path / "ひな形.xlsx"
    write_template(path, admin.office.people)
    found = preview(admin, path)
    assert kinds(found) == ["same", "same"]


def test_formulas_stay_text_on_the_way_back(admin: Machine, tmp_path: Path) -> None:
    nasty = ('=HYPERLINK("http://x","y")', "+1+1", "-2", "@SUM(A1)", "＝1+1")
    found = preview(admin, sheet(tmp_path, *(("x", text, text, text, text) for text in nasty)))
    assert set(kinds(found)) == {"wrong"}
    path = tmp_path / "誤り.xlsx"
    write_errors(path, found)
    cells = [cell for row in openpyxl.load_workbook(path).active.iter_rows() for cell in row]  # type: ignore[union-attr]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert [each.line for each in preview(admin, path)] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 broken", "利用者名,氏名\n".encode()])
def test_what_is_no_excel_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(ListUnreadable):
        read_list(path)


def test_other_zip_files_and_lists_without_the_header_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("hello.txt", "hello")
    with pytest.raises(ListUnreadable):
        read_list(path)
    with pytest.raises(ListUnreadable):
        read_list(sheet(tmp_path, ("a", "b"), header=("番号", "品名")))
    with pytest.raises(ListUnreadable):
        read_list(tmp_path / "missing.xlsx")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * (30 * 1024 * 1024))
    assert path.stat().st_size < 100_000
    with pytest.raises(ListTooLarge):
        read_list(path)


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_in, "ROWS_LIMIT", 50)
    with pytest.raises(ListTooLarge):
        read_list(sheet(tmp_path, *((f"user{n}", "名") for n in range(60))))


def test_xml_tricks_open_nothing(tmp_path: Path) -> None:
    good = sheet(tmp_path, ("kato", "加藤"))
    path = tmp_path / "xxe.xlsx"
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w") as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename.endswith("sheet1.xml"):
                content = (
                    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'
                    + (content.split(b"?>", 1)[-1])
                )
            new.writestr(part.filename, content)
    with pytest.raises(ListUnreadable):
        read_list(path)
