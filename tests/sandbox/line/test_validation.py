"""LINE's limits for messages hold without any file, and the place is named (SEG-6, OPS-4)."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.line.errors import Finding
from sandbox.line.validation import check_aggregation_units, check_messages

URL = "https://example.lg.jp/a.jpg"


def places(*messages: dict[str, Any]) -> list[str]:
    return [finding.path for finding in check_messages(list(messages))]


def words(*messages: Any) -> list[str]:
    return [finding.message for finding in check_messages(list(messages))]


def postback(label: str = "はい", **more: Any) -> dict[str, Any]:
    return {"type": "postback", "label": label, "data": "a=1", **more}


def text_with_chips(*actions: dict[str, Any]) -> dict[str, Any]:
    items = [{"type": "action", "action": action} for action in actions]
    return {"type": "text", "text": "選ぶ", "quickReply": {"items": items}}


def flex(*parts: dict[str, Any], **bubble: Any) -> dict[str, Any]:
    body = {"type": "box", "layout": "vertical", "contents": list(parts)}
    return {"type": "flex", "altText": "お知らせ", "contents": {"type": "bubble", "body": body, **bubble}}


def template(**contents: Any) -> dict[str, Any]:
    return {"type": "template", "altText": "選ぶ", "template": contents}


def test_a_request_holds_one_to_five_messages() -> None:
    for wrong in ([], [{"type": "text", "text": "a"}] * 6, None, "text"):
        assert check_messages(wrong) == [Finding("Size must be between 1 and 5", "messages")]
    assert check_messages([{"type": "text", "text": "a"}] * 5) == []


def test_a_text_holds_5000_utf16_units() -> None:
    assert words({"type": "text", "text": "🍎" * 2500}) == []
    assert words({"type": "text", "text": "🍎" * 2500 + "a"}) == ["Length must be between 0 and 5000"]
    assert words({"type": "text", "text": ""}) == ["May not be empty"]
    assert places({"type": "text"}) == ["messages[0].text"]


def test_labels_are_counted_in_what_a_reader_sees() -> None:
    assert words(text_with_chips(postback("👨‍👩‍👧" * 20))) == []
    assert words(text_with_chips(postback("あ" * 21))) == ["Length must be between 0 and 20"]
    assert places(text_with_chips(postback(), postback("あ" * 21))) == [
        "messages[0].quickReply.items[1].action.label"
    ]


def test_there_are_at_most_13_chips() -> None:
    assert words(text_with_chips(*[postback()] * 13)) == []
    assert words(text_with_chips(*[postback()] * 14)) == ["Size must be between 1 and 13"]


@pytest.mark.parametrize("kind", ["camera", "cameraRoll", "location"])
def test_camera_and_position_are_for_chips_only(kind: str) -> None:
    action = {"type": kind, "label": "送る"}
    assert words(text_with_chips(action)) == []
    assert words(template(type="buttons", text="選ぶ", actions=[action])) == ["invalid action type"]


@pytest.mark.parametrize(
    ("action", "place"),
    [
        (postback(data="あ" * 301), "data"),
        (postback(displayText="あ" * 301), "displayText"),
        (postback(fillInText="メモ"), "fillInText"),
        ({"type": "message", "label": "a", "text": "あ" * 301}, "text"),
        ({"type": "uri", "label": "a", "uri": "javascript:alert(1)"}, "uri"),
        ({"type": "uri", "label": "a", "uri": "https://" + "a" * 1000}, "uri"),
        ({"type": "datetimepicker", "label": "a", "data": "d", "mode": "week"}, "mode"),
        ({"type": "datetimepicker", "label": "a", "data": "d", "mode": "date", "min": "2026/1/1"}, "min"),
        ({"type": "clipboard", "label": "a", "clipboardText": "あ" * 1001}, "clipboardText"),
    ],
)
def test_what_an_action_may_not_hold_is_named(action: dict[str, Any], place: str) -> None:
    assert places(text_with_chips(action)) == [f"messages[0].quickReply.items[0].action.{place}"]


def test_media_must_be_https_and_short() -> None:
    image = {"type": "image", "originalContentUrl": URL, "previewImageUrl": URL}
    assert words(image) == []
    assert words({**image, "originalContentUrl": "http://example.lg.jp/a.jpg"}) == [
        "Must be a valid HTTPS URL"
    ]
    assert words({**image, "previewImageUrl": URL + "a" * 2000}) == ["Length must be between 0 and 2000"]
    assert words({**image, "previewImageUrl": "https://例え.jp/a.jpg"}) == ["Must be a valid HTTPS URL"]


def test_templates_have_shorter_texts_beside_a_picture_or_title() -> None:
    def buttons(**more: Any) -> dict[str, Any]:
        return template(type="buttons", actions=[postback()], **more)

    assert words(buttons(text="あ" * 160)) == []
    assert words(buttons(text="あ" * 161)) == ["Length must be between 0 and 160"]
    assert words(buttons(text="あ" * 61, title="題")) == ["Length must be between 0 and 60"]
    assert words(buttons(text="あ" * 61, thumbnailImageUrl=URL)) == ["Length must be between 0 and 60"]


def test_templates_have_the_right_number_of_actions() -> None:
    assert words(template(type="confirm", text="よいか", actions=[postback()])) == [
        "Size must be between 2 and 2"
    ]
    columns = [{"text": "一", "actions": [postback()]}, {"text": "二", "actions": [postback()] * 2}]
    assert words(template(type="carousel", columns=columns)) == [
        "All columns must have the same number of actions"
    ]
    one = {"text": "一", "actions": [postback()]}
    assert words(template(type="carousel", columns=[one] * 11)) == ["Size must be between 1 and 10"]


def test_a_flex_bubble_holds_30_kilobytes_and_a_carousel_50() -> None:
    part = {"type": "text", "text": "あ" * 9000}
    assert words(flex(part)) == []
    assert words(flex(part, part)) == ["The size of the container must be 30 KB or less"]
    bubble = flex(part)["contents"]
    carousel = {"type": "flex", "altText": "a", "contents": {"type": "carousel", "contents": [bubble]}}
    assert words(carousel) == []
    carousel["contents"]["contents"] = [bubble, bubble]
    assert words(carousel) == ["The size of the container must be 50 KB or less"]


def test_a_carousel_holds_12_bubbles_of_one_size() -> None:
    bubble = flex({"type": "text", "text": "a"})["contents"]

    def carousel(*bubbles: dict[str, Any]) -> dict[str, Any]:
        return {"type": "flex", "altText": "a", "contents": {"type": "carousel", "contents": list(bubbles)}}

    assert words(carousel(*[bubble] * 12)) == []
    assert words(carousel(*[bubble] * 13)) == ["Size must be between 1 and 12"]
    assert words(carousel(bubble, {**bubble, "size": "nano"})) == ["All bubbles must have the same size"]


def test_wrong_flex_parts_are_found_at_their_place() -> None:
    box = {"type": "box", "layout": "baseline", "contents": [{"type": "image", "url": URL}]}
    assert places(flex(box)) == ["messages[0].contents.body.contents[0].contents[0].type"]
    assert places(flex({"type": "button"})) == ["messages[0].contents.body.contents[0].action"]
    assert places(flex({"type": "text", "text": ""})) == ["messages[0].contents.body.contents[0].text"]


def test_emoji_must_point_at_a_dollar_sign_counted_in_utf16() -> None:
    emoji = {"productId": "5ac1bfd5040ab15980c9b435", "emojiId": "001"}
    assert words({"type": "text", "text": "🍎$", "emojis": [{"index": 2, **emoji}]}) == []
    assert words({"type": "text", "text": "🍎$", "emojis": [{"index": 1, **emoji}]}) == [
        "index must point at a $"
    ]


def test_text_v2_needs_a_substitution_for_each_brace() -> None:
    emoji = {"type": "emoji", "productId": "p", "emojiId": "e"}
    assert words({"type": "textV2", "text": "{a} {{b}}", "substitution": {"a": emoji}}) == []
    assert words({"type": "textV2", "text": "{a}"}) == ["no substitution for {a}"]
    assert words({"type": "textV2", "text": "a}"}) == ["unbalanced braces"]


@pytest.mark.parametrize("wrong", [None, 3, "text", [], {"type": "hologram"}, {"type": 3}, {}])
def test_a_message_of_no_known_kind_is_refused_not_raised(wrong: Any) -> None:
    assert len(words(wrong)) == 1


def test_sender_names_are_short_and_not_lines_own() -> None:
    assert words({"type": "text", "text": "a", "sender": {"name": "防災係"}}) == []
    assert len(words({"type": "text", "text": "a", "sender": {"name": "あ" * 21}})) == 1
    assert len(words({"type": "text", "text": "a", "sender": {"name": "LINE"}})) == 1


def test_one_unit_name_of_30_plain_characters() -> None:
    assert check_aggregation_units(None) == check_aggregation_units(["gomi_2026"]) == []
    for wrong in (["a", "b"], ["ごみ"], ["a" * 31], "a"):
        assert len(check_aggregation_units(wrong)) == 1


def test_an_imagemaps_copying_needs_its_text() -> None:
    area = {"x": 0, "y": 0, "width": 1040, "height": 500}
    picture = {
        "type": "imagemap",
        "baseUrl": URL,
        "altText": "地図",
        "baseSize": {"width": 1040, "height": 500},
    }

    def copying(**action: str) -> list[str]:
        return places({**picture, "actions": [{"type": "clipboard", "area": area, **action}]})

    assert copying(clipboardText="x" * 1000) == []
    assert copying() == copying(clipboardText="x" * 1001) == ["messages[0].actions[0].clipboardText"]
