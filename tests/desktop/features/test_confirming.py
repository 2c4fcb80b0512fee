"""SEG-5, SEG-12 at the desk without any window: dry run, ticks, second person, stop, correction, moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from desktop.features.changed_text import changed_facts, changed_lines
from desktop.features.check_words import (
    count_words,
    duration_words,
    languages_words,
    quota_words,
    route_words,
    share_words,
    verb_of,
    why_no_broadcast,
)
from desktop.features.deliveries import CORRECTION_MARK, DeliveryRefused
from desktop.features.office import Office
from desktop.features.planning import Calendar, default_when, quiet_moment, upcoming
from desktop.features.recipients import Known
from desktop.features.sending_rules import closed_days, with_closed, without_closed
from desktop.replica.records import DeliveryQuery
from protocol.counting import utf16_length
from protocol.deliveries import Delivery, DeliveryDraft, Quota
from protocol.message_limits import TEXT_LIMIT
from protocol.messages import (
    Card,
    CardMessage,
    HeadingBlock,
    OpenLink,
    TableBlock,
    TextMessage,
    Variant,
)
from protocol.schedules import JAPAN, At, Holidays, Now, OnResidentDay, Recurrence, Repeating
from protocol.segments import Everyone, Received
from protocol.sending_rules import SendingRules
from protocol.sync import CheckAnswer
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_sending import begin, pause
from tests.desktop.morning import morning

NOON = datetime(2026, 7, 10, 3, tzinfo=UTC)


def written(office: Office, title: str = "断水", **facts: object) -> DeliveryDraft:
    draft = office.deliveries.new(title)
    return draft.model_copy(update={"messages": (TextMessage(text="断水します"),)} | facts)


def state(office: Office, id: str) -> Delivery:
    found = office.deliveries.get(id)
    assert found is not None
    return found.body


def held(office: Office, relay: FakeRelay) -> str:
    """The id of a delivery in its hold."""
    relay.safety.hold_seconds = 60
    draft = written(office)
    office.confirming.send(office.confirming.prepare(draft))
    office.sync()
    assert state(office, draft.id).state == "held"
    return draft.id


def test_a_held_delivery_is_stopped_and_is_a_draft_again(office: Office, relay: FakeRelay) -> None:
    id = held(office, relay)
    office.confirming.stop(id)
    office.sync()
    assert state(office, id).state == "draft"
    assert [shown.id for shown in office.home.today().drafts] == [id]


def test_a_pending_stop_never_shows_what_is_stopped_as_a_draft(office: Office, relay: FakeRelay) -> None:
    relay.deliver_at_once = False
    id = held(office, relay)
    begin(relay, id)
    office.sync()
    pause(relay, id, accepted=1000, reason="stopped")  # a colleague was quicker
    office.confirming.stop(id)
    assert state(office, id).state == "paused"
    relay.refuse_next("not_stoppable")
    office.sync()
    assert (state(office, id).state, state(office, id).numbers.accepted) == ("paused", 1000)
    office.confirming.stop(id)
    assert state(office, id).state == "paused"


def test_a_stop_under_way_pauses_and_the_rest_can_be_cancelled(office: Office, relay: FakeRelay) -> None:
    relay.deliver_at_once = False
    id = held(office, relay)
    begin(relay, id)
    office.sync()
    office.confirming.stop(id)
    office.sync()
    assert (state(office, id).state, state(office, id).reason) == ("paused", "stopped")
    pause(relay, id, accepted=1000, reason="stopped")
    office.sync()
    office.confirming.cancel(id)
    office.sync()
    numbers = state(office, id).numbers
    assert (state(office, id).state, numbers.accepted, numbers.cancelled) == ("cancelled", 1000, 3321)


def test_every_warning_is_ticked_or_nothing_goes(office: Office, relay: FakeRelay) -> None:
    relay.safety.warnings = ("quiet_hours", "date_in_past")
    confirmation = office.confirming.prepare(written(office))
    with pytest.raises(DeliveryRefused) as refused:
        office.confirming.send(confirmation, ("quiet_hours",))
    assert [problem.code for problem in refused.value.problems] == ["date_in_past"]
    office.confirming.send(confirmation, ("quiet_hours", "date_in_past"))
    office.sync()
    assert relay.applied[-1].payload["accepted"] == ["quiet_hours", "date_in_past"]


def test_a_second_person_is_asked_and_one_cannot_be_it_oneself(office: Office, relay: FakeRelay) -> None:
    relay.safety.needs_second = True
    draft = written(office)
    confirmation = office.confirming.prepare(draft)
    assert confirmation.needs_second and confirmation.may_bypass
    with pytest.raises(DeliveryRefused):
        office.confirming.send(confirmation)
    office.confirming.ask_approval(confirmation)
    office.sync()
    assert state(office, draft.id).state == "asked"
    asked = office.confirming.prepare(draft)
    assert asked.own_request and not asked.needs_second
    assert office.home.today().asked == []  # not one's own to do


def test_what_comes_back_says_why_until_it_is_asked_again(office: Office, relay: FakeRelay) -> None:
    draft = written(office)
    office.confirming.ask_approval(office.confirming.prepare(draft))
    office.sync()
    office.confirming.give_back(draft.id, "日付が違います。")
    office.sync()
    assert [shown.body.returned for shown in office.home.today().returned] == ["日付が違います。"]
    office.deliveries.save(draft.model_copy(update={"title": "直した"}))
    office.sync()
    assert state(office, draft.id).returned == "日付が違います。"
    office.confirming.ask_approval(office.confirming.prepare(state(office, draft.id).draft))
    office.sync()
    assert state(office, draft.id).returned == ""


def test_in_an_emergency_the_reason_goes_with_it(office: Office, relay: FakeRelay) -> None:
    relay.safety.needs_second = True
    draft = written(office)
    office.confirming.send(office.confirming.prepare(draft), emergency=" 避難指示 ")
    office.sync()
    assert state(office, draft.id).bypassed == "避難指示"


def test_a_correction_goes_to_those_who_got_the_first_one(office: Office, relay: FakeRelay) -> None:
    long = written(office, messages=(TextMessage(text="😊" * 2500),))
    office.confirming.send(office.confirming.prepare(long))
    office.sync()
    draft = office.deliveries.correct(long.id)
    assert (draft.segment, draft.corrects) == (Received(delivery=long.id), long.id)
    text = draft.messages[0]
    assert isinstance(text, TextMessage) and text.text.startswith(CORRECTION_MARK)
    assert utf16_length(text.text) <= TEXT_LIMIT
    assert not any(problem.code == "text_too_long" for problem in office.deliveries.problems(draft))


def test_a_copy_of_last_year_is_decided_anew_and_asked_about(office: Office, relay: FakeRelay) -> None:
    old = written(office, when=At(at=datetime(2025, 12, 1, tzinfo=UTC)))
    long_ago = morning() - timedelta(days=360)
    body = Delivery(draft=old, state="sent", confirmed_at=long_ago)
    relay.put("delivery", old.id, body)
    office.sync()
    copy = office.deliveries.copy(old.id)
    assert copy.when == Now() and copy.copied_from == old.id and copy.messages == old.messages
    assert office.confirming.prepare(copy).warnings == ("stale_content",)
    assert office.confirming.before(copy) == old


def test_put_away_is_out_of_the_list_and_comes_back(office: Office, relay: FakeRelay) -> None:
    draft = written(office)
    office.confirming.send(office.confirming.prepare(draft))
    office.sync()
    office.deliveries.archive(draft.id)
    assert office.deliveries.page(DeliveryQuery(archived=False)) == []
    office.sync()
    assert [shown.id for shown in office.deliveries.page(DeliveryQuery(archived=True))] == [draft.id]
    office.deliveries.archive(draft.id, archived=False)
    assert office.deliveries.count(DeliveryQuery(archived=False)) == 1


def test_the_days_of_a_series_stand_under_it(office: Office, relay: FakeRelay) -> None:
    whole = written(office, "ごみの日")
    relay.put("delivery", whole.id, Delivery(draft=whole, state="repeating"))
    for number in range(3):
        day = whole.model_copy(update={"id": f"day{number}"})
        relay.put("delivery", day.id, Delivery(draft=day, state="sent", series=whole.id))
    office.sync()
    assert [shown.id for shown in office.deliveries.page(DeliveryQuery(grouped=True))] == [whole.id]
    assert office.deliveries.count(DeliveryQuery(series=whole.id)) == 3
    assert office.deliveries.count(DeliveryQuery(grouped=True, search="ごみ")) == 4
    relay.put("delivery", whole.id, Delivery(draft=whole), removed=True)
    office.sync()
    assert office.deliveries.count(DeliveryQuery(grouped=True)) == 3  # nothing is out of sight


def test_words_are_found_whatever_their_width_and_not_in_codes(office: Office) -> None:
    office.deliveries.save(written(office, "ＬＩＮＥの点検", messages=(TextMessage(text="髙橋公園"),)))
    for wanted, found in (("line 高橋", 1), ("text", 0), ("点検　公園", 1), ("50%", 0)):
        assert office.deliveries.count(DeliveryQuery(search=wanted)) == found, wanted


WEEKLY = Repeating(
    rule=Recurrence(pattern="weekly", weekdays=(0,), first=date(2026, 7, 1), on_holiday="skip"), time="09:00"
)


def test_the_next_dates_say_what_a_holiday_does() -> None:
    skipped = upcoming(WEEKLY, NOON, Holidays(), 3)
    days = [(one.moment.astimezone(JAPAN).day, one.note, one.falls_out) for one in skipped]
    assert days == [(13, "", False), (20, "海の日のため休み", True), (27, "", False), (3, "", False)]
    before = WEEKLY.model_copy(update={"rule": WEEKLY.rule.model_copy(update={"on_holiday": "before"})})
    moved = upcoming(before, NOON, Holidays(), 3)
    assert [one.note for one in moved] == ["", "7月20日（海の日）から前へ", ""]
    after = WEEKLY.model_copy(update={"rule": WEEKLY.rule.model_copy(update={"on_holiday": "after"})})
    assert upcoming(after, NOON, Holidays(), 2)[1].note == "7月20日（海の日）から後へ"
    kept = WEEKLY.model_copy(update={"rule": WEEKLY.rule.model_copy(update={"on_holiday": "keep"})})
    assert upcoming(kept, NOON, Holidays(), 2)[1].note == "海の日も送る"


def test_quiet_hours_are_seen_before_anything_is_confirmed() -> None:
    calendar = Calendar({}, Holidays(), SendingRules())
    assert quiet_moment(Now(), NOON, calendar) is None
    night = At(at=datetime(2026, 7, 10, 13, tzinfo=UTC))
    assert quiet_moment(night, NOON, calendar) == night.at


@pytest.mark.parametrize("kind", ["now", "at", "repeating", "resident_day", "age"])
def test_every_kind_of_moment_begins_with_something_usable(kind: str) -> None:
    assert default_when(kind, NOON, {}).kind == kind


def test_the_month_shows_what_went_and_what_a_rule_will_come_to(office: Office, relay: FakeRelay) -> None:
    now = morning()
    local = now.astimezone(JAPAN)
    weekly = Recurrence(pattern="weekly", weekdays=tuple(range(7)), first=local.date())
    whole = written(office, "毎日", when=Repeating(rule=weekly, time="12:34"))
    relay.put("delivery", whole.id, Delivery(draft=whole, state="repeating", due_at=now))
    gone = written(office, "きょう")
    relay.put("delivery", gone.id, Delivery(draft=gone, state="sent", started_at=now))
    office.sync()
    this_month = office.planning.month(local.year, local.month)
    assert [one.title for one in this_month if not one.expected] == ["きょう"]
    following = (local.replace(day=1) + timedelta(days=32)).date()
    ahead = office.planning.month(following.year, following.month)
    assert {one.title for one in ahead} == {"毎日"} and len(ahead) >= 28


def test_closed_days_are_added_struck_out_and_put_back() -> None:
    changed = with_closed(Holidays(), date(2026, 12, 29), "年末の休み")
    assert any(one.name == "年末の休み" and one.by_town for one in closed_days(2026, changed))
    struck = without_closed(changed, date(2026, 11, 23))
    assert [one.name for one in closed_days(2026, struck) if one.struck] == ["勤労感謝の日"]
    assert without_closed(struck, date(2026, 11, 23)) == changed
    assert without_closed(changed, date(2026, 12, 29)) == Holidays()


def test_rules_are_saved_over_what_was_seen(office: Office, relay: FakeRelay) -> None:
    rules, seen = office.town_rules.sending()
    assert (rules, seen) == (SendingRules(), 0)
    office.town_rules.save_sending(rules.model_copy(update={"hold_seconds": 90}), seen)
    assert office.town_rules.sending()[0].hold_seconds == 90
    office.sync()
    assert office.town_rules.sending()[1] == 1


def test_what_changed_is_told_line_by_line() -> None:
    before = DeliveryDraft(
        id="a", title="去年", messages=(TextMessage(text="12月1日です。\n来てください。"),)
    )
    after = before.model_copy(update={"messages": (TextMessage(text="12月3日です。\n来てください。"),)})
    lines = [(one.kind, one.text) for one in changed_lines(before, after)]
    assert lines == [("gone", "12月1日です。"), ("new", "12月3日です。"), ("same", "来てください。")]
    assert changed_lines(before, before) == [] and changed_facts(before, after, Known()) == []
    moved = after.model_copy(update={"when": WEEKLY, "segment": Everyone(), "silent": True})
    assert [what for what, _, _ in changed_facts(before, moved, Known())] == ["いつ", "通知"]
    at_once = after.model_copy(update={"route": "broadcast"})
    assert [what for what, _, _ in changed_facts(before, at_once, Known())] == ["送り方"]


def test_a_changed_row_of_a_table_and_a_changed_button_are_told_too() -> None:
    def card(time: str, url: str) -> CardMessage:
        blocks = (HeadingBlock(text="秋まつり"), TableBlock(rows=(("場所", "公園"), ("日時", time))))
        return CardMessage(
            alt="秋まつり", cards=(Card(blocks=blocks, buttons=(OpenLink(label="開く", url=url),)),)
        )

    before = DeliveryDraft(id="a", title="秋", messages=(card("10時", "https://example.jp/a"),))
    after = before.model_copy(update={"messages": (card("13時", "https://example.jp/b"),)})
    changed = [(one.kind, one.text) for one in changed_lines(before, after) if one.kind != "same"]
    assert changed == [
        ("gone", "日時：10時"), ("new", "日時：13時"),
        ("gone", "https://example.jp/a"), ("new", "https://example.jp/b"),
    ]  # fmt: skip


def test_a_broadcast_says_why_it_cannot_be_and_is_not_copied(office: Office) -> None:
    everyone = DeliveryDraft(id="a", title="a", messages=(TextMessage(text="断水"),))
    assert why_no_broadcast(everyone) == ""
    own_day = OnResidentDay(item="i")
    english = (Variant(language="en", messages=everyone.messages),)
    for change, words in (
        ({"excluded": ("g",)}, "友だち全員"),
        ({"when": own_day}, "友だち全員"),
        ({"variants": english}, "ほかの言語"),
        ({"messages": (TextMessage(text="｛地区｝"),)}, "差し込み"),
    ):
        assert words in why_no_broadcast(everyone.model_copy(update=change))
    office.deliveries.save(everyone.model_copy(update={"route": "broadcast"}))
    assert office.deliveries.copy("a").route == "auto"


def test_the_dry_run_is_told_in_words() -> None:
    check = CheckAnswer(
        count=3, friends=4321, route="multicast", calls=1, seconds=1, texts=2,
        languages={"ja": 2, "en": 1}, as_of=NOON,
    )  # fmt: skip
    assert share_words(check) == "友だち 4,321人のうち 1%未満"
    assert route_words(check) == "500人ずつまとめて送ります（1回、文は2通り）"
    assert languages_words(check, {"ja": "日本語", "en": "English"}) == "日本語 2人、English 1人"
    few = check.model_copy(update={"count": 0, "few": True, "languages": {}, "quota": Quota(limit=9, used=1)})
    assert (count_words(check), count_words(few)) == ("3 人", "5人未満")
    assert (share_words(few), languages_words(few, {}), quota_words(few)) == ("", "", "8通")
    assert (
        languages_words(check.model_copy(update={"languages": {"ja": 9, "en": 0}}), {})
        == "ja 9人、en 5人未満"
    )
    assert [duration_words(one) for one in (1, 30, 90, 3900)] == ["数秒", "約30秒", "約2分", "約1時間05分"]
    draft = DeliveryDraft(id="a", title="a", when=WEEKLY)
    assert verb_of(draft) == "くり返しを始める"
