"""Placeholders and LINE's own emoji: where they may stand and what becomes of them (SEG-6)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.message_limits import find_message_problems
from protocol.messages import (
    ButtonsMessage,
    Card,
    CardMessage,
    CouponMessage,
    Message,
    OpenLink,
    Say,
    TableBlock,
    TextMessage,
)
from protocol.placeholders import (
    PLACEHOLDERS,
    emoji_token,
    filled,
    filled_actions,
    placeholders_used,
    split_emoji,
    token,
)
from protocol.stickers import PACKAGES, is_sticker
from protocol.web_links import with_links
from tests.make import every_message


def found(*messages: Message, waste: bool = False) -> list[tuple[str, str]]:
    return [(p.code, p.at) for p in find_message_problems(messages, waste=waste)]


def test_values_come_into_texts_tables_labels_and_addresses() -> None:
    card = CardMessage(
        alt="｛地区｝の収集",
        cards=(
            Card(
                blocks=(TableBlock(rows=(("地区", "｛地区｝"),)),),
                buttons=(OpenLink(label="｛地区｝の地図", url="https://example.jp/?d=｛地区｝"),),
            ),
        ),
    )
    (made,) = filled((card,), {"地区": "葛\U000e0100葉&北"})
    assert isinstance(made, CardMessage)
    assert made.alt == "葛\U000e0100葉&北の収集"
    assert made.cards[0].blocks == (TableBlock(rows=(("地区", "葛\U000e0100葉&北"),)),)
    assert made.cards[0].buttons[0] == OpenLink(
        label="葛\U000e0100葉&北の地図",
        url="https://example.jp/?d=%E8%91%9B%F3%A0%84%80%E8%91%89%26%E5%8C%97",
    )
    assert placeholders_used((card,)) == {"地区"}
    assert placeholders_used((made,)) == frozenset()


def test_a_name_without_a_value_stays_and_a_value_brings_in_no_other() -> None:
    (made,) = filled(
        (TextMessage(text="｛町名｝ ｛地区｝ ｛知らない｝"),), {"町名": "｛地区｝", "知らない": "x"}
    )
    assert made == TextMessage(text="地区 ｛地区｝ ｛知らない｝")
    assert filled_actions((Say(label="はい", text="｛地区｝"),), {"地区": "川北"}) == (
        Say(label="はい", text="川北"),
    )


def test_messages_without_placeholders_stay_the_same_objects() -> None:
    messages = every_message()
    assert all(one is other for one, other in zip(filled(messages, {"地区": "x"}), messages, strict=True))


def test_unknown_ones_and_those_of_the_waste_calendar_are_refused_elsewhere() -> None:
    assert found(TextMessage(text="｛氏名｝様")) == [("placeholder_unknown", "messages.0.text")]
    assert found(TextMessage(text="｛収集日｝")) == [("placeholder_not_here", "messages.0.text")]
    assert found(TextMessage(text="｛収集日｝は｛ごみの種類｝です。"), waste=True) == []
    assert found(TextMessage(text="".join(token(name) for name in PLACEHOLDERS)), waste=True) == []
    assert found(CouponMessage(coupon="c", title="｛何｝")) == []  # never shown to residents


def test_a_text_is_as_long_as_its_placeholders_can_make_it() -> None:
    assert found(TextMessage(text="｛地区｝" + "あ" * 4960)) == []
    assert found(TextMessage(text="｛地区｝" + "あ" * 4961)) == [("text_too_long", "messages.0.text")]
    label = Say(label="｛地区｝", text="｛地区｝")
    assert found(ButtonsMessage(alt="x", text="x", buttons=(label,))) == []  # twenty clusters fit a label
    long = label.model_copy(update={"label": "｛地区｝へ"})
    assert found(ButtonsMessage(alt="x", text="x", buttons=(long,)))[0][0] == "label_too_long"


def test_emoji_stand_in_plain_texts_only_and_twenty_at_most() -> None:
    assert found(TextMessage(text=emoji_token("001") * 20)) == []
    assert found(TextMessage(text=emoji_token("001") * 21)) == [("too_many_emoji", "messages.0.text")]
    assert found(TextMessage(text=emoji_token("999"))) == [("placeholder_unknown", "messages.0.text")]
    buttons = ButtonsMessage(alt="x", text=emoji_token("001"), buttons=(Say(label="はい", text="はい"),))
    assert found(buttons) == [("placeholder_not_here", "messages.0.text")]


@given(
    st.lists(
        st.sampled_from(["$", "𠮷", "🍎", "あ\n", "｛", "｛絵文字99｝", *map(emoji_token, ("001", "020"))])
    )
)
def test_every_emoji_points_at_its_own_sign_in_utf16_units(parts: list[str]) -> None:
    text, places = split_emoji("".join(parts))
    units = text.encode("utf-16-le")
    wanted = [part[4:7] for part in parts if part.startswith("｛絵文字0")]
    assert [emoji for _, emoji in places] == wanted
    assert all(units[at * 2 : at * 2 + 2] == b"$\0" for at, _ in places)
    assert text.count("$") == parts.count("$") + len(wanted)
    # Only the others are left when the emoji's own signs are taken out.
    signs = [at for at in range(len(units) // 2) if units[at * 2 : at * 2 + 2] == b"$\0"]
    assert len(set(signs) - {at for at, _ in places}) == parts.count("$")


def test_stickers_are_those_line_lists() -> None:
    assert is_sticker("446", "1988") and is_sticker("11537", "52002773")
    assert not is_sticker("446", "10855") and not is_sticker("1", "2")
    assert all(len(package.stickers()) == 40 for package in PACKAGES)


def test_addresses_in_a_text_end_before_the_sentence_does() -> None:
    text = "詳しくは(https://example.jp/a?b=1&c=2)。次はhttps://example.jp/x、http://y.example/z. https://"
    found: list[str] = []

    def starred(url: str) -> str:
        found.append(url)
        return "★"

    assert with_links(text, starred) == "詳しくは(★)。次は★、★. https://"
    assert found == ["https://example.jp/a?b=1&c=2", "https://example.jp/x", "http://y.example/z"]
