"""LINE's OpenAPI files, made strict: subtypes named by a discriminator are truly checked (OPS-6)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.line.openapi import OpenApiRules

USER = "U" + "a" * 32


@pytest.fixture
def rules(openapi_folder: Path) -> OpenApiRules:
    return OpenApiRules(openapi_folder)


def _places(rules: OpenApiRules, *messages: dict[str, Any]) -> list[str]:
    body = {"to": USER, "messages": list(messages)}
    return [finding.path for finding in rules.check_request("POST", "/v2/bot/message/push", body)]


def test_the_sheets_own_samples_pass(rules: OpenApiRules) -> None:
    action = {"type": "postback", "label": "ごみ", "data": "m=gomi", "displayText": "ごみ"}
    emoji = {"index": 0, "productId": "5ac1bfd5040ab15980c9b435", "emojiId": "001"}
    quick = {"items": [{"type": "action", "action": action}]}
    assert (
        _places(rules, {"type": "text", "text": "$ ようこそ", "emojis": [emoji], "quickReply": quick}) == []
    )


def test_a_subtype_is_checked_by_its_own_rules(rules: OpenApiRules) -> None:
    assert _places(rules, {"type": "text"}) == ["messages[0]"]
    assert _places(rules, {"type": "hologram"}) == ["messages[0].type"]
    assert _places(
        rules, {"type": "location", "title": "a", "address": "b", "latitude": "x", "longitude": 1}
    ) == ["messages[0].latitude"]


def test_nested_subtypes_are_checked_too(rules: OpenApiRules) -> None:
    button = {
        "type": "button",
        "style": "loud",
        "action": {"type": "uri", "label": "a", "uri": "https://e.jp"},
    }
    inner = {"type": "box", "layout": "horizontal", "contents": [button]}
    bubble = {"type": "bubble", "body": {"type": "box", "layout": "vertical", "contents": [inner]}}
    places = _places(rules, {"type": "flex", "altText": "a", "contents": bubble})
    assert places == ["messages[0].contents.body.contents[0].contents[0].style"]


def test_webhook_events_are_checked_by_type(rules: OpenApiRules) -> None:
    event: dict[str, Any] = {
        "type": "follow",
        "replyToken": "a",
        "follow": {"isUnblocked": False},
        "webhookEventId": "01FZ74A0TDDPYRVKNK77XKC3ZR",
        "deliveryContext": {"isRedelivery": False},
        "timestamp": 1625665242211,
        "source": {"type": "user", "userId": USER},
        "mode": "active",
    }
    assert rules.check_webhook({"destination": USER, "events": [event]}) == []
    assert rules.check_webhook({"destination": USER, "events": []}) == []
    del event["follow"]
    assert rules.check_webhook({"destination": USER, "events": [event]}) != []


def test_paths_without_a_rule_are_let_through(rules: OpenApiRules) -> None:
    assert rules.check_request("GET", "/nowhere", {"any": "thing"}) == []
