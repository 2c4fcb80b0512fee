"""Everybody reads exactly one text, in their language and with their district. SEG-6, SEG-7."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from protocol.changes import ItemSave
from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import DeliverySave
from protocol.items import Answer, Choice, SegmentItem
from protocol.messages import TextMessage, Variant
from protocol.schedules import OnResidentDay
from protocol.segments import Everyone, HasAnswered
from protocol.staff import StaffMember
from relay.features.freezing import cut_texts
from relay.features.texts import may_broadcast, plan_texts
from relay.store.residents import write_answers
from relay.store.runs import find_text
from relay.store.tables import batches
from tests.relay.features.office import Office, district_item
from tests.relay.town import add_friends

PLAIN = DeliveryDraft(id="d1", title="お知らせ", messages=(TextMessage(text="本日"),))
PERSONAL = PLAIN.model_copy(update={"messages": (TextMessage(text="｛地区｝の皆さま"),)})


def packed(numbers: Iterable[int]) -> bytes:
    return array("I", numbers).tobytes()


@given(
    people=st.lists(st.integers(1, 3000), unique=True).map(sorted),
    speak=st.dictionaries(st.integers(1, 3000), st.sampled_from(["ja", "en", "vi", "zh", ""])),
    live=st.dictionaries(st.integers(1, 3000), st.sampled_from(["north", "south", "gone"])),
)
def test_nobody_gets_two_texts_and_nobody_none(
    people: list[int], speak: dict[int, str], live: dict[int, str]
) -> None:
    def split(members: bytes, by: str) -> Mapping[str, bytes]:
        answers = speak if by == "language" else live
        numbers = array("I", members)
        keys = {answers.get(number, "") for number in numbers}
        return {key: packed(n for n in numbers if answers.get(n, "") == key) for key in keys}

    draft = PERSONAL.model_copy(
        update={"variants": (Variant(language="en", messages=(TextMessage(text="Dear ｛地区｝"),)),)}
    )
    item = SegmentItem(
        id="i", kind="district", title="", question="",
        choices=(Choice(id="north", label="川北"), Choice(id="south", label="川南")),
    )  # fmt: skip
    planned = plan_texts(draft, packed(people), split, item)
    got = [number for text in planned for number in array("I", text.members)]
    assert sorted(got) == people
    for text in planned:
        for number in array("I", text.members):
            assert (text.language == "en") == (speak.get(number) == "en")
            label = {"north": "川北", "south": "川南"}.get(live.get(number, ""))
            nowhere = {"ja": "お住まいの地区", "en": "your district"}[text.language]
            assert text.district == (label or nowhere)
    cut = cut_texts(planned)
    assert [batch.no for batch in cut] == list(range(len(cut)))
    assert b"".join(batch.members for batch in cut) == b"".join(text.members for text in planned)


def test_frozen_texts_hold_the_district_of_their_readers(office: Office, sato: StaffMember) -> None:
    item = district_item().model_copy(update={"kind": "district"})
    office.do(sato, "item.save", ItemSave(item=item))
    add_friends(office.database, 1102, office.clock())
    with office.database.write() as connection:
        for number in range(1, 601):
            choice = "item-district-0" if number <= 600 else "item-district-1"
            write_answers(connection, number, [Answer(item=item.id, choices=(choice,))], office.clock())
        write_answers(connection, 601, [Answer(item=item.id, choices=("item-district-1",))], office.clock())
    office.do(sato, "delivery.save", DeliverySave(draft=PERSONAL))
    office.put("delivery", "d1", office.delivery(sato, "d1").model_copy(update={"state": "queued"}).as_json())
    with office.database.write() as connection:
        office.sending.freezing.queue(connection, PERSONAL, recipients=1102, now=office.clock())
    office.sending.freezing.freeze("d1")
    with office.database.read() as connection:
        rows = connection.execute(select(batches).order_by(batches.c.no)).all()
        words = {
            row.text: json.loads(find_text(connection, office.database.cipher, "d1", row.text).messages)
            for row in rows
        }
    seen = [(words[row.text][0]["text"], row._mapping["count"], row.endpoint) for row in rows]
    assert sorted(seen) == [
        ("お住まいの地区の皆さま", 1, "multicast"),
        ("お住まいの地区の皆さま", 500, "multicast"),
        ("川北の皆さま", 100, "multicast"),
        ("川北の皆さま", 500, "multicast"),
        ("川南の皆さま", 1, "push"),
    ]
    assert office.delivery(sato, "d1").numbers.recipients == 1102


def test_chosen_people_are_frozen_at_once_whatever_the_segment_says(
    office: Office, sato: StaffMember
) -> None:
    add_friends(office.database, 30, office.clock())
    office.do(sato, "delivery.save", DeliverySave(draft=PLAIN))
    members = packed([3, 5])
    with office.database.write() as connection:
        office.sending.freezing.queue(connection, PLAIN, recipients=2, now=office.clock(), members=members)
    with office.database.read() as connection:
        (row,) = connection.execute(select(batches)).all()
    assert (row.members, row.state) == (members, "waiting")
    assert office.delivery(sato, "d1").state == "sending"


def test_a_broadcast_is_for_everyone_and_the_same_for_all() -> None:
    asked = PLAIN.model_copy(update={"route": "broadcast", "segment": Everyone()})
    assert may_broadcast(asked)
    for change in (
        {"route": "auto"},
        {"segment": HasAnswered(item="i")},
        {"excluded": ("g",)},
        {"variants": (Variant(language="en", messages=PLAIN.messages),)},
        {"messages": PERSONAL.messages},
        {"when": OnResidentDay(item="birthday")},
    ):
        assert not may_broadcast(asked.model_copy(update=change))
