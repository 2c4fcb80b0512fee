"""SEG-4: saved groups, tags, chosen people and codes by Excel; for whom a code is stays sealed."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from desktop.errors import LabelsClosed, ListUnreadable
from desktop.features import code_lists
from desktop.features.code_lists import HEADER, apply, compare, read_people, read_residents, valid_codes
from desktop.features.groups import GroupInvalid
from desktop.features.lists import CodePerson, ListInvalid, MadeCode
from desktop.features.office import Office
from desktop.replica.lists import CodeQuery
from protocol.ids import new_resident_id
from protocol.lists import ResidentList, clean_code, code_hash, looks_like_code
from protocol.segments import ChoiceIs, InGroup, OnList, Received
from protocol.sync import Refusal
from tests.desktop import fake_lists
from tests.desktop.conftest import Desk
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_submissions import SealedTown, found_town

TOPIC = ChoiceIs(item="item-topics", any_of=("t0",))


@pytest.fixture
def town(relay: FakeRelay, town_items: object) -> SealedTown:
    made = found_town(relay)
    made.department("soumu", "総務課")
    made.department("zeimu", "税務課")
    return made


@pytest.fixture
def office(desk: Desk, town: SealedTown) -> Office:
    """佐藤 of 総務課, with its key, the root compared."""
    office = desk.enrol()
    town.join("sato", "soumu", role="admin")
    town.compare_root(desk.folder)
    office.sync()
    return office


def sheet(path: Path, *rows: tuple[object, ...], header: tuple[str, ...] = HEADER) -> Path:
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    for line, row in enumerate((header, *rows)):
        page.write_row(line, 0, row)
    book.close()
    return path


def cells(path: Path) -> list[tuple[str, ...]]:
    page = openpyxl.load_workbook(path).worksheets[0]
    return [tuple(str(cell or "") for cell in row) for row in page.iter_rows(values_only=True)]


def codes_list(office: Office) -> ResidentList:
    one = office.lists.new("codes", "区長").model_copy(update={"departments": ("soumu",)})
    office.lists.save(one)
    office.sync()
    return one


def test_a_group_is_written_copied_and_not_removed_while_something_names_it(office: Office) -> None:
    group = office.groups.new(TOPIC, "防災を選んだ人")
    office.groups.save(group)
    outer = office.groups.new(InGroup(group=group.id), "その人たち")
    office.groups.save(outer)
    draft = office.deliveries.new("訓練").model_copy(update={"excluded": (group.id,)})
    office.deliveries.save(draft)
    office.sync()
    assert [(use.title, use.is_draft) for use in office.groups.uses(group.id)] == [
        ("訓練", True), ("その人たち", False),
    ]  # fmt: skip
    office.groups.remove(group.id)
    office.sync()
    refused = office.groups.get(group.id)
    assert refused is not None
    assert refused.refused == "in_use"
    copy = office.groups.copy(group.id)
    assert (copy.name, copy.segment) == ("防災を選んだ人（写し）", TOPIC)


def test_a_group_cannot_name_itself(office: Office) -> None:
    group = office.groups.new(TOPIC, "輪")
    office.groups.save(group)
    with pytest.raises(GroupInvalid) as invalid:
        office.groups.save(group.model_copy(update={"segment": InGroup(group=group.id)}))
    assert [problem.code for problem in invalid.value.problems] == ["group_circle"]


def test_an_older_delivery_that_a_condition_names_is_known_by_its_title(office: Office) -> None:
    draft = office.deliveries.new("大雨のお知らせ")
    office.deliveries.save(draft)
    assert office.groups.known().deliveries == {}
    assert office.groups.known(Received(delivery=draft.id)).deliveries == {draft.id: "大雨のお知らせ"}


def test_a_tag_is_filled_and_a_chosen_list_changed_in_portions(
    office: Office, relay: FakeRelay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.features.lists.RESIDENTS_AT_ONCE", 2)
    tag, chosen = office.lists.new("tag", "防災訓練"), office.lists.new("chosen", "相談した人")
    for one in (tag, chosen):
        office.lists.save(one)
    office.sync()
    office.lists.fill(tag.id, TOPIC, instead=True)
    people = [new_resident_id() for _ in range(3)]
    path = sheet(
        tmp_path / "人.xlsx", *((id,) for id in (*people, people[0], "山田")), header=("住民の番号",)
    )
    assert office.lists.change(chosen.id, add=read_residents(path)) == 3
    for _ in range(3):
        office.sync()
    counts = {shown.body.name: shown.body.count for shown in office.lists.all()}
    assert counts == {"防災訓練": fake_lists.IN_TAG, "相談した人": 3}
    assert [change.kind for change in relay.applied].count("list.change") == 2
    assert office.groups.known().sentence(OnList(list=tag.id)) != ""


def test_codes_are_on_the_sheet_and_nowhere_else(office: Office, relay: FakeRelay, tmp_path: Path) -> None:
    one = codes_list(office)
    path = sheet(tmp_path / "区長.xlsx", (101, "山田 太郎", "川北区"), ("102", "髙﨑 花子", "港町区"))
    found = compare(read_people(path), valid_codes(office.lists, one.id))
    assert [(change.kind, change.person.number) for change in found] == [("new", "101"), ("new", "102")]
    out = tmp_path / "認証コード.xlsx"
    made = apply(found, one, office.lists, out)
    office.sync()
    printed = [row[3] for row in cells(out)[1:]]
    assert printed == [each.code for each in made]
    assert all(looks_like_code(code) for code in printed)
    kept = fake_lists.codes(relay)
    assert {code.hash for code in kept} == {code_hash(code) for code in printed}
    everything = "".join(record.model_dump_json() for record in relay.records.values())
    everything += "".join(change.model_dump_json() for change in relay.applied)
    for secret in (*printed, *map(clean_code, printed), "山田", "川北区"):
        assert secret not in everything
    assert "山田" not in repr(made) + repr(found)


def test_labels_are_searched_and_paged_in_the_local_file(
    office: Office, relay: FakeRelay, tmp_path: Path
) -> None:
    one = codes_list(office)
    made = [MadeCode(CodePerson(f"{n:03}", f"職員{n}", "総務課"), f"x{n}") for n in range(5)]
    made.append(MadeCode(CodePerson("900", "髙﨑 花子", "税務課"), "y"))
    office.lists.add_codes(one, made)
    office.sync()
    assert office.lists.page(CodeQuery(list=one.id))[0].unopened == "key_missing"
    office.lists.open_labels(one.id)
    assert [code.name for code in office.lists.page(CodeQuery(list=one.id, search="高崎"))] == ["髙﨑 花子"]
    page = CodeQuery(list=one.id, limit=2, offset=2)
    assert [code.number for code in office.lists.page(page)] == ["002", "003"]
    fake_lists.enter(relay, fake_lists.codes(relay)[0].id)
    office.sync()
    assert office.lists.counts(one.id) == {"unused": 5, "used": 1}
    (used,) = office.lists.page(CodeQuery(list=one.id, states=("used",)))
    assert used.name
    assert used.used_at is not None


def test_the_new_years_list_keeps_adds_and_revokes(office: Office, tmp_path: Path) -> None:
    one = codes_list(office)
    first = sheet(
        tmp_path / "a.xlsx", ("1", "佐藤", "総務課"), ("2", "鈴木", "税務課"), ("", "田中", "川北区")
    )
    apply(compare(read_people(first), ()), one, office.lists, tmp_path / "codes1.xlsx")
    office.sync()
    second = sheet(
        tmp_path / "b.xlsx",
        ("1", "佐藤", "福祉課"), ("3", "高橋", "税務課"), ("３", "同じ番号", ""), ("", " 田中 ", "川北区"),
    )  # fmt: skip
    changes = compare(read_people(second), valid_codes(office.lists, one.id))
    assert [(change.kind, change.person.name) for change in changes] == [
        ("stays", "佐藤"), ("new", "高橋"), ("wrong", "同じ番号"), ("stays", "田中"), ("gone", "鈴木"),
    ]  # fmt: skip
    assert "3行目" in changes[2].reasons[0]
    assert len(apply(changes, one, office.lists, tmp_path / "codes2.xlsx")) == 1
    office.sync()
    office.sync()
    assert office.lists.counts(one.id) == {"unused": 3, "revoked": 1}
    code_lists.write_errors(tmp_path / "e.xlsx", changes)
    assert cells(tmp_path / "e.xlsx")[1][1] == "同じ番号"
    code_lists.write_template(tmp_path / "t.xlsx", valid_codes(office.lists, one.id))
    again = compare(read_people(tmp_path / "t.xlsx"), valid_codes(office.lists, one.id))
    assert {change.kind for change in again} == {"stays"}


def test_nothing_changes_where_the_sheet_cannot_be_written(office: Office, tmp_path: Path) -> None:
    one = codes_list(office)
    found = compare([(2, CodePerson("1", "佐藤"))], ())
    with pytest.raises(OSError, match="No such file"):
        apply(found, one, office.lists, tmp_path / "none" / "codes.xlsx")
    office.sync()
    assert office.lists.counts(one.id) == {}


def test_without_the_departments_key_nobody_is_named_and_no_transfer_compared(
    office: Office, town: SealedTown
) -> None:
    one = codes_list(office)
    office.lists.add_codes(one, [MadeCode(CodePerson("1", "佐藤"), "x")])
    office.sync()
    office.lists.open_labels(one.id)
    assert office.lists.can_read(one)
    wrap = f"key-soumu/{office.me.id}"
    nothing = Refusal(reason="")
    town.relay.put("wrap", wrap, nothing, removed=True, audience=f"staff:{office.me.id}")
    office.sync()
    assert not office.lists.can_read(one)
    with pytest.raises(LabelsClosed):
        valid_codes(office.lists, one.id)
    (closed,) = office.lists.page(CodeQuery(list=one.id))
    assert (closed.name, closed.unopened) == ("", "key_missing")


def test_codes_need_a_department_with_a_key(office: Office, relay: FakeRelay) -> None:
    one = office.lists.new("codes", "区長")
    with pytest.raises(ListInvalid) as invalid:
        office.lists.save(one)
    assert [problem.code for problem in invalid.value.problems] == ["department_missing"]


def test_a_file_without_a_column_of_names_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(ListUnreadable):
        read_people(sheet(tmp_path / "x.xlsx", ("1", "2"), header=("あ", "い")))
