"""What every message may hold, counted as LINE counts: units, clusters, bytes, places (SEG-6)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.action_limits import dialled, find_quick_reply_problems
from protocol.card_form import PALE, QUIET, STRONG, TEXT, WHITE
from protocol.card_limits import BUBBLE_BYTES, CAROUSEL_BYTES, card_bytes
from protocol.message_limits import find_message_problems
from protocol.messages import (
    Area,
    AudioMessage,
    ButtonsMessage,
    Call,
    Card,
    CardMessage,
    CarouselMessage,
    Column,
    ConfirmMessage,
    Copy,
    CouponMessage,
    HeadingBlock,
    ImagemapMessage,
    LocationMessage,
    Message,
    OpenLink,
    OpenPage,
    Picture,
    PictureBlock,
    Say,
    StickerMessage,
    TableBlock,
    TextBlock,
    TextMessage,
    VideoMessage,
)
from protocol.problems import REASONS
from tests.make import every_message

PICTURE = Picture(file="a" * 64, description="公民館", width=1024, height=683)
WIDE = Picture(file="a" * 64, width=1025, height=683)
YES = Say(label="はい", text="はい")
SIGNS = st.sampled_from(["あ", "🍎", "𠮷", "👨‍👩‍👧‍👦", "葛\U000e0100", "e\u0301"])


def found(*messages: Message, **how: Any) -> list[tuple[str, str]]:
    return [(p.code, p.at) for p in find_message_problems(messages, **how)]


def test_one_of_every_type_is_fine() -> None:
    for message in every_message():
        assert found(message) == [], message.type


@given(SIGNS, st.integers(-2, 2))
def test_texts_are_counted_in_utf16_units(sign: str, over: int) -> None:
    size = len(sign.encode("utf-16-le")) // 2
    text = sign * (5000 // size) + "a" * (5000 % size + over) if over >= 0 else sign * (5000 // size)
    assert bool(found(TextMessage(text=text))) == (over > 0)


@given(SIGNS, st.integers(0, 1))
def test_labels_and_texts_of_templates_are_counted_in_clusters(sign: str, over: int) -> None:
    ask = ConfirmMessage(alt="確認", text=sign * (240 + over), buttons=(YES, YES))
    assert bool(found(ask)) == bool(over)
    label = OpenPage(label=sign * (20 + over), page="settings")
    assert bool(found(ConfirmMessage(alt="確認", text="?", buttons=(YES, label)))) == bool(over)
    assert bool(find_quick_reply_problems((label,))) == bool(over)
    assert found(CardMessage(alt="催し", cards=(Card(buttons=(label,)),))) == []  # Flex: 40
    say = Say(label="言う", text=sign * (300 + over))
    assert bool(find_quick_reply_problems((say,))) == bool(over)


def test_a_problem_names_its_place_to_the_last_part() -> None:
    bad = Card(blocks=(TextBlock(text=" "),), buttons=(YES, Say(label="長" * 41, text="x")))
    assert found(TextMessage(text="x"), CardMessage(alt="催し", cards=(bad,))) == [
        ("text_missing", "messages.1.cards.0.blocks.0.text"),
        ("label_too_long", "messages.1.cards.0.buttons.1.label"),
    ]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (VideoMessage(file="a" * 64, preview=""), "file_missing"),
        (AudioMessage(file="", milliseconds=10), "file_missing"),
        (AudioMessage(file="a" * 64, milliseconds=0), "duration_missing"),
        (StickerMessage(package="446", sticker="2028"), "sticker_unknown"),
        (CouponMessage(coupon=""), "coupon_missing"),
        (LocationMessage(title="🍎" * 51, address="x", latitude=1, longitude=1), "address_too_long"),
        (LocationMessage(title="", address="x", latitude=1, longitude=1), "text_missing"),
        (LocationMessage(title="x", address="x", latitude=0, longitude=0), "position_missing"),
        (LocationMessage(title="x", address="x", latitude=90_000_001, longitude=1), "position_missing"),
        (CardMessage(alt=" ", cards=(Card(blocks=(HeadingBlock(text="x"),)),)), "alt_missing"),
        (CardMessage(alt="🍎" * 751, cards=(Card(blocks=(HeadingBlock(text="x"),)),)), "alt_too_long"),
        (CardMessage(alt="x"), "card_empty"),
        (CardMessage(alt="x", cards=(Card(),)), "card_empty"),
        (CardMessage(alt="x", cards=(Card(buttons=(YES,) * 7),)), "too_many_buttons"),
        (CardMessage(alt="x", cards=(Card(picture=Picture(file="")),)), "file_missing"),
        (
            CardMessage(alt="x", cards=(Card(blocks=(PictureBlock(picture=Picture(file="")),)),)),
            "file_missing",
        ),
        (CardMessage(alt="x", cards=(Card(blocks=(TableBlock(rows=(("日時", ""),)),)),)), "text_missing"),
        (CardMessage(alt="x", cards=(Card(blocks=(TableBlock(),)),)), "text_missing"),
        (CardMessage(alt="x", cards=(Card(buttons=(YES,)),) * 13), "too_many_cards"),
        (ConfirmMessage(alt="x", text="x", buttons=(YES,)), "too_few_buttons"),
        (ConfirmMessage(alt="x", text="x", buttons=(YES,) * 3), "too_many_buttons"),
        (ButtonsMessage(alt="x", text="x"), "too_few_buttons"),
        (ButtonsMessage(alt="x", text="x", buttons=(YES,) * 5), "too_many_buttons"),
        (ButtonsMessage(alt="x", text="あ" * 161, buttons=(YES,)), "text_too_long"),
        (ButtonsMessage(alt="x", text="あ" * 61, title="題", buttons=(YES,)), "text_too_long"),
        (ButtonsMessage(alt="x", text="あ" * 61, picture=PICTURE, buttons=(YES,)), "text_too_long"),
        (ButtonsMessage(alt="x", text="x", title="題" * 41, buttons=(YES,)), "text_too_long"),
        (ButtonsMessage(alt="x", text="x", picture=WIDE, buttons=(YES,)), "file_too_large"),
        (CardMessage(alt="x", cards=(Card(picture=WIDE),)), "file_too_large"),
        (CarouselMessage(alt="x"), "card_empty"),
        (CarouselMessage(alt="x", columns=(Column(text="x", buttons=(YES,)),) * 11), "too_many_columns"),
        (
            CarouselMessage(
                alt="x", columns=(Column(text="x", buttons=(YES,)), Column(text="x", buttons=(YES, YES)))
            ),
            "buttons_differ",
        ),
        (
            CarouselMessage(
                alt="x",
                columns=(Column(text="x", buttons=(YES,)), Column(text="x", title="題", buttons=(YES,))),
            ),
            "columns_differ",
        ),
        (CarouselMessage(alt="x", columns=(Column(text="x", buttons=(YES,) * 4),)), "too_many_buttons"),
    ],
)
def test_what_line_would_refuse_is_refused_before(message: Message, code: str) -> None:
    assert [each for each, _ in found(message)] == [code]
    assert code in REASONS


def area(**changes: Any) -> ImagemapMessage:
    made = Area(x=0, y=0, width=1040, height=700, action=YES).model_copy(update=changes)
    return ImagemapMessage(picture=PICTURE, alt="地図", height=700, areas=(made,))


def test_areas_lie_inside_the_picture() -> None:
    assert found(area()) == []
    for wrong in ({"x": -1}, {"x": 1}, {"y": 1}, {"width": 1041}, {"height": 701}, {"width": 0}):
        assert found(area(**wrong)) == [("area_outside", "messages.0.areas.0")]
    assert found(area(action=Copy(label="", text="x" * 1001)))[0][0] == "text_too_long"
    full = area().model_copy(update={"areas": area().areas * 51})
    assert found(full) == [("too_many_areas", "messages.0.areas")]
    assert found(full.model_copy(update={"areas": ()})) == [("area_missing", "messages.0.areas")]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://www.town.example.lg.jp/くらし/ごみ?日=月#上", None),
        ("http://example.jp", None),
        ("https://日本語.example/", None),
        ("https://example.jp/" + "a" * 981, None),
        ("https://example.jp/" + "a" * 982, "link_too_long"),
        ("https://example.jp/" + "あ" * 110, "link_too_long"),  # nine characters each, once encoded
        ("", "link_malformed"),
        ("www.example.jp", "link_malformed"),
        ("javascript:alert(1)", "link_malformed"),
        ("https://", "link_malformed"),
        ("https://exa mple.jp/", "link_malformed"),
        ("https://example.jp:99999/", "link_malformed"),
        ("https://town.lg.jp@evil.example/", "link_malformed"),
        ("tel:0312345678", "link_malformed"),
    ],
)
def test_links_are_well_formed_and_measured_encoded(url: str, code: str | None) -> None:
    problems = find_quick_reply_problems((OpenLink(label="開く", url=url),))
    assert [(p.code, p.at) for p in problems] == ([(code, "quick_replies.0.url")] if code else [])


def test_telephones_are_dialled_as_written_by_people() -> None:
    assert dialled("０１２３－４５－６７８９") == "0123456789"
    assert dialled("(0123) 45-6789") == "0123456789"
    assert dialled("#7119") == "#7119"
    assert dialled("内線 12") is None
    problems = find_quick_reply_problems((Call(label="電話", telephone="役場"),))
    assert [p.code for p in problems] == ["telephone_malformed"]


def test_thirteen_quick_replies_fit() -> None:
    assert find_quick_reply_problems((YES,) * 13) == ()
    assert [(p.code, p.at) for p in find_quick_reply_problems((YES,) * 14)] == [
        ("too_many_quick_replies", "quick_replies")
    ]


def test_a_card_too_large_for_line_is_refused_with_its_number() -> None:
    short, long = Card(blocks=(TextBlock(text="あ"),)), Card(blocks=(TextBlock(text="あ" * 5000),))
    assert card_bytes(CardMessage(alt="x", cards=(long,))) > BUBBLE_BYTES
    assert found(CardMessage(alt="x", cards=(short, long))) == [("card_too_large", "messages.0.cards.1")]
    half = Card(blocks=(TextBlock(text="あ" * 2200),))
    assert 3 * card_bytes(CardMessage(alt="x", cards=(half,))) < CAROUSEL_BYTES
    assert found(CardMessage(alt="x", cards=(half,) * 3)) == []
    assert found(CardMessage(alt="x", cards=(half,) * 4)) == [("card_too_large", "messages.0.cards")]


def test_every_colour_of_a_card_can_be_read() -> None:
    pairs = [(TEXT, WHITE), (QUIET, WHITE)]
    pairs += [(WHITE, strong) for strong in STRONG.values()] + [(strong, WHITE) for strong in STRONG.values()]
    pairs += [(STRONG[name], PALE[name]) for name in STRONG]
    assert min(contrast(*pair) for pair in pairs) >= 4.5


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_marks_take_room_of_the_first_bubble() -> None:
    assert found(TextMessage(text="あ" * 4992), as_test=True) == []
    assert found(TextMessage(text="あ" * 4993), as_test=True) == [("text_too_long", "messages.0.text")]
    assert found(TextMessage(text="あ" * 4987), as_test=True, training=True) == []
    assert found(TextMessage(text="あ" * 4988), as_test=True, training=True) != []
    cards = (CardMessage(alt="x", cards=(Card(buttons=(YES,)),)),) * 5
    assert found(*cards) == []
    assert found(*cards, training=True) == [("too_many_messages", "messages")]
