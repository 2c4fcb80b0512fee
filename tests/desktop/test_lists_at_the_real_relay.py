"""SEG-1, SEG-4: what the desktop makes of groups, lists, codes and merges, taken by the real relay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from desktop.features.code_lists import apply, compare, read_people, valid_codes
from desktop.replica.lists import CodeQuery
from protocol.items import Choice, SegmentItem
from protocol.lists import ResidentList
from protocol.segments import AllOf, ChoiceIs, Except, InGroup, LanguageIs, OnList
from tests.conftest import Clock
from tests.desktop.features.test_lists import sheet
from tests.desktop.town import Machine, Town, running_town


def list_of(machine: Machine, id: str) -> ResidentList:
    shown = machine.office.lists.get(id)
    assert shown is not None
    assert shown.refused == ""
    return shown.body


@pytest.fixture
def people(tmp_path: Path, clock: Clock) -> Iterator[tuple[Town, Machine, Machine]]:
    with running_town(tmp_path, clock) as town:
        yield begin(town)


def begin(town: Town) -> tuple[Town, Machine, Machine]:
    """佐藤, administrator, and 山田 of 総務課 who holds its key."""
    admin = town.begin()
    town.make_keys(admin)
    soumu = town.department(admin, "総務課")
    member = town.invite(admin, "yamada", soumu)
    town.confirm(admin, member)
    town.sync(admin, member)
    return town, admin, member


def test_what_the_desktop_writes_is_taken_counted_and_refused_while_in_use(
    people: tuple[Town, Machine, Machine], tmp_path: Path
) -> None:
    town, boss, member = people
    office = member.office
    item = SegmentItem(
        id="item-topics", kind="multiple", title="知りたいこと", question="知りたいことは？",
        choices=tuple(Choice(id=f"t{n}", label=words) for n, words in enumerate(("防災", "子育て", "ごみ"))),
    )  # fmt: skip
    boss.office.items.save(item)
    town.sync(boss, member)
    tag = office.lists.new("tag", "訓練に出た人")
    codes = office.lists.new("codes", "区長").model_copy(
        update={"departments": member.office.staff.me().departments}
    )
    group = office.groups.new(
        AllOf(parts=(ChoiceIs(item=item.id, any_of=("t1",)), Except(part=OnList(list=tag.id)))), "子育て"
    )
    office.lists.save(tag)
    office.lists.save(codes)
    office.sync()
    office.groups.save(group)
    office.lists.fill(tag.id, LanguageIs(any_of=("ja",)), instead=True)
    path = sheet(tmp_path / "区長.xlsx", (1, "髙﨑 花子", "川北区"), (2, "山田 太郎", "港町区"))
    made = apply(
        compare(read_people(path), valid_codes(office.lists, codes.id)),
        codes,
        office.lists,
        tmp_path / "o.xlsx",
    )
    town.sync(member, boss)
    assert list_of(member, codes.id).codes == 2
    assert list_of(member, tag.id).count == 0
    office.lists.open_labels(codes.id)
    assert [code.name for code in office.lists.page(CodeQuery(list=codes.id, search="高崎"))] == ["髙﨑 花子"]
    assert openpyxl.load_workbook(tmp_path / "o.xlsx").worksheets[0].max_row == 1 + len(made)
    assert office.groups.count(InGroup(group=group.id)).count == 0
    assert office.groups.people(InGroup(group=group.id)).count == 0
    draft = office.deliveries.new("子育てだより").model_copy(update={"excluded": (group.id,)})
    office.deliveries.save(draft)
    office.sync()
    office.groups.remove(group.id)
    office.sync()
    (use,) = office.groups.uses(group.id)
    assert (use.title, use.is_draft) == ("子育てだより", True)
    assert office.groups.get(group.id) is None  # a draft does not hold it; its recipients say what is missing
    boss.office.items.merge(item.id, "t1", "t0", boss.office.items.use(item.id).choices.get("t1", 0))
    office.lists.revoke_codes(codes.id, [code.id for code in office.lists.page(CodeQuery(list=codes.id))][:1])
    town.sync(boss, member)
    assert list_of(member, codes.id).codes == 1
    assert office.lists.counts(codes.id) == {"unused": 1, "revoked": 1}
    merged = office.items.by_id()[item.id]
    assert merged.living_choice("t1") == "t0"
