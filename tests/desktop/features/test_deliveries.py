"""Writing, testing, confirming and looking back, without any window.

Requirements: SEG-5, SEG-6, SEG-7, SEG-8, SEG-10, SEG-12.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from desktop.errors import PictureRefused
from desktop.features.deliveries import DeliveryRefused
from desktop.features.editing import Edits
from desktop.features.exports import csv_bytes, write_xlsx
from desktop.features.history import HISTORY_HEADER, history_rows
from desktop.features.office import Office
from desktop.features.pictures import fit_picture
from desktop.features.recipients import Condition, Recipients, recipients_of
from desktop.features.wording import words_for
from desktop.replica.records import DeliveryQuery
from protocol.deliveries import Delivery, DeliveryDraft, Quota
from protocol.items import SegmentItem
from protocol.message_limits import IMAGE_BYTES_LIMIT, PREVIEW_BYTES_LIMIT
from protocol.messages import TextMessage
from protocol.segments import AllOf, AnyOf, ChoiceIs, Everyone, Except, FollowedBetween, HasAnswered, Segment
from protocol.sync import QuotaAnswer
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.pictures_for_tests import encoded, noise


def written(office: Office, title: str = "防災訓練", text: str = "訓練です") -> DeliveryDraft:
    return office.deliveries.new(title).model_copy(update={"messages": (TextMessage(text=text),)})


def test_a_delivery_goes_from_draft_to_history_with_numbers(office: Office, relay: FakeRelay) -> None:
    confirmation = office.confirming.prepare(written(office))
    assert confirmation.may_send and confirmation.must_type_number
    office.confirming.send(confirmation)
    office.sync()
    shown = office.deliveries.get(confirmation.draft.id)
    assert shown is not None and shown.body.state == "sent"
    assert (shown.body.numbers.recipients, shown.body.numbers.accepted) == (4321, 4319)


def test_what_is_confirmed_is_what_was_shown(office: Office, relay: FakeRelay) -> None:
    draft = written(office)
    office.deliveries.save(draft)
    office.sync()
    confirmation = office.confirming.prepare(draft.model_copy(update={"title": "直した題"}))
    office.confirming.send(confirmation)
    office.sync()
    assert relay.delivery(draft.id).draft.title == "直した題"
    assert relay.delivery(draft.id).state == "sent"


def test_over_the_quota_nothing_can_be_confirmed(office: Office, relay: FakeRelay) -> None:
    relay.quota = QuotaAnswer(quota=Quota(limit=5000, used=4000))
    confirmation = office.confirming.prepare(written(office))
    assert [(p.code, p.limit, p.actual) for p in confirmation.problems] == [("over_quota", 1000, 4321)]
    with pytest.raises(DeliveryRefused):
        office.confirming.send(confirmation)


def test_without_recipients_or_with_the_relay_away_nothing_can_be_confirmed(
    office: Office, relay: FakeRelay
) -> None:
    relay.count = lambda segment: 0
    assert [p.code for p in office.confirming.prepare(written(office)).problems] == ["no_recipients"]
    relay.stop()
    assert [p.code for p in office.confirming.prepare(written(office)).problems] == ["count_unknown"]


def test_text_over_lines_limit_is_named_before_line_would(office: Office) -> None:
    problems = office.confirming.prepare(written(office, text="𠮷" * 2501)).problems
    assert [(p.code, p.at, p.actual) for p in problems] == [("text_too_long", "messages.0.text", 5002)]


def test_a_test_delivery_needs_a_tied_account(office: Office, relay: FakeRelay) -> None:
    with pytest.raises(DeliveryRefused) as refused:
        office.deliveries.test(written(office), [office.me.id])
    assert refused.value.problems[-1].code == "no_test_account"
    office.staff.start_line_link()
    relay.tie_line("sato")
    office.sync()
    office.deliveries.test(written(office), [office.me.id])
    office.sync()
    assert [change.kind for change in relay.applied] == ["line_link.start", "delivery.test"]


def test_the_relay_learns_the_hash_of_the_link_code_only(office: Office, relay: FakeRelay) -> None:
    code = office.staff.start_line_link()
    office.sync()
    assert code.digits not in str(relay.applied[0].payload)
    assert len(code.digits) == 8 and code.digits not in repr(code)


def test_a_copy_of_a_sent_delivery_is_a_new_draft(office: Office) -> None:
    confirmation = office.confirming.prepare(written(office))
    office.confirming.send(confirmation)
    office.sync()
    copy = office.deliveries.copy(confirmation.draft.id)
    assert copy.id != confirmation.draft.id and copy.copied_from == confirmation.draft.id
    assert copy.messages == confirmation.draft.messages


def test_a_draft_being_written_survives_a_crash(office: Office) -> None:
    draft = written(office)
    office.deliveries.keep(draft)
    assert [kept.draft for kept in office.home.today().kept] == [draft]
    office.deliveries.save(draft)
    assert office.home.today().kept == []


def test_the_list_filters_searches_and_sorts_in_pages(office: Office) -> None:
    for number in range(12):
        office.deliveries.save(written(office, f"題 {number:02}", "100% 断水" if number == 3 else "訓練"))
    search = DeliveryQuery(search="100%")
    assert [shown.body.draft.title for shown in office.deliveries.page(search)] == ["題 03"]
    second = DeliveryQuery(sort="title", descending=False, limit=5, offset=5)
    assert [shown.body.draft.title for shown in office.deliveries.page(second)] == [
        f"題 {n:02}" for n in range(5, 10)
    ]
    assert office.deliveries.count(DeliveryQuery(states=("sent",))) == 0


def test_the_history_opens_in_excel_without_surprises(office: Office, tmp_path) -> None:  # type: ignore[no-untyped-def]
    import openpyxl

    office.deliveries.save(written(office, "=cmd|'/c calc'!A1", "髙﨑𠮷葛󠄀"))
    rows = history_rows(
        office.deliveries,
        office.results,
        office.staff,
        office.groups.known().sentence,
        words_for("delivery_state"),
        DeliveryQuery(),
    )
    content = csv_bytes(HISTORY_HEADER, rows)
    assert content.startswith(b"\xef\xbb\xbf") and b"\r\n" in content
    assert "'=cmd" in content.decode("utf-8-sig") and "髙﨑𠮷葛󠄀" in content.decode("utf-8-sig")
    write_xlsx(tmp_path / "a.xlsx", "配信一覧", HISTORY_HEADER, rows)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert sheet is not None
    assert sheet["A2"].data_type == "s" and sheet["A2"].value == "=cmd|'/c calc'!A1"
    assert sheet["G2"].value == 0 and sheet["B2"].value == "通常"


def test_the_history_says_when_it_went_out_and_what_kind_it_was(office: Office, relay: FakeRelay) -> None:
    monday, friday = datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
    sent: dict[str, object] = {"confirmed_at": monday, "due_at": friday, "started_at": friday}
    tuesday = monday + timedelta(days=1)
    facts: tuple[tuple[str, dict[str, object]], ...] = (
        ("d-booked", sent),
        ("d-at-once", {"confirmed_at": tuesday, "started_at": tuesday, "bypassed": "避難指示"}),
        ("d-day", {**sent, "series": "d-r", "due_at": friday + timedelta(days=7), "started_at": None}),
        ("d-waste", {**sent, "confirmed_at": None, "made_by_rule": "waste", "started_at": friday}),
    )
    for id, known in facts:
        draft = DeliveryDraft(id=id, title=id, messages=(TextMessage(text="x"),))
        relay.put("delivery", id, Delivery(draft=draft, state="sent").model_copy(update=known))
    office.sync()
    page = office.deliveries.page(DeliveryQuery(descending=False))
    assert page[0].id == "d-at-once" and page[-1].id == "d-day"
    sentence = office.groups.known().sentence
    states = words_for("delivery_state")
    rows = history_rows(office.deliveries, office.results, office.staff, sentence, states, DeliveryQuery())
    told = {str(row[0]): (row[1], row[3], row[4]) for row in rows}
    assert told["d-booked"] == ("通常", "2026-11-20 09:00", "")
    assert told["d-at-once"] == ("緊急", "2026-11-17 09:00", "")
    assert told["d-day"] == ("くり返し", "2026-11-27 09:00", "")
    assert told["d-waste"] == ("自動（ごみ）", "2026-11-20 09:00", "自動")
    by_kind = office.deliveries.page(DeliveryQuery(sort="nature", descending=False))
    assert [shown.id for shown in by_kind] == ["d-waste", "d-at-once", "d-booked", "d-day"]


def test_any_photo_becomes_what_line_takes_and_forgets_where_it_was_taken() -> None:
    photo = Image.effect_noise((5000, 3500), 80).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # lying on its side
    exif[0x010F] = "SECRETCAMERA"
    fitted = fit_picture(encoded(photo, "JPEG", quality=98, exif=exif))
    assert len(fitted.original) <= IMAGE_BYTES_LIMIT and len(fitted.preview) <= PREVIEW_BYTES_LIMIT
    assert fitted.height > fitted.width
    assert b"SECRETCAMERA" not in fitted.original
    assert not Image.open(io.BytesIO(fitted.original)).getexif()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"MZ not a picture", "file_type_refused"),
        (noise(60)[:400], "file_damaged"),
        (encoded(Image.new("1", (20000, 20000)), "PNG"), "file_too_large"),
    ],
)
def test_a_picture_that_cannot_be_used_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(PictureRefused) as refused:
        fit_picture(content)
    assert refused.value.reason == reason


CHOICE = ChoiceIs(item="i", any_of=("a",))


@pytest.mark.parametrize(
    "segment",
    [
        Everyone(),
        CHOICE,
        Except(part=CHOICE),
        AllOf(parts=(CHOICE, Except(part=HasAnswered(item="j")))),
        AnyOf(parts=(CHOICE, AllOf(parts=(CHOICE, FollowedBetween())))),
        Except(part=AnyOf(parts=(CHOICE, Except(part=CHOICE)))),
    ],
)
def test_every_expression_comes_back_from_the_list_as_it_went_in(segment: Segment) -> None:
    assert recipients_of(segment).as_segment() == segment


def test_conditions_are_sentences(town_items: tuple[SegmentItem, ...], office: Office) -> None:
    office.sync()
    condition = Condition(ChoiceIs(item="item-topics", any_of=("t0",)), excluded=True)
    assert condition.sentence(office.groups.known()) == "「知りたいこと」で「防災」を選んだ人 を除く"
    assert Recipients().with_condition(condition).without(0).as_segment() == Everyone()


def test_undo_says_what_it_takes_back() -> None:
    edits = Edits("a")
    edits.do("題の入力", "b")
    edits.do("本文の入力", "c")
    assert edits.undo_name == "本文の入力"
    assert (edits.undo(), edits.undo(), edits.undo_name) == ("b", "a", "")
    assert (edits.redo_name, edits.redo()) == ("題の入力", "b")
    assert not edits.do("何も変えない", "b")
