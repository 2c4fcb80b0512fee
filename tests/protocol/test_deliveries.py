"""What stops a delivery before LINE would (SEG-6, SEG-10, SEG-12)."""

from protocol.deliveries import Quota, find_draft_problems, find_sending_problems
from protocol.message_limits import find_message_problems
from protocol.messages import TEST_MARK, ImageMessage, Say, TextMessage, Variant, with_test_mark
from protocol.schedules import OnAge, OnResidentDay
from protocol.segments import Everyone
from tests.make import DISTRICT, district_item, draft

ITEMS = {DISTRICT: district_item()}
PICTURE = ImageMessage(file="a" * 64, preview="b" * 64)


def codes(**changes: object) -> list[tuple[str, str]]:
    return [(p.code, p.at) for p in find_draft_problems(draft(**changes), ITEMS)]


def test_an_ordinary_draft_has_no_problems() -> None:
    assert codes() == []


def test_a_draft_without_name_or_message_says_both() -> None:
    assert codes(title="", messages=()) == [("title_missing", "title"), ("no_messages", "messages")]


def test_text_is_refused_from_the_first_unit_over_five_thousand() -> None:
    assert codes(messages=(TextMessage(text="🍎" * 2500),)) == []
    assert codes(messages=(TextMessage(text="🍎" * 2500 + "a"),)) == [("text_too_long", "messages.0.text")]


def test_six_bubbles_and_an_empty_bubble_are_refused() -> None:
    assert codes(messages=(PICTURE,) * 6) == [("too_many_messages", "messages")]
    assert codes(messages=(TextMessage(text=" \n"),)) == [("text_missing", "messages.0.text")]


def test_a_picture_without_file_is_refused() -> None:
    assert codes(messages=(ImageMessage(file="", preview=""),)) == [("file_missing", "messages.0")]


def test_a_test_delivery_carries_its_mark_and_counts_it() -> None:
    full = TextMessage(text="あ" * 5000)
    assert find_message_problems((full,)) == ()
    assert [p.code for p in find_message_problems((full,), as_test=True)] == ["text_too_long"]
    marked = with_test_mark((TextMessage(text="断水"), PICTURE))
    assert marked == (TextMessage(text=f"{TEST_MARK}\n断水"), PICTURE)


def test_a_test_of_five_pictures_is_refused_rather_than_sent_without_its_last() -> None:
    assert find_message_problems((PICTURE,) * 4, as_test=True) == ()
    assert len(with_test_mark((PICTURE,) * 4)) == 5
    assert [p.code for p in find_message_problems((PICTURE,) * 5, as_test=True)] == ["too_many_messages"]


def test_variants_and_quick_replies_are_looked_at_too() -> None:
    easy = Variant(language="easy", messages=(TextMessage(text="みずが とまります。"),))
    assert codes(variants=(easy, easy.model_copy(update={"language": "pt"}))) == []
    assert codes(variants=(easy, easy)) == [("variant_twice", "variants.1.language")]
    for wrong in ("ja", "xx"):
        other = easy.model_copy(update={"language": wrong})
        assert codes(variants=(other,)) == [("language_unknown", "variants.0.language")]
    empty = Variant(language="en", messages=(TextMessage(text=""),))
    assert codes(variants=(easy, empty)) == [("text_missing", "variants.1.messages.0.text")]
    assert codes(quick_replies=(Say(label="", text="x"),)) == [("text_missing", "quick_replies.0.label")]
    own = Variant(language="en", messages=easy.messages, quick_replies=(Say(label="", text="x"),))
    assert codes(variants=(own,)) == [("text_missing", "variants.0.quick_replies.0.label")]


def test_a_broadcast_is_for_everyone_and_the_same_for_all() -> None:
    broadcast = {"route": "broadcast", "segment": Everyone()}
    refused = [("broadcast_not_possible", "route")]
    assert codes(**broadcast) == []
    assert codes(**broadcast, messages=(TextMessage(text="｛町名｝"),)) == []
    assert codes(**broadcast, messages=(TextMessage(text="｛地区｝"),)) == refused
    assert codes(**broadcast, quick_replies=(Say(label="はい", text="｛地区｝"),)) == refused
    easy = Variant(language="easy", messages=(TextMessage(text="x"),))
    assert codes(**broadcast, variants=(easy,)) == refused
    assert codes(route="broadcast") == refused
    for own_day in (OnResidentDay(item="birthday"), OnAge(item="birth", years=1)):
        assert codes(**broadcast, when=own_day) == refused


def test_nobody_to_send_to_and_unknown_numbers_stop_a_delivery() -> None:
    assert [p.code for p in find_sending_problems(0, Quota())] == ["no_recipients"]
    assert [p.code for p in find_sending_problems(None, Quota())] == ["count_unknown"]
    assert [p.code for p in find_sending_problems(5, None)] == ["quota_unknown"]


def test_the_quota_holds_to_the_last_person() -> None:
    assert find_sending_problems(10, Quota(limit=100, used=90)) == ()
    assert [p.code for p in find_sending_problems(11, Quota(limit=100, used=90))] == ["over_quota"]
    assert find_sending_problems(1_000_000, Quota(limit=None, used=5)) == ()
    assert Quota(limit=10, used=12).remaining == 0
